"""Files before they are read: is the path there, and which format is it?"""

from __future__ import annotations

import os
import re
from pathlib import Path

from leadtime.errors import InputError, UsageError, did_you_mean
from leadtime.ingest.sqlite_file import opened_sqlite, tables_of
from leadtime.ingest.streams import first_bytes

__all__ = ["FORMATS", "checked_path", "format_of"]

FORMATS = ("csv", "tsv", "xlsx", "parquet", "xes", "ocel", "fhir", "omop")
_ENDINGS = {
    ".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".tab": "tsv", ".xlsx": "xlsx", ".xlsm": "xlsx", ".parquet": "parquet", ".pq": "parquet",
    ".xes": "xes", ".xes.gz": "xes", ".jsonocel": "ocel", ".xmlocel": "ocel", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite",
    ".json": "json", ".xml": "xml", ".ndjson": "fhir", ".jsonl": "fhir", ".ndjson.gz": "fhir",
    ".csv.gz": "csv", ".txt.gz": "csv", ".tsv.gz": "tsv",
    ".jsonocel.gz": "ocel", ".xmlocel.gz": "ocel", ".json.gz": "json", ".xml.gz": "xml",
}  # fmt: skip
# What is looked at of a file to tell what it is.
_HEAD = 1 << 16
_LATER = {
    ".gz": "packed, and its name doesn't tell as what; unpack it, and give the file within",
    ".zip": "an archive, which may hold many files; unpack it, and give the one with the events",
    ".7z": "an archive, which may hold many files; unpack it, and give the one with the events",
    ".xls": "an old Excel workbook; open it in Excel and save it as .xlsx",
    ".xlsb": "a binary Excel workbook; open it in Excel and save it as .xlsx",
    ".ods": "an OpenDocument workbook; open it in LibreOffice or Excel and save it as .xlsx",
    ".numbers": "a workbook of Numbers; export it as .xlsx",
    ".docx": "a Word document; copy its table to a sheet and save that as .xlsx",
    ".pdf": "a PDF; ask for the export as .xlsx or .csv",
}


def checked_path(source: str | os.PathLike[str]) -> Path:
    """Gives the path of a file that is there, isn't empty and can be read.

    >>> checked_path("no/such/file.csv")
    Traceback (most recent call last):
    ...
    leadtime.errors.InputError: no file 'no/such/file.csv'; there is no folder 'no/such' either
    """
    path = Path(source)
    try:
        if path.is_dir():
            inside = sorted(item.name for item in path.iterdir() if item.suffix.lower() in _ENDINGS)
            shown = f", for example '{path / inside[0]}'" if inside else ""
            raise InputError(f"'{path}' is a folder; give one file in it{shown}")
        if not path.exists():
            raise InputError(f"no file '{path}'{_nearby(path)}")
        if path.stat().st_size == 0:
            raise InputError(f"'{path}' is empty; export it again")
        with path.open("rb") as stream:
            stream.read(1)
    except PermissionError:
        raise InputError(f"'{path}' can't be read: no permission; ask its owner, or copy it to a folder of your own") from None
    except OSError as error:
        raise InputError(f"'{path}' can't be read: {error.strerror or error}") from None
    except ValueError:
        raise InputError(f"{str(source)!r} is not a file name") from None
    return path


def _nearby(path: Path) -> str:
    if not path.parent.is_dir():
        return f"; there is no folder '{path.parent}' either"
    return did_you_mean(path.name, sorted(item.name for item in path.parent.iterdir() if item.suffix.lower() in _ENDINGS))


def format_of(path: Path, given: str | None = None) -> str:
    """Gives the format of a file, by its ending unless it is given, and refuses content that plainly is another format.

    >>> format_of(Path("log.unknown"), "csv2")
    Traceback (most recent call last):
    ...
    leadtime.errors.UsageError: format='csv2' isn't known; did you mean 'csv'?
    """
    if given is not None:
        if given not in FORMATS:
            raise UsageError(f"format={given!r} isn't known{did_you_mean(str(given), FORMATS)}")
        chosen = given
    else:
        ending = next((double for double in _ENDINGS if double.endswith(".gz") and path.name.lower().endswith(double)), path.suffix.lower())
        if ending not in _ENDINGS:
            raise InputError(f"'{path}' can't be read: {_unknown(ending)}")
        chosen = _ENDINGS[ending]
    head = first_bytes(path, _HEAD)
    if chosen in ("json", "sqlite", "xml"):
        return told_by_content(path, chosen, head)
    if chosen in ("csv", "tsv") and (head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))):
        raise InputError(f"'{path}' is an Excel workbook, not text; give it the ending .xlsx or say format='xlsx'")
    if chosen in ("csv", "tsv") and head.startswith(b"PAR1"):
        raise InputError(f"'{path}' is a Parquet file, not text; give it the ending .parquet or say format='parquet'")
    return chosen


def told_by_content(path: Path, carrier: str, head: bytes) -> str:
    """Gives the format of a JSON, XML or SQLite file, which carry several, by the names that stand in it."""
    if carrier == "sqlite":
        return _of_tables(path)
    if carrier == "xml":
        return _of_tags(path, head)
    if re.search(rb'"resourceType"\s*:', head):
        return "fhir"
    if re.search(rb'"(eventTypes|objectTypes|events|objects|ocel:[a-z-]+)"\s*:', head):
        return "ocel"
    raise InputError(f"'{path}' begins neither as an OCEL log nor as FHIR resources do; say format= if it is one of them")


def _of_tags(path: Path, head: bytes) -> str:
    """The format of an XML file, by its first tags; every other byte of UTF-16 is left out."""
    plain = head.replace(b"\0", b"")
    if re.search(rb"<(\w+:)?(object-types|event-types|objects|events)[\s/>]", plain):
        return "ocel"
    if re.search(rb"<(\w+:)?log[\s>]", plain):
        return "xes"
    raise InputError(f"'{path}' begins neither as an OCEL log nor as XES does; say format= if it is one of them")


def _of_tables(path: Path) -> str:
    """The format of an SQLite file, by its tables."""
    with opened_sqlite(path) as connection:
        tables = tables_of(connection)
    if "event_map_type" in tables:
        return "ocel"
    if any(name in tables for name in ("visit_occurrence", "condition_occurrence", "procedure_occurrence", "episode")):
        return "omop"
    raise InputError(
        f"'{path}' holds neither an OCEL log nor OMOP tables; name one of its tables as the source, with connection='sqlite:///{path.name}'"
    )


def _unknown(ending: str) -> str:
    if ending in _LATER:
        return f"it is {_LATER[ending]}"
    told = f"the ending '{ending}' isn't known" if ending else "it has no ending"
    return f"{told}; supported are {', '.join(FORMATS)} (save it as one of them, or say format=)"
