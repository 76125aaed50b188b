"""Torture: kills, faults, broken files, fuzzing, a soak, attacks on suppression and mutants, with their figures in one table.

    python benchmarks/torture/run.py --minutes 5     # `make torture`: all of it; fuzzing has five minutes
    python benchmarks/torture/run.py --reduced       # some two minutes, nothing written

    python benchmarks/torture/run.py --only kills --share 0.2    # one part, with a fifth of its tries

The figures are printed and kept in `benchmarks/torture/figures`, a file a part; all that are there stand in
`benchmarks/torture.md`, each with the commit that it belongs to. Ends with 1 where anything went wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from functools import partial

from attacks import attacks
from common import ROOT, Figure, commit
from faults import faults
from fuzz import fuzz
from kills import kills
from malformed import malformed
from mutants import TESTS, mutants
from soak import soak

KEPT = ROOT / "benchmarks" / "torture" / "figures"
Parts = dict[str, Callable[[], list[Figure]]]


def full(given: argparse.Namespace) -> Parts:
    """The whole, or a share of it, by name."""

    def some(count: int) -> int:
        return max(1, round(given.share * count))

    broken = {kind: some(count) for kind, count in (("xlsx", 2000), ("csv", 2000), ("xes", 1000), ("parquet", 1000))}
    return {
        "kills": lambda: kills(some(300)),
        "faults": lambda: faults(None if given.share >= 1 else some(1500)),
        **{f"malformed-{kind}": partial(malformed, {kind: count}) for kind, count in broken.items()},
        "fuzz": lambda: fuzz(60 * given.minutes),
        "soak": lambda: soak(max(40, some(200))),
        "attacks": lambda: attacks(some(500)),
        **{f"mutants-{room}": partial(mutants, room, some(given.mutants), given.seed, given.workers) for room in TESTS},
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


def kept(name: str, figures: list[Figure], seconds: float) -> None:
    """Keeps a part's figures, so that the parts of a long run need not be run at one sitting."""
    KEPT.mkdir(parents=True, exist_ok=True)
    rows = [
        {"what": one.what, "tried": one.tried, "failures": list(one.failures[:20]), "wrong": len(one.failures), "note": one.note}
        for one in figures
    ]
    text = json.dumps({"commit": commit(), "minutes": round(seconds / 60, 1), "figures": rows}, ensure_ascii=False, indent=1)
    (KEPT / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def page(parts: list[str]) -> str:
    """The table of all parts that were run, as a page."""
    found = [json.loads((KEPT / f"{name}.json").read_text(encoding="utf-8")) for name in parts if (KEPT / f"{name}.json").exists()]
    machine = f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}"
    rows = [(row, f"{part['commit']} | {part['minutes']:.1f}") for part in found for row in part["figures"]]
    lines = [
        "# Torture", "",
        f"Made by `make torture`, each part at the commit beside it, on {machine}.", "",
        "| what | tried | went wrong | | commit | minutes |", "|---|---:|---:|---|---|---:|",
        *(f"| {row['what']} | {row['tried']} | {row['wrong']} | {row['note']} | {last} |" for row, last in rows),
        "",
        *(f"- {row['what']}: {failure}" for row, _ in rows for failure in row["failures"]),
    ]  # fmt: skip
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5, help="of fuzzing")
    parser.add_argument("--mutants", type=int, default=100, help="a room")
    parser.add_argument("--seed", type=int, default=0, help="by which the mutants are drawn")
    parser.add_argument("--workers", type=int, default=2, help="mutants tried at a time")
    parser.add_argument("--share", type=float, default=1, help="of the full counts")
    parser.add_argument("--reduced", action="store_true", help="a short form, which writes no page")
    parser.add_argument("--only", help="parts, as kills,malformed-xes,mutants; the others keep their last figures")
    given = parser.parse_args()
    parts = reduced() if given.reduced else full(given)
    wanted = given.only.split(",") if given.only else list(parts)
    chosen = [name for name in parts if name in wanted or name.partition("-")[0] in wanted]
    wrong = False
    commit()
    for name in chosen:
        before = time.monotonic()
        figures = parts[name]()
        for figure in figures:
            print(figure.row, *figure.failures, sep="\n", flush=True)
        wrong |= any(figure.failures for figure in figures)
        if not given.reduced:
            kept(name, figures, time.monotonic() - before)
            (ROOT / "benchmarks" / "torture.md").write_text(page(list(parts)), encoding="utf-8")
    sys.exit(wrong)


if __name__ == "__main__":
    main()
