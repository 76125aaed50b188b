"""The empty workbook for data entry, with a guide: events, cases, settings and choices; `read_log` and `read_pathway` read it back.

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
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from leadtime.columns import EXAMPLE_CASES
from leadtime.report.files import save_workbook
from leadtime.report.template_settings import FONT, checked, headed, heightened, print_on_a4, write_settings
from leadtime.words import Language, words

if TYPE_CHECKING:
    from leadtime.pathway import Pathway

__all__ = ["write_template"]

ROWS = 2000  # how far down the checks reach
_EXAMPLE = Font(name=FONT, italic=True, color="767676")
STEPS = 60  # how many rows the sheets of a value stream check
_MAP: dict[str, str | float] = {
    "step": "", "after": "", "process_min": 0.5, "process_likely": 1, "process_max": 2, "wait_min": 10, "wait_likely": 20, "wait_max": 40,
    "percent_complete_accurate": 90,
}  # fmt: skip


@dataclass(frozen=True)
class _Column:
    """A column of a sheet with rows: its role, what it may hold, and its value in the example row."""

    role: str
    holds: Literal["text", "date", "list"]
    example: str
    choices: tuple[str, ...] = ()


def write_template(path: str | os.PathLike[str], *, pathway: Pathway | None = None, language: Language = "sv") -> None:
    """Writes an empty workbook for data entry, which one command turns into a report.

    Args:
        path: the .xlsx file to write; an existing one is replaced.
        pathway: its activities and cohorts become the choices of the drop-downs, and what it declares stands in the settings; without it
            common ones stand.
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
    events, cases = _columns(pathway, language)
    book: Any = Workbook()  # the stubs take a cell for read-only
    sheets = {name: book.create_sheet(text.say(f"template.{name}")) for name in ("settings", "events", "cases", "lists")}
    book.active.title = text.say("template.guide")
    _write_guide(book.active, (("events", events), ("cases", cases)), language)
    ranges = _write_lists(sheets["lists"], (*events, *cases), language)
    write_settings(sheets["settings"], pathway, ranges["activity"], language)
    _write_rows(sheets["events"], events, ranges, language)
    _write_rows(sheets["cases"], cases, ranges, language)
    for state in ("current", "future"):
        _write_map(book.create_sheet(text.say(f"template.map_{state}")), language)
    for sheet in book.worksheets:
        print_on_a4(sheet)
    book.properties.title = text.say("template.title")
    book.properties.language = {"en": "en-GB", "sv": "sv-SE"}[language]
    book.properties.creator = "leadtime"
    save_workbook(book, Path(path))


def _columns(pathway: Pathway | None, language: Language) -> tuple[tuple[_Column, ...], tuple[_Column, ...]]:
    """The columns of the events, and those of the cases."""
    text = words(language)
    comparison = pathway.comparison if pathway else None
    cohorts = tuple(label for label in (comparison.before, comparison.after) if label) if comparison else ()
    cohorts = cohorts or (("before", "after") if pathway else (text.say("cohort.before"), text.say("cohort.after")))
    activities = _activities(pathway) or tuple(text.say("template.activities").split("; "))
    units, sexes, sites, referrers, exits = (
        tuple(text.say(f"template.{name}").split("; ")) for name in ("units", "sexes", "sites", "referrers", "exit_reasons")
    )
    example = EXAMPLE_CASES[language]
    events = (
        _Column("case_id", "text", example), _Column("activity", "list", activities[0], activities), _Column("start", "date", "2019-03-14"),
        _Column("end", "date", ""), _Column("unit", "list", units[0], units),
    )  # fmt: skip
    cases = (
        _Column("case_id", "text", example), _Column("birth_date", "date", "2016-05-20"), _Column("sex", "list", sexes[0], sexes),
        _Column("cohort", "list", cohorts[0], cohorts), _Column("site", "list", sites[0], sites),
        _Column("referrer", "list", referrers[0], referrers), _Column("exit", "list", exits[0], exits),
        _Column("exit_date", "date", "2019-11-30"),
    )  # fmt: skip
    return events, cases


def _activities(pathway: Pathway | None) -> tuple[str, ...]:
    """The activities that a pathway names, milestones first, in its order."""
    if pathway is None:
        return ()
    order = [*pathway.order, *(name for name in pathway.milestones if name not in pathway.order)]
    named = [activity for name in order for activity in pathway.milestones[name].activities]
    named += [activity for part in pathway.exits.values() for activity in part.activities]
    return tuple(dict.fromkeys([*named, *pathway.activities]))


def _write_guide(sheet: Any, parts: Sequence[tuple[str, Sequence[_Column]]], language: Language) -> None:
    text = words(language)
    title = text.say("template.title")
    lines = [title, "", *text.say("template.how").split("\n")]
    heads = [title]
    for name, columns in parts:
        heads.append(text.say(f"template.{name}"))
        lines += ["", heads[-1]]
        lines += [f"{text.say(f'template.{column.role}')}: {text.say(f'template.{column.role}_help')}" for column in columns]
    lines += ["", *text.say("template.map_how").split("\n")]
    for number, line in enumerate(lines, start=1):
        cell = sheet.cell(number, 1, line)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.font = Font(name=FONT, bold=line in heads, size=14 if number == 1 else 11)
        heightened(sheet, number, line, 100)
    sheet.column_dimensions["A"].width = 100
    sheet.sheet_view.showGridLines = False


def _write_lists(sheet: Any, columns: Sequence[_Column], language: Language) -> dict[str, str]:
    """The choices of the drop-downs, a column each; gives the cell range of each role's."""
    ranges: dict[str, str] = {}
    listed = [column for column in columns if column.holds == "list"]
    for place, column in enumerate(listed, start=1):
        letter = get_column_letter(place)
        headed(sheet.cell(1, place), words(language).say("template.choices", {"column": words(language).say(f"template.{column.role}")}))
        for row, choice in enumerate(column.choices, start=2):
            sheet.cell(row, place, choice).data_type = "s"
        sheet.column_dimensions[letter].width = 30
        # Twenty places more than there are choices, so that a unit may add its own.
        ranges[column.role] = f"'{sheet.title}'!${letter}$2:${letter}${len(column.choices) + 21}"
    sheet.freeze_panes = "A2"
    return ranges


def _write_rows(sheet: Any, columns: Sequence[_Column], ranges: dict[str, str], language: Language) -> None:
    """A sheet with a row an event or a case: headings, an example that isn't counted, and checks of what is written below."""
    text = words(language)
    for place, column in enumerate(columns, start=1):
        letter = get_column_letter(place)
        headed(sheet.cell(1, place), text.say(f"template.{column.role}"))
        value = datetime.date.fromisoformat(column.example) if column.holds == "date" and column.example else column.example or None
        sheet.cell(2, place, value).font = _EXAMPLE
        sheet.column_dimensions[letter].width = 14 if column.holds == "date" else 24
        if column.holds == "date":
            # The whole column's, so that the sheet stays empty below the example; a column's style is no style of a cell that is there.
            sheet.column_dimensions[letter].number_format = sheet.cell(2, place).number_format = "yyyy-mm-dd"
        if column.holds != "text":
            check = checked(column.holds, language, choices=ranges.get(column.role))
            check.errorTitle = text.say(f"template.{column.role}")
            sheet.add_data_validation(check)
            check.add(f"{letter}2:{letter}{ROWS}")
    sheet.freeze_panes = "B2"


def _write_map(sheet: Any, language: Language) -> None:
    """The sheet of a value stream: a row a step, with its times as the workshop knows them, and an example row that isn't counted."""
    text = words(language)
    for place, (name, example) in enumerate(_MAP.items(), start=1):
        letter = get_column_letter(place)
        headed(sheet.cell(1, place), text.say(f"template.map_{name}"))
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
    sheet.row_dimensions[1].height = 30
    sheet.freeze_panes = "B2"
