"""The change of medians between two groups: a ratio with an interval by MOVER or by the bootstrap, and its percent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from leadtime.errors import counted
from leadtime.results import Estimate
from leadtime.survival.checks import (
    Array,
    Floats,
    Ints,
    Sample,
    check_choice,
    check_confidence,
    check_draws,
    codes_of,
    sample_of,
    two_groups,
)
from leadtime.survival.curve import curves_by_group
from leadtime.survival.resampling import samples
from leadtime.survival.risksets import TOLERANCE

__all__ = ["RatioInterval", "median_ratio", "percent_change", "ratio_by_mover"]

RatioInterval = Literal["mover", "bootstrap"]


def median_ratio(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    *,
    order: Sequence[Any] | None = None,
    confidence: float = 0.95,
    interval: RatioInterval = "mover",
    seed: int = 0,
    draws: int = 2000,
    cluster: Sequence[Any] | npt.ArrayLike | None = None,
    entry: npt.ArrayLike | None = None,
) -> Estimate:
    """Estimates the second group's median divided by the first's.

    Args:
        durations: as in `kaplan_meier`.
        observed: as in `kaplan_meier`.
        group: one label a case, two labels in all.
        order: the two labels, the reference first; None for the order of first appearance.
        confidence: level of the interval.
        interval: "mover" joins the two log-log intervals of the medians; "bootstrap" resamples within each group.
        seed: seed of the bootstrap.
        draws: how many bootstrap samples.
        cluster: one label a case saying whose it is; the bootstrap then resamples persons, and the medians' intervals rest on them.
        entry: as in `kaplan_meier`.

    Returns:
        Estimate; the value is None where a median isn't reached (or the first is 0), a limit is None where that side is open.

    Raises:
        NotEstimable: one group.
        UsageError, InputError: as `kaplan_meier`.

    Source: DEFINITIONS 3.5; MOVER after Zou & Donner (2008), Statistics in Medicine 27:1693; bootstrap after Efron (1981).

    >>> before, after = [10, 12, 13, 14, 15, 16, 18, 22, 24, 30], [4, 5, 6, 7, 8, 9, 10, 11, 12, 14]
    >>> ratio = median_ratio(before + after, [1] * 20, ["before"] * 10 + ["after"] * 10)
    >>> round(ratio.value, 3), round(ratio.lower, 3), round(ratio.upper, 3)
    (0.548, 0.239, 0.912)
    """
    check_choice(interval, get_args(RatioInterval), "interval")
    check_confidence(confidence)
    check_draws(draws)
    sample = sample_of(durations, observed, entry)
    groups = two_groups(group, sample.n, order)
    owner = None if cluster is None else codes_of(cluster, sample.n, "cluster")[0]
    before, after = (curve.median for curve in curves_by_group(sample, groups, confidence, cluster=owner))
    point = _point(before, after, sample.n, interval, groups.names)
    if interval == "mover":
        return _mover(before, after, point)
    generator = np.random.default_rng(seed)
    medians = []
    for code in (0, 1):
        rows = groups.code == code
        medians.append(_bootstrap_medians(sample.take(rows), None if owner is None else owner[rows], draws, generator))
    return _percentiles(medians[0], medians[1], point, "cases" if owner is None else "persons")


def ratio_by_mover(before: Estimate, after: Estimate, *, names: tuple[str, str] = ("before", "after")) -> Estimate:
    """Estimates the ratio of two medians that are known with their limits.

    Args:
        before: the reference median with its limits; None where not reached.
        after: the other.
        names: what the two groups are called in the notes.

    Returns:
        Estimate as `median_ratio` gives it with `interval="mover"`.

    Source: DEFINITIONS 3.5; MOVER after Zou & Donner (2008), Statistics in Medicine 27:1693.

    >>> ratio_by_mover(Estimate(20.0, 15.0, 30.0, n=9), Estimate(10.0, 8.0, None, n=9)).lower is None
    False
    """
    return _mover(before, after, _point(before, after, (before.n or 0) + (after.n or 0), "mover", names))


def percent_change(ratio: Estimate) -> Estimate:
    """Turns a ratio into a change in percent, 100 (r - 1): shorter is negative.

    Args:
        ratio: a ratio with its limits.

    Returns:
        Estimate in percent; what was None stays None.

    Source: DEFINITIONS 3.5.

    >>> round(percent_change(Estimate(8.5 / 26.5)).value, 1)
    -67.9
    """

    def percent(value: float | None) -> float | None:
        return None if value is None else 100 * (value - 1)

    return replace(ratio, value=percent(ratio.value), lower=percent(ratio.lower), upper=percent(ratio.upper), standard_error=None)


def _point(before: Estimate, after: Estimate, n: int, interval: str, names: tuple[str, ...]) -> Estimate:
    """The ratio itself, with why it is missing where it is."""
    unreached = [name for name, median in zip(names, (before, after), strict=True) if median.value is None]
    empty = Estimate(None, None, None, None, before.confidence, interval, n)
    if unreached:
        return replace(empty, note="no ratio: median not reached in " + " and ".join(f"'{name}'" for name in unreached))
    if not before.value:
        return replace(empty, note=f"no ratio: the median of '{names[0]}' is 0")
    return replace(empty, value=(after.value or 0.0) / before.value)


def _mover(before: Estimate, after: Estimate, point: Estimate) -> Estimate:
    """Limits by the method of variance estimates recovery on the log scale; an open or zero limit opens its side only."""
    if not point.value:
        return point if point.value is None else replace(point, note="the second median is 0, so the interval is open")
    below = _joined(_log_of(after.value, after.lower), _log_of(before.upper, before.value))
    above = _joined(_log_of(after.upper, after.value), _log_of(before.value, before.lower))
    return replace(
        point,
        lower=None if below is None else point.value * math.exp(-below),
        upper=None if above is None else point.value * math.exp(above),
    )


def _log_of(above: float | None, below: float | None) -> float | None:
    """The distance ln(above / below), None where one of them is missing or 0."""
    return math.log(above / below) if above and below else None


def _joined(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else math.hypot(first, second)


@dataclass(frozen=True, eq=False)
class _Resampling:
    """What one draw of units adds to each distinct time: events, and those who leave minus those not yet entered."""

    time: Array
    events: Any  # sparse, times x units
    leaving: Any  # sparse, times x units
    counts: Ints  # how many cases each unit stands for
    late: bool


def _resampling(sample: Sample, owner: Array | None) -> _Resampling:
    """Prepares the units that are drawn: persons, or distinct kinds of case with the number of each."""
    from scipy.sparse import csr_array

    time, place = np.unique(sample.time, return_inverse=True)
    entered = np.zeros(sample.n, np.int64) if sample.entry is None else _times_before_entry(sample.entry, time)
    kinds = (place * (time.size + 1) + entered) * 2 + sample.observed if owner is None else owner
    _, unit, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    if owner is None:  # one case of each kind, drawn in proportion to its number
        chosen = np.unique(unit, return_index=True)[1]
        unit, place, observed, entered = unit[chosen], place[chosen], sample.observed[chosen], entered[chosen]
    else:
        observed, counts = sample.observed, np.ones_like(counts)
    shape = (time.size, counts.size)
    events = csr_array((np.ones(int(observed.sum())), (place[observed], unit[observed])), shape=shape)
    leaving = csr_array((np.ones(place.size), (place, unit)), shape=shape)
    late = entered > 0
    leaving = leaving - csr_array((np.ones(int(late.sum())), (entered[late] - 1, unit[late])), shape=shape)
    return _Resampling(time, events, leaving, counts, bool(late.any()))


def _times_before_entry(entry: Array, time: Array) -> Array:
    """At how many of the distinct times each case wasn't yet at risk; entry 0 means at risk from before 0."""
    count: Array = np.where(entry > 0, np.searchsorted(time, entry, side="right"), 0)
    return count


def _bootstrap_medians(sample: Sample, owner: Array | None, draws: int, generator: np.random.Generator) -> Floats:
    """The medians of resampled cases: infinite where not reached, NaN where an early risk set emptied."""
    units = _resampling(sample, owner)
    parts = samples(units.counts, draws, generator, width=units.time.size)
    return np.concatenate([_medians_of(units, counts) for counts in parts])


def _medians_of(units: _Resampling, counts: Floats) -> Floats:
    """The median of each sample; `counts` has a row a unit and a column a sample, so that all samples are summed at once."""
    events = np.asarray(units.events @ counts)
    at_risk = np.cumsum(np.asarray(units.leaving @ counts)[::-1], axis=0)[::-1]
    some = np.maximum(at_risk, 1.0)
    survival = np.cumprod((some - events) / some, axis=0)
    medians = _crossings(units.time.astype(np.float64), survival)
    if units.late:
        emptied = (events > 0) & (events == at_risk)
        again = np.cumsum(emptied, axis=0)[:-1] > 0
        medians[(again & (at_risk[1:] > 0)).any(axis=0)] = np.nan
    return medians


def _crossings(time: Floats, survival: Floats) -> Floats:
    """The rule of `crossing` at one half for each column: the middle of a step at one half, infinite where not reached."""
    reached, passed = survival <= 0.5 + TOLERANCE, survival < 0.5 - TOLERANCE
    first, following = reached.argmax(axis=0), passed.argmax(axis=0)
    columns = np.arange(survival.shape[1])
    on_step = (survival[first, columns] >= 0.5 - TOLERANCE) & passed[following, columns]
    value = np.where(on_step, (time[first] + time[following]) / 2, time[first])
    return np.where(reached[first, columns], value, np.inf)


def _percentiles(before: Floats, after: Floats, point: Estimate, units: str) -> Estimate:
    """Percentile limits; a draw without a ratio counts at both ends, and a limit that lands on one is None."""
    unknown = np.isnan(before) | np.isnan(after) | (np.isinf(before) & np.isinf(after)) | ((before == 0) & (after == 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(np.isinf(before), -np.inf, after / before)  # an unreached first median: below every ratio
    alpha = (1 - point.confidence) / 2
    lower = _order_statistic(np.where(unknown, -np.inf, ratio), alpha)
    upper = _order_statistic(np.where(unknown, np.inf, ratio), 1 - alpha)
    missing = float(np.mean(~(np.isfinite(before) & np.isfinite(after))))
    note = f"{counted(before.size, 'sample')} of {units}, a median not reached in {100 * missing:.3g} % of them"
    if point.value is None:
        return replace(point, note=f"{point.note}; {note}")
    return replace(point, lower=lower, upper=upper, note=note)


def _order_statistic(values: Floats, share: float) -> float | None:
    """The type 7 quantile, None where it leans on an infinite value."""
    ordered = np.sort(values)
    place = share * (ordered.size - 1)
    low = math.floor(place + 1e-9)
    part = max(0.0, place - low)
    if part < 1e-9:
        return float(ordered[low]) if np.isfinite(ordered[low]) else None
    pair = ordered[low : low + 2]
    return float(pair[0] + part * (pair[1] - pair[0])) if np.isfinite(pair).all() else None
