"""How a text file is laid out: what separates its cells, where its header is, and the decimal sign of its numbers."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from leadtime.engine.growing import MOST_COLUMNS, checked_width
from leadtime.errors import InputError, UsageError
from leadtime.ingest.source import Options, header_score
from leadtime.ingest.text_bytes import lines
from leadtime.ingest.text_rows import records

__all__ = ["NAMES", "Layout", "decimal_sign", "layout_of"]

NAMES = {";": "semicolon", ",": "comma", "\t": "tab", "|": "bar"}
_DELIMITERS = (";", ",", "\t", "|")
_SAMPLE_LINES = 60


@dataclass(frozen=True)
class Layout:
    """How the file is laid out: delimiter, the header's cells, its line, the line that the data begin at, and some rows of data."""

    delimiter: str
    header: list[str]
    header_line: int
    first_line: int
    sample: Sequence[Sequence[str]] = ()


def layout_of(path: Path, encoding: str, options: Options, kind: str) -> Layout:
    """Gives where the header is and what separates its cells: what names most roles, then what gives rows of one width."""
    with closing(lines(path, encoding)) as text:
        sample = list(itertools.islice(text, _SAMPLE_LINES + (options.header_row or 0)))
    marked = re.fullmatch(r"sep=(.)\s*", sample[0]) if sample else None
    if options.delimiter is not None:
        if len(options.delimiter) != 1:
            raise UsageError(f"delimiter={options.delimiter!r} isn't one character; use one of ';', ',', '\\t', '|'")
        candidates: Sequence[str] = (options.delimiter,)
    elif marked:
        candidates = (marked[1],)
    else:
        candidates = ("\t", *(d for d in _DELIMITERS if d != "\t")) if kind == "tsv" else _DELIMITERS
    found = [_header(sample, delimiter, options) for delimiter in candidates]
    scores = [_score(layout, options) for layout in found]
    best = found[scores.index(max(scores))]
    checked_width(len(best.header), f"'{path}'")
    return best


def _score(layout: Layout, options: Options) -> tuple[int, float, int]:
    """How well a delimiter fits: roles in the header, rows as wide as the header, number of columns."""
    width = len(layout.header)
    alike = sum(len(cells) == width for cells in layout.sample) / len(layout.sample) if layout.sample else 1.0
    return _roles(layout.header, options), alike if width > 1 else 0.0, width


def _roles(cells: Sequence[str], options: Options) -> int:
    """How much a row of cells looks like the header; one that is wider than any table doesn't."""
    return header_score(cells, options, of_status=True) if len(cells) <= MOST_COLUMNS else 0


def _header(sample: Sequence[str], delimiter: str, options: Options) -> Layout:
    """The header row for a delimiter: the given one, else the first that names most roles, else the first with a value."""
    found = list(records(sample, delimiter))
    starts = [record.line for record in found] + [len(sample) + 1]
    filled = [(i, record) for i, record in enumerate(found) if record.cells and any(cell.strip() for cell in record.cells)]
    if options.header_row is not None:
        filled = [(i, record) for i, record in filled if record.line == options.header_row]
        if not filled:
            raise InputError(f"line {options.header_row} holds no header (header_row counts lines from 1)")
    if not filled:
        return Layout(delimiter, [""], 1, 2)
    scores = [_roles(record.cells or [], options) for _, record in filled]
    i, record = filled[scores.index(max(scores))] if max(scores) > 1 else filled[0]
    below = [record.cells for record in found[i + 1 :] if record.cells]
    return Layout(delimiter, list(record.cells or []), record.line, starts[i + 1], below)


def decimal_sign(sample: Iterable[Sequence[str]], options: Options) -> str:
    """Gives the decimal sign of the file's numbers, decided once: given, else the commoner in some rows."""
    if options.decimal is not None:
        if options.decimal not in (",", "."):
            raise UsageError(f"decimal={options.decimal!r} isn't allowed; use ',' or '.'")
        return options.decimal
    cells = (cell.strip() for row in sample for cell in row)
    counts = Counter(match[1] for cell in cells if (match := re.fullmatch(r"-?\d+([.,])\d+", cell)))
    return "," if counts[","] > counts["."] else "."
