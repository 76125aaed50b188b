"""Distinct orders of activities, and a summary by cohort."""

from __future__ import annotations

import narwhals as nw

from leadtime.cases import LeadTimes, lead_times
from leadtime.cases.clock import DAY_US
from leadtime.errors import checks_arguments
from leadtime.flow.steps import ORDER, axis
from leadtime.flow.table import FlowTable
from leadtime.log import EventLog

__all__ = ["cohort_summary", "variants"]


@checks_arguments
def variants(log: EventLog) -> FlowTable:
    """Gives every distinct order of activities, with its cases and their median time from first start to last end.

    Args:
        log: the events.

    Returns:
        Columns `variant` (activities joined by " > "), `n`, `share`, `median_days`, most frequent first.

    Source:
        DEFINITIONS 1.2 (durations), 1.3 (order).

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "a", "b"], "activity": ["Referral", "Visit", "Referral"],
    ...                                 "start": ["2020-01-01", "2020-01-11", "2020-02-01"]}))
    >>> print(lt.variants(log))
    variant           n  share  median_days
    Referral          1    0.5            0
    Referral > Visit  1    0.5           10
    """
    events = axis(log).select("case_id", nw.col("activity").alias("variant"), "begin", "until", "row")
    texts = log.session.text_in_order(events, key="case_id", text="variant", order=ORDER, separator=" > ")
    if log.precision == "mixed":  # by the date where either end is one
        spans = lead_times(log).frame.select("case_id", nw.col("lead_us").alias("span"))
    else:
        spans = events.group_by("case_id").agg(span=nw.col("until").max() - nw.col("begin").min())
    joined = texts.join(spans, on="case_id", how="inner")
    counted = joined.group_by("variant").agg(n=nw.len(), median=nw.col("span").median())
    n = nw.col("n")
    table = counted.select("variant", "n", (n / n.sum()).alias("share"), (nw.col("median") / DAY_US).alias("median_days"))
    return FlowTable("variants", table, ("n", "variant"), (True, False), log)


@checks_arguments
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
