"""Wide tables, as project leads keep them: one row a case, one column a milestone with its date; the columns' names are the activities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from leadtime.columns import CASE_ROLES, normalised, resolve_roles, resolve_some
from leadtime.durations import read_dates
from leadtime.engine.joining import first_texts
from leadtime.engine.unpivot import DASHES, long_table, some_texts
from leadtime.errors import InputError
from leadtime.ingest.source import Options, Source, unique_headers
from leadtime.quality import finding

__all__ = ["as_long", "looks_wide"]

_SAMPLE, _GLANCE = 300, 50
_NATIVE = ("DATE", "TIMESTAMP", "DATETIME")
_TIME_ROLES = ("activity", "start", "end")


def looks_wide(source: Source, options: Options) -> bool:
    """Whether a table has a case id and several columns of dates with names of their own, but nothing that could be an activity."""
    if {"activity", "start"} & set(options.columns or {}):
        return False
    roles = [_role(header) for header in source.raw.headers]
    cased = "case_id" in roles or "case_id" in (options.columns or {})
    named = [header for header, role in zip(source.raw.headers, roles, strict=True) if role == "activity"]
    # A column named as activities are, but full of dates, is a milestone too: "Insats".
    if not cased or not all(_dates(first_texts(source.raw, header, _GLANCE), header, options, told=False) for header in named):
        return False
    milestones = _milestones(source, options)[0]
    return set(named) <= set(milestones) and sum(_role(header) not in _TIME_ROLES for header in milestones) > 1


def as_long(source: Source, options: Options, *, guessed: bool = False) -> Source:
    """Gives a wide table as one row a milestone reached; an empty cell is a milestone not reached.

    Args:
        source: the wide table.
        options: the caller's choices.
        guessed: whether the table was taken as wide by its looks, which is then told.

    Raises:
        InputError: no column holds dates.
    """
    where = f"'{source.name}'" if source.path else "the frame"
    case = resolve_roles(_not_times(source), options.columns, required=("case_id",), where=where).roles["case_id"]
    milestones, partly = _milestones(source, options)
    if not milestones:
        shown = ", ".join(f"'{header}'" for header in source.raw.headers[:12])
        raise InputError(f"no column of {where} holds dates ({shown}); a wide table has one column a milestone, with its date in each row")
    kept = [header for header in source.raw.headers if header not in milestones]
    activity, start = unique_headers([*kept, "activity", "start"])[-2:]
    raw = long_table(source.raw, milestones, activity=activity, start=start)
    findings = list(source.findings)
    if guessed:
        findings.append(finding("wide-table", len(milestones), examples=milestones))
    findings += [finding("dates-in-attribute", count, examples=[header]) for header, count in partly.items()]
    unguessed = frozenset(header for header in kept if header != case and _role(header) in _TIME_ROLES)
    choices = {**source.choices, "milestones": ", ".join(milestones)}
    return replace(source, raw=raw, choices=choices, findings=tuple(findings), unguessed=unguessed, wide=True)


def _not_times(source: Source) -> list[str]:
    """The headers that may play a role in a wide table: none is an activity or its time."""
    return [header for header in source.raw.headers if _role(header) not in _TIME_ROLES]


def _role(header: str) -> str | None:
    """The role that a header names by itself."""
    return next(iter(resolve_some([header]).roles), None)


def _milestones(source: Source, options: Options) -> tuple[list[str], dict[str, int]]:
    """The columns of dates that play no role of the case, and how many dates stand in each column that is mostly something else."""
    named = {normalised(header) for header in (options.columns or {}).values() if isinstance(header, str)}
    found: list[str] = []
    partly: dict[str, int] = {}
    for header in source.raw.headers:
        if normalised(header) in named or _role(header) in ("case_id", *CASE_ROLES):
            continue
        if source.raw.type_of(header).startswith(_NATIVE):
            found.append(header)
            continue
        texts = [text for text in some_texts(source.raw, header, _SAMPLE) if text.strip(DASHES)]
        told = "dat" in normalised(header)
        dates = _dates(texts, header, options, told=told)
        # Where the header says date, half of them being so is enough.
        if dates and dates * 2 + told > len(texts):
            found.append(header)
        elif dates > 1:
            partly[header] = dates
    return found, partly


def _dates(texts: Sequence[str], header: str, options: Options, *, told: bool) -> int:
    """How many of some texts are dates; a bare number is one only where it is written as yyyymmdd, or the header says date."""
    candidates = [text for text in texts if told or not text.isdigit() or len(text) == 8]
    return len(read_dates(candidates, date_order=options.date_order or "dmy", column=header).values)
