"""Claims on what a report says, and that every form says the same (DESIGN 2 habit 3, DEFINITIONS 5)."""

from __future__ import annotations

import datetime
import itertools
import re
from pathlib import Path

import pandas as pd
import pytest

import leadtime as lt
from leadtime.errors import InputError, ResourceError, UsageError
from leadtime.report import SECTIONS, Report, TableBlock
from leadtime.report.build import ON_REQUEST
from leadtime.report.steps import _at_once, _one_by_one

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data_samples" / "mark_svenljunga"


def made_log(cohorts, *, until="2021-12-31", note="made up"):
    """A log of cases that take the given days, a list a cohort: a number stops, "open" waits on, "left" moves after 30 days."""
    rows = []
    for name, lengths in cohorts.items():
        for number, length in enumerate(lengths):
            case, start = f"child-{name}-{number}", datetime.date(2019, 1, 1) + datetime.timedelta(days=number)
            rows.append((case, "Detected", start, name, note))
            if length != "open":
                days, activity = (30, "Moved") if length == "left" else (length, "Diagnosis")
                rows.append((case, activity, start + datetime.timedelta(days=days), name, note))
    frame = pd.DataFrame(rows, columns=["case_id", "activity", "start", "cohort", "note"])
    frame["start"] = frame["start"].astype(str)
    return lt.read_log(frame, observed_until=until)


def made_pathway():
    return lt.read_pathway(
        {
            "name": "Early help",
            "start": "detection",
            "stop": "diagnosis",
            "order": ["detection", "diagnosis"],
            "milestones": {"detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}},
            "exits": {"moved": {"activities": ["Moved"]}},
        }
    )


def made_report(before, after, **options) -> Report:
    log, pathway = made_log({"before": before, "after": after}), made_pathway()
    return lt.build_report(log, pathway, lt.compare(lt.lead_times(log, pathway)), **options)


LONG, SHORT = [400 + 10 * i for i in range(30)], [100 + 5 * i for i in range(30)]


@pytest.fixture(scope="module")
def sample() -> Report:
    pathway = lt.read_pathway(SAMPLE / "pathway.toml")
    log = lt.read_log(SAMPLE / "events.csv", timezone=pathway.log.timezone, observed_until=pathway.log.observed_until)
    return lt.build_report(log, pathway, lt.compare(lt.lead_times(log, pathway)), language="sv")


def cells_of(report: Report, name: str) -> list[dict[str, object]]:
    table = next(table for table in report.tables if table.name == name)
    return [dict(zip((column.key for column in table.columns), row, strict=True)) for row in table.rows]


def test_the_headline_of_the_comparison_opens_the_report():
    log, pathway = made_log({"before": [*LONG, *["open"] * 6], "after": SHORT}), made_pathway()
    result = lt.compare(lt.lead_times(log, pathway))
    for language in ("en", "sv"):
        assert lt.build_report(log, pathway, result, language=language).headline == result.headline(language)


def test_the_figures_are_those_of_the_comparison():
    log, pathway = made_log({"before": LONG, "after": SHORT}), made_pathway()
    result = lt.compare(lt.lead_times(log, pathway))
    report = lt.build_report(log, pathway, result)
    rows = {(row["measure"], row["cohort"]): row for row in cells_of(report, "lead_times")}
    for cohort in result.cohorts:
        assert rows["Median", cohort.name]["days"] == round(cohort.median.value, 1)
        assert rows["90th percentile", cohort.name]["days"] == round(cohort.p90.value, 1)
    assert [row["n"] for row in cells_of(report, "cohorts")] == [30, 30]


def test_the_flow_table_adds_up_to_all_cases():
    flow = cells_of(made_report([*LONG, *["left"] * 7], [*SHORT, *["open"] * 8]), "flow")
    assert sum(row["cases"] for row in flow[:-1]) == flow[-1]["cases"] == 75


def test_sections_can_be_chosen_and_a_wrong_name_is_an_error():
    report = made_report(LONG, SHORT, sections=["flow", "cohorts"])
    assert [section.key for section in report.sections] == ["cohorts", "flow"]
    with pytest.raises(UsageError, match="did you mean 'cohorts'"):
        made_report(LONG, SHORT, sections=["cohort"])


def test_without_a_comparison_all_cases_are_summed_up():
    log = made_log({"before": LONG, "after": SHORT})
    report = lt.build_report(log, made_pathway())
    assert "Median lead time:" in report.headline
    assert {"change", "sensitivity", "audit"}.isdisjoint(section.key for section in report.sections)
    assert cells_of(report, "cohorts")[0]["n"] == 60


@pytest.mark.parametrize(("language", "said"), [("en", "No case has a lead time; "), ("sv", "Inget ärende har någon ledtid; ")])
def test_where_every_case_is_excluded_the_report_says_so(language, said, tmp_path):
    rows = [(case, what, f"2020-0{month}-01") for case in "abcdef" for what, month in (("Intervention", 1), ("Detection", 3))]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start"]), observed_until="2020-12-31")
    milestones = {"seen": {"activities": "Detection"}, "help": {"activities": "Intervention"}}
    pathway = lt.read_pathway({"name": "x", "start": "seen", "stop": "help", "milestones": milestones})
    report = lt.build_report(log, pathway, language=language)
    assert said in str(report)
    report.to_html(tmp_path / "report.html")
    report.to_excel(tmp_path / "report.xlsx")
    assert said in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_without_a_pathway_the_time_runs_from_first_to_last():
    report = lt.build_report(made_log({"before": LONG}), None)
    assert dict(report.facts)["What is measured"] == "From the first event of a case to its last"


def test_a_comparison_of_another_log_is_refused():
    log, other, pathway = made_log({"before": LONG, "after": SHORT}), made_log({"before": LONG, "after": SHORT}), made_pathway()
    with pytest.raises(UsageError, match="another log"):
        lt.build_report(other, pathway, lt.compare(lt.lead_times(log, pathway)))


def test_synthetic_data_say_so_first(sample):
    assert "Syntetiska data" in sample.notices[0]
    assert not any("ynthetic" in notice for notice in made_report(LONG, SHORT).notices)
    synthetic = lt.build_report(made_log({"before": LONG}, note="synthetic data"), made_pathway())
    assert synthetic.notices[0].startswith("Synthetic data")


def test_the_moment_of_making_stands_only_where_it_is_given():
    assert "2024-05-06" in str(made_report(LONG, SHORT, generated=datetime.date(2024, 5, 6)))
    assert not re.search(r"\b202[2-9]\b", str(made_report(LONG, SHORT, sections=["provenance", "cohorts"])).replace("0.1.0", ""))


class TestDisclosure:
    def test_small_counts_are_nowhere_in_any_form(self, tmp_path):
        report = made_report([*LONG, "left", "left", "left", *["open"] * 11], SHORT)
        cohort = cells_of(report, "cohorts")[0]
        assert (cohort["n"], cohort["observed"]) == (44, 30)
        assert (cohort["left"], cohort["open"], cohort["unfinished"]) == ("[c]", "[c]", 14)
        assert "n = 44, of whom 14 not finished" in report.headline
        assert [row["cases"] for row in cells_of(report, "flow")][1:3] == ["[c]", "[c]"]
        report.to_html(tmp_path / "r.html")
        for text in (str(report), (tmp_path / "r.html").read_text(encoding="utf-8")):
            assert "3 left" not in text
            assert "3 who left" not in text
            assert not re.search(r"\b3 cases", text)

    def test_the_internal_profile_shows_all_and_says_that_it_must_stay_inside(self):
        report = made_report([*LONG, "left", "left", "left", *["open"] * 11], SHORT, profile="internal")
        assert cells_of(report, "cohorts")[0]["left"] == 3
        assert "must not be passed on" in report.notices[0]

    def test_a_median_of_four_stops_is_hidden_wherever_it_would_stand(self):
        report = made_report([100, 200, 300, 400, *["left"] * 6], SHORT)
        rows = {(row["measure"], row["cohort"]): row for row in cells_of(report, "lead_times")}
        assert rows["Median", "before"]["days"] == rows["Median", "before"]["in_words"] == "[c]"
        assert all(row["value"] != round(lt_ratio, 3) for row in cells_of(report, "change") for lt_ratio in (172.5 / 250,))
        assert "10 months" not in report.headline

    def test_no_count_of_children_from_one_to_four_is_shown_for_many_small_studies(self):
        for opened, left in ((1, 0), (0, 2), (3, 2), (6, 3), (1, 5)):
            report = made_report([*LONG, *["open"] * opened, *["left"] * left], [*SHORT, *["open"] * 4])
            for table, keys in (
                ("cohorts", ("n", "observed", "unfinished", "open", "left")),
                ("flow", ("cases",)),
                ("steps", ("n",)),
                ("curve", ("at_risk",)),
            ):
                for row in cells_of(report, table):
                    assert not any(row[key] in (1, 2, 3, 4) for key in keys), (table, row)

    def test_no_case_is_named_in_any_form(self, sample, tmp_path):
        sample.to_html(tmp_path / "r.html")
        sample.to_excel(tmp_path / "r.xlsx")
        workbook = "".join(
            str(sheet) for sheet in pd.read_excel(tmp_path / "r.xlsx", sheet_name=None, header=None, engine="openpyxl").values()
        )
        for text in (str(sample), (tmp_path / "r.html").read_text(encoding="utf-8"), workbook):
            assert not re.search(r"MS\d{3}", text)

    def test_the_account_of_what_was_hidden_is_part_of_the_report(self):
        report = made_report([*LONG, "left", "left", "left", *["open"] * 11], SHORT)
        assert sum(row["hidden_small"] for row in report.disclosure.records()) >= 1
        assert all(row["computable"] == 0 for row in report.disclosure.records())
        assert any(section.key == "disclosure" and section.tables for section in report.sections)


class TestSteps:
    def test_all_steps_at_once_equal_each_step_as_a_pathway_of_its_own(self):
        pathway = lt.read_pathway(SAMPLE / "pathway.toml")
        log = lt.read_log(SAMPLE / "events.csv", timezone=pathway.log.timezone, observed_until=pathway.log.observed_until)
        times = lt.lead_times(log, pathway)
        steps = list(itertools.pairwise(pathway.order))
        one, other = (
            {step: {name: sorted(days) for name, days in groups.items() if len(days)} for step, groups in make(times, steps, "cohort")}
            for make in (_at_once, _one_by_one)
        )
        assert one == other

    def test_a_step_that_nobody_begins_is_left_out(self):
        declared = made_pathway().model_dump()
        declared["milestones"]["help"] = {"activities": ["Help"]}
        declared["order"] = ["detection", "help", "diagnosis"]
        report = lt.build_report(made_log({"before": LONG}), lt.read_pathway(declared))
        assert [row["step"] for row in cells_of(report, "steps")] == ["detection to help"]
        assert cells_of(report, "steps")[0]["n"] == 0


class TestWriting:
    @pytest.mark.parametrize("name", ["r.xlsx", "r.html"])
    def test_a_folder_that_is_not_there_is_named_and_nothing_is_left(self, tmp_path, name):
        report = made_report(LONG, SHORT)
        write = report.to_excel if name.endswith("xlsx") else report.to_html
        with pytest.raises(InputError, match="there is no folder"):
            write(tmp_path / "absent" / name)
        (tmp_path / name).mkdir()
        with pytest.raises(InputError, match="is a folder"):
            write(tmp_path / name)
        assert [path.name for path in tmp_path.iterdir()] == [name]

    def test_a_write_that_fails_leaves_the_old_file_and_no_draft(self, tmp_path, monkeypatch):
        report, target = made_report(LONG, SHORT), tmp_path / "r.html"
        target.write_text("old", encoding="utf-8")

        def refused(*_):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("leadtime.files.os.replace", refused)
        with pytest.raises(ResourceError, match="can't be written: Permission denied"):
            report.to_html(target)
        assert [path.name for path in tmp_path.iterdir()] == ["r.html"]
        assert target.read_text(encoding="utf-8") == "old"

    def test_a_workbook_must_be_called_one(self, tmp_path):
        with pytest.raises(UsageError, match=r"name the file r\.xlsx"):
            made_report(LONG, SHORT).to_excel(tmp_path / "r.xls")


def test_every_section_has_a_heading_and_every_table_a_title_in_both_languages(sample):
    english = made_report(LONG, SHORT)
    assert [section.key for section in english.sections] == [key for key in SECTIONS if key not in ON_REQUEST]
    for report in (english, sample):
        for section in report.sections:
            assert section.title
            assert section.blocks
            for block in section.blocks:
                if isinstance(block, TableBlock):
                    assert block.title
                    assert all(column.label and "_" not in column.label for column in block.columns), block.columns


def test_the_swedish_report_has_no_english_words(sample):
    codes = {str(row["code"]) for name in ("audit", "findings") for row in cells_of(sample, name)}
    text = re.sub("|".join(codes), "", str(sample)).casefold()
    for word in ("still waiting", "finished", " cases", " the ", "before", "median ratio", "rows read", "guessed"):
        cleaned = text.replace("cohort: before mot after", "")
        assert word not in cleaned, word
