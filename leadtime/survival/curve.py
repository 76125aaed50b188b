"""The Kaplan-Meier curve and what is read off it: quantiles, restricted mean, probabilities, numbers at risk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from leadtime.errors import NotEstimable, UsageError
from leadtime.results import SCHEMA_VERSION, Estimate, Result, Table, plain
from leadtime.survival.checks import Array, Floats, Groups, Sample, check_probability, numbers, sample_of, weights_of
from leadtime.survival.limits import Interval, check_interval, probability_limits, z_value
from leadtime.survival.risksets import RiskTable, area_under, crossing, product_limit, risk_table

__all__ = [
    "PAST_FOLLOW_UP",
    "KaplanMeier",
    "check_tau",
    "curve_of",
    "curves_by_group",
    "follow_up",
    "kaplan_meier",
    "kaplan_meier_from_counts",
    "or_none",
    "times_of",
]

_COLUMNS = ("time", "at_risk", "events", "censored", "survival", "standard_error", "lower", "upper")
NOT_PASSED = "not passed: the curve ends at exactly this level"
PAST_FOLLOW_UP = "past the last follow-up"


@dataclass(frozen=True, eq=False)
class KaplanMeier(Result):
    """A Kaplan-Meier curve; made by `kaplan_meier`. Times are in the unit of the durations given."""

    n: int
    events: int
    confidence: float
    interval: str
    _risk: RiskTable
    _survival: Floats
    _greenwood: Floats

    @cached_property
    def _limits(self) -> tuple[Floats, Floats]:
        return probability_limits(self._survival, np.sqrt(self._greenwood), confidence=self.confidence, interval=self.interval)

    @cached_property
    def _standard_error(self) -> Floats:
        return np.where(self._survival > 0, self._survival * np.sqrt(np.where(self._survival > 0, self._greenwood, 0.0)), np.nan)

    @property
    def survival(self) -> Floats:
        """S(t) from each distinct time on, a new array."""
        return self._survival.copy()

    @property
    def last_time(self) -> float:
        """The latest time at which any case ended, stopped or not."""
        return float(self._risk.time[-1])

    @property
    def reaches_zero(self) -> bool:
        """Whether the curve falls to 0, so that nobody is left at the last time."""
        return bool(self._survival[-1] == 0)

    @cached_property
    def median(self) -> Estimate:
        """The median: `quantile(0.5)`."""
        return self.quantile(0.5)

    def quantile(self, p: float) -> Estimate:
        """Gives the time by which a share p has ended.

        Args:
            p: share, above 0 and below 1.

        Returns:
            Estimate in the unit of the durations; value and limits are None where not reached.

        Raises:
            UsageError: p isn't between 0 and 1.

        Source: DEFINITIONS 3.2; R `quantile.survfit`; limits by Brookmeyer & Crowley (1982).

        >>> print(kaplan_meier([2, 3, 5, 8], [1, 1, 0, 1]).quantile(0.25).value)
        2.5
        """
        check_probability(p)
        value, passed = crossing(self._risk.time, self._survival, 1 - p)
        limits = [crossing(self._risk.time, curve, 1 - p)[0] for curve in self._limits]
        note = NOT_PASSED if value is not None and not passed else ""
        return Estimate(value, limits[0], limits[1], None, self.confidence, self.interval, self.n, note)

    def restricted_mean(self, tau: float | Literal["last"]) -> Estimate:
        """Gives the mean time up to tau: the area under the curve from 0 to tau.

        Args:
            tau: end of the area, in the unit of the durations; "last" takes the curve's last time.

        Returns:
            Estimate with plain limits.

        Raises:
            NotEstimable: tau lies past the last time while the curve is above 0.
            UsageError: tau isn't a number above 0.

        Source: DEFINITIONS 3.3; Klein & Moeschberger (2003) section 4.5; equals R survRM2.

        >>> kaplan_meier([2, 3, 5, 8], [1, 1, 0, 1]).restricted_mean(6).value
        4.25
        """
        at = self.last_time if tau == "last" else check_tau(tau)
        self.check_reaches(at)
        mean, variance = area_under(self._risk, self._survival, at)
        error = float(np.sqrt(variance))
        width = z_value(self.confidence) * error
        return Estimate(mean, mean - width, mean + width, error, self.confidence, "plain", self.n, f"up to {at:g}")

    def check_reaches(self, tau: float, group: str = "") -> None:
        """Refuses a tau past the last time while the curve is above 0."""
        if tau > self.last_time and not self.reaches_zero:
            where = f" of group '{group}'" if group else ""
            raise NotEstimable(
                f"tau is {tau:g}, but the last time{where} is {self.last_time:g} and its curve is still above 0 there; "
                f"choose tau of at most {self.last_time:g}"
            )

    def at(self, times: float | Iterable[float]) -> list[Estimate]:
        """Gives S(t), the share not yet ended just after each time.

        Args:
            times: one time or several, in the unit of the durations.

        Returns:
            One Estimate a time; the value is None past the last follow-up of a curve that is above 0 there.

        Source: DEFINITIONS 3.1; Kaplan & Meier (1958).

        >>> [estimate.value for estimate in kaplan_meier([2, 3, 5, 8], [1, 1, 0, 1]).at([0, 2, 9])]
        [1.0, 0.75, 0.0]
        """
        return [self._at(t) for t in times_of(times)]

    def _at(self, t: float) -> Estimate:
        place = int(np.searchsorted(self._risk.time, t, side="right")) - 1
        if t > self.last_time and not self.reaches_zero:
            return Estimate(None, None, None, None, self.confidence, self.interval, self.n, PAST_FOLLOW_UP)
        if place < 0:
            return Estimate(1.0, 1.0, 1.0, 0.0, self.confidence, self.interval, self.n)
        lower, upper = self._limits
        figures = (float(self._survival[place]), or_none(lower[place]), or_none(upper[place]), or_none(self._standard_error[place]))
        return Estimate(*figures, self.confidence, self.interval, self.n)

    def at_risk(self, times: float | Iterable[float]) -> tuple[float, ...]:
        """Gives how many were at risk just before each time (whole numbers unless weights had fractions).

        A time between two ends counts those who end at the next one.

        >>> kaplan_meier([2, 3, 5, 8], [1, 1, 0, 1]).at_risk([0, 3, 9])
        (4, 3, 0)
        """
        counts = (self._risk.at_risk_at(t) for t in times_of(times))
        return tuple(int(count) if count == int(count) else count for count in counts)

    @cached_property
    def table(self) -> Table:
        """The curve as a table: one row for each distinct time at which a case ended."""
        columns = [[or_none(value) for value in column.tolist()] for column in self._columns().values()]
        return Table("kaplan_meier", _COLUMNS, tuple(zip(*columns, strict=True)), counts=("at_risk", "events", "censored"))

    def _columns(self) -> dict[str, Array]:
        risk, limits = self._risk, self._limits
        arrays = (risk.time, risk.at_risk, risk.events, risk.censored, self._survival, self._standard_error, *limits)
        return {name: array.copy() for name, array in zip(_COLUMNS, arrays, strict=True)}

    def _table(self) -> Table:
        return self.table

    def to_dict(self) -> dict[str, Any]:
        """Gives the curve as plain values, with `schema_version`."""
        figures = {"n": self.n, "events": self.events, "confidence": self.confidence, "interval": self.interval}
        return {"schema_version": SCHEMA_VERSION, **figures, "median": plain(self.median), "curve": self.table.records()}

    def __str__(self) -> str:
        return f"Kaplan-Meier curve of {self.n} cases, {self.events} observed to the end; median {self.median}"


def kaplan_meier(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    interval: Interval = "log-log",
    condition_on: float | None = None,
) -> KaplanMeier:
    """Estimates the share of cases that have not ended by each time, counting the unfinished ones.

    Args:
        durations: time from start to end or to the last observation, one a case, 0 or more; whole numbers are kept whole.
        observed: True where the case ended then, False where it was still open.
        entry: time from start to when the case came under observation; None or 0 means at risk from before 0.
        weights: how often each case counts; a whole number is the same as so many equal cases (with fractions, `n` counts rows).
        confidence: level of the intervals.
        interval: scale of the intervals.
        condition_on: time to have got to; the curve is then S(t) given still open at that time.

    Returns:
        The curve, with `.median`, `.quantile(p)`, `.restricted_mean(tau)`, `.at(times)` and `.table`.

    Raises:
        NotEstimable: no case, or an early risk set empties while others enter later.
        InputError: a duration is missing or negative, or a case ends before it enters.
        UsageError: an option isn't allowed, or columns differ in length.

    Source: DEFINITIONS 3.1; Kaplan & Meier (1958); variance by Greenwood (1926); conventions of R `survfit`.

    >>> print(kaplan_meier([3, 5, 5, 8, 13], [1, 1, 0, 1, 0]).median)
    8 (95 % log-log interval 3 to not reached; n = 5)
    """
    check_interval(interval, confidence)
    sample = sample_of(durations, observed, entry)
    counts = weights_of(weights, sample.n)
    if counts is not None and not counts.all():
        sample, counts = sample.take(counts > 0), counts[counts > 0]
    if condition_on is not None:
        sample, counts = _conditioned(sample, counts, condition_on)
    return curve_of(sample, counts, confidence=confidence, interval=interval)


def kaplan_meier_from_counts(
    duration: npt.ArrayLike,
    status: npt.ArrayLike,
    n: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    interval: Interval = "log-log",
    condition_on: float | None = None,
) -> KaplanMeier:
    """Estimates the same curve from grouped counts, as a database gives them.

    Args:
        duration: durations, each with `status` once or more.
        status: True where the cases ended then, False where they were still open.
        n: how many cases each row stands for.
        entry: as in `kaplan_meier`, where the counts are grouped by it too.
        confidence: level of the intervals.
        interval: scale of the intervals.
        condition_on: as in `kaplan_meier`.

    Returns:
        The same curve as `kaplan_meier` gives on one row a case.

    Raises:
        NotEstimable, InputError, UsageError: as `kaplan_meier`.

    Source: DEFINITIONS 3.1.

    >>> kaplan_meier_from_counts([3, 5, 5], [1, 1, 0], [2, 1, 4]).n
    7
    """
    options = {"entry": entry, "weights": n, "condition_on": condition_on}
    return kaplan_meier(duration, status, confidence=confidence, interval=interval, **options)  # type: ignore[arg-type]


def follow_up(
    durations: npt.ArrayLike, observed: npt.ArrayLike, *, confidence: float = 0.95, interval: Interval = "log-log"
) -> KaplanMeier:
    """Estimates how long cases were followed, by turning the curve round: those still open are what is waited for.

    Args:
        durations: as in `kaplan_meier`.
        observed: as in `kaplan_meier`.
        confidence: level of the intervals.
        interval: scale of the intervals.

    Returns:
        The reverse Kaplan-Meier curve; its median is the median follow-up, past which no median lead time should be read.

    Raises:
        NotEstimable, InputError, UsageError: as `kaplan_meier`.

    Source: Schemper & Smith (1996), Controlled Clinical Trials 17:343; DEFINITIONS 3.1.

    >>> follow_up([3, 5, 5, 8, 13], [1, 1, 0, 1, 0]).median.value
    13.0
    """
    check_interval(interval, confidence)
    sample = sample_of(durations, observed)
    return curve_of(Sample(sample.time, ~sample.observed, None), None, confidence=confidence, interval=interval)


def curve_of(sample: Sample, weights: Array | None = None, *, confidence: float = 0.95, interval: str = "log-log") -> KaplanMeier:
    """Makes the curve of a checked sample; the one place where a curve is made."""
    table = risk_table(sample, weights)
    survival, greenwood = product_limit(table.at_risk, table.events)
    if sample.entry is not None:
        _refuse_emptied(table)
    whole = weights is None or weights.dtype.kind == "i"
    n = int((table.events + table.censored).sum()) if whole else sample.n
    events = int(table.events.sum()) if whole else int(sample.observed.sum())
    return KaplanMeier(n, events, confidence, interval, table, survival, greenwood)


def curves_by_group(sample: Sample, groups: Groups, confidence: float = 0.95) -> list[KaplanMeier]:
    """Gives one curve a group, in the groups' order."""
    return [curve_of(sample.take(groups.code == code), confidence=confidence) for code in range(len(groups.names))]


def _refuse_emptied(table: RiskTable) -> None:
    """An early risk set in which everybody ended would hold the curve at 0 for all who entered later."""
    emptied = np.flatnonzero((table.events > 0) & (table.at_risk == table.events))
    if emptied.size and emptied[0] < table.time.size - 1:
        place = int(emptied[0])
        raise NotEstimable(
            f"entry: all {table.at_risk[place]} cases under observation at {table.time[place]} ended then, while "
            f"{int((table.events + table.censored)[place + 1 :].sum())} entered later; the curve would stay at 0 for them. "
            f"Give condition_on= a time of at least {table.time[place]} to estimate from there on"
        )


def _conditioned(sample: Sample, weights: Array | None, start: float) -> tuple[Sample, Array | None]:
    """The cases that got past `start`, each under observation from there at the earliest."""
    if not (np.isfinite(start) and start >= 0):
        raise UsageError(f"condition_on is {start}; allowed is a time of 0 or more")
    kept = sample.time > start
    if not kept.any():
        raise NotEstimable(f"condition_on is {start:g}, but no case was under observation after that")
    rest = sample.take(kept)
    begun = np.full(rest.n, start) if rest.entry is None else np.maximum(rest.entry, start)
    return Sample(rest.time, rest.observed, begun if start > 0 else rest.entry), None if weights is None else weights[kept]


def check_tau(tau: float | str) -> float:
    """Checks the end of a restricted mean."""
    if isinstance(tau, str) or not (np.isfinite(tau) and tau > 0):
        raise UsageError(f"tau is {tau!r}; allowed is a time above 0, in the unit of the durations, or 'last'")
    return float(tau)


def times_of(times: float | Iterable[float]) -> list[float]:
    """Checks one time or several."""
    array = numbers(np.atleast_1d(np.asarray(times if np.isscalar(times) else list(times))), "times")  # type: ignore[arg-type]
    return [float(t) for t in array]


def or_none(value: float) -> float | None:
    """Gives a Python number, None for NaN."""
    return None if value != value else (value.item() if isinstance(value, np.generic) else value)
