"""The command that checks a log, and the file of names that it proposes."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadtime.cli.options import Columns, DateOrder, LogFile, NamesFile, ObjectType, PathwayFile, ReserveNumbers, Sheets, Until, Words, Zone
from leadtime.cli.shared import pathway_of, place, read, say
from leadtime.errors import counted
from leadtime.files import write_whole

if TYPE_CHECKING:
    from leadtime.log import EventLog
    from leadtime.results import Finding, QualityReport, Value
    from leadtime.words import Words as Catalogue

__all__ = ["check"]


def check(
    log_file: LogFile,
    *,
    pathway_file: PathwayFile = None,
    columns: Columns = None,
    timezone: Zone = None,
    observed_until: Until = None,
    sheets: Sheets = None,
    date_order: DateOrder = None,
    object_type: ObjectType = None,
    names: NamesFile = None,
    rows: Annotated[int, typer.Option("--rows", help="How many rejected rows to list", min=0)] = 20,
    language: Words = "en",
    propose: Annotated[Path | None, typer.Option("--propose", help="Write names spelled alike to this file, to be looked through")] = None,
    silent_days: Annotated[int, typer.Option("--silent-days", help="Days without an event that make an open case silent", min=0)] = 180,
    country: Annotated[str | None, typer.Option("--country", help="Whose public holidays count, as SE; else the time zone's")] = None,
    today: Annotated[str | None, typer.Option("--today", help="What lies after this day lies in the future; else today")] = None,
    reserve_numbers: ReserveNumbers = None,
) -> None:
    """Check a log: what was read, what was rejected and why, what is odd; exits 1 where something must be mended."""
    from leadtime import check_quality
    from leadtime.words import words

    pathway = pathway_of(pathway_file)
    log = read(log_file, pathway, columns, timezone, observed_until, sheets, date_order, names, object_type=object_type)
    quality = check_quality(
        log, pathway, today=today, silent_days=silent_days, country=country, reserve_numbers=tuple(reserve_numbers or ())
    )
    text = words(language)
    _print_account(log, quality, text)
    _print_findings(quality.findings, text)
    _list_rejected(log, rows, text)
    if propose is not None:
        _write_names(log, propose)
    if quality.errors:
        raise typer.Exit(1)


def _print_account(log: EventLog, quality: QualityReport, text: Catalogue) -> None:
    counts = {"read": quality.rows_read, "kept": quality.rows_kept, "rejected": quality.rows_rejected}
    typer.echo(text.count("quality.read_rows", quality.rows_read, counts, digits=0))
    for reason, count in quality.rejected_by_reason.items():
        typer.echo(f"  {text.say('quality.rejected_reason', {'reason': _reason(reason, text), 'count': count})}")
    for role, header in log.roles.items():
        say(f"  {text.say('quality.role_column', {'role': role, 'header': header})}")


def _reason(reason: object, text: Catalogue) -> str:
    """Why a row was rejected, in a language; in English as `log.rejected` has it."""
    return str(reason) if text.language == "en" else text.texts.get(f"report.reason.{reason}", str(reason))


def _print_findings(findings: Sequence[Finding], text: Catalogue) -> None:
    """A table on a terminal; elsewhere one finding a line, which other programs can search."""
    rows = [_told(one, text) for one in findings]
    if not rows:
        typer.echo(text.say("quality.no_findings"))
        return
    if sys.stdout.isatty():
        _print_table([text.column(name) for name in ("severity", "message", "effect", "examples", "code")], rows)
    else:
        for severity, message, effect, examples, code in rows:
            where = f" ({text.say('quality.examples', {'where': examples})})" if examples else ""
            say(f"{severity}: {message}{where}. {effect} [{code}]")
    counts = {f"{severity}s": sum(one.severity == severity for one in findings) for severity in ("error", "warning", "note")}
    typer.echo(text.say("quality.summary", counts))


def _told(one: Finding, text: Catalogue) -> tuple[str, str, str, str, str]:
    """A finding as a row of words: how grave, what, what it does, where to look, and its code."""
    from leadtime.quality import effect_of, place_told, told

    # What a check wrote in English may say more than the catalogue's sentence.
    english = text.language == "en" and one.message
    message = english or told(
        one, text, role=lambda name: _role(name, text), milestone=lambda name: text.texts.get(f"report.term.{name}", name)
    )
    examples = "; ".join(place_told(example, text) for example in one.examples)
    return text.say(f"severity.{one.severity}"), message, effect_of(one.code, text), examples, one.code


def _role(name: str, text: Catalogue) -> str:
    """A role in words, with the name that --column takes."""
    return f"{text.texts.get(f'report.role.{name}') or text.column(name)} ({name})"


def _print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from leadtime.privacy import masked

    table = Table(show_lines=True)
    for heading in headings:
        table.add_column(Text(heading), overflow="fold")
    for row in rows:
        table.add_row(*(Text(masked(cell)) for cell in row))  # as text, since a column's name may hold what rich takes for a mark
    Console().print(table)


def _list_rejected(log: EventLog, most: int, text: Catalogue) -> None:
    records = log.rejected.records()
    for row in records[:most]:
        column = f" ({text.say('quality.of_column', {'column': row['column']})})" if row["column"] else ""
        say(f"  {_place(row, text)}: {_reason(row['reason'], text)}{column}")
    if len(records) > most:
        typer.echo(f"  {text.say('quality.more_rows', {'count': len(records) - most})}")


def _place(row: Mapping[str, Value], text: Catalogue) -> str:
    if text.language == "en":
        return place(row)
    key = "quality.row_of_sheet" if row["sheet"] else "quality.row"
    return f"{row['source']} {text.say(key, {'row': row['row_number'], 'sheet': row['sheet']})}"


def _write_names(log: EventLog, path: Path) -> None:
    """Writes the names spelled alike as TOML, role by role, for a person to look through; `--names` reads it back."""
    from leadtime.quality import proposed_names

    proposed = proposed_names(log)
    write_whole(path, _toml(proposed).encode())
    typer.echo(f"{counted(sum(map(len, proposed.values())), 'name')} proposed in {path}")


def _toml(proposed: Mapping[str, Mapping[str, str]]) -> str:
    lines = ["# Names spelled nearly as another, with the commoner one. Delete the lines that are wrong, then read the log with --names."]
    for role, names in proposed.items():
        lines += ["", f"[{role}]", *(f"{_quoted(name)} = {_quoted(better)}" for name, better in names.items())]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string, which is JSON's but for the one control character that JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
