"""A pilot that spreads: sites not yet started are the comparison, and what moved everywhere alike falls out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import leadtime as lt
from leadtime.errors import NotEstimable, UsageError

DATES = {"A": "2019-07-01", "B": "2020-07-01", "C": "2021-07-01", "D": None}
PATHWAY = lt.read_pathway(
    {"name": "x", "start": "found", "stop": "help", "milestones": {"found": {"activities": "F"}, "help": {"activities": "H"}}}
)


def times_of(effect, *, noise=0.0, drift=0.0, seed=1, cases=60, until="2024-12-31", dates=DATES):
    draw = np.random.default_rng(seed)
    rows = []
    for place, (site, begun) in enumerate(dates.items()):
        for number, day in enumerate(np.sort(draw.integers(0, 4 * 365, cases))):
            start = np.datetime64("2018-07-01") + int(day)
            started = begun is not None and start >= np.datetime64(begun)
            # All sites drift alike by half-year, so that it cancels to the day.
            half = int(str(start)[:4]) * 2 + (int(str(start)[5:7]) > 6)
            days = round(200 + 20 * place + drift * (half - 4037) + (effect if started else 0) + noise * draw.normal())
            rows += [(f"{site}{number}", "F", str(start), site), (f"{site}{number}", "H", str(start + max(1, days)), site)]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start", "site"]), observed_until=until)
    return lt.lead_times(log, PATHWAY)


def test_the_effect_put_in_comes_out_where_all_sites_drift_alike():
    result = lt.stepped_comparison(times_of(-60, drift=-8), break_dates=DATES, tau=400, every="half-year")
    assert result.estimate.value == pytest.approx(-60, abs=1e-6)
    assert list(result.effects.column("difference_days")) == pytest.approx([-60] * len(result.effects.rows))


def test_a_plain_before_and_after_would_take_the_drift_for_an_effect():
    times = times_of(0, drift=-15)
    plain = lt.compare(times, break_date={**DATES, "D": "2022-07-01"}, tau=400, draws=50)
    assert plain.restricted_mean_difference.value < -30
    assert lt.stepped_comparison(times, break_dates=DATES, tau=400, every="half-year").estimate.value == pytest.approx(0, abs=1e-6)


def test_a_mean_of_cells_by_hand():
    dates = {"A": "2020-01-01", "B": None}
    lead = {("A", 2019): 100, ("B", 2019): 110, ("A", 2020): 70, ("B", 2020): 90}
    rows = []
    for (site, year), days in lead.items():
        for number in range(3):
            start = np.datetime64(f"{year}-03-01") + number
            rows += [(f"{site}{year}{number}", "F", str(start), site), (f"{site}{year}{number}", "H", str(start + days), site)]
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start", "site"]), observed_until="2021-12-31")
    result = lt.stepped_comparison(lt.lead_times(log, PATHWAY), break_dates=dates, tau=365, every="year")
    assert result.estimate.value == pytest.approx((70 - 100) - (90 - 110))
    assert result.test.p_value == 1.0  # of two orders of dates, both give an effect of 10 days


def test_the_interval_covers_no_effect_about_as_often_as_it_says():
    covered = 0
    for seed in range(12):
        found = lt.stepped_comparison(times_of(0, noise=60, seed=seed, cases=40), break_dates=DATES, tau=500, every="year").estimate
        covered += found.lower <= 0 <= found.upper
    assert covered >= 9


def test_doubled_cases_of_the_same_persons_are_no_more_certain():
    draw = np.random.default_rng(3)
    rows = []
    for number in range(240):
        start, site = np.datetime64("2018-07-01") + int(draw.integers(0, 3 * 365)), "ABCD"[number % 4]
        rows += [(number, "F", str(start), site), (number, "H", str(start + int(draw.integers(20, 300))), site)]
    single = pd.DataFrame(rows, columns=["person_id", "activity", "start", "site"])
    twice = pd.concat([single.assign(case_id=single["person_id"].astype(str) + copy) for copy in "xy"])
    found = [
        lt.stepped_comparison(
            lt.lead_times(lt.read_log(frame, observed_until="2022-12-31"), PATHWAY), break_dates=DATES, tau=200, every="year"
        )
        for frame in (single.rename(columns={"person_id": "case_id"}), twice, twice.drop(columns="person_id"))
    ]
    alone, by_person, naive = (result.estimate for result in found)
    assert by_person.value == pytest.approx(alone.value)
    assert by_person.standard_error == pytest.approx(alone.standard_error, rel=1e-9)
    assert naive.standard_error < 0.75 * alone.standard_error
    assert found[1].effects.column("standard_error") == pytest.approx(found[0].effects.column("standard_error"), rel=1e-9)
    assert found[1].cells.column("standard_error") == pytest.approx(found[0].cells.column("standard_error"), rel=1e-9)


def test_cases_of_one_person_in_two_periods_err_together():
    draw = np.random.default_rng(4)
    rows = []
    for number in range(80):
        site, slow = "AB"[number % 2], int(draw.integers(0, 150))
        for year in (2019, 2021):
            start = np.datetime64(f"{year}-02-01") + number
            case = (f"{number}in{year}", site, f"p{number}")
            rows += [(*case, "F", str(start)), (*case, "H", str(start + 20 + slow + int(draw.integers(0, 5))))]
    frame = pd.DataFrame(rows, columns=["case_id", "site", "person_id", "activity", "start"])
    with_persons, without = (
        lt.stepped_comparison(
            lt.lead_times(lt.read_log(each, observed_until="2022-12-31"), PATHWAY),
            break_dates={"A": "2020-01-01", "B": None}, tau=200, every="year",
        ).estimate
        for each in (frame, frame.drop(columns="person_id"))
    )  # fmt: skip
    assert with_persons.value == pytest.approx(without.value)
    assert with_persons.standard_error < 0.1 * without.standard_error  # who is slow is so in both years


def test_cases_that_straddle_a_start_are_told():
    result = lt.stepped_comparison(times_of(-60), break_dates=DATES, tau=400, every="half-year")
    assert result.straddlers > 0
    assert result.left_out == 0
    mixed = lt.stepped_comparison(times_of(-60, dates={**DATES, "A": "2019-08-15"}), break_dates={**DATES, "A": "2019-08-15"}, tau=400)
    assert mixed.left_out > 0


def test_the_pathway_may_declare_it_all():
    declared = lt.read_pathway(
        {
            **PATHWAY.model_dump(exclude={"comparison", "log", "clock", "exits", "activities", "pauses"}),
            "comparison": {"break_dates": {"A": "2019-07-01", "B": "2020-07-01"}, "tau": 400},
        }
    )
    times = times_of(-60, dates={"A": "2019-07-01", "B": "2020-07-01"})
    again = lt.lead_times(times.log, declared)
    assert lt.stepped_comparison(again, every="half-year").tau == 400


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"tau": 400}, UsageError, "break_dates is missing"),
        ({"break_dates": DATES}, UsageError, "declare the horizon"),
        ({"break_dates": dict.fromkeys(DATES, "2020-01-01"), "tau": 400}, UsageError, "all sites start on one day"),
        ({"break_dates": {**DATES, "E": None}, "tau": 400}, UsageError, "the site 'E'"),
        ({"break_dates": {"A": "2020-01-01"}, "tau": 400}, UsageError, "no site 'B'"),
        ({"break_dates": {**DATES, "A": "soon"}, "tau": 400}, UsageError, "isn't a date"),
    ],
)
def test_a_design_that_cannot_be_says_why(options, error, says):
    times = times_of(-60, cases=12, until="2022-12-31")
    with pytest.raises(error, match=says):
        lt.stepped_comparison(times, **options)


def test_where_nobody_has_started_within_the_observation_nothing_is_estimable():
    with pytest.raises(NotEstimable, match="no period has cases"):
        lt.stepped_comparison(times_of(-60, until="2019-06-30"), break_dates=DATES, tau=100)
