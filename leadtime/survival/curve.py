"""The Kaplan-Meier curve and what is read off it: quantiles, restricted mean, probabilities, numbers at risk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from leadtime.errors import NotEstimable, UsageError, counted
from leadtime.results import SCHEMA_VERSION, Estimate, Result, Table, plain
from leadtime.survival.checks import Array, Floats, Groups, Ints, Sample, check_choice, check_probability, numbers
from leadtime.survival.influence import Cases, Share, influence_on_area, share_errors
from leadtime.survival.limits import lowest_limit, probability_limits, z_value
from leadtime.survival.risksets import TOLERANCE, RiskTable, area_under, crossing, greenwood, product_limit, risk_table
from leadtime.survival.spread import NO_ERROR, SKEWED, MeanInterval, Spread, t_interval

__all__ = ["PAST_FOLLOW_UP", "KaplanMeier", "check_tau", "curve_of", "curves_by_group", "or_none", "times_of"]

_COLUMNS = ("time", "at_risk", "events", "censored", "survival", "standard_error", "lower", "upper")
NOT_PASSED = "not passed: the curve ends at exactly this level"
PAST_FOLLOW_UP = "past the last follow-up"


@dataclass(frozen=True, eq=False)
class KaplanMeier(Result):
    """A Kaplan-Meier curve; made by `kaplan_meier`. Times are in the unit of the durations given.

    `conditional_on` is above 0 where nobody was under observation up to then: all the curve says holds for those still open then.
    """

    n: int
    events: int
    confidence: float
    interval: str
    conditional_on: float
    _risk: RiskTable
    _survival: Floats
    _kept: Cases | None  # the cases, where the counts at each time don't say it all

    @cached_property
    def _cases(self) -> Cases:
        return self._kept or Cases.of_table(self._risk)

    @property
    def _robust(self) -> bool:
        return self._kept is not None and self._kept.robust

    @property
    def survival(self) -> Floats:
        """S(t) from each distinct time on, a new array."""
        return self._survival.copy()

    @property
    def last_time(self) -> float:
        """The latest time at which any case ended, stopped or not."""
        return float(self._risk.time[-1])

    @property
    def reaches_zero(self) -> bool:
        """Whether the curve falls to 0, so that nobody is left at the last time."""
        return bool(self._survival[-1] == 0)

    @cached_property
    def median(self) -> Estimate:
        """The median: `quantile(0.5)`."""
        return self.quantile(0.5)

    def quantile(self, p: float) -> Estimate:
        """Gives the time by which a share p has ended.

        Args:
            p: share, above 0 and below 1.

        Returns:
            Estimate in the unit of the durations; value and limits are None where not reached.

        Raises:
            UsageError: p isn't between 0 and 1.

        Source: DEFINITIONS 3.2; R `quantile.survfit`; limits by Brookmeyer & Crowley (1982).

        >>> from leadtime.survival import kaplan_meier
        >>> print(kaplan_meier([2, 3, 5, 8], [1, 1, 0, 1]).quantile(0.25).value)
        2.5
        """
        check_probability(p)
        value, passed = crossing(self._risk.time, self._survival, 1 - p)
        start, *curves = self._limits_near(1 - p)
        limits = [crossing(self._risk.time[start:], curve, 1 - p)[0] for curve in curves]
        note = self._note("" if value is None or passed else NOT_PASSED)
        return Estimate(value, limits[0], limits[1], None, self.confidence, self.interval, self.n, note)

    def restricted_mean(self, tau: float | Literal["last"], *, interval: MeanInterval = "normal") -> Estimate:
        """Gives the mean time up to tau: the area under the curve from 0 to tau.

        Args:
            tau: end of the area, in the unit of the durations; "last" takes the curve's last time.
            interval: "normal" is R's, too narrow for few cases; "t" holds its level, see `restricted_mean_difference`.

        Returns:
            Estimate; "normal" limits are symmetric about it.

        Raises:
            NotEstimable: tau lies past the last time while the curve is above 0.
            UsageError: tau isn't a number above 0.

        Source: DEFINITIONS 3.3; Klein & Moeschberger (2003) section 4.5; equals R survRM2. "t" after Pan & Wall (2002) and Hall (1992).

        >>> from leadtime.survival import kaplan_meier
        >>> kaplan_meier([2, 3, 5, 8], [1, 1, 0, 1]).restricted_mean(6).value
        4.25
        """
        check_choice(interval, ("normal", "t"), "interval")
        at = self.last_time if tau == "last" else check_tau(tau)
        self.check_reaches(at)
        mean, variance = area_under(self._risk, self._survival, at)
        note = self._note(f"up to {at:g}")
        error = float(np.sqrt(self.spread(at).variance if self._robust else variance))
        half = z_value(self.confidence) * error
        apart = (half, half) if interval == "normal" else t_interval([self.spread(at)], self.confidence)
        label = "plain" if interval == "normal" else SKEWED
        if apart is None:
            return Estimate(mean, None, None, error, self.confidence, label, self.n, f"{note}; {NO_ERROR}")
        return Estimate(mean, mean - apart[0], mean + apart[1], error, self.confidence, label, self.n, note)

    def spread(self, tau: float) -> Spread:
        """The spread of the restricted mean by the cases' influences on it."""
        return Spread.of(self.influences(tau), self._cases.cluster, self._cases.counts)

    def influences(self, tau: float) -> Floats:
        """The cases' influences on the restricted mean, in the order given where they are kept: with clusters, or late entry."""
        share = Share.of_all(self._risk, self._survival, self._cases.sample.observed)
        return -influence_on_area(self._cases.paths(self._risk), share, tau)  # the mean is what the share ended leaves of tau

    def check_reaches(self, tau: float, group: str = "", name: str = "tau") -> None:
        """Refuses a time past the last one while the curve is above 0."""
        if tau > self.last_time and not self.reaches_zero:
            where = f" of group '{group}'" if group else ""
            raise NotEstimable(
                f"{name} is {tau:g}, but the last time{where} is {self.last_time:g} and its curve is still above 0 there; "
                f"choose {name} of at most {self.last_time:g}"
            )

    def at(self, times: float | Iterable[float]) -> list[Estimate]:
        """Gives S(t), the share not yet ended just after each time.

        Args:
            times: one time or several, in the unit of the durations.

        Returns:
            One Estimate a time; the value is None past the last follow-up of a curve that is above 0 there.

        Source: DEFINITIONS 3.1; Kaplan & Meier (1958).

        >>> from leadtime.survival import kaplan_meier
        >>> [estimate.value for estimate in kaplan_meier([2, 3, 5, 8], [1, 1, 0, 1]).at([0, 2, 9])]
        [1.0, 0.75, 0.0]
        """
        return [self._at(t) for t in times_of(times)]

    def _at(self, t: float) -> Estimate:
        place = self._risk.rows_to(t) - 1
        if t > self.last_time and not self.reaches_zero:
            return Estimate(None, None, None, None, self.confidence, self.interval, self.n, PAST_FOLLOW_UP)
        if place < 0:
            return Estimate(1.0, 1.0, 1.0, 0.0, self.confidence, self.interval, self.n, self._note())
        lower, upper = self._limits(slice(place, place + 1))
        error = or_none(self._standard_error(slice(place, place + 1))[0])
        figures = (float(self._survival[place]), or_none(lower[0]), or_none(upper[0]), error)
        return Estimate(*figures, self.confidence, self.interval, self.n, self._note())

    def at_risk(self, times: float | Iterable[float]) -> tuple[float, ...]:
        """Gives how many were at risk just before each time (whole numbers unless weights had fractions).

        A time between two ends counts those who end at the next one.

        >>> from leadtime.survival import kaplan_meier
        >>> kaplan_meier([2, 3, 5, 8], [1, 1, 0, 1]).at_risk([0, 3, 9])
        (4, 3, 0)
        """
        counts = (self._risk.at_risk_at(t) for t in times_of(times))
        return tuple(int(count) if count == int(count) else count for count in counts)

    @cached_property
    def _variance(self) -> Floats:
        """The variance of log S at every time: Greenwood's sum, or the jackknife's with fractional weights or clusters."""
        if not self._robust:
            return greenwood(self._risk)
        share = Share.of_all(self._risk, self._survival, self._cases.sample.observed)
        errors = share_errors(self._cases.paths(self._risk), share, self._cases.cluster)
        relative: Floats = np.divide(errors, self._survival, out=np.full(errors.size, np.inf), where=self._survival > 0)
        return relative**2

    def _standard_error(self, rows: slice) -> Floats:
        share, variance = self._survival[rows], self._variance[rows]
        return np.where(share > 0, share * np.sqrt(np.where(share > 0, variance, 0.0)), np.nan)

    def _limits(self, rows: slice) -> tuple[Floats, Floats]:
        error = np.sqrt(self._variance[rows])
        return probability_limits(self._survival[rows], error, confidence=self.confidence, interval=self.interval)

    def _limits_near(self, level: float) -> tuple[int, Floats, Floats]:
        """The limits' curves where they may meet a level, and the row where that begins; of ten million times a few thousand."""
        if self._kept is not None:  # with late entry or weights the limits may rise again
            return 0, *self._limits(slice(None))
        parts: list[tuple[Floats, Floats]] = []
        skipped, total = 0, 0.0
        for rows in self._risk.blocks():
            variance = total + greenwood(self._risk, rows)
            total = variance[-1]
            share, error = self._survival[rows], np.sqrt(variance)
            if not parts and lowest_limit(share, error[-1], confidence=self.confidence, interval=self.interval) > level + TOLERANCE:
                continue
            limits = probability_limits(share, error, confidence=self.confidence, interval=self.interval)
            if not parts and np.nanmin(limits[0], initial=1.0) > level + TOLERANCE:
                continue
            skipped = skipped if parts else rows.start
            parts.append(limits)
            if all(limit[-1] < level - TOLERANCE for limit in parts[-1]):
                break
        nothing = np.empty(0)
        lower, upper = zip((nothing, nothing), *parts, strict=True)
        return skipped, np.concatenate(lower), np.concatenate(upper)

    def _note(self, *parts: str) -> str:
        given = f"given still open at {self.conditional_on:g}" if self.conditional_on else ""
        return "; ".join(part for part in (*parts, given) if part)

    @property
    def ends(self) -> tuple[Array, Array, Array]:
        """The distinct times at which cases ended, and how many were observed to the end and censored at each: of the table, as arrays."""
        return self._risk.time, self._risk.events, self._risk.censored

    @cached_property
    def table(self) -> Table:
        """The curve as a table: one row for each distinct time at which a case ended."""
        risk, every = self._risk, slice(None)
        figures = (self._survival, self._standard_error(every), *self._limits(every))
        columns = [
            [or_none(value) for value in column.tolist()] for column in (risk.time, risk.at_risk, risk.events, risk.censored, *figures)
        ]
        return Table("kaplan_meier", _COLUMNS, tuple(zip(*columns, strict=True)), counts=("at_risk", "events", "censored"))

    def _table(self) -> Table:
        return self.table

    def to_dict(self) -> dict[str, Any]:
        """Gives the curve as plain values, with `schema_version`."""
        names = ("n", "events", "confidence", "interval", "conditional_on")
        figures = {name: getattr(self, name) for name in names}
        return {"schema_version": SCHEMA_VERSION, **figures, "median": plain(self.median), "curve": self.table.records()}

    def __str__(self) -> str:
        return f"Kaplan-Meier curve of {counted(self.n, 'case')}, {self.events} observed to the end; median {self.median}"


def curve_of(
    sample: Sample,
    weights: Array | None = None,
    *,
    cluster: Ints | None = None,
    confidence: float = 0.95,
    interval: str = "log-log",
    group: str = "",
) -> KaplanMeier:
    """Makes the curve of a checked sample; the one place where a curve is made."""
    table = risk_table(sample, weights)
    if sample.entry is not None:
        _refuse_emptied(table, group)
    whole = weights is None or weights.dtype.kind == "i"
    n = int((table.events + table.censored).sum(dtype=np.int64)) if whole else sample.n
    events = int(table.events.sum(dtype=np.int64)) if whole else int(sample.observed.sum())
    cases = None if cluster is None and sample.entry is None and whole else Cases.of(sample, weights, cluster)
    given = 0.0 if sample.entry is None else float(sample.entry.min())
    return KaplanMeier(n, events, confidence, interval, given, table, product_limit(table), cases)


def curves_by_group(
    sample: Sample, groups: Groups, confidence: float = 0.95, *, interval: str = "log-log", cluster: Ints | None = None
) -> list[KaplanMeier]:
    """Gives one curve a group, in the groups' order."""
    curves = []
    for code, name in enumerate(groups.names):
        rows = groups.code == code
        owner = None if cluster is None else np.unique(cluster[rows], return_inverse=True)[1]
        curves.append(curve_of(sample.take(rows), cluster=owner, confidence=confidence, interval=interval, group=name))
    return curves


def _refuse_emptied(table: RiskTable, group: str) -> None:
    """An early risk set in which everybody ended would hold the curve at 0 for all who entered later."""
    emptied = np.flatnonzero((table.events > 0) & (table.at_risk == table.events))
    if emptied.size and emptied[0] < table.time.size - 1:
        place = int(emptied[0])
        where = f" of group '{group}'" if group else ""
        raise NotEstimable(
            f"entry: all{where} who were under observation at {table.time[place]} ended then ({counted(table.at_risk[place], 'case')}), "
            f"while {int((table.events + table.censored)[place + 1 :].sum())} entered later; the curve would stay at 0 for them. "
            f"Give condition_on= a time of at least {_clear_from(table, emptied)} to estimate from there on"
        )


def _clear_from(table: RiskTable, emptied: Sequence[int] | Ints) -> object:
    """The first time from which on no risk set empties while others enter later."""
    inner = [place for place in emptied if place < table.time.size - 1]
    return table.time[inner[-1]]


def check_tau(tau: float | str) -> float:
    """Checks the end of a restricted mean."""
    if isinstance(tau, str) or not (np.isfinite(tau) and tau > 0):
        raise UsageError(f"tau is {tau!r}; allowed is a time above 0, in the unit of the durations, or 'last'")
    return float(tau)


def times_of(times: float | Iterable[float]) -> list[float]:
    """Checks one time or several."""
    array = numbers(np.atleast_1d(np.asarray(times if np.isscalar(times) else list(times))), "times")  # type: ignore[arg-type]
    return [float(t) for t in array]


def or_none(value: float) -> float | None:
    """Gives a Python number, None for NaN."""
    return None if value != value else (value.item() if isinstance(value, np.generic) else value)
