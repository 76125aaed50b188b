"""The change with case attributes held equal: Cox's model for the pace of finishing, accelerated failure time for "x times as long".

Both come through the libraries of the extra "adjust" (statsmodels, greenwood), which are imported only when asked for.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from leadtime.cases.clock import DAY_US
from leadtime.compare.accelerated import Family, fitted, library
from leadtime.compare.basis import Basis
from leadtime.compare.cohorts import Cohort, Pair
from leadtime.compare.rows import CaseRows, Labels
from leadtime.errors import LeadtimeError, NotEstimable
from leadtime.results import Estimate
from leadtime.survival.limits import z_value

__all__ = ["AdjustedEffect", "adjusted_effects", "effect_of_model"]

Model = Literal["cox", "weibull", "lognormal", "loglogistic"]
_YEAR = 365.25

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class AdjustedEffect:
    """The change by one model: a hazard ratio (above 1: sooner finished) or a time ratio (below 1: shorter), after against before.

    The standard error is of the log ratio. `terms` are what is held equal, `left_out` the cases in which one of them is missing.
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
    try:
        return np.array([np.nan if label is None else float(label) for label in labels], np.float64)
    except ValueError:
        return None


def _effect(basis: Basis, model: Model, matrix: Floats, terms: tuple[str, ...]) -> AdjustedEffect:
    pair = basis.pair
    covariates = matrix[pair.together.place]
    known = np.asarray(~np.isnan(covariates).any(axis=1), bool)
    strata = basis.design.strata
    try:
        return effect_of_model(pair, model, covariates, terms=terms, strata=strata, known=known, confidence=basis.options.confidence)
    except LeadtimeError as error:
        measure: Literal["hazard ratio", "time ratio"] = "hazard ratio" if model == "cox" else "time ratio"
        empty = Estimate(None, confidence=basis.options.confidence, n=int(known.sum()), note=str(error))
        events = int((pair.together.observed & known).sum())
        return AdjustedEffect(model, measure, empty, events, terms, strata, int((~known).sum()), None, str(error))


def effect_of_model(
    pair: Pair,
    model: Model,
    covariates: Floats,
    *,
    terms: tuple[str, ...] = (),
    strata: tuple[str, ...] = (),
    known: Bools | None = None,
    confidence: float = 0.95,
) -> AdjustedEffect:
    """Estimates the effect of being in the second cohort by one model.

    Args:
        pair: the two cohorts; their strata, persons and late entries are heeded.
        model: "cox" (ties by Efron), or the family of an accelerated failure time model.
        covariates: a row a case of both cohorts, a column a term.
        terms: what the columns are called.
        strata: what the cohorts' strata are called.
        known: which cases have all of their covariates; None for all.
        confidence: of the interval.

    Returns:
        Ratio with limits from the log scale (Wald); errors go by person where a person has several cases.

    Raises:
        NotEstimable: a term can't be told from the cohort, or the data don't fit the model.

    Source: Cox (1972), ties after Efron (1977), equals R `coxph`; accelerated failure time equals R `survreg`.
    """
    known = np.ones(pair.together.n, bool) if known is None else known
    both = pair.together.take(known)
    second = np.repeat([0.0, 1.0], [pair.before.n, pair.after.n])[known]
    x = np.column_stack([second, covariates[known]])
    _require_told_apart(x, terms)
    if model == "cox":
        log_ratio, error, likelihood = _cox(both, x, repeated=pair.repeated)
    else:
        log_ratio, error, likelihood = _accelerated(both, x, model, repeated=pair.repeated)
    width = z_value(confidence) * error
    ratio, lower, upper = (float(np.exp(value)) for value in (log_ratio, log_ratio - width, log_ratio + width))
    estimate = Estimate(ratio, lower, upper, error, confidence, "Wald, log scale", both.n)
    measure: Literal["hazard ratio", "time ratio"] = "hazard ratio" if model == "cox" else "time ratio"
    return AdjustedEffect(model, measure, estimate, int(both.observed.sum()), terms, strata, int((~known).sum()), likelihood)


def _require_told_apart(x: Floats, terms: tuple[str, ...]) -> None:
    """Refuses a term that is constant, or that follows from the cohort and the other terms."""
    for place in range(1, x.shape[1] + 1):
        if np.linalg.matrix_rank(np.column_stack([np.ones(len(x)), x[:, :place]])) <= place:
            what = f"the term '{terms[place - 2]}'" if place > 1 else "the cohort"
            raise NotEstimable(f"{what} can't be told from the cohort and the other terms; leave it out of adjust=")


def _cox(both: Cohort, x: Floats, *, repeated: bool) -> tuple[float, float, float]:
    days, entry = _in_order(both)
    model = library("statsmodels.duration.hazard_regression").PHReg
    model = model(days, x, status=both.observed.astype(int), entry=entry, strata=both.stratum, ties="efron")
    with warnings.catch_warnings(record=True) as told:  # that the search failed is told in an error of our own
        warnings.simplefilter("always")
        found = model.fit(groups=both.person, disp=0) if repeated else model.fit(disp=0)
    if any(issubclass(each.category, RuntimeWarning | UserWarning) for each in told) or not np.isfinite(found.bse).all():
        raise NotEstimable("the Cox model doesn't fit: its likelihood has no maximum; are the cohorts apart in all of their lead times?")
    return float(found.params[0]), float(found.bse[0]), float(found.llf)


def _in_order(both: Cohort) -> tuple[Floats, Floats | None]:
    """Ends and late entries by their order, which is all that Cox's model heeds, with each entry after the ends at the same time.

    statsmodels counts a case as at risk from its entry on, R and this library only after it.
    """
    if both.entry is None:
        return both.days, None
    ends, place = np.unique(both.days, return_inverse=True)
    entered = np.searchsorted(ends, both.entry, side="right").astype(np.float64)
    return 2.0 * (place.astype(np.float64) + 1), np.where(both.entry > 0, 2.0 * entered + 1, 0.0)


def _accelerated(both: Cohort, x: Floats, family: Family, *, repeated: bool) -> tuple[float, float, float]:
    if both.entry is not None:
        raise NotEstimable("accelerated failure time takes no delayed entry; use the Cox model")
    zero = int((both.days <= 0).sum())
    if zero:
        raise NotEstimable(f"{zero} lead times are 0 days, which accelerated failure time can't hold; use the Cox model")
    wide = np.column_stack([x, *_dummies(both)])
    found = fitted(both.days, both.observed, wide, family=family, cluster=both.person if repeated else None)
    return float(found.coefficients[1]), float(np.sqrt(found.covariance[1, 1])), found.log_likelihood


def _dummies(both: Cohort) -> Iterator[Floats]:
    """Strata as terms: accelerated failure time has no other place for them."""
    if both.stratum is not None:
        for code in np.unique(both.stratum)[1:]:
            yield (both.stratum == code).astype(np.float64)
