"""`pseudonymise`: a log whose ids are keyed pseudonyms, its dates shifted by case where that is asked for, and named columns dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Literal

import narwhals as nw

from leadtime.columns import DATE_ROLES, RESERVED_NAMES, normalised
from leadtime.errors import InputError, UsageError, checks_arguments, did_you_mean
from leadtime.ingest.moments import moment_of
from leadtime.log import REJECTED_COLUMNS, EventLog, Moment, Provenance
from leadtime.privacy import PseudonymKey, day_shift, pseudonyms
from leadtime.quality import check_persons, refuse_persons
from leadtime.results import Finding, QualityReport, Table

__all__ = ["ID_ROLES", "pseudonymise"]

Frame = nw.LazyFrame[Any]
ID_ROLES = ("case_id", "person_id", "referral_id", "meeting_id")
_NEEDED = ("case_id", "activity", "start", "end")
_PARTS = ("us", "wall_us", "is_date")
_MOVED = ("us", "wall_us", "lower_wall_us", "upper_wall_us")
_DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1)
_WEEK = 7
_LIKE_A_DATE = (
    r"(^|[^0-9])(19|20)[0-9]{2}[-/.]?[01][0-9][-/.]?[0-3][0-9]([^0-9]|$)|(^|[^0-9])[0-3]?[0-9][/.][01]?[0-9][/. -]+(19|20)?[0-9]{2}"
)


@checks_arguments
def pseudonymise(
    log: EventLog,
    key: bytes | PseudonymKey,
    *,
    shift_days: int = 0,
    keep_weekdays: bool = False,
    follow_up: Literal["drop", "keep"] = "drop",
    drop: Sequence[str] = (),
    ids: Sequence[str] | None = None,
    length: int = 16,
    allow_personal_numbers: bool = False,
) -> EventLog:
    """Gives a log that names no person: ids are replaced by keyed pseudonyms, the same for the same id in every file.

    Pseudonymised data are still personal data: who holds the key can undo it, and what happened to a person may tell who it was.

    Args:
        log: the events.
        key: at least 256 secret bits (`leadtime.privacy.read_key`); it is kept in nothing that this gives.
        shift_days: move all dates of a person by whole days, drawn from the key, up to so many either way. Elapsed and calendar durations
            within a case are kept; the calendar isn't, so months, cohorts by date and work in progress lose their meaning. (Written and
            read again, a clock time near midnight in a case that has dates too may fall on the next day, where summer time differs.)
        keep_weekdays: shift by whole weeks.
        follow_up: after a shift the observation no longer ends on one day. ``"keep"`` gives each case its own `last_observed`, so that
            unfinished cases keep their waiting; but whoever knows the end of observation can read the shift from it.
        drop: columns to leave out, by role or header.
        ids: the columns to replace, by role or header; where not given case_id, person_id, referral_id and meeting_id, those there are.
        length: characters of a pseudonym after its first letter, 5 bits each.
        allow_personal_numbers: go on where another column holds personal numbers.

    Returns:
        A new log. Its rows are ordered by case, and its account begins with them; rejected rows are left behind.

    Raises:
        UsageError: an argument has a value that isn't allowed, or a key of less than 256 bits.
        InputError: with a shift, an attribute holds dates, which would give the shift away.
        DisclosureError: a column that isn't replaced or dropped holds personal numbers.

    Source:
        HMAC-SHA256 (RFC 2104, FIPS 198-1); DEFINITIONS 2.2 (a case's own last observation), 5.3.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({
    ...     "case_id": ["Kim", "Kim"], "activity": ["Referral", "Visit"], "start": ["2019-03-05", "2019-03-08"]}))
    >>> hidden = lt.pseudonymise(log, bytes(range(32)), shift_days=60)
    >>> "Kim" in str(hidden.to_pandas()), lt.lead_times(hidden).to_pandas()["lead_time_days"].tolist()
    (False, [3.0])
    """
    secret = key if isinstance(key, PseudonymKey) else PseudonymKey(key)
    _check(shift_days, follow_up)
    dropped = _columns_named(log, drop, "drop")
    replaced = [name for name in ID_ROLES if name in log.columns] if ids is None else _columns_named(log, ids, "ids")
    _check_columns(dropped, replaced)
    left = _without(log, dropped)
    chosen = [name for name in dict.fromkeys(("case_id", *replaced)) if name in left.columns or name == "case_id"]
    if shift_days:
        _require_no_other_dates(left, chosen)
        step = _WEEK if keep_weekdays else 1
        left = _shifted(left, secret, days=shift_days, step=step, follow_up=follow_up)
    made = _renumbered(_with_pseudonyms(left, secret, chosen, length))
    if not allow_personal_numbers:
        refuse_persons(
            _as_in(log, check_persons(made)),
            remedy=" (drop=, --drop), or allow them with allow_personal_numbers=True (--allow-personal-numbers)",
        )
    return made


def _as_in(log: EventLog, found: Sequence[Finding]) -> list[Finding]:
    """The findings of the log made, with the places at which those who own the log read find their rows: the rows were numbered anew."""
    before = {one.message: one for one in check_persons(log)} if found else {}
    return [before.get(one.message, one) for one in found]


def _check(shift_days: int, follow_up: str) -> None:
    if not isinstance(shift_days, int) or isinstance(shift_days, bool) or shift_days < 0:
        raise UsageError(f"shift_days={shift_days!r} isn't allowed; give a whole number of days, 0 or more")
    if follow_up not in ("drop", "keep"):
        raise UsageError(f"follow_up={follow_up!r} isn't allowed{did_you_mean(str(follow_up), ('drop', 'keep'))}")


def _columns_named(log: EventLog, names: Sequence[str], argument: str) -> list[str]:
    """The columns of the log that are meant, by role or by header, however it is written."""
    if isinstance(names, str):
        raise UsageError(f"{argument}='{names}' is one text; give a list of columns")
    roles = [role for role in DATE_ROLES if f"{role}_us" in log.columns]
    own = [name for name in log.columns if name not in RESERVED_NAMES or name in ("case_id", "activity")]
    known = {normalised(name): name for name in (*_NEEDED, *own, *roles)}
    known |= {normalised(header): role for role, header in log.roles.items() if role in known.values()}
    found = []
    for name in names:
        if normalised(name) not in known:
            raise UsageError(f"{argument} names the column '{name}', which isn't there{did_you_mean(name, known.values())}")
        found.append(known[normalised(name)])
    return list(dict.fromkeys(found))


def _check_columns(dropped: Sequence[str], replaced: Sequence[str]) -> None:
    for name in dropped:
        if name in _NEEDED:
            raise UsageError(f"drop names '{name}', without which a log is none; choose another column")
    for name in replaced:
        if name in ("activity", "start", "end", *DATE_ROLES):
            raise UsageError(f"ids names '{name}', which is no id; drop it, or shift dates with shift_days")


def _parts_of(name: str) -> tuple[str, ...]:
    """The columns of the event table that make up one column of the source."""
    return tuple(f"{name}_{part}" for part in (*_MOVED, "is_date")) if name in DATE_ROLES else (name,)


def _moments(names: Sequence[str]) -> list[str]:
    """The columns that hold moments, bounds of partial dates included."""
    known = {f"{role}_{part}" for role in ("start", "end", *DATE_ROLES) for part in _MOVED}
    return [name for name in names if name in known]


def _without(log: EventLog, dropped: Sequence[str]) -> EventLog:
    """The log without some columns, and without what it knows of its source."""
    gone = {part for name in dropped for part in _parts_of(name)}
    columns = tuple(name for name in log.columns if name not in gone)
    roles = MappingProxyType({role: header for role, header in log.roles.items() if role not in dropped})
    cases = log.declared_cases
    if cases is not None:
        cases = cases.select(*(name for name in cases.collect_schema().names() if name not in gone))
    source = Provenance("pseudonymised log", log.provenance.format, MappingProxyType({}))
    return replace(
        log,
        frame=log.frame.select(*columns),
        columns=columns,
        roles=roles,
        declared_cases=cases,
        provenance=source,
        account=None,
        places=None,
        merges=None,
    )


# --- dates --------------------------------------------------------------------------------------------------------------------------


def _require_no_other_dates(log: EventLog, ids: Sequence[str]) -> None:
    """A date that isn't moved with the others would tell by how much they were."""
    schema = log.frame.collect_schema()
    own = [name for name in log.columns if name not in RESERVED_NAMES and name not in ids]
    texts = [name for name in own if schema[name] == nw.String and name not in log.roles]
    hits = [nw.col(name).str.contains(_LIKE_A_DATE).cast(nw.Int64).sum().alias(f"n{i}") for i, name in enumerate(texts)]
    counts = log.session.collect(log.frame.select(nw.len(), *hits)).fillna(0).iloc[0]
    dated = [name for name in own if schema[name].is_temporal()] + [name for i, name in enumerate(texts) if counts[f"n{i}"]]
    if dated:
        named = ", ".join(f"'{name}'" for name in dated)
        raise InputError(f"column {named} holds dates that aren't shifted, which would give the shift away; drop it with drop= (--drop)")


def _shifted(log: EventLog, key: PseudonymKey, *, days: int, step: int, follow_up: str) -> EventLog:
    """The log with all moments of a case moved by its person's shift, or its own where no person is known."""
    shifts = _shift_of_cases(log, key, days=days, step=step)
    frame = _moved(log.frame, shifts, _moments(log.columns))
    cases = log.declared_cases
    if cases is not None:
        there = cases.collect_schema().names()
        cases = _moved(cases, shifts, _moments(there)).select(*there)
    made = replace(log, frame=frame.select(*log.columns), declared_cases=cases, observed_until=None)
    if follow_up == "drop":
        return _without(made, ["last_observed"])
    until = log.observed_until or _latest(log)
    own_end = [f"last_observed_{part}" for part in _PARTS]
    columns = (*(name for name in log.columns if name not in own_end), *own_end)
    far = moment_of(_EPOCH + timedelta(days=until.wall_us // _DAY_US + days), log.timezone)  # no case's own end lies beyond it
    return replace(made, frame=_with_own_end(frame, until, log).select(*columns), columns=columns, observed_until=far)


def _shift_of_cases(log: EventLog, key: PseudonymKey, *, days: int, step: int) -> Frame:
    """A row a case with its shift in microseconds, drawn for the person where the log knows one, and whether the case has dates."""
    person = nw.col("person_id") if "person_id" in log.columns else nw.lit(None, dtype=nw.String)
    dated = (nw.col("start_is_date") | nw.col("end_is_date")).cast(nw.Int64)
    cases = log.frame.select("case_id", person.alias("person"), dated.alias("dated"))
    table = log.session.collect(
        _with_silent(cases, log.declared_cases).group_by("case_id").agg(nw.col("person").min(), nw.col("dated").max())
    )
    rows = []
    for case, who, has_dates in zip(table["case_id"], table["person"].fillna("").astype(str), table["dated"], strict=True):
        subject = f"person {who}" if who else f"case {case}"
        rows.append((str(case), day_shift(subject, key, days=days, step=step) * _DAY_US, bool(has_dates)))
    return log.session.from_rows(("case_id", "shift_us", "dated"), rows, {"case_id": "VARCHAR", "shift_us": "BIGINT", "dated": "BOOLEAN"})


def _with_silent(cases: Frame, declared: Frame | None) -> Frame:
    """The events' cases with those of the table of cases, of which some may have no event."""
    if declared is None:
        return cases
    person = nw.col("person_id") if "person_id" in declared.collect_schema().names() else nw.lit(None, dtype=nw.String)
    silent = declared.select("case_id", person.alias("person"), nw.lit(0, dtype=nw.Int64).alias("dated"))
    return nw.concat([cases, silent], how="vertical")


def _moved(frame: Frame, shifts: Frame, columns: Sequence[str]) -> Frame:
    joined = frame.join(shifts, on="case_id", how="left")
    return joined.with_columns(*((nw.col(name) + nw.col("shift_us")).alias(name) for name in columns))


def _with_own_end(frame: Frame, until: Moment, log: EventLog) -> Frame:
    """The moved events with each case's own end of observation: its own where that came first, else the log's, moved likewise.

    A last day is a date where the case has dates, and else the midnight after it: the offset of a moved day may be another, and the time
    to that instant must stay.
    """
    midnight = moment_of(_EPOCH + timedelta(days=until.wall_us // _DAY_US + 1), log.timezone)
    clock = until if not until.is_date or midnight is None else midnight
    as_date = nw.col("dated") & nw.lit(until.is_date)
    common = {
        "us": nw.when(as_date).then(nw.lit(until.us)).otherwise(nw.lit(clock.us)) + nw.col("shift_us"),
        "wall_us": nw.when(as_date).then(nw.lit(until.wall_us)).otherwise(nw.lit(clock.wall_us)) + nw.col("shift_us"),
        "is_date": as_date,
    }
    if "last_observed_us" not in log.columns:
        return frame.with_columns(**{f"last_observed_{part}": value for part, value in common.items()})
    own = nw.col("last_observed_wall_us") < nw.lit(until.wall_us) + nw.col("shift_us")
    return frame.with_columns(
        **{f"last_observed_{part}": nw.when(own).then(nw.col(f"last_observed_{part}")).otherwise(value) for part, value in common.items()}
    )


def _latest(log: EventLog) -> Moment:
    """The end of observation where none is given: the log's latest time, as a day where the log has dates."""
    found = log.session.collect(log.frame.select(us=nw.col("end_us").max(), wall=nw.col("end_wall_us").max())).iloc[0]
    us, wall = int(found["us"]), int(found["wall"])
    if log.precision == "clock":
        return Moment(us, wall, is_date=False)
    return Moment(wall // _DAY_US * _DAY_US, wall // _DAY_US * _DAY_US, is_date=True)


# --- ids ----------------------------------------------------------------------------------------------------------------------------


def _with_pseudonyms(log: EventLog, key: PseudonymKey, columns: Sequence[str], length: int) -> EventLog:
    """The log with the ids of some columns replaced, in its events and in its table of cases."""
    frame, cases = log.frame, log.declared_cases
    for column in columns:
        tables = [frame] if cases is None or column not in cases.collect_schema().names() else [frame, cases]
        ids = nw.concat([table.select(nw.col(column).cast(nw.String).alias("id")) for table in tables], how="vertical").unique()
        texts = sorted(str(text) for text in log.session.collect(ids.drop_nulls())["id"])
        made = pseudonyms(texts, key, domain=_domain(column), length=length)
        names = log.session.from_rows(("id", "pseudonym"), list(made.items()), {"id": "VARCHAR", "pseudonym": "VARCHAR"})
        frame = _named_anew(frame, names, column)
        cases = cases if cases is None or len(tables) == 1 else _named_anew(cases, names, column)
    keep = log.session.materialise
    return replace(log, frame=keep(frame.select(*log.columns)), declared_cases=None if cases is None else keep(cases))


def _domain(column: str) -> str:
    """What a column's ids are of; one that is no role has a domain of its own, by its header."""
    return column.removesuffix("_id") if column in ID_ROLES else f"x {normalised(column)}"


def _named_anew(frame: Frame, table: Frame, column: str) -> Frame:
    joined = frame.with_columns(nw.col(column).cast(nw.String)).join(table, left_on=column, right_on="id", how="left")
    return joined.with_columns(nw.col("pseudonym").alias(column)).drop("pseudonym")


def _renumbered(log: EventLog) -> EventLog:
    """The log in the order of its pseudonyms, since the order of the source may be that of the persons; within a case it stays."""
    order = nw.col("row").cum_count().over(order_by=("case_id", "row")) - 1
    frame = log.session.materialise(log.frame.with_columns(row=order).select(*log.columns))
    made = replace(log, frame=frame)
    return replace(made, account=lambda: _account(made))


def _account(log: EventLog) -> tuple[QualityReport, Table]:
    events = len(log)
    return QualityReport(events, events, 0), Table("rejected", REJECTED_COLUMNS, ())
