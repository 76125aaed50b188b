"""Which case belongs to which cohort: by an attribute, or by dates, and what becomes of those that meet both.

Source: DEFINITIONS 2.5 (the break date is inclusive; starts in the washout are left out and counted).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from leadtime.cases.clock import DAY_US, bound_of
from leadtime.compare.design import CohortRule, Design, day_of_text
from leadtime.compare.rows import OPEN, STOPPED, CaseRows, coded
from leadtime.errors import InputError, NotEstimable, UsageError, did_you_mean
from leadtime.log import Moment

__all__ = ["AFTER", "BEFORE", "OUTSIDE", "WASHED_OUT", "Breaks", "Cohort", "Pair", "breaks_of", "cohort_codes", "two_cohorts"]

BEFORE, AFTER, OUTSIDE, WASHED_OUT = 0, 1, -1, -2
SMALLEST = 2

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Cohort:
    """One cohort's cases as arrays, a place a case: days, outcome (0 open, 1 stopped, 2 left), delayed entry in days.

    `person` and `stratum` are codes, None where there are none; `place` is where the case stands among the rows.
    """

    name: str
    days: Floats
    outcome: Ints
    entry: Floats | None
    person: Ints | None
    stratum: Ints | None
    place: Ints

    @property
    def observed(self) -> Bools:
        """Which cases are stopped; leavers count as censored."""
        return np.equal(self.outcome, STOPPED)

    @property
    def n(self) -> int:
        """How many cases there are."""
        return self.days.size

    @property
    def persons(self) -> int:
        """How many persons there are; one case is one person where nothing else is known."""
        return self.n if self.person is None else int(np.unique(self.person).size)

    def take(self, chosen: npt.NDArray[Any]) -> Cohort:
        """The cases that a mask or an index chooses."""
        arrays = {
            name: None if getattr(self, name) is None else getattr(self, name)[chosen]
            for name in ("days", "outcome", "entry", "person", "stratum", "place")
        }
        return Cohort(self.name, **arrays)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Pair:
    """The two cohorts of a comparison, the reference first, and how many cases are in neither."""

    before: Cohort
    after: Cohort
    washed_out: int = 0
    outside: int = 0

    @property
    def order(self) -> list[str]:
        """The labels, the reference first."""
        return [self.before.name, self.after.name]

    @property
    def cohorts(self) -> tuple[Cohort, Cohort]:
        """Both."""
        return self.before, self.after

    @cached_property
    def together(self) -> Cohort:
        """All cases of both, those of the reference first."""
        parts: dict[str, Any] = {}
        for name in ("days", "outcome", "person", "stratum", "place"):
            arrays = [getattr(cohort, name) for cohort in self.cohorts]
            parts[name] = None if arrays[0] is None else np.concatenate(arrays)
        entries = [np.zeros(cohort.n) if cohort.entry is None else cohort.entry for cohort in self.cohorts]
        late = any(cohort.entry is not None for cohort in self.cohorts)
        return Cohort(name="", entry=np.concatenate(entries) if late else None, **parts)

    @property
    def group(self) -> npt.NDArray[np.str_]:
        """The label of each case of both."""
        return np.repeat(self.order, [self.before.n, self.after.n])

    @property
    def repeated(self) -> bool:
        """Whether some person has several cases."""
        person = self.together.person
        return person is not None and np.unique(person).size < person.size

    @property
    def mixed(self) -> bool:
        """Whether some person has cases in both cohorts."""
        first, second = self.before.person, self.after.person
        return first is not None and second is not None and bool(np.intersect1d(first, second).size)

    def with_both_in_each_stratum(self) -> tuple[Pair, int]:
        """The same cases without the strata that hold one cohort only, and how many those are: within them nothing can be compared."""
        if self.before.stratum is None or self.after.stratum is None:
            return self, 0
        first, second = np.unique(self.before.stratum), np.unique(self.after.stratum)
        shared = np.intersect1d(first, second)
        if not shared.size:
            raise NotEstimable("no stratum holds both cohorts, so they can't be compared within strata")
        before, after = self.before.take(np.isin(self.before.stratum, shared)), self.after.take(np.isin(self.after.stratum, shared))
        return replace(self, before=before, after=after), first.size + second.size - 2 * shared.size

    def with_leavers_waiting(self) -> Pair:
        """The same cases with those who left counted as waiting for as long as anybody was followed."""
        longest = float(self.together.days.max())

        def waiting(cohort: Cohort) -> Cohort:
            left = cohort.outcome > STOPPED
            return replace(cohort, days=np.where(left, longest, cohort.days), outcome=np.where(left, OPEN, cohort.outcome))

        return replace(self, before=waiting(self.before), after=waiting(self.after))

    def finished(self) -> Pair:
        """Only the cases that are stopped."""
        return replace(self, before=self.before.take(self.before.observed), after=self.after.take(self.after.observed))


@dataclass(frozen=True, eq=False)
class Breaks:
    """The break date of each case: its day, and the instant at which that day begins; `known` where the case's site has one."""

    day: Ints
    us: Ints
    known: Bools

    def straddled(self, rows: CaseRows) -> Bools:
        """Which cases started before the date and were still running on it."""
        return self.known & (rows.start_day < self.day) & (rows.end_day >= self.day)


def breaks_of(rows: CaseRows, design: Design, timezone: str | None) -> Breaks | None:
    """Gives each case's break date; None where the cohorts don't come from dates."""
    if not design.by_date:
        return None
    if not design.staggered:
        return _breaks({"": design.break_dates[""]}, np.full(rows.n, "", dtype=object), timezone)
    site = rows.labels[design.site or ""]
    absent = sorted(set(design.break_dates) - {str(label) for label in site if label is not None})
    if absent:
        known = sorted({str(label) for label in site if label is not None})
        raise UsageError(f"break_dates names '{absent[0]}', which is no value of '{design.site}'{did_you_mean(absent[0], known)}")
    return _breaks(design.break_dates, site, timezone)


def _breaks(dates: Mapping[str, str], site: npt.NDArray[np.object_], timezone: str | None) -> Breaks:
    codes, names = coded(site)
    days = np.array([day_of_text(dates[name]) if name in dates else 0 for name in names] or [0], np.int64)
    # The end of the day before is the instant at which the day begins, summer time or not.
    us = np.array([bound_of(Moment((day - 1) * DAY_US, (day - 1) * DAY_US, is_date=True), timezone).us for day in days.tolist()], np.int64)
    known = np.array([name in dates for name in names] or [False], bool)
    return Breaks(days[codes], us[codes], known[codes] & (codes >= 0))


def cohort_codes(rows: CaseRows, design: Design, breaks: Breaks | None, rule: CohortRule) -> Ints:
    """Says of each case which cohort it is in: BEFORE, AFTER, OUTSIDE both, or WASHED_OUT.

    A case that is split at the date counts here as it does by its start.
    """
    if breaks is None:
        label = rows.labels[design.by].astype(str)
        return np.select([label == design.before, label == design.after], [BEFORE, AFTER], OUTSIDE).astype(np.int64)
    late = rows.end_day >= breaks.day if rule == "stop" else rows.start_day >= breaks.day
    codes = np.where(breaks.known, np.where(late, AFTER, BEFORE), OUTSIDE)
    if rule == "exclude":
        codes = np.where(breaks.straddled(rows), OUTSIDE, codes)
    washed = breaks.known & (rows.start_day >= breaks.day) & (rows.start_day < breaks.day + design.washout)
    return np.where(washed, WASHED_OUT, codes).astype(np.int64)


def two_cohorts(rows: CaseRows, design: Design, breaks: Breaks | None, rule: CohortRule | None = None) -> Pair:
    """Gives the two cohorts of a design.

    Args:
        rows: the cases.
        design: how the comparison is laid out.
        breaks: each case's break date, where cohorts come from dates.
        rule: which date decides, where not the design's own rule.

    Raises:
        InputError: there is only one cohort.
        UsageError: a label isn't among the groups.
        NotEstimable: a cohort is too small, or nobody finished.
    """
    rule = rule or design.cohort_rule
    codes = cohort_codes(rows, design, breaks, rule)
    _require_groups(rows, design, codes)
    entry = np.where(rows.entry > 0, rows.entry, 0.0)
    lead, outcome = rows.lead, rows.outcome
    first, second = codes == BEFORE, codes == AFTER
    if rule == "split" and breaks is not None:
        return _split(rows, design, breaks, codes)
    before = _cohort(design.before, rows, design, np.flatnonzero(first), lead[first], outcome[first], entry[first])
    after = _cohort(design.after, rows, design, np.flatnonzero(second), lead[second], outcome[second], entry[second])
    return _checked(before, after, codes)


def _split(rows: CaseRows, design: Design, breaks: Breaks, codes: Ints) -> Pair:
    """Follow-up up to the date belongs to before, from it on to after, where the case then enters late.

    A case that ends on the very moment of the date ends within before, as R's survSplit has it.
    """
    cut = np.where(rows.calendar, breaks.day - rows.start_day, (breaks.us - rows.start_us) / DAY_US)
    over = breaks.straddled(rows) & (rows.lead > cut) & (codes == BEFORE)
    first, second = codes == BEFORE, (codes == AFTER) | (over & (rows.lead > cut + design.washout))
    lead = np.where(over, cut, rows.lead)
    outcome = np.where(over, OPEN, rows.outcome)
    known = first & ((rows.entry < lead) | (rows.entry == 0))  # one that entered after the date was never seen before it
    late = np.maximum(rows.entry, np.where(over, cut + design.washout, 0.0))
    before = _cohort(design.before, rows, design, np.flatnonzero(known), lead[known], outcome[known], rows.entry[known])
    after = _cohort(design.after, rows, design, np.flatnonzero(second), rows.lead[second], rows.outcome[second], late[second])
    return _checked(before, after, codes)


def _cohort(name: str, rows: CaseRows, design: Design, place: Ints, days: Floats, outcome: Ints, entry: Floats) -> Cohort:
    """A cohort in an order that hangs on its figures and not on the names of its cases, given there are no labels to keep."""
    person, stratum = persons_of(rows), _codes(rows, design.strata)
    if design.condition_on:
        kept = days > design.condition_on
        place, days, outcome, entry = place[kept], days[kept], outcome[kept], np.maximum(entry[kept], design.condition_on)
    order = np.lexsort((outcome, entry, days))
    late, mine = entry[order] if (entry > 0).any() else None, place[order]
    return Cohort(
        name, days[order], outcome[order], late, None if person is None else person[mine], None if stratum is None else stratum[mine], mine
    )


def persons_of(rows: CaseRows) -> Ints | None:
    """Whose each case is, as a code, a case without a person one of its own; None where persons aren't noted."""
    if "person_id" not in rows.labels:
        return None
    codes = coded(rows.labels["person_id"])[0]
    return np.where(codes < 0, codes.max() + 1 + np.arange(rows.n), codes)


def _codes(rows: CaseRows, names: tuple[str, ...]) -> Ints | None:
    """The labels of some attributes as one code a case."""
    present = [name for name in names if name in rows.labels]
    if not present:
        return None
    columns = [coded(rows.labels[name])[0] for name in present]
    return np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)[1].reshape(-1)


def _checked(before: Cohort, after: Cohort, codes: Ints) -> Pair:
    for cohort in (before, after):
        if cohort.n < SMALLEST:
            raise NotEstimable(
                f"cohort '{cohort.name}' has {cohort.n} case; a comparison needs at least {SMALLEST} in each, "
                "so widen the cohort or leave it out"
            )
    if not any(cohort.observed.any() for cohort in (before, after)):
        raise NotEstimable(
            "nobody has finished in any cohort, so there is no lead time to compare; check the stop milestones or observe for longer"
        )
    return Pair(before, after, int(np.count_nonzero(codes == WASHED_OUT)), int(np.count_nonzero(codes == OUTSIDE)))


def _remedy(design: Design) -> str:
    """How two groups come about."""
    if design.by_date:
        return "choose a break date with clock starts on both sides of it"
    return (
        "give the first day of the new way of working with break_date= (--break-date 2020-01-01), or the column that says before or after "
        "with by= (--by)"
    )


def _require_groups(rows: CaseRows, design: Design, codes: Ints) -> None:
    """Two groups, each named as one that is there."""
    if design.by_date:
        groups = [name for name, code in ((design.before, BEFORE), (design.after, AFTER)) if (codes == code).any()]
        what = "by the break date"
    else:
        groups = sorted({str(label) for label in set(rows.labels[design.by].tolist()) if label is not None})
        what = f"in '{design.by}'"
    if len(groups) < 2:
        only = f"only one cohort, '{groups[0]}'" if groups else "no cohort"
        raise InputError(f"there is {only} {what} among the cases that have a lead time; a comparison needs two: {_remedy(design)}")
    for argument, label in (("before", design.before), ("after", design.after)):
        if label not in groups:
            raise UsageError(f"{argument}='{label}' is no group of '{design.by}'{did_you_mean(label, groups)}")
    if design.before == design.after:
        raise UsageError(f"before and after are both '{design.before}'; a comparison needs two groups")
