"""Segmented regression and difference in differences: known lines, the likelihood written out, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

import leadtime as lt
from leadtime.errors import NotEstimable, UsageError


def line(n: int, k: int, *, level: float = 0.0, slope: float = 0.0) -> np.ndarray:
    """20 + 0.5 t, with a step and a bend at position k."""
    t = np.arange(n)
    return 20 + 0.5 * t + np.where(t >= k, level + slope * (t - k), 0.0)


def correlated(n: int, rho: float, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    errors = np.empty(n)
    errors[0] = generator.normal() / math.sqrt(1 - rho**2)
    for i in range(1, n):
        errors[i] = rho * errors[i - 1] + generator.normal()
    return errors


def dense(y: np.ndarray, design: np.ndarray, time: np.ndarray, rho: float, *, restricted: bool) -> tuple[float, np.ndarray, np.ndarray]:
    """Log-likelihood, coefficients and their errors from the whole correlation matrix."""
    n, p = design.shape
    matrix = rho ** np.abs(np.subtract.outer(time, time))
    inverse = np.linalg.inv(matrix)
    information = design.T @ inverse @ design
    beta = np.linalg.solve(information, design.T @ inverse @ y)
    rss = (y - design @ beta) @ inverse @ (y - design @ beta)
    size = n - p if restricted else n
    height = -size / 2 * (math.log(2 * math.pi * rss / size) + 1) - np.linalg.slogdet(matrix)[1] / 2
    height -= np.linalg.slogdet(information)[1] / 2 if restricted else 0
    return height, beta, np.sqrt(np.diag(np.linalg.inv(information)) * rss / (n - p))


@given(st.integers(6, 30), st.data())
def test_a_series_without_noise_gives_its_own_step_and_bend(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(2, n - 2))
    level, slope = data.draw(st.floats(-20, 20)), data.draw(st.floats(-2, 2))
    result = lt.control.segmented_regression(line(n, k, level=level, slope=slope), break_at=k)
    for fit in filter(None, (result.ols, result.gls)):
        found = [
            fit.terms[name].value for name in ("intercept", "slope_before", "level_change", "slope_change", "slope_after", "effect_at_end")
        ]
        assert found == pytest.approx([20, 0.5, level, slope, 0.5 + slope, level + slope * (n - 1 - k)], abs=1e-7)


def test_independent_errors_give_the_figures_of_least_squares() -> None:
    y = line(24, 12, level=-6, slope=-0.3) + np.random.default_rng(3).normal(size=24)
    result = lt.control.segmented_regression(y, break_at=12)
    t = np.arange(24)
    step = (t >= 12).astype(float)
    design = np.column_stack([np.ones(24), t, step, step * (t - 12)])
    beta, rss, *_ = np.linalg.lstsq(design, y, rcond=None)
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * rss[0] / 20)
    names = ("intercept", "slope_before", "level_change", "slope_change")
    for name, value, error in zip(names, beta, errors, strict=True):
        term = result.ols.terms[name]
        reach = stats.t.ppf(0.975, 20) * error
        assert [term.value, term.standard_error, term.lower, term.upper] == pytest.approx([value, error, value - reach, value + reach])
        assert result.ols.p_values[name] == pytest.approx(2 * stats.t.sf(abs(value / error), 20))


@pytest.mark.parametrize("likelihood", ["REML", "ML"])
@pytest.mark.parametrize(("rho", "seed"), [(0.7, 1), (0.3, 2), (-0.5, 3), (0.0, 4)])
def test_correlated_errors_give_the_highest_likelihood_written_out(likelihood: str, rho: float, seed: int) -> None:
    n, k = 30, 14
    y = line(n, k, level=-5, slope=-0.2) + correlated(n, rho, seed)
    y[[4, 17, 18]] = np.nan  # gaps stay gaps in time
    result = lt.control.segmented_regression(y, break_at=k, likelihood=likelihood)
    assert result.gls is not None
    time = np.flatnonzero(~np.isnan(y))
    step = (time >= k).astype(float)
    design = np.column_stack([np.ones(time.size), time, step, step * (time - k)])
    restricted = likelihood == "REML"
    found = optimize.minimize_scalar(
        lambda r: -dense(y[time], design, time, r, restricted=restricted)[0],
        bounds=(0.001, 0.999),
        method="bounded",
        options={"xatol": 1e-9},
    )
    height, beta, errors = dense(y[time], design, time, result.gls.rho, restricted=restricted)
    assert result.gls.log_likelihood == pytest.approx(height, abs=1e-8)
    assert height >= -found.fun - 1e-8
    terms = [result.gls.terms[name] for name in ("intercept", "slope_before", "level_change", "slope_change")]
    assert [term.value for term in terms] == pytest.approx(beta, rel=1e-8)
    assert [term.standard_error for term in terms] == pytest.approx(errors, rel=1e-8)


def test_under_twelve_points_independent_errors_are_primary_and_both_are_shown() -> None:
    y = line(30, 6, level=-4) + correlated(30, 0.4, 9)
    short, longer = (lt.control.segmented_regression(y[:n], break_at=6) for n in (11, 12))
    assert (short.primary, longer.primary) == ("OLS", "GLS")
    assert short.gls is not None
    assert short.chosen is short.ols
    assert longer.chosen is longer.gls
    assert longer.level_change == longer.gls.terms["level_change"]
    assert {row["method"] for row in longer.to_pandas().to_dict("records")} == {"OLS", "GLS AR(1) REML"}
    assert list(short.to_pandas()["primary"]) == [True] * 6 + [False] * 6


def test_correlation_widens_the_interval() -> None:
    widths = []
    for seed in range(20):
        result = lt.control.segmented_regression(line(40, 20) + correlated(40, 0.7, seed), break_at=20)
        widths.append(result.gls.terms["slope_change"].standard_error / result.ols.terms["slope_change"].standard_error)
    assert np.median(widths) > 1.2


def test_with_correlated_errors_a_change_that_is_none_is_seldom_claimed() -> None:
    claims = {"OLS": 0, "GLS": 0}
    for seed in range(60):
        result = lt.control.segmented_regression(line(36, 18) + correlated(36, 0.5, 1000 + seed), break_at=18)
        for name, fit in (("OLS", result.ols), ("GLS", result.gls)):
            claims[name] += fit.p_values["level_change"] < 0.05
    assert claims["GLS"] < claims["OLS"]
    assert claims["GLS"] <= 9


def test_a_season_is_told_from_the_break() -> None:
    t = np.arange(36)
    y = line(36, 18, level=-5) + 3 * np.sin(2 * np.pi * t / 12) + 2 * np.cos(2 * np.pi * t / 12)
    result = lt.control.segmented_regression(y, break_at=18, season=12)
    assert result.level_change.value == pytest.approx(-5)
    assert [result.chosen.terms[f"season_{wave}_1"].value for wave in ("sine", "cosine")] == pytest.approx([3, 2])
    assert lt.control.segmented_regression(y, break_at=18).level_change.value != pytest.approx(-5, abs=0.5)
    quarters = lt.control.segmented_regression(y[::3], break_at=6, season=4, harmonics=2)
    assert [name for name in quarters.ols.terms if name.startswith("season")] == ["season_sine_1", "season_cosine_1", "season_cosine_2"]


def test_the_points_have_the_line_and_what_it_would_have_been() -> None:
    result = lt.control.segmented_regression(line(14, 7, level=-3, slope=-1), break_at=7, labels=[f"2019-{m:02}" for m in range(1, 15)])
    points = result.points.records()
    assert [row["counterfactual"] for row in points] == pytest.approx(list(line(14, 7)))
    assert [row["fitted"] for row in points] == pytest.approx(list(line(14, 7, level=-3, slope=-1)))
    assert points[-1]["fitted"] - points[-1]["counterfactual"] == pytest.approx(result.effect_at_end.value)
    assert points[0]["label"] == "2019-01"


def test_the_difference_in_differences_of_complete_series_is_that_of_their_means() -> None:
    generator = np.random.default_rng(5)
    first, second = generator.normal(20, 2, 10), generator.normal(15, 2, 10)
    result = lt.control.difference_in_differences(first, second, break_at=4)
    by_hand = (first[4:].mean() - first[:4].mean()) - (second[4:].mean() - second[:4].mean())
    assert result.ols.terms["level_change"].value == pytest.approx(by_hand)
    assert result.estimate == result.ols.terms["level_change"]  # under 12 periods
    changes = result.means.column("change")
    assert changes[0] - changes[1] == pytest.approx(by_hand)
    gap = stats.ttest_ind((first - second)[4:], (first - second)[:4])
    assert result.ols.p_values["level_change"] == pytest.approx(gap.pvalue)


@settings(max_examples=15)
@given(st.lists(st.floats(-50, 50), min_size=16, max_size=16))
def test_what_moves_both_series_alike_falls_out(shared: list[float]) -> None:
    generator = np.random.default_rng(8)
    first, second = generator.normal(20, 2, 16), generator.normal(15, 2, 16)
    plain = lt.control.difference_in_differences(first, second, break_at=9)
    moved = lt.control.difference_in_differences(first + shared, second + shared, break_at=9)
    assert moved.estimate.value == pytest.approx(plain.estimate.value, abs=1e-4)
    assert moved.ols.terms["level_change"].standard_error == pytest.approx(plain.ols.terms["level_change"].standard_error, rel=1e-6)


def test_a_gap_that_was_closing_already_is_seen_before_the_break() -> None:
    t = np.arange(24)
    falling = 30 - 0.5 * t + np.random.default_rng(2).normal(0, 0.3, 24)
    result = lt.control.difference_in_differences(falling, np.full(24, 20.0), break_at=12)
    assert result.ols.terms["level_change"].upper < 0  # a change is claimed where there is only a trend ...
    assert result.parallel.upper < 0  # ... and the trend is shown
    own = lt.control.difference_in_differences(falling, np.full(24, 20.0), break_at=12, trend="own")
    assert own.estimate.lower < 0 < own.estimate.upper


def test_periods_with_one_value_only_are_left_out() -> None:
    first, second = [20, 21, None, 20, 12, 11, 12, 13], [18, 18, 19, None, 16, 17, 17, 17]
    result = lt.control.difference_in_differences(first, second, break_at=4)
    assert (result.n_before, result.n_after) == (2, 4)
    assert result.ols.terms["level_change"].value == pytest.approx((12 - 16.75) - (20.5 - 18))
    assert result.parallel is None


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: lt.control.segmented_regression([1, 2, 3, 4, 5], break_at=1), NotEstimable, "leaves 1 known point before and 4 after"),
        (lambda: lt.control.segmented_regression([1, 2, 3, 4], break_at=2), NotEstimable, "4 known points can't give 4 coefficients"),
        (lambda: lt.control.segmented_regression([1, 2, 3, 4, 5], break_at=5), UsageError, "break_at=5 isn't allowed"),
        (lambda: lt.control.segmented_regression(range(20), break_at=9, season=12), NotEstimable, "season=12 needs two cycles, 24 points"),
        (lambda: lt.control.segmented_regression(range(20), break_at=9, season=4, harmonics=3), UsageError, "harmonics=3 isn't allowed"),
        (lambda: lt.control.segmented_regression(range(20), break_at=9, likelihood="reml"), UsageError, "did you mean 'REML'?"),
        (lambda: lt.control.segmented_regression(range(20), break_at=9, confidence=95), UsageError, "confidence is 95"),
        (
            lambda: lt.control.difference_in_differences([1, 2, 3], [1, 2], break_at=1),
            UsageError,
            "values has 3 periods and comparison has 2",
        ),
        (
            lambda: lt.control.difference_in_differences([1, 2, None, 4], [1, None, 3, None], break_at=1),
            NotEstimable,
            "leaves 1 period with both values before it and 0 after",
        ),
        (lambda: lt.control.difference_in_differences([1, 2, 4], [1, 2, 3], break_at=1, trend="mine"), UsageError, "trend is 'mine'"),
    ],
)
def test_what_is_refused_is_named(call: object, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        call()  # type: ignore[operator]
    assert text in str(caught.value)


def test_too_short_a_series_has_no_autocorrelation_and_says_so() -> None:
    result = lt.control.segmented_regression([5, 6, 5, 9, 8], break_at=3)
    assert result.gls is None
    assert result.primary == "OLS"
    assert "nothing to find an autocorrelation by" in result.note
