"""The clock of every case by a pathway: its start, then the first of stop, exit and the end of observation.

One pass over the events that the pathway names: each learns when the clock of its case started, then they become a row a case. A moment
is chosen as the least of a struct that begins with the order of events, which every engine knows. Several clocks (other starts, other
stops) are read off the same pass: what hangs on a start or on a clock has its number in its name.
Source: DEFINITIONS 1.3 (ties), 2.1 (start and stop), 2.2 (observation), 2.3 (exclusions).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import narwhals as nw

from leadtime.cases.clock import Axis, Bound
from leadtime.cases.own import OwnDates
from leadtime.log import EventLog, counted

if TYPE_CHECKING:
    from leadtime.pathway import Exit, Milestone, Pathway

    Parts = Mapping[str, Milestone] | Mapping[str, Exit]

__all__ = ["Clock", "decided", "of_clock", "reached"]

Frame = nw.LazyFrame[Any]


@dataclass(frozen=True)
class Clock:
    """A start milestone and the stop milestones of which the first reached stops the clock."""

    start: str
    stop: tuple[str, ...]


def reached(log: EventLog, pathway: Pathway, clocks: Sequence[Clock], bound: Bound, own: OwnDates, axis: Axis) -> Frame:
    """Gives a row for each case with an event that one of the clocks needs; `of_clock` reads each clock off it."""
    starts = [pathway.milestones[name] for name in _starts(clocks)]
    stops = [_stops(pathway, clock) for clock in clocks]
    every_stop = [stop for several in stops for stop in several.values()]
    events, begins = _relevant(log, [*starts, *every_stop, *pathway.exits.values()], bound, own, axis), []
    for number, start in enumerate(starts):
        events, begin = _chosen(events, start, "inside", f"start_{number}")
        begins.append(begin)
    events = _with_starts(events, begins, axis)
    named: dict[str, tuple[Parts, str]] = {f"stop_{number}": (stops[number], _timely(clocks, number)) for number in range(len(clocks))}
    named |= {f"exit_{number}": (pathway.exits, f"timely_{number}") for number in range(len(starts))}
    events = _named(events, named)
    exit_, inside = _any(pathway.exits.values()), nw.col("inside")
    # Most events of a large log are later starts, which have no part in what follows.
    first = reduce(or_, (nw.col(f"first_{number}") for number in range(len(starts))))
    events = events.filter(first | ~inside | _any(every_stop) | exit_)
    found = {what: _least(axis, what, parts) for what, (parts, _) in named.items()}
    for number, several in enumerate(stops):
        if len(several) != 1:
            found[f"turned_{number}"] = _least(axis, f"stop_{number}", several, turned=True)
        stop = _any(several.values())
        found[f"early_stop_{number}"] = (inside & stop).any() & ~(nw.col(_timely(clocks, number)) & stop).any()
    for number, start in enumerate(starts):
        columns = axis.columns("start")
        found |= {f"first_{number}_{name}": nw.when(nw.col(f"first_{number}")).then(nw.col(name)).min() for name in columns}
        found[f"late_start_{number}"] = (~inside & _any([start])).any()
        found[f"early_exit_{number}"] = (inside & ~nw.col(f"timely_{number}") & exit_).any()
    return events.group_by("case_id").agg(**found, any_exit=exit_.any())


def of_clock(rows: Frame, pathway: Pathway, clocks: Sequence[Clock], place: int, axis: Axis) -> Frame:
    """Gives what one of the clocks, by its number `clock`, met in each case: `start`, `stop` and `exit`, empty where not reached.

    Beside them the names of stop and exit, the stop's name were tied rows in another order (`turned_name`), and whether all stops lie
    before the start (`early_stop`) or any exit (`early_exit`), a start after the observation (`late_start`), any exit at all (`any_exit`).
    """
    stops, start = _stops(pathway, clocks[place]), _starts(clocks).index(clocks[place].start)
    held = {"stop": f"stop_{place}", "exit": f"exit_{start}"}
    turned = f"turned_{place}" if len(stops) != 1 else held["stop"]
    return rows.select(
        "case_id",
        "any_exit",
        *(nw.col(f"first_{start}_{name}").alias(name) for name in axis.columns("start")),
        *(nw.col(name).struct.field(f"start_{part}").alias(f"{what}_{part}") for what, name in held.items() for part in axis.parts),
        stop_name=_name(held["stop"], stops),
        exit_name=_name(held["exit"], pathway.exits),
        turned_name=_name(turned, stops),
        late_start=nw.col(f"late_start_{start}"),
        early_stop=nw.col(f"early_stop_{place}"),
        early_exit=nw.col(f"early_exit_{start}"),
        clock=nw.lit(place),
    )


def _starts(clocks: Sequence[Clock]) -> list[str]:
    """The start milestones of some clocks, in the order of their numbers."""
    return [*dict.fromkeys(clock.start for clock in clocks)]


def _stops(pathway: Pathway, clock: Clock) -> Parts:
    return {name: pathway.milestones[name] for name in clock.stop}


def _timely(clocks: Sequence[Clock], place: int) -> str:
    """The column that says of an event whether it is observed and at or after the start of a clock."""
    return f"timely_{_starts(clocks).index(clocks[place].start)}"


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


def _relevant(log: EventLog, parts: Iterable[Milestone | Exit], bound: Bound, own: OwnDates, axis: Axis) -> Frame:
    """The events of milestones and exits with `inside`: not after the log's end of observation, nor after the case's own."""
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


def _with_starts(events: Frame, begins: Sequence[nw.Expr], axis: Axis) -> Frame:
    """The events with two columns for each start.

    `first_0` says whether an event starts the clock of its case, `timely_0` whether it is observed and at or after that. Where all events
    have one precision a number tells, and several events at one time all start the clock; else the whole moment is needed.
    """
    whole = axis.precision == "mixed" or axis.partial
    part = "us" if axis.precision == "clock" else "wall_us"
    moment = axis.moment() if whole else nw.col(f"start_{part}")
    begun = {f"begun_{number}" if whole else f"begun_{number}_{part}": begin for number, begin in enumerate(begins)}
    marked = events.with_columns(**{name: nw.when(begin).then(moment).min().over("case_id") for name, begin in begun.items()})
    firsts = {}
    for number, (name, begin) in enumerate(begun.items()):
        own = nw.col("row") == nw.col(name).struct.field("row") if whole else nw.col(f"start_{part}") == nw.col(name)
        firsts[f"first_{number}"] = begin & own
    marked = marked.with_columns(**firsts, **(axis.parts_of(dict.fromkeys(begun, "start")) if whole else {}))
    timely = {f"timely_{number}": nw.col("inside") & ~axis.precedes("start", f"begun_{number}") for number in range(len(begins))}
    return marked.with_columns(**timely)


def _chosen(events: Frame, part: Milestone | Exit, among: str, place: str) -> tuple[Frame, nw.Expr]:
    """The events, and which of them a rule leaves to choose the earliest of; `first` leaves all."""
    hit = nw.col(among) & _any([part])
    if part.rule == "first":
        return events, hit
    placed = counted(events, {f"{place}_place": hit})
    if part.rule == "nth":
        return placed, hit & (nw.col(f"{place}_place") == part.n)
    placed = placed.with_columns(nw.when(hit).then(nw.col("row")).count().over("case_id").alias(f"{place}_last"))
    return placed, hit & (nw.col(f"{place}_place") == nw.col(f"{place}_last"))


def _named(events: Frame, named: Mapping[str, tuple[Parts, str]]) -> Frame:
    """The events, each with the name of the milestone or exit that it is at or after the start; the first declared, where it is several.

    `named` has the milestones or exits and the column that says what lies at or after the start. Each one's own rule counts only its
    occurrences there (DEFINITIONS 2.1).
    """
    names: dict[str, Any] = {}
    for what, (several, timely) in named.items():
        label: Any = nw.lit(None, dtype=nw.String)
        for number, name in reversed([*enumerate(several)]):
            events, hit = _chosen(events, several[name], timely, f"{what}_{number}")
            label = nw.when(hit).then(nw.lit(name)).otherwise(label)
        names[f"{what}_name"] = label
    return events.with_columns(**names)


def decided(rows: Frame, own: OwnDates, bound: Bound, axis: Axis, *, keys: Sequence[str] = ("case_id",)) -> Frame:
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
        *keys,
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
