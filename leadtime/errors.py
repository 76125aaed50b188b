"""What can go wrong, each with its fix in the message.

One tree: `LeadtimeError` is the root, so ``except LeadtimeError`` catches all that the library raises on purpose; anything else
that escapes is a bug. `exit_code` is what the command line returns.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

__all__ = [
    "DisclosureError",
    "InputError",
    "LeadtimeError",
    "LeadtimeWarning",
    "NotEstimable",
    "PathwayError",
    "ResourceError",
    "UsageError",
    "checks_arguments",
    "counted",
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


Given = ParamSpec("Given")
Found = TypeVar("Found")

# What the library's own objects are called, and what makes one.
_MAKERS = {
    "EventLog": "an EventLog, as lt.read_log makes",
    "Pathway": "a Pathway, as lt.read_pathway makes of a file or a dictionary",
    "LeadTimes": "LeadTimes, as lt.lead_times makes",
    "ClockTimes": "ClockTimes, as lt.clock_time makes",
    "Comparison": "a Comparison, as lt.compare makes",
}


def checks_arguments(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """Refuses a frame where a log is asked for, a path where a pathway is, and the like, by the names that the annotations have.

    Args:
        function: whose arguments are looked at, by kind only.

    Returns:
        The function, which raises UsageError where an argument is of another kind.

    >>> @checks_arguments
    ... def count(log: EventLog) -> int:
    ...     return 0
    >>> count("events.csv")
    Traceback (most recent call last):
    ...
    leadtime.errors.UsageError: log is of type str; give an EventLog, as lt.read_log makes
    """
    # What a room above the pathway's asks of it is called a route there.
    annotated = {
        name: str(kinds).replace("Route", "Pathway").split(" | ") for name, kinds in function.__annotations__.items() if name != "return"
    }
    own = {name: kinds for name, kinds in annotated.items() if set(kinds) <= {*_MAKERS, "None"}}
    places = {name: place for place, name in enumerate(annotated) if name in own}

    @functools.wraps(function)
    def called(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        for name, place in places.items():
            if place < len(args) or name in kwargs:
                _check_kind(name, args[place] if place < len(args) else kwargs[name], own[name])
        return function(*args, **kwargs)

    return called


def _check_kind(name: str, value: object, kinds: list[str]) -> None:
    """Refuses a value that is of none of some kinds; a kind's name is enough, for this room knows no other."""
    # What needs a pathway says itself what for.
    if (
        (value is None and kinds[0] == "Pathway")
        or (value is None and "None" in kinds)
        or {each.__name__ for each in type(value).__mro__} & set(kinds)
    ):
        return
    given = f"{name}=None isn't allowed" if value is None else f"{name} is of type {type(value).__name__}"
    raise UsageError(f"{given}; give " + ", or ".join(_MAKERS[kind] for kind in kinds if kind != "None"))


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
    close = difflib.get_close_matches(str(name).casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{folded[close[0]]}'?"
    if not known:
        return ""
    shown = ", ".join(f"'{candidate}'" for candidate in known[:12])
    return f"; there is {shown}" + (f" and {len(known) - 12} more" if len(known) > 12 else "")


def counted(count: int, noun: str) -> str:
    """Gives a number with its noun.

    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def one_line(text: str) -> str:
    r"""Gives a text on one line, for an error that must not spread over the screen.

    >>> one_line("first\n   second")
    'first second'
    """
    return " ".join(text.split())
