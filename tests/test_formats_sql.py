"""Queries through SQLAlchemy: SQLite in the process, PostgreSQL where it is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy

import leadtime as lt
from leadtime.ingest import spark
from leadtime.ingest.source import Options
from tests.conftest import absent
from tests.test_formats_omop import TABLES, by_hand, frames

ROWS: list[dict[str, Any]] = [
    {"case_id": "1", "activity": "Remiss", "start": "2019-03-05 08:30:00", "n": 1, "share": 0.5, "ok": True, "note": "100 % :x '"},
    {"case_id": "1", "activity": "Besök", "start": "2019-03-08 00:00:00", "n": None, "share": None, "ok": None, "note": None},
    {"case_id": None, "activity": "Besök", "start": "2019-03-09 00:00:00", "n": 3, "share": 1.0, "ok": False, "note": ""},
]


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[sqlalchemy.Engine]:
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'log.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE events (case_id TEXT, activity TEXT, start TEXT, n INTEGER, share REAL, ok INTEGER, note TEXT)"
        )
        connection.exec_driver_sql("CREATE TABLE children (case_id TEXT, cohort TEXT)")
        connection.exec_driver_sql("INSERT INTO children VALUES ('1', 'before')")
        insert = sqlalchemy.text("INSERT INTO events VALUES (:case_id, :activity, :start, :n, :share, :ok, :note)")
        connection.execute(insert, ROWS)
    yield engine
    engine.dispose()


def count(engine: sqlalchemy.Engine, table: str = "events") -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


def test_a_query_a_table_and_an_address_give_the_same_events(sqlite: sqlalchemy.Engine) -> None:
    query = "SELECT * FROM events WHERE note IS NULL OR note <> '5 % :none'"
    log = lt.read_log(query, connection=sqlite)
    one = log.to_pandas()
    address = sqlite.url.render_as_string()
    for source, connection in (("events", sqlite), ("  select * from events", address), ("-- all\nSELECT *\nFROM events;", sqlite.url)):
        assert lt.read_log(source, connection=connection).to_pandas().equals(one), source
    assert (log.quality.rows_read, log.quality.rows_kept) == (3, 2)
    assert dict(log.quality.rejected_by_reason) == {"no case id": 1}
    assert one["share"].tolist()[0] == 0.5
    assert one["note"].tolist()[0] == "100 % :x '"
    assert log.provenance.format == "sql"


def test_a_connection_of_the_callers_own_is_used_and_left_open(sqlite: sqlalchemy.Engine) -> None:
    with sqlite.connect() as connection:
        connection.exec_driver_sql("INSERT INTO events (case_id, activity, start) VALUES ('2', 'Remiss', '2019-04-01')")
        log = lt.read_log("events", connection=connection)
        assert set(log.to_pandas()["case_id"]) == {"1", "2"}  # what it hasn't committed yet is seen through it
        assert not connection.closed
        assert connection.in_transaction()
        connection.rollback()
    assert count(sqlite) == 3


def test_a_view_and_a_join_are_read_with_the_types_they_hold(sqlite: sqlalchemy.Engine) -> None:
    with sqlite.begin() as connection:
        connection.exec_driver_sql("CREATE VIEW known AS SELECT * FROM events WHERE case_id IS NOT NULL")
    query = "WITH named AS (SELECT k.*, c.cohort FROM known k LEFT JOIN children c USING (case_id)) SELECT * FROM named"
    log = lt.read_log(query, connection=sqlite)
    assert log.to_pandas()["cohort"].tolist() == ["before", "before"]
    assert len(lt.read_log("known", connection=sqlite)) == 2
    frame = log.to_pandas()
    assert frame["n"].dropna().tolist() == [1]
    assert pd.api.types.is_float_dtype(frame["share"].dtype)


@pytest.mark.parametrize(
    "query", ["SELECT * FROM children", "select\n* from children", "-- who\nWITH c AS (SELECT * FROM children) SELECT * FROM c"]
)
def test_the_table_of_cases_may_be_a_query_too(query: str, sqlite: sqlalchemy.Engine) -> None:
    log = lt.read_log("events", connection=sqlite, cases=query)
    assert lt.lead_times(log).to_pandas()["cohort"].tolist() == ["before"]


@pytest.mark.parametrize("kind", ["frame", "path"])
def test_the_cases_may_be_a_query_beside_events_from_elsewhere(kind: str, sqlite: sqlalchemy.Engine, tmp_path: Path) -> None:
    frame = pd.DataFrame(ROWS)
    frame.to_csv(tmp_path / "log.csv", index=False)
    source = frame if kind == "frame" else tmp_path / "log.csv"
    log = lt.read_log(source, connection=sqlite, cases="SELECT * FROM children")
    assert lt.lead_times(log).to_pandas()["cohort"].tolist() == ["before"]


def test_a_query_of_cases_has_its_connection_on_spark_too(sqlite: sqlalchemy.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[object] = []
    monkeypatch.setattr(spark, "handed_over", lambda found, own, engine: handed.append(own.collect(found)["cohort"].tolist()))
    spark._declared(object(), "SELECT * FROM children", Options(), sqlite, zone=None)
    assert handed == [["before"]]


def test_a_result_larger_than_a_batch_is_read_whole_and_in_order(sqlite: sqlalchemy.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadtime.ingest.query._BATCH", 7)
    query = (
        "WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < 99) "
        "SELECT 'k' || (i % 10) AS case_id, 'a' || i AS activity, '2019-01-01' AS start, CASE WHEN i < 50 THEN i ELSE 0.5 END AS x FROM c"
    )
    log = lt.read_log(query, connection=sqlite)
    assert sorted(log.to_pandas()["activity"], key=lambda name: int(name[1:])) == [f"a{i}" for i in range(100)]
    assert log.to_pandas()["x"].astype(float).sum() == sum(range(50)) + 25
    assert log.quality.rows_read == 100


@pytest.mark.parametrize("isolation", ["SERIALIZABLE", "AUTOCOMMIT"])
@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM events",
        "DELETE FROM events RETURNING *",
        "/* SELECT */ delete from events returning *",
        "-- SELECT\n DELETE FROM events",
        "WITH gone AS (SELECT 1) DELETE FROM events RETURNING *",
        "WITH x AS (SELECT 1) UPDATE events SET case_id = 'x' RETURNING *",
        "INSERT INTO events (case_id) VALUES ('9') RETURNING *",
        "SELECT * FROM events; DELETE FROM events",
        "PRAGMA user_version = 7",
        "DROP TABLE events",
    ],
)
def test_nothing_in_the_database_is_changed(query: str, isolation: Any, sqlite: sqlalchemy.Engine) -> None:
    engine = sqlite.execution_options(isolation_level=isolation)
    with pytest.raises(lt.UsageError, match=r"only .*SELECT .*WITH"):
        lt.read_log(query, connection=engine)
    frame = lt.read_log("events", connection=sqlite)
    assert (frame.quality.rows_read, frame.quality.rows_kept) == (3, 2)


def test_words_of_change_in_names_and_texts_are_no_change(sqlite: sqlalchemy.Engine) -> None:
    query = """(SELECT *, 'insert into x; delete from y' AS "update", note AS "drop into" -- ; DELETE FROM events
        FROM events WHERE note IS NOT 'it''s; gone')""".strip("()")
    log = lt.read_log(query, connection=sqlite)
    assert set(log.to_pandas()["update"]) == {"insert into x; delete from y"}


@pytest.mark.parametrize(
    ("source", "connection", "kind", "message"),
    [
        ("SELECT * FROM nowhere", None, lt.InputError, "the database says: no such table: nowhere"),
        ("SELECT 1", "foo://x", lt.UsageError, "a database that SQLAlchemy doesn't know"),
        ("SELECT 1", "not an address", lt.UsageError, "isn't an address that SQLAlchemy reads"),
        ("SELECT 1", 1, lt.UsageError, "connection is of type int"),
        (pd.DataFrame({"a": [1]}), None, lt.UsageError, "the source is a query"),
        ("", None, lt.UsageError, "the source is a query"),
        ("SELECT 1 AS a", None, lt.InputError, "no case_id column"),
    ],
)
def test_what_is_wrong_is_one_line(
    source: Any, connection: Any, kind: type[lt.LeadtimeError], message: str, sqlite: sqlalchemy.Engine
) -> None:
    with pytest.raises(kind) as caught:
        lt.read_log(source, connection=sqlite if connection is None else connection)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_query_without_its_database_says_so() -> None:
    with pytest.raises(lt.UsageError, match="give connection="):
        lt.read_log("select * from events")


def test_a_password_is_never_told(tmp_path: Path) -> None:
    address = f"sqlite:///file:{tmp_path / 'x.db'}?uri=true&password=secret"
    log = lt.read_log(pd.DataFrame({"case_id": ["1"], "activity": ["x"], "start": ["2019-01-01"]}))
    lt.write_log(log, "t", connection=address)
    assert "secret" not in str(lt.read_log("t", connection=address).provenance.choices)
    for secret in ("postgresql+psycopg://user:secret@127.0.0.1:1/none", "foo://user:secret@x", "postgresql+none://user:secret@x/y"):
        with pytest.raises(lt.LeadtimeError) as caught:
            lt.read_log("t", connection=secret)
        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is None or "secret" not in str(caught.value.__cause__)


def test_a_table_that_is_there_is_not_written_over(sqlite: sqlalchemy.Engine) -> None:
    with pytest.raises(lt.UsageError, match="has a table 'events' already"):
        lt.write_log(lt.read_log("events", connection=sqlite), "events", connection=sqlite)
    assert count(sqlite) == 3


def test_a_log_written_through_a_connection_is_the_callers_to_commit(sqlite: sqlalchemy.Engine) -> None:
    log = lt.read_log("events", connection=sqlite)
    with sqlite.connect() as connection:
        lt.write_log(log, "again", connection=connection)
        assert lt.read_log("again", connection=connection).to_pandas()["start_us"].tolist() == log.to_pandas()["start_us"].tolist()
        connection.commit()
    assert count(sqlite, "again") == 2


@pytest.fixture(scope="module")
def postgres() -> Iterator[sqlalchemy.Engine]:
    """A server of the test's own, from Debian's package: its programs aren't on the path, and it refuses to run as root."""
    pytest.importorskip("psycopg", reason="needs psycopg: pip install 'psycopg[binary]'")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or [Path(shutil.which("initdb") or "initdb").parent]
    before: list[str] = []
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        if shutil.which("runuser") is None or not _is_user("postgres"):
            absent("needs a user other than root to run PostgreSQL, or runuser and a user postgres")
        before = ["runuser", "-u", "postgres", "--"]
    # A folder of its own, for pytest's can't be entered by another user.
    with tempfile.TemporaryDirectory(prefix="leadtime-pg-") as name:
        folder = Path(name)
        if before:
            shutil.chown(folder, "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]

        def run(program: str, *arguments: str) -> None:
            # Not captured by a pipe, which the server that pg_ctl starts would hold open.
            command = [*before, str(found[-1] / program), "-D", str(folder / "data"), *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120, cwd=folder)

        run("initdb", "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        engine = sqlalchemy.create_engine(f"postgresql+psycopg://tester@127.0.0.1:{port}/postgres")
        try:
            yield engine
        finally:
            engine.dispose()
            run("pg_ctl", "-m", "immediate", "stop")


def _is_user(name: str) -> bool:
    import pwd

    return any(user.pw_name == name for user in pwd.getpwall())


@pytest.mark.program("psql")
def test_postgresql_gives_its_types_and_takes_a_log_back(postgres: sqlalchemy.Engine) -> None:
    with postgres.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE visits (case_id BIGINT, activity TEXT, start TIMESTAMPTZ, day DATE, n NUMERIC, ok BOOLEAN);"
            "INSERT INTO visits VALUES (1, 'Remiss', '2019-03-05 08:30:00.123456+01', '2019-03-05', 1.5, true), "
            "(1, 'Besök', '2019-10-27 02:30:00+01', NULL, NULL, NULL)"
        )
    log = lt.read_log("SELECT * FROM visits ORDER BY start", connection=postgres, timezone="Europe/Stockholm")
    frame = log.to_pandas()
    assert frame["start_us"].tolist() == [1_551_771_000_123_456, 1_572_139_800_000_000]
    assert (frame["n"][0], frame["ok"][0], frame["case_id"][0]) == (1.5, True, "1")
    lt.write_log(log, "again", connection=postgres)
    back = lt.read_log("again", connection=postgres, timezone="Europe/Stockholm").to_pandas()
    columns = ["case_id", "activity", "start_us", "start_wall_us", "end_given", "n", "ok"]
    pd.testing.assert_frame_equal(back[columns], frame[columns])
    types = {column["name"]: str(column["type"]) for column in sqlalchemy.inspect(postgres).get_columns("again")}
    assert types["start"].startswith("TIMESTAMP")
    days = lt.read_log("SELECT case_id, activity, day AS start FROM visits WHERE day IS NOT NULL", connection=postgres)
    assert days.precision == "date"
    with pytest.raises(lt.InputError, match="the database says: relation") as caught:
        lt.read_log("nowhere", connection=postgres)
    assert "\n" not in str(caught.value)


@pytest.mark.program("psql")
def test_an_instant_of_postgresql_is_the_same_whatever_zone_the_session_shows_it_in(postgres: sqlalchemy.Engine) -> None:
    query = "SELECT 1 AS case_id, 'x' AS activity, TIMESTAMPTZ '2019-07-01 12:00:00+00' AS start"
    for zone in ("UTC", "America/New_York", "Asia/Kathmandu"):
        with postgres.connect() as connection:
            connection.exec_driver_sql(f"SET TIME ZONE '{zone}'")
            row = lt.read_log(query, connection=connection, timezone="Europe/Stockholm").to_pandas().iloc[0]
        assert (row["start_us"], row["start_wall_us"]) == (1_561_982_400_000_000, 1_561_989_600_000_000), zone
    local = lt.read_log(query.replace("TIMESTAMPTZ", "TIMESTAMP").replace("+00", ""), connection=postgres, timezone="Europe/Stockholm")
    assert local.to_pandas()["start_us"].tolist() == [1_561_975_200_000_000]  # without a zone: the log's own clock


@pytest.mark.program("psql")
@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM kept RETURNING *) SELECT * FROM gone",
        "SELECT * FROM kept; DELETE FROM kept",
        "SELECT * INTO taken FROM kept",
        "SELECT $$;$$ AS a, $x$ ' $x$ AS b; DELETE FROM kept",
    ],
)
def test_a_query_that_would_change_postgresql_is_refused(query: str, postgres: sqlalchemy.Engine) -> None:
    with postgres.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS kept AS SELECT '1' AS case_id, 'x' AS activity, DATE '2019-01-01' AS start")
    with pytest.raises(lt.UsageError, match=r"only .*SELECT .*WITH"):
        lt.read_log(query, connection=postgres.execution_options(isolation_level="AUTOCOMMIT"))
    assert count(postgres, "kept") == 1
    assert not sqlalchemy.inspect(postgres).has_table("taken")


@pytest.mark.program("psql")
def test_omop_tables_are_read_from_a_schema_of_postgresql_by_engine_and_by_address(postgres: sqlalchemy.Engine) -> None:
    with postgres.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA cdm")
    for name, frame in frames(TABLES).items():
        for column in frame.columns:
            if column.endswith(("date", "datetime")):
                times = pd.to_datetime(frame[column])
                frame[column] = times if column.endswith("time") else times.dt.date
        frame.to_sql(name, postgres, schema="cdm", index=False)
    address = postgres.url.render_as_string(hide_password=False)
    for connection in (postgres, address):
        by_hand(lt.read_log("cdm", connection=connection, format="omop", timezone="Europe/Stockholm"))
    with pytest.raises(lt.InputError, match="holds none of the OMOP tables"):
        lt.read_log("public", connection=address, format="omop")
