"""The account of reading: every row kept or rejected with its reason, and what the values went through. Few passes over the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import Any, Protocol

from leadtime.columns import Resolution
from leadtime.log import REJECTED_COLUMNS, EventLog
from leadtime.quality.findings import effect_of, finding, placed, ranked, with_effects
from leadtime.quality.whole import of_the_whole
from leadtime.results import Finding, QualityReport, Table
from leadtime.words import words

__all__ = ["Account", "account_for", "places_in", "role_findings"]

# More rejected rows than this aren't listed one by one; they are all counted.
REJECTED_LISTED = 100_000
# Rows without an event of their own, so that nothing is lost with them.
_NO_LOSS = frozenset(("exact duplicate", "example row"))


class Rows(Protocol):
    """All rows of a source with their problems, in any engine; conditions and sums are SQL that the engines share."""

    @property
    def numbered(self) -> bool:
        """Whether `row` tells a row apart from all others, not only from those of its case."""
        ...

    def one(self, *expressions: str, where: str = "TRUE") -> tuple[Any, ...]:
        """Gives the single row of some aggregates."""
        ...

    def reasons(self) -> dict[str, int]:
        """Gives the number of rejected rows by reason."""
        ...

    def rejected(self, limit: int) -> list[tuple[Any, ...]]:
        """Gives sheet, row number, column, value and reason of the first rejected rows."""
        ...

    def lines(self, where: str, limit: int = 3) -> list[tuple[str | None, int]]:
        """Gives sheet and row number of the first rows that meet a condition."""
        ...

    def duplicates(self) -> tuple[int, list[tuple[str | None, int]]]:
        """Gives how many rows kept equal an earlier one, and where the first ones are."""
        ...


@dataclass(frozen=True)
class Account:
    """What reading a source leaves behind: all its rows with their problems, its name, and what was seen on the way."""

    read: Rows
    source: str
    notes: tuple[Finding, ...] = ()


def role_findings(resolution: Resolution, zone: str | None) -> list[Finding]:
    """Gives the findings that the headers alone show: which roles were guessed.

    >>> [finding.code for finding in role_findings(Resolution({"unit": "Enhet"}, {"unit": "guessed"}), "UTC")]
    ['guessed-role']
    """
    guessed = [role for role, how in resolution.how.items() if how == "guessed"]
    return [finding("guessed-role", 1, values={"what": resolution.roles[role], "role": role}) for role in guessed]


def account_for(log: EventLog, account: Account) -> tuple[QualityReport, Table]:
    """Gives the quality report of reading and the table of rejected rows.

    Args:
        log: the log of the rows kept.
        account: what reading it left behind.

    Returns:
        The report, whose rows read are the rows kept and rejected; and source, sheet, row number, column, value, reason of each rejected
        row (row numbers count a file's lines or a sheet's rows from 1, a frame's rows from 0). The checks that need many passes over
        the log are `check_quality`'s.

    Source:
        DESIGN 3 (row accounting).
    """
    read = account.read
    reasons = read.reasons()
    rejected = sum(reasons.values())
    kept, passed = _passed(read, log)
    whole = placed(of_the_whole(log), partial(places_in, read))
    rows = read.rejected(REJECTED_LISTED) if rejected else []
    found = (*account.notes, *passed, *_of_rejected(read, reasons, rows), *whole)
    report = QualityReport(kept + rejected, kept, rejected, MappingProxyType(reasons), ranked(with_effects(found)))
    listed = tuple((account.source, sheet, int(line), column, value, reason) for sheet, line, column, value, reason in rows)
    note = f"the first {REJECTED_LISTED} of {rejected} rejected rows" if rejected > REJECTED_LISTED else ""
    return report, Table("rejected", REJECTED_COLUMNS, listed, note=note)


def places_in(read: Rows, rows: Sequence[int]) -> dict[int, str]:
    """Gives where rows of a log stand in its source, as their owner finds them; an empty text where its rows have no number there."""
    numbers = sorted({int(row) for row in rows})
    if not read.numbered:
        return dict.fromkeys(numbers, "")
    lines = read.lines(f"row IN ({', '.join(map(str, numbers))}) AND __kept", limit=len(numbers)) if numbers else []
    return dict(zip(numbers, _places(lines), strict=True)) if len(lines) == len(numbers) else {}


def _places(lines: Iterable[tuple[str | None, int]]) -> tuple[str, ...]:
    return tuple(f"row {line}" if sheet is None else f"row {line} of sheet '{sheet}'" for sheet, line in lines)


def _of_rejected(read: Rows, reasons: dict[str, int], rows: Sequence[tuple[Any, ...]]) -> list[Finding]:
    """A finding for each reason, with its first three rows: of those listed, or asked for where they come after all that are listed."""
    found: list[Finding] = []
    for reason, count in reasons.items():
        first = list(islice(((sheet, int(line)) for sheet, line, *_, problem in rows if problem == reason and line is not None), 3))
        if len(first) < min(count, 3):
            first = read.lines(f"__problem = '{reason.replace(chr(39), chr(39) * 2)}' AND NOT __blank")
        places = _places(first)
        if reason == "end before start":
            found.append(finding("end-before-start", count, examples=places))
            continue
        made = finding("rejected", count, examples=places, values={"what": reason})
        code = f"rejected-{reason.replace(' ', '-').replace(chr(39), '')}"
        severity = "note" if reason in _NO_LOSS else made.severity
        found.append(replace(made, code=code, severity=severity, effect=effect_of(code, words("en"))))
    return found


def _passed(read: Rows, log: EventLog) -> tuple[int, list[Finding]]:
    """How many rows were kept, and what their values had to go through: trimming, the zone, duplicates, unreadable dates of cases."""
    flags = ("__fold", "__gap", "__clocked", "NOT __clocked AND NOT start_is_date")
    sums = ("count(*)", "sum(__trimmed)", "sum(__unread)", *(f"sum(CASE WHEN {flag} THEN 1 ELSE 0 END)" for flag in flags))
    kept, trimmed, unread, folds, gaps, clocked, placed = (int(value or 0) for value in read.one(*sums, where="__kept"))
    seen = [
        ("trimmed", trimmed, "__trimmed > 0"),
        ("twice-occurring-time", folds, "__fold"),
        ("skipped-time", gaps, "__gap"),
        ("unreadable-case-date", unread, "__unread > 0"),
        ("mixed-zones", clocked if placed else 0, "__clocked"),
    ]
    found = [finding(code, count, examples=_places(read.lines(f"{where} AND __kept"))) for code, count, where in seen if count]
    if clocked and log.timezone is None:
        found.append(finding("no-timezone", clocked))
    copies, first = read.duplicates()
    if copies:
        found.append(finding("duplicate-rows", copies, examples=_places(first)))
    return kept, found
