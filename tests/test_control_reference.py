"""Charts and regression give the figures of qicharts2, NHSRplotthedots, lm and nlme's gls (tests/reference/r)."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leadtime as lt
from leadtime.control.regression import Series, fit_both
from leadtime.control.rules import RuleSet, special_causes

FOLDER = Path(__file__).parent / "reference" / "r"
SPC: dict[str, Any] = json.loads((FOLDER / "spc.json").read_text(encoding="utf-8"))
MONTGOMERY = SPC["montgomery_6_7"]
NILE = SPC["nile"]
CLOSE = {"rel": 1e-12, "abs": 1e-12}
RUNS = ("n_obs", "n_useful", "longest_run", "longest_run_max", "n_crossings", "n_crossings_min", "runs_signal")


def is_that_of_qicharts2(part: lt.control.ChartPart, wanted: dict[str, Any]) -> None:
    for ours, theirs in (("centre", "cl"), ("lower", "lcl"), ("upper", "ucl")):
        assert getattr(part, ours) == (None if wanted[theirs] is None else pytest.approx(wanted[theirs], **CLOSE)), theirs
    for name in RUNS:
        assert getattr(part, name) == wanted[name], name
    assert [position + 1 - part.first for position in part.outside] == wanted["sigma_signal_index"]


@pytest.mark.parametrize("screen", [True, False])
def test_the_individuals_chart_is_that_of_qicharts2(*, screen: bool) -> None:
    answer = f"screenedmr_{str(screen).upper()}"
    frozen = lt.control.xmr(MONTGOMERY["y"], freeze=20, screen=screen)
    is_that_of_qicharts2(frozen.current, MONTGOMERY["recorded_I"])
    is_that_of_qicharts2(frozen.current, MONTGOMERY[f"computed_I_freeze20_{answer}"])
    is_that_of_qicharts2(lt.control.xmr(MONTGOMERY["y"], screen=screen).current, MONTGOMERY[f"computed_I_all40_{answer}"])


def test_the_data_files_hold_the_series_of_the_figures() -> None:
    nhs = SPC["nhsr_snapshot"]
    for name, columns in {
        "montgomery_6_7": {"cost": MONTGOMERY["y"]},
        "nhsr_rnorm20": {"y": nhs["y"], "y_outlier": nhs["y_with_outlier"]},
    }.items():
        with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for column, values in columns.items():
            assert [float(row[column]) for row in rows] == values


def test_the_moving_range_chart_is_that_of_qicharts2() -> None:
    is_that_of_qicharts2(lt.control.mr_chart(MONTGOMERY["y"], freeze=20).current, MONTGOMERY["recorded_MR"])


def test_the_run_charts_are_those_of_qicharts2() -> None:
    is_that_of_qicharts2(lt.control.run_chart(MONTGOMERY["y"]).current, MONTGOMERY["computed_run_chart_FALSE"])
    is_that_of_qicharts2(lt.control.run_chart(NILE["y"]).current, NILE["qic_run_all"])


def test_a_rebased_chart_has_the_parts_of_qicharts2() -> None:
    chart = lt.control.xmr(NILE["y"], rebase=28)
    for part, wanted in zip(chart.parts, NILE["qic_I_part28"].values(), strict=True):
        is_that_of_qicharts2(part, wanted)


def test_the_t_chart_is_that_of_qicharts2() -> None:
    wanted = SPC["montgomery_7_14_t_chart"]
    is_that_of_qicharts2(lt.control.t_chart(wanted["y"]).current, wanted["recorded"])


def test_the_p_chart_with_parts_and_excluded_points_is_that_of_qicharts2() -> None:
    wanted = SPC["montgomery_7_1_p_chart"]
    chart = lt.control.p_chart(wanted["count"], wanted["size"], exclude=[14, 22], rebase=30)
    is_that_of_qicharts2(chart.parts[0], wanted["recorded_part1"])
    is_that_of_qicharts2(chart.parts[1], wanted["recorded_part2"])


def test_the_limits_of_runs_and_crossings_are_those_of_anhoej() -> None:
    limits = SPC["anhoej_limits"]
    for n, longest, fewest in zip(*limits.values(), strict=True):
        part = lt.control.run_chart([2, 2, 2, *([1, 3] * n)[:n]], freeze=3).current  # the median is that of the first three
        assert (part.n_obs, part.n_useful, part.longest_run_max, part.n_crossings_min) == (n + 3, n, longest, fewest)
        assert (part.longest_run, part.n_crossings, part.runs_signal) == (1, n - 1, False)


@pytest.mark.parametrize(("key", "series", "screen"), [("r1", "y", True), ("r2", "y_with_outlier", True), ("r3", "y_with_outlier", False)])
def test_the_nhs_limits_and_points_are_those_of_nhsrplotthedots(key: str, series: str, *, screen: bool) -> None:
    nhs = SPC["nhsr_snapshot"]
    chart = lt.control.xmr(nhs[series], screen=screen)
    is_that_of_nhsr(chart, nhs[f"computed_{key}"])
    recorded = nhs["recorded"][{"r1": "r1", "r2": "r2_screened", "r3": "r3_unscreened"}[key]]
    assert [chart.mean, chart.lower, chart.upper] == pytest.approx([recorded["mean"], recorded["lpl"], recorded["upl"]], abs=1e-3)


def is_that_of_nhsr(chart: lt.control.ControlChart, wanted: dict[str, Any]) -> None:
    """Their limits are mean ± 2.66 moving ranges, ours 3 / 1.128: apart in the fifth digit."""
    for ours, theirs in (("centre", "mean"), ("lower", "lpl"), ("upper", "upl")):
        limits = wanted[theirs] if isinstance(wanted[theirs], list) else [wanted[theirs]]
        assert [getattr(part, ours) for part in chart.parts] == pytest.approx(limits, rel=1e-3)
    assert [position + 1 for position in chart.outside] == wanted["outside"]
    assert list(chart.points.column("special_cause_type")) == wanted["special_cause_type"]
    assert list(chart.points.column("point_type")) == wanted["point_type_decrease_is_improvement"]


def test_the_nhs_rules_name_every_point_as_nhsrplotthedots_does() -> None:
    is_that_of_nhsr(lt.control.xmr(MONTGOMERY["y"]), SPC["nhsr_on_montgomery_6_7"]["all40"])
    is_that_of_nhsr(lt.control.xmr(MONTGOMERY["y"], freeze=20), SPC["nhsr_on_montgomery_6_7"]["fix20"])
    is_that_of_nhsr(lt.control.xmr(NILE["y"], rebase=28), NILE["nhsr_rebase_at_29"])
    is_that_of_nhsr(lt.control.xmr(NILE["y"]), NILE["nhsr_none"])


def marked(ends: list[int], length: int) -> list[bool]:
    """NHSRplotthedots flags the end of a row; a point is special where it is in one."""
    return [any(ends[i : i + length]) for i in range(len(ends))]


def far_limits(values: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Outer and near limits that no point comes near."""
    return [(values - 99, values + 99)] * 2


def test_the_unit_cases_of_the_rules_are_those_of_nhsrplotthedots() -> None:
    for case in SPC["rule_unit_cases"]["seven_one_side"]:
        side = np.array(case["x"], float)
        found = special_causes(side, 0 * side, *far_limits(side), RuleSet(trend=8))
        assert [cause is not None for cause in found] == marked(case["ends_flag"], 7)
    for case in SPC["rule_unit_cases"]["seven_trend"]:
        y = np.array(case["y"], float)
        found = special_causes(y, y, *far_limits(y), RuleSet())
        assert [cause is not None and cause.rule == "trend" for cause in found] == marked(case["ends_flag"], 7)
        assert {cause.upwards for cause in found if cause} <= {1 in case["ends_flag"]}
    for case in SPC["rule_unit_cases"]["two_of_three"]:
        close, side = np.array(case["close"], float), np.array(case["rel_mean"], float)
        found = special_causes(
            side * (1 + close), 0 * side, (-3 + 0 * side, 3 + 0 * side), (-1.5 + 0 * side, 1.5 + 0 * side), RuleSet(shift=8)
        )
        assert [cause is not None for cause in found] == [
            bool(flag and near) for flag, near in zip(case["flag"], case["close"], strict=True)
        ]


def full_moon() -> Series:
    with (FOLDER / "full_moon.csv").open(encoding="utf-8", newline="") as file:
        rate = {(row["Month"], row["Moon"]): float(row["Admission"]) for row in csv.DictReader(file)}
    months = ("Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul")
    y = np.array([rate[month, moon] for month in months for moon in ("Before", "During", "After")])
    columns = {"intercept": np.ones(36), "time": np.round((np.arange(36) + 1) / 3, 2), "during": np.tile([0.0, 1.0, 0.0], 12)}
    return Series.of(y, columns)


def test_both_regressions_are_those_of_lm_and_gls() -> None:
    figures = json.loads((FOLDER / "full_moon.json").read_text(encoding="utf-8"))
    pair = fit_both(full_moon(), {}, confidence=0.95, likelihood="REML")
    assert pair.gls is not None
    for fit, wanted, within in ((pair.ols, figures["lm"], 1e-3), (pair.gls, figures["gls_corAR1_REML"], 5e-6)):
        assert [term.value for term in fit.terms.values()] == pytest.approx(wanted["coefficients"], rel=within)
        assert [term.standard_error for term in fit.terms.values()] == pytest.approx(wanted["standard_errors"], rel=within)
        assert fit.sigma == pytest.approx(wanted["sigma"], rel=within)
    assert pair.primary == "GLS"
    assert pair.gls.rho == pytest.approx(figures["gls_corAR1_REML"]["phi"], rel=5e-6)
    assert pair.gls.log_likelihood == pytest.approx(figures["gls_corAR1_REML"]["log_likelihood"], abs=5e-4)
    assert pair.ols.df == pair.gls.df == figures["lm"]["df"]
