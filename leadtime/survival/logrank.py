"""The log-rank test and its weighted relatives, for any number of groups, strata and delayed entry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from leadtime.errors import NotEstimable, UsageError
from leadtime.results import TestResult
from leadtime.survival.checks import Array, Floats, Groups, Sample, check_choice, check_some_observed, groups_of, sample_of, strata_of
from leadtime.survival.risksets import counts_by_day, shares_few_days, value_before

__all__ = ["Weights", "check_scheme", "chi_square", "log_rank", "name_of", "upper_tail", "weight_at"]

_SMALL = 1e-9  # a variance so much smaller than the largest is rounding: those groups were never at risk together
Weights = Literal["fleming-harrington", "gehan", "tarone-ware"]


def log_rank(
    durations: npt.ArrayLike,
    observed: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    *,
    strata: Sequence[Any] | npt.ArrayLike | None = None,
    entry: npt.ArrayLike | None = None,
    rho: float = 0,
    gamma: float = 0,
    order: Sequence[Any] | None = None,
    weights: Weights = "fleming-harrington",
) -> TestResult:
    """Tests whether groups end at the same pace.

    Args:
        durations: as in `kaplan_meier`.
        observed: as in `kaplan_meier`.
        group: one label a case.
        strata: one label a case; groups are compared within strata and the differences added.
        entry: as in `kaplan_meier`.
        rho: power of S(t-), above 0 for early differences; 0 with gamma 0 is the plain log-rank test.
        gamma: power of 1 - S(t-), above 0 for late differences.
        order: all labels in the order wanted; None for the order of first appearance.
        weights: "fleming-harrington" uses rho and gamma, "gehan" the number at risk, "tarone-ware" its square root.

    Returns:
        Chi-square statistic, degrees of freedom, p, and the weighted observed and expected numbers of each group.

    Raises:
        NotEstimable: one group, a stratum with one group, or no event at a time when two groups were at risk (all are censored).
        UsageError, InputError: as `kaplan_meier`.

    Source: DEFINITIONS 3.6; Mantel (1966); Harrington & Fleming (1982) with S(t-); equals R `survdiff` and Cox's score test.

    >>> result = log_rank([1, 2, 3, 4, 6, 8], [1, 1, 1, 1, 1, 0], ["a", "a", "a", "b", "b", "b"])
    >>> result.observed, round(result.p_value, 4)
    ((3.0, 2.0), 0.0246)
    """
    check_scheme(rho, gamma, weights)
    sample = sample_of(durations, observed, entry)
    groups = groups_of(group, sample.n, order)
    check_some_observed(sample)
    layers = strata_of(strata, groups)
    totals = [_one_stratum(sample.take(rows), groups, groups.code[rows], (weights, rho, gamma)) for rows in layers]
    seen, expected, variance = (np.sum([total[part] for total in totals], axis=0) for part in range(3))
    statistic, df = chi_square(seen - expected, variance)
    return TestResult(
        name=name_of(weights, rho, gamma),
        statistic=statistic,
        p_value=upper_tail(statistic, df),
        df=df,
        n=sample.n,
        method="asymptotic chi-square" + (f", {len(layers)} strata" if strata is not None else ""),
        observed=tuple(seen.tolist()),
        expected=tuple(expected.tolist()),
        groups=groups.names,
    )


def check_scheme(rho: float, gamma: float, weights: str) -> None:
    """Checks the options that choose the weights."""
    check_choice(weights, get_args(Weights), "weights")
    for name, value in (("rho", rho), ("gamma", gamma)):
        if not (np.isfinite(value) and value >= 0):
            raise UsageError(f"{name} is {value}; allowed is 0 or more")
        if value and weights != "fleming-harrington":
            raise UsageError(f"{name} is {value}, which weights='{weights}' doesn't use; leave it out or use 'fleming-harrington'")


def _one_stratum(sample: Sample, groups: Groups, code: Array, scheme: tuple[str, float, float]) -> tuple[Floats, Floats, Floats]:
    """Weighted observed, expected and covariance: hypergeometric at each event time."""
    counted = _by_day if sample.entry is None and shares_few_days(sample) else _by_group
    n, d = counted(sample, code, len(groups.names))
    at_risk, events = n.sum(axis=1), d.sum(axis=1)
    weight = weight_at(at_risk, events, scheme)
    share = n / at_risk[:, None]
    chance = weight**2 * events * (at_risk - events) / np.maximum(at_risk - 1, 1)
    variance = np.diag(chance @ share) - share.T @ (share * chance[:, None])
    return weight @ d, (weight * events) @ share, variance


def _by_day(sample: Sample, code: Array, groups: int) -> tuple[Floats, Floats]:
    """At risk and events, event times x groups, where many cases share few whole numbers."""
    counts = counts_by_day(sample.time, 2 * code + sample.observed, 2 * groups).astype(np.float64)
    d = counts[:, 1::2]
    n = (counts[:, 0::2] + d)[::-1].cumsum(axis=0)[::-1]
    some = d.any(axis=1)
    return n[some], d[some]


def _by_group(sample: Sample, code: Array, groups: int) -> tuple[Floats, Floats]:
    """At risk and events, event times x groups, by sorting each group."""
    times = np.unique(sample.time[sample.observed])
    members = [sample.take(code == number) for number in range(groups)]
    n, d = ([count(member, times) for member in members] for count in (_at_risk, _events))
    return np.stack(n, axis=1), np.stack(d, axis=1)


def _at_risk(sample: Sample, times: Array) -> Floats:
    left = np.searchsorted(np.sort(sample.time), times, side="left")
    counts: Floats = (sample.n - left).astype(np.float64)
    if sample.entry is not None:
        late = np.sort(sample.entry[sample.entry > 0])
        counts -= late.size - np.searchsorted(late, times, side="left")
    return counts


def _events(sample: Sample, times: Array) -> Floats:
    ended = np.sort(sample.time[sample.observed])
    counts: Floats = (np.searchsorted(ended, times, side="right") - np.searchsorted(ended, times, side="left")).astype(np.float64)
    return counts


def weight_at(at_risk: Floats, events: Floats, scheme: tuple[str, float, float]) -> Floats:
    """What each event time counts for: weights, rho and gamma of `log_rank`."""
    kind, rho, gamma = scheme
    if kind == "gehan":
        return at_risk
    if kind == "tarone-ware":
        return np.sqrt(at_risk)
    curve = np.cumprod((at_risk - events) / at_risk, dtype=np.float64)
    before = value_before(curve) if curve.size else curve
    weight: Floats = before**rho * (1 - before) ** gamma
    return weight


def chi_square(difference: Floats, variance: Floats) -> tuple[float, int]:
    """The quadratic form of all groups but the first, whose difference follows from theirs; its rank is the degrees of freedom."""
    rest, spread = difference[1:], variance[1:, 1:]
    size = float(np.abs(spread).max())
    df = int(np.linalg.matrix_rank(spread, tol=_SMALL * size, hermitian=True))
    if df == 0:
        raise NotEstimable("no event happened while two groups were at risk, so they can't be compared")
    inverse = np.linalg.inv(spread) if df == rest.size else np.linalg.pinv(spread, rcond=_SMALL, hermitian=True)
    return float(rest @ inverse @ rest), df


def name_of(weights: str, rho: float, gamma: float) -> str:
    """The test's name for the reader."""
    if weights != "fleming-harrington":
        return {"gehan": "Gehan", "tarone-ware": "Tarone-Ware"}[weights]
    return f"Fleming-Harrington ({rho:g}, {gamma:g})" if rho or gamma else "log-rank"


def upper_tail(statistic: float, df: int) -> float:
    """The chance of a chi-square as large; for two groups, by far the most common, without loading scipy."""
    if df == 1:
        return math.erfc(math.sqrt(statistic / 2))
    from scipy.special import chdtrc

    return float(chdtrc(df, statistic))
