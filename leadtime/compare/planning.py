"""Before a pilot starts: how likely its comparison is to find a change of a given size, and how wide its intervals will be."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields
from typing import get_args

import numpy as np

from leadtime import survival
from leadtime.compare.decision import SIGNIFICANT, SMALL
from leadtime.compare.simulated import SPLITS, Curves, Floats, Shape, SimulatedCohort, World, common_horizon, log_rank, mover, permutation
from leadtime.durations import parse_duration
from leadtime.errors import InputError, NotEstimable, UsageError, did_you_mean
from leadtime.results import Result, Table

__all__ = ["Plan", "PlanRow", "plan"]

MEASURED = 200  # pilots whose restricted means are compared; the middle of their widths is known well enough


@dataclass(frozen=True)
class PlanRow:
    """What to expect of one size; shares are of the simulated pilots, widths are the middle one among those that have the figure.

    `power`: the primary test finds a change; `power_error` is its simulation error. `no_median_before`, `no_median_after`: the median
    can't be given, since half of the cohort doesn't stop while it is observed; `no_ratio`: either. `ratio_lower`, `ratio_upper`: limits
    of the ratio of medians (MOVER), and `ratio_width` the upper divided by the lower; `ratio_open`: a limit can't be given.
    `tau_days`: horizon of the restricted means; `no_tau`: there is none; `difference_width_days`: from lower to upper limit.
    """

    n_before: int
    n_after: int
    power: float
    power_error: float
    no_median_before: float
    no_median_after: float
    no_ratio: float
    ratio_lower: float | None
    ratio_upper: float | None
    ratio_width: float | None
    ratio_open: float
    tau_days: float | None
    no_tau: float
    difference_width_days: float | None
    test: str


@dataclass(frozen=True)
class Plan(Result):
    """The expectations for each size, and all that was assumed for them."""

    rows: tuple[PlanRow, ...]
    ratio: float
    follow_up_days: float
    before_follow_up_days: float
    accrual_days: float
    baseline_median_days: float
    shape: Shape
    spread: float
    leavers: float
    confidence: float
    draws: int
    seed: int

    @property
    def power(self) -> float | tuple[float, ...]:
        """The power: one number where one size was asked for, else one for each."""
        powers = tuple(row.power for row in self.rows)
        return powers[0] if len(powers) == 1 else powers

    def _table(self) -> Table:
        return Table("plan", tuple(field.name for field in fields(PlanRow)), tuple(astuple(row) for row in self.rows))


def plan(
    n: int | Sequence[int],
    follow_up: float | str,
    ratio: float,
    *,
    baseline_median: float | str = "1 year",
    shape: Shape = "lognormal",
    spread: float = 2.0,
    leavers: float = 0.1,
    accrual: float | str = 0,
    before_follow_up: float | str | None = None,
    allocation: float = 1.0,
    tau: float | str | None = None,
    confidence: float = 0.95,
    draws: int = 1000,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> Plan:
    """Tells before a pilot starts what its comparison is likely to show, by simulating it many times.

    Each simulated pilot has two cohorts whose true medians stand in the given ratio; cases are open at the end of their observation or
    leave before. It is then analysed as `compare` does: log-rank test (by permutation under 50 a cohort, here with 1,999 random splits
    instead of 20,000), Kaplan-Meier medians with log-log limits, their ratio by MOVER, and, for the first 200 of them, the difference of
    restricted means with its t interval.

    Args:
        n: cases a cohort, or several sizes for a table.
        follow_up: how long a case can be seen from its clock start, in days or as text ("18 months").
        ratio: true median after / true median before; 0.5 for half as long, 1 for no change (power is then the error of the first kind).
        baseline_median: true median before, in days or as text.
        shape: distribution of the lead times.
        spread: 90th percentile / median, above 1; 3.32 with "weibull" is the exponential.
        leavers: share that would leave by the end of `follow_up` if nobody stopped, from 0 to below 1; censored, as in the headline.
        accrual: days over which clock starts are spread; the last started is seen for that much less.
        before_follow_up: the same as `follow_up` for the cohort before; None for alike.
        allocation: cases after / cases before.
        tau: horizon of the restricted means in days or as text; None for the largest whole month with 5 at risk in each cohort.
        confidence: of the intervals; the test finds a change where p is under 0.05, as in `compare`.
        draws: simulated pilots for each size.
        seed: of the one generator of the call.
        progress: called with a text and the share done.

    Returns:
        A row a size with power, how often a figure can't be given, and expected widths; `.power` by itself.

    Raises:
        UsageError: an argument isn't allowed.

    Source: DEFINITIONS 3.1-3.6; simulation after Burton et al. (2006), Statistics in Medicine 25:4279.

    >>> result = plan([15, 60], "18 months", 0.5, seed=1, draws=400)
    >>> [row.power > 0.8 for row in result.rows]
    [True, True]
    >>> result.rows[1].ratio_width < result.rows[0].ratio_width
    True
    """
    seen = _days(follow_up, "follow_up")
    seen_before = seen if before_follow_up is None else _days(before_follow_up, "before_follow_up")
    baseline, spread_out = _days(baseline_median, "baseline_median"), _days(accrual, "accrual", zero=True)
    horizon = None if tau is None else _days(tau, "tau")
    sizes = _sizes_of(n)
    _check_numbers(ratio, spread, leavers, allocation, confidence, draws, seed)
    if spread_out >= min(seen, seen_before):
        raise UsageError(f"accrual is {spread_out:g} days, which leaves the last started no follow-up; allowed is less than the follow-up")
    if shape not in get_args(Shape):
        raise UsageError(f"shape is '{shape}'{did_you_mean(shape, get_args(Shape))}")
    world, generator = World(shape, spread, spread_out, -math.log1p(-leavers) / seen), np.random.default_rng(seed)
    rows = []
    for done, size in enumerate(sizes):
        if progress is not None:
            progress(f"{size} a cohort", done / len(sizes))
        before = SimulatedCohort(size, baseline, seen_before)
        after = SimulatedCohort(max(2, round(size * allocation)), baseline * ratio, seen)
        rows.append(_expected(before, after, world, horizon, confidence, draws, generator))
    if progress is not None:
        progress("done", 1.0)
    return Plan(tuple(rows), ratio, seen, seen_before, spread_out, baseline, shape, spread, leavers, confidence, draws, seed)


def _days(amount: float | str, name: str, *, zero: bool = False) -> float:
    if isinstance(amount, str):
        try:
            return parse_duration(amount)
        except InputError as error:
            raise UsageError(f"{name}: {error}") from None
    if not (math.isfinite(amount) and (amount > 0 or (zero and amount == 0))):
        raise UsageError(f"{name} is {amount}; give days {'from 0 up' if zero else 'above 0'}, or a text such as '18 months'")
    return float(amount)


def _sizes_of(n: int | Sequence[int]) -> list[int]:
    sizes = np.atleast_1d(np.asarray(n)).tolist()
    if not sizes:
        raise UsageError("n is empty; give the cases a cohort, or several sizes")
    for size in sizes:
        if not isinstance(size, (int, float)) or size != size // 1 or size < 2:
            raise UsageError(f"n is {size}; allowed is a whole number of 2 or more cases a cohort")
    return [int(size) for size in sizes]


def _check_numbers(ratio: float, spread: float, leavers: float, allocation: float, confidence: float, draws: int, seed: int) -> None:
    checks = (
        (ratio > 0, "ratio", ratio, "above 0, for example 0.5 for half as long"),
        (spread > 1, "spread", spread, "above 1: the 90th percentile divided by the median"),
        (0 <= leavers < 1, "leavers", leavers, "a share from 0 to below 1"),
        (allocation > 0, "allocation", allocation, "above 0: cases after divided by cases before"),
        (0 < confidence < 1, "confidence", confidence, "above 0 and below 1, for example 0.95"),
        (draws >= 1, "draws", draws, "1 or more"),
        (seed >= 0, "seed", seed, "a whole number from 0 up"),
    )
    for holds, name, value, allowed in checks:
        if not (holds and math.isfinite(value)):
            raise UsageError(f"{name} is {value}; allowed is {allowed}")


def _expected(
    before: SimulatedCohort,
    after: SimulatedCohort,
    world: World,
    horizon: float | None,
    confidence: float,
    draws: int,
    generator: np.random.Generator,
) -> PlanRow:
    from scipy.special import ndtri

    z = float(ndtri((1 + confidence) / 2))
    first, second = world.draw(before, draws, generator), world.draw(after, draws, generator)
    permuted = min(before.n, after.n) < SMALL
    p_values = permutation(first, second, generator) if permuted else log_rank(first, second)
    power = float(np.mean(p_values < SIGNIFICANT))
    medians = first.medians(z), second.medians(z)
    lower, upper = mover(*medians)
    given = ~np.isnan(medians[0][0]) & ~np.isnan(medians[1][0])
    closed = given & ~np.isnan(lower) & ~np.isnan(upper)
    tau = common_horizon(first, second, horizon)
    widths = _difference_widths(first, second, tau, confidence)
    return PlanRow(
        n_before=before.n,
        n_after=after.n,
        power=power,
        power_error=math.sqrt(power * (1 - power) / draws),
        no_median_before=float(np.mean(np.isnan(medians[0][0]))),
        no_median_after=float(np.mean(np.isnan(medians[1][0]))),
        no_ratio=float(np.mean(~given)),
        ratio_lower=_middle(lower[closed]),
        ratio_upper=_middle(upper[closed]),
        ratio_width=_middle(upper[closed] / lower[closed]),
        ratio_open=float(np.mean(given & ~closed)),
        tau_days=_middle(tau[~np.isnan(tau)]),
        no_tau=float(np.mean(np.isnan(tau))),
        difference_width_days=_middle(widths),
        test=f"permutation log-rank, {SPLITS} random splits" if permuted else "log-rank",
    )


def _difference_widths(first: Curves, second: Curves, tau: Floats, confidence: float) -> Floats:
    """How wide the interval of the restricted mean difference is in the first pilots that have one, by the estimator of `compare`."""
    group = ["before"] * first.time.shape[1] + ["after"] * second.time.shape[1]
    widths = []
    for i in np.flatnonzero(~np.isnan(tau[:MEASURED])):
        time, observed = (np.concatenate([getattr(curves, name)[i] for curves in (first, second)]) for name in ("time", "observed"))
        try:
            change = survival.restricted_mean_difference(time, observed, group, tau=float(tau[i]), confidence=confidence, interval="t")
        except NotEstimable:
            continue
        if change.lower is not None and change.upper is not None:
            widths.append(change.upper - change.lower)
    return np.array(widths, np.float64)


def _middle(values: Floats) -> float | None:
    return float(np.median(values)) if values.size else None
