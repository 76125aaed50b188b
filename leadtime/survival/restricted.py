"""Restricted means of two groups compared: difference, ratio, and ratio of the time lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy.typing as npt

from leadtime.results import Estimate
from leadtime.survival.checks import Groups, check_confidence, sample_of, two_groups
from leadtime.survival.curve import KaplanMeier, check_tau, curves_by_group
from leadtime.survival.limits import z_value

__all__ = [
    "check_common_tau",
    "restricted_mean_difference",
    "restricted_mean_ratio",
    "restricted_mean_time_lost_ratio",
]


@dataclass(frozen=True)
class _Arms:
    """The restricted means of the reference group and the other, up to one tau."""

    tau: float
    reference: Estimate
    other: Estimate
    n: int

    @property
    def note(self) -> str:
        return f"up to {self.tau:g}"


def restricted_mean_difference(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    *,
    tau: float | Literal["last"],
    order: Sequence[Any] | None = None,
    confidence: float = 0.95,
    entry: npt.ArrayLike | None = None,
) -> Estimate:
    """Estimates the second group's restricted mean minus the first's.

    Args:
        durations: as in `kaplan_meier`.
        observed: as in `kaplan_meier`.
        group: one label a case, two labels in all.
        tau: end of the area, in the unit of the durations; "last" is the smaller of the two last times, or the larger where
            the shorter curve has reached 0.
        order: the two labels, the reference first; None for the order of first appearance.
        confidence: level of the interval.
        entry: as in `kaplan_meier`.

    Returns:
        Estimate in the unit of the durations, with plain limits; negative where the second group is quicker.

    Raises:
        NotEstimable: one group, or tau past a group's last time while its curve is above 0.
        UsageError, InputError: as `kaplan_meier`.

    Source: DEFINITIONS 3.3; Royston & Parmar (2013), BMC Medical Research Methodology 13:152; equals R survRM2.

    >>> groups = ["before"] * 3 + ["after"] * 3
    >>> restricted_mean_difference([4, 6, 8, 1, 2, 3], [1] * 6, groups, tau=6).value
    -3.333333333333333
    """
    arms = _arms(durations, observed, group, tau, order, confidence, entry)
    change = _value(arms.other) - _value(arms.reference)
    error = math.hypot(_error(arms.other), _error(arms.reference))
    width = z_value(confidence) * error
    return Estimate(change, change - width, change + width, error, confidence, "plain", arms.n, arms.note)


def restricted_mean_ratio(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    *,
    tau: float | Literal["last"],
    order: Sequence[Any] | None = None,
    confidence: float = 0.95,
    entry: npt.ArrayLike | None = None,
) -> Estimate:
    """Estimates the second group's restricted mean divided by the first's.

    Args:
        durations: as in `kaplan_meier`.
        observed: as in `kaplan_meier`.
        group: as in `restricted_mean_difference`.
        tau: as in `restricted_mean_difference`.
        order: as in `restricted_mean_difference`.
        confidence: level of the interval.
        entry: as in `kaplan_meier`.

    Returns:
        Estimate with limits from the log scale; its standard error is that of the log ratio.

    Raises:
        NotEstimable, UsageError, InputError: as `restricted_mean_difference`.

    Source: DEFINITIONS 3.3; Royston & Parmar (2013); equals R survRM2.

    >>> groups = ["before"] * 3 + ["after"] * 3
    >>> restricted_mean_ratio([4, 6, 8, 1, 2, 3], [1] * 6, groups, tau=6).value
    0.375
    """
    arms = _arms(durations, observed, group, tau, order, confidence, entry)
    return _log_ratio(arms, _value(arms.reference), _value(arms.other))


def restricted_mean_time_lost_ratio(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    *,
    tau: float | Literal["last"],
    order: Sequence[Any] | None = None,
    confidence: float = 0.95,
    entry: npt.ArrayLike | None = None,
) -> Estimate:
    """Estimates the ratio of tau minus restricted mean: of a waiting time, the part up to tau that was *not* waited.

    Args:
        durations: as in `kaplan_meier`.
        observed: as in `kaplan_meier`.
        group: as in `restricted_mean_difference`.
        tau: as in `restricted_mean_difference`.
        order: as in `restricted_mean_difference`.
        confidence: level of the interval.
        entry: as in `kaplan_meier`.

    Returns:
        Estimate with limits from the log scale; None where a group ends nobody before tau.

    Raises:
        NotEstimable, UsageError, InputError: as `restricted_mean_difference`.

    Source: DEFINITIONS 3.3; Uno et al. (2014), Journal of Clinical Oncology 32:2380; equals R survRM2.

    >>> groups = ["before"] * 3 + ["after"] * 3
    >>> round(restricted_mean_time_lost_ratio([4, 6, 8, 1, 2, 3], [1] * 6, groups, tau=6).value, 9)
    6.0
    """
    arms = _arms(durations, observed, group, tau, order, confidence, entry)
    return _log_ratio(arms, arms.tau - _value(arms.reference), arms.tau - _value(arms.other))


def _log_ratio(arms: _Arms, below: float, above: float) -> Estimate:
    confidence = arms.reference.confidence
    if below <= 0 or above <= 0:
        value = 0.0 if above <= 0 < below else None
        return Estimate(value, None, None, None, confidence, "log", arms.n, f"{arms.note}; a group's time is 0, so no interval")
    error = math.hypot(_error(arms.other) / above, _error(arms.reference) / below)
    ratio, spread = above / below, math.exp(z_value(confidence) * error)
    note = f"{arms.note}; standard error of the log ratio"
    return Estimate(ratio, ratio / spread, ratio * spread, error, confidence, "log", arms.n, note)


def _arms(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    tau: float | Literal["last"],
    order: Sequence[Any] | None,
    confidence: float,
    entry: npt.ArrayLike | None,
) -> _Arms:
    check_confidence(confidence)
    sample = sample_of(durations, observed, entry)
    groups = two_groups(group, sample.n, order)
    curves = curves_by_group(sample, groups, confidence)
    end = check_common_tau(curves, groups, tau)
    reference, other = (curve.restricted_mean(end) for curve in curves)
    return _Arms(end, reference, other, sample.n)


def check_common_tau(curves: Sequence[KaplanMeier], groups: Groups, tau: float | Literal["last"]) -> float:
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


def _value(estimate: Estimate) -> float:
    return math.nan if estimate.value is None else estimate.value  # a restricted mean always has a value


def _error(estimate: Estimate) -> float:
    return estimate.standard_error or 0.0
