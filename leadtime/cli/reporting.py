"""The commands that end in a report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from leadtime.cli.options import Columns, DateOrder, Language, LogFile, NamesFile, ObjectType, ReserveNumbers, Sheets, Until, Words, Zone
from leadtime.cli.shared import made_folder, place, progress, read, require_writable, say
from leadtime.errors import InputError, UsageError, counted

if TYPE_CHECKING:
    from leadtime.ingest.settings import Settings
    from leadtime.log import EventLog
    from leadtime.pathway import Pathway
    from leadtime.results import Finding

__all__ = ["demo", "report"]


def report(
    log_file: LogFile,
    *,
    pathway_file: Annotated[
        Path | None,
        typer.Option("--pathway", help="The pathway: milestones, stops, exits (TOML); else LOG's settings sheet", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for report.xlsx and report.html; else LOG_report beside LOG", show_default=False)
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="The case attribute that holds the cohort")] = None,
    before: Annotated[str | None, typer.Option("--before", help="Label of the cohort before")] = None,
    after: Annotated[str | None, typer.Option("--after", help="Label of the cohort after")] = None,
    break_date: Annotated[str | None, typer.Option("--break-date", help="Cohorts by start: on or after this day is after")] = None,
    washout: Annotated[int | None, typer.Option("--washout", help="Days from the break date whose starts are left out", min=0)] = None,
    site: Annotated[str | None, typer.Option("--site", help="The case attribute that holds the site, or one site's name")] = None,
    cohort_rule: Annotated[
        Literal["start", "stop", "exclude", "split"] | None, typer.Option("--cohort-rule", help="Which date decides, with --break-date")
    ] = None,
    statistic: Annotated[
        Literal["median", "restricted_mean"] | None, typer.Option("--statistic", help="What the headline rests on (default median)")
    ] = None,
    tau: Annotated[float | None, typer.Option("--tau", help="Days up to which restricted means are taken")] = None,
    sections: Annotated[list[str] | None, typer.Option("--section", help="Only this part of the report; repeatable")] = None,
    language: Annotated[Language | None, typer.Option("--language", help="Language of the report (default en)")] = None,
    profile: Annotated[str | None, typer.Option("--profile", help="Disclosure: se-5 (default), nhs-7-round5, internal")] = None,
    columns: Columns = None,
    timezone: Zone = None,
    observed_until: Until = None,
    sheets: Sheets = None,
    date_order: DateOrder = None,
    object_type: ObjectType = None,
    names: NamesFile = None,
    leave_out_bad_rows: Annotated[
        bool, typer.Option("--leave-out-bad-rows", help="Go on where rows end before they start; they are listed and left out")
    ] = False,
    allow_personal_numbers: Annotated[
        bool, typer.Option("--allow-personal-numbers", help="Go on where a column holds personal numbers; none is shown")
    ] = False,
    reserve_numbers: ReserveNumbers = None,
    releases: Annotated[
        Path | None,
        typer.Option("--releases", help="Ledger of what earlier reports published (JSON)", show_default=False),
    ] = None,
    despite_releases: Annotated[bool, typer.Option("--despite-releases", help="Warn where an earlier release tells more; go on")] = False,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the bootstrap and permutations")] = 0,
) -> None:
    """Compare before and after, and write report.xlsx and report.html.

    A workbook that `leadtime template` wrote needs no more than its name: its settings sheet says the rest.
    """
    from leadtime import build_report, compare, lead_times
    from leadtime.quality import check_errors, check_persons, refuse_persons

    reserved = tuple(reserve_numbers or ())
    out = out or log_file.with_name(f"{log_file.stem}_report")
    with progress() as step:
        step("reading the pathway", 0.0)
        pathway, settings = _declared(log_file, pathway_file)
        rules = _profile(profile or (settings and settings.value("profile")) or "se-5")
        words: Any = language or (settings and settings.value("language")) or "en"
        require_writable(out)
        step("reading the log", 0.1)
        log = read(log_file, pathway, columns, timezone, observed_until, sheets, date_order, names, object_type=object_type)
        if settings is not None:
            settings.require_activities(log.activities)
        if not leave_out_bad_rows:
            _require_order(log)
        if not allow_personal_numbers:
            numbers = check_persons(log, reserve_numbers=reserved)
            refuse_persons(numbers, remedy=", or go on all the same with --allow-personal-numbers")
        step("timing the cases", 0.4)
        times = lead_times(log, pathway)
        step("comparing", 0.5)
        alone = settings is not None and not (by or break_date or pathway.comparison.break_date or "cohort" in times.conflicts)
        result = None if alone else compare(
            times, by=by, before=before, after=after, break_date=break_date, washout=washout, site=site, cohort_rule=cohort_rule,
            statistic=statistic, tau=tau, seed=seed,
        )  # fmt: skip
        step("writing the report", 0.8)
        made = build_report(
            log, pathway, result, language=words, profile=rules, sections=sections or None, seed=seed,
            allow_personal_numbers=True,  # looked for above
            releases=releases, despite_releases=despite_releases,
        )  # fmt: skip
        made.to_excel(made_folder(out) / "report.xlsx")
        made.to_html(out / "report.html")
        if releases is not None:
            made.record_release(releases)
    _account(log)
    _tell_errors(log_file, check_errors(log, reserve_numbers=reserved))
    for _, headline in made.headlines:
        say(headline)
    typer.echo(f"Written: {out / 'report.xlsx'} and {out / 'report.html'}")


def demo(
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder for the synthetic sample and its report")] = Path("leadtime_demo"),
    language: Words = "en",
) -> None:
    """Make the synthetic sample study in a folder, and its report."""
    from leadtime.datasets import write_sample

    require_writable(out)
    write_sample(made_folder(out))
    typer.echo(f"Synthetic sample written to {out}")
    report(out / "events_messy.xlsx", pathway_file=out / "pathway.toml", out=out / "report", language=language)


def _declared(log_file: Path, pathway_file: Path | None) -> tuple[Pathway, Settings | None]:
    """The pathway of a file, else of the log's settings sheet, with what else that sheet says."""
    from leadtime import read_pathway
    from leadtime.ingest.settings import read_settings

    if pathway_file is not None:
        return read_pathway(pathway_file), None
    settings = read_settings(log_file)
    if settings is None:
        raise UsageError(
            f"'{log_file.name}' has no sheet of settings; name the pathway file with --pathway, or fill in a workbook that "
            "`leadtime template` writes"
        )
    return read_pathway(log_file), settings


def _require_order(log: EventLog) -> None:
    """Stops where rows end before they start: which of the two dates is wrong, only the unit can say."""
    count = log.quality.rejected_by_reason.get("end before start", 0)
    if count:
        first = next(row for row in log.rejected.records() if row["reason"] == "end before start")
        more = f" (and {counted(count - 1, 'more such row')})" if count > 1 else ""
        raise InputError(
            f"{place(first)}: the event ends before it starts{more}; correct the dates, or leave such rows out with --leave-out-bad-rows"
        )


def _profile(name: str) -> Any:
    from leadtime.disclosure import PROFILES

    if name not in PROFILES:
        raise UsageError(f"--profile '{name}' isn't allowed; use {', '.join(PROFILES)}")
    return name


def _account(log: EventLog) -> None:
    quality = log.quality
    reasons = ", ".join(f"{count} {reason}" for reason, count in quality.rejected_by_reason.items())
    account = f"{counted(quality.rows_read, 'row')} read = {quality.rows_kept} kept + {quality.rows_rejected} rejected"
    say(account + (f" ({reasons})" if reasons else ""))


def _tell_errors(log_file: Path, errors: Sequence[Finding]) -> None:
    """Says that the figures rest on data that must be mended first, for those who never asked the check."""
    if errors:
        them = "it" if len(errors) == 1 else "them"
        say(f"{counted(len(errors), 'error')} in the data; `leadtime check '{log_file}'` lists {them}")
