"""The spans of time that are compared: all, by calendar period, or before and after a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import narwhals as nw

from leadtime.cases.clock import DAY_US, Bound, bound_of, latest_moment
from leadtime.errors import UsageError
from leadtime.flow.periods import periods
from leadtime.log import EventLog
from leadtime.usage.groups import Frame

__all__ = ["Every", "Span", "span_table", "spans_of"]

Every = Literal["month", "quarter", "year"]
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Span:
    """A span with its first and last day (day numbers since 1970)."""

    name: str
    first: int
    last: int

    @property
    def days(self) -> int:
        """How many days it has."""
        return self.last - self.first + 1

    @property
    def first_date(self) -> str:
        """Its first day as an ISO date."""
        return (_EPOCH + timedelta(days=self.first)).isoformat()

    @property
    def last_date(self) -> str:
        """Its last day as an ISO date."""
        return (_EPOCH + timedelta(days=self.last)).isoformat()


def spans_of(log: EventLog, observed_from: str | None, break_date: str | None, every: Every | None) -> tuple[Span, ...]:
    """Gives the spans from the first day of observation to the last.

    Raises:
        UsageError: both a break and periods are asked for, or a day lies outside.
    """
    if break_date is not None and every is not None:
        raise UsageError("break_date and every are both given; keep one")
    bound = _bound(log)
    first = _first_day(log) if observed_from is None else _day(observed_from, "observed_from")
    if first > bound.day:
        raise UsageError(f"observed_from='{observed_from}' lies after the end of observation")
    if every is not None:
        return tuple(Span(period.name, max(period.first, first), period.last) for period in periods(log, first, bound, every))
    if break_date is None:
        return (Span("all", first, bound.day),)
    at = _day(break_date, "break_date")
    if not first < at <= bound.day:
        raise UsageError(f"break_date='{break_date}' leaves no day before or after it; it must lie within the observation")
    return Span("before", first, at - 1), Span("after", at, bound.day)


def span_table(log: EventLog, spans: tuple[Span, ...]) -> Frame:
    """Gives the spans as a table in the engine: `span` (from 0), `first_day`, `last_day`."""
    rows = [(place, span.first, span.last) for place, span in enumerate(spans)]
    names = ("span", "first_day", "last_day")
    return log.session.from_rows(names, rows, dict.fromkeys(names, "BIGINT"))


def _bound(log: EventLog) -> Bound:
    return bound_of(latest_moment(log) if log.observed_until is None else log.observed_until, log.timezone)


def _first_day(log: EventLog) -> int:
    return int(log.session.collect(log.frame.select(day=nw.col("start_wall_us").min() // DAY_US))["day"].iloc[0])


def _day(text: str, name: str) -> int:
    try:
        return (date.fromisoformat(text) - _EPOCH).days
    except ValueError:
        raise UsageError(f"{name}='{text}' isn't a date; write it as 2019-01-31") from None
