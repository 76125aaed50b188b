"""What it costs to begin: the import beside that of pandas, `leadtime --help`, and the sample report; whole processes, in turn.

    python benchmarks/starting.py [--runs 9] [--out FILE]

It writes its section of `docs/benchmarks.md`, and fails where the import costs more than 0.25 s of CPU beyond that of pandas, or `--help`
more than 0.5 s.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from run import ROOT, Run, machine, taken, write_section

HEADING = "## Starting"
SAMPLE = ROOT / "data_samples" / "mark_svenljunga"
MOST_BEYOND_PANDAS, MOST_HELP = 0.25, 0.5


def commands(folder: str) -> dict[str, list[str]]:
    """What is run, by its name in the table."""
    report = [str(SAMPLE / "events_messy.xlsx"), "--pathway", str(SAMPLE / "pathway.toml"), "--before", "before", "--after", "after"]
    return {
        "Python alone": ["-c", "pass"],
        "import pandas": ["-c", "import pandas"],
        "import leadtime": ["-c", "import leadtime"],
        "import leadtime and pandas": ["-c", "import leadtime, pandas"],
        "leadtime --help": ["-m", "leadtime", "--help"],
        "the sample report": ["-m", "leadtime", "report", *report, "--out", folder],
    }


def main() -> None:
    """Runs each command so many times, writes the table, and fails where a promise isn't kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--out", default=str(ROOT / "docs" / "benchmarks.md"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asked_for = commands(folder)
        runs: dict[str, list[Run]] = {name: [] for name in asked_for}
        for _ in range(asked.runs + 1):
            for name, command in asked_for.items():
                runs[name].append(taken(name, [sys.executable, *command]))
    counted = {name: found[1:] for name, found in runs.items()}  # the first compiles
    write_section(Path(asked.out), HEADING, section(counted, asked.runs))
    beyond = cpu(counted["import leadtime and pandas"]) - cpu(counted["import pandas"])
    if beyond > MOST_BEYOND_PANDAS or cpu(counted["leadtime --help"]) > MOST_HELP:
        raise SystemExit("too dear: the import or --help")


def cpu(runs: list[Run]) -> float:
    """The median of the seconds of CPU."""
    return statistics.median(one.cpu for one in runs)


def section(runs: dict[str, list[Run]], times: int) -> str:
    """The table as a section of the page."""
    return "\n".join(
        [
            HEADING, "",
            f"Made by `python benchmarks/starting.py --runs {times}`; {machine()}", "",
            "Whole processes, Python's own start included, in turn; medians, and the least and the most. `import leadtime` should cost at",
            f"most {MOST_BEYOND_PANDAS} s of CPU beyond `import pandas`, `--help` at most {MOST_HELP} s, the sample report 5 s in all.", "",
            "| what | CPU s | from-to | wall s | from-to |",
            "|---|---:|---:|---:|---:|",
            *(row(name, found) for name, found in runs.items()), "",
        ]
    )  # fmt: skip


def row(name: str, runs: list[Run]) -> str:
    """One command's line."""
    parts = []
    for seconds in ([one.cpu for one in runs], [one.wall for one in runs]):
        parts += [f"{statistics.median(seconds):.2f}", f"{min(seconds):.2f}-{max(seconds):.2f}"]
    return f"| {name} | {' | '.join(parts)} |"


if __name__ == "__main__":
    main()
