"""What-if: each case's own history again, with some waiting left out; a sum about the past, never a forecast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
import numpy as np
import numpy.typing as npt

from leadtime.cases import lead_times
from leadtime.cases.clock import DAY_US
from leadtime.errors import PathwayError, UsageError, checks_arguments
from leadtime.flow.milestones import timed_pathway
from leadtime.flow.table import Frame
from leadtime.results import Result, Table
from leadtime.valuestream.assumptions import Capped, InParallel, Skipped, Waits, assumptions_of
from leadtime.valuestream.window import history
from leadtime.words import Language, words

if TYPE_CHECKING:
    import pandas as pd

    from leadtime.engine.protocol import Engine
    from leadtime.log import EventLog
    from leadtime.pathway import Pathway

__all__ = ["Saving", "WhatIf", "what_if"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Saving:
    """One assumption in words, the cases it touches, and the days that it saves in each of them."""

    assumption: str
    cases: int
    median_days_saved: float
    mean_days_saved: float
    total_days_saved: float


@dataclass(frozen=True)
class WhatIf(Result):
    """Assumptions ranked by the days that they save in all; a sum about the past of `finished` cases, never a forecast.

    `lead_time_days` is the sum of their lead times; `unfinished` cases are left out, as nobody knows their lead time yet.
    """

    savings: tuple[Saving, ...]
    finished: int
    unfinished: int
    lead_time_days: float
    seed: int
    language: Language

    @property
    def note(self) -> str:
        """What the figures are, in words."""
        text = words(self.language)
        counts = {"finished": text.count("unit.case", self.finished), "unfinished": text.count("unit.case", self.unfinished)}
        return text.say("what_if.note", counts)

    def _table(self) -> Table:
        columns = ("assumption", "cases", "median_days_saved", "mean_days_saved", "total_days_saved", "share_of_lead_time")
        rows = tuple(
            (row.assumption, row.cases, row.median_days_saved, row.mean_days_saved, row.total_days_saved, self._share(row))
            for row in self.savings
        )
        return Table("what_if", columns, rows, counts=("cases",), note=self.note)

    def _share(self, row: Saving) -> float | None:
        return row.total_days_saved / self.lead_time_days if self.lead_time_days else None

    def __str__(self) -> str:
        return f"{self._table()}\n\n{self.note}"


@checks_arguments
def what_if(
    log: EventLog,
    pathway: Pathway,
    *,
    remove: Waits | Iterable[Waits] | None = None,
    cap: float | Mapping[Waits, float] | None = None,
    parallel: Literal[True] | Sequence[str] | Sequence[Sequence[str]] | None = None,
    skip: str | Iterable[str] | Mapping[str, float] | None = None,
    seed: int = 0,
    language: Language = "en",
) -> WhatIf:
    """Recomputes each finished case's own history with some waiting left out, and ranks what that would have saved.

    Every assumption is taken by itself, and all else stays as it was: what comes after moves up by as many days. It is a sum about
    these cases, not a forecast: shorter queues in one place may be longer ones in another.

    Args:
        log: the events.
        pathway: what starts and stops the clock; only what lies between is counted.
        remove: waiting that falls away: a transition as ("source", "target"), an activity (all waiting before it), or several of them.
        cap: days that waiting lasts at most: a number for all waiting, or {transition or activity: days}.
        parallel: activities that all begin when the first of them did, two or more, or several such groups; True takes the
            assessments that the pathway declares. What must come `after` another by the pathway still does; the time from the first
            begin to the last end becomes the critical path of their own lengths, each from its first visit to the end of its last, and
            what lies between moves along.
        skip: activities that fall away, with the waiting before them: a name, names, or {name: share of the cases that have it}.
        seed: for which cases a share is drawn.
        language: of the assumptions.

    Returns:
        Columns `assumption, cases` (that it touches), `median_days_saved, mean_days_saved` (over those cases), `total_days_saved,
        share_of_lead_time` (of all finished cases), the greatest total first; nothing given: one row that saves nothing.

    Raises:
        UsageError: an activity isn't in the log, or an amount isn't allowed.
        PathwayError: the activities to run in parallel wait for one another in a circle.

    Source:
        DESIGN 3; waiting as in DEFINITIONS 4.4, windows as in 4.1, critical path as in 4.7 (W7).

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a"] * 3 + ["b"] * 3, "activity": ["Detected", "Visit", "Diagnosis"] * 2,
    ...     "start": ["2020-01-01", "2020-01-31", "2020-02-10", "2020-01-01", "2020-01-11", "2020-01-31"]}))
    >>> pathway = lt.read_pathway({"name": "x", "start": "detection", "stop": "diagnosis", "milestones": {
    ...     "detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}}})
    >>> table = lt.what_if(log, pathway, remove=("Detected", "Visit"), cap={"Diagnosis": 15}).to_pandas()
    >>> table.iloc[:, :4].values.tolist()
    [['no waiting from Detected to Visit', 2, 20.0, 20.0], ['at most 15 days of waiting before Diagnosis', 2, 2.5, 2.5]]
    """
    if seed < 0:
        raise UsageError(f"seed={seed} isn't allowed; give a whole number from 0 up")
    text = words(language)
    times = lead_times(log, pathway)
    timed_pathway(times, "what_if")
    chosen = assumptions_of(log.activities, pathway, remove=remove, cap=cap, parallel=parallel, skip=skip)
    session = log.session
    counted = session.collect(times.frame.group_by("status").agg(n=nw.len(), us=nw.col("lead_us").sum())).set_index("status")
    finished = int(counted["n"].get("stopped", 0))
    days = float(counted["us"].get("stopped", 0)) / DAY_US
    unfinished = sum(int(counted["n"].get(status, 0)) for status in ("still waiting", "left"))
    generator = np.random.default_rng(seed)
    if chosen:
        events = session.materialise(history(times))
        savings = [_summed(assumption.said(text), _saved(assumption, events, session, generator)) for assumption in chosen]
    else:
        savings = [Saving(text.say("what_if.nothing"), finished, 0.0, 0.0, 0.0)]
    savings.sort(key=lambda row: (-row.total_days_saved, row.assumption))
    return WhatIf(tuple(savings), finished, unfinished, days, seed, language)


def _saved(assumption: Capped | Skipped | InParallel, events: Frame, session: Engine, generator: np.random.Generator) -> Floats:
    """The days saved in each case that the assumption touches."""
    if isinstance(assumption, InParallel):
        return _in_parallel(assumption, events, session)
    summed = events.filter(assumption.touched).with_columns(saved=assumption.saved_us).group_by("case_id").agg(saved=nw.col("saved").sum())
    days: Floats = session.collect(summed.sort("case_id"))["saved"].to_numpy(dtype=np.float64) / DAY_US
    if isinstance(assumption, Skipped) and assumption.share < 1:
        # Which cases skip it is drawn, as the log can't tell; in order of case id, so that the draw hangs on the seed alone.
        days = days[generator.permutation(days.size)[: round(assumption.share * days.size)]]
    return days


def _summed(said: str, days: Floats) -> Saving:
    if not days.size:
        return Saving(said, 0, 0.0, 0.0, 0.0)
    return Saving(said, int(days.size), float(np.median(days)), float(days.mean()), float(days.sum()))


def _in_parallel(assumption: InParallel, events: Frame, session: Engine) -> Floats:
    """From first begin to last end, less the critical path, in every case that has two or more of the activities."""
    own = events.filter(nw.col("activity").is_in(list(assumption.activities)))
    spans = own.group_by("case_id", "activity").agg(begin=nw.col("begin").min(), until=nw.col("until").max())
    found = session.collect(spans.with_columns(length=nw.col("until") - nw.col("begin")).sort("case_id", "activity"))
    whole = found.groupby("case_id", sort=True).agg(begin=("begin", "min"), until=("until", "max"), several=("activity", "size"))
    lengths = found.pivot_table(index="case_id", columns="activity", values="length", aggfunc="sum")
    serial = (whole["until"] - whole["begin"]).to_numpy(dtype=np.float64)
    saved = (serial - _critical(lengths, assumption)) / DAY_US
    kept: Floats = np.maximum(saved, 0.0)[(whole["several"] > 1).to_numpy()]
    return kept


def _critical(lengths: pd.DataFrame, assumption: InParallel) -> Floats:
    """The longest chain of the activities' own lengths, each after those that must come before it; a column an activity."""
    after = dict(assumption.after)
    done: dict[str, Any] = {}
    waiting = list(assumption.activities)
    while waiting:
        ready = [name for name in waiting if all(other in done for other in after.get(name, ()))]
        if not ready:
            raise PathwayError(f"activities: {', '.join(waiting)} wait for one another in a circle; mend their 'after'")
        for name in ready:
            begun = np.max([np.zeros(len(lengths)), *(done[other] for other in after.get(name, ()))], axis=0)
            own = lengths[name].fillna(0).to_numpy(dtype=np.float64) if name in lengths.columns else np.zeros(len(lengths))
            done[name] = begun + own
            waiting.remove(name)
    critical: Floats = np.max(list(done.values()), axis=0)
    return critical
