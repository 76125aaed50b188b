"""Case ids of two tables: which stand in one only, and which of those are alike but for the way they are written."""

from __future__ import annotations

import narwhals as nw

from leadtime.engine.distinct import distinct
from leadtime.log import EventLog
from leadtime.quality.findings import Sighting, finding
from leadtime.quality.scope import LISTED, Frame, Scope

__all__ = ["alike_ids", "undeclared"]

# What programs add to an id or take from it: decimals that a number was given (1.0), leading zeros, separators.
_DECIMALS, _SEPARATORS, _ZEROS = r"[.,]0+$", r"[\s\-_/]", r"^0+"


def undeclared(log: EventLog) -> list[Sighting]:
    """Cases with events but no row in the case table, the other way round, and those that only their spelling keeps apart."""
    if log.declared_cases is None:
        return []
    events, declared = distinct(log.frame, "case_id"), log.declared_cases.select("case_id")
    apart = {
        "case-not-declared": events.join(declared, on="case_id", how="anti"),
        "case-without-events": declared.join(events, on="case_id", how="anti"),
    }
    counts = {code: log.session.count(frame) for code, frame in apart.items()}
    found = [Sighting(finding(code, count)) for code, count in counts.items() if count]
    return found + (_alike(Scope(log), *apart.values()) if all(counts.values()) else [])


def _alike(scope: Scope, without_row: Frame, without_events: Frame) -> list[Sighting]:
    alike = scope.log.session.materialise(alike_ids(without_row, without_events))
    count = scope.size(alike)
    if not count:
        return []
    first = scope.log.frame.join(alike, on="case_id", how="inner").group_by("case_id").agg(nw.col("row").min())
    return [Sighting(finding("ids-spelled-apart", count), tuple(sorted(scope.first_rows(first))[:LISTED]))]


def alike_ids(some: Frame, others: Frame) -> Frame:
    """Gives those of some `case_id` that would be among others, were capitals, decimals of 0, leading zeros and separators overlooked.

    >>> import duckdb
    >>> def ids(*names): return nw.from_native(duckdb.sql(f"SELECT unnest({list(names)}) AS case_id"))
    >>> found = alike_ids(ids("1.0", "2,00", "A-7", "007", "1.10", "9"), ids("1", "2", "a7", "7", "11")).collect("pandas")
    >>> sorted(found["case_id"].to_list())
    ['007', '1.0', '2,00', 'A-7']
    """
    bare = nw.col("case_id").str.to_lowercase().str.replace_all(_DECIMALS, "").str.replace_all(_SEPARATORS, "")
    key = bare.str.replace_all(_ZEROS, "").alias("__alike")
    return some.select("case_id", key).join(others.select(key).unique(), on="__alike", how="semi").select("case_id")
