"""Texts as any file can hold them."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

__all__ = ["cleaned", "plain_text"]

LONGEST = 32_000  # a workbook's cell holds 32,767 characters
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_BROKEN = re.compile("[\x80-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
Some = TypeVar("Some")


def plain_text(text: str) -> str:
    r"""Gives a text that any file can hold: control characters are shown by their pictures, what is no character by the sign for that.

    >>> plain_text("=1+1\x00"), plain_text("a\tb")
    ('=1+1␀', 'a␉b')
    """
    shown = _CONTROL.sub(lambda found: chr(0x2421 if found[0] == "\x7f" else 0x2400 + ord(found[0])), text)
    shown = _BROKEN.sub("\ufffd", shown)
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + "…"


def cleaned(value: Some) -> Some:
    r"""Gives a value with every text in it made plain: a frozen value of fields, a tuple, a text; all else as it is.

    >>> cleaned(("a\x00", 1.5))
    ('a␀', 1.5)
    """
    made: Any = value
    if isinstance(value, str):
        made = plain_text(value)
    elif isinstance(value, tuple):
        made = tuple(cleaned(item) for item in value)
    elif is_dataclass(value) and not isinstance(value, type):
        made = replace(value, **{field.name: cleaned(getattr(value, field.name)) for field in fields(value) if field.compare})
    result: Some = made
    return result
