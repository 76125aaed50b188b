"""Files made to do harm: each is refused in one line, or read with every row accounted for, within bounded memory.

What memory a file takes is measured in a process of its own, which does nothing but read it.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pandas as pd
import pytest

import leadtime as lt
from leadtime.ingest.archives import looked_through

HEADER = "Ärende;Händelse;Datum;Anm\n"
GOOD = "1;x;2019-01-01;\n"
LAUGHS = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
MB = 1 << 20

# Reads each file in a fork, so that what the fork takes at most is what the reading took; the parent has only imported the library.
MEASURE = """
import json, os, sys
import leadtime as lt
from leadtime import quality
import duckdb, pandas, narwhals, openpyxl, numpy
for name, path in json.load(sys.stdin):
    into, out = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            log = lt.read_log(path)
            kept = log.quality
            said = f"read {kept.rows_read}, kept {kept.rows_kept}, rejected {kept.rows_rejected}"
        except lt.LeadtimeError as error:
            said = f"{type(error).__name__}: {error}"
        except BaseException as error:
            said = f"CRASH {type(error).__name__}: {error}"
        os.write(out, said.encode()[:60_000])
        os._exit(0)
    os.close(out)
    with os.fdopen(into, "rb") as stream:
        said = stream.read().decode(errors="replace")
    _, status, usage = os.wait4(child, 0)
    size = usage.ru_maxrss // (1 << 20 if sys.platform == "darwin" else 1 << 10)
    print(json.dumps([name, said if status == 0 else f"CRASH {status}", size]), flush=True)
"""


class Reading(NamedTuple):
    """What came of reading a file, and the memory that it took at most, in MB, beyond that of a small sound file."""

    said: str
    grown: int


# --- the files -------------------------------------------------------------------------------------------------------------------------


def sound(path: Path) -> None:
    path.write_text(HEADER + GOOD, encoding="utf-8")


def entity_bomb(path: Path) -> None:
    event = '<event><string key="concept:name" value="&a11;"/></event>'
    path.write_text(f'<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a0 "ha">{LAUGHS}]><log><trace>{event}</trace></log>', encoding="utf-8")


def entity_bomb_in_utf16(path: Path) -> None:
    path.write_text(f'<?xml version="1.0" encoding="utf-16"?><!DOCTYPE log [<!ENTITY a0 "ha">{LAUGHS}]><log>&a11;</log>', encoding="utf-16")


def outside_entity(path: Path) -> None:
    secret = path.with_name("secret.txt")
    secret.write_text("a secret", encoding="utf-8")
    path.write_text(
        f'<!DOCTYPE log [<!ENTITY s SYSTEM "{secret.as_uri()}">]><log><trace><string key="concept:name" value="1"/><event>'
        '<string key="concept:name" value="&s;"/><date key="time:timestamp" value="2019-01-01T00:00:00Z"/></event></trace></log>',
        encoding="utf-8",
    )


def bomb_in_gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(b"<log>", 1) + gzip.compress(b" " * MB, 9) * 3_000)


def endless_tag(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(b'<log><trace><string key="concept:name" value="')
        stream.writelines([b"x" * MB] * 100)


def deep_tags(path: Path) -> None:
    path.write_text("<log><trace>" + '<list key="a">' * 300_000, encoding="utf-8")


def many_keys(path: Path) -> None:
    keys = "".join(f'<string key="k{i}" value="1"/>' for i in range(300_000))
    path.write_text(f"<log><trace><event>{keys}</event></trace></log>", encoding="utf-8")


def workbook(path: Path, **parts: bytes) -> None:
    """A sound workbook, with parts of its archive put in another's place or beside them."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Ärende", "Händelse", "Datum"], ["1", "x", "2019-01-01"]):
        sheet.append(row)
    plain = path.with_name(f"plain-{path.name}")
    book.save(plain)
    with zipfile.ZipFile(plain) as before, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.infolist():
            if entry.filename not in parts:
                after.writestr(entry.filename, before.read(entry))
        for name, content in parts.items():
            after.writestr(name, content, zipfile.ZIP_STORED)
    plain.unlink()


def spaces(count: int) -> bytes:
    """A sheet of many megabytes of nothing, packed; packed by itself, a megabyte of it is the same thousand bytes each time."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(b'<worksheet><sheetData><row r="1">') + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(b" " * MB) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + piece * count + packer.flush()


def bomb_in_a_workbook(path: Path, *, said: int = 400 * MB) -> None:
    """A sheet that unpacks to 400 MB, of which the archive says what it likes."""
    packed = spaces(400)
    workbook(path, **{"xl/worksheets/sheet1.xml": packed})
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("xl/worksheets/sheet1.xml")
    content = path.read_bytes()
    # As it was stored: method 0, then checksum, packed and unpacked size; as it is to be read: method 8, and the size that is said.
    size = len(packed).to_bytes(4, "little")
    stored = entry.CRC.to_bytes(4, "little") + size + size
    assert content.count(stored) == 2
    content = content.replace(stored, entry.CRC.to_bytes(4, "little") + size + said.to_bytes(4, "little"))
    for place in (entry.header_offset + 8, content.rindex(b"xl/worksheets/sheet1.xml") - 46 + 10):
        content = content[:place] + (8).to_bytes(2, "little") + content[place + 2 :]
    path.write_bytes(content)


def bomb_that_lies_about_its_size(path: Path) -> None:
    bomb_in_a_workbook(path, said=1000)


def entities_in_a_workbook(path: Path) -> None:
    sheet = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}]><worksheet>&a11;</worksheet>'
    workbook(path, **{"xl/worksheets/sheet1.xml": sheet.encode()})


def far_cells(path: Path, reference: str = 'r="XFD1048576"') -> None:
    """One cell in the last corner, for which a program that holds the sheet as a grid would hold 17,000 million cells."""
    rows = f'<row r="1"><c r="A1" t="inlineStr"><is><t>Ärende</t></is></c></row><row r="1048576"><c {reference}><v>1</v></c></row>'
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'
    workbook(path, **{"xl/worksheets/sheet1.xml": sheet.encode()})


def cells_without_references(path: Path, cell: str = "<c><v>1</v></c>") -> None:
    """A row as wide as can be and many of one cell, of which a grid would hold 500 million; no cell says where it is."""
    head = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in ("case_id", "activity", "start"))
    rows = f"<row>{head}{cell * 16_381}</row>" + f"<row>{cell}</row>" * 30_000
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'
    workbook(path, **{"xl/worksheets/sheet1.xml": sheet.encode()})


def one_line(path: Path) -> None:
    """A gigabyte without a line end; its middle is a hole, so that it takes no room on the disk."""
    with path.open("wb") as stream:
        stream.write((HEADER.strip() + ";").encode())
        stream.truncate(1 << 30)


def one_line_of_text(path: Path) -> None:
    with path.open("wb") as stream:
        stream.writelines([b"x;" * (MB // 2)] * 100)


def late_long_line(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write((HEADER + GOOD * 200).encode())
        stream.writelines([b"x" * MB] * 100)


def late_open_quote(path: Path) -> None:
    """A quote that never closes, so that a careless reader takes all lines after it for one cell."""
    path.write_text(HEADER + GOOD * 100 + '1;"x;2019-01-01;\n' + GOOD * 30_000, encoding="utf-8")


def many_columns(path: Path) -> None:
    path.write_text(HEADER.strip() + "".join(f";k{i}" for i in range(1_000_000)) + "\n" + GOOD, encoding="utf-8")


def many_cells_in_a_row(path: Path) -> None:
    path.write_text(HEADER + GOOD + "1;x;2019-01-02" + ";1" * 1_000_000 + "\n" + GOOD, encoding="utf-8")


def nothing_but_nulls(path: Path) -> None:
    path.write_bytes((HEADER + GOOD).encode() + b"\0" * (2 * MB) + b"\n" + GOOD.encode())


def many_attributes(path: Path) -> None:
    attributes = [{"name": f"k{i}", "value": 1} for i in range(50_000)]
    log = {"events": [{"id": "e", "type": "x", "time": "2019-01-01", "attributes": attributes}], "objects": [{"id": "o", "type": "c"}]}
    path.write_text(json.dumps(log), encoding="utf-8")


def endless_text_in_json(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(b'{"events": [{"id": "')
        stream.writelines([b"x" * MB] * 100)


def deep_json(path: Path) -> None:
    path.write_bytes(b'{"resourceType": "Bundle", "entry": [' + b'[{"a":' * 5_000_000)


def endless_resource(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(b'{"resourceType": "Encounter", "id": "')
        stream.writelines([b"x" * MB] * 100)


# What each may take beyond what a small file does, in MB: some times the largest piece that is held at once, whatever the file's size.
MOST = 400

HOSTILE: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "entities": (entity_bomb, "log.xes", "declares a document type"),
    "entities in UTF-16": (entity_bomb_in_utf16, "log.xes", "declares a document type"),
    "an outside entity": (outside_entity, "log.xes", "declares a document type"),
    "3 GB in gzip": (bomb_in_gzip, "log.xes.gz", "so it isn't read"),
    "an endless tag": (endless_tag, "log.xes", "holds a single tag or text of over 32 MB"),
    "deep tags": (deep_tags, "log.xes", "nests tags more than 200 deep"),
    "300,000 keys": (many_keys, "log.xes", "has more than 5000 columns"),
    "400 MB in a workbook": (bomb_in_a_workbook, "log.xlsx", "as a zip bomb does"),
    "a workbook that lies": (bomb_that_lies_about_its_size, "log.xlsx", "InputError"),
    "entities in a workbook": (entities_in_a_workbook, "log.xlsx", "declares a document type"),
    "a cell in the last corner": (far_cells, "log.xlsx", "InputError"),
    "a far cell in small letters": (partial(far_cells, reference='r="xfd1048576"'), "log.xlsx", "InputError"),
    "a far cell in single quotes": (partial(far_cells, reference="r='XFD1048576'"), "log.xlsx", "InputError"),
    "a far cell with spaces": (partial(far_cells, reference='r = "XFD1048576"'), "log.xlsx", "InputError"),
    "cells without references": (cells_without_references, "log.xlsx", "has more than 5000 columns"),
    "cells that only seem to have some": (
        partial(cells_without_references, cell="<c x=\"' r='\"><v>1</v></c>"),
        "log.xlsx",
        "has more than 5000 columns",
    ),
    "cells with empty references": (partial(cells_without_references, cell='<c r=""><v>1</v></c>'), "log.xlsx", "InputError"),
    "a gigabyte on one line": (one_line, "log.csv", "million characters on line 1"),
    "one line of text": (one_line_of_text, "log.csv", "million characters on line 1"),
    "a long line after good ones": (late_long_line, "log.csv", "million characters on line 202"),
    "a quote that never closes": (late_open_quote, "log.csv", "read 30101, kept 30100, rejected 1"),
    "a million columns": (many_columns, "log.csv", "has more than 5000 columns"),
    "a million cells in a row": (many_cells_in_a_row, "log.csv", "read 3, kept 2, rejected 1"),
    "2 MB of null bytes": (nothing_but_nulls, "log.csv", "read 3, kept 2, rejected 1"),
    "50,000 attributes": (many_attributes, "log.jsonocel", "has more than 5000 columns"),
    "an endless text in JSON": (endless_text_in_json, "log.jsonocel", "holds a single item of over 32 MB"),
    "deep JSON": (deep_json, "log.json", "nests values too deep"),
    "an endless resource": (endless_resource, "log.ndjson", "million characters on line 1"),
}


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reading]:
    """What came of reading each of the files."""
    if not hasattr(os, "fork"):
        pytest.skip("memory is measured in forks of a process, which this system hasn't got")
    folder = tmp_path_factory.mktemp("hostile")
    sound(folder / "sound.csv")
    jobs = [("sound", str(folder / "sound.csv"))]
    for number, (name, (make, file, _)) in enumerate(HOSTILE.items()):
        path = folder / str(number) / file
        path.parent.mkdir()
        make(path)
        jobs.append((name, str(path)))
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE], input=json.dumps(jobs), capture_output=True, check=True, encoding="utf-8", timeout=280
    )
    for path in (Path(path) for _, path in jobs):
        path.unlink()
    found = {name: (said, size) for name, said, size in map(json.loads, measured.stdout.splitlines())}
    assert found["sound"][0] == "read 1, kept 1, rejected 0"
    return {name: Reading(said, size - found["sound"][1]) for name, (said, size) in found.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_made_to_do_harm_is_refused_or_accounted_for_within_bounded_memory(name: str, readings: dict[str, Reading]) -> None:
    *_, message = HOSTILE[name]
    said, grown = readings[name]
    assert message in said
    assert "\n" not in said
    assert "a secret" not in said
    assert len(said) < 1000
    assert grown < MOST


# --- what needs no measuring -----------------------------------------------------------------------------------------------------------


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(lt.LeadtimeError) as caught:
        lt.read_log(path, **options)
    assert type(caught.value) is lt.InputError
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("entry", ["../../evil.xml", "xl/../../evil.xml", "/etc/evil.xml", "..\\..\\evil.xml", "C:\\evil.xml"])
def test_a_workbook_that_points_outside_of_itself_is_refused_and_nothing_is_unpacked(entry: str, tmp_path: Path) -> None:
    place = tmp_path / "in" / "side"
    place.mkdir(parents=True)
    workbook(place / "log.xlsx", **{entry: b"<x/>"})
    assert "points outside of it; it isn't read" in refused(place / "log.xlsx")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["log.xlsx"]


@pytest.mark.parametrize(
    ("late", "rows", "letters"),
    [
        ('<c r="Z999">', 100, 1), ('<c r="AA7">', 100, 2), ('<c r="xfd7">', 100, 3), ('<c s="1"r="Ab7">', 100, 2),
        ('<c r="b1000000">', 1_048_576, 1), ('<row r="1000000">', 1_000_000, 1), ("<c r='A1'>", 1_048_576, 3),
        ('<c r\n= "A1">', 1_048_576, 3), ('<c r=\t"A1">', 1_048_576, 3),
        ("<v>r = 5</v>", 100, 1), ('<c xr:r="http" xmlns:xr="http">', 100, 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", [0, 3_000_000, 5 * MB])
def test_a_cell_far_from_the_others_is_seen_wherever_its_xml_stands(late: str, rows: int, letters: int, at: int, tmp_path: Path) -> None:
    before = b'<row r="100"><c r="C100" s="1" t="n"><v>42005.15181712963</v></c></row>'
    sheet = before * (1 + at // len(before)) + late.encode() + before
    workbook(tmp_path / "log.xlsx", **{"xl/worksheets/sheet1.xml": sheet})
    found = looked_through(tmp_path / "log.xlsx").sheets["xl/worksheets/sheet1.xml"]
    assert (found.rows, found.letters) == (rows, letters)


@pytest.mark.parametrize(
    ("row", "bare"),
    [
        ('<row r="1"><c r="A1" t="n"><v>1</v></c><c s="1" r="B1"><v>1</v></c></row>', 0),
        ("<row><c><v>1</v></c><c t='n'><v>1</v></c><x:c><v>1</v></x:c><c/></row>", 4),
        ("<row>" + "<c><v>1</v></c>" * 500 + "</row>" + "<row/>" * 100_000, 500),
    ],
)
def test_cells_without_references_count_as_wide_as_their_row(row: str, bare: int, tmp_path: Path) -> None:
    rows = row * 10 + "<row><c><v>1</v></c></row>" * (MB // 10) * (bare > 0)
    workbook(tmp_path / "log.xlsx", **{"xl/worksheets/sheet1.xml": rows.encode()})
    found = looked_through(tmp_path / "log.xlsx").sheets["xl/worksheets/sheet1.xml"]
    assert (found.bare, found.is_dense) == (bare, bare < 500)


def test_formulas_are_never_computed(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Ärende", "Händelse", "Datum"], ["1", '=HYPERLINK("https://example.org","x")', "2019-01-01"]):
        sheet.append(row)
    book.save(tmp_path / "log.xlsx")
    assert "formula" in refused(tmp_path / "log.xlsx")
    (tmp_path / "log.csv").write_text(HEADER + "1;=1+1;2019-01-01;@SUM(A1)\n", encoding="utf-8")
    frame = lt.read_log(tmp_path / "log.csv").to_pandas()
    assert frame[["activity", "Anm"]].to_numpy().tolist() == [["=1+1", "@SUM(A1)"]]


def test_a_header_that_stands_twice_is_an_error_where_it_plays_a_role_and_numbered_where_not(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("Ärende;Händelse;Datum;Datum\n1;x;2019-01-01;2019-01-02\n", encoding="utf-8")
    assert "'Datum' and 'Datum (2)' in 'log.csv' could each be start" in refused(path)
    log = lt.read_log(path, columns={"start": "Datum (2)"})
    assert log.to_pandas()["Datum"].astype(str).tolist() == ["2019-01-01"]
    assert log.to_pandas()["start_wall_us"].tolist() == [pd.Timestamp("2019-01-02").value // 1000]
    path.write_text("Ärende;Händelse;Datum;Anm;Anm\n1;x;2019-01-01;a;b\n", encoding="utf-8")
    frame = lt.read_log(path).to_pandas()
    assert frame[["Anm", "Anm (2)"]].to_numpy().tolist() == [["a", "b"]]


def test_mixed_encodings_are_told_by_their_place_or_read_in_the_one_that_holds_all(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    # It begins as UTF-8 for longer than is looked at, and then has a line of another program.
    path.write_bytes((HEADER + GOOD * 150_000).encode() + "2;å;2019-01-02;\n".encode("cp1252") + "3;å;2019-01-03;\n".encode())
    message = refused(path, encoding="utf-8")
    assert f"(byte {len((HEADER + GOOD * 150_000).encode()) + 2})" in message
    log = lt.read_log(path, columns={"case_id": "Ã„rende", "activity": "HÃ¤ndelse"})
    assert dict(log.provenance.choices)["encoding"] == "cp1252"
    assert log.quality.rows_read == log.quality.rows_kept == 150_002
    path.write_bytes((HEADER + GOOD).encode() + b"2;\x81;2019-01-02;\n")
    assert "is neither UTF-8 nor cp1252" in refused(path)


def test_null_bytes_reject_their_row_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes((HEADER + GOOD + "2;x\0;2019-01-02;\n" + GOOD).encode())
    log = lt.read_log(path)
    assert (log.quality.rows_kept, log.quality.rejected_by_reason) == (2, {"row can't be parsed": 1})
    path = tmp_path / "log.xes"
    path.write_bytes(b"<log><trace>\0</trace></log>")
    assert "isn't well-formed XML" in refused(path)


def test_reading_draws_no_progress_bar_where_python_runs_interactively() -> None:
    """DuckDB draws one by itself in a program without a file, when a query takes over two seconds."""
    log = lt.read_log(pd.DataFrame({"case_id": ["1"], "activity": ["x"], "start": ["2019-01-01"]}))
    assert log.session.rows("SELECT current_setting('enable_progress_bar')") == [(False,)]  # type: ignore[attr-defined]
