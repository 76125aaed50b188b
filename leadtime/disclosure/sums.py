"""Cells by name, the sums that link them, and the exact algebra that tells which hidden cell follows from the shown ones.

Source: DEFINITIONS 5.1; the row space of the sums over the rationals (Fischetti & Salazar 2001 for the problem).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from leadtime.results import Table

__all__ = ["Cell", "Sum", "count_columns", "derivable", "sums_within"]

_KNOWN_COUNTS = ("n", "cases", "observed", "open", "left", "excluded", "at_risk", "events", "censored")
_STATUS = ("observed", "open", "left")


class Cell(NamedTuple):
    """A place in a table: its name, row (from 0) and column."""

    table: str
    row: int
    column: str


@dataclass(frozen=True)
class Sum:
    """A total and its parts, in one table or over several; one part says that two cells are the same count.

    `splits_group`: the parts split the total by an attribute of the children, so a part that takes all tells it of each of them.
    """

    total: Cell
    parts: tuple[Cell, ...]
    splits_group: bool = True

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The total and the parts."""
        return (self.total, *self.parts)


def count_columns(table: Table) -> tuple[str, ...]:
    """Gives the columns that count children: those that the table names, else those with a customary name.

    >>> count_columns(Table("t", ("cohort", "n", "median_days"), ()))
    ('n',)
    """
    return table.counts or tuple(name for name in table.columns if name in _KNOWN_COUNTS)


def sums_within(table: Table) -> tuple[Sum, ...]:
    """Gives the sums that hold inside one table: n = observed + open + left, a last column or a last row that is the total.

    >>> table = Table("t", ("unit", "girls", "boys", "total"), (("a", 3, 9, 12), ("b", 8, 7, 15)), counts=("girls", "boys", "total"))
    >>> [len(found.parts) for found in sums_within(table)]
    [2, 2]
    """
    counts = count_columns(table)
    values = [[_whole(row[table.columns.index(name)]) for name in counts] for row in table.rows]
    found: list[Sum] = []
    for row in range(len(values)):
        if {"n", *_STATUS} <= set(counts):
            found.append(Sum(Cell(table.name, row, "n"), tuple(Cell(table.name, row, name) for name in _STATUS), splits_group=False))
    if len(counts) > 2 and values and all(line[-1] == sum(line[:-1]) for line in values):
        found += [
            Sum(Cell(table.name, row, counts[-1]), tuple(Cell(table.name, row, name) for name in counts[:-1])) for row in range(len(values))
        ]
    if len(values) > 2 and all(line[-1] == sum(line[:-1]) for line in zip(*values, strict=True)):
        last = len(values) - 1
        found += [Sum(Cell(table.name, last, name), tuple(Cell(table.name, row, name) for row in range(last))) for name in counts]
    return tuple(found)


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def derivable(sums: Iterable[Sum], hidden: Collection[Cell]) -> Mapping[Cell, tuple[Cell, ...]]:
    """Gives the hidden cells that follow exactly from the shown ones, each with the shown cells that it follows from.

    Args:
        sums: the sums that hold.
        hidden: the cells that aren't shown.

    Returns:
        Cell to the shown cells of the combination that gives it away.

    Source:
        DEFINITIONS 5.1: a cell is determined when its unit vector lies in the row space of the sums.

    >>> a, b, total = (Cell("t", row, "n") for row in range(3))
    >>> derivable([Sum(total, (a, b))], {a}) == {a: (b, total)}
    True
    >>> dict(derivable([Sum(total, (a, b))], {a, b}))
    {}
    """
    rows = [row for row in (_row(found) for found in sums) if any(cell in hidden for cell in row)]
    reduced = _reduced(rows, hidden)
    found: dict[Cell, tuple[Cell, ...]] = {}
    for row in reduced:
        unknown = [cell for cell in row if cell in hidden]
        if len(unknown) == 1:
            found[unknown[0]] = tuple(sorted(cell for cell in row if cell not in hidden))
    return found


def _row(found: Sum) -> dict[Cell, Fraction]:
    """A sum as a row of coefficients: parts - total = 0."""
    row: dict[Cell, Fraction] = {}
    for cell, sign in [(found.total, -1), *((part, 1) for part in found.parts)]:
        row[cell] = row.get(cell, Fraction(0)) + sign
    return {cell: value for cell, value in row.items() if value}


def _reduced(rows: list[dict[Cell, Fraction]], hidden: Collection[Cell]) -> list[dict[Cell, Fraction]]:
    """The rows in reduced echelon form on the hidden cells, kept sparse; shown cells ride along."""
    done: dict[Cell, dict[Cell, Fraction]] = {}
    for given in rows:
        row = dict(given)
        for pivot, earlier in done.items():
            if pivot in row:
                _subtract(row, earlier, row[pivot])
        unknown = sorted(cell for cell in row if cell in hidden)
        if not unknown:
            continue
        pivot = unknown[0]
        scale = row[pivot]
        row = {cell: value / scale for cell, value in row.items()}
        for earlier in done.values():
            if pivot in earlier:
                _subtract(earlier, row, earlier[pivot])
        done[pivot] = row
    return list(done.values())


def _subtract(row: dict[Cell, Fraction], other: Mapping[Cell, Fraction], times: Fraction) -> None:
    for cell, value in other.items():
        left = row.get(cell, Fraction(0)) - times * value
        if left:
            row[cell] = left
        else:
            row.pop(cell, None)
