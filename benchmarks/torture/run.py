"""Torture: kills, faults, broken files, fuzzing, a soak, attacks on suppression and mutants, with their figures in one table.

    python benchmarks/torture/run.py --minutes 5     # `make torture`: all of it; fuzzing has five minutes
    python benchmarks/torture/run.py --reduced       # some two minutes, nothing written

The table is printed and written to `benchmarks/torture.md`, with the commit that it belongs to. Ends with 1 where anything went wrong.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from attacks import attacks
from common import ROOT, Figure
from faults import faults
from fuzz import fuzz
from kills import kills
from malformed import malformed
from mutants import mutants
from soak import soak

Parts = dict[str, Callable[[], list[Figure]]]


def full(minutes: float, mutants_each: int) -> Parts:
    """The whole, by name."""
    broken = {"xlsx": 2000, "csv": 2000, "xes": 1000, "parquet": 1000}
    return {
        "kills": lambda: kills(300),
        "faults": faults,
        "malformed": lambda: malformed(broken),
        "fuzz": lambda: fuzz(60 * minutes),
        "soak": lambda: soak(200),
        "attacks": lambda: attacks(500),
        "mutants": lambda: mutants(mutants_each),
    }


def reduced() -> Parts:
    """What the tests run too."""
    broken = {"xlsx": 60, "csv": 60, "xes": 30, "parquet": 30}
    return {
        "kills": lambda: kills(10, sections=("quality",)),
        "faults": lambda: faults(40),
        "malformed": lambda: malformed(broken),
        "fuzz": lambda: fuzz(12),
        "soak": lambda: soak(24),
        "attacks": lambda: attacks(20),
    }


def commit() -> str:
    """The commit that is being tried, and whether files differ from it."""
    said = subprocess.run(["git", "describe", "--always", "--abbrev=12", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    return said.stdout.strip() or "unknown"


def page(figures: list[Figure], seconds: float) -> str:
    """The table as a page."""
    machine = f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}"
    lines = [
        "# Torture", "",
        f"Made by `make torture` at commit {commit()}, in {seconds / 60:.0f} minutes on {machine}.", "",
        "| what | tried | went wrong | |", "|---|---:|---:|---|",
        *(figure.row for figure in figures), "",
        *(f"- {figure.what}: {failure}" for figure in figures for failure in figure.failures[:20]),
    ]  # fmt: skip
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5, help="of fuzzing")
    parser.add_argument("--mutants", type=int, default=100, help="a room")
    parser.add_argument("--reduced", action="store_true", help="a short form, which writes no page")
    parser.add_argument("--only", help="parts, separated by commas; no page is written")
    given = parser.parse_args()
    parts = reduced() if given.reduced else full(given.minutes, given.mutants)
    chosen = given.only.split(",") if given.only else list(parts)
    begun, figures = time.monotonic(), []
    for name in chosen:
        before = time.monotonic()
        for figure in parts[name]():
            print(figure.row, f"{time.monotonic() - before:.0f} s", flush=True)
            figures.append(figure)
    text = page(figures, time.monotonic() - begun)
    print("", text, sep="\n")
    if not given.reduced and not given.only:
        Path(ROOT / "benchmarks" / "torture.md").write_text(text, encoding="utf-8")
    sys.exit(any(figure.failures for figure in figures))


if __name__ == "__main__":
    main()
