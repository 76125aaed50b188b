"""The command that replaces ids by keyed pseudonyms and writes the log anew, readable by its owner alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadtime.cli.options import Columns, DateOrder, LogFile, ObjectType, Sheets, Until, Zone
from leadtime.cli.shared import read, say
from leadtime.errors import InputError, UsageError, counted

if TYPE_CHECKING:
    from leadtime.log import EventLog
    from leadtime.privacy import PseudonymKey

__all__ = ["pseudonymise"]


def pseudonymise(
    log_file: LogFile,
    *,
    out: Annotated[Path, typer.Option("--out", help="The file to write: .csv .parquet .xlsx", show_default=False)],
    key_file: Annotated[Path | None, typer.Option("--key-file", help="The file of the secret key, to be kept apart from the data")] = None,
    key_env: Annotated[str | None, typer.Option("--key-env", help="The environment variable that holds the key")] = None,
    new_key: Annotated[bool, typer.Option("--new-key", help="Make the key file first, with 256 random bits")] = False,
    shift_days: Annotated[int, typer.Option("--shift-dates", help="Move each person's dates by up to so many days either way", min=0)] = 0,
    keep_weekdays: Annotated[bool, typer.Option("--keep-weekdays", help="Move dates by whole weeks")] = False,
    keep_follow_up: Annotated[
        bool, typer.Option("--keep-follow-up", help="After a shift, give each case its own end of observation, which can tell the shift")
    ] = False,
    drop: Annotated[list[str] | None, typer.Option("--drop", help="A column to leave out; may be repeated")] = None,
    ids: Annotated[
        list[str] | None, typer.Option("--id", help="A column of ids to replace; else case, person, referral and meeting; may be repeated")
    ] = None,
    allow_personal_numbers: Annotated[
        bool, typer.Option("--allow-personal-numbers", help="Go on where another column holds personal numbers")
    ] = False,
    columns: Columns = None,
    timezone: Zone = None,
    observed_until: Until = None,
    sheets: Sheets = None,
    date_order: DateOrder = None,
    object_type: ObjectType = None,
) -> None:
    """Replace ids by keyed pseudonyms, the same for the same id in every file; shift dates and drop columns where told."""
    from leadtime import pseudonymise as hide
    from leadtime import write_log

    _require_apart(out, log_file, key_file)
    log = read(log_file, None, columns, timezone, observed_until, sheets, date_order, object_type=object_type)
    with _key(key_file, key_env, new=new_key) as key:
        hidden = hide(
            log,
            key,
            shift_days=shift_days,
            keep_weekdays=keep_weekdays,
            follow_up="keep" if keep_follow_up else "drop",
            drop=tuple(drop or ()),
            ids=ids,
            allow_personal_numbers=allow_personal_numbers,
        )
        with _for_its_owner():
            write_log(hidden, out)
    typer.echo(f"{counted(len(hidden), 'event')} written to {out}, readable by you alone; key {key.name} (its name, not the key)")
    _tell(log, hidden, ids, shifted=bool(shift_days))


def _require_apart(out: Path, log_file: Path, key_file: Path | None) -> None:
    """The result must not take the place of what it is made from."""
    for other, what in ((log_file, "the log"), (key_file, "the key file")):
        if other is not None and out.resolve() == other.resolve():
            raise UsageError(f"--out '{out}' is {what} itself; name another file")
    if not out.absolute().parent.is_dir():
        raise InputError(f"there is no folder '{out.parent}' to write '{out.name}' into; make it first")


@contextmanager
def _key(file: Path | None, environment: str | None, *, new: bool) -> Iterator[PseudonymKey]:
    """The key; a new one goes again where nothing gets written with it, so that the mended call can be the same."""
    from leadtime import privacy

    if not new:
        if (file is None) == (environment is None):
            raise UsageError("give the key with --key-file FILE or --key-env NAME, one of them; --new-key makes the file")
        yield privacy.read_key(file=file, environment=environment)
        return
    if file is None or environment is not None:
        raise UsageError("--new-key makes a key file; name it with --key-file and leave --key-env out")
    key = privacy.new_key(file)
    try:
        yield key
    except BaseException:
        file.unlink(missing_ok=True)
        raise


@contextmanager
def _for_its_owner() -> Iterator[None]:
    """Lets files be made that only their owner may read."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _tell(log: EventLog, hidden: EventLog, ids: Sequence[str] | None, *, shifted: bool) -> None:
    """What was replaced, what stays as it was, and what to think of."""
    from leadtime.ingest.pseudonyms import ID_ROLES
    from leadtime.quality import check_ids, check_persons, effect_of
    from leadtime.words import words

    replaced = [name for name in (ids if ids is not None else ID_ROLES) if name in hidden.columns]
    kept = [name for name in hidden.columns if name not in (*replaced, "row", "end_given") and not name.endswith(("_us", "_is_date"))]
    say(f"ids replaced: {', '.join(dict.fromkeys(('case_id', *replaced)))}")
    say(f"columns as they were: {', '.join(kept)}; look through them for what tells a person")
    for finding in check_persons(hidden):
        say(f"{finding.severity}: {finding.message}")
    for finding in check_ids(log):
        say(f"{finding.severity}: {finding.message}. {effect_of(finding.code, words('en'))}")
    if log.quality.rows_rejected:
        typer.echo(f"{counted(log.quality.rows_rejected, 'rejected row')} left behind; `leadtime check` lists them")
    if shifted:
        typer.echo("dates are shifted: durations within a case hold, but months, cohorts by date and the end of observation don't")
