"""What a check looks at: the log, what the pathway declares, the observation, and how rows and days are named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import narwhals as nw

from leadtime.log import EventLog, Moment

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DAY_US", "Frame", "Route", "Scope", "Step", "date_of", "day_number", "day_of", "integer", "observed"]

Frame = nw.LazyFrame[Any]
DAY_US = 86_400_000_000
EPOCH = date(1970, 1, 1)
LISTED = 3  # examples of a finding


class Step(Protocol):
    """A milestone or an exit, as far as the checks need it."""

    @property
    def activities(self) -> tuple[str, ...]:
        """The activities that reach it."""
        ...


class Route(Protocol):
    """A declared pathway, as far as the checks need it; the room of pathways lies below this one."""

    @property
    def start(self) -> str:
        """The milestone that starts the clock."""
        ...

    @property
    def stop(self) -> tuple[str, ...]:
        """The milestones that stop it."""
        ...

    @property
    def order(self) -> tuple[str, ...]:
        """The milestones in their order."""
        ...

    @property
    def milestones(self) -> Mapping[str, Any]:
        """The milestones by name, each with its `activities` and `rule`."""
        ...

    @property
    def exits(self) -> Mapping[str, Any]:
        """The ways to leave."""
        ...

    @property
    def activities(self) -> Mapping[str, Any]:
        """What is declared of single activities: their `kind`."""
        ...

    def unknown_activities(self, present: Iterable[str]) -> tuple[str, ...]:
        """Gives the activities that it doesn't name."""
        ...


@dataclass(frozen=True)
class Scope:
    """A log under check, and the choices of the checks."""

    log: EventLog
    route: Route | None = None
    today: int | None = None
    silent_days: int = 180
    country: str | None = None
    reserve: re.Pattern[str] | None = None

    @property
    def inside(self) -> Frame:
        """The events that lie in the observation."""
        until = self.log.observed_until
        return self.log.frame if until is None else self.log.frame.filter(observed(until))

    def collect(self, frame: Frame) -> pd.DataFrame:
        """Computes a small table."""
        return self.log.session.collect(frame)

    def first_rows(self, frame: Frame) -> tuple[int, ...]:
        """Gives the first rows of a frame of events, or of cases with the row of their first event."""
        found = self.collect(frame.select("row").sort("row").head(LISTED))
        return tuple(int(number) for number in found["row"])

    def size(self, frame: Frame) -> int:
        """Gives how many rows a frame has."""
        return integer(self.collect(frame.select(nw.len().alias("n")))["n"].iloc[0])

    def counted(self, frame: Frame) -> tuple[int, tuple[int, ...]]:
        """Gives how many rows a frame has, and the first of them; most have none, which takes one question."""
        rows = self.first_rows(frame)
        return (self.size(frame) if len(rows) == LISTED else len(rows)), rows


def observed(until: Moment) -> nw.Expr:
    """Whether an event begins within the observation; a date means the end of its day (DEFINITIONS 2.2)."""
    if until.is_date:
        return nw.col("start_wall_us") < until.wall_us + DAY_US
    by_date = day_of("start") <= until.wall_us // DAY_US
    return (nw.col("start_is_date") & by_date) | (~nw.col("start_is_date") & (nw.col("start_us") <= until.us))


def day_of(side: str) -> nw.Expr:
    """The number of the local day of a moment."""
    return nw.col(f"{side}_wall_us") // DAY_US


def day_number(day: date) -> int:
    """Gives a date as the number of its day."""
    return (day - EPOCH).days


def date_of(number: int) -> date:
    """Gives the date of a day's number."""
    return EPOCH + timedelta(days=number)


def integer(value: Any) -> int:
    """Gives a count that an engine may give as missing where there was nothing to count."""
    import pandas as pd

    return 0 if pd.isna(value) else int(value)
