"""`build_report`: results gathered, then disclosure control, then words; the report is decided here and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from leadtime.disclosure import Disclosed, Profile, Release, disclose, profile_named, release_of
from leadtime.errors import UsageError, checks_arguments, did_you_mean
from leadtime.quality import check_quality, refuse_persons
from leadtime.report.cover import cover
from leadtime.report.gather import Gathered, gather
from leadtime.report.links import LINKS
from leadtime.report.model import Report, Section
from leadtime.report.parts import Part, parts_of
from leadtime.report.phrases import Phrases, headline
from leadtime.report.releases import look_at_releases
from leadtime.report.scan import Guard, stated
from leadtime.words import Language, languages

if TYPE_CHECKING:
    from leadtime.compare import Comparison
    from leadtime.disclosure.profiles import ProfileName
    from leadtime.log import EventLog
    from leadtime.pathway import Pathway

__all__ = ["SECTIONS", "build_report"]

SECTIONS = (
    "cohorts", "who", "lead_times", "change", "survival", "flow", "steps", "months", "kinds", "waits", "waste", "trend", "sensitivity",
    "audit", "quality", "unknown", "definitions", "disclosure", "provenance",
)  # fmt: skip
# These two take as long as all others together: the time of every case is cut into its parts.
ON_REQUEST = frozenset(("kinds", "waste"))


@checks_arguments
def build_report(
    log: EventLog,
    pathway: Pathway | None,
    comparison: Comparison | None = None,
    *,
    language: Language = "en",
    profile: ProfileName | Profile = "se-5",
    sections: Sequence[str] | None = None,
    generated: str | date | None = None,
    seed: int = 0,
    allow_personal_numbers: bool = False,
    releases: str | os.PathLike[str] | None = None,
    despite_releases: bool = False,
) -> Report:
    """Builds a report from a log, its pathway and a comparison: calls the public functions, hides small counts, then finds the words.

    Args:
        log: the events.
        pathway: the declared pathway; None reports the time from each case's first event to its last.
        comparison: the result of `compare`; without it all cases are summed up together.
        language: of every word in the report.
        profile: what may be shown: "internal", "se-5" or "nhs-7-round5".
        sections: keys of the sections to include, in any order; default all of `SECTIONS` that apply, but "kinds" and "waste", which take
            longer.
        generated: when the report was made, to be printed; without it no time is, and the same input gives the same bytes.
        seed: of the comparison's draws, printed where no comparison carries its own.
        allow_personal_numbers: go on where a column of the log holds personal numbers; no report ever shows one.
        releases: a ledger of earlier releases (`Report.record_release` adds to it): a report that with one of them would tell a small
            count is refused. A file that isn't there yet is an empty ledger.
        despite_releases: warn of that instead.

    Returns:
        The frozen report; `.to_excel(path)` and `.to_html(path)` write it.

    Raises:
        UsageError: a section, language or profile isn't known, or the comparison is of another log.
        DisclosureError: the log holds personal numbers, small counts can't be protected, or an earlier release would help to tell one.

    Source:
        DEFINITIONS 3.4 (what stands beside the headline), 5 (disclosure), 6 (audit).

    >>> import pandas as pd, leadtime as lt
    >>> days = [(case, activity, day) for case in range(24) for activity, day in (("Detected", 1), ("Diagnosis", 2 + case))]
    >>> cases = [(str(case), activity, f"2020-01-{day:02d}") for case, activity, day in days]
    >>> log = lt.read_log(pd.DataFrame(cases, columns=["case_id", "activity", "start"]), observed_until="2020-12-31")
    >>> pathway = lt.read_pathway({"name": "Example", "start": "detection", "stop": "diagnosis", "milestones": {
    ...     "detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}}})
    >>> report = lt.build_report(log, pathway)
    >>> print(report.headline)
    Median lead time: 13 days (95 % CI 7 days to 17 days). 24 cases, of which 24 finished.
    >>> [section.key for section in report.sections][:3]
    ['cohorts', 'lead_times', 'survival']
    """
    wanted = _wanted(sections)
    if comparison is not None and comparison.times.log is not log:
        raise UsageError("comparison is of another log than the one given; compare the lead times of this log")
    rules = profile_named(profile)
    phrases = Phrases.of(language)
    # The computer's clock has no say in a report, so nothing lies in the future unless it is said when the report was made.
    quality = check_quality(log, pathway, today=_day(generated))
    if not allow_personal_numbers:
        refuse_persons(quality, remedy=", or go on all the same with allow_personal_numbers=True")
    found = gather(log, pathway, comparison, rules, quality=quality, sections=wanted)
    disclosed = disclose(found.tables, profile=rules, sums=found.sums, unpublished=(LINKS,), keep=found.keep)
    part = Part(found, disclosed, phrases, str(generated or ""), comparison.seed if comparison else seed)
    chosen = tuple(section for section in parts_of(part, wanted) if section.blocks)
    release = _release(part, chosen)
    if releases is not None:
        look_at_releases(releases, disclosed, release, despite=despite_releases)
    return _report(part, chosen, release)


def _day(generated: str | date | None) -> date:
    """The day on which the report was made, the last of all days where it isn't said or isn't a day."""
    try:
        return date.fromisoformat(generated[:10]) if isinstance(generated, str) else generated or date.max
    except ValueError:
        return date.max


def _wanted(sections: Sequence[str] | None) -> tuple[str, ...]:
    if sections is None:
        return tuple(name for name in SECTIONS if name not in ON_REQUEST)
    for name in sections:
        if name not in SECTIONS:
            raise UsageError(f"sections names '{name}', which isn't one{did_you_mean(name, SECTIONS)}")
    return tuple(name for name in SECTIONS if name in sections)


def _report(part: Part, sections: tuple[Section, ...], release: Release) -> Report:
    first, found, disclosed = cover(part), part.found, part.disclosed
    return Report(
        title=first.title,
        language=part.phrases.text.language,
        profile=disclosed.profile.name,
        headline=headline(found, disclosed, part.phrases),
        headlines=tuple((language, headline(found, disclosed, Phrases.of(language))) for language in languages()),
        notices=first.notices,
        key_figures=first.key_figures,
        facts=first.facts,
        sections=sections,
        disclosure=disclosed.audit,
        generated=part.generated,
        guard=_guard(part, found, disclosed),
        _release=release,
    )


def _release(part: Part, sections: tuple[Section, ...]) -> Release:
    """The counts that are published: those of the tables shown; the headline has the cohorts' in any case."""
    shown = {table.name for section in sections for table in section.tables} | {"cohorts"}
    comparison, until = part.found.comparison, part.found.times.observed_until
    name = part.generated or ("" if until is None else part.phrases.month(until.wall_us)) or "1"
    scope = comparison.only_site if comparison else None
    return release_of(part.disclosed, name=name, scope=scope or "", shown=shown)


def _guard(part: Part, found: Gathered, disclosed: Disclosed) -> Guard:
    """What the finished files may not show; the dates and names that the report states on purpose are let through."""
    times, comparison = found.times, found.comparison
    until = [] if times.observed_until is None or times.until_assumed else [part.phrases.day(times.observed_until)]
    defaults = part.phrases.text.plurals["finding.default-dates"].values()  # days that programs put, whichever case has them
    dates = stated([part.generated, *until, *(comparison.break_dates.values() if comparison else ()), *defaults])
    names = {cohort.name for cohort in found.cohorts} | set(found.log.coded.activities)
    return Guard(found.log, disclosed.profile.threshold, dates, frozenset(names))
