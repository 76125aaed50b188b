"""Flow, what-if and value stream on Spark: the same figures as on DuckDB, with ties, overlaps, blanks and joint meetings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import leadtime as lt

pytestmark = [pytest.mark.program("java"), pytest.mark.program("pyspark")]

PATHWAY = lt.read_pathway(
    {
        "name": "t", "start": "s", "stop": ["e"], "order": ["s", "m", "n", "e"], "exits": {"gone": {"activities": ["X"]}},
        "milestones": {
            "s": {"activities": ["S"]}, "m": {"activities": ["A"], "rule": "last"}, "n": {"activities": ["B"], "rule": "nth", "n": 2},
            "e": {"activities": ["E"]},
        },
        "activities": {"A": {"kind": "assessment"}, "B": {"kind": "assessment", "minutes": 30}},
    }
)  # fmt: skip
MEASURES = {
    "hand-overs": lt.hand_over_matrix,
    "waits": lt.waits_by_owner,
    "rework": lt.rework,
    "rework by activity": lambda log: lt.rework(log, per="activity"),
    "ping-pong": lambda log: lt.rework(log, per="unit"),
    "overlaps": lt.overlaps,
    "profile": lt.case_profile,
}
ON_A_PATHWAY = {
    "work in progress": lt.work_in_progress,
    "cumulative flow": lt.cumulative_flow,
    "ageing": lt.ageing,
    "what-if": lambda log, pathway: lt.what_if(log, pathway, remove=["A"], parallel=True, skip="B"),
    "value stream": lt.value_stream,
    "attribution": lambda log, pathway: lt.attribution(log, pathway, tau=30, draws=20),
}


def events() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    rows: list[tuple[Any, ...]] = []
    for case in range(24):
        time = pd.Timestamp("2020-03-01") + pd.Timedelta(hours=int(rng.integers(0, 24 * 200)))
        for number in range(int(rng.integers(2, 8))):
            time += pd.Timedelta(hours=int(rng.choice([0, 0, 5, 40, 700])))
            end = time + pd.Timedelta(hours=int(rng.integers(0, 60)))
            activity = "S" if number == 0 else str(rng.choice(["A", "B", "E", "X", "V"]))
            unit, organisation = [("U", "R"), ("V", "T"), (None, None), ("W", None)][int(rng.integers(4))]
            meeting = f"m{number // 2}" if rng.random() < 0.4 else None
            rows.append((str(case), activity, f"{time:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}", unit, organisation, meeting))
    names = ["case_id", "activity", "start", "end", "unit", "organisation", "meeting_id"]
    frame = pd.DataFrame(rows, columns=names).assign(cohort=["before" if int(row[0]) % 2 else "after" for row in rows]).astype("object")
    return frame.where(frame.notna(), None).assign(row=range(len(rows)))


@pytest.mark.parametrize("meetings", [False, True], ids=["visits", "joint meetings"])
def test_every_measure_of_flow_is_the_same_on_spark(on_both: Any, same: Any, meetings: bool) -> None:  # noqa: FBT001
    frame = events() if meetings else events().drop(columns="meeting_id")
    duck, cluster = on_both(frame, observed_until="2020-12-31", timezone="Europe/Stockholm")
    wanted: dict[str, Any] = {**MEASURES} if meetings else {"hand-overs": lt.hand_over_matrix, "ping-pong": MEASURES["ping-pong"]}
    if not meetings:
        wanted |= {name: lambda log, measure=measure: measure(log, PATHWAY) for name, measure in ON_A_PATHWAY.items()}
    for name, measure in wanted.items():
        ours, theirs = (measure(log).to_pandas() for log in (duck, cluster))
        assert len(ours), name
        same(ours, theirs, name)
