"""The path of a case through the levels of care: up, down, and up again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw

from leadtime.counts.shares import share
from leadtime.errors import UsageError, checks_arguments
from leadtime.flow import FlowTable
from leadtime.flow.steps import ORDER, axis, in_order
from leadtime.log import EventLog
from leadtime.pathway import Pathway
from leadtime.results import InEngine, Result, Table, Value
from leadtime.usage.groups import Frame, cases_in_groups, require_column
from leadtime.waste.events import with_kinds

__all__ = ["LevelPaths", "level_paths"]


@dataclass(frozen=True, eq=False)
class LevelPaths(Result, InEngine):
    """Paths between levels of care; made by `level_paths`.

    `cases`: a row a case. `paths`: the distinct paths of each group. `reached`: the share of cases whose highest level is each.
    """

    cases: FlowTable
    paths: Table
    reached: Table

    def _table(self) -> Table:
        return self.paths


@checks_arguments
def level_paths(
    log: EventLog,
    *,
    levels: Sequence[str] = ("general", "first", "specialist"),
    by: str | None = None,
    pathway: Pathway | None = None,
    confidence: float = 0.95,
) -> LevelPaths:
    """Gives each case's path through the levels of care, with its steps up and down and its bounces.

    Consecutive contacts at one level are one stay there. A bounce is a return to the level before the last (A-B-A): up to the specialist
    and back, or down and up again.

    Args:
        log: the events, with `level`.
        levels: from lowest to highest; events at another level, or none, are passed over.
        by: a case attribute.
        pathway: gives the kinds of activities, so that only attended contacts count; without kinds every event that was attended does.
        confidence: of the intervals.

    Returns:
        `.cases`: `case_id, path, contacts, steps_up, steps_down, bounces, highest` (as a number from 0). `.paths`: `group, path, n, share,
        bounces`. `.reached`: `group, level, cases, of, share, lower, upper` with the cases whose highest level it is.

    Raises:
        InputError: no column `level`, or no such attribute.
        UsageError: fewer than two levels, or one twice.

    Source: DEFINITIONS 4.6 (A-B-A); the levels are those of DESIGN 3.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a"] * 4, "activity": ["Visit"] * 4, "level": ["general", "first", "general", "first"],
    ...                                 "start": ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]}))
    >>> print(lt.level_paths(log).cases)
    case_id  path                               contacts  steps_up  steps_down  bounces  highest
    a        general > first > general > first         4         2           1        2        1
    """
    require_column(log, "level", "levels of care")
    if len(levels) < 2 or len(set(levels)) != len(levels):
        raise UsageError(f"levels={list(levels)} isn't allowed; name at least two, each once, from lowest to highest")
    cases = log.session.materialise(_by_case(log, tuple(levels), pathway))
    columns = ("case_id", "path", "contacts", "steps_up", "steps_down", "bounces", "highest")
    grouped = cases.join(cases_in_groups(log, by), on="case_id", how="inner")
    table = FlowTable("level_paths", cases.select(*columns), ("case_id",), (False,), log)
    return LevelPaths(table, _paths(log, grouped), _reached(log, grouped, tuple(levels), confidence))


def _by_case(log: EventLog, levels: tuple[str, ...], pathway: Pathway | None) -> Frame:
    contact = with_kinds(log, pathway).filter(nw.col("contact")).select("case_id", "row")
    placed = axis(log).with_columns(level=nw.col("level").str.to_lowercase()).filter(nw.col("level").is_in(list(levels)))
    number = log.session.from_rows(
        ("level", "rank"), list(zip(levels, range(len(levels)), strict=True)), {"level": "VARCHAR", "rank": "BIGINT"}
    )
    events = (
        placed.select("case_id", "level", *ORDER).join(contact, on=["case_id", "row"], how="inner").join(number, on="level", how="left")
    )
    here = events.with_columns(before=in_order(nw.col("rank").shift(1)))
    moved = here.filter(nw.col("before").is_null() | (nw.col("before") != nw.col("rank")))
    moved = log.session.materialise(moved.with_columns(earlier=in_order(nw.col("rank").shift(2))))
    paths = log.session.text_in_order(moved.with_columns(path=nw.col("level")), key="case_id", text="path", order=ORDER, separator=" > ")

    def counted(condition: nw.Expr) -> nw.Expr:
        return nw.coalesce(condition, nw.lit(value=False)).cast(nw.Int64).sum().cast(nw.Int64)

    steps = moved.group_by("case_id").agg(
        steps_up=counted(nw.col("rank") > nw.col("before")),
        steps_down=counted(nw.col("rank") < nw.col("before")),
        bounces=counted(nw.col("rank") == nw.col("earlier")),
        highest=nw.col("rank").max(),
    )
    contacts = events.group_by("case_id").agg(contacts=nw.len())
    return paths.select("case_id", "path").join(steps, on="case_id", how="inner").join(contacts, on="case_id", how="inner")


def _paths(log: EventLog, grouped: Frame) -> Table:
    found = log.session.collect(grouped.group_by("group", "path").agg(n=nw.len(), bounces=nw.col("bounces").max()))
    found["share"] = found["n"] / found.groupby("group")["n"].transform("sum")
    ordered = found.sort_values(["group", "n", "path"], ascending=[True, False, True], kind="stable")
    rows = tuple(
        (str(group), str(path), int(n), float(part), int(bounces))
        for group, path, n, part, bounces in ordered[["group", "path", "n", "share", "bounces"]].itertuples(index=False)
    )
    return Table("level_paths", ("group", "path", "n", "share", "bounces"), rows, counts=("n",))


def _reached(log: EventLog, grouped: Frame, levels: tuple[str, ...], confidence: float) -> Table:
    found = log.session.collect(grouped.group_by("group", "highest").agg(n=nw.len()))
    rows: list[tuple[Value, ...]] = []
    for group in sorted(found["group"].unique()):
        own = {int(rank): int(n) for rank, n in found.loc[found["group"] == group, ["highest", "n"]].itertuples(index=False)}
        of = sum(own.values())
        for rank, level in enumerate(levels):
            part = share(own.get(rank, 0), of, confidence=confidence)
            rows.append((str(group), level, own.get(rank, 0), of, part.value, part.lower, part.upper))
    return Table("levels_reached", ("group", "level", "cases", "of", "share", "lower", "upper"), tuple(rows), counts=("cases",))
