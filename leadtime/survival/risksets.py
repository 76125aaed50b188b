"""Who was at risk when: the counts that every estimator is made of, and what is read off a step curve.

A case is at risk at t where entry < t <= exit; without entry, or with entry 0, it is at risk from before 0, so durations of
0 count. Events come before censorings at a tie (DEFINITIONS 3.1). Times are compared exactly, never with a tolerance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from leadtime.survival.checks import Array, Bools, Floats, Sample

__all__ = [
    "BLOCK",
    "TOLERANCE",
    "RiskTable",
    "area_under",
    "counts_by_day",
    "crossing",
    "greenwood",
    "nelson_aalen",
    "product_limit",
    "risk_table",
    "shares_few_days",
    "value_before",
]

BLOCK = 2**15  # rows worked on at once
_LARGEST = 2.0**62
_NARROW = np.iinfo(np.int32).max  # up to so many cases are counted in half the memory
_CASES_A_DAY = 16  # from so many cases a possible whole number on, counting beats sorting
TOLERANCE = math.sqrt(np.finfo(np.float64).eps)  # 1.5e-8, within which a curve counts as being at a level; R's choice too


@dataclass(frozen=True, eq=False)
class RiskTable:
    """Counts at each distinct time at which a case ended, in ascending order; whole numbers unless weights had fractions."""

    time: Array
    at_risk: Array
    events: Array
    censored: Array

    def rows_to(self, t: float) -> int:
        """How many of the times lie at or before t; whole times meet a whole number, so that ten million aren't turned into fractions."""
        whole = self.time.dtype.kind == "i"
        return int(np.searchsorted(self.time, math.floor(min(t, _LARGEST)) if whole else t, side="right"))

    def at_risk_at(self, t: float) -> float:
        """How many were at risk at each distinct exit time at or after t, read just before t: 0 past the last one."""
        whole = self.time.dtype.kind == "i"
        place = int(np.searchsorted(self.time, math.ceil(min(t, _LARGEST)) if whole else t, side="left"))
        return float(self.at_risk[place]) if place < self.time.size else 0.0

    def floats(self, rows: slice = slice(None)) -> tuple[Floats, Floats]:
        """The numbers at risk and of events as fractions can be made of them."""
        return self.at_risk[rows].astype(np.float64), self.events[rows].astype(np.float64)

    def blocks(self) -> Iterator[slice]:
        """The rows in portions that stay in the processor's cache, so that ten million times need little more than their results."""
        for start in range(0, self.time.size, BLOCK):
            yield slice(start, min(start + BLOCK, self.time.size))


def risk_table(sample: Sample, weights: Array | None = None) -> RiskTable:
    """Counts the cases at risk, the events and the censorings at each distinct time.

    Args:
        sample: checked durations.
        weights: how often each case counts; None for once.

    Returns:
        One row for each distinct duration.
    """
    if weights is not None or sample.entry is not None:
        time, events, censored = _weighted(sample, weights)
    elif shares_few_days(sample):
        time, events, censored = _counted_by_day(sample.time, sample.observed)
    else:
        return _counted(sample.time, sample.observed)
    at_risk: Array = np.cumsum((events + censored)[::-1])[::-1]
    if sample.entry is not None:
        at_risk = at_risk - _not_entered(time, sample.entry, weights)
    return RiskTable(time, at_risk, events, censored)


def shares_few_days(sample: Sample) -> bool:
    """Whether many cases share few whole numbers, so that counting beats sorting; entries play no part in it."""
    return sample.time.dtype.kind == "i" and int(sample.time.max()) <= sample.n // _CASES_A_DAY


def counts_by_day(time: Array, kind: Array, kinds: int) -> Array:
    """Counts the cases of each kind (from 0) at each whole number from 0 to the longest, without a sort: one row a number.

    >>> counts_by_day(np.array([2, 0, 2]), np.array([1, 0, 1]), 2).tolist()
    [[1, 0], [0, 0], [0, 2]]
    """
    cells = kinds * (int(time.max()) + 1)
    counts = np.zeros(cells, np.int64)
    step = max(BLOCK, cells)
    for start in range(0, time.size, step):
        rows = slice(start, start + step)
        counts += np.bincount(time[rows] * kinds + kind[rows], minlength=cells)
    return counts.reshape(-1, kinds)


def _counted_by_day(time: Array, observed: Bools) -> tuple[Array, Array, Array]:
    """Distinct times with their events and censorings."""
    censored, events = counts_by_day(time, observed, 2).T
    present = np.flatnonzero(events + censored)
    return present, events[present], censored[present]


def _counted(time: Array, observed: Bools) -> RiskTable:
    """The table of all cases by one sort.

    A number of 0 or more keeps its order when its 64 bits are read as a whole number, so time and flag fit into one key. The
    distinct times then move to the front of the keys' own memory, block by block.
    """
    key = time.view(np.uint64) << np.uint64(1)
    key |= observed
    key.sort()
    count = np.int32 if key.size <= _NARROW else np.int64
    at_risk: Array = np.empty(key.size, count)
    events: Array = np.zeros(key.size, count)
    found, last = 0, None
    for begin in range(0, key.size, BLOCK):
        block = key[begin : begin + BLOCK]
        ended, bits = block & np.uint64(1), block >> np.uint64(1)
        first = np.ones(block.size, np.bool_)
        np.not_equal(bits[1:], bits[:-1], out=first[1:])
        first[0] = bits[0] != last
        last = bits[-1]
        starts = np.flatnonzero(first)
        rows = slice(found, found + starts.size)
        at_risk[rows] = key.size - begin - starts
        found += starts.size
        if starts.size == block.size:  # no ties
            events[rows], key[rows] = ended, bits
            continue
        total = np.append(0, np.cumsum(ended))
        if rows.start:
            events[rows.start - 1] += total[starts[0]] if starts.size else total[-1]
        events[rows] = np.diff(total[starts], append=total[-1])
        key[rows] = bits[starts]
    at_risk = at_risk[:found]
    censored = at_risk - events[:found]
    censored[:-1] -= at_risk[1:]
    return RiskTable(key[:found].view(time.dtype), at_risk, events[:found], censored)


def _weighted(sample: Sample, weights: Array | None) -> tuple[Array, Array, Array]:
    times, inverse = np.unique(sample.time, return_inverse=True)
    observed, each = sample.observed, np.ones(sample.n, np.int64) if weights is None else weights
    events = np.bincount(inverse, weights=np.where(observed, each, 0), minlength=times.size)
    censored = np.bincount(inverse, weights=np.where(observed, 0, each), minlength=times.size)
    if each.dtype.kind == "i":
        return times, events.astype(np.int64), censored.astype(np.int64)
    return times, events, censored


def _not_entered(time: Array, entry: Array, weights: Array | None) -> Array:
    """How many of those who leave later have not come under observation by each time (entry > 0 and entry >= t)."""
    late = entry > 0
    each = np.ones(int(late.sum()), np.int64) if weights is None else weights[late]
    order = np.argsort(entry[late], kind="stable")
    total = np.concatenate(([0], np.cumsum(each[order])))
    still_out: Array = total[-1] - total[np.searchsorted(entry[late][order], time, side="left")]
    return still_out


def product_limit(table: RiskTable) -> Floats:
    """Gives S(t) after each time: the product of (n - d) / n."""
    survival = np.empty(table.time.size)
    left = 1.0
    for rows in table.blocks():
        n, d = table.floats(rows)
        part = (n - d) / n
        part[0] *= left
        left = np.cumprod(part, out=survival[rows])[-1]
    return survival


def greenwood(table: RiskTable, rows: slice = slice(None)) -> Floats:
    """Gives Greenwood's sum of d / (n (n - d)) over some rows, infinite from where S is 0.

    Source: Greenwood (1926); the variance of log S.
    """
    n, d = table.floats(rows)
    left = n - d
    return np.cumsum(np.divide(d, n * left, out=np.where(d > 0, np.inf, 0.0), where=left > 0))


def nelson_aalen(at_risk: Array, events: Array) -> Floats:
    """Gives the cumulative hazard, sum of d / n, ties together."""
    return np.cumsum(events / at_risk)


def value_before(curve: Floats) -> Floats:
    """Gives the curve just before each time: one step back, 1 at the first."""
    return np.concatenate(([1.0], curve[:-1]))


def crossing(time: Array, curve: Floats, level: float) -> tuple[float | None, bool]:
    """Finds where a falling step curve meets a level.

    Args:
        time: distinct times, ascending.
        curve: value from each time on; NaN where undefined.
        level: between 0 and 1.

    Returns:
        The first time at which the curve is at or under the level; where it stays at the level (within 1.5e-8), the middle of
        that step, which runs to the next fall. None where not reached. And whether the level was passed: False where the
        curve ends flat at exactly the level. A limit's curve may rise again where cases enter late; then the step counts that lies
        highest of those at or under the level.

    Source: DEFINITIONS 3.2; R `quantile.survfit`, with `summary.survfit`'s rule where the curve ends at the level.
    """
    first = _step_under(curve, level + TOLERANCE)
    if first is None:
        return None, False
    if curve[first] < level - TOLERANCE:
        return float(time[first]), True
    following = _step_under(curve, level - TOLERANCE)
    if following is None:
        return float(time[first]), False
    return (time[first].item() + time[following].item()) / 2, True


def _step_under(curve: Floats, level: float) -> int | None:
    """The row where the highest step at or under a level begins, which is the first one where the curve only falls.

    What differs within the tolerance is one step: a limit is computed anew at each censoring and differs there by rounding.
    """
    with np.errstate(invalid="ignore"):
        under = curve <= level
        if not under.any():
            return None
        return int(np.argmax(under & (curve >= curve[under].max() - TOLERANCE)))


def area_under(table: RiskTable, survival: Floats, tau: float) -> tuple[float, float]:
    """Gives the area under S from 0 to tau, and its variance.

    Source: DEFINITIONS 3.3; Klein & Moeschberger (2003) section 4.5; equals R survRM2.
    """
    m = table.rows_to(tau)
    fallen = survival[:m] < 1
    first = int(np.argmax(fallen)) if fallen.any() else m  # up to the first event the area is the time itself, without rounding
    area = variance = 0.0
    edge = float(tau)
    for stop in range(m, first, -BLOCK):
        rows = slice(max(stop - BLOCK, first), stop)
        edges = np.append(table.time[rows].astype(np.float64), edge)
        after = area + np.cumsum((np.diff(edges) * survival[rows])[::-1])[::-1]  # area from each time to tau
        n, d = table.floats(rows)
        terms = np.divide(d, n * (n - d), out=np.zeros(n.size), where=n > d)
        variance += float((after**2 * terms).sum())
        area, edge = float(after[0]), float(edges[0])
    return area + edge, variance
