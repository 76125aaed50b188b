"""Checks on who is in which cohort, and by what."""

from __future__ import annotations

from dataclasses import replace

import narwhals as nw
import numpy as np

from leadtime import survival
from leadtime.cases.clock import DAY_US
from leadtime.compare.audit.evidence import AuditEntry, Evidence, Lacking
from leadtime.compare.cohorts import OUTSIDE, WASHED_OUT, Cohort, two_cohorts
from leadtime.compare.routes import route_labels
from leadtime.errors import LeadtimeError

__all__ = [
    "cohort_by_end_date",
    "immortal_time",
    "outside_cohorts",
    "route_selection",
    "straddlers",
    "waiting_list_sample",
    "washout",
]

_EXPECTED = 3.0  # so many stops expected and none seen: the chance of that is exp(-3), 5 %


def cohort_by_end_date(evidence: Evidence) -> AuditEntry | None:
    """Cohorts that are told apart by when their cases ended: long waits of the one before and short ones of the other are left out."""
    rows, (first, second) = evidence.basis.rows, evidence.members
    by_rule = evidence.basis.design.cohort_rule == "stop"
    if not by_rule:
        apart_by_end = rows.end_day[first].max() < rows.end_day[second].min()
        overlapping = rows.start_day[first].max() >= rows.start_day[second].min()
        if evidence.basis.design.by_date or not (apart_by_end and overlapping):
            return None
    return AuditEntry("cohort-by-end-date", first.size + second.size, _by_start(evidence), "ratio")


def _by_start(evidence: Evidence) -> float | None:
    """The ratio of medians if the date that parts the ends parted the starts."""
    basis, (first, second) = evidence.basis, evidence.members
    if basis.design.by_date:
        try:
            return evidence.ratio_of(two_cohorts(basis.rows, basis.design, basis.breaks, "start"))
        except LeadtimeError:
            return None
    both = np.concatenate([first, second])
    late = basis.rows.start_day[both] >= basis.rows.end_day[second].min()
    if not late.any() or late.all():
        return None
    before, after = (evidence.pair.together.take(np.isin(evidence.pair.together.place, both[part])) for part in (~late, late))
    return evidence.ratio_of(replace(evidence.pair, before=before, after=after))


def waiting_list_sample(evidence: Evidence) -> AuditEntry | None:
    """A cohort whose cases were all waiting on one day: those who had waited longest by then are too many.

    Under its own lead times so many would have ended before that day that none having done so is no chance.
    """
    found = 0
    effect: float | None = None
    for cohort in evidence.pair.cohorts:
        rows = evidence.basis.rows
        start, end = rows.start_day[cohort.place], rows.end_day[cohort.place]
        day = int(start.max())
        if cohort.entry is not None or cohort.n < 2 or end.min() < day or not cohort.observed.any():
            continue
        curve = survival.kaplan_meier(cohort.days, cohort.observed)
        waited = [estimate.value for estimate in curve.at((day - start).astype(np.float64))]
        expected = sum(1 - value if value is not None else 1.0 for value in waited)
        if expected >= _EXPECTED:
            found += cohort.n
            effect = _given_entry(cohort, (day - start).astype(np.float64))
    return AuditEntry("waiting-list-sample", found, effect, "change" if effect is not None else "") if found else None


def _given_entry(cohort: Cohort, waited: np.ndarray) -> float | None:
    """By how many days the median changes when each case counts as seen only from the day of the list on."""
    seen = cohort.days > waited
    try:
        honest = survival.kaplan_meier(cohort.days[seen], cohort.observed[seen], entry=waited[seen]).median.value
    except LeadtimeError:
        return None
    plain = survival.kaplan_meier(cohort.days, cohort.observed).median.value
    return None if honest is None or plain is None else honest - plain


def immortal_time(evidence: Evidence) -> AuditEntry | None:
    """Something that all of "after" and none of "before" went through while they waited, though dates don't part the cohorts.

    Who finished before it could come to pass can't be in "after", so the wait until it is given to that cohort for nothing.
    """
    if evidence.apart:
        return None
    waits = _shared_events(evidence)
    if not waits:
        return None
    name, days = max(waits.items(), key=lambda item: item[1])
    return AuditEntry("immortal-time", evidence.cohorts[1].n, days, "days", {"activity": (name, "text")})


def _shared_events(evidence: Evidence) -> dict[str, float]:
    """The activities, no milestones that stop the clock, that every case of "after" had while waiting and none of "before": mean wait."""
    times, design = evidence.basis.times, evidence.basis.design
    pathway = times.pathway
    left_out: list[str] = []
    if pathway is not None:
        named = {activity for name in (pathway.start, *pathway.stop) for activity in pathway.milestones[name].activities}
        left_out = sorted(named | {activity for part in pathway.exits.values() for activity in part.activities})
    alone = {"site_label": design.site or ""} if design.only_site is not None else {}
    clocks = times.with_attributes({"cohort_label": design.by, **alone}).filter(nw.col("status") != "excluded")
    if alone:
        clocks = clocks.filter(nw.col("site_label") == design.only_site)
    clocks = clocks.select("case_id", "cohort_label", clock_start=nw.col("start_wall_us"), clock_end=nw.col("end_wall_us"))
    events = times.log.frame.select("case_id", "activity", "start_wall_us")
    events = events.filter(~nw.col("activity").is_in(left_out)) if left_out else events
    inside = (nw.col("start_wall_us") >= nw.col("clock_start")) & (nw.col("start_wall_us") <= nw.col("clock_end"))
    joined = events.join(clocks, on="case_id", how="inner").filter(inside)
    wait = (nw.col("start_wall_us") - nw.col("clock_start")).min()
    once = joined.group_by("case_id", "activity", "cohort_label").agg(wait=wait)
    counted = times.log.session.collect(once.group_by("activity", "cohort_label").agg(cases=nw.len(), wait=nw.col("wait").mean()))
    counted["cohort_label"] = counted["cohort_label"].astype(str)
    of_before = set(counted.loc[counted["cohort_label"] == design.before, "activity"])
    of_after = counted[(counted["cohort_label"] == design.after) & (counted["cases"] == evidence.cohorts[1].n) & (counted["wait"] > 0)]
    pairs = zip(of_after["activity"], of_after["wait"], strict=True)
    return {str(name): float(wait) / DAY_US for name, wait in pairs if name not in of_before}


def route_selection(evidence: Evidence) -> AuditEntry | None:
    """All of "after" came by one route that nobody of "before" took: others who started the clock then may be left out.

    Where "after" isn't told by the dates of the starts, it is defined by the route, and the cohorts are not comparable.
    """
    labels = route_labels(evidence.basis)
    if labels is None:
        raise Lacking("route")
    first, second = ({str(label) for label in labels[places] if label is not None} for places in evidence.members)
    if len(second) != 1 or second & first or not first:
        return None
    cases = evidence.members[1].size
    return AuditEntry("route-selection", cases, more={"route": (next(iter(second)), "text")}, comparable=evidence.basis.design.by_date)


def straddlers(evidence: Evidence) -> AuditEntry | None:
    """Cases that met both ways of working, and the ratio of medians with their follow-up split at the date."""
    basis = evidence.basis
    if basis.breaks is None:
        raise Lacking("break_date")
    over = basis.breaks.straddled(basis.rows)
    if not over.any():
        return None
    try:
        effect = evidence.ratio_of(two_cohorts(basis.rows, basis.design, basis.breaks, "split"))
    except LeadtimeError:
        effect = None
    return AuditEntry("straddlers", int(over.sum()), effect, "ratio")


def washout(evidence: Evidence) -> AuditEntry | None:
    """Cases left out as they started in the washout."""
    count = int((evidence.codes == WASHED_OUT).sum())
    return AuditEntry("washout", count) if count else None


def outside_cohorts(evidence: Evidence) -> AuditEntry | None:
    """Cases that could be timed and are in neither cohort."""
    count = int((evidence.codes == OUTSIDE).sum())
    return AuditEntry("outside-cohorts", count) if count else None
