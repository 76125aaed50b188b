"""Many durations are counted in blocks and in little memory, and give what a few would."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from leadtime import survival
from leadtime.survival import curve as curves
from leadtime.survival import risksets
from leadtime.survival.checks import sample_of
from leadtime.survival.limits import INTERVALS, probability_limits

N = 150_000
RNG = np.random.default_rng(0)
DONE = RNG.random(N) < 0.7
DURATIONS = {
    "days": RNG.integers(0, 900, N),
    "days, most alike": np.where(RNG.random(N) < 0.9, 5, RNG.integers(0, 200_000, N)),
    "seconds": RNG.integers(0, 400_000, N),
    "microseconds": RNG.permutation(N) * 86_400_000_000 + 7,
    "fractions": RNG.lognormal(5, 1, N).round(2),
}


def by_hand(time: np.ndarray, done: np.ndarray) -> tuple[np.ndarray, ...]:
    times, place = np.unique(time, return_inverse=True)
    events, censored = np.bincount(place, weights=done), np.bincount(place, weights=~done)
    return times, (events + censored)[::-1].cumsum()[::-1], events, censored


@pytest.mark.parametrize("kind", DURATIONS)
def test_every_way_of_counting_gives_the_same_table(kind: str) -> None:
    table = risksets.risk_table(sample_of(DURATIONS[kind], DONE))
    for found, wanted in zip((table.time, table.at_risk, table.events, table.censored), by_hand(DURATIONS[kind], DONE), strict=True):
        assert np.array_equal(found, wanted)
    assert table.time.dtype == DURATIONS[kind].dtype


@pytest.mark.parametrize("kind", DURATIONS)
def test_blocks_change_no_figure(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    time, horizon = DURATIONS[kind], float(np.quantile(DURATIONS[kind], 0.8)) + 1
    blocks = survival.kaplan_meier(time, DONE)
    monkeypatch.setattr(risksets, "BLOCK", 10**9)
    whole = survival.kaplan_meier(time, DONE)
    assert blocks.survival == pytest.approx(whole.survival, rel=1e-12)
    for p in (0.01, 0.25, 0.5, 0.9):
        one, two = blocks.quantile(p), whole.quantile(p)
        assert (one.value, one.lower, one.upper) == (two.value, two.lower, two.upper)
    mean, other = blocks.restricted_mean(horizon), whole.restricted_mean(horizon)
    assert (mean.value, mean.standard_error) == pytest.approx((other.value, other.standard_error), rel=1e-10)


@pytest.mark.parametrize("interval", INTERVALS)
def test_limits_that_are_passed_over_hold_no_crossing(interval: str) -> None:
    curve = survival.kaplan_meier(DURATIONS["microseconds"], DONE, interval=interval)
    error = np.sqrt(risksets.greenwood(curve._risk))
    limits = probability_limits(curve.survival, error, confidence=0.95, interval=interval)
    for p in (0.001, 0.1, 0.5, 0.95):
        found = curve.quantile(p)
        wanted = [risksets.crossing(curve._risk.time, limit, 1 - p)[0] for limit in limits]
        assert [found.lower, found.upper] == wanted
    start, *_ = curve._limits_near(0.5)
    assert start >= risksets.BLOCK


def test_a_million_microseconds_need_less_than_five_times_their_own_memory() -> None:
    rng = np.random.default_rng(2)
    time, done = rng.integers(0, 10**14, 1_000_000), rng.random(1_000_000) < 0.8
    tracemalloc.start()
    curve = survival.kaplan_meier(time, done)
    found = curve.median.value, curve.restricted_mean(5e13).value
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * (time.nbytes + done.nbytes)  # beside the input itself
    assert all(found)


def test_numbers_beyond_any_duration_are_read_all_the_same() -> None:
    curve = survival.kaplan_meier(DURATIONS["days"], DONE)
    assert curve.at(1e300)[0].note == curves.PAST_FOLLOW_UP or curve.reaches_zero
    assert curve.at_risk([1e300, 898.5]) == (0, int((DURATIONS["days"] >= 899).sum()))
    complete = survival.kaplan_meier(DURATIONS["days"], np.ones(N))
    assert complete.restricted_mean(1e9).value == pytest.approx(DURATIONS["days"].mean())


def test_numbers_are_narrow_only_where_all_cases_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    time, done = DURATIONS["fractions"][:100], DONE[:100]
    for most, kind in ((100, np.int32), (99, np.int64)):
        monkeypatch.setattr(risksets, "_NARROW", most)
        table = risksets.risk_table(sample_of(time, done))
        assert {column.dtype for column in (table.at_risk, table.events, table.censored)} == {np.dtype(kind)}
        assert table.at_risk[0] == 100


def test_the_ends_of_a_curve_are_those_of_its_table() -> None:
    curve = survival.kaplan_meier([4, 2, 2, 9, 9, 4], [1, 1, 0, 0, 0, 1])
    assert [column.tolist() for column in curve.ends] == [[2, 4, 9], [1, 2, 0], [1, 0, 2]]
