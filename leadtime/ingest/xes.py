"""XES, the standard of event logs (IEEE 1849), plain or packed: read as a stream, so that memory doesn't grow with the log.

Plainly written traces are taken apart by the engine. Where a file has anything beyond them (comments, lists, attributes within
attributes, another encoding) the standard library's parser reads all of it instead; both give the same table. A document type, and with
it every entity and outside reference, is refused before anything is read.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.parsers import expat

from leadtime.columns import REQUIRED_ROLES, resolve_some
from leadtime.engine.growing import checked_width, joined_raw
from leadtime.engine.session import Session
from leadtime.engine.xes import KINDS, TraceStore
from leadtime.errors import InputError
from leadtime.ingest.source import Source
from leadtime.ingest.streams import chunks
from leadtime.ingest.tags import Tags
from leadtime.quality import finding
from leadtime.results import Finding

__all__ = ["DATE", "NAME", "TIME", "read_xes"]

NAME, TIME = "concept:name", "time:timestamp"
# Our own addition: the date of an event that is known only to the day, where the standard asks for a clock time.
DATE = "leadtime:date"

_STANDARD = frozenset((f"case:{NAME}", NAME, TIME, "start_timestamp"))
_BATCH = 1 << 25
_CHUNK_ROWS = 50_000
_NAMELESS = "(no key)"  # an attribute whose key is empty, against the standard
_DECLARED = re.compile(r"""\s*<\?xml[^>]*encoding=["']([^"']*)["']""")
_TAIL = re.compile(r"\s*</log>\s*")


def read_xes(session: Session, path: Path) -> Source:
    """Gives an XES file as a raw table: a row an event, with the attributes of its trace beside its own.

    A trace's `concept:name` is the case, an event's `concept:name` the activity, `time:timestamp` its time and `org:group` its unit.
    """
    store, nested = _plain(session, path), 0
    if store is None:
        store = TraceStore(session, f"'{path}'")
        nested = _Traces(store).read(path)
    if not store.has_events():
        raise InputError(f"'{path}' holds no events; export the log again with them")
    store.traces.require([NAME])
    store.events.require([NAME, TIME])
    store.replace_where_given(TIME, by=DATE)
    findings = _findings(store, nested)
    own = frozenset(store.events.columns)

    def header(key: str, of_trace: bool) -> str:  # noqa: FBT001 - `joined_raw` calls it
        name = key or _NAMELESS
        return f"case:{name}" if of_trace and key in own else name

    # "Start date" and the like are attributes here: the standard says which key is the time.
    def plays(name: str) -> set[str]:
        roles = set(resolve_some([name]).roles)
        return roles if name in _STANDARD else roles - {*REQUIRED_ROLES, "end"}

    raw = joined_raw(store.events, store.traces, link="trace", name_of=header, stays_text=lambda name: bool(plays(name)))
    unguessed = frozenset(name for name in raw.headers if resolve_some([name]).roles and not plays(name))
    return Source(raw, path.name, "xes", str(path), findings=tuple(findings), unguessed=unguessed)


def _findings(store: TraceStore, nested: int) -> list[Finding]:
    found: list[Finding] = []
    empty = store.empty_traces()
    if empty:
        found.append(finding("case-without-events", empty))
    if nested:
        found.append(finding("nested-attributes", nested))
    return found


def _plain(session: Session, path: Path) -> TraceStore | None:
    """The traces of a plainly written file, by the engine; none where it holds anything else."""
    store = TraceStore(session, f"'{path}'")
    traces = 0
    try:
        for text in _batches(path):
            stored = store.store_plain(text, first=traces)
            if stored is None:
                raise _NotPlainError
            traces += stored
    except (UnicodeDecodeError, _NotPlainError):
        store.drop()
        return None
    return store


class _NotPlainError(Exception):
    """The text between the traces, before or after them isn't what a plainly written log has."""


def _batches(path: Path) -> Iterator[str]:
    """The text of the traces, in batches of whole ones."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    begun = False
    text = ""
    for content in chunks(path):
        text += decoder.decode(content)
        if not begun:
            place = text.find("<trace>")
            if place >= 0:
                _require_plain_head(text[:place])
                text, begun = text[place:], True
        if len(text) > _BATCH:
            end = text.rfind("</trace>") + len("</trace>")
            if not begun or end < len("</trace>"):
                raise _NotPlainError
            yield text[:end]
            text = text[end:]
    text += decoder.decode(b"", final=True)
    end = text.rfind("</trace>") + len("</trace>")
    if not begun or end < len("</trace>") or not _TAIL.fullmatch(text[end:]):
        raise _NotPlainError
    yield text[:end]


def _require_plain_head(head: str) -> None:
    """What stands before the first trace must be well formed and closed, so that the trace is neither in a comment nor in another tag."""
    declared = _DECLARED.match(head)
    depth = 0

    def opened(tag: str, attributes: Mapping[str, str]) -> None:
        nonlocal depth
        depth += 1
        if (depth == 1) is not (tag == "log") or tag in ("event", "trace"):
            raise _NotPlainError

    def closed(tag: str) -> None:
        nonlocal depth
        depth -= 1

    def refused(*_: object) -> None:
        raise _NotPlainError

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = opened, closed, refused
    # What a comment or a processing instruction hides is left to the parser.
    closes = all(head.count(begin) == head.count(end) for begin, end in (("<!--", "-->"), ("<?", "?>"), ("<![", "]]>")))
    if not closes or (declared and declared[1].casefold() not in ("utf-8", "utf8")):
        raise _NotPlainError
    try:
        parser.Parse(head.encode(), False)  # noqa: FBT003 - expat takes it by place
    except expat.ExpatError:
        raise _NotPlainError from None
    if depth != 1:
        raise _NotPlainError


class _Traces(Tags):
    """Reads any XES file, a piece of it at a time."""

    def __init__(self, store: TraceStore) -> None:
        super().__init__(store.where)
        self._store = store
        self._trace = 0
        self._case: dict[str, str | None] | None = None
        self._event: dict[str, str | None] | None = None
        self._events: list[tuple[int | None, dict[str, str | None]]] = []
        self._cases: list[tuple[int | None, dict[str, str | None]]] = []
        self._met: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
        self._nested = 0

    def read(self, path: Path) -> int:
        """Stores all events and traces of a file, and gives the number of attributes left out."""
        for content in chunks(path):
            self.feed(content)
            if len(self._events) + len(self._cases) >= _CHUNK_ROWS:
                self._flush()
        self.feed(b"")
        self._flush()
        for of_trace, table in ((True, self._store.traces), (False, self._store.events)):
            for key, tag in self._met[of_trace]:
                table.note_kind(key, KINDS[tag])
        return self._nested

    def _flush(self) -> None:
        """Stores what is complete; the event and the trace at hand may still grow."""
        for table, rows, unfinished in ((self._store.events, self._events, self._event), (self._store.traces, self._cases, self._case)):
            done = rows[:-1] if unfinished is not None else rows[:]
            if done:
                table.append([row for _, row in done], {"trace": ("Int64", [trace for trace, _ in done])})
            del rows[: len(done)]

    def opened(self, tag: str, given: dict[str, str]) -> None:
        owner = self.tags[-2] if len(self.tags) > 1 else ""
        if not owner and tag != "log":
            raise InputError(f"{self.where} isn't an event log in XES: it begins with <{tag}>, not <log>")
        if tag == "trace" and owner == "log":
            self._trace += 1
            self._case = {}
            self._cases.append((self._trace, self._case))
        elif tag == "event" and owner in ("trace", "log"):
            self._event = {}
            self._events.append((self._trace if owner == "trace" else None, self._event))
        elif self._case is not None or self._event is not None:
            self._attribute(tag, owner, given)

    def _attribute(self, tag: str, owner: str, attributes: dict[str, str]) -> None:
        row = self._event if owner == "event" else self._case if owner == "trace" else None
        key = attributes.get("key")
        if row is None or key is None or tag not in KINDS:
            self._nested += tag in KINDS or owner in ("event", "trace")
            return
        row[key] = attributes.get("value") or None
        self._met[owner == "trace"].add((key, tag))
        checked_width(len(row), self.where)

    def closed(self, tag: str) -> None:
        if tag == "event":
            self._event = None
        elif tag == "trace" and len(self.tags) == 2:
            self._case = None
