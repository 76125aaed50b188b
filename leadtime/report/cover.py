"""What stands first: title, notices, key figures, and the facts that a reader must have to read the headline right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw

from leadtime.compare import Comparison
from leadtime.disclosure import HIDDEN
from leadtime.log import EventLog
from leadtime.pathway import Pathway
from leadtime.report.model import KeyFigure
from leadtime.report.parts import Part
from leadtime.results import Value

__all__ = ["Cover", "cover", "is_synthetic"]

# What makes two cohorts incomparable, whatever is counted (DEFINITIONS 6); unfinished cases are counted, so that finished-only is none.
_NOT_COMPARABLE = frozenset(("route-selection", "immortal-time", "waiting-list-sample", "cohort-by-end-date"))
_NOTE_COLUMNS = frozenset(("anmärkning", "anmärkningar", "note", "notes", "remark", "comment", "kommentar"))


@dataclass(frozen=True)
class Cover:
    """The words of the cover."""

    title: str
    notices: tuple[str, ...]
    key_figures: tuple[KeyFigure, ...]
    facts: tuple[tuple[str, str], ...]


def cover(part: Part) -> Cover:
    """Gives the cover of a report."""
    found, phrases = part.found, part.phrases
    notices = [phrases.text.say("notice.synthetic")] if is_synthetic(found.log) else []
    if part.disclosed.profile.threshold == 1:
        notices.append(phrases.say("disclosure_internal"))
    if found.times.until_assumed and found.times.observed_until and found.pathway:
        notices.append(phrases.text.say("notice.assumed_end", {"date": phrases.month(found.times.observed_until.wall_us)}))
    if found.comparison is not None:
        notices.append(_light(found.comparison, part))
    name = found.pathway.name if found.pathway else found.log.provenance.name
    return Cover(phrases.say("title", {"name": name}), tuple(notices), _key_figures(part), _facts(part))


def is_synthetic(log: EventLog) -> bool:
    """Whether a log says of itself, in a column of notes, that its data are made up."""
    for name in log.columns:
        if name.casefold() in _NOTE_COLUMNS:
            text = nw.col(name).cast(nw.String).str.to_lowercase()
            said = text.str.contains("syntetisk", literal=True) | text.str.contains("synthetic", literal=True)
            if log.session.count(log.frame.filter(said)):
                return True
    return False


def _light(comparison: Comparison, part: Part) -> str:
    """The caveat light: red where the cohorts can't be compared, yellow where anything else was found, else green."""
    phrases, found = part.phrases, [entry.code for entry in comparison.audit_entries]
    fatal = [code for code in found if code in _NOT_COMPARABLE]
    colour = "red" if fatal or not comparison.comparable else "yellow" if found else "green"
    names = [phrases.known("report.check", code) for code in fatal or found]
    said = [phrases.say(f"light_{colour}", {"checks": "; ".join(names)} if names else {})]
    lacking = sum(check.status == "not computable" for check in comparison.audit_checks)
    if lacking:
        said.append(phrases.text.count("report.light_lacking", lacking, digits=0))
    return " ".join(said)


def _key_figures(part: Part) -> tuple[KeyFigure, ...]:
    phrases, rows = part.phrases, part.disclosed.table("cohorts").records()
    comparison = part.found.comparison
    labels = ("key_before", "key_after") if comparison else ("key_median",)
    figures = [
        KeyFigure(phrases.say(label), phrases.duration(row["median_days"]), _limits(row, part))
        for label, row in zip(labels, rows, strict=False)
    ]
    if comparison and comparison.median_ratio.value is not None and not part.too_few:
        ratio = comparison.median_ratio
        # The limit nearer to no change comes first, as in the headline.
        limits = (ratio.upper, ratio.lower) if ratio.upper is not None and ratio.upper <= 1 else (ratio.lower, ratio.upper)
        lower, upper = (part.percent_change(limit) for limit in limits)
        beside = phrases.text.say("headline.interval", {"confidence": part.confidence, "lower": lower, "upper": upper})
        figures.append(KeyFigure(phrases.say("key_change"), part.percent_change(ratio.value), beside))
    return tuple(figures)


def _limits(row: dict[str, Value], part: Part) -> str:
    if row["median_days"] in (None, HIDDEN):
        return ""
    lower, upper = (part.phrases.duration(row[f"median_{limit}_days"]) for limit in ("lower", "upper"))
    return part.phrases.text.say("headline.interval", {"confidence": part.confidence, "lower": lower, "upper": upper})


def _facts(part: Part) -> tuple[tuple[str, str], ...]:
    found, phrases = part.found, part.phrases
    facts = [
        (phrases.say("definition_term"), _clock(found.pathway, part)),
        (phrases.say("period_term"), _period(part)),
        (phrases.say("cases_term"), _cases(part)),
        (phrases.say("counting_term"), phrases.say("counting")),
    ]
    profile = part.disclosed.profile
    if profile.threshold > 1:
        facts.append((phrases.say("disclosure_term"), phrases.say("disclosure_shown", {"most": profile.threshold - 1})))
    if part.generated:
        facts.append((phrases.text.say("provenance.generated"), part.generated))
    return tuple((term, fact) for term, fact in facts if fact)


def _clock(pathway: Pathway | None, part: Part) -> str:
    phrases = part.phrases
    if pathway is None:
        return phrases.say("first_to_last")
    stops = [_milestone(pathway, name, part) for name in pathway.stop]
    key = "clock" if len(stops) > 1 else "clock_one"
    joined = phrases.text.join(stops)
    return phrases.say(key, {"start": _milestone(pathway, pathway.start, part), "stops": joined})


def _milestone(pathway: Pathway, name: str, part: Part) -> str:
    """A milestone with the activities that it stands for, where those say more than its name."""
    said = part.phrases.milestone(name)
    activities = [activity for activity in pathway.milestones[name].activities if activity.casefold() != said.casefold()]
    return part.phrases.say("named_activities", {"name": said, "activities": ", ".join(activities)}) if activities else said


def _period(part: Part) -> str:
    """From the month of the first clock start (its day would be one child's) to the end of observation."""
    import pandas as pd

    times = part.found.times
    kept = times.frame.filter(nw.col("status") != "excluded")
    first: Any = times.log.session.collect(kept.select(nw.col("start_wall_us").min())).iloc[0, 0]
    until = times.observed_until
    if pd.isna(first) or until is None:
        return ""
    end = part.phrases.month(until.wall_us) if times.until_assumed else part.phrases.day(until)
    return part.phrases.say("period", {"first": part.phrases.month(int(first)), "until": end})


def _cases(part: Part) -> str:
    phrases, rows = part.phrases, part.disclosed.table("cohorts").records()
    total = part.disclosed.table("flow").rows[-1][2]
    if len(rows) < 2:
        return phrases.cases(total)
    shown = [f"{phrases.cohort(str(row['cohort']))} {row['n']}" for row in rows]
    counts = [row["n"] for row in rows]
    every = all(isinstance(count, int) for count in counts) and sum(int(str(count)) for count in counts) == total
    key = "cases_by_cohort" if every else "cases_compared"
    return phrases.say(key, {"n": phrases.cases(total), "cohorts": len(rows), "parts": phrases.text.join(shown)})
