"""The section on who was compared: the cohorts side by side, as the first table of a study has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from leadtime.compare import Comparison, describe_cohorts
from leadtime.compare.describing import CohortDescription, DescriptionRow
from leadtime.disclosure import HIDDEN, Cell
from leadtime.errors import InputError, UsageError
from leadtime.privacy import seem_names
from leadtime.report.links import Links
from leadtime.report.model import Block, TextBlock
from leadtime.results import Table, Value

if TYPE_CHECKING:
    from leadtime.report.parts import Part

__all__ = ["who", "who_table"]

# What a study says of its cases. Any other attribute may be free text, or too much of its own for a report.
_VARIABLES = ("age_at_start_years", "age_at_stop_years", "sex", "site", "route", "referrer", "start_unit", "start_month")
_ALIKE = 0.1  # standardised differences up to here are usually taken for alike (Austin 2009)


def who_table(comparison: Comparison, links: Links) -> list[Table]:
    """Gives the description of the cohorts as a table with its counts linked; none where cohorts come from dates.

    `known` is how many cases a row's mean or share is of.
    """
    if not comparison.of_attribute:
        return []
    rows: list[tuple[Value, ...]] = []
    places = {cohort.name: place for place, cohort in enumerate(comparison.cohorts)}
    described = _described(comparison)
    for name in described.variables if described else ():
        for cohort, place in places.items():
            levels = [row for row in described.rows if (row.variable, row.cohort) == (name, cohort)] if described else []
            cells = [Cell("who", len(rows) + offset, "n") for offset in range(len(levels))]
            missing = levels[0].missing
            known = sum(row.n for row in levels)
            rows += [_row(row, known) for row in levels]
            parts = [*cells, links.cell(missing)] if missing else cells
            # Of the age at stop only those are asked who have stopped.
            whole = "observed" if name == "age_at_stop_years" else "n"
            links.add(Cell("cohorts", place, whole), parts, by_attribute=bool(levels[0].level))
    return [Table("who", ("variable", "level", "cohort", "n", "known", "mean", "sd", "difference"), tuple(rows), counts=("n",))]


def _described(comparison: Comparison) -> CohortDescription | None:
    order = [cohort.name for cohort in comparison.cohorts]
    try:
        everything = describe_cohorts(comparison.times.coded, by=comparison.by, order=order)
    except (InputError, UsageError):
        return None
    # Who referred may be a doctor by name, which is told to nobody.
    left_out = "referrer" if seem_names(row.level for row in everything.rows if row.variable == "referrer") else ""
    kept = tuple(row for row in everything.rows if row.variable in _VARIABLES and row.variable != left_out)
    return CohortDescription(everything.by, everything.cohorts, kept, everything.left_out, everything.without_cohort)


def _row(row: DescriptionRow, known: int) -> tuple[Value, ...]:
    return (row.variable, row.level, row.cohort, row.n, known, row.mean, row.sd, row.standardised_difference)


def who(part: Part) -> Iterable[Block]:
    """Gives the table with the cohorts beside each other, and what a difference means."""
    if part.found.comparison is None:
        return
    phrases, found = part.phrases, part.found.table("who")
    if found is None or not found.rows:
        yield TextBlock((phrases.say("who_none"),), "note")
        return
    names = [cohort.name for cohort in part.found.cohorts]
    cells: dict[tuple[str, str], dict[str, tuple[Value, Value]]] = {}
    differences: dict[str, Value] = {}
    for row in part.disclosed.table("who").records():
        cells.setdefault((str(row["variable"]), str(row["level"])), {})[str(row["cohort"])] = (row["n"], _figure(row, part))
        differences[str(row["variable"])] = row["difference"]
    columns = [part.column("variable"), part.column("level")]
    for name in names:
        labels = {key: f"{phrases.cohort(name)}: {phrases.say(f'who_{key}')}" for key in ("n", "figure")}
        columns += [
            part.column(f"who_{names.index(name)}_n", "count", labels["n"]),
            part.column(f"who_{names.index(name)}", "text", labels["figure"]),
        ]
    columns.append(part.column("difference", "figure"))
    rows: list[tuple[Value, ...]] = []
    for (variable, level), figures in cells.items():
        beside = [value for name in names for value in figures[name]]
        said = phrases.known("report.level", level) if variable != "start_month" else phrases.month_name(level)
        rows.append((phrases.known("report.variable", variable), said, *beside, _difference(differences[variable], part)))
    yield TextBlock((phrases.say("who_intro"),))
    yield part.table("who", columns, rows)
    yield TextBlock((phrases.say("who_note", {"alike": phrases.text.number(_ALIKE, digits=1)}),), "note")


def _figure(row: dict[str, Value], part: Part) -> Value:
    """The share of a level, or mean and spread of a number; hidden with its count."""
    n, known, mean, sd = (row[name] for name in ("n", "known", "mean", "sd"))
    if n == HIDDEN or mean == HIDDEN:
        return HIDDEN
    text = part.phrases.text
    if isinstance(mean, float):
        values = {"mean": text.number(mean, digits=1), "sd": text.number(sd, digits=1) if isinstance(sd, float) else "-"}
        return part.phrases.say("who_mean", values)
    if row["level"] and isinstance(n, int) and isinstance(known, int) and known:
        return text.percent(n / known)
    return ""


def _difference(value: Value, part: Part) -> Value:
    """A difference in standard deviations; one between groups that share no level is without bound."""
    return part.phrases.say("who_apart") if value is None else round(float(value), 2)
