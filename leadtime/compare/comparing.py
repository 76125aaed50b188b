"""Before against after: estimates of each cohort, the change between them, and the one test that a claim rests on.

Source: DEFINITIONS 2.5-2.6 (design, persons), 3.1-3.6 (estimates, changes, tests).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from leadtime import survival
from leadtime.compare.adjusted import AdjustedEffect, adjusted_effects
from leadtime.compare.basis import Basis
from leadtime.compare.cohorts import breaks_of, two_cohorts
from leadtime.compare.decision import approximate, primary_test
from leadtime.compare.design import BreakDate, CohortRule, Design, Given, Statistic, Ties, design_of
from leadtime.compare.estimates import Interval, Options, curves_of, estimated, mean_difference, mean_ratio, median_change
from leadtime.compare.horizon import horizon
from leadtime.compare.result import Comparison
from leadtime.compare.rows import CaseRows, case_rows
from leadtime.errors import UsageError, checks_arguments, did_you_mean

if TYPE_CHECKING:
    from leadtime.cases import LeadTimes
    from leadtime.survival import KaplanMeier

__all__ = ["compare"]

# Attributes that the audit looks at where the log has them, beside those that the design names.
_LOOKED_AT = ("person_id", "birth_date", "route", "site")


@checks_arguments
def compare(
    times: LeadTimes,
    *,
    by: str | None = None,
    before: str | None = None,
    after: str | None = None,
    break_date: BreakDate | None = None,
    washout: int | None = None,
    site: str | None = None,
    cohort_rule: CohortRule | None = None,
    statistic: Statistic | None = None,
    tau: float | Literal["last"] | None = None,
    strata: str | Sequence[str] | None = None,
    adjust: str | Sequence[str] | None = None,
    ties: Ties = "efron",
    condition_on: float | None = None,
    seed: int = 0,
    confidence: float = 0.95,
    interval: Interval = "log-log",
    draws: int | None = None,
) -> Comparison:
    """Compares the lead times of two cohorts, with unfinished cases counted.

    What isn't given here is taken from the pathway's `[comparison]`, then from the defaults.

    Args:
        times: the result of `lead_times`.
        by: the case attribute that holds the cohort (default "cohort").
        before: the label of the reference cohort (default "before").
        after: the label of the other (default "after").
        break_date: ISO date, or a mapping from site to date where sites began at different times; a clock start on or after it is
            "after", and cohorts come from dates instead of `by`.
        washout: days from `break_date` in which starts are left out and counted.
        site: the case attribute that holds the site (with break dates by site "site"): the test is then stratified by it, and `.sites`
            has the change at each. The name of one site compares that site alone.
        cohort_rule: which date decides: the clock's "start" (default), its "stop" (or exit, or the end of observation); "exclude" leaves
            out who started before the break date and was still waiting on it, "split" counts their follow-up before it as before and
            from it on as after.
        statistic: the declared primary statistic, on which headline and verdicts rest: "median" (default) or "restricted_mean".
        tau: horizon of the restricted means in days; default the largest whole month at which each cohort has 5 at risk.
        strata: case attributes within which the cohorts are compared by the test (default the site, where there is one).
        adjust: case attributes to hold equal; gives `.adjusted` (needs the extra "adjust"). "birth_date" stands for the age at start.
        ties: how Cox's model counts cases that ended on one day: by "efron" (default) or "breslow", or "exact", which is slow where
            hundreds did.
        condition_on: days; all estimates are then of the cases that were still waiting so long after their start.
        seed: of the one generator that a call uses.
        confidence: of all intervals.
        interval: of the survival curves' limits.
        draws: bootstrap draws for the change of medians; 2,000 where not given, and fewer, but at least 200, where a cohort has over
            5,000 cases.

    Returns:
        Medians, restricted means and 90th percentiles with intervals, their change and its test. `.headline(language)` says it in a
        sentence; `.sensitivity`, `.audit`, `.sites` and `.routes` are computed when first asked for.

    Raises:
        InputError: there is only one cohort, or a case has several.
        UsageError: a label isn't among the groups, an option isn't allowed, or the extra "adjust" isn't installed.
        NotEstimable: a cohort is too small, or nobody finished.

    Source:
        DEFINITIONS 2.5-2.6, 3.1-3.6.

    >>> import numpy as np, pandas as pd, leadtime as lt
    >>> events = {"case_id": [], "activity": [], "start": [], "cohort": []}
    >>> for case in range(12):
    ...     cohort, days = ("before", 100 + 10 * case) if case < 6 else ("after", 10 * case)
    ...     for activity, day in (("Detected", 0), ("Diagnosis", days)):
    ...         row = (str(case), activity, str(np.datetime64("2019-01-01") + day), cohort)
    ...         for name, value in zip(events, row): events[name].append(value)
    >>> pathway = lt.read_pathway({"name": "x", "start": "detection", "stop": "diagnosis", "milestones": {
    ...     "detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}}})
    >>> log = lt.read_log(pd.DataFrame(events), observed_until="2020-12-31")
    >>> result = lt.compare(lt.lead_times(log, pathway), by="cohort", before="before", after="after")
    >>> [cohort.median.value for cohort in result.cohorts]
    [125.0, 85.0]
    """
    if seed < 0:
        raise UsageError(f"seed={seed} isn't allowed; give a whole number from 0 up")
    given = Given(by, before, after, break_date, washout, site, cohort_rule, statistic, strata, adjust, ties, tau, condition_on)
    options = Options(confidence, interval, seed, draws)
    times.log.keep()  # cohorts, matrix and audit read the events many times
    design = design_of(times.coded, given)
    basis, curves = _based(times, design, options)
    return _compared(basis, curves, adjusted_effects(basis))


def _based(given: LeadTimes, design: Design, options: Options) -> tuple[Basis, tuple[KaplanMeier, KaplanMeier]]:
    """Fetches the cases, lays out the cohorts and fixes the one horizon."""
    times = given.coded
    if times.conflicts.get("person_id"):
        times.require_attribute("person_id")  # whose a case is must be one person
    present = [name for name in _LOOKED_AT if times.conflicts.get(name) == 0]
    rows = case_rows(times, (*design.attributes, *present))
    if design.only_site is not None:
        rows = _at_site(rows, design.only_site)
    breaks = breaks_of(rows, design, times.log.timezone)
    pair = two_cohorts(rows, design, breaks)
    curves = curves_of(pair, options)
    tau, reason = horizon(pair.cohorts, curves, design.tau)
    if tau is not None:
        for curve, cohort in zip(curves, pair.cohorts, strict=True):
            curve.check_reaches(tau, cohort.name)
    return Basis(given, times, rows, design, breaks, pair, options, tau, reason), curves


def _at_site(rows: CaseRows, site: str) -> CaseRows:
    labels = rows.labels["site"]
    known = sorted({str(label) for label in labels if label is not None})
    if site not in known:
        raise UsageError(f"site='{site}' is neither a case attribute nor a value of 'site'{did_you_mean(site, known)}")
    return rows.take(labels == site)


def _compared(basis: Basis, curves: tuple[KaplanMeier, KaplanMeier], effects: tuple[AdjustedEffect, ...]) -> Comparison:
    """All figures from the cohorts and their curves."""
    design, pair, options, tau = basis.design, basis.pair, basis.options, basis.tau
    before, after = (estimated(cohort, curve, tau, options) for cohort, curve in zip(pair.cohorts, curves, strict=True))
    ratio, resampled = median_change(pair, (before.median, after.median), options)
    difference = None if tau is None else mean_difference(pair, tau, options)
    test = primary_test(pair, design.statistic, tau, difference, options.seed)
    return Comparison(
        by=design.by,
        before=design.before,
        after=design.after,
        cohorts=(before, after),
        statistic=design.statistic,
        test=test if basis.unequal_follow_up is None else approximate(test),
        median_ratio=ratio,
        median_ratio_bootstrap=resampled,
        median_change_percent=survival.percent_change(ratio),
        restricted_mean_difference=difference,
        restricted_mean_ratio=None if tau is None else mean_ratio(pair, tau, options),
        tau=tau,
        tau_reason=basis.tau_reason,
        break_dates=design.break_dates,
        washout=design.washout,
        cohort_rule=design.cohort_rule,
        condition_on=design.condition_on,
        site=design.site,
        strata=design.strata,
        unit="persons" if "person_id" in basis.rows.labels else "cases",
        adjusted_effects=effects,
        departures=design.departures,
        seed=options.seed,
        draws=options.draws_of(pair),
        confidence=options.confidence,
        excluded=sum(int(row["cases"] or 0) for row in basis.times.flow.records() if row["status"] == "excluded"),
        _basis=basis,
    )
