"""What `lead_times` gives: a row a case, kept in the engine until asked for, with its flow table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.columns import DATE_ROLES
from leadtime.errors import InputError, did_you_mean
from leadtime.log import EventLog, Moment
from leadtime.pathway import Pathway
from leadtime.results import SCHEMA_VERSION, Result, Table, Value

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["STATUSES", "LeadTimes"]

STATUSES = ("stopped", "still waiting", "left", "excluded")

# The engine's own columns of an event; all else may be an attribute of the case.
_OF_EVENTS = frozenset(
    {"case_id", "activity", "end_given", "row", *(f"{side}_{part}" for side in ("start", "end") for part in ("us", "wall_us", "is_date"))}
)


@dataclass(frozen=True, eq=False)
class LeadTimes(Result):
    """One row a case: status, what stopped the clock and the lead time; lazy until asked for.

    `frame` holds integers (`lead_us`, `start_wall_us`, `end_wall_us`, `entry_us`); `to_pandas` gives days and local clock times.
    `observed_until` is what was given or, where nothing was, the latest time in the log (`until_assumed`).
    """

    frame: nw.LazyFrame[Any]
    log: EventLog
    pathway: Pathway | None
    observed_until: Moment | None
    until_assumed: bool
    events_after_observation: int

    @cached_property
    def flow(self) -> Table:
        """The flow table: every case read in exactly one row (DEFINITIONS 2.3)."""
        detail = nw.coalesce("excluded_because", "exit", "stopped_by", nw.lit(""))
        labelled = self.frame.with_columns(detail=detail)
        counted = labelled.group_by("status", "detail").agg(cases=nw.len()).collect("pandas").to_native()
        rows: list[tuple[Value, ...]] = [
            (str(status), str(detail), int(cases))
            for status, detail, cases in counted[["status", "detail", "cases"]].itertuples(index=False)
        ]
        rows.sort(key=lambda row: (STATUSES.index(str(row[0])), str(row[1])))
        return Table("flow", ("status", "detail", "cases"), tuple(rows), counts=("cases",))

    @cached_property
    def conflicts(self) -> Mapping[str, int]:
        """For every candidate attribute, in how many cases it has several values; 0 makes it a case attribute."""
        return self._attributes[1]

    @cached_property
    def _attributes(self) -> tuple[nw.LazyFrame[Any], dict[str, int]]:
        return _case_attributes(self.log)

    def to_pandas(self) -> pd.DataFrame:
        """Gives a row a case, sorted by case id: times, status, days, and the case attributes."""
        attributes, conflicts = self._attributes
        kept = [name for name, several in conflicts.items() if several == 0]
        frame = self.frame.join(attributes.select("case_id", *kept), on="case_id", how="left") if kept else self.frame
        return _readable(self.log.session.collect(frame.sort("case_id")), kept)

    def write_parquet(self, path: str) -> None:
        """Writes the integer table, a row a case, to a Parquet file without passing through Python."""
        self.log.session.write_parquet(self.frame.sort("case_id"), path)

    def grouped(self, by: str | None) -> pd.DataFrame:
        """Gives the counts that estimators need, made in the engine: a row for each group, outcome, duration and entry.

        Args:
            by: a case attribute; `None` puts all cases into one group, ''.

        Returns:
            Columns `group, lead_us, entry_us, status, stopped_by, exit, n`; excluded cases are left out.

        Raises:
            InputError: there is no such attribute, or some cases have several values.
        """
        keys = ["group", "lead_us", "entry_us", "status", "stopped_by", "exit"]
        counted = self.members(by).filter(nw.col("status") != "excluded").group_by(keys).agg(n=nw.len())
        frame: pd.DataFrame = self.log.session.collect(counted.sort(*keys))
        return frame

    def members(self, by: str | None) -> nw.LazyFrame[Any]:
        """Gives the rows of `frame` with the case's group beside them, lazy; without `by` all are in the group ''."""
        if by is None:
            return self.frame.with_columns(group=nw.lit(""))
        self.require_attribute(by)
        group = self._attributes[0].select("case_id", nw.col(by).cast(nw.String).alias("group"))
        return self.frame.join(group, on="case_id", how="left")

    def require_attribute(self, name: str) -> None:
        """Raises InputError where a case attribute isn't there or has several values in a case."""
        several = self.conflicts.get(name)
        if several is None:
            raise InputError(f"no case attribute '{name}' to compare by{did_you_mean(name, self.conflicts)}")
        if several:
            raise InputError(f"'{name}' has several values in {several} cases; a case belongs to one group, so give it one value a case")

    def _table(self) -> Table:
        frame = self.to_pandas()
        cells = frame.astype(object).where(frame.notna(), None)
        return Table("lead_times", tuple(frame.columns), tuple(cells.itertuples(index=False, name=None)))

    def to_dict(self) -> dict[str, Any]:
        """Gives the flow table and the rows as plain values."""
        return {"schema_version": SCHEMA_VERSION, "flow": self.flow.records(), "cases": self._table().records()}

    def _repr_html_(self) -> str:
        return self.flow._repr_html_()

    def __str__(self) -> str:
        return str(self.flow)


def _case_attributes(log: EventLog) -> tuple[nw.LazyFrame[Any], dict[str, int]]:
    """The case attributes, a row a case, and for each candidate the number of cases with several values."""
    events = _plain_dates(log.frame)
    candidates = [name for name in events.collect_schema().names() if name not in _OF_EVENTS]
    attributes = log.shared("attributes", lambda: _spread(events, candidates))
    conflicts: dict[str, int] = {}
    if candidates:
        # One number an attribute, counted in the engine: the rows themselves stay there.
        counts = [nw.col(f"several_{i}").sum().alias(f"several_{i}") for i in range(len(candidates))]
        counted = attributes.select(*counts).collect("pandas").to_native().fillna(0)
        conflicts = {name: int(counted[f"several_{i}"].iloc[0]) for i, name in enumerate(candidates)}
    attributes = attributes.select("case_id", *candidates)
    if log.declared_cases is None:
        return attributes, conflicts
    table = _plain_dates(log.declared_cases)
    declared = [name for name in table.collect_schema().names() if name != "case_id"]
    kept = [name for name in candidates if name not in declared]
    ids = nw.concat([attributes.select("case_id"), table.select("case_id")], how="vertical").unique()
    attributes = ids.join(attributes.select("case_id", *kept), on="case_id", how="left")
    attributes = attributes.join(table, on="case_id", how="left")
    return attributes, {name: conflicts[name] for name in kept} | dict.fromkeys(declared, 0)


def _plain_dates(frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The frame with each date of the case as one column under its own name, its local clock, instead of the engine's three."""
    names = frame.collect_schema().names()
    found = [role for role in DATE_ROLES if f"{role}_wall_us" in names]
    hidden = {f"{role}_{part}" for role in found for part in ("us", "is_date")}
    kept = [name for name in names if name not in hidden]
    return frame.select(kept).rename({f"{role}_wall_us": role for role in found}) if found else frame


def _spread(events: nw.LazyFrame[Any], candidates: list[str]) -> nw.LazyFrame[Any]:
    """A row a case: each candidate's one value, and whether it has several, which leaves the value empty."""
    least = {f"least_{i}": nw.col(name).min() for i, name in enumerate(candidates)}
    greatest = {f"greatest_{i}": nw.col(name).max() for i, name in enumerate(candidates)}
    several = [nw.col(f"least_{i}") != nw.col(f"greatest_{i}") for i in range(len(candidates))]
    return (
        events.group_by("case_id")
        .agg(**least, **greatest)
        .select(
            "case_id",
            *(nw.when(~several[i]).then(nw.col(f"least_{i}")).alias(name) for i, name in enumerate(candidates)),
            *(differs.cast(nw.Int64).alias(f"several_{i}") for i, differs in enumerate(several)),
        )
    )


def _readable(frame: pd.DataFrame, attributes: list[str]) -> pd.DataFrame:
    """The integer columns as local times and days."""
    import pandas as pd

    def days(name: str) -> pd.Series[float]:
        return frame[name].astype("Float64").astype("float64") / DAY_US

    def moment(name: str) -> pd.Series[Any]:
        return pd.to_datetime(frame[name].astype("Int64"), unit="us").astype("datetime64[us]")

    whole = (frame["end_wall_us"].astype("Int64") // DAY_US) - (frame["start_wall_us"].astype("Int64") // DAY_US)
    stopped = frame["status"] == "stopped"
    excluded = frame["status"] == "excluded"
    columns = {
        "case_id": frame["case_id"],
        "started": moment("start_wall_us"),
        "stopped": moment("end_wall_us").where(stopped),
        "ended": moment("end_wall_us").where(~excluded),
        "stopped_by": frame["stopped_by"],
        "status": frame["status"],
        "excluded_because": frame["excluded_because"],
        "lead_time_days": days("lead_us"),
        "calendar_days": whole.where(~excluded),
        "observed": stopped,
        "exit": frame["exit"],
        "entry_days": days("entry_us"),
        "lower_days": days("lower_us"),
        "upper_days": days("upper_us"),
    }
    own = {name: moment(name) if name in DATE_ROLES else frame[name] for name in attributes}
    return pd.DataFrame(columns | {name: value for name, value in own.items() if name not in columns})
