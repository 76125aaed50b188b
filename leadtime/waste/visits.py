"""The contacts of a case as visits in order, the rows of a joint meeting as one, each with its set of units.

Source: DEFINITIONS 4.4 (waiting between), 4.5 (visits, joint meetings).
"""

from __future__ import annotations

import narwhals as nw

from leadtime.waste.events import CaseEvents, Frame
from leadtime.waste.intervals import may_meet_jointly, with_meetings
from leadtime.waste.spellings import GUARDIAN, HISTORY, means

__all__ = ["attended", "closing_contacts", "numbered", "seen_by", "tied_visits", "visits"]

_IN_ORDER = ("at", "until", "row")
# 0 or 1 of each row; of a joint visit, whether any of its rows is so.
_MARKS = ("intervention", "team", "specialist", "history", "guardian", "known")


def attended(base: CaseEvents) -> Frame:
    """Gives the contacts in the windows, each row with what the measures ask of it."""
    is_kind = {name: nw.coalesce(nw.col("kind") == name, nw.lit(value=False)).cast(nw.Int64) for name in ("intervention", "team")}
    specialist = means("level", ("specialist",)) if base.has("level") else nw.lit(value=False)
    # Without a purpose noted, a first contact is one at which the history is told.
    history = means("purpose", HISTORY) | nw.col("purpose").is_null() if base.has("purpose") else nw.lit(value=True)
    guardian = means("initiator", GUARDIAN) if base.has("initiator") else nw.lit(value=False)
    known = ~nw.col("initiator").is_null() if base.has("initiator") else nw.lit(value=False)
    contacts = base.completed(with_meetings(base.inside(nw.col("contact")), base), "unit", "organisation", "place")
    return contacts.select(
        "case_id", "activity", "unit", "organisation", "place", "at", "until", "row", "meeting", **is_kind,
        specialist=specialist.cast(nw.Int64), history=history.cast(nw.Int64), guardian=guardian.cast(nw.Int64), known=known.cast(nw.Int64),
    )  # fmt: skip


def visits(base: CaseEvents) -> Frame:
    """Gives a row a visit, in order: its `number` in the case, the waiting after it, and what kind it is.

    `unit` is that of a visit to one unit, null for a joint one; `place` of a joint visit is one of its places. `reached` is the latest
    end so far, `helped` how many visits so far were interventions, `next_*` belongs to the visit after.
    """
    return base.shared("visits", lambda: _in_order(_as_visits(attended(base), base)))


def _as_visits(rows: Frame, base: CaseEvents) -> Frame:
    keep = ("case_id", "activity", "unit", "place", "at", "until", "row", "meeting", *_MARKS)
    if not may_meet_jointly(base):
        return rows.select(*keep)
    alone, joint = rows.filter(nw.col("meeting").is_null()), rows.filter(~nw.col("meeting").is_null())
    held = joint.group_by("case_id", "meeting").agg(
        *(nw.col(name).min() for name in ("activity", "place", "at", "row")), *(nw.col(name).max() for name in ("until", *_MARKS))
    )
    return nw.concat([alone.select(*keep), held.with_columns(unit=nw.lit(None, dtype=nw.String)).select(*keep)], how="vertical")


def numbered(rows: Frame) -> Frame:
    """The visits with their number in the case, by start, end and order of rows."""
    return rows.with_columns(number=nw.col("row").cum_count().over("case_id", order_by=_IN_ORDER).cast(nw.Int64))


def _in_order(rows: Frame) -> Frame:
    expressions = {
        "reached": nw.col("until").cum_max(),
        "helped": nw.col("intervention").cum_sum(),
        **{f"next_{name}": nw.col(name).shift(-1) for name in ("activity", "at", "until", "specialist")},
    }
    return numbered(rows).with_columns(**{name: made.over("case_id", order_by=_IN_ORDER) for name, made in expressions.items()})


def seen_by(base: CaseEvents) -> Frame:
    """Gives a row for every visit and unit that takes part in it, with its number and how many interventions came before."""

    def make() -> Frame:
        helps = ("helped", "helped_before")
        keep = ("case_id", "unit", "number", "at", "until", *helps, *_MARKS)
        # The visit's own, whichever of its rows is the intervention.
        held = visits(base).with_columns(helped_before=nw.col("helped") - nw.col("intervention"))
        alone = held.filter(~nw.col("unit").is_null()).select(*keep)
        if not may_meet_jointly(base):
            return alone
        numbers = held.filter(~nw.col("meeting").is_null()).select("case_id", "meeting", "number", *helps)
        rows = attended(base).filter(~nw.col("unit").is_null()).join(numbers, on=["case_id", "meeting"], how="inner")
        joint = rows.group_by("case_id", "number", "unit").agg(
            *(nw.col(name).min() for name in ("at", *helps)), *(nw.col(name).max() for name in ("until", *_MARKS))
        )
        return nw.concat([alone, joint.select(*keep)], how="vertical")

    return base.shared("seen", make)


def closing_contacts(base: CaseEvents) -> Frame:
    """Gives the contact that stopped the clock of a case: its activity and whether it is at specialist level; no row where none did."""
    specialist = means("level", ("specialist",)) if base.has("level") else nw.lit(value=False)
    contacts = base.events.filter(nw.col("closing"), ~nw.col("inside")).with_columns(specialist=specialist.cast(nw.Int64))
    columns = {"closing_activity": "activity", "closing_specialist": "specialist"}
    return base.log.session.first_of_each(contacts, key=("case_id",), columns=columns, order=_IN_ORDER)


def tied_visits(base: CaseEvents) -> int:
    """Gives the number of visits at the very time of the one before, whose order is only that of the rows."""
    tied = (nw.col("next_at") == nw.col("at")) & (nw.col("next_until") == nw.col("until"))
    return int(base.log.session.collect(visits(base).select(n=tied.cast(nw.Int64).sum().cast(nw.Int64)))["n"].fillna(0).iloc[0])
