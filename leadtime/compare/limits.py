"""How many are done within a limit, as guarantees are told: counted among all who started, the unfinished and the leavers included.

Source: DEFINITIONS 2.4 (the day of the limit is within), 3.4, 3.7.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from leadtime import survival
from leadtime.cases import LeadTimes
from leadtime.cases.clocktime import ClockTimes
from leadtime.compare.cohorts import Cohort
from leadtime.compare.estimates import Interval, Options
from leadtime.compare.rows import LEFT, OPEN, STOPPED, CaseRows, case_rows, coded
from leadtime.compare.shares import chances_of
from leadtime.errors import UsageError, checks_arguments
from leadtime.results import Estimate, Result, Table, Value

__all__ = ["WithinLimit", "WithinLimits", "within_limit"]


@dataclass(frozen=True)
class WithinLimit:
    """One group at the limit: its numbers, and the shares that were done, had left and still waited by then, which sum to 1.

    `of_finished` is the share of the finished cases that kept the limit: biased, as it leaves out those who still wait.
    """

    group: str
    n: int
    observed: int
    open: int
    left: int
    at_risk: int
    done: Estimate
    left_share: float | None
    waiting_share: float | None
    of_finished: float | None


@dataclass(frozen=True)
class WithinLimits(Result):
    """Each group at one limit in days."""

    days: float
    by: str | None
    groups: tuple[WithinLimit, ...]

    def _table(self) -> Table:
        columns = (
            "group", "limit_days", "n", "observed", "open", "left", "at_risk", "done", "lower", "upper", "interval", "left_share",
            "waiting_share", "of_finished",
        )  # fmt: skip
        rows: list[tuple[Value, ...]] = []
        for each in self.groups:
            counts = (each.n, each.observed, each.open, each.left, each.at_risk)
            shares = (each.done.value, each.done.lower, each.done.upper, each.done.interval, each.left_share, each.waiting_share)
            rows.append((each.group, self.days, *counts, *shares, each.of_finished))
        return Table("within_limit", columns, tuple(rows), counts=("n", "observed", "open", "left", "at_risk"))


@checks_arguments
def within_limit(
    times: LeadTimes | ClockTimes,
    days: float | None = None,
    *,
    by: str | None = None,
    confidence: float = 0.95,
    interval: Interval = "log-log",
) -> WithinLimits:
    """Gives the share of all who started that were done within a limit.

    Args:
        times: the result of `lead_times`; or that of `clock_time`, whose preset (`rtt`, `vardgaranti`, `bup`) says what time is taken off
            and what the limit is.
        days: the limit; a lead time of just so many days is within it (126 days are 18 weeks). None for that of the clock.
        by: a case attribute; None for all cases together.
        confidence: of the interval.
        interval: its scale.

    Returns:
        A row a group with P(done) by Aalen-Johansen, its interval, and P(left) and P(waiting), which with it sum to 1; None past the
        last follow-up. By a clock, cases whose start was made void are left out.

    Raises:
        UsageError: `days` isn't a number of days from 0 up, or is missing where the clock has no limit.
        InputError: there is no such attribute, or some cases have several values.

    Source:
        DEFINITIONS 2.4, 3.7; Aalen & Johansen (1978).

    >>> import pandas as pd, leadtime as lt
    >>> events = [("a", "D", "2019-01-01"), ("a", "H", "2019-05-07"), ("b", "D", "2019-01-01"), ("b", "H", "2019-05-08")]
    >>> log = lt.read_log(pd.DataFrame(events, columns=["case_id", "activity", "start"]), observed_until="2019-12-31")
    >>> pathway = lt.read_pathway({"name": "x", "start": "d", "stop": "h", "milestones": {
    ...     "d": {"activities": ["D"]}, "h": {"activities": ["H"]}}})
    >>> lt.within_limit(lt.lead_times(log, pathway), 126).groups[0].done.value
    0.5
    """
    limit = _limit(times, days)
    attributes = () if by is None else (by,)
    rows = case_rows(times, attributes) if isinstance(times, LeadTimes) else _by_clock(times, attributes)
    codes, names = (np.zeros(rows.n, np.int64), ("",)) if by is None else coded(rows.labels[by])
    options = Options(confidence, interval)
    found = [_at(name, rows.take(codes == code), limit, options) for code, name in enumerate(names)]
    return WithinLimits(limit, by, tuple(group for group in found if group.n))


def _limit(times: LeadTimes | ClockTimes, days: float | None) -> float:
    limit = times.limit_days if days is None and isinstance(times, ClockTimes) else days
    if limit is None:
        raise UsageError("days is missing; give the limit, or the result of clock_time with a preset")
    if not (math.isfinite(limit) and limit >= 0):
        raise UsageError(f"days={limit} isn't allowed; give a number of days from 0 up")
    return float(limit)


def _by_clock(clock: ClockTimes, attributes: tuple[str, ...]) -> CaseRows:
    """The cases with their clock times for lead times; those without one, as their start was made void, are left out."""
    frame = clock.to_pandas()
    timed = case_rows(clock.times, attributes)  # both are in order of case id
    days = frame["clock_days"].to_numpy(dtype=np.float64)
    return timed.with_lead(days).take(~np.isnan(days))


def _at(name: str, rows: CaseRows, days: float, options: Options) -> WithinLimit:
    entry = rows.entry if (rows.entry > 0).any() else None
    cohort = Cohort(name, rows.lead, rows.outcome, entry, None, None, np.arange(rows.n))
    stops, still, gone = (int((rows.outcome == outcome).sum()) for outcome in (STOPPED, OPEN, LEFT))
    finished = rows.lead[rows.outcome == STOPPED]
    share = float((finished <= days).mean()) if finished.size else None
    if not rows.n:
        return WithinLimit(name, 0, 0, 0, 0, 0, Estimate(None, n=0), None, None, None)
    chances = chances_of(cohort, options)
    done, left = (chances.at([days], cause=cause)[0] for cause in (STOPPED, LEFT))
    at_risk = int(survival.kaplan_meier(cohort.days, cohort.observed, entry=entry).at_risk([days])[0])
    waiting = None if done.value is None or left.value is None else max(0.0, 1 - done.value - left.value)
    return WithinLimit(name, rows.n, stops, still, gone, at_risk, done, left.value, waiting, share)
