"""Durations in words (DEFINITIONS 1.5)."""

from __future__ import annotations

from leadtime.durations import Split, round_half_months, split_duration
from leadtime.words.catalogue import Words, words

__all__ = ["format_age_change", "format_change", "format_duration", "format_ratio", "format_signed"]


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
    return _directed(days, ("change.shorter", "change.longer"), words(language))


def format_signed(days: float | None, *, language: str = "en") -> str:
    """Gives a difference of two durations with a sign instead of a direction: for where no change is claimed.

    Args:
        days: after minus before; None where it isn't defined.
        language: the code of a catalogue.

    Returns:
        Such as "-18 months".

    Raises:
        UsageError: if `days` is infinite, or the language has no catalogue.

    Source: DEFINITIONS 1.5, 3.6.

    >>> format_signed(258.7 - 806.6), format_signed(3), format_signed(0.1), format_signed(None)
    ('-18 months', '+3 days', 'no change', 'not computable')
    """
    return _directed(days, ("change.minus", "change.plus"), words(language))


def format_age_change(days: float | None, *, language: str = "en") -> str:
    """Gives a difference of two ages as a magnitude with its direction.

    Args:
        days: after minus before; None where it isn't defined.
        language: the code of a catalogue.

    Returns:
        Such as "6 months younger".

    Raises:
        UsageError: if `days` is infinite, or the language has no catalogue.

    Source: DEFINITIONS 1.5, 6 (detection-moved).

    >>> format_age_change(-182.6), format_age_change(182.6, language="sv")
    ('6 months younger', '6 månader äldre')
    """
    return _directed(days, ("change.younger", "change.older"), words(language))


def format_ratio(ratio: float | None, *, language: str = "en") -> str:
    """Gives a ratio of two durations as a change in percent.

    Args:
        ratio: after divided by before; None where it isn't defined.
        language: the code of a catalogue.

    Returns:
        Such as "68 % shorter".

    Raises:
        UsageError: if the language has no catalogue.

    Source: DEFINITIONS 1.5, 3.5.

    >>> format_ratio(0.32), format_ratio(1.0), format_ratio(None, language="sv")
    ('68 % shorter', 'no change', 'kan inte beräknas')
    """
    text = words(language)
    if ratio is None:
        return text.say("value.not_computable")
    if ratio == 1:
        return text.say("change.none")
    return text.say("change.shorter" if ratio < 1 else "change.longer", {"amount": text.percent(abs(ratio - 1))})


def _directed(days: float | None, keys: tuple[str, str], text: Words) -> str:
    """A difference as its size under one of two texts: for below 0, and for above."""
    if days is None:
        return text.say("value.not_computable")
    split = split_duration(abs(days))
    if split.days == 0:
        return text.say("change.none")
    if split.days is None:
        split = Split(months=round_half_months(abs(days)))
    return text.say(keys[0] if days < 0 else keys[1], {"amount": _said(split, text)})


def _said(split: Split, text: Words) -> str:
    if split.days is not None:
        return text.count("unit.day", split.days)
    years = text.count("unit.year", split.years) if split.years else ""
    months = text.count("unit.month", split.months) if split.months else ""
    return text.say("format.years_months", {"years": years, "months": months}) if years and months else years or months
