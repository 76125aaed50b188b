"""Shares, rates and ordered answers: the figures of R and statsmodels, and what must hold whatever the counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import leadtime as lt
from leadtime.counts import ordinal_shift, rate, rate_ratio, share, share_difference
from leadtime.errors import NotEstimable, UsageError

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def limits(estimate):
    return estimate.lower, estimate.upper


def test_exact_shares_are_those_of_r_binom_test():
    # ?binom.test (Mendel's peas): 682 of 925, 95 % from 0.7076683 to 0.7654066
    assert limits(share(682, 925, interval="clopper-pearson")) == pytest.approx((0.7076683, 0.7654066), abs=5e-8)


@pytest.mark.parametrize(
    ("n", "of", "lower", "upper"), [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
)
def test_wilson_shares_are_those_of_newcombes_table(n, of, lower, upper):
    # Newcombe (1998), Statistics in Medicine 17:857, table I, method 3
    assert limits(share(n, of)) == pytest.approx((lower, upper), abs=5e-5)


@given(counts)
def test_a_shares_intervals_are_scipys_and_hold_the_share(pair):
    n, of = pair
    for ours, theirs in (("wilson", "wilson"), ("clopper-pearson", "exact")):
        found = share(n, of, interval=ours)
        reference = stats.binomtest(n, of).proportion_ci(0.95, method=theirs)
        assert limits(found) == pytest.approx((reference.low, reference.high), abs=1e-9)
        assert found.lower <= found.value <= found.upper


def test_a_difference_of_shares_is_newcombes():
    # Newcombe (1998), Statistics in Medicine 17:873, table II, method 10, given there as first less second
    assert limits(share_difference(48, 80, 56, 70)) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert limits(share_difference(3, 10, 9, 10)) == pytest.approx((0.1705, 0.8090), abs=5e-5)


def test_exact_rates_are_those_of_r_poisson_test():
    # ?poisson.test: 137 in 24.19893 gives 4.753125 to 6.692709; 11 in 800 against 21 in 3011, p = 0.07967
    assert limits(rate(137, 24.19893)) == pytest.approx((4.753125, 6.692709), abs=5e-7)
    result = rate_ratio(6 + 8 + 7, 1083 + 1050 + 878, 11, 800)
    assert result.ratio.value == pytest.approx(1.971488, abs=5e-7)
    assert limits(result.ratio) == pytest.approx((0.8584264, 4.2772659), abs=5e-7)
    assert result.test.p_value == pytest.approx(0.07967, abs=5e-6)


def test_no_event_leaves_an_upper_limit_only():
    assert rate(0, 10).lower == 0
    assert rate(0, 10).upper == pytest.approx(-math.log(0.025) / 10)
    assert rate_ratio(5, 10, 0, 10).ratio.lower == 0
    assert rate_ratio(0, 10, 5, 10).ratio.value is None
    assert rate_ratio(0, 10, 5, 10).ratio.upper is None


def test_bed_days_that_come_by_person_are_less_sure_than_as_many_separate_events():
    stays = [30, 1, 2, 45, 3, 9]
    assert rate(stays, 365).interval == "clustered"
    assert rate(stays, 365).value == rate(sum(stays), 365).value
    wide, narrow = limits(rate(stays, 365)), limits(rate(sum(stays), 365))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_persons_with_one_event_each_are_plain_poisson_on_the_log_scale():
    found = rate([1] * 25, 50, interval="clustered")
    assert limits(found) == pytest.approx((0.5 * math.exp(-1.959964 / 5), 0.5 * math.exp(1.959964 / 5)), rel=1e-6)


def test_clustered_intervals_keep_their_level_where_a_few_persons_have_most():
    draw = np.random.default_rng(7)
    covered = exact = 0
    for _ in range(600):
        stays = draw.geometric(0.1, draw.poisson(40))
        found, naive = rate(stays, 1.0), rate(int(stays.sum()), 1.0)
        covered += found.lower <= 400 <= found.upper
        exact += naive.lower <= 400 <= naive.upper
    assert 0.92 <= covered / 600 <= 0.975
    assert exact / 600 < 0.75  # what taking bed days for events would promise


def test_a_rate_of_each_persons_own_time_has_the_sandwich_error_of_a_poisson_regression():
    api = pytest.importorskip("statsmodels.api", reason="needs statsmodels: pip install 'leadtime[adjust]'")
    draw = np.random.default_rng(5)
    times = draw.uniform(20, 400, 60)
    visits = draw.poisson(times / 30 * draw.gamma(2, 0.5, 60))
    second = np.arange(60) >= 35
    design = np.column_stack([np.ones(60), second])
    fit = api.GLM(visits, design, family=api.families.Poisson(), offset=np.log(times)).fit(cov_type="HC0")
    found = rate_ratio(visits[~second], times[~second], visits[second], times[second])
    assert math.log(found.ratio.value) == pytest.approx(fit.params[1])
    assert math.log(found.ratio.upper / found.ratio.lower) / 2 / 1.959963984540054 == pytest.approx(fit.bse[1])
    assert found.test.p_value == pytest.approx(fit.pvalues[1])
    with pytest.raises(UsageError, match="for each person"):
        rate(visits[:5], times)


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0.1, 50), st.floats(0.1, 50))
def test_turning_the_groups_turns_the_ratio(a, b, time, second_time):
    one, other = rate_ratio(a, time, b, second_time), rate_ratio(b, second_time, a, time)
    assert one.ratio.value == pytest.approx(1 / other.ratio.value)
    assert limits(one.ratio) == pytest.approx((1 / other.ratio.upper, 1 / other.ratio.lower))
    assert one.test.p_value == pytest.approx(other.test.p_value)


LEVELS = ("inte alls", "lite", "ganska", "mycket", "helt")


def survey(seed, shift, n=(26, 20)):
    draw = np.random.default_rng(seed)
    latent = [draw.logistic(size=size) + move for size, move in zip(n, (0, shift), strict=True)]
    answers = np.digitize(np.concatenate(latent), (-1.5, -0.3, 0.6, 1.8))
    return [LEVELS[answer] for answer in answers], ["before"] * n[0] + ["after"] * n[1]


@pytest.mark.parametrize("seed", range(2))
def test_the_odds_ratio_and_its_interval_are_statsmodels_ordered_model(seed):
    ordered = pytest.importorskip("statsmodels.miscmodels.ordinal_model", reason="needs statsmodels: pip install 'leadtime[adjust]'")
    answers, group = survey(seed, 0.9)
    found = ordinal_shift(answers, group, levels=LEVELS)
    code = np.array([LEVELS.index(answer) for answer in answers])
    after = np.array([[float(label == "after")] for label in group])
    fit = ordered.OrderedModel(code, after, distr="logit").fit(method="bfgs", disp=False, gtol=1e-9)
    assert math.log(found.odds_ratio.value) == pytest.approx(fit.params[0], abs=1e-5)
    error = math.log(found.odds_ratio.upper / found.odds_ratio.lower) / 2 / 1.959964
    assert error == pytest.approx(fit.bse[0], rel=1e-4)


def test_two_answers_give_the_plain_odds_ratio_and_its_woolf_interval():
    answers = ["no"] * 10 + ["yes"] * 20 + ["no"] * 5 + ["yes"] * 40
    found = ordinal_shift(answers, ["before"] * 30 + ["after"] * 45, levels=["no", "yes"]).odds_ratio
    width = math.exp(1.959964 * math.sqrt(1 / 10 + 1 / 20 + 1 / 5 + 1 / 40))
    assert (found.value, found.lower, found.upper) == pytest.approx((4, 4 / width, 4 * width), rel=1e-5)


def test_levels_that_nobody_chose_change_nothing_but_their_row():
    answers, group = survey(1, 0.5)
    more = ordinal_shift(answers, group, levels=("aldrig", *LEVELS, "vet mer än allt"))
    plain = ordinal_shift(answers, group, levels=LEVELS)
    assert more.odds_ratio.value == pytest.approx(plain.odds_ratio.value)
    assert more.test.p_value == plain.test.p_value
    assert more.table.rows[0][:3] == ("aldrig", 0, 0)


def test_the_order_of_the_answers_counts_and_the_rows_add_up():
    answers, group = survey(2, 0.7)
    found = ordinal_shift(answers, group, levels=LEVELS)
    turned = ordinal_shift(answers, group, levels=LEVELS[::-1])
    assert turned.odds_ratio.value == pytest.approx(1 / found.odds_ratio.value)
    assert sum(found.table.column("n_before")) == 26
    assert sum(found.table.column("n_after")) == 20


def test_groups_apart_have_no_odds_ratio_but_a_test():
    found = ordinal_shift([1, 1, 2, 2, 3, 3, 4, 4], ["a"] * 4 + ["b"] * 4)
    assert found.odds_ratio.value is None
    assert "no end" in found.odds_ratio.note
    assert found.test.p_value == pytest.approx(2 / math.comb(8, 4))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: share(5, 4), UsageError, "persons, and not of their events"),
        (lambda: share(0, 0), NotEstimable, "somebody"),
        (lambda: share(1, 4, interval="wald"), UsageError, "interval is 'wald'"),
        (lambda: rate(3, 0), NotEstimable, "time above 0"),
        (lambda: rate(3, 10, interval="clustered"), UsageError, "how many events each person had"),
        (lambda: rate([0.5], 10, interval="exact"), UsageError, "whole number"),
        (lambda: ordinal_shift(["good", "bad"], ["a", "b"]), UsageError, "text has no order"),
        (lambda: ordinal_shift(["god", "bad"], ["a", "b"], levels=["bad", "good"]), UsageError, "did you mean 'good'"),
        (lambda: ordinal_shift([1, 1], ["a", "b"]), NotEstimable, "all '1'"),
    ],
)
def test_what_cannot_be_said_is_an_error_that_says_why(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_the_room_is_reached_from_the_package():
    assert lt.counts.share is share
