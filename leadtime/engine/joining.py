"""A column of days and a column of clock times made one column of texts, day before clock, in the place of the clock's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from leadtime.engine.sql import literal
from leadtime.engine.tables import Raw
from leadtime.engine.times import text_of

__all__ = ["ANY_FRACTION", "DAY_MS", "DOTTED", "LONG_FRACTION", "NO_CLOCK", "NO_DAY", "SAID", "first_texts", "with_joined"]

# A day that programs write before a clock time which has none.
NO_DAY = "^(1899-12-3[01]|1900-01-0[01]|1970-01-01)[ T]"
NO_CLOCK = "[ T]00:00(:00([.,]0+)?)?$"
SAID = r"^kl(ockan)?\.? ?"
DOTTED = r"[0-9]{1,2}(\.[0-9]{2}){1,2}"
# Part of a day, as Excel counts it; among times written with a dot, only with more digits than minutes have.
ANY_FRACTION, LONG_FRACTION = "0?[.,][0-9]+|[01]([.,]0+)?", "0?[.,][0-9]{3,}"
DAY_MS = 86_400_000


def first_texts(raw: Raw, header: str, limit: int) -> list[str]:
    """Gives the distinct texts of a column's first values; only so many rows are looked at."""
    text = text_of(raw.column(header), raw.type_of(header))
    first = f"SELECT {text} AS text FROM {raw.name} WHERE {raw.column(header)} IS NOT NULL LIMIT ?"
    return [str(row[0]) for row in raw.session.rows(f"SELECT DISTINCT text FROM ({first}) WHERE text IS NOT NULL ORDER BY 1", [limit])]


def with_joined(raw: Raw, pairs: Mapping[str, tuple[str, bool]], names: Mapping[str, str]) -> Raw:
    """Gives the table with each clock column holding its day too; without a clock time it is the day alone.

    Args:
        raw: the table.
        pairs: header of the clock times to the header of their days, and whether bare numbers are fractions of a day.
        names: header of the clock times to the new header.
    """
    session = raw.session
    query = _query(raw, pairs)
    name = session.new_name("joined")
    if raw.stored:
        session.run(f"CREATE TABLE {name} AS {query}")
        session.run(f"CREATE VIEW {name}_view AS SELECT * FROM {name}")
        replace(raw, typed=False).drop()
    else:
        session.run(f"CREATE VIEW {name}_view AS {query}")
    headers = tuple(names.get(header, header) for header in raw.headers)
    types = tuple("VARCHAR" if header in pairs else kind for header, kind in zip(raw.headers, raw.types, strict=True))
    return replace(raw, name=f"{name}_view", headers=headers, types=types, typed=False, clean=frozenset())


def _query(raw: Raw, pairs: Mapping[str, tuple[str, bool]]) -> str:
    """The steps: texts, the clock bare of what stands before it, its colons, and day and clock as one."""
    texts: list[str] = []
    bare: list[str] = []
    colons: list[str] = []
    made: list[str] = []
    for i, (clock, (day, fractions)) in enumerate(pairs.items()):
        own, told, number = f"day_{i}", f"clock_{i}", f"bare_{i}"
        texts += [f"{text_of(raw.column(header), raw.type_of(header))} AS {name}" for header, name in ((day, own), (clock, told))]
        bare.append(f"regexp_replace(regexp_replace({told}, {literal(NO_DAY)}, ''), '{SAID}', '', 'i') AS {number}")
        colons.append(f"CASE WHEN regexp_full_match({number}, '{DOTTED}') THEN replace({number}, '.', ':') ELSE {number} END AS {number}")
        plain = f"regexp_replace({own}, {literal(NO_CLOCK)}, '')"
        joined = f"{plain} || ' ' || {_clock(told, number, ANY_FRACTION if fractions else LONG_FRACTION)}"
        # A mark without a letter or digit is no clock time.
        made.append(f"CASE WHEN regexp_matches({told}, '[0-9A-Za-z]') THEN {joined} ELSE {plain} END AS {raw.column(clock)}")
    own_names = ", ".join(f"{name}_{i}" for i in range(len(pairs)) for name in ("day", "clock", "bare"))
    first = f"SELECT *, {', '.join(texts)} FROM {raw.name}"
    second = f"SELECT * REPLACE ({', '.join(colons)}) FROM (SELECT *, {', '.join(bare)} FROM ({first}))"
    return f"SELECT * EXCLUDE ({own_names}) REPLACE ({', '.join(made)}) FROM ({second})"


def _clock(text: str, bare: str, fraction: str) -> str:
    """The SQL of a clock time as the engine reads it; what is none stays as it is."""
    share = f"TRY_CAST(replace({text}, ',', '.') AS DOUBLE)"
    ms = f"round({share} * {DAY_MS})::BIGINT"
    return (
        f"CASE WHEN regexp_full_match({text}, '{fraction}') AND {share} <= 1 THEN "
        f"CASE WHEN {ms} = {DAY_MS} THEN '24:00' ELSE strftime(make_timestamp({ms} * 1000), '%H:%M:%S.%g') END "
        f"WHEN regexp_full_match({bare}, '[0-9]{{3,4}}') THEN lpad({bare}, 4, '0')[:2] || ':' || {bare}[-2:] "
        f"WHEN regexp_full_match({bare}, '[0-9]{{6}}') THEN {bare}[:2] || ':' || {bare}[3:4] || ':' || {bare}[5:] "
        f"WHEN {bare} LIKE '_:%' THEN '0' || {bare} ELSE {bare} END"
    )
