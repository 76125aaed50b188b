"""What stands in the cells of a workbook: columns looked through once, and their values as texts or as moments."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain
from types import NoneType
from typing import Any

from leadtime.engine.tables import Moments

__all__ = ["Column", "are_dates", "cell_text", "column_of", "columns_of", "midnights", "texts_of"]

_MIDNIGHT = time(0)
# Rows that are looked through at once: as many as the processor holds near itself, by which a large sheet takes half the time.
_AT_ONCE = 500


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its values, none where blank, the types among them, and which of the texts that were looked for it holds."""

    values: Sequence[Any]
    kinds: frozenset[type]
    met: frozenset[str]


def column_of(values: Sequence[Any], wanted: Collection[str] = ()) -> Column:
    """Gives a column with what is asked of all its values, so that a large sheet is gone through once.

    >>> column = column_of(["Remiss", "", "dito"], ["dito", "ditto"])
    >>> column.values, column.met
    (['Remiss', None, 'dito'], frozenset({'dito'}))
    """
    kinds = frozenset(map(type, values))
    met = frozenset(("", *wanted)).intersection(values) if str in kinds else frozenset[str]()
    if "" in met:
        values = [None if value == "" else value for value in values]
        kinds = frozenset(map(type, values))
    return Column(values, kinds, met - {""})


def columns_of(rows: Sequence[Sequence[Any]], width: int, wanted: Collection[str]) -> list[Column]:
    """Gives the columns of rows that are all of one width, as `column_of` does.

    >>> [column.values for column in columns_of([["a", 1], ["b", ""]], 2, [])]
    [['a', 'b'], [1, None]]
    """
    found: list[list[Column]] = [[] for _ in range(width)]
    for first in range(0, len(rows), _AT_ONCE):
        cells = list(chain.from_iterable(rows[first : first + _AT_ONCE]))
        for i, pieces in enumerate(found):
            pieces.append(column_of(cells[i::width], wanted))
    return [_joined(pieces) for pieces in found]


def _joined(pieces: Sequence[Column]) -> Column:
    values = list(chain.from_iterable(piece.values for piece in pieces))
    kinds, met = (piece.kinds for piece in pieces), (piece.met for piece in pieces)
    return Column(values, frozenset[type]().union(*kinds), frozenset[str]().union(*met))


def are_dates(columns: Iterable[Column]) -> bool:
    """Whether the date-times of a column, which may stand in several sheets, are all midnights."""
    timed = [column for column in columns if {date, datetime} & column.kinds]
    return bool(timed) and all(datetime not in column.kinds or midnights(column.values) for column in timed)


def texts_of(column: Column, *, dates: bool) -> Sequence[str | None] | Moments:
    """Gives a column's values as texts; the commonest kinds each by their own function, since a sheet has many cells."""
    if column.kinds <= {str, NoneType}:
        return column.values
    if column.kinds <= {date, datetime, NoneType}:
        return Moments(column.values, of_days=dates)
    # The quick reader gives a date for a date-time at midnight.
    write: dict[type, Callable[[Any], str | None]] = {datetime: _day, date: _day} if dates else {datetime: str, date: _midnight}
    write |= {str: str, int: str}
    return [write.get(type(value), cell_text)(value) for value in column.values]


def _day(value: date) -> str:
    return value.isoformat()[:10]


def _midnight(value: date) -> str:
    return f"{value.isoformat()} 00:00:00"


def midnights(values: Any) -> bool:
    """Whether the date-times among some values are all midnights, so that they hold dates; false where there is none.

    >>> midnights([datetime(2020, 1, 1), "x"]), midnights([datetime(2020, 1, 1), datetime(2020, 1, 1, 9)])
    (True, False)
    """
    found = False
    for value in values:
        if isinstance(value, datetime) and value == value:  # pandas' NaT, a datetime without a time, isn't equal to itself
            if value.tzinfo is not None or value.time() != _MIDNIGHT:
                return False
            found = True
        elif type(value) is date:
            found = True
    return found


def cell_text(value: Any, *, dates: bool = False) -> str | None:
    """Gives a cell's value as text, none where it is blank; `dates` says that the column's date-times are dates.

    >>> cell_text(12.0), cell_text(datetime(2020, 1, 2), dates=True), cell_text(datetime(2020, 1, 2, 9, 30)), cell_text(True)
    ('12', '2020-01-02', '2020-01-02 09:30:00', 'true')
    """
    if value is None:
        return None
    if isinstance(value, str):
        return value or None
    if isinstance(value, datetime):
        return value.date().isoformat() if dates else value.isoformat(sep=" ")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return None if math.isnan(value) else str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value)
