"""Which further cells to hide: the fewest, and among equals the smallest, so that no hidden cell can be computed or narrowed down.

Best-first search: a set of hidden cells that leaks must hide one more of the cells that give it away, so branching on those
misses no solution. Past `LIMIT` sets the search goes on with the best one only, which is greedy and still safe.

Source: DEFINITIONS 5.1.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from leadtime.disclosure.sums import Cell, Sum, derivable
from leadtime.errors import DisclosureError

__all__ = ["Problem", "covered", "ranges"]

LIMIT = 1500
Cost = tuple[int, int, int]  # cells to keep if possible, cells, and what they count
FEWEST_VALUES = 3  # a hidden count must be able to have at least so many values


@dataclass(frozen=True)
class Problem:
    """The counts, their sums, and what an attacker knows.

    `primary` are the counts too small to show, `unpublished` those that stand in no table but follow from some. A primary count lies in
    `small`; a shown one in its value plus or minus `slack`. Cells to `keep` are hidden only where nothing else helps.
    """

    values: Mapping[Cell, int]
    sums: tuple[Sum, ...]
    primary: frozenset[Cell]
    unpublished: frozenset[Cell]
    small: tuple[int, int]
    slack: int
    keep: frozenset[Cell] = frozenset()

    @property
    def fewest(self) -> int:
        """How many values a hidden count must be able to have."""
        return min(FEWEST_VALUES, self.small[1] - self.small[0] + 1)


def covered(problem: Problem) -> frozenset[Cell]:
    """Gives the primary cells with the further cells that must be hidden to protect them; what is unpublished isn't among them.

    Raises:
        DisclosureError: no set of hidden cells protects them.
    """
    start = problem.primary | problem.unpublished
    queue: list[tuple[Cost, int, tuple[Cell, ...]]] = [((0, 0, 0), 0, ())]
    seen: set[tuple[Cell, ...]] = {()}
    for visited in range(100 * LIMIT):
        if not queue:
            break
        _, _, cells = heapq.heappop(queue)
        hidden = start | frozenset(cells)
        leaks = _leaks(problem, hidden)
        if not leaks:
            return hidden - problem.unpublished
        choices = min(leaks, key=len)
        if visited > LIMIT:
            choices, queue = choices[:1], []
        for cell in choices:
            following = tuple(sorted((*cells, cell)))
            if following not in seen:
                seen.add(following)
                reached = _together(_cost(problem, one) for one in following)
                # Of equal promise, the set that is further along comes first.
                heapq.heappush(queue, (_together((reached, _ahead(problem, leaks, cell))), -len(following), following))
    raise DisclosureError("no set of hidden cells protects the small counts in these tables; merge groups, or leave a table out")


def _cost(problem: Problem, cell: Cell) -> Cost:
    return int(cell in problem.keep), 1, problem.values[cell]


def _together(costs: Iterable[Cost]) -> Cost:
    """The costs added up, part by part."""
    kept = extra = weight = 0
    for cost in costs:
        kept, extra, weight = kept + cost[0], extra + cost[1], weight + cost[2]
    return kept, extra, weight


def _ahead(problem: Problem, leaks: list[tuple[Cell, ...]], chosen: Cell) -> Cost:
    """The least that is still to come: each leak that the chosen cell doesn't touch, counted where it shares no cell with another."""
    taken = {chosen}
    least: list[Cost] = []
    for choices in leaks:
        if taken.isdisjoint(choices):
            taken.update(choices)
            least.append(_cost(problem, choices[0]))
    return _together(least)


def _leaks(problem: Problem, hidden: frozenset[Cell]) -> list[tuple[Cell, ...]]:
    """For each leak found the shown cells of which one more must be hidden, cheapest first; empty where nothing leaks."""
    protected = (hidden - problem.unpublished) | (problem.primary & problem.unpublished)
    found: list[tuple[Cell, ...]] = []
    if not problem.slack:
        for one in problem.sums:
            missing = [cell for cell in one.cells if cell in hidden]
            if len(missing) == 1 and missing[0] in protected:
                found.append(_choices(problem, one.cells, hidden))
        if not found:
            leaks = derivable(problem.sums, hidden)
            found = [_choices(problem, given, hidden) for cell, given in leaks.items() if cell in protected]
    if found:
        return found
    for cell, (least, most) in ranges(problem, hidden, protected).items():
        if most - least + 1 < problem.fewest:
            return [_choices(problem, _around(problem, cell, hidden), hidden)]
    return []


def _choices(problem: Problem, cells: tuple[Cell, ...], hidden: frozenset[Cell]) -> tuple[Cell, ...]:
    shown = {cell for cell in cells if cell not in hidden}
    return tuple(sorted(shown, key=lambda cell: (_cost(problem, cell), cell)))


def _linked(problem: Problem, cell: Cell, hidden: frozenset[Cell]) -> tuple[tuple[Sum, ...], tuple[Cell, ...]]:
    """The sums that a hidden cell is linked to through hidden cells, and those hidden cells."""
    reached, waiting, sums = {cell}, [cell], dict[Sum, None]()
    while waiting:
        here = waiting.pop()
        for one in problem.sums:
            if one not in sums and here in one.cells:
                sums[one] = None
                new = [other for other in one.cells if other in hidden and other not in reached]
                reached.update(new)
                waiting += new
    return tuple(sums), tuple(sorted(reached))


def _around(problem: Problem, cell: Cell, hidden: frozenset[Cell]) -> tuple[Cell, ...]:
    sums, _ = _linked(problem, cell, hidden)
    return tuple(dict.fromkeys(other for one in sums for other in one.cells))


def ranges(problem: Problem, hidden: frozenset[Cell], wanted: Collection[Cell]) -> dict[Cell, tuple[int, int]]:
    """Gives the least and greatest value that each wanted cell can have for one who knows all that is shown.

    The attacker knows the sums, that counts aren't negative, the threshold, and which cells are primary (DEFINITIONS 5.1).
    """
    found: dict[Cell, tuple[int, int]] = {}
    open_cells = sorted(wanted)
    while open_cells:
        sums, cells = _linked(problem, open_cells[0], hidden)
        found |= _bounds(problem, hidden, sums, tuple(cell for cell in cells if cell in wanted))
        open_cells = [cell for cell in open_cells if cell not in found]
    return found


def _bounds(problem: Problem, hidden: frozenset[Cell], sums: tuple[Sum, ...], cells: tuple[Cell, ...]) -> dict[Cell, tuple[int, int]]:
    """The integer ranges in one connected part, each by two small integer programs."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    names = tuple(dict.fromkeys((*cells, *(cell for one in sums for cell in one.cells))))
    place = {cell: i for i, cell in enumerate(names)}
    most = sum(problem.values[cell] for cell in names) + problem.small[1] + problem.slack
    limits = [_known(problem, cell, hidden, most) for cell in names]
    matrix = np.zeros((max(1, len(sums)), len(names)))
    for i, one in enumerate(sums):
        for part in one.parts:
            matrix[i, place[part]] += 1
        matrix[i, place[one.total]] -= 1
    adding_up = LinearConstraint(matrix, 0, 0)
    within = Bounds([low for low, _ in limits], [high for _, high in limits])
    whole = np.ones(len(names), dtype=np.int64)
    found: dict[Cell, tuple[int, int]] = {}
    for cell in cells:
        aim = np.zeros(len(names))
        aim[place[cell]] = 1
        ends = [milp(sign * aim, constraints=adding_up, bounds=within, integrality=whole) for sign in (1, -1)]
        least, greatest = (round(float(end.x[place[cell]])) if end.x is not None else problem.values[cell] for end in ends)
        found[cell] = (least, greatest)
    return found


def _known(problem: Problem, cell: Cell, hidden: frozenset[Cell], most: int) -> tuple[int, int]:
    """What an attacker knows of a cell by itself."""
    value = problem.values[cell]
    if cell in problem.primary and cell not in problem.unpublished:
        # A whole group in one cell is hidden too, and is no small count.
        return problem.small if problem.small[0] <= value <= problem.small[1] else (0, most)
    if cell in hidden:
        return 0, most
    return (max(0, value - problem.slack), value + problem.slack) if value else (0, 0)
