"""A series with the pilot against a series without it: the change in one less the change in the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from leadtime.control.regression import Likelihood, Pair, Regression, Series, fit_both
from leadtime.control.segmented import check_likelihood, seasonal
from leadtime.control.series import Floats, check_break, series_of
from leadtime.errors import NotEstimable, UsageError, counted, did_you_mean
from leadtime.results import Estimate, Result, Table
from leadtime.survival.checks import check_confidence

__all__ = ["DifferenceInDifferences", "Trend", "difference_in_differences"]

Trend = Literal["common", "own"]


@dataclass(frozen=True)
class DifferenceInDifferences(Result):
    """The change in the series less the change in the comparison, by both regressions of the gap between them.

    `primary` says which is to be read: "OLS" under 12 periods, "GLS" (AR(1) errors) from there on. `parallel` is the slope of the gap
    before the break: where its interval excludes 0 the two weren't moving alike. `means` has the four means of periods with both.
    """

    break_at: int
    n_before: int
    n_after: int
    trend: Trend
    primary: Literal["OLS", "GLS"]
    ols: Regression
    gls: Regression | None
    note: str
    parallel: Estimate | None
    means: Table

    @property
    def chosen(self) -> Regression:
        """The primary regression."""
        return self.gls if self.primary == "GLS" and self.gls is not None else self.ols

    @property
    def estimate(self) -> Estimate:
        """The difference in differences; with trends of their own, the step at the break."""
        return self.chosen.terms["level_change"]

    def _table(self) -> Table:
        both = (self.ols,) if self.gls is None else (self.ols, self.gls)
        columns = ("method", "term", "value", "standard_error", "lower", "upper", "p_value", "rho", "primary")
        rows = tuple((*row, fit.rho, fit is self.chosen) for fit in both for row in fit.rows())
        return Table("difference_in_differences", columns, rows, note=self.note)


def difference_in_differences(
    values: Sequence[Any] | npt.ArrayLike,
    comparison: Sequence[Any] | npt.ArrayLike,
    *,
    break_at: int,
    trend: Trend = "common",
    season: int | None = None,
    harmonics: int = 1,
    likelihood: Likelihood = "REML",
    confidence: float = 0.95,
) -> DifferenceInDifferences:
    """Compares a series with a break to one without it, for example a site with the pilot to a site without.

    The gap, value less comparison, of each period is regressed on the break; whatever moved both alike falls out. With
    `trend="common"` the estimate by ordinary least squares is the plain (after - before) less (after - before) of the means.

    Args:
        values: a number a period in order of time, None where a period has none.
        comparison: the other series, the same periods.
        break_at: position of the first period after the break.
        trend: "common" where both would have moved alike, "own" to let the gap have a slope before and after the break.
        season: as in `segmented_regression`, for a season that the two don't share.
        harmonics: as in `segmented_regression`.
        likelihood: as in `segmented_regression`.
        confidence: level of the intervals.

    Returns:
        Both regressions of the gap, `.estimate`, and `.parallel`, the slope of the gap before the break.

    Raises:
        NotEstimable: too few periods with both values on a side of the break.
        UsageError: an option isn't allowed, or the series differ in length.

    Source: Angrist & Pischke (2009), Mostly harmless econometrics, chapter 5; Linden (2015), Stata Journal 15:480 (trends of their own).

    >>> result = difference_in_differences([20, 21, 20, 12, 11, 12], [18, 18, 19, 16, 17, 17], break_at=3)
    >>> round(result.estimate.value, 9), result.primary
    (-7.0, 'OLS')
    """
    gap, first, second = _gap(values, comparison)
    check_confidence(confidence)
    check_likelihood(likelihood)
    check_break(break_at, gap.size, "break_at")
    if trend not in get_args(Trend):
        raise UsageError(f"trend is '{trend}'{did_you_mean(trend, get_args(Trend))}")
    known = ~np.isnan(gap)
    before, after = int(known[:break_at].sum()), int(known[break_at:].sum())
    if not before or not after:
        raise NotEstimable(
            f"break_at={break_at} leaves {counted(before, 'period')} with both values before it and {after} after; each side needs one"
        )
    t = np.arange(gap.size, dtype=np.float64)
    step = (t >= break_at).astype(np.float64)
    columns = {"gap_before": np.ones(t.size), "level_change": step} | seasonal(t, season, harmonics)
    if trend == "own":
        columns |= {"slope_before": t, "slope_change": step * (t - break_at)}
    pair = fit_both(Series.of(gap, columns), {}, confidence=confidence, likelihood=likelihood)
    parallel = _parallel(gap[:break_at], confidence, likelihood)
    means = _means(first, second, known, break_at)
    return DifferenceInDifferences(break_at, before, after, trend, pair.primary, pair.ols, pair.gls, pair.note, parallel, means)


def _gap(values: Sequence[Any] | npt.ArrayLike, comparison: Sequence[Any] | npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    first, second = series_of(values), series_of(comparison, "comparison")
    if first.size != second.size:
        raise UsageError(f"values has {first.size} periods and comparison has {second.size}; give the same periods of both")
    gap: Floats = first - second
    return gap, first, second


def _parallel(gap: Floats, confidence: float, likelihood: Likelihood) -> Estimate | None:
    """The slope of the gap before the break; None with fewer than three periods to see it in."""
    if np.count_nonzero(~np.isnan(gap)) < 3:
        return None
    line = {"gap_before": np.ones(gap.size), "slope": np.arange(gap.size, dtype=np.float64)}
    pair: Pair = fit_both(Series.of(gap, line), {}, confidence=confidence, likelihood=likelihood)
    return pair.chosen.terms["slope"]


def _means(first: Floats, second: Floats, known: npt.NDArray[np.bool_], break_at: int) -> Table:
    early = np.arange(known.size) < break_at
    rows = []
    for name, series in (("values", first), ("comparison", second)):
        before, after = (float(series[known & side].mean()) for side in (early, ~early))
        rows.append((name, before, after, after - before))
    return Table("difference_in_differences_means", ("series", "before_mean", "after_mean", "change"), tuple(rows))
