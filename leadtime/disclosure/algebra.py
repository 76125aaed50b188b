"""Exact linear algebra on sums, in whole numbers: which unknown cells follow from the known ones, and how the others can move together.

Source: DEFINITIONS 5.1; a cell is determined when its unit vector lies in the row space of the sums, over the rationals.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping

from leadtime.disclosure.sums import Cell, Sum

__all__ = ["Row", "derivable", "kernel", "reduced"]

Row = dict[Cell, int]  # cells and their coefficients; together they are 0, or what the known cells that were left out make


def derivable(sums: Iterable[Sum], hidden: Collection[Cell]) -> Mapping[Cell, tuple[Cell, ...]]:
    """Gives the hidden cells that follow exactly from the shown ones, each with the shown cells that it follows from.

    >>> a, b, total = (Cell("t", row, "n") for row in range(3))
    >>> derivable([Sum(total, (a, b))], {a}) == {a: (b, total)}
    True
    >>> dict(derivable([Sum(total, (a, b))], {a, b}))
    {}
    """
    given = tuple(sums)
    told = {pivot for pivot, row in reduced(given, hidden).items() if len(row) == 1}
    rows = _eliminated(map(_row, given), hidden) if told else {}
    return {pivot: tuple(sorted(cell for cell in rows[pivot] if cell != pivot)) for pivot in sorted(told)}


def reduced(sums: Iterable[Sum], unknown: Collection[Cell]) -> dict[Cell, Row]:
    """Gives the sums in reduced echelon form on the unknown cells, by pivot, without the known ones.

    >>> a, b, total = (Cell("t", row, "n") for row in range(3))
    >>> reduced([Sum(total, (a, b))], {a, b}) == {a: {a: 1, b: 1}}
    True
    """
    rows = ({cell: value for cell, value in _row(one).items() if cell in unknown} for one in sums)
    return _eliminated(rows, unknown)


def kernel(rows: Mapping[Cell, Row], unknown: Iterable[Cell]) -> list[Row]:
    """Gives whole-number changes of the unknown cells that keep every sum, from the sums as `reduced` gives them.

    >>> a, b, total = (Cell("t", row, "n") for row in range(3))
    >>> [sorted(change.values()) for change in kernel(reduced([Sum(total, (a, b))], {a, b}), {a, b})]
    [[-1, 1]]
    """
    touching: dict[Cell, list[Cell]] = {cell: [] for cell in sorted(unknown) if cell not in rows}
    for pivot, row in rows.items():
        for cell in row:
            if cell in touching:
                touching[cell].append(pivot)
    changes: list[Row] = []
    for cell, pivots in touching.items():
        scale = math.lcm(*(rows[pivot][pivot] // math.gcd(rows[pivot][pivot], rows[pivot][cell]) for pivot in pivots))
        changes.append({cell: scale} | {pivot: -scale * rows[pivot][cell] // rows[pivot][pivot] for pivot in pivots})
    return changes


def _eliminated(rows: Iterable[Row], unknown: Collection[Cell]) -> dict[Cell, Row]:
    """Reduced echelon form on the unknown cells; known ones ride along. A pivot's coefficient is positive."""
    done: dict[Cell, Row] = {}
    for given in rows:
        row = given
        for pivot in [cell for cell in given if cell in done]:
            row = _without(row, pivot, done[pivot])
        open_cells = [cell for cell in row if cell in unknown]
        if not open_cells:
            continue
        # A coefficient of one keeps the numbers small.
        pivot = min(open_cells, key=lambda cell: (abs(row[cell]), cell))
        if row[pivot] < 0:
            row = {cell: -value for cell, value in row.items()}
        for other, earlier in done.items():
            if pivot in earlier:
                done[other] = _without(earlier, pivot, row)
        done[pivot] = row
    return done


def _row(one: Sum) -> Row:
    """A sum as a row of coefficients: parts - total = 0."""
    row: Row = {}
    for cell, sign in [(one.total, -1), *((part, 1) for part in one.parts)]:
        row[cell] = row.get(cell, 0) + sign
    return {cell: value for cell, value in row.items() if value}


def _without(row: Row, pivot: Cell, other: Row) -> Row:
    """A row combined with another so that the pivot falls out, in smallest terms; the row's own pivot keeps its sign."""
    shared = math.gcd(row[pivot], other[pivot])
    mine, theirs = other[pivot] // shared, row[pivot] // shared
    made = {cell: mine * value for cell, value in row.items()} if mine != 1 else dict(row)
    for cell, value in other.items():
        left = made.get(cell, 0) - theirs * value
        if left:
            made[cell] = left
        else:
            del made[cell]
    divisor = math.gcd(*made.values()) if made else 1
    return made if divisor in (0, 1) else {cell: value // divisor for cell, value in made.items()}
