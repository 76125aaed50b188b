"""Claims on printed tables: read as they stand, every total recomputed, contradictions found, nothing hidden taken for nothing."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import leadtime as lt
from leadtime.disclosure import HIDDEN, MISSING

SAMPLES = Path(__file__).resolve().parents[1] / "data_samples"
SOFT = "\u00ad"
HEADER = [
    ["", "2017", "", "", "2018", "", "", "2019", "", "", f"Total{SOFT}summa"],
    [
        "",
        "Kurator",
        f"Psyko{SOFT}terapeut",
        "Psykolog",
        "kurator",
        "psyko-\nterapeut",
        "psykolog",
        "Kurator",
        "Psykoterapeut",
        "psykolog",
        "",
    ],
]
VISITS = [
    ["Töreboda", 56, None, 3, 79, None, 3, 93, None, 2, 236],
    ["Gullspång", 20, None, 25, 20, None, None, 133, None, 6, 204],
    ["Mariestad", 46, None, 21, 242, None, 37, 627, 326, 43, 1342],
    [f"Total{SOFT}summa", 122, None, 49, 341, None, 40, 853, 326, 51, 1782],
]


def verdicts(table: lt.PrintedTable) -> set[Any]:
    return set(table.totals.column("verdict"))


def refused(source: Any, kind: type[lt.LeadtimeError] = lt.InputError, **options: Any) -> str:
    with pytest.raises(lt.LeadtimeError) as caught:
        lt.read_printed_table(source, **options)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


def workbook(folder: Path, rows: list[list[Any]], *merged: str) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    book.save(folder / "made.xlsx")
    return folder / "made.xlsx"


def with_xml(path: Path, of_sheet: str) -> Path:
    """The workbook with something added before the end of its first sheet."""
    made = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.infolist():
            content = before.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                content = content.replace(b"</sheetData>", b"</sheetData>" + of_sheet.encode())
            after.writestr(entry, content)
    return made


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_every_total_of_the_visits_table_agrees(ending: str) -> None:
    table = lt.read_printed_table(SAMPLES / "visits_table" / f"table.{ending}")
    assert verdicts(table) == {"agrees"}
    assert len(table.totals.rows) == 4 + 10  # a sum a row, a sum a column
    assert table.contradictions.rows == ()


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_raised_by_adds_up_to_13_of_14_and_proposals_may_be_more_than_children(ending: str) -> None:
    table = lt.read_printed_table(SAMPLES / "sambu_mariestad" / f"table.{ending}")
    assert table.contradictions.rows == (("Lyft av", "Antal barn", 14.0, 13.0, 1.0),)
    found = {row["row"]: (row["recomputed"], row["verdict"]) for row in table.totals.records()}
    assert found["Föreslagen insats (flera per barn)"] == (17.0, "several")
    assert found["Samtycke"] == found["Ålder"] == (14.0, "agrees")


def as_frame() -> pd.DataFrame:
    years = [year or before for year, before in zip(HEADER[0][1:], ["", *["2017"] * 3, *["2018"] * 3, *["2019"] * 3], strict=True)]
    return pd.DataFrame(VISITS, columns=pd.MultiIndex.from_arrays([["", *years], HEADER[1]]))


def as_csv(folder: Path) -> Path:
    pd.DataFrame([*HEADER, *VISITS]).to_csv(folder / "visits.csv", header=False, index=False)
    return folder / "visits.csv"


def test_a_table_says_the_same_from_rows_a_frame_text_and_a_workbook(tmp_path: Path) -> None:
    rows = [*HEADER, *VISITS]
    sources: list[Any] = [
        rows, as_frame(), as_csv(tmp_path), workbook(tmp_path, rows, "B1:D1", "E1:G1", "H1:J1", "K1:K2"),
        SAMPLES / "visits_table" / "table.xlsx",
    ]  # fmt: skip
    read = [lt.read_printed_table(source) for source in sources]
    for table in read:
        assert table.cells.rows == read[0].cells.rows
        assert verdicts(table) == {"agrees"}


def test_the_caller_s_rows_and_frame_stay_as_they_are() -> None:
    frame, rows = as_frame(), [*HEADER, *VISITS]
    before, copied = frame.copy(), [list(row) for row in rows]
    lt.read_printed_table(frame)
    lt.read_printed_table(rows)
    pd.testing.assert_frame_equal(frame, before)
    assert rows == copied


def test_two_header_rows_give_each_cell_its_year_and_its_profession() -> None:
    table = lt.read_printed_table([*HEADER, *VISITS])
    found = {(cell["row"], cell["column_1"], cell["column_2"]): cell["value"] for cell in table.cells.records()}
    assert found["Mariestad", "2019", "Psykoterapeut"] == 326
    assert found["Gullspång", "2019", "Psykolog"] == 6
    assert found["Mariestad", "Totalsumma", ""] == 1342


def test_soft_hyphens_line_ends_and_drifting_case_are_one_spelling_and_noted() -> None:
    table = lt.read_printed_table([*HEADER, *VISITS])
    assert set(table.cells.column("column_2")) == {"Kurator", "Psykoterapeut", "Psykolog", ""}
    assert "'psykolog' = 'Psykolog'" in table.notes
    assert not any(SOFT in str(value) for row in table.cells.rows for value in row)


def test_blank_zero_and_suppressed_are_three_things() -> None:
    table = lt.read_printed_table([["", "n"], ["a", 0], ["b", None], ["c", "[c]"], ["d", "<5"], ["e", "_"], ["f", "1 342"], ["g", "−3"]])
    states = dict(zip(table.cells.column("row"), table.cells.column("state"), strict=True))
    assert states == {"a": "zero", "b": "blank", "c": "suppressed", "d": "suppressed", "e": "blank", "f": "value", "g": "value"}
    values = dict(zip(table.cells.column("row"), table.cells.column("value"), strict=True))
    assert (values["a"], values["b"], values["f"], values["g"]) == (0, None, 1342, -3)


def test_a_hidden_part_leaves_a_total_open_unless_it_cannot_be_reached() -> None:
    def verdict(total: int, hidden: str) -> object:
        return lt.read_printed_table([["", "n"], ["a", 10], ["b", hidden], ["Summa", total]]).totals.column("verdict")[0]

    assert verdict(13, "<5") == verdict(14, "<5") == verdict(99, "[c]") == "open"
    assert verdict(15, "<5") == verdict(9, "<5") == verdict(9, "[c]") == "contradiction"


def test_subtotals_within_the_rows_are_each_of_their_own_part() -> None:
    rows = [["", "n"], ["a", 1], ["b", 2], ["Summa öst", 3], ["c", 5], ["d", 6], ["Summa väst", 11], ["Totalt", 14]]
    assert verdicts(lt.read_printed_table(rows)) == {"agrees"}
    rows[6] = ["Summa väst", 12]
    assert [row[0] for row in lt.read_printed_table(rows).contradictions.rows] == ["Summa väst"]


def test_a_sum_a_year_is_of_that_year_s_columns() -> None:
    header = [["", "2018", "", "", "2019", "", "", "Totalt"], ["", "F", "P", "Summa", "F", "P", "Summa", ""]]
    assert verdicts(lt.read_printed_table([*header, ["a", 1, 2, 3, 4, 5, 9, 12], ["b", 1, 1, 2, 0, 1, 1, 3]])) == {"agrees"}
    wrong = lt.read_printed_table([*header, ["a", 1, 2, 3, 4, 5, 8, 12]])
    assert wrong.contradictions.rows == (("a", "2019 / Summa", 8.0, 9.0, -1.0),)


def test_shares_and_means_are_no_parts_of_a_total() -> None:
    rows = [["", "Antal", "Andel (%)", "Medelålder"], ["a", 1, 25, 7.5], ["b", 3, 75, 9], ["Totalt", 4, 100, 8.6]]
    table = lt.read_printed_table(rows)
    assert set(table.totals.column("column")) == {"Antal"}
    assert verdicts(table) == {"agrees"}
    assert table.tables[0].counts == ("Antal",)


def test_a_total_that_stands_only_in_the_text_can_be_given() -> None:
    rows = [["Grupp", "Svar", "Barn"], ["Lyft av", "Elevhälsa", 9], ["", "Rehab", 3], ["", "VC", 1], ["Ålder", "6-12", 7], ["", "13-18", 7]]
    assert lt.read_printed_table(rows).totals.rows == ()
    assert lt.read_printed_table(rows, total=14).contradictions.rows == (("Lyft av", "Barn", 14.0, 13.0, 1.0),)
    assert lt.read_printed_table(rows, total=14, several=["lyft av"]).contradictions.rows == ()
    assert verdicts(lt.read_printed_table([["", "n"], ["a", 1], ["b", 2]], total=3)) == {"agrees"}


def test_titles_footnotes_and_empty_rows_are_no_rows_of_the_table(tmp_path: Path) -> None:
    rows = [["Besök 2017-2019"], [], *HEADER, *VISITS, [], ["Källa: verksamheten"]]
    read = lt.read_printed_table(workbook(tmp_path, rows, "A1:K1"))
    assert read.cells.rows == lt.read_printed_table([*HEADER, *VISITS]).cells.rows


def test_disclosure_hides_in_the_visits_table_what_the_definitions_say() -> None:
    (table,) = lt.read_printed_table(SAMPLES / "visits_table" / "table.xlsx").tables
    (shown,) = lt.disclose(table).tables
    hidden = {str(row["row"]): [name for name, value in row.items() if value == HIDDEN] for row in shown.records()}
    psychologist = [f"{year} Psykolog" for year in (2017, 2018, 2019)]
    assert hidden == {"Töreboda": psychologist, "Gullspång": [], "Mariestad": psychologist, "Totalsumma": []}
    blank = [[value is None for value in row] for row in table.rows]
    assert [[value == MISSING for value in row] for row in shown.rows] == blank


def test_disclosure_of_breakdowns_knows_the_total_of_each_group() -> None:
    published = lt.disclose(lt.read_printed_table(SAMPLES / "sambu_mariestad" / "table.csv").tables)
    consent = next(table for table in published.tables if table.name == "Samtycke")
    # 14 - 13 would tell the one child.
    assert [row[1] for row in consent.rows] == [HIDDEN, HIDDEN, 14]
    assert sum(int(row["computable"] or 0) for row in published.audit.records()) == 0


counts = st.integers(0, 500)
grids = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(counts, min_size=width, max_size=width), min_size=1, max_size=5))


@given(grids, st.integers(1, 9), st.data())
def test_true_totals_agree_and_a_false_one_is_found(grid: list[list[int]], error: int, data: st.DataObject) -> None:
    header: list[object] = ["", *(f"unit {i}" for i in range(len(grid[0]))), "Totalt"]
    body = [[f"row {i}", *row, sum(row)] for i, row in enumerate(grid)]
    last: list[object] = ["Totalt", *map(sum, zip(*grid, strict=True)), sum(map(sum, grid))]
    assert verdicts(lt.read_printed_table([header, *body, last])) == {"agrees"}
    row = data.draw(st.integers(0, len(body) - 1))
    body[row][-1] = sum(grid[row]) + error
    found = lt.read_printed_table([header, *body, last]).contradictions.rows
    assert (f"row {row}", "Totalt", float(sum(grid[row]) + error), float(sum(grid[row])), float(error)) in found


cells = st.one_of(st.none(), st.integers(-9, 9), st.floats(), st.text(max_size=6), st.sampled_from(["Summa", "[c]", "<5", "1 000", "\0"]))


@given(st.lists(st.lists(cells, max_size=5), max_size=6))
def test_any_rows_are_a_table_or_an_error_of_one_line(rows: list[list[Any]]) -> None:
    try:
        states, said = lt.read_printed_table(rows).cells.column("state"), ""
    except lt.InputError as error:
        states, said = (), str(error)
    assert set(states) <= {"value", "zero", "blank", "suppressed", "text"}
    assert "\n" not in said


def test_one_merged_range_over_the_whole_sheet_fills_no_memory(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["", "n"], ["a", 1], ["Summa", 1]])
    huge = with_xml(path, '<mergeCells count="1"><mergeCell ref="C1:XFD1048576"/></mergeCells>')
    assert verdicts(lt.read_printed_table(huge)) == {"agrees"}
    many = with_xml(path, "<mergeCells>" + '<mergeCell ref="A1:XFD1048576"/>' * 10_001 + "</mergeCells>")
    assert "too many merged cells" in refused(many)


def test_a_formula_without_its_value_is_no_blank(tmp_path: Path) -> None:
    assert re.search(
        "cell B4 .* formula without its value", refused(workbook(tmp_path, [["", "n"], ["a", 1], ["b", 2], ["Summa", "=SUM(B2:B3)"]]))
    )


def test_what_is_no_printed_table_is_refused_in_one_line(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["", "n"], ["a", 1]])
    (tmp_path / "text.xlsx").write_text("a;b\n")
    (tmp_path / "large.csv").write_bytes(b"a;b\n" * 5_000_001)
    (tmp_path / "words.csv").write_text("a;b\nc;d\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "log.parquet").write_bytes(b"PAR1")
    with zipfile.ZipFile(tmp_path / "outside.xlsx", "w") as archive:
        archive.writestr("../../etc/passwd", "x")
    assert "isn't an Excel workbook" in refused(tmp_path / "text.xlsx")
    assert "larger than any printed table" in refused(tmp_path / "large.csv")
    assert "no table of numbers" in refused(tmp_path / "words.csv")
    assert "is empty" in refused(tmp_path / "empty.csv")
    assert "no printed table; give a .xlsx, .csv or .tsv" in refused(tmp_path / "log.parquet")
    assert "points outside" in refused(tmp_path / "outside.xlsx")
    assert "no file" in refused(tmp_path / "gone.xlsx")
    assert "no sheet 'Besök'" in refused(path, lt.UsageError, sheet="Besök")
    assert "holds no table" in refused([])
    assert "holds no table" in refused([["a"]])
    assert "no printed table" in refused([[1] * 1001] * 1000)
    assert "source is of type int" in refused(3, lt.UsageError)
    assert "label_columns=3 isn't allowed" in refused(path, lt.UsageError, label_columns=3)
    assert "several='a' is one text" in refused(path, lt.UsageError, several="a")


def test_shares_among_the_counts_are_no_header() -> None:
    table = lt.read_printed_table(
        [["Ort", "Antal", "Andel"], ["Töreboda", "1 200", "60 %"], ["Gullspång", "800", "40 %"], ["Totalt", "2 000", "100 %"]]
    )
    counts = [(row[0], row[2]) for row in table.cells.rows if row[1] == "Antal"]
    assert counts == [("Töreboda", 1200), ("Gullspång", 800), ("Totalt", 2000)]
    assert not table.contradictions.rows
