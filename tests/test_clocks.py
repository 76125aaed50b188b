"""Clock time: the lead time less the union of its pauses, set back by restarts, held against a limit both ways (DEFINITIONS 2.4)."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt

FIRST = date(2020, 1, 1)
PATHWAY = {
    "name": "test",
    "start": "referral",
    "stop": ["visit"],
    "milestones": {"referral": {"activities": ["Referral"]}, "visit": {"activities": ["Visit"]}},
    "exits": {"moved": {"activities": ["Moved"]}},
    "pauses": {
        "holiday": {"begin": "Away", "end": "Back", "reason": "family"},
        "illness": {"begin": ["Ill"], "end": ["Well"], "reason": "medical"},
    },
}


def log_of(*rows: tuple[str, str, int | str], until: str = "2021-12-31", **more: object) -> lt.EventLog:
    dated = [(case, activity, str(FIRST + timedelta(days=at)) if isinstance(at, int) else at) for case, activity, at in rows]
    frame = pd.DataFrame(dated, columns=["case_id", "activity", "start"]).assign(**more)  # type: ignore[arg-type]
    return lt.read_log(frame, observed_until=until, timezone="Europe/Stockholm")


def clock_of(log: lt.EventLog, pathway: dict[str, object] = PATHWAY, **options: object) -> lt.ClockTimes:
    return lt.clock_time(lt.lead_times(log, lt.read_pathway(pathway)), **options)  # type: ignore[arg-type]


def one(log: lt.EventLog, pathway: dict[str, object] = PATHWAY, **options: object) -> dict[str, object]:
    frame = clock_of(log, pathway, **options).to_pandas()
    assert len(frame) == 1
    return {name: None if pd.isna(value) else value for name, value in frame.iloc[0].to_dict().items()}


CASE = [("a", "Referral", 0), ("a", "Away", 10), ("a", "Ill", 20), ("a", "Back", 30), ("a", "Well", 50), ("a", "Visit", 100)]


def test_the_union_of_pauses_is_taken_off_not_their_sum() -> None:
    row = one(log_of(*CASE))
    assert (row["lead_time_days"], row["paused_days"], row["clock_days"]) == (100, 40, 60)


def test_every_subtracted_day_is_listed_and_adds_up() -> None:
    clock = clock_of(log_of(*CASE))
    assert clock.subtracted.columns == ("case_id", "pause", "reason", "from", "to", "days", "subtracted_days")
    assert clock.subtracted.rows == (
        ("a", "holiday", "family", "2020-01-11", "2020-01-31", 20, 20),
        ("a", "illness", "medical", "2020-01-21", "2020-02-20", 30, 20),
    )


@pytest.mark.parametrize(
    ("preset", "clock", "limit", "within_lead", "within"),
    [("rtt", 100, 126, True, True), ("vardgaranti", 60, 90, False, True), ("bup", 80, 30, False, False), (None, 60, None, None, None)],
)
def test_each_preset_takes_off_its_own_pauses(
    preset: str | None, clock: int, limit: int | None, within_lead: bool | None, within: bool | None  # noqa: FBT001 - a case's own column
) -> None:  # fmt: skip
    row = one(log_of(*CASE), preset=preset)
    assert (row["clock_days"], row["limit_days"], row["within_lead_time"], row["within"]) == (clock, limit, within_lead, within)


@pytest.mark.parametrize(
    ("preset", "step", "last_day"),
    [
        ("rtt", None, 126), ("vardgaranti", None, 90), ("vardgaranti", "contact", 0), ("vardgaranti", "assessment", 3),
        ("vardgaranti", "treatment", 90), ("bup", None, 30), ("bup", "treatment", 30),
    ],
)  # fmt: skip
def test_the_last_day_of_a_limit_is_within(preset: str, step: str | None, last_day: int) -> None:
    log = log_of(("a", "Referral", 0), ("a", "Visit", last_day), ("b", "Referral", 0), ("b", "Visit", last_day + 1))
    assert clock_of(log, preset=preset, step=step).to_pandas()["within"].tolist() == [True, False]


def test_the_contact_of_5_march_and_the_visit_of_8_march_are_within_three_days() -> None:
    log = log_of(("a", "Referral", "2020-03-05 23:00"), ("a", "Visit", "2020-03-08 08:00"))
    row = one(log, preset="vardgaranti", step="assessment")
    assert (row["lead_time_days"], row["clock_days"], row["within"]) == (3, 3, True)  # calendar days, whatever the clock
    assert one(log)["lead_time_days"] == pytest.approx(2 + 9 / 24)


def test_the_pathway_s_clock_holds_where_the_call_says_nothing() -> None:
    own = PATHWAY | {"clock": {"preset": "vardgaranti", "step": "assessment"}}
    assert clock_of(log_of(*CASE), own).limit_days == 3
    assert clock_of(log_of(*CASE), own, step="visit").limit_days == 90
    assert clock_of(log_of(*CASE), own, limit_days=60).to_pandas()["within"].tolist() == [True]
    assert clock_of(log_of(*CASE), PATHWAY | {"clock": {"limit_days": 59}}).to_pandas()["within"].tolist() == [False]


def test_a_pause_that_never_ends_lasts_to_the_next_attended_contact_or_the_end() -> None:
    kinds = PATHWAY | {"activities": {"Visit": {"kind": "contact"}, "Test": {"kind": "assessment"}, "Letter": {"kind": "admin"}}}
    rows = [("a", "Referral", 0), ("a", "Away", 10), ("a", "Letter", 20), ("a", "Test", 30), ("a", "Test", 40), ("a", "Visit", 100)]
    assert one(log_of(*rows), kinds)["paused_days"] == 20
    assert one(log_of(*rows, attended=["", "", "", "no", "yes", "yes"]), kinds)["paused_days"] == 30
    assert one(log_of(("a", "Referral", 0), ("a", "Away", 10), until="2020-01-31"), kinds)["paused_days"] == 20


def test_what_happens_within_a_pause_does_not_shorten_it() -> None:
    kinds = PATHWAY | {"activities": {"Test": {"kind": "assessment"}}}
    rows = [("a", "Referral", 0), ("a", "Away", 10), ("a", "Test", 20), ("a", "Back", 30), ("a", "Visit", 100)]
    assert one(log_of(*rows), kinds)["paused_days"] == 20


def test_only_the_part_of_a_pause_within_the_clock_is_taken_off() -> None:
    rows = [("a", "Away", 0), ("a", "Referral", 10), ("a", "Back", 15), ("a", "Away", 90), ("a", "Visit", 100), ("a", "Back", 120)]
    row = one(log_of(*rows))
    assert (row["lead_time_days"], row["paused_days"]) == (90, 15)


def test_an_event_of_kind_pause_is_one_for_a_reason_nobody_stated() -> None:
    frame = pd.DataFrame(
        {
            "case_id": ["a"] * 3,
            "activity": ["Referral", "Wait", "Visit"],
            "start": ["2020-01-01", "2020-01-11", "2020-04-10"],
            "end": ["", "2020-01-21", ""],
            "kind": ["referral", "pause", "contact"],
        }
    )
    times = lt.lead_times(lt.read_log(frame, observed_until="2020-12-31"), lt.read_pathway(PATHWAY))
    assert lt.clock_time(times, preset="vardgaranti").to_pandas()["paused_days"].tolist() == [10]
    assert lt.clock_time(times, preset="bup").to_pandas()["paused_days"].tolist() == [0]


# --- restarts and nullified starts --------------------------------------------------------------------------------------------------


def test_a_restart_sets_the_clock_back_and_is_listed() -> None:
    own = PATHWAY | {"clock": {"restart": ["Rebooked"]}}
    rows = [("a", "Referral", 0), ("a", "Away", 5), ("a", "Back", 25), ("a", "Rebooked", 20), ("a", "Visit", 100)]
    clock = clock_of(log_of(*rows), own)
    row = clock.to_pandas().iloc[0]
    assert (row["lead_time_days"], row["set_back_days"], row["paused_days"], row["clock_days"]) == (100, 20, 5, 75)
    assert [(kept[1], kept[5], kept[6]) for kept in clock.subtracted.rows] == [("restart", 20, 20), ("holiday", 20, 5)]


def test_a_nullified_start_waits_for_the_next_start_or_has_no_clock() -> None:
    own = PATHWAY | {"clock": {"nullify": ["Missed first"], "preset": "rtt"}}
    again = [("a", "Referral", 0), ("a", "Missed first", 30), ("a", "Referral", 50), ("a", "Referral", 60), ("a", "Visit", 150)]
    never = [("b", "Referral", 0), ("b", "Missed first", 30), ("b", "Visit", 150)]
    clock = clock_of(log_of(*again, *never), own)
    frame = clock.to_pandas().set_index("case_id")
    assert frame.loc["a", ["set_back_days", "clock_days", "nullified"]].tolist() == [50, 100, False]
    assert pd.isna(frame.loc["b", "clock_days"])
    assert frame["nullified"].tolist() == [False, True]
    assert frame["within_lead_time"].tolist() == [False, False]
    counted = {(row[0], row[1]): row[2:] for row in clock.summary.rows}
    assert counted["stopped", "lead time"] == (2, 0, 0)
    assert counted["stopped", "clock time"] == (1, 1, 1)


def test_restarts_and_nullified_starts_are_no_unknown_activities() -> None:
    own = lt.read_pathway(PATHWAY | {"clock": {"nullify": ["Missed first"], "restart": ["Rebooked"]}})
    assert own.unknown_activities(["Missed first", "Rebooked", "Referral", "Other"]) == ("Other",)


# --- both ways ----------------------------------------------------------------------------------------------------------------------


def test_the_share_is_shown_with_and_without_pauses_for_finished_and_open_cases() -> None:
    rows = [("b", "Referral", 0), ("b", "Visit", 80), ("c", "Referral", "2021-11-01"), ("d", "Referral", 0), ("d", "Moved", 5)]
    clock = clock_of(log_of(*CASE, *rows), preset="vardgaranti")
    assert clock.summary.columns == ("status", "counted", "cases", "within", "share")
    assert clock.summary.rows == (
        ("stopped", "lead time", 2, 1, 0.5),
        ("stopped", "clock time", 2, 2, 1.0),
        ("stopped", "without patient-chosen waiting", 1, 1, 1.0),
        ("still waiting", "lead time", 1, 1, 1.0),
        ("still waiting", "clock time", 1, 1, 1.0),
        ("still waiting", "without patient-chosen waiting", 1, 1, 1.0),
        ("left", "lead time", 1, 1, 1.0),
        ("left", "clock time", 1, 1, 1.0),
        ("left", "without patient-chosen waiting", 1, 1, 1.0),
    )
    assert clock.to_dict()["limit_days"] == 90
    assert str(clock) == str(clock.summary)


def test_without_pauses_nothing_is_taken_off() -> None:
    plain = {key: value for key, value in PATHWAY.items() if key != "pauses"}
    clock = clock_of(log_of(*CASE), plain)
    assert clock.to_pandas()["clock_days"].tolist() == [100]
    assert clock.subtracted.rows == ()


def test_what_cannot_be_timed_is_refused() -> None:
    log = log_of(*CASE)
    with pytest.raises(lt.UsageError, match="no pathway"):
        lt.clock_time(lt.lead_times(log))
    for options, said in (
        ({"preset": "rtx"}, "did you mean 'rtt'"),
        ({"preset": "rtt", "step": "visit"}, "no limit"),
        ({"step": "visit"}, "goes"),
    ):
        with pytest.raises(lt.UsageError, match=said):
            clock_of(log, **options)


# --- against sets of days -----------------------------------------------------------------------------------------------------------

marks = st.lists(st.tuples(st.sampled_from(["Away", "Back", "Ill", "Well"]), st.integers(0, 60)), max_size=10)


def naive(marked: list[tuple[str, int]], lead: int) -> set[int]:
    """The days that a pause covers: from each begin to the next mark of its kind, a begin that follows a begin taking over."""
    covered: set[int] = set()
    for begin, end in (("Away", "Back"), ("Ill", "Well")):
        own = sorted(((at, place, name) for place, (name, at) in enumerate(marked) if name in (begin, end)), key=lambda mark: mark[:2])
        for i, (at, _, name) in enumerate(own):
            if name == begin:
                until = own[i + 1][0] if i + 1 < len(own) else lead
                covered |= set(range(max(at, 0), min(until, lead)))
    return covered


@given(st.lists(marks, min_size=1, max_size=8), st.integers(1, 60))
@settings(max_examples=8)
def test_clock_time_is_the_lead_time_less_the_days_that_a_pause_covers(cases: list[list[tuple[str, int]]], lead: int) -> None:
    kinds = PATHWAY | {"activities": {"Visit": {"kind": "contact"}}}
    rows: list[tuple[str, str, int | str]] = []
    for number, marked in enumerate(cases):
        rows += [(f"{number}", "Referral", 0), *((f"{number}", name, at) for name, at in marked), (f"{number}", "Visit", lead)]
    clock = clock_of(log_of(*rows), kinds)
    frame = clock.to_pandas()
    expected = [lead - len(naive(marked, lead)) for marked in cases]
    assert frame["clock_days"].tolist() == expected
    off = clock.subtracted.to_pandas().groupby("case_id")["subtracted_days"].sum() if clock.subtracted.rows else pd.Series(dtype=float)
    assert [lead - off.get(f"{number}", 0) for number in range(len(cases))] == expected
