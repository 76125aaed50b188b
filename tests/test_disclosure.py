"""Claims on disclosure control (DEFINITIONS 5)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadtime.disclosure import HIDDEN, MISSING, Cell, Sum, disclose, disclosing, month_ends, profile_named, shown_curve, sums_within
from leadtime.durations import DAYS_PER_MONTH
from leadtime.errors import DisclosureError, UsageError
from leadtime.results import Table
from leadtime.survival import kaplan_meier

YEARS = ("2017", "2018", "2019")
COLUMNS = tuple(f"{year}_{who}" for year in YEARS for who in "ctp")
VISITS = (
    ("Töreboda", 56, None, 3, 79, None, 3, 93, None, 2, 236),
    ("Gullspång", 20, None, 25, 20, None, None, 133, None, 6, 204),
    ("Mariestad", 46, None, 21, 242, None, 37, 627, 326, 43, 1342),
    ("total", 122, None, 49, 341, None, 40, 853, 326, 51, 1782),
)


def visits() -> Table:
    return Table("visits", ("municipality", *COLUMNS, "total"), VISITS, counts=(*COLUMNS, "total"))


def hidden_places(table: Table) -> dict[str, list[str]]:
    return {str(row["municipality"]): [name for name, value in row.items() if value == HIDDEN] for row in table.records()}


def test_the_visits_table_hides_what_the_definitions_say_and_nothing_else():
    shown = disclose(visits(), profile="se-5").tables[0]
    psychologist = [f"{year}_p" for year in YEARS]
    assert hidden_places(shown) == {"Töreboda": psychologist, "Gullspång": [], "Mariestad": psychologist, "total": []}


def test_blanks_stay_blank_and_are_never_cover():
    shown = disclose(visits()).tables[0]
    for before, after in zip(visits().rows, shown.rows, strict=True):
        assert [value == MISSING for value in after] == [value is None for value in before]


def test_the_internal_profile_hides_nothing():
    shown = disclose(visits(), profile="internal").tables[0]
    assert all(value in (MISSING, before) for a, b in zip(shown.rows, VISITS, strict=True) for value, before in zip(a, b, strict=True))


def test_nhs_hides_one_to_seven_and_rounds_the_rest():
    shown = disclose(Table("t", ("unit", "n"), (("a", 7), ("b", 8), ("c", 12), ("d", 13), ("e", 0)), counts=("n",)), profile="nhs-7-round5")
    assert shown.tables[0].column("n") == (HIDDEN, 10, 10, 15, 0)


def test_two_small_cells_that_only_fit_in_one_way_get_cover():
    # 4 + 4 = 8, and nobody is above 4: without a third hidden cell both are known.
    table = Table("t", ("unit", "n"), (("a", 4), ("b", 4), ("c", 9), ("all", 17)), counts=("n",))
    assert disclose(table).tables[0].column("n") == (HIDDEN, HIDDEN, HIDDEN, 17)


def test_the_same_count_in_two_tables_is_hidden_in_both_even_where_it_is_cover():
    cohorts = Table("cohorts", ("cohort", "n", "observed", "left"), (("before", 60, 57, 3),), counts=("n", "observed", "left"))
    steps = Table("steps", ("step", "done"), (("diagnosis", 57),), counts=("done",))
    n, observed, left = (Cell("cohorts", 0, name) for name in ("n", "observed", "left"))
    sums = [Sum(n, (observed, left), splits_group=False), Sum(observed, (Cell("steps", 0, "done"),))]
    result = disclose([cohorts, steps], sums=sums)
    assert result.table("cohorts").rows == (("before", HIDDEN, 57, HIDDEN),)  # n alone is fewer cells than 57 in two places
    assert result.table("steps").rows == (("diagnosis", 57),)


def test_a_count_that_stands_nowhere_is_protected_from_the_difference_of_two_that_do():
    shown = Table("shown", ("what", "n"), (("all", 80), ("with referral", 78)), counts=("n",))
    rest = Table("rest", ("what", "n"), (("without referral", 2),), counts=("n",))
    one = Sum(Cell("shown", 0, "n"), (Cell("shown", 1, "n"), Cell("rest", 0, "n")))
    result = disclose([shown, rest], sums=[one], unpublished=("rest",))
    assert result.tables[0].column("n") == (80, HIDDEN)
    assert [table.name for table in result.tables] == ["shown"]


def test_a_zero_is_hidden_where_it_tells_something_of_everybody():
    rows = (("a", 12, 0, 12), ("b", 8, 7, 15), ("c", 20, 30, 50))
    shown = disclose(Table("t", ("unit", "yes", "no", "all"), rows, counts=("yes", "no", "all"))).tables[0]
    assert shown.rows[0] == ("a", HIDDEN, HIDDEN, 12)
    assert shown.rows[1:] == rows[1:]


def test_medians_need_five_stops_p90_ten_and_extremes_never_show():
    columns = ("cohort", "observed", "median_days", "p90_days", "max_days")
    rows = (("a", 4, 10.0, 20.0, 30.0), ("b", 9, 10.0, 20.0, 30.0), ("c", 10, 10.0, 20.0, 30.0))
    shown = disclose(Table("t", columns, rows, counts=("observed",))).tables[0]
    assert [row[2:] for row in shown.rows] == [(HIDDEN, HIDDEN, HIDDEN), (10.0, HIDDEN, HIDDEN), (10.0, 20.0, HIDDEN)]


def test_a_sum_that_does_not_hold_stops_the_publication():
    with pytest.raises(DisclosureError, match=r"column 'n', row 3: the parts don't add up"):
        disclose(
            Table("t", ("n",), ((3,), (9,), (13,)), counts=("n",)), sums=[Sum(Cell("t", 2, "n"), (Cell("t", 0, "n"), Cell("t", 1, "n")))]
        )


def test_an_unknown_profile_is_an_error_that_names_the_likely_one():
    with pytest.raises(UsageError, match="did you mean 'se-5'"):
        disclose(visits(), profile="se5")  # type: ignore[arg-type]


def test_the_audit_says_what_was_hidden_and_that_nothing_can_be_computed():
    row = disclose(visits()).audit.records()[0]
    assert (row["hidden_small"], row["hidden_as_cover"], row["computable"]) == (3, 3, 0)
    assert row["fewest_values"] >= 3


def possible_values(shown: Table, most: int) -> list[int]:
    """How many values each hidden cell of a table with totals can have, by trying every filling up to `most`."""
    grid = [row[1:] for row in shown.rows]
    unknown = [(i, j) for i, row in enumerate(grid) for j, value in enumerate(row) if value == HIDDEN]
    tried = np.indices((most + 1,) * len(unknown)).reshape(len(unknown), -1)
    full = np.zeros((len(grid), len(grid[0]), tried.shape[1]), dtype=np.int64)
    for i, row in enumerate(grid):
        for j, value in enumerate(row):
            full[i, j] = tried[unknown.index((i, j))] if (i, j) in unknown else value
    fits = (full[:, -1] == full[:, :-1].sum(axis=1)).all(axis=0) & (full[-1] == full[:-1].sum(axis=0)).all(axis=0)
    return [len(np.unique(values[fits])) for values in tried]


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=2, max_size=2))
def test_an_attacker_who_tries_every_filling_cannot_tell_a_hidden_count(counts):
    rows = [(*row, sum(row)) for row in counts]
    rows.append(tuple(sum(column) for column in zip(*rows, strict=True)))
    table = Table("t", ("unit", "a", "b", "all"), tuple((str(i), *row) for i, row in enumerate(rows)), counts=("a", "b", "all"))
    sums = tuple(Sum(one.total, one.parts, splits_group=False) for one in sums_within(table))
    shown = disclose(table, sums=sums).tables[0]
    values = [value for row in shown.rows for value in row[1:]]
    assert not any(isinstance(value, int) and 0 < value < 5 for value in values)
    if 0 < values.count(HIDDEN) <= 4:
        assert min(possible_values(shown, most=max(map(max, rows)) + 3)) >= 3


@settings(max_examples=60)
@given(st.lists(st.integers(0, 40), min_size=2, max_size=6))
def test_no_small_count_is_shown_and_none_follows_from_the_total(counts):
    rows = (*((str(i), n) for i, n in enumerate(counts)), ("all", sum(counts)))
    table = Table("t", ("unit", "n"), rows, counts=("n",))
    result = disclose(table)
    column = result.tables[0].column("n")
    assert not any(isinstance(value, int) and 0 < value < 5 for value in column)
    assert sum(value == HIDDEN for value in column) != 1 or len(counts) < 3


def test_what_matters_most_is_hidden_last():
    table = Table("cohorts", ("n", "observed", "open", "left"), ((60, 20, 37, 3),), counts=("n", "observed", "open", "left"))
    assert disclose(table).tables[0].rows == ((60, HIDDEN, 37, HIDDEN),)
    kept = disclose(table, keep=[Cell("cohorts", 0, "observed"), Cell("cohorts", 0, "n")])
    assert kept.tables[0].rows == ((60, 20, HIDDEN, HIDDEN),)


def test_many_linked_leaks_are_covered_in_little_time():
    rows = tuple((f"u{i}", 2 + i % 4, 20 + i, 30 + i, 52 + i % 4 + 2 * i) for i in range(12))
    table = Table("t", ("unit", "a", "b", "c", "all"), rows, counts=("a", "b", "c", "all"))
    shown = disclose(table).tables[0]
    assert all(HIDDEN in row for row, before in zip(shown.rows, rows, strict=True) if before[1] < 5)


def test_two_tables_of_the_same_children_are_linked_by_their_names_and_figures():
    units = Table("units", ("unit", "n"), (("a", 3), ("b", 50)), counts=("n",))
    sites = Table("sites", ("site", "n"), (("x", 20), ("y", 33)), counts=("n",))
    result = disclose([units, sites])
    assert result.table("units").column("n") == (HIDDEN, 50)  # 20 + 33 - 50 would be the hidden 3
    assert HIDDEN in result.table("sites").column("n")


def test_the_same_row_in_two_tables_is_one_count():
    one = Table("one", ("cohort", "n", "observed", "open", "left"), (("before", 60, 40, 17, 3), ("after", 50, 43, 7, 0)))
    other = Table("other", ("cohort", "open", "left"), (("before", 17, 3), ("after", 7, 0)))
    result = disclose([one, other])
    assert result.table("one").column("left") == result.table("other").column("left") == (HIDDEN, 0)
    # One cell more is enough: had `open` been hidden, it would have to be in both tables.
    assert result.table("one").column("observed") == (HIDDEN, 43)
    assert result.table("other").column("open") == (17, 7)


def test_what_is_left_of_a_cohort_follows_by_subtraction_and_is_protected():
    shown = disclose(Table("t", ("cohort", "n", "observed"), (("before", 60, 57), ("after", 50, 43))))
    assert HIDDEN in shown.tables[0].rows[0]
    assert HIDDEN not in shown.tables[0].rows[1]


def test_rows_labelled_as_totals_are_known_as_such():
    rows = (("a", "girls", 3), ("a", "boys", 20), ("a", "total", 23), ("b", "girls", 8), ("b", "boys", 9), ("b", "total", 17))
    shown = disclose(Table("t", ("unit", "sex", "n"), rows)).tables[0]
    assert shown.column("n") == (HIDDEN, HIDDEN, 23, 8, 9, 17)


def test_zeros_are_shown_and_never_cover():
    shown = disclose(Table("t", ("unit", "n"), (("a", 3), ("b", 0), ("c", 20), ("total", 23)))).tables[0]
    assert shown.column("n") == (HIDDEN, 0, HIDDEN, 23)


def test_a_frame_s_blank_is_a_blank():
    shown = disclose(Table("t", ("unit", "n"), (("a", float("nan")), ("b", 9.0)), counts=("n",))).tables[0]
    assert shown.column("n") == (MISSING, 9)


def test_counts_are_whole_and_not_negative():
    for wrong in (2.5, -3, "x"):
        with pytest.raises(UsageError, match="is no count"):
            disclose(Table("t", ("n",), ((wrong,),), counts=("n",)))


def test_a_rounded_count_is_known_to_lie_around_what_is_shown():
    # 8 is shown as 10, so 8 to 12; the total 12 as 10, so 8 to 12: the hidden 4 is 1 to 4, and that is all right.
    table = Table("t", ("unit", "n"), (("a", 4), ("b", 8), ("total", 12)))
    result = disclose(table, profile="nhs-7-round5")
    assert result.tables[0].column("n") == (HIDDEN, 10, 10)
    assert result.audit.records()[0]["fewest_values"] == 3


def test_figures_that_would_tell_a_hidden_count_are_hidden_with_it():
    columns = ("source", "target", "n", "mean_days", "total_days", "share")
    rows = (("a", "b", 3, 10.0, 30.0, 0.1), ("b", "c", 40, 7.0, 280.0, 0.9))
    shown = disclose(Table("transitions", columns, rows)).tables[0]
    assert shown.rows == (("a", "b", HIDDEN, HIDDEN, HIDDEN, HIDDEN), rows[1])


def test_a_figure_of_no_child_is_shown_and_one_of_one_to_four_is_not():
    columns = ("cohort", "observed", "events", "mean_days", "rate", "label_code")
    rows = tuple((f"c{stops}", stops, 2 * stops, 10.5, 0.5, 7.5) for stops in (0, 1, 4, 5))
    shown = disclose(Table("t", columns, rows, counts=("observed",))).tables[0]
    assert [row[3:] for row in shown.rows] == [(10.5, 0.5, 7.5), (HIDDEN, HIDDEN, 7.5), (HIDDEN, HIDDEN, 7.5), (10.5, 0.5, 7.5)]


def test_what_is_no_table_and_two_tables_of_one_name_are_refused():
    for wrong in (5, [5], "units", pd.DataFrame({"n": [3]})):
        with pytest.raises(UsageError, match="tables holds a "):
            disclose(wrong)  # type: ignore[arg-type]
    one = Table("t", ("n",), ((9,),), counts=("n",))
    with pytest.raises(UsageError, match="same name"):
        disclose([one, one])
    assert disclose([one, Table("u", ("n",), ((9,),), counts=("n",))]).table("u").rows == ((9,),)
    assert disclose(kaplan_meier([10] * 9, [1] * 9)).tables[0].name == "kaplan_meier"
    assert disclose([kaplan_meier([10] * 9, [1] * 9)]).tables[0].name == "kaplan_meier"


def test_within_everything_is_shown_even_what_tells_of_all_and_extremes():
    columns = ("unit", "yes", "no", "all", "median_days", "max_days", "total_days")
    rows = (("a", 2, 0, 2, 10.0, 30.0, 20.0), ("b", 8, 7, 15, 10.0, 30.0, 150.0), ("c", 1, 3, 4, 9.0, 9.0, 9.0))
    result = disclose(Table("t", columns, rows, counts=columns[1:4]), profile="internal")
    assert result.tables[0].rows == rows
    assert result.audit.rows == (("t", 9, 0, 0, 0, 0, None),)


@pytest.mark.parametrize(("parts", "hidden"), [((9,), 0), ((9, 0), 3), ((0, 0), 0), ((5, 6), 0), ((9, 0, 0), 4), ((9, 5, 0), 0)])
def test_only_a_group_that_is_one_of_several_parts_tells_of_all(parts, hidden):
    """One part takes all of a group that there is: the parts are hidden, and here the total besides, as it is the whole."""
    table = Table("t", ("n",), tuple((n,) for n in (*parts, sum(parts))), counts=("n",))
    one = Sum(Cell("t", len(parts), "n"), tuple(Cell("t", row, "n") for row in range(len(parts))))
    column = disclose(table, sums=[one]).tables[0].column("n")
    assert sum(value == HIDDEN for value in column[:-1]) == (len(parts) if hidden else 0)
    assert HIDDEN not in disclose(table, sums=[Sum(one.total, one.parts, splits_group=False)]).tables[0].column("n")


def test_a_sum_with_blanks_counts_them_as_none_and_without_a_total_it_is_none():
    table = Table("t", ("n",), ((None,), (9,), (9,), (3,)), counts=("n",))
    cells = tuple(Cell("t", row, "n") for row in range(4))
    found = disclose(table, sums=[Sum(cells[2], cells[:2]), Sum(cells[0], (cells[3],))])
    assert [(one.total, one.parts) for one in found.sums] == [(cells[2], (cells[1],))]
    assert found.tables[0].column("n") == (MISSING, 9, 9, HIDDEN)


def test_which_figures_are_hidden_by_their_names_and_stops():
    columns = ("observed", "flag", "mean_days", "sum_days", "max", "p90", "MEDIAN_days", "label", "n")
    rows = (
        (3, True, 10.5, 31.5, 20.5, 11.5, 12.5, 1.5, 50),
        (9, False, 10.5, 31.5, 20.5, 11.5, 12.5, 1.5, 50),
        (10, False, None, 31.5, 20.5, 11.5, "none", 1.5, 50),
    )
    shown = disclose(Table("t", columns, rows, counts=("observed", "n")), sums=[]).tables[0]
    assert [row[1:] for row in shown.rows] == [
        (True, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, 1.5, 50),
        (False, 10.5, 31.5, HIDDEN, HIDDEN, 12.5, 1.5, 50),
        (False, None, 31.5, HIDDEN, 11.5, "none", 1.5, 50),
    ]
    bare = Table("t", ("unit", "total_days", "median_days", "mean_days"), (("a", 2.5, 3.5, 4.5),))
    assert disclose(bare, sums=[]).tables[0].rows == bare.rows


def test_a_share_beside_a_count_that_is_hidden_as_cover_is_hidden_and_a_median_is_not():
    columns = ("unit", "n", "share", "median_days")
    rows = (("a", 3, 0.15, 7.5), ("b", 8, 0.35, 8.5), ("c", 9, 0.45, 9.5), ("total", 20, 1.0, 9.25))
    result = disclose(Table("t", columns, rows, counts=("n",)))
    assert [row[1:] for row in result.tables[0].rows] == [(HIDDEN,) * 3, (HIDDEN, HIDDEN, 8.5), (9, 0.45, 9.5), (20, 1.0, 9.25)]
    assert result.audit.rows == (("t", 4, 1, 1, 3, 0, 3),)


def test_the_audit_has_a_row_for_an_unpublished_table_too():
    shown = Table("shown", ("what", "n", "max_days"), (("all", 80, 7.5), ("with referral", 78, 7.5)), counts=("n",))
    rest = Table("rest", ("what", "n", "max_days"), (("without referral", 2, 7.5),), counts=("n",))
    one = Sum(Cell("shown", 0, "n"), (Cell("shown", 1, "n"), Cell("rest", 0, "n")))
    result = disclose([shown, rest], sums=[one], unpublished=("rest",))
    assert result.audit.rows == (("shown", 2, 0, 1, 2, 0, 3), ("rest", 1, 1, 0, 0, 0, 3))
    assert result.problem.unpublished == {Cell("rest", 0, "n")}


def test_the_audit_stops_what_a_search_would_have_left_open(monkeypatch):
    """A search that hides only what is small leaves 3 as 23 - 20."""
    table = Table("t", ("unit", "n"), (("a", 3), ("b", 20), ("total", 23)), counts=("n",))
    monkeypatch.setattr(disclosing, "covered", lambda problem, attacker: problem.primary)
    with pytest.raises(DisclosureError, match="1 hidden count would follow from what is shown"):
        disclose(table)
    assert disclose(table, profile="nhs-7-round5").tables[0].column("n") == (HIDDEN, 20, 25)  # 18 to 22 from 23 to 27


class TestMerging:
    """A table that would show no count says which groups to merge."""

    def test_small_groups_are_joined_until_they_can_be_shown(self):
        table = Table("units", ("unit", "n"), (("a", 3), ("b", 2), ("c", 4), ("d", 1)), counts=("n",))
        result = disclose(table)
        assert set(result.tables[0].column("n")) == {HIDDEN}
        assert {row["merge"]: row["shown"] for row in result.proposals.records()} == {"c + d": 2, "a + b": 2}

    def test_a_table_that_shows_something_needs_no_proposal(self):
        assert not disclose(visits()).proposals.rows

    def test_columns_are_joined_where_rows_do_not_help(self):
        table = Table("t", ("unit", "a", "b"), (("x", 3, 3),), counts=("a", "b"))
        assert [row[1:] for row in disclose(table).proposals.rows] == [("columns", "a + b", 1)]

    def test_where_nothing_helps_the_table_is_to_be_left_out(self):
        assert disclose(Table("t", ("unit", "n"), (("x", 3),))).proposals.rows == (("t", "rows", "", 0),)


@settings(max_examples=60)
@given(st.lists(st.lists(st.one_of(st.none(), st.integers(0, 12)), min_size=3, max_size=3), min_size=1, max_size=4))
def test_a_safe_answer_always_exists(counts):
    rows = tuple((f"r{i}", *row, sum(value or 0 for value in row)) for i, row in enumerate(counts))
    result = disclose(Table("t", ("unit", "a", "b", "c", "all"), rows, counts=("a", "b", "c", "all")))
    assert result.audit.records()[0]["computable"] == 0


class TestCurves:
    """DEFINITIONS 5.2."""

    @settings(max_examples=50)
    @given(
        st.lists(st.tuples(st.integers(0, 900), st.booleans()), min_size=1, max_size=120),
    )
    def test_every_interval_holds_no_or_at_least_five_stops_and_no_or_at_least_five_others(self, cases):
        curve = kaplan_meier([days for days, _ in cases], [stopped for _, stopped in cases])
        months, _ = month_ends(curve, profile_named("se-5"))
        edges = [0, *(month * DAYS_PER_MONTH for month in months)]
        for start, end in pairwise(edges):
            for kind in (True, False):
                here = sum(1 for days, stopped in cases if stopped == kind and (start < days <= end or days == 0 == start))
                assert here == 0 or here >= 5

    def test_within_the_line_has_the_curves_own_steps(self):
        curve = kaplan_meier([30, 60, 90, 120], [1, 1, 0, 1])
        line = shown_curve(curve, profile_named("internal")).line
        assert [round(y, 4) for _, y in line] == [1, 1, 0.75, 0.75, 0.5, 0.5, 0]

    def test_outside_no_point_lies_off_a_month_end_but_the_published_quantiles(self):
        days = list(range(10, 810, 10))
        curve = kaplan_meier(days, [1] * len(days))
        known = {round(days / DAYS_PER_MONTH, 6) for days in (curve.quantile(0.5).value, curve.quantile(0.9).value)}
        for x, _ in shown_curve(curve, profile_named("se-5")).line:
            assert x == int(x) or round(x, 6) in known
