"""What a control chart is: points, the centre line and limits of each part, runs and special causes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from leadtime.control.rules import RuleSet, special_causes
from leadtime.control.runs import Runs, runs_about
from leadtime.control.series import Bools, Floats, Layout, labels_of
from leadtime.errors import NotEstimable
from leadtime.results import Result, Table, Value

__all__ = ["TRIAL", "ChartKind", "ChartPart", "ControlChart", "Limits", "draw_up"]

ChartKind = Literal["run", "xmr", "mr", "p", "p-prime", "t"]
TRIAL = 12  # limits that rest on fewer points are trial limits

_COLUMNS = (
    "position", "label", "value", "moving_range", "part", "centre", "lower", "upper", "outside", "rule", "special_cause_type", "point_type",
)  # fmt: skip
_PART_COLUMNS = (
    "part", "first", "last", "n_obs", "n_useful", "centre", "lower", "upper", "longest_run", "longest_run_max", "n_crossings",
    "n_crossings_min", "runs_signal", "trial",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Limits:
    """The lines of one part: a value a point each, NaN where a chart has no such line, and what they were made from."""

    centre: Floats
    outer: tuple[Floats, Floats]
    near: tuple[Floats, Floats]
    moving_ranges: Floats | None = None
    mean_moving_range: float = math.nan
    moving_range_limit: float = math.nan
    screened: int = 0
    dispersion: float = math.nan


@dataclass(frozen=True)
class ChartPart:
    """One part of a chart, from position `first` to `last`, both in it.

    `centre`, `lower` and `upper` are those of its last point (only a P chart's limits vary in a part). `n_obs` counts the points that
    aren't excluded, `n_useful` those off the centre line. `trial`: the limits rest on fewer than 12 points. `screened` moving ranges
    were left out of `mean_moving_range`. `dispersion` is Laney's sigma-z of a P chart: about 1 where chance alone moves the shares.
    """

    first: int
    last: int
    n_obs: int
    n_useful: int
    centre: float | None
    lower: float | None
    upper: float | None
    longest_run: int | None
    longest_run_max: int | None
    n_crossings: int | None
    n_crossings_min: int | None
    runs_signal: bool
    outside: tuple[int, ...]
    trial: bool
    mean_moving_range: float | None = None
    moving_range_limit: float | None = None
    screened: int = 0
    dispersion: float | None = None


@dataclass(frozen=True)
class ControlChart(Result):
    """A chart as numbers: `points`, a row a point, and `parts`, one for each stretch with limits of its own.

    `centre`, `lower`, `upper` and the runs are those of the last part, the lines in force now; positions count from 0. `to_pandas()`
    gives the points, `.part_table` the parts.
    """

    chart: ChartKind
    parts: tuple[ChartPart, ...]
    points: Table

    @property
    def current(self) -> ChartPart:
        """The last part: the lines in force now."""
        return self.parts[-1]

    @property
    def centre(self) -> float | None:
        """The centre line in force: the mean, in a run chart the median."""
        return self.current.centre

    @property
    def mean(self) -> float | None:
        """The centre line of an XmR chart by its usual name; None for a run chart, which has none."""
        return None if self.chart == "run" else self.current.centre

    @property
    def median(self) -> float | None:
        """The centre line of a run chart by its usual name; None for the others."""
        return self.current.centre if self.chart == "run" else None

    @property
    def lower(self) -> float | None:
        """The lower limit in force."""
        return self.current.lower

    @property
    def upper(self) -> float | None:
        """The upper limit in force."""
        return self.current.upper

    @property
    def longest_run(self) -> int | None:
        """The longest run on one side of the centre line in force."""
        return self.current.longest_run

    @property
    def longest_run_max(self) -> int | None:
        """How long that run may be by chance."""
        return self.current.longest_run_max

    @property
    def n_crossings(self) -> int | None:
        """How often the centre line in force is crossed."""
        return self.current.n_crossings

    @property
    def n_crossings_min(self) -> int | None:
        """How seldom it may be crossed by chance."""
        return self.current.n_crossings_min

    @property
    def n_useful(self) -> int:
        """How many points lie off the centre line in force."""
        return self.current.n_useful

    @property
    def outside(self) -> tuple[int, ...]:
        """Positions of the points outside the limits."""
        return tuple(position for part in self.parts for position in part.outside)

    @property
    def signals(self) -> tuple[int, ...]:
        """Positions of the points that break any of the rules."""
        rules = self.points.column("rule")
        return tuple(position for position, rule in enumerate(rules) if rule is not None)

    @property
    def runs_signal(self) -> bool:
        """Whether runs or crossings of any part say that the series isn't chance alone."""
        return any(part.runs_signal for part in self.parts)

    @property
    def trial(self) -> bool:
        """Whether any part's limits rest on fewer than 12 points, to be taken as trial limits."""
        return any(part.trial for part in self.parts)

    @property
    def part_table(self) -> Table:
        """The parts as a table."""
        rows = tuple((number, *(getattr(part, name) for name in _PART_COLUMNS[1:])) for number, part in enumerate(self.parts, start=1))
        return Table(f"{self.chart}_parts", _PART_COLUMNS, rows)

    def _table(self) -> Table:
        return self.points

    def __str__(self) -> str:
        return str(self.part_table)


def draw_up(
    chart: ChartKind,
    values: Floats,
    layout: Layout,
    lines_of: Callable[[slice], Limits],
    rules: RuleSet | None,
    labels: Sequence[Any] | None,
) -> ControlChart:
    """Makes a chart out of its parts' lines.

    Raises:
        NotEstimable: a part has no point for its lines to rest on.
    """
    named = labels_of(labels, values.size)
    parts, rows = [], []
    for number, span in enumerate(layout.parts, start=1):
        base = int(np.count_nonzero(layout.base[span] & ~np.isnan(values[span])))
        if base == 0:
            raise NotEstimable(f"part {number}, positions {span.start} to {span.stop - 1}, has no value for its centre line to rest on")
        lines = lines_of(span)
        inside = layout.included[span]
        runs = runs_about(values[span][inside], lines.centre[inside])
        parts.append(_part(span, values[span], lines, runs, n_obs=int(inside.sum()), base=base))
        rows += _rows(span, values[span], named[span], number, lines, rules)
    return ControlChart(chart, tuple(parts), Table(f"{chart}_chart", _COLUMNS, tuple(rows)))


def _outside(values: Floats, lines: Limits) -> Bools:
    flags: Bools = (values < lines.outer[0]) | (values > lines.outer[1])  # never where a line or the value is NaN
    return flags


def _part(span: slice, values: Floats, lines: Limits, runs: Runs, *, n_obs: int, base: int) -> ChartPart:
    return ChartPart(
        first=span.start,
        last=span.stop - 1,
        n_obs=n_obs,
        n_useful=runs.n_useful,
        centre=_or_none(lines.centre[-1]),
        lower=_or_none(lines.outer[0][-1]),
        upper=_or_none(lines.outer[1][-1]),
        longest_run=runs.longest_run,
        longest_run_max=runs.longest_run_max,
        n_crossings=runs.n_crossings,
        n_crossings_min=runs.n_crossings_min,
        runs_signal=runs.signal,
        outside=tuple(int(i) + span.start for i in np.flatnonzero(_outside(values, lines))),
        trial=base < TRIAL,
        mean_moving_range=_or_none(lines.mean_moving_range),
        moving_range_limit=_or_none(lines.moving_range_limit),
        screened=lines.screened,
        dispersion=_or_none(lines.dispersion),
    )


def _rows(
    span: slice, values: Floats, labels: tuple[str, ...], number: int, lines: Limits, rules: RuleSet | None
) -> list[tuple[Value, ...]]:
    ranges = np.full(values.size, np.nan) if lines.moving_ranges is None else lines.moving_ranges
    drawn = (lines.centre, *lines.outer)
    outside, words = _outside(values, lines), _words(values, lines, rules)
    return [
        (span.start + i, label, _or_none(values[i]), _or_none(ranges[i]), number, *(_or_none(line[i]) for line in drawn), bool(outside[i]))
        + words[i]
        for i, label in enumerate(labels)
    ]


def _words(values: Floats, lines: Limits, rules: RuleSet | None) -> list[tuple[str | None, str | None, str | None]]:
    """The rule, kind and judgement of each point; none where the chart has no rules or the period no value."""
    if rules is None:
        return [(None, None, None)] * values.size
    causes = special_causes(values, lines.centre, lines.outer, lines.near, rules)
    return [
        (cause.rule, cause.special_cause_type, cause.point_type(rules.improvement)) if cause
        else (None, None, None) if np.isnan(value)
        else (None, "Common Cause", "common_cause")
        for cause, value in zip(causes, values, strict=True)
    ]  # fmt: skip


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
