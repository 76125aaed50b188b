"""Was it falling already: control and run charts, the lines of a segmented regression, and the funnel of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leadtime.charts.base import COLOURS, GREY, INK, Chart, noted, plain, titled
from leadtime.words import Language, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from leadtime.control import ControlChart, Funnel, SegmentedRegression

__all__ = ["control_chart", "funnel_chart", "segmented_lines"]


def control_chart(found: ControlChart, *, y_label: str = "", language: Language = "en") -> Chart:
    """Draws a run chart or a control chart: the points, the centre line and limits of each part, and the points that break a rule.

    Args:
        found: the result of `control.xmr`, `run_chart`, `p_chart` or `t_chart`.
        y_label: what is measured, with its unit.
        language: of title and legend.

    Returns:
        A new figure; points that break a rule are orange diamonds, those outside the limits are larger.
    """
    text, frame = words(language), found.points.to_pandas()
    figure = Chart(figsize=(9, 4.6), layout="constrained")
    axes = figure.subplots()
    values = frame["value"].to_numpy(dtype=float)
    position = frame["position"].to_numpy(dtype=int)
    for part in found.parts:
        inside = slice(part.first, part.last + 1)
        for name, style, width in (("centre", "-", 1.4), ("lower", "--", 1.1), ("upper", "--", 1.1)):
            line = frame[name].to_numpy(dtype=float)[inside]
            if not np.isnan(line).all():
                axes.step(position[inside], line, where="mid", color=GREY, linestyle=style, linewidth=width)
                _labelled(axes, position[inside][-1], line[-1], text.say(f"chart.{name}"), last=part is found.parts[-1])
    axes.plot(position, values, color=COLOURS[0], marker="o", markersize=4.5, linewidth=1.2, label=text.say("chart.value"))
    signals = list(found.signals or found.outside)
    if signals:
        axes.plot(
            position[signals], values[signals], linestyle="", marker="D", markersize=7, color=COLOURS[1], label=text.say("chart.signal")
        )
    _periods(axes, [str(label) for label in frame["label"]])
    axes.set(ylabel=y_label, xlabel=text.say("chart.period"), xlim=(-0.5, len(frame) - 0.5 + 0.1 * len(frame)))
    axes.set_title(
        titled(f"chart.control_{'run' if found.chart == 'run' else 'limits'}", int((~np.isnan(values)).sum()), text),
        loc="left",
        fontweight="bold",
    )
    figure.legend(frameon=False, loc="outside right upper", fontsize="small")
    plain(axes)
    if found.trial:
        noted(figure, text.say("chart.trial"))
    return figure


def _labelled(axes: Axes, x: float, y: float, said: str, *, last: bool) -> None:
    if last:
        axes.annotate(said, (x, y), xytext=(8, 0), textcoords="offset points", va="center", fontsize="small", color=GREY)


def _periods(axes: Axes, labels: Sequence[str]) -> None:
    """At most ten marks, so that the periods can be read."""
    step = max(1, -(-len(labels) // 10))
    axes.set_xticks(range(0, len(labels), step), labels[::step])


def segmented_lines(found: SegmentedRegression, *, y_label: str = "", language: Language = "en") -> Chart:
    """Draws the points, the line before and after the break, and where the line before would have gone on to.

    Args:
        found: the result of `control.segmented_regression`.
        y_label: what is measured, with its unit.
        language: of title and legend.

    Returns:
        A new figure, with the change of level and of slope and their intervals below.
    """
    text, frame = words(language), found.points.to_pandas()
    figure = Chart(figsize=(9, 4.8), layout="constrained")
    axes = figure.subplots()
    at = frame["position"].to_numpy(dtype=int)
    before = at < found.break_at
    axes.plot(at, frame["value"].to_numpy(dtype=float), linestyle="", marker="o", color=COLOURS[0], label=text.say("chart.value"))
    for side, label in ((before, text.say("chart.fitted")), (~before, "")):
        axes.plot(at[side], frame["fitted"].to_numpy(dtype=float)[side], color=INK, linewidth=2, label=label or "_")
    axes.plot(
        at[~before],
        frame["counterfactual"].to_numpy(dtype=float)[~before],
        color=COLOURS[1],
        linestyle="--",
        linewidth=1.6,
        label=text.say("chart.counterfactual"),
    )
    axes.axvline(found.break_at - 0.5, color=GREY, linestyle=":", linewidth=1.2)
    axes.annotate(
        text.say("chart.break"),
        (found.break_at - 0.5, 1),
        xycoords=("data", "axes fraction"),
        xytext=(4, -10),
        textcoords="offset points",
        fontsize="small",
        color=GREY,
    )
    _periods(axes, [str(label) for label in frame["label"]])
    axes.set(ylabel=y_label, xlabel=text.say("chart.period"), ylim=(0, None))
    axes.set_title(titled("chart.segmented", int(frame["value"].notna().sum()), text), loc="left", fontweight="bold")
    figure.legend(frameon=False, loc="outside right upper", fontsize="small")
    plain(axes)
    noted(figure, text.say("chart.segmented_note", {"method": found.primary, **_terms(found, text)}))
    return figure


def _terms(found: SegmentedRegression, text: Any) -> dict[str, str]:
    """The terms with their intervals as numbers."""
    terms = {"slope": found.slope_before, "level": found.level_change, "change": found.slope_change}
    parts: dict[str, str] = {}
    for name, estimate in terms.items():
        for end, value in (("", estimate.value), ("_lower", estimate.lower), ("_upper", estimate.upper)):
            parts[name + end] = "-" if value is None else text.number(value, digits=1)
    return parts


def funnel_chart(found: Funnel, *, language: Language = "en") -> Chart:
    """Draws each site's share (or rate) by its size, with the limits of chance for that size; sites outside them are named.

    Args:
        found: the result of `control.funnel`.
        language: of title, axes and legend.

    Returns:
        A new figure.
    """
    text, frame = words(language), found.sites.to_pandas()
    scale = 100.0 if found.kind == "proportion" else 1.0
    sizes = np.linspace(max(1.0, float(frame["size"].min()) * 0.5), float(frame["size"].max()) * 1.1, 120)
    lines = found.curve(sizes).to_pandas()
    figure = Chart(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    for place, level in enumerate(sorted(found.limits)):
        for side, column in enumerate(lines.columns[1 + 2 * place : 3 + 2 * place]):
            label = text.say("chart.funnel_limit", {"level": text.percent(level, digits=1)}) if side == 0 else "_"
            axes.plot(sizes, scale * lines[column], color=GREY, linestyle=("--", "-")[place % 2], linewidth=1.1, label=label)
    axes.axhline(scale * found.target, color=INK, linewidth=1)
    outside = frame["label"].isin(list(found.outside))
    for some, colour, mark, key in ((~outside, COLOURS[0], "o", "inside"), (outside, COLOURS[1], "D", "outside")):
        axes.plot(
            frame.loc[some, "size"],
            scale * frame.loc[some, "value"],
            linestyle="",
            marker=mark,
            color=colour,
            markersize=7,
            label=text.say(f"chart.{key}"),
        )
    for row in frame[outside].to_dict(orient="records"):
        axes.annotate(str(row["label"]), (row["size"], scale * row["value"]), xytext=(8, 4), textcoords="offset points", fontsize="small")
    axes.set(
        xlabel=text.say("chart.size"),
        ylabel=text.say("chart.share_of_cases" if scale > 1 else "chart.rate"),
        xlim=(0, None),
        ylim=(0, 100 if scale > 1 else None),
    )
    axes.set_title(titled("chart.funnel", len(frame), text), loc="left", fontweight="bold")
    figure.legend(frameon=False, loc="outside lower center", ncols=4, fontsize="small")
    plain(axes)
    return figure
