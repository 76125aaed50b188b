"""Attributes may have any name, also one that a column of the result has, or a word within has, in any case."""

from __future__ import annotations

import pandas as pd
import pytest

import leadtime as lt

PATHWAY = lt.read_pathway({
    "name": "t", "start": "detection", "stop": "diagnosis",
    "milestones": {"detection": {"activities": ["D"]}, "diagnosis": {"activities": ["G"]}},
})  # fmt: skip


def times(header: str) -> lt.LeadTimes:
    rows = [
        (f"c{i}", activity, start, "ab"[i % 2]) for i in range(8) for activity, start in (("D", "2020-01-01"), ("G", f"2020-02-0{i + 1}"))
    ]
    return lt.lead_times(lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start", header])), PATHWAY)


@pytest.mark.parametrize(
    "header", ["Status", "STATUS", "Observed", "Lead_US", "Started", "status", "observed", "lead_us", "lead_time_days", "tied"]
)
def test_no_attribute_is_lost_or_stands_for_another_column(header: str) -> None:
    found = times(header)
    frame = found.to_pandas()
    assert frame[found.column_of(header)].tolist() == ["a", "b"] * 4
    assert frame["status"].tolist() == ["stopped"] * 8
    assert frame["lead_time_days"].tolist() == [31 + i for i in range(8)]
    assert lt.cohort_summary(found, by=header).to_pandas()["median_days"].tolist() == [34, 35]
    assert lt.compare(found, by=header, before="a", after="b", draws=20).to_pandas()["n"].tolist() == [4, 4]
    described = lt.describe_cohorts(found, by=header).to_pandas()
    assert described[described["variable"] == "cases"][["cohort", "n"]].values.tolist() == [["a", 4], ["b", 4]]


def test_the_column_of_an_attribute_is_its_name_where_that_is_free() -> None:
    assert [times(header).column_of(header) for header in ("Status", "status", "route")] == ["Status", "status (2)", "route"]


@pytest.mark.parametrize("header", ["Until", "Dated", "until", "Waiting_us", "Before"])
def test_measures_of_flow_take_no_attribute_for_their_own_column(header: str) -> None:
    log = times(header).log
    assert lt.transitions(log).to_pandas()["total_days"].tolist() == [sum(31 + i for i in range(8))]
    assert lt.case_profile(log).to_pandas()["waiting_days"].tolist() == [31 + i for i in range(8)]
    assert lt.variants(log).to_pandas()["n"].tolist() == [8]
    assert lt.rework(log).to_pandas()["repeats"].tolist() == [0] * 8


def test_a_name_with_a_full_stop_is_an_attribute_of_its_own_on_every_engine_s_version() -> None:
    found = times("Tel.nr")
    name = next(name for name in ("Tel.nr", "Tel_nr") if name in found.log.columns)  # before DuckDB 2.0 the second
    assert found.to_pandas()[name].tolist() == ["a", "b"] * 4
    assert lt.compare(found, by=name, before="a", after="b", draws=20).to_pandas()["n"].tolist() == [4, 4]
    assert lt.check_quality(found.log, PATHWAY).rows_kept == 16
