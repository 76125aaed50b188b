"""Hand-overs, who is waited for, rework and overlap, on logs worked out by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt


def visits(units: str, **columns: Any) -> lt.EventLog:
    """One case with a visit a day to units of one letter; a blank is an event without a unit."""
    rows = {
        "case_id": ["a"] * len(units),
        "activity": [f"visit {place}" for place in range(len(units))],
        "start": [f"2020-01-{place + 1:02}" for place in range(len(units))],
        "unit": [unit.strip() for unit in units],
    }
    return lt.read_log(pd.DataFrame(rows | columns))


def records(table: lt.Table | Any, *columns: str) -> list[tuple[Any, ...]]:
    frame = table.to_pandas()
    return [tuple(row) for row in frame[list(columns)].astype(object).where(frame[list(columns)].notna(), None).itertuples(index=False)]


def test_hand_overs_pass_over_events_without_a_unit() -> None:
    found = lt.hand_over_matrix(visits("AAB ABC"))
    assert records(found, "source", "target", "n", "cases", "total_days") == [
        ("A", "B", 2, 1, 2), ("B", "A", 1, 1, 1), ("B", "C", 1, 1, 1),
    ]  # fmt: skip
    square = found.matrix()
    assert square.loc["A"].tolist() == [0, 2, 0]
    assert square.to_numpy().sum() == lt.case_profile(visits("AAB ABC")).to_pandas()["hand_overs"].sum() == 4


@pytest.mark.parametrize(
    ("units", "meetings", "passed"),
    [
        ("ABBA", ["", "m", "m", ""], [("A", "B", 1), ("B", "A", 1)]),
        ("ABAA", ["", "m", "m", ""], []),  # A, then A and B together, then A
        ("ABCD", ["", "m", "m", ""], [("A", "B + C", 1), ("B + C", "D", 1)]),
        ("AABB", ["", "m", "m", ""], []),
    ],
)
def test_a_joint_meeting_is_one_visit_of_all_its_units(units: str, meetings: list[str], passed: list[tuple[str, str, int]]) -> None:
    log = visits(units, meeting_id=meetings)
    assert sorted(records(lt.hand_over_matrix(log), "source", "target", "n")) == passed
    assert lt.case_profile(log).to_pandas()["hand_overs"].sum() == len(passed)


def test_without_meetings_named_rows_of_a_team_at_one_time_and_place_are_one_visit() -> None:
    same = {"start": ["2020-01-01", "2020-01-05", "2020-01-05", "2020-01-09"], "place": ["x", "y", "y", "z"]}
    team = visits("ABCB", kind=["contact", "team", "team", "contact"], **same)
    assert sorted(records(lt.hand_over_matrix(team), "source", "target", "n")) == [("A", "B + C", 1)]
    apart = visits("ABCB", kind=["contact", "team", "contact", "contact"], **same)
    assert lt.hand_over_matrix(apart).to_pandas()["n"].sum() == 3
    elsewhere = visits("ABCB", kind=["contact", "team", "team", "contact"], **(same | {"place": ["x", "y", "w", "z"]}))
    assert lt.hand_over_matrix(elsewhere).to_pandas()["n"].sum() == 3


def test_waits_go_to_whoever_ends_them_with_crossings_apart() -> None:
    log = visits("ABCC", organisation=["R", "R", "T", "R"], start=["2020-01-01", "2020-01-11", "2020-02-01", "2020-02-03"])
    columns = ("owner", "crossing", "n", "total_days", "share")
    assert records(lt.waits_by_owner(log), *columns) == [
        ("C", "across", 2, 23, 23 / 33), ("B", "within", 1, 10, 10 / 33),
    ]  # fmt: skip
    assert records(lt.waits_by_owner(log, by="organisation"), *columns[:4]) == [
        ("T", "across", 1, 21), ("R", "within", 1, 10), ("R", "across", 1, 2),
    ]  # fmt: skip
    unknown = lt.waits_by_owner(visits("A B")).to_pandas()
    assert unknown["crossing"].tolist() == ["unknown", "unknown"]
    assert unknown["owner"].isna().sum() == 1  # an event that names nobody still ends a wait


def test_a_joint_visit_crosses_only_where_nobody_in_it_is_of_the_organisation_before() -> None:
    start = ["2020-01-01", "2020-01-05", "2020-01-05", "2020-01-09"]
    log = visits("ABCD", meeting_id=["", "m", "m", ""], organisation=["R", "T", "R", "T"], start=start)
    assert records(lt.waits_by_owner(log), "owner", "crossing", "total_days") == [("B + C", "within", 4), ("D", "across", 4)]


@pytest.mark.parametrize(
    ("units", "found"),
    [
        ("ABA", {("A", "B"): 1}),
        ("AABBA", {("A", "B"): 1}),
        ("ABAB", {("A", "B"): 1, ("B", "A"): 1}),
        ("A B A", {("A", "B"): 1}),
        ("ABC", {}),
        ("AAAA", {}),
    ],
)
def test_ping_pong_is_a_return_to_the_unit_before_the_last(units: str, found: dict[tuple[str, str], int]) -> None:
    log = visits(units)
    pairs = lt.rework(log, per="unit").to_pandas()
    assert {(a, b): n for a, b, n in pairs[["unit", "by_way_of", "n"]].itertuples(index=False)} == found
    assert lt.rework(log).to_pandas()["ping_pongs"].tolist() == [sum(found.values())]


def test_ping_pong_may_lead_back_to_a_unit_within_a_joint_visit() -> None:
    back = visits("ABAC", meeting_id=["", "", "m", "m"])
    assert lt.rework(back).to_pandas()["ping_pongs"].tolist() == [1]
    never = visits("AABB", meeting_id=["", "m", "m", ""])  # A, A and B, B: nobody hands over
    assert lt.rework(never).to_pandas()["ping_pongs"].tolist() == [0]


def test_repeats_and_self_loops_by_case_and_by_activity() -> None:
    frame = pd.DataFrame({"case_id": list("aaaaab"), "activity": list("xxyxyx"), "start": [f"2020-01-0{day}" for day in range(1, 7)]})
    log = lt.read_log(frame)
    assert records(lt.rework(log), "case_id", "events", "repeats", "self_loops", "ping_pongs") == [
        ("a", 5, 3, 1, None),
        ("b", 1, 0, 0, None),
    ]
    assert records(lt.rework(log, per="activity"), "activity", "n", "cases", "cases_repeated", "repeats", "self_loops", "share") == [
        ("x", 4, 2, 1, 2, 1, 0.5), ("y", 2, 1, 1, 1, 0, 1.0),
    ]  # fmt: skip


def test_overlaps_stand_beside_waiting_and_never_lessen_it() -> None:
    rows = [("x", "01", "11"), ("y", "02", "04"), ("z", "10", "14"), ("w", "15", "15")]
    frame = pd.DataFrame(
        [("a", a, f"2020-01-{b}T00:00", f"2020-01-{e}T00:00") for a, b, e in rows], columns=["case_id", "activity", "start", "end"]
    )
    log = lt.read_log(frame)
    assert records(lt.overlaps(log), "source", "target", "n", "overlaps", "cases", "overlap_days") == [
        ("x", "y", 1, 1, 1, 2), ("y", "z", 1, 1, 1, 1), ("z", "w", 1, 0, 0, 0),
    ]  # fmt: skip
    assert records(lt.overlaps(log, per="case"), "processing_days", "busy_days", "overlaps", "overlap_days") == [(16, 13, 2, 3)]
    assert lt.transitions(log).to_pandas()["total_days"].sum() == 1


def test_what_a_log_cannot_tell_is_named() -> None:
    bare = lt.read_log(pd.DataFrame({"case_id": ["a"], "activity": ["x"], "start": ["2020-01-01"]}))
    for ask in (lt.hand_over_matrix, lt.waits_by_owner):
        with pytest.raises(lt.InputError, match="no column 'unit'"):
            ask(bare)  # type: ignore[operator]
    with pytest.raises(lt.InputError, match="no column 'unit'"):
        lt.rework(bare, per="unit")
    with pytest.raises(lt.UsageError, match="use 'unit', 'organisation' or 'place'"):
        lt.hand_over_matrix(bare, by="colour")  # type: ignore[arg-type]
    with pytest.raises(lt.UsageError, match="per='week'"):
        lt.rework(bare, per="week")  # type: ignore[arg-type]
    with pytest.raises(lt.UsageError, match="per='week'"):
        lt.overlaps(bare, per="week")  # type: ignore[arg-type]


EVENTS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from(["A", "B", "C", ""]), st.integers(0, 40), st.integers(0, 9)),
    min_size=1, max_size=14,
)  # fmt: skip


@given(EVENTS, st.booleans())
@settings(max_examples=20)
def test_waits_add_up_to_idle_and_hand_overs_to_those_of_the_cases(rows: list[tuple[str, str, str, int, int]], meet: bool) -> None:  # noqa: FBT001
    base = pd.Timestamp("2020-01-01T01:00")
    hour = pd.Timedelta(hours=1)
    frame = pd.DataFrame(
        [(case, activity, unit, base + start * hour, base + (start + length) * hour) for case, activity, unit, start, length in rows],
        columns=["case_id", "activity", "unit", "start", "end"],
    )
    if meet:
        frame["meeting_id"] = [f"m{start % 3}" if start % 2 else "" for *_, start, _ in rows]
    log = lt.read_log(frame.assign(unit=frame["unit"].where(frame["unit"] != "", "-") if (frame["unit"] == "").all() else frame["unit"]))
    profile = lt.case_profile(log).to_pandas()
    assert lt.waits_by_owner(log).to_pandas()["total_days"].sum() == pytest.approx(profile["waiting_days"].sum())
    assert lt.hand_over_matrix(log).to_pandas()["n"].sum() == profile["hand_overs"].fillna(0).sum()
    cases = lt.overlaps(log, per="case").to_pandas()
    assert cases["busy_days"].to_numpy() == pytest.approx(profile["busy_days"].to_numpy(dtype=float))
