"""Done within so many days, or not: two groups compared at one time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from leadtime.errors import NotEstimable, UsageError
from leadtime.results import Estimate, TestResult
from leadtime.survival.checks import check_choice, check_confidence, codes_of, sample_of, two_groups
from leadtime.survival.curve import curves_by_group
from leadtime.survival.limits import z_value
from leadtime.survival.logrank import upper_tail

__all__ = ["FixedTimeInterval", "fixed_time_difference", "fixed_time_test"]

FixedTimeInterval = Literal["auto", "log-log", "newcombe"]


def fixed_time_difference(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    *,
    time: float,
    order: Sequence[Any] | None = None,
    confidence: float = 0.95,
    entry: npt.ArrayLike | None = None,
    interval: FixedTimeInterval = "auto",
    cluster: Sequence[Any] | npt.ArrayLike | None = None,
) -> Estimate:
    """Estimates the share done within a time in the second group minus that in the first.

    Args:
        durations: as in `kaplan_meier`.
        observed: as in `kaplan_meier`.
        group: one label a case, two labels in all.
        time: the limit; a case that ends exactly then is within it.
        order: the two labels, the reference first; None for the order of first appearance.
        confidence: level of the interval.
        entry: as in `kaplan_meier`.
        interval: "newcombe" joins the two Wilson intervals, for data in which nobody is censored before the time; "log-log" joins the
            two complementary log-log intervals; "auto" takes the first where it can.
        cluster: as in `kaplan_meier`, for "log-log".

    Returns:
        Estimate between -1 and 1, positive where more of the second group are done; a limit is None where a share of 1 has none.

    Raises:
        NotEstimable: one group, or the time lies past a group's follow-up while its curve is above 0.
        UsageError: "newcombe" where cases are censored before the time, entered late or come in clusters.
        InputError: as `kaplan_meier`.

    Source: Newcombe (1998), Statistics in Medicine 17:873, method 10; with censoring the same joining of limits, Zou & Donner (2008),
        Statistics in Medicine 27:1693, of the log-log limits of DEFINITIONS 3.1.

    >>> before, after = [30, 80, 95, 100, 120, 150], [20, 35, 60, 70, 88, 130]
    >>> change = fixed_time_difference(before + after, [1] * 12, ["before"] * 6 + ["after"] * 6, time=90)
    >>> round(change.value, 3), round(change.lower, 3), round(change.upper, 3), change.interval
    (0.5, -0.04, 0.773, 'newcombe')
    """
    check_choice(interval, get_args(FixedTimeInterval), "interval")
    arms = _arms(durations, observed, group, time, order, confidence, entry, cluster)
    if interval == "newcombe" and not arms.complete:
        raise UsageError(
            f"interval is 'newcombe', which needs every case's answer at {time:g}, but some are censored before, entered late or come in "
            "clusters; use 'log-log'"
        )
    chosen = "newcombe" if interval != "log-log" and arms.complete else "log-log"
    shares = [_wilson(share, confidence) for share in arms.done] if chosen == "newcombe" else arms.done
    first, second = ((share.value or 0.0, share.lower, share.upper) for share in shares)
    change = second[0] - first[0]
    lower = _joined(change, -1, _apart(second[0], second[1]), _apart(first[2], first[0]))
    upper = _joined(change, 1, _apart(second[2], second[0]), _apart(first[0], first[1]))
    return Estimate(change, lower, upper, None, confidence, chosen, arms.n, f"done by {time:g}")


def fixed_time_test(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    *,
    time: float,
    order: Sequence[Any] | None = None,
    entry: npt.ArrayLike | None = None,
    cluster: Sequence[Any] | npt.ArrayLike | None = None,
) -> TestResult:
    """Tests whether two groups have the same share done within a time, on the complementary log-log scale.

    Args:
        durations: as in `kaplan_meier`.
        observed: as in `kaplan_meier`.
        group: one label a case, two labels in all.
        time: as in `fixed_time_difference`.
        order: as in `fixed_time_difference`.
        entry: as in `kaplan_meier`.
        cluster: as in `kaplan_meier`.

    Returns:
        Chi-square statistic with one degree of freedom, and p. It belongs beside `fixed_time_difference`.

    Raises:
        NotEstimable: one group, the time lies past a group's follow-up, or in a group all or none are done by then.
        UsageError, InputError: as `kaplan_meier`.

    Source: Klein, Logan, Harhoff & Andersen (2007), Statistics in Medicine 26:4505, the test by log(-log S).

    >>> before, after = [30, 80, 95, 100, 120, 150], [20, 35, 60, 70, 88, 130]
    >>> print(fixed_time_test(before + after, [1] * 12, ["before"] * 6 + ["after"] * 6, time=90))
    share done by 90: p = 0.08965 (complementary log-log; n = 12)
    """
    arms = _arms(durations, observed, group, time, order, 0.95, entry, cluster)
    figures = []
    for share, name in zip(arms.done, arms.names, strict=True):
        waiting = 1 - (share.value or 0.0)
        if not 0 < waiting < 1:
            raise NotEstimable(
                f"in group '{name}' {'none' if waiting else 'all'} are done by {time:g}, where the log-log scale has no error"
            )
        figures.append((math.log(-math.log(waiting)), (share.standard_error or 0.0) / (waiting * math.log(waiting))))
    (first, error), (second, other) = figures
    statistic = (second - first) ** 2 / (error**2 + other**2)
    return TestResult(f"share done by {time:g}", statistic, upper_tail(statistic, 1), 1, arms.n, "complementary log-log", groups=arms.names)


@dataclass(frozen=True)
class _Arms:
    """The share done in each group, and whether each case's answer is known."""

    done: tuple[Estimate, Estimate]
    names: tuple[str, ...]
    n: int
    complete: bool


def _arms(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    time: float,
    order: Sequence[Any] | None,
    confidence: float,
    entry: npt.ArrayLike | None,
    cluster: Sequence[Any] | npt.ArrayLike | None,
) -> _Arms:
    check_confidence(confidence)
    if not (np.isfinite(time) and time > 0):
        raise UsageError(f"time is {time}; allowed is a time above 0, in the unit of the durations")
    sample = sample_of(durations, observed, entry)
    groups = two_groups(group, sample.n, order)
    owner = None if cluster is None else codes_of(cluster, sample.n, "cluster")[0]
    done = []
    for curve, name in zip(curves_by_group(sample, groups, confidence, cluster=owner), groups.names, strict=True):
        curve.check_reaches(time, name, "time")
        waiting = curve.at(time)[0]
        lower, upper = (None if limit is None else 1 - limit for limit in (waiting.upper, waiting.lower))
        done.append(Estimate(1 - (waiting.value or 0.0), lower, upper, waiting.standard_error, confidence, "log-log", curve.n))
    known = sample.observed | (sample.time >= time)
    complete = bool(known.all()) and sample.entry is None and owner is None
    return _Arms((done[0], done[1]), groups.names, sample.n, complete)


def _wilson(share: Estimate, confidence: float) -> Estimate:
    """Wilson's score interval of a share of n cases."""
    n, p, z = float(share.n or 0), share.value or 0.0, z_value(confidence)
    middle, width = p + z**2 / (2 * n), z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    scale = 1 + z**2 / n
    return Estimate(p, max(0.0, (middle - width) / scale), min(1.0, (middle + width) / scale), None, confidence, "wilson", share.n)


def _apart(above: float | None, below: float | None) -> float | None:
    return None if above is None or below is None else above - below


def _joined(change: float, sign: int, own: float | None, other: float | None) -> float | None:
    """A limit of a difference from the distances of the limits of its parts."""
    return None if own is None or other is None else change + sign * math.hypot(own, other)
