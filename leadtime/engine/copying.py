"""Flat tables out of the engine: copied to files, or handed over in batches of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

from leadtime.engine.failures import resources
from leadtime.engine.flat import Flat
from leadtime.engine.session import Session
from leadtime.engine.sql import literal, quoted
from leadtime.errors import InputError, ResourceError, one_line

__all__ = ["ZONED", "batches", "copy_csv", "copy_parquet", "first_row", "flat_rows"]

# A text that a spreadsheet would take for a formula, with the apostrophes that may stand before it.
_GUARDED = r"^'*[=+\-@\t\r]"
_NUMBER = r"[+-]?\d+([.,]\d+)?"
ZONED = "TIMESTAMP WITH TIME ZONE"
_PLAIN = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "DOUBLE", "FLOAT", "BOOLEAN", "DATE", "VARCHAR")
_BATCH = 20_000


def copy_parquet(flat: Flat, path: str) -> None:
    """Writes a flat table as Parquet, in the order of rows."""
    columns = ", ".join(quoted(column) for column in flat.columns)
    _copy(flat.session, f"SELECT {columns} FROM {flat.name} ORDER BY __row", path, "FORMAT parquet, COMPRESSION zstd")


def copy_csv(flat: Flat, path: str) -> None:
    """Writes a flat table as CSV in UTF-8, in the order of rows.

    A text that a spreadsheet would take for a formula gets an apostrophe before it, as does one that already has such an apostrophe,
    so that reading can take exactly one away.

    Raises:
        InputError: a text holds a null byte.
    """
    texts = [column for column, kind in zip(flat.columns, flat.types, strict=True) if kind == "VARCHAR"]
    for column in texts:
        if first_row(flat, f"contains({quoted(column)}, chr(0))") is not None:
            raise InputError(f"column '{column}' holds a null byte, which no text file can; take it out, or write .parquet")
    columns = ", ".join(
        f"{_guarded(column)} AS {quoted(_header(column))}" if column in texts else quoted(column) for column in flat.columns
    )
    _copy(
        flat.session,
        f"SELECT {columns} FROM {flat.name} ORDER BY __row",
        path,
        "FORMAT csv, HEADER, DELIMITER ',', QUOTE '\"', ESCAPE '\"'",
    )


def first_row(flat: Flat, condition: str) -> int | None:
    """Gives the first row that meets a condition, none where no row does."""
    found = flat.session.rows(f"SELECT min(__row) FROM {flat.name} WHERE {condition}")[0][0]
    return None if found is None else int(found)


def flat_rows(flat: Flat) -> str:
    """Gives the query of a flat table's rows: numbers, truth values and dates as they are, all else as text, instants in UTC."""
    columns = ", ".join(_row_value(column, kind) for column, kind in zip(flat.columns, flat.types, strict=True))
    return f"SELECT {columns} FROM {flat.name} ORDER BY __row"


def _row_value(column: str, kind: str) -> str:
    if kind == ZONED:
        return f"strftime(timezone('UTC', {quoted(column)}), '%Y-%m-%d %H:%M:%S.%f') || '+00:00'"
    return quoted(column) if kind in _PLAIN else f"{quoted(column)}::VARCHAR"


def batches(session: Session, query: str) -> Iterator[list[tuple[Any, ...]]]:
    """Gives a query's rows in batches; the session may do nothing else until the last."""
    with resources():
        result = session.connection.execute(query)
    while True:
        with resources():
            rows = result.fetchmany(_BATCH)
        if not rows:
            return
        yield rows


def _guarded(column: str) -> str:
    text = quoted(column)
    live = f"regexp_matches({text}, {literal(_GUARDED)}) AND NOT regexp_full_match({text}, {literal(_NUMBER)})"
    return f"CASE WHEN {live} THEN '''' || {text} ELSE {text} END"


def _header(column: str) -> str:
    return f"'{column}" if column.startswith(("=", "+", "-", "@", "'")) else column


def _copy(session: Session, query: str, path: str, options: str) -> None:
    try:
        session.run(f"COPY ({query}) TO {literal(path)} ({options}, USE_TMP_FILE false)")
    except duckdb.IOException as error:
        raise ResourceError(f"'{path}' can't be written: {one_line(str(error))[:200]}") from None
