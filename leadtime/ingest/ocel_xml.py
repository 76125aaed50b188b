"""OCEL 2.0 as XML: events, objects and their types, each handed on as it is read, in the form that it has in JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

from leadtime.errors import InputError
from leadtime.ingest.streams import LARGEST_PIECE, chunks, parsing_xml

__all__ = ["xml_members"]

_DEEPEST = 200
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
    parser = _Parser(path)
    for content in chunks(path):
        yield from parser.fed(content)
    yield from parser.fed(b"")


class _Parser:
    """Makes items of tags; what it doesn't know is left."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._tags: list[str] = []
        self._items: list[tuple[str, Any]] = []
        self._item: dict[str, Any] | None = None
        self._attribute: dict[str, Any] | None = None
        self._quiet = 0  # bytes since the last tag

    def fed(self, content: bytes) -> list[tuple[str, Any]]:
        """Gives the items that a piece of the file completes; no content is its end."""
        self._quiet += len(content)
        with parsing_xml(f"'{self._path}'"):
            self._parser.Parse(content, not content)
        if self._quiet > LARGEST_PIECE:
            raise InputError(
                f"'{self._path}' holds a single tag or text of over {LARGEST_PIECE >> 20} MB; no event log does, so it isn't read"
            )
        done, self._items = self._items, []
        return done

    def _refuse(self, *_: object) -> None:
        raise InputError(
            f"'{self._path}' declares a document type, by which it could hold entities or refer to other files; "
            "no log needs one, so it isn't read: take the <!DOCTYPE …> out"
        )

    def _start(self, name: str, given: dict[str, str]) -> None:
        self._quiet = 0
        tag = name.rpartition(":")[2]
        self._tags.append(tag)
        if len(self._tags) > _DEEPEST:
            raise InputError(f"'{self._path}' nests tags more than {_DEEPEST} deep at line {self._parser.CurrentLineNumber}")
        if self._tags[0] != "log":
            raise InputError(f"'{self._path}' isn't OCEL 2.0: it begins with <{tag}>, not <log>")
        if tuple(self._tags) in (("log", "global"), ("log", "trace")):
            raise InputError(f"'{self._path}' isn't OCEL 2.0, but OCEL of version 1 or XES; export it as OCEL 2.0, or say format='xes'")
        if tuple(self._tags) in _ITEMS:
            self._item = {**given, "attributes": [], "relationships": []}
        elif self._item is not None:
            self._part(tag, given)

    def _part(self, tag: str, given: dict[str, str]) -> None:
        """What stands within an item: an attribute, or a link to an object."""
        assert self._item is not None  # noqa: S101 - looked at before
        within = self._tags[3:-1]
        if tag == "attribute" and within == ["attributes"]:
            self._attribute = {**given, "value": given.get("value", "")}
            self._item["attributes"].append(self._attribute)
        elif tag in _LINKS and within == ["objects"]:
            self._item["relationships"].append({"objectId": given.get("object-id")})

    def _text(self, text: str) -> None:
        if self._attribute is not None:
            self._attribute["value"] += text

    def _end(self, _: str) -> None:
        self._quiet = 0
        name = _ITEMS.get(tuple(self._tags))
        if self._tags[3:] == ["attributes", "attribute"] and self._attribute is not None:
            self._attribute["value"] = self._attribute["value"].strip() or None
            self._attribute = None
        self._tags.pop()
        if name is not None and self._item is not None:
            self._items.append((name, self._item))
            self._item = None
