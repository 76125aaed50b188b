"""The one step that all formats share: roles resolved, times read, rows split into kept and rejected, and the event log made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from types import MappingProxyType
from typing import Any, Literal

import narwhals as nw

from leadtime.columns import DATE_ROLES, EXAMPLE_CASES, Resolution, resolve_roles
from leadtime.engine.events import Reading, case_table, event_table, lost_of_cases, repeated_cases
from leadtime.engine.lifecycle import paired
from leadtime.engine.readtable import ReadTable
from leadtime.engine.tables import Raw, cleaned, has_value
from leadtime.engine.times import TimeSource, all_midnights, span_us
from leadtime.engine.totals import without_totals
from leadtime.engine.zones import offsets
from leadtime.errors import InputError, counted
from leadtime.ingest.source import Options, Source
from leadtime.ingest.spelling import partial_dates, spelled
from leadtime.log import EventLog, Moment, Provenance
from leadtime.quality import Account, account_for, finding, places_in, role_findings
from leadtime.results import Finding, QualityReport, Table

__all__ = ["declared_cases", "event_log"]

Precision = Literal["clock", "date", "mixed"]


def event_log(
    source: Source,
    options: Options,
    *,
    zone: str | None,
    until: Moment | None,
    drop_duplicates: bool,
    cases: nw.LazyFrame[Any] | None,
    of_cases: tuple[Finding, ...] = (),
) -> EventLog:
    """Gives the event log of a raw table, beside a table of cases and what was found in reading that."""
    raw = source.raw
    where = f"'{source.name}'" if source.path else "the frame"
    columns = {**(options.columns or {}), **source.joined}
    resolution = resolve_roles(source.eligible(columns), columns, where=where)
    raw = without_totals(raw, resolution.roles)
    times, findings = _times(source, resolution.roles)
    spent = source.spent - set(resolution.roles.values())
    by_sheet = source.sheets_stacked and "unit" not in resolution.roles
    reading = Reading(resolution.roles, times, zone, by_sheet, drop_duplicates, _unnamed_blanks(raw) | spent, source.wide)
    read, choices, seen = _read(raw, reading, resolution.roles, options)
    findings += seen
    raw.drop()
    _require_rows(read, resolution, where)
    if "end" not in resolution.roles:
        read, steps = _paired(read)
        findings += steps
    chosen = {
        **source.choices,
        **choices,
        **({"unit": "the sheet's name"} if by_sheet else {}),
        **({"lifecycle": "paired"} if read.paired else {}),
        **({"cases": ", ".join(source.case_sheets)} if source.case_sheets and cases is not None else {}),
    }
    provenance = Provenance(source.name, source.format, MappingProxyType(chosen), source.path)
    notes = (*source.findings, *of_cases, *role_findings(resolution, zone), *findings)
    log = EventLog(
        read.events(), raw.session, read.columns, MappingProxyType(dict(resolution.roles)), _precision(read, times), provenance,
        timezone=zone, observed_until=until, declared_cases=cases,
    )  # fmt: skip
    return _accounted(log, read, (*notes, *partial_dates(log)))


def _paired(read: ReadTable) -> tuple[ReadTable, list[Finding]]:
    """The read table with its lifecycle steps paired into events, and what was found in pairing them."""
    made = paired(read)
    if made is None:
        return read, []
    events, found = made
    findings = [finding("lifecycle-paired", found.pairs + found.schedules + found.suspensions)]
    alone = sum(found.unpaired.values())
    if alone:
        findings.append(finding("lifecycle-unpaired", alone, examples=[f"{step}: {count}" for step, count in found.unpaired.items()]))
    return events, findings


def _accounted(log: EventLog, read: ReadTable, notes: tuple[Finding, ...]) -> EventLog:
    """The log with its account, which is made when it is first asked for."""

    @cache
    def account() -> tuple[QualityReport, Table]:
        return account_for(log, Account(read, log.provenance.name, notes))

    return replace(log, account=account, places=partial(places_in, read), keeping=cache(read.keep))


def declared_cases(source: Source, options: Options, *, zone: str | None) -> tuple[nw.LazyFrame[Any], tuple[Finding, ...]]:
    """Gives the table of case attributes as a lazy frame with one row a case, and what was lost in reading it."""
    raw = source.raw
    where = f"the case table '{source.name}'" if source.path else "the case table"
    roles = resolve_roles(raw.headers, options.columns, required=("case_id",), where=where).roles
    # The sheet of a template has columns that not everybody needs; those left blank say nothing of any case.
    blank = _unnamed_blanks(raw) | (_unused(raw, roles["case_id"]) if options.sheets else frozenset())
    roles = {role: header for role, header in roles.items() if role not in ("activity", "start", "end", "row")}
    roles = {role: header for role, header in roles.items() if role == "case_id" or header not in blank}
    times, _, _ = spelled(raw, _times(source, roles)[0], roles, options)
    name, columns = case_table(raw, Reading(roles, times, zone, left_out=blank))
    lost = lost_of_cases(raw.session, name)
    twice, lines = repeated_cases(raw.session, name)
    if twice:
        shown = ", ".join(str(line) for line in lines)
        raise InputError(f"{where} has {counted(twice, 'case id')} on more than one row (see rows {shown}); keep one row a case")
    found = {"case-rows-without-id": lost["rows"], "unreadable-case-date": lost["dates"]}
    of_sheet = f" of sheet '{options.sheets[0]}'" if options.sheets else ""
    findings = tuple(
        finding(code, count, examples=[f"row {line}{of_sheet}" for line in rows]) for code, (count, rows) in found.items() if count
    )
    return raw.session.lazy(raw.session.connection.table(name)).select(*columns), findings


def _unused(raw: Raw, case_id: str) -> frozenset[str]:
    """The columns in which nothing is written but the example."""
    return frozenset(header for header in raw.headers if not has_value(raw, header, beside=case_id, other_than=EXAMPLE_CASES.values()))


def _times(source: Source, roles: Mapping[str, str]) -> tuple[tuple[TimeSource, ...], list[Finding]]:
    """The time columns as the engine reads them, and which of them hold dates written as midnights."""
    found: list[TimeSource] = []
    findings: list[Finding] = []
    raw = source.raw
    for role in ("start", "end", *DATE_ROLES):
        if role not in roles:
            continue
        header = roles[role]
        plain = TimeSource(role, raw.column(header), raw.type_of(header))
        midnight = plain.zoneless and header not in source.clocked and all_midnights(raw.session, raw.name, plain.column)
        if midnight or header in source.dates:
            findings.append(finding("midnight-dates", 1, values={"what": header}))
        found.append(replace(plain, midnight=midnight))
    return tuple(found), findings


def _read(raw: Raw, reading: Reading, roles: Mapping[str, str], options: Options) -> tuple[ReadTable, dict[str, str], list[Finding]]:
    """The read table, the date orders found in the spellings that the engine can't read by itself, and what was seen in them."""
    times, choices, seen = spelled(raw, reading.times, roles, options)
    reading = replace(reading, times=times)
    if raw.typed or (not raw.stored and all(time.native for time in times)):
        return _read_typed(raw, reading), choices, seen
    return event_table(raw, reading), choices, seen


def _read_typed(raw: Raw, reading: Reading) -> ReadTable:
    """The read table of a file whose times are of their own type: a view of what is there already, looked at once for what it lacks.

    Whether each text is clean and each row sound costs a pass; each measure is then spared as much.
    """
    raw = cleaned(raw, [header for role, header in reading.roles.items() if role not in ("start", "end", "row", *DATE_ROLES)])
    span = None if reading.zone is None else span_us(raw.session, raw.name, reading.times)
    found = None if reading.zone is None or span is None else offsets(raw.session, reading.zone, *span)
    reading = replace(reading, offsets=found)
    cheap = reading.zone is None or found is not None
    if cheap and "row" not in reading.roles and not reading.drop_duplicates and event_table(raw, reading).all_kept():
        return event_table(raw, replace(reading, sound=True))
    if not raw.stored:
        return event_table(raw, reading)
    untyped = replace(raw, typed=False)
    read = event_table(untyped, reading)
    untyped.drop()
    return read


def _unnamed_blanks(raw: Raw) -> frozenset[str]:
    """Columns without a header and without a value, which a delimiter at the end of each line makes."""
    unnamed = [header for i, header in enumerate(raw.headers, start=1) if header == f"column {i}"] if raw.stored else []
    return frozenset(header for header in unnamed if not has_value(raw, header))


def _require_rows(read: ReadTable, resolution: Resolution, where: str) -> None:
    """At least one row must be kept; what stands in the way is told once, with its fix."""
    if read.any_kept():
        return
    reasons = read.reasons()
    if not reasons:
        raise InputError(f"{where} has a header but no rows; export it again with its events")
    for role in ("start", "end"):
        if set(reasons) == {f"unreadable {role}"}:
            header = resolution.roles[role]
            examples = list(dict.fromkeys(str(row[3]) for row in read.rejected(50)))[:3]
            shown = ", ".join(f"'{text}'" for text in examples)
            raise InputError(
                f"no date in column '{header}' of {where} can be read (for example {shown}); write dates as 2019-03-14, "
                f'or name another column with columns={{"{role}": "…"}} (--column "{role}=…")'
            )
    listed = ", ".join(f"{reason}: {count}" for reason, count in reasons.items())
    named = ", ".join(f"{role} = '{resolution.roles[role]}'" for role in ("case_id", "activity", "start"))
    raise InputError(f"every row of {where} is rejected ({listed}); check the columns ({named}) and name others with columns= (--column)")


def _precision(read: ReadTable, times: tuple[TimeSource, ...]) -> Precision:
    """Whether the events have clock times, dates or both; by the column types where those tell."""
    of_events = [time for time in times if time.role in ("start", "end")]
    if all(time.native for time in of_events):
        dates = {time.type == "DATE" or time.midnight for time in of_events}
        return "mixed" if len(dates) == 2 else "date" if dates == {True} else "clock"
    some, every = read.one("bool_or(start_is_date OR end_is_date)", "bool_and(start_is_date AND end_is_date)", where="__problem IS NULL")
    return "date" if every else "mixed" if some else "clock"
