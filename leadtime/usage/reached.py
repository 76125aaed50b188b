"""Reach: how many of those meant to be reached were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import narwhals as nw

from leadtime.counts.shares import ShareInterval, share
from leadtime.errors import InputError, UsageError, checks_arguments
from leadtime.log import EventLog
from leadtime.results import Estimate, Result, Table, Value
from leadtime.usage.groups import activities_of, cases_in_groups, observed

__all__ = ["Reach", "reach"]


@dataclass(frozen=True)
class Reach(Result):
    """n of N by group; made by `reach`. `share` is that of all groups together."""

    unit: str
    table: Table
    share: Estimate

    @property
    def n(self) -> int:
        """How many were reached."""
        return sum(int(value or 0) for value in self.table.column("reached"))

    def _table(self) -> Table:
        return self.table


@checks_arguments
def reach(
    log: EventLog,
    *,
    activities: str | Sequence[str] | None = None,
    population: int | Mapping[str, int] | None = None,
    by: str | None = None,
    confidence: float = 0.95,
    interval: ShareInterval = "wilson",
) -> Reach:
    """Gives how many of a population were reached: n of N, with its interval.

    Someone reached several times counts once: by person where the log has `person_id`, else by case.

    Args:
        log: the events.
        activities: what counts as reached; None for any event.
        population: how many there are to reach, known from elsewhere; with `by` a number for each group. None for the cases of the log,
            declared ones without events too.
        by: a case attribute.
        confidence: of the interval.
        interval: as in `counts.share`.

    Returns:
        `group, reached, population, share, lower, upper`, a row a group; `.share` over all groups.

    Raises:
        InputError: an activity or attribute isn't there, a group has no population, or more were reached than there are.
        UsageError: `population` doesn't fit `by`.

    Source: as `counts.share`.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "a", "b"], "activity": ["Course"] * 3, "start": ["2020-01-01"] * 3}))
    >>> print(lt.reach(log, activities="Course", population=8).share)
    0.25 (95 % wilson interval 0.0714792 to 0.590725; n = 8)
    """
    _check_population(population, by)
    counted = _counted(log, activities, by)
    sizes = _sizes(log, population, by)
    strangers = sorted(set(counted) - set(sizes))
    if strangers:
        raise InputError(f"population names no group '{strangers[0]}', which the log has in '{by}'; give its number")
    rows: list[tuple[Value, ...]] = []
    for group in sorted(sizes):
        n, of = counted.get(group, 0), sizes[group]
        if n > of:
            raise InputError(f"{n} were reached of a population of {of}{f' in {group!r}' if group else ''}; is it the same time and area?")
        found = share(n, of, confidence=confidence, interval=interval)
        rows.append((group, n, of, found.value, found.lower, found.upper))
    whole = share(sum(counted.values()), sum(sizes.values()), confidence=confidence, interval=interval)
    columns = ("group", "reached", "population", "share", "lower", "upper")
    unit = "persons" if "person_id" in log.columns else "cases"
    return Reach(unit, Table("reach", columns, tuple(rows), counts=("reached",)), whole)


def _check_population(population: int | Mapping[str, int] | None, by: str | None) -> None:
    if isinstance(population, Mapping) and by is None:
        raise UsageError("population holds a number for each group, so say by which attribute: by='site'")
    if isinstance(population, int) and by is not None:
        raise UsageError(f"population={population} is one number; with by='{by}' give one for each group")


def _counted(log: EventLog, activities: str | Sequence[str] | None, by: str | None) -> dict[str, int]:
    """How many of each group were reached, each once."""
    events = observed(log)
    if activities is not None:
        events = events.filter(nw.col("activity").is_in(activities_of(log, activities)))
    who = nw.coalesce("person_id", "case_id") if "person_id" in log.columns else nw.col("case_id")
    persons = events.select("case_id", who=who).join(cases_in_groups(log, by), on="case_id", how="inner")
    found = log.session.collect(persons.select("group", "who").unique().group_by("group").agg(n=nw.len()))
    return {str(group): int(n) for group, n in found.itertuples(index=False)}


def _sizes(log: EventLog, population: int | Mapping[str, int] | None, by: str | None) -> dict[str, int]:
    if isinstance(population, Mapping):
        return {str(group): int(n) for group, n in population.items()}
    if population is not None:
        return {"": population}
    found = log.session.collect(cases_in_groups(log, by).group_by("group").agg(n=nw.len()))
    return {str(group): int(n) for group, n in found.itertuples(index=False)}
