"""Reading: one module a format, each of which ends in an `EventLog` with its account of rows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, get_args

import narwhals as nw

from leadtime.durations.rules import DateOrder, DateRules
from leadtime.engine.session import Session
from leadtime.errors import ResourceError, UsageError, did_you_mean
from leadtime.ingest.assemble import declared_cases, event_log
from leadtime.ingest.moments import checked_zone, moment_of
from leadtime.ingest.opening import opened
from leadtime.ingest.query import connection_for
from leadtime.ingest.source import Options, Source
from leadtime.ingest.spark import is_spark, on_spark
from leadtime.log import EventLog
from leadtime.results import Finding

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

__all__ = ["Duplicates", "Engine", "Format", "LogSource", "read_log"]

Format = Literal["csv", "tsv", "xlsx", "parquet", "xes", "ocel", "fhir", "omop", "wide"]
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
    date_rules: DateRules | None = None,
    format: Format | None = None,
    connection: object | None = None,
    object_type: str | None = None,
) -> EventLog:
    r"""Reads events from a file or a data frame; every row is kept or rejected with a reason, and the caller's frame stays as it is.

    Args:
        source: path of a file (.csv .csv.gz .tsv .xlsx .parquet .xes .xes.gz .jsonocel .xmlocel .sqlite .json .ndjson), a data frame
            that narwhals knows (pandas, polars, pyarrow, DuckDB, Spark), a folder of OMOP tables, or a query or the name of a table with
            `connection`.
        columns: role to header, as in ``{"case_id": "Ärende", "start": "Datum"}``; roles left out are guessed from the headers. A day
            and its clock time in two columns are joined by ``{"start": "Datum + Tid"}``; left out, where what stands in them is certain.
        cases: a table of case attributes (path or frame) with a case_id column and one row a case; without it the sheet of cases of a
            workbook that `leadtime template` wrote, where that is filled in.
        timezone: the zone of clock times without offset, as in ``"Europe/Stockholm"``; without it they stand as they are, as UTC. The
            settings sheet of a template's workbook may say it, and `observed_until`, where the call doesn't.
        observed_until: the last day (inclusive) or moment of observation.
        duplicates: ``"keep"`` counts exact duplicate rows, ``"drop"`` rejects all but the first.
        engine: ``"duckdb"``, which is embedded, or ``"spark"``, which reads Parquet; a Spark frame stays in Spark.
        memory_limit: what DuckDB may hold in memory, as in ``"6GB"``; Spark has settings of its own.
        spill_folder: where it may spill to disk.
        threads: how many threads it may use.
        sheets: the sheets of a workbook to read; all that hold an event table where not given.
        header_row: line or row number of the header, counted from 1; found where not given.
        delimiter: the character between the cells of a text file; found where not given.
        encoding: of a text file; UTF-8, else cp1252, where not given.
        decimal: the decimal sign of a text file, ``","`` or ``"."``.
        date_order: of dates such as 3/4/2019: ``"dmy"``, ``"mdy"`` or ``"ymd"``; decided by the column where not given, an error if open.
        date_rules: what else custom decides in written dates: two-digit years, seasons, serial numbers (`leadtime.durations.DateRules`).
        format: of a file whose ending doesn't tell.
        connection: an SQLAlchemy engine, connection or address, where the source is a query or the name of a table; with
            ``format="omop"`` the source is the name of the schema.
        object_type: the type of object that is the case, in an object-centric log (OCEL) with objects of several types.

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
    _check_choices(duplicates=duplicates, engine=engine, format=format, date_order=date_order)
    if header_row is not None and (not isinstance(header_row, int) or header_row < 1):
        raise UsageError(f"header_row={header_row!r} isn't allowed; lines are counted from 1")
    if columns is not None and not isinstance(columns, Mapping):
        raise UsageError(f'columns is of type {type(columns).__name__}; give role to header, as {{"case_id": "Ärende"}}')
    zone = checked_zone(timezone)
    until = moment_of(observed_until, zone)
    folder = _spill_folder(spill_folder)
    names = (sheets,) if isinstance(sheets, str) else None if sheets is None else tuple(sheets)
    options = Options(columns, names, header_row, delimiter, encoding, decimal, date_order, date_rules, folder, object_type)
    if engine == "spark" or is_spark(source):
        return on_spark(source, options, zone=zone, until=until, drop_duplicates=duplicates == "drop", cases=cases, connection=connection)
    session = Session(memory_limit=memory_limit, spill_folder=folder, threads=threads)
    of_events = connection if isinstance(source, str) or connection_for(cases, connection) is None else None
    found = opened(session, source, options, format=format, connection=of_events)
    if found.settings is not None:
        zone = zone or found.settings.value("timezone")
        until = moment_of(observed_until or found.settings.value("observed_until"), zone)
    declared, lost = _declared(session, cases if cases is not None else _case_sheets(found), options, connection, zone)
    return event_log(found, options, zone=zone, until=until, drop_duplicates=duplicates == "drop", cases=declared, of_cases=lost)


class _CaseSheets(NamedTuple):
    """The sheets of a workbook with a row a case."""

    path: str
    names: tuple[str, ...]


def _case_sheets(found: Source) -> _CaseSheets | None:
    return _CaseSheets(found.path, found.case_sheets) if found.path and found.case_sheets else None


def _declared(
    session: Session, cases: LogSource | _CaseSheets | None, options: Options, connection: object | None, zone: str | None
) -> tuple[nw.LazyFrame[Any] | None, tuple[Finding, ...]]:
    """The table of case attributes, and what was lost in reading it; a sheet of a workbook that nobody filled in is none."""
    if cases is None:
        return None, ()
    plain = options.for_cases
    if not isinstance(cases, _CaseSheets):
        return declared_cases(opened(session, cases, plain, connection=connection_for(cases, connection)), plain, zone=zone)
    plain = replace(plain, sheets=cases.names)
    frame, lost = declared_cases(opened(session, cases.path, plain, format="xlsx"), plain, zone=zone)
    return (frame if session.count(frame) else None), lost


def _check_choices(*, duplicates: object, engine: object, format: object, date_order: object) -> None:
    """Each argument with few allowed values has one of them."""
    for name, value, allowed in (
        ("duplicates", duplicates, get_args(Duplicates)), ("engine", engine, get_args(Engine)),
        ("format", format, (None, *get_args(Format))), ("date_order", date_order, (None, *get_args(DateOrder))),
    ):  # fmt: skip
        if value not in allowed:
            words = [str(word) for word in allowed if word is not None]
            raise UsageError(f"{name}={value!r} isn't allowed{did_you_mean(str(value), words)}")


def _spill_folder(given: str | os.PathLike[str] | None) -> str | None:
    if given is None:
        return None
    folder = Path(given)
    if not folder.is_dir():
        raise ResourceError(f"spill_folder='{folder}' isn't a folder; make it first")
    return str(folder)
