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


def test_a_case_that_nothing_sets_back_keeps_its_time() -> None:
    own = PATHWAY | {"clock": {"restart": ["Rebooked"], "nullify": ["Missed first"]}}
    clock = clock_of(log_of(("a", "Referral", 0), ("a", "Visit", 9), ("b", "Referral", 0), ("b", "Rebooked", 3), ("b", "Visit", 9)), own)
    assert clock.to_pandas()["clock_days"].tolist() == [9, 6]


def test_waiting_for_medical_reasons_is_not_the_familys_choice() -> None:
    rows = [
        (case, *row)
        for case, begin, end in (("a", "Away", "Back"), ("b", "Ill", "Well"))
        for row in (("Referral", 0), (begin, 5), (end, 9))
    ]
    clock = clock_of(log_of(*rows, ("a", "Visit", 20), ("b", "Visit", 95)), preset="vardgaranti")
    assert clock.summary.rows[:3] == (
        ("stopped", "lead time", 2, 1, 0.5), ("stopped", "clock time", 2, 1, 0.5), ("stopped", "without patient-chosen waiting", 1, 0, 0.0),
    )  # fmt: skip


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


# --- by the clock, and kinds of activity --------------------------------------------------------------------------------------------

MIXED = [
    ("a", "Referral", "2024-03-30 12:00"),
    ("a", "Away", "2024-03-31 00:30"),
    ("a", "Back", "2024-03-31 12:00"),
    ("a", "Visit", "2024-04-02 06:00"),
]


def test_without_a_preset_clock_times_are_elapsed_and_with_one_whole_days() -> None:
    elapsed = clock_of(log_of(*MIXED, until="2024-12-31"))
    row = elapsed.to_pandas().iloc[0]
    hours = [round(row[name] * 24, 9) for name in ("lead_time_days", "paused_days", "clock_days")]
    assert hours == [65, 10.5, 54.5]  # an hour is left out in the night of 31 March
    assert elapsed.subtracted.rows[0][3:5] == ("2024-03-31 00:30:00", "2024-03-31 12:00:00")
    whole = clock_of(log_of(*MIXED, until="2024-12-31"), preset="vardgaranti")
    row = whole.to_pandas().iloc[0]
    assert [row[name] for name in ("lead_time_days", "paused_days", "clock_days")] == [3, 0, 3]
    assert whole.subtracted.rows == ()


def test_without_a_zone_a_midnight_of_the_list_is_a_date_and_other_times_are_clock_times() -> None:
    frame = pd.DataFrame(MIXED, columns=["case_id", "activity", "start"])
    frame.loc[1, "start"] = "2024-03-31 00:00"
    listed = clock_of(lt.read_log(frame, observed_until="2024-12-31")).subtracted.rows[0]
    assert listed == ("a", "holiday", "family", "2024-03-31", "2024-03-31 12:00:00", 0.5, 0.5)


def test_a_date_at_either_end_of_the_lead_time_lays_the_pauses_on_local_days() -> None:
    rows = [
        ("a", "Referral", "2024-03-30"),
        ("a", "Away", "2024-03-30 12:00"),
        ("a", "Back", "2024-03-31 12:00"),
        ("a", "Visit", "2024-04-02 06:00"),
    ]
    row = one(log_of(*rows, until="2024-12-31"))
    assert (row["lead_time_days"], row["paused_days"], row["clock_days"]) == (3, 1, 2)  # days of 24 hours each
    turned = [("a", "Referral", "2024-03-30 12:00"), ("a", "Away", "2024-03-31"), ("a", "Back", "2024-04-01"), ("a", "Visit", "2024-04-02")]
    row = one(log_of(*turned, until="2024-12-31"))
    assert (row["lead_time_days"], row["paused_days"], row["clock_days"]) == (3, 1, 2)


def test_a_start_known_to_the_month_stands_in_its_middle_with_a_preset_too() -> None:
    rows = [("a", "Referral", "april 2024"), ("a", "Away", "2024-05-01"), ("a", "Back", "2024-05-04"), ("a", "Visit", "2024-05-20")]
    for clock in ("", " 18:00"):
        row = one(log_of(*rows[:-1], ("a", "Visit", f"2024-05-20{clock}"), until="2024-12-31"), preset="vardgaranti")
        assert (row["lead_time_days"], row["paused_days"], row["clock_days"]) == (34.5, 3, 31.5)


def test_the_kind_in_the_log_or_the_pathway_makes_a_pause_but_no_mark_is_one_twice() -> None:
    rows = [("a", "Referral", 0), ("a", "Wait", 10), ("a", "Rest", 30), ("a", "Away", 50), ("a", "Back", 60), ("a", "Visit", 100)]
    ends = ["", str(FIRST + timedelta(days=20)), str(FIRST + timedelta(days=35)), "", "", ""]
    wait = PATHWAY | {"activities": {"Wait": {"kind": "pause"}, "Away": {"kind": "pause"}, "Visit": {"kind": "contact"}}}
    assert one(log_of(*rows, end=ends), wait)["paused_days"] == 20
    kinds = log_of(*rows, end=ends, kind=["", "Pause", "PAUSE", "pause", "pause", "contact"])
    assert one(kinds, PATHWAY)["paused_days"] == 25
    assert one(kinds, PATHWAY | {"activities": {"Rest": {"kind": "admin"}}})["paused_days"] == 20  # the pathway's word holds
    found = clock_of(kinds, PATHWAY).subtracted.rows
    assert [(row[1], row[2], row[5]) for row in found] == [
        ("row 1", "not stated", 10),
        ("row 2", "not stated", 5),
        ("holiday", "family", 10),
    ]
    assert one(log_of(*rows, end=ends), PATHWAY)["paused_days"] == 10
    none = {key: value for key, value in PATHWAY.items() if key != "pauses"}
    assert one(kinds, none)["paused_days"] == 10 + 5 + 10 + 40  # without their pathway Away and Back are pauses without ends


@pytest.mark.parametrize(
    ("kinds", "attended", "paused"),
    [
        (None, None, 10), (None, ["", "", "", "Nej", "DNA", ""], 80), (["", "", "Admin", "Team", "other", ""], None, 20),
        (["", "", "admin", "CONTACT", "value", ""], ["yes"] * 3 + ["no", "yes", "yes"], 30), (["", "", "admin", "admin", "", ""], None, 80),
    ],
)  # fmt: skip
def test_which_event_ends_a_pause_without_an_end(kinds: list[str] | None, attended: list[str] | None, paused: int) -> None:
    """An attended contact, by kind; where nothing tells kinds, any event but the marks of pauses."""
    rows = [("a", "Referral", 0), ("a", "Away", 10), ("a", "Letter", 20), ("a", "Talk", 30), ("a", "Test", 40), ("a", "Visit", 90)]
    if kinds is None and attended is not None:
        attended = [*attended[:2], "no", *attended[3:]]
    more = {name: value for name, value in (("kind", kinds), ("attended", attended)) if value is not None}
    assert one(log_of(*rows, **more))["paused_days"] == paused


def test_kinds_of_the_pathway_go_before_those_of_the_log_and_value_is_a_contact() -> None:
    rows = [("a", "Referral", 0), ("a", "Away", 10), ("a", "Letter", 20), ("a", "Talk", 30), ("a", "Test", 40), ("a", "Visit", 90)]
    log = log_of(*rows, kind=["", "", "contact", "", "contact", ""])
    assert one(log, PATHWAY | {"activities": {"Letter": {"kind": "admin"}}})["paused_days"] == 30
    assert one(log, PATHWAY | {"activities": {"Letter": {"kind": "admin"}, "Talk": {"value_adding": True}}})["paused_days"] == 20
    assert one(log_of(*rows), PATHWAY | {"activities": {"Talk": {"value_adding": True}}})["paused_days"] == 10
    assert one(log_of(*rows), PATHWAY | {"activities": {"Talk": {"kind": "contact"}}})["paused_days"] == 20


def test_a_contact_on_the_day_a_pause_begins_does_not_end_it() -> None:
    rows = [
        ("a", "Referral", 0),
        ("a", "Away", 10),
        ("a", "Talk", 10),
        ("a", "Talk", 25),
        ("a", "Visit", 90),
        ("b", "Referral", 0),
        ("b", "Talk", 5),
    ]
    assert clock_of(log_of(*rows)).to_pandas()["paused_days"].tolist() == [15, 0]


def test_a_pause_begun_anew_takes_over_and_an_end_without_a_beginning_is_nothing() -> None:
    kinds = PATHWAY | {"activities": {"Visit": {"kind": "contact"}}}
    rows = [
        ("a", "Referral", 0),
        ("a", "Back", 3),
        ("a", "Away", 10),
        ("a", "Away", 20),
        ("a", "Back", 30),
        ("a", "Back", 40),
        ("a", "Visit", 90),
    ]
    clock = clock_of(log_of(*rows), kinds)
    assert [(row[3], row[5]) for row in clock.subtracted.rows] == [("2020-01-11", 10), ("2020-01-21", 10)]


def test_pauses_within_one_another_count_once_whichever_ends_last() -> None:
    marked = [("Referral", 0), ("Away", 10), ("Ill", 15), ("Well", 18), ("Ill", 25), ("Well", 28), ("Back", 30), ("Ill", 30), ("Well", 33)]
    clock = clock_of(log_of(*(("a", *mark) for mark in marked), ("a", "Visit", 100)))
    assert [row[6] for row in clock.subtracted.rows] == [20, 0, 0, 3]
    assert clock.to_pandas()["clock_days"].tolist() == [77]


# --- ties of restarts ---------------------------------------------------------------------------------------------------------------

VOID = PATHWAY | {"clock": {"nullify": ["Missed first"], "restart": ["Rebooked"]}}


# What happens from day 0 on, how much is set back, and whether nothing is left; the clock stops on day 100.
SET_BACK: list[tuple[list[tuple[str, int]], int, bool]] = [
    ([("Referral", 0), ("Rebooked", 20), ("Rebooked", 40)], 40, False),  # the last restart counts
    ([("Referral", 0), ("Rebooked", 20), ("Missed first", 30)], 100, True),  # one before the start was made void counts no more
    ([("Referral", 0), ("Missed first", 30), ("Rebooked", 50), ("Rebooked", 60)], 60, False),
    ([("Referral", 0), ("Missed first", 30), ("Referral", 30)], 30, False),  # of one day, but the later row
    ([("Referral", 0), ("Referral", 30), ("Missed first", 30)], 100, True),
    ([("Referral", 0), ("Missed first", 30), ("Referral", 50), ("Missed first", 60), ("Referral", 70)], 70, False),
    ([("Missed first", 0), ("Referral", 0)], 0, False),
    ([("Referral", 0), ("Missed first", 0)], 100, True),
    ([("Referral", 0), ("Missed first", 30), ("Rebooked", 30), ("Missed first", 40), ("Rebooked", 60), ("Referral", 50)], 60, False),
    ([("Referral", 0), ("Rebooked", 0)], 0, False),
    ([("Referral", 0), ("Rebooked", 100), ("Missed first", 100)], 0, False),  # the clock had stopped
]


def test_the_clock_runs_from_the_last_restart_or_from_the_start_after_the_last_void() -> None:
    rows = [(f"{place:02}", *row) for place, (of, _, _) in enumerate(SET_BACK) for row in (*of, ("Visit", 100))]
    frame = clock_of(log_of(*rows), VOID).to_pandas()
    assert list(zip(frame["set_back_days"], frame["nullified"], strict=True)) == [(back, void) for _, back, void in SET_BACK]
    assert frame["clock_days"].fillna(-1).tolist() == [-1 if void else 100 - back for _, back, void in SET_BACK]


def test_what_lies_before_a_restart_is_set_back_whether_paused_or_not() -> None:
    rows = [
        ("a", "Away", 0),
        ("a", "Referral", 5),
        ("a", "Rebooked", 25),
        ("a", "Back", 35),
        ("a", "Visit", 105),
        ("b", "Referral", 0),
        ("b", "Visit", 0),
    ]
    clock = clock_of(log_of(*rows), VOID, preset="vardgaranti")
    assert clock.to_pandas()[["set_back_days", "paused_days", "clock_days"]].to_numpy().tolist() == [[20, 10, 70], [0, 0, 0]]
    assert [row[2] for row in clock.summary.rows[:3]] == [2, 2, 1]  # no time at all counts too


def test_what_sets_the_clock_back_has_its_name_in_the_list() -> None:
    cases = {
        "a": [("Referral", 0), ("Rebooked", 20), ("Visit", 100)],
        "b": [("Referral", 0), ("Missed first", 30), ("Rebooked", 50), ("Visit", 100)],
        "c": [("Referral", 0), ("Missed first", 30), ("Visit", 90)],
        "d": [("Referral", 0), ("Visit", 9)],  # nothing sets it back
    }
    rows = [(case, *row) for case, of in cases.items() for row in of]
    clock = clock_of(log_of(*rows), VOID, preset="rtt")
    assert [row[:3] + row[5:] for row in clock.subtracted.rows] == [
        ("a", "restart", "restart", 20, 20), ("b", "nullified", "nullified", 50, 50), ("c", "nullified", "nullified", 90, 90),
    ]  # fmt: skip
    counted = {(row[0], row[1]): row[2:] for row in clock.summary.rows}
    assert counted["stopped", "lead time"] == (4, 4, 1)
    assert counted["stopped", "clock time"] == counted["stopped", "without patient-chosen waiting"] == (3, 3, 1)
    assert counted["left", "lead time"] == (0, 0, None)
    assert clock.summary.counts == ("cases", "within")
    assert clock_of(log_of(*rows), VOID).summary.rows[0] == ("stopped", "lead time", 4, None, None)


def test_a_pathways_own_limit_gives_way_to_a_step_that_is_asked_for_and_to_another_preset() -> None:
    own = PATHWAY | {"clock": {"preset": "vardgaranti", "limit_days": 60}}
    log = log_of(*CASE)
    assert [clock_of(log, own, **options).limit_days for options in ({}, {"step": "contact"}, {"limit_days": 0}, {"preset": "rtt"})] == [
        60,
        0,
        0,
        126,
    ]
    held = clock_of(log, own).to_dict()
    assert (held["preset"], held["limit_days"], len(held["summary"]), len(held["subtracted"])) == ("vardgaranti", 60, 9, 2)
    assert [row["clock_days"] for row in held["cases"]] == [60]
    assert "clock_days" in clock_of(log, own)._table().columns
    assert clock_of(log, own)._repr_html_() == clock_of(log, own).summary._repr_html_()
