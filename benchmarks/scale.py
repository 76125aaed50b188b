"""How workload W grows: `python benchmarks/scale.py [--sizes 1e6,1e7,1e8] [--limits 16GB,6GB]`.

Each size is run under each limit of the engine's memory, a process each. The answers under all limits must be those under the first, to
1e-9; the growth is of CPU time an event, the largest size over the smallest. It writes its section of `docs/benchmarks.md`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import synthetic
from run import HERE, ROOT, Answers, Run, delivered, differences, machine, short, taken, write_section

HEADING = "## Scale"


def main() -> None:
    """Runs what was asked for and writes the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1e6,1e7,1e8")
    parser.add_argument("--limits", default="16GB,6GB")
    parser.add_argument("--out", default=str(ROOT / "docs" / "benchmarks.md"))
    asked = parser.parse_args()
    sizes, limits = [float(size) for size in asked.sizes.split(",")], asked.limits.split(",")
    runs = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            runs[size] = under(size, limits, Path(folder))
    told = f"Made by `python benchmarks/scale.py --sizes {asked.sizes} --limits {asked.limits}`; {machine()}"
    write_section(Path(asked.out), HEADING, page(runs, told))


def under(size: float, limits: list[str], folder: Path) -> dict[str, tuple[Run, Answers]]:
    """Gives what each limit took, and whether its answers are those of the first."""
    log = folder / "log.parquet"
    synthetic.write(int(size), str(log))
    found = {}
    for limit in limits:
        answers = folder / limit
        answers.mkdir()
        run = taken(limit, [sys.executable, str(HERE / "peers" / "with_leadtime.py"), str(log), str(answers), limit])
        wrong = differences(folder / limits[0], answers)
        verdict = f"differs: {', '.join(wrong)}" if wrong else "" if limit == limits[0] else f"equal to {limits[0]}"
        found[limit] = run, Answers(delivered(answers), verdict)
        print(f"{size:.0e} {limit}: {found[limit]}", flush=True)
    return found


def page(runs: dict[float, dict[str, tuple[Run, Answers]]], told: str) -> str:
    """Gives the section's text."""
    rows = [
        f"| {short(size)} | {limit} | {run.wall:.1f} | {run.cpu:.1f} | {1e6 * run.cpu / size:.2f} | {run.memory:.0f} | {answers.verdict} |"
        for size, of_limits in runs.items()
        for limit, (run, answers) in of_limits.items()
    ]
    smallest, largest = (next(iter(runs[size].values()))[0].cpu / size for size in (min(runs), max(runs)))
    growth = (
        f"From {short(min(runs))} to {short(max(runs))} events the CPU time of an event becomes {largest / smallest:.2f} times as much."
    )
    return "\n".join(
        [
            HEADING, "",
            told, "",
            "Workload W in one process, its frames written to Parquet, under a limit of what the engine may hold in memory; beyond it the",
            "engine spills to disk. The peak is the whole process, the result frames in pandas included. Wall time tells what else the",
            "machine had to do, CPU time doesn't.", "",
            "| events | memory_limit | wall s | CPU s | CPU µs an event | peak MB | answers |",
            "|---|---|---:|---:|---:|---:|---|",
            *rows, "",
            growth, "",
        ]
    )  # fmt: skip


if __name__ == "__main__":
    main()
