"""Cells by name, and the sums that link them: declared, or found by their names and figures.

A sum that holds only by chance makes the attacker stronger than he is, so finding one too many hides more, never less.
Source: DEFINITIONS 5.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from leadtime.results import Table, Value

__all__ = ["Cell", "Links", "Sum", "count_columns", "links_of", "sums_within", "whole"]

_KNOWN_COUNTS = ("n", "cases", "observed", "unfinished", "open", "left", "excluded", "at_risk", "events", "censored")
_STATUS = ("observed", "open", "left")
# What a total and its parts are called where a table says how the cases of a cohort ended.
_ENDINGS = (("n", _STATUS), ("n", ("observed", "unfinished")), ("unfinished", ("open", "left")))
_TOTALS = frozenset(("total", "all", "all cases", "sum", "totalt", "alla", "samtliga", "summa", "båda", "both"))
# Whole numbers that count no children: by their name, or by its last word.
_NO_COUNTS = frozenset(
    ("month", "year", "quarter", "week", "rank", "row", "seed", "draws", "df", "step", "period", "days", "minutes", "percent")
)
UNPUBLISHED = ""  # the table of the totals that stand nowhere, but that two tables share


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


@dataclass(frozen=True)
class _Column:
    """The cells of a column that hold a number, and what they add up to."""

    cells: tuple[Cell, ...]
    total: int


@dataclass
class Links:
    """The sums found, and the counts that they need though no table has them."""

    sums: list[Sum] = field(default_factory=list)
    values: dict[Cell, int] = field(default_factory=dict)

    def cell(self, value: int) -> Cell:
        """Makes a cell for a count that stands nowhere."""
        made = Cell(UNPUBLISHED, len(self.values), "n")
        self.values[made] = value
        return made


def whole(value: Value) -> int | None:
    """Gives a count; None for a blank, and for what is no whole number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or value != int(value):
        return None
    return int(value)


def count_columns(table: Table) -> tuple[str, ...]:
    """Gives the columns that count children: those that the table names, else those with a customary name, else all of whole numbers.

    >>> count_columns(Table("t", ("cohort", "n", "median_days"), (("a", 7, 30),)))
    ('n',)
    >>> count_columns(Table("t", ("unit", "girls", "boys", "year"), (("a", 3, 5, 2019),)))
    ('girls', 'boys')
    """
    customary = tuple(name for name in table.columns if name in _KNOWN_COUNTS)
    return table.counts or customary or tuple(name for name in table.columns if _counts(name, table.column(name)))


def _counts(name: str, values: Iterable[Value]) -> bool:
    """Whether a column has whole numbers only, and no name that says that they are something else."""
    given = [value for value in values if value is not None]
    numbers = bool(given) and all(isinstance(value, int) and not isinstance(value, bool) and value >= 0 for value in given)
    return numbers and name.casefold().rpartition("_")[-1] not in _NO_COUNTS


def links_of(tables: Iterable[Table]) -> Links:
    """Gives the sums within tables and between them, found by their names and figures.

    Two tables are linked where cells of one name and label are equal, and where a column of one name has the same total in both.

    >>> a = Table("by_unit", ("unit", "n"), (("x", 3), ("y", 9)))
    >>> b = Table("by_sex", ("sex", "n"), (("girls", 5), ("boys", 7)))
    >>> links_of([a, b]).values
    {Cell(table='', row=0, column='n'): 12}
    """
    given = tuple(tables)
    found = Links([one for table in given for one in sums_within(table)])
    for table in given:
        _rests(table, found)
    for one, other in combinations(given, 2):
        _between(one, other, found)
    return found


def sums_within(table: Table) -> tuple[Sum, ...]:
    """Gives the sums that hold inside one table: how cases ended, and a column or rows that are the total of the others.

    >>> table = Table("t", ("unit", "girls", "boys", "total"), (("a", 3, 9, 12), ("b", 8, 7, 15)), counts=("girls", "boys", "total"))
    >>> [len(found.parts) for found in sums_within(table)]
    [2, 2]
    """
    counts = count_columns(table)
    values = [[whole(row[table.columns.index(name)]) or 0 for name in counts] for row in table.rows]
    found = list(_endings(table, counts))
    if not found and len(counts) > 2:
        found += _total_column(table, counts, values)
    return tuple(dict.fromkeys((*found, *(_labelled_rows(table, counts, values) or _total_row(table, counts, values)))))


def _endings(table: Table, counts: tuple[str, ...]) -> Iterator[Sum]:
    for total, parts in _ENDINGS:
        if {total, *parts} <= set(counts):
            for row in range(len(table.rows)):
                cells = tuple(Cell(table.name, row, name) for name in parts)
                if sum(_value(table, cell) or 0 for cell in cells) == _value(table, Cell(table.name, row, total)):
                    yield Sum(Cell(table.name, row, total), cells, splits_group=False)


def _rests(table: Table, found: Links) -> None:
    """Where a table has a cohort's size and only a part of how it ended, the rest follows by subtraction."""
    counts = set(count_columns(table))
    for total, parts in _ENDINGS[:1]:
        given = tuple(name for name in parts if name in counts)
        if total not in counts or len(given) in (0, len(parts)) or "unfinished" in counts:
            continue
        for row in range(len(table.rows)):
            cells = tuple(Cell(table.name, row, name) for name in given)
            rest = (_value(table, Cell(table.name, row, total)) or 0) - sum(_value(table, cell) or 0 for cell in cells)
            if rest > 0:
                found.sums.append(Sum(Cell(table.name, row, total), (*cells, found.cell(rest)), splits_group=False))


def _total_column(table: Table, counts: tuple[str, ...], values: list[list[int]]) -> list[Sum]:
    for place in (len(counts) - 1, *range(len(counts) - 1)):
        if any(map(any, values)) and all(2 * line[place] == sum(line) for line in values):
            others = [name for name in counts if name != counts[place]]
            return [
                Sum(Cell(table.name, row, counts[place]), tuple(Cell(table.name, row, name) for name in others))
                for row in range(len(values))
            ]
    return []


def _total_row(table: Table, counts: tuple[str, ...], values: list[list[int]]) -> list[Sum]:
    for place in (len(values) - 1, *range(len(values) - 1)) if len(values) > 2 else ():
        if any(values[place]) and all(2 * column[place] == sum(column) for column in zip(*values, strict=True)):
            others = [row for row in range(len(values)) if row != place]
            return [Sum(Cell(table.name, place, name), tuple(Cell(table.name, row, name) for row in others)) for name in counts]
    return []


def _labelled_rows(table: Table, counts: tuple[str, ...], values: list[list[int]]) -> list[Sum]:
    """The margins of a table that lists every combination in a row of its own, by rows that are labelled as totals."""
    keys = [name for name in table.columns if name not in counts and any(isinstance(value, str) for value in table.column(name))]
    labels = [tuple(str(value).strip().casefold() for value in row) for row in zip(*map(table.column, keys), strict=True)]
    found: list[Sum] = []
    for place in range(len(keys)):
        groups: dict[tuple[str, ...], list[int]] = {}
        for row, label in enumerate(labels):
            groups.setdefault((*label[:place], *label[place + 1 :]), []).append(row)
        for rows in groups.values():
            totals = [row for row in rows if labels[row][place] in _TOTALS]
            parts = [row for row in rows if row not in totals]
            for column, name in enumerate(counts) if len(totals) == 1 and parts else ():
                if values[totals[0]][column] == sum(values[row][column] for row in parts):
                    found.append(Sum(Cell(table.name, totals[0], name), tuple(Cell(table.name, row, name) for row in parts)))
    return found


def _between(one: Table, other: Table, found: Links) -> None:
    """The same counts in two tables, by name, label and figure; then the totals that neither has."""
    mine, theirs = _labelled(one), _labelled(other)
    same = [key for key in mine if key in theirs and _value(one, mine[key]) == _value(other, theirs[key])]
    found.sums += [Sum(mine[key], (theirs[key],), splits_group=False) for key in same]
    for name in (name for name in count_columns(one) if name in count_columns(other)):
        if not any(key == (name, frozenset()) for key in same):  # the total itself stands in both
            found.sums += [alike for mine in _parts(one, name) for theirs in _parts(other, name) for alike in _alike(mine, theirs, found)]


def _alike(one: _Column, other: _Column, found: Links) -> list[Sum]:
    """Two columns that add up to the same."""
    if one.total != other.total or one.total == 0:
        return []
    shared = found.cell(one.total)
    return [Sum(shared, column.cells, splits_group=False) for column in (one, other)]


def _parts(table: Table, name: str) -> Iterator[_Column]:
    """The cells of a column without those that are the total of others in it; and all of them, as such a total may be one by chance."""
    totals = {one.total for one in sums_within(table) if one.parts and one.parts[0].column == one.total.column}
    cells = {Cell(table.name, row, name): whole(value) for row, value in enumerate(table.column(name))}
    given = {cell: value for cell, value in cells.items() if value is not None}
    for without in dict.fromkeys((frozenset(totals & given.keys()), frozenset[Cell]())):
        kept = {cell: value for cell, value in given.items() if cell not in without}
        yield _Column(tuple(kept), sum(kept.values()))


def _labelled(table: Table) -> Mapping[tuple[str, frozenset[str]], Cell]:
    """The cells of a table by column and row labels, without those that two rows share."""
    counts = count_columns(table)
    found: dict[tuple[str, frozenset[str]], list[Cell]] = {}
    for row, values in enumerate(table.rows):
        said = {str(value).strip().casefold() for value in values if isinstance(value, str)}
        for name in counts:
            if _value(table, Cell(table.name, row, name)) is not None:
                found.setdefault((name, frozenset(said - _TOTALS - {""})), []).append(Cell(table.name, row, name))
    return {key: cells[0] for key, cells in found.items() if len(cells) == 1}


def _value(table: Table, cell: Cell) -> int | None:
    return whole(table.rows[cell.row][table.columns.index(cell.column)])
