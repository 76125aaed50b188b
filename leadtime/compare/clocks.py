"""The same cases by other clocks: another start milestone, another stop. One pass of the engine times them all.

Each clock gets a copy of the events that concern it, under case ids of its own, and `lead_times` does the rest, so that every rule of
the clock (observation, exits, partial dates, ties) holds for all alike.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from leadtime.cases import lead_times
from leadtime.cases.clock import BOUNDS, PARTS
from leadtime.compare.rows import CaseRows, rows_of_frame
from leadtime.errors import LeadtimeWarning, PathwayError
from leadtime.pathway import Exit, Milestone, Pathway

if TYPE_CHECKING:
    import pandas as pd

    from leadtime.cases import LeadTimes
    from leadtime.log import EventLog

__all__ = ["Clock", "definition_clocks", "timed_by"]

_CASES_AT_ONCE = 200_000  # copies of cases: all clocks of a usual study, few of a very large one
_DIGITS = 3  # of a clock's number, with which the ids of its copies begin
_OF_THE_EVENT = frozenset((
    "end_given", "row", *(f"{side}_{part}" for side in ("start", "end") for part in (*PARTS, *BOUNDS)),
))  # fmt: skip
_OF_THE_CASE = ("exit", "exit_date", "entry_date", "last_observed")


@dataclass(frozen=True)
class Clock:
    """A start milestone and the stop milestones of which the first reached stops the clock."""

    start: str
    stop: tuple[str, ...]


def definition_clocks(pathway: Pathway) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Gives the starts and the stops that a pathway offers, the declared ones first.

    Starts are the milestones before the first stop in the declared order; stops are all declared ones together, and each alone.
    """
    order = pathway.order or tuple(pathway.milestones)
    stops = [place for place, name in enumerate(order) if name in pathway.stop]
    before = [name for name in order[: min(stops, default=len(order))] if name not in pathway.stop]
    starts = dict.fromkeys((pathway.start, *before))
    alone = [(name,) for name in pathway.stop] if len(pathway.stop) > 1 else []
    return tuple(starts), (pathway.stop, *alone)


def timed_by(times: LeadTimes, clocks: Sequence[Clock], attributes: Sequence[str]) -> dict[Clock, CaseRows]:
    """Times all cases by each clock.

    Args:
        times: the lead times by the declared clock.
        clocks: the other clocks.
        attributes: the case attributes to fetch with the cases.

    Returns:
        The cases by clock; a clock whose start is reached in no case isn't there.
    """
    pathway = times.pathway
    if pathway is None or not clocks:
        return {}
    columns = {f"label_{place}": name for place, name in enumerate(attributes)}
    labels = times.with_attributes(columns).select("case_id", *columns)
    found: dict[Clock, CaseRows] = {}
    most = max(1, _CASES_AT_ONCE // max(1, times.log.session.count(times.frame)))
    for group in _at_once(clocks, pathway, most):
        timed = _timed(times, pathway, group, labels)
        if timed is not None:
            rows = rows_of_frame(timed, columns)
            copy = timed["copy"].to_numpy(dtype=np.int64)
            found |= {clock: rows.take(copy == place) for place, clock in enumerate(group) if (copy == place).any()}
    return found


def _at_once(clocks: Iterable[Clock], pathway: Pathway, most: int) -> list[list[Clock]]:
    """The clocks by the rule of their start: one pass takes one rule, and so many clocks at the most."""
    groups: dict[tuple[str, int], list[Clock]] = {}
    for clock in clocks:
        start = pathway.milestones[clock.start]
        groups.setdefault((start.rule, start.n), []).append(clock)
    most = min(most, 10**_DIGITS)  # as many as a number before the case ids has room for
    return [group[first : first + most] for group in groups.values() for first in range(0, len(group), most)]


def _timed(times: LeadTimes, pathway: Pathway, clocks: list[Clock], labels: nw.LazyFrame[Any]) -> pd.DataFrame | None:
    """The cases by all clocks, with their own ids again and the number of the clock as `copy`; None where no case reaches any start."""
    log = times.log
    with log.session.passing(), warnings.catch_warnings():
        frame = log.session.materialise(_copies(log, pathway, clocks))
        copies = replace(
            log,
            frame=frame,
            columns=tuple(frame.collect_schema().names()),
            declared_cases=None if log.declared_cases is None else _declared_copies(log, len(clocks)),
            observed_until=times.observed_until,
        )
        warnings.simplefilter("ignore", LeadtimeWarning)  # what there is to warn of was said of the declared clock
        try:
            timed = lead_times(copies, _common(pathway, clocks))
        except PathwayError:
            return None
        rows = timed.frame.filter(nw.col("status") != "excluded").with_columns(
            copy=nw.col("case_id").str.slice(0, _DIGITS).cast(nw.Int64), case_id=nw.col("case_id").str.slice(_DIGITS)
        )
        found = log.session.collect(rows.join(labels, on="case_id", how="left").sort("copy", "case_id"))
    return None if found.empty else found


def _common(pathway: Pathway, clocks: list[Clock]) -> Pathway:
    """The pathway of the copies: one start, and every stop under a name of its own, of which each clock's copies hold only some."""
    stops = dict.fromkeys(name for clock in clocks for name in clock.stop)
    first = pathway.milestones[clocks[0].start]
    milestones = {"start": first.model_copy(update={"activities": ("start",)})}
    milestones |= {name: pathway.milestones[name].model_copy(update={"activities": (_as_stop(name),)}) for name in stops}
    exits = {name: Exit(activities=(_as_exit(name),)) for name in pathway.exits}
    update = {"start": "start", "stop": tuple(stops), "order": (), "milestones": milestones, "exits": exits, "activities": {}}
    return pathway.model_copy(update=update)


def _as_stop(name: str) -> str:
    return f"stop {name}"


def _as_exit(name: str) -> str:
    return f"exit {name}"


def _roles(pathway: Pathway, clocks: list[Clock]) -> list[tuple[str, str, str]]:
    """What each activity is to each clock: activity, number of the clock, role; an activity may have several."""
    rows: list[tuple[str, str, str]] = []

    def add(part: Milestone | Exit, copy: int, role: str) -> None:
        rows.extend((activity, _numbered(copy), role) for activity in part.activities)

    for place, clock in enumerate(clocks):
        add(pathway.milestones[clock.start], place, "start")
        for name in clock.stop:
            add(pathway.milestones[name], place, _as_stop(name))
        for name, part in pathway.exits.items():
            add(part, place, _as_exit(name))
    return rows


def _copies(log: EventLog, pathway: Pathway, clocks: list[Clock]) -> nw.LazyFrame[Any]:
    """The events of every clock, each under its role instead of its activity, and under a case id that tells the clock."""
    columns = ("activity", "copy", "role")
    roles = log.session.from_rows(columns, _roles(pathway, clocks), dict.fromkeys(columns, "VARCHAR"))
    own = [name for name in log.columns if name == "exit" or name.startswith(tuple(f"{part}_" for part in _OF_THE_CASE))]
    # What a case says of itself may stand on an event that no clock needs, so each event is given it first.
    frame = log.frame.with_columns(*(nw.col(name).max().over("case_id") for name in own)) if own else log.frame
    joined = frame.join(roles, on="activity", how="inner")
    kept = [name for name in log.columns if name in _OF_THE_EVENT or name in own]
    return joined.select(_copied_id(), nw.col("role").alias("activity"), *kept)


def _declared_copies(log: EventLog, number: int) -> nw.LazyFrame[Any]:
    assert log.declared_cases is not None  # noqa: S101 - the caller has looked
    names = [name for name in log.declared_cases.collect_schema().names() if name != "case_id"]
    copies = log.session.from_rows(("copy",), [(_numbered(place),) for place in range(number)], {"copy": "VARCHAR"})
    return log.session.materialise(log.declared_cases.join(copies, how="cross").select(_copied_id(), *names))


def _numbered(place: int) -> str:
    return f"{place:0{_DIGITS}}"


def _copied_id() -> nw.Expr:
    return nw.concat_str("copy", "case_id").alias("case_id")
