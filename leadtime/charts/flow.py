"""How cases move: waits by transition, who hands over to whom, cumulative flow, and the age of open cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leadtime.charts.base import COLOURS, HATCHES, INK, Chart, noted, plain, titled
from leadtime.durations import DAYS_PER_MONTH
from leadtime.errors import UsageError
from leadtime.words import Language, words

if TYPE_CHECKING:
    import pandas as pd

    from leadtime.flow import FlowTable
    from leadtime.flow.handovers import HandOvers
    from leadtime.results import Table

__all__ = ["ageing_chart", "cumulative_flow_chart", "hand_over_map", "waits_chart"]

_LONGEST_NAME = 24


def waits_chart(found: FlowTable, *, most: int = 12, language: Language = "en") -> Chart:
    """Draws the longest waits in total, a bar a transition: how long all cases waited there, and how long one does in the median.

    Args:
        found: the result of `transitions` or `hand_over_matrix`.
        most: how many transitions at the most.
        language: of title and axes.

    Returns:
        A new figure.

    Raises:
        UsageError: `most` isn't above 0.
    """
    _require(most)
    text = words(language)
    frame = found.to_pandas()
    shown = frame.sort_values(["total_days", "source", "target"], ascending=[False, True, True]).head(most).reset_index(drop=True)
    figure = Chart(figsize=(9, 1.6 + 0.38 * len(shown)), layout="constrained")
    axes = figure.subplots()
    axes.barh(shown.index, shown["total_days"] / DAYS_PER_MONTH, color=COLOURS[0], height=0.7)
    for place, row in enumerate(shown.to_dict(orient="records")):
        median = text.count("unit.day", round(float(row["median_days"])), digits=0)
        said = text.say("chart.wait_of", {"n": text.integer(int(row["n"])), "median": median})
        end = (float(row["total_days"]) / DAYS_PER_MONTH, place)
        axes.annotate(said, end, xytext=(5, 0), textcoords="offset points", va="center", fontsize="small", color=INK)
    axes.set_yticks(shown.index, [f"{_short(row.source)} → {_short(row.target)}" for row in shown.itertuples()])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.5 * float(shown["total_days"].max() or 1) / DAYS_PER_MONTH)
    axes.set_xlabel(text.say("chart.total_months"))
    axes.set_title(titled("chart.waits", int(frame["n"].sum()), text), loc="left", fontweight="bold")
    plain(axes, grid="x")
    return figure


def hand_over_map(found: HandOvers, *, most: int = 12, language: Language = "en") -> Chart:
    """Draws who hands over to whom as a heat map: from the row's unit to the column's, with the numbers in the cells.

    Args:
        found: the result of `hand_over_matrix`.
        most: how many units at the most, those with the most hand-overs.
        language: of title and axes.

    Returns:
        A new figure; darker is more, and white is none.

    Raises:
        UsageError: `most` isn't above 0.
    """
    _require(most)
    text, square = words(language), found.matrix()
    busiest = (square.sum(axis=0) + square.sum(axis=1)).sort_values(ascending=False, kind="stable").index[:most]
    square = square.loc[sorted(busiest), sorted(busiest)]
    values = square.to_numpy(dtype=float)
    size = 2.6 + 0.62 * len(square)
    figure = Chart(figsize=(size + 1.6, size), layout="constrained")
    axes = figure.subplots()
    axes.imshow(np.where(values > 0, values, np.nan), cmap="Blues", vmin=0, vmax=max(values.max(), 1) * 1.25)
    for row, column in zip(*np.nonzero(values), strict=True):
        dark = values[row, column] > 0.7 * values.max()
        axes.text(
            column, row, text.integer(int(values[row, column])), ha="center", va="center", color="white" if dark else INK, fontsize="small"
        )
    names = [_short(name) for name in square.index]
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel=text.say("chart.to"), ylabel=text.say("chart.from"))
    axes.set_title(titled("chart.hand_overs", int(found.to_pandas()["n"].sum()), text), loc="left", fontweight="bold")
    axes.tick_params(length=0)
    return figure


def cumulative_flow_chart(found: Table, *, language: Language = "en") -> Chart:
    """Draws how many cases have reached each milestone by the end of each period; the height of a band is who stands there.

    Args:
        found: the result of `cumulative_flow`.
        language: of title, axes and milestones.

    Returns:
        A new figure, the first milestone on top.
    """
    text, frame = words(language), found.to_pandas()
    periods = list(dict.fromkeys(frame["period"]))
    milestones = list(dict.fromkeys(frame["milestone"]))
    wide = frame.pivot_table(index="period", columns="milestone", values="cases", aggfunc="sum").loc[periods, milestones]
    figure = Chart(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    floors = [*milestones[1:], None]
    for place, (name, below) in enumerate(zip(milestones, floors, strict=True)):
        low = wide[below] if below is not None else 0 * wide[name]
        label = " / ".join(str(text.texts.get(f"report.term.{part}", part)) for part in name.split("/"))
        axes.fill_between(
            range(len(periods)),
            low,
            wide[name],
            color=COLOURS[place % 6],
            alpha=0.75,
            hatch=HATCHES[place % 6],
            edgecolor="white",
            linewidth=0,
            label=label,
        )
        axes.plot(range(len(periods)), wide[name], color=INK, linewidth=1)
    step = max(1, -(-len(periods) // 10))
    axes.set_xticks(range(0, len(periods), step), periods[::step])
    axes.set(xlim=(0, len(periods) - 1), ylim=(0, None), xlabel=text.say("chart.period"), ylabel=text.say("chart.cases_so_far"))
    axes.set_title(titled("chart.cumulative_flow", int(wide[milestones[0]].iloc[-1]), text), loc="left", fontweight="bold")
    axes.legend(frameon=False, loc="upper left")
    plain(axes)
    noted(figure, text.say("chart.cumulative_note"))
    return figure


def ageing_chart(found: FlowTable, *, language: Language = "en") -> Chart:
    """Draws the open cases by how far they have come and how old they are; those without any event for long are marked.

    Each mark is one child: the figure is for those who may see the data, and has no place in a published report.

    Args:
        found: the result of `ageing`.
        language: of title, axes and milestones.

    Returns:
        A new figure; cases bear no name.
    """
    text, frame = words(language), found.to_pandas()
    milestones = list(dict.fromkeys(frame["milestone"]))
    figure = Chart(figsize=(9, 1.8 + 0.7 * max(1, len(milestones))), layout="constrained")
    axes = figure.subplots()
    for silent, mark, label in ((False, "o", "chart.active"), (True, "x", "chart.silent")):
        some = frame[frame["silent"].astype(bool) == silent]
        colour = COLOURS[int(silent)]
        axes.plot(
            some["age_days"] / DAYS_PER_MONTH,
            _spread(some, milestones),
            linestyle="",
            marker=mark,
            color=colour,
            label=f"{text.say(label)} (n = {len(some)})",
        )
    axes.set_yticks(range(len(milestones)), [str(text.texts.get(f"report.term.{name}", name)) for name in milestones])
    axes.set(xlabel=text.say("chart.age"), ylim=(len(milestones) - 0.5, -0.5), xlim=(0, None))
    axes.set_title(titled("chart.ageing", len(frame), text), loc="left", fontweight="bold")
    figure.legend(frameon=False, loc="outside lower center", ncols=2, fontsize="small")
    plain(axes, grid="x")
    return figure


def _spread(frame: pd.DataFrame, milestones: list[str]) -> np.ndarray:
    """A row a milestone, in which the cases lie one below the other so that none hides another."""
    order = frame.groupby("milestone").cumcount().to_numpy(dtype=float)
    row = np.array([milestones.index(name) for name in frame["milestone"]], dtype=float)
    spread: np.ndarray = row + ((order * 0.618034) % 1 - 0.5) * 0.6
    return spread


def _short(name: object) -> str:
    """A name that leaves room for the chart."""
    said = str(name)
    return said if len(said) <= _LONGEST_NAME else f"{said[: _LONGEST_NAME - 1]}…"


def _require(most: int) -> None:
    if most < 1:
        raise UsageError(f"most={most} isn't allowed; give a number from 1 up")
