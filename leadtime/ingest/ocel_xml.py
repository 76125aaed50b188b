"""OCEL 2.0 as XML: events, objects and their types, each handed on as it is read, in the form that it has in JSON."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from leadtime.errors import InputError
from leadtime.ingest.streams import chunks
from leadtime.ingest.tags import Tags

__all__ = ["xml_members"]

# Each item's array, by the tags that it stands in: `objects` is also what an event's links stand in.
_ITEMS: dict[tuple[str, ...], str] = {
    ("log", "events", "event"): "events", ("log", "objects", "object"): "objects",
    ("log", "event-types", "event-type"): "eventTypes", ("log", "object-types", "object-type"): "objectTypes",
}  # fmt: skip
_LINKS = ("relationship", "object")


def xml_members(path: Path) -> Iterator[tuple[str, Any]]:
    """Gives the items of a log one by one, each with the name of the array that it belongs to, as `json_members` does.

    Raises:
        InputError: it isn't well-formed XML, isn't OCEL 2.0, or declares a document type.
    """
    items = _Items(f"'{path}'")
    for content in itertools.chain(chunks(path), (b"",)):
        items.feed(content)
        yield from items.taken()


class _Items(Tags):
    """Makes items of tags; what it doesn't know is left."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.parser.buffer_text = True
        self.parser.CharacterDataHandler = self._text
        self._items: list[tuple[str, Any]] = []
        self._item: dict[str, Any] | None = None
        self._attribute: dict[str, Any] | None = None

    def taken(self) -> list[tuple[str, Any]]:
        """Gives the items that are complete, once."""
        done, self._items = self._items, []
        return done

    def opened(self, tag: str, given: dict[str, str]) -> None:
        if self.tags[0] != "log":
            raise InputError(f"{self.where} isn't OCEL 2.0: it begins with <{tag}>, not <log>")
        if tuple(self.tags) in (("log", "global"), ("log", "trace")):
            raise InputError(f"{self.where} isn't OCEL 2.0, but OCEL of version 1 or XES; export it as OCEL 2.0, or name it .xes")
        if tuple(self.tags) in _ITEMS:
            self._item = {**given, "attributes": [], "relationships": []}
        elif self._item is not None:
            self._part(tag, given)

    def _part(self, tag: str, given: dict[str, str]) -> None:
        """What stands within an item: an attribute, or a link to an object."""
        assert self._item is not None  # noqa: S101 - looked at before
        within = self.tags[3:-1]
        if tag == "attribute" and within == ["attributes"]:
            self._attribute = {**given, "value": given.get("value", "")}
            self._item["attributes"].append(self._attribute)
        elif tag in _LINKS and within == ["objects"]:
            self._item["relationships"].append({"objectId": given.get("object-id")})

    def _text(self, text: str) -> None:
        if self._attribute is not None:
            self._attribute["value"] += text

    def closed(self, tag: str) -> None:
        if self.tags[3:] == ["attributes", "attribute"] and self._attribute is not None:
            self._attribute["value"] = self._attribute["value"].strip() or None
            self._attribute = None
        name = _ITEMS.get(tuple(self.tags))
        if name is not None and self._item is not None:
            self._items.append((name, self._item))
            self._item = None
