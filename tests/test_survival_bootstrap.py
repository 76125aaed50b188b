"""The bootstrap of a ratio of medians, drawn again in plain numpy, and how it counts the draws that have no ratio."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leadtime import survival
from leadtime.errors import UsageError
from leadtime.results import Estimate
from leadtime.survival import resampling
from leadtime.survival.checks import sample_of
from leadtime.survival.medians import _bootstrap_medians, _percentiles

BEFORE, AFTER = np.array([10.0, 12, 12, 14, 15, 16, 18, 22, 24, 30, 31]), np.array([4.0, 5, 6, 7, 8, 9, 10, 11, 12, 14])
DATA = np.append(BEFORE, AFTER), np.ones(21), ["before"] * 11 + ["after"] * 10


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95])
def test_limits_are_the_percentiles_of_the_ratios_of_drawn_medians(confidence: float) -> None:
    generator, drawn = np.random.default_rng(3), []
    for values in (BEFORE, AFTER):
        kinds, counts = np.unique(values, return_counts=True)
        rows = generator.multinomial(values.size, counts / values.size, size=400)
        drawn.append(np.array([np.median(np.repeat(kinds, row)) for row in rows]))
    wanted = np.quantile(drawn[1] / drawn[0], [(1 - confidence) / 2, (1 + confidence) / 2])
    found = survival.median_ratio(*DATA, interval="bootstrap", draws=400, seed=3, confidence=confidence)
    assert (found.lower, found.upper) == pytest.approx(tuple(wanted), rel=1e-12)
    assert (found.interval, found.confidence) == ("bootstrap", confidence)
    assert found.note == "400 samples of cases, a median not reached in 0 % of them"


def test_by_itself_the_bootstrap_takes_2000_samples_from_seed_0() -> None:
    said = survival.median_ratio(*DATA, interval="bootstrap", seed=0, draws=2000)
    assert said == survival.median_ratio(*DATA, interval="bootstrap")


@pytest.mark.parametrize("many", [5, 5000])
def test_the_size_of_a_part_changes_no_limit(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "_MANY", many)
    whole = survival.median_ratio(*DATA, interval="bootstrap", draws=100)
    monkeypatch.setattr(resampling, "_CHUNK", 333)
    assert survival.median_ratio(*DATA, interval="bootstrap", draws=100) == whole
    assert "100 samples" in whole.note


def test_one_sample_is_the_fewest() -> None:
    assert "1 sample of" in survival.median_ratio(*DATA, interval="bootstrap", draws=1).note
    with pytest.raises(UsageError, match="draws is 0"):
        survival.median_ratio(*DATA, interval="bootstrap", draws=0)


def test_a_ratio_of_given_medians_counts_the_cases_that_are_known() -> None:
    slow, quick, unknown = Estimate(20.0, 15.0, 30.0, n=9), Estimate(10.0, 8.0, 12.0, n=7), Estimate(None, 8.0, None)
    found = survival.ratio_by_mover(slow, quick)
    assert (found.value, found.n, found.interval) == (0.5, 16, "mover")
    assert math.log(found.value / found.lower) == pytest.approx(math.hypot(math.log(10 / 8), math.log(30 / 20)))
    assert math.log(found.upper / found.value) == pytest.approx(math.hypot(math.log(12 / 10), math.log(20 / 15)))
    assert (survival.ratio_by_mover(slow, unknown).n, survival.ratio_by_mover(unknown, quick).n) == (9, 7)
    assert survival.ratio_by_mover(unknown, unknown).note == "no ratio: median not reached in 'before' and 'after'"


def ends(before: float, after: float) -> tuple[float, float]:
    """Where a draw counts at the lower and at the upper end: at both where it tells nothing, below all where the first isn't reached."""
    if math.isnan(before) or math.isnan(after) or before == after == math.inf or before == after == 0:
        return -math.inf, math.inf
    if math.isinf(before):
        return -math.inf, -math.inf
    ratio = math.inf if before == 0 else after / before
    return ratio, ratio


@pytest.mark.parametrize(
    "odd",
    [(math.nan, 4), (4, math.nan), (math.inf, math.inf), (0, 0), (math.inf, 4), (4, math.inf), (0, 4), (4, 0), (math.nan, math.inf)],
)
def test_a_draw_without_a_ratio_counts_where_it_may_lie(odd: tuple[float, float]) -> None:
    plain = [(10.0, float(value)) for value in range(1, 42)]
    for many in (1, 3):
        draws = [*plain, *[odd] * many]
        before, after = np.array(draws).T
        low, high = (np.sort(each) for each in np.array([ends(*draw) for draw in draws]).T)
        last, alpha = len(draws) - 1, 0.1
        wanted = [
            low[math.floor(alpha * last)],
            low[math.floor(alpha * last) + 1],
            high[-math.floor(alpha * last) - 2],
            high[-math.floor(alpha * last) - 1],
        ]
        part = alpha * last - math.floor(alpha * last)
        lower = wanted[0] + part * (wanted[1] - wanted[0]) if np.isfinite(wanted[:2]).all() else None
        upper = wanted[3] + part * (wanted[2] - wanted[3]) if np.isfinite(wanted[2:]).all() else None
        found = _percentiles(before, after, Estimate(1.0, confidence=0.8), "cases")
        assert (found.lower, found.upper) == (pytest.approx(lower), pytest.approx(upper))
        missing = 100 * many / len(draws) if not np.isfinite(odd).all() else 0
        assert found.note == f"{len(draws)} samples of cases, a median not reached in {missing:.3g} % of them"


# Durations, whether observed, entries; in the order in which the rows are drawn.
LATE = np.array([2, 3, 3, 5, 7, 8, 9]), np.array([1, 0, 1, 1, 1, 0, 1], bool), np.array([0, 0, 0, 3, 0, 5, 5])


def plain_median(drawn: list[int]) -> float:
    """The median of the drawn rows of `LATE`, NaN where a risk set empties before somebody else comes under observation."""
    time, observed, entry = (column[drawn] for column in LATE)
    left, curve, emptied = 1.0, {}, False
    for now in np.unique(time):
        at_risk = int(((time >= now) & ((entry == 0) | (entry < now))).sum())
        ended = int(((time == now) & observed).sum())
        if emptied:
            return math.nan
        left, emptied = left * (1 - ended / at_risk), ended == at_risk
        curve[float(now)] = left
    reached, passed = ([now for now, share in curve.items() if share < 0.5 + by] for by in (1e-9, -1e-9))
    if not reached:
        return math.inf
    return (reached[0] + passed[0]) / 2 if passed and curve[reached[0]] > 0.5 - 1e-9 else reached[0]


def test_a_draw_whose_early_risk_set_empties_has_no_median() -> None:
    counts = np.random.default_rng(5).multinomial(7, [1 / 7] * 7, size=300)
    wanted = [plain_median([row for row in range(7) for _ in range(count[row])]) for count in counts]
    found = _bootstrap_medians(sample_of(*LATE), None, 300, np.random.default_rng(5))
    assert found.tolist() == pytest.approx(wanted, nan_ok=True)
    assert min(sum(map(math.isnan, wanted)), sum(map(math.isfinite, wanted))) > 50
