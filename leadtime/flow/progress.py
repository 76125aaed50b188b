"""How many cases are open, and for how long: work in progress period by period, cumulative flow, and the age of open cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import narwhals as nw

from leadtime.cases import LeadTimes, lead_times
from leadtime.cases.clock import DAY_US, Bound, bound_of
from leadtime.errors import NotEstimable, UsageError, checks_arguments
from leadtime.flow.milestones import between, milestone_times, reached_by, timed_pathway
from leadtime.flow.periods import Every, Period, period_table, periods
from leadtime.flow.steps import axis, following, in_order
from leadtime.flow.table import FlowTable, Frame
from leadtime.log import EventLog, Moment
from leadtime.results import Result, Table, Value

if TYPE_CHECKING:
    import pandas as pd

    from leadtime.pathway import Pathway

__all__ = ["WorkInProgress", "ageing", "cumulative_flow", "work_in_progress"]

_COLUMNS = (
    "period", "until", "days", "open", "arrivals", "completions", "left", "lost", "mean_open", "mean_age_days", "median_age_days",
    "p90_age_days", "silent",
)  # fmt: skip
_COUNTS = ("open", "arrivals", "completions", "left", "lost", "silent")


@dataclass(frozen=True)
class WorkInProgress(Result):
    """Open cases period by period; a row for each in `periods`.

    `open` is open before + `arrivals` - `completions` - `left` - `lost`, counted at the end of the period's last day in the log's
    zone. `silent` are the open cases without any event in the last `silent_after` days.
    """

    every: str
    silent_after: int
    periods: Table

    def _table(self) -> Table:
        return self.periods


@checks_arguments
def work_in_progress(log: EventLog, pathway: Pathway | None = None, *, every: Every = "month", silent_after: int = 90) -> WorkInProgress:
    """Gives how many cases are open at the end of each period, how many came and went, and how old the open ones are.

    A case is open from the day on which its clock starts to that on which it stops or the case leaves; the day itself counts as
    closed. Edges are the local midnights of the log's zone; the last period ends with the observation.

    Args:
        log: the events.
        pathway: what starts and stops the clock; without it a case is open from its first start to its last end.
        every: the period, "day", "week" (from Monday), "month", "quarter" or "year".
        silent_after: from how many days without an event an open case counts as silent.

    Returns:
        Columns `period, until` (its last day), `days, open, arrivals, completions, left, lost` (cases whose own observation ended),
        `mean_open` (over the period's days), `mean_age_days, median_age_days, p90_age_days` (of the open ones, from the start of
        their clock; calendar days where that is a date; empty where none is open), `silent`. A case counts from its start also
        where its observation began later.

    Raises:
        UsageError: `every` or `silent_after` isn't allowed.
        NotEstimable: no case has started.

    Source:
        DESIGN 3; ages as lead times to date, DEFINITIONS 1.2 and 2.2; quantiles of type 7.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "a", "b"], "activity": ["Detected", "Diagnosis", "Detected"],
    ...     "start": ["2020-01-10", "2020-02-20", "2020-01-21"]}), observed_until="2020-02-29")
    >>> pathway = lt.read_pathway({"name": "x", "start": "detection", "stop": "diagnosis", "milestones": {
    ...     "detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}}})
    >>> work = lt.work_in_progress(log, pathway).to_pandas()
    >>> work[["period", "open", "arrivals", "completions", "mean_age_days"]].values.tolist()
    [['2020-01', 2, 2, 0, 15.5], ['2020-02', 1, 0, 1, 39.0]]
    """
    _require_days(silent_after)
    times = lead_times(log, pathway)
    cases, until = _opened(times)
    found = _found_periods(log, cases, until, every)
    edges = period_table(log.session, found)
    parts = (_moves(cases, edges), _aged(cases, edges), _spent(cases, edges), _silent(log, cases, edges, until, silent_after))
    figures = [log.session.collect(part).set_index("place") for part in parts]
    return WorkInProgress(every, silent_after, _rows(found, figures))


def _require_days(silent_after: int) -> None:
    if silent_after < 1:
        raise UsageError(f"silent_after={silent_after} isn't allowed; give a number of days from 1 up")


def _opened(times: LeadTimes) -> tuple[Frame, Bound]:
    """The timed cases with the days on which they come and go, and the end of observation.

    `gone_day` is the first day at whose end the case isn't open any more, after the last of all for those still open.
    """
    log, session = times.log, times.log.session
    timed = times.frame.filter(nw.col("status") != "excluded")
    last = session.collect(timed.select(day=(nw.col("end_wall_us") // DAY_US).max(), n=nw.len())).iloc[0]
    if not int(last["n"]):
        raise NotEstimable("no case has started within the observation, so none is open; check the start milestone")
    moment = times.observed_until or Moment(int(last["day"]) * DAY_US, int(last["day"]) * DAY_US, is_date=True)
    until = bound_of(moment, log.timezone)
    # A case that is last seen on a day is open at its end; seen last at a clock time, it isn't known to be.
    seen = nw.when(nw.col("end_wall_us") % DAY_US == 0).then(nw.col("end_wall_us") // DAY_US + 1).otherwise(nw.col("end_wall_us") // DAY_US)
    waiting = nw.col("status") == "still waiting"
    lost = waiting & (nw.col("end_us") < until.us)
    gone = nw.when(~waiting).then(nw.col("end_wall_us") // DAY_US).when(lost).then(seen).otherwise(nw.lit(until.day + 1))
    how = nw.when(lost).then(nw.lit("lost")).otherwise(nw.col("status"))
    cases = timed.select(
        "case_id", "start_us", "start_wall_us", "start_is_date", came_day=nw.col("start_wall_us") // DAY_US, gone_day=gone, how=how
    )
    return session.materialise(cases), until


def _found_periods(log: EventLog, cases: Frame, until: Bound, every: Every) -> tuple[Period, ...]:
    first = log.session.collect(cases.select(day=nw.col("came_day").min()))["day"].iloc[0]
    return periods(log, int(first), until, every)


def _moves(cases: Frame, edges: Frame) -> Frame:
    """Who came and who went in each period."""
    came = cases.select(day=nw.col("came_day"), how=nw.lit("arrivals"))
    gone = cases.select(day=nw.col("gone_day"), how=nw.col("how"))
    days = nw.concat([came, gone], how="vertical").group_by("day", "how").agg(n=nw.len())
    inside = days.join(edges, how="cross").filter(nw.col("day") >= nw.col("first_day"), nw.col("day") <= nw.col("last_day"))
    names = {"arrivals": "arrivals", "completions": "stopped", "left": "left", "lost": "lost"}
    counts = {name: nw.when(nw.col("how") == how).then(nw.col("n")).otherwise(nw.lit(0)).sum() for name, how in names.items()}
    return inside.group_by("place").agg(**counts)


def _aged(cases: Frame, edges: Frame) -> Frame:
    """How many are open at the end of each period, and how old they are."""
    held = (nw.col("came_day") <= nw.col("last_day")) & (nw.col("gone_day") > nw.col("last_day"))
    by_day = (nw.col("last_day") - nw.col("came_day")) * DAY_US
    age = nw.when(nw.col("start_is_date")).then(by_day).otherwise(nw.col("ends_us") - nw.col("start_us"))
    open_cases = cases.join(edges, how="cross").filter(held).select("place", age=age)
    aged = nw.col("age")
    return open_cases.group_by("place").agg(
        open=nw.len(),
        mean_age_days=aged.mean() / DAY_US,
        median_age_days=aged.median() / DAY_US,
        p90_age_days=aged.quantile(0.9, interpolation="linear") / DAY_US,
    )


def _spent(cases: Frame, edges: Frame) -> Frame:
    """How many days all cases together were open in each period, from the day they came to the day they went."""
    touching = cases.join(edges, how="cross").filter(nw.col("came_day") <= nw.col("last_day"), nw.col("gone_day") >= nw.col("first_day"))
    shared = nw.min_horizontal(nw.col("gone_day"), nw.col("last_day") + 1) - nw.max_horizontal("came_day", "first_day")
    return touching.select("place", shared=shared).group_by("place").agg(open_days=nw.col("shared").sum())


def _silent(log: EventLog, cases: Frame, edges: Frame, until: Bound, silent_after: int) -> Frame:
    """How many of the open cases have been silent for so many days at the end of each period.

    After each event a case is silent from so many days after the latest end so far, until the next event or the end of the case.
    """
    events = axis(log)
    quiet = events.select(
        "case_id",
        silent_day=in_order(nw.col("end_wall_us").cum_max()) // DAY_US + silent_after,
        next_day=following("start_wall_us") // DAY_US,
    )
    spans = quiet.join(cases.select("case_id", "came_day", "gone_day"), on="case_id", how="inner").select(
        from_day=nw.max_horizontal("silent_day", "came_day"),
        until_day=nw.min_horizontal(nw.coalesce("next_day", nw.lit(until.day + 1)), nw.col("gone_day")),
    )
    long = spans.filter(nw.col("from_day") < nw.col("until_day"))
    at_edge = (nw.col("from_day") <= nw.col("last_day")) & (nw.col("until_day") > nw.col("last_day"))
    return long.join(edges, how="cross").filter(at_edge).group_by("place").agg(silent=nw.len())


def _rows(found: tuple[Period, ...], figures: list[pd.DataFrame]) -> Table:
    """The figures of every period side by side; a period that one of them lacks has none of it."""
    moves, aged, spent, silent = figures
    rows: list[tuple[Value, ...]] = []
    for place, period in enumerate(found):
        counts = {name: int(moves[name].get(place, 0)) for name in ("arrivals", "completions", "left", "lost")}
        ages = [float(aged[name][place]) if place in aged.index else None for name in _COLUMNS[9:12]]
        held = int(aged["open"].get(place, 0))
        mean_open = float(spent["open_days"].get(place, 0)) / period.days
        last_date = period.last_date.isoformat()
        rows.append((period.name, last_date, period.days, held, *counts.values(), mean_open, *ages, int(silent["silent"].get(place, 0))))
    return Table("work_in_progress", _COLUMNS, tuple(rows), counts=_COUNTS)


@checks_arguments
def cumulative_flow(log: EventLog, pathway: Pathway, *, every: Every = "month") -> Table:
    """Gives how many cases have reached each milestone, or a later one, by the end of each period.

    Args:
        log: the events.
        pathway: its milestones in their `order` (else as they are declared); the stops together are the last.
        every: the period, as in `work_in_progress`.

    Returns:
        Columns `period, until, milestone, cases`: for each period the milestones in order, so that no count is above the one before
        it and none falls from one period to the next. Cases that left have reached what they had reached.

    Raises:
        UsageError: there is no pathway, or `every` isn't allowed.

    Source:
        DEFINITIONS 4.8 (a milestone counts as reached once it or a later one has occurred).

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "a", "b"], "activity": ["Detected", "Diagnosis", "Detected"],
    ...     "start": ["2020-01-10", "2020-02-20", "2020-01-21"]}), observed_until="2020-02-29")
    >>> pathway = lt.read_pathway({"name": "x", "start": "detection", "stop": "diagnosis", "milestones": {
    ...     "detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}}})
    >>> lt.cumulative_flow(log, pathway).rows[-2:]
    (('2020-02', '2020-02-29', 'detection', 2), ('2020-02', '2020-02-29', 'diagnosis', 1))
    """
    times = lead_times(log, pathway)
    names = (timed_pathway(times, "cumulative flow").start, *between(pathway), "/".join(pathway.stop))
    cases, until = _opened(times)
    found = _found_periods(log, cases, until, every)
    reached = milestone_times(times).with_columns(**reached_by(len(names) - 2))
    days = {f"day_{place}": _day_of(f"reached_{place}") for place in range(len(names) - 1)}
    rows = log.session.materialise(reached.select(day_start=nw.col("start_wall_us") // DAY_US, **days))
    edges = period_table(log.session, found)
    counts: list[dict[int, int]] = []
    for column in ("day_start", *days):
        arrived = rows.filter(~nw.col(column).is_null()).group_by(column).agg(n=nw.len()).join(edges, how="cross")
        by_then = arrived.filter(nw.col(column) <= nw.col("last_day")).group_by("place").agg(n=nw.col("n").sum())
        counts.append({int(place): int(n) for place, n in log.session.collect(by_then).itertuples(index=False)})
    table = tuple(
        (period.name, period.last_date.isoformat(), name, counts[order].get(place, 0))
        for place, period in enumerate(found)
        for order, name in enumerate(names)
    )
    return Table("cumulative_flow", ("period", "until", "milestone", "cases"), table, counts=("cases",))


def _day_of(reached: str) -> nw.Expr:
    """The local day on which a case reached something, so many microseconds after its start; by the clock of the stop where it stopped."""
    return (
        nw.when(nw.col(reached) == nw.col("lead_us"))
        .then(nw.col("end_wall_us") // DAY_US)
        .otherwise((nw.col("start_wall_us") + nw.col(reached)) // DAY_US)
    )


@checks_arguments
def ageing(log: EventLog, pathway: Pathway, *, silent_after: int = 90) -> FlowTable:
    """Gives the cases that are open at the end of the observation: how old they are, how far they have come, how long they are silent.

    Args:
        log: the events.
        pathway: what starts and stops the clock.
        silent_after: from how many days without an event a case counts as silent.

    Returns:
        Columns `case_id, age_days, milestone` (the furthest reached), `milestone_days` (since then), `last_activity, silent_days`
        (whole days since the latest end of an event), `silent`, the oldest first.

    Raises:
        UsageError: there is no pathway, or `silent_after` isn't allowed.

    Source:
        DEFINITIONS 2.2 (open cases), 4.8 (milestones).

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "a"], "activity": ["Detected", "Visit"],
    ...     "start": ["2020-01-10", "2020-02-20"]}), observed_until="2020-02-29")
    >>> pathway = lt.read_pathway({"name": "x", "start": "detection", "stop": "diagnosis", "milestones": {
    ...     "detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}}})
    >>> print(lt.ageing(log, pathway, silent_after=5))
    case_id  age_days  milestone  milestone_days  last_activity  silent_days  silent
    a              50  detection              50  Visit                    9     yes
    """
    _require_days(silent_after)
    times = lead_times(log, pathway)
    names = (timed_pathway(times, "the age of open cases").start, *between(pathway))
    _, until = _opened(times)
    waiting = milestone_times(times).filter(nw.col("status") == "still waiting", nw.col("end_us") >= until.us)
    furthest, since = nw.lit(names[0]), nw.lit(0)
    for place, name in enumerate(names[1:]):  # the later wins
        here = ~nw.col(f"at_{place}").is_null()
        furthest = nw.when(here).then(nw.lit(name)).otherwise(furthest)
        since = nw.when(here).then(nw.col(f"at_{place}")).otherwise(since)
    heard = axis(log).with_columns(reached=in_order(nw.col("end_wall_us").cum_max()), after=following("start_us"))
    latest = heard.filter(nw.col("after").is_null()).select("case_id", last_activity="activity", heard_us="reached")
    silent_days = nw.lit(until.day) - nw.col("heard_us") // DAY_US
    table = (
        waiting.join(latest, on="case_id", how="left")
        .with_columns(milestone=furthest, since=since, silent_days=nw.max_horizontal(silent_days, nw.lit(0)))
        .select(
            "case_id",
            (nw.col("lead_us") / DAY_US).alias("age_days"),
            "milestone",
            ((nw.col("lead_us") - nw.col("since")) / DAY_US).alias("milestone_days"),
            "last_activity",
            "silent_days",
            (nw.col("silent_days") >= silent_after).alias("silent"),
        )
    )
    return FlowTable("ageing", table, ("age_days", "case_id"), (True, False), log)
