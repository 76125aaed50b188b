"""Was it falling already? Lead times by the month in which the clock started, those who still wait counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal, get_args

import narwhals as nw
import numpy as np
import numpy.typing as npt

from leadtime import survival
from leadtime.cases.clock import DAY_US
from leadtime.durations import DAYS_PER_MONTH
from leadtime.errors import NotEstimable, UsageError, checks_arguments, did_you_mean
from leadtime.results import Estimate, Result, Table, Value

if TYPE_CHECKING:
    import pandas as pd

    from leadtime.cases import LeadTimes

__all__ = ["Every", "StartCohort", "StartCohorts", "counted_starts", "monthly_start_cohorts", "start_cohorts"]

Every = Literal["month", "quarter", "year"]
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_FOLLOWED = 0.75  # of the periods, at the default horizon


@dataclass(frozen=True)
class StartCohort:
    """The cases of one group whose clock started in one period; an Estimate is None where it can't be given."""

    period: str
    group: str
    n: int
    observed: int
    open: int
    left: int
    median: Estimate | None
    restricted_mean: Estimate | None


@dataclass(frozen=True)
class StartCohorts(Result):
    """One row a period (and group), every period between the first and the last start, those without starts too.

    `labels`, `medians` and `restricted_means` are series for the charts of `leadtime.control`; with several groups take one by `of`.
    """

    every: Every
    tau: float | None
    cohorts: tuple[StartCohort, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups, by code point; one without a name where there was no `by`."""
        return tuple(dict.fromkeys(cohort.group for cohort in self.cohorts))

    @property
    def labels(self) -> tuple[str, ...]:
        """The periods: 2019-03, 2019-Q1 or 2019."""
        return tuple(dict.fromkeys(cohort.period for cohort in self.cohorts))

    @property
    def medians(self) -> tuple[float | None, ...]:
        """The Kaplan-Meier median of each period in days, None where half haven't stopped yet."""
        return tuple(cohort.median.value if cohort.median else None for cohort in self._only().cohorts)

    @property
    def restricted_means(self) -> tuple[float | None, ...]:
        """The restricted mean of each period in days up to `tau`, None where a period isn't followed so far."""
        return tuple(cohort.restricted_mean.value if cohort.restricted_mean else None for cohort in self._only().cohorts)

    @property
    def starts(self) -> tuple[int, ...]:
        """How many clocks started in each period."""
        return tuple(cohort.n for cohort in self._only().cohorts)

    def of(self, group: str) -> StartCohorts:
        """Gives one group's periods.

        Raises:
            UsageError: there is no such group.
        """
        if group not in self.groups:
            raise UsageError(f"group='{group}' is none of the groups{did_you_mean(group, self.groups)}")
        return replace(self, cohorts=tuple(cohort for cohort in self.cohorts if cohort.group == group))

    def position_of(self, break_date: str | date) -> int:
        """Gives the position of the first period that lies wholly on or after a date, for `rebase=` and `break_at=`.

        Raises:
            UsageError: the text is no date.
        """
        try:
            day = date.fromisoformat(str(break_date))
        except ValueError:
            raise UsageError(f"break_date={break_date!r} is no date; write it as 2019-03-14") from None
        months = _MONTHS[self.every]
        this = (day.year * 12 + day.month - 1) // months
        begins = day.day == 1 and (day.month - 1) % months == 0
        first = _number(self.labels[0], self.every)
        return max(0, min(len(self.labels), this + (0 if begins else 1) - first))

    def _only(self) -> StartCohorts:
        if len(self.groups) > 1:
            shown = ", ".join(f"'{group}'" for group in self.groups)
            raise UsageError(f"there are several groups ({shown}); take one of them first, with .of(group)")
        return self

    def _table(self) -> Table:
        columns = (
            "period", "group", "n", "observed", "open", "left", "median_days", "median_lower_days", "median_upper_days",
            "restricted_mean_days", "restricted_mean_lower_days", "restricted_mean_upper_days",
        )  # fmt: skip
        rows = []
        for cohort in self.cohorts:
            figures = [part for estimate in (cohort.median, cohort.restricted_mean) for part in _parts(estimate)]
            rows.append((cohort.period, cohort.group, cohort.n, cohort.observed, cohort.open, cohort.left, *figures))
        return Table("start_cohorts", columns, tuple(rows), counts=("n", "observed", "open", "left"))


@checks_arguments
def monthly_start_cohorts(
    times: LeadTimes,
    *,
    by: str | None = None,
    every: Every = "month",
    tau: float | None = None,
    confidence: float = 0.95,
    interval: survival.Interval = "log-log",
) -> StartCohorts:
    """Gives the Kaplan-Meier median and restricted mean of each month of clock start, as a series for the charts of `control`.

    Months of *start* don't overlap and each child is in one of them, so that they may stand in a control chart; months of completion
    and lists of the waiting may not. The intervals take cases as independent, several of one child too.

    Args:
        times: the result of `lead_times`.
        by: a case attribute to split by, for example the site.
        every: "month", "quarter" or "year".
        tau: horizon of the restricted means in days; None for the pathway's, else the largest whole month to which three quarters of
            the periods can be followed.
        confidence: level of the intervals.
        interval: scale of the medians' limits.

    Returns:
        A row a period and group, with `.labels`, `.medians`, `.restricted_means` and `.position_of(break_date)`.

    Raises:
        InputError: there is no such attribute, or a case has several values of it.
        NotEstimable: no case has a lead time.
        UsageError: an option isn't allowed.

    Source: DEFINITIONS 3.1-3.4; issue of trend in Linden (2015), Stata Journal 15:480.

    >>> import leadtime as lt, pandas as pd
    >>> rows = [(str(i), what, str(np.datetime64(f"2019-0{1 + i % 3}-05") + days))
    ...         for i in range(9) for what, days in (("Detected", 0), ("Diagnosis", 30 * (1 + i % 3)))]
    >>> log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start"]), observed_until="2019-12-31")
    >>> pathway = lt.read_pathway({"name": "x", "start": "detection", "stop": "diagnosis", "milestones": {
    ...     "detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}}})
    >>> series = monthly_start_cohorts(lt.lead_times(log, pathway))
    >>> series.labels, series.medians
    (('2019-01', '2019-02', '2019-03'), (30.0, 60.0, 90.0))
    """
    if every not in get_args(Every):
        raise UsageError(f"every is '{every}'{did_you_mean(every, get_args(Every))}")
    if tau is not None and not (np.isfinite(tau) and tau > 0):
        raise UsageError(f"tau={tau!r} isn't allowed; give a positive number of days")
    return start_cohorts(times, counted_starts(times, by), every, tau=tau, confidence=confidence, interval=interval)


def start_cohorts(
    times: LeadTimes,
    counted: pd.DataFrame,
    every: Every,
    *,
    tau: float | None = None,
    confidence: float = 0.95,
    interval: survival.Interval = "log-log",
) -> StartCohorts:
    """Gives the series of cases counted by `counted_starts`, which serve for every length of a period."""
    if counted.empty:
        raise NotEstimable("no case has a lead time, so there is nothing to put into months; see the flow table")
    period = _periods(counted["day"].to_numpy(dtype=np.int64), every)
    groups = counted["group"].to_numpy(dtype=object)
    wanted = [(number, group) for group in sorted(set(groups)) for number in range(int(period.min()), int(period.max()) + 1)]
    places = counted.groupby([period, groups], sort=False).indices  # the rows of each, in their order
    nowhere = np.zeros(0, np.int64)
    parts = [counted.iloc[places.get(key, nowhere)] for key in wanted]
    curves = [_curve(part, confidence, interval) for part in parts]
    declared = times.pathway.comparison.tau if times.pathway else None
    horizon = tau or (declared if isinstance(declared, (int, float)) else _horizon(curves))
    cohorts = [
        _cohort(_label(number, every), str(group), part, curve, horizon)
        for (number, group), part, curve in zip(wanted, parts, curves, strict=True)
    ]
    return StartCohorts(every, horizon, tuple(cohorts))


def counted_starts(times: LeadTimes, by: str | None) -> pd.DataFrame:
    """Gives the cases as counts: a row for each group, day of start, duration, outcome and entry."""
    keys = ["group", "day", "lead_us", "entry_us", "status"]
    timed = times.members(by).filter(nw.col("status") != "excluded", ~nw.col("group").is_null())
    counts = timed.with_columns(day=nw.col("start_wall_us") // DAY_US).group_by(keys).agg(n=nw.len())
    frame: pd.DataFrame = times.log.session.collect(counts.sort(*keys))
    return frame


def _periods(days: npt.NDArray[np.int64], every: Every) -> npt.NDArray[np.int64]:
    """The number of each day's period, counted from year 0."""
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
    numbers: npt.NDArray[np.int64] = months // _MONTHS[every]
    return numbers


def _label(number: int, every: Every) -> str:
    if every == "year":
        return f"{number:04d}"
    year, part = divmod(number, 12 // _MONTHS[every])
    return f"{year:04d}-{part + 1:02d}" if every == "month" else f"{year:04d}-Q{part + 1}"


def _number(label: str, every: Every) -> int:
    if every == "year":
        return int(label)
    year, part = label.split("-")
    return int(year) * (12 // _MONTHS[every]) + int(part.removeprefix("Q")) - 1


def _curve(part: pd.DataFrame, confidence: float, interval: survival.Interval) -> survival.KaplanMeier | None:
    """The curve of one period; None without cases, or where those who entered late leave an early risk set empty."""
    if part.empty:
        return None
    entry = part["entry_us"].to_numpy(dtype=np.int64)
    try:
        return survival.kaplan_meier_from_counts(
            part["lead_us"].to_numpy(dtype=np.int64),
            (part["status"] == "stopped").to_numpy(),
            part["n"].to_numpy(dtype=np.int64),
            entry=entry if entry.any() else None,
            confidence=confidence,
            interval=interval,
        )
    except NotEstimable:
        return None


def _horizon(curves: Iterable[survival.KaplanMeier | None]) -> float | None:
    """The largest whole month to which three quarters of the periods can be followed; a curve at 0 sets no bound."""
    known = [curve for curve in curves if curve is not None]
    ends = sorted((curve.last_time / DAY_US for curve in known if not curve.reaches_zero), reverse=True)
    done = len(known) - len(ends)
    needed = int(np.ceil(_FOLLOWED * len(known))) - done
    if not known:
        return None
    reach = max(curve.last_time / DAY_US for curve in known) if needed <= 0 else ends[needed - 1]
    months = np.ceil(reach / DAYS_PER_MONTH) if needed <= 0 else np.floor(reach / DAYS_PER_MONTH)
    return float(months * DAYS_PER_MONTH) or None


def _cohort(period: str, group: str, part: pd.DataFrame, curve: survival.KaplanMeier | None, tau: float | None) -> StartCohort:
    statuses, counts = part["status"].to_numpy(dtype=object), part["n"].to_numpy(dtype=np.int64)
    observed, still, left = (int(counts[statuses == status].sum()) for status in ("stopped", "still waiting", "left"))
    median = None if curve is None else _in_days(curve.median)
    return StartCohort(period, group, observed + still + left, observed, still, left, median, _restricted_mean(curve, tau))


def _restricted_mean(curve: survival.KaplanMeier | None, tau: float | None) -> Estimate | None:
    if curve is None or tau is None:
        return None
    try:
        return _in_days(curve.restricted_mean(tau * DAY_US))
    except NotEstimable:
        return None


def _in_days(estimate: Estimate) -> Estimate:
    def days(value: float | None) -> float | None:
        return None if value is None else value / DAY_US

    return replace(
        estimate,
        value=days(estimate.value),
        lower=days(estimate.lower),
        upper=days(estimate.upper),
        standard_error=days(estimate.standard_error),
        note="",
    )


def _parts(estimate: Estimate | None) -> tuple[Value, ...]:
    return (None, None, None) if estimate is None else (estimate.value, estimate.lower, estimate.upper)
