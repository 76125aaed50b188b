"""Logs written for other programs, and to be read again: XES, Parquet, CSV, a workbook, a table of a database."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from leadtime.columns import CASE_ROLES
from leadtime.engine.copying import batches, copy_csv, copy_parquet, first_row, flat_rows
from leadtime.engine.flat import Flat, Times, flat_table
from leadtime.engine.session import Session
from leadtime.engine.xes_text import constant_columns, event_lines, unwritable_column
from leadtime.errors import InputError, UsageError, checks_arguments
from leadtime.files import draft_of, passing_folder
from leadtime.ingest.query import keeps_zones, write_rows
from leadtime.ingest.xes import NAME, TIME
from leadtime.log import EventLog

__all__ = ["write_log"]

_ENDINGS = (".csv", ".parquet", ".xes", ".xes.gz", ".xlsx")
_MOST_ROWS, _LONGEST_TEXT, _LARGEST_WHOLE = 1_048_575, 32_767, 10**15
_CONTROL = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<classifier name="Activity" keys="concept:name"/>
"""


@checks_arguments
def write_log(log: EventLog, target: str | os.PathLike[str], *, connection: object | None = None) -> None:
    r"""Writes a log so that other programs can take it, and so that `read_log` gives the same events to the microsecond.

    One row an event, in the order of reading: `case_id`, `activity`, `start`, `end` (blank where none is given), then the roles under
    their names and the attributes under theirs. A date stays a date, a clock time has its offset from UTC; read the file with the
    timezone of the log. In XES an event with an end is a start and a completion with one `concept:instance`, the unit is `org:group`,
    and what is one value a case stands with the trace.

    Text that a spreadsheet would take for a formula is kept as text: in a workbook by the cell's type, in CSV by an apostrophe before
    it, which `read_log` takes away.

    Args:
        log: the log; its filters apply.
        target: a path that ends in .csv, .parquet, .xes, .xes.gz or .xlsx, whose file is replaced where there is one; with `connection`
            the name of a new table.
        connection: an SQLAlchemy engine or connection, or an address such as ``"sqlite:///log.db"``.

    Raises:
        UsageError: the ending isn't one of those, or the table is there already.
        InputError: a text can't be held by the format, or a workbook has too few rows.
        ResourceError: the file can't be written.

    Source:
        DEFINITIONS 1.1-1.2 (instants and dates); XES: IEEE 1849-2016.

    >>> import pandas as pd, pathlib, tempfile
    >>> from leadtime import read_log
    >>> log = read_log(pd.DataFrame({"case_id": ["a"], "activity": ["=1+1"], "start": ["2019-03-05 08:30"]}), timezone="Europe/Stockholm")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "log.csv"
    ...     write_log(log, path)
    ...     print(path.read_text(encoding="utf-8"))
    case_id,activity,start,end
    a,'=1+1,2019-03-05 08:30:00+01:00,
    """
    if connection is not None:
        flat = _flat(log, times="native" if log.precision == "date" or keeps_zones(connection) else "text")
        write_rows(flat.columns, flat.types, batches(flat.session, flat_rows(flat)), str(target), connection)
        return
    path = Path(target)
    ending = next((ending for ending in reversed(_ENDINGS) if path.name.lower().endswith(ending)), None)
    if ending is None:
        raise UsageError(f"target='{path}' has no ending that can be written; use {', '.join(_ENDINGS)}, or give connection= for a table")
    if ending == ".parquet":
        with draft_of(path) as made:
            copy_parquet(_flat(log, times="native"), str(made))
    elif ending == ".csv":
        with draft_of(path) as made:
            copy_csv(_flat(log, times="text"), str(made))
    elif ending == ".xlsx":
        _write_workbook(_flat(log, times="native" if log.precision == "date" else "text"), path)
    else:
        _write_xes(_flat(log, times="text"), path, packed=ending == ".xes.gz")


def _flat(log: EventLog, *, times: Times) -> Flat:
    """The log's events with one column a time; those of another engine are collected first."""
    frame, declared, session = log.frame, log.declared_cases, log.session
    if not isinstance(session, Session):
        own = Session()
        frame = own.from_native(session.collect(session.numbered(frame)))
        declared = None if declared is None else own.from_native(session.collect(declared))
        session = own
    return flat_table(session, frame, declared, precision=log.precision, times=times)


def _write_xes(flat: Flat, path: Path, *, packed: bool) -> None:
    bad = unwritable_column(flat)
    if bad is not None:
        raise InputError(f"column '{bad}' holds a control character, which XES can't; take it out, or write .parquet")
    keys = {column: _key(column) for column in flat.columns}
    of_case = constant_columns(flat, [column for column in flat.columns if column in CASE_ROLES])
    with draft_of(path) as made, (gzip.open if packed else open)(made, "wt", encoding="utf-8", newline="\n") as stream:
        stream.write(_HEAD)
        for rows in batches(flat.session, event_lines(flat, keys, of_case)):
            stream.write("".join(text for (text,) in rows))
        stream.write("</log>\n")


def _key(column: str) -> str:
    """The key of a column in XES; one that has a meaning of its own there gives way."""
    if column == "unit":
        return "org:group"
    return f"{column} (2)" if column in (NAME, TIME, "org:group", "start_timestamp") else column


def _write_workbook(flat: Flat, path: Path) -> None:
    import openpyxl

    events = int(flat.session.rows(f"SELECT count(*) FROM {flat.name}")[0][0])  # noqa: S608 - a name of our own
    if events > _MOST_ROWS:
        raise InputError(f"a sheet holds {_MOST_ROWS} rows and the log has {events} events; write .parquet or .csv")
    for column, kind in zip(flat.columns, flat.types, strict=True):
        if kind == "VARCHAR" and first_row(flat, f'length("{column}") > {_LONGEST_TEXT}') is not None:
            raise InputError(
                f"column '{column}' holds a text of over {_LONGEST_TEXT} characters, which no cell can; write .parquet or .csv"
            )
    book = openpyxl.Workbook(write_only=True)
    sheet: Any = book.create_sheet("events")
    with draft_of(path) as made, passing_folder() as folder, _in_folder(sheet, folder):
        sheet.append([_cell(sheet, column) for column in flat.columns])
        for rows in batches(flat.session, flat_rows(flat)):
            for row in rows:
                sheet.append([_cell(sheet, value) for value in row])
        _save(book, made)


def _save(book: Any, made: Path) -> None:
    """Writes the package; where that fails it is closed at once, so that its clearing away doesn't complain again, past all errors."""
    from zipfile import ZIP_DEFLATED, ZipFile

    from openpyxl.writer.excel import ExcelWriter

    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).save()


@contextmanager
def _in_folder(sheet: Any, folder: Path) -> Iterator[None]:
    """Has a sheet written in a folder that goes with us; openpyxl's own temporary file stays where a process is killed.

    The file is opened here, so that a full disk is an error of Python's; lxml's own, which openpyxl would let out, is none of the system's.
    """
    from openpyxl.worksheet import _writer

    known: Any = _writer  # openpyxl makes more of it than its stubs know
    path = folder / "sheet.xml"
    stream = open(path, "wb")  # noqa: SIM115 - closed with the sheet, before the package takes it in

    class Writer(known.WorksheetWriter):  # type: ignore[misc]
        def close(self) -> None:
            super().close()
            stream.close()

        def cleanup(self) -> None:
            """Nothing: the folder goes."""

    sheet._writer = Writer(sheet, out=stream)
    sheet._writer.out = path  # from where the package takes it
    sheet._writer.write_top()
    try:
        yield
    finally:
        with suppress(OSError):  # what is still to be written finds no room; that has been told already
            stream.close()
        # Left open, they would complain of the file that is no longer there when Python clears them away.
        for open_end in (sheet._rows, sheet._writer.xf):
            with suppress(Exception):
                open_end.close()


def _cell(sheet: Any, value: Any) -> Any:
    """A cell in which text stays text, and a whole number keeps all its digits."""
    from openpyxl.cell import WriteOnlyCell

    if isinstance(value, int) and abs(value) > _LARGEST_WHOLE:
        value = str(value)
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet)
    # What XML can't hold has a spelling of its own in a workbook, which reading undoes.
    cell.value = _CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", value)
    cell.data_type = "s"  # openpyxl would take a leading "=" for a formula and "#N/A" for an error
    return cell
