"""From a log and a pathway to the clock of every case, as one lazy text.

Source of the rules: DEFINITIONS 1.2-1.3 (durations and order) and 2.1-2.3 (clock, observation, flow table).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import narwhals as nw

from leadtime.cases.attributes import in_one_pass
from leadtime.cases.clock import Axis, Bound, bound_of, latest_moment
from leadtime.cases.clocked import Clock, decided, of_clock, reached
from leadtime.cases.own import OwnDates, own_dates
from leadtime.cases.result import LeadTimes
from leadtime.engine.distinct import distinct
from leadtime.errors import LeadtimeWarning, PathwayError, checks_arguments
from leadtime.ingest.moments import moment_of
from leadtime.log import EventLog

if TYPE_CHECKING:
    from leadtime.pathway import Pathway

__all__ = ["by_clocks", "lead_times", "times_of"]

Frame = nw.LazyFrame[Any]


@checks_arguments
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
    return times_of(log, pathway)


def times_of(log: EventLog, pathway: Pathway | None, *, of_part: bool = False) -> LeadTimes:
    """Gives the lead times of a log, or of a part of one, in which it may be that no case has started."""
    declared = pathway.log.observed_until if pathway else None
    given = log.observed_until or moment_of(declared, log.timezone)
    moment = given or (None if pathway is None else latest_moment(log))
    bound = None if moment is None else bound_of(moment, log.timezone)
    late = 0 if given is None else log.session.count(log.frame.filter(~bound_of(given, log.timezone).holds("start")))
    if pathway is None:
        frame = _first_to_last(log, bound if late else None)  # a bound that cuts nothing off is none
    else:
        assert bound is not None  # noqa: S101 - a pathway always has an end of observation
        frame = _clocked(log, pathway, bound, of_part=of_part)
    return LeadTimes(log.session.materialise(frame), log, pathway, moment, given is None, late)


def _first_to_last(log: EventLog, bound: Bound | None) -> Frame:
    """Without a pathway: first start to latest end of every case; a case that begins after the observation is excluded."""
    plain = log.precision != "mixed" and log.timezone is None and not Axis.of(log).partial
    spans = _plain_spans(log, bound) if plain else _spans(log, bound)
    late = nw.col("start_us").is_null()
    return _timed(spans, Axis.of(log)).with_columns(
        entry_us=nw.when(~late).then(nw.lit(0, dtype=nw.Int64)),
        status=nw.when(late).then(nw.lit("excluded")).otherwise(nw.lit("stopped")),
        stopped_by=nw.lit(None, dtype=nw.String),
        exit=nw.lit(None, dtype=nw.String),
        excluded_because=nw.when(late).then(nw.lit("start after observed_until")),
    )


def _timed(spans: Frame, axis: Axis) -> Frame:
    durations = axis.durations("start", "end")
    if not axis.partial:
        return spans.with_columns(**durations)
    # From one event to itself no time passes, however little is known of its day.
    greatest = nw.when(nw.col("alone")).then(nw.lit(0)).otherwise(durations["upper_us"])
    return spans.with_columns(**{**durations, "upper_us": greatest}).drop("alone")


def _spans(log: EventLog, bound: Bound | None) -> Frame:
    """The moments of the first start and the latest end of every case, empty where all lies after the bound."""
    frame = log.frame if bound is None else log.frame.filter(bound.holds("start"))
    axis = Axis.of(log)
    last = axis.moment("end", order=("end_us", "row"), name="end_given" if axis.partial else None).max()
    ends = frame.group_by("case_id").agg(start=axis.moment("start").min(), end=last)
    alone: dict[str, nw.Expr] = {}
    if axis.partial:
        one_event = nw.col("start").struct.field("row") == nw.col("end").struct.field("row")
        alone = {"alone": one_event & ~nw.col("end").struct.field("name")}
    spans = ends.select("case_id", **axis.parts_of({"start": "start", "end": "end"}), **alone)
    return spans if bound is None else distinct(log.frame, "case_id").join(spans, on="case_id", how="left")


def _plain_spans(log: EventLog, bound: Bound | None) -> Frame:
    """The same where all events have one precision and no zone, so that instant and local clock are one number: least and greatest."""
    if bound is None:
        spans = in_one_pass(log).select("case_id", "start_us", "end_us")
    else:
        ends = {side: nw.when(bound.holds("start")).then(nw.col(side)) for side in ("start_us", "end_us")}
        spans = log.frame.group_by("case_id").agg(start_us=ends["start_us"].min(), end_us=ends["end_us"].max())
    return spans.with_columns(
        *(nw.col(f"{side}_us").alias(f"{side}_wall_us") for side in ("start", "end")),
        *(nw.lit(log.precision == "date").alias(f"{side}_is_date") for side in ("start", "end")),
    )


def _clocked(log: EventLog, pathway: Pathway, bound: Bound, *, of_part: bool) -> Frame:
    """The clock of every case by the pathway, kept in the engine."""
    start = pathway.milestones[pathway.start]
    if start.rule != "first":
        warnings.warn(
            f"the start rule '{start.rule}' looks into the future: a case's clock then depends on what happened later",
            LeadtimeWarning,
            stacklevel=5,
        )
    own = own_dates(log, bound)
    among_events, among_all = _axes(log, own)
    clock = Clock(pathway.start, pathway.stop)
    met = of_clock(reached(log, pathway, [clock], bound, own, among_events), pathway, [clock], 0, among_events)
    rows = own.frame.join(met, on="case_id", how="left")
    # Kept: the engine reads a long chain of expressions anew at every step, a table only once.
    rows = log.session.materialise(rows)
    if not of_part:
        _look(log, rows, own, pathway)
    return decided(rows, own, bound, among_all)


def by_clocks(times: LeadTimes, clocks: Sequence[Clock], *, at_once: int) -> Iterator[Frame]:
    """Gives the rows of `LeadTimes.frame` by other clocks of the same pathway, with the clock's number as `clock`, a few clocks at a time.

    One pass over the events does for all of them, and every rule of the clock holds for all alike.
    """
    log, pathway = times.log, times.pathway
    assert pathway is not None and times.observed_until is not None  # noqa: S101, PT018 - a pathway always has an end of observation
    bound = bound_of(times.observed_until, log.timezone)
    own = own_dates(log, bound)
    among_events, among_all = _axes(log, own)
    rows = log.session.materialise(reached(log, pathway, clocks, bound, own, among_events))
    for first in range(0, len(clocks), at_once):
        few = range(len(clocks))[first : first + at_once]
        met = nw.concat([of_clock(rows, pathway, clocks, place, among_events) for place in few])
        met = met.join(own.frame, on="case_id", how="left") if own.dates else met
        yield decided(log.session.materialise(met), own, bound, among_all, keys=("clock", "case_id"))


def _axes(log: EventLog, own: OwnDates) -> tuple[Axis, Axis]:
    """How the moments of events are compared, and those of events and cases."""
    among_events = Axis.of(log, partial=own.partial)
    return among_events, Axis(partial=own.partial) if own.dates else among_events


def _look(log: EventLog, rows: Frame, own: OwnDates, pathway: Pathway) -> None:
    """Stops where no case has started; says how many cases name an exit that has no date and no event, as they count as waiting."""
    figures = {"begun": nw.col("start_us").count()}
    if "exit" in own.has:
        silent = ~nw.col("start_us").is_null() & ~nw.col("own_exit").is_null() & ~nw.col("any_exit")
        undated = silent & nw.col("exit_date_us").is_null() if "exit_date" in own.has else silent
        figures["undated"] = undated.cast(nw.Int64).sum()
    counted = log.session.collect(rows.select(**figures)).iloc[0].astype(int).to_dict()
    begun, count = counted["begun"], counted.get("undated", 0)
    if begun == 0:
        names = ", ".join(f"'{name}'" for name in pathway.milestones[pathway.start].activities)
        raise PathwayError(
            f"the start milestone '{pathway.start}' ({names}) is reached in no case within the observation; "
            f"name the log's own activities under [milestones.{pathway.start}]"
        )
    if count:
        named = "1 case names" if count == 1 else f"{count} cases name"
        warnings.warn(
            f"{named} an exit without a date, so it counts as waiting until it stops; give exit_date", LeadtimeWarning, stacklevel=6
        )
