"""Which events of several systems are one: pairs by a declared rule, nearest first, each event once a system; and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import narwhals as nw

from leadtime.engine.protocol import Engine

__all__ = ["same_events", "without_merged"]

Frame: TypeAlias = nw.LazyFrame[Any]
_DAY_US = 86_400_000_000
_NEAREST = ("apart", "out_of_turn")
# What is of the kept event alone, or is filled as a whole.
_OWN = ("case_id", "activity", "row", "source_system", "end_given")
_END = ("end_us", "end_wall_us", "end_is_date", "end_lower_wall_us", "end_upper_wall_us")


def same_events(
    session: Engine, events: Frame, systems: Sequence[str], *, within_us: int, activities: Mapping[str, str], agree_on: Sequence[str]
) -> Frame:
    """Gives the pairs of rows that are one event: `kept_row`, `merged_row`, `apart` (microseconds), `place` of the merged row's system.

    Args:
        session: the engine.
        events: the events of all systems, with `__case` and `__place` (which system).
        systems: their names.
        within_us: how far apart the two may start.
        activities: what an activity is compared as.
        agree_on: columns that must be the same.
    """
    plain = session.materialise(_comparable(session, events, activities, agree_on))
    found: list[Frame] = []
    for place in range(1, len(systems)):
        earlier = plain.filter(nw.col("place") < place)
        for pairs in found:
            earlier = earlier.join(pairs.select("merged_row"), left_on="row", right_on="merged_row", how="anti")
        likely = _likely(earlier, plain.filter(nw.col("place") == place), within_us, agree_on)
        found += _paired(session, session.materialise(likely))
    if not found:
        none = nw.lit(0).cast(nw.Int64)
        return plain.select("row").head(0).select(
            kept_row=nw.col("row"), merged_row=nw.col("row"), apart=none, place=none
        )  # fmt: skip
    return session.materialise(nw.concat(found, how="vertical"))


def _comparable(session: Engine, events: Frame, activities: Mapping[str, str], agree_on: Sequence[str]) -> Frame:
    """What is compared of each event whose day is known."""
    if "start_lower_wall_us" in events.collect_schema().names():
        lower, upper = nw.col("start_lower_wall_us"), nw.col("start_upper_wall_us")
        events = events.filter((lower == upper) | lower.is_null() | upper.is_null())
    name = nw.col("activity")
    if activities:
        names = ("__from", "__to")
        table = session.from_rows(names, list(activities.items()), dict.fromkeys(names, "VARCHAR"))
        events, name = events.join(table, left_on="activity", right_on="__from", how="left"), nw.coalesce("__to", "activity")
    plain = events.select(
        "row", *(nw.col(column).cast(nw.String).alias(f"agree_{i}") for i, column in enumerate(agree_on)),
        case=nw.col("__case"), name=name, place=nw.col("__place"), us=nw.col("start_us"), day=nw.col("start_wall_us") // _DAY_US,
        dated=nw.col("start_is_date"),
    )  # fmt: skip
    # Of events that nothing else tells apart the first goes with the first.
    return plain.with_columns(turn=nw.col("row").cum_count().over("place", "case", "name", "us", "dated", order_by="row"))


def _likely(earlier: Frame, later: Frame, within_us: int, agree_on: Sequence[str]) -> Frame:
    """All pairs that the rule allows."""
    key = ["case", "name", *(f"agree_{i}" for i in range(len(agree_on)))]
    other = later.rename({name: f"other_{name}" for name in ("row", "place", "us", "day", "dated", "turn")})
    days = (nw.col("day") - nw.col("other_day")).abs() * _DAY_US
    elapsed = (nw.col("us") - nw.col("other_us")).abs()
    apart = nw.when(nw.col("dated") | nw.col("other_dated")).then(days).otherwise(elapsed)
    joined = earlier.join(other, on=key, how="inner").with_columns(apart=apart)
    return joined.filter(nw.col("apart") <= within_us).select(
        "apart", kept_row=nw.col("row"), merged_row=nw.col("other_row"), place=nw.col("other_place"),
        out_of_turn=(nw.col("turn") - nw.col("other_turn")).abs(),
    )  # fmt: skip


def _paired(session: Engine, likely: Frame) -> list[Frame]:
    """One-to-one pairs: in each round those where each is the other's nearest, which is at least the nearest pair of all."""
    found: list[Frame] = []
    while session.count(likely):
        ranked = likely.with_columns(
            of_kept=nw.col("apart").cum_count().over("kept_row", order_by=(*_NEAREST, "merged_row")),
            of_merged=nw.col("apart").cum_count().over("merged_row", order_by=(*_NEAREST, "kept_row")),
        )
        nearest = ranked.filter(nw.col("of_kept") == 1, nw.col("of_merged") == 1)
        pairs = session.materialise(nearest.select("kept_row", "merged_row", "apart", "place"))
        found.append(pairs)
        for row in ("kept_row", "merged_row"):
            likely = likely.join(pairs.select(row), on=row, how="anti")
        likely = session.materialise(likely)
    return found


def without_merged(session: Engine, events: Frame, pairs: Frame, systems: Sequence[str], columns: Sequence[str], also: str) -> Frame:
    """Gives the events that are kept, their blanks filled from those merged into them, and who else reported each under `also`."""
    kept = events.join(pairs.select("merged_row"), left_on="row", right_on="merged_row", how="anti")
    kept = kept.with_columns(nw.lit(None, dtype=nw.String()).alias(also))
    for place in range(1, len(systems)):
        # Under names of our own: a log may have a column `place`, or any other.
        rows = pairs.filter(nw.col("place") == place).select(__kept=nw.col("kept_row"), __merged=nw.col("merged_row"))
        merged = rows.join(events, left_on="__merged", right_on="row", how="inner")
        carried = {name: f"__other_{i}" for i, name in enumerate(columns) if name != "row"}
        other = merged.select(nw.col("__kept").alias("row"), *(nw.col(name).alias(called) for name, called in carried.items()))
        joined = kept.join(other, on="row", how="left")
        kept = session.materialise(joined.with_columns(*_filled(carried, also)).drop(*carried.values()))
    return kept


def _filled(other: Mapping[str, str], also: str) -> list[nw.Expr]:
    """The blanks of an event from the other report of it; its end, and who reported it."""
    begins_before = (nw.col(other["end_us"]) >= nw.col("start_us")) & (nw.col(other["end_wall_us"]) >= nw.col("start_wall_us"))
    takes = ~nw.col("end_given") & nw.col(other["end_given"]) & begins_before
    filled = [nw.when(takes).then(nw.col(other[name])).otherwise(nw.col(name)).alias(name) for name in _END if name in other]
    filled.append((nw.col("end_given") | takes.fill_null(value=False)).alias("end_given"))
    plain = [name for name in other if name not in (*_OWN, *_END) and not name.startswith("start_")]
    filled += [nw.coalesce(name, other[name]).alias(name) for name in plain]
    system = nw.col(other["source_system"])
    longer = nw.concat_str(nw.col(also), system, separator=", ", ignore_nulls=True)
    return [*filled, nw.when(~system.is_null()).then(longer).otherwise(nw.col(also)).alias(also)]
