"""Assessments in series or side by side: the critical path under declared precedence, and the days it would save."""

from __future__ import annotations

from random import Random
from typing import Any

import pandas as pd
import pytest

import leadtime as lt

Spans = dict[str, tuple[int, int]]


def pathway(after: dict[str, list[str]], *, others: tuple[str, ...] = ()) -> lt.Pathway:
    activities: dict[str, Any] = {name: {"kind": "assessment", "after": after.get(name, [])} for name in "ABCDE"}
    activities |= {name: {"kind": "referral", "after": after.get(name, [])} for name in others}
    return lt.read_pathway(
        {
            "name": "t", "start": "start", "stop": "stop", "activities": activities,
            "milestones": {"start": {"activities": ["Start"]}, "stop": {"activities": ["Stop"]}},
        }
    )  # fmt: skip


def read(cases: dict[str, Spans], **columns: Any) -> lt.EventLog:
    origin = pd.Timestamp("2020-01-01")
    rows = []
    for case, spans in cases.items():
        for activity, (begin, end) in {"Start": (0, 0), **spans, "Stop": (400, 400)}.items():
            start, until = (str((origin + pd.Timedelta(days=day)).date()) for day in (begin, end))
            rows.append({"case_id": case, "activity": activity, "start": start, "end": until, **{k: v[case] for k, v in columns.items()}})
    return lt.read_log(pd.DataFrame(rows))


def figures(cases: dict[str, Spans], declared: lt.Pathway) -> pd.DataFrame:
    table = lt.waste(read(cases), declared, measures=["W7"]).to_pandas().set_index("case_id")
    return table.rename(columns=lambda name: name.removeprefix("w7_").removesuffix("_days"))


SERIES: Spans = {"A": (0, 10), "B": (20, 50), "C": (50, 60)}
SIDE_BY_SIDE: Spans = {"A": (0, 10), "B": (5, 35), "C": (0, 10)}


def test_without_precedence_all_assessments_could_run_side_by_side() -> None:
    found = figures({"series": SERIES, "beside": SIDE_BY_SIDE, "one": {"A": (3, 8)}, "none": {}}, pathway({}))
    columns = ["assessments", "span", "longest", "critical_path", "avoidable"]
    assert found.loc["series", columns].tolist() == [3, 60, 30, 30, 30]
    assert found.loc["beside", columns].tolist() == [3, 35, 30, 30, 5]
    assert found.loc["one", columns].tolist() == [1, 5, 5, 5, 0]
    assert found.loc["none", "assessments"] == 0
    assert found.loc["none", columns[1:]].isna().all()
    assert found["parallelism_ratio"].to_dict() == {
        "beside": pytest.approx(50 / 35),
        "none": pytest.approx(float("nan"), nan_ok=True),
        "one": 1,
        "series": 1,
    }


def test_the_critical_path_follows_what_must_come_first() -> None:
    assert figures({"a": SERIES}, pathway({"C": ["A"]})).loc["a", ["critical_path", "avoidable"]].tolist() == [30, 30]
    assert figures({"a": SERIES}, pathway({"C": ["B"]})).loc["a", ["critical_path", "avoidable"]].tolist() == [40, 20]
    assert figures({"a": SERIES}, pathway({"B": ["A"], "C": ["B"]})).loc["a", ["critical_path", "avoidable"]].tolist() == [50, 10]


def test_precedence_holds_by_way_of_what_is_no_assessment_or_does_not_occur() -> None:
    by_referral = pathway({"R": ["A"], "B": ["R"]}, others=("R",))
    assert figures({"a": SERIES}, by_referral).loc["a", "critical_path"] == 40
    absent = pathway({"D": ["A"], "C": ["D"]})
    assert figures({"a": SERIES}, absent).loc["a", "critical_path"] == 30
    long = {"A": (0, 25), "B": (20, 50), "C": (50, 60)}
    assert figures({"a": long}, absent).loc["a", "critical_path"] == 35


def test_an_order_that_was_not_kept_saves_nothing_and_costs_nothing() -> None:
    assert figures({"a": SIDE_BY_SIDE}, pathway({"B": ["A"], "C": ["B"]})).loc["a", ["critical_path", "avoidable"]].tolist() == [50, 0]


def test_an_order_without_a_beginning_is_an_error() -> None:
    with pytest.raises(
        lt.PathwayError, match=r"'A' after 'C' after 'B' after 'A'|'B' after 'A' after 'C' after 'B'|'C' after 'B' after 'A' after 'C'"
    ):
        figures({"a": SERIES}, pathway({"A": ["C"], "C": ["B"], "B": ["A"]}))


def test_cohorts_have_their_own_figures() -> None:
    log = read({"a": SERIES, "b": SIDE_BY_SIDE}, cohort={"a": "before", "b": "after"})
    rows = {(row["cohort"], row["figure"]): row for row in lt.waste(log, pathway({}), measures=["W7"], by="cohort").summary.records()}
    assert rows["before", "w7_avoidable_days"]["median"] == 30
    assert rows["after", "w7_avoidable_days"]["median"] == 5


def longest_chain(spans: Spans, after: dict[str, list[str]]) -> int:
    def done(name: str) -> int:
        begin, end = spans.get(name, (0, 0))
        return end - begin + max((done(before) for before in after.get(name, [])), default=0)

    return max((done(name) for name in {*spans, *after}), default=0)


def test_any_order_gives_the_chain_that_walking_it_gives() -> None:
    random = Random(1)
    for _ in range(4):
        # Later letters may come after earlier ones, so there is no circle.
        after = {name: [one for one in "ABCDE" if one < name and random.random() < 0.4] for name in "ABCDE"}
        cases: dict[str, Spans] = {}
        for number in range(40):
            begins = {name: random.randint(0, 90) for name in "ABCDE" if random.random() < 0.7}
            cases[f"{number:02}"] = {name: (begin, begin + random.randint(0, 40)) for name, begin in begins.items()}
        found = figures(cases, pathway(after))
        for case, spans in cases.items():
            if spans:
                assert found.loc[case, "critical_path"] == longest_chain(spans, after), (spans, after)
