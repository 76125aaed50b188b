"""The same events as they might come out of several systems: a sheet a unit, mixed dates, stray spaces, duplicates, bad rows.

Decides what stands in every cell; `workbook` only writes it down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from leadtime.datasets.draws import Draws

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["HEADERS", "BadRow", "Cell", "Sheet", "bad_rows", "duplicate_rows", "messy_sheets"]

Cell = str | date | None

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "case_id": "Ärende",
        "activity": "Händelse",
        "start": "Datum",
        "unit": "Enhet",
        "organisation": "Organisation",
        "level": "Vårdnivå",
        "profession": "Profession",
        "place": "Plats",
        "purpose": "Syfte",
        "attended": "Närvaro",
        "referral_id": "Remiss-id",
        "referral_status": "Remisstatus",
        "referral_to": "Remiss till",
        "meeting_id": "Mötes-id",
        "initiator": "Initierad av",
        "coordinator": "Samordnare",
        "feedback_to": "Återkoppling till",
        "cohort": "Kohort",
        "route": "Väg",
        "site": "Kommun",
        "birth_date": "Födelsedatum",
        "sex": "Kön",
        "note": "Anmärkning",
    }
)

_MONTHS = ("januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december")
_DATE_STYLES = (("excel", 0.55), ("iso", 0.15), ("compact", 0.1), ("slash", 0.1), ("words", 0.1))
# Events that never start, stop or end a clock: only of these is a bad row made, as an extra row.
_SPARE = frozenset({"Formulär", "Besök BVC", "Samtal förskola", "Remiss mottagen", "Läkarbesök", "Bedömning BUP"})
_FAULTS: tuple[tuple[str, Cell, str], ...] = (
    ("case_id", None, "missing case id"),
    ("start", "okänt", "unreadable date"),
    ("activity", None, "missing activity"),
    ("case_id", None, "missing case id"),
    ("start", "ej bokad", "unreadable date"),
    ("start", None, "missing date"),
    ("activity", None, "missing activity"),
    ("case_id", None, "missing case id"),
    ("start", "okänt", "unreadable date"),
)
_DUPLICATES_A_SHEET = 2


@dataclass(frozen=True)
class BadRow:
    """A row that no reader can use: its sheet, row number as Excel shows it, column (canonical name), value and reason."""

    sheet: str
    row_number: int
    column: str
    value: str | None
    reason: str


@dataclass(frozen=True)
class Sheet:
    """A sheet of the messy workbook, row by row; `faults` are its bad rows, `duplicates` the number of exact copies."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    faults: tuple[BadRow, ...]
    duplicates: int


def messy_sheets(events: pd.DataFrame, *, seed: int) -> tuple[Sheet, ...]:
    """Gives the sheets of the messy workbook: one a unit, its name the unit's; the frame stays as it is.

    Args:
        events: the frame of a synthetic study.
        seed: seed of the draws that make the mess.

    Returns:
        The sheets in order of name; all events and, beside them, the duplicates and the bad rows.
    """
    draws = Draws(seed + 1)
    records: dict[str, list[dict[str, Cell]]] = {}
    for values in events.itertuples(index=False):
        record = {name: _plain(value) for name, value in zip(events.columns, values, strict=True)}
        records.setdefault(str(record["unit"]), []).append(record)
    names = sorted(records)
    faults: dict[str, list[tuple[str, Cell, str]]] = {name: [] for name in names}
    roomy = [name for name in names if sum(record["activity"] in _SPARE for record in records[name]) >= 3]
    for number, fault in enumerate(_FAULTS if roomy else ()):
        faults[roomy[number % len(roomy)]].append(fault)
    return tuple(_sheet(draws, name, records[name], faults[name]) for name in names)


def bad_rows(sheets: tuple[Sheet, ...]) -> tuple[BadRow, ...]:
    """Gives the bad rows of all sheets."""
    return tuple(fault for sheet in sheets for fault in sheet.faults)


def duplicate_rows(sheets: tuple[Sheet, ...]) -> int:
    """Gives the number of rows that are exact copies of another row of their sheet."""
    return sum(sheet.duplicates for sheet in sheets)


def _plain(value: object) -> Cell:
    """Gives a frame's value as a date, a text or nothing."""
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, str) else None


def _sheet(draws: Draws, name: str, records: list[dict[str, Cell]], faults: list[tuple[str, Cell, str]]) -> Sheet:
    filled = [column for column in HEADERS if column != "unit" and any(record[column] is not None for record in records)]
    columns = [filled[at] for at in draws.order(len(filled))]
    body = [_row(draws, record, columns) for record in records]
    titles = _titles(draws, name)
    copies = _insert_copies(draws, body) if len(body) > 20 else 0
    spare = [at for at, record in enumerate(records) if record["activity"] in _SPARE]
    # Faults come from the bottom up, so that the rows above keep their numbers.
    places = sorted((draws.pick(range(len(body))) for _ in faults), reverse=True)
    found = []
    for place, (column, value, reason) in zip(places, faults, strict=True):
        record = {**records[draws.pick(spare)], column: value}
        body.insert(place, _row(draws, record, columns))
        found.append((place, column, value, reason))
    first = len(titles) + 2
    listed = [
        BadRow(name, first + place + len(found) - 1 - rank, column, value if isinstance(value, str) else None, reason)
        for rank, (place, column, value, reason) in enumerate(found)
    ]
    header = tuple(_header(draws, HEADERS[column]) for column in columns)
    return Sheet(name, (*titles, header, *body), tuple(reversed(listed)), copies)


def _titles(draws: Draws, name: str) -> list[tuple[Cell, ...]]:
    """Gives the rows above the header: two to five of them."""
    lines: list[tuple[Cell, ...]] = [("SYNTETISKA DATA: inga verkliga barn, påhittade händelser",), (f"Uttag {name}",)]
    extra: tuple[tuple[Cell, ...], ...] = ((), ("Urval: barn 0-5 år", None, "Sorterat per barn"), ())
    return lines + list(extra[: draws.whole(0, 3)])


def _header(draws: Draws, text: str) -> str:
    style = draws.pick(("plain", "upper", "lower", "space"), (0.55, 0.15, 0.15, 0.15))
    return {"plain": text, "upper": text.upper(), "lower": text.lower(), "space": f" {text} "}[style]


def _row(draws: Draws, record: Mapping[str, Cell], columns: list[str]) -> tuple[Cell, ...]:
    day = record["start"]
    written = {**record, "start": _written(draws, day) if isinstance(day, date) else day}
    for column in ("case_id", "activity", "place"):
        value = written[column]
        if draws.chance(0.02) and isinstance(value, str):
            written[column] = draws.pick((f" {value}", f"{value} ", f"{value}  "))
    return tuple(written[column] for column in columns)


def _written(draws: Draws, day: date) -> Cell:
    """Gives a date in one of the spellings that people use."""
    style = draws.pick([name for name, _ in _DATE_STYLES], [share for _, share in _DATE_STYLES])
    spellings: dict[str, Cell] = {
        "excel": day,
        "iso": day.isoformat(),
        "compact": f"{day.year:04d}{day.month:02d}{day.day:02d}",
        "slash": f"{day.day}/{day.month} {day.year}",
        "words": f"{day.day} {_MONTHS[day.month - 1]} {day.year}",
    }
    return spellings[style]


def _insert_copies(draws: Draws, body: list[tuple[Cell, ...]]) -> int:
    for _ in range(_DUPLICATES_A_SHEET):
        at = draws.whole(0, len(body) - 1)
        body.insert(min(at + draws.whole(1, 4), len(body)), body[at])
    return _DUPLICATES_A_SHEET
