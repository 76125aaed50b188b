"""Planning: simulated pilots are analysed as `compare` does, power agrees with the formula, no effect is no claim."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import leadtime as lt
from leadtime import survival
from leadtime.compare import simulated
from leadtime.compare.simulated import SimulatedCohort, World
from leadtime.durations import DAYS_PER_MONTH
from leadtime.errors import UsageError

Z = stats.norm.ppf(0.975)


def same(found: float, wanted: float | None) -> bool:
    return math.isnan(found) if wanted is None else found == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(("before", "after", "accrual"), [(15, 15, 0.0), (8, 20, 200.0), (60, 55, 90.0), (4, 2, 0.0)])
def test_each_simulated_pilot_has_the_figures_of_the_estimators(before: int, after: int, accrual: float) -> None:
    generator = np.random.default_rng(before)
    world = World("lognormal", 2.0, accrual, 0.0005)
    first, second = (
        world.draw(SimulatedCohort(before, 365, 500), 40, generator),
        world.draw(SimulatedCohort(after, 200, 500), 40, generator),
    )
    medians = first.medians(Z), second.medians(Z)
    limits, p_values = simulated.mover(*medians), simulated.log_rank(first, second)
    for i in range(40):
        for curves, found in zip((first, second), medians, strict=True):
            median = survival.kaplan_meier(curves.time[i], curves.observed[i]).median
            assert all(same(f[i], w) for f, w in zip(found, (median.value, median.lower, median.upper), strict=True))
        time, observed = (np.concatenate([getattr(curves, name)[i] for curves in (first, second)]) for name in ("time", "observed"))
        group = ["before"] * before + ["after"] * after
        ratio = survival.median_ratio(time, observed, group)
        assert [same(limits[0][i], ratio.lower), same(limits[1][i], ratio.upper)] == [True, True]
        if before > 4:
            assert p_values[i] == pytest.approx(survival.log_rank(time, observed, group).p_value, rel=1e-9)


def test_the_permutation_test_of_a_simulated_pilot_is_that_of_compare_but_for_its_draws() -> None:
    generator = np.random.default_rng(3)
    world = World("weibull", 2.0, 0.0, 0.0005)
    first, second = world.draw(SimulatedCohort(9, 365, 400), 30, generator), world.draw(SimulatedCohort(10, 200, 400), 30, generator)
    found = simulated.permutation(first, second, generator)
    for i in range(30):
        time, observed = (np.concatenate([getattr(curves, name)[i] for curves in (first, second)]) for name in ("time", "observed"))
        exact = survival.exact_log_rank(time, observed, ["b"] * 9 + ["a"] * 10).p_value
        assert abs(found[i] - exact) < 4.5 * math.sqrt(exact * (1 - exact) / simulated.SPLITS) + 1e-3


def test_the_horizon_is_the_last_month_with_five_at_risk_in_each() -> None:
    generator = np.random.default_rng(4)
    world = World("lognormal", 2.0, 100.0, 0.001)
    first, second = world.draw(SimulatedCohort(12, 365, 500), 60, generator), world.draw(SimulatedCohort(9, 150, 500), 60, generator)
    found = simulated.common_horizon(first, second, None)
    for i in range(60):
        bounding = [curves.time[i] for curves in (first, second) if not curves.observed[i, -1]]
        months = [m for m in range(1, 20) if all(np.sum(times >= m * DAYS_PER_MONTH) >= 5 for times in bounding)]
        longest = max(first.time[i, -1], second.time[i, -1])
        wanted = max(months, default=None) if bounding else math.ceil(longest / DAYS_PER_MONTH)
        assert same(found[i], None if wanted is None else wanted * DAYS_PER_MONTH)
    assert np.isnan(simulated.common_horizon(first, second, 600.0)[~first.observed[:, -1]]).all()


@pytest.mark.parametrize("n", [15, 25, 60])
def test_without_a_change_the_test_seldom_finds_one(n: int) -> None:
    row = lt.plan(n, "18 months", 1.0, draws=2000, seed=n).rows[0]
    assert 0.033 <= row.power <= 0.067
    assert row.ratio_lower < 1 < row.ratio_upper


@pytest.mark.parametrize("n", [60, 120])
def test_power_with_proportional_hazards_is_that_of_schoenfeld_s_formula(n: int) -> None:
    spread = 2.5
    power = math.log(math.log(10) / math.log(2)) / math.log(spread)
    ratio = math.exp(-2.9 / math.sqrt(2 * n / 4) / power)
    found = lt.plan(n, 36_500, ratio, shape="weibull", spread=spread, leavers=0, draws=2000).rows[0]
    formula = stats.norm.cdf(abs(math.log(ratio)) * power * math.sqrt(2 * n / 4) - Z)
    assert found.power == pytest.approx(formula, abs=0.035)
    assert (found.no_ratio, found.no_tau) == (0, 0)


def test_the_simulated_lead_times_have_the_declared_median_spread_and_leavers() -> None:
    generator = np.random.default_rng(1)
    for shape in ("lognormal", "weibull"):
        curves = World(shape, 2.2, 0.0, 0.0).draw(SimulatedCohort(200_000, 300, 1e9), 1, generator)
        assert np.quantile(curves.time, [0.5, 0.9]) == pytest.approx([300, 660], rel=0.01)
    leaving = World("lognormal", 2.2, 0.0, -math.log1p(-0.3) / 500).draw(SimulatedCohort(200_000, 1e9, 500), 1, generator)
    assert np.mean(leaving.time < 500) == pytest.approx(0.3, abs=0.005)
    spread_out = World("lognormal", 2.2, 200.0, 0.0).draw(SimulatedCohort(50_000, 1e9, 500), 1, generator)
    assert [spread_out.time.min(), spread_out.time.max()] == pytest.approx([300, 500], abs=1)


def test_more_cases_give_more_power_and_narrower_intervals() -> None:
    small, large = lt.plan([15, 60], "2 years", 0.6, draws=400).rows
    assert small.power < large.power
    assert small.ratio_width > large.ratio_width
    assert small.difference_width_days > large.difference_width_days
    assert small.ratio_open > large.ratio_open


def test_a_median_that_follow_up_doesn_t_reach_can_t_be_given() -> None:
    row = lt.plan(20, "6 months", 0.9, baseline_median="2 years", draws=200).rows[0]
    assert (row.no_median_before, row.no_ratio, row.ratio_width) == (1, 1, None)
    longer = lt.plan(20, "6 months", 0.2, baseline_median="2 years", before_follow_up="5 years", draws=200).rows[0]
    assert longer.no_median_before < 0.05


def test_text_and_days_are_the_same_and_the_seed_decides() -> None:
    by_text = lt.plan(20, "18 months", 0.5, baseline_median="1 year", draws=100)
    assert by_text == lt.plan(20, 18 * DAYS_PER_MONTH, 0.5, baseline_median=365.25, draws=100)
    assert by_text != lt.plan(20, "18 months", 0.5, draws=100, seed=1)
    assert (by_text.follow_up_days, by_text.draws, by_text.seed) == (547.875, 100, 0)


def test_cohorts_may_differ_in_size_and_the_test_follows_the_smaller() -> None:
    rows = lt.plan([40, 100], "2 years", 0.5, allocation=0.5, draws=50).rows
    assert [(row.n_before, row.n_after) for row in rows] == [(40, 20), (100, 50)]
    assert [row.test for row in rows] == ["permutation log-rank, 1999 random splits", "log-rank"]


def test_a_table_has_a_row_a_size_and_one_size_has_its_power() -> None:
    frame = lt.plan([10, 20, 30], "1 year", 0.5, draws=50).to_pandas()
    assert list(frame["n_before"]) == [10, 20, 30]
    assert {"power", "no_ratio", "ratio_width", "difference_width_days"} <= set(frame.columns)
    assert 0 <= lt.plan(10, "1 year", 0.5, draws=50).power <= 1
    assert len(lt.plan([10, 20], "1 year", 0.5, draws=50).power) == 2


def test_progress_is_told() -> None:
    told: list[tuple[str, float]] = []
    lt.plan([10, 20], "1 year", 0.5, draws=20, progress=lambda text, share: told.append((text, share)))
    assert told == [("10 a cohort", 0.0), ("20 a cohort", 0.5), ("done", 1.0)]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"n": 1}, "n is 1; allowed is a whole number of 2 or more"),
        ({"n": []}, "n is empty"),
        ({"follow_up": 0}, "follow_up is 0; give days above 0, or a text such as '18 months'"),
        ({"follow_up": "soon"}, "follow_up: 'soon' is no amount of time"),
        ({"ratio": 0}, "ratio is 0; allowed is above 0"),
        ({"ratio": math.nan}, "ratio is nan"),
        ({"spread": 1}, "spread is 1; allowed is above 1"),
        ({"leavers": 1}, "leavers is 1; allowed is a share from 0 to below 1"),
        ({"accrual": "2 years"}, "leaves the last started no follow-up"),
        ({"shape": "normal"}, "shape is 'normal'"),
        ({"draws": 0}, "draws is 0"),
        ({"confidence": 95}, "confidence is 95"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_what_is_refused_is_named(arguments: dict[str, object], text: str) -> None:
    with pytest.raises(UsageError) as caught:
        lt.plan(**({"n": 20, "follow_up": "1 year", "ratio": 0.5} | arguments))  # type: ignore[arg-type]
    assert text in str(caught.value)
