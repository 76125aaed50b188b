"""Days, weeks, months, quarters and years as they lie in the log's zone, each with its exact edge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from leadtime.cases.clock import DAY_US, Bound, bound_of
from leadtime.engine.protocol import Engine
from leadtime.errors import UsageError
from leadtime.flow.table import Frame
from leadtime.log import EventLog, Moment

__all__ = ["Every", "Period", "period_table", "periods"]

Every = Literal["day", "week", "month", "quarter", "year"]
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Period:
    """A period: its name, its first and last day (day numbers since 1970), and the instant at which its last day ends.

    The last period ends with the observation: on its last day, and where that ends at a clock time, then.
    """

    name: str
    first: int
    last: int
    ends_us: int

    @property
    def days(self) -> int:
        """How many days it has."""
        return self.last - self.first + 1

    @property
    def last_date(self) -> date:
        """Its last day."""
        return _EPOCH + timedelta(days=self.last)


def periods(log: EventLog, first: int, until: Bound, every: Every) -> tuple[Period, ...]:
    """Gives the periods from the one that holds a day (a number since 1970) to the one in which the observation ends.

    Raises:
        UsageError: `every` is none of them.
    """
    if every not in get_args(Every):
        raise UsageError(f"every={every!r} isn't allowed; use 'day', 'week', 'month', 'quarter' or 'year'")
    return tuple(_period(log, name, begin, following - 1, until) for name, begin, following in _edges(first, until.day, every))


def _period(log: EventLog, name: str, first: int, last: int, until: Bound) -> Period:
    if last >= until.day:
        return Period(name, first, until.day, until.us)
    midnight = bound_of(Moment(last * DAY_US, last * DAY_US, is_date=True), log.timezone)
    return Period(name, first, last, midnight.us)


def _edges(first: int, until: int, every: Every) -> Iterator[tuple[str, int, int]]:
    """Name, first day and the day after for every period that touches the days from `first` to `until`."""
    begin = _begin(_EPOCH + timedelta(days=first), every)
    while (begin - _EPOCH).days <= until:
        after = _begin(begin + timedelta(days={"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[every]), every)
        yield _name(begin, every), (begin - _EPOCH).days, (after - _EPOCH).days
        begin = after


def _begin(day: date, every: Every) -> date:
    if every == "week":
        return day - timedelta(days=day.weekday())
    if every == "month":
        return day.replace(day=1)
    if every == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1) if every == "year" else day


def _name(begin: date, every: Every) -> str:
    if every == "week":
        year, week, _ = begin.isocalendar()
        return f"{year}-W{week:02}"
    quarter = f"{begin.year}-Q{(begin.month + 2) // 3}"
    return {"day": begin.isoformat(), "month": f"{begin:%Y-%m}", "quarter": quarter, "year": str(begin.year)}[every]


def period_table(session: Engine, found: tuple[Period, ...]) -> Frame:
    """Gives the periods as a table in the engine: `place` (from 0), `first_day`, `last_day`, `ends_us`."""
    rows = [(place, period.first, period.last, period.ends_us) for place, period in enumerate(found)]
    names = ("place", "first_day", "last_day", "ends_us")
    return session.from_rows(names, rows, dict.fromkeys(names, "BIGINT"))
