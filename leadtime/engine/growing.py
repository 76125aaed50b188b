"""Stored tables of texts whose columns are found while the rows come in, and the raw table that they end as.

Formats of records (XES, OCEL, FHIR, query results) hold their keys in the rows, so that no one knows the columns before the last row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from leadtime.engine.session import Session
from leadtime.engine.sql import quoted
from leadtime.engine.tables import Raw
from leadtime.errors import InputError

__all__ = ["MOST_COLUMNS", "GrowingTable", "checked_width", "joined_raw", "typed"]

# A table of more columns is a mistake in the export, or meant to do harm; a survey has some hundreds.
MOST_COLUMNS = 5_000

# What a column of one declared kind is in the engine, where every value of it can be read so. An instant stays text, with the offset
# that it was written with: as a role it is read like any other, and as an attribute nothing of it is lost.
_TYPES = {"int": "BIGINT", "float": "DOUBLE", "boolean": "BOOLEAN", "local": "TIMESTAMP", "date": "DATE"}


def checked_width(width: int, where: str) -> None:
    """Refuses a table that is too wide to be one.

    >>> checked_width(1_000_000, "'log.csv'")
    Traceback (most recent call last):
    ...
    leadtime.errors.InputError: 'log.csv' has more than 5000 columns; export only those that are needed (or check the delimiter)
    """
    if width > MOST_COLUMNS:
        raise InputError(f"{where} has more than {MOST_COLUMNS} columns; export only those that are needed (or check the delimiter)")


class GrowingTable:
    """A stored table of texts under keys; a key's column is added when the key is first met.

    Args:
        session: where the table is stored.
        what: a word for its name.
        where: what to call the source in an error.
        book: further columns, name to SQL type, which every row has.
        keys: the keys known from the outset; at least one where there is no further column.
    """

    def __init__(self, session: Session, what: str, *, where: str, book: Mapping[str, str] | None = None, keys: Sequence[str] = ()) -> None:
        checked_width(len(keys), where)
        self.session = session
        self.name = session.new_name(what)
        self.columns: dict[str, str] = {key: f"k{i}" for i, key in enumerate(keys)}
        self.kinds: dict[str, set[str]] = {}
        self._where = where
        declared = [f"{quoted(name)} {kind}" for name, kind in (book or {}).items()] + [f"{name} VARCHAR" for name in self.columns.values()]
        session.run(f"CREATE TABLE {self.name} ({', '.join(declared)})")

    def require(self, keys: Collection[str]) -> None:
        """Adds a column for each key that is new."""
        checked_width(len(self.columns) + sum(key not in self.columns for key in keys), self._where)
        for key in keys:
            if key not in self.columns:
                self.columns[key] = f"k{len(self.columns)}"
                self.session.run(f"ALTER TABLE {self.name} ADD COLUMN {self.columns[key]} VARCHAR")

    def note_kind(self, key: str, kind: str) -> None:
        """Remembers what kind a key's value was declared to be; a key of two kinds stays text."""
        self.kinds.setdefault(key, set()).add(kind)

    def append(self, rows: Sequence[Mapping[str, str | None]], book: Mapping[str, tuple[str, Sequence[object]]]) -> None:
        """Adds rows of texts by key, with the values of the further columns (each with its pandas type)."""
        keys = dict.fromkeys(key for row in rows for key in row)
        self.require(keys)
        texts: dict[str, tuple[str, Sequence[object]]] = {self.columns[key]: ("string", [row.get(key) for row in rows]) for key in keys}
        self.session.append_columns(self.name, {**book, **texts})

    def drop(self) -> None:
        """Forgets the table."""
        self.session.run(f"DROP TABLE {self.name}")


def typed(table: GrowingTable, key: str, *, alias: str, plain: bool) -> tuple[str, str]:
    """Gives the SQL of a key's values and their type: the declared one where every value can be read so, else text.

    `alias` is what the table is called in the query; `plain` leaves the text as it is.
    """
    column = f"{alias}.{table.columns[key]}"
    kinds = table.kinds.get(key, set())
    kinds = {"float"} if kinds == {"int", "float"} else kinds
    kind = _TYPES.get(next(iter(kinds), "")) if len(kinds) == 1 and not plain else None
    if kind is None:
        return column, "VARCHAR"
    cast = f"TRY_CAST({column} AS {kind})"
    lost = f"SELECT 1 FROM {table.name} AS {alias} WHERE {column} IS NOT NULL AND {cast} IS NULL LIMIT 1"
    return (column, "VARCHAR") if table.session.rows(lost) else (cast, kind)


def joined_raw(
    events: GrowingTable,
    owners: GrowingTable | None = None,
    *,
    link: str = "",
    name_of: Callable[[str, bool], str],
    stays_text: Callable[[str], bool],
    line: str = "e.rowid + 1",
    sheet: str = "NULL::VARCHAR",
    bad: str = "NULL::VARCHAR",
) -> Raw:
    """Gives the raw table of rows, each with the columns of its owner (its case) where there are owners; both tables are then dropped.

    Args:
        events: the rows, in order of reading.
        owners: the rows' cases, one row each.
        link: the column that both have, by which a row finds its owner.
        name_of: gives a key's header, and is told whether the key is the owner's.
        stays_text: says of a header whether its values stay text, whatever their declared kind.
        line: the SQL of a row's number, in which the rows are called `e`.
        sheet: that of the part of the source that a row stands in.
        bad: that of the text of a row that can't be parsed.
    """
    session = events.session
    sources = [(events, "e", False), *([(owners, "o", True)] if owners is not None else [])]
    headers: list[str] = []
    kinds: list[str] = []
    columns: list[str] = []
    for table, alias, of_owner in sources:
        for key in table.columns:
            header = name_of(key, of_owner)
            sql, kind = typed(table, key, alias=alias, plain=stays_text(header))
            columns.append(f"{sql} AS c{len(headers)}")
            headers.append(header)
            kinds.append(kind)
    checked_width(len(headers), "the source")
    join = "" if owners is None else f" LEFT JOIN {owners.name} AS o USING ({quoted(link)})"
    name = session.new_name("raw")
    book = f"e.rowid AS pos, {line} AS line, {sheet} AS sheet, {bad} AS bad"
    session.run(f"CREATE TABLE {name} AS SELECT {', '.join([*columns, book])} FROM {events.name} AS e{join}")
    session.run(f"CREATE VIEW {name}_view AS SELECT * FROM {name}")
    for table, *_ in sources:
        table.drop()
    return Raw(session, f"{name}_view", tuple(headers), tuple(kinds), stored=True)
