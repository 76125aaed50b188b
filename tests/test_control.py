"""Control charts by hand: gaps, parts, rules, funnels, and what is refused."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import leadtime as lt
from leadtime.errors import InputError, NotEstimable, UsageError

numbers = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda x: round(x, 3))
series = st.lists(numbers, min_size=4, max_size=40)


def test_the_room_is_reachable_from_the_package() -> None:
    assert lt.control.xmr([1, 2, 3]).centre == 2


def test_limits_are_three_times_the_moving_range_over_1_128() -> None:
    chart = lt.control.xmr([10, 14, 12, 18], screen=False)
    mean, moving = 13.5, (4 + 2 + 6) / 3
    assert chart.current.mean_moving_range == moving
    assert [chart.centre, chart.lower, chart.upper] == pytest.approx([mean, mean - 3 * moving / 1.128, mean + 3 * moving / 1.128])
    assert chart.points.column("moving_range") == (None, 4, 2, 6)


def test_screening_is_done_once_and_leaves_the_mean() -> None:
    values = [10, 11] * 10 + [40] + [10, 11] * 5
    once, never = lt.control.xmr(values), lt.control.xmr(values, screen=False)
    ranges = np.abs(np.diff(values))
    limit = 3.267 * ranges.mean()
    assert once.current.moving_range_limit == pytest.approx(limit)
    assert once.current.screened == int((ranges >= limit).sum()) == 2
    assert once.current.mean_moving_range == pytest.approx(ranges[ranges < limit].mean())
    assert once.centre == never.centre == pytest.approx(np.mean(values))


def test_under_twelve_points_limits_are_trial_limits() -> None:
    values = [5, 7, 6, 8, 5, 7, 6, 8, 5, 7, 6, 8]
    assert not lt.control.xmr(values).trial
    assert lt.control.xmr(values[:11]).trial
    assert lt.control.xmr([*values[:11], None]).trial  # a month without value gives no limits
    assert lt.control.xmr(values, freeze=11).trial
    assert [part.trial for part in lt.control.xmr(values + values[:5], rebase=12).parts] == [False, True]


def test_a_period_without_value_breaks_the_moving_range_and_is_no_point() -> None:
    chart = lt.control.xmr([10, 12, None, 30, 31], screen=False)
    assert chart.current.mean_moving_range == 1.5  # 2 and 1; none from 12 to 30
    assert chart.centre == pytest.approx(83 / 4)
    row = chart.points.records()[2]
    assert (row["value"], row["moving_range"], row["rule"], row["special_cause_type"], row["outside"]) == (None, None, None, None, False)


def test_nan_and_none_are_the_same_gap() -> None:
    assert lt.control.xmr([1, None, 3, 4]) == lt.control.xmr([1, math.nan, 3, 4])


def test_frozen_lines_judge_what_follows_by_the_baseline() -> None:
    before, after = [20, 22, 21, 19, 20, 21, 22, 20, 19, 21, 20, 22], [12, 13, 12, 11]
    frozen = lt.control.xmr(before + after, freeze=12)
    assert [frozen.centre, frozen.lower, frozen.upper] == [getattr(lt.control.xmr(before), name) for name in ("centre", "lower", "upper")]
    assert frozen.outside == (12, 13, 14, 15)
    assert set(frozen.points.column("point_type")[12:]) == {"special_cause_improvement"}


def test_a_new_baseline_is_a_chart_of_its_own() -> None:
    first, second = [20, 22, 21, 19, 20, 21, 22], [12, 13, 12, 11, 14, 12, 13, 12]
    chart = lt.control.xmr(first + second, rebase=7)
    for part, values in zip(chart.parts, (first, second), strict=True):
        alone = lt.control.xmr(values)
        assert (part.centre, part.lower, part.upper) == (alone.centre, alone.lower, alone.upper)
    assert (chart.parts[0].last, chart.parts[1].first, chart.centre) == (6, 7, chart.parts[1].centre)
    assert chart.outside == ()


def test_several_breaks_may_be_given_in_any_order() -> None:
    values = [1, 2, 1, 5, 6, 5, 9, 8, 9]
    assert lt.control.xmr(values, rebase=[6, 3]) == lt.control.xmr(values, rebase=[3, 6])
    assert [part.first for part in lt.control.xmr(values, rebase=[3, 6]).parts] == [0, 3, 6]


def test_each_rule_has_its_name() -> None:
    flat = [10, 11, 10, 11, 10, 11, 10, 11, 10, 11, 10, 11]
    far = lt.control.xmr([*flat, 30], freeze=12)
    assert far.points.records()[-1]["special_cause_type"] == "Above UCL"
    rising = lt.control.xmr([10, 5, 11, 6, 7, 8, 9, 10, 11, 12, 6, 10])
    trend = [row["position"] for row in rising.points.records() if row["rule"] == "trend"]
    assert trend == list(range(3, 10))
    assert {rising.points.records()[position]["special_cause_type"] for position in trend} == {"7 Point Trend (Increasing)"}
    shifted = lt.control.xmr([*flat, *[11] * 7], freeze=12)
    assert [row["rule"] for row in shifted.points.records()[11:]] == ["shift"] * 8  # the last of the baseline lies on that side too
    near = lt.control.xmr([*flat, 12.6, 11, 12.6], freeze=12)
    assert [row["rule"] for row in near.points.records()[12:]] == ["two of three", None, "two of three"]


def test_numbers_of_points_may_be_chosen() -> None:
    flat = [10, 11] * 6
    six = lt.control.xmr([*flat, 11.2, 10.8, 11.1, 10.9, 11.2, 10.9], freeze=12, shift=6)
    assert six.points.column("special_cause_type")[-1] == "6 Points Above CL"
    assert lt.control.xmr([*flat, 10, 11.2, 10.8, 11.1, 10.9, 11.2, 10.9], freeze=12).signals == ()


def test_which_direction_is_better_decides_the_judgement() -> None:
    values = [10, 11] * 6 + [30]
    kinds = {
        better: lt.control.xmr(values, freeze=12, improvement=better).points.column("point_type")[-1]
        for better in ("decrease", "increase", "neutral")
    }
    assert kinds == {"decrease": "special_cause_concern", "increase": "special_cause_improvement", "neutral": "special_cause_neutral_high"}


def test_values_on_the_median_are_left_out_of_runs() -> None:
    part = lt.control.run_chart([1, 5, 3, 3, 3, 1, 5, 3, 5]).current
    assert (part.centre, part.n_obs, part.n_useful, part.n_crossings, part.longest_run) == (3, 9, 5, 3, 2)


def test_a_flat_series_has_no_signal() -> None:
    for value in (0.1, 0.7, 1e-9, 1 / 3):
        chart = lt.control.xmr([value] * 11)
        assert (chart.signals, chart.outside, chart.runs_signal, chart.current.longest_run) == ((), (), False, None)
        assert lt.control.run_chart([value] * 11).current.n_useful == 0


@given(series, st.floats(0.1, 50), numbers)
def test_a_change_of_unit_or_origin_changes_no_signal(values: list[float], scale: float, origin: float) -> None:
    # Powers of two and whole shifts leave the arithmetic exact, so that equal values stay equal.
    factor = 2.0 ** round(math.log2(scale))
    moved = lt.control.run_chart([factor * value for value in values])
    chart = lt.control.run_chart(values)
    assert [p.longest_run for p in moved.parts] == [p.longest_run for p in chart.parts]
    assert lt.control.xmr([factor * value for value in values]).signals == lt.control.xmr(values).signals
    shifted = lt.control.xmr([value + origin for value in values])
    assert shifted.upper - shifted.centre == pytest.approx(lt.control.xmr(values).upper - lt.control.xmr(values).centre, rel=1e-6, abs=1e-6)


@given(series)
def test_turning_a_series_over_turns_its_lines_over(values: list[float]) -> None:
    chart, turned = lt.control.xmr(values), lt.control.xmr([-value for value in values])
    assert turned.centre == pytest.approx(-chart.centre, abs=1e-9)
    assert [turned.lower, turned.upper] == pytest.approx([-chart.upper, -chart.lower], rel=1e-9, abs=1e-6)


@given(series)
def test_runs_and_crossings_add_up(values: list[float]) -> None:
    part = lt.control.run_chart(values).current
    above = [value > part.centre for value in values if value != part.centre]
    assert part.n_useful == len(above)
    if above:
        assert part.n_crossings == sum(a != b for a, b in itertools.pairwise(above))
        assert 1 <= part.longest_run <= part.n_useful


def test_the_limits_of_a_p_chart_follow_the_size() -> None:
    chart = lt.control.p_chart([3, 10, 30], [10, 20, 90])
    share = 43 / 120
    for row, size in zip(chart.points.records(), (10, 20, 90), strict=True):
        spread = 3 * math.sqrt(share * (1 - share) / size)
        assert [row["lower"], row["upper"]] == pytest.approx([max(0, share - spread), min(1, share + spread)])


def test_laney_widens_the_limits_where_shares_vary_more_than_chance() -> None:
    sizes = [4000] * 12
    events = [2000, 2300, 1800, 2200, 1750, 2250, 1900, 2150, 1700, 2300, 1850, 2100]
    plain, wide = lt.control.p_chart(events, sizes), lt.control.p_chart(events, sizes, dispersion="laney")
    share = sum(events) / sum(sizes)
    sigma = math.sqrt(share * (1 - share) / 4000)
    z = (np.array(events) / 4000 - share) / sigma
    assert wide.current.dispersion == plain.current.dispersion == pytest.approx(np.abs(np.diff(z)).mean() / 1.128)
    assert wide.upper == pytest.approx(share + 3 * sigma * wide.current.dispersion)
    assert (len(plain.outside), wide.outside, plain.chart, wide.chart) == (10, (), "p", "p-prime")


def test_a_period_without_cases_has_no_share() -> None:
    chart = lt.control.p_chart([3, 0, None, 4], [10, 0, 8, 10])
    assert chart.points.column("value") == (0.3, None, None, 0.4)
    assert chart.centre == 0.35


def test_the_lower_limit_of_a_t_chart_is_never_under_0() -> None:
    chart = lt.control.t_chart([1, 90, 2, 80, 1, 95, 3, 70])
    assert chart.lower == 0
    assert chart.outside == ()
    roots = np.array([1, 90, 2, 80, 1, 95, 3, 70]) ** (1 / 3.6)
    assert chart.centre == pytest.approx(roots.mean() ** 3.6)


def test_funnel_limits_hold_the_share_of_chance_that_they_say() -> None:
    result = lt.control.funnel([30, 18, 9, 4], [50, 40, 45, 4], labels=["A", "B", "C", "D"])
    assert result.target == 61 / 139
    for row in result.sites.records():
        for level in (0.95, 0.998):
            name = f"{100 * level:g}".replace(".", "_")
            law = stats.binom(row["size"], result.target)
            low, high = row[f"lower_{name}"] * row["size"], row[f"upper_{name}"] * row["size"]
            assert law.cdf(math.floor(low) - 1) <= (1 - level) / 2 <= law.cdf(math.ceil(low)) + 1e-12
            assert law.cdf(math.floor(high) - 1) <= (1 + level) / 2 <= law.cdf(math.ceil(high)) + 1e-12


def test_a_funnel_limit_between_counts_is_that_of_spiegelhalter() -> None:
    row = lt.control.funnel([3], [10], target=0.5, limits=[0.9]).sites.records()[0]
    # P(R <= 2) = 56/1024, P(R <= 1) = 11/1024: 0.05 is (56 - 51.2)/45 of the way back from 2.
    assert row["lower_90"] == pytest.approx((2 - (56 - 51.2) / 45) / 10)
    assert (row["beyond"], row["side"]) == (None, "below")


def test_funnels_narrow_with_size_and_hold_rates_too() -> None:
    result = lt.control.funnel([5, 8, 36], [100, 200, 300], kind="rate")
    curve = result.curve([50, 100, 200, 400, 800])
    widths = [high - low for low, high in zip(curve.column("lower_95"), curve.column("upper_95"), strict=True)]
    assert widths == sorted(widths, reverse=True)
    assert result.sites.column("beyond")[2] == 0.95
    assert lt.control.funnel([9, 19, 60], [100, 200, 300], labels="ABC", kind="rate", target=0.09).outside == ("C",)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: lt.control.xmr([1]), NotEstimable, "values has 1 known value; allowed is 2 or more"),
        (lambda: lt.control.run_chart([None, None]), NotEstimable, "values has 0 known values"),
        (lambda: lt.control.xmr([1, math.inf]), InputError, "values[1] is inf"),
        (lambda: lt.control.xmr([[1, 2], [3, 4]]), UsageError, "one column of values"),
        (lambda: lt.control.xmr(["a", "b"]), UsageError, "plain numbers"),
        (lambda: lt.control.xmr([1, 2, 3], rebase=3), UsageError, "rebase=3 isn't allowed; give the position of the first point after"),
        (lambda: lt.control.xmr([1, 2, 3], rebase=0), UsageError, "rebase=0"),
        (lambda: lt.control.xmr([1, 2, 3], freeze=1), UsageError, "freeze=1 isn't allowed; give a number of baseline points from 2 to 3"),
        (lambda: lt.control.xmr([1, 2, 3], freeze=2, rebase=2), UsageError, "freeze and rebase are both given"),
        (lambda: lt.control.xmr([1, 2, 3], exclude=[3]), UsageError, "exclude names position 3; allowed are 0 to 2"),
        (lambda: lt.control.xmr([1, 2, 3], shift=2), UsageError, "shift=2 isn't allowed"),
        (lambda: lt.control.xmr([1, 2, 3], improvement="down"), UsageError, "improvement is 'down'"),
        (lambda: lt.control.xmr([1, 2, 3], labels=["a"]), UsageError, "labels has 1 value and the series has 3"),
        (lambda: lt.control.xmr([1, 2, None, None], rebase=2), NotEstimable, "part 2, positions 2 to 3, has no value"),
        (lambda: lt.control.t_chart([3, 0, 5]), InputError, "values[1] is 0; a time between events is above 0"),
        (lambda: lt.control.p_chart([3, 12], [10, 10]), InputError, "events[1] is 12 of 10"),
        (lambda: lt.control.p_chart([3, 4], [10, 10], dispersion="lany"), UsageError, "did you mean 'laney'?"),
        (lambda: lt.control.funnel([3, 4], [10, 0]), InputError, "sizes[1] is 0; a site without cases"),
        (lambda: lt.control.funnel([3, 14], [10, 12]), InputError, "events[1] is 14 of 12"),
        (lambda: lt.control.funnel([3], [10], limits=[95]), UsageError, "limits holds 95"),
        (lambda: lt.control.funnel([3], [10], target=1.5), UsageError, "target=1.5"),
    ],
)
def test_what_is_refused_is_named(call: object, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        call()  # type: ignore[operator]
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_chart_speaks_as_all_results_do() -> None:
    chart = lt.control.xmr([3, 4, 5, 4], labels=["2019-01", "2019-02", "2019-03", "2019-04"])
    frame = chart.to_pandas()
    assert list(frame["label"]) == ["2019-01", "2019-02", "2019-03", "2019-04"]
    assert {"value", "centre", "lower", "upper", "rule", "special_cause_type", "point_type"} <= set(frame.columns)
    content = chart.to_dict()
    assert content["schema_version"] == 1
    assert content["parts"][0]["centre"] == 4
    assert "longest_run" in str(chart)
    assert "<table>" in chart._repr_html_()
