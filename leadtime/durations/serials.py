"""Days as spreadsheets count them: a column of nothing but five-digit numbers, as an Excel date becomes once its format is lost."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from leadtime.durations.rules import DateRules
from leadtime.errors import InputError

__all__ = ["serials"]

Days = Mapping[str, tuple[int, int | None]]
"""The day number of each text since 1970-01-01, and microseconds since its midnight where the column has clock times."""

# Excel counts 1900 as a leap year, so from March 1900 on its day 0 is this one; on an old Macintosh it is 1 January 1904.
_DAY_ZERO = {"1900": date(1899, 12, 30), "1904": date(1904, 1, 1)}
_EPOCH = date(1970, 1, 1)
_SERIAL = re.compile(r"(?P<day>[1-9][0-9]{4})(?:[.,](?P<part>[0-9]{1,17}))?")
_LARGEST = 73_050  # 2099-12-31 by the usual count
_DAY_MS = 86_400_000


def serials(texts: Sequence[str], *, rules: DateRules, place: Callable[[str], str], column: str = "") -> Days | None:
    """Gives what a column of numbers means as Excel's days; none where some text is no such number, or the rules say they aren't.

    Args:
        texts: all distinct texts of the column.
        rules: which day is the first.
        place: gives where a text stands, for errors.
        column: the column's name, for errors.

    Returns:
        Day and time of each text. Where any has a fraction all are clock times, to the millisecond; else all are dates.

    Raises:
        InputError: every number may as well be yymmdd that lost its leading zero, and the rules don't say.

    >>> serials(["43538", "43539"], rules=DateRules(), place=str)
    {'43538': (17969, None), '43539': (17970, None)}
    >>> serials(["43538,5"], rules=DateRules(), place=str)
    {'43538,5': (17969, 43200000000)}
    """
    found = [_SERIAL.fullmatch(text) for text in texts]
    if rules.serials == "none" or not found or any(match is None or int(match["day"]) > _LARGEST for match in found):
        return None
    numbers = {text: match for text, match in zip(texts, found, strict=True) if match is not None}
    with_clock = any(match["part"] for match in found if match)
    if rules.serials is None and not with_clock and all(_is_short_date(text) for text in texts):
        first = min(texts)
        where = f"column '{column}': " if column else ""
        raise InputError(
            f"{where}the numbers may be Excel's days, or dates as yymmdd that lost their leading zero, as '{first}'{place(first)}; "
            'give date_rules=DateRules(serials="1900") (excel_serials = "1900" under [log] of a pathway file), or write the dates as '
            "2019-03-14"
        )
    zero = (_DAY_ZERO[rules.serials or "1900"] - _EPOCH).days
    return {text: _moment(zero + int(match["day"]), match["part"], with_clock=with_clock) for text, match in numbers.items()}


def _is_short_date(text: str) -> bool:
    """Whether five digits are a day of the years 2001 to 2009 as yymmdd without its leading zero."""
    year, month, day = 2000 + int(text[0]), int(text[1:3]), int(text[3:])
    return 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _moment(day: int, part: str | None, *, with_clock: bool) -> tuple[int, int | None]:
    if not with_clock:
        return day, None
    ms = round(Decimal(f"0.{part or 0}") * _DAY_MS)
    return day + ms // _DAY_MS, ms % _DAY_MS * 1000
