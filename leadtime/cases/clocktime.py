"""The lead time less the pauses that a rule takes off, held against its limit: always shown beside the lead time itself.

Source: DEFINITIONS 2.4 (pauses and presets).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.cases.pauses import ClockAxis, pauses, set_back
from leadtime.cases.result import LeadTimes
from leadtime.errors import UsageError, checks_arguments, did_you_mean
from leadtime.results import SCHEMA_VERSION, InEngine, Result, Table, Value

if TYPE_CHECKING:
    import pandas as pd

    from leadtime.pathway import Clock

__all__ = ["ClockPreset", "ClockStep", "ClockTimes", "clock_time"]

Frame = nw.LazyFrame[Any]
ClockPreset = Literal["rtt", "vardgaranti", "bup"]
ClockStep = Literal["contact", "assessment", "visit", "treatment"]


@dataclass(frozen=True)
class _Rule:
    """What a preset takes off (the reasons of pauses; none means all), and its limits in calendar days, the usual one first."""

    limits: Mapping[str, int]
    reasons: tuple[str, ...] | None


PRESETS: Mapping[str, _Rule] = MappingProxyType({
    "rtt": _Rule({"treatment": 126}, ()),
    "vardgaranti": _Rule({"visit": 90, "contact": 0, "assessment": 3, "treatment": 90}, None),
    "bup": _Rule({"assessment": 30, "treatment": 30}, ("family",)),
})  # fmt: skip


@checks_arguments
def clock_time(
    times: LeadTimes, *, preset: ClockPreset | None = None, step: ClockStep | None = None, limit_days: int | None = None
) -> ClockTimes:
    """Gives each case's clock time: the lead time less the union of its pauses, and less what lies before a restart.

    Args:
        times: the result of `lead_times` by a pathway; its `[pauses]` and `[clock]` say what stops the clock and sets it back.
        preset: ``"rtt"`` takes no pauses off and allows 126 days; ``"vardgaranti"`` takes all off and allows 0 days to the first contact,
            3 to a medical assessment, 90 to a first visit and 90 to treatment; ``"bup"`` takes off what the family chose and allows 30 days
            to a first assessment and 30 to treatment. With a preset all is counted in whole calendar days. The pathway's own where not
            given; without any, all pauses are taken off on the lead time's own axis, and there is no limit.
        step: which of the preset's limits; ``"visit"``, ``"assessment"`` and ``"treatment"`` are the presets' usual ones.
        limit_days: a limit instead of the preset's; the last day is within.

    Returns:
        A row a case (`to_pandas`), every subtracted day (`subtracted`), and the share within the limit, counted both ways (`summary`).

    Raises:
        UsageError: the lead times have no pathway, or an argument isn't allowed.

    Source: DEFINITIONS 2.4; NHS England, Referral to treatment consultant-led waiting times rules suite (2022); SKR, Vårdgarantin.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a"] * 4, "activity": ["Referral", "Pause", "Back", "Visit"],
    ...     "start": ["2020-01-01", "2020-02-01", "2020-03-02", "2020-04-15"]}), observed_until="2020-12-31")
    >>> pathway = lt.read_pathway({"name": "x", "start": "referral", "stop": "visit", "milestones": {
    ...     "referral": {"activities": ["Referral"]}, "visit": {"activities": ["Visit"]}},
    ...     "pauses": {"holiday": {"begin": "Pause", "end": "Back", "reason": "family"}}})
    >>> clock = lt.clock_time(lt.lead_times(log, pathway), preset="vardgaranti")
    >>> clock.to_pandas()[["lead_time_days", "paused_days", "clock_days", "within_lead_time", "within"]].values.tolist()
    [[105.0, 30.0, 75.0, False, True]]
    >>> print(clock.subtracted)
    case_id  pause    reason  from        to          days  subtracted_days
    a        holiday  family  2020-02-01  2020-03-02    30               30
    """
    if times.pathway is None:
        raise UsageError("these lead times have no pathway, so nothing says when the clock stands still; give one to lead_times")
    declared = times.pathway.clock
    chosen = preset or declared.preset
    if chosen not in (None, *PRESETS):
        raise UsageError(f"preset={chosen!r} isn't allowed{did_you_mean(str(chosen), PRESETS)}")
    # What the pathway says of its own preset isn't meant for another.
    own = declared if chosen == declared.preset else type(declared)()
    limit = limit_days if limit_days is not None else _limit(chosen, step, own)
    axis = ClockAxis(times, times.pathway, by_days=chosen is not None)
    rule = PRESETS[chosen] if chosen else None
    keep = times.log.session.materialise
    subtracted = _subtracted(axis, rule.reasons if rule else None)
    taken = None if subtracted is None else keep(subtracted)
    return ClockTimes(keep(_timed(axis, taken, limit)), taken, times, chosen, limit)


def _limit(preset: str | None, step: str | None, own: Clock) -> int | None:
    """The limit that holds: that of the step asked for, else the pathway's own, else the preset's usual one."""
    if own.limit_days is not None and step is None:
        return own.limit_days
    if preset is None:
        if step is not None:
            raise UsageError(f"step={step!r} goes with a preset; give preset= or limit_days=")
        return None
    limits = PRESETS[preset].limits
    named = step or own.step or next(iter(limits))
    if named not in limits:
        raise UsageError(f"step={named!r} has no limit in {preset!r}{did_you_mean(str(named), limits)}")
    return limits[named]


def _subtracted(axis: ClockAxis, reasons: tuple[str, ...] | None) -> Frame | None:
    """Every interval that is taken off, clipped to the case's clock, with the part of it that no earlier one has taken."""
    found = []
    back = set_back(axis)
    if back is not None:
        reason = nw.when(nw.col("void")).then(nw.lit("nullified")).otherwise(nw.lit("restart"))
        columns = {"pause": reason, "reason": reason, "at": nw.lit(0).cast(nw.Int64), "row": nw.lit(-1).cast(nw.Int64)}
        gone = back.join(axis.cases, on="case_id", how="inner").with_columns(**columns)
        found.append(gone.with_columns(until=nw.coalesce("anew", "lead_us")).select(*_PAUSED))
    still = pauses(axis) if reasons != () else None
    if still is not None:
        found.append((still if reasons is None else still.filter(nw.col("reason").is_in(list(reasons)))).select(*_PAUSED))
    if not found:
        return None
    zero = nw.lit(0)
    clipped = nw.concat(found, how="vertical").with_columns(begin=nw.max_horizontal("at", zero), end=nw.min_horizontal("until", "lead_us"))
    ordered = clipped.filter(nw.col("end") > nw.col("begin")).with_columns(reach=_in_order(nw.col("end").cum_max()))
    fresh = nw.max_horizontal("begin", nw.coalesce(_in_order(nw.col("reach").shift(1)), zero))
    return ordered.with_columns(subtracted_us=nw.max_horizontal(nw.col("end") - fresh, zero))


_PAUSED = ("case_id", "pause", "reason", "at", "until", "row", "lead_us", "begun_us", "calendar")


def _in_order(expression: nw.Expr) -> nw.Expr:
    return expression.over("case_id", order_by=("begin", "row", "pause"))


def _timed(axis: ClockAxis, subtracted: Frame | None, limit: int | None) -> Frame:
    """A row a case: lead time, what is taken off and why, clock time, and whether each is within the limit so far."""
    zero = nw.lit(0).cast(nw.Int64)
    cases = axis.cases.select("case_id", "status", "calendar", "lead_us")
    if subtracted is None:
        rows = cases.with_columns(paused_us=zero, family_us=zero, set_back_us=zero, nullified=nw.lit(value=False))
    else:
        off, reason = nw.col("subtracted_us"), nw.col("reason")
        back = reason.is_in(["restart", "nullified"])
        sums = subtracted.group_by("case_id").agg(
            paused_us=nw.when(~back).then(off).otherwise(0).sum(),
            family_us=nw.when(reason == "family").then(off).otherwise(0).sum(),
            set_back_us=nw.when(back).then(off).otherwise(0).sum(),
            gone=((reason == "nullified") & (nw.col("end") == nw.col("lead_us"))).any(),
        )
        joined = cases.join(sums, on="case_id", how="left")
        names = ("paused_us", "family_us", "set_back_us")
        rows = joined.with_columns(
            *(nw.coalesce(name, zero).cast(nw.Int64).alias(name) for name in names), nullified=nw.coalesce("gone", nw.lit(value=False))
        )
    left = nw.col("lead_us") - nw.col("paused_us") - nw.col("set_back_us")
    clocked = rows.with_columns(clock_us=nw.when(~nw.col("nullified")).then(left))
    nothing = nw.lit(None, dtype=nw.Boolean)
    within = {
        name: nothing if limit is None else nw.col(column) <= limit * DAY_US
        for name, column in (("within_lead_time", "lead_us"), ("within", "clock_us"))
    }
    return clocked.with_columns(**within)


def _shown(at: pd.Timestamp, zone: str | None) -> str:
    """A moment on the local clock, a date where it is a midnight of a calendar axis."""
    local = at if zone is None else at.tz_localize("UTC").tz_convert(zone).tz_localize(None)
    return str(local.date()) if zone is None and local == local.normalize() else local.isoformat(sep=" ")


@dataclass(frozen=True, eq=False)
class ClockTimes(Result, InEngine):
    """One row a case: the lead time, what is taken off it, and the clock time; lazy until asked for.

    A case that is still waiting is within its limit so far. `preset` and `limit_days` are those that hold.
    """

    frame: Frame
    pauses: Frame | None
    times: LeadTimes
    preset: str | None
    limit_days: int | None

    def to_pandas(self) -> pd.DataFrame:
        """Gives a row a case with a lead time, sorted by case id.

        Columns `case_id, status, lead_time_days, paused_days, set_back_days, clock_days, nullified, limit_days, within_lead_time, within`;
        `clock_days` is empty where the start was made void and no new one came.
        """
        import pandas as pd

        frame = self.times.log.session.collect(self.frame.sort("case_id"))
        days = {"lead_time_days": "lead_us", "paused_days": "paused_us", "set_back_days": "set_back_us", "clock_days": "clock_us"}
        return pd.DataFrame({
            "case_id": frame["case_id"],
            "status": frame["status"],
            **{name: frame[column].astype("Float64").astype("float64") / DAY_US for name, column in days.items()},
            "nullified": frame["nullified"].astype(bool),
            "limit_days": pd.array([self.limit_days] * len(frame), dtype="Int64"),
            **{name: frame[name].astype("boolean") for name in ("within_lead_time", "within")},
        })  # fmt: skip

    @cached_property
    def subtracted(self) -> Table:
        """Every interval taken off, so that all subtracted days can be looked up: `subtracted_days` leaves out what another covers."""
        import pandas as pd

        columns = ("case_id", "pause", "reason", "from", "to", "days", "subtracted_days")
        if self.pauses is None:
            return Table("subtracted", columns, ())
        frame = self.times.log.session.collect(self.pauses.sort("case_id", "begin", "row", "pause"))
        rows: list[tuple[Value, ...]] = []
        for case, pause, reason, begun, calendar, begin, end, off in frame[
            ["case_id", "pause", "reason", "begun_us", "calendar", "begin", "end", "subtracted_us"]
        ].itertuples(index=False):
            texts = [_shown(pd.Timestamp(int(begun + at), unit="us"), None if calendar else self.times.log.timezone) for at in (begin, end)]
            rows.append((str(case), str(pause), str(reason), *texts, int(end - begin) / DAY_US, int(off) / DAY_US))
        return Table("subtracted", columns, tuple(rows))

    @cached_property
    def summary(self) -> Table:
        """How many cases are within the limit and their share, by status and by way of counting.

        The ways: the lead time as it is, the clock time, and the lead time of the cases without patient-chosen waiting. Cases whose start
        was made void count in the first alone.
        """
        frame = self.times.log.session.collect(self.frame)
        ways = {
            "lead time": (frame["lead_us"] >= 0, "within_lead_time"),
            "clock time": (~frame["nullified"].astype(bool), "within"),
            "without patient-chosen waiting": ((frame["family_us"] == 0) & ~frame["nullified"].astype(bool), "within_lead_time"),
        }
        rows: list[tuple[Value, ...]] = []
        for status in ("stopped", "still waiting", "left"):
            for way, (counted, column) in ways.items():
                chosen = frame[(frame["status"] == status) & counted]
                n = len(chosen)
                within = None if self.limit_days is None else int(chosen[column].astype("boolean").sum())
                rows.append((status, way, n, within, within / n if within is not None and n else None))
        return Table("clock_summary", ("status", "counted", "cases", "within", "share"), tuple(rows), counts=("cases", "within"))

    def _table(self) -> Table:
        frame = self.to_pandas()
        cells = frame.astype(object).where(frame.notna(), None)
        return Table("clock_times", tuple(frame.columns), tuple(cells.itertuples(index=False, name=None)))

    def to_dict(self) -> dict[str, Any]:
        """Gives the choices, the summary, the subtracted intervals and the rows as plain values."""
        choices: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "preset": self.preset, "limit_days": self.limit_days}
        return choices | {
            "summary": self.summary.records(), "subtracted": self.subtracted.records(), "cases": self._table().records()
        }  # fmt: skip

    def _repr_html_(self) -> str:
        return self.summary._repr_html_()

    def __str__(self) -> str:
        return str(self.summary)
