"""Who holds a case together, from when to when, and how often that changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.counts.shares import share
from leadtime.errors import checks_arguments
from leadtime.flow import FlowTable
from leadtime.flow.steps import ORDER, axis, in_order
from leadtime.log import EventLog
from leadtime.pathway import Pathway
from leadtime.results import Estimate, InEngine, Result, Table
from leadtime.usage.groups import Frame, require_column
from leadtime.waste.events import with_kinds
from leadtime.waste.spellings import NOBODY

__all__ = ["CoordinatorEpisodes", "coordinator_episodes"]

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, eq=False)
class CoordinatorEpisodes(Result, InEngine):
    """Episodes of one coordinator each; made by `coordinator_episodes`.

    `has_one`: the share of cases that ever had a coordinator; `kept_one`: of these, the share that kept the same one throughout.
    """

    episodes: Table
    cases: FlowTable
    has_one: Estimate
    kept_one: Estimate

    def _table(self) -> Table:
        return self.cases._table()


@checks_arguments
def coordinator_episodes(log: EventLog, *, pathway: Pathway | None = None, confidence: float = 0.95) -> CoordinatorEpisodes:
    """Gives the episodes in which a case has one and the same coordinator, and each case's contacts with and without one.

    An episode runs from the first to the last contact that names the coordinator, without another one between.

    Args:
        log: the events, with `coordinator`; an empty cell, or "none", is no coordinator.
        pathway: gives the kinds of activities, so that only attended contacts count.
        confidence: of the intervals.

    Returns:
        `.episodes`: `case_id, coordinator, since, until, days, contacts` (local dates). `.cases`: `case_id, contacts, coordinated,
        coordinators, changes, share`.

    Raises:
        InputError: no column `coordinator`.

    Source: episodes as in DEFINITIONS 4.7 (W6, W12): first to last contact.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a"] * 3, "activity": ["Call"] * 3, "coordinator": ["K1", "K1", "K2"],
    ...                                 "start": ["2020-01-01", "2020-02-01", "2020-03-01"]}))
    >>> print(lt.coordinator_episodes(log).cases)
    case_id  contacts  coordinated  coordinators  changes  share
    a               3            3             2        1      1
    """
    require_column(log, "coordinator", "coordinators")
    contact = with_kinds(log, pathway).filter(nw.col("contact")).select("case_id", "row")
    held = nw.when(~nw.col("coordinator").str.to_lowercase().is_in(list(NOBODY))).then(nw.col("coordinator"))
    placed = axis(log).with_columns(holder=held).select("case_id", "holder", "start_wall_us", *ORDER)
    events = log.session.materialise(placed.join(contact, on=["case_id", "row"], how="inner"))
    episodes = log.session.materialise(_episodes(events))
    cases = log.session.materialise(_cases(events, episodes))
    found = log.session.collect(cases)
    some, one = int((found["coordinated"] > 0).sum()), int((found["coordinators"] == 1).sum())
    none = Estimate(None, confidence=confidence, n=0, note="no case has a coordinator")
    return CoordinatorEpisodes(
        _listed(log, episodes),
        FlowTable("coordinators", cases, ("case_id",), (False,), log),
        share(some, len(found), confidence=confidence) if len(found) else none,
        share(one, some, confidence=confidence) if some else none,
    )


def _episodes(events: Frame) -> Frame:
    named = events.filter(~nw.col("holder").is_null()).with_columns(before=in_order(nw.col("holder").shift(1)))
    starts = (nw.col("before").is_null() | (nw.col("before") != nw.col("holder"))).cast(nw.Int64)
    numbered = named.with_columns(fresh=starts).with_columns(number=in_order(nw.col("fresh").cum_sum()))
    day = nw.col("start_wall_us") // DAY_US
    grouped = numbered.with_columns(coordinator=nw.col("holder"), day=day).group_by("case_id", "number", "coordinator")
    return grouped.agg(since=nw.col("day").min(), until=nw.col("day").max(), contacts=nw.len())


def _listed(log: EventLog, episodes: Frame) -> Table:
    found = log.session.collect(episodes.sort("case_id", "number"))
    rows = tuple(
        (str(case), str(who), _iso(since), _iso(until), int(until - since), int(n))
        for case, who, since, until, n in found[["case_id", "coordinator", "since", "until", "contacts"]].itertuples(index=False)
    )
    return Table("coordinator_episodes", ("case_id", "coordinator", "since", "until", "days", "contacts"), rows)


def _iso(day: int) -> str:
    return (_EPOCH + timedelta(days=int(day))).isoformat()


def _cases(events: Frame, episodes: Frame) -> Frame:
    named = (~nw.col("holder").is_null()).cast(nw.Int64)
    counted = events.group_by("case_id").agg(contacts=nw.len(), coordinated=named.sum().cast(nw.Int64))
    of_each = episodes.group_by("case_id").agg(coordinators=nw.col("coordinator").n_unique(), runs=nw.len())
    joined = counted.join(of_each, on="case_id", how="left").with_columns(
        coordinators=nw.coalesce("coordinators", nw.lit(0)), changes=nw.coalesce(nw.col("runs") - 1, nw.lit(0))
    )
    part = nw.col("coordinated").cast(nw.Float64) / nw.col("contacts")
    return joined.select("case_id", "contacts", "coordinated", "coordinators", "changes", share=part)
