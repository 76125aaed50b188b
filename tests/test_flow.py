"""Transitions, profiles, variants and summaries, on logs that are worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt

EXAMPLES = settings.default.max_examples // 2  # each asks the engine several times


def intervals(*rows: tuple[str, str, str, str], **more: list[str]) -> lt.EventLog:
    return lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start", "end"]).assign(**more))


def visits(units: str, meetings: list[str] | None = None) -> dict[str, object]:
    rows = [("a", f"visit {n}", f"2020-01-{n + 1:02}") for n in range(len(units))]
    frame = pd.DataFrame(rows, columns=["case_id", "activity", "start"]).assign(unit=list(units))
    if meetings:
        frame["meeting_id"] = meetings
    row: dict[str, object] = lt.case_profile(lt.read_log(frame)).to_pandas().iloc[0].to_dict()
    return row


def test_waiting_is_counted_from_the_latest_end_so_far() -> None:
    log = intervals(
        ("a", "x", "2020-01-01T00:00", "2020-01-11T00:00"),
        ("a", "y", "2020-01-02T00:00", "2020-01-03T00:00"),
        ("a", "z", "2020-01-12T00:00", "2020-01-13T00:00"),
    )
    moves = lt.transitions(log).to_pandas().set_index(["source", "target"])["total_days"]
    assert moves.to_dict() == {("x", "y"): 0, ("y", "z"): 1}
    profile = lt.case_profile(log).to_pandas().iloc[0]
    assert (profile["waiting_days"], profile["busy_days"], profile["flow_efficiency"]) == (1, 11, pytest.approx(11 / 12))


@pytest.mark.parametrize(("units", "hand_overs"), [("AABB", 1), ("ABAB", 3), ("AAAA", 0), ("ABCD", 3), ("A", 0)])
def test_hand_overs_between_single_units(units: str, hand_overs: int) -> None:
    row = visits(units)
    assert (row["hand_overs"], row["units"]) == (hand_overs, len(set(units)))


def test_a_joint_meeting_is_one_visit_of_several_units() -> None:
    assert visits("ABBA", ["", "m", "m", ""])["hand_overs"] == 2
    assert visits("ABAA", ["", "m", "m", ""])["hand_overs"] == 0  # A, then A and B together, then A


def test_a_log_without_units_says_so() -> None:
    log = lt.read_log(pd.DataFrame({"case_id": ["a"], "activity": ["x"], "start": ["2020-01-01"]}))
    assert lt.case_profile(log).to_pandas()["hand_overs"].isna().all()
    with pytest.raises(lt.InputError, match="no column 'unit'"):
        lt.transitions(log, by="unit")
    with pytest.raises(lt.UsageError, match="use 'activity'"):
        lt.transitions(log, by="colour")  # type: ignore[arg-type]


def test_events_after_the_observation_make_no_transition() -> None:
    frame = pd.DataFrame({"case_id": ["a"] * 3, "activity": list("xyz"), "start": ["2020-01-01", "2020-01-05", "2021-01-01"]})
    assert len(lt.transitions(lt.read_log(frame, observed_until="2020-12-31")).to_pandas()) == 1


def test_the_summary_counts_everyone_and_times_those_who_are_done() -> None:
    frame = pd.DataFrame(
        {
            "case_id": ["a", "a", "b", "b", "c", "d", "d"],
            "activity": ["S", "E", "S", "E", "S", "S", "X"],
            "start": ["2020-01-01", "2020-01-11", "2020-01-01", "2020-01-21", "2020-01-01", "2020-01-01", "2020-02-01"],
            "cohort": ["p", "p", "p", "p", "p", "q", "q"],
        }
    )
    pathway = lt.read_pathway(
        {
            "name": "t", "start": "s", "stop": "e", "exits": {"gone": {"activities": ["X"]}},
            "milestones": {"s": {"activities": ["S"]}, "e": {"activities": ["E"]}},
        }
    )  # fmt: skip
    summary = lt.cohort_summary(lt.lead_times(lt.read_log(frame, observed_until="2020-12-31"), pathway), by="cohort").to_pandas()
    assert summary.iloc[0].to_dict() == {
        "cohort": "p", "n": 3, "observed": 2, "open": 1, "left": 0, "median_days": 15, "mean_days": 15, "p90_days": 19,
    }  # fmt: skip
    assert summary.iloc[1][["n", "observed", "left"]].tolist() == [1, 0, 1]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 50), st.integers(0, 20)), min_size=1, max_size=25))
@settings(max_examples=EXAMPLES)
def test_waiting_adds_up_to_lead_time_less_the_union_of_work(rows: list[tuple[str, int, int]]) -> None:
    base = pd.Timestamp("2020-01-01")
    times = [(case, "x", base + pd.Timedelta(hours=start), base + pd.Timedelta(hours=start + length)) for case, start, length in rows]
    log = lt.read_log(pd.DataFrame(times, columns=["case_id", "activity", "start", "end"]))
    profile = lt.case_profile(log).to_pandas().set_index("case_id")
    for case in set(profile.index):
        covered = {hour for c, start, length in rows if c == case for hour in range(start, start + length)}
        spans = [(start, start + length) for c, start, length in rows if c == case]
        lead = max(end for _, end in spans) - min(start for start, _ in spans)
        if log.precision == "clock":
            assert profile.loc[case, "busy_days"] * 24 == pytest.approx(len(covered))
            assert profile.loc[case, "waiting_days"] * 24 == pytest.approx(lead - len(covered))
    moves = lt.transitions(log).to_pandas()
    assert moves["total_days"].sum() == pytest.approx(profile["waiting_days"].sum())


def test_an_event_from_a_clock_time_to_the_date_of_its_day_takes_no_time() -> None:
    log = intervals(
        ("a", "x", "2020-10-25 08:00", "2020-10-25"), ("a", "y", "2020-10-25 12:00", "2020-10-25"), ("a", "z", "2020-10-27", "2020-10-27")
    )
    profile = lt.case_profile(log).to_pandas().iloc[0]
    assert (profile["busy_days"], profile["flow_efficiency"]) == (0, 0)  # they were -20 hours and less than nothing of the time
    assert profile["waiting_days"] == pytest.approx(40 / 24)
    assert lt.transitions(log).to_pandas()["total_days"].tolist() == pytest.approx([4 / 24, 36 / 24])
    assert lt.overlaps(log, per="case").to_pandas()[["processing_days", "busy_days"]].to_numpy().tolist() == [[0, 0]]


def test_a_variant_takes_calendar_days_where_either_end_is_a_date() -> None:
    dated = [("a", "x", "2020-01-01"), ("a", "y", "2020-01-03 12:00"), ("b", "x", "2020-01-01"), ("b", "y", "2020-01-05 06:00")]
    timed = [("c", "y", "2020-01-01 00:00"), ("c", "x", "2020-01-02"), ("c", "y", "2020-01-03 12:00")]
    log = lt.read_log(pd.DataFrame([*dated, *timed], columns=["case_id", "activity", "start"]))
    assert lt.lead_times(log).to_pandas()["lead_time_days"].tolist() == [2, 4, 2.5]
    assert lt.variants(log).to_pandas()[["variant", "median_days"]].to_numpy().tolist() == [["x > y", 3], ["y > x > y", 2.5]]
