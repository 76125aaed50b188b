"""Results turned into one frozen `Report` (what is said), then into a workbook or a page (how it looks)."""

from __future__ import annotations

from leadtime.report.build import SECTIONS, build_report
from leadtime.report.model import ChartBlock, Column, KeyFigure, Line, Report, Section, TableBlock, TextBlock

__all__ = [
    "SECTIONS", "ChartBlock", "Column", "KeyFigure", "Line", "Report", "Section", "TableBlock", "TextBlock", "build_report",
]  # fmt: skip
