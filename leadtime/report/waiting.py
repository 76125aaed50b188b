"""The section of the survival curves: the chart as data, the figures behind it, and its words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from leadtime.compare import CohortEstimate
from leadtime.disclosure import ShownCurve
from leadtime.report.model import Block, ChartBlock, Line, TextBlock
from leadtime.report.parts import Part
from leadtime.results import Value

__all__ = ["survival"]

_LIMITS: tuple[Literal["lower"], Literal["upper"]] = ("lower", "upper")


def survival(part: Part) -> Iterable[Block]:
    """Gives the chart, its notes and its table; nothing where no case has a lead time."""
    pairs = list(zip(part.found.cohorts, part.found.curves, strict=True))
    drawn = [(cohort, curve) for cohort, curve in pairs if curve.points]
    if drawn:
        yield _chart(part, drawn)
    yield TextBlock(tuple(_notes(part, pairs)), "note")
    if drawn:
        yield _table(part)


def _chart(part: Part, drawn: list[tuple[CohortEstimate, ShownCurve]]) -> ChartBlock:
    phrases = part.phrases
    lines: list[Line] = []
    for group, (cohort, curve) in enumerate(drawn):
        name = phrases.cohort(cohort.name)
        lines.append(Line(name, tuple((round(x, 2), _percent(y, part)) for x, y in curve.line), group, "curve"))
        for role in _LIMITS:
            points = tuple((round(x, 2), _percent(y, part)) for x, y in getattr(curve, role))
            if len(points) > 1:
                lines.append(Line(phrases.say(f"curve_{role}", {"cohort": name}), points, group, role))
    rows = part.disclosed.table("curve").records()
    numbers = {
        cohort.name: [(float(row["month"] or 0), str(row["at_risk"])) for row in rows if row["cohort"] == cohort.name]
        for cohort, _ in drawn
    }
    risk = tuple((phrases.cohort(name), tuple(found)) for name, found in numbers.items())
    return ChartBlock(
        name="survival",
        title=phrases.text.say("section.survival"),
        x_label=phrases.say("chart_x"),
        y_label=phrases.say("chart_y"),
        lines=tuple(lines),
        alt=phrases.say("chart_alt", {"parts": " ".join(_told(part, cohort) for cohort, _ in drawn)}),
        table="curve",
        risk_title=phrases.say("chart_risk"),
        risk=risk,
    )


def _percent(share: float, part: Part) -> float:
    """Percent as drawn: whole outside the internal profile, so that no step tells one child."""
    return float(round(100 * share, 0 if part.disclosed.profile.month_ends else 1))


def _told(part: Part, cohort: CohortEstimate) -> str:
    """A cohort's curve in words."""
    row = next(row for row in part.disclosed.table("cohorts").records() if row["cohort"] == cohort.name)
    phrases = part.phrases
    label = phrases.cohort(cohort.name)
    values = {"cohort": label[:1].upper() + label[1:], "n": phrases.cases(row["n"]), "median": phrases.duration(row["median_days"])}
    return phrases.say("chart_alt_part" if isinstance(row["median_days"], float) else "chart_alt_part_open", values)


def _notes(part: Part, pairs: list[tuple[CohortEstimate, ShownCurve]]) -> Iterable[str]:
    phrases = part.phrases
    yield phrases.say("curve_note_months" if part.disclosed.profile.month_ends else "curve_note_exact")
    for key, names in (
        ("curve_note_early", [phrases.cohort(cohort.name) for cohort, curve in pairs if curve.points and curve.ends_early]),
        ("curve_note_none", [phrases.cohort(cohort.name) for cohort, curve in pairs if not curve.points]),
    ):
        if names:
            yield phrases.say(key, {"cohorts": phrases.text.join(names)})


def _table(part: Part) -> Block:
    columns = [part.column("cohort"), part.column("month", "count")]
    columns += [part.column(name, "percent") for name in ("share", "lower_share", "upper_share")]
    columns.append(part.column("at_risk", "count"))
    rows: list[tuple[Value, ...]] = []
    for row in part.disclosed.table("curve").records():
        shares = ("" if value is None else 100 * float(value) for value in (row["share"], row["lower_share"], row["upper_share"]))
        rows.append((part.phrases.cohort(str(row["cohort"])), row["month"], *shares, row["at_risk"]))
    return part.table("curve", columns, rows)
