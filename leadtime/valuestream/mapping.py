"""`value_stream`: the map of a stream, from what a workshop wrote down or from the history of finished cases."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
import numpy as np

from leadtime.cases import lead_times
from leadtime.cases.clock import DAY_US
from leadtime.errors import InputError, NotEstimable, UsageError
from leadtime.log import EventLog
from leadtime.valuestream.accuracy import complete_accurate
from leadtime.valuestream.network import critical_path, simulated
from leadtime.valuestream.stream import StreamStep, ValueStream
from leadtime.valuestream.window import history
from leadtime.valuestream.workshop import PlannedStep, read_map

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from leadtime.cases import LeadTimes
    from leadtime.flow.table import Frame
    from leadtime.pathway import Pathway

__all__ = ["value_stream"]


def value_stream(
    source: EventLog | str | os.PathLike[str] | Any,
    pathway: Pathway | None = None,
    *,
    future: str | os.PathLike[str] | Any | None = None,
    by: Literal["activity", "unit"] = "activity",
    available_days: float | None = None,
    demand: float | None = None,
    draws: int = 10_000,
    seed: int = 0,
) -> ValueStream:
    """Maps a value stream: lead time and process time of each step and of the whole, and what gets through without rework.

    Args:
        source: an event log, or a workshop table as a path (.xlsx, .csv) or a frame. The table's columns, in English or Swedish:
            `step, after, process_min, process_likely, process_max, wait_min, wait_likely, wait_max, percent_complete_accurate`. Times
            are in days unless a heading names another unit ("process_likely_hours", "Väntan trolig (veckor)"). `after` names the
            steps that must be done first, parted by ";"; without any, each step comes after the one above. Where the least or the most
            is blank it is the likely. The last column says, in the judgement of whoever receives it, which share of the step's work
            can be used as it is, 0.9 or 90.
        pathway: of a log: what starts and stops the clock, and the minutes of contacts without clock times.
        future: a table of the future state; else a workbook's sheet with "future" ("framtid", "börläge") in its name is that.
        by: of a log: what a step is.
        available_days: working days available in some period, for takt.
        demand: cases that come in the same period.
        draws: of the workshop's triangular times.
        seed: of the one generator; both states are drawn from the same numbers.

    Returns:
        Columns `step, after, wait_days, process_days, lead_time_days, activity_ratio, percent_complete_accurate, critical, cases`, and
        `.summary` with the whole: `lead_time_days` (the critical path at the likely times; of a log, the mean of the finished cases),
        its 10th, 50th and 90th percentiles, `activity_ratio` (sum of process times / sum of the steps' lead times),
        `rolled_percent_complete_accurate` (the product) and `takt_days` (available time / demand). What isn't known is empty, never
        0. Of a log, a step's days are means over all finished cases, by order of its mean place, and only what lies within their
        windows counts; an activity of which some event has neither end nor declared minutes has no process time. Its %C&A is the
        share of the referrals it sent (`referral_status` sent) that the receiver didn't return, refuse or forward before they were
        sent again; a step that sent none has none, and the rolled is the product over the steps that did.

    Raises:
        InputError: the table is wrong (the message names row and column), or the log has no units.
        NotEstimable: no case of the log has finished.
        UsageError: an option isn't allowed.

    Source:
        DEFINITIONS 4.9, 4.3 (minutes), 4.4 (waiting); Rother & Shook (1999), Learning to See.

    >>> import pandas as pd, leadtime as lt
    >>> table = pd.DataFrame({"step": ["Referral", "Speech", "Psychology", "Plan"],
    ...     "after": ["", "Referral", "Referral", "Speech; Psychology"],
    ...     "process_likely": [1, 2, 3, 1], "wait_likely": [0, 30, 60, 10], "percent_complete_accurate": [90, 95, 95, 100]})
    >>> stream = lt.value_stream(table, available_days=200, demand=50)
    >>> stream.critical_path, stream.lead_time_days, stream.takt_days
    (('Referral', 'Psychology', 'Plan'), 75.0, 4.0)
    >>> round(stream.activity_ratio, 4), round(stream.rolled_complete_accurate, 5)
    (0.0654, 0.81225)
    """
    if draws < 1 or seed < 0:
        raise UsageError(f"draws={draws} and seed={seed}: give at least 1 draw, and a seed from 0 up")
    takt = _takt(available_days, demand)
    if isinstance(source, EventLog):
        if future is not None:
            raise UsageError("future goes with a workshop table; of a log, `what_if` tells what would have been saved")
        return replace(_from_log(source, pathway, by), takt_days=takt)
    current, found = read_map(source)
    later = read_map(future)[0] if future is not None else found
    most = max(len(current), len(later or ()))
    chances = np.random.default_rng(seed).random((most, 2, draws))
    beside = None if later is None else _planned(later, chances, takt, seed)
    return replace(_planned(current, chances, takt, seed), future=beside)


def _takt(available_days: float | None, demand: float | None) -> float | None:
    if available_days is None and demand is None:
        return None
    for name, value in (("available_days", available_days), ("demand", demand)):
        if value is None or not (math.isfinite(value) and value > 0):
            raise UsageError(f"{name}={value} isn't allowed; takt needs available_days and demand, both above 0")
    return float(available_days) / float(demand)  # type: ignore[arg-type]  # looked at just above


def _planned(steps: tuple[PlannedStep, ...], chances: npt.NDArray[np.float64], takt: float | None, seed: int) -> ValueStream:
    """The stream of a workshop table."""
    lead, path = critical_path(steps)
    low, middle, high = _quantiles(simulated(steps, chances))
    return ValueStream(
        "workshop",
        tuple(
            StreamStep(step.step, step.after, step.wait.likely, step.process.likely, step.complete_accurate, step.step in path)
            for step in steps
        ),
        lead,
        low,
        middle,
        high,
        takt,
        path,
        draws=chances.shape[-1],
        seed=seed,
    )


def _from_log(log: EventLog, pathway: Pathway | None, by: str) -> ValueStream:
    """The stream of a log's finished cases."""
    if by not in ("activity", "unit"):
        raise UsageError(f"by={by!r} isn't allowed; use 'activity' or 'unit'")
    if by not in log.columns:
        raise InputError(f"a stream by {by} can't be mapped: no column '{by}'")
    times = lead_times(log, pathway)
    done = log.session.collect(times.frame.filter(nw.col("status") == "stopped").select("lead_us"))
    days = done["lead_us"].to_numpy(dtype=np.float64) / DAY_US
    if not days.size:
        raise NotEstimable("no case has finished, so there is no stream to map; check the stop milestones or observe for longer")
    frame = log.session.collect(_by_step(times, pathway, by).sort("place", by))
    low, middle, high = _quantiles(days)
    accurate = complete_accurate(times, by)
    return ValueStream("log", _steps_of(frame, by, days.size, accurate), float(days.mean()), low, middle, high, None, cases=int(days.size))


def _quantiles(days: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """The 10th, 50th and 90th percentile (type 7)."""
    low, middle, high = np.quantile(days, (0.1, 0.5, 0.9))
    return float(low), float(middle), float(high)


def _by_step(times: LeadTimes, pathway: Pathway | None, by: str) -> Frame:
    """For each step its waits and process times summed over the cases, how many events have no length, and its mean place in time."""
    minutes = {name: activity.minutes for name, activity in pathway.activities.items() if activity.minutes} if pathway else {}
    length: nw.Expr = nw.when(nw.col("end_given")).then(nw.col("until") - nw.col("begin"))
    for name, value in minutes.items():
        declared = (nw.col("activity") == name) & ~nw.col("end_given")
        length = nw.when(declared).then(nw.lit(round(value * 60_000_000))).otherwise(length)
    inside = nw.when(nw.col("inside")).then(length).otherwise(nw.lit(0))
    events = history(times).filter(~nw.col(by).is_null()).with_columns(length=inside, place=nw.col("begin") - nw.col("opens"))
    return events.group_by(by).agg(
        place=nw.col("place").mean(),
        wait=nw.coalesce("waited_us", nw.lit(0)).sum(),
        process=nw.coalesce("length", nw.lit(0)).sum(),
        unknown=nw.col("length").is_null().cast(nw.Int64).sum(),
        cases=nw.col("case_id").n_unique(),
    )


def _steps_of(frame: pd.DataFrame, by: str, cases: int, accurate: Mapping[str, float]) -> tuple[StreamStep, ...]:
    """The steps with their mean days over all finished cases, and what they handed on that could be used as it was."""
    scale = 1 / (DAY_US * cases)
    return tuple(
        StreamStep(
            str(row[by]),
            (),
            float(row["wait"]) * scale,
            None if row["unknown"] else float(row["process"]) * scale,
            accurate.get(str(row[by])),
            cases=int(row["cases"]),
        )
        for row in frame.to_dict(orient="records")
    )
