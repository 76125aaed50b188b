"""Claims on the report's sections from the later rooms: who, where the months went, waits, waste, trend, and the caveat light."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import leadtime as lt
from leadtime.report import Report, TextBlock
from tests.test_report import LONG, SHORT, cells_of, made_log, made_pathway, made_report

SAMPLE = Path(__file__).resolve().parents[1] / "data_samples" / "mark_svenljunga"


@pytest.fixture(scope="module")
def study() -> lt.Comparison:
    pathway = lt.read_pathway(SAMPLE / "pathway.toml")
    log = lt.read_log(SAMPLE / "events.csv", timezone=pathway.log.timezone, observed_until=pathway.log.observed_until)
    return lt.compare(lt.lead_times(log, pathway))


@pytest.fixture(scope="module")
def sample(study) -> Report:
    wanted = ["cohorts", "who", "months", "kinds", "waits", "waste", "trend"]
    return lt.build_report(study.times.log, study.times.pathway, study, sections=wanted)


@pytest.fixture(scope="module")
def judged(study) -> Report:
    return lt.build_report(study.times.log, study.times.pathway, study, sections=["change", "sensitivity", "audit"], language="sv")


def test_the_levels_of_a_variable_add_up_to_the_cohort_where_they_are_shown(sample):
    sizes = [row["n"] for row in cells_of(sample, "cohorts")]
    rows = [row for row in cells_of(sample, "who") if row["variable"] == "Sex"]
    assert [sum(row[f"who_{place}_n"] for row in rows) for place in (0, 1)] == sizes == [96, 84]


def test_a_route_that_all_of_a_cohort_took_is_hidden(sample):
    rows = [row for row in cells_of(sample, "who") if row["variable"] == "Route"]
    assert {row["who_0_n"] for row in rows} == {"[c]"}


@pytest.mark.parametrize("name", ["segments", "kinds"])
def test_the_parts_of_the_change_add_up_to_it(sample, name):
    *parts, whole = cells_of(sample, name)
    for column in ("before_days", "after_days", "change_days"):
        assert sum(row[column] for row in parts) == pytest.approx(whole[column], abs=0.05 * (len(parts) + 1))


def test_waiting_is_named_first_as_the_waste_that_others_are_measured_against(sample):
    assert sample.section("kinds").blocks[0].paragraphs[0].startswith("Waiting, the waste")
    assert str(cells_of(sample, "waste")[0]["waste"]).startswith("W1")


def test_no_wait_of_few_children_is_shown_and_none_of_a_unit_on_itself(sample):
    rows = cells_of(sample, "hand_overs")
    assert rows
    assert all(row["cases"] >= 5 and row["source"] != row["target"] for row in rows)


def test_the_starts_of_all_periods_add_up_to_the_cohorts(sample):
    counts = {"before": 0, "after": 0}
    for row in cells_of(sample, "trend"):
        counts[str(row["cohort"])] += row["n"]
    assert counts == {"before": 96, "after": 84}


def test_what_lacks_its_columns_says_so():
    report = made_report(LONG, SHORT, sections=["waits", "waste"])
    assert "no column Unit" in str(report)
    states = {str(row["waste"])[:3].strip(): row["figure"] for row in cells_of(report, "waste")}
    assert states["W4"] == "not computable: no column Place"


def test_slow_sections_are_made_only_when_they_are_asked_for():
    keys = [section.key for section in made_report(LONG, SHORT).sections]
    assert {"who", "months", "waits", "trend"} <= set(keys)
    assert {"kinds", "waste"}.isdisjoint(keys)


class TestTheCaveatLight:
    def test_it_is_yellow_where_something_was_found_and_names_it(self):
        report = made_report([*LONG, *["open"] * 8], SHORT)
        assert any(notice.startswith("Caveat light: YELLOW") and "Finished cases only" in notice for notice in report.notices)

    def test_it_is_red_where_the_cohorts_are_by_when_cases_ended(self):
        log, pathway = made_log({"before": LONG, "after": SHORT}), made_pathway()
        result = lt.compare(lt.lead_times(log, pathway), break_date="2020-01-01", cohort_rule="stop")
        assert any(notice.startswith("Caveat light: RED") for notice in lt.build_report(log, pathway, result).notices)

    def test_every_form_shows_it(self, tmp_path):
        report = made_report([*LONG, *["open"] * 8], SHORT)
        report.to_html(tmp_path / "r.html")
        assert "Caveat light" in str(report)
        assert "Caveat light" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_every_check_for_bias_is_listed_with_what_came_of_it(judged, study):
    checks = {row["code"]: row for row in cells_of(judged, "checks")}
    comparison = {row["code"]: row for row in study.checks.records()}
    assert set(checks) == set(comparison)
    assert {code for code, row in checks.items() if row["status"] == "slår till"} == {row["code"] for row in cells_of(judged, "audit")}
    assert {code for code, row in checks.items() if row["why"]} == {
        code for code, row in comparison.items() if row["status"] == "not computable"
    }


def test_what_the_comparison_takes_for_granted_is_printed(judged, study):
    said = [paragraph for block in judged.section("change").blocks if isinstance(block, TextBlock) for paragraph in block.paragraphs]
    for sentence in study.assumptions("sv"):
        assert sentence in said


def test_other_ways_to_count_name_milestones_in_the_reports_language(judged):
    named = " ".join(str(row["estimate"]) for row in cells_of(judged, "sensitivity"))
    assert "diagnos" in named
    for word in ("diagnosis", "intervention", "referral", "assessment"):
        assert word not in named


def test_the_same_figure_has_the_same_decimals_wherever_it_stands(judged):
    change = {row["measure"]: row for row in cells_of(judged, "change")}
    again = {row["estimate"]: row for row in cells_of(judged, "sensitivity")}
    days = next(row for measure, row in change.items() if row["unit"] == "dagar")
    same = again["skillnad mellan begränsade medelvärden"]
    assert [same[name] for name in ("value", "lower", "upper")] == [days[name] for name in ("value", "lower", "upper")]


def test_the_cover_tells_the_cases_read_from_those_compared():
    whole = dict(made_report(LONG, SHORT, sections=["cohorts"]).facts)
    assert whole["Cases"] == "60 cases in 2 cohorts: before 30 and after 30"
    log, pathway = made_log({"before": LONG, "after": SHORT, "pilot": SHORT[:7]}), made_pathway()
    result = lt.compare(lt.lead_times(log, pathway), before="before", after="after")
    for language, term, said in (
        ("en", "Cases", "67 cases read; 2 cohorts compared: before 30 and after 30"),
        ("sv", "Ärenden", "67 ärenden lästes; 2 grupper jämförs: före 30 och efter 30"),
    ):
        report = lt.build_report(log, pathway, result, sections=["cohorts"], language=language)
        assert dict(report.facts)[term] == said


def study_with_few_leavers(*, by_date):
    """Before: 24 finished, 4 wait, 2 left. After: 23, 4 and 3. Of those finished 22 got a diagnosis first, 25 an intervention."""
    rows = []
    for place, (finished, waiting, left) in enumerate(((24, 4, 2), (23, 4, 3))):
        for number in range(finished + waiting + left):
            case, day = f"{place}-{number}", pd.Timestamp(2020 + 2 * place, 1, 1) + pd.Timedelta(days=3 * number)
            cohort = ("before", "after")[place]
            rows.append((case, "Detected", day, cohort))
            if number < finished:
                rows.append(
                    (case, "Diagnosis" if number < 11 else "Intervention", day + pd.Timedelta(days=300 - 100 * place + 5 * number), cohort)
                )
            elif number < finished + left:
                rows.append((case, "Moved", day + pd.Timedelta(days=60 + number), cohort))
    frame = pd.DataFrame(rows, columns=["case_id", "activity", "start", "cohort"])
    log = lt.read_log(frame.drop(columns="cohort") if by_date else frame, observed_until="2023-12-31")
    names = {"detected": "Detected", "diagnosis": "Diagnosis", "intervention": "Intervention"}
    pathway = lt.read_pathway({
        "name": "Few", "start": "detected", "stop": ["diagnosis", "intervention"], "order": list(names),
        "milestones": {name: {"activities": [activity]} for name, activity in names.items()}, "exits": {"moved": {"activities": ["Moved"]}},
    })  # fmt: skip
    times = lt.lead_times(log, pathway)
    result = lt.compare(times, break_date="2022-01-01") if by_date else lt.compare(times)
    return log, pathway, result


@pytest.mark.parametrize("by_date", [True, False])
def test_what_the_flow_hides_is_told_by_no_step_and_no_finding(by_date):
    log, pathway, result = study_with_few_leavers(by_date=by_date)
    report = lt.build_report(log, pathway, result, sections=["cohorts", "flow", "steps", "quality"])
    flow = {(row["status"], row["detail"]): row["cases"] for row in cells_of(report, "flow")}
    assert "[c]" in flow.values()  # else there were nothing to tell
    steps = [row["n"] for row in cells_of(report, "steps") if row["step"] == "detected to diagnosis"]
    shown = [n for n in steps if n != "[c]"]
    if flow[("finished", "diagnosis")] == "[c]":
        assert len(shown) < len(steps)
    told = {row["code"]: row["message"] for row in cells_of(report, "findings")}
    assert told["unfinished-cases"].startswith("Some of 60")
    assert told["silent-cases"].startswith("Some")


@pytest.mark.parametrize("by_date", [True, False])
def test_no_wait_until_an_end_tells_how_many_ended_there_where_the_flow_hides_it(by_date):
    log, pathway, result = study_with_few_leavers(by_date=by_date)
    report = lt.build_report(log, pathway, result, sections=["cohorts", "flow", "waits"])
    flow = {row["detail"]: row["cases"] for row in cells_of(report, "flow")}
    waits = {row["target"]: row for row in cells_of(report, "hand_overs")}
    hidden = [name for name in ("diagnosis", "intervention", "moved") if flow[name] == "[c]"]
    assert hidden
    for name in hidden:
        row = waits[name.capitalize() if name != "moved" else "Moved"]
        assert (row["cases"], row["total_days"]) == ("[c]", "[c]")
