"""Text files as bytes: their encoding, what in them needs care, and their lines, none of which may fill the memory."""

from __future__ import annotations

import codecs
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from leadtime.errors import InputError, UsageError

__all__ = ["Survey", "as_utf8", "certain_encoding", "likely_encoding", "lines", "survey"]

_CHUNK = 1 << 22
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Characters. A line of a table with thousands of columns has some ten thousand.
_LONGEST_LINE = 1 << 23
_FEED, _RETURN = 10, 13
_GLANCE, _MOST_NULL = 1 << 12, 0.5


def likely_encoding(path: Path, given: str | None) -> str:
    """Gives the encoding: as given, by the byte-order mark, else by the file's beginning UTF-8 or cp1252.

    That it is UTF-8 all through is left to who reads it; `certain_encoding` looks at every byte.
    """
    if given is not None:
        try:
            name = codecs.lookup(given).name
        except LookupError:
            raise UsageError(f"encoding={given!r} isn't known; use 'utf-8', 'cp1252' or another that Python knows") from None
        return _required(path, name, f"isn't {given}", "leave encoding out, or try 'utf-8' or 'cp1252'")
    with path.open("rb") as stream:
        head = stream.read(_CHUNK)
    marked = [name for mark, name in _BOMS if head.startswith(mark)]
    if marked:
        return _required(path, marked[0], f"begins as {marked[0]} but isn't", "export it again, or give encoding=")
    wide = _wide(head)
    if wide is not None and _undecodable(path, wide) is None:
        return wide
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return certain_encoding(path)
    return "utf-8"


def _wide(head: bytes) -> str | None:
    """UTF-16 without a byte-order mark: one byte of most pairs is null; none where it isn't so."""
    pairs = np.frombuffer(head[: len(head) // 2 * 2][:_GLANCE], dtype=np.uint8).reshape(-1, 2)
    if not pairs.size or b"\0" not in head[:_GLANCE]:
        return None
    first, second = ((pairs[:, place] == 0).mean() for place in (0, 1))
    return "utf-16-le" if second > _MOST_NULL and first == 0 else "utf-16-be" if first > _MOST_NULL and second == 0 else None


def certain_encoding(path: Path) -> str:
    """Gives UTF-8 where all bytes are, else cp1252."""
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


def as_utf8(path: Path, encoding: str, target: Path) -> Path:
    """Makes a copy in UTF-8, which is what the engine reads."""
    with path.open("r", encoding=encoding, newline="") as source, target.open("w", encoding="utf-8", newline="") as sink:
        while chunk := source.read(_CHUNK):
            sink.write(chunk)
    return target


@dataclass(frozen=True)
class Survey:
    """What a text file holds, in bytes.

    `lines`: from the first to the last that isn't blank; none where they can't be counted by line feeds, or a null byte stands in them.
    `apostrophes`: whether there is any.
    """

    lines: int | None
    apostrophes: bool


def survey(path: Path) -> Survey:
    """Gives what a text file in UTF-8 holds."""
    feeds = 0
    countable, apostrophes = True, False
    last = b"\n"
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            feeds += int(np.count_nonzero(np.frombuffer(chunk, dtype=np.uint8) == _FEED))
            apostrophes = apostrophes or b"'" in chunk
            countable = countable and b"\0" not in chunk and _returns_before_feeds(last + chunk)
            last = chunk[-1:]
        tail = _tail(path)
    body = tail.rstrip(b"\r\n")
    lines = feeds - tail[len(body) :].count(b"\n") + 1 if countable and body and last != b"\r" else None
    return Survey(lines, apostrophes)


def _returns_before_feeds(chunk: bytes) -> bool:
    """Whether each carriage return is followed by a line feed; one at the very end is seen with what follows it."""
    if b"\r" not in chunk:
        return True
    content = np.frombuffer(chunk, dtype=np.uint8)
    places = np.flatnonzero(content[:-1] == _RETURN)
    return bool((content[places + 1] == _FEED).all())


def _tail(path: Path) -> bytes:
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 4096))
        return stream.read()


def lines(path: Path, encoding: str) -> Generator[str, None, None]:
    """Gives the lines of a text with their ends; who reads a part only closes it, so that the file doesn't stay open.

    Raises:
        InputError: a line is so long that the file is no table.
    """
    with path.open("r", encoding=encoding, newline="") as stream:
        number = 0
        while line := stream.readline(_LONGEST_LINE):
            number += 1
            if len(line) == _LONGEST_LINE and not line.endswith(("\n", "\r")):
                raise InputError(
                    f"'{path}' has over {_LONGEST_LINE >> 20} million characters on line {number}; a table has a line for each row, so "
                    "it isn't read: export it again with line ends"
                )
            yield line
