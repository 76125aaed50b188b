"""Order and elapsed time between moments, as expressions: instants where both have a clock time, local dates where either has none.

A moment named `start` is three columns: `start_us` (instant; of a date, its local midnight), `start_wall_us` (local clock) and
`start_is_date`. Source: DEFINITIONS 1.1-1.3, 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import narwhals as nw

from leadtime.log import EventLog, Moment

__all__ = ["DAY_US", "ORDER", "PARTS", "Bound", "bound_of", "day_of", "elapsed", "latest_moment", "precedes"]

DAY_US = 86_400_000_000
PARTS = ("us", "wall_us", "is_date")
# A date's instant is its midnight, so it sorts before the clock times of its day; ties go by end, then the order of rows read.
ORDER = ("start_us", "end_us", "row")


def day_of(moment: str) -> nw.Expr:
    """The local day number of a moment."""
    return nw.col(f"{moment}_wall_us") // DAY_US


def _either_is_date(first: str, second: str) -> nw.Expr:
    return nw.col(f"{first}_is_date") | nw.col(f"{second}_is_date")


def precedes(first: str, second: str) -> nw.Expr:
    """Whether one moment lies strictly before another; moments on one day are equal where either is a date."""
    by_date = day_of(first) < day_of(second)
    return nw.when(_either_is_date(first, second)).then(by_date).otherwise(nw.col(f"{first}_us") < nw.col(f"{second}_us"))


def elapsed(first: str, second: str) -> nw.Expr:
    """Microseconds from one moment to another: between instants, or whole calendar days where either is a date."""
    by_date = (day_of(second) - day_of(first)) * DAY_US
    return nw.when(_either_is_date(first, second)).then(by_date).otherwise(nw.col(f"{second}_us") - nw.col(f"{first}_us"))


@dataclass(frozen=True)
class Bound:
    """The inclusive end of observation: its last local day, and the instant at which it ends."""

    day: int
    us: int
    wall_us: int
    is_date: bool

    def holds(self, moment: str) -> nw.Expr:
        """Whether a moment is observed: on or before the last day, or not after the instant."""
        in_time = nw.col(f"{moment}_us") < self.us if self.is_date else nw.col(f"{moment}_us") <= self.us
        return nw.when(nw.col(f"{moment}_is_date")).then(day_of(moment) <= self.day).otherwise(in_time)


def bound_of(until: Moment, timezone: str | None) -> Bound:
    """The bound that a moment sets: a date means the end of that day, which is the local midnight after it."""
    day = until.wall_us // DAY_US
    if not until.is_date:
        return Bound(day, until.us, until.wall_us, is_date=False)
    midnight = datetime.combine(date(1970, 1, 1) + timedelta(days=day + 1), datetime.min.time(), ZoneInfo(timezone or "UTC"))
    us = round((midnight - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
    return Bound(day, us, day * DAY_US, is_date=True)


def latest_moment(log: EventLog) -> Moment:
    """The latest time in the log: the assumption where no end of observation is given."""
    last: Any = log.frame.select(us=nw.col("end_us").max(), wall=nw.col("end_wall_us").max()).collect("pandas").to_native().iloc[0]
    if last.isna().any():
        return Moment(0, 0, is_date=True)
    day = int(last["wall"]) // DAY_US
    dated = log.frame.filter(nw.col("end_is_date"), day_of("end") == day).select(nw.len()).collect("pandas").item()
    if dated:
        return Moment(day * DAY_US, day * DAY_US, is_date=True)
    return Moment(int(last["us"]), int(last["wall"]), is_date=False)
