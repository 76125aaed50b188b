"""What to merge where a table would show no count at all: groups of rows, else of columns, so that counts can be shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import add
from typing import Literal

from leadtime.disclosure.attacker import Attacker, Problem
from leadtime.disclosure.profiles import Profile
from leadtime.disclosure.search import covered
from leadtime.disclosure.sums import Cell, Sum, count_columns, sums_within, whole
from leadtime.results import Table, Value

__all__ = ["proposals"]

Along = Literal["rows", "columns"]


@dataclass(frozen=True)
class _Group:
    """Rows or columns taken together: their names, and their counts across."""

    names: tuple[str, ...]
    counts: tuple[int, ...]

    def __add__(self, other: _Group) -> _Group:
        return _Group(self.names + other.names, tuple(map(add, self.counts, other.counts)))


def proposals(tables: Iterable[Table], profile: Profile) -> Table:
    """Gives the groups to merge, a row for each merged one, for tables that would show no count.

    Args:
        tables: those that would be empty, with their counts.
        profile: what may be shown.

    Returns:
        `table`, `along` ("rows" or "columns"), `merge` (the names of the groups, with + between them), and `shown`: how many counts above
        none the table would show then. A table that no merging helps has an empty `merge`: it is to be left out.

    >>> from leadtime.disclosure.profiles import profile_named
    >>> table = Table("t", ("unit", "n"), (("a", 3), ("b", 2), ("c", 4), ("d", 1)), counts=("n",))
    >>> print(proposals([table], profile_named("se-5")))
    table  along  merge  shown
    t      rows   c + d      2
    t      rows   a + b      2
    """
    rows: list[tuple[Value, ...]] = []
    for table in tables:
        rows += _proposed(table, profile, "rows") or _proposed(table, profile, "columns") or [(table.name, "rows", "", 0)]
    return Table("merge_proposals", ("table", "along", "merge", "shown"), tuple(rows))


def _proposed(table: Table, profile: Profile, along: Along) -> list[tuple[Value, ...]]:
    """The groups to merge along one side; none where that shows nothing either."""
    groups, total = _groups(table, along)
    merged = _merged(groups, profile)
    shown = _shown(table.name, merged, total=total, profile=profile) if len(merged) < len(groups) else 0
    return [(table.name, along, " + ".join(group.names), shown) for group in merged if len(group.names) > 1] if shown else []


def _groups(table: Table, along: Along) -> tuple[list[_Group], bool]:
    """The rows or columns that are no total of the others, and whether there is such a total."""
    counts = count_columns(table)
    values = [[whole(row[table.columns.index(name)]) or 0 for name in counts] for row in table.rows]
    sums = sums_within(table)
    if along == "rows":
        totals: set[object] = {one.total.row for one in sums if one.parts[0].row != one.total.row}
        lines = [
            (row, " ".join(str(value) for value in cells if isinstance(value, str)), values[row]) for row, cells in enumerate(table.rows)
        ]
        return [_Group((name,), tuple(line)) for row, name, line in lines if row not in totals and any(line)], bool(totals)
    totals = {one.total.column for one in sums if one.parts[0].column != one.total.column}
    found = [_Group((name,), tuple(line[place] for line in values)) for place, name in enumerate(counts) if name not in totals]
    return [group for group in found if any(group.counts)], bool(totals)


def _merged(groups: list[_Group], profile: Profile) -> list[_Group]:
    """The greatest takes the smallest along until no count of theirs is too small; what is left at the end joins the last."""
    left = sorted(groups, key=lambda group: (-sum(group.counts), group.names))
    merged: list[_Group] = []
    while left:
        group = left.pop(0)
        while left and any(map(profile.hides, group.counts)):
            group += left.pop()
        if merged and any(map(profile.hides, group.counts)):
            merged[-1] += group
        else:
            merged.append(group)
    return merged


def _shown(name: str, groups: list[_Group], *, total: bool, profile: Profile) -> int:
    """How many counts above none a table of merged groups would show."""
    lines = [group.counts for group in groups]
    if total:
        lines.append(tuple(map(sum, zip(*lines, strict=True))))
    columns = tuple(str(place) for place in range(len(lines[0])))
    table = Table(name, columns, tuple(lines), counts=columns)
    values = {Cell(name, row, column): line[place] for row, line in enumerate(lines) for place, column in enumerate(columns)}
    primary = frozenset(cell for cell, value in values.items() if profile.hides(value))
    sums: tuple[Sum, ...] = sums_within(table)
    problem = Problem(values, sums, primary, frozenset(), profile)
    hidden = covered(problem, Attacker(problem)) if primary else frozenset()
    return sum(value > 0 and cell not in hidden for cell, value in values.items())
