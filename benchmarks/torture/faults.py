"""A fault on every file operation, one after the other: no room, no permission, a broken disk, a folder that goes.

All file operations of Python below the work folder are counted in a first run; then each is made to fail, once, with each fault. A command
must end in its whole result, byte for byte, or in one named line; the files that stood before are then as they were, or whole and new.
The engine writes by itself, so there a quota stands in: no file may grow past a few bytes.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import itertools
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import ROOT, Figure, left_in, with_pathway, written

FAULTS = ("ENOSPC", "EACCES", "EIO", "the folder goes")
ON_PATHS = ("open", "replace", "rename", "unlink", "remove", "mkdir", "rmdir", "chmod", "stat", "scandir", "listdir", "access")
AT_DESCRIPTORS = ("fsync", "write")
ON_HANDLES = ("fsync", "read", "write", "close")  # of an open file
ALIKE = 3


class Trap:
    """Counts the file operations below a folder, and makes one of them fail."""

    def __init__(self, folder: Path, out: Path, at: int = -1, fault: str = "EIO") -> None:
        self.folder, self.out, self.at, self.fault = os.path.realpath(folder), out, at, fault
        self.seen: list[str] = []

    def spring(self, name: str, path: object) -> None:
        if not self.is_ours(path):
            return
        self.seen.append(f"{name} {path if isinstance(path, int) else os.path.basename(os.fspath(path))}")  # type: ignore[call-overload]
        if len(self.seen) - 1 != self.at:
            return
        if self.fault == "the folder goes":
            with self.still():
                shutil.rmtree(self.out, ignore_errors=True)
        else:
            number = getattr(errno, self.fault)
            # As from the system: what fails on an open file names none.
            raise OSError(number, os.strerror(number), *(() if name in ON_HANDLES else (str(path),)))

    @contextmanager
    def still(self) -> Iterator[None]:
        """Nothing is counted within the block."""
        at, self.at = self.at, -2
        try:
            yield
        finally:
            self.at = at

    def is_ours(self, path: object) -> bool:
        if self.at == -2:
            return False
        if isinstance(path, int):
            return path > 2
        try:
            return os.path.abspath(os.fsdecode(path)).startswith(self.folder)  # type: ignore[arg-type]
        except TypeError:
            return False


class Handle:
    """A file whose reading, writing and closing pass by the trap."""

    def __init__(self, file: Any, trap: Trap, path: object) -> None:
        self._file, self._trap, self._path = file, trap, path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, *given: Any) -> Any:
        self._trap.spring("read", self._path)
        return self._file.read(*given)

    def write(self, content: Any) -> Any:
        self._trap.spring("write", self._path)
        return self._file.write(content)

    def close(self) -> None:
        try:
            if not self._file.closed:
                self._trap.spring("close", self._path)
        finally:
            self._file.close()

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._file)


@contextmanager
def trapped(trap: Trap) -> Iterator[Trap]:
    """Puts the trap between Python and the system's files."""
    known = {name: getattr(os, name) for name in (*ON_PATHS, *AT_DESCRIPTORS)}
    opened = builtins.open

    def through(name: str) -> Callable[..., Any]:
        def call(path: Any, *given: Any, **options: Any) -> Any:
            try:
                trap.spring(name, path)
            except OSError:
                if name == "access":  # which says no, and never raises
                    return False
                raise
            return known[name](path, *given, **options)

        return call

    def opening(path: Any, *given: Any, **options: Any) -> Any:
        trap.spring("open", path)
        file = opened(path, *given, **options)
        return Handle(file, trap, path) if trap.is_ours(path) else file

    try:
        for name in known:
            setattr(os, name, through(name))
        builtins.open = io.open = opening  # type: ignore[assignment]
        yield trap
    finally:
        builtins.open = io.open = opened
        for name, kept in known.items():
            setattr(os, name, kept)


def commands(folder: Path) -> dict[str, tuple[list[str], tuple[str, ...]]]:
    """The commands that read and write, and the files that each makes in the folder `out`; the report has one section, to be quick."""
    out, log, pathway = folder / "out", str(folder / "log.csv"), str(folder / "pathway.toml")
    (folder / "key.txt").write_text("0123456789abcdef" * 4, encoding="ascii")
    hide = ["pseudonymise", log, "--key-file", str(folder / "key.txt"), "--out"]
    compared = ["--pathway", pathway, "--before", "before", "--after", "after", "--section", "quality"]
    proposed = ["--pathway", pathway, "--propose", str(out / "names.toml")]
    return {
        "report": (["report", log, *compared, "--out", str(out)], ("report.xlsx", "report.html")),
        "pseudonymise to CSV": ([*hide, str(out / "hidden.csv")], ("hidden.csv",)),
        "pseudonymise to Parquet": ([*hide, str(out / "hidden.parquet")], ("hidden.parquet",)),
        "pseudonymise to a workbook": ([*hide, str(out / "hidden.xlsx")], ("hidden.xlsx",)),
        "check": (["check", log, *proposed], ("names.toml",)),
        "check of a workbook": (["check", str(folder / "log.xlsx"), *proposed], ("names.toml",)),
        "template": (["template", "--out", str(out / "template.xlsx")], ("template.xlsx",)),
    }


def run(command: Sequence[str]) -> tuple[int, str]:
    """Gives a command's exit code and what it says of its failure."""
    from leadtime.cli import main

    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = main(list(command))
    return code, said.getvalue().strip()


def contents(out: Path, names: Sequence[str]) -> dict[str, bytes | None]:
    """The files; of a workbook and of Parquet, which carry their hour, only whether they are whole."""
    found: dict[str, bytes | None] = {}
    for name in names:
        path = out / name
        found[name] = path.read_bytes() if path.exists() else None
    return found


def is_whole(name: str, content: bytes | None, wanted: bytes | None) -> bool:
    """Whether a file is as it should be; a workbook of events carries its hour, so there only its size and its end count."""
    if content == wanted or content is None or wanted is None:
        return content == wanted
    return name == "hidden.xlsx" and abs(len(content) - len(wanted)) < 40 and b"PK\x05\x06" in content[-100:]


FORMER = b"the former file"


def once(folder: Path, command: Sequence[str], wanted: dict[str, bytes | None], trap: Trap) -> list[str]:
    """One run with one fault, and what is wrong with how it ended."""
    out = trap.out
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    for name in wanted:
        (out / name).write_bytes(FORMER)
    try:
        with trapped(trap):
            code, said = run(command)
    except BaseException as error:
        return [f"{type(error).__name__} escaped"]
    found, wrong = contents(out, tuple(wanted)), []
    gone = not out.exists()
    if code == 0 and not all(is_whole(name, found[name], wanted[name]) for name in wanted):
        wrong.append("it says that it is done, but a file isn't there or isn't whole")
    if code not in (0, 1, 2) or (code and (not said.startswith("leadtime: ") or "\n" in said)):
        wrong.append(f"exit {code}: {said[:160]}")
    if trap.fault != "the folder goes" and not gone:
        wrong += [f"{name} is half there" for name in wanted if found[name] != FORMER and not is_whole(name, found[name], wanted[name])]
    left = set(left_in(out)) - set(wanted)
    return [*wrong, *(f"left behind: {name}" for name in left)]


def faults(most: int | None = None, seed: int = 0) -> list[Figure]:
    """Makes each file operation fail with each fault, or `most` of them, drawn at random."""
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for ending in (".csv", ".xlsx"):
            written(folder, ending)
        with_pathway(folder)
        figures = [_injected(folder, most, random.Random(seed)), _quotas(folder, most)]
    return figures


def _injected(folder: Path, most: int | None, draw: random.Random) -> Figure:
    out, tries, sound, operations = folder / "out", [], {}, 0
    for name, (command, made) in commands(folder).items():
        trap = Trap(folder, out)
        assert once(folder, command, dict.fromkeys(made, FORMER), trap) != ["escaped"]
        sound[name] = contents(out, made)
        assert all(sound[name].values()), f"{name}: {run(command)}"
        operations += len(trap.seen)
        named = max(at for at, seen in enumerate(trap.seen) if seen.startswith("replace"))
        # A folder that goes once its files have their names goes with a finished job in it.
        tries += [(name, at, fault) for at in picked(trap.seen) for fault in FAULTS if at <= named or fault != "the folder goes"]
    chosen = tries if most is None else draw.sample(tries, min(most, len(tries)))
    wrong = []
    for name, at, fault in chosen:
        trap = Trap(folder, out, at, fault)
        command = commands(folder)[name][0]
        told = once(folder, command, sound[name], trap)
        wrong += [f"{name}, operation {at} ({(*trap.seen, '?')[min(at, len(trap.seen))]}): {fault}: {one}" for one in told]
    note = f"on {operations} operations of {len(sound)} commands; {', '.join(FAULTS)}; of many alike the first and last {ALIKE} only"
    return Figure("faults injected into file operations", len(chosen), tuple(wrong), note)


def picked(seen: Sequence[str]) -> list[int]:
    """The places of the operations; of many alike in a row, as the chunks that a file is read by, only the first and the last ones."""
    found = []
    for _, run_ in itertools.groupby(range(len(seen)), key=seen.__getitem__):
        places = list(run_)
        found += places if len(places) <= 2 * ALIKE else [*places[:ALIKE], *places[-ALIKE:]]
    return found


def _quotas(folder: Path, most: int | None) -> Figure:
    """Every writing command under quotas that end at a half of the file, at its first bytes, and at none."""
    wrong, tried = [], 0
    shutil.rmtree(folder / "out", ignore_errors=True)
    for name, (command, made) in commands(folder).items():
        (folder / "out").mkdir()
        assert run(command)[0] in (0, 1), name
        size = min((folder / "out" / one).stat().st_size for one in made)
        for quota in (size // 2, 16, 0)[: 3 if most is None else 1]:
            for one in made:
                (folder / "out" / one).write_bytes(FORMER)
            code, said = _under_quota(command, quota)
            tried += 1
            kept = all((folder / "out" / one).read_bytes() == FORMER for one in made)
            left = set(left_in(folder / "out")) - set(made)
            if code != 1 or not kept or left or not said.startswith("leadtime: "):
                wrong.append(f"{name}, quota {quota}: exit {code}, kept {kept}, left {sorted(left)}: {said[:160]}")
        shutil.rmtree(folder / "out")
    return Figure("quotas that end within a file", tried, tuple(wrong), "files of the engine's own writing too")


def _under_quota(command: Sequence[str], quota: int) -> tuple[int, str]:
    """A command while no file of this process may grow past a size; the modules are loaded by then, so no bytecode is cut short."""
    before, handled = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (quota, before[1]))
    try:
        return run(command)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handled)


if __name__ == "__main__":
    for figure in faults(int(sys.argv[1]) if len(sys.argv) > 1 else None):
        print(figure.row, *figure.failures, sep="\n")
