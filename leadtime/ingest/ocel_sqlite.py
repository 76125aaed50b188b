"""OCEL 2.0 as SQLite: a table of events and one of objects, each with a table for every type, and one of links."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from leadtime.engine.growing import GrowingTable
from leadtime.engine.ocel import ACTIVITY, TIME, ObjectStore
from leadtime.errors import InputError, did_you_mean
from leadtime.ingest.sqlite_file import columns_of, opened_sqlite, rows_of, tables_of, value_text

__all__ = ["store_sqlite"]

_ID, _TYPE, _TIME, _CHANGED = "ocel_id", "ocel_type", "ocel_time", "ocel_changed_field"
_OWN = (_ID, _TYPE, _TIME, _CHANGED)
_BATCH = 20_000

_Object = tuple[str, str, dict[str, str | None], int]


def store_sqlite(store: ObjectStore, path: Path) -> None:
    """Stores the events and objects of a file, the events as the table `event` has them.

    Raises:
        InputError: it isn't a sound SQLite file, or isn't OCEL 2.0.
    """
    with opened_sqlite(path) as connection:
        reader = _Reader(store, path, connection)
        reader.events()
        reader.objects()
        for rows in reader.rows("event_object", ["ocel_event_id", "ocel_object_id"]):
            store.add_links([str(row[0]) for row in rows], [str(row[1]) for row in rows])


class _Reader:
    """The tables of one file."""

    def __init__(self, store: ObjectStore, path: Path, connection: sqlite3.Connection) -> None:
        self._store = store
        self._path = path
        self._connection = connection
        self._tables = tables_of(connection)

    def events(self) -> None:
        """Stores the events of each type, then puts them in the order of the table of all events."""
        for kind, table, attributes in self._typed("event"):
            for rows in self.rows(table, [_ID, _TIME, *attributes]):
                made: list[dict[str, str | None]] = [
                    {ACTIVITY: kind, TIME: value_text(row[1])[1], **self._attributes(self._store.events, attributes, row[2:])}
                    for row in rows
                ]
                self._store.add_events([str(row[0]) for row in rows], made)
        for rows in self.rows("event", [_ID, _TYPE]):
            self._store.add_order([str(row[0]) for row in rows], [str(row[1]) for row in rows])
        self._store.put_in_order()

    def objects(self) -> None:
        """Stores the objects of each type with the first values of their attributes, then those that have none."""
        for kind, table, attributes in self._typed("object"):
            found = self._objects(kind, table, attributes)
            while batch := list(itertools.islice(found, _BATCH)):
                ids, types, first, changes = zip(*batch, strict=True)
                self._store.add_objects(ids, types, first, changes)
        for rows in self.rows("object", [_ID, _TYPE]):
            self._store.add_bare_objects([str(row[0]) for row in rows], [str(row[1]) for row in rows])

    def rows(self, table: str, columns: Sequence[str], *, order: Sequence[str] = ()) -> Iterator[list[tuple[Any, ...]]]:
        """Gives columns of a table that must be there, whatever case its names are in."""
        if table.casefold() not in self._tables:
            known = did_you_mean(table, self._tables)
            raise InputError(f"'{self._path}' isn't OCEL 2.0 in SQLite: it has no table '{table}'{known}")
        there = {name.casefold(): name for name in columns_of(self._connection, self._tables[table.casefold()])}
        missing = [name for name in columns if name.casefold() not in there]
        if missing:
            raise InputError(f"'{self._path}' isn't OCEL 2.0 in SQLite: its table '{table}' has no column '{missing[0]}'")
        chosen = [there[name.casefold()] for name in columns]
        return rows_of(self._connection, self._tables[table.casefold()], chosen, order=[there[name.casefold()] for name in order])

    def _typed(self, what: str) -> Iterator[tuple[str, str, list[str]]]:
        """Each type of event or object with its table and the columns of its attributes."""
        types = [(str(kind), f"{what}_{name}") for rows in self.rows(f"{what}_map_type", [_TYPE, f"{_TYPE}_map"]) for kind, name in rows]
        for kind, table in types:
            name = self._tables.get(table.casefold())
            columns = [] if name is None else columns_of(self._connection, name)
            yield kind, table, [column for column in columns if column.casefold() not in _OWN]

    def _objects(self, kind: str, table: str, attributes: Sequence[str]) -> Iterator[_Object]:
        columns = columns_of(self._connection, self._tables.get(table.casefold(), table))
        changed = [_CHANGED] if _CHANGED in (name.casefold() for name in columns) else []
        batches = self.rows(table, [_ID, _TIME, *attributes, *changed], order=[_ID, *changed, _TIME])
        rows = itertools.chain.from_iterable(batches)
        for key, versions in itertools.groupby(rows, key=lambda row: str(row[0])):
            first: dict[str, str | None] = {}
            changes = 0
            # First the row of all values, which has no changed field; then those of one field each, in order of time.
            for version in sorted(versions, key=lambda row: (bool(changed and row[-1]), str(row[1]))):
                field = str(version[-1]) if changed and version[-1] else None
                values = self._attributes(self._store.objects, attributes, version[2:])
                known = {name: text for name, text in values.items() if field in (None, name[1:])}
                changes += sum(name in first and first[name] != text for name, text in known.items())
                first = known | first
            yield key, kind, first, changes

    def _attributes(self, table: GrowingTable, names: Sequence[str], values: Sequence[Any]) -> dict[str, str | None]:
        """The attributes of a row, each with the kind of its value noted."""
        found: dict[str, str | None] = {}
        for name, value in zip(names, values, strict=False):
            kind, text = value_text(value)
            if text is not None:
                found[f"@{name}"] = text
                table.note_kind(f"@{name}", kind)
        return found
