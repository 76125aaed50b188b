"""Case ids that are alike but for the way they are written, in one table or between two, and those that stand in one table only."""

from __future__ import annotations

import narwhals as nw

from leadtime.engine.distinct import distinct
from leadtime.log import EventLog
from leadtime.quality.findings import Sighting, finding, placed
from leadtime.quality.scope import LISTED, Frame, Scope
from leadtime.results import Finding

__all__ = ["alike_ids", "alike_within", "check_ids", "undeclared"]

# What programs add to an id or take from it: decimals that a number was given (1.0), leading zeros, separators.
_DECIMALS, _SEPARATORS, _ZEROS = r"[.,]0+$", r"[\s\-_/]", r"^0+"
# A personal number of twelve digits; others write it with ten, without the century.
_WITH_CENTURY = r"^(18|19|20)[0-9]{2}(0[1-9]|1[0-2])[0-9]{2}-?[0-9]{4}$"


def check_ids(log: EventLog) -> tuple[Finding, ...]:
    """Checks a log for ids of cases that only their spelling keeps apart, alone; `check_quality` does that too.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["K-1", "k1"], "activity": ["Visit"] * 2, "start": ["2019-03-05"] * 2}))
    >>> [(one.code, one.count) for one in check_ids(log)]
    [('ids-spelled-alike', 2)]
    """
    return placed(alike_within(Scope(log)), log.places)


def alike_within(scope: Scope) -> list[Sighting]:
    """Cases of one log that only the spelling of their ids keeps apart."""
    alike = scope.log.session.materialise(_alike_among(distinct(scope.log.frame, "case_id")))
    return _sighted("ids-spelled-alike", scope, alike)


def _alike_among(ids: Frame) -> Frame:
    """Gives those `case_id` that another one equals but for capitals, decimals of 0, leading zeros, and separators that only one has.

    A personal number equals itself without its century too.

    Ids that have their separators in different places are different, such as 1-11 and 11-1.

    >>> import duckdb
    >>> ids = nw.from_native(duckdb.sql("SELECT unnest(['A-7', 'a7', '007', '7', '1-11', '11-1', '8', 'b 1', 'b_1']) AS case_id"))
    >>> sorted(_alike_among(ids).collect("pandas")["case_id"])
    ['007', '7', 'A-7', 'a7', 'b 1', 'b_1']
    """
    keyed = ids.select("case_id", __parts=_key("-"), __alike=_key(""))
    apart = keyed.with_columns(__parts=nw.when(nw.col("__parts") != nw.col("__alike")).then(nw.col("__parts")))
    groups = apart.group_by("__alike").agg(
        nw.len().alias("__n"), nw.col("__parts").min().alias("__first"), nw.col("__parts").max().alias("__last")
    )
    one = groups.filter(nw.col("__n") > 1, nw.col("__first").is_null() | (nw.col("__first") == nw.col("__last"))).select("__alike")
    return keyed.join(one, on="__alike", how="semi").select("case_id")


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
    return _sighted("ids-spelled-apart", scope, alike)


def _sighted(code: str, scope: Scope, alike: Frame) -> list[Sighting]:
    """The finding of some cases, with their first rows."""
    count = scope.size(alike)
    if not count:
        return []
    first = scope.log.frame.join(alike, on="case_id", how="inner").group_by("case_id").agg(nw.col("row").min())
    return [Sighting(finding(code, count), tuple(sorted(scope.first_rows(first))[:LISTED]))]


def alike_ids(some: Frame, others: Frame) -> Frame:
    """Gives those of some `case_id` that would be among others, were capitals, decimals of 0, leading zeros and separators overlooked.

    >>> import duckdb
    >>> def ids(*names): return nw.from_native(duckdb.sql(f"SELECT unnest({list(names)}) AS case_id"))
    >>> found = alike_ids(ids("1.0", "2,00", "A-7", "007", "1.10", "9"), ids("1", "2", "a7", "7", "11")).collect("pandas")
    >>> sorted(found["case_id"].to_list())
    ['007', '1.0', '2,00', 'A-7']
    """
    key = _key("").alias("__alike")
    return some.select("case_id", key).join(others.select(key).unique(), on="__alike", how="semi").select("case_id")


def _key(separator: str) -> nw.Expr:
    """A case id without capitals, decimals of 0, leading zeros and the century of a personal number; its separators are one."""
    bare = nw.col("case_id").str.to_lowercase().str.replace_all(_DECIMALS, "").str.replace_all(_SEPARATORS, separator)
    short = nw.when(bare.str.contains(_WITH_CENTURY)).then(bare.str.slice(2)).otherwise(bare)
    return short.str.replace_all(_ZEROS, "")
