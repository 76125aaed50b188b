"""Raw tables in the engine: what a format gives before any column has a meaning.

A raw table is a table or view in the session with the columns `c0, c1, …` (one a header) and four of book-keeping: `pos` (order of
reading), `line` (row number as its owner sees it), `sheet`, and `bad` (the text of a row that can't be parsed).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import duckdb

from leadtime.engine.session import Session
from leadtime.engine.sql import literal, quoted
from leadtime.engine.times import text_of, unclean
from leadtime.errors import InputError, one_line

__all__ = [
    "Cells",
    "Moments",
    "Raw",
    "all_blank",
    "cleaned",
    "columns_table",
    "frame_table",
    "has_value",
    "parquet_view",
    "plain_csv",
    "rows_table",
    "spilled",
    "text_rows",
    "without_guards",
]

Cells = Sequence[str | None]

# A text with an apostrophe before what a spreadsheet would take for a formula, as careful programs write it.
_GUARDED = r"^'+[=+\-@\t\r]"
_CHUNK = 50_000


@dataclass(frozen=True)
class Moments:
    """A column of date-times or dates without a zone, none where blank; as texts they are days, or days with their clock time."""

    values: Sequence[date | None]
    of_days: bool

    def text_of(self, column: str) -> str:
        """Gives the SQL of the texts, as Python would write them."""
        if self.of_days:
            return f"{column}::DATE::VARCHAR"
        return f"CASE WHEN epoch_us({column}) % 1000000 = 0 THEN {column}::VARCHAR ELSE strftime({column}, '%Y-%m-%d %H:%M:%S.%f') END"


Column = Sequence[str | None] | Moments | None
Block = tuple[Sequence[int], Sequence[str | None], Sequence[Column]]
"""Rows of some sheets: the number and the sheet of each, and the columns."""


@dataclass(frozen=True)
class Raw:
    """A raw table: its name in the session, the headers of its columns `c0, c1, …`, their SQL types, and whether it is stored.

    The times of a `typed` one were read with it, so that its event table needs no storing of its own. `clean` are the columns of
    texts that have no space around them and are never empty, so that they can be taken as they are. `refused` are reasons for which the
    format itself rejects rows, each with the SQL that says which.
    """

    session: Session
    name: str
    headers: tuple[str, ...]
    types: tuple[str, ...]
    stored: bool
    typed: bool = False
    clean: frozenset[str] = frozenset()
    refused: tuple[tuple[str, str], ...] = ()

    def drop(self) -> None:
        """Forgets a stored table, once what was read of it stands in a table of its own."""
        if self.stored and not self.typed:
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
    session: Session, path: str, *, headers: Sequence[str], types: Mapping[str, str], delimiter: str, first_line: int, lines: int
) -> tuple[Raw, int] | None:
    """Gives the table of a well-formed CSV file by the engine's own reader, and how many header rows it repeated.

    `types` are the headers whose columns are to be read as dates (``DATE``, as in 2019-03-14) or clock times (``TIMESTAMP``, as in
    2019-03-14 08:30:00); all else is text. `first_line` is the number of the line of the first row of data, counted from 1, and `lines` the
    number of lines from there on. The reader is strict: it gives `None` where it would have to guess, where a time is written in another
    way, and where a row isn't a line, so that row numbers are line numbers.
    """
    name = session.new_name("raw")
    kinds = [types.get(header, "VARCHAR") for header in headers]
    columns = ", ".join(f"{literal(f'c{i}')}: {literal(kind)}" for i, kind in enumerate(kinds))
    options = {
        "auto_detect": "false", "header": "false", "skip": str(first_line - 1), "delim": literal(delimiter), "quote": "'\"'",
        "escape": "'\"'", "columns": f"{{{columns}}}", "strict_mode": "true", "null_padding": "false", "nullstr": "''",
        "dateformat": "'%Y-%m-%d'", "timestampformat": "'%Y-%m-%d %H:%M:%S'",
    }  # fmt: skip
    arguments = ", ".join(f"{key}={value}" for key, value in options.items())
    try:
        session.run(f"CREATE TABLE {name} AS SELECT * FROM read_csv({literal(path)}, {arguments})")
    except duckdb.Error:
        return None
    early = " OR ".join(f"c{i} < '1000-01-01'" for i, kind in enumerate(kinds) if kind != "VARCHAR") or "FALSE"
    rows, misread = session.rows(f"SELECT count(*), coalesce(bool_or({early}), FALSE) FROM {name}")[0]
    if rows != lines or misread:
        session.run(f"DROP TABLE {name}")
        return None
    repeated = " AND ".join(_equals(f"c{i}", header, kind) for i, (header, kind) in enumerate(zip(headers, kinds, strict=True)))
    headers_again = int(session.rows(f"SELECT count(*) FROM {name} WHERE {repeated}")[0][0])
    name = _without_blanks(session, name, kinds, f"rowid + {first_line}", f"({repeated})" if headers_again else "FALSE")
    return Raw(session, name, tuple(headers), tuple(kinds), stored=True, typed=bool(types)), headers_again


def cleaned(raw: Raw, headers: Iterable[str]) -> Raw:
    """Gives the table with those of the headers' columns marked whose texts are all clean."""
    columns = [raw.column(header) for header in headers if raw.type_of(header) == "VARCHAR"]
    # A search of its own for each column: where one holds few texts the engine then looks at each of those once.
    searches = (f"(SELECT {literal(column)} FROM {raw.name} WHERE {unclean(column)} LIMIT 1)" for column in columns)
    found = {str(row[0]) for row in raw.session.rows(" UNION ALL ".join(searches))} if columns else set()
    return replace(raw, clean=frozenset(columns) - found)


def _equals(column: str, header: str, kind: str) -> str:
    """The SQL for whether a cell repeats the header; a time doesn't."""
    return f"{column} IS NOT DISTINCT FROM nullif({literal(header)}, '')" if kind == "VARCHAR" else "FALSE"


def without_guards(raw: Raw) -> tuple[Raw, int]:
    """Gives the table with one apostrophe taken from each text that has it against being taken for a formula, and how many there were."""
    texts = [f"c{i}" for i, kind in enumerate(raw.types) if kind == "VARCHAR"]
    counts = ", ".join(f"count(*) FILTER (WHERE regexp_matches({column}, {literal(_GUARDED)}))" for column in texts)
    found = {
        column: int(count) for column, count in zip(texts, raw.session.rows(f"SELECT {counts} FROM {raw.name}")[0], strict=True) if count
    }
    if not found:
        return raw, 0
    taken = ", ".join(
        f"CASE WHEN regexp_matches({column}, {literal(_GUARDED)}) THEN {column}[2:] ELSE {column} END AS {column}" for column in found
    )
    name = raw.session.new_name("unguarded")
    raw.session.run(f"CREATE TABLE {name} AS SELECT * REPLACE ({taken}) FROM {raw.name}")
    raw.session.run(f"CREATE VIEW {name}_view AS SELECT * FROM {name}")
    replace(raw, typed=False).drop()
    return replace(raw, name=f"{name}_view"), sum(found.values())


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
    glance = (
        "NOT coalesce(c0 BETWEEN '!' AND '~' OR c0 BETWEEN '\u00c0' AND '\u1000', FALSE) AND " if kinds and kinds[0] == "VARCHAR" else ""
    )
    return glance + (" AND ".join(f"{text} IS NULL" for text in texts) or "TRUE")


def has_value(raw: Raw, header: str, *, beside: str | None = None, other_than: Iterable[str] = ()) -> bool:
    """Whether a column holds any value; stops at the first. Rows whose text in the column `beside` is one of some don't count."""
    text = text_of(raw.column(header), raw.type_of(header))
    apart = "" if beside is None else text_of(raw.column(beside), raw.type_of(beside))
    counts = f" AND coalesce({apart} NOT IN ({', '.join(map(literal, other_than))}), TRUE)" if apart else ""
    return bool(raw.session.rows(f"SELECT 1 FROM {raw.name} WHERE {text} IS NOT NULL{counts} LIMIT 1"))


def columns_table(
    session: Session,
    headers: Sequence[str],
    blocks: Iterable[Block],
    *,
    types: Mapping[str, str],
) -> Raw:
    """Gives the table of columns: of each block its line numbers, its sheets, and a column a header, none where it has none.

    `types` are the headers whose columns, of moments only, are stored as they are (``DATE`` or ``TIMESTAMP``); all others as texts.
    """
    kinds = [types.get(header, "VARCHAR") for header in headers]
    name = _texts_table(session, kinds)
    for lines, sheets, columns in _joined(blocks):
        book: dict[str, tuple[str, Sequence[object]]] = {"line": ("Int64", lines), "sheet": ("string", sheets)}
        given = {f"c{i}": column for i, column in enumerate(columns) if column is not None}
        moments = {column: found for column, found in given.items() if isinstance(found, Moments)}
        texts = {column: ("string", found) for column, found in given.items() if not isinstance(found, Moments)}
        times = {column: ("datetime64[us]", found.values) for column, found in moments.items()}
        untyped = {column: found.text_of(column) for column, found in moments.items() if kinds[int(column[1:])] == "VARCHAR"}
        session.append_columns(name, book | texts | times, written=untyped)
    return replace(_texts_raw(session, name, headers), types=tuple(kinds), typed=bool(types))


def _joined(blocks: Iterable[Block]) -> Iterator[Block]:
    """Small blocks as one where their columns allow it, since storing takes as long for a few rows as for many."""
    waiting: list[Block] = []
    for block in blocks:
        if not _fit([*waiting, block]):
            yield from _as_one(waiting)
            waiting = []
        waiting.append(block)
    yield from _as_one(waiting)


def _fit(blocks: Sequence[Block]) -> bool:
    """Whether blocks are small together, and no column holds moments in one and texts, or other moments, in another."""
    kinds = zip(*(map(_kind, columns) for *_, columns in blocks), strict=True)
    return sum(len(lines) for lines, *_ in blocks) <= _CHUNK and all(len(set(column) - {""}) < 2 for column in kinds)


def _kind(column: Column) -> str:
    """How a column is stored; empty where a block doesn't have it."""
    if column is None:
        return ""
    return ("days" if column.of_days else "times") if isinstance(column, Moments) else "texts"


def _as_one(blocks: Sequence[Block]) -> Iterator[Block]:
    """Blocks below each other; none where there is none."""
    if len(blocks) < 2:
        yield from blocks
        return
    sizes = [len(lines) for lines, *_ in blocks]
    columns = [_below(parts, sizes) for parts in zip(*(columns for *_, columns in blocks), strict=True)]
    yield [line for lines, *_ in blocks for line in lines], [sheet for _, sheets, _ in blocks for sheet in sheets], columns


def _below(columns: Sequence[Column], sizes: Sequence[int]) -> Column:
    """Columns of one kind below each other, blank where a block has none."""
    there = [column for column in columns if column is not None]
    if not there:
        return None
    values: list[Any] = []
    for column, size in zip(columns, sizes, strict=True):
        values += [None] * size if column is None else column.values if isinstance(column, Moments) else column
    return Moments(values, there[0].of_days) if isinstance(there[0], Moments) else values


def _texts_table(session: Session, kinds: Sequence[str]) -> str:
    name = session.new_name("raw")
    declared = "".join(f", c{i} {kind}" for i, kind in enumerate(kinds))
    session.run(f"CREATE TABLE {name} (line BIGINT, sheet VARCHAR, bad VARCHAR{declared})")
    return name


def _texts_raw(session: Session, name: str, headers: Sequence[str]) -> Raw:
    selection = _selection(len(headers), pos="rowid", line="line", sheet="sheet", bad="bad")
    session.run(f"CREATE VIEW {name}_view AS SELECT {selection} FROM {name}")
    return Raw(session, f"{name}_view", tuple(headers), ("VARCHAR",) * len(headers), stored=True)


def rows_table(session: Session, headers: Sequence[str], rows: Iterable[tuple[int, str | None, str | None, Cells]]) -> Raw:
    """Gives the table of rows of text: line number, sheet, the text of a row that can't be parsed, and the cells."""
    width = len(headers)
    name = _texts_table(session, ["VARCHAR"] * width)

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
    return _texts_raw(session, name, headers)


def text_rows(raw: Raw, headers: Sequence[str]) -> list[tuple[str | None, ...]]:
    """Gives some columns of a small table as trimmed texts, none where they are blank."""
    texts = ", ".join(text_of(raw.column(header), raw.type_of(header)) for header in headers)
    return raw.session.rows(f"SELECT {texts} FROM {raw.name}")


def parquet_view(session: Session, path: str) -> Raw:
    """Gives a Parquet file as a lazy view; nothing but its schema is read."""
    source = f"read_parquet({literal(path)}, file_row_number=true)"
    try:
        # Not by `session.rows`, which would name the complaint without naming the file.
        described = session.connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
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
