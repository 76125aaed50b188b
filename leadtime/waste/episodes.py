"""Units that are active at the same time: without a meeting between them (W6), without a coordinator (W12).

An episode of a unit lasts from the first contact with it to the last. Source: DEFINITIONS 4.7.
"""

from __future__ import annotations

import narwhals as nw

from leadtime.waste.events import CaseEvents, Frame
from leadtime.waste.intervals import may_meet_jointly
from leadtime.waste.spellings import NOBODY, means
from leadtime.waste.visits import seen_by

__all__ = ["apart", "without_coordinator"]

_FAR = 2**62  # later than any event


def apart(base: CaseEvents) -> Frame:
    """W6: the time in which two or more units' episodes overlap, and the two share no meeting in their overlap."""
    return _side_by_side(base).select("case_id", w6_apart_days=nw.col("apart"))


def without_coordinator(base: CaseEvents) -> Frame:
    """W12: the time in which two or more units' episodes overlap, up to the first event that names a coordinator."""
    return _side_by_side(base).select("case_id", w12_no_coordinator_days=nw.col("alone"))


def _side_by_side(base: CaseEvents) -> Frame:
    return base.shared("side-by-side", lambda: _united(_with_coordinator(_with_meetings(_overlaps(base), base), base)))


def _united(pairs: Frame) -> Frame:
    """The union of the overlaps of each case: as in the split, how far those begun so far reach, up to where the next begins."""
    far = {
        "apart": nw.when(nw.col("shared") == 0).then(nw.col("until")).otherwise(nw.lit(0)),
        "alone": nw.min_horizontal("until", "coordinated"),
    }
    swept = pairs.with_columns(**far).with_columns(
        **{f"reached_{name}": nw.col(name).cum_max().over("case_id", order_by="begin") for name in far},
        following=nw.col("begin").shift(-1).over("case_id", order_by="begin"),
    ).with_columns(following=nw.coalesce("following", nw.lit(_FAR)))  # fmt: skip
    covered = {
        name: (nw.max_horizontal(nw.min_horizontal(f"reached_{name}", "following"), "begin") - nw.col("begin")).sum().cast(nw.Int64)
        for name in far
    }
    return swept.group_by("case_id").agg(**covered)


def _overlaps(base: CaseEvents) -> Frame:
    """A row for each two units of a case whose episodes overlap, with the begin and end of the overlap."""
    lasting = base.log.session.materialise(
        seen_by(base)
        .group_by("case_id", "unit")
        .agg(first=nw.col("at").min(), last=nw.col("until").max())
        .filter(nw.col("last") > nw.col("first"))
    )
    others = lasting.select("case_id", other=nw.col("unit"), other_first=nw.col("first"), other_last=nw.col("last"))
    pairs = lasting.join(others, on="case_id", how="inner").filter(nw.col("unit") < nw.col("other"))
    timed = pairs.select(
        "case_id", "unit", "other", begin=nw.max_horizontal("first", "other_first"), until=nw.min_horizontal("last", "other_last")
    )
    return timed.filter(nw.col("until") > nw.col("begin"))


def _with_meetings(pairs: Frame, base: CaseEvents) -> Frame:
    """The pairs with `shared`: how many joint meetings of the two lie in the overlap."""
    if not may_meet_jointly(base):
        return pairs.with_columns(shared=nw.lit(0))
    pairs = base.log.session.materialise(pairs)
    seen = seen_by(base).select("case_id", "number", "unit", "at")
    several = seen.group_by("case_id", "number").agg(units=nw.len()).filter(nw.col("units") > 1).select("case_id", "number")
    joint = base.log.session.materialise(seen.join(several, on=["case_id", "number"], how="inner"))
    both = joint.join(joint.select("case_id", "number", other=nw.col("unit")), on=["case_id", "number"], how="inner")
    met = both.filter(nw.col("unit") < nw.col("other")).select("case_id", "unit", "other", "at")
    within = pairs.join(met, on=["case_id", "unit", "other"], how="inner").filter(
        nw.col("at") >= nw.col("begin"), nw.col("at") <= nw.col("until")
    )
    counted = within.group_by("case_id", "unit", "other").agg(shared=nw.len())
    return pairs.join(counted, on=["case_id", "unit", "other"], how="left").with_columns(shared=nw.coalesce("shared", nw.lit(0)))


def _with_coordinator(pairs: Frame, base: CaseEvents) -> Frame:
    """The pairs with `coordinated`: when the case first has a coordinator, far off where it never has."""
    never = nw.lit(_FAR)
    if not base.has("coordinator"):
        return pairs.with_columns(coordinated=never)
    named = base.inside(~nw.col("coordinator").is_null(), ~means("coordinator", NOBODY))
    first = named.group_by("case_id").agg(coordinated=nw.col("at").min())
    return pairs.join(first, on="case_id", how="left").with_columns(coordinated=nw.coalesce("coordinated", never))
