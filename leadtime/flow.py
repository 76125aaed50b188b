"""How cases move: transitions, profiles, variants and a summary by cohort; all computed in the engine.

Source: DEFINITIONS 4.4 (waiting of a transition), 4.5 (hand-overs), 4.6 (rework).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw

from leadtime.cases import LeadTimes
from leadtime.cases.clock import DAY_US, bound_of
from leadtime.errors import InputError, UsageError
from leadtime.log import EventLog
from leadtime.results import Result, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FlowTable", "case_profile", "cohort_summary", "transitions", "variants"]

Frame = nw.LazyFrame[Any]
_ORDER = ("begin", "until", "row")


@dataclass(frozen=True, eq=False)
class FlowTable(Result):
    """A result table that stays in the engine until asked for."""

    name: str
    frame: Frame
    order: tuple[str, ...]
    descending: tuple[bool, ...]
    log: EventLog

    def to_pandas(self) -> pd.DataFrame:
        """Gives the table as a pandas frame, in its declared order."""
        frame: pd.DataFrame = self.log.session.collect(self.frame.sort(*self.order, descending=list(self.descending)))
        return frame.reset_index(drop=True)

    def write_parquet(self, path: str) -> None:
        """Writes the table to a Parquet file without passing through Python."""
        self.log.session.write_parquet(self.frame.sort(*self.order, descending=list(self.descending)), path)

    def _table(self) -> Table:
        frame = self.to_pandas()
        cells = frame.astype(object).where(frame.notna(), None)
        return Table(self.name, tuple(frame.columns), tuple(cells.itertuples(index=False, name=None)))

    def to_dict(self) -> dict[str, Any]:
        """Gives the rows as plain values."""
        return {"schema_version": 1, "name": self.name, "rows": self._table().records()}


def _axis(log: EventLog) -> Frame:
    """The observed events with `begin` and `until` on one axis a case: instants, or the local clock where the case has a date."""
    frame = log.frame
    if log.observed_until is not None:
        frame = frame.filter(bound_of(log.observed_until, log.timezone).holds("start"))
    if log.precision == "clock":
        return frame.with_columns(begin=nw.col("start_us"), until=nw.col("end_us"))
    if log.precision == "date":
        return frame.with_columns(begin=nw.col("start_wall_us"), until=nw.col("end_wall_us"))
    dated = (nw.col("start_is_date") | nw.col("end_is_date")).cast(nw.Int8).max().over("case_id") > 0
    return frame.with_columns(dated=dated).with_columns(
        begin=nw.when(nw.col("dated")).then(nw.col("start_wall_us")).otherwise(nw.col("start_us")),
        until=nw.when(nw.col("dated")).then(nw.col("end_wall_us")).otherwise(nw.col("end_us")),
    )


def _steps(log: EventLog, by: str) -> Frame:
    """Each event with the one after it in its case, and the waiting between: next start - latest end so far, never below 0.

    Looking ahead keeps all in one pass over the sorted events: the latest end so far and the next start stand in the same row.
    The events of `by="activity"` carry their unit, and whether it hands over to the next.
    """

    def make() -> Frame:
        events = _axis(log)
        reached = _in_order(nw.col("until").cum_max())
        gap = _next("begin") - reached
        if by != "activity":
            # The latest end so far is that of any event, also of one that has no unit; so it is found before those are left out.
            events = events.with_columns(reached=reached).with_columns(idle=nw.col("begin") - _in_order(nw.col("reached").shift(1)))
            events, gap = events.filter(~nw.col(by).is_null()), _next("idle")
        carried: list[str | nw.Expr] = ["unit", _handed_over("unit")] if by == "activity" and _units_apart(log) else []
        return events.select(
            "case_id", "begin", "until", nw.col(by).alias("source"), _next(by).alias("target"),
            nw.max_horizontal(gap, nw.lit(0)).alias("waiting_us"), *carried,
        )  # fmt: skip

    return log.shared(f"steps:{by}", make)


def _in_order(expression: nw.Expr) -> nw.Expr:
    return expression.over("case_id", order_by=_ORDER)


def _next(name: str) -> nw.Expr:
    """The column's value in the next event of the case, null in the last one."""
    return _in_order(nw.col(name).shift(-1))


def _handed_over(name: str) -> nw.Expr:
    """Whether the next event has another unit than the latest event so far that has one."""
    latest = _in_order(nw.col(name).fill_null(strategy="forward"))
    return (_next(name) != latest).cast(nw.Int64).alias("hand_over")


def _units_apart(log: EventLog) -> bool:
    """Whether every event is a visit of its own to its unit; in a log with meetings several events may be one."""
    return "unit" in log.columns and "meeting_id" not in log.columns


def transitions(log: EventLog, *, by: Literal["activity", "unit", "organisation", "place"] = "activity") -> FlowTable:
    """Gives every transition between consecutive events of a case, with the waiting between them.

    Args:
        log: the events.
        by: what is passed between.

    Returns:
        Columns `source, target, n, cases, mean_days, median_days, p90_days, total_days, share`, most frequent first. Waiting is the
        next start less the latest end so far in the case, never below 0; `share` is the transition's part of all waiting.

    Raises:
        InputError: the log has no such column.

    Source:
        DEFINITIONS 4.4.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "a", "b", "b"], "activity": ["Referral", "Visit"] * 2,
    ...                                 "start": ["2020-01-01", "2020-01-11", "2020-02-01", "2020-02-05"]}))
    >>> print(lt.transitions(log))
    source    target  n  cases  mean_days  median_days  p90_days  total_days  share
    Referral  Visit   2      2          7            7       9.4          14      1
    """
    if by not in ("activity", "unit", "organisation", "place"):
        raise UsageError(f"by={by!r} isn't allowed; use 'activity', 'unit', 'organisation' or 'place'")
    if by not in log.columns:
        raise InputError(f"transitions by {by} aren't computable: no column '{by}'")
    steps = _steps(log, by).filter(~nw.col("target").is_null())
    waiting = nw.col("waiting_us")
    summed = steps.group_by("source", "target").agg(
        n=nw.len(),
        cases=nw.col("case_id").n_unique(),
        mean_us=waiting.mean(),
        median_us=waiting.median(),
        p90_us=waiting.quantile(0.9, interpolation="linear"),
        total_us=waiting.sum(),
    )
    everything = nw.col("total_us").sum()
    shared = summed.with_columns(share=_ratio(nw.col("total_us").cast(nw.Float64), everything))
    names = ("mean", "median", "p90", "total")
    days = shared.with_columns(**{f"{name}_days": nw.col(f"{name}_us").cast(nw.Float64) / DAY_US for name in names})
    table = days.select("source", "target", "n", "cases", *(f"{name}_days" for name in names), "share")
    return FlowTable("transitions", table, ("n", "source", "target"), (True, False, False), log)


def _ratio(part: nw.Expr, whole: nw.Expr) -> nw.Expr:
    return nw.when(whole > 0).then(part / whole).otherwise(nw.lit(None, dtype=nw.Float64))


def case_profile(log: EventLog) -> FlowTable:
    """Gives one row a case: its events, units, repeats, and how its time splits into busy and waiting.

    Args:
        log: the events.

    Returns:
        Columns `case_id, events, hand_overs, units, repeats, waiting_days, busy_days, flow_efficiency`. Busy is the union of the
        events' intervals; `flow_efficiency` is busy / (busy + waiting), empty where both are 0. `hand_overs` and `units` are empty
        in a log without units.

    Source:
        DEFINITIONS 4.4 (waiting), 4.5 (hand-over), 4.6 (repeats).

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a"] * 3, "activity": ["Visit", "Visit", "Plan"], "unit": ["BVC", "BUP", "BUP"],
    ...                                 "start": ["2020-01-01", "2020-01-11", "2020-02-01"]}))
    >>> lt.case_profile(log).to_pandas()[["events", "hand_overs", "units", "repeats", "waiting_days"]].values.tolist()
    [[3.0, 1.0, 2.0, 1.0, 31.0]]
    """
    apart = _units_apart(log)
    figures = {
        "events": nw.len(),
        "activities": nw.col("source").n_unique(),
        "waiting_us": nw.col("waiting_us").sum(),
        "first": nw.col("begin").min(),
        "last": nw.col("until").max(),
    }
    if apart:
        without = nw.col("unit").is_null().any().cast(nw.Int64)  # counted among the distinct values
        figures |= {"hand_overs": nw.col("hand_over").sum(), "units": nw.col("unit").n_unique() - without}
    grouped = _steps(log, "activity").group_by("case_id").agg(**figures)
    if apart:
        nowhere = nw.col("units") == 0
        grouped = grouped.with_columns(
            hand_overs=nw.when(~nowhere).then(nw.coalesce("hand_overs", nw.lit(0))), units=nw.when(~nowhere).then(nw.col("units"))
        )
    elif "unit" in log.columns:
        grouped = grouped.join(_visits(log), on="case_id", how="left")
    else:
        nothing = nw.lit(None, dtype=nw.Int64)
        grouped = grouped.with_columns(hand_overs=nothing, units=nothing)
    span = nw.col("last") - nw.col("first")
    busy = (span - nw.col("waiting_us")).cast(nw.Float64)
    table = grouped.select(
        "case_id",
        "events",
        "hand_overs",
        "units",
        (nw.col("events") - nw.col("activities")).alias("repeats"),
        (nw.col("waiting_us").cast(nw.Float64) / DAY_US).alias("waiting_days"),
        (busy / DAY_US).alias("busy_days"),
        _ratio(busy, span).alias("flow_efficiency"),
    )
    return FlowTable("case_profile", table, ("case_id",), (False,), log)


def _visits(log: EventLog) -> Frame:
    """Units and hand-overs of every case; events that share a `meeting_id` are one visit of several units."""
    events = _axis(log).filter(~nw.col("unit").is_null())
    alone = nw.concat_str(nw.lit("r"), nw.col("row").cast(nw.String))
    key = nw.when(nw.col("meeting_id").is_null()).then(alone).otherwise(nw.concat_str(nw.lit("m"), nw.col("meeting_id")))
    marked = events.select("case_id", "unit", "begin", "until", "row", key.alias("visit"))
    visits = marked.group_by("case_id", "visit").agg(begin=nw.col("begin").min(), until=nw.col("until").max(), row=nw.col("row").min())
    placed = visits.with_columns(place=nw.col("row").cum_count().over("case_id", order_by=_ORDER)).select("case_id", "visit", "place")
    seen = marked.select("case_id", "visit", "unit").unique().join(placed, on=["case_id", "visit"], how="inner")
    following = seen.select("case_id", "unit", (nw.col("place") - 1).alias("place"))
    met_again = seen.join(following, on=["case_id", "unit", "place"], how="inner").select("case_id", "place").unique()
    kept = met_again.group_by("case_id").agg(kept=nw.len())
    counted = seen.group_by("case_id").agg(visits=nw.col("place").max(), units=nw.col("unit").n_unique())
    together = counted.join(kept, on="case_id", how="left")
    return together.select("case_id", (nw.col("visits") - 1 - nw.coalesce("kept", nw.lit(0))).alias("hand_overs"), "units")


def variants(log: EventLog) -> FlowTable:
    """Gives every distinct order of activities, with its cases and their median time from first start to last end.

    Args:
        log: the events.

    Returns:
        Columns `variant` (activities joined by " > "), `n`, `share`, `median_days`, most frequent first.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "a", "b"], "activity": ["Referral", "Visit", "Referral"],
    ...                                 "start": ["2020-01-01", "2020-01-11", "2020-02-01"]}))
    >>> print(lt.variants(log))
    variant           n  share  median_days
    Referral          1    0.5            0
    Referral > Visit  1    0.5           10
    """
    events = _axis(log).select("case_id", nw.col("activity").alias("variant"), "begin", "until", "row")
    texts = log.session.text_in_order(events, key="case_id", text="variant", order=_ORDER, separator=" > ")
    spans = events.group_by("case_id").agg(span=nw.col("until").max() - nw.col("begin").min())
    joined = texts.join(spans, on="case_id", how="inner")
    counted = joined.group_by("variant").agg(n=nw.len(), median=nw.col("span").median())
    n = nw.col("n")
    table = counted.select("variant", "n", (n / n.sum()).alias("share"), (nw.col("median") / DAY_US).alias("median_days"))
    return FlowTable("variants", table, ("n", "variant"), (True, False), log)


def cohort_summary(times: LeadTimes, *, by: str) -> FlowTable:
    """Gives each cohort's counts, and the exact median, mean and 90th percentile of its completed cases.

    The figures of time are of completed cases only, and so biased where cases are open; `compare` counts the open ones.

    Args:
        times: the result of `lead_times`.
        by: a case attribute.

    Returns:
        Columns `cohort, n, observed, open, left, median_days, mean_days, p90_days`, sorted by cohort; quantiles are linear (type 7).

    Raises:
        InputError: there is no such attribute, or some cases have several values.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "a"], "activity": ["x", "y"], "cohort": ["before", "before"],
    ...                                 "start": ["2020-01-01", "2020-01-11"]}))
    >>> print(lt.cohort_summary(lt.lead_times(log), by="cohort"))
    cohort  n  observed  open  left  median_days  mean_days  p90_days
    before  1         1     0     0           10         10        10
    """
    members = times.members(by).filter(nw.col("status") != "excluded")
    status, lead = nw.col("status"), nw.col("lead_us")
    marked = members.with_columns(
        **{
            name: (status == value).cast(nw.Int64) for name, value in (("observed", "stopped"), ("open", "still waiting"), ("left", "left"))
        },
        done_us=nw.when(status == "stopped").then(lead),
    )
    done = nw.col("done_us")
    summed = marked.group_by("group").agg(
        n=nw.len(),
        observed=nw.col("observed").sum().cast(nw.Int64),
        open=nw.col("open").sum().cast(nw.Int64),
        left=nw.col("left").sum().cast(nw.Int64),
        median_days=done.median(),
        mean_days=done.mean(),
        p90_days=done.quantile(0.9, interpolation="linear"),
    )
    figures = ("median_days", "mean_days", "p90_days")
    table = summed.with_columns(**{name: nw.col(name) / DAY_US for name in figures}).rename({"group": "cohort"})
    return FlowTable("cohort_summary", table.select("cohort", "n", "observed", "open", "left", *figures), ("cohort",), (False,), times.log)
