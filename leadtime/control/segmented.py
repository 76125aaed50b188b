"""Interrupted time series: level and slope before a break, and how both change at it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from leadtime.control.regression import Likelihood, Regression, Series, fit_both
from leadtime.control.series import Floats, check_break, labels_of, series_of
from leadtime.errors import NotEstimable, UsageError, counted, did_you_mean
from leadtime.results import Estimate, Result, Table
from leadtime.survival.checks import check_confidence

__all__ = ["SegmentedRegression", "check_likelihood", "seasonal", "segmented_regression"]

_POINTS = ("position", "label", "value", "fitted", "counterfactual")


@dataclass(frozen=True)
class SegmentedRegression(Result):
    """A series with a break: both regressions, the primary one, and the line with and without the break.

    `ols` and `gls` stand beside each other; `primary` says which is to be read: "OLS" under 12 points, "GLS" (AR(1) errors) from there
    on. `gls` is None, with the reason in `note`, where too few points are left for it. `points` has the fitted line and the
    counterfactual, what the line before the break would have gone on to.
    """

    break_at: int
    n_before: int
    n_after: int
    season: int | None
    harmonics: int
    primary: Literal["OLS", "GLS"]
    ols: Regression
    gls: Regression | None
    note: str
    points: Table

    @property
    def chosen(self) -> Regression:
        """The primary regression."""
        return self.gls if self.primary == "GLS" and self.gls is not None else self.ols

    @property
    def slope_before(self) -> Estimate:
        """Change per point before the break: below 0, it was falling already."""
        return self.chosen.terms["slope_before"]

    @property
    def level_change(self) -> Estimate:
        """The step at the first point after the break, against the line before it."""
        return self.chosen.terms["level_change"]

    @property
    def slope_change(self) -> Estimate:
        """Slope after the break less slope before it, per point."""
        return self.chosen.terms["slope_change"]

    @property
    def effect_at_end(self) -> Estimate:
        """The line at the last point less where the line before the break would have come to."""
        return self.chosen.terms["effect_at_end"]

    def _table(self) -> Table:
        both = (self.ols,) if self.gls is None else (self.ols, self.gls)
        columns = ("method", "term", "value", "standard_error", "lower", "upper", "p_value", "rho", "primary")
        rows = tuple((*row, fit.rho, fit is self.chosen) for fit in both for row in fit.rows())
        return Table("segmented_regression", columns, rows, note=self.note)


def segmented_regression(
    values: Sequence[Any] | npt.ArrayLike,
    *,
    break_at: int,
    season: int | None = None,
    harmonics: int = 1,
    likelihood: Likelihood = "REML",
    confidence: float = 0.95,
    labels: Sequence[Any] | None = None,
) -> SegmentedRegression:
    """Fits a line before a break and a line after it, with their errors independent and with their errors correlated.

    value = intercept + slope_before t + level_change [t >= break] + slope_change (t - break) [t >= break] (+ season), t counting points
    from 0. `level_change` is thus read at the first point after the break, which is inclusive.

    Args:
        values: a number a period in order of time, None where a period has none; the gap stays a gap in time.
        break_at: position of the first point after the break.
        season: points in a year (12 for months, 4 for quarters), to add its sine and cosine; None for no season.
        harmonics: how many pairs of sine and cosine.
        likelihood: what finds the autocorrelation, "REML" (R's default) or "ML".
        confidence: level of the intervals, which are Student's t with points less coefficients.
        labels: what the points are called, for example months.

    Returns:
        Both regressions, with `slope_after` and `effect_at_end` derived from their coefficients.

    Raises:
        NotEstimable: too few points on a side of the break, or a season seen for less than two of its cycles.
        UsageError: an option isn't allowed.

    Source: Wagner et al. (2002), Journal of Clinical Pharmacy and Therapeutics 27:299; choice of method by Turner et al. (2021), BMC
    Medical Research Methodology 21:181; AR(1) equals R nlme `gls(correlation = corAR1(form = ~t))`. Newey-West errors are not offered.

    >>> series = [26, 25, 26, 24, 25, 24, 25, 15, 14, 14, 12, 13, 11, 12]
    >>> result = segmented_regression(series, break_at=7)
    >>> result.primary, round(result.level_change.value, 2), round(result.slope_change.value, 2)
    ('GLS', -9.24, -0.42)
    """
    series = series_of(values)
    check_confidence(confidence)
    check_likelihood(likelihood)
    check_break(break_at, series.size, "break_at")
    known = ~np.isnan(series)
    before, after = int(known[:break_at].sum()), int(known[break_at:].sum())
    if min(before, after) < 2:
        raise NotEstimable(
            f"break_at={break_at} leaves {counted(before, 'known point')} before and {after} after; a line on each side needs 2 or more"
        )
    t = np.arange(series.size, dtype=np.float64)
    step = (t >= break_at).astype(np.float64)
    line = {"intercept": np.ones(t.size), "slope_before": t}
    change = {"level_change": step, "slope_change": step * (t - break_at)}
    around = seasonal(t, season, harmonics)
    data = Series.of(series, line | change | around)
    derived = {
        "slope_after": {"slope_before": 1.0, "slope_change": 1.0},
        "effect_at_end": {"level_change": 1.0, "slope_change": float(t.size - 1 - break_at)},
    }
    pair = fit_both(data, derived, confidence=confidence, likelihood=likelihood)
    points = _points(series, labels, line | change | around, dict(zip(data.names, pair.beta, strict=True)), set(change))
    return SegmentedRegression(break_at, before, after, season, harmonics, pair.primary, pair.ols, pair.gls, pair.note, points)


def check_likelihood(likelihood: Likelihood) -> None:
    """Checks the name of a likelihood."""
    if likelihood not in get_args(Likelihood):
        raise UsageError(f"likelihood is '{likelihood}'{did_you_mean(likelihood, get_args(Likelihood))}")


def seasonal(t: Floats, season: int | None, harmonics: int) -> dict[str, Floats]:
    """The sine and cosine of each harmonic; the sine that is 0 at every point is left out.

    Raises:
        UsageError: a season or a number of harmonics that isn't allowed.
        NotEstimable: less than two cycles.
    """
    if season is None:
        return {}
    if season < 2:
        raise UsageError(f"season={season} isn't allowed; give the points in a year, 12 for months or 4 for quarters")
    if not 1 <= harmonics <= season // 2:
        raise UsageError(f"harmonics={harmonics} isn't allowed; a season of {season} points has 1 to {season // 2}")
    if t.size < 2 * season:
        raise NotEstimable(f"season={season} needs two cycles, {2 * season} points, and the series has {t.size}; leave the season out")
    columns: dict[str, Floats] = {}
    for harmonic in range(1, harmonics + 1):
        angle = 2 * math.pi * harmonic * t / season
        if 2 * harmonic < season:
            columns[f"season_sine_{harmonic}"] = np.sin(angle)
        columns[f"season_cosine_{harmonic}"] = np.cos(angle)
    return columns


def _points(
    series: Floats, labels: Sequence[Any] | None, columns: Mapping[str, Floats], beta: Mapping[str, float], change: set[str]
) -> Table:
    fitted = sum((beta[name] * column for name, column in columns.items()), start=np.zeros(series.size))
    without = sum((beta[name] * column for name, column in columns.items() if name not in change), start=np.zeros(series.size))
    names = labels_of(labels, series.size)
    rows = tuple(
        (i, names[i], None if np.isnan(series[i]) else float(series[i]), float(fitted[i]), float(without[i])) for i in range(series.size)
    )
    return Table("segmented_points", _POINTS, rows)
