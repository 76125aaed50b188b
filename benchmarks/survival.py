"""Kaplan-Meier, median and restricted mean of many durations beside a numpy sort of them: `python benchmarks/survival.py`.

    python benchmarks/survival.py [--size 1e7] [--runs 5] [--out FILE]

The answers are compared first, with scipy's Kaplan-Meier and with numpy's median on complete data. Then the curve and the sort take turns
in one process; a ratio is the median of the ratios of neighbours. Memory is what the arrays take at their peak beside the input, over the
input. It fails where days cost more than 3 sorts, microseconds more than 8, or memory reaches 5 times the input.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from run import ROOT, machine, short, write_section

from leadtime import survival

HEADING = "## Estimators"
MOST_SORTS = {"days": 3, "microseconds": 8}
MOST_MEMORY = 5
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
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", default=str(ROOT / "docs" / "benchmarks.md"))
    asked = parser.parse_args()
    rows, broken = [], []
    for unit, most in MOST_SORTS.items():
        sort, ours, ratio, memory = measured(int(asked.size), unit, asked.runs)
        rows.append(f"| {unit} | {sort:.3f} | {ours:.3f} | {ratio:.2f} | {most} | {memory:.2f} | {MOST_MEMORY} |")
        broken += [unit] if ratio > most or memory >= MOST_MEMORY else []
    write_section(Path(asked.out), HEADING, section(rows, f"--size {short(asked.size)} --runs {asked.runs}"))
    if broken:
        raise SystemExit(f"too dear: {', '.join(broken)}")


def section(rows: list[str], options: str) -> str:
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
        ]
    )  # fmt: skip


if __name__ == "__main__":
    main()
