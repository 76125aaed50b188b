"""What all charts share: the figure that a notebook shows by its name, colours and marks, titles, and axes without a frame."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.text import Text

from leadtime.errors import UsageError
from leadtime.files import write_whole
from leadtime.words import Language, Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase

__all__ = ["COLOURS", "DASHES", "GREY", "HATCHES", "INK", "Chart", "Language", "cohort_name", "month_ticks", "noted", "plain", "titled"]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES: tuple[Literal["-", "--", ":", "-."], ...] = ("-", "--", ":", "-.", "-", "--")
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "ooo")
INK, GREY = "#1F2933", "#52606D"
_CM = 2.54  # in an inch
# What would say when or by which version a file was made.
_STAMPS = {"png": "Software", "svg": "Date", "pdf": "CreationDate"}
# Months between the marks of an axis: the first that makes at most _MOST_MARKS of them.
_STEPS = (1, 2, 3, 6, 12, 24, 36, 60, 120)
_MOST_MARKS = 12


class Chart(Figure):
    """A matplotlib figure that a notebook shows by its name, without pyplot and its global state; no text in it is taken for a formula."""

    def draw(self, renderer: RendererBase) -> None:
        """Draws the figure; a dollar sign in a name from data is a dollar sign."""
        for text in self.findobj(Text):
            if isinstance(text, Text):
                text.set_parse_math(False)
        with rc_context({"text.parse_math": False}):
            super().draw(renderer)

    def save(self, path: str | os.PathLike[str], *, width_cm: float | None = None, height_cm: float | None = None, dpi: int = 300) -> None:
        """Saves the chart for print: the same chart gives the same bytes.

        Args:
            path: where to; .png, .svg or .pdf.
            width_cm: width on paper in centimetres; the chart's own where not given. The text keeps its size, and the layout is made anew.
            height_cm: height on paper; in proportion to the width where not given.
            dpi: dots an inch of a .png.

        Raises:
            UsageError: the ending is another, or a size isn't above 0.
            InputError: there is no such folder.
            ResourceError: the file can't be written.

        >>> import pathlib, tempfile
        >>> chart = Chart(figsize=(6, 3))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     chart.save(pathlib.Path(folder) / "chart.pdf", width_cm=16)
        ...     (pathlib.Path(folder) / "chart.pdf").stat().st_size > 0
        True
        """
        kind = Path(path).suffix.casefold().removeprefix(".")
        if kind not in _STAMPS:
            raise UsageError(f"'{path}' doesn't end in .png, .svg or .pdf; a chart is saved as one of these")
        for name, value in (("width_cm", width_cm), ("height_cm", height_cm), ("dpi", dpi)):
            if value is not None and not value > 0:
                raise UsageError(f"{name}={value} isn't above 0; give a size on paper, as 16")
        own = tuple(self.get_size_inches())
        wide = own[0] if width_cm is None else width_cm / _CM
        tall = own[1] * wide / own[0] if height_cm is None else height_cm / _CM
        made = io.BytesIO()
        self._laid_out_anew(wide, tall)
        try:
            with rc_context({"svg.hashsalt": "leadtime"}):
                self.savefig(made, format=kind, dpi=dpi, metadata={_STAMPS[kind]: None})
        finally:
            self._laid_out_anew(*own)
        write_whole(path, made.getvalue())

    def _laid_out_anew(self, wide: float, tall: float) -> None:
        """Sets the size, and takes the axes back to where they were before any layout, on which the next one would depend."""
        self.set_size_inches(wide, tall)
        for axes in self.axes:
            place = axes.get_subplotspec()
            if place is not None:
                axes.set_subplotspec(place)

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
