"""The zip package of a workbook: fixed times, so that the same content gives the same bytes, and alternative texts for its charts.

openpyxl stamps the hour of saving and has no place for alternative text; both are set here, in the XML that it wrote.
"""

from __future__ import annotations

import datetime
import html
import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter

__all__ = ["stable_bytes"]

EARLIEST = datetime.datetime(1980, 1, 1)  # noqa: DTZ001 - the earliest that a zip can hold, in nobody's zone
_STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)")
_FRAME = re.compile(r'<(?:\w+:)?cNvPr id="\d+" name="[^"]*"')


def stable_bytes(book: Any, *, alternative: Mapping[int, tuple[str, str]] | None = None) -> bytes:
    """Gives a workbook's file with fixed times.

    Args:
        book: the workbook.
        alternative: name and alternative text of the chart in the n-th drawing, counted from 1.
    """
    book.properties.created = book.properties.modified = EARLIEST
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        _InMemory(book, archive).write_data()
    result = io.BytesIO()
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _STAMP.sub(rb"\g<1>1980-01-01T00:00:00Z\g<2>", content)
            number = re.fullmatch(r"xl/drawings/drawing(\d+)\.xml", name)
            if number and alternative and int(number[1]) in alternative:
                content = _described(content.decode(), *alternative[int(number[1])]).encode()
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            entry.create_system = 3
            target.writestr(entry, content)
    return result.getvalue()


# They have more than their stubs know.
_Writer: Any = ExcelWriter
_SheetWriter: Any = WorksheetWriter


class _InMemory(_Writer):  # type: ignore[misc]
    """The writer of openpyxl without the temporary file that it makes for each sheet, which a process that is killed leaves behind."""

    def write_worksheet(self, ws: Any) -> None:
        """Writes a sheet into the package."""
        ws._drawing = SpreadsheetDrawing()
        ws._drawing.charts, ws._drawing.images = ws._charts, ws._images
        content = io.BytesIO()
        writer = _SheetWriter(ws, out=content)
        writer.write()
        ws._rels = writer._rels
        self._archive.writestr(ws.path[1:], content.getvalue())
        self.manifest.append(ws)


def _described(drawing: str, name: str, text: str) -> str:
    """A drawing whose chart has a name and an alternative text."""

    def described(found: re.Match[str]) -> str:
        opening = found[0].split(" name=")[0]
        return f'{opening} name="{html.escape(name)}" descr="{html.escape(text)}"'

    return _FRAME.sub(described, drawing, count=1)
