"""What each measure of the waste ledger is: its code, its name, the columns and kinds that it needs, and its figures with their units.

Source: DEFINITIONS 4.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from leadtime.errors import UsageError, did_you_mean
from leadtime.waste.events import CaseEvents

__all__ = ["MEASURES", "Figure", "Measure", "chosen", "state"]

COMPUTED = "computed"


@dataclass(frozen=True)
class Figure:
    """A column of the ledger; its name ends in its unit. `empty` is what a case has that knows none of it.

    A figure that is an event to wait for is empty until it comes, and `followed` names the column that says how long that was watched.
    """

    name: str
    unit: Literal["days", "count", "share", "ratio"] = "count"
    empty: int | None = 0
    followed: str | None = None


@dataclass(frozen=True)
class Measure:
    """A measure of waste. `columns` must be in the log; of `kinds` at least one must be known, by the pathway or a column 'kind'.

    `any_kind` asks that kinds are known at all, `lengths` that visits have an end or declared minutes.
    """

    code: str
    name: str
    figures: tuple[Figure, ...]
    columns: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    any_kind: bool = False
    lengths: bool = False


def _days(name: str, *, empty: int | None = None, followed: str | None = None) -> Figure:
    return Figure(name, "days", empty, followed)


def _share(name: str) -> Figure:
    return Figure(name, "share", None)


MEASURES = (
    Measure("W1", "waiting between contacts", (_days("w1_waiting_days", empty=0),)),
    Measure(
        "W2", "waiting before first help",
        (_days("w2_first_help_days", followed="w2_followed_days"), _days("w2_followed_days")), kinds=("intervention",),
    ),
    Measure("W3", "history retold", (Figure("w3_retellings"),), ("unit",)),
    Measure("W4", "places and changes of place", (Figure("w4_places"), Figure("w4_place_changes")), ("place",)),
    Measure(
        "W5", "referrals bounced",
        (
            Figure("w5_bounces"), Figure("w5_bounced_referrals"), Figure("w5_ping_pongs"), Figure("w5_longest_chain_units", empty=None),
            Figure("w5_returns_without_help", empty=None),
        ),
        ("referral_id", "referral_status", "referral_to"),
    ),
    Measure("W6", "units side by side that don't meet", (_days("w6_apart_days", empty=0),), ("unit",)),
    Measure(
        "W7", "assessments in series",
        (
            Figure("w7_assessments"), _days("w7_span_days"), _days("w7_longest_days"), _days("w7_critical_path_days"),
            Figure("w7_parallelism_ratio", "ratio", None), _days("w7_avoidable_days"),
        ),
        kinds=("assessment",), lengths=True,
    ),
    Measure(
        "W8", "time within the first unit",
        (_days("w8_first_unit_days", followed="w8_followed_days"), _days("w8_followed_days"), Figure("w8_own_contacts", empty=None)),
        ("unit",), any_kind=True,
    ),
    Measure(
        "W9", "place of the first external contact",
        (Figure("w9_external_rank", empty=None), Figure("w9_contacts"), _share("w9_rank_share")), ("unit",),
    ),
    Measure("W10", "forms before the first meeting", (Figure("w10_forms"), _days("w10_form_to_meeting_days")), kinds=("admin",)),
    Measure(
        "W11", "handling of referrals",
        (Figure("w11_referrals"), Figure("w11_decided"), _days("w11_handling_days"), _days("w11_longest_handling_days")),
        ("referral_id", "referral_status"),
    ),
    Measure("W12", "several units and no coordinator", (_days("w12_no_coordinator_days", empty=0),), ("unit", "coordinator")),
    Measure(
        "W13", "no feedback", (Figure("w13_asked"), Figure("w13_family_not_told"), Figure("w13_raiser_not_told")), ("feedback_to",),
    ),
    Measure("W14", "the team comes late", (_days("w14_team_entry_days"), Figure("w14_units_before_team", empty=None)), kinds=("team",)),
    Measure(
        "W15", "unsupported waiting",
        (_days("w15_unsupported_days", empty=0), _days("w15_waiting_days", empty=0), _share("w15_unsupported_share")),
        ("level",), any_kind=True,
    ),
    Measure(
        "W16", "specialist referrals closed without action",
        (Figure("w16_specialist_referrals"), Figure("w16_closed_without_action")), ("level", "referral_status"),
    ),
    Measure(
        "W17", "first contacts that a guardian initiates",
        (Figure("w17_first_contacts"), Figure("w17_by_guardian"), _share("w17_guardian_share")), ("initiator",),
    ),
    Measure("W18", "the same assessment by another unit", (Figure("w18_repeated_assessments"),), ("unit",), kinds=("assessment",)),
)  # fmt: skip


def chosen(codes: tuple[str, ...] | None) -> tuple[Measure, ...]:
    """Gives the measures asked for, in the order of the ledger; all where none is named.

    >>> [measure.name for measure in chosen(("W4", "W3"))]
    ['history retold', 'places and changes of place']
    """
    known = [measure.code for measure in MEASURES]
    for code in codes or ():
        if code not in known:
            raise UsageError(f"measures: {code!r} isn't one of W1 to W18{did_you_mean(str(code), known)}")
    return tuple(measure for measure in MEASURES if codes is None or measure.code in codes)


def state(measure: Measure, base: CaseEvents) -> str:
    """Gives "computed", or why a measure isn't computable on a log: the columns that it lacks."""
    missing = [column for column in measure.columns if not base.has(column)]
    asks_kind = measure.any_kind or bool(measure.kinds)
    if asks_kind and not base.kinds and not base.has("kind"):
        missing.append("kind")
    if measure.lengths and not _lengths_known(base):
        missing.append("end")
    if missing:
        names = " and ".join(f"'{name}'" for name in missing)
        return f"not computable: no column{'s' if len(missing) > 1 else ''} {names}"
    if measure.kinds and not base.has("kind") and not base.kinds & set(measure.kinds):
        return f"not computable: no activity of kind '{measure.kinds[0]}'"
    return COMPUTED


def _lengths_known(base: CaseEvents) -> bool:
    """Whether events have ends, or the pathway declares minutes."""
    declared = base.pathway is not None and any(activity.minutes for activity in base.pathway.activities.values())
    return declared or base.has_ends
