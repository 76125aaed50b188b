"""The sheets of a workbook as one table: columns of the same header are one, and so are those that play one role under two headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from leadtime.columns import CASE_ROLES, REQUIRED_ROLES, ROLES, best_of, count_roles, normalised, role_of

__all__ = ["Stacked", "stacked"]


class Stacked(NamedTuple):
    """The headers of all sheets, where each stands in each sheet, and the columns that another sheet has under another header."""

    headers: list[str]
    places: list[dict[int, int]]
    called: list[str]


def stacked(sheets: Sequence[tuple[str, Sequence[str]]], columns: Mapping[str, str] | None = None) -> Stacked:
    """Gives one table's headers for some sheets, each with its name and its headers.

    Headers are compared as headers are. Where a unit calls the date ``Startdatum`` and another ``Datum``, and no sheet has both, it is one
    column under the first of the names, or under the one that the caller gave.

    >>> made = stacked([("BVC", ["Ärende", "Händelse", "Datum"]), ("BUP", ["Startdatum", "ärende", "Händelse"])])
    >>> made.headers, made.places[1]
    (['Ärende', 'Händelse', 'Datum'], {2: 0, 0: 1, 1: 2})
    >>> made.called
    ["'Startdatum' of sheet 'BUP' as 'Datum'"]
    """
    keyed = [(name, _keys(headers)) for name, headers in sheets]
    same = _same(keyed, columns or {})
    names = {key: header for _, keys in reversed(keyed) for key, header in keys.items()}
    headers: list[str] = []
    found: dict[str, int] = {}
    places: list[dict[int, int]] = []
    called: list[str] = []
    for name, keys in keyed:
        place: dict[int, int] = {}
        for i, (key, header) in enumerate(keys.items()):
            shared = same.get(key, key)
            if shared not in found:
                found[shared] = len(headers)
                headers.append(names[shared])
            if shared != key:
                called.append(f"'{header}' of sheet '{name}' as '{names[shared]}'")
            place[found[shared]] = i
        places.append(place)
    return Stacked(headers, places, called)


def _keys(headers: Sequence[str]) -> dict[str, str]:
    """The form in which each header is compared; within a sheet two headers stay two, however alike."""
    plain = [normalised(header) for header in headers]
    return {header if plain.count(key) > 1 else key: header for key, header in zip(plain, headers, strict=True)}


def _same(sheets: Sequence[tuple[str, Mapping[str, str]]], columns: Mapping[str, str]) -> dict[str, str]:
    """The keys that play the role of another sheet's key, to that key; never two of one sheet."""
    same: dict[str, str] = {}
    for role in ROLES:
        given = normalised(columns[role]) if isinstance(columns.get(role), str) else ""
        leads = list(dict.fromkeys(key for _, keys in sheets if (key := _lead(role, keys, given, columns)) is not None))
        leads.sort(key=lambda key: key != given)
        joined = set(leads[:1])
        for key in leads[1:]:
            if all(key not in keys or joined.isdisjoint(keys) for _, keys in sheets):
                same[key] = leads[0]
                joined.add(key)
    return same


def _lead(role: str, keys: Mapping[str, str], given: str, columns: Mapping[str, str]) -> str | None:
    """The key of the one header of a sheet that plays a role: the given one, else the surest."""
    if given in keys:
        return given
    headers = list(keys.values())
    # Where a sheet doesn't name all that an event needs, it may have a column a milestone, called as activities and dates are.
    if role not in ("case_id", *CASE_ROLES) and count_roles(headers, columns) < len(REQUIRED_ROLES):
        return None
    best = best_of([header for header in headers if role_of(header) == role])
    return next((key for key, header in keys.items() if header == best), None)
