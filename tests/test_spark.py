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


def accounts_alike(duck: lt.EventLog, cluster: lt.EventLog) -> None:
    """The rows, the rejected ones and the findings are the same."""
    for name in ("rows_read", "rows_kept", "rows_rejected", "rejected_by_reason"):
        assert getattr(duck.quality, name) == getattr(cluster.quality, name), name
    assert [row[2:] for row in duck.rejected.rows] == [row[2:] for row in cluster.rejected.rows]
    codes = [{(finding.code, finding.count) for finding in log.quality.findings} for log in (duck, cluster)]
    assert codes[0] == codes[1]


def test_rows_are_accounted_for_alike(on_both):
    spans = [
        "2019-01-05 08:00-09:00",
        "2019-01-05 08:00 -09:00",
        "2019-01-05T08:00-09:00",
        "2019-01-05 08:00:00-09:00",
        "2019-01-05 08:00+01:00",
    ]
    frame = events(2, dates=True)
    more = [
        {**dict.fromkeys(frame), "case_id": "z", "activity": "Remiss", "start": start, "row": len(frame) + i}
        for i, start in enumerate(spans)
    ]
    frame = pd.DataFrame([*frame.to_dict("records"), *more], dtype="object").astype({"row": "int64"})
    duck, cluster = on_both(frame, timezone="Europe/Stockholm")
    accounts_alike(duck, cluster)
    assert {row["value"] for row in duck.rejected.records()} == {"ingen aning", *spans[:2]}


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


@pytest.mark.parametrize(
    ("columns", "clocks"),
    [
        (None, ["8:05", "14.30", "kl 9:15", "0930", None, "-", "16:00:30", "10:5x"]),
        ({"start": "Datum + Tid"}, ["0,4375", "0.75", "1", "0,000694", None]),
    ],
)
def test_a_day_and_its_clock_time_in_two_columns_are_joined_alike(on_both, same, columns, clocks):
    size = len(clocks)
    days = ["2024-03-05", "5 mars 2024", "2024-03-06 00:00", "2024-03-07", "2024-03-08", "2024-03-09", "2024-03-10", "2024-03-11"][:size]
    cells = {"case_id": ["a"] * size, "activity": [f"x{i}" for i in range(size)], "Datum": days, "Tid": clocks, "row": range(size)}
    duck, cluster = on_both(pd.DataFrame(cells, dtype="object"), timezone="Europe/Stockholm", columns=columns)
    accounts_alike(duck, cluster)
    assert sorted(duck.columns) == sorted(cluster.columns)
    parts = ["activity", "start_us", "start_wall_us", "start_is_date"]
    same(*(log.session.collect(log.frame.sort("activity")).reset_index(drop=True)[parts] for log in (duck, cluster)))


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


def with_partial_dates(seed: int) -> pd.DataFrame:
    """The log above, some of whose starts, ends and dates of cases are not to the day; two rows end before they begin, one on the day."""
    rng = np.random.default_rng(seed)
    frame = events(seed, dates=True)
    spellings = ("mar 2020", "v 10 2021", "vår 2020", "2020-11", "årsskiftet 2020/2021", "jul 2020")
    for column in ("start", "end"):
        partial = rng.random(len(frame)) < 0.2
        frame.loc[partial, column] = rng.choice(spellings, int(partial.sum()))
    born = frame["case_id"].map({name: ("2015-05-01", "2016", "vår 2014", None)[i % 4] for i, name in enumerate(frame["case_id"].unique())})
    last = frame["last_observed"].map({"2021-08-01": "aug 2021"}).where(frame["last_observed"].notna(), None)
    odd = [
        ("z", "Upptäckt", "mars 2021", "feb 2021"), ("z", "Remiss", "mars 2021", "2021-03-01"), ("z", "Remiss", "aug 2021", "2021-07-31"),
        ("NA", "Diagnos", "0000-01-01", None), ("NA", "Diagnos", "0001-01-01", None), ("NA", "Diagnos", "-0044-03-15", None),
    ]  # fmt: skip
    rows = pd.DataFrame(odd, columns=["case_id", "activity", "start", "end"])
    both = pd.concat([frame.assign(birth_date=born, last_observed=last), rows], ignore_index=True).astype("object")
    return both.where(both.notna(), None).assign(row=range(len(both)))


def test_partial_dates_and_their_bounds_are_the_same_on_spark(on_both, same):
    duck, cluster = on_both(with_partial_dates(6), timezone="Europe/Stockholm", observed_until="2021-12-31")
    assert duck.columns == cluster.columns
    assert {"start_lower_wall_us", "end_upper_wall_us", "birth_date_upper_wall_us", "last_observed_lower_wall_us"} <= set(cluster.columns)
    tables = [log.to_pandas().sort_values(["case_id", "row"]).drop(columns="row").reset_index(drop=True) for log in (duck, cluster)]
    same(*tables)
    assert (tables[0]["start_lower_wall_us"] < tables[0]["start_upper_wall_us"]).sum() > 20
    assert duck.provenance.choices == cluster.provenance.choices
    accounts_alike(duck, cluster)
    assert {"partial-dates", "partial-case-dates"} <= {found.code for found in cluster.quality.findings}
    assert set(cluster.quality.rejected_by_reason) == {"unreadable start", "end before start"}
    pathway = lt.read_pathway(PATHWAY)
    for measure in (lambda log: lt.lead_times(log, pathway), lambda log: lt.time_split(log, pathway), lt.case_profile):
        same(*(measure(log).to_pandas() for log in (duck, cluster)))


def test_days_of_excel_are_read_alike(on_both, same):
    frame = pd.DataFrame({"case_id": ["a", "å"], "activity": "x", "start": ["43000", "43010,5"], "row": [0, 1]})
    same(*(log.to_pandas().sort_values("case_id").drop(columns="row").reset_index(drop=True) for log in on_both(frame)))


def test_days_before_their_months_are_refused_alike(spark, tmp_path):
    frame = pd.DataFrame({"case_id": ["a", "b"], "activity": "x", "start": ["2021-15-06", "2021-03-04"], "row": [0, 1]})
    frame.to_parquet(tmp_path / "log.parquet")
    for engine in ("duckdb", "spark"):
        with pytest.raises(lt.InputError, match="has its day before its month, as 1 of its dates, and 1 may"):
            lt.read_log(tmp_path / "log.parquet", engine=engine)


def test_dates_before_the_first_year_are_read_alike(spark, same, tmp_path):
    import duckdb

    path = str(tmp_path / "log.parquet")
    days = "('a', DATE '0044-03-15 (BC)'), ('a', DATE '0001-01-01 (BC)'), ('NA', DATE '0001-01-01'), ('NA', DATE '2020-01-01')"
    duckdb.sql(f"SELECT c AS case_id, 'x' AS activity, d AS start FROM (VALUES {days}) AS t(c, d)").write_parquet(path)
    logs = lt.read_log(path, timezone="Europe/Stockholm"), lt.read_log(path, timezone="Europe/Stockholm", engine="spark")
    columns = ["case_id", "start_us", "start_wall_us", "start_is_date"]
    same(*(log.to_pandas().sort_values(columns).reset_index(drop=True)[columns] for log in logs))
    same(*(lt.case_profile(log).to_pandas() for log in logs))


def test_what_is_kept_or_passes_is_the_same_on_spark(on_both, same):
    duck, cluster = on_both(events(7, dates=False))
    cluster.keep()
    with cluster.passing():
        within = lt.case_profile(cluster).to_pandas()
    same(within, lt.case_profile(duck).to_pandas())
    same(lt.transitions(cluster).to_pandas(), lt.transitions(duck).to_pandas())


@pytest.mark.parametrize("kind", ["pandas", "csv", "pyarrow"])
def test_a_table_of_cases_may_come_from_anywhere(spark, same, tmp_path, kind):
    frame = events(8, dates=False)[:-2].drop(columns=["cohort", "last_observed"])
    table = pd.DataFrame({"case_id": ["NA", "ärende 1", "ärende 2"], "birth_date": ["2015-03-01", "2016", None], "visits": [1, 2, 3]})
    cases = table
    if kind == "csv":
        cases = tmp_path / "cases.csv"
        table.to_csv(cases, index=False, na_rep="")
    elif kind == "pyarrow":
        cases = pytest.importorskip("pyarrow").Table.from_pandas(table)
    there = spark.createDataFrame(
        [tuple(row) for row in frame.itertuples(index=False, name=None)], ", ".join(f"`{name}` STRING" for name in frame)
    )
    options = {"timezone": "Europe/Stockholm", "observed_until": "2021-12-31"}
    logs = lt.read_log(frame, cases=cases, **options), lt.read_log(there, cases=cases, columns={"row": "row"}, **options)
    same(*(log.session.collect(log.declared_cases.sort("case_id")) for log in logs))
    same(*(lt.lead_times(log, lt.read_pathway(PATHWAY)).to_pandas() for log in logs))


def test_attributes_may_have_any_name_on_spark(spark):
    names = ["Row", "start_us", "start_text", "ended_us", "r_case_id", "org:resource (2)", "Kön"]
    schema = "case_id string, activity string, start string, " + ", ".join(f"`{name.replace('`', '``')}` string" for name in names)
    log = lt.read_log(spark.createDataFrame([("å", "x", "2024-01-01", "7", *names[1:])], schema))
    assert set(log.to_pandas().iloc[0]) >= set(names[1:])
    assert lt.lead_times(log).to_pandas()["lead_time_days"].tolist() == [0.0]


def test_what_spark_cannot_read_is_told(spark, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("case_id,activity,start\na,x,2024-01-01\n", encoding="utf-8")
    with pytest.raises(lt.UsageError, match="Parquet"):
        lt.read_log(path, engine="spark")
    empty = spark.createDataFrame([], "case_id string, activity string, start string")
    with pytest.raises(lt.InputError, match="no row"):
        lt.read_log(empty)


def test_columns_that_spark_takes_for_one_are_told(spark):
    frame = spark.createDataFrame(
        [("a", "x", "2024-01-01", "1", "2")], "case_id string, activity string, start string, Kod string, kod string"
    )
    with pytest.raises(lt.InputError, match="'Kod' and 'kod'"):
        lt.read_log(frame)
    with pytest.raises(lt.InputError, match=r"'a\.b', which Spark takes for a part of another"):
        lt.read_log(spark.createDataFrame([("a", "x", "2024-01-01", "1")], "case_id string, activity string, start string, `a.b` string"))


def test_steps_of_a_lifecycle_that_would_each_count_as_an_event_are_told(spark):
    rows = [("a", "x", "2024-01-01", "Start"), ("a", "x", "2024-01-02", "complete")]
    schema = "case_id string, activity string, start string, `lifecycle:transition` string"
    with pytest.raises(lt.UsageError, match="duckdb"):
        lt.read_log(spark.createDataFrame(rows, schema))
    assert len(lt.read_log(spark.createDataFrame(rows[1:], schema))) == 1


def test_a_file_that_goes_away_is_told(spark, tmp_path):
    path = tmp_path / "log.parquet"
    events(9, dates=False)[:-2].to_parquet(path)
    log = lt.read_log(path, engine="spark")
    spark.catalog.clearCache()
    path.unlink()
    with pytest.raises(lt.ResourceError, match="Spark stopped"):
        lt.case_profile(log)
