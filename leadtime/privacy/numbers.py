"""Swedish personal numbers and coordination numbers in texts: found by form, date and check digit.

A personal number is the date of birth, three digits and a check digit (modulus 10, weights 2 and 1 in turn); a coordination number
has 60 added to the day. Written with or without the century, with a hyphen, with a plus from the year of a hundred, or with nothing.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Literal

from leadtime.errors import UsageError

__all__ = ["CANDIDATE", "Judgement", "PersonalNumber", "find_personal_numbers", "judge_texts", "masked", "reserve_pattern"]

# Hyphens and dashes as word processors put them, and the minus sign.
_DASH = "\\-\u2010-\u2015\u2212"

# What a text must hold to be worth a closer look; the same in the engines' regular expressions and in Python's, so without lookaround.
CANDIDATE = rf"(^|[^0-9])(18|19|20)?[0-9]{{2}}-?[01][0-9]-?[0-9]{{2}} ?[{_DASH}+]? ?[0-9]{{4}}([^0-9]|$)"

_NUMBER = re.compile(
    rf"(?<![0-9])(?P<century>18|19|20)?(?P<year>[0-9]{{2}})(?P<hyphen>-?)(?P<month>[0-9]{{2}})(?P=hyphen)(?P<day>[0-9]{{2}})"
    rf"(?P<sign> ?[{_DASH}+] ?| ?)(?P<last>[0-9]{{4}})(?![0-9])"
)
_SIXTY = 60  # what a coordination number adds to the day

# What chance gives: of ten digits about seven in a hundred begin with a date, and one in ten of those has the right check digit.
_OF_DATES = 0.1
_OF_DIGITS = 0.0073
_ENOUGH = 20  # rows of digits, for a share of them to tell chance from persons


@dataclass(frozen=True)
class PersonalNumber:
    """Where in a text a number stands, what it is, and whether its sign sets it apart from any other row of digits."""

    start: int
    end: int
    kind: Literal["personal", "coordination", "reserve"]
    signed: bool


@dataclass(frozen=True)
class Judgement:
    """Which of several texts hold a number of a person, by their places; `by_chance` where no more of them do than chance explains."""

    places: tuple[int, ...]
    by_chance: bool = False


def find_personal_numbers(text: str, *, reserve: re.Pattern[str] | None = None) -> tuple[PersonalNumber, ...]:
    """Gives the personal, coordination and reserve numbers in a text, in order.

    Args:
        text: any text.
        reserve: the form of reserve numbers, which have no national standard; see `reserve_pattern`.

    Returns:
        One entry a number, with its place in the text; the number itself is in none of them.

    Source:
        DEFINITIONS 5.3; the Swedish Tax Agency's rule for personal and coordination numbers (modulus 10, day + 60).

    >>> find_personal_numbers("ringde om 19121212-1212 igen")
    (PersonalNumber(start=10, end=23, kind='personal', signed=True),)
    >>> find_personal_numbers("701063-2391")[0].kind
    'coordination'
    >>> find_personal_numbers("19121212-1213"), find_personal_numbers("order 191213121212")
    ((), ())
    """
    found = [
        PersonalNumber(match.start(), match.end(), kind, bool(match["sign"].strip()))
        for match, kind in _candidates(text)
        if kind is not None and _checks(match)
    ]
    if reserve is not None:
        found += [PersonalNumber(match.start(), match.end(), "reserve", signed=True) for match in reserve.finditer(text) if match[0]]
    return tuple(sorted(found, key=lambda number: (number.start, number.end)))


def masked(text: str) -> str:
    """Gives a text for the screen: each digit of a personal or coordination number in it is an x, so that columns stay in line.

    >>> masked("ringde om 19121212-1212 igen")
    'ringde om xxxxxxxx-xxxx igen'
    """
    for number in find_personal_numbers(text):
        hidden = re.sub("[0-9]", "x", text[number.start : number.end])
        text = text[: number.start] + hidden + text[number.end :]
    return text


def judge_texts(texts: Sequence[str], *, reserve: re.Pattern[str] | None = None) -> Judgement:
    """Gives which of a column's distinct texts hold a number of a person.

    A row of digits may be a clock time, an order number or a piece of a key. Where a column has many of one form (with a hyphen or plus,
    with a century, without), and no more of them are personal numbers than chance gives, the judgement says so.

    Source:
        DEFINITIONS 5.3; by chance one row of ten digits in 137 is a date with its right check digit.

    >>> judge_texts(["a", "121212-1212", "12 december"])
    Judgement(places=(1,), by_chance=False)
    >>> stamps = [f"20200101{hour:02}{minute:02}" for hour in range(24) for minute in range(60)]
    >>> judge_texts(stamps).by_chance
    True
    """
    sure: set[int] = set()
    forms = {form: _Form() for form in ("signed", "long", "short")}
    for place, text in enumerate(texts):
        if reserve is not None and any(match[0] for match in reserve.finditer(text)):
            sure.add(place)
        for match, kind in _candidates(text):
            form = forms["signed" if match["sign"].strip() else "long" if match["century"] else "short"]
            form.digits += 1
            form.dates += kind is not None
            if kind is not None and _checks(match):
                form.places.add(place)
    every = sure.union(*(form.places for form in forms.values()))
    sure = sure.union(*(form.places for form in forms.values() if not form.by_chance))
    return Judgement(tuple(sorted(sure or every)), by_chance=bool(every) and not sure)


@dataclass
class _Form:
    """The rows of digits of one form in a column: how many, how many that begin with a date, and where the personal numbers are."""

    digits: int = 0
    dates: int = 0
    places: set[int] = field(default_factory=set)

    @property
    def by_chance(self) -> bool:
        """Whether there are no more personal numbers than chance makes of so many digits, or of so many dates."""
        right = len(self.places)
        return any(
            n >= _ENOUGH and right <= share * n + 3 * sqrt(share * (1 - share) * n)
            for n, share in ((self.digits, _OF_DIGITS), (self.dates, _OF_DATES))
        )


def reserve_pattern(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """Gives the form of reserve numbers from regular expressions, one of which must fit; none where none is given.

    Raises:
        UsageError: if one isn't a regular expression, or fits the empty text.

    >>> bool(reserve_pattern(["99[0-9]{6}-[A-Z][0-9]{3}"]).search("99123456-B123"))
    True
    >>> reserve_pattern(["(99"])
    Traceback (most recent call last):
    ...
    leadtime.errors.UsageError: the reserve number '(99' isn't a regular expression: missing ), unterminated subpattern at position 0
    """
    given = list(patterns)
    for pattern in given:
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            raise UsageError(f"the reserve number '{pattern}' isn't a regular expression: {error}") from None
        if compiled.search(""):
            raise UsageError(f"the reserve number '{pattern}' fits the empty text; give what makes such a number")
    return re.compile("|".join(f"(?:{pattern})" for pattern in given)) if given else None


def _candidates(text: str) -> Iterator[tuple[re.Match[str], Literal["personal", "coordination"] | None]]:
    """The rows of digits of the right length, each with what its date makes of it."""
    place = 0
    while match := _NUMBER.search(text, place):
        kind = _kind(match)
        yield match, kind
        # What isn't a date may still hold the beginning of one: after a first number and a space, say.
        place = match.start() + 1 if kind is None else match.end()


def _kind(match: re.Match[str]) -> Literal["personal", "coordination"] | None:
    """What the date makes of it, or nothing where there is no such day in any century."""
    if match["hyphen"] and not (match["century"] and match["sign"].strip()):
        return None  # with hyphens within, only the whole date and a sign set it apart from a date and a clock time
    month, day = int(match["month"]), int(match["day"])
    years = [int((match["century"] or century) + match["year"]) for century in ("18", "19", "20")]
    if not 1 <= month <= 12:
        return None
    last = max(monthrange(year, month)[1] for year in years)
    if 1 <= day <= last:
        return "personal"
    return "coordination" if 1 <= day - _SIXTY <= last else None


def _checks(match: re.Match[str]) -> bool:
    """Whether the last of ten digits is the check digit of the others: all, every second doubled, add up to a multiple of ten."""
    digits = match["year"] + match["month"] + match["day"] + match["last"]
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(digits))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
