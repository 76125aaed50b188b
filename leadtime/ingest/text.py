"""CSV and TSV: encoding, delimiter and header found or given; every line accounted for.

A well-formed file goes through the engine's own reader. One with stray quotes, ragged rows, null bytes or line breaks within cells goes
through a careful reader, which rejects the line that can't be parsed and starts again at the next.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from leadtime.engine.session import Session
from leadtime.engine.tables import Cells, plain_csv, rows_table
from leadtime.errors import InputError, UsageError, one_line
from leadtime.ingest.source import Options, Source, header_score, unique_headers
from leadtime.quality import counted
from leadtime.results import Finding

__all__ = ["read_text"]

_DELIMITERS = (";", ",", "\t", "|")
_NAMES = {";": "semicolon", ",": "comma", "\t": "tab", "|": "bar"}
_CHUNK = 1 << 22
_SAMPLE_LINES = 60
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class _Record:
    """A row as it stands in the file: the number of its first line, its cells (none where it can't be parsed), its text."""

    line: int
    cells: list[str] | None
    text: str = ""


@dataclass(frozen=True)
class _Layout:
    """How the file is laid out: delimiter, the header's cells, and the line that the data begin at."""

    delimiter: str
    header: list[str]
    header_line: int
    first_line: int


def read_text(session: Session, path: Path, options: Options, kind: str = "csv") -> Source:
    """Gives a text file as a raw table of texts."""
    encoding = _encoding(path, options.encoding)
    layout = _layout(path, encoding, options, kind)
    headers = unique_headers(layout.header)
    findings: list[Finding] = []
    with tempfile.TemporaryDirectory(prefix="leadtime-", dir=options.spill_folder) as folder:
        plain = path if encoding in ("utf-8", "utf-8-sig") else _as_utf8(path, encoding, Path(folder) / "text.csv")
        lines = _data_lines(plain, layout.first_line)
        fast = None if lines is None else plain_csv(
            session, str(plain), headers=headers, delimiter=layout.delimiter, quote='"', first_line=layout.first_line, lines=lines,
        )  # fmt: skip
        if fast is None:
            counts: Counter[str] = Counter()
            raw = rows_table(session, headers, _careful(path, encoding, layout, counts))
        else:
            raw, again = fast
            counts = Counter({"repeated": again})
    findings += _findings(counts)
    choices = {
        "encoding": encoding,
        "delimiter": _NAMES.get(layout.delimiter, layout.delimiter),
        "decimal": _decimal(path, encoding, layout, options),
        "header_row": str(layout.header_line),
    }
    return Source(raw, path.name, kind, str(path), choices, tuple(findings))


def _findings(counts: Counter[str]) -> list[Finding]:
    told = {
        "repeated": ("repeated-header", "note", "repeating the header within the data, not read"),
        "short": ("short-rows", "warning", "with fewer cells than the header; the missing ones at the end are taken as blank"),
    }
    return [
        Finding(code, severity, counts[key], f"{counted(counts[key], 'row')} {text}")
        for key, (code, severity, text) in told.items()
        if counts[key]
    ]


def _encoding(path: Path, given: str | None) -> str:
    """The encoding: given, by the byte-order mark, else UTF-8 where all bytes are, else cp1252."""
    if given is not None:
        try:
            name = codecs.lookup(given).name
        except LookupError:
            raise UsageError(f"encoding={given!r} isn't known; use 'utf-8', 'cp1252' or another that Python knows") from None
        return _required(path, name, f"isn't {given}", "leave encoding out, or try 'utf-8' or 'cp1252'")
    with path.open("rb") as stream:
        head = stream.read(4)
    marked = [name for mark, name in _BOMS if head.startswith(mark)]
    if marked:
        return _required(path, marked[0], f"begins as {marked[0]} but isn't", "export it again, or give encoding=")
    if _undecodable(path, "utf-8") is None:
        return "utf-8"
    return _required(path, "cp1252", "is neither UTF-8 nor cp1252", "save it as UTF-8, or give encoding=")


def _required(path: Path, name: str, trouble: str, fix: str) -> str:
    """The encoding's name, where all bytes of the file are in it."""
    problem = _undecodable(path, name)
    if problem is not None:
        raise InputError(f"'{path}' {trouble} (byte {problem}); {fix}")
    return name


def _undecodable(path: Path, encoding: str) -> int | None:
    """The place of the first byte that the encoding doesn't allow."""
    # A mark at the beginning is a character like any other here, so that places are counted in bytes.
    decoder = codecs.getincrementaldecoder("utf-8" if encoding == "utf-8-sig" else encoding)()
    place = 0
    with path.open("rb") as stream:
        try:
            while chunk := stream.read(_CHUNK):
                decoder.decode(chunk)
                place += len(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            return place + error.start
        except UnicodeError:
            return place
    return None


def _as_utf8(path: Path, encoding: str, target: Path) -> Path:
    """A copy in UTF-8, which is what the engine reads."""
    with path.open("r", encoding=encoding, newline="") as source, target.open("w", encoding="utf-8", newline="") as sink:
        while chunk := source.read(_CHUNK):
            sink.write(chunk)
    return target


def _data_lines(path: Path, first_line: int) -> int | None:
    """The number of lines from the first of the data to the last that isn't blank; none where lines can't be counted by line feeds."""
    feeds = returns = pairs = 0
    end = b"\n"
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if b"\0" in chunk:
                return None
            feeds += chunk.count(b"\n")
            returns += chunk.count(b"\r")
            pairs += chunk.count(b"\r\n") + (end == b"\r" and chunk.startswith(b"\n"))
            end = chunk[-1:]
        size = stream.tell()
        stream.seek(max(0, size - 4096))
        tail = stream.read()
    body = tail.rstrip(b"\r\n")
    if returns != pairs or not body:
        return None
    return feeds - tail[len(body) :].count(b"\n") + 1 - (first_line - 1)


def _lines(path: Path, encoding: str) -> Iterator[str]:
    with path.open("r", encoding=encoding, newline="") as stream:
        yield from stream


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


def _records(lines: Iterable[str], delimiter: str) -> Iterator[_Record]:
    """The rows of a text: a row whose quotes don't close is one line that can't be parsed, and reading goes on at the next."""
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield _Record(feed.line + 1, None, feed.give_back().rstrip("\r\n"))
            reader = csv.reader(feed, delimiter=delimiter, strict=True)
            continue
        if any("\0" in line for line in feed.taken):
            yield _Record(feed.line + 1, None, one_line("".join(feed.taken).replace("\0", "\\0")))
        else:
            yield _Record(feed.line + 1, cells, "")


def _careful(path: Path, encoding: str, layout: _Layout, counts: Counter[str]) -> Iterator[tuple[int, str | None, str | None, Cells]]:
    """The rows of data for the raw table, blank ones and repeated headers left out."""
    width = len(layout.header)
    blank: list[str | None] = [None] * width
    ahead = layout.first_line - 1
    for record in _records(itertools.islice(_lines(path, encoding), ahead, None), layout.delimiter):
        cells = record.cells
        if cells is None:
            yield record.line + ahead, None, record.text, blank
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if cells == layout.header:
            counts["repeated"] += 1
        elif any(cell.strip() for cell in cells[width:]):
            yield record.line + ahead, None, layout.delimiter.join(cells), blank
        else:
            counts["short"] += len(cells) < width
            values: list[str | None] = [cell or None for cell in cells[:width]]
            yield record.line + ahead, None, None, values + blank[len(values) :]


def _layout(path: Path, encoding: str, options: Options, kind: str) -> _Layout:
    """Where the header is and what separates its cells."""
    sample = list(itertools.islice(_lines(path, encoding), _SAMPLE_LINES + (options.header_row or 0)))
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
    scores = [_score(sample, layout, options) for layout in found]
    return found[scores.index(max(scores))]


def _score(sample: Sequence[str], layout: _Layout, options: Options) -> tuple[int, float, int]:
    """How well a delimiter fits: roles in the header, rows as wide as the header, number of columns."""
    rows = [record.cells for record in _records(sample[layout.first_line - 1 :], layout.delimiter) if record.cells]
    width = len(layout.header)
    alike = sum(len(cells) == width for cells in rows) / len(rows) if rows else 1.0
    return header_score(layout.header, options), alike if width > 1 else 0.0, width


def _header(sample: Sequence[str], delimiter: str, options: Options) -> _Layout:
    """The header row for a delimiter: the given one, else the first that names most roles, else the first with a value."""
    records = list(_records(sample, delimiter))
    starts = [record.line for record in records] + [len(sample) + 1]
    filled = [(i, record) for i, record in enumerate(records) if record.cells and any(cell.strip() for cell in record.cells)]
    if options.header_row is not None:
        filled = [(i, record) for i, record in filled if record.line == options.header_row]
        if not filled:
            raise InputError(f"line {options.header_row} holds no header (header_row counts lines from 1)")
    if not filled:
        return _Layout(delimiter, [""], 1, 2)
    scores = [header_score(record.cells or [], options) for _, record in filled]
    i, record = filled[scores.index(max(scores))] if max(scores) > 1 else filled[0]
    return _Layout(delimiter, [cell for cell in record.cells or []], record.line, starts[i + 1])


def _decimal(path: Path, encoding: str, layout: _Layout, options: Options) -> str:
    """The decimal sign of the file's numbers, decided once: given, else the commoner in the first rows."""
    if options.decimal is not None:
        if options.decimal not in (",", "."):
            raise UsageError(f"decimal={options.decimal!r} isn't allowed; use ',' or '.'")
        return options.decimal
    sample = itertools.islice(_lines(path, encoding), layout.first_line - 1, layout.first_line + 1000)
    cells = (cell.strip() for record in _records(sample, layout.delimiter) for cell in record.cells or [])
    counts = Counter(match[1] for cell in cells if (match := re.fullmatch(r"-?\d+([.,])\d+", cell)))
    return "," if counts[","] > counts["."] else "."
