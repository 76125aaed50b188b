"""How cases move: transitions, profiles, variants and a summary by cohort; all computed in the engine.

Source: DEFINITIONS 4.4 (waiting of a transition), 4.5 (hand-overs), 4.6 (rework).
"""

from leadtime.flow.handovers import HandOvers, hand_over_matrix, waits_by_owner
from leadtime.flow.little import LittlesLaw, littles_law
from leadtime.flow.moves import transitions
from leadtime.flow.profiles import case_profile
from leadtime.flow.progress import WorkInProgress, ageing, cumulative_flow, work_in_progress
from leadtime.flow.repeats import overlaps, rework
from leadtime.flow.summary import cohort_summary, variants
from leadtime.flow.table import FlowTable
from leadtime.flow.working import working_transitions

__all__ = [
    "FlowTable", "HandOvers", "LittlesLaw", "WorkInProgress", "ageing", "case_profile", "cohort_summary", "cumulative_flow",
    "hand_over_matrix", "littles_law", "overlaps", "rework", "transitions", "variants", "waits_by_owner", "work_in_progress",
    "working_transitions",
]  # fmt: skip
