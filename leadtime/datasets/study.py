"""The synthetic cohort study: children, their recorded events, and what is known about them because we made them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from leadtime.datasets.draws import Draws
from leadtime.datasets.journal import Child, Event, Journal, open_day
from leadtime.datasets.messy import BadRow, Sheet, bad_rows, duplicate_rows, messy_sheets
from leadtime.datasets.model import (
    AFTER_WINDOW,
    BEFORE_WINDOW,
    BREAK_DATE,
    BVC,
    OBSERVED_UNTIL,
    ORDINARY_PACE,
    SITES,
    SYNTHETIC,
    TEAM_PACE,
)
from leadtime.datasets.pathway import PATHWAY_TOML
from leadtime.datasets.routes import ordinary_route, team_route
from leadtime.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "ChildFacts", "CohortFacts", "Known", "SyntheticStudy", "Wastes", "mark_svenljunga"]

COLUMNS = (
    "case_id",
    "activity",
    "start",
    "unit",
    "organisation",
    "level",
    "profession",
    "place",
    "purpose",
    "attended",
    "referral_id",
    "referral_status",
    "referral_to",
    "meeting_id",
    "initiator",
    "coordinator",
    "feedback_to",
    "cohort",
    "route",
    "site",
    "birth_date",
    "sex",
    "note",
)
_STOPS = MappingProxyType({"Diagnos": "diagnosis", "Insats": "intervention"})
_EXITS = MappingProxyType({"Flyttat": "moved", "Tackat nej": "declined"})
_BOUNCES = frozenset({"returned", "refused", "forwarded"})


@dataclass(frozen=True)
class Wastes:
    """How often each waste was put into the events of one child.

    `bounced_referrals` counts steps returned, refused or forwarded; `retold_histories` first contacts with a unit after the first
    of all, a joint meeting once; `places` those that differ; `repeated_assessments` ones that another unit had made before.
    """

    contacts: int
    referrals: int
    bounced_referrals: int
    closed_referrals: int
    retold_histories: int
    places: int
    missed_visits: int
    forms: int
    repeated_assessments: int
    joint_meetings: int


@dataclass(frozen=True)
class ChildFacts:
    """What is known about one child: `recorded` counts all its events, `in_window` those before the day on which the clock stops.

    `status` is "stopped", "still waiting" or "left"; `by` the milestone or exit.
    """

    case_id: str
    cohort: str
    route: str
    started: date
    status: str
    by: str | None
    ended: date
    straddler: bool
    recorded: Wastes
    in_window: Wastes


@dataclass(frozen=True)
class CohortFacts:
    """Numbers of children of a cohort; `children` = `stopped` + `open` + `left`."""

    children: int
    stopped: int
    open: int
    left: int
    straddlers: int
    team: int
    ordinary: int


@dataclass(frozen=True)
class Known:
    """The facts of a study by cohort and by child (cohort name, case id).

    `bad_rows` and `duplicate_rows` stand in the messy workbook beside the events, never in `events`.
    """

    cohorts: Mapping[str, CohortFacts]
    children: Mapping[str, ChildFacts]
    exits: Mapping[str, int]
    events: int
    bad_rows: tuple[BadRow, ...]
    duplicate_rows: int


@dataclass(frozen=True, eq=False)
class SyntheticStudy:
    """Synthetic events with the facts behind them; `events` is a pandas frame, one row an event, dates without clock time."""

    events: pd.DataFrame
    known: Known
    pathway_toml: str
    seed: int
    observed_until: date


def mark_svenljunga(
    *,
    seed: int = 0,
    before: int = 96,
    after: int = 84,
    team_share: float = 0.8,
    ordinary_pace: float = ORDINARY_PACE,
    team_pace: float = TEAM_PACE,
    observed_until: date = OBSERVED_UNTIL,
) -> SyntheticStudy:
    """Makes a synthetic before/after study of small children by simulating the process that they go through.

    Before: one unit after another, each by a new referral with its queue. After: most children meet a team of several units at
    once, some go the ordinary way. With the defaults (seed 0) the Kaplan-Meier medians read 2 years 2.5 months and 8.5 months,
    since the two paces were calibrated to that; other seeds and sizes give other medians. Nothing else in it is real.

    Args:
        seed: seed of the one random generator.
        before: number of children detected in 2014-2017.
        after: number of children detected in 2018-2020.
        team_share: probability that a child of the after cohort meets the team, 0 to 1; 0 makes a study without a change.
        ordinary_pace: factor on all waits of the ordinary route, above 0.
        team_pace: factor on all waits of the team route, above 0.
        observed_until: last day on which events are recorded.

    Returns:
        The events, the facts known about them and a pathway that fits them.

    Raises:
        UsageError: a number is out of its range.

    Source: made up, after the flow of the pilot's public reports; checked by DEFINITIONS 2.1-2.3 and 3.4.

    >>> study = mark_svenljunga(before=3, after=2)
    >>> study.known.cohorts["before"].children, len(study.events) == study.known.events
    (3, True)
    """
    _check(before=before, after=after, team_share=team_share, ordinary_pace=ordinary_pace, team_pace=team_pace, until=observed_until)
    draws = Draws(seed)
    paces = {"ordinary": ordinary_pace, "team": team_pace}
    records = []
    for child in _children(draws, before=before, after=after, team_share=team_share):
        events = _recorded(child, draws, pace=paces[child.route], until=observed_until.toordinal())
        records.append((child, events))
    facts = [_child_facts(child, events, observed_until) for child, events in records]
    frame = _frame(records)
    known = _known(facts, len(frame), messy_sheets(frame, seed=seed))
    return SyntheticStudy(frame, known, PATHWAY_TOML.format(until=observed_until.isoformat()), seed, observed_until)


def _check(*, before: int, after: int, team_share: float, ordinary_pace: float, team_pace: float, until: date) -> None:
    for name, number in (("before", before), ("after", after)):
        if number < 1:
            raise UsageError(f"{name}={number}: a cohort has at least 1 child; give a whole number from 1")
    if not 0 <= team_share <= 1:
        raise UsageError(f"team_share={team_share}: a share lies between 0 and 1; give 0.8 for 80 %")
    for name, pace in (("ordinary_pace", ordinary_pace), ("team_pace", team_pace)):
        if not 0 < pace < 100:
            raise UsageError(f"{name}={pace}: a pace lies above 0 and below 100; 1 leaves the model's waits as they are")
    if until < AFTER_WINDOW[1]:
        raise UsageError(f"observed_until={until}: children are detected until {AFTER_WINDOW[1]}; give that day or a later one")


def _children(draws: Draws, *, before: int, after: int, team_share: float) -> list[Child]:
    """Gives the children of both cohorts, numbered by the day of detection; the same ages in both."""
    children: list[Child] = []
    for cohort, count, (first, last) in (("before", before, BEFORE_WINDOW), ("after", after, AFTER_WINDOW)):
        days = sorted(open_day(draws.whole(first.toordinal(), last.toordinal())) for _ in range(count))
        for day in days:
            site = draws.pick([name for name, _ in SITES], [share for _, share in SITES])
            in_team = draws.chance(team_share)
            children.append(
                Child(
                    f"MS{len(children) + 1:03d}",
                    cohort,
                    site,
                    "team" if cohort == "after" and in_team else "ordinary",
                    "pojke" if draws.chance(0.64) else "flicka",
                    day - draws.age_days(),
                    day,
                )
            )
    return children


def _recorded(child: Child, draws: Draws, *, pace: float, until: int) -> list[Event]:
    """Simulates a child to the end, then keeps what a record would hold: until the child left, or observation ended."""
    journal = Journal(child, draws, pace=pace)
    (team_route if child.route == "team" else ordinary_route)(journal)
    left = open_day(child.start_day + draws.exponential_days(8000))
    activity = draws.pick(tuple(_EXITS), (0.6, 0.4))
    events = journal.events
    # A finished child has nothing left to leave: the record simply ends.
    if left <= events[-1].day:
        unit = replace(BVC, name=journal.named(BVC.name))
        events = [event for event in events if event.day < left]
        events.append(Event(left, activity, unit.name, unit.organisation, unit.level))
    return [event for event in events if event.day <= until]


def _child_facts(child: Child, events: list[Event], until: date) -> ChildFacts:
    ends = [event for event in events if event.activity in _STOPS or event.activity in _EXITS]
    end = ends[0] if ends else None
    if end is None:
        status, by, ended = "still waiting", None, until
    else:
        stopped = end.activity in _STOPS
        status, by = ("stopped", _STOPS[end.activity]) if stopped else ("left", _EXITS[end.activity])
        ended = date.fromordinal(end.day)
    inside = [event for event in events if end is None or event.day < end.day]
    return ChildFacts(
        child.case_id,
        child.cohort,
        child.route,
        date.fromordinal(child.start_day),
        status,
        by,
        ended,
        date.fromordinal(child.start_day) < BREAK_DATE <= ended,
        _wastes(events),
        _wastes(inside),
    )


def _wastes(events: list[Event]) -> Wastes:
    attended = [event for event in events if event.attended == "yes"]
    statuses = [event.referral_status for event in events]
    return Wastes(
        contacts=_distinct(attended),
        referrals=len({event.referral_id for event in events if event.referral_id}),
        bounced_referrals=sum(status in _BOUNCES for status in statuses),
        closed_referrals=statuses.count("closed"),
        retold_histories=_distinct(event for event in attended if event.purpose == "history"),
        places=len({event.place for event in attended}),
        missed_visits=sum(event.attended == "no" for event in events),
        forms=sum(event.activity == "Formulär" for event in events),
        repeated_assessments=sum(event.repeated for event in events),
        joint_meetings=len({event.meeting_id for event in events if event.meeting_id}),
    )


def _distinct(events: Iterable[Event]) -> int:
    """Counts contacts, the rows of one joint meeting once."""
    listed = list(events)
    return sum(event.meeting_id is None for event in listed) + len({event.meeting_id for event in listed if event.meeting_id})


def _known(facts: list[ChildFacts], events: int, sheets: tuple[Sheet, ...]) -> Known:
    cohorts = {}
    for name in ("before", "after"):
        own = [fact for fact in facts if fact.cohort == name]
        statuses = [fact.status for fact in own]
        cohorts[name] = CohortFacts(
            len(own),
            statuses.count("stopped"),
            statuses.count("still waiting"),
            statuses.count("left"),
            sum(fact.straddler for fact in own),
            sum(fact.route == "team" for fact in own),
            sum(fact.route == "ordinary" for fact in own),
        )
    exits = {name: sum(fact.by == name for fact in facts) for name in _EXITS.values()}
    children = {fact.case_id: fact for fact in facts}
    return Known(
        MappingProxyType(cohorts),
        MappingProxyType(children),
        MappingProxyType(exits),
        events,
        bad_rows(sheets),
        duplicate_rows(sheets),
    )


def _frame(records: list[tuple[Child, list[Event]]]) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for child, events in records:
        case = {
            "case_id": child.case_id,
            "cohort": child.cohort,
            "route": child.route,
            "site": child.site,
            "sex": child.sex,
            "birth_date": date.fromordinal(child.birth_day).isoformat(),
            "note": SYNTHETIC,
        }
        rows += [{"start": date.fromordinal(event.day).isoformat(), **vars(event), **case} for event in events]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for column in ("start", "birth_date"):
        frame[column] = pd.to_datetime(frame[column], format="%Y-%m-%d").astype("datetime64[us]")
    return frame
