"""Durations known only to lie between two bounds: the Turnbull estimate, with what the bounds leave open said plainly."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from leadtime.errors import InputError, NotEstimable, counted
from leadtime.results import Estimate, Result, Table
from leadtime.survival.checks import Array, Floats, Ints, check_choice, check_probability, numbers, weights_of
from leadtime.survival.curve import PAST_FOLLOW_UP, times_of
from leadtime.survival.risksets import crossing

__all__ = ["Closed", "Turnbull", "turnbull"]

Closed = Literal["right", "both"]
_GAP = 1e-7  # how far under the maximum the log-likelihood may stay
_NONE = 1e-10  # a mass below this is on its way to 0
_ROUNDS = 20_000
_BOUNDS = "from lower to upper is what the bounds leave open, not a confidence interval"


@dataclass(frozen=True, eq=False)
class Turnbull(Result):
    """The Turnbull estimate; made by `turnbull`.

    The data say how much mass lies in each of the `intervals`, the innermost ones, and nothing about where in them. An upper end of
    None is open: still waiting at the last observation. `gap` is how much the log-likelihood may at most lack of its maximum.
    """

    n: int
    intervals: tuple[tuple[float, float | None], ...]
    masses: tuple[float, ...]
    log_likelihood: float
    gap: float
    _open_left: tuple[bool, ...]

    @cached_property
    def _lower(self) -> Floats:
        return np.array([lower for lower, _ in self.intervals], np.float64)

    @cached_property
    def _upper(self) -> Floats:
        return np.array([math.inf if upper is None else upper for _, upper in self.intervals], np.float64)

    @cached_property
    def _survival(self) -> Floats:
        """S after each interval; exactly 0 after the last."""
        after: Floats = np.clip(1 - np.cumsum(self.masses), 0.0, 1.0)
        after[-1] = 0.0
        return after

    @cached_property
    def median(self) -> Estimate:
        """The median: `quantile(0.5)`."""
        return self.quantile(0.5)

    def at(self, times: float | Iterable[float]) -> list[Estimate]:
        """Gives S(t), the share not yet ended just after each time.

        Args:
            times: one time or several, in the unit of the bounds.

        Returns:
            One Estimate a time. Outside the innermost intervals value, lower and upper are equal; inside one, lower and upper are what
            the data leave open, and the value has the mass in the interval's middle. Past the last follow-up there is no value.

        Source: Turnbull (1976); the middle is also R `survfit`'s choice.

        >>> fit = turnbull([0, 30, 30, 60], [30, 60, 60, None])
        >>> [(round(s.value, 2), round(s.lower, 2), round(s.upper, 2)) for s in fit.at([30, 40, 50, 60])]
        [(0.75, 0.75, 0.75), (0.75, 0.25, 0.75), (0.25, 0.25, 0.75), (0.25, 0.25, 0.25)]
        """
        return [self._at(t) for t in times_of(times)]

    def _at(self, t: float) -> Estimate:
        began = (self._lower < t) | ((self._lower == t) & ~np.array(self._open_left))
        ended = self._upper <= t
        mass = np.array(self.masses)
        lower, upper = (max(0.0, 1.0 - float(mass[done].sum())) for done in (began, ended))
        if math.isinf(self._upper[-1]) and t > self._lower[-1]:
            return Estimate(None, 0.0, upper, n=self.n, note=f"{PAST_FOLLOW_UP}; {_BOUNDS}")
        if not (~ended).any():
            lower = upper = 0.0
        middle = max(0.0, 1.0 - float(mass[(self._lower + self._upper) / 2 <= t].sum())) if lower < upper else upper
        return Estimate(middle, lower, upper, n=self.n, note=_BOUNDS if lower < upper else "")

    def quantile(self, p: float) -> Estimate:
        """Gives the time by which a share p has ended.

        Args:
            p: share, above 0 and below 1.

        Returns:
            Estimate: lower and upper are the earliest and the latest time that the data leave open, the value lies in the middle;
            None where not reached.

        Raises:
            UsageError: p isn't between 0 and 1.

        Source: DEFINITIONS 3.2, on the curves with all mass at the left ends, the middles and the right ends of the intervals.

        >>> print(turnbull([0, 30, 30, 60], [30, 60, 60, None]).median.value)
        45.0
        """
        check_probability(p)
        ends = (self._lower, (self._lower + self._upper) / 2, self._upper)
        lower, value, upper = (crossing(time, self._survival, 1 - p)[0] for time in ends)
        lower, value, upper = (None if time is None or math.isinf(time) else time for time in (lower, value, upper))
        return Estimate(value, lower, upper, n=self.n, note=_BOUNDS if lower != upper else "")

    @cached_property
    def table(self) -> Table:
        """One row for each innermost interval: its ends, its mass, and S after it."""
        rows = zip(self.intervals, self._open_left, self.masses, self._survival.tolist(), strict=True)
        content = tuple((lower, upper, not left, mass, after) for (lower, upper), left, mass, after in rows)
        return Table("turnbull", ("lower", "upper", "lower_included", "mass", "survival"), content)

    def _table(self) -> Table:
        return self.table

    def __str__(self) -> str:
        return (
            f"Turnbull estimate of {counted(self.n, 'case')} in {counted(len(self.intervals), 'innermost interval')}; median {self.median}"
        )


def turnbull(lower: npt.ArrayLike, upper: npt.ArrayLike, *, weights: npt.ArrayLike | None = None, closed: Closed = "right") -> Turnbull:
    """Estimates the share not yet ended from durations of which only bounds are known, as dates of month precision give them.

    Args:
        lower: earliest duration of each case, 0 or more; 0 where nothing is known.
        upper: latest duration of each case; None, NaN or infinity where it was still open at `lower`. Equal to `lower`: known exactly.
        weights: how often each case counts.
        closed: "right" as R: the duration is above `lower`, up to and with `upper` (a lower of 0 is included); "both" where `lower`
            itself is possible too, as the inclusive bounds of partial dates are. A case still open ended after `lower` in any case.

    Returns:
        The innermost intervals with their masses, with `.at(times)`, `.quantile(p)`, `.median` and `.table`.

    Raises:
        NotEstimable: no case, or all are still open.
        InputError: a lower bound is missing or negative, or above its upper one.

    Source: Turnbull (1976), JRSS B 38:290; maximised by EM and iterative convex minorants in turn, Wellner & Zhan (1997), JASA 92:945,
        until the conditions of Gentleman & Geyer (1994), Biometrika 81:618, hold: no curve's log-likelihood is higher by more than `gap`.

    >>> fit = turnbull([0, 30, 30, 60], [30, 60, 60, None])
    >>> fit.intervals
    ((0.0, 30.0), (30.0, 60.0), (60.0, None))
    >>> [round(mass, 9) for mass in fit.masses]
    [0.25, 0.5, 0.25]
    """
    check_choice(closed, get_args(Closed), "closed")
    low, high = numbers(lower, "lower").astype(np.float64), _upper_of(upper)
    counts = weights_of(weights, low.size)
    _check_bounds(low, high)
    each = np.ones(low.size) if counts is None else counts.astype(np.float64)
    low, high, each = low[each > 0], high[each > 0], each[each > 0]
    cells = _Cells.of(low, high, each, closed)
    masses, log_likelihood, gap = _maximised(cells)
    n = int(each.sum()) if counts is None or counts.dtype.kind == "i" else low.size
    ends = tuple(
        (lower, None if math.isinf(upper) else upper) for lower, upper in zip(cells.lower.tolist(), cells.upper.tolist(), strict=True)
    )
    return Turnbull(n, ends, tuple(masses.tolist()), log_likelihood, gap, tuple(cells.open_left.tolist()))


def _upper_of(values: npt.ArrayLike) -> Floats:
    """The upper bounds, infinite where there is none."""
    array = np.asarray(values)
    if array.dtype.kind == "O":
        array = np.array([math.inf if value is None or str(value) in {"nan", "<NA>", "NaT"} else value for value in array])
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), np.inf, array)
    finite = numbers(np.where(np.isinf(array), 0.0, array) if array.dtype.kind == "f" else array, "upper")
    return np.where(np.isposinf(array), np.inf, finite) if array.dtype.kind == "f" else finite.astype(np.float64)


def _check_bounds(low: Floats, high: Floats) -> None:
    if low.size != high.size:
        raise InputError(f"upper has {counted(high.size, 'value')} and lower has {low.size}; give both bounds of each case")
    if not low.size:
        raise NotEstimable("lower is empty; an estimate needs at least one case")
    crossed = np.flatnonzero(high < low)
    if crossed.size:
        place = int(crossed[0])
        raise InputError(f"upper[{place}] is {high[place]:g}, below lower[{place}] = {low[place]:g}; are the bounds in the wrong order?")
    if np.isinf(high).all():
        raise NotEstimable("upper: all cases are censored (still open), so nothing is known of when they end")


@dataclass(frozen=True, eq=False)
class _Cells:
    """The innermost intervals, and which run of them each kind of case covers, first to last."""

    lower: Floats
    upper: Floats
    open_left: Array
    first: Ints
    last: Ints
    counts: Floats

    @classmethod
    def of(cls, low: Floats, high: Floats, counts: Floats, closed: Closed) -> _Cells:
        """Finds them on a line where each distinct bound v has place 2v, and just after it 2v + 1."""
        ever = np.isinf(high)
        values = np.unique(np.concatenate((low, high[~ever])))
        included = ~ever & ((low == high) | (low == 0) | (closed == "both"))
        left = 2 * np.searchsorted(values, low) + ~included
        right = np.where(ever, 2 * values.size + 1, 2 * np.searchsorted(values, np.where(ever, 0.0, high)))
        lefts, rights = np.unique(left), np.unique(right)
        nearest = lefts[np.searchsorted(lefts, rights, side="right") - 1]
        inner = nearest > np.concatenate(([-1], rights[:-1]))
        begin, end = nearest[inner], rights[inner]
        first, last = np.searchsorted(begin, left), np.searchsorted(end, right, side="right") - 1
        kinds, place = np.unique(np.stack((first, last)), axis=1, return_inverse=True)
        ends = np.append(values, np.inf)
        each = np.bincount(place.ravel(), weights=counts).astype(np.float64)
        return cls(ends[begin // 2], ends[end // 2], begin % 2 == 1, kinds[0], kinds[1], each)

    def chances(self, masses: Floats) -> Floats:
        """The probability of each kind of case."""
        total = np.concatenate(([0.0], np.cumsum(masses)))
        chances: Floats = total[self.last + 1] - total[self.first]
        return chances

    def slopes(self, chances: Floats) -> Floats:
        """The slope of the log-likelihood in the mass of each interval."""
        terms, size = self.counts / chances, self.lower.size + 1
        steps = np.bincount(self.first, weights=terms, minlength=size) - np.bincount(self.last + 1, weights=terms, minlength=size)
        slopes: Floats = np.cumsum(steps)[:-1]
        return slopes

    def likelihood(self, masses: Floats) -> float:
        """The log-likelihood, minus infinity where a case has become impossible."""
        chances = self.chances(masses)
        return float((self.counts * np.log(chances)).sum()) if (chances > 0).all() else -math.inf


def _maximised(cells: _Cells) -> tuple[Floats, float, float]:
    """The masses of highest likelihood, that likelihood, and how much it may lack at most: n (largest slope / n - 1)."""
    n, size = float(cells.counts.sum()), cells.lower.size
    masses = np.full(size, 1 / size)
    for _ in range(_ROUNDS):
        slopes = cells.slopes(cells.chances(masses))
        gap = max(0.0, float(slopes.max()) - n)
        if gap <= _GAP * max(1.0, n / 1000):
            masses = np.where(masses > _NONE, masses, 0.0)
            masses /= masses.sum()
            return masses, cells.likelihood(masses), gap
        masses = masses * slopes / n  # one step of EM
        masses = _minorant_step(cells, masses / masses.sum())
    raise NotEstimable(f"the likelihood of these bounds hasn't reached its maximum after {_ROUNDS} rounds; it may lack {gap:.3g}")


def _minorant_step(cells: _Cells, masses: Floats) -> Floats:
    """One Newton step with a diagonal Hessian, made monotone by isotonic regression and shortened until the likelihood grows."""
    from scipy.optimize import isotonic_regression

    size = masses.size - 1
    if not size:
        return masses
    chances = cells.chances(masses)
    first, second = cells.counts / chances, cells.counts / chances**2
    to, since = cells.last < size, cells.first > 0
    places = np.concatenate((cells.last[to], cells.first[since] - 1))
    slope = np.bincount(places, weights=np.concatenate((first[to], -first[since])), minlength=size)
    bend = np.bincount(places, weights=np.concatenate((second[to], second[since])), minlength=size)
    bend = np.maximum(bend, 1e-9 * bend.max())
    aim = isotonic_regression(np.cumsum(masses)[:-1] + slope / bend, weights=bend).x
    step = np.diff(np.concatenate(([0.0], np.clip(aim, 0.0, 1.0), [1.0]))) - masses
    before = cells.likelihood(masses)
    for halvings in range(16):
        moved: Floats = np.maximum(masses + step / 2**halvings, 0.0)
        if cells.likelihood(moved) > before:
            return moved
    return masses
