"""What the commands share: a log read as the options say, folders to write to, and progress."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from leadtime.errors import InputError, UsageError

if TYPE_CHECKING:
    from leadtime.log import EventLog
    from leadtime.pathway import Pathway
    from leadtime.results import Value

__all__ = ["made_folder", "pathway_of", "place", "progress", "read", "require_writable", "say"]


def pathway_of(path: Path | None) -> Pathway | None:
    """Gives the pathway of a file, none where none is named."""
    from leadtime import read_pathway

    return None if path is None else read_pathway(path)


def read(
    path: Path,
    pathway: Pathway | None,
    columns: list[str] | None,
    timezone: str | None,
    observed_until: str | None,
    sheets: list[str] | None,
    date_order: str | None,
    names: Path | None = None,
    *,
    object_type: str | None = None,
) -> EventLog:
    """Reads the log: the command line wins over the pathway file, the file over the defaults."""
    from leadtime import read_log, with_names

    declared = pathway.log if pathway else None
    roles = dict(declared.columns) if declared else {}
    for pair in columns or ():
        role, equals, header = pair.partition("=")
        if not equals or not role or not header:
            raise UsageError(f"--column '{pair}' isn't of the form role=header, as in --column case_id=Ärende")
        roles[role.strip()] = header.strip()
    if date_order not in (None, "dmy", "mdy", "ymd"):
        raise UsageError(f"--date-order '{date_order}' isn't allowed; use dmy, mdy or ymd")
    declared_sheets = list(declared.sheets) if declared and declared.sheets and path.suffix.lower() in (".xlsx", ".xlsm") else None
    log = read_log(
        path,
        columns=roles or None,
        timezone=timezone or (declared.timezone if declared else None),
        observed_until=observed_until or (declared.observed_until if declared else None),
        sheets=sheets or declared_sheets,
        date_order=date_order,  # type: ignore[arg-type]  # looked at above
        date_rules=declared.date_rules if declared else None,
        object_type=object_type or (declared.object_type if declared else None),
    )
    return log if names is None else with_names(log, names)


def say(text: str, *, err: bool = False) -> None:
    """Writes to the screen what may quote the data, without the personal numbers in it: screens are shared and pasted into mails."""
    from leadtime.privacy import masked

    typer.echo(masked(text), err=err)


def place(row: Mapping[str, Value]) -> str:
    """Where a row stands, as its owner finds it."""
    sheet = f" sheet '{row['sheet']}'" if row["sheet"] else ""
    return f"{row['source']}{sheet} row {row['row_number']}"


def require_writable(folder: Path) -> None:
    """Finds out before the work whether the folder can be made and written to, and leaves all as it is."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out '{folder}' is a file; give a folder")
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise InputError(f"the folder '{folder}' can't be written to; choose another with --out")


def made_folder(folder: Path) -> Path:
    """Gives the folder, made where it isn't there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder '{folder}' can't be made: {error.strerror}; choose another with --out") from None
    return folder


@contextmanager
def progress() -> Iterator[Callable[[str, float], None]]:
    """A progress bar on the error stream where that is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield lambda text, share: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda text, share: bar.update(task, description=text, completed=share)
