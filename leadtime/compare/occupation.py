"""How long the cases of a cohort are in each of several states up to a horizon, with unfinished cases counted; and the same resampled.

The mean time in state j up to tau is the integral of S(t) Y_j(t) / Y(t): of the share still open, the part that is in the state among
those under observation. S and Y change at the ends and entries of cases only, so that S / Y is multiplied with the time that the cases
spend in the state within each step between those. So the states add up to the restricted mean, and many samples are a few products.

Source: DEFINITIONS 4.8; risk sets as in 3.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from leadtime.compare.cohorts import Cohort
from leadtime.survival.resampling import samples

__all__ = ["Occupation", "Spells"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Spells:
    """When each case is in which state: a place a spell, from `begin` to `until` in days since the case's start.

    `case` is the case's place in its cohort. Together the spells of a case cover its time without overlap.
    """

    case: Ints
    state: Ints
    begin: Floats
    until: Floats

    def within(self, least: Floats, most: Floats) -> Spells:
        """The spells cut to a span of each case; what lies outside falls away."""
        begin, until = np.maximum(self.begin, least[self.case]), np.minimum(self.until, most[self.case])
        kept = begin < until
        return Spells(self.case[kept], self.state[kept], begin[kept], until[kept])


@dataclass(frozen=True, eq=False)
class Occupation:
    """A cohort's spells up to a horizon, laid out for weighting.

    `times` are 0, all entries and ends before tau, and tau; `seen` are the spells under observation, `unseen` those of cases that
    come under observation later, which stand in where nobody is under observation yet.
    """

    tau: float
    states: int
    days: Floats
    observed: Bools
    entry: Floats  # -1 where a case is under observation from before 0
    times: Floats
    seen: Spells
    unseen: Spells

    @classmethod
    def of(cls, cohort: Cohort, spells: Spells, *, states: int, tau: float) -> Occupation:
        """Lays out a cohort."""
        late = np.zeros(cohort.n) if cohort.entry is None else cohort.entry
        end = np.minimum(cohort.days, tau)
        inside = np.concatenate([[0.0, tau], cohort.days[cohort.days < tau], late[late < tau]])
        return cls(
            tau=tau,
            states=states,
            days=cohort.days,
            observed=cohort.observed,
            entry=np.where(late > 0, late, -1.0),
            times=np.unique(inside),
            seen=spells.within(late, end),
            unseen=spells.within(np.zeros(cohort.n), np.minimum(end, late)),
        )

    @property
    def n(self) -> int:
        """How many cases there are."""
        return self.days.size

    def mean(self) -> Floats:
        """Gives the mean days in each state up to tau."""
        means: Floats = self.weighted(np.ones((self.n, 1)))[0][0]
        return means

    def resampled(self, person: Ints | None, draws: int, generator: np.random.Generator) -> tuple[Floats, Bools]:
        """Gives the mean days in each state, a row a draw, when cases (or persons with all their cases) are drawn with replacement.

        Also which draws are sound: a sample that ends before tau with cases still open has no restricted mean to tau.
        """
        of_case = None if person is None else np.unique(person, return_inverse=True)[1]
        units = self.n if of_case is None else int(of_case.max()) + 1
        width = max(self.n, self.times.size, self.seen.case.size)
        drawn = samples(np.ones(units, np.int64), draws, generator, width=width)
        parts = [self.weighted(counts if of_case is None else counts[of_case]) for counts in drawn]
        return np.concatenate([means for means, _ in parts]), np.concatenate([sound for _, sound in parts])

    def weighted(self, weights: Floats) -> tuple[Floats, Bools]:
        """Gives the mean days in each state, a row a sample, and which samples are sound.

        `weights` has a row a case and a column a sample: what is summed over cases or times is so summed for all samples at once.
        """
        after, waiting, curve, emptied = self._curve(weights)
        means = self._summed("seen", weights, _ratio(curve, after))
        gap = (after <= 0) & (curve > 0)
        if self.unseen.case.size and gap.any():
            means = means + self._summed("unseen", weights, np.where(gap, _ratio(curve, waiting), 0.0))
        return means, ~(_holding(gap & (waiting <= 0)) | emptied)

    def _curve(self, weights: Floats) -> tuple[Floats, Floats, Floats, Bools]:
        """Just after each time but tau: who is under observation, who comes later, and S; and where S is 0 while cases follow."""
        late = self.entry >= 0
        entering, ending, stopping = self._changes
        entered = entering @ weights if late.any() else np.zeros((1, weights.shape[1]))
        ended, stopped = ending @ weights, stopping @ weights
        after: Any = (~late).astype(np.float64) @ weights + np.cumsum(entered - ended, axis=0)
        waiting: Any = late.astype(np.float64) @ weights - np.cumsum(entered, axis=0)
        curve: Any = np.cumprod(1 - _ratio(stopped, after + ended - entered), axis=0)
        return after, waiting, curve, _holding((curve <= 0) & (after > 0))

    @cached_property
    def _changes(self) -> tuple[Any, Any, Any]:
        """Which cases enter, end and are observed to the end at each time but tau."""
        late, stopped = self.entry >= 0, self.observed
        return (
            self._at(self.entry[late], np.flatnonzero(late)),
            self._at(self.days, np.arange(self.n)),
            self._at(self.days[stopped], np.flatnonzero(stopped)),
        )

    @cached_property
    def _stays(self) -> dict[str, list[tuple[Any, Any]]]:
        """For each state who comes into it and goes from it within each step, and how much of the step they aren't or still are in it."""
        return {
            name: [self._stay(spells, spells.state == state) for state in range(self.states)]
            for name, spells in (("seen", self.seen), ("unseen", self.unseen))
        }

    def _stay(self, spells: Spells, those: Bools) -> tuple[Any, Any]:
        time = np.concatenate([spells.begin[those], spells.until[those]])
        case = np.tile(spells.case[those], 2)
        way = np.repeat([1.0, -1.0], time.size // 2)
        return self._at(time, case, way), self._at(time, case, way * (self.times[self._step(time)] - time))

    def _at(self, time: Floats, case: Ints, value: Floats | None = None) -> Any:
        """What cases do at some times before tau, as a sparse table with a row a step and a column a case."""
        from scipy.sparse import csr_array

        before = time < self.tau
        values = np.ones(time.size) if value is None else value
        return csr_array((values[before], (self._step(time[before]), case[before])), shape=(self.times.size - 1, self.n))

    def _step(self, time: Floats) -> Ints:
        """Which of the times is the last up to each of some others."""
        return np.searchsorted(self.times, time, side="right") - 1

    def _summed(self, which: Literal["seen", "unseen"], weights: Floats, rate: Floats) -> Floats:
        """For each sample the rate summed over the time that its cases spend in each state.

        Who comes into a state gains the rate over the rest of the step and all steps after it; who goes from it loses as much.
        """
        later: Any = np.cumsum((rate * np.diff(self.times)[:, None])[::-1], axis=0)[::-1]
        spent = (_product(moved @ weights, later) + _product(part @ weights, rate) for moved, part in self._stays[which])
        return np.stack([*spent], axis=1)


def _product(first: Floats, second: Floats) -> Floats:
    """The sum over the rows of the products of two tables, for each column."""
    summed: Floats = np.einsum("tk,tk->k", first, second)
    return summed


def _holding(table: Bools) -> Bools:
    """Which columns hold a true value; nearly always none does, which a glance at the whole table tells sooner."""
    if not table.any():
        return np.zeros(table.shape[1], np.bool_)
    columns: Bools = np.any(table, axis=0)
    return columns


def _ratio(part: Floats, whole: Floats) -> Floats:
    """The part of each whole, 0 where there is none."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
