"""Spark frames, and Parquet read by Spark: roles and spellings are resolved as for every source, the rows stay in the cluster."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast

from leadtime.columns import DATE_ROLES, normalised, resolve_roles
from leadtime.durations.dates import read_dates
from leadtime.durations.rules import DateRules
from leadtime.engine.carrying import handed_over
from leadtime.engine.lifecycle import STEPS, TRANSITION
from leadtime.engine.session import Session
from leadtime.engine.spark import SparkEngine, backticked, spark_session
from leadtime.engine.spark_events import SparkReadTable, spark_case_table, spark_event_table
from leadtime.engine.spark_joining import first_spark_texts, with_spark_joined
from leadtime.engine.spark_times import SparkTime, all_midnights, all_numbers, count_of, counts_like, kind_of, unread_texts
from leadtime.errors import InputError, UsageError, counted
from leadtime.ingest.assemble import declared_cases
from leadtime.ingest.clocks import SAMPLE, Joins, Looked, joins_of
from leadtime.ingest.opening import opened
from leadtime.ingest.query import connection_for
from leadtime.ingest.source import Options
from leadtime.ingest.spelling import assumptions, meaning, open_ends, partial_dates, require_month_second
from leadtime.log import EventLog, Moment, Provenance
from leadtime.quality import Account, account_for, finding, places_in, role_findings
from leadtime.results import Finding, QualityReport, Table

if TYPE_CHECKING:
    import narwhals as nw

    from leadtime.engine.spark import DataFrame

__all__ = ["is_spark", "on_spark"]

_NO_ORDER = "a Spark frame has no order of rows; tied times go by activity, unit, then the other columns (name a column as 'row' to set it)"


def is_spark(source: Any) -> bool:
    """Whether a source is a Spark frame, itself or in narwhals."""
    native = source.to_native() if hasattr(source, "to_native") else source
    return type(native).__module__.startswith("pyspark.")


def on_spark(
    source: Any,
    options: Options,
    *,
    zone: str | None,
    until: Moment | None,
    drop_duplicates: bool,
    cases: Any,
    connection: object | None = None,
) -> EventLog:
    """Gives the event log of a Spark frame, or of a Parquet path that Spark is to read, beside a table of cases of any kind.

    The connection is that of the cases, where they are a query.

    Raises:
        InputError: a column isn't found or is ambiguous, or no row can be kept.
        UsageError: the source is one that Spark doesn't read.
    """
    frame = _frame(source)
    engine = SparkEngine(frame.sparkSession)
    _require_told_apart(frame.columns, "the Spark frame")
    frame, eligible, joins = _joined(frame, options)
    resolution = resolve_roles(eligible, {**(options.columns or {}), **joins.joined}, where="the Spark frame")
    spent = joins.days - set(resolution.roles.values())
    frame = frame.select(*(backticked(header) for header in frame.columns if header not in spent))
    _require_plain(set(frame.columns) - set(resolution.roles.values()), "the Spark frame")
    times, findings, choices = _times(frame, resolution.roles, options)
    read = spark_event_table(engine, frame, roles=resolution.roles, times=times, zone=zone, drop_duplicates=drop_duplicates)
    if not read.any_kept():
        reasons = ", ".join(f"{reason}: {count}" for reason, count in read.reasons().items()) or "it has none"
        raise InputError(f"no row of the Spark frame can be kept ({reasons}); check the columns, and name others with columns=")
    _require_no_steps(read, resolution.roles)
    declared, of_cases = (None, ()) if cases is None else _declared(engine, cases, options, connection, zone=zone)
    name = "Spark frame" if is_spark(source) else Path(source).name
    log = EventLog(
        read.events(), engine, read.columns, MappingProxyType(dict(resolution.roles)), _precision(read),
        Provenance(name, "spark", MappingProxyType(choices)), timezone=zone, observed_until=until, declared_cases=declared,
    )  # fmt: skip
    order = [] if "row" in resolution.roles else [Finding("no-row-order", "note", 1, _NO_ORDER)]
    return _accounted(log, read, (*joins.findings, *of_cases, *role_findings(resolution, zone), *findings, *order, *partial_dates(log)))


def _frame(source: Any) -> DataFrame:
    """A source as a Spark frame."""
    if is_spark(source):
        return cast("DataFrame", source.to_native() if hasattr(source, "to_native") else source)
    if not isinstance(source, (str, os.PathLike)):
        raise UsageError(f"engine='spark' reads Parquet and Spark frames, not {type(source).__name__}; use engine='duckdb' for it")
    if not _of_spark(source):
        raise UsageError(
            f"engine='spark' reads Parquet and Spark frames, not '{os.fspath(source)}'; use engine='duckdb', or write it as Parquet first"
        )
    return SparkEngine(spark_session()).read_parquet(os.fspath(source))


def _joined(frame: DataFrame, options: Options) -> tuple[DataFrame, list[str], Joins]:
    """The frame with days and clock times of two columns joined, the headers that may play a role, and what was joined."""
    looked = Looked(
        "the Spark frame", frame.columns, frame.columns, lambda header: kind_of(frame, header) != "text",
        lambda header: first_spark_texts(frame, header, SAMPLE),
    )  # fmt: skip
    joins = joins_of(looked, options)
    joined = with_spark_joined(frame, joins.by_clock, joins.names) if joins.pairs else frame
    named = {normalised(header) for header in (options.columns or {}).values() if isinstance(header, str)}
    left = joins.aside | joins.days
    return joined, [header for header in joined.columns if header not in left or normalised(header) in named], joins


def _of_spark(source: Any) -> bool:
    """Whether Spark reads a source by itself: its frames, its folders of files, and addresses of a cluster's file system."""
    if not isinstance(source, (str, os.PathLike)):
        return is_spark(source)
    path = os.fspath(source)
    return "://" in path or path.rstrip("/").endswith(".parquet") or os.path.isdir(path)


def _require_told_apart(headers: Sequence[str], where: str) -> None:
    seen: dict[str, str] = {}
    for header in headers:
        other = seen.setdefault(header.casefold(), header)
        if other is not header:
            raise InputError(f"{where} has the columns '{other}' and '{header}', which Spark doesn't tell apart; rename one")


def _require_plain(attributes: Iterable[str], where: str) -> None:
    for name in attributes:
        if "." in name or "`" in name:
            raise InputError(f"{where} has the column '{name}', which Spark takes for a part of another; rename it, or leave it out")


def _require_no_steps(read: SparkReadTable, roles: Mapping[str, str]) -> None:
    """Steps of a lifecycle are paired by DuckDB only; left alone, each would count as an event."""
    if "end" in roles or TRANSITION not in read.columns:
        return
    steps = ", ".join(f"'{step}'" for step in STEPS if step != "complete")
    if read.one("count(*)", where=f"__kept AND lower(trim({backticked(TRANSITION)})) IN ({steps})")[0]:
        told = f"the column '{TRANSITION}' has steps of events (start, complete), which aren't paired on Spark"
        raise UsageError(f"{told}; read the log with engine='duckdb', write it with write_log as Parquet, and read that")


def _accounted(log: EventLog, read: SparkReadTable, notes: tuple[Finding, ...]) -> EventLog:
    """The log with its account, which is made when it is first asked for."""

    @cache
    def account() -> tuple[QualityReport, Table]:
        return account_for(log, Account(read, log.provenance.name, notes))

    return replace(log, account=account, places=partial(places_in, read))


def _times(frame: DataFrame, roles: Mapping[str, str], options: Options) -> tuple[list[SparkTime], list[Finding], dict[str, str]]:
    """The time columns with the meaning of their unusual texts, what was found, and the orders of day and month."""
    found: list[SparkTime] = []
    findings: list[Finding] = []
    choices: dict[str, str] = {}
    for role in ("start", "end", *DATE_ROLES):
        if role not in roles:
            continue
        header = roles[role]
        time = SparkTime(role, header, kind_of(frame, header))
        if time.kind == "local" and all_midnights(frame, header):
            findings.append(finding("midnight-dates", 1, values={"what": header}))
            time = replace(time, kind="date")
        texts = unread_texts(frame, time)
        blanks = open_ends(role, texts)
        if blanks:
            time, texts = replace(time, blanks=blanks), [text for text in texts if text not in blanks]
            findings.append(finding("open-ends", count_of(frame, time, blanks), examples=[f"'{text}'" for text in blanks[:10]]))
        if texts:
            numeric = all(text[0].isdigit() for text in texts) and all_numbers(frame, time)
            reading = read_dates(texts, date_order=options.date_order, column=header, rules=options.date_rules, numeric=numeric)
            require_month_second(header, reading.unread, partial(counts_like, frame, time))
            partial_ones = any(value.is_partial for value in reading.values.values())
            time = replace(time, spellings=tuple(meaning(text, value) for text, value in reading.values.items()), partial=partial_ones)
            choices |= assumptions(reading, header, options.date_rules or DateRules())
        found.append(time)
    return found, findings, choices


def _precision(read: SparkReadTable) -> Literal["clock", "date", "mixed"]:
    some, every = read.one("bool_or(start_is_date OR end_is_date)", "bool_and(start_is_date AND end_is_date)", where="__kept")
    return "date" if every else "mixed" if some else "clock"


def _declared(
    engine: SparkEngine, cases: Any, options: Options, connection: object | None, *, zone: str | None
) -> tuple[nw.LazyFrame[Any], tuple[Finding, ...]]:
    """The table of case attributes, one row a case, and what was lost in reading it; one that isn't Spark's is read as on DuckDB."""
    of_cases = connection_for(cases, connection)
    if of_cases is not None or not _of_spark(cases):
        own = Session()
        found, lost = declared_cases(opened(own, cases, options.for_cases, connection=of_cases), options.for_cases, zone=zone)
        return handed_over(found, own, engine), lost
    frame = engine.read_parquet(os.fspath(cases)) if isinstance(cases, (str, os.PathLike)) else _frame(cases)
    _require_told_apart(frame.columns, "the case table")
    roles = resolve_roles(frame.columns, None, required=("case_id",), where="the case table").roles
    roles = {role: header for role, header in roles.items() if role not in ("activity", "start", "end", "row")}
    _require_plain(set(frame.columns) - set(roles.values()), "the case table")
    times, _, _ = _times(frame, roles, options)
    table = spark_case_table(engine, frame, roles=roles, times=times, zone=zone).cache()
    twice = table.groupBy("case_id").count().filter("count > 1").count()
    if twice:
        raise InputError(f"the case table has {counted(twice, 'case id')} on more than one row; keep one row a case")
    return engine.lazy(table), ()
