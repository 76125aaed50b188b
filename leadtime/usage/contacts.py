"""Where contacts take place, and how that changes over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import narwhals as nw
import numpy as np
import pandas as pd

from leadtime.cases.clock import DAY_US
from leadtime.counts.rates import RateRatio, rate_ratio
from leadtime.errors import NotEstimable, UsageError, checks_arguments, did_you_mean
from leadtime.log import EventLog
from leadtime.pathway import Pathway
from leadtime.results import Result, Table, Value
from leadtime.usage.groups import Frame, observed, require_column
from leadtime.usage.spans import Every, Span, span_table, spans_of
from leadtime.waste.events import with_kinds

__all__ = ["ContactCounts", "ContactsBy", "Exposure", "contact_counts"]

ContactsBy = Literal["place", "unit", "organisation", "level", "profession", "kind"]
Exposure = Literal["calendar", "cases"]


@dataclass(frozen=True, eq=False)
class ContactCounts(Result):
    """Contacts by place (or unit, level, …) and span of time; made by `contact_counts`."""

    by: str
    exposure: Exposure
    table: Table
    _by_case: pd.DataFrame
    _days: tuple[pd.Series[float], ...]

    def _table(self) -> Table:
        return self.table

    def change(self, value: str, *, confidence: float = 0.95) -> RateRatio:
        """Compares the rate of contacts at a place after a break with that before, a year, with cases as clusters.

        Raises:
            UsageError: no contact was there.
            NotEstimable: there was no break.

        Source: as `counts.rate_ratio`.
        """
        if len(self._days) != 2:
            raise NotEstimable("a change needs two spans of time; give break_date")
        known = sorted(set(self._by_case["value"]))
        if value not in known:
            raise UsageError(f"no contact has {self.by} '{value}'{did_you_mean(value, known)}")
        own = self._by_case[self._by_case["value"] == value]
        first, second = (own.loc[own["span"] == place].set_index("case_id")["contacts"] for place in (0, 1))
        if self.exposure == "calendar":
            counts = [each.to_numpy(dtype=np.int64) if len(each) else np.zeros(1) for each in (first, second)]
            return rate_ratio(counts[0], self._days[0].iloc[0], counts[1], self._days[1].iloc[0], per=365.25, confidence=confidence)
        # Who was in care and had no such contact counts too.
        counts = [
            each.reindex(days.index, fill_value=0).to_numpy(dtype=np.int64) for each, days in zip((first, second), self._days, strict=True)
        ]
        times = [days.to_numpy(dtype=np.float64) for days in self._days]
        return rate_ratio(counts[0], times[0], counts[1], times[1], per=365.25, confidence=confidence)


@checks_arguments
def contact_counts(
    log: EventLog,
    *,
    by: ContactsBy = "place",
    every: Every | None = None,
    break_date: str | None = None,
    observed_from: str | None = None,
    exposure: Exposure = "calendar",
    pathway: Pathway | None = None,
) -> ContactCounts:
    """Counts attended contacts by place, in calendar periods or before and after a day.

    The rows of one joint meeting at one place are one contact.

    Args:
        log: the events.
        by: the column that says where or with whom.
        every: "month", "quarter" or "year"; None for one span, or the two of `break_date`.
        break_date: ISO date; contacts on it or later are "after".
        observed_from: ISO date from which all contacts were recorded; None for the day of the first event.
        exposure: what a rate is a rate of: "calendar" time, or the time of "cases" between their first and last event.
        pathway: gives the kinds of activities.

    Returns:
        `span, from, until, days, value, contacts, cases, share, per_year`; share is of the span's contacts, `days` the exposure.
        `.change(value)` is the ratio of the rates after and before.

    Raises:
        InputError: the log has no such column.
        UsageError: an option isn't allowed.

    Source: rates as `counts.rate`; joint meetings as in DEFINITIONS 4.5.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "a", "b", "b"], "activity": ["Dose"] * 4,
    ...     "place": ["ward", "ward", "ward", "home"], "start": ["2020-01-01", "2020-01-05", "2020-01-11", "2020-01-20"]}),
    ...     observed_until="2020-01-20")
    >>> result = lt.contact_counts(log, break_date="2020-01-11")
    >>> [(row["span"], row["value"], row["contacts"]) for row in result.table.records()]
    [('before', 'ward', 2), ('after', 'home', 1), ('after', 'ward', 1)]
    """
    require_column(log, by, "contacts")
    for name, given, allowed in (("every", every, get_args(Every)), ("exposure", exposure, get_args(Exposure))):
        if given is not None and given not in allowed:
            raise UsageError(f"{name}={given!r} isn't allowed; use {' or '.join(repr(word) for word in allowed)}")
    spans = spans_of(log, observed_from, break_date, every)
    found = log.session.collect(_per_case(log, by, spans, pathway).sort("span", "value", "case_id"))
    days = _days(log, spans, exposure)
    return ContactCounts(by, exposure, _counted(found, spans, days), found, days)


def _per_case(log: EventLog, by: str, spans: tuple[Span, ...], pathway: Pathway | None) -> Frame:
    """A row for each case, span and place: its contacts."""
    kept = with_kinds(log, pathway).filter(nw.col("contact"), ~nw.col(by).is_null())
    contacts = kept.select("case_id", "row", *([by] if by == "kind" else []))
    events = observed(log).select("case_id", "row", day=nw.col("start_wall_us") // DAY_US, value=nw.col(by), meeting=_meeting(log))
    if by == "kind":
        events = events.drop("value")
        contacts = contacts.rename({"kind": "value"})
    placed = events.join(contacts, on=["case_id", "row"], how="inner").join(span_table(log, spans), how="cross")
    within = placed.filter(nw.col("day") >= nw.col("first_day"), nw.col("day") <= nw.col("last_day"))
    return within.group_by("span", "value", "case_id").agg(contacts=nw.col("meeting").n_unique())


def _meeting(log: EventLog) -> nw.Expr:
    """What the rows of one contact have in common."""
    alone = nw.concat_str(nw.lit("r"), nw.col("row").cast(nw.String))
    if "meeting_id" not in log.columns:
        return alone
    return nw.when(nw.col("meeting_id").is_null()).then(alone).otherwise(nw.concat_str(nw.lit("m"), nw.col("meeting_id")))


def _days(log: EventLog, spans: tuple[Span, ...], exposure: Exposure) -> tuple[pd.Series[float], ...]:
    """The exposure in each span: one number, or that of each case in it."""
    if exposure == "calendar":
        return tuple(pd.Series([float(span.days)]) for span in spans)
    day = nw.col("start_wall_us") // DAY_US
    seen = observed(log).group_by("case_id").agg(since=day.min(), until=day.max()).join(span_table(log, spans), how="cross")
    inside = nw.min_horizontal("until", "last_day") - nw.max_horizontal("since", "first_day") + 1
    placed = seen.select("span", "case_id", days=inside.cast(nw.Float64)).filter(nw.col("days") > 0)
    found = log.session.collect(placed.sort("span", "case_id"))
    return tuple(found.loc[found["span"] == place].set_index("case_id")["days"] for place in range(len(spans)))


def _counted(found: pd.DataFrame, spans: tuple[Span, ...], days: tuple[pd.Series[float], ...]) -> Table:
    rows: list[tuple[Value, ...]] = []
    for place, span in enumerate(spans):
        own = found[found["span"] == place]
        total = int(own["contacts"].sum())
        for value, part in own.groupby("value", sort=True):
            n, exposed = int(part["contacts"].sum()), float(days[place].sum())
            per_year = n / exposed * 365.25 if exposed else None
            rows.append((span.name, span.first_date, span.last_date, exposed, str(value), n, len(part), n / total, per_year))
    columns = ("span", "from", "until", "days", "value", "contacts", "cases", "share", "per_year")
    return Table("contacts", columns, tuple(rows), counts=("cases",))
