"""A report as a workbook: a cover, linked contents, one table a sheet, native charts on data of their own; no formula anywhere."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Literal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.table import Table as SheetTable
from openpyxl.worksheet.table import TableColumn

from leadtime.exports import plain_text
from leadtime.report.cells import write, write_text
from leadtime.report.curves import add_chart
from leadtime.report.model import ChartBlock, Column, Kind, Report, Section, TableBlock, TextBlock
from leadtime.report.package import stable_bytes
from leadtime.report.texts import cleaned
from leadtime.words import words

__all__ = ["workbook_bytes"]

# openpyxl makes much of these when it runs, which its stubs don't know: properties, footers, print titles, styles of cells.
Book = Any
Sheet = Any
SheetCell = Any
Texts = tuple[tuple[str, ...], ...]
Styles = dict[tuple[int, ...], Any]

INK, ACCENT, PALE = "1F2933", "1F4E79", "E8EEF4"
_WIDEST, _WIDEST_OF_FEW, _NARROWEST = 40, 88, 9
_NOT_IN_NAMES = re.compile(r"[\\/*?:\[\]\n]")


def _font(
    size: int = 11, *, bold: bool = False, italic: bool = False, underline: Literal["single"] | None = None, color: str = INK
) -> Font:
    return Font(name="Calibri", family=2, size=size, bold=bold, italic=italic, underline=underline, color=color)


_TITLE = _font(16, bold=True, color=ACCENT)
_HEAD = _font(bold=True, color="FFFFFF")
_BODY = _font(color=INK)
_LINK = _font(color="0B5CAD", underline="single")
_NOTE = _font(italic=True, color="52606D")
_HEAD_FILL = PatternFill("solid", fgColor=ACCENT)
_NOTICE_FILL = PatternFill("solid", fgColor="FFF3CD")
_KEY_FILL = PatternFill("solid", fgColor=PALE)
_RULE = Border(bottom=Side(style="thin", color="CBD2D9"))
_TEXT = Alignment(vertical="top", horizontal="left", wrap_text=True, indent=1)
_NUMBER = Alignment(vertical="top", horizontal="right")
_TEXT_HEAD = Alignment(vertical="center", horizontal="left", wrap_text=True, indent=1)
_NUMBER_HEAD = Alignment(vertical="center", horizontal="right", wrap_text=True)


@dataclass
class _Book:
    """The workbook in the making: its sheets by title for the contents, and the alternative texts of its charts."""

    report: Report
    book: Book
    listed: list[tuple[str, str]] = field(default_factory=list)
    alternative: dict[int, tuple[str, str]] = field(default_factory=dict)

    def say(self, key: str) -> str:
        return words(self.report.language).say(key)

    def sheet(self, title: str, content: str = "") -> Sheet:
        # Sheet names may not hold some signs, nor more than 31 characters; openpyxl numbers those that are alike.
        made = self.book.create_sheet(_NOT_IN_NAMES.sub(" ", plain_text(title)).strip(" '")[:31].strip(" '") or "-")
        if content:
            self.listed.append((made.title, content))
        _set_up(made, self.report)
        return made


def workbook_bytes(report: Report) -> bytes:
    """Gives the bytes of a report's workbook; the same report gives the same bytes."""
    report = cleaned(report)
    made = _Book(report, Workbook())
    made.book.remove(made.book.worksheets[0])
    cover = made.sheet(made.say("report.cover_sheet"))
    contents = made.sheet(made.say("section.contents"))
    for section in report.sections:
        _write_section(section, made)
    _write_chart_data(made)
    _write_cover(cover, made)
    _write_contents(contents, made)
    properties = made.book.properties
    properties.title, properties.creator, properties.lastModifiedBy = report.title, "leadtime", "leadtime"
    properties.language = {"en": "en-GB", "sv": "sv-SE"}.get(report.language, report.language)
    return stable_bytes(made.book, alternative=made.alternative)


def _set_up(sheet: Sheet, report: Report) -> None:
    """A4, one page wide, with title and page number below; nothing selected but A1."""
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.5
    sheet.oddFooter.left.text = report.title.replace("&", "&&")
    sheet.oddFooter.right.text = "&P / &N"


def _write_cover(sheet: Sheet, made: _Book) -> None:
    """The cover on one page: notices, headline, key figures, facts."""
    report = made.report
    for column, width in zip("ABC", (30, 36, 56), strict=True):
        sheet.column_dimensions[column].width = width
    row = _line(sheet, 1, report.title, _font(20, bold=True, color=ACCENT))
    for notice in report.notices:
        row = _block(sheet, row + 1, notice, font=_font(bold=True, color=INK), fill=_NOTICE_FILL)
    row += 1
    for number, sentence in enumerate(_sentences(report.headline)):
        row = _block(sheet, row, sentence, font=_font(14, bold=True, color=INK) if number == 0 else _BODY)
    row += 1
    for figure in report.key_figures:
        row = _key(sheet, row, (figure.label, figure.figure, figure.beside))
    row += 1
    for term, fact in report.facts:
        row = _fact(sheet, row, term, fact)
    _link(sheet.cell(row + 1, 1), made.say("section.contents"), made.book.worksheets[1].title)
    sheet.page_setup.orientation = "landscape"


def _sentences(text: str) -> list[str]:
    """The headline a sentence a line, so that each can be read by itself."""
    return [f"{sentence.removesuffix('.')}." for sentence in text.split(". ")]


def _line(sheet: Sheet, row: int, text: str, font: Font) -> int:
    cell = sheet.cell(row, 1)
    write_text(cell, text)
    cell.font = font
    return row + 1


def _block(sheet: Sheet, row: int, text: str, *, font: Any, fill: PatternFill | None = None) -> int:
    """A paragraph across the cover, broken into lines that fit, as merged cells are left out."""
    for line in textwrap.wrap(text, int(116 * 11 / float(font.size or 11))):
        write_text(sheet.cell(row, 1), line)
        sheet.cell(row, 1).font = font
        for column in (1, 2, 3) if fill else ():
            sheet.cell(row, column).fill = fill
        row += 1
    return row


def _key(sheet: Sheet, row: int, texts: tuple[str, str, str]) -> int:
    """A key figure: what it is, the figure, and its limits."""
    fonts = (_font(bold=True, color=INK), _font(14, bold=True, color=ACCENT), _BODY)
    for column, (text, font) in enumerate(zip(texts, fonts, strict=True), start=1):
        cell = sheet.cell(row, column)
        write_text(cell, text)
        cell.font, cell.fill, cell.border = font, _KEY_FILL, _RULE
        cell.alignment = Alignment(vertical="center")
    sheet.row_dimensions[row].height = 24
    return row + 1


def _fact(sheet: Sheet, row: int, term: str, text: str) -> int:
    """A term and what it says, on as many rows as it takes."""
    write_text(sheet.cell(row, 1), term)
    sheet.cell(row, 1).font = _font(bold=True, color=INK)
    for line in textwrap.wrap(text, 92):
        write_text(sheet.cell(row, 2), line)
        sheet.cell(row, 2).font = _BODY
        row += 1
    return row


def _link(cell: SheetCell, text: str, target: str) -> None:
    """A cell hyperlink to another sheet's first cell."""
    write_text(cell, text)
    quoted = target.replace("'", "''")
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{quoted}'!A1", display=text)
    cell.font = _LINK


def _write_contents(sheet: Sheet, made: _Book) -> None:
    row = _line(sheet, 1, made.say("section.contents"), _TITLE)
    row = _line(sheet, row, made.say("report.contents_intro"), _NOTE) + 1
    columns = tuple(Column(key, made.say(f"report.column.{key}")) for key in ("sheet", "content"))
    block = TableBlock("contents", "", columns, tuple(made.listed))
    _write_table(sheet, row, block, block.shown(made.report.language))
    for offset, (title, _) in enumerate(made.listed, start=1):
        _link(sheet.cell(row + offset, 1), title, title)


def _write_section(section: Section, made: _Book) -> None:
    """A sheet for each chart and table of a section; what is said in text stands above the first of them, notes above the last."""
    said: list[TextBlock] = []
    for block in section.blocks:
        if isinstance(block, TextBlock):
            said.append(block)
    carriers = [block for block in section.blocks if not isinstance(block, TextBlock)]
    if not carriers:
        titles = words(made.report.language).texts  # short ones for those whose own is too long for a sheet
        sheet = made.sheet(titles.get(f"report.sheet.{section.key}", section.title), section.title)
        _head(sheet, section.title, said, made, 100)
    for block in carriers:
        own = _said_before(section, block)
        title = block.title if isinstance(block, TableBlock) else made.say("report.chart_sheet")
        sheet = made.sheet(title, _content(section, block))
        if isinstance(block, TableBlock):
            _table_sheet(sheet, section, block, own, made)
        else:
            _head(sheet, block.title, own, made, 100)


def _said_before(section: Section, block: TableBlock | ChartBlock) -> list[TextBlock]:
    """The texts that belong to a table or chart: those between the one before it and it, and, after the last or a chart, what follows."""
    place = section.blocks.index(block)
    before: list[TextBlock] = []
    for other in reversed(section.blocks[:place]):
        if not isinstance(other, TextBlock) or other.style == "note":
            break
        before.insert(0, other)
    for other in section.blocks[place + 1 :]:
        if not isinstance(other, TextBlock) or other.style != "note":
            break
        before.append(other)
    return before


def _content(section: Section, block: TableBlock | ChartBlock) -> str:
    """What the contents say of a sheet."""
    several = len(section.tables) + len(section.charts) > 1
    return f"{section.title}: {block.title}" if several and block.title != section.title else section.title


def _head(sheet: Sheet, title: str, said: list[TextBlock], made: _Book, width: int) -> int:
    """Title, the way back, and what is said above a table; gives the next free row."""
    row = _line(sheet, 1, title, _TITLE)
    _link(sheet.cell(row, 1), made.say("report.to_contents"), made.book.worksheets[1].title)
    row += 1
    for block in said:
        for paragraph in block.paragraphs:
            for line in textwrap.wrap(paragraph, max(60, width)):
                row = _line(sheet, row, line, _NOTE)
    return row + 1


def _table_sheet(sheet: Sheet, section: Section, block: TableBlock, said: list[TextBlock], made: _Book) -> None:
    texts = block.shown(made.report.language)
    widths = _widths(block, texts)
    title = block.title if len(section.tables) > 1 else section.title
    row = _head(sheet, title, said, made, int(sum(widths)))
    _write_table(sheet, row, block, texts)
    sheet.freeze_panes = sheet.cell(row + 1, 1)
    sheet.print_title_rows = f"{row}:{row}"
    sheet.page_setup.orientation = "landscape" if sum(widths) > 90 else "portrait"


def _write_table(sheet: Sheet, row: int, block: TableBlock, texts: Texts) -> None:
    """A header row and the rows of a table, whose cells are shown as some texts, as a named table."""
    widths = _widths(block, texts)
    labels = _unique(plain_text(column.label).replace("\n", " ") for column in block.columns)
    for place, (label, width) in enumerate(zip(labels, widths, strict=True), start=1):
        cell = sheet.cell(row, place)
        write_text(cell, label)
        cell.font, cell.fill = _HEAD, _HEAD_FILL
        cell.alignment = _TEXT_HEAD if block.columns[place - 1].kind == "text" else _NUMBER_HEAD
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.row_dimensions[row].height = 16 * max(_lines(label, width - 1) for label, width in zip(labels, widths, strict=True)) + 4
    styles: Styles = {}
    for offset, cells in enumerate(block.rows, start=1):
        for place, (value, column) in enumerate(zip(cells, block.columns, strict=True), start=1):
            cell = sheet.cell(row + offset, place)
            write(cell, value, column.kind)
            _dress(cell, column.kind, styles)
        tallest = max(map(_lines, texts[offset - 1], widths), default=1)
        sheet.row_dimensions[row + offset].height = 15.5 * tallest
    if block.rows:
        reference = f"A{row}:{get_column_letter(len(labels))}{row + len(block.rows)}"
        table = SheetTable(displayName=block.name, ref=reference)
        table.tableColumns = [TableColumn(id=place, name=label) for place, label in enumerate(labels, start=1)]
        sheet.add_table(table)


def _dress(cell: SheetCell, kind: Kind, styles: Styles) -> None:
    """Font, rule and alignment of a table's cell; all but the first of a look take them from it, as openpyxl compares whole fonts."""
    look = (kind == "text", *(cell._style or ()))
    if look not in styles:
        cell.font, cell.border, cell.alignment = _BODY, _RULE, _TEXT if kind == "text" else _NUMBER
        styles[look] = cell._style
    cell._style = copy(styles[look])


def _widths(block: TableBlock, texts: Texts) -> list[float]:
    """Column widths in characters: the longest cell, within bounds; headings may take two lines."""
    widths = []
    widest = _WIDEST_OF_FEW if len(block.columns) < 4 else _WIDEST
    for place, column in enumerate(block.columns):
        longest = max((len(row[place]) for row in texts), default=0)
        words_of_label = max((len(word) for word in column.label.split()), default=0)
        widths.append(float(min(widest, max(longest, words_of_label, -(-len(column.label) // 2), _NARROWEST)) + 3))
    return widths


def _lines(text: str, width: float) -> int:
    """How many lines a text takes in a column; a little is kept in hand, as fonts differ."""
    room = max(6, int((width - 2) * 0.95))
    if len(text) <= room and "\t" not in text:
        return 1
    return max(1, len(textwrap.wrap(text, room)))


def _unique(labels: Iterable[str]) -> list[str]:
    """Headings that a named table accepts: no two alike."""
    found: list[str] = []
    for label in labels:
        number, name = 2, label
        while name.casefold() in {other.casefold() for other in found}:
            name, number = f"{label} {number}", number + 1
        found.append(name)
    return found


def _write_chart_data(made: _Book) -> None:
    """The points of all charts on a sheet of their own, in one table; each chart is then put on its sheet."""
    charts = [chart for section in made.report.sections for chart in section.charts]
    if not charts:
        return
    said = {key: made.say(f"report.column.{key}") for key in ("series", "x", "y")}
    columns = (Column("series", said["series"]), Column("x", said["x"], "figure"), Column("y", said["y"], "figure"))
    rows = tuple((line.name, x, y) for chart in charts for line in chart.lines for x, y in line.points)
    sheet = made.sheet(made.say("report.data_sheet"), made.say("report.data_sheet"))
    first = _head(sheet, made.say("report.data_sheet"), [], made, 80)
    block = TableBlock("chart_data", "", columns, rows)
    _write_table(sheet, first, block, block.shown(made.report.language))
    sheet.freeze_panes = sheet.cell(first + 1, 1)
    sheet.print_title_rows = f"{first}:{first}"
    row = first + 1
    for number, chart in enumerate(charts, start=1):
        target = made.book[made.say("report.chart_sheet")]
        row = add_chart(target, chart, sheet, row)
        target.page_setup.orientation, target.page_setup.fitToHeight = "landscape", 1
        made.alternative[number] = (chart.title, chart.alt)
