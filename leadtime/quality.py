"""Checks on a log: the account of its rows, and what the reader of a result should know about the data.

An example says where to look (a row number), never what stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import narwhals as nw

from leadtime.columns import Resolution
from leadtime.engine.events import ReadTable
from leadtime.log import REJECTED_COLUMNS, EventLog
from leadtime.results import Finding, QualityReport, Table

__all__ = ["Account", "account_for", "check", "counted", "role_findings"]

# More rejected rows than this aren't listed one by one; they are all counted.
REJECTED_LISTED = 100_000


@dataclass(frozen=True)
class Account:
    """What reading a source leaves behind: all its rows with their problems, its name, and what was seen on the way."""

    read: ReadTable
    source: str
    notes: tuple[Finding, ...] = ()


def counted(count: int, noun: str) -> str:
    """Gives a number with its noun.

    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def role_findings(resolution: Resolution, zone: str | None) -> list[Finding]:
    """Gives the findings that the headers alone show: which roles were guessed, and what a missing zone means.

    >>> [finding.code for finding in role_findings(Resolution({"unit": "Enhet"}, {"unit": "guessed"}), "UTC")]
    ['guessed-role']
    """
    guessed = [(role, resolution.roles[role]) for role, how in resolution.how.items() if how == "guessed"]
    return [Finding("guessed-role", "note", 1, f"column '{header}' is taken as {role}, by its name") for role, header in guessed]


def account_for(log: EventLog, account: Account) -> tuple[QualityReport, Table]:
    """Gives the quality report and the table of rejected rows.

    Args:
        log: the log of the rows kept.
        account: what reading it left behind.

    Returns:
        The report, whose rows read are the rows kept and rejected; and source, sheet, row number, column, value, reason of each rejected
        row (row numbers count a file's lines or a sheet's rows from 1, a frame's rows from 0).

    Source:
        DESIGN 3 (row accounting).
    """
    read = account.read
    reasons = read.reasons()
    rejected = sum(reasons.values())
    kept = int(read.one("count(*)", where="__problem IS NULL")[0])
    findings = (*account.notes, *_of_reading(read, log), *_of_rejected(read, reasons), *check(log))
    ranked = sorted(findings, key=lambda finding: ("error", "warning", "note").index(finding.severity))
    report = QualityReport(kept + rejected, kept, rejected, MappingProxyType(reasons), tuple(ranked))
    rows = read.rejected(REJECTED_LISTED) if rejected else []
    listed = tuple((account.source, sheet, int(line), column, value, reason) for sheet, line, column, value, reason in rows)
    note = f"the first {REJECTED_LISTED} of {rejected} rejected rows" if rejected > REJECTED_LISTED else ""
    return report, Table("rejected", REJECTED_COLUMNS, listed, note=note)


def check(log: EventLog) -> tuple[Finding, ...]:
    """Gives what a log shows by itself: missing values, ties, times after the observation, cases without events.

    Args:
        log: any event log, filtered or not.

    Returns:
        The findings; none where nothing is amiss.

    Source:
        DEFINITIONS 1.3 (ties), 2.2 (later events are ignored and counted).
    """
    return (*_missing(log), *_ties(log), *_late(log), *_lifecycle(log), *_undeclared(log))


def _places(lines: Iterable[tuple[str | None, int]]) -> tuple[str, ...]:
    return tuple(f"row {line}" if sheet is None else f"row {line} of sheet '{sheet}'" for sheet, line in lines)


def _of_rejected(read: ReadTable, reasons: dict[str, int]) -> list[Finding]:
    found: list[Finding] = []
    for reason, count in reasons.items():
        where = f"__problem = '{reason.replace(chr(39), chr(39) * 2)}' AND NOT __blank"
        text = f"{counted(count, 'row')} rejected: {reason}"
        found.append(
            Finding(f"rejected-{reason.replace(' ', '-').replace(chr(39), '')}", "warning", count, text, _places(read.lines(where)))
        )
    return found


def _of_reading(read: ReadTable, log: EventLog) -> list[Finding]:
    """What the values had to go through: trimming, the zone, duplicates, dates of cases that can't be read."""
    sums = ("sum(__trimmed)", "sum(__fold::INTEGER)", "sum(__gap::INTEGER)", "sum(__unread)", "sum((__clocked)::INTEGER)")
    trimmed, folds, gaps, unread, clocked = (int(value or 0) for value in read.one(*sums, where="__problem IS NULL"))
    copies, first = read.duplicates()
    told = [
        (trimmed, "trimmed", "note", f"{counted(trimmed, 'text')} with space around, which is taken off", "__trimmed > 0"),
        (
            folds,
            "twice-occurring-time",
            "note",
            f"{counted(folds, 'event')} at a local time that occurs twice; the first is taken",
            "__fold",
        ),
        (
            gaps,
            "skipped-time",
            "warning",
            f"{counted(gaps, 'event')} at a local time that doesn't exist; moved forward by the gap",
            "__gap",
        ),
        (
            unread,
            "unreadable-case-date",
            "warning",
            f"{counted(unread, 'date')} of cases can't be read to the day, taken as missing",
            "__unread > 0",
        ),
    ]
    found = [
        Finding(code, severity, count, text, _places(read.lines(f"{where} AND __problem IS NULL")))
        for count, code, severity, text, where in told
        if count
    ]
    if clocked and log.timezone is None:
        text = f"{counted(clocked, 'event')} with a clock time without offset, and no timezone is given; taken as they stand, as UTC"
        found.append(Finding("no-timezone", "warning", clocked, text))
    if copies:
        found.append(
            Finding(
                "duplicate-rows",
                "warning",
                copies,
                f"{counted(copies, 'row')} equal to an earlier one in every column, kept",
                _places(first),
            )
        )
    return found


def _missing(log: EventLog) -> list[Finding]:
    """Role columns with blanks; the required ones can't have any."""
    optional = [name for name in log.roles if name in log.columns and name not in ("case_id", "activity", "row")]
    if not optional:
        return []
    counts = log.frame.select(*(nw.col(name).is_null().cast(nw.Int64).sum().alias(name) for name in optional), nw.len().alias("__all"))
    row = counts.collect("pandas").to_native().iloc[0]
    missing = [(name, int(row[name])) for name in optional if int(row[name])]
    return [
        Finding("missing-values", "note", count, f"{count} of {counted(int(row['__all']), 'event')} without {name}")
        for name, count in missing
    ]


def _ties(log: EventLog) -> list[Finding]:
    """Events of one case that nothing but the order of rows tells apart, where their order could matter."""
    same = ["case_id", "start_wall_us", "end_wall_us", "start_is_date"]
    groups = (
        log.frame.group_by(same).agg(nw.len().alias("events"), nw.col("activity").n_unique().alias("kinds")).filter(nw.col("kinds") > 1)
    )
    total = groups.select(nw.col("events").sum()).collect("pandas").to_native().iloc[0, 0]
    count = 0 if total is None or total != total else int(total)  # a missing value is not itself
    text = f"{counted(count, 'event')} at the same time as another activity of the case; such ties go by the order of the rows"
    return [Finding("tied-times", "note", count, text)] if count else []


def _late(log: EventLog) -> list[Finding]:
    until = log.observed_until
    if until is None:
        return []
    day = 86_400_000_000
    if until.is_date:
        late = nw.col("start_wall_us") >= until.wall_us + day
    else:
        by_date = nw.col("start_wall_us") > until.wall_us // day * day
        late = (nw.col("start_is_date") & by_date) | (~nw.col("start_is_date") & (nw.col("start_us") > until.us))
    count = int(log.frame.filter(late).select(nw.len()).collect("pandas").item())
    return [Finding("after-observed-until", "warning", count, f"{counted(count, 'event')} after observed_until, ignored")] if count else []


def _lifecycle(log: EventLog) -> list[Finding]:
    """Lifecycle steps aren't paired into events yet; what that does must be said."""
    name = "lifecycle:transition"
    if name not in log.columns:
        return []
    # As an expression: by name alone, older DuckDB takes the colon for an alias.
    values = log.frame.select(nw.col(name).alias("step")).unique().collect("pandas").to_native()["step"].dropna().tolist()
    steps = sorted({str(value) for value in values} - {"complete"})
    if not steps:
        return []
    shown: Sequence[str] = steps[:5]
    text = f"column '{name}' has steps beside 'complete' ({', '.join(shown)}); each row counts as one event"
    return [Finding("lifecycle-not-paired", "warning", len(steps), text)]


def _undeclared(log: EventLog) -> list[Finding]:
    """Cases with events but no row in the case table, and the other way round."""
    if log.declared_cases is None:
        return []
    events, declared = log.frame.select("case_id").unique(), log.declared_cases.select("case_id")
    lacking = int(events.join(declared, on="case_id", how="anti").select(nw.len()).collect("pandas").item())
    silent = int(declared.join(events, on="case_id", how="anti").select(nw.len()).collect("pandas").item())
    found = (
        [Finding("case-not-declared", "warning", lacking, f"{counted(lacking, 'case')} with events but no row in the case table")]
        if lacking
        else []
    )
    return found + (
        [Finding("case-without-events", "note", silent, f"{counted(silent, 'case')} of the case table without an event")] if silent else []
    )
