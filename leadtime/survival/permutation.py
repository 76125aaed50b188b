"""Permutation tests of two groups: the log-rank test over all splits, and the studentised restricted mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from leadtime.errors import NotEstimable
from leadtime.results import TestResult
from leadtime.survival.checks import Floats, Groups, Sample, check_draws, check_some_observed, sample_of, strata_of, two_groups
from leadtime.survival.contrasts import Scale, arms_of, studentised
from leadtime.survival.logrank import Weights, check_scheme, name_of, weight_at
from leadtime.survival.risksets import nelson_aalen, risk_table
from leadtime.survival.splits import Pooled, chunks, units_of

__all__ = ["exact_log_rank", "restricted_mean_permutation"]

_MOST_SPLITS = 2_000_000
_CLOSE = 1e-9  # sums of the same scores in another order differ by rounding only


@dataclass(frozen=True)
class _Stratum:
    """Scores of the cases or persons of one stratum, how many of them are in the second group, and the sum of theirs.

    All scores of a stratum add up to 0, so that the mean of the second group's sum over all splits is 0 too.
    """

    scores: Floats
    chosen: int
    total: float

    @property
    def splits(self) -> int:
        return math.comb(self.scores.size, self.chosen)

    @property
    def variance(self) -> float:
        n = self.scores.size
        return float(self.chosen * (n - self.chosen) / n * self.scores.var(ddof=1)) if n > 1 else 0.0


def exact_log_rank(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    *,
    seed: int = 0,
    order: Sequence[Any] | None = None,
    draws: int = 20_000,
    strata: Sequence[Any] | npt.ArrayLike | None = None,
    rho: float = 0,
    gamma: float = 0,
    weights: Weights = "fleming-harrington",
    cluster: Sequence[Any] | npt.ArrayLike | None = None,
) -> TestResult:
    """Tests two groups by the log-rank scores over all ways to split the cases, or over random splits.

    Args:
        durations: as in `kaplan_meier`.
        observed: as in `kaplan_meier`.
        group: one label a case, two labels in all.
        seed: seed of the random splits.
        order: the two labels, the reference first.
        draws: how many random splits are drawn where there are more than 2 million.
        strata: one label a case; cases change places within their stratum only, scores are made within it.
        rho: as in `log_rank`.
        gamma: as in `log_rank`.
        weights: as in `log_rank`.
        cluster: one label a case saying whose it is; persons then change places, each with the sum of its cases' scores.

    Returns:
        Two-sided p, exact up to 2 million splits (`draws` is None) and (count + 1) / (draws + 1) above; the statistic is the
        second group's standardised sum of scores, positive where it ends sooner.

    Raises:
        NotEstimable: one group, a stratum with one group, or all censored.
        UsageError, InputError: as `kaplan_meier`; a person's cases are in both groups.

    Source: DEFINITIONS 3.6; scores event - Nelson-Aalen, pooled, ties together; Hothorn et al. (2006); equals R coin's `logrank_test`.

    >>> exact_log_rank([1, 2, 3, 4, 6, 8], [1, 1, 1, 1, 1, 0], ["a", "a", "a", "b", "b", "b"]).p_value
    0.1
    """
    check_draws(draws)
    check_scheme(rho, gamma, weights)
    sample = sample_of(durations, observed)
    groups = two_groups(group, sample.n, order)
    check_some_observed(sample)
    layers = _layers(sample, groups, strata, cluster, (weights, rho, gamma))
    total, variance = (sum(getattr(part, figure) for part in layers) for figure in ("total", "variance"))
    if variance <= 0:
        raise NotEstimable("no event tells the groups apart: every split of the cases gives the same sum of scores")
    extreme = abs(total) - _CLOSE * math.sqrt(variance)
    splits = math.prod(part.splits for part in layers)
    if splits <= _MOST_SPLITS:
        p_value, used, method = float(np.mean(np.abs(_all_sums(layers)) >= extreme)), None, f"exact, all {splits} splits"
    else:
        sums = _drawn_sums(layers, draws, np.random.default_rng(seed))
        p_value, used, method = (int((np.abs(sums) >= extreme).sum()) + 1) / (draws + 1), draws, f"{draws} random splits"
    return TestResult(
        name=f"permutation {name_of(weights, rho, gamma)}",
        statistic=total / math.sqrt(variance),
        p_value=p_value,
        n=sample.n,
        method=method,
        groups=groups.names,
        draws=used,
        seed=None if used is None else seed,
    )


def _layers(
    sample: Sample,
    groups: Groups,
    strata: Sequence[Any] | npt.ArrayLike | None,
    cluster: Sequence[Any] | npt.ArrayLike | None,
    scheme: tuple[str, float, float],
) -> list[_Stratum]:
    """The scores of each stratum, one a case or one a person."""
    layer = np.zeros(sample.n, np.int64)
    rows_of = strata_of(strata, groups)
    for number, rows in enumerate(rows_of):
        layer[rows] = number
    unit, place = units_of(cluster, 2 * layer + groups.code, "group or stratum")
    scores = np.empty(sample.n)
    for rows in rows_of:
        scores[rows] = _scores(sample.take(rows), scheme)
    summed = np.bincount(unit, weights=scores)
    parts = []
    for number in range(len(rows_of)):
        second = place[place // 2 == number] % 2 == 1
        own = summed[place // 2 == number]
        parts.append(_Stratum(own, int(second.sum()), float(own[second].sum())))
    return parts


def _scores(sample: Sample, scheme: tuple[str, float, float]) -> Floats:
    """Weighted event minus weighted cumulative hazard: how much sooner than expected each case ended."""
    table = risk_table(sample)
    weight = weight_at(*table.floats(), scheme)
    hazard = nelson_aalen(table.at_risk, weight * table.events)
    place = np.searchsorted(table.time, sample.time)
    scores: Floats = np.where(sample.observed, weight[place], 0.0) - hazard[place]
    return scores


def _all_sums(layers: list[_Stratum]) -> Floats:
    """The second group's sum of scores in every split."""
    sums = np.zeros(1)
    for part in layers:
        sums = (sums[:, None] + _subset_sums(part.scores, part.chosen)[None, :]).ravel()
    return sums


def _subset_sums(scores: Floats, chosen: int) -> Floats:
    """Sums of all subsets of a size, built case by case; the smaller side is built, the other is its complement."""
    n = scores.size
    if 2 * chosen > n:
        return float(scores.sum()) - _subset_sums(scores, n - chosen)
    if chosen == 0:
        return np.zeros(1)
    tables = [np.empty(math.comb(n, size)) for size in range(chosen + 1)]
    tables[1][:] = scores
    for case in range(1, n):
        for size in range(2, min(case + 1, chosen) + 1):
            done, more = math.comb(case, size), math.comb(case, size - 1)
            tables[size][done : done + more] = tables[size - 1][:more] + scores[case]
    return tables[chosen]


def _drawn_sums(layers: list[_Stratum], draws: int, generator: np.random.Generator) -> Floats:
    """The second group's sum of scores in random splits."""
    sums = np.zeros(draws)
    for part in layers:
        for rows in chunks(draws, part.scores.size):
            shuffled = generator.permuted(np.tile(part.scores, (rows.stop - rows.start, 1)), axis=1)
            sums[rows] += shuffled[:, : part.chosen].sum(axis=1)
    return sums


def restricted_mean_permutation(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    *,
    tau: float | Literal["last"],
    seed: int = 0,
    draws: int = 20_000,
    order: Sequence[Any] | None = None,
    cluster: Sequence[Any] | npt.ArrayLike | None = None,
) -> TestResult:
    """Tests the difference of restricted means, studentised, over splits of the cases.

    A split in which tau lies past a part's follow-up keeps that part's curve at its last value up to tau. The statistic is then
    defined for every split, so the test stays exact where the groups are exchangeable; for the observed split tau past the
    follow-up is refused. A split with a difference but no error at all counts as extreme.

    Args:
        durations: as in `kaplan_meier`.
        observed: as in `kaplan_meier`.
        group: one label a case, two labels in all.
        tau: as in `restricted_mean_difference`, the same for every split.
        seed: seed of the random splits.
        draws: how many random splits; where there are no more splits than that, all are taken.
        order: the two labels, the reference first.
        cluster: one label a case saying whose it is; persons then change places, not cases.

    Returns:
        Two-sided p, (count + 1) / (draws + 1) for random splits; the statistic is the second group's mean minus the first's,
        divided by its standard error.

    Raises:
        NotEstimable: one group, or tau past a group's last time while its curve is above 0, or no event before tau.
        UsageError, InputError: as `kaplan_meier`.

    Source: DEFINITIONS 3.6; Ditzhaus, Yu & Xu (2023), Statistics in Medicine 42:2226.

    >>> result = restricted_mean_permutation([1, 2, 3, 4, 6, 8], [1, 1, 1, 1, 1, 1], ["a"] * 3 + ["b"] * 3, tau=6)
    >>> result.p_value, result.method
    (0.1, 'studentised, all 20 splits')
    """
    arms = arms_of(durations, observed, group, tau=tau, order=order, cluster=cluster)
    splits, pooled, scale = arms.splits(seed, draws), Pooled.of(arms.sample, arms.tau), Scale(lost=False, ratio=False)
    statistic = float(studentised(pooled, (arms.groups.code == 1)[None, :], scale)[0])
    if not math.isfinite(statistic):
        raise NotEstimable(
            f"the restricted means up to {arms.tau:g} have no error to measure their difference by; too few events before it"
        )
    statistics = np.concatenate([studentised(pooled, mask, scale) for mask in splits.masks()])
    return TestResult(
        name="permutation of the restricted mean",
        statistic=statistic,
        p_value=splits.p_value(statistics, statistic),
        n=arms.sample.n,
        method=f"studentised, all {splits.number} splits" if splits.exact else f"studentised, {draws} random splits",
        groups=arms.groups.names,
        draws=None if splits.exact else draws,
        seed=None if splits.exact else seed,
    )
