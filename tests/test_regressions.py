"""Faults that were found once, each with the smallest case that shows it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import leadtime as lt
from leadtime.cli import main

PATHWAY = {
    "name": "t",
    "start": "d",
    "stop": ["s", "t"],
    "milestones": {name: {"activities": [name.upper()]} for name in "dst"},
    "exits": {"moved": {"activities": ["M"]}},
}


def frame_of(*rows: tuple[str, ...], columns: str = "case_id activity start cohort") -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


def study(**more: object) -> lt.LeadTimes:
    rows = [(f"{c}{n}", a, f"2019-{m:02}-01", c) for c in ("before", "after") for n in range(6) for a, m in (("D", 1), ("S", 2 + n))]
    return lt.lead_times(lt.read_log(frame_of(*rows), observed_until="2020-12-31"), lt.read_pathway(PATHWAY | more))


def test_a_case_s_own_last_day_ends_at_its_local_midnight() -> None:
    frame = frame_of(
        ("a", "D", "2020-10-25 23:30", "2020-10-25"),
        ("b", "D", "2020-03-29 00:00", "2020-03-29"),
        columns="case_id activity start last_observed",
    )
    log = lt.read_log(frame, timezone="Europe/Stockholm", observed_until="2020-12-31")
    days = lt.lead_times(log, lt.read_pathway(PATHWAY)).to_pandas()["lead_time_days"]
    assert days.tolist() == pytest.approx([0.5 / 24, 23 / 24], abs=1e-12)


def test_the_version_is_printed_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"leadtime {lt.__version__}\n"


def test_a_break_date_may_be_a_date() -> None:
    rows = [(f"{n}", a, f"20{y}-{m:02}-01") for n in range(12) for y in [18 + n % 2] for a, m in (("D", 1), ("S", 2 + n // 2))]
    times = lt.lead_times(
        lt.read_log(frame_of(*rows, columns="case_id activity start"), observed_until="2020-12-31"), lt.read_pathway(PATHWAY)
    )
    assert [cohort.n for cohort in lt.compare(times, break_date=date(2019, 1, 1)).cohorts] == [6, 6]


def test_a_cohort_given_by_hand_wins_over_a_declared_break_date() -> None:
    result = lt.compare(study(comparison={"break_date": "2019-03-01", "washout": 30}), by="cohort")
    assert result.by == "cohort"


def test_a_negative_seed_is_a_usage_error() -> None:
    with pytest.raises(lt.UsageError, match="seed=-1"):
        lt.compare(study(), seed=-1)


def test_case_dates_stand_under_their_own_names() -> None:
    frame = frame_of(("a", "D", "2019-01-01", "2015-05-05"), columns="case_id activity start birth_date")
    times = lt.lead_times(lt.read_log(frame, observed_until="2020-12-31"), lt.read_pathway(PATHWAY))
    assert times.to_pandas()["birth_date"].tolist() == [pd.Timestamp("2015-05-05")]
    assert not [name for name in times.to_pandas().columns if name.endswith(("_us", "_is_date"))]
    with pytest.raises(lt.InputError, match="there is 'birth_date'"):
        times.require_attribute("xyz")


def test_cases_in_neither_cohort_are_counted() -> None:
    times = study()
    frame = pd.concat(
        [times.log.to_pandas()[["case_id", "activity", "cohort"]].assign(start="2019-01-01"), frame_of(("x", "D", "2019-01-01", "third"))]
    )
    result = lt.compare(lt.lead_times(lt.read_log(frame, observed_until="2020-12-31"), lt.read_pathway(PATHWAY)))
    assert {entry.code: entry.cases for entry in result.audit_entries}["outside-cohorts"] == 1
    assert "1 case" in dict(zip(result.audit.column("code"), result.audit.column("sentence"), strict=True))["outside-cohorts"]  # type: ignore[operator]


def test_an_exit_without_a_date_is_told() -> None:
    frame = frame_of(("a", "D", "2020-01-05", "declined"), columns="case_id activity start exit")
    with pytest.warns(lt.LeadtimeWarning, match="1 case names an exit without a date"):
        lt.lead_times(lt.read_log(frame, observed_until="2020-12-31"), lt.read_pathway(PATHWAY))


def test_waiting_between_units_is_counted_from_every_event_before() -> None:
    frame = frame_of(
        ("a", "D", "2020-01-01", "2020-01-02", "U"),
        ("a", "Z", "2020-01-05", "2020-01-09", ""),
        ("a", "S", "2020-01-11", "2020-01-11", "V"),
        columns="case_id activity start end unit",
    )
    assert lt.transitions(lt.read_log(frame), by="unit").to_pandas()["total_days"].tolist() == [2]


def test_a_report_that_fails_makes_no_folder(tmp_path: Path) -> None:
    pathway = tmp_path / "pathway.toml"
    pathway.write_text('name="x"\nstart="d"\nstop="s"\n[milestones.d]\nactivities="D"\n[milestones.s]\nactivities="S"\n', encoding="utf-8")
    assert main(["report", str(tmp_path / "none.csv"), "--pathway", str(pathway), "--out", str(tmp_path / "new" / "out")]) == 1
    assert not (tmp_path / "new").exists()


def test_counts_of_a_summary_are_whole_numbers() -> None:
    summary = lt.cohort_summary(study(), by="cohort").to_pandas()
    assert all(pd.api.types.is_integer_dtype(summary[name]) for name in ("n", "observed", "open", "left"))


def test_a_hidden_count_does_not_follow_from_the_shares_at_the_horizon() -> None:
    """20 + 2 stopped, 7 open, 3 left: what is shown at the horizon would give the 3 away."""
    rows: list[tuple[str, ...]] = []
    for cohort, stops in (("before", 22), ("after", 21)):
        for n in range(stops + 10):
            case = f"{cohort}{n}"
            rows.append((case, "D", "2019-01-01", cohort))
            if n < stops:
                rows.append((case, "S", str(date(2019, 1, 1) + pd.Timedelta(days=100 + 10 * n)), cohort))
            elif n < stops + 3:
                rows.append((case, "M", "2019-02-20", cohort))
    log = lt.read_log(frame_of(*rows), observed_until="2019-12-31")
    pathway = lt.read_pathway(PATHWAY)
    report = lt.build_report(log, pathway, lt.compare(lt.lead_times(log, pathway)))
    cohorts = {row[0]: row for table in report.tables if table.name == "cohorts" for row in table.rows}
    assert all("[c]" in row for row in cohorts.values())
    horizon = [row for table in report.tables if table.name == "horizon" for row in table.rows]
    assert all(row[-1] == "[c]" and row[1] == "[c]" for row in horizon)


def test_a_swedish_report_without_a_horizon_says_why_in_swedish() -> None:
    rows = [
        (f"{c}{n}", a, f"2019-{m:02}-01", c)
        for c in ("before", "after")
        for n in range(3)
        for a, m in (("D", 1), ("S", 2 + n))
        if n or a == "D"
    ]
    log = lt.read_log(frame_of(*rows), observed_until="2020-12-31")
    pathway = lt.read_pathway(PATHWAY)
    text = str(lt.build_report(log, pathway, lt.compare(lt.lead_times(log, pathway)), language="sv"))
    assert "Ingen horisont" in text
    assert not re.search("never has", text)
