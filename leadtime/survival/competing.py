"""Competing exits: the Aalen-Johansen estimate of how many have ended by each cause by each time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from leadtime.errors import UsageError, did_you_mean
from leadtime.results import SCHEMA_VERSION, Estimate, Result, Table
from leadtime.survival.checks import Array, Floats, Ints, Sample, cause_codes, numbers, sample_of
from leadtime.survival.curve import PAST_FOLLOW_UP, KaplanMeier, curve_of, or_none, times_of
from leadtime.survival.limits import Interval, check_interval, probability_limits
from leadtime.survival.risksets import RiskTable, risk_table, value_before

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
    _events: Ints  # causes x times
    _probability: Floats  # causes x times
    _error: Floats  # causes x times

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
            return self.waiting.at(times)
        row = self._row(cause)
        return [self._at(row, t) for t in times_of(times)]

    def _row(self, cause: int) -> int:
        if cause not in self.causes:
            raise UsageError(f"cause is {cause}, by which no case ended" + did_you_mean(str(cause), ["0", *map(str, self.causes)]))
        return self.causes.index(cause)

    def _at(self, row: int, t: float) -> Estimate:
        if t > self.waiting.last_time and not self.waiting.reaches_zero:
            return Estimate(None, None, None, None, self.confidence, self.interval, self.n, PAST_FOLLOW_UP)
        place = int(np.searchsorted(self._risk.time, t, side="right")) - 1
        if place < 0:
            return Estimate(0.0, None, None, 0.0, self.confidence, self.interval, self.n)
        lower, upper = (or_none(limit[row, place]) for limit in self._limits)
        figures = (float(self._probability[row, place]), lower, upper, float(self._error[row, place]))
        return Estimate(*figures, self.confidence, self.interval, self.n)

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
        return f"Aalen-Johansen shares of {self.n} cases at {self.waiting.last_time:g}: {last or 'nobody ended'}"


def aalen_johansen(
    durations: npt.ArrayLike,
    cause: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    interval: Interval = "log-log",
    causes: Sequence[int] | None = None,
) -> AalenJohansen:
    """Estimates the share of cases ended by each of several causes, where one end rules out the others.

    Args:
        durations: as in `kaplan_meier`.
        cause: how each case ended: 0 censored, 1, 2, ... the causes; several causes at one time need no order.
        entry: as in `kaplan_meier`.
        confidence: level of the intervals.
        interval: scale of the intervals, on the share ended.
        causes: the causes to report, also those that no case ended by; None for those that occur.

    Returns:
        The shares, with `.at(times, cause=1)`, `.waiting` and `.table`.

    Raises:
        NotEstimable: no case, or an early risk set empties while others enter later.
        UsageError, InputError: as `kaplan_meier`.

    Source: DEFINITIONS 3.7; Aalen & Johansen (1978); the error is the infinitesimal jackknife's, by its closed form (the same
    figure as R `survfit`; with delayed entry the closed form is the multinomial one of R etm).

    >>> [round(share.value, 3) for share in aalen_johansen([1, 2, 3, 4], [1, 0, 2, 1]).at([1, 3, 4])]
    [0.25, 0.25, 0.625]
    """
    check_interval(interval, confidence)
    time = numbers(durations, "durations")
    codes = cause_codes(cause, time.size)
    sample = sample_of(time, codes > 0, entry)
    present = np.unique(codes[codes > 0]).tolist()
    wanted = tuple(present if causes is None else _declared(causes, present))
    waiting = curve_of(sample, confidence=confidence, interval=interval)
    risk = risk_table(sample)
    events = np.stack([_events(sample, codes, risk, each) for each in wanted]) if wanted else np.zeros((0, risk.time.size), np.int64)
    before = value_before(waiting.survival)
    probability = np.cumsum(before * events / np.maximum(risk.at_risk, 1), axis=1)
    error = np.stack([_error(risk, before, *pair) for pair in zip(events, probability, strict=True)]) if wanted else probability
    return AalenJohansen(sample.n, wanted, confidence, interval, waiting, risk, events, probability, error)


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


def _error(risk: RiskTable, before: Floats, events: Ints, share: Floats) -> Floats:
    """The standard error of one cause's share at every time.

    Sum over s <= t of (F(t)-F(s))^2 d/(n(n-d)) + S(s-)^2 d_k(n-d_k)/n^3 - 2 (F(t)-F(s)) S(s-) d_k/n^2, which multinomial
    increments give; opened into running sums so that it takes one pass.
    """
    n, d, own = np.maximum(risk.at_risk, 1).astype(np.float64), risk.events.astype(np.float64), events.astype(np.float64)
    ended = np.divide(d, n * (n - d), out=np.zeros_like(n), where=n > d)
    joint = before * own / n**2
    square, cross = np.cumsum(ended), np.cumsum(ended * share)
    rest = np.cumsum(ended * share**2 + before**2 * own * (n - own) / n**3 + 2 * share * joint)
    variance = share**2 * square - 2 * share * (cross + np.cumsum(joint)) + rest
    # Rounding leaves a trace where the true variance is 0: nobody ended by the cause, or everybody did.
    return np.sqrt(np.where(variance > 1e-15, variance, 0.0))
