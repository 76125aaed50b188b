"""Merged cells of a sheet: the value of one that spans several rows is the value of each of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Filled", "MergedRange", "filled_down"]

MergedRange = tuple[int, int, int, int]
"""Top, left, bottom and right, counted from 1."""

_BLANK = (None, "")


@dataclass(frozen=True)
class Filled:
    """Rows with their merged cells filled: how many cells were, and the first of the ranges that they are in."""

    rows: list[Sequence[Any]]
    cells: int = 0
    examples: tuple[str, ...] = ()


def filled_down(numbers: Sequence[int], rows: list[Sequence[Any]], merged: Sequence[MergedRange]) -> Filled:
    """Gives the rows with each merged cell's value in all the rows that it spans, in its first column; a value of a row's own stays.

    Args:
        numbers: the numbers of the rows, rising; those without a value are left out, and stay so.
        rows: their cells.
        merged: the merged ranges of the sheet; one that begins above the rows is left.

    >>> filled_down([2, 3, 5], [["a", "x"], [None, "y"], ["b", "z"]], [(2, 1, 3, 1)])
    Filled(rows=[['a', 'x'], ['a', 'y'], ['b', 'z']], cells=1, examples=('A2:A3',))
    """
    from openpyxl.utils import get_column_letter

    made = list(rows)
    cells = 0
    examples: list[str] = []
    for top, left, bottom, _ in _apart(merged):
        first = bisect_left(numbers, top)
        if first == len(numbers) or numbers[first] != top or len(made[first]) < left or made[first][left - 1] in _BLANK:
            continue
        value, before = made[first][left - 1], cells
        for place in range(first + 1, bisect_right(numbers, bottom)):
            cells += _set(made, place, left - 1, value)
        if cells > before and len(examples) < 10:
            column = get_column_letter(left)
            examples.append(f"{column}{top}:{column}{bottom}")
    return Filled(made, cells, tuple(examples))


def _set(rows: list[Sequence[Any]], place: int, column: int, value: Any) -> bool:
    """Puts a value into a row's blank cell, if it is blank."""
    row = [*rows[place], *[None] * (column + 1 - len(rows[place]))]
    if row[column] not in _BLANK:
        return False
    row[column] = value
    rows[place] = row
    return True


def _apart(merged: Sequence[MergedRange]) -> Iterator[MergedRange]:
    """The ranges of several rows, column by column; one that lies over another, which no spreadsheet writes, is left out."""
    last = (0, 0)
    for found in sorted((one for one in merged if one[2] > one[0]), key=lambda one: (one[1], one[0])):
        top, left, bottom, _ = found
        if last[0] != left or top > last[1]:
            last = (left, bottom)
            yield found
