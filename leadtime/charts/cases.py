"""The cases one by one and together: survival curves, the dotted chart of cases, the distribution of lead times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from leadtime.charts.base import COLOURS, DASHES, HATCHES, Chart, cohort_name, month_ticks, plain, titled
from leadtime.durations import DAYS_PER_MONTH
from leadtime.errors import UsageError
from leadtime.words import Language, Words, format_duration, words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from leadtime.cases import LeadTimes
    from leadtime.compare import CohortEstimate, Comparison

__all__ = ["distribution", "dotted_chart", "survival_curves"]

_MARKS = {"stopped": "o", "still waiting": ">", "left": "x"}
_MOST_CASES = 2000


def survival_curves(comparison: Comparison, *, language: Language = "en", every: int | None = None) -> Chart:
    """Draws the share still waiting in each cohort, with its limits, its median, its unfinished cases, and the numbers at risk below.

    Args:
        comparison: the result of `compare`.
        language: of title, axes and legend.
        every: months between the numbers at risk, and between the marks of the axis; default what leaves them readable.

    Returns:
        A new figure; for a report use `build_report`, which hides small numbers.

    Raises:
        UsageError: `every` isn't above 0.

    Source:
        DEFINITIONS 3.1 (curve and limits), 3.2 (median).
    """
    if every is not None and every < 1:
        raise UsageError(f"every={every} isn't allowed; give a number of months from 1 up")
    text = words(language)
    figure = Chart(figsize=(9, 5.8), layout="constrained")
    axes, below = figure.subplots(2, 1, height_ratios=(8, 1.2), sharex=True)
    last = max(cohort.curve.last_time for cohort in comparison.cohorts) / DAYS_PER_MONTH
    ticks = month_ticks(last, every)
    for place, cohort in enumerate(comparison.cohorts):
        _curve(axes, cohort, place, text)
    axes.axhline(50, color="#9AA5B1", linewidth=0.8, linestyle=":")
    axes.set(ylim=(0, 101), ylabel=text.say("chart.share"), xticks=ticks, xlim=(0, ticks[-1]))
    axes.set_xlabel(text.say("chart.months"))
    axes.tick_params(labelbottom=True)
    axes.set_title(titled("chart.survival", sum(cohort.n for cohort in comparison.cohorts), text), loc="left", fontweight="bold")
    _legend(axes, comparison.confidence, text)
    plain(axes)
    _at_risk(below, comparison.cohorts, ticks, text)
    return figure


def _curve(axes: Axes, cohort: CohortEstimate, place: int, text: Words) -> None:
    table = cohort.curve.to_pandas()
    months = np.concatenate([[0.0], table["time"].to_numpy(dtype=float) / DAYS_PER_MONTH])
    colour = COLOURS[place % len(COLOURS)]
    median = format_duration(cohort.median.value, language=text.language)
    label = text.say("chart.legend", {"cohort": cohort_name(cohort.name, text), "n": text.integer(cohort.n), "median": median})
    shares = {name: 100 * np.concatenate([[1.0], table[name].to_numpy(dtype=float)]) for name in ("survival", "lower", "upper")}
    axes.step(months, shares["survival"], where="post", color=colour, linestyle=DASHES[place % len(DASHES)], linewidth=2, label=label)
    axes.fill_between(months, shares["lower"], shares["upper"], step="post", color=colour, alpha=0.14, linewidth=0)
    unfinished = np.concatenate([[0], table["censored"].to_numpy(dtype=float)]) > 0
    axes.plot(months[unfinished], shares["survival"][unfinished], linestyle="", marker="|", markersize=7, color=colour)
    if cohort.median.value is not None:
        axes.plot(cohort.median.value / DAYS_PER_MONTH, 50, marker="o", color=colour, markersize=6, markeredgecolor="white")


def _legend(axes: Axes, confidence: float, text: Words) -> None:
    """The cohorts, then what the band and the small marks mean."""
    band = Patch(facecolor="#52606D", alpha=0.2, label=text.say("chart.band", {"confidence": text.percent(confidence)}))
    mark = Line2D([], [], linestyle="", marker="|", markersize=7, color="#52606D", label=text.say("chart.open"))
    axes.legend(handles=[*axes.get_legend_handles_labels()[0], band, mark], frameon=False, loc="best")


def _at_risk(axes: Axes, cohorts: tuple[CohortEstimate, ...], ticks: np.ndarray, text: Words) -> None:
    """The numbers under observation, a row a cohort."""
    axes.set(ylim=(len(cohorts) - 0.4, -0.6), yticks=range(len(cohorts)))
    axes.set_yticklabels([cohort_name(cohort.name, text) for cohort in cohorts])
    axes.set_title(text.say("chart.risk"), loc="left", fontsize="medium")
    for row, cohort in enumerate(cohorts):
        numbers = cohort.curve.at_risk([float(tick) * DAYS_PER_MONTH for tick in ticks])
        for tick, number in zip(ticks, numbers, strict=True):
            axes.text(tick, row, text.integer(int(number)), ha="center", va="center", color=COLOURS[row % len(COLOURS)])
    axes.tick_params(length=0, labelbottom=False, pad=18)
    for spine in axes.spines.values():
        spine.set_visible(False)


def dotted_chart(times: LeadTimes, *, by: str | None = None, language: Language = "en") -> Chart:
    """Draws every case as a line from its clock's start to its end, in order of start, marked by how it ended; cases bear no name.

    Each line shows one child: the figure is for those who may see the data, and has no place in a published report.

    Args:
        times: the result of `lead_times`.
        by: a case attribute that colours the lines.
        language: of title, axes and legend.

    Returns:
        A new figure; of more than 2,000 cases it shows 2,000, evenly spaced in order of start, and says so.

    Raises:
        InputError: there is no such attribute, or some cases have several values.
    """
    text, frame = words(language), _timed(times, by).sort_values(["started", "ended", "status"], kind="stable").reset_index(drop=True)
    n = len(frame)
    if n > _MOST_CASES:
        frame = frame.iloc[np.linspace(0, n - 1, _MOST_CASES).astype(int)].reset_index(drop=True)
    figure = Chart(figsize=(9, 6), layout="constrained")
    axes = figure.subplots()
    groups = _groups(frame)
    for place, group in enumerate(groups):
        _cases(axes, frame[frame["group"] == group], place, text)
    axes.set(xlabel=text.say("chart.calendar"), ylabel=text.say("chart.dotted_y"), yticks=[])
    axes.set_title(titled("chart.dotted", n, text), loc="left", fontweight="bold")
    if len(frame) < n:
        said = {"shown": text.integer(len(frame)), "n": text.integer(n)}
        axes.set_title(text.say("chart.shown", said), loc="right", fontsize="small", color="#52606D")
    axes.invert_yaxis()
    # Below the chart: no corner is empty in every log.
    figure.legend(frameon=False, loc="outside lower center", ncols=len(groups) if len(groups) > 1 else 4, fontsize="small")
    plain(axes)
    return figure


def _cases(axes: Axes, rows: pd.DataFrame, place: int, text: Words) -> None:
    """A group's cases: full or dashed lines, full or open marks, so that groups differ in grey too."""
    if rows.empty:
        return
    group = str(rows["group"].iloc[0])
    colour, face = COLOURS[place % len(COLOURS)], ("white" if place % 2 else COLOURS[place % len(COLOURS)])
    name = f"{cohort_name(group, text)}: " if group else ""
    axes.hlines(rows.index, rows["started"], rows["ended"], color=colour, linewidth=0.8, alpha=0.55, linestyles=DASHES[place % len(DASHES)])
    axes.plot(rows["started"], rows.index, linestyle="", marker="|", markersize=4, color=colour, label=name + text.say("chart.start"))
    for status, mark in _MARKS.items():
        some = rows[rows["status"] == status]
        label = name + text.texts.get(f"status.{status}", status)
        axes.plot(some["ended"], some.index, linestyle="", marker=mark, markersize=4, color=colour, markerfacecolor=face, label=label)


def distribution(times: LeadTimes, *, by: str | None = None, language: Language = "en", width: float = 3.0) -> Chart:
    """Draws how the lead times of finished cases are spread, a panel a group.

    Args:
        times: the result of `lead_times`.
        by: a case attribute that makes the panels.
        language: of title and axes.
        width: of a bar, in months.

    Returns:
        A new figure, which says that cases still waiting aren't in it.

    Raises:
        InputError: there is no such attribute, or some cases have several values.
        UsageError: `width` isn't above 0.
    """
    if not width > 0:
        raise UsageError(f"width={width} isn't allowed; give a number of months above 0")
    text, frame = words(language), _timed(times, by)
    done = frame[frame["status"] == "stopped"]
    months = done["lead_time_days"] / DAYS_PER_MONTH
    longest = float(months.max()) if len(months) else width
    edges = np.arange(0, longest + width, width)
    groups = _groups(frame)
    figure = Chart(figsize=(9, 1.4 + 2.1 * len(groups)), layout="constrained")
    # One scale of cases for all panels: bars are there to be compared.
    panels = figure.subplots(len(groups), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for place, (axes, group) in enumerate(zip(panels, groups, strict=True)):
        here = months[done["group"] == group]
        colour, hatch = COLOURS[place % len(COLOURS)], HATCHES[place % len(HATCHES)]
        axes.hist(here, bins=edges, color=colour, alpha=0.75, hatch=hatch, edgecolor="white")
        axes.set_ylabel(text.say("chart.cases"))
        if group:
            title = text.say("chart.with_n", {"title": cohort_name(group, text), "n": text.integer(len(here))})
            axes.set_title(title, loc="left", fontsize="medium")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        plain(axes)
    panels[-1].set(xlabel=text.say("chart.months"), xticks=month_ticks(float(edges[-1]), None), xlim=(0, edges[-1]))
    figure.suptitle(titled("chart.distribution", len(months), text), x=0.01, ha="left", fontweight="bold")
    figure.supxlabel(text.say("chart.distribution_note"), x=0.01, ha="left", fontsize="small", color="#52606D")
    return figure


def _timed(times: LeadTimes, by: str | None) -> pd.DataFrame:
    """The cases that have a lead time, with their group and without their names."""
    if by is not None:
        times.require_attribute(by)
    frame = times.to_pandas()
    frame = frame[frame["status"] != "excluded"]
    group = frame[by].astype("string").fillna("") if by else ""
    return frame[["started", "ended", "status", "lead_time_days"]].assign(group=group)


def _groups(frame: pd.DataFrame) -> list[str]:
    """The groups, before and after in that order, others by name."""
    rank = {"before": 0, "after": 1}
    return sorted((str(group) for group in frame["group"].unique()), key=lambda name: (rank.get(name, 2), name)) or [""]
