"""What the texts of an export mean, as people write them in Swedish and English; compared without regard to case.

The vocabularies that DESIGN 3 fixes (kinds, statuses, levels) are compared as they stand there.
"""

from __future__ import annotations

import narwhals as nw

__all__ = ["FAMILY", "GUARDIAN", "HISTORY", "NOBODY", "RAISER", "means"]

HISTORY = ("history", "anamnes", "historia", "sjukdomshistoria")
GUARDIAN = ("guardian", "guardians", "parent", "parents", "family", "vårdnadshavare", "förälder", "föräldrar", "familj", "familjen")
FAMILY = ("family", "guardian", "guardians", "parent", "parents", "familj", "familjen", "vårdnadshavare", "förälder", "föräldrar")
RAISER = ("raiser", "referrer", "initiator", "remittent", "remittenten", "initierare", "anmälare")
NOBODY = ("no", "none", "nobody", "nej", "ingen", "saknas", "0", "false", "falskt")


def means(column: str, spellings: tuple[str, ...]) -> nw.Expr:
    """Whether a text is one of some spellings; false where there is none."""
    return nw.coalesce(nw.col(column).str.to_lowercase().is_in(list(spellings)), nw.lit(value=False))
