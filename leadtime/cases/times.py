"""From a log and a pathway to the clock of every case, as one lazy text.

Source of the rules: DEFINITIONS 1.2-1.3 (durations and order) and 2.1-2.3 (clock, observation, flow table).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import narwhals as nw

from leadtime.cases.clock import ORDER, PARTS, Bound, bound_of, day_of, elapsed, latest_moment, precedes
from leadtime.cases.result import LeadTimes
from leadtime.errors import LeadtimeWarning, PathwayError
from leadtime.ingest.moments import moment_of
from leadtime.log import EventLog, Moment
from leadtime.pathway import Exit, Milestone, Pathway

__all__ = ["lead_times"]

Frame = nw.LazyFrame[Any]

# Moments and values of the case itself, from an attribute column or the table of cases.
_OWN_MOMENTS = ("exit_date", "entry_date", "last_observed")


def lead_times(log: EventLog, pathway: Pathway | None = None) -> LeadTimes:
    """Gives one row a case: when its clock started, what stopped it, and its lead time in days.

    Args:
        log: the events.
        pathway: which milestones start and stop the clock; without it the time runs from the first start to the last end. Its
            `[log] observed_until` holds where the log was read without one.

    Returns:
        A row a case with `status` (stopped, still waiting, left, excluded), `lead_time_days` (elapsed days, or calendar days where
        either end is a date), the `.flow` table, and the case attributes.

    Raises:
        PathwayError: the start milestone occurs in no case.

    Source:
        DEFINITIONS 1.2 (durations), 2.1-2.3 (clock, observation, flow).

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({
    ...     "case_id": ["a", "a", "b"], "activity": ["Detected", "Diagnosis", "Detected"],
    ...     "start": ["2019-03-05", "2019-03-08", "2019-03-01"]}), observed_until="2019-03-31")
    >>> pathway = lt.read_pathway({"name": "x", "start": "detection", "stop": "diagnosis", "milestones": {
    ...     "detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}}})
    >>> times = lt.lead_times(log, pathway)
    >>> times.to_pandas()["lead_time_days"].tolist()
    [3.0, 30.0]
    >>> print(times.flow)
    status         detail     cases
    stopped        diagnosis      1
    still waiting                 1
    """
    declared = pathway.log.observed_until if pathway else None
    given = log.observed_until or moment_of(declared, log.timezone)
    moment = given or (None if pathway is None else latest_moment(log))
    bound = None if moment is None else bound_of(moment, log.timezone)
    if pathway is None:
        frame = _first_to_last(log, bound)
    else:
        assert bound is not None  # noqa: S101 - a pathway always has an end of observation
        frame = _clocked(log, pathway, bound)
    late = 0 if given is None or bound is None else _count(log.frame.filter(~bound.holds("start")))
    return LeadTimes(log.session.materialise(frame), log, pathway, moment, given is None, late)


def _count(frame: Frame) -> int:
    return int(frame.select(nw.len()).collect("pandas").item())


def _first_to_last(log: EventLog, bound: Bound | None) -> Frame:
    """Without a pathway: first start to latest end of every case; a case that begins after the observation is excluded."""
    spans = _plain_spans(log, bound) if log.precision != "mixed" and log.timezone is None else _spans(log, bound)
    late = nw.col("start_us").is_null()
    lead = elapsed("start", "end")
    return spans.with_columns(
        lead_us=lead,
        lower_us=lead,
        upper_us=lead,
        entry_us=nw.when(~late).then(nw.lit(0, dtype=nw.Int64)),
        status=nw.when(late).then(nw.lit("excluded")).otherwise(nw.lit("stopped")),
        stopped_by=nw.lit(None, dtype=nw.String),
        exit=nw.lit(None, dtype=nw.String),
        excluded_because=nw.when(late).then(nw.lit("start after observed_until")),
    )


def _spans(log: EventLog, bound: Bound | None) -> Frame:
    """The moments of the first start and the latest end of every case, empty where all lies after the bound."""
    frame = log.frame if bound is None else log.frame.filter(bound.holds("start"))
    spans = frame.group_by("case_id").agg(
        *(nw.col(f"start_{part}").first(order_by=ORDER).alias(f"start_{part}") for part in PARTS),
        *(nw.col(f"end_{part}").last(order_by=("end_us", "row")).alias(f"end_{part}") for part in PARTS),
    )
    return spans if bound is None else log.frame.select("case_id").unique().join(spans, on="case_id", how="left")


def _plain_spans(log: EventLog, bound: Bound | None) -> Frame:
    """The same where all events have one precision and no zone, so that instant and local clock are one number: least and greatest."""
    ends = {"start": nw.col("start_us"), "end": nw.col("end_us")}
    if bound is not None:
        ends = {side: nw.when(bound.holds("start")).then(us) for side, us in ends.items()}
    spans = log.frame.group_by("case_id").agg(start_us=ends["start"].min(), end_us=ends["end"].max())
    return spans.with_columns(
        *(nw.col(f"{side}_us").alias(f"{side}_wall_us") for side in ends),
        *(nw.lit(log.precision == "date").alias(f"{side}_is_date") for side in ends),
    )


def _clocked(log: EventLog, pathway: Pathway, bound: Bound) -> Frame:
    """The clock of every case: its start, then the first of stop, exit and the end of observation."""
    start = pathway.milestones[pathway.start]
    if start.rule != "first":
        warnings.warn(
            f"the start rule '{start.rule}' looks into the future: a case's clock then depends on what happened later",
            LeadtimeWarning,
            stacklevel=3,
        )
    keep = log.session.materialise
    relevant = log.frame.filter(nw.col("activity").is_in(sorted(pathway.milestone_activities)))
    cases = keep(_with_censoring(_with_last_midnight(_cases(log), log), bound))
    marked = keep(_marked(relevant, cases, bound))
    starts = keep(_earliest(_picked(_of(marked.filter(nw.col("inside")), start), start), "start"))
    _require_starts(starts, start, pathway)
    _warn_of_undated_exits(log, cases, pathway)
    placed = keep(_placed(marked, starts))
    stops = _first_of(placed, {name: pathway.milestones[name] for name in pathway.stop}, "stop")
    exits = _first_of(placed, pathway.exits, "exit")
    late = _of(marked.filter(~nw.col("inside")), start).group_by("case_id").agg(late_starts=nw.len())
    rows = cases
    for part in (starts, stops, exits, late):
        rows = rows.join(part, on="case_id", how="left")
    # Kept once more: the engine reads a long chain of expressions anew at every step, a table only once.
    return _decided(_with_own_exit(keep(rows)))


def _require_starts(starts: Frame, start: Milestone, pathway: Pathway) -> None:
    if _count(starts) == 0:
        names = ", ".join(f"'{name}'" for name in start.activities)
        raise PathwayError(
            f"the start milestone '{pathway.start}' ({names}) is reached in no case within the observation; "
            f"name the log's own activities under [milestones.{pathway.start}]"
        )


def _warn_of_undated_exits(log: EventLog, cases: Frame, pathway: Pathway) -> None:
    """Says how many cases name an exit that has no date and no event: they count as waiting."""
    if "exit" not in log.columns and (log.declared_cases is None or "exit" not in log.declared_cases.collect_schema().names()):
        return
    exits = [activity for part in pathway.exits.values() for activity in part.activities]
    dated = log.frame.filter(nw.col("activity").is_in(exits)).select("case_id").unique().with_columns(dated=nw.lit(value=True))
    undated = cases.filter(~nw.col("own_exit").is_null(), nw.col("exit_date_us").is_null()).join(dated, on="case_id", how="left")
    count = _count(undated.filter(nw.col("dated").is_null()))
    if count:
        named = "1 case names" if count == 1 else f"{count} cases name"
        warnings.warn(
            f"{named} an exit without a date, so it counts as waiting until it stops; give exit_date", LeadtimeWarning, stacklevel=4
        )


def _cases(log: EventLog) -> Frame:
    """Every case read, with the moments and the exit of its own where the log has such columns."""
    events = log.frame
    own = [f"{name}_{part}" for name in _OWN_MOMENTS for part in PARTS if f"{name}_us" in log.columns]
    own += ["exit"] if "exit" in log.columns else []
    cases = events.group_by("case_id").agg(*(nw.col(name).max().alias(name) for name in own))
    declared = log.declared_cases
    if declared is not None:
        there = declared.collect_schema().names()
        from_table = [f"{name}_{part}" for name in _OWN_MOMENTS for part in PARTS if f"{name}_us" in there]
        from_table += ["exit"] if "exit" in there else []
        ids = nw.concat([events.select("case_id"), declared.select("case_id")], how="vertical").unique()
        cases = ids.join(cases.drop([name for name in own if name in from_table]), on="case_id", how="left")
        cases = cases.join(declared.select("case_id", *from_table), on="case_id", how="left")
        own = list(dict.fromkeys(own + from_table))
    missing = {
        f"{name}_{part}": nw.lit(None, dtype=nw.Boolean if part == "is_date" else nw.Int64)
        for name in _OWN_MOMENTS
        for part in PARTS
        if f"{name}_{part}" not in own
    }
    if "exit" not in own:
        missing["exit"] = nw.lit(None, dtype=nw.String)
    return (cases.with_columns(**missing) if missing else cases).rename({"exit": "own_exit"})


def _with_last_midnight(cases: Frame, log: EventLog) -> Frame:
    """The instant at which each case's own last day ends: its local midnight, a day of 23 or 25 hours included."""
    last = "last_observed_wall_us"
    days = log.session.collect(cases.filter(nw.col("last_observed_is_date")).select(last).unique())[last].tolist()
    ends = [(day, bound_of(Moment(day, day, is_date=True), log.timezone).us) for day in days]
    table = log.session.from_rows((last, "midnight_us"), ends, {last: "BIGINT", "midnight_us": "BIGINT"})
    return cases.join(table, on=last, how="left")


def _with_censoring(cases: Frame, bound: Bound) -> Frame:
    """The end of observation of each case: the log's, or its own last date where that comes first (a date means its end)."""
    own_us = nw.when(nw.col("last_observed_is_date")).then(nw.col("midnight_us")).otherwise(nw.col("last_observed_us"))
    earlier = (~nw.col("last_observed_us").is_null()) & (own_us < bound.us)
    return cases.with_columns(
        censored_us=nw.when(earlier).then(own_us).otherwise(nw.lit(bound.us)),
        censored_wall_us=nw.when(earlier).then(nw.col("last_observed_wall_us")).otherwise(nw.lit(bound.wall_us)),
        censored_is_date=nw.lit(value=False),
        own_censoring=earlier,
    )


def _marked(relevant: Frame, cases: Frame, bound: Bound) -> Frame:
    """The events with `inside`: not after the log's end of observation, nor after the case's own."""
    ends = cases.filter(nw.col("own_censoring")).select("case_id", *(f"last_observed_{part}" for part in PARTS))
    columns = ["case_id", "activity", "row", *(f"{side}_{part}" for side in ("start", "end") for part in PARTS)]
    joined = relevant.select(*columns).join(ends, on="case_id", how="left")
    late = (
        nw.when(nw.col("last_observed_is_date"))
        .then(day_of("last_observed") < day_of("start"))
        .otherwise(precedes("last_observed", "start"))
    )
    beyond = nw.when(nw.col("last_observed_us").is_null()).then(nw.lit(value=False)).otherwise(late)
    return joined.with_columns(inside=bound.holds("start") & ~beyond).select(*columns, "inside")


def _of(frame: Frame, part: Milestone | Exit) -> Frame:
    return frame.filter(nw.col("activity").is_in(list(part.activities)))


def _picked(occurrences: Frame, part: Milestone | Exit) -> Frame:
    """The occurrences that a rule leaves to choose the earliest of; `first` leaves all."""
    if isinstance(part, Exit) or part.rule == "first":
        return occurrences
    placed = occurrences.with_columns(place=nw.col("row").cum_count().over("case_id", order_by=ORDER))
    if part.rule == "nth":
        return placed.filter(nw.col("place") == part.n).drop("place")
    last = nw.col("place").max().over("case_id")
    return placed.with_columns(last=last).filter(nw.col("place") == nw.col("last")).drop("place", "last")


def _earliest(occurrences: Frame, name: str) -> Frame:
    """The earliest occurrence in each case, its moment under `name`."""
    return occurrences.group_by("case_id").agg(*(nw.col(f"start_{part}").first(order_by=ORDER).alias(f"{name}_{part}") for part in PARTS))


def _placed(marked: Frame, starts: Frame) -> Frame:
    """The observed events of the cases that have started, and whether each is at or after the start."""
    begun = starts.rename({f"start_{part}": f"begun_{part}" for part in PARTS})
    joined = marked.filter(nw.col("inside")).join(begun, on="case_id", how="inner")
    sides = (f"{side}_{part}" for side in ("start", "end") for part in PARTS)
    return joined.select("case_id", "activity", "row", *sides, (~precedes("start", "begun")).alias("timely"))


def _first_of(placed: Frame, parts: Mapping[str, Milestone] | Mapping[str, Exit], name: str) -> Frame:
    """The first of several milestones or exits at or after the start, and how many lie before it.

    Each one's own rule counts only its occurrences at or after the start (DEFINITIONS 2.1).
    """
    if not parts:
        nothing = {f"{name}_{part}": nw.lit(None, dtype=nw.Boolean if part == "is_date" else nw.Int64) for part in PARTS}
        named = {f"{name}_name": nw.lit(None, dtype=nw.String), f"early_{name}": nw.lit(None, dtype=nw.Int64)}
        return placed.select("case_id").unique().with_columns(**nothing, **named)
    timely = [_picked(_of(placed.filter(nw.col("timely")), part), part).with_columns(label=nw.lit(label)) for label, part in parts.items()]
    first = (
        nw.concat(timely, how="vertical")
        .group_by("case_id")
        .agg(
            *(nw.col(f"start_{part}").first(order_by=ORDER).alias(f"{name}_{part}") for part in PARTS),
            nw.col("label").first(order_by=ORDER).alias(f"{name}_name"),
        )
    )
    activities = sorted({activity for part in parts.values() for activity in part.activities})
    before = placed.filter(~nw.col("timely"), nw.col("activity").is_in(activities))
    early = before.group_by("case_id").agg(nw.len().alias(f"early_{name}"))
    return first.join(early, on="case_id", how="full").with_columns(case_id=nw.coalesce("case_id", "case_id_right")).drop("case_id_right")


def _with_own_exit(rows: Frame) -> Frame:
    """The exit that the case itself states (`exit_date`, and its name in `exit`) beside those found among the events."""
    started = ~nw.col("start_us").is_null()
    stated = started & ~nw.col("exit_date_us").is_null()
    timely = stated & ~precedes("exit_date", "start") & ~precedes("censored", "exit_date")
    first = timely & (nw.col("exit_us").is_null() | precedes("exit_date", "exit"))
    first = nw.when(first.is_null()).then(nw.lit(value=False)).otherwise(first)
    early = stated & precedes("exit_date", "start")
    return rows.with_columns(
        *(nw.when(first).then(nw.col(f"exit_date_{part}")).otherwise(nw.col(f"exit_{part}")).alias(f"exit_{part}") for part in PARTS),
        exit_name=nw.when(first).then(nw.coalesce("own_exit", nw.lit("exit"))).otherwise(nw.col("exit_name")),
        early_exit=nw.when(early).then(nw.coalesce("early_exit", nw.lit(0)) + 1).otherwise(nw.col("early_exit")),
    )


def _decided(rows: Frame) -> Frame:
    """One outcome a case; at the same time a stop comes before an exit, and an exit before the end of observation."""
    stopped = ~nw.col("stop_us").is_null() & (nw.col("exit_us").is_null() | ~precedes("exit", "stop"))
    left = ~stopped & ~nw.col("exit_us").is_null()

    def ending(part: str) -> nw.Expr:
        return nw.when(stopped).then(nw.col(f"stop_{part}")).when(left).then(nw.col(f"exit_{part}")).otherwise(nw.col(f"censored_{part}"))

    ended = rows.with_columns(
        **{f"end_{part}": ending(part) for part in PARTS},
        outcome=nw.when(stopped).then(nw.lit("stopped")).when(left).then(nw.lit("left")).otherwise(nw.lit("still waiting")),
    )
    begun_late = ~nw.col("entry_date_us").is_null() & precedes("start", "entry_date")
    timed = ended.with_columns(
        lead_us=elapsed("start", "end"),
        entry_us=nw.when(begun_late).then(elapsed("start", "entry_date")).otherwise(nw.lit(0)),
    )
    judged = timed.with_columns(excluded_because=_exclusion())
    kept = nw.col("excluded_because").is_null()
    outcome = nw.col("outcome")
    days = ["lead_us", "entry_us"]
    return judged.select(
        "case_id",
        *(f"start_{part}" for part in PARTS),
        *(f"end_{part}" for part in PARTS),
        *(nw.when(kept).then(nw.col(name)).alias(name) for name in days),
        nw.when(kept).then(outcome).otherwise(nw.lit("excluded")).alias("status"),
        nw.when(kept & (outcome == "stopped")).then(nw.col("stop_name")).alias("stopped_by"),
        nw.when(kept & (outcome == "left")).then(nw.col("exit_name")).alias("exit"),
        "excluded_because",
    ).with_columns(lower_us=nw.col("lead_us"), upper_us=nw.col("lead_us"))


def _exclusion() -> nw.Expr:
    """Why a case can't be timed, `None` for those that can (DEFINITIONS 2.3)."""
    no_start = nw.col("start_us").is_null()
    only_early_stops = nw.col("stop_us").is_null() & (nw.col("early_stop") > 0)
    only_early_exits = nw.col("exit_us").is_null() & (nw.col("early_exit") > 0)
    late_entry = (nw.col("entry_us") > 0) & (nw.col("entry_us") >= nw.col("lead_us"))
    return (
        nw.when(no_start & (nw.col("late_starts") > 0))
        .then(nw.lit("start after observed_until"))
        .when(no_start)
        .then(nw.lit("no start"))
        .when(only_early_stops)
        .then(nw.lit("stopped before start"))
        .when(only_early_exits)
        .then(nw.lit("exit before start"))
        .when(late_entry)
        .then(nw.lit("entry at or after exit"))
        .otherwise(nw.lit(None, dtype=nw.String))
    )
