"""The sections that account for the report: data quality, unknown activities, definitions, what was hidden, provenance."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from types import MappingProxyType

import narwhals as nw

import leadtime
from leadtime.disclosure import HIDDEN
from leadtime.quality import effect_of, of_cases, told
from leadtime.report.model import Block, Column, TextBlock
from leadtime.report.parts import Part
from leadtime.results import Finding, Value

__all__ = ["ACCOUNT"]

_DEFINITIONS = (
    "lead_time", "observed_until", "censored", "left", "cohort", "median", "restricted_mean", "confidence", "change", "test",
    "completed_only", "month",
)  # fmt: skip
_LIBRARIES = ("duckdb", "narwhals", "numpy", "openpyxl", "pandas", "scipy")


def _quality(part: Part) -> Iterable[Block]:
    phrases, quality = part.phrases, part.found.quality
    rows: list[tuple[Value, ...]] = [
        (phrases.text.say(f"quality.{name}"), getattr(quality, name)) for name in ("rows_read", "rows_kept", "rows_rejected")
    ]
    for reason, count in quality.rejected_by_reason.items():
        rows.append((phrases.say("rejected", {"reason": phrases.known("report.reason", reason)}), count))
    if part.found.times.events_after_observation:
        rows.append((phrases.say("late_events"), part.found.times.events_after_observation))
    yield TextBlock((phrases.say("quality_intro"),))
    yield part.table("quality", [part.column("item"), part.column("count", "count")], rows)
    found = _findings(quality.findings, part)
    if not found:
        yield TextBlock((phrases.text.say("quality.no_findings"),))
        return
    yield part.table("findings", [part.column(name) for name in ("severity", "message", "consequence", "code")], found)


def _findings(findings: Iterable[Finding], part: Part) -> list[tuple[Value, ...]]:
    """A row for each kind of finding; rejected rows stand in the account above already. Where to look is for the owner of the data."""
    kinds: dict[str, list[Finding]] = {}
    for finding in findings:
        if not finding.code.startswith("rejected-"):
            kinds.setdefault(finding.code, []).append(finding)
    rows: list[tuple[Value, ...]] = []
    for code, alike in kinds.items():
        severity = part.phrases.known("severity", alike[0].severity)
        effect = effect_of(code, part.phrases.text)
        rows += [(severity, message, effect, code) for message in _messages(code, alike, part)]
    return rows


def _messages(code: str, alike: list[Finding], part: Part) -> list[str]:
    """What was found, in the report's language where its catalogue knows the code; otherwise as the check wrote it."""
    together = part.phrases.text.texts.get(f"report.finding.{code}")
    what = [_subject(finding, part) for finding in alike]
    if together is not None and all(what):
        return [together.format_map({"what": ", ".join(what)})]
    return [
        _sentence(told(finding, part.phrases.text, count=_hidden(finding, part), role=part.phrases.role, milestone=part.phrases.milestone))
        for finding in alike
    ]


def _hidden(finding: Finding, part: Part) -> str | None:
    """What stands for a number of cases that is too small to be told, or could tell what the flow hides; None where the number may be."""
    if not of_cases(finding.code):
        return None
    flow = part.disclosed.table("flow").column("cases")
    return part.phrases.say("some") if HIDDEN in flow or part.disclosed.profile.hides(finding.count) else None


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _subject(finding: Finding, part: Part) -> str:
    """The column that a finding is about, with its role or its number; empty where the check doesn't say."""
    role, what = finding.values.get("role"), finding.values.get("what")
    if role and what:
        return what if what == part.phrases.role(role) else f"{what} ({part.phrases.role(role)})"
    if role:
        return f"{part.phrases.role(role)} {part.phrases.text.integer(finding.count)}"
    column = re.search(r"'(.+)'", finding.message)
    return what or (column[1] if column else "")


def _unknown(part: Part) -> Iterable[Block]:
    pathway = part.found.pathway
    if pathway is None:
        return
    log = part.found.log.coded
    counted = log.session.collect(log.frame.group_by("activity").agg(events=nw.len()))
    events = {str(name): int(n) for name, n in zip(counted["activity"], counted["events"], strict=True)}
    unknown = pathway.unknown_activities(events)
    if not unknown:
        yield TextBlock((part.phrases.say("unknown_none"),))
        return
    yield TextBlock((part.phrases.say("unknown_intro"),))
    rows = [(name, "[c]" if part.disclosed.profile.hides(events[name]) else events[name]) for name in unknown]
    yield part.table("unknown", [part.column("activity"), part.column("events", "count")], rows)


def _definitions(part: Part) -> Iterable[Block]:
    text = part.phrases.text
    rows = [(text.say(f"definition.{key}_term"), text.say(f"definition.{key}")) for key in _DEFINITIONS]
    rows.append((part.phrases.say("legend_term"), part.phrases.say("legend")))
    yield part.table("definitions", [part.column("term"), part.column("meaning")], rows)


def _disclosure(part: Part) -> Iterable[Block]:
    """The account of what was hidden, for the tables that are shown."""
    phrases, texts = part.phrases, part.phrases.text.texts
    rows: list[tuple[Value, ...]] = []
    for row in part.disclosed.audit.records():
        hidden = [row[name] for name in ("hidden_small", "hidden_as_cover", "hidden_figures")]
        title = texts.get(f"report.sheet.{row['table']}")
        if title and any(hidden):
            rows.append((title, row["counts"], *hidden))
    if not rows:
        yield TextBlock((phrases.say("nothing_hidden"),))
        return
    yield TextBlock((phrases.say("disclosure_intro"),))
    columns = [
        part.column("table"),
        *(part.column(name, "count") for name in ("counts", "hidden_small", "hidden_as_cover", "hidden_figures")),
    ]
    yield part.table("disclosure", columns, rows)


def _provenance(part: Part) -> Iterable[Block]:
    phrases, log, times = part.phrases, part.found.log, part.found.times
    pathway, comparison = part.found.pathway, part.found.comparison
    none = phrases.say("provenance.none")

    def term(key: str) -> str:
        return phrases.text.texts.get(f"report.provenance.{key}") or phrases.text.say(f"provenance.{key}")

    items = [("version", leadtime.__version__), ("source", log.provenance.name), ("sha256", log.provenance.sha256 or none)]
    items += [("input_format", log.provenance.format), ("timezone", log.timezone or none)]
    if log.provenance.choices:
        items.append(("choices", "; ".join(f"{name}: {value}" for name, value in sorted(log.provenance.choices.items()))))
    if times.observed_until is not None:
        until = times.observed_until
        key = "until_assumed" if times.until_assumed else "until_given"
        items.append(
            (
                "observed_until",
                phrases.say(f"provenance.{key}", {"date": phrases.month(until.wall_us) if times.until_assumed else phrases.day(until)}),
            )
        )
    if pathway is not None:
        items += [("pathway", pathway.name), ("pathway_sha256", pathway.sha256)]
    if comparison is not None:
        cohorts = {"by": comparison.by, "before": comparison.before, "after": comparison.after}
        items += [("cohorts", phrases.say("provenance.cohorts_by", cohorts)), ("tau", part.tau), ("confidence", part.confidence)]
        items += [("draws", phrases.text.integer(comparison.draws))]
    items += [("seed", str(part.seed)), ("profile", part.disclosed.profile.name), ("language", part.phrases.text.language)]
    items.append(("libraries", ", ".join(f"{name} {metadata.version(name)}" for name in _LIBRARIES)))
    if part.generated:
        items.append(("generated", part.generated))
    yield part.table(
        "provenance", [part.column("item"), Column("value", part.column("value").label)], [(term(key), value) for key, value in items]
    )


ACCOUNT: Mapping[str, Callable[[Part], Iterable[Block]]] = MappingProxyType(
    {"quality": _quality, "unknown": _unknown, "definitions": _definitions, "disclosure": _disclosure, "provenance": _provenance}
)
