"""Errors by the infinitesimal jackknife are the slopes in the cases' weights, also with late entry, fractional weights and persons."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leadtime import survival

RNG = np.random.default_rng(3)
ENTRY = np.where(RNG.random(60) < 0.5, RNG.integers(1, 8, 60), 0)
TIME = ENTRY + RNG.integers(1, 12, 60)
CAUSE = RNG.integers(0, 3, 60)
WEIGHTS = RNG.uniform(0.3, 3, 60)
PERSON = RNG.integers(0, 20, 60)
EACH = np.ones(60)


def share(weights: np.ndarray, t: float, cause: int) -> float:
    """The Aalen-Johansen share by its definition; cause 0 is ending by any."""
    left, total = 1.0, 0.0
    for moment in np.unique(TIME[t >= TIME]):
        at_risk = weights[((moment > ENTRY) | (ENTRY == 0)) & (moment <= TIME)].sum()
        ended = weights[(moment == TIME) & (CAUSE > 0)].sum()
        own = weights[(moment == TIME) & (cause == CAUSE)].sum() if cause else ended
        total += left * own / at_risk
        left *= 1 - ended / at_risk
    return total


def area(weights: np.ndarray, tau: int, cause: int) -> float:
    return sum(share(weights, t, cause) for t in range(tau))


def slopes(function: object, weights: np.ndarray, *arguments: float) -> np.ndarray:
    step = 1e-6 * np.eye(60)
    return np.array([(function(weights + row, *arguments) - function(weights - row, *arguments)) / 2e-6 for row in step])  # type: ignore[operator]


@pytest.mark.parametrize("cause", [0, 1, 2])
@pytest.mark.parametrize("t", [3, 9, 15])
def test_a_share_with_late_entry_has_the_error_of_its_slopes(t: int, cause: int) -> None:
    slope = slopes(share, EACH, t, cause)
    found = survival.aalen_johansen(TIME, CAUSE, entry=ENTRY).at(t, cause=cause)[0]
    persons = survival.aalen_johansen(TIME, CAUSE, entry=ENTRY, cluster=PERSON).at(t, cause=cause)[0]
    assert found.value == pytest.approx(share(EACH, t, cause) if cause else 1 - share(EACH, t, 0))
    assert found.standard_error == pytest.approx(math.sqrt((slope**2).sum()), rel=1e-6)
    assert persons.standard_error == pytest.approx(math.sqrt((np.bincount(PERSON, weights=slope) ** 2).sum()), rel=1e-6)
    assert found.lower < found.value < found.upper


@pytest.mark.parametrize("cause", [0, 1, 2])
def test_a_mean_time_with_late_entry_has_the_error_of_its_slopes(cause: int) -> None:
    slope = slopes(area, EACH, 12, cause)
    found = survival.aalen_johansen(TIME, CAUSE, entry=ENTRY).mean_time(12, cause)
    assert found.value == pytest.approx(area(EACH, 12, cause) if cause else 12 - area(EACH, 12, 0))
    assert found.standard_error == pytest.approx(math.sqrt((slope**2).sum()), rel=1e-6)


def test_mean_times_in_all_states_add_up_to_the_horizon() -> None:
    shares = survival.aalen_johansen(TIME, CAUSE, entry=ENTRY)
    assert sum(shares.mean_time(12, state).value for state in (0, 1, 2)) == pytest.approx(12)
    waiting = survival.kaplan_meier(TIME, CAUSE > 0, entry=ENTRY).restricted_mean(12)
    assert shares.mean_time(12, 0).value == pytest.approx(waiting.value)


def test_fractional_weights_have_robust_errors() -> None:
    curve = survival.kaplan_meier(TIME, CAUSE > 0, entry=ENTRY, weights=WEIGHTS)
    for t in (3, 9, 15):
        slope = WEIGHTS * slopes(share, WEIGHTS, t, 0)
        assert curve.at(t)[0].standard_error == pytest.approx(math.sqrt((slope**2).sum()), rel=1e-6)
    slope = WEIGHTS * slopes(area, WEIGHTS, 12, 0)
    assert curve.restricted_mean(12).standard_error == pytest.approx(math.sqrt((slope**2).sum()), rel=1e-6)


def test_the_unit_of_fractional_weights_changes_nothing() -> None:
    one, seven = (survival.kaplan_meier(TIME, CAUSE > 0, weights=WEIGHTS * factor) for factor in (1, 7))
    for t in (3, 9):
        assert one.at(t)[0].standard_error == pytest.approx(seven.at(t)[0].standard_error)
    assert (one.median.lower, one.median.upper) == (seven.median.lower, seven.median.upper)


def test_whole_weights_are_repetition_for_the_t_interval_too() -> None:
    counts = RNG.integers(0, 4, 60)
    counted = survival.kaplan_meier(TIME, CAUSE > 0, weights=counts.astype(float)).restricted_mean(9, interval="t")
    repeated = survival.kaplan_meier(np.repeat(TIME, counts), np.repeat(CAUSE > 0, counts)).restricted_mean(9, interval="t")
    assert (counted.lower, counted.upper) == pytest.approx((repeated.lower, repeated.upper))


def test_cases_that_are_each_a_person_of_their_own_change_nothing() -> None:
    plain = survival.kaplan_meier(TIME, CAUSE > 0)
    robust = survival.kaplan_meier(TIME, CAUSE > 0, cluster=np.arange(60))
    for one, two in zip(plain.table.records(), robust.table.records(), strict=True):
        assert [value and pytest.approx(value, rel=1e-9) for value in one.values()] == list(two.values())
    both = [survival.restricted_mean_difference(TIME, CAUSE > 0, PERSON % 2, tau=9, interval="t", cluster=c) for c in (None, np.arange(60))]
    assert (both[0].lower, both[0].upper) == pytest.approx((both[1].lower, both[1].upper))


def test_cases_of_one_person_widen_the_error() -> None:
    twice, person = np.tile(TIME, 2), np.tile(np.arange(60), 2)
    cases, persons = (survival.kaplan_meier(twice, np.tile(CAUSE > 0, 2), cluster=cluster).at(6)[0] for cluster in (None, person))
    alone = survival.kaplan_meier(TIME, CAUSE > 0).at(6)[0]
    assert persons.standard_error == pytest.approx(alone.standard_error, rel=1e-9)
    assert cases.standard_error == pytest.approx(alone.standard_error / math.sqrt(2), rel=1e-9)


def test_twenty_thousand_persons_with_two_cases_each_have_the_error_of_one() -> None:
    """Whose cases they are is summed up in one pass; at every one of the times anew it would take minutes."""
    rng = np.random.default_rng(8)
    time, ended, person = rng.exponential(300, 20_000), rng.random(20_000) < 0.8, np.arange(20_000)
    twice = survival.kaplan_meier(np.tile(time, 2), np.tile(ended, 2), cluster=np.tile(person, 2))
    once = survival.kaplan_meier(time, ended)
    for t in (1, 200, 900):
        assert twice.at(t)[0].standard_error == pytest.approx(once.at(t)[0].standard_error, rel=1e-8)


def test_a_curve_keeps_its_own_copy_of_the_cases() -> None:
    time, entry = TIME.copy(), ENTRY.copy()
    curve, shares = survival.kaplan_meier(time, CAUSE > 0, entry=entry), survival.aalen_johansen(time, CAUSE, entry=entry)
    before = survival.kaplan_meier(TIME, CAUSE > 0, entry=ENTRY).restricted_mean(9, interval="t")
    time[:], entry[:] = 50, 0
    assert curve.restricted_mean(9, interval="t") == before
    assert shares.at(9)[0] == survival.aalen_johansen(TIME, CAUSE, entry=ENTRY).at(9)[0]
