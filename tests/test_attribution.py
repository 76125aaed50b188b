"""Where a change of the mean came from: by hand, by a slow sum, and always adding up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadtime as lt
from leadtime.compare.cohorts import Cohort
from leadtime.compare.occupation import Occupation, Spells

MILESTONES = ("detection", "referral", "assessment", "diagnosis")
PATHWAY = {
    "name": "t", "start": "detection", "stop": ["diagnosis", "help"], "order": ["detection", "referral", "assessment", "diagnosis", "help"],
    "milestones": {name: {"activities": [name]} for name in (*MILESTONES, "help")},
    "exits": {"moved": {"activities": ["moved"]}},
}  # fmt: skip
Case = dict[str, int]  # activity -> day


def logged(before: list[Case], after: list[Case], **options: Any) -> lt.EventLog:
    rows = [
        (f"{cohort}{number}", activity, (date(2019, 1, 1) + timedelta(days=day)).isoformat(), cohort)
        for cohort, cases in (("before", before), ("after", after))
        for number, case in enumerate(cases)
        for activity, day in case.items()
    ]
    return lt.read_log(
        pd.DataFrame(rows, columns=["case_id", "activity", "start", "cohort"]), **{"observed_until": "2021-12-31", **options}
    )


def split(log: lt.EventLog, **options: Any) -> lt.Attribution:
    return lt.attribution(log, lt.read_pathway(PATHWAY), **{"by": "cohort", "before": "before", "after": "after", "draws": 100, **options})


def case(*days: int, names: tuple[str, ...] = MILESTONES) -> Case:
    return dict(zip(names, days, strict=True))


def test_finished_cases_are_split_into_their_mean_segments() -> None:
    found = split(logged([case(0, 10, 40, 100), case(0, 30, 40, 80)], [case(0, 10, 20, 30), case(0, 20, 30, 50)]))
    assert found.to_pandas()["segment"].tolist() == ["detection > referral", "referral > assessment", "assessment > diagnosis/help"]
    assert [part.before_days for part in found.segments] == pytest.approx([20, 20, 50])
    assert [part.after_days for part in found.segments] == pytest.approx([15, 10, 15])
    assert (found.total_before_days, found.total_after_days) == (pytest.approx(90), pytest.approx(40))
    assert found.total.value == pytest.approx(-50)


def test_without_an_order_milestones_come_as_they_are_declared() -> None:
    pathway = lt.read_pathway({**PATHWAY, "order": []})
    found = lt.attribution(logged([case(0, 10, 40, 100)] * 2, [case(0, 30, 40, 80)] * 2), pathway, draws=20)
    assert [part.segment for part in found.segments] == ["detection > referral", "referral > assessment", "assessment > diagnosis/help"]


def test_a_milestone_that_is_skipped_or_out_of_order_has_no_time_and_is_counted() -> None:
    odd: Case = {"detection": 5, "assessment": 20, "referral": 30, "diagnosis": 45}  # referral after assessment
    skipped: Case = {"detection": 0, "assessment": 10, "help": 30}
    early: Case = {"referral": 0, "detection": 7, "assessment": 17, "diagnosis": 27}  # referral before the start
    found = split(logged([odd, skipped], [early, case(0, 5, 10, 20)]))
    assert [part.before_days for part in found.segments] == pytest.approx([(15 + 10) / 2, 0, (25 + 20) / 2])
    assert [part.after_days for part in found.segments] == pytest.approx([(0 + 5) / 2, (10 + 5) / 2, (10 + 10) / 2])
    met = {(row["milestone"], row["cohort"]): row for row in found.milestones.records()}
    assert met["referral", "before"] | {"cases": 2, "reached": 0, "skipped": 1, "out_of_order": 1} == met["referral", "before"]
    assert met["referral", "after"] | {"reached": 2, "skipped": 0, "out_of_order": 0} == met["referral", "after"]


def test_segments_add_up_to_the_restricted_means_of_the_comparison() -> None:
    rng = np.random.default_rng(3)
    before = [case(0, *np.cumsum(rng.integers(0, 200, 3)).tolist()) for _ in range(30)]
    after = [case(0, *np.cumsum(rng.integers(0, 90, 3)).tolist()) for _ in range(30)]
    for number in range(0, 30, 4):
        before[number].pop("diagnosis")
        after[number] = {"detection": 0, "referral": 5, "moved": 40 + number}
    log = logged(before, after, observed_until="2020-06-30")
    found = split(log)
    compared = lt.compare(lt.lead_times(log, lt.read_pathway(PATHWAY)), by="cohort", draws=50)
    assert found.tau == compared.tau
    means = [cohort.restricted_mean.value for cohort in compared.cohorts if cohort.restricted_mean]
    frame = found.to_pandas()
    assert frame["before_days"].sum() == pytest.approx(means[0], abs=1e-9)
    assert frame["after_days"].sum() == pytest.approx(means[1], abs=1e-9)
    assert frame["change_days"].sum() == pytest.approx(means[1] - means[0], abs=1e-9)
    assert found.total.value == pytest.approx(compared.restricted_mean_difference.value, abs=1e-9)  # type: ignore[union-attr]
    assert frame["share"].sum() == pytest.approx(1)


def test_the_share_is_empty_where_the_whole_may_be_no_change() -> None:
    cases = [case(0, 10 + i, 20 + i, 40 + 3 * i) for i in range(8)]
    found = split(logged(cases, cases))
    assert found.total.value == pytest.approx(0)
    assert found.to_pandas()["share"].isna().all()
    assert found.total.lower is not None
    assert found.total.lower < 0 < found.total.upper  # type: ignore[operator]


def test_the_same_seed_gives_the_same_intervals_and_another_seed_others() -> None:
    log = logged([case(0, 10 + i, 20 + i, 40 + 9 * i) for i in range(9)], [case(0, 5 + i, 9 + i, 20 + 4 * i) for i in range(9)])
    first, again, other = (split(log, seed=seed, draws=300) for seed in (1, 1, 2))
    assert first.to_dict() == again.to_dict()
    assert first.total.lower != other.total.lower
    for part in first.segments:
        assert part.change.lower <= part.change_days <= part.change.upper  # type: ignore[operator]


def test_cases_of_one_person_are_drawn_together() -> None:
    before = [case(0, 10 + 5 * (i // 2), 20 + 9 * (i // 2), 40 + 30 * (i // 2)) for i in range(12)]
    after = [case(0, 5, 9 + i // 2, 20 + 15 * (i // 2)) for i in range(12)]
    log = logged(before, after)
    frame = log.to_pandas()[["case_id", "activity", "start_wall_us", "cohort"]].assign(
        start=lambda f: pd.to_datetime(f["start_wall_us"], unit="us")
    )
    frame["person_id"] = [
        f"{cohort}{int(name.removeprefix(cohort)) // 2}" for name, cohort in zip(frame["case_id"], frame["cohort"], strict=True)
    ]
    persons = lt.read_log(frame.drop(columns="start_wall_us"), observed_until="2021-12-31")
    alone, together = (split(each, draws=800).total for each in (log, persons))
    assert alone.value == pytest.approx(together.value)
    assert together.standard_error > 1.2 * alone.standard_error  # type: ignore[operator]


def test_a_horizon_past_the_follow_up_is_refused() -> None:
    log = logged(
        [case(0, 10, 20, 30 + i) for i in range(6)], [{"detection": 700, "referral": 710} for _ in range(6)], observed_until="2021-06-30"
    )
    with pytest.raises(lt.NotEstimable, match=r"(cohort|group) 'after'"):
        split(log, tau=900)
    with pytest.raises(lt.UsageError, match="over='time'"):
        split(log, over="time")
    with pytest.raises(lt.UsageError, match="draws=0"):
        split(log, draws=0)


def cohort(days: Any, outcome: Any, entry: Any = None) -> Cohort:
    n = len(days)
    late = None if entry is None else np.asarray(entry, float)
    return Cohort("c", np.asarray(days, float), np.asarray(outcome, np.int64), late, None, None, np.arange(n))


def slow(days: list[int], observed: list[int], entry: list[int], cut: list[int], tau: int) -> list[float]:
    """The integral day by day: S(t) times the share of those under observation who are in each of two states, parted at `cut`."""
    curve, means = 1.0, [0.0, 0.0]
    for day in range(tau):
        at_risk = sum((e < day or e == 0) and t >= day for t, e in zip(days, entry, strict=True))
        done = sum(t == day and o for t, o in zip(days, observed, strict=True))
        curve *= 1 - done / at_risk if at_risk else 1
        inside = [i for i in range(len(days)) if entry[i] <= day < days[i]]
        inside = inside or [i for i in range(len(days)) if day < entry[i]]  # nobody yet: those who come later
        for i in inside:
            means[int(day >= cut[i])] += curve / len(inside)
    return means


SAMPLES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 1), st.integers(0, 20), st.integers(0, 40)), min_size=2, max_size=12)


@given(SAMPLES, st.integers(1, 30))
@settings(max_examples=100)
def test_occupation_is_the_slow_sum_and_adds_up_to_the_restricted_mean(rows: list[tuple[int, int, int, int]], tau: int) -> None:
    entry = [e if e < t else 0 for t, _, e, _ in rows]
    days, observed, cut = ([row[place] for row in rows] for place in (0, 1, 3))
    try:
        curve = lt.survival.kaplan_meier(days, observed, entry=entry)
        area = curve.restricted_mean(tau).value
    except lt.NotEstimable:
        return
    spells = [(i, 0, 0, min(c, t)) for i, (t, c) in enumerate(zip(days, cut, strict=True))]
    spells += [(i, 1, c, t) for i, (t, c) in enumerate(zip(days, cut, strict=True))]
    case, state, begin, until = (np.array(column) for column in zip(*spells, strict=True))
    laid = Occupation.of(
        cohort(days, observed, entry), Spells(case, state, begin.astype(float), until.astype(float)), states=2, tau=float(tau)
    )
    found, wanted = laid.mean(), slow(days, observed, entry, cut, tau)
    assert found == pytest.approx(wanted, abs=1e-9)
    assert found.sum() == pytest.approx(area, abs=1e-9)
    assert (found >= 0).all()


def test_thousands_of_draws_for_hundreds_of_cases_give_a_sound_mean_each() -> None:
    rng = np.random.default_rng(0)
    cut = np.sort(rng.integers(0, 900, (300, 4)), axis=1).astype(float)
    days = cut[:, -1] + 1
    edges = np.concatenate([np.zeros((300, 1)), cut[:, :-1], days[:, None]], axis=1)
    spells = Spells(np.repeat(np.arange(300), 4), np.tile(np.arange(4), 300), edges[:, :-1].ravel(), edges[:, 1:].ravel())
    laid = Occupation.of(cohort(days, rng.random(300) < 0.8), spells.within(np.zeros(300), days), states=4, tau=600.0)
    means, sound = laid.resampled(None, 2000, np.random.default_rng(0))
    assert means.shape == (2000, 4)
    assert sound.all()
    assert means.mean(axis=0) == pytest.approx(laid.mean(), rel=0.02)


def test_the_kinds_of_time_are_attributed_by_the_same_sum() -> None:
    pathway = PATHWAY | {"activities": {"visit": {"kind": "assessment", "value_adding": True}, "referral": {"kind": "referral"}}}
    rows = []
    for cohort, wait in (("before", 60), ("after", 20)):
        for number in range(8):
            stop = 10 + wait + 5 * number
            times = [("detection", 0, 0), ("referral", 2, 5), ("visit", 8, 10), ("diagnosis", stop, stop)]
            for activity, begin, end in times[: 3 if number == 7 else 4]:  # the last one still waits
                days = [(date(2019, 1, 1) + timedelta(days=day)).isoformat() + "T08:00" for day in (begin, end)]
                rows.append((f"{cohort}{number}", activity, *days, cohort))
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start", "end", "cohort"]), observed_until="2019-06-30")
    found = lt.attribution(log, lt.read_pathway(pathway), over="time_split", tau=100, draws=200)
    table = found.to_pandas().set_index("segment")
    assert table.index.tolist() == ["value", "contact", "paused", "referral", "unknown", "waiting"]
    assert table["before_days"].to_dict() == pytest.approx(
        {"value": 2, "contact": 0, "paused": 0, "referral": 3, "unknown": 0, "waiting": found.total_before_days - 5}
    )
    assert table["change_days"].sum() == pytest.approx(found.total.value, abs=1e-9)
    assert table.loc["waiting", "share"] == pytest.approx(1)
    compared = lt.compare(lt.lead_times(log, lt.read_pathway(pathway)), tau=100, draws=50)
    assert found.total.value == pytest.approx(compared.restricted_mean_difference.value, abs=1e-9)  # type: ignore[union-attr]


def test_delayed_entry_and_cohorts_by_date_add_up_too() -> None:
    rng = np.random.default_rng(5)
    rows, entries = [], {}
    for number in range(60):
        start = date(2018, 1, 1) + timedelta(days=int(rng.integers(0, 900)))
        days = np.cumsum(rng.integers(10, 120, 3)).tolist()
        for activity, day in zip(MILESTONES, (0, *days), strict=True):
            rows.append((str(number), activity, (start + timedelta(days=day)).isoformat()))
        entries[str(number)] = (start + timedelta(days=int(rng.integers(0, 60)) if number % 3 == 0 else 0)).isoformat()
    frame = pd.DataFrame(rows, columns=["case_id", "activity", "start"])
    log = lt.read_log(frame.assign(entry_date=frame["case_id"].map(entries)), observed_until="2020-10-31")
    pathway = lt.read_pathway(PATHWAY)
    found = lt.attribution(log, pathway, break_date="2019-04-01", draws=100)
    compared = lt.compare(lt.lead_times(log, pathway), break_date="2019-04-01", draws=50)
    assert found.tau == compared.tau
    assert found.n == tuple(cohort.n for cohort in compared.cohorts)
    assert found.to_pandas()["change_days"].sum() == pytest.approx(compared.restricted_mean_difference.value, abs=1e-9)  # type: ignore[union-attr]
