"""Two reports that are each safe may tell a child together; the ledger of earlier releases stops the second (threat T12)."""

from __future__ import annotations

import datetime
import itertools
import json
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import leadtime as lt
from leadtime.cli import main
from leadtime.disclosure import Cell, Release, disclose, release_of, told_together
from leadtime.errors import DisclosureError, InputError, LeadtimeWarning
from leadtime.report.releases import add_release, read_releases
from leadtime.results import Table

PATHWAY = """
name = "Early help"
start = "detection"
stop = "diagnosis"
[milestones.detection]
activities = ["Detected"]
[milestones.diagnosis]
activities = ["Diagnosis"]
"""


def rows_of(finished: int, waiting: int, *, cohort: str, site: str = "A", days: int = 400) -> list[tuple[str, ...]]:
    """The events of children of one cohort at one site, some of whom wait."""
    rows = []
    for number in range(finished + waiting):
        case, begin = f"{site}-{cohort}-{number}", datetime.date(2019, 1, 1) + datetime.timedelta(days=3 * number)
        rows.append((case, "Detected", str(begin), cohort, site))
        if number < finished:
            rows.append((case, "Diagnosis", str(begin + datetime.timedelta(days=days + number)), cohort, site))
    return rows


def study(*parts: list[tuple[str, ...]]) -> pd.DataFrame:
    return pd.DataFrame([row for part in parts for row in part], columns=["case_id", "activity", "start", "cohort", "site"])


def report_of(frame: pd.DataFrame, **options) -> lt.Report:
    site = options.pop("site", None)
    log = lt.read_log(frame, observed_until="2021-12-31")
    pathway = lt.read_pathway({
        "name": "Early help", "start": "detection", "stop": "diagnosis",
        "milestones": {"detection": {"activities": ["Detected"]}, "diagnosis": {"activities": ["Diagnosis"]}},
    })  # fmt: skip
    result = lt.compare(lt.lead_times(log, pathway), site=site, draws=200)
    return lt.build_report(log, pathway, result, sections=["cohorts", "who"], **options)


BASE = study(rows_of(30, 10, cohort="before"), rows_of(30, 10, cohort="after", days=100))


def cohort_sizes(report: lt.Report) -> list:
    return [row[1] for row in report.section("cohorts").tables[0].rows]


def test_two_reports_a_month_apart_tell_a_child_without_the_ledger_and_not_with_it(tmp_path):
    later = study(rows_of(31, 9, cohort="before"), rows_of(30, 10, cohort="after", days=100))
    first, second = report_of(BASE), report_of(later)
    shown = [report.section("cohorts").tables[0].rows[0][2] for report in (first, second)]
    assert shown[1] - shown[0] == 1  # the attack: the one child of the month has finished
    first.record_release(tmp_path / "releases.json")
    with pytest.raises(DisclosureError, match=r"release 'December 2021' of releases\.json the tables 'cohorts' would tell of fewer than 5"):
        report_of(later, releases=tmp_path / "releases.json")
    with pytest.warns(LeadtimeWarning, match="'cohorts'"):
        report_of(later, releases=tmp_path / "releases.json", despite_releases=True)


def test_cohorts_that_differ_by_one_child_are_stopped(tmp_path):
    report_of(BASE).record_release(tmp_path / "releases.json")
    without_one = BASE[BASE["case_id"] != "A-after-3"]
    assert cohort_sizes(report_of(without_one)) == [40, 39]  # the attack: that child was in the cohort after
    with pytest.raises(DisclosureError, match="counts differ by fewer than 5 from it"):
        report_of(without_one, releases=tmp_path / "releases.json")


def test_sites_that_leave_a_few_of_the_whole_are_stopped(tmp_path):
    large = [rows_of(n, 8, cohort=cohort, site=site) for cohort in ("before", "after") for site, n in (("A", 20), ("B", 16))]
    frame = study(*large, rows_of(1, 2, cohort="before", site="C"), rows_of(6, 6, cohort="after", site="C"))
    ledger = tmp_path / "releases.json"
    whole, a, b = report_of(frame), report_of(frame, site="A"), report_of(frame, site="B")
    assert cohort_sizes(whole)[0] - cohort_sizes(a)[0] - cohort_sizes(b)[0] == 3  # the attack: site C has three children before
    whole.record_release(ledger)
    report_of(frame, site="A", releases=ledger).record_release(ledger)
    with pytest.raises(DisclosureError, match="the whole less its sites leaves fewer than 5"):
        report_of(frame, site="B", releases=ledger)


@pytest.mark.parametrize(("whole", "means"), [(36, []), (37, ["rest"]), (40, ["rest"]), (41, []), (60, [])])
def test_the_whole_may_leave_none_or_the_threshold_beside_its_sites_in_whatever_order_they_are_published(whole, means):
    """Sites of 20 and 16, and the whole; less A and B it leaves 0, 1, 4, 5 or 24."""

    def published(scope, n):
        new = disclose(Table("units", ("unit", "n"), (("all", n),), counts=("n",)))
        return new, release_of(new, name=scope or "whole", scope=scope, shown=("units",))

    every = [published("A", 20), published("B", 16), published("", whole)]
    for last in every:
        earlier = [release for new, release in every if new is not last[0]]
        assert [one.means for one in told_together(*last, earlier)] == means


def units(n: int, *, name: str = "old", scope: str = "", threshold: int = 5, rounding: int = 1, unit: str = "all") -> Release:
    return Release(name, scope, threshold, rounding, (Table("units", ("unit", "n"), ((unit, n),), counts=("n",)),))


def means_of(release: Release, *earlier: Release, profile: str = "se-5") -> list[tuple[str, str]]:
    table = release.tables[0]
    return [(one.release, one.means) for one in told_together(disclose(table, profile=profile), release, earlier)]


@pytest.mark.parametrize(
    ("before", "after", "threshold", "told"),
    [
        (30, 30, 5, False),
        (30, 31, 5, True),
        (31, 30, 5, True),
        (30, 34, 5, True),
        (30, 35, 5, False),
        (30, 35, 7, True),
        (30, 37, 7, False),
    ],
)
def test_the_same_count_may_differ_by_the_threshold_or_by_nothing(before: int, after: int, threshold: int, told: bool) -> None:  # noqa: FBT001
    """The stricter of the two rules holds, whichever release it is of."""
    for first, second in ((threshold, 5), (5, threshold)):
        found = means_of(units(after, name="new", threshold=first), units(before, threshold=second))
        assert found == ([("old", "difference")] if told else [])


@pytest.mark.parametrize(
    ("one", "other", "by", "told"),
    [
        (1, 5, 2, False),
        (1, 5, 3, True),
        (1, 5, 4, True),
        (1, 5, 5, False),
        (5, 5, 5, False),
        (5, 5, 0, False),
        (1, 1, 6, True),
        (1, 1, 7, False),
    ],
)
def test_a_rounded_count_may_stand_two_beside_the_true_one(one: int, other: int, by: int, told: bool) -> None:  # noqa: FBT001
    """At threshold 7 a difference d of a count and one rounded to 5 is from d - 2 to d + 2."""
    new, old = units(30 + by, name="new", threshold=7, rounding=one), units(30, threshold=7, rounding=other)
    for first, second in ((new, old), (old, new)):
        assert [means for _, means in means_of(first, second)] == (["difference"] if told else [])


def test_a_rest_is_told_once_a_table_and_of_counts_that_are_shown_and_not_rounded() -> None:
    """Two reports of all, a site of all but three, and one that shows none."""
    first, second, site = units(40, name="one"), units(60, name="two"), units(37, name="site", scope="A")
    assert means_of(site, first, second) == [("one", "rest")]
    assert means_of(site, units(60, name="one"), units(40, name="two")) == [("two", "rest")]
    assert means_of(units(60, name="two"), first, site) == []
    assert means_of(units(40, name="new"), site, units(37, name="again", scope="A"), units(21, name="b", scope="B")) == [("site", "rest")]
    for rounded in (units(37, name="site", scope="A", rounding=5), units(37, name="site", scope="A", rounding=2)):
        assert means_of(rounded, first) == means_of(first, rounded) == []
    assert means_of(units(35, name="site", scope="A"), first) == []
    assert means_of(units(35, name="site", scope="A"), units(40, name="one", threshold=7)) == [("one", "rest")]
    assert means_of(units(0, name="site", scope="A"), units(40, name="one", unit="other")) == []
    assert means_of(units(37, name="A", scope="A"), units(1, name="B", scope="B"), first) == [("one", "rest")]  # 40 - 37 - 1, and 40 - 37
    assert means_of(units(21, name="A", scope="A"), units(19, name="B", scope="B"), first) == []


def who(n: int, row: tuple[str, str] = ("site", "A"), *, rounding: int = 1, scope: str = "") -> Release:
    table = Table("who", ("variable", "level", "cohort", "n"), ((*row, "before", n),), counts=("n",))
    return Release("whole", scope, 5, rounding, (table,))


@pytest.mark.parametrize(("n", "told"), [(40, False), (41, True), (44, True), (36, True), (45, False)])
def test_a_sites_report_is_held_against_its_row_in_a_report_of_all(n: int, told: bool) -> None:  # noqa: FBT001
    site = Release("site", "A", 5, 1, (Table("cohorts", ("cohort", "n"), (("before", 40),), counts=("n",)),))
    assert [(one.table, one.means) for one in told_together(disclose(site.tables[0]), site, [who(n)])] == (
        [("who", "difference")] if told else []
    )
    assert told_together(disclose(site.tables[0]), site, [who(n, ("site", "B")), who(n, ("sex", "A")), who(n, scope="B")]) == ()
    whole = who(n)
    assert [one.release for one in told_together(disclose(whole.tables[0]), whole, [site])] == (["site"] if told else [])


def test_rows_that_are_named_alike_are_left_out_and_months_name_rows() -> None:
    twice = Table("units", ("unit", "n"), (("x", 30), ("x", 50), ("y", 20), ("z", "[c]")), counts=("n",))
    assert {key.row: value for key, value in Release("r", "", 5, 1, (twice,)).counts().items()} == {("y",): 20, ("z",): None}
    months = Table("curve", ("month", "n", "share"), ((1, 30, 0.5), (2, 20, 0.25)), counts=("n",))
    assert {key.row: value for key, value in Release("r", "", 5, 1, (months,)).counts().items()} == {("1",): 30, ("2",): 20}
    published = release_of(disclose(months), name="r", shown=("curve",))
    assert [table.columns for table in published.tables] == [("month", "n")]
    assert release_of(disclose(months), name="r", shown=("other",)).tables == ()
    blank = Table(
        "units", ("unit", "part", "note", "veiled", "n"), (("x", "p", None, "[c]", 30), ("y", None, None, "q", 20)), counts=("n",)
    )
    assert release_of(disclose(blank), name="r", shown=("units",)).tables[0].columns == ("unit", "part", "n")
    assert release_of(disclose(Table("curve", ("month", "n"), (), counts=("n",))), name="r", shown=("curve",)).tables == ()


def test_a_hidden_count_that_an_earlier_release_of_the_same_table_gives_away_is_stopped():
    """One table hides other cells as cover than the other, so that together every count is known."""
    counts = (("a", 3), ("b", 9), ("c", 9), ("total", 21))
    table = Table("units", ("unit", "n"), counts, counts=("n",))
    new = disclose(table)
    second = release_of(new, name="new", shown=("units",))
    hidden = [row[0] for row in second.tables[0].rows if row[1] == "[c]"]
    assert hidden == ["a", "b"] or hidden == ["a", "c"]
    other = {"a", "b", "c"} - set(hidden) | {"a"}
    earlier = Table("units", ("unit", "n"), tuple((unit, "[c]" if unit in other else n) for unit, n in counts), counts=("n",))
    first = Release("old", "", 5, 1, (earlier,))
    told = told_together(new, second, [first])
    assert [(one.table, one.means) for one in told] == [("units", "hidden")]
    assert told_together(new, second, [second]) == ()


def test_each_table_whose_hidden_counts_an_earlier_release_gives_away_is_named():
    """Two tables of other children; the earlier release hid other cells as cover in both."""
    tables = [
        Table(name, (name[:-1], "n"), ((f"{name}-a", small), (f"{name}-b", 9), (f"{name}-c", 30), ("total", small + 39)), counts=("n",))
        for name, small in (("units", 3), ("sites", 2))
    ]
    new, old = disclose(tables), disclose(tables, keep=[Cell(table.name, 1, "n") for table in tables])
    names = ("units", "sites")
    assert [one.column("n") for one in new.tables] == [("[c]", "[c]", 30, 42), ("[c]", "[c]", 30, 41)]
    assert [one.column("n") for one in old.tables] == [("[c]", 9, "[c]", 42), ("[c]", 9, "[c]", 41)]
    told = told_together(new, release_of(new, name="new", shown=names), [release_of(old, name="old", shown=names)])
    assert sorted((one.table, one.means) for one in told) == [("sites", "hidden"), ("units", "hidden")]


@pytest.mark.parametrize("seed", range(12))
def test_every_choice_of_sites_and_of_their_releases_is_taken_from_the_whole(seed: int) -> None:
    """Up to five sites with one or two releases each, against all sums one by one."""
    draw = random.Random(seed)
    sites = [
        units(draw.randrange(40), name=f"{site}{i}", scope=site) for site in "ABCDE"[: 2 + seed % 4] for i in range(1 + draw.randrange(2))
    ]
    whole = units(sum(one.tables[0].rows[0][1] for one in sites[:2]) + draw.randrange(-1, 7), name="whole")
    counts = {site: [0, *(one.tables[0].rows[0][1] for one in sites if one.scope == site)] for site in "ABCDE"}
    left = {whole.tables[0].rows[0][1] - sum(chosen) for chosen in itertools.product(*counts.values())}
    few = bool(left & {1, 2, 3, 4})
    assert means_of(whole, *sites) == ([(sites[0].name, "rest")] if few else [])


def test_many_sites_are_all_taken_together():
    """Twenty sites make more than a million sums; only that of all of them leaves few."""
    sites = [units(7 << place, name=f"site {place}", scope=f"s{place}") for place in range(20)]
    every = 7 * (2**20 - 1)
    assert means_of(units(every + 3, name="whole"), *sites) == [("site 0", "rest")]
    assert means_of(sites[-1], units(every + 3, name="whole"), *sites[:-1]) == [("whole", "rest")]
    assert means_of(units(every + 5, name="whole"), *sites) == []


def test_the_same_report_once_more_is_published_and_recorded_once(tmp_path):
    ledger = tmp_path / "releases.json"
    report_of(BASE).record_release(ledger)
    before = ledger.read_bytes()
    again = report_of(BASE, releases=ledger)
    again.record_release(ledger)
    assert ledger.read_bytes() == before
    assert len(read_releases(ledger)) == 1


def test_a_report_with_many_more_children_is_published(tmp_path):
    ledger = tmp_path / "releases.json"
    report_of(BASE).record_release(ledger)
    more = study(rows_of(50, 20, cohort="before"), rows_of(60, 20, cohort="after", days=100))
    report_of(more, releases=ledger).record_release(ledger)
    assert [release.name for release in read_releases(ledger)] == ["December 2021", "December 2021 (2)"]


def test_differences_that_follow_from_the_sums_are_told_too():
    """The sizes and those who finished differ by many, and so those who wait by few."""
    columns = ("cohort", "n", "observed", "unfinished")
    before, after = (disclose(Table("cohorts", columns, (("x", n, done, n - done),))) for n, done in ((60, 40), (80, 58)))
    first, second = (release_of(one, name="r", shown=("cohorts",)) for one in (before, after))
    hidden = Table("cohorts", columns, (("x", 60, 40, "[c]"),), counts=first.tables[0].counts)
    told = told_together(after, second, [Release("r", "", 5, 1, (hidden,))])
    assert [one.means for one in told] == ["difference"]


@pytest.mark.parametrize(
    ("done", "told"), [(48, []), (50, []), (53, ["difference"]), (54, ["difference"]), (55, ["difference"]), (56, ["difference"])]
)
def test_what_is_left_of_a_cohort_may_not_differ_by_few_though_it_stands_nowhere(done, told):
    """60 less 40 are 20 at first; 75 less those done 27, 25, 22, 21, 20 (the same) and 19. The first two differ by enough."""
    before, after = (disclose(Table("cohorts", ("cohort", "n", "observed"), (("x", n, by),))) for n, by in ((60, 40), (75, done)))
    first, second = (release_of(one, name=name, shown=("cohorts",)) for one, name in ((before, "old"), (after, "new")))
    assert [one.means for one in told_together(after, second, [first])] == (told if done != 55 else [])
    assert {one.table for one in told_together(after, second, [first])} <= {"cohorts"}


@pytest.mark.parametrize("hidden", range(4))
def test_a_difference_follows_for_a_part_and_for_a_total_alike(hidden):
    """Three parts and their total, of which both releases hide one; each differs by many but that one."""
    parts = [(20, 30), (40, 55), (80, 92)]
    parts += [(sum(a for a, _ in parts), sum(b for _, b in parts))]
    if hidden < 3:
        parts[hidden] = (parts[hidden][0], parts[hidden][0] + 3)
        parts[3] = tuple(map(sum, zip(*parts[:3], strict=True)))  # type: ignore[assignment]
    else:
        parts = [(20, 30), (40, 55), (80, 58), (140, 143)]
    before, after = (
        disclose(Table("t", ("unit", "n"), tuple((unit, pair[side]) for unit, pair in zip(("a", "b", "c", "total"), parts, strict=True))))
        for side in (0, 1)
    )
    first, second = (
        Release(
            name,
            "",
            5,
            1,
            (
                Table(
                    "t",
                    ("unit", "n"),
                    tuple((*row[:1], "[c]") if i == hidden else row for i, row in enumerate(one.tables[0].rows)),
                    counts=("n",),
                ),
            ),
        )
        for one, name in ((before, "old"), (after, "new"))
    )
    assert [(one.table, one.means) for one in told_together(after, second, [first])] == [("t", "difference")]


def test_rounded_counts_tell_no_small_difference(tmp_path):
    ledger = tmp_path / "releases.json"
    report_of(BASE, profile="nhs-7-round5").record_release(ledger)
    later = study(rows_of(33, 10, cohort="before"), rows_of(30, 10, cohort="after", days=100))
    report_of(later, profile="nhs-7-round5", releases=ledger)


def test_the_ledger_holds_published_counts_alone(tmp_path):
    ledger = tmp_path / "releases.json"
    small = study(rows_of(30, 3, cohort="before"), rows_of(30, 10, cohort="after", days=100))
    report = report_of(small)
    report.record_release(ledger)
    text = ledger.read_text(encoding="utf-8")
    assert "A-before" not in text
    assert "2019" not in text
    shown = {str(cell) for table in report.tables for row in table.rows for cell in row}
    for entry in json.loads(text)["releases"][0]["tables"]:
        places = [entry["columns"].index(name) for name in entry["counts"]]
        assert {str(row[place]) for row in entry["rows"] for place in places} <= shown
    assert '"[c]"' in text


def test_what_is_internal_is_no_release(tmp_path):
    report_of(BASE, profile="internal").record_release(tmp_path / "releases.json")
    assert not (tmp_path / "releases.json").exists()


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"leadtime_releases": 1, "releases": [{"name": "x"}]}', '{"leadtime_releases": 9}'])
def test_a_file_that_is_no_ledger_is_one_line_and_stays(tmp_path, content):
    ledger = tmp_path / "releases.json"
    ledger.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"releases\.json'"):
        add_release(ledger, Release("r", "", 5, 1, ()))
    assert ledger.read_text(encoding="utf-8") == content


def test_a_ledger_that_could_not_be_written_is_told_before_anything_is_published(tmp_path):
    with pytest.raises(InputError, match=r"there is no folder '.*gone' for the ledger 'releases\.json'; make it first"):
        report_of(BASE, releases=tmp_path / "gone" / "releases.json")
    with pytest.raises(InputError, match="can't be written; name a file"):
        report_of(BASE, releases=tmp_path)


def test_the_command_records_what_it_published_and_publishes_nothing_that_it_refuses(tmp_path: Path, capsys) -> None:
    (tmp_path / "pathway.toml").write_text(PATHWAY, encoding="utf-8")
    ledger = tmp_path / "releases.json"

    def run(frame: pd.DataFrame, out: str, *more: str) -> int:
        frame.to_csv(tmp_path / "log.csv", index=False)
        given = ["--pathway", str(tmp_path / "pathway.toml"), "--observed-until", "2021-12-31", "--section", "cohorts"]
        return main(["report", str(tmp_path / "log.csv"), *given, "--releases", str(ledger), "--out", str(tmp_path / out), *more])

    assert run(BASE, "january") == 0
    assert len(read_releases(ledger)) == 1
    before = ledger.read_bytes()
    later = study(rows_of(31, 10, cohort="before"), rows_of(30, 10, cohort="after", days=100))
    capsys.readouterr()
    assert run(later, "february") == 1
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "'cohorts'" in line
    assert "--despite-releases" in line
    assert not (tmp_path / "february").exists()
    assert ledger.read_bytes() == before
    with pytest.warns(LeadtimeWarning):
        assert run(later, "february", "--despite-releases") == 0
    assert len(read_releases(ledger)) == 2


@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=4), st.lists(st.integers(0, 14), max_size=4))
def test_what_follows_from_a_table_published_twice_is_told(inner, kept):
    """A table with its totals, published twice with other cells as cover; the attacker's algebra is numpy's, not ours."""
    rows = [[*line, sum(line)] for line in inner]
    rows.append([sum(column) for column in zip(*rows, strict=True)])
    names = ("x", "y", "z", "total")
    table = Table("t", ("unit", *names), tuple((f"u{i}", *row) for i, row in enumerate(rows)), counts=names)
    keep = [Cell("t", place % len(rows), names[place % 4]) for place in kept]
    old, new = disclose(table, keep=keep), disclose(table)
    first, second = (release_of(one, name=name, shown=("t",)) for one, name in ((old, "old"), (new, "new")))
    told = told_together(new, second, [first])
    unknown = sorted(old.hidden & new.hidden)
    small = [cell for cell in new.hidden if 0 < rows[cell.row][names.index(cell.column)] < 5]
    known = [cell for cell in small if cell not in unknown or determined(cell, unknown, len(rows), names)]
    assert not known or [one.means for one in told] == ["hidden"]
    if old.hidden == new.hidden:
        assert told == ()


def determined(cell: Cell, unknown: list[Cell], height: int, names: tuple[str, ...]) -> bool:
    """Whether the sums of rows and columns leave a cell one value only, over the real numbers."""
    equations = []
    for row in range(height):
        equations.append([(1 if one.column != "total" else -1) if one.row == row else 0 for one in unknown])
    for name in names:
        equations.append([(1 if one.row != height - 1 else -1) if one.column == name else 0 for one in unknown])
    matrix = np.array(equations)
    unit = np.array([[int(one == cell) for one in unknown]])
    return np.linalg.matrix_rank(np.vstack([matrix, unit])) == np.linalg.matrix_rank(matrix)
