"""Every check for bias in the order of the definitions, each looked for by a function of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from leadtime.compare.audit import following, measuring, membership
from leadtime.compare.audit.evidence import AuditCheck, AuditEntry, Evidence, Lacking

if TYPE_CHECKING:
    from leadtime.compare.result import Comparison

__all__ = ["CODES", "audited", "comparable"]

_CHECKS: Mapping[str, Callable[[Evidence], AuditEntry | None]] = {
    "completed-only": following.completed_only,
    "short-follow-up": following.short_follow_up,
    "cohort-by-end-date": membership.cohort_by_end_date,
    "waiting-list-sample": membership.waiting_list_sample,
    "immortal-time": membership.immortal_time,
    "route-selection": membership.route_selection,
    "detection-moved": measuring.detection_moved,
    "straddlers": membership.straddlers,
    "washout": membership.washout,
    "outside-cohorts": membership.outside_cohorts,
    "leavers-censored": following.leavers_censored,
    "month-only-dates": measuring.month_only_dates,
    "season-mismatch": measuring.season_mismatch,
    "empty-risk-set": following.empty_risk_set,
    "stale-open-cases": following.stale_open_cases,
    "new-category-after-break": measuring.new_category_after_break,
    "few-at-risk": following.few_at_risk,
    "observed-until-assumed": following.observed_until_assumed,
    "follow-up-unequal": following.follow_up_unequal,
}
CODES = tuple(_CHECKS)


def audited(comparison: Comparison) -> tuple[AuditCheck, ...]:
    """Looks for every bias, in the order of the definitions."""
    evidence = Evidence(comparison, comparison._basis)
    return tuple(_checked(code, look, evidence) for code, look in _CHECKS.items())


def comparable(comparison: Comparison) -> bool:
    """Whether the cohorts can be compared at all: not where "after" is defined by a route and not by when the clock started."""
    check = _checked("route-selection", membership.route_selection, Evidence(comparison, comparison._basis))
    return check.entry is None or check.entry.comparable


def _checked(code: str, look: Callable[[Evidence], AuditEntry | None], evidence: Evidence) -> AuditCheck:
    try:
        entry = look(evidence)
    except Lacking as what:
        return AuditCheck(code, "not computable", needs=str(what))
    return AuditCheck(code, "found" if entry else "nothing found", entry)
