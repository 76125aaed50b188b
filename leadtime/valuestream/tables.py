"""Where a workshop table comes from: the sheets of a workbook, a CSV file or a frame, as rows of cells below a header that is found."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw

from leadtime.columns import EXAMPLE_CASES
from leadtime.errors import InputError, UsageError, did_you_mean
from leadtime.ingest.files import checked_path, format_of
from leadtime.ingest.workbook import opened_workbook
from leadtime.valuestream.headings import STEP, Heading, headings, is_map

__all__ = ["Sheet", "sheets_of"]

_HEADER_WITHIN = 50
Rows = list[tuple[int, tuple[Any, ...]]]


@dataclass(frozen=True)
class Sheet:
    """A table before it is checked: what to call it, its columns, and its rows with their numbers."""

    where: str
    columns: dict[str, Heading]
    rows: Rows

    @property
    def named(self) -> str:
        """How an error begins."""
        return f"'{self.where}': " if self.where else ""


def sheets_of(source: str | os.PathLike[str] | Any) -> list[Sheet]:
    """Gives the workshop tables of a source, in order, those without any row last; none where there is no such table.

    Raises:
        InputError: the source can't be read, or two of its headings mean the same.
        UsageError: it is neither a path nor a frame.
    """
    if not isinstance(source, (str, os.PathLike)):
        return [_of_frame(source)]
    path = checked_path(source)
    kind = format_of(path)
    tables = _of_workbook(path) if kind == "xlsx" else [(path.name, _of_text(path))] if kind in ("csv", "tsv") else []
    found = [sheet for where, rows in tables if (sheet := _headed(where, rows)) is not None]
    return sorted(found, key=lambda sheet: not sheet.rows)


def _of_frame(source: Any) -> Sheet:
    try:
        frame = nw.from_native(source, eager_only=True)
    except TypeError:
        raise UsageError(
            f"source is a {type(source).__name__}; give an event log, a workshop table as a frame, or the path of one"
        ) from None
    columns = headings([str(name) for name in frame.columns])
    if not is_map(columns):
        raise InputError(f"the frame has no columns step, process_likely and wait_likely{did_you_mean('step', map(str, frame.columns))}")
    rows = [(number, tuple(None if _blank(cell) else cell for cell in row)) for number, row in enumerate(frame.iter_rows(), start=1)]
    return Sheet("", columns, [row for row in rows if _counted(row[1], columns)])


def _of_workbook(path: Path) -> list[tuple[str, Rows]]:
    book = opened_workbook(path)
    try:
        return [(sheet.title, _rows_of(sheet)) for sheet in book.worksheets]
    finally:
        book.close()


def _rows_of(sheet: Any) -> Rows:
    sheet.reset_dimensions()  # some programs write a wrong extent
    return list(enumerate(sheet.iter_rows(values_only=True), start=1))


def _of_text(path: Path) -> Rows:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(";\t,", key=first.count)
    return [
        (number, tuple(cell.strip() or None for cell in row))
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1)
    ]


def _headed(where: str, rows: Rows) -> Sheet | None:
    """The table whose header is among the first rows; none where there is no such row."""
    for place, (_, row) in enumerate(rows[:_HEADER_WITHIN]):
        columns = headings(["" if cell is None else str(cell) for cell in row])
        if is_map(columns):
            below = [(number, tuple(None if _blank(cell) else cell for cell in cells)) for number, cells in rows[place + 1 :]]
            return Sheet(where, columns, [row for row in below if _counted(row[1], columns)])
    return None


def _blank(cell: Any) -> bool:
    import pandas as pd

    return not cell.strip() if isinstance(cell, str) else bool(pd.isna(cell))


def _counted(row: tuple[Any, ...], columns: dict[str, Heading]) -> bool:
    """Whether a row is a step: some column of the table is filled, and it isn't the example of the template."""
    cells = [row[heading.place] for heading in columns.values() if heading.place < len(row)]
    step = columns[STEP].place
    example = step < len(row) and str(row[step]).strip() in EXAMPLE_CASES.values()
    return any(cell is not None for cell in cells) and not example
