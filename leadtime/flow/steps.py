"""The events of a case on one axis, and each event with the one after it; the base of every measure of flow."""

from __future__ import annotations

import narwhals as nw

from leadtime.cases.clock import bound_of
from leadtime.columns import RESERVED_NAMES, ROLES
from leadtime.flow.table import Frame
from leadtime.log import EventLog

__all__ = ["ORDER", "arrivals", "axis", "following", "handed_over", "in_order", "may_meet", "ratio", "steps", "units_apart"]

ORDER = ("begin", "until", "row")


def axis(log: EventLog) -> Frame:
    """The observed events with `begin` and `until` on one axis a case: instants, or the local clock where the case has a date."""
    # An attribute may have any name, also one that stands for something else here.
    frame = log.frame.select([name for name in log.columns if name in (*RESERVED_NAMES, *ROLES)])
    if log.observed_until is not None:
        frame = frame.filter(bound_of(log.observed_until, log.timezone).holds("start"))
    if log.precision == "clock":
        return frame.with_columns(begin=nw.col("start_us"), until=nw.col("end_us"))
    if log.precision == "date":
        return frame.with_columns(begin=nw.col("start_wall_us"), until=nw.col("end_wall_us"))
    dated = (nw.col("start_is_date") | nw.col("end_is_date")).cast(nw.Int8).max().over("case_id") > 0
    # An event from a clock time to the date of its own day ends after it has begun, and an hour that clocks go back by isn't lived twice.
    ended = nw.max_horizontal("start_wall_us", "end_wall_us")
    return frame.with_columns(dated=dated).with_columns(
        begin=nw.when(nw.col("dated")).then(nw.col("start_wall_us")).otherwise(nw.col("start_us")),
        until=nw.when(nw.col("dated")).then(ended).otherwise(nw.col("end_us")),
    )


def steps(log: EventLog, by: str) -> Frame:
    """Each event with the one after it in its case, and the waiting between: next start - latest end so far, never below 0.

    Looking ahead keeps all in one pass over the sorted events: the latest end so far and the next start stand in the same row.
    By activity they are of the coded log: `log.coded.named` gives cases their ids back, a cast gives `source` and `target` their texts.
    The events of `by="activity"` carry their unit, and whether it hands over to the next.
    """

    def make() -> Frame:
        if by == "activity":
            events, gap = axis(log.coded), following("begin") - in_order(nw.col("until").cum_max())
        else:
            # The latest end so far is that of any event, also of one that has no unit; so it is found before those are left out.
            events = arrivals(log).with_columns(idle=nw.col("begin") - nw.col("before")).filter(~nw.col(by).is_null())
            gap = following("idle")
        carried: list[str | nw.Expr] = ["unit", handed_over("unit")] if by == "activity" and units_apart(log) else []
        return events.select(
            "case_id", "begin", "until", nw.col(by).alias("source"), following(by).alias("target"),
            nw.max_horizontal(gap, nw.lit(0)).alias("waiting_us"), *carried,
        )  # fmt: skip

    return log.shared(f"steps:{by}", make)


def arrivals(log: EventLog) -> Frame:
    """Each event with the latest end before it in its case (`before`, empty for the first), and what tells whose visit it is."""

    def make() -> Frame:
        kept = [name for name in ("unit", "organisation", "place", "kind", "meeting_id") if name in log.columns]
        events = axis(log).select("case_id", "begin", "until", "row", *kept)
        return log.session.greatest_before(events, "until", key="case_id", order=ORDER, name="before")

    return log.shared("arrivals", make)


def in_order(expression: nw.Expr) -> nw.Expr:
    """The expression within each case, in the order of its events."""
    return expression.over("case_id", order_by=ORDER)


def following(name: str) -> nw.Expr:
    """The column's value in the next event of the case, null in the last one."""
    return in_order(nw.col(name).shift(-1))


def handed_over(name: str) -> nw.Expr:
    """Whether the next event has another unit than the latest event so far that has one."""
    latest = in_order(nw.col(name).fill_null(strategy="forward"))
    return (following(name) != latest).cast(nw.Int64).alias("hand_over")


def units_apart(log: EventLog) -> bool:
    """Whether every event is a visit of its own to its unit; in a log with meetings several events may be one."""
    return "unit" in log.columns and not may_meet(log)


def may_meet(log: EventLog) -> bool:
    """Whether several events may be one joint visit: the log names its meetings, or the kind of its events."""
    return "meeting_id" in log.columns or "kind" in log.columns


def ratio(part: nw.Expr, whole: nw.Expr) -> nw.Expr:
    """Part of whole, empty where the whole is 0."""
    return nw.when(whole > 0).then(part / whole).otherwise(nw.lit(None, dtype=nw.Float64))
