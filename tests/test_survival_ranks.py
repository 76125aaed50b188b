"""Ranks and shares of ended cases: counted by hand, by scipy, and as published."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from leadtime import survival
from leadtime.results import Estimate
from leadtime.survival import ranks

PERMEABILITY = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46], [1.15, 0.88, 0.90, 0.74, 1.21]


def both(first: object, second: object) -> tuple[np.ndarray, np.ndarray, list[int]]:
    a, b = np.asarray(first), np.asarray(second)
    return np.concatenate((a, b)), np.ones(a.size + b.size), [0] * a.size + [1] * b.size


def test_the_exact_test_without_ties_is_that_of_scipy_and_r() -> None:
    term, early = PERMEABILITY  # Hollander & Wolfe (1973), the example of R's wilcox.test: W = 35, p = 0.1272 one-sided
    found = survival.mann_whitney(*both(early, term))
    assert (found.statistic, round(found.p_value / 2, 4)) == (35.0, 0.1272)
    rng = np.random.default_rng(0)
    for m, n in ((2, 3), (7, 7), (12, 4), (25, 30)):
        first, second = rng.gamma(2, 3, m), rng.gamma(2, 4, n)
        wanted = stats.mannwhitneyu(second, first, method="exact")
        found = survival.mann_whitney(*both(first, second))
        assert (found.statistic, found.p_value) == (wanted.statistic, pytest.approx(wanted.pvalue, rel=1e-9))


@pytest.mark.parametrize("seed", range(8))
def test_the_exact_test_with_ties_counts_every_split(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.integers(1, 6, rng.integers(2, 7)), rng.integers(2, 8, rng.integers(2, 7))
    time, ended, group = both(first, second)
    ranks = stats.rankdata(time)
    sums = np.array([ranks[list(chosen)].sum() for chosen in itertools.combinations(range(time.size), second.size)])
    middle = second.size * ranks.mean()
    wanted = np.mean(np.abs(sums - middle) >= abs(ranks[first.size :].sum() - middle) - 1e-9)
    assert survival.mann_whitney(time, ended, group).p_value == pytest.approx(wanted, rel=1e-12)


def test_many_cases_are_tested_by_the_normal_distribution_as_in_scipy() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 300, 900), rng.integers(0, 290, 800)
    found = survival.mann_whitney(*both(first, second))
    assert found.p_value == pytest.approx(stats.mannwhitneyu(second, first, method="asymptotic").pvalue, rel=1e-9)
    assert found.test.method.startswith("asymptotic")


def test_effects_of_a_rank_test_turn_round_with_the_order() -> None:
    time, ended, group = both([4, 6, 6, 8], [1, 2, 3, 6])
    there, back = (survival.mann_whitney(time, ended, group, order=order) for order in ([0, 1], [1, 0]))
    assert there.probability_shorter.value == pytest.approx(1 - back.probability_shorter.value)
    assert there.probability_shorter.lower == pytest.approx(1 - back.probability_shorter.upper)
    assert there.cliffs_delta.value == pytest.approx(-back.cliffs_delta.value)
    pairs = [np.sign(second - first) for first in (4, 6, 6, 8) for second in (1, 2, 3, 6)]
    assert there.cliffs_delta.value == np.mean(pairs)
    assert there.p_value == pytest.approx(back.p_value)
    assert [row["effect"] for row in there._table().records()] == ["probability_shorter", "cliffs_delta"]
    assert "shorter with probability" in str(there)


def test_limits_of_the_probability_lie_where_its_error_meets_them() -> None:
    found = survival.mann_whitney(*both(range(10, 20), range(5, 17))).probability_shorter
    for limit in (found.lower, found.upper):
        extra = (10 + 12) / 2 - 1
        variance = limit * (1 - limit) * (1 + extra * ((1 - limit) / (2 - limit) + limit / (1 + limit))) / 120
        assert abs(found.value - limit) == pytest.approx(1.959963984540054 * math.sqrt(variance), rel=1e-6)
    apart = survival.mann_whitney(*both([7, 8, 9], [1, 2, 3])).probability_shorter
    assert (apart.value, apart.upper) == (1.0, 1.0)
    assert 0.3 < apart.lower < 1


def test_the_shift_and_its_exact_interval_are_those_of_r() -> None:
    term, early = PERMEABILITY  # wilcox.test(conf.int = TRUE) there: 0.305, from -0.15 to 0.76
    found = survival.hodges_lehmann(*both(early, term))
    assert (found.value, found.lower, found.upper) == (pytest.approx(0.305), pytest.approx(-0.15), pytest.approx(0.76))
    assert found.interval == "exact rank"


def test_the_shift_is_the_median_of_all_differences() -> None:
    rng = np.random.default_rng(2)
    for m, n, unit in ((3, 4, 1), (30, 41, 1), (1100, 1000, 1), (1001, 1001, 7.3)):
        first, second = rng.integers(0, 400, m) * unit, rng.integers(0, 350, n) * unit
        differences = np.sort(np.subtract.outer(second, first).ravel())
        found = survival.hodges_lehmann(*both(first, second))
        assert found.value == pytest.approx(np.median(differences), abs=1e-9)
        if m > 50:
            within = [float(np.sum(np.unique(group, return_counts=True)[1] ** 3.0) - group.size) for group in (first, second)]
            sigma = math.sqrt(m * n / 12 * (m + n + 1 - sum(within) / ((m + n) * (m + n - 1))))
            place = math.ceil(m * n / 2 - 0.5 - 1.959963984540054 * sigma)
            assert (found.lower, found.upper) == pytest.approx((differences[place - 1], differences[-place]), abs=1e-9)


@pytest.mark.parametrize("kind", ["whole", "fractions", "tied"])
def test_every_difference_is_found_without_holding_all(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    draw = {
        "whole": lambda n: rng.integers(0, 10**6, n),
        "fractions": lambda n: rng.lognormal(3, 2, n),
        "tied": lambda n: rng.integers(0, 4, n),
    }[kind]
    for m, n in ((1, 1), (1, 4), (5, 2), (6, 7)):
        pair = ranks._Pair(np.sort(draw(m)), np.sort(draw(n)), ("a", "b"))
        wanted = np.sort(np.subtract.outer(pair.second, pair.first).ravel())
        for most in (0, m * n):
            monkeypatch.setattr(ranks, "_PAIRS", most)
            assert [ranks._difference(pair, place + 1) for place in range(m * n)] == pytest.approx(wanted, rel=1e-12, abs=1e-12)


def test_the_exact_interval_holds_the_shifts_that_the_exact_test_keeps() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(50, 9, 8), rng.normal(45, 9, 9)
    found = survival.hodges_lehmann(*both(first, second))
    for shift in np.linspace(found.lower - 4, found.upper + 4, 61):
        kept = survival.mann_whitney(*both(first + 100, second + 100 - shift)).p_value > 0.05
        assert kept == (found.lower <= shift <= found.upper)


def test_very_few_cases_say_that_their_interval_falls_short() -> None:
    found = survival.hodges_lehmann(*both([5, 9], [1, 2]))
    assert (found.lower, found.upper, found.confidence) == (-8.0, -3.0, pytest.approx(2 / 3))
    assert "short of 95 %" in found.note


def test_newcombe_interval_is_the_published_one() -> None:
    time = [1] * 48 + [9] * 32 + [1] * 56 + [9] * 14  # Newcombe (1998): 56/70 against 48/80, 0.0524 to 0.3339
    found = survival.fixed_time_difference(time, [1] * 150, [0] * 80 + [1] * 70, time=5)
    assert (round(found.lower, 4), round(found.upper, 4), found.interval) == (0.0524, 0.3339, "newcombe")


def test_with_censoring_the_difference_joins_the_limits_of_two_curves() -> None:
    rng = np.random.default_rng(6)
    time, done, group = rng.integers(1, 200, 80), rng.random(80) < 0.7, np.repeat(["before", "after"], 40)
    found = survival.fixed_time_difference(time, done, group, time=90)
    first, second = (survival.kaplan_meier(time[group == name], done[group == name]).at(90)[0] for name in ("before", "after"))
    assert found.value == pytest.approx(first.value - second.value)
    assert found.lower == pytest.approx(found.value - math.hypot(second.upper - second.value, first.value - first.lower))
    assert found.upper == pytest.approx(found.value + math.hypot(second.value - second.lower, first.upper - first.value))
    assert (found.interval, found.note) == ("log-log", "done by 90")


def test_the_fixed_time_test_is_that_of_klein() -> None:
    time, done, group = [30, 80, 95, 100, 120, 20, 35, 60, 70, 130], [1, 1, 1, 1, 0, 1, 0, 1, 1, 1], list("aaaaabbbbb")
    found = survival.fixed_time_test(time, done, group, time=90)

    def part(at: Estimate) -> tuple[float, float]:
        return math.log(-math.log(at.value)), (at.standard_error / at.value) ** 2 / math.log(at.value) ** 2

    (first, error), (second, other) = (part(survival.kaplan_meier(time[s], done[s]).at(90)[0]) for s in (slice(5), slice(5, 10)))
    assert found.statistic == pytest.approx((first - second) ** 2 / (error + other))
    assert found.p_value == pytest.approx(stats.chi2.sf(found.statistic, 1))


def test_done_at_the_limit_is_done_within_it() -> None:
    found = survival.fixed_time_difference([90, 91, 90, 89], [1, 1, 1, 1], list("aabb"), time=90)
    assert found.value == 0.5
    censored_then = survival.fixed_time_difference([90, 91, 90, 89], [0, 1, 1, 1], list("aabb"), time=90)
    assert (censored_then.interval, censored_then.value) == ("newcombe", 1.0)


def test_cliffs_delta_is_the_chance_of_being_shorter_from_minus_one_to_one():
    durations, group = [4, 6, 6, 8, 9, 1, 2, 3, 6, 7], ["before"] * 5 + ["after"] * 5
    result = survival.mann_whitney(durations, [1] * 10, group)
    shorter, delta = result.probability_shorter, result.cliffs_delta
    assert shorter.lower < shorter.value < shorter.upper
    ends = sorted(abs(2 * limit - 1) for limit in (shorter.lower, shorter.upper))
    assert sorted(abs(limit) for limit in (delta.lower, delta.upper)) == pytest.approx(ends)
    assert delta.lower < delta.value < delta.upper
    assert abs(delta.value) == pytest.approx(abs(2 * shorter.value - 1))


@pytest.mark.parametrize(("m", "n"), [(3, 3), (2, 7), (6, 4)])
def test_the_interval_at_a_level_that_is_just_reached_is_that_of_r(m: int, n: int) -> None:
    """R's `qwilcox` gives the place of the limit: the smallest U whose chance to be no larger is at least half of what is left out."""
    rng = np.random.default_rng(m)
    first, second = rng.normal(9, 3, m), rng.normal(8, 3, n)
    differences = np.sort(np.subtract.outer(second, first).ravel())
    places = list(itertools.combinations(range(m + n), n))
    below = [np.mean([sum(chosen) - n * (n - 1) / 2 <= u for chosen in places]) for u in range(m * n // 2)]
    for place in range(1, len(below)):
        if below[place] < 0.5:
            found = survival.hodges_lehmann(*both(first, second), confidence=1 - 2 * below[place])
            assert (found.lower, found.upper) == (differences[place - 1], differences[-place])
            assert (found.interval, found.note) == ("exact rank", "")


def test_the_exact_interval_needs_groups_of_under_50_without_ties() -> None:
    for m, n, step, wanted in ((49, 49, 1, "exact"), (50, 3, 1, "asymptotic"), (3, 50, 1, "asymptotic"), (5, 5, 0, "asymptotic")):
        first, second = np.arange(m) * 2.0, np.arange(n) * 2.0 + step
        found = survival.hodges_lehmann(*both(first, second))
        assert (found.interval, found.note) == (f"{wanted} rank", "")
        assert found.lower <= found.value <= found.upper


def test_the_normal_test_is_that_of_scipy_down_to_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "_MOST_WORK", 0)
    for first, second in (([1, 4], [2, 3]), ([1, 4, 9], [2, 3, 5]), ([1, 2, 3, 4, 4], [4, 5, 6, 7]), ([1, 1, 2], [1, 2, 2])):
        wanted = stats.mannwhitneyu(second, first, method="asymptotic")
        found = survival.mann_whitney(*both(first, second))
        assert (found.statistic, found.p_value) == (wanted.statistic, pytest.approx(wanted.pvalue, rel=1e-9))
        assert found.test.method == "asymptotic normal, corrected for ties and continuity"


def test_groups_that_lie_about_one_middle_have_a_p_of_1_and_no_more() -> None:
    for n in range(1, 8):
        outer, inner = [*range(n), *range(100, 100 + n)], list(range(50, 50 + 2 * n))
        for found in (survival.mann_whitney(*both(outer, inner)), survival.mann_whitney(*both(inner, outer))):
            assert found.p_value <= 1
            assert (found.p_value, found.cliffs_delta.value) == (pytest.approx(1), 0.0)


def test_a_second_group_that_is_always_longer_has_a_chance_of_0_with_an_upper_limit() -> None:
    apart = survival.mann_whitney(*both([1, 2, 3], [7, 8, 9]))
    other = survival.mann_whitney(*both([7, 8, 9], [1, 2, 3])).probability_shorter
    assert (apart.probability_shorter.value, apart.probability_shorter.lower) == (0.0, 0.0)
    assert apart.probability_shorter.upper == pytest.approx(1 - other.lower)
    assert apart.cliffs_delta.value == 1.0
    assert apart.test.n == apart.probability_shorter.n == 6
