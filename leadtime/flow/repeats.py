"""What is done again: repeats, self-loops and ping-pong; and what is done at the same time."""

from __future__ import annotations

from typing import Literal

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.errors import InputError, UsageError, checks_arguments
from leadtime.flow.steps import axis, in_order, ratio, steps
from leadtime.flow.table import FlowTable
from leadtime.flow.visits import returns
from leadtime.log import EventLog

__all__ = ["overlaps", "rework"]


@checks_arguments
def rework(log: EventLog, *, per: Literal["case", "activity", "unit"] = "case") -> FlowTable:
    """Gives what is done again: the same activity once more in a case, at once or later, and cases sent to and fro between units.

    Args:
        log: the events.
        per: a row for each case, each activity, or each pair of units that cases went to and fro between.

    Returns:
        `per="case"`: `case_id, events, repeats, self_loops, ping_pongs`, by case id; a repeat is any occurrence of an activity after
        its first, a self-loop one that follows at once, a ping-pong a visit back to the unit before the last (A-B-A; empty in a log
        without units). `per="activity"`: `activity, n, cases, cases_repeated, repeats, self_loops, share` (of its cases, those in
        which it recurs), most repeats first. `per="unit"`: `unit` (A), `by_way_of` (B), `n, cases`, most frequent first.

    Raises:
        InputError: `per="unit"` in a log without units.

    Source:
        DEFINITIONS 4.6; visits and joint meetings as in 4.5.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a"] * 4, "activity": ["Visit", "Visit", "Test", "Visit"],
    ...     "unit": ["BVC", "BUP", "BUP", "BVC"], "start": ["2020-01-01", "2020-01-11", "2020-02-01", "2020-02-03"]}))
    >>> print(lt.rework(log))
    case_id  events  repeats  self_loops  ping_pongs
    a             4        2           1           1
    """
    if per == "case":
        return _by_case(log)
    if per == "activity":
        return _by_activity(log)
    if per != "unit":
        raise UsageError(f"per={per!r} isn't allowed; use 'case', 'activity' or 'unit'")
    if "unit" not in log.columns:
        raise InputError("ping-pong between units isn't computable: no column 'unit'")
    found = returns(log, "unit").rename({"party": "unit", "next_party": "by_way_of"})
    table = found.group_by("unit", "by_way_of").agg(n=nw.len(), cases=nw.col("case_id").n_unique())
    return FlowTable("ping_pongs", table, ("n", "unit", "by_way_of"), (True, False, False), log)


_AGAIN = (nw.col("source") == nw.col("target")).cast(nw.Int64)  # the next event is the same activity


def _by_case(log: EventLog) -> FlowTable:
    events = steps(log, "activity")
    different = log.session.distinct_counts(events, key="case_id", columns={"activities": "source"})
    summed = events.group_by("case_id").agg(events=nw.len(), self_loops=_AGAIN.sum().cast(nw.Int64))
    counted = log.coded.named(summed.join(different, on="case_id"))
    if "unit" in log.columns:
        to_and_fro = returns(log, "unit").group_by("case_id").agg(found=nw.len())
        counted = counted.join(to_and_fro, on="case_id", how="left").with_columns(ping_pongs=nw.coalesce("found", nw.lit(0)))
    else:
        counted = counted.with_columns(ping_pongs=nw.lit(None, dtype=nw.Int64))
    table = counted.select(
        "case_id",
        "events",
        (nw.col("events") - nw.col("activities")).alias("repeats"),
        nw.coalesce("self_loops", nw.lit(0)).alias("self_loops"),
        "ping_pongs",
    )
    return FlowTable("rework", table, ("case_id",), (False,), log)


def _by_activity(log: EventLog) -> FlowTable:
    within = steps(log, "activity").group_by("case_id", "source").agg(n=nw.len(), loops=nw.coalesce(_AGAIN, nw.lit(0)).sum())
    counted = within.group_by("source").agg(
        n=nw.col("n").sum().cast(nw.Int64),
        cases=nw.len(),
        cases_repeated=(nw.col("n") > 1).cast(nw.Int64).sum().cast(nw.Int64),
        self_loops=nw.col("loops").sum().cast(nw.Int64),
    )
    table = counted.select(
        nw.col("source").cast(nw.String).alias("activity"),
        "n",
        "cases",
        "cases_repeated",
        (nw.col("n") - nw.col("cases")).alias("repeats"),
        "self_loops",
        ratio(nw.col("cases_repeated").cast(nw.Float64), nw.col("cases")).alias("share"),
    )
    return FlowTable("rework", table, ("repeats", "n", "activity"), (True, True, False), log)


@checks_arguments
def overlaps(log: EventLog, *, per: Literal["transition", "case"] = "transition") -> FlowTable:
    """Gives what goes on at the same time, beside `transitions`, whose waiting it never lessens.

    The overlap of an event is the time that it shares with the events of its case that began before it. Over a case, overlaps are the
    sum of all events' durations less their union.

    Args:
        log: the events.
        per: a row for each transition between activities, or each case.

    Returns:
        `per="transition"`: `source, target, n, overlaps, cases, overlap_days` (`overlaps` of the `n` begin before all earlier events
        have ended, in `cases` cases), the longest in total first. `per="case"`: `case_id, processing_days` (the sum of durations),
        `busy_days` (their union), `overlaps, overlap_days`, by case id.

    Source:
        DEFINITIONS 4.4.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a"] * 2, "activity": ["Test", "Visit"],
    ...     "start": ["2020-01-01", "2020-01-03"], "end": ["2020-01-05", "2020-01-09"]}))
    >>> print(lt.overlaps(log, per="case"))
    case_id  processing_days  busy_days  overlaps  overlap_days
    a                     10          8         1             2
    """
    if per not in ("transition", "case"):
        raise UsageError(f"per={per!r} isn't allowed; use 'transition' or 'case'")
    timed = axis(log).with_columns(reached=in_order(nw.col("until").cum_max()))
    placed = timed.with_columns(before=in_order(nw.col("reached").shift(1)), source=in_order(nw.col("activity").shift(1)))
    shared = nw.max_horizontal(nw.min_horizontal("before", "until") - nw.col("begin"), nw.lit(0))
    # Nothing lies before a case's first event, and the least of nothing and something is that something.
    events = placed.with_columns(overlap_us=nw.when(nw.col("before").is_null()).then(nw.lit(0)).otherwise(shared))
    days = (nw.col("overlap_us").sum() / DAY_US).cast(nw.Float64)
    found = (nw.col("overlap_us") > 0).cast(nw.Int64).sum().cast(nw.Int64)
    if per == "case":
        worked = ((nw.col("until") - nw.col("begin")).sum() / DAY_US).cast(nw.Float64)
        summed = events.group_by("case_id").agg(processing_days=worked, overlaps=found, overlap_days=days)
        busy = (nw.col("processing_days") - nw.col("overlap_days")).alias("busy_days")
        return FlowTable(
            "overlaps", summed.select("case_id", "processing_days", busy, "overlaps", "overlap_days"), ("case_id",), (False,), log
        )
    sharing = nw.when(nw.col("overlap_us") > 0).then(nw.col("case_id"))
    pairs = events.filter(~nw.col("source").is_null()).with_columns(target=nw.col("activity"), sharing=sharing)
    without = nw.col("sharing").is_null().any().cast(nw.Int64)  # counted among the distinct values
    summed = pairs.group_by("source", "target").agg(
        n=nw.len(), overlaps=found, cases=nw.col("sharing").n_unique() - without, overlap_days=days
    )
    return FlowTable("overlaps", summed, ("overlap_days", "n", "source", "target"), (True, True, False, False), log)
