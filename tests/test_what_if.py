"""What-if: each case's own history with some waiting left out, by hand; nothing left out saves nothing."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt

PATHWAY = {
    "name": "t", "start": "s", "stop": "e", "milestones": {"s": {"activities": ["Start"]}, "e": {"activities": ["End"]}},
    "activities": {name: {"kind": "assessment"} for name in ("A", "B", "C")},
}  # fmt: skip
SHORT = PATHWAY | {"activities": {}}
DAY = pd.Timedelta(days=1)
BASE = pd.Timestamp("2020-01-01")
Row = tuple[str, str, float, float]  # case, activity, begin and end in days


def logged(*rows: Row) -> lt.EventLog:
    times = [(case, activity, BASE + begin * DAY, BASE + end * DAY) for case, activity, begin, end in rows]
    return lt.read_log(pd.DataFrame(times, columns=["case_id", "activity", "start", "end"]), observed_until="2021-12-31")


def saved(log: lt.EventLog, pathway: dict[str, Any] = PATHWAY, **assumptions: Any) -> dict[str, tuple[int, float, float]]:
    """By assumption: the cases that it touches, and the median and mean days saved in them."""
    table = lt.what_if(log, lt.read_pathway(pathway), **assumptions).to_pandas()
    assert table["total_days_saved"].is_monotonic_decreasing
    names = ["assumption", "cases", "median_days_saved", "mean_days_saved"]
    return {row[0]: row[1:] for row in table[names].itertuples(index=False, name=None)}


ONE = logged(
    ("a", "Before", -9, -9), ("a", "Start", 0, 0.5), ("a", "A", 10, 12), ("a", "B", 30, 31), ("a", "End", 40, 45), ("a", "Late", 60, 60),
)  # fmt: skip


def test_waiting_that_falls_away_brings_all_that_comes_after_forward() -> None:
    waits = [("Start", "A"), ("A", "B"), "End", "Late", ("Before", "Start")]
    assert saved(ONE, remove=waits, cap={("A", "B"): 5}, skip="A") == {
        "no waiting from A to B": (1, 18, 18),
        "at most 5 days of waiting from A to B": (1, 13, 13),
        "A left out": (1, 11.5, 11.5),  # its wait and its own two days
        "no waiting from Start to A": (1, 9.5, 9.5),
        "no waiting before End": (1, 9, 9),
        "no waiting before Late": (0, 0, 0),  # after the stop
        "no waiting from Before to Start": (0, 0, 0),  # before the start
    }
    assert saved(ONE, cap=9) == {"at most 9 days of waiting before each event": (1, 9.5, 9.5)}


def test_nothing_changed_saves_nothing() -> None:
    assert saved(ONE) == saved(ONE, remove=[], cap={}, skip=[]) == {"nothing is changed": (1, 0, 0)}
    nothing = saved(ONE, cap={"A": 1000, ("A", "B"): 18}, skip={"A": 0.0})
    assert sorted(nothing.values()) == [(0, 0, 0), (1, 0, 0), (1, 0, 0)]


def test_assessments_in_parallel_save_their_span_less_the_critical_path() -> None:
    log = logged(("a", "Start", 0, 0), ("a", "A", 10, 13), ("a", "x", 15, 15), ("a", "B", 20, 25), ("a", "C", 40, 41), ("a", "End", 50, 50))
    assert list(saved(log, parallel=True).values()) == [(1, 31 - 5, 31 - 5)]
    groups = saved(log, parallel=[["A", "B", "C"], ["A", "B"], ["B", "C"]])
    assert list(groups.values()) == [(1, 26, 26), (1, 16, 16), (1, 10, 10)]
    activities = {name: {"kind": "assessment", "after": after} for name, after in (("A", []), ("B", ["A", "x"]), ("C", "B"))}
    assert list(saved(log, PATHWAY | {"activities": activities}, parallel=True).values()) == [(1, 31 - 9, 31 - 9)]
    circle = PATHWAY | {"activities": {"A": {"kind": "assessment", "after": "B"}, "B": {"kind": "assessment", "after": "A"}}}
    with pytest.raises(lt.PathwayError, match="A, B wait for one another"):
        saved(log, circle, parallel=True)


def test_an_assessment_of_several_visits_lasts_from_the_first_to_the_last_as_in_the_waste_ledger() -> None:
    log = logged(("a", "Start", 0, 0), ("a", "A", 10, 10), ("a", "B", 20, 25), ("a", "A", 30, 30), ("a", "End", 50, 50))
    assert list(saved(log, parallel=True).values()) == [(1, 0, 0)]
    held_by_two = logged(("a", "Start", 0, 0), ("a", "A", 10, 15), ("a", "A", 10, 15), ("a", "B", 20, 25), ("a", "End", 50, 50))
    assert list(saved(held_by_two, parallel=True).values()) == [(1, 10, 10)]


def test_what_must_come_first_does_so_also_by_way_of_what_is_not_run_in_parallel() -> None:
    log = logged(("a", "Start", 0, 0), ("a", "A", 10, 13), ("a", "x", 15, 15), ("a", "B", 20, 25), ("a", "End", 50, 50))
    activities = {"A": {"kind": "assessment"}, "x": {"after": "A"}, "B": {"kind": "assessment", "after": "x"}}
    assert list(saved(log, PATHWAY | {"activities": activities}, parallel=True).values()) == [(1, 15 - 8, 15 - 8)]


def test_overlapping_events_save_only_what_they_alone_hold_up() -> None:
    log = logged(("a", "Start", 0, 20), ("a", "A", 5, 10), ("a", "B", 18, 25), ("a", "C", 24, 30), ("a", "End", 40, 40))
    assert saved(log, skip=["A", "B"], remove="C") == {
        "B left out": (1, 4, 4),  # from 20, when Start ends, to 24, when C begins
        "A left out": (1, 0, 0),  # within another
        "no waiting before C": (1, 0, 0),
    }


def test_an_activity_of_several_rows_at_once_falls_away_with_its_time() -> None:
    log = logged(("a", "Start", 0, 0), ("a", "A", 10, 20), ("a", "A", 10, 20), ("a", "A", 15, 28), ("a", "B", 25, 30), ("a", "End", 40, 40))
    assert saved(log, skip="A") == {"A left out": (1, 25, 25)}  # its wait, and its time until B begins


def test_only_finished_cases_count_and_the_others_are_named() -> None:
    log = logged(("a", "Start", 0, 0), ("a", "End", 10, 10), ("b", "Start", 0, 0), ("b", "A", 30, 30))
    found = lt.what_if(log, lt.read_pathway(PATHWAY), remove=["A", ("Start", "End")])
    assert (found.finished, found.unfinished, found.lead_time_days) == (1, 1, 10)
    assert [(row.cases, row.total_days_saved) for row in found.savings] == [(1, 10), (0, 0)]
    assert "not a forecast" in str(found)
    assert "1 case not finished" in str(found)


def test_a_share_of_the_cases_is_drawn_by_the_seed() -> None:
    rows = [row for n in range(20) for row in ((f"{n:02}", "Start", 0, 0), (f"{n:02}", "A", n, n), (f"{n:02}", "End", 50, 50))]
    log = logged(*rows)  # type: ignore[arg-type]
    found = [saved(log, skip={"A": 0.25}, seed=seed) for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]
    assert next(iter(found[0].values()))[0] == 5


def test_days_are_calendar_days_where_the_log_has_dates() -> None:
    frame = pd.DataFrame({"case_id": ["a"] * 3, "activity": ["Start", "A", "End"], "start": ["2020-03-28", "2020-03-30", "2020-04-01"]})
    log = lt.read_log(frame, timezone="Europe/Stockholm")  # summer time begins between
    assert saved(log, remove=["A", "End"]) == {"no waiting before A": (1, 2, 2), "no waiting before End": (1, 2, 2)}


def test_the_assumption_is_said_in_both_languages() -> None:
    options = {"remove": ("A", "B"), "cap": {"End": 2}, "skip": {"A": 0.5}, "parallel": ["A", "B"]}
    said = {row.assumption for row in lt.what_if(ONE, lt.read_pathway(PATHWAY), language="sv", **options).savings}  # type: ignore[arg-type]
    assert said == {
        "ingen väntan från A till B", "högst 2 dagar väntan före End", "A utgår i 50 % av de ärenden som hade den, slumpvis valda",
        "A och B samtidigt, från det att den första av dem började",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("assumption", "message"),
    [
        ({"remove": "Ond"}, "remove names 'Ond', which is no activity of the log; did you mean 'End'"),
        ({"remove": [("A",)]}, "give a transition as"),
        ({"cap": -1}, "cap=-1 isn't allowed"),
        ({"cap": {"A": "x"}}, "cap='x' isn't allowed"),
        ({"parallel": ["A"]}, "name two or more"),
        ({"parallel": "A"}, "name two or more"),
        ({"skip": {"A": 2}}, "from 0 to 1"),
        ({"skip": "End"}, "starts or stops the clock"),
        ({"remove": "A", "seed": -1}, "seed=-1"),
        ({"parallel": True, "pathway": SHORT}, "needs two or more activities of kind 'assessment'"),
    ],
)
def test_a_wrong_assumption_is_told_in_one_line(assumption: dict[str, Any], message: str) -> None:
    with pytest.raises(lt.UsageError, match=message) as caught:
        saved(ONE, **assumption)
    assert "\n" not in str(caught.value)


def test_without_a_pathway_there_is_no_clock_to_shorten() -> None:
    with pytest.raises(lt.UsageError, match="pathway=None isn't allowed; what_if needs a pathway"):
        lt.what_if(ONE, None, remove="A")  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(-20, 60), st.integers(0, 15)), max_size=8), st.integers(1, 50))
@settings(max_examples=10)
def test_all_waiting_gone_leaves_the_union_of_work(events: list[tuple[str, int, int]], stop: int) -> None:
    rows: list[Row] = [("a", "Start", 0, 0), ("a", "End", stop, stop)]
    rows += [("a", activity, begin, begin + length) for activity, begin, length in events]
    busy = {hour for _, activity, begin, end in rows for hour in range(int(begin), int(end)) if 0 <= hour < stop}
    found = lt.what_if(logged(*rows), lt.read_pathway(PATHWAY), cap=0).savings[0]
    assert found.total_days_saved == pytest.approx(stop - len(busy))
