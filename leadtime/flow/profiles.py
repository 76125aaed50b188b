"""One row a case: its events, units and repeats, and how its time splits into busy and waiting."""

from __future__ import annotations

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.errors import checks_arguments
from leadtime.flow.steps import ratio, steps, units_apart
from leadtime.flow.table import FlowTable, Frame
from leadtime.flow.visits import hand_overs, members
from leadtime.log import EventLog

__all__ = ["case_profile"]


@checks_arguments
def case_profile(log: EventLog) -> FlowTable:
    """Gives one row a case: its events, units, repeats, and how its time splits into busy and waiting.

    Args:
        log: the events.

    Returns:
        Columns `case_id, events, hand_overs, units, repeats, waiting_days, busy_days, flow_efficiency`. Busy is the union of the
        events' intervals; `flow_efficiency` is busy / (busy + waiting), empty where both are 0. `hand_overs` and `units` are empty
        in a log without units.

    Source:
        DEFINITIONS 4.4 (waiting), 4.5 (hand-over), 4.6 (repeats).

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a"] * 3, "activity": ["Visit", "Visit", "Plan"], "unit": ["BVC", "BUP", "BUP"],
    ...                                 "start": ["2020-01-01", "2020-01-11", "2020-02-01"]}))
    >>> lt.case_profile(log).to_pandas()[["events", "hand_overs", "units", "repeats", "waiting_days"]].values.tolist()
    [[3.0, 1.0, 2.0, 1.0, 31.0]]
    """
    apart = units_apart(log)
    figures = {
        "events": nw.len(),
        "waiting_us": nw.col("waiting_us").sum(),
        "first": nw.col("begin").min(),
        "last": nw.col("until").max(),
    }
    different = {"activities": "source"}
    if apart:
        figures |= {"hand_overs": nw.col("hand_over").sum()}
        different |= {"units": "unit"}
    events = steps(log, "activity")
    counted = log.session.distinct_counts(events, key="case_id", columns=different)
    grouped = log.coded.named(events.group_by("case_id").agg(**figures).join(counted, on="case_id"))
    if apart:
        nowhere = nw.col("units") == 0
        grouped = grouped.with_columns(
            hand_overs=nw.when(~nowhere).then(nw.coalesce("hand_overs", nw.lit(0))), units=nw.when(~nowhere).then(nw.col("units"))
        )
    elif "unit" in log.columns:
        grouped = grouped.join(_visited(log), on="case_id", how="left")
    else:
        nothing = nw.lit(None, dtype=nw.Int64)
        grouped = grouped.with_columns(hand_overs=nothing, units=nothing)
    span = nw.col("last") - nw.col("first")
    busy = (span - nw.col("waiting_us")).cast(nw.Float64)
    table = grouped.select(
        "case_id",
        "events",
        "hand_overs",
        "units",
        (nw.col("events") - nw.col("activities")).alias("repeats"),
        (nw.col("waiting_us").cast(nw.Float64) / DAY_US).alias("waiting_days"),
        (busy / DAY_US).alias("busy_days"),
        ratio(busy, span).alias("flow_efficiency"),
    )
    return FlowTable("case_profile", table, ("case_id",), (False,), log)


def _visited(log: EventLog) -> Frame:
    """Units and hand-overs of every case; events of one meeting are one visit of several units."""
    counted = members(log, "unit").group_by("case_id").agg(units=nw.col("party").n_unique())
    passed = hand_overs(log, "unit").group_by("case_id").agg(passed=nw.len())
    together = counted.join(passed, on="case_id", how="left")
    return together.select("case_id", nw.coalesce("passed", nw.lit(0)).alias("hand_overs"), "units")
