"""The horizon of the restricted means: how far both cohorts can be followed (DEFINITIONS 3.3)."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from leadtime.compare.cohorts import Cohort
from leadtime.durations import DAYS_PER_MONTH
from leadtime.errors import UsageError
from leadtime.survival import KaplanMeier

__all__ = ["AT_RISK", "at_risk", "horizon"]

AT_RISK = 5  # the default disclosure profile's threshold


def at_risk(cohort: Cohort, day: float) -> int:
    """How many persons of a cohort are under observation just before a day; one case is one person where nothing else is known."""
    inside = cohort.days >= day
    if cohort.entry is not None:
        inside &= cohort.entry < day
    return int(np.count_nonzero(inside)) if cohort.person is None else int(np.unique(cohort.person[inside]).size)


def horizon(
    cohorts: tuple[Cohort, Cohort], curves: tuple[KaplanMeier, KaplanMeier], tau: float | Literal["last"] | None
) -> tuple[float | None, str]:
    """Gives the horizon in days and, where there is none, why.

    By default the largest whole month at which each cohort still has 5 at risk; a cohort whose curve has reached 0 sets no bound.
    `"last"` gives the smaller last time, or the larger where the shorter curve has reached 0.

    Raises:
        UsageError: `tau` isn't a positive number of days.
    """
    lasts = [float(cohort.days.max()) for cohort in cohorts]
    zero = [curve.reaches_zero for curve in curves]
    if tau == "last":
        shorter = int(np.argmin(lasts))
        return (max(lasts) if zero[shorter] else min(lasts)), ""
    if tau is not None:
        if isinstance(tau, str) or not math.isfinite(tau) or tau <= 0:
            raise UsageError(f"tau={tau!r} isn't allowed; give a positive number of days, or 'last'")
        return float(tau), ""
    if all(zero):
        return math.ceil(max(max(lasts), 1) / DAYS_PER_MONTH) * DAYS_PER_MONTH, ""
    bounding = [cohort for cohort, done in zip(cohorts, zero, strict=True) if not done]
    for month in range(math.ceil(max(lasts) / DAYS_PER_MONTH), 0, -1):
        if all(at_risk(cohort, month * DAYS_PER_MONTH) >= AT_RISK for cohort in bounding):
            return month * DAYS_PER_MONTH, ""
    fewest = min(bounding, key=lambda cohort: at_risk(cohort, DAYS_PER_MONTH))
    return None, f"cohort '{fewest.name}' never has {AT_RISK} at risk at a whole month"
