"""What holds for all data: order, repetition, units and grouping change nothing; limits lie on their side."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leadtime import survival
from leadtime.errors import NotEstimable

INTERVALS = st.sampled_from(["log-log", "log", "plain", "logit", "arcsin"])
CASES = st.lists(st.tuples(st.integers(0, 25), st.booleans()), min_size=1, max_size=40)
GROUPED = st.lists(st.tuples(st.integers(0, 12), st.booleans(), st.sampled_from("ab")), min_size=4, max_size=24)
EXAMPLES = settings(max_examples=80, deadline=None)


def split(cases: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([time for time, _ in cases]), np.array([status for _, status in cases])


@EXAMPLES
@given(CASES, INTERVALS, st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9]))
def test_a_quantile_lies_within_its_interval(cases: list[tuple[int, bool]], interval: str, p: float) -> None:
    found = survival.kaplan_meier(*split(cases), interval=interval).quantile(p)
    if found.value is None:
        return
    assert found.lower is None or found.lower <= found.value
    assert found.upper is None or found.upper >= found.value


@EXAMPLES
@given(CASES, INTERVALS)
def test_the_curve_falls_and_stays_within_its_limits(cases: list[tuple[int, bool]], interval: str) -> None:
    curve = survival.kaplan_meier(*split(cases), interval=interval)
    values = np.array(curve.table.column("survival"))
    assert (np.diff(np.concatenate(([1.0], values))) <= 0).all()
    assert (values >= 0).all()
    for row in curve.table.records():
        if row["lower"] is not None:
            assert 0 <= row["lower"] <= row["survival"] + 1e-15
            assert row["survival"] - 1e-15 <= row["upper"] <= 1


@EXAMPLES
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans(), st.integers(0, 3)), min_size=1, max_size=25))
def test_whole_weights_are_repetition(cases: list[tuple[int, bool, int]]) -> None:
    time, status, weight = (np.array(part) for part in zip(*cases, strict=True))
    assume(weight.sum() > 0)
    weighted = survival.kaplan_meier(time, status, weights=weight)
    repeated = survival.kaplan_meier(np.repeat(time, weight), np.repeat(status, weight))
    assert weighted.table == repeated.table
    assert weighted.median == repeated.median
    assert survival.kaplan_meier_from_counts(time, status, weight).table == repeated.table
    fractions = survival.kaplan_meier(time, status, weights=weight.astype(float))
    assert fractions.median.value == repeated.median.value


@EXAMPLES
@given(CASES, st.randoms(use_true_random=False))
def test_the_order_of_cases_changes_nothing(cases: list[tuple[int, bool]], random: object) -> None:
    shuffled = cases.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, two = (survival.kaplan_meier(*split(each)) for each in (cases, shuffled))
    assert one.table == two.table
    assert one.restricted_mean("last") == two.restricted_mean("last")


@EXAMPLES
@given(CASES)
def test_the_unit_of_time_scales_through(cases: list[tuple[int, bool]]) -> None:
    time, status = split(cases)
    assume(time.max() > 0)
    days, micro = survival.kaplan_meier(time, status), survival.kaplan_meier(time * 86_400_000_000, status)
    floats = survival.kaplan_meier(time.astype(float), status)
    assert floats.table == days.table
    for ours, theirs in ((days.median.value, micro.median.value), (days.median.upper, micro.median.upper)):
        assert (ours is None and theirs is None) or ours * 86_400_000_000 == theirs
    assert micro.restricted_mean("last").value == pytest.approx(days.restricted_mean("last").value * 86_400_000_000)


@EXAMPLES
@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_complete_data_give_plain_mean_and_median(times: list[int]) -> None:
    curve = survival.kaplan_meier(times, np.ones(len(times)))
    assert curve.median.value == np.median(times)
    assert curve.restricted_mean(60).value == pytest.approx(np.mean(times))
    assert curve.restricted_mean(60).standard_error == pytest.approx(np.std(times) / np.sqrt(len(times)), abs=1e-9)


@EXAMPLES
@given(GROUPED)
def test_swapping_the_groups_swaps_the_figures(cases: list[tuple[int, bool, str]]) -> None:
    time, status, group = (np.array(part) for part in zip(*cases, strict=True))
    assume(len(set(group)) == 2)
    here, there = ["a", "b"], ["b", "a"]
    try:
        one = survival.log_rank(time, status, group, order=here)
    except NotEstimable:
        with pytest.raises(NotEstimable):
            survival.log_rank(time, status, group, order=there)
        return
    two = survival.log_rank(time, status, group, order=there)
    assert one.statistic == pytest.approx(two.statistic)
    assert one.observed == two.observed[::-1]
    assert sum(one.observed) == pytest.approx(sum(one.expected))
    exact = [survival.exact_log_rank(time, status, group, order=order, draws=200).p_value for order in (here, there)]
    assert exact[0] == pytest.approx(exact[1], abs=0.12)
    assert 0 < exact[0] <= 1


@EXAMPLES
@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 3)), min_size=1, max_size=40), st.integers(0, 15))
def test_shares_and_waiting_add_up_to_one(cases: list[tuple[int, int]], t: int) -> None:
    time, cause = (np.array(part) for part in zip(*cases, strict=True))
    shares = survival.aalen_johansen(time, cause, causes=[1, 2, 3])
    parts = [shares.at(t, cause=number)[0] for number in range(4)]
    if parts[0].value is None:
        assert all(part.value is None for part in parts)
        return
    assert sum(part.value for part in parts) == pytest.approx(1)
    for part in parts[1:]:
        assert part.standard_error is not None
        if part.lower is not None:
            assert part.lower <= part.value + 1e-12
            assert part.upper >= part.value - 1e-12


@EXAMPLES
@given(GROUPED, st.sampled_from(["mover", "bootstrap"]))
def test_the_ratio_of_medians_lies_within_a_mover_interval(cases: list[tuple[int, bool, str]], interval: str) -> None:
    time, status, group = (np.array(part) for part in zip(*cases, strict=True))
    assume(len(set(group)) == 2)
    found = survival.median_ratio(time, status, group, interval=interval, draws=50)
    if interval == "mover" and found.value is not None:
        assert found.lower is None or 0 < found.lower <= found.value
        assert found.upper is None or found.upper >= found.value
    assert found == survival.median_ratio(time, status, group, interval=interval, draws=50)
