"""What the makers of the samples share: how their files are written. Every file says inside that its data are synthetic."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from statistics import median

from leadtime.datasets.draws import Draws
from leadtime.datasets.messy import Sheet
from leadtime.datasets.workbook import workbook_bytes

Cell = str | int | float | date | None
Row = Sequence[Cell]

NOTE = "SYNTETISKA DATA: allt i filen är påhittat av ett datorprogram; inget barn i den finns."
GUIDE = ("SYNTETISKA DATA", "Allt i denna arbetsbok är påhittat av ett datorprogram. Inget barn i den finns.", "README.md berättar mer.")

__all__ = ["NOTE", "Cell", "Draws", "Row", "csv_file", "day", "known_file", "later", "middle", "workbook", "workday"]


def csv_file(headers: Sequence[str], rows: Iterable[Row], *, delimiter: str = ";") -> bytes:
    """A text file as a journal system exports it: a title line, headers, ISO dates."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow([NOTE])
    writer.writerow(headers)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return out.getvalue().encode("utf-8")


def workbook(sheet: str, headers: Sequence[str], rows: Iterable[Row], *, title: str) -> bytes:
    """A workbook as a project lead keeps it: a guide sheet, then a title, an empty row, headers."""
    body = [(title,), (NOTE,), (), tuple(headers), *(tuple(row) for row in rows)]
    return workbook_bytes((Sheet(sheet, tuple(body), (), 0),), guide=GUIDE)


def known_file(known: dict[str, object]) -> bytes:
    """What the maker knows, because it made it."""
    return (json.dumps({"note": NOTE, **known}, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def day(text: str) -> date:
    return date.fromisoformat(text)


def later(start: date, days: float) -> date:
    return start + timedelta(days=int(days))


def workday(draws: Draws, first: str, last: str) -> date:
    """A day from Monday to Friday."""
    found = date.fromordinal(draws.whole(day(first).toordinal(), day(last).toordinal()))
    return found - timedelta(days=max(0, found.weekday() - 4))


def middle(values: Iterable[float]) -> float:
    return float(median(values))
