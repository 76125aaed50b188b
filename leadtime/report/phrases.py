"""The sentences and names that the report's parts share, made from the catalogues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from leadtime.compare import AuditEntry, wording
from leadtime.disclosure import HIDDEN, Disclosed
from leadtime.log import Moment
from leadtime.results import Value
from leadtime.words import Words, format_change, format_duration, words

if TYPE_CHECKING:
    from leadtime.report.gather import Gathered

__all__ = ["Phrases", "headline"]

_DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Phrases:
    """One language's words for a report, with the small turns that several sections use."""

    text: Words

    @classmethod
    def of(cls, language: str) -> Phrases:
        """Gives the phrases of a language."""
        return cls(words(language))

    def say(self, key: str, values: Mapping[str, object] | None = None) -> str:
        """Gives a text of the report's own part of the catalogue."""
        return self.text.say(f"report.{key}", values or {})

    def known(self, group: str, name: str) -> str:
        """Gives a customary name in the language; a name that is the data's own stays as it is."""
        return self.text.texts.get(f"{group}.{name}", name)

    def cohort(self, name: str) -> str:
        """Gives a cohort's name: before and after in the language, others as they are."""
        if not name:
            return self.say("all_cases")
        return self.text.say(f"cohort.{name}") if name in ("before", "after") else name

    def milestone(self, name: str) -> str:
        """Gives a milestone's or exit's name, translated where it is a customary one."""
        return self.known("report.term", name)

    def role(self, name: str) -> str:
        """Gives the name of what a column means."""
        return self.text.texts.get(f"report.role.{name}") or self.text.column(name)

    def duration(self, days: Value) -> str:
        """Gives days in words; what is hidden or not reached says so."""
        if isinstance(days, str):
            return days
        return format_duration(days, language=self.text.language)

    def change(self, days: Value) -> str:
        """Gives a difference in words."""
        if isinstance(days, str):
            return days
        return format_change(days, language=self.text.language)

    def interval(self, value: str, lower: str, upper: str) -> str:
        """Gives a value with its limits in words."""
        return self.say("words_interval", {"value": value, "lower": lower, "upper": upper})

    def cases(self, count: Value) -> str:
        """Gives a number of cases in words; a hidden one is told as some."""
        return self.text.count("unit.case", int(count), digits=0) if isinstance(count, (int, float)) else self.say("some_cases")

    def day(self, moment: Moment) -> str:
        """Gives the local day of a moment in words."""
        return self.text.date(_EPOCH + timedelta(days=moment.wall_us // _DAY_US))

    def month(self, wall_us: int) -> str:
        """Gives the month of a moment in words, which tells no child's day."""
        from babel.dates import format_skeleton

        return str(format_skeleton("yMMMM", _EPOCH + timedelta(days=wall_us // _DAY_US), locale=self.text.locale)).replace("\u00a0", " ")

    def month_name(self, number: str) -> str:
        """Gives a month of the year in words; what is no month stays as it is."""
        from babel.dates import get_month_names

        names = get_month_names("wide", context="stand-alone", locale=self.text.locale)
        return str(names[int(number)]) if number.isdigit() and int(number) in names else number

    def audit(self, entry: AuditEntry, cases: Value) -> str:
        """Gives an audit entry's sentence, without its number where that is hidden."""
        language = self.text.language
        if isinstance(cases, (int, float)):
            return wording.audit_sentence(replace(entry, cases=int(cases)), language)  # type: ignore[arg-type]
        return wording.audit_sentence(entry, language, cases=self.say("some_cases"), hidden=HIDDEN)  # type: ignore[arg-type]


def headline(found: Gathered, disclosed: Disclosed, phrases: Phrases) -> str:
    """Gives the report's first sentences, from what is shown only."""
    rows = disclosed.table("cohorts").records()
    if found.comparison is None:
        return _alone(rows[0], phrases) if rows else phrases.say("summary_nobody")
    if any(row["median_days"] == HIDDEN for row in rows):
        return _too_few(rows, phrases)
    facts = wording.facts_of(found.comparison)
    shown = []
    for cohort, row in zip((facts.before, facts.after), rows, strict=True):
        counts = {key: row[key] if isinstance(row[key], int) else None for key in ("n", "unfinished", "open", "left")}
        if HIDDEN in (row["observed"], row["open"], row["left"]):
            cohort = replace(cohort, done=None, left_probability=None)  # the shares would give the counts away
        shown.append(replace(cohort, **counts))  # type: ignore[arg-type]
    from leadtime.words import headline as sentence

    return sentence(replace(facts, before=shown[0], after=shown[1]), language=phrases.text.language)


def _too_few(rows: list[dict[str, Value]], phrases: Phrases) -> str:
    """Where a median rests on too few stops to be shown: that, and the median of the other cohort."""
    hidden = [phrases.cohort(str(row["cohort"])) for row in rows if row["median_days"] == HIDDEN]
    parts = [phrases.say("too_few", {"cohorts": phrases.text.join(hidden)})]
    for row in rows:
        if row["median_days"] != HIDDEN:
            values = {"cohort": phrases.cohort(str(row["cohort"])), "median": phrases.duration(row["median_days"])}
            parts.append(phrases.say("too_few_other", values))
    return " ".join(parts)


def _alone(row: Mapping[str, Value], phrases: Phrases) -> str:
    """Without a comparison: the median of all cases, and how many finished."""
    values = {"n": phrases.cases(row["n"]), "observed": _count(row["observed"], phrases)}
    counts = phrases.say("summary_counts", values)
    if row["median_days"] is None:
        return f"{phrases.say('summary_none')} {counts}"
    limits = {name: phrases.duration(row[f"median_{name}_days"]) for name in ("lower", "upper")}
    interval = phrases.text.say("headline.interval", {"confidence": phrases.text.percent(0.95), **limits})
    return f"{phrases.say('summary_alone', {'median': phrases.duration(row['median_days']), 'interval': interval})} {counts}"


def _count(value: Value, phrases: Phrases) -> str:
    return phrases.text.integer(value) if isinstance(value, int) else phrases.say("not_shown")
