"""A report of many cases, timed stage by stage with the memory it took: `python benchmarks/report.py [CASES] [--sections all]`.

The log is `synthetic.py`'s, about 14 events a case. A report's size hangs on its tables and not on the log, so workbook and page stay as
small as a small study's. The goal is under 20 seconds and 1 GB for 100,000 cases; `report.md` has what was measured.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import synthetic

import leadtime as lt
from leadtime.report import SECTIONS

PATHWAY = {
    "name": "Benchmark",
    "start": "referral",
    "stop": ["diagnosis", "treatment"],
    "order": ["referral", "visit", "diagnosis", "treatment"],
    "milestones": {
        "referral": {"activities": ["Remiss", "Remissbedömning"]},
        "visit": {"activities": ["Nybesök"]},
        "diagnosis": {"activities": ["Diagnos"]},
        "treatment": {"activities": ["Behandling"]},
    },
    "exits": {"closed": {"activities": ["Avslut"]}},
    "comparison": {"by": "cohort", "before": "before", "after": "after"},
}
Made = TypeVar("Made")


def timed(name: str, make: Callable[[], Made]) -> Made:
    """Runs a stage and prints how long it took, on the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    made = make()
    print(f"{name:<12} {time.perf_counter() - clock:6.1f} s  {time.process_time() - processor:6.1f} s of the processor")
    return made


def main() -> None:
    """Makes the log and its report."""
    cases = int(float(sys.argv[1])) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else 100_000
    sections = SECTIONS if "all" in sys.argv else None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "events.parquet"
        # Made by another process, so that what making it takes isn't counted.
        subprocess.run([sys.executable, synthetic.__file__, str(cases * synthetic.EVENTS_A_CASE), str(file)], check=True)
        pathway = lt.read_pathway(PATHWAY)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        log = timed("read", lambda: lt.read_log(file, observed_until="2020-12-31"))
        times = timed("lead times", lambda: lt.lead_times(log, pathway))
        comparison = timed("compare", lambda: lt.compare(times))
        report = timed("report", lambda: lt.build_report(log, pathway, comparison, sections=sections))
        timed("workbook", lambda: report.to_excel(Path(folder) / "report.xlsx"))
        timed("page", lambda: report.to_html(Path(folder) / "report.html"))
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sizes = [Path(folder, name).stat().st_size // 1024 for name in ("report.xlsx", "report.html")]
        print(f"together     {time.perf_counter() - start:6.1f} s; {most / 1024:,.0f} MB at the most ({before / 1024:,.0f} MB before)")
        print(f"{cases:,} cases; workbook {sizes[0]} KB, page {sizes[1]} KB")


if __name__ == "__main__":
    main()
