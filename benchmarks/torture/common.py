"""What the parts share: a figure of the table, the files that they start from, and work done in processes that may die."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data_samples" / "mark_svenljunga"
PATHWAY = """
name = "Torture"
start = "detection"
stop = ["diagnosis"]
[milestones.detection]
activities = ["Upptäckt"]
[milestones.diagnosis]
activities = ["Diagnos"]
"""


@dataclass(frozen=True)
class Figure:
    """A row of the table: what was done, how many times, and each thing that went wrong."""

    what: str
    tried: int
    failures: tuple[str, ...] = ()
    note: str = ""

    @property
    def row(self) -> str:
        return f"| {self.what} | {self.tried} | {len(self.failures)} | {self.note} |"


@cache
def commit() -> str:
    """The commit that is being tried, and whether files differed from it before the first figures were written."""
    said = subprocess.run(["git", "describe", "--always", "--abbrev=12", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    return said.stdout.strip() or "unknown"


def events(cases: int = 24) -> Any:
    """Gives a small log with two cohorts, clock times, an end here and there, and Swedish letters."""
    import pandas as pd

    rows = []
    for case in range(cases):
        name, cohort = f"Ärende {case:03d}", "before" if case % 2 else "after"
        days = 40 + 13 * case % 97 if case % 2 else 20 + 7 * case % 41
        first = pd.Timestamp("2019-01-07 08:30") + pd.Timedelta(days=3 * case)
        rows.append((name, "Upptäckt", first, pd.NaT, "BVC Ö", cohort))
        rows.append((name, "Besök", first + pd.Timedelta(days=9), first + pd.Timedelta(days=9, hours=1), "Psykolog", cohort))
        if case % 7:
            rows.append((name, "Diagnos", first + pd.Timedelta(days=days), pd.NaT, "BUP", cohort))
    return pd.DataFrame(rows, columns=["case_id", "activity", "start", "end", "unit", "cohort"])


def written(folder: Path, ending: str) -> Path:
    """Writes the small log in a format."""
    import leadtime as lt

    path = folder / f"log{ending}"
    lt.write_log(lt.read_log(events(), timezone="Europe/Stockholm"), path)
    return path


def with_pathway(folder: Path) -> Path:
    path = folder / "pathway.toml"
    path.write_text(PATHWAY, encoding="utf-8")
    return path


def environment(folder: Path) -> dict[str, str]:
    """The environment of a child whose temporary files stand in a folder of their own."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg"}


def child(script: str, arguments: Sequence[object], folder: Path, **options: Any) -> subprocess.Popen[str]:
    """Starts a script of this folder."""
    command = [sys.executable, str(Path(__file__).with_name(script)), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(folder), **options)


def told(script: str, arguments: Sequence[object], folder: Path) -> dict[str, Any]:
    """Gives what a script says on its last line."""
    process = child(script, arguments, folder)
    out, error = process.communicate()
    if process.returncode:
        raise SystemExit(f"{script} ended with {process.returncode}: {error[-2000:]}")
    return dict(json.loads(out.splitlines()[-1]))


def numbered(script: str, arguments: Sequence[object], count: int, folder: Path) -> Iterator[tuple[int, str]]:
    """Gives what became of each of so many tries, run in a child that is started again where it dies: number and outcome."""
    begun = 0
    while begun < count:
        process = child(script, [*arguments, begun, count], folder)
        last = begun - 1
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            number, _, outcome = line.rstrip("\n").partition(" ")
            if number.isdigit():
                last = int(number)
                if outcome != "begun":
                    yield last, outcome
        error = process.stderr.read()
        code = process.wait()
        process.stdout.close()
        process.stderr.close()
        if code == 0:
            return
        yield max(last, begun), f"crash: the process ended with {code}: {' '.join(error.split())[-200:]}"
        begun = max(last, begun) + 1


def left_in(folder: Path) -> list[str]:
    """Gives the names of all files and folders below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
