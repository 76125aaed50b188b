"""OCEL 2.0 as JSON or XML: events, objects and their types, read item by item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from leadtime.engine.growing import GrowingTable
from leadtime.engine.ocel import ACTIVITY, TIME, ObjectStore
from leadtime.errors import InputError
from leadtime.ingest.json_text import json_members, text_of_value, whole_characters
from leadtime.ingest.ocel_xml import xml_members

__all__ = ["store_json", "store_xml"]

_BATCH = 20_000
_KINDS = {"integer": "int", "float": "float", "boolean": "boolean", "string": "text", "time": "text"}
_LATEST = datetime.max.replace(tzinfo=UTC)


def store_json(store: ObjectStore, path: Path) -> None:
    """Stores the events and objects of a file.

    Raises:
        InputError: it isn't well-formed JSON, or isn't OCEL 2.0.
    """
    _store(store, path, json_members(path))


def store_xml(store: ObjectStore, path: Path) -> None:
    """Stores the events and objects of a file.

    Raises:
        InputError: it isn't well-formed XML, or isn't OCEL 2.0.
    """
    _store(store, path, xml_members(path))


def _store(store: ObjectStore, path: Path, members: Iterable[tuple[str, Any]]) -> None:
    reader = _Reader(store, path)
    for name, item in members:
        reader.take(name, item)
    reader.end()


class _Reader:
    """Takes the members of a log as they come, and stores them by the batch."""

    def __init__(self, store: ObjectStore, path: Path) -> None:
        self._store = store
        self._path = path
        self._events: list[tuple[str, dict[str, str | None]]] = []
        self._objects: list[tuple[str, str, dict[str, str | None], int]] = []
        self._links: list[tuple[str, str]] = []
        self._met: dict[str, set[str]] = {}
        self._declared: dict[str, set[str]] = {}
        self._old = False

    def take(self, name: str, item: Any) -> None:
        """Takes an item of one of the log's arrays; what else it has is left."""
        take = {"events": self._event, "objects": self._object, "eventTypes": self._type, "objectTypes": self._type}.get(name)
        if take is not None:
            take(self._record(name, item))
        self._old = self._old or name.startswith("ocel:")
        if max(len(self._events), len(self._objects), len(self._links)) >= _BATCH:
            self._flush()

    def end(self) -> None:
        """Stores the rest, and what the attributes were declared to be."""
        if self._old and not self._store.has_events() and not self._events:
            raise InputError(f"'{self._path}' is an OCEL log of version 1; export it as OCEL 2.0")
        self._flush()
        for table in (self._store.events, self._store.objects):
            for key in table.columns:
                self._note(table, key)

    def _note(self, table: GrowingTable, key: str) -> None:
        for kind in self._declared.get(key[1:]) or self._met.get(key) or ():
            table.note_kind(key, kind)

    def _flush(self) -> None:
        if self._events:
            self._store.add_events([key for key, _ in self._events], [row for _, row in self._events])
        if self._objects:
            ids, types, rows, changes = zip(*self._objects, strict=True)
            self._store.add_objects(ids, types, rows, changes)
        if self._links:
            self._store.add_links([event for event, _ in self._links], [key for _, key in self._links])
        self._events, self._objects, self._links = [], [], []

    def _event(self, item: Mapping[str, Any]) -> None:
        key = self._text("events", item, "id")
        attributes = self._attributes("events", item)
        row = {ACTIVITY: text_of_value(item.get("type"))[1], TIME: text_of_value(item.get("time"))[1]}
        self._events.append((key, row | {f"@{name}": text for name, text, _ in attributes}))
        for link in self._list("events", item, "relationships"):
            self._links.append((key, self._text("relationships", link, "objectId")))

    def _object(self, item: Mapping[str, Any]) -> None:
        key, kind = self._text("objects", item, "id"), self._text("objects", item, "type")
        first: dict[str, str | None] = {}
        changes = 0
        for name, text, _ in sorted(self._attributes("objects", item), key=lambda attribute: _moment(attribute[2])):
            changes += f"@{name}" in first and first[f"@{name}"] != text
            first.setdefault(f"@{name}", text)
        self._objects.append((key, kind, first, changes))

    def _type(self, item: Mapping[str, Any]) -> None:
        for attribute in self._list("types", item, "attributes"):
            name = self._text("attributes", attribute, "name")
            self._declared.setdefault(name, set()).add(_KINDS.get(str(attribute.get("type")).casefold(), "text"))

    def _attributes(self, where: str, item: Mapping[str, Any]) -> list[tuple[str, str | None, Any]]:
        """The attributes that hold one value: name, text and time."""
        found: list[tuple[str, str | None, Any]] = []
        for attribute in self._list(where, item, "attributes"):
            name = self._text("attributes", attribute, "name")
            kind, text = text_of_value(attribute.get("value"))
            if text is not None:
                self._met.setdefault(f"@{name}", set()).add(kind)
            found.append((name, text, attribute.get("time")))
        return found

    def _list(self, where: str, item: Mapping[str, Any], name: str) -> Iterable[Mapping[str, Any]]:
        values = item.get(name)
        if values is None:
            return ()
        if not isinstance(values, list):
            raise InputError(f"'{self._path}' isn't OCEL 2.0: '{name}' of an item of '{where}' isn't a list")
        return [self._record(name, value) for value in values]

    def _record(self, where: str, item: Any) -> Mapping[str, Any]:
        if not isinstance(item, dict):
            raise InputError(f"'{self._path}' isn't OCEL 2.0: '{where}' holds something that isn't an object in braces")
        return item

    def _text(self, where: str, item: Mapping[str, Any], name: str) -> str:
        value = item.get(name)
        if not isinstance(value, str) or not value:
            raise InputError(f"'{self._path}' isn't OCEL 2.0: an item of '{where}' has no '{name}'")
        return whole_characters(str(value))


def _moment(value: Any) -> datetime:
    """When a value began to hold, for its order; one without a readable time comes last."""
    try:
        read = datetime.fromisoformat(value)
        return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    except (TypeError, ValueError):
        return _LATEST
