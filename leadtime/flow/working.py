"""The waiting of each transition in working days and hours, beside calendar days."""

from __future__ import annotations

from typing import Literal

import narwhals as nw

from leadtime.calendars.calendar import Calendar
from leadtime.cases.clock import DAY_US
from leadtime.cases.working import Calendars, with_working_time
from leadtime.errors import InputError, UsageError, checks_arguments
from leadtime.flow.steps import axis, following, in_order
from leadtime.flow.table import FlowTable, Frame
from leadtime.log import EventLog

__all__ = ["working_transitions"]

_HOUR_US = 3_600_000_000


@checks_arguments
def working_transitions(
    log: EventLog, calendar: Calendars, *, by: Literal["activity", "unit", "organisation", "place"] = "activity"
) -> FlowTable:
    """Gives the waiting of every transition in working time: how much of it the one waited for was open.

    Args:
        log: the events.
        calendar: when work is done; or a calendar for each unit, by which the waiting for a unit is counted.
        by: what is passed between, as for `transitions`.

    Returns:
        Columns `source, target, n, mean_days, median_days, mean_working_days, median_working_days, total_working_days,
        mean_working_hours, median_working_hours, total_working_hours`, most frequent first. The hours are of the waits between clock
        times; both are empty where the unit's calendar isn't given.

    Raises:
        InputError: the log has no such column, or no units where the calendars are by unit.

    Source: DEFINITIONS 4.4 (waiting of a transition), issue 4 (working time).

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "a"], "activity": ["Referral", "Visit"],
    ...     "start": ["2024-03-28 09:00", "2024-04-02 17:00"]}), timezone="Europe/Stockholm")
    >>> stockholm = lt.calendars.Calendar("Europe/Stockholm", "09-17", holidays="SE")
    >>> found = lt.working_transitions(log, stockholm).to_pandas()
    >>> found[["n", "mean_working_days", "mean_working_hours"]].values.tolist()
    [[1.0, 1.0, 16.0]]
    """
    if by not in ("activity", "unit", "organisation", "place"):
        raise UsageError(f"by={by!r} isn't allowed; use 'activity', 'unit', 'organisation' or 'place'")
    if by not in log.columns:
        raise InputError(f"transitions by {by} aren't computable: no column '{by}'")
    by_unit = not isinstance(calendar, Calendar)
    if by_unit and "unit" not in log.columns:
        raise InputError("a calendar for each unit needs the log's units: no column 'unit'; give one calendar, or name the column")
    waits = log.session.materialise(_waits(log, by, by_unit=by_unit))
    days, hours, waiting = nw.col("working_days"), nw.col("working_us"), nw.col("until") - nw.col("begin")
    worked = with_working_time(log, waits, calendar).with_columns(days=waiting.cast(nw.Float64) / DAY_US, hours=hours / _HOUR_US)
    summed = worked.group_by("source", "target").agg(
        n=nw.len(),
        mean_days=nw.col("days").mean(), median_days=nw.col("days").median(),
        mean_working_days=days.mean(), median_working_days=days.median(), total_working_days=days.sum(),
        mean_working_hours=nw.col("hours").mean(), median_working_hours=nw.col("hours").median(), total_working_hours=nw.col("hours").sum(),
        known=days.count(), timed=nw.col("hours").count(),
    )  # fmt: skip
    # A sum of nothing is 0 to an engine; here it isn't known.
    table = summed.with_columns(
        total_working_days=nw.when(nw.col("known") > 0).then(nw.col("total_working_days")),
        total_working_hours=nw.when(nw.col("timed") > 0).then(nw.col("total_working_hours")),
    ).drop("known", "timed")
    return FlowTable("working_transitions", table, ("n", "source", "target"), (True, False, False), log)


def _waits(log: EventLog, by: str, *, by_unit: bool) -> Frame:
    """Every wait between consecutive events: from the latest end so far to the next start, on the case's own axis."""
    events = axis(log)
    if log.precision != "mixed":
        events = events.with_columns(dated=nw.lit(log.precision == "date"))
    events = events.with_columns(reached=in_order(nw.col("until").cum_max()))
    events = events.with_columns(idle=nw.max_horizontal(nw.col("begin") - in_order(nw.col("reached").shift(1)), nw.lit(0)))
    if by != "activity":
        events = events.filter(~nw.col(by).is_null())
    unit = {"calendar": following("unit")} if by_unit else {}
    pairs = events.select(
        "dated", nw.col(by).alias("source"), target=following(by), until=following("begin"), waiting=following("idle"), **unit
    )
    return pairs.filter(~nw.col("target").is_null()).with_columns(begin=nw.col("until") - nw.col("waiting"))
