"""Claims on visits that were booked and did not take place, as journal systems write them."""

from __future__ import annotations

import pandas as pd
import pytest

import leadtime as lt

PATHWAY = lt.read_pathway({
    "name": "Made up", "start": "detected", "stop": "diagnosis",
    "milestones": {"detected": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}},
    "activities": {"Visit": {"kind": "contact"}, "Detected": {"kind": "contact"}, "Diagnosis": {"kind": "assessment"}},
})  # fmt: skip


def log_of(noted: str | None) -> lt.EventLog:
    return lt.read_log(
        pd.DataFrame({
            "case_id": ["a"] * 3, "activity": ["Detected", "Visit", "Diagnosis"], "start": ["2019-01-01", "2019-01-11", "2019-01-21"],
            "unit": ["BVC", "Logopedi", "Hab"], "end": [None, "2019-01-13", None], "attended": ["ja", noted, "ja"],
        })
    )  # fmt: skip


@pytest.mark.parametrize(
    "noted", ["Uteblev", "uteblivet", "Avbokad", "AVBOKAT", "Återbud", "Ombokat", "Inställt", "Ej genomfört", "Cancelled", "no-show", "nej"]
)
def test_a_visit_that_did_not_take_place_is_no_contact(noted: str) -> None:
    split = lt.time_split(log_of(noted), PATHWAY).to_pandas().iloc[0]
    assert (split["contact_days"], split["waiting_days"]) == (0.0, 20.0)
    assert lt.check_quality(log_of(noted), today="2020-01-01").findings == log_of(noted).quality.findings


@pytest.mark.parametrize("noted", ["Genomfört", "genomförd", "ja", "Kommit", "attended", "Completed"])
def test_a_visit_that_took_place_is_a_contact(noted: str) -> None:
    split = lt.time_split(log_of(noted), PATHWAY).to_pandas().iloc[0]
    assert (split["contact_days"], split["waiting_days"]) == (2.0, 18.0)
    assert "attendance-unknown" not in {one.code for one in lt.check_quality(log_of(noted), today="2020-01-01").findings}
