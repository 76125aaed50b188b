"""The same text on Spark: every public measure equals DuckDB's, on a log with ties, blanks, overlaps, Swedish letters and the case "NA"."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import leadtime as lt

pytestmark = [pytest.mark.program("java"), pytest.mark.program("pyspark")]

PATHWAY = {
    "name": "spark",
    "start": "detection",
    "stop": ["diagnosis", "help"],
    "milestones": {
        "detection": {"activities": ["Upptäckt"]},
        "diagnosis": {"activities": ["Diagnos"]},
        "help": {"activities": ["Insats"], "rule": "nth", "n": 2},
    },
    "exits": {"moved": {"activities": ["Flyttat"]}},
}
ACTIVITIES = ["Upptäckt", "Remiss", "Återbesök", "Diagnos", "Insats", "Flyttat"]
UNITS = ["BVC Å", "BUP Ö", None, "Logopedi"]


def events(seed: int, *, dates: bool) -> pd.DataFrame:
    """A log of 60 cases as text: clock times or a mix with dates, some ends, ties, overlaps, blanks, and a row that can't be kept."""
    rng = np.random.default_rng(seed)
    rows = []
    for case in range(60):
        name = "NA" if case == 0 else f"ärende {case}"
        time = pd.Timestamp("2020-03-01") + pd.Timedelta(hours=int(rng.integers(0, 24 * 500)))
        for number in range(int(rng.integers(1, 9))):
            time += pd.Timedelta(hours=int(rng.choice([0, 0, 5, 40, 700])))
            date = dates and rng.random() < 0.3
            end = time + pd.Timedelta(hours=int(rng.integers(0, 60))) if rng.random() < 0.5 and not date else None
            activity = "Upptäckt" if number == 0 else str(rng.choice(ACTIVITIES))
            start = f"{time:%Y-%m-%d}" if date else f"{time:%Y-%m-%d %H:%M}"
            last = "2021-08-01" if case % 7 == 3 else None
            rows.append(
                (name, activity, start, None if end is None else f"{end:%Y-%m-%d %H:%M}", UNITS[rng.integers(4)], f"c{case % 2}", last)
            )
    rows.append(("x", "Upptäckt", "ingen aning", None, None, "c0", None))
    rows.append(("y", "Upptäckt", " 3 april 2020 ", None, "BVC Å ", "c1", None))
    columns = ["case_id", "activity", "start", "end", "unit", "cohort", "last_observed"]
    frame = pd.DataFrame(rows, columns=columns).astype("object")
    return frame.where(frame.notna(), None).assign(row=range(len(rows)))


MEASURES = {
    "transitions": lt.transitions,
    "transitions by unit": lambda log: lt.transitions(log, by="unit"),
    "case profile": lt.case_profile,
    "variants": lt.variants,
    "lead times": lt.lead_times,
    "lead times on a pathway": lambda log: lt.lead_times(log, lt.read_pathway(PATHWAY)),
    "summary by cohort": lambda log: lt.cohort_summary(lt.lead_times(log, lt.read_pathway(PATHWAY)), by="cohort"),
    "comparison": lambda log: lt.compare(lt.lead_times(log, lt.read_pathway(PATHWAY)), before="c0", after="c1", by="cohort"),
}


@pytest.mark.parametrize(("zone", "dates"), [(None, False), ("Europe/Stockholm", True)], ids=["clock", "mixed in a zone"])
def test_every_measure_is_the_same_on_spark(on_both, same, zone, dates):
    frame = events(1, dates=dates)
    duck, cluster = on_both(frame, timezone=zone, observed_until="2021-12-31")
    assert duck.precision == cluster.precision
    for name, measure in MEASURES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", lt.LeadtimeWarning)
            ours, theirs = measure(duck).to_pandas(), measure(cluster).to_pandas()
        assert len(ours), name
        same(ours, theirs)


def test_rows_are_accounted_for_alike(on_both):
    duck, cluster = on_both(events(2, dates=True), timezone="Europe/Stockholm")
    for name in ("rows_read", "rows_kept", "rows_rejected", "rejected_by_reason"):
        assert getattr(duck.quality, name) == getattr(cluster.quality, name), name
    assert [row[2:] for row in duck.rejected.rows] == [row[2:] for row in cluster.rejected.rows]
    codes = [{(finding.code, finding.count) for finding in log.quality.findings} for log in (duck, cluster)]
    assert codes[0] == codes[1]


def test_quality_clock_time_and_working_time_are_the_same_on_spark(on_both, same):
    pathway = lt.read_pathway(PATHWAY | {"pauses": {"family": {"begin": ["Remiss"], "end": ["Återbesök"], "reason": "family"}}})
    logs = on_both(events(4, dates=True), timezone="Europe/Stockholm", observed_until="2021-12-31")
    checks = [lt.check_quality(log, pathway).to_pandas().drop(columns="examples") for log in logs]
    assert len(checks[0]) > 10
    same(*checks)
    assert "row 0" not in str(lt.check_quality(logs[1], pathway))  # a row's number within its case is no place in a file
    calendar = lt.calendars.Calendar("Europe/Stockholm", holidays="SE")
    same(*(lt.clock_time(lt.lead_times(log, pathway), preset="vardgaranti").to_pandas() for log in logs))
    same(*(lt.working_time(lt.lead_times(log, pathway), calendar).to_pandas() for log in logs))


def test_a_skipped_hour_and_a_repeated_one_are_read_alike(on_both, same):
    times = [
        "2024-03-31 01:59",
        "2024-03-31 02:30",
        "2024-10-27 02:30",
        "2024-10-27 03:00",
        "2024-10-27T02:30:00+01:00",
        "1850-06-01 12:00",
    ]
    frame = pd.DataFrame({"case_id": list("abcdef"), "activity": "x", "start": times, "row": range(6)})
    duck, cluster = on_both(frame, timezone="Europe/Stockholm")
    parts = ["start_us", "start_wall_us", "start_is_date"]
    same(*(log.session.collect(log.frame.sort("case_id")).reset_index(drop=True)[parts] for log in (duck, cluster)))
    for code in ("skipped-time", "twice-occurring-time"):
        assert (
            [f.count for f in duck.quality.findings if f.code == code]
            == [f.count for f in cluster.quality.findings if f.code == code]
            == [1]
        )


def test_typed_columns_are_read_by_their_type(spark):
    spark_rows = spark.sql(
        "SELECT 'a' AS case_id, 'x' AS activity, TIMESTAMP_NTZ'2024-01-01 00:00:00' AS start, 1 AS row "
        "UNION ALL SELECT 'a', 'y', TIMESTAMP_NTZ'2024-01-05 00:00:00', 2"
    )
    log = lt.read_log(spark_rows)
    assert log.precision == "date"
    assert "midnight-dates" in {finding.code for finding in log.quality.findings}
    assert lt.lead_times(log).to_pandas()["lead_time_days"].tolist() == [4.0]


def test_ties_without_a_row_column_go_by_activity_then_unit(spark):
    frame = spark.createDataFrame(
        [("a", "z", "2024-01-01", "u"), ("a", "b", "2024-01-01", "u")], "case_id string, activity string, start string, unit string"
    )
    log = lt.read_log(frame)
    assert lt.variants(log).to_pandas()["variant"].tolist() == ["b > z"]
    assert "no-row-order" in {finding.code for finding in log.quality.findings}


def test_parquet_read_by_spark_equals_parquet_read_by_duckdb(spark, same, tmp_path):
    frame = events(3, dates=False)[:-2]
    typed = frame.assign(start=pd.to_datetime(frame["start"]), end=pd.to_datetime(frame["end"]))
    path = tmp_path / "log.parquet"
    typed.to_parquet(path)
    duck, cluster = lt.read_log(path, timezone="Europe/Stockholm"), lt.read_log(path, timezone="Europe/Stockholm", engine="spark")
    same(lt.case_profile(duck).to_pandas(), lt.case_profile(cluster).to_pandas())
    target = tmp_path / "times"
    lt.lead_times(cluster).write_parquet(str(target))
    same(
        pd.read_parquet(target).sort_values("case_id").reset_index(drop=True)[["lead_us"]],
        lt.lead_times(duck).frame.sort("case_id").collect("pandas").to_native()[["lead_us"]],
    )


def test_what_spark_cannot_read_is_told(spark, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("case_id,activity,start\na,x,2024-01-01\n", encoding="utf-8")
    with pytest.raises(lt.UsageError, match="Parquet"):
        lt.read_log(path, engine="spark")
    empty = spark.createDataFrame([], "case_id string, activity string, start string")
    with pytest.raises(lt.InputError, match="no row"):
        lt.read_log(empty)
