"""What happens twice or at once in a case: near duplicates, ties between activities, overlaps within one unit."""

from __future__ import annotations

import narwhals as nw

from leadtime.quality.findings import Sighting, finding
from leadtime.quality.scope import Frame, Scope, day_of, integer

__all__ = ["of_repeats"]

_BLANK = ""


def of_repeats(scope: Scope) -> list[Sighting]:
    """Gives near duplicates, tied times and overlaps in one unit.

    The first two lie on one day of a case, so that a single grouping finds the few days with several events, and only those are compared.
    """
    busy = _of_several(scope, scope.log.frame.with_columns(day=day_of("start")), "case_id", "day")
    found = [] if busy is None else [*_near(scope, busy), *_tied(scope, busy)]
    return [*found, *_overlaps(scope)]


def _of_several(scope: Scope, events: Frame, *key: str) -> Frame | None:
    """The events that share a key with others; none where no two do."""
    several = events.group_by(*key).agg(nw.len().alias("events")).filter(nw.col("events") > 1).select(*key)
    kept = scope.log.session.materialise(events.join(several, on=list(key), how="inner"))
    return kept if scope.size(kept) else None


def _near(scope: Scope, busy: Frame) -> list[Sighting]:
    """Events with the activity, the day and the unit of another, that differ from it elsewhere. Rows that differ nowhere are exact."""
    unit = ["unit"] if "unit" in scope.log.columns else []
    key = ["case_id", "day", "activity", *unit]
    filled = busy.with_columns(unit=nw.col("unit").fill_null(_BLANK)) if unit else busy
    alike = _of_several(scope, filled, *key)
    if alike is None:
        return []
    # Of rows that differ nowhere one is kept, so that what is left in a group beyond the first are near duplicates.
    others = [name for name in alike.collect_schema().names() if name not in ("row", *key)]
    single = alike.group_by(*key, *others).agg(nw.col("row").min().alias("row"))
    groups = single.group_by(key).agg(nw.len().alias("events"), nw.col("row").max().alias("row")).filter(nw.col("events") > 1)
    count = integer(scope.collect(groups.select((nw.col("events") - 1).sum().alias("n")))["n"].iloc[0])
    return [Sighting(finding("near-duplicates", count), scope.first_rows(groups))] if count else []


def _tied(scope: Scope, busy: Frame) -> list[Sighting]:
    """Events of one case that nothing but the order of rows tells apart, where their order could matter (DEFINITIONS 1.3)."""
    groups = busy.group_by("case_id", "start_wall_us", "end_wall_us", "start_is_date").agg(
        nw.len().alias("events"),
        nw.col("activity").min().alias("one"),
        nw.col("activity").max().alias("other"),
        nw.col("row").min().alias("row"),
    )
    tied = groups.filter(nw.col("one") != nw.col("other"))
    count = integer(scope.collect(tied.select(nw.col("events").sum().alias("n")))["n"].iloc[0])
    return [Sighting(finding("tied-times", count), scope.first_rows(tied))] if count else []


def _overlaps(scope: Scope) -> list[Sighting]:
    """Events that begin while an earlier one of the case in the same unit goes on; two records of one interval are no overlap."""
    if "unit" not in scope.log.columns:
        return []
    long = scope.log.frame.filter(nw.col("end_given"), nw.col("end_us") > nw.col("start_us"), ~nw.col("unit").is_null())
    order = ("start_us", "end_us", "row")
    kept = _of_several(scope, long.select("case_id", "unit", *order), "case_id", "unit")
    if kept is None:
        return []
    # Looking ahead keeps all in one pass over the sorted events: the latest end so far and the next event stand in the same row.
    ahead = {f"next_{name}": nw.col(name).shift(-1) for name in order} | {"reached": nw.col("end_us").cum_max()}
    paired = kept.with_columns(**{name: value.over("case_id", "unit", order_by=order) for name, value in ahead.items()})
    same = (nw.col("start_us") == nw.col("next_start_us")) & (nw.col("end_us") == nw.col("next_end_us"))
    met = paired.filter((nw.col("reached") > nw.col("next_start_us")) & ~same).select(nw.col("next_row").alias("row"))
    met = scope.log.session.materialise(met)
    count, rows = scope.counted(met)
    return [Sighting(finding("overlaps-in-unit", count), rows)] if count else []
