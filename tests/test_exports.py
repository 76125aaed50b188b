"""Claims on tables taken elsewhere: CSV, Markdown, LaTeX and notebook say the same figures, and nothing from data becomes live in them."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import leadtime as lt
from leadtime.errors import InputError, UsageError
from leadtime.exports import csv_bytes, latex_text, looks_live, markdown_text
from leadtime.report import Column, TableBlock
from leadtime.results import Result, Table

PAYLOADS = (
    "=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", "'=1", "\u200b=1", "\uff1d1", "=cmd|' /C calc'!A0", '=DDE("a";"b")',
       '=HYPERLINK("http://x.example","y")', "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "<svg onload=alert(1)>",
    "[y](javascript:alert(1))", "![y](http://x.example)", "http://x.example", "www.x.example", "a@x.example", "<http://x.example>", "`y`",
    "**y**", "_y_", "$x$", "a|b", "a\\|b", "\\input{/etc/passwd}", "\\write18{ls}", "%", "a & b", "# y", "~~y~~", "&lt;b&gt;", "^^41",
)  # fmt: skip
hostile = st.builds("".join, st.lists(st.one_of(st.sampled_from(PAYLOADS), st.text(max_size=6)), min_size=1, max_size=3))
# What an active sign of LaTeX may only follow: the backslash that makes it a sign.
_UNESCAPED = re.compile(r"(?<!\\)(?:\\\\)*[&%$#_{}^~]")
_COMMANDS = {
    r"\textbackslash", r"\textasciicircum", r"\textasciitilde", r"\textless", r"\textgreater", r"\textbar", r"\symbol", r"\begin", r"\end",
    r"\toprule", r"\midrule", r"\bottomrule",
}  # fmt: skip


KINDS = ("quality", "lead times", "flow table", "flow", "comparison", "estimate", "test", "audit", "split", "curve", "report")


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data):
        self.text += data


def cells(content: bytes, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


@given(hostile, st.sampled_from(["en", "sv"]))
def test_no_text_of_a_csv_file_is_taken_for_a_formula(text, language):
    content = csv_bytes((text, "b"), [(text, -1.5)], language=language)
    assert content.startswith(b"\xef\xbb\xbf")
    head, row = cells(content, ";" if language == "sv" else ",")
    assert row[1] == ("-1,5" if language == "sv" else "-1.5")
    for cell in (head[0], row[0]):
        assert not re.match("[\\s\u200b\ufeff]*[=+\\-@\t\r\n\uff1d]", cell)
        assert not re.search(r"[\x00-\x09\x0b-\x1f]", cell)


@given(hostile)
def test_no_text_of_a_notebook_table_is_markup(text):
    seen = Tags()
    seen.feed(Table("t", (text, "b"), ((text, 1),))._repr_html_())
    assert seen.tags <= {"table", "thead", "tbody", "tr", "th", "td"}
    assert seen.attributes <= {"scope"}


@given(hostile)
def test_no_text_of_a_markdown_table_is_markup_a_link_or_a_cell_more(text):
    table = markdown_text((text, "b"), [(text, 1)])
    head, marks, row = table.split("\n")
    assert marks == "|:--|--:|"
    for line in (head, row):
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3
        assert not re.search(r"<|>|(?<![\\\w]):(?=//)|(?<!\\)[`*\[\]$@!]", line)
        assert not re.search(r"(?i)\w://|www\.\w", line)


@given(hostile)
def test_no_text_of_a_latex_table_is_a_command(text):
    table = latex_text((text, "b"), [(text, 1)])
    inner = table.split("\\midrule\n")[1].split("\n\\bottomrule")[0]
    assert set(re.findall(r"\\[a-zA-Z]+", table)) <= _COMMANDS
    assert inner.endswith(r" & 1 \\")
    bare = re.sub(r"\\(?:[a-zA-Z]+\{(?:\d+)?\}|[&%$#_{}])|\{[\[*]\}", "", inner.removesuffix(r" & 1 \\"))
    assert not re.search(r"[\\&%$#_{}^~]", bare)


def test_a_negative_number_and_a_word_with_a_dash_stay_as_they_are():
    assert not looks_live("BVC - team")
    assert cells(csv_bytes(("a", "b"), [("BVC - team", -2.0)]), ",")[1] == ["BVC - team", "-2.0"]


def test_numbers_keep_all_their_digits_and_a_swedish_file_opens_in_a_swedish_spreadsheet(tmp_path):
    table = Table("t", ("unit", "days", "n", "open", "none"), (("Västra", 1 / 3, 7, True, None),))
    table.to_csv(tmp_path / "t.csv", language="sv")
    assert pd.read_csv(tmp_path / "t.csv", sep=";", decimal=",").to_dict("records")[0]["days"] == 1 / 3
    assert (tmp_path / "t.csv").read_bytes().decode("utf-8-sig").splitlines()[1] == "Västra;0,3333333333333333;7;true;"
    table.to_csv(tmp_path / "t.csv")
    assert pd.read_csv(tmp_path / "t.csv")["days"][0] == 1 / 3


def test_what_was_written_as_csv_is_read_back_as_it_was(tmp_path):
    frame = pd.DataFrame({"case_id": ["=1", "b"], "activity": ["@A", "B"], "start": ["2020-01-01", "2020-01-02"]})
    Table("log", tuple(frame.columns), tuple(frame.itertuples(index=False, name=None))).to_csv(tmp_path / "log.csv", language="sv")
    log = lt.read_log(tmp_path / "log.csv")
    assert sorted(log.session.collect(log.frame.select("case_id"))["case_id"]) == ["=1", "b"]
    assert set(log.activities) == {"@A", "B"}


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    """One result of each kind that a small log gives."""
    days = [(case, activity, day) for case in range(12) for activity, day in (("In", 1), ("Visit", 2), ("Out", 3 + case))]
    rows = [(f"c{case}", activity, f"2020-01-{day:02d}", "before" if case % 2 else "after") for case, activity, day in days]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start", "cohort"]), observed_until="2020-12-31")
    content = {"name": "p", "start": "in", "stop": "out", "milestones": {"in": {"activities": ["In"]}, "out": {"activities": ["Out"]}}}
    pathway = lt.read_pathway(content)
    times = lt.lead_times(log, pathway)
    comparison = lt.compare(times, by="cohort", before="before", after="after")
    found = [
        log.quality, times, lt.transitions(log), times.flow, comparison, comparison.median_ratio, comparison.test, comparison.audit,
        lt.time_split(log, pathway), comparison.cohorts[0].curve, lt.build_report(log, pathway, comparison),
    ]  # fmt: skip
    return dict(zip(KINDS, found, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_every_result_speaks_alike(results, kind, tmp_path):
    result = results[kind]
    assert isinstance(result.to_pandas(), pd.DataFrame)
    assert result.to_dict()["schema_version"] == 1
    assert "<table" in result._repr_html_()
    assert str(result)
    result.to_csv(tmp_path / "r.csv", language="sv")
    head, *rows = cells((tmp_path / "r.csv").read_bytes(), ";")
    assert len(head) > 1
    assert all(len(row) == len(head) for row in rows)
    assert result.to_markdown().count("\n") == len(rows) + 1
    assert result.to_latex().startswith(r"\begin{tabular}{")


def test_a_long_table_shows_its_first_rows_and_says_how_many_there_are():
    shown = Table("t", ("n",), tuple((n,) for n in range(5000)))._repr_html_()
    assert shown.count("<tr>") < 300
    assert "5,000 rows" in shown


def test_a_table_of_a_report_is_written_as_it_is_shown(tmp_path):
    block = TableBlock("t", "T", (Column("unit", "Enhet"), Column("days", "Dagar", "days")), (("=1", 2.5), ("b", "[c]")))
    block.to_csv(tmp_path / "t.csv", language="sv")
    assert (tmp_path / "t.csv").read_text(encoding="utf-8-sig") == "Enhet;Dagar\n'=1;2,5\nb;[c]\n"
    assert "| =1 | 2,5 |" in block.to_markdown(language="sv")
    assert r"b & {[}c] \\" in block.to_latex(language="sv")


@pytest.mark.parametrize("language", ["xx", "", "s v"])
def test_a_language_that_is_not_known_is_named(language, tmp_path):
    with pytest.raises(UsageError, match="language"):
        Table("t", ("a",), ((1,),)).to_csv(tmp_path / "t.csv", language=language)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="no folder"):
        Table("t", ("a",), ((1,),)).to_csv(tmp_path / "absent" / "t.csv")


def test_a_blank_of_a_table_is_blank_in_a_notebook_too():
    table = Table("t", ("measure", "mean"), (("W2", None), (None, 1.5)))
    assert "<td>W2</td><td></td>" in table._repr_html_()
    assert "not reached" not in table._repr_html_()
