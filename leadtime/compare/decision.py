"""The one declared test that a claim rests on, and the verdict on every other way to count.

Source: DEFINITIONS 2.6 (persons), 3.6 (tests), 3.8 (verdicts).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from leadtime import survival
from leadtime.compare.cohorts import Pair
from leadtime.compare.design import Statistic
from leadtime.compare.persons import clustered_log_rank, permuted_log_rank
from leadtime.errors import NotEstimable
from leadtime.results import Estimate, TestResult

__all__ = ["SIGNIFICANT", "SMALL", "Verdict", "approximate", "claimed", "direction", "followed_unlike", "primary_test", "verdict"]

Verdict = Literal["stands", "weaker", "reversed", "not computable"]
SMALL = 50  # below so many persons in either cohort the test is a permutation test
SIGNIFICANT = 0.05
UNLIKE = "no permutation, as follow-up is unequal"
_MOST_SHUFFLED = 2000  # above so many cases in all a studentised permutation tells no more than the normal approximation


def primary_test(pair: Pair, statistic: Statistic, tau: float | None, difference: Estimate | None, seed: int) -> TestResult:
    """Gives the declared test: log-rank, or the studentised permutation of the restricted mean where that is the declared statistic.

    The log-rank test is a permutation test where a cohort has under 50 persons. Delayed entry has no permutation version; nor is it valid
    where the cohorts were not followed alike: on pilots without effect whose cohort after is followed for at most half as long it
    rejects in under 0.5 %, and the plain log-rank test, which stands in for it there, in some 5 % (benchmarks/coverage.py). Where
    persons have several cases, persons are shuffled, or the error is by person.
    """
    try:
        if statistic == "restricted_mean":
            return _of_means(pair, tau, difference, seed)
        return _log_rank(pair, seed)
    except NotEstimable as reason:
        # Estimates stand without a test; the reader is told why there is none.
        name = "log-rank" if statistic == "median" else "restricted mean"
        return TestResult(name, None, None, n=pair.together.n, method=f"not computable: {reason}")


def _log_rank(pair: Pair, seed: int) -> TestResult:
    kept, alone = pair.with_both_in_each_stratum()
    found = _tested(kept, seed)
    left_out = f"{alone} strata hold one cohort only and are left out" if alone > 1 else "1 stratum holds one cohort only and is left out"
    return replace(found, method=f"{found.method}; {left_out}") if alone else found


def _tested(pair: Pair, seed: int) -> TestResult:
    both = pair.together
    small = min(cohort.persons for cohort in pair.cohorts) < SMALL and both.entry is None
    permuted = small and not followed_unlike(pair)
    if permuted and pair.mixed:
        return permuted_log_rank(pair, seed=seed)
    if permuted:
        owner = both.person if pair.repeated else None
        known = {"order": pair.order, "strata": both.stratum, "cluster": owner, "seed": seed}
        found = survival.exact_log_rank(both.days, both.observed, pair.group, **known)  # type: ignore[arg-type]
        return found if owner is None else replace(found, method=f"{found.method} of {both.persons} persons")
    if pair.repeated:
        return clustered_log_rank(pair)
    found = survival.log_rank(both.days, both.observed, pair.group, entry=both.entry, order=pair.order, strata=both.stratum)
    return replace(found, method=f"{found.method}; {UNLIKE}") if small else found


def followed_unlike(pair: Pair) -> bool:
    """Whether the cohorts' follow-up differs: the log-rank test turned round, with the unfinished cases as the events."""
    both = pair.together
    if both.observed.all():
        return False
    try:
        p_value = survival.log_rank(both.days, ~both.observed, pair.group, entry=both.entry, order=pair.order).p_value
    except NotEstimable:
        return False
    return p_value is not None and p_value < SIGNIFICANT


def _of_means(pair: Pair, tau: float | None, difference: Estimate | None, seed: int) -> TestResult:
    both = pair.together
    if tau is None or difference is None or difference.value is None:
        raise NotEstimable("there is no horizon up to which the restricted means can be compared")
    if both.entry is None and not pair.repeated and both.n <= _MOST_SHUFFLED:
        return survival.restricted_mean_permutation(both.days, both.observed, pair.group, tau=tau, order=pair.order, seed=seed)
    if not difference.standard_error:
        raise NotEstimable(f"the restricted means up to {tau:g} have no error to measure their difference by")
    z = difference.value / difference.standard_error
    return TestResult(
        "restricted mean", z, math.erfc(abs(z) / math.sqrt(2)), n=both.n, method="normal approximation", groups=tuple(pair.order)
    )


def approximate(test: TestResult) -> TestResult:
    """Says of a permutation test that it is approximate, as the cohorts could not be followed alike (DEFINITIONS 3.6)."""
    return replace(test, method=f"{test.method}; approximate, as follow-up is unequal") if test.name.startswith("permutation") else test


def claimed(test: TestResult) -> bool:
    """Whether the declared test finds a difference; without it nothing is claimed and nothing stands."""
    return test.p_value is not None and test.p_value < SIGNIFICANT


def direction(estimate: Estimate | None, none: float) -> int:
    """Which way an estimate of change points: -1 shorter, 1 longer, 0 not at all or unknown."""
    if estimate is None or estimate.value is None or estimate.value == none:
        return 0
    return -1 if estimate.value < none else 1


def verdict(primary: int, other: Estimate | None, none: float, *, tested: bool) -> Verdict:
    """Says how another estimate stands to the primary one.

    Args:
        primary: the direction of the primary estimate.
        other: the other estimate.
        none: its value where nothing changes: 1 for a ratio, 0 for a difference.
        tested: whether the declared test finds a difference; without that there is no claim that could stand.
    """
    if other is None or other.value is None or primary == 0:
        return "not computable"
    if direction(other, none) == -primary:
        return "reversed"
    beyond = other.upper is not None and other.upper < none if primary < 0 else other.lower is not None and other.lower > none
    return "stands" if beyond and tested else "weaker"
