"""Two groups of ended cases compared by rank: who is shorter, how often, and by how much."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from leadtime.errors import NotEstimable, counted
from leadtime.results import Estimate, Result, Table, TestResult
from leadtime.survival.checks import Array, Floats, Ints, check_confidence, sample_of, two_groups
from leadtime.survival.limits import z_value

__all__ = ["MannWhitney", "hodges_lehmann", "mann_whitney"]

_MOST_WORK = 100_000_000  # cells of the exact distribution's table that are worth a wait of a second
_PAIRS = 1_000_000  # so many differences are held at once
_EXACT_BELOW = 50  # R's bound for the exact interval of a shift


@dataclass(frozen=True)
class MannWhitney(Result):
    """The Mann-Whitney test with its effects; made by `mann_whitney`.

    `probability_shorter`: the chance that a case of the second group is shorter than one of the first, ties halved (the probability of
    superiority). `cliffs_delta`: the chance that it is longer less the chance that it is shorter, negative where the second is quicker.
    """

    test: TestResult
    probability_shorter: Estimate
    cliffs_delta: Estimate

    @property
    def p_value(self) -> float | None:
        """The test's two-sided p."""
        return self.test.p_value

    @property
    def statistic(self) -> float | None:
        """U of the second group: in how many pairs it is the longer, ties halved."""
        return self.test.statistic

    def _table(self) -> Table:
        rows = []
        for name, effect in (("probability_shorter", self.probability_shorter), ("cliffs_delta", self.cliffs_delta)):
            rows.append((name, effect.value, effect.lower, effect.upper, self.p_value, self.test.method, self.test.n))
        return Table("mann_whitney", ("effect", "value", "lower", "upper", "p_value", "method", "n"), tuple(rows))

    def __str__(self) -> str:
        return f"{self.test}; the second group is shorter with probability {self.probability_shorter}"


@dataclass(frozen=True, eq=False)
class _Pair:
    """The durations of the first group and of the second, each in ascending order."""

    first: Array
    second: Array
    names: tuple[str, ...]

    @property
    def n(self) -> int:
        return int(self.first.size + self.second.size)

    @property
    def pairs(self) -> int:
        return int(self.first.size * self.second.size)

    @property
    def longer(self) -> float:
        """In how many pairs the second group's is the longer, ties halved."""
        below = np.searchsorted(self.first, self.second, side="left").sum(dtype=np.int64)
        upto = np.searchsorted(self.first, self.second, side="right").sum(dtype=np.int64)
        return float(below + upto) / 2


def mann_whitney(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    *,
    order: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> MannWhitney:
    """Tests by rank whether cases of one group tend to last longer, and says how often they do.

    Args:
        durations: as in `kaplan_meier`.
        observed: True for every case: ranks know no censoring.
        group: one label a case, two labels in all.
        order: the two labels, the reference first; None for the order of first appearance.
        confidence: level of the intervals.

    Returns:
        The test, exact by the permutation distribution of the midranks up to some hundred cases and by the normal distribution above
        (tie-corrected, with continuity correction); with it the probability of superiority and Cliff's delta.

    Raises:
        NotEstimable: one group, cases that are still open, or all durations alike.
        UsageError, InputError: as `kaplan_meier`.

    Source: Mann & Whitney (1947); exact with ties as R coin's `wilcox_test`, two-sided by the distance from the mean; intervals by Newcombe
        (2006), Statistics in Medicine 25:559, method 5; Cliff (1993).

    >>> result = mann_whitney([4, 6, 6, 8, 1, 2, 3, 6], [1] * 8, ["before"] * 4 + ["after"] * 4)
    >>> result.statistic, round(result.p_value, 4), result.probability_shorter.value, result.cliffs_delta.value
    (2.0, 0.1143, 0.875, -0.75)
    """
    check_confidence(confidence)
    pair = _complete(durations, observed, group, order)
    merged = np.concatenate((pair.first, pair.second))
    _, place, ties = np.unique(merged, return_inverse=True, return_counts=True)
    if ties.size == 1:
        raise NotEstimable(f"durations are all {merged[0]}, so no ranks tell the groups apart")
    ranks = (2 * np.cumsum(ties) - ties + 1)[place]  # midranks, doubled so that they are whole
    longer = pair.longer
    exact = _exact_p(ranks, pair) if pair.n * min(pair.first.size, pair.second.size) * int(ranks.sum()) / 2 <= _MOST_WORK else None
    p_value = _normal_p(longer, pair, ties) if exact is None else exact
    method = "asymptotic normal, corrected for ties and continuity" if exact is None else "exact, by midranks"
    test = TestResult("Mann-Whitney", longer, p_value, n=pair.n, method=method, groups=pair.names)
    chance = 1 - longer / pair.pairs
    lower, upper = _chance_limits(chance, pair, confidence)
    shorter = Estimate(chance, lower, upper, None, confidence, "newcombe", pair.n)
    return MannWhitney(test, shorter, Estimate(1 - 2 * chance, 1 - 2 * upper, 1 - 2 * lower, None, confidence, "newcombe", pair.n))


def hodges_lehmann(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    *,
    order: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Estimates by how much the second group's durations are shifted against the first's: the median of all differences.

    It isn't the difference of the medians. The interval assumes that the two distributions differ by a shift only.

    Args:
        durations: as in `kaplan_meier`.
        observed: True for every case: ranks know no censoring.
        group: one label a case, two labels in all.
        order: the two labels, the reference first; None for the order of first appearance.
        confidence: level of the interval.

    Returns:
        Estimate in the unit of the durations, negative where the second group is quicker. The interval is that of the exact rank test
        where each group has under 50 cases and no duration occurs twice, else that of its normal approximation.

    Raises:
        NotEstimable: one group, or cases that are still open.
        UsageError, InputError: as `kaplan_meier`.

    Source: Hodges & Lehmann (1963); interval as R `wilcox.test(conf.int = TRUE)`, whose asymptotic limits are these to its tolerance.

    >>> before, after = [30, 80, 95, 100, 120, 150], [20, 35, 60, 70, 88, 131]
    >>> print(hodges_lehmann(before + after, [1] * 12, ["before"] * 6 + ["after"] * 6))
    -31 (95 % exact rank interval -80 to 31; n = 12)
    """
    check_confidence(confidence)
    pair = _complete(durations, observed, group, order)
    tied = np.unique(np.concatenate((pair.first, pair.second))).size < pair.n
    exact = not tied and max(pair.first.size, pair.second.size) < _EXACT_BELOW
    place, level = _exact_place(pair, confidence) if exact else (_normal_place(pair, confidence), confidence)
    middle = (pair.pairs + 1) // 2, pair.pairs // 2 + 1
    value = sum(_difference(pair, each) for each in middle) / 2
    lower, upper = _difference(pair, place), _difference(pair, pair.pairs + 1 - place)
    note = f"the widest interval of so few cases, short of {100 * confidence:g} %" if level < confidence else ""
    return Estimate(value, lower, upper, None, level, "exact rank" if exact else "asymptotic rank", pair.n, note)


def _complete(
    durations: npt.ArrayLike, observed: npt.ArrayLike, group: Sequence[Any] | npt.ArrayLike, order: Sequence[Any] | None
) -> _Pair:
    sample = sample_of(durations, observed)
    groups = two_groups(group, sample.n, order)
    still_open = int((~sample.observed).sum())
    if still_open:
        raise NotEstimable(
            f"observed: of {counted(sample.n, 'case')} {still_open} censored, and ranks need the durations of all; use log_rank, "
            "median_ratio or restricted_mean_difference, which count them"
        )
    first, second = (np.sort(sample.time[groups.code == code]) for code in (0, 1))
    return _Pair(first, second, groups.names)


def _exact_p(ranks: Ints, pair: _Pair) -> float:
    """The share of all splits whose rank sum is as far from its mean, counted by sums instead of one by one."""
    ranks = ranks - ranks.min()
    ranks //= np.gcd.reduce(ranks)
    small = min(np.split(ranks, [pair.first.size]), key=len)  # the other group's sums are what this one's leave
    chances = _rank_sums(ranks, small.size)
    sums, seen, total = np.arange(chances.size) * pair.n, int(small.sum()) * pair.n, int(ranks.sum()) * small.size
    return min(1.0, float(chances[np.abs(sums - total) >= abs(seen - total)].sum()))


def _rank_sums(ranks: Ints, chosen: int) -> Floats:
    """The chance of each sum of so many ranks drawn without putting back."""
    most = int(np.sort(ranks)[::-1][:chosen].sum())
    table = np.zeros((chosen + 1, most + 1))
    table[0, 0] = 1.0
    for drawn, rank in enumerate(ranks.tolist()):
        # Each case is drawn or not; dividing as one goes keeps the counts within what a float can hold.
        size = np.arange(chosen + 1)[:, None]
        moved = np.zeros_like(table)
        moved[1:, rank:] = table[:-1, : most + 1 - rank]
        table = (table * (drawn + 1 - size) + moved * size) / (drawn + 1)
    chances: Floats = table[chosen]
    return chances


def _normal_p(longer: float, pair: _Pair, ties: Ints) -> float:
    distance = max(0.0, abs(longer - pair.pairs / 2) - 0.5)
    return math.erfc(distance / _deviation(pair, ties) / math.sqrt(2))


def _deviation(pair: _Pair, ties: Ints) -> float:
    """The standard deviation of U where the groups are alike."""
    n = pair.n
    tied = float((ties.astype(np.float64) ** 3 - ties).sum())
    return math.sqrt(pair.pairs / 12 * (n + 1 - tied / (n * (n - 1))))


def _chance_limits(chance: float, pair: _Pair, confidence: float) -> tuple[float, float]:
    """Where the distance from the estimate is z times the error that the limit itself would have."""
    from scipy.optimize import brentq

    spread, half = z_value(confidence) ** 2 / pair.pairs, pair.n / 2 - 1

    def beyond(limit: float) -> float:
        variance = limit * (1 - limit) * (1 + half * ((1 - limit) / (2 - limit) + limit / (1 + limit)))
        return (chance - limit) ** 2 - spread * variance

    lower = 0.0 if chance <= 0 else float(brentq(beyond, 0.0, min(chance, 1 - 1e-15)))  # at 1 itself both sides are 0
    upper = 1.0 if chance >= 1 else float(brentq(beyond, max(chance, 1e-15), 1.0))
    return lower, upper


def _exact_place(pair: _Pair, confidence: float) -> tuple[int, float]:
    """Which of the ordered differences bounds the exact interval, and the level: lower than asked where even the widest is too short."""
    small = min(pair.first.size, pair.second.size)
    below = np.cumsum(_rank_sums(np.arange(pair.n), small)[small * (small - 1) // 2 :])
    place = int(np.searchsorted(below, (1 - confidence) / 2 * (1 - 1e-12)))
    return (place, confidence) if place else (1, max(0.0, 1 - 2 * float(below[0])))


def _normal_place(pair: _Pair, confidence: float) -> int:
    """The same from the normal distribution, with continuity correction; a shift leaves only the ties within a group."""
    within = np.concatenate([np.unique(values, return_counts=True)[1] for values in (pair.first, pair.second)])
    return max(1, math.ceil(pair.pairs / 2 - 0.5 - z_value(confidence) * _deviation(pair, within)))


def _difference(pair: _Pair, place: int) -> float:
    """The place-th smallest of all differences second less first, without holding all of them."""
    if pair.pairs <= _PAIRS:
        return float(np.partition(np.subtract.outer(pair.second, pair.first).ravel(), place - 1)[place - 1])
    low, high = -float(pair.first[-1]), float(pair.second[-1])  # durations are 0 or more, so no rounding leaves a difference outside
    while True:
        middle = low + (high - low) / 2
        upto = np.searchsorted(pair.first, pair.second - middle, side="left")
        # For each of the second group, those of the first at second - middle or above are at most `middle` away.
        if int((pair.first.size - upto).sum(dtype=np.int64)) >= place:
            high = middle
        else:
            low = middle
        if not low < low + (high - low) / 2 < high:
            break
    nearest = np.searchsorted(pair.first, pair.second - high, side="left")
    there = nearest < pair.first.size
    return float((pair.second[there] - pair.first[nearest[there]]).max())
