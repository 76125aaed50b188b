"""Where the change of the mean lead time came from: segment by segment between the milestones, or by what the time was spent on.

Source: DEFINITIONS 4.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from leadtime import survival
from leadtime.cases import lead_times
from leadtime.compare.cohorts import Pair, breaks_of, two_cohorts
from leadtime.compare.design import Design, Given, design_of
from leadtime.compare.horizon import horizon
from leadtime.compare.occupation import Occupation
from leadtime.compare.rows import CaseRows, case_rows
from leadtime.compare.spells import segment_spells, split_spells
from leadtime.errors import NotEstimable, UsageError, checks_arguments
from leadtime.flow.milestones import timed_pathway
from leadtime.results import Estimate, Result, Table

if TYPE_CHECKING:
    from datetime import date

    from leadtime.cases import LeadTimes
    from leadtime.compare.result import Comparison
    from leadtime.log import EventLog
    from leadtime.pathway import Pathway

__all__ = ["AttributedSegment", "Attribution", "attribution", "attribution_of"]

Over = Literal["segments", "time_split"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AttributedSegment:
    """A segment's mean days before and after, the change with its interval, and its share of the whole change (None: no clear one)."""

    segment: str
    before_days: float
    after_days: float
    change: Estimate
    share: float | None

    @property
    def change_days(self) -> float:
        """After less before."""
        return self.change.value or 0.0


@dataclass(frozen=True)
class Attribution(Result):
    """The change of the mean lead time, split so that the parts add up to it.

    `total` is the whole change with its interval; its parts before and after are the restricted means up to `tau` days, which are
    plain means where everybody has finished. `milestones` counts who skipped a milestone or met it out of order. `draws_used` are the
    samples that could be followed to `tau`.
    """

    over: Over
    by: str
    before: str
    after: str
    tau: float
    n: tuple[int, int]
    total_before_days: float
    total_after_days: float
    total: Estimate
    segments: tuple[AttributedSegment, ...]
    milestones: Table
    seed: int
    draws: int
    draws_used: int
    confidence: float

    def _table(self) -> Table:
        columns = ("segment", "before_days", "after_days", "change_days", "share", "lower", "upper")
        rows = tuple(
            (part.segment, part.before_days, part.after_days, part.change_days, part.share, part.change.lower, part.change.upper)
            for part in self.segments
        )
        return Table("attribution", columns, rows)


@checks_arguments
def attribution(
    log: EventLog,
    pathway: Pathway,
    *,
    by: str | None = None,
    before: str | None = None,
    after: str | None = None,
    break_date: str | date | None = None,
    tau: float | Literal["last"] | None = None,
    over: Over = "segments",
    draws: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Attribution:
    """Splits the change of the mean lead time between two cohorts into the segments of the pathway, or into kinds of time.

    Segment j runs from when milestone j, or any later one, has occurred to when the next has; one that is skipped or met out of order
    has no time, so the segments of a case add up to its lead time. What happened before the start counts as at the start. Where
    everybody has finished, the figures are means over the cases. Else the mean days in a segment up to `tau` are the integral of
    S(t) Y_j(t) / Y(t), with S the Kaplan-Meier curve of the comparison (leavers censored), Y those at risk just after t and Y_j those
    of them in the segment. The segments add up to the restricted mean, and their changes to its change. Where nobody is under
    observation yet (delayed entry), those who enter later stand in.

    Args:
        log: the events.
        pathway: its milestones in their `order` (else as they are declared); the stops together are the last.
        by: the case attribute that holds the cohort, as in `compare`.
        before: the label of the reference cohort.
        after: the label of the other.
        break_date: ISO date from which clock starts are "after", instead of `by`.
        tau: horizon in days, as in `compare`; one for both cohorts, and fixed in the bootstrap.
        over: "segments" between milestones, or "time_split": the kinds of time of `time_split`.
        draws: bootstrap draws of cases (persons) within each cohort.
        seed: of the one generator.
        confidence: of the percentile intervals.

    Returns:
        Columns `segment, before_days, after_days, change_days, share, lower, upper` (limits of the change), in the order of the
        pathway. `share` is the part of the whole change, empty where the interval of the whole holds 0. `.total` is the whole change,
        `.milestones` counts, per milestone and cohort, who reached it in order, skipped it or met it out of order.

    Raises:
        UsageError: there is no pathway, or an option isn't allowed.
        NotEstimable: no month has enough cases at risk in both cohorts, or `tau` lies past a cohort's follow-up.
        InputError: there is only one cohort.

    Source:
        DEFINITIONS 4.8, 4.2 (kinds of time), 3.3 (tau), 2.6 (persons).

    >>> import pandas as pd, leadtime as lt
    >>> days = {"before": (10, 40), "after": (8, 12)}
    >>> rows = [(f"{cohort} {case}", activity, f"2020-0{1 + (day + case) // 28}-{1 + (day + case) % 28:02}", cohort)
    ...         for cohort, (referral, stop) in days.items() for case in range(4)
    ...         for activity, day in (("Detected", 0), ("Referral", referral), ("Diagnosis", stop))]
    >>> log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start", "cohort"]), observed_until="2020-12-31")
    >>> pathway = lt.read_pathway({"name": "x", "start": "detection", "stop": "diagnosis",
    ...     "order": ["detection", "referral", "diagnosis"], "milestones": {"detection": {"activities": ["Detected"]},
    ...     "referral": {"activities": ["Referral"]}, "diagnosis": {"activities": ["Diagnosis"]}}})
    >>> found = lt.attribution(log, pathway, by="cohort", before="before", after="after", draws=200)
    >>> found.to_pandas()["segment"].tolist()
    ['detection > referral', 'referral > diagnosis']
    """
    _require_options(over, draws, seed, confidence)
    times = lead_times(log, pathway)
    timed_pathway(times, "attribution")
    design, rows, pair = _designed(times, by, before, after, break_date, tau)
    cohorts = _Cohorts(times, design.by, rows, pair, _horizon(pair, design.tau))
    return _attributed(cohorts, over, draws=draws, seed=seed, confidence=confidence)


def attribution_of(comparison: Comparison, *, over: Over = "segments", draws: int = 2000) -> Attribution:
    """Splits the change of a comparison that is made already: its own cohorts, horizon, seed and level.

    Raises:
        UsageError: the comparison was made without a pathway.
        NotEstimable: it has no horizon.
    """
    basis = comparison._basis
    timed_pathway(basis.times, "attribution")
    if comparison.tau is None:
        raise NotEstimable(f"{comparison.tau_reason}, so no mean up to a common horizon can be split")
    cohorts = _Cohorts(basis.times, comparison.by, basis.rows, basis.pair, comparison.tau)
    return _attributed(cohorts, over, draws=draws, seed=comparison.seed, confidence=comparison.confidence)


@dataclass(frozen=True, eq=False)
class _Cohorts:
    """Two cohorts with what they were made by, and the horizon of both."""

    times: LeadTimes
    by: str
    rows: CaseRows
    pair: Pair
    tau: float


def _attributed(given: _Cohorts, over: Over, *, draws: int, seed: int, confidence: float) -> Attribution:
    pair = given.pair
    names, spells, milestones = (segment_spells if over == "segments" else split_spells)(given.times, given.rows, pair)
    cohorts = [Occupation.of(*part, states=len(names), tau=given.tau) for part in zip(pair.cohorts, spells, strict=True)]
    means = [cohort.mean() for cohort in cohorts]
    generator = np.random.default_rng(seed)
    drawn = [part.resampled(cohort.person, draws, generator) for part, cohort in zip(cohorts, pair.cohorts, strict=True)]
    sound = drawn[0][1] & drawn[1][1]
    total, parts = _changes(means, drawn[1][0][sound] - drawn[0][0][sound], confidence, pair)
    return Attribution(
        over=over,
        by=given.by,
        before=pair.before.name,
        after=pair.after.name,
        tau=given.tau,
        n=(pair.before.n, pair.after.n),
        total_before_days=float(means[0].sum()),
        total_after_days=float(means[1].sum()),
        total=total,
        segments=tuple(
            AttributedSegment(name, float(means[0][place]), float(means[1][place]), change, _share(change, total))
            for place, (name, change) in enumerate(zip(names, parts, strict=True))
        ),
        milestones=milestones,
        seed=seed,
        draws=draws,
        draws_used=int(sound.sum()),
        confidence=confidence,
    )


def _designed(
    times: LeadTimes,
    by: str | None,
    before: str | None,
    after: str | None,
    break_date: str | date | None,
    tau: float | Literal["last"] | None,
) -> tuple[Design, CaseRows, Pair]:
    """The two cohorts as `compare` makes them: by what was given, else by what the pathway file declares."""
    given = Given(
        by=by, before=before, after=after, break_date=break_date, washout=None, site=None, cohort_rule=None, statistic=None, strata=None,
        adjust=None, ties="efron", tau=tau, condition_on=None,
    )  # fmt: skip
    design = design_of(times, given)
    persons = ("person_id",) if times.conflicts.get("person_id") == 0 else ()
    rows = case_rows(times, (*design.attributes, *persons))
    return design, rows, two_cohorts(rows, design, breaks_of(rows, design, times.log.timezone))


def _require_options(over: str, draws: int, seed: int, confidence: float) -> None:
    if over not in ("segments", "time_split"):
        raise UsageError(f"over={over!r} isn't allowed; use 'segments' or 'time_split'")
    if draws < 1:
        raise UsageError(f"draws={draws} isn't allowed; give a whole number from 1 up")
    if seed < 0:
        raise UsageError(f"seed={seed} isn't allowed; give a whole number from 0 up")
    if not 0 < confidence < 1:
        raise UsageError(f"confidence={confidence} isn't allowed; give a level between 0 and 1, such as 0.95")


def _horizon(pair: Pair, tau: float | Literal["last"] | None) -> float:
    """The horizon that `compare` would choose, refused where a cohort can't be followed so far."""
    curves = tuple(survival.kaplan_meier(cohort.days, cohort.observed, entry=cohort.entry) for cohort in pair.cohorts)
    end, reason = horizon(pair.cohorts, curves, tau)  # type: ignore[arg-type]  # a tuple of two
    if end is None:
        raise NotEstimable(f"{reason}, so no mean up to a common horizon can be split; give tau= in days, or observe for longer")
    for curve, cohort in zip(curves, pair.cohorts, strict=True):
        curve.check_reaches(end, cohort.name)
    return end


def _changes(means: list[Floats], drawn: Floats, confidence: float, pair: Pair) -> tuple[Estimate, list[Estimate]]:
    """The whole change and that of each part, with percentile intervals."""
    tail = (1 - confidence) / 2
    n = pair.before.n + pair.after.n

    def estimate(value: float, samples: Floats) -> Estimate:
        if not samples.size:
            return Estimate(value, confidence=confidence, n=n)
        lower, upper = np.quantile(samples, [tail, 1 - tail])
        return Estimate(value, float(lower), float(upper), float(samples.std()), confidence, "bootstrap", n)

    change = means[1] - means[0]
    total = estimate(float(means[1].sum() - means[0].sum()), drawn.sum(axis=1))
    return total, [estimate(float(value), drawn[:, place]) for place, value in enumerate(change)]


def _share(part: Estimate, total: Estimate) -> float | None:
    """The part of the whole change; none where the whole may be no change at all."""
    if not total.value or total.lower is None or total.upper is None or total.lower <= 0 <= total.upper:
        return None
    return (part.value or 0.0) / total.value
