"""From influences to intervals that hold their level with few cases: a t interval whose degrees of freedom come from the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from leadtime.survival.checks import Array, Floats, Ints
from leadtime.survival.influence import squared

__all__ = ["NO_ERROR", "MeanInterval", "Spread", "t_interval", "t_quantile"]

MeanInterval = Literal["normal", "t"]
NO_ERROR = "no interval: too few cases or ends before then for its error to be known"


@dataclass(frozen=True)
class Spread:
    """The variance of an estimate as the sum of squared influences, over how many units, and how sure that variance is itself."""

    variance: float
    units: float
    freedom: float  # degrees of freedom of the variance; 0 where it isn't known at all

    @classmethod
    def of(cls, influence: Floats, cluster: Ints | None = None, counts: Array | None = None) -> Spread:
        """Sums the influences of cases, of clusters of cases, or of cases that stand for several.

        The degrees of freedom are 2 V² / Var(V), where Var(V) is the empirical variance of the squares' sum, at most one less
        than the units.

        Source: Pan & Wall (2002), Statistics in Medicine 21:1429, after Satterthwaite (1946).
        """
        squares = squared(influence, cluster)
        each = np.ones(squares.size) if counts is None else counts
        units, variance = float(each.sum()), float((each * squares).sum())
        doubt = float((each * squares**2).sum()) - variance**2 / units
        if variance <= 0 or units <= 1:
            return cls(variance, units, 0.0)
        return cls(variance, units, min(units - 1, 2 * variance**2 / doubt if doubt > 0 else math.inf))

    @property
    def corrected(self) -> float:
        """The variance times n / (n - 1), as for a mean of n values."""
        return self.variance * self.units / (self.units - 1) if self.units > 1 else math.nan

    def scaled(self, factor: float) -> Spread:
        """The spread of the estimate times a factor."""
        return replace(self, variance=self.variance * factor**2)


def t_quantile(confidence: float, freedom: float) -> float:
    """The two-sided quantile of Student's distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + confidence / 2))


def t_interval(spreads: Sequence[Spread], confidence: float) -> float | None:
    """Gives half the width of the t interval of a sum of independent estimates; None where its error isn't known.

    Where nobody in a group ended before tau, its mean is tau and all the doubt that can be counted lies in the other group.
    """
    parts = [spread.corrected for spread in spreads]
    total = sum(parts)
    if any(spread.units <= 1 for spread in spreads) or not total > 0:
        return None
    freedom = total**2 / sum(part**2 / spread.freedom for part, spread in zip(parts, spreads, strict=True) if part > 0)
    return t_quantile(confidence, freedom) * math.sqrt(total)
