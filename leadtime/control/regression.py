"""Linear regression of a series over time: ordinary least squares, and generalised least squares with AR(1) errors.

Source: Pinheiro & Bates (2000), Mixed-effects models in S and S-PLUS, section 5.2; equals R nlme `gls(correlation = corAR1(form = ~t))`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from leadtime.control.series import Floats
from leadtime.errors import NotEstimable, counted
from leadtime.results import Estimate, Result, Table, Value

__all__ = ["SHORT", "Fit", "Likelihood", "Pair", "Regression", "Series", "fit_both"]

Likelihood = Literal["REML", "ML"]
SHORT = 12  # a series of fewer points is judged by ordinary least squares
_EDGE = 0.999  # the strongest autocorrelation that is looked for
_FLAT = 1e-20  # residuals so small against the series are rounding


@dataclass(frozen=True, eq=False)
class Series:
    """A regression's data: known values, their positions in time, and the design, a named column each."""

    y: Floats
    time: Floats
    design: Floats
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: Floats, columns: Mapping[str, Floats]) -> Series:
        """The points with a value; the others leave a gap in time."""
        known = ~np.isnan(values)
        design = np.column_stack([column[known] for column in columns.values()])
        return cls(values[known], np.flatnonzero(known).astype(np.float64), design, tuple(columns))

    @property
    def n(self) -> int:
        """How many points have a value."""
        return int(self.y.size)

    @property
    def spare(self) -> int:
        """Points less coefficients: the degrees of freedom."""
        return self.n - len(self.names)

    def check(self) -> None:
        """Refuses a design that the points can't tell apart."""
        if self.spare < 1:
            raise NotEstimable(
                f"{counted(self.n, 'known point')} can't give {counted(len(self.names), 'coefficient')} and their error; lengthen "
                "the series"
            )
        if np.linalg.matrix_rank(self.design) < len(self.names):
            raise NotEstimable(f"the known points can't tell {', '.join(self.names)} apart; each side of the break needs two or more")


@dataclass(frozen=True, eq=False)
class Fit:
    """Coefficients with their covariance; limits are those of Student's t."""

    names: tuple[str, ...]
    beta: Floats
    covariance: Floats
    df: int
    sigma: float
    rho: float | None
    log_likelihood: float

    def combined(self, weights: Mapping[str, float], confidence: float) -> Estimate:
        """A sum of coefficients, each times its weight."""
        from scipy.special import stdtrit

        row = np.array([weights.get(name, 0.0) for name in self.names])
        value, error = float(row @ self.beta), math.sqrt(max(0.0, float(row @ self.covariance @ row)))
        width = float(stdtrit(self.df, (1 + confidence) / 2)) * error
        return Estimate(value, value - width, value + width, error, confidence, "t", self.df + len(self.names))


@dataclass(frozen=True)
class Regression(Result):
    """A fitted line: an Estimate a term, the residual standard deviation, and the autocorrelation of the errors where there is one.

    `terms` holds the coefficients first, then what is derived from them; `n` of each Estimate counts the points.
    """

    method: str
    terms: Mapping[str, Estimate]
    p_values: Mapping[str, float | None]
    df: int
    sigma: float
    rho: float | None
    log_likelihood: float

    def _table(self) -> Table:
        return Table("regression", _COLUMNS, self.rows())

    def rows(self) -> tuple[tuple[Value, ...], ...]:
        """The terms as rows of a table."""
        return tuple(
            (self.method, name, term.value, term.standard_error, term.lower, term.upper, self.p_values[name])
            for name, term in self.terms.items()
        )


_COLUMNS = ("method", "term", "value", "standard_error", "lower", "upper", "p_value")


@dataclass(frozen=True)
class Pair:
    """Both regressions of a series, which of them is the primary one, and why there is no second where there is none."""

    ols: Regression
    gls: Regression | None
    primary: Literal["OLS", "GLS"]
    note: str
    beta: Floats

    @property
    def chosen(self) -> Regression:
        """The primary regression."""
        return self.gls if self.primary == "GLS" and self.gls is not None else self.ols


def fit_both(series: Series, derived: Mapping[str, Mapping[str, float]], *, confidence: float, likelihood: Likelihood) -> Pair:
    """Fits ordinary least squares and AR(1) beside each other; the second is primary from 12 points on.

    Args:
        series: points and design.
        derived: further terms, each as weights of the coefficients.
        confidence: level of the intervals.
        likelihood: what the autocorrelation is found by.

    Returns:
        Both regressions and the primary one's coefficients.

    Raises:
        NotEstimable: too few points for the coefficients.
    """
    series.check()
    plain = _ordinary(series)
    ols = _regression("OLS", plain, derived, confidence)
    if series.spare < 2:
        return Pair(
            ols, None, "OLS", f"{series.spare} point more than coefficients leaves nothing to find an autocorrelation by", plain.beta
        )
    correlated = _autocorrelated(series, likelihood)
    gls = _regression(f"GLS AR(1) {likelihood}", correlated, derived, confidence)
    if series.n < SHORT:
        return Pair(ols, gls, "OLS", f"{series.n} points, under {SHORT}: an autocorrelation can't be told from so few", plain.beta)
    at_edge = abs(correlated.rho or 0) > _EDGE - 1e-4
    return Pair(ols, gls, "GLS", "the autocorrelation lies at its bound; trust neither interval" if at_edge else "", correlated.beta)


def _regression(method: str, fit: Fit, derived: Mapping[str, Mapping[str, float]], confidence: float) -> Regression:
    weights = {name: {name: 1.0} for name in fit.names} | dict(derived)
    terms = {name: fit.combined(row, confidence) for name, row in weights.items()}
    p_values = {name: _p_value(term, fit.df) for name, term in terms.items()}
    return Regression(method, MappingProxyType(terms), MappingProxyType(p_values), fit.df, fit.sigma, fit.rho, fit.log_likelihood)


def _p_value(term: Estimate, df: int) -> float | None:
    from scipy.special import stdtr

    if term.value is None or not term.standard_error:
        return None
    return float(2 * stdtr(df, -abs(term.value) / term.standard_error))


def _ordinary(series: Series) -> Fit:
    return _solved(series, series.y, series.design, 0.0, None, "REML")


def _autocorrelated(series: Series, likelihood: Likelihood) -> Fit:
    """The autocorrelation that the (restricted) likelihood is highest at: the best of a grid, then refined."""
    from scipy.optimize import minimize_scalar

    rss = _ordinary(series).sigma ** 2 * series.spare
    if rss <= _FLAT * max(float((series.y**2).sum()), 1e-300):
        return _at(series, 0.0, likelihood)  # a series that lies on its line says nothing of its errors
    grid = np.linspace(-_EDGE, _EDGE, 41)
    heights = [_at(series, float(rho), likelihood).log_likelihood for rho in grid]
    best = int(np.argmax(heights))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = minimize_scalar(
        lambda rho: -_at(series, float(rho), likelihood).log_likelihood, bounds=(low, high), method="bounded", options={"xatol": 1e-10}
    )
    return _at(series, float(found.x), likelihood)


def _at(series: Series, rho: float, likelihood: Likelihood) -> Fit:
    """The fit for one autocorrelation, on data freed of it."""
    steps = np.diff(series.time).astype(np.int64)
    powers = np.power(rho, steps)
    spread = np.sqrt(1 - powers**2)

    def freed(column: Floats) -> Floats:
        return np.concatenate([column[:1], ((column[1:].T - powers * column[:-1].T) / spread).T])

    return _solved(series, freed(series.y), freed(series.design), float(np.log(spread).sum()), rho, likelihood)


def _solved(series: Series, y: Floats, design: Floats, log_spread: float, rho: float | None, likelihood: Likelihood) -> Fit:
    """Least squares with nlme's likelihood: errors of coefficients always from the residuals over points less coefficients."""
    q, r = np.linalg.qr(design)
    beta = np.linalg.solve(r, q.T @ y)
    residual = y - design @ beta
    rss = float(residual @ residual)
    inverse = np.linalg.inv(r)
    restricted = likelihood == "REML"
    size = series.spare if restricted else series.n
    constant = size * (math.log(size) - 1 - math.log(2 * math.pi)) / 2
    height = constant - size * math.log(max(rss, 1e-300)) / 2 - log_spread
    if restricted:
        height -= float(np.log(np.abs(np.diag(r))).sum())
    covariance = rss / series.spare * (inverse @ inverse.T)
    return Fit(series.names, beta, covariance, series.spare, math.sqrt(rss / size), rho, height)
