"""Every word that a reader of results sees: one catalogue a language, and the sentences made from it.

A language is one file beside this one, with the keys of ``en.toml``.
"""

from __future__ import annotations

from leadtime.words.amounts import format_age_change, format_change, format_duration, format_ratio, format_signed
from leadtime.words.catalogue import Language, Words, languages, words
from leadtime.words.headline import CohortFacts, HeadlineFacts, TestName, bias_note, headline

__all__ = [
    "CohortFacts", "HeadlineFacts", "Language", "TestName", "Words", "bias_note", "format_age_change", "format_change", "format_duration",
    "format_ratio", "format_signed", "headline", "languages", "words",
]  # fmt: skip
