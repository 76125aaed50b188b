"""Excel workbooks: header found in each sheet, event sheets stacked, dates and texts mixed, guide sheets named and left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from leadtime.columns import REQUIRED_ROLES, normalised, resolve_some, role_of
from leadtime.engine.session import Session
from leadtime.engine.tables import Moments, columns_table
from leadtime.errors import InputError, LeadtimeError
from leadtime.ingest.cells import Column, are_dates, cell_text, columns_of, texts_of
from leadtime.ingest.merged import Filled, filled_down
from leadtime.ingest.other_tables import DITTO, as_above, rows_beside, second_header
from leadtime.ingest.settings import Settings, is_cases_name, settings_in
from leadtime.ingest.source import Options, Source, header_score, unique_headers
from leadtime.ingest.stacking import stacked
from leadtime.ingest.workbook_file import SheetRows, opened_workbook, sheet_rows
from leadtime.quality import finding
from leadtime.results import Finding

__all__ = ["opened_workbook", "read_workbook"]

_HEADER_WITHIN = 50
_VALUE = re.compile(r"[0-9]{2}")  # a date or a number, where a name has one digit at the most: Besök 2


@dataclass(frozen=True)
class _Sheet:
    """A sheet with events: its name, the row of its header, its headers, and the rows below as numbers and columns of values."""

    name: str
    header_row: int
    headers: list[str]
    numbers: list[int]
    columns: list[Column]
    repeated: int
    filled: Filled
    dittos: int
    beside: int
    hidden: bool
    hidden_rows: list[int]
    hidden_columns: list[str]


def read_workbook(session: Session, path: Path, options: Options) -> Source:
    """Gives the event sheets of a workbook as one raw table of texts."""
    found = sheet_rows(path, options.sheets)
    settings, found = _apart(found, path)
    sheets, skipped = _sheets(found, path, options)
    of_cases = () if options.of_cases else tuple(name for name in skipped if is_cases_name(name))
    headers, places, called = stacked([(sheet.name, sheet.headers) for sheet in sheets], options.columns)
    paired = list(zip(sheets, places, strict=True))
    dates = {i for i in range(len(headers)) if are_dates([sheet.columns[place[i]] for sheet, place in paired if i in place])}
    blocks = [
        (
            sheet.numbers,
            [sheet.name] * len(sheet.numbers),
            [texts_of(sheet.columns[place[i]], dates=i in dates) if i in place else None for i in range(len(headers))],
        )
        for sheet, place in paired
    ]
    types = _types(headers, [columns for *_, columns in blocks], options)
    raw = columns_table(session, headers, blocks, types=types)
    names = ", ".join(sheet.name for sheet in sheets)
    choices = {"sheets": names, "header_row": ", ".join(str(sheet.header_row) for sheet in sheets)}
    findings = tuple(_findings(sheets, [name for name in skipped if name not in of_cases], named=options.sheets is not None))
    findings += (finding("headers-differ", len(called), examples=called[:10]),) if called else ()
    return Source(
        raw, path.name, "xlsx", str(path), choices, findings, sheets_stacked=len(sheets) > 1, dates=frozenset(headers[i] for i in dates),
        case_sheets=of_cases, settings=settings,
        clocked=frozenset(header for header, kind in types.items() if kind == "TIMESTAMP"),
    )  # fmt: skip


def _apart(found: list[SheetRows], path: Path) -> tuple[Settings | None, list[SheetRows]]:
    """The settings sheet of a template, where there is one, and the other sheets."""
    told = [(rows, settings_in(rows, path.name)) for rows in found]
    return next((settings for _, settings in told if settings), None), [rows for rows, settings in told if settings is None]


def _types(headers: Sequence[str], blocks: Sequence[Sequence[Sequence[str | None] | Moments | None]], options: Options) -> dict[str, str]:
    """The types of the events' times, where each of them holds nothing but Excel's date-times; else none."""
    try:
        roles = resolve_some(headers, options.columns).roles
    except LeadtimeError:
        return {}  # told where the roles are settled
    found: dict[str, str] = {}
    for header in [roles[role] for role in ("start", "end") if role in roles]:
        columns = [columns[headers.index(header)] for columns in blocks]
        moments = [column for column in columns if isinstance(column, Moments)]
        if len(moments) < len(columns):
            return {}
        found[header] = "DATE" if moments[0].of_days else "TIMESTAMP"
    return found


def _findings(sheets: Sequence[_Sheet], skipped: Sequence[str], *, named: bool) -> list[Finding]:
    repeated, filled = sum(sheet.repeated for sheet in sheets), sum(sheet.filled.cells for sheet in sheets)
    found = [finding("sheet-skipped", len(skipped), examples=skipped[:10])] if skipped else []
    found += [finding("repeated-header", repeated)] if repeated else []
    where = [f"{place} of sheet '{sheet.name}'" for sheet in sheets for place in sheet.filled.examples]
    found += [finding("merged-cells", filled, examples=where[:10])] if filled else []
    dittos, beside = sum(sheet.dittos for sheet in sheets), sum(sheet.beside for sheet in sheets)
    found += [finding("ditto-marks", dittos)] if dittos else []
    hidden = [sheet.name for sheet in sheets if sheet.hidden]
    found += [finding("hidden-sheet", len(hidden), examples=hidden[:10])] if hidden and not named else []
    rows = [f"row {number} of sheet '{sheet.name}'" for sheet in sheets for number in sheet.hidden_rows]
    found += [finding("hidden-rows", len(rows), examples=rows[:10])] if rows else []
    names = [f"'{name}' of sheet '{sheet.name}'" for sheet in sheets for name in sheet.hidden_columns]
    found += [finding("hidden-columns", len(names), examples=names[:10])] if names else []
    there = [f"sheet '{sheet.name}'" for sheet in sheets if sheet.beside]
    return [*found, *([finding("table-beside", beside, examples=there[:10])] if beside else [])]


def _sheets(found: list[SheetRows], path: Path, options: Options) -> tuple[list[_Sheet], list[str]]:
    """The sheets with events, and the names of those without; where there is none, those that have a row a case."""
    for tried in (options, replace(options, wide=True)):
        read = [(rows.name, _sheet(rows, tried)) for rows in found]
        sheets = [sheet for _, sheet in read if sheet is not None]
        skipped = [name for name, sheet in read if sheet is None]
        if sheets or options.of_cases:
            break
    if not sheets:
        raise InputError(_no_table(path, options, skipped))
    return sheets, skipped


def _no_table(path: Path, options: Options, skipped: Sequence[str]) -> str:
    if options.of_cases:
        return f"no sheet of '{path.name}' has a case_id column; name it, as in Ärende or Case ID"
    given = " and the columns given" if options.columns else ""
    listed = ", ".join(f"'{name}'" for name in skipped[:8])
    return (
        f"no sheet of '{path.name}' ({listed}) has a header with case_id, activity and start among the known names{given}; "
        'name the headers with columns={"case_id": "…", "activity": "…", "start": "…"} (--column "case_id=…" and so on)'
    )


def _sheet(found: SheetRows, options: Options) -> _Sheet | None:
    """A sheet's header and the columns below it; none where no row could be the header of an event table."""
    place = _header_place(found, options)
    if place is None:
        return None
    last, cells = place
    header = found.rows[last]
    numbers, rows = found.numbers[last + 1 :], found.rows[last + 1 :]
    repeated = rows.count(header)
    if repeated:
        kept = [(number, row) for number, row in zip(numbers, rows, strict=True) if row != header]
        numbers, rows = [number for number, _ in kept], [row for _, row in kept]
    filled = filled_down(numbers, rows, found.merged) if found.merged else Filled(rows)
    rows = filled.rows
    widths = set(map(len, rows))
    width = max(len(cells), _last_filled(rows, len(cells), max(widths, default=0)))
    headers = unique_headers([*cells, *([None] * (width - len(cells)))])
    if widths != {width}:
        rows = [row if len(row) == width else (*row[:width], *((None,) * (width - len(row)))) for row in rows]
    wanted = DITTO.union(filter(None, cells))
    columns = columns_of(rows, width, wanted)
    second = second_header(cells, columns)
    if second is not None:
        raise InputError(
            f"row {numbers[second]} of sheet '{found.name}' is the header of another table, with its columns in another order; "
            "give each table a sheet of its own"
        )
    told = [as_above(column) for column in columns]
    columns, dittos = [column for column, _ in told], sum(count for _, count in told)
    values = [column.values for column in columns]
    beside = rows_beside(cells, values)
    rows_hidden, columns_hidden = found.within.rows_among(numbers), found.within.names_among(headers, values)
    return _Sheet(
        found.name, found.numbers[last], headers, numbers, columns, repeated, filled, dittos, beside, found.hidden,
        rows_hidden, columns_hidden,
    )  # fmt: skip


def _last_filled(rows: Sequence[Sequence[Any]], least: int, most: int) -> int:
    """The width to the last column that holds a value, beyond those that the header names."""
    while most > least and all(len(row) < most or row[most - 1] in (None, "") for row in rows):
        most -= 1
    return most


def _header_place(found: SheetRows, options: Options) -> tuple[int, list[str | None]] | None:
    """Where the header ends, and its cells: the row given, else the row, or the two, among the first that name most roles."""
    if options.header_row is not None:
        place = found.numbers.index(options.header_row) if options.header_row in found.numbers else None
        return None if place is None else (place, _cells(found.rows[place]))
    texts = [_cells(row) for row in found.rows[:_HEADER_WITHIN]]
    best = _best(enumerate(texts), options)
    if best[0] < len(REQUIRED_ROLES):
        # Two rows, the upper with merged cells, only where they name more than any one does.
        two = _best(enumerate(map(_joined, texts, texts[1:]), start=1), options)
        best = two if two[0] > max(best[0], 1) else best
    score, place, cells = best
    below = texts[place + 1] if place + 1 < len(texts) else []
    both = _joined(cells, below)
    named = score > 0 and _names_the_unnamed(cells, below) and header_score([cell or "" for cell in both], options) >= score
    if named or (score == len(REQUIRED_ROLES) and _divides(cells, below)):
        return place + 1, both
    return (place, cells) if score >= (1 if options.of_cases or options.wide else 2) else None


def _divides(header: Sequence[str | None], below: Sequence[str | None]) -> bool:
    """Whether the row below a header is a part of it: it names roles and nothing else, such as a start and an end below one date."""
    try:
        own = all(resolve_some([name]).roles for name in below if name)
        both, alone = (resolve_some(list(dict.fromkeys(filter(None, row)))).roles for row in (_joined(header, below), header))
    except LeadtimeError:
        return False  # ambiguous; told where the roles are settled
    return own and set(both) > set(alone)


def _names_the_unnamed(header: Sequence[str | None], below: Sequence[str | None]) -> bool:
    """Whether the row below a header names columns that it leaves blank, as below merged cells, and is no row of a case."""
    padded = [*header, *([None] * (len(below) - len(header)))]
    names = [(above, name) for above, name in zip(padded, below, strict=False) if name and name.strip()]
    cased = any(role_of(above or "") == "case_id" for above in header)
    own = all(role_of(above or "") != "case_id" and not _VALUE.search(name) for above, name in names)
    return cased and own and len(names) > 1 and not all(above for above, _ in names)


def _best(rows: Iterable[tuple[int, list[str | None]]], options: Options) -> tuple[int, int, list[str | None]]:
    """The first of the rows that look most like a header: its score, its place and its cells."""
    scored = ((header_score([cell or "" for cell in row], options), place, row) for place, row in rows)
    return max(scored, key=lambda found: found[0], default=(0, 0, []))


def _cells(row: Sequence[Any]) -> list[str | None]:
    """The texts of a header row, to the last that isn't blank."""
    cells = [cell_text(cell) for cell in row]
    while cells and not (cells[-1] or "").strip():
        cells.pop()
    return cells


def _joined(upper: Sequence[str | None], lower: Sequence[str | None]) -> list[str | None]:
    """Two rows of a header as one: the lower name, after the one above it where it stands there twice, else the upper (merged) name."""
    width = max(len(upper), len(lower))
    above, below = ([*row, *([None] * (width - len(row)))] for row in (upper, lower))
    joined: list[str | None] = []
    group: str | None = None
    counts = Counter(normalised(name or "") for name in below)
    for top, name in zip(above, below, strict=True):
        group = top or group
        twice = name is not None and counts[normalised(name)] > 1
        joined.append(f"{group} {name}" if twice and group else name or top)
    return joined
