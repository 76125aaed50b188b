"""Durations between two bounds: published figures, Kaplan-Meier as the limit, and bounds that leave nothing out."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadtime import survival

FOLDER = Path(__file__).parent / "reference" / "r"
BOUNDS = st.lists(st.tuples(st.integers(0, 12), st.one_of(st.integers(0, 6), st.none())), min_size=1, max_size=20)


def test_masses_are_those_published() -> None:
    with (FOLDER / "cosmesis.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    fit = survival.turnbull([int(row["lower"]) for row in rows], [int(row["upper"]) if row["upper"] else None for row in rows])
    found = [(pair, round(mass, 4)) for pair, mass in zip(fit.intervals, fit.masses, strict=True) if mass]
    wanted = json.loads((FOLDER / "cosmesis.json").read_text(encoding="utf-8"))
    assert found == list(zip(map(tuple, wanted["intervals"]), wanted["masses"], strict=True))
    assert fit.gap < 1e-6


def test_exact_durations_and_open_cases_give_kaplan_meier() -> None:
    rng = np.random.default_rng(1)
    time, done = rng.integers(0, 60, 300), rng.random(300) < 0.7
    fit = survival.turnbull(time, np.where(done, time, np.inf))
    curve = survival.kaplan_meier(time, done)
    for t in range(0, 60, 7):
        ours, theirs = fit.at(t)[0], curve.at(t)[0]
        assert ours.value == pytest.approx(theirs.value, abs=1e-7)
        assert ours.lower == ours.upper == ours.value
    assert fit.median.value == curve.median.value == fit.median.lower == fit.median.upper


def test_an_open_case_ends_after_what_ended_at_the_same_time() -> None:
    fit = survival.turnbull([5, 5, 7], [5, None, 7])
    assert fit.intervals == ((5.0, 5.0), (7.0, 7.0))
    assert fit.masses == pytest.approx((1 / 3, 2 / 3))


def test_intervals_that_touch_share_a_day_only_where_both_ends_are_included() -> None:
    right, both = (survival.turnbull([10, 20], [20, 30], closed=closed) for closed in ("right", "both"))
    assert right.intervals == ((10.0, 20.0), (20.0, 30.0))
    assert both.intervals == ((20.0, 20.0),)
    assert survival.turnbull([0], [4]).table.records()[0]["lower_included"] is True


def test_inside_an_interval_the_bounds_say_what_is_left_open() -> None:
    fit = survival.turnbull([0, 30, 30, 60], [30, 60, 60, None])
    inside = fit.at(40)[0]
    assert (inside.lower, inside.upper) == pytest.approx((0.25, 0.75))
    assert "not a confidence interval" in inside.note
    past = fit.at(61)[0]
    assert (past.value, past.lower, past.upper) == (None, 0.0, pytest.approx(0.25))
    late = fit.quantile(0.9)
    assert (late.value, late.lower, late.upper) == (None, 60.0, None)
    early = fit.quantile(0.1)
    assert (early.lower, early.value, early.upper) == (0.0, 15.0, 30.0)


def test_weights_are_repetition() -> None:
    lower, upper, weight = [0, 5, 8, 2], [6, 9, None, 7], [3, 1, 2, 0]
    weighted = survival.turnbull(lower, upper, weights=weight)
    repeated = survival.turnbull(np.repeat(lower, weight), np.repeat(np.array(upper, dtype=object), weight))
    assert (weighted.n, weighted.intervals) == (repeated.n, repeated.intervals)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood)
    assert "median" in str(weighted)


def likelihood(fit: survival.Turnbull, masses: np.ndarray, bounds: list[tuple[float, float]]) -> float:
    ends = [(lower, math.inf if upper is None else upper) for lower, upper in fit.intervals]

    def holds(case: tuple[float, float], inner: tuple[float, float]) -> bool:
        low, high = case
        from_low = low == high or (low == 0 and high < math.inf)
        return (inner[0] > low or (inner[0] == low and (from_low or inner[1] > low))) and inner[1] <= high

    chances = [sum(mass for inner, mass in zip(ends, masses, strict=True) if holds(case, inner)) for case in bounds]
    return sum(math.log(chance) if chance > 0 else -math.inf for chance in chances)


@settings(max_examples=60, deadline=None)
@given(BOUNDS, st.integers(0, 2**31))
def test_no_other_masses_are_likelier(cases: list[tuple[int, int | None]], seed: int) -> None:
    bounds = [(float(low), math.inf if width is None else float(low + width)) for low, width in cases]
    if all(math.isinf(high) for _, high in bounds):
        return
    fit = survival.turnbull([low for low, _ in bounds], [high for _, high in bounds])
    assert sum(fit.masses) == pytest.approx(1)
    assert likelihood(fit, np.array(fit.masses), bounds) == pytest.approx(fit.log_likelihood, abs=1e-9)
    rng = np.random.default_rng(seed)
    for _ in range(5):
        other = rng.dirichlet(np.ones(len(fit.masses))) * 0.2 + np.array(fit.masses) * 0.8
        assert likelihood(fit, other, bounds) <= likelihood(fit, np.array(fit.masses), bounds) + fit.gap + 1e-9
    for t in (0.5, 3, 7.5):
        at = fit.at(t)[0]
        assert at.lower <= at.upper
        assert at.value is None or at.lower <= at.value <= at.upper


def test_a_thousand_wide_intervals_reach_the_maximum() -> None:
    rng = np.random.default_rng(4)
    time, width, offset = rng.weibull(1.3, 1000) * 300, rng.uniform(20, 120, 1000), rng.random(1000)
    start = np.maximum(0, (np.floor((time - offset * width) / width) + offset) * width).round()
    fit = survival.turnbull(start, start + width.round())
    assert fit.gap <= 1e-6
    assert len(fit.masses) > 100
