"""Cox's model: how much sooner or later cases of the second cohort finish, as one ratio of hazards at all times.

statsmodels gives the likelihood of ties by Efron or Breslow with its derivatives, greenwood tests whether hazards are in proportion.
Own code is what they haven't: exact ties, errors by person where ties are Efron's (both take Breslow's residuals then), and a search
that tells a likelihood without a maximum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from leadtime.compare.accelerated import library, sandwich
from leadtime.compare.cohorts import Cohort
from leadtime.compare.design import Ties
from leadtime.compare.exact_ties import ExactTies
from leadtime.compare.rows import OPEN
from leadtime.errors import NotEstimable
from leadtime.results import TestResult

__all__ = ["CoxFit", "fitted_cox", "halves", "proportionality_tests", "score_residuals"]

_MOST_STEPS = 50
_CLOSE = 1e-9  # of a step of Newton's method, to the coefficients
_FLAT = 1e-8
_NO_MAXIMUM = "the Cox model doesn't fit: its likelihood has no maximum; are the cohorts apart in all of their lead times?"

Floats = npt.NDArray[np.float64]
Terms = tuple[float, Floats, Floats]
Half = tuple[npt.NDArray[np.int64], Cohort]


@dataclass(frozen=True, eq=False)
class CoxFit:
    """Coefficients (the cohort's first), their covariance, the log likelihood there and with all at 0, and the score test's statistic."""

    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    log_likelihood_null: float
    score: float


def fitted_cox(both: Cohort, x: Floats, *, ties: Ties = "efron", repeated: bool = False) -> CoxFit:
    """Fits the model.

    Args:
        both: the cases; their strata and late entries are heeded.
        x: a row a case, a column a term.
        ties: how cases that ended at one time are counted: Efron's or Breslow's approximation, or exactly.
        repeated: whether the errors go by person.

    Raises:
        NotEstimable: the likelihood has no maximum that can be found, or exact ties are asked for with several cases a person.

    Source: Cox (1972); Efron (1977); Breslow (1974); errors by person of Lin & Wei (1989); equals R `coxph`.
    """
    if not both.observed.any():
        raise NotEstimable("nobody finished in this part of the follow-up")
    if ties == "exact" and repeated:
        raise NotEstimable("exact ties have no errors by person, and some persons have several cases; give ties='efron'")
    least = _FLAT * both.observed.sum() * x.var(axis=0)
    null, point, there = _climbed(_likelihood(both, x, ties), least)
    covariance: Floats = np.linalg.inv(there[2]).astype(np.float64)
    if repeated and both.person is not None:
        covariance = sandwich(covariance, score_residuals(both, x, point, ties=ties), both.person)
    return CoxFit(point, covariance, there[0], null[0], float(null[1] @ np.linalg.solve(null[2], null[1])))


def _likelihood(both: Cohort, x: Floats, ties: Ties) -> Callable[[Floats], Terms]:
    """The log likelihood, its score and its information at some coefficients."""
    if ties == "exact":
        return ExactTies.of(both.days, both.entry, both.observed, both.stratum, x).at
    days, entry = _in_order(both)
    model = library("statsmodels.duration.hazard_regression").PHReg
    model = model(days, x - x.mean(axis=0), status=both.observed.astype(int), entry=entry, strata=both.stratum, ties=ties)

    def at(point: Floats) -> Terms:
        with np.errstate(all="ignore"):  # too far a step gives what isn't finite, and another is tried
            return float(model.loglike(point)), np.asarray(model.score(point), np.float64), -np.asarray(model.hessian(point), np.float64)

    return at


def _flat(null: Terms, there: Terms, least: Floats) -> bool:
    """Whether the likelihood is flat in some direction, by its information there as a share of that with all coefficients at 0.

    So it is where a coefficient runs away: a hazard ratio of e^18 leaves that share. And it is flat from the start where nobody ended
    while another was at risk to be told from them: that information is 0 but for rounding, less than `least`.
    """
    first, second = null[2], there[2]
    if not (np.isfinite(first).all() and np.isfinite(second).all() and (np.diag(first) > least).all()):
        return True
    scale = 1 / np.sqrt(np.diag(first))
    first, second = (each * np.outer(scale, scale) for each in (first, second))
    if np.linalg.eigvalsh(first).min() < _FLAT:
        return True
    half = np.linalg.cholesky(first)
    share = np.linalg.solve(half, np.linalg.solve(half, second).T)
    return bool(np.linalg.eigvalsh((share + share.T) / 2).min() < _FLAT)


def _climbed(at: Callable[[Floats], Terms], least: Floats) -> tuple[Terms, Floats, Terms]:
    """Newton's method from 0: the likelihood there, the coefficients at its maximum, and the likelihood there."""
    point = np.zeros_like(least)
    null = here = at(point)
    for _ in range(_MOST_STEPS):
        if _flat(null, here, least):
            break
        step = np.linalg.solve(here[2], here[1])
        if np.abs(step).max() <= _CLOSE * max(1.0, float(np.abs(point).max())):
            return null, point, here
        there = at(point + step)
        while not there[0] >= here[0] - _CLOSE * abs(here[0]) and np.abs(step).max() > _CLOSE:
            step = step / 2
            there = at(point + step)
        point, here = point + step, there
    raise NotEstimable(_NO_MAXIMUM)


def _in_order(both: Cohort) -> tuple[Floats, Floats | None]:
    """Ends and late entries by their order, which is all that Cox's model heeds, with each entry after the ends at the same time.

    statsmodels counts a case as at risk from its entry on, R and this library only after it.
    """
    ends, place = np.unique(both.days, return_inverse=True)
    days = 2.0 * (place.astype(np.float64) + 1)
    if both.entry is None:
        return days, None
    entered = np.searchsorted(ends, both.entry, side="right").astype(np.float64)
    return days, np.where(both.entry > 0, 2.0 * entered + 1, 0.0)


def score_residuals(both: Cohort, x: Floats, point: Floats, *, ties: Ties) -> Floats:
    """What each case adds to the score: its own excess over the mean at risk, less what it was exposed to; a row a case, a column a term.

    With ties by Efron those who end at one time leave one by one, in shares: the l-th of m is drawn when l / m of them are gone.

    Source: Therneau & Grambsch (2000), section 4.6 and appendix E; equals R `residuals.coxph(type = "score")`.
    """
    residuals = np.zeros_like(x)
    strata = np.zeros(both.n, np.int64) if both.stratum is None else both.stratum
    for code in np.unique(strata):
        rows = np.flatnonzero(strata == code)
        residuals[rows] = _residuals_of_stratum(both.take(rows), x[rows], point, ties=ties)
    return residuals


def _residuals_of_stratum(both: Cohort, x: Floats, point: Floats, *, ties: Ties) -> Floats:
    observed, weight = both.observed, np.exp((x - x.mean(axis=0)) @ point)
    times, at = np.unique(both.days[observed], return_inverse=True)
    last = np.searchsorted(times, both.days, side="right")
    entry = np.zeros(both.n) if both.entry is None else both.entry
    first = np.where(entry > 0, np.searchsorted(times, entry, side="right"), 0)
    wide = weight[:, None] * np.column_stack([np.ones(both.n), x])
    risk = _added(wide, first, times.size) - _added(wide, last, times.size)
    dying = _added(wide[observed], at, times.size, running=False)
    several = np.bincount(at, minlength=times.size)
    row = np.repeat(np.arange(times.size), several)
    gone = (
        (np.arange(row.size) - np.repeat(np.cumsum(several) - several, several)) / several[row] if ties == "efron" else np.zeros(row.size)
    )
    left = risk[row] - gone[:, None] * dying[row]
    mean = left[:, 1:] / left[:, :1]
    hazard = np.column_stack([np.ones(row.size), mean]) / left[:, :1]
    passed = np.concatenate([np.zeros((1, x.shape[1] + 1)), np.cumsum(_added(hazard, row, times.size, running=False), axis=0)])
    exposed = passed[np.maximum(first, last)] - passed[first]
    residuals: Floats = -weight[:, None] * (x * exposed[:, :1] - exposed[:, 1:])
    spared = _added(gone[:, None] * hazard, row, times.size, running=False)[at]
    own, ended = weight[observed, None], x[observed]
    residuals[observed] += ended - _added(mean, row, times.size, running=False)[at] / several[at, None]
    residuals[observed] += own * (ended * spared[:, :1] - spared[:, 1:])
    return residuals


def _added(values: Floats, place: npt.NDArray[np.int64], size: int, *, running: bool = True) -> Floats:
    """The sums of the rows at each place; running: at it or before it. Rows whose place is past the end are left out."""
    sums = np.zeros((size + 1, values.shape[1]))
    np.add.at(sums, place, values)
    return np.cumsum(sums[:-1], axis=0) if running else sums[:-1]


def proportionality_tests(both: Cohort, x: Floats, terms: Sequence[str], *, ties: Ties = "efron") -> tuple[TestResult, ...]:
    """Tests whether each term's hazard ratio is the same at all times, and all of them together (the last).

    The score test of an added term x g(t), g(t) = 1 - S(t-) of all cases together, on the model's own errors; with exact ties, for which
    nobody defines it, by Efron's.

    Source: Grambsch & Therneau (1994); equals R `cox.zph(transform = "km", terms = FALSE)` of survival 3.0 and later.
    """
    greenwood, (days, entry) = library("greenwood"), _in_order(both)
    counted: Ties = "efron" if ties == "exact" else ties
    surv = greenwood.Surv(days, both.observed) if entry is None else greenwood.Surv(entry, days, both.observed)
    try:
        with np.errstate(all="ignore"):  # what isn't defined is seen below
            # The tests don't hang on the terms' units, but greenwood warns where these differ by much.
            found = greenwood.CoxPH(ties=counted).fit(surv, x / x.std(axis=0), strata=both.stratum).cox_zph(transform="km")
    except np.linalg.LinAlgError:
        return ()
    method = f"score test of a slope in the Kaplan-Meier time, ties by {counted.capitalize()}"
    return tuple(
        TestResult(
            name=f"proportional hazards, {name}",
            statistic=each["chisq"] if np.isfinite(each["chisq"]) else None,
            p_value=each["p_value"] if np.isfinite(each["chisq"]) else None,
            df=int(each["df"]),
            n=both.n,
            method=method,
        )
        for name, each in zip((*terms, "all terms"), (*found.per_term.values(), found.global_test), strict=True)
    )


def halves(both: Cohort) -> tuple[float, tuple[Half, Half]]:
    """Cuts the follow-up at the median of the observed ends.

    Returns:
        The day; then of the follow-up up to it and of that after it: which cases are in it, and what is seen of them.
    """
    ended = np.sort(both.days[both.observed])
    cut = float(ended[(ended.size - 1) // 2])
    entry = np.zeros(both.n) if both.entry is None else both.entry
    early, late = np.flatnonzero((entry < cut) | (entry == 0)), np.flatnonzero(both.days > cut)
    first, second = both.take(early), both.take(late)
    over = first.days > cut
    first = replace(first, days=np.minimum(first.days, cut), outcome=np.where(over, OPEN, first.outcome))
    later = np.where(entry[late] > cut, entry[late], 0.0)  # whoever is left then was at risk from then on
    return cut, ((early, first), (late, replace(second, entry=later if later.any() else None)))
