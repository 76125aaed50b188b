"""Row accounting: every row read is kept or rejected with its place and reason, whatever the file holds."""

# ruff: noqa: DTZ001 - local clocks, as they stand in a file; the zone is the log's
from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import leadtime as lt

HEADER = "Ärende;Händelse;Start;Slut;Anm\n"


def written(folder: Path, body: str, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_bytes((HEADER + body).encode())
    return path


def accounted(log: lt.EventLog) -> None:
    quality = log.quality
    assert quality.rows_read == quality.rows_kept + quality.rows_rejected
    assert quality.rows_rejected == sum(quality.rejected_by_reason.values()) == len(log.rejected.rows)
    assert quality.rows_kept == len(log)


REASONS = [
    (" ;x;2019-01-01;;", "no case id", "Ärende", None),
    ("1;;2019-01-01;;", "no activity", "Händelse", None),
    ("1;x;;;", "no start", "Start", None),
    ("1;x;soon;;", "unreadable start", "Start", "soon"),
    ("1;x;2019-02-30;;", "unreadable start", "Start", "2019-02-30"),
    ("1;x;2019-01-01 25:00;;", "unreadable start", "Start", "2019-01-01 25:00"),
    ("1;x;2019-01-01;later;", "unreadable end", "Slut", "later"),
    ("1;x;2019-01-02;2019-01-01;", "end before start", "Slut", "2019-01-01"),
    ("1;x;2019-01-01 10:00;2019-01-01 09:59:59.999999;", "end before start", "Slut", "2019-01-01 09:59:59.999999"),
    ("1;x;2019-01-02 10:00;2019-01-01;", "end before start", "Slut", "2019-01-01"),
    ("1;x;mars 2019;feb 2019;", "end before start", "Slut", "feb 2019"),
    ("1;x;2019-03-14;våren;", "unreadable end", "Slut", "våren"),
    ("1;x;2019-01-01;;;extra", "row can't be parsed", None, "1;x;2019-01-01;;;extra"),
    ('1;"x;2019-01-01;;', "row can't be parsed", None, '1;"x;2019-01-01;;'),
    ('1;"x"y;2019-01-01;;', "row can't be parsed", None, '1;"x"y;2019-01-01;;'),
    ("1;x\0;2019-01-01;;", "row can't be parsed", None, "1;x\\0;2019-01-01;;"),
]


@pytest.mark.parametrize(("line", "reason", "column", "value"), REASONS)
def test_each_wrong_row_is_listed_with_its_place_value_and_reason(
    line: str, reason: str, column: str | None, value: str | None, tmp_path: Path
) -> None:
    log = lt.read_log(written(tmp_path, f"0;first;2019-01-01;;\n\n{line}\n2;last;2019-01-01;;\n"))
    accounted(log)
    assert log.rejected.columns == ("source", "sheet", "row_number", "column", "value", "reason")
    assert log.rejected.rows == (("log.csv", None, 4, column, value, reason),)
    assert log.to_pandas()["activity"].tolist() == ["first", "last"]


def test_an_end_on_the_day_of_a_start_with_a_clock_time_is_not_before_it(tmp_path: Path) -> None:
    log = lt.read_log(written(tmp_path, "1;x;2019-01-02 10:00;2019-01-02;\n1;x;2019-01-02;2019-01-02 00:00;\n"))
    assert (log.quality.rows_kept, log.precision) == (2, "mixed")


def test_blank_rows_and_repeated_headers_are_not_rows_read(tmp_path: Path) -> None:
    body = "1;x;2019-01-01;;\n;;;;\n  \n" + HEADER + "1;y;2019-01-02;;\n\n\n"
    for name in ("well-formed.csv", "careful.csv"):
        log = lt.read_log(written(tmp_path, body if name == "well-formed.csv" else body + '1;"broken;2019-01-03;;\n', name))
        accounted(log)
        assert log.quality.rows_kept == 2
        assert log.to_pandas()["row"].tolist() == [0, 1]
        assert "repeated-header" in {finding.code for finding in log.quality.findings}


def test_quoted_line_breaks_stay_in_their_cell_and_lines_are_still_counted(tmp_path: Path) -> None:
    log = lt.read_log(written(tmp_path, '1;x;2019-01-01;;"two\nlines"\n1;y;never;;\n1;z;2019-01-02;;9" tum\n'))
    assert log.to_pandas()["Anm"].tolist() == ["two\nlines", '9" tum']
    assert log.rejected.column("row_number") == (4,)


def test_short_rows_are_kept_and_told(tmp_path: Path) -> None:
    log = lt.read_log(written(tmp_path, "1;x;2019-01-01\n1;y;2019-01-02;;\n"))
    accounted(log)
    assert {finding.code: finding.count for finding in log.quality.findings}["short-rows"] == 1


def test_text_in_role_columns_is_trimmed_and_counted(tmp_path: Path) -> None:
    log = lt.read_log(written(tmp_path, "1 ;\u00a0x;2019-01-01;;\n1;x ;2019-01-02 ;;\n"))
    frame = log.to_pandas()
    assert (set(frame["case_id"]), set(frame["activity"])) == ({"1"}, {"x"})
    trimmed = next(finding for finding in log.quality.findings if finding.code == "trimmed")
    assert (trimmed.count, trimmed.examples) == (3, ("row 2", "row 3"))


def test_exact_duplicates_are_kept_and_counted_or_rejected_when_asked(tmp_path: Path) -> None:
    path = written(tmp_path, "1;x;2019-01-01;;\n1;x;2019-01-01;;\n1;x;2019-01-01;;other\n1;x;2019-01-01;;\n")
    kept = lt.read_log(path)
    found = next(finding for finding in kept.quality.findings if finding.code == "duplicate-rows")
    assert (len(kept), found.count, found.examples) == (4, 2, ("row 3", "row 5"))
    dropped = lt.read_log(path, duplicates="drop")
    accounted(dropped)
    assert dropped.quality.rejected_by_reason == {"exact duplicate": 2}
    assert dropped.rejected.column("row_number") == (3, 5)
    told = next(finding for finding in dropped.quality.findings if finding.code == "rejected-exact-duplicate")
    assert (told.severity, told.effect) == ("note", "None: the first of the equal rows is kept.")


def test_the_rows_of_a_workbook_are_named_by_sheet_and_excel_row(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "BVC"
    for row in (
        ["Titel"],
        ["Ärende", "Händelse", "Datum"],
        ["a", "x", dt.datetime(2019, 3, 5)],
        [],
        ["a", None, "2019-01-01"],
        ["a", "y", "#N/A"],
    ):
        sheet.append(row)
    book.save(tmp_path / "log.xlsx")
    log = lt.read_log(tmp_path / "log.xlsx")
    accounted(log)
    assert log.rejected.rows == (
        ("log.xlsx", "BVC", 5, "Händelse", None, "no activity"),
        ("log.xlsx", "BVC", 6, "Datum", "#N/A", "unreadable start"),
    )


def test_a_rejected_row_of_parquet_is_found_without_storing_the_rest(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "case_id": ["1", None, None],
            "activity": ["x", "y", None],
            "start": pd.to_datetime(["2019-01-01", "2019-01-02", None]),
            "n": [1.0, 2.0, None],
        }
    )
    frame.to_parquet(tmp_path / "log.parquet")
    log = lt.read_log(tmp_path / "log.parquet")
    accounted(log)
    assert log.quality.rows_read == 2  # the third row has no value at all
    assert log.rejected.rows == (("log.parquet", None, 1, "case_id", None, "no case id"),)


CELL = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "1",
            "NA",
            "x",
            "2019-01-01",
            "2019-01-01 08:00",
            "2019-03-31 02:30",
            "2018-12-31",
            "mars 2019",
            "null",
            '"',
            "a\nb",
            "ö;,",
        ]
    ),
    st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=6),
)
TABLE = st.lists(st.lists(CELL, min_size=5, max_size=5), max_size=12)
GOOD = ["1", "x", "2019-01-01", "", ""]


@given(TABLE, st.sampled_from([";", ","]), st.sampled_from([None, "Europe/Stockholm"]))
def test_the_rows_of_any_csv_add_up(rows: list[list[str]], delimiter: str, zone: str | None) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows([HEADER.strip().split(";"), GOOD, *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        path.write_bytes(buffer.getvalue().encode())
        log = lt.read_log(path, timezone=zone)
        accounted(log)
        assert log.quality.rows_read >= 1


@given(st.lists(st.text(alphabet=st.sampled_from('1x;"\n\r 2019-0\0ö'), max_size=25), max_size=10))
@example(['"'])
@example(['1;"x', '";2'])
def test_no_line_of_a_broken_file_is_lost(lines: list[str]) -> None:
    """Each line is within a row kept, a row rejected, or is blank: the last line, which is good, is always read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        path.write_bytes((HEADER + "first;x;2019-01-01;;\n" + "\n".join([*lines, "last;x;2019-01-01;;\n"])).encode())
        log = lt.read_log(path, delimiter=";")
        accounted(log)
        kept = log.to_pandas()["case_id"].tolist()
        assert kept[0] == "first"
        assert kept[-1] == "last"


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", " ", None]), st.sampled_from(["x", None]), st.sampled_from(["2019-01-01", "?", None, "2019-01"])),
        max_size=8,
    )
)
def test_the_rows_of_any_frame_add_up_and_the_frame_stays(rows: list[tuple[str | None, str | None, str | None]]) -> None:
    frame = pd.DataFrame([("a", "x", "2019-01-01"), *rows], columns=["case_id", "activity", "start"], dtype=object)
    before = frame.copy(deep=True)
    log = lt.read_log(frame)
    accounted(log)
    blank = sum(not any((cell or "").strip() for cell in row) for row in rows)
    assert log.quality.rows_read == len(frame) - blank
    pd.testing.assert_frame_equal(frame, before)


def test_an_apostrophe_against_formulas_is_taken_off_once_and_counted(tmp_path: Path) -> None:
    """As careful programs write CSV (and `write_log` does): it keeps a spreadsheet from running the text, and is no part of it."""
    log = lt.read_log(written(tmp_path, "1;'=x;2019-01-01;;'+46 70\n2;x;2019-01-01;;''@y\n3;'x;2019-01-01;;it's\n"))
    assert log.to_pandas()["activity"].tolist() == ["=x", "x", "'x"]
    assert log.to_pandas()["Anm"].tolist() == ["+46 70", "'@y", "it's"]
    assert [finding.count for finding in log.quality.findings if finding.code == "guarded-text"] == [3]


def test_a_case_id_or_activity_of_nothing_but_spaces_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "blank.csv"
    path.write_text(
        "case_id,activity,start\na,b,2024-03-05 08:30:00\na, ,2024-03-06 08:30:00\n\u00a0,c,2024-03-07 08:30:00\n", encoding="utf-8"
    )
    log = lt.read_log(path)
    assert log.quality.rejected_by_reason == {"no activity": 1, "no case id": 1}
    assert log.quality.rows_kept == len(log) == 1


TOTALS = "1;Remiss;2019-01-01;;\nTotal;Besök;2019-01-02;;\n2;Besök;2019-01-03;;\n"


@pytest.mark.parametrize(
    "row", ["Summa;45;2019-01-31;;", "Totalt: 45;x;2019-01-31;;", "3;Antal händelser: 45;2019-01-31;;", "SUM;3;2019-01-31;;"]
)
def test_a_last_row_of_totals_is_no_event_though_it_carries_a_date(tmp_path: Path, row: str) -> None:
    log = lt.read_log(written(tmp_path, TOTALS + row + ";;\n;;;;Utskrivet 2019-02-01\n"))
    accounted(log)
    assert log.quality.rejected_by_reason == {"totals row": 1, "no case id": 1}
    assert [record["row_number"] for record in log.rejected.records()] == [5, 6]
    assert log.observed_until is None
    assert "Total" in set(log.to_pandas()["case_id"])  # one in the middle is a case of that name


def test_a_name_of_totals_that_stands_elsewhere_too_is_a_name(tmp_path: Path) -> None:
    twice = lt.read_log(written(tmp_path, TOTALS + "Total;Uppföljning;2019-01-31;;\n"))
    assert (twice.quality.rows_rejected, len(twice)) == (0, 4)
    within = lt.read_log(written(tmp_path, TOTALS + "3;Totalbedömning;2019-01-31;;\n"))
    assert (within.quality.rows_rejected, len(within)) == (0, 4)


def test_each_sheet_and_each_frame_has_a_last_row_of_its_own(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in ("BVC", "BUP"):
        sheet = book.create_sheet(name)
        for cells in (
            ["Ärende", "Händelse", "Datum"],
            [f"{name} 1", "Besök", dt.datetime(2019, 1, 1)],
            ["Summa", 1, dt.datetime(2019, 1, 31)],
        ):
            sheet.append(cells)
    book.save(tmp_path / "log.xlsx")
    log = lt.read_log(tmp_path / "log.xlsx")
    assert log.quality.rejected_by_reason == {"totals row": 2}
    assert [(row["sheet"], row["row_number"]) for row in log.rejected.records()] == [("BVC", 3), ("BUP", 3)]
    frame = pd.DataFrame({"case_id": ["a", "Total"], "activity": ["x", "y"], "start": pd.to_datetime(["2019-01-01", "2019-01-31"])})
    assert lt.read_log(frame).quality.rejected_by_reason == {"totals row": 1}


def test_a_word_or_mark_that_says_there_is_no_end_leaves_the_event(tmp_path: Path) -> None:
    words = ["-", "–", ".", "NULL", "n/a", "NA", "Pågår", "saknas", "okänt"]
    log = lt.read_log(written(tmp_path, "".join(f"{i};x;2019-01-01;{word};\n" for i, word in enumerate([*words, "later", "2019-01-03"]))))
    accounted(log)
    assert log.quality.rejected_by_reason == {"unreadable end": 1}
    assert log.to_pandas()["end_given"].tolist() == [False] * len(words) + [True]
    told = next(finding for finding in log.quality.findings if finding.code == "open-ends")
    assert (told.count, set(told.examples)) == (len(words), {f"'{word}'" for word in words})
    starts = lt.read_log(written(tmp_path, "1;x;-;;\n2;x;2019-01-01;;\n"))
    assert starts.quality.rejected_by_reason == {"unreadable start": 1}  # an event needs its start, so the text is shown


def test_days_as_excel_counts_them_may_have_marks_among_their_ends(tmp_path: Path) -> None:
    log = lt.read_log(written(tmp_path, "1;x;43538;43539;\n2;x;43538;-;\n"))
    assert (len(log), log.to_pandas()["end_given"].tolist()) == (2, [True, False])
