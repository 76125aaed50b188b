"""Checks on a log: the account of its rows, and what the reader of a result should know about the data.

An example says where to look (a row, a name of an activity), never what stands there about a person. The words are the catalogues'.
"""

from __future__ import annotations

from leadtime.quality.case_ids import check_ids
from leadtime.quality.checking import check_errors, check_quality
from leadtime.quality.days import refuse_centuries
from leadtime.quality.findings import effect_of, finding, of_cases, place_told, told
from leadtime.quality.identifiers import check_persons, refuse_persons
from leadtime.quality.names import proposed_names
from leadtime.quality.reading import Account, account_for, places_in, role_findings

__all__ = [
    "Account", "account_for", "check_errors", "check_ids", "check_persons", "check_quality", "effect_of", "finding", "of_cases",
    "place_told", "places_in", "proposed_names", "refuse_centuries", "refuse_persons", "role_findings", "told",
]  # fmt: skip
