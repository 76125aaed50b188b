"""Continuity: the vectors that the definitions print, joint visits, and a naive count of pairs."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt

Visits = list[frozenset[str]]


def log_of(cases: dict[str, Visits], column: str = "unit") -> lt.EventLog:
    """A log in which each visit has a row for each of its units, and the rows of a joint visit share a meeting id."""
    rows: list[dict[str, Any]] = []
    for case, visits in cases.items():
        for number, units in enumerate(visits):
            start = (pd.Timestamp("2020-01-01") + pd.Timedelta(days=number)).strftime("%Y-%m-%d")
            meeting = f"m{number}" if len(units) > 1 else None
            rows += [{"case_id": case, "activity": "Visit", "start": start, "meeting_id": meeting, column: unit} for unit in sorted(units)]
    return lt.read_log(pd.DataFrame(rows))


def singles(units: str) -> Visits:
    return [frozenset(unit) for unit in units]


def indices(cases: dict[str, Visits], **options: Any) -> pd.DataFrame:
    return lt.continuity(log_of(cases, options.get("by", "unit")), **options).to_pandas().set_index("case_id")


def naive(visits: Visits) -> dict[str, float]:
    pairs, steps = list(combinations(visits, 2)), list(pairwise(visits))
    most = max(sum(unit in units for units in visits) for unit in frozenset().union(*visits))
    return {
        "coc": sum(bool(a & b) for a, b in pairs) / len(pairs),
        "secon": sum(bool(a & b) for a, b in steps) / len(steps),
        "upc": most / len(visits),
        "hand_overs": sum(not a & b for a, b in steps),
    }


def test_the_printed_vectors() -> None:
    found = indices({units: singles(units) for units in ("AAAA", "ABCD", "AABB", "ABAB", "AAAB")})
    printed = {
        "AAAA": (1, 1, 1, 0),
        "ABCD": (0, 0, 0.25, 3),
        "AABB": (1 / 3, 2 / 3, 0.5, 1),
        "ABAB": (1 / 3, 0, 0.5, 3),
        "AAAB": (0.5, 2 / 3, 0.75, 1),
    }
    for units, wanted in printed.items():
        assert tuple(found.loc[units, ["coc", "secon", "upc", "hand_overs"]]) == pytest.approx(wanted), units
        assert found.loc[units, ["visits", "providers"]].tolist() == [4, len(set(units))]


def test_a_joint_visit_has_a_set_of_units() -> None:
    visits = [frozenset("A"), frozenset("ABC"), frozenset("B"), frozenset("D")]
    row = indices({"a": visits}).loc["a"]
    assert row[["visits", "providers", "hand_overs"]].tolist() == [4, 4, 1]
    assert row[["coc", "secon", "upc"]].tolist() == pytest.approx([2 / 6, 2 / 3, 2 / 4])


def test_organisations_have_their_own_continuity() -> None:
    row = indices({"a": singles("RRK")}, by="organisation").loc["a"]
    assert (row["hand_overs"], row["coc"]) == (1, pytest.approx(1 / 3))


def test_cases_with_few_visits_get_no_index() -> None:
    found = indices({"one": singles("A"), "two": singles("AB"), "three": singles("ABB")}, minimum_visits=3)
    assert found["visits"].to_dict() == {"one": 1, "three": 3, "two": 2}
    assert found[["coc", "secon", "upc"]].notna().all(axis=1).to_dict() == {"one": False, "three": True, "two": False}
    assert found["hand_overs"].to_dict() == {"one": 0, "three": 1, "two": 1}


def test_what_is_no_visit_to_a_unit_is_left_out() -> None:
    frame = pd.DataFrame(
        {
            "case_id": ["a"] * 5, "activity": list("vvrvv"), "unit": ["A", None, "X", "A", "B"],
            "start": ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04", "2020-01-05"],
            "referral_status": [None, None, "sent", None, None], "attended": ["yes", "yes", None, "yes", "no"],
        }
    )  # fmt: skip
    row = lt.continuity(lt.read_log(frame)).to_pandas().iloc[0]
    assert row[["visits", "providers", "hand_overs", "coc"]].tolist() == [2, 1, 0, 1]


def test_team_rows_at_one_time_and_place_are_one_visit() -> None:
    frame = pd.DataFrame(
        {
            "case_id": ["a"] * 4, "activity": ["Visit", "Team", "Team", "Visit"], "unit": list("AABB"),
            "kind": ["contact", "team", "team", "contact"],
            "start": ["2020-01-01", "2020-01-02", "2020-01-02", "2020-01-03"],
        }
    )  # fmt: skip
    row = lt.continuity(lt.read_log(frame)).to_pandas().iloc[0]
    assert row[["visits", "hand_overs", "secon"]].tolist() == [3, 0, 1]


def test_with_a_pathway_only_visits_in_the_window_count() -> None:
    pathway = lt.read_pathway(
        {"name": "t", "start": "s", "stop": "e", "milestones": {"s": {"activities": ["S"]}, "e": {"activities": ["E"]}},
         "activities": {"S": {"kind": "contact"}, "V": {"kind": "contact"}}}
    )  # fmt: skip
    rows = [("V", "A", "01"), ("S", "B", "02"), ("V", "C", "03"), ("E", "D", "04"), ("V", "E", "05")]
    frame = pd.DataFrame(
        [("a", activity, unit, f"2020-01-{day}") for activity, unit, day in rows], columns=["case_id", "activity", "unit", "start"]
    )
    log = lt.read_log(frame)
    assert lt.continuity(log, pathway=pathway).to_pandas()["visits"].tolist() == [2]
    assert lt.continuity(log).to_pandas()["visits"].tolist() == [5]


def test_what_isn_t_allowed_is_told() -> None:
    log = log_of({"a": singles("AB")})
    with pytest.raises(lt.InputError, match="no column 'organisation'"):
        lt.continuity(log, by="organisation")
    with pytest.raises(lt.UsageError, match="use 'unit' or 'organisation'"):
        lt.continuity(log, by="place")  # type: ignore[arg-type]
    with pytest.raises(lt.UsageError, match="under 2 visits"):
        lt.continuity(log, minimum_visits=1)


units = st.sampled_from("ABCDE")
visit = st.frozensets(units, min_size=1, max_size=3)


@given(st.lists(st.lists(visit, min_size=2, max_size=8), min_size=10, max_size=20))
@settings(max_examples=6)
def test_the_engine_counts_pairs_as_the_naive_way_does(cases: list[Visits]) -> None:
    found = indices({f"c{i:02}": visits for i, visits in enumerate(cases)})
    for i, visits in enumerate(cases):
        row, wanted = found.loc[f"c{i:02}"], naive(visits)
        assert {name: row[name] for name in wanted} == pytest.approx(wanted), visits


@given(st.lists(st.tuples(st.text("ABCD", min_size=3, max_size=7), st.integers(0, 5)), min_size=8, max_size=16))
@settings(max_examples=6)
def test_a_joint_visit_in_place_of_two_lowers_nothing_and_adds_no_hand_over(drawn: list[tuple[str, int]]) -> None:
    cases: dict[str, Visits] = {}
    for number, (text, position) in enumerate(drawn):
        visits, at = singles(text), position % (len(text) - 1)
        if text[at] != text[at + 1]:
            cases[f"{number:02} apart"] = visits
            cases[f"{number:02} joint"] = [*visits[:at], visits[at] | visits[at + 1], *visits[at + 2 :]]
    if not cases:
        return
    found = indices(cases)
    for name in {case[:2] for case in cases}:
        apart, joint = found.loc[f"{name} apart"], found.loc[f"{name} joint"]
        for index in ("coc", "secon", "upc"):
            # A single visit that is left has no index: nothing is lowered.
            assert pd.isna(joint[index]) or joint[index] >= apart[index] - 1e-12
        assert joint["hand_overs"] <= apart["hand_overs"]


def test_among_visits_that_are_joint_already_a_further_one_may_lower_coc() -> None:
    # The property of DEFINITIONS 4.5 holds for visits to single units; this is the smallest case beyond it.
    before = [frozenset("A"), frozenset("B"), frozenset("AB"), frozenset("C"), frozenset("D")]
    after = [frozenset("AB"), *before[2:]]
    found = indices({"before": before, "after": after})["coc"]
    assert (found["before"], found["after"]) == (pytest.approx(2 / 10), pytest.approx(1 / 6))


def test_without_a_pathway_visits_by_clock_time_on_the_last_day_of_a_case_with_dates_count() -> None:
    rows = [
        ("2020-01-03", "A", None),
        ("2020-01-11 11:00", "B", "2020-01-11 12:00"),
        ("2020-01-21 17:30", "C", None),
        ("2020-01-21 18:30", "A", None),
    ]
    frame = pd.DataFrame(rows, columns=["start", "unit", "end"]).assign(case_id="a", activity="Visit")
    log = lt.read_log(frame)
    found = lt.continuity(log).to_pandas().iloc[0]
    assert found[["visits", "providers", "hand_overs", "upc"]].tolist() == [4, 3, 3, 0.5]
    assert lt.contact_gaps(log, None, longer_than_days=5).to_pandas()[["contacts", "gaps"]].to_numpy().tolist() == [[4, 2]]
    waits = lt.waste(log, None, measures=["W1"]).waits.to_pandas()  # type: ignore[union-attr]
    assert waits["total_days"].tolist() == pytest.approx(lt.transitions(log).to_pandas()["total_days"].tolist())


def test_a_joint_visit_is_when_its_first_row_says_whether_or_not_that_names_a_unit() -> None:
    rows = [("08:00", None, "m"), ("09:00", "B", None), ("10:00", "A", "m"), ("11:00", "B", None)]
    frame = pd.DataFrame(rows, columns=["start", "unit", "meeting_id"]).assign(case_id="a", activity="Visit")
    log = lt.read_log(frame.assign(start="2020-01-03 " + frame["start"]))
    found = lt.continuity(log).to_pandas().iloc[0]
    assert found[["visits", "hand_overs", "secon"]].tolist() == [3, 1, 0.5]  # A, B, B; it was B, A, B
    assert lt.case_profile(log).to_pandas()["hand_overs"].tolist() == [1]
