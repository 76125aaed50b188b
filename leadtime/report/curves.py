"""A chart of a report as a native, editable chart of a workbook; the one place where charts are made there."""

from __future__ import annotations

from typing import Any, Literal

from openpyxl.chart.layout import Layout, ManualLayout
from openpyxl.chart.reference import Reference
from openpyxl.chart.scatter_chart import ScatterChart
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties

from leadtime.report.model import ChartBlock, Line

__all__ = ["COLOURS", "add_chart"]

Dash = Literal["solid", "dash", "dashDot", "sysDot"]

# Told apart by the colour-blind, and in grey by lightness and dashes (Okabe & Ito 2008).
COLOURS = ("0072B2", "D55E00", "009E73", "CC79A7")
_DASHES: tuple[Dash, ...] = ("solid", "solid", "dash", "dashDot")
_POINT = 12700  # English metric units in a typographic point


def add_chart(sheet: Any, chart: ChartBlock, data: Any, row: int) -> int:
    """Puts a chart on a sheet, with its lines on the data sheet from a row on; gives the row after the last point."""
    made: Any = ScatterChart()
    made.style, made.scatterStyle = 2, "lineMarker"
    made.width, made.height = 25, 12.5
    made.title, made.title_overlay = None, None
    for line in chart.lines:
        last = row + len(line.points) - 1
        made.series.append(_series(line, data, row, last))
        row = last + 1
    _axis(made.x_axis, chart.x_label)
    _axis(made.y_axis, chart.y_label)
    furthest = max((x for line in chart.lines for x, _ in line.points), default=12)
    made.x_axis.scaling.min, made.x_axis.scaling.max = 0, -(-furthest // 6) * 6
    made.x_axis.majorUnit = 6 if furthest <= 72 else 12 if furthest <= 240 else None
    made.y_axis.scaling.min, made.y_axis.scaling.max, made.y_axis.majorUnit = 0, 100, 20
    made.x_axis.number_format = made.y_axis.number_format = "0"
    made.legend.position = "b"
    made.layout = Layout(manualLayout=ManualLayout(xMode="edge", yMode="edge", x=0.07, y=0.03, w=0.9, h=0.74))
    sheet.add_chart(made, f"A{sheet.max_row + 2}")
    return row


def _series(line: Line, data: Any, first: int, last: int) -> Any:
    """One line: its steps are in its points, so it is drawn straight from one to the next."""
    xs, ys = (Reference(data, min_col=column, min_row=first, max_row=last) for column in (2, 3))
    series: Any = SeriesFactory(ys, xs, title=line.name)
    series.marker.symbol = "none"
    series.smooth = False
    colour = COLOURS[line.group % len(COLOURS)]
    curve = line.role == "curve"
    dash: Dash = _DASHES[line.group % len(_DASHES)] if curve else "sysDot"
    width = int((2.5 if curve else 1) * _POINT)
    series.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=colour, w=width, prstDash=dash))
    return series


def _axis(axis: Any, title: str) -> None:
    """An axis that is shown, with its title in plain words and light grid lines."""
    axis.title = title
    axis.title.overlay = False
    axis.delete = False
    axis.majorTickMark = "out"
    axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="E4E7EB", w=int(0.75 * _POINT)))
    small = CharacterProperties(sz=1000, solidFill="3E4C59")
    axis.txPr = RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=small), endParaRPr=small)])
    for paragraph in axis.title.tx.rich.p:
        paragraph.pPr = ParagraphProperties(defRPr=CharacterProperties(sz=1100, b=False, solidFill="3E4C59"))
