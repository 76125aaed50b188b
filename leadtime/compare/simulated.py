"""Many simulated pilots at once: their cases, Kaplan-Meier curves, medians, ratio and test, as arrays with a row a pilot.

The estimators are those of `leadtime.survival`, written for rows of cases of which no two end at one time; the tests hold both equal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from leadtime.durations import DAYS_PER_MONTH

__all__ = ["SPLITS", "Curves", "Floats", "Shape", "SimulatedCohort", "World", "common_horizon", "log_rank", "mover", "permutation"]

Shape = Literal["lognormal", "weibull"]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

AT_RISK = 5  # in each cohort at the horizon of the restricted means
SPLITS = 1999  # random splits of a permutation test here; `compare` takes 20,000, or all
_SHARED = 100  # pilots that share their splits: few enough that the splits' own chance averages out
_Z90 = 1.2815515655446004  # 90th percentile of a normal variable
_CLOSE = 1e-9  # sums of the same scores in another order differ by rounding only
_LEVEL = 1.5e-8  # within which a curve counts as being at one half


@dataclass(frozen=True)
class SimulatedCohort:
    """How one cohort comes about: its size, its true median, and how long its cases can be seen."""

    n: int
    median: float
    follow_up: float


@dataclass(frozen=True)
class World:
    """What both cohorts share; `leaving` is the chance a day to leave, of those who wait."""

    shape: Shape
    spread: float
    accrual: float
    leaving: float

    def draw(self, cohort: SimulatedCohort, draws: int, generator: np.random.Generator) -> Curves:
        """Simulated cohorts, a row each."""
        size = (draws, cohort.n)
        if self.shape == "lognormal":
            stop = cohort.median * np.exp(generator.standard_normal(size) * math.log(self.spread) / _Z90)
        else:
            power = math.log(math.log(10) / math.log(2)) / math.log(self.spread)
            stop = cohort.median * (generator.standard_exponential(size) / math.log(2)) ** (1 / power)
        seen = cohort.follow_up - self.accrual * generator.random(size)
        if self.leaving:
            seen = np.minimum(seen, generator.standard_exponential(size) / self.leaving)
        return Curves.of(np.minimum(stop, seen), stop <= seen)


@dataclass(frozen=True, eq=False)
class Curves:
    """Kaplan-Meier curves of many simulated cohorts at once: a row a cohort, its cases in order of time, no two at one time."""

    time: Floats
    observed: Bools
    at_risk: Floats
    survival: Floats

    @classmethod
    def of(cls, time: Floats, observed: Bools) -> Curves:
        """The curves of cohorts given in any order."""
        order = np.argsort(time, axis=1, kind="stable")
        events = np.take_along_axis(observed, order, axis=1)
        at_risk = np.arange(time.shape[1], 0, -1, dtype=np.float64)
        return cls(np.take_along_axis(time, order, axis=1), events, at_risk, np.cumprod(1 - events / at_risk, axis=1, dtype=np.float64))

    def medians(self, z: float) -> tuple[Floats, Floats, Floats]:
        """Median, lower and upper log-log limit of each curve, NaN where not reached (DEFINITIONS 3.2)."""
        spare = self.at_risk - self.observed
        with np.errstate(divide="ignore", invalid="ignore"):
            greenwood = np.cumsum(self.observed / (self.at_risk * spare), axis=1)
            reach = np.exp(z * np.sqrt(greenwood) / np.abs(np.log(self.survival)))
            limits = [np.where(self.survival == 1, 1.0, self.survival**power) for power in (reach, 1 / reach)]
        undefined = self.survival == 0
        curves = [self.survival, *(np.where(undefined, np.nan, limit) for limit in limits)]
        return tuple(_at_half(self.time, curve) for curve in curves)  # type: ignore[return-value]

    def horizon(self) -> Floats:
        """The largest whole month at which 5 are at risk, infinite where the curve has reached 0, NaN where there is none."""
        fifth = self.time[:, -AT_RISK] if self.time.shape[1] >= AT_RISK else np.zeros(len(self.time))
        months = np.floor(fifth / DAYS_PER_MONTH)
        return np.where(self.survival[:, -1] == 0, np.inf, np.where(months > 0, months * DAYS_PER_MONTH, np.nan))


def _at_half(time: Floats, curve: Floats) -> Floats:
    """Where each falling curve meets one half: the middle of a step that lies on it, NaN where not reached."""
    with np.errstate(invalid="ignore"):
        reached = curve <= 0.5 + _LEVEL
        first = reached.argmax(axis=1)
        rows = np.arange(len(curve))
        below = curve < curve[rows, first][:, None]
        on_step = (np.abs(curve[rows, first] - 0.5) <= _LEVEL) & below.any(axis=1)
    value = np.where(on_step, (time[rows, first] + time[rows, below.argmax(axis=1)]) / 2, time[rows, first])
    return np.where(reached[rows, first], value, np.nan)


def mover(before: tuple[Floats, Floats, Floats], after: tuple[Floats, Floats, Floats]) -> tuple[Floats, Floats]:
    """Limits of the ratio of medians, NaN where open (DEFINITIONS 3.5)."""
    (m0, l0, u0), (m1, l1, u1) = before, after
    lower = np.exp(np.log(m1 / m0) - np.hypot(np.log(m1 / l1), np.log(u0 / m0)))
    upper = np.exp(np.log(m1 / m0) + np.hypot(np.log(u1 / m1), np.log(m0 / l0)))
    return lower, upper


def common_horizon(first: Curves, second: Curves, horizon: float | None) -> Floats:
    """One tau for each pilot: what was asked for where both curves reach it, else the default; NaN where there is none."""
    last = np.stack([np.where(curves.survival[:, -1] == 0, np.inf, curves.time[:, -1]) for curves in (first, second)]).min(axis=0)
    if horizon is not None:
        return np.where(last >= horizon, horizon, np.nan)
    both = np.minimum(first.horizon(), second.horizon())  # NaN of either stays
    longest = np.maximum(first.time[:, -1], second.time[:, -1])
    return np.where(np.isinf(both), np.ceil(np.maximum(longest, 1.0) / DAYS_PER_MONTH) * DAYS_PER_MONTH, both)


def _pooled(first: Curves, second: Curves) -> tuple[Curves, npt.NDArray[np.intp]]:
    """Both cohorts of each pilot in one curve, and where each case of it comes from: below n of the first, the first."""
    time = np.concatenate([first.time, second.time], axis=1)
    observed = np.concatenate([first.observed, second.observed], axis=1)
    return Curves.of(time, observed), np.argsort(time, axis=1, kind="stable")


def permutation(first: Curves, second: Curves, generator: np.random.Generator) -> Floats:
    """The p of the log-rank scores over random splits of the cases (DEFINITIONS 3.6)."""
    both, origin = _pooled(first, second)
    scores: Floats = both.observed - np.cumsum(both.observed / both.at_risk, axis=1)
    in_second = origin >= first.time.shape[1]
    n, chosen = scores.shape[1], second.time.shape[1]
    mean = chosen * scores.mean(axis=1)
    spread = np.sqrt(chosen * (n - chosen) / n * scores.var(axis=1, ddof=1))
    found = np.abs((scores * in_second).sum(axis=1) - mean) - _CLOSE * spread
    labels = np.tile(np.arange(n) < chosen, (SPLITS, 1)).astype(np.float64)
    counts = np.empty(len(scores))
    for at in range(0, len(scores), _SHARED):
        rows, splits = slice(at, at + _SHARED), generator.permuted(labels, axis=1)
        counts[rows] = (np.abs(scores[rows] @ splits.T - mean[rows, None]) >= found[rows, None]).sum(axis=1)
    return np.where(spread > 0, (counts + 1) / (SPLITS + 1), 1.0)


def log_rank(first: Curves, second: Curves) -> Floats:
    """The p of the asymptotic log-rank test; no two cases end at one time."""
    from scipy.special import erfc

    both, origin = _pooled(first, second)
    in_second = origin >= first.time.shape[1]
    share = np.cumsum(in_second[:, ::-1], axis=1)[:, ::-1] / both.at_risk
    difference = (both.observed * (in_second - share)).sum(axis=1)
    variance = (both.observed * share * (1 - share)).sum(axis=1)
    z = np.divide(difference, np.sqrt(variance), out=np.zeros_like(difference), where=variance > 0)
    p: Any = erfc(np.abs(z) / math.sqrt(2))
    return p  # type: ignore[no-any-return]
