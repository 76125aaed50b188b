"""Cases chosen by their end date: the product limit in reverse time, which holds only for durations that could have been seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from leadtime.errors import InputError, NotEstimable, UsageError, counted
from leadtime.results import Estimate, Result, Table
from leadtime.survival.checks import Array, Floats, check_probability, numbers
from leadtime.survival.curve import or_none, times_of
from leadtime.survival.limits import Interval, check_interval, probability_limits
from leadtime.survival.risksets import crossing

__all__ = ["RightTruncated", "right_truncated"]

_COLUMNS = ("time", "comparable", "events", "survival", "standard_error", "lower", "upper")


@dataclass(frozen=True, eq=False)
class RightTruncated(Result):
    """The reverse-time product limit; made by `right_truncated`.

    All it says is conditional: of the cases that last `up_to` at the most, which share is not yet ended at t. How many last longer
    can't be known from a sample of ended cases.
    """

    n: int
    up_to: float
    confidence: float
    interval: str
    _time: Array
    _comparable: Array
    _events: Array
    _survival: Floats
    _error: Floats
    _lower: Floats
    _upper: Floats

    @property
    def note(self) -> str:
        """The condition, as it stands beside every figure."""
        return f"of those that last at most {self.up_to:g}"

    @cached_property
    def median(self) -> Estimate:
        """The median: `quantile(0.5)`."""
        return self.quantile(0.5)

    def quantile(self, p: float) -> Estimate:
        """Gives the time by which a share p has ended, of those that last `up_to` at the most.

        Args:
            p: share, above 0 and below 1.

        Returns:
            Estimate in the unit of the durations.

        Raises:
            UsageError: p isn't between 0 and 1.

        Source: DEFINITIONS 3.2, 3.7.

        >>> print(right_truncated([2, 3, 5], [4, 9, 9]).median.value)
        4.0
        """
        check_probability(p)
        value, lower, upper = (crossing(self._time, curve, 1 - p)[0] for curve in (self._survival, self._lower, self._upper))
        return Estimate(value, lower, upper, None, self.confidence, self.interval, self.n, self.note)

    def at(self, times: float | Iterable[float]) -> list[Estimate]:
        """Gives the share not yet ended just after each time, of those that last `up_to` at the most.

        Args:
            times: one time or several, in the unit of the durations.

        Returns:
            One Estimate a time; 0 from `up_to` on, by construction.

        Source: DEFINITIONS 3.7.

        >>> [round(s.value, 3) for s in right_truncated([2, 3, 5], [4, 9, 9]).at([2, 3, 5])]
        [0.75, 0.5, 0.0]
        """
        return [self._at(t) for t in times_of(times)]

    def _at(self, t: float) -> Estimate:
        place = int(np.searchsorted(self._time, t, side="right")) - 1
        if place < 0:
            return Estimate(1.0, None, None, 0.0, self.confidence, self.interval, self.n, self.note)
        lower, upper, error = (or_none(column[place]) for column in (self._lower, self._upper, self._error))
        return Estimate(float(self._survival[place]), lower, upper, error, self.confidence, self.interval, self.n, self.note)

    @cached_property
    def table(self) -> Table:
        """One row for each distinct duration: cases comparable at it, cases that lasted so long, share not yet ended."""
        columns = (self._time, self._comparable, self._events, self._survival, self._error, self._lower, self._upper)
        rows = zip(*([or_none(value) for value in column.tolist()] for column in columns), strict=True)
        return Table("right_truncated", _COLUMNS, tuple(rows), counts=("comparable", "events"), note=self.note)

    def _table(self) -> Table:
        return self.table

    def __str__(self) -> str:
        return f"Reverse-time product limit of {counted(self.n, 'case')} chosen by their end; median {self.median}"


def right_truncated(
    durations: npt.ArrayLike,
    longest: npt.ArrayLike,
    *,
    up_to: float | None = None,
    confidence: float = 0.95,
    interval: Interval = "log-log",
) -> RightTruncated:
    """Estimates durations from cases that are known only because they had ended by a date.

    Such a sample holds too many short durations: of those who started late, only the quick had ended. Each duration x is therefore
    compared with the cases that could have shown it: those that lasted x at the most and had at least x to be seen in.

    Args:
        durations: time from start to end, one a case; every case has ended.
        longest: the longest duration that each case could have had and still be in the sample: the closing date minus its start.
        up_to: the longest duration to speak of; None for the longest that was seen.
        confidence: level of the intervals.
        interval: scale of the intervals, on the share ended.

    Returns:
        The conditional curve, with `.at(times)`, `.quantile(p)`, `.median` and `.table`; every figure is labelled with its condition.

    Raises:
        NotEstimable: no case, none within `up_to`, or all who could have shown a duration had exactly it, so that the curve would say
            that shorter ones don't exist.
        InputError: a duration is missing or negative, or longer than it could have been.
        UsageError: an option isn't allowed, or columns differ in length.

    Source: DEFINITIONS 3.7; Lagakos, Barraj & De Gruttola (1988), Biometrika 75:515; Klein & Moeschberger (2003) section 5.3.

    >>> print(right_truncated([2, 3, 5], [4, 9, 9]).at(3)[0].note)
    of those that last at most 5
    """
    check_interval(interval, confidence)
    time, most = _checked(durations, longest)
    end = float(time.max()) if up_to is None else up_to
    if not (np.isfinite(end) and end >= 0):
        raise UsageError(f"up_to is {up_to}; allowed is a time of 0 or more, in the unit of the durations")
    kept = time <= end
    if not kept.any():
        raise NotEstimable(f"up_to is {end:g}, but no case ended within it; the shortest duration is {time.min():g}")
    values, events = np.unique(time[kept], return_counts=True)
    comparable = np.searchsorted(np.sort(time), values, side="right") - np.searchsorted(np.sort(most), values, side="left")
    _refuse_emptied(values, comparable, events)
    n, d = comparable.astype(np.float64), events.astype(np.float64)
    ended = np.append(np.cumprod((1 - d / n)[:0:-1])[::-1], 1.0)
    left = n - d
    terms = np.divide(d, n * left, out=np.zeros(n.size), where=left > 0)
    relative = np.sqrt(np.append(np.cumsum(terms[:0:-1])[::-1], 0.0))
    low, high = probability_limits(ended, relative, confidence=confidence, interval=interval)
    return RightTruncated(
        int(kept.sum()), end, confidence, interval, values, comparable, events, 1 - ended, ended * relative, 1 - high, 1 - low
    )


def _checked(durations: npt.ArrayLike, longest: npt.ArrayLike) -> tuple[Array, Array]:
    time, most = numbers(durations, "durations"), numbers(longest, "longest")
    if time.size != most.size:
        raise UsageError(f"longest has {counted(most.size, 'value')} and durations has {time.size}; give one value a case")
    if not time.size:
        raise NotEstimable("durations is empty; an estimate needs at least one case")
    late = np.flatnonzero(time > most)
    if late.size:
        place = int(late[0])
        raise InputError(
            f"durations[{place}] is {time[place]}, longer than longest[{place}] = {most[place]}; such a case ended after the closing date "
            "and can't be in the sample"
        )
    return time, most


def _refuse_emptied(values: Array, comparable: Array, events: Array) -> None:
    emptied = np.flatnonzero((comparable == events)[1:]) + 1
    if emptied.size:
        place = int(emptied[0])
        raise NotEstimable(
            f"of {counted(events[place], 'case')} that could have shown a duration of {values[place]} all had exactly it, so "
            f"nothing links it to the shorter ones; give up_to= a time below {values[place]}"
        )
