"""`link_logs`: the logs of several systems as one, their cases joined by a key table and an event that two of them report merged."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import narwhals as nw

from leadtime.columns import ROLES
from leadtime.engine.carrying import carried
from leadtime.errors import InputError, UsageError, counted, did_you_mean
from leadtime.ingest.linking_account import Linked, account_of, places_of, trail_of
from leadtime.ingest.linking_keys import Keys, read_keys
from leadtime.ingest.linking_match import same_events, without_merged
from leadtime.log import EventLog, Provenance

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

    from leadtime.engine.protocol import Engine

__all__ = ["Unmatched", "link_logs"]

Frame: TypeAlias = nw.LazyFrame[Any]
Unmatched = Literal["reject", "keep"]
_SYSTEM, _ALSO = "source_system", "also_reported_by"
_TEXT = nw.String()
_BOUND = re.compile("_(?:lower|upper)_wall_us$")


def link_logs(
    logs: Mapping[str, EventLog],
    *,
    keys: str | os.PathLike[str] | IntoFrame | None = None,
    key_columns: Mapping[str, str] | None = None,
    unmatched: Unmatched = "reject",
    within: timedelta | None = None,
    activities: Mapping[str, str] | None = None,
    agree_on: Sequence[str] = (),
) -> EventLog:
    """Links the logs of several systems to one: cases by a key table, and an event that two systems report by a declared rule.

    Two events are one where they are of one case, come from different systems, have the same activity, agree in the columns of `agree_on`,
    and start no further apart than `within`: elapsed time between clock times, whole calendar days where either is a date. Each event is
    paired once a system, the nearest first. The event of the system named earlier is kept, its blanks (its end too) are filled from the
    other, and the other is accounted for as rejected. A day that isn't known is never the same.

    Args:
        logs: system to its log, the most trusted first; read with the same `timezone` and in one engine.
        keys: a table (path or frame) with a column of case ids and a column a system, a row a case (or several, where a case has several
            keys in a system). Without it all systems use the same case ids.
        key_columns: `case_id` or system to the header of its column, where that isn't its name; a system without a column has the case ids.
        unmatched: what becomes of events whose key isn't in the table: ``"reject"`` counts them as rejected, ``"keep"`` leaves them as
            cases of their own, named after system and key.
        within: how far apart two reports of one event may start, as in ``timedelta(days=1)``; without it nothing is merged.
        activities: what an activity is compared as, where systems name one thing in two ways; the names in the log stay.
        agree_on: text columns whose values must be there and the same in both, as ``["unit"]``.

    Returns:
        One log. `source_system` says whose event it is, `also_reported_by` who else reported it; `.trail` lists which row was merged into
        which. Rows read are those of all logs, and rows read = kept + rejected: each merged or unmatched row stands in `.rejected`. Keys
        that aren't in the table, and keys without events, are findings. Observation ends with the system whose observation ends first.

    Raises:
        InputError: the key table can't be read, a key in it stands for two cases, or no event of a system has a key in it.
        UsageError: an argument has a value that isn't allowed, or the logs differ in time zone or engine.

    Source:
        DESIGN 3 (row accounting); deterministic record linkage, Fellegi and Sunter 1969, with one-to-one pairs nearest first.

    >>> from datetime import timedelta
    >>> import pandas as pd, leadtime as lt
    >>> def read(*rows):
    ...     return lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start"]))
    >>> clinic = read(("7", "Referral", "2019-03-05"), ("7", "Visit", "2019-04-02"))
    >>> hospital = read(("H1", "Visit", "2019-04-03"), ("H1", "Diagnosis", "2019-05-02"), ("H9", "Visit", "2019-06-01"))
    >>> keys = pd.DataFrame({"case_id": ["A"], "clinic": ["7"], "hospital": ["H1"]})
    >>> log = lt.link_logs({"clinic": clinic, "hospital": hospital}, keys=keys, within=timedelta(days=1))
    >>> print(log.to_pandas()[["case_id", "activity", "source_system", "also_reported_by"]].fillna("-"))
      case_id   activity source_system also_reported_by
    0       A   Referral        clinic                -
    1       A      Visit        clinic         hospital
    2       A  Diagnosis      hospital                -
    >>> log.quality.rows_read, log.quality.rows_kept, dict(log.quality.rejected_by_reason)
    (5, 3, {'no key': 1, 'same event elsewhere': 1})
    >>> print(log.trail)
    case_id  activity  kept_system  kept_place  merged_system  merged_place  apart_hours
    A        Visit     clinic       row 1       hospital       row 0                  24
    """
    given = _checked(logs, unmatched, within, agree_on)
    found = None if keys is None else read_keys(keys, tuple(given), key_columns)
    if keys is None and key_columns is not None:
        raise UsageError("key_columns names columns of the key table; give keys= too")
    first = next(iter(given.values()))
    stacked, offsets = _stacked(given)
    base = first.session.materialise(_with_cases(stacked, given, found))
    _require_linked(first, base, given)
    linked = base.filter(~nw.col("__case").is_null())
    pairs = None if within is None else same_events(
        first.session, linked, tuple(given), within_us=within // timedelta(microseconds=1), activities=activities or {}, agree_on=agree_on
    )  # fmt: skip
    columns = tuple(name for name in base.collect_schema().names() if not name.startswith("__"))
    events = linked if unmatched == "reject" else base
    case = nw.coalesce("__case", nw.concat_str(nw.col(_SYSTEM), nw.lit(": "), nw.col("case_id"))).alias("case_id")
    also = nw.lit(None, dtype=_TEXT).alias(_ALSO)
    events = events.with_columns(also) if pairs is None else without_merged(first.session, events, pairs, tuple(given), columns, _ALSO)
    frame = first.session.materialise(events.with_columns(case).select(*columns, _ALSO))
    return _log(Linked(dict(given), offsets, base, pairs, found, unmatched == "reject"), frame, columns)


def _checked(logs: Mapping[str, EventLog], unmatched: str, within: timedelta | None, agree_on: Sequence[str]) -> dict[str, EventLog]:
    """The logs, where they can be linked."""
    given = dict(logs)
    if len(given) < 2 or not all(isinstance(name, str) and name for name in given):
        raise UsageError(f"logs names {counted(len(given), 'system')}; give two or more, as in logs={{'clinic': log, 'hospital': other}}")
    if unmatched not in ("reject", "keep"):
        raise UsageError(f"unmatched={unmatched!r} isn't allowed{did_you_mean(str(unmatched), ('reject', 'keep'))}")
    if within is not None and (not isinstance(within, timedelta) or within < timedelta(0)):
        raise UsageError(f"within={within!r} isn't allowed; give a datetime.timedelta of 0 or more, as in timedelta(days=1)")
    zones = {log.timezone for log in given.values()}
    if len(zones) > 1:
        shown = ", ".join(f"'{name}': {log.timezone}" for name, log in given.items())
        raise UsageError(f"the logs have different time zones ({shown}); read all of them with the same timezone=")
    _check_agreed(given, agree_on)
    return given


def _check_agreed(given: Mapping[str, EventLog], agree_on: Sequence[str]) -> None:
    if isinstance(agree_on, str):
        raise UsageError(f"agree_on={agree_on!r} is one text; give a list of columns")
    for name in agree_on:
        for system, log in given.items():
            if name not in log.columns:
                raise UsageError(f"agree_on names '{name}', which the log of '{system}' doesn't have{did_you_mean(name, log.columns)}")


# --- the events of all, in one table ------------------------------------------------------------------------------------------------


def _stacked(given: Mapping[str, EventLog]) -> tuple[Frame, dict[str, int]]:
    """The events of all systems under the columns of all, rows numbered through, and where each system's numbers begin."""
    first = next(iter(given.values()))
    frames = [log.session.numbered(carried(log.frame, log.session, first.session)) for log in given.values()]
    types = _types(frames, list(given.values()))
    offsets: dict[str, int] = {}
    parts, begin = [], 0
    for place, (system, frame) in enumerate(zip(given, frames, strict=True)):
        offsets[system] = begin
        numbered = (nw.col("row").cast(nw.Int64) + begin).alias("row")
        owned = (nw.lit(system).alias(_SYSTEM), nw.lit(place).cast(nw.Int64).alias("__place"))
        parts.append(_aligned(frame, types).with_columns(numbered, *owned))
        begin += 1 + _last_row(first.session, frame)
    return nw.concat(parts, how="vertical"), offsets


def _last_row(session: Engine, frame: Frame) -> int:
    import pandas as pd

    last: Any = session.collect(frame.select(nw.col("row").max()))["row"].iloc[0]
    return -1 if pd.isna(last) else int(last)


def _types(frames: Sequence[Frame], logs: Sequence[EventLog]) -> dict[str, Any]:
    """The columns of all, each with the type that all have; else text. Engines know no case in names, so the first spelling stands."""
    found: dict[str, Any] = {}
    spelled: dict[str, str] = {}
    for frame, log in zip(frames, logs, strict=True):
        schema = frame.collect_schema()
        for name in log.columns:
            own = spelled.setdefault(name.casefold(), name)
            found[own] = schema[name] if found.get(own, schema[name]) == schema[name] else _TEXT
    for name in (_SYSTEM, _ALSO):
        if name in spelled:
            raise UsageError(f"a log has a column '{spelled[name]}' already, which linking adds; name it otherwise in the source")
    return found


def _aligned(frame: Frame, types: Mapping[str, Any]) -> Frame:
    """A log's events under the columns of all; a date that has no bounds is its own."""
    own = {name.casefold(): name for name in frame.collect_schema().names()}

    def column(name: str, kind: Any) -> nw.Expr:
        there = own.get(name.casefold()) or own.get(_BOUND.sub("_wall_us", name))
        return (nw.lit(None, dtype=kind) if there is None else nw.col(there).cast(kind)).alias(name)

    return frame.select(*(column(name, kind) for name, kind in types.items()))


def _with_cases(frame: Frame, given: Mapping[str, EventLog], keys: Keys | None) -> Frame:
    """The events with the case that each belongs to, none where its key isn't known."""
    if keys is None:
        return frame.with_columns(nw.col("case_id").alias("__case"))
    rows = [(system, key, case) for system, cases in keys.of.items() for key, case in cases.items()]
    names = ("__system", "__key", "__case")
    table = next(iter(given.values())).session.from_rows(names, rows, dict.fromkeys(names, "VARCHAR"))
    return frame.join(table, left_on=[_SYSTEM, "case_id"], right_on=["__system", "__key"], how="left")


def _require_linked(first: EventLog, base: Frame, given: Mapping[str, EventLog]) -> None:
    """A system of which no event has a key is a slip in the table, not chance."""
    there = base.filter(~nw.col("__case").is_null()).select(_SYSTEM).unique()
    linked = set(first.session.collect(there)[_SYSTEM])
    for system in given:
        if system not in linked:
            raise InputError(f"no case of '{system}' is in the key table; check its column (key_columns=) and how its keys are written")


# --- the log ------------------------------------------------------------------------------------------------------------------------


def _log(linked: Linked, frame: Frame, columns: Sequence[str]) -> EventLog:
    logs = tuple(linked.logs.values())
    first = logs[0]
    roles = {role: log.roles[role] for role in ROLES for log in reversed(logs) if role in log.roles}
    precisions = {log.precision for log in logs}
    ends = [log.observed_until for log in logs if log.observed_until is not None]
    name = " + ".join(linked.logs)
    account = cache(lambda: account_of(linked, made))
    made = EventLog(
        frame, first.session, (*columns, _ALSO), MappingProxyType(roles), precisions.pop() if len(precisions) == 1 else "mixed",
        Provenance(name, "linked", MappingProxyType({"systems": ", ".join(linked.logs)})), timezone=first.timezone,
        observed_until=min(ends, key=lambda moment: (moment.wall_us, moment.us)) if ends else None, declared_cases=_declared(linked),
        account=account, places=lambda rows: places_of(linked, rows), merges=lambda: trail_of(linked),
    )  # fmt: skip
    return made


def _declared(linked: Linked) -> Frame | None:
    """The attributes of the cases: of the first system that knows each, filled from the others."""
    session = next(iter(linked.logs.values())).session
    found: Frame | None = None
    for system, log in linked.logs.items():
        if log.declared_cases is None:
            continue
        own = carried(log.declared_cases, log.session, session)
        names = [name for name in own.collect_schema().names() if name != "case_id"]
        if linked.keys is not None:
            rows = list(linked.keys.of[system].items())
            table = session.from_rows(("case_id", "__case"), rows, {"case_id": "VARCHAR", "__case": "VARCHAR"})
            joined = own.join(table, on="case_id", how="inner").with_columns(
                nw.col("case_id").alias("__key"), nw.col("__case").alias("case_id")
            )
            own = session.first_of_each(joined, key=["case_id"], columns={name: name for name in names}, order=["__key"])
        found = own if found is None else _filled(found, own)
    return None if found is None else session.materialise(found)


def _filled(one: Frame, other: Frame) -> Frame:
    """Two tables of cases as one."""
    mine = one.collect_schema().names()
    spelled = {name.casefold(): name for name in mine}
    theirs = {name: f"__{i}" for i, name in enumerate(other.collect_schema().names()) if name != "case_id"}
    both = nw.concat([one.select("case_id"), other.select("case_id")], how="vertical").unique()
    joined = both.join(one, on="case_id", how="left").join(other.rename(theirs), on="case_id", how="left")
    new = {name: called for name, called in theirs.items() if name.casefold() not in spelled}
    shared = {spelled[name.casefold()]: called for name, called in theirs.items() if name.casefold() in spelled}
    types = one.collect_schema()
    return joined.select(
        "case_id",
        *(nw.coalesce(nw.col(name), nw.col(shared[name]).cast(types[name])).alias(name) if name in shared else nw.col(name)
          for name in mine if name != "case_id"),
        *(nw.col(called).alias(name) for name, called in new.items()),
    )  # fmt: skip
