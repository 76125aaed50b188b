"""A log kept on disk by month of case start, so that a new extract is added and only what it changes is computed again.

The folder holds Parquet files and `store.json`, which names the files that count: it is written last, so that a run that is killed
leaves the store as it was. Lead times are kept beside, a file a month and pathway.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from leadtime.cases.clock import bound_of, latest_moment
from leadtime.cases.result import LeadTimes
from leadtime.cases.times import times_of
from leadtime.engine.partitions import merge, read_files, write_month
from leadtime.engine.session import Session
from leadtime.errors import InputError, ResourceError, UsageError
from leadtime.files import write_whole
from leadtime.ingest.moments import moment_of
from leadtime.log import EventLog, Moment, Provenance

if TYPE_CHECKING:
    from leadtime.pathway import Pathway

__all__ = ["Added", "LogStore", "open_store"]

_MANIFEST = "store.json"
_VERSION = 1


@dataclass(frozen=True)
class Added:
    """What an extract brought: events that weren't there, the cases they belong to, and the months whose files are new."""

    events: int
    cases: int
    months: tuple[str, ...]


@dataclass(frozen=True)
class _Manifest:
    """What the store holds: month to file of events, how the log is read, and month to file of each pathway's lead times."""

    files: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rows: int = 0
    timezone: str | None = None
    precision: Literal["clock", "date", "mixed"] = "clock"
    roles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    times: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=lambda: MappingProxyType({}))


def open_store(folder: str | os.PathLike[str], *, memory_limit: str | None = None, threads: int | None = None) -> LogStore:
    """Opens a store of a log in a folder, which is made where it isn't there.

    Args:
        folder: where the store lies; it holds nothing else.
        memory_limit: what the engine may hold in memory, as in ``"6GB"``.
        threads: how many threads it may use.

    Returns:
        The store: `add` an extract, `log()` gives all of it, `lead_times(pathway)` computes only the months that changed.

    Raises:
        InputError: the folder holds other things, or its `store.json` can't be read.
        ResourceError: the folder can't be made.

    >>> import tempfile, pandas as pd, leadtime as lt
    >>> store = lt.open_store(tempfile.mkdtemp())
    >>> january = pd.DataFrame({"case_id": ["a", "b"], "activity": ["Referral"] * 2, "start": ["2020-01-05", "2020-01-09"]})
    >>> store.add(lt.read_log(january)).months
    ('2020-01',)
    >>> store.add(lt.read_log(pd.DataFrame({"case_id": ["b", "c"], "activity": ["Visit"] * 2, "start": ["2020-02-03", "2020-03-01"]})))
    Added(events=2, cases=2, months=('2020-01', '2020-03'))
    >>> len(store.log())
    4
    """
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(f"the store '{path}' can't be made: {error.strerror}; name another folder") from None
    strangers = sorted(item.name for item in path.iterdir() if not _ours(item.name))
    if strangers and not (path / _MANIFEST).exists():
        raise InputError(f"'{path}' isn't a store: it holds '{strangers[0]}'; name a new or empty folder")
    return LogStore(path, memory_limit, threads)


def _ours(name: str) -> bool:
    return name == _MANIFEST or name.startswith(("events-", "times-", "."))


@dataclass(frozen=True)
class LogStore:
    """A log on disk by month of case start; made by `open_store`."""

    folder: Path
    memory_limit: str | None = None
    threads: int | None = None

    @property
    def months(self) -> tuple[str, ...]:
        """The months in which cases start, in order."""
        return tuple(sorted(self._manifest().files))

    def add(self, log: EventLog, *, replace: bool = False) -> Added:
        """Adds an extract: events of new cases, and of cases that are there already.

        Args:
            log: the extract, read by DuckDB; an event equal to a stored one in every column isn't added again.
            replace: whether it holds all events of its cases, so that those stored of them are dropped first.

        Returns:
            The events added, their cases, and the months whose files were written anew.

        Raises:
            UsageError: the extract's zone isn't the store's, or it is in Spark.
            ResourceError: there is no room.
        """
        manifest = self._manifest()
        if not isinstance(log.session, Session):
            raise UsageError("a store takes logs that DuckDB read; write the Spark log as Parquet and read that")
        if manifest.files and log.timezone != manifest.timezone:
            raise UsageError(f"the store holds times of zone {manifest.timezone}, the extract of {log.timezone}; read it with timezone=")
        found = merge(log.session, log.frame, self._paths(manifest), first_row=manifest.rows, replace=replace)
        files = dict(manifest.files)
        for month in found.months:
            name = f"events-{month}-{uuid.uuid4().hex}.parquet"
            stored = files.pop(month, None)
            if write_month(log.session, found, month, stored and str(self.folder / stored), str(self.folder / name)):
                files[month] = name
        precision = log.precision if not manifest.files or log.precision == manifest.precision else "mixed"
        rows = manifest.rows + log.session.count(log.frame)
        kept = {key: {month: of for month, of in times.items() if month not in found.months} for key, times in manifest.times.items()}
        self._write(_Manifest(files, rows, log.timezone, precision, {**manifest.roles, **log.roles}, kept))
        return Added(found.events, found.cases, found.months)

    def log(self, *, observed_until: Moment | None = None) -> EventLog:
        """Gives all that is stored as one log, lazy; ask for it anew after an extract was added."""
        manifest = self._manifest()
        return self._log_of(self._session(), manifest, list(self._paths(manifest).values()), observed_until)

    def lead_times(self, pathway: Pathway | None = None, *, observed_until: Moment | None = None) -> LeadTimes:
        """Gives the lead times of all cases; only months whose events changed, or whose open cases a later end may move, are computed.

        Args:
            pathway: as for `lt.lead_times`.
            observed_until: the end of observation; the latest event in the store where not given.

        Returns:
            What `lt.lead_times` gives of the whole log.
        """
        manifest, session = self._manifest(), self._session()
        paths = self._paths(manifest)
        whole = self._log_of(session, manifest, list(paths.values()), observed_until)
        given = observed_until or moment_of(pathway.log.observed_until if pathway else None, manifest.timezone)
        moment = given or (None if pathway is None else latest_moment(whole))
        key = pathway.sha256 if pathway else "first-to-last"
        known = dict(manifest.times.get(key, {}))
        for month, path in paths.items():
            if not _holds(known.get(month), _place_of(moment, manifest.timezone), pathway):
                part = self._log_of(session, manifest, [path], moment)
                known[month] = self._computed(times_of(part, pathway, of_part=True), moment, f"times-{month}-{key}")
        self._write(_replaced(manifest, key, known))
        frame = read_files(session, [str(self.folder / known[month]["file"]) for month in paths])
        late = sum(int(known[month]["late"]) for month in paths)
        return LeadTimes(frame, whole, pathway, moment, given is None, late)

    def _computed(self, times: LeadTimes, moment: Moment | None, stem: str) -> dict[str, Any]:
        """Writes a month's lead times; `settled` says that a later end of observation changes none of them."""
        name = f"{stem}-{uuid.uuid4().hex}.parquet"
        times.log.session.write_parquet(times.frame, str(self.folder / name))
        settled = {str(row[0]) for row in times.flow.rows} <= {"stopped", "left"} and times.events_after_observation == 0
        return {
            "file": name,
            "until": _place_of(moment, times.log.timezone),
            "settled": settled,
            "late": times.events_after_observation,
        }

    def _session(self) -> Session:
        return Session(memory_limit=self.memory_limit, threads=self.threads)

    def _log_of(self, session: Session, manifest: _Manifest, files: list[str], until: Moment | None) -> EventLog:
        if not files:
            raise InputError(f"the store '{self.folder}' is empty; add a log first")
        frame = read_files(session, files)
        columns = tuple(frame.collect_schema().names())
        provenance = Provenance(str(self.folder), "store", path=None)
        return EventLog(
            frame, session, columns, manifest.roles, manifest.precision, provenance,
            timezone=manifest.timezone, observed_until=until,
        )  # fmt: skip

    def _paths(self, manifest: _Manifest) -> dict[str, str]:
        return {month: str(self.folder / manifest.files[month]) for month in sorted(manifest.files)}

    def _manifest(self) -> _Manifest:
        path = self.folder / _MANIFEST
        if not path.exists():
            return _Manifest()
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            if held.pop("version") != _VERSION:
                raise InputError(f"'{path}' is of another version of leadtime; make the store anew")
            return _Manifest(**held)
        except (OSError, ValueError, TypeError, KeyError):
            raise InputError(f"'{path}' can't be read; restore it from a copy, or make the store anew") from None

    def _write(self, manifest: _Manifest) -> None:
        """Puts the new manifest in place, then drops the files that it no longer names."""
        path = self.folder / _MANIFEST
        held = {"version": _VERSION, **{name: getattr(manifest, name) for name in manifest.__dataclass_fields__}}
        write_whole(path, json.dumps(held, default=dict).encode())
        named = {*manifest.files.values(), *(of["file"] for times in manifest.times.values() for of in times.values())}
        for item in self.folder.glob("*.parquet"):
            if item.name not in named:
                item.unlink(missing_ok=True)


def _replaced(manifest: _Manifest, key: str, times: Mapping[str, Mapping[str, Any]]) -> _Manifest:
    return _Manifest(manifest.files, manifest.rows, manifest.timezone, manifest.precision, manifest.roles, {**manifest.times, key: times})


def _place_of(until: Moment | None, timezone: str | None) -> list[int] | None:
    """Where an end of observation lies among others: a day ends before its last midnight, which a clock time there includes."""
    return None if until is None else [bound_of(until, timezone).us, not until.is_date]


def _holds(known: Mapping[str, Any] | None, until: list[int] | None, pathway: Pathway | None) -> bool:
    """Whether a month's lead times still hold: at the same end of observation, or at a later one that moves none of its cases."""
    if known is None:
        return False
    # Rules other than `first` may choose a later event once more of them are seen.
    plain = pathway is not None and all(milestone.rule == "first" for milestone in pathway.milestones.values())
    held: Any = known["until"]
    return bool(until >= held if plain and known["settled"] else until == held)
