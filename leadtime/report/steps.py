"""Lead times between consecutive milestones, by the same clock as the whole.

Where the log and the pathway are plain (one precision, the first occurrence of each milestone, no dates of the cases' own), all steps
come from one query; else each step is a `lead_times` of its own. Both give the same figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from leadtime.cases import LeadTimes, lead_times
from leadtime.cases.clock import DAY_US, bound_of
from leadtime.errors import PathwayError
from leadtime.log import EventLog
from leadtime.pathway import Pathway

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from leadtime.compare import Comparison

__all__ = ["StepTimes", "step_times"]

Step = tuple[str, str]
_OWN_DATES = ("exit_date_us", "entry_date_us", "last_observed_us")


@dataclass(frozen=True)
class StepTimes:
    """One step in one cohort: how many cases completed it, and the median and 90th percentile of their days (type 7)."""

    source: str
    target: str
    cohort: str
    n: int
    median_days: float | None
    p90_days: float | None


def step_times(times: LeadTimes, comparison: Comparison | None) -> tuple[StepTimes, ...]:
    """Gives the completed times between consecutive milestones of the pathway's order, a cohort at a time.

    Args:
        times: the lead times of a log by a pathway.
        comparison: gives the cohorts; all cases are one where it is None, or where cohorts come from dates.

    Returns:
        A value for each step and cohort, in order; steps whose first milestone nobody reached are left out.

    Source: DEFINITIONS 2.1 (each step is a clock of its own), 3.2 (type 7 outside `survival`).
    """
    pathway = times.pathway
    if pathway is None:
        return ()
    steps = list(pairwise(pathway.order or (pathway.start, *pathway.stop[:1])))
    by = comparison.by if comparison and comparison.of_attribute else None
    cohorts = tuple(cohort.name for cohort in comparison.cohorts) if comparison and by else ("",)
    make = _at_once if _is_plain(times.log, pathway, by) else _one_by_one
    nobody = np.zeros(0)
    return tuple(_summed(step, cohort, groups.get(cohort, nobody)) for step, groups in make(times, steps, by) for cohort in cohorts)


def _summed(step: Step, cohort: str, days: npt.NDArray[np.float64]) -> StepTimes:
    if not days.size:
        return StepTimes(*step, cohort, 0, None, None)
    return StepTimes(*step, cohort, int(days.size), float(np.median(days)), float(np.quantile(days, 0.9)))


def _is_plain(log: EventLog, pathway: Pathway, by: str | None) -> bool:
    own = log.declared_cases is not None or any(name in log.columns for name in _OWN_DATES)
    first = all(milestone.rule == "first" for milestone in pathway.milestones.values())
    return log.precision != "mixed" and first and not own and (by is None or by in log.columns)


def _at_once(times: LeadTimes, steps: list[Step], by: str | None) -> Iterator[tuple[Step, dict[str, npt.NDArray[np.float64]]]]:
    """All steps from one query: a row a case, with the moments of each milestone and of the exits after it."""
    assert times.pathway is not None  # noqa: S101 - the caller has looked
    rows = _moments(times, times.pathway, steps, by)
    for place, step in enumerate(steps):
        begun, done, left = (rows[f"{name}_{place}"] for name in ("begun", "done", "left"))
        if begun.isna().all():
            continue
        completed = done.notna() & ~(left < done).fillna(value=False)
        days = (done - begun)[completed].astype("float64") / DAY_US
        groups = rows.loc[completed, "cohort"]
        yield step, {str(name): days[groups == name].to_numpy() for name in groups.dropna().unique()}


def _moments(times: LeadTimes, pathway: Pathway, steps: list[Step], by: str | None) -> pd.DataFrame:
    log = times.log
    at = nw.col("start_wall_us" if log.precision == "date" else "start_us")
    events = log.frame.filter(nw.col("activity").is_in(sorted(pathway.milestone_activities)))
    if times.observed_until is not None:
        events = events.filter(bound_of(times.observed_until, log.timezone).holds("start"))
    group = nw.col(by).cast(nw.String) if by else nw.lit("")
    sources = {f"from_{i}": _when(pathway.milestones[source].activities, at).min().over("case_id") for i, (source, _) in enumerate(steps)}
    placed = events.select("case_id", "activity", at.alias("at"), group.alias("cohort"), **sources)
    exits = [activity for part in pathway.exits.values() for activity in part.activities]
    found: dict[str, Any] = {}
    for i, (_, target) in enumerate(steps):
        later = nw.col("at") >= nw.col(f"from_{i}")
        found[f"begun_{i}"] = nw.col(f"from_{i}").min()
        found[f"done_{i}"] = nw.when(later).then(_when(pathway.milestones[target].activities, nw.col("at"))).min()
        found[f"left_{i}"] = nw.when(later).then(_when(exits, nw.col("at"))).min()
    frame = log.session.collect(placed.group_by("case_id").agg(nw.col("cohort").min(), **found).select("cohort", *found))
    rows: pd.DataFrame = frame.astype(dict.fromkeys(found, "Float64"))
    return rows


def _when(activities: Iterable[str], moment: nw.Expr) -> nw.Expr:
    return nw.when(nw.col("activity").is_in(list(activities) or [""])).then(moment)


def _one_by_one(times: LeadTimes, steps: list[Step], by: str | None) -> Iterator[tuple[Step, dict[str, npt.NDArray[np.float64]]]]:
    """Each step as a pathway of its own."""
    assert times.pathway is not None  # noqa: S101 - the caller has looked
    for source, target in steps:
        try:
            step = lead_times(times.log, times.pathway.model_copy(update={"start": source, "stop": (target,)}))
        except PathwayError:  # the milestone is reached in no case, so nobody began the step
            continue
        done = step.grouped(by)
        done = done[done["status"] == "stopped"]
        days = np.repeat(done["lead_us"].to_numpy(dtype=np.float64) / DAY_US, done["n"].to_numpy(dtype=np.int64))
        group = np.repeat(done["group"].to_numpy(dtype=str), done["n"].to_numpy(dtype=np.int64))
        yield (source, target), {str(name): days[group == name] for name in np.unique(group)}
