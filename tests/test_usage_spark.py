"""What care was used, and several systems linked to one log, on Spark: the same figures as on DuckDB."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import leadtime as lt

pytestmark = [pytest.mark.program("java"), pytest.mark.program("pyspark")]

USAGE = {
    "answers": lambda log: [lt.count_answers(log, "proposal", separator=";", by="cohort").table],
    "reach": lambda log: [lt.reach(log, activities="Kurs", by="cohort").table],
    "contacts": lambda log: [lt.contact_counts(log, every="month").table],
    "stays": lambda log: [lt.admissions(log, activities="Vård", break_date="2020-08-01").table],
    "levels": lambda log: [lt.level_paths(log).cases],
    "coordinators": lambda log: [lt.coordinator_episodes(log).episodes, lt.coordinator_episodes(log).cases],
    "gaps": lambda log: [lt.contact_gaps(log, None, longer_than_days=30)],
}


def events() -> pd.DataFrame:
    """Cases with ties, overlapping stays, several answers a cell, blanks, Swedish letters and the case "NA"."""
    rng = np.random.default_rng(9)

    def one_of(*values: str | None) -> str | None:
        return values[int(rng.integers(len(values)))]

    rows = []
    for case in range(30):
        time = pd.Timestamp("2020-03-01") + pd.Timedelta(days=int(rng.integers(0, 200)))
        for _ in range(int(rng.integers(1, 9))):
            time += pd.Timedelta(hours=int(rng.choice([0, 5, 24, 700, 1500])))
            end = None if rng.random() < 0.5 else f"{time + pd.Timedelta(hours=int(rng.integers(0, 200))):%Y-%m-%d %H:%M}"
            rows.append(
                {
                    "case_id": "NA" if case == 0 else f"ärende {case}", "activity": one_of("Vård", "Kurs", "Besök"),
                    "start": f"{time:%Y-%m-%d %H:%M}", "end": end, "unit": one_of("BVC Å", "BUP Ö", None),
                    "place": one_of("hem", "mottagning", None), "attended": one_of("yes", "no", None, None),
                    "level": one_of("general", "first", "specialist", None),
                    "coordinator": one_of("A", "B", "none", None), "proposal": one_of("samtal; kurs", "kurs;", "Å", None),
                    "meeting_id": one_of("m1", None, None), "cohort": "before" if case % 2 else "after",
                }
            )  # fmt: skip
    frame = pd.DataFrame(rows).astype("object")
    return frame.where(frame.notna(), None).assign(row=range(len(rows)))


def test_every_measure_of_usage_is_the_same_on_spark(on_both: Any, same: Any) -> None:
    logs = on_both(events(), observed_until="2021-06-30", timezone="Europe/Stockholm")
    for name, measure in USAGE.items():
        tables = zip(*(measure(log) for log in logs), strict=True)
        for ours, theirs in tables:
            assert len(ours.to_pandas()), name
            same(ours.to_pandas(), theirs.to_pandas(), name)
