"""How far cases come, and how soon: each milestone of the pathway with who reached it and the time until then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadtime import survival
from leadtime.cases import LeadTimes
from leadtime.cases.clock import DAY_US
from leadtime.counts.shares import share
from leadtime.errors import checks_arguments
from leadtime.flow.milestones import between, milestone_times, timed_pathway
from leadtime.results import Estimate, Result, Table, Value

__all__ = ["MilestonesReached", "milestones_reached"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MilestonesReached(Result):
    """A row for each milestone after the start, and each group; made by `milestones_reached`."""

    table: Table

    def of(self, milestone: str, *, group: str = "") -> dict[str, Value]:
        """Gives the row of a milestone."""
        return next(row for row in self.table.records() if (row["group"], row["milestone"]) == (group, milestone))

    def _table(self) -> Table:
        return self.table


@checks_arguments
def milestones_reached(times: LeadTimes, *, by: str | None = None, confidence: float = 0.95) -> MilestonesReached:
    """Gives for each milestone how many cases reached it, and the median time until then.

    Args:
        times: the result of `lead_times`, with a pathway; the milestones count in its order, those that stop the clock as one.
        by: a case attribute.
        confidence: of the intervals.

    Returns:
        `group, milestone, n, reached, skipped, open, left, share, lower, upper`: `skipped` are cases that stopped without it, `open` those
        that may still reach it, `share` is of all `n`, with Wilson's limits. `median_days` from the clock's start and `step_days` from
        the milestone before (of those who reached that one) are Kaplan-Meier medians: who hasn't reached it counts as longer until its
        clock stopped, it left, or observation ended.

    Raises:
        UsageError: the lead times have no pathway.
        InputError: there is no such attribute.

    Source: DEFINITIONS 4.8 for the milestones, 3.2 for the medians.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "a", "a", "b"], "activity": ["Raised", "Meeting", "Help", "Raised"],
    ...     "start": ["2020-01-01", "2020-01-11", "2020-02-01", "2020-01-05"]}), observed_until="2020-03-01")
    >>> pathway = lt.read_pathway({"name": "x", "start": "raised", "stop": "help", "milestones": {
    ...     "raised": {"activities": "Raised"}, "meeting": {"activities": "Meeting"}, "help": {"activities": "Help"}}})
    >>> result = lt.milestones_reached(lt.lead_times(log, pathway))
    >>> [(row["milestone"], row["reached"], row["open"], row["median_days"]) for row in result.table.records()]
    [('meeting', 1, 1, 10.0), ('help', 1, 1, 31.0)]
    """
    pathway = timed_pathway(times, "a milestone")
    middle = between(pathway)
    names = (*middle, "/".join(pathway.stop))
    groups = times.members(by).select("case_id", "group")
    kept = ("case_id", "status", "lead_us", *(f"at_{place}" for place in range(len(middle))))
    frame = times.log.session.collect(milestone_times(times).select(*kept).join(groups, on="case_id", how="inner").sort("case_id"))
    frame = frame[frame["group"].notna()]
    rows: list[tuple[Value, ...]] = []
    for group in sorted(frame["group"].unique()):
        rows += _rows(str(group), frame[frame["group"] == group], names, confidence)
    columns = (
        "group", "milestone", "n", "reached", "skipped", "open", "left", "share", "lower", "upper", "median_days", "median_lower_days",
        "median_upper_days", "step_days",
    )  # fmt: skip
    return MilestonesReached(Table("milestones_reached", columns, tuple(rows), counts=columns[2:7]))


def _rows(group: str, own: pd.DataFrame, names: tuple[str, ...], confidence: float) -> list[tuple[Value, ...]]:
    lead = own["lead_us"].to_numpy(dtype=np.float64) / DAY_US
    status = own["status"].to_numpy(dtype=object)
    places = [own[f"at_{place}"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan) / DAY_US for place in range(len(names) - 1)]
    places.append(np.where(status == "stopped", lead, np.nan))
    before: Floats = np.zeros(len(own))
    rows: list[tuple[Value, ...]] = []
    for name, at in zip(names, places, strict=True):
        there = ~np.isnan(at)
        missing = [int((~there & (status == what)).sum()) for what in ("stopped", "still waiting", "left")]
        part = share(int(there.sum()), len(own), confidence=confidence)
        median = _median(np.where(there, at, lead), there, confidence)
        came = ~np.isnan(before)
        step = _median(np.maximum(np.where(there, at, lead) - before, 0)[came], there[came], confidence)
        limits = (median.value, median.lower, median.upper, step.value)
        rows.append((group, name, len(own), int(there.sum()), *missing, part.value, part.lower, part.upper, *limits))
        before = at
    return rows


def _median(days: Floats, observed: npt.NDArray[np.bool_], confidence: float) -> Estimate:
    if not observed.any():
        return Estimate(None, confidence=confidence, n=int(days.size))
    return survival.kaplan_meier(days, observed, confidence=confidence).median
