"""One path drawn to scale: a child's, split into work and waiting, and a value stream with its saw-tooth time line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
from matplotlib.patches import FancyBboxPatch

from leadtime.charts.base import COLOURS, GREY, HATCHES, INK, Chart, noted, plain
from leadtime.durations import DAYS_PER_MONTH
from leadtime.errors import UsageError
from leadtime.words import Language, Words, format_duration, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from leadtime.valuestream import ValueStream
    from leadtime.waste import TimeSplit

__all__ = ["case_path", "value_stream_map"]

_DAY_US = 86_400_000_000
# From below: what is work stands high, so that short visits are seen among long waits.
_HEIGHTS = {"waiting": 0.25, "unknown": 0.4, "referral": 0.55, "paused": 0.4, "contact": 0.85, "value": 1.0}
_PAINT = {
    "waiting": "#CBD2D9",
    "unknown": "#9AA5B1",
    "referral": COLOURS[4],
    "paused": COLOURS[3],
    "contact": COLOURS[5],
    "value": COLOURS[0],
}
_MOST_STEPS = 12


def case_path(split: TimeSplit, case_id: str, *, language: Language = "en") -> Chart:
    """Draws one child's path, day by day, split into work and waiting; visits of minutes are drawn as thin lines.

    The figure shows one child: of synthetic or pseudonymous data only, and never in a published report. It doesn't show the id.

    Args:
        split: the result of `time_split`.
        case_id: which case.
        language: of title, axes and categories.

    Returns:
        A new figure.

    Raises:
        UsageError: no such case has a lead time.

    Source:
        DEFINITIONS 4.2 (each instant in exactly one category).
    """
    text = words(language)
    parts = split.log.session.collect(split.segments.filter(nw.col("case_id") == case_id).sort("from_us"))
    if not len(parts):
        raise UsageError("case_id names no case that has a lead time; the ids stand in time_split's table")
    figure = Chart(figsize=(10, 2.9), layout="constrained")
    axes = figure.subplots()
    sums = (parts["to_us"] - parts["from_us"]).groupby(parts["category"]).sum() / _DAY_US
    for category, height in _HEIGHTS.items():
        some = parts[parts["category"] == category]
        if some.empty:
            continue
        label = f"{text.say(f'report.time_kind.{category}')}: {_length(float(sums[category]), text)}"
        left, width = some["from_us"] / _DAY_US / DAYS_PER_MONTH, (some["to_us"] - some["from_us"]) / _DAY_US / DAYS_PER_MONTH
        hatch = HATCHES[1] if category == "referral" else ""
        axes.bar(
            left,
            height,
            width=width,
            align="edge",
            color=_PAINT[category],
            hatch=hatch,
            edgecolor=_PAINT[category] if not hatch else "white",
            linewidth=1.5 if height > 0.8 else 0,
            label=label,
        )
    last = float(parts["to_us"].max()) / _DAY_US
    axes.set(xlabel=text.say("chart.months"), yticks=[], ylim=(0, 1.1), xlim=(0, last / DAYS_PER_MONTH * 1.005))
    title = text.say("chart.path", {"days": format_duration(last, language=language)})
    axes.set_title(title, loc="left", fontweight="bold")
    figure.legend(frameon=False, loc="outside lower center", ncols=4, fontsize="small")
    plain(axes, grid="x")
    axes.spines["left"].set_visible(False)
    return figure


def _length(days: float, text: Words) -> str:
    """Days in words; a length under a day in hours."""
    if days < 1:
        return text.say("chart.hours", {"n": text.number(24 * days, digits=1)})
    return format_duration(days, language=text.language)


def value_stream_map(stream: ValueStream, *, language: Language = "en") -> Chart:
    """Draws the steps of a value stream as boxes, and below them the saw-tooth: waits in the valleys, work on the teeth.

    Args:
        stream: the result of `value_stream`; a future state is drawn below the current one.
        language: of title and labels; the steps bear their own names.

    Returns:
        A new figure. Widths aren't to scale: the figures stand in it.

    Raises:
        UsageError: the stream has over 12 steps, too many to read.

    Source:
        DEFINITIONS 4.9.
    """
    text = words(language)
    states = [state for state in (stream, stream.future) if state is not None]
    widest = max(len(state.steps) for state in states)
    if widest > _MOST_STEPS:
        raise UsageError(f"the stream has {widest} steps, over the {_MOST_STEPS} that can be read; draw a part of it")
    figure = Chart(figsize=(max(8.0, 1.5 * widest + 1), 3.4 * len(states)), layout="constrained")
    panels = figure.subplots(len(states), 1, squeeze=False)[:, 0]
    for axes, state, name in zip(panels, states, ("current", "future"), strict=False):
        _stream(axes, state, text)
        figures = {
            "lead": _length(state.lead_time_days, text),
            "work": text.say("chart.unknown") if state.process_days is None else _length(state.process_days, text),
        }
        ratio = (
            ""
            if state.activity_ratio is None
            else " " + text.say("chart.activity_ratio", {"ratio": text.percent(state.activity_ratio, digits=1)})
        )
        title = text.say(f"value_stream.{name}") if len(states) > 1 else text.say("value_stream.title")
        axes.set_title(f"{title}: {text.say('chart.stream', figures)} {ratio}".rstrip(), loc="left", fontweight="bold", fontsize="medium")
    noted(figure, text.say("chart.stream_note"))
    return figure


def _stream(axes: Axes, state: ValueStream, text: Words) -> None:
    """A state: each step takes two units of width, the wait before it and the work."""
    xs, ys = [0.0], [0.0]
    for place, step in enumerate(state.steps):
        left = 2.0 * place
        box = FancyBboxPatch(
            (left + 0.85, 1.25),
            1.0,
            0.9,
            boxstyle="round,pad=0.04",
            facecolor="#E8EEF4",
            edgecolor=COLOURS[0] if step.critical else GREY,
            linewidth=2.5 if step.critical else 1,
        )
        axes.add_patch(box)
        axes.text(left + 1.35, 1.7, _wrapped(step.step), ha="center", va="center", fontsize=8, color=INK)
        if step.complete_accurate is not None:
            axes.text(
                left + 1.35,
                1.02,
                text.say("chart.right_first", {"share": text.percent(step.complete_accurate)}),
                ha="center",
                va="center",
                fontsize=7,
                color=GREY,
            )
        if place:
            axes.annotate("", (left + 0.8, 1.7), (left - 0.1, 1.7), arrowprops={"arrowstyle": "->", "color": GREY})
        xs += [left + 0.85, left + 0.85, left + 1.85, left + 1.85]
        ys += [0.0, 0.55, 0.55, 0.0]
        axes.text(left + 0.35, -0.12, _length(step.wait_days, text), ha="center", va="top", fontsize=8, color=COLOURS[1])
        work = text.say("chart.unknown") if step.process_days is None else _length(step.process_days, text)
        axes.text(left + 1.35, 0.62, work, ha="center", va="bottom", fontsize=8, color=COLOURS[0])
    axes.plot([*xs, xs[-1] + 0.1], [*ys, 0.0], color=INK, linewidth=1.5)
    axes.set(xlim=(-0.25, 2 * len(state.steps) + 0.05), ylim=(-0.5, 2.3))
    axes.set_axis_off()


def _wrapped(name: str) -> str:
    """A step's name on at most three short lines."""
    import textwrap

    return "\n".join(textwrap.wrap(name, 14, max_lines=3, placeholder="…"))
