"""Dates as people write them: a column of texts to days and clock times, with what a column decides decided once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import get_args

from leadtime.durations.clocks import Clock, read_clock, split_clock
from leadtime.durations.rules import DateOrder, DateRules
from leadtime.durations.serials import serials
from leadtime.durations.spellings import Readings, hangs_on, normalised, readings
from leadtime.errors import InputError
from leadtime.results import Portable

__all__ = ["DateReading", "DateValue", "read_dates", "read_moment"]

_ORDERS: tuple[DateOrder, ...] = get_args(DateOrder)
_SIX_DIGITS = ("yymmdd", "yyyymm")
_ORDER_IN_WORDS = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}
_Pending = tuple[str, Readings, Clock | None]
Place = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class DateValue:
    """A written date: the earliest and latest day it leaves open, and a clock time where it spells one.

    `lower_day`, `upper_day`: days since 1970-01-01, inclusive, equal for a full date. `time_us`: microseconds since midnight on the
    clock as written, None for a date. `offset_us`: the offset east of UTC, None where none is written.
    """

    lower_day: int
    upper_day: int
    time_us: int | None = None
    offset_us: int | None = None

    @property
    def is_partial(self) -> bool:
        """Whether more than one day is left open."""
        return self.lower_day != self.upper_day


@dataclass(frozen=True)
class DateReading(Portable):
    """What a column of date texts means.

    `values`: each text that could be read; `unread`: the others, in the order given; `order`: the order of day, month and year where
    a text's reading hung on it, None where none did; `assumed`: the names of the rules that a reading hung on (seasons,
    "turn_of_year", "pivot", "serials"), sorted.
    """

    values: Mapping[str, DateValue]
    unread: tuple[str, ...]
    order: DateOrder | None = None
    assumed: tuple[str, ...] = ()


def read_dates(
    texts: Iterable[str],
    *,
    date_order: DateOrder | None = None,
    column: str = "",
    pivot: int | None = None,
    rules: DateRules | None = None,
    numeric: bool = False,
    place: Place | None = None,
) -> DateReading:
    """Reads the distinct date texts of one column; what is ambiguous is decided once for all of them.

    Spellings that tell their order may mix (DESIGN 3): ISO, yyyymmdd, month names in Swedish and English, ``14.3.2019`` and ``14/3 2019``
    (both day first by custom), and partial dates such as ``aug 2019``, ``v 10 2021``, ``vår 2022``, ``220701-221130``. ``3/4/2019``
    doesn't: its order is the one that every such text of the column allows. Six digits are yymmdd, unless none of them must be and
    one can only be yyyymm. A clock time may follow a full date.

    Args:
        texts: the column's distinct texts.
        date_order: the order to use where a text doesn't tell; found from the column where not given.
        column: the column's name, for errors.
        pivot: two-digit years to this one are of the 2000s, later ones of the 1900s; 69 where not given.
        rules: these and the bounds of seasons together.
        numeric: whether these are all texts of a column of numbers, so that five digits may be days as Excel counts them.
        place: gives where a text stands, as in " (row 5)", for errors.

    Returns:
        The values by text and the texts that are no date (or no day of the calendar, as 2019-02-30).

    Raises:
        InputError: if two texts prove different orders, or none proves one and it matters.
        UsageError: if a rule has a value that isn't allowed.

    Source: DEFINITIONS 1.2, 1.4; DESIGN 3 (order decided once a column).

    >>> reading = read_dates(["3/4/2019", "14/3/2019", "aug 2019", "unknown"])
    >>> reading.order, reading.unread
    ('dmy', ('unknown',))
    >>> reading.values["3/4/2019"]
    DateValue(lower_day=17989, upper_day=17989, time_us=None, offset_us=None)
    >>> reading.values["aug 2019"].is_partial
    True
    """
    chosen = _rules(rules, date_order, pivot)
    where = place or (lambda _: "")
    found = list(texts)
    if numeric and (days := serials(found, rules=chosen, place=where, column=column)) is not None:
        return DateReading(MappingProxyType({text: DateValue(day, day, us) for text, (day, us) in days.items()}), (), None, ("serials",))
    return _read(found, chosen, _Told(column, where))


@dataclass(frozen=True, slots=True)
class _Told:
    """How an error names the column and the place of a text in it."""

    column: str
    place: Place

    def of(self, text: str) -> str:
        return f"'{text}'{self.place(text)}"

    def __str__(self) -> str:
        return f"column '{self.column}': " if self.column else ""


def _rules(rules: DateRules | None, date_order: DateOrder | None, pivot: int | None) -> DateRules:
    given = {"order": date_order, "pivot": pivot}
    return replace(rules or DateRules(), **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def _read(texts: Sequence[str], rules: DateRules, told: _Told) -> DateReading:
    days = lru_cache(maxsize=200_000)(lambda day: readings(day, rules=rules))
    clocks = lru_cache(maxsize=200_000)(read_clock)
    values: dict[str, DateValue] = {}
    pending: list[_Pending] = []  # their reading hangs on what the column decides
    unread: list[str] = []
    assumed: set[str] = set()
    for text in texts:
        day, clock_text = _parts(text)
        found = days(day)
        clock = clocks(clock_text) if clock_text else None
        if not found or (clock_text and clock is None):
            unread.append(text)
        elif found[0][0]:
            pending.append((text, found, clock))
        elif not _keep(values, text, found[0][1], clock):
            unread.append(text)
        else:
            assumed |= hangs_on(day, "") if clock is None else frozenset()
    order, chosen = _decide(pending, values, unread, rules.order, told)
    assumed |= {name for text, _, _ in pending if text in values for name in hangs_on(_parts(text)[0], chosen)}
    return DateReading(MappingProxyType(values), tuple(unread), order, tuple(sorted(assumed)))


def read_moment(text: str, *, date_order: DateOrder | None = None, pivot: int | None = None, rules: DateRules | None = None) -> DateValue:
    """Reads one date or time, as for `observed_until`.

    Args:
        text: a spelling that `read_dates` knows.
        date_order: the order of day and month where the text doesn't tell.
        pivot: two-digit years to this one are of the 2000s.
        rules: these and the bounds of seasons together.

    Returns:
        The date; partial dates keep their bounds.

    Raises:
        InputError: if it is no date, or its order isn't clear.

    Source: DEFINITIONS 1.2, 1.4.

    >>> read_moment("2020-12-31")
    DateValue(lower_day=18627, upper_day=18627, time_us=None, offset_us=None)
    """
    reading = read_dates([text], date_order=date_order, pivot=pivot, rules=rules)
    if reading.unread:
        raise InputError(f"{text!r} is no date that can be read; write it as in '2020-12-31' or '2020-12-31 14:05'")
    return reading.values[text]


def _parts(text: str) -> tuple[str, str | None]:
    """A text's day and clock in normal form; ISO, of which columns are long, is cut by position."""
    if text[4:5] == "-" == text[7:8] and text.isascii() and not text[-1].isspace():
        if len(text) == 10:
            return text.lower(), None
        if text[13:14] == ":" and (text[10:11] == "T" or (text[10:11] == " " and "-" not in text[16:])):
            return text[:10], text[11:].lower()
    return split_clock(normalised(text))


def _keep(values: dict[str, DateValue], text: str, bounds: tuple[int, int], clock: Clock | None) -> bool:
    """Keeps a value, unless a clock time stands behind a partial date."""
    lower, upper = bounds
    if clock is None:
        values[text] = DateValue(lower, upper)
    elif lower == upper:
        values[text] = DateValue(lower, upper, clock[0], clock[1])
    else:
        return False
    return True


def _decide(
    pending: Sequence[_Pending], values: dict[str, DateValue], unread: list[str], given: DateOrder | None, told: _Told
) -> tuple[DateOrder | None, str]:
    """Settles what hangs on the column: puts the pending texts among the values or the unread.

    Gives the order of day and month where it mattered, and what six digits mean.
    """
    six = [item for item in pending if item[1][0][0] in _SIX_DIGITS]
    triples = [item for item in pending if item[1][0][0] not in _SIX_DIGITS]
    order = given or _order(triples, told)
    matters = any(len({bounds for _, bounds in found}) > 1 or len(found) == 1 for _, found, _ in triples)
    meaning = _six_digits(six)
    for items, chosen in ((six, meaning), (triples, order)):
        for text, found, clock in items:
            bounds = dict(found).get(chosen or "")
            if bounds is None or not _keep(values, text, bounds, clock):
                unread.append(text)
    return (order if matters else None), meaning


def _six_digits(items: Sequence[_Pending]) -> str:
    """The meaning of six digits: yymmdd by custom, yyyymm only where no text must be the first and one must be the second."""
    alone = {found[0][0] for _, found, _ in items if len(found) == 1}
    return "yyyymm" if alone == {"yyyymm"} else "yymmdd"


def _order(items: Sequence[_Pending], told: _Told) -> DateOrder | None:
    """The one order that all texts allow; any of them where all orders give the same days."""
    if not items:
        return None
    allowed: dict[frozenset[str], str] = {}
    for text, found, _ in items:
        allowed.setdefault(frozenset(order for order, _ in found), text)
    left = frozenset[str](_ORDERS).intersection(*allowed)
    if not left:
        raise InputError(_contradiction(allowed, told))
    candidates = [order for order in _ORDERS if order in left]
    unclear = [text for text, found, _ in items if len({bounds for order, bounds in found if order in left}) > 1]
    if unclear:
        shown = ", ".join(told.of(text) for text in unclear[:3])
        choices = " or ".join(f'date_order="{order}" ({_ORDER_IN_WORDS[order]}, --date-order {order})' for order in candidates)
        unsettled = f"the order of day and month is ambiguous in {shown}, and no other date of the column settles it"
        raise InputError(f"{told}{unsettled}; give {choices}")
    return candidates[0]


def _contradiction(allowed: Mapping[frozenset[str], str], told: _Told) -> str:
    """The error where no order fits all: two texts with no order in common, or the texts that together leave none."""
    sets = sorted(allowed, key=lambda orders: (len(orders), sorted(orders)))
    pair = next(((a, b) for i, a in enumerate(sets) for b in sets[i + 1 :] if not a & b), None)
    proofs = " but ".join(
        f"{told.of(allowed[orders])} must be {' or '.join(_ORDER_IN_WORDS[order] for order in sorted(orders))}"
        for orders in (pair or sets[:3])
    )
    return f'{told}{proofs}; mend one of them, or give date_order="dmy" or "mdy" (--date-order) to reject those that don\'t fit'
