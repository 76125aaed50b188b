"""Which reader a source needs: by its type, its ending, its content, or as the caller says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from leadtime.engine.session import Session
from leadtime.errors import InputError, UsageError
from leadtime.ingest.clocks import with_clocks
from leadtime.ingest.fhir import read_fhir
from leadtime.ingest.files import checked_path, format_of
from leadtime.ingest.frames import read_frame, read_parquet
from leadtime.ingest.ocel import read_ocel
from leadtime.ingest.omop import looks_omop, read_omop, read_omop_database
from leadtime.ingest.query import is_query, read_query
from leadtime.ingest.source import Options, Source
from leadtime.ingest.streams import unpacked
from leadtime.ingest.text import read_text
from leadtime.ingest.wide import as_long, looks_wide
from leadtime.ingest.workbook import read_workbook
from leadtime.ingest.xes import read_xes

__all__ = ["opened"]


def opened(session: Session, source: Any, options: Options, *, format: str | None = None, connection: object | None = None) -> Source:
    """Gives the raw table of a path, a frame or a query."""
    wide = format == "wide"
    found = _read(session, source, replace(options, wide=wide), None if wide else format, connection)
    if options.of_cases:
        return found
    if wide:
        return as_long(found, options)
    if format is None and looks_wide(found, options):
        return as_long(found, options, guessed=True)
    return with_clocks(found, options)


def _read(session: Session, source: Any, options: Options, format: str | None, connection: object | None) -> Source:
    if connection is not None:
        return (read_omop_database if format == "omop" else read_query)(session, source, connection)
    if not isinstance(source, (str, os.PathLike)):
        return read_frame(session, source)
    if isinstance(source, str) and ("\n" in source or is_query(source)):
        raise UsageError("a query needs its database: give connection=, an SQLAlchemy engine or address such as 'sqlite:///log.db'")
    if (format == "omop" and not Path(source).is_file()) or (format is None and looks_omop(Path(source))):
        return read_omop(session, Path(source), options)
    path = checked_path(source)
    with _named(path):
        kind = format_of(path, format)
        if options.object_type is not None and kind != "ocel":
            raise UsageError(f"object_type= says what is a case in an OCEL log, but '{path}' is read as {kind}; leave it out")
        return _read_file(session, path, kind, options)


def _read_file(session: Session, path: Path, kind: str, options: Options) -> Source:
    """The raw table of a file of a known format."""
    readers: dict[str, Callable[[], Source]] = {
        "xlsx": lambda: read_workbook(session, path, options),
        "parquet": lambda: read_parquet(session, path),
        "xes": lambda: read_xes(session, path),
        "ocel": lambda: read_ocel(session, path, options.object_type),
        "fhir": lambda: read_fhir(session, path),
        "omop": lambda: read_omop(session, path, options),
    }
    if kind in readers:
        return readers[kind]()
    if path.suffix.lower() != ".gz":
        return read_text(session, path, options, kind)
    plain = session.scratch() / f"{session.new_name('unpacked')}.csv"
    unpacked(path, plain)
    return replace(read_text(session, plain, options, kind), name=path.name, path=str(path))


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Gives what the system says of a file the library's own name."""
    try:
        yield
    except PermissionError:
        raise InputError(f"'{path}' can't be read: no permission; ask its owner, or copy it to a folder of your own") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"'{path}' can't be read: {reason}; copy it to this machine, and see that there is room") from None
