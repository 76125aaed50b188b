"""No effect, no claim; and intervals that hold the truth: simulated pilots in a reduced form of `benchmarks/coverage.py`, seeded.

Many pilots at once by `compare.simulated`, whose figures other tests hold equal to the estimators', and some hundred by the functions that
`compare` itself calls. A share is judged with the margin that its number of pilots asks for: outside it in one of ten thousand seeds.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import binom

from leadtime import survival, words
from leadtime.compare.cohorts import Cohort, Pair
from leadtime.compare.decision import SMALL, claimed, primary_test
from leadtime.compare.estimates import Options, curves_of, estimated, mean_difference
from leadtime.compare.horizon import horizon
from leadtime.compare.simulated import Curves, log_rank, mover, permutation
from leadtime.survival.limits import z_value

pytestmark = pytest.mark.slow

MEDIAN, SPREAD = 806.6, 0.44  # days, and the standard deviation of ln T
MANY, SOME = 4000, 200
SIZES = (15, 25, 50)
# Longest follow-up, uniform from 0, in medians, at which so many are censored.
CENSORED = {0.20: 5.51, 0.55: 1.94}
CHANCE = 1e-4


def at_least(share: float, runs: int) -> int:
    return int(binom.ppf(CHANCE, runs, share))


def at_most(share: float, runs: int) -> int:
    return int(binom.ppf(1 - CHANCE, runs, share))


def lead(generator: np.random.Generator, size: tuple[int, ...], median: float = MEDIAN) -> np.ndarray:
    return median * np.exp(SPREAD * generator.standard_normal(size))


def drawn(generator: np.random.Generator, runs: int, n: int, longest: float, median: float = MEDIAN) -> tuple[np.ndarray, np.ndarray]:
    stop, seen = lead(generator, (runs, n), median), generator.uniform(0, longest * median, (runs, n))
    return np.minimum(stop, seen), stop <= seen


def pair_of(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> Pair:
    parts = []
    for name, (days, observed) in (("before", first), ("after", second)):
        order = np.argsort(days)
        parts.append(Cohort(name, days[order], observed[order].astype(np.int64), None, None, None, np.arange(days.size)))
    return Pair(*parts)


@pytest.mark.parametrize("share", CENSORED)
def test_as_many_are_censored_as_the_simulation_means(share: float) -> None:
    observed = drawn(np.random.default_rng(0), 2000, 50, CENSORED[share])[1]
    assert 1 - observed.mean() == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("share", CENSORED)
@pytest.mark.parametrize("n", SIZES)
def test_the_test_rejects_as_often_as_it_says(n: int, share: float) -> None:
    generator = np.random.default_rng((1, n, round(100 * share)))
    first, second = (Curves.of(*drawn(generator, MANY, n, CENSORED[share])) for _ in range(2))
    p_value = permutation(first, second, generator) if n < SMALL else log_rank(first, second)
    assert at_least(0.035, MANY) <= int((p_value < 0.05).sum()) <= at_most(0.065, MANY)


@pytest.mark.parametrize("share", CENSORED)
@pytest.mark.parametrize("n", SIZES)
def test_intervals_of_medians_and_of_their_ratio_hold_the_truth(n: int, share: float) -> None:
    """An open limit counts as holding; over-coverage is allowed."""
    generator = np.random.default_rng((2, n, round(100 * share)))
    truth = 8.5 / 26.5
    first = Curves.of(*drawn(generator, MANY, n, CENSORED[share])).medians(z_value(0.95))
    second = Curves.of(*drawn(generator, MANY, n, CENSORED[share], truth * MEDIAN)).medians(z_value(0.95))
    with np.errstate(invalid="ignore"):
        missed = ((first[1] > MEDIAN) | (first[2] < MEDIAN)) & ~np.isnan(first[0])
        lower, upper = mover(first, second)
        ratio_missed = ((lower > truth) | (upper < truth)) & ~np.isnan(first[0] + second[0])
    assert int(missed.sum()) <= at_most(0.07, MANY)
    assert int(ratio_missed.sum()) <= at_most(0.07, MANY)


def true_mean(median: float, tau: float) -> float:
    """E min(T, tau) of the lognormal."""
    mu = math.log(median)
    whole = math.exp(mu + SPREAD**2 / 2) * ndtr((math.log(tau) - mu - SPREAD**2) / SPREAD)
    return float(whole + tau * (1 - ndtr((math.log(tau) - mu) / SPREAD)))


@pytest.mark.parametrize("change", [1, 8.5 / 26.5], ids=["no change", "26.5 to 8.5 months"])
@pytest.mark.parametrize("share", CENSORED)
@pytest.mark.parametrize("n", SIZES)
def test_intervals_of_the_difference_of_restricted_means_hold_the_truth(n: int, share: float, change: float) -> None:
    """Up to the largest time with 5 at risk in each; normal intervals would be too narrow at 15 a cohort."""
    generator = np.random.default_rng((3, n, round(100 * share)))
    parts = [drawn(generator, 2 * SOME, n, CENSORED[share], median) for median in (MEDIAN, change * MEDIAN)]
    missed = 0
    for run in range(2 * SOME):
        pair = pair_of(*((days[run], observed[run]) for days, observed in parts))
        tau = min(float(cohort.days[-5]) for cohort in pair.cohorts)
        found = mean_difference(pair, tau, Options())
        truth = true_mean(change * MEDIAN, tau) - true_mean(MEDIAN, tau)
        missed += found.lower is not None and not found.lower <= truth <= found.upper
    assert missed <= at_most(0.07, 2 * SOME)


def said_of(pair: Pair) -> tuple[bool, str, str]:
    """Whether the declared test rejects, the headline, and the test's name; as `compare` makes them."""
    curves = curves_of(pair, Options())
    tau, _ = horizon(pair.cohorts, curves, None)
    before, after = (estimated(part, curve, tau, Options()) for part, curve in zip(pair.cohorts, curves, strict=True))
    difference = None if tau is None else mean_difference(pair, tau, Options())
    test = primary_test(pair, "median", tau, difference, 0)
    facts = words.HeadlineFacts(
        words.CohortFacts("before", before.n, before.open, before.left, before.median),
        words.CohortFacts("after", after.n, after.open, after.left, after.median),
        survival.ratio_by_mover(before.median, after.median),
        test.p_value,
        tau=tau,
        restricted_mean_difference=difference,
    )
    return claimed(test), words.headline(facts), test.name


def unlike(generator: np.random.Generator, n: int) -> Pair:
    """The pilots of bias_simulation_no_effect: starts in months 48-96 and 96-120 of a flow that is read at month 120."""
    parts = []
    for first, last in ((48, 96), (96, 120)):
        stop, seen = lead(generator, (n,)), (120 - generator.uniform(first, last, n)) * 30.4375
        parts.append((np.minimum(stop, seen), stop <= seen))
    return pair_of(*parts)


def followed_alike(generator: np.random.Generator, n: int, medians: tuple[float, float]) -> Pair:
    parts = [drawn(generator, 1, n, CENSORED[0.20], median) for median in medians]
    return pair_of(*((days[0], observed[0]) for days, observed in parts))


def test_without_an_effect_the_headline_seldom_says_shorter() -> None:
    generator = np.random.default_rng(4)
    rejected = shorter = 0
    for _ in range(SOME // 2):
        found, said, name = said_of(followed_alike(generator, 15, (MEDIAN, MEDIAN)))
        rejected, shorter = rejected + found, shorter + ("shorter" in said)
        assert found or not any(word in said for word in ("shorter", "longer", "differ between"))
        assert name in ("permutation log-rank", "log-rank")
    assert rejected <= at_most(0.065, SOME // 2)
    assert shorter <= at_most(0.035, SOME // 2)


@pytest.mark.parametrize("n", [15, 25])
def test_nor_does_it_where_the_cohort_after_is_followed_far_shorter(n: int) -> None:
    """Splits of the cases would reject hardly ever here, as those after are seen so briefly: the plain log-rank test stands in."""
    generator = np.random.default_rng((5, n))
    rejected = shorter = plain = 0
    for _ in range(SOME):
        pair = unlike(generator, n)
        if pair.together.observed.any():
            found, said, name = said_of(pair)
            rejected, shorter, plain = rejected + found, shorter + ("shorter" in said), plain + (name == "log-rank")
    assert plain >= 0.95 * SOME
    assert max(1, at_least(0.035, SOME)) <= rejected <= at_most(0.065, SOME)
    assert shorter <= at_most(0.035, SOME)


def test_a_real_effect_is_found_and_said() -> None:
    """26.5 to 8.5 months with 25 a cohort, so that silence above isn't that of a test that never speaks."""
    generator = np.random.default_rng(6)
    said = [said_of(followed_alike(generator, 25, (MEDIAN, 8.5 / 26.5 * MEDIAN)))[1] for _ in range(20)]
    assert sum("Median lead time fell" in one for one in said) >= 19
