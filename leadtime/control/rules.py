"""The four rules of the NHS "making data count" charts, by name.

Source: NHS England, Making data count; equals R NHSRplotthedots, whose words for the kinds of point are kept. Where several rules
hold at a point the first of them is named: outside limits, trend, two of three, shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from leadtime.control.series import Bools, Floats
from leadtime.errors import UsageError

__all__ = ["Cause", "Improvement", "Rule", "RuleSet", "special_causes"]

Rule = Literal["outside limits", "trend", "two of three", "shift"]
Improvement = Literal["decrease", "increase", "neutral"]


@dataclass(frozen=True)
class RuleSet:
    """How many points make a shift and a trend, and which direction is better."""

    shift: int = 7
    trend: int = 7
    improvement: Improvement = "decrease"

    def __post_init__(self) -> None:
        for name, points in (("shift", self.shift), ("trend", self.trend)):
            if points < 3:
                raise UsageError(f"{name}={points} isn't allowed; give a number of points from 3 up")


@dataclass(frozen=True)
class Cause:
    """Why a point is out of the ordinary: the rule, and whether it points up or down."""

    rule: Rule
    upwards: bool
    points: int

    @property
    def special_cause_type(self) -> str:
        """The rule in the words of NHSRplotthedots."""
        side = "Above" if self.upwards else "Below"
        texts = {
            "outside limits": f"{side} {'UCL' if self.upwards else 'LCL'}",
            "trend": f"{self.points} Point Trend ({'In' if self.upwards else 'De'}creasing)",
            "two of three": f"2 in 3 {side} CL",
            "shift": f"{self.points} Points {side} CL",
        }
        return texts[self.rule]

    def point_type(self, improvement: Improvement) -> str:
        """Better, worse, or neither, in the words of NHSRplotthedots."""
        if improvement == "neutral":
            return f"special_cause_neutral_{'high' if self.upwards else 'low'}"
        return "special_cause_improvement" if self.upwards == (improvement == "increase") else "special_cause_concern"


def special_causes(
    values: Floats, centre: Floats, outer: tuple[Floats, Floats], near: tuple[Floats, Floats], rules: RuleSet
) -> list[Cause | None]:
    """Names the first rule that each point breaks, None for common cause.

    A shift is a number of points in a row on one side of the centre line, a point on it ends the row. A trend is a number of points
    in a row each above (below) the one before. Two of three are points between the near and the outer limits, all three on one side.

    Args:
        values: the points; NaN breaks every row.
        centre: the centre line at each point.
        outer: lower and upper limits, 3 standard deviations away.
        near: the same at 2 standard deviations.
        rules: numbers of points.

    Returns:
        One cause a point, or None.
    """
    with np.errstate(invalid="ignore"):
        side = np.nan_to_num(np.sign(values - centre))
        outside = (values < outer[0]) | (values > outer[1])
        close = ~outside & ((values < near[0]) | (values > near[1]))
        step = np.nan_to_num(np.sign(np.diff(values)))
    trend = _members(_windows_of_one_sign(step, rules.trend - 1), rules.trend, values.size)
    pair = _members(_two_of_three(close, side), 3, values.size) & close
    shift = _members(_windows_of_one_sign(side, rules.shift), rules.shift, values.size)
    rising = _rising(step, trend)
    found: list[Cause | None] = []
    for i in range(values.size):
        above = bool(side[i] > 0)
        found.append(
            Cause("outside limits", above, 1) if outside[i]
            else Cause("trend", bool(rising[i]), rules.trend) if trend[i]
            else Cause("two of three", above, 3) if pair[i]
            else Cause("shift", above, rules.shift) if shift[i]
            else None
        )  # fmt: skip
    return found


def _windows_of_one_sign(signs: Floats, length: int) -> Bools:
    """For each start of a window, whether all signs in it are up or all are down."""
    if signs.size < length:
        return np.zeros(0, dtype=np.bool_)
    totals = sliding_window_view(signs, length).sum(axis=1)
    flags: Bools = np.abs(totals) == length
    return flags


def _two_of_three(close: Bools, side: Floats) -> Bools:
    if close.size < 3:
        return np.zeros(0, dtype=np.bool_)
    flags: Bools = (sliding_window_view(close, 3).sum(axis=1) >= 2) & (np.abs(sliding_window_view(side, 3).sum(axis=1)) == 3)
    return flags


def _members(starts: Bools, length: int, n: int) -> Bools:
    """The points that lie in any of the windows that are flagged by their start."""
    inside = np.zeros(n, dtype=np.bool_)
    for start in np.flatnonzero(starts):
        inside[start : start + length] = True
    return inside


def _rising(step: Floats, trend: Bools) -> Bools:
    """The direction of a trend at each point: that of the step to the next point of it, at its end that of the step before."""
    to_next, from_last = np.append(step, 0.0), np.concatenate(([0.0], step))
    goes_on = np.append(trend[1:], False) & (to_next != 0)
    flags: Bools = np.where(goes_on, to_next, from_last) > 0
    return flags
