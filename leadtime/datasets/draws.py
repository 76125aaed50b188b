"""Random draws that stay the same over numpy versions: all of them come from uniform numbers by inverse transform."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import TypeVar

import numpy as np

__all__ = ["Draws"]

T = TypeVar("T")
_NORMAL = NormalDist()


class Draws:
    """A stream of draws from one seeded `numpy.random.Generator`.

    Only `Generator.random` is used. numpy may change how its other distributions are made between versions.

    >>> draws = Draws(0)
    >>> draws.whole(1, 6), draws.pick(["a", "b"])
    (4, 'a')
    """

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)

    def uniform(self) -> float:
        """Gives a number in (0, 1), both ends excluded."""
        value = float(self._generator.random())
        return value if value > 0 else 0.5**54

    def chance(self, probability: float) -> bool:
        """Gives True with the probability given; one draw whatever the answer."""
        return self.uniform() < probability

    def whole(self, low: int, high: int) -> int:
        """Gives an integer from `low` to `high`, both included, each equally likely."""
        return low + min(int(self.uniform() * (high - low + 1)), high - low)

    def pick(self, options: Sequence[T], weights: Sequence[float] | None = None) -> T:
        """Gives one of the options, by weight where weights are given."""
        shares = [1.0] * len(options) if weights is None else list(weights)
        left = self.uniform() * sum(shares)
        for option, share in zip(options, shares, strict=True):
            left -= share
            if left < 0:
                return option
        return options[-1]

    def order(self, count: int) -> list[int]:
        """Gives the numbers 0 to count-1 in random order."""
        keys = [self.uniform() for _ in range(count)]
        return sorted(range(count), key=keys.__getitem__)

    def normal(self) -> float:
        """Gives a number from the standard normal distribution."""
        return _NORMAL.inv_cdf(self.uniform())

    def skewed_days(self, median: float, spread: float) -> int:
        """Gives a whole number of days, at least 1, from a log-normal distribution: many short waits and a long tail.

        Args:
            median: median of the distribution, days.
            spread: standard deviation of the logarithm.
        """
        return max(1, round(median * math.exp(spread * self.normal())))

    def exponential_days(self, mean: float) -> int:
        """Gives a whole number of days, at least 1, from an exponential distribution of that mean."""
        return max(1, round(-mean * math.log(self.uniform())))

    def age_days(self) -> int:
        """Gives an age at detection in days, 4 months to under 6 years, most of them 2 to 4 years (Kumaraswamy)."""
        share = (1 - (1 - self.uniform()) ** (1 / 2.6)) ** (1 / 2.4)
        return 120 + int(share * (2150 - 120))
