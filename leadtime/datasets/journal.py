"""The journal of one synthetic child: what a route writes into, event by event, on a calendar with closed days."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from itertools import count

from leadtime.datasets.draws import Draws
from leadtime.datasets.model import STATUS_ACTIVITY, Unit

__all__ = ["Child", "Event", "Journal", "open_day"]


@dataclass(frozen=True)
class Child:
    """What is fixed about a child before the process begins; days are proleptic ordinals."""

    case_id: str
    cohort: str
    site: str
    route: str
    sex: str
    birth_day: int
    start_day: int


@dataclass(frozen=True)
class Event:
    """One dated event of a child, as a unit would have noted it. `repeated` marks an assessment that another unit had made."""

    day: int
    activity: str
    unit: str
    organisation: str
    level: str
    profession: str | None = None
    place: str | None = None
    purpose: str | None = None
    attended: str | None = None
    referral_id: str | None = None
    referral_status: str | None = None
    referral_to: str | None = None
    meeting_id: str | None = None
    initiator: str | None = None
    coordinator: str | None = None
    feedback_to: str | None = None
    repeated: bool = False


def open_day(day: int) -> int:
    """Gives the first open day on or after a day: no weekends, no July, not from 23 December to 6 January.

    A day in July moves a whole month on, so that August isn't one heap on its first day.

    >>> date.fromordinal(open_day(date(2019, 7, 20).toordinal())).isoformat()
    '2019-08-22'
    """
    while delay := _closed_for(date.fromordinal(day)):
        day += delay
    return day


def _closed_for(day: date) -> int:
    """Gives the days to move on by from a closed day; 0 on an open one."""
    if day.weekday() >= 5:
        return 7 - day.weekday()
    if day.month == 7:
        return 31
    return 15 if (day.month, day.day) >= (12, 23) or (day.month, day.day) <= (1, 6) else 0


class Journal:
    """Writes a child's events in order of time; `day` is where the child stands now."""

    def __init__(self, child: Child, draws: Draws, *, pace: float) -> None:
        self.child = child
        self.draws = draws
        # Some children wait longer than others all the way: their case is harder, or their family asks less.
        self.pace = pace * math.exp(0.35 * draws.normal())
        self.day = child.start_day
        self.events: list[Event] = []
        self._met: set[str] = set()
        self._assessed: dict[str, set[str]] = {}
        self._referrals = count(1)
        self._meetings = count(1)

    def wait(self, median: float, *, spread: float = 0.55) -> None:
        """Lets time pass: a skewed wait times the route's pace, then on to an open day."""
        self.day = open_day(self.day + max(1, round(self.pace * self.draws.skewed_days(median, spread))))

    def named(self, text: str) -> str:
        """Gives a unit's name or place at the child's site."""
        return text.format(site=self.child.site)

    def note(
        self,
        unit: Unit,
        activity: str,
        profession: str | None = None,
        *,
        place: str | None = None,
        purpose: str | None = None,
        attended: str | None = None,
        referral_id: str | None = None,
        status: str | None = None,
        to: str | None = None,
        meeting_id: str | None = None,
        initiator: str | None = None,
        coordinator: str | None = None,
        feedback_to: str | None = None,
        repeated: bool = False,
    ) -> None:
        """Writes one event of today."""
        self.events.append(
            Event(
                self.day,
                activity,
                self.named(unit.name),
                unit.organisation,
                unit.level,
                profession,
                place,
                purpose,
                attended,
                referral_id,
                status,
                to,
                meeting_id,
                initiator,
                coordinator,
                feedback_to,
                repeated,
            )
        )

    def contact(self, unit: Unit, activity: str, profession: str, *, purpose: str, coordinator: str | None = None) -> None:
        """Writes a contact that the family came to; with a unit that it hasn't met before the history is told again."""
        name = self.named(unit.name)
        initiator = None
        if name not in self._met:
            initiator = self.draws.pick(("guardian", "unit"), (0.2, 0.8))
            purpose = "history" if self._met else purpose
            self._met.add(name)
        others = self._assessed.setdefault(activity, set())
        self.note(
            unit,
            activity,
            profession,
            place=self.named(unit.place),
            purpose=purpose,
            attended="yes",
            initiator=initiator,
            coordinator=coordinator,
            repeated=bool(others - {name}) and purpose in {"history", "assessment"},
        )
        others.add(name)

    def missed(self, unit: Unit, activity: str, profession: str) -> None:
        """Writes a booked contact that the family didn't come to."""
        self.note(unit, activity, profession, place=self.named(unit.place), attended="no")

    def joint_meeting(self, activity: str, members: list[tuple[Unit, str]], host: Unit, *, purpose: str) -> None:
        """Writes a meeting of several units: one row a unit, one meeting id, one place; the history is told once at the most."""
        names = {self.named(unit.name) for unit, _ in members}
        purpose = "history" if names - self._met else purpose
        self._met |= names
        meeting = f"{self.child.case_id}-M{next(self._meetings)}"
        for unit, profession in members:
            self.note(
                unit,
                activity,
                profession,
                place=self.named(host.place),
                purpose=purpose,
                attended="yes",
                meeting_id=meeting,
                coordinator="teamsamordnare",
            )

    def new_referral(self) -> str:
        """Gives the next referral id of the child."""
        return f"{self.child.case_id}-R{next(self._referrals)}"

    def referral(self, unit: Unit, status: str, referral_id: str, to: Unit) -> None:
        """Writes a step of a referral at the unit that took it."""
        self.note(unit, STATUS_ACTIVITY[status], referral_id=referral_id, status=status, to=self.named(to.name))
