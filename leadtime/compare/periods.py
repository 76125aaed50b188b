"""The three populations of waiting-list statistics, and a cohort by its start beside a cohort by its end.

In one and the same period those who completed, those who started and those who still wait at its end give three figures that answer
three questions; none stands for another.
Source: DEFINITIONS 3.1-3.2, 3.7; NHS England, Recording and reporting referral to treatment waiting times; forward and reverse models
of NHS England's autism statistics.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from leadtime import survival
from leadtime.cases.clock import DAY_US
from leadtime.compare.design import day_of_text
from leadtime.compare.rows import LEFT, OPEN, STOPPED, CaseRows, case_rows
from leadtime.errors import LeadtimeError, UsageError, checks_arguments
from leadtime.results import Estimate, Result, Table, Value

if TYPE_CHECKING:
    from leadtime.cases import LeadTimes
    from leadtime.compare.estimates import Interval

__all__ = ["Population", "Populations", "SeenFrom", "populations"]

Kind = Literal["completed in the period", "started in the period", "waiting at its end"]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Population:
    """One population: its numbers, and its median in days.

    The median is that of the lead times of those who completed, the Kaplan-Meier median of those who started, followed to the end of
    observation, or the median time waited so far of those who still wait.
    """

    population: Kind
    n: int
    observed: int
    open: int
    left: int
    median: Estimate
    mean_days: float | None
    p90_days: float | None


@dataclass(frozen=True)
class SeenFrom:
    """A cohort by its start ("forward") or by its end ("backward"), its median, and how long a lead time could be and still be seen.

    Forward, a case can be followed for at least `shortest_days` and at most `longest_days`. Backward, a case that took longer than from
    the log's first start to its end isn't there; the median by reverse time heeds that, and holds for those that last at most
    `longest_days`.
    """

    design: Literal["forward", "backward"]
    n: int
    observed: int
    shortest_days: float | None
    longest_days: float | None
    median: Estimate
    because: str = ""


@dataclass(frozen=True)
class Populations(Result):
    """The three populations of a period, and both designs."""

    period_start: str
    period_end: str
    populations: tuple[Population, ...]
    seen: tuple[SeenFrom, ...]

    def _table(self) -> Table:
        columns = (
            "population",
            "n",
            "observed",
            "open",
            "left",
            "median_days",
            "lower_days",
            "upper_days",
            "interval",
            "mean_days",
            "p90_days",
        )
        rows: list[tuple[Value, ...]] = []
        for each in self.populations:
            counts = (each.n, each.observed, each.open, each.left)
            rows.append((each.population, *counts, *_limits(each.median), each.mean_days, each.p90_days))
        return Table("populations", columns, tuple(rows), counts=("n", "observed", "open", "left"))

    @property
    def designs(self) -> Table:
        """By start and by end, with how long a lead time could be and still be seen."""
        columns = (
            "design",
            "n",
            "observed",
            "shortest_days",
            "longest_days",
            "median_days",
            "lower_days",
            "upper_days",
            "interval",
            "because",
        )
        rows: list[tuple[Value, ...]] = []
        for each in self.seen:
            span = (each.shortest_days, each.longest_days)
            rows.append((each.design, each.n, each.observed, *span, *_limits(each.median), each.because))
        return Table("designs", columns, tuple(rows), counts=("n", "observed"))


def _limits(median: Estimate) -> tuple[Value, ...]:
    return median.value, median.lower, median.upper, median.interval


@checks_arguments
def populations(
    times: LeadTimes,
    *,
    period_start: str | date,
    period_end: str | date,
    confidence: float = 0.95,
    interval: Interval = "log-log",
) -> Populations:
    """Shows a period as waiting-list statistics do: who completed in it, who started in it, who still waits at its end.

    Args:
        times: the result of `lead_times`.
        period_start: first day of the period, an ISO date.
        period_end: its last day, that day included; at the latest the end of observation.
        confidence: of the intervals.
        interval: of the curves' limits.

    Returns:
        The three populations, and under `.designs` the cohort by start and the cohort by end with how long each could be seen.

    Raises:
        UsageError: a date isn't one, the period ends before it starts or after the observation.

    Source:
        DEFINITIONS 3.1-3.2, 3.7 (by end: reverse-time product limit, conditional).

    >>> import pandas as pd, leadtime as lt
    >>> events = [("a", "D", "2019-01-01"), ("a", "H", "2019-03-01"), ("b", "D", "2019-02-10"), ("c", "D", "2018-06-01")]
    >>> log = lt.read_log(pd.DataFrame(events, columns=["case_id", "activity", "start"]), observed_until="2019-12-31")
    >>> pathway = lt.read_pathway({"name": "x", "start": "d", "stop": "h", "milestones": {
    ...     "d": {"activities": ["D"]}, "h": {"activities": ["H"]}}})
    >>> found = lt.populations(lt.lead_times(log, pathway), period_start="2019-01-01", period_end="2019-03-31")
    >>> [(each.n, each.median.value) for each in found.populations]
    [(1, 59.0), (2, 59.0), (2, 176.0)]
    """
    first, last = _period(period_start, period_end)
    until = times.observed_until
    if until is not None and last > until.wall_us // DAY_US:
        end = date.fromordinal(until.wall_us // DAY_US + date(1970, 1, 1).toordinal())
        raise UsageError(f"period_end={period_end!s} lies after the end of observation, {end}; who waits then isn't known")
    rows = case_rows(times, ())
    completed = (rows.outcome == STOPPED) & (rows.end_day >= first) & (rows.end_day <= last)
    started = (rows.start_day >= first) & (rows.start_day <= last)
    waiting = (rows.start_day <= last) & ((rows.end_day > last) | (rows.outcome == OPEN))
    waiting &= rows.end_day >= last  # one whose own observation ended before can't be said to wait
    parts = (
        _population("completed in the period", rows.take(completed), confidence, interval),
        _population("started in the period", rows.take(started), confidence, interval),
        _population("waiting at its end", _so_far(rows.take(waiting), last), confidence, interval),
    )
    seen_until = int(rows.end_day.max()) if until is None else until.wall_us // DAY_US
    forward = _forward(rows.take(started), parts[1], (seen_until - last, seen_until - first))
    backward = _backward(rows.take(completed), int(rows.start_day.min()) if rows.n else first, confidence, interval)
    return Populations(str(period_start), str(period_end), parts, (forward, backward))


def _period(period_start: str | date, period_end: str | date) -> tuple[int, int]:
    days = []
    for name, given in (("period_start", period_start), ("period_end", period_end)):
        try:
            days.append(day_of_text(str(given)))
        except ValueError:
            raise UsageError(f"{name}={given!r} is no date; write it as 2019-03-14") from None
    if days[1] < days[0]:
        raise UsageError(f"period_end={period_end!s} lies before period_start={period_start!s}; swap them")
    return days[0], days[1]


def _so_far(rows: CaseRows, last: int) -> CaseRows:
    """The same cases as they stood at the end of a day: the time waited until then, as if that were the whole."""
    waited = (last - rows.start_day).astype(np.float64)
    return rows.with_lead(np.minimum(waited, rows.lead) if not rows.calendar.all() else waited)


def _population(kind: Kind, rows: CaseRows, confidence: float, interval: Interval) -> Population:
    stops, still, gone = (int((rows.outcome == outcome).sum()) for outcome in (STOPPED, OPEN, LEFT))
    if kind == "waiting at its end":
        stops, still, gone = 0, rows.n, 0
    if not rows.n:
        return Population(kind, 0, 0, 0, 0, Estimate(None, confidence=confidence, n=0, note="nobody"), None, None)
    whole = kind != "started in the period"
    stopped = np.ones(rows.n, bool) if whole else rows.outcome == STOPPED
    entry = None if whole or not (rows.entry > 0).any() else rows.entry
    curve = survival.kaplan_meier(rows.lead, stopped, entry=entry, confidence=confidence, interval=interval)
    mean = float(rows.lead.mean()) if whole else None
    p90 = float(np.quantile(rows.lead, 0.9)) if whole else curve.quantile(0.9).value
    return Population(kind, rows.n, stops, still, gone, curve.median, mean, p90)


def _forward(rows: CaseRows, population: Population, span: tuple[int, int]) -> SeenFrom:
    return SeenFrom("forward", rows.n, population.observed, float(span[0]), float(span[1]), population.median)


def _backward(rows: CaseRows, first_start: int, confidence: float, interval: Interval) -> SeenFrom:
    """The cohort by end: each lead time against the longest that could have been seen, from the log's first start to that end."""
    if not rows.n:
        return SeenFrom("backward", 0, 0, None, None, Estimate(None, confidence=confidence, n=0, note="nobody"), "nobody completed")
    longest = np.maximum((rows.end_day - first_start).astype(np.float64), rows.lead)
    span = (float(longest.min()), float(longest.max()))
    try:
        median = survival.right_truncated(rows.lead, longest, confidence=confidence, interval=interval).median
    except LeadtimeError as error:
        empty = Estimate(None, confidence=confidence, n=rows.n, note=str(error))
        return SeenFrom("backward", rows.n, rows.n, *span, empty, str(error))
    return SeenFrom("backward", rows.n, rows.n, *span, median, median.note)
