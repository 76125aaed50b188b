"""SQLite files that come from anywhere: opened to be read only, and only plain tables of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from leadtime.errors import InputError, one_line
from leadtime.ingest.streams import LARGEST_PIECE

__all__ = ["SQLITE_MARK", "columns_of", "opened_sqlite", "rows_of", "tables_of", "value_text"]

# What every SQLite file begins with.
SQLITE_MARK = b"SQLite format 3\0"
_BATCH = 20_000


@contextmanager
def opened_sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    """An open file, which is never written to; what SQLite says of a broken one stands in one line."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise InputError(f"'{path}' can't be opened as SQLite: {one_line(str(error))[:100]}") from None
    try:
        # A stranger's file runs nothing of its own, and holds no value that fills the memory.
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_PIECE)
        connection.text_factory = lambda content: content.decode("utf-8", "replace")
        yield connection
    except (sqlite3.Error, OverflowError) as error:
        raise InputError(f"'{path}' can't be read as SQLite: {one_line(str(error))[:100]}; export it again") from None
    finally:
        connection.close()


def tables_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Gives the plain tables, in folded letters and as they are written; views and virtual tables compute, so they are left out."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    return {str(name).casefold(): str(name) for (name,) in connection.execute(query)}


def columns_of(connection: sqlite3.Connection, table: str) -> list[str]:
    """Gives the names of a table's columns."""
    return [str(row[1]) for row in connection.execute(f"PRAGMA table_info({_quoted(table)})")]


def rows_of(
    connection: sqlite3.Connection, table: str, columns: Sequence[str], *, order: Sequence[str] = ()
) -> Iterator[list[tuple[Any, ...]]]:
    """Gives some columns of a table in batches of rows, in an order of columns and then as they lie."""
    chosen = ", ".join(_quoted(column) for column in columns)
    by = f" ORDER BY {', '.join(_quoted(column) for column in order)}" if order else ""
    cursor = connection.execute(f"SELECT {chosen} FROM {_quoted(table)}{by}")  # noqa: S608 - names, quoted
    while rows := cursor.fetchmany(_BATCH):
        yield rows


def value_text(value: object) -> tuple[str, str | None]:
    """Gives the kind and the text of a value, none where it has none; bytes are spelled in hexadecimal digits."""
    if value is None or value == "":
        return "text", None
    if isinstance(value, (int, float)):
        return ("int" if isinstance(value, int) else "float"), str(value)
    return "text", value.hex() if isinstance(value, bytes) else str(value)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
