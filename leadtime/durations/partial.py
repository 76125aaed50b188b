"""A date that may not be known to the day, as a value: its bounds, its middle, its order, and the days between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from leadtime.durations.dates import DateValue, read_moment
from leadtime.durations.rules import DateOrder, DateRules

__all__ = ["DaySpan", "PartialDate", "parse_date"]

_EPOCH = date(1970, 1, 1)
_FIRST = datetime(1970, 1, 1)  # noqa: DTZ001 - a local clock


@dataclass(frozen=True, slots=True)
class DaySpan:
    """The calendar days between two dates: the fewest and the most there can be, and those between their middles, half days kept."""

    lower: int
    point: float
    upper: int


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date with inclusive bounds; `earliest` equals `latest` where it is known to the day.

    Source: DEFINITIONS 1.4.

    >>> spring = PartialDate(date(2022, 3, 1), date(2022, 5, 31))
    >>> spring.is_partial, spring.middle
    (True, datetime.datetime(2022, 4, 15, 12, 0))
    """

    earliest: date
    latest: date

    @property
    def is_partial(self) -> bool:
        """Whether more than one day is left open."""
        return self.earliest != self.latest

    @property
    def middle(self) -> datetime:
        """The middle of the bounds, noon where it falls between two days."""
        days = (self.earliest - _EPOCH).days + (self.latest - _EPOCH).days
        return _FIRST + timedelta(hours=12 * days)

    def at_or_after(self, other: PartialDate) -> bool:
        """Whether it may be as late as another date: its latest day is on or after the other's earliest.

        >>> PartialDate(date(2019, 8, 1), date(2019, 8, 31)).at_or_after(PartialDate(date(2019, 8, 15), date(2019, 8, 15)))
        True
        """
        return self.latest >= other.earliest

    def days_since(self, start: PartialDate) -> DaySpan:
        """Gives the calendar days since another date, without +1.

        Source: DEFINITIONS 1.4: lower = max(0, earliest stop - latest start), upper = latest stop - earliest start, point = max(0,
        difference of middles).

        >>> PartialDate(date(2019, 8, 1), date(2019, 8, 31)).days_since(PartialDate(date(2019, 8, 15), date(2019, 8, 15)))
        DaySpan(lower=0, point=1.0, upper=16)
        """
        point = (self.middle - start.middle) / timedelta(days=1)
        return DaySpan(max(0, (self.earliest - start.latest).days), max(0.0, point), (self.latest - start.earliest).days)

    def __str__(self) -> str:
        return f"{self.earliest} to {self.latest}" if self.is_partial else str(self.earliest)


def parse_date(text: str, *, date_order: DateOrder | None = None, pivot: int | None = None, rules: DateRules | None = None) -> PartialDate:
    """Reads one date as people write it, in Swedish or English, with the days that it leaves open.

    Args:
        text: such as ``"2019-03-14"``, ``"14/3 2019"``, ``"aug 2019"``, ``"v 10 2021"``, ``"vår 2022"``, ``"220701-221130"``,
            ``"2018 augusti – december"``, ``"2021 Q2"``, ``"årsskiftet 2022/2023"``. A clock time behind it isn't kept.
        date_order: of day, month and year, where the text doesn't tell (``"3/4/2019"``).
        pivot: two-digit years up to this one are of the 2000s; 69 where not given.
        rules: these and the bounds of seasons together.

    Returns:
        The date with its bounds.

    Raises:
        InputError: it is no date, or its order isn't clear.

    Source: DEFINITIONS 1.4.

    >>> print(parse_date("2018 augusti – december"))
    2018-08-01 to 2018-12-31
    >>> print(parse_date("sommar 2021", rules=DateRules(seasons={"summer": (5, 8)})))
    2021-05-01 to 2021-08-31
    """
    value = read_moment(text, date_order=date_order, pivot=pivot, rules=rules)
    return _of(value)


def _of(value: DateValue) -> PartialDate:
    return PartialDate(_EPOCH + timedelta(days=value.lower_day), _EPOCH + timedelta(days=value.upper_day))
