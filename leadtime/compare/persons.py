"""Several cases of one person: tests that move a person's cases together, or whose error goes by person.

Source: DEFINITIONS 2.6; Lee, Wei & Amato (1992); the score residuals are those of R `residuals.coxph(type = "score")`.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from leadtime.compare.cohorts import Cohort, Pair
from leadtime.errors import NotEstimable
from leadtime.results import TestResult
from leadtime.survival.checks import sample_of
from leadtime.survival.risksets import RiskTable, nelson_aalen, risk_table

__all__ = ["clustered_log_rank", "permuted_log_rank"]

_CHUNK = 4_000_000  # numbers held at once
_CLOSE = 1e-9  # sums of the same scores in another order differ by rounding only

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def clustered_log_rank(pair: Pair) -> TestResult:
    """Tests the cohorts by the log-rank score with an error by person; scores add up over strata."""
    both, second = pair.together, np.repeat([False, True], [pair.before.n, pair.after.n])
    influence = np.zeros(both.n)
    for rows in _strata(both):
        influence[rows] = _score_residuals(both.take(rows), second[rows])
    sums = np.bincount(_persons(both), weights=influence)
    variance = float((sums**2).sum())
    if variance <= 0:
        raise NotEstimable("no event happened while both cohorts were at risk, so they can't be compared")
    statistic = float(influence.sum()) ** 2 / variance
    return TestResult(
        name="log-rank",
        statistic=statistic,
        p_value=math.erfc(math.sqrt(statistic / 2)),
        df=1,
        n=both.n,
        method=f"asymptotic chi-square, error by person ({sums.size} persons)",
        groups=tuple(pair.order),
    )


def permuted_log_rank(pair: Pair, *, seed: int, draws: int = 20_000) -> TestResult:
    """Tests the cohorts by log-rank scores over random shuffles of whole persons, some of whom have cases in both cohorts.

    A person's cases move together. Who has cases in both cohorts keeps cases in both: in half of the draws the two sides change about.
    Where nobody has, `survival.exact_log_rank` does the same, and exactly for few.
    """
    both, second = pair.together, np.repeat([False, True], [pair.before.n, pair.after.n])
    scores = np.zeros(both.n)
    for rows in _strata(both):
        scores[rows] = _scores(both.take(rows))
    person = _persons(both)
    total = np.bincount(person, weights=scores).astype(np.float64)
    inside = np.bincount(person, weights=np.where(second, scores, 0.0)).astype(np.float64)
    layer = np.zeros(total.size, np.int64)
    if both.stratum is not None:
        layer[person] = both.stratum  # a person's cases are in one stratum; where not, in the last one's
    some, every = np.bincount(person, weights=second), np.bincount(person)
    mixed = (some > 0) & (some < every)
    generator = np.random.default_rng(seed)
    sums, mean = _shuffled(total, some > 0, np.where(mixed, -1, layer), draws, generator)
    turned = generator.integers(0, 2, size=(draws, int(mixed.sum()))).astype(bool)
    sums = sums + np.where(turned, (total - inside)[mixed], inside[mixed]).sum(axis=1)
    mean += float(total[mixed].sum()) / 2
    observed, spread = float(inside.sum()), float(sums.std())
    if spread <= 0:
        raise NotEstimable("no event tells the cohorts apart: every shuffle of the persons gives the same sum of scores")
    count = int((np.abs(sums - mean) >= abs(observed - mean) - _CLOSE * spread).sum())
    return TestResult(
        name="permutation log-rank",
        statistic=(observed - mean) / spread,
        p_value=(count + 1) / (draws + 1),
        n=both.n,
        method=f"{draws} random shuffles of {total.size} persons",
        groups=tuple(pair.order),
        draws=draws,
        seed=seed,
    )


def _persons(both: Cohort) -> Ints:
    """Whose each case is, numbered from 0."""
    codes: Ints = np.arange(both.n) if both.person is None else np.unique(both.person, return_inverse=True)[1]
    return codes


def _strata(both: Cohort) -> list[Ints]:
    if both.stratum is None:
        return [np.arange(both.n)]
    return [np.flatnonzero(both.stratum == code) for code in np.unique(both.stratum)]


def _scores(cohort: Cohort) -> Floats:
    """Event minus cumulative hazard of each case (DEFINITIONS 3.6)."""
    table = risk_table(sample_of(cohort.days, cohort.observed))
    hazard = nelson_aalen(table.at_risk, table.events)
    scores: Floats = cohort.observed - hazard[np.searchsorted(table.time, cohort.days)]
    return scores


def _score_residuals(cohort: Cohort, second: Bools) -> Floats:
    """What each case adds to the second cohort's log-rank score: its own excess over the share at risk, less what it was exposed to."""
    table = risk_table(sample_of(cohort.days, cohort.observed, cohort.entry))
    at_risk = np.maximum(table.at_risk, 1)
    mean = _at_risk_at(cohort.take(second), table) / at_risk
    hazard = table.events / at_risk
    last = np.searchsorted(table.time, cohort.days)
    first = np.zeros(cohort.n, np.int64)
    if cohort.entry is not None:
        first = np.where(cohort.entry > 0, np.searchsorted(table.time, cohort.entry, side="right"), 0)

    def passed(each: Floats) -> Floats:
        sums = np.concatenate(([0.0], np.cumsum(each)))
        total: Floats = sums[last + 1] - sums[first]
        return total

    return np.where(cohort.observed, second - mean[last], 0.0) - (second * passed(hazard) - passed(hazard * mean))


def _at_risk_at(cohort: Cohort, table: RiskTable) -> Floats:
    gone = np.searchsorted(np.sort(cohort.days), table.time, side="left")
    late = np.zeros(0) if cohort.entry is None else np.sort(cohort.entry[cohort.entry > 0])
    counts: Floats = (cohort.n - gone - (late.size - np.searchsorted(late, table.time, side="left"))).astype(np.float64)
    return counts


def _shuffled(total: Floats, second: Bools, layer: Ints, draws: int, generator: np.random.Generator) -> tuple[Floats, float]:
    """The second cohort's sum of scores when persons change places within their layer (none in layer -1), and its mean."""
    sums, mean = np.zeros(draws), 0.0
    for code in np.unique(layer[layer >= 0]):
        mine = layer == code
        scores, chosen = total[mine], int(second[mine].sum())
        mean += chosen * float(scores.mean())
        step = max(1, _CHUNK // max(1, scores.size))
        for start in range(0, draws, step):
            rows = slice(start, min(draws, start + step))
            shuffled = generator.permuted(np.tile(scores, (rows.stop - rows.start, 1)), axis=1)
            sums[rows] += shuffled[:, :chosen].sum(axis=1)
    return sums, mean
