"""SIGKILL at random instants: of the whole report run, and of a process that does nothing but write.

After each kill the report's files are the former ones or the new ones, byte for byte; after the next whole run nothing else is left,
neither beside them nor among the temporary files. A child is forked once all modules are loaded, so that the instants fall on work, not on
imports, and they are instants of its own processor time, so that they fall alike on a busy machine; half of them fall in the last third,
where files are written.
Runs that race to one folder leave files of one of them each.
"""

from __future__ import annotations

import atexit
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from common import ROOT, Figure, left_in, told, with_pathway, written

NAMES = ("report.xlsx", "report.html")


def kills(times: int, seed: int = 0, sections: tuple[str, ...] = (), whole_every: int = 10) -> list[Figure]:
    """Kills so many report runs, and ten times as many writers; a tenth as many pairs of runs race."""
    with tempfile.TemporaryDirectory() as name:
        found = told("kills.py", [name, times, seed, whole_every, *sections], Path(name))
    inside = f"{found['inside']} while it ran, of {found['seconds']:.1f} s of processor time; a whole run after every {whole_every}"
    runs = Figure("SIGKILL of the report run", times, tuple(found["runs"]), inside)
    writers = Figure("SIGKILL while files are written", 10 * times, tuple(found["writers"]), f"{found['written']} files got their names")
    raced = Figure("report runs that race to one folder", found["raced"], tuple(found["races"]), "each file is that of one run, whole")
    return [runs, writers, raced]


def loaded() -> Callable[[list[str]], int]:
    """The command line, with all that a run imports, before any engine is started."""
    sys.path.insert(0, str(ROOT))
    import duckdb  # noqa: F401
    import openpyxl  # noqa: F401
    import pandas  # noqa: F401
    import scipy.optimize
    import scipy.stats  # noqa: F401

    import leadtime.compare
    import leadtime.report.build
    import leadtime.report.excel
    import leadtime.report.html  # noqa: F401
    from leadtime.cli import main

    return main


def forked(work: Callable[[], int]) -> int:
    """Starts some work in a fork without a voice, and gives its process."""
    pid = os.fork()
    if pid:
        return pid
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    code = 99
    try:
        code = work()
        atexit._run_exitfuncs()
    finally:
        os._exit(code)


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_after(pid: int, seconds: float) -> bool:
    """Kills a process once it has used so much processor time, and says whether it still ran."""
    place, ticks = Path(f"/proc/{pid}/stat"), seconds * os.sysconf("SC_CLK_TCK")
    while True:
        fields = place.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        if fields[0] == "Z" or int(fields[11]) + int(fields[12]) >= ticks:
            break
        time.sleep(0.003)
    os.kill(pid, signal.SIGKILL)
    return ended(pid) == -signal.SIGKILL


def contents(out: Path) -> dict[str, bytes | None]:
    return {name: (out / name).read_bytes() if (out / name).exists() else None for name in NAMES}


def put(out: Path, files: dict[str, bytes | None]) -> None:
    for name, content in files.items():
        (out / name).write_bytes(content or b"")


@dataclass(frozen=True)
class Runs:
    """Report runs in a folder, each in a process of its own."""

    folder: Path
    start: Callable[[str], int]  # a run in a language

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def whole(self, language: str) -> dict[str, bytes | None]:
        """The files of a run that isn't disturbed."""
        assert ended(self.start(language)) == 0
        return contents(self.out)

    def left(self) -> list[str]:
        return [*(set(left_in(self.out)) - set(NAMES)), *left_in(self.folder / "tmp")]


def report_runs(folder: Path, sections: list[str]) -> Runs:
    main = loaded()
    log, pathway = written_apart(folder)
    command = ["report", str(log), "--pathway", str(pathway), "--out", str(folder / "out"), "--before", "before", "--after", "after"]
    command += [word for name in sections for word in ("--section", name)]
    return Runs(folder, lambda language: forked(lambda: main([*command, "--language", language])))


def killed_runs(runs: Runs, times: int, draw: random.Random, whole_every: int) -> dict[str, object]:
    former = runs.whole("sv")
    before = os.times()
    new = runs.whole("en")
    after = os.times()
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    assert all(former[name] != new[name] for name in NAMES)
    wrong, inside = [], 0
    for number in range(times):
        put(runs.out, former)
        pid = runs.start("en")
        inside += killed_after(pid, draw.uniform(0 if number % 2 else 0.65 * seconds, 1.02 * seconds))
        wrong += [f"{number}: {name} is neither" for name, got in contents(runs.out).items() if got not in (former[name], new[name])]
        if (number + 1) % whole_every == 0 or number + 1 == times:
            if runs.whole("en") != new:
                wrong.append(f"{number}: the next run isn't whole")
            wrong += [f"{number}: left behind: {name}" for name in runs.left()]
    return {"runs": wrong, "inside": inside, "seconds": seconds}


def raced_runs(runs: Runs, times: int) -> list[str]:
    """Two runs at once to one folder, so often."""
    whole = [runs.whole(language) for language in ("sv", "en")]
    wrong = []
    for number in range(times):
        put(runs.out, dict.fromkeys(NAMES, b"former"))
        codes = [ended(pid) for pid in [runs.start("sv"), runs.start("en")]]
        wrong += [f"{number}: a run ended with {code}" for code in codes if code]
        wrong += [f"{number}: {name} is neither" for name, got in contents(runs.out).items() if got not in (whole[0][name], whole[1][name])]
        wrong += [f"{number}: left behind: {name}" for name in runs.left()]
    return wrong


def written_apart(folder: Path) -> tuple[Path, Path]:
    """The log and the pathway, made in a process of their own: this one starts no engine, so that it can be forked."""
    pid = forked(lambda: 0 if written(folder, ".csv") and with_pathway(folder) else 1)
    assert ended(pid) == 0
    return folder / "log.csv", folder / "pathway.toml"


def killed_writers(folder: Path, times: int, draw: random.Random) -> tuple[list[str], int]:
    from leadtime.files import write_whole

    place = folder / "writers"
    place.mkdir()
    target, texts = place / "report.html", (b"a" * 3_000_000, b"b" * 2_000_000)
    target.write_bytes(texts[0])

    def work() -> int:
        while True:
            for text in texts[::-1]:
                write_whole(target, text)

    wrong, changed, before = [], 0, texts[0]
    for number in range(times):
        pid = forked(work)
        time.sleep(draw.uniform(0, 0.03))
        os.kill(pid, signal.SIGKILL)
        ended(pid)
        now = target.read_bytes()
        changed += now != before
        before = now
        if now not in texts:
            wrong.append(f"{number}: half a file")
        if len(left_in(place)) > 2:  # the file, and the draft of the last that was killed
            wrong.append(f"{number}: drafts pile up")
    write_whole(target, texts[0])
    return [*wrong, *(f"left behind: {name}" for name in left_in(place) if name != target.name)], changed


def main() -> None:
    folder, times, seed, whole_every = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    draw = random.Random(seed)
    runs = report_runs(folder, sys.argv[5:])
    found = killed_runs(runs, times, draw, whole_every)
    raced = max(1, times // 10)
    races = raced_runs(runs, raced)
    writers, changed = killed_writers(folder, 10 * times, draw)
    print(json.dumps({**found, "writers": writers, "written": changed, "races": races, "raced": 2 * raced}))


if __name__ == "__main__":
    main()
