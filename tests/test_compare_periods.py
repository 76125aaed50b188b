"""Three populations of one period, both designs, and shares within a limit: by hand, against numpy, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

import leadtime as lt

PATHWAY = {
    "name": "test",
    "start": "s",
    "stop": "e",
    "milestones": {"s": {"activities": ["S"]}, "e": {"activities": ["E"]}},
    "exits": {"moved": {"activities": ["X"]}},
}
DAY0 = date(2019, 1, 1)


def times_of(*cases: tuple[int, int | None, str], until: int = 364, cohorts: tuple[str, ...] = ()) -> lt.LeadTimes:
    """Cases as (start day, days to the end or None, how it ends), counted from the New Year of 2019."""
    rows = []
    for number, (start, days, end) in enumerate(cases):
        own = {"cohort": cohorts[number]} if cohorts else {}
        rows.append({"case_id": f"{number:03}", "activity": "S", "start": str(DAY0 + timedelta(days=start)), **own})
        if days is not None:
            rows.append({"case_id": f"{number:03}", "activity": end, "start": str(DAY0 + timedelta(days=start + days)), **own})
    log = lt.read_log(pd.DataFrame(rows), observed_until=str(DAY0 + timedelta(days=until)))
    return lt.lead_times(log, lt.read_pathway(PATHWAY))


# April to June, the days 90 to 180.
QUARTER = {"period_start": "2019-04-01", "period_end": "2019-06-30"}
SIX = (
    (0, 100, "E"),  # done on day 100: in the quarter
    (10, 300, "E"),  # waits through it
    (90, 90, "E"),  # starts on its first day, done on its last
    (100, None, ""),  # starts in it, still open
    (180, 30, "E"),  # starts on its last day
    (150, 20, "X"),  # starts in it and leaves in it
)


def test_the_three_populations_of_a_quarter_by_hand() -> None:
    completed, started, waiting = lt.populations(times_of(*SIX), **QUARTER).populations
    assert (completed.n, completed.median.value, completed.mean_days) == (2, 95.0, 95.0)
    assert (started.n, started.observed, started.open, started.left) == (4, 2, 1, 1)
    assert started.median.value == 90  # 20 left, 30 done, 90 done: 4 at risk, 3, 2
    assert (waiting.n, waiting.open) == (3, 3)  # those of day 10, 100 and 180; the first day's is done on the last day of the quarter
    assert waiting.median.value == 80  # 170, 80 and 0 days so far


def test_who_is_done_on_the_last_day_no_longer_waits_and_who_leaves_doesn_t_either() -> None:
    waiting = lt.populations(times_of((0, 180, "E"), (0, 181, "E"), (5, 175, "X"), (5, 176, "X")), **QUARTER).populations[2]
    assert waiting.n == 2


def test_each_population_has_its_own_median_in_a_steady_flow() -> None:
    """One child every second day, waits of 100 or 300 days: those who wait at the end have waited for less than they will."""
    times = times_of(*((2 * n, (100, 300)[n % 2], "E") for n in range(700)), until=2000)
    found = lt.populations(times, period_start="2021-01-01", period_end="2021-06-30")
    completed, started, waiting = (each.median.value for each in found.populations)
    assert 100 <= completed <= 300
    assert 100 <= started <= 300
    assert waiting < 150
    assert found.populations[2].p90_days < 300


def test_forward_and_backward_say_how_long_each_could_be_seen() -> None:
    forward, backward = lt.populations(times_of(*SIX), **QUARTER).designs.records()
    assert (forward["n"], forward["shortest_days"], forward["longest_days"]) == (4, 364 - 180, 364 - 90)
    assert (backward["n"], backward["shortest_days"], backward["longest_days"]) == (2, 100, 180)


def test_backward_the_short_lead_times_that_a_young_log_prefers_are_weighed_down() -> None:
    """The log begins 400 days before the end of the period, so most of those who take 350 days can't have come to their end."""
    generator = np.random.default_rng(6)
    cases = [(int(day), int(generator.choice([50, 350])), "E") for day in range(400)]
    seen = [case for case in cases if case[0] + case[1] <= 400]
    found = lt.populations(times_of(*seen, until=400), period_start="2019-01-01", period_end="2020-02-05")
    naive = found.populations[0].median.value
    backward = found.seen[1]
    assert naive == 50
    assert "of those that last at most" in backward.median.note
    curve = lt.survival.right_truncated([days for _, days, _ in seen], [400 - start for start, _, _ in seen])
    assert curve.at([60])[0].value < 0.7 < np.mean([days == 50 for _, days, _ in seen])


def test_a_period_without_cases_is_empty_and_not_an_error() -> None:
    found = lt.populations(times_of((200, 20, "E")), period_start="2019-01-01", period_end="2019-01-31")
    assert [each.n for each in found.populations] == [0, 0, 0]
    assert {each.median.value for each in found.populations} == {None}
    assert "not reached" in str(found.populations[0].median)


@pytest.mark.parametrize(
    ("period", "message"),
    [
        ({"period_start": "soon", "period_end": "2019-06-30"}, "period_start='soon' is no date"),
        ({"period_start": "2019-06-30", "period_end": "2019-04-01"}, "period_end=2019-04-01 lies before period_start=2019-06-30"),
        ({"period_start": "2019-06-30", "period_end": "2020-04-01"}, "period_end=2020-04-01 lies after the end of observation, 2019-12-31"),
    ],
)
def test_a_period_that_cannot_be_is_refused(period: dict[str, str], message: str) -> None:
    with pytest.raises(lt.UsageError, match=message):
        lt.populations(times_of(*SIX), **period)


def test_the_day_of_the_limit_is_within() -> None:
    times = times_of(*((0, days, "E") for days in (125, 126, 127, 128)))
    assert lt.within_limit(times, 126).groups[0].done.value == 0.5
    assert lt.within_limit(times, 125.5).groups[0].done.value == 0.25


def test_within_a_limit_all_who_started_count_and_the_shares_add_up() -> None:
    cases = [(3 * n, 40 + n, ("E", "E", "X")[n % 3]) if n % 5 else (3 * n, None, "") for n in range(60)]
    group = lt.within_limit(times_of(*cases), 70).groups[0]
    days = [case[1] if case[1] is not None else 364 - case[0] for case in cases]
    cause = [0 if case[1] is None else {"E": 1, "X": 2}[case[2]] for case in cases]
    wanted = lt.survival.aalen_johansen(days, cause)
    assert group.done.value == pytest.approx(wanted.at(70)[0].value)
    assert (group.done.lower, group.done.upper) == pytest.approx((wanted.at(70)[0].lower, wanted.at(70)[0].upper))
    assert group.done.value + group.left_share + group.waiting_share == pytest.approx(1)
    assert group.of_finished == np.mean([d <= 70 for d, c in zip(days, cause, strict=True) if c == 1]) > group.done.value
    assert group.at_risk == sum(day >= 70 for day in days)


def test_within_a_limit_by_group_and_past_the_follow_up() -> None:
    times = times_of((0, 50, "E"), (0, None, ""), (0, 80, "E"), (0, 90, "E"), cohorts=("a", "a", "b", "b"))
    table = lt.within_limit(times, 60, by="cohort").to_pandas()
    assert table[["group", "n", "done"]].values.tolist() == [["a", 2, 0.5], ["b", 2, 0.0]]
    assert lt.within_limit(times, 400, by="cohort").groups[0].done.value is None
    with pytest.raises(lt.UsageError, match="days=-1"):
        lt.within_limit(times, -1)
    with pytest.raises(lt.InputError, match="no case attribute 'site'"):
        lt.within_limit(times, 60, by="site")


def test_within_the_limit_of_a_preset_its_own_clock_counts() -> None:
    """100 days of which 30 were the family's choice: past 90 by the lead time, within by the guarantee's clock."""
    rows = [("a", "S", 0), ("a", "P", 10), ("a", "Q", 40), ("a", "E", 100), ("b", "S", 0), ("b", "E", 91), ("c", "S", 0), ("c", "E", 90)]
    frame = pd.DataFrame(
        [(case, activity, str(DAY0 + timedelta(days=day))) for case, activity, day in rows], columns=["case_id", "activity", "start"]
    )
    pauses = {"pauses": {"chosen": {"begin": "P", "end": "Q", "reason": "family"}}}
    times = lt.lead_times(lt.read_log(frame, observed_until="2019-12-31"), lt.read_pathway(PATHWAY | pauses))
    guarantee = lt.within_limit(lt.clock_time(times, preset="vardgaranti"))
    assert (guarantee.days, guarantee.groups[0].done.value) == (90.0, pytest.approx(2 / 3))
    assert lt.within_limit(times, 90).groups[0].done.value == pytest.approx(1 / 3)
    assert lt.within_limit(lt.clock_time(times, preset="rtt")).groups[0].done.value == 1.0
    with pytest.raises(lt.UsageError, match="days is missing"):
        lt.within_limit(times)
