"""An attacker with a solver and the published tables can't narrow any hidden count to fewer than three values (DEFINITIONS 5.1;
threat T2).

The attack shares no code with the library: it reads what is printed, and asks HiGHS.
"""

from __future__ import annotations

import csv
import io
import itertools
import os
from collections.abc import Collection, Mapping
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from leadtime.disclosure import Cell as Place
from leadtime.disclosure import Sum, disclose
from leadtime.results import Table

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
SETS = 500 if THOROUGH else 60
NEEDED = 3
MOST = 10_000
Key = tuple[str, int, int]  # table, row, column


class Attack:
    """Equations on the cells of tables as they are printed; `[c]` is unknown, `[x]` is none."""

    def __init__(self, tables: dict[str, list[list[str]]], equations: list[tuple[Key, list[Key]]]):
        cells = {(name, i, j): cell for name, rows in tables.items() for i, row in enumerate(rows) for j, cell in enumerate(row)}
        self.unknown = [key for key, cell in cells.items() if cell == "[c]"]
        rows, right = [], []
        for total, parts in equations:
            row = np.array([parts.count(key) - (key == total) for key in self.unknown], dtype=float)
            known = sum(float(cells[key]) for key in parts if cells[key] not in ("[c]", "[x]"))
            constant = (0.0 if cells[total] in ("[c]", "[x]") else float(cells[total])) - known
            assert row.any() or constant == 0, "the published numbers contradict each other"
            rows.append(row)
            right.append(constant)
        self.rows, self.right = np.array(rows).reshape(len(rows), len(self.unknown)), np.array(right)

    def values(self, small: Collection[Key] = (), cover: Collection[Key] = (), *, known: Mapping[Key, set[int]] | None = None):
        """Values that fit, for each unknown cell: all where there are fewer than three.

        `small` and `cover` (none, or at least five) are what he knows besides; `known` are values that fit already.
        """
        seen: dict[Key, set[int]] = {key: set(known[key]) if known else set() for key in self.unknown}
        if not seen:
            return seen
        fitting = self._fitting(small, cover)
        draw = np.random.default_rng(0)
        for _ in range(0 if known else 4):
            answer = fitting(draw.normal(size=len(seen)), {})
            assert answer is not None, "nothing fits what is published"
            for key, value in zip(self.unknown, answer, strict=True):
                seen[key].add(int(value))
        for number, key in enumerate(self.unknown):
            spans = self._gaps(seen[key])
            while spans and len(seen[key]) < NEEDED:
                answer = fitting(np.zeros(len(seen)), {number: spans.pop()})
                if answer is not None:
                    seen[key].add(int(answer[number]))
                    spans = self._gaps(seen[key])
        return seen

    def _fitting(self, small: Collection[Key], cover: Collection[Key]):
        """Gives a function that finds whole numbers that fit, with some cells within bounds, with a switch for each cover."""
        size = len(self.unknown)
        lower, upper = np.zeros(2 * size), np.concatenate([np.full(size, float(MOST)), np.ones(size)])
        switches = np.zeros((2 * size, 2 * size))
        for number, key in enumerate(self.unknown):
            if key in small:
                lower[number], upper[number] = 1, 4
            elif key in cover:
                switches[2 * number, [number, size + number]] = 1, -5
                switches[2 * number + 1, [number, size + number]] = -1, MOST
        limits = [LinearConstraint(switches, 0, np.inf)]
        if len(self.rows):
            limits.append(LinearConstraint(np.hstack([self.rows, np.zeros_like(self.rows)]), self.right, self.right))

        def found(aim: np.ndarray, within: Mapping[int, tuple[int, int]]) -> np.ndarray | None:
            low, high = lower.copy(), upper.copy()
            for number, (least, most) in within.items():
                low[number], high[number] = max(low[number], least), min(high[number], most)
            if (low > high).any():
                return None
            aims = np.concatenate([aim, np.zeros(size)])
            answer = milp(aims, constraints=limits, bounds=Bounds(low, high), integrality=np.ones(2 * size))
            return None if answer.x is None else np.round(answer.x[:size])

        return found

    @staticmethod
    def _gaps(seen: set[int]) -> list[tuple[int, int]]:
        edges = [-1, *sorted(seen), MOST + 1]
        return [(a + 1, b - 1) for a, b in itertools.pairwise(edges) if a + 1 <= b - 1]


def printed(table: Table) -> list[list[str]]:
    """The count cells of a table, as a reader of the file has them."""
    out = io.StringIO()
    csv.writer(out).writerows(table.rows)
    places = [table.columns.index(name) for name in table.counts]
    return [[row[place] for place in places] for row in csv.reader(io.StringIO(out.getvalue()))]


def counts(draw: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Random counts of children: many none, many small, some large."""
    kind = draw.choice(3, size=shape, p=draw.dirichlet([1.0, 2.0, 3.0]))
    return np.where(kind == 0, 0, np.where(kind == 1, draw.integers(1, 5, shape), draw.integers(5, draw.choice([12, 40, 400]), shape)))


def with_totals(cube: np.ndarray) -> np.ndarray:
    """An array with its margins as the last entry along every side."""
    for axis in range(cube.ndim):
        cube = np.concatenate([cube, cube.sum(axis=axis, keepdims=True)], axis=axis)
    return cube


def wide(name: str, two: np.ndarray) -> tuple[Table, list[tuple[Key, list[Key]]]]:
    """Two sides as rows and columns, totals last; and the equations that a reader sees."""
    full = with_totals(two)
    columns = (*(f"{name}{j}" for j in range(two.shape[1])), "all")
    labels = (*(f"{name}-row{i}" for i in range(two.shape[0])), "total")
    table = Table(
        name, ("label", *columns), tuple((label, *map(int, row)) for label, row in zip(labels, full, strict=True)), counts=columns
    )
    last_row, last_column = full.shape[0] - 1, full.shape[1] - 1
    seen = [((name, i, last_column), [(name, i, j) for j in range(last_column)]) for i in range(full.shape[0])]
    seen += [((name, last_row, j), [(name, i, j) for i in range(last_row)]) for j in range(full.shape[1])]
    return table, seen


def long(name: str, cube: np.ndarray) -> tuple[Table, list[tuple[Key, list[Key]]]]:
    """Every combination in a row of its own, with all margins as rows that say "total"."""
    full = with_totals(cube)
    places = {index: number for number, index in enumerate(np.ndindex(full.shape))}
    names = [[*(f"{side}{i}" for i in range(size)), "total"] for side, size in zip("uvw", cube.shape, strict=False)]
    rows = tuple((*(names[side][i] for side, i in enumerate(index)), int(full[index])) for index in places)
    seen = []
    for index, number in places.items():
        for side, size in enumerate(cube.shape):
            if index[side] == size:
                parts = [(*index[:side], i, *index[side + 1 :]) for i in range(size)]
                seen.append(((name, number, 0), [(name, places[part], 0) for part in parts]))
    return Table(name, (*(f"side{side}" for side in range(cube.ndim)), "n"), rows, counts=("n",)), seen


def a_table_of_two_sides(draw):
    table, seen = wide("t", counts(draw, tuple(draw.integers(2, 6, 2))))
    return [table], seen, {}


def a_table_of_three_sides(draw):
    table, seen = long("t", counts(draw, tuple(draw.integers(2, 4, 3))))
    return [table], seen, {}


def tables_that_share_their_margins(draw):
    """Cohort by status, unit by status and cohort by unit, of the same children; each with its totals."""
    cube = counts(draw, tuple(draw.integers(2, 4, 3)))
    tables, seen = [], []
    for name, away in (("us", 2), ("uc", 1), ("cs", 0)):
        two = cube.sum(axis=away)
        table, own = wide(name, two)
        tables.append(table)
        seen += own
    sizes = cube.shape
    same = [(("us", u, sizes[1]), ("uc", u, sizes[2])) for u in range(sizes[0] + 1)]
    same += [(("us", sizes[0], s), ("cs", s, sizes[2])) for s in range(sizes[1] + 1)]
    same += [(("uc", sizes[0], c), ("cs", sizes[1], c)) for c in range(sizes[2] + 1)]
    seen += [(one, [other]) for one, other in same]
    columns = {table.name: table.counts for table in tables}
    links = [Sum(Place(a[0], a[1], columns[a[0]][a[2]]), (Place(b[0], b[1], columns[b[0]][b[2]]),), splits_group=False) for a, b in same]
    return tables, seen, {"sums": [*own_sums(tables), *links]}


def own_sums(tables):
    from leadtime.disclosure import sums_within

    return [one for table in tables for one in sums_within(table)]


def tables_without_a_common_total(draw):
    """The same children by unit and by age, each in a table without its total: only the sums of the columns are alike."""
    units = counts(draw, (int(draw.integers(2, 6)),))
    total = int(units.sum())
    cuts = np.sort(draw.integers(0, total + 1, int(draw.integers(1, 4))))
    ages = np.diff([0, *cuts, total])
    tables = [
        Table(name, ("label", "n"), tuple((f"{name}{i}", int(value)) for i, value in enumerate(values)), counts=("n",))
        for name, values in (("unit", units), ("age", ages))
    ]
    return tables, None, {}


MAKERS = (
    a_table_of_two_sides,
    tables_that_share_their_margins,
    a_table_of_two_sides,
    a_table_of_three_sides,
    tables_without_a_common_total,
)


def attack_on(tables, result, seen):
    shown = {table.name: printed(table) for table in result.tables}
    if seen is None:  # the sums of two columns are alike: an unseen common total
        shown["common"] = [["[c]"]]
        seen = [(("common", 0, 0), [(table.name, i, 0) for i in range(len(table.rows))]) for table in tables]
    return Attack(shown, seen)


def truth(tables, key):
    table = next(table for table in tables if table.name == key[0])
    return table.rows[key[1]][table.columns.index(table.counts[key[2]])]


def published(number):
    draw = np.random.default_rng([7, number])
    tables, seen, options = MAKERS[number % len(MAKERS)](draw)
    return tables, disclose(tables, **options), seen


@pytest.mark.parametrize("start", [start if start < 40 else pytest.param(start, marks=pytest.mark.slow) for start in range(0, SETS, 20)])
def test_no_hidden_count_can_be_narrowed_to_fewer_than_three_values(start):
    """Not by what is published alone, nor by one who knows besides which hidden counts are small."""
    for number in range(start, start + 20):
        attack(number)


def attack(number):
    """Attacks one set of tables."""
    tables, result, seen = published(number)
    nothing_small_is_shown(tables, result)
    reader = attack_on(tables, result, seen)
    hidden = [key for key in reader.unknown if key[0] != "common"]
    small = {key for key in hidden if 0 < truth(tables, key) < 5}
    cover = {key for key in hidden if truth(tables, key) >= 5} - telling(tables, seen)
    informed = reader.values(small, cover)
    few = [key for key in hidden if len(informed[key]) < NEEDED]
    # Where small counts are the only parts of a small total, knowing that tells by itself: then no table could be better.
    bare = hidden_whole(tables, seen, set(hidden)) if few else {}
    assert all(len(informed[key]) >= len(bare[key]) for key in few), number
    alone = reader.values(known=informed)
    assert all(len(alone[key]) >= NEEDED for key in hidden), number


def hidden_whole(tables, seen, hidden):
    """What the same attacker finds where every count above none, and whatever else was hidden, is hidden."""
    attack = attack_on(tables, disclose_nothing(tables, hidden), seen)
    cover = {key for key in attack.unknown if key[0] != "common" and truth(tables, key) >= 5} - telling(tables, seen)
    return attack.values(small_everywhere(tables), cover)


def nothing_small_is_shown(tables, result):
    for before, after in zip(tables, result.tables, strict=True):
        for name in before.counts:
            for was, shown in zip(before.column(name), after.column(name), strict=True):
                assert shown in (was, "[c]")
                assert not 0 < was < 5 or shown == "[c]"
    assert all(row["computable"] == 0 for row in result.audit.records())


def small_everywhere(tables):
    return {
        (table.name, i, j)
        for table in tables
        for i in range(len(table.rows))
        for j in range(len(table.counts))
        if 0 < truth(tables, (table.name, i, j)) < 5
    }


def telling(tables, seen):
    """Cells that take all of a group are hidden as small ones are, though they are large."""
    found = set()
    for total, parts in seen or []:
        values = [truth(tables, part) for part in parts]
        if len(parts) > 1 and truth(tables, total) and sum(value > 0 for value in values) == 1:
            found.update(parts)
    return found


def disclose_nothing(tables, hidden):
    """The same tables with every count above none hidden, and those that are hidden already."""
    made = []
    for table in tables:
        places = {name: place for place, name in enumerate(table.counts)}
        rows = [
            tuple(
                "[c]" if name in places and (value or (table.name, i, places[name]) in hidden) else value
                for name, value in zip(table.columns, row, strict=True)
            )
            for i, row in enumerate(table.rows)
        ]
        made.append(Table(table.name, table.columns, tuple(rows), table.counts))
    return SimpleNamespace(tables=made)


def test_a_row_that_is_the_sum_of_others_by_chance_hides_no_link_between_two_tables():
    """Of the same 726 children one table splits by unit, one by age; 151 and 212 are 363 by chance. 726 - 277 - 350 - 98 is 1."""
    units = Table("unit", ("label", "n"), (("u0", 212), ("u1", 151), ("u2", 363)), counts=("n",))
    ages = Table("age", ("label", "n"), (("a0", 1), ("a1", 277), ("a2", 350), ("a3", 98)), counts=("n",))
    hidden = [cell for table in disclose([units, ages]).tables for cell in table.column("n") if cell == "[c]"]
    assert len(hidden) == 2


def test_what_is_shown_is_not_nothing():
    """Hiding everything would be safe too: of the counts that could be shown, most are."""
    could = shown = 0
    for number in range(30):
        tables, result, _ = published(number)
        for before, after in zip(tables, result.tables, strict=True):
            for name in before.counts:
                for was, now in zip(before.column(name), after.column(name), strict=True):
                    could += was == 0 or was >= 5
                    shown += isinstance(now, int)
    assert shown / could > 0.6


@pytest.mark.parametrize("number", range(40 if THOROUGH else 8))
def test_unseen_cells_of_two_margins_are_protected_where_they_are_declared(number):
    """Two margins are published, the children behind them in a cube that isn't; its small cells may not follow."""
    cube = counts(np.random.default_rng([11, number]), (2, 3))
    inside = Table("cube", ("a", "b", "c"), tuple(tuple(map(int, row)) for row in cube), counts=("a", "b", "c"))
    rows = Table("rows", ("n",), tuple((int(value),) for value in cube.sum(axis=1)), counts=("n",))
    columns = Table("columns", ("n",), tuple((int(value),) for value in cube.sum(axis=0)), counts=("n",))
    sums = [Sum(Place("rows", i, "n"), tuple(Place("cube", i, name) for name in "abc"), splits_group=False) for i in range(2)]
    for j, name in enumerate("abc"):
        sums.append(Sum(Place("columns", j, "n"), tuple(Place("cube", i, name) for i in range(2)), splits_group=False))
    result = disclose([inside, rows, columns], sums=sums, unpublished=("cube",))
    shown = {table.name: printed(table) for table in result.tables} | {"cube": [["[c]"] * 3] * 2}
    seen = [(("rows", i, 0), [("cube", i, j) for j in range(3)]) for i in range(2)]
    seen += [(("columns", j, 0), [("cube", i, j) for i in range(2)]) for j in range(3)]
    for key, values in Attack(shown, seen).values().items():
        if key[0] != "cube" or 0 < cube[key[1], key[2]] < 5:
            assert len(values) >= NEEDED, (key, values)
