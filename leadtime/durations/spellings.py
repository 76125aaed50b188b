"""The day part of a written time: every spelling that is read, each to the bounds that it leaves open (DEFINITIONS 1.4).

A spelling gives its *readings*: pairs of an order and bounds. Most have one, under the empty order; those whose reading hangs on
the order of day and month, or on what six digits mean, have one for each order that gives a real day. Which holds is decided
once a column, in `leadtime.durations.dates`.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable
from datetime import date

from leadtime.durations.rules import DateRules

__all__ = ["FILL_IN_DATES", "Bounds", "Readings", "hangs_on", "normalised", "readings"]

Bounds = tuple[int, int]
Readings = tuple[tuple[str, Bounds], ...]

EPOCH = date(1970, 1, 1).toordinal()
FIRST_YEAR, LAST_YEAR = 1800, 2200
LONGEST = 60  # characters; what is longer is a note, not a date
FILL_IN_DATES = frozenset({(1, 1, 1), (1601, 1, 1), (1753, 1, 1), (2999, 12, 31), (9999, 12, 31)})
"""Dates outside the years 1800-2200 that systems write for "none": readable, for the checks to find."""

_PLAIN = DateRules()
_MONTH_NAMES = (
    "jan januari january", "feb febr februari february", "mar mars march", "apr april", "maj may", "jun juni june",
    "jul juli july", "aug augusti august", "sep sept september", "okt oct oktober october", "nov november", "dec december",
)  # fmt: skip
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
_SEASON_NAMES = {
    name: season
    for season, names in {
        "spring": "vår våren spring", "summer": "sommar sommaren summer",
        "autumn": "höst hösten autumn fall", "winter": "vinter vintern winter",
        "spring_term": "vt vårtermin vårterminen", "autumn_term": "ht hösttermin höstterminen",
    }.items()
    for name in names.split()
}  # fmt: skip
_WEEKDAY_NAMES = (
    "mån måndag mon monday", "tis tisdag tue tues tuesday", "ons onsdag wed wednesday", "tor tors torsdag thu thur thurs thursday",
    "fre fredag fri friday", "lör lördag sat saturday", "sön söndag sun sunday",
)  # fmt: skip
_WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAY_NAMES) for name in names.split()}
_MARKS = str.maketrans({"\u00ad": "", "\u2212": "-", "\u2011": "-", "\u2010": "-"})  # soft hyphen; minus and hyphens
_SPACES = re.compile(r"\s+")
_DASHES = re.compile(r"\s*[\u2012-\u2015]\s*|\s+-\s*|\s*-\s+|\s+(?:till|to)\s+")


def normalised(text: str) -> str:
    """Gives a text in lower case with ordinary single spaces, without soft hyphens, brackets and closing dots.

    >>> normalised(" 14  Mars (2019).")
    '14 mars 2019'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_MARKS)
    text = text.lower()
    if "(" in text or ")" in text:
        text = text.replace("(", " ").replace(")", " ")
    text = _SPACES.sub(" ", text.strip())
    return text.rstrip(".,; ") if text.endswith((".", ",", ";")) else text


def readings(text: str, *, rules: DateRules = _PLAIN) -> Readings:
    """Gives the readings of a normalised day spelling; none where it isn't one, or no such day exists.

    Args:
        text: a spelling that went through `normalised`, without its clock time.
        rules: what custom decides.

    >>> readings("2019-03-14")
    (('', (17969, 17969)),)
    >>> [order for order, _ in readings("3/4/2019")]
    ['dmy', 'mdy']
    >>> readings("2019-02-30")
    ()
    """
    if len(text) > LONGEST:
        return ()
    within = _WITHIN.fullmatch(text)
    if within:
        # Nobody says where the beginning ends, so the bounds are those of the whole.
        return tuple((order, bounds) for order, bounds in readings(within["whole"], rules=rules) if not order and bounds[0] < bounds[1])
    weekday = _WEEKDAY.fullmatch(text)
    if weekday:
        day = _WEEKDAYS[weekday["weekday"]]
        # 1 January 1970 was a Thursday, the fourth day of the week. A day that doesn't fall on the one named is none.
        return tuple(
            (order, bounds)
            for order, bounds in readings(weekday["rest"], rules=rules)
            if bounds[0] == bounds[1] and (bounds[0] + 3) % 7 == day
        )
    if not _DIGIT.search(text) or not _VOCABULARY.issuperset(_LETTERS.findall(text)):
        return ()
    spaced = _DASHES.sub(" - ", text)
    for spelling in (text, spaced) if spaced != text else (text,):
        for pattern, reader in _SPELLINGS:
            found = pattern.fullmatch(spelling)
            if found:
                return reader(found, rules)
    return _range(spaced, rules)


def hangs_on(text: str, order: str) -> frozenset[str]:
    """Gives the rules that a normalised spelling's reading in an order hangs on: seasons by name, "turn_of_year", "pivot".

    >>> sorted(hangs_on("vår 2022", "")), sorted(hangs_on("220701", "yymmdd"))
    (['spring'], ['pivot'])
    """
    words = _LETTERS.findall(text)
    found = {_SEASON_NAMES[word] for word in words if word in _SEASON_NAMES}
    found |= {"turn_of_year"} if "årsskiftet" in words or "turn" in words else set()
    short = order != "yyyymm" and _SHORT_YEAR.fullmatch(text)
    return frozenset(found | ({"pivot"} if short else set()))


def _day(year: int, month: int, day: int) -> Bounds | None:
    """A day as bounds, or None where the calendar has no such day."""
    in_range = FIRST_YEAR <= year <= LAST_YEAR or (year, month, day) in FILL_IN_DATES
    if not in_range or not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    number = date(year, month, day).toordinal() - EPOCH
    return number, number


def _one(bounds: Bounds | None) -> Readings:
    return (("", bounds),) if bounds else ()


def _months(year: int, first: int, last: int) -> Bounds | None:
    """From the first day of a month to the last day of another; months above 12 are of the next year."""
    if not FIRST_YEAR <= year <= LAST_YEAR or not 1 <= first <= 12:
        return None
    last_year, last_month = year + (last - 1) // 12, (last - 1) % 12 + 1
    upper = date(last_year, last_month, calendar.monthrange(last_year, last_month)[1])
    return date(year, first, 1).toordinal() - EPOCH, upper.toordinal() - EPOCH


def _ymd(found: re.Match[str], rules: DateRules) -> Readings:
    return _one(_day(int(found["y"]), int(found["m"]), int(found["d"])))


def _triple(found: re.Match[str], rules: DateRules) -> Readings:
    """Three numbers whose order the spelling doesn't tell; year first only where all three have two digits."""
    a, b, c = found["a"], found["b"], found["c"]
    tried = [("dmy", _day(rules.year_of(c), int(b), int(a)))]
    if found["by"] != ".":  # dots are day-first by custom
        tried.append(("mdy", _day(rules.year_of(c), int(a), int(b))))
        if len(a) == len(b) == len(c) == 2:
            tried.append(("ymd", _day(rules.year_of(a), int(b), int(c))))
        return tuple((order, bounds) for order, bounds in tried if bounds)
    return _one(tried[0][1])


def _six(found: re.Match[str], rules: DateRules) -> Readings:
    text, month = found[0], int(found[0][4:])
    day = _day(rules.year_of(text[:2]), int(text[2:4]), int(text[4:]))
    tried = (("yymmdd", day), ("yyyymm", _months(int(text[:4]), month, month)))
    return tuple((order, bounds) for order, bounds in tried if bounds)


def _six_range(found: re.Match[str], rules: DateRules) -> Readings:
    first, last = (_day(rules.year_of(text[:2]), int(text[2:4]), int(text[4:])) for text in (found["a"], found["b"]))
    return _span(first, last)


def _span(first: Bounds | None, last: Bounds | None) -> Readings:
    """From the earliest day of one to the latest of another, in that order only."""
    if first is None or last is None or first[0] > last[0] or first[1] > last[1]:
        return ()
    return _one((first[0], last[1]))


def _named_day(found: re.Match[str], rules: DateRules) -> Readings:
    month = _MONTHS.get(found["name"])
    return _one(_day(rules.year_of(found["y"]), month, int(found["d"]))) if month else ()


def _day_and_month(found: re.Match[str], rules: DateRules) -> Readings:
    return _one(_day(rules.year_of(found["y"]), int(found["m"]), int(found["d"])))


def _named_days(found: re.Match[str], rules: DateRules) -> Readings:
    """Two days of one month: ``1-3 mars 2019``."""
    month, year = _MONTHS.get(found["name"]), int(found["y"])
    return _span(_day(year, month, int(found["a"])), _day(year, month, int(found["b"]))) if month else ()


def _named_span(found: re.Match[str], rules: DateRules) -> Readings:
    """A month or a season by name, with its year."""
    name, year = found["name"], int(found["y"])
    month = _MONTHS.get(name)
    if month:
        return _one(_months(year, month, month))
    season = _SEASON_NAMES.get(name)
    return _one(_months(year, *rules.months_of(season))) if season else ()


def _term(found: re.Match[str], rules: DateRules) -> Readings:
    """A school term, whose year is mostly written with two digits: ``VT21``, ``ht 2020``."""
    return _one(_months(rules.year_of(found["y"]), *rules.months_of(_SEASON_NAMES[found["name"]])))


def _winter(found: re.Match[str], rules: DateRules) -> Readings:
    """A winter, or the turn of a year, that names both its years."""
    year, after = rules.year_of(found["y"]), found["after"]
    if int(after) != (year + 1 if len(after) == 4 else (year + 1) % 100):
        return ()
    if found["name"] in _SEASON_NAMES:
        return _one(_months(year, *rules.months_of("winter"))) if _SEASON_NAMES[found["name"]] == "winter" else ()
    before, after_it = rules.turn_of_year
    return _span(_day(year, 12, before), _day(year + 1, 1, after_it))


def _numbered_month(found: re.Match[str], rules: DateRules) -> Readings:
    return _one(_months(int(found["y"]), int(found["m"]), int(found["m"])))


def _whole_year(found: re.Match[str], rules: DateRules) -> Readings:
    return _one(_months(int(found["y"]), 1, 12))


def _years(found: re.Match[str], rules: DateRules) -> Readings:
    return _span(_months(int(found["a"]), 1, 12), _months(int(found["b"]), 1, 12))


def _quarter(found: re.Match[str], rules: DateRules) -> Readings:
    last = 3 * int(found["q"])
    return _one(_months(int(found["y"]), last - 2, last))


def _half_year(found: re.Match[str], rules: DateRules) -> Readings:
    half = _HALVES.get(found["half"], found["half"])
    return _one(_months(int(found["y"]), 1, 6) if half == "1" else _months(int(found["y"]), 7, 12))


def _week(found: re.Match[str], rules: DateRules) -> Readings:
    """An ISO week, Monday to Sunday, or one day of it."""
    year, week, day = int(found["y"]), int(found["w"]), found.groupdict().get("d")
    if not FIRST_YEAR <= year <= LAST_YEAR or not 1 <= week <= date(year, 12, 28).isocalendar().week:
        return ()
    monday = date.fromisocalendar(year, week, 1).toordinal() - EPOCH
    return _one((monday + int(day) - 1, monday + int(day) - 1) if day else (monday, monday + 6))


def _named_months(found: re.Match[str], rules: DateRules) -> Readings:
    """``aug-dec 2019`` and ``2019 aug-dec`` without room around the hyphen."""
    first, last, year = _MONTHS.get(found["a"]), _MONTHS.get(found["b"]), int(found["y"])
    return _span(_months(year, first, first), _months(year, last, last)) if first and last else ()


def _range(text: str, rules: DateRules) -> Readings:
    """Two spellings with a dash between them; one without a year takes the other's."""
    left, dash, right = text.partition(" - ")
    if not dash or " - " in right:
        return ()
    first, last = _side(left, right, rules), _side(right, left, rules)
    return _span(first, last)


def _side(text: str, other: str, rules: DateRules) -> Bounds | None:
    year = _YEAR_IN.search(other)
    spellings = [text] if not year else [text, f"{text} {year[0]}", f"{year[0]} {text}"]
    for spelling in spellings:
        for pattern, reader in _SPELLINGS:
            found = pattern.fullmatch(spelling)
            certain = [bounds for order, bounds in reader(found, rules) if order in ("", "yymmdd")] if found else []
            if certain:
                return certain[0]
    return None


_DIGIT = re.compile("[0-9]")
# Where no number has four digits, the year has two.
_SHORT_YEAR = re.compile(r"(?!.*[0-9]{4})(?!.*[0-9]{3}).*[0-9]{2}|[0-9]{6}(?: ?- ?[0-9]{6})?")
_WEEKDAY = re.compile(rf"(?P<weekday>{'|'.join(sorted(_WEEKDAYS, key=len, reverse=True))})(?:en)?\.?,? (?:den )?(?P<rest>.+)")
_LETTERS = re.compile(r"[^\W\d_]+")
_YEAR_IN = re.compile(r"(?<![0-9])(?:1[89]|2[012])[0-9]{2}(?![0-9])")
_Y, _M, _D = r"(?P<y>[0-9]{4})", r"(?P<m>[0-9]{1,2})", r"(?P<d>[0-9]{1,2})"
_NAME = rf"(?P<name>{'|'.join(sorted((*_MONTHS, *_SEASON_NAMES), key=len, reverse=True))})\.?"
_WEEK = r"(?:v|vecka|veckan|week|w)\.? ?(?P<w>[0-9]{1,2})"
_QUARTER = r"(?:q|k|kv|kvartal|quarter)\.? ?(?P<q>[1-4])"
_HALVES = {"första": "1", "first": "1", "andra": "2", "second": "2"}
_HALF_YEAR = "h ?(?P<half>[12])"
_HALF_YEAR_NAMED = rf"(?:the )?(?P<half>{'|'.join(_HALVES)}|[12](?=:a|st|nd))(?::a|st|nd)? (?:halvåret|half-year|half)(?: av| of)?"
_WITHIN = re.compile(
    r"(?:(?:i )?(?:början|mitten|slutet) (?:av|på)|(?:in )?(?:the )?(?:beginning|start|middle|end) of|early|mid|late)[ -](?P<whole>.+)"
)
_TURN = r"(?P<name>årsskiftet|vintern?|winter|turn of the year)"
_OTHER_WORDS = (
    "den the e a st nd rd th of av v vecka veckan week w q k kv kvartal quarter h halvåret half första andra first second "
    "årsskiftet turn year till to"
)
_VOCABULARY = frozenset((*_MONTHS, *_SEASON_NAMES, *_OTHER_WORDS.split()))
_Reader = Callable[[re.Match[str], DateRules], Readings]
_SPELLINGS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        (rf"{_Y}-{_M}-{_D}", _ymd),
        (rf"{_Y}/{_M}/{_D}", _ymd),
        (rf"{_Y}\.{_M}\.{_D}", _ymd),
        (r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})", _ymd),
        (r"(?P<a>[0-9]{1,2})(?P<by>[-/.])(?P<b>[0-9]{1,2})(?P=by)(?P<c>[0-9]{4}|[0-9]{2})", _triple),
        (rf"(?:den )?{_D}/{_M},? {_Y}", _ymd),  # the Swedish way: day/month, a space, the year
        (rf"(?:den )?{_D}/{_M} ?- ?(?P<y>[0-9]{{4}}|[0-9]{{2}})", _day_and_month),  # 14/3-19
        (r"[0-9]{6}", _six),
        (r"(?P<a>[0-9]{6}) ?- ?(?P<b>[0-9]{6})", _six_range),
        (rf"(?:den )?(?:the )?{_D}(?:\.|:e|st|nd|rd|th)?[ -]?(?:of )?{_NAME}[ -]?,? ?{_Y}", _named_day),
        (rf"(?:den )?{_D}(?:\.|:e)? {_NAME} ?[-'](?P<y>[0-9]{{2}})", _named_day),  # 14 mars -19
        (rf"{_D}-{_NAME}-(?P<y>[0-9]{{2}})", _named_day),  # 14-mar-19, as Oracle writes
        (rf"(?:den )?(?P<a>[0-9]{{1,2}})(?:\.|:e)? ?- ?(?P<b>[0-9]{{1,2}})(?:\.|:e)? {_NAME},? {_Y}", _named_days),
        (rf"{_NAME} {_D}(?:st|nd|rd|th)?,? {_Y}", _named_day),
        (_Y, _whole_year),
        (rf"{_NAME},?[ -]{_Y}", _named_span),
        (r"(?P<name>vt|ht) ?-?(?P<y>[0-9]{4}|[0-9]{2})", _term),
        (rf"{_Y}[ -]{_NAME}", _named_span),
        (rf"{_Y}[-/]{_M}", _numbered_month),
        (rf"{_M}/{_Y}", _numbered_month),
        (rf"{_TURN} {_Y} ?[-/] ?(?P<after>[0-9]{{4}}|[0-9]{{2}})", _winter),
        (rf"{_TURN} (?P<y>[0-9]{{2}}) ?[-/] ?(?P<after>[0-9]{{2}})", _winter),
        (rf"{_WEEK},? {_Y}", _week),
        (rf"{_Y}[ -]?{_WEEK}(?:-(?P<d>[1-7]))?", _week),
        (rf"{_QUARTER},? {_Y}", _quarter),
        (rf"{_Y}[ -]?{_QUARTER}", _quarter),
        (rf"{_HALF_YEAR},? {_Y}", _half_year),
        (rf"{_Y}[ -]?{_HALF_YEAR}", _half_year),
        (rf"{_HALF_YEAR_NAMED},? {_Y}", _half_year),
        (r"(?P<a>[0-9]{4}) ?- ?(?P<b>[0-9]{4})", _years),
        (rf"(?P<a>[^\W\d_]+)\.?-(?P<b>[^\W\d_]+)\.? {_Y}", _named_months),
        (rf"{_Y} (?P<a>[^\W\d_]+)\.?-(?P<b>[^\W\d_]+)\.?", _named_months),
    )
)
