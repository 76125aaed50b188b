"""Runs and crossings about a centre line: whether a series wanders more than chance lets it.

Source: Anhøj & Olesen (2014), PLoS ONE 9:e113825; limits after Schilling (2012) and Chen (2010); equals R qicharts2 (method "anhoej").
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from leadtime.control.series import Floats

__all__ = ["Runs", "runs_about"]

_ONE_IN = 20  # the chance of fewer crossings than the limit is at most one in so many


@dataclass(frozen=True)
class Runs:
    """The longest run and the number of crossings, with the limit of each; None where no point lies off the centre line."""

    n_useful: int
    longest_run: int | None
    longest_run_max: int | None
    n_crossings: int | None
    n_crossings_min: int | None

    @property
    def signal(self) -> bool:
        """Whether the longest run is too long or the crossings are too few."""
        if self.longest_run is None or self.longest_run_max is None or self.n_crossings is None or self.n_crossings_min is None:
            return False
        return self.longest_run > self.longest_run_max or self.n_crossings < self.n_crossings_min


def runs_about(values: Floats, centre: Floats | float) -> Runs:
    """Counts runs and crossings; points on the centre line and points without value are left out.

    The longest run may be round(log2(n)) + 3, and the crossings at least the 5th percentile of a binomial of n - 1 and one half,
    n being the useful points.

    >>> runs_about(np.array([1.0, 2, 3, 1, 2, 3]), 2.0)
    Runs(n_useful=4, longest_run=1, longest_run_max=5, n_crossings=3, n_crossings_min=0)
    """
    side = np.sign(values - centre)
    side = side[(side != 0) & ~np.isnan(side)]
    n = int(side.size)
    if n == 0:
        return Runs(0, None, None, None, None)
    starts = np.flatnonzero(np.concatenate(([True], side[1:] != side[:-1])))
    longest = int(np.diff(np.append(starts, n)).max())
    return Runs(n, longest, round(math.log2(n)) + 3, int(starts.size - 1), _fewest_crossings(n))


def _fewest_crossings(n: int) -> int:
    """The quantile of the binomial in whole numbers, so that a chart need not wait for all of scipy.stats."""
    fewest, below = 0, 1  # of 2 ** (n - 1) equally likely ways to cross or not
    while n > 1 and _ONE_IN * below < 2 ** (n - 1):
        fewest += 1
        below += math.comb(n - 1, fewest)
    return fewest
