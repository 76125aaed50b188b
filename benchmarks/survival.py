"""Kaplan-Meier, median and restricted mean of many durations beside a numpy sort of them, and beside lifelines and scikit-survival.

    python benchmarks/survival.py [--size 1e7] [--peers-size 1e6] [--runs 5] [--out FILE]

The answers are compared first, with scipy's Kaplan-Meier and with numpy's median on complete data. Then the curve and the sort take turns
in one process; a ratio is the median of the ratios of neighbours. Memory is what the arrays take at their peak beside the input, over the
input. It fails where days cost more than 3 sorts, microseconds more than 8, or memory reaches 5 times the input.

The peers have an environment of their own (lifelines holds pandas below 3), and a process each in turn; see `peers/estimates.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from run import HERE, ROOT, machine, python_of, short, write_section

from leadtime import survival

HEADING = "## Estimators"
MOST_SORTS = {"days": 3, "microseconds": 8}
MOST_MEMORY = 5
LIBRARIES = ("leadtime", "lifelines", "sksurv")
MICROSECONDS_A_DAY = 86_400_000_000
Durations = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def durations(size: int, unit: str) -> tuple[Durations, Flags]:
    """Gives lognormal durations, a fifth of them open: synthetic, from a seed."""
    rng = np.random.default_rng(1)
    days = rng.lognormal(6, 0.8, size)
    time_in_unit = days if unit == "days" else days * MICROSECONDS_A_DAY
    return time_in_unit.astype(np.int64), rng.random(size) < 0.8


def estimates(waited: Durations, done: Flags, tau: float) -> tuple[float | None, ...]:
    """What is timed: the curve, its median with limits, and the restricted mean with its error."""
    curve = survival.kaplan_meier(waited, done)
    median, mean = curve.median, curve.restricted_mean(tau)
    return median.value, median.lower, median.upper, mean.value, mean.standard_error


def check(waited: Durations, done: Flags, tau: float) -> None:
    """Stops where an answer isn't that of scipy or numpy."""
    from scipy import stats

    some = slice(0, 200_000)
    theirs = stats.ecdf(stats.CensoredData.right_censored(waited[some].astype(float), ~done[some])).sf
    at = np.quantile(waited[some], [0.1, 0.5, 0.9])
    ours = np.array([estimate.value for estimate in survival.kaplan_meier(waited[some], done[some]).at(at)])
    complete = survival.kaplan_meier(waited, np.ones(waited.size, np.bool_))
    if not np.allclose(ours, theirs.evaluate(at), rtol=1e-9):
        raise SystemExit("the curve isn't scipy's")
    if complete.median.value != np.median(waited):
        raise SystemExit("the median of complete durations isn't numpy's")
    if not np.isclose(complete.restricted_mean(tau).value or 0.0, np.minimum(waited, tau).mean(), rtol=1e-9):
        raise SystemExit("the restricted mean of complete durations isn't numpy's")


def measured(size: int, unit: str, runs: int) -> tuple[float, float, float, float]:
    """Gives seconds of the sort and of the estimates, the median ratio of neighbours, and memory over the input."""
    waited, done = durations(size, unit)
    tau = float(np.quantile(waited[:100_000], 0.75))
    check(waited, done, tau)
    pairs = []
    for _ in range(runs):
        began = time.perf_counter()
        np.sort(waited)
        sorted_at = time.perf_counter()
        estimates(waited, done, tau)
        pairs.append((sorted_at - began, time.perf_counter() - sorted_at))
    tracemalloc.start()
    estimates(waited, done, tau)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    sort, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    return sort, ours, statistics.median(b / a for a, b in pairs), peak / (waited.nbytes + done.nbytes)


def main() -> None:
    """Measures, writes the table into its section of the page, and fails where a promise isn't kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=1e7)
    parser.add_argument("--peers-size", type=float, default=1e6)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", default=str(ROOT / "docs" / "benchmarks.md"))
    asked = parser.parse_args()
    rows, broken = [], []
    for unit, most in MOST_SORTS.items():
        sort, ours, ratio, memory = measured(int(asked.size), unit, asked.runs)
        rows.append(f"| {unit} | {sort:.3f} | {ours:.3f} | {ratio:.2f} | {most} | {memory:.2f} | {MOST_MEMORY} |")
        broken += [unit] if ratio > most or memory >= MOST_MEMORY else []
    peers = beside_peers(int(asked.peers_size), asked.runs)
    options = f"--size {short(asked.size)} --peers-size {short(asked.peers_size)} --runs {asked.runs}"
    write_section(Path(asked.out), HEADING, section(rows, peers, asked.peers_size, options))
    if broken:
        raise SystemExit(f"too dear: {', '.join(broken)}")


def beside_peers(size: int, runs: int) -> list[str]:
    """Gives the rows of the estimates by each library, once their answers are equal."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "durations.npz"
        waited, done = durations(size, "days")
        np.savez(file, waited=waited, done=done, group=np.random.default_rng(2).integers(0, 2, size), tau=np.quantile(waited, 0.6))
        told = {library: estimated(library, file, runs) for library in LIBRARIES}
    ours = told["leadtime"]
    rows = []
    for name in ours:
        for library in (library for library in LIBRARIES if name in told[library]):
            one = told[library][name]
            same = np.allclose(one["answer"], ours[name]["answer"], rtol=1e-9)
            ratio = ours[name]["seconds"] / one["seconds"]
            rows.append(f"| {name} | {library} | {one['seconds']:.2g} | {ratio:.2f} | {'equal' if same else one['answer']} |")
    return rows


def estimated(library: str, file: Path, runs: int) -> dict[str, dict[str, Any]]:
    """Gives the answers and seconds of one library, in a process of its own."""
    python = python_of("leadtime" if library == "leadtime" else "survival")
    command = [python, str(HERE / "peers" / "estimates.py"), library, str(file), str(runs)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    found: dict[str, dict[str, Any]] = json.loads(
        subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    )
    return found


def section(rows: list[str], peers: list[str], size: float, options: str) -> str:
    """The table as a section of the page."""
    return "\n".join(
        [
            HEADING, "",
            f"Made by `python benchmarks/survival.py {options}`; {machine()}", "",
            "Kaplan-Meier, its median with limits and the restricted mean with its error, of lognormal durations in whole days",
            "or in microseconds, a fifth of them open, beside a numpy sort of the same array, in turn. A ratio is the median of the ratios",
            "of neighbours, memory what the arrays take at their peak beside the input, over the input. Answers are compared first with",
            "scipy's and numpy's.", "",
            "| durations | sort s | estimates s | ratio | at most | memory / input | at most |",
            "|---|---:|---:|---:|---:|---:|---:|",
            *rows, "",
            "Beside lifelines and scikit-survival, which have an environment of their own: the curve with its limits, its restricted",
            f"mean alone, and the log-rank test, of {short(size)} durations in days. The ratio is leadtime's time over the peer's;",
            "`equal` is to 1e-9.", "",
            "| estimate | library | seconds | ratio | answers |",
            "|---|---|---:|---:|---|",
            *peers, "",
        ]
    )  # fmt: skip


if __name__ == "__main__":
    main()
