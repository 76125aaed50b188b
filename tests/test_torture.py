"""A reduced form of `make torture`: kills, faults, broken files, fuzzing and a soak, each with nothing gone wrong.

The full form is `benchmarks/torture/run.py`; its last figures are in `benchmarks/torture.md`. Attacks by a solver are in
`test_disclosure_attack.py`.
"""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

TORTURE = Path(__file__).resolve().parents[1] / "benchmarks" / "torture"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="kills, quotas and memory as Linux has them")]
MORE = 4 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 1


def part(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TORTURE))
    return importlib.import_module(name)


def nothing_went_wrong(figures: list, tried: int) -> None:
    for figure in figures:
        assert figure.failures == (), figure.what
    assert figures[0].tried >= tried


def test_a_killed_report_run_leaves_the_former_files_or_the_new_ones_and_nothing_else(monkeypatch):
    """Threat T5, T6. Two runs that race to one folder leave files of one of them each."""
    nothing_went_wrong(part("kills", monkeypatch).kills(5 * MORE, sections=("quality",)), 5)


def test_a_fault_in_any_file_operation_loses_nothing_in_silence(monkeypatch):
    """Threat T5."""
    nothing_went_wrong(part("faults", monkeypatch).faults(12 * MORE), 12)


def test_a_broken_file_is_refused_by_name_or_read_with_all_its_rows_accounted_for(monkeypatch):
    """Threat T7."""
    counts = {"xlsx": 12 * MORE, "csv": 6 * MORE, "xes": 8 * MORE, "parquet": 12 * MORE}
    figures = part("malformed", monkeypatch).malformed(counts)
    nothing_went_wrong(figures, counts["xlsx"])
    assert [figure.tried for figure in figures] == list(counts.values())


def test_fuzzed_dates_and_amounts_are_read_or_refused(monkeypatch):
    """Threat T7."""
    nothing_went_wrong(part("fuzz", monkeypatch).fuzz(4.0 * MORE, targets=("dates", "amounts")), 20)


def test_many_reports_in_one_process_hold_no_more_memory(monkeypatch):
    # Few reports: the allocator still gathers what it will keep, hence more room than in the full form.
    nothing_went_wrong(part("soak", monkeypatch).soak(8 * MORE, sections=("quality",), allowed=0.1), 8)


class TestTheHarness:
    """It sees what it looks for."""

    def test_a_writer_that_writes_in_place_is_caught(self, monkeypatch, tmp_path):
        faults = part("faults", monkeypatch)
        out = tmp_path / "out"

        def in_place(command):
            with open(out / "report.html", "wb") as file:
                file.write(b"whole")
            return 0, ""

        monkeypatch.setattr(faults, "run", in_place)
        wanted = {"report.html": b"whole"}
        sound = faults.Trap(tmp_path, out)
        assert faults.once(tmp_path, [], wanted, sound) == []
        writing = next(at for at, name in enumerate(sound.seen) if name.startswith("write"))
        assert "OSError escaped" in faults.once(tmp_path, [], wanted, faults.Trap(tmp_path, out, writing, "ENOSPC"))

    def test_a_loss_in_silence_is_caught(self, monkeypatch, tmp_path):
        faults = part("faults", monkeypatch)
        monkeypatch.setattr(faults, "run", lambda command: (0, ""))
        told = faults.once(tmp_path, [], {"report.html": b"whole"}, faults.Trap(tmp_path, tmp_path / "out"))
        assert told == ["it says that it is done, but a file isn't there or isn't whole"]

    def test_of_operations_alike_in_a_row_the_first_and_last_get_faults(self, monkeypatch):
        picked = part("faults", monkeypatch).picked(["open a", *["read a"] * 9, "close a", "read a"])
        assert picked == [0, 1, 2, 3, 7, 8, 9, 10, 11]

    def test_a_break_is_the_same_for_the_same_number(self, monkeypatch):
        import random

        malformed = part("malformed", monkeypatch)
        made = [malformed.broken_bytes(bytes(range(256)) * 4, random.Random("csv 0 7")) for _ in range(2)]
        assert made[0] == made[1] != bytes(range(256)) * 4


SUMS = """
def total(a, b):
    return a + b

def rest(a):
    return a - 1
"""
SCORE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import common
common.ROOT = Path.cwd()
import mutants
mutants.TESTS = {"sums": ("test_sums.py",)}
print(mutants.mutants("sums", 99)[0].row)
"""


class TestTheMutants:
    def test_a_fault_that_a_test_reaches_is_noticed_and_one_that_none_reaches_lives(self, tmp_path):
        package = tmp_path / "leadtime" / "sums"
        package.mkdir(parents=True)
        (tmp_path / "tests").mkdir()
        for folder in (package, package.parent):
            (folder / "__init__.py").touch()
        (package / "adding.py").write_text(SUMS)
        (tmp_path / "tests" / "test_sums.py").write_text(
            "from leadtime.sums.adding import total\ndef test_total():\n    assert total(2, 3) == 5\n"
        )
        command = [sys.executable, "-c", SCORE, str(TORTURE)]
        environment = {**os.environ, "PYTHONPATH": ""}
        ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        *alive, row = ran.stdout.splitlines()
        assert row == "| mutants of `sums` | 5 | 1 | 2 noticed (40%; wanted 85%); 3 unreached; of 5 by seed 0 |", ran.stderr
        assert all("adding.py:6" in one for one in alive[1:])

    def test_a_fault_is_that_of_its_statement_and_not_of_what_stands_below_it(self, monkeypatch):
        """Else tests would be run that never come to it."""
        mutation = part("mutation", monkeypatch)
        tree = ast.parse("LIMIT = 3\ndef f(a, b=2):\n    if a > 1:\n        return (b +\n            4)\n    return 5\n")
        lines = {node.value: mutation.lines_of(tree, node) for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert lines == {3: range(1, 7), 2: range(3, 7), 1: range(3, 4), 4: range(4, 6), 5: range(6, 7)}

    def test_no_fault_is_put_into_a_message_a_type_a_decorator_or_a_size_for_speed(self, monkeypatch):
        mutation = part("mutation", monkeypatch)
        tree = ast.parse('def f(a: Literal[1]) -> Literal[2]:\n    "Three."\n    raise ValueError(4 + a)\n')
        still = mutation.untouched(tree)
        assert [node for node in ast.walk(tree) if id(node) not in still and list(mutation.changes(node))] == []
