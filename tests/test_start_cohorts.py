"""Monthly start cohorts: Kaplan-Meier by month of clock start, as a series that the control charts take."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

import leadtime as lt
from leadtime import survival
from leadtime.durations import DAYS_PER_MONTH
from leadtime.errors import InputError, NotEstimable, UsageError

PATHWAY = {
    "name": "test",
    "start": "s",
    "stop": "e",
    "milestones": {"s": {"activities": ["S"]}, "e": {"activities": ["E"]}},
    "exits": {"moved": {"activities": ["X"]}},
}


def times_of(
    cases: list[tuple[str, int | None, str]], *, until: str = "2020-12-31", pathway: dict[str, object] | None = None
) -> lt.LeadTimes:
    """Cases as (start, days to the end, outcome E or X, or None while waiting)."""
    rows = []
    for number, (start, days, outcome) in enumerate(cases):
        site = "Mark" if number % 2 else "Borås"
        rows.append((str(number), "S", start, site))
        if days is not None:
            rows.append((str(number), outcome, str(date.fromisoformat(start) + timedelta(days=days)), site))
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start", "site"]), observed_until=until)
    return lt.lead_times(log, lt.read_pathway(PATHWAY | (pathway or {})))


def test_each_month_of_start_has_its_kaplan_meier_figures() -> None:
    cases = [("2019-01-31", 30, "E"), ("2019-01-01", 50, "E"), ("2019-01-05", 70, "X"), ("2019-03-01", 20, "E"), ("2019-03-31", None, "E")]
    series = lt.monthly_start_cohorts(times_of(cases), tau=40)
    assert series.labels == ("2019-01", "2019-02", "2019-03")
    assert series.starts == (3, 0, 2)
    january = survival.kaplan_meier([30, 50, 70], [1, 1, 0])
    assert series.medians == (january.median.value, None, 20)
    assert series.restricted_means == (pytest.approx(january.restricted_mean(40).value), None, pytest.approx(30))
    frame = series.to_pandas()
    assert list(frame[["n", "observed", "open", "left"]].iloc[0]) == [3, 2, 0, 1]
    assert list(frame[["n", "observed", "open", "left"]].iloc[2]) == [2, 1, 1, 0]


def test_a_month_that_isn_t_followed_to_the_horizon_has_no_restricted_mean() -> None:
    cases = [("2019-01-01", 100, "E"), ("2019-01-01", 400, "E"), ("2020-11-01", None, "E"), ("2020-11-01", 10, "E")]
    series = lt.monthly_start_cohorts(times_of(cases), tau=365)
    assert series.restricted_means[0] == pytest.approx((100 + 365) / 2)
    assert series.restricted_means[-1] is None
    assert set(series.restricted_means[1:-1]) == {None}


def test_the_default_horizon_reaches_three_quarters_of_the_months() -> None:
    cases = [(f"2019-{month:02}-01", None, "E") for month in range(1, 9)] + [(f"2019-{month:02}-01", 5, "E") for month in range(1, 9)]
    series = lt.monthly_start_cohorts(times_of(cases, until="2019-12-31"))
    followed = sum(mean is not None for mean in series.restricted_means)
    assert followed >= 6
    assert series.tau is not None
    later = lt.monthly_start_cohorts(times_of(cases, until="2019-12-31"), tau=series.tau + DAYS_PER_MONTH)
    assert sum(mean is not None for mean in later.restricted_means) < 6


def test_the_declared_horizon_is_used() -> None:
    cases = [("2019-01-01", 100, "E"), ("2019-02-01", 50, "E")]
    assert lt.monthly_start_cohorts(times_of(cases, pathway={"comparison": {"tau": 45}})).tau == 45
    assert lt.monthly_start_cohorts(times_of(cases, pathway={"comparison": {"tau": 45}}), tau=80).tau == 80


def test_quarters_and_years_are_periods_too() -> None:
    cases = [("2018-11-01", 10, "E"), ("2019-03-31", 20, "E"), ("2019-04-01", 30, "E")]
    assert lt.monthly_start_cohorts(times_of(cases), every="quarter").labels == ("2018-Q4", "2019-Q1", "2019-Q2")
    assert lt.monthly_start_cohorts(times_of(cases), every="year").starts == (1, 2)


def test_the_break_is_the_first_period_wholly_after_the_date() -> None:
    cases = [("2019-01-01", 10, "E"), ("2019-12-01", 10, "E")]
    months, quarters = (lt.monthly_start_cohorts(times_of(cases), every=every) for every in ("month", "quarter"))
    assert [months.position_of(day) for day in ("2019-06-01", "2019-06-02", date(2019, 6, 30))] == [5, 6, 6]
    assert [quarters.position_of(day) for day in ("2019-04-01", "2019-05-01")] == [1, 2]
    assert (months.position_of("2015-01-01"), months.position_of("2030-01-01")) == (0, 12)
    with pytest.raises(UsageError, match="is no date"):
        months.position_of("June")


def test_sites_have_the_same_periods_and_stand_against_each_other() -> None:
    cases = [(f"2019-{month:02}-{day:02}", 40 if month < 7 or day == 1 else 20, "E") for month in range(1, 13) for day in (1, 2)]
    series = lt.monthly_start_cohorts(times_of(cases), by="site")
    assert series.groups == ("Borås", "Mark")
    at = series.position_of("2019-07-01")
    result = lt.control.difference_in_differences(series.of("Mark").medians, series.of("Borås").medians, break_at=at)
    assert result.estimate.value == pytest.approx(-20)
    with pytest.raises(UsageError, match="take one of them first"):
        series.medians  # noqa: B018 - what is asked for is refused
    with pytest.raises(UsageError, match="did you mean 'Mark'"):
        series.of("mark")


def test_the_series_goes_straight_into_a_chart() -> None:
    cases = [(f"2019-{month:02}-{day:02}", days + day, "E") for month, days in enumerate([90] * 6 + [40] * 6, 1) for day in (1, 9, 20)]
    series = lt.monthly_start_cohorts(times_of(cases))
    at = series.position_of("2019-07-01")
    chart = lt.control.xmr(series.medians, rebase=at, labels=series.labels)
    assert [part.centre for part in chart.parts] == [99, 49]
    assert lt.control.segmented_regression(series.medians, break_at=at).level_change.value == pytest.approx(-50, abs=1e-6)


def test_what_is_refused_is_named() -> None:
    times = times_of([("2019-01-01", 10, "E")])
    with pytest.raises(UsageError, match="did you mean 'month'"):
        lt.monthly_start_cohorts(times, every="months")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="tau=-1 isn't allowed"):
        lt.monthly_start_cohorts(times, tau=-1)
    with pytest.raises(InputError, match="no case attribute 'sites'"):
        lt.monthly_start_cohorts(times, by="sites")
    with pytest.raises(NotEstimable, match="no case has a lead time"):
        lt.monthly_start_cohorts(times_of([("2019-02-01", -20, "X")]))  # left before the clock started: excluded
