"""What all tests share: programs and data that may be absent, property settings, and a terminal that is the same everywhere."""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    import leadtime as lt

ROOT = Path(__file__).resolve().parents[1]

# Settings that would change what is printed or drawn. Time zone and locale are left to the machine on purpose:
# `make test-all` runs everything in another zone and locale than `make test`.
os.environ["MPLBACKEND"] = "Agg"
os.environ["NO_COLOR"] = "1"
for name in ("COLUMNS", "LINES", "FORCE_COLOR", "CLICOLOR_FORCE"):
    os.environ.pop(name, None)

# Left to itself the collector looks through half a million live objects of the libraries again and again: a seventh of the tests' time.
gc.set_threshold(50_000, 20, 50)

# Without a deadline and with the same examples each time: a slow or busy machine fails no test.
# An example that goes through the engine takes a third of a second, hence few of them by default.
hypothesis.settings.register_profile("default", deadline=None, derandomize=True, database=None, max_examples=12)
hypothesis.settings.register_profile("thorough", parent=hypothesis.settings.get_profile("default"), max_examples=40)
# A fault put into the code by `benchmarks/torture/mutants.py` is found by few examples or by another test.
hypothesis.settings.register_profile("mutants", parent=hypothesis.settings.get_profile("default"), max_examples=5)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# What a test may need besides Python -> the line that installs it.
PROGRAMS = {
    "soffice": "apt-get install libreoffice-calc",
    "chromium": "apt-get install chromium",
    "npm": "apt-get install npm",
    "pdftoppm": "apt-get install poppler-utils",
    "psql": "apt-get install postgresql",
    "java": "apt-get install openjdk-17-jre-headless",
    "pyspark": "pip install 'leadtime[spark]'",
    "mkdocs": "pip install 'leadtime[docs]'",
}

LIBRARIES = ("pyspark", "mkdocs")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test marked `program(name)` where the program isn't installed; fails it where programs are required."""
    for mark in item.iter_markers("program"):
        for program in mark.args:
            needs_program(program)


def needs_program(program: str) -> str:
    """Gives the path of a program, or skips the test (fails it with LEADTIME_REQUIRE_PROGRAMS=1) with the line that installs it."""
    if program not in PROGRAMS:
        raise pytest.UsageError(f"no program '{program}' is known; add it and the line that installs it to PROGRAMS in tests/conftest.py")
    spec = importlib.util.find_spec(program) if program in LIBRARIES else None
    found = spec.origin if spec else shutil.which(program)
    if found is None:
        absent(f"needs {program}: {PROGRAMS[program]}")
    return found


def absent(reason: str) -> None:
    """Skips the test for a reason, or fails it where everything is required."""
    if os.environ.get("LEADTIME_REQUIRE_PROGRAMS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Gives the folder of real logs and reference figures: $LEADTIME_SHARED, or `shared` beside the repository."""
    folder = Path(os.environ.get("LEADTIME_SHARED") or ROOT.parent / "shared")
    if not (folder / "data").is_dir():
        pytest.skip("needs the folder of real logs: none beside the repository as ../shared; LEADTIME_SHARED names another place")
    return folder


@pytest.fixture(scope="session")
def root() -> Path:
    """Gives the repository's root."""
    return ROOT


# For a few hundred rows planning is all of Spark's cost: no compiled stages, one partition.
SPARK = {
    "spark.sql.session.timeZone": "America/Lima",  # the caller's own mustn't matter
    "spark.ui.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
}


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """Gives a small local Spark, one for all tests; they are marked `program("java")` and `program("pyspark")`."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]").appName("leadtime tests")
    for name, value in SPARK.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def on_both(spark: Any) -> Callable[..., tuple[lt.EventLog, lt.EventLog]]:
    """Gives a function that reads a frame of text (and a column `row` of numbers) on DuckDB and on Spark."""
    import pyarrow as pa

    import leadtime as lt

    def read(frame: pd.DataFrame, **options: Any) -> tuple[lt.EventLog, lt.EventLog]:
        # As Arrow: rows of Python would start a Python of Spark's own.
        columns = {name: pa.array(list(frame[name]), pa.int32() if name == "row" else pa.string()) for name in frame}
        return lt.read_log(frame, **options), lt.read_log(spark.createDataFrame(pa.table(columns)), **options)

    return read


@pytest.fixture(scope="session")
def same() -> Callable[..., None]:
    """Gives a check that two frames are equal to 1e-9, however wide each engine makes a number."""
    import pandas as pd

    def plain(frame: pd.DataFrame) -> pd.DataFrame:
        kinds = {name: frame[name].dtype for name in frame}
        truths = {
            name
            for name in frame
            if frame[name].notna().any() and frame[name].dropna().map(lambda value: value is True or value is False).all()
        }
        counted = [name for name in frame if name in truths or pd.api.types.is_numeric_dtype(kinds[name])]
        numbers = {name: frame[name].astype("boolean" if name in truths else "Float64").astype("float64") for name in counted}
        return frame.astype({name: "object" for name in frame if name not in numbers and kinds[name].kind != "M"}).assign(**numbers)

    def check(ours: pd.DataFrame, theirs: pd.DataFrame, what: str = "frame") -> None:
        pd.testing.assert_frame_equal(plain(ours), plain(theirs), rtol=1e-9, atol=1e-12, obj=what)

    return check
