"""Overlap, work and rework on real logs and fixtures, to the second, as other software found them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import leadtime as lt

REFERENCE = Path(__file__).parent / "reference" / "logs"
SECONDS = 86_400


def expected(name: str) -> Any:
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


def test_overlap_of_the_production_log_to_the_second(shared: Path) -> None:
    figures, log = expected("interval_production"), lt.read_log(shared / "data" / "production.csv")
    cases = lt.overlaps(log, per="case").to_pandas()
    for column, name in (("processing_days", "processing_sum_s"), ("busy_days", "processing_union_s")):
        seconds = (cases[column] * SECONDS).round(6)
        wanted = figures[name]
        found = {"sum": seconds.sum(), "mean": seconds.mean(), "median": seconds.median(), "p90": seconds.quantile(0.9)}
        for statistic, value in {**found, "min": seconds.min(), "max": seconds.max()}.items():
            assert value == pytest.approx(wanted[statistic], rel=1e-12), (name, statistic)
    assert (cases["overlaps"] > 0).sum() == figures["cases_with_overlapping_instances"]
    lead = (lt.lead_times(log).to_pandas()["lead_time_days"] * SECONDS).round(6)
    assert int(((cases["processing_days"] * SECONDS).round(6) > lead).sum()) == figures["cases_where_processing_sum_exceeds_lead"]
    assert cases["busy_days"].sum() * SECONDS / lead.sum() == pytest.approx(figures["flow_efficiency_union_total"], rel=1e-12)
    pairs = lt.overlaps(log).to_pandas()
    over = figures["processing_sum_s"]["sum"] - figures["processing_union_s"]["sum"]
    assert (pairs["overlap_days"].sum() * SECONDS, cases["overlap_days"].sum() * SECONDS) == (pytest.approx(over), pytest.approx(over))
    moves = lt.transitions(log).to_pandas()
    assert pairs["n"].sum() == moves["n"].sum()
    assert moves["total_days"].sum() * SECONDS == pytest.approx(figures["idle_s"]["sum"], rel=1e-12)


@pytest.mark.parametrize("name", ["receipt", "sepsis"])
def test_cases_with_rework_in_all_and_by_activity(name: str, shared: Path) -> None:
    figures, log = expected(name), lt.read_log(shared / "data" / f"{name}.csv")
    cases = lt.rework(log).to_pandas()
    assert (cases["repeats"] > 0).sum() == figures["rework_cases_pm4py"]
    assert (cases["self_loops"] > 0).sum() == figures["cases_with_selfloop"]
    repeated = lt.rework(log, per="activity").to_pandas().set_index("activity")["cases_repeated"]
    assert repeated[repeated > 0].to_dict() == figures["rework_cases_per_activity_pm4py"]


def test_idle_is_lead_less_work_for_each_of_the_small_patients_of_edear() -> None:
    rows = pd.read_csv(REFERENCE / "edear_fixture_patients.csv")
    done = rows[rows["status"] != "schedule"]
    ends = done.groupby(["patient", "activity_instance"], sort=False)["timestamp"].agg(["min", "max"]).reset_index()
    frame = ends.rename(columns={"patient": "case_id", "min": "start", "max": "end"}).assign(activity="x")
    log = lt.read_log(frame)
    golden, cases = expected("edear_golden"), lt.overlaps(log, per="case").to_pandas().set_index("case_id")
    waiting = lt.case_profile(log).to_pandas().set_index("case_id")["waiting_days"]
    for patient in ("John Doe", "Jane Doe", "George Doe"):
        assert waiting[patient] * 1440 == pytest.approx(golden["idle_time_min_lead_minus_union"][patient], abs=1e-4)
        assert cases.loc[patient, "processing_days"] * 1440 == pytest.approx(golden["processing_time_min"][patient], abs=1e-4)
        lead = (waiting[patient] + cases.loc[patient, "busy_days"]) * 1440
        assert lead == pytest.approx(golden["throughput_time_min"][patient], abs=1e-4)
    wrong = golden["idle_time_min_as_edeaR_returns"][
        "John Doe"
    ]  # edeaR gives the processing time for idle where a case opens with an instant
    assert waiting["John Doe"] * 1440 - wrong > 1000
