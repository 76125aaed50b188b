"""Claims on disclosure control against slow plain computations: every filling is tried, and every choice of what is hidden besides
(DEFINITIONS 5.1)."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from leadtime.disclosure import Cell, Profile, Sum, profile_named, programs, search
from leadtime.disclosure.algebra import derivable, kernel, reduced
from leadtime.disclosure.attacker import Attacker, Problem
from leadtime.disclosure.search import covered

SE5 = profile_named("se-5")
THREE = Profile("three", threshold=3, rounding=1, median_stops=3, p90_stops=5, month_ends=True)
FAR = 75  # no count is tried beyond; all are small
ENOUGH = 3


def margins(inner: np.ndarray) -> tuple[dict[Cell, int], list[Sum]]:
    """The counts of a table of rows and columns with its totals, and the sums that link them."""
    full = np.vstack([inner, inner.sum(axis=0)]) if len(inner) > 1 else inner
    full = np.hstack([full, full.sum(axis=1, keepdims=True)])
    height, width = full.shape
    cells = [[Cell("t", row, f"c{column}") for column in range(width)] for row in range(height)]
    sums = [Sum(row[-1], tuple(row[:-1]), splits_group=False) for row in cells]
    if len(inner) > 1:
        sums += [Sum(column[-1], tuple(column[:-1]), splits_group=False) for column in zip(*cells, strict=True)]
    return {cells[i][j]: int(full[i, j]) for i in range(height) for j in range(width)}, sums


def drawn(draw: random.Random, shape: tuple[int, int], profile: Profile, *, unseen: int = 0) -> Problem:
    """A problem of small and not so small counts, some of which may stand in no table."""
    values, sums = margins(np.array([[draw.choice((0, 1, 2, 3, 4, 5, 6, 9)) for _ in range(shape[1])] for _ in range(shape[0])]))
    unpublished = frozenset(draw.sample(sorted(values), unseen))
    primary = frozenset(cell for cell, value in values.items() if 0 < value < profile.threshold)
    return Problem(values, tuple(sums), primary, unpublished, profile)


def may_be(problem: Problem, cell: Cell, *, knowing: bool) -> list[int]:
    """What one who knows the rules, and which hidden counts are small, thinks possible of a hidden count by itself."""
    threshold = problem.profile.threshold
    if not knowing or cell in problem.unpublished:
        return list(range(FAR))
    return list(range(1, threshold)) if cell in problem.primary else [0, *range(threshold, FAR)]


def values_that_fit(problem: Problem, hidden: frozenset[Cell], *, knowing: bool = True) -> dict[Cell, int]:
    """How many values each hidden count of a table can have, by trying every filling of its inner cells."""
    totals = {one.total for one in problem.sums}
    inner = [cell for cell in problem.values if cell not in totals]
    open_cells = [cell for cell in inner if cell in hidden]
    sides = np.meshgrid(*(np.array(may_be(problem, cell, knowing=knowing), dtype=np.int16) for cell in open_cells), indexing="ij")
    tried = {cell: side.ravel() for cell, side in zip(open_cells, sides, strict=True)}
    size = len(sides[0].ravel()) if sides else 1
    found = {cell: tried[cell] if cell in hidden else np.full(size, problem.values[cell], dtype=np.int16) for cell in inner}
    fits = np.ones(size, dtype=bool)
    waiting = list(problem.sums)
    while waiting:
        one = waiting.pop(0)
        if any(part not in found for part in one.parts):
            waiting.append(one)
            continue
        made = np.sum([found[part] for part in one.parts], axis=0)
        if one.total in found:
            fits &= found[one.total] == made
            continue
        found[one.total] = made
        fits &= np.isin(made, may_be(problem, one.total, knowing=knowing)) if one.total in hidden else made == problem.values[one.total]
    return {cell: len(np.unique(found[cell][fits])) for cell in hidden}


def told(problem: Problem, hidden: frozenset[Cell]) -> set[Cell]:
    """The hidden counts with fewer than three values, without those that have no more if every count above none is hidden and that are
    many to one who doesn't know which are small."""
    seen = values_that_fit(problem, hidden)
    few = {cell for cell in hidden if seen[cell] < ENOUGH and (cell not in problem.unpublished or cell in problem.primary)}
    if not few:
        return few
    most = values_that_fit(problem, hidden | {cell for cell, value in problem.values.items() if value})
    plain = values_that_fit(problem, hidden, knowing=False)
    return {cell for cell in few if seen[cell] < most[cell] or plain[cell] < ENOUGH}


def few_enough(problem: Problem, hidden: frozenset[Cell]) -> bool:
    """Whether all fillings can be tried."""
    return sum(cell not in {one.total for one in problem.sums} for cell in hidden) <= 3


@pytest.mark.parametrize("solver", [False, True], ids=["listed", "solved"])
@pytest.mark.parametrize(("shape", "profile", "unseen"), [((1, 3), SE5, 0), ((1, 3), SE5, 1), ((2, 2), THREE, 0), ((2, 2), SE5, 1)])
def test_the_attacker_tells_what_one_tells_who_tries_every_filling(shape, profile, unseen, solver, monkeypatch):
    if solver:
        monkeypatch.setattr(programs, "MOST_LISTED", 0)
    tried = 0
    for seed in range(4 if solver else 10):
        draw = random.Random(f"{seed} {shape} {unseen}")
        problem = drawn(draw, shape, profile, unseen=unseen)
        others = sorted(problem.values.keys() - problem.primary - problem.unpublished)
        hidden = problem.primary | problem.unpublished | set(draw.sample(others, min(len(others), draw.randrange(3))))
        if few_enough(problem, hidden | {cell for cell, value in problem.values.items() if value}):
            leaks = {leak.cell for leak in Attacker(problem).leaks(hidden) if leak.choices}
            assert leaks <= (expected := told(problem, hidden)), problem
            assert bool(leaks) == bool(expected), problem
            counted = Attacker(problem).fewest_values(hidden, hidden)
            assert counted == {cell: min(ENOUGH, number) for cell, number in values_that_fit(problem, hidden).items()}, problem
            tried += 1
    assert tried > 1


def cost(problem: Problem, chosen: frozenset[Cell]) -> tuple[int, int, int]:
    return len(chosen & problem.keep), len(chosen), sum(problem.values[cell] for cell in chosen)


@pytest.mark.parametrize("seed", range(10))
def test_no_choice_that_is_safe_hides_fewer_counts_or_smaller_ones(seed):
    """All choices of counts above none are tried, of tables of one row and of two."""
    draw = random.Random(f"choice {seed}")
    problem = drawn(draw, ((1, 4), (2, 2))[seed % 2], SE5)
    problem = replace(problem, keep=frozenset(draw.sample(sorted(problem.values), seed % 3)))
    attacker = Attacker(problem)
    found = covered(problem, attacker) - problem.primary
    others = [cell for cell, value in problem.values.items() if value and cell not in problem.primary]
    every = (frozenset(chosen) for size in range(len(others) + 1) for chosen in itertools.combinations(others, size))
    safe = [chosen for chosen in every if not any(leak.choices for leak in attacker.leaks(problem.primary | chosen))]
    assert found in safe
    assert cost(problem, found) == min(cost(problem, chosen) for chosen in safe)


@pytest.mark.parametrize("seed", range(12))
def test_past_the_steps_of_a_search_a_choice_is_as_safe_and_has_no_count_that_is_not_needed(seed, monkeypatch):
    problem = drawn(random.Random(f"greedy {seed}"), ((1, 5), (2, 3), (3, 3))[seed % 3], SE5)
    best = covered(problem, Attacker(problem))
    monkeypatch.setattr(search, "LIMIT", 0)
    attacker = Attacker(problem)
    good = covered(problem, attacker)
    assert problem.primary <= good
    assert cost(problem, best) <= cost(problem, good)
    assert not any(leak.choices for leak in attacker.leaks(good))
    for cell in good - problem.primary:
        assert any(leak.choices for leak in attacker.leaks(good - {cell})), cell


@pytest.mark.parametrize("seed", range(6))
def test_after_many_questions_nothing_is_shown_again_and_the_choice_is_safe(seed, monkeypatch):
    problem = drawn(random.Random(f"rounds {seed}"), ((1, 5), (2, 3), (3, 3))[seed % 3], SE5)
    best = covered(problem, Attacker(problem))
    monkeypatch.setattr(search, "ROUNDS", 0)
    attacker = Attacker(problem)
    kept = covered(problem, attacker)
    assert not any(leak.choices for leak in attacker.leaks(kept))
    assert cost(problem, best) <= cost(problem, kept)


def test_what_turns_out_not_to_be_needed_is_let_go(monkeypatch):
    """The middle one meets two of four demands at first; the outer ones, which are needed anyhow, meet all."""
    monkeypatch.setattr(search, "LIMIT", 0)
    a, b, c, d = (Cell("small", row, "n") for row in range(4))
    left, middle, right = (Cell("large", row, "n") for row in range(3))
    totals = [Cell("total", row, "n") for row in range(4)]
    values = {a: 3, b: 3, c: 3, d: 3, left: 21, middle: 20, right: 22}
    parts = [(a, left), (b, left, middle), (c, middle, right), (d, right)]
    sums = []
    for total, few in zip(totals, parts, strict=True):
        values[total] = sum(values[part] for part in few)
        sums.append(Sum(total, few, splits_group=False))
    problem = Problem(values, tuple(sums), frozenset((a, b, c, d)), frozenset(), SE5, keep=frozenset(totals))
    assert covered(problem, Attacker(problem)) == {a, b, c, d, left, right}


def equations(draw: random.Random, cells: list[Cell]) -> list[Sum]:
    """Sums of some cells, some counted twice; a cell may be a part of several."""
    return [Sum(cells[-1 - place], tuple(draw.choices(cells[:5], k=draw.randrange(1, 4)))) for place in range(4)]


def rank(rows: list[list[int]]) -> int:
    """By elimination in fractions."""
    left, found = [[Fraction(value) for value in row] for row in rows], 0
    for column in range(len(left[0]) if left else 0):
        first = next((row for row in left if row[column]), None)
        if first is None:
            continue
        found += 1
        left.remove(first)
        left = [[value - row[column] / first[column] * top for value, top in zip(row, first, strict=True)] for row in left]
    return found


@pytest.mark.parametrize("seed", range(30))
def test_what_follows_and_what_can_change_is_what_elimination_in_fractions_says(seed):
    draw = random.Random(f"algebra {seed}")
    cells = [Cell("t", row, "n") for row in range(8)]
    sums, unknown = equations(draw, cells), draw.sample(cells, draw.randrange(2, 7))
    matrix = [[one.parts.count(cell) - (cell == one.total) for cell in unknown] for one in sums]
    follow = {cell for cell in unknown if rank([*matrix, [int(cell == other) for other in unknown]]) == rank(matrix)}
    found = derivable(sums, unknown)
    assert found.keys() == follow
    for cell, shown in found.items():
        assert not set(shown) & set(unknown)
        with_shown = [cell, *shown]
        full = [[one.parts.count(other) - (other == one.total) for other in cells] for one in sums]
        rest = [cells.index(other) for other in cells if other not in with_shown]
        # Some combination of the sums holds these cells only: leaving the others out of it loses a rank.
        assert rank([[row[place] for place in rest] for row in full]) < rank(full)
    changes = kernel(reduced(sums, unknown), unknown)
    assert len(changes) == len(unknown) - rank(matrix)
    for change in changes:
        assert all(sum(change.get(part, 0) for part in one.parts) == change.get(one.total, 0) for one in sums)
        assert math.gcd(*change.values()) == 1
    assert rank([[change.get(cell, 0) for cell in unknown] for change in changes]) == len(changes)
