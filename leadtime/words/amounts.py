"""Durations in words (DEFINITIONS 1.5)."""

from __future__ import annotations

from leadtime.durations import Split, round_half_months, split_duration
from leadtime.words.catalogue import Words, words

__all__ = ["format_change", "format_duration"]


def format_duration(days: float | None, *, language: str = "en") -> str:
    """Gives an amount of time as it is said: days under 60 of them, else years and half months.

    Days are rounded to halves below 10 and to whole days above. A month is 30.4375 days; the total is rounded to half months before it
    is split.

    Args:
        days: an amount, 0 or more; None where it isn't reached.
        language: the code of a catalogue.

    Returns:
        One line with ordinary spaces.

    Raises:
        UsageError: if `days` is negative, or the language has no catalogue.

    Source: DEFINITIONS 1.5.

    >>> format_duration(806.6), format_duration(806.6, language="sv")
    ('2 years 2.5 months', '2 år och 2,5 månader')
    >>> format_duration(258.7, language="sv"), format_duration(45), format_duration(None)
    ('8,5 månader', '45 days', 'not reached')
    """
    text = words(language)
    return text.say("value.not_reached") if days is None else _said(split_duration(days), text)


def format_change(days: float | None, *, language: str = "en") -> str:
    """Gives a difference of two durations as a magnitude with its direction, in half months that are not split into years.

    Args:
        days: after minus before; None where it isn't defined.
        language: the code of a catalogue.

    Returns:
        Such as "18 months shorter".

    Raises:
        UsageError: if `days` is infinite, or the language has no catalogue.

    Source: DEFINITIONS 1.5.

    >>> format_change(258.7 - 806.6), format_change(258.7 - 806.6, language="sv")
    ('18 months shorter', '18 månader kortare')
    >>> format_change(3), format_change(0.1), format_change(None)
    ('3 days longer', 'no change', 'not computable')
    """
    text = words(language)
    if days is None:
        return text.say("value.not_computable")
    split = split_duration(abs(days))
    if split.days == 0:
        return text.say("change.none")
    if split.days is None:
        split = Split(months=round_half_months(abs(days)))
    return text.say("change.shorter" if days < 0 else "change.longer", {"amount": _said(split, text)})


def _said(split: Split, text: Words) -> str:
    if split.days is not None:
        return text.count("unit.day", split.days)
    years = text.count("unit.year", split.years) if split.years else ""
    months = text.count("unit.month", split.months) if split.months else ""
    return text.say("format.years_months", {"years": years, "months": months}) if years and months else years or months
