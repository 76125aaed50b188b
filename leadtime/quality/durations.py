"""Events that are far longer than the others of their activity."""

from __future__ import annotations

import narwhals as nw

from leadtime.quality.findings import Sighting, finding
from leadtime.quality.scope import DAY_US, Scope

__all__ = ["of_durations"]

_ENOUGH = 20  # events of an activity, for one of them to stand out
_SPREAD = 1.5
_LEAST_US = 60_000_000  # what is shorter than a minute counts as one


def of_durations(scope: Scope) -> list[Sighting]:
    """Gives the events beyond the outer fence of their activity: the upper quartile times the cube of the ratio of the quartiles."""
    log = scope.log
    least = DAY_US if log.precision == "date" else _LEAST_US
    span = (nw.col("end_us") - nw.col("start_us")).alias("span")
    events = log.frame.filter(nw.col("end_given")).select("activity", "row", span)
    events = events.with_columns(span=nw.max_horizontal("span", nw.lit(least)))
    quartiles = {name: nw.col("span").quantile(share, interpolation="linear") for name, share in (("low", 0.25), ("high", 0.75))}
    groups = log.session.materialise(events.group_by("activity").agg(nw.len().alias("events"), **quartiles))
    ratio = nw.col("high") / nw.col("low")
    ratio = nw.when(ratio < _SPREAD).then(nw.lit(_SPREAD)).otherwise(ratio)
    fences = groups.filter(nw.col("events") >= _ENOUGH).select("activity", (nw.col("high") * ratio * ratio * ratio).alias("fence"))
    if not scope.size(fences):
        return []
    count, rows = scope.counted(events.join(fences, on="activity", how="inner").filter(nw.col("span") > nw.col("fence")))
    return [Sighting(finding("long-events", count), rows)] if count else []
