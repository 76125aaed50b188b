"""Estimators of waiting and its end: numpy in, frozen results out.

The room knows nothing of logs, engines or charts. Durations are plain numbers in any one unit; `observed` says whether a case
ended then or was still open. Every formula is that of DEFINITIONS section 3.
"""

from __future__ import annotations

from leadtime.survival.competing import AalenJohansen, aalen_johansen
from leadtime.survival.curve import KaplanMeier, follow_up, kaplan_meier, kaplan_meier_from_counts
from leadtime.survival.limits import Interval
from leadtime.survival.logrank import log_rank
from leadtime.survival.medians import median_ratio, percent_change
from leadtime.survival.permutation import exact_log_rank, restricted_mean_permutation
from leadtime.survival.restricted import restricted_mean_difference, restricted_mean_ratio, restricted_mean_time_lost_ratio

__all__ = [
    "AalenJohansen",
    "Interval",
    "KaplanMeier",
    "aalen_johansen",
    "exact_log_rank",
    "follow_up",
    "kaplan_meier",
    "kaplan_meier_from_counts",
    "log_rank",
    "median_ratio",
    "percent_change",
    "restricted_mean_difference",
    "restricted_mean_permutation",
    "restricted_mean_ratio",
    "restricted_mean_time_lost_ratio",
]
