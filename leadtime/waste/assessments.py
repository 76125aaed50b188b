"""Assessments one after another instead of side by side (W7), and the same one made again by another unit (W18).

An assessment is an activity of kind assessment: it lasts from its first visit in the case to the end of its last.
Source: DEFINITIONS 4.7; critical path after Kelley & Walker (1959).
"""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.errors import PathwayError
from leadtime.pathway import Pathway
from leadtime.waste.events import CaseEvents, Frame
from leadtime.waste.intervals import with_meetings

__all__ = ["in_series", "repeated"]

MONTH_DAYS = 30.4375


def in_series(base: CaseEvents) -> Frame:
    """W7: the span of all assessments, the longest, the critical path, how parallel they were, and the days that could be saved.

    The critical path is the longest chain of assessments that must follow one another by the pathway's `after`, directly or by way of
    other activities; assessments without such an order can all run side by side. Parallelism is the sum of the assessments' times over
    their union: 1 in series, more where some run side by side. Avoidable is the span less the critical path, never below 0.
    """
    lasting = base.log.session.materialise(_assessments(base))
    length = nw.col("until") - nw.col("begin")
    critical = _critical_path(base.pathway)
    by_activity = {f"length_{i}": nw.when(nw.col("activity") == name).then(length).max() for i, name in enumerate(critical)}
    reached = lasting.with_columns(
        reached=nw.col("until").cum_max().over("case_id", order_by="begin"),
        following=nw.col("begin").shift(-1).over("case_id", order_by="begin"),
    ).with_columns(following=nw.coalesce("following", "reached"))
    covered = nw.max_horizontal(nw.min_horizontal("reached", "following"), "begin") - nw.col("begin")
    cases = reached.group_by("case_id").agg(
        w7_assessments=nw.len(),
        w7_span_days=nw.col("until").max() - nw.col("begin").min(),
        w7_longest_days=length.max(),
        summed=length.sum().cast(nw.Int64),
        union=covered.sum().cast(nw.Int64),
        **by_activity,
    )
    longest = _with_critical_path(cases, critical)
    ratio = nw.when(nw.col("union") > 0).then(nw.col("summed").cast(nw.Float64) / nw.col("union"))
    saved = nw.max_horizontal(nw.col("w7_span_days") - nw.col("w7_critical_path_days"), nw.lit(0))
    figures = ("w7_assessments", "w7_span_days", "w7_longest_days", "w7_critical_path_days")
    return longest.select("case_id", *figures, w7_parallelism_ratio=ratio, w7_avoidable_days=saved)


def _assessments(base: CaseEvents) -> Frame:
    """A row for each assessment of a case, from its first visit to the end of its last."""
    visits = base.inside(nw.col("contact"), nw.col("kind") == "assessment")
    return visits.group_by("case_id", "activity").agg(begin=nw.col("at").min(), until=nw.col("until").max())


def _critical_path(pathway: Pathway | None) -> dict[str, tuple[str, ...]]:
    """The activities that the pathway puts in an order, each after those that come before it, first to last."""
    declared = pathway.activities if pathway else {}
    before: dict[str, tuple[str, ...]] = {name: activity.after for name, activity in declared.items() if activity.after}
    try:
        order = list(TopologicalSorter(before).static_order())
    except CycleError as error:
        round_trip = " after ".join(f"'{name}'" for name in reversed(error.args[1]))
        raise PathwayError(f"activities: {round_trip}: this order has no beginning; take one 'after' out") from None
    return {name: before.get(name, ()) for name in order}


def _with_critical_path(cases: Frame, order: Mapping[str, tuple[str, ...]]) -> Frame:
    """The longest chain of each case: an activity is done its own length after the latest of those before it."""
    number = {name: i for i, name in enumerate(order)}
    zero = nw.lit(0)
    for name, before in order.items():
        earlier = [nw.col(f"done_{number[one]}") for one in before]
        latest = nw.max_horizontal(zero, *earlier) if earlier else zero
        cases = cases.with_columns(nw.coalesce(f"length_{number[name]}", zero).alias(f"own_{number[name]}"))
        cases = cases.with_columns((nw.col(f"own_{number[name]}") + latest).alias(f"done_{number[name]}"))
    done = [nw.col(f"done_{i}") for i in number.values()]
    return cases.with_columns(w7_critical_path_days=nw.max_horizontal("w7_longest_days", *done))


def repeated(base: CaseEvents, *, within_months: float) -> Frame:
    """W18: visits for an assessment that was made at most so many months before at a visit with no unit in common.

    The rows of a joint meeting are one visit of all their units, so that units who assess together repeat nothing.
    """
    keys = ["case_id", "activity"]
    rows = with_meetings(base.inside(nw.col("contact"), nw.col("kind") == "assessment", ~nw.col("unit").is_null()), base)
    several = rows.group_by(*keys).agg(units=nw.col("unit").n_unique()).filter(nw.col("units") > 1)
    alone = nw.concat_str(nw.lit("row "), nw.col("row").cast(nw.String))
    visited = rows.join(several, on=keys, how="inner").select(*keys, "unit", "at", "row", visit=nw.coalesce("meeting", alone))
    begun = {name: nw.col(name).min().over(*keys, "visit") for name in ("at", "row")}
    again = base.log.session.materialise(visited.with_columns(**begun))
    earlier = again.select(*keys, *(nw.col(name).alias(f"before_{name}") for name in ("unit", "visit", "at", "row")))
    pairs = again.join(earlier, on=keys, how="inner").filter(nw.col("visit") != nw.col("before_visit"))
    tie = nw.col("before_at") == nw.col("at")
    follows = (nw.col("before_at") < nw.col("at")) | (tie & (nw.col("before_row") < nw.col("row")))
    recent = nw.col("at") - nw.col("before_at") <= round(within_months * MONTH_DAYS * DAY_US)
    common = (nw.col("unit") == nw.col("before_unit")).cast(nw.Int64).max()
    apart = pairs.filter(follows, recent).group_by(*keys, "visit", "before_visit").agg(common=common).filter(nw.col("common") == 0)
    return apart.select(*keys, "visit").unique().group_by("case_id").agg(w18_repeated_assessments=nw.len())
