"""Three real logs: cases, events, durations, variants and transitions as pm4py and others found them."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import leadtime as lt

REFERENCE = Path(__file__).parent / "reference" / "logs"
SECONDS = 86_400


def expected(name: str) -> Any:
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


@cache
def read(path: Path, timezone: str | None = None) -> lt.EventLog:
    return lt.read_log(path, timezone=timezone)


@pytest.mark.parametrize("name", ["receipt", "sepsis"])
def test_cases_events_and_durations(name: str, shared: Path) -> None:
    figures, log = expected(name), read(shared / "data" / f"{name}.csv")
    assert (log.quality.rows_read, log.quality.rows_rejected) == (figures["events_read"], 0)
    assert len(log.activities) == figures["activities"]
    seconds = lt.lead_times(log).to_pandas()["lead_time_days"].to_numpy() * SECONDS
    wanted = figures["case_duration_seconds"]
    assert len(seconds) == figures["cases"]
    assert int((seconds == 0).sum()) == wanted["zero_duration_cases"]
    found = {"mean": seconds.mean(), "median": np.median(seconds), "min": seconds.min(), "max": seconds.max(), "sum": seconds.sum()}
    found |= {f"p{p}": np.percentile(seconds, p) for p in (10, 25, 75, 90)}
    for statistic, value in found.items():
        assert value == pytest.approx(wanted[statistic], rel=1e-9, abs=1e-6), statistic


@pytest.mark.parametrize("name", ["receipt", "sepsis"])
def test_variants_and_transitions(name: str, shared: Path) -> None:
    figures, log = expected(name), read(shared / "data" / f"{name}.csv")
    variants = lt.variants(log).to_pandas()
    assert len(variants) == figures["variants"]
    counts = dict(zip(variants["variant"], variants["n"], strict=True))
    for activities, n in figures["top_variants"]:
        assert counts[" > ".join(activities)] == n
    moves = lt.transitions(log).to_pandas()
    assert len(moves) == figures["dfg_edges"]
    assert moves["share"].sum() == pytest.approx(1)
    found = moves.set_index(["source", "target"])
    for edge in figures["dfg_top10"]:
        row = found.loc[(edge["from"], edge["to"])]
        assert row["n"] == edge["frequency"]
        assert row["mean_days"] * SECONDS == pytest.approx(edge["mean_s"], rel=1e-9, abs=1e-6)
        assert row["median_days"] * SECONDS == pytest.approx(edge["median_s"], rel=1e-9, abs=1e-6)


def test_the_case_called_na_is_a_case(shared: Path) -> None:
    frame = lt.lead_times(read(shared / "data" / "sepsis.csv")).to_pandas()
    assert (frame["case_id"] == "NA").sum() == 1


def test_local_clock_and_instants_differ_by_the_hours_of_summer_time(shared: Path) -> None:
    wall, instant = (
        lt.lead_times(read(shared / "data" / "sepsis.csv", zone)).to_pandas()["lead_time_days"] * SECONDS
        for zone in (None, "Europe/Amsterdam")
    )
    differences = Counter(str(round(value)) for value in wall - instant)
    assert differences == expected("sepsis_dst")["cases_by_local_minus_utc_seconds"]


def test_starts_and_ends_of_the_production_log(shared: Path) -> None:
    figures, log = expected("interval_production"), read(shared / "data" / "production.csv")
    assert (len(log), len(lt.lead_times(log).to_pandas())) == (figures["activity_instances"], figures["cases"])
    profile = lt.case_profile(log).to_pandas()
    lead = lt.lead_times(log).to_pandas()["lead_time_days"]
    columns = {"lead_s": lead, "processing_union_s": profile["busy_days"], "idle_s": profile["waiting_days"]}
    for name, days in columns.items():
        seconds, wanted = days * SECONDS, figures[name]
        found = {
            "mean": seconds.mean(),
            "median": seconds.median(),
            "p90": seconds.quantile(0.9),
            "min": seconds.min(),
            "max": seconds.max(),
        }
        for statistic, value in (found | {"sum": seconds.sum()}).items():
            assert value == pytest.approx(wanted[statistic], rel=1e-9, abs=1e-6), (name, statistic)
    moves = lt.transitions(log).to_pandas().set_index(["source", "target"])
    for edge in figures["dfg_top10_waiting_pm4py_clipped_at_0"]:
        assert moves.loc[(edge["from"], edge["to"]), "n"] == edge["frequency"]
    assert moves["total_days"].sum() == pytest.approx(profile["waiting_days"].sum(), rel=1e-12)


def test_the_small_patients_of_edear_wait_as_long_as_lead_less_work() -> None:
    rows = pd.read_csv(REFERENCE / "edear_fixture_patients.csv")
    wide = rows[rows["status"] != "schedule"].pivot_table(
        index=["patient", "activity", "activity_instance"], columns="status", values="timestamp", aggfunc=["min", "max"]
    )
    frame = pd.DataFrame(
        {
            "case_id": wide.index.get_level_values("patient"),
            "activity": wide.index.get_level_values("activity"),
            "start": wide["min"]["start"].fillna(wide["min"]["complete"]).to_numpy(),
            "end": wide["max"]["complete"].to_numpy(),
        }
    )
    wanted = expected("edear_golden")["idle_time_min_lead_minus_union"]
    profile = lt.case_profile(lt.read_log(frame)).to_pandas().set_index("case_id")
    lead = profile["waiting_days"] + profile["busy_days"]
    assert lead["John Doe"] * 1440 == pytest.approx(expected("edear_golden")["throughput_time_min"]["John Doe"], abs=1e-4)
    assert profile.loc["John Doe", "waiting_days"] * 1440 == pytest.approx(wanted["John Doe"], abs=1e-4)
