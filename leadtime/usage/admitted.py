"""Admissions and bed days: how many, how long, and what changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from leadtime import survival
from leadtime.cases.clock import DAY_US
from leadtime.counts.rates import RateRatio, rate, rate_ratio
from leadtime.errors import NotEstimable, UsageError, checks_arguments
from leadtime.flow.steps import in_order
from leadtime.log import EventLog
from leadtime.results import Estimate, Result, Table, Value
from leadtime.survival.limits import z_value
from leadtime.usage.groups import Frame, activities_of, observed
from leadtime.usage.spans import Every, Span, span_table, spans_of

__all__ = ["Admissions", "admissions"]

_YEAR = 365.25


@dataclass(frozen=True, eq=False)
class Admissions(Result):
    """Admissions and bed days by span of time; made by `admissions`.

    With a break, `admission_ratio` and `bed_day_ratio` compare the rates after with those before, persons as clusters.
    """

    spans: tuple[Span, ...]
    table: Table
    admission_ratio: RateRatio | None
    bed_day_ratio: RateRatio | None
    confidence: float
    _bed_days: tuple[np.ndarray, ...]

    def _table(self) -> Table:
        return self.table

    def freed(self, *, unit_cost: float = 1.0) -> Estimate:
        """Gives the bed days that the rate before would have taken after the break, less those taken; times a unit cost.

        It is a difference, not a proof of saving: what else changed is in it, and a bed that is freed isn't yet money.

        Raises:
            NotEstimable: there was no break.
        """
        if len(self.spans) != 2:
            raise NotEstimable("freed bed days need a time before and one after; give break_date")
        before, after = self._bed_days
        scale = self.spans[1].days / self.spans[0].days
        value = float(before.sum()) * scale - float(after.sum())
        error = math.sqrt(float((before**2).sum()) * scale**2 + float((after**2).sum()))
        width = z_value(self.confidence) * error
        limits = (value * unit_cost, (value - width) * unit_cost, (value + width) * unit_cost)
        return Estimate(*limits, error * abs(unit_cost), self.confidence, "clustered", int(before.size + after.size))


@checks_arguments
def admissions(
    log: EventLog,
    *,
    activities: str | Sequence[str],
    break_date: str | None = None,
    every: Every | None = None,
    observed_from: str | None = None,
    merge_within_days: int = 0,
    confidence: float = 0.95,
) -> Admissions:
    """Gives admissions and bed days in a span of time, or before and after a day.

    A stay is an event with start and end; one without an end lasts to the end of observation. Bed days are the nights between its dates, so
    a stay within a day has none, and a stay over the break gives each side its nights. Stays of a case that overlap, or follow within
    `merge_within_days`, are one admission: a transfer is none of its own.

    Args:
        log: the events.
        activities: those that are stays.
        break_date: ISO date; admissions on it or later are "after".
        every: "month", "quarter" or "year", instead of a break.
        observed_from: ISO date from which all stays were recorded; None for the day of the first event.
        merge_within_days: 0 joins a stay that begins on the day on which the one before ends.
        confidence: of the intervals.

    Returns:
        `span, from, until, days, cases, admissions, per_year, lower, upper, bed_days, occupied` (beds on an average night),
        `median_stay_days` (Kaplan-Meier, of those admitted in the span; who is still there counts as longer), `still_there`.

    Raises:
        InputError: an activity isn't in the log.
        UsageError: an option isn't allowed.

    Source: rates as `counts.rate` with persons as clusters, of the catchment's calendar time; nights as in DEFINITIONS 1.2.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "a", "b"], "activity": ["Ward"] * 3,
    ...     "start": ["2020-01-01", "2020-01-10", "2020-02-03"], "end": ["2020-01-05", "2020-01-12", "2020-02-04"]}),
    ...     observed_until="2020-02-29")
    >>> result = lt.admissions(log, activities="Ward", break_date="2020-02-01")
    >>> [(row["span"], row["admissions"], row["bed_days"]) for row in result.table.records()]
    [('before', 2, 6), ('after', 1, 1)]
    """
    if merge_within_days < 0:
        raise UsageError(f"merge_within_days={merge_within_days} isn't allowed; give a whole number from 0 up")
    spans = spans_of(log, observed_from, break_date, every)
    stays = log.session.materialise(_stays(log, activities_of(log, activities), spans[-1].last, merge_within_days))
    per_case = log.session.collect(_per_case(log, stays, spans).sort("span", "case_id"))
    lengths = log.session.collect(stays.sort("case_id", "begin"))
    rows, counts, nights = [], [], []
    for place, span in enumerate(spans):
        own = per_case[per_case["span"] == place]
        counts.append(own.loc[own["admitted"] > 0, "admitted"].to_numpy(dtype=np.int64))
        nights.append(own.loc[own["nights"] > 0, "nights"].to_numpy(dtype=np.float64))
        rows.append(_row(span, own, lengths, counts[-1], confidence))
    ratios: list[RateRatio | None] = [None, None]
    if break_date is not None:
        ratios = [_ratio(pair, spans, confidence) for pair in (counts, nights)]
    columns = (
        "span", "from", "until", "days", "cases", "admissions", "per_year", "lower", "upper", "bed_days", "occupied", "median_stay_days",
        "still_there",
    )  # fmt: skip
    table = Table("admissions", columns, tuple(rows), counts=("cases", "still_there"))
    return Admissions(spans, table, ratios[0], ratios[1], confidence, tuple(nights))


def _stays(log: EventLog, names: list[str], last: int, merge: int) -> Frame:
    """A row an admission: `case_id`, `begin` and `until` as day numbers, and whether it still goes on."""
    day = {side: nw.col(f"{side}_wall_us") // DAY_US for side in ("start", "end")}
    going_on = ~nw.col("end_given") | (day["end"] > last)
    events = observed(log).filter(nw.col("activity").is_in(names)).select(
        "case_id", "row", begin=day["start"], until=nw.when(going_on).then(nw.lit(last + 1)).otherwise(day["end"]),
        still=going_on.cast(nw.Int64),
    )  # fmt: skip
    reached = events.with_columns(reached=in_order(nw.col("until").cum_max())).with_columns(before=in_order(nw.col("reached").shift(1)))
    fresh = nw.col("before").is_null() | (nw.col("begin") > nw.col("before") + merge)
    numbered = reached.with_columns(fresh=fresh.cast(nw.Int64)).with_columns(number=in_order(nw.col("fresh").cum_sum()))
    grouped = numbered.group_by("case_id", "number").agg(
        begin=nw.col("begin").min(), until=nw.col("until").max(), still=nw.col("still").max()
    )
    return grouped.select("case_id", "begin", "until", "still")


def _per_case(log: EventLog, stays: Frame, spans: tuple[Span, ...]) -> Frame:
    """A row for each case and span: admissions that began in it, and nights that lie in it."""
    placed = stays.join(span_table(log, spans), how="cross")
    inside = nw.min_horizontal("until", nw.col("last_day") + 1) - nw.max_horizontal("begin", "first_day")
    began = ((nw.col("begin") >= nw.col("first_day")) & (nw.col("begin") <= nw.col("last_day"))).cast(nw.Int64)
    counted = placed.with_columns(nights=nw.max_horizontal(inside, nw.lit(0)), admitted=began)
    summed = counted.group_by("span", "case_id").agg(
        admitted=nw.col("admitted").sum().cast(nw.Int64), nights=nw.col("nights").sum().cast(nw.Int64)
    )
    return summed.filter((nw.col("admitted") > 0) | (nw.col("nights") > 0))


def _row(span: Span, own: pd.DataFrame, lengths: pd.DataFrame, counts: np.ndarray, confidence: float) -> tuple[Value, ...]:
    began = lengths[(lengths["begin"] >= span.first) & (lengths["begin"] <= span.last)]
    yearly = rate(counts if counts.size else 0, span.days, per=_YEAR, confidence=confidence)
    still = int(began["still"].sum())
    median = None
    if len(began):
        median = survival.kaplan_meier((began["until"] - began["begin"]).to_numpy(), 1 - began["still"].to_numpy()).median.value
    nights = int(own["nights"].sum())
    counted = (len(own), len(began), yearly.value, yearly.lower, yearly.upper)
    return span.name, span.first_date, span.last_date, span.days, *counted, nights, nights / span.days, median, still


def _ratio(pair: list[np.ndarray], spans: tuple[Span, ...], confidence: float) -> RateRatio | None:
    """After against before; None where neither has any."""
    before, after = (each if each.size else np.zeros(1) for each in pair)
    if not before.sum() and not after.sum():
        return None
    return rate_ratio(before, spans[0].days, after, spans[1].days, per=_YEAR, confidence=confidence)
