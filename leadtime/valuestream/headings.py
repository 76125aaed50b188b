"""The headings of a workshop table in Swedish and English: which column is which, and in what unit of time.

A heading is a kind of time, then least, likely or most, then perhaps a unit: "process_min", "Väntan trolig (dagar)", "Wait max hours".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from leadtime.columns import normalised
from leadtime.errors import InputError

__all__ = ["Heading", "headings", "is_map"]

STEP, AFTER, ACCURATE = "step", "after", "percent_complete_accurate"


def _each(word: str, meaning: str) -> dict[str, str]:
    """The words of a text, each with one meaning."""
    return dict.fromkeys(word.split(), meaning)


_FIRST = {
    **_each("process processtime processtid processing arbete arbetstid work worktime pt genomförande bearbetningstid", "process"),
    **_each("wait waiting waittime väntan väntetid vänta wt", "wait"),
    **_each("after efter predecessor predecessors föregångare föregående föregås sker", AFTER),
}
_ALONE = _each("step steps steg processteg moment stegnamn stepname", STEP)
_STATISTIC = {
    **_each("min minimum minst kortast kort least shortest optimistic", "min"),
    **_each("likely trolig troligt troligast sannolik sannolikt typisk typiskt mode vanlig vanligt", "likely"),
    **_each("max maximum längst lång högst most longest pessimistic", "max"),
}
_UNIT = {
    **_each("minute minutes minut minuter min", "minute"),
    **_each("hour hours h tim timme timmar", "hour"),
    **_each("day days d dag dagar dygn", "day"),
    **_each("week weeks vecka veckor v", "week"),
}
_HOURS = {"minute": 1 / 60, "hour": 1.0, "day": 24.0, "week": 168.0}
_ACCURATE = re.compile(r"%\s*c\s*&\s*a|percent_?\s*complete|complete.*accurate|(komplett|fullständig).*(rätt|riktig|korrekt)")
_WORDS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Heading:
    """A column of the table: its heading as written, its place, what it holds, and how many days its unit is."""

    written: str
    place: int
    name: str
    unit_days: float = 1.0


def headings(cells: Sequence[str]) -> dict[str, Heading]:
    """Gives the columns that a row of headings names, by what they hold.

    Raises:
        InputError: two headings mean the same.

    >>> found = headings(["Steg", "Processtid trolig (timmar)", "wait_max"])
    >>> [(heading.name, round(heading.unit_days, 4)) for heading in found.values()]
    [('step', 1.0), ('process_likely', 0.0417), ('wait_max', 1.0)]
    """
    found: dict[str, Heading] = {}
    for place, cell in enumerate(cells):
        read = _read(normalised(cell))
        if read is None:
            continue
        name, unit_days = read
        if name in found:
            raise InputError(f"the columns '{found[name].written}' and '{cell.strip()}' both mean {name}; rename one")
        found[name] = Heading(cell.strip(), place, name, unit_days)
    return found


def is_map(found: dict[str, Heading]) -> bool:
    """Whether the columns are those of a workshop table: a step, and some time."""
    return STEP in found and any(name.startswith(("process_", "wait_")) for name in found)


def _read(text: str) -> tuple[str, float] | None:
    """What a heading names, and how many days its unit is."""
    if _ACCURATE.search(text):
        return ACCURATE, 1.0
    tokens = _WORDS.findall(text)
    if not tokens:
        return None
    if len(tokens) == 1 and tokens[0] in _ALONE:
        return STEP, 1.0
    kind = _FIRST.get(tokens[0])
    return None if kind is None else (AFTER, 1.0) if kind == AFTER else _timed(kind, tokens[1:])


def _timed(kind: str, tokens: Sequence[str]) -> tuple[str, float]:
    """A kind of time with its statistic, likely where none is said, and its unit, days where none is said."""
    statistic, hours = None, 24.0
    for token in tokens:
        if statistic is None and token in _STATISTIC:
            statistic = _STATISTIC[token]
        elif token in _UNIT:
            hours = _HOURS[_UNIT[token]]
    return f"{kind}_{statistic or 'likely'}", hours / 24
