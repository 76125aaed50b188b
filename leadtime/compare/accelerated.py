"""Accelerated failure time: log T = x b + s e, with e of the smallest extreme value (Weibull), normal or logistic.

greenwood finds the maximum; its search stops near it and its errors come from the search (some 1e-5 off R's), so Newton's method on
the exact derivatives finishes it and gives the information.
"""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from leadtime.errors import NotEstimable, UsageError

__all__ = ["Accelerated", "Family", "fitted", "library", "sandwich"]

Family = Literal["weibull", "lognormal", "loglogistic"]
_MOST_STEPS = 50
_CLOSE = 1e-10  # of the gradient, for each case
_FLAT = 1e-12  # of the information in one direction, to that in another
_SHORT = 1e-6  # of a step of Newton's method, to the coefficients

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def library(name: str) -> Any:
    """Gives a library of the extra "adjust", or says how to install it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        module = name.partition(".")[0]
        raise UsageError(f"adjust needs {module}, which isn't installed; install the extra with: pip install 'leadtime[adjust]'") from None


@dataclass(frozen=True, eq=False)
class Accelerated:
    """Coefficients (the intercept first, the log scale last), their covariance, and the log likelihood."""

    coefficients: Floats
    covariance: Floats
    log_likelihood: float


@dataclass(frozen=True, eq=False)
class _Terms:
    """The log likelihood of each case and its first two derivatives in z = (log t - x b) / s."""

    value: Floats
    first: Floats
    second: Floats


def fitted(time: Floats, observed: Bools, x: Floats, *, family: Family, cluster: npt.NDArray[np.int64] | None = None) -> Accelerated:
    """Fits the model.

    Args:
        time: durations above 0.
        observed: which ended; the others are censored.
        x: a row a case, a column a term, without the intercept.
        family: of the errors.
        cluster: whose each case is; the covariance is then the sandwich by person.

    Raises:
        NotEstimable: the likelihood has no maximum that can be found.

    Source: Kalbfleisch & Prentice (2002), section 3.6; equals R `survreg`.
    """
    unit = np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)  # terms of one size are found better
    with np.errstate(all="ignore"):  # what isn't finite is no maximum
        found = _climbed(_start(time, observed, x / unit, family), x / unit, np.log(time), observed, family)
    no_maximum = f"the {family} model doesn't fit: its likelihood has no maximum; too few cases have ended"
    if found is None:
        raise NotEstimable(no_maximum)
    point, (score, information, value) = found
    covariance: Floats = np.linalg.inv(information).astype(np.float64)
    if cluster is not None:
        covariance = sandwich(covariance, score, cluster)
    if (np.diag(covariance) <= 0).any():  # flat but for rounding
        raise NotEstimable(no_maximum)
    back = np.concatenate([[1.0], 1 / unit, [1.0]])
    return Accelerated(point * back, covariance * np.outer(back, back), value)


def _climbed(
    point: Floats, x: Floats, log_time: Floats, observed: Bools, family: Family
) -> tuple[Floats, tuple[Floats, Floats, float]] | None:
    """Newton's method from near the maximum: the coefficients there and the derivatives; None where no maximum is found."""
    wide = np.column_stack([np.ones(len(x)), x])
    for _ in range(_MOST_STEPS if np.isfinite(point).all() else 0):
        here = _derivatives(point, wide, log_time, observed, family)
        gradient = here[0].sum(axis=0)
        if not (np.isfinite(gradient).all() and np.isfinite(here[1]).all()) or np.linalg.matrix_rank(here[1]) < point.size:
            return None
        step = np.linalg.solve(here[1], gradient)
        # A likelihood that rises for ever is flat in the end, and only its steps tell that it is no maximum.
        if np.abs(gradient).max() <= _CLOSE * len(x) and np.abs(step).max() <= _SHORT * max(1.0, float(np.abs(point).max())):
            least, *_, most = np.linalg.eigvalsh(here[1])
            return (point, here) if least > _FLAT * most else None
        point = point + step
    return None


def _start(time: Floats, observed: Bools, x: Floats, family: Family) -> Floats:
    """Where greenwood's search ends; by least squares where it can't tell how well it knows its coefficients."""
    greenwood = library("greenwood")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # whether a maximum was found is seen by the steps from here
        try:
            found = greenwood.AFT(family).fit(greenwood.Surv(time=time, event=observed.astype(int)), x)
            point: Floats = np.append(np.asarray(found.coef_, np.float64), np.log(found.scale_))
        except np.linalg.LinAlgError:
            wide = np.column_stack([np.ones(len(x)), x])
            slopes = np.linalg.lstsq(wide, np.log(time))[0]
            point = np.append(slopes, np.log(np.std(np.log(time) - wide @ slopes)))
    return point


def sandwich(bread: Floats, score: Floats, cluster: npt.NDArray[np.int64]) -> Floats:
    """The covariance by person, from that of the model and each case's score."""
    owner = np.unique(cluster, return_inverse=True)[1]
    sums = np.stack([np.bincount(owner, weights=column) for column in score.T], axis=1)
    covariance: Floats = bread @ (sums.T @ sums) @ bread
    return covariance


def _derivatives(point: Floats, x: Floats, log_time: Floats, observed: Bools, family: Family) -> tuple[Floats, Floats, float]:
    """The score of each case, the information, and the log likelihood; the last parameter is log s."""
    scale = float(np.exp(point[-1]))
    z = (log_time - x @ point[:-1]) / scale
    terms = _terms(z, observed, family)
    value = float((terms.value - np.where(observed, point[-1] + log_time, 0.0)).sum())
    score = np.column_stack([-terms.first[:, None] * x / scale, -terms.first * z - observed])
    across = ((terms.second * z + terms.first)[:, None] * x).sum(axis=0) / scale
    corner = float((terms.second * z**2 + terms.first * z).sum())
    slopes = (x * terms.second[:, None]).T @ x / scale**2
    information = -np.block([[slopes, across[:, None]], [across[None, :], np.array([[corner]])]])
    return score, information, value


def _terms(z: Floats, observed: Bools, family: Family) -> _Terms:
    """Of the density where a case ended, of the survival function where it was censored."""
    if family == "weibull":
        rise = np.exp(z)
        return _Terms(observed * z - rise, observed - rise, -rise)
    if family == "loglogistic":
        share = 1 / (1 + np.exp(-z))
        times = 1 + observed
        return _Terms(observed * z - times * np.logaddexp(0, z), observed - times * share, -times * share * (1 - share))
    from scipy.special import log_ndtr

    tail = log_ndtr(-z)
    hazard = np.exp(-(z**2) / 2 - 0.5 * np.log(2 * np.pi) - tail)
    ended = (-(z**2) / 2 - 0.5 * np.log(2 * np.pi), -z, -np.ones_like(z))
    censored = (tail, -hazard, -hazard * (hazard - z))
    return _Terms(*(np.where(observed, one, other) for one, other in zip(ended, censored, strict=True)))
