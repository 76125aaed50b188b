"""What each case's time is cut into: segments between milestones, or kinds of time; a place a spell, in days since the start.

Source: DEFINITIONS 4.8 (segments), 4.2 (kinds of time).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadtime.cases import LeadTimes
from leadtime.cases.clock import DAY_US
from leadtime.compare.cohorts import Cohort, Pair
from leadtime.compare.occupation import Spells
from leadtime.compare.rows import CaseRows
from leadtime.flow.milestones import between, milestone_times, reached_by, timed_pathway
from leadtime.results import Table, Value
from leadtime.waste.events import CaseEvents
from leadtime.waste.split import CATEGORIES, segments_of

__all__ = ["segment_spells", "split_spells"]

_COLUMNS = ("milestone", "cohort", "cases", "reached", "skipped", "out_of_order")

Floats = npt.NDArray[np.float64]


def segment_spells(times: LeadTimes, rows: CaseRows, pair: Pair) -> tuple[list[str], list[Spells], Table]:
    """Gives the names of the segments, each cohort's spells in them, and how each cohort met each milestone."""
    pathway = timed_pathway(times, "attribution")
    middle = between(pathway)
    labels = [f"{first} > {second}" for first, second in pairwise((pathway.start, *middle, "/".join(pathway.stop)))]
    occurred = [f"at_{place}" for place in range(len(middle))]
    reached = reached_by(len(middle))
    wanted = milestone_times(times).with_columns(**reached).select("case_id", *occurred, *reached)
    frame = times.log.session.collect(wanted).set_index("case_id").reindex(rows.case_id)
    at, by_then = (_days(frame, names) for names in (occurred, list(reached)))
    met = [
        _met(name, place, at[cohort.place], by_then[cohort.place], cohort) for place, name in enumerate(middle) for cohort in pair.cohorts
    ]
    spells = [_between(by_then[cohort.place], cohort) for cohort in pair.cohorts]
    return labels, spells, Table("milestones", _COLUMNS, tuple(met), counts=_COLUMNS[2:])


def _days(frame: Any, names: list[str]) -> Floats:
    """Columns of microseconds as days, a row a case; empty ones are no number."""
    values = frame[names].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(values / DAY_US, dtype=np.float64)


def _between(reached: Floats, cohort: Cohort) -> Spells:
    """From when each milestone is reached to when the next is; what isn't reached yet lasts on."""
    begin = np.concatenate([np.zeros((cohort.n, 1)), reached[:, :-1]], axis=1)
    until = np.where(np.isnan(reached), cohort.days[:, None], reached)
    case, state = np.nonzero(begin < until)  # what has no begin is below nothing
    return Spells(case, state, begin[case, state], until[case, state])


def _met(name: str, place: int, occurred: Floats, reached: Floats, cohort: Cohort) -> tuple[Value, ...]:
    """How many cases met a milestone in its order, went past it, or met it after a later one."""
    here, later = occurred[:, place], reached[:, place + 1]
    late = here > later  # false where either is empty
    skipped = np.isnan(here) & ~np.isnan(later)
    return name, cohort.name, cohort.n, int((~np.isnan(here) & ~late).sum()), int(skipped.sum()), int(late.sum())


def split_spells(times: LeadTimes, rows: CaseRows, pair: Pair) -> tuple[list[str], list[Spells], Table]:
    """Gives the kinds of time, and each cohort's spells of them; no milestone is met or missed here."""
    parts = segments_of(CaseEvents(times.log, times.pathway, times))
    found = times.log.session.collect(parts.sort("case_id", "from_us"))
    case = pd.Index(rows.case_id).get_indexer(pd.Index(found["case_id"]))
    state = pd.Index(CATEGORIES).get_indexer(pd.Index(found["category"]))
    begin, until = (found[name].to_numpy(dtype=np.float64) / DAY_US for name in ("from_us", "to_us"))
    spells = []
    for cohort in pair.cohorts:
        places = np.full(rows.n, -1, np.int64)
        places[cohort.place] = np.arange(cohort.n)
        own = (case >= 0) & (places[case] >= 0)
        spells.append(Spells(places[case[own]], state[own], begin[own], until[own]))
    return list(CATEGORIES), spells, Table("milestones", _COLUMNS, (), counts=_COLUMNS[2:])
