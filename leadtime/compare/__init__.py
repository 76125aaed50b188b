"""Before and after: two cohorts' lead times with unfinished cases counted, the change, its test, and how far it holds."""

from leadtime.compare.attributing import AttributedSegment, Attribution, attribution
from leadtime.compare.audit import AuditCheck, AuditEntry
from leadtime.compare.comparing import compare
from leadtime.compare.describing import CohortDescription, describe_cohorts
from leadtime.compare.limits import WithinLimits, within_limit
from leadtime.compare.milestones import MilestonesReached, milestones_reached
from leadtime.compare.periods import Populations, populations
from leadtime.compare.planning import Plan, plan
from leadtime.compare.result import CohortEstimate, Comparison
from leadtime.compare.sensitivity import SensitivityRow
from leadtime.compare.series import StartCohorts, monthly_start_cohorts
from leadtime.compare.stepped import SteppedComparison, stepped_comparison

__all__ = [
    "AttributedSegment",
    "Attribution",
    "AuditCheck",
    "AuditEntry",
    "CohortDescription",
    "CohortEstimate",
    "Comparison",
    "MilestonesReached",
    "Plan",
    "Populations",
    "SensitivityRow",
    "StartCohorts",
    "SteppedComparison",
    "WithinLimits",
    "attribution",
    "compare",
    "describe_cohorts",
    "milestones_reached",
    "monthly_start_cohorts",
    "plan",
    "populations",
    "stepped_comparison",
    "within_limit",
]
