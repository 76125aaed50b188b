"""The text of an XES log, made in the engine: events in order of case and time, each a line, with their traces opened and closed around."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from leadtime.engine.flat import Flat
from leadtime.engine.lifecycle import INSTANCE, TRANSITION
from leadtime.engine.sql import literal, quoted

__all__ = ["constant_columns", "event_lines", "unwritable_column"]

_TAGS = {
    "BIGINT": "int", "INTEGER": "int", "SMALLINT": "int", "TINYINT": "int", "UBIGINT": "int", "UINTEGER": "int", "DOUBLE": "float",
    "FLOAT": "float", "BOOLEAN": "boolean", "TIMESTAMP WITH TIME ZONE": "date",
}  # fmt: skip
_MARKS = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\t", "&#9;"), ("\n", "&#10;"), ("\r", "&#13;"))
_UNWRITABLE = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]"
_BASE = ("case_id", "activity", "start", "end")


def unwritable_column(flat: Flat) -> str | None:
    """Gives a column with a character that no XML file can hold, none where all can be written."""
    texts = [column for column, kind in zip(flat.columns, flat.types, strict=True) if kind == "VARCHAR"]
    found = ", ".join(f"bool_or(regexp_matches({quoted(column)}, '{_UNWRITABLE}'))" for column in texts)
    row = flat.session.rows(f"SELECT {found} FROM {flat.name}")[0]
    return next((column for column, bad in zip(texts, row, strict=True) if bad), None)


def constant_columns(flat: Flat, columns: Sequence[str]) -> list[str]:
    """Gives those columns that say the same in every event of a case."""
    if not columns:
        return []
    differs = [
        f"count(DISTINCT {quoted(name)}) + (count({quoted(name)}) < count(*) AND count({quoted(name)}) > 0)::INTEGER > 1"
        for name in columns
    ]
    cases = ", ".join(f"{sql} AS d{i}" for i, sql in enumerate(differs))
    wanted = ", ".join(f"bool_or(d{i})" for i in range(len(columns)))
    row = flat.session.rows(f"SELECT {wanted} FROM (SELECT {cases} FROM {flat.name} GROUP BY case_id)")[0]
    return [name for name, differ in zip(columns, row, strict=True) if not differ]


def event_lines(flat: Flat, keys: Mapping[str, str], of_case: Sequence[str]) -> str:
    """Gives the query of the log's lines in their order.

    An event with an end is written as its start and its completion, which one `concept:instance` holds together.

    Args:
        flat: the log, with its times as text, and the same in microseconds as `__start_us` and `__end_us`.
        keys: the columns to write, to their keys.
        of_case: the columns that are written once, with the trace.
    """
    own = [name for name in keys if name not in (*_BASE, *of_case, TRANSITION, INSTANCE)]
    common = " || ".join(
        [_attribute("concept:name", "activity", "VARCHAR"), *(_attribute(keys[name], name, flat.type_of(name)) for name in own)]
    )
    trace = " || ".join(
        [_attribute("concept:name", "case_id", "VARCHAR"), *(_attribute(keys[name], name, flat.type_of(name)) for name in of_case)]
    )
    step = f"lower({quoted(TRANSITION)}::VARCHAR)" if TRANSITION in flat.columns else "NULL"
    single = f"coalesce({quoted(TRANSITION)}::VARCHAR, 'complete')" if TRANSITION in flat.columns else "'complete'"
    instance = f"{quoted(INSTANCE)}::VARCHAR" if INSTANCE in flat.columns else "NULL"
    given = f"{quoted('end')} IS NOT NULL"
    first = f"CASE WHEN NOT ({given}) THEN {single} WHEN {step} = 'resume' THEN 'suspend' ELSE 'start' END"
    last = f"CASE WHEN {step} = 'resume' THEN 'resume' ELSE 'complete' END"
    numbered = f"CASE WHEN {given} THEN coalesce({instance}, __row::VARCHAR) ELSE {instance} END"
    carried = f"{numbered} AS instance, {common} AS common, {trace} AS trace FROM {flat.name}"
    steps = (
        f"SELECT case_id, __row, 0 AS step, __start_us AS at_us, {first} AS life, start AS time, {carried} "
        f"UNION ALL SELECT case_id, __row, 1, __end_us, {last}, {quoted('end')}, {carried} WHERE {given}"
    )
    event = " || ".join([
        "'<event>'", "common", _attribute("concept:instance", "instance", "VARCHAR"), _attribute(TRANSITION, "life", "VARCHAR"),
        _time("time"), "'</event>\n'",
    ])  # fmt: skip
    order = "PARTITION BY case_id ORDER BY at_us, __row, step"
    opens = f"CASE WHEN row_number() OVER ({order}) = 1 THEN '<trace>\n' || trace || '\n' ELSE '' END"
    closes = f"CASE WHEN lead(1) OVER ({order}) IS NULL THEN '</trace>\n' ELSE '' END"
    placed = f"SELECT *, min(__row) OVER (PARTITION BY case_id) AS place FROM ({steps})"
    return f"SELECT {opens} || {event} || {closes} FROM ({placed}) ORDER BY place, case_id, at_us, __row, step"


def _marked(text: str) -> str:
    for character, mark in _MARKS:
        text = f"replace({text}, {literal(character)}, {literal(mark)})"
    return text


def _attribute(key: str, column: str, kind: str) -> str:
    """The SQL of an attribute's tag, empty where it has no value."""
    tag = _TAGS.get(kind, "string")
    text = f"{quoted(column)}::VARCHAR"
    if tag == "date":
        text = f"strftime(timezone('UTC', {quoted(column)}), '%Y-%m-%dT%H:%M:%S.%f') || '+00:00'"
    written = _marked(text) if tag == "string" else text
    opening = literal(f'<{tag} key="{html.escape(key)}" value="')
    return f"coalesce({opening} || {written} || '\"/>', '')"


def _time(column: str) -> str:
    """The SQL of an event's time; one known only to the day, or less, has its date beside a clock time of midnight."""
    dated = f"length({column}) = 10 OR contains({column}, ' - ')"
    date = f"'<string key=\"leadtime:date\" value=\"' || {column} || '\"/>'"
    clock = f"CASE WHEN {dated} THEN left({column}, 10) || 'T00:00:00+00:00' ELSE replace({column}, ' ', 'T') END"
    return f"CASE WHEN {dated} THEN {date} ELSE '' END || '<date key=\"time:timestamp\" value=\"' || {clock} || '\"/>'"
