"""How a comparison is laid out: break dates, sites that begin at different times, straddlers, persons, strata, the declared statistic."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import leadtime as lt

REFERENCE = Path(__file__).parent / "reference" / "r"
PATHWAY = {
    "name": "test",
    "start": "s",
    "stop": "e",
    "milestones": {"s": {"activities": ["S"]}, "e": {"activities": ["E"]}},
    "exits": {"moved": {"activities": ["X"]}},
}
DAY0 = date(2019, 1, 1)


def times_of(rows: Iterable[tuple[int, int | None, dict[str, object]]], until: str = "2021-12-31", **comparison: object) -> lt.LeadTimes:
    """Cases as (start day, days to the stop or None while open, attributes)."""
    events = []
    for number, (start, days, attributes) in enumerate(rows):
        named = {"case_id": f"{number:04}", **attributes}
        events.append({**named, "activity": "S", "start": str(DAY0 + timedelta(days=start))})
        if days is not None:
            events.append({**named, "activity": "E", "start": str(DAY0 + timedelta(days=start + days))})
    log = lt.read_log(pd.DataFrame(events), observed_until=until)
    return lt.lead_times(log, lt.read_pathway(PATHWAY | ({"comparison": comparison} if comparison else {})))


def sizes(result: lt.Comparison) -> tuple[int, int]:
    return result.cohorts[0].n, result.cohorts[1].n


# sites

BEGUN = {"A": 150, "B": 300}
SITES = [(10 * n, (200 if 10 * n < begun else 90) + 7 * n % 40, {"site": site}) for site, begun in BEGUN.items() for n in range(45)]
STAGGERED = {site: str(DAY0 + timedelta(days=begun)) for site, begun in BEGUN.items()}


@cache
def staggered() -> lt.Comparison:
    return lt.compare(times_of(SITES, break_dates=STAGGERED))


@cache
def at_sites() -> lt.LeadTimes:
    """The same without a declared design, and with a case that is still open."""
    return times_of([*SITES, (440, None, {"site": "B"})])


def test_each_site_breaks_on_its_own_date_and_the_test_is_within_sites():
    result = staggered()
    rows = {row["site"]: row for row in result.sites.records()}
    assert [(rows[s]["n_before"], rows[s]["n_after"], rows[s]["break_date"]) for s in "AB"] == [
        (15, 30, STAGGERED["A"]),
        (30, 15, STAGGERED["B"]),
    ]
    assert (rows["all sites"]["n_before"], rows["all sites"]["n_after"]) == sizes(result) == (45, 45)
    assert result.strata == ("site",)
    days, site = [days for _, days, _ in SITES], [case["site"] for _, _, case in SITES]
    group = ["after" if start >= BEGUN[case["site"]] else "before" for start, _, case in SITES]
    wanted = lt.survival.exact_log_rank(days, [1] * 90, group, order=["before", "after"], strata=site)
    assert result.test.statistic == pytest.approx(wanted.statistic)
    assert result.test.p_value == pytest.approx(wanted.p_value, abs=2e-3)  # random splits of the same scores


def test_pooled_over_sites_the_difference_is_weighted_by_their_cases():
    *sites, pooled = staggered().site_effects
    parts = [effect.restricted_mean_difference for effect in sites]
    assert pooled.restricted_mean_difference.value == pytest.approx(np.mean([part.value for part in parts]))  # 45 cases each
    assert pooled.restricted_mean_difference.standard_error == pytest.approx(np.hypot(*(part.standard_error for part in parts)) / 2)
    assert pooled.test is staggered().test


def test_the_pathway_file_and_the_call_lay_out_sites_alike():
    given = lt.compare(times_of(SITES), break_date=STAGGERED)
    assert given.median_ratio == staggered().median_ratio
    assert "A: a clock start on or after 31 May 2019 counts as after" in " ".join(given.assumptions("en"))


def test_one_site_may_be_compared_alone():
    for break_date in (STAGGERED["A"], STAGGERED):  # of several dates its own
        alone = lt.compare(at_sites(), site="A", break_date=break_date)
        assert sizes(alone) == (15, 30)
        assert (alone.break_date, alone.site_effects) == (STAGGERED["A"], ())


def test_a_site_without_a_break_date_is_in_neither_cohort():
    others = [*SITES, *((10 * n, 100, {"site": "C"}) for n in range(7))]
    result = lt.compare(times_of(others, break_dates=STAGGERED))
    assert sizes(result) == (45, 45)
    assert {entry.code: entry.cases for entry in result.audit_entries}["outside-cohorts"] == 7


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"break_date": {"A": "2019-06-01", "D": "2019-06-01"}}, lt.UsageError, "break_dates names 'D', which is no value of 'site'"),
        ({"break_date": {"A": "soon"}}, lt.UsageError, "break_date='soon' of 'A' is no date"),
        ({"break_date": "2019-06-01", "site": "E"}, lt.UsageError, "site='E' is neither a case attribute nor a value of 'site'"),
        ({"break_date": {"A": "2019-06-01"}, "site": "B"}, lt.UsageError, "site='B' has no break date; there is 'A'"),
        ({"break_date": "2019-06-01", "cohort_rule": "split it"}, lt.UsageError, "cohort_rule='split it' isn't allowed.*'split'"),
        ({"by": "site", "before": "A", "after": "B", "cohort_rule": "split"}, lt.UsageError, "cohort_rule='split' goes with break_date"),
        ({"break_date": "2019-06-01", "statistic": "mean"}, lt.UsageError, "statistic='mean' isn't allowed"),
        ({"break_date": "2019-06-01", "condition_on": -1}, lt.UsageError, "condition_on=-1"),
        ({"break_date": "2019-06-01", "strata": "unit"}, lt.InputError, "no case attribute 'unit'"),
        ({"break_date": "2019-06-01", "tau": 5000}, lt.NotEstimable, "tau is 5000, but the last time of group 'after'"),
        ({"break_date": "2030-01-01"}, lt.InputError, "only one cohort, 'before' by the break date among .*; .* choose a break date with"),
    ],
)
def test_a_layout_that_cannot_be_is_refused_by_name(options, error, message):
    with pytest.raises(error, match=message):
        lt.compare(at_sites(), **options)


# straddlers, against R


@cache
def pilot() -> tuple[lt.LeadTimes, dict[str, object]]:
    with (REFERENCE / "pilot_synthetic.csv").open(encoding="utf-8") as file:
        cases = list(csv.DictReader(file))
    ends = {"diagnosis": "E", "left_pathway": "X"}
    events = [(case["case"], "S", case["referral"]) for case in cases]
    events += [(case["case"], ends[case["outcome"]], case["end"]) for case in cases if case["outcome"] in ends]
    log = lt.read_log(pd.DataFrame(events, columns=["case_id", "activity", "start"]), observed_until="2025-06-30")
    figures = json.loads((REFERENCE / "pilot_synthetic.json").read_text(encoding="utf-8"))
    return lt.lead_times(log, lt.read_pathway(PATHWAY)), figures


MONTH = 30.436875  # of this reference
BREAK = "2023-09-01"


def test_straddlers_are_counted_as_r_s_table_has_them():
    times, figures = pilot()
    result = lt.compare(times, break_date=BREAK)
    assert {entry.code: entry.cases for entry in result.audit_entries}["straddlers"] == figures["straddlers"]
    counts = [[cohort.observed, cohort.left, cohort.open] for cohort in result.cohorts]
    assert [counts[1], counts[0]] == figures["by_period"]
    for cohort in result.cohorts:
        assert cohort.completed_only_median / MONTH == pytest.approx(figures["completed_only_by_start"][cohort.name], rel=1e-12)
        wanted = figures["quantiles"][f"group={cohort.name}"]["log-log"]["0.5"]
        limits = [value and value / MONTH for value in (cohort.median.value, cohort.median.lower, cohort.median.upper)]
        assert limits == pytest.approx([wanted["est"], wanted["lower"], wanted["upper"]], rel=1e-12)


def test_follow_up_split_at_the_date_gives_r_s_log_rank_and_cox_figures():
    pytest.importorskip("statsmodels")
    pytest.importorskip("greenwood")
    times, figures = pilot()
    result = lt.compare(times, break_date=BREAK, cohort_rule="split", adjust=())
    assert result.test.statistic == pytest.approx(figures["split_at_intervention_logrank"]["chisq"], rel=1e-9)
    assert result.test.p_value == pytest.approx(figures["split_at_intervention_logrank"]["p"], rel=1e-9)
    cox = result.adjusted_effects[0]
    assert cox.estimate.value == pytest.approx(figures["split_cox_hr_after"]["hr"], rel=1e-6)
    assert [cox.estimate.lower, cox.estimate.upper] == pytest.approx(figures["split_cox_hr_after"]["ci"], rel=1e-6)
    assert "delayed entry" in result.adjusted_effects[1].because


def test_by_end_the_finished_medians_are_r_s_and_far_from_those_by_start():
    times, figures = pilot()
    result = lt.compare(times, break_date=BREAK, cohort_rule="stop")
    for cohort in result.cohorts:
        assert cohort.completed_only_median / MONTH == pytest.approx(figures["completed_only_by_end"][cohort.name], rel=1e-12)
    assert sum(sizes(result)) == figures["n"]


def test_excluded_straddlers_are_in_neither_cohort():
    times, figures = pilot()
    result = lt.compare(times, break_date=BREAK, cohort_rule="exclude")
    assert sizes(result) == (53 - figures["straddlers"], 19)
    assert {entry.code: entry.cases for entry in result.audit_entries}["outside-cohorts"] == figures["straddlers"]


def test_a_stop_on_the_break_date_itself_ends_within_before():
    rows = [(0, 100, {}), (50, 50, {}), (99, 1, {}), (100, 90, {}), (110, 95, {}), (20, 200, {})]
    result = lt.compare(times_of(rows), break_date=str(DAY0 + timedelta(days=100)), cohort_rule="split")
    before, after = result.cohorts
    assert (before.n, before.observed) == (4, 3)  # the three that stop on the day, and the one that waits on
    assert (after.n, after.observed) == (3, 3)


def test_clock_times_are_split_at_the_local_midnight():
    """Started at three in the afternoon before the break in local time, stopped at ten the next morning: nine hours before."""
    frame = pd.DataFrame(
        [(str(n), a, t) for n in range(4) for a, t in (("S", "2019-06-30 15:00"), ("E", f"2019-07-01 1{n}:00"))]
        + [(f"x{n}", a, t) for n in range(4) for a, t in (("S", f"2019-07-02 0{n}:00"), ("E", "2019-07-03 15:00"))],
        columns=["case_id", "activity", "start"],
    )
    times = lt.lead_times(lt.read_log(frame, timezone="Europe/Stockholm", observed_until="2019-12-31"), lt.read_pathway(PATHWAY))
    result = lt.compare(times, break_date="2019-07-01", cohort_rule="split")
    assert result.cohorts[0].curve.last_time == pytest.approx(9 / 24)
    assert (result.cohorts[0].observed, result.cohorts[1].observed) == (0, 8)


# persons

BEFORE = [(7 * n, 100 + 11 * (n * n % 17), {"cohort": "before"}) for n in range(30)]
ALONE = [*BEFORE, *((7 * n, 60 + 5 * (n * n % 13), {"cohort": "after"}) for n in range(30, 55))]


def with_persons(copies: int) -> lt.LeadTimes:
    return times_of([(s, d, {**a, "person_id": f"p{n}"}) for n, (s, d, a) in enumerate(ALONE) for _ in range(copies)])


def test_doubled_cases_of_the_same_persons_are_no_more_certain():
    """Each child's case entered twice: the limits and the test are those of the children, not of twice as many."""
    single, double = lt.compare(times_of(ALONE)), lt.compare(with_persons(2))
    assert (single.unit, double.unit) == ("cases", "persons")
    assert [(c.n, c.persons) for c in double.cohorts] == [(60, 30), (50, 25)]
    for one, two in zip(single.cohorts, double.cohorts, strict=True):
        assert (two.median.value, two.median.lower, two.median.upper) == (one.median.value, one.median.lower, one.median.upper)
        assert two.restricted_mean.standard_error == pytest.approx(one.restricted_mean.standard_error, rel=1e-9)
    assert [double.median_ratio.lower, double.median_ratio.upper] == [single.median_ratio.lower, single.median_ratio.upper]
    assert double.test.p_value == pytest.approx(single.test.p_value, abs=2e-3)
    assert "55 persons" in double.test.method
    assert "samples of persons" in double.median_ratio_bootstrap.note
    naive = lt.compare(times_of([row for row in ALONE for _ in range(2)]))
    assert double.median_ratio_bootstrap.upper - double.median_ratio_bootstrap.lower > 1.2 * (
        naive.median_ratio_bootstrap.upper - naive.median_ratio_bootstrap.lower
    )


def test_with_many_persons_the_log_rank_test_has_an_error_by_person():
    """Three copies of each case: the score is three times as large, its error by person too, so the test is that of the single cases."""
    generator = np.random.default_rng(1)
    many = [(3 * n, int(generator.exponential(100 if n % 2 else 80)) + 1, {"cohort": "before" if n % 2 else "after"}) for n in range(120)]
    single = lt.compare(times_of(many))
    triple = lt.compare(times_of([(s, d, {**a, "person_id": n}) for n, (s, d, a) in enumerate(many) for _ in range(3)]))
    assert "error by person (120 persons)" in triple.test.method
    assert triple.test.statistic == pytest.approx(single.test.statistic, rel=0.2)  # an empirical variance, not the hypergeometric one
    naive = lt.compare(times_of([row for row in many for _ in range(3)]))
    assert naive.test.statistic > 2 * triple.test.statistic


def test_a_person_may_have_cases_in_both_cohorts():
    rows = [(s, d, {**a, "person_id": n % 20}) for n, (s, d, a) in enumerate(ALONE)]
    result = lt.compare(times_of(rows))
    assert result.test.method.startswith("20000 random shuffles of 20 persons")
    assert 0 < result.test.p_value < 0.05


def test_it_is_printed_that_one_case_is_taken_for_one_child():
    assert "One case is taken to be one child" in str(lt.compare(times_of(ALONE)))
    assert "Persons are told apart by person_id" in str(lt.compare(with_persons(1)))


def test_a_case_of_two_persons_is_refused():
    frame = pd.DataFrame(
        [("a", "S", "2019-01-01", "p", "before"), ("a", "E", "2019-02-01", "q", "before"), ("b", "S", "2019-01-01", "r", "after")],
        columns=["case_id", "activity", "start", "person_id", "cohort"],
    )
    with pytest.raises(lt.InputError, match="'person_id' has several values in 1 case"):
        lt.compare(lt.lead_times(lt.read_log(frame, observed_until="2019-12-31"), lt.read_pathway(PATHWAY)))


# the declared statistic, strata, conditioning, departures


def test_the_declared_restricted_mean_is_what_headline_and_test_rest_on():
    result = lt.compare(times_of(ALONE, statistic="restricted_mean", tau=180))
    assert (result.statistic, result.effect) == ("restricted_mean", result.restricted_mean_difference)
    assert result.test.name == "permutation of the restricted mean"
    assert result.headline("en").startswith("Within 6 months of the start, mean lead time fell from 5 months to 3 months: 2 months shorter")
    assert result.headline("sv").startswith("Inom 6 månader från start minskade medelledtiden från")
    first = result.sensitivity_rows[0]
    assert (first.definition.measure, first.verdict, first.estimate) == ("restricted mean difference", "stands", result.effect)


def test_strata_are_those_of_the_exact_test():
    rows = [(s, d, {**a, "sex": "ab"[n % 2]}) for n, (s, d, a) in enumerate(ALONE[24:36])]
    result = lt.compare(times_of(rows), strata="sex")
    days, group, strata = zip(*((d, a["cohort"], a["sex"]) for _, d, a in rows), strict=True)
    wanted = lt.survival.exact_log_rank(days, [1] * len(days), group, order=["before", "after"], strata=strata)
    assert (result.test.p_value, result.test.draws) == (wanted.p_value, None)


def test_a_site_with_one_cohort_only_says_nothing_and_is_left_out_of_the_test():
    rows = [(s, d, {**a, "site": "B" if n < 8 else "A"}) for n, (s, d, a) in enumerate(ALONE)]
    with_all, with_a = lt.compare(times_of(rows), site="site"), lt.compare(times_of(rows[8:]))
    assert with_all.test.p_value == pytest.approx(with_a.test.p_value, abs=2e-3)
    assert "1 stratum holds one cohort only and is left out" in with_all.test.method
    apart = [(s, d, {**a, "site": a["cohort"]}) for s, d, a in ALONE]
    assert "no stratum holds both cohorts" in lt.compare(times_of(apart), site="site").test.method


def test_an_early_risk_set_that_empties_is_refused_until_the_estimates_are_conditioned():
    rows = [(0, 10, {"cohort": "before", "entry_date": str(DAY0)})]
    rows += [(0, 300 + 10 * n, {"cohort": c, "entry_date": str(DAY0 + timedelta(days=100))}) for c in ("before", "after") for n in range(6)]
    times = times_of(rows)
    with pytest.raises(lt.NotEstimable, match="Give condition_on="):
        lt.compare(times)
    result = lt.compare(times, condition_on=100)
    assert sizes(result) == (6, 6)
    assert result.cohorts[0].median.value == 325
    assert "All estimates are for cases that were still waiting 3.5 months after their start." in result.assumptions("en")


def test_what_departs_from_the_declared_design_is_said():
    times = times_of(ALONE, by="cohort", tau=180)
    assert lt.compare(times).departures == ()
    departing = lt.compare(times, tau=90)
    assert departing.departures == ("tau",)
    assert "Not as declared in the pathway file: tau." in departing.assumptions("en")


def test_a_file_declares_one_break_date_or_one_a_site():
    with pytest.raises(lt.PathwayError, match="break_date and break_dates are both given"):
        lt.read_pathway(PATHWAY | {"comparison": {"break_date": "2019-01-01", "break_dates": {"A": "2019-01-01"}}})


def test_where_follow_up_is_unlike_the_plain_log_rank_test_stands_in_for_the_permutation():
    """Followed for three years before and half a year after: splits of the cases don't show what chance would do."""
    rows = [(n * 5, 300 + 13 * (n % 30), {"cohort": "before"}) for n in range(30)]
    rows += [(900 + n * 6, 60 + n if n % 3 == 0 else None, {"cohort": "after"}) for n in range(30)]
    result = lt.compare(times_of(rows))
    assert result.test.name == "log-rank"
    assert "no permutation, as follow-up is unequal" in result.test.method
    assert (
        "a permutation test doesn't hold"
        in dict(zip(*(result.audit.column(c) for c in ("code", "sentence")), strict=True))["follow-up-unequal"]
    )
