"""What all charts share: the figure that a notebook shows by its name, colours and marks, titles, and axes without a frame."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.figure import Figure

from leadtime.words import Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["COLOURS", "DASHES", "GREY", "HATCHES", "INK", "Chart", "Language", "cohort_name", "month_ticks", "noted", "plain", "titled"]

Language = Literal["en", "sv"]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES: tuple[Literal["-", "--", ":", "-."], ...] = ("-", "--", ":", "-.", "-", "--")
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "ooo")
INK, GREY = "#1F2933", "#52606D"
# Months between the marks of an axis: the first that makes at most _MOST_MARKS of them.
_STEPS = (1, 2, 3, 6, 12, 24, 36, 60, 120)
_MOST_MARKS = 12


class Chart(Figure):
    """A matplotlib figure that a notebook shows by its name, without pyplot and its global state."""

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png", metadata={"Software": None})
        return stream.getvalue()


def month_ticks(last: float, every: int | None) -> np.ndarray:
    """Gives the marks of an axis in months, from 0 to the first at or past the last time."""
    step = every or next((step for step in _STEPS if last / step <= _MOST_MARKS), _STEPS[-1])
    return np.arange(0, max(np.ceil(last / step), 1) + 1) * step


def cohort_name(name: str, text: Words) -> str:
    """Gives a cohort's name: before and after in the language, others as they are."""
    return text.texts.get(f"cohort.{name}", name) if name in ("before", "after") else name


def titled(key: str, n: int, text: Words) -> str:
    """Gives a chart's title with how many it is of."""
    return text.say("chart.with_n", {"title": text.say(key), "n": text.integer(n)})


def plain(axes: Axes, *, grid: Literal["x", "y"] = "y") -> None:
    """Gives the axes light lines across and takes the frame away."""
    axes.grid(axis=grid, color="#E4E7EB", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def noted(figure: Figure, note: str) -> None:
    """Puts a note below the chart, small and grey."""
    figure.supxlabel(note, x=0.01, ha="left", fontsize="small", color=GREY)
