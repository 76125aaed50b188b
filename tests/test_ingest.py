"""Reading: the same table in any format gives the same events, and the caller's data stay as they are."""

# ruff: noqa: DTZ001 - local clocks, as they stand in a file; the zone is the log's
from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import leadtime as lt

HEADER = ["Ärende", "Händelse", "Datum", "Enhet", "Värde"]
ROWS = [
    ["å1", "Upptäckt", "2019-03-05 08:30:00", "BVC", "1,5"],
    ["å1", "Diagnos", "2019-11-05 10:00:00", "BUP", ""],
    ["NA", "Upptäckt", "2019-04-01 00:00:00", "BVC", "2,25"],
    ["NA", "Diagnos", "2019-10-27 02:30:00", "", "3"],
]


def as_text(delimiter: str, encoding: str, newline: str = "\n") -> Callable[[Path], Any]:
    def write(folder: Path) -> Path:
        path = folder / "log.csv"
        lines = [delimiter.join(row if delimiter != "," else [f'"{cell}"' for cell in row]) for row in [HEADER, *ROWS]]
        path.write_bytes((newline.join(lines) + newline).encode(encoding))
        return path

    return write


def packed(path: Path) -> Path:
    target = path.with_name("log.csv.gz")
    target.write_bytes(gzip.compress(path.read_bytes()))
    return target


def as_workbook(folder: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Export", None, dt.datetime(2020, 1, 1)])
    sheet.append([])
    sheet.append(HEADER)
    for row in ROWS:
        sheet.append([*row[:2], dt.datetime.fromisoformat(row[2]), row[3] or None, row[4] or None])
    book.create_sheet("Guide").append(["Fyll i så här"])
    book.save(folder / "log.xlsx")
    return folder / "log.xlsx"


def as_pandas(_: Path) -> pd.DataFrame:
    frame = pd.DataFrame(ROWS, columns=HEADER).replace("", None)
    frame["Datum"] = pd.to_datetime(frame["Datum"])
    return frame


def as_objects(folder: Path) -> pd.DataFrame:
    frame = as_pandas(folder).astype(object)
    frame["Datum"] = pd.Series([value.to_pydatetime() for value in frame["Datum"]], dtype=object)
    return frame


def as_parquet(folder: Path) -> Path:
    pl.from_pandas(as_pandas(folder)).write_parquet(folder / "log.parquet")
    return folder / "log.parquet"


SOURCES: dict[str, Callable[[Path], Any]] = {
    "csv comma quoted": as_text(",", "utf-8"),
    "csv semicolon": as_text(";", "utf-8"),
    "csv bar, carriage returns": as_text("|", "utf-8", "\r\n"),
    "csv byte-order mark": as_text(";", "utf-8-sig"),
    "csv cp1252": as_text(";", "cp1252"),
    "csv utf-16": as_text("\t", "utf-16"),
    "csv utf-16 without a mark": as_text(";", "utf-16-le"),
    "csv packed": lambda folder: packed(as_text(";", "utf-8")(folder)),
    "tsv": as_text("\t", "utf-8"),
    "xlsx": as_workbook,
    "pandas": as_pandas,
    "pandas objects": as_objects,
    "polars": lambda folder: pl.from_pandas(as_pandas(folder)),
    "polars lazy": lambda folder: pl.from_pandas(as_pandas(folder)).lazy(),
    "pyarrow": lambda folder: pa.Table.from_pandas(as_pandas(folder)),
    "duckdb": lambda folder: duckdb.from_arrow(pa.Table.from_pandas(as_pandas(folder))),
    "parquet": as_parquet,
}


def plain(log: lt.EventLog) -> list[list[Any]]:
    frame = log.to_pandas()
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


@pytest.fixture(scope="module")
def expected() -> list[list[Any]]:
    frame = pd.DataFrame(ROWS, columns=HEADER).replace("", None)
    return plain(lt.read_log(frame, timezone="Europe/Stockholm"))


@pytest.mark.parametrize("kind", list(SOURCES))
def test_the_same_table_in_any_format_gives_the_same_events(kind: str, expected: list[list[Any]], tmp_path: Path) -> None:
    log = lt.read_log(SOURCES[kind](tmp_path), timezone="Europe/Stockholm")
    assert plain(log) == expected
    assert (log.quality.rows_read, log.quality.rows_kept) == (4, 4)
    assert log.precision == "clock"
    assert {finding.code for finding in log.quality.findings} >= {"guessed-role", "twice-occurring-time"}


def test_the_literal_na_is_a_case(expected: list[list[Any]]) -> None:
    assert [row[0] for row in expected] == ["å1", "å1", "NA", "NA"]


def test_the_callers_frame_is_never_changed(tmp_path: Path) -> None:
    for make in (as_pandas, as_objects):
        frame = make(tmp_path)
        frame.index = pd.Index([7, 7, 3, 1])
        before = frame.copy(deep=True)
        log = lt.read_log(frame)
        assert len(log.quality.findings) > 0
        pd.testing.assert_frame_equal(frame, before)
        frame["Händelse"] = "ändrat"  # and what the caller does later changes no log
        assert set(log.to_pandas()["activity"]) == {"Upptäckt", "Diagnos"}


def test_choices_are_found_shown_and_can_be_overridden(tmp_path: Path) -> None:
    path = as_text(";", "cp1252")(tmp_path)
    choices = lt.read_log(path).provenance.choices
    assert dict(choices) == {"encoding": "cp1252", "delimiter": "semicolon", "decimal": ",", "header_row": "1"}
    told = lt.read_log(path, encoding="latin-1", delimiter=";", decimal=".", header_row=1)
    assert dict(told.provenance.choices) == {"encoding": "iso8859-1", "delimiter": "semicolon", "decimal": ".", "header_row": "1"}
    assert told.provenance.sha256 is not None
    assert len(told.provenance.sha256) == 64


def test_title_rows_above_the_header_are_not_rows(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("Export från Händelse\n\nÄrende;Händelse;Datum\n1;x;2019-01-01\n", encoding="utf-8")
    log = lt.read_log(path)
    assert (log.quality.rows_read, log.provenance.choices["header_row"]) == (1, "3")


def test_a_log_of_changes_of_status_is_read_from_text_and_workbook_and_told(tmp_path: Path) -> None:
    table = [["Uttag 2020"], ["Ärende", "Status", "Statusdatum"], ["1", "Inkommen", "2020-01-01"], ["1", "Klar", "2020-02-01"]]
    (tmp_path / "log.csv").write_text("\n".join(";".join(row) for row in table), encoding="utf-8")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in table:
        sheet.append(row)
    book.save(tmp_path / "log.xlsx")
    for log in (lt.read_log(tmp_path / "log.csv"), lt.read_log(tmp_path / "log.xlsx")):
        assert log.activities == ("Inkommen", "Klar")
        assert lt.lead_times(log).to_pandas()["lead_time_days"].tolist() == [31.0]
        told = [finding.values["what"] for finding in log.quality.findings if finding.code == "guessed-role"]
        assert told == ["Ärende", "Status", "Statusdatum"]


def test_sheets_are_stacked_with_their_name_as_unit_and_their_own_header_row(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "BVC"
    for row in (
        ["Rapport"],
        ["Ärende", "Händelse", "Datum"],
        ["a", "Upptäckt", dt.datetime(2019, 3, 5)],
        ["b", "Upptäckt", "14 mars 2019"],
    ):
        first.append(row)
    second = book.create_sheet("BUP")
    for row in (["Datum", " ÄRENDE", "hän\u00addelse"], [dt.datetime(2019, 5, 5), "a", "Diagnos"], ["2019-06-01", "b", "Diagnos"]):
        second.append(row)
    book.create_sheet("Guide").append(["Så här"])
    book.save(tmp_path / "log.xlsx")
    log = lt.read_log(tmp_path / "log.xlsx")
    rows = log.to_pandas()[["case_id", "activity", "unit", "start_us"]].to_numpy().tolist()
    days = [dt.date(2019, 3, 5), dt.date(2019, 3, 14), dt.date(2019, 5, 5), dt.date(2019, 6, 1)]
    assert [row[:3] for row in rows] == [
        ["a", "Upptäckt", "BVC"],
        ["b", "Upptäckt", "BVC"],
        ["a", "Diagnos", "BUP"],
        ["b", "Diagnos", "BUP"],
    ]
    assert [row[3] // 86_400_000_000 for row in rows] == [(day - dt.date(1970, 1, 1)).days for day in days]
    skipped = next(finding for finding in log.quality.findings if finding.code == "sheet-skipped")
    assert skipped.examples == ("Guide",)
    assert log.provenance.choices["unit"] == "the sheet's name"
    assert len(lt.read_log(tmp_path / "log.xlsx", sheets="BUP")) == 2
    assert "unit" not in lt.read_log(tmp_path / "log.xlsx", sheets=["BUP"]).columns


def test_attributes_keep_their_header_and_give_way_to_the_logs_own_names() -> None:
    frame = pd.DataFrame(
        {"case_id": ["1"], "activity": ["x"], "start": ["2019-01-01"], "Row": [5], "ACTIVITY": ["y"], "Anm": ["z"], "anm": ["å"]}
    )
    log = lt.read_log(frame, columns={"row": "Row", "activity": "activity"})
    assert set(log.columns) >= {"ACTIVITY (2)", "Anm", "anm (2)"}
    assert log.to_pandas()["anm (2)"].tolist() == ["å"]


def test_numbers_become_the_text_that_people_write() -> None:
    frame = pd.DataFrame({"case_id": [1.0, 2.0], "activity": ["x", "y"], "start": [20190305, 20190306], "score": [1.5, float("nan")]})
    log = lt.read_log(frame).to_pandas()
    assert log["case_id"].tolist() == ["1", "2"]
    assert log["score"].tolist()[0] == 1.5  # an attribute keeps its own type
    assert log["start_is_date"].all()


def test_a_row_column_gives_the_order_of_reading() -> None:
    frame = pd.DataFrame({"case_id": ["a", "a", "a"], "activity": ["x", "y", "z"], "start": ["2019-01-01"] * 3, "row": [3, 1, 2]})
    assert lt.read_log(frame).to_pandas()["activity"].tolist() == ["y", "z", "x"]


def test_a_case_table_becomes_declared_cases_with_dates(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("Ärende;Kohort;Födelsedatum;Poäng\n1;before;2015-03-01;7\n2;after;1 april 2016;8\n", encoding="utf-8")
    events = pd.DataFrame({"case_id": ["1", "3"], "activity": ["x", "x"], "start": ["2019-01-01", "2019-01-02"]})
    log = lt.read_log(events, cases=path)
    assert log.declared_cases is not None
    frame = log.declared_cases.collect("pandas").to_native()
    assert frame["case_id"].tolist() == ["1", "2"]
    assert frame["cohort"].tolist() == ["before", "after"]
    assert frame["Poäng"].tolist() == ["7", "8"]
    assert (frame["birth_date_us"] // 86_400_000_000).tolist() == [
        (dt.date(2015, 3, 1) - dt.date(1970, 1, 1)).days,
        (dt.date(2016, 4, 1) - dt.date(1970, 1, 1)).days,
    ]
    assert {finding.code: finding.count for finding in log.quality.findings if finding.code.startswith("case")} == {
        "case-not-declared": 1,
        "case-without-events": 1,
    }


def test_parquet_stays_lazy(tmp_path: Path) -> None:
    path = as_parquet(tmp_path)
    log = lt.read_log(path)
    stored = log.session.rows("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'leadtime_r%'")
    assert stored == [(0,)]
    assert len(log) == 4


def test_real_logs_have_their_cases_and_events(shared: Path) -> None:
    found = {}
    for name in ("receipt", "sepsis", "production"):
        log = lt.read_log(shared / "data" / f"{name}.csv")
        found[name] = (log.to_pandas()["case_id"].nunique(), len(log), log.quality.rows_rejected)
    assert found == {"receipt": (1434, 8577, 0), "sepsis": (1050, 15214, 0), "production": (225, 4953, 0)}


def test_a_zone_moves_the_sepsis_cases_that_cross_a_change_of_clock(shared: Path) -> None:
    path = shared / "data" / "sepsis.csv"
    spans = []
    for zone in (None, "Europe/Amsterdam"):
        frame = lt.read_log(path, timezone=zone).to_pandas().groupby("case_id").agg(first=("start_us", "min"), last=("end_us", "max"))
        spans.append((frame["last"] - frame["first"]) // 1_000_000)
    assert (spans[0] - spans[1]).value_counts().to_dict() == {0: 929, 3600: 63, -3600: 58}
