"""Working days and hours beside calendar days: a calendar, or one for each unit, laid over moments in the engine.

Source: issue 4 (working time in the log's zone), DEFINITIONS 1.2 (dates know no hours).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from leadtime.calendars.calendar import Calendar
from leadtime.calendars.tables import day_rows, instant_rows
from leadtime.cases.clock import DAY_US
from leadtime.cases.result import LeadTimes
from leadtime.errors import UsageError, checks_arguments
from leadtime.log import EventLog
from leadtime.results import SCHEMA_VERSION, InEngine, Result, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Calendars", "WorkingTimes", "with_working_time", "working_time"]

Frame = nw.LazyFrame[Any]
Calendars = Calendar | Mapping[str, Calendar]
_HOUR_US = 3_600_000_000
_DAYS = (-25_567, 47_846)  # 1900 to 2100; times outside have no working time


@dataclass(frozen=True, eq=False)
class WorkingTimes(Result, InEngine):
    """One row a case: its lead time in calendar days, and the working days and hours within it; lazy until asked for."""

    frame: Frame
    times: LeadTimes

    def to_pandas(self) -> pd.DataFrame:
        """Gives `case_id, status, lead_time_days, calendar_days, working_days, working_hours`, sorted by case id.

        `working_hours` is empty where either end is a date, `working_days` too where the case's calendar isn't given.
        """
        import pandas as pd

        frame = self.times.log.session.collect(self.frame.sort("case_id"))
        lead, calendar_days = (frame[name].astype("Float64").astype("float64") for name in ("lead_us", "calendar_days"))
        return pd.DataFrame({
            "case_id": frame["case_id"], "status": frame["status"], "lead_time_days": lead / DAY_US,
            "calendar_days": calendar_days.astype("Int64"),
            "working_days": frame["working_days"].astype("Float64").astype("float64").astype("Int64"),
            "working_hours": frame["working_us"].astype("Float64").astype("float64") / _HOUR_US,
        })  # fmt: skip

    def _table(self) -> Table:
        frame = self.to_pandas()
        cells = frame.astype(object).where(frame.notna(), None)
        return Table("working_times", tuple(frame.columns), tuple(cells.itertuples(index=False, name=None)))

    def to_dict(self) -> dict[str, Any]:
        """Gives the rows as plain values."""
        return {"schema_version": SCHEMA_VERSION, "cases": self._table().records()}


@checks_arguments
def working_time(times: LeadTimes, calendar: Calendars, *, by: str | None = None) -> WorkingTimes:
    """Gives the working days and hours of each case's lead time, beside its calendar days.

    Args:
        times: the result of `lead_times`.
        calendar: when work is done; or a calendar for each value of a case attribute (a unit, a site).
        by: that attribute.

    Returns:
        A row a case. Working days are those from the start's date on, before the end's; working hours are elapsed time within the
        slots, and empty where either end is a date.

    Raises:
        UsageError: several calendars without `by`, or `by` with one.
        InputError: there is no such attribute, or some cases have several values.

    Source: issue 4; DEFINITIONS 1.2.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "a"], "activity": ["Referral", "Visit"],
    ...     "start": ["2024-03-28 09:00", "2024-04-02 17:00"]}), timezone="Europe/Stockholm")
    >>> stockholm = lt.calendars.Calendar("Europe/Stockholm", "09-17", holidays="SE")
    >>> print(lt.working_time(lt.lead_times(log), stockholm))
    case_id  status   lead_time_days  calendar_days  working_days  working_hours
    a        stopped         5.29167              5             1             16
    """
    if isinstance(calendar, Calendar) == (by is not None):
        raise UsageError("by= goes with several calendars, one for each of its values; give calendar={'…': Calendar(…), …} with by='…'")
    kept = times.frame.filter(nw.col("status") != "excluded")
    if by is not None:
        group = times.with_attributes({"calendar": by}).select("case_id", nw.col("calendar").cast(nw.String))
        kept = kept.join(group, on="case_id", how="left")
    dated = nw.col("start_is_date") | nw.col("end_is_date")
    placed = kept.with_columns(dated=dated).with_columns(
        begin=nw.when(nw.col("dated")).then(nw.col("start_wall_us")).otherwise(nw.col("start_us")),
        until=nw.when(nw.col("dated")).then(nw.col("end_wall_us")).otherwise(nw.col("end_us")),
        calendar_days=nw.max_horizontal(nw.col("end_wall_us") // DAY_US - nw.col("start_wall_us") // DAY_US, nw.lit(0)),
    )
    worked = with_working_time(times.log, times.log.session.materialise(placed), calendar)
    return WorkingTimes(times.log.session.materialise(worked), times)


def with_working_time(log: EventLog, frame: Frame, calendar: Calendars) -> Frame:
    """Gives a kept frame with `working_days` and `working_us` between `begin` and `until`, never below 0.

    They are instants, or local clock times where `dated`, which know no hours. Of several calendars the column `calendar` names the row's.
    """
    named = {"": calendar} if isinstance(calendar, Calendar) else dict(calendar)
    table, most = _table(log, frame, named)
    keyed = frame.with_columns(calendar=nw.lit("")) if isinstance(calendar, Calendar) else frame
    for side in ("begin", "until"):
        beside = table.rename({name: f"{side}_{name}" for name in _names(most) if name not in ("calendar", "dated")})
        keyed = keyed.with_columns((nw.col(side) // DAY_US).alias(f"{side}_day"))
        keyed = keyed.join(beside, on=["calendar", "dated", f"{side}_day"], how="left")
    days, worked = (of("until", most) - of("begin", most) for of in (_days_before, _worked_before))
    helpers = [f"{side}_{name}" for side in ("begin", "until") for name in _names(most)[2:]]
    # Times nought is nought, or unknown where the time is.
    least = {"working_days": nw.max_horizontal(days, days * 0), "working_us": nw.max_horizontal(worked, worked * 0)}
    return keyed.with_columns(**least).drop(*helpers)


def _names(most: int) -> list[str]:
    ends = [f"{end}_{i}" for i in range(most) for end in ("opens", "closes")]
    return ["calendar", "dated", "day", "days_before", "turn_us", "turn_adds", "worked_us", *ends]


def _days_before(side: str, most: int) -> nw.Expr:
    """The working days before the local date of a moment."""
    turned = nw.when(nw.col(side) >= nw.col(f"{side}_turn_us")).then(nw.col(f"{side}_turn_adds")).otherwise(nw.lit(0))
    return nw.col(f"{side}_days_before") + turned


def _worked_before(side: str, most: int) -> nw.Expr:
    """The working time before a moment: before its day, and of the openings of its day."""
    found = nw.col(f"{side}_worked_us")
    for i in range(most):
        opens, closes = nw.col(f"{side}_opens_{i}"), nw.col(f"{side}_closes_{i}")
        inside = nw.min_horizontal(nw.col(side), closes) - opens
        found = found + nw.when(nw.col(side) > opens).then(inside).otherwise(nw.lit(0))
    return found


def _table(log: EventLog, frame: Frame, calendars: Mapping[str, Calendar]) -> tuple[Frame, int]:
    """The days of all calendars over the span of the frame, local days and days of UTC, and how many openings a row holds."""
    sides = ("begin", "until")  # the middle of a partial start may lie after its stop
    ends = frame.select(first=nw.min_horizontal(*sides).min(), last=nw.max_horizontal(*sides).max())
    first, last = (int(end) // DAY_US for end in log.session.collect(ends).fillna(0).iloc[0])
    first, last = max(first, _DAYS[0]), min(last, _DAYS[1])  # a default date of the year 9999 mustn't fill the memory
    found = {name: instant_rows(calendar, first, last) for name, calendar in calendars.items()}
    most = max(count for _, count in found.values())
    names = _names(most)
    rows: list[tuple[str | int | bool | None, ...]] = []
    for name, calendar in calendars.items():
        rows += [(name, False, *row) for row in found[name][0]]
        rows += [(name, True, *row) for row in day_rows(calendar, first, last)]
    types = dict.fromkeys(names, "BIGINT") | {"calendar": "VARCHAR", "dated": "BOOLEAN"}
    return log.session.from_rows(names, [(*row, *[None] * (len(names) - len(row))) for row in rows], types), most
