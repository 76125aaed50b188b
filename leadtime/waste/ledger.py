"""The waste ledger: what each case lost, measure by measure, and all cases together, by cohort.

Source: DEFINITIONS 4.7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.errors import UsageError, checks_arguments
from leadtime.flow import FlowTable
from leadtime.log import EventLog
from leadtime.pathway import Pathway
from leadtime.results import SCHEMA_VERSION, Finding, InEngine, Result, Table
from leadtime.waste.assessments import in_series, repeated
from leadtime.waste.declarations import COMPUTED, Figure, Measure, chosen, state
from leadtime.waste.episodes import apart, without_coordinator
from leadtime.waste.events import CaseEvents, Frame
from leadtime.waste.first_units import external_rank, first_contacts, first_unit, places, retellings, team_entry
from leadtime.waste.referrals import bounces, closed_without_action, feedback, handling
from leadtime.waste.summary import summarised
from leadtime.waste.visits import tied_visits
from leadtime.waste.waiting import before_help, between_contacts, forms, unsupported, waits

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["WasteLedger", "waste"]


@dataclass(frozen=True, eq=False)
class WasteLedger(Result, InEngine):
    """The waste of every case and of all together; lazy until asked for.

    `measures` are the declarations of what was asked for; `states` says of each code whether it is "computed", or why not.
    """

    measures: tuple[Measure, ...]
    states: Mapping[str, str]
    cases: FlowTable
    by: str | None
    _base: CaseEvents

    @property
    def computed(self) -> tuple[Measure, ...]:
        """The measures that the log has the columns for."""
        return tuple(measure for measure in self.measures if self.states[measure.code] == COMPUTED)

    @cached_property
    def summary(self) -> Table:
        """A row for each figure, and each cohort where `by` is given; a measure that isn't computable has a row that says why.

        `counted` are the cases in which the figure is defined, `affected` those where it is above 0. Where a case may still wait for
        what the figure counts to, `open` says in how many that is so, and median and p90 are Kaplan-Meier's with these censored.
        """
        return summarised(self.measures, self.states, self.cases.frame, self._base, self.by)

    @cached_property
    def waits(self) -> FlowTable:
        """W1 for each transition between contacts: `source, target, n, cases, mean_days, median_days, p90_days, total_days`."""
        return _waits(self._base)

    @cached_property
    def notes(self) -> tuple[Finding, ...]:
        """What the figures depend on beyond the definitions: contacts at the same time, whose order is that of the rows."""
        tied = tied_visits(self._base)
        text = f"contacts at the very time of the one before, so that their order is that of the rows: {tied}"
        return (Finding("tied-order", "note", tied, text),) if tied else ()

    def to_pandas(self) -> pd.DataFrame:
        """Gives a row a case, sorted by case id, with the figures of every measure; one that isn't computable is empty."""
        return self.cases.to_pandas()

    def _table(self) -> Table:
        return self.summary

    def to_dict(self) -> dict[str, Any]:
        """Gives the states, the summary and the notes as plain values; the cases are in `cases`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "states": dict(self.states),
            "summary": self.summary.records(),
            "notes": [note.to_dict() for note in self.notes],
        }


@checks_arguments
def waste(
    log: EventLog,
    pathway: Pathway | None,
    *,
    measures: Sequence[str] | None = None,
    by: str | None = None,
    feedback_within_days: int = 30,
    repeated_within_months: float = 12,
) -> WasteLedger:
    """Names and counts the waste in the window of every case: W1 to W18.

    Each measure needs its columns; without them it answers `not computable: no column 'unit'`, never 0. The column 'kind' may be what
    the pathway declares of activities instead, and 'end' its minutes. The rows of a joint meeting are one contact at one place.
    Only attended contacts count, where attendance is noted.

    Args:
        log: the events.
        pathway: the clock, and the kinds of activities; None takes each case from its first start to its latest end.
        measures: the codes asked for, such as ``["W1", "W3"]``; all where not given.
        by: a case attribute to summarise by.
        feedback_within_days: how soon after the last step feedback must come (W13).
        repeated_within_months: how long an assessment lasts before it may be made again (W18), months of 30.4375 days.

    Returns:
        `.cases`, a row a case with a column for each figure, its unit in its name; `.summary` by cohort; `.states` by code; `.waits`
        for each transition; `.notes`.

    Raises:
        UsageError: a measure isn't known, or a limit isn't above 0.
        PathwayError: the start milestone occurs in no case, or the declared order of assessments runs in a circle.
        InputError: there is no attribute `by`.

    Source:
        DEFINITIONS 4.7.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({
    ...     "case_id": ["a"] * 4, "activity": ["Detected", "Visit", "Visit", "Diagnosis"], "unit": ["BVC", "BUP", "Speech", "BUP"],
    ...     "start": ["2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01"]}))
    >>> pathway = lt.read_pathway({"name": "x", "start": "detection", "stop": "diagnosis", "milestones": {
    ...     "detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}}})
    >>> ledger = lt.waste(log, pathway, measures=["W1", "W3", "W4"])
    >>> ledger.states["W4"]
    "not computable: no column 'place'"
    >>> ledger.to_pandas()[["w1_waiting_days", "w3_retellings"]].values.tolist()
    [[91.0, 2.0]]
    """
    for name, limit in (("feedback_within_days", feedback_within_days), ("repeated_within_months", repeated_within_months)):
        if not limit > 0:
            raise UsageError(f"{name}={limit!r} isn't allowed; give a number above 0")
    asked = chosen((measures,) if isinstance(measures, str) else None if measures is None else tuple(measures))
    base = CaseEvents.of(log, pathway)
    if by is not None:
        base.times.require_attribute(by)
    states = {measure.code: state(measure, base) for measure in asked}
    made = _makers(base, feedback_within_days=feedback_within_days, repeated_within_months=repeated_within_months)
    # All are computed before any is joined: the engine reads a chain that waits anew whenever a table is made.
    parts = [log.session.materialise(made[measure.code]()) for measure in asked if states[measure.code] == COMPUTED]
    frame = base.windows.select("case_id")
    for part in parts:
        frame = frame.join(part, on="case_id", how="left")
    figures = [_figure(figure, computed=states[measure.code] == COMPUTED) for measure in asked for figure in measure.figures]
    table = log.session.materialise(frame.select("case_id", *figures))
    cases = FlowTable(name="waste", frame=table, order=("case_id",), descending=(False,), log=log)
    return WasteLedger(asked, MappingProxyType(states), cases, by, base)


def _makers(base: CaseEvents, *, feedback_within_days: int, repeated_within_months: float) -> dict[str, Callable[[], Frame]]:
    """What computes each measure: a row a case, with times in microseconds."""
    return {
        "W1": lambda: between_contacts(base),
        "W2": lambda: before_help(base),
        "W3": lambda: retellings(base),
        "W4": lambda: places(base),
        "W5": lambda: bounces(base),
        "W6": lambda: apart(base),
        "W7": lambda: in_series(base),
        "W8": lambda: first_unit(base),
        "W9": lambda: external_rank(base),
        "W10": lambda: forms(base),
        "W11": lambda: handling(base),
        "W12": lambda: without_coordinator(base),
        "W13": lambda: feedback(base, within_days=feedback_within_days),
        "W14": lambda: team_entry(base),
        "W15": lambda: unsupported(base),
        "W16": lambda: closed_without_action(base),
        "W17": lambda: first_contacts(base),
        "W18": lambda: repeated(base, within_months=repeated_within_months),
    }


def _figure(figure: Figure, *, computed: bool) -> nw.Expr:
    """A figure's column in its unit; empty where its measure isn't computable."""
    if not computed:
        return nw.lit(None, dtype=nw.Int64 if figure.unit == "count" else nw.Float64).alias(figure.name)
    value = nw.col(figure.name) if figure.empty is None else nw.coalesce(figure.name, nw.lit(figure.empty))
    if figure.unit == "days":
        return (value.cast(nw.Float64) / DAY_US).alias(figure.name)
    return value.cast(nw.Int64 if figure.unit == "count" else nw.Float64).alias(figure.name)


def _waits(base: CaseEvents) -> FlowTable:
    days = nw.col("waiting_us").cast(nw.Float64) / DAY_US
    summed = waits(base).with_columns(days=days).group_by("source", "target").agg(
        n=nw.len(), cases=nw.col("case_id").n_unique(), mean_days=nw.col("days").mean(), median_days=nw.col("days").median(),
        p90_days=nw.col("days").quantile(0.9, interpolation="linear"), total_days=nw.col("waiting_us").sum().cast(nw.Float64) / DAY_US,
    )  # fmt: skip
    return FlowTable(name="waits", frame=summed, order=("total_days", "source", "target"), descending=(True, False, False), log=base.log)
