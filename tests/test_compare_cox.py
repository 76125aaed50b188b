"""Cox's model: ties by three methods, errors by person, and whether its one ratio holds at all times."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from leadtime.compare.adjusted import AdjustedEffect, effect_of_model
from leadtime.compare.cohorts import Cohort, Pair
from leadtime.compare.cox import fitted_cox, proportionality_tests, score_residuals
from leadtime.compare.exact_ties import ExactTies
from leadtime.errors import NotEstimable

pytest.importorskip("statsmodels", reason="pip install 'leadtime[adjust]'")
pytest.importorskip("greenwood", reason="pip install 'leadtime[adjust]'")

REFERENCE = Path(__file__).parent / "reference" / "r"
BEFORE = {"lung": "1", "aml": "Maintained"}


def cohort(days, outcome, *, entry=None, person=None, stratum=None) -> Cohort:
    arrays = (np.asarray(days, float), np.asarray(outcome, int), entry, person, stratum, np.arange(len(days)))
    return Cohort("", *arrays)


def pair(days, outcome, second, **codes) -> Pair:
    """Two cohorts of the cases, those of the reference first."""
    both, second = cohort(days, outcome, **codes), np.asarray(second, bool)
    return Pair(both.take(~second), both.take(second))


def effect(name: str, ties: str) -> AdjustedEffect:
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    days, ended = [float(row["time"]) for row in rows], [int(row["status"]) for row in rows]
    return effect_of_model(pair(days, ended, [row["group"] != BEFORE[name] for row in rows]), "cox", np.zeros((len(rows), 0)), ties=ties)


def tied(seed: int, n: int = 40) -> tuple[Cohort, np.ndarray]:
    """Cases with many ties, of which a third enter late, in two strata, and two terms."""
    random = np.random.default_rng(seed)
    days = np.ceil(random.exponential(4, n))
    entry = np.where(random.random(n) < 1 / 3, np.maximum(0, days - random.integers(1, 4, n)), 0.0)
    x = np.column_stack([random.integers(0, 2, n), random.normal(size=n)]).astype(float)
    return cohort(days, random.random(n) < 0.8, entry=entry, stratum=random.integers(0, 2, n)), x


def at_risk(both: Cohort) -> list[tuple[np.ndarray, np.ndarray]]:
    """Who was at risk and who ended at each time of each stratum, by looking at every case."""
    found = []
    for code in np.unique(both.stratum):
        for time in np.unique(both.days[both.observed & (both.stratum == code)]):
            here = (both.stratum == code) & (both.days >= time) & ((both.entry < time) | (both.entry == 0))
            found.append((np.flatnonzero(here), np.flatnonzero(here & both.observed & (both.days == time))))
    return found


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
@pytest.mark.parametrize("name", ["lung", "aml"])
def test_every_figure_of_cox_is_r_s_with_each_way_of_ties(name: str, ties: str) -> None:
    wanted = json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))["cox"][ties]
    found = effect(name, ties)
    estimate = found.estimate
    assert [estimate.value, estimate.lower, estimate.upper] == pytest.approx([wanted[k] for k in ("hr", "lower", "upper")], rel=1e-6)
    assert np.log(estimate.value) == pytest.approx(next(iter(wanted["coef"].values())), rel=1e-6)
    assert estimate.standard_error == pytest.approx(next(iter(wanted["se"].values())), rel=1e-6)
    assert [found.log_likelihood_null, found.log_likelihood] == pytest.approx(wanted["loglik"], rel=1e-9)
    assert found.score_test.statistic == pytest.approx(wanted["score_test"], rel=1e-6)
    assert found.ties == ties
    if ties != "exact":
        tests = found.proportional.tests
        assert [test.statistic for test in tests] == pytest.approx(wanted["zph"]["chisq"], rel=1e-6)
        assert [test.p_value for test in tests] == pytest.approx(wanted["zph"]["p"], rel=1e-6)


def test_the_score_test_with_late_entries_is_r_s() -> None:
    with (REFERENCE / "channing_left_truncated.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    wanted = json.loads((REFERENCE / "channing_left_truncated.json").read_text(encoding="utf-8"))["cox_score_exact"]
    entry, exit_, died = (np.array([float(row[name]) for row in rows]) for name in ("start", "stop", "event"))
    men = np.array([[float(row["gender"] == "1")] for row in rows])
    assert fitted_cox(cohort(exit_, died, entry=entry), men, ties="exact").score == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_exact_ties_of_nested_risk_sets_are_those_of_any(seed: int) -> None:
    """Without late entries the sums over sets come by fewer steps."""
    rng = np.random.default_rng(seed)
    days, observed = rng.integers(0, 6, 25).astype(float), np.append([True], rng.random(24) < 0.7)
    stratum = rng.integers(0, 3, 25) if seed % 2 else None
    nested = ExactTies.of(days, None, observed, stratum, rng.normal(size=(25, 2)))
    assert nested.nested
    for ours, plain in zip(nested.at(np.array([0.7, -1.3])), replace(nested, nested=False).at(np.array([0.7, -1.3])), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-10, atol=1e-12)


def test_exact_ties_are_the_sum_over_all_sets_that_could_have_ended() -> None:
    """With late entries and strata, by counting every set; the slopes by differences."""
    both, x = tied(1, n=24)
    fit = fitted_cox(both, x, ties="exact")

    def likelihood(point: np.ndarray) -> float:
        pace, total = x @ point, 0.0
        for risk, ended in at_risk(both):
            sets = [sum(pace[list(each)]) for each in combinations(risk, ended.size)]
            total += pace[ended].sum() - np.log(np.exp(sets).sum())
        return total

    assert fit.log_likelihood == pytest.approx(likelihood(fit.coefficients), rel=1e-12)
    assert fit.log_likelihood_null == pytest.approx(likelihood(np.zeros(2)), rel=1e-12)
    step = np.eye(2) * 1e-4
    slope = [(likelihood(fit.coefficients + h) - likelihood(fit.coefficients - h)) / 2e-4 for h in step]
    assert slope == pytest.approx([0, 0], abs=1e-6)
    bend = [
        [
            sum(a * b * likelihood(fit.coefficients + a * h + b * k) for a in (-1, 1) for b in (-1, 1)) / 4e-8
            for k in step
        ]
        for h in step
    ]  # fmt: skip
    assert fit.covariance == pytest.approx(np.linalg.inv(-np.array(bend)), rel=1e-5)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_without_ties_all_three_ways_agree(seed: int) -> None:
    both, x = tied(seed)
    both = cohort(both.days + np.arange(both.n) / 1000, both.outcome, entry=both.entry, stratum=both.stratum)
    fits = [fitted_cox(both, x, ties=ties) for ties in ("efron", "breslow", "exact")]
    for fit in fits[1:]:
        assert fit.coefficients == pytest.approx(fits[0].coefficients, rel=1e-7)
        assert fit.covariance == pytest.approx(fits[0].covariance, rel=1e-7)
        assert (fit.log_likelihood, fit.score) == pytest.approx((fits[0].log_likelihood, fits[0].score), rel=1e-9)


@pytest.mark.parametrize("r", [1.0, 2.0, np.exp(1.676857)])
def test_score_residuals_with_ties_by_efron_are_those_worked_out_by_hand(r: float) -> None:
    """Therneau & Grambsch (2000), appendix E.1: data set 1, as functions of r = exp(b)."""
    both, x = cohort([1, 1, 6, 6, 8, 9], [1, 0, 1, 1, 0, 1]), np.array([[1.0], [1], [1], [0], [0], [0]])
    a, b, d = r + 1, r + 3, r + 5
    last = 2 * r * (177 + r * (282 + r * (182 + r * (50 + 5 * r)))) / (3 * (a * b * d) ** 2)
    wanted = [
        (2 * r + 3) / (3 * a**2),
        -r / (3 * a**2),
        (675 + r * (1305 + r * (756 + r * (-4 + r * (-79 - 13 * r))))) / (3 * (a * b * d) ** 2),
        r * (1 / (3 * a**2) - a / (2 * b**2) - b / (2 * d**2)),
        last,
        last,
    ]
    found = score_residuals(both, x, np.array([np.log(r)]), ties="efron")[:, 0]
    order = [0, 1, 2, 3, 5, 4]  # the book has the case of day 9 before that of day 8
    assert found[order] == pytest.approx(wanted, rel=1e-12)


def test_score_residuals_are_what_a_little_more_weight_moves_the_score_by() -> None:
    """The infinitesimal jackknife, by differences: with late entries, strata and ties, those who end at one time sharing their weight."""
    both, x = tied(4)
    point = np.array([0.4, -0.3])

    def score(weight: np.ndarray, ties: str) -> np.ndarray:
        pace, total = weight * np.exp(x @ point), np.zeros(2)
        for risk, ended in at_risk(both):
            total += (weight[ended, None] * x[ended]).sum(axis=0)
            for number in range(ended.size):
                left = pace.copy()
                left[ended] *= 1 - number / ended.size if ties == "efron" else 1
                total -= weight[ended].mean() * (left[risk, None] * x[risk]).sum(axis=0) / left[risk].sum()
        return total

    for ties in ("efron", "breslow"):
        more = np.eye(both.n) * 1e-5
        wanted = [(score(1 + h, ties) - score(1 - h, ties)) / 2e-5 for h in more]
        assert score_residuals(both, x, point, ties=ties) == pytest.approx(np.array(wanted), abs=1e-8)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_the_test_of_proportion_is_the_score_test_of_a_slope_in_time(ties: str) -> None:
    """Worked out case by case, with late entries and strata; the time is 1 - S(t-) of all cases together, as R has it."""
    both, x = tied(8)
    fit = fitted_cox(both, x, ties=ties)
    survived, before = 1.0, {}
    for time in np.unique(both.days[both.observed]):
        before[time] = 1 - survived
        risk = (both.days >= time) & ((both.entry < time) | (both.entry == 0))
        survived *= 1 - (both.observed & (both.days == time)).sum() / risk.sum()
    pace = np.exp(x @ fit.coefficients)
    slope, constant, cross, square = np.zeros(2), np.zeros((2, 2)), np.zeros((2, 2)), np.zeros((2, 2))
    for risk, ended in at_risk(both):
        g = before[both.days[ended[0]]]
        for number, case in enumerate(ended):
            left = pace.copy()
            left[ended] *= 1 - number / ended.size if ties == "efron" else 1
            share = left[risk] / left[risk].sum()
            mean = share @ x[risk]
            spread = (share[:, None] * x[risk]).T @ x[risk] - np.outer(mean, mean)
            slope += g * (x[case] - mean)
            constant, cross, square = constant + spread, cross + g * spread, square + g * g * spread
    free = square - cross @ np.linalg.solve(constant, cross)
    wanted = [*(slope**2 / np.diag(free)), slope @ np.linalg.solve(free, slope)]
    found = proportionality_tests(both, x, ("cohort", "weight"), ties=ties)
    assert [test.statistic for test in found] == pytest.approx(wanted, rel=1e-8)
    assert [test.df for test in found] == [1, 1, 2]


def test_errors_by_person_heed_ties_and_exact_ties_have_none() -> None:
    """A person's case counted three times instead of two makes nobody surer."""
    random = np.random.default_rng(5)
    days, ended, second = np.ceil(random.exponential(60, 60)), random.random(60) < 0.8, np.arange(60) >= 30

    def found(copies: int, ties: str) -> AdjustedEffect:
        whose = np.repeat(np.arange(60), copies)
        return effect_of_model(pair(days[whose], ended[whose], second[whose], person=whose), "cox", np.zeros((60 * copies, 0)), ties=ties)

    double, triple = (found(copies, "breslow").estimate for copies in (2, 3))
    assert (double.value, double.standard_error) == pytest.approx((triple.value, triple.standard_error), rel=1e-9)
    with pytest.raises(NotEstimable, match="errors by person need more persons than coefficients, and there are 1 to 1"):
        effect_of_model(pair(days, ended, second, person=np.zeros(60, int)), "cox", np.zeros((60, 0)))
    with pytest.raises(NotEstimable, match=r"exact ties have no errors by person.*ties='efron'"):
        found(2, "exact")


def test_hazards_that_cross_are_told_and_shown_and_those_in_proportion_are_not() -> None:
    random = np.random.default_rng(6)
    second = np.arange(300) >= 150
    crossing = np.where(second, random.weibull(3, 300), random.weibull(0.7, 300)) * 100
    in_proportion = random.exponential(100, 300) * np.where(second, 0.5, 1)
    none = np.zeros((300, 0))
    crossed, even = (effect_of_model(pair(days, np.ones(300), second), "cox", none).proportional for days in (crossing, in_proportion))
    assert crossed.tests[0].p_value < 1e-6
    assert crossed.early.upper < 1 < crossed.late.lower
    assert even.tests[0].p_value > 0.05
    assert even.early.lower < even.late.value < even.early.upper
    assert crossed.terms == ("cohort",)
    assert [test.name for test in crossed.tests] == ["proportional hazards, cohort", "proportional hazards, all terms"]


def test_where_the_last_day_has_half_of_the_ends_the_late_half_says_why_it_has_no_ratio() -> None:
    days = [10, 20, 30, 90, 90, 90, 90, 100] * 2
    found = effect_of_model(pair(days, [1, 1, 1, 1, 1, 1, 1, 0] * 2, np.arange(16) >= 8), "cox", np.zeros((16, 0))).proportional
    assert (found.early.value, found.median_stop_days) == (pytest.approx(1), 90)
    assert (found.late.value, found.late.note) == (None, "nobody finished in this part of the follow-up")


@pytest.mark.parametrize("before", [2, 3, 4])
def test_exact_ties_refuse_cohorts_that_all_end_at_one_time(before: int) -> None:
    """Whoever was at risk ended, so no draw tells the cohorts apart: the information is 0, by rounding often just above it (R gives NA)."""
    both, second = cohort([5] * 7, [1] * 7), np.repeat([0.0, 1.0], [before, 7 - before])
    with pytest.raises(NotEstimable, match="no maximum"):
        fitted_cox(both, second[:, None], ties="exact")


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
@pytest.mark.parametrize("terms", [0, 1])
def test_cohorts_apart_in_all_their_lead_times_have_no_ratio(ties: str, terms: int) -> None:
    days = [*range(10, 25), *range(1010, 1025)]
    x = np.random.default_rng(7).normal(size=(30, terms))
    with pytest.raises(NotEstimable, match="its likelihood has no maximum"):
        effect_of_model(pair(days, np.ones(30), np.arange(30) >= 15), "cox", x, ties=ties)


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
@pytest.mark.parametrize("seed", range(25))
def test_a_model_of_few_cases_is_fitted_to_its_maximum_or_refused(ties: str, seed: int) -> None:
    """Few cases, terms of all sizes, late entries, strata: never another exception, a flat likelihood or an error without bound."""
    random = np.random.default_rng(seed)
    n = int(random.integers(3, 14))
    days, scale = np.ceil(random.exponential(4, n)), random.choice([0.001, 1, 1000])
    x = np.column_stack([random.integers(0, 2, n), random.normal(size=n) * scale]).astype(float)
    entry = np.where(random.random(n) < 0.3, np.maximum(0, days - random.integers(1, 4, n)), 0.0)
    both = cohort(days, random.random(n) < random.choice([0.3, 0.6, 1]), entry=entry, stratum=random.integers(0, 2, n))
    if not both.observed.any():
        return
    try:
        fit = fitted_cox(both, x, ties=ties)
    except NotEstimable:
        return
    higher = fitted_cox(both, x / 3 + 7, ties=ties)
    assert higher.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-9)
    assert higher.coefficients / 3 == pytest.approx(fit.coefficients, rel=1e-5, abs=1e-9)
    assert (np.diag(fit.covariance) > 0).all()
    assert fit.log_likelihood >= fit.log_likelihood_null
