"""Working hours and days between moments, for whole arrays at once: the working time before each is looked up, and subtracted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from leadtime.calendars.calendar import Calendar
from leadtime.calendars.zones import DAY_US, gap_ends, to_instants, to_local

if TYPE_CHECKING:
    import numpy.typing as npt

    Micros = npt.NDArray[np.int64]

__all__ = ["Openings", "openings", "working_days", "working_hours"]

_MINUTE_US = 60_000_000
_HOUR_US = 3_600_000_000
_MISSING = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Openings:
    """When a calendar is open over some days, in order: instants of opening and closing, and the working time before each opening."""

    opens: Micros
    closes: Micros
    before: Micros

    def worked_before(self, instants: Micros) -> Micros:
        """Gives the working time between the first opening and each instant, in microseconds."""
        place = np.searchsorted(self.opens, instants, side="right")
        sums = np.append(self.before, self.before[-1] + self.closes[-1] - self.opens[-1] if self.before.size else 0)
        last = np.append(0, self.closes)[place]
        worked: Micros = sums[place] - np.maximum(last - instants, 0) * (place > 0)
        return worked


def openings(calendar: Calendar, first: int, last: int) -> Openings:
    """Gives the openings of a calendar from a first to a last local day (numbers since 1970-01-01, inclusive).

    Slots are read on the local clock, and last as long as the time between their ends does: one over the change to summer time an hour
    less.
    """
    days = np.arange(first, last + 1)
    free = calendar.days_off(first, last)
    begun, ended = [], []
    for weekday, slots in enumerate(calendar.week):
        chosen = days[((days + 3) % 7 == weekday) & ~free]  # day 0 was a Thursday
        for begin, end in slots:
            begun.append(chosen * DAY_US + begin * _MINUTE_US)
            ended.append(chosen * DAY_US + end * _MINUTE_US)
    opens, closes = (np.sort(np.concatenate(sides)) if sides else np.zeros(0, dtype=np.int64) for sides in (begun, ended))
    opens, closes = gap_ends(opens, calendar.zone), gap_ends(closes, calendar.zone)
    lengths = closes - opens
    return Openings(opens, closes, np.cumsum(lengths) - lengths)


def working_hours(start: Any, end: Any, calendar: Calendar) -> Any:
    """Gives the working hours between moments: the elapsed time that lies in the calendar's slots.

    Args:
        start: moments (datetimes, numpy or pandas times, ISO texts), one or many; without a zone they are on the calendar's clock.
        end: as many moments.
        calendar: when work is done.

    Returns:
        Hours, an array for arrays and a number for single moments; below 0 where the end lies before the start, NaN where one is missing.

    Source: issue 4 (slots on the local clock, elapsed time within them by instants).

    >>> stockholm = Calendar("Europe/Stockholm", "09-17", holidays="SE")
    >>> working_hours("2024-03-28 09:00", "2024-04-02 17:00", stockholm)
    16.0
    >>> working_hours("2024-03-28 09:00", "2024-04-02 17:00", Calendar("Europe/Stockholm", "09-17"))
    32.0
    """
    sides, missing, single = _moments(start, end, calendar)
    hours = np.full(missing.shape, np.nan)
    there = [side[~missing] for side in sides]
    if there[0].size:
        first, last = (int(extreme) // DAY_US for extreme in (np.min(there), np.max(there)))
        found = openings(calendar, first - 1, last + 1)
        hours[~missing] = (found.worked_before(there[1]) - found.worked_before(there[0])) / _HOUR_US
    return float(hours[0]) if single else hours


def working_days(start: Any, end: Any, calendar: Calendar) -> Any:
    """Gives the working days between the local dates of moments: those from the start's date on, before the end's (no +1).

    Args:
        start: moments or dates, one or many, as for `working_hours`.
        end: as many.
        calendar: when work is done; a day counts if it has a slot and is no holiday.

    Returns:
        Days, an array for arrays and a number for single moments; below 0 where the end lies before the start, NaN where one is missing.

    Source: DEFINITIONS 1.2 (differences of dates, no +1), as numpy's `busday_count`.

    >>> stockholm = Calendar("Europe/Stockholm", "09-17", holidays="SE")
    >>> working_days("2024-03-28", "2024-04-02", stockholm)
    1.0
    """
    sides, missing, single = _moments(start, end, calendar)
    days = np.full(missing.shape, np.nan)
    there = [to_local(side[~missing], calendar.zone) // DAY_US for side in sides]
    if there[0].size:
        first, last = int(np.min(there)), int(np.max(there))
        before = days_before(calendar, first, last)
        days[~missing] = before[there[1] - first] - before[there[0] - first]
    return float(days[0]) if single else days


def days_before(calendar: Calendar, first: int, last: int) -> npt.NDArray[np.int64]:
    """Gives for each day from a first to a last how many working days lie between the first and it, itself not counted."""
    numbers = np.arange(first, last + 1)
    worked = np.array([bool(slots) for slots in calendar.week])[(numbers + 3) % 7] & ~calendar.days_off(first, last)
    return np.cumsum(worked) - worked


def _moments(start: Any, end: Any, calendar: Calendar) -> tuple[list[Micros], npt.NDArray[np.bool_], bool]:
    """Both sides as instants, where one is missing, and whether they are single moments."""
    single = not any(hasattr(side, "__len__") and not isinstance(side, str) for side in (start, end))
    found = [_instants(side, calendar.zone) for side in (start, end)]
    sides = list(np.broadcast_arrays(*found))
    return sides, (sides[0] == _MISSING) | (sides[1] == _MISSING), single


def _instants(values: Any, zone: str) -> Micros:
    """Moments in microseconds; those without a zone are on the local clock."""
    import pandas as pd

    listed = values if hasattr(values, "__len__") and not isinstance(values, str) else [values]
    times = pd.Series(pd.to_datetime(pd.Series(listed), format="ISO8601") if _texts(listed) else pd.to_datetime(pd.Series(listed)))
    if times.dt.tz is not None:
        return times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="M8[us]").view(np.int64)
    local = times.to_numpy(dtype="M8[us]").view(np.int64)
    known = local != _MISSING
    result = local.copy()
    result[known] = to_instants(local[known], zone)
    return result


def _texts(values: Any) -> bool:
    return any(isinstance(value, str) for value in values)
