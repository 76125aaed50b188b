"""Where a case's time begins and ends, to the microsecond: zones, changes of clocks, last days, own dates (DEFINITIONS 1.2, 2.2)."""

from __future__ import annotations

from datetime import datetime

import narwhals as nw
import pandas as pd
import pytest

import leadtime as lt
from tests.test_cases import PATHWAY

ZONE = "Europe/Stockholm"


def log_of(*rows: tuple[str, ...], until: str | None = "2024-12-31", zone: str | None = None, **more: object) -> lt.EventLog:
    frame = pd.DataFrame(rows, columns=["case_id", "activity", "start", "end"][: len(rows[0])]).assign(**more)  # type: ignore[arg-type]
    return lt.read_log(frame, observed_until=until, timezone=zone)


def timed(log: lt.EventLog, **changes: object) -> pd.DataFrame:
    return lt.lead_times(log, lt.read_pathway(PATHWAY | changes)).to_pandas().set_index("case_id")


def hours(frame: pd.DataFrame) -> list[float]:
    return [round(days * 24, 9) for days in frame["lead_time_days"]]


def stamps(frame: pd.DataFrame, column: str) -> list[str | None]:
    return [None if pd.isna(at) else str(at) for at in frame[column]]


# --- the end of observation ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "length"), [("2024-03-31", 23), ("2024-10-27", 25), ("2024-07-01", 24)])
def test_a_last_day_ends_at_its_local_midnight_however_long_it_is(day: str, length: int) -> None:
    log = log_of(("a", "Detected", f"{day}T00:00:00"), until=day, zone=ZONE)
    assert hours(timed(log)) == [length]


@pytest.mark.parametrize(("day", "length"), [("2024-03-31", 23), ("2024-10-27", 25), ("2024-07-01", 24)])
def test_so_does_the_last_day_on_which_a_case_was_seen(day: str, length: int) -> None:
    frame = timed(log_of(("a", "Detected", f"{day}T00:00:00"), zone=ZONE, last_observed=day))
    assert (hours(frame), frame["calendar_days"].tolist(), stamps(frame, "ended")) == ([length], [0], [f"{day} 00:00:00"])


def test_what_happens_at_the_midnight_after_the_last_day_is_not_observed() -> None:
    rows = [("a", "Detected", "2024-12-30T00:00:00"), ("a", "Help", "2025-01-01T00:00:00"), ("b", "Detected", "2024-12-31T23:59:59")]
    times = lt.lead_times(log_of(*rows, zone=ZONE), lt.read_pathway(PATHWAY))
    assert times.to_pandas()["status"].tolist() == ["still waiting", "still waiting"]
    assert (hours(times.to_pandas()), times.events_after_observation) == ([48, round(1 / 3600, 9)], 1)
    assert times.to_pandas()["calendar_days"].tolist() == [1, 0]


def test_an_end_of_observation_with_a_clock_time_is_inclusive_to_the_second() -> None:
    rows = [("a", "Detected", "2024-06-01T12:00:00"), ("a", "Help", "2024-06-01T15:00:00"), ("b", "Detected", "2024-06-01T12:00:00"),
            ("b", "Help", "2024-06-01T15:00:01")]  # fmt: skip
    frame = timed(log_of(*rows, until="2024-06-01T15:00:00", zone=ZONE))
    assert (frame["status"].tolist(), hours(frame)) == (["stopped", "still waiting"], [3, 3])


def test_a_date_on_the_day_of_that_clock_time_is_observed_and_one_after_it_is_not() -> None:
    rows = [("a", "Detected", "2024-06-01"), ("a", "Help", "2024-06-03"), ("b", "Detected", "2024-06-01"), ("b", "Help", "2024-06-04")]
    frame = timed(log_of(*rows, until="2024-06-03T01:00:00", zone=ZONE))
    assert (frame["status"].tolist(), frame["lead_time_days"].tolist()) == (["stopped", "still waiting"], [2, 2])


def test_an_open_case_among_dates_keeps_the_hours_of_its_own_start() -> None:
    rows = [("a", "Detected", "2024-12-30T12:00:00"), ("b", "Detected", "2024-12-30"), ("b", "Help", "2024-12-31")]
    assert hours(timed(log_of(*rows))) == [36, 24]
    assert hours(timed(log_of(*rows, exit_date=""))) == [36, 24]


def test_the_end_of_the_calendar_may_stand_for_still_open() -> None:
    frame = timed(log_of(("a", "Detected", "9999-12-30T00:00:00"), ("b", "Detected", "9999-12-30"), until="9999-12-31"))
    assert frame["lead_time_days"].tolist() == [2, 1]
    assert timed(log_of(("a", "Detected", "9999-12-30T00:00:00"), until="9999-12-30"))["lead_time_days"].tolist() == [1]


@pytest.mark.parametrize(
    ("last", "until"), [("2024-06-03", "2024-06-03"), ("2024-06-03T09:30:00", "2024-06-03T09:30:00"), ("2024-06-02T23:00:00", "2024-06-03")]
)
def test_the_latest_time_in_the_log_is_what_giving_it_would_be(last: str, until: str) -> None:
    rows = [("a", "Detected", "2024-06-01"), ("b", "Detected", "2024-06-01T08:00:00"), ("b", "Other", "2024-06-02"), ("c", "Other", last)]
    rows += [("d", "Detected", "2024-06-03")] if until == "2024-06-03" else []
    assumed, given = (lt.lead_times(log_of(*rows, until=end, zone=ZONE), lt.read_pathway(PATHWAY)) for end in (None, until))
    assert (assumed.until_assumed, given.until_assumed) == (True, False)
    assert (assumed.events_after_observation, given.events_after_observation) == (0, 0)
    assert assumed.observed_until == given.observed_until
    pd.testing.assert_frame_equal(assumed.to_pandas(), given.to_pandas())


# --- a case's own dates -------------------------------------------------------------------------------------------------------------


def test_a_case_seen_after_the_observation_is_censored_with_it() -> None:
    seen = {"a": "2025-03-01", "b": "2024-12-30", "c": "", "d": "2025-01-01T00:00:00"}
    log = log_of(*((case, "Detected", "2024-12-01") for case in seen), last_observed=list(seen.values()))
    frame = timed(log)
    assert frame["lead_time_days"].tolist() == frame["calendar_days"].tolist() == [30, 29, 30, 30]
    assert stamps(frame, "ended") == ["2024-12-31 00:00:00", "2024-12-30 00:00:00", "2024-12-31 00:00:00", "2024-12-31 00:00:00"]


def test_a_date_of_the_case_beside_clock_times_makes_calendar_days() -> None:
    log = log_of(("a", "Detected", "2024-03-30T12:00:00"), zone=ZONE, exit_date="2024-04-02", entry_date="2024-03-31")
    frame = timed(log)
    assert frame.loc["a", ["status", "exit", "lead_time_days", "entry_days"]].tolist() == ["left", "exit", 3, 1]
    assert hours(timed(log_of(("a", "Detected", "2024-03-30T12:00:00"), zone=ZONE, exit_date="2024-04-02T12:00:00"))) == [71]


def test_an_entry_at_or_before_the_start_is_none_also_where_no_time_passes() -> None:
    rows = [(case, activity, "2024-06-01") for case in "abc" for activity in ("Detected", "Help")]
    frame = timed(log_of(*rows, entry_date=["2024-05-01"] * 2 + ["2024-06-01"] * 2 + [""] * 2))
    assert frame["status"].tolist() == ["stopped"] * 3
    assert frame["entry_days"].tolist() == frame["lead_time_days"].tolist() == [0, 0, 0]


def test_an_exit_among_the_events_stands_where_the_case_gives_no_date_or_the_same() -> None:
    rows = [(case, *row) for case in "abc" for row in (("Detected", "2024-06-01"), ("Moved", "2024-06-05"), ("Help", "2024-06-09"))]
    frame = timed(log_of(*rows, exit_date=[""] * 3 + ["2024-06-05"] * 3 + ["2024-06-04"] * 3))
    assert frame["exit"].tolist() == ["moved", "moved", "exit"]
    assert frame["lead_time_days"].tolist() == [4, 4, 3]
    assert frame["stopped_by"].isna().all()  # help came, but after they had left


def test_the_table_of_cases_goes_before_the_columns_of_events_each_date_by_itself() -> None:
    rows = [("a", "Detected", "2024-06-01"), ("b", "Detected", "2024-06-01")]
    events = pd.DataFrame(rows, columns=["case_id", "activity", "start"]).assign(exit_date="2024-06-11", last_observed="2024-06-06")
    cases = pd.DataFrame({"case_id": ["a", "b", "c"], "last_observed": ["2024-06-21", "", "2024-06-21"]})
    frame = timed(lt.read_log(events, cases=cases, observed_until="2024-06-30"))
    assert frame["status"].tolist() == ["left", "left", "excluded"]
    assert frame["lead_time_days"].tolist()[:2] == [10, 10]  # the events' own last_observed would have hidden the exit


def test_an_outcome_has_the_name_of_what_decided_it_and_no_other() -> None:
    days = {
        "a": ["Detected", "Moved", "Help"], "b": ["Detected", "Help", "Moved"], "c": ["Moved", "Detected", "Help"],
        "d": ["Help", "Detected", "Moved"], "e": ["Detected", "Other", "Other"],
    }  # fmt: skip
    frame = timed(log_of(*((case, name, f"2024-06-0{place + 1}") for case, names in days.items() for place, name in enumerate(names))))
    text = (
        frame[["stopped_by", "exit", "excluded_because"]]
        .astype(object)
        .where(frame[["stopped_by", "exit", "excluded_because"]].notna(), "")
    )
    assert text.to_numpy().tolist() == [
        ["", "moved", ""], ["intervention", "", ""], ["", "", "exit before start"], ["", "", "stopped before start"], ["", "", ""],
    ]  # fmt: skip
    kept = [True, True, False, False, True]
    for column in ("lead_time_days", "calendar_days", "ended", "entry_days", "lower_days", "upper_days"):
        assert frame[column].notna().tolist() == kept, column
    assert frame["stopped"].notna().tolist() == frame["observed"].tolist() == [False, True, False, False, False]
    assert frame["lower_days"][kept].tolist() == frame["upper_days"][kept].tolist() == frame["lead_time_days"][kept].tolist()


def test_a_case_that_waits_for_its_second_visit_is_not_stopped_before_its_start() -> None:
    days = {"a": ["Help", "Detected", "Help"], "b": ["Help", "Help", "Detected", "Help"], "c": ["Help", "Detected", "Help", "Help"],
            "d": ["Help", "Help", "Detected"]}  # fmt: skip
    log = log_of(*((case, name, f"2024-06-0{place + 1}") for case, names in days.items() for place, name in enumerate(names)))
    second = {"intervention": {"activities": ["Help"], "rule": "nth", "n": 2}}
    frame = timed(log, milestones=PATHWAY["milestones"] | second)  # type: ignore[operator]
    assert frame["status"].tolist() == ["still waiting", "still waiting", "stopped", "excluded"]
    assert frame["lead_time_days"].dropna().tolist() == [212, 211, 2]


# --- local clocks -------------------------------------------------------------------------------------------------------------------


def test_the_first_start_keeps_its_own_local_clock_where_clocks_go_back() -> None:
    rows = [("a", "Detected", "2024-10-27T02:50:00+02:00"), ("a", "Detected", "2024-10-27T02:10:00+01:00"),
            ("a", "Help", "2024-10-27T03:00:00+01:00")]  # fmt: skip
    frame = timed(log_of(*rows, zone=ZONE))
    assert (stamps(frame, "started"), hours(frame)) == (["2024-10-27 02:50:00"], [round(70 / 60, 9)])


def test_a_date_and_a_clock_time_both_start_the_clock_on_one_day() -> None:
    """The date comes first, so that the time is counted in calendar days; the clock time of the other start adds none of its hours."""
    rows = [("a", "Detected", "2024-06-01T09:00:00"), ("a", "Detected", "2024-06-01"), ("a", "Help", "2024-06-02T08:00:00")]
    frame = timed(log_of(*rows))
    assert (frame["lead_time_days"].tolist(), stamps(frame, "started")) == ([1], ["2024-06-01 00:00:00"])


def test_a_clock_time_stop_at_the_instant_of_the_start_or_of_an_exit_is_in_time() -> None:
    at = "2024-06-01T09:00:00"
    rows = [("a", "Help", at), ("a", "Detected", at), ("b", "Detected", "2024-06-01T08:00:00"), ("b", "Moved", at), ("b", "Help", at)]
    frame = timed(log_of(*rows))
    assert (frame["status"].tolist(), hours(frame)) == (["stopped", "stopped"], [0, 1])


def test_one_of_two_starts_of_a_milestone_may_be_the_second_by_rule() -> None:
    second = PATHWAY["milestones"] | {"detection": {"activities": ["Detected"], "rule": "nth", "n": 2}}  # type: ignore[operator]
    rows = [("a", "Detected", "2024-06-01"), ("a", "Detected", "2024-06-03"), ("a", "Detected", "2024-06-09"), ("a", "Help", "2024-06-13"),
            ("b", "Detected", "2024-06-01"), ("c", "Detected", "2024-06-01"), ("c", "Detected", "2025-01-01")]  # fmt: skip
    with pytest.warns(lt.LeadtimeWarning, match="'nth' looks into the future") as caught:
        frame = timed(log_of(*rows), milestones=second)
    assert caught[0].filename == __file__  # it points to the caller's line
    assert frame["lead_time_days"].tolist()[0] == 10
    assert frame["excluded_because"].tolist()[1:] == ["no start", "start after observed_until"]


def test_a_warning_of_exits_without_dates_points_to_the_callers_line() -> None:
    log = log_of(("a", "Detected", "2024-06-01"), ("b", "Detected", "2024-06-01"), exit="moved")
    pathway = lt.read_pathway(PATHWAY)
    with pytest.warns(lt.LeadtimeWarning, match="^2 cases name an exit without a date") as caught:
        lt.lead_times(log, pathway)
    assert caught[0].filename == __file__
    dated = log_of(("a", "Detected", "2024-06-01"), ("b", "Detected", "2024-06-01"), exit="moved", exit_date=["2024-06-02", ""])
    with pytest.warns(lt.LeadtimeWarning, match="^1 case names an exit"):
        lt.lead_times(dated, pathway)


# --- without a pathway --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", [None, ZONE])
def test_without_a_pathway_dates_are_whole_days_and_clock_times_elapsed(zone: str | None) -> None:
    dates = lt.lead_times(log_of(("a", "x", "2024-03-30"), ("a", "y", "2024-04-01"), zone=zone)).to_pandas()
    clock = lt.lead_times(log_of(("a", "x", "2024-03-30T12:00:00"), ("a", "y", "2024-03-31T12:00:00"), zone=zone)).to_pandas()
    mixed = lt.lead_times(log_of(("a", "x", "2024-03-30T12:00:00"), ("a", "y", "2024-03-31"), zone=zone)).to_pandas()
    assert dates["lead_time_days"].tolist() == [2]
    assert stamps(dates, "started") == ["2024-03-30 00:00:00"]
    assert hours(clock) == [23 if zone else 24]
    assert stamps(clock, "started") + stamps(clock, "stopped") == ["2024-03-30 12:00:00", "2024-03-31 12:00:00"]
    assert mixed["lead_time_days"].tolist() == [1]
    for frame in (dates, clock, mixed):
        assert frame[["status", "observed", "entry_days"]].to_numpy().tolist() == [["stopped", True, 0]]


@pytest.mark.parametrize("zone", [None, ZONE])
@pytest.mark.parametrize("clock", ["", "T10:00:00"])
def test_without_a_pathway_what_starts_after_the_observation_is_left_out(zone: str | None, clock: str) -> None:
    rows = [
        ("a", "x", "2024-12-01"),
        ("a", "y", "2024-12-11"),
        ("a", "z", "2025-01-05"),
        ("b", "x", "2025-01-01"),
        ("c", "x", "2024-12-31"),
    ]
    times = lt.lead_times(log_of(*((case, name, f"{day}{clock}") for case, name, day in rows), zone=zone))
    frame = times.to_pandas()
    assert frame["status"].tolist() == ["stopped", "excluded", "stopped"]
    assert frame["excluded_because"].tolist()[1] == "start after observed_until"
    assert frame["lead_time_days"].fillna(-1).tolist() == [10, -1, 0]
    assert frame["entry_days"].fillna(-1).tolist() == [0, -1, 0]
    assert (times.events_after_observation, times.tied_cases, times.until_assumed) == (2, 0, False)
    assert lt.lead_times(log_of(("a", "x", "2024-12-01"), until=None)).observed_until is None


# --- partial dates beside full ones -------------------------------------------------------------------------------------------------


def test_bounds_stand_only_where_a_date_is_not_to_the_day() -> None:
    full = lt.lead_times(log_of(("a", "Detected", "2024-06-01"), exit_date="2024-06-05"), lt.read_pathway(PATHWAY))
    assert not [name for name in full.frame.collect_schema().names() if "_lower_wall" in name or "_upper_wall" in name]
    rows = [("a", "Detected", "2024-06-01T12:00:00"), ("a", "Help", "2024-06-02T06:00:00"), ("b", "Detected", "juni 2024"),
            ("b", "Help", "2024-07-02T06:00:00"), ("c", "Detected", "2024-12-01T12:00:00")]  # fmt: skip
    frame = timed(log_of(*rows))
    bounds = frame[["lower_days", "lead_time_days", "upper_days"]].to_numpy().tolist()
    assert bounds == [[0.75] * 3, [2, 16.5, 31], [30.5] * 3]
    assert frame["calendar_days"].tolist() == [1, 17, 30]


def test_calendar_days_are_none_below_nought_where_the_middle_of_a_start_lies_after_the_stop() -> None:
    frame = timed(log_of(("a", "Detected", "juni 2024"), ("a", "Help", "2024-06-02")))
    assert frame[["lower_days", "lead_time_days", "upper_days", "calendar_days"]].to_numpy().tolist() == [[0, 0, 1, 0]]


def test_an_event_that_is_known_to_end_within_a_partial_date_may_take_time() -> None:
    log = log_of(
        ("a", "x", "juni 2024", "juni 2024"), ("b", "x", "juni 2024", ""), ("c", "x", "juni 2024", ""), ("c", "y", "juni 2024", "")
    )
    frame = lt.lead_times(log).to_pandas()
    assert frame["upper_days"].tolist() == [29, 0, 29]
    assert frame["lower_days"].tolist() == frame["lead_time_days"].tolist() == [0, 0, 0]


def test_the_stamps_of_a_log_are_the_local_clock() -> None:
    frame = timed(log_of(("a", "Detected", "2024-06-01T08:00:00Z"), ("a", "Help", "2024-06-01T09:30:00Z"), zone=ZONE))
    assert stamps(frame, "started") == ["2024-06-01 10:00:00"]
    assert frame["stopped"].tolist() == [pd.Timestamp(datetime(2024, 6, 1, 11, 30))]  # noqa: DTZ001 - a local clock


def test_a_log_without_events_starts_no_case_and_says_so() -> None:
    log = log_of(("a", "Detected", "2024-06-01"), until=None).filter(nw.col("case_id") == "none")
    with pytest.raises(lt.PathwayError, match="reached in no case"):
        lt.lead_times(log, lt.read_pathway(PATHWAY))
    assert lt.lead_times(log).to_pandas().empty
