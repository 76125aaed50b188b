"""Texts of time columns that the engine doesn't read by itself: which they are, where they stand, and what they mean once parsed."""

from __future__ import annotations

from collections.abc import Sequence

from leadtime.engine.session import Session
from leadtime.engine.sql import literal
from leadtime.engine.tables import Raw
from leadtime.engine.times import TimeSource, read_columns, second_reading, text_column, text_of

__all__ = ["Spelling", "all_numbers", "count_of", "counts_like", "place_of", "spellings_table", "unread_texts"]

Spelling = tuple[str, int | None, int | None, int | None, int | None, int | None]
"""A text with its date, local clock or instant (microseconds, at most one of them), and the bounds of a partial date."""


def unread_texts(raw: Raw, source: TimeSource) -> list[str]:
    """Gives the distinct texts of a time column that the engine doesn't read by itself, in code-point order."""
    if source.native:
        return []
    text, columns, again = (", ".join(step(source)) for step in (text_column, read_columns, second_reading))
    read = f"SELECT * REPLACE ({again}) FROM (SELECT {columns} FROM (SELECT {text} FROM {raw.name}))"
    unread = " AND ".join(f"{source.role}_{kind} IS NULL" for kind in ("date", "local", "instant"))
    query = f"SELECT DISTINCT {source.role}_text FROM ({read}) WHERE {unread} AND {source.role}_text IS NOT NULL"
    return sorted(str(row[0]) for row in raw.session.rows(query))


def all_numbers(raw: Raw, source: TimeSource) -> bool:
    """Whether a column holds nothing but numbers; stops at the first text that is none."""
    text = f"{source.role}_text"
    texts = f"SELECT {', '.join(text_column(source))} FROM {raw.name}"
    other = f"SELECT 1 FROM ({texts}) WHERE {text} IS NOT NULL AND NOT regexp_full_match({text}, '[0-9]+([.,][0-9]+)?') LIMIT 1"
    return not raw.session.rows(other)


def count_of(raw: Raw, source: TimeSource, texts: Sequence[str]) -> int:
    """Gives how many rows have one of some texts in a time column."""
    places = ", ".join("?" for _ in texts)
    query = f"SELECT count(*) FROM {raw.name} WHERE {text_of(source.column, source.type)} IN ({places})"
    return int(raw.session.rows(query, list(texts))[0][0])


def counts_like(raw: Raw, source: TimeSource, patterns: Sequence[str]) -> tuple[int, ...]:
    """Gives how many rows have a text in a time column that fits each of some patterns."""
    text = text_of(source.column, source.type)
    counts = ", ".join(f"count(*) FILTER (regexp_matches({text}, {literal(pattern)}))" for pattern in patterns)
    return tuple(int(count) for count in raw.session.rows(f"SELECT {counts} FROM {raw.name}")[0])


def place_of(raw: Raw, source: TimeSource, text: str) -> str:
    """Gives where a text of a time column first stands, as its owner finds it."""
    query = f"SELECT sheet, line FROM {raw.name} WHERE {text_of(source.column, source.type)} = ? ORDER BY pos LIMIT 1"
    sheet, line = raw.session.rows(query, [text])[0]
    return f"row {line}" if sheet is None else f"row {line} of sheet '{sheet}'"


def spellings_table(session: Session, rows: Sequence[Spelling]) -> str:
    """Stores what texts mean: text, date, local clock, instant (microseconds, at most one of them), and a partial date's bounds."""
    name = session.new_name("spellings")
    columns = ("date_us", "local_us", "instant_us", "lower_us", "upper_us")
    session.run(f"CREATE TABLE {name} (text VARCHAR, {', '.join(f'{column} BIGINT' for column in columns)})")
    if rows:
        kinds = {"text": "string", **dict.fromkeys(columns, "Int64")}
        session.append_columns(name, {column: (kind, [row[i] for row in rows]) for i, (column, kind) in enumerate(kinds.items())})
    return name
