"""The definition matrix: every row is the comparison one would have made by that definition, with its verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest

import leadtime as lt
from leadtime.compare import sensitivity
from leadtime.compare.clocks import Clock, timed_by
from leadtime.compare.decision import verdict
from leadtime.compare.rows import case_rows

PATHWAY = {
    "name": "test",
    "start": "detection",
    "stop": ["diagnosis", "help"],
    "order": ["detection", "referral", "diagnosis", "help"],
    "milestones": {
        "detection": {"activities": ["D"]},
        "referral": {"activities": ["R"]},
        "diagnosis": {"activities": ["G"]},
        "help": {"activities": ["H"]},
    },
    "exits": {"moved": {"activities": ["X"]}},
}
DAY0 = date(2018, 1, 1)
BREAK = str(DAY0 + timedelta(days=400))


def events_of_pilot(seed: int = 4, n: int = 60, effect: float = 0.4) -> pd.DataFrame:
    """Children in order of detection; from the 400th day on all takes a fraction of the time. A tenth leave, some still wait."""
    generator = np.random.default_rng(seed)
    events = []
    for number in range(n):
        begun = 13 * number
        pace = (effect if begun >= 400 else 1.0) * np.exp(0.4 * generator.standard_normal())
        steps = [("D", 0), ("R", 40 * pace), ("G", 300 * pace), ("H", 340 * pace * np.exp(0.5 * generator.standard_normal()))]
        if number % 10 == 7:
            steps = [*steps[:2], ("X", 45 * pace + 5)]
        cohort = "after" if begun >= 400 else "before"
        events += [(f"{number:03}", activity, DAY0 + timedelta(days=begun + round(days)), cohort) for activity, days in steps]
    frame = pd.DataFrame(events, columns=["case_id", "activity", "start", "cohort"])
    frame["start"] = frame["start"].astype(str)
    return frame


@cache
def pilot() -> lt.LeadTimes:
    return lt.lead_times(lt.read_log(events_of_pilot(), observed_until="2020-06-30"), lt.read_pathway(PATHWAY))


@cache
def by_date() -> lt.Comparison:
    return lt.compare(pilot(), break_date=BREAK)


def row_of(result: lt.Comparison, **wanted: object):
    """The one row that differs from the declared definition in just these respects."""
    found = [
        row
        for row in result.sensitivity_rows
        if set(row.differs) == set(wanted) and all(getattr(row.definition, name) == value for name, value in wanted.items())
    ]
    assert len(found) == 1, wanted
    return found[0]


def test_the_declared_definition_comes_first_and_nearer_ones_before_farther() -> None:
    rows = by_date().sensitivity_rows
    assert (rows[0].differs, rows[0].estimate, rows[0].verdict) == ((), by_date().median_ratio, "stands")
    assert [len(row.differs) for row in rows] == sorted(len(row.differs) for row in rows)


def test_all_respects_are_crossed() -> None:
    """2 starts x 3 stops x 4 cohort rules x (3 ways to count leavers + finished cases only), and 3 other measures, 2 bounds of dates."""
    rows = by_date().sensitivity_rows
    crossed = {replace(row.definition, dates="point") for row in rows if row.definition.measure == "median ratio"}
    assert len(crossed) == 2 * 3 * 4 * 4
    assert len(rows) == len(crossed) + 3 + 2
    values = {
        name: {getattr(row.definition, name) for row in rows} for name in ("start", "stop", "cohort_rule", "leavers", "cases", "dates")
    }
    assert values == {
        "start": {"detection", "referral"},
        "stop": {("diagnosis", "help"), ("diagnosis",), ("help",)},
        "cohort_rule": {"start", "stop", "exclude", "split"},
        "leavers": {"censored", "competing", "not reached"},
        "cases": {"all", "completed only"},
        "dates": {"point", "lower", "upper"},
    }


@pytest.mark.parametrize(
    ("start", "stop", "rule"),
    [
        ("referral", ("diagnosis", "help"), "start"),
        ("detection", ("help",), "split"),
        ("referral", ("diagnosis",), "exclude"),
        ("detection", ("diagnosis",), "stop"),
    ],
)
def test_a_row_is_the_comparison_by_that_clock_and_that_rule(start: str, stop: tuple[str, ...], rule: str) -> None:
    pathway = pilot().pathway.model_copy(update={"start": start, "stop": stop})
    wanted = lt.compare(lt.lead_times(pilot().log, pathway), break_date=BREAK, cohort_rule=rule)
    changed = {"start": start, "stop": stop, "cohort_rule": rule}
    declared = {"start": "detection", "stop": ("diagnosis", "help"), "cohort_rule": "start"}
    row = row_of(by_date(), **{name: value for name, value in changed.items() if value != declared[name]})
    assert row.estimate == wanted.median_ratio
    assert (row.n_before, row.n_after) == tuple(cohort.n for cohort in wanted.cohorts)
    assert (row.stopped_before, row.stopped_after) == tuple(cohort.observed for cohort in wanted.cohorts)


def test_finished_cases_only_are_numpy_s_medians() -> None:
    finished = pilot().to_pandas().query("status == 'stopped'").groupby("cohort")["lead_time_days"].median()
    row = row_of(by_date(), cases="completed only")
    assert row.estimate.value == pytest.approx(finished["after"] / finished["before"])


def test_leavers_as_an_end_of_their_own_are_read_off_aalen_johansen() -> None:
    medians = []
    for cohort in by_date()._basis.pair.cohorts:
        shares = lt.survival.aalen_johansen(cohort.days, cohort.outcome)
        days = np.unique(cohort.days)
        medians.append(next(day for day, share in zip(days, shares.at(days.tolist()), strict=True) if share.value >= 0.5))
    assert row_of(by_date(), leavers="competing").estimate.value == pytest.approx(medians[1] / medians[0])


def test_leavers_as_never_finished_wait_for_as_long_as_anybody() -> None:
    frame = pilot().to_pandas()
    days = np.where(frame["status"] == "left", frame["lead_time_days"].max(), frame["lead_time_days"])
    groups = [frame["cohort"] == name for name in ("before", "after")]
    medians = [lt.survival.kaplan_meier(days[group], (frame["status"] == "stopped")[group]).median.value for group in groups]
    assert row_of(by_date(), leavers="not reached").estimate.value == pytest.approx(medians[1] / medians[0])


def test_dates_to_the_month_are_taken_at_their_shortest_and_longest() -> None:
    events = events_of_pilot()
    vague = (events["activity"] == "G") & (events["case_id"].astype(int) % 2 == 0)
    events.loc[vague, "start"] = events.loc[vague, "start"].str[:7]
    times = lt.lead_times(lt.read_log(events, observed_until="2020-06-30"), lt.read_pathway(PATHWAY))
    result = lt.compare(times, break_date=BREAK)
    frame = times.to_pandas()
    for bound in ("lower", "upper"):
        medians = [
            lt.survival.kaplan_meier(frame.loc[group, f"{bound}_days"], frame.loc[group, "status"] == "stopped").median.value
            for group in (frame["cohort"] == "before", frame["cohort"] == "after")
        ]
        row = row_of(result, dates=bound)
        assert row.estimate.value == pytest.approx(medians[1] / medians[0])
        assert row.because == ""
    assert row_of(by_date(), dates="lower").because == "no partial dates"


def test_what_needs_a_date_is_not_computable_without_one() -> None:
    result = lt.compare(pilot())
    for rule in ("stop", "exclude", "split"):
        row = row_of(result, cohort_rule=rule)
        assert (row.verdict, row.because, row.estimate) == ("not computable", "no break_date", None)
    assert len(result.sensitivity_rows) == 2 * 3 * 4 + 3 + 3 + 2


@pytest.mark.filterwarnings("ignore:the start rule .last. looks into the future")
def test_other_clocks_keep_every_rule_of_the_clock() -> None:
    """Own exit dates, last observations and delayed entries, some on events that no milestone needs, and an nth stop."""
    rows = []
    for n in range(12):
        start = date(2019, 1, 1 + n)
        rows += [(f"{n}", "D", start, None, None, None), (f"{n}", "R", start + timedelta(days=3 + n), None, None, None)]
        rows += [(f"{n}", "H", start + timedelta(days=30 + 5 * k), None, None, None) for k in range(n % 4)]
        own = [str(start + timedelta(days=days)) if n % 5 == k else None for k, days in ((1, 33), (2, 36), (3, 9))]
        rows.append((f"{n}", "other", start, *own))
    columns = ["case_id", "activity", "start", "exit_date", "last_observed", "entry_date"]
    log = lt.read_log(pd.DataFrame(rows, columns=columns).astype({"start": str}), observed_until="2019-06-30")
    rules = {"help": {"activities": ["H"], "rule": "nth", "n": 2}, "referral": {"activities": ["R"], "rule": "last"}}
    pathway = lt.read_pathway(PATHWAY | {"milestones": PATHWAY["milestones"] | rules})
    clocks = [Clock(start, stop) for start in ("detection", "referral") for stop in (("diagnosis", "help"), ("help",))]
    found = timed_by(lt.lead_times(log, pathway), clocks, ())
    for clock in clocks:
        wanted = case_rows(lt.lead_times(log, pathway.model_copy(update={"start": clock.start, "stop": clock.stop})), ())
        for name in vars(wanted).keys() - {"labels"}:
            assert getattr(found[clock], name).tolist() == getattr(wanted, name).tolist(), (clock, name)


def test_a_clock_that_no_case_starts_says_so() -> None:
    events = events_of_pilot()
    times = lt.lead_times(lt.read_log(events[events["activity"] != "R"], observed_until="2020-06-30"), lt.read_pathway(PATHWAY))
    row = row_of(lt.compare(times), start="referral")
    assert (row.verdict, row.because) == ("not computable", "no case reaches the start milestone 'referral'")


SHORTER, AROUND, LONGER = lt.Estimate(0.6, 0.4, 0.9), lt.Estimate(0.8, 0.5, 1.1), lt.Estimate(1.3, 1.1, 1.6)


@pytest.mark.parametrize(
    ("other", "tested", "says"),
    [
        (SHORTER, True, "stands"),
        (SHORTER, False, "weaker"),  # without the declared test there is no claim that could stand
        (AROUND, True, "weaker"),
        (lt.Estimate(0.6, 0.4, None), True, "weaker"),
        (LONGER, True, "reversed"),
        (lt.Estimate(None), True, "not computable"),
        (None, True, "not computable"),
    ],
)
def test_verdicts(other: lt.Estimate | None, tested: bool, says: str) -> None:  # noqa: FBT001 - a case of the table
    assert verdict(-1, other, 1.0, tested=tested) == says


def test_where_the_declared_test_finds_nothing_nothing_stands() -> None:
    times = lt.lead_times(lt.read_log(events_of_pilot(effect=1.0), observed_until="2020-06-30"), lt.read_pathway(PATHWAY))
    result = lt.compare(times, break_date=BREAK)
    assert result.test.p_value > 0.05
    assert "stands" not in result.sensitivity.column("verdict")


def test_the_matrix_is_computed_when_asked_for_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(sensitivity, "timed_by", lambda *a: calls.append(1) or timed_by(*a))
    result = lt.compare(pilot(), break_date=BREAK)
    result.headline("en")
    assert calls == []
    assert result.sensitivity_rows is result.sensitivity_rows
    assert len(result.sensitivity.rows) == len(result.sensitivity_rows)
    assert calls == [1]


def test_every_line_names_its_interval_and_n_or_why_there_is_none() -> None:
    for row in by_date().sensitivity.records():
        if row["estimate"] is not None:
            assert row["interval"] not in ("", "none")
            assert row["n_before"] is not None
            assert row["n_after"] is not None
        else:
            assert row["because"]
        assert row["what"]


def test_without_a_pathway_there_is_one_clock() -> None:
    log = lt.read_log(events_of_pilot(), observed_until="2020-06-30")
    rows = lt.compare(lt.lead_times(log)).sensitivity_rows
    assert {(row.definition.start, row.definition.stop) for row in rows} == {("", ())}
