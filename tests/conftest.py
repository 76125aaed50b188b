"""What all tests share: programs and data that may be absent, property settings, and a terminal that is the same everywhere."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]

# Settings that would change what is printed or drawn. Time zone and locale are left to the machine on purpose:
# `make test-all` runs everything in another zone and locale than `make test`.
os.environ["MPLBACKEND"] = "Agg"
os.environ["NO_COLOR"] = "1"
for name in ("COLUMNS", "LINES", "FORCE_COLOR", "CLICOLOR_FORCE"):
    os.environ.pop(name, None)

# Without a deadline and with the same examples each time: a slow or busy machine fails no test.
# An example that goes through the engine takes a third of a second, hence few of them by default.
hypothesis.settings.register_profile("default", deadline=None, derandomize=True, database=None, max_examples=40)
hypothesis.settings.register_profile("thorough", parent=hypothesis.settings.get_profile("default"), max_examples=120)
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
