"""The definition matrix: the same change by every definition that the log and the pathway offer, each with its verdict.

Crossed are start milestone, stop milestone, which date decides the cohort, what leavers count as, the bounds of partial dates, and
finished cases only. The declared definition comes first, then what differs from it in one respect, then in two, and so on.
Source: DEFINITIONS 3.4, 3.8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Literal, get_args

import numpy as np

from leadtime import survival
from leadtime.compare.basis import Basis
from leadtime.compare.clocks import Clock, definition_clocks, timed_by
from leadtime.compare.cohorts import Breaks, Pair, breaks_of, two_cohorts
from leadtime.compare.decision import Verdict, claimed, direction, verdict
from leadtime.compare.design import CohortRule
from leadtime.compare.estimates import curves_of, mean_difference, mean_ratio
from leadtime.compare.rows import LEFT, CaseRows
from leadtime.compare.shares import competing_mean_difference, competing_medians
from leadtime.errors import LeadtimeError, NotEstimable
from leadtime.results import Estimate, TestResult

__all__ = ["Cases", "Dates", "Definition", "Leavers", "Measure", "SensitivityRow", "sensitivity_of"]

Leavers = Literal["censored", "competing", "not reached"]
Dates = Literal["point", "lower", "upper"]
Cases = Literal["all", "completed only"]
Measure = Literal["median ratio", "median ratio (bootstrap)", "restricted mean difference", "restricted mean ratio"]

_DIFFERENCES = ("restricted mean difference",)


@dataclass(frozen=True)
class Definition:
    """One way to count: which clock, which date decides the cohort, what leavers and partial dates count as, which cases."""

    start: str
    stop: tuple[str, ...]
    cohort_rule: CohortRule
    leavers: Leavers
    dates: Dates
    cases: Cases
    measure: Measure

    def differences(self, other: Definition) -> tuple[str, ...]:
        """In which respects two definitions differ."""
        return tuple(name for name in vars(self) if getattr(self, name) != getattr(other, name))


@dataclass(frozen=True)
class SensitivityRow:
    """One definition with its estimate of the change, the cases it rests on, and how it stands to the declared one (DEFINITIONS 3.8)."""

    definition: Definition
    differs: tuple[str, ...]
    estimate: Estimate | None
    n_before: int | None
    n_after: int | None
    stopped_before: int | None
    stopped_after: int | None
    verdict: Verdict
    because: str = ""

    @property
    def no_change(self) -> float:
        """The value of the estimate where nothing changes: 1 for a ratio, 0 for a difference."""
        return 0.0 if self.definition.measure in _DIFFERENCES else 1.0


def sensitivity_of(basis: Basis, declared: Mapping[Measure, Estimate | None], test: TestResult) -> tuple[SensitivityRow, ...]:
    """Gives the matrix.

    Args:
        basis: what the comparison rests on.
        declared: the estimates by the declared definition, by measure; its primary one first.
        test: the declared test; where it finds nothing, nothing stands.
    """
    offered = _Offered.of(basis, next(iter(declared)))
    reference, none = _reference(declared)
    primary, tested = direction(reference, none), claimed(test)
    matrix = _Matrix(basis, _pairs(basis, offered), dict(declared), offered.primary)
    rows = [matrix.row(definition, primary, tested=tested) for definition in offered.definitions()]
    return tuple(sorted((*rows, *_not_offered(rows[0], offered)), key=lambda row: len(row.differs)))


def _reference(declared: Mapping[Measure, Estimate | None]) -> tuple[Estimate | None, float]:
    """The estimate whose direction all others are held against: the declared one, or the restricted mean where a median isn't reached."""
    for measure, estimate in declared.items():
        if estimate is not None and estimate.value is not None:
            return estimate, 0.0 if measure in _DIFFERENCES else 1.0
    return None, 1.0


@dataclass(frozen=True)
class _Offered:
    """What each respect can be, the declared one first."""

    primary: Definition
    starts: tuple[str, ...]
    stops: tuple[tuple[str, ...], ...]
    rules: tuple[CohortRule, ...]
    leavers: tuple[Leavers, ...]
    dates: tuple[Dates, ...]
    measures: tuple[Measure, ...]

    @classmethod
    def of(cls, basis: Basis, measure: Measure) -> _Offered:
        pathway = basis.times.pathway
        starts, stops = definition_clocks(pathway) if pathway else (("",), ((),))
        rule = basis.design.cohort_rule
        rules = (rule, *(other for other in get_args(CohortRule) if other != rule)) if basis.design.by_date else (rule,)
        together = basis.pair.together
        leavers: tuple[Leavers, ...] = get_args(Leavers) if (together.outcome == LEFT).any() else ("censored",)
        partial = bool(np.any(basis.rows.lower != basis.rows.upper))
        dates: tuple[Dates, ...] = get_args(Dates) if partial else ("point",)
        measures = (measure, *(other for other in get_args(Measure) if other != measure))
        primary = Definition(starts[0], stops[0], rule, "censored", "point", "all", measure)
        return cls(primary, starts, stops, rules, leavers, dates, measures)

    @property
    def clocks(self) -> tuple[Clock, ...]:
        """The clocks other than the declared one."""
        return tuple(Clock(start, stop) for start, stop in product(self.starts, self.stops))[1:]

    @property
    def counted(self) -> list[tuple[Leavers, Cases]]:
        """What leavers count as, with all cases; among finished cases only there are none."""
        every: list[tuple[Leavers, Cases]] = [(leavers, "all") for leavers in self.leavers]
        return [*every, ("censored", "completed only")]

    def definitions(self) -> list[Definition]:
        """All definitions, those nearer to the declared one first."""
        primary = self.primary
        crossed = [
            Definition(start, stop, rule, leavers, dates, cases, primary.measure)
            for start, stop, rule, dates in product(self.starts, self.stops, self.rules, self.dates)
            for leavers, cases in self.counted
        ]
        others = [replace(primary, measure=measure) for measure in self.measures[1:]]
        return sorted(others + crossed, key=lambda definition: len(definition.differences(primary)))


def _pairs(basis: Basis, offered: _Offered) -> dict[Clock, CaseRows]:
    own = Clock(offered.primary.start, offered.primary.stop)
    return {own: basis.rows, **timed_by(basis.times, offered.clocks, tuple(basis.rows.labels))}


@dataclass(frozen=True, eq=False)
class _Matrix:
    """The cases by every clock, and the pairs of cohorts made of them so far."""

    basis: Basis
    rows: Mapping[Clock, CaseRows]
    declared: dict[Measure, Estimate | None]
    primary: Definition
    pairs: dict[tuple[Clock, CohortRule, Dates], Pair | str] = field(default_factory=dict)

    def row(self, definition: Definition, primary: int, *, tested: bool) -> SensitivityRow:
        """One row; what can't be computed says why."""
        differs = definition.differences(self.primary)
        none = 0.0 if definition.measure in _DIFFERENCES else 1.0
        counts: tuple[int | None, ...] = (None,) * 4
        estimate, because = None, ""
        try:
            pair = self._pair(definition)
            pair = pair if definition.cases == "all" else pair.finished()
            counts = (pair.before.n, pair.after.n, int(pair.before.observed.sum()), int(pair.after.observed.sum()))
            given = not differs or differs == ("measure",)
            estimate = self.declared[definition.measure] if given else _estimate(pair, definition, self.basis)
            if estimate is None:
                because = self.basis.tau_reason
            elif estimate.value is None:
                because = estimate.note
        except LeadtimeError as error:
            because = str(error)
        found = verdict(primary, estimate, none, tested=tested)
        n_before, n_after, stopped_before, stopped_after = counts
        return SensitivityRow(
            definition,
            differs,
            estimate,
            n_before,
            n_after,
            stopped_before,
            stopped_after,
            found,
            because if found == "not computable" else "",
        )

    def _pair(self, definition: Definition) -> Pair:
        clock = Clock(definition.start, definition.stop)
        key = (clock, definition.cohort_rule, definition.dates)
        if key not in self.pairs:
            self.pairs[key] = self._made(clock, definition)
        pair = self.pairs[key]
        if isinstance(pair, str):
            raise NotEstimable(pair)
        return pair

    def _made(self, clock: Clock, definition: Definition) -> Pair | str:
        if clock not in self.rows:
            return f"no case reaches the start milestone '{clock.start}'"
        rows = self.rows[clock]
        rows = rows if definition.dates == "point" else rows.with_lead(getattr(rows, definition.dates))
        try:
            return two_cohorts(rows, self.basis.design, self._breaks(rows), definition.cohort_rule)
        except LeadtimeError as error:
            return str(error)

    def _breaks(self, rows: CaseRows) -> Breaks | None:
        return breaks_of(rows, self.basis.design, self.basis.times.log.timezone)


def _estimate(pair: Pair, definition: Definition, basis: Basis) -> Estimate | None:
    """The change by one definition."""
    names = (pair.before.name, pair.after.name)
    if definition.measure == "median ratio":
        if definition.leavers == "competing" and definition.cases == "all":
            return survival.ratio_by_mover(*competing_medians(pair, basis.options), names=names)
        counted = pair.with_leavers_waiting() if definition.leavers == "not reached" else pair
        before, after = curves_of(counted, basis.options)
        return survival.ratio_by_mover(before.median, after.median, names=names)
    if basis.tau is None:
        return None
    if definition.leavers == "competing" and definition.cases == "all":
        return competing_mean_difference(pair, basis.tau, basis.options)
    counted = pair.with_leavers_waiting() if definition.leavers == "not reached" else pair
    make = mean_ratio if definition.measure == "restricted mean ratio" else mean_difference
    return make(counted, basis.tau, basis.options)


def _not_offered(primary: SensitivityRow, offered: _Offered) -> Iterator[SensitivityRow]:
    """What can't be varied here, and why: it then makes no difference, or isn't computable."""
    if len(offered.rules) == 1:
        for rule in get_args(CohortRule)[1:]:
            definition = replace(offered.primary, cohort_rule=rule)
            yield SensitivityRow(definition, ("cohort_rule",), None, None, None, None, None, "not computable", "no break_date")
    if len(offered.leavers) == 1:
        for leavers in get_args(Leavers)[1:]:
            definition = replace(offered.primary, leavers=leavers)
            yield replace(primary, definition=definition, differs=("leavers",), because=primary.because or "no case left")
    if len(offered.dates) == 1:
        for dates in get_args(Dates)[1:]:
            definition = replace(offered.primary, dates=dates)
            yield replace(primary, definition=definition, differs=("dates",), because=primary.because or "no partial dates")
