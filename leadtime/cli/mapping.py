"""The command that maps a value stream."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadtime.cli.options import Columns, DateOrder, ObjectType, PathwayFile, Sheets, Until, Words, Zone
from leadtime.cli.shared import made_folder, pathway_of, read, require_writable

if TYPE_CHECKING:
    from leadtime.log import EventLog
    from leadtime.report.model import Report, TableBlock

__all__ = ["valuestream"]

Source = Annotated[Path, typer.Argument(metavar="MAP", help="A workshop table (.xlsx .csv), or an event log", show_default=False)]


def valuestream(
    source: Source,
    *,
    future: Annotated[Path | None, typer.Option("--future", help="A workshop table of the future state", show_default=False)] = None,
    available_days: Annotated[float | None, typer.Option("--available-days", help="Working days in a period, for takt")] = None,
    demand: Annotated[float | None, typer.Option("--demand", help="Cases that come in the same period, for takt")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for value_stream.xlsx and .html", show_default=False)] = None,
    language: Words = "en",
    draws: Annotated[int, typer.Option("--draws", help="Draws of the simulated spread", min=1)] = 10_000,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the simulation", min=0)] = 0,
    pathway_file: PathwayFile = None,
    columns: Columns = None,
    timezone: Zone = None,
    observed_until: Until = None,
    sheets: Sheets = None,
    date_order: DateOrder = None,
    object_type: ObjectType = None,
) -> None:
    """Map a value stream from a workshop table (no event log needed), or from the finished cases of a log."""
    from leadtime import value_stream
    from leadtime.report.stream import stream_report
    from leadtime.valuestream import holds_map

    if out is not None:
        require_writable(out)
    pathway = pathway_of(pathway_file)
    log: EventLog | None = None
    if pathway is not None or not holds_map(source):
        log = read(source, pathway, columns, timezone, observed_until, sheets, date_order, object_type=object_type)
    stream = value_stream(
        source if log is None else log, pathway, future=future, available_days=available_days, demand=demand, draws=draws, seed=seed
    )
    report = stream_report(stream, language=language, log=log)
    _show(report)
    if out is not None:
        report.to_excel(made_folder(out) / "value_stream.xlsx")
        report.to_html(out / "value_stream.html")
        typer.echo(f"Written: {out / 'value_stream.xlsx'} and {out / 'value_stream.html'}")


def _show(report: Report) -> None:
    """The report on the terminal: what must be known of it, its tables, and the whole in a sentence."""
    from rich.console import Console

    # Off a terminal there is no width to fit, so nothing is cut or wrapped.
    wide = None if sys.stdout.isatty() else 400
    console = Console(width=wide, no_color="NO_COLOR" in os.environ or None, highlight=False)
    for notice in report.notices:
        typer.echo(notice)
    for block in report.tables:
        console.print(_drawn(block, report.language))
    typer.echo(report.headline)


def _drawn(block: TableBlock, language: str) -> object:
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(block.title), title_justify="left", box=SIMPLE)
    for column in block.columns:
        table.add_column(Text(column.label), justify="left" if column.kind == "text" else "right")
    for row in block.shown(language):
        table.add_row(*(Text(cell) for cell in row))
    return table
