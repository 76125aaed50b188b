"""What a written date means where custom, and not the spelling, decides: order, two-digit years, seasons, serial numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

from leadtime.errors import UsageError, did_you_mean
from leadtime.results import Portable

__all__ = ["SEASONS", "DateOrder", "DateRules", "SerialSystem"]

DateOrder = Literal["dmy", "mdy", "ymd"]
SerialSystem = Literal["1900", "1904", "none"]

SEASONS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "winter": (12, 14), "spring_term": (1, 6), "autumn_term": (8, 12)}
)
"""First and last month of each season and school term; month 13 is January of the next year (DEFINITIONS 1.4; the terms are ours)."""

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class DateRules(Portable):
    """The choices that a column of written dates leaves open; each is made once a column, never per row.

    Args:
        order: of day, month and year where a text doesn't tell; found from the column where not given, an error if open.
        pivot: two-digit years up to this one are of the 2000s, later ones of the 1900s.
        seasons: first and last month of a season; those not named stay as in `SEASONS`.
        turn_of_year: the turn of a year lasts from this day of December to this day of January.
        serials: what a column of nothing but five-digit numbers holds: days of Excel (``"1900"``), of Excel on an old Macintosh
            (``"1904"``), or no dates (``"none"``). Not given, they are days of Excel, unless all may be yymmdd without its first zero.

    Raises:
        UsageError: a value isn't allowed.

    Source: DEFINITIONS 1.4 (bounds of seasons and of the turn of a year), DESIGN 3 (decided once a column).

    >>> DateRules(seasons={"summer": (5, 8)}).months_of("summer")
    (5, 8)
    >>> DateRules(pivot=30).in_words("pivot")
    'two-digit years 31-99 = 1931-1999 and 00-30 = 2000-2030'
    >>> DateRules().in_words("winter")
    'winter = December to February'
    """

    order: DateOrder | None = None
    pivot: int = 69
    seasons: Mapping[str, tuple[int, int]] = field(default_factory=lambda: SEASONS)
    turn_of_year: tuple[int, int] = (15, 15)
    serials: SerialSystem | None = None

    def __post_init__(self) -> None:
        """Looks at every value once."""
        _require(self.order in (None, *get_args(DateOrder)), "date_order", self.order, get_args(DateOrder))
        _require(self.serials in (None, *get_args(SerialSystem)), "serials", self.serials, get_args(SerialSystem))
        if not 0 <= self.pivot <= 99:
            raise UsageError(f"pivot={self.pivot!r} isn't allowed; give the last two-digit year of the 2000s, 0 to 99")
        for name, months in self.seasons.items():
            _require(name in SEASONS, "seasons", name, tuple(SEASONS))
            first, last = months
            if not (1 <= first <= 12 and first <= last < first + 12):
                raise UsageError(f"seasons: {name} = {[first, last]} isn't allowed; give first and last month, as [12, 14] for winter")
        if not all(1 <= day <= 31 for day in self.turn_of_year):
            raise UsageError(f"turn_of_year={self.turn_of_year} isn't allowed; give a day of December and a day of January")

    def months_of(self, season: str) -> tuple[int, int]:
        """Gives the first and the last month of a season; a month above 12 is of the next year."""
        first, last = self.seasons.get(season, SEASONS[season])
        return first, last

    def year_of(self, text: str) -> int:
        """Gives the year that two or four digits stand for."""
        if len(text) > 2:
            return int(text)
        return int(text) + (2000 if int(text) <= self.pivot else 1900)

    def in_words(self, name: str) -> str:
        """Gives one rule in words: a season, ``"turn_of_year"`` or ``"pivot"``."""
        if name == "pivot":
            if self.pivot == 99:
                return "two-digit years = 2000-2099"
            return f"two-digit years {self.pivot + 1:02}-99 = 19{self.pivot + 1:02}-1999 and 00-{self.pivot:02} = 2000-20{self.pivot:02}"
        if name == "turn_of_year":
            return f"turn of the year = {self.turn_of_year[0]} December to {self.turn_of_year[1]} January"
        first, last = self.months_of(name)
        return f"{name.replace('_', ' ')} = {_MONTHS[first - 1]} to {_MONTHS[(last - 1) % 12]}"


def _require(allowed: bool, name: str, value: object, choices: tuple[str, ...]) -> None:  # noqa: FBT001 - the condition itself
    if not allowed:
        raise UsageError(f"{name}={value!r} isn't allowed{did_you_mean(str(value), choices)}")
