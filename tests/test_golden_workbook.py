"""A small workbook compared with the one that was looked at and kept: part by part as XML, and cell by cell as text that a person can read.

`LEADTIME_RENEW_GOLDEN=1 python -m pytest tests/test_golden_workbook.py` writes both anew; look at the difference before you commit it.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest

from leadtime.report import ChartBlock, Column, KeyFigure, Line, Report, Section, TableBlock, TextBlock
from leadtime.report.excel import workbook_bytes
from leadtime.results import Table

GOLDEN = Path(__file__).parent / "golden" / "workbook"
RENEW = os.environ.get("LEADTIME_RENEW_GOLDEN") == "1"


def small() -> Report:
    """A report with every kind of block, made by hand: it changes with the workbook's form only, never with a figure of the library."""
    cells = (("before", 96, 806.6, 0.32, "2 years 2.5 months"), ("after", "[c]", "not reached", -1.5, "=1+1"))
    columns = (
        Column("cohort", "Cohort"), Column("n", "Cases (n)", "count"), Column("days", "Median (days)", "days"),
        Column("ratio", "Ratio", "figure"), Column("in_words", "In words, with a heading that is long enough to be broken"),
    )  # fmt: skip
    curve = (Column("month", "Month", "count"), Column("share", "Still waiting (%)", "percent"))
    lines = (
        Line("before", ((0.0, 100.0), (6.0, 50.0)), 0, "curve"), Line("before, lower", ((0.0, 100.0), (6.0, 40.0)), 0, "lower"),
        Line("before, upper", ((0.0, 100.0), (6.0, 60.0)), 0, "upper"), Line("after", ((0.0, 100.0), (3.0, 10.0)), 1, "curve"),
    )  # fmt: skip
    chart = ChartBlock("chart", "Still waiting", "Months", "Still waiting (%)", lines, "Half are done after 6 months.", "curve")
    sections = (
        Section("cohorts", "The cohorts", (TextBlock(("Said before.",)), TableBlock("cohorts", "Cohorts", columns, cells))),
        Section("survival", "Still waiting over time", (chart, TableBlock("curve", "The curve", curve, ((0, 100), (6, 50))))),
        Section("audit", "What may bend it", (TextBlock(("Nothing was found.",)), TextBlock(("A note.",), "note"))),
    )
    return Report(
        "Lead times: example & test", "en", "se-5", "Fell from 2 years to 1 year. n = 96.", (("en", "Fell."),), ("Synthetic data.",),
        (KeyFigure("Median before", "2 years", "95 % CI 1 to 3 years"),), (("Period", "2014 to 2020"),), sections, Table("d", ("a",), ()),
    )  # fmt: skip


@pytest.fixture(scope="module")
def made() -> bytes:
    return workbook_bytes(small())


def indented(content: bytes) -> str:
    """A part's XML a tag a line, so that a difference can be read."""
    root = ElementTree.fromstring(content)  # noqa: S314 - a file that this test has just made
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def parts(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name.replace("/", "__").lstrip("."): indented(package.read(name)) for name in sorted(package.namelist())}


def dump(content: bytes) -> str:
    """What a reader sees: every sheet with its set-up, every cell with what it holds, tables, links and charts."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    lines = [f"title: {book.properties.title}; language: {book.properties.language}; author: {book.properties.creator}"]
    for sheet in book.worksheets:
        page = f"{sheet.page_setup.orientation}, one page wide" if sheet.page_setup.fitToWidth else str(sheet.page_setup.orientation)
        lines += ["", f"== {sheet.title} ({sheet.dimensions}; {page}; frozen at {sheet.freeze_panes}; heads {sheet.print_title_rows})"]
        lines += [f"width {letter}: {column.width:g}" for letter, column in sorted(sheet.column_dimensions.items())]
        lines += [f"table {table.displayName}: {table.ref}" for table in sheet.tables.values()]
        lines += [told(cell) for row in sheet.iter_rows() for cell in row if cell.value is not None]
        lines += [f"chart of {len(chart.series)} lines" for chart in sheet._charts]
    return "\n".join(lines) + "\n"


def told(cell) -> str:
    marks = [mark for mark, on in (("bold", cell.font.b), ("typed as text", cell.quotePrefix)) if on]
    marks += [cell.number_format] if isinstance(cell.value, (int, float)) else []
    marks += [f"to {cell.hyperlink.location}"] if cell.hyperlink else []
    return f"{cell.coordinate}: {cell.value!r}" + (f" ({', '.join(marks)})" if marks else "")


def kept(name: str, content: str) -> str:
    """The content that is kept under a name; written anew where that is asked for."""
    path = GOLDEN / name
    if RENEW:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="\n")
    return path.read_text(encoding="utf-8")


def test_every_cell_is_as_it_was_looked_at(made):
    assert dump(made) == kept("cells.txt", dump(made))


def test_every_part_of_the_package_is_as_it_was_kept(made):
    pinned = re.search(r"^openpyxl==(\S+)", (Path(__file__).parents[1] / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert pinned
    if metadata.version("openpyxl") != pinned[1]:
        pytest.skip(f"the XML is compared with openpyxl {pinned[1]} only, and this is {metadata.version('openpyxl')}")
    found = parts(made)
    if RENEW:
        for path in GOLDEN.glob("*.xml*"):
            path.unlink()
    else:
        assert {path.name for path in GOLDEN.iterdir()} == {*found, "cells.txt"}
    for name, content in found.items():
        assert content == kept(name, content), name


def test_a_changed_cell_would_be_seen(made):
    changed = replace(small(), key_figures=(KeyFigure("Median before", "3 years"),))
    assert dump(workbook_bytes(changed)) != dump(made)
    assert parts(workbook_bytes(changed)) != parts(made)
