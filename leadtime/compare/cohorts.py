"""Which case belongs to which cohort: by an attribute, or by the date on which its clock started.

Source: DEFINITIONS 2.5 (the break date is inclusive; starts in the washout are left out and counted).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from leadtime.cases.clock import DAY_US
from leadtime.errors import InputError, NotEstimable, UsageError, did_you_mean
from leadtime.results import Value

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from leadtime.cases import LeadTimes

__all__ = ["Cohort", "Design", "two_cohorts"]

SMALLEST = 2


@dataclass(frozen=True)
class Design:
    """How the comparison is laid out: by which attribute or date, which label is before and which after."""

    by: str
    before: str
    after: str
    break_date: str | None
    washout: int | None


@dataclass(frozen=True, eq=False)
class Cohort:
    """One cohort's cases as arrays, a place a case: days, outcome (0 open, 1 stopped, 2 left), delayed entry in days."""

    name: str
    days: npt.NDArray[np.float64]
    outcome: npt.NDArray[np.int64]
    entry: npt.NDArray[np.float64] | None

    @property
    def observed(self) -> npt.NDArray[np.bool_]:
        """Which cases are stopped; leavers count as censored."""
        return np.equal(self.outcome, 1)

    @property
    def n(self) -> int:
        """How many cases there are."""
        return len(self.days)


def two_cohorts(times: LeadTimes, design: Design) -> tuple[Cohort, Cohort, int]:
    """Gives the two cohorts of a design and the number of starts in the washout.

    Raises:
        InputError: there is only one cohort.
        UsageError: a label isn't among the groups.
        NotEstimable: a cohort is too small, or nobody finished.
    """
    if design.break_date is not None:
        counted, washed_out = _by_date(times, design), _washed_out(times, design)
    else:
        counted, washed_out = times.grouped(design.by), 0
    groups = sorted({str(name) for name in counted["group"].dropna()})
    if len(groups) < 2:
        only = f"only one cohort, '{groups[0]}'" if groups else "no cohort"
        raise InputError(f"there is {only} in '{design.by}'; a comparison needs two, before and after")
    for argument, label in (("before", design.before), ("after", design.after)):
        if label not in groups:
            raise UsageError(f"{argument}='{label}' is no group of '{design.by}'{did_you_mean(label, groups)}")
    if design.before == design.after:
        raise UsageError(f"before and after are both '{design.before}'; a comparison needs two groups")
    first, second = (_cohort(counted, label) for label in (design.before, design.after))
    _require_enough(first, second)
    return first, second, washed_out


def _require_enough(*cohorts: Cohort) -> None:
    for cohort in cohorts:
        if cohort.n < SMALLEST:
            raise NotEstimable(
                f"cohort '{cohort.name}' has {cohort.n} case; a comparison needs at least {SMALLEST} in each, "
                "so widen the cohort or leave it out"
            )
    if not any(cohort.observed.any() for cohort in cohorts):
        raise NotEstimable(
            "nobody has finished in any cohort, so there is no lead time to compare; check the stop milestones or observe for longer"
        )


def _cohort(counted: pd.DataFrame, label: str) -> Cohort:
    """The counts of the engine as a place a case."""
    rows = counted[counted["group"] == label]
    repeat = rows["n"].to_numpy(dtype=np.int64)
    outcome = rows["status"].map({"stopped": 1, "left": 2, "still waiting": 0}).to_numpy(dtype=np.int64)
    entry = rows["entry_us"].to_numpy(dtype=np.float64) / DAY_US
    return Cohort(
        label,
        np.repeat(rows["lead_us"].to_numpy(dtype=np.float64) / DAY_US, repeat),
        np.repeat(outcome, repeat),
        np.repeat(entry, repeat) if entry.any() else None,
    )


def _break_day(design: Design) -> int:
    try:
        return (date.fromisoformat(str(design.break_date)) - date(1970, 1, 1)).days
    except ValueError:
        raise UsageError(f"break_date={design.break_date!r} is no date; write it as 2019-03-14") from None


def _by_date(times: LeadTimes, design: Design) -> pd.DataFrame:
    """Cohorts from the day on which the clock started, as counts."""
    day = nw.col("start_wall_us") // DAY_US
    at = _break_day(design)
    group = nw.when(day >= at + (design.washout or 0)).then(nw.lit(design.after)).when(day < at).then(nw.lit(design.before))
    keys = ["group", "lead_us", "entry_us", "status", "stopped_by", "exit"]
    kept = times.frame.filter(nw.col("status") != "excluded").with_columns(group=group)
    counted: Any = kept.filter(~nw.col("group").is_null()).group_by(keys).agg(n=nw.len()).sort(*keys).collect("pandas").to_native()
    return counted  # type: ignore[no-any-return]


def _washed_out(times: LeadTimes, design: Design) -> int:
    """How many clock starts lie in the washout after the break date."""
    at, day = _break_day(design), nw.col("start_wall_us") // DAY_US
    inside = times.frame.filter(nw.col("status") != "excluded", day >= at, day < at + (design.washout or 0))
    value: Value = inside.select(nw.len()).collect("pandas").item()
    return int(value or 0)
