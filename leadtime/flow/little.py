"""Little's law, as a check that says which of its conditions don't hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leadtime.errors import NotEstimable, UsageError
from leadtime.flow.progress import WorkInProgress
from leadtime.results import Result, Table, Value
from leadtime.words import Language, words

__all__ = ["LittlesLaw", "littles_law"]

CONDITIONS = ("arrivals-equal-departures", "all-that-start-finish", "as-many-open-at-both-ends", "age-does-not-change")


@dataclass(frozen=True)
class LittlesLaw(Result):
    """Mean open = arrivals a day x mean days, over a span of periods; `violations` names the conditions that don't hold.

    `implied_days` is the mean time that the law would give. Where a condition is violated it is no estimate of anything.
    """

    begin: str
    until: str
    mean_open: float
    arrivals_per_day: float
    implied_days: float
    violations: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether no condition is violated."""
        return not self.violations

    def sentences(self, language: Language = "en") -> tuple[str, ...]:
        """Gives what the law says and each condition that it violates, in words."""
        text = words(language)
        figures = {
            "open": text.number(self.mean_open),
            "arrivals": text.number(self.arrivals_per_day, digits=3),
            "days": text.number(self.implied_days),
        }
        verdict = text.say(f"littles_law.{'holds' if self.holds else 'violated'}", figures)
        return (verdict, *(text.say(f"littles_law.{code}") for code in self.violations))

    def _table(self) -> Table:
        columns = ("begin", "until", "mean_open", "arrivals_per_day", "implied_days", "violations")
        return Table("littles_law", columns, ((*(getattr(self, name) for name in columns[:-1]), ", ".join(self.violations)),))

    def __str__(self) -> str:
        return "\n".join(self.sentences())


def littles_law(work: WorkInProgress, *, begin: str | None = None, until: str | None = None, tolerance: float = 0.1) -> LittlesLaw:
    """Checks Little's law over some periods of `work_in_progress`: mean open = arrivals a day x mean time.

    The law holds for averages of a steady flow. A pilot's start-up is none, so what the law implies is shown only with the conditions
    that are violated: as many come as go; all that start finish; as many are open at the end as at the beginning; and the mean age of
    the open cases doesn't change. (The fifth, one unit of time, holds by construction.)

    Args:
        work: the result of `work_in_progress`.
        begin: the name of the first period, as it stands there; default the first.
        until: the name of the last; default the last.
        tolerance: by which share a condition may be missed before it counts as violated.

    Returns:
        The mean time that the law implies, and the violated conditions; printed as sentences.

    Raises:
        UsageError: a period isn't there, or the tolerance isn't a share.
        NotEstimable: nobody arrives in these periods.

    Source:
        Little & Graves (2008), "Little's law", in Building Intuition, Springer.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "a", "b"], "activity": ["Detected", "Diagnosis", "Detected"],
    ...     "start": ["2020-01-10", "2020-02-20", "2020-01-21"]}), observed_until="2020-02-29")
    >>> pathway = lt.read_pathway({"name": "x", "start": "detection", "stop": "diagnosis", "milestones": {
    ...     "detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}}})
    >>> lt.littles_law(lt.work_in_progress(log, pathway)).violations
    ('arrivals-equal-departures', 'as-many-open-at-both-ends', 'age-does-not-change')
    """
    if not 0 <= tolerance < 1:
        raise UsageError(f"tolerance={tolerance} isn't allowed; give a share from 0 up, and below 1")
    rows = _chosen(work, begin, until)
    days, arrivals = _total(rows, "days"), _total(rows, "arrivals")
    if arrivals == 0:
        raise NotEstimable(f"nobody arrives from {rows[0]['period']} to {rows[-1]['period']}, so Little's law says nothing; widen the span")
    mean_open = sum(_number(row, "mean_open") * _number(row, "days") for row in rows) / days
    broken = _broken(rows, mean_open, tolerance)
    return LittlesLaw(
        str(rows[0]["period"]),
        str(rows[-1]["period"]),
        mean_open,
        arrivals / days,
        mean_open * days / arrivals,
        tuple(code for code, violated in zip(CONDITIONS, broken, strict=True) if violated),
    )


def _broken(rows: list[dict[str, Value]], mean_open: float, tolerance: float) -> tuple[bool, bool, bool, bool]:
    """Whether each condition is missed by more than the tolerance."""
    arrivals, gone = _total(rows, "arrivals"), _total(rows, "left") + _total(rows, "lost")
    departures = _total(rows, "completions") + gone
    opened = _number(rows[0], "open") - (
        _number(rows[0], "arrivals") - sum(_number(rows[0], name) for name in ("completions", "left", "lost"))
    )
    ages = [_number(row, "mean_age_days") for row in (rows[0], rows[-1])]
    return (
        abs(arrivals - departures) > tolerance * arrivals,
        gone > tolerance * arrivals,
        abs(_number(rows[-1], "open") - opened) > tolerance * mean_open,
        abs(ages[1] - ages[0]) > tolerance * max(ages),
    )


def _chosen(work: WorkInProgress, begin: str | None, until: str | None) -> list[dict[str, Value]]:
    rows = work.periods.records()
    names = [str(row["period"]) for row in rows]
    for argument, name in (("begin", begin), ("until", until)):
        if name is not None and name not in names:
            raise UsageError(f"{argument}='{name}' is no period of this table; there is {names[0]} to {names[-1]}")
    first = 0 if begin is None else names.index(begin)
    last = len(names) - 1 if until is None else names.index(until)
    if last < first:
        raise UsageError(f"until='{until}' lies before begin='{begin}'; swap them")
    return rows[first : last + 1]


def _total(rows: list[dict[str, Value]], name: str) -> float:
    return sum(_number(row, name) for row in rows)


def _number(row: Mapping[str, Value], name: str) -> float:
    """A figure of a period; an age that is empty, as none is open, is 0."""
    return float(row[name] or 0)
