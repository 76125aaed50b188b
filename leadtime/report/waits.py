"""The section on waits: who is waited for, and between whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from leadtime.disclosure import Profile
from leadtime.flow import FlowTable, transitions, waits_by_owner
from leadtime.log import EventLog
from leadtime.report.model import Block, TextBlock
from leadtime.results import Table, Value

if TYPE_CHECKING:
    from leadtime.report.parts import Part

__all__ = ["wait_tables", "waits"]

_MOST = 15  # rows: the longest waits in total
_FIGURES = ("mean_days", "median_days", "p90_days", "total_days")


def wait_tables(log: EventLog, profile: Profile) -> list[Table]:
    """Gives who is waited for and the waits between units; without units, those between activities.

    Waits of fewer children than may be shown are left out, and no total of all is given from which they could be told.
    """
    if "unit" not in log.columns:
        return [_longest("hand_overs", ("source", "target"), transitions(log), profile)]
    return [
        _longest("owners", ("owner", "crossing"), waits_by_owner(log), profile),
        _longest("hand_overs", ("source", "target"), transitions(log, by="unit"), profile),
    ]


def _longest(name: str, keys: tuple[str, str], found: FlowTable, profile: Profile) -> Table:
    frame = found.to_pandas().dropna(subset=list(keys))
    frame = frame[(frame[keys[0]] != frame[keys[1]]) & (frame["cases"] >= profile.threshold) & (frame["total_days"] > 0)]
    frame = frame.sort_values(["total_days", *keys], ascending=[False, True, True]).head(_MOST)
    rows: list[tuple[Value, ...]] = [
        (*(str(row[key]) for key in keys), int(row["cases"]), *(float(row[figure]) for figure in _FIGURES))
        for row in frame.to_dict(orient="records")
    ]
    return Table(name, (*keys, "cases", *_FIGURES), tuple(rows), counts=("cases",))


def waits(part: Part) -> Iterable[Block]:
    """Gives the longest waits in total, by whom is waited for and by hand-over."""
    phrases = part.phrases
    by_unit = part.found.table("owners") is not None
    if not by_unit:
        yield TextBlock((phrases.say("no_column", {"what": phrases.say("waits_what"), "columns": phrases.role("unit")}),), "note")
    for name in ("owners", "hand_overs"):
        if part.found.table(name) is None:
            continue
        rows = [_cells(row, name, part) for row in part.disclosed.table(name).records()]
        if not rows:
            yield TextBlock((phrases.say("waits_none"),), "note")
            continue
        keys = ("owner", "crossing") if name == "owners" else ("source", "target")
        columns = [*(part.column(key) for key in keys), part.column("cases", "count"), *(part.column(key, "days") for key in _FIGURES)]
        yield TextBlock((phrases.say(f"waits_{name}" if by_unit else "waits_activities"),))
        yield part.table(name, columns, rows)
    yield TextBlock((phrases.say("waits_note", {"most": phrases.text.integer(_MOST)}),), "note")


def _cells(row: dict[str, Value], name: str, part: Part) -> tuple[Value, ...]:
    figures = tuple(row[key] for key in ("cases", *_FIGURES))
    if name == "owners":
        return (row["owner"], part.phrases.say(f"crossing.{row['crossing']}"), *figures)
    return (row["source"], row["target"], *figures)
