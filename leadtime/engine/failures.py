"""What the engine complains of, under the library's own names: a lack of memory or disk, a damaged file, Ctrl-C."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from leadtime.errors import InputError, ResourceError, one_line

__all__ = ["interruptible", "readable", "resources"]

_OF_A_FILE = re.compile("(?i)parquet|failed to read file|snappy|zstd|gzip|thrift")
_VALUES = re.compile("(?i):? value .*")


@contextmanager
def interruptible() -> Iterator[None]:
    """Gives what the engine makes of Ctrl-C its right name."""
    try:
        yield
    except RuntimeError as error:
        if "Query interrupted" in str(error):
            raise KeyboardInterrupt from None
        raise


@contextmanager
def readable() -> Iterator[None]:
    """Gives the engine's complaint of a damaged file the library's own name: what is read lazily may show itself late."""
    try:
        with interruptible():
            yield
    except duckdb.Error as error:
        text = one_line(str(error))
        # An error without a kind of DuckDB's own comes from the libraries that it decodes files with.
        if type(error) is not duckdb.Error and not _OF_A_FILE.search(text):
            raise
        told = _VALUES.sub("", text)[:200]  # what stands in the file isn't for the screen
        raise InputError(f"a file is damaged or isn't what its ending says ({told}); export it again") from None


@contextmanager
def resources() -> Iterator[None]:
    """Gives the engine's lack of memory or disk the library's own name, and a damaged file its own; Ctrl-C stops the work."""
    try:
        with readable():
            yield
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        advice = "raise memory_limit=, or name a spill_folder= on a disk with more room"
        raise ResourceError(f"the engine has too little memory or disk: {one_line(str(error))[:200]}; {advice}") from None
