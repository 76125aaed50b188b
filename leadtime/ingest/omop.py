"""OMOP CDM 5.4: the tables of visits, conditions, procedures and episodes as events, from a folder of files, an SQLite file or a database.

Names come from the tables `concept` and `care_site`, birth and sex from `person`, where they are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from leadtime.engine.growing import GrowingTable, joined_raw
from leadtime.engine.omop import COLUMNS, EVENT_TABLES, omop_events
from leadtime.engine.session import Session
from leadtime.engine.tables import Raw
from leadtime.errors import InputError
from leadtime.ingest.files import checked_path, format_of
from leadtime.ingest.frames import read_parquet
from leadtime.ingest.query import read_tables
from leadtime.ingest.source import Options, Source
from leadtime.ingest.sqlite_file import columns_of, opened_sqlite, rows_of, tables_of, value_text
from leadtime.ingest.text import read_text
from leadtime.quality import finding
from leadtime.results import Finding

__all__ = ["looks_omop", "read_omop", "read_omop_database"]

_ENDINGS = (".csv", ".parquet", ".tsv", ".txt")
_ATTRIBUTES = frozenset(("record", "concept_id", "source_value", "visit_id"))


def looks_omop(folder: Path) -> bool:
    """Whether a folder holds a file for one of the tables of events."""
    try:
        return folder.is_dir() and any(name in EVENT_TABLES for name in _files(folder))
    except OSError:
        return False  # told where the folder is looked at again


def read_omop(session: Session, path: Path, options: Options) -> Source:
    """Gives the events of a folder with a CSV or Parquet file a table, or of an SQLite file.

    Raises:
        InputError: none of the tables of events is there, or one lacks its person or its time.
    """
    if path.is_dir():
        return _source(*_of_folder(session, path, options), path)
    if not path.exists():
        raise InputError(f"no file or folder '{path}'; give a folder with a file a table (visit_occurrence.csv …), or an SQLite file")
    checked_path(path)
    with opened_sqlite(path) as connection:
        there = tables_of(connection)
        tables: dict[str, Raw] = {}
        for name in _wanted(there, f"'{path}'"):
            columns = [column for column in columns_of(connection, there[name]) if column.casefold() in COLUMNS[name]]
            if columns:
                tables[name] = _copied(session, rows_of(connection, there[name], columns), columns, f"'{path}'")
    return _source(tables, [], path)


def read_omop_database(session: Session, schema: Any, connection: object) -> Source:
    """Gives the events of a database; `schema` is where its tables are, empty for the usual place."""
    tables, shown = read_tables(session, schema, COLUMNS, connection)
    where = f"the database {shown}"
    _wanted(tables, where)
    return replace(_source(tables, [], None, where), choices={"connection": shown})


def _wanted(there: Mapping[str, object], where: str) -> list[str]:
    """The tables to read, of those that are there."""
    if not any(name in there for name in EVENT_TABLES):
        raise InputError(f"{where} holds none of the OMOP tables {', '.join(EVENT_TABLES)}")
    return [name for name in COLUMNS if name in there]


def _files(folder: Path) -> dict[str, list[Path]]:
    """The files of a folder by the table that they are named after."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in _ENDINGS and path.stem.casefold() in COLUMNS:
            found.setdefault(path.stem.casefold(), []).append(path)
    return found


def _of_folder(session: Session, folder: Path, options: Options) -> tuple[dict[str, Raw], list[Finding]]:
    files = _files(folder)
    findings: list[Finding] = []
    tables: dict[str, Raw] = {}
    for name in _wanted(files, f"'{folder}'"):
        if len(files[name]) > 1:
            raise InputError(
                f"'{folder}' has '{files[name][0].name}' and '{files[name][1].name}'; leave one of them for the table '{name}'"
            )
        path = checked_path(files[name][0])
        if format_of(path) == "parquet":
            found = read_parquet(session, path)
        else:
            # The first line is the header, whatever it is called, and all columns are what OMOP says.
            plain = replace(options, columns=None, header_row=1, sheets=None)
            found = read_text(session, path, plain, format_of(path))
        tables[name] = found.raw
        findings += found.findings
    return tables, findings


def _copied(session: Session, batches: Any, columns: list[str], where: str) -> Raw:
    """A table of a database as a raw table of texts."""
    table = GrowingTable(session, "omop", where=where, keys=columns)
    for rows in batches:
        made = [dict(zip(columns, (value_text(value)[1] for value in row), strict=True)) for row in rows]
        table.append(made, {})
    return joined_raw(table, name_of=lambda key, _: key, stays_text=lambda _: True)


def _source(tables: dict[str, Raw], findings: list[Finding], path: Path | None, where: str = "") -> Source:
    raw, unnamed, dated = omop_events(tables, where or f"'{path}'")
    made = [finding("midnight-dates", 1, values={"what": name}) for name in dated]
    if unnamed:
        made.append(finding("concepts-without-name", unnamed))
    choices = {"tables": ", ".join(tables)}
    name = "OMOP" if path is None else path.name
    return Source(raw, name, "omop", None if path is None else str(path), choices, (*findings, *made), unguessed=_ATTRIBUTES)
