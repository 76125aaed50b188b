"""Reports of many cases: a lazy log is read few times, and the files grow with the tables, not with the log."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

import leadtime as lt

pytestmark = pytest.mark.slow

PATHWAY = {
    "name": "Large", "start": "referral", "stop": ["diagnosis"], "order": ["referral", "visit", "diagnosis"],
    "milestones": {
        "referral": {"activities": ["Remiss"]}, "visit": {"activities": ["Besök"]}, "diagnosis": {"activities": ["Diagnos"]},
    },
}  # fmt: skip


def written(path: Path, cases: int) -> Path:
    """Writes a log of four events a case, in which the second cohort takes half as long."""
    rng = np.random.default_rng(11)
    case = np.repeat(np.arange(cases), 4)
    waits = rng.integers(1, 200, (cases, 4)) // (1 + np.arange(cases) % 2)[:, None]
    days = rng.integers(0, 700, cases)[:, None] + waits.cumsum(axis=1)
    frame = pd.DataFrame({
        "case_id": [f"c{number:07}" for number in case],
        "activity": ["Remiss", "Samtal", "Besök", "Diagnos"] * cases,
        "start": pd.Timestamp("2018-01-01") + pd.to_timedelta(days.ravel(), unit="D") + pd.to_timedelta(9, unit="h"),
        "unit": rng.choice(["BVC", "BUP", "Habilitering", "Logopedi"], 4 * cases),
        "cohort": np.where(case % 2, "after", "before"),
    })  # fmt: skip
    frame.to_parquet(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same study twice: once with 200 cases, once with 2,000."""
    pytest.importorskip("pyarrow")
    folder = tmp_path_factory.mktemp("large")
    for cases in (200, 2_000):
        written(folder / f"{cases}.parquet", cases)
    return folder


def report_of(path: Path) -> lt.Report:
    log = lt.read_log(path, observed_until="2020-12-31")
    times = lt.lead_times(log, lt.read_pathway(PATHWAY))
    return lt.build_report(log, times.pathway, lt.compare(times, before="before", after="after", draws=200))


def test_ten_times_the_cases_make_no_larger_files(folder: Path) -> None:
    sizes = {}
    for cases in (200, 2_000):
        report = report_of(folder / f"{cases}.parquet")
        report.to_excel(folder / f"{cases}.xlsx")
        report.to_html(folder / f"{cases}.html")
        sizes[cases] = {ending: (folder / f"{cases}.{ending}").stat().st_size for ending in ("xlsx", "html")}
    for ending in ("xlsx", "html"):
        assert sizes[2_000][ending] < 1.25 * sizes[200][ending]


def test_a_kept_log_is_the_log_that_was_read(folder: Path) -> None:
    path = folder / "200.parquet"
    log, lazy = lt.read_log(path), lt.read_log(path)
    held = log.frame  # declared on the lazy table
    log.keep()
    pd.testing.assert_frame_equal(log.to_pandas(), lazy.to_pandas())
    pd.testing.assert_frame_equal(log.session.collect(held.sort("row")), lazy.to_pandas())
    assert log.quality == lazy.quality


def test_a_kept_log_reads_its_file_no_more(folder: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "gone.parquet", 20)
    log = lt.read_log(path)
    times = lt.lead_times(log, lt.read_pathway(PATHWAY))
    log.keep()
    log.keep()  # once is enough, twice does no harm
    path.unlink()
    assert len(log) == 80
    assert len(log.filter(nw.col("activity") == "Besök")) == 20
    assert len(times.to_pandas()) == 20


def test_a_very_large_log_stays_in_its_file(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "large.parquet", 20)
    log = lt.read_log(path)
    monkeypatch.setattr("leadtime.engine.readtable._MOST_KEPT", 80 * len(log.columns) - 1)
    log.keep()
    path.unlink()
    with pytest.raises(lt.errors.LeadtimeError):
        len(log)


def test_tables_of_passing_work_are_dropped_and_made_again_when_asked_for(folder: Path) -> None:
    log = lt.read_log(folder / "200.parquet")
    before = lt.transitions(log, by="unit").to_pandas()
    fresh = lt.read_log(folder / "200.parquet")
    with fresh.passing():
        within = lt.transitions(fresh, by="unit").to_pandas()
        with fresh.session.passing():
            brief = fresh.session.materialise(fresh.frame.head(3))
        with pytest.raises(Exception, match="does not exist"):
            fresh.session.count(brief)
    made = fresh.session.rows("SELECT count(*) FROM duckdb_tables()")  # type: ignore[attr-defined]
    assert made == [(0,)]
    after = lt.transitions(fresh, by="unit").to_pandas()
    pd.testing.assert_frame_equal(within, before)
    pd.testing.assert_frame_equal(after, before)


def all_coded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has every log held by code, however small."""
    monkeypatch.setattr("leadtime.engine.coding._LEAST_CODED", 1)


def test_a_report_is_the_same_to_the_byte_whether_the_log_is_held_by_code_or_as_text(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: dict[str, tuple[bytes, ...]] = {}
    for way in ("text", "code"):
        report = report_of(folder / "200.parquet")
        report.to_excel(tmp_path / f"{way}.xlsx")
        report.to_html(tmp_path / f"{way}.html")
        written[way] = tuple((tmp_path / f"{way}.{ending}").read_bytes() for ending in ("xlsx", "html"))
        all_coded(monkeypatch)
    assert written["code"] == written["text"]


def test_a_coded_log_has_its_cases_by_number_in_order_and_all_else_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    all_coded(monkeypatch)
    ids, units = ["ö", "b'1", "A", "b'1", "é"], ["O'Neill", "", None, "Ögon", "O'Neill"]
    frame = pd.DataFrame({"case_id": ids, "activity": "Visit", "start": "2020-01-01", "unit": units, "note": [f"n{i}" for i in range(5)]})
    monkeypatch.setattr("leadtime.engine.coding._MOST_CATEGORIES", 4)  # so that the notes are too many
    log = lt.read_log(frame)
    coded, named = log.coded.to_pandas(), log.to_pandas()
    assert coded["case_id"].tolist() == [4, 2, 1, 2, 3]  # in order of their code points: A, b'1, é, ö
    pd.testing.assert_frame_equal(coded.drop(columns="case_id"), named.drop(columns="case_id"))
    assert log.coded.coded is log.coded
    assert isinstance(log.coded.frame.collect_schema()["unit"], nw.Enum)
    assert log.coded.frame.collect_schema()["note"] == nw.String


def test_a_coded_log_outlives_passing_work(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    all_coded(monkeypatch)
    log = lt.read_log(folder / "200.parquet")
    with log.passing():
        assert len(log.coded) == 800
    assert len(log.coded) == 800


def test_small_logs_and_those_with_a_table_of_cases_are_not_coded(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    path = folder / "200.parquet"
    log = lt.read_log(path)
    times = lt.lead_times(log, lt.read_pathway(PATHWAY))
    assert log.coded is log
    assert times.coded is times
    all_coded(monkeypatch)
    cases = pd.DataFrame({"case_id": ["c0000000"], "sex": ["girl"]})
    declared = lt.read_log(path, cases=cases)
    assert declared.coded is declared


@pytest.mark.parametrize(("most_copied", "stored"), [(800, 800), (799, 200)], ids=["stored", "too many"])
def test_a_coded_log_is_stored_when_it_is_kept_unless_it_is_very_large(
    monkeypatch: pytest.MonkeyPatch, folder: Path, most_copied: int, stored: int
) -> None:
    expected = lt.case_profile(lt.read_log(folder / "200.parquet")).to_pandas()
    all_coded(monkeypatch)
    monkeypatch.setattr("leadtime.engine.coding._MOST_COPIED", most_copied)
    log = lt.read_log(folder / "200.parquet")
    assert log.coded.numbers is not None
    assert largest_table(log) == 200  # the cases' numbers
    log.coded.keep()
    assert largest_table(log) == stored
    pd.testing.assert_frame_equal(lt.case_profile(log).to_pandas(), expected)


def largest_table(log: lt.EventLog) -> int:
    return log.session.rows("SELECT max(estimated_size) FROM duckdb_tables()")[0][0]  # type: ignore[attr-defined]


def test_a_comparison_gives_back_the_lead_times_that_it_was_given(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    all_coded(monkeypatch)
    times = lt.lead_times(lt.read_log(folder / "200.parquet"), lt.read_pathway(PATHWAY))
    compared = lt.compare(times, before="before", after="after", draws=50)
    assert compared.times is times
    assert compared.times.to_pandas()["case_id"][0] == "c0000000"
    assert times.coded.to_pandas()["case_id"][0] == 1


def test_the_other_clocks_are_the_same_whether_timed_together_or_in_turn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pathway = lt.read_pathway({**PATHWAY, "stop": ["visit", "diagnosis"]})
    times = lt.lead_times(lt.read_log(folder / "200.parquet", observed_until="2020-12-31"), pathway)
    together = lt.compare(times, before="before", after="after", draws=50).sensitivity.to_dict()
    monkeypatch.setattr(import_module("leadtime.compare.clocks"), "_CASES_AT_ONCE", 1)
    assert lt.compare(times, before="before", after="after", draws=50).sensitivity.to_dict() == together


def test_the_ends_of_a_curve_are_those_of_its_table() -> None:
    curve = lt.survival.kaplan_meier([5, 5, 8, 12], [1, 0, 1, 0])
    for name, column in zip(("time", "events", "censored"), curve.ends, strict=True):
        assert tuple(column.tolist()) == curve.table.column(name)
