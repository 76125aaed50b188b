"""What a comparison rests on: the cases, how they are laid out, and the options that every estimate shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadtime.cases.clock import DAY_US
from leadtime.compare.rows import unequal_follow_up

if TYPE_CHECKING:
    from leadtime.cases import LeadTimes
    from leadtime.compare.cohorts import Breaks, Pair
    from leadtime.compare.design import Design
    from leadtime.compare.estimates import Options
    from leadtime.compare.rows import CaseRows

__all__ = ["Basis"]


@dataclass(frozen=True, eq=False)
class Basis:
    """The cases as arrays, their two cohorts, and the one horizon; kept by a comparison for what it computes when asked.

    `given` are the lead times that are compared, `times` the same with cases by number where there are many.
    """

    given: LeadTimes
    times: LeadTimes
    rows: CaseRows
    design: Design
    breaks: Breaks | None
    pair: Pair
    options: Options
    tau: float | None
    tau_reason: str

    @property
    def unequal_follow_up(self) -> float | None:
        """By how many days the cohorts' possible follow-up differs in the median; None where it is alike or its end isn't known."""
        until = self.times.observed_until
        places = (self.pair.before.place, self.pair.after.place)
        return None if until is None else unequal_follow_up(self.rows, places, until.wall_us // DAY_US)
