"""Which points of a survival curve may be shown.

Source: DEFINITIONS 5.2: at month ends, each interval merged with the next until it holds no or at least the threshold's number of
stops and no or as many exits and censorings. Where the last intervals can't be merged so, the curve ends before them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from leadtime.disclosure.profiles import Profile
from leadtime.durations import DAYS_PER_MONTH
from leadtime.survival import KaplanMeier

__all__ = ["CurvePoint", "ShownCurve", "month_ends", "shown_curve"]

Side = Literal["survival", "lower", "upper"]
_SIDES: tuple[Side, ...] = ("survival", "lower", "upper")


@dataclass(frozen=True)
class CurvePoint:
    """The curve at the end of a month: the share still waiting with its limits, and how many are at risk from then on.

    `merged`: the point closes several months, between which nothing is told.
    """

    month: int
    survival: float
    lower: float | None
    upper: float | None
    at_risk: int
    merged: bool


@dataclass(frozen=True)
class ShownCurve:
    """The points that may be shown, the line through them (months, share), and whether it ends early so as to reveal no child.

    `lower` and `upper` are the lines of the limits, drawn in the same manner, so that the curve lies between them.
    """

    points: tuple[CurvePoint, ...]
    line: tuple[tuple[float, float], ...]
    ends_early: bool
    lower: tuple[tuple[float, float], ...] = ()
    upper: tuple[tuple[float, float], ...] = ()


def month_ends(curve: KaplanMeier, profile: Profile) -> tuple[tuple[int, ...], bool]:
    """Gives the months at whose ends the curve may be shown, and whether the last ones had to be left out.

    >>> from leadtime.disclosure.profiles import profile_named
    >>> from leadtime.survival import kaplan_meier
    >>> curve = kaplan_meier([10, 20, 40, 50, 70, 75, 80, 85, 88, 90], [1] * 10)
    >>> month_ends(curve, profile_named("se-5"))
    ((3,), False)
    """
    last = max(1, math.ceil(curve.last_time / DAYS_PER_MONTH))
    if not profile.month_ends:
        return tuple(range(1, last + 1)), False
    time, *counts = curve.ends
    month = np.clip(np.ceil(time.astype(np.float64) / DAYS_PER_MONTH).astype(np.int64), 1, last)
    stops, others = (np.bincount(month, count, last + 1) for count in counts)
    kept: list[int] = []
    here = (0, 0)
    for number in range(1, last + 1):
        here = (here[0] + int(stops[number]), here[1] + int(others[number]))
        if not any(profile.hides(count) for count in here):
            kept.append(number)
            here = (0, 0)
    return tuple(kept), here != (0, 0)


def shown_curve(curve: KaplanMeier, profile: Profile) -> ShownCurve:
    """Gives what may be shown of a curve: its month ends, and the line to draw.

    Within `internal` the line has the curve's own steps. Elsewhere it steps at month ends and runs straight across merged months; there
    it also passes through the median and the 90th percentile where those are shown.

    >>> from leadtime.disclosure.profiles import profile_named
    >>> from leadtime.survival import kaplan_meier
    >>> line = shown_curve(kaplan_meier([15, 30, 40], [1, 1, 1]), profile_named("internal")).line
    >>> [(round(month, 2), round(share, 2)) for month, share in line[:3]]
    [(0.0, 1.0), (0.49, 1.0), (0.49, 0.67)]
    """
    months, ends_early = month_ends(curve, profile)
    times = [month * DAYS_PER_MONTH for month in months]
    estimates = curve.at(times)
    at_risk = curve.at_risk([math.nextafter(time, math.inf) for time in times])
    points: list[CurvePoint] = []
    before = 0
    for month, estimate, risk in zip(months, estimates, at_risk, strict=True):
        share = estimate if estimate.value is not None else curve.at(curve.last_time)[0]
        points.append(CurvePoint(month, float(share.value or 0.0), share.lower, share.upper, int(risk), month - before > 1))
        before = month
    known = _quantiles(curve, profile) if profile.month_ends else {}
    lines = (_monthly(points, side, known[side]) if profile.month_ends else _exact(curve, side) for side in _SIDES)
    line, lower, upper = lines
    return ShownCurve(tuple(points), line, ends_early, lower, upper)


def _exact(curve: KaplanMeier, side: Side) -> tuple[tuple[float, float], ...]:
    """The own steps of the curve or of a limit, to its last time; a limit ends where it isn't defined."""
    line = [(0.0, 1.0)]
    for time, events, share in zip(*(curve.table.column(name) for name in ("time", "events", side)), strict=True):
        if events and share is None:
            return tuple(line)
        if events:
            at = float(time or 0) / DAYS_PER_MONTH
            line += [(at, line[-1][1]), (at, float(share))]
    end = curve.last_time / DAYS_PER_MONTH
    return (*line, (end, line[-1][1])) if end > line[-1][0] else tuple(line)


def _monthly(points: list[CurvePoint], side: Side, known: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Steps at month ends; straight across merged months, by way of the quantiles and their limits, which are shown anyway."""
    line = [(0.0, 1.0)]
    for point in points:
        here = getattr(point, side)
        if here is None:
            break
        start, share = line[-1]
        if point.merged:
            line += [(at, level) for at, level in known if start < at < point.month and share > level > here]
        else:
            line.append((float(point.month), share))
        line.append((float(point.month), here))
    return tuple(dict.fromkeys(line))


def _quantiles(curve: KaplanMeier, profile: Profile) -> dict[Side, list[tuple[float, float]]]:
    """Where the curve and its limits are known to pass: a quantile and its limits, which lie where those of the curve do."""
    needed = ((0.5, profile.median_stops), (0.9, profile.p90_stops))
    found = [(curve.quantile(p), 1 - p) for p, stops in needed if curve.events >= stops]
    values: dict[Side, list[float | None]] = {
        "survival": [estimate.value for estimate, _ in found],
        "lower": [estimate.lower for estimate, _ in found],
        "upper": [estimate.upper for estimate, _ in found],
    }
    levels = [level for _, level in found]
    return {
        side: [(at / DAYS_PER_MONTH, level) for at, level in zip(times, levels, strict=True) if at is not None]
        for side, times in values.items()
    }
