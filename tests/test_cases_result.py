"""What a lead-time result tells: its flow table, its attributes, its counts for estimators, each from events or the table of cases."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import leadtime as lt

PATHWAY = lt.read_pathway({
    "name": "test", "start": "detection", "stop": ["diagnosis", "help"],
    "milestones": {"detection": {"activities": ["D"]}, "diagnosis": {"activities": ["G"]}, "help": {"activities": ["H"]}},
    "exits": {"moved": {"activities": ["M"]}, "declined": {"activities": ["N"]}},
})  # fmt: skip
# Case, activity, day of January, place, note: one place a case, several notes in case c.
ROWS = [
    ("a", "D", 1, "north", "x"), ("a", "G", 11, "north", "x"), ("b", "D", 1, "south", "y"), ("b", "H", 6, "south", "y"),
    ("c", "D", 1, "north", "x"), ("c", "N", 21, "north", "y"), ("d", "D", 1, "south", ""), ("d", "M", 3, "south", ""),
    ("e", "D", 1, "north", "z"), ("f", "G", 1, "south", "z"), ("g", "G", 1, "south", "x"), ("g", "D", 2, "south", "x"),
    ("h", "D", 1, "south", "x"), ("h", "H", 6, "south", "x"),
]  # fmt: skip


def log_of(rows=ROWS, **options) -> lt.EventLog:
    frame = pd.DataFrame([(*row[:2], f"2024-01-{row[2]:02}", *row[3:]) for row in rows])
    frame.columns = ["case_id", "activity", "start", "route", "note"]
    return lt.read_log(frame, observed_until="2024-01-31", **options)


def test_the_flow_table_has_its_outcomes_in_order_and_each_case_once() -> None:
    times = lt.lead_times(log_of(), PATHWAY)
    assert times.flow.columns == ("status", "detail", "cases")
    assert times.flow.rows == (
        ("stopped", "diagnosis", 1), ("stopped", "help", 2), ("still waiting", "", 1), ("left", "declined", 1), ("left", "moved", 1),
        ("excluded", "no start", 1), ("excluded", "stopped before start", 1),
    )  # fmt: skip
    assert str(times) == str(times.flow)
    assert times._repr_html_() == times.flow._repr_html_()
    assert times.flow.counts == ("cases",)  # so that few cases are hidden in a report


def test_a_result_as_plain_values_has_the_flow_and_a_row_a_case() -> None:
    held = lt.lead_times(log_of(), PATHWAY).to_dict()
    assert list(held) == ["schema_version", "flow", "tied_cases", "cases"]
    assert held["flow"][0] == {"status": "stopped", "detail": "diagnosis", "cases": 1}
    assert [(row["case_id"], row["lead_time_days"], row["observed"]) for row in held["cases"]] == [
        ("a", 10, True), ("b", 5, True), ("c", 20, False), ("d", 2, False), ("e", 30, False), ("f", None, False), ("g", None, False),
        ("h", 5, True),
    ]  # fmt: skip


def test_an_attribute_has_one_value_a_case_or_is_none() -> None:
    times = lt.lead_times(log_of(), PATHWAY)
    assert times.conflicts == {"route": 0, "note": 1}
    frame = times.to_pandas()
    assert "note" not in frame
    assert frame["route"].tolist() == ["north", "south", "north", "south", "north", "south", "south", "south"]
    with pytest.raises(lt.InputError, match="'note' has several values in 1 case"):
        times.members("note")
    with pytest.raises(lt.InputError, match="no case attribute 'rout' to compare by; did you mean 'route'"):
        times.with_attributes({"group": "rout"})


def test_an_attribute_that_nobody_has_is_one_all_the_same() -> None:
    rows = [(*row[:4], None) for row in ROWS]
    times = lt.lead_times(log_of(rows), PATHWAY)
    assert times.conflicts == {"route": 0, "note": 0}
    assert times.to_pandas()["note"].isna().all()


def test_a_value_in_some_of_its_events_only_is_the_value_of_the_case() -> None:
    rows = [*ROWS[:1], (*ROWS[1][:4], None)]
    assert lt.lead_times(log_of(rows), PATHWAY).to_pandas()["note"].tolist() == ["x"]


def test_the_table_of_cases_adds_attributes_and_cases_and_goes_before_the_events() -> None:
    cases = pd.DataFrame({"case_id": ["a", "z"], "note": ["from the table", "alone"], "sex": ["f", "m"], "exit": ["", "refused"],
                          "birth_date": ["2020-02-29", ""]})  # fmt: skip
    times = lt.lead_times(log_of([row for row in ROWS if row[0] in "abc"], cases=cases), PATHWAY)
    assert times.conflicts == {"route": 0, "note": 0, "sex": 0, "exit": 0, "birth_date": 0}
    frame = times.to_pandas().set_index("case_id")
    assert frame.columns.tolist().count("exit") == 1
    assert frame["exit"].fillna("").tolist() == ["", "", "declined", ""]  # what the table says of an exit without a date is none
    assert frame["note"].fillna("").tolist() == ["from the table", "", "", "alone"]
    assert frame["sex"].fillna("").tolist() == ["f", "", "", "m"]
    assert frame["route"].fillna("").tolist() == ["north", "south", "north", ""]
    assert frame["birth_date"].tolist()[0] == pd.Timestamp("2020-02-29")
    assert frame["excluded_because"].tolist()[-1] == "no start"


def test_members_and_attributes_stand_beside_the_rows() -> None:
    times = lt.lead_times(log_of(), PATHWAY)
    read = times.log.session.collect
    assert set(read(times.members(None))["group"]) == {""}
    assert read(times.members("route").sort("case_id"))["group"].tolist() == times.to_pandas()["route"].tolist()
    beside = read(times.with_attributes({"where": "route", "again": "route"}).sort("case_id"))
    assert beside["where"].tolist() == beside["again"].tolist() == times.to_pandas()["route"].tolist()
    assert beside["lead_us"].notna().sum() == 6
    assert times.with_attributes({}) is times.frame


def test_the_counts_for_estimators_put_equal_cases_together_and_leave_excluded_ones_out() -> None:
    times = lt.lead_times(log_of(), PATHWAY)
    day = 86_400_000_000
    rows = times.grouped("route").astype(object)
    rows = rows.where(rows.notna(), "")
    assert list(rows.columns) == ["group", "lead_us", "entry_us", "status", "stopped_by", "exit", "n"]
    assert rows.to_numpy().tolist() == [
        ["north", 10 * day, 0, "stopped", "diagnosis", "", 1], ["north", 20 * day, 0, "left", "", "declined", 1],
        ["north", 30 * day, 0, "still waiting", "", "", 1], ["south", 2 * day, 0, "left", "", "moved", 1],
        ["south", 5 * day, 0, "stopped", "help", "", 2],
    ]  # fmt: skip
    assert times.grouped(None)["n"].tolist() == [1, 2, 1, 1, 1]


def test_the_integer_table_is_written_as_it_is(tmp_path: Path) -> None:
    times = lt.lead_times(log_of(), PATHWAY)
    times.write_parquet(str(tmp_path / "times.parquet"))
    written = pd.read_parquet(tmp_path / "times.parquet")
    assert written["case_id"].tolist() == list("abcdefgh")
    assert written["lead_us"].fillna(-1).tolist() == [value * 86_400_000_000 if value > 0 else -1 for value in (10, 5, 20, 2, 30, 0, 0, 5)]


def test_the_names_of_the_columns_and_their_order_are_as_promised() -> None:
    frame = lt.lead_times(log_of(), PATHWAY).to_pandas()
    assert list(frame.columns) == [
        "case_id", "started", "stopped", "ended", "stopped_by", "status", "excluded_because", "lead_time_days", "calendar_days", "observed",
        "exit", "entry_days", "lower_days", "upper_days", "route",
    ]  # fmt: skip
    assert frame["calendar_days"].dtype == "Int64"
    assert frame["calendar_days"].dropna().tolist() == [10, 5, 20, 2, 30, 5]


def test_ties_are_counted_only_where_a_name_hangs_on_them() -> None:
    rows = [("a", "D", 1), ("a", "G", 9), ("a", "H", 9), ("b", "D", 1), ("b", "G", 9), ("b", "G", 9), ("c", "D", 1)]
    log = log_of([(*row, "", "") for row in rows])
    assert lt.lead_times(log, PATHWAY).tied_cases == 1
    assert "stopped the clock in 1 of the cases" in str(lt.lead_times(log, PATHWAY))
    one_stop = lt.lead_times(log, PATHWAY.model_copy(update={"stop": ("diagnosis",)}))
    assert (one_stop.tied_cases, lt.lead_times(log).tied_cases) == (0, 0)
    assert one_stop.to_pandas()["stopped_by"].fillna("").tolist() == ["diagnosis", "diagnosis", ""]
