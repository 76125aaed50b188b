"""Claims on the page's chart: every name can be read, whatever the curves do, on a telephone too."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from leadtime.report import ChartBlock, Line
from leadtime.report.svg import drawn

WIDEST = 11.5  # a bold letter at the size of a narrow screen, in the drawing's units
TALL = 15

CURVES = {
    "ends at once": ([(0, 100), (2, 100)], [(0, 100), (5, 100), (7, 86)]),
    "nobody finishes": ([(0, 100), (23, 100)], [(0, 100), (23, 100)]),
    "alike": ([(0, 100), (5, 60), (6, 50), (9, 20)], [(0, 100), (5, 58), (6, 49), (9, 18)]),
    "half only at the end": ([(0, 100), (12, 50)], [(0, 100), (12, 51)]),
    "all at once": ([(0, 100), (0, 0)], [(0, 100), (0, 0)]),
}


def named(chart: str) -> list[tuple[str, float, float, float]]:
    """Each name in the drawing: its text, where it begins and ends, and its base line."""
    found = []
    for attributes, text in re.findall(r'<text class="name[^"]*"([^>]*)>([^<]*)</text>', chart):
        x, y = (float(re.search(rf'\b{side}="([-\d.]+)"', attributes)[1]) for side in ("x", "y"))
        left = x - WIDEST * len(text) if 'text-anchor="end"' in attributes else x
        found.append((text, left, left + WIDEST * len(text), y))
    return found


@pytest.mark.parametrize("names", [("före", "efter"), ("before", "after"), ("kontrollgrupp 2019", "kontrollgrupp 2021")])
@pytest.mark.parametrize("kind", CURVES)
def test_every_name_in_the_chart_can_be_read_and_none_lies_upon_another(kind: str, names: tuple[str, str]) -> None:
    lines = tuple(Line(name, tuple(points), group, "curve") for group, (name, points) in enumerate(zip(names, CURVES[kind], strict=True)))
    risk = tuple((name, ((0.0, "142"), (1.0, "42"))) for name in names)
    chart = drawn(ChartBlock("chart", "Waiting", "Months", "Waiting (%)", lines, "alt", "table", "Under observation", risk))
    width, height = map(float, re.search(r'viewBox="0 0 (\d+) (\d+)"', chart).groups())
    found = named(chart)
    assert sorted(text for text, *_ in found) == sorted(names * 2)
    for _, left, right, base in found:
        assert left >= 0
        assert right <= width
        assert TALL <= base <= height
    for (_, left, right, base), (_, other_left, other_right, other) in combinations(found, 2):
        assert right < other_left or other_right < left or abs(base - other) >= TALL
    numbers = [float(y) for y in re.findall(r'y="([\d.]+)" text-anchor="middle">1?42</text>', chart)]
    assert len(set(numbers)) == 2
    assert all(abs(base - number) >= TALL for *_, base in found for number in numbers)


def test_a_name_that_is_longer_than_the_chart_is_shortened_and_says_so() -> None:
    name = "Alla barn som remitterades från barnhälsovården i länets norra och södra delar"
    line = Line(name, ((0, 100), (6, 40)), 0, "curve")
    chart = drawn(
        ChartBlock("chart", "Waiting", "Months", "Waiting (%)", (line,), "alt", "table", "Under observation", ((name, ((1.0, "42"),)),))
    )
    for text, left, right, _ in named(chart):
        assert text.endswith("…")
        assert left >= 0
        assert right <= 760
