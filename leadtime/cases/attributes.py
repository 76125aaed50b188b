"""The attributes of a case: columns of its events, or of the table of cases, with at most one value a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import narwhals as nw

from leadtime.cases.clock import BOUNDS, PARTS
from leadtime.columns import DATE_ROLES
from leadtime.engine.distinct import distinct
from leadtime.log import EventLog

__all__ = ["case_attributes", "in_one_pass"]

Frame = nw.LazyFrame[Any]

# The engine's own columns of an event; all else may be an attribute of the case.
_EVENT_COLUMNS = frozenset(
    {"case_id", "activity", "end_given", "row", *(f"{side}_{part}" for side in ("start", "end") for part in (*PARTS, *BOUNDS))}
)


def case_attributes(log: EventLog) -> tuple[Frame, dict[str, int]]:
    """Gives the case attributes, a row a case, and for each candidate in how many cases it has several values: with any, it is none."""
    sources = _candidates(log)
    attributes, conflicts = _of_events(log, sources) if sources else (distinct(log.frame, "case_id"), {})
    if log.declared_cases is None:
        return attributes, conflicts
    table = log.declared_cases
    declared = _sources(name for name in table.collect_schema().names() if name != "case_id")
    kept = [name for name in sources if name not in declared]
    ids = distinct(nw.concat([attributes.select("case_id"), table.select("case_id")], how="vertical"), "case_id")
    attributes = ids.join(attributes.select("case_id", *kept), on="case_id", how="left")
    attributes = attributes.join(_under_own_names(table, declared), on="case_id", how="left")
    return attributes, {name: conflicts[name] for name in kept} | dict.fromkeys(declared, 0)


def _sources(names: Iterable[str]) -> dict[str, str]:
    """The column that each attribute is read from: its own, or the local clock of a date of the case, which has three to five."""
    there = list(names)
    dates = {f"{role}_wall_us": role for role in DATE_ROLES if f"{role}_wall_us" in there}
    parts = {f"{role}_{part}" for role in dates.values() for part in (*PARTS, *BOUNDS)}
    return {dates.get(name, name): name for name in there if name in dates or name not in parts}


def _under_own_names(frame: Frame, sources: Mapping[str, str]) -> Frame:
    return frame.select("case_id", *(nw.col(column).alias(name) for name, column in sources.items()))


def _of_events(log: EventLog, sources: Mapping[str, str]) -> tuple[Frame, dict[str, int]]:
    """The least value of each candidate in each case, and in how many cases there is a greater one."""
    spread = in_one_pass(log)
    # One number an attribute, counted in the engine: the rows themselves stay there.
    several = {f"several_{i}": (nw.col(f"least_{i}") != nw.col(f"greatest_{i}")).cast(nw.Int64).sum() for i in range(len(sources))}
    counted = log.session.collect(spread.select(**several)).fillna(0).iloc[0]
    least = {name: f"least_{i}" for i, name in enumerate(sources)}
    return _under_own_names(spread, least), {name: int(counted[f"several_{i}"]) for i, name in enumerate(sources)}


def in_one_pass(log: EventLog) -> Frame:
    """Gives what one pass over the events tells of each case: its least start and greatest end, and the ends of each attribute's values."""

    def make() -> Frame:
        ends = {"least": nw.Expr.min, "greatest": nw.Expr.max}
        found = {f"{end}_{i}": of(nw.col(name)) for i, name in enumerate(_candidates(log).values()) for end, of in ends.items()}
        return log.frame.group_by("case_id").agg(start_us=nw.col("start_us").min(), end_us=nw.col("end_us").max(), **found)

    return log.shared("cases in one pass", make)


def _candidates(log: EventLog) -> dict[str, str]:
    """What may be an attribute of the case, to the column that it is read from."""
    return _sources(name for name in log.frame.collect_schema().names() if name not in _EVENT_COLUMNS)
