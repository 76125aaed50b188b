"""Values that hidden counts can have, by integer programs: asked only where simple changes don't prove enough of them.

Where the sums leave few answers, all are listed, which is exact and spares the loading of a solver.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from leadtime.disclosure.algebra import reduced
from leadtime.disclosure.sums import Cell, Sum

if TYPE_CHECKING:
    from leadtime.disclosure.attacker import Domain

__all__ = ["Program"]

MOST_LISTED = 50_000  # answers that are looked at one by one


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
        self.lower = np.concatenate([[domain.ends[0] for domain in domains.values()], np.zeros(len(switched))])
        self.upper = np.concatenate([[domain.most for domain in domains.values()], np.ones(len(switched))])

    def others(self, cell: Cell) -> Iterator[dict[Cell, int]]:
        """Gives answers in which a cell has yet another value each time, as long as there are any: by how each cell changes."""
        listed = self._listed()
        if listed is not None:
            values, first = np.unique(listed[cell], return_index=True)
            for place in first[values != self.values[cell]].tolist():
                yield {other: int(found[place]) - self.values[other] for other, found in listed.items()}
            return
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
        listed = self._listed(as_intervals=True)
        if listed is not None and np.ptp(listed[cell]) + 1 >= enough:
            return ()  # whole numbers so far apart lie between the ends that a linear program finds
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

    def _listed(self, *, as_intervals: bool = False) -> dict[Cell, npt.NDArray[np.int64]] | None:
        """All answers, of each cell an array of its values; none where there are too many.

        As intervals: also those in which a cell that can be none or at least so many lies between.
        """
        rows = reduced(self.given, self.domains)
        free = [cell for cell in self.domains if cell not in rows]
        ends = {cell: domain.ends for cell, domain in self.domains.items()}
        count = math.prod(ends[cell][1] - ends[cell][0] + 1 for cell in free)
        if count > MOST_LISTED:
            return None
        place, fits = np.arange(count), np.ones(count, dtype=bool)
        found: dict[Cell, npt.NDArray[np.int64]] = {}
        for cell in free:
            least, most = ends[cell]
            place, beyond = np.divmod(place, most - least + 1)
            found[cell] = least + beyond
        for pivot, row in rows.items():
            moved = sum((value * (self.values[cell] - found[cell]) for cell, value in row.items() if cell != pivot), np.zeros_like(place))
            by, left = np.divmod(moved, row[pivot])
            found[pivot] = self.values[pivot] + by
            fits &= left == 0
        for cell, domain in self.domains.items():
            within = (found[cell] >= (domain.ends[0] if as_intervals else domain.least)) & (found[cell] <= domain.most)
            fits &= within | (found[cell] == 0) if domain.or_none else within
        return {cell: values[fits] for cell, values in found.items()}

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
        whole = np.ones(lower.size, dtype=np.int64)
        # With its presolve HiGHS gives answers beyond the bounds at times (scipy before 1.17.1), so none is taken on trust.
        for presolve in (True, False):
            found = milp(
                np.zeros(lower.size), constraints=limits, bounds=Bounds(lower, upper), integrality=whole, options={"presolve": presolve}
            )
            if found.x is None:
                return None
            answer = np.rint(found.x)
            if self._fits(answer, lower, upper):
                return {cell: int(answer[place]) - self.values[cell] for cell, place in self.place.items()}
        return None

    def _fits(self, answer: npt.NDArray[np.float64], lower: npt.NDArray[np.float64], upper: npt.NDArray[np.float64]) -> bool:
        """Whether an answer keeps the sums, the switches and the bounds."""
        within = bool(((lower <= answer) & (answer <= upper)).all())
        return within and bool((self.sums @ answer == self.right).all() and (self.switches @ answer >= 0).all())
