"""Gray's test beside the cases that R's figures don't show: a stratum in which nobody ended, and one group that is soon gone."""

from __future__ import annotations

import pytest

from leadtime import survival

TIME, CAUSE, GROUP = [1, 2, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 2, 1, 0, 2, 1, 1, 2, 0], list("aababbabab")


def test_a_stratum_in_which_nobody_ended_adds_nothing_to_gray_test() -> None:
    alone = survival.gray_test(TIME, CAUSE, GROUP)
    silent = survival.gray_test([*TIME, 3, 4, 5], [*CAUSE, 0, 0, 0], [*GROUP, *"aab"], strata=["x"] * 10 + ["y"] * 3)
    assert (silent.statistic, silent.observed, silent.expected) == (pytest.approx(alone.statistic), alone.observed, alone.expected)
    assert (silent.n, silent.df, silent.method) == (13, 1, "asymptotic chi-square, 2 strata")


def test_the_order_of_groups_has_no_say_where_one_is_soon_gone_and_all_end() -> None:
    time, cause, group = [1, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9], [1, 2, 1, 1, 1, 2, 1, 1, 2, 2, 1, 1], list("ccabcabababa")
    for rho in (0, 1):
        found = [survival.gray_test(time, cause, group, order=list(order), rho=rho) for order in ("abc", "cab", "bca")]
        assert [each.statistic for each in found] == pytest.approx([found[0].statistic] * 3)
        assert {each.df for each in found} == {2}
        assert sum(found[0].expected) == pytest.approx(8)


def test_groups_one_of_which_ends_before_the_other_begins_to_are_compared() -> None:
    """Where the second group begins to end, the share of all that isn't ended yet comes to exactly 0 while some of it are open."""
    for rho in (0, 1):
        there, back = (survival.gray_test([1, 2, 3, 4], [1] * 4, list("aabb"), order=list(order), rho=rho) for order in ("ab", "ba"))
        assert there.statistic == pytest.approx(back.statistic)
        assert 1 < there.statistic < 4
        assert there.expected == pytest.approx(survival.log_rank([1, 2, 3, 4], [1] * 4, list("aabb")).expected)


def test_a_share_not_yet_ended_of_0_but_for_rounding_is_0() -> None:
    """A third ends at once and the others one sixth each, so that the thirds and sixths add up to 1 while one case is open."""
    time, group = [1, 1, 1, 2, 3, 4, 5, 6, 7], list("aaabcbcbc")
    found = [survival.gray_test(time, [1] * 9, group, order=list(order)) for order in ("abc", "cab", "bca")]
    assert [each.statistic for each in found] == pytest.approx([found[0].statistic] * 3)
    assert found[0].statistic > survival.log_rank(time, [1] * 9, group).statistic / 2  # the rounding's inverse made it 0


def test_expected_ends_are_shared_out_by_who_is_at_risk() -> None:
    """Without other causes n (1 - F) / S is n, so that Gray's expected numbers are those of the log-rank test."""
    time, done, group = [2, 2, 4, 5, 5, 5, 7, 9, 11, 12], [1, 1, 1, 0, 1, 1, 1, 1, 0, 1], list("aabababbcb")
    gray, plain = survival.gray_test(time, done, group), survival.log_rank(time, done, group)
    assert (gray.observed, gray.df) == (plain.observed, 2)
    assert gray.expected == pytest.approx(plain.expected, rel=1e-12)
