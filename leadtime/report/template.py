"""The empty workbook for data entry: events with drop-downs and date checks, an example row, and a guide; `read_log` reads it back.

Two more sheets take a value stream as a workshop knows it, now and in future; `value_stream` reads them.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from leadtime.columns import EXAMPLE_CASES
from leadtime.report.files import save_workbook
from leadtime.words import words

if TYPE_CHECKING:
    from leadtime.pathway import Pathway

__all__ = ["write_template"]

ROWS = 2000  # how far down the checks reach
_HEAD = PatternFill("solid", fgColor="1F4E79")
_EXAMPLE = Font(italic=True, color="7F7F7F")
STEPS = 60  # how many rows the sheets of a value stream check
_MAP: dict[str, str | float] = {
    "step": "", "after": "", "process_min": 0.5, "process_likely": 1, "process_max": 2, "wait_min": 10, "wait_likely": 20, "wait_max": 40,
    "percent_complete_accurate": 90,
}  # fmt: skip


@dataclass(frozen=True)
class _Column:
    """A column of the events sheet: its role, what it may hold, and its value in the example row."""

    role: str
    holds: Literal["text", "date", "list"]
    example: str
    choices: tuple[str, ...] = ()


def write_template(path: str | os.PathLike[str], *, pathway: Pathway | None = None, language: Literal["en", "sv"] = "sv") -> None:
    """Writes an empty workbook for data entry.

    Args:
        path: the .xlsx file to write; an existing one is replaced.
        pathway: its activities and cohorts become the choices of the drop-downs; without it common ones stand.
        language: of headings and guide.

    Raises:
        UsageError: the name doesn't end in .xlsx.
        ResourceError: the file can't be written.

    >>> import tempfile, pathlib, leadtime as lt
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_template(pathlib.Path(folder) / "events.xlsx", language="en")
    ...     (pathlib.Path(folder) / "events.xlsx").stat().st_size > 0
    True
    """
    text = words(language)
    columns = _columns(pathway, language)
    book: Any = Workbook()  # the stubs take a cell for read-only
    guide, events, lists = book.active, book.create_sheet(text.say("template.events")), book.create_sheet(text.say("template.lists"))
    guide.title = text.say("template.guide")
    _write_guide(guide, columns, language)
    ranges = _write_lists(lists, columns, language)
    _write_events(events, columns, ranges, language)
    for state in ("current", "future"):
        _write_map(book.create_sheet(text.say(f"template.map_{state}")), language)
    book.properties.title = text.say("template.title")
    book.properties.language = {"en": "en-GB", "sv": "sv-SE"}[language]
    book.properties.creator = "leadtime"
    save_workbook(book, Path(path))


def _columns(pathway: Pathway | None, language: Literal["en", "sv"]) -> tuple[_Column, ...]:
    text = words(language)
    activities = _activities(pathway) or tuple(text.say("template.activities").split("; "))
    comparison = pathway.comparison if pathway else None
    cohorts = tuple(label for label in (comparison.before, comparison.after) if label) if comparison else ()
    units = tuple(text.say("template.units").split("; "))
    return (
        _Column("case_id", "text", EXAMPLE_CASES[language]),
        _Column("activity", "list", activities[0], activities),
        _Column("start", "date", "2019-03-14"),
        _Column("end", "date", ""),
        _Column("unit", "list", units[0], units),
        _Column("cohort", "list", (cohorts or ("before",))[0], cohorts or ("before", "after")),
    )


def _activities(pathway: Pathway | None) -> tuple[str, ...]:
    """The activities that a pathway names, milestones first, in its order."""
    if pathway is None:
        return ()
    order = [*pathway.order, *(name for name in pathway.milestones if name not in pathway.order)]
    named = [activity for name in order for activity in pathway.milestones[name].activities]
    named += [activity for part in pathway.exits.values() for activity in part.activities]
    return tuple(dict.fromkeys([*named, *pathway.activities]))


def _write_guide(sheet: Any, columns: Sequence[_Column], language: Literal["en", "sv"]) -> None:
    text = words(language)
    lines = [text.say("template.title"), "", *text.say("template.how").split("\n"), ""]
    lines += [f"{text.say(f'template.{column.role}')}: {text.say(f'template.{column.role}_help')}" for column in columns]
    lines += ["", *text.say("template.map_how").split("\n")]
    for number, line in enumerate(lines, start=1):
        cell = sheet.cell(number, 1, line)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.font = Font(bold=number == 1, size=14 if number == 1 else 11)
    sheet.column_dimensions["A"].width = 100
    sheet.sheet_view.showGridLines = False


def _write_lists(sheet: Any, columns: Sequence[_Column], language: Literal["en", "sv"]) -> dict[str, str]:
    """The choices of the drop-downs, a column each; gives the cell range of each role's."""
    ranges: dict[str, str] = {}
    listed = [column for column in columns if column.holds == "list"]
    for place, column in enumerate(listed, start=1):
        letter = get_column_letter(place)
        _head(sheet.cell(1, place), words(language).say("template.choices", {"column": words(language).say(f"template.{column.role}")}))
        for row, choice in enumerate(column.choices, start=2):
            sheet.cell(row, place, choice).data_type = "s"
        sheet.column_dimensions[letter].width = 34
        # Twenty places more than there are choices, so that a unit may add its own.
        ranges[column.role] = f"'{sheet.title}'!${letter}$2:${letter}${len(column.choices) + 21}"
    return ranges


def _write_events(sheet: Any, columns: Sequence[_Column], ranges: dict[str, str], language: Literal["en", "sv"]) -> None:
    text = words(language)
    for place, column in enumerate(columns, start=1):
        letter = get_column_letter(place)
        _head(sheet.cell(1, place), text.say(f"template.{column.role}"))
        value = datetime.date.fromisoformat(column.example) if column.holds == "date" and column.example else column.example or None
        cell = sheet.cell(2, place, value)
        cell.font = _EXAMPLE
        sheet.column_dimensions[letter].width = 30 if column.holds == "list" else 18
        if column.holds == "date":
            for row in range(2, ROWS + 1):
                sheet.cell(row, place).number_format = "yyyy-mm-dd"
        check = _check(column, ranges, language)
        if check is not None:
            sheet.add_data_validation(check)
            check.add(f"{letter}2:{letter}{ROWS}")
    sheet.freeze_panes = "A2"


def _write_map(sheet: Any, language: Literal["en", "sv"]) -> None:
    """The sheet of a value stream: a row a step, with its times as the workshop knows them, and an example row that isn't counted."""
    text = words(language)
    for place, (name, example) in enumerate(_MAP.items(), start=1):
        letter = get_column_letter(place)
        _head(sheet.cell(1, place), text.say(f"template.map_{name}"))
        sheet.cell(1, place).alignment = Alignment(wrap_text=True, vertical="top")
        sheet.cell(2, place, EXAMPLE_CASES[language] if name == "step" else example or None).font = _EXAMPLE
        sheet.column_dimensions[letter].width = 28 if isinstance(example, str) else 15
        if not isinstance(example, str):
            most = "100" if name == "percent_complete_accurate" else "100000"
            check = DataValidation(type="decimal", operator="between", formula1="0", formula2=most, allow_blank=True)
            check.errorTitle, check.error, check.showErrorMessage = (
                text.say(f"template.map_{name}"),
                text.say("template.not_a_number"),
                True,
            )
            sheet.add_data_validation(check)
            check.add(f"{letter}2:{letter}{STEPS}")
    sheet.freeze_panes = "B2"


def _check(column: _Column, ranges: dict[str, str], language: Literal["en", "sv"]) -> DataValidation | None:
    """The rule for a column's cells; choices outside a list are warned of, not refused."""
    text = words(language)
    if column.holds == "list":
        check = DataValidation(type="list", formula1=ranges[column.role], allow_blank=True, errorStyle="warning")
        check.error = text.say("template.not_in_list")
    elif column.holds == "date":
        # 36526 is 2000-01-01 and 73050 is 2099-12-31 as Excel counts days.
        check = DataValidation(type="date", operator="between", formula1="36526", formula2="73050", allow_blank=True)
        check.error = text.say("template.not_a_date")
    else:
        return None
    check.errorTitle = text.say(f"template.{column.role}")
    check.showErrorMessage = True
    return check


def _head(cell: Any, label: str) -> None:
    cell.value = label
    cell.font = Font(bold=True, color="FFFFFF")
    cell.fill = _HEAD
