"""XES by the engine: plainly written traces are taken apart by splitting their text, many times faster than by a parser's callbacks.

Plain means: nothing between the tags of traces, events and typed attributes with a key and a value in double quotes. Every piece is
matched against that before anything of it is taken; text that is written in any other way is left to a parser (`ingest.xes`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from leadtime.engine.growing import GrowingTable, checked_width
from leadtime.engine.session import Session
from leadtime.engine.sql import literal

__all__ = ["KINDS", "TraceStore"]

# The attributes of XES that hold one value, and what the engine makes of them.
KINDS = {"string": "text", "date": "text", "int": "int", "float": "float", "boolean": "boolean", "id": "text"}

_TAGS = "|".join(KINDS)
_TEXT = r'[^"<&\x00-\x1f]*(?:&(?:lt|gt|quot|apos|amp);[^"<&\x00-\x1f]*)*'
_ATTRIBUTE = rf'\s*<(?:{_TAGS})\s+key="{_TEXT}"\s+value="{_TEXT}"\s*/>'
_TRACE = rf"\s*<trace>(?:{_ATTRIBUTE})*\s*"
_EVENT = rf"(?:{_ATTRIBUTE})*\s*</event>\s*"
_OPENED = re.compile(rf"<({_TAGS})\s+key=$")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))
# Logs have few kinds of events; where each has keys of its own, splitting gains nothing.
_MOST_SHAPES = 2_000

_Shape = tuple[bool, list[str], list[str]]


class TraceStore:
    """Where the events and traces of an XES file go, each event with the number of its trace."""

    def __init__(self, session: Session, where: str) -> None:
        self.session = session
        self.where = where
        self.events = GrowingTable(session, "xes_events", book={"trace": "BIGINT"}, where=where)
        self.traces = GrowingTable(session, "xes_traces", book={"trace": "BIGINT"}, where=where)

    def has_events(self) -> bool:
        """Whether any event was stored."""
        return bool(self.session.rows(f"SELECT 1 FROM {self.events.name} LIMIT 1"))

    def empty_traces(self) -> int:
        """Gives the number of traces without an event."""
        events = f"SELECT 1 FROM {self.events.name} AS e WHERE e.trace = t.trace"
        return int(self.session.rows(f"SELECT count(*) FROM {self.traces.name} AS t WHERE NOT EXISTS ({events})")[0][0])

    def replace_where_given(self, key: str, by: str) -> None:
        """Puts the events' text under one key in the place of that under another, where there is one, and forgets the first."""
        column = self.events.columns.pop(by, None)
        if column is not None:
            self.session.run(f"UPDATE {self.events.name} SET {self.events.columns[key]} = {column} WHERE {column} IS NOT NULL")

    def drop(self) -> None:
        """Forgets all that was stored."""
        self.events.drop()
        self.traces.drop()

    def store_plain(self, text: str, *, first: int) -> int | None:
        """Stores the traces of a text that ends with the end of one, and gives how many there were; `first` is the number of the first.

        Gives `None`, with nothing stored, where the text isn't plain.
        """
        names = [self.session.new_name(what) for what in ("piece", "fragment", "part")]
        try:
            return self._stored(text, *names, first=first)
        finally:
            for name in names:
                self.session.run(f"DROP TABLE IF EXISTS {name}")

    def _stored(self, text: str, piece: str, fragment: str, part: str, *, first: int) -> int | None:
        run, rows = self.session.run, self.session.rows
        rows(f"CREATE TABLE {piece} AS SELECT unnest(list_slice(string_split(?, '</trace>'), 1, -2)) AS text", [text])
        split = f"SELECT rowid + {first} AS trace, string_split(text, '<event>') AS texts FROM {piece}"
        run(f"CREATE TABLE {fragment} AS SELECT trace, unnest(texts) AS text, generate_subscripts(texts, 1) = 1 AS heads FROM ({split})")
        plain = f"CASE WHEN heads THEN regexp_full_match(text, {literal(_TRACE)}) ELSE regexp_full_match(text, {literal(_EVENT)}) END"
        if rows(f"SELECT 1 FROM {fragment} WHERE NOT ({plain}) LIMIT 1"):
            return None
        places = "quotes[1:-2:4] AS tags, quotes[2:-:4] AS keys, quotes[4:-:4] AS texts"
        quotes = f"SELECT trace, heads, string_split(text, '\"') AS quotes FROM {fragment}"
        run(f"CREATE TABLE {part} AS SELECT trace, heads, {places} FROM ({quotes})")
        checked_width(int(rows(f"SELECT coalesce(max(len(keys)), 0) FROM {part}")[0][0]), self.where)
        found = rows(f"SELECT heads, keys, tags FROM {part} GROUP BY ALL LIMIT {_MOST_SHAPES + 1}")
        shapes: list[_Shape] = [(bool(heads), list(keys or ()), _tags(tags or ())) for heads, keys, tags in found]
        if len(shapes) > _MOST_SHAPES or any(len(set(keys)) < len(keys) for _, keys, _ in shapes):
            return None
        for table, heads in ((self.traces, True), (self.events, False)):
            _insert(table, part, [shape for shape in shapes if shape[0] is heads], heads=heads, marked="&" in text)
        return int(rows(f"SELECT count(*) FROM {piece}")[0][0])


def _tags(markup: Sequence[str]) -> list[str]:
    """The tag of each attribute, from the text before its key."""
    found = [_OPENED.search(text) for text in markup]
    return [match[1] if match else "string" for match in found]


def _insert(table: GrowingTable, part: str, shapes: Sequence[_Shape], *, heads: bool, marked: bool) -> None:
    """Adds the parts of traces, or of events, to their table; a key's place is looked up where it differs between them."""
    keys = {_unmarked(key): key for _, found, _ in shapes for key in found}
    table.require(list(keys))
    for _, found, tags in shapes:
        for key, tag in zip(found, tags, strict=True):
            table.note_kind(_unmarked(key), KINDS[tag])
    columns = ["trace", *(table.columns[key] for key in keys)]
    values = ["trace", *(_value(key, shapes, marked=marked) for key in keys.values())]
    condition = "heads" if heads else "NOT heads"
    table.session.run(f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {part} WHERE {condition}")


def _value(key: str, shapes: Sequence[_Shape], *, marked: bool) -> str:
    """The SQL of a key's text."""
    places = {keys.index(key) + 1 if key in keys else None for _, keys, _ in shapes}
    place = str(next(iter(places))) if len(places) == 1 else f"list_position(keys, {literal(key)})"
    text = f"texts[{place}]"
    if marked:
        for entity, character in _ENTITIES:
            text = f"replace({text}, {literal(entity)}, {literal(character)})"
    return f"nullif({text}, '')"


def _unmarked(text: str) -> str:
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text
