"""Amounts of time: days to years and half months and back, with a month of 30.4375 days (DEFINITIONS 1.5)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from leadtime.errors import InputError, UsageError

__all__ = ["DAYS_PER_MONTH", "Split", "parse_duration", "round_half_months", "split_duration"]

DAYS_PER_MONTH = 30.4375
"""Days in a month, for display only: 365.25/12."""

SHORTEST_IN_MONTHS = 60  # days; below it an amount is said in days
EXACT_BELOW = 10  # days; below it half days are kept


@dataclass(frozen=True, slots=True)
class Split:
    """An amount as it is said: either whole years and half months, or days."""

    years: int = 0
    months: float = 0.0
    days: float | None = None


def round_half_months(days: float) -> float:
    """Rounds an amount of days to the nearest half month, ties up.

    Args:
        days: an amount, 0 or more.

    Returns:
        Months, a multiple of one half.

    Source: DEFINITIONS 1.5.

    >>> round_half_months(806.6), round_half_months(258.7)
    (26.5, 8.5)
    """
    return math.floor(2 * days / DAYS_PER_MONTH + 0.5) / 2


def split_duration(days: float) -> Split:
    """Splits an amount of days into what is said of it.

    Under 60 days it stays in days: nearest half day below 10 days, whole days above, ties up. Else the total is rounded to the nearest
    half month *before* it is split, so that 23.8 months are 2 years and never "1 year 12 months".

    Args:
        days: an amount, 0 or more.

    Returns:
        The parts.

    Raises:
        UsageError: if `days` is negative or no finite number.

    Source: DEFINITIONS 1.5.

    >>> split_duration(806.6)
    Split(years=2, months=2.5, days=None)
    >>> split_duration(23.8 * DAYS_PER_MONTH)
    Split(years=2, months=0.0, days=None)
    >>> split_duration(45.2)
    Split(years=0, months=0.0, days=45.0)
    """
    if not (math.isfinite(days) and days >= 0):
        raise UsageError(f"days={days!r} is no amount of time; it must be 0 or more (a difference goes to format_change)")
    if days < SHORTEST_IN_MONTHS:
        halves = 2 if days < EXACT_BELOW else 1
        return Split(days=math.floor(halves * days + 0.5) / halves)
    half_months = round(2 * round_half_months(days))
    return Split(years=half_months // 24, months=half_months % 24 / 2)


def parse_duration(text: str) -> float:
    """Reads an amount of time as people write it, in Swedish or English.

    Years, months, weeks and days, each at most once and the longest first; decimal comma or point, ``½`` and ``8 1/2``. A comma
    before exactly three digits is refused, as it may mean thousands.

    Args:
        text: such as ``"2 years 2.5 months"``, ``"2 år och 2,5 månader"``, ``"8 1/2 månad"``, ``"2y 2.5mo"``, ``"3 veckor"``.

    Returns:
        Days; a month is 30.4375 of them, a year twelve months.

    Raises:
        InputError: if it can't be read.

    Source: DEFINITIONS 1.5.

    >>> parse_duration("26.5 months") == parse_duration("2 år och 2,5 månader")
    True
    >>> parse_duration("3 veckor")
    21.0
    """
    rest = " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").casefold().split()).rstrip(".")
    total, last, position = Fraction(0), len(_UNITS), 0
    while position < len(rest):
        part = _PART.match(rest, position)
        if not part or _THOUSANDS.fullmatch(part["number"]):
            raise InputError(_unreadable(text))
        rank = _RANK.get(part["unit"])
        if rank is None or rank >= last:
            raise InputError(_unreadable(text))
        total += _amount(part["number"], part["half"]) * _UNITS[rank][0]
        last, position = rank, part.end()
    if last == len(_UNITS):
        raise InputError(_unreadable(text))
    return float(total)


def _amount(number: str, half: str | None) -> Fraction:
    """A number with a comma or a point, with what follows as a fraction."""
    whole = Fraction(number.replace(",", ".")) if number else Fraction(0)
    if half is None:
        return whole
    return whole + (Fraction(half) if "/" in half else _SIGNS[half])


def _unreadable(text: str) -> str:
    return f"{text!r} is no amount of time that can be read; write it as in '2 years 2.5 months', '8,5 månader', '3 weeks' or '45 days'"


_MONTH = Fraction(487, 16)  # 30.4375 exactly
# Shortest unit first, so that a unit's rank falls as one reads on.
_UNITS: tuple[tuple[Fraction, str], ...] = (
    (Fraction(1), "d day days dag dagar dygn"),
    (Fraction(7), "w wk wks week weeks v vecka veckor"),
    (_MONTH, "m mo mos mon month months mån månad månader"),
    (12 * _MONTH, "y yr yrs year years år"),
)
_RANK = {name: rank for rank, (_, names) in enumerate(_UNITS) for name in names.split()}
_SIGNS = {"½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4)}
_THOUSANDS = re.compile(r"[0-9]+,[0-9]{3}")
_PART = re.compile(
    r"(?:(?<!^)(?: ?, ?| ?\+ ?| och | and | & | ))?(?:,? ?(?:och|and) )?"
    r"(?=[0-9½¼¾])(?P<number>(?:[0-9]+(?:[.,][0-9]+)?(?!/))?)(?: ?(?P<half>[1-9]/[2-9]|[½¼¾]))? ?"
    r"(?P<unit>[^\W\d_]+)\.?"
)
