"""Claims on the workbook and the page: the same numbers, nothing live, the same bytes, and real programs open them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

import leadtime as lt
from leadtime.exports import plain_text
from leadtime.report import ChartBlock, Column, KeyFigure, Line, Report, Section, TableBlock, TextBlock
from leadtime.report.excel import workbook_bytes
from leadtime.report.html import fragment, page
from leadtime.results import Table

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data_samples" / "mark_svenljunga"
LIVE = (
    "=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x.example","y")', "#N/A", "_x003D_1",
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><script>", "<svg onload=alert(1)>", "{{ 1 }}", "&amp;",
)  # fmt: skip


def read(language="sv", profile="se-5") -> Report:
    pathway = lt.read_pathway(SAMPLE / "pathway.toml")
    log = lt.read_log(SAMPLE / "events.csv", timezone=pathway.log.timezone, observed_until=pathway.log.observed_until)
    return lt.build_report(log, pathway, lt.compare(lt.lead_times(log, pathway)), language=language, profile=profile)


@pytest.fixture(scope="module")
def sample() -> Report:
    return read()


@pytest.fixture(scope="module")
def files(sample, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    sample.to_excel(folder / "report.xlsx")
    sample.to_html(folder / "report.html")
    return folder


def hostile(text: str) -> Report:
    """A report whose every text comes from data."""
    column = Column("a", text, "text")
    table = TableBlock("t", text, (column, Column("b", f"{text}2", "text")), ((text, text),))
    chart = ChartBlock(
        "c", text, text, text, (Line(text, ((0.0, 100.0), (1.0, 50.0)), 0, "curve"),), text, "t", text, ((text, ((1.0, text),)),)
    )
    section = Section("s", text, (TextBlock((text,)), chart, table))
    facts = ((text, text),)
    figures = (KeyFigure(text, text, text),)
    return Report(text, "en", "internal", text, (("en", text),), (text,), figures, facts, (section,), Table("d", ("a",), ()), text)


def parts_of(content: bytes) -> dict[str, bytes]:
    import io

    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def tree(content: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(content)  # noqa: S314 - a file that this test has just made


def parsed(cell: str) -> float | str:
    """A number as a page shows it in Swedish or English."""
    plain = cell.replace(" ", "").replace(",", ".")
    return float(plain) if re.fullmatch(r"-?\d+(\.\d+)?", plain) else cell


class Tables(HTMLParser):
    """The tables of a page by their id, as rows of texts; and all that could be live."""

    def __init__(self):
        super().__init__()
        self.tables, self.rows, self.cell, self.tags, self.links, self.attributes = {}, None, None, [], [], set()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links += [value for name, value in attrs if name in ("href", "src", "action", "data")]
        if tag == "table":
            self.rows = self.tables.setdefault(given["id"].removeprefix("table-"), [])
        elif tag == "tr" and self.rows is not None:
            self.rows.append([])
        elif tag in ("td", "th"):
            self.cell = ""

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.rows[-1].append(self.cell)
            self.cell = None
        elif tag == "table":
            self.rows = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data


def on_page(text: str) -> Tables:
    parser = Tables()
    parser.feed(text)
    return parser


def sheet_tables(path: Path) -> dict[str, list[list[object]]]:
    """The named tables of a workbook, as rows of values."""
    book = openpyxl.load_workbook(path)
    return {
        table.displayName: [[cell.value for cell in row] for row in sheet[table.ref]]
        for sheet in book.worksheets
        for table in sheet.tables.values()
    }


def test_every_number_is_the_same_in_the_report_the_workbook_the_page_and_the_terminal(sample, files):
    in_book, in_page = sheet_tables(files / "report.xlsx"), on_page((files / "report.html").read_text(encoding="utf-8")).tables
    printed = str(sample)
    for table in sample.tables:
        for number, row in enumerate(table.rows, start=1):
            for place, value in enumerate(row):
                written = in_book[table.name][number][place]
                assert ("" if written is None else written) == value
                shown = in_page[table.name][number][place]
                assert parsed(shown) == pytest.approx(value) if isinstance(value, float | int) else shown == value
                assert shown in printed
    for figure in sample.key_figures:
        assert figure.figure in (files / "report.html").read_text(encoding="utf-8")


def test_the_charts_of_workbook_and_page_are_drawn_from_the_reports_points(sample, files):
    chart = sample.section("survival").charts[0]
    in_book = sheet_tables(files / "report.xlsx")["chart_data"][1:]
    assert [tuple(row) for row in in_book] == [(line.name, x, y) for line in chart.lines for x, y in line.points]
    curves = [line for line in chart.lines if line.role == "curve"]
    drawn = re.findall(r'<polyline class="curve g\d" points="([^"]*)"', (files / "report.html").read_text(encoding="utf-8"))
    assert [len(points.split()) for points in drawn] == [len(line.points) for line in curves]


def test_the_steps_of_the_internal_curve_really_step():
    chart = read(profile="internal").section("survival").charts[0]
    for line in chart.lines:
        if line.role == "curve":
            assert all(a[0] == b[0] or a[1] == b[1] for a, b in zip(line.points, line.points[1:], strict=False))


class TestWorkbook:
    def test_no_formula_no_macro_no_comment_no_hidden_sheet_no_outside_link(self, files):
        parts = parts_of((files / "report.xlsx").read_bytes())
        assert not [name for name in parts if "vba" in name.lower() or "comment" in name or "externalLink" in name or "calcChain" in name]
        for name, content in parts.items():
            if name.startswith("xl/worksheets/sheet"):
                assert b"<f>" not in content
                assert b"<f " not in content
            assert b'TargetMode="External"' not in content
        assert b'state="hidden"' not in parts["xl/workbook.xml"]

    def test_each_sheet_has_at_most_one_table_a_frozen_header_and_no_merged_cells(self, files):
        for sheet in openpyxl.load_workbook(files / "report.xlsx").worksheets:
            assert isinstance(sheet, Worksheet)
            assert len(sheet.tables) <= 1
            assert not sheet.merged_cells.ranges
            assert sheet.sheet_view.selection[0].activeCell in (None, "A1") or sheet.freeze_panes
            assert sheet.page_setup.paperSize == "9" or int(sheet.page_setup.paperSize) == 9
            if sheet.tables and sheet.title not in ("Innehåll", "Contents"):
                first = next(iter(sheet.tables.values())).ref.split(":")[0]
                assert sheet.freeze_panes == f"A{int(first[1:]) + 1}"

    def test_the_contents_lead_to_every_sheet(self, files):
        book = openpyxl.load_workbook(files / "report.xlsx")
        links = [cell.hyperlink.location for row in book["Innehåll"].iter_rows() for cell in row if cell.hyperlink]
        assert {link.split("!")[0].strip("'") for link in links} == set(book.sheetnames) - {"Omslag", "Innehåll"}

    def test_the_chart_is_native_with_axis_titles_and_alternative_text(self, sample, files):
        parts = parts_of((files / "report.xlsx").read_bytes())
        chart = sample.section("survival").charts[0]
        drawing = tree(parts["xl/drawings/drawing1.xml"])
        described = [element.get("descr") for element in drawing.iter() if element.get("descr")]
        assert described == [chart.alt]
        xml = parts["xl/charts/chart1.xml"].decode()
        assert xml.count("<ser>") == len(chart.lines)
        assert chart.x_label in xml
        assert chart.y_label in xml
        assert 'smooth val="1"' not in xml

    def test_title_and_language_are_given_and_no_author(self, sample, files):
        properties = openpyxl.load_workbook(files / "report.xlsx").properties
        assert (properties.title, properties.language, properties.creator) == (sample.title, "sv-SE", "leadtime")

    @pytest.mark.parametrize("text", LIVE)
    def test_text_that_could_be_live_stays_text(self, text):
        parts = parts_of(workbook_bytes(hostile(text)))
        book = "".join(parts[name].decode() for name in parts if name.startswith("xl/worksheets/sheet"))
        assert "<f>" not in book
        assert 't="e"' not in book
        sheets = [tree(content) for name, content in parts.items() if name.startswith("xl/worksheets/sheet")]
        assert plain_text(text) in ["".join(cell.itertext()) for sheet in sheets for cell in sheet.iter() if cell.tag.endswith("}is")]

    def test_text_that_begins_like_a_formula_is_marked_as_typed_text(self, tmp_path):
        (tmp_path / "r.xlsx").write_bytes(workbook_bytes(hostile("=1+1")))
        for sheet in openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    if isinstance(cell.value, str) and cell.value.startswith("="):
                        assert cell.data_type == "s"
                        assert cell.quotePrefix

    @settings(max_examples=25)
    @given(st.text(min_size=1, max_size=40))
    def test_no_text_at_all_becomes_a_formula_or_breaks_the_file(self, text):
        parts = parts_of(workbook_bytes(hostile(text)))
        for name, content in parts.items():
            if name.endswith((".xml", ".rels")):
                tree(content)
            if name.startswith("xl/worksheets/sheet"):
                assert b"<f>" not in content


class TestPage:
    def test_it_loads_nothing_and_runs_nothing(self, files):
        text = (files / "report.html").read_text(encoding="utf-8")
        found = on_page(text)
        assert not {"script", "iframe", "object", "embed", "img", "link", "form", "base"} & set(found.tags)
        assert not [name for name in found.attributes if name.startswith("on") or name == "style"]
        assert all(link.startswith("#") for link in found.links)
        assert not re.search(r"https?://|url\(|@import", text)
        assert "default-src 'none'" in text

    def test_it_is_small_says_its_language_and_describes_its_charts(self, sample, files):
        text = (files / "report.html").read_text(encoding="utf-8")
        assert len(text.encode()) < 500_000
        assert '<html lang="sv">' in text
        assert f'<desc id="survival-alt">{sample.section("survival").charts[0].alt}</desc>' in text
        assert "<details>" in text

    @pytest.mark.parametrize("render", [page, fragment])
    @pytest.mark.parametrize("text", LIVE)
    def test_text_that_could_be_live_stays_text(self, text, render):
        found, plain = on_page(render(hostile(text))), on_page(render(hostile("plain")))
        assert found.tags == plain.tags
        assert found.attributes == plain.attributes

    def test_the_notebook_shows_the_same_content(self, sample):
        assert on_page(sample._repr_html_()).tables == on_page(page(sample)).tables


@pytest.mark.slow
def test_the_same_report_gives_the_same_bytes_in_another_zone_locale_and_hour(sample, files, tmp_path):
    """Threat T10."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); sys.path.insert(0, sys.argv[3])\n"
        "from test_report_files import read; from pathlib import Path; folder = Path(sys.argv[1])\n"
        "report = read(); report.to_excel(folder / 'report.xlsx'); report.to_html(folder / 'report.html')"
    )
    other = {**os.environ, "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-c", code, tmp_path, ROOT, ROOT / "tests"], check=True, env=other, cwd=tmp_path)
    for name in ("report.xlsx", "report.html"):
        assert (tmp_path / name).read_bytes() == (files / name).read_bytes()


@pytest.mark.parametrize("cases", [1, 2, 6])
@pytest.mark.parametrize("language", ["en", "sv"])
def test_sections_that_have_words_only_are_written(cases, language, tmp_path):
    """So few cases that no curve may be drawn: the section says so, on a sheet of its own."""
    rows = [(str(case), activity, f"2019-03-{day:02}") for case in range(cases) for activity, day in (("x", 5), ("y", 8 + case))]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start"]), observed_until="2019-12-31")
    report = lt.build_report(log, None, language=language)
    report.to_excel(tmp_path / "report.xlsx")
    report.to_html(tmp_path / "report.html")
    titles = {section.title for section in report.sections if all(isinstance(block, TextBlock) for block in section.blocks)}
    assert titles <= {row[1].value for row in openpyxl.load_workbook(tmp_path / "report.xlsx").worksheets[1].iter_rows()}


def test_the_page_and_the_workbook_need_no_matplotlib():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import leadtime.report.excel, leadtime.report.html, leadtime.report.build\nassert 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, ROOT], check=True)


@pytest.mark.slow
@pytest.mark.program("soffice", "pdftoppm")
def test_libreoffice_opens_the_workbook_and_prints_every_sheet_on_few_pages(files, tmp_path):
    home = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, files / "report.xlsx"]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    subprocess.run(["pdftoppm", "-r", "20", "-png", tmp_path / "report.pdf", tmp_path / "page"], check=True, timeout=120)
    sheets = len(openpyxl.load_workbook(files / "report.xlsx").sheetnames)
    assert sheets <= len(list(tmp_path.glob("page*.png"))) <= sheets + 6


@pytest.mark.program("chromium")
@pytest.mark.parametrize("size", ["1100,1600", "390,1600"])
def test_chromium_shows_the_page_without_a_complaint(files, tmp_path, size):
    picture = tmp_path / "page.png"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--enable-logging=stderr", "--v=0"]
    command = ["chromium", *options, f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={size}", f"--screenshot={picture}"]
    done = subprocess.run([*command, (files / "report.html").as_uri()], check=True, capture_output=True, text=True, timeout=120)
    assert picture.stat().st_size > 10_000
    assert "CONSOLE" not in done.stderr
