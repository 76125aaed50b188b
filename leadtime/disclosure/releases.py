"""What an earlier report and a new one tell together that neither tells alone: small differences, small rests, hidden counts.

Only published counts are compared; nothing of a case is kept. Where counts are rounded, a difference counts as told only if it can't be
other than small.

Source: DEFINITIONS 5.1 (no hidden cell can be computed from what is shown, differences between tables and cohorts included).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from leadtime.disclosure.attacker import Attacker
from leadtime.disclosure.disclosing import HIDDEN, Disclosed
from leadtime.disclosure.profiles import Profile
from leadtime.disclosure.sums import Cell, Sum, count_columns
from leadtime.results import Table

__all__ = ["Release", "Told", "release_of", "told_together"]

Means: TypeAlias = Literal["difference", "rest", "hidden"]
_KEYS = ("month",)  # numbers that name a row


class Key(NamedTuple):
    """A count by name: its table, its column, and the names of its row."""

    table: str
    column: str
    row: tuple[str, ...]


@dataclass(frozen=True)
class Release:
    """The counts that one report published, hidden ones as ``[c]``.

    `name` is what it is called where it is spoken of, `scope` the one site that it is of (empty: all), `threshold` and `rounding` the rules
    that it was published by.
    """

    name: str
    scope: str
    threshold: int
    rounding: int
    tables: tuple[Table, ...]

    @property
    def same_content(self) -> tuple[object, ...]:
        """What two releases of the same figures have in common."""
        return self.scope, self.threshold, self.rounding, self.tables

    def counts(self) -> dict[Key, int | None]:
        """Gives the counts by name, None for hidden ones; rows that are named alike can't be told apart and are left out."""
        found: dict[Key, list[int | None]] = {}
        for table in self.tables:
            for key, cell in _named(table):
                value = table.rows[cell.row][table.columns.index(cell.column)]
                if isinstance(value, int) or value == HIDDEN:
                    found.setdefault(key, []).append(value if isinstance(value, int) else None)
        return {key: values[0] for key, values in found.items() if len(values) == 1}


@dataclass(frozen=True)
class Told:
    """A table of a report of which an earlier release helps to tell: by a small difference, a small rest, or as it shows what is hidden."""

    release: str
    table: str
    means: Means


def release_of(disclosed: Disclosed, *, name: str, scope: str = "", shown: Collection[str]) -> Release:
    """Gives what a report publishes: of the tables that it shows, the counts and what names their rows.

    Args:
        disclosed: the report's tables after disclosure control.
        name: what the release is to be called.
        scope: the one site that it is of; empty where it is of all.
        shown: the names of the tables that are published.
    """
    tables = []
    for table in disclosed.tables:
        counts = count_columns(table)
        places = sorted([*_labels(table), *map(table.columns.index, counts)])
        if table.name in shown and counts and table.rows:
            kept = tuple(table.columns[i] for i in places)
            tables.append(Table(table.name, kept, tuple(tuple(row[i] for i in places) for row in table.rows), counts=counts))
    return Release(name, scope, disclosed.profile.threshold, disclosed.profile.rounding, tuple(tables))


def told_together(disclosed: Disclosed, release: Release, earlier: Sequence[Release]) -> tuple[Told, ...]:
    """Gives what a release tells together with earlier ones that must not be told; nothing for the same figures once more.

    Three ways are looked at. The same count in both differs by less than the threshold, or by so little after the sums of the tables are
    used. The whole of one release less the sites of others leaves a small rest. A table has not changed, and a count that the new
    release hides stood in the earlier one, or follows by exact algebra from the counts that either shows.

    Args:
        disclosed: the new report's tables after disclosure control.
        release: what it publishes (`release_of`).
        earlier: the releases before it.

    Returns:
        A line for each release, table and way.

    >>> from leadtime.disclosure import disclose
    >>> tables = [disclose(Table("units", ("unit", "n"), (("a", n), ("b", 20)), counts=("n",))) for n in (30, 32)]
    >>> first, second = (release_of(one, name="r", shown=("units",)) for one in tables)
    >>> told_together(tables[1], second, [first])
    (Told(release='r', table='units', means='difference'),)
    """
    found: list[Told] = []
    for other in earlier:
        if other.scope == release.scope:
            if other.same_content == release.same_content:
                continue
            found += [Told(other.name, table, "difference") for table in _differences(disclosed, release, other)]
            found += [Told(other.name, table, "hidden") for table in _hidden_before(disclosed, release, other)]
        elif _site_differs(release, other, disclosed.profile):
            found.append(Told(other.name, "who", "difference"))
    found += _rests(release, [other for other in earlier if other.same_content != release.same_content])
    return tuple(dict.fromkeys(found))


def _names(table: Table, column: str) -> bool:
    """Whether a column names rows: it holds texts, or nothing."""
    values = table.column(column)
    return any(isinstance(value, str) and value != HIDDEN for value in values) and all(
        value is None or (isinstance(value, str) and value != HIDDEN) for value in values
    )


def _labels(table: Table) -> list[int]:
    """The places of the columns that name a table's rows."""
    counts = count_columns(table)
    return [place for place, name in enumerate(table.columns) if name not in counts and (name in _KEYS or _names(table, name))]


def _named(table: Table) -> Iterator[tuple[Key, Cell]]:
    """The counts of a table by name, and where each stands."""
    labels, counts = _labels(table), count_columns(table)
    for place, row in enumerate(table.rows):
        names = tuple(str(row[label]) for label in labels)
        for column in counts:
            yield Key(table.name, column, names), Cell(table.name, place, column)


def _small(difference: int, one: Release, other: Release, profile: Profile) -> bool:
    """Whether a difference of two published counts can only be one of few children."""
    spread = one.rounding // 2 + other.rounding // 2  # by so much each may stand beside its true count
    threshold = max(profile.threshold, one.threshold, other.threshold)
    return abs(difference) - spread > 0 and abs(difference) + spread < threshold


def _differences(disclosed: Disclosed, release: Release, other: Release) -> list[str]:
    """The tables in which a count differs by few from the earlier one, as shown or as the sums tell."""
    profile, before = disclosed.profile, other.counts()
    cells = _cells(disclosed)
    known: dict[Cell, int] = {}
    for key, value in release.counts().items():
        old = before.get(key)
        if value is not None and old is not None and key in cells:
            known[cells[key]] = value - old
    if max(release.rounding, other.rounding) == 1:
        known |= _followed(disclosed.sums, known)
    small = [cell for cell, by in known.items() if _small(by, release, other, profile)]
    shown = {table.name for table in release.tables}
    owners = (_owner(cell, disclosed.sums, shown) for cell in small)
    return list(dict.fromkeys(owner for owner in owners if owner))


def _site_differs(one: Release, other: Release, profile: Profile) -> bool:
    """Whether a site's own report and its row in a report of all differ by few children."""
    site, whole = (one, other) if one.scope else (other, one)
    if whole.scope:
        return False
    sizes, rows = site.counts(), whole.counts()
    pairs = [
        (size, rows.get(Key("who", "n", ("site", site.scope, *key.row)))) for key, size in sizes.items() if key[:2] == ("cohorts", "n")
    ]
    return any(size is not None and row is not None and _small(size - row, one, other, profile) for size, row in pairs)


def _cells(disclosed: Disclosed) -> dict[Key, Cell]:
    """The place of each published count by its name."""
    return dict(named for table in disclosed.tables for named in _named(table))


def _followed(sums: Iterable[Sum], known: Mapping[Cell, int]) -> dict[Cell, int]:
    """Differences that follow from those known: what holds of both releases holds of the differences."""
    found: dict[Cell, int] = {}
    waiting = list(sums)
    while True:
        left = []
        for one in waiting:
            unknown = [cell for cell in one.cells if cell not in known and cell not in found]
            if len(unknown) != 1:
                left += [one] if unknown else []
                continue
            by = {cell: known[cell] if cell in known else found[cell] for cell in one.cells if cell != unknown[0]}
            rest = sum(by[part] for part in one.parts if part != unknown[0])
            found[unknown[0]] = rest if unknown[0] == one.total else by[one.total] - rest
        if len(left) == len(waiting):
            return found
        waiting = left


def _owner(cell: Cell, sums: Iterable[Sum], shown: Collection[str]) -> str:
    """The published table that a cell is of, or in which it follows."""
    if cell.table in shown:
        return cell.table
    return next((other.table for one in sums if cell in one.cells for other in one.cells[1:] + one.cells[:1] if other.table in shown), "")


def _hidden_before(disclosed: Disclosed, release: Release, other: Release) -> list[str]:
    """The tables with a hidden count that an earlier release tells, as it hid other counts of the same unchanged table."""
    cells, now, before = _cells(disclosed), release.counts(), other.counts()
    seen = [
        cells[key] for key in _unchanged(now, before) if now[key] is None and before[key] is not None and cells[key] in disclosed.hidden
    ]
    if not seen:
        return []
    problem = disclosed.problem
    unknown = (disclosed.hidden - set(seen)) | problem.unpublished
    leaks = [leak.cell for leak in Attacker(problem).leaks(unknown) if leak.choices]
    told = [cell for cell in seen if cell in problem.primary] + leaks
    return list(dict.fromkeys(_owner(cell, problem.sums, {table.name for table in release.tables}) or seen[0].table for cell in told))


def _unchanged(now: Mapping[Key, int | None], before: Mapping[Key, int | None]) -> Iterator[Key]:
    """The counts of tables that have the same rows in both, and the same figure wherever both show one."""
    for table in dict.fromkeys(key.table for key in now):
        keys = {key for key in now if key.table == table}
        both = [key for key in keys if now[key] is not None and before.get(key) is not None]
        if both and keys == {key for key in before if key.table == table} and all(now[key] == before[key] for key in both):
            yield from sorted(keys)


def _rests(release: Release, earlier: Sequence[Release]) -> Iterator[Told]:
    """The counts of all that, less those of sites, leave few; the new release is the whole or one of the sites."""
    every = (release, *earlier)
    threshold = max(one.threshold for one in every)
    if any(one.rounding != 1 for one in every):
        return
    sites: dict[str, list[Release]] = {}
    for one in every:
        sites.setdefault(one.scope, []).append(one)
    wholes = sites.pop("", [])
    counts = {id(one): one.counts() for one in every}
    for key, own in release.counts().items():
        if own is None:
            continue
        parts = {scope: {value for one in given if (value := counts[id(one)].get(key)) is not None} for scope, given in sites.items()}
        if release.scope:
            sums = _sums({scope: values for scope, values in parts.items() if scope != release.scope})
            left = ((one, value - own) for one in wholes if (value := counts[id(one)].get(key)) is not None)
            told = [one for one, rest in left if _leaves_few(rest, sums, threshold)]
        else:
            told = [other for given in sites.values() for other in given] if _leaves_few(own, _sums(parts), threshold) else []
        yield from (Told(one.name, key.table, "rest") for one in told[:1])


def _leaves_few(whole: int, sums: int, threshold: int) -> bool:
    """Whether one of the sums leaves fewer than the threshold of the whole, and not none."""
    return any(few <= whole and sums >> (whole - few) & 1 for few in range(1, threshold))


def _sums(parts: Mapping[str, Collection[int]]) -> int:
    """What the counts of some sites add up to, for every choice of sites and releases, as bits: bit n is set where n is such a sum."""
    found = 1
    for values in parts.values():
        before = found
        for value in values:
            found |= before << value
    return found
