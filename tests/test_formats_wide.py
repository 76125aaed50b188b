"""Wide tables: one row a case, one column a milestone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt

HEADER = ["Barn", "Kommun", "Födelsedatum", "Remiss", "Besöksdatum", "Diagnos", "Antal", "Anm"]
ROWS: list[list[Any]] = [
    ["a", "Mark", "2015-01-01", "2019-01-01", "2019-02-01", None, 3, "ring"],
    ["b", "Svenljunga", "2015-02-02", "14/3 2019", None, "2019-05-05 10:30", 4, None],
    ["c", None, None, None, None, None, 5, None],
    ["d", "Mark", None, "snart", "20190301", "2019-06-01", 20190101, "x"],
]
EVENTS = [("a", "Remiss"), ("a", "Besöksdatum"), ("b", "Remiss"), ("b", "Diagnos"), ("d", "Besöksdatum"), ("d", "Diagnos")]


def as_csv(folder: Path) -> Path:
    path = folder / "wide.csv"
    lines = (";".join("" if cell is None else str(cell) for cell in row) for row in [HEADER, *ROWS])
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def as_workbook(folder: Path) -> Path:
    """The same with dates as Excel keeps them, below a title."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Lista över barn"])
    sheet.append(HEADER)
    for row in ROWS:
        dated = [isinstance(cell, str) and cell.startswith("2019-0") and len(cell) == 10 for cell in row]
        sheet.append([dt.datetime.fromisoformat(cell) if is_date else cell for cell, is_date in zip(row, dated, strict=True)])
    path = folder / "wide.xlsx"
    book.save(path)
    return path


SOURCES: dict[str, Callable[[Path], Any]] = {
    "csv": as_csv,
    "xlsx": as_workbook,
    "frame": lambda _: pd.DataFrame(ROWS, columns=HEADER, dtype=object),
}


DAY_US = 86_400_000_000


def day(text: str) -> int:
    return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days * DAY_US


def told(log: lt.EventLog, code: str) -> list[tuple[int, tuple[str, ...]]]:
    """The count and the examples of each finding with a code."""
    return [(finding.count, tuple(finding.examples)) for finding in log.quality.findings if finding.code == code]


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("format", [None, "wide"])
def test_each_filled_milestone_is_an_event_and_each_row_is_accounted_for(kind: str, format: Literal["wide"] | None, tmp_path: Path) -> None:
    log = lt.read_log(SOURCES[kind](tmp_path), format=format)
    frame = log.to_pandas()
    assert list(zip(frame["case_id"], frame["activity"], strict=True)) == EVENTS
    assert log.precision == "mixed"
    assert set(frame.columns) >= {"birth_date_us", "site", "Antal", "Anm"}
    assert (log.quality.rows_read, log.quality.rows_kept) == (8, 6)  # one a date reached, one for the case without any
    assert [row[3:] for row in log.rejected.rows] == [(None, None, "no milestone date"), ("Remiss", "snart", "unreadable start")]
    assert told(log, "wide-table") == ([(3, ("Remiss", "Besöksdatum", "Diagnos"))] if format is None else [])
    assert log.provenance.choices["milestones"] == "Remiss, Besöksdatum, Diagnos"


def test_dates_and_clock_times_in_cells_are_what_they_say() -> None:
    frame = lt.read_log(pd.DataFrame(ROWS, columns=HEADER, dtype=object)).to_pandas()
    expected = [day(text) for text in ("2019-01-01", "2019-02-01", "2019-03-14", "2019-05-05", "2019-03-01", "2019-06-01")]
    expected[3] += (10 * 60 + 30) * 60_000_000
    assert frame["start_wall_us"].tolist() == expected
    assert frame["start_is_date"].tolist() == [True, True, True, False, True, True]
    assert frame["birth_date_wall_us"].dropna().unique().tolist() == [day("2015-01-01"), day("2015-02-02")]


def test_native_dates_at_midnight_are_dates_and_clock_times_are_kept() -> None:
    referral = pd.to_datetime(["2019-01-01", "2019-01-01"])
    visit = pd.to_datetime(["2019-01-02 08:00", "2019-01-03 00:00"])
    frame = pd.DataFrame({"case_id": ["a", "b"], "Remiss": referral, "Besök": visit})
    log = lt.read_log(frame.iloc[[0]].assign(Besök=visit[:1]), format="wide")
    assert log.to_pandas()["start_is_date"].tolist() == [True, False]
    # One clock time in a column makes clock times of its midnights.
    assert lt.read_log(frame).to_pandas()["start_is_date"].tolist() == [True, False, True, False]


def test_a_partial_date_in_a_cell_keeps_its_bounds() -> None:
    rows = [["a", "v 12 2019", "mars 2019"], ["b", "2019-01-07", "vt 2019"], ["c", "2019-02-03", None]]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "Remiss", "Besök"], dtype=object))
    frame = log.to_pandas()
    bounds = list(zip(frame["start_lower_wall_us"], frame["start_upper_wall_us"], strict=True))
    texts = [
        ("2019-03-18", "2019-03-24"),
        ("2019-03-01", "2019-03-31"),
        ("2019-01-07", "2019-01-07"),
        ("2019-01-01", "2019-06-30"),
        ("2019-02-03", "2019-02-03"),
    ]
    assert bounds == [(day(lower), day(upper)) for lower, upper in texts]
    assert told(log, "partial-dates")[0][0] == 3


def test_a_column_with_some_dates_is_no_milestone_and_is_told() -> None:
    rows = [["a", "2019-01-01", "2019-01-02", "ring"], ["b", "2019-02-01", None, "2019-02-02"], ["c", None, "2019-03-01", "2019-03-05"]]
    rows += [["d", "2019-04-01", None, "flyttat"], ["e", "2019-05-01", None, "ring igen"]]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "Remiss", "Besök", "Anm"], dtype=object))
    assert told(log, "wide-table") == [(2, ("Remiss", "Besök"))]
    assert told(log, "dates-in-attribute") == [(2, ("Anm",))]
    assert set(log.activities) == {"Remiss", "Besök"}
    assert set(log.to_pandas()["Anm"]) == {"ring", "2019-02-02", "2019-03-05", "flyttat", "ring igen"}


def test_bare_numbers_are_dates_only_where_they_are_written_so_or_the_header_says_date() -> None:
    rows = [["a", 2019, "20190105", "201902"], ["b", 2020, "20190205", "201903"]]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "Antal", "Remiss", "Besöksdatum"], dtype=object), format="wide")
    assert log.provenance.choices["milestones"] == "Remiss, Besöksdatum"
    frame = log.to_pandas()
    assert set(frame["Antal"].astype(str)) == {"2019", "2020"}
    expected = {"Remiss": [day("2019-01-05"), day("2019-02-05")], "Besöksdatum": [day("2019-02-01"), day("2019-03-01")]}
    assert {name: part["start_lower_wall_us"].tolist() for name, part in frame.groupby("activity")} == expected


def test_a_table_with_an_activity_column_is_never_taken_as_wide() -> None:
    row = ["a", "x", "2019-01-01", "2019-01-02", "2019-01-02"]
    frame = pd.DataFrame([row], columns=["case_id", "activity", "start", "Bokad", "Skickad"])
    assert len(lt.read_log(frame)) == 1
    bare = frame.drop(columns=["activity", "Bokad", "Skickad"]).assign(end=["2019-01-03"])
    with pytest.raises(lt.InputError, match="no activity column"):
        lt.read_log(bare)


def test_a_status_and_its_date_leave_a_wide_table_wide() -> None:
    columns = ["Ärende", "Remissdatum", "Diagnosdatum", "Status", "Statusdatum"]
    log = lt.read_log(pd.DataFrame([["1", "2020-01-01", "2020-02-01", "Klar", "2020-03-01"]], columns=columns))
    assert log.activities == ("Diagnosdatum", "Remissdatum", "Statusdatum")
    assert log.to_pandas()["Status"].tolist() == ["Klar"] * 3


def test_a_milestone_that_is_called_as_activities_are_is_one_where_it_holds_dates() -> None:
    rows = [["a", "2015-01-01", "2019-01-01", "2019-02-01", "2019-09-01"], ["b", "2015-02-01", "2019-01-02", None, "pågår"]]
    rows.append(["c", "2015-03-01", "2019-01-03", None, "2019-08-01"])
    log = lt.read_log(pd.DataFrame(rows, columns=["Barn", "Född", "Upptäckt", "Diagnos", "Insats"]))
    assert sorted(log.to_pandas()["activity"]) == ["Diagnos", "Insats", "Insats", "Upptäckt", "Upptäckt", "Upptäckt"]
    assert log.quality.rejected_by_reason == {"unreadable start": 1}


def test_a_mark_in_a_cell_says_that_the_milestone_is_not_reached() -> None:
    rows = [["a", "2019-01-01", "-"], ["b", "2019-01-02", "2019-03-01"], ["c", "–", "--"]]
    log = lt.read_log(pd.DataFrame(rows, columns=["Barn", "Remiss", "Diagnos"]))
    assert (len(log), log.quality.rejected_by_reason) == (3, {"no milestone date": 1})


def test_a_wide_table_without_dates_or_case_says_what_it_needs() -> None:
    with pytest.raises(lt.InputError, match="no column of the frame holds dates"):
        lt.read_log(pd.DataFrame([["a", 7]], columns=["case_id", "n"]), format="wide")
    with pytest.raises(lt.InputError, match="no case_id column"):
        lt.read_log(pd.DataFrame([["x", "2019-01-01"]], columns=["x", "Remiss"]), format="wide")


CELL = st.sampled_from([None, "2019-01-01", "1 mars 2019", "?", " "])


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=6))
@settings(max_examples=10)
def test_filled_cells_and_empty_cases_add_up(cells: list[tuple[str | None, ...]]) -> None:
    header = ["case_id", "datum A", "datum B", "datum C"]
    rows = [*((f"c{n}", *row) for n, row in enumerate(cells)), ("z", "2019-01-01", "2019-01-01", "2019-01-01")]
    log = lt.read_log(pd.DataFrame(rows, columns=header, dtype=object), format="wide")
    used = [header.index(name) for name in log.provenance.choices["milestones"].split(", ")]
    filled = [sum(bool((row[place] or "").strip()) for place in used) for row in rows]
    # A row of nothing but its case is one rejected row; " " is an empty cell.
    assert log.quality.rows_read == sum(count or 1 for count in filled)
    assert log.quality.rows_read == log.quality.rows_kept + log.quality.rows_rejected
    kept = sum(row[place] in ("2019-01-01", "1 mars 2019") for row in rows for place in used)
    assert log.quality.rows_kept == kept
