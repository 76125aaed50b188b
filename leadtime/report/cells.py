"""The one place where anything is written into a workbook's cell: text stays text, numbers stay numbers, and nothing becomes a formula."""

from __future__ import annotations

from typing import Any

from leadtime.exports import looks_live, plain_text
from leadtime.report.model import Cell, Kind

__all__ = ["write", "write_text"]

_FORMATS = {"count": "#,##0", "days": "#,##0.0", "months": "#,##0.0", "percent": "0", "figure": "General", "text": "@"}


def write_text(cell: Any, text: str) -> None:
    """Writes text that stays text, whatever it begins with."""
    cell.value = plain_text(text)
    cell.data_type = "s"  # openpyxl would take a leading "=" for a formula and "#N/A" for an error
    if looks_live(text):
        cell.quotePrefix = True  # as typed with a leading apostrophe: stays text when the cell is edited


def write(cell: Any, value: Cell, kind: Kind) -> None:
    """Writes a table's cell: a number with its format, or text."""
    if isinstance(value, str):
        write_text(cell, value)
        return
    cell.value = value
    cell.number_format = _FORMATS[kind]
