"""Who is counted: the cases of a log in their groups, and the events of some activities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from leadtime.cases import lead_times
from leadtime.cases.clock import bound_of
from leadtime.errors import InputError, UsageError, did_you_mean
from leadtime.log import EventLog

__all__ = ["Frame", "activities_of", "cases_in_groups", "observed", "require_column"]

Frame = nw.LazyFrame[Any]


def observed(log: EventLog) -> Frame:
    """The events up to the end of observation."""
    if log.observed_until is None:
        return log.frame
    return log.frame.filter(bound_of(log.observed_until, log.timezone).holds("start"))


def cases_in_groups(log: EventLog, by: str | None) -> Frame:
    """Gives `case_id` and `group` of every case, declared ones without events too; without `by` all are in the group ''."""
    grouped = lead_times(log).members(by).select("case_id", "group")
    if log.declared_cases is not None:
        declared = log.declared_cases
        has = by is not None and by in declared.collect_schema().names()
        label = nw.lit("") if by is None else nw.col(by).cast(nw.String) if has else nw.lit(None, dtype=nw.String)
        silent = declared.select("case_id", group=label).join(grouped, on="case_id", how="anti")
        grouped = nw.concat([grouped, silent], how="vertical")
    return grouped.with_columns(group=nw.coalesce("group", nw.lit("")))


def activities_of(log: EventLog, activities: str | Sequence[str]) -> list[str]:
    """Checks that the log has the activities asked for."""
    names = [activities] if isinstance(activities, str) else list(activities)
    if not names:
        raise UsageError("activities is empty; name at least one")
    for name in names:
        if name not in log.activities:
            raise InputError(f"no activity '{name}' in the log{did_you_mean(name, log.activities)}")
    return names


def require_column(log: EventLog, column: str, what: str) -> None:
    """Raises where the log lacks a column."""
    if column not in log.columns:
        raise InputError(f"{what} can't be counted: no column '{column}'{did_you_mean(column, log.columns)}")
