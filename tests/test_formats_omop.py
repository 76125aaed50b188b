"""OMOP CDM 5.4: tables of visits, conditions, procedures and episodes as events, from CSV, Parquet, SQLite and a database alike."""

from __future__ import annotations

import datetime as dt
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt

# Visits have clock times; procedures' are all midnights, so that they are dates; conditions and episodes have dates only.
TABLES: dict[str, list[dict[str, Any]]] = {
    "person": [
        {"person_id": 1, "year_of_birth": 2016, "month_of_birth": 5, "day_of_birth": None, "gender_concept_id": 8532},
        {"person_id": 2, "year_of_birth": 2015, "month_of_birth": None, "day_of_birth": None, "gender_concept_id": 0},
    ],
    "visit_occurrence": [
        {
            "visit_occurrence_id": 10, "person_id": 1, "visit_concept_id": 9202, "visit_start_date": "2019-03-05",
            "visit_start_datetime": "2019-03-05 09:00:00", "visit_end_date": "2019-03-05", "visit_end_datetime": "2019-03-05 10:30:00",
            "care_site_id": 7, "visit_source_value": "besök",
        },
        {
            "visit_occurrence_id": 11, "person_id": 2, "visit_concept_id": 0, "visit_start_date": "2019-03-06",
            "visit_start_datetime": None, "visit_end_date": None, "visit_end_datetime": None,
            "care_site_id": 8, "visit_source_value": "hembesök",
        },
        {
            "visit_occurrence_id": 12, "person_id": None, "visit_concept_id": 9202, "visit_start_date": "2019-03-07",
            "visit_start_datetime": None, "visit_end_date": None, "visit_end_datetime": None, "care_site_id": 7, "visit_source_value": None,
        },
    ],
    "condition_occurrence": [
        {
            "condition_occurrence_id": 20, "person_id": 1, "condition_concept_id": 436, "condition_start_date": "2019-04-01",
            "condition_end_date": "2030-01-01", "visit_occurrence_id": 10, "condition_source_value": "F80.2",
        },
        {
            "condition_occurrence_id": 21, "person_id": 2, "condition_concept_id": 437, "condition_start_date": None,
            "condition_end_date": None, "visit_occurrence_id": None, "condition_source_value": None,
        },
    ],
    "procedure_occurrence": [
        {
            "procedure_occurrence_id": 30, "person_id": 2, "procedure_concept_id": 555, "procedure_date": "2019-04-02",
            "procedure_datetime": "2019-04-02 00:00:00", "procedure_end_date": "2019-04-04",
            "procedure_end_datetime": "2019-04-04 00:00:00", "visit_occurrence_id": 11,
        },
    ],
    "episode": [
        {"episode_id": 40, "person_id": 1, "episode_concept_id": 32533, "episode_start_date": "2019-03-05",
            "episode_end_date": "2019-06-01"},
    ],
    "concept": [
        {"concept_id": 9202, "concept_name": "Outpatient Visit"}, {"concept_id": 436, "concept_name": "Language disorder"},
        {"concept_id": 8532, "concept_name": "FEMALE"}, {"concept_id": 32533, "concept_name": "Disease Episode"},
        {"concept_id": 0, "concept_name": "No matching concept"},
    ],
    "care_site": [{"care_site_id": 7, "care_site_name": "BVC Skene"}],
}  # fmt: skip

# Worked out by hand: case, activity, start, end, whether they are dates, unit, kind, sex.
EVENTS = [
    ("1", "Outpatient Visit", "2019-03-05 09:00:00", "2019-03-05 10:30:00", False, "BVC Skene", "contact", "FEMALE"),
    ("2", "hembesök", "2019-03-06 00:00:00", "2019-03-06 00:00:00", True, "8", "contact", None),
    ("1", "Language disorder", "2019-04-01 00:00:00", "2019-04-01 00:00:00", True, "BVC Skene", None, "FEMALE"),
    ("2", "555", "2019-04-02 00:00:00", "2019-04-04 00:00:00", True, "8", "contact", None),
    ("1", "Disease Episode", "2019-03-05 00:00:00", "2019-06-01 00:00:00", True, None, None, "FEMALE"),
]


def frames(tables: dict[str, list[dict[str, Any]]]) -> dict[str, pd.DataFrame]:
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}


def as_csv(tables: dict[str, list[dict[str, Any]]], folder: Path) -> Path:
    place = folder / "cdm"
    place.mkdir(exist_ok=True)
    for name, frame in frames(tables).items():
        frame.to_csv(place / f"{name.upper()}.csv", index=False, sep="\t" if name == "concept" else ",")
    return place


def as_parquet(tables: dict[str, list[dict[str, Any]]], folder: Path) -> Path:
    place = folder / "cdm"
    place.mkdir()
    for name, frame in frames(tables).items():
        for column in frame.columns:
            if column.endswith(("date", "datetime")):
                times = pd.to_datetime(frame[column])
                frame[column] = times if column.endswith("time") else times.dt.date
        frame.to_parquet(place / f"{name}.parquet")
    return place


def as_sqlite(tables: dict[str, list[dict[str, Any]]], folder: Path) -> Path:
    path = folder / "cdm.sqlite"
    connection = sqlite3.connect(path)
    for name, frame in frames(tables).items():
        frame.to_sql(name, connection, index=False)
    connection.close()
    return path


def accounted(log: lt.EventLog) -> None:
    quality = log.quality
    assert quality.rows_read == quality.rows_kept + quality.rows_rejected
    assert quality.rows_rejected == sum(quality.rejected_by_reason.values()) == len(log.rejected.rows)
    assert quality.rows_kept == len(log)


def clock(us: float) -> str:
    return str(dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=int(us)))  # noqa: DTZ001 - a local clock


def by_hand(log: lt.EventLog) -> None:
    accounted(log)
    frame = log.to_pandas()
    frame = frame.astype(object).where(frame.notna(), None)
    columns = ["start_is_date", "unit", "kind", "sex"]
    read = [
        (row["case_id"], row["activity"], clock(row["start_wall_us"]), clock(row["end_wall_us"]), *(row[column] for column in columns))
        for _, row in frame.iterrows()
    ]
    assert read == EVENTS
    assert log.quality.rejected_by_reason == {"no case id": 1, "no start": 1}
    assert [(row[1], row[5]) for row in log.rejected.rows] == [("visit_occurrence", "no case id"), ("condition_occurrence", "no start")]
    bounds = {(clock(row["birth_date_lower_wall_us"])[:10], clock(row["birth_date_upper_wall_us"])[:10]) for _, row in frame.iterrows()}
    assert bounds == {("2016-05-01", "2016-05-31"), ("2015-01-01", "2015-12-31")}
    codes = {finding.code: finding for finding in log.quality.findings}
    assert codes["concepts-without-name"].count == 2  # 437 and 555
    assert "procedure_datetime" in str(log.quality)
    assert (log.precision, log.provenance.format) == ("mixed", "omop")


@pytest.mark.parametrize("write", [as_csv, as_parquet, as_sqlite])
def test_the_rows_of_four_tables_are_events_of_their_person(write: Any, tmp_path: Path) -> None:
    by_hand(lt.read_log(write(TABLES, tmp_path), timezone="Europe/Stockholm"))


def test_a_database_is_read_by_its_schema(tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{as_sqlite(TABLES, tmp_path)}")
    by_hand(lt.read_log("main", connection=engine, format="omop", timezone="Europe/Stockholm"))
    engine.dispose()


def test_without_the_tables_of_names_numbers_stand_and_only_one_table_of_events_is_needed(tmp_path: Path) -> None:
    frame = lt.read_log(as_csv({"visit_occurrence": TABLES["visit_occurrence"]}, tmp_path)).to_pandas()
    assert frame["activity"].tolist() == ["9202", "hembesök"]
    assert frame["unit"].tolist() == ["7", "8"]


def test_numbers_written_with_a_decimal_are_the_same_numbers(tmp_path: Path) -> None:
    place = as_csv(TABLES, tmp_path)
    visits = pd.read_csv(place / "VISIT_OCCURRENCE.csv").astype({"care_site_id": float, "visit_concept_id": float})
    visits.to_csv(place / "VISIT_OCCURRENCE.csv", index=False)  # person_id has a gap, so that pandas wrote 1.0 and 2.0 before too
    by_hand(lt.read_log(place))


def refused(source: Any, **options: Any) -> str:
    with pytest.raises(lt.LeadtimeError) as caught:
        lt.read_log(source, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_isnt_omop_is_one_line(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds none of the OMOP tables visit_occurrence" in refused(empty, format="omop")
    assert "is a folder" in refused(empty)
    assert "no file or folder" in refused(tmp_path / "none", format="omop")
    place = as_csv({"visit_occurrence": [{"visit_occurrence_id": 1, "visit_start_date": "2019-01-01"}]}, tmp_path)
    assert "its table 'visit_occurrence' has no column 'person_id'" in refused(place)
    pd.DataFrame({"x": [1]}).to_parquet(place / "visit_occurrence.parquet")
    assert "leave one of them for the table 'visit_occurrence'" in refused(place)
    (place / "VISIT_OCCURRENCE.csv").unlink()
    (place / "visit_occurrence.parquet").write_bytes(b"PAR1" + b"x" * 40)
    assert "can't be read as Parquet" in refused(place)
    path = tmp_path / "log.sqlite"
    path.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    assert "can't be read as SQLite" in refused(path, format="omop")
    connection = sqlite3.connect(tmp_path / "other.sqlite")
    connection.execute("CREATE TABLE a (b)")
    connection.commit()
    connection.close()
    assert "holds none of the OMOP tables" in refused(tmp_path / "other.sqlite", format="omop")
    assert "holds neither an OCEL log nor OMOP tables" in refused(tmp_path / "other.sqlite")
    assert "holds none of the OMOP tables" in refused("main", connection=f"sqlite:///{tmp_path / 'other.sqlite'}", format="omop")
    assert "the name of the schema" in refused(5, connection=f"sqlite:///{tmp_path / 'other.sqlite'}", format="omop")


PERSON = st.sampled_from([None, "1", "2", " "])
TIME = st.sampled_from([None, "2019-01-01", "2019-01-01 00:00:00", "2019-01-01 08:00:00", "soon", "2019-02-30"])
TEXT = st.none() | st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=4)


@given(
    st.lists(st.tuples(PERSON, TIME, TIME, TEXT), max_size=5), st.lists(st.tuples(PERSON, TIME, TIME, TEXT), max_size=5)
)  # fmt: skip
@settings(max_examples=8)
def test_the_rows_of_any_tables_add_up(visits: list[Any], conditions: list[Any]) -> None:
    headers = {name: (f"{name}_start_date", f"{name}_start_datetime", f"{name}_source_value") for name in ("visit", "condition")}
    rows = {
        f"{name}_occurrence": [
            dict(zip(("person_id", *headers[name]), row, strict=True)) for row in [*given, ("9", "2019-01-01", None, "x")]
        ]
        for name, given in (("visit", visits), ("condition", conditions))
    }
    with tempfile.TemporaryDirectory() as folder:
        log = lt.read_log(as_sqlite(rows, Path(folder)))
    accounted(log)
    assert log.quality.rows_read == len(visits) + len(conditions) + 2
