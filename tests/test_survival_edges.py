"""What each estimator says at its edges: at the first and the last time, at a share of 0 or 1, and of input that is just allowed."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from leadtime import survival
from leadtime.errors import InputError, LeadtimeError, NotEstimable, UsageError
from leadtime.results import Estimate

Z = NormalDist().inv_cdf(0.975)
TIME, CAUSE = [2, 3, 3, 5, 6, 8, 8, 9], [1, 2, 1, 0, 1, 2, 0, 1]


def test_shares_ended_are_one_thing_read_at_a_time_as_a_curve_and_in_the_table() -> None:
    shares = survival.aalen_johansen(TIME, CAUSE)
    for cause in (1, 2):
        time, value, lower, upper = shares.curve(cause)
        rows = [row for row in shares.table.records() if row["cause"] == cause]
        assert time.tolist() == [row["time"] for row in rows] == sorted(set(TIME))
        for place, (row, at) in enumerate(zip(rows, shares.at(time, cause), strict=True)):
            assert (row["probability"], row["standard_error"], row["lower"], row["upper"]) == (
                at.value,
                at.standard_error,
                at.lower,
                at.upper,
            )
            assert value[place] == at.value
            assert [None if math.isnan(limit[place]) else limit[place] for limit in (lower, upper)] == [at.lower, at.upper]
            assert row["at_risk"] == sum(t >= row["time"] for t in TIME)
            assert row["events"] == sum(t == row["time"] and c == cause for t, c in zip(TIME, CAUSE, strict=True))
    assert (
        str(shares)
        == f"Aalen-Johansen shares of 8 cases at 9: {shares.at(9)[0].value:.3g} by cause 1, {shares.at(9, 2)[0].value:.3g} by cause 2"
    )
    assert shares.to_dict()["shares"] == shares.table.records()
    assert str(survival.aalen_johansen([1, 2], [0, 0])) == "Aalen-Johansen shares of 2 cases at 2: nobody ended"


def test_a_share_of_0_or_1_has_no_limits_and_waiting_is_all_before_the_first_end() -> None:
    shares = survival.aalen_johansen([2, 4, 6], [1, 1, 1], entry=[0, 0, 1])
    before, last = shares.at([1, 6])
    assert (before.value, before.lower, before.upper, before.standard_error) == (0.0, None, None, 0.0)
    assert (last.value, last.lower, last.upper) == (1.0, None, None)
    start, end = shares.at([1, 6], cause=0)
    assert (start.value, start.lower, start.upper, start.standard_error) == (1.0, 1.0, 1.0, 0.0)
    assert (end.value, end.lower, end.upper, end.standard_error) == (0.0, None, None, None)
    assert shares.at(7)[0].value == 1.0
    unseen = survival.aalen_johansen([2, 4, 6], [1, 1, 0])
    assert [unseen.at(6, cause)[0].value for cause in (0, 1)] == pytest.approx([1 / 3, 2 / 3])
    assert [unseen.at(6.1, cause)[0].value for cause in (0, 1)] == [None, None]


def test_of_one_cause_the_share_ended_and_the_share_waiting_have_one_error_also_by_persons() -> None:
    shares = survival.aalen_johansen(TIME, np.minimum(CAUSE, 1), cluster=list("aabbccdd"))
    cases = survival.aalen_johansen(TIME, np.minimum(CAUSE, 1))
    for t in (3, 6, 8):
        ended, waiting = shares.at(t)[0], shares.at(t, cause=0)[0]
        assert ended.standard_error == pytest.approx(waiting.standard_error, rel=1e-12)
        width = Z * waiting.standard_error / (waiting.value * math.log(waiting.value))
        limits = sorted(waiting.value ** math.exp(sign * width) for sign in (-1, 1))
        assert (waiting.lower, waiting.upper) == pytest.approx(tuple(limits))
        assert waiting.standard_error != pytest.approx(cases.at(t, cause=0)[0].standard_error)


def test_mean_times_have_plain_limits_and_end_where_asked() -> None:
    shares = survival.aalen_johansen(TIME, CAUSE, confidence=0.9)
    for cause in (0, 1, 2):
        mean = shares.mean_time(7, cause)
        width = NormalDist().inv_cdf(0.95) * mean.standard_error
        assert (mean.lower, mean.upper) == pytest.approx((mean.value - width, mean.value + width))
        assert (mean.note, mean.interval, mean.confidence, mean.n) == ("up to 7", "plain", 0.9, 8)
    by_steps = sum(shares.at(t + 0.5)[0].value for t in range(7))
    assert shares.mean_time(7).value == pytest.approx(by_steps)
    with pytest.raises(NotEstimable, match=r"tau is 9\.5"):
        survival.aalen_johansen(TIME, [*CAUSE[:-1], 0]).mean_time(9.5)
    assert shares.mean_time(10, 0).value == shares.mean_time(9, 0).value


def test_a_sample_by_end_date_has_the_limits_of_its_product() -> None:
    time, longest = np.array([1, 2, 2, 3, 5, 5, 7]), np.array([3, 9, 6, 9, 8, 9, 9])
    fit = survival.right_truncated(time, longest, up_to=5)
    comparable = [sum((time <= x) & (longest >= x)) for x in (1, 2, 3, 5)]
    assert fit.table.column("comparable") == tuple(comparable) == (1, 3, 4, 5)
    parts = [(2, 3), (1, 4), (2, 5)]  # of those who could have lasted 2, 3 and 5, so many did
    ended, variance = 1.0, 0.0
    for t, (d, n) in zip((3, 2, 1), parts[::-1], strict=True):
        ended, variance = ended * (1 - d / n), variance + d / (n * (n - d))
        at = fit.at(t)[0]
        width = Z * math.sqrt(variance) / math.log(ended)
        limits = sorted(ended ** math.exp(sign * width) for sign in (-1, 1))
        assert (at.value, at.standard_error) == pytest.approx((1 - ended, ended * math.sqrt(variance)))
        assert (at.lower, at.upper) == pytest.approx((1 - limits[1], 1 - limits[0]))
    assert (fit.n, fit.up_to) == (6, 5.0)
    assert fit.at(0.5)[0] == Estimate(1.0, None, None, 0.0, 0.95, "log-log", 6, "of those that last at most 5")
    assert (fit.at(5)[0].value, fit.at(5)[0].standard_error, fit.at(4.9)[0].value) == (0.0, 0.0, fit.at(3)[0].value)
    assert fit.quantile(0.5).note == "of those that last at most 5"
    assert survival.right_truncated([0, 0, 3], [1, 2, 4], up_to=0).n == 2


def test_turnbull_reads_every_sign_of_an_open_bound() -> None:
    wanted = survival.turnbull([1, 2, 4], [3, None, 6])
    for upper in ([3, math.nan, 6], [3.0, math.inf, 6.0], np.array([3, math.nan, 6], dtype=object), np.array([3.0, math.nan, 6.0])):
        found = survival.turnbull([1, 2, 4], upper)
        assert (found.intervals, found.masses, found.n) == (wanted.intervals, wanted.masses, 3)
    with pytest.raises(InputError, match="upper"):
        survival.turnbull([1, 2], [3, -math.inf])


def test_turnbull_weights_with_fractions_count_rows() -> None:
    halves = survival.turnbull([0, 5, 8], [6, 9, None], weights=[0.5, 1.5, 1])
    whole = survival.turnbull([0, 5, 8], [6, 9, None], weights=[1, 3, 2])
    assert (halves.n, whole.n) == (3, 6)
    assert halves.masses == pytest.approx(whole.masses, abs=1e-4)
    assert halves.log_likelihood == pytest.approx(whole.log_likelihood / 2)


def test_turnbull_at_the_ends_of_its_intervals() -> None:
    fit = survival.turnbull([0, 10, 20], [5, 15, 20])
    assert fit.masses == pytest.approx((1 / 3,) * 3)
    figures = {
        t: (at.value, at.lower, at.upper)
        for t, at in zip((0, 2, 2.5, 5, 10, 12.5, 15, 19, 20, 30), fit.at([0, 2, 2.5, 5, 10, 12.5, 15, 19, 20, 30]), strict=True)
    }
    wanted = {0: (1, 2 / 3, 1), 2: (1, 2 / 3, 1), 2.5: (2 / 3, 2 / 3, 1), 5: (2 / 3,) * 3, 10: (2 / 3,) * 3, 12.5: (1 / 3, 1 / 3, 2 / 3)}
    wanted |= {15: (1 / 3,) * 3, 19: (1 / 3,) * 3, 20: (0, 0, 0), 30: (0, 0, 0)}
    for t, values in wanted.items():
        assert figures[t] == pytest.approx(values)
    assert [at.note != "" for at in fit.at([2, 5, 20])] == [True, False, False]
    assert (fit.median.lower, fit.median.value, fit.median.upper) == (10.0, 12.5, 15.0)
    assert [row["survival"] for row in fit.table.records()] == pytest.approx([2 / 3, 1 / 3, 0])
    assert str(fit) == f"Turnbull estimate of 3 cases in 3 innermost intervals; median {fit.median}"


def test_a_share_done_of_none_or_all_counts_as_0_or_1() -> None:
    time, group = [5, 6, 7, 1, 2, 3], list("aaabbb")
    complete = survival.fixed_time_difference(time, [1] * 6, group, time=4)
    assert (complete.value, complete.interval, complete.n) == (1.0, "newcombe", 6)
    wilson = 3 / (3 + Z**2)  # the lower limit of 3 of 3; of 0 of 3 the upper one is what it leaves
    assert complete.lower == pytest.approx(1 - math.hypot(1 - wilson, 1 - wilson))
    assert complete.upper == pytest.approx(1.0)
    curves = survival.fixed_time_difference(time, [1] * 6, group, time=4, interval="log-log")
    assert (curves.value, curves.lower, curves.interval) == (1.0, None, "log-log")
    for names, words in (("ab", "in group 'a' none are done by 4"), ("ba", "in group 'b' all are done by 4")):
        with pytest.raises(NotEstimable, match=words):
            survival.fixed_time_test(time, [1] * 6, group, time=4, order=list(names))


def test_a_group_without_time_has_a_ratio_of_0_or_none() -> None:
    data = [5, 6, 1, 2], [1] * 4, list("aabb")
    none, zero = (survival.restricted_mean_time_lost_ratio(*data, tau=4, order=list(names)) for names in ("ab", "ba"))
    assert (none.value, zero.value, none.lower, zero.upper) == (None, 0.0, None, None)
    assert none.note == zero.note == "up to 4; a group's time is 0, so no interval"


def test_numbers_at_risk_are_whole_unless_weights_are_not() -> None:
    assert survival.kaplan_meier([2, 3], [1, 1], weights=[0.5, 1.25]).at_risk([0, 2, 2.5, 4]) == (1.75, 1.75, 1.25, 0)
    curve = survival.kaplan_meier([2, 3], [1, 1], weights=[0.5, 1.25])
    assert (curve.n, curve.events) == (2, 2)
    counted = survival.kaplan_meier([2, 3, 4], [1, 0, 1], weights=[2, 3, 0])
    assert (counted.n, counted.events, counted.last_time) == (5, 2, 3.0)


def test_nothing_is_one_time_with_and_without_a_sign() -> None:
    assert survival.kaplan_meier([-0.0, 0.0, 1.0], [1, 1, 1]).table.column("time") == (0.0, 1.0)


def test_those_who_just_got_to_a_time_are_not_given_still_open_then() -> None:
    curve = survival.kaplan_meier([2, 4, 5, 7], [1, 1, 1, 0], condition_on=4)
    assert (curve.n, curve.conditional_on, curve.at_risk(4.5)) == (2, 4.0, (2,))
    late = survival.kaplan_meier([2, 4, 5, 7, 8], [1, 1, 1, 0, 1], entry=[0, 0, 0, 6, 0], condition_on=4)
    assert late.at_risk([4.5, 6.5]) == (2, 2)
    same = survival.kaplan_meier([2, 4, 5, 7], [1, 1, 1, 0], condition_on=0)
    assert (same.n, same.conditional_on, same.table) == (4, 0.0, survival.kaplan_meier([2, 4, 5, 7], [1, 1, 1, 0]).table)


def test_groups_stand_in_the_order_of_their_first_case() -> None:
    found = survival.log_rank([1, 2, 3, 4, 5], [1] * 5, [3, 1, 3, 2, 1])
    assert (found.groups, found.observed) == (("3", "1", "2"), (2.0, 2.0, 1.0))
    assert survival.log_rank([1, 2, 3, 4, 5], [1] * 5, np.array([3, 1, 3, 2, 1], dtype=object)) == found


ROW = [1, 2, 3]
REFUSED: list[tuple[str, tuple[Any, ...], dict[str, Any], type[LeadtimeError], str]] = [
    ("kaplan_meier", ([-1, -2, 3], ROW), {}, InputError, r"^durations\[0\] is -1 \(and 1 more\); allowed"),
    ("kaplan_meier", ([1, -2, 3], ROW), {}, InputError, r"^durations\[1\] is -2; allowed"),
    ("kaplan_meier", (ROW, np.ones((1, 3), bool)), {}, UsageError, "observed must be one column"),
    ("kaplan_meier", (ROW, np.ma.array([True, True, False], mask=[0, 1, 0])), {}, InputError, "observed has masked values"),
    ("kaplan_meier", (ROW, [1, 1, 1]), {"confidence": 1}, UsageError, "confidence is 1;"),
    ("kaplan_meier", (ROW, [1, 1, 1]), {"confidence": 0}, UsageError, "confidence is 0;"),
    ("kaplan_meier", (ROW, [1, 1, 1]), {"condition_on": math.inf}, UsageError, "condition_on is inf"),
    ("kaplan_meier", (ROW, [1, 1, 1]), {"condition_on": 3}, NotEstimable, "condition_on is 3, but no case"),
    ("log_rank", (ROW, [1, 1, 1], list("aba")), {"rho": math.inf}, UsageError, "rho is inf"),
    ("log_rank", (ROW, [1, 1, 1], list("aba")), {"gamma": math.nan}, UsageError, "gamma is nan"),
    ("log_rank", (ROW, [1, 1, 1], list("aba")), {"gamma": 1, "weights": "tarone-ware"}, UsageError, "gamma is 1, which"),
    ("gray_test", (ROW, [1, 1, 1], list("aba")), {"rho": math.inf}, UsageError, "rho is inf"),
    ("gray_test", ([], [], []), {}, NotEstimable, "durations is empty"),
    ("fixed_time_test", (ROW, [1, 1, 1], list("aba")), {"time": 0}, UsageError, "time is 0"),
    ("fixed_time_test", (ROW, [1, 1, 1], list("aba")), {"time": math.inf}, UsageError, "time is inf"),
    ("restricted_mean_difference", (ROW, [1, 1, 1], list("aba")), {"tau": math.inf}, UsageError, "tau is inf"),
    ("right_truncated", (ROW, [9, 9, 9]), {"up_to": math.nan}, UsageError, "up_to is nan"),
    ("right_truncated", (ROW, [9, 9, 9]), {"up_to": -1}, UsageError, "up_to is -1"),
    ("aalen_johansen", (ROW, [1, 1, 1]), {"causes": [1, 1.5]}, UsageError, "causes names 1.5"),
    ("mann_whitney", (range(14), [1] * 14, list("abcdefghijklmn")), {}, UsageError, r"14 groups \('a', .*'k', 'l'\); this"),
    ("turnbull", (ROW, [4, 5, 6]), {"closed": "left"}, UsageError, "closed is 'left'"),
    ("turnbull", (ROW, [4, 5, 6]), {"weights": [1, 2]}, UsageError, "weights has 2 values"),
]


@pytest.mark.parametrize(("function", "data", "options", "error", "words"), REFUSED)
def test_what_lies_just_outside_is_refused(
    function: str, data: tuple[Any, ...], options: dict[str, Any], error: type[LeadtimeError], words: str
) -> None:
    with pytest.raises(error, match=words):
        getattr(survival, function)(*data, **options)


def test_a_group_in_which_nobody_ended_has_no_time_lost_whatever_the_fractions() -> None:
    """Parts such as 0.1 and 0.2 don't add up to tau but for rounding, of which a ratio of 10 to the 15th came."""
    open_till = [0.2, 0.9, 1.9]
    data = (open_till + open_till, [0] * 3 + [1] * 3, ["open"] * 3 + ["ended"] * 3)
    assert survival.kaplan_meier(open_till, [0] * 3).restricted_mean(1.9).value == 1.9
    for interval in ("normal", "t", "permutation"):
        ratio = survival.restricted_mean_time_lost_ratio(*data, tau=1.9, interval=interval)
        turned = survival.restricted_mean_time_lost_ratio(*data, tau=1.9, interval=interval, order=["ended", "open"])
        assert (ratio.value, ratio.lower, ratio.upper) == (None, None, None)
        assert (turned.value, turned.lower, turned.upper) == (0, None, None)


@pytest.mark.parametrize("n", range(2, 30))
def test_a_cause_that_all_have_ended_by_has_the_share_1_without_limits(n: int) -> None:
    last = survival.aalen_johansen(np.arange(n), np.ones(n, int), causes=[1, 2]).at(n - 1)[0]
    assert (last.value, last.lower, last.upper, last.standard_error) == (1, None, None, 0)
