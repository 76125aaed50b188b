"""Sites beside each other: a share or rate by size, with the limits that chance alone would keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from leadtime.control.series import Floats, labels_of, series_of
from leadtime.errors import InputError, UsageError, counted, did_you_mean
from leadtime.results import Result, Table, Value

__all__ = ["Funnel", "FunnelKind", "funnel"]

FunnelKind = Literal["proportion", "rate"]


@dataclass(frozen=True)
class Funnel(Result):
    """A funnel as numbers: a row a site with its share (or rate), the limits for its size, and the widest limit that it passes."""

    kind: FunnelKind
    target: float
    limits: tuple[float, ...]
    sites: Table

    @property
    def outside(self) -> tuple[Value, ...]:
        """The labels of the sites outside the widest limits."""
        widest = max(self.limits)
        return tuple(row["label"] for row in self.sites.records() if row["beyond"] == widest)

    def curve(self, sizes: Sequence[float] | npt.ArrayLike) -> Table:
        """Gives the limits for other sizes, to draw the funnel with.

        Args:
            sizes: numbers of cases (proportion) or of exposure (rate), above 0.

        Returns:
            A row a size: `size` and the lower and upper limit of each level.
        """
        at = _sizes_of(sizes)
        lines = [line for level in self.limits for line in _limits(self.kind, at, self.target, level)]
        rows = tuple(tuple(float(value) for value in row) for row in zip(at, *lines, strict=True))
        return Table("funnel_curve", ("size", *_limit_names(self.limits)), rows)

    def _table(self) -> Table:
        return self.sites


def funnel(
    events: Sequence[Any] | npt.ArrayLike,
    sizes: Sequence[Any] | npt.ArrayLike,
    *,
    labels: Sequence[Any] | None = None,
    kind: FunnelKind = "proportion",
    target: float | None = None,
    limits: Sequence[float] = (0.95, 0.998),
) -> Funnel:
    """Sets sites beside each other with the limits of chance for their size: few cases, wide limits.

    The limits are exact quantiles of the binomial (a share) or the Poisson distribution (a rate), interpolated between whole counts.

    Args:
        events: how many of each site's cases have what is counted, for example done within 90 days.
        sizes: how many cases (proportion) or how much exposure (rate) each site has.
        labels: the sites' names.
        kind: "proportion" for shares of cases, "rate" for events per exposure.
        target: what the sites are held against; None for all sites together.
        limits: levels, each above 0 and below 1.

    Returns:
        A row a site in the order given: `label, events, size, value`, a lower and an upper limit for each level, `beyond` (the widest
        level that the site passes, or None) and `side` ("above" or "below" the target).

    Raises:
        InputError: a count below 0, a size of 0, or more events than cases.
        UsageError: an option isn't allowed.

    Source: Spiegelhalter (2005), Statistics in Medicine 24:1185, appendix A.1.

    >>> result = funnel([30, 18, 9], [50, 40, 45], labels=["A", "B", "C"])
    >>> result.target, [row["beyond"] for row in result.sites.records()]
    (0.4222222222222222, [0.95, None, 0.95])
    """
    if kind not in get_args(FunnelKind):
        raise UsageError(f"kind is '{kind}'{did_you_mean(kind, get_args(FunnelKind))}")
    levels = _levels(limits)
    count, size = series_of(events, "events", at_least=1), _sizes_of(sizes)
    _check(count, size, kind)
    middle = float(count.sum() / size.sum()) if target is None else float(target)
    if middle < 0 or (kind == "proportion" and middle > 1):
        raise UsageError(f"target={target} isn't allowed; give a share from 0 to 1, or a rate of 0 or more")
    value = count / size
    lines = [_limits(kind, size, middle, level) for level in levels]
    beyond: list[float | None] = [None] * value.size
    for level, (lower, upper) in zip(levels, lines, strict=True):
        beyond = [level if out else before for out, before in zip((value < lower) | (value > upper), beyond, strict=True)]
    drawn = [line for pair in lines for line in pair]
    rows = []
    for i, label in enumerate(labels_of(labels, value.size)):
        side = "above" if value[i] > middle else "below" if value[i] < middle else None
        figures = (float(figure[i]) for figure in (size, value, *drawn))
        rows.append((label, int(count[i]), *figures, beyond[i], side))
    columns = ("label", "events", "size", "value", *_limit_names(levels), "beyond", "side")
    return Funnel(kind, middle, levels, Table("funnel", columns, tuple(rows), counts=("events", "size")))


def _levels(limits: Sequence[float]) -> tuple[float, ...]:
    for level in limits:
        if not 0 < level < 1:
            raise UsageError(f"limits holds {level}; allowed is above 0 and below 1, for example 0.95")
    if not limits:
        raise UsageError("limits is empty; give at least one level, for example 0.95")
    return tuple(sorted(set(limits)))


def _limit_names(levels: Sequence[float]) -> tuple[str, ...]:
    names = [f"{100 * level:g}".replace(".", "_") for level in levels]
    return tuple(f"{side}_{name}" for name in names for side in ("lower", "upper"))


def _sizes_of(sizes: Sequence[Any] | npt.ArrayLike) -> Floats:
    size = series_of(sizes, "sizes", at_least=1)
    bad = np.flatnonzero(~(size > 0))
    if bad.size:
        raise InputError(f"sizes[{bad[0]}] is {size[bad[0]]:g}; a site without cases has no place in a funnel, so leave it out")
    return size


def _check(count: Floats, size: Floats, kind: FunnelKind) -> None:
    if count.size != size.size:
        raise UsageError(f"events has {counted(count.size, 'value')} and sizes has {size.size}; give one of each a site")
    whole = count == np.floor(count)
    bad = np.flatnonzero(~(whole & (count >= 0)) | ((kind == "proportion") & ((count > size) | (size != np.floor(size)))))
    if bad.size:
        raise InputError(f"events[{bad[0]}] is {count[bad[0]]:g} of {size[bad[0]]:g}; allowed are whole counts from 0 to the site's size")


def _limits(kind: FunnelKind, size: Floats, target: float, level: float) -> tuple[Floats, Floats]:
    lower, upper = (_quantile(kind, size, target, p) / size for p in ((1 - level) / 2, (1 + level) / 2))
    return np.maximum(lower, 0.0), (np.minimum(upper, 1.0) if kind == "proportion" else upper)


def _quantile(kind: FunnelKind, size: Floats, target: float, p: float) -> Floats:
    """The count that a share p of sites of this size would stay under, between whole counts by interpolation."""
    from scipy.stats import binom, poisson

    law = binom(np.floor(size), target) if kind == "proportion" else poisson(size * target)
    count = law.ppf(p)
    chance = law.pmf(count)
    inside = np.divide(law.cdf(count) - p, chance, out=np.zeros_like(chance), where=chance > 0)
    found: Floats = count - inside
    return found
