"""The change at each site, and over the sites together: each with its own break date where the pilot began at different times.

Source: DEFINITIONS 2.5; the pooled difference weighs the sites' differences by their cases (direct standardisation).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leadtime import survival
from leadtime.compare.basis import Basis
from leadtime.compare.cohorts import Cohort, Pair
from leadtime.compare.decision import primary_test
from leadtime.compare.estimates import curves_of, mean_difference
from leadtime.compare.rows import OPEN
from leadtime.results import Estimate, TestResult
from leadtime.survival.limits import z_value

if TYPE_CHECKING:
    from leadtime.compare.result import Comparison

__all__ = ["POOLED", "SiteEffect", "site_effects"]

POOLED = "all sites"
SMALLEST = 2


@dataclass(frozen=True)
class SiteEffect:
    """One site, or all of them pooled: its numbers, medians in days, the ratio of medians, the difference of restricted means, a test."""

    site: str
    break_date: str | None
    n_before: int
    n_after: int
    open_before: int
    open_after: int
    median_before: Estimate | None
    median_after: Estimate | None
    median_ratio: Estimate | None
    restricted_mean_difference: Estimate | None
    test: TestResult | None
    because: str = ""


def site_effects(basis: Basis, comparison: Comparison) -> tuple[SiteEffect, ...]:
    """Gives the effect at each site in order of their names, then pooled; none where the design has no sites.

    Pooled, the test is stratified by site, and the difference of restricted means is that of the sites, each weighted by its cases.
    """
    if basis.design.site is None or basis.design.only_site is not None:
        return ()
    labels = basis.rows.labels[basis.design.site]
    names = sorted({str(label) for label in labels if label is not None})
    effects = [
        _at(basis, comparison, name, labels[basis.pair.before.place] == name, labels[basis.pair.after.place] == name) for name in names
    ]
    compared = [effect for effect in effects if effect.n_before or effect.n_after]
    return (*compared, _pooled(comparison, compared))


def _at(basis: Basis, comparison: Comparison, name: str, first: np.ndarray, second: np.ndarray) -> SiteEffect:
    pair = Pair(_alone(basis.pair.before, first), _alone(basis.pair.after, second))
    date = basis.design.break_dates.get(name, basis.design.break_date)
    counts = (pair.before.n, pair.after.n, int((pair.before.outcome == OPEN).sum()), int((pair.after.outcome == OPEN).sum()))
    if min(counts[:2]) < SMALLEST:
        return SiteEffect(name, date, *counts, None, None, None, None, None, f"fewer than {SMALLEST} cases in a cohort")
    before, after = curves_of(pair, basis.options)
    difference = None if basis.tau is None else mean_difference(pair, basis.tau, basis.options)
    because = basis.tau_reason if difference is None else "" if difference.value is not None else difference.note
    ratio = survival.ratio_by_mover(before.median, after.median, names=(pair.before.name, pair.after.name))
    test = primary_test(pair, comparison.statistic, basis.tau, difference, basis.options.seed)
    return SiteEffect(name, date, *counts, before.median, after.median, ratio, difference, test, because)


def _alone(cohort: Cohort, chosen: np.ndarray) -> Cohort:
    """A site's part of a cohort, in one stratum."""
    part = cohort.take(chosen)
    return Cohort(part.name, part.days, part.outcome, part.entry, part.person, None, part.place)


def _pooled(comparison: Comparison, effects: list[SiteEffect]) -> SiteEffect:
    before, after = comparison.cohorts
    difference, because = _standardised(effects, comparison.confidence)
    counts = (before.n, after.n, before.open, after.open)
    medians = (before.median, after.median, comparison.median_ratio)
    return SiteEffect(POOLED, None, *counts, *medians, difference, comparison.test, because)


def _standardised(effects: list[SiteEffect], confidence: float) -> tuple[Estimate | None, str]:
    """The sites' differences of restricted means, weighted by their numbers of cases."""
    known = [effect.restricted_mean_difference for effect in effects]
    missing = [effect.site for effect, each in zip(effects, known, strict=True) if each is None or each.value is None]
    if missing:
        return None, f"not computable at {', '.join(missing)}"
    weights = np.array([effect.n_before + effect.n_after for effect in effects], np.float64)
    parts = [each for each in known if each is not None]
    errors = [part.standard_error for part in parts]
    if any(error is None for error in errors):
        return None, "a site's error isn't known, as too few have finished there"
    share = weights / weights.sum()
    value = float(share @ np.array([part.value for part in parts], np.float64))
    error = math.sqrt(float(share**2 @ np.array(errors, np.float64) ** 2))
    width = z_value(confidence) * error
    note = f"{len(parts)} sites weighted by their cases"
    return Estimate(value, value - width, value + width, error, confidence, "plain", int(weights.sum()), note), ""
