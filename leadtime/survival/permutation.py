"""Permutation tests of two groups: the log-rank test over all splits, and the studentised restricted mean."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from leadtime.errors import NotEstimable
from leadtime.results import TestResult
from leadtime.survival.checks import Array, Bools, Floats, Ints, Sample, check_draws, codes_of, sample_of, two_groups
from leadtime.survival.curve import curves_by_group
from leadtime.survival.restricted import check_common_tau
from leadtime.survival.risksets import nelson_aalen, risk_table

__all__ = ["exact_log_rank", "restricted_mean_permutation"]

_MOST_SPLITS = 2_000_000
_CHUNK = 4_000_000  # numbers held at once
_CLOSE = 1e-9  # sums of the same scores in another order differ by rounding only


@dataclass(frozen=True)
class _Stratum:
    """Scores of the cases of one stratum, and how many of them are in the second group."""

    scores: Floats
    chosen: int

    @property
    def splits(self) -> int:
        return math.comb(self.scores.size, self.chosen)

    @property
    def mean(self) -> float:
        return float(self.chosen * self.scores.mean())

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

    Returns:
        Two-sided p, exact up to 2 million splits (`draws` is None) and (count + 1) / (draws + 1) above; the statistic is the
        second group's standardised sum of scores, positive where it ends sooner.

    Raises:
        NotEstimable: one group, or no event.
        UsageError, InputError: as `kaplan_meier`.

    Source: DEFINITIONS 3.6; scores event - Nelson-Aalen, pooled, ties together; Hothorn et al. (2006); equals R coin's `logrank_test`.

    >>> exact_log_rank([1, 2, 3, 4, 6, 8], [1, 1, 1, 1, 1, 0], ["a", "a", "a", "b", "b", "b"]).p_value
    0.1
    """
    check_draws(draws)
    sample = sample_of(durations, observed)
    groups = two_groups(group, sample.n, order)
    parts = _strata(sample, groups.code, strata)
    total = sum(float(_scores(sample.take(rows))[groups.code[rows] == 1].sum()) for rows, _ in parts)
    layers = [stratum for _, stratum in parts]
    mean, variance = sum(part.mean for part in layers), sum(part.variance for part in layers)
    if variance <= 0:
        raise NotEstimable("no event tells the groups apart: every split of the cases gives the same sum of scores")
    extreme = abs(total - mean) - _CLOSE * math.sqrt(variance)
    splits = math.prod(part.splits for part in layers)
    if splits <= _MOST_SPLITS:
        p_value, used, method = float(np.mean(np.abs(_all_sums(layers) - mean) >= extreme)), None, f"exact, all {splits} splits"
    else:
        sums = _drawn_sums(layers, draws, np.random.default_rng(seed))
        p_value, used, method = (int((np.abs(sums - mean) >= extreme).sum()) + 1) / (draws + 1), draws, f"{draws} random splits"
    return TestResult(
        name="permutation log-rank",
        statistic=(total - mean) / math.sqrt(variance),
        p_value=p_value,
        n=sample.n,
        method=method,
        groups=groups.names,
        draws=used,
        seed=None if used is None else seed,
    )


def _scores(sample: Sample) -> Floats:
    """Event minus cumulative hazard: how much sooner than expected each case ended."""
    table = risk_table(sample)
    hazard = nelson_aalen(table.at_risk, table.events)
    scores: Floats = sample.observed - hazard[np.searchsorted(table.time, sample.time)]
    return scores


def _strata(sample: Sample, code: Ints, strata: Sequence[Any] | npt.ArrayLike | None) -> list[tuple[Array, _Stratum]]:
    """Rows and scores of each stratum."""
    layer = np.zeros(sample.n, np.int64) if strata is None else codes_of(strata, sample.n, "strata")[0]
    rows = [np.flatnonzero(layer == number) for number in range(int(layer.max()) + 1)]
    return [(chosen, _Stratum(_scores(sample.take(chosen)), int((code[chosen] == 1).sum()))) for chosen in rows]


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
    tables[0][0] = 0.0
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
        for rows in _chunks(draws, part.scores.size):
            shuffled = generator.permuted(np.tile(part.scores, (rows.stop - rows.start, 1)), axis=1)
            sums[rows] += shuffled[:, : part.chosen].sum(axis=1)
    return sums


def _chunks(draws: int, width: int) -> Iterator[slice]:
    """The draws in portions that fit into memory."""
    step = max(1, _CHUNK // max(1, width))
    for start in range(0, draws, step):
        yield slice(start, min(draws, start + step))


def restricted_mean_permutation(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    *,
    tau: float | Literal["last"],
    seed: int = 0,
    draws: int = 20_000,
    order: Sequence[Any] | None = None,
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

    Returns:
        Two-sided p, (count + 1) / (draws + 1) for random splits; the statistic is the second group's mean minus the first's,
        divided by its standard error.

    Raises:
        NotEstimable: one group, or tau past a group's last time while its curve is above 0, or no event before tau.
        UsageError, InputError: as `kaplan_meier`.

    Source: DEFINITIONS 3.6; Ditzhaus, Yu & Xu (2023), Studentized permutation method for comparing two restricted mean survival times.

    >>> result = restricted_mean_permutation([1, 2, 3, 4, 6, 8], [1, 1, 1, 1, 1, 1], ["a"] * 3 + ["b"] * 3, tau=6)
    >>> result.p_value, result.method
    (0.1, 'studentised, all 20 splits')
    """
    check_draws(draws)
    sample = sample_of(durations, observed)
    groups = two_groups(group, sample.n, order)
    end = check_common_tau(curves_by_group(sample, groups), groups, tau)
    pooled = _Pooled.of(sample, end)
    second = groups.code[pooled.order] == 1
    statistic = float(pooled.studentised(second[None, :])[0])
    if not np.isfinite(statistic) or not (sample.observed & (sample.time < end)).any():
        raise NotEstimable(f"the restricted means up to {end:g} have no error to measure their difference by; too few events before it")
    extreme = abs(statistic) * (1 - _CLOSE)
    splits = math.comb(sample.n, int(second.sum()))
    masks = _all_masks(sample.n, int(second.sum())) if splits <= draws else _drawn_masks(second, draws, np.random.default_rng(seed))
    count = sum(int((np.abs(pooled.studentised(mask)) >= extreme).sum()) for mask in masks)
    return TestResult(
        name="permutation of the restricted mean",
        statistic=statistic,
        p_value=count / splits if splits <= draws else (count + 1) / (draws + 1),
        n=sample.n,
        method=f"studentised, all {splits} splits" if splits <= draws else f"studentised, {draws} random splits",
        groups=groups.names,
        draws=None if splits <= draws else draws,
        seed=None if splits <= draws else seed,
    )


@dataclass(frozen=True, eq=False)
class _Pooled:
    """All cases in order of time, ready for the restricted means of many splits at once."""

    order: Array
    observed: Bools
    starts: Array  # first case of each distinct time
    widths: Floats  # from each distinct time to the next, and to tau; 0 past tau
    first: float  # from 0 to the first time, at most to tau
    before_tau: Bools

    @classmethod
    def of(cls, sample: Sample, tau: float) -> _Pooled:
        order = np.argsort(sample.time, kind="stable")
        times, starts = np.unique(sample.time[order], return_index=True)
        edges = np.minimum(np.append(times, np.inf).astype(np.float64), tau)
        return cls(order, sample.observed[order], starts, np.diff(edges), float(edges[0]), times <= tau)

    def studentised(self, second: Bools) -> Floats:
        """The difference over its error for each row of a matrix that says which cases are in the second group."""
        above, error_above = self._means(second)
        below, error_below = self._means(~second)
        difference, variance = above - below, error_above + error_below
        small = 1e-12 * max(1.0, self.first + float(self.widths.sum()))
        flat = np.where(np.abs(difference) > small, np.copysign(np.inf, difference), 0.0)
        return np.divide(difference, np.sqrt(variance), out=flat, where=variance > 0)

    def _means(self, chosen: Bools) -> tuple[Floats, Floats]:
        leaving = np.add.reduceat(chosen, self.starts, axis=1, dtype=np.float64)
        d = np.add.reduceat(chosen & self.observed, self.starts, axis=1, dtype=np.float64)
        n = np.cumsum(leaving[:, ::-1], axis=1)[:, ::-1]
        some = np.where(n > 0, n, 1.0)
        areas = np.cumprod(1 - d / some, axis=1) * self.widths
        after = np.cumsum(areas[:, ::-1], axis=1)[:, ::-1]
        terms = np.divide(d, n * (n - d), out=np.zeros_like(n), where=(n > d) & self.before_tau)
        return self.first + after[:, 0], (after**2 * terms).sum(axis=1)


def _all_masks(n: int, chosen: int) -> Iterator[Bools]:
    picks = np.array(list(combinations(range(n), chosen)), np.int64)
    for rows in _chunks(len(picks), n):
        mask = np.zeros((rows.stop - rows.start, n), np.bool_)
        np.put_along_axis(mask, picks[rows], True, axis=1)  # noqa: FBT003 - numpy's own signature
        yield mask


def _drawn_masks(second: Bools, draws: int, generator: np.random.Generator) -> Iterator[Bools]:
    for rows in _chunks(draws, second.size):
        yield generator.permuted(np.tile(second, (rows.stop - rows.start, 1)), axis=1)
