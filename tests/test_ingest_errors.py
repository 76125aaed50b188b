"""Bad input: one line that names the place, the value and the fix (threat T7)."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import leadtime as lt

GOOD = "Ärende;Händelse;Datum\n1;x;2019-01-01\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def workbook(folder: Path, rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(folder / "made.xlsx")
    return (folder / "made.xlsx").read_bytes()


def refused(source: Any, kind: type[lt.LeadtimeError] = lt.InputError, **options: Any) -> str:
    with pytest.raises(lt.LeadtimeError) as caught:
        lt.read_log(source, **options)
    assert type(caught.value) is kind
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "is empty; export it again"),
        ("header.csv", GOOD.splitlines()[0].encode(), "has a header but no rows"),
        ("other.csv", b"a;b;c\n1;2;3\n", "no case_id column in 'other.csv' (its columns: 'a', 'b', 'c'); name it with columns="),
        (
            "dates.csv",
            b"case_id,activity,start\n1,x,soon\n2,y,later\n",
            "no date in column 'start' of 'dates.csv' can be read (for example 'soon', 'later')",
        ),
        ("ends.csv", b"case_id,activity,start,end\n1,x,2019-01-01,soon\n", "no date in column 'end'"),
        (
            "reasons.csv",
            b"case_id,activity,start\n1,,2019-01-01\n,y,2019-01-01\n",
            "every row of 'reasons.csv' is rejected (no activity: 1, no case id: 1)",
        ),
        ("text.xlsx", GOOD.encode(), "isn't an Excel workbook, whatever its ending; if it is text, give it the ending .csv"),
        ("locked.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password; open it in Excel, remove the password"),
        ("old.xlsx", OLE, "an old Excel workbook (.xls); open it in Excel and save it as .xlsx"),
        ("old.xls", OLE, "it is an old Excel workbook; open it in Excel and save it as .xlsx"),
        ("sheet.ods", b"PK", "it is an OpenDocument workbook; open it in LibreOffice or Excel and save it as .xlsx"),
        ("export.zip", b"PK", "it is an archive, which may hold many files; unpack it, and give the one with the events"),
        ("log.xes", b"<log/>", "holds no events; export the log again with them"),
        ("log.foo", b"x", "the ending '.foo' isn't known; supported are"),
        ("text.parquet", GOOD.encode(), "isn't a Parquet file, whatever its ending"),
        ("cut.parquet", b"PAR1" + b"x" * 40, "can't be read as Parquet"),
        ("binary.csv", b"\x81\x8d;\xff\n", "is neither UTF-8 nor cp1252 (byte 0); save it as UTF-8, or give encoding="),
        ("marked.csv", b"\xef\xbb\xbfa;\xff\n", "begins as utf-8-sig but isn't (byte 5)"),
    ],
)
def test_a_bad_file_is_one_line_with_its_fix(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert message in refused(tmp_path / name)


def test_a_truncated_workbook_and_a_workbook_named_as_text(tmp_path: Path) -> None:
    content = workbook(tmp_path, [["Ärende", "Händelse", "Datum"], ["1", "x", "2019-01-01"]])
    (tmp_path / "cut.xlsx").write_bytes(content[: len(content) // 2])
    assert "is damaged or cut short" in refused(tmp_path / "cut.xlsx")
    (tmp_path / "book.csv").write_bytes(content)
    assert "is an Excel workbook, not text; give it the ending .xlsx" in refused(tmp_path / "book.csv")
    with zipfile.ZipFile(tmp_path / "zip.xlsx", "w") as archive:
        archive.writestr("a.txt", "b")
    assert "isn't a workbook that can be read" in refused(tmp_path / "zip.xlsx")
    assert "no sheet 'Shet'" in refused(tmp_path / "made.xlsx", lt.UsageError, sheets="Shet")


def test_a_workbook_without_an_event_table_names_its_sheets(tmp_path: Path) -> None:
    workbook(tmp_path, [["Så här fyller du i"], ["Ett"]])
    assert "no sheet of 'made.xlsx' ('Sheet') has a header with case_id, activity and start" in refused(tmp_path / "made.xlsx")


def test_a_missing_file_a_folder_and_a_closed_one(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(GOOD, encoding="utf-8")
    assert "did you mean 'events.csv'?" in refused(tmp_path / "event.csv")
    assert f"for example '{path}'" in refused(tmp_path)
    assert "there is no folder" in refused(tmp_path / "no" / "events.csv")
    if os.name == "posix" and os.geteuid() != 0:
        path.chmod(0)
        assert "no permission" in refused(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timezone": "Europe/Stokholm"}, "did you mean 'Europe/Stockholm'?"),
        ({"timezone": "Nowhere"}, "use a name such as 'Europe/Stockholm'"),
        ({"observed_until": "31 december"}, "observed_until='31 december' can't be read; write it as 2020-12-31"),
        ({"observed_until": "2020-02-30"}, "observed_until='2020-02-30' can't be read"),
        ({"duplicates": "dropp"}, "duplicates='dropp' isn't allowed; did you mean 'drop'?"),
        ({"engine": "spark"}, "engine='spark' reads Parquet and Spark frames"),
        ({"engine": "pandas"}, "engine='pandas' isn't allowed"),
        ({"date_order": "dym"}, "date_order='dym' isn't allowed"),
        ({"format": "excel"}, "format='excel' isn't allowed"),
        ({"connection": object()}, "connection="),
        ({"header_row": 0}, "lines are counted from 1"),
        ({"encoding": "utf-88"}, "encoding='utf-88' isn't known"),
        ({"delimiter": ";;"}, "isn't one character"),
        ({"decimal": "x"}, "decimal='x' isn't allowed"),
        ({"columns": {"case": "Ärende"}}, "did you mean 'case_id'?"),
    ],
)
def test_a_wrong_argument_names_it_and_what_is_allowed(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(GOOD, encoding="utf-8")
    assert message in refused(path, lt.UsageError, **options)


def test_a_column_that_isnt_there_and_bounds_that_cant_be_kept(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(GOOD, encoding="utf-8")
    assert "no column 'Handelse' in 'log.csv' (columns[\"activity\"]); did you mean 'Händelse'?" in refused(
        path, columns={"activity": "Handelse"}
    )
    assert "holds no header" in refused(path, header_row=9)
    assert "isn't ascii (byte 0)" in refused(path, encoding="ascii")
    assert "memory_limit='lots'" in refused(path, lt.ResourceError, memory_limit="lots")
    assert "isn't a folder" in refused(path, lt.ResourceError, spill_folder=tmp_path / "none")


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        (3, lt.UsageError, "source is of type int; give a path"),
        ([{"a": 1}], lt.UsageError, "source is of type list"),
        ("select * from events", lt.UsageError, "a query needs its database: give connection="),
        (pd.DataFrame({"a": [1]}), lt.InputError, "no case_id column in the frame (its columns: 'a')"),
        (pd.DataFrame({"case_id": [], "activity": [], "start": []}), lt.InputError, "the frame has a header but no rows"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), lt.InputError, "can't be read"),
    ],
)
def test_a_source_of_another_kind(source: Any, kind: type[lt.LeadtimeError], message: str) -> None:
    assert message in refused(source, kind)


def test_a_case_table_needs_one_row_a_case() -> None:
    events = pd.DataFrame({"case_id": ["1"], "activity": ["x"], "start": ["2019-01-01"]})
    assert "has 1 case id on more than one row (see rows 2); keep one row a case" in refused(
        events, cases=pd.DataFrame({"case_id": ["1", "2", "1"]})
    )
    assert "no case_id column in the case table" in refused(events, cases=pd.DataFrame({"x": [1]}))


@pytest.mark.parametrize("byte", [0x00, 0x15, 0x80, 0xFF])
def test_a_parquet_file_with_spoiled_pages_is_refused_by_name(tmp_path: Path, byte: int) -> None:
    """The libraries that DuckDB decodes by raise errors of no kind of its own, such as thrift's "Invalid data"."""
    path, told = tmp_path / "log.parquet", []
    rows = pd.DataFrame({"case_id": ["a", "b"] * 50, "activity": ["x"] * 100, "start": pd.Timestamp("2019-03-05")})
    lt.write_log(lt.read_log(rows), path)
    content = path.read_bytes()
    for place in range(4, 60, 8):
        path.write_bytes(content[:place] + bytes([byte]) * 12 + content[place + 12 :])
        try:
            lt.lead_times(lt.read_log(path)).to_pandas()
        except lt.InputError as error:
            told.append(str(error))
    assert [text for text in told if "a file is damaged" in text]
