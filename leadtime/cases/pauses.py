"""The intervals in which a case's clock may stand still, and where it was set back: on the case's own axis, from the log and the pathway.

Source: DEFINITIONS 2.4 (pauses, whatever happens within them), 4.2 (a pause without an end lasts to the next attended contact).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.cases.result import LeadTimes
from leadtime.quality.attendance import missed

if TYPE_CHECKING:
    from leadtime.pathway import Pathway

__all__ = ["ClockAxis", "pauses", "set_back"]

Frame = nw.LazyFrame[Any]

_ORDER = ("at", "until", "row")
_CONTACT_KINDS = ("value", "contact", "assessment", "intervention", "team", "consultation")


@dataclass(frozen=True, eq=False)
class ClockAxis:
    """The cases with a lead time, and their events as microseconds since the clock started.

    By `days` every moment counts as its local day; else as the lead time does: instants, or local clock times where either end is a date.
    """

    times: LeadTimes
    pathway: Pathway
    by_days: bool

    @cached_property
    def cases(self) -> Frame:
        """A row a case: `case_id, status, begun_us, lead_us`, and whether it is counted in calendar days."""
        kept = self.times.frame.filter(nw.col("status") != "excluded")
        dated = nw.lit(value=True) if self.by_days else nw.col("start_is_date") | nw.col("end_is_date")
        day = (nw.col("start_wall_us") // DAY_US) * DAY_US
        # The middle of a partial date may be noon; it stays where it is.
        begun = nw.when(nw.col("start_is_date")).then(nw.col("start_wall_us")).otherwise(day)
        whole = (nw.col("end_wall_us") // DAY_US) * DAY_US - day
        apart = ~(nw.col("start_is_date") | nw.col("end_is_date"))
        lead = nw.when(apart).then(whole).otherwise(nw.col("lead_us")) if self.by_days else nw.col("lead_us")
        marked = kept.with_columns(calendar=dated, whole_us=lead)
        lead_us, begun_us = nw.col("whole_us").alias("lead_us"), nw.when(nw.col("calendar")).then(begun).otherwise(nw.col("start_us"))
        return self.times.log.session.materialise(marked.select("case_id", "status", "calendar", lead_us, begun_us=begun_us))

    def events(self, condition: nw.Expr) -> Frame:
        """The events of these cases that meet a condition, with `at` and `until` on the axis."""
        placed = self.times.log.frame.filter(condition).join(self.cases, on="case_id", how="inner")
        return placed.with_columns(at=self._place("start"), until=self._place("end"))

    def _place(self, side: str) -> nw.Expr:
        wall = nw.col(f"{side}_wall_us")
        if self.by_days:
            wall = (wall // DAY_US) * DAY_US
        return nw.when(nw.col("calendar")).then(wall).otherwise(nw.col(f"{side}_us")) - nw.col("begun_us")


def pauses(axis: ClockAxis) -> Frame | None:
    """Gives every pause of the cases: `case_id, pause, reason, at, until`, as they lie, unclipped; none where nothing declares any."""
    parts = [part for part in (_declared(axis), _of_kind(axis)) if part is not None]
    if not parts:
        return None
    marked = nw.concat(parts, how="vertical")
    following = {
        f"next_{name}": nw.col(name).cast(nw.Int64).shift(-1).over("case_id", "pause", order_by=_ORDER) for name in ("at", "opens")
    }
    begun = axis.times.log.session.materialise(marked.with_columns(**following).filter(nw.col("opens")))
    ended = nw.when(nw.col("until") > nw.col("at")).then(nw.col("until")).otherwise(
        nw.when(nw.col("next_opens") == 0).then(nw.col("next_at"))
    )  # fmt: skip
    contacts = axis.events(_contact(axis)).select("case_id", coming=nw.col("at"))
    with_end = begun.with_columns(ended=ended)
    lasting = with_end.filter(nw.col("ended").is_null()).select("case_id", "row", "at").join(contacts, on="case_id", how="inner")
    after = lasting.filter(nw.col("coming") > nw.col("at")).group_by("case_id", "row").agg(following=nw.col("coming").min())
    joined = with_end.join(after, on=["case_id", "row"], how="left")
    # One begun anew takes over from the one before.
    never = nw.min_horizontal(nw.coalesce("following", "lead_us"), nw.coalesce("next_at", "lead_us"))
    return joined.select("case_id", "pause", "reason", "at", "row", "lead_us", "begun_us", "calendar", until=nw.coalesce("ended", never))


_KEPT = ("case_id", "at", "until", "row", "lead_us", "begun_us", "calendar")


def _declared(axis: ClockAxis) -> Frame | None:
    """The marks of the pauses that the pathway declares, each a beginning or an end."""
    declared = axis.pathway.pauses
    if not declared:
        return None
    marks = axis.times.log.session.materialise(axis.events(nw.col("activity").is_in(_marks(axis.pathway))).select(*_KEPT, "activity"))
    parts = []
    for name, pause in declared.items():
        of_it = marks.filter(nw.col("activity").is_in(sorted({*pause.begin, *pause.end})))
        opens = nw.col("activity").is_in(list(pause.begin))
        parts.append(of_it.select(*_KEPT, opens=opens, pause=nw.lit(name), reason=nw.lit(pause.reason)))
    return nw.concat(parts, how="vertical")


def _of_kind(axis: ClockAxis) -> Frame | None:
    """The events whose kind is a pause: intervals by themselves, for a reason that nobody declared."""
    named = [name for name, activity in axis.pathway.activities.items() if activity.kind == "pause" and name not in _marks(axis.pathway)]
    condition = nw.col("activity").is_in(named or [""])
    if "kind" in axis.times.log.columns:
        own = nw.coalesce(nw.col("kind").str.to_lowercase(), nw.lit("")) == "pause"
        other = nw.col("activity").is_in([*_marks(axis.pathway), *(n for n, activity in axis.pathway.activities.items() if activity.kind)])
        condition = condition | (own & ~other)
    elif not named:
        return None
    pause = nw.concat_str(nw.lit("row "), nw.col("row").cast(nw.String))
    return axis.events(condition).select(*_KEPT, opens=nw.lit(value=True), pause=pause, reason=nw.lit("not stated"))


def _marks(pathway: Pathway) -> list[str]:
    return sorted({name for pause in pathway.pauses.values() for name in (*pause.begin, *pause.end)})


def _contact(axis: ClockAxis) -> nw.Expr:
    """Whether an event is an attended contact, by its kind; where no kinds are known, any event but the marks of pauses."""
    columns, activities = axis.times.log.columns, axis.pathway.activities
    met = [name for name, activity in activities.items() if activity.kind in _CONTACT_KINDS or activity.value_adding]
    contact = nw.col("activity").is_in(met or [""])
    if "kind" in columns:
        other = nw.col("activity").is_in([name for name, activity in activities.items() if activity.kind] or [""])
        contact = contact | (nw.coalesce(nw.col("kind").str.to_lowercase(), nw.lit("")).is_in(list(_CONTACT_KINDS)) & ~other)
    elif not any(activity.kind for activity in activities.values()):
        contact = ~nw.col("activity").is_in(_marks(axis.pathway) or [""])
    if "attended" in columns:
        contact = contact & ~missed()
    return contact


def set_back(axis: ClockAxis) -> Frame | None:
    """Gives the cases whose clock was set back: `case_id`, whether its start was made `void`, and when it began to run `anew`, if it did.

    The time counts from the last restart; where a start was made void, from the first start or restart after the last such event. Ties go
    by the order of rows.
    """
    clock = axis.pathway.clock
    if not clock.restart and not clock.nullify:
        return None
    starts = axis.pathway.milestones[axis.pathway.start].activities
    names = sorted({*clock.restart, *clock.nullify, *starts})
    within = (nw.col("at") >= 0) & (nw.col("at") < nw.col("lead_us"))
    events = axis.events(nw.col("activity").is_in(names)).filter(within).select("case_id", "activity", "at", "row")
    void = nw.col("activity").is_in(list(clock.nullify) or [""])
    place = nw.struct("at", "row")
    marked = events.with_columns(void=nw.when(void).then(place).max().over("case_id")).with_columns(
        void_at=nw.col("void").struct.field("at"), void_row=nw.col("void").struct.field("row")
    )
    later = nw.col("void_at").is_null() | (nw.col("at") > nw.col("void_at"))
    later = later | ((nw.col("at") == nw.col("void_at")) & (nw.col("row") > nw.col("void_row")))
    restarts = nw.col("activity").is_in(list(clock.restart) or [""])
    found = marked.group_by("case_id").agg(
        void=(~nw.col("void_at").is_null()).any(),
        restarted=nw.when(restarts & later).then(nw.col("at")).max(),
        begun_anew=nw.when(later & ~nw.col("void_at").is_null()).then(nw.col("at")).min(),
    )
    told = found.select("case_id", "void", anew=nw.coalesce("restarted", "begun_anew"))
    return told.filter(nw.col("void") | ~nw.col("anew").is_null())
