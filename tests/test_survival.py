"""What the estimators promise beyond R's figures: rules of their own, random draws, and errors that name the fix."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from leadtime import survival
from leadtime.errors import InputError, NotEstimable, UsageError
from leadtime.results import Estimate

BEFORE = [10, 12, 13, 14, 15, 16, 18, 22, 24, 30]
AFTER = [4, 5, 6, 7, 8, 9, 10, 11, 12, 14]
TIMES, ALL, GROUPS = BEFORE + AFTER, [1] * 20, ["before"] * 10 + ["after"] * 10


def mover(before: tuple[float, ...], after: tuple[float, ...]) -> tuple[float, float]:
    """The formula of DEFINITIONS 3.5, written out from (lower, median, upper) of each group."""
    (l0, m0, u0), (l1, m1, u1) = before, after
    r = m1 / m0
    lower = math.log(r) - math.sqrt(math.log(m1 / l1) ** 2 + math.log(u0 / m0) ** 2)
    upper = math.log(r) + math.sqrt(math.log(u1 / m1) ** 2 + math.log(m0 / l0) ** 2)
    return math.exp(lower), math.exp(upper)


@pytest.mark.parametrize("n", range(1, 201))
def test_the_median_of_complete_data_is_that_of_a_spreadsheet(n: int) -> None:
    values = np.random.default_rng(n).integers(0, 400, n)
    assert survival.kaplan_meier(np.arange(1, n + 1), np.ones(n)).median.value == np.median(np.arange(1, n + 1))
    assert survival.kaplan_meier(values, np.ones(n)).median.value == np.median(values)
    assert survival.kaplan_meier(values / 30.4375, np.ones(n)).median.value == np.median(values / 30.4375)


def test_whole_microseconds_are_never_rounded() -> None:
    base = 2**60
    curve = survival.kaplan_meier([base, base + 1, base + 2], [1, 1, 1])
    assert curve.table.column("time") == (base, base + 1, base + 2)
    assert curve.table.column("at_risk") == (3, 2, 1)


def test_columns_of_python_objects_are_read() -> None:
    plain = survival.log_rank([1, 2, 3, 4], [1, 1, 0, 1], ["a", "b", "a", "b"])
    objects = [np.array(column, dtype=object) for column in ([1, 2, 3, 4], [True, True, False, True], ["a", "b", "a", "b"])]
    assert survival.log_rank(*objects) == plain
    assert survival.kaplan_meier(np.array([1.5, 2], dtype=object), [1, 1]).median.value == 1.75
    with pytest.raises(UsageError, match="plain numbers"):
        survival.kaplan_meier(np.array(["x", 1], dtype=object), [1, 1])


def test_events_come_before_censorings_at_a_tie() -> None:
    table = survival.kaplan_meier([5, 5, 7], [0, 1, 0]).table
    assert table.records()[0] | {"lower": 0, "upper": 0, "standard_error": 0} == {
        "time": 5, "at_risk": 3, "events": 1, "censored": 1, "survival": pytest.approx(2 / 3), "standard_error": 0, "lower": 0, "upper": 0
    }  # fmt: skip


def test_durations_of_zero_count() -> None:
    curve = survival.kaplan_meier([0, 0, 3, 4], [1, 0, 1, 1], entry=[0, 0, 0, 1])
    assert curve.table.column("at_risk") == (3, 2, 1)
    assert curve.at(0)[0].value == pytest.approx(2 / 3)


def test_late_entry_counts_only_after_it() -> None:
    curve = survival.kaplan_meier([4, 6, 9], [1, 1, 1], entry=[0, 4, 0])
    assert curve.table.column("at_risk") == (2, 2, 1)


def test_limits_are_one_at_one_and_undefined_at_zero() -> None:
    first, last = survival.kaplan_meier([1, 2], [0, 1]).at([1, 2])
    assert (first.value, first.lower, first.upper, first.standard_error) == (1.0, 1.0, 1.0, 0.0)
    assert (last.value, last.lower, last.upper, last.standard_error) == (0.0, None, None, None)


def test_a_curve_is_not_read_past_its_follow_up() -> None:
    curve = survival.kaplan_meier([2, 5, 9], [1, 1, 0])
    assert curve.at(9)[0].value == pytest.approx(1 / 3)
    assert curve.at(9.5)[0] == Estimate(None, None, None, None, 0.95, "log-log", 3, "past the last follow-up")
    with pytest.raises(NotEstimable, match="at most 9"):
        curve.restricted_mean(10)
    assert curve.restricted_mean("last").value == curve.restricted_mean(9).value
    assert survival.kaplan_meier([2, 5, 9], [1, 1, 1]).restricted_mean(100).value == pytest.approx(16 / 3)


def test_counts_from_a_database_give_the_same_curve() -> None:
    rng = np.random.default_rng(3)
    time, status = rng.integers(0, 30, 500), rng.random(500) < 0.7
    cells = pd.DataFrame({"time": time, "status": status}).value_counts().reset_index()
    raw = survival.kaplan_meier(time, status)
    grouped = survival.kaplan_meier_from_counts(cells["time"], cells["status"], cells["count"])
    assert (grouped.table, grouped.median, grouped.n, grouped.events) == (raw.table, raw.median, raw.n, raw.events)
    assert grouped.restricted_mean("last") == raw.restricted_mean("last")


def test_a_curve_speaks_like_every_result() -> None:
    curve = survival.kaplan_meier([3, 5, 5, 8], [1, 1, 0, 1])
    assert list(curve.to_pandas().columns) == list(curve.table.columns)
    assert curve.to_dict()["median"]["value"] == 6.5
    assert "median 6.5" in str(curve)
    with pytest.raises(AttributeError):
        curve.n = 5  # type: ignore[misc]


def test_restricted_means_refuse_a_tau_that_one_group_lacks() -> None:
    with pytest.raises(NotEstimable, match=r"of group 'b' is 6 .*at most 6"):
        survival.restricted_mean_difference([4, 9, 5, 6], [1, 0, 1, 0], list("aabb"), tau=8)


def test_restricted_mean_contrasts_turn_round_with_the_order() -> None:
    there = survival.restricted_mean_difference(TIMES, ALL, GROUPS, tau=20)
    back = survival.restricted_mean_difference(TIMES, ALL, GROUPS, tau=20, order=["after", "before"])
    assert there.value == -back.value
    ratio = survival.restricted_mean_ratio(TIMES, ALL, GROUPS, tau=20)
    inverse = survival.restricted_mean_ratio(TIMES, ALL, GROUPS, tau=20, order=["after", "before"])
    assert ratio.value == pytest.approx(1 / inverse.value)
    assert ratio.lower == pytest.approx(1 / inverse.upper)


def test_a_group_that_lost_no_time_has_no_ratio() -> None:
    found = survival.restricted_mean_time_lost_ratio([5, 6, 1, 2], [1, 1, 1, 1], list("aabb"), tau=4)
    assert found.value is None
    assert "no interval" in found.note


def test_strata_are_compared_within() -> None:
    time, status, group = [1, 2, 3, 4, 11, 12, 13, 14], [1] * 8, list("abab") * 2
    layers = [1] * 4 + [2] * 4
    together = survival.log_rank(time, status, group, strata=layers)
    first, second = (survival.log_rank(time[part], status[part], group[part]) for part in (slice(4), slice(4, 8)))
    assert together.expected == pytest.approx(np.add(first.expected, second.expected))
    assert together.statistic == pytest.approx(first.statistic + second.statistic)  # equal strata: 2d over the root of 2v


def test_groups_never_at_risk_together_cannot_be_compared() -> None:
    with pytest.raises(NotEstimable, match="while two groups were at risk"):
        survival.log_rank([2, 3, 8, 9], [1, 1, 1, 1], list("aabb"), entry=[0, 0, 5, 5])


def brute_force(scores: np.ndarray, chosen: np.ndarray) -> float:
    observed = abs(scores[chosen].sum() - chosen.sum() * scores.mean())
    sums = [scores[list(split)].sum() for split in itertools.combinations(range(scores.size), int(chosen.sum()))]
    return float(np.mean(np.abs(np.array(sums) - chosen.sum() * scores.mean()) >= observed - 1e-12))


def test_exact_log_rank_counts_every_split() -> None:
    time, status = np.array([1, 1, 2, 3, 3, 5, 6, 9]), np.array([1, 0, 1, 1, 1, 1, 0, 1])
    hazard = {1: 1 / 8, 2: 1 / 8 + 1 / 6, 3: 1 / 8 + 1 / 6 + 2 / 5, 5: 0.0, 6: 0.0, 9: 0.0}
    hazard[5] = hazard[6] = hazard[3] + 1 / 3
    hazard[9] = hazard[5] + 1
    scores = status - np.array([hazard[int(t)] for t in time])
    for code in ("aabbabab", "abbbbbbb", "aaaaabbb"):
        group = np.array(list(code))
        assert survival.exact_log_rank(time, status, group).p_value == pytest.approx(brute_force(scores, group == "b"), abs=1e-12)


def test_exact_log_rank_draws_where_there_are_too_many_splits() -> None:
    rng = np.random.default_rng(1)
    time, group = rng.integers(1, 100, 60), ["a", "b"] * 30
    one = survival.exact_log_rank(time, [1] * 60, group, draws=500, seed=4)
    two = survival.exact_log_rank(time, [1] * 60, group, draws=500, seed=4)
    assert one == two
    assert (one.draws, one.seed) == (500, 4)
    assert (one.p_value * 501) == pytest.approx(round(one.p_value * 501))
    assert one.p_value == pytest.approx(survival.log_rank(time, [1] * 60, group).p_value, abs=0.1)


def test_strata_keep_cases_in_place() -> None:
    time, group, layer = [1, 2, 3, 4, 5, 6], list("ababab"), list("xxyyzz")
    found = survival.exact_log_rank(time, [1] * 6, group, strata=layer)
    assert found.method == "exact, all 8 splits"
    assert found.p_value == 0.25  # all three strata alike: two of eight splits are as far out


def test_a_stratum_without_an_event_adds_nothing() -> None:
    time, status, group = [1, 2, 3, 4, 5, 6], [1] * 6, list("aabbab")
    silent = ([*time, 2, 7], [*status, 0, 0], [*group, "a", "b"])
    for function in (survival.log_rank, survival.exact_log_rank):
        alone = function(time, status, group)
        found = function(*silent, strata=list("xxxxxxyy"))
        assert (found.statistic, found.p_value) == pytest.approx((alone.statistic, alone.p_value))


def test_the_weight_of_gray_test_counts_early_differences_more_and_none_at_0() -> None:
    """Two groups that differ late only: the more the early times count, the less is seen; without a weight nothing changes."""
    late = np.arange(1, 61, dtype=float)
    time, group = np.concatenate([late, np.where(late > 30, late + 40, late)]), ["a"] * 60 + ["b"] * 60
    cause = np.tile([1, 1, 2], 40)
    plain, none, half, whole = (survival.gray_test(time, cause, group, **more) for more in ({}, {"rho": 0.0}, {"rho": 0.5}, {"rho": 1}))
    assert none == plain
    assert plain.statistic > half.statistic > whole.statistic > 0
    assert (whole.observed, whole.expected) == (plain.observed, plain.expected)


@pytest.mark.parametrize("function", ["log_rank", "exact_log_rank", "gray_test"])
def test_a_stratum_with_one_group_is_refused_by_name(function: str) -> None:
    data = ([1, 2, 3, 4, 2, 7], [1] * 6, [*list("abab"), "a", "a"])
    with pytest.raises(NotEstimable, match="stratum 'y' holds only group 'a'"):
        getattr(survival, function)(*data, strata=list("xxxxyy"))


def test_restricted_mean_permutation_equals_the_slow_way() -> None:
    time, status, group = np.array([1, 2, 2, 4, 5, 7, 8, 8]), np.array([1, 1, 0, 1, 1, 1, 0, 1]), np.array(list("abbabaab"))
    tau = 6.0

    def statistic(second: np.ndarray) -> float:
        means = []
        for rows in (second, ~second):
            curve = survival.kaplan_meier(np.append(time[rows], 99), np.append(status[rows], 0), weights=[1.0] * int(rows.sum()) + [1e-12])
            means.append(curve.restricted_mean(tau))
        return (means[0].value - means[1].value) / math.hypot(*(mean.standard_error for mean in means))

    splits = []
    for chosen in itertools.combinations(range(8), 4):
        mask = np.zeros(8, bool)
        mask[list(chosen)] = True
        splits.append(abs(statistic(mask)))
    observed = statistic(group == "b")
    found = survival.restricted_mean_permutation(time, status, group, tau=tau)
    assert found.statistic == pytest.approx(observed, rel=1e-6)
    assert found.p_value == pytest.approx(np.mean(np.array(splits) >= abs(observed) - 1e-6))


def test_restricted_mean_permutation_is_seeded() -> None:
    one, two = (survival.restricted_mean_permutation(TIMES, ALL, GROUPS, tau=14, seed=2, draws=300) for _ in range(2))
    assert one == two
    assert (one.draws, one.seed) == (300, 2)
    assert one.p_value == pytest.approx(1 / 301)


def test_restricted_mean_permutation_needs_an_event() -> None:
    with pytest.raises(NotEstimable, match="all are censored"):
        survival.restricted_mean_permutation([5, 6, 7, 8], [0, 0, 0, 0], list("aabb"), tau=4)
    with pytest.raises(NotEstimable, match="too few events"):
        survival.restricted_mean_permutation([5, 5, 3, 3], [1, 1, 1, 1], list("aabb"), tau=6)


def test_mover_is_the_formula_on_log_log_limits() -> None:
    limits = []
    for values in (BEFORE, AFTER):
        median = survival.kaplan_meier(values, [1] * 10).median
        limits.append((median.lower, median.value, median.upper))
    found = survival.median_ratio(TIMES, ALL, GROUPS)
    assert found.value == pytest.approx(8.5 / 15.5)
    assert (found.lower, found.upper) == pytest.approx(mover(*limits), rel=1e-12)


def test_a_missing_upper_limit_opens_one_side_only() -> None:
    late = [20, 21, 22, 40, 40, 40]  # median 31 with no upper limit
    status = [1, 1, 1, 1, 0, 0]
    assert survival.kaplan_meier(late, status).median.upper is None
    before_open = survival.median_ratio(late + AFTER, status + [1] * 10, ["before"] * 6 + ["after"] * 10)
    after_open = survival.median_ratio(BEFORE + late, [1] * 10 + status, ["before"] * 10 + ["after"] * 6)
    assert before_open.lower is None
    assert before_open.upper is not None
    assert after_open.lower is not None
    assert after_open.upper is None


@pytest.mark.parametrize("interval", ["mover", "bootstrap"])
def test_an_unreached_median_gives_no_ratio_and_says_so(interval: Any) -> None:
    found = survival.median_ratio(TIMES, [1] * 10 + [1, 1] + [0] * 8, GROUPS, interval=interval)
    assert (found.value, found.lower, found.upper) == (None, None, None)
    assert "median not reached in 'after'" in found.note


def test_medians_of_zero_open_the_interval() -> None:
    zero_after = survival.median_ratio([5, 6, 7, 0, 0, 0], [1] * 6, list("aaabbb"))
    assert (zero_after.value, zero_after.lower, zero_after.upper) == (0.0, None, None)
    zero_before = survival.median_ratio([5, 6, 7, 0, 0, 0], [1] * 6, list("aaabbb"), order=["b", "a"])
    assert zero_before.value is None
    assert "is 0" in zero_before.note


def test_bootstrap_is_seeded_and_near_mover() -> None:
    rng = np.random.default_rng(5)
    time = np.concatenate([rng.lognormal(6, 0.5, 80), rng.lognormal(5, 0.5, 60)]).round().astype(int)
    status, group = rng.random(140) < 0.85, ["before"] * 80 + ["after"] * 60
    one, two = (survival.median_ratio(time, status, group, interval="bootstrap", seed=7) for _ in range(2))
    other = survival.median_ratio(time, status, group, interval="bootstrap", seed=8)
    exact = survival.median_ratio(time, status, group)
    assert one == two
    assert (one.lower, one.upper) != (other.lower, other.upper)
    assert one.value == exact.value
    assert one.lower == pytest.approx(exact.lower, rel=0.15)
    assert one.upper == pytest.approx(exact.upper, rel=0.15)


def test_bootstrap_medians_are_those_of_the_curve() -> None:
    from leadtime.survival.checks import sample_of
    from leadtime.survival.medians import _medians_of, _resampling

    rng = np.random.default_rng(2)
    time, status, entry = rng.integers(6, 14, 30), rng.random(30) < 0.6, np.where(rng.random(30) < 0.9, rng.integers(3, 6, 30), 0)
    time[:3], entry[:3], status[:3] = 2, 0, True  # few at risk early: some resamples lose their only early cases
    units = _resampling(sample_of(time, status, entry), np.arange(30))
    counts = rng.multinomial(30, np.full(30, 1 / 30), size=200).astype(float)
    refused = 0
    for row, found in zip(counts.astype(int), _medians_of(units, counts.T), strict=True):
        try:
            wanted = survival.kaplan_meier(time, status, entry=entry, weights=row).median.value
        except NotEstimable:
            refused += 1
            assert math.isnan(found)
        else:
            assert found == (math.inf if wanted is None else wanted)
    assert 0 < refused < 200


def test_bootstrap_limits_are_percentiles_between_draws() -> None:
    from leadtime.survival.medians import _order_statistic

    values = np.random.default_rng(0).permutation(np.arange(41.0))
    assert _order_statistic(values, 0.025) == 1.0
    assert _order_statistic(values[values < 40], 0.025) == pytest.approx(np.quantile(np.arange(40.0), 0.025))
    assert _order_statistic(np.append(values, [-np.inf, -np.inf]), 0.025) is None


def test_an_unreached_median_counts_at_both_ends_of_the_bootstrap() -> None:
    status = [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]  # median reached, but not in many a resample
    both = survival.median_ratio(TIMES, status * 2, GROUPS, interval="bootstrap", draws=500)
    assert (both.lower, both.upper) == (None, None)
    only_after = survival.median_ratio(TIMES, [1] * 10 + status, GROUPS, interval="bootstrap", draws=500)
    assert only_after.lower is not None
    assert only_after.upper is None
    assert "a median not reached in" in only_after.note


def test_resampling_persons_widens_the_interval() -> None:
    rng = np.random.default_rng(11)
    level = rng.lognormal(5, 0.7, 40)
    time = np.repeat(level, 5) * rng.lognormal(0, 0.05, 200)
    group, person = ["before"] * 100 + ["after"] * 100, np.repeat(np.arange(40), 5)
    cases = survival.median_ratio(time, [1] * 200, group, interval="bootstrap")
    persons = survival.median_ratio(time, [1] * 200, group, interval="bootstrap", cluster=person)
    assert persons.upper / persons.lower > 1.3 * cases.upper / cases.lower
    assert "samples of persons" in persons.note


def test_percent_change_is_negative_where_it_is_shorter() -> None:
    found = survival.percent_change(Estimate(8.5 / 26.5, 0.2, None, 0.1, 0.9, "mover", 12))
    assert round(found.value, 1) == -67.9
    assert (found.lower, found.upper, found.standard_error, found.confidence) == (pytest.approx(-80), None, None, 0.9)


def test_one_cause_is_the_complement_of_the_curve() -> None:
    rng = np.random.default_rng(8)
    time, status, entry = rng.integers(5, 40, 200), rng.integers(0, 2, 200), rng.integers(0, 5, 200)
    shares = survival.aalen_johansen(time, status, entry=entry)
    curve = survival.kaplan_meier(time, status, entry=entry)
    for t in (6, 11.5, 20):
        ended, open_ = shares.at(t)[0], curve.at(t)[0]
        assert ended.value == pytest.approx(1 - open_.value, rel=1e-12)
        assert ended.standard_error == pytest.approx(open_.standard_error, rel=1e-9)


def test_error_of_a_share_is_the_infinitesimal_jackknife() -> None:
    rng = np.random.default_rng(9)
    time, cause = rng.integers(1, 8, 40), rng.integers(0, 3, 40)
    t, nudge = 5, 1e-6

    def share(weights: np.ndarray) -> float:
        left, total = 1.0, 0.0
        for moment in range(1, t + 1):
            n = weights[time >= moment].sum()
            total += left * weights[(time == moment) & (cause == 2)].sum() / n
            left *= 1 - weights[(time == moment) & (cause > 0)].sum() / n
        return total

    slopes = [(share(1 + nudge * row) - share(1 - nudge * row)) / (2 * nudge) for row in np.eye(40)]
    found = survival.aalen_johansen(time, cause).at(t, cause=2)[0]
    assert found.value == pytest.approx(share(np.ones(40)))
    assert found.standard_error == pytest.approx(math.sqrt(sum(slope**2 for slope in slopes)), rel=1e-7)


def test_shares_of_a_declared_cause_that_nobody_ended_by_are_zero() -> None:
    shares = survival.aalen_johansen([1, 2, 3], [1, 0, 1], causes=[1, 2])
    assert shares.at(2, cause=2)[0] == Estimate(0.0, None, None, 0.0, 0.95, "log-log", 3)
    assert [row["cause"] for row in shares.table.records()] == [1, 1, 1, 2, 2, 2]
    assert len(shares.to_pandas()) == 6
    assert shares.to_dict()["causes"] == [1, 2]
    assert "by cause 1" in str(shares)
    assert survival.aalen_johansen([1, 2], [0, 0]).at(1, cause=0)[0].value == 1.0


Call = tuple[str, tuple[Any, ...], dict[str, Any], type[Exception], str]
REFUSED: list[Call] = [
    ("kaplan_meier", ([1, -2], [1, 1]), {}, InputError, r"durations\[1\] is -2"),
    ("kaplan_meier", ([1, None], [1, 1]), {}, InputError, r"durations\[1\] is None"),
    ("kaplan_meier", ([1, float("nan")], [1, 1]), {}, InputError, r"durations\[1\] is nan"),
    ("kaplan_meier", ([1, float("inf")], [1, 1]), {}, InputError, r"durations\[1\] is inf"),
    ("kaplan_meier", (pd.array([1, pd.NA]), [1, 1]), {}, InputError, r"durations\[1\] is (<NA>|nan)"),
    ("kaplan_meier", (["a", "b"], [1, 1]), {}, UsageError, "durations must hold plain numbers"),
    ("kaplan_meier", ([1, 2], ["ja", "nej"]), {}, UsageError, r"observed holds 'ja'; allowed are True or 1 \(the clock stopped\)"),
    ("kaplan_meier", ([1, 2], np.array(["ja", 1], dtype=object)), {}, UsageError, "observed holds 'ja'; allowed are True or 1"),
    ("kaplan_meier", (pd.to_timedelta([1, 2], unit="D"), [1, 1]), {}, UsageError, "convert it to one unit"),
    ("kaplan_meier", ([[1, 2]], [1, 1]), {}, UsageError, "one column"),
    ("kaplan_meier", (np.ma.masked_equal([1, 2], 2), [1, 1]), {}, InputError, "masked"),
    ("kaplan_meier", ([1, 2], [1]), {}, UsageError, "observed has 1 value and durations has 2"),
    ("kaplan_meier", ([1, 2], [1, 2]), {}, InputError, r"observed\[1\] is 2"),
    ("kaplan_meier", ([], []), {}, NotEstimable, "durations is empty"),
    ("kaplan_meier", ([1, 2], [1, 1]), {"entry": [2, 0]}, InputError, r"entry\[0\] is 2; the case ended before it entered"),
    ("kaplan_meier", ([1, 2], [1, 1]), {"entry": [0, 2]}, InputError, r"entry\[1\] is 2.*never at risk"),
    ("kaplan_meier", ([1, 2], [1, 1]), {"weights": [0, 0]}, NotEstimable, "weights are all 0"),
    ("kaplan_meier", ([1, 2], [1, 1]), {"weights": [1]}, UsageError, "weights has 1"),
    ("kaplan_meier", ([1, 2], [1, 1]), {"confidence": 95}, UsageError, "confidence is 95"),
    ("kaplan_meier", ([1, 2], [1, 1]), {"interval": "loglog"}, UsageError, "did you mean 'log-log'"),
    ("kaplan_meier", ([1, 2], [1, 1]), {"condition_on": 5}, NotEstimable, "no case was under observation after"),
    ("kaplan_meier", ([1, 2], [1, 1]), {"condition_on": -5}, UsageError, "condition_on is -5"),
    ("log_rank", ([1, 2], [1, 1], ["a", "a"]), {}, NotEstimable, "group holds only 'a'"),
    ("log_rank", ([1, 2], [1, 1], ["a", None]), {}, InputError, r"group\[1\] is None"),
    ("log_rank", ([1, 2], [1, 1], [1.0, float("nan")]), {}, InputError, r"group\[1\] is nan"),
    ("log_rank", ([1, 2], [1, 1], ["a", "b"]), {"order": ["a", "c"]}, UsageError, "order names 'c'"),
    ("log_rank", ([1, 2], [1, 1], ["a", "b"]), {"order": ["a"]}, UsageError, "group holds 'b'"),
    ("log_rank", ([1, 2], [1, 1], ["a", "b"]), {"order": ["a", "b", "b"]}, UsageError, "twice"),
    ("log_rank", ([1, 2], [1, 1], ["a", "b"]), {"rho": -1}, UsageError, "rho is -1"),
    ("log_rank", ([1, 2], [1, 1], ["a", "b"]), {"rho": 1, "weights": "gehan"}, UsageError, "doesn't use"),
    ("log_rank", ([1, 2], [0, 0], ["a", "b"]), {}, NotEstimable, "no event"),
    ("exact_log_rank", ([1, 2], [0, 0], ["a", "b"]), {}, NotEstimable, "no event"),
    ("exact_log_rank", ([1, 2], [1, 1], ["a", "b"]), {"draws": 0}, UsageError, "draws is 0"),
    ("median_ratio", ([1, 2, 3], [1, 1, 1], list("abc")), {}, UsageError, "group holds 3 groups"),
    ("median_ratio", ([1, 2], [1, 1], list("ab")), {"interval": "bca"}, UsageError, "interval is 'bca'"),
    ("restricted_mean_ratio", ([1, 2], [1, 1], list("ab")), {"tau": 0}, UsageError, "tau is 0"),
    ("restricted_mean_ratio", ([1, 2], [1, 1], list("ab")), {"tau": "end"}, UsageError, "tau is 'end'"),
    ("log_rank", ([1, -2], [1, 1], ["a", "b"]), {}, InputError, r"durations\[1\] is -2"),
    ("log_rank", ([1, 2], [1, 1], ["a", "b"]), {"entry": [3, 0]}, InputError, r"entry\[0\] is 3"),
    ("log_rank", ([1, 2], [0, 0], ["a", "b"]), {}, NotEstimable, "all cases are censored"),
    ("exact_log_rank", ([1, 2], [1, 1], ["a", "a"]), {}, NotEstimable, "group holds only 'a'"),
    (
        "exact_log_rank",
        ([1, 2, 3], [1, 1, 1], ["a", "b", "a"]),
        {"cluster": [7, 7, 8]},
        InputError,
        "cluster '7' has cases in more than one",
    ),
    ("restricted_mean_difference", ([5, 6], [0, 0], ["a", "b"]), {"tau": 4}, NotEstimable, "all are censored"),
    ("restricted_mean_difference", ([5, 6], [1, 0], ["a", "b"]), {"tau": 9}, NotEstimable, "of group 'b' is 6"),
    ("restricted_mean_difference", ([5, 6], [1, 1], ["a", "a"]), {"tau": 4}, NotEstimable, "group holds only 'a'"),
    ("restricted_mean_difference", ([5, 6], [1, 1], ["a", "b"]), {"tau": 6, "interval": "z"}, UsageError, "interval is 'z'"),
    (
        "restricted_mean_difference",
        ([5, 6, 7], [1, 1, 1], list("aba")),
        {"tau": 6, "interval": "permutation", "entry": [1, 0, 0]},
        UsageError,
        "no form for entry",
    ),
    ("gray_test", ([1, 2], [0, 0], ["a", "b"]), {}, NotEstimable, "all cases are censored"),
    ("gray_test", ([1, 2], [1, 2], ["a", "b"]), {"of_cause": 3}, UsageError, "of_cause is 3.*there is '1', '2'"),
    ("gray_test", ([1, 2], [1, 2], ["a", "b"]), {"rho": -1}, UsageError, "rho is -1; allowed is 0 or more"),
    ("gray_test", ([1, 2], [1, 2], ["a", "a"]), {}, NotEstimable, "group holds only 'a'"),
    ("fixed_time_difference", ([1, 2], [1, 1], ["a", "b"]), {"time": -1}, UsageError, "time is -1"),
    ("fixed_time_difference", ([1, 2], [1, 0], ["a", "b"]), {"time": 5}, NotEstimable, "time is 5, but the last time of group 'b' is 2"),
    ("fixed_time_difference", ([1, 4, 9, 9], [0, 1, 1, 1], list("aabb")), {"time": 2, "interval": "newcombe"}, UsageError, "'newcombe'"),
    ("fixed_time_test", ([1, 4, 9, 9], [1, 1, 1, 1], list("aabb")), {"time": 2}, NotEstimable, "in group 'b' none are done"),
    ("mann_whitney", ([1, 2, 3], [1, 0, 1], list("aba")), {}, NotEstimable, "of 3 cases 1 censored"),
    ("mann_whitney", ([2, 2, 2], [1, 1, 1], list("aba")), {}, NotEstimable, "durations are all 2"),
    ("hodges_lehmann", ([1, 2, 3], [0, 0, 0], list("aba")), {}, NotEstimable, "of 3 cases 3 censored"),
    ("turnbull", ([1, 2], [3, 1]), {}, InputError, r"upper\[1\] is 1, below lower\[1\] = 2"),
    ("turnbull", ([1, -2], [3, 4]), {}, InputError, r"lower\[1\] is -2"),
    ("turnbull", ([1, None], [3, 4]), {}, InputError, r"lower\[1\] is None"),
    ("turnbull", ([1, 2], [None, None]), {}, NotEstimable, "all cases are censored"),
    ("turnbull", ([], []), {}, NotEstimable, "lower is empty"),
    ("turnbull", ([1, 2], [3]), {}, InputError, "upper has 1 value and"),
    ("right_truncated", ([1, 5], [9, 4]), {}, InputError, r"durations\[1\] is 5, longer than longest\[1\] = 4"),
    ("right_truncated", ([1, 5], [9]), {}, UsageError, "longest has 1 value and"),
    ("right_truncated", ([], []), {}, NotEstimable, "durations is empty"),
    ("right_truncated", ([1, 3, 5], [2, 4, 9]), {}, NotEstimable, "up_to= a time below 3"),
    ("right_truncated", ([3, 5], [9, 9]), {"up_to": 2}, NotEstimable, "shortest duration is 3"),
    ("aalen_johansen", ([1, 2], [1, 0.5]), {}, InputError, r"cause\[1\] is 0.5"),
    ("aalen_johansen", ([1, 2], [1]), {}, UsageError, "cause has 1 value and"),
    ("aalen_johansen", ([1, 2], [1, 3]), {"causes": [1, 2]}, UsageError, "cause holds 3"),
    ("aalen_johansen", ([1, 2], [1, 1]), {"causes": [0, 1]}, UsageError, "causes names 0"),
]


@pytest.mark.parametrize(("function", "data", "options", "error", "words"), REFUSED)
def test_a_refusal_names_the_argument_and_the_value(
    function: str, data: tuple[Any, ...], options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        getattr(survival, function)(*data, **options)


@pytest.mark.parametrize("p", [0, 1, 50, -0.1])
def test_a_quantile_takes_a_share(p: float) -> None:
    with pytest.raises(UsageError, match="p is"):
        survival.kaplan_meier([1, 2], [1, 1]).quantile(p)


def test_an_unknown_cause_names_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"cause is 7.*there is '0', '1', '2'"):
        survival.aalen_johansen([1, 2], [1, 2]).at(1, cause=7)
