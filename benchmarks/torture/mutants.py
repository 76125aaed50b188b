"""Mutation testing: one small fault at a time is put into the code, and the tests that reach it must notice.

A room's tests are run once without a fault, and it is kept which of them reach each line and how long each takes. A mutant is killed when
one of the tests that reach its line fails or goes on for ever; the quickest go first, and those that don't fit into some seconds are left
out. Where no test reaches the line it lives.
"""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from itertools import accumulate
from pathlib import Path
from types import CodeType
from typing import Any

# The libraries, loaded once for all mutants; the package itself is loaded anew for each.
import duckdb  # noqa: F401
import holidays  # noqa: F401
import hypothesis.extra.numpy  # noqa: F401
import narwhals  # noqa: F401
import openpyxl  # noqa: F401
import pandas as pd  # noqa: F401
import pydantic  # noqa: F401
import pytest
import scipy.optimize
import scipy.stats  # noqa: F401
from common import ROOT, Figure, commit
from coverage import CoverageData
from mutation import Mutant, mutant, spots

TESTS = {
    "durations": ("test_durations*.py", "test_partial_dates.py", "test_ingest_times.py"),
    "cases": ("test_cases*.py", "test_clocks.py", "test_calendars.py", "test_store.py", "test_partial_dates.py", "test_attribute_names.py"),
    "survival": ("test_survival*.py", "test_resampling.py"),
    "disclosure": ("test_disclosure*.py", "test_releases.py"),
}
WANTED = 0.85
LONGEST, ENOUGH = 300, 20  # seconds of a mutant, by the clock; of its tests, of processor time
QUIET = ("-q", "-x", "--no-header", "--tb=no", "--assert=plain")  # plain: pytest rewrites no file, so that each is loaded as we give it
FAILED, NOT_LOADED = {pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR}, 70


@dataclass(frozen=True)
class Reach:
    """Which tests reach each line of a room's files, and the seconds of each test."""

    tests: dict[Path, dict[int, frozenset[str]]]
    seconds: dict[str, float]

    def of(self, one: Mutant) -> list[str]:
        """The tests that a mutant needs, the quickest first."""
        lines = self.tests.get(one.file, {})
        found = sorted({test for line in one.lines if line in lines for test in lines[line]}, key=lambda test: (self.seconds[test], test))
        until = accumulate(self.seconds[test] for test in found)
        return [test for test, seconds in zip(found, until, strict=True) if seconds <= ENOUGH] or found[:1]


class Seconds:
    """Notes the processor time of each test."""

    def __init__(self) -> None:
        self.of: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Generator[None, Any, Any]:
        before = time.process_time()
        given = yield
        self.of[item.nodeid] = time.process_time() - before
        return given


class Chosen:
    """Leaves the chosen tests only, in their order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.order = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = sorted((item for item in items if item.nodeid in self.order), key=lambda item: self.order[item.nodeid])


class Faulty(SourceFileLoader):
    """Loads one module with its fault; stands first among those that find modules."""

    def __init__(self, one: Mutant) -> None:
        super().__init__(one.module, str(one.file))
        self.text, self.loaded = one.text, False

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return importlib.util.spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, fullname: str) -> CodeType:
        self.loaded = True
        return compile(self.text, self.path, "exec")


def child_of(work: Callable[[], int]) -> int:
    """Starts work in a child that has the libraries loaded already, and the package not; gives its number."""
    child = os.fork()
    if child:
        return child
    code = int(pytest.ExitCode.INTERNAL_ERROR)
    try:
        os.setpgid(0, 0)  # a group to end at once, in the same session, whose priority it keeps
        os.chdir(ROOT)
        sys.path.insert(0, str(ROOT))
        os.environ.update(PYTHONPATH=str(ROOT), HYPOTHESIS_PROFILE="mutants", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
        for name in [name for name in sys.modules if name.partition(".")[0] == "leadtime"]:
            del sys.modules[name]
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        code = work()
    finally:
        os._exit(code)


def files_of(room: str) -> list[str]:
    """The files of a room's tests; its own, for their examples."""
    return [*(str(file) for pattern in TESTS[room] for file in sorted((ROOT / "tests").glob(pattern))), str(ROOT / "leadtime" / room)]


def reach_of(room: str) -> Reach:
    """Runs a room's tests once, without a fault."""
    with tempfile.TemporaryDirectory() as folder:
        found, times = Path(folder) / "coverage", Path(folder) / "times"

        def work() -> int:
            os.environ["COVERAGE_FILE"] = str(found)
            watched = [f"--cov={ROOT / 'leadtime' / room}", "--cov-context=test", "--cov-report=", f"--cov-config={os.devnull}"]
            seconds = Seconds()
            code = int(pytest.main([*QUIET, "-p", "pytest_cov", *watched, *files_of(room)], plugins=[seconds]))
            times.write_bytes(pickle.dumps(seconds.of))
            return code

        _, status = os.waitpid(child_of(work), 0)
        assert status == 0, f"the tests of {room} fail without a fault too"
        data = CoverageData(str(found))
        data.read()
        return reach_from(data, pickle.loads(times.read_bytes()))  # noqa: S301 - written by our own child above


def reach_from(data: CoverageData, seconds: dict[str, float]) -> Reach:
    """A line reached while a test is set up counts for all tests of its file, which may share what was set up."""

    def named(contexts: Sequence[str]) -> frozenset[str]:
        tests: set[str] = set()
        for test, _, phase in (context.rpartition("|") for context in contexts if context):
            alike = (other for other in seconds if other.partition("::")[0] == test.partition("::")[0])
            tests |= {test} if phase == "run" else set(alike)
        return frozenset(tests & seconds.keys())

    files = (Path(name) for name in data.measured_files())
    return Reach({file: {line: named(tests) for line, tests in data.contexts_by_lineno(str(file)).items()} for file in files}, seconds)


def tried(one: Mutant, tests: Sequence[str], seconds: float) -> int:
    """Starts the tests that reach a mutant. What goes on ten times longer than it should is ended by its processor time."""

    def work() -> int:
        resource.setrlimit(resource.RLIMIT_CPU, (int(30 + 10 * seconds),) * 2)
        faulty = Faulty(one)
        sys.meta_path.insert(0, faulty)  # type: ignore[arg-type]  # it finds what it loads
        files = dict.fromkeys(test.partition("::")[0] for test in tests)
        code = int(pytest.main([*QUIET, *files], plugins=[Chosen(tests)]))
        return code if faulty.loaded else NOT_LOADED

    return child_of(work)


def noticed(status: int) -> bool:
    """Whether an ended child tells of a fault: a test failed, or it was ended from outside."""
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) != NOT_LOADED, "the tests looked at other code"
    return os.WEXITSTATUS(status) in FAILED


def outcomes(chosen: Sequence[Mutant], reach: Reach, workers: int, kept: Path) -> dict[str, bool]:
    """Whether each of the mutants is noticed; what is kept of a former run isn't tried again."""
    known = dict(json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()) if kept.exists() else {}
    waiting, running = [one for one in chosen if str(one) not in known][::-1], {}
    while waiting or running:
        if waiting and len(running) < workers:
            one = waiting.pop()
            tests = reach.of(one)
            if tests:
                running[tried(one, tests, sum(reach.seconds[test] for test in tests))] = (one, time.monotonic() + LONGEST)
            else:
                known[str(one)] = False
            continue
        for child in [child for child, (_, until) in running.items() if time.monotonic() > until]:
            os.killpg(child, signal.SIGKILL)
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended in running:
            one, _ = running.pop(ended)
            known[str(one)] = noticed(status)
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps([str(one), known[str(one)]]) + "\n")
        else:
            time.sleep(0.02)
    return known


def kept_for(room: str) -> Path:
    """The folder of what is found at a commit, so that a run that was broken off goes on there; an empty one where files differ."""
    at = commit()
    folder = Path(tempfile.mkdtemp(prefix="mutants")) if at == "unknown" or "dirty" in at else ROOT / "build" / "mutants" / at / room
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def mutants(room: str, count: int, seed: int = 0, workers: int = 2) -> list[Figure]:
    """Tries so many mutants of a room, drawn at random, and gives the share that is noticed."""
    folder = kept_for(room)
    found = folder / "reach"
    known = spots(room)
    chosen = [mutant(one) for one in random.Random(f"{seed} {room}").sample(known, min(count, len(known)))]
    reach: Reach = pickle.loads(found.read_bytes()) if found.exists() else reach_of(room)  # noqa: S301 - of our own writing
    found.write_bytes(pickle.dumps(reach))
    seen = outcomes(chosen, reach, workers, folder / "outcomes")
    alive = [one for one in chosen if not seen[str(one)]]
    told = [f"{one}{'' if reach.of(one) else ' (no test reaches it)'}" for one in alive]
    print(f"mutants of {room} that no test noticed:", *told, sep="\n  ", flush=True)
    share = 1 - len(alive) / len(chosen)
    low = (f"{share:.0%} of the mutants of {room} noticed, less than {WANTED:.0%}",) if share < WANTED else ()
    unreached = sum(not reach.of(one) for one in alive)
    note = f"{len(chosen) - len(alive)} noticed ({share:.0%}; wanted {WANTED:.0%}); {unreached} unreached; of {len(known)} by seed {seed}"
    return [Figure(f"mutants of `{room}`", len(chosen), low, note)]
