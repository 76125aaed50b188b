"""Claims on the charts for notebooks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import leadtime as lt
from leadtime import charts
from leadtime.charts import base, cases
from leadtime.durations import DAYS_PER_MONTH
from leadtime.errors import InputError, UsageError

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def result():
    rows = []
    for cohort, first in (("before", 400), ("after", 150)):
        for number in range(12):
            case = f"child-{cohort}-{number}"
            rows.append((case, "Detected", "2018-01-01", cohort))
            if number < 10:
                rows.append((case, "Diagnosis", str(pd.Timestamp("2018-01-01") + pd.Timedelta(days=first + 10 * number))[:10], cohort))
    log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start", "cohort"]), observed_until="2019-12-31")
    pathway = lt.read_pathway({
        "name": "x", "start": "detection", "stop": "diagnosis",
        "milestones": {"detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}},
    })  # fmt: skip
    return lt.compare(lt.lead_times(log, pathway))


def words_of(figure) -> str:
    parts = [figure.get_suptitle()]
    for axes in figure.axes:
        legend = axes.get_legend()
        parts += [axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel(), *(text.get_text() for text in axes.texts)]
        parts += [text.get_text() for text in legend.get_texts()] if legend else []
    return "\n".join(parts)


def test_the_curves_step_down_at_the_lead_times_and_say_n_median_and_unit(result):
    figure = charts.survival_curves(result)
    curve = figure.axes[0].lines[0]
    assert curve.get_drawstyle() == "steps-post"
    assert curve.get_xdata()[1] == pytest.approx(400 / DAYS_PER_MONTH)
    said = words_of(figure)
    assert "n = 24" in said
    assert "before (n = 12)" in said
    assert "Months" in said
    assert "%" in said


def test_the_numbers_at_risk_stand_below(result):
    below = charts.survival_curves(result, every=6).axes[1]
    numbers = [text.get_text() for text in below.texts]
    assert numbers[0] == "12"
    assert numbers.count("12") >= 2


def test_the_words_come_in_swedish_too(result):
    said = words_of(charts.survival_curves(result, language="sv"))
    assert "Väntar fortfarande" in said
    assert "före (n = 12)" in said


def test_the_dotted_chart_names_no_case(result):
    figure = charts.dotted_chart(result.times, by="cohort")
    axes = figure.axes[0]
    assert sum(len(line.get_xdata()) for line in axes.lines if line.get_marker() == "o") == 20
    assert "child-" not in words_of(figure)
    assert [label.get_text() for label in axes.get_yticklabels()] == []


def test_the_distribution_counts_the_finished_cases_and_says_who_is_not_in_it(result):
    figure = charts.distribution(result.times, by="cohort")
    assert [sum(bar.get_height() for bar in axes.patches) for axes in figure.axes] == [10, 10]
    assert "still waiting" in figure.get_supxlabel()


def test_the_curves_say_what_band_dots_and_small_marks_mean(result):
    figure = charts.survival_curves(result)
    said = words_of(figure)
    assert "median 1 year 3 months" in said
    assert "95 % confidence limits" in said
    assert "last seen unfinished" in said
    unfinished = [line for line in figure.axes[0].lines if line.get_marker() == "|"]
    # All who didn't finish were last seen at the end of observation, two a cohort at the same time.
    assert [len(line.get_xdata()) for line in unfinished] == [1, 1]


@pytest.mark.parametrize("months", [1, 10, 55, 130, 600])
def test_the_numbers_at_risk_never_stand_too_close_to_read(months):
    marks = base.month_ticks(months, None)
    assert marks[0] == 0
    assert marks[-1] >= months
    assert 2 <= len(marks) <= 14


def test_groups_differ_in_grey_too(result):
    axes = charts.dotted_chart(result.times, by="cohort").axes[0]
    faces = {str(line.get_markerfacecolor()) for line in axes.lines if line.get_marker() == "o"}
    assert len(faces) == 2
    assert "white" in faces
    styles = {str(lines.get_linestyle()) for lines in axes.collections}
    assert len(styles) == 2
    curves = [line.get_linestyle() for line in charts.survival_curves(result).axes[0].lines if line.get_drawstyle() == "steps-post"]
    assert len(set(curves)) == 2
    hatches = {bar.get_hatch() for axes in charts.distribution(result.times, by="cohort").axes for bar in axes.patches}
    assert len(hatches) == 2


def test_a_dotted_chart_of_a_part_says_so(result, monkeypatch):
    monkeypatch.setattr(cases, "_MOST_CASES", 6)
    axes = charts.dotted_chart(result.times).axes[0]
    assert axes.get_title(loc="right") == "6 of 24 cases shown, evenly spaced"
    assert "n = 24" in axes.get_title(loc="left")
    assert sum(len(line.get_xdata()) for line in axes.lines if line.get_marker() != "|") == 6


def test_the_panels_of_a_distribution_share_one_scale(result):
    first, second = charts.distribution(result.times, by="cohort").axes
    assert first.get_ylim() == second.get_ylim()
    assert first.get_xlim() == second.get_xlim()
    assert first.get_xlim()[0] == 0


def test_a_notebook_shows_a_chart_by_its_name_and_the_same_bytes_each_time(result):
    pictures = [charts.survival_curves(result)._repr_png_() for _ in range(2)]
    assert pictures[0].startswith(b"\x89PNG")
    assert pictures[0] == pictures[1]
    assert b"Software" not in pictures[0]


def test_wrong_options_are_named(result):
    with pytest.raises(UsageError, match="every=0"):
        charts.survival_curves(result, every=0)
    with pytest.raises(UsageError, match="width=0"):
        charts.distribution(result.times, width=0)
    with pytest.raises(InputError, match="cohort"):
        charts.dotted_chart(result.times, by="kohort")


def test_no_figure_is_left_in_global_state(result, tmp_path):
    figure = charts.survival_curves(result)
    figure.savefig(tmp_path / "c.svg")
    code = "import sys; sys.path.insert(0, sys.argv[1]); import leadtime.charts; assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, ROOT], check=True)
