"""A calendar as a value: a zone, the slots of each weekday, and the days on which nobody works."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from leadtime.calendars.zones import checked_zone
from leadtime.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["WEEKDAYS", "Calendar", "Slot", "Slots"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Slot = tuple[int, int]
"""A stretch of a day: the minutes since midnight at which it begins and ends."""
Slots = str | Sequence[str]

_EPOCH = date(1970, 1, 1)
_SLOT = re.compile(r"(?P<h1>\d{1,2})(?:[:.](?P<m1>\d\d))? ?[-\u2013] ?(?P<h2>\d{1,2})(?:[:.](?P<m2>\d\d))?")


@dataclass(frozen=True)
class Calendar:
    """When a unit works.

    Args:
        zone: whose local clock the slots are read on.
        slots: as ``"09-17"``, ``"08-12, 13-17"`` or ``["08:00-12:00", "13:00-16:30"]`` for Monday to Friday, or by weekday, as
            ``{"monday": "08-17", "friday": ["08-12"]}``; days not named have none.
        holidays: the days off: a country's by its code (``"SE"``, ``"DE-BY"``), or dates; none where not given.
        de_facto: whether days off in fact though not by law count too, in Sweden the eves of Midsummer, Christmas and New Year.

    Raises:
        UsageError: a zone, a weekday, a slot or a country isn't known.

    Source: issue 4 (working time beside calendar days); days: the `holidays` library.

    >>> stockholm = Calendar("Europe/Stockholm", "09-17", holidays="SE")
    >>> stockholm.is_working(date(2024, 3, 28)), stockholm.is_working(date(2024, 3, 29)), stockholm.is_working(date(2024, 6, 21))
    (True, False, False)
    """

    zone: str
    slots: Slots | Mapping[str, Slots] = "08-17"
    holidays: str | Iterable[date | str] | None = None
    de_facto: bool = True

    def __post_init__(self) -> None:
        """Looks at everything once, and keeps given dates as a tuple."""
        checked_zone(self.zone)
        if isinstance(self.holidays, str):
            _known_country(self.holidays)
        elif self.holidays is not None:
            object.__setattr__(self, "holidays", tuple(sorted({_date(day) for day in self.holidays})))
        _ = self.week

    @cached_property
    def week(self) -> tuple[tuple[Slot, ...], ...]:
        """The slots of each weekday from Monday on, in order."""
        given = self.slots if isinstance(self.slots, Mapping) else dict.fromkeys(WEEKDAYS[:5], self.slots)
        for name in given:
            if str(name).lower() not in WEEKDAYS:
                raise UsageError(f"slots: '{name}' is no weekday{did_you_mean(str(name), WEEKDAYS)}")
        named = {str(name).lower(): slots for name, slots in given.items()}
        return tuple(_slots(named.get(day, ()), day) for day in WEEKDAYS)

    def days_off(self, first: int, last: int) -> npt.NDArray[np.bool_]:
        """Gives for each day from a first to a last (numbers since 1970-01-01, inclusive) whether it is a holiday."""
        numbers = np.arange(first, last + 1)
        if self.holidays is None:
            return np.zeros(numbers.size, dtype=bool)
        if isinstance(self.holidays, str):
            years = (np.array([first, last]).astype("M8[D]").astype("M8[Y]").astype(int) + 1970).tolist()
            found = [day for year in range(years[0], years[1] + 1) for day in _of_country(self.holidays, self.de_facto, year)]
        else:
            found = [(_date(day) - _EPOCH).days for day in self.holidays]
        return np.isin(numbers, found)

    def is_working(self, day: date) -> bool:
        """Whether anyone works on a day: it has a slot and is no holiday."""
        number = (day - _EPOCH).days
        return bool(self.week[day.weekday()]) and not self.days_off(number, number)[0]


def _slots(given: Slots, day: str) -> tuple[Slot, ...]:
    found = sorted(_slot(text) for text in (given.split(",") if isinstance(given, str) else given))
    for one, next_one in pairwise(found):
        if next_one[0] < one[1]:
            raise UsageError(f"slots: two of {day}'s overlap; write them one after another, as in ['08-12', '13-17']")
    return tuple(found)


def _slot(text: str) -> Slot:
    match = _SLOT.fullmatch(str(text).strip())
    if match:
        begin, end = (int(match[f"h{i}"]) * 60 + int(match[f"m{i}"] or 0) for i in (1, 2))
        if begin < end <= 24 * 60 and int(match["m1"] or 0) < 60 and int(match["m2"] or 0) < 60:
            return begin, end
    raise UsageError(
        f"slots: {text!r} is no stretch of a day; write it as '09-17' or '08:30-12:00', ending after it begins, at 24 at the latest"
    )


def _date(day: date | str) -> date:
    if isinstance(day, date):
        return date(day.year, day.month, day.day)  # a datetime is one too
    try:
        return date.fromisoformat(day)
    except (TypeError, ValueError):
        raise UsageError(f"holidays: {day!r} is no date; write it as '2024-06-21', or give a country's code such as 'SE'") from None


def _known_country(code: str) -> None:
    import holidays

    country, _, part = code.partition("-")
    known = holidays.list_supported_countries()
    if country not in known:
        raise UsageError(f"holidays={code!r}: no such country is known{did_you_mean(country, sorted(known))}")
    if part and part not in known[country]:
        raise UsageError(f"holidays={code!r}: no such part of {country} is known{did_you_mean(part, sorted(known[country]))}")


@lru_cache(maxsize=2000)
def _of_country(code: str, de_facto: bool, year: int) -> tuple[int, ...]:  # noqa: FBT001 - a cache takes no keywords well
    """The numbers of a country's days off in a year."""
    import holidays

    country, _, part = code.partition("-")
    known = holidays.country_holidays(country).supported_categories
    wanted = tuple(name for name in ("public", *(["de_facto"] if de_facto else [])) if name in known)
    found = holidays.country_holidays(country, subdiv=part or None, years=year, categories=wanted)
    return tuple((day - _EPOCH).days for day in found if day.year == year)
