"""Gray's test: whether groups differ in the share ended by one cause, the other causes taken as what they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from leadtime.errors import NotEstimable, UsageError, did_you_mean
from leadtime.results import TestResult
from leadtime.survival.checks import Array, Floats, Ints, cause_codes, groups_of, numbers, sample_of, strata_of
from leadtime.survival.logrank import chi_square, upper_tail
from leadtime.survival.risksets import TOLERANCE

__all__ = ["gray_test"]


def gray_test(
    durations: npt.ArrayLike,
    cause: npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    *,
    of_cause: int = 1,
    strata: Sequence[Any] | npt.ArrayLike | None = None,
    order: Sequence[Any] | None = None,
    rho: float = 0,
) -> TestResult:
    """Tests whether groups have the same share ended by one cause over time.

    Args:
        durations: as in `kaplan_meier`.
        cause: how each case ended: 0 censored, 1, 2, ... the causes.
        group: one label a case, two labels or more.
        of_cause: the cause whose shares are compared; the others compete with it.
        strata: one label a case; groups are compared within strata and the differences added.
        order: all labels in the order wanted; None for the order of first appearance.
        rho: power of the weight (1 - F(t-))^rho, F the share ended by the cause in all groups of the stratum together; 0 weighs all times
            alike, above 0 early differences count more.

    Returns:
        Chi-square statistic, degrees of freedom, p, and the observed and expected numbers of ends by the cause in each group (unweighted).

    Raises:
        NotEstimable: one group, a stratum with one group, or no end by the cause while two groups were at risk.
        UsageError: no case ended by `of_cause`, or `rho` is below 0.
        InputError: as `kaplan_meier`.

    Source: DEFINITIONS 3.7; Gray (1988), Annals of Statistics 16:1141, whose weight K is this power; equals R cmprsk's `cuminc`.

    >>> time, cause = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [1, 1, 2, 1, 1, 2, 0, 1, 2, 0]
    >>> print(gray_test(time, cause, ["a"] * 5 + ["b"] * 5))
    Gray, cause 1: p = 0.01662 (asymptotic chi-square; n = 10)
    """
    if not (np.isfinite(rho) and rho >= 0):
        raise UsageError(f"rho is {rho}; allowed is 0 or more")
    time = numbers(durations, "durations")
    codes = cause_codes(cause, time.size)
    sample = sample_of(time, codes.astype(np.bool_))
    _check_cause(of_cause, codes)
    groups = groups_of(group, sample.n, order)
    layers = strata_of(strata, groups)
    kind = np.where(codes == of_cause, 1, np.where(codes > 0, 2, 0))
    parts = [_Stratum.of(sample.time[rows], kind[rows], groups.code[rows], len(groups.names)) for rows in layers]
    observed, expected = (np.sum([getattr(part, name).sum(axis=0) for part in parts], axis=0) for name in ("own", "expected"))
    difference = np.sum([part.difference(rho) for part in parts], axis=0)
    statistic, df = chi_square(difference, np.sum([part.variance(rho) for part in parts], axis=0))
    return TestResult(
        name=f"Gray, cause {of_cause}",
        statistic=statistic,
        p_value=upper_tail(statistic, df),
        df=df,
        n=sample.n,
        method="asymptotic chi-square" + (f", {len(layers)} strata" if strata is not None else "") + (f", rho = {rho:g}" if rho else ""),
        observed=tuple(observed.tolist()),
        expected=tuple(expected.tolist()),
        groups=groups.names,
    )


def _check_cause(of_cause: int, codes: Ints) -> None:
    present = sorted(set(codes.tolist()) - {0})
    if not present:
        raise NotEstimable("cause: all cases are censored; nobody ended by any cause")
    if of_cause not in present:
        raise UsageError(f"of_cause is {of_cause}, by which no case ended" + did_you_mean(str(of_cause), map(str, present)))


@dataclass(frozen=True, eq=False)
class _Stratum:
    """Counts of one stratum, times x groups: at risk, ends by the cause, ends by others; only times at which somebody ended."""

    n: Floats
    own: Floats
    others: Floats

    @classmethod
    def of(cls, time: Array, kind: Ints, code: Ints, groups: int) -> _Stratum:
        times, place = np.unique(time, return_inverse=True)
        cells = (place * groups + code) * 3 + kind
        counts = np.bincount(cells, minlength=times.size * groups * 3).reshape(times.size, groups, 3).astype(np.float64)
        n = counts.sum(axis=2)[::-1].cumsum(axis=0)[::-1]
        ended = counts[:, :, 1:].sum(axis=(1, 2)) > 0
        return cls(n[ended], counts[ended, :, 1], counts[ended, :, 2])

    @property
    def _some(self) -> Floats:
        return np.where(self.n > 0, self.n, 1.0)

    @property
    def _open(self) -> tuple[Floats, Floats]:
        """The share of each group that no cause has ended, just before and just after each time."""
        after = np.cumprod(1 - (self.own + self.others) / self._some, axis=0, dtype=np.float64)
        before: Floats = np.vstack((np.ones(after.shape[1]), after[:-1]))
        return before, after

    @property
    def _at_risk(self) -> Floats:
        """The numbers still at risk of the cause as if nobody left otherwise: n / S, 0 for a group that is gone."""
        as_if_all: Floats = np.divide(self.n, self._open[0], out=np.zeros_like(self.n), where=self.n > 0)
        return as_if_all

    @property
    def expected(self) -> Floats:
        """The ends by the cause that each group would have at each time under one subdistribution hazard: shared out as n (1 - F) / S."""
        before, _ = self._open
        shares = np.cumsum(before * self.own / self._some, axis=0)
        weight = self._at_risk * (1 - shares + before * self.own / self._some)
        shared: Floats = self.own.sum(axis=1, keepdims=True) * weight / weight.sum(axis=1, keepdims=True)
        return shared

    @property
    def _remaining(self) -> Floats:
        """1 - F of all groups together, just before each time."""
        ends, total = self.own.sum(axis=1), self._at_risk.sum(axis=1)
        shares: Floats = 1 - np.cumsum(ends / total) + ends / total
        return shares

    def difference(self, rho: float) -> Floats:
        """Observed less expected ends by the cause of each group, weighted."""
        weighted: Floats = self._weight(rho) @ (self.own - self.expected)
        return weighted

    def _weight(self, rho: float) -> Floats:
        weight: Floats = np.maximum(self._remaining, 0.0) ** rho if rho else np.ones(self.n.shape[0])
        return weight

    def variance(self, rho: float) -> Floats:
        """The covariance of the weighted difference.

        Each end moves a group's difference at once, by `now`, and later through the estimates that the weights are made of.
        """
        if not self.n.size:
            return np.zeros((self.n.shape[1], self.n.shape[1]))
        before, after = self._open
        h = self._at_risk
        total, ends = h.sum(axis=1), self.own.sum(axis=1)
        remaining = self._remaining
        pooled = 1 - remaining + ends / total
        share = h / total[:, None]
        now = np.einsum("ti,ik->tik", h, np.eye(h.shape[1])) - h[:, :, None] * share[:, None, :]
        now = now * self._weight(rho)[:, None, None]
        # Where one group has ended early, the share that isn't ended by the cause may come to 0 with some still open, but for rounding.
        rate = np.divide(ends, total * remaining, out=np.zeros_like(ends), where=np.abs(remaining) > TOLERANCE)
        passed = np.cumsum(now * rate[:, None, None], axis=0)
        later = passed[-1] - passed
        left = np.divide(1 - pooled[:, None], after, out=np.zeros_like(after), where=after > 0)
        chance = _tied(ends[:, None], total[:, None] * before) * before * ends[:, None] / (total[:, None] * self._some)
        moved = now + (1 - left)[:, None, :] * later
        by_cause = np.einsum("tik,tjk,tk->ij", moved, moved, np.where(self.n > 0, chance, 0.0))
        competing = _tied(self.others, self.n) * before**2 * self.others / self._some**2
        moved = left[:, None, :] * later
        by_others = np.einsum("tik,tjk,tk->ij", moved, moved, np.where(after > 0, competing, 0.0))
        both: Floats = by_cause + by_others
        return both


def _tied(ends: Floats, at_risk: Floats) -> Floats:
    """The factor by which ends at one time vary less, each being drawn from those that are left: (n - d) / (n - 1)."""
    return 1 - np.divide(ends - 1, at_risk - 1, out=np.zeros(np.broadcast_shapes(ends.shape, at_risk.shape)), where=at_risk > 1)
