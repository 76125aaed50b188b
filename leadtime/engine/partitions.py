"""Event tables kept as Parquet files, one a month of case start: read, and merged with an extract, all within DuckDB.

Source of the rules: a case lies whole in the file of the month of its first event; an event that is there already isn't added again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import duckdb
import narwhals as nw

from leadtime.engine.failures import resources
from leadtime.engine.session import Session
from leadtime.engine.sql import literal, quoted
from leadtime.errors import InputError, one_line

__all__ = ["Merge", "merge", "read_files", "write_month"]

_MONTH = "strftime(make_timestamp(min(start_wall_us) OVER (PARTITION BY case_id)), '%Y-%m')"


@dataclass(frozen=True)
class Merge:
    """The cases of an extract with all that is known of them: the table, its months (and those they leave), and the events added."""

    table: str
    months: tuple[str, ...]
    cases: int
    events: int


def read_files(session: Session, files: Sequence[str]) -> nw.LazyFrame[Any]:
    """Gives Parquet files as one lazy frame; a column that some of them lack is empty there.

    Raises:
        InputError: a file can't be read.
    """
    try:
        return session.lazy(session.sql(f"SELECT * FROM {_files(files)}"))
    except duckdb.Error as error:
        raise InputError(f"the store's files can't be read: {one_line(str(error))[:200]}; restore the folder from a copy") from None


def merge(session: Session, events: nw.LazyFrame[Any], files: Mapping[str, str], *, first_row: int, replace: bool) -> Merge:
    """Joins an extract with what is stored of its cases.

    Args:
        session: the engine of the extract.
        events: the extract's event table.
        files: month to file of what is stored.
        first_row: what is added to the extract's rows, so that they come after those stored.
        replace: whether the extract's events stand in for all that is stored of their cases.
    """
    new, added, table = (session.new_name(what) for what in ("extract", "added", "merged"))
    relation = cast("duckdb.DuckDBPyRelation", events.to_native())
    with resources():
        relation.project(f"* REPLACE (row + {int(first_row)} AS row)").create(new)
        known = _stored_of(session, new, files)
        session.run(f"CREATE TABLE {added} AS {f'SELECT * FROM {new}' if replace else _not_yet(session, new, known)}")
        touched = f"SELECT * EXCLUDE (stored_month) FROM {known} WHERE case_id IN (SELECT case_id FROM {added})"
        union = f"SELECT * FROM {added}" + ("" if replace else f" UNION ALL BY NAME {touched}")
        session.run(f"CREATE TABLE {table} AS SELECT *, {_MONTH} AS stored_month FROM ({union})")
    before = f"SELECT stored_month FROM {known} WHERE case_id IN (SELECT case_id FROM {added})"
    months = session.rows(f"SELECT DISTINCT stored_month FROM ({before} UNION ALL SELECT stored_month FROM {table}) ORDER BY 1")
    cases, count = session.rows(f"SELECT count(DISTINCT case_id), count(*) FROM {added}")[0]
    return Merge(table, tuple(str(row[0]) for row in months), int(cases), int(count))


def write_month(session: Session, found: Merge, month: str, stored: str | None, path: str) -> int:
    """Writes the file of a month: its cases that the extract doesn't touch, and the merged ones; gives the number of events."""
    rows = f"SELECT * EXCLUDE (stored_month) FROM {found.table} WHERE stored_month = {literal(month)}"
    if stored is not None:
        others = f"SELECT * FROM {_files([stored])} WHERE case_id NOT IN (SELECT case_id FROM {found.table})"
        rows = f"{others} UNION ALL BY NAME {rows}"
    count = int(session.rows(f"SELECT count(*) FROM ({rows})")[0][0])
    if count:
        session.write_parquet(session.lazy(session.sql(f"SELECT * FROM ({rows}) ORDER BY case_id, start_us, end_us, row")), path)
    return count


def _files(files: Sequence[str]) -> str:
    listed = ", ".join(literal(file) for file in files)
    return f"read_parquet([{listed}], union_by_name = true)"


def _stored_of(session: Session, new: str, files: Mapping[str, str]) -> str:
    """The table of what is stored of the extract's cases, with the month of each."""
    name = session.new_name("known")
    if not files:
        session.run(f"CREATE TABLE {name} AS SELECT *, NULL::VARCHAR AS stored_month FROM {new} LIMIT 0")
        return name
    months = " ".join(f"WHEN {literal(file)} THEN {literal(month)}" for month, file in files.items())
    source = f"read_parquet([{', '.join(literal(file) for file in files.values())}], union_by_name = true, filename = true)"
    touched = f"SELECT * FROM {source} WHERE case_id IN (SELECT case_id FROM {new})"
    session.run(f"CREATE TABLE {name} AS SELECT * EXCLUDE (filename), CASE filename {months} END AS stored_month FROM ({touched})")
    return name


def _not_yet(session: Session, new: str, known: str) -> str:
    """The query for the events of an extract that aren't stored: of equal ones as many more as there are."""
    names = {str(row[0]) for row in session.rows(f"DESCRIBE {known}")}
    shared = [str(row[0]) for row in session.rows(f"DESCRIBE {new}") if str(row[0]) in names and str(row[0]) != "row"]
    key = ", ".join(quoted(name) for name in shared)
    copy = f"row_number() OVER (PARTITION BY {key} ORDER BY row) AS stored_copy"
    same = " AND ".join(f"ours.{quoted(name)} IS NOT DISTINCT FROM theirs.{quoted(name)}" for name in (*shared, "stored_copy"))
    return (
        f"SELECT ours.* EXCLUDE (stored_copy) FROM (SELECT *, {copy} FROM {new}) AS ours "
        f"ANTI JOIN (SELECT {key}, {copy} FROM {known}) AS theirs ON {same}"
    )
