"""How long the cases of a cohort are in each of several states up to a horizon, with unfinished cases counted; and the same resampled.

The mean time in state j up to tau is the integral of S(t) Y_j(t) / Y(t): of the share still open, the part that is in the state among
those under observation. As S / Y depends on the ends of the cases only, it is summed once over time; each spell of a case then adds
its stretch of that sum. So the states add up to the restricted mean, and thousands of weighted samples are a few array operations.

Source: DEFINITIONS 4.8; risk sets as in 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from leadtime.compare.cohorts import Cohort

__all__ = ["Occupation", "Spells"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_CHUNK = 1_000_000  # numbers held at once, few enough for the processor to hold them near


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
        means: Floats = self.weighted(np.ones((1, self.n)))[0][0]
        return means

    def resampled(self, person: Ints | None, draws: int, generator: np.random.Generator) -> tuple[Floats, Bools]:
        """Gives the mean days in each state, a row a draw, when cases (or persons with all their cases) are drawn with replacement.

        Also which draws are sound: a sample that ends before tau with cases still open has no restricted mean to tau.
        """
        of_case = np.arange(self.n) if person is None else np.unique(person, return_inverse=True)[1]
        units = int(of_case.max()) + 1
        parts = [self.weighted(weights[:, of_case].astype(np.float64)) for weights in _drawn(units, draws, self._width, generator)]
        return np.concatenate([means for means, _ in parts]), np.concatenate([sound for _, sound in parts])

    @property
    def _width(self) -> int:
        return max(self.n, self.times.size, self.seen.case.size)

    def weighted(self, weights: Floats) -> tuple[Floats, Bools]:
        """Gives the mean days in each state for each row of weights (a column a case), and which rows are sound."""
        steps = self.times[:-1]
        after, waiting, curve, emptied = self._curve(weights)
        lengths = np.diff(self.times)
        rate = np.divide(curve, after, out=np.zeros_like(curve), where=after > 0)
        means = self._summed("seen", weights, rate, lengths)
        gap = (after <= 0) & (curve > 0)
        if self.unseen.case.size and gap.any():
            stand_in = np.divide(curve, waiting, out=np.zeros_like(curve), where=gap & (waiting > 0))
            means = means + self._summed("unseen", weights, stand_in, lengths)
        dead_end = gap & (waiting <= 0)
        return means, ~(dead_end.any(axis=1) | emptied) if steps.size else np.ones(len(weights), bool)

    def _curve(self, weights: Floats) -> tuple[Floats, Floats, Floats, Bools]:
        """Just after each time but tau: who is under observation, who comes later, and S; and where S is 0 while cases follow."""
        by_end, by_entry, by_stop = self._orders
        ends, entries, stops = by_end.summed(weights), by_entry.summed(weights), by_stop.summed(weights[:, self.observed])
        after = entries[:, by_entry.up_to] - ends[:, by_end.up_to]
        at_risk = entries[:, by_entry.before] - ends[:, by_end.before]
        stopped = stops[:, by_stop.up_to] - stops[:, by_stop.before]
        share = np.divide(stopped, at_risk, out=np.zeros_like(stopped), where=at_risk > 0)
        curve = np.cumprod(1 - share, axis=1)
        waiting = entries[:, -1:] - entries[:, by_entry.up_to]
        emptied: Bools = np.any((curve <= 0) & (after > 0), axis=1)
        return after, waiting, curve, emptied

    @cached_property
    def _orders(self) -> tuple[_Order, _Order, _Order]:
        """The cases by their end, by their entry, and those observed to the end by it."""
        at = self.times[:-1]
        return _Order.of(self.days, at), _Order.of(self.entry, at), _Order.of(self.days[self.observed], at)

    @cached_property
    def _places(self) -> dict[str, tuple[Ints, Floats]]:
        """Where the begins and ends of spells lie among the times, and how far past the one before."""
        moments = {
            "seen begin": self.seen.begin, "seen until": self.seen.until,
            "unseen begin": self.unseen.begin, "unseen until": self.unseen.until,
        }  # fmt: skip
        places = {name: np.searchsorted(self.times, time, side="right") - 1 for name, time in moments.items()}
        return {name: (place, moments[name] - self.times[place]) for name, place in places.items()}

    def _summed(self, which: Literal["seen", "unseen"], weights: Floats, rate: Floats, lengths: Floats) -> Floats:
        """For each row the stretches of the summed rate that its spells cover, by state."""
        spells = self.seen if which == "seen" else self.unseen
        summed = np.concatenate([np.zeros((len(rate), 1)), np.cumsum(rate * lengths, axis=1)], axis=1)
        slope = np.concatenate([rate, np.zeros((len(rate), 1))], axis=1)  # nothing is summed past tau

        def at(moment: str) -> Floats:
            place, past = self._places[f"{which} {moment}"]
            value: Floats = summed[:, place] + slope[:, place] * past
            return value

        stretches = weights[:, spells.case] * (at("until") - at("begin"))
        return np.stack([stretches[:, spells.state == state].sum(axis=1) for state in range(self.states)], axis=1)


@dataclass(frozen=True, eq=False)
class _Order:
    """Cases in the order of one of their times, and how many of them lie before and up to each of some moments."""

    order: Ints
    before: Ints
    up_to: Ints

    @classmethod
    def of(cls, time: Floats, at: Floats) -> _Order:
        order = np.argsort(time, kind="stable")
        ordered = time[order]
        return cls(order, np.searchsorted(ordered, at, side="left"), np.searchsorted(ordered, at, side="right"))

    def summed(self, weights: Floats) -> Floats:
        """The weights of the first cases in this order, none to all of them; a row a sample."""
        return np.concatenate([np.zeros((len(weights), 1)), np.cumsum(weights[:, self.order], axis=1)], axis=1)


def _drawn(units: int, draws: int, width: int, generator: np.random.Generator) -> Iterator[Ints]:
    """How often each unit is drawn, a row a draw, in parts that fit into memory."""
    step = max(1, _CHUNK // max(1, width))
    for start in range(0, draws, step):
        yield generator.multinomial(units, np.full(units, 1 / units), size=min(step, draws - start))
