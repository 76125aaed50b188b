"""Claims on the charts of the later rooms, on what is drawn and not on pixels: labels, numbers of marks, and no text upon another."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest

import leadtime as lt
from leadtime import charts
from leadtime.errors import UsageError

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


def size_cm(path: Path) -> tuple[float, float]:
    """The size on paper that a file says it has."""
    content = path.read_bytes()
    if path.suffix == ".png":
        across, down = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
        place = content.index(b"pHYs") + 4
        per_metre = int.from_bytes(content[place : place + 4], "big")
        return 100 * across / per_metre, 100 * down / per_metre
    if path.suffix == ".pdf":
        box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+)", content)
        assert box
        points = [float(side) for side in box.groups()]
    else:
        points = [float(re.findall(rb'<svg[^>]* %s="([\d.]+)pt"' % side, content)[0]) for side in (b"width", b"height")]
    return points[0] / 72 * 2.54, points[1] / 72 * 2.54


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_a_chart_is_saved_at_its_size_on_paper_with_the_same_bytes_each_time(figures, tmp_path, ending):
    chart = figures["control"]
    own = tuple(chart.get_size_inches())
    for name in ("one", "two"):
        chart.save(tmp_path / f"{name}.{ending}", width_cm=16, height_cm=9)
    assert size_cm(tmp_path / f"one.{ending}") == pytest.approx((16, 9), abs=0.02)
    assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"two.{ending}").read_bytes()
    assert tuple(chart.get_size_inches()) == own
    chart.save(tmp_path / f"own.{ending}")
    assert size_cm(tmp_path / f"own.{ending}") == pytest.approx(tuple(2.54 * side for side in own), abs=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_as_wide_as_the_text_of_an_a4_page_has_no_text_upon_another(figures, name):
    chart = figures[name]
    own = tuple(chart.get_size_inches())
    chart.set_size_inches(17 / 2.54, own[1])
    try:
        boxes = texts_of(chart)
    finally:
        chart.set_size_inches(*own)
    if name != "hand-overs":
        for (one, first), (other, second) in combinations(boxes, 2):
            apart = min(first.x1, second.x1) - max(first.x0, second.x0) < 1 or min(first.y1, second.y1) - max(first.y0, second.y0) < 1
            assert apart, (one, other)


def test_a_dollar_sign_in_a_name_is_no_formula(tmp_path):
    chart = charts.funnel_chart(lt.control.funnel([10, 50, 5], [20, 100, 90], labels=["a", "b", r"$\frac{1$"]))
    chart.save(tmp_path / "chart.svg")
    assert r"$\frac{1$" in [text for text, _ in texts_of(chart)]


def test_what_can_t_be_saved_is_named(figures, tmp_path):
    with pytest.raises(UsageError, match=r"\.png, \.svg or \.pdf"):
        figures["control"].save(tmp_path / "chart.bmp")
    with pytest.raises(UsageError, match="width_cm=0"):
        figures["control"].save(tmp_path / "chart.png", width_cm=0)
    assert list(tmp_path.iterdir()) == []
