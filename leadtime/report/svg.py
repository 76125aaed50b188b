"""A chart of a report as inline SVG, drawn from the same points as the workbook's.

Colours and dashes come from classes, so that one drawing serves light, dark and print; no script, no font, nothing loaded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from html import escape
from typing import NamedTuple

from leadtime.report.model import ChartBlock, Line

__all__ = ["drawn"]

_WIDTH, _LEFT, _RIGHT, _TOP, _HEIGHT = 760, 62, 18, 14, 300
_BELOW = 52
# Of a name at the size of a narrow screen: the room of a letter and of a line, and the most letters that have room.
_LETTER, _LINE, _LONGEST = 11.5, 20, 50
Place = Callable[[float, float], tuple[float, float]]


def drawn(chart: ChartBlock) -> str:
    """Gives a chart as an SVG element with its title and description for screen readers."""
    furthest = max((x for line in chart.lines for x, _ in line.points), default=12.0)
    step = 6 if furthest <= 72 else 12 * math.ceil(furthest / 144)
    last = step * max(1, math.ceil(furthest / step))
    inner = _WIDTH - _LEFT - _RIGHT

    def at(x: float, y: float) -> tuple[float, float]:
        return round(_LEFT + inner * x / last, 1), round(_TOP + _HEIGHT * (1 - y / 100), 1)

    height = _TOP + _HEIGHT + _BELOW + (22 * (2 * len(chart.risk) + 1) if chart.risk else 0)
    parts = [
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="{chart.name}-title {chart.name}-alt">',
        f'<title id="{chart.name}-title">{escape(chart.title)}</title><desc id="{chart.name}-alt">{escape(chart.alt)}</desc>',
        *_grid(range(0, last + 1, step), at),
        *_bands(chart.lines, at),
        *_curves(chart.lines, at),
        f'<text class="axis" x="{_LEFT + inner / 2:g}" y="{_TOP + _HEIGHT + 40}" text-anchor="middle">{escape(chart.x_label)}</text>',
        f'<text class="axis" transform="translate(16 {_TOP + _HEIGHT / 2:g}) rotate(-90)" text-anchor="middle">',
        f"{escape(chart.y_label)}</text>",
        *_risk(chart, at),
        "</svg>",
    ]
    return "".join(parts)


def _grid(ticks: Iterable[int], at: Place) -> Iterable[str]:
    for y in range(0, 101, 20):
        (left, height), (right, _) = at(0, y), at(max(ticks), y)
        yield f'<line class="grid" x1="{left}" x2="{right}" y1="{height}" y2="{height}"/>'
        yield f'<text class="tick" x="{left - 8:g}" y="{height + 4:g}" text-anchor="end">{y}</text>'
    for x in ticks:
        across, bottom = at(x, 0)
        yield f'<line class="mark" x1="{across}" x2="{across}" y1="{bottom}" y2="{bottom + 5:g}"/>'
        yield f'<text class="tick" x="{across}" y="{bottom + 19:g}" text-anchor="middle">{x}</text>'


def _bands(lines: Iterable[Line], at: Place) -> Iterable[str]:
    """The area between each curve's limits."""
    limits = {(line.group, line.role): line for line in lines}
    for group in sorted({line.group for line in lines}):
        lower, upper = limits.get((group, "lower")), limits.get((group, "upper"))
        if lower and upper:
            there = [at(x, y) for x, y in upper.points]
            back = [at(x, y) for x, y in reversed(lower.points)]
            yield f'<polygon class="band g{group % 4}" points="{_points([*there, *back])}"/>'


def _curves(lines: Iterable[Line], at: Place) -> Iterable[str]:
    """Each curve with its name beside it, near the median, where no other name stands."""
    curves = [line for line in lines if line.role == "curve"]
    for line in curves:
        yield f'<polyline class="curve g{line.group % 4}" points="{_points([at(x, y) for x, y in line.points])}"/>'
    taken: list[_Spot] = []
    for line in curves:
        name = _short(line.name)
        x, y = min(line.points, key=lambda point: (abs(point[1] - 50), -point[0]))
        spots = list(_spots(*at(x, y), _LETTER * len(name)))
        spot = next((spot for spot in spots if spot.fits and not any(map(spot.meets, taken))), spots[0])
        taken.append(spot)
        place = (
            f'x="{spot.left:g}" y="{spot.base:g}"' if spot.left > at(x, y)[0] else f'x="{spot.right:g}" y="{spot.base:g}" text-anchor="end"'
        )
        yield f'<text class="name g{line.group % 4}" {place}>{escape(name)}</text>'


class _Spot(NamedTuple):
    """Where a name may stand: from its left to its right end, on its base line."""

    left: float
    right: float
    base: float

    @property
    def fits(self) -> bool:
        return self.left >= _LEFT and self.right <= _WIDTH and _LINE <= self.base <= _TOP + _HEIGHT

    def meets(self, other: _Spot) -> bool:
        return self.left < other.right and other.left < self.right and abs(self.base - other.base) < _LINE


def _spots(across: float, up: float, wide: float) -> Iterable[_Spot]:
    """Where a name of some width may stand beside a point of a curve that falls: right above it, left below it, then ever farther off."""
    right, left = across + 8, across - 8 - wide
    for row in range(_HEIGHT // _LINE):
        yield _Spot(right, right + wide, up - 8 - _LINE * row)
        yield _Spot(left, left + wide, up + _LINE * (row + 1))
        yield _Spot(right, right + wide, up + _LINE * (row + 1))
        yield _Spot(left, left + wide, up - 8 - _LINE * row)


def _short(name: str) -> str:
    """A name that has room in the drawing."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _risk(chart: ChartBlock, at: Place) -> Iterable[str]:
    """The numbers under observation below the axis, where there is room for them."""
    if not chart.risk:
        return
    top = _TOP + _HEIGHT + _BELOW + 12
    yield f'<text class="axis" x="{_LEFT}" y="{top}">{escape(chart.risk_title)}</text>'
    for row, (name, numbers) in enumerate(chart.risk):
        named = top + 22 * (2 * row + 1)
        yield f'<text class="name g{row % 4}" x="{_LEFT}" y="{named}">{escape(_short(name))}</text>'
        free = -math.inf
        for x, number in numbers:
            across, _ = at(x, 0)
            if across >= free:
                yield f'<text class="tick" x="{across}" y="{named + 22}" text-anchor="middle">{escape(number)}</text>'
                free = across + 9 * len(number) + 14
