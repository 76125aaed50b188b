"""Excel workbooks: header found in each sheet, event sheets stacked, dates and texts mixed, guide sheets named and left out."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from leadtime.columns import normalised
from leadtime.engine.session import Session
from leadtime.engine.tables import Cells, rows_table
from leadtime.errors import InputError, UsageError, did_you_mean, one_line
from leadtime.ingest.source import Options, Source, header_score, unique_headers
from leadtime.quality import counted
from leadtime.results import Finding

__all__ = ["cell_text", "midnights", "read_workbook"]

_HEADER_WITHIN = 50
_MIDNIGHT = time(0)


@dataclass(frozen=True)
class _Sheet:
    """A sheet with events: its name, the row of its header, its headers, and the rows below with their numbers."""

    name: str
    header_row: int
    headers: list[str]
    rows: list[tuple[int, tuple[Any, ...]]]
    repeated: int


def read_workbook(session: Session, path: Path, options: Options) -> Source:
    """Gives the event sheets of a workbook as one raw table of texts."""
    sheets, skipped = _sheets(path, options)
    headers, places = _stacked(sheets)
    paired = list(zip(sheets, places, strict=True))
    dates = {i for i in range(len(headers)) if midnights(row[place[i]] for sheet, place in paired if i in place for _, row in sheet.rows)}

    def rows() -> Iterator[tuple[int, str | None, str | None, Cells]]:
        for sheet, place in paired:
            for number, row in sheet.rows:
                cells = [cell_text(row[place[i]], dates=i in dates) if i in place else None for i in range(len(headers))]
                yield number, sheet.name, None, cells

    raw = rows_table(session, headers, rows())
    names = ", ".join(sheet.name for sheet in sheets)
    choices = {"sheets": names, "header_row": ", ".join(str(sheet.header_row) for sheet in sheets)}
    stacked = len(sheets) > 1
    return Source(
        raw, path.name, "xlsx", str(path), choices, tuple(_findings(sheets, skipped)), stacked, frozenset(headers[i] for i in dates)
    )


def _findings(sheets: Sequence[_Sheet], skipped: Sequence[str]) -> list[Finding]:
    found: list[Finding] = []
    if skipped:
        text = f"{counted(len(skipped), 'sheet')} without an event table, left out"
        found.append(Finding("sheet-skipped", "note", len(skipped), text, tuple(skipped[:10])))
    repeated = sum(sheet.repeated for sheet in sheets)
    if repeated:
        text = f"{counted(repeated, 'row')} repeating the header within the data, not read"
        found.append(Finding("repeated-header", "note", repeated, text))
    return found


def midnights(values: Any) -> bool:
    """Whether the date-times among some values are all midnights, so that they hold dates; false where there is none.

    >>> midnights([datetime(2020, 1, 1), "x"]), midnights([datetime(2020, 1, 1), datetime(2020, 1, 1, 9)])
    (True, False)
    """
    found = False
    for value in values:
        if isinstance(value, datetime):
            if value.tzinfo is not None or value.time() != _MIDNIGHT:
                return False
            found = True
    return found


def cell_text(value: Any, *, dates: bool = False) -> str | None:
    """Gives a cell's value as text, none where it is blank; `dates` says that the column's date-times are dates.

    >>> cell_text(12.0), cell_text(datetime(2020, 1, 2), dates=True), cell_text(datetime(2020, 1, 2, 9, 30)), cell_text(True)
    ('12', '2020-01-02', '2020-01-02 09:30:00', 'true')
    """
    if value is None:
        return None
    if isinstance(value, str):
        return value or None
    if isinstance(value, datetime):
        return value.date().isoformat() if dates else value.isoformat(sep=" ")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return None if math.isnan(value) else str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value)


def _sheets(path: Path, options: Options) -> tuple[list[_Sheet], list[str]]:
    """The sheets with events, and the names of those without."""
    book = _opened(path)
    try:
        names = [sheet.title for sheet in book.worksheets]
        chosen = _chosen(names, options.sheets, path.name)
        read = [(sheet.title, _sheet(sheet, options)) for sheet in book.worksheets if sheet.title in chosen]
    except UsageError:
        raise
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError, EOFError, SyntaxError) as error:
        raise InputError(f"'{path}' is damaged ({one_line(str(error))[:100]}); open it in Excel and save it again") from None
    finally:
        book.close()
    found = [sheet for _, sheet in read if sheet is not None]
    skipped = [name for name, sheet in read if sheet is None]
    if not found:
        raise InputError(_no_table(path, options, skipped))
    return found, skipped


def _chosen(names: Sequence[str], given: Sequence[str] | None, file: str) -> Sequence[str]:
    for name in given or ():
        if name not in names:
            raise UsageError(f"no sheet '{name}' in '{file}'{did_you_mean(name, names)}")
    return names if given is None else given


def _no_table(path: Path, options: Options, skipped: Sequence[str]) -> str:
    if options.of_cases:
        return f"no sheet of '{path.name}' has a case_id column; name it, as in Ärende or Case ID"
    given = " and the columns given" if options.columns else ""
    listed = ", ".join(f"'{name}'" for name in skipped[:8])
    return (
        f"no sheet of '{path.name}' ({listed}) has a header with case_id, activity and start among the known names{given}; "
        'name the headers with columns={"case_id": "…", "activity": "…", "start": "…"}'
    )


def _opened(path: Path) -> Any:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    with path.open("rb") as stream:
        content = stream.read(1 << 20)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in content or "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
            raise InputError(f"'{path}' is protected by a password; open it in Excel, remove the password and save it again")
        raise InputError(f"'{path}' is an old Excel workbook (.xls); open it in Excel and save it as .xlsx")
    if not content.startswith(b"PK"):
        raise InputError(
            f"'{path}' isn't an Excel workbook, whatever its ending; if it is text, give it the ending .csv or say format='csv'"
        )
    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, EOFError, OSError, zipfile.LargeZipFile):
        raise InputError(f"'{path}' is damaged or cut short; export it again") from None
    except (LookupError, ValueError, TypeError, AttributeError, SyntaxError, InvalidFileException) as error:
        raise InputError(f"'{path}' isn't a workbook that can be read ({one_line(str(error))[:100]}); save it again as .xlsx") from None


def _sheet(sheet: Any, options: Options) -> _Sheet | None:
    """A sheet's header and rows; none where no row could be the header of an event table."""
    sheet.reset_dimensions()  # some programs write a wrong extent
    rows = [(number, row) for number, row in enumerate(sheet.iter_rows(values_only=True), start=1) if any(_filled(cell) for cell in row)]
    place = _header_place(rows, options)
    if place is None:
        return None
    number, header = rows[place]
    width = max(i for i, cell in enumerate(header) if _filled(cell)) + 1
    below = rows[place + 1 :]
    width = max(width, *(1 + max(i for i, cell in enumerate(row) if _filled(cell)) for _, row in below), 1) if below else width
    padded = [(n, tuple(row[:width]) + (None,) * (width - len(row))) for n, row in below]
    first = tuple(header[:width]) + (None,) * (width - len(header))
    kept = [(n, row) for n, row in padded if row != first]
    return _Sheet(sheet.title, number, unique_headers([cell_text(cell) for cell in first]), kept, len(padded) - len(kept))


def _filled(cell: Any) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(cell.strip()))


def _header_place(rows: Sequence[tuple[int, tuple[Any, ...]]], options: Options) -> int | None:
    """Which row is the header: the given one, else the one among the first that names most roles."""
    if options.header_row is not None:
        return next((i for i, (number, _) in enumerate(rows) if number == options.header_row), None)
    scores = [header_score([cell_text(cell) or "" for cell in row], options) for _, row in rows[:_HEADER_WITHIN]]
    enough = 1 if options.of_cases else 2
    return scores.index(max(scores)) if scores and max(scores) >= enough else None


def _stacked(sheets: Sequence[_Sheet]) -> tuple[list[str], list[dict[int, int]]]:
    """The headers of all sheets, compared as headers are, and where each stands in each sheet."""
    headers: list[str] = []
    keys: dict[str, int] = {}
    places: list[dict[int, int]] = []
    for sheet in sheets:
        place: dict[int, int] = {}
        for i, header in enumerate(sheet.headers):
            # Within a sheet two headers stay two, however alike.
            key = header if sum(normalised(other) == normalised(header) for other in sheet.headers) > 1 else normalised(header)
            if key not in keys:
                keys[key] = len(headers)
                headers.append(header)
            place[keys[key]] = i
        places.append(place)
    return headers, places
