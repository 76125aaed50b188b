"""What a report rests on: the public functions' results as plain tables, and the sums that link their counts.

Nothing here is in words, and nothing is hidden yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from leadtime import survival
from leadtime.cases import LeadTimes, lead_times
from leadtime.compare import CohortEstimate, Comparison
from leadtime.disclosure import Cell, Profile, ShownCurve, Sum, shown_curve
from leadtime.log import EventLog
from leadtime.pathway import Pathway
from leadtime.report.steps import StepTimes, step_times
from leadtime.results import Estimate, Table, Value

__all__ = ["LINKS", "Gathered", "gather"]

LINKS = "links"  # counts that stand in no table, but follow from some that do

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

    @property
    def keep(self) -> tuple[Cell, ...]:
        """What the report is about, hidden only where nothing else helps: the sizes of the cohorts, and how many finished or not."""
        return tuple(Cell("cohorts", row, name) for row in range(len(self.cohorts)) for name in ("n", "observed", "unfinished"))


@dataclass
class _Links:
    """The sums found so far, and the unpublished counts that they need."""

    values: list[int] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)

    def cell(self, value: int) -> Cell:
        self.values.append(value)
        return Cell(LINKS, len(self.values) - 1, "n")

    def add(self, total: Cell, parts: Iterable[Cell]) -> None:
        # How a clock ended, and how far it got, is what the report is about: no attribute that it could give away.
        self.sums.append(Sum(total, tuple(parts), splits_group=False))

    def subset(self, whole: tuple[Cell, int], part: tuple[Cell, int]) -> None:
        """A count and one within it: what is left over could be told by subtraction."""
        rest = whole[1] - part[1]
        if rest >= 0:
            self.add(whole[0], (part[0], self.cell(rest)) if rest else (part[0],))

    def table(self) -> Table:
        return Table(LINKS, ("n",), tuple((value,) for value in self.values), counts=("n",))


def gather(log: EventLog, pathway: Pathway | None, comparison: Comparison | None, profile: Profile) -> Gathered:
    """Computes all that the report shows, by the public functions."""
    times = comparison.times if comparison else lead_times(log, pathway)
    cohorts = comparison.cohorts if comparison else _alone(times)
    curves = tuple(shown_curve(cohort.curve, profile) for cohort in cohorts)
    steps = step_times(times, comparison)
    links = _Links()
    tables = [
        _cohort_table(cohorts, links),
        _flow_table(times, cohorts, links),
        _curve_table(cohorts, curves, links),
        _step_table(steps, cohorts, links),
        _horizon_table(cohorts, times, comparison),
    ]
    if comparison:
        tables.append(_audit_table(comparison, links))
    return Gathered(log, pathway, times, comparison, cohorts, curves, steps, (*tables, links.table()), tuple(links.sums))


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


def _cohort_table(cohorts: tuple[CohortEstimate, ...], links: _Links) -> Table:
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


def _flow_table(times: LeadTimes, cohorts: tuple[CohortEstimate, ...], links: _Links) -> Table:
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


def _curve_table(cohorts: tuple[CohortEstimate, ...], curves: tuple[ShownCurve, ...], links: _Links) -> Table:
    rows: list[tuple[Value, ...]] = []
    for place, (cohort, curve) in enumerate(zip(cohorts, curves, strict=True)):
        before = (Cell("cohorts", place, "n"), cohort.n)
        for point in curve.points:
            here = (Cell("curve", len(rows), "at_risk"), point.at_risk)
            rows.append((cohort.name, point.month, point.survival, point.lower, point.upper, point.at_risk))
            links.subset(before, here)
            before = here
    return Table("curve", ("cohort", "month", "share", "lower_share", "upper_share", "at_risk"), tuple(rows), counts=("at_risk",))


def _step_table(steps: tuple[StepTimes, ...], cohorts: tuple[CohortEstimate, ...], links: _Links) -> Table:
    rows: list[tuple[Value, ...]] = []
    names = {cohort.name: place for place, cohort in enumerate(cohorts)}
    for step in steps:
        here = (Cell("steps", len(rows), "n"), step.n)
        rows.append((step.source, step.target, step.cohort, step.n, step.median_days, step.p90_days))
        if step.cohort in names:
            place = names[step.cohort]
            links.subset((Cell("cohorts", place, "n"), cohorts[place].n), here)
    return Table("steps", ("source", "target", "cohort", "n", "median_days", "p90_days"), tuple(rows), counts=("n",))


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
    table = cohort.curve.table
    inside = [row for row in table.records() if float(row["time"] or 0) <= tau]
    return sum(int(row["events"] or 0) for row in inside), sum(int(row["censored"] or 0) for row in inside)


def _audit_table(comparison: Comparison, links: _Links) -> Table:
    """The audit's entries; where their cases are a sum of other counts, that is told."""
    rows: list[tuple[Value, ...]] = []
    for entry in comparison.audit_entries:
        here = Cell("audit", len(rows), "cases")
        rows.append((entry.code, entry.cases, entry.effect, entry.unit))
        for parts in _sources(entry.code, comparison.cohorts):
            if sum(count for _, count in parts) == entry.cases:
                links.add(here, (cell for cell, _ in parts))
                break
    return Table("audit", ("code", "cases", "effect", "unit"), tuple(rows), counts=("cases",))


def _sources(code: str, cohorts: tuple[CohortEstimate, ...]) -> list[list[tuple[Cell, int]]]:
    """The sums of other counts that an audit entry's cases may be."""
    numbered = list(enumerate(cohorts))
    if code == "few-at-risk":
        return [[(Cell("horizon", place, "at_risk"), cohort.at_risk_at_tau or 0)] for place, cohort in numbered]
    names = {"completed-only": ("open", "left"), "leavers-censored": ("left",)}.get(code, ("open",))
    if code == "short-follow-up":
        numbered = [(place, cohort) for place, cohort in numbered if cohort.median.value is None]
    elif code not in ("completed-only", "leavers-censored", "observed-until-assumed"):
        return []
    return [[(Cell("cohorts", place, name), int(getattr(cohort, name))) for place, cohort in numbered for name in names]]
