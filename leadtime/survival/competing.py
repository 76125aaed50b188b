"""Competing exits: the Aalen-Johansen estimate of how many have ended by each cause by each time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from leadtime.errors import UsageError, counted, did_you_mean
from leadtime.results import SCHEMA_VERSION, Estimate, Result, Table
from leadtime.survival.checks import Array, Floats, Ints, Sample, cause_codes, codes_of, numbers, sample_of
from leadtime.survival.curve import PAST_FOLLOW_UP, KaplanMeier, check_tau, curve_of, or_none, times_of
from leadtime.survival.influence import Cases, Share, influence_on_area, share_errors, squared
from leadtime.survival.limits import Interval, check_interval, probability_limits, z_value
from leadtime.survival.risksets import TOLERANCE, RiskTable, risk_table, value_before

__all__ = ["AalenJohansen", "aalen_johansen"]

_COLUMNS = ("time", "cause", "at_risk", "events", "probability", "standard_error", "lower", "upper")


@dataclass(frozen=True, eq=False)
class AalenJohansen(Result):
    """The share ended by each cause; made by `aalen_johansen`. `waiting` is the curve of those not yet ended by any cause."""

    n: int
    causes: tuple[int, ...]
    confidence: float
    interval: str
    waiting: KaplanMeier
    _risk: RiskTable
    _cases: Cases
    _codes: Ints
    _events: Ints  # causes x times

    def at(self, times: float | Iterable[float], cause: int = 1) -> list[Estimate]:
        """Gives the share ended by a cause by each time.

        Args:
            times: one time or several, in the unit of the durations.
            cause: one of the causes; 0 gives the share still waiting.

        Returns:
            One Estimate a time; limits are None where the share is 0, all None past the last follow-up. At each time the shares
            of all causes and of those still waiting add up to 1.

        Raises:
            UsageError: no such cause.

        Source: DEFINITIONS 3.7; Aalen & Johansen (1978).

        >>> shares = aalen_johansen([1, 2, 2, 3], [1, 1, 2, 0])
        >>> [shares.at(2, cause=cause)[0].value for cause in (0, 1, 2)]
        [0.25, 0.5, 0.25]
        """
        if cause == 0:
            return [self._waiting_at(estimate, t) for estimate, t in zip(self.waiting.at(times), times_of(times), strict=True)]
        row = self._row(cause)
        return [self._at(row, t) for t in times_of(times)]

    def _row(self, cause: int) -> int:
        if cause not in self.causes:
            raise UsageError(f"cause is {cause}, by which no case ended" + did_you_mean(str(cause), ["0", *map(str, self.causes)]))
        return self.causes.index(cause)

    def _at(self, row: int, t: float) -> Estimate:
        if t > self.waiting.last_time and not self.waiting.reaches_zero:
            return Estimate(None, None, None, None, self.confidence, self.interval, self.n, PAST_FOLLOW_UP)
        place = self._risk.rows_to(t) - 1
        if place < 0:
            return Estimate(0.0, None, None, 0.0, self.confidence, self.interval, self.n)
        lower, upper = (or_none(limit[row, place]) for limit in self._limits)
        figures = (float(self._probability[row, place]), lower, upper, float(self._error[row, place]))
        return Estimate(*figures, self.confidence, self.interval, self.n)

    def _waiting_at(self, estimate: Estimate, t: float) -> Estimate:
        """The share still waiting with the jackknife's error, which is Greenwood's unless cases entered late or come in clusters."""
        place = self._risk.rows_to(t) - 1
        if not estimate.value or estimate.value == 1 or (self._cases.sample.entry is None and self._cases.cluster is None):
            return estimate
        share, error = np.array([estimate.value]), self._waiting_error[place : place + 1]
        lower, upper = probability_limits(share, error / share, confidence=self.confidence, interval=self.interval)
        return replace(estimate, lower=float(lower[0]), upper=float(upper[0]), standard_error=float(error[0]))

    def mean_time(self, tau: float, cause: int = 1) -> Estimate:
        """Gives the mean time up to tau spent in a state: ended by a cause (time lost to it), or still waiting.

        Args:
            tau: end of the area, in the unit of the durations.
            cause: one of the causes; 0 gives the restricted mean of the waiting time. All of them add up to tau.

        Returns:
            Estimate with plain limits.

        Raises:
            NotEstimable: tau lies past the last time while some are still waiting.
            UsageError: no such cause, or tau isn't a number above 0.

        Source: DEFINITIONS 3.3, 3.7; Andersen (2013), Statistics in Medicine 32:5278; equals `rmean` of R `survfit`.

        >>> shares = aalen_johansen([1, 2, 2, 3], [1, 1, 2, 0])
        >>> [shares.mean_time(3, cause=cause).value for cause in (0, 1, 2)]
        [2.0, 0.75, 0.25]
        """
        end = check_tau(tau)
        self.waiting.check_reaches(end)
        share = self._shares[self._row(cause)] if cause else self._ended
        time = self._risk.time.astype(np.float64)
        area = float((np.diff(np.append(np.minimum(time, end), end)) * share.curve).sum())
        mean = area if cause else end - area
        error = math.sqrt(squared(influence_on_area(self._cases.paths(self._risk), share, end), self._cases.cluster).sum())
        width = z_value(self.confidence) * error
        return Estimate(mean, mean - width, mean + width, error, self.confidence, "plain", self.n, f"up to {end:g}")

    @cached_property
    def _shares(self) -> list[Share]:
        before = value_before(self.waiting.survival)
        return [Share(self._risk, before, self._codes == cause, row) for cause, row in zip(self.causes, self._events, strict=True)]

    @property
    def _ended(self) -> Share:
        return Share.of_all(self._risk, self.waiting.survival, self._codes > 0)

    @cached_property
    def _probability(self) -> Floats:
        shares = np.stack([share.curve for share in self._shares]) if self.causes else np.zeros(self._events.shape)
        shares[(self.waiting.survival == 0) & (shares > 1 - TOLERANCE)] = 1.0  # all have ended by this cause: 1 but for rounding
        return shares

    @cached_property
    def _error(self) -> Floats:
        paths = self._cases.paths(self._risk)
        errors = [share_errors(paths, share, self._cases.cluster) for share in self._shares]
        return np.stack(errors) if errors else np.zeros(self._events.shape)

    @cached_property
    def _waiting_error(self) -> Floats:
        return share_errors(self._cases.paths(self._risk), self._ended, self._cases.cluster)

    @cached_property
    def _limits(self) -> tuple[Floats, Floats]:
        p = self._probability
        relative = np.divide(self._error, p, out=np.zeros_like(p), where=p > 0)
        lower, upper = probability_limits(p, relative, confidence=self.confidence, interval=self.interval)
        for limit in (lower, upper):
            limit[p >= 1] = np.nan  # all have ended by this cause: the curve of the others is 0, where limits are undefined
        return lower, upper

    @cached_property
    def table(self) -> Table:
        """One row for each cause and distinct time: at risk, events of the cause, share ended by it, with limits."""
        columns = [[or_none(value) for value in column.tolist()] for column in self._columns().values()]
        return Table("aalen_johansen", _COLUMNS, tuple(zip(*columns, strict=True)), counts=("at_risk", "events"))

    def curve(self, cause: int = 1) -> tuple[Floats, Floats, Floats, Floats]:
        """Gives the distinct times, the share ended by a cause from each on, and its lower and upper limit (NaN where undefined)."""
        row = self._row(cause)
        lower, upper = self._limits
        return self._risk.time.astype(np.float64), self._probability[row], lower[row], upper[row]

    def _columns(self) -> dict[str, Array]:
        k, m = self._events.shape
        wide = (self._events, self._probability, self._error, *self._limits)
        time, at_risk = (np.tile(column, k) for column in (self._risk.time, self._risk.at_risk))
        cause = np.repeat(np.array(self.causes, np.int64), m)
        arrays = (time, cause, at_risk, *(matrix.ravel() for matrix in wide))
        return dict(zip(_COLUMNS, arrays, strict=True))

    def _table(self) -> Table:
        return self.table

    def to_dict(self) -> dict[str, Any]:
        """Gives the shares as plain values, with `schema_version`."""
        figures = {"n": self.n, "causes": list(self.causes), "confidence": self.confidence, "interval": self.interval}
        return {"schema_version": SCHEMA_VERSION, **figures, "shares": self.table.records()}

    def __str__(self) -> str:
        last = ", ".join(f"{self._probability[row, -1]:.3g} by cause {cause}" for row, cause in enumerate(self.causes))
        return f"Aalen-Johansen shares of {counted(self.n, 'case')} at {self.waiting.last_time:g}: {last or 'nobody ended'}"


def aalen_johansen(
    durations: npt.ArrayLike,
    cause: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    interval: Interval = "log-log",
    causes: Sequence[int] | None = None,
    cluster: Sequence[Any] | npt.ArrayLike | None = None,
) -> AalenJohansen:
    """Estimates the share of cases ended by each of several causes, where one end rules out the others.

    Args:
        durations: as in `kaplan_meier`.
        cause: how each case ended: 0 censored, 1, 2, ... the causes; several causes at one time need no order.
        entry: as in `kaplan_meier`.
        confidence: level of the intervals.
        interval: scale of the intervals, on the share ended.
        causes: the causes to report, also those that no case ended by; None for those that occur.
        cluster: as in `kaplan_meier`.

    Returns:
        The shares, with `.at(times, cause=1)`, `.mean_time(tau, cause=1)`, `.waiting` and `.table`.

    Raises:
        NotEstimable: no case, or an early risk set empties while others enter later.
        UsageError, InputError: as `kaplan_meier`.

    Source: DEFINITIONS 3.7; Aalen & Johansen (1978); the error is the infinitesimal jackknife's, as in R `survfit`, also with
        delayed entry, where it differs a little from the multinomial one of R etm.

    >>> [round(share.value, 3) for share in aalen_johansen([1, 2, 3, 4], [1, 0, 2, 1]).at([1, 3, 4])]
    [0.25, 0.25, 0.625]
    """
    check_interval(interval, confidence)
    time = numbers(durations, "durations")
    codes = cause_codes(cause, time.size)
    sample = sample_of(time, codes > 0, entry)
    present = np.unique(codes[codes > 0]).tolist()
    wanted = tuple(present if causes is None else _declared(causes, present))
    owner = None if cluster is None else codes_of(cluster, sample.n, "cluster")[0]
    waiting = curve_of(sample, confidence=confidence, interval=interval)
    risk = risk_table(sample)
    events = np.stack([_events(sample, codes, risk, each) for each in wanted]) if wanted else np.zeros((0, risk.time.size), np.int64)
    return AalenJohansen(sample.n, wanted, confidence, interval, waiting, risk, Cases.of(sample, None, owner), codes, events)


def _declared(causes: Sequence[int], present: list[int]) -> list[int]:
    for each in causes:
        if each < 1 or int(each) != each:
            raise UsageError(f"causes names {each}; allowed are whole numbers from 1 (0 is censored)")
    for each in present:
        if each not in causes:
            raise UsageError(f"cause holds {each}, which causes={list(causes)} doesn't name; name every cause")
    return sorted(set(causes))


def _events(sample: Sample, codes: Ints, risk: RiskTable, cause: int) -> Ints:
    place = np.searchsorted(risk.time, sample.time[codes == cause])
    return np.bincount(place, minlength=risk.time.size)
