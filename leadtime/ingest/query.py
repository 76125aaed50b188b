"""Queries to a database through SQLAlchemy, read in batches: the rows go straight into the engine, with the types that they came in."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from leadtime.engine.copying import ZONED
from leadtime.engine.growing import GrowingTable, joined_raw
from leadtime.engine.session import Session
from leadtime.engine.tables import Raw
from leadtime.errors import InputError, ResourceError, UsageError, one_line
from leadtime.ingest.source import Source, unique_headers

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Result

__all__ = ["connection_for", "is_query", "keeps_zones", "read_query", "read_tables", "write_rows"]

_BATCH = 50_000

# What a query says without being part of its statement: comments, texts, quoted names.
_QUOTED = re.compile(r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|\$(\w*)\$.*?\$\1\$""", re.DOTALL)
_READS = re.compile(r"[\s(]*(?:select|with)(?=[\s(*'])", re.IGNORECASE)
# What changes a database from within SELECT or WITH, or after it.
_CHANGES = re.compile(r"\binto\b|\bdelete\s+from\b|\bupdate\s[^()]*?\sset\b|;\s*\S", re.IGNORECASE)


def read_query(session: Session, query: Any, connection: object) -> Source:
    """Gives the rows of a query, or of the table of that name, as a raw table.

    Args:
        session: where the rows go.
        query: text that begins with SELECT or WITH, or the name of a table or view (`schema.table` too).
        connection: an SQLAlchemy engine or connection, or an address such as ``"sqlite:///log.db"``.

    Raises:
        UsageError: the query does anything but read, by its words. What a function does that it calls isn't known here.
    """
    if not isinstance(query, str) or not query.strip():
        raise UsageError("with connection= the source is a query (SELECT …) or the name of a table, as text")
    engine = _engine_of(connection)
    with _connected(connection, engine) as open_connection:
        text = _statement(query, engine)
        options: Any = {"stream_results": True, "yield_per": _BATCH, "no_parameters": True}
        result = open_connection.exec_driver_sql(text, execution_options=options)
        raw = _streamed(session, result)
    return Source(raw, "query", "sql", choices={"connection": _shown(engine), "query": one_line(query)[:200]})


def read_tables(session: Session, schema: Any, wanted: Mapping[str, Sequence[str]], connection: object) -> tuple[dict[str, Raw], str]:
    """Gives those of some tables that a database has as raw tables, with those of their columns that are wanted, and its address.

    Args:
        session: where the rows go.
        schema: the schema that the tables are in; empty for the usual one.
        wanted: the columns of each table, in folded letters as the tables' names are.
        connection: as for `read_query`.
    """
    if not isinstance(schema, str):
        raise UsageError("with connection= the source is the name of the schema that the tables are in, as text; empty for the usual one")
    engine = _engine_of(connection)
    place = schema.strip() or None
    found: dict[str, Raw] = {}
    with _connected(connection, engine) as open_connection:
        import sqlalchemy

        known = sqlalchemy.inspect(open_connection)
        names = {name.casefold(): name for name in (*known.get_view_names(schema=place), *known.get_table_names(schema=place))}
        for name in (name for name in wanted if name in names):
            there = [str(column["name"]) for column in known.get_columns(names[name], schema=place)]
            columns: list[Any] = [sqlalchemy.column(column) for column in there if column.casefold() in wanted[name]]
            if columns:
                query = sqlalchemy.select(*columns).select_from(sqlalchemy.table(names[name], schema=place))
                options: Any = {"stream_results": True, "yield_per": _BATCH}
                found[name] = _streamed(session, open_connection.execute(query, execution_options=options))
    return found, _shown(engine)


def _shown(engine: Engine) -> str:
    """A database's address without its password, and without its options, among which a password may stand too."""
    return engine.url.set(query={}).render_as_string(hide_password=True)


def _streamed(session: Session, result: Result[Any]) -> Raw:
    """The raw table of a result, copied by the batch."""
    headers = unique_headers(list(result.keys()))
    table = GrowingTable(session, "query", where="the query's result", keys=headers)
    for batch in result.partitions(_BATCH):
        _append(table, headers, batch)
    # A date and time without a zone may be a date at midnight, which the column tells.
    return joined_raw(table, name_of=lambda key, _: key, stays_text=lambda _: False)


def _engine_of(connection: object) -> Engine:
    """Gives the SQLAlchemy engine of an address, a connection or an engine."""
    try:
        import sqlalchemy
    except ImportError:
        raise ResourceError("connection= needs SQLAlchemy; install it with: pip install 'leadtime[sql]'") from None
    if isinstance(connection, sqlalchemy.Engine):
        return connection
    if isinstance(connection, sqlalchemy.Connection):
        return connection.engine
    if not isinstance(connection, (str, sqlalchemy.URL)):
        kind = type(connection).__name__
        raise UsageError(f"connection is of type {kind}; give an SQLAlchemy engine, or an address such as 'sqlite:///log.db'")
    try:
        return sqlalchemy.create_engine(connection)
    except sqlalchemy.exc.NoSuchModuleError as error:
        raise UsageError(f"connection names a database that SQLAlchemy doesn't know ({one_line(str(error))[:100]})") from None
    except sqlalchemy.exc.ArgumentError:
        raise UsageError("connection isn't an address that SQLAlchemy reads; write it as 'sqlite:///log.db'") from None
    except ImportError as error:
        raise ResourceError(f"the database's driver isn't installed ({one_line(str(error))[:100]}); install it with pip") from None


@contextmanager
def _connected(given: object, engine: Engine) -> Iterator[Connection]:
    """An open connection: the caller's own, which stays open, or one of the engine's; what the database says stands in one line."""
    import sqlalchemy

    try:
        if isinstance(given, sqlalchemy.Connection):
            yield given
        else:
            with engine.connect() as connection:
                yield connection
    except sqlalchemy.exc.SQLAlchemyError as error:
        # The driver's own words; SQLAlchemy's would repeat the query.
        said = one_line(str(getattr(error, "orig", None) or error))[:200]
        raise InputError(f"the database says: {said}") from None
    finally:
        if not isinstance(given, (sqlalchemy.Engine, sqlalchemy.Connection)):
            engine.dispose()


def _statement(query: str, engine: Engine) -> str:
    """The query as it is where it only reads, or a table's name as the query for all of it."""
    import sqlalchemy

    words = query.split()
    if len(words) > 1:
        bare = _bare(query)
        if not is_query(query) or _CHANGES.search(bare):
            raise UsageError(
                f"the query '{one_line(query)[:60]}' isn't one that only reads: only a single SELECT or WITH is run, "
                "so that nothing is changed in the database"
            )
        return query
    schema, _, table = words[0].rpartition(".")
    return str(sqlalchemy.select(sqlalchemy.text("*")).select_from(sqlalchemy.table(table, schema=schema or None)).compile(engine))


def is_query(text: str) -> bool:
    r"""Whether a text is a query rather than a name or a path.

    >>> is_query("-- all of them\nselect * from events"), is_query("with.csv"), is_query("events")
    (True, False, False)
    """
    bare = _bare(text)
    return bool(_READS.match(bare)) and len(bare.split()) > 1


def connection_for(table: object, connection: object | None) -> object | None:
    """Gives the connection where a table is a query; a path or a frame needs none.

    >>> connection_for("select * from children", "sqlite:///log.db"), connection_for("children.csv", "sqlite:///log.db")
    ('sqlite:///log.db', None)
    """
    return connection if isinstance(table, str) and is_query(table) else None


def _bare(query: str) -> str:
    """A query without its comments, and with its texts and quoted names emptied."""
    return _QUOTED.sub(lambda match: " " if match[0][:2] in ("--", "/*") else "''", query)


def _append(table: GrowingTable, headers: Sequence[str], batch: Sequence[Sequence[Any]]) -> None:
    """Adds a batch of rows as texts, each column's kind noted."""
    columns: dict[str, tuple[str, Sequence[object]]] = {}
    for i, header in enumerate(headers):
        values = [_text(row[i]) for row in batch]
        for kind in {kind for kind, text in values if text is not None}:
            table.note_kind(header, kind)
        columns[table.columns[header]] = ("string", [text for _, text in values])
    table.session.append_columns(table.name, columns)


def _text(value: Any) -> tuple[str, str | None]:
    """A value's kind and its text."""
    if value is None or value == "":
        return "text", None
    if isinstance(value, bool):
        return "boolean", str(value).lower()
    if isinstance(value, int):
        return "int", str(value)
    if isinstance(value, (float, Decimal)):
        return "float", None if math.isnan(value) else str(value)
    if isinstance(value, datetime):
        return ("local" if value.tzinfo is None else "text"), value.isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return ("date" if isinstance(value, date) else "text"), value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return "text", bytes(value).hex()
    return "text", str(value)


def write_rows(
    columns: Sequence[str], types: Sequence[str], batches: Iterator[list[tuple[Any, ...]]], name: str, connection: object
) -> None:
    """Makes a table of a database and fills it; nothing is left of it where that fails.

    Args:
        columns: the names of its columns.
        types: their types in the engine; a time with its zone is text where the database has no such type.
        batches: the rows.
        name: the table's name, which must be new.
        connection: as for `read_query`; what is written through a connection of the caller's own is the caller's to commit.
    """
    engine = _engine_of(connection)
    with _connected(connection, engine) as open_connection:
        import sqlalchemy

        if sqlalchemy.inspect(open_connection).has_table(name):
            raise UsageError(f"the database has a table '{name}' already; give another name, or drop it first")
        zoned = _keeps_zones(engine)
        declared = [sqlalchemy.Column(column, _sql_type(kind, zoned=zoned)) for column, kind in zip(columns, types, strict=True)]
        table = sqlalchemy.Table(name, sqlalchemy.MetaData(), *declared)
        keys = [column.key for column in declared]
        instants = [zoned and kind == ZONED for kind in types]
        with open_connection.begin_nested():
            table.create(open_connection)
            for rows in batches:
                told = (
                    [datetime.fromisoformat(value) if instant and value else value for value, instant in zip(row, instants, strict=True)]
                    for row in rows
                )
                open_connection.execute(table.insert(), [dict(zip(keys, row, strict=True)) for row in told])
        if open_connection is not connection:
            open_connection.commit()  # of a connection of the caller's own, that is the caller's to do


def keeps_zones(connection: object) -> bool:
    """Whether a database has a type for times with their zone."""
    return _keeps_zones(_engine_of(connection))


def _keeps_zones(engine: Engine) -> bool:
    return engine.dialect.name == "postgresql"


def _sql_type(kind: str, *, zoned: bool) -> Any:
    """The database's type for one of the engine's."""
    import sqlalchemy

    if kind == ZONED:
        return sqlalchemy.TIMESTAMP(timezone=True) if zoned else sqlalchemy.Text()
    if kind.endswith("INT") or kind == "INTEGER":
        return sqlalchemy.BigInteger()
    types = {"DOUBLE": sqlalchemy.Double, "FLOAT": sqlalchemy.Double, "BOOLEAN": sqlalchemy.Boolean, "DATE": sqlalchemy.Date}
    return types.get(kind, sqlalchemy.Text)()
