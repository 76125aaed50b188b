"""What people open the reports with: LibreOffice takes the workbooks, Chromium the page."""

from __future__ import annotations

import datetime
import re
import subprocess
from pathlib import Path

import openpyxl
import pytest

import leadtime as lt
from leadtime.cli import main

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data_samples" / "mark_svenljunga"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report")
    arguments = [str(SAMPLE / "events.csv"), "--pathway", str(SAMPLE / "pathway.toml"), "--language", "sv", "--out", str(out)]
    assert main(["report", *arguments]) == 0
    return out


def office(folder: Path, file: Path, kind: str) -> Path:
    """LibreOffice's own reading of a file, with a profile of its own so that runs don't meet."""
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", kind, "--outdir", str(folder), str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return folder / f"{file.stem}.{kind.split(':')[0]}"


@pytest.mark.program("soffice", "pdftoppm")
def test_libreoffice_shows_the_report(made: Path, tmp_path: Path) -> None:
    pdf = office(tmp_path, made / "report.xlsx", "pdf")
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True).stdout
    flat = " ".join(text.split())
    assert "från 2 år och 2,5 månader till 8,5 månader" in flat
    assert not re.search(r"#REF!|#NAME\?|#VALUE!|Err:\d", text)
    book = openpyxl.load_workbook(made / "report.xlsx")
    again = openpyxl.load_workbook(office(tmp_path, made / "report.xlsx", "xlsx"))
    assert again.sheetnames == book.sheetnames
    assert sum(len(sheet._charts) for sheet in again.worksheets) == sum(len(sheet._charts) for sheet in book.worksheets) > 0


@pytest.mark.program("soffice", "pdftoppm")
def test_libreoffice_makes_pages_of_every_example_workbook(tmp_path: Path) -> None:
    examples = sorted((ROOT / "reports" / "examples").rglob("*.xlsx"))
    copies = [tmp_path / f"{path.parent.name}_{path.name}" for path in examples]
    for path, copy in zip(examples, copies, strict=True):
        copy.write_bytes(path.read_bytes())
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), *map(str, copies)]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    for copy in copies:
        text = subprocess.run(["pdftotext", copy.with_suffix(".pdf"), "-"], check=True, capture_output=True, text=True).stdout
        assert not re.search(r"#REF!|#NAME\?|#VALUE!|Err:\d", text)
        assert text.count("\f") >= len(openpyxl.load_workbook(copy).sheetnames)


@pytest.mark.program("soffice")
def test_a_template_that_went_through_libreoffice_is_read_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty.xlsx"
    assert main(["template", "--out", str(empty), "--pathway", str(SAMPLE / "pathway.toml")]) == 0
    book = openpyxl.load_workbook(empty)
    sheet = book["Händelser"]
    for number in range(20):
        cohort, days = ("before", 20 + number) if number % 2 else ("after", 5 + number)
        for activity, day in (("Upptäckt", 1), ("Diagnos", days)):
            sheet.append([f"barn {number}", activity, f"2019-{1 + (day - 1) // 28:02}-{1 + (day - 1) % 28:02}", None, "BVC"])
        book["Ärenden (en rad per barn)"].append([f"barn {number}", None, None, cohort])
    (tmp_path / "filled").mkdir()
    filled = tmp_path / "filled" / "filled.xlsx"
    book.save(filled)
    saved = office(tmp_path, filled, "xlsx")
    capsys.readouterr()
    assert main(["report", str(saved), "--pathway", str(SAMPLE / "pathway.toml"), "--out", str(tmp_path / "out")]) == 0
    assert "41 rows read = 40 kept + 1 rejected (1 example row)" in capsys.readouterr().out
    checks = openpyxl.load_workbook(saved)["Händelser"].data_validations.dataValidation
    assert {check.type for check in checks} == {"date", "list"}


@pytest.mark.program("soffice")
def test_a_template_that_was_filled_in_libreoffice_is_a_report_by_one_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty.xlsx"
    assert main(["template", "--out", str(empty), "--language", "sv"]) == 0
    book = openpyxl.load_workbook(empty)
    for number in range(30):
        begin, late = datetime.date(2019, 1, 1) + datetime.timedelta(days=10 * number), number >= 15
        book["Händelser"].append([f"barn {number}", "Upptäckt", begin])
        book["Händelser"].append([f"barn {number}", "Diagnos", begin + datetime.timedelta(days=20 if late else 100 + number)])
        book["Ärenden (en rad per barn)"].append([f"barn {number}", datetime.date(2016, 5, 1), "flicka", "efter" if late else "före"])
    book["Inställningar"]["B4"], book["Inställningar"]["B5"] = "Upptäckt", "Diagnos"
    book["Inställningar"]["B8"] = datetime.date(2020, 12, 31)
    (tmp_path / "filled").mkdir()
    book.save(tmp_path / "filled" / "filled.xlsx")
    saved = office(tmp_path, tmp_path / "filled" / "filled.xlsx", "xlsx")
    capsys.readouterr()
    assert main(["report", str(saved)]) == 0
    told = capsys.readouterr().out
    assert "61 rows read = 60 kept + 1 rejected (1 example row)" in told
    assert "till 20 dagar" in told
    page = saved.with_name(f"{saved.stem}_report") / "report.html"
    assert 'lang="sv"' in page.read_text(encoding="utf-8")


@pytest.mark.program("soffice")
def test_a_workshop_map_that_was_filled_in_libreoffice_is_read_as_a_value_stream(tmp_path: Path) -> None:
    empty = tmp_path / "empty.xlsx"
    assert main(["template", "--out", str(empty), "--language", "sv"]) == 0
    book = openpyxl.load_workbook(empty)
    book["Värdeflöde nu"].append(["Remiss", None, 0.5, 1, 2, 0, 0, 0, 90])
    book["Värdeflöde nu"].append(["Besök", None, 1, 2, 3, 10, 20, 40, 80])
    (tmp_path / "filled").mkdir()
    filled = tmp_path / "filled" / "filled.xlsx"
    book.save(filled)
    stream = lt.value_stream(office(tmp_path, filled, "xlsx"))
    assert [step.step for step in stream.steps] == ["Remiss", "Besök"]
    assert stream.lead_time_days == pytest.approx(20 + 3 / 24)  # work is written in hours, waits in days
    assert stream.to_pandas()["percent_complete_accurate"].tolist() == [90.0, 80.0]


@pytest.mark.program("chromium")
@pytest.mark.parametrize("width", [390, 1200])
def test_chromium_opens_the_page_without_a_request_or_a_complaint(made: Path, tmp_path: Path, width: int) -> None:
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    options += [f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},1600", "--enable-logging=stderr", "--v=0"]
    log = tmp_path / "net.json"
    command = ["chromium", *options, f"--log-net-log={log}", "--dump-dom", (made / "report.html").as_uri()]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    assert "från 2 år och 2,5 månader till 8,5 månader" in " ".join(done.stdout.split())
    assert "CONSOLE" not in done.stderr
    loaded = set(re.findall(r'"url":"(https?://[^"]+)"', log.read_text(encoding="utf-8", errors="replace")))
    page = (made / "report.html").read_text(encoding="utf-8")
    assert not {url for url in loaded if url in page}
    assert not re.search(r"(?:src|href|url\()\s*=?\s*[\"']?https?:", page)
