"""Gaps: stretches of a case's window without any contact."""

from __future__ import annotations

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.errors import UsageError, checks_arguments
from leadtime.flow import FlowTable
from leadtime.log import EventLog
from leadtime.pathway import Pathway
from leadtime.waste.events import CaseEvents
from leadtime.waste.visits import visits

__all__ = ["contact_gaps"]


@checks_arguments
def contact_gaps(log: EventLog, pathway: Pathway | None, *, longer_than_days: float = 60) -> FlowTable:
    """Gives for each case the stretches without a contact that last longer than a limit, from the clock's start to its end.

    The wait for the first contact and the silent tail of an open case are gaps too; only attended contacts end one.

    Args:
        log: the events.
        pathway: the clock and the kinds of activities; None takes each case from its first start to its latest end.
        longer_than_days: a stretch of just so many days is no gap yet.

    Returns:
        Columns `case_id, contacts, gaps, gap_days` (in all gaps, whole), `longest_days` (of any stretch), by case id.

    Raises:
        UsageError: the limit isn't a number from 0 up.

    Source: waiting between contacts as in DEFINITIONS 4.4: next start less latest end so far.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a"] * 4, "activity": ["Visit"] * 4,
    ...                                 "start": ["2020-01-01", "2020-01-20", "2020-06-01", "2020-06-11"]}))
    >>> print(lt.contact_gaps(log, None, longer_than_days=30))
    case_id  contacts  gaps  gap_days  longest_days
    a               4     1       133           133
    """
    if not longer_than_days >= 0:
        raise UsageError(f"longer_than_days={longer_than_days!r} isn't allowed; give a number of days from 0 up")
    base = CaseEvents.of(log, pathway)
    windows = base.windows.select("case_id", "lead_us")
    seen = visits(base).select("case_id", "at", "reached", "next_at").join(windows, on="case_id", how="inner")
    after = nw.coalesce("next_at", "lead_us") - nw.col("reached")
    between = seen.select("case_id", stretch=after, contact=nw.lit(1))
    first = seen.group_by("case_id").agg(first=nw.col("at").min())
    opening = windows.join(first, on="case_id", how="left")
    before = opening.select("case_id", stretch=nw.coalesce("first", "lead_us"), contact=nw.lit(0))
    stretches = nw.concat([between, before], how="vertical").with_columns(stretch=nw.max_horizontal("stretch", nw.lit(0)))
    wide = nw.col("stretch") > round(longer_than_days * DAY_US)
    marked = stretches.with_columns(wide=wide.cast(nw.Int64), lost=nw.when(wide).then(nw.col("stretch")).otherwise(nw.lit(0)))
    table = marked.group_by("case_id").agg(
        contacts=nw.col("contact").sum().cast(nw.Int64),
        gaps=nw.col("wide").sum().cast(nw.Int64),
        gap_days=nw.col("lost").sum().cast(nw.Float64) / DAY_US,
        longest_days=nw.col("stretch").max().cast(nw.Float64) / DAY_US,
    )
    return FlowTable("contact_gaps", table, ("case_id",), (False,), log)
