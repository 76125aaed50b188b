"""The estimators give R's figures (tests/reference/r) to 1e-9, and medians exactly."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leadtime import survival
from leadtime.errors import NotEstimable
from leadtime.results import Estimate

FOLDER = Path(__file__).parent / "reference" / "r"
INTERVALS = ("log-log", "log", "plain", "logit", "arcsin")


def figures(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def column(name: str, header: str, kind: type = int) -> np.ndarray:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return np.array([kind(row[header]) for row in csv.DictReader(file)])


def arms(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return column(name, "time"), column(name, "status"), column(name, "group", str)


def pilot() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    months = column("pilot_synthetic", "months", float)
    return months, column("pilot_synthetic", "cause") == 1, column("pilot_synthetic", "period", str)


def same(found: float | None, wanted: float | None) -> bool:
    if found is None or wanted is None:
        return found is wanted
    return found == pytest.approx(wanted, rel=1e-9, abs=1e-15)


def one(curve: survival.KaplanMeier, t: float) -> Estimate:
    return curve.at(t)[0]


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("name", ["aml", "lung"])
def test_quantiles_and_their_limits_are_those_of_r(name: str, interval: str) -> None:
    time, status, group = arms(name)
    for label, by_interval in figures(name)["quantiles"].items():
        rows = group == label.removeprefix("group=")
        curve = survival.kaplan_meier(time[rows], status[rows], interval=interval)
        for p, wanted in by_interval[interval].items():
            found = curve.quantile(float(p))
            assert (found.value, found.lower, found.upper) == (wanted["est"], wanted["lower"], wanted["upper"])


@pytest.mark.parametrize("interval", INTERVALS)
def test_float_times_give_the_quantiles_of_r(interval: str) -> None:
    time, status, group = pilot()
    for label, by_interval in figures("pilot_synthetic")["quantiles"].items():
        rows = group == label.removeprefix("group=")
        curve = survival.kaplan_meier(time[rows], status[rows], interval=interval)
        for p, wanted in by_interval[interval].items():
            found = curve.quantile(float(p))
            assert same(found.value, wanted["est"])
            assert same(found.lower, wanted["lower"])
            assert same(found.upper, wanted["upper"])


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("name", ["aml", "lung"])
def test_the_curve_at_given_times_is_that_of_r(name: str, interval: str) -> None:
    time, status, group = arms(name)
    for label, by_interval in figures(name)["at_times"].items():
        rows = group == label.removeprefix("group=")
        curve = survival.kaplan_meier(time[rows], status[rows], interval=interval)
        for t, wanted in by_interval[interval].items():
            found = one(curve, float(t))
            assert same(found.value, wanted["surv"])
            assert same(found.standard_error, wanted["se"])
            assert same(found.lower, wanted["lower"])
            assert same(found.upper, wanted["upper"])
            assert curve.at_risk(float(t)) == (wanted["n_risk"],)


@pytest.mark.parametrize("name", ["aml", "lung"])
def test_every_row_of_the_table_is_that_of_r(name: str) -> None:
    time, status, group = arms(name)
    pairs = {"time": "time", "at_risk": "n_risk", "events": "n_event", "censored": "n_censor"}
    figured = {"survival": "surv", "standard_error": "se_surv", "lower": "lower", "upper": "upper"}
    with (FOLDER / f"{name}_km_loglog.csv").open(encoding="utf-8", newline="") as file:
        wanted = list(csv.DictReader(file))
    found = []
    for label in dict.fromkeys(row["group"] for row in wanted):
        rows = group == label.removeprefix("group=")
        found += survival.kaplan_meier(time[rows], status[rows]).table.records()
    assert len(found) == len(wanted)
    for ours, theirs in zip(found, wanted, strict=True):
        assert [ours[key] for key in pairs] == [int(theirs[key]) for key in pairs.values()]
        for key, other in figured.items():
            if ours["survival"] not in (0, 1):  # where S is 1 or 0 the limits are ours: 1, 1 and undefined
                assert same(ours[key], float(theirs[other])), (key, ours, theirs)


@pytest.mark.parametrize("name", list(figures("quantile_edge_cases")))
def test_medians_of_awkward_curves_follow_the_table_rule(name: str) -> None:
    case = figures("quantile_edge_cases")[name]
    found = survival.kaplan_meier(case["time"], case["status"]).median
    assert (found.value, found.lower, found.upper) == (case["table_median"], case["table_lower"], case["table_upper"])
    assert ("not passed" in found.note) == (case["table_median"] != case["quantile_median"])


@pytest.mark.parametrize("name", list(figures("quantiles_robust")))
def test_limits_of_quantiles_lie_where_the_curve_falls_and_not_at_a_later_censoring(name: str) -> None:
    """With persons or fractional weights the limits of a flat step are computed anew at each censoring, and differ there by rounding."""
    case = figures("quantiles_robust")[name]
    curve = survival.kaplan_meier(case["time"], case["status"], cluster=case.get("cluster"), weights=case.get("weights"))
    found = [curve.quantile(p) for p in case["p"]]
    for key, side in (("quantile", "value"), ("lower", "lower"), ("upper", "upper")):
        assert [getattr(estimate, side) for estimate in found] == case[key]


@pytest.mark.parametrize("name", ["aml", "lung"])
def test_median_follow_up_is_that_of_r(name: str) -> None:
    time, status, group = arms(name)
    wanted = figures(name)["median_followup_reverse_km"]
    for place, label in enumerate(sorted(set(group))):
        found = survival.follow_up(time[group == label], status[group == label]).median
        assert (found.value, found.lower, found.upper) == tuple(wanted[key][place] for key in ("median", "0.95LCL", "0.95UCL"))


@pytest.mark.parametrize(("name", "tau"), [("aml", 24), ("aml", 45), ("lung", 365), ("lung", 500)])
def test_restricted_means_and_their_contrasts_are_those_of_r(name: str, tau: int) -> None:
    time, status, group = arms(name)
    order = sorted(set(group))  # R's second level is arm1
    wanted = figures(name)["rmst"][f"tau_{tau}"]
    for label, arm in zip(order, ("arm0", "arm1"), strict=True):
        found = survival.kaplan_meier(time[group == label], status[group == label]).restricted_mean(tau)
        assert same(found.value, wanted[arm]["rmst"])
        assert same(found.standard_error, wanted[arm]["se"])
        assert same(found.lower, wanted[arm]["lower"])
        assert same(found.upper, wanted[arm]["upper"])
    contrasts = {
        "difference": (survival.restricted_mean_difference, "se"),
        "ratio": (survival.restricted_mean_ratio, "se_log"),
        "rmtl_ratio": (survival.restricted_mean_time_lost_ratio, "se_log"),
    }
    for key, (function, error) in contrasts.items():
        found = function(time, status, group, tau=tau, order=order)
        assert same(found.value, wanted[key]["est"])
        assert same(found.standard_error, wanted[key][error])
        assert same(found.lower, wanted[key]["lower"])
        assert same(found.upper, wanted[key]["upper"])
    percent = survival.percent_change(survival.restricted_mean_ratio(time, status, group, tau=tau, order=order))
    assert same(percent.value, wanted["percent_change"]["est"])
    assert same(percent.upper, wanted["percent_change"]["upper"])


def test_tau_last_is_that_of_survrm2() -> None:
    time, status, group = arms("lung")
    assert survival.restricted_mean_difference(time, status, group, tau="last").note == "up to 965"
    time, status, group = arms("aml")  # the shorter curve has reached 0 at 45
    assert survival.restricted_mean_difference(time, status, group, tau="last").note == "up to 161"


SCHEMES: dict[str, dict[str, Any]] = {
    "logrank_survdiff": {},
    "grho1_survdiff": {"rho": 1},
    "gehan": {"weights": "gehan"},
    "tarone_ware": {"weights": "tarone-ware"},
    "fh_0_1": {"gamma": 1},
    "fh_1_1": {"rho": 1, "gamma": 1},
    "fh_1_0_Sminus": {"rho": 1},
}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["aml", "lung", "pilot_synthetic"])
def test_log_rank_tests_are_those_of_r(name: str, scheme: str) -> None:
    time, status, group = pilot() if name == "pilot_synthetic" else arms(name)
    found = survival.log_rank(time, status, group, order=sorted(set(group)), **SCHEMES[scheme])
    wanted = figures(name)["tests"][scheme]
    assert same(found.statistic, wanted["chisq"])
    assert same(found.p_value, wanted["p"])
    assert found.df == 1
    for key in ("observed", "expected"):
        if key in wanted:
            assert getattr(found, key) == pytest.approx(wanted[key], rel=1e-9)


def test_log_rank_of_three_groups_is_that_of_r() -> None:
    time, cause, group = (column("bmt_competing", header) for header in ("time", "cause", "group"))
    found = survival.log_rank(time, cause == 1, group)
    wanted = figures("bmt_competing")["cause_specific_logrank_cause1"]
    assert same(found.statistic, wanted["chisq"])
    assert same(found.p_value, wanted["p"])
    assert found.df == 2
    assert found.groups == ("1", "2", "3")


def test_permutation_log_rank_over_all_splits_is_that_of_coin() -> None:
    found = survival.exact_log_rank(*arms("aml"))
    assert found.p_value == pytest.approx(0.06469301327, abs=1e-9)
    assert found.method == "exact, all 1352078 splits"
    assert found.draws is None


@pytest.mark.parametrize("interval", ["log-log", "log", "plain"])
def test_competing_ends_are_those_of_r(interval: str) -> None:
    time, cause, group = (column("bmt_competing", header) for header in ("time", "cause", "group"))
    for label, by_cause in figures("bmt_competing")["survival_IJ"].items():
        rows = group == int(label.removeprefix("group="))
        shares = survival.aalen_johansen(time[rows], cause[rows], interval=interval)
        for key, by_interval in by_cause.items():
            for t, wanted in by_interval[interval].items():
                found = shares.at(float(t), cause=int(key.removeprefix("cause")))[0]
                assert same(found.value, wanted["cif"])
                assert same(found.standard_error, wanted["se"])
                assert same(found.lower, wanted["lower"] if wanted["cif"] else None)
                assert same(found.upper, wanted["upper"] if wanted["cif"] else None)


def test_mean_times_in_each_state_are_those_of_r() -> None:
    time, cause, group = (column("bmt_competing", header) for header in ("time", "cause", "group"))
    wanted = figures("bmt_competing")["mean_time_in_state_by_tau"]
    found = [
        survival.aalen_johansen(time[group == number], cause[group == number]).mean_time(wanted["tau"], state)
        for state in (0, 1, 2)
        for number in (1, 2, 3)
    ]
    assert [one.value for one in found] == pytest.approx(wanted["rmean"], rel=1e-9)
    assert [one.standard_error for one in found] == pytest.approx(wanted["se_IJ_row_order"], rel=1e-9)


def test_without_late_entry_the_error_is_also_that_of_etm() -> None:
    time, cause, group = (column("bmt_competing", header) for header in ("time", "cause", "group"))
    for number, by_cause in figures("bmt_competing")["etm_greenwood"].items():
        shares = survival.aalen_johansen(time[group == int(number)], cause[group == int(number)])
        for key, by_time in by_cause.items():
            for t, wanted in by_time.items():
                found = shares.at(float(t), cause=int(key.removeprefix("cause")))[0]
                assert same(found.value, wanted["cif"])
                assert same(found.standard_error, wanted["se"])


def test_the_shares_are_those_of_cmprsk_whose_own_error_is_a_little_larger() -> None:
    """Its estimator of the variance is another one, by Aalen; ours is that of `survfit` and etm, 1 to 2.3 % smaller here."""
    time, cause, group = (column("bmt_competing", header) for header in ("time", "cause", "group"))
    for label, by_time in figures("bmt_competing")["cmprsk_aalen"].items():
        number, of_cause = map(int, label.split())
        shares = survival.aalen_johansen(time[group == number], cause[group == number])
        for t, wanted in by_time.items():
            found = shares.at(float(t), cause=of_cause)[0]
            assert same(found.value, wanted["cif"])
            assert 0.977 * wanted["se"] <= found.standard_error <= wanted["se"]


def test_leavers_taken_as_censored_give_the_naive_figure_of_r() -> None:
    time, cause, group = (column("bmt_competing", header) for header in ("time", "cause", "group"))
    for label, by_time in figures("bmt_competing")["naive_1_minus_KM_cause1"].items():
        rows = group == int(label.removeprefix("group="))
        curve = survival.kaplan_meier(time[rows], cause[rows] == 1)
        for t, wanted in by_time.items():
            assert 1 - one(curve, float(t)).value == pytest.approx(wanted, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("of_cause", [1, 2])
def test_gray_test_is_that_of_cmprsk(of_cause: int) -> None:
    time, cause, group = (column("bmt_competing", header) for header in ("time", "cause", "group"))
    wanted = figures("bmt_competing")["gray"][f"cause{of_cause}"]
    found = survival.gray_test(time, cause, group, of_cause=of_cause)
    assert (found.statistic, found.p_value) == (pytest.approx(wanted["chisq"], rel=1e-9), pytest.approx(wanted["p"], rel=1e-9))
    assert found.df == wanted["df"]
    assert sum(found.observed) == pytest.approx(sum(found.expected)) == (cause == of_cause).sum()


def test_gray_test_of_two_groups_is_that_of_cmprsk() -> None:
    months, _, period = pilot()
    cause = column("pilot_synthetic", "cause")
    wanted = figures("pilot_synthetic")["gray"]
    found = survival.gray_test(months, cause, period)
    assert same(found.statistic, wanted["chisq"])
    assert found.p_value == pytest.approx(wanted["p"], rel=1e-6)  # R's is 1 less a number near 1, and has no more digits
    assert found.statistic == pytest.approx(survival.gray_test(months, cause, period, order=["after", "before"]).statistic, rel=1e-12)


def test_stratified_gray_test_is_that_printed_by_cmprsk() -> None:
    time, cause = column("cmprsk_strata", "time", float), column("cmprsk_strata", "cause")
    group, stratum = column("cmprsk_strata", "group", str), column("cmprsk_strata", "stratum")
    wanted = figures("cmprsk_strata")
    for label, by_cause in wanted["shares_at_1_to_5"].items():
        shares = survival.aalen_johansen(time[group == label], cause[group == label])
        for key, values in by_cause.items():
            found = [estimate.value for estimate in shares.at(range(1, 6), cause=int(key))]
            printed = [(ours, theirs) for ours, theirs in zip(found, values, strict=True) if theirs is not None]
            assert [ours for ours, _ in printed] == pytest.approx([theirs for _, theirs in printed], abs=5e-8)
    for rows, key in ((group == group, "gray_stratified"), (group != "b", "gray_stratified_without_b")):
        for of_cause in (1, 2):
            test = survival.gray_test(time[rows], cause[rows], group[rows], strata=stratum[rows], of_cause=of_cause)
            printed = wanted[key][f"cause{of_cause}"]
            assert (test.statistic, test.p_value) == (pytest.approx(printed["chisq"], abs=5e-7), pytest.approx(printed["p"], abs=5e-8))
            assert (test.df, test.method) == (printed["df"], "asymptotic chi-square, 2 strata")


def test_gray_test_with_a_weight_is_that_of_cmprsk() -> None:
    time, cause = column("cmprsk_rho", "time", float), column("cmprsk_rho", "cause")
    group, stratum = column("cmprsk_rho", "group"), column("cmprsk_rho", "stratum")
    for of_cause in (1, 2):
        wanted = figures("cmprsk_rho")["gray_stratified_rho_1"][f"cause{of_cause}"]
        found = survival.gray_test(time, cause, group, strata=stratum, of_cause=of_cause, rho=1)
        assert (found.statistic, found.p_value) == (pytest.approx(wanted["chisq"], rel=1e-9), pytest.approx(wanted["p"], rel=1e-9))
        assert (found.df, found.method) == (wanted["df"], "asymptotic chi-square, 2 strata, rho = 1")


def test_shares_of_the_pilot_are_those_of_r_within_follow_up() -> None:
    months, _, period = pilot()
    cause = column("pilot_synthetic", "cause")
    for label, by_time in figures("pilot_synthetic")["cif_diagnosis"].items():
        rows = period == label.removeprefix("group=")
        shares = survival.aalen_johansen(months[rows], cause[rows])
        for t, wanted in by_time.items():
            done, left = (shares.at(float(t), cause=number)[0] for number in (1, 2))
            if float(t) > months[rows].max():
                assert (done.value, done.note) == (None, "past the last follow-up")
                continue
            assert same(done.value, wanted["diagnosis"])
            assert same(left.value, wanted["left"])
            assert same(done.standard_error, wanted["se"])
            assert same(done.lower, wanted["lower"] if wanted["diagnosis"] else None)


def test_late_entry_agrees_with_r() -> None:
    start, stop, event, gender = (column("channing_left_truncated", header) for header in ("start", "stop", "event", "gender"))
    test = figures("channing_left_truncated")["logrank_delayed_entry"]
    found = survival.log_rank(stop, event, gender, entry=start, order=[1, 2])
    assert same(found.statistic, test["chisq"])
    assert found.observed[0] - found.expected[0] == pytest.approx(test["O_minus_E"][0], rel=1e-9)
    women = gender == 2
    wanted = figures("channing_left_truncated")["quantiles"]["gender=2"]["log-log"]
    median = survival.kaplan_meier(stop[women], event[women], entry=start[women]).median
    assert (median.value, median.lower, median.upper) == tuple(wanted["0.5"][key] for key in ("est", "lower", "upper"))


def test_curve_and_restricted_mean_with_late_entry_are_those_of_r() -> None:
    start, stop, event, gender = (column("channing_left_truncated", header) for header in ("start", "stop", "event", "gender"))
    wanted, women = figures("channing_left_truncated"), gender == 2
    for interval in INTERVALS:
        curve = survival.kaplan_meier(stop[women], event[women], entry=start[women], interval=interval)
        for p, limits in wanted["quantiles"]["gender=2"][interval].items():
            found = curve.quantile(float(p))
            assert (found.value, found.lower, found.upper) == (limits["est"], limits["lower"], limits["upper"])
    curve = survival.kaplan_meier(stop[women], event[women], entry=start[women])
    for t, figure in wanted["at_times"]["gender=2"].items():
        found = one(curve, float(t))
        assert (found.value, found.standard_error, found.lower, found.upper) == pytest.approx(
            tuple(figure[key] for key in ("surv", "se", "lower", "upper")), rel=1e-9
        )
        assert curve.at_risk(float(t)) == (figure["n_risk"],)
        assert found.note == f"given still open at {start[women].min()}"
    mean = curve.restricted_mean(wanted["rmst"]["tau"])
    assert (mean.value, mean.standard_error) == pytest.approx((wanted["rmst"]["rmean"][1], wanted["rmst"]["se"][1]), rel=1e-9)


def test_the_log_rank_test_is_the_score_test_of_cox() -> None:
    for name, data in (("aml", arms("aml")), ("lung", arms("lung"))):
        assert same(survival.log_rank(*data).statistic, figures(name)["cox"]["exact"]["score_test"])
    start, stop, event, gender = (column("channing_left_truncated", header) for header in ("start", "stop", "event", "gender"))
    assert same(survival.log_rank(stop, event, gender, entry=start).statistic, figures("channing_left_truncated")["cox_score_exact"])


def test_medians_that_ignore_what_they_should_count_are_those_of_r() -> None:
    stop, event, gender = (column("channing_left_truncated", header) for header in ("stop", "event", "gender"))
    naive = [survival.kaplan_meier(stop[gender == sex], event[gender == sex]).median.value for sex in (1, 2)]
    assert naive == figures("channing_left_truncated")["naive_ignoring_entry_median"]
    months, done, period = pilot()
    for label, wanted in figures("pilot_synthetic")["completed_only_by_start"].items():
        rows = (period == label) & done
        assert same(survival.kaplan_meier(months[rows], done[rows]).median.value, wanted)


def test_a_horizon_past_the_follow_up_of_one_group_is_refused_where_r_goes_on() -> None:
    months, done, period = pilot()
    wanted = figures("pilot_synthetic")["rmst"]["tau_18"]
    before = survival.kaplan_meier(months[period == "before"], done[period == "before"]).restricted_mean(wanted["tau"])
    assert same(before.value, wanted["arm0"]["rmst"])
    assert same(before.standard_error, wanted["arm0"]["se"])
    after = survival.kaplan_meier(months[period == "after"], done[period == "after"])
    with pytest.raises(NotEstimable, match="tau is 18"):
        after.restricted_mean(wanted["tau"])
    # R lets the curve run on flat; up to the last time and that far beyond it the figure is the same.
    last = after.restricted_mean("last")
    assert last.value + (18 - after.last_time) * after.survival[-1] == pytest.approx(wanted["arm1"]["rmst"], rel=1e-9)


def test_an_emptied_early_risk_set_is_refused_and_conditioning_agrees_with_r() -> None:
    start, stop, event, gender = (column("channing_left_truncated", header) for header in ("start", "stop", "event", "gender"))
    men = gender == 1
    with pytest.raises(NotEstimable, match="condition_on= a time of at least 781"):
        survival.kaplan_meier(stop[men], event[men], entry=start[men])
    for sex in (1, 2):
        rows = gender == sex
        curve = survival.kaplan_meier(stop[rows], event[rows], entry=start[rows], condition_on=816)
        for t, wanted in figures("channing_left_truncated")["conditional_on_816"][f"gender={sex}"].items():
            assert same(one(curve, float(t)).value, wanted["surv"])
            assert same(one(curve, float(t)).standard_error, wanted["se"])
            assert curve.at_risk(float(t)) == (wanted["n_risk"],)
