"""Times that the engine doesn't read by itself: each distinct text of a column is parsed once, and what it means goes into a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import narwhals as nw

from leadtime.columns import DATE_ROLES
from leadtime.durations.dates import DateReading, DateValue, read_dates
from leadtime.durations.rules import DateRules
from leadtime.engine.spellings import Spelling, all_numbers, count_of, counts_like, place_of, spellings_table, unread_texts
from leadtime.engine.tables import Raw
from leadtime.engine.times import DAY_US, TimeSource
from leadtime.errors import InputError
from leadtime.ingest.source import Options
from leadtime.log import EventLog
from leadtime.quality.findings import finding
from leadtime.results import Finding

__all__ = ["assumptions", "meaning", "open_ends", "partial_dates", "require_month_second", "spelled"]

# Dates that begin with the year, whose second number can only be a day, whose third can, and of which either can. With a T before the
# clock time they are ISO's, written by programs.
_MONTH, _DAY = "(0[1-9]|1[0-2])", "(1[3-9]|2[0-9]|3[01])"
_DAY_SECOND, _DAY_THIRD, _EITHER = (
    rf"^[0-9]{{4}}[-/.]?{second}[-/.]?{third}([^0-9T]|$)" for second, third in ((_DAY, _MONTH), (_MONTH, _DAY), (_MONTH, _MONTH))
)

# What people and programs write in a column of ends where there is none, in lower case; marks without a letter or digit say so too.
_NO_END = frozenset((
    "null", "(null)", "<null>", "nat", "nan", "na", "n/a", "none", "missing", "unknown", "ongoing", "until further notice", "open",
    "saknas", "okänt", "okänd", "uppgift saknas", "ej angivet", "ej avslutad", "ej avslutat", "pågår", "pågående", "tills vidare", "öppen",
))  # fmt: skip


def spelled(
    raw: Raw, times: Sequence[TimeSource], roles: Mapping[str, str], options: Options
) -> tuple[tuple[TimeSource, ...], dict[str, str], list[Finding]]:
    """Gives the time columns, each with what its unusual spellings mean, what was chosen in reading them, and what was seen."""
    found: list[TimeSource] = []
    choices: dict[str, str] = {}
    seen: list[Finding] = []
    for time in times:
        header = roles[time.role]
        texts = unread_texts(raw, time)
        blanks = open_ends(time.role, texts)
        if blanks:
            time = replace(time, blanks=blanks)
            seen.append(finding("open-ends", count_of(raw, time, blanks), examples=[f"'{text}'" for text in blanks[:10]]))
        reading = _reading(raw, time, header, options, [text for text in texts if text not in blanks])
        if reading is None:
            found.append(time)
            continue
        rows = [meaning(text, value) for text, value in reading.values.items()]
        partial = any(value.is_partial for value in reading.values.values())
        found.append(replace(time, spellings=spellings_table(raw.session, rows) if rows else None, partial=partial))
        choices |= assumptions(reading, header, options.date_rules or DateRules())
    return tuple(found), choices, seen


def open_ends(role: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Gives those of the texts of a column of ends that say there is none; of any other column a text that is no date stays what it is.

    >>> open_ends("end", ["-", "later", "NULL", "Pågår"]), open_ends("start", ["-"])
    (('-', 'NULL', 'Pågår'), ())
    """
    return tuple(text for text in texts if text.casefold() in _NO_END or not any(map(str.isalnum, text))) if role == "end" else ()


def _reading(raw: Raw, time: TimeSource, header: str, options: Options, texts: Sequence[str]) -> DateReading | None:
    """What the texts mean that the engine left unread; none where it read all."""
    if not texts:
        return None
    numeric = all(text[0].isdigit() for text in texts) and all_numbers(raw, time)
    reading = read_dates(
        texts, date_order=options.date_order, column=header, rules=options.date_rules, numeric=numeric,
        place=lambda text: f" ({place_of(raw, time, text)})",
    )  # fmt: skip
    require_month_second(header, reading.unread, lambda patterns: counts_like(raw, time, patterns))
    return reading


def require_month_second(header: str, unread: Sequence[str], counts: Callable[[Sequence[str]], Sequence[int]]) -> None:
    """Stops where a column's dates rather are year, day, month: those up to the twelfth would be read with the two changed, in silence.

    Where as many tell that they are year, month, day, those that can't be are slips, and their rows are rejected.
    """
    telling = next((text for text in unread if re.match(_DAY_SECOND, text)), None)
    if telling is None:
        return
    second, third, either = counts((_DAY_SECOND, _DAY_THIRD, _EITHER))
    if either and second > third:
        raise InputError(
            f"column '{header}': '{telling}' has its day before its month, as {second} of its dates, and {either} may have it so or the "
            "other way; write them as year, month, day (2019-03-14)"
        )


def assumptions(reading: DateReading, header: str, rules: DateRules) -> dict[str, str]:
    """Gives in words what custom decided in reading a column: the order of day and month, seasons, two-digit years, serial numbers."""
    told = {f"date_order of '{header}'": reading.order} if reading.order else {}
    in_words = {"serials": f"days as Excel counts them, from {'1904' if rules.serials == '1904' else '1900'}"}
    assumed = [in_words.get(name) or rules.in_words(name) for name in reading.assumed]
    return {**told, **({f"dates of '{header}'": "; ".join(assumed)} if assumed else {})}


def meaning(text: str, value: DateValue) -> Spelling:
    """Gives a text's date, local clock or instant in microseconds; a partial date's middle, and its bounds.

    >>> meaning("aug 2019", DateValue(18109, 18139))
    ('aug 2019', 1565913600000000, None, None, 1564617600000000, 1567209600000000)
    """
    lower, upper = value.lower_day * DAY_US, value.upper_day * DAY_US
    if value.is_partial:
        return text, (lower + upper) // 2, None, None, lower, upper
    if value.time_us is None:
        return text, lower, None, None, None, None
    if value.offset_us is None:
        return text, None, lower + value.time_us, None, None, None
    return text, None, None, lower + value.time_us - value.offset_us, None, None


def partial_dates(log: EventLog) -> list[Finding]:
    """Gives how many events, and how many cases, have dates that are not known to the day; counted only where there are such columns."""
    found: list[Finding] = []
    if "start_lower_wall_us" in log.columns:
        partial = (_open("start") | _open("end")).cast(nw.Int64).sum()
        counts = log.session.collect(log.frame.select(partial=partial, events=nw.len())).iloc[0].astype(int)
        if counts["partial"]:
            found.append(finding("partial-dates", int(counts["partial"]), of=int(counts["events"])))
    tables = [log.frame, *([] if log.declared_cases is None else [log.declared_cases])]
    for table in tables:
        there = table.collect_schema().names()
        roles = [role for role in DATE_ROLES if f"{role}_lower_wall_us" in there]
        if roles:
            cases = table.filter(nw.any_horizontal(*(_open(role) for role in roles), ignore_nulls=True)).select("case_id").unique()
            found.append(finding("partial-case-dates", log.session.count(cases)))
    return found


def _open(moment: str) -> nw.Expr:
    return nw.col(f"{moment}_lower_wall_us") < nw.col(f"{moment}_upper_wall_us")
