"""A finding and its words: how grave each code is, what it counts, and how it is said in a language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from leadtime.results import Finding
from leadtime.words import Words, words

__all__ = [
    "SEVERITIES", "Sighting", "effect_of", "finding", "of_cases", "place_told", "placed", "ranked", "told", "with_effects",
]  # fmt: skip

Severity = Literal["error", "warning", "note"]

# An error must be mended before the figures can be trusted, a warning may bend them, a note is for the record.
SEVERITIES: Mapping[str, Severity] = MappingProxyType({
    **dict.fromkeys((
        "before-birth", "default-dates", "end-before-start", "future", "observed-until-in-future", "personal-number",
    ), "error"),
    **dict.fromkeys((
        "after-observed-until", "attendance-unknown", "case-not-declared", "case-rows-without-id", "dates-in-attribute",
        "duplicate-rows", "hidden-rows", "hidden-sheet", "ids-spelled-alike", "ids-spelled-apart", "impossible-order", "inactive-months",
        "keys-spelled-apart", "lifecycle-not-paired", "lifecycle-unpaired",
        "long-events", "milestone-never-reached", "missed-milestones", "mixed-zones", "near-duplicates",
        "no-milestones", "no-timezone", "overlaps-in-unit", "partial-dates", "person-names", "personal-number-like", "rejected",
        "short-rows", "silent-cases", "skipped-time", "spelled-alike",
        "table-beside", "unknown-activities", "unknown-objects", "unmatched-keys",
        "unreadable-case-date",
    ), "warning"),
    **dict.fromkeys((
        "case-without-events", "concepts-without-name",
        "ditto-marks", "diverging-cases", "guarded-text", "guessed-role", "headers-differ", "hidden-columns", "joined-clock",
        "keys-without-events", "later-attribute-values", "lifecycle-paired",
        "merged-cells", "midnight-dates", "missing-values", "mixed-precision", "nested-attributes",
        "no-row-order", "open-ends", "other-resources", "outlying-durations", "partial-case-dates", "rare-activities", "repeated-header",
        "same-event-merged", "shared-events", "sheet-skipped", "tied-times", "trimmed", "twice-occurring-time", "unfinished-cases",
        "weekend-contacts", "wide-table",
    ), "note"),
})  # fmt: skip

_ORDER = ("error", "warning", "note")

# What these count are cases, so a small number of them is a small number of children.
_OF_CASES = frozenset((
    "before-birth", "case-not-declared", "case-rows-without-id", "case-without-events",
    "diverging-cases", "ids-spelled-alike", "ids-spelled-apart", "impossible-order", "keys-spelled-apart", "no-milestones",
    "outlying-durations", "partial-case-dates", "silent-cases", "unfinished-cases", "unmatched-keys",
))  # fmt: skip

_NOTHING: Mapping[str, str] = MappingProxyType({})

# How places are written in an example: a row, of a sheet or not; a column or a range of a sheet; a sheet.
_PLACES = (
    r"row (?P<row>\d+)(?: of sheet '(?P<sheet>.*)')?",
    r"(?P<what>'.*'|[A-Z]+\d+:[A-Z]+\d+) of sheet '(?P<sheet>.*?)'(?: as '(?P<read>.*)')?",
    r"sheet '(?P<sheet>.*)'",
)


@dataclass(frozen=True)
class Sighting:
    """A finding with the rows of the log where it was seen, before it is known where those stand in the source."""

    finding: Finding
    rows: tuple[int, ...] = ()


def finding(
    code: str,
    count: int,
    *,
    examples: Iterable[str] = (),
    of: int | None = None,
    values: Mapping[str, str] = _NOTHING,
    severity: Severity | None = None,
) -> Finding:
    """Gives a finding in English words, with the severity of its code.

    Args:
        code: a code of the catalogue.
        count: how many.
        examples: where to look first.
        of: of how many.
        values: what else the sentence needs: `what` (a column, a list), `role` (a canonical column name).
        severity: instead of the code's own.

    >>> print(finding("duplicate-rows", 2, examples=["row 4"]))
    warning: 2 rows equal to an earlier one in every column, kept (for example row 4)
    """
    english = words("en")
    bare = Finding(
        code, severity or SEVERITIES[code], count, "", tuple(examples), effect_of(code, english), MappingProxyType(dict(values)), of
    )
    return replace(bare, message=told(bare, english))


def told(
    found: Finding, text: Words, *, count: str | None = None, role: Callable[[str], str] = str, milestone: Callable[[str], str] = str
) -> str:
    """Gives what was found in a language; as the check wrote it where the catalogue doesn't know the code, or lacks a word.

    Args:
        found: the finding.
        text: the language's catalogue.
        count: what stands for the number, where that mustn't be told.
        role: how a role is called.
        milestone: how a milestone is called.
    """
    kind = _kind(found.code)
    key = f"finding.{kind}"
    namers = {"role": role, "milestone": milestone, "first": milestone, "second": milestone}
    values: dict[str, str] = {name: namers.get(name, str)(value) for name, value in found.values.items()}
    if kind == "rejected":
        values = {name: text.texts.get(f"report.reason.{value}", value) for name, value in values.items()}
    values |= {} if found.of is None else {"of": text.integer(found.of)}
    try:
        if key in text.texts:
            return text.texts[key].format_map(values)
        if key not in text.plurals:
            return found.message
        if count is not None:
            return text.plurals[key]["other"].format_map({**values, "n": count})
        return text.count(key, found.count, values, digits=0)
    except KeyError:  # made by a reader of files, without the words that go into the places
        return found.message


def place_told(example: str, text: Words) -> str:
    """Gives an example in a language, where it is the place of a row or of a column.

    >>> place_told("row 5 of sheet 'BUP'", words("sv")), place_told("'Visitt' → 'Visit'", words("sv"))
    ("rad 5 på bladet 'BUP'", "'Visitt' → 'Visit'")
    >>> place_told("'Startdatum' of sheet 'BUP' as 'Datum'", words("sv"))
    "'Startdatum' på bladet 'BUP' som 'Datum'"
    """
    place = next((found for pattern in _PLACES if (found := re.fullmatch(pattern, example))), None)
    if place is None:
        return example
    values = {name: value for name, value in place.groupdict().items() if value is not None}
    return text.say(
        f"quality.{'_of_'.join(name for name in ('row', 'what', 'sheet') if name in values)}{'_as' * ('read' in values)}", values
    )


def _kind(code: str) -> str:
    """A code as the catalogue has it: rows are rejected for many reasons, in one sentence."""
    return "rejected" if code.startswith("rejected-") else code


def effect_of(code: str, text: Words) -> str:
    """Gives what a finding of a code does to the result; nothing where the catalogue doesn't say."""
    return text.texts.get(f"finding_effect.{code}") or text.texts.get(f"finding_effect.{_kind(code)}", "")


def of_cases(code: str) -> bool:
    """Whether a finding of this code counts cases."""
    return code in _OF_CASES


def with_effects(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Gives the findings with their effects, where they came without."""
    english = words("en")
    return tuple(one if one.effect else replace(one, effect=effect_of(one.code, english)) for one in found)


def placed(sightings: Iterable[Sighting], places: Callable[[Sequence[int]], Mapping[int, str]] | None) -> tuple[Finding, ...]:
    """Gives the findings with the places of their rows, which are looked up all at once."""
    seen = tuple(sightings)
    rows = sorted({row for one in seen for row in one.rows})
    known = places(rows) if places is not None and rows else {}
    told = {row: known.get(row, f"row {row}") for row in rows}
    return tuple(replace(one.finding, examples=(*one.finding.examples, *(told[row] for row in one.rows if told[row]))) for one in seen)


def ranked(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Gives the findings with the gravest first, else as they came."""
    return tuple(sorted(found, key=lambda one: _ORDER.index(one.severity)))
