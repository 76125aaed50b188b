"""The command line: arguments in, public functions called, one clear line on error.

Exit codes: 0 done, 1 the data or the pathway are at fault (or `check` found errors), 2 the call is, 130 Ctrl-C, 70 a bug.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from leadtime.errors import InputError, LeadtimeError, UsageError, one_line

if TYPE_CHECKING:
    from leadtime.log import EventLog
    from leadtime.pathway import Pathway
    from leadtime.results import Value

__all__ = ["app", "main"]

Language = Literal["en", "sv"]

app = typer.Typer(
    name="leadtime",
    help="Lead times and waste from event logs: unfinished cases counted, uncertainty shown, no person revealed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

LogFile = Annotated[Path, typer.Argument(metavar="LOG", help="The events: .csv .tsv .xlsx .parquet", show_default=False)]
PathwayFile = Annotated[Path | None, typer.Option("--pathway", help="The pathway: milestones, stops, exits (TOML)", show_default=False)]
Columns = Annotated[list[str] | None, typer.Option("--column", help="A column's role, as case_id=Ärende; may be repeated")]
Zone = Annotated[str | None, typer.Option("--timezone", help="Zone of clock times without offset, as Europe/Stockholm")]
Until = Annotated[str | None, typer.Option("--observed-until", help="Last day of observation, as 2020-12-31")]
Sheets = Annotated[list[str] | None, typer.Option("--sheet", help="A workbook sheet to read; may be repeated")]
DateOrder = Annotated[str | None, typer.Option("--date-order", help="dmy or mdy, where dates like 3/4/2019 leave it open")]
Words = Annotated[Language, typer.Option("--language", help="Language of what is written")]


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        from leadtime import __version__

        typer.echo(f"leadtime {__version__}")
        raise typer.Exit


@app.callback()
def _all(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop", is_eager=True, callback=_version)] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a bug")] = False,
) -> None:
    """Lead times and waste from event logs."""


@app.command(epilog="Example:  leadtime report events.xlsx --pathway pathway.toml --before before --after after --out reports")
def report(
    log_file: LogFile,
    *,
    pathway_file: Annotated[Path, typer.Option("--pathway", help="The pathway: milestones, stops, exits (TOML)", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="Folder for report.xlsx and report.html", show_default=False)],
    by: Annotated[str | None, typer.Option("--by", help="The case attribute that holds the cohort")] = None,
    before: Annotated[str | None, typer.Option("--before", help="Label of the cohort before")] = None,
    after: Annotated[str | None, typer.Option("--after", help="Label of the cohort after")] = None,
    break_date: Annotated[str | None, typer.Option("--break-date", help="Cohorts by start: on or after this day is after")] = None,
    language: Words = "en",
    profile: Annotated[str, typer.Option("--profile", help="Disclosure profile: se-5, nhs-7-round5, internal")] = "se-5",
    columns: Columns = None,
    timezone: Zone = None,
    observed_until: Until = None,
    sheets: Sheets = None,
    date_order: DateOrder = None,
    leave_out_bad_rows: Annotated[
        bool, typer.Option("--leave-out-bad-rows", help="Go on where rows end before they start; they are listed and left out")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the bootstrap and permutations")] = 0,
) -> None:
    """Compare before and after, and write report.xlsx and report.html."""
    from leadtime import build_report, compare, lead_times, read_pathway

    with _progress() as step:
        step("reading the pathway", 0.0)
        pathway = read_pathway(pathway_file)
        _writable(out)
        step("reading the log", 0.1)
        log = _read(log_file, pathway, columns, timezone, observed_until, sheets, date_order)
        if not leave_out_bad_rows:
            _require_order(log)
        step("timing the cases", 0.4)
        times = lead_times(log, pathway)
        step("comparing", 0.5)
        result = compare(times, by=by, before=before, after=after, break_date=break_date, seed=seed)
        step("writing the report", 0.8)
        made = build_report(log, pathway, result, language=language, profile=_profile(profile), seed=seed)
        made.to_excel(_made(out) / "report.xlsx")
        made.to_html(out / "report.html")
    _account(log)
    for _, headline in made.headlines:
        typer.echo(headline)
    typer.echo(f"Written: {out / 'report.xlsx'} and {out / 'report.html'}")


@app.command(epilog="Example:  leadtime check events.xlsx --pathway pathway.toml")
def check(
    log_file: LogFile,
    *,
    pathway_file: PathwayFile = None,
    columns: Columns = None,
    timezone: Zone = None,
    observed_until: Until = None,
    sheets: Sheets = None,
    date_order: DateOrder = None,
    rows: Annotated[int, typer.Option("--rows", help="How many rejected rows to list", min=0)] = 20,
) -> None:
    """Check a log: what was read, what was rejected and why; exits 1 where something must be mended."""
    pathway = _pathway(pathway_file)
    log = _read(log_file, pathway, columns, timezone, observed_until, sheets, date_order)
    quality = log.quality
    typer.echo(f"{quality.rows_read} rows read = {quality.rows_kept} kept + {quality.rows_rejected} rejected")
    for reason, count in quality.rejected_by_reason.items():
        typer.echo(f"  rejected: {reason}: {count}")
    for role, header in log.roles.items():
        typer.echo(f"  column {role}: '{header}'")
    for finding in quality.findings:
        typer.echo(str(finding))
    unknown = _unknown_activities(log, pathway)
    if unknown:
        typer.echo(f"warning: {len(unknown)} activities are not in the pathway: {', '.join(unknown)}")
    _list_rejected(log, rows)
    if quality.errors or quality.rejected_by_reason.get("end before start"):
        raise typer.Exit(1)


@app.command(epilog="Example:  leadtime describe events.csv --pathway pathway.toml")
def describe(
    log_file: LogFile,
    *,
    pathway_file: PathwayFile = None,
    columns: Columns = None,
    timezone: Zone = None,
    observed_until: Until = None,
    sheets: Sheets = None,
    date_order: DateOrder = None,
    rows: Annotated[int, typer.Option("--rows", help="How many lines a table", min=1)] = 15,
) -> None:
    """Describe a log: its size, its most frequent transitions and, with a pathway, what became of the cases."""
    from leadtime import lead_times, transitions, variants

    pathway = _pathway(pathway_file)
    log = _read(log_file, pathway, columns, timezone, observed_until, sheets, date_order)
    times = lead_times(log, pathway)
    frame = times.to_pandas()
    typer.echo(f"{len(log)} events, {len(frame)} cases, {log.precision} precision")
    done = frame.loc[frame["status"] == "stopped", "lead_time_days"]
    if len(done):
        typer.echo(
            f"completed cases only (biased where cases are open): median {done.median():.1f} days, mean {done.mean():.1f}, n = {len(done)}"
        )
    typer.echo("\nWhat became of the cases")
    typer.echo(str(times.flow))
    for title, table in (("Transitions", transitions(log)), ("Variants", variants(log))):
        lines = str(table).splitlines()
        typer.echo(f"\n{title} ({len(lines) - 1})")
        typer.echo("\n".join(lines[: rows + 1]))


@app.command(epilog="Example:  leadtime template --out my_events.xlsx --language sv")
def template(
    *,
    out: Annotated[Path, typer.Option("--out", help="The workbook to write")] = Path("leadtime_template.xlsx"),
    pathway_file: PathwayFile = None,
    language: Words = "sv",
) -> None:
    """Write an empty workbook for data entry, with drop-downs, an example row and a guide; `report` reads it back."""
    from leadtime.report.template import write_template

    write_template(out, pathway=_pathway(pathway_file), language=language)
    typer.echo(f"Written: {out}")


@app.command(epilog="Example:  leadtime demo --out demo")
def demo(
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder for the synthetic sample and its report")] = Path("leadtime_demo"),
    language: Words = "en",
) -> None:
    """Make the synthetic sample study in a folder, and its report."""
    from leadtime.datasets import write_sample

    _writable(out)
    write_sample(_made(out))
    typer.echo(f"Synthetic sample written to {out}")
    report(out / "events_messy.xlsx", pathway_file=out / "pathway.toml", out=out / "report", language=language)


# --- what the commands share ----------------------------------------------------------------------------------------------------


def _pathway(path: Path | None) -> Pathway | None:
    from leadtime import read_pathway

    return None if path is None else read_pathway(path)


def _read(
    path: Path,
    pathway: Pathway | None,
    columns: list[str] | None,
    timezone: str | None,
    observed_until: str | None,
    sheets: list[str] | None,
    date_order: str | None,
) -> EventLog:
    """Reads the log: the command line wins over the pathway file, the file over the defaults."""
    from leadtime import read_log

    declared = pathway.log if pathway else None
    roles = dict(declared.columns) if declared else {}
    for pair in columns or ():
        role, equals, header = pair.partition("=")
        if not equals or not role or not header:
            raise UsageError(f"--column '{pair}' isn't of the form role=header, as in --column case_id=Ärende")
        roles[role.strip()] = header.strip()
    if date_order not in (None, "dmy", "mdy", "ymd"):
        raise UsageError(f"--date-order '{date_order}' isn't allowed; use dmy, mdy or ymd")
    declared_sheets = list(declared.sheets) if declared and declared.sheets and path.suffix.lower() == ".xlsx" else None
    return read_log(
        path,
        columns=roles or None,
        timezone=timezone or (declared.timezone if declared else None),
        observed_until=observed_until or (declared.observed_until if declared else None),
        sheets=sheets or declared_sheets,
        date_order=date_order,  # type: ignore[arg-type]  # looked at above
    )


def _require_order(log: EventLog) -> None:
    """Stops where rows end before they start: which of the two dates is wrong, only the unit can say."""
    count = log.quality.rejected_by_reason.get("end before start", 0)
    if count:
        first = next(row for row in log.rejected.records() if row["reason"] == "end before start")
        more = f" (and {count - 1} more such rows)" if count > 1 else ""
        raise InputError(
            f"{_place(first)}: the event ends before it starts{more}; correct the dates, or leave such rows out with --leave-out-bad-rows"
        )


def _place(row: Mapping[str, Value]) -> str:
    """Where a row stands, as its owner finds it."""
    sheet = f" sheet '{row['sheet']}'" if row["sheet"] else ""
    return f"{row['source']}{sheet} row {row['row_number']}"


def _profile(name: str) -> Any:
    from leadtime.disclosure import PROFILES

    if name not in PROFILES:
        raise UsageError(f"--profile '{name}' isn't allowed; use {', '.join(PROFILES)}")
    return name


def _writable(folder: Path) -> None:
    """Finds out before the work whether the folder can be made and written to, and leaves all as it is."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out '{folder}' is a file; give a folder")
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise InputError(f"the folder '{folder}' can't be written to; choose another with --out")


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder '{folder}' can't be made: {error.strerror}; choose another with --out") from None
    return folder


def _account(log: EventLog) -> None:
    quality = log.quality
    reasons = ", ".join(f"{count} {reason}" for reason, count in quality.rejected_by_reason.items())
    account = f"{quality.rows_read} rows read = {quality.rows_kept} kept + {quality.rows_rejected} rejected"
    typer.echo(account + (f" ({reasons})" if reasons else ""))


def _unknown_activities(log: EventLog, pathway: Pathway | None) -> tuple[str, ...]:
    if pathway is None:
        return ()
    return pathway.unknown_activities(log.activities)


def _list_rejected(log: EventLog, most: int) -> None:
    records = log.rejected.records()
    for row in records[:most]:
        typer.echo(f"  {_place(row)}: {row['reason']} (column {row['column']})")
    if len(records) > most:
        typer.echo(f"  and {len(records) - most} more")


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    """A progress bar on the error stream where that is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield lambda text, share: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda text, share: bar.update(task, description=text, completed=share)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and gives its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code = app(args=given, standalone_mode=False)
        return code if isinstance(code, int) else 0
    except LeadtimeError as error:
        return _failed(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _failed("stopped", 130)
    except Exception as error:
        # typer's own usage errors carry their message and code, whichever click it is built on.
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):
            return _failed(f"{error.format_message()} See 'leadtime --help'.", int(error.exit_code))
        if "--debug" in given:
            traceback.print_exc()
        return _failed(f"a bug in leadtime: {type(error).__name__}: {error} (run again with --debug and report it)", 70)


def _failed(message: str, code: int) -> int:
    typer.echo(f"leadtime: {one_line(message)}", err=True)
    return code
