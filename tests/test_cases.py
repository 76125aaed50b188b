"""The clock of a case: every rule of DEFINITIONS 1.2-1.3 and 2.1-2.3, on logs small enough to read."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt

EXAMPLES = settings.default.max_examples // 2  # each asks the engine several times

PATHWAY = {
    "name": "test",
    "start": "detection",
    "stop": ["diagnosis", "intervention"],
    "milestones": {
        "detection": {"activities": ["Detected"]},
        "diagnosis": {"activities": ["Diagnosis"]},
        "intervention": {"activities": ["Help"]},
    },
    "exits": {"moved": {"activities": ["Moved"]}},
}


def log_of(*rows: tuple[str, ...], until: str | None = "2020-12-31", zone: str | None = None, **attributes: list[str]) -> lt.EventLog:
    frame = pd.DataFrame(rows, columns=["case_id", "activity", "start"]).assign(**attributes)
    return lt.read_log(frame, observed_until=until, timezone=zone)


def one(log: lt.EventLog, **changes: object) -> dict[str, object]:
    frame = lt.lead_times(log, lt.read_pathway(PATHWAY | changes)).to_pandas()
    assert len(frame) == 1
    return {name: None if pd.isna(value) else value for name, value in frame.iloc[0].to_dict().items()}


def test_dates_give_calendar_days_without_plus_one() -> None:
    row = one(log_of(("a", "Detected", "2020-03-05"), ("a", "Diagnosis", "2020-03-08")))
    assert (row["lead_time_days"], row["calendar_days"], row["status"], row["stopped_by"]) == (3, 3, "stopped", "diagnosis")


def test_summer_time_adds_no_hour_to_dates_and_takes_one_from_instants() -> None:
    dates = one(log_of(("a", "Detected", "2024-03-30"), ("a", "Help", "2024-03-31"), until="2024-12-31", zone="Europe/Stockholm"))
    assert dates["lead_time_days"] == 1
    clock = one(
        log_of(("a", "Detected", "2024-03-30T12:00:00"), ("a", "Help", "2024-03-31T12:00:00"), until="2024-12-31", zone="Europe/Stockholm")
    )
    assert clock["lead_time_days"] == pytest.approx(23 / 24, abs=1e-15)
    assert clock["calendar_days"] == 1


def test_a_date_at_either_end_makes_calendar_days() -> None:
    row = one(log_of(("a", "Detected", "2020-03-05T23:59:00"), ("a", "Help", "2020-03-06")))
    assert row["lead_time_days"] == 1


def test_a_stop_on_the_day_of_the_start_is_after_it() -> None:
    row = one(log_of(("a", "Detected", "2020-03-05T10:00:00"), ("a", "Diagnosis", "2020-03-05")))
    assert (row["status"], row["lead_time_days"]) == ("stopped", 0)


def test_the_first_stop_wins_whichever_milestone() -> None:
    row = one(log_of(("a", "Detected", "2020-01-01"), ("a", "Diagnosis", "2020-03-01"), ("a", "Help", "2020-02-01")))
    assert (row["stopped_by"], row["lead_time_days"]) == ("intervention", 31)


@pytest.mark.parametrize(
    ("rule", "days"),
    [({"rule": "first"}, 31), ({"rule": "last"}, 60), ({"rule": "nth", "n": 2}, 60), ({"rule": "nth", "n": 1}, 31)],
)
def test_a_rule_counts_only_occurrences_at_or_after_the_start(rule: dict[str, object], days: int) -> None:
    log = log_of(
        ("a", "Diagnosis", "2019-12-01"),
        ("a", "Detected", "2020-01-01"),
        ("a", "Diagnosis", "2020-02-01"),
        ("a", "Diagnosis", "2020-03-01"),
    )
    milestones = PATHWAY["milestones"] | {"diagnosis": {"activities": ["Diagnosis"], **rule}}  # type: ignore[operator]
    assert one(log, milestones=milestones)["lead_time_days"] == days


def test_the_start_rule_chooses_among_repeats() -> None:
    log = log_of(("a", "Detected", "2020-01-01"), ("a", "Detected", "2020-01-11"), ("a", "Help", "2020-01-31"))
    last = PATHWAY["milestones"] | {"detection": {"activities": ["Detected"], "rule": "last"}}  # type: ignore[operator]
    assert one(log)["lead_time_days"] == 30
    with pytest.warns(lt.LeadtimeWarning, match="looks into the future"):
        assert one(log, milestones=last)["lead_time_days"] == 20


def test_an_open_case_is_censored_at_the_end_of_observation() -> None:
    row = one(log_of(("a", "Detected", "2020-12-01")))
    assert (row["status"], row["observed"], row["lead_time_days"], row["stopped"]) == ("still waiting", False, 30, None)


def test_the_last_day_of_observation_is_inclusive_and_later_events_are_counted() -> None:
    log = log_of(
        ("a", "Detected", "2020-12-01"), ("a", "Help", "2020-12-31T23:59:59"), ("b", "Detected", "2020-12-01"), ("b", "Help", "2021-01-01")
    )
    times = lt.lead_times(log, lt.read_pathway(PATHWAY))
    assert times.to_pandas()["status"].tolist() == ["stopped", "still waiting"]
    assert times.events_after_observation == 1


def test_a_clock_time_is_censored_at_the_end_of_that_day() -> None:
    assert one(log_of(("a", "Detected", "2020-12-30T00:00:00")))["lead_time_days"] == 2


def test_without_an_end_of_observation_the_latest_time_is_assumed() -> None:
    log = log_of(("a", "Detected", "2020-01-01"), ("b", "Detected", "2020-01-01"), ("b", "Help", "2020-01-21"), until=None)
    times = lt.lead_times(log, lt.read_pathway(PATHWAY))
    assert times.until_assumed
    assert times.to_pandas()["lead_time_days"].tolist() == [20, 20]


def test_the_pathway_s_end_of_observation_holds_where_the_log_has_none() -> None:
    rows = [("a", "Detected", "2020-01-01"), ("b", "Detected", "2020-01-01"), ("b", "Help", "2020-06-01")]
    pathway = lt.read_pathway(PATHWAY | {"log": {"observed_until": "2020-01-31"}})
    times = lt.lead_times(log_of(*rows, until=None), pathway)
    assert not times.until_assumed
    assert times.to_pandas()["lead_time_days"].tolist() == [30, 30]
    assert lt.lead_times(log_of(*rows, until="2020-01-11"), pathway).to_pandas()["lead_time_days"].tolist() == [10, 10]


@pytest.mark.parametrize(
    ("rows", "status", "detail"),
    [
        ([("Detected", "01-10"), ("Moved", "01-20"), ("Help", "02-10")], "left", "moved"),
        ([("Detected", "01-10"), ("Moved", "01-20"), ("Help", "01-20")], "stopped", "intervention"),
        ([("Diagnosis", "01-10")], "excluded", "no start"),
        ([("Diagnosis", "01-01"), ("Detected", "01-10")], "excluded", "stopped before start"),
        ([("Moved", "01-01"), ("Detected", "01-10")], "excluded", "exit before start"),
    ],
)
def test_every_outcome_has_its_row_in_the_flow_table(rows: list[tuple[str, str]], status: str, detail: str) -> None:
    log = log_of(*(("a", activity, f"2020-{day}") for activity, day in rows), ("z", "Detected", "2020-12-01"))
    flow = lt.lead_times(log, lt.read_pathway(PATHWAY)).flow
    assert set(flow.rows) == {(status, detail, 1), ("still waiting", "", 1)}


def test_a_start_after_the_observation_is_excluded_by_that_name() -> None:
    log = log_of(("a", "Detected", "2021-01-05"), ("b", "Detected", "2020-01-05"))
    flow = lt.lead_times(log, lt.read_pathway(PATHWAY)).flow
    assert ("excluded", "start after observed_until", 1) in flow.rows


def test_the_case_s_own_dates_end_enter_and_leave() -> None:
    rows = [(case, "Detected", "2020-01-01") for case in "abcd"] + [("b", "Help", "2020-06-01")]
    cases = pd.DataFrame(
        {
            "case_id": list("abcd"),
            "last_observed": ["2020-01-31", "2020-03-01", "", ""],
            "exit_date": ["", "", "2020-02-10", ""],
            "exit": ["", "", "school start", ""],
            "entry_date": ["", "", "", "2020-01-21"],
        }
    )
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start"]), cases=cases, observed_until="2020-12-31")
    frame = lt.lead_times(log, lt.read_pathway(PATHWAY)).to_pandas().set_index("case_id")
    assert frame["status"].tolist() == ["still waiting", "still waiting", "left", "still waiting"]
    assert frame["lead_time_days"].tolist() == [30, 60, 40, 365]
    assert frame.loc["c", "exit"] == "school start"
    assert frame["entry_days"].tolist() == [0, 0, 0, 20]


def test_an_exit_that_is_named_without_a_date_is_told_of_cases_that_started() -> None:
    cases = pd.DataFrame({"case_id": list("abcde"), "exit": ["moved", "moved", "moved", "", "moved"]})
    rows = [(case, "Detected", "2020-01-01") for case in "abd"] + [("b", "Moved", "2020-02-01"), ("e", "Help", "2020-02-01")]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start"]), cases=cases, observed_until="2020-12-31")
    with pytest.warns(lt.LeadtimeWarning, match="^1 case names an exit without a date"):  # c and e never start, b has its event
        times = lt.lead_times(log, lt.read_pathway(PATHWAY))
    assert times.to_pandas()["status"].tolist() == ["still waiting", "left", "excluded", "still waiting", "excluded"]


def test_entry_at_or_after_the_end_is_excluded() -> None:
    log = log_of(("a", "Detected", "2020-01-01"), ("a", "Help", "2020-01-11"), entry_date=["2020-01-11", "2020-01-11"])
    assert one(log)["excluded_because"] == "entry at or after exit"


def test_without_a_pathway_the_time_runs_from_first_start_to_last_end() -> None:
    frame = pd.DataFrame(
        {
            "case_id": ["a", "a"],
            "activity": ["x", "y"],
            "start": ["2020-01-01T08:00:00", "2020-01-01T09:00:00"],
            "end": ["2020-01-01T20:00:00", "2020-01-01T10:00:00"],
        }
    )
    assert lt.lead_times(lt.read_log(frame)).to_pandas()["lead_time_days"].tolist() == [0.5]


def test_a_start_milestone_in_no_case_is_an_error_that_names_the_key() -> None:
    with pytest.raises(lt.PathwayError, match=r"milestones\.detection"):
        lt.lead_times(log_of(("a", "Help", "2020-01-01")), lt.read_pathway(PATHWAY))


def test_one_activity_may_belong_to_two_milestones() -> None:
    milestones = PATHWAY["milestones"] | {"intervention": {"activities": ["Help", "Diagnosis"]}}  # type: ignore[operator]
    row = one(log_of(("a", "Detected", "2020-01-01"), ("a", "Diagnosis", "2020-01-02")), milestones=milestones)
    assert row["lead_time_days"] == 1


def test_a_result_that_hangs_on_tied_order_says_so() -> None:
    both = [("a", "Diagnosis", "2020-03-01"), ("a", "Help", "2020-03-01"), ("b", "Help", "2020-03-01"), ("b", "Diagnosis", "2020-03-02")]
    rows = [("a", "Detected", "2020-01-01"), ("b", "Detected", "2020-01-01"), *both]
    pathway = lt.read_pathway(PATHWAY)
    for order, first in ((rows, "diagnosis"), ([*rows[:2], rows[3], rows[2], *rows[4:]], "intervention")):
        times = lt.lead_times(log_of(*order), pathway)
        assert times.to_pandas()["stopped_by"].tolist() == [first, "intervention"]
        assert times.to_pandas()["lead_time_days"].tolist() == [60, 60]
        assert times.tied_cases == times.to_dict()["tied_cases"] == 1
        assert "order of the rows" in str(times)
    assert lt.lead_times(log_of(*rows[:3]), pathway).tied_cases == 0
    assert "order of the rows" not in str(lt.lead_times(log_of(*rows[:3]), pathway))


def test_a_date_comes_before_the_clock_times_of_its_day() -> None:
    row = one(log_of(("a", "Detected", "2020-01-01"), ("a", "Help", "2020-03-01T00:00:00"), ("a", "Diagnosis", "2020-03-01")))
    assert row["stopped_by"] == "diagnosis"


# --- properties ---------------------------------------------------------------------------------------------------------------------

events = st.lists(
    st.tuples(
        st.sampled_from("abcde"),
        st.sampled_from(["Detected", "Diagnosis", "Help", "Moved", "Visit"]),
        st.integers(0, 400),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


def written(rows: list[tuple[str, str, int, bool]], shift: int = 0) -> list[tuple[str, str, str]]:
    days = [(case, activity, date(2020, 1, 1) + timedelta(days=day + shift), clock) for case, activity, day, clock in rows]
    return [(case, activity, f"{day}T12:00:00" if clock else str(day)) for case, activity, day, clock in days]


def outcome(rows: list[tuple[str, str, str]], until: str) -> pd.DataFrame:
    frame = lt.lead_times(log_of(*rows, until=until), lt.read_pathway(PATHWAY)).to_pandas()
    return frame[["case_id", "status", "excluded_because", "stopped_by", "exit", "lead_time_days"]]


@given(events, st.randoms(use_true_random=False))
@settings(max_examples=EXAMPLES)
def test_shuffling_rows_changes_no_lead_time(rows: list[tuple[str, str, int, bool]], random) -> None:  # type: ignore[no-untyped-def]
    rows = [*rows, ("z", "Detected", 0, False)]
    shuffled = rows.copy()
    random.shuffle(shuffled)
    columns = ["case_id", "status", "excluded_because", "lead_time_days"]
    first, second = (outcome(written(each), "2020-11-30")[columns] for each in (rows, shuffled))
    pd.testing.assert_frame_equal(first, second)


@given(events, st.integers(-2000, 2000))
@settings(max_examples=EXAMPLES)
def test_shifting_all_dates_changes_no_lead_time(rows: list[tuple[str, str, int, bool]], shift: int) -> None:
    rows = [*rows, ("z", "Detected", 0, False)]
    until = date(2020, 11, 30)
    pd.testing.assert_frame_equal(outcome(written(rows), str(until)), outcome(written(rows, shift), str(until + timedelta(days=shift))))


@given(events)
@settings(max_examples=EXAMPLES)
def test_the_flow_table_adds_up_to_the_cases_read(rows: list[tuple[str, str, int, bool]]) -> None:
    rows = [*rows, ("z", "Detected", 0, False)]
    times = lt.lead_times(log_of(*written(rows), until="2020-11-30"), lt.read_pathway(PATHWAY))
    assert sum(times.flow.column("cases")) == len({case for case, *_ in rows})  # type: ignore[arg-type]
    frame = times.to_pandas()
    assert (frame.loc[frame["status"] != "excluded", "lead_time_days"] >= 0).all()
