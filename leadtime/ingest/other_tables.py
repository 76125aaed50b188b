"""What else stands on a sheet: a table beside the one that is read, one below it in another order, and marks that say "as above"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leadtime.columns import REQUIRED_ROLES, count_roles, normalised

__all__ = ["as_above", "rows_beside", "second_header"]

_BLANK = (None, "")
_DITTO = frozenset({'"', "”", "“", "''", "´´", "〃", '-"-', "-”-", "-''-", '–"–', "–”–", '- " -', "- ” -", "dito", "ditto", "d:o"})
_FEWEST = 3  # names that a header has at the least


def second_header(header: Sequence[str | None], columns: Sequence[Sequence[Any]]) -> int | None:
    """Gives the place of the first row that names the header's columns in another order, so that other columns follow; none without one.

    >>> second_header(["Case", "Event", "Date"], [["a", "Event", "x"], ["x", "Case", "a"], ["2019", "Date", "2020"]])
    1
    """
    places = {text: place for place, text in enumerate(header) if text and text.strip()}
    named = [place for place, column in enumerate(columns) if not places.keys().isdisjoint(column)]
    if len(named) < _FEWEST:
        return None
    for place in range(len(columns[0])):
        found = {columns[i][place]: i for i in named if columns[i][place] in places}
        if len(found) >= _FEWEST and any(places[text] != i for text, i in found.items()):
            return place
    return None


def rows_beside(header: Sequence[str | None], columns: Sequence[Sequence[Any]]) -> int:
    """Gives how many rows hold a value in a second table beside the first, which has the names that events need once more.

    >>> rows_beside(["Case", "Event", "Date", None, "Case", "Event", "Date"], [["a"], ["x"], ["2019"], [None], ["b"], ["x"], ["2019"]])
    1
    """
    met: set[str] = set()
    again: dict[int, str] = {}
    for place, name in enumerate(header):
        key = normalised(name or "")
        if key in met and key:
            again[place] = name or ""
        met.add(key)
    if count_roles(list(again.values())) < len(REQUIRED_ROLES):
        return 0
    return sum(any(cell not in _BLANK for cell in cells) for cells in zip(*(columns[place] for place in again), strict=True))


def as_above(column: Sequence[Any]) -> tuple[Sequence[Any], int]:
    """Gives a column with the value above in place of each ditto mark, and how many there were; a mark with nothing above it stays.

    >>> as_above(["a", '"', "b", "dito"])
    (['a', 'a', 'b', 'b'], 2)
    """
    if _DITTO.isdisjoint(column):
        return column, 0
    made: list[Any] = []
    replaced = 0
    for value in column:
        is_mark = value in _DITTO and bool(made) and made[-1] not in _BLANK
        made.append(made[-1] if is_mark else value)
        replaced += is_mark
    return made, replaced
