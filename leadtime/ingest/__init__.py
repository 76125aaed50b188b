"""Reading: one module a format, each of which ends in an `EventLog` with its account of rows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from leadtime.engine.session import Session
from leadtime.errors import InputError, ResourceError, UsageError, did_you_mean
from leadtime.ingest.assemble import declared_cases, event_log
from leadtime.ingest.files import checked_path, format_of
from leadtime.ingest.frames import read_frame, read_parquet
from leadtime.ingest.moments import checked_zone, moment_of
from leadtime.ingest.source import DateOrder, Options, Source
from leadtime.ingest.text import read_text
from leadtime.ingest.workbook import read_workbook
from leadtime.log import EventLog

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

__all__ = ["Duplicates", "Engine", "Format", "LogSource", "read_log"]

Format = Literal["csv", "tsv", "xlsx", "parquet"]
Duplicates = Literal["keep", "drop"]
Engine = Literal["duckdb", "spark"]
LogSource: TypeAlias = "str | os.PathLike[str] | IntoFrame"


def read_log(
    source: LogSource,
    *,
    columns: Mapping[str, str] | None = None,
    cases: LogSource | None = None,
    timezone: str | None = None,
    observed_until: str | date | datetime | None = None,
    duplicates: Duplicates = "keep",
    engine: Engine = "duckdb",
    memory_limit: str | None = None,
    spill_folder: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    sheets: str | Sequence[str] | None = None,
    header_row: int | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    date_order: DateOrder | None = None,
    format: Format | None = None,
    connection: object | None = None,
) -> EventLog:
    r"""Reads events from a file or a data frame; every row is kept or rejected with a reason, and the caller's frame stays as it is.

    Args:
        source: path of a .csv, .tsv, .xlsx or .parquet file, or a data frame that narwhals knows (pandas, polars, pyarrow, DuckDB).
        columns: role to header, as in ``{"case_id": "Ärende", "start": "Datum"}``; roles left out are guessed from the headers.
        cases: a table of case attributes (path or frame) with a case_id column and one row a case.
        timezone: the zone of clock times without offset, as in ``"Europe/Stockholm"``; without it they stand as they are, as UTC.
        observed_until: the last day (inclusive) or moment of observation.
        duplicates: ``"keep"`` counts exact duplicate rows, ``"drop"`` rejects all but the first.
        engine: ``"duckdb"``, which is embedded.
        memory_limit: what the engine may hold in memory, as in ``"6GB"``.
        spill_folder: where it may spill to disk.
        threads: how many threads it may use.
        sheets: the sheets of a workbook to read; all that hold an event table where not given.
        header_row: line or row number of the header, counted from 1; found where not given.
        delimiter: the character between the cells of a text file; found where not given.
        encoding: of a text file; UTF-8, else cp1252, where not given.
        decimal: the decimal sign of a text file, ``","`` or ``"."``.
        date_order: of dates such as 3/4/2019: ``"dmy"``, ``"mdy"`` or ``"ymd"``; decided by the column where not given, an error if open.
        format: of a file whose ending doesn't tell.
        connection: for SQL sources, which can't be read yet.

    Returns:
        The log: `.frame` (lazy events), `.quality` (account of rows and findings), `.rejected` (the rows not kept).

    Raises:
        InputError: the source can't be read, a column isn't found or is ambiguous, or no row can be kept.
        UsageError: an argument has a value that isn't allowed.

    Source:
        DEFINITIONS 1.1-1.3 (time), DESIGN 3 (columns and row accounting).

    >>> import pandas as pd
    >>> log = read_log(pd.DataFrame({
    ...     "Ärende": ["a", "a", "b"], "Händelse": ["Remiss", "Besök", "Remiss"], "Datum": ["2019-03-05", "2019-03-08", "in March"]}))
    >>> len(log), log.precision
    (2, 'date')
    >>> print(log.rejected)
    source        sheet  row_number  column  value     reason
    pandas frame                  2  Datum   in March  unreadable start
    """
    _check_choices(duplicates=duplicates, engine=engine, format=format, date_order=date_order, connection=connection)
    if header_row is not None and (not isinstance(header_row, int) or header_row < 1):
        raise UsageError(f"header_row={header_row!r} isn't allowed; lines are counted from 1")
    zone = checked_zone(timezone)
    until = moment_of(observed_until, zone)
    folder = _spill_folder(spill_folder)
    names = (sheets,) if isinstance(sheets, str) else None if sheets is None else tuple(sheets)
    options = Options(columns, names, header_row, delimiter, encoding, decimal, date_order, folder)
    session = Session(memory_limit=memory_limit, spill_folder=folder, threads=threads)
    declared = None
    if cases is not None:
        plain = replace(options, columns=None, sheets=None, header_row=None, delimiter=None, encoding=None, of_cases=True)
        declared = declared_cases(_source(session, cases, plain, None), plain, zone=zone)
    found = _source(session, source, options, format)
    return event_log(found, options, zone=zone, until=until, drop_duplicates=duplicates == "drop", cases=declared)


def _check_choices(*, duplicates: object, engine: object, format: object, date_order: object, connection: object) -> None:
    """Each argument with few allowed values has one of them."""
    for name, value, allowed in (
        ("duplicates", duplicates, get_args(Duplicates)), ("engine", engine, get_args(Engine)),
        ("format", format, (None, *get_args(Format))), ("date_order", date_order, (None, *get_args(DateOrder))),
    ):  # fmt: skip
        if value not in allowed:
            words = [str(word) for word in allowed if word is not None]
            raise UsageError(f"{name}={value!r} isn't allowed{did_you_mean(str(value), words)}")
    if engine == "spark":
        raise UsageError("engine='spark' isn't there yet; use engine='duckdb', which reads Parquet larger than memory")
    if connection is not None:
        raise UsageError("SQL sources (connection=) can't be read yet; write the query's result as Parquet or CSV and give its path")


def _spill_folder(given: str | os.PathLike[str] | None) -> str | None:
    if given is None:
        return None
    folder = Path(given)
    if not folder.is_dir():
        raise ResourceError(f"spill_folder='{folder}' isn't a folder; make it first")
    return str(folder)


def _source(session: Session, source: Any, options: Options, format: Format | None) -> Source:
    """The raw table of a path or a frame."""
    if not isinstance(source, (str, os.PathLike)):
        return read_frame(session, source)
    if isinstance(source, str) and ("\n" in source or source.lstrip().lower().startswith(("select ", "with "))):
        raise UsageError("SQL sources can't be read yet; write the query's result as Parquet or CSV and give its path")
    path = checked_path(source)
    kind = format_of(path, format)
    try:
        if kind == "xlsx":
            return read_workbook(session, path, options)
        if kind == "parquet":
            return read_parquet(session, path)
        return read_text(session, path, options, kind)
    except PermissionError:
        raise InputError(f"'{path}' can't be read: no permission; ask its owner, or copy it to a folder of your own") from None
