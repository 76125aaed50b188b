"""The clock of every case by a pathway: its start, then the first of stop, exit and the end of observation.

One pass over the events that the pathway names: each learns when the clock of its case started, then they become a row a case. A moment
is chosen as the least of a struct that begins with the order of events, which every engine knows.
Source: DEFINITIONS 1.3 (ties), 2.1 (start and stop), 2.2 (observation), 2.3 (exclusions).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import narwhals as nw

from leadtime.cases.clock import Axis, Bound
from leadtime.cases.own import OwnDates
from leadtime.log import EventLog
from leadtime.pathway import Exit, Milestone, Pathway

__all__ = ["decided", "reached"]

Frame = nw.LazyFrame[Any]
Parts = Mapping[str, Milestone] | Mapping[str, Exit]


def reached(log: EventLog, pathway: Pathway, bound: Bound, own: OwnDates, axis: Axis) -> Frame:
    """Gives a row for each case with an event that the pathway names: the moments `start`, `stop` and `exit`, empty where not reached.

    Beside them the names of stop and exit, the stop's name were tied rows in another order (`turned_name`), and whether there is a stop or
    an exit before the start (`early_stop`, `early_exit`), a start after the observation (`late_start`), an exit at any time (`any_exit`).
    """
    start = pathway.milestones[pathway.start]
    stops: Parts = {name: pathway.milestones[name] for name in pathway.stop}
    events, begins = _chosen(_relevant(log, pathway, bound, own, axis), start, "inside", "start")
    events = _named(_with_start(events, begins, axis), {"stop": stops, "exit": pathway.exits})
    early = nw.col("inside") & ~nw.col("timely")
    stop, exit_ = _any(stops.values()), _any(pathway.exits.values())
    # Most events of a large log are later starts, which have no part in what follows.
    events = events.filter(nw.col("first") | ~nw.col("inside") | stop | exit_)
    found = {"stop": _least(axis, "stop", stops), "exit": _least(axis, "exit", pathway.exits)}
    if len(stops) != 1:
        found["turned"] = _least(axis, "stop", stops, turned=True)
    rows = events.group_by("case_id").agg(
        **{name: nw.when(nw.col("first")).then(nw.col(name)).min() for name in axis.columns("start")},
        **found,
        late_start=(~nw.col("inside") & _any([start])).any(),
        early_stop=(early & stop).any(),
        early_exit=(early & exit_).any(),
        any_exit=exit_.any(),
    )
    parts = axis.parts_of(dict.fromkeys(("stop", "exit"), "start"))
    names = {"stop_name": _name("stop", stops), "exit_name": _name("exit", pathway.exits)}
    turned = _name("turned" if "turned" in found else "stop", stops)
    found_out = ("late_start", "early_stop", "early_exit", "any_exit")
    return rows.select("case_id", *found_out, *axis.columns("start"), **parts, **names, turned_name=turned)


def _any(parts: Iterable[Milestone | Exit]) -> nw.Expr:
    """Whether an event is of some milestone or exit."""
    activities = sorted({activity for part in parts for activity in part.activities})
    return nw.col("activity").is_in(activities or [""])  # no event has a blank activity


def _least(axis: Axis, what: str, several: Parts, *, turned: bool = False) -> nw.Expr:
    """The first named event of a case in the order of events, with its name where there are several; turned: by the last row of a tie."""
    name = f"{what}_name"
    return nw.when(~nw.col(name).is_null()).then(axis.moment(turned=turned, name=None if len(several) == 1 else name)).min()


def _name(what: str, several: Parts) -> nw.Expr:
    """The name of the moment found."""
    if len(several) == 1:
        return nw.when(~nw.col(what).is_null()).then(nw.lit(*several))
    return nw.col(what).struct.field("name")


def _relevant(log: EventLog, pathway: Pathway, bound: Bound, own: OwnDates, axis: Axis) -> Frame:
    """The events of milestones and exits with `inside`: not after the log's end of observation, nor after the case's own."""
    parts: list[Milestone | Exit] = [*(pathway.milestones[name] for name in (pathway.start, *pathway.stop)), *pathway.exits.values()]
    events = log.frame.filter(_any(parts))
    mixed = Axis(partial=axis.partial)
    if "last_observed" in own.has:
        events = events.join(own.frame.select("case_id", *mixed.columns("last_observed")), on="case_id", how="left")
    inside = _observed("start", own, bound, mixed)
    there = [f"start_{part}" for part in axis.parts if f"start_{part}" in log.columns]
    bounds = [nw.col("start_wall_us").alias(name) for name in axis.columns("start") if name not in there]
    return events.select("case_id", "activity", "end_us", "row", *there, *bounds, inside.alias("inside"))


def _observed(moment: str, own: OwnDates, bound: Bound, axis: Axis) -> nw.Expr:
    """Whether a moment is not after the log's end of observation, nor after the case's own."""
    if "last_observed" not in own.has:
        return bound.holds(moment)
    return nw.when(axis.precedes("last_observed", moment)).then(nw.lit(value=False)).otherwise(bound.holds(moment))


def _with_start(events: Frame, begins: nw.Expr, axis: Axis) -> Frame:
    """The events with `first`, whether each starts the clock of its case, and `timely`, whether it is observed and at or after that.

    Where all events have one precision a number tells, and several events at one time all start the clock; else the whole moment is needed.
    """
    if axis.precision == "mixed" or axis.partial:
        marked = events.with_columns(begun=nw.when(begins).then(axis.moment()).min().over("case_id"))
        first = nw.col("row") == nw.col("begun").struct.field("row")
        marked = marked.with_columns(first=begins & first, **axis.parts_of({"begun": "start"}))
    else:
        part = "us" if axis.precision == "clock" else "wall_us"
        marked = events.with_columns(**{f"begun_{part}": nw.when(begins).then(nw.col(f"start_{part}")).min().over("case_id")})
        marked = marked.with_columns(first=begins & (nw.col(f"start_{part}") == nw.col(f"begun_{part}")))
    return marked.with_columns(timely=nw.col("inside") & ~axis.precedes("start", "begun"))


def _chosen(events: Frame, part: Milestone | Exit, among: str, place: str) -> tuple[Frame, nw.Expr]:
    """The events, and which of them a rule leaves to choose the earliest of; `first` leaves all."""
    hit = nw.col(among) & _any([part])
    if isinstance(part, Exit) or part.rule == "first":
        return events, hit
    # In the order of `Axis.moment`: a date comes before a clock time at its midnight.
    events = events.with_columns(timed=~nw.col("start_is_date"))
    counted = nw.when(hit).then(nw.col("row")).cum_count().over("case_id", order_by=("start_us", "timed", "end_us", "row"))
    if part.rule == "nth":
        return events.with_columns(counted.alias(f"{place}_place")), hit & (nw.col(f"{place}_place") == part.n)
    total = nw.when(hit).then(nw.col("row")).count().over("case_id")
    placed = events.with_columns(counted.alias(f"{place}_place"), total.alias(f"{place}_last"))
    return placed, hit & (nw.col(f"{place}_place") == nw.col(f"{place}_last"))


def _named(events: Frame, parts: Mapping[str, Parts]) -> Frame:
    """The events, each with the name of the milestone or exit that it is at or after the start; the first declared, where it is several.

    Each one's own rule counts only its occurrences at or after the start (DEFINITIONS 2.1).
    """
    names: dict[str, Any] = {}
    for what, several in parts.items():
        label: Any = nw.lit(None, dtype=nw.String)
        for number, name in reversed([*enumerate(several)]):
            events, hit = _chosen(events, several[name], "timely", f"{what}_{number}")
            label = nw.when(hit).then(nw.lit(name)).otherwise(label)
        names[f"{what}_name"] = label
    return events.with_columns(**names)


def decided(rows: Frame, own: OwnDates, bound: Bound, axis: Axis) -> Frame:
    """Gives one outcome a case; at the same time a stop comes before an exit, and an exit before the end of observation."""
    if "exit_date" in own.has:
        rows = _with_own_exit(rows, own, bound, axis)
    stopped = ~nw.col("stop_us").is_null() & (nw.col("exit_us").is_null() | ~axis.precedes("exit", "stop"))
    left = nw.when(~nw.col("exit_us").is_null()).then(nw.lit("left")).otherwise(nw.lit("still waiting"))
    rows = rows.with_columns(outcome=nw.when(stopped).then(nw.lit("stopped")).otherwise(left), excluded_because=_exclusion())
    rows = rows.with_columns(**{f"end_{part}": _ending(part, own, bound) for part in axis.parts})
    entry: nw.Expr = nw.lit(0, dtype=nw.Int64)
    if "entry_date" in own.has:
        rows, entry = _with_entry(rows, axis), nw.col("entry_us")
    kept, outcome = nw.col("excluded_because").is_null(), nw.col("outcome")
    by_stop = kept & (outcome == "stopped")
    return rows.select(
        "case_id",
        *axis.columns("start", "end"),
        *(nw.when(kept).then(days).alias(name) for name, days in {**axis.durations("start", "end"), "entry_us": entry}.items()),
        nw.when(kept).then(outcome).otherwise(nw.lit("excluded")).alias("status"),
        nw.when(by_stop).then(nw.col("stop_name")).alias("stopped_by"),
        nw.when(kept & (outcome == "left")).then(nw.col("exit_name")).alias("exit"),
        "excluded_because",
        nw.when(by_stop).then(nw.col("turned_name") != nw.col("stop_name")).otherwise(nw.lit(value=False)).alias("tied"),
    )


def _ending(part: str, own: OwnDates, bound: Bound) -> nw.Expr:
    """One part of the moment at which a case's time ends: its stop, its exit, or the end of its observation."""
    outcome = nw.col("outcome")
    if own.dates:
        censored = nw.col(f"censored_{part}")
    else:
        censored = nw.lit(value=False) if part == "is_date" else nw.lit(bound.us if part == "us" else bound.wall_us)
    left = nw.when(outcome == "left").then(nw.col(f"exit_{part}")).otherwise(censored)
    return nw.when(outcome == "stopped").then(nw.col(f"stop_{part}")).otherwise(left)


def _with_entry(rows: Frame, axis: Axis) -> Frame:
    """How long after the start the observation began; a case that came after its time had ended is excluded (DEFINITIONS 2.2)."""
    late = axis.precedes("start", "entry_date")
    entered = rows.with_columns(entry_us=nw.when(late).then(axis.elapsed("start", "entry_date")).otherwise(nw.lit(0)))
    empty = late & (nw.col("entry_us") >= axis.elapsed("start", "end"))
    reason = nw.when(empty).then(nw.lit("entry at or after exit"))
    return entered.with_columns(excluded_because=nw.coalesce("excluded_because", reason))


def _with_own_exit(rows: Frame, own: OwnDates, bound: Bound, axis: Axis) -> Frame:
    """The exit that the case itself states (`exit_date`, and its name in `exit`) beside those found among the events."""
    early = axis.precedes("exit_date", "start")
    timely = ~early & _observed("exit_date", own, bound, axis)
    name = nw.coalesce("own_exit", nw.lit("exit")) if "exit" in own.has else nw.lit("exit")
    marked = rows.with_columns(own_first=timely & (nw.col("exit_us").is_null() | axis.precedes("exit_date", "exit")))
    chosen = nw.col("own_first")
    return marked.with_columns(
        *(nw.when(chosen).then(nw.col(f"exit_date_{part}")).otherwise(nw.col(f"exit_{part}")).alias(f"exit_{part}") for part in axis.parts),
        exit_name=nw.when(chosen).then(name).otherwise(nw.col("exit_name")),
        early_exit=nw.col("early_exit") | early,
    )


def _exclusion() -> nw.Expr:
    """Why a case can't be timed, `None` for those that can (DEFINITIONS 2.3)."""
    no_start = nw.col("start_us").is_null()
    reasons = {
        "start after observed_until": no_start & nw.col("late_start"),
        "no start": no_start,
        "stopped before start": nw.col("stop_us").is_null() & nw.col("early_stop"),
        "exit before start": nw.col("exit_us").is_null() & nw.col("early_exit"),
    }
    excluded: Any = nw.lit(None, dtype=nw.String)
    for reason, holds in reversed(reasons.items()):
        excluded = nw.when(holds).then(nw.lit(reason)).otherwise(excluded)
    return excluded  # type: ignore[no-any-return]
