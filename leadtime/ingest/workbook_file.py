"""Workbooks opened by openpyxl, or by calamine where that is installed: the sheets' rows as plain values, alike from both."""

from __future__ import annotations

import importlib.util
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from leadtime.engine.growing import MOST_COLUMNS, checked_width
from leadtime.errors import InputError, UsageError, did_you_mean, one_line
from leadtime.ingest.archives import Archive, looked_through
from leadtime.ingest.hidden import Hidden
from leadtime.ingest.merged import MergedRange

__all__ = ["SheetRows", "first_rows", "open_with_merges", "opened_workbook", "sheet_rows"]

_MOST_CELLS, _MOST_PRINTED, _MOST_MERGED = 50_000_000, 200_000, 10_000
_DAMAGED = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError, EOFError, SyntaxError, AttributeError, TypeError, IndexError)
_MERGED = re.compile(r'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z0-9:]{2,30})"')
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class SheetRows:
    """The rows of a sheet that hold a value, each with its number, its merged ranges, and whether it is hidden, or what of it.

    A blank cell is None or an empty text.
    """

    name: str
    numbers: list[int]
    rows: list[Sequence[Any]]
    merged: tuple[MergedRange, ...] = ()
    hidden: bool = False
    within: Hidden = field(default_factory=Hidden)


def sheet_rows(path: Path, wanted: Sequence[str] | None) -> list[SheetRows]:
    """Gives the rows of the sheets wanted, of all where none are named.

    Raises:
        InputError: the file isn't a workbook that can be read, or a formula has no stored value.
        UsageError: there is no such sheet.
    """
    _check_kind(path)
    archive = looked_through(path)
    quick = importlib.util.find_spec("python_calamine") is not None and archive.is_dense and not archive.has_errors
    # A formula without a value is a blank to both; openpyxl knows which file within is which sheet.
    uncomputed = any(sheet.uncomputed for sheet in archive.sheets.values())
    if quick and not uncomputed:
        found = _by_calamine(path, wanted, merges=any(sheet.merged for sheet in archive.sheets.values()))
        if found is not None:
            return _with_hidden(found, path, archive)
    return _by_openpyxl(path, wanted, archive)


def first_rows(path: Path, count: int) -> list[SheetRows]:
    """Gives the filled ones among the first rows of every sheet, without the others being read.

    Raises:
        InputError: the file isn't a workbook that can be read.
    """
    _check_kind(path)
    looked_through(path)
    with _open_book(path) as book:
        return [_filled_rows(sheet.title, sheet.iter_rows(max_row=count, values_only=True), path) for sheet in book.worksheets]


def _chosen(names: Sequence[str], wanted: Sequence[str] | None, file: str) -> Sequence[str]:
    for name in wanted or ():
        if name not in names:
            raise UsageError(f"no sheet '{name}' in '{file}'{did_you_mean(name, names)}")
    return names if wanted is None else [name for name in names if name in wanted]


def _by_calamine(path: Path, wanted: Sequence[str] | None, *, merges: bool) -> list[SheetRows] | None:
    """The rows by calamine; none where it can't read what openpyxl perhaps can, or explains better."""
    import python_calamine

    if not hasattr(python_calamine, "CalamineTable"):
        return None  # one before 0.6, which leaves a text's _x0041_ as it is spelled
    try:
        with python_calamine.CalamineWorkbook.from_path(path) as book:
            of_cells = [sheet.name for sheet in book.sheets_metadata if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet]
            seen = {sheet.name for sheet in book.sheets_metadata if sheet.visible == python_calamine.SheetVisibleEnum.Visible}
            names = _chosen(of_cells, wanted, path.name)
            found = [_of_calamine(book.get_sheet_by_name(name), path, merges=merges) for name in names]
            return [replace(rows, hidden=rows.name not in seen) for rows in found]
    except (python_calamine.CalamineError, OSError, ValueError):
        return None
    except BaseException as error:
        # At some damaged workbooks it has panicked, with an exception of Rust's that is no `Exception`.
        if type(error).__module__ != "pyo3_runtime":
            raise
        return None


def _of_calamine(sheet: Any, path: Path, *, merges: bool) -> SheetRows:
    rows = _filled_rows(sheet.name, sheet.to_python(skip_empty_area=False), path)
    found = (sheet.merged_cell_ranges or ()) if merges else ()
    return replace(rows, merged=tuple((top + 1, left + 1, bottom + 1, right + 1) for (top, left), (bottom, right) in found))


def _with_hidden(found: list[SheetRows], path: Path, archive: Archive) -> list[SheetRows]:
    """The sheets with what the archive says is hidden in them; calamine doesn't tell, nor which file within is which sheet."""
    if not archive.hides:
        return found
    from openpyxl.reader.excel import ExcelReader

    try:
        reader: Any = ExcelReader(str(path), read_only=True)
        with reader.archive:
            reader.read_manifest()
            reader.read_workbook()
            files = {sheet.name: relation.target.lstrip("/") for sheet, relation in reader.parser.find_sheets()}
    except _DAMAGED:
        return found
    within = {name: archive.sheets[file].hidden for name, file in files.items() if file in archive.sheets}
    return [replace(rows, within=within.get(rows.name, rows.within)) for rows in found]


def _by_openpyxl(path: Path, wanted: Sequence[str] | None, archive: Archive) -> list[SheetRows]:
    with _open_book(path) as book:
        names = _chosen([sheet.title for sheet in book.worksheets], wanted, path.name)
        return [_rows_of(sheet, archive, path) for sheet in book.worksheets if sheet.title in names]


@contextmanager
def _open_book(path: Path) -> Iterator[Any]:
    """A workbook open by openpyxl; whatever goes wrong in reading it says that it is damaged."""
    book = _opened(path)
    try:
        yield book
    except (UsageError, InputError):
        raise
    except _DAMAGED as error:
        raise InputError(f"'{path}' is damaged ({one_line(str(error))[:100]}); open it in Excel and save it again") from None
    finally:
        book.close()


def _rows_of(sheet: Any, archive: Archive, path: Path) -> SheetRows:
    within = archive.sheets.get(_file_of(sheet))
    if within is not None and within.uncomputed:
        raise InputError(
            f"cell {within.uncomputed} of sheet '{sheet.title}' in '{path}' holds a formula without its value; open the workbook "
            "in Excel, save it, and read it again"
        )
    sheet.reset_dimensions()  # some programs write a wrong extent
    rows = _filled_rows(sheet.title, sheet.iter_rows(values_only=True), path)
    hidden = sheet.sheet_state != "visible"
    rows = replace(rows, rows=[_unescaped(row) for row in rows.rows], hidden=hidden)
    return rows if within is None else replace(rows, merged=tuple(_ranges(within.merged)), within=within.hidden)


def _ranges(references: Iterable[str]) -> Iterator[MergedRange]:
    """Ranges such as A2:A5 by their numbers."""
    from openpyxl.utils.cell import range_boundaries

    for reference in references:
        left, top, right, bottom = range_boundaries(reference)
        if left and top and right and bottom:
            yield top, left, bottom, right


def _file_of(sheet: Any) -> str:
    """The name of a sheet's file within the workbook."""
    return str(getattr(sheet, "_worksheet_path", "")).lstrip("/")


def _filled_rows(name: str, rows: Iterable[Sequence[Any]], path: Path) -> SheetRows:
    """The rows that hold a value, and not more of them than the memory holds."""
    if isinstance(rows, list) and _all_filled(rows):
        return SheetRows(name, list(range(1, len(rows) + 1)), rows)
    numbers: list[int] = []
    filled: list[Sequence[Any]] = []
    cells = 0
    for number, row in enumerate(rows, start=1):
        if not row or (_is_blank(row[0]) and all(map(_is_blank, row))):
            continue
        if len(row) > MOST_COLUMNS:
            row = row[: 1 + max(i for i, cell in enumerate(row) if not _is_blank(cell))]
            checked_width(len(row), f"'{path}'")
        cells += len(row)
        if cells > _MOST_CELLS:
            raise InputError(
                f"'{path}' has over {_MOST_CELLS // 1_000_000} million cells; save the sheet as CSV, which is read at any size"
            )
        numbers.append(number)
        filled.append(row)
    return SheetRows(name, numbers, filled)


def _all_filled(rows: list[Sequence[Any]]) -> bool:
    """Whether each row of a sheet, neither wide nor large, holds a value in its first cell; most sheets are like that."""
    widths = set(map(len, rows))
    widest = max(widths, default=0)
    if 0 in widths or widest > MOST_COLUMNS or widest * len(rows) > _MOST_CELLS:
        return False
    return not any(map(_is_blank, {row[0] for row in rows}))


def _is_blank(cell: Any) -> bool:
    return cell is None or cell == "" or (type(cell) is str and cell.isspace())


def _unescaped(row: Sequence[Any]) -> Sequence[Any]:
    """Texts with their characters that XML can't hold, which a workbook spells as _x0001_."""
    if not any(type(cell) is str and "_x" in cell for cell in row):
        return row
    return tuple(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), cell) if type(cell) is str else cell for cell in row)


def _check_kind(path: Path) -> None:
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


def opened_workbook(path: Path) -> Any:
    """Gives a workbook open for reading its values, by openpyxl.

    Raises:
        InputError: it isn't a workbook that can be read; the message says what to do.
    """
    _check_kind(path)
    looked_through(path)
    return _opened(path)


def _opened(path: Path) -> Any:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, EOFError, OSError, zipfile.LargeZipFile):
        raise InputError(f"'{path}' is damaged or cut short; export it again") from None
    except (LookupError, ValueError, TypeError, AttributeError, SyntaxError, InvalidFileException) as error:
        raise InputError(f"'{path}' isn't a workbook that can be read ({one_line(str(error))[:100]}); save it again as .xlsx") from None


def open_with_merges(path: Path, wanted: str | None) -> tuple[SheetRows, list[MergedRange]]:
    """Gives the rows of a sheet (the first where none is named) and its merged ranges as top, left, bottom, right, counted from 1.

    Raises:
        InputError: it isn't a workbook that can be read, or the sheet is too large for a printed table.
        UsageError: there is no such sheet.
    """
    _check_kind(path)
    archive = looked_through(path)
    if not archive.is_dense or any(sheet.cells > _MOST_PRINTED for sheet in archive.sheets.values()):
        raise InputError(f"'{path}' has too many cells for a printed table; read_log reads event tables")
    with _open_book(path) as book:
        names = _chosen([sheet.title for sheet in book.worksheets], None if wanted is None else [wanted], path.name)
        sheet = next(sheet for sheet in book.worksheets if sheet.title == names[0])
        rows = _rows_of(sheet, archive, path)
        # openpyxl knows merged ranges only where it makes an object of each of their cells, and one range can span a whole sheet.
        with zipfile.ZipFile(path) as within:
            found = _MERGED.findall(within.read(_file_of(sheet)).decode())
        if len(found) > _MOST_MERGED:
            raise InputError(f"'{path}' has too many merged cells for a printed table")
    return rows, list(_ranges(found))
