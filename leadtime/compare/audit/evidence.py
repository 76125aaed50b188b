"""What the checks for bias look at: the comparison, its cases, and what more the log tells of them, fetched when first needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import narwhals as nw
import numpy as np
import numpy.typing as npt

from leadtime.cases.clock import DAY_US, bound_of
from leadtime.compare.basis import Basis
from leadtime.compare.cohorts import AFTER, BEFORE, Pair, cohort_codes
from leadtime.compare.estimates import curves_of
from leadtime.errors import LeadtimeError
from leadtime.results import Portable
from leadtime.survival import ratio_by_mover

if TYPE_CHECKING:
    from leadtime.compare.result import CohortEstimate, Comparison

__all__ = ["FEW_AT_RISK", "SILENT_DAYS", "AuditCheck", "AuditEntry", "Evidence", "Lacking", "Unit"]

FEW_AT_RISK = 10
SILENT_DAYS = 365  # an open case without any event for longer may have ended without anybody noting it

Unit = Literal["days", "change", "age", "share", "ratio", "cases", "text", ""]
Status = Literal["found", "nothing found", "not computable"]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class AuditEntry(Portable):
    """One thing that may bend the comparison: its code, the cases it touches, and its effect in a unit.

    Units: "days" (an amount), "change" (days, shorter below 0), "age" (days, younger below 0), "share" (of 1), "ratio" (the ratio of
    medians if it were otherwise). `more` are further values of its sentence with their units, `variant` which sentence it is.
    `comparable` is False where the cohorts can't be compared at all.
    """

    code: str
    cases: int
    effect: float | None = None
    unit: Unit = ""
    more: Mapping[str, tuple[float | str | None, Unit]] = field(default_factory=lambda: MappingProxyType({}))
    comparable: bool = True
    variant: str = ""


@dataclass(frozen=True)
class AuditCheck:
    """One code: whether it was found, looked for and not found, or couldn't be looked for, as something `needs` to be there."""

    code: str
    status: Status
    entry: AuditEntry | None = None
    needs: str = ""


class Lacking(Exception):
    """A check can't be made: the named column or option isn't there. Caught within the room."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """A comparison with its cases."""

    comparison: Comparison
    basis: Basis

    @property
    def cohorts(self) -> tuple[CohortEstimate, CohortEstimate]:
        """The two cohorts' estimates."""
        return self.comparison.cohorts

    @property
    def pair(self) -> Pair:
        """The two cohorts' cases."""
        return self.basis.pair

    @cached_property
    def codes(self) -> Ints:
        """Of each case which cohort it is in."""
        return cohort_codes(self.basis.rows, self.basis.design, self.basis.breaks, self.basis.design.cohort_rule)

    @cached_property
    def members(self) -> tuple[Ints, Ints]:
        """The places of the cases of either cohort."""
        return np.flatnonzero(self.codes == BEFORE), np.flatnonzero(self.codes == AFTER)

    @property
    def apart(self) -> bool:
        """Whether the dates of the clock starts alone tell the cohorts apart, and no case that started later is left out."""
        if self.basis.design.by_date:
            return self.basis.design.cohort_rule != "stop"
        before, after = (self.basis.rows.start_day[places] for places in self.members)
        others = self.basis.rows.start_day[self.codes != AFTER]
        return bool(before.max() < after.min() and others.max() < after.min())

    def ratio_of(self, pair: Pair) -> float | None:
        """The ratio of medians by other cohorts; None where it can't be had."""
        try:
            before, after = curves_of(pair, self.basis.options)
        except LeadtimeError:
            return None
        return ratio_by_mover(before.median, after.median).value

    def label(self, name: str) -> npt.NDArray[np.object_]:
        """The labels of a case attribute.

        Raises:
            Lacking: the log has no such column.
        """
        if name not in self.basis.rows.labels:
            raise Lacking(name)
        return self.basis.rows.labels[name]

    @cached_property
    def last_event_day(self) -> Ints:
        """The local day of each case's last observed event of any kind."""
        times = self.basis.times
        events = times.log.frame
        if times.observed_until is not None:
            events = events.filter(bound_of(times.observed_until, times.log.timezone).holds("start"))
        last = events.group_by("case_id").agg(last=nw.col("start_wall_us").max())
        kept = times.frame.filter(nw.col("status") != "excluded").select("case_id")
        found = times.log.session.collect(kept.join(last, on="case_id", how="inner")).set_index("case_id")["last"].astype("int64")
        rows = self.basis.rows
        days = np.asarray(found.reindex(rows.case_id).fillna(-1).to_numpy(dtype=np.int64), np.int64) // DAY_US
        return np.where(days < 0, rows.start_day, days)
