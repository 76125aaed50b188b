"""A calendar as a table of days, so that an engine looks up the working time before any moment instead of computing it.

The working time before a moment is that before its day and what lies of the day's openings before it; between two moments it is the
difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leadtime.calendars.calendar import Calendar
from leadtime.calendars.working import days_before, openings
from leadtime.calendars.zones import DAY_US, gap_ends, to_local

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["day_rows", "instant_rows"]

Row = tuple[int | None, ...]


def day_rows(calendar: Calendar, first: int, last: int) -> list[Row]:
    """Gives for each local day from a first to a last: its number, and how many working days lie before it.

    >>> day_rows(Calendar("UTC", "09-17"), 0, 3)  # 1 January 1970 was a Thursday
    [(0, 0), (1, 1), (2, 2), (3, 2)]
    """
    return list(zip(range(first, last + 1), days_before(calendar, first, last).tolist(), strict=True))


def instant_rows(calendar: Calendar, first: int, last: int) -> tuple[list[Row], int]:
    """Gives a row for each day of UTC from a first to a last, and how many openings a row has room for.

    A row: the day's number, the working days before its local date, the instant at which that date ends and how many working days it
    adds, the working microseconds before the day, then each opening of the day as a pair of instants, `None` where there are fewer. What
    lies before is counted from two days before the first.

    >>> instant_rows(Calendar("UTC", "09-17"), 4, 4)  # a Monday
    ([(4, 0, 432000000000, 0, 0, 378000000000, 406800000000)], 1)
    """
    days = np.arange(first, last + 1)
    begins = days * DAY_US
    found = openings(calendar, first - 2, last + 2)
    before = found.worked_before(begins) - found.worked_before(np.array([(first - 2) * DAY_US]))
    local = to_local(begins, calendar.zone) // DAY_US
    at_end = to_local(begins + DAY_US - 1, calendar.zone) // DAY_US
    worked = days_before(calendar, first - 2, last + 3)
    turns = gap_ends((local + 1) * DAY_US, calendar.zone)
    adds = worked[at_end - (first - 2)] - worked[local - (first - 2)]
    pieces = _pieces(found.opens, found.closes, first, last)
    most = max((len(piece) for piece in pieces), default=0)
    rows: list[Row] = []
    for number, day in enumerate(days.tolist()):
        ends = [instant for piece in pieces[number] for instant in piece]
        whole = (day, worked[local[number] - (first - 2)], turns[number], adds[number], before[number])
        rows.append((*(int(value) for value in whole), *ends, *[None] * (2 * most - len(ends))))
    return rows, most


def _pieces(opens: npt.NDArray[np.int64], closes: npt.NDArray[np.int64], first: int, last: int) -> list[list[tuple[int, int]]]:
    """The openings cut at the days of UTC, a list for each day."""
    found: list[list[tuple[int, int]]] = [[] for _ in range(first, last + 1)]
    for begin, end in zip(opens.tolist(), closes.tolist(), strict=True):
        for day in range(max(begin // DAY_US, first), min((end - 1) // DAY_US, last) + 1):
            piece = max(begin, day * DAY_US), min(end, (day + 1) * DAY_US)
            if piece[0] < piece[1]:
                found[day - first].append(piece)
    return found
