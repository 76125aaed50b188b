"""SIGKILL at random instants: of the whole report run, and of a process that does nothing but write.

After each kill the report's files are the former ones or the new ones, byte for byte; after the next run nothing else is left, neither
beside them nor among the temporary files. A child is forked once all modules are loaded, so that the instants fall on work, not on imports.
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
from pathlib import Path

from common import ROOT, Figure, left_in, told, with_pathway, written

NAMES = ("report.xlsx", "report.html")


def kills(times: int, seed: int = 0) -> list[Figure]:
    """Kills so many report runs, and ten times as many writers."""
    with tempfile.TemporaryDirectory() as name:
        found = told("kills.py", [name, times, seed], Path(name))
    runs = Figure("SIGKILL of the report run", times, tuple(found["runs"]), f"over {found['seconds']:.1f} s of a run")
    writers = Figure("SIGKILL while files are written", 10 * times, tuple(found["writers"]), f"{found['written']} files got their names")
    return [runs, writers]


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


def contents(out: Path) -> dict[str, bytes | None]:
    return {name: (out / name).read_bytes() if (out / name).exists() else None for name in NAMES}


def put(out: Path, files: dict[str, bytes | None]) -> None:
    for name, content in files.items():
        (out / name).write_bytes(content or b"")


def killed_runs(folder: Path, times: int, draw: random.Random) -> tuple[list[str], float]:
    main, out = loaded(), folder / "out"
    log, pathway = written_apart(folder)
    command = ["report", str(log), "--pathway", str(pathway), "--out", str(out), "--before", "before", "--after", "after"]

    def run(language: str) -> int:
        return forked(lambda: main([*command, "--language", language]))

    begun = time.perf_counter()
    assert ended(run("sv")) == 0
    seconds = time.perf_counter() - begun
    former = contents(out)
    assert ended(run("en")) == 0
    new = contents(out)
    assert all(former[name] != new[name] for name in NAMES)
    wrong = []
    for number in range(times):
        put(out, former)
        pid = run("en")
        time.sleep(draw.uniform(0, 1.05 * seconds))
        os.kill(pid, signal.SIGKILL)
        ended(pid)
        wrong += [f"{number}: {name} is neither" for name, got in contents(out).items() if got not in (former[name], new[name])]
        if ended(run("en")) != 0 or contents(out) != new:
            wrong.append(f"{number}: the next run failed")
        left = [*(set(left_in(out)) - set(NAMES)), *left_in(folder / "tmp")]
        wrong += [f"{number}: left behind: {name}" for name in left]
    return wrong, seconds


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
    folder, times, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    draw = random.Random(seed)
    runs, seconds = killed_runs(folder, times, draw)
    writers, changed = killed_writers(folder, 10 * times, draw)
    print(json.dumps({"runs": runs, "seconds": seconds, "writers": writers, "written": changed}))


if __name__ == "__main__":
    main()
