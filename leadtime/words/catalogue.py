"""The catalogues: texts by key, and numbers, dates and lists in a language's manner.

Babel knows the manners; it is imported where it is used, so that the command line's help doesn't wait for it. All spaces come out
as ordinary ones.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

from leadtime.errors import UsageError, did_you_mean

__all__ = ["Language", "Words", "languages", "words"]

Language = Literal["en", "sv"]

_PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})  # the categories of CLDR
_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True)
class Words:
    """One language: its texts by dotted key, its texts that have plurals, and the locale that numbers and dates follow."""

    language: str
    locale: str
    texts: Mapping[str, str]
    plurals: Mapping[str, Mapping[str, str]]

    @property
    def keys(self) -> frozenset[str]:
        """All keys, those with plurals included."""
        return frozenset(self.texts) | frozenset(self.plurals)

    def say(self, key: str, values: Mapping[str, object] = _NOTHING) -> str:
        """Gives the text of a key with its places filled.

        Args:
            key: a dotted key of the catalogue.
            values: what goes into the places, already in words.

        Raises:
            KeyError: if there is no such key or a place isn't filled, which is a mistake in the library.

        >>> words("sv").say("value.not_reached")
        'inte uppnådd'
        """
        return self.texts[key].format_map(values) if values else self.texts[key]

    def count(self, key: str, n: float, values: Mapping[str, object] = _NOTHING, *, digits: int = 1) -> str:
        """Gives the text of a key in the plural form of a number, which stands at ``{n}``.

        >>> words("en").count("unit.day", 1), words("sv").count("unit.month", 2.5)
        ('1 day', '2,5 månader')
        """
        rounded = _rounded(n, digits)
        category = str(_locale(self.locale).plural_form(int(rounded) if rounded == int(rounded) else rounded))
        forms = self.plurals[key]
        return forms.get(category, forms["other"]).format_map({"n": self.number(n, digits=digits), **values})

    def column(self, name: str) -> str:
        """Gives the heading of a table's column; an attribute of the data keeps its own name.

        >>> words("en").column("lead_time_days"), words("en").column("Vårdcentral")
        ('Lead time (days)', 'Vårdcentral')
        """
        return self.texts.get(f"column.{name}", name)

    def number(self, value: float, *, digits: int = 1, fixed: bool = False) -> str:
        """Gives a number with at most `digits` decimals, or exactly so many where `fixed`; ties go away from zero.

        >>> words("sv").number(1234.56), words("en").number(8, digits=2, fixed=True)
        ('1 234,6', '8.00')
        """
        decimals = ("0" if fixed else "#") * digits
        return _formatted(_rounded(value, digits), f"#,##0.{decimals}" if digits else "#,##0", self.locale)

    def integer(self, value: int) -> str:
        """Gives a whole number.

        >>> words("en").integer(1342), words("sv").integer(1342)
        ('1,342', '1 342')
        """
        return self.number(value, digits=0)

    def percent(self, share: float, *, digits: int = 0) -> str:
        """Gives a share of 1 as percent.

        >>> words("en").percent(0.679), words("sv").percent(0.0825, digits=1)
        ('68 %', '8,3 %')
        """
        return self.say("format.percent", {"n": self.number(100 * Decimal(repr(float(share))), digits=digits)})  # type: ignore[arg-type]

    def p_value(self, p: float) -> str:
        """Gives a p value with its sign, with as many decimals as its size asks for; never rounded onto 0.05.

        >>> words("en").p_value(0.00004), words("sv").p_value(0.034), words("en").p_value(0.04996)
        ('p < 0.001', 'p = 0,034', 'p = 0.04996')
        """
        if p < P_SMALLEST:
            return self.say("format.p_below", {"n": self.number(P_SMALLEST, digits=3)})
        digits = 3 if p < 0.0995 else 2
        while digits < P_DIGITS and _rounded(p, digits) == _rounded(0.05, 2) and p != 0.05:
            digits += 1
        return self.say("format.p", {"n": self.number(p, digits=digits, fixed=True)})

    def date(self, value: date) -> str:
        """Gives a date with its month in words.

        >>> words("sv").date(date(2020, 12, 31))
        '31 december 2020'
        """
        from babel.dates import format_date

        return _ordinary(format_date(value, format="long", locale=self.locale))

    def join(self, parts: Sequence[str]) -> str:
        """Gives a list as running text.

        >>> words("en").join(["a", "b", "c"]), words("sv").join(["a", "b"])
        ('a, b and c', 'a och b')
        """
        from babel.lists import format_list

        return _ordinary(format_list(list(parts), locale=self.locale))


P_SMALLEST = 0.001  # below it a p value is only said to be below it
P_DIGITS = 6


def languages() -> tuple[str, ...]:
    """Gives the languages that have a catalogue, in order of their codes.

    >>> languages()
    ('en', 'sv')
    """
    files = resources.files("leadtime.words").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


@cache
def words(language: str) -> Words:
    """Gives the words of a language, read once.

    Args:
        language: a code such as ``"en"``.

    Returns:
        Its catalogue.

    Raises:
        UsageError: if there is no catalogue for it.

    Source: DESIGN 3.1 (language).

    >>> words("en").say("value.not_reached")
    'not reached'
    """
    known = languages()
    if language not in known:
        raise UsageError(f"language={language!r} has no catalogue{did_you_mean(str(language), known)}")
    content = tomllib.loads(resources.files("leadtime.words").joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    entries = dict(_flat(content, ""))
    return Words(
        language=language,
        locale=str(entries.pop("locale")),
        texts=MappingProxyType({key: value for key, value in entries.items() if isinstance(value, str)}),
        plurals=MappingProxyType({key: MappingProxyType(value) for key, value in entries.items() if isinstance(value, dict)}),
    )


def _flat(content: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str | dict[str, str]]]:
    """The entries by dotted key; a table of plural forms is one entry."""
    for name, value in content.items():
        key = f"{prefix}{name}"
        if isinstance(value, str) or _PLURALS.issuperset(value):
            yield key, value
        else:
            yield from _flat(value, f"{key}.")


@cache
def _locale(name: str) -> Any:
    from babel import Locale

    return Locale.parse(name)


def _rounded(value: float | Decimal, digits: int) -> Decimal:
    """The number as it is written in Python, rounded with ties away from zero (2.675 is a tie to the reader, whatever its bits)."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    rounded = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return abs(rounded) if rounded == 0 else rounded  # no "-0"


@lru_cache(maxsize=4096)  # a report shows the same number in its workbook and on its page, and measures it for the width of a column
def _formatted(number: Decimal, pattern: str, locale: str) -> str:
    from babel.numbers import format_decimal

    return _ordinary(format_decimal(number, format=pattern, locale=locale))


def _ordinary(text: str) -> str:
    """A text with ordinary spaces and the hyphen for a minus, so that it can be searched for as it is typed."""
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2212", "-")
