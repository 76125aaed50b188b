"""Run chart, XmR (individuals and moving ranges), P and T charts, each cut and frozen alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from leadtime.control.chart import ControlChart, Limits, draw_up
from leadtime.control.rules import Improvement, RuleSet
from leadtime.control.series import Bools, Floats, layout_of, mean_of, series_of
from leadtime.errors import InputError, UsageError, counted, did_you_mean

__all__ = ["Dispersion", "mr_chart", "p_chart", "run_chart", "t_chart", "xmr"]

Dispersion = Literal["binomial", "laney"]

_D2 = 1.128  # mean moving range of two normal values, in standard deviations
_SCREEN = 3.267  # times the mean moving range: the upper limit of a moving range
_POWER = 3.6  # turns exponential waiting times into nearly normal ones


def run_chart(
    values: Sequence[Any] | npt.ArrayLike,
    *,
    freeze: int | None = None,
    rebase: int | Sequence[int] | None = None,
    exclude: Sequence[int] = (),
    labels: Sequence[Any] | None = None,
) -> ControlChart:
    """Makes a run chart: the median, the longest run on one side of it, and how often it is crossed.

    Values on the median are left out of runs and crossings; the chart has no limits.

    Args:
        values: a number a period in order of time, None where a period has none.
        freeze: how many points from the first the median rests on; None for all.
        rebase: position, or positions, of the first point after a break: from there a new median.
        exclude: positions left out of median and runs.
        labels: what the points are called, for example months.

    Returns:
        The chart; `runs_signal` says whether the longest run is longer than `longest_run_max` or crossings fewer than `n_crossings_min`.

    Raises:
        NotEstimable: fewer than two known values, or a part without any.
        UsageError, InputError: a position outside the series, or a value that is no finite number.

    Source: Anhøj & Olesen (2014), PLoS ONE 9:e113825; equals R qicharts2 `qic(chart = "run")`.

    >>> chart = run_chart([12, 14, 11, 13, 15, 12, 14, 9, 8, 7, 9, 8, 6, 7])
    >>> chart.median, chart.n_useful, chart.longest_run, chart.n_crossings, chart.runs_signal
    (10.0, 14, 7, 1, True)
    """
    series = series_of(values)
    layout = layout_of(series.size, freeze, rebase, exclude)

    def lines(span: slice) -> Limits:
        known = series[span][layout.base[span] & ~np.isnan(series[span])]
        size = span.stop - span.start
        none = np.full(size, np.nan)
        return Limits(np.full(size, float(np.median(known))), (none, none), (none, none))

    return draw_up("run", series, layout, lines, None, labels)


def xmr(
    values: Sequence[Any] | npt.ArrayLike,
    *,
    freeze: int | None = None,
    rebase: int | Sequence[int] | None = None,
    exclude: Sequence[int] = (),
    screen: bool = True,
    shift: int = 7,
    trend: int = 7,
    improvement: Improvement = "decrease",
    labels: Sequence[Any] | None = None,
) -> ControlChart:
    """Makes an XmR chart: mean, limits at 3 standard deviations from the mean moving range, and the NHS rules by name.

    The limits are mean ± 3 x (mean moving range) / 1.128. Moving ranges of 3.267 times their mean or more are left out of it once,
    and the mean of the values stays. There is no moving range across a period without value.

    Args:
        values: a number a period in order of time, None where a period has none.
        freeze: how many points from the first the lines rest on, so that what follows is judged by them; None for all.
        rebase: position, or positions, of the first point after a break: from there new lines.
        exclude: positions that the lines and runs leave out.
        screen: whether large moving ranges are left out.
        shift: how many points in a row on one side of the mean make a shift.
        trend: how many points in a row, each above (below) the one before, make a trend.
        improvement: which direction is better; for lead times "decrease".
        labels: what the points are called, for example months.

    Returns:
        The chart; `trial` where the lines of a part rest on fewer than 12 points.

    Raises:
        NotEstimable: fewer than two known values, or a part without any.
        UsageError, InputError: a position outside the series, or a value that is no finite number.

    Source: Wheeler & Chambers (1992); screening by Nelson (1982); 3 / 1.128 as R qicharts2 `qic(chart = "i")`; rules as NHSRplotthedots,
    whose own limits (2.66) differ in the fifth digit.

    >>> chart = xmr([10, 12, 11, 13, 12, 11, 10, 12, 11, 25, 12, 11, 12])
    >>> round(chart.centre, 3), round(chart.lower, 3), round(chart.upper, 3), chart.outside, chart.current.screened
    (12.462, 9.004, 15.919, (9,), 2)
    """
    series = series_of(values)
    layout = layout_of(series.size, freeze, rebase, exclude)

    def lines(span: slice) -> Limits:
        return _individuals(series[span], layout.base[span], screen=screen)

    return draw_up("xmr", series, layout, lines, RuleSet(shift, trend, _checked(improvement)), labels)


def mr_chart(
    values: Sequence[Any] | npt.ArrayLike,
    *,
    freeze: int | None = None,
    rebase: int | Sequence[int] | None = None,
    exclude: Sequence[int] = (),
    labels: Sequence[Any] | None = None,
) -> ControlChart:
    """Makes the moving-range chart that belongs to an XmR chart: how far each value lies from the one before.

    Args:
        values: as in `xmr`.
        freeze: as in `xmr`.
        rebase: as in `xmr`; the first point of a part has no moving range.
        exclude: as in `xmr`.
        labels: as in `xmr`.

    Returns:
        The chart of moving ranges: their mean, and 3.267 times it as the upper limit.

    Raises:
        NotEstimable, UsageError, InputError: as `xmr`.

    Source: Montgomery, Introduction to statistical quality control, section 6.4; equals R qicharts2 `qic(chart = "mr")`.

    >>> chart = mr_chart([10, 12, 11, 13, 12])
    >>> chart.centre, round(chart.upper, 4)
    (1.5, 4.9005)
    """
    series = series_of(values)
    layout = layout_of(series.size, freeze, rebase, exclude)
    ranges = np.concatenate([_ranges(series[span]) for span in layout.parts])

    def lines(span: slice) -> Limits:
        part = ranges[span]
        mean = mean_of(part[layout.base[span] & ~np.isnan(part)])
        near = (np.zeros(part.size), np.full(part.size, _SCREEN * mean * 2 / 3))
        return Limits(np.full(part.size, mean), (np.zeros(part.size), np.full(part.size, _SCREEN * mean)), near)

    return draw_up("mr", ranges, layout, lines, None, labels)


def t_chart(
    values: Sequence[Any] | npt.ArrayLike,
    *,
    freeze: int | None = None,
    rebase: int | Sequence[int] | None = None,
    exclude: Sequence[int] = (),
    screen: bool = True,
    shift: int = 7,
    trend: int = 7,
    improvement: Improvement = "neutral",
    labels: Sequence[Any] | None = None,
) -> ControlChart:
    """Makes a T chart: an XmR chart of times between rare events, drawn on the scale of their 3.6th root.

    Args:
        values: times between events, above 0, in order; None where there is none.
        freeze: as in `xmr`.
        rebase: as in `xmr`.
        exclude: as in `xmr`.
        screen: as in `xmr`.
        shift: as in `xmr`.
        trend: as in `xmr`.
        improvement: as in `xmr`; where the events are unwanted, "increase".
        labels: as in `xmr`.

    Returns:
        The chart in the unit of the times; a lower limit under 0 is 0.

    Raises:
        InputError: a time is 0 or less.
        NotEstimable, UsageError: as `xmr`.

    Source: Nelson (1994), Journal of Quality Technology 26:239; equals R qicharts2 `qic(chart = "t")`.

    >>> chart = t_chart([5, 20, 11, 40, 8, 15, 30, 3, 25, 12, 18, 9])
    >>> round(chart.centre, 2), round(chart.lower, 3), round(chart.upper, 1)
    (13.92, 0.025, 121.8)
    """
    series = series_of(values)
    few = np.flatnonzero(series <= 0)
    if few.size:
        raise InputError(f"values[{few[0]}] is {series[few[0]]:g}; a time between events is above 0, so join events of the same time")
    layout = layout_of(series.size, freeze, rebase, exclude)
    rooted = series ** (1 / _POWER)

    def lines(span: slice) -> Limits:
        found = _individuals(rooted[span], layout.base[span], screen=screen)
        outer, near = ((_unrooted(low), _unrooted(high)) for low, high in (found.outer, found.near))
        return Limits(_unrooted(found.centre), outer, near, screened=found.screened)

    return draw_up("t", series, layout, lines, RuleSet(shift, trend, _checked(improvement)), labels)


def p_chart(
    events: Sequence[Any] | npt.ArrayLike,
    sizes: Sequence[Any] | npt.ArrayLike,
    *,
    dispersion: Dispersion = "binomial",
    freeze: int | None = None,
    rebase: int | Sequence[int] | None = None,
    exclude: Sequence[int] = (),
    screen: bool = True,
    shift: int = 7,
    trend: int = 7,
    improvement: Improvement = "neutral",
    labels: Sequence[Any] | None = None,
) -> ControlChart:
    """Makes a P chart of shares, for example done within 90 days, with limits that follow each period's size.

    Args:
        events: how many of each period's cases have what is counted.
        sizes: how many cases each period has; 0 or None is a period without value.
        dispersion: "binomial" for chance alone; "laney" widens (or narrows) the limits by how much the shares really vary, which suits
            large sizes. The chart doesn't choose: where `current.dispersion` lies well above 1, say over 1.2, "laney" is the fairer.
        freeze: as in `xmr`.
        rebase: as in `xmr`.
        exclude: as in `xmr`.
        screen: as in `xmr`, for the moving ranges of Laney's z.
        shift: as in `xmr`.
        trend: as in `xmr`.
        improvement: as in `xmr`; where the counted is wanted, "increase".
        labels: as in `xmr`.

    Returns:
        The chart of shares; limits lie between 0 and 1.

    Raises:
        InputError: a count below 0 or above its size.
        NotEstimable, UsageError: as `xmr`.

    Source: Montgomery, section 7.2; Laney (2002), Quality Engineering 14:531; equals R qicharts2 `qic(chart = "p")` and "pp".

    >>> chart = p_chart([12, 15, 8, 10, 4, 7, 16, 9], [50] * 8)
    >>> chart.centre, round(chart.lower, 4), round(chart.upper, 4)
    (0.2025, 0.032, 0.373)
    """
    if dispersion not in get_args(Dispersion):
        raise UsageError(f"dispersion is '{dispersion}'{did_you_mean(dispersion, get_args(Dispersion))}")
    shares = _shares(series_of(events, "events"), series_of(sizes, "sizes"))
    layout = layout_of(shares.values.size, freeze, rebase, exclude)

    def lines(span: slice) -> Limits:
        return _proportions(shares.of(span), layout.base[span], dispersion, screen=screen)

    kind: Literal["p", "p-prime"] = "p" if dispersion == "binomial" else "p-prime"
    return draw_up(kind, shares.values, layout, lines, RuleSet(shift, trend, _checked(improvement)), labels)


def _checked(improvement: Improvement) -> Improvement:
    if improvement not in get_args(Improvement):
        raise UsageError(f"improvement is '{improvement}'{did_you_mean(improvement, get_args(Improvement))}")
    return improvement


def _ranges(part: Floats) -> Floats:
    """How far each point lies from the one before; the first has none."""
    return np.concatenate(([np.nan], np.abs(np.diff(part))))


@dataclass(frozen=True)
class _MovingRange:
    """The mean moving range, its limit before screening, and how many were screened out."""

    mean: float
    limit: float
    screened: int


def _moving_range(base: Floats, *, screen: bool) -> _MovingRange:
    """The mean moving range of the baseline points; NaN where no two follow each other."""
    ranges = np.abs(np.diff(base))
    ranges = ranges[~np.isnan(ranges)]
    if not ranges.size:
        return _MovingRange(np.nan, np.nan, 0)
    limit = _SCREEN * mean_of(ranges)
    kept = ranges[ranges < limit] if screen and limit > 0 else ranges
    return _MovingRange(mean_of(kept), limit, int(ranges.size - kept.size))


def _individuals(part: Floats, base: Bools, *, screen: bool) -> Limits:
    level = np.full(part.size, mean_of(part[base & ~np.isnan(part)]))
    moving = _moving_range(part[base], screen=screen)
    sigma = moving.mean / _D2
    return Limits(
        centre=level,
        outer=(level - 3 * sigma, level + 3 * sigma),
        near=(level - 2 * sigma, level + 2 * sigma),
        moving_ranges=_ranges(part),
        mean_moving_range=moving.mean,
        moving_range_limit=moving.limit,
        screened=moving.screened,
    )


def _unrooted(line: Floats) -> Floats:
    """A line back on the scale of times; what lies under 0 is 0."""
    return np.where(np.isnan(line), np.nan, np.maximum(line, 0.0) ** _POWER)


@dataclass(frozen=True, eq=False)
class _Shares:
    values: Floats
    events: Floats
    sizes: Floats

    def of(self, span: slice) -> _Shares:
        return _Shares(self.values[span], self.events[span], self.sizes[span])


def _shares(events: Floats, sizes: Floats) -> _Shares:
    if events.size != sizes.size:
        raise UsageError(f"events has {counted(events.size, 'value')} and sizes has {sizes.size}; give one of each a period")
    bad = np.flatnonzero((events < 0) | (sizes < 0) | (events > sizes))
    if bad.size:
        place = bad[0]
        raise InputError(f"events[{place}] is {events[place]:g} of {sizes[place]:g}; allowed is a count from 0 to the period's size")
    absent = np.isnan(events) | np.isnan(sizes) | (sizes == 0)
    known = np.where(absent, np.nan, sizes)
    return _Shares(events / known, np.where(absent, np.nan, events), known)


def _proportions(shares: _Shares, base: Bools, dispersion: Dispersion, *, screen: bool) -> Limits:
    centre = float(np.nansum(shares.events[base]) / np.nansum(shares.sizes[base]))
    sigma = np.sqrt(centre * (1 - centre) / shares.sizes)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (shares.values[base] - centre) / sigma[base]
    spread = _moving_range(z, screen=screen).mean / _D2
    if dispersion == "laney":
        sigma = sigma * spread
    level = np.full(sigma.size, centre)
    outer, near = ((np.maximum(level - k * sigma, 0.0), np.minimum(level + k * sigma, 1.0)) for k in (3, 2))
    return Limits(level, outer, near, dispersion=spread)
