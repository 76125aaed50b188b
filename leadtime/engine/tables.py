"""Raw tables in the engine: what a format gives before any column has a meaning.

A raw table is a table or view in the session with the columns `c0, c1, …` (one a header) and four of book-keeping: `pos` (order of
reading), `line` (row number as its owner sees it), `sheet`, and `bad` (the text of a row that can't be parsed).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from leadtime.engine.session import Session, literal, quoted
from leadtime.engine.times import text_of
from leadtime.errors import InputError, one_line

__all__ = ["Cells", "Raw", "all_blank", "frame_table", "has_value", "parquet_view", "plain_csv", "rows_table", "spilled"]

Cells = Sequence[str | None]
_CHUNK = 50_000


@dataclass(frozen=True)
class Raw:
    """A raw table: its name in the session, the headers of its columns `c0, c1, …`, their SQL types, and whether it is stored."""

    session: Session
    name: str
    headers: tuple[str, ...]
    types: tuple[str, ...]
    stored: bool

    def drop(self) -> None:
        """Forgets a stored table, once what was read of it stands in a table of its own."""
        if self.stored:
            table = self.name.removesuffix("_view")
            self.session.run(f"DROP VIEW {self.name}")
            self.session.run(f"DROP TABLE {table}")

    def column(self, header: str) -> str:
        """Gives the internal name of a header's column."""
        return f"c{self.headers.index(header)}"

    def type_of(self, header: str) -> str:
        """Gives the SQL type of a header's column, without the precision of decimals."""
        return self.types[self.headers.index(header)].partition("(")[0]


def plain_csv(
    session: Session, path: str, *, headers: Sequence[str], delimiter: str, quote: str, first_line: int, lines: int
) -> tuple[Raw, int] | None:
    """Gives the table of a well-formed CSV file by the engine's own reader, and how many header rows it repeated.

    `first_line` is the number of the line of the first row of data, counted from 1, and `lines` the number of lines from there on. The
    reader is strict: it gives `None` where it would have to guess, and where a row isn't a line, so that row numbers are line numbers.
    """
    name = session.new_name("raw")
    columns = ", ".join(f"{literal(f'c{i}')}: 'VARCHAR'" for i in range(len(headers)))
    options = {
        "auto_detect": "false", "header": "false", "skip": str(first_line - 1), "delim": literal(delimiter), "quote": literal(quote),
        "escape": literal(quote), "columns": f"{{{columns}}}", "strict_mode": "true", "null_padding": "false", "nullstr": "''",
    }  # fmt: skip
    arguments = ", ".join(f"{key}={value}" for key, value in options.items())
    try:
        session.run(f"CREATE TABLE {name} AS SELECT * FROM read_csv({literal(path)}, {arguments})")
    except duckdb.Error:
        return None
    if session.rows(f"SELECT count(*) FROM {name}")[0][0] != lines:
        session.run(f"DROP TABLE {name}")
        return None
    repeated = " AND ".join(f"c{i} IS NOT DISTINCT FROM nullif({literal(header)}, '')" for i, header in enumerate(headers))
    headers_again = int(session.rows(f"SELECT count(*) FROM {name} WHERE {repeated}")[0][0])
    name = _without_blanks(
        session, name, ["VARCHAR"] * len(headers), f"rowid + {first_line}", f"({repeated})" if headers_again else "FALSE"
    )
    return Raw(session, name, tuple(headers), ("VARCHAR",) * len(headers), stored=True), headers_again


def _without_blanks(session: Session, name: str, kinds: Sequence[str], line: str, also: str = "FALSE") -> str:
    """Gives the view of a stored table whose rows all hold a value; the table is copied only where some don't."""
    blank = f"({all_blank(kinds)}) OR {also}"
    view = f"{name}_view"
    if session.rows(f"SELECT 1 FROM {name} WHERE {blank} LIMIT 1"):
        session.run(f"CREATE TABLE {name}_full AS SELECT *, {line} AS line FROM {name} WHERE NOT ({blank}) ORDER BY rowid")
        session.run(f"DROP TABLE {name}")
        session.run(f"ALTER TABLE {name}_full RENAME TO {name}")
        line = "line"
    session.run(f"CREATE VIEW {view} AS SELECT {_selection(len(kinds), pos='rowid', line=line)} FROM {name}")
    return view


def all_blank(kinds: Sequence[str]) -> str:
    """Gives the SQL for whether no column `c0, c1, …` of these types holds a value."""
    texts = [text_of(f"c{i}", kind.partition("(")[0]) for i, kind in enumerate(kinds)]
    # Most rows have a letter or digit first, which is told at a glance.
    glance = "NOT coalesce(c0 BETWEEN '!' AND '~', FALSE) AND " if kinds and kinds[0] == "VARCHAR" else ""
    return glance + (" AND ".join(f"{text} IS NULL" for text in texts) or "TRUE")


def has_value(raw: Raw, header: str) -> bool:
    """Whether a column holds any value; stops at the first."""
    text = text_of(raw.column(header), raw.type_of(header))
    return bool(raw.session.rows(f"SELECT 1 FROM {raw.name} WHERE {text} IS NOT NULL LIMIT 1"))


def rows_table(session: Session, headers: Sequence[str], rows: Iterable[tuple[int, str | None, str | None, Cells]]) -> Raw:
    """Gives the table of rows of text: line number, sheet, the text of a row that can't be parsed, and the cells."""
    name = session.new_name("raw")
    width = len(headers)
    declared = "".join(f", c{i} VARCHAR" for i in range(width))
    session.run(f"CREATE TABLE {name} (line BIGINT, sheet VARCHAR, bad VARCHAR{declared})")

    def store(chunk: list[tuple[int, str | None, str | None, Cells]]) -> None:
        columns: dict[str, tuple[str, Sequence[object]]] = {
            "line": ("Int64", [row[0] for row in chunk]),
            "sheet": ("string", [row[1] for row in chunk]),
            "bad": ("string", [row[2] for row in chunk]),
        }
        cells: dict[str, tuple[str, Sequence[object]]] = {f"c{i}": ("string", [row[3][i] for row in chunk]) for i in range(width)}
        session.append_columns(name, columns | cells)

    waiting: list[tuple[int, str | None, str | None, Cells]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) >= _CHUNK:
            store(waiting)
            waiting = []
    if waiting:
        store(waiting)
    selection = _selection(width, pos="rowid", line="line", sheet="sheet", bad="bad")
    session.run(f"CREATE VIEW {name}_view AS SELECT {selection} FROM {name}")
    return Raw(session, f"{name}_view", tuple(headers), ("VARCHAR",) * width, stored=True)


def parquet_view(session: Session, path: str) -> Raw:
    """Gives a Parquet file as a lazy view; nothing but its schema is read."""
    source = f"read_parquet({literal(path)}, file_row_number=true)"
    try:
        described = session.rows(f"DESCRIBE SELECT * FROM {source}")
    except duckdb.Error as error:
        raise InputError(f"'{path}' can't be read as Parquet: {one_line(str(error))[:200]}") from None
    found = [(str(row[0]), str(row[1])) for row in described if row[0] != "file_row_number"]
    name = session.new_name("view")
    columns = ", ".join(f"{quoted(header)} AS c{i}" for i, (header, _) in enumerate(found))
    book = "file_row_number AS pos, file_row_number AS line, NULL::VARCHAR AS sheet, NULL::VARCHAR AS bad"
    session.run(f"CREATE VIEW {name} AS SELECT {columns}, {book} FROM {source}")
    return Raw(session, name, tuple(header for header, _ in found), tuple(kind for _, kind in found), stored=False)


def frame_table(session: Session, frame: Any, headers: Sequence[str]) -> Raw:
    """Copies an eager frame (pandas, polars, pyarrow) into the engine, so that a later change to it can't change the log.

    The frame's columns are named `c0, c1, …`, because DuckDB's names know no case; `headers` are their names.
    """
    registered, name = session.new_name("given"), session.new_name("raw")
    try:
        session.connection.register(registered, frame)
        session.run(f"CREATE TABLE {name} AS SELECT * FROM {registered}")
    except duckdb.Error as error:
        raise InputError(f"the frame can't be read: {one_line(str(error))[:200]}") from None
    session.connection.unregister(registered)
    kinds = [str(row[1]) for row in session.rows(f"DESCRIBE {name}")]
    return Raw(session, _without_blanks(session, name, kinds, "rowid"), tuple(headers), tuple(kinds), stored=True)


def spilled(relation: Any, path: str) -> None:
    """Writes a relation of another connection to a Parquet file; no connection reads another's tables."""
    try:
        relation.write_parquet(path)
    except duckdb.Error as error:
        raise InputError(f"the DuckDB relation can't be read: {one_line(str(error))[:200]}") from None


def _selection(width: int, *, pos: str, line: str, sheet: str = "NULL::VARCHAR", bad: str = "NULL::VARCHAR") -> str:
    columns = "".join(f"c{i}, " for i in range(width))
    return f"{columns}{pos} AS pos, {line} AS line, {sheet} AS sheet, {bad} AS bad"
