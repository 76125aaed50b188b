"""What `lead_times` gives: a row a case, kept in the engine until asked for, with its flow table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw

from leadtime.cases.attributes import case_attributes
from leadtime.cases.clock import DAY_US
from leadtime.columns import DATE_ROLES
from leadtime.errors import InputError, counted, did_you_mean
from leadtime.log import EventLog, Moment
from leadtime.results import SCHEMA_VERSION, InEngine, Result, Table, Value

if TYPE_CHECKING:
    import pandas as pd

    from leadtime.pathway import Pathway

__all__ = ["STATUSES", "LeadTimes"]

# The columns of `to_pandas` before the attributes; what the case table says of an exit stands among them.
_COLUMNS = (
    "case_id", "started", "stopped", "ended", "stopped_by", "status", "excluded_because", "lead_time_days", "calendar_days", "observed",
    "exit", "entry_days", "lower_days", "upper_days",
)  # fmt: skip
STATUSES = ("stopped", "still waiting", "left", "excluded")


@dataclass(frozen=True, eq=False)
class LeadTimes(Result, InEngine):
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
        counted = self.log.session.collect(labelled.group_by("status", "detail").agg(cases=nw.len()))
        rows: list[tuple[Value, ...]] = [
            (str(status), str(detail), int(cases))
            for status, detail, cases in counted[["status", "detail", "cases"]].itertuples(index=False)
        ]
        rows.sort(key=lambda row: (STATUSES.index(str(row[0])), str(row[1])))
        return Table("flow", ("status", "detail", "cases"), tuple(rows), counts=("cases",))

    @cached_property
    def tied_cases(self) -> int:
        """In how many cases only the order of the rows says which milestone stopped the clock: several at one time (DEFINITIONS 1.3).

        The lead time is the same either way.
        """
        if "tied" not in self.frame.collect_schema().names():
            return 0
        return self.log.session.count(self.frame.filter(nw.col("tied")))

    @cached_property
    def coded(self) -> LeadTimes:
        """The same lead times beside the coded log, with its cases by number; themselves where the log isn't coded."""
        log = self.log.coded
        if log.numbers is None or self.log.numbers is not None:
            return self
        by_number = self.frame.join(log.numbers, on="case_id", how="inner").drop("case_id").rename({"number": "case_id"})
        return replace(self, frame=log.session.materialise(by_number, lasting=True), log=log)

    @cached_property
    def conflicts(self) -> Mapping[str, int]:
        """For every candidate attribute, in how many cases it has several values; 0 makes it a case attribute."""
        return self._attributes[1]

    @cached_property
    def _attributes(self) -> tuple[nw.LazyFrame[Any], dict[str, int]]:
        return case_attributes(self.log)

    def to_pandas(self) -> pd.DataFrame:
        """Gives a row a case, sorted by case id: times, status, days, and the case attributes.

        An attribute that has the name of another column stands as `column_of` says, as in ``status (2)``.
        """
        attributes, conflicts = self._attributes
        # Under names of our own: a header may be 'Status', and DuckDB's names know no case.
        kept = {name: f"attribute_{i}" for i, (name, several) in enumerate(conflicts.items()) if several == 0}
        beside = attributes.select("case_id", *(nw.col(name).alias(column) for name, column in kept.items()))
        frame = self.frame.join(beside, on="case_id", how="left") if kept else self.frame
        found = self.log.session.collect(frame.sort("case_id"))
        return _readable(found, {self.column_of(name): (name, column) for name, column in kept.items() if name != "exit"})

    def column_of(self, attribute: str) -> str:
        """The column of `to_pandas` that holds a case attribute: its name, with ``(2)`` behind it where that is taken."""
        return f"{attribute} (2)" if attribute in _COLUMNS and attribute != "exit" else attribute

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

    def with_attributes(self, names: Mapping[str, str]) -> nw.LazyFrame[Any]:
        """Gives the rows of `frame` with case attributes beside them, lazy.

        Args:
            names: the column to make for each, to the case attribute it holds; a date of the case is its local clock in microseconds.

        Raises:
            InputError: there is no such attribute, or some cases have several values.
        """
        for name in names.values():
            self.require_attribute(name)
        if not names:
            return self.frame
        beside = self._attributes[0].select("case_id", *(nw.col(name).alias(column) for column, name in names.items()))
        return self.frame.join(beside, on="case_id", how="left")

    def require_attribute(self, name: str) -> None:
        """Raises InputError where a case attribute isn't there or has several values in a case."""
        several = self.conflicts.get(name)
        if several is None:
            raise InputError(f"no case attribute '{name}' to compare by{did_you_mean(name, self.conflicts)}")
        if several:
            raise InputError(
                f"'{name}' has several values in {counted(several, 'case')}; a case belongs to one group, so give it one value a case"
            )

    def _table(self) -> Table:
        frame = self.to_pandas()
        cells = frame.astype(object).where(frame.notna(), None)
        return Table("lead_times", tuple(frame.columns), tuple(cells.itertuples(index=False, name=None)))

    def to_dict(self) -> dict[str, Any]:
        """Gives the flow table and the rows as plain values."""
        tied = {"tied_cases": self.tied_cases}
        return {"schema_version": SCHEMA_VERSION, "flow": self.flow.records(), **tied, "cases": self._table().records()}

    def _repr_html_(self) -> str:
        return self.flow._repr_html_()

    def __str__(self) -> str:
        if not self.tied_cases:
            return str(self.flow)
        return f"{self.flow}\nOnly the order of the rows says which milestone stopped the clock in {self.tied_cases} of the cases."


def _readable(frame: pd.DataFrame, attributes: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """The integer columns as local times and days; `attributes` names the columns to come, the attribute each holds and where it is."""
    import pandas as pd

    def days(name: str) -> pd.Series[float]:
        return frame[name].astype("Float64").astype("float64") / DAY_US

    def moment(name: str) -> pd.Series[Any]:
        return pd.to_datetime(frame[name].astype("Int64"), unit="us").astype("datetime64[us]")

    def text(name: str) -> pd.Series[Any]:
        # A column without any text comes as another type from one engine than from another.
        return frame[name].astype(pd.Series(["text"]).dtype)

    whole = (frame["end_wall_us"].astype("Int64") // DAY_US) - (frame["start_wall_us"].astype("Int64") // DAY_US)
    whole = whole.clip(lower=0)  # the middle of a partial start may lie after the stop
    stopped = frame["status"] == "stopped"
    excluded = frame["status"] == "excluded"
    columns = {
        "case_id": frame["case_id"],
        "started": moment("start_wall_us"),
        "stopped": moment("end_wall_us").where(stopped),
        "ended": moment("end_wall_us").where(~excluded),
        "stopped_by": text("stopped_by"),
        "status": frame["status"],
        "excluded_because": text("excluded_because"),
        "lead_time_days": days("lead_us"),
        "calendar_days": whole.where(~excluded),
        "observed": stopped,
        "exit": text("exit"),
        "entry_days": days("entry_us"),
        "lower_days": days("lower_us"),
        "upper_days": days("upper_us"),
    }
    own = {shown: moment(held) if name in DATE_ROLES else frame[held] for shown, (name, held) in attributes.items()}
    return pd.DataFrame(columns | own)
