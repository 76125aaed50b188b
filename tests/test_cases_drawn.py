"""Hundreds of drawn cases against the rules of DEFINITIONS 1.2-1.3 and 2.1-2.3 read once more, in plain Python.

Few days and two hours of the day, so that much falls together: repeats, ties, dates beside clock times, times at the very end.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import pytest

import leadtime as lt

DAY_US = 86_400_000_000
DAY_ONE = date(2020, 1, 1)
LAST_DAY = 4
EXITS = {"Moved": "moved", "Declined": "declined"}
STOPS = {"Diagnosis": "diagnosis", "Help": "intervention"}
ACTIVITIES = ("Detected", "Detected", *STOPS, "Diagnosis", *EXITS, "Other")
NOTHING: dict[str, object] = dict.fromkeys(("excluded_because", "stopped_by", "exit", "lead_time_days", "entry_days"))


@dataclass(frozen=True)
class When:
    """A date, or a clock time, by the microseconds since the first day; `day` is the day that it counts as."""

    us: int
    is_date: bool
    day: int

    @property
    def text(self) -> str:
        clock = "" if self.is_date else f"T{self.us % DAY_US // 3_600_000_000:02}:00:00"
        return f"{DAY_ONE + timedelta(days=self.us // DAY_US)}{clock}"

    def before(self, other: When) -> bool:
        return self.day < other.day if self.is_date or other.is_date else self.us < other.us

    def until(self, other: When) -> float:
        return other.day - self.day if self.is_date or other.is_date else (other.us - self.us) / DAY_US


def end_of(day: When) -> When:
    """The end of a day: what is a clock time has all of it, what is a date is at most that day."""
    return When((day.day + 1) * DAY_US, is_date=False, day=day.day) if day.is_date else day


@dataclass(frozen=True)
class Event:
    activity: str
    at: When
    row: int

    @property
    def place(self) -> tuple[int, bool, int]:
        return self.at.us, not self.at.is_date, self.row

    @property
    def turned(self) -> tuple[int, bool, int]:
        return self.at.us, not self.at.is_date, -self.row


Rule = tuple[str, int]  # the rule, and n


def chosen(events: Sequence[Event], rule: Rule) -> list[Event]:
    """The events of a milestone that its rule leaves; of `first` all, as the earliest is taken anyway."""
    placed = sorted(events, key=lambda event: event.place)
    return {"first": placed, "last": placed[-1:], "nth": placed[rule[1] - 1 : rule[1]]}[rule[0]]


@dataclass(frozen=True)
class Case:
    """The events of a case and its own dates, as they are seen until the end of observation."""

    events: list[Event]
    own: dict[str, When]
    until: When

    def inside(self, at: When) -> bool:
        """Whether a moment is observed; the midnight at the end of the last day no longer is."""
        if at.is_date or self.until.is_date:
            return at.day <= self.until.day
        return at.us <= self.until.us

    @property
    def observed(self) -> list[Event]:
        seen = self.own.get("last_observed")
        return [event for event in self.events if self.inside(event.at) and not (seen is not None and seen.before(event.at))]

    @property
    def censored(self) -> When:
        return min((end_of(when) for when in (self.until, self.own.get("last_observed", self.until))), key=lambda when: when.us)

    def first_exit(self, after: list[Event], start: When) -> tuple[When | None, str | None]:
        """The first exit at or after the start: among the events, or the case's own where that comes before them."""
        event = min((event for event in after if event.activity in EXITS), key=lambda event: event.place, default=None)
        own, seen = self.own.get("exit_date"), self.own.get("last_observed", self.until)
        timely = own is not None and self.inside(own) and not own.before(start) and not seen.before(own)
        if own is not None and timely and (event is None or own.before(event.at)):
            return own, "exit"
        return (None, None) if event is None else (event.at, EXITS[event.activity])


def expected(case: Case, start_rule: Rule, stop_rule: Rule) -> dict[str, object]:
    observed = case.observed
    starts = chosen([event for event in observed if event.activity == "Detected"], start_rule)
    if not starts:
        late = any(event.activity == "Detected" for event in case.events if event not in observed)
        return excluded("start after observed_until" if late else "no start")
    start = min(starts, key=lambda event: event.place).at
    after = [event for event in observed if not event.at.before(start)]
    early = {event.activity for event in observed if event.at.before(start)}
    stops = [event for event in after if event.activity == "Help"]
    stops += chosen([event for event in after if event.activity == "Diagnosis"], stop_rule)
    if not stops and early & STOPS.keys() and not {event.activity for event in after} & STOPS.keys():
        return excluded("stopped before start")
    left, _ = case.first_exit(after, start)
    if left is None and (early & EXITS.keys() or case.own.get("exit_date", start).before(start)):
        return excluded("exit before start")
    end, row = ended(case, start, after, stops)
    entry = case.own.get("entry_date", start)
    entered = start.until(entry) if start.before(entry) else 0
    if entered > 0 and entered >= start.until(end):
        return excluded("entry at or after exit")
    return NOTHING | row | {"lead_time_days": start.until(end), "entry_days": entered}


def excluded(reason: str) -> dict[str, object]:
    return NOTHING | {"status": "excluded", "excluded_because": reason}


def ended(case: Case, start: When, after: list[Event], stops: list[Event]) -> tuple[When, dict[str, object]]:
    """Where a case's time ends, and how; `tied` where the rows in another order would give the stop another name."""
    stop = min(stops, key=lambda event: event.place, default=None)
    left, name = case.first_exit(after, start)
    if stop is not None and not (left is not None and left.before(stop.at)):
        other = min(stops, key=lambda event: event.turned)
        tied = {"tied": True} if other.activity != stop.activity else {}
        return stop.at, {"status": "stopped", "stopped_by": STOPS[stop.activity], **tied}
    return (case.censored, {"status": "still waiting"}) if left is None else (left, {"status": "left", "exit": name})


def drawn_when(draw: random.Random, precision: str) -> When:
    day, is_date = draw.randint(0, LAST_DAY + 1), precision == "date" or (precision == "mixed" and draw.random() < 0.5)
    return When(day * DAY_US + (0 if is_date else draw.choice((0, 12)) * 3_600_000_000), is_date=is_date, day=day)


def with_rule(rule: Rule, *activities: str) -> dict[str, object]:
    return {"activities": activities, "rule": rule[0], **({"n": rule[1]} if rule[0] == "nth" else {})}


def pathway(start_rule: Rule, stop_rule: Rule) -> lt.Pathway:
    return lt.read_pathway({
        "name": "drawn", "start": "detection", "stop": list(STOPS.values()),
        "exits": {name: {"activities": activity} for activity, name in EXITS.items()},
        "milestones": {
            "detection": with_rule(start_rule, "Detected"), "diagnosis": with_rule(stop_rule, "Diagnosis"),
            "intervention": {"activities": "Help"},
        },
    })  # fmt: skip


FIRST, LAST, SECOND = ("first", 1), ("last", 1), ("nth", 2)


@pytest.mark.parametrize(
    ("precision", "own", "until_clock", "start_rule", "stop_rule"),
    [
        ("date", False, False, FIRST, FIRST), ("date", True, False, FIRST, SECOND), ("clock", False, False, FIRST, LAST),
        ("clock", True, True, FIRST, FIRST), ("clock", True, False, FIRST, FIRST), ("mixed", False, True, FIRST, FIRST),
        ("mixed", True, False, FIRST, FIRST), ("mixed", True, False, SECOND, LAST), ("mixed", False, False, LAST, SECOND),
    ],
)  # fmt: skip
def test_every_drawn_case_ends_as_the_definitions_say(
    precision: str, own: bool, until_clock: bool, start_rule: Rule, stop_rule: Rule  # noqa: FBT001 - columns of the cases above
) -> None:  # fmt: skip
    draw = random.Random(f"{precision} {own} {until_clock} {start_rule}")
    until = When(LAST_DAY * DAY_US + (43_200_000_000 if until_clock else 0), is_date=not until_clock, day=LAST_DAY)
    cases = [f"{number:03}" for number in range(250)]
    rows = [(case, draw.choice(ACTIVITIES), drawn_when(draw, precision)) for case in cases for _ in range(draw.randint(1, 6))]
    names = ("last_observed", "exit_date", "entry_date")
    dates = {case: {name: drawn_when(draw, "mixed") for name in names if own and draw.random() < 0.4} for case in cases}
    table = pd.DataFrame([{"case_id": case, **{name: at.text for name, at in dates[case].items()}} for case in cases]).fillna("")
    frame = pd.DataFrame([(case, activity, at.text) for case, activity, at in rows], columns=["case_id", "activity", "start"])
    log = lt.read_log(frame, cases=table if own else None, observed_until=until.text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lt.LeadtimeWarning)  # a start rule that looks into the future
        times = lt.lead_times(log, pathway(start_rule, stop_rule))
    held = {case: [Event(activity, at, row) for row, (of, activity, at) in enumerate(rows) if of == case] for case in cases}
    wanted = [expected(Case(held[case], dates[case], until), start_rule, stop_rule) for case in cases]
    assert len({str(row["excluded_because"] or row["status"]) for row in wanted}) >= 6  # the cases drawn show most outcomes
    assert times.tied_cases == sum("tied" in row for row in wanted)
    found = times.to_pandas()
    assert found["case_id"].tolist() == cases
    columns = ["status", *NOTHING]
    got = found[columns].astype(object).where(found[columns].notna(), None).to_dict("records")
    for case, ours, theirs in zip(cases, got, wanted, strict=True):
        assert ours == {name: theirs[name] for name in columns}, [*held[case], dates[case]]
