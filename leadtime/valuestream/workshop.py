"""A workshop table checked: the steps of a stream with their times, and one clear line for whatever is wrong."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leadtime.columns import normalised
from leadtime.errors import InputError, did_you_mean
from leadtime.valuestream.headings import ACCURATE, AFTER, STEP
from leadtime.valuestream.tables import Sheet, sheets_of

__all__ = ["PlannedStep", "Spread", "holds_map", "read_map"]

_FUTURE = re.compile(r"future|framtid|framtida|börläge|to be|target|mål")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")


@dataclass(frozen=True)
class Spread:
    """A time that is only known roughly, in days: the least, the likeliest and the most."""

    least: float
    likely: float
    most: float


@dataclass(frozen=True)
class PlannedStep:
    """A step of a workshop table; `complete_accurate` is the share of what it hands on that the receiver can use as it is."""

    step: str
    after: tuple[str, ...]
    process: Spread
    wait: Spread
    complete_accurate: float | None


def read_map(source: str | os.PathLike[str] | Any) -> tuple[tuple[PlannedStep, ...], tuple[PlannedStep, ...] | None]:
    """Reads the current state of a value stream and, where a workbook has a sheet for it, the future one.

    Args:
        source: a path (.xlsx, .csv, .tsv), or a frame that narwhals knows.

    Raises:
        InputError: there is no such table, or something in it is wrong; the message names sheet, row and column.
    """
    sheets = sheets_of(source)
    if not sheets:
        raise InputError(
            f"'{source}' holds no workshop table: no row has the headings step, process_likely and wait_likely "
            "(steg, processtid trolig, väntan trolig); `leadtime template` writes an empty one"
        )
    current = [sheet for sheet in sheets if not _FUTURE.search(normalised(sheet.where))] or sheets[:1]
    future = [sheet for sheet in sheets if sheet not in current and sheet.rows]
    filled = [f"'{sheet.where}'" for sheet in current if sheet.rows]
    if len(filled) > 1 or len(future) > 1:
        raise InputError(f"{len(sheets)} sheets hold a workshop table ({', '.join(filled)}); keep one, and one with 'future' in its name")
    steps = _steps(current[0])
    return steps, _steps(future[0]) if future else None


def holds_map(path: str | os.PathLike[str]) -> bool:
    """Whether a file holds a workshop table with a step in it, and not, say, an event log.

    Raises:
        InputError: the file can't be read.
    """
    return any(sheet.rows for sheet in sheets_of(path))


def _steps(sheet: Sheet) -> tuple[PlannedStep, ...]:
    if not sheet.rows:
        raise InputError(f"{sheet.named}the table has headings but no step; fill in a row for each step")
    cells = _Cells(sheet)
    names = cells.names()
    accurate = cells.shares()
    after = cells.predecessors(names)
    steps = tuple(
        PlannedStep(
            name,
            after[place],
            cells.spread("process", place, first=False),
            cells.spread("wait", place, first=not after[place]),
            accurate[place],
        )
        for place, name in enumerate(names)
    )
    _refuse_circles(steps, sheet)
    return steps


@dataclass(frozen=True)
class _Cells:
    """The cells of a table, each read as what its column holds."""

    sheet: Sheet

    def value(self, place: int, name: str) -> Any:
        """The cell of a row in a column; None where it is blank, or the column isn't there."""
        heading = self.sheet.columns.get(name)
        row = self.sheet.rows[place][1]
        return None if heading is None or heading.place >= len(row) else row[heading.place]

    def wrong(self, place: int, name: str, trouble: str) -> InputError:
        """An error that names the cell."""
        heading = self.sheet.columns.get(name)
        return InputError(f"{self.sheet.named}row {self.sheet.rows[place][0]}, column '{heading.written if heading else name}': {trouble}")

    def names(self) -> list[str]:
        """The steps' names; every row has one, and no two are alike."""
        names: list[str] = []
        for place in range(len(self.sheet.rows)):
            value = self.value(place, STEP)
            if value is None:
                raise self.wrong(place, STEP, "the step has no name; write one")
            name = str(value).strip()
            if name in names:
                raise self.wrong(
                    place, STEP, f"'{name}' stands in row {self.sheet.rows[names.index(name)][0]} too; give each step a name of its own"
                )
            names.append(name)
        return names

    def predecessors(self, names: Sequence[str]) -> list[tuple[str, ...]]:
        """What each step comes after; without any, each comes after the one before it in the table."""
        given = [self.value(place, AFTER) for place in range(len(names))]
        if all(value is None for value in given):
            return [(), *((name,) for name in names[:-1])]
        return [self._after(place, value, names) for place, value in enumerate(given)]

    def _after(self, place: int, value: Any, names: Sequence[str]) -> tuple[str, ...]:
        text = "" if value is None else str(value).strip()
        known = {normalised(name): name for name in names}
        if normalised(text) in known:
            return (known[normalised(text)],)
        parts = [part.strip() for part in re.split(r";|\n" if ";" in text or "\n" in text else r",", text)]
        for part in parts:
            if part and normalised(part) not in known:
                raise self.wrong(place, AFTER, f"'{part}' is no step of the table{did_you_mean(part, names)}")
        return tuple(dict.fromkeys(known[normalised(part)] for part in parts if part))

    def spread(self, kind: str, place: int, *, first: bool) -> Spread:
        """A time of a step in days; least and most are the likely one where they are blank. A first step may have no wait."""
        read = {name: self._days(place, f"{kind}_{name}") for name in ("min", "likely", "max")}
        likely = read["likely"]
        if likely is None:
            if first and all(value is None for value in read.values()):
                return Spread(0.0, 0.0, 0.0)
            raise self.wrong(place, f"{kind}_likely", "is empty; write a number, 0 where it takes no time")
        least = likely if read["min"] is None else read["min"]
        most = likely if read["max"] is None else read["max"]
        for name, other, wrong in (("min", "above", least > likely), ("max", "below", likely > most)):
            if wrong:
                values = [self._shown(place, f"{kind}_{which}") for which in (name, "likely")]
                raise self.wrong(place, f"{kind}_{name}", f"{values[0]} is {other} the likely {values[1]}; swap or mend them")
        return Spread(least, likely, most)

    def _shown(self, place: int, name: str) -> str:
        return str(self.value(place, name)).strip()

    def _days(self, place: int, name: str) -> float | None:
        number = self._number(place, name)
        if number is None:
            return None
        if number < 0:
            raise self.wrong(place, name, f"{self._shown(place, name)} is below 0; write a time of 0 or more")
        return number * self.sheet.columns[name].unit_days

    def _number(self, place: int, name: str, *, percent: bool = False) -> float | None:
        value = self.value(place, name)
        if value is None:
            return None
        if isinstance(value, str):
            text = value.strip().removesuffix("%").strip() if percent else value.strip()
            if not _NUMBER.fullmatch(text):
                raise self.wrong(place, name, f"'{value.strip()}' is no number; write a number such as 2.5")
            return float(text.replace(",", "."))
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if isinstance(value, bool) or not math.isfinite(number):
            raise self.wrong(place, name, f"'{value}' is no number; write a number such as 2.5")
        return number

    def shares(self) -> list[float | None]:
        """What the receiver could use as it is, as shares of 1; the whole column is either shares or percents."""
        read = [self._number(place, ACCURATE, percent=True) for place in range(len(self.sheet.rows))]
        for place, value in enumerate(read):
            if value is not None and not 0 <= value <= 100:
                raise self.wrong(place, ACCURATE, f"{self._shown(place, ACCURATE)} isn't between 0 and 100 percent")
        signed = any("%" in str(self.value(place, ACCURATE)) for place in range(len(read)))
        large = next((place for place, value in enumerate(read) if value is not None and value > 1), None)
        small = next((place for place, value in enumerate(read) if value is not None and 0 < value < 1), None)
        if large is not None and small is not None and not signed:
            raise self.wrong(
                small, ACCURATE, f"{self._shown(small, ACCURATE)} looks like a share, but {self._shown(large, ACCURATE)} in row "
                f"{self.sheet.rows[large][0]} like percent; write all as 0.9 or all as 90",
            )  # fmt: skip
        scale = 1.0 if large is None and not signed else 100.0
        return [None if value is None else value / scale for value in read]


def _refuse_circles(steps: Sequence[PlannedStep], sheet: Sheet) -> None:
    """Raises where steps wait for one another, naming them in order."""
    after = {step.step: step.after for step in steps}
    done: set[str] = set()
    while ready := {name for name, before in after.items() if name not in done and done.issuperset(before)}:
        done |= ready
    rest = [name for name in after if name not in done]
    if rest:
        chain = [rest[0]]
        while chain[-1] not in chain[:-1]:
            chain.append(next(name for name in after[chain[-1]] if name not in done))
        circle = chain[chain.index(chain[-1]) :]
        written = sheet.columns[AFTER].written
        raise InputError(
            f"{sheet.named}column '{written}': the steps wait for one another in a circle: {' after '.join(circle)}; mend one of them"
        )
