"""Writing a file as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from leadtime.errors import InputError, ResourceError, UsageError

__all__ = ["require_suffix", "write_whole"]


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Writes a file by way of a draft in the same folder, so that its name never stands for half of it.

    Raises:
        InputError: the folder isn't there, or the path is itself a folder.
        ResourceError: the folder can't be written to, or there is no room.
    """
    target = Path(path)
    if target.is_dir():
        raise InputError(f"'{target}' is a folder; give the name of a file in it, for example '{target / 'report.xlsx'}'")
    if not target.parent.is_dir():
        raise InputError(f"there is no folder '{target.parent}' to write '{target.name}' into; make it first")
    draft = target.with_name(f".{target.name}.{os.getpid()}.draft")
    try:
        with open(draft, "xb") as file:
            file.write(content)
        os.replace(draft, target)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ResourceError(f"'{target}' can't be written: {reason}; choose another folder, or close the file where it is open") from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(draft)


def require_suffix(path: str | os.PathLike[str], suffix: str) -> None:
    """Refuses a file name whose ending programs would not know.

    >>> require_suffix("report.xls", ".xlsx")
    Traceback (most recent call last):
    ...
    leadtime.errors.UsageError: 'report.xls' doesn't end in .xlsx; name the file report.xlsx
    """
    target = Path(path)
    if target.suffix.casefold() != suffix:
        raise UsageError(f"'{target}' doesn't end in {suffix}; name the file {target.with_suffix(suffix).name}")
