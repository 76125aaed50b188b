"""The exclusive split of a case's time: worked by hand, against a naive one, and against figures from other software."""

from __future__ import annotations

import json
import tomllib
from collections import defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt
from leadtime.datasets import mark_svenljunga

HOUR = 3_600_000_000
DAY = 24 * HOUR
EPOCH_HOURS = (date(2020, 1, 1) - date(1970, 1, 1)).days * 24
PARTS = ("value", "contact", "referral", "paused", "waiting", "unknown")


def pathway(**more: Any) -> lt.Pathway:
    base = {
        "name": "t", "start": "start", "stop": ["stop"], "exits": {"gone": {"activities": ["Gone"]}},
        "milestones": {"start": {"activities": ["Start"]}, "stop": {"activities": ["Stop"]}},
        "activities": {
            "Visit": {"kind": "assessment", "value_adding": True, "minutes": 90},
            "Talk": {"kind": "contact", "minutes": 45},
            "Long": {"kind": "contact", "minutes": 1000},
            "Bare": {"kind": "contact"},
            "Help": {"kind": "intervention", "value_adding": True},
            "Team": {"kind": "team", "minutes": 60},
            "Referral": {"kind": "referral"},
            "Letter": {"kind": "admin", "minutes": 30},
            "Rest": {"kind": "pause"},
            "Stay": {"kind": "other", "has_end": True},
        },
        "pauses": {
            "family": {"begin": ["Away"], "end": ["Back"], "reason": "family"},
            "ill": {"begin": ["Ill"], "end": ["Well", "Back"], "reason": "medical"},
        },
    }  # fmt: skip
    return lt.read_pathway(base | more)


def read(rows: list[dict[str, Any]], **options: Any) -> lt.EventLog:
    return lt.read_log(pd.DataFrame(rows), **options)


def events(*rows: tuple[Any, ...], **columns: Any) -> list[dict[str, Any]]:
    """Events given as activity, start, end; a column holds one value for all, or a list with one for each."""
    listed = {name: value if isinstance(value, list) else [value] * len(rows) for name, value in columns.items()}
    names = ("activity", "start", "end")
    return [dict(zip(names, (*row, None), strict=False)) | {name: value[i] for name, value in listed.items()} for i, row in enumerate(rows)]


def started(*rows: tuple[Any, ...], **columns: Any) -> list[dict[str, Any]]:
    """Events of a case that starts on 1 January and stops on the 11th; the days of January may stand by themselves."""
    dated = [(row[0], *(f"2020-01-{day}" if day and len(day) == 2 else day for day in row[1:])) for row in rows]
    return events(("Start", "2020-01-01"), *dated, ("Stop", "2020-01-11"), **columns)


def hours(row: Any) -> dict[str, float]:
    return {name: round(row[f"{name}_days"] * 24, 6) for name in PARTS if row[f"{name}_days"]}


# Cases worked out by hand, with the hours of each part.
BY_HAND: dict[str, tuple[list[dict[str, Any]], dict[str, float]]] = {
    # referral 2-12 less what is above it, pause 4-10 less the visits, talk 5-7 less the visit, odd 11-14 less the referral
    "the first category that covers an instant has it": (
        events(
            ("Start", "2020-01-01T00:00"),
            ("Referral", "2020-01-01T02:00"),
            ("Away", "2020-01-01T04:00"),
            ("Talk", "2020-01-01T05:00", "2020-01-01T07:00"),
            ("Visit", "2020-01-01T06:00", "2020-01-01T08:00"),
            ("Back", "2020-01-01T10:00"),
            ("Referral", "2020-01-01T12:00"),
            ("Odd", "2020-01-01T11:00", "2020-01-01T14:00"),
            ("Stop", "2020-01-01T20:00"),
            referral_id=[None, "r", None, None, None, None, "r", None, None],
        ),
        {"value": 2, "contact": 1, "paused": 3, "referral": 4, "unknown": 2, "waiting": 8},
    ),
    "the event that stops adds nothing, and what reaches out is clipped": (
        events(
            ("Talk", "2019-12-31T20:00", "2020-01-01T04:00"),
            ("Start", "2020-01-01T00:00"),
            ("Visit", "2020-01-01T20:00", "2020-01-02T20:00"),
            ("Stop", "2020-01-02T00:00", "2020-01-05T00:00"),
        ),
        {"value": 4, "contact": 4, "waiting": 16},
    ),
    "dated contacts lie one after another, the rows of a meeting once": (
        started(("Visit", "03"), ("Team", "03"), ("Talk", "03"), ("Team", "03"), meeting_id=[None, None, "m", None, "m", None]),
        {"value": 1.5, "contact": 1.75, "waiting": 236.75},
    ),
    "rows without a meeting id are meetings of their own": (
        started(("Visit", "03"), ("Team", "03"), ("Talk", "03"), ("Team", "03")),
        {"value": 1.5, "contact": 2.75, "waiting": 235.75},
    ),
    "a day holds 24 hours of contacts": (started(("Long", "03"), ("Long", "03")), {"contact": 24, "waiting": 216}),
    "a clock time without an end takes the minutes too": (
        events(("Start", "2020-01-01T00:00"), ("Visit", "2020-01-01T10:00"), ("Stop", "2020-01-02T00:00")),
        {"value": 1.5, "waiting": 22.5},
    ),
    "an end at the start of a clock time is an end": (
        events(("Start", "2020-01-01T00:00"), ("Visit", "2020-01-01T10:00", "2020-01-01T10:00"), ("Stop", "2020-01-02T00:00")),
        {"waiting": 24},
    ),
    "a missed visit is no contact": (
        started(("Visit", "02"), ("Visit", "05"), attended=["yes", "Nej", None, "yes"]),
        {"value": 1.5, "waiting": 238.5},
    ),
    "paused to its end": (started(("Away", "02"), ("Back", "05")), {"paused": 72, "waiting": 168}),
    "never back: paused to the end of the window": (started(("Away", "02")), {"paused": 216, "waiting": 24}),
    "never back: paused to the next attended contact": (
        started(("Away", "02"), ("Bare", "03"), ("Bare", "04"), attended=[None, None, "no", None, None]),
        {"paused": 48, "waiting": 192},
    ),
    "a contact on the day of the pause isn't the next": (
        started(("Away", "02"), ("Bare", "02"), ("Bare", "04")),
        {"paused": 48, "waiting": 192},
    ),
    "a contact doesn't end a pause that has an end": (
        started(("Away", "02"), ("Bare", "03"), ("Back", "05")),
        {"paused": 72, "waiting": 168},
    ),
    "a pause begun anew takes over": (
        started(("Away", "02"), ("Bare", "03"), ("Away", "05"), ("Back", "06")),
        {"paused": 48, "waiting": 192},
    ),
    "each pause has its own ends, and they may share one": (
        started(("Away", "02"), ("Ill", "04"), ("Back", "06"), ("Well", "08")),
        {"paused": 96, "waiting": 144},
    ),
    "on equal dates a stop is after the start": (started(("Away", "02"), ("Back", "02")), {"waiting": 240}),
    "a pause from before the window": (started(("Ill", "2019-12-30"), ("Well", "03")), {"paused": 48, "waiting": 192}),
    "back after the window": (started(("Away", "08"), ("Bare", "09"), ("Back", "20")), {"paused": 72, "waiting": 168}),
    "an event of kind pause": (started(("Rest", "03"), ("Bare", "06")), {"paused": 72, "waiting": 168}),
    "a referral lasts from its first event to its last, also beyond the window": (
        started(
            ("Referral", "2019-12-20"),
            ("Referral", "03"),
            ("Referral", "09"),
            ("Referral", "05", "06"),
            ("Referral", "20"),
            referral_id=[None, "p", "p", "q", None, "q", None],
        ),
        {"referral": 120, "waiting": 120},
    ),
    "what has a referral status is a step of its referral, whatever its kind": (
        started(("Letter", "03"), ("Visit", "06"), referral_id=[None, "p", "p", None], referral_status=[None, "sent", "closed", None]),
        {"referral": 72, "value": 1.5, "waiting": 166.5},
    ),
    "an end that there should be leaves the time to the next event unknown": (
        started(("Stay", "03"), ("Letter", "06")),
        {"unknown": 72, "waiting": 168},
    ),
    "with its end such a stay is no unknown": (started(("Stay", "03", "05"), ("Letter", "06")), {"waiting": 240}),
}


@pytest.fixture(scope="module")
def by_hand() -> pd.DataFrame:
    rows = [event | {"case_id": name} for name, (case, _) in BY_HAND.items() for event in case]
    return lt.time_split(read(rows, observed_until="2020-12-31"), pathway()).to_pandas().set_index("case_id")


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name: str, by_hand: pd.DataFrame) -> None:
    row, wanted = by_hand.loc[name], BY_HAND[name][1]
    assert hours(row) == wanted
    assert row["lead_time_days"] * 24 == pytest.approx(sum(wanted.values()))


def test_person_time_counts_every_row(by_hand: pd.DataFrame) -> None:
    persons = (by_hand["person_days"] * 24).round(6)
    assert persons["the first category that covers an instant has it"] == 4
    assert persons["the event that stops adds nothing, and what reaches out is clipped"] == 8
    assert persons["dated contacts lie one after another, the rows of a meeting once"] == 1.5 + 0.75 + 2


def test_team_rows_at_one_time_and_place_are_one_meeting_where_the_log_has_no_meeting_ids() -> None:
    rows = started(("Team", "03"), ("Team", "03"), ("Team", "03"), place=["x", "x", "x", "y", "x"])
    split = lt.time_split(read([row | {"case_id": "a"} for row in rows]), pathway()).to_pandas()
    assert hours(split.iloc[0])["contact"] == 2


def test_the_notes_name_what_was_assumed() -> None:
    split = lt.time_split(read([row | {"case_id": "a"} for row in started(("Long", "03"), ("Long", "03"))]), pathway())
    assert [(note.code, note.count) for note in split.notes] == [("declared-minutes", 2), ("longer-than-a-day", 1)]
    assert "Talk 45" in str(split)
    assert "Letter 30" not in str(split)  # an admin event takes none of the family's time
    assert split.to_dict()["notes"][1]["code"] == "longer-than-a-day"


def test_an_open_case_waits_to_the_end_of_its_observation_and_an_excluded_one_has_no_row() -> None:
    rows = [
        *(row | {"case_id": "a"} for row in events(("Start", "2020-01-01"), ("Visit", "2020-01-02"))),
        # In an open case nobody knows yet when a referral is over that ends after the observation.
        *(
            row | {"case_id": "b"}
            for row in events(("Start", "2020-01-01"), ("Referral", "2020-01-05"), ("Referral", "2020-02-05"), referral_id="q")
        ),
        {"case_id": "c", "activity": "Visit", "start": "2020-01-03"},
    ]
    split = lt.time_split(read(rows, observed_until="2020-01-31"), pathway()).to_pandas()
    assert split["case_id"].tolist() == ["a", "b"]
    assert split[["value_days", "waiting_days", "lead_time_days"]].values.tolist() == [[1.5 / 24, 30 - 1.5 / 24, 30], [0, 30, 30]]


def test_calendar_days_have_24_hours_and_elapsed_ones_what_the_clock_says() -> None:
    # The night to 29 March 2020 has 23 hours in Stockholm.
    visit = ("Visit", "2020-03-29T12:00", "2020-03-29T13:00")
    clock = events(("Start", "2020-03-28T12:00"), visit, ("Stop", "2020-03-30T12:00"), case_id="clock")
    dated = events(("Start", "2020-03-28"), visit, ("Stop", "2020-03-30"), case_id="dated")
    split = lt.time_split(read(clock + dated, timezone="Europe/Stockholm"), pathway()).to_pandas().set_index("case_id")
    assert hours(split.loc["clock"]) == {"value": 1, "waiting": 46}
    assert hours(split.loc["dated"]) == {"value": 1, "waiting": 47}


def test_flow_efficiency_is_not_computable_rather_than_wrong() -> None:
    rows = [
        *(row | {"case_id": "a"} for row in started(("Help", "03"))),
        *(row | {"case_id": "b"} for row in started(("Visit", "03"), ("Help", "13"))),  # beyond the window it does no harm
        *(row | {"case_id": "c"} for row in events(("Start", "2020-01-01"), ("Stop", "2020-01-01"))),
    ]
    split = lt.time_split(read(rows), pathway()).to_pandas()
    assert split["flow_efficiency"].isna().tolist() == [True, False, True]
    assert split.loc[1, "flow_efficiency"] == pytest.approx(1.5 / 240)
    reasons = ["a value-adding visit has neither end nor minutes", None, "the lead time is 0"]
    assert split["not_computable_because"].tolist() == reasons
    none = lt.time_split(read(rows), pathway(activities={"Visit": {"kind": "contact"}})).to_pandas()
    assert set(none["not_computable_because"]) == {"no kind is value-adding"}


PARTICIPANTS = {
    None: 1, "Ann": 1, "Ann; Bo": 2, "Ann, Bo, Cilla": 3, "Berg, Ann; Ek, Bo;": 2, "4": 4, "  ": 1, "logoped/läkare": 2,
}  # fmt: skip


def test_person_days_count_each_named_participant() -> None:
    talk = ("Talk", "2020-01-01T10:00", "2020-01-01T12:00")
    rows = [
        row
        for number, names in enumerate(PARTICIPANTS)
        for row in events(
            ("Start", "2020-01-01T00:00"), talk, ("Stop", "2020-01-02T00:00"), case_id=str(number), participants=[None, names, "Ann; Bo"]
        )
    ]
    split = lt.time_split(read(rows), pathway()).to_pandas()
    assert (split["person_days"] * 12).round(9).tolist() == list(PARTICIPANTS.values())
    assert (split["contact_days"] * 12).round(9).tolist() == [1] * len(PARTICIPANTS)


def test_a_column_of_kinds_serves_where_the_pathway_says_nothing() -> None:
    frame = pd.DataFrame(
        {
            "case_id": ["a"] * 4, "activity": ["Start", "X", "Visit", "Stop"], "kind": [None, "Value", "admin", None],
            "start": ["2020-01-01T00:00", "2020-01-01T05:00", "2020-01-01T07:00", "2020-01-01T10:00"],
            "end": [None, "2020-01-01T06:00", "2020-01-01T08:00", None],
        }
    )  # fmt: skip
    row = lt.time_split(lt.read_log(frame), pathway()).to_pandas().iloc[0].to_dict()
    assert hours(row) == {"value": 2, "waiting": 8}  # what the pathway declares of Visit comes before the column
    without = lt.time_split(lt.read_log(frame)).to_pandas().iloc[0].to_dict()
    assert hours(without) == {"value": 1, "waiting": 9}


# --- against a naive split, instant by instant ---

ACTIVITIES = (
    "Start",
    "Stop",
    "Gone",
    "Visit",
    "Talk",
    "Long",
    "Bare",
    "Help",
    "Team",
    "Referral",
    "Letter",
    "Rest",
    "Stay",
    "Away",
    "Back",
    "Ill",
    "Odd",
)
KINDS = {name: activity for name, activity in pathway().activities.items()}
MARKS = ("Away", "Back", "Ill", "Well")
MEETING_KINDS = {"value", "contact", "assessment", "intervention", "team", "consultation"}


@st.composite
def event(draw: st.DrawFn) -> dict[str, Any]:
    dated = draw(st.booleans())
    start = draw(st.integers(0, 12)) * (24 if dated else 1) + (0 if dated else draw(st.integers(0, 250)))
    length = draw(st.sampled_from([None, None, 0, 1, 2, 5]))
    return {
        "activity": draw(st.sampled_from(ACTIVITIES)),
        "dated": dated,
        "start": start,
        "end": None if length is None else start + length * (24 if dated else 7),
        "referral_id": draw(st.sampled_from([None, "p", "q"])),
        "meeting_id": draw(st.sampled_from([None, None, "m", "n"])),
        "attended": draw(st.sampled_from([None, "yes", "no"])),
        "participants": draw(st.sampled_from([None, "Ann; Bo"])),
    }


def written(hour: int | None, *, dated: bool) -> str | None:
    if hour is None:
        return None
    moment = pd.Timestamp("2020-01-01") + pd.Timedelta(hours=hour)
    return moment.strftime("%Y-%m-%d" if dated else "%Y-%m-%dT%H:%M")


def as_rows(cases: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [
        {
            **event,
            "case_id": f"c{number}",
            "start": written(event["start"], dated=event["dated"]),
            "end": written(event["end"], dated=event["dated"]),
        }
        for number, events in enumerate(cases)
        for event in events
    ]


def naive(known: list[dict[str, Any]], begun: int, lead: int, *, stopped: bool) -> dict[str, int]:
    """The categories of a case, found by trying every stretch between two boundaries; times in hours, then microseconds."""
    window = (begun, begun + lead)
    known = [event for event in known if stopped or event["start"] <= window[1]]
    covers: list[tuple[float, float, int]] = []
    worked = 0.0
    days: dict[int, list[tuple[dict[str, Any], float]]] = defaultdict(list)
    for event in known:
        declared = KINDS.get(event["activity"])
        kind = declared.kind if declared else None
        length = (event["end"] or event["start"]) - event["start"]
        if meets(event):
            category = 1 if declared.value_adding else 2
            if length == 0 and declared.minutes and (event["dated"] or event["end"] is None):
                length = declared.minutes / 60
                if event["dated"]:
                    days[event["start"]].append((event | {"category": category}, length))
                    continue
            covers.append((event["start"], event["start"] + length, category))
            worked += clipped(event["start"], event["start"] + length, window) * (2 if event["participants"] else 1)
        elif category := of_itself(event, kind):
            later = [other["start"] for other in known if event["start"] < other["start"] < window[1]]
            lost = kind == "other"
            covers.append((event["start"], min(later, default=window[1]) if lost else event["start"] + length, category))
    worked += lay_out(days, window, covers)
    covers += [span for name in "pq" for span in referral(known, name)]
    covers += naive_pauses(
        known, [event["start"] for event in known if window[0] <= event["start"] < window[1] and attended(event)], window
    )
    return sweep(covers, window) | {"person": round(worked * HOUR)}


def meets(event: dict[str, Any]) -> bool:
    declared = KINDS.get(event["activity"])
    return declared is not None and declared.kind in MEETING_KINDS and event["attended"] != "no"


def attended(event: dict[str, Any]) -> bool:
    """An event of no declared kind is a contact where someone noted that it was attended."""
    undeclared = event["activity"] not in KINDS and event["activity"] not in MARKS
    return meets(event) or (undeclared and event["attended"] == "yes")


def of_itself(event: dict[str, Any], kind: str | None) -> int:
    """The category of an interval that is no contact: a referral without an id, an end that is missing, an unknown kind."""
    if kind == "referral":
        return 0 if event["referral_id"] else 4
    if kind == "other":
        return 0 if event["end"] is not None else 5
    return 5 if kind is None and event["activity"] not in MARKS else 0


def referral(known: list[dict[str, Any]], name: str) -> list[tuple[float, float, int]]:
    steps = [event for event in known if event["activity"] == "Referral" and event["referral_id"] == name]
    return [(min(e["start"] for e in steps), max(e["end"] or e["start"] for e in steps), 4)] if steps else []


def clipped(begin: float, end: float, window: tuple[int, int]) -> float:
    return max(0.0, min(end, window[1]) - max(begin, window[0]))


def lay_out(days: dict[int, list[tuple[dict[str, Any], float]]], window: tuple[int, int], covers: list[tuple[float, float, int]]) -> float:
    worked = 0.0
    for day, rows in days.items():
        offset, placed = 0.0, {}
        for event, _ in rows:
            meeting = event["meeting_id"] or id(event)
            if meeting not in placed:
                placed[meeting] = offset
                offset += max(length for other, length in rows if (other["meeting_id"] or id(other)) == meeting)
        for event, length in rows:
            begin = min(24.0, placed[event["meeting_id"] or id(event)])
            end = min(24.0, begin + length)
            covers.append((day + begin, day + end, event["category"]))
            worked += clipped(day + begin, day + end, window) * (2 if event["participants"] else 1)
    return worked


def naive_pauses(known: list[dict[str, Any]], contacts: list[int], window: tuple[int, int]) -> list[tuple[float, float, int]]:
    covers: list[tuple[float, float, int]] = []
    order = sorted(range(len(known)), key=lambda i: (known[i]["start"], known[i]["end"] or known[i]["start"], i))
    for begins, ends in (({"Away"}, {"Back"}), ({"Ill"}, {"Well", "Back"})):
        marks = [known[i] for i in order if known[i]["activity"] in begins | ends]
        for mark, following in zip(marks, [*marks[1:], None], strict=False):
            if mark["activity"] not in begins:
                continue
            if mark["end"] is not None and mark["end"] > mark["start"]:
                covers.append((mark["start"], mark["end"], 3))
            elif following is not None and following["activity"] in ends:
                covers.append((mark["start"], following["start"], 3))
            else:
                never = min([c for c in contacts if c > mark["start"]], default=window[1])
                covers.append((mark["start"], min(never, following["start"] if following else never), 3))
    for event in known:
        if event["activity"] == "Rest":
            end = event["end"] if event["end"] is not None and event["end"] > event["start"] else None
            covers.append((event["start"], end or min([c for c in contacts if c > event["start"]], default=window[1]), 3))
    return covers


def sweep(covers: list[tuple[float, float, int]], window: tuple[int, int]) -> dict[str, int]:
    points = sorted({window[0], window[1], *(p for begin, end, _ in covers for p in (begin, end) if window[0] < p < window[1])})
    names = {1: "value", 2: "contact", 3: "paused", 4: "referral", 5: "unknown", 9: "waiting"}
    found = dict.fromkeys(names.values(), 0)
    for begin, end in pairwise(points):
        category = min((c for a, b, c in covers if a <= begin and b >= end), default=9)
        found[names[category]] += round((end - begin) * HOUR)
    return found


def check(cases: list[list[dict[str, Any]]]) -> None:
    """The engine's split is the naive one, its parts add up to the microsecond, and its segments are those parts in order."""
    log, declared = read(as_rows(cases), observed_until="2020-01-11"), pathway()
    times = log.session.collect(lt.lead_times(log, declared).frame).set_index("case_id")
    split = lt.time_split(log, declared)
    table = log.session.collect(split.frame).set_index("case_id")
    assert set(table.index) == set(times.index[times["status"] != "excluded"])
    for case in table.index:
        row, time = table.loc[case], times.loc[case]
        assert sum(int(row[f"{part}_us"]) for part in PARTS) == row["lead_time_us"] == time["lead_us"]
        calendar = bool(time["start_is_date"] or time["end_is_date"])
        begun = time["start_wall_us"] // DAY * DAY if calendar else time["start_us"]
        hour, lead = int(begun) // HOUR - EPOCH_HOURS, int(time["lead_us"]) // HOUR
        own = [event for event in cases[int(case[1:])] if seen(event)]
        wanted = naive(own, hour, lead, stopped=time["status"] == "stopped")
        assert {name: int(row[f"{name}_us"]) for name in wanted} == wanted, own
    segments = log.session.collect(split.segments.sort("case_id", "from_us"))
    for case, parts in segments.groupby("case_id"):
        assert parts["from_us"].tolist() == [0, *parts["to_us"].tolist()[:-1]]
        summed = (parts["to_us"] - parts["from_us"]).groupby(parts["category"]).sum()
        assert {name: int(us) for name, us in summed.items()} == {name: int(table.loc[case, f"{name}_us"]) for name in summed.index}
        assert parts["to_us"].iloc[-1] == table.loc[case, "lead_time_us"]


@st.composite
def case(draw: st.DrawFn) -> list[dict[str, Any]]:
    start = {"activity": "Start", "dated": draw(st.booleans()), "start": 24 * draw(st.integers(0, 4)), "end": None}
    others = draw(st.lists(event(), min_size=1, max_size=9))
    return [*others, start | {"referral_id": None, "meeting_id": None, "attended": None, "participants": None}]


@given(st.lists(case(), min_size=3, max_size=6))
@settings(max_examples=4)
def test_the_engine_splits_as_the_naive_way_does_and_the_parts_add_up_exactly(cases: list[list[dict[str, Any]]]) -> None:
    check(cases)


def test_the_same_holds_for_many_cases_at_random() -> None:
    random = Random(7)

    def drawn() -> dict[str, Any]:
        dated, length = random.random() < 0.5, random.choice([None, None, 0, 1, 2, 5])
        start = random.randint(0, 12) * 24 if dated else random.randint(0, 260)
        chosen = {
            "activity": ACTIVITIES, "referral_id": (None, "p", "q"), "meeting_id": (None, None, "m", "n"),
            "attended": (None, "yes", "no"), "participants": (None, "Ann; Bo"),
        }  # fmt: skip
        end = None if length is None else start + length * (24 if dated else 7)
        return {"dated": dated, "start": start, "end": end, **{name: random.choice(values) for name, values in chosen.items()}}

    def begun() -> dict[str, Any]:
        return drawn() | {"activity": "Start", "start": 24 * random.randint(0, 4), "end": None}

    check([[begun(), *(drawn() for _ in range(random.randint(1, 14)))] for _ in range(250)])


def seen(event: dict[str, Any]) -> bool:
    """Whether an event lies within the observation, which ends with 11 January."""
    return event["start"] < 11 * 24


@given(st.lists(st.lists(event(), min_size=2, max_size=10), min_size=4, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=4)
def test_the_order_of_rows_changes_nothing_unless_a_day_overflows(cases: list[list[dict[str, Any]]], random: Any) -> None:
    # Pauses are paired in the order of rows where their marks are tied, and clock times may cover a day that dates are laid on.
    plain = [[e for e in events if e["activity"] not in ("Away", "Back", "Ill")] for events in cases]
    plain = [[e | {"dated": True, "start": e["start"] // 24 * 24, "end": None, "meeting_id": None} for e in events] for events in plain]
    rows = [*as_rows(plain), {"case_id": "z", "activity": "Start", "start": "2020-01-01"}]
    shuffled = list(rows)
    random.shuffle(shuffled)
    splits = [lt.time_split(read(each, observed_until="2020-01-11"), pathway()) for each in (rows, shuffled)]
    if not any(note.code == "longer-than-a-day" for note in splits[0].notes):
        first, second = (split.to_pandas() for split in splits)
        pd.testing.assert_frame_equal(first, second)


# --- against figures from other software ---


def test_the_production_log_splits_into_work_and_idle_as_others_found(shared: Path) -> None:
    figures = json.loads((Path(__file__).parent / "reference" / "logs" / "interval_production.json").read_text(encoding="utf-8"))
    frame = pd.read_csv(shared / "data" / "production.csv").assign(kind="contact")
    split = lt.time_split(lt.read_log(frame)).to_pandas()
    columns = {"lead_s": "lead_time", "processing_sum_s": "person", "processing_union_s": "contact", "idle_s": "waiting"}
    assert len(split) == figures["cases"]
    for name, part in columns.items():
        seconds = (split[f"{part}_days"] * 86_400).round(3)
        assert seconds.sum() == figures[name]["sum"]
        assert seconds.median() == figures[name]["median"]
        assert (seconds.min(), seconds.max()) == (figures[name]["min"], figures[name]["max"])
    unknown = lt.time_split(lt.read_log(shared / "data" / "production.csv")).to_pandas()
    assert (unknown["unknown_days"] * 86_400).sum() == pytest.approx(figures["processing_union_s"]["sum"], rel=1e-12)


def test_the_sample_study_adds_up_and_its_contacts_are_those_attended() -> None:
    study = mark_svenljunga(before=30, after=30)
    declared = lt.read_pathway(tomllib.loads(study.pathway_toml))
    log = lt.read_log(study.events, timezone="Europe/Stockholm", observed_until=study.observed_until.isoformat())
    split = lt.time_split(log, declared)
    table = split.to_pandas().set_index("case_id")
    times = lt.lead_times(log, declared).to_pandas().set_index("case_id")
    assert (table["lead_time_days"] == times.loc[table.index, "lead_time_days"]).all()
    assert table[[f"{part}_days" for part in PARTS]].sum(axis=1).to_numpy() == pytest.approx(table["lead_time_days"].to_numpy())
    minutes = {name: a.minutes for name, a in declared.activities.items() if a.value_adding or a.kind in MEETING_KINDS}
    for case, events in study.events.groupby("case_id"):
        ended = pd.Timestamp(study.known.children[str(case)].ended)
        inside = events[(events["start"] < ended) & (events["attended"] != "no") & events["activity"].isin(minutes)]
        once = inside[inside["meeting_id"].isna() | ~inside.duplicated("meeting_id")]
        taken = table.loc[case, "value_days"] + table.loc[case, "contact_days"]
        assert taken * 1440 == pytest.approx(once["activity"].map(minutes).sum())
    assert {note.code for note in split.notes} == {"declared-minutes", "missed-visits"}
