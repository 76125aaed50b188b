"""Estimators of waiting and its end: numpy in, frozen results out.

The room knows nothing of logs, engines or charts. Durations are plain numbers in any one unit; `observed` says whether a case
ended then or was still open. Every formula is that of DEFINITIONS section 3.
"""

from __future__ import annotations

from leadtime.survival.competing import AalenJohansen, aalen_johansen
from leadtime.survival.contrasts import ContrastInterval
from leadtime.survival.curve import KaplanMeier
from leadtime.survival.fitting import follow_up, kaplan_meier, kaplan_meier_from_counts
from leadtime.survival.fixed_time import FixedTimeInterval, fixed_time_difference, fixed_time_test
from leadtime.survival.gray import gray_test
from leadtime.survival.limits import Interval
from leadtime.survival.logrank import log_rank
from leadtime.survival.medians import median_ratio, percent_change, ratio_by_mover
from leadtime.survival.permutation import exact_log_rank, restricted_mean_permutation
from leadtime.survival.ranks import MannWhitney, hodges_lehmann, mann_whitney
from leadtime.survival.restricted import (
    restricted_mean_difference,
    restricted_mean_ratio,
    restricted_mean_time_lost_difference,
    restricted_mean_time_lost_ratio,
)
from leadtime.survival.truncated import RightTruncated, right_truncated
from leadtime.survival.turnbull import Turnbull, turnbull

__all__ = [
    "AalenJohansen",
    "ContrastInterval",
    "FixedTimeInterval",
    "Interval",
    "KaplanMeier",
    "MannWhitney",
    "RightTruncated",
    "Turnbull",
    "aalen_johansen",
    "exact_log_rank",
    "fixed_time_difference",
    "fixed_time_test",
    "follow_up",
    "gray_test",
    "hodges_lehmann",
    "kaplan_meier",
    "kaplan_meier_from_counts",
    "log_rank",
    "mann_whitney",
    "median_ratio",
    "percent_change",
    "ratio_by_mover",
    "restricted_mean_difference",
    "restricted_mean_permutation",
    "restricted_mean_ratio",
    "restricted_mean_time_lost_difference",
    "restricted_mean_time_lost_ratio",
    "right_truncated",
    "turnbull",
]
