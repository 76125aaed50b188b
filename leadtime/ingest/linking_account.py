"""The account of linked logs: every row of every system kept, merged into another or without a key, and the trail of what was merged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import narwhals as nw

from leadtime.ingest.linking_keys import Keys
from leadtime.log import REJECTED_COLUMNS, TRAIL_COLUMNS, EventLog
from leadtime.quality.case_ids import alike_ids
from leadtime.quality.findings import finding, ranked, with_effects
from leadtime.quality.reading import REJECTED_LISTED
from leadtime.results import Finding, QualityReport, Table

__all__ = ["Linked", "account_of", "places_of", "trail_of"]

NO_KEY, SAME_EVENT = "no key", "same event elsewhere"
_LISTED = 3
_HOUR_US = 3_600_000_000


@dataclass(frozen=True)
class Linked:
    """What linking leaves behind: the logs, where the row numbers of each begin, all events with `__case`, and the pairs merged."""

    logs: Mapping[str, EventLog]
    offsets: Mapping[str, int]
    base: nw.LazyFrame[Any]
    pairs: nw.LazyFrame[Any] | None
    keys: Keys | None
    rejects: bool

    def collect(self, frame: nw.LazyFrame[Any]) -> Any:
        """Computes a small table, in the engine of all."""
        return next(iter(self.logs.values())).session.collect(frame)

    def count(self, frame: nw.LazyFrame[Any]) -> int:
        """Gives how many rows a frame has."""
        return next(iter(self.logs.values())).session.count(frame)

    def of_row(self, row: int) -> tuple[str, int]:
        """Gives the system of a row, and the row's number there."""
        system = max(
            (name for name in self.logs if self.offsets[name] <= row), key=lambda name: (self.offsets[name], list(self.logs).index(name))
        )
        return system, row - self.offsets[system]

    @property
    def alone(self) -> nw.LazyFrame[Any]:
        """The events whose key isn't in the table."""
        return self.base.filter(nw.col("__case").is_null())


def places_of(linked: Linked, rows: Sequence[int]) -> dict[int, str]:
    """Gives where rows of the linked log stand: the system, and the place there."""
    return {row: f"{place} of {system}" if place else system for row, (system, place) in _places(linked, rows).items()}


def _places(linked: Linked, rows: Sequence[int]) -> dict[int, tuple[str, str]]:
    own: dict[str, list[int]] = {}
    for row in sorted(set(map(int, rows))):
        system, number = linked.of_row(row)
        own.setdefault(system, []).append(number)
    found: dict[int, tuple[str, str]] = {}
    for system, numbers in own.items():
        known = (linked.logs[system].places or (lambda _: {}))(numbers)
        found |= {number + linked.offsets[system]: (system, known.get(number, f"row {number}")) for number in numbers}
    return found


def trail_of(linked: Linked) -> Table:
    """Gives which row was merged into which, by case."""
    listed = _merged(linked)
    rows = tuple((case, activity, *kept, *gone, apart / _HOUR_US) for case, activity, kept, gone, apart in listed)
    more = 0 if linked.pairs is None else linked.count(linked.pairs) - len(rows)
    return Table("trail", TRAIL_COLUMNS, rows, note=f"the first {len(rows)} of {len(rows) + more} merged rows" if more else "")


def _merged(linked: Linked) -> list[tuple[str, str, tuple[str, str], tuple[str, str], int]]:
    """Case, activity, both places and how far apart they were, of each merged row, in the order of the rows kept."""
    if linked.pairs is None:
        return []
    events = linked.base.select("row", "__case", "activity")
    joined = (
        linked.pairs.join(events, left_on="merged_row", right_on="row", how="inner").sort("kept_row", "merged_row").head(REJECTED_LISTED)
    )
    table = linked.collect(joined)
    places = _places(linked, [*table["kept_row"], *table["merged_row"]])
    return [
        (str(case), str(activity), places[int(kept)], places[int(gone)], int(apart))
        for case, activity, kept, gone, apart in zip(
            table["__case"], table["activity"], table["kept_row"], table["merged_row"], table["apart"], strict=True
        )
    ]


def account_of(linked: Linked, log: EventLog) -> tuple[QualityReport, Table]:
    """Gives the account of all rows, and the table of those rejected by their reader, without a key, or merged."""
    reports = {system: _report(own) for system, own in linked.logs.items()}
    reasons: Counter[str] = Counter()
    for report in reports.values():
        reasons.update(report.rejected_by_reason)
    merged = 0 if linked.pairs is None else linked.count(linked.pairs)
    alone = linked.count(linked.alone) if linked.rejects and linked.keys is not None else 0
    reasons.update({reason: count for reason, count in ((NO_KEY, alone), (SAME_EVENT, merged)) if count})
    read, rejected = sum(report.rows_read for report in reports.values()), sum(reasons.values())
    found = [
        *(replace(one, examples=_told_of(system, one.examples)) for system, report in reports.items() for one in report.findings),
        *_of_keys(linked), *_of_pairs(linked, merged),
    ]  # fmt: skip
    report = QualityReport(read, read - rejected, rejected, MappingProxyType(dict(reasons.most_common())), ranked(with_effects(found)))
    rows = [(_source(linked, system), *row[1:]) for system, own in linked.logs.items() for row in own.rejected.rows]
    rows += _rejected_alone(linked) if alone else []
    rows += [
        (*_place(linked, *gone), "activity", activity, SAME_EVENT) for _, activity, _, gone, _ in _merged(linked)
    ]  # fmt: skip
    note = f"the first {len(rows)} of {rejected} rejected rows" if len(rows) < rejected else ""
    return report, Table("rejected", REJECTED_COLUMNS, tuple(rows), note=note)


def _report(log: EventLog) -> QualityReport:
    return log.quality if log.account is not None else QualityReport(len(log), len(log), 0)


def _told_of(system: str, examples: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{example} of {system}" if example.startswith("row ") else example for example in examples) or (system,)


def _of_keys(linked: Linked) -> list[Finding]:
    """Keys of events that the table doesn't have, and keys of the table that no event has, by system."""
    found: list[Finding] = []
    if linked.keys is None:
        return found
    for system in linked.logs:
        events = linked.alone.filter(nw.col("source_system") == system)
        count = linked.count(events.select("case_id").unique())
        if count:
            first = [int(row) for row in linked.collect(events.select("row").sort("row").head(_LISTED))["row"]]
            places = places_of(linked, first)
            found.append(finding("unmatched-keys", count, values={"what": system}, examples=[places[row] for row in first]))
            found += _spelled_apart(linked, system, events)
        seen = set(linked.collect(linked.base.filter(nw.col("source_system") == system).select("case_id").unique())["case_id"])
        silent = len(set(linked.keys.of[system]) - seen)
        found += [finding("keys-without-events", silent, values={"what": system})] if silent else []
    return found


def _spelled_apart(linked: Linked, system: str, alone: nw.LazyFrame[Any]) -> list[Finding]:
    """Keys of a system that would be in the table, were they written as there."""
    keys = () if linked.keys is None else linked.keys.of[system]
    table = next(iter(linked.logs.values())).session.from_rows(("case_id",), [(key,) for key in keys], {"case_id": "VARCHAR"})
    count = linked.count(alike_ids(alone.select("case_id").unique(), table))
    return [finding("keys-spelled-apart", count, values={"what": system})] if count else []


def _of_pairs(linked: Linked, merged: int) -> list[Finding]:
    if linked.pairs is None or not merged:
        return []
    first = [int(row) for row in linked.collect(linked.pairs.select("merged_row").sort("merged_row").head(_LISTED))["merged_row"]]
    places = places_of(linked, first)
    return [finding("same-event-merged", merged, examples=[places[row] for row in first])]


def _rejected_alone(linked: Linked) -> list[tuple[Any, ...]]:
    table = linked.collect(linked.alone.select("row", "case_id").sort("row").head(REJECTED_LISTED))
    places = _places(linked, table["row"].tolist())
    return [
        (*_place(linked, *places[int(row)]), "case_id", str(key), NO_KEY) for row, key in zip(table["row"], table["case_id"], strict=True)
    ]


def _place(linked: Linked, system: str, place: str) -> tuple[str, str | None, int]:
    """Source, sheet and row number of a place."""
    read = re.fullmatch(r"row (?P<row>\d+)(?: of sheet '(?P<sheet>.*)')?", place)
    name = _source(linked, system)
    return (name, read["sheet"], int(read["row"])) if read else (name, None, 0)


def _source(linked: Linked, system: str) -> str:
    return f"{linked.logs[system].provenance.name} ({system})"
