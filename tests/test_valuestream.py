"""The value stream: figures by hand, the spread against what is known of triangles, and the map of a log."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import leadtime as lt
from leadtime.cli import main
from leadtime.report.stream import stream_report
from leadtime.valuestream.network import critical_path, simulated
from leadtime.valuestream.workshop import PlannedStep, Spread

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data_samples" / "mark_svenljunga"
TABLE = pd.DataFrame(
    {
        "step": ["Referral", "Speech", "Psychology", "Plan"], "after": ["", "Referral", "Referral", "Speech; Psychology"],
        "process_likely": [1, 2, 3, 1], "wait_likely": [0, 30, 60, 10], "percent_complete_accurate": [90, 95, 95, 100],
    }
)  # fmt: skip


def test_the_figures_of_a_map_by_hand() -> None:
    stream = lt.value_stream(TABLE, available_days=220, demand=40)
    assert stream.critical_path == ("Referral", "Psychology", "Plan")
    assert (stream.lead_time_days, stream.process_days, stream.wait_days) == (1 + 63 + 11, 7, 100)
    assert stream.activity_ratio == pytest.approx(7 / 107)  # of the sums over all steps, not the mean of their ratios
    assert stream.rolled_complete_accurate == pytest.approx(0.9 * 0.95 * 0.95)
    assert stream.takt_days == 5.5
    rows = stream.to_pandas().set_index("step")
    assert rows["lead_time_days"].tolist() == [1, 32, 63, 11]
    assert rows["critical"].tolist() == [True, False, True, True]
    assert rows.loc["Speech", "activity_ratio"] == pytest.approx(2 / 32)
    assert rows["percent_complete_accurate"].tolist() == pytest.approx([90, 95, 95, 100])


def test_a_shorter_future_state_stands_beside_the_current_one() -> None:
    future = pd.DataFrame(
        {"step": ["Team", "Plan"], "process_likely": [3, 1], "wait_likely": [20, 5], "percent_complete_accurate": [95, 100]}
    )
    stream = lt.value_stream(TABLE, future=future)
    change = {row["figure"]: row["change"] for row in stream.summary.records()}
    assert change["lead_time_days"] == 29 - 75
    assert change["rolled_percent_complete_accurate"] == pytest.approx(95 - 81.225)
    assert change["takt_days"] is None
    assert "future" in stream.to_dict()
    assert str(stream).count("Plan") >= 2


def test_the_spread_is_that_of_triangles() -> None:
    alone = pd.DataFrame({"step": ["x"], "process_min": [0], "process_likely": [2], "process_max": [10], "wait_likely": [0]})
    stream = lt.value_stream(alone, draws=200_000, seed=3)

    def quantile(p: float) -> float:  # of a triangle from 0 by 2 to 10
        return math.sqrt(p * 10 * 2) if p < 0.2 else 10 - math.sqrt((1 - p) * 10 * 8)

    assert (stream.p10_days, stream.p50_days, stream.p90_days) == tuple(pytest.approx(quantile(p), rel=0.01) for p in (0.1, 0.5, 0.9))
    assert stream.lead_time_days == 2
    again, other = (lt.value_stream(alone, seed=seed) for seed in (0, 1))
    assert lt.value_stream(alone).to_dict() == again.to_dict()
    assert again.p50_days != other.p50_days


SPREADS = st.tuples(*[st.integers(0, 20)] * 3).map(sorted).map(lambda three: Spread(*map(float, three)))


@given(st.lists(st.tuples(SPREADS, SPREADS, st.integers(0, 31)), min_size=1, max_size=5))
def test_no_draw_lies_outside_the_critical_paths_of_the_least_and_the_most(drawn: list[tuple[Spread, Spread, int]]) -> None:
    names = [str(place) for place in range(len(drawn))]
    steps = tuple(
        PlannedStep(names[place], tuple(name for bit, name in enumerate(names[:place]) if mask >> bit & 1), process, wait, None)
        for place, (process, wait, mask) in enumerate(drawn)
    )

    def at(which: str) -> float:
        fixed = (
            [Spread(*[getattr(step.process, which)] * 3) for step in steps],
            [Spread(*[getattr(step.wait, which)] * 3) for step in steps],
        )
        moved = tuple(PlannedStep(step.step, step.after, p, w, None) for step, p, w in zip(steps, *fixed, strict=True))
        return critical_path(moved)[0]

    chances = np.random.default_rng(0).random((len(steps), 2, 50))
    lead = simulated(steps, chances)
    assert at("least") - 1e-9 <= lead.min()
    assert lead.max() <= at("most") + 1e-9
    length, path = critical_path(steps)
    known = {step.step: step for step in steps}
    assert sum(known[name].process.likely + known[name].wait.likely for name in path) == pytest.approx(length)


def test_takt_needs_both_time_and_demand() -> None:
    for options in ({"demand": 3.0}, {"available_days": 3.0}, {"available_days": 3.0, "demand": 0.0}):
        with pytest.raises(lt.UsageError, match="takt needs available_days and demand"):
            lt.value_stream(TABLE, **options)  # type: ignore[arg-type]


# --- from a log -------------------------------------------------------------------------------------------------------------------------

PATHWAY = lt.read_pathway(
    {
        "name": "t", "start": "s", "stop": "e", "milestones": {"s": {"activities": ["Start"]}, "e": {"activities": ["End"]}},
        "activities": {"Visit": {"kind": "contact", "minutes": 360}, "Start": {"kind": "contact", "minutes": 60}},
    }
)  # fmt: skip


def dated(*rows: tuple[str, str, int]) -> lt.EventLog:
    frame = pd.DataFrame([(case, activity, f"2020-01-{day:02}") for case, activity, day in rows], columns=["case_id", "activity", "start"])
    return lt.read_log(frame.assign(unit="A"), observed_until="2020-12-31")


def test_the_map_of_a_log_adds_up_to_the_mean_lead_time_of_the_finished_cases() -> None:
    log = dated(
        ("a", "Start", 1), ("a", "Visit", 11), ("a", "Visit", 13), ("a", "End", 21), ("a", "Late", 30),
        ("b", "Start", 1), ("b", "End", 11),
        ("c", "Start", 1), ("c", "Visit", 2),
    )  # fmt: skip
    stream = lt.value_stream(log, PATHWAY)
    assert [(step.step, step.wait_days, step.process_days, step.cases) for step in stream.steps] == [
        ("Start", 0, pytest.approx(1 / 24), 2), ("Visit", 6, pytest.approx(0.25), 1), ("End", 9, 0, 2),
    ]  # fmt: skip
    assert stream.wait_days == stream.lead_time_days == 15
    assert (stream.p50_days, stream.cases) == (15, 2)
    assert stream.activity_ratio == pytest.approx((1 / 24 + 0.25) / (15 + 1 / 24 + 0.25))
    assert stream.rolled_complete_accurate is None
    by_unit = lt.value_stream(log, PATHWAY, by="unit")
    assert [(step.step, step.wait_days) for step in by_unit.steps] == [("A", 15)]


def sent(*rows: tuple[str, str, int, str | None, str | None]) -> lt.EventLog:
    frame = pd.DataFrame(rows, columns=["case_id", "activity", "day", "referral_id", "referral_status"])
    return lt.read_log(frame.assign(start=[f"2020-01-{day:02}" for day in frame.pop("day")], unit=frame["activity"].str[:1]))


REFERRALS = sent(
    # Sent by the nurse, returned, sent again and accepted: two sendings, one of them bad. The doctor's is forwarded, and accepted there.
    ("a", "Start", 1, None, None), ("a", "Nurse", 2, "r1", "Sent"), ("a", "Team", 3, "r1", "returned"), ("a", "Nurse", 4, "r1", "sent"),
    ("a", "Team", 5, "r1", "accepted"), ("a", "Doctor", 6, "r2", "sent"), ("a", "Team", 7, "r2", "forwarded"), ("a", "End", 9, None, None),
    # Two good ones of the nurse's; of the doctor's two one is refused, the other never answered.
    ("b", "Start", 1, None, None), ("b", "Nurse", 2, "r1", "sent"), ("b", "Nurse", 2, "r2", "sent"), ("b", "Doctor", 3, "r3", "sent"),
    ("b", "Team", 4, "r3", "refused"), ("b", "Doctor", 5, "r4", "sent"), ("b", "End", 9, None, None), ("b", "Team", 12, "r1", "returned"),
    # Not finished, so that it says nothing.
    ("c", "Start", 1, None, None), ("c", "Nurse", 2, "r1", "sent"), ("c", "Team", 3, "r1", "returned"),
)  # fmt: skip


def test_what_a_step_of_a_log_hands_on_is_judged_by_who_received_its_referrals() -> None:
    stream = lt.value_stream(REFERRALS, PATHWAY)
    shares = {step.step: step.complete_accurate for step in stream.steps}
    assert shares == {"Start": None, "Nurse": 3 / 4, "Team": None, "Doctor": pytest.approx(1 / 3), "End": None}
    assert stream.rolled_complete_accurate == pytest.approx(1 / 4)
    assert dict(stream.summary.rows)["rolled_percent_complete_accurate"] == pytest.approx(25)
    by_unit = lt.value_stream(REFERRALS, PATHWAY, by="unit")
    assert {step.step: step.complete_accurate for step in by_unit.steps}["N"] == 3 / 4


def test_a_report_of_a_log_says_nothing_of_the_few_referrals_that_bounced() -> None:
    rows = [
        row for n in range(12) for row in ((f"{n}", "Start", 1, "r", "sent"), (f"{n}", "End", 5, "r", "returned" if n < 2 else "closed"))
    ]
    stream = lt.value_stream(sent(*rows), PATHWAY)
    assert stream.steps[0].complete_accurate == pytest.approx(10 / 12)
    assert "C&A" not in str(stream_report(stream))


def test_a_process_time_that_is_not_known_is_never_0() -> None:
    log = dated(("a", "Start", 1), ("a", "Test", 11), ("a", "End", 21))
    stream = lt.value_stream(log, PATHWAY)
    assert [step.process_days for step in stream.steps] == [pytest.approx(1 / 24), None, 0]
    assert (stream.process_days, stream.activity_ratio) == (None, None)


def test_what_a_log_cannot_be_asked_is_told() -> None:
    log = dated(("a", "Start", 1), ("a", "Visit", 11))
    with pytest.raises(lt.NotEstimable, match="no case has finished"):
        lt.value_stream(log, PATHWAY)
    with pytest.raises(lt.UsageError, match="future goes with a workshop table"):
        lt.value_stream(log, PATHWAY, future=TABLE)
    with pytest.raises(lt.UsageError, match="by='colour'"):
        lt.value_stream(log, PATHWAY, by="colour")  # type: ignore[arg-type]


def test_a_report_of_a_log_hides_steps_of_few_cases_and_what_would_tell_them() -> None:
    rows = [row for n in range(12) for row in ((f"{n}", "Start", 1), (f"{n}", "End", 5 + n))] + [(f"{n}", "Visit", 3) for n in range(4)]
    log = dated(*rows)
    stream = lt.value_stream(log, PATHWAY)
    report = stream_report(stream, log=log)
    assert [row[0] for row in report.section("current").tables[0].rows] == ["Start", "End"]
    assert dict(report.section("whole").tables[0].rows)["Lead time (days)"] == "[c]"
    assert "Visit" not in str(report)
    assert report.headline == "Median lead time 9.5 days."
    few = lt.value_stream(dated(*rows[:8]), PATHWAY)
    with pytest.raises(lt.DisclosureError, match="fewer than 5"):
        stream_report(few)


def test_the_command_maps_a_log_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["valuestream", str(SAMPLE / "events.csv"), "--pathway", str(SAMPLE / "pathway.toml"), "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert "Besök logoped" in shown
    assert "Synthetic data: every case is made up by a seeded simulation." in shown
    assert (tmp_path / "out" / "value_stream.xlsx").exists()
