"""SQL for times in DuckDB: reading a column of texts or native times, and turning local clock into instant and back.

Every time becomes two integers in microseconds: `us` (the instant) and `wall` (the local clock), and the flag whether it is only a date.
Zone conversion uses DuckDB's own ICU. Its `timezone(zone, TIMESTAMP)` gives the *second* of a local time that occurs twice, so it is not
used: an offset is asked for at an instant, which has one answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leadtime.engine.session import Session
from leadtime.engine.sql import literal

__all__ = [
    "DAY_US",
    "SPACES",
    "TimeSource",
    "after_reading",
    "all_midnights",
    "blank_as_null",
    "read_columns",
    "second_reading",
    "span_us",
    "text_column",
    "text_of",
    "unclean",
    "zone_steps",
    "zone_table",
]

DAY_US = 86_400_000_000

# Spaces that people and programs leave around text, beyond the plain one that `trim` takes.
SPACES = (
    "\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f \x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
# The calendar begins with the year 1; 0000 stands for no date.
_DATE = r"(\d{3}[1-9]|\d\d[1-9]0|\d[1-9]00|[1-9]000)[-/]\d\d[-/]\d\d"
_HOUR = r"([01]\d|2[0-3])"  # DuckDB would take 24:00 for the midnight after, where the dates that it doesn't read know no such hour
_PLAIN_CLOCK = _DATE + rf"[ T]{_HOUR}" + r":\d\d(:\d\d(\.\d{1,9})?)?"
_SECONDS = r":\d\d([.,]\d{1,9})?"
_CLOCK = _DATE + rf"[ T]{_HOUR}:\d\d({_SECONDS})?"
# Behind a space and a minute without seconds a minus says "to", as in 08:00-09:00; no program writes an offset so.
_EAST, _BEHIND = r" ?(Z|\+\d\d(:?\d\d)?)", r" ?(Z|[+-]\d\d(:?\d\d)?)"
_OFFSET = rf"{_DATE}(T{_HOUR}:\d\d({_SECONDS})?{_BEHIND}| {_HOUR}:\d\d({_SECONDS}{_BEHIND}|{_EAST}))"

_NATIVE_LOCAL = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATETIME")
_NATIVE_INSTANT = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", "TIMESTAMP_NS WITH TIME ZONE", "TIMESTAMPTZ_NS")


@dataclass(frozen=True)
class TimeSource:
    """A column to read as times: its role, its expression, its SQL type, and whether all its date-times are midnights (so dates).

    `spellings` names a table of texts that the engine doesn't read by itself, with what they mean; none where there are none. `partial`
    says that some of them are dates not to the day, so that the column's moments have bounds. `blanks` are texts that stand for none.
    """

    role: str
    column: str
    type: str
    midnight: bool = False
    spellings: str | None = None
    partial: bool = False
    blanks: tuple[str, ...] = ()

    @property
    def native(self) -> bool:
        """Whether the column holds times of its own type, so that nothing in it can be unreadable."""
        return self.type == "DATE" or self.type in _NATIVE_LOCAL or self.type in _NATIVE_INSTANT

    @property
    def missing(self) -> str:
        """The SQL for whether a row has no value; a native time isn't turned into text for that."""
        return f"{self.role}_{'native' if self.native else 'text'} IS NULL"

    @property
    def zoneless(self) -> bool:
        """Whether the column holds date-times without a zone, which may all be midnights."""
        return self.type in _NATIVE_LOCAL


def all_midnights(session: Session, table: str, column: str) -> bool:
    """Whether a column of zone-less date-times has values and all are midnights; stops at the first that isn't."""
    clock = f"SELECT 1 FROM {table} WHERE isfinite({column}) AND epoch_us({column}::TIMESTAMP) % {DAY_US} <> 0 LIMIT 1"
    return not session.rows(clock) and bool(session.rows(f"SELECT 1 FROM {table} WHERE {column} IS NOT NULL LIMIT 1"))


def span_us(session: Session, table: str, times: Sequence[TimeSource]) -> tuple[int, int] | None:
    """Gives the first and the last local time of some columns, in microseconds; none where a column has no local times of its own type."""
    if not times or any(time.type not in ("DATE", *_NATIVE_LOCAL) for time in times):
        return None
    ends = ", ".join(f"epoch_us({end}({time.column})::TIMESTAMP)" for time in times for end in ("min", "max"))
    found = [int(value) for value in session.rows(f"SELECT {ends} FROM {table}")[0] if value is not None]
    return (min(found), max(found)) if found else None


def text_of(column: str, kind: str) -> str:
    """Gives the SQL for a value as trimmed text, null where it is blank; a whole number has no decimals.

    >>> text_of("c0", "BIGINT")
    'c0::VARCHAR'
    """
    if kind in ("DOUBLE", "FLOAT"):
        whole = f"{column} = trunc({column}) AND abs({column}) < 1e15"
        return f"CASE WHEN isnan({column}) THEN NULL WHEN {whole} THEN {column}::BIGINT::VARCHAR ELSE {column}::VARCHAR END"
    if kind in ("VARCHAR", "JSON") or kind.startswith("ENUM"):
        return blank_as_null(f"{column}::VARCHAR")
    return f"{column}::VARCHAR"


def blank_as_null(text: str) -> str:
    """Gives the SQL for a text without the space around it, null where nothing is left."""
    # `trim` with a list of characters is slow, so it is left to the few texts that begin or end with what may be a space, or are empty;
    # a letter or digit at either end is told by its code point.
    first, last = (f"CASE WHEN {code} < 192 THEN {code} BETWEEN 33 AND 126 ELSE {code} < 4096 END" for code in _ends(text))
    return f"CASE WHEN ({first}) AND ({last}) THEN {text} ELSE nullif(trim({text}, {literal(SPACES)}), '') END"


def unclean(text: str) -> str:
    """Gives the SQL for whether a text may need trimming: it is empty, or doesn't surely begin and end with a letter, digit or sign."""
    return " OR ".join(f"NOT ({code} BETWEEN 33 AND 126 OR {code} BETWEEN 192 AND 4095)" for code in _ends(text))


def _ends(text: str) -> tuple[str, str]:
    """The SQL of the first and the last code point of a text."""
    return f"unicode({text})", f"unicode(({text})[-1])"


def text_column(source: TimeSource) -> list[str]:
    """Gives the SQL of a time column's own values: `<role>_text`, and `<role>_native` where the column has times of its own type."""
    if source.native:
        return [f"{source.column}::VARCHAR AS {source.role}_text", f"{source.column} AS {source.role}_native"]
    text = text_of(source.column, source.type)
    if source.blanks:
        return [f"CASE WHEN ({text}) NOT IN ({', '.join(map(literal, source.blanks))}) THEN {text} END AS {source.role}_text"]
    return [f"{text} AS {source.role}_text"]


def read_columns(source: TimeSource) -> list[str]:
    """Gives the SQL of the first reading: `<role>_text`, and `_date`, `_local`, `_instant` of which at most one is not null.

    The steps are apart (text, reading, spellings, zone) because an alias used within one SELECT is computed again at each use.
    """
    role, native = source.role, f"{source.role}_native"
    if not source.native:
        return [f"{role}_text", *_read_text(role)]
    value = f"CASE WHEN isfinite({native}) THEN epoch_us({native}::TIMESTAMP) END"
    kind = "date" if source.type == "DATE" or source.midnight else "local"
    if source.type in _NATIVE_INSTANT:
        kind, value = "instant", f"CASE WHEN isfinite({native}::TIMESTAMPTZ) THEN epoch_us({native}::TIMESTAMPTZ) END"
    parts = {name: value if name == kind else "NULL::BIGINT" for name in ("date", "local", "instant")}
    return [f"{role}_text", *(f"{sql} AS {role}_{name}" for name, sql in parts.items())]


def _read_text(role: str) -> list[str]:
    """The commonest spellings; the others are tried in the next step."""
    name = f"{role}_text"
    readings = (("date", "= 10", _DATE), ("local", "BETWEEN 16 AND 29", _PLAIN_CLOCK))
    return [
        *(
            f"CASE WHEN length({name}) {fits} AND regexp_full_match({name}, '{pattern}') "
            f"THEN epoch_us(TRY_CAST({name} AS TIMESTAMP)) END AS {role}_{kind}"
            for kind, fits, pattern in readings
        ),
        f"NULL::BIGINT AS {role}_instant",
    ]


def second_reading(source: TimeSource) -> list[str]:
    """Gives the SQL that replaces `_local` and `_instant` of what the first reading left: an offset, or a comma before the fraction."""
    if source.native:
        return []
    role, name = source.role, f"{source.role}_text"
    left = f"{role}_date IS NULL AND {role}_local IS NULL AND length({name}) BETWEEN 17 AND 36"
    plain = f"replace({name}, ',', '.')"
    with_offset = f"replace(replace({plain}, ' +', '+'), ' -', '-')"
    return [
        f"CASE WHEN {left} AND regexp_full_match({name}, '{_CLOCK}') THEN epoch_us(TRY_CAST({plain} AS TIMESTAMP)) "
        f"ELSE {role}_local END AS {role}_local",
        f"CASE WHEN {left} AND regexp_full_match({name}, '{_OFFSET}') "
        f"THEN epoch_us(TRY_CAST({with_offset} AS TIMESTAMPTZ)) END AS {role}_instant",
    ]


def after_reading(source: TimeSource) -> tuple[list[str], list[str], str]:
    """Gives the SQL that puts in what the table of spellings says, the bounds of partial dates that it adds, and its join."""
    role, joined = source.role, f"{source.role}_spelling"
    if source.spellings is None:
        return [], [], ""
    columns = [f"coalesce({role}_{kind}, {joined}.{kind}_us) AS {role}_{kind}" for kind in ("date", "local", "instant")]
    bounds = [f"{joined}.{bound}_us AS {role}_{bound}_us" for bound in ("lower", "upper")] if source.partial else []
    return columns, bounds, f" LEFT JOIN {source.spellings} AS {joined} ON {joined}.text = {role}_text"


def zone_table(session: Session, zone: str) -> str:
    """Stores the zone's offset a day before and a day after each day of two centuries; where they agree it holds all the day.

    So the many conversions of a log are a join, and ICU is asked only near a change of offset, or outside of 1900 to 2099.
    """
    name, first, end = session.new_name("zone"), -25567, 47482
    # Asked once a day: the beginning of the day before one is the end of the day after the third before it.
    before = f"SELECT range AS day, {_offset(f'((range - 1) * {DAY_US})', zone)} AS early FROM range({first}, {end + 3})"
    both = f"SELECT day, early, lead(early, 3) OVER (ORDER BY day) AS late FROM ({before})"
    session.run(f"CREATE TABLE {name} AS SELECT * FROM ({both}) WHERE day < {end}")
    return name


def zone_steps(role: str, zone: str | None, table: str | None) -> tuple[list[str], str, list[str], list[str]]:
    """Gives the SQL of the steps to `<role>_us`, `_wall_us`, `_is_date`, and `_fold`, `_gap` (a local time that occurs twice, or never).

    The first list is columns with the join that they need, the others are columns of the steps after.
    """
    local, instant = f"coalesce({role}_date, {role}_local)", f"{role}_instant"
    value = f"coalesce({role}_date, {role}_local, {instant})"
    is_date = f"({role}_date IS NOT NULL) AS {role}_is_date"
    if zone is None or table is None:
        return [], "", [f"{value} AS {role}_us", is_date, f"FALSE AS {role}_fold", f"FALSE AS {role}_gap"], [f"{role}_us AS {role}_wall_us"]
    days = f"{role}_days"
    join = f" LEFT JOIN {table} AS {days} ON {days}.day = floor({value} / {DAY_US}.0)::BIGINT"
    before, after = f"{role}_before", f"{role}_after"
    offsets = [
        f"coalesce({days}.early, {_offset(f'({value} - {DAY_US})', zone)}) AS {before}",
        f"coalesce({days}.late, {_offset(f'({value} + {DAY_US})', zone)}) AS {after}",
    ]
    first, second = f"({local} - {before})", f"({local} - {after})"
    fits_first = f"{first} + {_offset(first, zone)} = {local}"
    fits_second = f"{second} + {_offset(second, zone)} = {local}"
    changes = f"{role}_local IS NOT NULL AND {before} <> {after}"
    instants = [
        # Near a change of offset the first that fits counts; none fits a time that was skipped, and the earlier offset moves it on.
        f"CASE WHEN {instant} IS NOT NULL THEN {instant} WHEN {before} = {after} THEN {first} WHEN {fits_first} THEN {first} "
        f"WHEN {fits_second} THEN {second} ELSE {first} END AS {role}_us",
        f"CASE WHEN {changes} THEN {before} <> {after} AND {fits_first} AND {fits_second} ELSE FALSE END AS {role}_fold",
        f"CASE WHEN {changes} THEN NOT ({fits_first}) AND NOT ({fits_second}) ELSE FALSE END AS {role}_gap",
        is_date,
    ]
    there = f"{role}_us + CASE WHEN {before} = {after} THEN {before} ELSE {_offset(f'{role}_us', zone)} END"
    return offsets, join, instants, [f"CASE WHEN {instant} IS NULL AND NOT {role}_gap THEN {local} ELSE {there} END AS {role}_wall_us"]


def _offset(instant: str, zone: str) -> str:
    """The zone's offset from UTC at an instant; the session's own zone is UTC, so the casts move nothing."""
    return f"(epoch_us(timezone({literal(zone)}, make_timestamp({instant})::TIMESTAMPTZ)) - {instant})"
