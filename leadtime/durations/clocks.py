"""The clock part of a written time: ``14:05``, ``kl 14.05``, ``2:05 pm``, seconds, fractions, an offset or Z."""

from __future__ import annotations

import re

__all__ = ["Clock", "read_clock", "split_clock"]

Clock = tuple[int, int | None]
"""Microseconds since midnight on the clock as written, and the offset east of UTC in microseconds where one is written."""

SECOND = 1_000_000
HOUR = 3600 * SECOND
LARGEST_OFFSET = 14 * HOUR  # Kiribati; no zone is farther from UTC

_CLOCK = re.compile(
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?"
    r"(?: ?(?P<offset>z|utc|gmt|[+-][0-9]{2}(?::?[0-5][0-9])?))?"
)
_SPLIT = re.compile(r"(?P<day>.*?[^ ,t])(?:(?P<apart>t(?=[0-9])|,? )(?:kl\.? ?)?)(?P<clock>[0-9]{1,2}:[0-9]{2}.*)")
# Behind a space and a minute without seconds a minus says "to", as in 08:00-09:00; no program writes an offset so.
_SPAN = re.compile(r"[0-9]{1,2}:[0-9]{2} ?-.*")
# A day in eight digits with its clock time behind, as HL7 and ISO 8601 write it: six digits, or four where something stands between.
_COMPACT = re.compile(
    r"(?P<day>[0-9]{8})(?P<apart>[t ]?)(?:(?P<hms>[0-9]{6})|(?<=[t ])(?P<hm>[0-9]{4}))(?P<rest>[.,][0-9]{1,9})?"
    r"(?P<offset> ?(?:z|[+-][0-9:]{2,5}))?"
)
_DOTTED = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|.*[./ -](?:1[89]|2[012])[0-9]{2}),? (?P<hour>[0-9]{1,2})\.(?P<minute>[0-9]{2})"
)
_SAID = re.compile(r"\bkl\.? ?([0-9]{1,2})[.:]([0-9]{2})(?=$|[^0-9])")
_SAID_HOUR = re.compile(r"\bkl\.? ?([0-9]{1,2})$")


def split_clock(text: str) -> tuple[str, str | None]:
    """Parts a normalised text (lower case, single spaces) into its day and its clock time; None where it spells no clock time.

    A dot stands for the colon only behind ``kl``, a day such as 2019-03-14 or a year, where it can't be part of a date; an hour stands
    alone only behind ``kl``. A span such as ``08:00-09:00`` is no clock time.

    >>> split_clock("2019-03-14t14:05z")
    ('2019-03-14', '14:05z')
    >>> split_clock("14 mars 2019 kl. 14.05")
    ('14 mars 2019', '14:05')
    >>> split_clock("14.3.2019")
    ('14.3.2019', None)
    >>> split_clock("20190314140530")
    ('20190314', '14:05:30')
    >>> split_clock("2019-03-14 08:00-09:00")
    ('2019-03-14 08:00-09:00', None)
    """
    found = _COMPACT.fullmatch(text)
    if found:
        return _unless_span(text, found, _with_colons(found))
    found = _DOTTED.fullmatch(text)
    if found:
        return found["day"], f"{found['hour']}:{found['minute']}"
    if "kl" in text:
        text = _SAID_HOUR.sub(r"\1:00", _SAID.sub(r"\1:\2", text))
    if ":" not in text:
        return text, None
    found = _SPLIT.fullmatch(text)
    return _unless_span(text, found, found["clock"]) if found else (text, None)


def _unless_span(text: str, found: re.Match[str], clock: str) -> tuple[str, str | None]:
    return (text, None) if found["apart"] != "t" and _SPAN.fullmatch(clock) else (found["day"], clock)


def _with_colons(found: re.Match[str]) -> str:
    digits = found["hms"] or found["hm"]
    colons = ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))
    return f"{colons}{found['rest'] or ''}{found['offset'] or ''}"


def read_clock(text: str) -> Clock | None:
    """Reads a clock time in lower case; None where there is no such time of day (24:00 is none).

    Digits beyond the microsecond are cut off, as no source that writes them measures them.

    >>> read_clock("14:05")
    (50700000000, None)
    >>> read_clock("00:00:01.5+01:00")
    (1500000, 3600000000)
    >>> read_clock("24:00") is None
    True
    """
    found = _CLOCK.fullmatch(text)
    if not found:
        return None
    hour = _hour(int(found["hour"]), found["half"])
    minute, second = int(found["minute"]), int(found["second"] or 0)
    offset = _offset(found["offset"])
    if hour is None or minute > 59 or second > 59 or (offset is not None and abs(offset) > LARGEST_OFFSET):
        return None
    fraction = int((found["fraction"] or "0").ljust(6, "0")[:6])
    return hour * HOUR + minute * 60 * SECOND + second * SECOND + fraction, offset


def _hour(hour: int, half: str | None) -> int | None:
    """The hour of 24, or None where there is no such hour."""
    if half is None:
        return hour if hour <= 23 else None
    if not 1 <= hour <= 12:
        return None
    return hour % 12 + (12 if half == "p" else 0)


def _offset(text: str | None) -> int | None:
    """The offset in microseconds."""
    if text is None:
        return None
    if text in ("z", "utc", "gmt"):
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    size = int(digits[:2]) * HOUR + int(digits[2:]) * 60 * SECOND
    return -size if text[0] == "-" else size
