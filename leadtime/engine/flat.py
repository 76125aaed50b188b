"""The event table as people keep it: one column a time, as a date, a time with its offset or a span of days, in the order of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw

from leadtime.columns import DATE_ROLES
from leadtime.engine.session import Session
from leadtime.engine.sql import quoted

__all__ = ["Flat", "Times", "flat_table", "time_text"]

Times = Literal["text", "native"]
_BASE = ("case_id", "activity", "start", "end")
_PARTS = ("us", "wall_us", "is_date", "lower_wall_us", "upper_wall_us")


@dataclass(frozen=True)
class Flat:
    """A flat view of a log: its name in the session, its columns in order, and their SQL types."""

    session: Session
    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]

    def type_of(self, column: str) -> str:
        """Gives a column's SQL type."""
        return self.types[self.columns.index(column)]


def time_text(prefix: str, columns: Sequence[str], *, alias: str = "") -> str:
    """Gives the SQL of a time as text that reads back the same: a date, a span of days, or a clock time with its offset from UTC.

    An offset that isn't whole minutes, as those before standard time, is written in UTC. `alias` stands before each column.
    """
    us, wall, is_date = (f"{alias}{quoted(f'{prefix}_{part}')}" for part in ("us", "wall_us", "is_date"))
    date = f"make_timestamp({wall})::DATE::VARCHAR"
    if f"{prefix}_lower_wall_us" in columns:
        lower, upper = (f"{alias}{quoted(f'{prefix}_{bound}_wall_us')}" for bound in ("lower", "upper"))
        span = f"make_timestamp({lower})::DATE::VARCHAR || ' - ' || make_timestamp({upper})::DATE::VARCHAR"
        date = f"CASE WHEN {lower} < {upper} THEN {span} ELSE {date} END"
    minutes = f"(({wall} - {us}) // 60000000)"
    sign = f"CASE WHEN {minutes} < 0 THEN '-' ELSE '+' END"
    offset = f"{sign} || lpad((abs({minutes}) // 60)::VARCHAR, 2, '0') || ':' || lpad((abs({minutes}) % 60)::VARCHAR, 2, '0')"
    local = f"make_timestamp({wall})::VARCHAR || {offset}"
    clock = f"CASE WHEN ({wall} - {us}) % 60000000 = 0 THEN {local} ELSE make_timestamp({us})::VARCHAR || '+00:00' END"
    return f"CASE WHEN {us} IS NULL THEN NULL WHEN {is_date} THEN {date} ELSE {clock} END"


def flat_table(session: Session, frame: nw.LazyFrame[Any], declared: nw.LazyFrame[Any] | None, *, precision: str, times: Times) -> Flat:
    """Gives the view of a log's events, with the columns of the table of cases that they lack.

    Beside its columns it has `__row`, `__start_us` and `__end_us`, to put the events in order.

    `precision` is the log's: with `times="native"` a log of dates alone, or of clock times alone, keeps them in a type of their own.
    """
    events = session.new_name("written")
    _native(frame).create_view(events)
    names = list(frame.collect_schema().names())
    sources = [("e", names)]
    join = ""
    if declared is not None:
        cases = session.new_name("cases")
        _native(declared).create_view(cases)
        sources.append(("c", [name for name in declared.collect_schema().names() if name not in names]))
        join = f" LEFT JOIN {cases} AS c ON c.case_id = e.case_id"
    spans = any(name.endswith("_lower_wall_us") for name in names)
    native = "text" if times == "text" or spans else precision
    columns = {"case_id": "e.case_id", "activity": "e.activity", "start": _time("start", names, "e.", native)}
    columns["end"] = f"CASE WHEN e.end_given THEN {_time('end', names, 'e.', native)} END"
    for alias, found in sources:
        for name in found:
            of_date = next((role for role in DATE_ROLES if name in {f"{role}_{part}" for part in _PARTS}), None)
            if of_date is not None:
                columns[of_date] = time_text(of_date, found, alias=f"{alias}.")
            elif name not in _BASE and name != "row" and not _of_time(name):
                columns[name] = f"{alias}.{quoted(name)}"
    listed = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns.items())
    listed += ", e.row AS __row, e.start_us AS __start_us, e.end_us AS __end_us"
    name = session.new_name("flat")
    session.run(f"CREATE VIEW {name} AS SELECT {listed} FROM {events} AS e{join}")
    kinds = {str(row[0]): str(row[1]) for row in session.rows(f"DESCRIBE {name}")}
    return Flat(session, name, tuple(columns), tuple(kinds[column] for column in columns))


def _native(frame: nw.LazyFrame[Any]) -> Any:
    return frame.to_native()


def _of_time(name: str) -> bool:
    """Whether a column of the event table is part of an event's start or end."""
    return name == "end_given" or name in {f"{side}_{part}" for side in ("start", "end") for part in _PARTS}


def _time(prefix: str, columns: Sequence[str], alias: str, native: str) -> str:
    if native == "date":
        return f"make_timestamp({alias}{prefix}_wall_us)::DATE"
    if native == "clock":
        return f"make_timestamp({alias}{prefix}_us)::TIMESTAMPTZ"
    return time_text(prefix, columns, alias=alias)
