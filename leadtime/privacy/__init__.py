"""What keeps a person out of the data: Swedish personal numbers and names found, ids replaced by keyed pseudonyms.

Texts and ids in, answers out: nothing here knows a log, and nothing here is ever shown or logged.
"""

from __future__ import annotations

from leadtime.privacy.names import holds_names, names_persons, seem_names
from leadtime.privacy.numbers import CANDIDATE, Judgement, PersonalNumber, find_personal_numbers, judge_texts, masked, reserve_pattern
from leadtime.privacy.pseudonyms import PseudonymKey, day_shift, new_key, pseudonyms, read_key

__all__ = [
    "CANDIDATE", "Judgement", "PersonalNumber", "PseudonymKey", "day_shift", "find_personal_numbers", "holds_names", "judge_texts",
    "masked", "names_persons", "new_key", "pseudonyms", "read_key", "reserve_pattern", "seem_names",
]  # fmt: skip
