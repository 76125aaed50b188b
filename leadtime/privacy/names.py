"""Columns that seem to hold names of persons: told by the header first, and then by how the values look. A guess, never a proof."""

from __future__ import annotations

import re
from collections.abc import Iterable

from leadtime.columns import normalised

__all__ = ["holds_names", "names_persons", "seem_names"]

# Headers that are about a person; those of the second group name things as often, and need values of two words.
_NAME = re.compile(r"\b(?:\w*(?:namn|name|surname))\b")
_PERSON = re.compile(
    r"\b(?:patient\w*|barn\w*|child\w*|elev\w*|klient\w*|client\w*|person\w*|vårdnadshavare\w*|guardian\w*|mamma|pappa|mor|far|mother|father"
    r"|förälder\w*|parent\w*|anhörig\w*|handläggare|samordnare|coordinator|deltagare|participants?|kontaktperson|resource)\b"
)
# What else has a name: a column of these names no person.
_OTHER = re.compile(
    r"activit|aktivitet|händels|event|concept|enhet|unit|org|avdelning|department|klinik|clinic|mottagning|verksamhet|skola|school|kommun"
    r"|municipality|place|plats|ort\b|file|fil\b|filnamn|blad|sheet|system|process|projekt|project|team|grupp|group|kod|code|user|användar"
    r"|yrke|profession|diagnos|åtgärd|lokal|site|route|status|typ"
)
_WORD = r"[^\W\d_]*[A-ZÅÄÖÆØÉÈÜÁÓÍÑČŠŽĆŁ][^\W\d_]+(?:['’-][^\W\d_]+)*"
_ONE_OR_MORE = re.compile(rf"{_WORD}(?:,? {_WORD}){{0,4}}")
_TWO_OR_MORE = re.compile(rf"{_WORD}(?:,? {_WORD}){{1,4}}")
_MOST = 0.5


def names_persons(header: str) -> bool:
    """Gives whether a header speaks of persons or their names.

    >>> [names_persons(header) for header in ("Barnets namn", "Patient", "patient_name", "Enhetsnamn", "Datum")]
    [True, True, True, False, False]
    """
    plain = re.sub(r"[_.:\-]+", " ", normalised(header))
    return not _OTHER.search(plain) and bool(_NAME.search(plain) or _PERSON.search(plain))


def holds_names(header: str, values: Iterable[str]) -> bool:
    """Gives whether a column of such a header holds what looks like names of persons: most of its distinct values do.

    >>> holds_names("Patient", ["Anna Berg", "Åke Öst"]), holds_names("Patient", ["P-001", "P-002"])
    (True, False)
    """
    if not names_persons(header):
        return False
    plain = re.sub(r"[_.:\-]+", " ", normalised(header))
    form = _ONE_OR_MORE if _NAME.search(plain) else _TWO_OR_MORE
    return _most(form, values)


def seem_names(values: Iterable[str]) -> bool:
    """Gives whether most of some distinct values look like first names with surnames, whatever the header.

    >>> seem_names(["Anna Berg", "Åke Öst"]), seem_names(["BVC", "The family itself"])
    (True, False)
    """
    return _most(_TWO_OR_MORE, values)


def _most(form: re.Pattern[str], values: Iterable[str]) -> bool:
    texts = {" ".join(value.split()) for value in values}
    return bool(texts) and sum(bool(form.fullmatch(text)) for text in texts) >= _MOST * len(texts)
