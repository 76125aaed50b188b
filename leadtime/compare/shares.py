"""Leavers as an end of their own: when half of all cases have finished, and the mean time up to a horizon until they have.

Source: DEFINITIONS 3.4, 3.7.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from leadtime import survival
from leadtime.compare.cohorts import Cohort, Pair
from leadtime.compare.estimates import Options
from leadtime.compare.rows import LEFT, STOPPED
from leadtime.results import Estimate
from leadtime.survival.limits import z_value
from leadtime.survival.risksets import crossing

__all__ = ["chances_of", "competing_mean_difference", "competing_medians"]


def chances_of(cohort: Cohort, options: Options) -> survival.AalenJohansen:
    """Gives the shares of a cohort that have finished and that have left by each time; leaving rules out finishing."""
    return survival.aalen_johansen(
        cohort.days,
        cohort.outcome,
        entry=cohort.entry,
        confidence=options.confidence,
        interval=options.interval,
        causes=(STOPPED, LEFT),
        cluster=cohort.person if cohort.persons < cohort.n else None,
    )


def competing_medians(pair: Pair, options: Options) -> tuple[Estimate, Estimate]:
    """Gives for each cohort the time by which half of all its cases have finished, leavers among those who have not."""
    return _median(pair.before, options), _median(pair.after, options)


def _median(cohort: Cohort, options: Options) -> Estimate:
    time, share, lower, upper = chances_of(cohort, options).curve(STOPPED)

    def reached(curve: npt.NDArray[np.float64]) -> float | None:
        return crossing(time, 1 - curve, 0.5)[0]  # an undefined limit reaches nothing

    # The share's upper limit gets to a half first.
    return Estimate(
        reached(share),
        reached(upper),
        reached(lower),
        None,
        options.confidence,
        options.interval,
        cohort.n,
        "leavers competing",
    )


def competing_mean_difference(pair: Pair, tau: float, options: Options) -> Estimate:
    """Gives the difference of the mean times up to tau in which cases have not finished, whether they wait or have left."""
    before, after = (chances_of(cohort, options).mean_time(tau, cause=STOPPED) for cohort in pair.cohorts)
    change = (before.value or 0.0) - (after.value or 0.0)  # less time finished is more time not finished
    error = math.hypot(before.standard_error or 0.0, after.standard_error or 0.0)
    width = z_value(options.confidence) * error
    return Estimate(change, change - width, change + width, error, options.confidence, "plain", pair.together.n, f"up to {tau:g}")
