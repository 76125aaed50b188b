"""Claims on the parts of disclosure control: what a count can be, the sums that are found, how counts can change together, and what is
hidden at the least cost (DEFINITIONS 5.1)."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import pairwise

import pytest
import scipy.optimize
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadtime.disclosure import Cell, Profile, Sum, disclose, month_ends, profile_named, programs, shown_curve, sums_within
from leadtime.disclosure.algebra import derivable, kernel, reduced
from leadtime.disclosure.attacker import Attacker, Domain, Leak, Problem
from leadtime.disclosure.merging import proposals
from leadtime.disclosure.programs import Program
from leadtime.disclosure.search import covered
from leadtime.disclosure.sums import count_columns, links_of, whole
from leadtime.durations import DAYS_PER_MONTH
from leadtime.results import Table
from leadtime.survival import kaplan_meier

A, B, C, D, ALL, E = (Cell("t", row, "n") for row in range(6))
SMALL, FREE, COVER = Domain(1, 4), Domain(0, 60), Domain(5, 60, or_none=True)
SE5 = profile_named("se-5")


def problem(values, sums, *, profile=SE5, unpublished=(), keep=()):
    primary = frozenset(cell for cell, value in values.items() if profile.hides(value))
    return Problem(values, tuple(sums), primary, frozenset(unpublished), profile, frozenset(keep))


class TestWhatACountCanBe:
    def test_a_small_count_lies_between_its_ends(self):
        assert SMALL.ends == (1, 4)
        assert [SMALL.holds(value) for value in range(6)] == [False, True, True, True, True, False]
        assert [SMALL.within(*ends) for ends in ((0, 9), (1, 4), (2, 3), (4, 4), (5, 9), (-3, 0))] == [4, 4, 2, 1, 0, 0]

    def test_a_count_that_is_hidden_as_cover_is_none_or_not_small(self):
        assert COVER.ends == (0, 60)
        assert [COVER.holds(value) for value in (-1, 0, 1, 4, 5, 60, 61)] == [False, True, False, False, True, True, False]
        assert [COVER.within(*ends) for ends in ((0, 6), (1, 6), (-2, 0), (1, 4), (-3, -1))] == [3, 2, 1, 0, 0]

    def test_the_attacker_knows_what_each_kind_of_hidden_count_can_be(self):
        """A count alone in no sum: small ones have four values, of which three are enough; a shown one has none."""
        found = Attacker(problem({A: 3, B: 9}, ())).fewest_values(frozenset({A, B}), {A, B})
        assert found == {A: 3, B: 3}

    def test_a_count_that_is_no_small_one_is_sought_up_to_twice_itself_and_some_more(self, monkeypatch):
        """4 + 4 = 8 has one answer, for which a program is asked; C is cover, and D stands in no table."""
        asked = []

        def noted(sums, domains, values):
            asked.append(domains)
            return Program(sums, domains, values)

        monkeypatch.setattr(programs, "Program", noted)
        given = problem({A: 4, B: 4, ALL: 8, C: 9, D: 7, E: 20}, [Sum(ALL, (A, B)), Sum(E, (A, C, D))], unpublished={D})
        assert Attacker(given).fewest_values(frozenset({A, B, C, D}), {A, C, D}) == {A: 1, C: 3, D: 3}
        assert asked[0] == {A: SMALL, B: SMALL, C: Domain(5, 18 + 20 + 40, or_none=True), D: Domain(0, 14 + 20 + 40)}

    def test_a_shown_count_that_is_rounded_is_unknown_within_its_rounding(self):
        """3 + 12 + 10 = 25: the total shown as 25 can be 23 to 27, so what is small isn't told by the others."""
        nhs = profile_named("nhs-7-round5")
        values = {A: 3, B: 12, C: 10, ALL: 25}
        one = [Sum(ALL, (A, B, C))]
        assert covered(problem(values, one, profile=nhs), Attacker(problem(values, one, profile=nhs))) == {A}
        assert covered(problem(values, one), Attacker(problem(values, one))) == {A, C}


@pytest.fixture(params=["listed", "solved"])
def _either_way(request, monkeypatch):
    """Answers are listed where they are few, else sought one by one by a solver; what is found must be the same."""
    if request.param == "solved":
        monkeypatch.setattr(programs, "MOST_LISTED", 0)


@pytest.mark.usefixtures("_either_way")
class TestIntegerPrograms:
    def test_all_other_values_of_a_small_count_are_found(self):
        program = Program((Sum(ALL, (A, B, C)),), {A: SMALL, B: SMALL, C: COVER}, {A: 3, B: 4, C: 5, ALL: 12})
        changes = list(program.others(A))
        assert sorted(3 + change[A] for change in changes) == [1, 2, 4]
        assert all(change[A] + change[B] + change[C] == 0 for change in changes)
        assert all(SMALL.holds(4 + change[B]) and COVER.holds(5 + change[C]) for change in changes)

    def test_cover_is_none_or_at_least_the_threshold_and_at_most_what_the_total_allows(self):
        program = Program((Sum(ALL, (A, C)),), {A: FREE, C: COVER}, {A: 2, C: 10, ALL: 12})
        assert sorted(10 + change[C] for change in program.others(C)) == [0, 5, 6, 7, 8, 9, 11, 12]

    def test_an_unknown_total_is_what_its_parts_make(self):
        program = Program((Sum(ALL, (A, B)),), {A: SMALL, ALL: FREE}, {A: 2, B: 7, ALL: 9})
        assert sorted(9 + change[ALL] for change in program.others(ALL)) == [8, 10, 11]
        assert all(change[ALL] == change[A] for change in program.others(ALL))

    def test_a_count_in_no_sum_has_all_the_values_of_its_own(self):
        assert sorted(2 + change[A] for change in Program((), {A: SMALL}, {A: 2}).others(A)) == [1, 3, 4]

    @pytest.mark.parametrize(("total", "first", "values"), [(8, 4, 1), (7, 3, 2), (6, 3, 3)])
    def test_the_sums_that_prove_how_few_values_a_count_has_are_named(self, total, first, values):
        """Both parts are 1 to 4. Another sum, which has no part in it, isn't named."""
        other = Cell("other", 0, "n"), Cell("other", 1, "n"), Cell("other", 2, "n")
        sums = (Sum(ALL, (A, B)), Sum(other[2], other[:2]))
        counts = {A: first, B: total - first, ALL: total, **dict(zip(other, (20, 30, 50), strict=True))}
        program = Program(sums, {A: SMALL, B: SMALL, other[0]: FREE, other[1]: FREE}, counts)
        assert program.around(A, values) == ()
        assert program.around(A, values + 1) == (ALL, A, B)

    def test_a_count_of_which_nothing_else_is_free_has_no_other_value(self):
        program = Program((Sum(ALL, (A, B)), Sum(D, (A, B, B))), {A: SMALL, B: SMALL}, {A: 2, B: 3, ALL: 5, D: 8})
        assert list(program.others(A)) == []

    def test_where_no_sum_takes_a_value_away_none_is_named(self):
        assert Program((Sum(ALL, (A, B)),), {A: SMALL, B: SMALL}, {A: 2, B: 3, ALL: 5}).around(A, 5) == ()


class TestListedAnswers:
    @pytest.mark.parametrize(("enough", "asked"), [(2, False), (3, True)])
    def test_a_count_that_has_enough_of_the_listed_values_is_not_looked_at_by_a_linear_program(self, enough, asked, monkeypatch):
        """4 + 3 = 7 where both are 1 to 4: 3 or 4."""
        calls = []

        def counted(*args, **options):
            calls.append(1)
            return solver(*args, **options)

        solver = scipy.optimize.linprog
        monkeypatch.setattr(scipy.optimize, "linprog", counted)
        program = Program((Sum(ALL, (A, B)),), {A: SMALL, B: SMALL}, {A: 4, B: 3, ALL: 7})
        assert program.around(A, enough) == ((ALL, A, B) if asked else ())
        assert bool(calls) == asked

    @pytest.mark.parametrize(("most", "listed"), [(16, True), (15, False)])
    def test_so_many_answers_are_listed_and_no_more(self, most, listed, monkeypatch):
        """Two counts of four values each are free, the third follows: 16 answers."""
        calls = []
        monkeypatch.setattr(programs, "MOST_LISTED", most)
        monkeypatch.setattr(Program, "_solved", lambda *_: calls.append(1))
        list(Program((Sum(ALL, (A, B, C)),), {A: SMALL, B: SMALL, C: SMALL}, {A: 2, B: 3, C: 1, ALL: 6}).others(A))
        assert bool(calls) != listed

    @pytest.mark.parametrize(("mended", "values"), [(True, [1, 3, 4]), (False, [])])
    def test_an_answer_of_the_solver_that_does_not_fit_is_not_taken(self, mended, values, monkeypatch):
        """As scipy before 1.17.1 gives some, for ever the same, with the presolve of its solver."""

        def beyond(*args, options=None, **others):
            found = solver(*args, **others)
            if found.x is not None and not (mended and options == {"presolve": False}):
                found.x = found.x + 1
            return found

        solver = scipy.optimize.milp
        monkeypatch.setattr(scipy.optimize, "milp", beyond)
        monkeypatch.setattr(programs, "MOST_LISTED", 0)
        program = Program((Sum(ALL, (A, B)),), {A: SMALL, B: SMALL}, {A: 2, B: 3, ALL: 5})
        assert sorted(2 + change[A] for change in program.others(A)) == values

    def test_few_answers_need_no_solver(self, monkeypatch):
        monkeypatch.setattr(Program, "_solved", None)
        program = Program((Sum(ALL, (A, B)),), {A: SMALL, B: SMALL}, {A: 2, B: 3, ALL: 5})
        assert sorted(2 + change[A] for change in program.others(A)) == [1, 3, 4]

    @pytest.mark.parametrize("seed", range(25))
    def test_the_values_listed_are_those_that_a_solver_finds(self, seed, monkeypatch):
        """Counts of two rows and three columns with their sums, some weighted twice; each domain holds its count."""
        draw = random.Random(seed)
        cells = [Cell("t", row, column) for row in range(2) for column in "abc"]
        values = {cell: draw.choice((0, 1, 3, 6, 9)) for cell in cells}
        sums = []
        for number, parts in enumerate((cells[:3], cells[3:], cells[::3], (*cells[1::3], cells[1]))):
            total = Cell("total", number, "n")
            values[total] = sum(values[part] for part in parts)
            sums.append(Sum(total, tuple(parts)))
        unknown = [*draw.sample(cells, 5), sums[0].total]
        domains = {cell: Domain(1, 4) if 1 <= values[cell] <= 4 else Domain(5, 14, or_none=True) for cell in unknown[:5]}
        domains[unknown[5]] = Domain(0, 30)
        program = Program(tuple(sums), domains, values)
        listed = {cell: sorted(change[cell] for change in program.others(cell)) for cell in unknown}
        named = {cell: program.around(cell, 3) for cell in unknown}
        monkeypatch.setattr(programs, "MOST_LISTED", 0)
        assert listed == {cell: sorted(change[cell] for change in program.others(cell)) for cell in unknown}
        assert named == {cell: program.around(cell, 3) for cell in unknown}


class TestHowCountsChangeTogether:
    def test_a_count_follows_from_several_sums(self):
        rows = (Sum(ALL, (A, B)), Sum(D, (B, C)))
        assert derivable(rows, {A, B}) == {A: (C, D, ALL), B: (C, D)}
        assert derivable(rows, {A, B, C}) == {}
        assert derivable(rows, ()) == {}

    def test_an_equation_that_another_one_holds_already_adds_nothing(self):
        rows = [Sum(ALL, (A, B)), Sum(ALL, (B, A)), Sum(C, (ALL,))]
        assert reduced(rows, {A, B}) == {A: {A: 1, B: 1}}

    def test_a_change_keeps_every_sum(self):
        rows = [Sum(ALL, (A, B, C)), Sum(D, (A, A, B))]
        (change,) = kernel(reduced(rows, {A, B, C}), {A, B, C})
        assert sum(change.values()) == 2 * change[A] + change[B] == 0
        assert {abs(by) for by in change.values()} == {1, 2}

    def test_what_is_in_no_sum_changes_by_itself(self):
        assert kernel(reduced([Sum(ALL, (A, B))], {A, B, C}), {A, B, C}) == [{B: 1, A: -1}, {C: 1}]


class TestWhatIsHiddenBesides:
    def test_of_two_counts_that_would_do_the_smaller_is_hidden(self):
        given = problem({A: 3, B: 9, C: 7, ALL: 19}, [Sum(ALL, (A, B, C))])
        assert Attacker(given).leaks(frozenset({A})) == [Leak(A, (B, C, ALL))]
        assert covered(given, Attacker(given)) == {A, C}

    def test_a_count_to_keep_is_hidden_only_where_nothing_else_helps(self):
        given = problem({A: 3, B: 9, C: 7, ALL: 19}, [Sum(ALL, (A, B, C))], keep={C, ALL})
        assert covered(given, Attacker(given)) == {A, B}

    def test_one_count_that_covers_two_is_taken_before_two(self):
        """A and B, each in a sum of its own with D: D (20) costs one cell, C and the totals would be two."""
        totals = Cell("t", 7, "n"), Cell("t", 8, "n")
        values = {A: 3, B: 2, D: 20, totals[0]: 23, totals[1]: 22}
        given = problem(values, [Sum(totals[0], (A, D)), Sum(totals[1], (B, D))])
        assert covered(given, Attacker(given)) == {A, B, D}

    def test_a_zero_is_no_cover_while_another_count_can_be(self):
        given = problem({A: 3, B: 0, C: 30, ALL: 33}, [Sum(ALL, (A, B, C))])
        assert Attacker(given).leaks(frozenset({A})) == [Leak(A, (C, ALL))]

    def test_where_a_small_count_has_two_values_at_most_these_are_enough(self):
        """With a threshold of three: 1 or 2, whatever else is hidden. For one who doesn't know the rule they are many."""
        three = Profile("of our own", threshold=3, rounding=1, median_stops=3, p90_stops=5, month_ends=True)
        table = Table("t", ("unit", "n"), (("a", 2), ("b", 1), ("c", 9), ("d", 8), ("total", 20)), counts=("n",))
        shown = disclose(table, profile=three).tables[0]  # type: ignore[arg-type]
        assert [row[1] for row in shown.rows][2:] == [9, 8, 20]

    def test_each_sum_that_tells_a_count_leaves_a_choice_of_its_own_cells(self):
        """3 + 4 = 7 where both are 1 to 4; and 4 is what is left of 24 without 20."""
        values = {A: 3, B: 4, C: 20, D: 24, ALL: 7}
        leaks = Attacker(problem(values, [Sum(ALL, (A, B)), Sum(D, (B, C))])).leaks(frozenset({A, B}))
        assert leaks == [Leak(A, (ALL,)), Leak(B, (ALL,)), Leak(B, (C, D))]


class TestTheSumsThatAreFound:
    def test_a_table_has_counts_by_its_own_word_by_custom_or_by_whole_numbers(self):
        rows = (("a", 3, 2019, 7, 1.5), ("b", 4, 2020, 8, 2.5))
        columns = ("unit", "girls", "year", "wait_days", "share")
        assert count_columns(Table("t", columns, rows)) == ("girls",)
        assert count_columns(Table("t", columns, rows, counts=("wait_days",))) == ("wait_days",)
        assert count_columns(Table("t", ("unit", "cases", "girls"), (("a", 3, 1),))) == ("cases",)
        assert count_columns(Table("t", ("unit", "less", "flag"), (("a", -1, True),))) == ()
        assert count_columns(Table("t", ("unit", "none", "some"), (("a", 0, None), ("b", 0, 3)))) == ("none", "some")
        assert count_columns(Table("t", ("unit", "blank"), (("a", None),))) == ()

    def test_the_total_may_be_any_column_or_row(self):
        by_column = Table("t", ("unit", "all", "yes", "no"), (("a", 12, 5, 7), ("b", 9, 3, 6)), counts=("all", "yes", "no"))
        assert [(one.total.column, [part.column for part in one.parts]) for one in sums_within(by_column)] == [("all", ["yes", "no"])] * 2
        by_row = Table("t", ("unit", "n"), (("whole", 12), ("a", 5), ("b", 7)), counts=("n",))
        assert [(one.total.row, [part.row for part in one.parts]) for one in sums_within(by_row)] == [(0, [1, 2])]

    def test_what_adds_up_in_one_row_only_is_no_total(self):
        table = Table("t", ("unit", "a", "b", "c"), (("x", 5, 7, 12), ("y", 5, 7, 13)), counts=("a", "b", "c"))
        assert sums_within(table) == ()
        assert sums_within(Table("t", ("unit", "n"), (("a", 4), ("b", 4)), counts=("n",))) == ()

    def test_how_cases_ended_is_a_sum_that_splits_no_group(self):
        columns = ("cohort", "n", "observed", "unfinished", "open", "left")
        table = Table("t", columns, (("before", 20, 12, 8, 5, 3),))
        found = sums_within(table)
        assert {(one.total.column, tuple(part.column for part in one.parts)) for one in found} == {
            ("n", ("observed", "open", "left")), ("n", ("observed", "unfinished")), ("unfinished", ("open", "left")),
        }  # fmt: skip
        assert not any(one.splits_group for one in found)

    def test_the_rest_of_a_cohort_is_a_count_that_stands_nowhere(self):
        found = links_of([Table("t", ("cohort", "n", "observed"), (("before", 20, 17), ("after", 9, 9)))])
        (rest,) = found.values
        assert found.values[rest] == 3
        assert found.sums == [Sum(Cell("t", 0, "n"), (Cell("t", 0, "observed"), rest), splits_group=False)]

    def test_margins_are_known_by_the_words_for_totals(self):
        rows = (("a", "girls", 5), ("a", "boys", 6), ("a", "Total ", 11), ("b", "girls", 7), ("b", "boys", 9), ("b", "Total", 15))
        found = sums_within(Table("t", ("unit", "sex", "n"), rows, counts=("n",)))
        assert [(one.total.row, [part.row for part in one.parts]) for one in found] == [(2, [0, 1])]  # 7 + 9 isn't 15

    def test_rows_of_one_label_and_figure_in_two_tables_are_one_count(self):
        one = Table("one", ("unit", "n"), (("Norr", 7), ("Söder", 8), ("Öst", 2)), counts=("n",))
        other = Table("other", ("unit", "n"), ((" norr", 7), ("Söder", 9), ("Väst", 20)), counts=("n",))
        assert links_of([one, other]).sums == [Sum(Cell("one", 0, "n"), (Cell("other", 0, "n"),), splits_group=False)]

    def test_columns_of_one_name_that_add_up_to_the_same_share_a_total_that_stands_nowhere(self):
        one = Table("one", ("unit", "n"), (("a", 7), ("b", 8)), counts=("n",))
        other = Table("other", ("sex", "n"), (("girls", 9), ("boys", 6)), counts=("n",))
        found = links_of([one, other])
        assert list(found.values.values()) == [15]
        assert [one.parts for one in found.sums] == [tuple(Cell(name, row, "n") for row in (0, 1)) for name in ("one", "other")]
        assert links_of([one, Table("other", ("sex", "n"), (("girls", 9), ("boys", 7)), counts=("n",))]).sums == []

    def test_what_is_none_everywhere_or_equal_in_two_columns_is_no_total(self):
        columns = ("a", "b", "c")
        assert sums_within(Table("t", ("unit", *columns), (("x", 0, 0, 0), ("y", 0, 0, 0), ("z", 0, 0, 0)), counts=columns)) == ()
        assert sums_within(Table("t", ("unit", "a", "b"), (("x", 5, 5), ("y", 7, 7)), counts=("a", "b"))) == ()
        assert len(sums_within(Table("t", ("unit", *columns), (("x", 0, 0, 0), ("y", 1, 2, 3)), counts=columns))) == 2

    def test_the_last_of_several_that_could_be_the_total_is_taken(self):
        columns = ("a", "b", "c")
        both = Table("t", ("unit", *columns), (("x", 5, 0, 5), ("y", 7, 0, 7)), counts=columns)
        assert [one.total.column for one in sums_within(both)] == ["c", "c"]
        rows = Table("t", ("unit", "n"), (("x", 5), ("y", 0), ("z", 5)), counts=("n",))
        assert [(one.total.row, [part.row for part in one.parts]) for one in sums_within(rows)] == [(2, [0, 1])]

    def test_how_cases_ended_is_linked_where_it_adds_up_and_no_column_is_taken_for_a_total_besides(self):
        table = Table(
            "t",
            ("cohort", "n", "observed", "open", "left"),
            (("before", 20, 12, 5, 3), ("after", 20, 12, 5, 4), ("late", 9, 9, None, None)),
        )
        assert [(one.total.row, len(one.parts)) for one in sums_within(table)] == [(0, 3), (2, 3)]
        assert links_of([table]).values == {}

    def test_a_single_child_that_is_left_is_a_rest_and_one_that_unfinished_tells_is_none(self):
        found = links_of(
            [Table("t", ("cohort", "n", "observed", "open"), (("before", 20, 12, 7), ("blank", 20, None, 8), ("empty", None, None, None)))]
        )
        assert list(found.values.values()) == [1, 12]
        assert [one.total.row for one in found.sums] == [0, 1]
        assert links_of([Table("t", ("cohort", "n", "observed", "unfinished"), (("before", 20, 12, 7),))]).sums == []
        assert links_of([Table("t", ("cohort", "n"), (("before", 20),))]).sums == []

    def test_two_rows_that_are_both_called_total_are_no_margin(self):
        rows = (("a", 5), ("b", 6), ("total", 11), ("all", 11), ("c", 90))
        assert sums_within(Table("t", ("unit", "n"), rows, counts=("n",))) == ()

    def test_margins_along_two_sides_are_found_by_either_label(self):
        rows = (("a", "g", 5), ("a", "b", 6), ("a", "all", 11), ("b", "g", 7), ("b", "b", 9), ("b", "all", 16), ("all", "g", 12))
        found = sums_within(Table("t", ("unit", "sex", "n"), rows, counts=("n",)))
        assert {(one.total.row, *(part.row for part in one.parts)) for one in found} == {(2, 0, 1), (5, 3, 4), (6, 0, 3)}

    def test_a_total_that_stands_in_both_tables_is_the_link_and_none_is_added(self):
        one = Table("one", ("unit", "n"), (("a", 7), ("b", 8), ("total", 15)), counts=("n",))
        other = Table("other", ("sex", "n"), (("girls", 9), ("boys", 6), ("Total", 15)), counts=("n",))
        found = links_of([one, other])
        assert found.values == {}
        assert found.sums[2:] == [Sum(Cell("one", 2, "n"), (Cell("other", 2, "n"),), splits_group=False)]

    def test_a_total_of_a_single_part_is_left_out_of_what_adds_up_and_of_what_is_merged(self):
        one = Table("one", ("sex", "n"), (("girls", 4), ("total", 4)), counts=("n",))
        other = Table("other", ("unit", "n"), (("x", 1), ("y", 3)), counts=("n",))
        found = links_of([one, other])
        assert list(found.values.values()) == [4]
        assert [one.parts for one in found.sums[1:]] == [(Cell("one", 0, "n"),), (Cell("other", 0, "n"), Cell("other", 1, "n"))]
        assert proposals([one], SE5).rows == (("one", "rows", "", 0),)

    def test_columns_of_nothing_and_of_other_names_share_no_total(self):
        nothing = [Table(name, ("who", "n"), ((name, 0), (name * 2, 0)), counts=("n",)) for name in ("a", "b")]
        assert links_of(nothing).sums == []
        named = [Table(name, ("who", name), ((name, 6), (name * 2, 9)), counts=(name,)) for name in ("a", "b")]
        assert links_of(named).sums == []

    def test_rows_that_two_share_a_label_with_and_blanks_link_nothing(self):
        one = Table("one", ("unit", "n"), (("a", 7), ("a", 8), ("b", None)), counts=("n",))
        other = Table("other", ("unit", "n"), (("a", 7), ("b", None), ("c", 20)), counts=("n",))
        assert links_of([one, other]).sums == []

    def test_whole_numbers_are_counts_in_whatever_type_they_come(self):
        assert [whole(value) for value in (7, 7.0, 0, -2.0, 7.5, True, None, "7", math.nan)] == [7, 7, 0, -2, None, None, None, None, None]


class TestMerging:
    def test_a_column_that_is_a_total_is_no_group(self):
        columns = ("a", "b", "c", "all")
        table = Table("t", ("unit", *columns), (("x", 2, 1, 3, 6), ("y", 0, 0, 0, 0)), counts=columns)
        assert proposals([table], SE5).rows == (("t", "columns", "c + b + a", 2),)

    def test_the_greatest_group_takes_the_smallest_and_those_of_none_are_left(self):
        table = Table(
            "t", ("unit", "part", "n"), (("a", "p", 1), ("b", "p", 4), ("c", "q", 0), ("d", "q", 3), ("e", "q", 2)), counts=("n",)
        )
        assert proposals([table], SE5).rows == (("t", "rows", "b p + a p", 2), ("t", "rows", "d q + e q", 2))

    def test_a_group_that_stays_too_small_joins_the_last_of_those_before(self):
        table = Table("t", ("unit", "n"), (("a", 5), ("b", 4), ("c", 1), ("d", 1)), counts=("n",))
        assert proposals([table], SE5).rows == (("t", "rows", "b + d + c", 2),)

    def test_a_group_that_stays_too_small_joins_the_last(self):
        table = Table("t", ("unit", "n"), (("a", 6), ("b", 4), ("c", 3)), counts=("n",))
        assert proposals([table], SE5).rows == (("t", "rows", "b + c", 2),)
        assert proposals([Table("t", ("unit", "n"), (("a", 6), ("b", 4)), counts=("n",))], SE5).rows == (("t", "rows", "a + b", 1),)

    def test_a_total_is_no_group_and_is_shown_as_a_count_of_its_own(self):
        table = Table("t", ("unit", "n"), (("a", 3), ("b", 2), ("c", 4), ("d", 1), ("total", 10)), counts=("n",))
        assert proposals([table], SE5).rows == (("t", "rows", "c + d", 3), ("t", "rows", "a + b", 3))


class TestCurves:
    def test_a_month_that_is_told_by_itself_is_a_step_and_several_are_a_straight_line(self):
        """Five stops in the first month, none in the second, five by the fourth."""
        days = [20] * 5 + [70] * 2 + [100] * 3 + [130] * 5
        curve = kaplan_meier(days, [1] * 10 + [0] * 5)
        assert month_ends(curve, SE5) == ((1, 2, 4, 5), False)
        shown = shown_curve(curve, SE5)
        assert [(point.month, point.at_risk, point.merged) for point in shown.points] == [
            (1, 10, False), (2, 10, False), (4, 5, True), (5, 0, False),
        ]  # fmt: skip
        assert [point.survival for point in shown.points] == pytest.approx([2 / 3, 2 / 3, 1 / 3, 1 / 3])
        median = 100 / DAYS_PER_MONTH
        expected = [(0, 1), (1, 1), (1, 2 / 3), (2, 2 / 3), (median, 0.5), (4, 1 / 3), (5, 1 / 3)]
        assert [number for point in shown.line for number in point] == pytest.approx([number for point in expected for number in point])

    def test_the_last_months_are_left_out_where_they_hold_few_stops_or_few_others(self):
        assert month_ends(kaplan_meier([20] * 5 + [50] * 4, [1] * 9), SE5) == ((1,), True)
        assert month_ends(kaplan_meier([20] * 5 + [50] * 4, [1] * 5 + [0] * 4), SE5) == ((1,), True)
        assert month_ends(kaplan_meier([20] * 5 + [50] * 5, [1] * 5 + [0] * 5), SE5) == ((1, 2), False)

    def test_within_the_line_goes_on_level_to_the_last_time(self):
        line = shown_curve(kaplan_meier([30, 60, 90], [1, 1, 0]), profile_named("internal")).line
        expected = [(0, 1), (30, 1), (30, 2 / 3), (60, 2 / 3), (60, 1 / 3), (90, 1 / 3)]
        assert [number for month, share in line for number in (month * DAYS_PER_MONTH, share)] == pytest.approx(
            [number for point in expected for number in point]
        )
        assert shown_curve(kaplan_meier([30, 60], [1, 1]), profile_named("internal")).line[-1] == (60 / DAYS_PER_MONTH, 0.0)

    @given(st.lists(st.tuples(st.integers(0, 200), st.booleans()), min_size=1, max_size=60))
    @settings(max_examples=40)
    def test_every_interval_told_has_no_or_enough_stops_and_no_or_enough_others(self, cases):
        """Month by month in plain Python: a month's end belongs to it, and no time at all to the first."""
        curve = kaplan_meier([days for days, _ in cases], [int(stopped) for _, stopped in cases])
        last = max(1, math.ceil(max(days for days, _ in cases) / DAYS_PER_MONTH))
        kept, begin = [], 0
        for month in range(1, last + 1):
            within = [stopped for days, stopped in cases if begin < max(1, math.ceil(days / DAYS_PER_MONTH)) <= month]
            if all(number == 0 or number >= 5 for number in (sum(within), len(within) - sum(within))):
                kept, begin = [*kept, month], month
        rest = [days for days, _ in cases if max(1, math.ceil(days / DAYS_PER_MONTH)) > begin]
        assert month_ends(curve, SE5) == (tuple(kept), bool(rest))
        points = shown_curve(curve, SE5).points
        assert [point.merged for point in points] == [month - before > 1 for before, month in zip([0, *kept], kept, strict=False)]
        assert [point.at_risk for point in points] == [sum(days > month * DAYS_PER_MONTH for days, _ in cases) for month in kept]
        assert month_ends(curve, profile_named("internal")) == (tuple(range(1, last + 1)), False)

    def test_the_median_bends_the_line_with_five_stops_and_the_p90_with_ten(self):
        falling = kaplan_meier([40 + 10 * i for i in range(10)] + [300], [1] * 11)
        nine = kaplan_meier([40 + 10 * i for i in range(9)], [1] * 9)
        assert [round(share, 3) for _, share in shown_curve(falling, SE5).line if round(share, 3) in (0.5, 0.1)] == [0.5, 0.1]
        assert [round(share, 3) for _, share in shown_curve(nine, SE5).line if round(share, 3) in (0.5, 0.1)] == [0.5]

    def test_within_a_stop_on_the_first_day_falls_at_once_and_the_line_ends_with_the_curve(self):
        line = shown_curve(kaplan_meier([0, 30, 60], [1, 0, 1]), profile_named("internal")).line
        assert [share for _, share in line] == pytest.approx([1, 1, 2 / 3, 2 / 3, 0])
        assert [month * DAYS_PER_MONTH for month, _ in line] == pytest.approx([0, 0, 0, 60, 60])

    def test_a_median_of_four_stops_bends_no_line_and_one_at_a_month_s_end_neither(self):
        four = kaplan_meier([40, 70, 75, 80] + [20] * 5, [1] * 4 + [0] * 5)
        assert [share for _, share in shown_curve(four, replace(SE5, threshold=4)).line] == [1, 1, 0]
        five = kaplan_meier([40, 45, 70, 75, 80], [1] * 5)
        assert (70 / DAYS_PER_MONTH, 0.5) in shown_curve(five, SE5).line
        at_the_end = kaplan_meier([40, 45, *[3 * DAYS_PER_MONTH] * 3], [1] * 5)
        assert [share for _, share in shown_curve(at_the_end, SE5).line] == [1, 1, 0]


class TestRules:
    def test_each_profile_is_what_the_definitions_say(self):
        shown = {name: profile_named(name) for name in ("internal", "se-5", "nhs-7-round5")}
        numbers = {name: (one.threshold, one.rounding, one.median_stops, one.p90_stops, one.month_ends) for name, one in shown.items()}
        assert numbers == {"internal": (1, 1, 1, 1, False), "se-5": (5, 1, 5, 10, True), "nhs-7-round5": (8, 5, 8, 10, True)}
        assert profile_named(SE5) is SE5

    @pytest.mark.parametrize(("threshold", "rounding"), [(5, 1), (8, 5), (3, 2), (4, 10), (8, 3)])
    def test_a_rounded_count_may_be_any_that_is_shown_as_it_is(self, threshold, rounding):
        profile = Profile("of our own", threshold, rounding, median_stops=5, p90_stops=10, month_ends=True)
        assert [profile.hides(count) for count in range(threshold + 1)] == [False, *[True] * (threshold - 1), False]
        assert [profile.shown(count) for count in range(60)] == [math.floor(count / rounding + 0.5) * rounding for count in range(60)]
        for count in range(threshold, 60):
            alike = [other for other in range(threshold, 80) if profile.shown(other) == profile.shown(count)]
            assert profile.rounded_from(count) == (min(alike), max(alike))
        assert profile.rounded_from(0) == (0, 0)

    @pytest.mark.parametrize("profile", ["se-5", "internal"])
    @given(cases=st.lists(st.tuples(st.integers(1, 200), st.booleans()), min_size=10, max_size=80))
    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_the_curve_lies_between_its_limits_wherever_they_are_drawn(self, profile, cases):
        """Between month ends too: limits step where the curve steps, and bend at the limits of the median that it bends at."""
        shown = shown_curve(kaplan_meier([days for days, _ in cases], [int(stopped) for _, stopped in cases]), profile_named(profile))
        places = sorted({at for line in (shown.line, shown.lower, shown.upper) for at, _ in line})
        for left, right in pairwise(places):
            at = (left + right) / 2
            low, share, high = (drawn_at(line, at) for line in (shown.lower, shown.line, shown.upper))
            assert low is None or share is None or low <= share + 1e-9
            assert high is None or share is None or share <= high + 1e-9


def drawn_at(line, at):
    """Where a drawn line is at a place between its points; none past its end."""
    for (left, before), (right, after) in pairwise(line):
        if left < at < right:
            return before + (after - before) * (at - left) / (right - left)
    return None
