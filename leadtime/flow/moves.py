"""What follows what, and the waiting between."""

from __future__ import annotations

from typing import Literal

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.errors import InputError, UsageError, checks_arguments
from leadtime.flow.steps import ratio, steps
from leadtime.flow.table import FlowTable, Frame
from leadtime.log import EventLog

__all__ = ["transitions"]

# Events whose exact quantiles are taken at once.
MOST_AT_ONCE = 20_000_000


@checks_arguments
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
    passed = steps(log, by).filter(~nw.col("target").is_null())
    parts = [_summed(part) for part in _parts(log, passed)]
    summed = parts[0] if len(parts) == 1 else nw.concat([log.session.materialise(part) for part in parts])
    everything = nw.col("total_us").sum()
    share = ratio(nw.col("total_us").cast(nw.Float64), everything)
    days = [(nw.col(f"{name}_us").cast(nw.Float64) / DAY_US).alias(f"{name}_days") for name in ("mean", "median", "p90", "total")]
    ends = [nw.col(name).cast(nw.String) for name in ("source", "target")]
    table = summed.select(*ends, "n", "cases", *days, share=share)
    return FlowTable("transitions", table, ("n", "source", "target"), (True, False, False), log)


def _summed(passed: Frame) -> Frame:
    """The figures of every transition."""
    waiting = nw.col("waiting_us")
    return passed.group_by("source", "target").agg(
        n=nw.len(),
        cases=nw.col("case_id").n_unique(),
        mean_us=waiting.mean(),
        median_us=waiting.median(),
        p90_us=waiting.quantile(0.9, interpolation="linear"),
        total_us=waiting.sum(),
    )


def _parts(log: EventLog, passed: Frame) -> list[Frame]:
    """The steps, in parts by their source where there are very many: exact quantiles hold all waits of a transition in memory at once."""
    if log.session.count(passed) <= MOST_AT_ONCE:
        return [passed]
    counts = log.session.collect(passed.group_by("source").agg(n=nw.len()).sort("source"))
    groups: list[list[str]] = []
    held = MOST_AT_ONCE
    for source, n in zip(counts["source"], counts["n"], strict=True):
        if held + n > MOST_AT_ONCE:
            groups.append([])
            held = 0
        groups[-1].append(str(source))
        held += int(n)
    return [passed.filter(nw.col("source").is_in(group)) for group in groups]
