# ruff: noqa: E501 - tables and prose
"""`make bench`: workload W by leadtime and its peers; answers are compared first, then whole processes are timed in turn.

    python benchmarks/run.py [--sizes 1e5,1e6] [--runs 5] [--peers leadtime,duckdb,pm4py] [--out docs/benchmarks.md]

W = lead times, transitions, case profile and a summary by cohort, from a Parquet file to pandas frames, exact quantiles. Each run is a
process of its own; wall and CPU seconds and peak memory include starting Python. The ratios are medians of the ratios of neighbouring runs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import synthetic

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
# The peers that have an environment of their own -> what goes into it.
OWN = {"pm4py": ("pm4py", "pyarrow"), "survival": ("lifelines", "scikit-survival")}
MEASURES = ("lead_times", "transitions", "case_profile", "cohort_summary")
KEYS = {"lead_times": ["case_id"], "transitions": ["source", "target"], "case_profile": ["case_id"], "cohort_summary": ["cohort"]}
# pm4py holds everything in memory and takes long, and plain pandas holds everything in memory.
LARGEST = {"pm4py": 1e6, "pm4py_graph": 1e6, "pandas": 1e7}
LEFT_OUT = (
    "pm4py (AGPL, in an environment of its own) gives W in part, by its nearest functions: sojourn, service and waiting of each case "
    "(`insert_case_service_waiting_time`); mean, median, spread, sum and ends of each transition, where the end of the event before is what counts "
    "(`discover_performance_dfg`), and its count (`discover_dfg`); cases with rework by activity (`get_rework_cases_per_activity`), not by case; "
    "hand-overs as shares of a network between units (`discover_handover_of_work_network`), not by case. It leaves out other quantiles, waiting "
    "where events overlap, cases by transition, visits and units of a case, and the summary by cohort. What both give alike is compared: lead times and counts of "
    "transitions. `pm4py_graph` is its performance graph alone, with case durations taken from its frame: the least that gives any lead times."
)


@dataclass(frozen=True)
class Run:
    """What one process took: seconds of wall and CPU, and MB of memory at its peak."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Answers:
    """What a program gives: so many measures (columns of numbers, keys apart), and whether they are those of leadtime."""

    measures: int
    verdict: str


def python_of(peer: str) -> str:
    """Gives the Python that runs a peer; its own environment is made where it isn't there: $LEADTIME_BENCH_PM4PY, or `.venv-bench-pm4py`."""
    program, _, _ = peer.partition("_")  # pm4py_graph runs in pm4py's
    if program not in OWN:
        return sys.executable
    home = Path(os.environ.get(f"LEADTIME_BENCH_{program.upper()}", ROOT / f".venv-bench-{program}"))
    python = home / "bin" / "python"
    if not (home / "done").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *OWN[program]], check=True)
        (home / "done").touch()
    return str(python)


def run(peer: str, log: Path, folder: Path | None = None) -> Run:
    """Runs a peer once on a log; with a folder it writes its answers there."""
    return taken(peer, [python_of(peer), str(HERE / "peers" / f"with_{peer}.py"), str(log), *([str(folder)] if folder else [])])


def taken(peer: str, command: list[str]) -> Run:
    """Runs a command once and gives what it took."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None  # noqa: S101 - asked for above
    said = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{peer} failed:\n{said[-2000:]}")
    unit = 1e6 if sys.platform == "darwin" else 1e3  # bytes there, kilobytes elsewhere
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def differences(ours: Path, theirs: Path) -> list[str]:
    """Gives what differs between two folders of answers, in the columns that both have, to 1e-9."""
    found = []
    for name in MEASURES:
        if not (theirs / f"{name}.parquet").exists():
            continue
        keys = KEYS[name]
        a, b = (pd.read_parquet(folder / f"{name}.parquet").sort_values(keys).reset_index(drop=True) for folder in (ours, theirs))
        for column in [column for column in b.columns if column in a.columns]:
            if len(a) != len(b):
                found.append(f"{name}: {len(a)} rows against {len(b)}")
                break
            if not same(a[column], b[column]):
                found.append(f"{name}.{column}")
    return found


def delivered(folder: Path) -> int:
    """How many measures a program gives: the columns of numbers in its answers, nearest functions' too; the keys are text."""
    return sum(len(pd.read_parquet(path).select_dtypes("number").columns) for path in folder.glob("*.parquet"))


def same(a: pd.Series, b: pd.Series) -> bool:
    """Whether two columns hold the same values, numbers to 1e-9."""
    if pd.api.types.is_numeric_dtype(a) and not pd.api.types.is_bool_dtype(a):
        a, b = a.astype("float64"), pd.to_numeric(b).astype("float64")
        return bool((((a - b).abs() <= 1e-9 * a.abs().clip(lower=1)) | (a.isna() & b.isna())).all())
    if pd.api.types.is_datetime64_any_dtype(a):
        return bool((a.astype("datetime64[us]") == b.astype("datetime64[us]")).all())
    return bool((a.astype("string").fillna("") == b.astype("string").fillna("")).all())


def measured(size: float, peers: list[str], runs: int, folder: Path) -> list[str]:
    """Gives the rows of the table for one size."""
    log = folder / f"log_{size:.0e}.parquet"
    synthetic.write(int(size), str(log))
    taking_part = [peer for peer in peers if size <= LARGEST.get(peer, float("inf"))]
    answers: dict[str, Answers] = {}
    for peer in taking_part:
        (folder / peer).mkdir(exist_ok=True)
        run(peer, log, folder / peer)
        wrong = differences(folder / "leadtime", folder / peer)
        answers[peer] = Answers(delivered(folder / peer), "equal" if not wrong else "differs: " + ", ".join(wrong))
        print(f"{size:.0e} {peer}: {answers[peer]}", flush=True)
    runs_of: dict[str, list[Run]] = {peer: [] for peer in taking_part}
    for _ in range(runs):
        for peer in taking_part:
            runs_of[peer].append(run(peer, log))
            print(f"{size:.0e} {peer}: {runs_of[peer][-1]}", flush=True)
    log.unlink()
    return [row(size, peer, runs_of, answers) for peer in taking_part]


def short(size: float) -> str:
    """A size as in 1e6."""
    return f"{size:.0e}".replace("e+0", "e")


def row(size: float, peer: str, runs: dict[str, list[Run]], answers: dict[str, Answers]) -> str:
    """Gives a row of the table: medians, and leadtime's cost over them, in all and for each measure delivered."""
    cells = [short(size), peer]
    ratios = {}
    for name, digits in (("wall", 2), ("cpu", 2), ("memory", 0)):
        values = [getattr(one, name) for one in runs[peer]]
        ratios[name] = statistics.median(getattr(us, name) / value for us, value in zip(runs["leadtime"], values, strict=True))
        cells += [f"{statistics.median(values):.{digits}f}", f"{ratios[name]:.2f}"]
    each = ratios["wall"] * answers[peer].measures / answers["leadtime"].measures
    return "| " + " | ".join([*cells, str(answers[peer].measures), f"{each:.2f}", answers[peer].verdict]) + " |"


def machine() -> str:
    """Describes the machine and the versions in one paragraph."""
    names = ("duckdb", "narwhals", "pandas", "polars", "numpy", "pyarrow")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {pages:.0f} GB of memory, {platform.system()}, Python {platform.python_version()}, "
        f"{versions}; {dt.datetime.now(dt.UTC):%Y-%m-%d}."
    )


def page(rows: list[str], command: str, runs: int) -> str:
    """Gives the page with its table."""
    return "\n".join(
        [
            "# Benchmarks", "",
            f"Made by `{command}`; each figure is the median of {runs} runs, the programs in turn. {machine()}", "",
            "Workload W: lead times (first start to last end), transitions, case profile and a summary by cohort, from a Parquet file to pandas",
            "frames, exact quantiles. The log is synthetic (`benchmarks/synthetic.py`), about 14 events a case. `duckdb` is SQL written by hand for",
            "this one log: the floor. The ratios are leadtime's cost over the peer's: below 1, leadtime is cheaper. Whole processes, Python's",
            "own start included. Answers are compared before anything is timed, all columns that both give, to 1e-9. `measures` are the columns",
            "of numbers that a program gives, keys apart, and `wall each` is the ratio of wall time for one of them.", "",
            "| events | program | wall s | ratio | CPU s | ratio | peak MB | ratio | measures | wall each | answers |",
            "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|",
            *rows, "", LEFT_OUT, "",
        ]
    )  # fmt: skip


def main() -> None:
    """Runs what was asked for and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1e5,1e6")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peers", default="leadtime,duckdb,polars,pandas,pm4py,pm4py_graph")
    parser.add_argument("--out", default=str(ROOT / "docs" / "benchmarks.md"))
    asked = parser.parse_args()
    peers = asked.peers.split(",")
    if peers[0] != "leadtime":
        raise SystemExit("leadtime comes first in --peers: the others are compared with it")
    with tempfile.TemporaryDirectory() as folder:
        rows = [line for size in asked.sizes.split(",") for line in measured(float(size), peers, asked.runs, Path(folder))]
    text = page(rows, f"python benchmarks/run.py --sizes {asked.sizes} --runs {asked.runs}", asked.runs)
    out = Path(asked.out)
    _, *others = sections(out)
    out.write_text("\n".join([text, *others]), encoding="utf-8")
    print(text)


def sections(out: Path) -> list[str]:
    """Gives the page's parts: what stands first, which this program writes, and the sections of the others."""
    return re.split(r"(?m)^(?=## )", out.read_text(encoding="utf-8")) if out.exists() else [""]


def write_section(out: Path, heading: str, text: str) -> None:
    """Puts a section in its place on the page, or at the end."""
    parts = [text if part.startswith(heading) else part.rstrip() + "\n" for part in sections(out) if part]
    out.write_text("\n".join(parts if text in parts else [*parts, text]), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
