"""The events of every case on its own axis, microseconds since its clock started, and what each event is.

Source: DEFINITIONS 4.1 (window and axis), 4.2 (which events are value, contact, referral, unknown), 4.3 (minutes).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import narwhals as nw

from leadtime.cases import LeadTimes, lead_times
from leadtime.cases.clock import DAY_US, Bound, bound_of, day_of
from leadtime.columns import DATE_ROLES, RESERVED_NAMES, ROLES
from leadtime.engine.distinct import distinct
from leadtime.log import EventLog
from leadtime.pathway import Pathway
from leadtime.quality.attendance import missed

__all__ = [
    "CONTACT",
    "CONTACT_KINDS",
    "NOTHING",
    "PAUSED",
    "REFERRAL",
    "UNKNOWN",
    "VALUE",
    "CaseEvents",
    "Frame",
    "pause_marks",
    "with_kinds",
]

Frame = nw.LazyFrame[Any]

# The categories of the split in the order of their precedence; an event of none of them covers no time.
VALUE, CONTACT, PAUSED, REFERRAL, UNKNOWN, NOTHING = 1, 2, 3, 4, 5, 9
# People work on the case then; an event of another kind does so where the pathway calls it value-adding.
CONTACT_KINDS = ("value", "contact", "assessment", "intervention", "team", "consultation")
_CARRIED = (
    "unit", "organisation", "place", "purpose", "initiator", "coordinator", "level", "meeting_id",
    "referral_id", "referral_status", "referral_to", "feedback_to",
)  # fmt: skip
_DECLARED = {"kind": "VARCHAR", "value": "BOOLEAN", "minutes_us": "BIGINT", "has_end": "BOOLEAN"}


@dataclass(frozen=True, eq=False)
class CaseEvents:
    """The events of the cases that have a window, made once for all measures that read them."""

    log: EventLog
    pathway: Pathway | None
    times: LeadTimes

    @staticmethod
    def of(log: EventLog, pathway: Pathway | None) -> CaseEvents:
        """Gives the events of a log, timed by a pathway."""
        return CaseEvents(log, pathway, lead_times(log, pathway))

    def shared(self, name: str, make: Callable[[], Frame]) -> Frame:
        """Gives a table that several measures of this log and pathway read, computed once."""
        return self.log.shared(f"{name}:{self.pathway.sha256 if self.pathway else ''}", make)

    def has(self, *columns: str) -> bool:
        """Whether the log has some columns."""
        return all(column in self.log.columns for column in columns)

    @cached_property
    def has_ends(self) -> bool:
        """Whether any event has an end of its own."""
        given = self.log.frame.select(n=nw.col("end_given").cast(nw.Int64).max())
        return bool(self.log.session.collect(given)["n"].fillna(0).iloc[0])

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds that events of the log may have: what the pathway declares, and what stands in the log's own column."""
        activities = self.pathway.activities.values() if self.pathway else ()
        declared: set[str] = {activity.kind for activity in activities if activity.kind}
        if any(activity.value_adding for activity in activities):
            declared.add("value")
        if self.has("kind"):
            found = self.log.session.collect(distinct(self.log.frame.select(kind=nw.col("kind").str.to_lowercase()), "kind"))["kind"]
            declared |= {str(kind) for kind in found.dropna()}
        return frozenset(declared)

    @cached_property
    def windows(self) -> Frame:
        """A row a case with a window: its axis, where the window begins and how long it is, and when observation ended."""
        return self.shared("windows", self._windows)

    def _windows(self) -> Frame:
        kept = self.times.frame.filter(nw.col("status") != "excluded")
        calendar = nw.col("start_is_date") | nw.col("end_is_date")
        begun = nw.when(calendar).then(day_of("start") * DAY_US).otherwise(nw.col("start_us"))
        seen = nw.col("lead_us")
        if self.times.observed_until is not None:
            bound = bound_of(self.times.observed_until, self.log.timezone)
            until = nw.when(calendar).then(nw.lit(bound.day * DAY_US)).otherwise(nw.lit(bound.us))
            seen = nw.when(nw.col("status") == "stopped").then(nw.max_horizontal(until - begun, nw.col("lead_us"))).otherwise(seen)
        return kept.select("case_id", "status", "lead_us", calendar=calendar, begun_us=begun, seen_us=seen)

    @cached_property
    def events(self) -> Frame:
        """The events on the axes of their cases.

        `at` and `until` are microseconds since the clock started; `inside` tells those in the window. Beside them stand those that
        cover some of it, and the pauses, steps of referrals and feedback before and after.
        """
        return self.shared("case-events", self._events)

    def inside(self, *conditions: nw.Expr) -> Frame:
        """The events in the windows that meet all conditions."""
        return self.events.filter(nw.col("inside"), *conditions)

    def completed(self, frame: Frame, *columns: str) -> Frame:
        """The frame with empty texts in those of some columns that the log lacks."""
        lacking = {name: nw.lit(None, dtype=nw.String) for name in columns if not self.has(name)}
        return frame.with_columns(**lacking) if lacking else frame

    def _events(self) -> Frame:
        bound = _given_bound(self.times)
        frame = with_kinds(self.log, self.pathway)
        placed = (frame if bound is None else frame.filter(bound.holds("start"))).join(self.windows, on="case_id", how="inner")
        axis = {
            side: nw.when(nw.col("calendar")).then(nw.col(f"{side}_wall_us")).otherwise(nw.col(f"{side}_us")) for side in ("start", "end")
        }
        timed = placed.with_columns(at=axis["start"] - nw.col("begun_us"), ended=axis["end"] - nw.col("begun_us"))
        lasting = _with_lengths(timed.with_columns(category=_category(), marks=self._marks()))
        at, lead = nw.col("at"), nw.col("lead_us")
        # Without a pathway the window ends with the last event itself, which is one of the case's: by the date where a case has dates.
        last = nw.when(nw.col("calendar")).then(nw.lit(DAY_US)).otherwise(nw.lit(1))
        before_end = at < lead if self.pathway else at < lead + last
        # What the end of the observation cuts off is unknown; what comes after a stop still tells how long a referral took.
        known = (nw.col("status") == "stopped") | (at <= lead)
        near = before_end & ((nw.col("until") > 0) | (at > -DAY_US))
        # The contact that stops the clock ends the last wait, though it adds no time itself.
        closing = (nw.col("status") == "stopped") & nw.col("contact") & (at >= lead) & (at < lead + last)
        kept = lasting.filter(near | (nw.col("marks") & known) | closing).with_columns(closing=closing)
        carried = [name for name in _CARRIED if self.has(name)]
        cut = nw.min_horizontal("until", lead)
        ended = cut if self.pathway else nw.max_horizontal(cut, at)
        return kept.select(
            "case_id", "activity", "kind", *carried, "at", ended.alias("until"), "lead_us", "row", "category",
            "laid", "lacking", "missed", "contact", "step", "open_ended", "closing", _persons(self.log), inside=(at >= 0) & before_end,
        )  # fmt: skip

    def _marks(self) -> nw.Expr:
        """Which events matter outside the window too."""
        marks = nw.col("step") | nw.coalesce(nw.col("kind") == "pause", nw.lit(value=False))
        if pause_marks(self.pathway):
            marks = marks | nw.col("activity").is_in(pause_marks(self.pathway))
        return marks | ~nw.col("feedback_to").is_null() if self.has("feedback_to") else marks


def pause_marks(pathway: Pathway | None) -> list[str]:
    """The activities that begin or end a declared pause."""
    pauses = pathway.pauses.values() if pathway else ()
    return sorted({name for pause in pauses for name in (*pause.begin, *pause.end)})


def _given_bound(times: LeadTimes) -> Bound | None:
    """The end of observation, where events may lie after it."""
    if times.observed_until is None or times.until_assumed:
        return None
    return bound_of(times.observed_until, times.log.timezone)


def with_kinds(log: EventLog, pathway: Pathway | None) -> Frame:
    """The log's events with their `kind`, what they are by it, and without the attributes that the user named.

    `value` adds to the case, `meets` is work on the case, `missed` was not attended, `contact` is a meeting that took place, `step`
    belongs to a referral. What the pathway declares of an activity comes before the log's own column `kind`; an undeclared event with
    a referral status is of kind referral, one that begins or ends a pause of kind pause. In a log without kinds every event is a
    contact, or every attended one where attendance is noted.
    """
    no, has = nw.lit(value=False), set(log.columns)
    noted = ~nw.col("referral_status").is_null() if "referral_status" in has else no
    kind = nw.coalesce("declared_kind", nw.col("kind").str.to_lowercase()) if "kind" in has else nw.col("declared_kind")
    kind = nw.when(kind.is_null() & noted).then(nw.lit("referral")).otherwise(kind)
    if pause_marks(pathway):
        kind = nw.when(kind.is_null() & nw.col("activity").is_in(pause_marks(pathway))).then(nw.lit("pause")).otherwise(kind)
    named = _with_declared(log, pathway).with_columns(
        kind=kind,
        minutes_us=nw.col("declared_minutes_us"),
        has_end=nw.coalesce("declared_has_end", no),
        missed=missed() if "attended" in has else no,
    )

    def is_kind(*kinds: str) -> nw.Expr:
        return nw.coalesce(nw.col("kind").is_in(list(kinds)), no)

    value = nw.coalesce("declared_value", no) | is_kind("value")
    valued = named.with_columns(value=value, meets=is_kind(*CONTACT_KINDS) | value, step=noted | is_kind("referral"))
    kinds_known = "kind" in has or (pathway is not None and any(activity.kind for activity in pathway.activities.values()))
    loose = ~nw.col("attended").is_null() if "attended" in has else nw.lit(value=not kinds_known)
    return valued.with_columns(contact=~nw.col("missed") & (nw.col("meets") | (nw.col("kind").is_null() & loose)))


def _with_declared(log: EventLog, pathway: Pathway | None) -> Frame:
    """The events with what the pathway declares of their activity, empty where it declares nothing."""
    own = (*RESERVED_NAMES, *ROLES)
    # An attribute may have any name, also one that stands for something else here.
    frame = log.frame.select([name for name in log.columns if name in own or name.startswith(tuple(f"{role}_" for role in DATE_ROLES))])
    if pathway is None or not pathway.activities:
        dtypes: dict[str, Any] = {"kind": nw.String, "value": nw.Boolean, "minutes_us": nw.Int64, "has_end": nw.Boolean}
        return frame.with_columns(**{f"declared_{name}": nw.lit(None, dtype=dtype) for name, dtype in dtypes.items()})
    rows = [
        (name, activity.kind, activity.value_adding, _microseconds(activity.minutes), activity.has_end)
        for name, activity in pathway.activities.items()
    ]
    types = {"activity": "VARCHAR"} | {f"declared_{name}": kind for name, kind in _DECLARED.items()}
    return frame.join(log.session.from_rows(tuple(types), rows, types), on="activity", how="left")


def _microseconds(minutes: float | None) -> int | None:
    return None if minutes is None else round(minutes * 60_000_000)


def _category() -> nw.Expr:
    """The category of the split that an event's own interval belongs to."""
    kind, meets = nw.col("kind"), nw.col("meets") & ~nw.col("missed")
    return (
        nw.when(meets & nw.col("value")).then(nw.lit(VALUE))
        .when(meets).then(nw.lit(CONTACT))
        .when(kind == "pause").then(nw.lit(PAUSED))
        .when(nw.col("step")).then(nw.lit(REFERRAL))
        .when(kind.is_null()).then(nw.lit(UNKNOWN))
        .otherwise(nw.lit(NOTHING))
        .cast(nw.Int64)
    )  # fmt: skip


def _with_lengths(frame: Frame) -> Frame:
    """Gives `until`, and whether the contact lies on its day by declared minutes (`laid`) or lacks a length (`lacking`).

    The minutes stand in where no length is recorded: no end beside a clock time, or no other day beside a date.
    """
    at, ended = nw.col("at"), nw.col("ended")
    dated = nw.col("start_is_date") & (ended <= at)
    unmeasured = dated | (~nw.col("start_is_date") & ~nw.col("end_given"))
    meeting = nw.col("category") <= CONTACT
    declared = ~nw.col("minutes_us").is_null()
    length = nw.min_horizontal(nw.col("minutes_us"), nw.lit(DAY_US))
    return frame.with_columns(
        laid=meeting & dated & declared,
        lacking=(nw.col("category") == VALUE) & unmeasured & ~declared,
        open_ended=nw.col("has_end") & ~nw.col("end_given") & ~(meeting & declared),
        until=nw.when(meeting & unmeasured & declared).then(at + length).otherwise(nw.max_horizontal(at, ended)),
    )


def _persons(log: EventLog) -> nw.Expr:
    """How many people an event took: the number or the names in `participants`, else one."""
    if "participants" not in log.columns:
        return nw.lit(1).cast(nw.Int64).alias("persons")
    text = nw.col("participants").str.strip_chars(" ;,|/")
    # A name may hold a comma where semicolons divide the names.
    divided = text.str.contains(";", literal=True)
    names = nw.when(divided).then(text.str.replace_all("[^;]+", "")).otherwise(text.str.replace_all("[^,|/]+", "")).str.len_chars() + 1
    number = text.str.contains("^[0-9]{1,3}$")
    counted = nw.when(number).then(nw.when(number).then(text).cast(nw.Int64)).otherwise(names)
    return nw.max_horizontal(nw.coalesce(counted, nw.lit(1)).cast(nw.Int64), nw.lit(1)).alias("persons")
