"""Late entry and samples by end date: an emptied risk set is never read as 0, and what is conditional says so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadtime import survival
from leadtime.errors import NotEstimable
from leadtime.survival.truncated import RightTruncated

CASES = st.lists(st.tuples(st.integers(0, 8), st.integers(1, 10), st.booleans()), min_size=1, max_size=25)


@settings(max_examples=150, deadline=None)
@given(CASES)
def test_no_curve_reaches_zero_while_others_enter_later(cases: list[tuple[int, int, bool]]) -> None:
    entry, extra, done = (np.array(part) for part in zip(*cases, strict=True))
    time = entry + extra
    try:
        curve = survival.kaplan_meier(time, done, entry=entry)
    except NotEstimable as refused:
        start = float(str(refused).split("at least ")[1].split(" ")[0])
        curve = survival.kaplan_meier(time, done, entry=entry, condition_on=start)  # the way out that the error names
        assert curve.conditional_on >= start
    assert (curve.survival[:-1] > 0).all()


@pytest.mark.parametrize(("function", "flag"), [("aalen_johansen", 1), ("kaplan_meier", 1), ("follow_up", 0)])
def test_every_curve_refuses_an_emptied_risk_set(function: str, flag: int) -> None:
    with pytest.raises(NotEstimable, match=r"all who were under observation at 2 ended then \(1 case\), while 2 entered later"):
        getattr(survival, function)([2, 9, 12], [flag] * 3, entry=[0, 5, 6])


def test_a_comparison_names_the_group_whose_risk_set_emptied() -> None:
    data = ([2, 9, 12, 4, 8, 9], [1] * 6, list("aaabbb"))
    with pytest.raises(NotEstimable, match="all of group 'a' who were under observation"):
        survival.restricted_mean_difference(*data, tau=6, entry=[0, 5, 6, 0, 0, 0])
    with pytest.raises(NotEstimable, match="all of group 'a' who were under observation"):
        survival.median_ratio(*data, entry=[0, 5, 6, 0, 0, 0])


def test_a_curve_that_nobody_was_seen_from_the_start_of_says_so() -> None:
    late = survival.kaplan_meier([5, 8, 9], [1, 1, 1], entry=[2, 3, 1])
    assert late.conditional_on == 1
    assert late.at(6)[0].note == late.median.note == "given still open at 1"
    assert late.restricted_mean(7).note == "up to 7; given still open at 1"
    assert survival.kaplan_meier([5, 8, 9], [1, 1, 1], entry=[2, 0, 1]).conditional_on == 0


def reversed_curve(time: np.ndarray, longest: np.ndarray) -> survival.KaplanMeier:
    """The product limit in reverse time, by the curve for late entry; half a day earlier, since the closing day itself counts."""
    most = int(longest.max()) + 1
    return survival.kaplan_meier(most - time, np.ones(time.size), entry=most - longest - 0.5)


def test_the_reverse_time_product_limit_is_kaplan_meier_turned_round() -> None:
    rng = np.random.default_rng(2)
    start, time = rng.integers(0, 300, 400), rng.geometric(0.01, 400)
    kept = start + time <= 300
    time, longest = time[kept], 300 - start[kept]
    fit = survival.right_truncated(time, longest, up_to=150)
    wanted = reversed_curve(time, longest)
    most = int(longest.max()) + 1
    scale = wanted.at(most - 150 - 1)[0].value  # of all, the share that lasts 150 at most
    for t in (20, 60, 100, 149):
        found, turned = fit.at(t)[0], wanted.at(most - t - 1)[0]
        assert 1 - found.value == pytest.approx(turned.value / scale, rel=1e-9)
        assert found.lower <= found.value <= found.upper
        assert found.note == "of those that last at most 150"
    assert fit.at(150)[0].value == 0
    assert fit.at(0)[0].value == 1


def test_a_sample_by_end_date_is_set_right_within_what_could_be_seen() -> None:
    rng = np.random.default_rng(8)
    start, time = rng.random(20_000) * 1000, rng.exponential(400, 20_000)
    kept = start + time <= 1000
    fit = survival.right_truncated(time[kept], 1000 - start[kept], up_to=800)
    naive = np.median(time[kept])
    true = -400 * np.log(1 - 0.5 * (1 - np.exp(-2)))  # the median of those that last 800 at most
    assert fit.median.value == pytest.approx(true, rel=0.05)
    assert fit.median.lower < true < fit.median.upper
    assert naive < 0.85 * true


def test_a_right_truncated_result_speaks_like_every_result() -> None:
    fit = survival.right_truncated([2, 3, 3, 5], [4, 9, 9, 9])
    assert isinstance(fit, RightTruncated)
    assert [(row["comparable"], row["events"]) for row in fit.table.records()] == [(1, 1), (3, 2), (3, 1)]
    assert "of those that last at most 5" in str(fit)
    assert list(fit.to_pandas().columns)[:3] == ["time", "comparable", "events"]
