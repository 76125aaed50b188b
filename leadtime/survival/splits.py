"""All ways, or many random ways, to split the cases into two groups, and the restricted means of many splits at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from leadtime.errors import InputError
from leadtime.survival.checks import Array, Bools, Floats, Ints, Sample, codes_of

__all__ = ["Pooled", "Splits", "chunks", "units_of"]

_CHUNK = 4_000_000  # numbers held at once
_CLOSE = 1e-9  # the same figure in another order of adding differs by rounding only


def chunks(draws: int, width: int) -> Iterator[slice]:
    """The draws in portions that fit into memory."""
    step = max(1, _CHUNK // max(1, width))
    for start in range(0, draws, step):
        yield slice(start, min(draws, start + step))


def units_of(cluster: Sequence[Any] | npt.ArrayLike | None, place: Ints, name: str) -> tuple[Ints, Ints]:
    """Gives what changes places as a whole, cases or persons: the unit of each case, and the place of each unit.

    Args:
        cluster: one label a case saying whose it is; None where each case stands for itself.
        place: the group (or stratum) of each case, counted from 0.
        name: what the place is, for the error.

    Raises:
        InputError: a person's cases are in several places.
    """
    if cluster is None:
        return np.arange(place.size), place
    unit, labels = codes_of(cluster, place.size, "cluster")
    where = np.zeros(len(labels), np.int64)
    where[unit] = place
    if (where[unit] != place).any():
        label = labels[int(unit[np.flatnonzero(where[unit] != place)[0]])]
        raise InputError(f"cluster '{label}' has cases in more than one {name}, so persons can't change places; leave such cases out")
    return unit, where


@dataclass(frozen=True, eq=False)
class Splits:
    """The splits of a test: all of them where there are at most `draws`, else so many seeded random ones."""

    unit: Ints  # of each case
    second: Bools  # of each unit, as observed
    draws: int
    seed: int

    @property
    def number(self) -> int:
        """How many splits there are in all."""
        return math.comb(self.second.size, int(self.second.sum()))

    @property
    def exact(self) -> bool:
        """Whether all of them are taken."""
        return self.number <= self.draws

    def masks(self) -> Iterator[Bools]:
        """Which cases are in the second group: one row a split, some rows at a time."""
        rows = _all_masks(self.second) if self.exact else _drawn_masks(self.second, self.draws, np.random.default_rng(self.seed))
        for mask in rows:
            yield mask[:, self.unit]

    def p_value(self, statistics: Floats, observed: float) -> float:
        """The share of splits that are as far from 0; with random splits the observed one counts as one more."""
        count = int((np.abs(statistics) >= abs(observed) * (1 - _CLOSE)).sum())
        return count / self.number if self.exact else (count + 1) / (self.draws + 1)

    def critical(self, statistics: Floats, confidence: float) -> float:
        """The largest distance from 0 whose p value is above 1 - confidence: what the test would not reject; may be infinite."""
        total = self.number if self.exact else self.draws + 1
        beyond = math.floor((1 - confidence) * total + _CLOSE)
        kept = beyond + 1 if self.exact else beyond
        return float(np.sort(np.abs(statistics))[-kept]) if kept else math.inf


def _all_masks(second: Bools) -> Iterator[Bools]:
    picks = np.array(list(combinations(range(second.size), int(second.sum()))), np.int64)
    for rows in chunks(len(picks), second.size):
        mask = np.zeros((rows.stop - rows.start, second.size), np.bool_)
        np.put_along_axis(mask, picks[rows], True, axis=1)  # noqa: FBT003 - numpy's own signature
        yield mask


def _drawn_masks(second: Bools, draws: int, generator: np.random.Generator) -> Iterator[Bools]:
    for rows in chunks(draws, second.size):
        yield generator.permuted(np.tile(second, (rows.stop - rows.start, 1)), axis=1)


@dataclass(frozen=True, eq=False)
class Pooled:
    """All cases in order of time, ready for the restricted means of many splits at once.

    In a split where tau lies past a part's follow-up, that part's curve keeps its last value up to tau: so every split has a
    figure, and the test stays exact where the groups are exchangeable.
    """

    order: Array
    observed: Bools
    starts: Array  # first case of each distinct time
    widths: Floats  # from each distinct time to the next, and to tau; 0 past tau
    first: float  # from 0 to the first time, at most to tau

    @classmethod
    def of(cls, sample: Sample, tau: float) -> Pooled:
        """Sorts the cases and cuts time at tau."""
        order = np.argsort(sample.time, kind="stable")
        times, starts = np.unique(sample.time[order], return_index=True)
        edges = np.minimum(np.append(times, np.inf).astype(np.float64), tau)
        return cls(order, sample.observed[order], starts, np.diff(edges), float(edges[0]))

    @property
    def tau(self) -> float:
        """The end of the area."""
        return self.first + float(self.widths.sum())

    def means(self, chosen: Bools) -> tuple[Floats, Floats]:
        """The restricted mean and its variance of the chosen cases, one figure a row of the matrix."""
        chosen = chosen[:, self.order]
        leaving = np.add.reduceat(chosen, self.starts, axis=1, dtype=np.float64)
        d = np.add.reduceat(chosen & self.observed, self.starts, axis=1, dtype=np.float64)
        n = np.cumsum(leaving[:, ::-1], axis=1)[:, ::-1]
        areas = np.cumprod(1 - np.divide(d, n, out=np.zeros_like(n), where=n > 0), axis=1) * self.widths
        after = np.cumsum(areas[:, ::-1], axis=1)[:, ::-1]  # from each time to tau: 0 past it
        terms = np.divide(d, n * (n - d), out=np.zeros_like(n), where=n > d)
        return self.first + after[:, 0], (after**2 * terms).sum(axis=1)
