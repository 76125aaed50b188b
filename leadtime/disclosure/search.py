"""Which further cells to hide: the fewest, and among equals the smallest, so that no hidden cell can be computed or narrowed down.

The attacker names, for each cell that he can tell, the shown cells of which one more must be hidden. The cheapest choice that
satisfies all that he has named so far is tried on him, until he can tell nothing. What he names holds for every choice, so the last one
is the cheapest of all; past `LIMIT` or `ROUNDS` it is a good one, and as safe.

Source: DEFINITIONS 5.1; Fischetti & Salazar (2001), Management Science 47: cuts named by an attacker.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from leadtime.disclosure.attacker import Attacker, Leak, Problem
from leadtime.disclosure.sums import Cell

__all__ = ["covered"]

LIMIT = 250  # steps of one search for the cheapest choice; past that a good one is taken
ROUNDS = 50  # after so many questions to the attacker nothing that was hidden is shown again, so that there is an end


def covered(problem: Problem, attacker: Attacker) -> frozenset[Cell]:
    """Gives the primary cells with the further cells that must be hidden to protect them; what is unpublished isn't among them."""
    start = problem.primary | problem.unpublished
    named: dict[Leak, None] = {}
    chosen: frozenset[Cell] = frozenset()
    for turn in range(ROUNDS + len(problem.values)):
        leaks = [leak for leak in attacker.leaks(start | chosen) if leak.choices]
        if not leaks:
            break
        named |= dict.fromkeys(leaks)
        kept = chosen if turn >= ROUNDS else frozenset()
        chosen = kept | _cheapest(named, problem, kept)
    return (start | chosen) - problem.unpublished


@dataclass(frozen=True)
class _Demand:
    """One of some cells must be hidden, at once or if a certain other cell is; cells are bits of a number."""

    when: int
    choices: int
    options: tuple[int, ...]  # the choices one by one, cheapest first


def _cheapest(leaks: Iterable[Leak], problem: Problem, kept: frozenset[Cell]) -> frozenset[Cell]:
    """The cheapest cells that satisfy all demands; those that share no cell are met by themselves."""
    cells = sorted({cell for leak in leaks for cell in (leak.cell, *leak.choices)})
    bits = {cell: 1 << place for place, cell in enumerate(cells)}
    base = len(cells) + 1
    heavy = sum(problem.values[cell] for cell in cells) + 1
    cost = {bits[cell]: ((cell in problem.keep) * base + 1) * heavy + problem.values[cell] for cell in cells}
    fixed = problem.primary | problem.unpublished
    asked = {(0 if leak.cell in fixed else bits[leak.cell], sum(bits[cell] for cell in leak.choices)) for leak in leaks}
    demands = [
        _Demand(when, choices, tuple(sorted((bit for bit in cost if bit & choices), key=lambda bit: (cost[bit], bit))))
        for when, choices in sorted(asked)
        if not any(other in (0, when) and more & choices == more and (other, more) != (when, choices) for other, more in asked)
    ]
    chosen = sum(bits[cell] for cell in kept if cell in bits)
    for group in _apart(demands):
        chosen |= _searched(group, cost, chosen)
    return frozenset(cell for cell in cells if bits[cell] & chosen)


def _apart(demands: list[_Demand]) -> list[list[_Demand]]:
    """Demands in groups that share no cell."""
    groups: list[tuple[int, list[_Demand]]] = []
    for demand in demands:
        mask, members = demand.when | demand.choices, [demand]
        apart = []
        for other, others in groups:
            if other & mask:
                mask, members = mask | other, others + members
            else:
                apart.append((other, others))
        groups = [*apart, (mask, members)]
    return [members for _, members in groups]


def _searched(demands: list[_Demand], cost: dict[int, int], start: int) -> int:
    """The best first, with the least that is still to come."""
    queue: list[tuple[int, int, int]] = [(0, 0, start)]  # promised cost, cost so far, chosen
    seen = {start}
    for _ in range(LIMIT):
        _, spent, chosen = heapq.heappop(queue)
        unmet = _unmet(demands, chosen)
        if not unmet:
            return chosen
        for bit in min(unmet, key=lambda demand: (len(demand.options), demand.choices)).options:
            following = chosen | bit
            if following not in seen:
                seen.add(following)
                reached = spent + cost[bit]
                heapq.heappush(queue, (reached + _ahead(unmet, cost, bit), reached, following))
    return _greedy(demands, cost, start)


def _greedy(demands: list[_Demand], cost: dict[int, int], start: int) -> int:
    """Again and again the cell that meets most demands for what it costs; those that turn out not to be needed are let go."""
    chosen, added = start, list[int]()
    while unmet := _unmet(demands, chosen):
        offered = {bit for demand in unmet for bit in demand.options}
        added.append(min(offered, key=lambda bit: (cost[bit] / sum(bool(demand.choices & bit) for demand in unmet), bit)))
        chosen |= added[-1]
    for bit in sorted(added, key=lambda bit: -cost[bit]):
        if not _unmet(demands, chosen & ~bit):
            chosen &= ~bit
    return chosen


def _unmet(demands: list[_Demand], chosen: int) -> list[_Demand]:
    return [demand for demand in demands if not demand.choices & chosen and (not demand.when or demand.when & chosen)]


def _ahead(unmet: list[_Demand], cost: dict[int, int], chosen: int) -> int:
    """The least that is still to come: each demand that shares no cell with one counted before."""
    least, taken = 0, chosen
    for demand in unmet:
        if not demand.choices & taken:
            taken |= demand.choices
            least += cost[demand.options[0]]
    return least
