"""What a case says of itself: when it left, when it came under observation, when it was last seen.

Such moments come from a column of the events or from the table of cases; most logs have none, and then nothing is computed for them.
Source: DEFINITIONS 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw

from leadtime.cases.clock import BOUNDS, PARTS, Bound, bound_of, with_bounds
from leadtime.engine.distinct import distinct
from leadtime.log import EventLog, Moment

__all__ = ["OwnDates", "own_dates"]

Frame = nw.LazyFrame[Any]

OWN_MOMENTS = ("exit_date", "entry_date", "last_observed")
_COLUMNS = frozenset(f"{moment}_{part}" for moment in OWN_MOMENTS for part in (*PARTS, *BOUNDS))


@dataclass(frozen=True)
class OwnDates:
    """Every case read, a row a case, with what it says of itself; `has` names the moments that the log holds, and "exit".

    Where it has any dates, `frame` holds the end of each case's observation too, as the moment `censored`. `partial` says that some date of
    the events or of the cases is not to the day, so that all moments have bounds.
    """

    frame: Frame
    has: frozenset[str]
    partial: bool = False

    @property
    def dates(self) -> bool:
        """Whether the cases have any date of their own, of a precision that may differ from the events'."""
        return any(name in self.has for name in OWN_MOMENTS)


def own_dates(log: EventLog, bound: Bound) -> OwnDates:
    """Gives every case read, with the moments and the exit of its own where the log has such columns.

    Where it has any, the end of each case's observation too, as the moment `censored`.
    """
    events, declared = log.frame, log.declared_cases
    of_events = _own_columns(list(log.columns))
    cases = events.group_by("case_id").agg(*(nw.col(name).max() for name in of_events)) if of_events else distinct(events, "case_id")
    names = of_events
    if declared is not None:
        of_table = _own_columns(declared.collect_schema().names())
        ids = distinct(nw.concat([events.select("case_id"), declared.select("case_id")], how="vertical"), "case_id")
        kept = [name for name in of_events if name not in of_table]
        cases = ids.join(cases.select("case_id", *kept), on="case_id", how="left") if kept else ids
        cases = cases.join(declared.select("case_id", *of_table), on="case_id", how="left") if of_table else cases
        names = list(dict.fromkeys(of_events + of_table))
    has = {name for name in OWN_MOMENTS if f"{name}_us" in names} | ({"exit"} & set(names))
    if "exit" in has:
        cases = cases.rename({"exit": "own_exit"})
    moments = has - {"exit"}
    partial = any(f"{moment}_lower_wall_us" in (*log.columns, *names) for moment in ("start", *OWN_MOMENTS))
    if moments:
        cases = _with_censoring(log, log.session.materialise(cases), bound) if "last_observed" in has else _censored(cases, bound)
        if partial:
            cases = with_bounds(cases, (*moments, "censored"))
        # Kept, as it is read with the events and for the outcome, and the engine reads a long chain of expressions anew at every step.
        cases = log.session.materialise(cases)
    return OwnDates(cases, frozenset(has), partial)


def _own_columns(names: list[str]) -> list[str]:
    return [name for name in names if name == "exit" or name in _COLUMNS]


def _censored(cases: Frame, bound: Bound) -> Frame:
    """The log's end of observation for every case."""
    return cases.with_columns(censored_us=nw.lit(bound.us), censored_wall_us=nw.lit(bound.wall_us), censored_is_date=nw.lit(value=False))


def _with_censoring(log: EventLog, cases: Frame, bound: Bound) -> Frame:
    """The end of observation of each case: the log's, or its own last date where that comes first (a date means its end)."""
    timed = _with_last_midnight(log, cases)
    own_us = nw.when(nw.col("last_observed_is_date")).then(nw.col("midnight_us")).otherwise(nw.col("last_observed_us"))
    earlier = (~nw.col("last_observed_us").is_null()) & (own_us < bound.us)
    return _censored(timed, bound).with_columns(
        censored_us=nw.when(earlier).then(own_us).otherwise(nw.lit(bound.us)),
        censored_wall_us=nw.when(earlier).then(nw.col("last_observed_wall_us")).otherwise(nw.lit(bound.wall_us)),
    )


def _with_last_midnight(log: EventLog, cases: Frame) -> Frame:
    """The instant at which each case's own last day ends: its local midnight, a day of 23 or 25 hours included."""
    last = "last_observed_wall_us"
    days = log.session.collect(cases.filter(nw.col("last_observed_is_date")).select(last).unique())[last].tolist()
    ends = [(day, bound_of(Moment(day, day, is_date=True), log.timezone).us) for day in days]
    table = log.session.from_rows((last, "midnight_us"), ends, {last: "BIGINT", "midnight_us": "BIGINT"})
    return cases.join(table, on=last, how="left")
