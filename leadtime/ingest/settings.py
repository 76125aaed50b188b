"""The settings sheet of a template workbook: what a project lead says in cells instead of in a pathway file, each value with its place.

The sheet is known by the heading of its first column, in any language of the catalogues; what it holds has the shape of a pathway file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Literal

from leadtime.calendars.zones import checked_zone
from leadtime.columns import normalised
from leadtime.errors import InputError, UsageError, did_you_mean
from leadtime.ingest.files import checked_path, format_of
from leadtime.ingest.workbook_file import SheetRows, first_rows
from leadtime.words import languages, words

__all__ = ["SETTINGS", "Setting", "Settings", "is_cases_name", "read_settings", "settings_in"]

Holds = Literal["text", "choice", "activities", "date", "days", "zone", "rule"]
_WITHIN, _HEAD_WITHIN = 200, 50  # rows of a sheet that are looked through, and in which its heading may stand
_PLACES = 4  # cells beside each other in which a setting of several activities is written
_BETWEEN = ";"
# What the names have in every language, so that the catalogues aren't read for any other workbook.
_MARK, _BRACKET = "leadtime", "("


@dataclass(frozen=True)
class Setting:
    """A line of the sheet: its key in the catalogue, what it holds, and what may be chosen where that is a short list."""

    key: str
    holds: Holds
    choices: tuple[str, ...] = ()

    @property
    def places(self) -> int:
        """In how many cells beside each other its values may stand."""
        return _PLACES if self.holds == "activities" else 1


SETTINGS = (
    Setting("name", "text"), Setting("language", "choice", ("sv", "en")), Setting("start", "activities"), Setting("stop", "activities"),
    Setting("steps", "activities"), Setting("exits", "activities"), Setting("observed_until", "date"), Setting("break_date", "date"),
    Setting("washout", "days"), Setting("before", "text"), Setting("after", "text"), Setting("timezone", "zone"),
    Setting("profile", "choice", ("se-5", "nhs-7-round5", "internal")), Setting("start_rule", "rule"), Setting("stop_rule", "rule"),
)  # fmt: skip


@dataclass(frozen=True)
class _Entry:
    """A value of the sheet as text, and the cell that it stands in."""

    cell: str
    value: str


@dataclass(frozen=True)
class Settings:
    """What a settings sheet says, by key; where it says nothing there is no key."""

    file: str
    sheet: str
    entries: Mapping[str, tuple[_Entry, ...]]
    cells: Mapping[str, str]  # where the first value of each setting is to be written

    def value(self, key: str) -> str | None:
        """Gives a setting of one value; None where its cell is blank."""
        found = self.entries.get(key)
        return found[0].value if found else None

    @property
    def declares_pathway(self) -> bool:
        """Whether anything is said of what starts or stops the clock."""
        return "start" in self.entries or "stop" in self.entries

    def pathway(self) -> dict[str, Any]:
        """Gives the content of a pathway file that says the same.

        Each stop, step and exit is a milestone or exit of its own, named as its activity; the start's activities are one milestone.
        Which of several occurrences counts is said of the start, and of each stop alike.

        Raises:
            InputError: start or stop is blank, or one activity has two parts to play; the message names sheet and cell.
        """
        for key in ("start", "stop"):
            if key not in self.entries:
                where = self.cells.get(key)
                place = f"{self._place(where)}" if where else f"'{self.file}', sheet '{self.sheet}'"
                raise InputError(f"{place} is blank: say which activity it is that {key}s the clock")
        self._require_apart()
        start, stops, steps, exits = ([entry.value for entry in self.entries.get(name, ())] for name in ("start", "stop", "steps", "exits"))
        milestones: dict[str, dict[str, Any]] = {name: {"activities": [name]} for name in (*steps, *stops)}
        milestones = {start[0]: {"activities": start, **self._rule("start_rule")}, **milestones}
        for name in stops:
            milestones[name] |= self._rule("stop_rule")
        return {
            "name": self.value("name") or Path(self.file).stem,
            "start": start[0],
            "stop": stops,
            "order": [start[0], *steps, *stops],
            "milestones": milestones,
            "exits": {name: {"activities": [name]} for name in exits},
            "log": self._some("timezone", "observed_until"),
            "comparison": self._some("before", "after", "break_date", "washout"),
        }

    def require_activities(self, known: Iterable[str]) -> None:
        """Looks whether any activity that starts the clock, and any that stops it, occurs among the events.

        Raises:
            InputError: none does; the message names the cell.
        """
        there = list(known)
        for key in ("start", "stop"):
            entries = self.entries.get(key, ())
            if entries and not any(entry.value in there for entry in entries):
                raise InputError(
                    f"{self._place(entries[0].cell)}: no event is called '{entries[0].value}'{did_you_mean(entries[0].value, there)}"
                )

    def _require_apart(self) -> None:
        seen: dict[str, str] = {}
        for key in ("start", "steps", "stop", "exits"):
            for entry in self.entries.get(key, ()):
                if entry.value in seen:
                    raise InputError(
                        f"{self._place(entry.cell)}: '{entry.value}' stands in cell {seen[entry.value]} already; "
                        "an activity starts the clock, is a step, stops it or is a way to leave, one of them"
                    )
                seen[entry.value] = entry.cell

    def _rule(self, key: str) -> dict[str, str | int]:
        """Which of several occurrences counts; the first where nothing is said."""
        said = self.value(key)
        if said is None:
            return {}
        return {"rule": "nth", "n": int(said)} if said.isdigit() else {"rule": said}

    def _some(self, *keys: str) -> dict[str, str | int]:
        found = {key: value for key in keys if (value := self.value(key)) is not None}
        return {key: int(value) if key == "washout" else value for key, value in found.items()}

    def _place(self, cell: str) -> str:
        return f"'{self.file}', sheet '{self.sheet}', cell {cell}"


def is_cases_name(sheet: str) -> bool:
    """Whether a sheet is called as the sheet of cases of a template is, in any language.

    >>> is_cases_name("Ärenden (en rad per barn)"), is_cases_name("Sheet1")
    (True, False)
    """
    return _BRACKET in sheet and normalised(sheet) in {normalised(words(language).say("template.cases")) for language in languages()}


def read_settings(source: str | os.PathLike[str]) -> Settings | None:
    """Gives what the settings sheet of a workbook says; None where it has none, or the file is no workbook.

    Raises:
        InputError: the file can't be read, or a setting isn't one that is allowed; the message names sheet and cell.
    """
    path = checked_path(source)
    if path.suffix.lower() not in (".xlsx", ".xlsm") or format_of(path) != "xlsx":
        return None
    return next((found for rows in first_rows(path, _WITHIN) if (found := settings_in(rows, path.name)) is not None), None)


def settings_in(rows: SheetRows, file: str) -> Settings | None:
    """Gives the settings of a sheet; None where it isn't a settings sheet.

    Raises:
        InputError: a setting isn't one that is allowed; the message names sheet and cell.
    """
    heads: set[str] = set()
    for start, row in enumerate(rows.rows[:_HEAD_WITHIN]):
        for place, cell in enumerate(row):
            if isinstance(cell, str) and _MARK in cell:
                heads = heads or {normalised(words(language).say("template.setting")) for language in languages()}
                if normalised(cell) in heads:
                    return _read(rows, file, start + 1, place)
    return None


def _read(rows: SheetRows, file: str, start: int, place: int) -> Settings:
    """The settings below a heading, one a row."""
    known = {normalised(words(language).say(f"template.set_{one.key}")): one for language in languages() for one in SETTINGS}
    entries: dict[str, tuple[_Entry, ...]] = {}
    cells: dict[str, str] = {}
    for number, row in zip(rows.numbers[start:], rows.rows[start:], strict=True):
        label = str(row[place] if place < len(row) and row[place] is not None else "").strip()
        where = f"'{file}', sheet '{rows.name}', cell "
        if not label:
            continue
        one = known.get(normalised(label))
        if one is None:
            names = [label for label, _ in sorted(_labels(known).items())]
            raise InputError(f"{where}{_cell(number, place)}: '{label}' is no setting{did_you_mean(label, names)}")
        if one.key in cells:
            raise InputError(f"{where}{_cell(number, place)}: '{label}' stands on two rows; keep one")
        cells[one.key] = _cell(number, place + 1)
        found = tuple(_values(one, label, number, row[place + 1 : place + 1 + _PLACES], place + 1, where))
        if found:
            entries[one.key] = found
    return Settings(file, rows.name, entries, cells)


def _labels(known: Mapping[str, Setting]) -> dict[str, Setting]:
    """The settings by their names as people read them."""
    return {words(language).say(f"template.set_{one.key}"): one for language in languages() for one in known.values()}


def _values(one: Setting, label: str, number: int, row: Sequence[Any], place: int, where: str) -> Iterable[_Entry]:
    """The values of a setting, each in a cell of its own or parted by semicolons."""
    for column, value in enumerate(row):
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        cell = _cell(number, place + column)
        if column >= one.places:
            raise InputError(f"{where}{cell}: '{label}' takes one value, in cell {_cell(number, place)}; empty this one")
        parts = str(value).split(_BETWEEN) if one.holds == "activities" else [value]
        for part in parts:
            text = _checked(one, label, part.strip() if isinstance(part, str) else part, f"{where}{cell}")
            if text:
                yield _Entry(cell, text)


def _checked(one: Setting, label: str, value: Any, where: str) -> str:
    """A value as text; one that isn't allowed is told with what is."""
    if one.holds == "date":
        return _day(value, label, where)
    if one.holds == "days":
        return _days(value, label, where)
    if one.holds == "rule":
        return _occurrence(value, label, where)
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if one.holds == "choice":
        text = text.casefold()
        if text not in one.choices:
            raise InputError(f"{where}: '{value}' isn't allowed as '{label}'; write {', '.join(one.choices)}")
    if one.holds == "zone":
        try:
            checked_zone(text)
        except UsageError:
            raise InputError(
                f"{where}: '{value}' isn't allowed as '{label}'; write a time zone such as Europe/Stockholm, or nothing"
            ) from None
    return text


def _day(value: Any, label: str, where: str) -> str:
    """A day in ISO's spelling."""
    if isinstance(value, datetime) and value.time() == time(0):
        return value.date().isoformat()
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    try:
        if isinstance(value, str):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise InputError(f"{where}: '{value}' isn't allowed as '{label}'; write a day, as 2019-03-14")


def _days(value: Any, label: str, where: str) -> str:
    """A whole number of days."""
    try:
        number = float(value) if not isinstance(value, bool) else -1.0
    except (TypeError, ValueError):
        number = -1.0
    if number < 0 or not number.is_integer():
        raise InputError(f"{where}: '{value}' isn't allowed as '{label}'; write a whole number of days, 0 or more")
    return str(int(number))


def _occurrence(value: Any, label: str, where: str) -> str:
    """Which of several events counts: first or last, in any language, or the number of the one that does."""
    text = normalised(str(int(value)) if isinstance(value, float) and value.is_integer() else str(value))
    for said in ("first", "last"):
        if text in (said, *(normalised(words(language).say(f"template.rule_{said}")) for language in languages())):
            return said
    if text.isascii() and text.isdigit() and int(text):
        return str(int(text))
    raise InputError(f"{where}: '{value}' isn't allowed as '{label}'; write first, last, or a number such as 2")


def _cell(row: int, column: int) -> str:
    """The name of a cell, its column counted from 0."""
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(column + 1)}{row}"
