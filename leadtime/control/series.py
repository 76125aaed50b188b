"""What the charts accept: a series with gaps, and how it is laid out in parts and baseline points."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from leadtime.errors import InputError, NotEstimable, UsageError, counted

__all__ = ["Bools", "Floats", "Layout", "check_break", "labels_of", "layout_of", "mean_of", "series_of"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Layout:
    """How a series is cut: each part from a position up to another, and which points its limits rest on."""

    parts: tuple[slice, ...]
    base: Bools
    included: Bools


def series_of(values: Sequence[Any] | npt.ArrayLike, name: str = "values", *, at_least: int = 2) -> Floats:
    """Checks a series: numbers in order of time, NaN where a period has none.

    Raises:
        InputError: a value is infinite.
        UsageError: the values aren't one column of numbers.
        NotEstimable: there are too few.
    """
    try:
        given = np.asarray(values, dtype=object)
        array = np.array([math.nan if _absent(value) else float(value) for value in given.ravel()], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} must hold plain numbers, None where a period has none ({error})") from None
    if given.ndim != 1:
        raise UsageError(f"{name} must be one column of values, not of shape {given.shape}")
    infinite = np.flatnonzero(np.isinf(array))
    if infinite.size:
        raise InputError(f"{name}[{infinite[0]}] is {array[infinite[0]]}; give a finite number, or None where a period has none")
    known = int(np.count_nonzero(~np.isnan(array)))
    if known < at_least:
        raise NotEstimable(f"{name} has {counted(known, 'known value')}; allowed is {at_least} or more")
    return array + 0.0  # -0.0 becomes 0.0


def _absent(value: Any) -> bool:
    return value is None or str(value) in {"nan", "NaN", "<NA>", "NaT"}


def labels_of(labels: Sequence[Any] | None, n: int) -> tuple[str, ...]:
    """Gives one label a point; without any, the positions."""
    if labels is None:
        return tuple(str(position) for position in range(n))
    if len(labels) != n:
        raise UsageError(f"labels has {counted(len(labels), 'value')} and the series has {n}; give one a point")
    return tuple(str(label) for label in labels)


def layout_of(n: int, freeze: int | None, rebase: int | Sequence[int] | None, exclude: Sequence[int]) -> Layout:
    """Decides parts and baseline points.

    Raises:
        UsageError: a position lies outside the series, or both `freeze` and `rebase` are given.
    """
    if freeze is not None and rebase is not None:
        raise UsageError("freeze and rebase are both given; freeze keeps one baseline, rebase starts a new one, so give one of them")
    if freeze is not None and not 2 <= freeze <= n:
        raise UsageError(f"freeze={freeze} isn't allowed; give a number of baseline points from 2 to {n}")
    cuts = [] if rebase is None else sorted({rebase} if isinstance(rebase, (int, np.integer)) else set(rebase))
    for cut in cuts:
        check_break(cut, n, "rebase")
    for position in exclude:
        if not 0 <= position < n:
            raise UsageError(f"exclude names position {position}; allowed are 0 to {n - 1}")
    included = np.ones(n, dtype=np.bool_)
    included[list(exclude)] = False
    base = included & (np.arange(n) < (n if freeze is None else freeze))
    edges = [0, *cuts, n]
    return Layout(tuple(slice(start, stop) for start, stop in itertools.pairwise(edges)), base, included)


def check_break(position: int, n: int, name: str) -> None:
    """Checks the position of the first point after a break."""
    if not 1 <= position < n:
        raise UsageError(f"{name}={position} isn't allowed; give the position of the first point after the break, from 1 to {n - 1}")


def mean_of(values: Floats) -> float:
    """The mean, exact for equal values, so that a flat series lies on its own centre line."""
    mean = math.fsum(values) / values.size
    return mean + math.fsum(values - mean) / values.size
