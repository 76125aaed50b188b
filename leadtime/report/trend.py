"""The section on whether it was falling already: lead times by when the clock started, and what a control chart says of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from leadtime import control
from leadtime.compare import Comparison, StartCohorts
from leadtime.compare.series import Every, counted_starts, start_cohorts
from leadtime.control import ControlChart, SegmentedRegression
from leadtime.disclosure import HIDDEN, Cell, Profile
from leadtime.errors import LeadtimeError
from leadtime.report.links import Links
from leadtime.report.model import Block, TextBlock
from leadtime.results import Table, Value

if TYPE_CHECKING:
    from leadtime.report.parts import Part

__all__ = ["Trend", "trend", "trend_table"]

_EVERY: tuple[Every, ...] = ("quarter", "year")
_FEWEST_STARTS = 3  # a period, on average, for a chart of its means to tell anything
_FEWEST_POINTS = 6


@dataclass(frozen=True)
class Trend:
    """The table by period, and the chart of the series before the change; `line` where a break date gives a line on either side."""

    table: Table
    every: Every
    chart: ControlChart | None
    chart_every: Every
    line: SegmentedRegression | None
    tau: float | None


def trend_table(comparison: Comparison, profile: Profile, links: Links) -> Trend | None:
    """Gives lead times by period of start, as fine as may be shown, and the chart of those before, as fine as tells something.

    With one break date the chart runs on past it, with limits of its own on either side.
    """
    by = comparison.by if comparison.of_attribute else None
    before = comparison.before if by else ""
    try:
        times = comparison.times.coded
        series = cache(partial(start_cohorts, times, counted_starts(times, by)))
        finest: Every = next((every for every in _EVERY if _fit(series(every), max(profile.median_stops, 2))), _EVERY[-1])
        chosen: Every = next((every for every in _EVERY if _starts(series(every).of(before)) >= _FEWEST_STARTS), _EVERY[-1])
    except LeadtimeError:
        return None
    chart, line = _charted(series(chosen).of(before), None if by else comparison.break_date)
    return Trend(_table(series(finest), comparison, links, by), finest, chart, chosen, line, series(finest).tau)


def _starts(series: StartCohorts) -> float:
    """How many start a period, on average."""
    kept = [n for n in series.starts if n]
    return sum(kept) / len(kept) if kept else 0.0


def _fit(series: StartCohorts, needed: int) -> bool:
    """Whether nearly all periods have enough who have finished to be shown."""
    kept = [cohort for cohort in series.cohorts if cohort.n]
    return sum(cohort.observed >= needed for cohort in kept) >= 0.8 * len(kept)


def _charted(series: StartCohorts, break_date: str | None) -> tuple[ControlChart | None, SegmentedRegression | None]:
    known = [place for place, value in enumerate(series.restricted_means) if value is not None]
    if len(known) < _FEWEST_POINTS:
        return None, None
    values, labels = series.restricted_means[: known[-1] + 1], series.labels[: known[-1] + 1]
    place = series.position_of(break_date) if break_date else None
    try:
        if place is None or not 2 <= place <= len(values) - 2:
            return control.xmr(values, labels=labels), None
        chart = control.xmr(values, labels=labels, rebase=place)
        return chart, control.segmented_regression(values, break_at=place, labels=labels)
    except LeadtimeError:
        return None, None


def _table(series: StartCohorts, comparison: Comparison, links: Links, by: str | None) -> Table:
    """A row a period and cohort with starts; their numbers add up to those of the cohort, or of all."""
    rows: list[tuple[Value, ...]] = []
    order = [cohort.name for cohort in comparison.cohorts] if by else [""]
    for place, name in enumerate(order):
        kept = [cohort for cohort in series.cohorts if cohort.group == name and cohort.n]
        cells = [Cell("trend", len(rows) + offset, "n") for offset in range(len(kept))]
        for cohort in kept:
            mean = cohort.restricted_mean.value if cohort.restricted_mean else None
            median = cohort.median.value if cohort.median else None
            rows.append((cohort.period, name, cohort.n, cohort.observed, mean, median))
        links.add(Cell("cohorts", place, "n") if by else _whole(links, comparison, sum(cohort.n for cohort in kept)), cells)
    return Table("trend", ("period", "cohort", "n", "stops", "mean_days", "median_days"), tuple(rows), counts=("n",))


def _whole(links: Links, comparison: Comparison, total: int) -> Cell:
    """All clock starts: those of the cohorts, and of cases that are in neither."""
    whole = links.cell(total)
    neither = total - sum(cohort.n for cohort in comparison.cohorts)
    inside = [Cell("cohorts", place, "n") for place in range(len(comparison.cohorts))]
    links.add(whole, (*inside, links.cell(neither)) if neither else inside)
    return whole


def trend(part: Part) -> Iterable[Block]:
    """Gives what the chart says, then the table by period."""
    if part.found.comparison is None:
        return
    phrases, found = part.phrases, part.found.trend
    if found is None or not found.table.rows:
        yield TextBlock((phrases.say("trend_none"),), "note")
        return
    yield TextBlock(tuple(_said(found, part)))
    several = any(row["cohort"] for row in part.disclosed.table("trend").records())
    columns = [part.column("period"), *([part.column("cohort")] if several else []), part.column("n", "count")]
    columns += [part.column("trend_mean_days", "days"), part.column("median_days", "days")]
    rows = []
    for row in part.disclosed.table("trend").records():
        figures = [HIDDEN, HIDDEN] if HIDDEN in (row["n"], row["median_days"], row["mean_days"]) else [row["mean_days"], row["median_days"]]
        cohort = [phrases.cohort(str(row["cohort"]))] if several else []
        rows.append((row["period"], *cohort, row["n"], *figures))
    yield part.table("trend", columns, rows, missing="report.trend_unknown")
    tau = phrases.duration(found.tau)
    yield TextBlock((phrases.say("trend_note", {"tau": tau}) if found.tau else phrases.say("trend_note_none"),), "note")


def _said(found: Trend, part: Part) -> Iterable[str]:
    phrases, chart = part.phrases, found.chart
    if part.too_few:
        return
    if chart is None:
        yield phrases.say("trend_few", {"n": phrases.text.integer(_FEWEST_POINTS)})
        return
    first = chart.parts[0]
    signals = [place for place in chart.signals if first.first <= place <= first.last]
    values = {
        "every": phrases.say(f"every.{found.chart_every}"), "centre": phrases.duration(first.centre),
        "lower": phrases.duration(max(first.lower or 0.0, 0.0)), "upper": phrases.duration(first.upper),
        "points": phrases.text.integer(sum(value is not None for value in chart.points.column("value")[first.first : first.last + 1])),
    }  # fmt: skip
    yield phrases.say("trend_signal" if signals or first.runs_signal else "trend_quiet", values)
    if first.trial:
        yield phrases.say("trend_trial")
    if found.line is not None:
        slope, level = found.line.slope_before, found.line.level_change
        yield phrases.say("trend_line", {
            "every": phrases.say(f"every.{found.chart_every}"), "confidence": part.confidence,
            **{f"{name}{end}": phrases.change(value) for name, estimate in (("slope", slope), ("level", level))
               for end, value in (("", estimate.value), ("_lower", estimate.lower), ("_upper", estimate.upper))},
        })  # fmt: skip
