"""Workbooks as what they are, zip archives of XML: looked through before any program opens them, so that none can fill the machine."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from leadtime.errors import InputError, one_line
from leadtime.ingest.hidden import Hidden
from leadtime.ingest.streams import check_growth

__all__ = ["Archive", "Sheet", "looked_through"]

_CHUNK = 1 << 20
_OVERLAP = 512  # longer than any tag that is looked for
_LARGEST = 1 << 32
_DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
# The first tag of a document, in either width of letters; no document type may come after it.
_FIRST_TAG = re.compile(rb"<\x00?[A-Za-z]")
# A formula whose cell ends without a value: the program that wrote it didn't compute it.
_UNCOMPUTED = re.compile(rb"(?:</f>|<f[^>]*/>)(?:<v\s*/>|<v></v>)?</c>")
_CELL = re.compile(rb'<c [^>]*?r="([A-Z]+\d+)"')
_ROW = re.compile(rb'<row r="(\d{1,7})"')
_ANY_ROW = re.compile(rb'<row [^>]{0,200}?r="(\d{1,7})"')
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]{0,40}?ref="([A-Z]{1,3}(\d{1,7}):[A-Z]{1,3}(\d{1,7}))"')
_MOST_MERGED = 500_000
# References with two and with three letters. They may be small ones; in xr="http" stands none.
_LETTERS = (re.compile(rb'r="(?<![\w:]r=")[A-Za-z]{2}'), re.compile(rb'r="(?<![\w:]r=")[A-Za-z]{3}'))
# A reference as XML may spell it and no program does: r='A1', or r = "A1".
_ODD = re.compile(rb"""[\s"']r(?:\s+=|=[^"])""")
# A cell whose place is read, and any cell. One without a reference stands beside the one before, and a row without a number below.
_PLACED = re.compile(rb'<(?:\w+:)?c(?:\s+[a-z]+="[^"<>]*")*\s+r="')
_ANY_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_ROW_TAG = re.compile(rb"<(?:\w+:)?row[\s/>]")
_REFERENCE = 12  # bytes in which one is known to be near, from the sign before it: _r="Z999999"
_WIDTHS, _MOST_ROWS = (26, 702, 16_384), 1_048_576
# The places of cells are looked at one by one in the first bytes only, and after that where they are far: a grid of 999,999 rows and 26
# columns is nothing to who holds a sheet of that size.
_LOOKED_AT, _LARGE_GRID = 1 << 22, 26_000_000


@dataclass
class Sheet:
    """What a sheet's XML holds: size, cells, a bound on their grid, error values, an uncomputed formula, merged rows, what is hidden.

    `rows` and `letters` bound the places that are written; `bare` is the most cells of one row that have none, `bare_rows` the rows
    among which such stand, and `begun` how many such cells the row has in which a piece ends.
    """

    size: int = 0
    cells: int = 0
    rows: int = 1
    letters: int = 1
    bare: int = 0
    bare_rows: int = 0
    begun: int = 0
    errors: bool = False
    uncomputed: str | None = None
    merged: list[str] = field(default_factory=list)
    hidden: Hidden = field(default_factory=Hidden)

    @property
    def is_dense(self) -> bool:
        """Whether the smallest grid that is sure to hold all cells is little larger than they are."""
        rows, width = max(self.rows, self.bare_rows), max(_WIDTHS[self.letters - 1], self.bare)
        return rows * width <= 20 * self.cells + (1_000_000 if self.size <= _LOOKED_AT else _LARGE_GRID)


@dataclass(frozen=True)
class Archive:
    """A workbook looked through: its sheets by the name of their file within."""

    sheets: dict[str, Sheet] = field(default_factory=dict)

    @property
    def is_dense(self) -> bool:
        """Whether a program that holds each sheet as one grid of cells holds little more than there is."""
        return all(sheet.is_dense for sheet in self.sheets.values())

    @property
    def hides(self) -> bool:
        """Whether some row or column is hidden."""
        return any(sheet.hidden.rows or sheet.hidden.columns for sheet in self.sheets.values())

    @property
    def has_errors(self) -> bool:
        """Whether a cell holds an error value, such as #N/A."""
        return any(sheet.errors for sheet in self.sheets.values())


def looked_through(path: Path) -> Archive:
    """Gives what a workbook's archive holds.

    Raises:
        InputError: it unpacks to more than a workbook can, declares entities, or names files outside itself.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(path, entries)
            found = Archive()
            for entry in entries:
                is_sheet = bool(re.fullmatch(r"xl/worksheets/[^/]+\.xml", entry.filename))
                sheet = Sheet()
                _look(path, archive, entry, sheet if is_sheet else None)
                if is_sheet:
                    found.sheets[entry.filename] = sheet
            return found
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, PermissionError):
            raise
        raise InputError(f"'{path}' is damaged or cut short ({one_line(str(error))[:80]}); export it again") from None


def _check_entries(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Names and declared sizes; the sizes are checked again while unpacking."""
    for entry in entries:
        name = entry.filename.replace("\\", "/")
        if name.startswith("/") or ".." in PurePosixPath(name).parts or re.match(r"[A-Za-z]:", name):
            raise InputError(f"'{path}' holds a file named '{one_line(entry.filename)[:60]}', which points outside of it; it isn't read")
    _check_size(path, sum(entry.compress_size for entry in entries), sum(entry.file_size for entry in entries))


def _check_size(path: Path, packed: int, unpacked: int) -> None:
    check_growth(packed, unpacked, f"'{path}'")
    if unpacked > _LARGEST:
        raise InputError(f"'{path}' unpacks to over {_LARGEST >> 30} GB; save the sheet as CSV, which is read at any size")


def _look(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, sheet: Sheet | None) -> None:
    total, tail = 0, b""
    begun = not entry.filename.endswith((".xml", ".rels"))
    with archive.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            total += len(chunk)
            _check_size(path, entry.compress_size, total)
            seen = tail + chunk
            if not begun and any(mark in seen for mark in _DOCTYPES):
                raise InputError(
                    f"'{path}' declares a document type in '{entry.filename}', by which it could hold entities or refer to other files; no "
                    "workbook does, so it isn't read"
                )
            begun = begun or _FIRST_TAG.search(seen) is not None
            if sheet is not None:
                sheet.size = total
                _look_at_cells(sheet, seen, len(tail))
                _look_at_merges(path, sheet, seen, len(tail))
                sheet.hidden.look(seen)
            tail = seen[-_OVERLAP:]


def _look_at_cells(sheet: Sheet, seen: bytes, known: int) -> None:
    """Adds what a piece of a sheet holds; its first `known` bytes were the last of the piece before."""
    sheet.cells += seen.count(b"<c ") - seen[:known].count(b"<c ")
    far, odd, bare = _glance(seen)
    if far or sheet.size <= _LOOKED_AT:
        _look_at_places(sheet, seen)
    if odd and _ODD.search(seen):
        sheet.rows, sheet.letters = _MOST_ROWS, len(_WIDTHS)  # its place isn't read, so it may be anywhere
    if bare:
        _count_bare(sheet, seen)
    sheet.errors = sheet.errors or b't="e"' in seen
    if sheet.uncomputed is None and b"<f" in seen:
        formula = _UNCOMPUTED.search(seen)
        if formula:
            before = [match[1] for match in _CELL.finditer(seen, max(0, formula.start() - 4096), formula.start())]
            sheet.uncomputed = before[-1].decode() if before else "a cell"


def _glance(seen: bytes) -> tuple[bool, bool, bool]:
    """Whether a reference may lie beyond column Z or row 999,999, one may be oddly spelled, and a cell may have none; at once, for all."""
    signs = np.frombuffer(seen, np.uint8)
    before, name, after = signs[:-_REFERENCE], signs[1 : 1 - _REFERENCE], signs[2 : 2 - _REFERENCE]
    begins = np.flatnonzero((name == ord("r")) & (before <= ord("'")) & ((after == ord("=")) | (after <= ord(" "))))
    equals, quote, first, second, seventh, eighth = (signs[begins + place] for place in (2, 3, 4, 5, 10, 11))
    digit = ord("0")  # what is less than it comes out far above 9
    far = (second >= ord("A")) | ((seventh - digit < 10) & ((first - digit < 10) | (eighth - digit < 10)))
    odd = (equals != ord("=")) | (quote != ord('"'))
    cells = np.flatnonzero((name == ord("c")) & (after <= ord(">")) & ((before == ord("<")) | (before == ord(":"))))
    bare = (signs[cells + 3] != ord("r")) | (signs[cells + 4] != ord("="))
    return bool(far.any()), bool(odd.any()), bool(bare.any())


def _count_bare(sheet: Sheet, seen: bytes) -> None:
    """Adds the cells of a piece that have no reference, and its rows."""
    rows = _ROW_TAG.split(seen)
    counts = [len(_ANY_CELL.findall(row)) - len(_PLACED.findall(row)) for row in rows]
    counts[0] += sheet.begun
    sheet.begun, sheet.bare = counts[-1], max(sheet.bare, *counts)
    sheet.bare_rows += len(rows) - 1
    sheet.cells += seen.count(b"<c>")


def _look_at_merges(path: Path, sheet: Sheet, seen: bytes, known: int) -> None:
    """Adds the merged ranges of several rows that a piece of a sheet declares; those of one row have no say about rows."""
    if b"mergeCell" not in seen:
        return
    new = (found for found in _MERGED.finditer(seen) if found.end() > known)
    sheet.merged += [found[1].decode() for found in new if found[2] != found[3]]
    if len(sheet.merged) > _MOST_MERGED:
        raise InputError(f"'{path}' has a sheet of over {_MOST_MERGED:,} merged ranges; save it as CSV with every cell filled")


def _look_at_places(sheet: Sheet, seen: bytes) -> None:
    rows = _ROW.findall(seen)
    if len(rows) < seen.count(b"<row "):
        rows = _ANY_ROW.findall(seen)
    sheet.rows = max(sheet.rows, *map(int, rows), 1)
    if re.search(rb'r="[A-Za-z]{1,3}\d{%d}' % (len(str(sheet.rows)) + 1), seen):
        sheet.rows = _MOST_ROWS  # a cell says that it lies below its row
    while sheet.letters < len(_WIDTHS) and _LETTERS[sheet.letters - 1].search(seen):
        sheet.letters += 1
