"""Quality: what a log shows about itself, and where to look, without telling what stands there."""

from __future__ import annotations

import pandas as pd

import leadtime as lt
from leadtime.quality import check


def log_of(rows: list[tuple[object, ...]], *more: str, **options: object) -> lt.EventLog:
    frame = pd.DataFrame(rows, columns=["case_id", "activity", "start", *more])
    return lt.read_log(frame, **options)  # type: ignore[arg-type]


def counts(log: lt.EventLog) -> dict[str, int]:
    return {finding.code: finding.count for finding in log.quality.findings}


def test_a_clean_log_has_no_finding() -> None:
    log = log_of([("a", "x", "2019-01-01 10:00"), ("a", "y", "2019-01-02 10:00")], timezone="UTC")
    assert log.quality.findings == ()


def test_guessed_roles_are_reported_and_given_ones_are_not() -> None:
    frame = pd.DataFrame({"Ärende": ["1"], "Händelse": ["x"], "Datum": ["2019-01-01"]})
    guessed = [
        finding.message for finding in lt.read_log(frame, columns={"start": "Datum"}).quality.findings if finding.code == "guessed-role"
    ]
    assert guessed == ["column 'Ärende' is taken as case_id, by its name", "column 'Händelse' is taken as activity, by its name"]


def test_ties_between_activities_are_counted_and_those_of_one_activity_are_not() -> None:
    log = log_of([("a", "x", "2019-01-01"), ("a", "y", "2019-01-01"), ("b", "x", "2019-01-01"), ("b", "x", "2019-01-01")])
    assert counts(log)["tied-times"] == 2


def test_missing_values_of_roles_are_counted_by_column() -> None:
    log = log_of([("a", "x", "2019-01-01", "BVC", None), ("a", "y", "2019-01-02", " ", "F")], "unit", "sex")
    messages = [finding.message for finding in log.quality.findings if finding.code == "missing-values"]
    assert messages == ["1 of 2 events without unit", "1 of 2 events without sex"]


def test_events_after_the_observation_are_counted_and_the_last_day_is_within() -> None:
    rows = [("a", "x", "2019-12-31 23:59"), ("a", "y", "2020-01-01 00:00"), ("a", "z", "2019-12-31")]
    assert counts(log_of(list(rows), observed_until="2019-12-31"))["after-observed-until"] == 1
    assert counts(log_of(list(rows), observed_until="2019-12-31 12:00"))["after-observed-until"] == 2
    assert "after-observed-until" not in counts(log_of(list(rows), observed_until="2020-01-01"))


def test_lifecycle_steps_beside_complete_are_told() -> None:
    rows = [("a", "x", "2019-01-01", "start"), ("a", "x", "2019-01-02", "complete")]
    assert counts(log_of(list(rows), "lifecycle:transition"))["lifecycle-not-paired"] == 1
    assert "lifecycle-not-paired" not in counts(log_of([rows[1]], "lifecycle:transition"))


def test_findings_come_with_the_gravest_first_and_name_rows_not_values() -> None:
    log = log_of(
        [("Kalle", "x", "2019-01-01 10:00"), ("Kalle", "x", "2019-01-01 10:00"), ("Kalle", "x", "hos Kalle"), ("Kalle", " ", "2019-01-01")]
    )
    severities = [finding.severity for finding in log.quality.findings]
    assert severities == sorted(severities, key=("error", "warning", "note").index)
    assert all("Kalle" not in str(finding) for finding in log.quality.findings)
    assert next(finding for finding in log.quality.findings if finding.code == "rejected-unreadable-start").examples == ("row 2",)


def test_a_filtered_log_can_be_checked_by_itself() -> None:
    import narwhals as nw

    log = log_of([("a", "x", "2019-01-01"), ("a", "y", "2019-01-01"), ("b", "x", "2019-01-02")])
    assert [finding.code for finding in check(log)] == ["tied-times"]
    assert check(log.filter(nw.col("case_id") == "b")) == ()


def test_the_report_reads_as_a_table_and_its_account_adds_up() -> None:
    report = log_of([("a", "x", "2019-01-01"), ("a", None, "2019-01-01"), ("a", "x", "?")]).quality
    frame = report.to_pandas()
    assert frame.loc[frame["severity"] == "account", "count"].tolist() == [3, 1, 2, 1, 1]
