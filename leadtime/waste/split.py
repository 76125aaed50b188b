"""Where the time of each case went: every instant of its window in exactly one of six categories.

Source: DEFINITIONS 4.1-4.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.errors import checks_arguments
from leadtime.log import EventLog
from leadtime.pathway import Pathway
from leadtime.results import SCHEMA_VERSION, Finding, InEngine, Result, Table, Value
from leadtime.waste.events import CONTACT, CONTACT_KINDS, PAUSED, REFERRAL, UNKNOWN, VALUE, CaseEvents, Frame
from leadtime.waste.intervals import intervals, laid_contacts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CATEGORIES", "TimeSplit", "segments_of", "split_of", "time_split"]

# In the order of their precedence; what none of the first five covers is waiting.
CATEGORIES = ("value", "contact", "paused", "referral", "unknown", "waiting")
_CODES = (VALUE, CONTACT, PAUSED, REFERRAL, UNKNOWN)
_COLUMNS = ("value", "contact", "referral", "paused", "waiting", "unknown", "lead_time", "person")
NO_VALUE = "no kind is value-adding"
NO_LENGTH = "a value-adding visit has neither end nor minutes"
NO_TIME = "the lead time is 0"


@dataclass(frozen=True, eq=False)
class TimeSplit(Result, InEngine):
    """A row a case with the days of each category; lazy until asked for.

    `frame` holds whole microseconds (`value_us`, …, `lead_time_us`, `person_us`), whose parts add up to `lead_time_us` exactly.
    """

    frame: Frame
    log: EventLog
    pathway: Pathway | None
    _base: CaseEvents

    @cached_property
    def notes(self) -> tuple[Finding, ...]:
        """What was assumed: minutes taken for contacts without clock times, and what has no length or no kind."""
        return _notes(self._base)

    @cached_property
    def segments(self) -> Frame:
        """The exclusive parts themselves, lazy: `case_id, category, from_us, to_us`, in microseconds since the clock started."""
        return segments_of(self._base)

    def to_pandas(self) -> pd.DataFrame:
        """Gives a row a case, sorted by case id: days of each category, and the flow efficiency or why it isn't computable."""
        return _readable(self.log.session.collect(self.frame.sort("case_id")), valued="value" in self._base.kinds)

    def write_parquet(self, path: str) -> None:
        """Writes the integer table, a row a case, to a Parquet file without passing through Python."""
        self.log.session.write_parquet(self.frame.sort("case_id"), path)

    def to_dict(self) -> dict[str, Any]:
        """Gives the notes and the rows as plain values."""
        frame = self.to_pandas()
        rows = frame.astype(object).where(frame.notna(), None).to_dict(orient="records")
        return {"schema_version": SCHEMA_VERSION, "notes": [note.to_dict() for note in self.notes], "cases": rows}

    @cached_property
    def totals(self) -> Table:
        """All cases together: the days of each category and its share of the time."""
        sums = self.log.session.collect(self.frame.select(*(nw.col(f"{name}_us").sum().cast(nw.Float64) for name in _COLUMNS[:7])))
        days = {name: float(sums[f"{name}_us"].fillna(0).iloc[0]) / DAY_US for name in _COLUMNS[:7]}
        whole = days["lead_time"]
        rows: list[tuple[Value, ...]] = [(name, days[name], days[name] / whole if whole else None) for name in (*CATEGORIES, "lead_time")]
        return Table("time_split", ("category", "total_days", "share"), tuple(rows))

    def _table(self) -> Table:
        return self.totals

    def __str__(self) -> str:
        return "\n".join([str(self.totals), *(str(note) for note in self.notes)])


@checks_arguments
def time_split(log: EventLog, pathway: Pathway | None = None) -> TimeSplit:
    """Splits the lead time of every case: each instant of its window belongs to the first category that covers it.

    value > contact > paused > referral > unknown > waiting. The kinds value, contact, assessment, intervention, team and consultation
    are contacts, and every kind whose activity is declared value-adding is value; a visit noted as not attended is neither. Admin,
    decisions and other kinds cover no time, so that the family waits meanwhile. A contact without a recorded length takes the minutes
    declared for its activity.

    Args:
        log: the events.
        pathway: the clock, the kinds of activities, their minutes and the pauses; without it the window runs from the first start to
            the latest end, and only the log's own column `kind` tells what an event is.

    Returns:
        A row for every case that has a window (the excluded ones of `lead_times` have none), with columns `case_id, value_days,
        contact_days, referral_days, paused_days, waiting_days, unknown_days, lead_time_days, person_days, flow_efficiency` and
        `not_computable_because`. The six parts add up to the lead time; `person_days` counts each row, or each of its participants;
        `flow_efficiency` is value / lead time. `.notes` holds the assumptions, `.segments` the parts in order of time.

    Raises:
        PathwayError: the start milestone occurs in no case.

    Source:
        DEFINITIONS 4.1-4.3; flow efficiency after Modig & Åhlström (2012).

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a"] * 3, "activity": ["Detected", "Visit", "Diagnosis"],
    ...                                 "start": ["2020-01-01", "2020-01-04", "2020-01-11"]}))
    >>> pathway = lt.read_pathway({"name": "x", "start": "detection", "stop": "diagnosis",
    ...     "milestones": {"detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}},
    ...     "activities": {"Visit": {"kind": "assessment", "value_adding": True, "minutes": 360}}})
    >>> split = lt.time_split(log, pathway)
    >>> split.to_pandas()[["value_days", "waiting_days", "lead_time_days", "flow_efficiency"]].values.tolist()
    [[0.25, 9.75, 10.0, 0.025]]
    >>> print(split.notes[0])
    note: contacts without a clock time that take their activity's declared minutes from the day's start (Visit 360): 1
    """
    return split_of(CaseEvents.of(log, pathway))


def split_of(base: CaseEvents) -> TimeSplit:
    """Gives the split of cases whose events are laid out already."""
    return TimeSplit(base.shared("time-split", lambda: _summed(_slabs(base), base)), base.log, base.pathway, base)


def _levels(base: CaseEvents) -> tuple[int, ...]:
    """The categories that may occur, so that no pass is made for the others."""
    pathway = base.pathway
    kinds, meeting = base.kinds, {"contact", "assessment", "intervention", "team", "consultation"}
    present = {
        VALUE: "value" in kinds,
        CONTACT: bool(kinds & meeting),
        PAUSED: "pause" in kinds or bool(pathway and pathway.pauses),
        REFERRAL: "referral" in kinds or base.has("referral_status"),
        UNKNOWN: True,
    }
    return tuple(code for code in _CODES if present[code])


def _slabs(base: CaseEvents) -> Frame:
    """Each interval with the begin of the next, and how far the intervals begun so far reach at each level of precedence.

    Between two begins a category and those above it cover the time from the one to `reached`, or to the other if that comes first.
    """
    inside = intervals(base)
    in_order = {"order_by": "begin"}
    levels = _levels(base)
    far = [nw.when(nw.col("category") <= code).then(nw.col("until")).otherwise(nw.lit(0)).alias(f"far_{code}") for code in levels]
    marked = inside.with_columns(*far)
    reached = [nw.col(f"far_{code}").cum_max().over("case_id", **in_order).alias(f"reached_{code}") for code in levels]
    swept = marked.with_columns(*reached, following=nw.col("begin").shift(-1).over("case_id", **in_order))
    return swept.with_columns(following=nw.coalesce("following", "lead_us"))


def _covered(code: int) -> nw.Expr:
    """The end of what a level covers in a slab, not before its begin."""
    return nw.max_horizontal(nw.min_horizontal(f"reached_{code}", "following"), "begin")


def _summed(slabs: Frame, base: CaseEvents) -> Frame:
    """A row a case: what each level covers, less what the level above does."""
    levels = _levels(base)
    covered = {f"covered_{code}": (_covered(code) - nw.col("begin")).sum().cast(nw.Int64) for code in levels}
    cases = slabs.group_by("case_id").agg(
        **covered,
        lead_time_us=nw.col("lead_us").max(),
        person_us=nw.col("worked_us").sum().cast(nw.Int64),
        lacking=nw.col("lacking").max(),
    )
    parts: dict[str, nw.Expr] = {f"{name}_us": nw.lit(0).cast(nw.Int64) for name in CATEGORIES}
    above: nw.Expr = nw.lit(0)
    for code in levels:
        parts[f"{CATEGORIES[code - 1]}_us"] = nw.col(f"covered_{code}") - above
        above = nw.col(f"covered_{code}")
    parts["waiting_us"] = nw.col("lead_time_us") - above
    return cases.with_columns(**parts).select("case_id", *(f"{name}_us" for name in _COLUMNS), "lacking")


def segments_of(base: CaseEvents) -> Frame:
    """Gives the exclusive parts of cases whose events are laid out already, lazy: `case_id, category, from_us, to_us`."""
    slabs = base.shared(
        "slabs", lambda: _slabs(base).select("case_id", "begin", "following", *(f"reached_{code}" for code in _levels(base)))
    )
    parts = []
    above = nw.col("begin")
    for code in _levels(base):
        parts.append(slabs.select("case_id", nw.lit(CATEGORIES[code - 1]).alias("category"), from_us=above, to_us=_covered(code)))
        above = _covered(code)
    parts.append(slabs.select("case_id", nw.lit("waiting").alias("category"), from_us=above, to_us=nw.col("following")))
    return nw.concat(parts, how="vertical").filter(nw.col("to_us") > nw.col("from_us"))


def _readable(frame: pd.DataFrame, *, valued: bool) -> pd.DataFrame:
    """The integer columns as days, with the flow efficiency."""
    import pandas as pd

    days = {f"{name}_days": frame[f"{name}_us"].astype("float64") / DAY_US for name in _COLUMNS}
    table = pd.DataFrame({"case_id": frame["case_id"], **days})
    because = pd.Series([None] * len(frame), index=frame.index, dtype="object")
    because[frame["lacking"] > 0] = NO_LENGTH
    because[frame["lead_time_us"] == 0] = NO_TIME
    if not valued:
        because[:] = NO_VALUE
    table["flow_efficiency"] = (table["value_days"] / table["lead_time_days"].where(table["lead_time_days"] > 0)).where(because.isna())
    table["not_computable_because"] = because
    return table


def _notes(base: CaseEvents) -> tuple[Finding, ...]:
    """The assumptions that touch some event in a window, each with its number of events."""
    events = base.inside()
    pathway = base.pathway
    flags = {
        "declared-minutes": nw.col("laid"),
        "no-length": nw.col("lacking"),
        "missed-visits": nw.col("missed"),
        "unknown-kind": (nw.col("category") == UNKNOWN) & (nw.col("until") > nw.col("at")),
        "missing-end": nw.col("open_ended"),
    }
    counted = base.log.session.collect(events.select(**{name: flag.cast(nw.Int64).sum().cast(nw.Int64) for name, flag in flags.items()}))
    counts = {name: int(counted[name].fillna(0).iloc[0]) for name in flags}
    if counts["declared-minutes"]:
        laid = laid_contacts(base).filter(nw.col("over"))
        counts["longer-than-a-day"] = int(base.log.session.collect(laid.select(n=nw.len()))["n"].iloc[0])
    declared = pathway.activities.items() if pathway else ()
    meet = [(name, activity) for name, activity in declared if activity.value_adding or activity.kind in CONTACT_KINDS]
    taken = ", ".join(f"{name} {activity.minutes:g}" for name, activity in meet if activity.minutes)
    texts = {
        "declared-minutes": f"contacts without a clock time that take their activity's declared minutes from the day's start ({taken})",
        "longer-than-a-day": "contacts cut because their day had no room for them in 24 hours; which ones depends on the order of rows",
        "no-length": "value-adding contacts with neither end nor minutes, so that their cases' flow efficiency isn't computable",
        "missed-visits": "visits that weren't attended and count as no contact",
        "unknown-kind": "events that cover time but have no kind; declare it under [activities], or give a column 'kind'",
        "missing-end": "events without the end that the pathway says they have; the time to the next event is unknown",
    }
    return tuple(Finding(code, "note", counts[code], f"{text}: {counts[code]}") for code, text in texts.items() if counts.get(code))
