"""The engine: equal answers with any threads, spilling, and what is left in the spill folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import leadtime as lt
from leadtime.engine import coding, session


def events(cases: int) -> pd.DataFrame:
    """Gives a log with ties, overlaps, missing ends and units, Swedish letters and a case called NA."""
    rng = np.random.default_rng(3)
    n = cases * 8
    ids = np.array(["NA", *(f"Å{number}" for number in range(1, cases))])
    start = (
        pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 400, n), unit="D") + pd.to_timedelta(rng.integers(0, 3, n), unit="h")
    )
    end = pd.Series(start + pd.to_timedelta(rng.integers(0, 300, n), unit="h")).where(rng.random(n) < 0.6)
    case = rng.integers(0, cases, n)
    return pd.DataFrame(
        {
            "case_id": ids[case], "activity": rng.choice(["Återbesök", "Remiss", "Möte", "Avslut"], n), "start": start, "end": end,
            "unit": pd.Series(rng.choice(["BVC Ö", "BUP", "Labb"], n)).where(rng.random(n) < 0.8),
            "cohort": np.where(case % 2, "före", "efter"),
        }
    )  # fmt: skip


def answers(path: Path, **options: object) -> list[pd.DataFrame]:
    log = lt.read_log(str(path), **options)  # type: ignore[arg-type]
    times = lt.lead_times(log)
    tables = (
        lt.transitions(log),
        lt.transitions(log, by="unit"),
        lt.case_profile(log),
        lt.variants(log),
        lt.cohort_summary(times, by="cohort"),
    )
    return [times.to_pandas(), *(table.to_pandas() for table in tables)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("pyarrow")
    target = tmp_path_factory.mktemp("engine") / "log.parquet"
    events(300).to_parquet(target)
    return target


def test_one_thread_and_two_give_the_same(path: Path) -> None:
    for one, two in zip(answers(path, threads=1), answers(path, threads=2), strict=True):
        pd.testing.assert_frame_equal(one, two, rtol=1e-9)


@pytest.mark.parametrize("most", [200, 3, 0], ids=["all", "units alone", "none"])
def test_texts_held_as_categories_give_what_texts_give(path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Large logs hold few texts as categories; here a small one does, all of them, those of fewer texts, and none."""
    expected = [*answers(path), *reworked(path)]
    monkeypatch.setattr(coding, "_LEAST_CODED", 0)
    monkeypatch.setattr(coding, "_MOST_CATEGORIES", most)
    for found, wanted in zip([*answers(path), *reworked(path)], expected, strict=True):
        pd.testing.assert_frame_equal(found, wanted)


def reworked(path: Path) -> list[pd.DataFrame]:
    log = lt.read_log(str(path))
    return [lt.rework(log, per=per).to_pandas() for per in ("case", "activity")]


def test_distinct_values_are_counted_without_the_missing_ones_and_with_any_letters() -> None:
    made = session.Session()
    frame = made.from_native(pd.DataFrame({"key": ["a", "a", "a", "b", "c"], "text": ["Å", "it's", "Å", None, 'q"']}))
    expected = {"a": 2, "b": 0, "c": 1}
    categories = frame.to_native().project("""key, text::ENUM ('Å', 'it''s', 'q"') AS text""")
    for few in (frame, made.lazy(categories)):
        counted = made.collect(made.distinct_counts(few, key="key", columns={"n": "text"}))
        assert dict(zip(counted["key"], counted["n"], strict=True)) == expected


def test_a_file_and_a_frame_give_the_same(path: Path) -> None:
    from_frame = lt.case_profile(lt.read_log(pd.read_parquet(path))).to_pandas()
    pd.testing.assert_frame_equal(lt.case_profile(lt.read_log(str(path))).to_pandas(), from_frame)


def test_hand_overs_pass_over_events_without_a_unit(path: Path) -> None:
    frame = pd.read_parquet(path).reset_index()
    frame["until"] = frame["end"].fillna(frame["start"])
    placed = frame[frame["unit"].notna()].sort_values(["case_id", "start", "until", "index"])
    before = placed.groupby("case_id")["unit"].shift()
    wanted = (before.notna() & (before != placed["unit"])).groupby(placed["case_id"]).sum()
    got = lt.case_profile(lt.read_log(str(path))).to_pandas().set_index("case_id")["hand_overs"]
    assert got.dropna().astype(int).to_dict() == wanted.to_dict()
    assert "NA" in got.index


def test_a_small_memory_limit_spills_and_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import os, sys; from leadtime.engine.session import Session\n"
        "session = Session(memory_limit='64MB', spill_folder=sys.argv[1], threads=1)\n"
        "text = session.lazy(session.sql('SELECT range AS x, md5(range::VARCHAR) AS y FROM range(2500000)'))\n"
        "kept = session.materialise(text)\n"
        "print(sum(len(files) for _, _, files in os.walk(sys.argv[1])), len(session.collect(kept)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    files, rows = map(int, done.stdout.split())
    assert files > 0  # it did spill
    assert rows == 2_500_000
    assert list(tmp_path.iterdir()) == []


def test_the_spill_of_a_killed_run_is_cleared_by_the_next(tmp_path: Path, path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from leadtime.engine.session import Session\n"
        "session = Session(spill_folder=sys.argv[1])\n"
        "own = Path(session.rows(\"SELECT current_setting('temp_directory')\")[0][0]); own.mkdir(exist_ok=True); (own / 'x').touch()\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    (tmp_path / "other.txt").touch()
    lt.read_log(str(path), spill_folder=str(tmp_path))
    assert [left.name for left in tmp_path.iterdir()] == ["other.txt"]


def test_too_little_memory_is_a_named_error(tmp_path: Path) -> None:
    from leadtime.engine.session import Session

    session = Session(memory_limit="20MB", spill_folder=str(tmp_path), threads=1)
    session.run("SET max_temp_directory_size = '1MB'")  # as a disk that is full
    frame = session.lazy(session.sql("SELECT range AS x, md5(range::VARCHAR) AS y FROM range(3000000) ORDER BY y"))
    with pytest.raises(lt.ResourceError, match="spill_folder="):
        session.materialise(frame)


def test_the_greatest_before_a_row_is_that_of_the_rows_before_it_in_its_group() -> None:
    made = session.Session()
    rows = [("a", 1, 5), ("a", 2, 3), ("a", 3, 9), ("b", 1, 2), ("a", 4, None), ("a", 5, 1)]
    frame = made.from_rows(("key", "at", "until"), rows, {"key": "VARCHAR", "at": "BIGINT", "until": "BIGINT"})
    found = made.collect(made.greatest_before(frame, "until", key="key", order=("at",), name="before").sort("key", "at"))
    assert found["before"].astype("Int64").fillna(-1).tolist() == [-1, 5, 5, 9, 9, -1]
