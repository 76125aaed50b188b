"""The split, the ledger and continuity on Spark: the same figures as on DuckDB."""

# ruff: noqa: E501 - rows that are read across
from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import leadtime as lt

pytestmark = [pytest.mark.program("java"), pytest.mark.program("pyspark")]

KINDS = {
    "S": "contact", "A": "assessment", "B": "assessment", "T": "team", "H": "intervention", "F": "admin", "R": "referral", "C": "consultation",
}  # fmt: skip
PATHWAY = lt.read_pathway(
    {
        "name": "t", "start": "s", "stop": ["e"], "exits": {"gone": {"activities": ["X"]}},
        "milestones": {"s": {"activities": ["S"]}, "e": {"activities": ["E"]}},
        "activities": {name: {"kind": kind, "value_adding": kind == "assessment", "minutes": 50} for name, kind in KINDS.items()}
        | {"B": {"kind": "assessment", "after": ["A"]}, "L": {"kind": "other", "has_end": True}},
        "pauses": {"family": {"begin": ["P"], "end": ["Q"], "reason": "family"}},
    }
)  # fmt: skip


def events() -> pd.DataFrame:
    """Cases with dates and clock times, ties, joint meetings, referrals, pauses and blanks; every column of the ledger is there."""
    rng = np.random.default_rng(5)

    def one_of(*values: str | None) -> str | None:
        return values[int(rng.integers(len(values)))]

    rows = []
    for case in range(30):
        time = pd.Timestamp("2020-03-01") + pd.Timedelta(days=int(rng.integers(0, 100)))
        for number in range(int(rng.integers(3, 12))):
            time += pd.Timedelta(hours=int(rng.choice([0, 0, 5, 24, 700])))
            dated = rng.random() < 0.5
            end = None if rng.random() < 0.6 else f"{time + pd.Timedelta(hours=int(rng.integers(0, 60))):%Y-%m-%d %H:%M}"
            activity = "S" if number == 0 else one_of(*KINDS, "E", "X", "P", "Q", "L", "V")
            rows.append(
                {
                    "case_id": str(case), "activity": activity, "start": f"{time:%Y-%m-%d}" if dated else f"{time:%Y-%m-%d %H:%M}",
                    "end": None if dated else end, "unit": one_of("U", "V", "W", None), "organisation": one_of("R", "T"),
                    "place": one_of("x", "y", None), "purpose": one_of("history", "plan", None), "attended": one_of("yes", "no", None, None),
                    "initiator": one_of("guardian", "unit", None), "coordinator": one_of("Ann", None, None), "level": one_of("first", "specialist"),
                    "meeting_id": f"m{number // 2}" if rng.random() < 0.3 else None, "participants": one_of("Ann; Bo", "3", None),
                    "referral_id": one_of("p", "q", None), "referral_to": one_of("U", "V"), "feedback_to": one_of("family", "raiser", None, None),
                    "referral_status": one_of("sent", "accepted", "returned", "closed", None) if activity == "R" else None,
                    "cohort": "before" if case % 2 else "after",
                }
            )  # fmt: skip
    frame = pd.DataFrame(rows).astype("object")
    return frame.where(frame.notna(), None).assign(row=range(len(rows)))


@pytest.fixture(scope="module")
def logs(on_both: Any) -> tuple[lt.EventLog, lt.EventLog]:
    return on_both(events(), observed_until="2020-12-31", timezone="Europe/Stockholm")


def test_the_split_is_the_same_on_spark(logs: tuple[lt.EventLog, lt.EventLog], same: Any) -> None:
    ours, theirs = (lt.time_split(log, PATHWAY) for log in logs)
    assert set(ours.to_pandas()["not_computable_because"].dropna()) <= {"the lead time is 0"}
    same(ours.to_pandas(), theirs.to_pandas())
    assert [str(note) for note in ours.notes] == [str(note) for note in theirs.notes]


def test_the_ledger_is_the_same_on_spark(logs: tuple[lt.EventLog, lt.EventLog], same: Any) -> None:
    ours, theirs = (lt.waste(log, PATHWAY) for log in logs)
    assert set(ours.states.values()) == {"computed"}
    same(ours.to_pandas(), theirs.to_pandas())


def test_continuity_is_the_same_on_spark(logs: tuple[lt.EventLog, lt.EventLog], same: Any) -> None:
    ours, theirs = (lt.continuity(log).to_pandas() for log in logs)
    same(ours, theirs)
