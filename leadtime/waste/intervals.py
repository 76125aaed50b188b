"""The intervals that cover a case's window, each with its category: events, contacts laid on their day, pauses, referrals, unknowns.

Source: DEFINITIONS 4.2 (what each category covers), 4.3 (date-only contacts), 4.5 (joint meetings).
"""

from __future__ import annotations

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.waste.events import CONTACT, NOTHING, PAUSED, REFERRAL, UNKNOWN, CaseEvents, Frame, pause_marks

__all__ = ["intervals", "laid_contacts", "may_meet_jointly", "with_meetings"]

_COLUMNS = ("case_id", "lead_us", "begin", "until", "category", "worked_us", "lacking")
_IN_ORDER = ("at", "until", "row")


def intervals(base: CaseEvents) -> Frame:
    """Gives the intervals of every case, clipped to its window, and one empty interval at the start of each window.

    `worked_us` is the person-time of a contact; `lacking` marks a value-adding visit without a length.
    """
    parts = [part for part in (_laid(base), _pauses(base), _open_ended(base), _referrals(base)) if part is not None]
    return nw.concat([_whole_windows(base), _own_intervals(base), *(_clipped(part) for part in parts)], how="vertical")


def _whole_windows(base: CaseEvents) -> Frame:
    zero = nw.lit(0).cast(nw.Int64)
    covers = {name: zero for name in ("begin", "until", "worked_us", "lacking")}
    return base.windows.with_columns(**covers, category=nw.lit(NOTHING).cast(nw.Int64)).select(*_COLUMNS)


def _own_intervals(base: CaseEvents) -> Frame:
    """The events that cover time by themselves; a referral with an id and what the pathway ends otherwise are left to others."""
    apart = nw.col("laid") | nw.col("open_ended")
    if base.has("referral_id"):
        apart = apart | ((nw.col("category") == REFERRAL) & ~nw.col("referral_id").is_null())
    if pause_marks(base.pathway):
        apart = apart | nw.col("activity").is_in(pause_marks(base.pathway))
    covering = (nw.col("category") < NOTHING) & (nw.col("until") > nw.col("at"))
    lacking = nw.col("lacking") & nw.col("inside")
    return _clipped(base.events.filter((covering & ~apart) | lacking).with_columns(begin=nw.col("at"), lacking=lacking))


def _clipped(frame: Frame) -> Frame:
    """The part of each interval in the window, with its person-time, in the columns that all intervals have."""
    names = frame.collect_schema().names()
    zero = nw.lit(0).cast(nw.Int64)
    within = frame.with_columns(
        begin=nw.max_horizontal("begin", zero),
        until=nw.min_horizontal("until", "lead_us"),
        lacking=nw.col("lacking").cast(nw.Int64) if "lacking" in names else zero,
    ).filter((nw.col("until") > nw.col("begin")) | (nw.col("lacking") > 0))
    worked = zero
    if "persons" in names:
        length = nw.max_horizontal(nw.col("until") - nw.col("begin"), zero)
        worked = nw.when(nw.col("category") <= CONTACT).then(length * nw.col("persons")).otherwise(zero)
    return within.with_columns(worked_us=worked).select(*_COLUMNS)


def _laid(base: CaseEvents) -> Frame | None:
    declared = base.pathway is not None and any(activity.minutes for activity in base.pathway.activities.values())
    return laid_contacts(base) if declared and base.log.precision != "clock" else None


def may_meet_jointly(base: CaseEvents) -> bool:
    """Whether several events of the log may be one meeting: by `meeting_id`, or without that column by kind team."""
    return base.has("meeting_id") or "team" in base.kinds


def with_meetings(frame: Frame, base: CaseEvents) -> Frame:
    """The frame with `meeting`: what the events of one joint meeting of a case share, null for a meeting of its own."""
    if base.has("meeting_id"):
        return frame.with_columns(meeting=nw.col("meeting_id"))
    if "team" not in base.kinds:
        return frame.with_columns(meeting=nw.lit(None, dtype=nw.String))
    place = [nw.coalesce("place", nw.lit(""))] if base.has("place") else []
    there = nw.concat_str(nw.lit("team "), nw.col("at").cast(nw.String), nw.lit(" "), *place)
    return frame.with_columns(meeting=nw.when(nw.col("kind") == "team").then(there))


def laid_contacts(base: CaseEvents) -> Frame:
    """The date-only contacts one after another from the start of their day, in row order; the rows of one meeting share its time.

    `begin` and `until` lie within the day; `over` tells those that the day had no room for.
    """
    contacts = base.events.filter(nw.col("laid")).with_columns(length=nw.col("until") - nw.col("at"))
    placed = _meetings_in_turn(contacts, base) if may_meet_jointly(base) else contacts.with_columns(offset=_so_far("length"))
    at, ended, day = nw.col("at"), nw.col("offset") + nw.col("length"), nw.lit(DAY_US)
    return placed.with_columns(
        begin=at + nw.min_horizontal(nw.col("offset"), day), until=at + nw.min_horizontal(ended, day), over=ended > day
    )


def _so_far(length: str) -> nw.Expr:
    """How much of the day the rows before have taken."""
    return nw.col(length).cum_sum().over("case_id", "at", order_by="row").cast(nw.Int64) - nw.col(length)


def _meetings_in_turn(contacts: Frame, base: CaseEvents) -> Frame:
    """The contacts with the `offset` of their meeting: its first row takes the time of its longest one, the others none."""
    alone = nw.concat_str(nw.lit("row "), nw.col("row").cast(nw.String))
    meeting = ("case_id", "at", "meeting")
    named = with_meetings(contacts, base).with_columns(meeting=nw.coalesce("meeting", alone))
    held = named.with_columns(first=nw.col("row").min().over(*meeting), longest=nw.col("length").max().over(*meeting))
    taken = held.with_columns(taken=nw.when(nw.col("row") == nw.col("first")).then("longest").otherwise(nw.lit(0)))
    return taken.with_columns(before=_so_far("taken")).with_columns(offset=nw.col("before").min().over(*meeting))


def _referrals(base: CaseEvents) -> Frame | None:
    """Each referral from its first event to its last."""
    if not base.has("referral_id"):
        return None
    steps = base.events.filter(nw.col("step"), ~nw.col("referral_id").is_null())
    spans = steps.group_by("case_id", "referral_id").agg(nw.col("lead_us").max(), begin=nw.col("at").min(), until=nw.col("until").max())
    return spans.with_columns(category=nw.lit(REFERRAL).cast(nw.Int64))


def _pauses(base: CaseEvents) -> Frame | None:
    """Each pause from its begin to its end; one that never ends lasts to the next attended contact."""
    keep = ("case_id", "lead_us", "at", "until", "row")
    declared = base.pathway.pauses if base.pathway else {}
    parts: list[Frame] = []
    if declared:
        marks = base.log.session.materialise(base.events.filter(nw.col("activity").is_in(pause_marks(base.pathway))))
        parts = [
            marks.filter(nw.col("activity").is_in(sorted({*pause.begin, *pause.end}))).select(
                *keep, opens=nw.col("activity").is_in(list(pause.begin)), pause=nw.lit(name)
            )
            for name, pause in declared.items()
        ]
    if "pause" in base.kinds:
        named = nw.col("activity").is_in(pause_marks(base.pathway) or [""])
        of_kind = base.events.filter(nw.col("kind") == "pause", ~named)
        parts.append(of_kind.select(*keep, opens=nw.lit(value=True), pause=nw.concat_str(nw.lit("row "), nw.col("row").cast(nw.String))))
    if not parts:
        return None
    marked = nw.concat(parts, how="vertical")
    following = {
        f"next_{name}": nw.col(name).cast(nw.Int64).shift(-1).over("case_id", "pause", order_by=_IN_ORDER) for name in ("at", "opens")
    }
    begun = base.log.session.materialise(marked.with_columns(**following).filter(nw.col("opens")))
    return _ended(begun, base).with_columns(category=nw.lit(PAUSED).cast(nw.Int64))


def _ended(begun: Frame, base: CaseEvents) -> Frame:
    """Pauses with their end: their own, the mark that ends them, else the next contact; a pause begun anew takes over."""
    ended = nw.when(nw.col("until") > nw.col("at")).then("until").when(nw.col("next_opens") == 0).then("next_at")
    with_end = begun.with_columns(ended=ended)
    contacts = base.inside(nw.col("contact"))
    after = _next_after(with_end.filter(nw.col("ended").is_null()), contacts)
    joined = with_end.join(after, on=["case_id", "row"], how="left")
    never = nw.min_horizontal(nw.coalesce("following", "lead_us"), nw.coalesce("next_at", "lead_us"))
    return joined.with_columns(begin=nw.col("at"), until=nw.coalesce("ended", never))


def _open_ended(base: CaseEvents) -> Frame | None:
    """Intervals whose end is missing though the pathway says that they have one: unknown until the case's next event."""
    if base.pathway is None or not any(activity.has_end for activity in base.pathway.activities.values()):
        return None
    lost = base.events.filter(nw.col("open_ended") & (nw.col("category") != PAUSED))
    joined = lost.select("case_id", "lead_us", "at", "row").join(_next_after(lost, base.events), on=["case_id", "row"], how="left")
    ended = nw.coalesce("following", "lead_us")
    return joined.with_columns(begin=nw.col("at"), until=ended, category=nw.lit(UNKNOWN).cast(nw.Int64))


def _next_after(few: Frame, events: Frame) -> Frame:
    """When the first of some events comes after each of a few, strictly; no row where none does."""
    others = events.select("case_id", coming=nw.col("at"))
    pairs = few.select("case_id", "row", "at").join(others, on="case_id", how="inner").filter(nw.col("coming") > nw.col("at"))
    return pairs.group_by("case_id", "row").agg(following=nw.col("coming").min())
