"""The figures of a comparison from its two cohorts: curves, what is read off them, and the changes between them.

Source: DEFINITIONS 2.6 (errors by person), 3.1-3.5, 3.7.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from leadtime import survival
from leadtime.compare.cohorts import Cohort, Pair
from leadtime.compare.horizon import at_risk
from leadtime.compare.result import CohortEstimate
from leadtime.compare.rows import LEFT, OPEN
from leadtime.errors import NotEstimable
from leadtime.results import Estimate

__all__ = ["Interval", "Options", "curve_of", "curves_of", "estimated", "mean_difference", "mean_ratio", "median_change"]

Interval = Literal["log-log", "log", "plain", "logit", "arcsin"]


@dataclass(frozen=True)
class Options:
    """What every estimate of a comparison shares: the level and scale of intervals, the draws and their seed."""

    confidence: float = 0.95
    interval: Interval = "log-log"
    seed: int = 0
    draws: int | None = None

    def draws_of(self, pair: Pair) -> int:
        """Gives the draws asked for, else 2,000; of very many cases fewer do, as their limits hold still."""
        most = max(cohort.n for cohort in pair.cohorts)
        return self.draws if self.draws is not None else max(200, min(2000, 10_000_000 // max(most, 1)))


def curve_of(cohort: Cohort, options: Options) -> survival.KaplanMeier:
    """Gives the Kaplan-Meier curve of a cohort, leavers censored; its limits go by person where a person has several cases."""
    return survival.kaplan_meier(
        cohort.days,
        cohort.observed,
        entry=cohort.entry,
        confidence=options.confidence,
        interval=options.interval,
        cluster=cohort.person if cohort.persons < cohort.n else None,
    )


def curves_of(pair: Pair, options: Options) -> tuple[survival.KaplanMeier, survival.KaplanMeier]:
    """Gives both cohorts' curves."""
    return curve_of(pair.before, options), curve_of(pair.after, options)


def estimated(cohort: Cohort, curve: survival.KaplanMeier, tau: float | None, options: Options) -> CohortEstimate:
    """Gives one cohort's figures; what a horizon is needed for stays empty without one."""
    done = left = mean = None
    if tau is not None:
        mean = _mean_up_to(tau, curve)
        chances = survival.aalen_johansen(cohort.days, cohort.outcome, entry=cohort.entry, confidence=options.confidence)
        done = chances.at([tau], cause=1)[0] if cohort.observed.any() else Estimate(0.0, confidence=options.confidence, n=cohort.n)
        any_left = bool((cohort.outcome == LEFT).any())
        left = chances.at([tau], cause=LEFT)[0] if any_left else Estimate(0.0, confidence=options.confidence, n=cohort.n)
    waiting = None if done is None or left is None else _rest(done, left)
    finished = cohort.days[cohort.observed]
    return CohortEstimate(
        name=cohort.name,
        n=cohort.n,
        observed=int(cohort.observed.sum()),
        open=int((cohort.outcome == OPEN).sum()),
        left=int((cohort.outcome == LEFT).sum()),
        median=curve.median,
        p90=curve.quantile(0.9),
        restricted_mean=mean,
        done=done,
        left_early=left,
        waiting=waiting,
        at_risk_at_tau=None if tau is None else at_risk(cohort, tau),
        completed_only_median=float(np.median(finished)) if finished.size else None,
        curve=curve,
        persons=cohort.persons,
    )


def _mean_up_to(tau: float, curve: survival.KaplanMeier) -> Estimate:
    """The restricted mean with R's error and the widened limits, which of few cases may leave the times that such a mean can have."""
    mean = curve.restricted_mean(tau, interval="t")
    lower, upper = (None if limit is None else min(max(limit, 0.0), tau) for limit in (mean.lower, mean.upper))
    return replace(mean, lower=lower, upper=upper, standard_error=curve.restricted_mean(tau).standard_error)


def _rest(done: Estimate, left: Estimate) -> float:
    """P(still waiting), which with the other two sums to 1; a rounding residue is nobody."""
    rest = 1 - (done.value or 0) - (left.value or 0)
    return 0.0 if abs(rest) < 1e-12 else rest


def median_change(pair: Pair, medians: tuple[Estimate, Estimate], options: Options) -> tuple[Estimate, Estimate]:
    """Gives the ratio of the medians, after / before, by MOVER from the curves' limits and by resampling cases or persons."""
    both = pair.together
    resampled = survival.median_ratio(
        both.days,
        both.observed,
        pair.group,
        order=pair.order,
        confidence=options.confidence,
        interval="bootstrap",
        seed=options.seed,
        draws=options.draws_of(pair),
        cluster=both.person if pair.repeated else None,
        entry=both.entry,
    )
    return survival.ratio_by_mover(*medians, names=(pair.before.name, pair.after.name)), resampled


def mean_difference(pair: Pair, tau: float, options: Options) -> Estimate:
    """Gives the restricted mean after less the one before, up to one tau, with limits that hold their level when cohorts are small.

    Empty, with the reason as its note, where nobody ended before tau.
    """
    return _of_means(survival.restricted_mean_difference, pair, tau, options)


def mean_ratio(pair: Pair, tau: float, options: Options) -> Estimate:
    """Gives the restricted mean after divided by the one before, up to one tau; empty as the difference is."""
    return _of_means(survival.restricted_mean_ratio, pair, tau, options)


def _of_means(contrast: Callable[..., Estimate], pair: Pair, tau: float, options: Options) -> Estimate:
    both, owner = pair.together, pair.together.person if pair.repeated else None
    known = {"tau": tau, "order": pair.order, "entry": both.entry, "confidence": options.confidence}
    try:
        # The standard error is the definition's (DEFINITIONS 3.3); Student's limits rest on one with n - 1 in it.
        plain, found = (contrast(both.days, both.observed, pair.group, interval=kind, cluster=owner, **known) for kind in ("normal", "t"))
        return replace(found, standard_error=plain.standard_error)
    except NotEstimable as reason:
        return Estimate(None, confidence=options.confidence, n=both.n, note=str(reason))
