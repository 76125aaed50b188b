"""Ctrl-C at any stage of a run ends it with 130, says so in a line, and leaves nothing behind (threat T9)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data_samples" / "mark_svenljunga"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")]

# Sends the signal once a function is entered, as a hand at the keyboard would meanwhile.
RUN = """
import importlib, os, signal, sys
place, _, name = sys.argv[1].rpartition(".")
home = importlib.import_module(place)
real = getattr(home, name)
def entered(*given, **options):
    os.kill(os.getpid(), signal.SIGINT)
    return real(*given, **options)
setattr(home, name, entered)
from leadtime.cli import main
sys.exit(main(sys.argv[2:]))
"""
STAGES = (
    "leadtime.ingest.opening.read_text",
    "leadtime.cli.shared.os.access",
    "leadtime.report.excel.stable_bytes",
    "leadtime.files._flush",
)


@pytest.mark.parametrize("stage", [*STAGES, "numpy.random.default_rng"])
def test_ctrl_c_ends_a_report_run_and_leaves_nothing(stage, tmp_path):
    """Threat T9."""
    temporary, out = tmp_path / "temporary", tmp_path / "out"
    temporary.mkdir()
    out.mkdir()
    (out / "report.xlsx").write_bytes(b"former")
    report = [
        "report", str(SAMPLE / "events.csv"), "--pathway", str(SAMPLE / "pathway.toml"), "--before", "before", "--after", "after",
        "--out", str(out), "--leave-out-bad-rows",
    ]  # fmt: skip
    place = {"leadtime.cli.shared.os.access": "os.access"}.get(stage, stage)
    done = subprocess.run(
        [sys.executable, "-c", RUN, place, *report], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (130, "leadtime: stopped\n")
    assert [path.name for path in out.iterdir()] == ["report.xlsx"]
    assert (out / "report.xlsx").read_bytes() == b"former"
    assert list(temporary.iterdir()) == []


IN_THE_ENGINE = """
import os, signal, sys, threading
from leadtime.engine.session import Session
session = Session()
work = {
    "run": lambda: session.run("CREATE TABLE t AS SELECT sum(hash(a.range)) FROM range(150000000) a"),
    "rows": lambda: session.rows("SELECT sum(hash(a.range)) FROM range(150000000) a"),
    "collect": lambda: session.collect(session.lazy(session.sql("SELECT sum(hash(a.range)) AS x FROM range(150000000) a"))),
    "materialise": lambda: session.materialise(session.lazy(session.sql("SELECT sum(hash(a.range)) AS x FROM range(150000000) a"))),
}[sys.argv[1]]
threading.Timer(0.4, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    work()
except KeyboardInterrupt:
    print("stopped")
"""


@pytest.mark.parametrize("way", ["run", "rows", "collect", "materialise"])
def test_ctrl_c_within_a_query_of_the_engine_is_ctrl_c(way):
    """DuckDB itself raises a RuntimeError, which would pass for a bug."""
    done = subprocess.run(
        [sys.executable, "-c", IN_THE_ENGINE, way], capture_output=True, text=True, check=False, timeout=40,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout == "stopped\n", done.stderr
