"""The visits of a case: an event of one unit, or the joint meeting of several; and the hand-overs between them.

A party is whoever is visited: a unit, an organisation or a place. Source: DEFINITIONS 4.5 (visits, hand-overs), 4.6 (ping-pong).
"""

from __future__ import annotations

from typing import Literal

import narwhals as nw

from leadtime.engine.distinct import distinct
from leadtime.errors import InputError, UsageError
from leadtime.flow.steps import ORDER, arrivals, in_order, may_meet
from leadtime.flow.table import Frame
from leadtime.log import EventLog

__all__ = ["Party", "hand_overs", "members", "require_party", "returns", "visits"]

Party = Literal["unit", "organisation", "place"]
JOINED = " + "  # between the parties of a joint visit


def require_party(log: EventLog, by: str, what: str) -> None:
    """Raises where a log can't say who is visited."""
    if by not in ("unit", "organisation", "place"):
        raise UsageError(f"by={by!r} isn't allowed; use 'unit', 'organisation' or 'place'")
    if by not in log.columns:
        raise InputError(f"{what} by {by} aren't computable: no column '{by}'")


def _meeting(log: EventLog) -> nw.Expr:
    """What the rows of one visit have in common: their meeting, or else start and place of a team; any other row is a visit by itself."""
    alone = nw.concat_str(nw.lit("r"), nw.col("row").cast(nw.String))
    if "meeting_id" in log.columns:
        return nw.when(nw.col("meeting_id").is_null()).then(alone).otherwise(nw.concat_str(nw.lit("m"), nw.col("meeting_id")))
    place = [nw.lit(" "), nw.coalesce("place", nw.lit(""))] if "place" in log.columns else []
    there = nw.concat_str(nw.lit("m"), nw.col("begin").cast(nw.String), *place)
    return nw.when(nw.col("kind") == "team").then(there).otherwise(alone)


def _attended(log: EventLog, by: str) -> Frame:
    """Every event with its party, the waiting before it, whether it opens the case, its visit, and whether it is the first of that."""

    def make() -> Frame:
        timed = arrivals(log)
        held = came_from = nw.lit(None, dtype=nw.String)
        if "organisation" in log.columns:
            held, came_from = nw.col("organisation"), in_order(nw.col("latest").shift(1))
            timed = timed.with_columns(latest=in_order(held.fill_null(strategy="forward")))
        events = timed.select(
            "case_id", "begin", "until", "row", nw.col(by).alias("party"), held.alias("held"), came_from.alias("came_from"),
            nw.max_horizontal(nw.col("begin") - nw.col("before"), nw.lit(0)).alias("waited_us"),
            nw.col("before").is_null().cast(nw.Int64).alias("opening"),
            (_meeting(log) if may_meet(log) else nw.lit("")).alias("meeting"),
        )  # fmt: skip
        if not may_meet(log):
            return events.with_columns(visit=nw.col("row"), leads=nw.lit(value=True))
        first = nw.col("row").min().over("case_id", "meeting")
        # A row's number may be its own only within its case.
        visit = nw.concat_str(nw.col("case_id"), nw.lit(" "), first.cast(nw.String))
        return events.with_columns(visit=visit, leads=nw.col("row") == first)

    plain = not may_meet(log) and "organisation" not in log.columns  # then nothing is left to compute
    return make() if plain else log.shared(f"attended:{by}", make)


def members(log: EventLog, by: str) -> Frame:
    """Gives a row for each party of each visit: `case_id`, `visit` (what names it), `party`."""
    known = _attended(log, by).filter(~nw.col("party").is_null()).select("case_id", "visit", "party")
    return distinct(known, "case_id", "visit", "party") if may_meet(log) else known


def visits(log: EventLog, by: str) -> Frame:
    """Gives every visit, lazy.

    Columns `case_id, visit, party, begin, until, row, waited_us, opening, crossing`: a joint visit's party names all of them in
    order, and is empty where the log names none; `crossing` is 1 where no organisation in it is the one that came before, and
    empty where that can't be told.
    """
    events = _attended(log, by)
    if not may_meet(log):
        crossing = (nw.col("held") != nw.col("came_from")).cast(nw.Int64)
        return events.with_columns(crossing=crossing).drop("held", "came_from", "meeting", "leads")
    # The organisation before a joint visit is the one before its first row.
    before = nw.when(nw.col("leads")).then(nw.col("came_from")).max().over("case_id", "visit")
    marked = events.with_columns(crossing=(nw.col("held") != before).cast(nw.Int64))
    grouped = marked.group_by("case_id", "visit").agg(
        begin=nw.col("begin").min(),
        until=nw.col("until").max(),
        row=nw.col("row").min(),
        waited_us=nw.col("waited_us").sum(),
        opening=nw.col("opening").max(),
        crossing=nw.col("crossing").min(),
    )
    labels = log.session.text_in_order(
        members(log, by).select("visit", "party"), key="visit", text="party", order=("party",), separator=JOINED
    )
    return grouped.join(labels, on="visit", how="left")


def hand_overs(log: EventLog, by: str) -> Frame:
    """Gives every pair of consecutive visits with no party in common, lazy.

    Columns `case_id, visit, party` and `next_visit, next_party`, the waiting before the second (`waited_us`), and the order of the
    first (`begin, until, row`). Visits whose party isn't known are passed over.
    """

    def make() -> Frame:
        known = visits(log, by).filter(~nw.col("party").is_null())
        pairs = known.with_columns(
            next_visit=in_order(nw.col("visit").shift(-1)),
            next_party=in_order(nw.col("party").shift(-1)),
            waited_us=in_order(nw.col("waited_us").shift(-1)),
        ).filter(~nw.col("next_visit").is_null())
        pairs = pairs.select("case_id", "visit", "party", "next_visit", "next_party", "waited_us", *ORDER)
        if not may_meet(log):
            return pairs.filter(nw.col("party") != nw.col("next_party"))
        return pairs.join(_sharing(pairs, "visit", "next_visit", members(log, by)), on="visit", how="anti")

    return log.shared(f"hand_overs:{by}", make)


def returns(log: EventLog, by: str) -> Frame:
    """Gives every A-B-A: two hand-overs in a row of which the second leads back to where the first came from.

    Columns `case_id, party` (A), `next_party` (B).
    """
    legs = hand_overs(log, by)
    ahead = legs.with_columns(back=in_order(nw.col("next_visit").shift(-1)), back_to=in_order(nw.col("next_party").shift(-1)))
    if not may_meet(log):
        return ahead.filter(nw.col("party") == nw.col("back_to")).select("case_id", "party", "next_party")
    known = ahead.filter(~nw.col("back").is_null())
    shared = _sharing(known, "visit", "back", members(log, by))
    return known.join(shared, on="visit", how="inner").select("case_id", "party", "next_party")


def _sharing(pairs: Frame, first: str, second: str, parties: Frame) -> Frame:
    """The first visits of those pairs that have a party in common."""
    one = pairs.select(nw.col(first).alias("visit"), nw.col(second).alias("other"))
    of_first = one.join(parties.select("visit", "party"), on="visit", how="inner")
    of_second = parties.select(nw.col("visit").alias("other"), "party")
    return distinct(of_first.join(of_second, on=["other", "party"], how="inner"), "visit")
