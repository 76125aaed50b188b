"""Files as a whole or not at all, and folders for what is only passing through: none is half there, none is read by others, none stays.

What a run makes beside its results carries the machine, the process and a random token in its name, so that concurrent runs never share
one and the next run knows what a killed one left behind.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from leadtime.errors import InputError, ResourceError, UsageError

__all__ = ["draft_of", "passing_folder", "private_folder", "remover", "require_suffix", "write_whole"]

_DRAFT = ".leadtime-draft"


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Writes a file by way of a draft in the same folder, so that its name never stands for half of it.

    Raises:
        InputError: the folder isn't there, or the path is itself a folder.
        ResourceError: the folder can't be written to, or there is no room.
    """
    with draft_of(path) as draft, open(draft, "wb") as file:
        file.write(content)


@contextmanager
def draft_of(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Gives an empty file beside the one to be written; once the block ends well it is flushed to the disk and gets the file's name.

    While it is being written only its owner may read it, after that whoever may read new files of this process.

    Raises:
        InputError: the folder isn't there, or the path is itself a folder.
        ResourceError: the folder can't be written to, or there is no room.
    """
    target = Path(path)
    with _named(target):
        _require_place(target)
        _clear(target.parent, _DRAFT)
        draft = target.with_name(_own_name(_DRAFT))
        try:
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            yield draft
            _flush(draft)
            os.chmod(draft, 0o666 & ~_umask())
            os.replace(draft, target)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(draft)
    if os.name == "posix":  # so that the name lasts too; not every file system can
        with contextlib.suppress(OSError):
            _flush(target.parent)
    if not os.path.lexists(target):
        raise ResourceError(f"'{target}' was written and is gone again, as its folder went at that moment; make the folder and run again")


@contextmanager
def _named(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ResourceError(f"'{target}' can't be written: {reason}; choose another folder, or close the file where it is open") from None


def _require_place(target: Path) -> None:
    if target.is_dir():
        raise InputError(f"'{target}' is a folder; give the name of a file in it, for example '{target / 'report.xlsx'}'")
    if not target.parent.is_dir():
        raise InputError(f"there is no folder '{target.parent}' to write '{target.name}' into; make it first")


def _flush(path: Path) -> None:
    """Makes sure that what was written is on the disk."""
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    """What this process takes from the rights of new files; asked by setting it, since there is no other way."""
    before = os.umask(0o077)
    os.umask(before)
    return before


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


def private_folder(what: str, base: str | os.PathLike[str] | None = None) -> Path:
    """Makes a folder that only its owner may look into, and clears those that killed runs left; its maker removes it (`remover`).

    Args:
        what: what it is for, as part of its name.
        base: where; the system's folder for temporary files where not given.

    Raises:
        ResourceError: it can't be made.
    """
    prefix = f"leadtime-{what}"
    try:
        place = Path(base or tempfile.gettempdir())
        _clear(place, prefix)
        made = place / _own_name(prefix)
        made.mkdir(mode=0o700)
    except OSError as error:
        where = f"in '{base}'" if base else "on this machine"
        advice = "name another with spill_folder="
        raise ResourceError(f"no folder for temporary files can be made {where}: {error.strerror}; {advice}") from None
    return made


def remover(folder: Path) -> Callable[[], None]:
    """Gives what removes a folder, if it is called in the process that made it."""
    maker = os.getpid()

    def remove() -> None:
        if os.getpid() == maker:
            shutil.rmtree(folder, ignore_errors=True)

    return remove


@contextmanager
def passing_folder(base: str | os.PathLike[str] | None = None) -> Iterator[Path]:
    """Gives a private folder for files that are needed within a block only."""
    made = private_folder("scratch", base)
    try:
        yield made
    finally:
        remover(made)()


def _own_name(prefix: str) -> str:
    return f"{prefix}-{_machine()}-{os.getpid()}-{secrets.token_hex(4)}"


def _machine() -> str:
    return re.sub(r"[^\w.]", "_", platform.node())[:64] or "host"


def _clear(folder: Path, prefix: str) -> None:
    """Removes what runs of this machine that are no longer there left in a folder."""
    ours = re.compile(re.escape(f"{prefix}-{_machine()}-") + r"(\d{1,10})-[0-9a-f]{8}")
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        for item in found:
            name = ours.fullmatch(item.name)
            if name and not _runs(int(name[1])):
                _remove(item)


def _remove(item: os.DirEntry[str]) -> None:
    if item.is_dir(follow_symlinks=False):
        shutil.rmtree(item.path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            os.unlink(item.path)


def _runs(pid: int) -> bool:
    """Whether a process of this machine still runs; one that can't be asked counts as running."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
