"""A zone's changes of offset within the span of a log, and what they do to its local clock times, as conditions on integers.

A log spans some years, hence a few tens of changes: to compare with those is cheaper than to look each time up. The changes come from
DuckDB's own ICU, to the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leadtime.engine.session import Session
from leadtime.engine.sql import literal

__all__ = ["Change", "Offsets", "offsets", "offsets_steps"]

_HOUR_US, _MINUTE_US, _SECOND_US = 3_600_000_000, 60_000_000, 1_000_000
# Beyond this the conditions are many, and the table of a zone's days is better.
_LONGEST_US = 60 * 366 * 24 * _HOUR_US
_MARGIN_US = 48 * _HOUR_US


@dataclass(frozen=True)
class Change:
    """A change of offset: its instant, and the offsets before and after it, all in microseconds."""

    at_us: int
    before_us: int
    after_us: int

    @property
    def is_fold(self) -> bool:
        """Whether local times occur twice, rather than never."""
        return self.after_us < self.before_us

    @property
    def walls(self) -> tuple[int, int]:
        """The local times that occur twice, or never: from, to (exclusive)."""
        ends = self.at_us + self.before_us, self.at_us + self.after_us
        return min(ends), max(ends)


@dataclass(frozen=True)
class Offsets:
    """A zone's offsets over some span: the one at its beginning, and its changes in order."""

    first_us: int
    changes: tuple[Change, ...]


def offsets(session: Session, zone: str, lower_us: int, upper_us: int) -> Offsets | None:
    """Gives a zone's offsets around a span of local times; none where the span is too long for a list of changes."""
    first, last = lower_us // _HOUR_US * _HOUR_US - _MARGIN_US, upper_us + _MARGIN_US
    if last - first > _LONGEST_US:
        return None
    found = _changed(session, zone, f"SELECT range AS moment FROM range({first}, {last}, {_HOUR_US})")
    for step, parts in ((_MINUTE_US, 60), (_SECOND_US, 60)):
        if not found:
            break
        since = ", ".join(str(moment - step * parts) for moment, *_ in found)
        spans = f"SELECT unnest(range(since, since + {step * parts + 1}, {step})) AS moment FROM (SELECT unnest([{since}]) AS since)"
        found = _changed(session, zone, spans)
    base = int(session.rows(f"SELECT {_there(zone)} FROM (SELECT {first} AS moment)")[0][0])
    return Offsets(base, tuple(Change(*change) for change in found))


def _there(zone: str) -> str:
    """The SQL of a zone's offset at a moment."""
    return f"epoch_us(timezone({literal(zone)}, make_timestamp(moment)::TIMESTAMPTZ)) - moment"


def _changed(session: Session, zone: str, moments: str) -> list[tuple[int, int, int]]:
    """The first of the moments with another offset than the moment before, with both offsets; spans of moments apart don't mix."""
    there = f"SELECT moment, {_there(zone)} AS offset_us FROM ({moments})"
    steps = f"SELECT moment, offset_us, lag(offset_us) OVER (ORDER BY moment) AS before_us FROM ({there})"
    rows = session.rows(f"SELECT moment, before_us, offset_us FROM ({steps}) WHERE before_us <> offset_us ORDER BY moment")
    return [(int(at), int(before), int(after)) for at, before, after in rows]


def offsets_steps(role: str, found: Offsets) -> tuple[list[str], str, list[str], list[str]]:
    """Gives the SQL from local times and dates to instants, as `times.zone_steps` does, for columns without offsets of their own."""
    local = f"coalesce({role}_date, {role}_local)"
    spans = [(change.walls, change.is_fold) for change in found.changes]
    twice, never = (
        " OR ".join(_between(local, walls) for walls, is_fold in spans if is_fold is wanted) or "FALSE" for wanted in (True, False)
    )
    skipped = "".join(f"WHEN {_between(local, walls)} THEN {walls[1] - walls[0]} " for walls, is_fold in spans if not is_fold)
    moved = f"{role}_local IS NOT NULL AND ({never})"
    instants = [
        f"{local} - {_offset_at(local, found.changes, found.first_us)} AS {role}_us",
        f"({role}_local IS NOT NULL AND ({twice})) AS {role}_fold",
        f"({moved}) AS {role}_gap",
        f"({role}_date IS NOT NULL) AS {role}_is_date",
    ]
    walls = f"{local} + CASE WHEN {role}_gap THEN CASE {skipped}END ELSE 0 END" if skipped else local
    return [], "", instants, [f"{walls} AS {role}_wall_us"]


def _offset_at(local: str, found: Sequence[Change], otherwise: int) -> str:
    """The SQL of the offset of a local time: the earlier one while it occurs for the first time, or while it is skipped."""
    if not found:
        return str(otherwise)
    middle = len(found) // 2
    change = found[middle]
    early = _offset_at(local, found[:middle], change.before_us)
    late = _offset_at(local, found[middle + 1 :], change.after_us)
    return f"CASE WHEN {local} < {change.walls[1]} THEN {early} ELSE {late} END"


def _between(local: str, walls: tuple[int, int]) -> str:
    return f"{local} BETWEEN {walls[0]} AND {walls[1] - 1}"
