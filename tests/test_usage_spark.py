"""What care was used, and several systems linked to one log, on Spark: the same figures as on DuckDB."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import narwhals as nw
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


def systems(on_both: Any) -> tuple[dict[str, lt.EventLog], dict[str, lt.EventLog]]:
    """One care in two systems, on each engine: events told by both, some a day apart, dates not to the day, and keys that only one has."""
    rng = np.random.default_rng(11)
    ours = events().drop(columns=["row", "cohort"])
    both = ours[rng.random(len(ours)) < 0.6].copy()
    moved = pd.to_timedelta(rng.choice([0, 0, 1, 20, 100], len(both)), unit="h")
    start = pd.to_datetime(both["start"]) + moved
    spelled = [f"{time:%Y-%m}" if odd < 0.1 else f"{time:%Y-%m-%d}" if odd < 0.4 else f"{time:%Y-%m-%d %H:%M}"
               for time, odd in zip(start, rng.random(len(both)), strict=True)]  # fmt: skip
    both["case_id"] = both["case_id"].map(lambda name: "H" + name.removeprefix("ärende "))
    both = both.assign(
        start=spelled, end=None, activity=both["activity"].replace({"Besök": "Visit"}), ort=rng.choice(["Åmål", "Mark"], len(both))
    )
    alone = both[:2].assign(case_id="H99")
    frames = {"bvc": ours, "bup": pd.concat([both, alone, both[3:5]])}
    read = {
        name: on_both(frame.assign(row=range(len(frame))), timezone="Europe/Stockholm", observed_until=until)
        for (name, frame), until in zip(frames.items(), ("2021-06-30", "2021-05-31"), strict=True)
    }
    return {name: logs[0] for name, logs in read.items()}, {name: logs[1] for name, logs in read.items()}


KEYS = pd.DataFrame({"case_id": ["NA", *(f"ärende {i}" for i in range(1, 31))], "bup": ["HNA", *(f"H{i}" for i in range(1, 31))]})


def test_linked_logs_are_the_same_on_spark(on_both: Any, same: Any) -> None:
    systems_of = systems(on_both)
    rule = {"within": timedelta(days=1), "activities": {"Visit": "Besök"}, "agree_on": ["place"]}
    logs = [lt.link_logs(own, keys=KEYS, **rule) for own in systems_of]
    assert logs[0].columns == logs[1].columns
    order = ["case_id", "start_us", "source_system", "row"]
    tables = [log.to_pandas().sort_values(order).drop(columns="row").reset_index(drop=True) for log in logs]
    assert tables[0]["also_reported_by"].notna().sum() > 10
    same(*tables)
    trails = [log.trail.to_pandas().drop(columns=["kept_place", "merged_place"]) for log in logs]
    same(*(trail.sort_values(list(trail)).reset_index(drop=True) for trail in trails))
    for name in ("rows_read", "rows_kept", "rows_rejected", "rejected_by_reason"):
        assert getattr(logs[0].quality, name) == getattr(logs[1].quality, name), name
    codes = [{(found.code, found.count) for found in log.quality.findings} for log in logs]
    assert codes[0] == codes[1]
    assert len(logs[0].rejected.rows) == len(logs[1].rejected.rows)
    assert logs[0].observed_until == logs[1].observed_until
    same(*(lt.case_profile(log).to_pandas() for log in logs))
    same(*(lt.lead_times(log.filter(nw.col("unit") == "BVC Å")).to_pandas() for log in logs))
    same(*(lt.variants(lt.link_logs(own, keys=KEYS, unmatched="keep")).to_pandas() for own in systems_of))


def test_logs_of_two_engines_are_not_linked(on_both: Any) -> None:
    duck, cluster = systems(on_both)
    with pytest.raises(lt.UsageError, match="engine="):
        lt.link_logs({"bvc": duck["bvc"], "bup": cluster["bup"]}, keys=KEYS)
