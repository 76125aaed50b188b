"""Lifecycle steps paired into events: a start with its completion, a schedule with its start, a suspension with its resumption.

Pairing is first in first out among the steps of one activity in one case (and of one `concept:instance`, where the log has it): a step that
closes takes the earliest open one. With +1 for each step that opens and -1 for each that closes, in order of time, a closing step has
nothing to take where the running sum falls below all that came before; the others close the open steps in their order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from leadtime.engine.readtable import ReadTable
from leadtime.engine.session import Session
from leadtime.engine.sql import quoted

__all__ = ["INSTANCE", "SCHEDULED", "STEPS", "SUSPENDED", "TRANSITION", "Pairing", "paired"]

TRANSITION = "lifecycle:transition"
INSTANCE = "concept:instance"
STEPS = ("schedule", "start", "suspend", "resume", "complete")
# What an event keeps of the steps that are not its start or end.
SCHEDULED, SUSPENDED = "scheduled_us", "suspended_us"


@dataclass(frozen=True)
class Pairing:
    """How many steps became ends, schedules and suspensions of events, and how many of each kind found no partner."""

    pairs: int
    schedules: int
    suspensions: int
    unpaired: dict[str, int]


def paired(read: ReadTable) -> tuple[ReadTable, Pairing] | None:
    """Gives the read table with its steps paired into events, and what was paired; none where there is nothing to pair.

    The rows themselves stay as they were read, so that the account of rows is of rows; only the events are fewer.
    """
    session, step = read.session, f"lower(trim({quoted(TRANSITION)}::VARCHAR))"
    if TRANSITION not in read.columns:
        return None
    if not session.rows(f"SELECT 1 FROM {read.name} WHERE __kept AND {step} IN ('schedule', 'start', 'suspend', 'resume') LIMIT 1"):
        return None
    key = ["case_id", "activity", *([INSTANCE] if INSTANCE in read.columns else [])]
    steps = session.new_name("steps")
    columns = ", ".join(f"{quoted(name)}::VARCHAR AS key_{i}" for i, name in enumerate(key))
    session.run(
        f"CREATE TABLE {steps} AS SELECT row AS place, start_us AS moment, {step} AS step, {columns} FROM {read.name} "
        f"WHERE __kept AND {step} IN ('schedule', 'start', 'suspend', 'resume', 'complete')"
    )
    by = ", ".join(f"key_{i}" for i in range(len(key)))
    work = _pairs(session, steps, by, "step = 'start'", "step = 'complete'")
    begun = session.new_name("steps")
    alone = f"step = 'complete' AND place NOT IN (SELECT closing FROM {work})"
    session.run(f"CREATE VIEW {begun} AS SELECT *, (step = 'start' OR ({alone})) AS begins FROM {steps}")
    schedules = _pairs(session, begun, by, "step = 'schedule'", "begins")
    suspensions = _pairs(session, steps, by, "step = 'suspend'", "step = 'resume'")
    within = _within(session, steps, by, work, suspensions)
    name = _events(read, work, schedules, suspensions, within)
    found = _found(session, steps, work, schedules, suspensions)
    extra = tuple(name for name in (SCHEDULED, SUSPENDED) if name not in read.columns)
    return replace(read, paired=name, columns=(*read.columns, *extra), made=extra), found


def _pairs(session: Session, steps: str, by: str, opens: str, closes: str) -> str:
    """Stores which opening step belongs to which closing one, by their places."""
    name = session.new_name("pairs")
    if not session.rows(f"SELECT 1 FROM {steps} WHERE {opens} LIMIT 1"):
        session.run(f"CREATE TABLE {name} (opening BIGINT, closing BIGINT, length BIGINT)")
        return name
    order = f"PARTITION BY {by} ORDER BY moment, place"
    session.run(
        f"""CREATE TABLE {name} AS
        WITH counted AS (
            SELECT place, {by}, moment, ({opens}) AS opens, sum(CASE WHEN {opens} THEN 1 ELSE -1 END) OVER ({order}) AS depth
            FROM {steps} WHERE {opens} OR {closes}
        ), lowest AS (
            SELECT *, least(0, min(depth) OVER ({order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) AS floor FROM counted
        ), matched AS (
            SELECT *, (NOT opens AND floor = coalesce(lag(floor) OVER ({order}), 0)) AS closes FROM lowest
        ), ranked AS (
            SELECT *, sum(opens::INTEGER) OVER ({order}) AS opened, sum(closes::INTEGER) OVER ({order}) AS closed FROM matched
        ), opening AS (SELECT * FROM ranked WHERE opens), closing AS (SELECT * FROM ranked WHERE closes)
        SELECT opening.place AS opening, closing.place AS closing, closing.moment - opening.moment AS length
        FROM opening JOIN closing ON opening.opened = closing.closed AND {_same(by, "opening", "closing")}"""
    )
    return name


def _same(by: str, one: str, other: str) -> str:
    return " AND ".join(f"{one}.{key} IS NOT DISTINCT FROM {other}.{key}" for key in by.split(", "))


def _within(session: Session, steps: str, by: str, work: str, suspensions: str) -> str:
    """Stores the work that each suspension lies in: of those that cover it, the one that began first."""
    name = session.new_name("within")
    placed = f"SELECT place, moment, {by} FROM {steps}"
    session.run(
        f"""CREATE TABLE {name} AS
        WITH placed AS ({placed}),
        worked AS (SELECT w.opening, o.moment AS began, c.moment AS ended, {_of("o", by)} FROM {work} AS w
            JOIN placed AS o ON o.place = w.opening JOIN placed AS c ON c.place = w.closing),
        idle AS (SELECT s.opening AS suspend, s.length, o.moment AS began, c.moment AS ended, {_of("o", by)} FROM {suspensions} AS s
            JOIN placed AS o ON o.place = s.opening JOIN placed AS c ON c.place = s.closing)
        SELECT suspend, any_value(idle.length) AS length, arg_min(worked.opening, (worked.began, worked.opening)) AS opening
        FROM idle JOIN worked ON {_same(by, "idle", "worked")} AND worked.began <= idle.began AND worked.ended >= idle.ended
        GROUP BY suspend"""
    )
    return name


def _of(alias: str, by: str) -> str:
    return ", ".join(f"{alias}.{key}" for key in by.split(", "))


def _events(read: ReadTable, work: str, schedules: str, suspensions: str, within: str) -> str:
    """Stores the events: each opening row with the end, and what else it lacks, from the row that closes it."""
    name = read.session.new_name("events")
    kept = []
    for column in read.columns:
        own, closing = f"o.{quoted(column)}", f"c.{quoted(column)}"
        if column == "end_given":
            sql = f"({own} OR c.row IS NOT NULL)"
        elif column.startswith("end_") and column.replace("end_", "start_", 1) in read.columns:
            sql = f"CASE WHEN c.row IS NULL THEN {own} ELSE c.{quoted(column.replace('end_', 'start_', 1))} END"
        elif column in ("case_id", "activity", "row") or column.startswith("start_"):
            sql = own
        else:
            sql = f"coalesce({closing}, {own})"
        kept.append(f"{sql} AS {quoted(column)}")
    scheduled = f"(SELECT closing AS place, opening AS schedule FROM {schedules})"
    idle = f"(SELECT opening, sum(length)::BIGINT AS length FROM {within} GROUP BY opening)"
    gone = (
        f"SELECT closing FROM {work} UNION ALL SELECT opening FROM {schedules} UNION ALL SELECT closing FROM {suspensions} "
        f"UNION ALL SELECT suspend FROM {within}"
    )
    both = f"(SELECT opening, closing FROM {work} UNION ALL SELECT opening, closing FROM {suspensions})"
    extra = [f"s.start_us AS {SCHEDULED}", f"i.length AS {SUSPENDED}"]
    extra = [sql for sql, column in zip(extra, (SCHEDULED, SUSPENDED), strict=True) if column not in read.columns]
    read.session.run(
        f"""CREATE TABLE {name} AS SELECT {", ".join([*kept, *extra])}
        FROM {read.name} AS o LEFT JOIN {both} AS b ON b.opening = o.row LEFT JOIN {read.name} AS c ON c.row = b.closing
        LEFT JOIN {scheduled} AS p ON p.place = o.row LEFT JOIN {read.name} AS s ON s.row = p.schedule
        LEFT JOIN {idle} AS i ON i.opening = o.row
        WHERE o.__kept AND o.row NOT IN ({gone})"""
    )
    return name


def _found(session: Session, steps: str, work: str, schedules: str, suspensions: str) -> Pairing:
    pairs, planned, idle = (int(session.rows(f"SELECT count(*) FROM {name}")[0][0]) for name in (work, schedules, suspensions))
    both = [f"SELECT {side} FROM {name}" for name in (work, suspensions) for side in ("opening", "closing")]
    used = " UNION ALL ".join([*both, f"SELECT opening FROM {schedules}"])
    rows = session.rows(f"SELECT step, count(*) FROM {steps} WHERE step <> 'complete' AND place NOT IN ({used}) GROUP BY 1 ORDER BY 1")
    return Pairing(pairs, planned, idle, {str(step): int(count) for step, count in rows})
