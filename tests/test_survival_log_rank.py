"""The log-rank family by its definition, case by case in plain loops: late entry, strata, more than two groups and every weight at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadtime import survival
from leadtime.survival.checks import sample_of
from leadtime.survival.risksets import shares_few_days

WEIGHTS: dict[str, tuple[dict[str, object], Callable[[float, int], float]]] = {
    "log-rank": ({}, lambda curve, at_risk: 1.0),
    "early": ({"rho": 1}, lambda curve, at_risk: curve),
    "late": ({"gamma": 1}, lambda curve, at_risk: 1 - curve),
    "middle": ({"rho": 0.5, "gamma": 2}, lambda curve, at_risk: curve**0.5 * (1 - curve) ** 2),
    "gehan": ({"weights": "gehan"}, lambda curve, at_risk: float(at_risk)),
    "tarone-ware": ({"weights": "tarone-ware"}, lambda curve, at_risk: at_risk**0.5),
}


def cases(seed: int) -> dict[str, np.ndarray]:
    """Some 50 cases with many ties, in two or three groups and two strata; two in five entered late."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(40, 60))
    time = rng.integers(1, 20, n)
    entry = np.where(rng.random(n) < 0.4, np.floor(time * rng.random(n)), 0).astype(int)
    return {
        "time": time,
        "observed": rng.random(n) < 0.7,
        "group": np.append(rng.integers(0, 2 + seed % 2, n - 8), [0, 1] * 4),
        "stratum": np.append(rng.integers(0, 2, n - 8), [0, 0, 1, 1] * 2),
        "entry": np.minimum(entry, time - 1),
    }


def by_definition(data: dict[str, np.ndarray], weight: Callable[[float, int], float]) -> tuple[float, np.ndarray]:
    """The statistic, and what each group's weighted events lack of those expected: hypergeometric at each time of each stratum."""
    groups = np.unique(data["group"])
    short, variance = np.zeros(groups.size), np.zeros((groups.size, groups.size))
    for stratum in np.unique(data["stratum"]):
        mine, curve = data["stratum"] == stratum, 1.0
        for t in np.unique(data["time"][mine & data["observed"]]):
            inside = mine & (data["time"] >= t) & ((data["entry"] < t) | (data["entry"] == 0))
            ended = inside & (data["time"] == t) & data["observed"]
            n, d = int(inside.sum()), int(ended.sum())
            share = np.array([(inside & (data["group"] == group)).sum() for group in groups]) / n
            own = np.array([(ended & (data["group"] == group)).sum() for group in groups])
            w = weight(curve, n)
            short += w * (own - d * share)
            if n > 1:
                variance += w**2 * d * (n - d) / (n - 1) * (np.diag(share) - np.outer(share, share))
            curve *= 1 - d / n
    return float(short[1:] @ np.linalg.solve(variance[1:, 1:], short[1:])), short


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("seed", range(4))
def test_every_weight_is_its_definition_with_strata_and_late_entry(kind: str, seed: int) -> None:
    data, (options, weight) = cases(seed), WEIGHTS[kind]
    for late in (True, False):
        for layered in (True, False):
            used = {**data, "entry": data["entry"] * late, "stratum": data["stratum"] * layered}
            found = survival.log_rank(
                used["time"],
                used["observed"],
                used["group"],
                order=sorted(set(used["group"].tolist())),
                entry=used["entry"] if late else None,
                strata=used["stratum"] if layered else None,
                **options,  # type: ignore[arg-type]
            )
            statistic, short = by_definition(used, weight)
            assert found.statistic == pytest.approx(statistic, rel=1e-9)
            assert np.subtract(found.observed, found.expected) == pytest.approx(short, rel=1e-9, abs=1e-9)
            assert found.df == len(set(used["group"].tolist())) - 1


@pytest.mark.parametrize("weights", ["fleming-harrington", "gehan"])
def test_pairs_of_groups_that_never_meet_are_compared_pair_by_pair(weights: str) -> None:
    rng = np.random.default_rng(5)
    time, group = rng.integers(1, 90, 1200), np.tile(["a", "b"], 600)
    late, other = rng.integers(101, 190, 1200), np.tile(["c", "d"], 600)
    both = np.append(time, late), np.ones(2400), np.append(group, other)
    found = survival.log_rank(*both, entry=np.repeat([0, 100], 1200), weights=weights)  # type: ignore[arg-type]
    alone = [survival.log_rank(days, np.ones(1200), names, weights=weights) for days, names in ((time, group), (late, other))]  # type: ignore[arg-type]
    assert (found.df, found.statistic) == (2, pytest.approx(sum(each.statistic for each in alone), rel=1e-9))


@pytest.mark.parametrize("seed", range(4))
def test_plain_and_stratified_tests_are_those_of_statsmodels(seed: int) -> None:
    survfunc = pytest.importorskip("statsmodels.duration.survfunc", reason="pip install 'leadtime[adjust]'")
    data = cases(seed)
    order = sorted(set(data["group"].tolist()))
    for strata in (None, data["stratum"]):
        theirs, p_value = survfunc.survdiff(data["time"], data["observed"], data["group"], strata=strata)
        ours = survival.log_rank(data["time"], data["observed"], data["group"], strata=strata, order=order)
        assert (ours.statistic, ours.p_value) == (pytest.approx(theirs, rel=1e-9), pytest.approx(p_value, rel=1e-9))


@given(st.integers(40, 400), st.integers(0, 10_000), st.sampled_from([0, 1]))
def test_days_that_are_counted_tell_what_sorted_ones_do(size: int, seed: int, rho: float) -> None:
    rng = np.random.default_rng(seed)
    days, done, group = rng.integers(0, size // 16 + 1, size), np.append([True], rng.random(size - 1) < 0.6), rng.integers(-1, 2, size)
    group[:2] = 1, -1
    counted = survival.log_rank(days, done, group, rho=rho)
    assert shares_few_days(sample_of(days, done))
    as_text = survival.log_rank(days.astype(np.float64), done, [str(label) for label in group], rho=rho)  # fractions are sorted
    assert counted == as_text


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int64])
def test_whole_numbers_as_groups_stand_in_the_order_of_first_appearance(kind: type[np.signedinteger]) -> None:
    for labels in ([5, -128, 5, 127], [3, 2, 1, 3], [0, 0, 1, 1]):
        found = survival.log_rank([1, 2, 3, 4], [1, 1, 1, 1], np.array(labels, kind))
        assert found.groups == tuple(dict.fromkeys(map(str, labels)))
        assert found == survival.log_rank([1, 2, 3, 4], [1, 1, 1, 1], list(map(str, labels)))
