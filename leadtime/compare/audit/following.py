"""Checks on how long and how completely the cases were followed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leadtime import survival
from leadtime.compare.audit.evidence import FEW_AT_RISK, SILENT_DAYS, AuditEntry, Evidence
from leadtime.compare.cohorts import Cohort
from leadtime.compare.decision import UNLIKE, followed_unlike
from leadtime.compare.rows import OPEN
from leadtime.survival.checks import sample_of
from leadtime.survival.risksets import risk_table

__all__ = [
    "completed_only",
    "empty_risk_set",
    "few_at_risk",
    "follow_up_unequal",
    "leavers_censored",
    "observed_until_assumed",
    "short_follow_up",
    "stale_open_cases",
]

_EARLY = 5  # under so many at risk, with others still to enter, a curve hangs on few


def completed_only(evidence: Evidence) -> AuditEntry | None:
    """Unfinished cases, and by how many days a median of the finished ones would miss, in the cohort where it misses most."""
    unfinished = sum(cohort.open + cohort.left for cohort in evidence.cohorts)
    misses = [
        cohort.completed_only_median - cohort.median.value
        for cohort in evidence.cohorts
        if cohort.completed_only_median is not None and cohort.median.value is not None
    ]
    return AuditEntry("completed-only", unfinished, max(misses, key=abs) if misses else None, "days") if unfinished else None


def short_follow_up(evidence: Evidence) -> AuditEntry | None:
    """A median that isn't reached, or that lies past the median follow-up (reverse Kaplan-Meier, Schemper & Smith 1996)."""
    short, lacking = 0, 0.0
    for cohort, cases in zip(evidence.cohorts, evidence.pair.cohorts, strict=True):
        followed = survival.follow_up(cases.days, cases.observed).median.value
        if cohort.median.value is None:
            short += cohort.open
        elif followed is not None and followed < cohort.median.value and cohort.open:
            short += cohort.open
            lacking = max(lacking, cohort.median.value - followed)
    return AuditEntry("short-follow-up", short, lacking or None, "days" if lacking else "") if short else None


def leavers_censored(evidence: Evidence) -> AuditEntry | None:
    """Cases that left, and by how much their being censored raises the share finished by the horizon."""
    leavers = sum(cohort.left for cohort in evidence.cohorts)
    if not leavers:
        return None
    gaps = []
    for cohort in evidence.cohorts:
        if evidence.comparison.tau is not None and cohort.done is not None and cohort.done.value is not None:
            waiting = cohort.curve.at([evidence.comparison.tau])[0].value
            gaps.append(0.0 if waiting is None else 1 - waiting - cohort.done.value)
    return AuditEntry("leavers-censored", leavers, max(gaps, default=None), "share" if gaps else "")


def few_at_risk(evidence: Evidence) -> AuditEntry | None:
    """Under 10 under observation at the horizon; a curve that has reached 0 needs nobody there, as all its cases are known."""
    tau = evidence.comparison.tau
    if tau is None:
        return None
    followed = [cohort.at_risk_at_tau or 0 for cohort in evidence.cohorts if cohort.curve.at([tau])[0].value]
    fewest = min(followed, default=FEW_AT_RISK)
    return AuditEntry("few-at-risk", fewest, tau, "days") if fewest < FEW_AT_RISK else None


def observed_until_assumed(evidence: Evidence) -> AuditEntry | None:
    """The end of observation wasn't given: how long the open cases have waited hangs on the log's last date."""
    times = evidence.basis.times
    waiting = sum(cohort.open for cohort in evidence.cohorts)
    return AuditEntry("observed-until-assumed", waiting) if times.until_assumed and times.pathway is not None else None


def follow_up_unequal(evidence: Evidence) -> AuditEntry | None:
    """Some cases are unfinished and the cohorts could be seen for unlike lengths of time: a permutation test is then approximate."""
    differs = evidence.basis.unequal_follow_up
    if differs is None and not followed_unlike(evidence.pair):
        return None
    method = evidence.comparison.test.method
    variant = "permutation" if evidence.comparison.test.name.startswith("permutation") else "no-permutation" if UNLIKE in method else ""
    return AuditEntry("follow-up-unequal", sum(cohort.n for cohort in evidence.cohorts), differs, "change", variant=variant)


def empty_risk_set(evidence: Evidence) -> AuditEntry | None:
    """Late entries leave few at risk early, so that the curve there hangs on few (an empty risk set is refused, or conditioned on)."""
    fewest: list[tuple[int, float]] = []
    for cohort in evidence.pair.cohorts:
        if cohort.entry is not None:
            fewest += _few_early(cohort)
    return AuditEntry("empty-risk-set", *min(fewest), "days") if fewest else None


def _few_early(cohort: Cohort) -> list[tuple[int, float]]:
    """How few were at risk at a stop before the last late entry, and when."""
    assert cohort.entry is not None  # noqa: S101 - the caller has looked
    table = risk_table(sample_of(cohort.days, cohort.observed, cohort.entry))
    early = (table.events > 0) & (table.time < cohort.entry.max()) & (table.at_risk < _EARLY)
    return [(int(number), float(day)) for number, day in zip(table.at_risk[early], table.time[early], strict=True)]


def stale_open_cases(evidence: Evidence) -> AuditEntry | None:
    """Open cases without any event for over a year, and the ratio of medians if they were followed to their last event only."""
    rows, day = evidence.basis.rows, evidence.last_event_day
    silent = (rows.outcome == OPEN) & (rows.end_day - day > SILENT_DAYS)
    count = sum(int(silent[places].sum()) for places in evidence.members)
    if not count:
        return None

    def shortened(cohort: Cohort) -> Cohort:
        known = (day - rows.start_day)[cohort.place].astype(np.float64)
        late = np.zeros(cohort.n) if cohort.entry is None else cohort.entry
        return replace(cohort, days=np.where(silent[cohort.place] & (known > late), known, cohort.days))

    pair = replace(evidence.pair, before=shortened(evidence.pair.before), after=shortened(evidence.pair.after))
    return AuditEntry("stale-open-cases", count, evidence.ratio_of(pair), "ratio")
