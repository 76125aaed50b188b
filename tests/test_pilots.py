"""Every pilot and team type of the public reports: its sample rebuilds itself, and its call gives the answer that its maker knows."""

from __future__ import annotations

import importlib.util
import re
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

import leadtime as lt

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "data_samples"


def loaded(path):
    spec = importlib.util.spec_from_file_location(f"pilots_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


page = loaded(ROOT / "docs" / "pilots.py")
PILOTS = list(page.pilots())
MADE = sorted(path.parent.name for path in SAMPLES.glob("*/make.py"))


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)  # as the code on the pages is run


@pytest.mark.parametrize("pilot", PILOTS, ids=lambda pilot: pilot.folder)
def test_a_pilots_call_gives_the_answer_that_its_maker_knows(pilot):
    found = pilot.answers()
    assert pilot.main in found
    for name, computed in found.items():
        assert page.agrees(computed, pilot.known[name]), (name, computed, pilot.known[name])
    assert page.row(pilot, found) in page.PAGE.read_text(encoding="utf-8"), "renew it: python docs/pilots.py"


def test_every_sample_has_a_row_and_every_row_a_sample():
    assert {pilot.folder for pilot in PILOTS} == {*MADE, "mark_svenljunga"}


def test_the_page_has_a_row_for_every_pilot_with_its_calls():
    rows = re.findall(r"^\| (.*?) \(`data_samples/(\w+)`\) \| (.*?) \| (.*?) \|", page.PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    expected = [(pilot.name, pilot.folder, pilot.claim, ", ".join(pilot.calls)) for pilot in PILOTS]
    assert rows == expected, "renew it: python docs/pilots.py"


@pytest.mark.parametrize("folder", MADE)
def test_a_sample_is_rebuilt_byte_for_byte(folder, monkeypatch):
    monkeypatch.syspath_prepend(str(SAMPLES))
    build = loaded(SAMPLES / "build.py")
    made = build.made(folder)
    for name, content in made.items():
        stored = (SAMPLES / folder / name).read_bytes()
        assert unpacked(content, name) == unpacked(stored, name), f"renew it: python data_samples/build.py {folder}"
    assert {path.name for path in (SAMPLES / folder).iterdir()} - {"__pycache__"} - set(made) <= {"README.md", "make.py", "pathway.toml"}


def unpacked(content, name):
    """A workbook's parts: how they are packed depends on the machine's zlib."""
    if not name.endswith(".xlsx"):
        return content
    with zipfile.ZipFile(BytesIO(content)) as book:
        return {part: book.read(part) for part in book.namelist()}


@pytest.mark.parametrize("folder", MADE)
def test_every_file_of_a_sample_says_that_it_is_synthetic_and_is_small(folder):
    for path in (SAMPLES / folder).iterdir():
        if path.suffix in {".csv", ".json", ".toml", ".md"}:
            assert "SYNTETISKA DATA" in path.read_text(encoding="utf-8"), path
        if path.suffix == ".xlsx":
            assert "SYNTETISKA DATA" in str(unpacked(path.read_bytes(), path.name)["xl/sharedStrings.xml"], "utf-8"), path
        if path.is_file():
            assert path.stat().st_size < 100_000, path


@pytest.mark.parametrize("folder", MADE)
def test_a_readme_names_every_column(folder):
    text = (SAMPLES / folder / "README.md").read_text(encoding="utf-8")
    for path in (SAMPLES / folder).glob("*.csv"):
        headers = path.read_text(encoding="utf-8").splitlines()[1].split(";")
        assert [header for header in headers if header not in text] == [], path


def test_the_child_whose_raiser_the_print_leaves_out_is_found_not_smoothed():
    log = lt.read_log(SAMPLES / "sambu_mariestad_events" / "teammoten.xlsx", columns={"case_id": "Löpnr"}, observed_until="2019-12-31")
    raised = lt.count_answers(log, "Lyft av")
    assert raised.totals.rows == (("", 14, 13, 1, 13),)
    proposals = lt.count_answers(log, "Förslag", separator=";")
    assert proposals.totals.rows == (("", 14, 14, 0, 17),)
    assert sum(row["share"] for row in proposals.table.records()) > 1


def test_the_printed_visits_are_reproduced_cell_by_cell_from_their_events():
    printed = lt.read_printed_table(SAMPLES / "visits_table" / "table.xlsx")
    cells = {
        (cell["row"], cell["column_1"], cell["column_2"].casefold()): cell["value"] or 0
        for cell in printed.cells.records()
        if not cell["total"]
    }
    found = next(pilot for pilot in PILOTS if pilot.folder == "visits_events").answers()["cells"]
    computed = {(site, year, who): found[site][year].get(who, 0) for site, year, who in cells}
    assert len(cells) == 27
    assert computed == cells


def test_the_printed_team_is_reproduced_cell_by_cell_with_its_contradiction():
    printed = lt.read_printed_table(SAMPLES / "sambu_mariestad" / "table.xlsx")
    found = next(pilot for pilot in PILOTS if pilot.folder == "sambu_mariestad_events").answers()["printed"]
    computed = {answer.casefold(): n for group in found.values() for answer, n in group.items()}
    cells = {cell["row"].casefold().removesuffix(" år"): cell["value"] for cell in printed.cells.records() if not cell["total"]}
    assert computed == cells
    row = printed.contradictions.records()[0]
    assert (row["row"], row["printed"], row["recomputed"]) == ("Lyft av", 14, sum(found["Lyft av"].values()))


def test_a_hidden_route_of_the_counsellor_test_is_not_left_to_subtraction():
    log = lt.read_log(SAMPLES / "counsellor_test" / "kuratorstest.xlsx", columns={"case_id": "Elevkod"}, observed_until="2018-12-31")
    routes = lt.count_answers(log, "Väg in")
    assert sum(row["cases"] for row in routes.table.records()) == 41 == routes.totals.rows[0][1]


def test_home_care_frees_the_bed_days_that_the_old_rate_would_have_taken():
    columns = {"case_id": "Patientnummer", "start": "Inskriven", "end": "Utskriven"}
    log = lt.read_log(SAMPLES / "home_care_bup" / "vardtillfallen.csv", columns=columns, observed_until="2022-12-31")
    result = lt.admissions(log, activities="Heldygnsvård", break_date="2021-01-01", observed_from="2019-01-01")
    before, after = result.table.records()
    expected = before["bed_days"] * after["days"] / before["days"] - after["bed_days"]
    assert result.freed().value == pytest.approx(expected)
    assert result.freed(unit_cost=9000).value == pytest.approx(9000 * expected)
    assert result.bed_day_ratio.ratio.interval == "clustered"
