"""What one who reads all that is published can tell of what is hidden.

The attacker knows the sums, that counts aren't negative, the threshold, and which hidden cells are small (so that the others among
them are none or at least the threshold). Values that fit are sought by exact algebra first: whole-number changes that keep every sum.
Only where those find too few does an integer program decide.

Source: DEFINITIONS 5.1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice
from typing import TYPE_CHECKING

from leadtime.disclosure.algebra import Row, derivable, kernel, reduced
from leadtime.disclosure.profiles import Profile
from leadtime.disclosure.sums import Cell, Sum

if TYPE_CHECKING:
    from leadtime.disclosure.programs import Program

__all__ = ["FEWEST_VALUES", "Attacker", "Domain", "Leak", "Problem"]

FEWEST_VALUES = 3  # a hidden count must be able to have at least so many values
_PAIRS = 200  # so many pairs of changes are tried before an integer program is asked
_STEPS = (1, -1, 2, -2)


@dataclass(frozen=True)
class Problem:
    """The counts, their sums, and the rules.

    `primary` are the counts that may not be shown by themselves, `unpublished` those that stand in no table but follow from some. Cells
    to `keep` are hidden only where nothing else helps.
    """

    values: Mapping[Cell, int]
    sums: tuple[Sum, ...]
    primary: frozenset[Cell]
    unpublished: frozenset[Cell]
    profile: Profile
    keep: frozenset[Cell] = frozenset()


@dataclass(frozen=True)
class Leak:
    """A hidden cell that can be told or nearly so, and the shown cells of which at least one more must be hidden to mend that."""

    cell: Cell
    choices: tuple[Cell, ...]


@dataclass(frozen=True)
class Domain:
    """What a count can be by itself: from `least` to `most`, or also none."""

    least: int
    most: int
    or_none: bool = False

    @property
    def ends(self) -> tuple[int, int]:
        """The least and the greatest value."""
        return (0 if self.or_none else self.least), self.most

    def holds(self, value: int) -> bool:
        """Whether a value is possible."""
        return self.least <= value <= self.most or (self.or_none and value == 0)

    def within(self, least: int, most: int) -> int:
        """How many of its values lie within bounds."""
        return max(0, min(self.most, most) - max(self.least, least) + 1) + (self.or_none and least <= 0 <= most)


@dataclass(frozen=True)
class _Part:
    """Unknown cells that are linked with each other, their sums, and what each can be."""

    sums: tuple[Sum, ...]
    domains: Mapping[Cell, Domain]

    @property
    def around(self) -> tuple[Cell, ...]:
        return tuple(dict.fromkeys(cell for one in self.sums for cell in one.cells))


@dataclass
class Attacker:
    """One who has all published cells; what he found in linked parts is remembered, as a search asks for the same again and again."""

    problem: Problem
    _sums_of: dict[Cell, list[Sum]] = field(default_factory=dict)
    _found: dict[frozenset[Cell], tuple[Leak, ...]] = field(default_factory=dict)
    _attainable: dict[Cell, int] = field(default_factory=dict)
    _changes: list[Row] = field(default_factory=list)
    _last: tuple[_Part, Program] | None = None

    def __post_init__(self) -> None:
        for one in self.problem.sums:
            for cell in dict.fromkeys(one.cells):
                self._sums_of.setdefault(cell, []).append(one)

    def leaks(self, hidden: frozenset[Cell]) -> list[Leak]:
        """Gives what can be told though `hidden` cells aren't shown, the plainest only; nothing where all is well."""
        plain = [leak for one in self.problem.sums for leak in self._from_one(one, hidden)]
        if plain:
            return plain
        found: list[Leak] = []
        for part in self._parts(hidden):
            key = frozenset(cell for cell in part.domains if cell in hidden)
            if key not in self._found:
                self._found[key] = tuple(self._from_many(part, hidden))
            found += self._found[key]
        return found

    def fewest_values(self, hidden: frozenset[Cell], wanted: Collection[Cell]) -> dict[Cell, int]:
        """Gives for each wanted cell how many values it can have; counting ends at three."""
        found: dict[Cell, int] = {}
        for part in self._parts(hidden):
            cells = [cell for cell in part.domains if cell in wanted]
            found |= {cell: min(FEWEST_VALUES, len(values)) for cell, values in self._possible(part, cells).items()}
        return found

    def _from_one(self, one: Sum, hidden: frozenset[Cell]) -> Iterator[Leak]:
        """What follows from a single sum and what each of its cells can be by itself."""
        if hidden.isdisjoint(one.cells) or not (choices := self._choices(one.cells, hidden)):
            return
        domains = {cell: self._domain(cell, hidden, knowing=True) for cell in one.cells}
        shown = self.problem.values
        ends = {cell: domain.ends if domain is not None else (shown[cell], shown[cell]) for cell, domain in domains.items()}
        alone = sum(domain is not None for domain in domains.values()) == 1
        least, most = (sum(ends[cell][side] for cell in one.parts) for side in (0, 1))
        for cell, domain in domains.items():
            if domain is None or not self._protects(cell, hidden):
                continue
            if cell != one.total:
                low, high = ends[cell]
                bounds = (ends[one.total][0] - (most - high), ends[one.total][1] - (least - low))
            else:
                bounds = (least, most)
            count = domain.within(*bounds)
            if alone or (count < FEWEST_VALUES and not self._must_do(cell, count, hidden)):
                yield Leak(cell, choices)

    def _from_many(self, part: _Part, hidden: frozenset[Cell]) -> Iterator[Leak]:
        """What follows from several sums together."""
        protected = [cell for cell in part.domains if cell in hidden and self._protects(cell, hidden)]
        rows = reduced(part.sums, part.domains)
        if any(len(row) == 1 and pivot in protected for pivot, row in rows.items()):
            told = derivable(part.sums, part.domains)
            yield from (Leak(cell, self._choices(given, hidden)) for cell, given in told.items() if cell in protected)
            return
        # Small counts come first: what must be hidden for one of them must be hidden in any case.
        for cell in sorted(protected, key=lambda cell: (cell not in self.problem.primary, cell)):
            count = len(self._possible(part, [cell], rows)[cell])
            if count < FEWEST_VALUES and not self._must_do(cell, count, hidden):
                enough = self._attainable.get(cell, FEWEST_VALUES)
                yield Leak(cell, self._choices(self._program(part).around(cell, enough) or part.around, hidden))
                if cell in self.problem.primary:
                    return

    def _protects(self, cell: Cell, hidden: frozenset[Cell]) -> bool:
        return cell in hidden and (cell not in self.problem.unpublished or cell in self.problem.primary)

    def _must_do(self, cell: Cell, count: int, hidden: frozenset[Cell]) -> bool:
        """Whether so few values are all that a cell can have, even with everything hidden; for one who doesn't know more, they are many."""
        if cell not in self._attainable:
            everything = frozenset(known for known, value in self.problem.values.items() if value) | hidden
            part = next(part for part in self._parts(everything) if cell in part.domains)
            self._attainable[cell] = len(self._possible(part, [cell])[cell])
        if count < self._attainable[cell]:
            return False
        part = next(part for part in self._parts(hidden, knowing=False) if cell in part.domains)
        return len(self._possible(part, [cell], knowing=False)[cell]) >= FEWEST_VALUES

    def _choices(self, cells: Iterable[Cell], hidden: frozenset[Cell]) -> tuple[Cell, ...]:
        """The shown cells among some; one that is none stays shown where another can be hidden instead."""
        shown = [cell for cell in cells if cell not in hidden]
        return tuple(sorted([cell for cell in shown if self.problem.values[cell]] or shown))

    def _parts(self, hidden: frozenset[Cell], *, knowing: bool = True) -> Iterator[_Part]:
        """The linked parts of what is unknown; a hidden cell in no sum is a part of its own."""
        reached: set[Cell] = set()
        for start in sorted(hidden):
            if start in reached:
                continue
            domains: dict[Cell, Domain] = {}
            sums: dict[Sum, None] = {}
            waiting = [start]
            while waiting:
                cell = waiting.pop()
                domain = None if cell in domains else self._domain(cell, hidden, knowing=knowing)
                if domain is None:
                    continue
                domains[cell] = domain
                for one in self._sums_of.get(cell, ()):
                    if one not in sums:
                        sums[one] = None
                        waiting += one.cells
            reached |= domains.keys()
            yield _Part(tuple(sums), dict(sorted(domains.items())))

    def _domain(self, cell: Cell, hidden: frozenset[Cell], *, knowing: bool) -> Domain | None:
        """What an attacker knows of an unknown cell by itself; None where it is shown as it is."""
        problem, profile = self.problem, self.problem.profile
        value = problem.values[cell]
        if cell not in hidden:
            bounds = profile.rounded_from(value)
            return None if bounds[0] == bounds[1] else Domain(*bounds)
        most = 2 * value + 4 * profile.threshold + 40  # far enough for three values, and small enough for exact programs
        if not knowing or cell in problem.unpublished:
            return Domain(0, most)
        if cell in problem.primary:
            # A cell that tells something of a whole group is hidden too, and is no small count.
            return Domain(1, profile.threshold - 1) if profile.hides(value) else Domain(0, most)
        return Domain(profile.threshold, most, or_none=True)

    def _possible(
        self, part: _Part, wanted: Sequence[Cell], rows: Mapping[Cell, Row] | None = None, *, knowing: bool = True
    ) -> dict[Cell, set[int]]:
        """Values that each wanted cell of a part can have: up to three, or as many as it ever can; all where there are fewer."""
        found = {cell: {self.problem.values[cell]} for cell in wanted}
        enough = {cell: self._attainable.get(cell, FEWEST_VALUES) if knowing else FEWEST_VALUES for cell in wanted}
        for change in self._changes:
            if change.keys() <= part.domains.keys():
                self._try(part, change, found)
        if all(len(values) >= enough[cell] for cell, values in found.items()):
            return found
        changes = kernel(reduced(part.sums, part.domains) if rows is None else rows, part.domains)
        for change in changes:
            self._try(part, change, found)
        for cell in wanted:
            self._seek(cell, enough[cell], part, changes, found)
        return found

    def _seek(self, cell: Cell, enough: int, part: _Part, changes: list[Row], found: dict[Cell, set[int]]) -> None:
        """Looks for further values of a cell, by pairs of changes first, then by the integer program."""
        further = self._further(cell, part, changes)
        while len(found[cell]) < enough and (change := next(further, None)) is not None:
            self._try(part, change, found)

    def _further(self, cell: Cell, part: _Part, changes: list[Row]) -> Iterator[Row]:
        yield from _pairs(changes, cell)
        for change in self._program(part).others(cell):
            self._changes.append({key: by for key, by in change.items() if by})
            yield self._changes[-1]

    def _program(self, part: _Part) -> Program:
        from leadtime.disclosure.programs import Program

        if self._last is None or self._last[0] is not part:
            self._last = (part, Program(part.sums, part.domains, self.problem.values))
        return self._last[1]

    def _try(self, part: _Part, change: Row, found: dict[Cell, set[int]]) -> None:
        """Adds what a change makes of each cell, once, twice and so on to either side, as far as every cell allows it."""
        touched = [cell for cell in change if cell in found and len(found[cell]) < FEWEST_VALUES]
        values = self.problem.values
        for times in _STEPS if touched else ():
            if all(part.domains[cell].holds(values[cell] + times * by) for cell, by in change.items()):
                for cell in touched:
                    found[cell].add(values[cell] + times * change[cell])


def _pairs(changes: list[Row], cell: Cell) -> Iterator[Row]:
    """Two changes together, or one against the other, where the cell is in one of them."""
    touching = ((one, other) for one, other in combinations(changes, 2) if cell in one or cell in other)
    for one, other in islice(touching, _PAIRS):
        for sign in (1, -1):
            both = {key: one.get(key, 0) + sign * other.get(key, 0) for key in one | other}
            yield {key: by for key, by in both.items() if by}
