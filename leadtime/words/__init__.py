"""Every word that a reader of results sees: one catalogue a language, and the sentences made from it.

A language is one file beside this one, with the keys of ``en.toml``.
"""

from __future__ import annotations

from leadtime.words.amounts import format_change, format_duration
from leadtime.words.catalogue import Language, Words, languages, words
from leadtime.words.headline import CohortFacts, HeadlineFacts, bias_note, headline

__all__ = [
    "CohortFacts", "HeadlineFacts", "Language", "Words", "bias_note", "format_change", "format_duration", "headline", "languages",
    "words",
]  # fmt: skip
