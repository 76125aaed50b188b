"""The value-stream map as a result: its steps, and the figures of the whole; the future state beside the current one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from leadtime.results import Result, Table, Value

__all__ = ["StreamStep", "ValueStream"]


@dataclass(frozen=True)
class StreamStep:
    """A step in days: the wait before it and its own process time (None: not known); what it hands on that can be used as it is.

    `cases` went through it, where the map comes from a log; `critical` says whether the whole waits for it, where it is a workshop's.
    """

    step: str
    after: tuple[str, ...]
    wait_days: float
    process_days: float | None
    complete_accurate: float | None = None
    critical: bool | None = None
    cases: int | None = None

    @property
    def lead_time_days(self) -> float:
        """Wait and process time together."""
        return self.wait_days + (self.process_days or 0.0)

    @property
    def activity_ratio(self) -> float | None:
        """Process time as a share of lead time; None where either isn't known."""
        return None if self.process_days is None or not self.lead_time_days else self.process_days / self.lead_time_days


@dataclass(frozen=True)
class ValueStream(Result):
    """A stream of steps with its figures; `future` is another state of the same stream, to be set beside it.

    `lead_time_days` is the critical path at the likely times (workshop), or the mean lead time of the finished cases (log).
    `p10_days`, `p50_days` and `p90_days` come from `draws` seeded draws, or from the `cases` themselves.
    """

    source: Literal["workshop", "log"]
    steps: tuple[StreamStep, ...]
    lead_time_days: float
    p10_days: float | None
    p50_days: float | None
    p90_days: float | None
    takt_days: float | None
    critical_path: tuple[str, ...] = ()
    cases: int | None = None
    draws: int | None = None
    seed: int | None = None
    future: ValueStream | None = None

    @property
    def process_days(self) -> float | None:
        """The steps' process times together; None where one isn't known."""
        known = [step.process_days for step in self.steps if step.process_days is not None]
        return sum(known) if len(known) == len(self.steps) else None

    @property
    def wait_days(self) -> float:
        """The steps' waits together."""
        return sum(step.wait_days for step in self.steps)

    @property
    def activity_ratio(self) -> float | None:
        """Process time of all steps as a share of their lead times, both as sums; None where a process time isn't known."""
        whole = sum(step.lead_time_days for step in self.steps)
        return self.process_days / whole if self.process_days is not None and whole else None

    @property
    def rolled_complete_accurate(self) -> float | None:
        """The share that gets through all steps without anything to mend: the product of the steps'; None where one isn't known.

        Of a log, the product over the steps that sent referrals, since nothing else says what a receiver thought of it.
        """
        known = [step.complete_accurate for step in self.steps if step.complete_accurate is not None]
        complete = bool(known) if self.source == "log" else len(known) == len(self.steps)
        return math.prod(known) if complete else None

    @property
    def summary(self) -> Table:
        """The figures of the whole: of each state, and their change where there is a future one."""
        current = self._figures()
        if self.future is None:
            return Table("value_stream_summary", ("figure", "current"), tuple(current.items()))
        future = self.future._figures()
        rows = tuple((name, value, future[name], _change(value, future[name])) for name, value in current.items())
        return Table("value_stream_summary", ("figure", "current", "future", "change"), rows)

    def _figures(self) -> dict[str, float | None]:
        return {
            "lead_time_days": self.lead_time_days,
            "p10_days": self.p10_days,
            "p50_days": self.p50_days,
            "p90_days": self.p90_days,
            "process_days": self.process_days,
            "wait_days": self.wait_days,
            "activity_ratio": self.activity_ratio,
            "rolled_percent_complete_accurate": _percent(self.rolled_complete_accurate),
            "takt_days": self.takt_days,
        }

    def to_dict(self) -> dict[str, Any]:
        """Gives the steps and the figures of the whole as plain values, those of the future state too."""
        return {**super().to_dict(), "summary": self.summary.records()}

    def _table(self) -> Table:
        columns = (
            "step", "after", "wait_days", "process_days", "lead_time_days", "activity_ratio", "percent_complete_accurate", "critical",
            "cases",
        )  # fmt: skip
        return Table("value_stream", columns, tuple(self._row(step) for step in self.steps), counts=("cases",))

    def _row(self, step: StreamStep) -> tuple[Value, ...]:
        times = (step.wait_days, step.process_days, step.lead_time_days, step.activity_ratio)
        return step.step, "; ".join(step.after), *times, _percent(step.complete_accurate), step.critical, step.cases

    def __str__(self) -> str:
        parts = [str(self._table()), *([str(self.future._table())] if self.future else []), str(self.summary)]
        return "\n\n".join(parts)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _change(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before
