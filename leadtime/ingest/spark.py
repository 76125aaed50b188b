"""Spark frames, and Parquet read by Spark: roles and spellings are resolved as for every source, the rows stay in the cluster."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast

from leadtime.columns import DATE_ROLES, resolve_roles
from leadtime.durations import read_dates
from leadtime.engine.spark import SparkEngine, spark_session
from leadtime.engine.spark_events import SparkReadTable, spark_case_table, spark_event_table
from leadtime.engine.spark_times import DAY_US, SparkTime, all_midnights, kind_of, unread_texts
from leadtime.errors import InputError, UsageError
from leadtime.ingest.source import Options
from leadtime.log import EventLog, Moment, Provenance
from leadtime.quality import Account, account_for, finding, places_in, role_findings
from leadtime.results import Finding, QualityReport, Table

if TYPE_CHECKING:
    import narwhals as nw

    from leadtime.engine.spark import DataFrame

__all__ = ["is_spark", "on_spark", "read_spark"]


def is_spark(source: Any) -> bool:
    """Whether a source is a Spark frame, itself or in narwhals."""
    native = source.to_native() if hasattr(source, "to_native") else source
    return type(native).__module__.startswith("pyspark.")


def on_spark(source: Any, options: Options, *, zone: str | None, until: Moment | None, drop_duplicates: bool, cases: Any) -> EventLog:
    """Gives the event log of a Spark frame, or of a Parquet path that Spark is to read; the table of cases comes in either way too."""
    frame = _frame(source, None)
    declared = None if cases is None else _frame(cases, frame)
    name = "Spark frame" if is_spark(source) else Path(source).name
    return read_spark(frame, options, name=name, zone=zone, until=until, drop_duplicates=drop_duplicates, cases=declared)


def _frame(source: Any, beside: DataFrame | None) -> DataFrame:
    """A source as a Spark frame; a small pandas table of cases is handed to the session of the events."""
    if is_spark(source):
        return cast("DataFrame", source.to_native() if hasattr(source, "to_native") else source)
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        # Spark reads its own folders of files, and addresses of a cluster's file system, which aren't paths of this machine.
        if "://" not in path and not path.rstrip("/").endswith(".parquet") and not os.path.isdir(path):
            raise UsageError(
                f"engine='spark' reads Parquet and Spark frames, not '{path}'; use engine='duckdb', or write it as Parquet first"
            )
        return SparkEngine(spark_session() if beside is None else beside.sparkSession).read_parquet(path)
    if beside is not None and hasattr(source, "to_dict"):
        return beside.sparkSession.createDataFrame(source)
    raise UsageError(f"engine='spark' reads Parquet and Spark frames, not {type(source).__name__}; use engine='duckdb' for it")


def read_spark(
    frame: DataFrame,
    options: Options,
    *,
    name: str,
    zone: str | None,
    until: Moment | None,
    drop_duplicates: bool,
    cases: DataFrame | None,
) -> EventLog:
    """Gives the event log of a Spark frame.

    Args:
        frame: the events.
        options: the caller's choices.
        name: what the source is called where it is spoken of.
        zone: the zone of clock times without offset.
        until: the end of observation.
        drop_duplicates: whether a row equal to another is rejected.
        cases: an optional table of case attributes.

    Raises:
        InputError: a column isn't found or is ambiguous, or no row can be kept.
    """
    engine = SparkEngine(frame.sparkSession)
    resolution = resolve_roles(frame.columns, options.columns, where="the Spark frame")
    times, findings, choices = _times(frame, resolution.roles, options)
    read = spark_event_table(engine, frame, roles=resolution.roles, times=times, zone=zone, drop_duplicates=drop_duplicates)
    if not read.any_kept():
        reasons = ", ".join(f"{reason}: {count}" for reason, count in read.reasons().items()) or "it has none"
        raise InputError(f"no row of the Spark frame can be kept ({reasons}); check the columns, and name others with columns=")
    notes = [*role_findings(resolution, zone), *findings]
    if "row" not in resolution.roles:
        text = (
            "a Spark frame has no order of rows; tied times go by activity, unit, then the other columns (name a column as 'row' to set it)"
        )
        notes.append(Finding("no-row-order", "note", 1, text))
    declared = None if cases is None else _declared(engine, cases, options, zone=zone)
    log = EventLog(
        read.events(), engine, read.columns, MappingProxyType(dict(resolution.roles)), _precision(read),
        Provenance(name, "spark", MappingProxyType(choices)), timezone=zone, observed_until=until, declared_cases=declared,
    )  # fmt: skip

    @cache
    def account() -> tuple[QualityReport, Table]:
        return account_for(log, Account(read, name, tuple(notes)))

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
        if texts:
            reading = read_dates(texts, date_order=options.date_order, column=header, rules=options.date_rules)
            time = replace(time, spellings=tuple(_spelling(text, value) for text, value in reading.values.items()))
            if reading.order:
                choices[f"date_order of '{header}'"] = reading.order
        found.append(time)
    return found, findings, choices


def _spelling(text: str, value: Any) -> tuple[str, int | None, int | None, int | None]:
    """A text with its date, local clock or instant; nothing where it isn't to the day."""
    day = value.lower_day * DAY_US
    if value.lower_day != value.upper_day:
        return text, None, None, None
    if value.time_us is None:
        return text, day, None, None
    if value.offset_us is None:
        return text, None, day + value.time_us, None
    return text, None, None, day + value.time_us - value.offset_us


def _precision(read: SparkReadTable) -> Literal["clock", "date", "mixed"]:
    some, every = read.one("bool_or(start_is_date OR end_is_date)", "bool_and(start_is_date AND end_is_date)", where="__kept")
    return "date" if every else "mixed" if some else "clock"


def _declared(engine: SparkEngine, cases: DataFrame, options: Options, *, zone: str | None) -> nw.LazyFrame[Any]:
    """The table of case attributes, one row a case."""
    roles = resolve_roles(cases.columns, None, required=("case_id",), where="the case table").roles
    roles = {role: header for role, header in roles.items() if role not in ("activity", "start", "end", "row")}
    times, _, _ = _times(cases, roles, options)
    table = spark_case_table(engine, cases, roles=roles, times=times, zone=zone).cache()
    twice = table.groupBy("case_id").count().filter("count > 1").count()
    if twice:
        raise InputError(f"the case table has {twice} case ids on more than one row; keep one row a case")
    return engine.lazy(table)
