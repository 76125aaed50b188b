"""From influences to intervals that hold their level with few cases: Student's t, its degrees of freedom and skewness from the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from leadtime.survival.checks import Array, Floats, Ints
from leadtime.survival.influence import by_unit

__all__ = ["NO_ERROR", "SKEWED", "MeanInterval", "Spread", "t_interval", "t_quantile"]

MeanInterval = Literal["normal", "t"]
SKEWED = "skewed t"  # how such an interval is called in results
NO_ERROR = "no interval: too few cases or ends before then for its error to be known"


@dataclass(frozen=True)
class Spread:
    """The variance of an estimate as the sum of squared influences, over how many units; how sure that is, and to which side it leans."""

    variance: float
    units: float
    freedom: float  # degrees of freedom of the variance; 0 where it isn't known at all
    cubes: float = 0.0  # the sum of cubed influences: above 0 where the estimate strays further up than down

    @classmethod
    def of(cls, influence: Floats, cluster: Ints | None = None, counts: Array | None = None) -> Spread:
        """Sums the influences of cases, of clusters of cases, or of cases that stand for several.

        The degrees of freedom are 2 V² / Var(V), where Var(V) is the empirical variance of the squares' sum, at most one less
        than the units.

        Source: Pan & Wall (2002), Statistics in Medicine 21:1429, after Satterthwaite (1946).
        """
        own = by_unit(influence, cluster)
        squares, each = own**2, np.ones(own.size) if counts is None else counts
        units, variance = float(each.sum()), float((each * squares).sum())
        doubt = float((each * squares**2).sum()) - variance**2 / units
        if variance <= 0 or units <= 1:
            return cls(variance, units, 0.0)
        freedom = min(units - 1, 2 * variance**2 / doubt if doubt > 0 else math.inf)
        return cls(variance, units, freedom, float((each * own**3).sum()))

    @property
    def corrected(self) -> float:
        """The variance times n / (n - 1), as for a mean of n values."""
        return self.variance * self.units / (self.units - 1) if self.units > 1 else math.nan

    def scaled(self, factor: float) -> Spread:
        """The spread of the estimate times a factor."""
        return replace(self, variance=self.variance * factor**2, cubes=self.cubes * factor**3)


def t_quantile(confidence: float, freedom: float) -> float:
    """The two-sided quantile of Student's distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + confidence / 2))


def t_interval(spreads: Sequence[Spread], confidence: float) -> tuple[float, float] | None:
    """Gives how far the limits of a sum of independent estimates lie below and above it; None where its error isn't known.

    Each is Student's quantile q times the error. To the side that the influences lean to it is longer by their skewness g times
    (2 q² + 1) / 6 errors, the first term of the Cornish-Fisher expansion of a studentised mean. The other side could be shorter by as
    much; it isn't shortened, since g is a guess where few cases ended: shortened intervals held the truth in 88 % and not in 97 %
    (15 cases a group, 55 % of them open, no true difference).

    Where nobody in a group ended before tau, its mean is tau and all the doubt that can be counted lies in the other group.

    Source: Johnson (1978), JASA 73:536; Hall (1992), JRSS B 54:221; for two groups Zhou & Dinh (2005), Biostatistics 6:187; the same
        expansion for restricted means, Lawrence, Qiu, Bai & Hung (2019), Statistics in Biopharmaceutical Research 11:61.
    """
    parts = [spread.corrected for spread in spreads]
    total = sum(parts)
    if any(spread.units <= 1 for spread in spreads) or not total > 0:
        return None
    freedom = total**2 / sum(part**2 / spread.freedom for part, spread in zip(parts, spreads, strict=True) if part > 0)
    q, error = t_quantile(confidence, freedom), math.sqrt(total)
    longer = sum(spread.cubes for spread in spreads) / total * (2 * q**2 + 1) / 6
    return q * error + max(-longer, 0.0), q * error + max(longer, 0.0)
