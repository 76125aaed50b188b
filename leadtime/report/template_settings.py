"""The settings sheet of the workbook for data entry, and what its sheets share: headings, checks of cells, and paper."""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING, Any, Literal

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from leadtime.ingest.settings import SETTINGS, Setting
from leadtime.words import Language, Words, words

if TYPE_CHECKING:
    from leadtime.pathway import Pathway

__all__ = ["FONT", "Language", "checked", "headed", "heightened", "print_on_a4", "write_settings"]
FONT = "Calibri"  # as openpyxl names it for other cells
_HELP = 62  # characters beside each other
_HEAD, _TO_FILL = PatternFill("solid", fgColor="1F4E79"), PatternFill("solid", fgColor="FFF8E1")
_LINE = Side("thin", color="BFBFBF")
_FRAME = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_TOP = Alignment(wrap_text=True, vertical="top")
_PLACES = max(one.places for one in SETTINGS)


def write_settings(sheet: Any, pathway: Pathway | None, activities: str, language: Language) -> None:
    """Writes the sheet: a row a setting, its cells to fill in (those of the usual settings filled already), and how.

    Args:
        sheet: an empty sheet.
        pathway: what it declares is filled in.
        activities: the range of cells with the choices for activities.
        language: of its words.
    """
    text = words(language)
    values = [text.say("template.value"), *(text.say("template.value_n", {"n": place}) for place in range(2, _PLACES + 1))]
    for place, head in enumerate([text.say("template.setting"), *values, text.say("template.set_help")], start=1):
        headed(sheet.cell(1, place), head)
        sheet.column_dimensions[get_column_letter(place)].width = 34 if place == 1 else 20 if place <= _PLACES + 1 else _HELP
    filled = _filled(pathway, language)
    for row, one in enumerate(SETTINGS, start=2):
        sheet.cell(row, 1, text.say(f"template.set_{one.key}")).font = Font(name=FONT, bold=True)
        for place, value in enumerate(filled.get(one.key, ()), start=2):
            sheet.cell(row, place, value)
        for place in range(2, one.places + 2):
            cell = sheet.cell(row, place)
            cell.fill, cell.border, cell.number_format = _TO_FILL, _FRAME, "yyyy-mm-dd" if one.holds == "date" else "General"
        told = sheet.cell(row, _PLACES + 2, text.say(f"template.set_{one.key}_help"))
        heightened(sheet, row, told.value, _HELP)
        for place in range(1, _PLACES + 3):
            sheet.cell(row, place).alignment = _TOP
        _check(sheet, one, row, activities, language)
    sheet.freeze_panes = "B2"


def _filled(pathway: Pathway | None, language: Language) -> dict[str, tuple[Any, ...]]:
    """What stands in the sheet from the start: what a pathway declares, else what is usual here."""
    text = words(language)
    found: dict[str, tuple[Any, ...]] = {"language": (language,), "profile": ("se-5",), "timezone": ("Europe/Stockholm",)}
    if pathway is None:
        usual = dict.fromkeys(("start_rule", "stop_rule"), (text.say("template.rule_first"),))
        return found | usual | {name: (text.say(f"cohort.{name}"),) for name in ("before", "after")}
    design = pathway.comparison
    found |= {"name": (pathway.name,), "timezone": (pathway.log.timezone or "Europe/Stockholm",)}
    found |= {"before": (design.before or "before",), "after": (design.after or "after",)}
    dates = {"observed_until": pathway.log.observed_until, "break_date": design.break_date}
    found |= {name: (_day(date),) for name, date in dates.items() if date}
    found |= {"washout": (design.washout,)} if design.washout is not None else {}
    return found | (_milestones(pathway) | _rules(pathway, text) if _fits(pathway) else {})


def _fits(pathway: Pathway) -> bool:
    """Whether the sheet can say what the pathway says of clock and cohorts, so that both give the same lead times and the same change."""
    design, clock = pathway.comparison, pathway.clock
    said = dict.fromkeys(("before", "after", "break_date", "washout"), None)
    plain = design.by in (None, "cohort") and design.model_copy(update=said | {"by": None}) == type(design)()
    stops = [pathway.milestones[name] for name in pathway.stop]
    rules = {(stop.rule, stop.n) for stop in stops}
    # Each activity that stops the clock becomes a stop of its own, whose last isn't the last of several.
    alike = rules == {("first", 1)} or (len(rules) == 1 and all(len(stop.activities) == 1 for stop in stops))
    between = [milestone for name, milestone in pathway.milestones.items() if name not in (pathway.start, *pathway.stop)]
    firsts = all(milestone.rule == "first" for milestone in between)
    return plain and alike and firsts and not pathway.pauses and clock == type(clock)()


def _rules(pathway: Pathway, text: Words) -> dict[str, tuple[str | int]]:
    """Which of several events starts the clock, and which stops it."""
    ends = {"start_rule": pathway.milestones[pathway.start], "stop_rule": pathway.milestones[pathway.stop[0]]}
    return {key: (one.n if one.rule == "nth" else text.say(f"template.rule_{one.rule}"),) for key, one in ends.items()}


def _milestones(pathway: Pathway) -> dict[str, tuple[str, ...]]:
    """The activities of the milestones; what is too much for the cells is joined in the last. Steps of several activities can't be said."""
    steps = [name for name in pathway.order if name != pathway.start and name not in pathway.stop]
    steps = steps if all(len(pathway.milestones[name].activities) == 1 for name in steps) else []
    parts = {"start": (pathway.start,), "stop": pathway.stop, "steps": tuple(steps)}
    named = {key: [text for name in names for text in pathway.milestones[name].activities] for key, names in parts.items()}
    named["exits"] = [activity for part in pathway.exits.values() for activity in part.activities]
    return {key: (*texts[: _PLACES - 1], "; ".join(texts[_PLACES - 1 :])) if len(texts) > _PLACES else tuple(texts)
            for key, texts in named.items()}  # fmt: skip


def _day(text: str) -> datetime.date | str:
    """A date as a workbook has it; a text that is none stays."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return text


def _check(sheet: Any, one: Setting, row: int, activities: str, language: Language) -> None:
    """The check of a setting's cells, with its help beside the cell that is chosen."""
    text = words(language)
    if one.holds == "days":
        check = DataValidation(type="whole", operator="greaterThanOrEqual", formula1="0", allow_blank=True)
        check.error, check.showErrorMessage = text.say("template.not_days"), True
    elif one.holds in ("choice", "activities", "rule"):
        listed = one.choices if one.holds == "choice" else (text.say("template.rule_first"), text.say("template.rule_last"), "2", "3")
        choices = activities if one.holds == "activities" else f'"{",".join(listed)}"'
        check = checked("list", language, choices=choices, strict=one.holds != "activities")
    else:
        check = checked("date", language) if one.holds == "date" else DataValidation()
    check.errorTitle = check.promptTitle = text.say(f"template.set_{one.key}")[:32]
    check.prompt, check.showInputMessage = text.say(f"template.set_{one.key}_help")[:255], True
    sheet.add_data_validation(check)
    check.add(f"B{row}:{get_column_letter(one.places + 1)}{row}")


def checked(holds: Literal["list", "date"], language: Language, *, choices: str | None = None, strict: bool = False) -> DataValidation:
    """Gives the check of cells that hold dates or choices of a list; another choice is warned of, refused only where `strict`."""
    text = words(language)
    if holds == "list":
        check = DataValidation(type="list", formula1=choices, allow_blank=True, errorStyle="stop" if strict else "warning")
        check.error = text.say("template.not_in_list")
    else:
        # 36526 is 2000-01-01 and 73050 is 2099-12-31 as Excel counts days.
        check = DataValidation(type="date", operator="between", formula1="36526", formula2="73050", allow_blank=True)
        check.error = text.say("template.not_a_date")
    check.showErrorMessage = True
    return check


def headed(cell: Any, label: str) -> None:
    """Writes a heading into a cell."""
    cell.value = label
    cell.font = Font(name=FONT, bold=True, color="FFFFFF")
    cell.fill = _HEAD
    cell.alignment = Alignment(wrap_text=True, vertical="top")


def heightened(sheet: Any, row: int, line: str, width: int) -> None:
    """Gives a row the height that a text needs in a column of so many characters; not every program does so by itself."""
    if len(line) > width:
        sheet.row_dimensions[row].height = 15 * math.ceil(len(line) / width)


def print_on_a4(sheet: Any) -> None:
    """Lets a sheet be printed on A4, as wide as the paper."""
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"
