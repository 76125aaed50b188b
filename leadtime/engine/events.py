"""The event table, made natively: roles read, times parsed, rows split into kept and rejected, all declared in one query.

A read table holds every row with its `problem` (null for a row kept); `events` of it is the event table of the log. A table that is
stored was computed once; a lazy one (Parquet) is computed anew by what asks for it, and only for the columns asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw

from leadtime.columns import DATE_ROLES, EXAMPLE_CASES, RESERVED_NAMES, ROLES
from leadtime.engine.session import Session, literal, quoted
from leadtime.engine.tables import Raw, all_blank
from leadtime.engine.times import (
    DAY_US,
    TimeSource,
    after_reading,
    read_columns,
    second_reading,
    text_column,
    text_of,
    zone_steps,
    zone_table,
)

__all__ = ["ReadTable", "Reading", "attribute_names", "case_table", "event_table", "repeated_cases", "spellings_table", "unread_texts"]

_EXAMPLES = ", ".join(literal(case) for case in EXAMPLE_CASES.values())
_PARTS = ("us", "wall_us", "is_date")
_BASE = (
    "case_id", "activity", "start_us", "end_us", "start_wall_us", "end_wall_us", "start_is_date", "end_is_date", "end_given", "row",
)  # fmt: skip
_BOOK = (
    "__line",
    "__sheet",
    "__problem",
    "__kept",
    "__column",
    "__value",
    "__trimmed",
    "__fold",
    "__gap",
    "__unread",
    "__clocked",
    "__blank",
)


@dataclass(frozen=True)
class Reading:
    """How a raw table is to be read: the header of each role, the time columns, the zone, and what stands in for a missing unit."""

    roles: Mapping[str, str]
    times: tuple[TimeSource, ...]
    zone: str | None = None
    sheet_as_unit: bool = False
    drop_duplicates: bool = False
    left_out: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class ReadTable:
    """A table with every row read, its problem where it has one, and the columns of the event table."""

    session: Session
    name: str
    columns: tuple[str, ...]
    headers: Mapping[str, str]
    stored: bool

    def events(self) -> nw.LazyFrame[Any]:
        """Gives the rows kept, as the log's lazy frame."""
        selection = ", ".join(quoted(name) for name in self.columns)
        return self.session.lazy(self.session.sql(f"SELECT {selection} FROM {self.name} WHERE __kept"))

    def one(self, *expressions: str, where: str = "TRUE") -> tuple[Any, ...]:
        """Gives the single row of some aggregates over the rows."""
        return self.session.rows(f"SELECT {', '.join(expressions)} FROM {self.name} WHERE {where}")[0]

    def any_kept(self) -> bool:
        """Whether any row is kept; stops at the first."""
        return bool(self.session.rows(f"SELECT 1 FROM {self.name} WHERE __kept LIMIT 1"))

    def any_unread(self) -> bool:
        """Whether some row holds a time that isn't read; stops at the first."""
        unread = "__unread > 0 OR __problem IN ('unreadable start', 'unreadable end')"
        return bool(self.session.rows(f"SELECT 1 FROM {self.name} WHERE {unread} LIMIT 1"))

    def drop(self) -> None:
        """Forgets a stored table that is to be made anew."""
        self.session.run(f"DROP TABLE {self.name}")

    def reasons(self) -> dict[str, int]:
        """Gives the number of rejected rows by reason, the commonest first."""
        query = f"SELECT __problem, count(*) FROM {self.name} WHERE __problem IS NOT NULL AND NOT __blank GROUP BY 1 ORDER BY 2 DESC, 1"
        return {str(reason): int(count) for reason, count in self.session.rows(query)}

    def rejected(self, limit: int) -> list[tuple[Any, ...]]:
        """Gives sheet, row number, column, value and reason of the first rejected rows, in order of reading."""
        columns = "__sheet, __line, __column, __value, __problem"
        query = f"SELECT {columns} FROM {self.name} WHERE __problem IS NOT NULL AND NOT __blank ORDER BY row LIMIT ?"
        return self.session.rows(query, [limit])

    def lines(self, where: str, limit: int = 3) -> list[tuple[str | None, int]]:
        """Gives sheet and row number of the first rows that meet a condition."""
        query = f"SELECT __sheet, __line FROM {self.name} WHERE {where} ORDER BY row LIMIT ?"
        return [(None if sheet is None else str(sheet), int(line)) for sheet, line in self.session.rows(query, [limit])]

    def duplicates(self) -> tuple[int, list[tuple[str | None, int]]]:
        """Gives how many rows kept equal an earlier one in every column but their place, and where the first ones are."""
        key = ", ".join(quoted(name) for name in self.columns if name != "row")
        copy = f"row_number() OVER (PARTITION BY {key} ORDER BY row) AS copy"
        counted = f"SELECT __sheet, __line, row, {copy} FROM {self.name} WHERE __problem IS NULL"
        total = int(self.session.rows(f"SELECT count(*) FROM ({counted}) WHERE copy > 1")[0][0])
        first = self.session.rows(f"SELECT __sheet, __line FROM ({counted}) WHERE copy > 1 ORDER BY row LIMIT 3") if total else []
        return total, [(None if sheet is None else str(sheet), int(line)) for sheet, line in first]


def unread_texts(raw: Raw, source: TimeSource) -> list[str]:
    """Gives the distinct texts of a time column that the engine doesn't read by itself, in code-point order."""
    if source.native:
        return []
    text, columns, again = (", ".join(step(source)) for step in (text_column, read_columns, second_reading))
    read = f"SELECT * REPLACE ({again}) FROM (SELECT {columns} FROM (SELECT {text} FROM {raw.name}))"
    unread = " AND ".join(f"{source.role}_{kind} IS NULL" for kind in ("date", "local", "instant"))
    query = f"SELECT DISTINCT {source.role}_text FROM ({read}) WHERE {unread} AND {source.role}_text IS NOT NULL"
    return sorted(str(row[0]) for row in raw.session.rows(query))


def spellings_table(session: Session, rows: Sequence[tuple[str, int | None, int | None, int | None, bool]]) -> str:
    """Stores what texts mean: text, date, local clock, instant (microseconds, at most one of them), and whether it is a partial date."""
    name = session.new_name("spellings")
    session.run(f"CREATE TABLE {name} (text VARCHAR, date_us BIGINT, local_us BIGINT, instant_us BIGINT, partial BOOLEAN)")
    if rows:
        kinds = {"text": "string", "date_us": "Int64", "local_us": "Int64", "instant_us": "Int64", "partial": "boolean"}
        session.append_columns(name, {column: (kind, [row[i] for row in rows]) for i, (column, kind) in enumerate(kinds.items())})
    return name


def attribute_names(raw: Raw, reading: Reading) -> dict[str, str]:
    """Gives the name of each attribute in the event table: its own header, unless that is taken (DuckDB's names know no case)."""
    taken = {name.casefold() for name in (*RESERVED_NAMES, *ROLES, *_BOOK)}
    names: dict[str, str] = {}
    for header in raw.headers:
        if header in reading.roles.values() or header in reading.left_out:
            continue
        name, number = header, 2
        while name.casefold() in taken:
            name, number = f"{header} ({number})", number + 1
        taken.add(name.casefold())
        names[header] = name
    return names


def event_table(raw: Raw, reading: Reading) -> ReadTable:
    """Declares the table of all rows read; stores it where the raw table is stored."""
    attributes = attribute_names(raw, reading)
    texts = [role for role in ROLES if role in reading.roles and role not in ("start", "end", "row", *DATE_ROLES)]
    name = raw.session.new_name("read")
    dates = [f"{role}_{part}" for role in DATE_ROLES if role in reading.roles for part in _PARTS]
    others = [role for role in texts if role not in ("case_id", "activity")]
    unit = ["unit"] if reading.sheet_as_unit and "unit" not in others else []
    columns = (*_BASE, *unit, *others, *dates, *attributes.values())
    query = _query(raw, reading, texts, attributes)
    if reading.drop_duplicates:
        query = f"{_without_copies(columns)} FROM ({query})"
    raw.session.run(f"CREATE {'TABLE' if raw.stored else 'VIEW'} {name} AS {query}")
    return ReadTable(raw.session, name, columns, attributes, raw.stored)


def _query(raw: Raw, reading: Reading, texts: Sequence[str], attributes: Mapping[str, str]) -> str:
    """The steps: texts trimmed, times read, zones applied, ends and problems found, columns named."""
    # A stored raw table holds no blank rows; a lazy one may.
    blank = "FALSE" if raw.stored else f"({all_blank(raw.types)})"
    order = [f"TRY_CAST({raw.column(reading.roles['row'])} AS DOUBLE) AS given_order"] if "row" in reading.roles else []
    first = ["*", *_role_texts(raw, reading, texts), f"{blank} AS blank", *order]
    first += [sql for time in reading.times for sql in text_column(time)]
    steps = [
        f"SELECT {', '.join(first)} FROM {raw.name}",
        *_time_steps(raw.session, reading, ["*", f"({_trimmed(raw, reading, texts)}) AS trimmed"]),
        f"SELECT *, {_ended(reading)} FROM before",
        f"SELECT *, {_problem(reading)} AS problem FROM before",
        f"SELECT {', '.join(_named(raw, reading, texts, attributes))} FROM before",
    ]
    return chained(steps)


def chained(steps: Sequence[str]) -> str:
    """Gives one query of several steps, each of which reads the one before under the name `before`.

    >>> chained(["SELECT 1 AS a", "SELECT a + 1 AS b FROM before"])
    'WITH step_0 AS (SELECT 1 AS a) SELECT a + 1 AS b FROM step_0 AS before'
    """
    *early, last = [step.replace(" FROM before", f" FROM step_{number - 1} AS before") for number, step in enumerate(steps)]
    named = ", ".join(f"step_{number} AS ({step})" for number, step in enumerate(early))
    return f"WITH {named} {last}"


def _role_texts(raw: Raw, reading: Reading, texts: Sequence[str]) -> list[str]:
    return [f"{text_of(raw.column(reading.roles[role]), raw.type_of(reading.roles[role]))} AS r_{role}" for role in texts]


def _time_steps(session: Session, reading: Reading, carried: Sequence[str]) -> list[str]:
    """The steps from texts to instants and local clocks."""
    if not reading.times:
        return [f"SELECT {', '.join(carried)} FROM before"]
    read = [sql for time in reading.times for sql in read_columns(time) if not sql.endswith("_text")]
    again = [sql for time in reading.times for sql in second_reading(time)]
    joined = [after_reading(time) for time in reading.times]
    spelled = [sql for columns, _ in joined for sql in columns if not sql.endswith("_partial")]
    partial = [sql for columns, _ in joined for sql in columns if sql.endswith("_partial")]
    everything = f"before.* REPLACE ({', '.join(spelled)})" if spelled else "before.*"
    joins = "".join(join for _, join in joined)
    table = None if reading.zone is None else zone_table(session, reading.zone)
    zoned = [zone_steps(time.role, reading.zone, table) for time in reading.times]
    offsets, instants, walls = ([sql for steps in zoned for sql in steps[i]] for i in (0, 2, 3))
    offset_joins = "".join(steps[1] for steps in zoned)
    return [
        f"SELECT {', '.join([*carried, *read])} FROM before",
        *([f"SELECT * REPLACE ({', '.join(again)}) FROM before"] if again else []),
        f"SELECT {everything}, {', '.join(partial)} FROM before{joins}",
        f"SELECT {', '.join(['before.*', *offsets])} FROM before{offset_joins}",
        f"SELECT *, {', '.join(instants)} FROM before",
        f"SELECT *, {', '.join(walls)} FROM before",
    ]


def _without_copies(columns: Sequence[str]) -> str:
    """All rows, the second and later of equal ones marked; equal means in all but place and book-keeping."""
    key = ", ".join(quoted(name) for name in columns if name != "row")
    copy = f"row_number() OVER (PARTITION BY {key}, __kept ORDER BY row)"
    problem = f"CASE WHEN __kept AND {copy} > 1 THEN 'exact duplicate' ELSE __problem END AS __problem"
    return f"SELECT * REPLACE ({problem}, (__kept AND {copy} = 1) AS __kept)"


def _trimmed(raw: Raw, reading: Reading, texts: Sequence[str]) -> str:
    """How many texts of a row lost space around them."""
    columns = [(role, raw.column(reading.roles[role])) for role in texts if raw.type_of(reading.roles[role]) == "VARCHAR"]
    return " + ".join(["0", *(f"coalesce({column} <> r_{role}, FALSE)::INTEGER" for role, column in columns)])


def _ended(reading: Reading) -> str:
    """The end of each event: as given, else its start."""
    given = any(time.role == "end" for time in reading.times)
    if not given:
        return "FALSE AS end_given, start_us AS ended_us, start_wall_us AS ended_wall_us, start_is_date AS ended_is_date"
    parts = ", ".join(f"CASE WHEN end_given THEN end_{part} ELSE start_{part} END AS ended_{part}" for part in _PARTS)
    return f"(end_us IS NOT NULL) AS end_given, {parts}"


def _problems(reading: Reading) -> list[tuple[str, str, str, str]]:
    """Condition, reason, role and value of each problem, the first that holds counts."""
    times = {time.role: time for time in reading.times}
    start = times["start"]
    found = [
        ("bad IS NOT NULL", "row can't be parsed", "", "bad"),
        ("r_case_id IS NULL", "no case id", "case_id", "NULL"),
        (f"r_case_id IN ({_EXAMPLES})", "example row", "case_id", "NULL"),
        ("r_activity IS NULL", "no activity", "activity", "NULL"),
        (start.missing, "no start", "start", "NULL"),
        ("start_partial", "date not to the day", "start", "start_text"),
        ("start_us IS NULL", "unreadable start", "start", "start_text"),
    ]
    if "end" in times:
        day = f"floor(ended_wall_us / {DAY_US}.0) < floor(start_wall_us / {DAY_US}.0)"
        before = f"CASE WHEN start_is_date OR ended_is_date THEN {day} ELSE ended_us < start_us END"
        found += [
            ("end_partial", "date not to the day", "end", "end_text"),
            (f"NOT ({times['end'].missing}) AND end_us IS NULL", "unreadable end", "end", "end_text"),
            (f"end_given AND ({before})", "end before start", "end", "end_text"),
        ]
    return found


def _problem(reading: Reading) -> str:
    """The number of the first problem of a row, null where it has none."""
    cases = " ".join(f"WHEN {condition} THEN {number}" for number, (condition, *_) in enumerate(_problems(reading)))
    return f"CASE {cases} END"


def _named(raw: Raw, reading: Reading, texts: Sequence[str], attributes: Mapping[str, str]) -> list[str]:
    """The columns of the read table under their final names, book-keeping with two underscores before."""
    problems = _problems(reading)

    def told(what: int) -> str:
        shown = {number: problem[what] for number, problem in enumerate(problems)}
        return " ".join(f"WHEN {number} THEN {literal(text)}" for number, text in shown.items())

    column = " ".join(f"WHEN {i} THEN {literal(reading.roles[role])}" for i, (_, _, role, _) in enumerate(problems) if role)
    value = " ".join(f"WHEN {i} THEN {text}" for i, (*_, text) in enumerate(problems))
    either = [[f"{time.role}_{flag}" for time in reading.times] for flag in ("fold", "gap")]
    unread = [f"({time.role}_text IS NOT NULL AND {time.role}_us IS NULL)::INTEGER" for time in reading.times if time.role in DATE_ROLES]
    clocked = " OR ".join(f"{time.role}_local IS NOT NULL" for time in reading.times if time.role in ("start", "end"))
    place = "row_number() OVER (ORDER BY given_order NULLS LAST, pos) - 1" if "row" in reading.roles else "pos"
    units = ["sheet AS unit"] if reading.sheet_as_unit and "unit" not in texts else []
    return [
        "r_case_id AS case_id", "r_activity AS activity", "start_us", "ended_us AS end_us", "start_wall_us", "ended_wall_us AS end_wall_us",
        "start_is_date", "ended_is_date AS end_is_date", "end_given", f"({place})::BIGINT AS row", *units,
        *(f"r_{role} AS {role}" for role in texts if role not in ("case_id", "activity")),
        *_case_dates(reading),
        *(f"{raw.column(header)} AS {quoted(name)}" for header, name in attributes.items()),
        "line AS __line", "sheet AS __sheet", f"CASE problem {told(1)} END AS __problem", "problem IS NULL AS __kept",
        f"CASE problem {column} END AS __column",
        f"CASE problem {value} END AS __value", "trimmed AS __trimmed", f"({' OR '.join(either[0])}) AS __fold",
        f"({' OR '.join(either[1])}) AS __gap", f"({' + '.join(['0', *unread])}) AS __unread", f"({clocked}) AS __clocked",
        "blank AS __blank",
    ]  # fmt: skip


def case_table(raw: Raw, reading: Reading) -> tuple[str, tuple[str, ...]]:
    """Declares the table of case attributes, stored: `case_id`, roles and attributes; gives its name and columns."""
    attributes = attribute_names(raw, reading)
    texts = [role for role in ROLES if role in reading.roles and role not in DATE_ROLES]
    first = ["*", *_role_texts(raw, reading, texts), *(sql for time in reading.times for sql in text_column(time))]
    final = [
        *(f"r_{role} AS {role}" for role in texts), *_case_dates(reading),
        *(f"{raw.column(header)} AS {quoted(name)}" for header, name in attributes.items()), "line AS __line",
    ]  # fmt: skip
    steps = [f"SELECT {', '.join(first)} FROM {raw.name}", *_time_steps(raw.session, reading, ["*"])]
    steps.append(f"SELECT {', '.join(final)} FROM before WHERE r_case_id IS NOT NULL ORDER BY pos")
    name = raw.session.new_name("cases")
    raw.session.run(f"CREATE TABLE {name} AS {chained(steps)}")
    dates = [f"{role}_{part}" for role in DATE_ROLES if role in reading.roles for part in _PARTS]
    return name, (*texts, *dates, *attributes.values())


def _case_dates(reading: Reading) -> list[str]:
    """The three columns of each date of the case, all null where it is missing."""
    roles = [time.role for time in reading.times if time.role in DATE_ROLES]
    return [
        sql
        for role in roles
        for sql in (f"{role}_us", f"{role}_wall_us", f"CASE WHEN {role}_us IS NOT NULL THEN {role}_is_date END AS {role}_is_date")
    ]


def repeated_cases(session: Session, table: str) -> tuple[int, list[int]]:
    """Gives how many case ids stand on more than one row of a case table, and the first rows that repeat one."""
    count = session.rows(f"SELECT count(*) FROM (SELECT case_id FROM {table} GROUP BY 1 HAVING count(*) > 1)")[0][0]
    copies = "row_number() OVER (PARTITION BY case_id ORDER BY __line) > 1"
    lines = session.rows(f"SELECT __line FROM {table} QUALIFY {copies} ORDER BY 1 LIMIT 3") if count else []
    return int(count), [int(row[0]) for row in lines]
