"""A printed table as a grid: its cells as texts with merged ones filled, where its header and labels end, and what each cell says."""

from __future__ import annotations

import csv
import itertools
import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from leadtime.errors import InputError, UsageError
from leadtime.ingest.cells import cell_text
from leadtime.ingest.files import checked_path, format_of
from leadtime.ingest.source import Options
from leadtime.ingest.text_bytes import certain_encoding, lines
from leadtime.ingest.text_layout import layout_of
from leadtime.ingest.workbook_file import open_with_merges

__all__ = ["Grid", "State", "Value", "folded", "grid_of", "is_rate", "is_total", "read_value", "tidy"]

State = Literal["value", "zero", "blank", "suppressed", "text"]
_MOST_CELLS, _MOST_BYTES = 1_000_000, 20_000_000
_TOTALS = frozenset(("total", "totals", "totalt", "totalsumma", "summa", "sum", "all", "alla", "samtliga", "grandtotal", "summatotalt"))
_RATE = re.compile(
    r"%|\b(?:andel|procent|percent|share|medel\w*|median\w*|mean|average|genomsnitt\w*|snitt|kvot|rate|ratio)\b", re.IGNORECASE
)
# A hyphen at the end of a line, or a soft one, is none of the word's.
_BROKEN = re.compile(r"[-\u00ad]\s*\n\s*|\u00ad")
_NUMBER = re.compile(r"[+\u2212-]?(?:\d{1,3}(?:[\s\u00a0\u2009\u202f]\d{3})+|\d+)(?:[.,]\d+)?")
_BELOW = re.compile(r"[<\u2264]\s*(\d+)")
# As statistical offices and registers print a number that is withheld or not there.
_MARKS = frozenset(("[c]", "[x]", "[z]", "[low]", "c", "x", "..", "…", ".", "-", "\u2013", "\u2014", "*", "**", "#", "n/a", "na", "s"))


@dataclass(frozen=True)
class Value:
    """What a cell says: its number where it has one, its state, and the most that a suppressed one can be (none where not known)."""

    number: float | None
    state: State
    most: float | None = None


@dataclass(frozen=True)
class Grid:
    """The texts of a table's rows that hold any, with merged cells filled."""

    name: str
    rows: tuple[tuple[str, ...], ...]


def grid_of(source: Any, sheet: str | None) -> Grid:
    """Gives the grid of a workbook's sheet, a text file, a data frame or rows of cells."""
    if isinstance(source, (str, os.PathLike)):
        path = checked_path(source)
        kind = format_of(path)
        if kind == "xlsx":
            return _of_workbook(path, sheet)
        if kind in ("csv", "tsv"):
            return _of_text(path, kind)
        raise InputError(f"'{path}' holds no printed table; give a .xlsx, .csv or .tsv file")
    if hasattr(source, "columns") and hasattr(source, "itertuples"):
        names = [name if isinstance(name, tuple) else (name,) for name in source.columns]
        header = [list(level) for level in itertools.zip_longest(*names)]
        return _grid("frame", [*header, *(list(row) for row in source.itertuples(index=False))])
    if isinstance(source, Sequence) and all(isinstance(row, Sequence) and not isinstance(row, str) for row in source):
        return _grid("rows", [list(row) for row in source])
    raise UsageError(f"source is of type {type(source).__name__}; give a path (.xlsx .csv .tsv), a pandas frame, or rows of cells")


def _grid(name: str, rows: Sequence[Sequence[Any]]) -> Grid:
    width = max((len(row) for row in rows), default=0)
    if len(rows) * width > _MOST_CELLS:
        raise InputError(f"{name} has over {_MOST_CELLS} cells, which is no printed table; read_log reads event tables")
    texts = [[tidy(_plain(cell)) for cell in row] for row in rows]
    return Grid(name, tuple(tuple(row + [""] * (width - len(row))) for row in texts if any(row)))


def _plain(cell: Any) -> str:
    # A missing value of a frame isn't itself.
    return "" if cell is None or cell != cell else cell_text(cell) or ""


def _of_text(path: Path, kind: str) -> Grid:
    if path.stat().st_size > _MOST_BYTES:
        raise InputError(f"'{path}' is larger than any printed table; read_log reads event tables")
    encoding = certain_encoding(path)
    layout = layout_of(path, encoding, Options(of_cases=True), kind)
    try:
        rows = list(csv.reader(lines(path, encoding), delimiter=layout.delimiter))
    except csv.Error as error:
        raise InputError(f"'{path}' can't be read as a table ({error}); export it again") from None
    return _grid(path.name, rows[1:] if rows and re.fullmatch("sep=.?", "".join(rows[0])) else rows)


def _of_workbook(path: Path, sheet: str | None) -> Grid:
    found, ranges = open_with_merges(path, sheet)
    width = max((len(row) for row in found.rows), default=0)
    values = {number: [*row, *[None] * (width - len(row))] for number, row in zip(found.numbers, found.rows, strict=True)}
    if len(ranges) * len(values) * width > 100 * _MOST_CELLS:
        raise InputError(f"'{path}' has too many merged cells for a printed table")
    for top, left, bottom, right in ranges:
        spanned = [number for number in values if top <= number <= bottom]
        for row in spanned if top in values and left <= width else ():
            values[row][left - 1 : right] = [values[top][left - 1]] * (min(right, width) - left + 1)
    return _grid(path.name, list(values.values()))


def tidy(text: str) -> str:
    r"""Gives a label on one line, without the hyphens of its printing.

    >>> tidy("psyko\u00adterapeut"), tidy("Total-\nsumma "), tidy("13-18")
    ('psykoterapeut', 'Totalsumma', '13-18')
    """
    return " ".join(unicodedata.normalize("NFC", _BROKEN.sub("", text)).split())


def folded(text: str) -> str:
    """Gives a label in the form in which labels are compared: case, hyphens within words and blanks don't count.

    >>> folded("Psyko-terapeut") == folded("psykoterapeut"), folded("13-18")
    (True, '13-18')
    """
    return re.sub(r"(?<=[^\W\d])-(?=[^\W\d])|\s", "", tidy(text)).casefold()


def is_total(label: str) -> bool:
    """Whether a label says that its cells are sums.

    >>> is_total("Total-summa"), is_total("Totalt antal barn"), is_total("Mariestad")
    (True, True, False)
    """
    words = re.split(r"[\s:]+", tidy(label).casefold())
    return folded(label).rstrip(":") in _TOTALS or words[0] in ("total", "totalt", "summa", "samtliga")


def is_rate(label: str) -> bool:
    """Whether a label says that its cells are no counts, so that they don't add up.

    >>> is_rate("Andel (%)"), is_rate("Medelålder"), is_rate("Antal barn")
    (True, True, False)
    """
    return _RATE.search(tidy(label)) is not None


def read_value(text: str) -> Value:
    """Gives what a cell says.

    >>> read_value("1 342"), read_value("<5")
    (Value(number=1342.0, state='value', most=None), Value(number=None, state='suppressed', most=4.0))
    >>> [read_value(text).state for text in ("", "0", "[c]", "-", "Kurator")]
    ['blank', 'zero', 'suppressed', 'suppressed', 'text']
    """
    plain = text.strip()
    if not plain or plain == "_":
        return Value(None, "blank")
    if _NUMBER.fullmatch(plain):
        number = float(re.sub(r"[\s\u00a0\u2009\u202f]", "", plain).replace("\u2212", "-").replace(",", "."))
        return Value(number, "zero" if number == 0 else "value")
    below = _BELOW.fullmatch(plain)
    if below:
        return Value(None, "suppressed", float(below[1]) - plain.startswith("<"))
    return Value(None, "suppressed" if plain.casefold() in _MARKS else "text")
