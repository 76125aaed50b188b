"""The event table, made natively: roles read, times parsed, rows split into kept and rejected, all declared in one query.

A read table holds every row with its `problem` (null for a row kept); `events` of it is the event table of the log. A table that is
stored was computed once; a lazy one (Parquet) is computed anew by what asks for it, and only for the columns asked for, until it is
kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from leadtime.columns import DATE_ROLES, EXAMPLE_CASES, RESERVED_NAMES, ROLES
from leadtime.engine.readtable import ReadTable
from leadtime.engine.session import Session
from leadtime.engine.sql import literal, quoted
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
from leadtime.engine.zones import Offsets, offsets_steps

__all__ = ["Reading", "attribute_names", "case_table", "event_table", "lost_of_cases", "repeated_cases"]

# Before 2.0, DuckDB takes what stands before a full stop in a name for a table, and a double quote for the end of a name.
_DOTTED = not duckdb.__version__.startswith(("0.", "1."))
_UNDOTTED = str.maketrans({".": "_", '"': "_"})
_EXAMPLES = ", ".join(literal(case) for case in EXAMPLE_CASES.values())
_PARTS = ("us", "wall_us", "is_date")
_BOUNDS = ("lower_wall_us", "upper_wall_us")
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
    """How a raw table is to be read: the header of each role, the time columns, the zone, and what stands in for a missing unit.

    `wide` says that the table held one row a case: its activities are the headers under which the dates stood. `offsets` are the
    zone's, where no time has one of its own and their span is known; `sound` says that every row is known to be kept.
    """

    roles: Mapping[str, str]
    times: tuple[TimeSource, ...]
    zone: str | None = None
    sheet_as_unit: bool = False
    drop_duplicates: bool = False
    left_out: frozenset[str] = field(default_factory=frozenset)
    wide: bool = False
    offsets: Offsets | None = None
    sound: bool = False

    @property
    def partial(self) -> bool:
        """Whether some event has a date not to the day, so that the events have bounds."""
        return any(time.partial for time in self.times if time.role not in DATE_ROLES)


def attribute_names(headers: Iterable[str], *, used: Collection[str], dotted: bool = _DOTTED) -> dict[str, str]:
    """Gives the name of each attribute in the event table: its own header, unless that is taken (engines' names know no case).

    Where the engine knows no `dotted` names, a full stop becomes an underscore, and so does a double quote.

    >>> attribute_names(["Händelse", "Row", "Kön"], used=["Händelse"])
    {'Row': 'Row (2)', 'Kön': 'Kön'}
    >>> attribute_names(["Tel.nr", "Tel_nr", '"Tel"'], used=[], dotted=False)
    {'Tel.nr': 'Tel_nr', 'Tel_nr': 'Tel_nr (2)', '"Tel"': '_Tel_'}
    """
    taken = {name.casefold() for name in (*RESERVED_NAMES, *ROLES, *_BOOK)}
    names: dict[str, str] = {}
    for header in headers:
        if header in used:
            continue
        plain = header if dotted else header.translate(_UNDOTTED)
        name, number = plain, 2
        while name.casefold() in taken:
            name, number = f"{plain} ({number})", number + 1
        taken.add(name.casefold())
        names[header] = name
    return names


def _attributes(raw: Raw, reading: Reading) -> dict[str, str]:
    return attribute_names(raw.headers, used={*reading.roles.values(), *reading.left_out})


def event_table(raw: Raw, reading: Reading) -> ReadTable:
    """Declares the table of all rows read; stores it where the raw table is stored and its times are yet to be read."""
    attributes = _attributes(raw, reading)
    texts = [role for role in ROLES if role in reading.roles and role not in ("start", "end", "row", *DATE_ROLES)]
    name = raw.session.new_name("read")
    dates = _date_columns(reading)
    others = [role for role in texts if role not in ("case_id", "activity")]
    unit = ["unit"] if reading.sheet_as_unit and "unit" not in others else []
    bounds = [f"{side}_{bound}" for side in ("start", "end") for bound in _BOUNDS] if reading.partial else []
    columns = (*_BASE, *bounds, *unit, *others, *dates, *attributes.values())
    query = _query(raw, reading, texts, attributes)
    if reading.drop_duplicates:
        query = f"{_without_copies(columns)} FROM ({query})"
    stored = raw.stored and not raw.typed
    raw.session.run(f"CREATE {'TABLE' if stored else 'VIEW'} {name} AS {query}")
    return ReadTable(raw.session, name, columns, attributes, stored, sound=reading.sound)


def _query(raw: Raw, reading: Reading, texts: Sequence[str], attributes: Mapping[str, str]) -> str:
    """The steps: texts trimmed, times read, zones applied, ends and problems found, columns named."""
    # A stored raw table holds no blank rows, and no row that is kept is one; else a lazy one may.
    blank = "FALSE" if raw.stored or reading.sound else f"({all_blank(raw.types)})"
    order = [f"TRY_CAST({raw.column(reading.roles['row'])} AS DOUBLE) AS given_order"] if "row" in reading.roles else []
    first = ["*", *_role_texts(raw, reading, texts), f"{blank} AS blank", *order]
    first += [sql for time in reading.times for sql in text_column(time)]
    steps = [
        f"SELECT {', '.join(first)} FROM {raw.name}",
        *_time_steps(raw.session, reading, ["*", f"({_trimmed(raw, reading, texts)}) AS trimmed"]),
        f"SELECT *, {_ended(reading)} FROM before",
        f"SELECT *, {_problem(raw, reading)} AS problem FROM before",
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
    columns = {role: raw.column(reading.roles[role]) for role in texts}
    return [
        f"{column if column in raw.clean else text_of(column, raw.type_of(reading.roles[role]))} AS r_{role}"
        for role, column in columns.items()
    ]


def _time_steps(session: Session, reading: Reading, carried: Sequence[str]) -> list[str]:
    """The steps from texts to instants and local clocks."""
    if not reading.times:
        return [f"SELECT {', '.join(carried)} FROM before"]
    read = [sql for time in reading.times for sql in read_columns(time) if not sql.endswith("_text")]
    again = [sql for time in reading.times for sql in second_reading(time)]
    joined = [after_reading(time) for time in reading.times]
    spelled, bounds = ([sql for columns in joined for sql in columns[i]] for i in (0, 1))
    everything = f"before.* REPLACE ({', '.join(spelled)})" if spelled else "before.*"
    joins = "".join(join for *_, join in joined)
    zoned = _zoned(session, reading)
    offsets, instants, walls = ([sql for steps in zoned for sql in steps[i]] for i in (0, 2, 3))
    offset_joins = "".join(steps[1] for steps in zoned)
    return [
        f"SELECT {', '.join([*carried, *read])} FROM before",
        *([f"SELECT * REPLACE ({', '.join(again)}) FROM before"] if again else []),
        *([f"SELECT {', '.join([everything, *bounds])} FROM before{joins}"] if joins else []),
        f"SELECT {', '.join(['before.*', *offsets])} FROM before{offset_joins}",
        f"SELECT *, {', '.join(instants)} FROM before",
        f"SELECT *, {', '.join(walls)} FROM before",
    ]


def _zoned(session: Session, reading: Reading) -> list[tuple[list[str], str, list[str], list[str]]]:
    """The steps of each time from its local clock to its instant, or back."""
    if reading.offsets is not None:
        return [offsets_steps(time.role, reading.offsets) for time in reading.times]
    table = None if reading.zone is None else zone_table(session, reading.zone)
    return [zone_steps(time.role, reading.zone, table) for time in reading.times]


def _without_copies(columns: Sequence[str]) -> str:
    """All rows, the second and later of equal ones marked; equal means in all but place and book-keeping."""
    key = ", ".join(quoted(name) for name in columns if name != "row")
    copy = f"row_number() OVER (PARTITION BY {key}, __kept ORDER BY row)"
    problem = f"CASE WHEN __kept AND {copy} > 1 THEN 'exact duplicate' ELSE __problem END AS __problem"
    return f"SELECT * REPLACE ({problem}, (__kept AND {copy} = 1) AS __kept)"


def _trimmed(raw: Raw, reading: Reading, texts: Sequence[str]) -> str:
    """How many texts of a row lost space around them."""
    columns = [(role, raw.column(reading.roles[role])) for role in texts if raw.type_of(reading.roles[role]) == "VARCHAR"]
    columns = [(role, column) for role, column in columns if column not in raw.clean]
    return " + ".join(["0", *(f"coalesce({column} <> r_{role}, FALSE)::INTEGER" for role, column in columns)])


def _ended(reading: Reading) -> str:
    """The end of each event: as given, else its start; and the bounds of both where some are not to the day."""
    times = {time.role: time for time in reading.times}
    parts = {side: {part: f"{side}_{part}" for part in _PARTS} for side in ("start", "end")}
    own: list[str] = []
    if reading.partial:
        for side in ("start", "end"):
            parts[side] |= _bounds(times[side]) if side in times else {}
        own = [f"{parts['start'][bound]} AS begun_{bound}" for bound in _BOUNDS]
    if "end" not in times:
        ended = [f"{sql} AS ended_{part}" for part, sql in parts["start"].items()]
        return ", ".join(["FALSE AS end_given", *ended, *own])
    ended = [f"CASE WHEN end_given THEN {parts['end'][part]} ELSE {sql} END AS ended_{part}" for part, sql in parts["start"].items()]
    return ", ".join(["(end_us IS NOT NULL) AS end_given", *ended, *own])


def _problems(raw: Raw, reading: Reading) -> list[tuple[str, str, str, str]]:
    """Condition, reason, role and value of each problem, the first that holds counts."""
    times = {time.role: time for time in reading.times}
    start = times["start"]
    found = [
        ("bad IS NOT NULL", "row can't be parsed", "", "bad"),
        *((condition, reason, "", "NULL") for condition, reason in raw.refused),
        ("r_case_id IS NULL", "no case id", "case_id", "NULL"),
        (f"r_case_id IN ({_EXAMPLES})", "example row", "case_id", "NULL"),
        ("r_activity IS NULL", *(("no milestone date", "") if reading.wide else ("no activity", "activity")), "NULL"),
        (start.missing, "no start", "start", "NULL"),
        ("start_us IS NULL", "unreadable start", "start", "start_text"),
    ]
    if "end" in times:
        last, first = ("ended_upper_wall_us", "begun_lower_wall_us") if reading.partial else ("ended_wall_us", "start_wall_us")
        day = f"floor({last} / {DAY_US}.0) < floor({first} / {DAY_US}.0)"
        before = f"CASE WHEN start_is_date OR ended_is_date THEN {day} ELSE ended_us < start_us END"
        found += [
            (f"NOT ({times['end'].missing}) AND end_us IS NULL", "unreadable end", "end", "end_text"),
            (f"end_given AND ({before})", "end before start", "end", "end_text"),
        ]
    return found


def _problem(raw: Raw, reading: Reading) -> str:
    """The number of the first problem of a row, null where it has none."""
    if reading.sound:
        return "NULL::INTEGER"
    cases = " ".join(f"WHEN {condition} THEN {number}" for number, (condition, *_) in enumerate(_problems(raw, reading)))
    return f"CASE {cases} END"


def _named(raw: Raw, reading: Reading, texts: Sequence[str], attributes: Mapping[str, str]) -> list[str]:
    """The columns of the read table under their final names, book-keeping with two underscores before."""
    problems = _problems(raw, reading)

    def told(what: int) -> str:
        shown = {number: problem[what] for number, problem in enumerate(problems)}
        return " ".join(f"WHEN {number} THEN {literal(text)}" for number, text in shown.items())

    headers = {**{role: literal(header) for role, header in reading.roles.items()}, **({"start": "r_activity"} if reading.wide else {})}
    column = " ".join(f"WHEN {i} THEN {headers[role]}" for i, (_, _, role, _) in enumerate(problems) if role)
    # The text of a value is costly to make, so not where no row has a problem.
    value = "WHEN 0 THEN NULL::VARCHAR" if reading.sound else " ".join(f"WHEN {i} THEN {text}" for i, (*_, text) in enumerate(problems))
    either = [[f"{time.role}_{flag}" for time in reading.times] for flag in ("fold", "gap")]
    clocked = " OR ".join(f"{time.role}_local IS NOT NULL" for time in reading.times if time.role in ("start", "end"))
    place = "row_number() OVER (ORDER BY given_order NULLS LAST, pos) - 1" if "row" in reading.roles else "pos"
    sides = {"start": "begun", "end": "ended"} if reading.partial else {}
    bounds = [f"{made}_{bound} AS {side}_{bound}" for side, made in sides.items() for bound in _BOUNDS]
    units = ["sheet AS unit"] if reading.sheet_as_unit and "unit" not in texts else []
    return [
        "r_case_id AS case_id", "r_activity AS activity", "start_us", "ended_us AS end_us", "start_wall_us", "ended_wall_us AS end_wall_us",
        "start_is_date", "ended_is_date AS end_is_date", "end_given", f"({place})::BIGINT AS row", *bounds, *units,
        *(f"r_{role} AS {role}" for role in texts if role not in ("case_id", "activity")),
        *_case_dates(reading),
        *(f"{raw.column(header)} AS {quoted(name)}" for header, name in attributes.items()),
        "line AS __line", "sheet AS __sheet", f"CASE problem {told(1)} END AS __problem", "problem IS NULL AS __kept",
        f"CASE problem {column} END AS __column",
        f"CASE problem {value} END AS __value", "trimmed AS __trimmed", f"({' OR '.join(either[0])}) AS __fold",
        f"({' OR '.join(either[1])}) AS __gap", f"({' + '.join(['0', *_unread(reading)])}) AS __unread", f"({clocked}) AS __clocked",
        "blank AS __blank",
    ]  # fmt: skip


def case_table(raw: Raw, reading: Reading) -> tuple[str, tuple[str, ...]]:
    """Declares the table of case attributes, stored: `case_id`, roles and attributes; gives its name and columns.

    A row without a case id is in it too until `lost_of_cases` has counted it; the example row of a template isn't.
    """
    attributes = _attributes(raw, reading)
    texts = [role for role in ROLES if role in reading.roles and role not in DATE_ROLES]
    first = ["*", *_role_texts(raw, reading, texts), *(sql for time in reading.times for sql in text_column(time))]
    final = [
        *(f"r_{role} AS {role}" for role in texts), *_case_dates(reading),
        *(f"{raw.column(header)} AS {quoted(name)}" for header, name in attributes.items()), "line AS __line",
        f"({' + '.join(['0', *_unread(reading)])}) AS __unread",
    ]  # fmt: skip
    steps = [f"SELECT {', '.join(first)} FROM {raw.name}", *_time_steps(raw.session, reading, ["*"])]
    steps.append(f"SELECT {', '.join(final)} FROM before WHERE r_case_id IS NULL OR r_case_id NOT IN ({_EXAMPLES}) ORDER BY pos")
    name = raw.session.new_name("cases")
    raw.session.run(f"CREATE TABLE {name} AS {chained(steps)}")
    return name, (*texts, *_date_columns(reading), *attributes.values())


def lost_of_cases(session: Session, table: str) -> dict[str, tuple[int, list[int]]]:
    """Takes the rows without a case id out of a case table; gives how many they were and how many dates can't be read, with first rows."""
    found: dict[str, tuple[int, list[int]]] = {}
    for what, counted, where in (
        ("rows", "count(*)", "case_id IS NULL"),
        ("dates", "sum(__unread)", "case_id IS NOT NULL AND __unread > 0"),
    ):
        count = int(session.rows(f"SELECT {counted} FROM {table} WHERE {where}")[0][0] or 0)
        lines = session.rows(f"SELECT __line FROM {table} WHERE {where} ORDER BY 1 LIMIT 3") if count else []
        found[what] = (count, [int(row[0]) for row in lines])
    if found["rows"][0]:
        session.run(f"DELETE FROM {table} WHERE case_id IS NULL")
    return found


def _unread(reading: Reading) -> list[str]:
    """For each date of the case whether it is written, but can't be read."""
    return [f"({time.role}_text IS NOT NULL AND {time.role}_us IS NULL)::INTEGER" for time in reading.times if time.role in DATE_ROLES]


def _date_columns(reading: Reading) -> list[str]:
    """The names of the columns of each date of the case: three, and two bounds where some are not to the day."""
    dated = [time for time in reading.times if time.role in DATE_ROLES]
    return [f"{time.role}_{part}" for time in dated for part in (*_PARTS, *(_BOUNDS if time.partial else ()))]


def _case_dates(reading: Reading) -> list[str]:
    """The columns of each date of the case, all null where it is missing."""
    found: list[str] = []
    for time in reading.times:
        if time.role in DATE_ROLES:
            role = time.role
            found += [f"{role}_us", f"{role}_wall_us", f"CASE WHEN {role}_us IS NOT NULL THEN {role}_is_date END AS {role}_is_date"]
            found += [f"{sql} AS {role}_{bound}" for bound, sql in _bounds(time).items()] if time.partial else []
    return found


def _bounds(time: TimeSource) -> dict[str, str]:
    """The first and the last day that a moment may be; of one that is known, the moment itself."""
    own = f"{time.role}_wall_us"
    return {name: f"coalesce({time.role}_{name[:5]}_us, {own})" if time.partial else own for name in _BOUNDS}


def repeated_cases(session: Session, table: str) -> tuple[int, list[int]]:
    """Gives how many case ids stand on more than one row of a case table, and the first rows that repeat one."""
    count = session.rows(f"SELECT count(*) FROM (SELECT case_id FROM {table} GROUP BY 1 HAVING count(*) > 1)")[0][0]
    copies = "row_number() OVER (PARTITION BY case_id ORDER BY __line) > 1"
    lines = session.rows(f"SELECT __line FROM {table} QUALIFY {copies} ORDER BY 1 LIMIT 3") if count else []
    return int(count), [int(row[0]) for row in lines]
