"""Texts as any file can hold them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from leadtime.exports import plain_text

__all__ = ["cleaned"]

Some = TypeVar("Some")


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
