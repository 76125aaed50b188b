"""The main job on the synthetic study: the messy workbook says what the clean file says, and the headline follows the events."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import leadtime as lt
from leadtime.durations import DAYS_PER_MONTH

SAMPLE = Path(__file__).resolve().parents[1] / "data_samples" / "mark_svenljunga"
PATHWAY = lt.read_pathway(SAMPLE / "pathway.toml")


@cache
def times_of(name: str) -> lt.LeadTimes:
    log = lt.read_log(SAMPLE / name, timezone=PATHWAY.log.timezone, observed_until=PATHWAY.log.observed_until)
    return lt.lead_times(log, PATHWAY)


def test_the_medians_read_as_the_claim() -> None:
    result = lt.compare(times_of("events.csv"))
    assert [lt.format_duration(cohort.median.value) for cohort in result.cohorts] == ["2 years 2.5 months", "8.5 months"]
    assert "fell from 2 years 2.5 months to 8.5 months" in result.headline("en")
    assert "minskade från 2 år och 2,5 månader till 8,5 månader" in result.headline("sv")


def test_the_messy_workbook_gives_the_same_lead_times_bar_the_rejected_rows() -> None:
    columns = ["case_id", "started", "stopped", "stopped_by", "status", "exit", "lead_time_days", "observed", "cohort"]
    messy, clean = times_of("events_messy.xlsx"), times_of("events.csv")
    pd.testing.assert_frame_equal(messy.to_pandas()[columns], clean.to_pandas()[columns])
    quality = messy.log.quality
    duplicates = next(finding.count for finding in quality.findings if "duplicate" in finding.code)
    assert quality.rows_read == len(clean.log) + duplicates + quality.rows_rejected
    rejected = messy.log.rejected.records()
    assert len(rejected) == quality.rows_rejected > 0
    assert all(row["reason"] and row["sheet"] and row["row_number"] for row in rejected)


@pytest.mark.parametrize("months", [2, 6])
def test_shifted_events_shift_the_headline_by_as_much(months: int) -> None:
    """The library is never told the answer: all of "after" but its start is moved, and the sentence moves along."""
    events = pd.read_csv(SAMPLE / "events.csv", dtype=str, keep_default_na=False)
    roles = times_of("events.csv").log.roles
    case, activity, start, cohort = (roles[role] for role in ("case_id", "activity", "start", "cohort"))
    first = events[activity].isin(PATHWAY.milestones["detection"].activities)
    moved = events[cohort].eq("after") & ~first
    days = pd.to_timedelta(round(months * DAYS_PER_MONTH), unit="D")
    events.loc[moved, start] = (pd.to_datetime(events.loc[moved, start]) + days).dt.strftime("%Y-%m-%d")
    until = pd.Timestamp(PATHWAY.log.observed_until) + days  # so that the same children are seen to stop
    log = lt.read_log(events, timezone=PATHWAY.log.timezone, observed_until=until.strftime("%Y-%m-%d"))
    result = lt.compare(lt.lead_times(log, PATHWAY))
    assert f"to {lt.format_duration((8.5 + months) * DAYS_PER_MONTH)}:" in result.headline("en")
    assert log.quality.rows_read == len(events)
    assert events[case].nunique() == len(lt.lead_times(log, PATHWAY).to_pandas())


def test_the_headline_is_one_line_with_ordinary_spaces() -> None:
    result = lt.compare(times_of("events.csv"))
    for language in ("en", "sv"):
        assert not re.search(r"[\n\u00a0\u202f]", result.headline(language))
