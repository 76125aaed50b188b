"""Times that a caller gives by argument: the zone, and the end of observation."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from leadtime.calendars.zones import checked_zone
from leadtime.errors import UsageError
from leadtime.log import Moment

__all__ = ["checked_zone", "moment_of"]

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a local clock, whose zone is applied apart
# A day within the calendar's first and last, so that no zone leaves it.
_FIRST_US, _LAST_US = ((edge - _EPOCH) // timedelta(microseconds=1) for edge in (datetime(1, 1, 2), datetime(9999, 12, 30)))  # noqa: DTZ001
_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d{8}|\d{4}/\d\d/\d\d")


def moment_of(value: str | date | datetime | None, zone: str | None) -> Moment | None:
    """Gives the end of observation as a moment: a date stays a date, a clock time is an instant.

    >>> moment_of("2020-12-31", None)
    Moment(us=1609372800000000, wall_us=1609372800000000, is_date=True)
    >>> moment_of("31/12", None)
    Traceback (most recent call last):
    ...
    leadtime.errors.UsageError: observed_until='31/12' can't be read; write it as 2020-12-31 or 2020-12-31 23:59
    """
    if value is None:
        return None
    read = _parsed(value)
    if not isinstance(read, datetime):
        wall = _micros(datetime(read.year, read.month, read.day))  # noqa: DTZ001
        return Moment(_instant(wall, zone), wall, is_date=True)
    if read.tzinfo is not None:
        us = _micros(read.astimezone(UTC).replace(tzinfo=None))
        return Moment(us, us + _offset(us, zone), is_date=False)
    us = _instant(_micros(read), zone)
    return Moment(us, us + _offset(us, zone), is_date=False)


def _parsed(value: object) -> date | datetime:
    if isinstance(value, date):  # a datetime is one too
        if value != value:  # pandas' NaT
            raise UsageError("observed_until is NaT; give a date, or leave it out")
        return value
    text = value.strip() if isinstance(value, str) else ""
    try:
        return date.fromisoformat(text.replace("/", "-")) if _DAY.fullmatch(text) else datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"observed_until={value!r} can't be read; write it as 2020-12-31 or 2020-12-31 23:59") from None


def _micros(local: datetime) -> int:
    return (local - _EPOCH) // timedelta(microseconds=1)


def _offset(us: int, zone: str | None) -> int:
    """A zone's offset at an instant, in microseconds."""
    if zone is None:
        return 0
    within = min(max(us, _FIRST_US), _LAST_US)
    there = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=within)).astimezone(ZoneInfo(zone)).utcoffset()
    return 0 if there is None else there // timedelta(microseconds=1)


def _instant(wall: int, zone: str | None) -> int:
    """The instant of a local clock: the first of two, or moved forward by the gap, which is what `fold=0` gives."""
    if zone is None:
        return wall
    offset = (_EPOCH + timedelta(microseconds=wall)).replace(tzinfo=ZoneInfo(zone), fold=0).utcoffset()
    return wall - (0 if offset is None else offset // timedelta(microseconds=1))
