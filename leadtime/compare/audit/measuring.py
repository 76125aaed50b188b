"""Checks on what was measured: when detection happens, how precise dates are, which seasons and categories the cohorts hold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import numpy.typing as npt

from leadtime import survival
from leadtime.cases.clock import DAY_US
from leadtime.compare.audit.evidence import AuditEntry, Evidence, Lacking
from leadtime.compare.cohorts import AFTER, BEFORE, Pair, two_cohorts
from leadtime.compare.rows import STOPPED
from leadtime.engine.distinct import distinct
from leadtime.errors import LeadtimeError
from leadtime.survival.spread import t_quantile

if TYPE_CHECKING:
    from leadtime.pathway import Pathway

__all__ = ["ages_at_start", "detection_moved", "month_only_dates", "new_category_after_break", "season_mismatch"]

_ENOUGH = 5  # fewer stops before don't show which categories there were
_WHOLE_YEAR = 335  # days from first to last start from which on every month is held to be covered
_MOSTLY = 0.5  # of the dates on the first of a month: about 3 % would be by chance
_FEWEST_DATES = 20

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def ages_at_start(evidence: Evidence) -> tuple[Floats, Floats]:
    """Gives the age in days at which each case's clock started, by cohort; NaN where the birth date is missing.

    Raises:
        Lacking: the log has no birth dates.
    """
    born = np.array([np.nan if value is None else int(value) // DAY_US for value in evidence.label("birth_date")], np.float64)
    ages = evidence.basis.rows.start_day - born
    return ages[evidence.pair.before.place], ages[evidence.pair.after.place]


def detection_moved(evidence: Evidence) -> AuditEntry | None:
    """Age at the start differs between the cohorts: then a shorter lead time need not mean help at a lower age.

    The difference of mean ages, where its 95 % interval (Welch) excludes 0; beside it the changes of median lead time and of the
    median age at the stop.
    """
    ages = ages_at_start(evidence)
    known = tuple(part[~np.isnan(part)] for part in ages)
    if min(part.size for part in known) < 2:
        return None
    change = float(known[1].mean() - known[0].mean())
    if not abs(change) > _welch(*known):
        return None
    before, after = (cohort.median.value for cohort in evidence.cohorts)
    lead = None if before is None or after is None else after - before
    more = {"lead": (lead, "change"), "help": (_age_at_stop(evidence.pair, ages), "age")}
    return AuditEntry("detection-moved", sum(part.size for part in known), change, "age", more)  # type: ignore[arg-type]


def _welch(first: Floats, second: Floats) -> float:
    """Half the width of the 95 % interval of a difference of two means, of unequal variances."""
    parts = [(float(values.var(ddof=1)) / values.size, values.size - 1) for values in (first, second)]
    total = sum(part for part, _ in parts)
    if total == 0:
        return 0.0
    return t_quantile(0.95, total**2 / sum(part**2 / freedom for part, freedom in parts)) * math.sqrt(total)


def _age_at_stop(pair: Pair, ages: tuple[Floats, Floats]) -> float | None:
    """After less before: the median age by which the clock had stopped."""
    medians = []
    for cohort, age in zip(pair.cohorts, ages, strict=True):
        known = ~np.isnan(age) & (age + cohort.days >= 0)
        medians.append(survival.kaplan_meier((age + cohort.days)[known], cohort.observed[known]).median.value)
    return None if medians[0] is None or medians[1] is None else medians[1] - medians[0]


def month_only_dates(evidence: Evidence) -> AuditEntry | None:
    """Dates known only to a month or longer, and by how much a median moves between their bounds; or dates that nearly all are a first."""
    rows = evidence.basis.rows
    places = np.concatenate(evidence.members)
    partial = int((rows.lower[places] != rows.upper[places]).sum())
    if partial:
        return AuditEntry("month-only-dates", partial, _between_bounds(evidence), "days")
    dates = rows.calendar[places]
    days = np.concatenate([rows.start_day[places][dates], rows.end_day[places][dates & (rows.outcome[places] == STOPPED)]])
    first = days.astype("datetime64[D]") == days.astype("datetime64[D]").astype("datetime64[M]")
    if days.size < _FEWEST_DATES or first.mean() <= _MOSTLY:
        return None
    return AuditEntry("month-only-dates", int(first[: int(dates.sum())].sum()))


def _between_bounds(evidence: Evidence) -> float | None:
    """The most that a cohort's median moves between the least and the greatest lead times."""
    basis = evidence.basis
    medians: list[tuple[float | None, float | None]] = []
    for lead in (basis.rows.lower, basis.rows.upper):
        try:
            pair = two_cohorts(basis.rows.with_lead(lead), basis.design, basis.breaks)
        except LeadtimeError:
            return None
        before, after = (survival.kaplan_meier(c.days, c.observed, entry=c.entry).median.value for c in pair.cohorts)
        medians.append((before, after))
    moves = [high - low for low, high in zip(*medians, strict=True) if low is not None and high is not None]
    return max(moves, default=None)


def season_mismatch(evidence: Evidence) -> AuditEntry | None:
    """One cohort's starts cover months of the year that the other's don't, and the ratio of medians in the months that both cover."""
    months = _months(evidence.basis.rows.start_day)
    covered = [_covered(evidence.basis.rows.start_day[places]) for places in evidence.members]
    shared = covered[0] & covered[1]
    outside = [~np.isin(months[places], list(shared)) for places in evidence.members]
    count = int(sum(part.sum() for part in outside))
    if not count:
        return None
    pair = evidence.pair
    before, after = (cohort.take(np.isin(months[cohort.place], list(shared))) for cohort in pair.cohorts)
    effect = evidence.ratio_of(Pair(before, after)) if min(before.n, after.n) > 1 else None
    return AuditEntry("season-mismatch", count, effect, "ratio")


def _months(days: Ints) -> Ints:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12


def _covered(days: Ints) -> set[int]:
    """The months of the year from the first start to the last."""
    if days.max() - days.min() >= _WHOLE_YEAR:
        return set(range(12))
    return set(_months(np.arange(days.min(), days.max() + 1)).tolist())


def new_category_after_break(evidence: Evidence) -> AuditEntry | None:
    """Cases whose clock was started or ended by an activity that no case of "before" was: a new code may have moved the measure."""
    if evidence.basis.times.pathway is None:
        raise Lacking("pathway")
    new: dict[str, list[int]] = {}
    for activities in _sides(evidence.basis.times.pathway):
        if len(activities) > 1:  # a single one can't be new
            place, activity = _turning_points(evidence, activities)
            known = set(activity[evidence.codes[place] == BEFORE])
            if np.unique(place[evidence.codes[place] == BEFORE]).size < _ENOUGH:
                continue
            fresh = np.array([name not in known for name in activity], bool)
            after = evidence.codes[place] == AFTER
            wholly = np.setdiff1d(place[after & fresh], place[after & ~fresh])
            for name in sorted(set(activity[after & fresh & np.isin(place, wholly)])):
                new[str(name)] = place[after & (activity == name) & np.isin(place, wholly)].tolist()
    cases = {place for places in new.values() for place in places}
    if not cases:
        return None
    share = len(cases) / max(1, evidence.cohorts[1].n)
    return AuditEntry("new-category-after-break", len(cases), share, "share", {"names": (", ".join(sorted(new)), "text")})


def _sides(pathway: Pathway) -> tuple[set[str], set[str]]:
    """The activities that start the clock, and those that stop it or are an exit."""
    ending = {name for stop in pathway.stop for name in pathway.milestones[stop].activities}
    return set(pathway.milestones[pathway.start].activities), ending | {name for part in pathway.exits.values() for name in part.activities}


def _turning_points(evidence: Evidence, activities: set[str]) -> tuple[Ints, npt.NDArray[np.object_]]:
    """Which of some activities happened at the moment at which a case's clock started or ended: the case's place, and the activity."""
    import pandas as pd

    times = evidence.basis.times
    clocks = times.frame.filter(nw.col("status") != "excluded")
    clocks = clocks.select("case_id", clock_start=nw.col("start_us"), clock_end=nw.col("end_us"), outcome=nw.col("status"))
    events = times.log.frame.filter(nw.col("activity").is_in(sorted(activities)))
    joined = events.select("case_id", "activity", "start_us").join(clocks, on="case_id", how="inner")
    starts = nw.col("start_us") == nw.col("clock_start")
    ends = (nw.col("start_us") == nw.col("clock_end")) & (nw.col("outcome") != "still waiting")
    found = times.log.session.collect(distinct(joined.filter(starts | ends), "case_id", "activity"))
    place = pd.Index(evidence.basis.rows.case_id).get_indexer(pd.Index(found["case_id"].to_numpy(dtype=object)))
    inside = place >= 0
    return np.asarray(place[inside], np.int64), found["activity"].to_numpy(dtype=object)[inside]
