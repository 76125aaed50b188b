"""The history of the finished cases within their windows: what followed what, and the waiting before each event.

Source: DEFINITIONS 4.1 (window), 4.4 (waiting).
"""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw

from leadtime.cases import LeadTimes
from leadtime.cases.clock import DAY_US
from leadtime.flow.steps import axis, following, in_order
from leadtime.flow.table import Frame

__all__ = ["history"]


def history(times: LeadTimes, kept: Sequence[str] = ()) -> Frame:
    """Gives the events of the cases that have stopped, clipped to their windows, lazy.

    Columns `case_id, activity, source` (the activity before), then in microseconds on the case's axis `begin, until` (clipped), `waited_us`
    (the waiting before the event, within the window; empty where nothing lies before it within the window), `added_us` (by how much
    the event and the waiting before it carry the case forward, up to the next event of another activity) and `opens` (the window's
    begin), and `end_given`, `unit` as in the log.
    With columns to be `kept` those are there too, and `row`. An event that begins where the window ends isn't `inside`: it has no time
    of its own, but the waiting before it counts.
    """
    log = times.log
    timed = axis(log).with_columns(reached=in_order(nw.col("until").cum_max()))
    unit = nw.col("unit") if "unit" in log.columns else nw.lit(None, dtype=nw.String)
    own = [*kept, "row"] if kept else []
    placed = timed.select(
        "case_id", "activity", "end_given", "begin", "until", "row", unit.alias("unit"), *kept,
        in_order(nw.col("reached").shift(1)).alias("before"),
        in_order(nw.col("activity").shift(1)).alias("source"),
        following("begin").alias("next"),
        (nw.col("dated") if log.precision == "mixed" else nw.lit(log.precision == "date")).alias("dated"),
    )  # fmt: skip
    repeats = nw.coalesce(nw.col("activity") == nw.col("source"), nw.lit(value=False))
    placed = placed.with_columns(turn=in_order((~repeats).cast(nw.Int64).cum_sum()))
    windows = times.frame.filter(nw.col("status") == "stopped").select(
        "case_id", "start_us", "start_wall_us", "lead_us", calendar=nw.col("start_is_date") | nw.col("end_is_date")
    )
    joined = placed.join(windows, on="case_id", how="inner")
    # Where the lead time is in calendar days, the window opens with the day on which the clock started.
    wall = nw.when(nw.col("calendar")).then(nw.col("start_wall_us") // DAY_US * DAY_US).otherwise(nw.col("start_wall_us"))
    opened = nw.when(nw.col("dated")).then(wall).otherwise(nw.col("start_us"))
    inside = joined.with_columns(opens=opened).with_columns(closes=nw.col("opens") + nw.col("lead_us"))
    touching = inside.filter(
        nw.col("begin") <= nw.col("closes"), (nw.col("until") > nw.col("opens")) | (nw.col("begin") >= nw.col("opens"))
    )
    return _clipped(touching, own)


def _clipped(events: Frame, own: Sequence[str]) -> Frame:
    opens, closes = nw.col("opens"), nw.col("closes")
    within = events.with_columns(
        begin=nw.max_horizontal(nw.col("begin"), opens),
        until=nw.min_horizontal(nw.col("until"), closes),
        before=nw.when(nw.col("before") >= opens).then(nw.col("before")),
        # The next event of the case as far as it bounds this one: none lies past the window.
        next=nw.min_horizontal(nw.col("next"), closes),
    ).with_columns(next=nw.col("next").max().over("case_id", "turn"))
    before = nw.col("before")
    waited = nw.when(~before.is_null()).then(nw.max_horizontal(nw.col("begin") - before, nw.lit(0)))
    forward = nw.min_horizontal(nw.col("until"), nw.max_horizontal("next", "begin")) - before
    added = nw.when(~before.is_null()).then(nw.max_horizontal(forward, nw.lit(0)))
    figured = within.with_columns(waited_us=waited, added_us=added, inside=nw.col("begin") < closes)
    return figured.select(
        "case_id", "activity", "source", "unit", "begin", "until", "end_given", "waited_us", "added_us", "opens", "inside", *own,
    )  # fmt: skip
