"""The ledger of releases: a small file beside the reports with the counts that they published, so that two of them tell no child together.

It holds published figures alone, and is written as a whole once a report was published.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leadtime.disclosure import Disclosed, Release, Told, told_together
from leadtime.errors import DisclosureError, InputError, LeadtimeWarning
from leadtime.files import write_whole
from leadtime.results import Table

__all__ = ["add_release", "look_at_releases", "read_releases"]

_VERSION = 1
_NAMED = 4  # tables that an error names


def read_releases(path: str | os.PathLike[str]) -> tuple[Release, ...]:
    """Gives the releases of a ledger; none where there is no such file yet.

    Raises:
        InputError: the file can't be read, or is no ledger.
    """
    place = Path(path)
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
        if content["leadtime_releases"] != _VERSION:
            raise InputError(f"'{place}' is a ledger of version {content['leadtime_releases']}, which this leadtime can't read; update it")
        return tuple(_release(entry) for entry in content["releases"])
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise InputError(f"the ledger '{place}' can't be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"'{place}' is no ledger of releases, or is damaged; take it from a backup, or name another file") from None


def look_at_releases(path: str | os.PathLike[str], disclosed: Disclosed, release: Release, *, despite: bool) -> None:
    """Refuses what with an earlier release of a ledger would tell a small count, or only warns of it where `despite` says so.

    Raises:
        DisclosureError: it would; the message names the earlier release, the tables, and what to do.
        InputError: the ledger can't be read, or couldn't be written once the report was published.
    """
    _require_place(Path(path))
    told = told_together(disclosed, release, read_releases(path)) if release.threshold > 1 else ()
    if not told:
        return
    message = _message(Path(path).name, told, max(release.threshold, disclosed.profile.threshold))
    if not despite:
        raise DisclosureError(
            f"{message}; nothing was published: wait until more children have been added, leave the sections with these tables out, "
            "or go on all the same with despite_releases=True (--despite-releases)"
        )
    warnings.warn(message, LeadtimeWarning, stacklevel=4)


def _require_place(path: Path) -> None:
    """Finds out before anything is published whether it can be noted."""
    if not path.parent.is_dir():
        raise InputError(f"there is no folder '{path.parent}' for the ledger '{path.name}'; make it first")
    if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError(f"the ledger '{path}' can't be written; name a file in a folder of your own")


def _message(ledger: str, told: Sequence[Told], threshold: int) -> str:
    tables = list(dict.fromkeys(one.table for one in told))
    more = f" and {len(tables) - _NAMED} more" if len(tables) > _NAMED else ""
    names = ", ".join(f"'{name}'" for name in tables[:_NAMED])
    means = {
        "difference": "counts differ by fewer than {n} from it",
        "rest": "the whole less its sites leaves fewer than {n}",
        "hidden": "it shows what is hidden here",
    }
    how = "; ".join(text.format(n=threshold) for kind, text in means.items() if any(one.means == kind for one in told))
    return (
        f"with the release '{told[0].release}' of {ledger} the tables {names}{more} would tell of fewer than {threshold} children ({how})"
    )


def add_release(path: str | os.PathLike[str], release: Release) -> None:
    """Adds a release to a ledger, which is made where there is none; the same figures once more change nothing.

    Raises:
        InputError: the file is there and is no ledger, or there is no such folder.
        ResourceError: it can't be written.
    """
    known = read_releases(path)
    if any(one.same_content == release.same_content for one in known):
        return
    names = {one.name for one in known}
    name, number = release.name, 2
    while name in names:
        name, number = f"{release.name} ({number})", number + 1
    entries = [_entry(one, one.name) for one in known] + [_entry(release, name)]
    content = {"leadtime_releases": _VERSION, "releases": entries}
    write_whole(path, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())


def _entry(release: Release, name: str) -> dict[str, Any]:
    tables = [
        {"name": table.name, "columns": list(table.columns), "counts": list(table.counts), "rows": [list(row) for row in table.rows]}
        for table in release.tables
    ]
    return {"name": name, "scope": release.scope, "threshold": release.threshold, "rounding": release.rounding, "tables": tables}


def _release(entry: dict[str, Any]) -> Release:
    tables = []
    for table in entry["tables"]:
        columns, counts = tuple(map(str, table["columns"])), tuple(map(str, table["counts"]))
        rows = tuple(tuple(row) for row in table["rows"])
        if not set(counts) <= set(columns) or any(len(row) != len(columns) for row in rows):
            raise ValueError
        if not all(isinstance(value, (str, int, type(None))) for row in rows for value in row):
            raise ValueError
        tables.append(Table(str(table["name"]), columns, rows, counts=counts))
    return Release(str(entry["name"]), str(entry["scope"]), int(entry["threshold"]), int(entry["rounding"]), tuple(tables))
