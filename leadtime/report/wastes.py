"""The section on waste: every measure of the ledger by cohort, waiting first; one that can't be had says what it lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from leadtime.compare import Comparison
from leadtime.disclosure import HIDDEN, Cell
from leadtime.log import EventLog
from leadtime.pathway import Pathway
from leadtime.report.links import Links
from leadtime.report.model import Block, Column, TextBlock
from leadtime.results import Table, Value
from leadtime.waste import waste
from leadtime.waste.declarations import COMPUTED, MEASURES

if TYPE_CHECKING:
    from leadtime.report.parts import Part

__all__ = ["waste_table", "wastes"]

_UNIT = {figure.name: figure.unit for measure in MEASURES for figure in measure.figures}
_FOLLOWED = frozenset(figure.followed for measure in MEASURES for figure in measure.figures if figure.followed)
_FIGURES = ("mean", "median", "p90")
_COLUMNS = ("code", "figure", "cohort", "counted", "affected", "stops", *_FIGURES, "state")
_ORDER = {name: (place, number) for place, measure in enumerate(MEASURES)
          for number, name in enumerate((measure.code, *(figure.name for figure in measure.figures)))}  # fmt: skip
_LACKING = re.compile(r"'([^']+)'")


def waste_table(log: EventLog, pathway: Pathway | None, comparison: Comparison | None, links: Links) -> list[Table]:
    """Gives the ledger as a table, a row for each figure and cohort, and one for each measure that isn't computable.

    All cases are one cohort without a comparison, and where its cohorts come from dates.
    """
    by = comparison.by if comparison and comparison.of_attribute else None
    order = [cohort.name for cohort in comparison.cohorts] if comparison and by else [""]
    found = [row for row in waste(log, pathway, by=by).summary.records() if row["state"] != COMPUTED or _is_shown(row, order)]
    cohorts = {name: links.cell(int(row["cases"] or 0)) for name in order for row in found[:1]} if not by and comparison else {
        name: Cell("cohorts", place, "n") for place, name in enumerate(order)
    }  # fmt: skip
    found.sort(key=lambda row: (_ORDER.get(str(row["figure"]), _ORDER[str(row["code"])]), _place(row, order)))
    rows: list[tuple[Value, ...]] = []
    for row in found:
        if row["state"] == COMPUTED:
            cases, counted, affected = (int(row[name] or 0) for name in ("cases", "counted", "affected"))
            here = {name: Cell("waste", len(rows), name) for name in ("counted", "affected")}
            links.subset((cohorts[_cohort(row)], cases), (here["counted"], counted))
            links.subset((here["counted"], counted), (here["affected"], affected))
        figures = (row[name] for name in _FIGURES)
        rows.append((row["code"], row["figure"], _cohort(row), row["counted"], row["affected"], row["counted"], *figures, row["state"]))
    return [Table("waste", _COLUMNS, tuple(rows), counts=("counted", "affected"))]


def _cohort(row: dict[str, Value]) -> str:
    return str(row["cohort"] or "")


def _is_shown(row: dict[str, Value], order: list[str]) -> bool:
    return row["figure"] not in _FOLLOWED and _cohort(row) in order


def _place(row: dict[str, Value], order: list[str]) -> int:
    return order.index(_cohort(row)) if row["state"] == COMPUTED else 0


def wastes(part: Part) -> Iterable[Block]:
    """Gives the ledger, and how to read it."""
    phrases = part.phrases
    rows: list[tuple[Value, ...]] = []
    for row in part.disclosed.table("waste").records():
        name = f"{row['code']} {phrases.say('waste.' + str(row['code']))}"
        if row["state"] != COMPUTED:
            rows.append((name, _lacking(str(row["state"]), part), *[""] * 7))
            continue
        figures = _figures(row)
        cohort = phrases.cohort(str(row["cohort"]))
        figure, unit = str(row["figure"]), _UNIT[str(row["figure"])]
        rows.append(
            (name, phrases.say(f"figure.{figure}"), cohort, row["counted"], row["affected"], *figures, phrases.say(f"waste_unit.{unit}"))
        )
    columns = [part.column("waste"), part.column("figure"), part.column("cohort")]
    columns += [Column(name, part.column(name).label, "count") for name in ("counted", "affected")]
    columns += [Column(name, part.column(f"waste_{name}").label, "figure") for name in _FIGURES]
    columns.append(part.column("unit_of_figure"))
    yield TextBlock((phrases.say("waste_intro"),))
    yield part.table("waste", columns, rows, missing="report.dash")
    yield TextBlock((phrases.say("waste_note"),), "note")


def _figures(row: dict[str, Value]) -> tuple[Value, ...]:
    """Mean, median and 90th percentile as shown; all are hidden with the count that they are of."""
    if HIDDEN in (row["counted"], row["affected"]):
        return (HIDDEN,) * len(_FIGURES)
    scale = 100 if _UNIT[str(row["figure"])] == "share" else 1
    return tuple(round(scale * value, 1) if isinstance(value, float) else value for value in (row[name] for name in _FIGURES))


def _lacking(state: str, part: Part) -> str:
    """What a measure lacks, in the language: columns, or a kind of activity."""
    names = _LACKING.findall(state)
    if "activity of kind" in state:
        return part.phrases.say("lacks_kind", {"kind": part.phrases.say(f"activity_kind.{names[0]}")})
    said = part.phrases.text.join([part.phrases.role(name) for name in names])
    return part.phrases.say("lacks_column", {"columns": said})
