"""Files as streams of bytes: packed ones unpacked on the way, and refused where they are meant to fill the machine."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from xml.parsers import expat

from leadtime.errors import InputError, one_line

__all__ = ["LARGEST_PIECE", "check_growth", "chunks", "first_bytes", "parsing_xml", "unpacked"]

CHUNK = 1 << 20

# What one value, one line or one tag may hold. Nothing that people or programs export comes near.
LARGEST_PIECE = 1 << 25

# Events pack to a tenth or a thirtieth. What grows more than this, and is large, is a bomb.
_MOST_GROWTH = 250
_SMALL = 1 << 28


def check_growth(packed: int, unpacked: int, what: str) -> None:
    """Refuses content that unpacks to far more than data do.

    >>> check_growth(1_000_000, 1_000_000_000, "'log.xes.gz'")
    Traceback (most recent call last):
    ...
    leadtime.errors.InputError: 'log.xes.gz' unpacks to over 1000 times its size, as a zip bomb does; it isn't read
    """
    if unpacked > _SMALL and unpacked > _MOST_GROWTH * max(packed, 1):
        raise InputError(f"{what} unpacks to over {unpacked // max(packed, 1)} times its size, as a zip bomb does; it isn't read")


def chunks(path: Path) -> Generator[bytes]:
    """Gives the bytes of a file piece by piece, unpacked where its name ends in .gz."""
    with path.open("rb") as stream:
        if path.suffix.lower() != ".gz":
            while content := stream.read(CHUNK):
                yield content
            return
        total = 0
        with gzip.GzipFile(fileobj=stream) as unpacked:
            while content := _unpacked(unpacked, path):
                total += len(content)
                check_growth(stream.tell(), total, f"'{path}'")
                yield content


def first_bytes(path: Path, most: int) -> bytes:
    """Gives what a file begins with, up to a megabyte; of a packed file what is in it."""
    with closing(chunks(path)) as content:
        return next(content, b"")[:most]


def unpacked(path: Path, target: Path) -> None:
    """Writes what is packed in a file to another."""
    with target.open("wb") as sink, closing(chunks(path)) as content:
        for piece in content:
            sink.write(piece)


def _unpacked(stream: gzip.GzipFile, path: Path) -> bytes:
    try:
        return stream.read(CHUNK)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"'{path}' is damaged or isn't packed by gzip ({one_line(str(error))[:100]}); export it again") from None


@contextmanager
def parsing_xml(what: str) -> Iterator[None]:
    """Names the file of which the parser says within the block that it isn't XML."""
    try:
        yield
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise InputError(f"{what} isn't well-formed XML at line {error.lineno}: {reason}; export it again") from None
    except LookupError as error:  # Python looks for an encoding that the parser doesn't know
        raise InputError(f"{what} says that it is in an {error}; export it again in UTF-8") from None
