"""Two restricted means on one scale: the change, its error, and the three intervals that it may have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from leadtime.errors import NotEstimable, UsageError
from leadtime.results import Estimate
from leadtime.survival.checks import (
    Bools,
    Floats,
    Groups,
    Ints,
    Sample,
    check_choice,
    check_confidence,
    check_draws,
    codes_of,
    sample_of,
    two_groups,
)
from leadtime.survival.curve import KaplanMeier, check_tau, curves_by_group
from leadtime.survival.limits import z_value
from leadtime.survival.splits import Pooled, Splits, units_of
from leadtime.survival.spread import NO_ERROR, SKEWED, t_interval

__all__ = ["Arms", "ContrastInterval", "Scale", "arms_of", "contrast", "studentised"]

ContrastInterval = Literal["normal", "t", "permutation"]
_ROUNDING = 1e-12  # of tau, which its parts add up to but for rounding


@dataclass(frozen=True)
class Scale:
    """What is compared: the time waited or, of each tau, the time not waited; its difference, or its ratio by logs."""

    lost: bool
    ratio: bool

    def figures(self, means: Floats, tau: float) -> tuple[Floats, Floats]:
        """Each restricted mean on this scale, minus infinity for the log of 0, and the scale's slope there."""
        amount, sign = (tau - means, -1.0) if self.lost else (means, 1.0)
        if not self.ratio:
            return amount, np.full(means.shape, sign)
        some = amount > _ROUNDING * tau
        logs = np.log(amount, out=np.full(amount.shape, -np.inf), where=some)
        return logs, np.divide(sign, amount, out=np.zeros(amount.shape), where=some)


@dataclass(frozen=True, eq=False)
class Arms:
    """The curves of the reference group and the other, with one tau."""

    sample: Sample
    groups: Groups
    curves: list[KaplanMeier]
    tau: float
    confidence: float
    cluster: Ints | None

    def splits(self, seed: int, draws: int) -> Splits:
        """The ways to split the cases, or persons, into two groups of these sizes."""
        check_draws(draws)
        if self.sample.entry is not None:
            raise UsageError("interval is 'permutation', which has no form for entry; use 't' where cases entered late")
        unit, place = units_of(self.cluster, self.groups.code, "group")
        return Splits(unit, place == 1, draws, seed)


def arms_of(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    *,
    tau: float | Literal["last"],
    order: Sequence[Any] | None,
    confidence: float = 0.95,
    entry: npt.ArrayLike | None = None,
    cluster: Sequence[Any] | npt.ArrayLike | None = None,
) -> Arms:
    """Checks the columns and makes the two curves.

    Raises:
        NotEstimable: one group, tau past a group's follow-up, or nobody ended before tau in either group.
    """
    check_confidence(confidence)
    sample = sample_of(durations, observed, entry)
    groups = two_groups(group, sample.n, order)
    owner = None if cluster is None else codes_of(cluster, sample.n, "cluster")[0]
    curves = curves_by_group(sample, groups, confidence, cluster=owner)
    end = _common_tau(curves, groups, tau)
    if not (sample.observed & (sample.time < end)).any():
        raise NotEstimable(f"no case of either group ended before tau, {end:g}: all are censored, so there is nothing to compare")
    return Arms(sample, groups, curves, end, confidence, owner)


def _common_tau(curves: Sequence[KaplanMeier], groups: Groups, tau: float | Literal["last"]) -> float:
    """Decides the one tau of a comparison and refuses one past a group's follow-up.

    Source: DEFINITIONS 3.3; "last" is survRM2's default.
    """
    if tau == "last":
        shorter, longer = sorted(curves, key=lambda curve: curve.last_time)
        return longer.last_time if shorter.reaches_zero else shorter.last_time
    end = check_tau(tau)
    for curve, name in zip(curves, groups.names, strict=True):
        curve.check_reaches(end, name)
    return end


def contrast(arms: Arms, scale: Scale, interval: ContrastInterval, *, seed: int, draws: int) -> Estimate:
    """Compares the second group with the first."""
    check_choice(interval, get_args(ContrastInterval), "interval")
    means = [curve.restricted_mean(arms.tau) for curve in arms.curves]
    figures, slopes = scale.figures(np.array([mean.value for mean in means], np.float64), arms.tau)
    label, note = _label(scale, interval), f"up to {arms.tau:g}"
    if not np.isfinite(figures).all():
        value = 0.0 if np.isfinite(figures[0]) else None
        return Estimate(value, None, None, None, arms.confidence, label, arms.sample.n, f"{note}; a group's time is 0, so no interval")
    change = float(figures[1] - figures[0])
    errors = slopes * np.array([mean.standard_error for mean in means], np.float64)
    error = math.hypot(*errors)
    half: float | None = z_value(arms.confidence) * error
    if interval == "permutation":
        half, said = _permuted(arms, scale, error, arms.splits(seed, draws))
        note = f"{note}; {said}"
    apart = None if half is None else (half, half)
    if interval == "t":
        signed = (-slopes[0], slopes[1])  # the change is the second less the first
        apart = t_interval([curve.spread(arms.tau).scaled(each) for curve, each in zip(arms.curves, signed, strict=True)], arms.confidence)
        note = f"{note}; {NO_ERROR}" if apart is None else note
    return _on_scale(change, apart, error, scale, Estimate(None, None, None, None, arms.confidence, label, arms.sample.n, note))


def _label(scale: Scale, interval: ContrastInterval) -> str:
    if interval == "normal":
        return "log" if scale.ratio else "plain"
    kind = SKEWED if interval == "t" else interval
    return f"log {kind}" if scale.ratio else kind


def _on_scale(change: float, apart: tuple[float, float] | None, error: float, scale: Scale, empty: Estimate) -> Estimate:
    """The change with its limits, back from the log scale where it is a ratio."""
    back = math.exp if scale.ratio else float
    lower, upper = (None, None) if apart is None else (back(change - apart[0]), back(change + apart[1]))
    note = f"{empty.note}; standard error of the log ratio" if scale.ratio else empty.note
    return Estimate(back(change), lower, upper, error, empty.confidence, empty.interval, empty.n, note)


def _permuted(arms: Arms, scale: Scale, error: float, splits: Splits) -> tuple[float | None, str]:
    """Half the width that the studentised permutation test gives, and how many splits it took."""
    pooled = Pooled.of(arms.sample, arms.tau)
    statistics = np.concatenate([studentised(pooled, mask, scale) for mask in splits.masks()])
    critical = splits.critical(statistics, arms.confidence)
    said = f"all {splits.number} splits" if splits.exact else f"{splits.draws} random splits, seed {splits.seed}"
    return (critical * error if math.isfinite(critical) and error > 0 else None), said


def studentised(pooled: Pooled, second: Bools, scale: Scale) -> Floats:
    """The change over its error for each row of a matrix that says which cases are in the second group.

    A change without any error is infinitely far from none.
    """
    mean, variance = zip(pooled.means(second), pooled.means(~second), strict=True)
    (above, slope_above), (below, slope_below) = (scale.figures(each, pooled.tau) for each in mean)
    with np.errstate(invalid="ignore"):
        change = np.nan_to_num(above - below, nan=0.0)
    spread = variance[0] * slope_above**2 + variance[1] * slope_below**2
    size = 1.0 if scale.ratio else max(1.0, pooled.tau)
    far = np.where(np.abs(change) > _ROUNDING * size, np.copysign(np.inf, change), 0.0)
    usable = (spread > 0) & np.isfinite(above) & np.isfinite(below)
    return np.divide(change, np.sqrt(spread), out=far, where=usable)
