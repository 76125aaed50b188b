"""Many reports in one process: its memory in the last quarter stays within 5 % of that in the second."""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

from common import ROOT, Figure, told, with_pathway, written

ALLOWED = 0.05


def soak(times: int, sections: tuple[str, ...] = (), allowed: float = ALLOWED) -> list[Figure]:
    """Makes so many reports, one after the other: all sections, or those given."""
    with tempfile.TemporaryDirectory() as name:
        sizes = told("soak.py", [name, times, *sections], Path(name))["megabytes"]
    quarter = len(sizes) // 4
    second, last = (statistics.median(part) for part in (sizes[quarter : 2 * quarter], sizes[-quarter:]))
    growth = last / second - 1
    wrong = (f"memory grew by {100 * growth:.1f} %",) if growth > allowed else ()
    return [Figure("reports in one process", times, wrong, f"memory {second:.0f} MB in the second quarter, {last:.0f} MB in the last")]


def main() -> None:
    sys.path.insert(0, str(ROOT))
    import leadtime as lt

    folder, sections, sizes = Path(sys.argv[1]), sys.argv[3:] or None, []
    log_file, pathway = written(folder, ".csv"), lt.read_pathway(with_pathway(folder))
    for _ in range(int(sys.argv[2])):
        log = lt.read_log(log_file, timezone="Europe/Stockholm", observed_until="2019-12-31")
        compared = lt.compare(lt.lead_times(log, pathway), by="cohort", before="before", after="after")
        report = lt.build_report(log, pathway, compared, sections=sections)
        report.to_excel(folder / "report.xlsx")
        report.to_html(folder / "report.html")
        gc.collect()
        sizes.append(resident())
    print(json.dumps({"megabytes": sizes}))


def resident() -> float:
    """The memory that this process holds, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
