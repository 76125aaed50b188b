"""How fast a log is read: a CSV beside DuckDB's own reader, a workbook beside pandas, XES beside pm4py: `python benchmarks/reading.py`.

    python benchmarks/reading.py [--formats csv,xlsx,openpyxl,xes] [--csv 1e6] [--xlsx 1e5] … [--runs 5] [--out FILE]

Each reading is a process of its own, leadtime and the peer in turn; seconds are of the reading alone, without Python's own start. What both
found is compared first. The ratio is the median of the ratios of neighbouring runs, leadtime over the peer: below 1, leadtime is faster.
`openpyxl` is a workbook read by both without calamine. The table is written as a section of `docs/benchmarks.md`, or of `--out`; a
format that isn't run keeps its rows there.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import duckdb
import openpyxl
import synthetic
from run import machine, python_of, sections, write_section

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
# The peer of each format, and what the ratio may be at the most at the full size.
PEERS = {"csv": ("duckdb", 2.0), "xlsx": ("pandas", 1.3), "openpyxl": ("pandas", 1.3), "xes": ("pm4py", 1 / 3)}
# What neither program may find installed.
WITHOUT = {"openpyxl": "python_calamine"}
HEADING = "## Reading"
COLUMNS = (
    "| format | rows | program | wall s | from-to | ratio | CPU s | from-to | ratio | at most | answers |",
    "|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---|",
)


def write_csv(parquet: Path, path: Path) -> None:
    """Writes the log as a plain CSV."""
    duckdb.connect().execute(f"COPY (FROM read_parquet('{parquet}')) TO '{path}' (FORMAT csv, HEADER)")


def write_xlsx(parquet: Path, path: Path) -> None:
    """Writes the log as a workbook with Excel dates."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("log")
    relation = duckdb.connect().execute(f"FROM read_parquet('{parquet}')")
    sheet.append([column[0] for column in relation.description or []])
    for row in relation.fetchall():
        sheet.append(list(row))
    book.save(path)


def write_xes(parquet: Path, path: Path) -> None:
    """Writes the log as XES."""
    import leadtime as lt

    lt.write_log(lt.read_log(parquet), path)


WRITERS: dict[str, Callable[[Path, Path], None]] = {"csv": write_csv, "xlsx": write_xlsx, "openpyxl": write_xlsx, "xes": write_xes}


def read_once(program: str, path: Path, without: str | None = None) -> dict[str, Any]:
    """Gives what one reading took and found."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    command = [python_of(program), str(HERE / "peers" / "reads.py"), program, str(path), *(["--without", without] if without else [])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{program} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(kind: str, size: int, runs: int, folder: Path) -> list[str]:
    """Gives the rows of the table for one format."""
    parquet, path, without = folder / "log.parquet", folder / f"log.{'xlsx' if kind == 'openpyxl' else kind}", WITHOUT.get(kind)
    synthetic.write(size, str(parquet))
    WRITERS[kind](parquet, path)
    peer, most = PEERS[kind]
    programs = ("leadtime", peer)
    first = {program: read_once(program, path, without)["answers"] for program in programs}
    wrong = [name for name, value in first[peer].items() if first["leadtime"][name] != value]
    taken: dict[str, list[dict[str, Any]]] = {program: [] for program in programs}
    for _ in range(runs):
        for program in programs:
            taken[program].append(read_once(program, path, without))
    verdict = "equal" if not wrong else "differs: " + ", ".join(wrong)
    return [row(kind, first["leadtime"]["rows"], program, taken[program], taken["leadtime"], most, verdict) for program in programs]


def row(kind: str, size: int, program: str, taken: list[dict[str, Any]], ours: list[dict[str, Any]], most: float, verdict: str) -> str:
    """Gives a row of the table: medians with their spread, and leadtime's over the program's."""
    cells = [kind, str(size), program]
    for name in ("wall", "cpu"):
        values = [one[name] for one in taken]
        ratio = statistics.median(us[name] / value for us, value in zip(ours, values, strict=True))
        cells += [f"{statistics.median(values):.2f}", f"{min(values):.2f}-{max(values):.2f}", f"{ratio:.2f}"]
    return "| " + " | ".join([*cells, "" if program == "leadtime" else f"{most:.2f}", verdict]) + " |"


def section(old: str, rows: dict[str, list[str]], runs: int) -> str:
    """Gives the section anew; a format that wasn't run keeps its rows."""
    kept = {kind: [line for line in old.splitlines() if line.startswith(f"| {kind} ")] for kind in PEERS}
    table = [line for kind in PEERS for line in rows.get(kind, kept[kind])]
    told = (
        f"Made by `python benchmarks/reading.py`; medians of {runs} runs, leadtime and the peer in turn, a process each, seconds",
        "of the reading alone. CSV beside DuckDB's own reader, a workbook beside pandas with the same Excel library (`xlsx` with calamine,",
        "`openpyxl` without), XES beside pm4py's default reader; ratios are leadtime's over the peer's, and `at most` is what they should",
        "keep to. pm4py reads only, while leadtime pairs the steps of each event as well. Wall time tells what else the machine had to do,",
        f"CPU time doesn't. {machine()}",
        ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("python-calamine", "openpyxl")) + ".",
    )
    return "\n".join([HEADING, "", *told, "", *COLUMNS, *table, ""])


def main() -> None:
    """Reads what was asked for and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--formats", default="csv,xlsx,openpyxl,xes")
    for kind, size in (("csv", 1e6), ("xlsx", 1e5), ("openpyxl", 1e5), ("xes", 1e5)):
        parser.add_argument(f"--{kind}", type=float, default=size)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", default=str(ROOT / "docs" / "benchmarks.md"))
    asked = parser.parse_args()
    kinds = asked.formats.split(",")
    unknown = [kind for kind in kinds if kind not in PEERS]
    if unknown:
        raise SystemExit(f"--formats names '{unknown[0]}'; there is {', '.join(PEERS)}")
    with tempfile.TemporaryDirectory() as folder:
        rows = {kind: measured(kind, int(getattr(asked, kind)), asked.runs, Path(folder)) for kind in kinds}
    out = Path(asked.out)
    old = next((part for part in sections(out) if part.startswith(HEADING)), "")
    write_section(out, HEADING, section(old, rows, asked.runs))


if __name__ == "__main__":
    main()
