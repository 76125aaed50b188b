"""How far each case has come, and when: the milestones of the pathway in their order, as time from the case's start.

Source: DEFINITIONS 4.8 (R_j is the earliest time at which a milestone or any later one has occurred), 4.1 (window), 2.1 (rules).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import narwhals as nw

from leadtime.cases import LeadTimes
from leadtime.cases.clock import DAY_US, bound_of
from leadtime.errors import UsageError
from leadtime.flow.table import Frame
from leadtime.log import counted

if TYPE_CHECKING:
    from leadtime.pathway import Milestone, Pathway

__all__ = ["between", "milestone_times", "reached_by", "timed_pathway"]


def between(pathway: Pathway) -> tuple[str, ...]:
    """Gives the milestones that lie between start and stop in the declared order; the stops together are the last one.

    Without an `order` it is that of their declaration. What it has before the start, or after the last of the stops, lies outside
    the clock.
    """
    order = pathway.order or tuple(pathway.milestones)
    first = order.index(pathway.start) + 1 if pathway.start in order else 0
    stops = [place for place, name in enumerate(order) if name in pathway.stop]
    last = stops[-1] if stops else len(order)
    return tuple(name for name in order[first:last] if name not in pathway.stop and name != pathway.start)


def timed_pathway(times: LeadTimes, what: str) -> Pathway:
    """Gives the pathway of some lead times; without one there are no milestones."""
    if times.pathway is None:
        raise UsageError(f"pathway=None isn't allowed; {what} needs a pathway, which says what starts and stops the clock")
    return times.pathway


def milestone_times(times: LeadTimes) -> Frame:
    """Gives the timed cases with the time of each milestone between start and stop, lazy.

    Columns: those of `LeadTimes.frame`, then `at_0, at_1, …` in microseconds from the start, in the order of `between`: by the
    milestone's rule, 0 for what happened before the start, empty where it didn't happen within the window.
    """
    pathway = timed_pathway(times, "a milestone")
    named = {f"at_{place}": pathway.milestones[name] for place, name in enumerate(between(pathway))}
    cases = times.frame.filter(nw.col("status") != "excluded")
    if not named:
        return cases
    placed = _placed(times, cases, named)
    found = cases
    for frame in _by_rule(placed, named):
        found = found.join(frame, on="case_id", how="left")
    return found


def reached_by(places: int) -> dict[str, nw.Expr]:
    """Gives R_1, R_2, … as expressions on `milestone_times`: the earliest of a milestone and all later ones, the stop the last.

    Empty where none of them was reached.
    """
    done = nw.when(nw.col("status") == "stopped").then(nw.col("lead_us"))
    # The least passes over what is empty, in every engine.
    reached = {f"reached_{place}": nw.min_horizontal(*(f"at_{later}" for later in range(place, places)), done) for place in range(places)}
    return reached | {f"reached_{places}": done}


def _placed(times: LeadTimes, cases: Frame, named: Mapping[str, Milestone]) -> Frame:
    """The observed events of the milestones within their cases' windows, with `offset` from the start, on the case's axis."""
    activities = sorted({activity for milestone in named.values() for activity in milestone.activities})
    events = times.log.frame.filter(nw.col("activity").is_in(activities))
    if times.observed_until is not None:
        events = events.filter(bound_of(times.observed_until, times.log.timezone).holds("start"))
    events = events.select(
        "case_id", "activity", "end_us", "row", nw.col("start_us").alias("on_us"), nw.col("start_wall_us").alias("on_wall_us"),
        nw.col("start_is_date").alias("on_is_date"),
    )  # fmt: skip
    windows = cases.select("case_id", "start_us", "start_wall_us", "start_is_date", "end_is_date", "end_wall_us", "lead_us")
    joined = events.join(windows, on="case_id", how="inner")
    dated = nw.col("start_is_date") | nw.col("end_is_date") | nw.col("on_is_date")
    by_day = _day_start("on") - _day_start("start")
    offset = nw.when(dated).then(by_day).otherwise(nw.col("on_us") - nw.col("start_us"))
    # A date on the last day isn't after a clock time of that day (DEFINITIONS 1.3), however many hours its day has.
    last_day = nw.col("on_is_date") & (nw.col("on_wall_us") // DAY_US == nw.col("end_wall_us") // DAY_US)
    offset = nw.when(last_day).then(nw.min_horizontal(offset, "lead_us")).otherwise(offset)
    within = joined.with_columns(offset=offset).filter(nw.col("offset") <= nw.col("lead_us"))
    return within.select(
        "case_id", "activity", "offset", "row", "end_us", nw.col("on_us").alias("start_us"), nw.col("on_is_date").alias("start_is_date")
    )


def _day_start(moment: str) -> nw.Expr:
    """A date as it is (the middle of a partial one), a clock time as the start of its day."""
    wall = nw.col(f"{moment}_wall_us")
    return nw.when(nw.col(f"{moment}_is_date")).then(wall).otherwise(wall // DAY_US * DAY_US)


def _by_rule(placed: Frame, named: Mapping[str, Milestone]) -> list[Frame]:
    """For each rule a frame of the cases with the offsets of its milestones."""
    plain = {name: milestone for name, milestone in named.items() if milestone.rule != "nth"}
    frames = []
    if plain:
        summed = {name: _extreme(milestone).alias(name) for name, milestone in plain.items()}
        frames.append(placed.group_by("case_id").agg(*summed.values()))
    for name, milestone in named.items():
        if milestone.rule == "nth":
            hit = nw.col("activity").is_in(list(milestone.activities)) & (nw.col("offset") >= 0)
            chosen = counted(placed, {"place": hit}).filter(hit, nw.col("place") == milestone.n)
            frames.append(chosen.select("case_id", nw.col("offset").alias(name)))
    return frames


def _extreme(milestone: Milestone) -> nw.Expr:
    """The first or last occurrence of a milestone; what happened before the start counts as at the start."""
    own = nw.when(nw.col("activity").is_in(list(milestone.activities))).then(nw.max_horizontal(nw.col("offset"), nw.lit(0)))
    return own.max() if milestone.rule == "last" else own.min()
