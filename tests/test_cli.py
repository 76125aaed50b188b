"""The command line as a project lead meets it: one command gives a report, and whatever is wrong is told in one line."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import leadtime as lt
from leadtime.cli import main

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data_samples" / "mark_svenljunga"
PATHWAY = SAMPLE / "pathway.toml"
SMALL_PATHWAY = """
name = "Small"
start = "detection"
stop = ["diagnosis"]
[milestones.detection]
activities = ["Detected"]
[milestones.diagnosis]
activities = ["Diagnosis"]
"""
HEADER = "case_id,activity,start,cohort\n"


def rows(cohort: str, n: int, days: int, *, done: bool = True, first: int = 0) -> str:
    """Cases that start on 1 January 2019 and are done in the months after."""
    lines = []
    for number in range(first, first + n):
        lines.append(f"{cohort}{number},Detected,2019-01-01,{cohort}")
        if done:
            lines.append(f"{cohort}{number},Diagnosis,2019-{1 + (days + number) % 11 + 1:02}-01,{cohort}")
    return "\n".join(lines) + "\n"


GOOD = HEADER + rows("before", 8, 6) + rows("after", 8, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pathway.toml").write_text(SMALL_PATHWAY, encoding="utf-8")
    (tmp_path / "good.csv").write_text(GOOD, encoding="utf-8")
    return tmp_path


def report(folder: Path, log: str, *more: str) -> int:
    pathway = [] if "--pathway" in more else ["--pathway", str(folder / "pathway.toml")]
    return main(["report", str(folder / log), *pathway, "--out", str(folder / "out"), *more])


def test_the_messy_sample_gives_its_report_in_two_languages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(SAMPLE / "events_messy.xlsx"), "--pathway", str(PATHWAY), "--out", str(tmp_path / "out")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("from 2 years 2.5 months to 8.5 months" in line for line in lines)
    assert any("från 2 år och 2,5 månader till 8,5 månader" in line for line in lines)
    assert "\u00a0" not in "".join(lines)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report.html", "report.xlsx"]


def test_check_accounts_for_every_row_and_lists_the_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(SAMPLE / "events_messy.xlsx"), "--pathway", str(PATHWAY)]) == 0
    out = capsys.readouterr().out
    assert "5364 rows read = 5355 kept + 9 rejected" in out
    assert out.count("events_messy.xlsx sheet '") == 9


def test_describe_gives_flow_and_transitions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", str(SAMPLE / "events.csv"), "--pathway", str(PATHWAY), "--rows", "5"]) == 0
    out = capsys.readouterr().out
    assert "5331 events, 180 cases, date precision" in out
    assert "still waiting" in out


@pytest.mark.slow
def test_the_demo_makes_a_sample_and_its_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 0
    assert "8.5 months" in capsys.readouterr().out
    assert (tmp_path / "demo" / "report" / "report.xlsx").exists()


def test_the_whole_design_of_a_comparison_can_be_given_and_means_what_it_means_in_the_library(folder: Path) -> None:
    lines = [HEADER]
    for case in range(40):
        month, year = case % 10 + 1, 2019 + case // 20
        lines.append(f"c{case},Detected,{year}-{month:02}-01,x\nc{case},Diagnosis,{year}-{month + 1:02}-{5 + case % 7:02},x\n")
    (folder / "dated.csv").write_text("".join(lines), encoding="utf-8")
    options = ["--break-date", "2020-01-01", "--washout", "40", "--cohort-rule", "exclude", "--statistic", "restricted_mean", "--tau", "30"]
    assert report(folder, "dated.csv", *options, "--section", "cohorts", "--section", "change", "--observed-until", "2020-12-31") == 0

    pathway = lt.read_pathway(folder / "pathway.toml")
    log = lt.read_log(folder / "dated.csv", observed_until="2020-12-31")
    design: dict[str, Any] = {
        "break_date": "2020-01-01",
        "washout": 40,
        "cohort_rule": "exclude",
        "statistic": "restricted_mean",
        "tau": 30,
    }
    result = lt.compare(lt.lead_times(log, pathway), **design)
    assert sum(cohort.n for cohort in result.cohorts) == 36  # two starts a month; January and February 2020 are washed out
    lt.build_report(log, pathway, result, sections=["cohorts", "change"]).to_html(folder / "library.html")
    assert (folder / "out" / "report.html").read_bytes() == (folder / "library.html").read_bytes()


def test_a_filled_template_is_read_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "template.xlsx"
    assert main(["template", "--out", str(path), "--language", "en", "--pathway", str(folder / "pathway.toml")]) == 0
    book = openpyxl.load_workbook(path)
    cohorts = {}
    for line in GOOD.splitlines()[1:]:
        case, activity, start, cohorts[case] = line.split(",")
        book["Events"].append([case, activity, start, None, "Unit"])
    for case, cohort in cohorts.items():
        book["Cases (one row per child)"].append([case, None, None, cohort])
    book.save(path)
    assert report(folder, "template.xlsx") == 0
    assert "33 rows read = 32 kept + 1 rejected (1 example row)" in capsys.readouterr().out


def test_the_template_guards_what_is_typed(folder: Path) -> None:
    assert main(["template", "--out", str(folder / "t.xlsx"), "--pathway", str(PATHWAY)]) == 0
    book = openpyxl.load_workbook(folder / "t.xlsx")
    assert book.sheetnames == [
        "Läs mig", "Inställningar", "Händelser", "Ärenden (en rad per barn)", "Listor", "Värdeflöde nu", "Värdeflöde framtid",
    ]  # fmt: skip
    kinds = {name: [check.type for check in book[name].data_validations.dataValidation] for name in book.sheetnames[1:4]}
    assert kinds["Händelser"] == ["list", "date", "date", "list"]
    assert kinds["Ärenden (en rad per barn)"] == ["date", "list", "list", "list", "list", "list", "date"]
    assert [kind for kind in kinds["Inställningar"] if kind] == ["list"] * 5 + ["date", "date", "whole"] + ["list"] * 3


# --- bad input: one line that names the fix, exit code 1 or 2, nothing half written ---------------------------------------------------


def _text(name: str, content: str | bytes) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return make


def _cut(folder: Path) -> str:
    (folder / "cut.xlsx").write_bytes((SAMPLE / "events_messy.xlsx").read_bytes()[:20_000])
    return "cut.xlsx"


def _missing_part(folder: Path) -> str:
    with zipfile.ZipFile(SAMPLE / "events_messy.xlsx") as source, zipfile.ZipFile(folder / "part.xlsx", "w") as target:
        for name in source.namelist():
            if "sharedStrings" not in name:
                target.writestr(name, source.read(name))
    return "part.xlsx"


def _folder(folder: Path) -> str:
    (folder / "logs").mkdir()
    return "logs"


FIRST, *REST = GOOD.splitlines()[1:]
BACKWARDS = "\n".join(["case_id,activity,start,cohort,end", f"{FIRST},2018-01-01", *(f"{line}," for line in REST)]) + "\n"
UNFINISHED = HEADER + rows("before", 8, 6, done=False) + rows("after", 8, 6, done=False)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600

BAD = {
    "missing file": (lambda folder: "goood.csv", (), 1, "good.csv"),
    "empty file": (_text("empty.csv", ""), (), 1, "empty"),
    "directory": (_folder, (), 1, "folder"),
    "header only": (_text("head.csv", HEADER), (), 1, "no row"),
    "no case column": (_text("x.csv", "kolumn,activity,start\na,Detected,2019-01-01\n"), (), 1, "case_id"),
    "a column that is not there": (_text("y.csv", GOOD), ("--column", "case_id=case_idd"), None, "did you mean"),
    "all dates unreadable": (_text("d.csv", HEADER + "a,Detected,soon,before\nb,Detected,later,after\n"), (), 1, "start"),
    "text renamed .xlsx": (_text("t.xlsx", GOOD), (), 1, "Excel"),
    "protected by a password": (_text("p.xlsx", OLE + "EncryptedPackage".encode("utf-16-le")), (), 1, "password"),
    "an old workbook": (_text("o.xlsx", OLE), (), 1, ".xls"),
    "cut short": (_cut, (), 1, "damaged"),
    "a part missing": (_missing_part, (), 1, "save it again"),
    "end before start": (_text("e.csv", BACKWARDS), (), 1, "ends before it starts"),
    "start milestone in no case": (_text("s.csv", GOOD.replace("Detected", "Found")), (), 1, "milestones.detection"),
    "a date a thousand years off": (_text("m.csv", GOOD.replace("2019-", "3019-", 1)), (), 1, "--observed-until"),
    "only one cohort": (_text("c.csv", HEADER + rows("before", 8, 6)), (), 1, "'before' in 'cohort' among the cases that have"),
    "a cohort of one": (_text("1.csv", HEADER + rows("before", 8, 6) + rows("after", 1, 1)), (), 1, "has 1 case"),
    "nobody finished": (_text("n.csv", UNFINISHED), (), 1, "nobody has finished"),
    "an ambiguous date order": (_text("a.csv", HEADER + "a,Detected,3/4/2019,before\n"), (), 1, "order"),
    "an unknown zone": (_text("z.csv", GOOD), ("--timezone", "Europe/Stockhom"), None, "Europe/Stockholm"),
    "a wrong end of observation": (_text("u.csv", GOOD), ("--observed-until", "soon"), None, "observed_until"),
    "an unknown profile": (_text("f.csv", GOOD), ("--profile", "none"), 2, "se-5"),
    "an unknown option": (_text("g.csv", GOOD), ("--befor", "x"), 2, "--befor"),
    "an unknown label": (_text("l.csv", GOOD), ("--before", "befor"), 2, "did you mean 'before'"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_in_one_line(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, options, code, says = BAD[name]
    given = report(folder, make(folder), *options)
    captured = capsys.readouterr()
    assert given in (1, 2) if code is None else given == code, captured.err
    assert says in captured.err
    assert captured.err.count("\n") == 1, captured.err
    assert "Traceback" not in captured.err
    assert not list((folder / "out").glob("*")) if (folder / "out").exists() else True


def test_no_personal_number_reaches_the_screen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "headless.csv").write_text("19121212-1212,Detected,2019-01-01\n19121212-1212,Diagnosis,2019-02-01\n", encoding="utf-8")
    (folder / "dates.csv").write_text(HEADER + "a,Detected,19121212-1212,before\n", encoding="utf-8")
    (folder / "names.csv").write_text(GOOD + "q,Talk 191212121212,2019-01-01,before\n", encoding="utf-8")
    for name in ("headless.csv", "dates.csv", "names.csv"):
        for command in ("check", "describe"):
            main([command, str(folder / name), "--pathway", str(folder / "pathway.toml")])
    shown = capsys.readouterr()
    assert "1212" not in shown.out + shown.err
    assert "Talk xxxxxxxxxxxx" in shown.out
    assert "'xxxxxxxx-xxxx'" in shown.err


@pytest.mark.parametrize(
    ("content", "way"),
    [
        ("case_id,activity,Datum,Tidpunkt\na,x,2019-01-01,2019-01-02\n", '--column "start=Datum"'),
        ("case_id,activity,Datum,Klockslag,Tid\na,x,2019-01-01,08:00,09:00\n", '--column "start=Datum + Tid"'),
        ("case_id,activity,start\na,x,soon\n", '--column "start=…"'),
        ("case_id,activity,start\na,,2019-01-01\n", "(--column)"),
        ("case_id,activity,start\na,x,3/4/2019\n", "--date-order"),
        ("case_id,activity,start\na,x,13/4/2019\na,x,4/13/2019\n", "--date-order"),
        ("case_id,activity,start\na,x,50101\na,x,50102\n", "excel_serials"),
        (b"case_id,activity,start\na,\x81,2019-01-01\n", "save it as UTF-8"),
        (b"\xef\xbb\xbfcase_id,activity,start\na,\xe5,2019-01-01\n", "export it again"),
    ],
)
def test_an_error_names_the_way_that_the_command_line_has(
    content: str | bytes, way: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "log.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(["check", str(folder / "log.csv")]) == 1
    assert way in capsys.readouterr().err


def test_a_pathway_with_an_unknown_key(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "pathway.toml").write_text(SMALL_PATHWAY.replace("stop", "stopp", 1), encoding="utf-8")
    assert report(folder, "good.csv") == 1
    assert "pathway.toml: unknown key 'stopp'; did you mean 'stop'?" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "file").write_text("", encoding="utf-8")
    assert main(["report", str(folder / "good.csv"), "--pathway", str(folder / "pathway.toml"), "--out", str(folder / "file")]) == 2
    assert main(["report", str(folder / "good.csv"), "--pathway", str(folder / "pathway.toml"), "--out", str(folder / "file" / "in")]) == 1
    assert capsys.readouterr().err.count("\n") == 2


def test_rows_that_end_before_they_start_may_be_left_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = BAD["end before start"][0](folder)
    assert report(folder, bad, "--leave-out-bad-rows") == 0
    assert "1 end before start" in capsys.readouterr().out


def test_a_report_of_data_with_errors_says_how_many_the_check_lists(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slip = GOOD + "before0,Talk,1900-01-01,before\n"
    (folder / "one.csv").write_text(slip, encoding="utf-8")
    (folder / "two.csv").write_text(slip + "before0,Talk,2090-03-01,before\n", encoding="utf-8")
    for name, errors, them in (("one.csv", "1 error", "it"), ("two.csv", "2 errors", "them")):
        assert report(folder, name) == 0
        assert f"{errors} in the data; `leadtime check '{folder / name}'` lists {them}\n" in capsys.readouterr().out
    assert report(folder, "good.csv") == 0
    assert "leadtime check" not in capsys.readouterr().out


def test_a_bug_is_one_line_and_exit_70(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("leadtime.cases.times.latest_moment", broken)
    assert report(folder, "good.csv") == 70
    assert capsys.readouterr().err.count("\n") == 1


def test_ctrl_c_is_130(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("leadtime.cases.times.latest_moment", stopped)
    assert report(folder, "good.csv") == 130


def test_help_imports_nothing_heavy() -> None:
    heavy = ("pandas", "duckdb", "matplotlib", "numpy")
    code = f"import sys\nfrom leadtime.cli import main\nmain(['--help'])\nprint([m for m in {heavy} if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=environment)
    assert done.stdout.splitlines()[-1] == "[]"


PROGRAM = """
import atexit, sys
from leadtime.cli import run
atexit.register(print, "cleared")
sys.argv = ["leadtime", *sys.argv[1:]]
run()
"""


@pytest.mark.parametrize(
    ("arguments", "code", "said"), [(["--version"], 0, r"leadtime \S+\ncleared\n"), (["check", "nowhere.csv"], 1, r"cleared\n")]
)
def test_the_program_ends_with_the_commands_code_all_it_said_and_what_was_to_be_done_at_the_end(
    arguments: list[str], code: int, said: str
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=False, cwd=ROOT, env=environment
    )
    assert done.returncode == code
    assert re.fullmatch(said, done.stdout)
    assert done.stderr.count("\n") == code


def test_the_program_whose_output_nobody_reads_ends_as_python_does() -> None:
    """Python's own code for it is 120; the command's, where it noticed first, is 1."""
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv = ['leadtime', '--version']; from leadtime.cli import run; run()"],
        stdout=writing, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT, env=environment,
    )  # fmt: skip
    os.close(writing)
    assert done.returncode in (1, 120)
    assert "Traceback" not in done.stderr


def test_garbage_is_collected_as_before_once_a_command_is_done(folder: Path) -> None:
    before = gc.get_threshold()
    assert main(["check", str(folder / "nowhere.csv")]) == 1
    assert gc.get_threshold() == before


@pytest.mark.parametrize("command", ["report", "check", "describe", "template", "demo"])
def test_every_command_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"leadtime {command}" in capsys.readouterr().out


@pytest.mark.parametrize("ending", ["xlsx", "xlsm"])
def test_the_sheets_that_a_pathway_file_names_hold_for_every_workbook(
    tmp_path: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in ("new", "old"):
        for row in (["case_id", "activity", "start"], [name, "Detected", "2019-01-01"]):
            (book[name] if name in book.sheetnames else book.create_sheet(name)).append(row)
    book.save(tmp_path / f"log.{ending}")
    (tmp_path / "p.toml").write_text(SMALL_PATHWAY + '[log]\nsheets = ["new"]\n', encoding="utf-8")
    main(["check", str(tmp_path / f"log.{ending}"), "--pathway", str(tmp_path / "p.toml")])
    assert "1 row read = 1 kept + 0 rejected" in capsys.readouterr().out


def test_check_in_swedish_says_all_of_it_in_swedish(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = openpyxl.Workbook()
    for name, rows in {
        "BVC": (["Barn nr", "Händelse", "Datum"], ["1", "Upptäckt", "2019-01-01"], ["2", None, "2019-01-02"]),
        "BUP": (["Barn-nr", "Händelse", "Datum"], ["1", "Besök", "2019-02-01"], ["1", "Besök", "sen"]),
    }.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "log.xlsx")
    main(["check", str(tmp_path / "log.xlsx"), "--language", "sv", "--rows", "1"])
    out = capsys.readouterr().out
    for line in (
        "4 lästa rader = 2 behållna + 2 avvisade",
        "  avvisade: oläsligt startdatum: 1",
        "  kolumn för case_id: 'Barn nr'",
        "(till exempel 'Barn-nr' på bladet 'BUP' som 'Barn nr')",
        "kolumnen 'Barn nr' läses som Ärende (case_id), efter sitt namn",
        "  log.xlsx rad 3 på bladet 'BVC': aktivitet saknas (kolumnen Händelse)",
        "  och 1 till",
    ):
        assert line in out
    assert not re.search(r"\b(rows?|of sheet|rejected|column|more)\b", re.sub(r"\[[\w-]+\]|columns=|--column", "", out))
