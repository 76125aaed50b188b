"""What a report rests on: the public functions' results as plain tables, and the sums that link their counts.

Nothing here is in words, and nothing is hidden yet.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from leadtime import survival
from leadtime.cases import LeadTimes, lead_times
from leadtime.compare import Attribution, CohortEstimate, Comparison
from leadtime.disclosure import Cell, Profile, ShownCurve, Sum, shown_curve
from leadtime.log import EventLog
from leadtime.pathway import Pathway
from leadtime.quality import refuse_centuries
from leadtime.report.links import Counted, Links
from leadtime.report.months import split_change
from leadtime.report.steps import StepTimes, step_times
from leadtime.report.trend import Trend, trend_table
from leadtime.report.waits import wait_tables
from leadtime.report.wastes import waste_table
from leadtime.report.who import who_table
from leadtime.results import Estimate, QualityReport, Table, Value

__all__ = ["Gathered", "gather"]

_DAY_US = 86_400_000_000
_STATUS = (("observed", "stopped"), ("open", "still waiting"), ("left", "left"))


@dataclass(frozen=True, eq=False)
class Gathered:
    """Results before words and disclosure: the cohorts (one without a comparison), curves, tables, and how their counts are linked."""

    log: EventLog
    pathway: Pathway | None
    times: LeadTimes
    comparison: Comparison | None
    cohorts: tuple[CohortEstimate, ...]
    curves: tuple[ShownCurve, ...]
    steps: tuple[StepTimes, ...]
    tables: tuple[Table, ...]
    sums: tuple[Sum, ...]
    quality: QualityReport
    segments: Attribution | None = None
    kinds: Attribution | None = None
    trend: Trend | None = None

    def table(self, name: str) -> Table | None:
        """Gives a table by its name; None where its section wasn't asked for, or there is nothing for it."""
        return next((table for table in self.tables if table.name == name), None)

    @property
    def keep(self) -> tuple[Cell, ...]:
        """What the report is about, hidden only where nothing else helps: the sizes of the cohorts, and how many finished or not."""
        return tuple(Cell("cohorts", row, name) for row in range(len(self.cohorts)) for name in ("n", "observed", "unfinished"))


def gather(
    log: EventLog,
    pathway: Pathway | None,
    comparison: Comparison | None,
    profile: Profile,
    *,
    quality: QualityReport,
    sections: Collection[str],
) -> Gathered:
    """Computes all that the report shows, by the public functions; what only sections show that nobody wants isn't computed."""
    times = comparison.times if comparison else lead_times(log, pathway)
    refuse_centuries(log, times.observed_until)
    cohorts = comparison.cohorts if comparison else _alone(times)
    curves = tuple(shown_curve(cohort.curve, profile) for cohort in cohorts)
    steps = step_times(times.coded, comparison)
    links = Links()
    tables = [
        _cohort_table(cohorts, links),
        _flow_table(times, cohorts, links),
        _curve_table(cohorts, curves, links),
        _step_table(steps, times, cohorts, links),
        _horizon_table(cohorts, times, comparison),
    ]
    if comparison:
        tables.append(_audit_table(comparison, links))
    if comparison and "who" in sections:
        tables += who_table(comparison, links)
    if "waits" in sections:
        with log.coded.passing():
            waited = wait_tables(log.coded, profile)
        tables += waited
        _link_waits(waited[0], times, links)
    if "waste" in sections:
        tables += waste_table(log, pathway, comparison, links)
    segments = split_change(comparison, "segments") if comparison and "months" in sections else None
    kinds = split_change(comparison, "time_split") if comparison and "kinds" in sections else None
    trend = trend_table(comparison, profile, links) if comparison and "trend" in sections else None
    tables += [part.table for part in (trend,) if part]
    return Gathered(
        log,
        pathway,
        times,
        comparison,
        cohorts,
        curves,
        steps,
        (*tables, links.table()),
        tuple(links.sums),
        quality,
        segments,
        kinds,
        trend,
    )


def _alone(times: LeadTimes) -> tuple[CohortEstimate, ...]:
    """All cases as one cohort; none where no case has a lead time."""
    counted = times.grouped(None)
    if counted.empty:
        return ()
    entry = counted["entry_us"].to_numpy(dtype=float) / _DAY_US
    stopped = (counted["status"] == "stopped").to_numpy()
    n = counted["n"].to_numpy(dtype="int64")
    curve = survival.kaplan_meier_from_counts(
        counted["lead_us"].to_numpy(dtype=float) / _DAY_US, stopped, n, entry=entry if entry.any() else None
    )
    counts = {name: int(n[(counted["status"] == status).to_numpy()].sum()) for name, status in _STATUS}
    finished = (
        survival.kaplan_meier_from_counts(
            counted["lead_us"].to_numpy(dtype=float)[stopped] / _DAY_US, stopped[stopped], n[stopped]
        ).median.value
        if counts["observed"]
        else None
    )
    return (
        CohortEstimate(
            name="", n=int(n.sum()), median=curve.median, p90=curve.quantile(0.9), restricted_mean=None, done=None, left_early=None,
            waiting=None, at_risk_at_tau=None, completed_only_median=finished, curve=curve, **counts,
        ),
    )  # fmt: skip


def _parts(estimate: Estimate | None) -> tuple[Value, Value, Value]:
    return (estimate.value, estimate.lower, estimate.upper) if estimate else (None, None, None)


def _cohort_table(cohorts: tuple[CohortEstimate, ...], links: Links) -> Table:
    figures = ("median", "restricted_mean", "p90")
    columns = [
        "cohort",
        "n",
        "observed",
        "unfinished",
        "open",
        "left",
        *(f"{name}_{part}days" for name in figures for part in ("", "lower_", "upper_")),
    ]
    rows: list[tuple[Value, ...]] = []
    for row, cohort in enumerate(cohorts):
        estimates = (_parts(cohort.median), _parts(cohort.restricted_mean), _parts(cohort.p90))
        cells = [value for estimate in estimates for value in estimate]
        unfinished = cohort.open + cohort.left
        rows.append((cohort.name, cohort.n, cohort.observed, unfinished, cohort.open, cohort.left, *cells, cohort.completed_only_median))
        links.add(Cell("cohorts", row, "n"), (Cell("cohorts", row, "observed"), Cell("cohorts", row, "unfinished")))
        links.add(Cell("cohorts", row, "unfinished"), (Cell("cohorts", row, "open"), Cell("cohorts", row, "left")))
    return Table("cohorts", (*columns, "completed_only_median_days"), tuple(rows), counts=("n", "observed", "unfinished", "open", "left"))


def _flow_table(times: LeadTimes, cohorts: tuple[CohortEstimate, ...], links: Links) -> Table:
    """The flow table with its total; its statuses are those of the cohorts, and of cases that are in neither."""
    rows = times.flow.rows
    total = sum(int(row[2] or 0) for row in rows)
    links.add(Cell("flow", len(rows), "cases"), (Cell("flow", row, "cases") for row in range(len(rows))))
    for name, status in _STATUS:
        here = [(Cell("flow", row, "cases"), int(cells[2] or 0)) for row, cells in enumerate(rows) if cells[0] == status]
        counts = [int(getattr(cohort, name)) for cohort in cohorts]
        if not here or not cohorts:
            continue
        together = sum(count for _, count in here)
        whole = links.cell(together)
        links.add(whole, (cell for cell, _ in here))
        neither = together - sum(counts)
        inside = [Cell("cohorts", row, name) for row in range(len(cohorts))]
        links.add(whole, (*inside, links.cell(neither)) if neither else inside)
    return Table("flow", ("status", "detail", "cases"), (*rows, ("total", "", total)), counts=("cases",))


def _curve_table(cohorts: tuple[CohortEstimate, ...], curves: tuple[ShownCurve, ...], links: Links) -> Table:
    rows: list[tuple[Value, ...]] = []
    for place, (cohort, curve) in enumerate(zip(cohorts, curves, strict=True)):
        before = (Cell("cohorts", place, "n"), cohort.n)
        for point in curve.points:
            here = (Cell("curve", len(rows), "at_risk"), point.at_risk)
            rows.append((cohort.name, point.month, point.survival, point.lower, point.upper, point.at_risk))
            links.subset(before, here)
            before = here
    return Table("curve", ("cohort", "month", "share", "lower_share", "upper_share", "at_risk"), tuple(rows), counts=("at_risk",))


def _step_table(steps: tuple[StepTimes, ...], times: LeadTimes, cohorts: tuple[CohortEstimate, ...], links: Links) -> Table:
    rows: list[tuple[Value, ...]] = []
    completed: dict[tuple[str, str], list[Counted]] = {}
    names = {cohort.name: place for place, cohort in enumerate(cohorts)}
    for step in steps:
        here = (Cell("steps", len(rows), "n"), step.n)
        rows.append((step.source, step.target, step.cohort, step.n, step.median_days, step.p90_days))
        completed.setdefault((step.source, step.target), []).append(here)
        if step.cohort in names:
            place = names[step.cohort]
            links.subset((Cell("cohorts", place, "n"), cohorts[place].n), here)
            if times.pathway and times.pathway.stop == (step.target,):
                links.nested(here, (Cell("cohorts", place, "observed"), cohorts[place].observed))
    for (source, target), counts in completed.items():
        if times.pathway and source not in times.pathway.stop:
            _ended_there(("stopped", target), counts, times, links)
    return Table("steps", ("source", "target", "cohort", "n", "median_days", "p90_days"), tuple(rows), counts=("n",))


def _ended_there(end: tuple[str, str], reached: list[Counted], times: LeadTimes, links: Links) -> None:
    """Who ended somewhere, by status and name, came there: counts of those who came tell how many ended, but for few who did otherwise."""
    ended = next(((Cell("flow", row, "cases"), int(cells[2] or 0)) for row, cells in enumerate(times.flow.rows) if cells[:2] == end), None)
    if ended is None or not reached:
        return
    together = sum(count for _, count in reached)
    whole = reached[0][0] if len(reached) == 1 else links.cell(together)
    if len(reached) > 1:
        links.add(whole, (cell for cell, _ in reached))
    links.nested((whole, together), ended)


def _link_waits(waits: Table, times: LeadTimes, links: Links) -> None:
    """Links the waits between activities, in a log without units, with how many ended with each."""
    pathway = times.pathway
    if pathway is None or waits.name != "hand_overs":
        return
    ends = {("stopped", name): pathway.milestones[name].activities for name in pathway.stop}
    ends |= {("left", name): step.activities for name, step in pathway.exits.items()}
    for end, activities in ends.items():
        to_there = [(place, row) for place, row in enumerate(waits.rows) if row[1] in activities]
        _ended_there(end, [(Cell("hand_overs", place, "cases"), int(row[2] or 0)) for place, row in to_there], times, links)


def _horizon_table(cohorts: tuple[CohortEstimate, ...], times: LeadTimes, comparison: Comparison | None) -> Table:
    """The shares at the horizon, beside the counts that they rest on (`stops` and `exits` up to it)."""
    columns = ("cohort", "at_risk", "done", "left_early", "waiting", "stops", "exits")
    rows: list[tuple[Value, ...]] = []
    if comparison and comparison.tau is not None:
        for cohort in cohorts:
            shares = [estimate.value if estimate else None for estimate in (cohort.done, cohort.left_early)]
            stops, others = _up_to(cohort, comparison.tau)
            rows.append((cohort.name, cohort.at_risk_at_tau, *shares, cohort.waiting, stops, others))
    return Table("horizon", columns, tuple(rows), counts=("at_risk",))


def _up_to(cohort: CohortEstimate, tau: float) -> tuple[int, int]:
    """How many stopped, and how many otherwise ended, by a time."""
    time, stops, others = cohort.curve.ends
    inside = time.astype(np.float64) <= tau
    return int(stops[inside].astype(np.int64).sum()), int(others[inside].astype(np.int64).sum())


# The counts of the cohorts that an entry's cases are the sum of, or are among; by code: which counts, of which cohorts.
_BOTH, _AFTER, _EITHER = ((0, 1),), ((1,),), ((0,), (1,), (0, 1))
_COUNTED_IN: Mapping[str, tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]] = MappingProxyType({
    "completed-only": (("open", "left"), _BOTH), "leavers-censored": (("left",), _BOTH), "observed-until-assumed": (("open",), _BOTH),
    "short-follow-up": (("open",), _EITHER), "stale-open-cases": (("open",), _BOTH), "follow-up-unequal": (("n",), _BOTH),
    "cohort-by-end-date": (("n",), _BOTH), "waiting-list-sample": (("n",), _EITHER), "immortal-time": (("n",), _AFTER),
    "route-selection": (("n",), _AFTER), "detection-moved": (("n",), _BOTH), "month-only-dates": (("n",), _BOTH),
    "season-mismatch": (("n",), _BOTH), "new-category-after-break": (("n",), _AFTER), "straddlers": (("n",), ((0,),)),
})  # fmt: skip


def _audit_table(comparison: Comparison, links: Links) -> Table:
    """The audit's entries; where their cases are a sum of other counts, or among them, that is told."""
    rows: list[tuple[Value, ...]] = []
    for entry in comparison.audit_entries:
        _link_audit((Cell("audit", len(rows), "cases"), entry.cases), entry.code, comparison.cohorts, links)
        rows.append((entry.code, entry.cases, entry.effect, entry.unit))
    return Table("audit", ("code", "cases", "effect", "unit"), tuple(rows), counts=("cases",))


def _link_audit(here: tuple[Cell, int], code: str, cohorts: tuple[CohortEstimate, ...], links: Links) -> None:
    if code == "few-at-risk":
        parts = [(Cell("horizon", place, "at_risk"), cohort.at_risk_at_tau or 0) for place, cohort in enumerate(cohorts)]
        links.add(here[0], [next(cell for cell, count in parts if count == here[1])])
        return
    names, choices = _COUNTED_IN.get(code, ((), ()))
    sums = [
        [(Cell("cohorts", place, name), int(getattr(cohorts[place], name))) for place in places for name in names] for places in choices
    ]
    equal = [parts for parts in sums if sum(count for _, count in parts) == here[1]]
    if equal:
        links.add(here[0], (cell for cell, _ in equal[0]))
    elif sums:
        total = sum(count for _, count in sums[-1])
        whole = links.cell(total)
        links.add(whole, (cell for cell, _ in sums[-1]))
        links.subset((whole, total), here)
