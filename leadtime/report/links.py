"""The sums that link a report's counts, so that what is hidden in one table can't be told from another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from leadtime.disclosure import Cell, Sum
from leadtime.results import Table

__all__ = ["LINKS", "Counted", "Links"]

LINKS = "links"  # counts that stand in no table, but follow from some that do

Counted = tuple[Cell, int]  # a count and where it stands


@dataclass
class Links:
    """The sums found so far, and the unpublished counts that they need."""

    values: list[int] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)

    def cell(self, value: int) -> Cell:
        """Makes a cell for a count that stands in no table."""
        self.values.append(value)
        return Cell(LINKS, len(self.values) - 1, "n")

    def add(self, total: Cell, parts: Iterable[Cell], *, by_attribute: bool = False) -> None:
        """Notes a total and its parts.

        How a clock ended, and how far it got, is what the report is about: no attribute that it could give away. Where the parts are
        those of an attribute of the children, such as their sex, one that takes all tells it of each of them.
        """
        self.sums.append(Sum(total, tuple(parts), splits_group=by_attribute))

    def subset(self, whole: Counted, part: Counted) -> None:
        """A count and one within it: what is left over could be told by subtraction."""
        rest = whole[1] - part[1]
        if rest >= 0:
            self.add(whole[0], (part[0], self.cell(rest)) if rest else (part[0],))

    def nested(self, one: Counted, other: Counted) -> None:
        """Two counts of which the smaller is taken to lie within the larger."""
        more, fewer = (one, other) if one[1] >= other[1] else (other, one)
        self.subset(more, fewer)

    def table(self) -> Table:
        """Gives the unpublished counts as a table, to be protected with the others."""
        return Table(LINKS, ("n",), tuple((value,) for value in self.values), counts=("n",))
