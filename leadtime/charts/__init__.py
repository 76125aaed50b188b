"""Charts for a notebook or a printed page, from results: one family a module.

The only room that knows matplotlib. Each function gives a new `Chart` and touches no global state; show it by its name in a notebook,
save it for print with `chart.save(path)`. Colours are told apart by the colour-blind (Okabe & Ito 2008), and in grey by dashes, marks and
hatching. For a report use `build_report`, which hides small numbers; a chart shows the result as it is.
"""

from __future__ import annotations

from leadtime.charts.base import Chart
from leadtime.charts.cases import distribution, dotted_chart, survival_curves
from leadtime.charts.change import cumulative_incidence, sensitivity_forest, waterfall
from leadtime.charts.flow import ageing_chart, cumulative_flow_chart, hand_over_map, waits_chart
from leadtime.charts.paths import case_path, value_stream_map
from leadtime.charts.trends import control_chart, funnel_chart, segmented_lines

__all__ = [
    "Chart", "ageing_chart", "case_path", "control_chart", "cumulative_flow_chart", "cumulative_incidence", "distribution", "dotted_chart",
    "funnel_chart", "hand_over_map", "segmented_lines", "sensitivity_forest", "survival_curves", "value_stream_map", "waits_chart",
    "waterfall",
]  # fmt: skip
