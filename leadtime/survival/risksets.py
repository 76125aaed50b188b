"""Who was at risk when: the counts that every estimator is made of, and what is read off a step curve.

A case is at risk at t where entry < t <= exit; without entry, or with entry 0, it is at risk from before 0, so durations of
0 count. Events come before censorings at a tie (DEFINITIONS 3.1). Times are compared exactly, never with a tolerance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from leadtime.survival.checks import Array, Bools, Floats, Sample

__all__ = ["TOLERANCE", "RiskTable", "area_under", "crossing", "nelson_aalen", "product_limit", "risk_table", "value_before"]

TOLERANCE = math.sqrt(np.finfo(np.float64).eps)  # 1.5e-8, within which a curve counts as being at a level; R's choice too


@dataclass(frozen=True, eq=False)
class RiskTable:
    """Counts at each distinct time at which a case ended, in ascending order; whole numbers unless weights had fractions."""

    time: Array
    at_risk: Array
    events: Array
    censored: Array

    def at_risk_at(self, t: float) -> float:
        """How many were at risk at each distinct exit time at or after t, read just before t: 0 past the last one."""
        place = int(np.searchsorted(self.time, t, side="left"))
        return float(self.at_risk[place]) if place < self.time.size else 0.0


def risk_table(sample: Sample, weights: Array | None = None) -> RiskTable:
    """Counts the cases at risk, the events and the censorings at each distinct time.

    Args:
        sample: checked durations.
        weights: how often each case counts; None for once.

    Returns:
        One row for each distinct duration.
    """
    if weights is None and sample.entry is None:
        time, events, censored = _counted(sample.time, sample.observed)
    else:
        time, events, censored = _weighted(sample, weights)
    at_risk = np.cumsum((events + censored)[::-1])[::-1]
    if sample.entry is not None:
        at_risk = at_risk - _not_entered(time, sample.entry, weights)
    return RiskTable(time, at_risk, events, censored)


def _counted(time: Array, observed: Bools) -> tuple[Array, Array, Array]:
    """Distinct times with their events and censorings, by one sort.

    A number of 0 or more keeps its order when its 64 bits are read as a whole number, so time and flag fit into one key.
    """
    key = (time.view(np.uint64) << np.uint64(1)) | ~observed
    key.sort()
    starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    cells, counts = key[starts], np.diff(np.append(starts, key.size))
    bits = cells >> np.uint64(1)
    first = np.concatenate(([True], bits[1:] != bits[:-1]))
    place = np.cumsum(first) - 1
    open_cell = (cells & np.uint64(1)).astype(np.bool_)
    events, censored = np.zeros(int(first.sum()), np.int64), np.zeros(int(first.sum()), np.int64)
    events[place[~open_cell]] = counts[~open_cell]
    censored[place[open_cell]] = counts[open_cell]
    return bits[first].view(time.dtype), events, censored


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


def product_limit(at_risk: Array, events: Array) -> tuple[Floats, Floats]:
    """Gives S(t) after each time and Greenwood's sum of d / (n (n - d)), infinite from where S is 0."""
    n, d = at_risk.astype(np.float64), events.astype(np.float64)
    some = np.where(n > 0, n, 1.0)
    survival = np.cumprod((some - d) / some, dtype=np.float64)
    left = n - d
    terms = np.divide(d, n * left, out=np.where(d > 0, np.inf, 0.0), where=left > 0)
    return survival, np.cumsum(terms)


def nelson_aalen(at_risk: Array, events: Array) -> Floats:
    """Gives the cumulative hazard, sum of d / n, ties together."""
    return np.cumsum(events / np.where(at_risk > 0, at_risk, 1))


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
        curve ends flat at exactly the level.

    Source: DEFINITIONS 3.2; R `quantile.survfit`, with `summary.survfit`'s rule where the curve ends at the level.
    """
    with np.errstate(invalid="ignore"):
        reached = curve <= level + TOLERANCE
    if not reached.any():
        return None, False
    first = int(np.argmax(reached))
    if abs(curve[first] - level) > TOLERANCE:
        return float(time[first]), True
    with np.errstate(invalid="ignore"):
        lower = curve[first:] < curve[first]
    if not lower.any():
        return float(time[first]), False
    following = first + int(np.argmax(lower))
    return (time[first].item() + time[following].item()) / 2, True


def area_under(table: RiskTable, survival: Floats, tau: float) -> tuple[float, float]:
    """Gives the area under S from 0 to tau, and its variance.

    Source: DEFINITIONS 3.3; Klein & Moeschberger (2003) section 4.5; equals R survRM2.
    """
    m = int(np.searchsorted(table.time, tau, side="right"))
    edges = np.concatenate(([0.0], table.time[:m].astype(np.float64), [float(tau)]))
    areas = np.diff(edges) * np.concatenate(([1.0], survival[:m]))
    after = np.cumsum(areas[:0:-1])[::-1]  # area from each time to tau
    n, d = table.at_risk[:m].astype(np.float64), table.events[:m].astype(np.float64)
    terms = np.divide(d, n * (n - d), out=np.zeros(m), where=n > d)
    return float(areas.sum()), float((after**2 * terms).sum())
