"""Before against after: estimates of each cohort, the change, its test, and the first checks of how far it holds.

Source: DEFINITIONS 2.5 (design), 3.1-3.6 (estimates, changes, tests), 3.8 (verdicts), 6 (audit codes).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np

from leadtime import survival
from leadtime.compare.audit import audited
from leadtime.compare.cohorts import Cohort, Design, two_cohorts
from leadtime.compare.horizon import at_risk, horizon
from leadtime.compare.result import CohortEstimate, Comparison, SensitivityRow, Verdict
from leadtime.errors import NotEstimable, PathwayError, UsageError
from leadtime.results import Estimate, TestResult

if TYPE_CHECKING:
    import numpy.typing as npt

    from leadtime.cases import LeadTimes
    from leadtime.pathway import ComparisonDesign

__all__ = ["compare"]

Interval = Literal["log-log", "log", "plain", "logit", "arcsin"]
SMALL = 50  # below this size in either cohort the log-rank test is a permutation test


def compare(
    times: LeadTimes,
    *,
    by: str | None = None,
    before: str | None = None,
    after: str | None = None,
    break_date: str | date | None = None,
    washout: int | None = None,
    tau: float | Literal["last"] | None = None,
    seed: int = 0,
    confidence: float = 0.95,
    interval: Interval = "log-log",
    draws: int = 2000,
) -> Comparison:
    """Compares the lead times of two cohorts, with unfinished cases counted.

    What isn't given here is taken from the pathway's `[comparison]`, then from the defaults.

    Args:
        times: the result of `lead_times`.
        by: the case attribute that holds the cohort (default "cohort").
        before: the label of the reference cohort (default "before").
        after: the label of the other (default "after").
        break_date: ISO date; a clock start on or after it is "after", and cohorts come from dates instead of `by`.
        washout: days from `break_date` in which starts are left out and counted.
        tau: horizon of the restricted means in days; default the largest whole month at which each cohort has 5 at risk.
        seed: of the one generator that a call uses.
        confidence: of all intervals.
        interval: of the survival curves' limits.
        draws: bootstrap draws for the change of medians.

    Returns:
        Medians, restricted means and 90th percentiles with intervals, their change, its test, sensitivity and audit;
        `.headline(language)` says it in one sentence.

    Raises:
        InputError: there is only one cohort, or a case has several.
        UsageError: a label isn't among the groups.
        NotEstimable: a cohort is too small, or nobody finished.

    Source:
        DEFINITIONS 2.5, 3.1-3.6.

    >>> import leadtime as lt
    >>> events = {"case_id": [], "activity": [], "start": [], "cohort": []}
    >>> for case in range(12):
    ...     cohort, days = ("before", 100 + 10 * case) if case < 6 else ("after", 10 * case)
    ...     for activity, day in (("Detected", 0), ("Diagnosis", days)):
    ...         row = (str(case), activity, str(np.datetime64("2019-01-01") + day), cohort)
    ...         for name, value in zip(events, row): events[name].append(value)
    >>> import pandas as pd
    >>> pathway = lt.read_pathway({"name": "x", "start": "detection", "stop": "diagnosis", "milestones": {
    ...     "detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}}})
    >>> log = lt.read_log(pd.DataFrame(events), observed_until="2020-12-31")
    >>> result = lt.compare(lt.lead_times(log, pathway), by="cohort", before="before", after="after")
    >>> [cohort.median.value for cohort in result.cohorts]
    [125.0, 85.0]
    """
    if seed < 0:
        raise UsageError(f"seed={seed} isn't allowed; give a whole number from 0 up")
    design = _design(times, by, before, after, None if break_date is None else str(break_date), washout)
    declared_tau = times.pathway.comparison.tau if times.pathway else None
    first, second, washed_out = two_cohorts(times, design)
    curves = (_curve(first, confidence, interval), _curve(second, confidence, interval))
    chosen, reason = horizon((first, second), curves, declared_tau if tau is None else tau)
    cohorts = (_estimated(first, curves[0], chosen, confidence), _estimated(second, curves[1], chosen, confidence))
    days, observed, entry, group = _together(first, second)
    order = [first.name, second.name]
    ratio = survival.median_ratio(days, observed, group, order=order, confidence=confidence, entry=entry)
    resampled = survival.median_ratio(
        days, observed, group, order=order, confidence=confidence, interval="bootstrap", seed=seed, draws=draws, entry=entry
    )
    difference, mean_ratio = _restricted(days, observed, entry, group, order, chosen, confidence)
    return Comparison(
        by=design.by,
        before=first.name,
        after=second.name,
        cohorts=cohorts,
        median_ratio=ratio,
        median_ratio_bootstrap=resampled,
        median_change_percent=survival.percent_change(ratio),
        restricted_mean_difference=difference,
        restricted_mean_ratio=mean_ratio,
        tau=chosen,
        tau_reason=reason,
        test=_tested(first, second, seed),
        sensitivity_rows=_sensitivity(ratio, resampled, mean_ratio, reason, _completed_only(days, observed, group, order, confidence)),
        audit_entries=audited(times, design, cohorts, chosen, washed_out),
        seed=seed,
        draws=draws,
        confidence=confidence,
        excluded=sum(int(row["cases"] or 0) for row in times.flow.records() if row["status"] == "excluded"),
        _times=times,
    )


def _design(times: LeadTimes, by: str | None, before: str | None, after: str | None, break_date: str | None, washout: int | None) -> Design:
    """What was given, else what the pathway file declares, else the defaults."""
    declared = times.pathway.comparison if times.pathway else None
    chosen_break = break_date or (declared.break_date if declared and by is None else None)
    if declared is not None:
        _require_followable(declared)
    inherited = declared.washout if declared and chosen_break is not None else None
    chosen_washout = inherited if washout is None else washout
    if chosen_washout is not None and chosen_break is None:
        raise UsageError("washout goes with break_date; give the date on which the change began")
    if chosen_washout is not None and chosen_washout < 0:
        raise UsageError(f"washout={chosen_washout} isn't allowed; give a number of days from 0 up")
    return Design(
        by=by or (declared.by if declared and declared.by else "cohort"),
        before=before or (declared.before if declared and declared.before else "before"),
        after=after or (declared.after if declared and declared.after else "after"),
        break_date=chosen_break,
        washout=chosen_washout,
    )


def _require_followable(declared: ComparisonDesign) -> None:
    """Refuses a declared design that would otherwise be passed over in silence."""
    if declared.break_dates:
        raise PathwayError("comparison.break_dates: a break date for each site can't be followed yet; declare one break_date, or a cohort")
    if declared.statistic != "median":
        raise PathwayError(f"comparison.statistic: '{declared.statistic}' can't be the primary statistic yet; it stands beside the median")


def _curve(cohort: Cohort, confidence: float, interval: Interval) -> survival.KaplanMeier:
    return survival.kaplan_meier(cohort.days, cohort.observed, entry=cohort.entry, confidence=confidence, interval=interval)


def _estimated(cohort: Cohort, curve: survival.KaplanMeier, tau: float | None, confidence: float) -> CohortEstimate:
    """One cohort's figures; what a horizon is needed for stays empty without one."""
    done = left = mean = None
    if tau is not None:
        mean = curve.restricted_mean(tau)
        chances = survival.aalen_johansen(cohort.days, cohort.outcome, entry=cohort.entry, confidence=confidence)
        done = chances.at([tau], cause=1)[0]
        left = chances.at([tau], cause=2)[0] if (cohort.outcome == 2).any() else Estimate(0.0, confidence=confidence, n=cohort.n)
    waiting = None if done is None or left is None else _rest(done, left)
    finished = cohort.days[cohort.observed]
    return CohortEstimate(
        name=cohort.name,
        n=cohort.n,
        observed=int(cohort.observed.sum()),
        open=int((cohort.outcome == 0).sum()),
        left=int((cohort.outcome == 2).sum()),
        median=curve.median,
        p90=curve.quantile(0.9),
        restricted_mean=mean,
        done=done,
        left_early=left,
        waiting=waiting,
        at_risk_at_tau=None if tau is None else at_risk(cohort, tau),
        completed_only_median=float(np.median(finished)) if finished.size else None,
        curve=curve,
    )


def _rest(done: Estimate, left: Estimate) -> float:
    """P(still waiting), which with the other two sums to 1; a rounding residue is nobody."""
    rest = 1 - (done.value or 0) - (left.value or 0)
    return 0.0 if abs(rest) < 1e-12 else rest


def _together(
    first: Cohort, second: Cohort
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.float64] | None, npt.NDArray[np.str_]]:
    """Both cohorts in one, the reference first."""
    days = np.concatenate([first.days, second.days])
    observed = np.concatenate([first.observed, second.observed])
    group = np.repeat([first.name, second.name], [first.n, second.n])
    if first.entry is None and second.entry is None:
        return days, observed, None, group
    entries = [np.zeros(cohort.n) if cohort.entry is None else cohort.entry for cohort in (first, second)]
    return days, observed, np.concatenate(entries), group


def _restricted(
    days: npt.NDArray[np.float64],
    observed: npt.NDArray[np.bool_],
    entry: npt.NDArray[np.float64] | None,
    group: npt.NDArray[np.str_],
    order: list[str],
    tau: float | None,
    confidence: float,
) -> tuple[Estimate | None, Estimate | None]:
    """Difference and ratio of the restricted means, the second cohort against the first."""
    if tau is None:
        return None, None
    difference = survival.restricted_mean_difference(days, observed, group, tau=tau, order=order, entry=entry, confidence=confidence)
    ratio = survival.restricted_mean_ratio(days, observed, group, tau=tau, order=order, entry=entry, confidence=confidence)
    return difference, ratio


def _tested(first: Cohort, second: Cohort, seed: int) -> TestResult:
    """The primary test: log-rank, by permutation where a cohort is small (delayed entry has no permutation version)."""
    days, observed, entry, group = _together(first, second)
    order = [first.name, second.name]
    try:
        if min(first.n, second.n) < SMALL and entry is None:
            return survival.exact_log_rank(days, observed, group, order=order, seed=seed)
        return survival.log_rank(days, observed, group, entry=entry, order=order)
    except NotEstimable as reason:
        # Estimates stand without a test; the reader is told why there is none.
        return TestResult("log-rank", None, None, n=len(days), method=f"not computable: {reason}")


def _verdict(primary: Estimate, other: Estimate | None) -> Verdict:
    """How another estimate of the ratio stands to the primary (DEFINITIONS 3.8)."""
    if other is None or other.value is None or primary.value is None:
        return "not computable"
    if (other.value < 1) != (primary.value < 1):
        return "reversed"
    excludes = (other.upper is not None and other.upper < 1) if other.value < 1 else (other.lower is not None and other.lower > 1)
    return "stands" if excludes else "weaker"


def _completed_only(
    days: npt.NDArray[np.float64], observed: npt.NDArray[np.bool_], group: npt.NDArray[np.str_], order: list[str], confidence: float
) -> Estimate | None:
    """The change of medians as it looks when only the cases that are done are counted: biased, shown to size the bias."""
    if len(set(group[observed])) < 2:
        return None
    return survival.median_ratio(days[observed], observed[observed], group[observed], order=order, confidence=confidence)


def _sensitivity(
    ratio: Estimate, resampled: Estimate, mean_ratio: Estimate | None, reason: str, completed: Estimate | None
) -> tuple[SensitivityRow, ...]:
    """The other ways to state the change that this comparison holds already."""
    return (
        SensitivityRow("median ratio (MOVER)", ratio, _verdict(ratio, ratio)),
        SensitivityRow("median ratio (bootstrap)", resampled, _verdict(ratio, resampled)),
        SensitivityRow("restricted mean ratio", mean_ratio, _verdict(ratio, mean_ratio), reason),
        SensitivityRow("completed only (biased)", completed, _verdict(ratio, completed)),
    )
