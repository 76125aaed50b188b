"""What may bend a comparison: each code with the cases it touches and its effect (DEFINITIONS 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.compare.cohorts import Design
from leadtime.compare.result import AuditEntry, CohortEstimate

if TYPE_CHECKING:
    from leadtime.cases import LeadTimes

__all__ = ["FEW_AT_RISK", "audited"]

FEW_AT_RISK = 10


def audited(
    times: LeadTimes, design: Design, cohorts: tuple[CohortEstimate, CohortEstimate], tau: float | None, washed_out: int
) -> tuple[AuditEntry, ...]:
    """Gives the entries that apply to a comparison, in the order of the definitions."""
    unfinished = sum(cohort.open + cohort.left for cohort in cohorts)
    # Whoever could be timed and is in neither cohort nor the washout: without a value, or in a third group.
    timed = sum(int(row["cases"] or 0) for row in times.flow.records() if row["status"] != "excluded")
    outside = timed - sum(cohort.n for cohort in cohorts) - washed_out
    unreached = [cohort for cohort in cohorts if cohort.median.value is None]
    leavers = sum(cohort.left for cohort in cohorts)
    # A curve that has reached 0 needs nobody at risk: all its cases are known.
    followed = [] if tau is None else [cohort.at_risk_at_tau or 0 for cohort in cohorts if cohort.curve.at([tau])[0].value]
    fewest = min(followed, default=FEW_AT_RISK)
    found = [
        (unfinished > 0, AuditEntry("completed-only", unfinished, _bias(cohorts), "days")),
        (bool(unreached), AuditEntry("short-follow-up", sum(cohort.open for cohort in unreached), None, "")),
        (design.break_date is not None, AuditEntry("straddlers", _straddlers(times, design), None, "cases")),
        (washed_out > 0, AuditEntry("washout", washed_out, None, "cases")),
        (outside > 0, AuditEntry("outside-cohorts", outside, None, "cases")),
        (leavers > 0, AuditEntry("leavers-censored", leavers, max(cohort.left / cohort.n for cohort in cohorts), "share")),
        (fewest < FEW_AT_RISK, AuditEntry("few-at-risk", fewest, tau, "days")),
        (
            times.until_assumed and times.pathway is not None,
            AuditEntry("observed-until-assumed", sum(cohort.open for cohort in cohorts), None, ""),
        ),
    ]
    return tuple(entry for applies, entry in found if applies and (entry.cases or entry.code != "straddlers"))


def _bias(cohorts: tuple[CohortEstimate, CohortEstimate]) -> float | None:
    """By how many days the completed-only medians miss, in the cohort where they miss most."""
    misses = [
        cohort.completed_only_median - cohort.median.value
        for cohort in cohorts
        if cohort.completed_only_median is not None and cohort.median.value is not None
    ]
    return max(misses, key=abs) if misses else None


def _straddlers(times: LeadTimes, design: Design) -> int:
    """Cases whose clock started before the break date and was still running on it."""
    if design.break_date is None:
        return 0
    from datetime import date

    at = (date.fromisoformat(design.break_date) - date(1970, 1, 1)).days
    over = times.frame.filter(nw.col("status") != "excluded", nw.col("start_wall_us") // DAY_US < at, nw.col("end_wall_us") // DAY_US >= at)
    return int(over.select(nw.len()).collect("pandas").item())
