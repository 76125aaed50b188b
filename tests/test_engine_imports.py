"""What `import leadtime` may load: nothing heavy before it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("pandas", "duckdb", "matplotlib", "scipy", "numpy", "narwhals", "pydantic", "openpyxl", "polars", "pyarrow", "pyspark")


@pytest.mark.parametrize("statement", ["import leadtime", "import leadtime; dir(leadtime)"])
def test_import_loads_nothing_heavy(statement: str) -> None:
    code = f"import sys; {statement}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
