"""Order and elapsed time between moments, as expressions: instants where both have a clock time, local dates where either has none.

A moment named `start` is three columns: `start_us` (instant; of a date, its local midnight), `start_wall_us` (local clock) and
`start_is_date`. In a log with partial dates it is five: `start_lower_wall_us` and `start_upper_wall_us` are the first and the last day
that it may be (a full date or a clock time: itself), and `start_wall_us` of a partial date is the middle of them.
Source: DEFINITIONS 1.1-1.4, 2.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import narwhals as nw

from leadtime.log import EventLog, Moment

__all__ = ["BOUNDS", "DAY_US", "ORDER", "PARTS", "Axis", "Bound", "bound_of", "day_of", "latest_moment", "with_bounds"]

DAY_US = 86_400_000_000
_LAST_DAY = date.max.toordinal() - date(1970, 1, 1).toordinal()
PARTS = ("us", "wall_us", "is_date")
BOUNDS = ("lower_wall_us", "upper_wall_us")
# A date's instant is its midnight, so it sorts before the clock times of its day; ties go by end, then the order of rows read.
ORDER = ("start_us", "end_us", "row")


def day_of(moment: str, part: str = "wall_us") -> nw.Expr:
    """The local day number of a moment."""
    return nw.col(f"{moment}_{part}") // DAY_US


@dataclass(frozen=True)
class Axis:
    """How moments are compared: by the clock, by the day, or by what each has; and whether some are partial dates."""

    precision: Literal["clock", "date", "mixed"] = "mixed"
    partial: bool = False

    @staticmethod
    def of(log: EventLog, *, partial: bool = False) -> Axis:
        """Gives the axis of a log's events; `partial` says that other dates than theirs are not to the day."""
        return Axis(log.precision, partial or "start_lower_wall_us" in log.columns)

    @property
    def parts(self) -> tuple[str, ...]:
        """The columns that make a moment, without its name."""
        return (*PARTS, *BOUNDS) if self.partial else PARTS

    def columns(self, *moments: str) -> tuple[str, ...]:
        """The names of the columns of some moments."""
        return tuple(f"{moment}_{part}" for moment in moments for part in self.parts)

    def moment(self, side: str = "start", *, order: tuple[str, ...] = ORDER, turned: bool = False, name: str | None = None) -> nw.Expr:
        """An event's moment as one struct, so that the first or the last of several is the least or the greatest, on every engine.

        It begins with the columns of the order, the last of them (the row) with its sign changed where `turned`, of which nothing but the
        column `name` is then asked. A date comes before a clock time at its midnight.
        """
        first, *times, row = order
        place = (-nw.col(row)).alias(row) if turned else nw.col(row)
        timed = [(~nw.col(f"{side}_is_date")).alias("timed")] if self.precision == "mixed" else []
        beyond = [] if turned else [column for column in self.columns(side) if column not in order]
        return nw.struct(first, *timed, *times, place, *beyond, *([] if name is None else [nw.col(name).alias("name")]))

    def parts_of(self, moments: Mapping[str, str]) -> dict[str, nw.Expr]:
        """The columns of moments held as structs: the name of each, to the side of the event that it is."""
        return {f"{name}_{part}": nw.col(name).struct.field(f"{side}_{part}") for name, side in moments.items() for part in self.parts}

    def precedes(self, first: str, second: str) -> nw.Expr:
        """Whether one moment lies strictly before another; moments on one day are equal where either is a date.

        A partial date lies before another only if its latest day does: it is at or after it as soon as it may be. A date is the midnight
        that begins its day, so that days are compared without dividing: engines spell a division that rounds down at length.
        """
        parts = ("upper_wall_us", "lower_wall_us") if self.partial else ("wall_us", "wall_us")
        earlier, later = (nw.col(f"{moment}_{part}") for moment, part in zip((first, second), parts, strict=True))
        by_date = earlier < later
        if self.precision == "mixed":
            by_date = nw.when(nw.col(f"{second}_is_date")).then(by_date).otherwise(earlier + DAY_US <= later)
        return self._either(first, second, by_date, nw.col(f"{first}_us") < nw.col(f"{second}_us"))

    def elapsed(self, first: str, second: str) -> nw.Expr:
        """Microseconds from one moment to another: between instants, or calendar days where either is a date.

        Whole days, or half ones where the middle of a partial date is noon; never below 0 where either is partial.
        """
        by_date = (day_of(second) - day_of(first)) * DAY_US
        if self.precision == "date":  # the first moment is then an event's date; the second may be the hour at which observation ended
            by_date = day_of(second) * DAY_US - nw.col(f"{first}_wall_us")
        if self.partial:
            earliest, latest = (day_of(second, part) - day_of(first, part) for part in BOUNDS)
            by_date = nw.max_horizontal((earliest + latest) * (DAY_US // 2), nw.lit(0))
        return self._either(first, second, by_date, nw.col(f"{second}_us") - nw.col(f"{first}_us"))

    def durations(self, first: str, second: str) -> dict[str, nw.Expr]:
        """The time from one moment to another, and the least and the greatest it can be: `lead_us`, `lower_us`, `upper_us`.

        The least runs from the last day of one to the first of the other, never below 0; the greatest from the first day to the last.
        """
        point = self.elapsed(first, second)
        if not self.partial:
            return dict.fromkeys(("lead_us", "lower_us", "upper_us"), point)
        fewest = day_of(second, "lower_wall_us") - day_of(first, "upper_wall_us")
        most = day_of(second, "upper_wall_us") - day_of(first, "lower_wall_us")
        by_clock = nw.col(f"{second}_us") - nw.col(f"{first}_us")
        least = self._either(first, second, nw.max_horizontal(fewest, nw.lit(0)) * DAY_US, by_clock)
        return {"lead_us": point, "lower_us": least, "upper_us": self._either(first, second, most * DAY_US, by_clock)}

    def _either(self, first: str, second: str, by_date: nw.Expr, by_clock: nw.Expr) -> nw.Expr:
        """The value by the day where either moment is a date, else the one by the clock."""
        if self.precision != "mixed":
            return by_date if self.precision == "date" else by_clock
        return nw.when(nw.col(f"{first}_is_date") | nw.col(f"{second}_is_date")).then(by_date).otherwise(by_clock)


def with_bounds(frame: nw.LazyFrame[Any], moments: Iterable[str]) -> nw.LazyFrame[Any]:
    """The frame with the bounds of each moment; of one that has none they are the moment itself."""
    there = frame.collect_schema().names()
    lacking = {
        f"{moment}_{part}": nw.col(f"{moment}_wall_us")
        for moment in moments
        for part in BOUNDS
        if f"{moment}_wall_us" in there and f"{moment}_{part}" not in there
    }
    return frame.with_columns(**lacking) if lacking else frame


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
        return nw.when(nw.col(f"{moment}_is_date")).then(nw.col(f"{moment}_wall_us") < (self.day + 1) * DAY_US).otherwise(in_time)


def bound_of(until: Moment, timezone: str | None) -> Bound:
    """The bound that a moment sets: a date means the end of that day, which is the local midnight after it."""
    day = until.wall_us // DAY_US
    if not until.is_date:
        return Bound(day, until.us, until.wall_us, is_date=False)
    # The calendar ends with 9999-12-31, a common stand-in for "still open"; the midnight after it has the offset of that before.
    after = min(day + 1, _LAST_DAY)
    return Bound(day, _midnight(after, timezone) + (day + 1 - after) * DAY_US, day * DAY_US, is_date=True)


def _midnight(day: int, timezone: str | None) -> int:
    """The instant at which a local day begins."""
    local = datetime.combine(date(1970, 1, 1) + timedelta(days=day), datetime.min.time(), ZoneInfo(timezone or "UTC"))
    return (local - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def latest_moment(log: EventLog) -> Moment:
    """The latest time in the log: the assumption where no end of observation is given."""
    last: Any = log.session.collect(log.frame.select(us=nw.col("end_us").max(), wall=nw.col("end_wall_us").max())).fillna(0).iloc[0]
    day = int(last["wall"]) // DAY_US
    if log.session.count(log.frame.filter(nw.col("end_is_date"), day_of("end") == day)):
        return Moment(_midnight(day, log.timezone), day * DAY_US, is_date=True)
    return Moment(int(last["us"]), int(last["wall"]), is_date=False)
