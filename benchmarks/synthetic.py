# ruff: noqa: E501 - tables and prose
"""Writes a synthetic event log as Parquet: `python benchmarks/synthetic.py EVENTS FILE`. The same numbers give the same events.

About 14 events a case, in order of time within blocks of cases, so that a case's events don't lie together. It holds what real logs
hold: ties, overlaps, missing ends and units, Swedish letters, and a case called "NA".
"""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

EVENTS_A_CASE = 14
CASES_A_BLOCK = 100_000
SECOND = 1_000_000
DAY = 86_400 * SECOND
ACTIVITIES = [
    "Remiss", "Remissbedömning", "Kallelse", "Nybesök", "Anamnes", "Återbesök", "Läkarbesök", "Psykologbesök", "Kurator", "Skolkontakt", "Test A",
    "Test B", "Provsvar", "Röntgen", "Konferens", "Diagnos", "Återgivning", "Vårdplan", "Behandling", "Avslut",
]  # fmt: skip
UNITS = [
    "BVC Å",
    "BVC Ö",
    "Elevhälsan",
    "Vårdcentral 1",
    "Vårdcentral 2",
    "BUP Norr",
    "BUP Söder",
    "Habilitering",
    "Logopedi",
    "Röntgen",
    "Labb",
    None,
]


def block(seed: int, first_case: int, cases: int) -> pa.Table:
    """Gives the events of some cases, in order of time."""
    rng = np.random.default_rng([seed, first_case])
    lengths = 1 + rng.poisson(EVENTS_A_CASE - 1, cases)
    case = np.repeat(np.arange(cases), lengths)
    n = len(case)
    gaps = rng.exponential(9 * 86_400, n).astype(np.int64)
    gaps[rng.random(n) < 0.02] = 0  # ties
    opens = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    gaps[opens] = 0
    total = np.cumsum(gaps)
    arrival = 1_420_070_400 + rng.integers(0, 5 * 365 * 86_400, cases)
    start = (arrival[case] + total - total[opens][case]) * SECOND
    length = rng.exponential(2.5 * 86_400, n).astype(np.int64) * SECOND
    without_end = rng.random(n) < 0.4
    activity = np.minimum(rng.geometric(0.12, n) - 1, len(ACTIVITIES) - 1)
    unit = rng.integers(0, len(UNITS), n)
    cohort = (rng.random(cases) < 0.5).astype(np.int64)
    ids = np.array([f"Ä{first_case + number:09d}" for number in range(cases)], dtype=object)
    if first_case == 0:
        ids[0] = "NA"
    order = np.argsort(start, kind="stable")
    time = pa.timestamp("us")
    columns = {
        "case_id": pa.array(ids).take(pa.array(case[order])),
        "activity": pa.array(ACTIVITIES).take(pa.array(activity[order])),
        "start": pa.array(start[order]).cast(time),
        "end": pa.array((start + length)[order], mask=without_end[order]).cast(time),
        "unit": pa.array(UNITS).take(pa.array(unit[order])),
        "cohort": pa.array(["before", "after"]).take(pa.array(cohort[case][order])),
    }
    return pa.table(columns)


def write(events: int, path: str, *, seed: int = 1) -> None:
    """Writes a log of about this many events."""
    cases = max(events // EVENTS_A_CASE, 1)
    writer = None
    for first in range(0, cases, CASES_A_BLOCK):
        table = block(seed, first, min(CASES_A_BLOCK, cases - first))
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=122_880)
    if writer is not None:
        writer.close()


if __name__ == "__main__":
    write(int(float(sys.argv[1])), sys.argv[2])
