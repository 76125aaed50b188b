"""A finished file that shows a single person never gets its name (threat T3)."""

from __future__ import annotations

import pandas as pd
import pytest

import leadtime as lt
from leadtime.report.scan import texts_of


def made(case: str = "ärende {}", name: str = "Example", activity: str = "Detected", profile: str = "se-5", until: str = "2020-12-31"):
    """A report of 24 cases, each with a day of its own."""
    rows = [
        (case.format(f"{number:04}"), what, str(pd.Timestamp("2020-01-01") + pd.Timedelta(days=day))[:10])
        for number in range(24)
        for what, day in ((activity, number), ("Diagnosis", 40 + 2 * number))
    ]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start"]), observed_until=until)
    pathway = lt.read_pathway(
        {
            "name": name, "start": "detection", "stop": "diagnosis",
            "milestones": {"detection": {"activities": [activity]}, "diagnosis": {"activities": ["Diagnosis"]}},
        }
    )  # fmt: skip
    return lt.build_report(log, pathway, profile=profile)


def written(report, folder):
    report.to_excel(folder / "report.xlsx")
    report.to_html(folder / "report.html")
    return sorted(item.name for item in folder.iterdir())


def test_a_report_without_persons_is_written(tmp_path):
    assert written(made(), tmp_path) == ["report.html", "report.xlsx"]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("As for ärende 0007", "ids of 1 case,"),
        ("Seen 2020-01-09", "2020-01-09"),
        ("Child 20120101-2380", "personal number"),
    ],
)
@pytest.mark.parametrize("form", ["to_excel", "to_html"])
def test_what_tells_of_one_child_stops_the_file(tmp_path, name, what, form):
    target = tmp_path / ("report.xlsx" if form == "to_excel" else "report.html")
    target.write_text("the former file")
    with pytest.raises(lt.DisclosureError, match=what) as error:
        getattr(made(name=name), form)(target)
    assert "0007" not in str(error.value)
    assert [item.name for item in tmp_path.iterdir()] == [target.name]
    assert target.read_text() == "the former file"


def test_the_end_of_observation_may_be_shown_though_it_is_one_childs_day(tmp_path):
    assert written(made(until="2020-03-27"), tmp_path)


@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_default_dates_that_the_check_names_are_no_childs_day(tmp_path, language):
    rows = [("a", "Detected", "2019-05-02"), ("a", "Talk", "1900-01-01"), ("a", "Diagnosis", "2019-06-02")]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start"]))
    report = lt.build_report(log, None, language=language)
    assert "1900-01-01" in str(report)
    assert written(report, tmp_path) == ["report.html", "report.xlsx"]


def test_a_number_that_is_a_result_is_no_case_id(tmp_path):
    assert written(made(case="{}"), tmp_path)


def test_internal_reports_may_name_cases_but_no_personal_number(tmp_path):
    assert written(made(name="As for ärende 0007", profile="internal"), tmp_path)
    with pytest.raises(lt.DisclosureError, match="personal number"):
        made(name="Child 20120101-2380", profile="internal").to_html(tmp_path / "other.html")


def test_every_text_of_the_package_is_read(tmp_path):
    made(name="Näme <&> it").to_excel(tmp_path / "report.xlsx")
    texts = "\n".join(texts_of((tmp_path / "report.xlsx").read_bytes()))
    assert "Näme <&> it" in texts
