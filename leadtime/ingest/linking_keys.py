"""A key table: which case of which system is which case of all, one row a case."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from leadtime.columns import normalised, resolve_roles
from leadtime.engine.session import Session
from leadtime.engine.tables import text_rows
from leadtime.errors import InputError, UsageError, counted, did_you_mean
from leadtime.ingest.opening import opened
from leadtime.ingest.source import Options

__all__ = ["Keys", "read_keys"]

_LISTED = 3


@dataclass(frozen=True)
class Keys:
    """The case of each key, by system; a system without a column of its own has the cases' own ids."""

    of: Mapping[str, Mapping[str, str]]


def read_keys(source: Any, systems: Collection[str], columns: Mapping[str, str] | None) -> Keys:
    """Gives the keys of a table with a column of case ids and a column a system.

    Raises:
        InputError: there is no column of case ids, or a key stands for two cases.
        UsageError: `columns` names what is neither `case_id` nor a system, or no system has a column.
    """
    named = dict(columns or {})
    for name in named:
        if name not in ("case_id", *systems):
            raise UsageError(f"key_columns names '{name}'{did_you_mean(name, ['case_id', *systems])}")
    raw = opened(Session(), source, Options(of_cases=True, columns={"case_id": named["case_id"]} if "case_id" in named else None)).raw
    headers = {normalised(header): header for header in raw.headers}
    own = {system: headers.get(normalised(named.get(system, system))) for system in systems}
    for system, header in own.items():
        if header is None and system in named:
            raise InputError(f"no column '{named[system]}' in the key table{did_you_mean(named[system], raw.headers)}")
    left = [header for header in raw.headers if header not in own.values() or header == named.get("case_id")]
    given = {"case_id": named["case_id"]} if "case_id" in named else None
    case = resolve_roles(left, given, required=("case_id",), where="the key table").roles["case_id"]
    if not any(own.values()):
        raise UsageError(f"no column of the key table is named as a system ({', '.join(systems)}); say which is which with key_columns=")
    wanted = [case, *(header for header in own.values() if header is not None)]
    rows = text_rows(raw, wanted)
    found: dict[str, Mapping[str, str]] = {}
    for system, header in own.items():
        place = 0 if header is None else wanted.index(header)
        found[system] = _unambiguous([(key, owner) for row in rows if (key := row[place]) and (owner := row[0])], system)
    return Keys(found)


def _unambiguous(pairs: Collection[tuple[str, str]], system: str) -> dict[str, str]:
    """The case of each key, which must be one."""
    cases: dict[str, str] = {}
    twice: set[str] = set()
    for key, case in pairs:
        if cases.setdefault(key, case) != case:
            twice.add(key)
    if twice:
        shown = ", ".join(f"'{key}'" for key in sorted(twice)[:_LISTED])
        raise InputError(f"{counted(len(twice), 'key')} of '{system}' with two cases in the key table ({shown}); a key belongs to one case")
    return cases
