"""The options that several commands share, as typer reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = [
    "Columns",
    "DateOrder",
    "Language",
    "LogFile",
    "NamesFile",
    "ObjectType",
    "PathwayFile",
    "ReserveNumbers",
    "Sheets",
    "Until",
    "Words",
    "Zone",
]

Language = Literal["en", "sv"]  # that of `words`, which help doesn't load

LogFile = Annotated[
    Path, typer.Argument(metavar="LOG", help="The events: .csv .xlsx .parquet .xes .jsonocel .xmlocel .ndjson …", show_default=False)
]
PathwayFile = Annotated[Path | None, typer.Option("--pathway", help="The pathway: milestones, stops, exits (TOML)", show_default=False)]
Columns = Annotated[list[str] | None, typer.Option("--column", help="A column's role, as case_id=Ärende; may be repeated")]
Zone = Annotated[str | None, typer.Option("--timezone", help="Zone of clock times without offset, as Europe/Stockholm")]
Until = Annotated[str | None, typer.Option("--observed-until", help="Last day of observation, as 2020-12-31")]
Sheets = Annotated[list[str] | None, typer.Option("--sheet", help="A workbook sheet to read; may be repeated")]
DateOrder = Annotated[str | None, typer.Option("--date-order", help="dmy or mdy, where dates like 3/4/2019 leave it open")]
ObjectType = Annotated[str | None, typer.Option("--object-type", help="The type of object that is the case, of an OCEL log")]
NamesFile = Annotated[Path | None, typer.Option("--names", help="What names are to be called instead (TOML, see check --propose)")]
ReserveNumbers = Annotated[
    list[str] | None, typer.Option("--reserve-number", help="A regular expression of reserve numbers; may be repeated")
]
Words = Annotated[Language, typer.Option("--language", help="Language of what is written")]
