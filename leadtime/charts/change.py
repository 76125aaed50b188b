"""The change and where it came from: waterfall of the attribution, forest of the sensitivity table, the three ends of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leadtime.charts.base import COLOURS, DASHES, GREY, HATCHES, INK, Chart, cohort_name, month_ticks, noted, plain, titled
from leadtime.compare import wording
from leadtime.durations import DAYS_PER_MONTH
from leadtime.words import Language, Words, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from leadtime.compare import Attribution, Comparison, SensitivityRow
    from leadtime.survival.competing import AalenJohansen

__all__ = ["cumulative_incidence", "sensitivity_forest", "waterfall"]

_FALL, _RISE = COLOURS[0], COLOURS[1]


def waterfall(found: Attribution, *, language: Language = "en") -> Chart:
    """Draws the mean before, what each segment (or kind of time) took off or put on, and the mean after.

    Args:
        found: the result of `attribution`.
        language: of title, axes and segments.

    Returns:
        A new figure; bars that fall are blue, those that rise orange and hatched.

    Source:
        DEFINITIONS 4.8 (the parts add up to the change).
    """
    text = words(language)
    parts = [part for part in found.segments if part.before_days or part.after_days]
    figure = Chart(figsize=(9, 1.6 + 0.55 * (len(parts) + 2)), layout="constrained")
    axes = figure.subplots()
    _bar(axes, 0, (0.0, found.total_before_days), GREY, "", text.number(found.total_before_days, digits=0))
    level = found.total_before_days
    for row, part in enumerate(parts, start=1):
        fell = part.change_days < 0
        _bar(
            axes,
            row,
            (level, level + part.change_days),
            _FALL if fell else _RISE,
            "" if fell else HATCHES[1],
            _signed(part.change_days, text),
        )
        axes.plot([level, level], [row - 1 + 0.35, row - 0.35], color=GREY, linewidth=0.8)
        level += part.change_days
    _bar(axes, len(parts) + 1, (0.0, found.total_after_days), GREY, "", text.number(found.total_after_days, digits=0))
    labels = [cohort_name(found.before, text), *(_segment(part.segment, text) for part in parts), cohort_name(found.after, text)]
    axes.set_yticks(range(len(labels)), labels)
    axes.set(xlabel=text.say("chart.mean_days", {"tau": text.integer(round(found.tau))}), ylim=(len(labels) - 0.5, -0.5))
    axes.set_xlim(0, 1.12 * max(found.total_before_days, found.total_after_days))
    axes.set_title(titled("chart.waterfall", sum(found.n), text), loc="left", fontweight="bold")
    plain(axes, grid="x")
    noted(figure, text.say("chart.waterfall_note"))
    return figure


def _bar(axes: Axes, row: int, span: tuple[float, float], colour: str, hatch: str, said: str) -> None:
    low, high = sorted(span)
    axes.barh(row, high - low, left=low, height=0.7, color=colour, hatch=hatch, edgecolor="white")
    axes.annotate(said, (high, row), xytext=(5, 0), textcoords="offset points", va="center", color=INK)


def _signed(days: float, text: Words) -> str:
    said = text.number(abs(days), digits=0)
    return said if said == "0" else text.say("change.minus" if days < 0 else "change.plus", {"amount": said})


def _segment(name: str, text: Words) -> str:
    """A kind of time or a segment in the language."""
    kind = text.texts.get(f"report.time_kind.{name}")
    if isinstance(kind, str):
        return kind
    source, _, targets = name.partition(" > ")
    said = [str(text.texts.get(f"report.term.{milestone}", milestone)) for milestone in (source, *targets.split("/"))]
    return text.say("report.step", {"source": said[0], "target": " / ".join(said[1:])})


def sensitivity_forest(comparison: Comparison, *, language: Language = "en") -> Chart:
    """Draws the change by every definition that differs from the declared one in one respect, with its interval and verdict.

    Args:
        comparison: the result of `compare`.
        language: of title, axes and definitions.

    Returns:
        A new figure of the ratios after / before, the declared definition first; what isn't computable is left out and counted below.

    Source:
        DEFINITIONS 3.8 (verdicts).
    """
    text = words(language)
    near = [row for row in comparison.sensitivity_rows if len(row.differs) < 2 and row.no_change == 1]
    rows = [row for row in near if row.estimate is not None and row.estimate.value is not None]
    figure = Chart(figsize=(9, 1.8 + 0.36 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(rows):
        _limits(axes, place, row)
        axes.text(1.02, place, text.texts.get(f"verdict.{row.verdict}", row.verdict), transform=axes.get_yaxis_transform(), va="center")
    axes.axvline(1, color=INK, linewidth=1)
    axes.set_yticks(range(len(rows)), [wording.difference(row, language) for row in rows])
    axes.set(xlabel=text.say("chart.ratio"), ylim=(len(rows) - 0.5, -0.5))
    ends = [end for row in rows if row.estimate for end in (row.estimate.lower, row.estimate.upper, row.estimate.value) if end]
    axes.set_xlim(0, 1.08 * max([1.0, *ends]))
    axes.set_title(titled("chart.forest", sum(cohort.n for cohort in comparison.cohorts), text), loc="left", fontweight="bold")
    plain(axes, grid="x")
    noted(figure, text.say("chart.forest_note", {"left": text.integer(len(near) - len(rows))}))
    return figure


def _limits(axes: Axes, place: int, row: SensitivityRow) -> None:
    """A point with its interval; the declared definition is a filled diamond, and what doesn't stand an open mark."""
    estimate = row.estimate
    if estimate is None or estimate.value is None:
        return
    lower, upper = (end if end is not None else estimate.value for end in (estimate.lower, estimate.upper))
    colour = COLOURS[0] if row.verdict == "stands" else COLOURS[1]
    axes.plot([lower, upper], [place, place], color=colour, linewidth=2, linestyle="-" if row.verdict == "stands" else "--")
    face = colour if row.verdict == "stands" else "white"
    axes.plot(estimate.value, place, marker="o" if row.differs else "D", color=colour, markerfacecolor=face, markersize=7)


def cumulative_incidence(found: AalenJohansen, *, causes: Mapping[int, str], language: Language = "en") -> Chart:
    """Draws the share of cases ended by each cause and of those still waiting, stacked to 100 %.

    Args:
        found: the result of `survival.aalen_johansen`, in days.
        causes: the name of each cause, in the order from below.
        language: of title and axes.

    Returns:
        A new figure; at each time the shares add up to 100 %.

    Source:
        DEFINITIONS 3.4, 3.7.
    """
    text = words(language)
    days = np.concatenate([[0.0], np.asarray(found.waiting.to_pandas()["time"], dtype=float)])
    shares = [np.array([100 * (estimate.value or 0.0) for estimate in found.at(days, cause=cause)]) for cause in causes]
    rest = 100 - np.sum(shares, axis=0)
    figure = Chart(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    base = np.zeros(days.size)
    for place, (name, share) in enumerate(zip((*causes.values(), text.texts["status.still waiting"]), (*shares, rest), strict=True)):
        colour = COLOURS[place] if place < len(shares) else "#CBD2D9"
        axes.fill_between(
            days / DAYS_PER_MONTH,
            base,
            base + share,
            step="post",
            color=colour,
            alpha=0.75,
            hatch=HATCHES[place % 6],
            edgecolor="white",
            linewidth=0,
            label=str(name),
        )
        base = base + share
        axes.step(days / DAYS_PER_MONTH, base, where="post", color=INK, linewidth=0.8, linestyle=DASHES[place % 4])
    ticks = month_ticks(float(days[-1]) / DAYS_PER_MONTH, None)
    axes.set(ylim=(0, 100), xlim=(0, days[-1] / DAYS_PER_MONTH), xticks=ticks[ticks <= days[-1] / DAYS_PER_MONTH])
    axes.set(xlabel=text.say("chart.months"), ylabel=text.say("chart.share_of_cases"))
    axes.set_title(titled("chart.incidence", found.n, text), loc="left", fontweight="bold")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], frameon=False, loc="outside right upper")
    plain(axes)
    return figure
