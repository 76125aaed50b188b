"""From columns of durations to a Kaplan-Meier curve: of cases, of grouped counts, or turned round to measure the follow-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from leadtime.errors import NotEstimable, UsageError
from leadtime.survival.checks import Array, Sample, codes_of, sample_of, weights_of
from leadtime.survival.curve import KaplanMeier, curve_of
from leadtime.survival.limits import Interval, check_interval

__all__ = ["follow_up", "kaplan_meier", "kaplan_meier_from_counts"]


def kaplan_meier(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    interval: Interval = "log-log",
    condition_on: float | None = None,
    cluster: Sequence[Any] | npt.ArrayLike | None = None,
) -> KaplanMeier:
    """Estimates the share of cases that have not ended by each time, counting the unfinished ones.

    Args:
        durations: time from start to end or to the last observation, one a case, 0 or more; whole numbers are kept whole.
        observed: True where the case ended then, False where it was still open.
        entry: time from start to when the case came under observation; None or 0 means at risk from before 0.
        weights: how often each case counts; whole numbers are the same as so many equal cases. With fractions `n` counts rows, and
            errors come from the infinitesimal jackknife, so that the weights' unit doesn't matter.
        confidence: level of the intervals.
        interval: scale of the intervals.
        condition_on: time to have got to; the curve is then S(t) given still open at that time.
        cluster: one label a case saying whose it is; errors then rest on persons, not cases.

    Returns:
        The curve, with `.median`, `.quantile(p)`, `.restricted_mean(tau)`, `.at(times)` and `.table`.

    Raises:
        NotEstimable: no case, or an early risk set empties while others enter later.
        InputError: a duration is missing or negative, or a case ends before it enters.
        UsageError: an option isn't allowed, or columns differ in length.

    Source: DEFINITIONS 3.1; Kaplan & Meier (1958); variance by Greenwood (1926), with fractional weights or clusters by the
        infinitesimal jackknife; conventions of R `survfit`.

    >>> print(kaplan_meier([3, 5, 5, 8, 13], [1, 1, 0, 1, 0]).median)
    8 (95 % log-log interval 3 to not reached; n = 5)
    """
    check_interval(interval, confidence)
    sample = sample_of(durations, observed, entry)
    counts = weights_of(weights, sample.n)
    owner = None if cluster is None else codes_of(cluster, sample.n, "cluster")[0]
    kept = np.ones(sample.n, np.bool_) if counts is None else counts > 0
    if condition_on is not None:
        sample, after = _conditioned(sample, condition_on)
        kept &= after
        if not kept.any():
            raise NotEstimable(f"condition_on is {condition_on:g}, but no case was under observation after that")
    if not kept.all():
        sample, counts, owner = sample.take(kept), _those(counts, kept), _those(owner, kept)
    return curve_of(sample, counts, cluster=owner, confidence=confidence, interval=interval)


def _those(values: Array | None, kept: Array) -> Array | None:
    return None if values is None else values[kept]


def _conditioned(sample: Sample, start: float) -> tuple[Sample, Array]:
    """Each case under observation from `start` at the earliest, and which of them got past it."""
    if not (np.isfinite(start) and start >= 0):
        raise UsageError(f"condition_on is {start}; allowed is a time of 0 or more")
    if start == 0:
        return sample, np.ones(sample.n, np.bool_)
    begun = np.full(sample.n, start) if sample.entry is None else np.maximum(sample.entry, start)
    return Sample(sample.time, sample.observed, begun), sample.time > start


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
    return kaplan_meier(duration, status, entry=entry, weights=n, confidence=confidence, interval=interval, condition_on=condition_on)


def follow_up(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    interval: Interval = "log-log",
) -> KaplanMeier:
    """Estimates how long cases were followed, by turning the curve round: those still open are what is waited for.

    Args:
        durations: as in `kaplan_meier`.
        observed: as in `kaplan_meier`.
        entry: as in `kaplan_meier`.
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
    sample = sample_of(durations, observed, entry)
    return curve_of(Sample(sample.time, ~sample.observed, sample.entry), confidence=confidence, interval=interval)
