"""What can go wrong, each with its fix in the message.

One tree: `LeadtimeError` is the root, so ``except LeadtimeError`` catches all that the library raises on purpose; anything else
that escapes is a bug. `exit_code` is what the command line returns.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "DisclosureError",
    "InputError",
    "LeadtimeError",
    "LeadtimeWarning",
    "NotEstimable",
    "PathwayError",
    "ResourceError",
    "UsageError",
    "did_you_mean",
    "one_line",
]


class LeadtimeError(Exception):
    """Root of the errors that the library raises on purpose."""

    exit_code = 1


class InputError(LeadtimeError):
    """The data can't be read or understood as they are."""


class PathwayError(LeadtimeError):
    """The pathway file is wrong, or doesn't fit the log."""


class NotEstimable(LeadtimeError):
    """The figure asked for isn't defined on these data."""


class DisclosureError(LeadtimeError):
    """What was to be published would reveal a person."""


class ResourceError(LeadtimeError):
    """Memory, disk or a program that is needed isn't there."""


class UsageError(LeadtimeError, ValueError):
    """An argument has a value that isn't allowed."""

    exit_code = 2


class LeadtimeWarning(UserWarning):
    """Something the reader of the result should know."""


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Gives the closing words of an error: the likeliest slip, or all that is allowed.

    Args:
        name: what was asked for.
        candidates: what there is.

    Returns:
        Text to put behind the statement of the error; empty where there is no candidate.

    >>> did_you_mean("Händelse", ["Ärende", "Handelse", "Datum"])
    "; did you mean 'Handelse'?"
    >>> did_you_mean("x", ["before", "after"])
    "; there is 'before', 'after'"
    """
    known = list(dict.fromkeys(candidates))
    folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{folded[close[0]]}'?"
    if not known:
        return ""
    shown = ", ".join(f"'{candidate}'" for candidate in known[:12])
    return f"; there is {shown}" + (f" and {len(known) - 12} more" if len(known) > 12 else "")


def one_line(text: str) -> str:
    r"""Gives a text on one line, for an error that must not spread over the screen.

    >>> one_line("first\n   second")
    'first second'
    """
    return " ".join(text.split())
