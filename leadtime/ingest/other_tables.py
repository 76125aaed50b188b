"""What else stands on a sheet: a table beside the one that is read, one below it in another order, and marks that say "as above"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leadtime.columns import REQUIRED_ROLES, count_roles, normalised
from leadtime.ingest.cells import Column, column_of

__all__ = ["DITTO", "as_above", "rows_beside", "second_header"]

_BLANK = (None, "")
DITTO = frozenset({'"', "”", "“", "''", "´´", "〃", '-"-', "-”-", "-''-", '–"–', "–”–", '- " -', "- ” -", "dito", "ditto", "d:o"})
_FEWEST = 3  # names that a header has at the least


def second_header(header: Sequence[str | None], columns: Sequence[Column]) -> int | None:
    """Gives the place of the first row that names the header's columns in another order, so that other columns follow; none without one.

    The header's names are among the texts that each column was looked through for.

    >>> header = ["Case", "Event", "Date"]
    >>> second_header(header, [column_of(values, header) for values in (["a", "Event"], ["x", "Case"], ["2019", "Date"])])
    1
    """
    places = {text: place for place, text in enumerate(header) if text and text.strip()}
    named = [place for place, column in enumerate(columns) if not places.keys().isdisjoint(column.met)]
    if len(named) < _FEWEST:
        return None
    for place in range(len(columns[0].values)):
        found = {columns[i].values[place]: i for i in named if columns[i].values[place] in places}
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


def as_above(column: Column) -> tuple[Column, int]:
    """Gives a column with the value above in place of each ditto mark, and how many there were; a mark with nothing above it stays.

    The marks are among the texts that the column was looked through for.

    >>> made, count = as_above(column_of(["a", '"', "b", "dito"], DITTO))
    >>> made.values, count
    (['a', 'a', 'b', 'b'], 2)
    """
    if DITTO.isdisjoint(column.met):
        return column, 0
    made: list[Any] = []
    replaced = 0
    for value in column.values:
        is_mark = value in DITTO and bool(made) and made[-1] is not None
        made.append(made[-1] if is_mark else value)
        replaced += is_mark
    return column_of(made), replaced
