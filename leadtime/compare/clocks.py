"""The same cases by other clocks: another start milestone, another stop. One pass over the events times them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from leadtime.cases.clocked import Clock
from leadtime.cases.times import by_clocks
from leadtime.compare.rows import FETCHED, CaseRows, rows_of_frame
from leadtime.pathway import Pathway

if TYPE_CHECKING:
    from leadtime.cases import LeadTimes

__all__ = ["Clock", "definition_clocks", "timed_by"]

_CASES_AT_ONCE = 200_000  # rows fetched at once, a row a case and clock: all clocks of a usual study, few of a very large one


def definition_clocks(pathway: Pathway) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Gives the starts and the stops that a pathway offers, the declared ones first.

    Starts are the milestones before the first stop in the declared order; stops are all declared ones together, and each alone.
    """
    order = pathway.order or tuple(pathway.milestones)
    stops = [place for place, name in enumerate(order) if name in pathway.stop]
    before = [name for name in order[: min(stops, default=len(order))] if name not in pathway.stop]
    starts = dict.fromkeys((pathway.start, *before))
    alone = [(name,) for name in pathway.stop] if len(pathway.stop) > 1 else []
    return tuple(starts), (pathway.stop, *alone)


def timed_by(times: LeadTimes, clocks: Sequence[Clock], attributes: Sequence[str]) -> dict[Clock, CaseRows]:
    """Times all cases by each clock.

    Args:
        times: the lead times by the declared clock.
        clocks: the other clocks.
        attributes: the case attributes to fetch with the cases.

    Returns:
        The cases by clock; a clock whose start is reached in no case isn't there.
    """
    if times.pathway is None or not clocks:
        return {}
    columns = {f"label_{place}": name for place, name in enumerate(attributes)}
    session = times.log.session
    found: dict[Clock, CaseRows] = {}
    with session.passing():
        labels = session.materialise(times.with_attributes(columns).select("case_id", *columns))
        most = max(1, _CASES_AT_ONCE // max(1, session.count(labels)))
        for frame in by_clocks(times, clocks, at_once=most):
            kept = frame.filter(nw.col("status") != "excluded").select("clock", *FETCHED).join(labels, on="case_id", how="left")
            timed = session.collect(kept.sort("clock", "case_id"))
            rows, clock = rows_of_frame(timed, columns), timed["clock"].to_numpy(dtype=np.int64)
            found |= {clocks[place]: rows.take(clock == place) for place in np.unique(clock)}
    return found
