"""Cox's likelihood with exact ties: those who end at one time are one draw among all sets of so many that were at risk.

The sums over all sets come by recursion, a case at a time; held are means over the sets, which neither overflow nor cancel. Own code, for
statsmodels' conditional logit takes its slopes by differences and stops some 1e-4 off R's maximum.

Source: Cox (1972), section 6; the recursion of Howard (1972) and Gail, Lubin & Rubinstein (1981); equals R `coxph(ties = "exact")`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["ExactTies"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ExactTies:
    """The times at which somebody ended, stratum by stratum, a row a time; a case is at risk in the rows from `first` up to `last`.

    `ended` counts the ends of each row, `sums` adds up the terms of those who ended. `nested` says that nobody entered late, so that of two
    times of a stratum the earlier has all who are at risk at the later.
    """

    x: Floats
    first: Ints
    last: Ints
    ended: Ints
    sums: Floats
    nested: bool = False

    @classmethod
    def of(cls, days: Floats, entry: Floats | None, observed: Bools, stratum: Ints | None, x: Floats) -> ExactTies:
        """Lays out the rows; a case is at risk after its entry, and from before 0 where that is 0."""
        times, place = np.unique(days, return_inverse=True)
        code = np.zeros(days.size, np.int64) if stratum is None else np.unique(stratum, return_inverse=True)[1]
        late = np.zeros(days.size) if entry is None else entry
        entered = np.where(late > 0, np.searchsorted(times, late, side="right"), 0)
        key = code * (times.size + 1) + place
        rows, row = np.unique(key[observed], return_inverse=True)
        centred = x - x.mean(axis=0)
        sums = np.zeros((rows.size, x.shape[1]))
        np.add.at(sums, row, centred[observed])
        return cls(
            x=centred,
            first=np.searchsorted(rows, code * (times.size + 1) + entered, side="left"),
            last=np.searchsorted(rows, key, side="right"),
            ended=np.bincount(row, minlength=rows.size),
            sums=sums,
            nested=not (late > 0).any(),
        )

    def at(self, point: Floats) -> tuple[float, Floats, Floats]:
        """The log likelihood, its score and its information at some coefficients."""
        from scipy.special import gammaln

        pace = self.x @ point
        shift = float(pace.max())
        with np.errstate(all="ignore"):  # too far a step gives what isn't finite, and another is tried
            mean, slope, bend, size = (self._means_of_nested if self.nested else self._means)(np.exp(pace - shift))
            share = slope / mean[:, None]
            ways = gammaln(size + 1) - gammaln(self.ended + 1) - gammaln(size - self.ended + 1)
            value = float((self.sums @ point - shift * self.ended - np.log(mean) - ways).sum())
            information = (bend / mean[:, None, None] - share[:, :, None] * share[:, None, :]).sum(axis=0)
        return value, (self.sums - share).sum(axis=0), information

    def _means(self, weight: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Of each row: the mean over all sets of as many as ended of their product of weights, its derivatives, and how many were at risk.

        One more case at risk: of the sets of k among n the share k / n holds it, beside a set of k - 1 among the others.
        """
        rows, terms = self.sums.shape
        most = int(self.ended.max())
        count = np.arange(1, most + 1)
        mean, slope, bend = np.zeros((rows, most + 1)), np.zeros((rows, most + 1, terms)), np.zeros((rows, most + 1, terms, terms))
        mean[:, 0], size = 1.0, np.zeros(rows)
        for x, first, last, own in zip(self.x, self.first, self.last, weight, strict=True):
            size[first:last] += 1
            share = count / size[first:last, None]
            m, s, b = mean[first:last], slope[first:last], bend[first:last]
            cross = s[:, :-1, :, None] * x
            more = b[:, :-1] + cross + cross.swapaxes(2, 3) + m[:, :-1, None, None] * np.outer(x, x)
            b[:, 1:] += share[:, :, None, None] * (own * more - b[:, 1:])
            s[:, 1:] += share[:, :, None] * (own * (s[:, :-1] + m[:, :-1, None] * x) - s[:, 1:])
            m[:, 1:] += share * (own * m[:, :-1] - m[:, 1:])
        row = np.arange(rows)
        return mean[row, self.ended], slope[row, self.ended], bend[row, self.ended], size

    def _means_of_nested(self, weight: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """The same from the last row of each stratum to its first: who is at risk at a row was so at the one before it, beside others."""
        rows, terms = self.sums.shape
        most = int(self.ended.max())
        sets = _Sets.of(most, terms)
        mean, slope, bend, size = np.empty(rows), np.empty((rows, terms)), np.empty((rows, terms, terms)), np.empty(rows)
        counted = np.flatnonzero(self.first < self.last)
        counted = counted[np.argsort(self.last[counted], kind="stable")]
        bounds = np.searchsorted(self.last[counted], np.arange(rows + 2))
        first_rows = set(self.first[counted].tolist())
        for row in range(rows - 1, -1, -1):
            if row + 1 in first_rows:
                sets = _Sets.of(most, terms)
            for case in counted[bounds[row + 1] : bounds[row + 2]].tolist():
                sets.add(self.x[case], float(weight[case]))
            drawn = self.ended[row]
            mean[row], slope[row], bend[row], size[row] = sets.mean[drawn], sets.slope[drawn], sets.bend[drawn], sets.size
        return mean, slope, bend, size


@dataclass(eq=False)
class _Sets:
    """The means over all sets of 0, 1, 2, … of the cases added so far, with their derivatives."""

    mean: Floats
    slope: Floats
    bend: Floats
    size: int = 0

    @classmethod
    def of(cls, most: int, terms: int) -> _Sets:
        """Gives those of nobody, for sets of up to so many."""
        return cls(np.eye(1, most + 1)[0], np.zeros((most + 1, terms)), np.zeros((most + 1, terms, terms)))

    def add(self, x: Floats, weight: float) -> None:
        """Adds a case at risk: of the sets of k among n the share k / n holds it, beside a set of k - 1 among the others."""
        self.size += 1
        m, s, b = self.mean, self.slope, self.bend
        share = np.arange(1, m.size) / self.size
        cross = s[:-1, :, None] * x
        more = b[:-1] + cross + cross.swapaxes(1, 2) + m[:-1, None, None] * np.outer(x, x)
        b[1:] += share[:, None, None] * (weight * more - b[1:])
        s[1:] += share[:, None] * (weight * (s[:-1] + m[:-1, None] * x) - s[1:])
        m[1:] += share * (weight * m[:-1] - m[1:])
