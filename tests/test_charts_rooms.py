"""Claims on the charts of the later rooms, on what is drawn and not on pixels: labels, numbers of marks, and no text upon another."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest

import leadtime as lt
from leadtime import charts

SAMPLE = Path(__file__).resolve().parents[1] / "data_samples" / "mark_svenljunga"
COHORTS = {"by": "cohort", "before": "before", "after": "after", "draws": 50}
STREAM = {"step": ["Referral", "Visit"], "process_likely": [1, 2], "wait_likely": [3, 40], "percent_complete_accurate": [80, 90]}
SERIES = [20.0, 22, 21, 23, 20, 22, 21, 20, 9, 8, 10, 9, 8, 9]


@pytest.fixture(scope="module")
def figures():
    pathway = lt.read_pathway(SAMPLE / "pathway.toml")
    log = lt.read_log(SAMPLE / "events.csv", timezone=pathway.log.timezone, observed_until=pathway.log.observed_until)
    frame = lt.lead_times(log, pathway).to_pandas()
    frame = frame[frame["status"] != "excluded"]
    ends = lt.survival.aalen_johansen(frame["lead_time_days"], frame["status"].map({"stopped": 1, "left": 2, "still waiting": 0}))
    return {
        "waterfall": charts.waterfall(lt.attribution(log, pathway, **COHORTS)),
        "incidence": charts.cumulative_incidence(ends, causes={1: "finished", 2: "left"}),
        "waits": charts.waits_chart(lt.hand_over_matrix(log), most=5),
        "hand-overs": charts.hand_over_map(lt.hand_over_matrix(log), most=6),
        "flow": charts.cumulative_flow_chart(lt.cumulative_flow(log, pathway, every="quarter")),
        "ageing": charts.ageing_chart(lt.ageing(log, pathway)),
        "path": charts.case_path(lt.time_split(log, pathway), "MS004"),
        "stream": charts.value_stream_map(lt.value_stream(pd.DataFrame(STREAM))),
        "control": charts.control_chart(lt.control.xmr(SERIES, rebase=8), y_label="Days"),
        "segmented": charts.segmented_lines(lt.control.segmented_regression(SERIES, break_at=8), y_label="Days"),
        "funnel": charts.funnel_chart(lt.control.funnel([10, 50, 5], [20, 100, 90], labels=["a", "b", "c"])),
    }


def texts_of(figure):
    """The texts that are drawn, with their boxes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    # Labels of ticks past the end of an axis exist, but aren't drawn.
    past = {
        tick.label1 for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for tick in axis.get_major_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }  # fmt: skip
    hidden = {text for axes in figure.axes if not axes.axison for text in (*axes.get_xticklabels(), *axes.get_yticklabels())}
    drawn = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip() and text not in past | hidden]
    return [(text.get_text(), text.get_window_extent(canvas.get_renderer())) for text in drawn]


NAMES = ("waterfall", "incidence", "waits", "hand-overs", "flow", "ageing", "path", "stream", "control", "segmented", "funnel")


@pytest.mark.parametrize("name", NAMES)
def test_no_text_lies_upon_another_or_outside_the_figure(figures, name):
    boxes = texts_of(figures[name])
    assert boxes
    if name != "hand-overs":  # the boxes of slanted names overlap, the names don't
        for (one, first), (other, second) in combinations(boxes, 2):
            apart = min(first.x1, second.x1) - max(first.x0, second.x0) < 1 or min(first.y1, second.y1) - max(first.y0, second.y0) < 1
            assert apart, (one, other)
    width, height = figures[name].canvas.get_width_height()
    assert all(box.x0 > -2 and box.x1 < width + 2 and box.y0 > -2 and box.y1 < height + 2 for _, box in boxes)


@pytest.mark.parametrize("name", NAMES)
def test_a_title_says_what_is_drawn_and_of_how_many(figures, name):
    title = figures[name].axes[0].get_title(loc="left")
    assert "n = " in title if name not in ("path", "stream") else "lead time" in title or "One case" in title


def test_a_waterfall_ends_where_the_mean_after_is(figures):
    bars = figures["waterfall"].axes[0].patches
    assert bars[-2].get_x() + min(bars[-2].get_width(), 0) == pytest.approx(bars[-1].get_width())


def test_each_part_of_a_control_chart_has_its_own_three_lines(figures):
    steps = [line for line in figures["control"].axes[0].lines if line.get_drawstyle() == "steps-mid"]
    assert len(steps) == 6


def test_the_site_outside_the_funnel_is_named(figures):
    assert "c" in [text.get_text() for text in figures["funnel"].axes[0].texts]
