"""The event log: a frozen value over a lazy frame of events, with its account of rows and where it came from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw

from leadtime.engine.distinct import distinct
from leadtime.results import InEngine, Portable, QualityReport, Table

if TYPE_CHECKING:
    import pandas as pd

    from leadtime.engine.protocol import Engine

__all__ = ["EventLog", "Moment", "Provenance", "counted"]


@dataclass(frozen=True)
class Moment:
    """A point in time as the log sees it: an instant in microseconds, its local clock, and whether it is only a date.

    `us` and `wall_us` of a date are the start of its day.
    """

    us: int
    wall_us: int
    is_date: bool


@dataclass(frozen=True)
class Provenance(Portable):
    """Where a log came from and what was chosen in reading it."""

    name: str
    format: str
    choices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    path: str | None = None

    @cached_property
    def sha256(self) -> str | None:
        """The SHA-256 of the file's bytes, computed when first asked for; none for a frame, or a file that has gone."""
        if self.path is None or not os.path.isfile(self.path):
            return None
        with open(self.path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True, eq=False)
class EventLog(InEngine):
    """Events of cases over a lazy frame; made by `read_log`, never changed.

    Columns of `frame`: `case_id`, `activity` (text), `start_us`, `end_us` (instants, microseconds since the epoch),
    `start_wall_us`, `end_wall_us` (local clock; a date is its day number x 86,400 s), `start_is_date`, `end_is_date`,
    `end_given`, `row` (order of reading), then the role columns and attributes under their canonical names.
    """

    frame: nw.LazyFrame[Any]
    session: Engine
    columns: tuple[str, ...]
    roles: Mapping[str, str]
    precision: Literal["clock", "date", "mixed"]
    provenance: Provenance
    timezone: str | None = None
    observed_until: Moment | None = None
    declared_cases: nw.LazyFrame[Any] | None = None
    account: Callable[[], tuple[QualityReport, Table]] | None = None
    places: Callable[[Sequence[int]], Mapping[int, str]] | None = None  # where rows stand in the source, as their owner finds them
    merges: Callable[[], Table] | None = None  # which rows linking merged into which
    keeping: Callable[[], None] | None = None  # stores the events of a lazy log, where they aren't too many
    numbers: nw.LazyFrame[Any] | None = None  # `case_id` and `number`, where `frame` has its cases by number
    _shared: dict[str, nw.LazyFrame[Any]] = field(default_factory=dict, init=False, repr=False)

    _instead = "write it with lt.write_log and read it again there"

    @cached_property
    def _checked(self) -> tuple[QualityReport, Table]:
        if self.account is None:
            return QualityReport(0, 0, 0), Table("rejected", REJECTED_COLUMNS, ())
        return self.account()

    @property
    def quality(self) -> QualityReport:
        """Rows read, kept and rejected by reason, and what the checks found."""
        return self._checked[0]

    @property
    def rejected(self) -> Table:
        """The rejected rows: source, sheet, row number, column, value, reason."""
        return self._checked[1]

    @cached_property
    def trail(self) -> Table:
        """Which rows `link_logs` merged into which: case, activity, system and place of both, and hours between them."""
        return Table("trail", TRAIL_COLUMNS, ()) if self.merges is None else self.merges()

    def shared(self, name: str, make: Callable[[], nw.LazyFrame[Any]]) -> nw.LazyFrame[Any]:
        """Gives a table that several measures read, computed once in the engine and kept while the log lives."""
        if name not in self._shared:
            self._shared[name] = self.session.materialise(make(), lasting=True)
        return self._shared[name]

    def keep(self) -> None:
        """Stores the events of a lazy log, and of its coded twin, in the engine, for work that reads them many times; not very many.

        What the log holds stays the same.
        """
        for log in (self, self.coded):
            if log.keeping is not None:
                log.keeping()

    @cached_property
    def coded(self) -> EventLog:
        """The same log with its cases by number, in order of their ids, for figures that name no case; itself where that isn't worth it.

        `numbers` of that log tells which case has which.
        """
        if self.numbers is not None or self.declared_cases is not None:
            return self
        found = self.session.coded(self.frame, key="case_id")
        return self if found is None else replace(self, frame=found.frame, numbers=found.numbers, keeping=found.keep)

    def named(self, frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """Gives a frame made of this log with its cases by their ids, where it has them by number."""
        if self.numbers is None:
            return frame
        return frame.rename({"case_id": "number"}).join(self.numbers, on="number", how="inner").drop("number")

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Forgets at its end the tables that measures came to share within: for work whose results are few numbers."""
        before = set(self._shared)
        try:
            with self.session.passing(shared=True):
                yield
        finally:
            for name in set(self._shared) - before:
                del self._shared[name]

    @cached_property
    def activities(self) -> tuple[str, ...]:
        """The activities that occur, by code point."""
        found = self.session.collect(distinct(self.frame, "activity").sort("activity"))
        return tuple(found["activity"])

    def __len__(self) -> int:
        return self.session.count(self.frame)

    def filter(self, *predicates: nw.Expr) -> EventLog:
        """Gives a new log of the events that meet all predicates (narwhals expressions on the columns)."""
        return replace(self, frame=self.frame.filter(*predicates))

    def to_pandas(self) -> pd.DataFrame:
        """Gives the whole event table as a pandas frame, in order of reading; large logs are better left lazy."""
        return self.session.collect(self.frame.sort("row"))

    def __repr__(self) -> str:
        return f"EventLog({self.provenance.name}, {self.precision} precision, columns {', '.join(self.columns)})"


def counted(events: nw.LazyFrame[Any], hits: Mapping[str, nw.Expr]) -> nw.LazyFrame[Any]:
    """Gives the events with how many of each kind their case has had so far, itself included, under the names of `hits`.

    A date comes before a clock time at its midnight; ties go by end, then the order of rows read (DEFINITIONS 1.3).
    """
    order = ("start_us", "timed", "end_us", "row")
    counts = {name: nw.when(hit).then(nw.col("row")).cum_count().over("case_id", order_by=order) for name, hit in hits.items()}
    return events.with_columns(timed=~nw.col("start_is_date")).with_columns(**counts)


TRAIL_COLUMNS = ("case_id", "activity", "kept_system", "kept_place", "merged_system", "merged_place", "apart_hours")
REJECTED_COLUMNS = ("source", "sheet", "row_number", "column", "value", "reason")
