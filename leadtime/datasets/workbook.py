"""Writes the messy workbook so that the same events give the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING
from xml.etree.ElementTree import canonicalize

from leadtime.datasets.messy import Cell, Sheet

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["GUIDE", "workbook_bytes"]

GUIDE = (
    "SYNTETISKA DATA",
    "Alla händelser i denna arbetsbok är påhittade av ett datorprogram. Inget barn i den finns.",
    "En flik per enhet; flikens namn är enheten. Ovanför rubrikraden står titelrader.",
    "Datum är skrivna på flera sätt, som de brukar vara när uttag kommer från flera system.",
    "Några rader är dubbletter och några går inte att använda: de saknar något, eller datumet går inte att läsa.",
    "Samma händelser finns rena i events.csv. README.md berättar mer.",
)

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_REFERENCE = re.compile(r"&#(\d{3,});")  # from 100 on: never a mark of XML itself
_INLINE = re.compile(r't="inlineStr"><is><t(?: xml:space="preserve")?>([^<]*)</t></is></c>')
_CONTENT_TYPE = (
    '<Override ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml" '
    'PartName="/xl/sharedStrings.xml"/>'
)
_RELATION = (
    '<Relationship Id="rIdTexts" Target="/xl/sharedStrings.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"/>'
)
_CELL = re.compile(r'<c r="([A-Z]+)(\d+)"')
_SPACES = ' xml:space="preserve"'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_EMPTY = re.compile(r"<(\w+)([^<>]*)></\1>")
_CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:creator>leadtime.datasets</dc:creator>'
    '<dcterms:created xsi:type="dcterms:W3CDTF">2021-01-15T08:00:00Z</dcterms:created>'
    '<dcterms:modified xsi:type="dcterms:W3CDTF">2021-01-15T08:00:00Z</dcterms:modified>'
    "<dc:title>SYNTETISKA DATA</dc:title></cp:coreProperties>"
)
_APP = (
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
    "<Application>Microsoft Excel</Application></Properties>"
)


def workbook_bytes(sheets: tuple[Sheet, ...], *, guide: tuple[str, ...] = GUIDE) -> bytes:
    """Gives the workbook with a guide sheet first, then the sheets; the same for the same sheets.

    openpyxl writes the clock time in two places and leaves the spelling of the XML to the parser at hand, so each part is
    rewritten in canonical form with a fixed time. Only the compression is left to the machine's zlib.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    _add(book, "Läs mig", tuple((line,) for line in guide))
    for sheet in sheets:
        _add(book, sheet.name, sheet.rows)
    raw = io.BytesIO()
    book.save(raw)
    return _stable(raw.getvalue())


def _add(book: Workbook, name: str, rows: tuple[tuple[Cell, ...], ...]) -> None:
    page = book.create_sheet(name)
    for row in rows:
        page.append(row)


def _stable(raw: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        parts = {name: _part(name, source.read(name)) for name in source.namelist()}
        for name, content in sorted(_shared(parts).items(), key=lambda item: (item[0] != "[Content_Types].xml", item[0])):
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o644 << 16
            target.writestr(info, content, compresslevel=9)
    return out.getvalue()


def _shared(parts: dict[str, bytes]) -> dict[str, bytes]:
    """The same parts with every text once in the shared table, as Excel itself writes them; openpyxl writes each in its cell."""
    places: dict[str, int] = {}

    def moved(cell: re.Match[str]) -> str:
        return f't="s"><v>{places.setdefault(cell[1], len(places))}</v></c>'

    changed = dict(parts)
    for name in sorted(parts):
        if name.startswith("xl/worksheets/"):
            text = _INLINE.sub(moved, parts[name].decode("utf-8"))
            changed[name] = text.replace("</sheetPr>", f'</sheetPr><dimension ref="A1:{_corner(text)}"/>', 1).encode("utf-8")
    items = "".join(f"<si><t{spaces}>{text}</t></si>" for text in places for spaces in [_SPACES if text != text.strip() else ""])
    table = f'<sst xmlns="{_MAIN}" uniqueCount="{len(places)}">{items}</sst>'
    changed["xl/sharedStrings.xml"] = _DECLARATION + table.encode("utf-8")
    for name, end, entry in (
        ("[Content_Types].xml", b"</Types>", _CONTENT_TYPE),
        ("xl/_rels/workbook.xml.rels", b"</Relationships>", _RELATION),
    ):
        if b"sharedStrings" not in changed[name]:
            changed[name] = changed[name].replace(end, entry.encode("utf-8") + end)
    return changed


def _corner(sheet: str) -> str:
    """The last column and row that hold a cell, without which a reader goes through the sheet twice."""
    cells = _CELL.findall(sheet)
    column = max((letters for letters, _ in cells), key=lambda letters: (len(letters), letters))
    return f"{column}{max(int(row) for _, row in cells)}"


def _part(name: str, content: bytes) -> bytes:
    text = content.decode("utf-8")
    if name == "docProps/app.xml":
        text = _APP
    if name == "docProps/core.xml":
        text = _CORE
    if name.startswith("xl/worksheets/"):
        # Large and plain: that empty elements are spelt alike is all that is needed, and canonical form would take seconds.
        text = _EMPTY.sub(r"<\1\2/>", text.partition("?>\n")[2] if text.startswith("<?xml") else text).replace(" />", "/>")
        text = _REFERENCE.sub(lambda found: chr(int(found[1])), text)  # lxml writes å as a number
        return _DECLARATION + text.encode("utf-8")
    return _DECLARATION + canonicalize(text).encode("utf-8")
