"""OCEL 2.0, the standard of object-centric event logs, as JSON, XML or SQLite: flattened on one type of object, each of which is a case.

An event of several such objects stands in each of their cases; one of none is rejected. A case has the first value of each attribute of
its object, so that nothing that became known later decides where it belongs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from leadtime.columns import REQUIRED_ROLES, resolve_some
from leadtime.engine.growing import joined_raw
from leadtime.engine.ocel import ACTIVITY, CASE, TIME, Flattened, ObjectStore
from leadtime.engine.session import Session
from leadtime.engine.tables import Raw
from leadtime.errors import InputError, UsageError, did_you_mean
from leadtime.ingest.ocel_json import store_json, store_xml
from leadtime.ingest.ocel_sqlite import store_sqlite
from leadtime.ingest.source import Source
from leadtime.ingest.sqlite_file import SQLITE_MARK
from leadtime.ingest.streams import first_bytes
from leadtime.quality import finding
from leadtime.results import Finding

__all__ = ["read_ocel"]

_STANDARD = {CASE: "case:concept:name", ACTIVITY: "concept:name", TIME: "time:timestamp"}


def read_ocel(session: Session, path: Path, object_type: str | None) -> Source:
    """Gives an object-centric log as a raw table: a row an event and case, with the attributes of its object beside its own.

    Raises:
        InputError: it isn't OCEL 2.0, or holds no events.
        UsageError: no type of object is chosen where there are several, or the log has none of that name.
    """
    store = ObjectStore(session, f"'{path}'")
    _storing(path)(store, path)
    if not store.has_events():
        raise InputError(f"'{path}' holds no events; export the log again with them")
    store.check_ids()
    chosen = _chosen(store.types(), object_type, path)
    findings = _findings(store.flatten(chosen), chosen)
    raw, unguessed = _raw(store)
    raw = replace(raw, refused=((f"{raw.column(_STANDARD[CASE])} IS NULL", "no object of the type"),))
    return Source(raw, path.name, "ocel", str(path), {"object_type": chosen}, tuple(findings), unguessed=unguessed)


def _storing(path: Path) -> Callable[[ObjectStore, Path], None]:
    """What stores a file of this kind: an SQLite file by its mark, XML by its first character, whatever its encoding; else JSON."""
    head = first_bytes(path, 256)
    if head.startswith(SQLITE_MARK):
        return store_sqlite
    return store_xml if head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<") else store_json


def _chosen(types: dict[str, int], given: str | None, path: Path) -> str:
    """The type of object that is to be the case: the given one, or the only one."""
    if given is not None and given not in types:
        raise UsageError(f"object_type={given!r} isn't a type of object in '{path}'{did_you_mean(given, types)}")
    if given is not None:
        return given
    if not types:
        raise InputError(f"'{path}' declares no objects, so it has no cases; export the log again with them")
    if len(types) > 1:
        first = next(iter(types))
        shown = ", ".join(f"'{name}' ({count})" for name, count in list(types.items())[:12])
        raise UsageError(
            f"'{path}' holds objects of several types: {shown}; say which is the case, as in object_type=\"{first}\" "
            "(or under [log] of a pathway file)"
        )
    return next(iter(types))


def _findings(done: Flattened, chosen: str) -> list[Finding]:
    counts = {
        "shared-events": done.shared, "diverging-cases": done.diverging, "case-without-events": done.without_events,
        "later-attribute-values": done.changes, "unknown-objects": done.dangling,
    }  # fmt: skip
    return [finding(code, count, values={"what": chosen}) for code, count in counts.items() if count]


def _raw(store: ObjectStore) -> tuple[Raw, frozenset[str]]:
    """The raw table, and which of its headers play no role: the standard says what is the case, the activity and the time."""
    names = _names(store)

    def plays(header: str) -> set[str]:
        roles = set(resolve_some([header]).roles)
        return roles if header in _STANDARD.values() else roles - {*REQUIRED_ROLES, "end"}

    raw = joined_raw(
        store.events, store.objects, link="object", name_of=names, stays_text=lambda header: bool(plays(header)), line="e.number"
    )
    return raw, frozenset(header for header in raw.headers if resolve_some([header]).roles and not plays(header))


def _names(store: ObjectStore) -> Callable[[str, bool], str]:
    """The header of each key, told whether it is of a case; an attribute that has the name of another gives way."""
    taken = set(_STANDARD.values())
    names: dict[tuple[str, bool], str] = {}
    for key, of_case in [*((key, False) for key in store.events.columns), *((key, True) for key in store.objects.columns)]:
        if key in _STANDARD and not of_case:
            names[key, of_case] = _STANDARD[key]
            continue
        plain = key[1:]
        name, number = plain, 2
        if name in taken and of_case:
            name = plain = f"case:{plain}"
        while name in taken:
            name, number = f"{plain} ({number})", number + 1
        taken.add(name)
        names[key, of_case] = name
    return lambda key, of_case: names[key, of_case]
