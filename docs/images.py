"""The pictures of README and of the concepts: `python docs/images.py` draws them anew; the workbook's cover takes LibreOffice and pdftoppm.

The concepts' pictures are drawn from the files and the code that stand on their pages.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import leadtime as lt
from leadtime import charts
from leadtime.charts.base import COLOURS, DASHES, GREY, INK, Chart, noted, plain

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
CONCEPTS = ROOT / "docs" / "concepts"
SAMPLE = ROOT / "data_samples" / "mark_svenljunga"
CASE = "MS035"  # synthetic, and with a lead time near the median before
PALE = "#CBD2D9"
ABOVE: dict[str, Any] = {"xytext": (0, 7), "textcoords": "offset points", "ha": "center", "fontsize": "small", "color": GREY}


def on_page(page: str) -> dict[str, Any]:
    """Gives the names that a page's code makes, run beside the files that the page gives, without what it prints."""
    text = (CONCEPTS / page).read_text(encoding="utf-8")
    names: dict[str, Any] = {"print": lambda *said: None}
    with tempfile.TemporaryDirectory() as folder:
        for title, content in re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```', text, re.MULTILINE | re.DOTALL):
            Path(folder, title).write_text(content, encoding="utf-8")
            text = text.replace(f'"{title}"', repr(str(Path(folder, title))))
        for code in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            exec(compile(code, page, "exec"), names)  # noqa: S102 - our own page, which the tests run too
    return names


def dated(log: lt.EventLog) -> pd.DataFrame:
    """Gives the events in order, with `start` and `end` as pandas dates."""
    events = log.to_pandas().sort_values(["case_id", "start_wall_us"])
    return events.assign(**{name: pd.to_datetime(events[f"{name}_wall_us"], unit="us") for name in ("start", "end")})


def one_case() -> Chart:
    """Draws the path of one synthetic case."""
    pathway = lt.read_pathway(SAMPLE / "pathway.toml")
    log = lt.read_log(SAMPLE / "events.csv", timezone="Europe/Stockholm", observed_until="2020-12-31")
    return charts.case_path(lt.time_split(log, pathway), CASE)


def lead_time() -> Chart:
    """Draws a line a child, from the start of its clock to what ended it."""
    times = on_page("lead_time.md")["times"]
    events = dated(times.log)
    rows = times.to_pandas().set_index("case_id")
    figure = Chart(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots()
    end = np.datetime64("2019-12-31")
    for place, (case, row) in enumerate(rows.iterrows()):
        own = events[events["case_id"] == case]
        axes.plot(own["start"], [place] * len(own), linestyle="", marker="o", markersize=5, markerfacecolor="white", color=GREY, zorder=3)
        for _, event in own.iterrows():
            axes.annotate(event["activity"], (event["start"], place), **ABOVE)
        _line(axes, place, row, end)
    axes.axvline(end, color=INK, linestyle="--", linewidth=1)
    axes.annotate("observation ends", (end, -0.72), (-4, 0), textcoords="offset points", ha="right", fontsize="small", color=INK)
    axes.set(yticks=range(len(rows)), ylim=(len(rows) - 0.5, -0.9), xlim=(np.datetime64("2018-12-20"), np.datetime64("2020-04-20")))
    axes.set_yticklabels([f"child {name}" for name in rows.index])
    axes.set_title("The clock of five children", loc="left", fontweight="bold")
    plain(axes, grid="x")
    return figure


def _line(axes: Any, place: int, row: Any, end: np.datetime64) -> None:
    """A child's clock: full where it stopped, dashed where it didn't, with what became of it at the right."""
    stopped, left = row["status"] == "stopped", row["status"] == "left"
    said = f"excluded: {row['excluded_because']}"
    if row["status"] != "excluded":
        begun = row["started"].to_datetime64()
        over = begun + np.timedelta64(int(row["lead_time_days"]), "D")
        colour = COLOURS[0] if stopped else COLOURS[1]
        axes.plot(
            [begun, over], [place, place], color=colour, linewidth=4, linestyle="-" if stopped else ":", solid_capstyle="butt", zorder=2
        )
        axes.plot([over], [place], marker="o" if stopped else ("X" if left else ">"), markersize=9, color=colour, zorder=4)
        ended = f"stopped by {row['stopped_by']}" if stopped else (f"left: {row['exit']}" if left else "still waiting")
        said = f"{row['lead_time_days']:.0f} days, {ended}" if stopped else f"over {row['lead_time_days']:.0f} days, {ended}"
    axes.annotate(said, (end, place), (8, -3), textcoords="offset points", fontsize="small", color=INK)


def censoring() -> Chart:
    """Draws a hundred waits cut by the end of a pilot, and what two ways of counting make of them."""
    made = on_page("censoring.md")
    detected, needed, done, curve = (made[name] for name in ("detected", "needed", "done", "curve"))
    figure = Chart(figsize=(7.5, 8), layout="constrained")
    above, below = figure.subplots(2, 1)
    rows = np.arange(done.size)
    above.hlines(rows[done], detected[done], (detected + needed)[done], color=COLOURS[0], linewidth=1.6, label="finished within the pilot")
    above.hlines(rows[~done], detected[~done], 30, color=COLOURS[1], linewidth=1.1, label="still waiting: known to be longer")
    above.hlines(
        rows[~done], 30, (detected + needed)[~done], color=PALE, linewidth=1.1, linestyle=":", label="what comes later, not known yet"
    )
    above.axvline(30, color=INK, linestyle="--", linewidth=1)
    above.set(xlabel="months since the pilot began", yticks=[], xlim=(0, 60), ylim=(100, -2))
    above.set_title("A hundred children, in order of detection", loc="left", fontweight="bold")
    above.legend(frameon=True, framealpha=0.9, edgecolor="none", fontsize="small", loc="upper right")
    plain(above, grid="x")
    _two_ways(below, needed, needed[done], curve)
    noted(figure, "Simulated. All lead times come from one distribution: nothing changes during the pilot.")
    return figure


def _two_ways(axes: Any, needed: np.ndarray, finished: np.ndarray, curve: Any) -> None:
    """The share still waiting: as it is, by Kaplan-Meier, and of the finished only."""

    def waiting(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.concatenate([[0.0], np.sort(values)]), 100 * (1 - np.arange(values.size + 1) / values.size)

    table = curve.to_pandas()
    axes.step(*waiting(needed), where="post", color="#7B8794", linestyle=DASHES[2], linewidth=1.6, label="as it will turn out")
    months = np.concatenate([[0.0], table["time"].to_numpy(dtype=float)])
    shares = 100 * np.concatenate([[1.0], table["survival"].to_numpy(dtype=float)])
    axes.step(months, shares, where="post", color=COLOURS[0], linewidth=2, label=f"Kaplan-Meier: median {curve.median.value:.1f} months")
    label = f"finished only: median {np.median(finished):.1f} months"
    axes.step(*waiting(finished), where="post", color=COLOURS[1], linestyle=DASHES[1], linewidth=2, label=label)
    axes.axhline(50, color="#9AA5B1", linewidth=0.8, linestyle=":")
    for value, colour in ((curve.median.value, COLOURS[0]), (float(np.median(finished)), COLOURS[1])):
        axes.plot(value, 50, marker="o", color=colour, markersize=7, markeredgecolor="white")
    axes.set(xlabel="months since detection", ylabel="still waiting, %", xlim=(0, 40), ylim=(0, 101))
    axes.set_title("The same children, counted in two ways", loc="left", fontweight="bold")
    axes.legend(frameon=False, fontsize="small", loc="upper right")
    plain(axes)


_KINDS = {"value": COLOURS[0], "contact": COLOURS[5], "paused": COLOURS[3], "referral": COLOURS[4], "waiting": PALE}
_DAY_US = 86_400_000_000


def waste() -> Chart:
    """Draws what was recorded of one child, a line each, and below it the one kind that each moment belongs to."""
    split = on_page("waste.md")["split"]
    parts = split.log.session.collect(split.segments.sort("from_us"))
    events = dated(split.log).set_index("activity")
    start = events.loc["Detected", "start"]

    lanes = (
        ("referral handled", ("Referral sent", "start"), ("Referral accepted", "start"), "referral"),
        ("speech assessment", ("Speech assessment", "start"), ("Speech assessment", "end"), "value"),
        ("team mapping", ("Team mapping", "start"), ("Team mapping", "end"), "contact"),
        ("pause, chosen by the family", ("Pause begins", "start"), ("Pause ends", "start"), "paused"),
    )
    figure = Chart(figsize=(10, 3.4), layout="constrained")
    axes = figure.subplots()
    for place, (name, *ends, kind) in enumerate(lanes):
        begun, over = ((events.loc[end] - start).days for end in ends)
        axes.barh(place, over - begun, left=begun, height=0.55, color=_KINDS[kind])
        axes.annotate(name, (over, place), (5, 0), textcoords="offset points", va="center", fontsize="small", color=INK)
    sums = (parts["to_us"] - parts["from_us"]).groupby(parts["category"]).sum() // _DAY_US
    for kind, colour in _KINDS.items():
        some = parts[parts["category"] == kind]
        width = (some["to_us"] - some["from_us"]) / _DAY_US
        axes.barh(len(lanes) + 0.4, width, left=some["from_us"] / _DAY_US, height=0.8, color=colour, label=f"{kind}: {sums[kind]} days")
    last = int(parts["to_us"].max()) // _DAY_US
    axes.set(
        yticks=[1.5, len(lanes) + 0.4],
        ylim=(len(lanes) + 1, -0.6),
        xlim=(0, last),
        xlabel="days since detection",
        xticks=range(0, last + 1, 30),
    )
    axes.set_yticklabels(["recorded", "counted"])
    axes.tick_params(axis="y", length=0)
    axes.set_title(f"{last} days, each moment counted once", loc="left", fontweight="bold")
    figure.legend(frameon=False, loc="outside lower center", ncols=5, fontsize="small")
    plain(axes, grid="x")
    return figure


def disclosure() -> Chart:
    """Draws the table as counted, with the small count hidden alone, and as it is published."""
    made = on_page("disclosure.md")
    counted = [list(map(str, row)) for row in made["raised"].rows]
    alone = [["[c]" if cell == "3" else cell for cell in row] for row in counted]
    published = [[str(cell) for cell in row] for row in made["shown"].tables[0].rows]
    figure = Chart(figsize=(11, 2.7), layout="constrained")
    panels = (
        ("As counted", counted, "3 children: too few to publish"),
        ("Only the small count hidden", alone, "but 11 − 8 = 3"),
        ("As leadtime publishes it", published, "no hidden count follows from the others"),
    )
    for axes, (title, rows, below) in zip(figure.subplots(1, 3), panels, strict=True):
        axes.set_axis_off()
        axes.set_title(title, loc="left", fontweight="bold", fontsize="medium")
        grid = axes.table(
            rows, colLabels=list(made["raised"].columns), colWidths=[0.4, 0.2, 0.2, 0.2], cellLoc="center", bbox=(0, 0.12, 1, 0.85)
        )
        grid.auto_set_font_size(False)  # noqa: FBT003 - matplotlib takes it so
        grid.set_fontsize(9)
        for (row, _), cell in grid.get_celld().items():
            text = cell.get_text().get_text()
            cell.set_edgecolor("#E4E7EB")
            if row == 0:
                cell.set_text_props(fontweight="bold")
            if text in ("3", "[c]"):
                cell.set_facecolor("#FBE3D6" if text == "3" or rows is alone else "#DCE9F5")
        axes.text(0, 0, below, fontsize="small", color=INK, transform=axes.transAxes)
    return figure


# A picture's file -> what draws it, and its size on paper in centimetres; drawn at 90 dots an inch where not in lines.
DRAWN: dict[str, tuple[Callable[[], Chart], float, float]] = {
    "one_case.png": (one_case, 26, 7.5),
    "lead_time.svg": (lead_time, 21, 9),
    "censoring.svg": (censoring, 19, 20),
    "waste.svg": (waste, 20, 8.5),
    "disclosure.svg": (disclosure, 22, 6.5),
}


def draw(name: str, folder: Path) -> None:
    """Draws a picture into a folder."""
    make, width, height = DRAWN[name]
    make().save(folder / name, width_cm=width, height_cm=height, dpi=90)


def cover() -> None:
    """Prints the first page of the example workbook as LibreOffice shows it."""
    workbook = ROOT / "reports" / "examples" / "mark_svenljunga_en" / "report.xlsx"
    soffice, pdftoppm = (shutil.which(program) for program in ("soffice", "pdftoppm"))
    if soffice is None or pdftoppm is None:
        raise SystemExit("the cover needs LibreOffice and pdftoppm: apt-get install libreoffice-calc poppler-utils")
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation={Path(folder, 'profile').as_uri()}"
        command = [soffice, profile, "--headless", "--convert-to", "pdf", "--outdir", folder, str(workbook)]
        subprocess.run(command, check=True, capture_output=True, timeout=300)  # noqa: S603 - a program by its full path, on our own file
        page = [pdftoppm, "-png", "-r", "80", "-f", "1", "-l", "1", "-singlefile", str(Path(folder, "report.pdf"))]
        subprocess.run([*page, str(IMAGES / "workbook")], check=True, timeout=120)  # noqa: S603


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    for picture in DRAWN:
        draw(picture, IMAGES)
    cover()
