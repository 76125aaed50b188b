"""A day in one column and its clock time in another: found by what stands in them, joined, and told."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from leadtime.columns import best_of, is_status_date, joined_headers, normalised, role_of, squeezed
from leadtime.engine.joining import first_texts, with_joined
from leadtime.errors import InputError, UsageError
from leadtime.ingest.source import Options, Source
from leadtime.quality import finding
from leadtime.results import Finding

__all__ = ["SAMPLE", "Joins", "Looked", "joins_of", "with_clocks"]

Pairs = dict[str, tuple[str, str]]
"""The header of the days and that of the clock times, of the start and of the end."""

SAMPLE = 500
_NATIVE = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "DATETIME")
# Headers of clock times alone, beside those that name a start or an end by themselves; written together.
_ALONE = {
    "start": (
        "klockslag", "klocka", "klockan", "kl", "startklockslag", "startkl", "frånkl", "clock", "clocktime", "timeofday", "besökstid",
        "kontakttid", "encountertime", "visittime", "contacttime", "appointmenttime",
    ),
    "end": ("slutklockslag", "slutkl", "tillkl"),
}  # fmt: skip
_NO_DAY = r"(?:(?:1899-12-3[01]|1900-01-0[01]|1970-01-01)[ T])?"
_CLOCK = re.compile(
    _NO_DAY + r"(?:kl(?:ockan)?\.? ?)?(?P<hour>\d{1,2})(?P<by>[:.])(?P<minute>[0-5]\d)(?:(?P=by)[0-5]\d(?:[.,]\d{1,9})?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"(?P<hour>[01]?\d|2[0-3])[0-5]\d(?:[0-5]\d)?")
_FRACTION = re.compile(r"0?[.,]\d{1,17}|[01](?:[.,]0+)?")
_MARKED = re.compile(r"[^\W_]")
_NO_CLOCK = re.compile(r"[ T]00:00(?::00(?:[.,]0+)?)?$")
_MORNING = 6  # not every contact of care is at night; where all numbers are lower they say how long


@dataclass(frozen=True)
class Looked:
    """A table as far as days and clock times are looked for: its headers, those that may play a role, and what stands in them."""

    where: str
    headers: Sequence[str]
    eligible: Sequence[str]
    is_time: Callable[[str], bool]  # whether a column holds times of their own type
    first_texts: Callable[[str], list[str]]


@dataclass(frozen=True)
class Joins:
    """What is to be joined: the header of days and of clock times of each side, and which clock times stand beside a time that needs none.

    `by_clock` gives of each column of clock times that of its days, and whether bare numbers are fractions of a day.
    """

    pairs: Pairs
    by_clock: dict[str, tuple[str, bool]]
    aside: frozenset[str]
    findings: tuple[Finding, ...]

    @property
    def names(self) -> dict[str, str]:
        """The header of the two together, by that of the clock times."""
        return {clock: f"{day} + {clock}" for day, clock in self.pairs.values()}

    @property
    def joined(self) -> dict[str, str]:
        """The header of the two together, by the role that they play."""
        return {side: self.names[clock] for side, (_, clock) in self.pairs.items()}

    @property
    def days(self) -> frozenset[str]:
        """The headers of the days alone."""
        return frozenset(day for day, _ in self.pairs.values())


def with_clocks(source: Source, options: Options) -> Source:
    """Gives the table with days and clock times joined where that is certain, or where the caller names both.

    Raises:
        InputError, UsageError: as `joins_of`.
    """
    raw = source.raw
    looked = Looked(
        f"'{source.name}'" if source.path else "the frame", raw.headers, source.eligible(None),
        lambda header: raw.type_of(header) in _NATIVE, lambda header: first_texts(raw, header, SAMPLE),
    )  # fmt: skip
    found = joins_of(looked, options)
    source = replace(source, unguessed=source.unguessed | found.aside)
    if not found.pairs:
        return source
    return replace(
        source,
        raw=with_joined(raw, found.by_clock, found.names),
        findings=(*source.findings, *found.findings),
        joined=found.joined,
        spent=found.days,
    )


def joins_of(looked: Looked, options: Options) -> Joins:
    """Finds the days and clock times that belong together, for certain or as the caller says.

    Raises:
        InputError: two columns of clock times could belong to one day, or a column that the caller names isn't there.
        UsageError: the caller gives one column of clock times to both the start and the end.
    """
    given = joined_headers(looked.headers, options.columns, where=looked.where)
    guessed, aside = _guessed(looked, options, given)
    pairs = {**guessed, **given}
    by_clock = {clock: (day, _style(looked.first_texts(clock)) == "fraction") for day, clock in pairs.values()}
    if len(by_clock) < len(pairs):
        raise UsageError(f"columns gives the clock times of '{next(iter(by_clock))}' to two roles; give each its own")
    found = [finding("joined-clock", 1, values={"what": " + ".join(pairs[side]), "role": side}) for side in pairs if side not in given]
    return Joins(pairs, by_clock, frozenset(aside), tuple(found))


def _guessed(looked: Looked, options: Options, given: Pairs) -> tuple[Pairs, set[str]]:
    """The pairs of the sides that the caller leaves open, and the clock times beside a time that needs none."""
    found: Pairs = {}
    aside: set[str] = set()
    named, alone = _candidates(looked, options, given)
    if len({header for by_side in (named, alone) for headers in by_side.values() for header in headers}) + len(given) < 2:
        return found, aside
    for side, headers in named.items():
        clocks = [header for header in dict.fromkeys((*headers, *alone[side])) if _holds_clocks(looked, header)]
        of_start = {**given, **found}.get("start")
        day = best_of([header for header in headers if header not in clocks] or ([of_start[0]] if of_start and side == "end" else []))
        if day is None or not clocks:
            continue
        if not _holds_days(looked, day):
            aside.update(clocks)
        elif len(clocks) == 1:
            found[side] = (day, clocks[0])
        else:
            shown = " and ".join(f"'{header}'" for header in clocks)
            raise InputError(
                f"{shown} in {looked.where} could each be the clock time of '{day}'; "
                f'choose with columns={{"{side}": "{day} + {clocks[0]}"}} (--column "{side}={day} + {clocks[0]}")'
            )
    return found, aside


def _candidates(looked: Looked, options: Options, given: Pairs) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """By the sides that the caller leaves open, the headers that name them, and those that name clock times alone."""
    columns = options.columns or {}
    if "start" in columns and "start" not in given:
        return {}, {}
    taken = {normalised(header) for header in (*columns.values(), *(header for pair in given.values() for header in pair))}
    free = [header for header in looked.eligible if normalised(header) not in taken]
    named = {side: [header for header in free if role_of(header) == side] for side in _ALONE if side not in columns}
    if "start" in named and not any(named.values()):
        named["start"] = [header for header in free if is_status_date(header)]
    return named, {side: [header for header in free if squeezed(header) in _ALONE[side]] for side in named}


def _holds_clocks(looked: Looked, header: str) -> bool:
    """Whether most of the first values of a column are clock times, and not how long something took."""
    return not looked.is_time(header) and bool(_style(looked.first_texts(header)))


def _style(texts: Sequence[str]) -> Literal["clock", "fraction", "digits", ""]:
    """How most of some texts write a clock time; empty where they don't, or where all hours are small, so that they say how long."""
    marked = [text for text in texts if _MARKED.search(text)]
    if not marked:
        return ""
    if all(_FRACTION.fullmatch(text) for text in marked) and any(float(text.replace(",", ".")) * 24 >= _MORNING for text in marked):
        return "fraction"
    if all(_DIGITS.fullmatch(text) for text in marked):
        return "digits" if any(len(text) in (4, 6) for text in marked) else ""
    clocks = [found for text in marked if (found := _CLOCK.fullmatch(text))]
    dotted = all(found["by"] == "." for found in clocks)
    late = any(int(found["hour"]) >= (10 if dotted else _MORNING) or found["half"] for found in clocks)
    return "clock" if late and len(clocks) * 2 > len(marked) else ""


def _holds_days(looked: Looked, header: str) -> bool:
    """Whether none of the first values of a column has a clock time of its own."""
    texts = [_NO_CLOCK.sub("", text) for text in looked.first_texts(header)]
    return bool(texts) and not any(":" in text for text in texts)
