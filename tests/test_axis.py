"""How moments are compared, and the time between them: dates by the day, clock times by the clock (DEFINITIONS 1.1-1.4)."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadtime.cases.clock import DAY_US, Axis, Bound

# Days around 1970, where dividing rounds to another side; and the last day there is.
DAYS = st.one_of(st.integers(-3, 3), st.sampled_from([-25_567, 18_627, 2_932_896]))
DATES = DAYS.map(lambda day: (day * DAY_US, True))
CLOCKS = st.tuples(DAYS, st.sampled_from([0, 1, DAY_US // 2, DAY_US - 1])).map(lambda at: (at[0] * DAY_US + at[1], False))


def value_of(expression: nw.Expr, **moments: tuple[int, bool]) -> Any:
    """What an expression says of one row; instants are two hours behind the wall clock."""
    columns = {name: [value] for moment, (wall, is_date) in moments.items() for name, value in (
        (f"{moment}_us", wall - 7_200_000_000), (f"{moment}_wall_us", wall), (f"{moment}_is_date", is_date),
    )}  # fmt: skip
    return nw.from_native(pd.DataFrame(columns)).select(value=expression)["value"][0]


@pytest.mark.parametrize(("precision", "kinds"), [("date", DATES), ("clock", CLOCKS), ("mixed", st.one_of(DATES, CLOCKS))])
def test_one_moment_precedes_another_by_the_day_where_either_is_a_date(precision, kinds):
    @given(kinds, kinds)
    def holds(first, second):
        by_day = first[1] or second[1]
        earlier = first[0] // DAY_US < second[0] // DAY_US if by_day else first[0] < second[0]
        assert bool(value_of(Axis(precision).precedes("start", "end"), start=first, end=second)) == earlier

    holds()


@given(DATES, st.one_of(DATES, CLOCKS))
def test_from_a_date_to_the_end_of_observation_whole_days_pass(first, second):
    days = second[0] // DAY_US - first[0] // DAY_US
    for precision in ("date", "mixed"):
        assert int(value_of(Axis(precision).elapsed("start", "end"), start=first, end=second)) == days * DAY_US


@given(DAYS, st.one_of(DATES, CLOCKS))
def test_a_date_is_observed_up_to_the_last_day_and_a_clock_time_up_to_its_end(last, moment):
    ends = (last + 1) * DAY_US - 7_200_000_000
    seen = value_of(Bound(last, ends, last * DAY_US, is_date=True).holds("start"), start=moment)
    assert bool(seen) == (moment[0] // DAY_US <= last)
