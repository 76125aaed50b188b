"""Open cases period by period, cumulative flow, the age of open cases and Little's law, by hand and by slow counting."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt

PATHWAY = lt.read_pathway(
    {
        "name": "t", "start": "s", "stop": ["e", "f"], "order": ["s", "m", "n", "e", "f"], "exits": {"gone": {"activities": ["X"]}},
        "milestones": {name: {"activities": [name.upper()]} for name in "smnef"},
    }
)  # fmt: skip


def logged(*rows: tuple[str, str, str], until: str = "2020-12-31", **options: Any) -> lt.EventLog:
    return lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start"]), observed_until=until, **options)


def test_open_is_what_came_less_what_went_at_each_month_end() -> None:
    log = logged(
        ("a", "S", "2020-01-10"), ("a", "E", "2020-03-31"),
        ("b", "S", "2020-01-31"), ("b", "X", "2020-02-29"),
        ("c", "S", "2020-02-01"),
        until="2020-03-31",
    )  # fmt: skip
    work = lt.work_in_progress(log, PATHWAY).to_pandas()
    columns = ["period", "until", "days", "open", "arrivals", "completions", "left", "lost"]
    assert work[columns].values.tolist() == [
        ["2020-01", "2020-01-31", 31, 2, 2, 0, 0, 0],
        ["2020-02", "2020-02-29", 29, 2, 1, 0, 1, 0],  # gone on the 29th is not open at its end
        ["2020-03", "2020-03-31", 31, 1, 0, 1, 0, 0],
    ]
    assert work["mean_age_days"].tolist() == [10.5, 39, 59]
    assert work["median_age_days"].tolist() == [10.5, 39, 59]
    assert work["p90_age_days"].tolist() == pytest.approx([18.9, 28 + 0.9 * 22, 59])
    assert work["mean_open"].tolist() == pytest.approx([(22 + 1) / 31, (29 + 28 + 29) / 29, (30 + 31) / 31])


def test_silence_is_counted_from_the_latest_end_so_far() -> None:
    log = lt.read_log(
        pd.DataFrame(
            [("a", "S", "2020-01-01", "2020-01-20"), ("a", "V", "2020-01-05", "2020-01-05"), ("a", "V", "2020-03-30", "2020-03-30")],
            columns=["case_id", "activity", "start", "end"],
        ),
        observed_until="2020-04-30",
    )
    silent = {days: lt.work_in_progress(log, PATHWAY, silent_after=days).to_pandas()["silent"].tolist() for days in (11, 12, 32, 41)}
    assert silent == {
        11: [1, 1, 0, 1],  # 11 days on 31 January, 40 on 29 February, 1 on 31 March, 31 on 30 April
        12: [0, 1, 0, 1], 32: [0, 1, 0, 0], 41: [0, 0, 0, 0],
    }  # fmt: skip


def test_edges_are_local_midnights_also_over_summer_time() -> None:
    # 31 March 22:30 in UTC is 1 April in Stockholm.
    log = logged(("a", "S", "2020-03-31T22:30Z"), ("b", "S", "2020-03-31T21:30Z"), until="2020-04-30", timezone="Europe/Stockholm")
    work = lt.work_in_progress(log, PATHWAY).to_pandas()
    assert work[["period", "arrivals", "open"]].values.tolist() == [["2020-03", 1, 1], ["2020-04", 1, 2]]
    assert work["mean_age_days"].iloc[0] * 24 == pytest.approx(0.5)
    assert work["median_age_days"].iloc[1] * 24 == pytest.approx(30 * 24)


def test_the_last_period_ends_with_the_observation() -> None:
    log = logged(("a", "S", "2020-01-01T00:00"), ("a", "V", "2020-02-10T12:00"), until="2020-02-10T12:00")
    work = lt.work_in_progress(log, PATHWAY)
    last = work.periods.records()[-1]
    assert (last["period"], last["until"], last["days"], last["open"]) == ("2020-02", "2020-02-10", 10, 1)
    assert last["mean_age_days"] == 40.5 == lt.lead_times(log, PATHWAY).to_pandas()["lead_time_days"].iloc[0]


def test_a_case_that_is_followed_no_longer_is_neither_open_nor_done() -> None:
    frame = pd.DataFrame({"case_id": ["a", "b"], "activity": ["S", "S"], "start": ["2020-01-01"] * 2, "last_observed": ["2020-02-10", ""]})
    log = lt.read_log(frame, observed_until="2020-03-31")
    work = lt.work_in_progress(log, PATHWAY).to_pandas()
    assert work[["open", "lost"]].values.tolist() == [[2, 0], [1, 1], [1, 0]]
    assert lt.ageing(log, PATHWAY).to_pandas()["case_id"].tolist() == ["b"]


@pytest.mark.parametrize(
    ("every", "begin", "names"),
    [
        ("year", date(2019, 1, 1), ["2019", "2020"]),
        ("quarter", date(2019, 10, 1), ["2019-Q4", "2020-Q1"]),
        ("month", date(2019, 12, 1), ["2019-12", "2020-01"]),
        ("week", date(2019, 12, 30), ["2020-W01", "2020-W02"]),
        ("day", date(2019, 12, 30), ["2019-12-30", "2019-12-31", *[f"2020-01-0{day}" for day in range(1, 7)]]),
    ],
)
def test_periods_have_their_calendar_names(every: Any, begin: date, names: list[str]) -> None:
    work = lt.work_in_progress(logged(("a", "S", "2019-12-30"), until="2020-01-06"), PATHWAY, every=every).to_pandas()
    assert work["period"].tolist() == names
    assert work["until"].iloc[-1] == "2020-01-06"
    assert work["days"].sum() == (date(2020, 1, 6) - begin).days + 1


CASES = st.lists(
    st.tuples(st.integers(0, 120), st.integers(0, 150), st.sampled_from("EXV"), st.lists(st.integers(0, 200), max_size=3)),
    min_size=1, max_size=7,
)  # fmt: skip


@given(CASES, st.integers(60, 200), st.sampled_from(["week", "month"]))
@settings(max_examples=12)
def test_every_figure_is_that_of_slow_counting(cases: list[tuple[int, int, str, list[int]]], last: int, every: Any) -> None:
    first = date(2020, 1, 1)
    days = [
        (str(i), [(start, "S"), (start + length, end), *((start + more, "V") for more in extra)])
        for i, (start, length, end, extra) in enumerate(cases)
    ]
    rows = [(case, activity, (first + timedelta(days=day)).isoformat()) for case, events in days for day, activity in events]
    log = logged(*rows, until=(first + timedelta(days=last)).isoformat())
    if not any(start <= last for start, *_ in cases):
        with pytest.raises(lt.LeadtimeError):
            lt.work_in_progress(log, PATHWAY)
        return
    work = lt.work_in_progress(log, PATHWAY, every=every, silent_after=10).to_pandas()
    before = 0
    for row in work.to_dict("records"):
        edge = (date.fromisoformat(row["until"]) - first).days
        held = []
        for start, length, end, extra in cases:
            gone = start + length if end in "EX" else 10**6
            if start <= edge < gone:
                heard = max(
                    day for day in (start, *([start + length] if end == "V" else []), *(start + more for more in extra)) if day <= edge
                )
                held.append((edge - start, edge - heard))
        ages = [age for age, _ in held]
        assert row["open"] == len(held) == before + row["arrivals"] - row["completions"] - row["left"] - row["lost"]
        assert row["silent"] == sum(silence >= 10 for _, silence in held)
        if held:
            figures = (row["mean_age_days"], row["median_age_days"], row["p90_age_days"])
            assert figures == pytest.approx((np.mean(ages), np.median(ages), np.quantile(ages, 0.9)))
        else:
            assert pd.isna(row["mean_age_days"])
        before = len(held)


def test_cumulative_flow_counts_a_milestone_as_reached_with_any_later_one() -> None:
    log = logged(
        ("a", "S", "2020-01-01"), ("a", "N", "2020-01-20"), ("a", "M", "2020-02-02"), ("a", "F", "2020-02-20"),
        ("b", "M", "2019-12-01"), ("b", "S", "2020-01-05"), ("b", "X", "2020-02-10"),
        until="2020-02-29",
    )  # fmt: skip
    flow = lt.cumulative_flow(log, PATHWAY).to_pandas()
    assert flow["milestone"].tolist() == ["s", "m", "n", "e/f"] * 2
    assert flow["cases"].tolist() == [2, 2, 1, 0, 2, 2, 1, 1]


def test_ageing_tells_how_far_and_how_silent_each_open_case_is() -> None:
    log = logged(
        ("a", "S", "2020-01-01"), ("a", "N", "2020-02-01"), ("a", "M", "2020-03-01"), ("b", "S", "2020-11-01"), ("c", "S", "2020-01-01"),
        ("c", "E", "2020-02-01"),
    )  # fmt: skip
    columns = ["case_id", "age_days", "milestone", "milestone_days", "last_activity", "silent_days", "silent"]
    assert lt.ageing(log, PATHWAY).to_pandas()[columns].values.tolist() == [
        ["a", 365, "n", 334, "M", 305, True], ["b", 60, "s", 60, "S", 60, False],
    ]  # fmt: skip


def test_littles_law_holds_for_a_steady_flow_and_gives_its_mean_lead_time() -> None:
    first = date(2019, 1, 1)
    rows = [
        (f"{n}", activity, (first + timedelta(days=n + day)).isoformat()) for n in range(700) for activity, day in (("S", 0), ("E", 30))
    ]
    work = lt.work_in_progress(logged(*rows, until="2020-11-30"), PATHWAY)
    law = lt.littles_law(work, begin="2019-03", until="2020-10")
    assert (law.holds, law.implied_days, law.arrivals_per_day) == (True, pytest.approx(30), pytest.approx(1))
    assert "30 days" in str(law)


def test_littles_law_names_the_conditions_that_are_violated() -> None:
    work = lt.work_in_progress(
        logged(("a", "S", "2020-01-01"), ("b", "S", "2020-01-02"), ("b", "X", "2020-02-01"), until="2020-03-31"), PATHWAY
    )
    law = lt.littles_law(work)
    assert law.violations == ("arrivals-equal-departures", "all-that-start-finish", "as-many-open-at-both-ends", "age-does-not-change")
    assert len(law.sentences("sv")) == len(str(law).splitlines()) == 5
    assert "ingen skattning" in law.sentences("sv")[0]
    with pytest.raises(lt.UsageError, match="begin='2018-01' is no period"):
        lt.littles_law(work, begin="2018-01")
    with pytest.raises(lt.NotEstimable, match="nobody arrives"):
        lt.littles_law(work, begin="2020-03")


def test_without_a_pathway_cases_are_open_from_first_start_to_last_end() -> None:
    work = lt.work_in_progress(
        lt.read_log(pd.DataFrame({"case_id": ["a", "a"], "activity": ["x", "y"], "start": ["2020-01-10", "2020-02-05"]}))
    )
    assert work.to_pandas()[["open", "arrivals", "completions"]].values.tolist() == [[1, 1, 0], [0, 0, 1]]


def test_options_that_are_not_allowed_are_told() -> None:
    log = logged(("a", "S", "2020-01-01"))
    with pytest.raises(lt.UsageError, match="every='decade'"):
        lt.work_in_progress(log, PATHWAY, every="decade")  # type: ignore[arg-type]
    with pytest.raises(lt.UsageError, match="silent_after=0"):
        lt.ageing(log, PATHWAY, silent_after=0)
    with pytest.raises(lt.UsageError, match="pathway=None"):
        lt.cumulative_flow(log, None)  # type: ignore[arg-type]
