"""Whom the family meets, and when others come in: W3, W4, W8, W9, W14, W17.

Source: DEFINITIONS 4.5 (a joint meeting counts as one contact and one place), 4.7.
"""

from __future__ import annotations

import narwhals as nw

from leadtime.waste.events import CaseEvents, Frame
from leadtime.waste.visits import seen_by, visits

__all__ = ["external_rank", "first_contacts", "first_unit", "places", "retellings", "team_entry"]

_IN_ORDER = ("at", "until", "row")


def retellings(base: CaseEvents) -> Frame:
    """W3: visits after the first at which a unit is met for the first time; with a purpose noted, only where it is the history."""
    # The first visit to a unit and whether the history is told there, in one number that has a least value.
    first = (nw.col("number") * 2 + (1 - nw.col("history"))).min()
    met = seen_by(base).group_by("case_id", "unit").agg(first=first)
    told = met.filter((nw.col("first") % 2 == 0) & (nw.col("first") > 2))
    return told.group_by("case_id").agg(w3_retellings=nw.col("first").n_unique())


def places(base: CaseEvents) -> Frame:
    """W4: the places that the family goes to, and how often a visit is at another place than the one before."""
    known = visits(base).filter(~nw.col("place").is_null())
    before = known.with_columns(before=nw.col("place").shift(1).over("case_id", order_by="number"))
    changes = nw.coalesce(nw.col("place") != nw.col("before"), nw.lit(value=False))
    return before.with_columns(changes=changes.cast(nw.Int64)).group_by("case_id").agg(
        w4_places=nw.col("place").n_unique(), w4_place_changes=nw.col("changes").sum()
    )  # fmt: skip


def first_unit(base: CaseEvents) -> Frame:
    """W8: from the first event with a unit to the first with another, or a referral, a consultation or a team; own contacts before."""
    session = base.log.session
    events = base.inside(~nw.col("unit").is_null())
    columns = {"home": "unit", "home_at": "at"}
    homes = session.materialise(session.first_of_each(events, key=("case_id",), columns=columns, order=_IN_ORDER))
    beyond = nw.col("step") | nw.coalesce(nw.col("kind").is_in(["consultation", "team"]), nw.lit(value=False))
    others = base.inside(beyond | ~nw.col("unit").is_null()).join(homes, on="case_id", how="inner")
    away = beyond | nw.coalesce(nw.col("unit") != nw.col("home"), nw.lit(value=False))
    left = others.filter(away, nw.col("at") >= nw.col("home_at")).group_by("case_id").agg(left_at=nw.col("at").min())
    cases = session.materialise(
        homes.join(left, on="case_id", how="left").join(base.windows.select("case_id", "lead_us"), on="case_id", how="inner")
    )
    own = seen_by(base).join(cases, on="case_id", how="inner").filter(nw.col("unit") == nw.col("home"))
    before = own.filter(nw.col("left_at").is_null() | (nw.col("at") < nw.col("left_at")))
    counted = before.group_by("case_id").agg(w8_own_contacts=nw.col("number").n_unique())
    return cases.join(counted, on="case_id", how="left").select(
        "case_id",
        w8_first_unit_days=nw.col("left_at") - nw.col("home_at"),
        w8_followed_days=nw.coalesce("left_at", "lead_us") - nw.col("home_at"),
        w8_own_contacts=nw.coalesce("w8_own_contacts", nw.lit(0)),
    )


def external_rank(base: CaseEvents) -> Frame:
    """W9: the number of the first contact with a unit other than the first one's, and its share of all contacts."""
    seen = seen_by(base)
    opening = seen.group_by("case_id").agg(opening=nw.col("number").min())
    first = seen.join(opening, on="case_id", how="inner").filter(nw.col("number") == nw.col("opening"))
    # Several units at the first contact: others' help is there from the start.
    homes = first.group_by("case_id").agg(home=nw.col("unit").min(), units=nw.len())
    external = seen.join(homes, on="case_id", how="inner").filter((nw.col("unit") != nw.col("home")) | (nw.col("units") > 1))
    ranks = external.group_by("case_id").agg(w9_external_rank=nw.col("number").min())
    counted = visits(base).group_by("case_id").agg(w9_contacts=nw.len())
    share = nw.col("w9_external_rank").cast(nw.Float64) / nw.col("w9_contacts")
    return counted.join(ranks, on="case_id", how="left").select("case_id", "w9_external_rank", "w9_contacts", w9_rank_share=share)


def team_entry(base: CaseEvents) -> Frame:
    """W14: when the team is entered, since the clock started, and the units that the family had met by then."""
    team = base.inside(nw.col("kind") == "team", ~nw.col("missed")).group_by("case_id").agg(entered=nw.col("at").min())
    entered = team.select("case_id", w14_team_entry_days=nw.col("entered"))
    if not base.has("unit"):
        return entered.with_columns(w14_units_before_team=nw.lit(None, dtype=nw.Int64))
    before = seen_by(base).join(team, on="case_id", how="inner").filter(nw.col("at") < nw.col("entered"))
    units = before.group_by("case_id").agg(units=nw.col("unit").n_unique())
    return entered.join(units, on="case_id", how="left").select(
        "case_id", "w14_team_entry_days", w14_units_before_team=nw.coalesce("units", nw.lit(0))
    )


def first_contacts(base: CaseEvents) -> Frame:
    """W17: contacts at which a unit is met for the first time, and those of them that a guardian initiated.

    In a log without units it is the first contact of the case.
    """
    if base.has("unit"):
        met = seen_by(base).group_by("case_id", "unit").agg(first=(nw.col("number") * 2 + (1 - nw.col("guardian"))).min())
        # A joint meeting with several new units is one first contact, and a guardian's where any of its rows is.
        parted = met.with_columns(number=nw.col("first") // 2, guardian=1 - nw.col("first") % 2)
        firsts = parted.group_by("case_id", "number").agg(nw.col("guardian").max())
    else:
        firsts = visits(base).filter(nw.col("number") == 1).select("case_id", "number", "guardian")
    share = nw.col("w17_by_guardian").cast(nw.Float64) / nw.col("w17_first_contacts")
    counted = firsts.group_by("case_id").agg(w17_first_contacts=nw.len(), w17_by_guardian=nw.col("guardian").sum().cast(nw.Int64))
    return counted.with_columns(w17_guardian_share=share)
