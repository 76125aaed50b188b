"""The workbook for data entry: what a project lead writes in its sheets is all that a report needs, and each slip is told by its cell."""

from __future__ import annotations

import datetime
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import leadtime as lt
from leadtime.cli import main
from leadtime.disclosure import PROFILES
from leadtime.errors import LeadtimeError
from leadtime.ingest.settings import SETTINGS
from leadtime.words import languages, words

CASES = {"en": "Cases (one row per child)", "sv": "Ärenden (en rad per barn)"}
NAMES = {"en": ("Settings", "Events", "Detection", "Diagnosis"), "sv": ("Inställningar", "Händelser", "Upptäckt", "Diagnos")}
FIRST = datetime.date(2019, 1, 7)


@cache
def made(language: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.xlsx"
        assert main(["template", "--out", str(path), "--language", language]) == 0
        return path.read_bytes()


def empty(folder: Path, language: str = "en") -> Path:
    path = folder / "mine.xlsx"
    path.write_bytes(made(language))
    return path


def put(book: Any, tongue: str, **values: Any) -> None:
    """Writes settings by their keys, each in the cells of its row."""
    sheet = book[NAMES[tongue][0]]
    rows = {sheet.cell(row, 1).value: row for row in range(2, 2 + len(SETTINGS))}
    for key, value in values.items():
        given = value if isinstance(value, tuple) else (value,)
        for place, part in enumerate(given, start=2):
            sheet.cell(rows[words(tongue).say(f"template.set_{key}")], place).value = part


def filled(folder: Path, tongue: str = "en", *, with_cases: bool = True, **settings: Any) -> Path:
    """A template with 40 children, every tenth of whom left, the first 20 of the cohort before."""
    path = empty(folder, tongue)
    book = openpyxl.load_workbook(path)
    _, events, start, stop = NAMES[tongue]
    cohorts = [words(tongue).say(f"cohort.{name}") for name in ("before", "after")]
    for number in range(40):
        begin, late = FIRST + datetime.timedelta(days=9 * number), number >= 20
        book[events].append([f"b{number}", start, begin])
        if number % 10:
            book[events].append([f"b{number}", stop, begin + datetime.timedelta(days=20 if late else 90 + number)])
        left = [None, None] if number % 10 else ["Moved", begin + datetime.timedelta(days=40)]
        if with_cases:
            born = datetime.date(2016, 1, 1) + datetime.timedelta(days=30 * number)
            book[CASES[tongue]].append([f"b{number}", born, None, cohorts[late], None, "BVC", *left])
    put(book, tongue, **{"start": start, "stop": stop, "observed_until": datetime.date(2020, 12, 31), **settings})
    book.save(path)
    return path


def codes(log: lt.EventLog) -> dict[str, int]:
    return {finding.code: finding.count for finding in log.quality.findings}


@pytest.mark.parametrize("language", ["en", "sv"])
def test_one_command_makes_the_report_of_a_filled_template(tmp_path: Path, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(filled(tmp_path, language, name="Vår studie"))]) == 0
    out = capsys.readouterr().out
    assert "77 rows read = 76 kept + 1 rejected (1 example row)" in out
    assert "Median lead time fell from 3.5 months to 20 days" in out
    assert sorted(path.name for path in (tmp_path / "mine_report").iterdir()) == ["report.html", "report.xlsx"]
    page = (tmp_path / "mine_report" / "report.html").read_text(encoding="utf-8")
    assert f'<html lang="{language}' in page
    assert "Vår studie" in page
    assert {"en": "<td>Referrer", "sv": "<td>Remittent"}[language] in page.replace('th scope="row"', "td")


def test_cases_are_joined_by_their_id_and_what_has_no_match_is_counted(tmp_path: Path) -> None:
    path = filled(tmp_path)
    book = openpyxl.load_workbook(path)
    sheet = book[CASES["en"]]
    sheet.cell(5, 1).value = None  # the row of b2 loses its case
    sheet.append(["stranger", "2016-01-01"])
    sheet.cell(3, 2).value = "in spring, perhaps"
    book.save(path)
    log = lt.read_log(path)
    found = codes(log)
    wanted = ("case-rows-without-id", "case-not-declared", "case-without-events", "unreadable-case-date")
    assert {code: found[code] for code in wanted} == dict.fromkeys(wanted, 1)
    lost = next(finding for finding in log.quality.findings if finding.code == "case-rows-without-id")
    assert lost.examples == (f"row 5 of sheet '{CASES['en']}'",)
    times = lt.lead_times(log, lt.read_pathway(path)).to_pandas().set_index("case_id")
    assert times.loc["b20", "cohort"] == "after"
    assert times.loc["b30", "exit"] == "Moved"
    assert times["status"].value_counts().to_dict() == {"stopped": 36, "left": 4, "excluded": 1}  # the stranger has no start
    assert times.loc["b3", "Referrer"] == "BVC"


@pytest.mark.parametrize("language", ["en", "sv"])
def test_who_referred_stands_in_table_1_and_in_the_report(tmp_path: Path, language: str) -> None:
    path = filled(tmp_path, language)
    header = {"en": "Referrer", "sv": "Remittent"}[language]
    times = lt.lead_times(lt.read_log(path), lt.read_pathway(path))
    described = lt.describe_cohorts(times, by="cohort")
    assert {row.level: row.n for row in described.rows if row.variable == "referrer"} == {"BVC": 20}
    assert header not in described.variables
    assert lt.describe_cohorts(times, by="cohort", variables=[header]).variables[-1] == "referrer"


def test_a_referrer_by_name_stands_in_no_report(tmp_path: Path) -> None:
    path = filled(tmp_path)
    book = openpyxl.load_workbook(path)
    for row in book[CASES["en"]].iter_rows(min_row=3):
        row[5].value = "Anna Berg" if (row[0].row or 0) % 2 else "Åke Öst"
    book.save(path)
    assert main(["report", str(path)]) == 0
    page = (tmp_path / "mine_report" / "report.html").read_text(encoding="utf-8")
    assert "Anna Berg" not in page
    assert "Referrer" not in page


def test_the_log_of_a_template_knows_its_settings_and_a_call_knows_better(tmp_path: Path) -> None:
    path = filled(tmp_path)
    log = lt.read_log(path)
    assert log.timezone == "Europe/Stockholm"
    assert log.observed_until is not None
    assert log.provenance.choices["cases"] == CASES["en"]
    assert lt.read_log(path, timezone="UTC").timezone == "UTC"
    assert lt.read_log(path, observed_until="2021-01-31").observed_until != log.observed_until
    assert lt.read_log(path, sheets=["Events"]).declared_cases is None


def test_a_sheet_of_cases_that_nobody_filled_in_is_none(tmp_path: Path) -> None:
    log = lt.read_log(filled(tmp_path, with_cases=False))
    assert log.declared_cases is None
    assert "case-not-declared" not in codes(log)


def test_columns_of_the_cases_that_nobody_used_are_no_attributes(tmp_path: Path) -> None:
    path = filled(tmp_path)
    columns = set(lt.lead_times(lt.read_log(path), lt.read_pathway(path)).to_pandas().columns)
    assert {"cohort", "birth_date", "Referrer"} <= columns
    assert columns.isdisjoint({"sex", "site"})


def test_the_settings_are_the_pathway_that_a_file_would_declare(tmp_path: Path) -> None:
    path = filled(tmp_path, stop=("Diagnosis", "Intervention"), steps="Referral; Assessment", exits=("Moved", "Declined"), washout=30)
    pathway = lt.read_pathway(path)
    assert pathway.order == ("Detection", "Referral", "Assessment", "Diagnosis", "Intervention")
    assert pathway.stop == ("Diagnosis", "Intervention")
    assert list(pathway.exits) == ["Moved", "Declined"]
    assert pathway.comparison.washout == 30
    assert pathway.log.observed_until == "2020-12-31"
    assert pathway.name == "mine"


@pytest.mark.parametrize(("language", "last"), [("en", "last"), ("sv", "Sista"), ("en", "sista")])
def test_which_of_several_events_counts_is_said_in_the_settings(tmp_path: Path, language: str, last: str) -> None:
    path = filled(tmp_path, language, start_rule=2, stop_rule=last)
    milestones = lt.read_pathway(path).milestones
    started, stopped = (milestones[name] for name in (lt.read_pathway(path).start, lt.read_pathway(path).stop[0]))
    assert ((started.rule, started.n), (stopped.rule, stopped.n)) == (("nth", 2), ("last", 1))
    plain = lt.read_pathway(filled(tmp_path, language))
    assert {milestone.rule for milestone in plain.milestones.values()} == {"first"}


@pytest.mark.parametrize("language", ["en", "sv"])
def test_a_template_says_which_events_of_its_pathway_count(tmp_path: Path, language: Any) -> None:
    from leadtime.report.template import write_template

    of = {"seen": ["Sett", "Anat"], "sent": ["Remiss"], "help": ["Insats"]}
    rules: dict[str, Any] = {"seen": {"rule": "last"}, "sent": {}, "help": {"rule": "nth", "n": 3}}

    def declared(rules: dict[str, Any], of: dict[str, list[str]]) -> lt.Pathway:
        milestones = {name: {"activities": activities, **rules[name]} for name, activities in of.items()}
        return lt.read_pathway({"name": "Ours", "start": "seen", "stop": ["help"], "order": list(of), "milestones": milestones})

    write_template(tmp_path / "t.xlsx", pathway=declared(rules, of), language=language)
    again = lt.read_pathway(tmp_path / "t.xlsx")
    assert [(one.activities, one.rule, one.n) for one in again.milestones.values()] == [
        (("Sett", "Anat"), "last", 1), (("Remiss",), "first", 1), (("Insats",), "nth", 3)
    ]  # fmt: skip
    # The third of two events together isn't the third of either, so the sheet doesn't say something else.
    write_template(tmp_path / "t.xlsx", pathway=declared(rules, of | {"help": ["Insats", "Hjälp"]}), language=language)
    with pytest.raises(LeadtimeError, match="cell B4 is blank"):
        lt.read_pathway(tmp_path / "t.xlsx")


def test_a_break_date_makes_the_cohorts_without_a_sheet_of_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = filled(tmp_path, with_cases=False, break_date=FIRST + datetime.timedelta(days=180))
    assert main(["report", str(path), "--language", "sv"]) == 0
    assert "till 20 dagar" in capsys.readouterr().out


def test_without_cohorts_the_report_is_of_all_cases_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(filled(tmp_path, with_cases=False))]) == 0
    assert "Median lead time: " in capsys.readouterr().out


def test_a_template_made_from_a_pathway_declares_it(tmp_path: Path) -> None:
    pathway = lt.read_pathway({
        "name": "Ours", "start": "seen", "stop": ["help"], "order": ["seen", "sent", "help"],
        "milestones": {"seen": {"activities": ["Sett", "Anat"]}, "sent": {"activities": "Remiss"}, "help": {"activities": "Insats"}},
        "exits": {"moved": {"activities": ["Flyttat"]}}, "comparison": {"break_date": "2020-02-01", "before": "old", "after": "new"},
    })  # fmt: skip
    from leadtime.report.template import write_template

    write_template(tmp_path / "t.xlsx", pathway=pathway)
    again = lt.read_pathway(tmp_path / "t.xlsx")
    assert again.milestones[again.start].activities == ("Sett", "Anat")
    assert again.order == ("Sett", "Remiss", "Insats")
    assert (again.name, again.comparison) == ("Ours", pathway.comparison)
    last = pathway.model_copy(
        update={"milestones": {**pathway.milestones, "sent": pathway.milestones["sent"].model_copy(update={"rule": "last"})}}
    )
    write_template(tmp_path / "t.xlsx", pathway=last)
    with pytest.raises(LeadtimeError, match="cell B4 is blank"):  # the sheet can't say it, so it doesn't say something else
        lt.read_pathway(tmp_path / "t.xlsx")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"start": None}, "cell B4 is blank: say which activity it is that starts the clock"),
        ({"stop": None}, "cell B5 is blank: say which activity it is that stops the clock"),
        ({"start": "Detektion"}, "cell B4: no event is called 'Detektion'; did you mean 'Detection'?"),
        ({"stop": "Diagnose"}, "cell B5: no event is called 'Diagnose'; did you mean 'Diagnosis'?"),
        ({"stop": ("Diagnosis", "Detection")}, "cell C5: 'Detection' stands in cell B4 already"),
        ({"language": "svenska"}, "cell B3: 'svenska' isn't allowed as 'Language of the report'; write sv, en"),
        ({"profile": "none"}, "cell B14: 'none' isn't allowed as 'Protection of small numbers'; write se-5, nhs-7-round5, internal"),
        ({"timezone": "Stockholm"}, "cell B13: 'Stockholm' isn't allowed as 'Time zone'; write a time zone such as Europe/Stockholm"),
        ({"observed_until": "31/12 2020"}, "cell B8: '31/12 2020' isn't allowed as 'Last day of observation'; write a day, as 2019-03-14"),
        ({"break_date": "early 2020"}, "cell B9: 'early 2020' isn't allowed as 'Break date'; write a day, as 2019-03-14"),
        ({"washout": 1.5}, "cell B10: '1.5' isn't allowed as 'Days of running in'; write a whole number of days, 0 or more"),
        ({"start_rule": "middle"}, "cell B15: 'middle' isn't allowed as 'Which start counts'; write first, last, or a number such as 2"),
        ({"stop_rule": 0}, "cell B16: '0' isn't allowed as 'Which stop counts'; write first, last, or a number such as 2"),
        ({"washout": (30, 40)}, "cell C10: 'Days of running in' takes one value, in cell B10; empty this one"),
    ],
)
def test_a_bad_setting_is_one_line_with_its_sheet_and_cell(
    tmp_path: Path, settings: dict[str, Any], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(filled(tmp_path, **settings))]) == 1
    line = capsys.readouterr().err
    assert line.startswith("leadtime: 'mine.xlsx', sheet 'Settings', ")
    assert told in line
    assert line.count("\n") == 1
    assert not (tmp_path / "mine_report").exists()


def test_a_setting_that_is_none_or_stands_twice_is_told(tmp_path: Path) -> None:
    path = filled(tmp_path)
    for label, told in (
        ("Brake date", "'Brake date' is no setting; did you mean 'Break date'?"),
        ("Time zone", "'Time zone' stands on two rows"),
    ):
        book = openpyxl.load_workbook(path)
        book["Settings"].cell(20, 1).value = label
        book.save(tmp_path / "bad.xlsx")
        with pytest.raises(lt.errors.InputError, match="sheet 'Settings', cell A20: " + told.replace("?", r"\?")):
            lt.read_log(tmp_path / "bad.xlsx")


def test_a_log_without_settings_asks_for_a_pathway(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log.csv").write_text("case_id,activity,start\na,x,2019-01-01\n", encoding="utf-8")
    assert main(["report", str(tmp_path / "log.csv")]) == 2
    assert "'log.csv' has no sheet of settings; name the pathway file with --pathway" in capsys.readouterr().err


def test_the_profiles_of_the_sheet_are_those_that_there_are() -> None:
    assert set(next(one.choices for one in SETTINGS if one.key == "profile")) == set(PROFILES)


@pytest.mark.parametrize("language", languages())
def test_the_names_that_a_template_is_known_by_have_their_marks_in_every_language(language: str) -> None:
    assert "leadtime" in words(language).say("template.setting")
    assert "(" in words(language).say("template.cases")
    assert len({words(language).say(f"template.set_{one.key}").casefold() for one in SETTINGS}) == len(SETTINGS)


def test_another_workbook_is_read_without_the_catalogues(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["case_id", "activity", "start"], ["a", "x", "2019-01-01"]):
        book.active.append(row)
    book.create_sheet("Notes").append(["something", "else"])
    book.save(tmp_path / "log.xlsx")
    words.cache_clear()
    lt.read_log(tmp_path / "log.xlsx")
    assert words.cache_info().currsize <= 1  # findings are told in English


def test_a_case_twice_on_the_sheet_of_cases_is_one_line(tmp_path: Path) -> None:
    path = filled(tmp_path)
    book = openpyxl.load_workbook(path)
    book[CASES["en"]].append(["b1"])
    book.save(path)
    with pytest.raises(lt.errors.InputError, match=r"1 case id on more than one row \(see rows 43\); keep one row a case"):
        lt.read_log(path)
