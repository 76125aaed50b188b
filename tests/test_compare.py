"""The comparison: against R's figures, against numpy on complete data, and what it refuses."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt

EXAMPLES = settings.default.max_examples // 2  # each asks the engine several times

REFERENCE = Path(__file__).parent / "reference" / "r"
PATHWAY = {
    "name": "test",
    "start": "s",
    "stop": "e",
    "milestones": {"s": {"activities": ["S"]}, "e": {"activities": ["E"]}},
    "exits": {"moved": {"activities": ["X"]}},
}
LAST = date(2100, 1, 1)


def times_of(*cases: tuple[str, int, int], pathway: dict[str, object] | None = None) -> lt.LeadTimes:
    """Cases as (cohort, days, outcome): 1 stopped, 2 left, 0 open; all end on the last day of observation."""
    rows: list[tuple[str, str, str, str]] = []
    for number, (cohort, days, outcome) in enumerate(cases):
        events = [("S", LAST - timedelta(days=days))] + ([("E" if outcome == 1 else "X", LAST)] if outcome else [])
        rows += [(f"{number:05}", activity, str(day), cohort) for activity, day in events]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start", "cohort"]), observed_until=str(LAST))
    return lt.lead_times(log, lt.read_pathway(PATHWAY | (pathway or {})))


@pytest.fixture(scope="module")
def lung() -> tuple[lt.Comparison, dict[str, object]]:
    with (REFERENCE / "lung.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    cases = [(row["group"], int(row["time"]), int(row["status"])) for row in rows]
    figures: dict[str, object] = json.loads((REFERENCE / "lung.json").read_text(encoding="utf-8"))
    return lt.compare(times_of(*cases), before="1", after="2", tau=500), figures


def test_medians_and_restricted_means_are_those_of_r(lung: tuple[lt.Comparison, dict]) -> None:  # type: ignore[type-arg]
    result, figures = lung
    for cohort in result.cohorts:
        wanted = figures["quantiles"][f"group={cohort.name}"]["log-log"]["0.5"]
        assert (cohort.median.value, cohort.median.lower, cohort.median.upper) == (wanted["est"], wanted["lower"], wanted["upper"])
    means = figures["rmst"]["tau_500"]
    for cohort, arm in zip(result.cohorts, ("arm0", "arm1"), strict=True):
        assert cohort.restricted_mean is not None
        assert cohort.restricted_mean.value == pytest.approx(means[arm]["rmst"], rel=1e-9)
        assert cohort.restricted_mean.standard_error == pytest.approx(means[arm]["se"], rel=1e-9)
    for estimate, name in ((result.restricted_mean_difference, "difference"), (result.restricted_mean_ratio, "ratio")):
        assert estimate is not None
        assert estimate.value == pytest.approx(means[name]["est"], rel=1e-9)
        # R's limits are normal, and too narrow for few cases; ours are Student's t, a little wider with 90 and 138 cases.
        assert means[name]["lower"] * 0.95 < estimate.lower < means[name]["lower"] < means[name]["upper"] < estimate.upper
        assert "t" in estimate.interval
    assert result.restricted_mean_difference.standard_error == pytest.approx(np.hypot(means["arm0"]["se"], means["arm1"]["se"]), rel=1e-9)
    assert result.test.p_value == pytest.approx(figures["tests"]["logrank_survdiff"]["p"], rel=1e-9)


def test_small_cohorts_are_tested_by_permutation() -> None:
    with (REFERENCE / "aml.csv").open(encoding="utf-8") as file:
        cases = [(row["group"], int(row["time"]), int(row["status"])) for row in csv.DictReader(file)]
    result = lt.compare(times_of(*cases), before="Nonmaintained", after="Maintained")
    assert result.test.p_value == pytest.approx(0.06469301327, abs=1e-9)
    assert result.headline("en").startswith("No difference")


@pytest.mark.parametrize("n", [2, 3, 10, 41])
def test_medians_of_complete_data_are_numpy_s(n: int) -> None:
    days = np.arange(n) * 7 + 30
    result = lt.compare(times_of(*(("before", int(d), 1) for d in days), *(("after", int(d) // 2, 1) for d in days)))
    assert result.cohorts[0].median.value == np.median(days)
    assert result.cohorts[1].median.value == np.median(days // 2)
    assert result.cohorts[0].completed_only_median == np.median(days)


def test_the_change_of_medians_by_mover_follows_the_formula() -> None:
    cases = [("before", 300 + 20 * n, 1) for n in range(12)] + [("after", 100 + 10 * n, 1) for n in range(12)]
    result = lt.compare(times_of(*cases))
    (m0, l0, u0), (m1, l1, u1) = ((c.median.value, c.median.lower, c.median.upper) for c in result.cohorts)
    ratio = m1 / m0
    spread = (np.hypot(np.log(m1 / l1), np.log(u0 / m0)), np.hypot(np.log(u1 / m1), np.log(m0 / l0)))
    estimate = result.median_ratio
    assert [estimate.value, estimate.lower, estimate.upper] == pytest.approx([ratio, ratio * np.exp(-spread[0]), ratio * np.exp(spread[1])])
    assert result.median_change_percent.value == pytest.approx(100 * (ratio - 1))


def test_the_default_horizon_is_the_last_whole_month_with_five_at_risk() -> None:
    cases = [("before", 400, 0)] * 4 + [("before", 100, 1)] * 6 + [("before", 200, 1)] + [("after", 300, 0)] * 5 + [("after", 50, 1)] * 5
    result = lt.compare(times_of(*cases))
    assert result.tau == 6 * 30.4375  # 5 of "before" are there until 200 days
    none = lt.compare(times_of(*[("before", 400, 0)] * 4, ("before", 10, 1), *[("after", 300, 0)] * 5, ("after", 3, 1)))
    assert (none.tau, none.restricted_mean_ratio) == (None, None)
    assert "'before' never has 5 at risk" in none.tau_reason


def test_the_limits_of_a_restricted_mean_are_times_that_it_can_have() -> None:
    before, after = (30, 40, 50, 60, 70, 80, 4000), (20, 4000, 4000, 4000, 4000)
    cases = [(cohort, days, 1) for cohort, group in (("before", before), ("after", after)) for days in group]
    result = lt.compare(times_of(*cases), before="before", after="after", tau=4000)
    means = [cohort.restricted_mean for cohort in result.cohorts]
    assert (means[0] and means[0].lower, means[1] and means[1].upper) == (0.0, 4000.0)
    assert "618.6" in str(lt.build_report(result.times.log, result.times.pathway, result))


def test_done_left_and_waiting_sum_to_one() -> None:
    cases = [(cohort, 30 * (n + 1) // scale, n % 3) for cohort, scale in (("before", 1), ("after", 2)) for n in range(30)]
    for cohort in lt.compare(times_of(*cases)).cohorts:
        assert cohort.done is not None
        assert cohort.left_early is not None
        assert cohort.waiting is not None
        assert (cohort.done.value or 0) + (cohort.left_early.value or 0) + cohort.waiting == pytest.approx(1, abs=1e-12)
        assert (cohort.n, cohort.observed, cohort.open, cohort.left) == (30, 10, 10, 10)


def test_a_break_date_makes_the_cohorts_and_a_washout_is_counted() -> None:
    rows = []
    for number in range(40):
        start = date(2019, 1, 1) + timedelta(days=10 * number)
        rows += [(str(number), "S", str(start)), (str(number), "E", str(start + timedelta(days=100 - number)))]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start"]), observed_until="2021-01-01")
    times = lt.lead_times(log, lt.read_pathway(PATHWAY))
    plain = lt.compare(times, break_date="2019-07-20")  # the 20th start lies on that very day
    assert [cohort.n for cohort in plain.cohorts] == [20, 20]
    washed = lt.compare(times, break_date="2019-07-20", washout=30)
    assert [cohort.n for cohort in washed.cohorts] == [20, 17]
    assert {entry.code: entry.cases for entry in washed.audit_entries}["washout"] == 3
    assert {entry.code: entry.cases for entry in plain.audit_entries}["straddlers"] > 0


def test_completed_only_stands_beside_and_its_bias_is_sized() -> None:
    cases = [("before", 700, 1), ("before", 800, 1), ("before", 900, 0), ("before", 1000, 0), ("before", 500, 1)] * 6
    cases += [("after", 200, 1), ("after", 250, 1), ("after", 300, 0), ("after", 100, 1), ("after", 150, 1)] * 6
    result = lt.compare(times_of(*cases))
    assert result.cohorts[0].completed_only_median == 700
    assert result.cohorts[0].median.value == 800
    entry = next(entry for entry in result.audit_entries if entry.code == "completed-only")
    assert (entry.cases, entry.effect) == (18, -100)
    assert "finished cases only (biased)" in result.sensitivity.column("what")


@pytest.mark.parametrize(
    ("cases", "options", "error", "message"),
    [
        (
            [("before", 10, 1)] * 5,
            {},
            lt.InputError,
            "only one cohort, 'before' in 'cohort' among .*; .* give the first day .*break_date=",
        ),
        ([("before", 10, 1)] * 5 + [("after", 10, 1)], {}, lt.NotEstimable, "'after' has 1 case"),
        ([("before", 10, 0)] * 5 + [("after", 10, 0)] * 5, {}, lt.NotEstimable, "nobody has finished"),
        ([("before", 10, 1)] * 5 + [("aftr", 10, 1)] * 5, {}, lt.UsageError, "after='after' is no group.*did you mean 'aftr'"),
        ([("before", 10, 1)] * 5 + [("after", 10, 1)] * 5, {"by": "kohort"}, lt.InputError, "no case attribute 'kohort'.*'cohort'"),
        ([("before", 10, 1)] * 5 + [("after", 10, 1)] * 5, {"tau": -1}, lt.UsageError, "tau=-1"),
        ([("before", 10, 1)] * 5 + [("after", 10, 1)] * 5, {"break_date": "soon"}, lt.UsageError, "break_date='soon'"),
        ([("before", 10, 1)] * 5 + [("after", 10, 1)] * 5, {"washout": 3}, lt.UsageError, "washout goes with break_date"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(cases, options, error, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        lt.compare(times_of(*cases), **options)


def test_a_case_in_two_cohorts_is_refused_with_their_number() -> None:
    frame = pd.DataFrame(
        {"case_id": ["a", "a", "b"], "activity": ["S", "E", "S"], "start": ["2020-01-01"] * 3, "cohort": ["before", "after", "after"]}
    )
    times = lt.lead_times(lt.read_log(frame), lt.read_pathway(PATHWAY))
    with pytest.raises(lt.InputError, match="'cohort' has several values in 1 case"):
        lt.compare(times)


def test_the_same_call_gives_the_same_figures() -> None:
    cases = [(cohort, 20 * (n + 1) // scale, 1) for cohort, scale in (("before", 1), ("after", 2)) for n in range(15)]
    first, second = (lt.compare(times_of(*cases), seed=7).to_dict() for _ in range(2))
    assert first == second


cohort_cases = st.lists(st.tuples(st.integers(0, 900), st.sampled_from([0, 1, 1, 2])), min_size=2, max_size=30)


@given(cohort_cases, cohort_cases)
@settings(max_examples=EXAMPLES)
def test_a_median_never_lies_outside_its_interval(before: list[tuple[int, int]], after: list[tuple[int, int]]) -> None:
    cases = [("before", *case) for case in before] + [("after", *case) for case in after] + [("before", 5, 1)]
    result = lt.compare(times_of(*cases), draws=100)
    for cohort in result.cohorts:
        for estimate in (cohort.median, cohort.p90):
            if estimate.value is not None:
                assert estimate.lower is None or estimate.lower <= estimate.value
                assert estimate.upper is None or estimate.value <= estimate.upper
    assert "\n" not in result.headline("sv")
