"""Which points of a survival curve may be shown.

Source: DEFINITIONS 5.2: at month ends, each interval merged with the next until it holds no or at least the threshold's number of
stops and no or as many exits and censorings. Where the last intervals can't be merged so, the curve ends before them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from leadtime.disclosure.profiles import Profile
from leadtime.durations import DAYS_PER_MONTH
from leadtime.survival import KaplanMeier

__all__ = ["CurvePoint", "ShownCurve", "month_ends", "shown_curve"]


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
    """The points that may be shown, the line through them (months, share), and whether it ends early so as to reveal no child."""

    points: tuple[CurvePoint, ...]
    line: tuple[tuple[float, float], ...]
    ends_early: bool


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
    line = _monthly(points, curve, profile) if profile.month_ends else _exact(curve)
    return ShownCurve(tuple(points), line, ends_early)


def _exact(curve: KaplanMeier) -> tuple[tuple[float, float], ...]:
    """The curve's own steps, to its last time."""
    line = [(0.0, 1.0)]
    for time, events, survival in zip(*(curve.table.column(name) for name in ("time", "events", "survival")), strict=True):
        if events:
            at = float(time or 0) / DAYS_PER_MONTH
            line += [(at, line[-1][1]), (at, float(survival or 0))]
    end = curve.last_time / DAYS_PER_MONTH
    return (*line, (end, line[-1][1])) if end > line[-1][0] else tuple(line)


def _monthly(points: list[CurvePoint], curve: KaplanMeier, profile: Profile) -> tuple[tuple[float, float], ...]:
    """Steps at month ends; straight across merged months, by way of the quantiles that are shown anyway."""
    known = _quantiles(curve, profile)
    line = [(0.0, 1.0)]
    for point in points:
        start, share = line[-1]
        if point.merged:
            line += [(at, level) for at, level in known if start < at < point.month and share > level > point.survival]
        else:
            line.append((float(point.month), share))
        line.append((float(point.month), point.survival))
    return tuple(dict.fromkeys(line))


def _quantiles(curve: KaplanMeier, profile: Profile) -> list[tuple[float, float]]:
    needed = ((0.5, profile.median_stops), (0.9, profile.p90_stops))
    found = [(curve.quantile(p).value, 1 - p) for p, stops in needed if curve.events >= stops]
    return [(value / DAYS_PER_MONTH, level) for value, level in found if value is not None]
