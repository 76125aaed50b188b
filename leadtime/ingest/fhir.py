"""FHIR R4, as a bundle or as a resource a line (NDJSON): each resource is an event of its patient.

What of a resource is its activity, time, unit and referral stands in `ingest.fhir_resources`. The file's own patients give birth date and
gender to their cases, and its organisations, places and teams their names to units.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from leadtime.engine.fhir import ResourceStore
from leadtime.engine.growing import joined_raw
from leadtime.engine.session import Session
from leadtime.errors import InputError, one_line
from leadtime.ingest.fhir_resources import EVENTS, NAMED, Row, event_of, key_of, name_of, origin_of, patient_of
from leadtime.ingest.json_text import Broken, json_lines, json_members, whole_characters
from leadtime.ingest.source import Source
from leadtime.quality import finding
from leadtime.results import Finding

__all__ = ["read_fhir"]

_BATCH = 20_000
_HEAD = 1 << 16
_ATTRIBUTES = frozenset(("resource", "resource_id", "status", "code"))


def read_fhir(session: Session, path: Path) -> Source:
    """Gives the resources of a file as a raw table, a row each.

    Raises:
        InputError: it isn't well-formed, or holds no resource that is an event.
    """
    store = ResourceStore(session, f"'{path}'")
    reader = _Reader(store)
    for number, resource, address in _resources(path):
        reader.take(number, resource, address)
    reader.flush()
    others = Counter({kind: count for kind, count in reader.met.items() if kind not in (*EVENTS, *NAMED, "Patient", "")})
    if not any(reader.met[kind] for kind in EVENTS):
        there = f"; it has {_listed(reader.met)}" if reader.met else ""
        raise InputError(f"'{path}' holds no resource that is an event ({', '.join(EVENTS)}){there}")
    alone = store.resolve()
    raw = joined_raw(
        store.events, store.patients, link="patient", name_of=lambda key, _: key, stays_text=lambda _: True, line="e.line", bad="e.bad"
    )
    raw = replace(raw, refused=((f"{raw.column('status')} = 'entered-in-error'", "entered in error"),))
    findings: list[Finding] = []
    if others:
        findings.append(finding("other-resources", others.total(), examples=[_listed(others)]))
    if alone:
        findings.append(finding("case-without-events", alone))
    return Source(raw, path.name, "fhir", str(path), findings=tuple(findings), unguessed=_ATTRIBUTES)


def _listed(found: Counter[str]) -> str:
    return ", ".join(f"{kind or 'unreadable'}: {count}" for kind, count in sorted(found.items())[:12])


def _resources(path: Path) -> Iterator[tuple[int, Any, str | None]]:
    """Each resource with its number in the file (of a bundle its entry, else its line) and the address that a bundle gives it."""
    for number, value in json_lines(path) if _is_lines(path) else ():
        if isinstance(value, dict) and value.get("resourceType") == "Bundle":
            entries = value.get("entry")
            for entry in entries if isinstance(entries, list) else ():
                yield number, *_entry(entry)
        else:
            yield number, value, None
    if not _is_lines(path):
        yield from _entries(path)


def _entries(path: Path) -> Iterator[tuple[int, Any, str | None]]:
    """Each entry of a bundle."""
    kind, number = None, 0
    for name, value in json_members(path):
        kind = value if name == "resourceType" else kind
        if name == "entry":
            number += 1
            yield number, *_entry(value)
    if kind != "Bundle":
        what = f"its resourceType is '{kind}'" if isinstance(kind, str) else "it has no resourceType"
        raise InputError(f"'{path}' isn't a FHIR bundle ({one_line(what)[:80]}); give a Bundle, or a resource a line (.ndjson)")


def _is_lines(path: Path) -> bool:
    """Whether the file has a resource a line, rather than one bundle; by its name, else by its first line."""
    if re.search(r"\.(ndjson|jsonl)(\.gz)?$", path.name.lower()):
        return True
    with path.open("rb") as stream:
        first = stream.read(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")[0]
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and value.get("resourceType") != "Bundle"


def _entry(entry: Any) -> tuple[Any, str | None]:
    """The resource of an entry, and its address."""
    if not isinstance(entry, dict):
        return entry, None
    address = entry.get("fullUrl")
    return entry.get("resource"), whole_characters(address) if isinstance(address, str) else None


class _Reader:
    """Takes resources as they come, and stores them by the batch."""

    def __init__(self, store: ResourceStore) -> None:
        self._store = store
        self.met: Counter[str] = Counter()
        self._events: list[tuple[Row, int, str | None]] = []
        self._patients: list[Row] = []
        self._pairs: dict[str, list[tuple[str, str]]] = {"names": [], "addresses": [], "origins": []}

    def take(self, number: int, resource: Any, address: str | None) -> None:
        """Takes a resource, or what stands in its place."""
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(kind, str):
            self.met[""] += 1
            self._events.append(({}, number, str(resource) if isinstance(resource, Broken) else "no resource with its resourceType"))
        else:
            self.met[whole_characters(kind)[:60]] += 1
            self._known(kind, resource, number, address)
        if max(len(self._events), len(self._patients), *map(len, self._pairs.values())) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Stores what was taken."""
        if self._events:
            self._store.add_events(*map(list, zip(*self._events, strict=True)))
        if self._patients:
            self._store.add_patients(self._patients)
        for what, pairs in self._pairs.items():
            self._store.add_pairs(what, pairs)
        self._events, self._patients, self._pairs = [], [], {what: [] for what in self._pairs}

    def _known(self, kind: str, resource: Any, number: int, address: str | None) -> None:
        key = key_of(resource) or address
        if key and address:
            self._pairs["addresses"].append((address, key))
        if kind in EVENTS:
            row = event_of(resource)
            if kind == "ServiceRequest":
                row["request"], origin = key, origin_of(resource)
                self._pairs["origins"] += [(key, origin)] if key and origin else []
            self._events.append((row, number, None))
        elif kind == "Patient" and key:
            self._patients.append(patient_of(resource) | {"patient": key})
        name = name_of(resource) if kind in NAMED else None
        if name and key:
            self._pairs["names"].append((key, name))
