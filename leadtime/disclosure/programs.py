"""Values that hidden counts can have, by integer programs: asked only where simple changes don't prove enough of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from leadtime.disclosure.sums import Cell, Sum

if TYPE_CHECKING:
    from leadtime.disclosure.attacker import Domain

__all__ = ["Program"]


class Program:
    """The sums as equations on the unknown cells; a cell that can be none or at least so many has a switch beside it.

    Args:
        sums: the sums that link the cells.
        domains: what each unknown cell can be by itself.
        values: the counts; of the unknown cells they are one answer among others.
    """

    def __init__(self, sums: tuple[Sum, ...], domains: Mapping[Cell, Domain], values: Mapping[Cell, int]) -> None:
        self.given = sums
        self.place = {cell: i for i, cell in enumerate(domains)}
        self.values = values
        self.domains = domains
        switched = [cell for cell, domain in domains.items() if domain.or_none]
        width = len(domains) + len(switched)
        self.sums, self.right = np.zeros((len(sums), width)), np.zeros(len(sums))
        for i, one in enumerate(sums):
            for sign, cell in [(-1, one.total), *((1, part) for part in one.parts)]:
                if cell in self.place:
                    self.sums[i, self.place[cell]] += sign
                else:
                    self.right[i] -= sign * values[cell]
        # A count is at least its switch times the least, and at most its switch times the most.
        self.switches = np.zeros((2 * len(switched), width))
        for i, cell in enumerate(switched):
            self.switches[2 * i, [self.place[cell], len(domains) + i]] = 1, -domains[cell].least
            self.switches[2 * i + 1, [self.place[cell], len(domains) + i]] = -1, domains[cell].most
        self.lower = np.array([0 if domain.or_none else domain.least for domain in domains.values()] + [0] * len(switched), dtype=float)
        self.upper = np.array([domain.most for domain in domains.values()] + [1] * len(switched), dtype=float)

    def others(self, cell: Cell) -> Iterator[dict[Cell, int]]:
        """Gives answers in which a cell has yet another value each time, as long as there are any: by how each cell changes."""
        spans = [(0, self.values[cell] - 1), (self.values[cell] + 1, self.domains[cell].most)]
        while spans:
            least, most = spans.pop()
            change = self._solved(cell, least, most)
            if change is not None:
                yield change
                reached = self.values[cell] + change[cell]
                spans += [(least, reached - 1), (reached + 1, most)]

    def around(self, cell: Cell, enough: int) -> tuple[Cell, ...]:
        """Gives the cells of the sums that by linear programming prove that a cell has fewer values than enough; none where none do."""
        from scipy.optimize import linprog

        aim = np.zeros(len(self.domains))
        aim[self.place[cell]] = 1
        width = len(self.domains)
        bounds = list(zip(self.lower[:width].tolist(), self.upper[:width].tolist(), strict=True))
        ends = [linprog(sign * aim, A_eq=self.sums[:, :width], b_eq=self.right, bounds=bounds) for sign in (1, -1)]
        least, most = (sign * (end.fun or 0.0) for sign, end in zip((1, -1), ends, strict=True))
        if not all(end.success for end in ends) or math.floor(most + 1e-6) - math.ceil(least - 1e-6) + 1 >= enough:
            return ()
        used = [one for i, one in enumerate(self.given) if any(abs(end.eqlin.marginals[i]) > 1e-9 for end in ends)]
        return tuple(dict.fromkeys(cell for one in used for cell in one.cells))

    def _solved(self, cell: Cell, least: int, most: int) -> dict[Cell, int] | None:
        """An answer in which a cell lies within bounds."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        place = self.place[cell]
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[place], upper[place] = max(lower[place], least), min(upper[place], most)
        if lower[place] > upper[place]:
            return None
        limits = [LinearConstraint(self.sums, self.right, self.right)] if len(self.sums) else []
        if len(self.switches):
            limits.append(LinearConstraint(self.switches, 0, np.inf))
        found = milp(np.zeros(lower.size), constraints=limits, bounds=Bounds(lower, upper), integrality=np.ones(lower.size, dtype=np.int64))
        if found.x is None:
            return None
        return {cell: round(float(found.x[place])) - self.values[cell] for cell, place in self.place.items()}
