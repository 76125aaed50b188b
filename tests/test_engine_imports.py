"""What `import leadtime` may load: nothing heavy before it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("pandas", "duckdb", "matplotlib", "scipy", "numpy", "narwhals", "pydantic", "openpyxl", "polars", "pyarrow", "pyspark")


@pytest.mark.parametrize("statement", ["import leadtime", "import leadtime; dir(leadtime)"])
def test_import_loads_nothing_heavy(statement: str) -> None:
    code = f"import sys; {statement}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_measures_without_a_pathway_load_no_more_than_they_use(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("case_id,activity,start\n1,Referral,2020-01-01\n1,Visit,2020-02-01\n")
    measures = "[f(log).to_pandas() for f in (lt.lead_times, lt.transitions, lt.case_profile)]"
    loaded = f"print(*(name for name in {HEAVY!r} if name in sys.modules))"
    code = f"import sys, leadtime as lt; log = lt.read_log(sys.argv[1]); {measures}; {loaded}"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "log.csv")], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"pandas", "pyarrow", "numpy", "duckdb", "narwhals"}


@pytest.mark.parametrize(
    "use", ["print(log)", "lt.write_log(log, sys.argv[1] + '.xes')", "lt.lead_times(log)", "lt.lead_times(log).to_pandas()"]
)
def test_a_script_ends_without_a_word(tmp_path: Path, use: str) -> None:
    # DuckDB 2 told of "leaked instances" in forty lines, wherever pandas hadn't been loaded by the end.
    (tmp_path / "log.csv").write_text("case_id,activity,start\n1,Referral,2020-01-01\n1,Visit,2020-02-01\n")
    (tmp_path / "script.py").write_text(
        f"import sys\nimport leadtime as lt\nlog = lt.read_log(sys.argv[1], observed_until='2020-03-01')\n{use}\n"
    )
    done = subprocess.run([sys.executable, tmp_path / "script.py", str(tmp_path / "log.csv")], capture_output=True, text=True, check=True)
    assert done.stderr == ""
