"""Workbooks: the quick way, by which columns of Excel's date-times stay what they are, tells the same as the way over texts."""

from __future__ import annotations

import importlib.util
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import leadtime as lt
from leadtime.errors import InputError

Cells = list[Any]
HEADER = ["Ärende", "Händelse", "Start", "Slut", "Enhet", "Registrerad"]
MORNING = datetime(2024, 3, 5, 8, 30)  # noqa: DTZ001 - a workbook's times have no zone


@pytest.fixture(params=["calamine", "openpyxl"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both libraries that workbooks are read with."""
    name = str(request.param)
    if name == "calamine":
        pytest.importorskip("python_calamine")
    else:
        found = importlib.util.find_spec
        monkeypatch.setattr(importlib.util, "find_spec", lambda what, *rest: None if what == "python_calamine" else found(what, *rest))
    return name


def rows() -> list[Cells]:
    """Events with and without an end, a fraction of a second, a blank unit, and a date-time that is no role."""
    made: list[Cells] = []
    for i in range(12):
        start, end = MORNING + timedelta(days=i, milliseconds=500 * (i % 2)), MORNING + timedelta(days=i, hours=2)
        made.append([f"a{i % 3}", "Besök", start, end if i % 4 else None, "BVC" if i % 5 else None, MORNING + timedelta(days=30)])
    return made


def book(path: Path, *sheets: list[Cells]) -> Path:
    """A workbook of sheets with the same header."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for number, cells in enumerate(sheets):
        sheet = made.create_sheet(f"Blad{number + 1}")
        for row in [HEADER, *cells]:
            sheet.append(row)
    made.save(path)
    return path


def events(log: lt.EventLog) -> list[dict[str, Any]]:
    """The events as plain values, in the order of rows."""
    frame = log.session.collect(log.frame).sort_values("row")
    return [{str(name): None if value != value else value for name, value in row.items()} for row in frame.to_dict("records")]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("zone", [None, "Europe/Stockholm"])
def test_moments_read_as_they_are_equal_those_read_as_texts(tmp_path: Path, zone: str | None) -> None:
    quick = lt.read_log(book(tmp_path / "quick.xlsx", rows()), timezone=zone)
    as_text = [*rows(), ["a0", "Remiss", "2024-04-02 10:00", "2024-04-02", "BVC", MORNING]]
    slow = lt.read_log(book(tmp_path / "slow.xlsx", as_text), timezone=zone)
    assert quick.quality.rows_read == quick.quality.rows_kept == 12
    assert events(quick) == events(slow)[:12]
    assert {event["Registrerad"] for event in events(quick)} == {"2024-04-04 08:30:00"}


@pytest.mark.usefixtures("library")
def test_rejected_rows_are_told_by_their_row_where_moments_are_read_as_they_are(tmp_path: Path) -> None:
    cells = rows()
    cells[2][2] = None
    cells[5][3] = cells[5][2] - timedelta(days=3)
    cells[7][1] = " "
    log = lt.read_log(book(tmp_path / "rejected.xlsx", cells))
    found = [(row["row_number"], row["column"], row["reason"]) for row in log.rejected.to_pandas().to_dict("records")]
    assert found == [(4, "Start", "no start"), (7, "Slut", "end before start"), (9, "Händelse", "no activity")]
    assert (log.quality.rows_read, log.quality.rows_kept, log.quality.rows_rejected) == (12, 9, 3)


@pytest.mark.usefixtures("library")
def test_midnights_are_dates_where_every_sheet_has_nothing_else(tmp_path: Path) -> None:
    dates = [[*row[:2], row[2].replace(hour=0, minute=0, microsecond=0), None, *row[4:]] for row in rows()]
    both = lt.read_log(book(tmp_path / "dates.xlsx", dates, dates), columns={"end": "Slut"})
    assert both.precision == "date"
    assert "midnight-dates" in {finding.code for finding in both.quality.findings}
    assert lt.read_log(book(tmp_path / "mixed.xlsx", dates, rows())).precision == "clock"


@pytest.mark.usefixtures("library")
def test_a_table_that_begins_further_down_keeps_its_row_numbers(tmp_path: Path) -> None:
    path = book(tmp_path / "moved.xlsx", rows())
    moved = openpyxl.load_workbook(path)
    moved["Blad1"].insert_rows(1, 3)
    moved["Blad1"].insert_rows(8, 2)
    moved["Blad1"]["A12"] = "  "
    moved.save(path)
    log = lt.read_log(path)
    assert [row["row_number"] for row in log.rejected.to_pandas().to_dict("records")] == [12]
    assert log.quality.rows_kept == 11


def merged_book(path: Path, ranges: list[str], *rows: Cells) -> Path:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for place in ranges:
        made.active.merge_cells(place)
    made.save(path)
    return path


@pytest.mark.usefixtures("library")
def test_a_case_id_merged_over_its_rows_is_that_of_each_and_only_merged_blanks_are_filled(tmp_path: Path) -> None:
    path = merged_book(
        tmp_path / "log.xlsx", ["A1:C1", "A3:A5", "C4:C5", "A8:A9", "B6:C6"],
        ["Uppföljning 2020", None, None],
        ["Ärende", "Händelse", "Datum"],
        ["a", "Remiss", "2019-01-01"],
        [None, "Besök", "2019-01-05"],
        [None, "Diagnos", None],
        ["b", "Remiss", None],
        [None, "Besök", "2019-02-02"],
        ["c", "Remiss", "2019-03-01"],
    )  # fmt: skip
    log = lt.read_log(path)
    kept = [(event["case_id"], event["activity"], event["start_wall_us"] // 86_400_000_000 - 17_897) for event in events(log)]
    assert kept == [("a", "Remiss", 0), ("a", "Besök", 4), ("a", "Diagnos", 4), ("c", "Remiss", 59)]
    assert [(row["row_number"], row["reason"]) for row in log.rejected.records()] == [(6, "no start"), (7, "no case id")]
    assert (log.quality.rows_read, log.quality.rows_kept, log.quality.rows_rejected) == (6, 4, 2)
    found = next(finding for finding in log.quality.findings if finding.code == "merged-cells")
    assert (found.count, found.examples) == (3, ("A3:A5 of sheet 'Sheet'", "C4:C5 of sheet 'Sheet'"))


@pytest.mark.usefixtures("library")
def test_blank_rows_of_a_merged_range_are_not_read_and_what_lies_under_it_stays(tmp_path: Path) -> None:
    """Some programs keep the values under a merged cell."""
    path = merged_book(
        tmp_path / "log.xlsx",
        [],
        HEADER[:3],
        ["a", "x", "2019-01-01"],
        [None, None, None],
        ["b", "y", "2019-01-02"],
        [None, "z", "2019-01-03"],
    )
    book = openpyxl.load_workbook(path)
    book.active.merged_cells.add("A2:A5")
    book.save(path)
    log = lt.read_log(path)
    assert [(event["case_id"], event["activity"]) for event in events(log)] == [("a", "x"), ("b", "y"), ("a", "z")]
    assert log.quality.rows_read == 3


@pytest.mark.usefixtures("library")
def test_a_sheet_of_nothing_but_merged_ranges_over_one_another_is_read_in_time(tmp_path: Path) -> None:
    path = merged_book(tmp_path / "log.xlsx", [], HEADER[:3], *[["a", "x", "2019-01-01"], *[[None, "x", "2019-01-01"]] * 2000])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    ranges = "".join(f'<mergeCell ref="A2:A{2000 - i % 1000}"/>' for i in range(100_000))
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b"</sheetData>", f"</sheetData><mergeCells>{ranges}</mergeCells>".encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    log = lt.read_log(path)
    assert log.quality.rows_read == 2001
    assert 900 < log.quality.rows_kept <= 2000


@pytest.mark.usefixtures("library")
def test_a_second_table_below_in_another_order_is_told_by_its_row_and_one_beside_is_found(tmp_path: Path) -> None:
    first = [HEADER[:3], ["a", "Remiss", "2019-01-01"], ["a", "Besök", "2019-01-05"]]
    below = merged_book(tmp_path / "below.xlsx", [], *first, [], ["Händelse", "Ärende", "Start"], ["Remiss", "c", "2019-04-01"])
    with pytest.raises(InputError, match="row 5 of sheet 'Sheet' is the header of another table"):
        lt.read_log(below)
    same = merged_book(tmp_path / "same.xlsx", [], *first, [], HEADER[:3], ["c", "Remiss", "2019-04-01"])
    assert lt.read_log(same).quality.rows_kept == 3
    beside = [row + [None] + ["z" if i and not j else cell for j, cell in enumerate(row)] for i, row in enumerate(first)]
    log = lt.read_log(merged_book(tmp_path / "beside.xlsx", [], *beside, ["b", "Remiss", "2019-02-01"]))
    found = {finding.code: finding for finding in log.quality.findings}
    assert (found["table-beside"].count, found["table-beside"].examples) == (2, ("sheet 'Sheet'",))
    assert log.quality.rows_kept == 3
    assert "table-beside" not in {finding.code for finding in lt.read_log(same).quality.findings}


@pytest.mark.usefixtures("library")
def test_a_ditto_mark_is_the_value_above_and_no_case_of_its_own(tmp_path: Path) -> None:
    path = merged_book(
        tmp_path / "log.xlsx", [], HEADER[:3],
        ["a", "Remiss", "2019-01-01"], ['"', "Besök", "2019-01-05"], ["-”-", "dito", "2019-01-06"], ["b", "Remiss", '"'],
    )  # fmt: skip
    log = lt.read_log(path)
    assert [(event["case_id"], event["activity"]) for event in events(log)] == [
        ("a", "Remiss"),
        ("a", "Besök"),
        ("a", "Besök"),
        ("b", "Remiss"),
    ]
    assert {finding.code: finding.count for finding in log.quality.findings}["ditto-marks"] == 4
    assert "ditto-marks" not in {finding.code for finding in lt.read_log(book(tmp_path / "plain.xlsx", rows())).quality.findings}


@pytest.mark.usefixtures("library")
def test_a_hidden_sheet_is_read_and_told_unless_it_is_named(tmp_path: Path) -> None:
    path = book(tmp_path / "log.xlsx", rows()[:2], rows()[:3])
    made = openpyxl.load_workbook(path)
    made["Blad2"].sheet_state = "hidden"
    made.save(path)
    log = lt.read_log(path, columns={"end": "Slut"})
    found = {finding.code: finding for finding in log.quality.findings}["hidden-sheet"]
    assert (found.count, found.examples, log.quality.rows_read) == (1, ("Blad2",), 5)
    for sheets in (["Blad1"], ["Blad2"]):
        named = lt.read_log(path, columns={"end": "Slut"}, sheets=sheets)
        assert "hidden-sheet" not in {finding.code for finding in named.quality.findings}


@pytest.mark.usefixtures("library")
def test_a_row_that_divides_a_headers_date_is_part_of_it_and_a_row_of_data_is_not(tmp_path: Path) -> None:
    header, parts, data = ["Ärende", "Händelse", "Datum", None], [None, None, "Start", "Slut"], ["a", "Vård", "2019-01-01", "2019-01-03"]
    log = lt.read_log(merged_book(tmp_path / "log.xlsx", ["C1:D1"], header, parts, data))
    assert (log.quality.rows_read, log.quality.rows_kept) == (1, 1)
    assert lt.lead_times(log).to_pandas()["lead_time_days"].tolist() == [2.0]
    plain = lt.read_log(merged_book(tmp_path / "plain.xlsx", [], header[:3], ["a", "Start", "2019-01-01"], [None, "Slut", None]))
    assert (plain.quality.rows_read, plain.quality.rows_kept) == (2, 1)


@pytest.mark.usefixtures("library")
def test_names_below_merged_headings_are_the_names_of_their_columns(tmp_path: Path) -> None:
    header, parts = ["Barn", "Kohort", "Remiss", None, "Utredning", None], [None, None, "Inkommen", "Besök 1", "Besök 2", "Diagnos"]
    data = ["a", "före", "2019-01-01", "2019-01-05", None, "2019-01-09"], ["b", "före", "2019-02-01", None, "2019-02-07", None]
    wide = lt.read_log(merged_book(tmp_path / "wide.xlsx", ["A1:A2", "B1:B2", "C1:D1", "E1:F1"], header, parts, *data))
    assert wide.activities == ("Besök 1", "Besök 2", "Diagnos", "Inkommen")
    assert (wide.quality.rows_read, wide.quality.rows_rejected) == (5, 0)
    header, parts = ["Ärende", "Händelse", "Start", None, "Slut", None], [None, None, "Datum", "Tid", "Datum", "Tid"]
    row = ["a", "Vård", "2019-01-01", "09:00", "2019-01-01", "10:30"]
    long = lt.read_log(merged_book(tmp_path / "long.xlsx", ["C1:D1", "E1:F1"], header, parts, row))
    assert (long.quality.rows_read, long.precision) == (1, "clock")
    assert lt.lead_times(long).to_pandas()["lead_time_days"].tolist() == [1.5 / 24]
    stray = lt.read_log(merged_book(tmp_path / "stray.xlsx", [], [*header[:3], None], [None, "Vård", None, "obs"], row[:3]))
    assert (stray.quality.rows_read, stray.quality.rows_kept) == (2, 1)


@pytest.mark.usefixtures("library")
def test_rows_that_a_filter_hides_and_hidden_columns_are_read_and_told(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.create_sheet("Läs mig").row_dimensions[1].hidden = True  # a sheet without events has no say
    data = made.active
    assert data is not None
    data.title = "Data"
    for row in (["Export"], HEADER, *rows()[:6]):
        data.append(row)
    data.auto_filter.ref = "A2:F8"
    for number in (1, 4, 5, 40):  # the title and a row that isn't there are no rows of data
        data.row_dimensions[number].hidden = True
    for letter in ("E", "M"):
        data.column_dimensions[letter].hidden = True
    path = tmp_path / "log.xlsx"
    made.save(path)
    log = lt.read_log(path, columns={"end": "Slut"})
    found = {finding.code: finding for finding in log.quality.findings}
    assert (log.quality.rows_read, log.quality.rows_kept) == (6, 6)
    assert (found["hidden-rows"].count, found["hidden-rows"].examples) == (2, ("row 4 of sheet 'Data'", "row 5 of sheet 'Data'"))
    assert (found["hidden-columns"].count, found["hidden-columns"].examples) == (1, ("'Enhet' of sheet 'Data'",))
    assert {event["unit"] for event in events(log)} == {"BVC", None}


@pytest.mark.usefixtures("library")
def test_a_sheet_that_hides_the_rows_it_does_not_hold_hides_none_with_values(tmp_path: Path) -> None:
    """`zeroHeight` is about rows that aren't in the sheet's file; one that is there says itself where it is hidden, as in XlsxWriter."""
    made = openpyxl.Workbook()
    data = made.active
    assert data is not None
    for row in (HEADER, *rows()[:4]):
        data.append(row)
    data.sheet_format.zeroHeight = True
    data.row_dimensions[3].height, data.row_dimensions[4].hidden = 12, True
    made.save(tmp_path / "log.xlsx")
    found = {finding.code: finding for finding in lt.read_log(tmp_path / "log.xlsx", columns={"end": "Slut"}).quality.findings}
    assert found["hidden-rows"].examples == ("row 4 of sheet 'Sheet'",)


@pytest.mark.usefixtures("library")
def test_sheets_are_stored_together_and_tell_what_they_tell_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six sheets in a row: with clock times twice, with dates as text twice, without a unit, and with clock times again."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for number, kind in enumerate(("clock", "clock", "text", "text", "no unit", "clock")):
        sheet = book.create_sheet(f"Enhet {number}")
        sheet.append(["Ärende", "Händelse", "Start", *([] if kind == "no unit" else ["Blankett"])])
        for day in range(1, 4):
            start = f"2024-02-0{day}" if kind == "text" else MORNING + timedelta(days=day)
            sheet.append([f"a{day}", f"Besök {number}", start, *([] if kind == "no unit" else [f"M{number}"])])
    book.save(tmp_path / "log.xlsx")
    together = lt.read_log(tmp_path / "log.xlsx").to_pandas()
    monkeypatch.setattr("leadtime.engine.tables._CHUNK", 1)
    apart = lt.read_log(tmp_path / "log.xlsx").to_pandas()
    assert together.equals(apart)
    assert together["activity"].tolist() == [f"Besök {number}" for number in range(6) for _ in range(3)]
    assert together["unit"].tolist() == [f"Enhet {number}" for number in range(6) for _ in range(3)]
    assert together["Blankett"].dropna().tolist() == [f"M{number}" for number in (0, 1, 2, 3, 5) for _ in range(3)]


@pytest.mark.parametrize(("origin", "kept"), [("pyo3_runtime", 12), ("elsewhere", None)])
def test_a_workbook_at_which_calamine_panics_is_left_to_openpyxl(
    origin: str, kept: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rust's panic is a `BaseException`, of a module that can't be imported; others, such as Ctrl-C, go on."""
    python_calamine = pytest.importorskip("python_calamine")
    panic = type("PanicException", (BaseException,), {"__module__": origin})

    class Panicking:
        @staticmethod
        def from_path(_: Path) -> None:
            raise panic("index out of bounds")

    monkeypatch.setattr(python_calamine, "CalamineWorkbook", Panicking)
    path = book(tmp_path / "log.xlsx", rows())
    if kept is not None:
        assert lt.read_log(path).quality.rows_kept == kept
    else:
        with pytest.raises(panic, match="out of bounds"):
            lt.read_log(path)


def sheets_of(path: Path, **sheets: list[Cells]) -> Path:
    """A workbook of sheets, each with a header of its own."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, cells in sheets.items():
        sheet = made.create_sheet(name)
        for row in cells:
            sheet.append(row)
    made.save(path)
    return path


@pytest.mark.usefixtures("library")
def test_units_that_call_a_column_by_names_of_their_own_are_read_as_one_table_and_told(tmp_path: Path) -> None:
    path = sheets_of(
        tmp_path / "log.xlsx",
        BVC=[["Barn nr", "Händelse", "Datum"], ["a", "Upptäckt", MORNING], ["b", "Upptäckt", "2024-03-06"]],
        BUP=[["Åtgärd", "Barn-nr", "Startdatum"], ["Diagnos", "a", MORNING]],
    )
    for columns in (None, {"start": "Startdatum", "case_id": "Barn-nr"}):
        log = lt.read_log(path, columns=columns)
        assert [(event["case_id"], event["activity"], event["unit"]) for event in events(log)] == [
            ("a", "Upptäckt", "BVC"), ("b", "Upptäckt", "BVC"), ("a", "Diagnos", "BUP"),
        ]  # fmt: skip
        assert log.quality.rows_rejected == 0
        told = next(finding for finding in log.quality.findings if finding.code == "headers-differ")
        assert told.count == 3
    assert told.examples[0] == "'Barn nr' of sheet 'BVC' as 'Barn-nr'"


def test_two_columns_of_one_sheet_stay_two_whatever_another_sheet_calls_them(tmp_path: Path) -> None:
    path = sheets_of(
        tmp_path / "log.xlsx",
        A=[["Ärende", "Händelse", "Datum", "Åtgärd"], ["a", "Upptäckt", MORNING, "x"]],
        B=[["Ärende", "Åtgärd", "Datum"], ["b", "Diagnos", MORNING]],
    )
    log = lt.read_log(path)
    assert dict(log.quality.rejected_by_reason) == {"no activity": 1}
    assert not [finding for finding in log.quality.findings if finding.code == "headers-differ"]
    # Wide sheets have a column for each milestone, and two of those are never one.
    wide = sheets_of(
        tmp_path / "wide.xlsx",
        A=[["Barn nr", "Remiss", "Utredning", "Insats"], ["a", "2024-01-01", None, "2024-02-01"]],
        B=[["Barn-nr", "Remiss", "Utredning", "Åtgärd"], ["b", "2024-01-01", "2024-02-01", "2024-03-01"]],
    )
    assert [(event["case_id"], event["activity"]) for event in events(lt.read_log(wide))] == [
        ("a", "Remiss"), ("a", "Insats"), ("b", "Remiss"), ("b", "Utredning"), ("b", "Åtgärd"),
    ]  # fmt: skip
