"""A log too large to take at once is taken in parts, with the same answer."""

from __future__ import annotations

import pandas as pd

import leadtime as lt
from leadtime.flow import moves


def test_transitions_in_parts_are_those_of_the_whole(monkeypatch) -> None:
    rows = [
        (f"c{case}", "abcd"[(case * step) % 4], pd.Timestamp("2020-01-01") + pd.Timedelta(hours=case + step**2))
        for case in range(20)
        for step in range(6)
    ]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start"]))
    whole = lt.transitions(log).to_pandas()
    monkeypatch.setattr(moves, "MOST_AT_ONCE", 30)
    assert len(moves._parts(log, moves.steps(log, "activity"))) > 1
    pd.testing.assert_frame_equal(lt.transitions(log).to_pandas(), whole)
