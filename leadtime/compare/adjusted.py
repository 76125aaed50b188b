"""The change with case attributes held equal: Cox's model for the pace of finishing, accelerated failure time for "x times as long".

Both come through the libraries of the extra "adjust" (statsmodels, greenwood), which are imported only when asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from leadtime.cases.clock import DAY_US
from leadtime.compare.accelerated import Family, fitted, library
from leadtime.compare.basis import Basis
from leadtime.compare.cohorts import Cohort, Pair
from leadtime.compare.cox import CoxFit, fitted_cox, halves, proportionality_tests
from leadtime.compare.design import Ties
from leadtime.compare.rows import CaseRows, Labels, number_of
from leadtime.errors import LeadtimeError, NotEstimable, counted
from leadtime.results import Estimate, TestResult
from leadtime.survival.limits import z_value

__all__ = ["AdjustedEffect", "ProportionalHazards", "adjusted_effects", "effect_of_model"]

Model = Literal["cox", "weibull", "lognormal", "loglogistic"]
_YEAR = 365.25
_ROUNDING = 1e-13  # of a column's size, that its mean may differ from a constant

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ProportionalHazards:
    """Whether Cox's one ratio holds at all times: a test for each term (the cohort first) and for all of them together (last).

    `ratios` are the terms' hazard ratios; `early` and `late` the cohort's in the follow-up up to the median observed end and after it.
    """

    terms: tuple[str, ...]
    ratios: tuple[float, ...]
    tests: tuple[TestResult, ...]
    early: Estimate
    late: Estimate
    median_stop_days: float


@dataclass(frozen=True)
class AdjustedEffect:
    """The change by one model: a hazard ratio (above 1: sooner finished) or a time ratio (below 1: shorter), after against before.

    The standard error is of the log ratio. `terms` are what is held equal, `left_out` the cases in which one of them is missing. Of Cox's
    model alone: `ties`, the log likelihood with all coefficients at 0, the score test that all are, and `proportional`.
    """

    model: Model
    measure: Literal["hazard ratio", "time ratio"]
    estimate: Estimate
    events: int
    terms: tuple[str, ...]
    strata: tuple[str, ...]
    left_out: int
    log_likelihood: float | None
    because: str = ""
    ties: Ties | None = None
    log_likelihood_null: float | None = None
    score_test: TestResult | None = None
    proportional: ProportionalHazards | None = None


def adjusted_effects(basis: Basis) -> tuple[AdjustedEffect, ...]:
    """Gives the effect by each model; none where the design names nothing to hold equal (an empty sequence gives the crude effects).

    Raises:
        UsageError: the extra "adjust" isn't installed.
    """
    names = basis.design.adjust
    if names is None:
        return ()
    for module in ("statsmodels", "greenwood"):
        library(module)
    matrix, terms = _covariates(basis.rows, names)
    return tuple(_effect(basis, model, matrix, terms) for model in get_args(Model))


def _covariates(rows: CaseRows, names: tuple[str, ...]) -> tuple[Floats, tuple[str, ...]]:
    """A column a number, and one for each further value of a text, by code point; NaN where missing."""
    columns: list[Floats] = []
    terms: list[str] = []
    for name in names:
        labels = rows.labels[name]
        if name == "birth_date":
            columns.append((rows.start_day - _days(labels)) / _YEAR)
            terms.append("age at start (years)")
            continue
        number = _as_numbers(labels)
        if number is not None:
            columns.append(number)
            terms.append(name)
            continue
        text = np.array([None if label is None else str(label) for label in labels], dtype=object)
        missing = np.array([label is None for label in labels], dtype=bool)
        for value in sorted({str(label) for label in labels if label is not None})[1:]:
            columns.append(np.where(missing, np.nan, text == value).astype(np.float64))
            terms.append(f"{name}: {value}")
    return np.stack(columns, axis=1) if columns else np.zeros((rows.n, 0)), tuple(terms)


def _days(labels: Labels) -> Floats:
    """Days since the epoch of dates in microseconds, NaN where missing."""
    return np.array([np.nan if label is None else int(label) // DAY_US for label in labels], np.float64)


def _as_numbers(labels: Labels) -> Floats | None:
    """The labels as numbers, if all that are there are."""
    found = {label: np.nan if label is None else number_of(label) for label in set(labels.tolist())}
    return None if None in found.values() else np.array([found[label] for label in labels.tolist()], np.float64)


def _effect(basis: Basis, model: Model, matrix: Floats, terms: tuple[str, ...]) -> AdjustedEffect:
    pair = basis.pair
    covariates = matrix[pair.together.place]
    known = np.asarray(~np.isnan(covariates).any(axis=1), bool)
    strata, ties, confidence = basis.design.strata, basis.design.ties, basis.options.confidence
    try:
        return effect_of_model(pair, model, covariates, terms=terms, strata=strata, known=known, confidence=confidence, ties=ties)
    except LeadtimeError as error:
        measure: Literal["hazard ratio", "time ratio"] = "hazard ratio" if model == "cox" else "time ratio"
        empty = Estimate(None, confidence=confidence, n=int(known.sum()), note=str(error))
        events = int((pair.together.observed & known).sum())
        counted = ties if model == "cox" else None
        return AdjustedEffect(model, measure, empty, events, terms, strata, int((~known).sum()), None, str(error), counted)


def effect_of_model(
    pair: Pair,
    model: Model,
    covariates: Floats,
    *,
    terms: tuple[str, ...] = (),
    strata: tuple[str, ...] = (),
    known: Bools | None = None,
    confidence: float = 0.95,
    ties: Ties = "efron",
) -> AdjustedEffect:
    """Estimates the effect of being in the second cohort by one model.

    Args:
        pair: the two cohorts; their strata, persons and late entries are heeded.
        model: "cox", or the family of an accelerated failure time model.
        covariates: a row a case of both cohorts, a column a term.
        terms: what the columns are called.
        strata: what the cohorts' strata are called.
        known: which cases have all of their covariates; None for all.
        confidence: of the interval.
        ties: how Cox's model counts cases that ended at one time.

    Returns:
        Ratio with limits from the log scale (Wald); errors go by person where a person has several cases.

    Raises:
        NotEstimable: a term can't be told from the cohort, or the data don't fit the model.

    Source: Cox (1972), ties after Efron (1977), equals R `coxph`; accelerated failure time equals R `survreg`.
    """
    known = np.ones(pair.together.n, bool) if known is None else known
    pair.with_both_in_each_stratum()  # refuses strata of which none holds both
    _require_ends(pair, known)
    both = pair.together.take(known)
    second = np.repeat([0.0, 1.0], [pair.before.n, pair.after.n])[known]
    _require_told_apart(np.column_stack([second, covariates[known]]), terms)
    # Where a scale begins has no say, but large numbers that differ by little lose their differences in sums.
    x = np.column_stack([second, covariates[known] - covariates[known].mean(axis=0)])
    if pair.repeated and both.persons <= x.shape[1]:
        raise NotEstimable(f"errors by person need more persons than coefficients, and there are {both.persons} to {x.shape[1]}")
    counts = (int(both.observed.sum()), terms, strata, int((~known).sum()))
    if model == "cox":
        cox = fitted_cox(both, x, ties=ties, repeated=pair.repeated)
        return AdjustedEffect(
            model,
            "hazard ratio",
            _cox_ratio(cox, both.n, confidence),
            *counts,
            cox.log_likelihood,
            ties=ties,
            log_likelihood_null=cox.log_likelihood_null,
            score_test=_score_test(cox, both.n),
            proportional=_proportional(both, x, cox, terms, ties=ties, repeated=pair.repeated, confidence=confidence),
        )
    log_ratio, error, likelihood = _accelerated(both, x, model, repeated=pair.repeated)
    return AdjustedEffect(model, "time ratio", _ratio(log_ratio, error, both.n, confidence), *counts, likelihood)


def _ratio(log_ratio: float, error: float, n: int, confidence: float) -> Estimate:
    """A ratio with its limits from the log scale, none where one is past all numbers."""
    width = z_value(confidence) * error
    with np.errstate(over="ignore"):
        found = np.exp([log_ratio, log_ratio - width, log_ratio + width]).tolist()
    ratio, lower, upper = (value if np.isfinite(value) else None for value in found)
    return Estimate(ratio, lower, upper, error, confidence, "Wald, log scale", n)


def _cox_ratio(cox: CoxFit, n: int, confidence: float) -> Estimate:
    return _ratio(float(cox.coefficients[0]), float(np.sqrt(cox.covariance[0, 0])), n, confidence)


def _score_test(cox: CoxFit, n: int) -> TestResult:
    """Whether the coefficients are all 0; in a model of the cohort alone, whether the cohorts differ."""
    from scipy.stats import chi2

    df = cox.coefficients.size
    return TestResult("score test of Cox's model", cox.score, float(chi2.sf(cox.score, df)), df, n, "asymptotic chi-square")


def _proportional(
    both: Cohort, x: Floats, cox: CoxFit, terms: tuple[str, ...], *, ties: Ties, repeated: bool, confidence: float
) -> ProportionalHazards | None:
    """Tests the proportion of each term, and gives the cohort's ratio before and after the median observed end."""
    names = ("cohort", *terms)
    tests = proportionality_tests(both, x, names, ties=ties)
    if not tests:
        return None
    cut, parts = halves(both)
    ratios = []
    for places, part in parts:
        try:
            half = fitted_cox(part, x[places], ties=ties, repeated=repeated)
            ratios.append(_cox_ratio(half, part.n, confidence))
        except NotEstimable as error:
            ratios.append(Estimate(None, confidence=confidence, n=part.n, note=str(error)))
    return ProportionalHazards(names, tuple(np.exp(cox.coefficients).tolist()), tests, ratios[0], ratios[1], cut)


def _require_ends(pair: Pair, known: Bools) -> None:
    """Refuses a cohort in which nobody finished: its ratio to the other is 0 or without bound."""
    for cohort, mine in zip(pair.cohorts, np.split(known, [pair.before.n]), strict=True):
        if cohort.observed.any() and not (cohort.observed & mine).any():
            raise NotEstimable(
                f"nobody in '{cohort.name}' who has finished has all that adjust= names, so there is no ratio; leave out of adjust= what "
                "is missing there"
            )
        if not cohort.observed.any():
            raise NotEstimable(f"nobody in '{cohort.name}' has finished, so there is no ratio; observe for longer or leave out adjust=")


def _require_told_apart(x: Floats, terms: tuple[str, ...]) -> None:
    """Refuses a term that is constant, or that follows from the cohort and the other terms."""
    centred = x - x.mean(axis=0)
    size = np.linalg.norm(centred, axis=0)
    alike = size <= _ROUNDING * np.linalg.norm(x, axis=0)
    scaled = np.where(alike, 0.0, centred / np.where(alike, 1.0, size))
    for place in range(1, x.shape[1] + 1):
        if np.linalg.matrix_rank(scaled[:, :place]) < place:
            what = f"the term '{terms[place - 2]}'" if place > 1 else "the cohort"
            raise NotEstimable(f"{what} can't be told from the cohort and the other terms; leave it out of adjust=")


def _accelerated(both: Cohort, x: Floats, family: Family, *, repeated: bool) -> tuple[float, float, float]:
    if both.entry is not None:
        raise NotEstimable("accelerated failure time takes no delayed entry; use the Cox model")
    zero = int((both.days <= 0).sum())
    if zero:
        raise NotEstimable(f"{counted(zero, 'lead time')} of 0 days, which accelerated failure time can't hold; use the Cox model")
    wide = np.column_stack([x, *_dummies(both)])
    found = fitted(both.days, both.observed, wide, family=family, cluster=both.person if repeated else None)
    return float(found.coefficients[1]), float(np.sqrt(found.covariance[1, 1])), found.log_likelihood


def _dummies(both: Cohort) -> Iterator[Floats]:
    """Strata as terms: accelerated failure time has no other place for them."""
    if both.stratum is not None:
        for code in np.unique(both.stratum)[1:]:
            yield (both.stratum == code).astype(np.float64)
