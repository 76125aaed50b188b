"""Was it falling already? Run charts, control charts, funnels and regression of a series with a break: numpy in, frozen results out.

The room knows nothing of logs, engines or charts. A series is one number a period in order of time, None or NaN where a period has
none. Positions count from 0: a break at position 28 leaves 28 points before it, and the 29th is the first after.
"""

from __future__ import annotations

from leadtime.control.chart import ChartPart, ControlChart
from leadtime.control.differences import DifferenceInDifferences, difference_in_differences
from leadtime.control.funnel import Funnel, funnel
from leadtime.control.regression import Regression
from leadtime.control.segmented import SegmentedRegression, segmented_regression
from leadtime.control.shewhart import mr_chart, p_chart, run_chart, t_chart, xmr

__all__ = [
    "ChartPart",
    "ControlChart",
    "DifferenceInDifferences",
    "Funnel",
    "Regression",
    "SegmentedRegression",
    "difference_in_differences",
    "funnel",
    "mr_chart",
    "p_chart",
    "run_chart",
    "segmented_regression",
    "t_chart",
    "xmr",
]
