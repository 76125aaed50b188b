"""Permutation tests: random splits estimate what all splits count, and their defaults, strata and persons are what they say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leadtime import survival
from leadtime.survival import permutation, splits
from leadtime.survival.checks import sample_of
from leadtime.survival.contrasts import Scale, studentised
from leadtime.survival.splits import Pooled

RNG = np.random.default_rng(8)
TIME = np.append(RNG.exponential(10, 9), RNG.exponential(4, 9)).round(1) + 0.1
DONE, GROUP = RNG.random(18) < 0.8, np.repeat(["a", "b"], 9)
LAYER = np.tile(["x", "y", "z"], 6)


@pytest.mark.parametrize("strata", [None, LAYER])
def test_random_splits_estimate_the_exact_p(strata: np.ndarray | None, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = survival.exact_log_rank(TIME, DONE, GROUP, strata=strata)
    monkeypatch.setattr(permutation, "_MOST_SPLITS", 100)
    drawn = survival.exact_log_rank(TIME, DONE, GROUP, strata=strata)
    assert 0.01 < exact.p_value < 0.2
    assert drawn.p_value == pytest.approx(exact.p_value, abs=4 * np.sqrt(exact.p_value / 20_000))
    assert (drawn.draws, drawn.seed, drawn.method) == (20_000, 0, "20000 random splits")
    assert drawn.statistic == exact.statistic
    monkeypatch.setattr(splits, "_CHUNK", 1000)  # how many are held at once has no say
    assert survival.exact_log_rank(TIME, DONE, GROUP, strata=strata).p_value == pytest.approx(drawn.p_value, abs=0.01)


def test_random_splits_of_restricted_means_estimate_the_exact_p() -> None:
    data = TIME[2:16], DONE[2:16], GROUP[2:16]
    exact = survival.restricted_mean_permutation(*data, tau=8)
    drawn = survival.restricted_mean_permutation(*data, tau=8, draws=3000)
    assert (exact.draws, exact.seed, drawn.draws, drawn.seed) == (None, None, 3000, 0)
    assert drawn.p_value == pytest.approx(exact.p_value, abs=4 * np.sqrt(exact.p_value / 3000))
    assert drawn.statistic == exact.statistic


@pytest.mark.parametrize("draws", [3000, 5000])
def test_how_many_splits_are_held_at_once_has_no_say(draws: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = TIME[2:16], DONE[2:16], GROUP[2:16]
    whole = survival.restricted_mean_permutation(*data, tau=8, draws=draws)
    monkeypatch.setattr(splits, "_CHUNK", 14 * 500)
    assert survival.restricted_mean_permutation(*data, tau=8, draws=draws) == whole
    assert (whole.draws is None) == (draws == 5000)  # of 3432 splits


@pytest.mark.parametrize("kind", ["difference", "ratio", "time_lost_difference", "time_lost_ratio"])
def test_a_split_has_the_change_and_the_error_that_its_groups_have(kind: str) -> None:
    scale, back = Scale(lost="lost" in kind, ratio="ratio" in kind), (math.log if "ratio" in kind else float)
    pooled = Pooled.of(sample_of(TIME, DONE), 5.0)
    for seed in range(3):
        second = np.random.default_rng(seed).permutation(GROUP == "b")
        found = getattr(survival, f"restricted_mean_{kind}")(TIME, DONE, second, tau=5.0, order=[False, True])
        assert studentised(pooled, second[None, :], scale)[0] == pytest.approx(back(found.value) / found.standard_error, rel=1e-9)
    assert pooled.tau == pytest.approx(5.0)


def test_the_statistic_is_the_sum_of_scores_by_its_error_under_all_splits() -> None:
    exact = survival.exact_log_rank([1, 2, 4, 5], [1, 1, 0, 1], list("abab"))
    scores = np.array([1 - 1 / 4, 1 - 1 / 4 - 1 / 3, -1 / 4 - 1 / 3, 1 - 1 / 4 - 1 / 3 - 1])
    sums = np.array([scores[[i, j]].sum() for i in range(4) for j in range(i)])
    assert exact.statistic == pytest.approx((scores[1] + scores[3] - sums.mean()) / sums.std(), rel=1e-12)
    assert exact.p_value == np.mean(np.abs(sums) >= abs(scores[1] + scores[3]) - 1e-9)
