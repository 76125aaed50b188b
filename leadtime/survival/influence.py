"""How much each case moves an estimate: the infinitesimal jackknife, which errors with weights, late entry and clusters rest on.

The influence of a case on an estimate is the estimate's slope in the case's weight. The squares of the influences, summed over
cases or over persons, are its variance; each case's influence plus the estimate is, but for a term of order 1/n, its
pseudo-observation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadtime.survival.checks import Array, Bools, Floats, Ints, Sample
from leadtime.survival.risksets import RiskTable, value_before

__all__ = ["Cases", "Paths", "Share", "by_unit", "influence_on_area", "share_errors", "squared"]

_ROUNDING = 1e-15  # a variance of a share below this is rounding: nobody ended by the cause, or everybody did


@dataclass(frozen=True, eq=False)
class Paths:
    """Where each case enters and leaves the risk table: at risk in its rows first..last."""

    first: Ints
    last: Ints
    observed: Bools
    weights: Floats


@dataclass(frozen=True, eq=False)
class Cases:
    """The cases behind a curve: how often each counts, and whose it is.

    Whole weights are repetition. With fractions or clusters the errors are robust: the jackknife's instead of Greenwood's.
    """

    sample: Sample
    weights: Array | None = None
    cluster: Ints | None = None

    @classmethod
    def of(cls, sample: Sample, weights: Array | None, cluster: Ints | None) -> Cases:
        """Keeps its own copy of the cases."""
        return cls(sample.take(np.arange(sample.n)), None if weights is None else weights.copy(), cluster)

    @classmethod
    def of_table(cls, table: RiskTable) -> Cases:
        """The cases again, from how many ended and how many were open at each time; nobody entered late."""
        observed = np.repeat([True, False], table.time.size)
        return cls(Sample(np.tile(table.time, 2), observed, None), np.concatenate((table.events, table.censored)))

    @property
    def robust(self) -> bool:
        """Whether Greenwood's sum doesn't apply."""
        return self.cluster is not None or (self.weights is not None and self.weights.dtype.kind == "f")

    @property
    def counts(self) -> Array | None:
        """How many equal cases each stands for, where that is what the weights are."""
        return None if self.robust else self.weights

    def paths(self, risk: RiskTable) -> Paths:
        """Finds the rows of the risk table in which each case is at risk."""
        sample = self.sample
        last = np.searchsorted(risk.time, sample.time)
        if sample.entry is None:
            first = np.zeros(sample.n, np.int64)
        else:
            first = np.where(sample.entry > 0, np.searchsorted(risk.time, sample.entry, side="right"), 0)
        weights = self.weights if self.robust and self.weights is not None else np.ones(sample.n)
        return Paths(first, last, sample.observed, weights.astype(np.float64))


@dataclass(frozen=True, eq=False)
class Share:
    """The share ended by one cause: which cases ended by it, how many at each time, and the share from each time on."""

    risk: RiskTable
    before: Floats  # share still open just before each time
    mine: Bools  # one a case
    events: Array  # one a time

    @property
    def curve(self) -> Floats:
        """The Aalen-Johansen share at each time."""
        shares: Floats = np.cumsum(self.before * self.events / self.risk.at_risk)
        return shares

    @classmethod
    def of_all(cls, risk: RiskTable, survival: Floats, observed: Bools) -> Share:
        """The share ended by whatever cause, 1 - S."""
        return cls(risk, value_before(survival), observed, risk.events)


def by_unit(influence: Floats, cluster: Ints | None) -> Floats:
    """The influences of what is drawn as a whole: one a case, or one a cluster of cases."""
    return influence if cluster is None else np.bincount(cluster, weights=influence).astype(np.float64)


def squared(influence: Floats, cluster: Ints | None) -> Floats:
    """The squares whose sum is the variance."""
    squares: Floats = by_unit(influence, cluster) ** 2
    return squares


def influence_on_area(paths: Paths, share: Share, tau: float) -> Floats:
    """Gives each case's influence on the area under the share from 0 to tau; that on the area above it is the negative."""
    time, curve = share.risk.time.astype(np.float64), share.curve
    left = np.maximum(tau - time, 0.0)
    widths = np.diff(np.append(np.minimum(time, tau), tau))
    area = np.cumsum((widths * curve)[::-1])[::-1]  # under the curve from each time to tau
    return _influence(paths, share, share.before * left, area - curve * left)


def _influence(paths: Paths, share: Share, gain: Floats, loss: Floats) -> Floats:
    """Sums gain dh_k - loss dh / (1 - h) over a case's path, h the hazard of ending and h_k that by the cause.

    A case's own slope of the hazard at a time is (ended then - h) / n while it is at risk. Where all at risk end, the loss is 0.
    """
    n, d = share.risk.floats()
    gain = gain / n
    loss = np.divide(loss, n - d, out=np.zeros_like(n), where=n > d)
    passing = np.concatenate(([0.0], np.cumsum((share.events * gain - d * loss) / n)))
    own = np.where(share.mine, gain[paths.last], 0.0) - np.where(paths.observed, loss[paths.last], 0.0)
    influence: Floats = paths.weights * (own - passing[paths.last + 1] + passing[paths.first])
    return influence


def share_errors(paths: Paths, share: Share, cluster: Ints | None = None) -> Floats:
    """Gives the standard error of the share at every time.

    Source: DEFINITIONS 3.7; the infinitesimal jackknife of R `survfit`.
    """
    variance = _running_variance(paths, share, cluster)
    return np.sqrt(np.where(variance > _ROUNDING, variance, 0.0))


def _running_variance(paths: Paths, share: Share, cluster: Ints | None) -> Floats:
    """The sum of squared influences at every time, in one pass.

    At a time where the share is F, the influence of a case is a + b F, where a and b no longer change once it has ended; while
    it is at risk they are those of the time less those of its entry. Sums of a², ab and b² over the cases then do for all times.
    """
    n, d = share.risk.floats()
    curve = share.curve
    gain = share.before / n
    loss = np.divide(1.0, n - d, out=np.zeros_like(n), where=n > d)
    level = np.cumsum((share.events * gain + d * loss * curve) / n)
    slope = np.cumsum(d * loss / n)
    late = np.concatenate(([0.0], level))[paths.first], np.concatenate(([0.0], slope))[paths.first]
    own = np.where(share.mine, gain[paths.last], 0.0) + np.where(paths.observed, (loss * curve)[paths.last], 0.0)
    a = own - level[paths.last] + late[0]
    b = slope[paths.last] - late[1] - np.where(paths.observed, loss[paths.last], 0.0)
    here = curve * slope - level
    if cluster is not None:
        return _of_clusters(paths, (a, b), late, cluster, (curve, here))
    ended = _Moments.of(paths.last, paths.weights, a, b, n.size)
    entered = _Moments.of(paths.first, paths.weights, *late, n.size)
    gone = _Moments.of(paths.last, paths.weights, *late, n.size)
    open_cases = (entered.weight - gone.weight) * here**2 + 2 * here * (entered.linear(curve) - gone.linear(curve))
    variance: Floats = ended.quadratic(curve) + open_cases + entered.quadratic(-curve) - gone.quadratic(-curve)
    return variance


def _of_clusters(
    paths: Paths, ended: tuple[Floats, Floats], late: tuple[Floats, Floats], cluster: Ints, now: tuple[Floats, Floats]
) -> Floats:
    """The same sum over clusters, each with the sum of its cases' influences, A + B F + W h; h is what the time adds to a case at risk.

    A, B and W of a cluster change only where one of its cases enters or ends, and the sums of their products by as much.
    """
    curve, here = now
    entering, entered = np.stack((*late, np.ones_like(late[0]))), np.stack((*ended, np.zeros_like(late[0])))
    entering[1] *= -1
    change = np.concatenate((entering, entered - entering), axis=1) * np.tile(paths.weights, 2)
    row, owner = np.concatenate((paths.first, paths.last)), np.tile(cluster, 2)
    order = np.lexsort((row, owner))
    change, row, owner = change[:, order], row[order], owner[order]
    summed = np.cumsum(change, axis=1)
    start = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
    earlier = (summed - change)[:, start]  # what the clusters before it came to
    after = summed - np.repeat(earlier, np.diff(np.append(start, row.size)), axis=1)
    parts = np.stack((np.ones_like(curve), curve, here))
    variance = np.zeros_like(curve)
    for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)):
        grown = after[i] * after[j] - (after[i] - change[i]) * (after[j] - change[j])
        running = np.cumsum(np.bincount(row, weights=grown, minlength=curve.size + 1)[: curve.size])
        variance += (1 if i == j else 2) * parts[i] * parts[j] * running
    return variance


@dataclass(frozen=True, eq=False)
class _Moments:
    """Running sums, over the cases that have come to each row, of w² and of w² times a, b, a², ab, b²."""

    weight: Floats
    a: Floats
    b: Floats
    aa: Floats
    ab: Floats
    bb: Floats

    @classmethod
    def of(cls, row: Ints, weights: Floats, a: Floats, b: Floats, rows: int) -> _Moments:
        square = weights**2
        products = (np.ones_like(a), a, b, a * a, a * b, b * b)
        sums = (np.bincount(row, weights=square * each, minlength=rows + 1)[:rows].astype(np.float64) for each in products)
        return cls(*map(np.cumsum, sums))

    def linear(self, share: Floats) -> Floats:
        """The sum of w² (a - b F)."""
        return self.a - self.b * share

    def quadratic(self, share: Floats) -> Floats:
        """The sum of w² (a + b F)²."""
        return self.aa + 2 * self.ab * share + self.bb * share**2
