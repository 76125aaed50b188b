"""Table 1: counts by hand, standardised differences of tableone, ages, what is missing, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import leadtime as lt
from leadtime.compare.describing import DescriptionRow, standardised_difference
from leadtime.errors import InputError, UsageError

REFERENCE = Path(__file__).parent / "reference" / "r" / "tableone_pbc.json"
PATHWAY = {
    "name": "test",
    "start": "s",
    "stop": "e",
    "milestones": {"s": {"activities": ["S"]}, "e": {"activities": ["E"]}},
    "exits": {"moved": {"activities": ["X"]}},
}

# Six children, worked by hand: case, born, started, ended (activity), sex, route, cohort.
CHILDREN = (
    ("1", "2015-01-01", "2019-01-01", ("E", "2020-01-01"), "girl", "BVC", "before"),
    ("2", "2016-01-01", "2019-01-15", ("E", "2019-07-15"), "boy", "BVC", "before"),
    ("3", "2017-01-01", "2019-03-01", None, "girl", None, "before"),
    ("4", "2015-01-01", "2020-03-01", ("E", "2020-06-01"), "boy", "team", "after"),
    ("5", None, "2020-03-05", ("E", "2020-05-01"), "boy", "team", "after"),
    ("6", "2016-03-01", "2020-03-01", ("X", "2020-04-01"), None, "team", "after"),
)


def six(*, columns: dict[str, list[object]] | None = None, pathway: dict[str, object] | None = None) -> lt.LeadTimes:
    rows = []
    for case, born, started, ended, sex, route, cohort in CHILDREN:
        shared = {"case_id": case, "birth_date": born, "sex": sex, "route": route, "cohort": cohort}
        shared |= {name: values[int(case) - 1] for name, values in (columns or {}).items()}
        rows.append(shared | {"activity": "S", "start": started, "unit": "BVC" if case != "4" else "Preschool"})
        if ended:
            rows.append(shared | {"activity": ended[0], "start": ended[1], "unit": "Clinic"})
    rows.append({"case_id": "7", "activity": "E", "start": "2019-01-01", "cohort": "before", "unit": "BVC"})  # never started: excluded
    log = lt.read_log(pd.DataFrame(rows), observed_until="2020-12-31", timezone="Europe/Stockholm")
    return lt.lead_times(log, lt.read_pathway(PATHWAY | (pathway or {})))


@pytest.fixture(scope="module")
def times() -> lt.LeadTimes:
    return six()


@pytest.fixture(scope="module")
def described(times: lt.LeadTimes) -> object:
    return lt.describe_cohorts(times, by="cohort")


def one(described: object, variable: str, level: str, cohort: str) -> DescriptionRow:
    rows = [row for row in described.rows if (row.variable, row.level, row.cohort) == (variable, level, cohort)]  # type: ignore[attr-defined]
    assert len(rows) == 1
    return rows[0]


def test_the_cohorts_come_before_and_after_with_their_cases(described: object) -> None:
    assert described.cohorts == ("before", "after")  # type: ignore[attr-defined]
    assert [one(described, "cases", "", cohort).n for cohort in ("before", "after")] == [3, 3]


def test_shares_are_of_the_known_and_the_missing_are_counted(described: object) -> None:
    girls, boys = one(described, "sex", "girl", "before"), one(described, "sex", "boy", "after")
    assert (girls.n, girls.share, girls.missing) == (2, 2 / 3, 0)
    assert (boys.n, boys.share, boys.missing) == (2, 1.0, 1)
    assert one(described, "sex", "girl", "after").n == 0
    route = one(described, "route", "BVC", "before")
    assert (route.n, route.share, route.missing) == (2, 1.0, 1)


def test_ages_at_start_and_stop_are_years_and_only_the_stopped_have_the_second(described: object) -> None:
    start = one(described, "age_at_start_years", "", "before")
    days = [(pd.Timestamp(c[2]) - pd.Timestamp(c[1])).days / 365.25 for c in CHILDREN[:3]]
    assert [start.n, start.mean, start.sd, start.median, start.missing] == pytest.approx(
        [3, np.mean(days), np.std(days, ddof=1), days[1], 0]
    )
    stop = one(described, "age_at_stop_years", "", "before")
    assert (stop.n, stop.missing) == (2, 0)  # the third child is still waiting: it has no age at stop, which isn't missing
    after = one(described, "age_at_stop_years", "", "after")
    assert (after.n, after.missing, after.sd) == (1, 1, None)  # the fifth child's birth date is missing, the sixth left
    assert after.mean == pytest.approx((pd.Timestamp("2020-06-01") - pd.Timestamp("2015-01-01")).days / 365.25)


def test_the_month_of_start_and_the_unit_that_started_the_clock_are_described(described: object) -> None:
    months = {(row.level, row.cohort): row.n for row in described.rows if row.variable == "start_month"}  # type: ignore[attr-defined]
    assert months == {("01", "before"): 2, ("01", "after"): 0, ("03", "before"): 1, ("03", "after"): 3}
    assert one(described, "start_unit", "Preschool", "after").n == 1
    assert one(described, "start_unit", "BVC", "before").n == 3


def test_standardised_differences_by_hand(described: object) -> None:
    # Sex: a girl among the known is 2/3 before, 0 after.
    assert one(described, "sex", "girl", "before").standardised_difference == pytest.approx((2 / 3) / math.sqrt((2 / 9 + 0) / 2))
    assert one(described, "route", "BVC", "before").standardised_difference is None  # all before, none after: infinite
    ages = [[(pd.Timestamp(c[2]) - pd.Timestamp(c[1])).days for c in part if c[1]] for part in (CHILDREN[:3], CHILDREN[3:])]
    by_hand = abs(np.mean(ages[1]) - np.mean(ages[0])) / math.sqrt((np.var(ages[0], ddof=1) + np.var(ages[1], ddof=1)) / 2)
    assert one(described, "age_at_start_years", "", "after").standardised_difference == pytest.approx(by_hand)


@pytest.mark.parametrize("variable", ["status", "sex", "edema"])
def test_standardised_differences_of_categories_are_those_of_tableone(variable: str) -> None:
    figures = json.loads(REFERENCE.read_text(encoding="utf-8"))[variable]
    groups = [[f"level {i}" for i, n in enumerate(counts) for _ in range(n)] for counts in figures["counts"]]
    assert standardised_difference(*groups) == pytest.approx(figures["smd"], abs=0.0005)


def test_the_standardised_difference_of_numbers_is_that_of_tableone() -> None:
    figures = json.loads(REFERENCE.read_text(encoding="utf-8"))["age"]
    groups = []
    for mean, sd, n in zip(figures["mean"], figures["sd"], (158, 154), strict=True):
        z = np.linspace(-1, 1, n)
        groups.append(mean + sd * (z - z.mean()) / z.std(ddof=1))
    assert standardised_difference(*groups) == pytest.approx(figures["smd"], abs=0.001)  # mean and sd have two decimals


categories = st.lists(st.sampled_from("abcd"), min_size=1, max_size=30)


@given(categories, categories)
def test_the_standardised_difference_has_no_sign_no_order_and_no_names(first: list[str], second: list[str]) -> None:
    found = standardised_difference(first, second)
    assert standardised_difference(second, first) == pytest.approx(found)
    renamed = [[{"a": "z", "b": "y", "c": "x", "d": "w"}[value] for value in group] for group in (first, second)]
    assert standardised_difference(*renamed) == pytest.approx(found)
    assert standardised_difference(first, first) == 0
    assert standardised_difference(first * 2, second * 3) == pytest.approx(found)
    assert found is None or found >= 0


def test_two_categories_give_the_difference_of_shares() -> None:
    p, q = 0.3, 0.6
    groups = [["x"] * round(100 * share) + ["y"] * round(100 * (1 - share)) for share in (p, q)]
    assert standardised_difference(*groups) == pytest.approx((q - p) / math.sqrt((p * (1 - p) + q * (1 - q)) / 2))


def test_a_difference_without_spread_is_infinite_and_has_no_figure() -> None:
    assert standardised_difference([1, 1, 1], [2, 2]) is None
    assert standardised_difference(["a"] * 3, ["b"] * 3) is None
    assert standardised_difference(["a"] * 3, ["b", "b", "c"]) is None
    assert standardised_difference([3, 3], [3, 3, 3]) == 0
    assert standardised_difference([], ["a"]) is None
    assert standardised_difference([1.0, math.nan, 3.0, None], [2, 4]) == pytest.approx(1 / math.sqrt(2))


def test_every_attribute_with_one_value_a_case_is_described_as_what_it_is() -> None:
    columns = {
        "weight": [3.1, 2.9, None, 3.4, 3.0, 3.3],
        "code": ["1", "2", "2", "1", "1", "1"],
        "Anmärkning": ["a", "a", "b", "b", "b", "b"],
    }
    described = lt.describe_cohorts(six(columns=columns), by="cohort")
    weight = one(described, "weight", "", "before")
    assert (weight.n, weight.mean, weight.missing) == (2, pytest.approx(3.0), 1)
    assert one(described, "code", "2", "before").share == pytest.approx(2 / 3)  # few different numbers are codes
    assert one(described, "Anmärkning", "b", "after").n == 3
    assert described.variables[:6] == ("cases", "age_at_start_years", "age_at_stop_years", "sex", "route", "start_unit")


def test_text_that_spells_many_numbers_is_measured() -> None:
    rows = [(str(i), "S", "2019-03-01", "before" if i < 12 else "after", f"{40 + i},5") for i in range(24)]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start", "cohort", "score"]), observed_until="2020-12-31")
    described = lt.describe_cohorts(lt.lead_times(log, lt.read_pathway(PATHWAY)), by="cohort")
    assert one(described, "score", "", "before").median == 46


def test_free_text_is_left_out_and_named() -> None:
    rows = [(str(i), "S", "2019-03-01", "before" if i % 2 else "after", f"note {i}") for i in range(40)]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start", "cohort", "remark"]), observed_until="2020-12-31")
    times = lt.lead_times(log, lt.read_pathway(PATHWAY))
    described = lt.describe_cohorts(times, by="cohort")
    assert described.left_out == ("remark",)
    assert "remark" not in described.variables
    assert len(lt.describe_cohorts(times, by="cohort", variables=["remark"]).rows) == 2 + 80


def test_cases_without_a_cohort_are_counted(times: lt.LeadTimes) -> None:
    described = lt.describe_cohorts(times, by="route")
    assert (described.cohorts, described.without_cohort) == (("BVC", "team"), 1)


def test_the_declared_cohorts_come_first_and_an_order_may_be_given(times: lt.LeadTimes) -> None:
    declared = six(pathway={"comparison": {"before": "team", "after": "BVC"}})
    assert lt.describe_cohorts(declared, by="route").cohorts == ("team", "BVC")
    assert lt.describe_cohorts(times, by="cohort", order=["after"]).cohorts == ("after",)


def test_with_several_cohorts_the_difference_is_the_largest() -> None:
    third = six(columns={"site": ["A", "B", "C", "A", "B", "C"]})
    row = one(lt.describe_cohorts(third, by="site", variables=["sex"]), "sex", "girl", "A")
    # Girls: A 1/2, B 0, C 1 of 1 known.
    assert row.standardised_difference is None  # B and C differ without spread
    assert one(lt.describe_cohorts(third, by="site", variables=["sex"], order=["A", "B"]), "sex", "girl", "A").standardised_difference == (
        pytest.approx(0.5 / math.sqrt(0.25 / 2))
    )


def test_side_by_side_and_long_hold_the_same(described: object) -> None:
    wide = described.wide  # type: ignore[attr-defined]
    assert wide.columns[:3] == ("variable", "level", "before_n")
    row = next(row for row in wide.records() if (row["variable"], row["level"]) == ("sex", "girl"))
    assert (row["before_n"], row["after_n"], row["after_missing"]) == (2, 0, 1)
    frame = described.to_pandas()  # type: ignore[attr-defined]
    assert list(frame.columns) == [
        "variable",
        "level",
        "cohort",
        "n",
        "share",
        "mean",
        "sd",
        "median",
        "missing",
        "standardised_difference",
    ]
    assert len(frame) == sum(len([r for r in wide.rows]) for _ in ("before", "after"))


def test_several_cases_of_one_child_are_counted_as_one_person() -> None:
    described = lt.describe_cohorts(six(columns={"person_id": ["p1", "p1", "p2", "p3", "p4", "p4"]}), by="cohort")
    assert [one(described, "persons", "", cohort).n for cohort in ("before", "after")] == [2, 2]
    assert "person_id" not in described.variables


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"by": "cohrt"}, InputError, "did you mean 'cohort'?"),
        ({"by": "unit"}, InputError, "has several values in"),
        ({"by": "cohort", "order": ["befor"]}, UsageError, "did you mean 'before'?"),
        ({"by": "cohort", "variables": ["sexx"]}, UsageError, "did you mean 'sex'?"),
        ({"by": "cohort", "variables": ["unit"]}, InputError, "several values in some cases"),
    ],
)
def test_what_is_refused_is_named(times: lt.LeadTimes, options: dict[str, object], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        lt.describe_cohorts(times, **options)  # type: ignore[arg-type]
    assert text in str(caught.value)
