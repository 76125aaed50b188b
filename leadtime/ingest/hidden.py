"""Rows and columns of a sheet that a filter or a person has hidden: they are read like the others, and told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Hidden"]

# A row or a column with what it says of itself; a row that some program left without its number isn't told.
_TAG = re.compile(rb"<(?:\w+:)?(row|col)\s([^>]{0,480})>")
# Some programs give a row no height, or a column no width, instead. A sheet's `zeroHeight` hides rows that it doesn't hold, so no values.
_IS_HIDDEN = re.compile(rb'(?:^|\s)(?:hidden="(?:1|true)"|(?:ht|width)="0(?:\.0*)?")')
_MARKS = (b'hidden="', b' ht="0', b' width="0')
_NUMBERS = {name: re.compile(rb'(?:^|\s)%s="(\d{1,7})"' % name) for name in (b"r", b"min", b"max")}
_MOST_COLUMNS = 16_384


@dataclass(frozen=True)
class Hidden:
    """The numbers of a sheet's hidden rows and columns, counted from 1."""

    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)

    def look(self, seen: bytes) -> None:
        """Adds what a piece of the sheet's XML hides; a piece may begin with the end of the one before.

        >>> sheet = Hidden()
        >>> sheet.look(b'<col min="2" max="3" width="0"/><row r="4" ht="0" customHeight="1"/><row r="5" ht="0.75"/><row r="6" hidden="1"/>')
        >>> sheet
        Hidden(rows={4, 6}, columns={2, 3})
        """
        if not any(mark in seen for mark in _MARKS):
            return
        for kind, told in _TAG.findall(seen):
            if _IS_HIDDEN.search(told):
                first, last = (_number(told, name) for name in ((b"r", b"r") if kind == b"row" else (b"min", b"max")))
                if kind == b"row":
                    self.rows.add(first)
                else:
                    self.columns.update(range(first, min(last, _MOST_COLUMNS) + 1))

    def rows_among(self, numbers: Sequence[int]) -> list[int]:
        """Gives those of some rows that are hidden."""
        return [number for number in numbers if number in self.rows] if self.rows else []

    def names_among(self, headers: Sequence[str], columns: Sequence[Sequence[object]]) -> list[str]:
        """Gives the headers of the hidden columns that hold a value.

        >>> Hidden(columns={2, 3}).names_among(["Case", "Unit", "column 3"], [["a"], ["BVC"], [None]])
        ['Unit']
        """
        places = [place for place in range(len(headers)) if place + 1 in self.columns]
        return [headers[place] for place in places if any(value not in (None, "") for value in columns[place])]


def _number(told: bytes, name: bytes) -> int:
    found = _NUMBERS[name].search(told)
    return int(found[1]) if found else 0
