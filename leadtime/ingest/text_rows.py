"""Rows of a text file, one by one: a row whose quotes don't close is one line that can't be parsed, and reading goes on at the next."""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from leadtime.engine.tables import Cells
from leadtime.errors import one_line

__all__ = ["Record", "careful_rows", "records"]


@dataclass(frozen=True)
class Record:
    """A row as it stands in the file: the number of its first line, its cells (none where it can't be parsed), its text."""

    line: int
    cells: list[str] | None
    text: str = ""


class _Feed:
    """Lines handed to the CSV reader, remembered for the record at hand, so that a wrong record can be taken back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._back: list[str] = []
        self.taken: list[str] = []
        self.line = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.pop() if self._back else next(self._lines)
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """Forgets the record before; the next line is the first of a new one."""
        self.line += len(self.taken)
        self.taken = []

    def give_back(self) -> str:
        """Takes back all lines of the record but the first, which is returned."""
        first, *rest = self.taken
        self._back.extend(reversed(rest))
        self.taken = [first]
        return first


def records(lines: Iterable[str], delimiter: str) -> Iterator[Record]:
    """Gives the rows of a text."""
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Record(feed.line + 1, None, feed.give_back().rstrip("\r\n"))
            reader = csv.reader(feed, delimiter=delimiter, strict=True)
            continue
        if any("\0" in line for line in feed.taken):
            yield Record(feed.line + 1, None, one_line("".join(feed.taken).replace("\0", "\\0")))
        else:
            yield Record(feed.line + 1, cells, "")


def careful_rows(
    lines: Iterable[str], delimiter: str, header: Sequence[str], first_line: int, counts: Counter[str]
) -> Iterator[tuple[int, str | None, str | None, Cells]]:
    """Gives the rows of data for the raw table, blank ones and repeated headers left out; `counts` takes what was met."""
    width = len(header)
    blank: list[str | None] = [None] * width
    ahead = first_line - 1
    for record in records(itertools.islice(lines, ahead, None), delimiter):
        cells = record.cells
        if cells is None:
            yield record.line + ahead, None, record.text, blank
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if cells == header:
            counts["repeated"] += 1
        elif any(cell.strip() for cell in cells[width:]):
            yield record.line + ahead, None, delimiter.join(cells), blank
        else:
            counts["short"] += len(cells) < width
            values: list[str | None] = [cell or None for cell in cells[:width]]
            yield record.line + ahead, None, None, values + blank[len(values) :]
