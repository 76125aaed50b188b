"""Attacks on suppression: sets of linked tables are protected, and a solver that shares no code with the library tries to undo it."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from common import ROOT, Figure


def attacks(sets: int) -> list[Figure]:
    """Attacks so many sets of tables; a hidden count with fewer than three possible values is a disclosure."""
    sys.path.insert(0, str(ROOT))
    tests, wrong = the_tests(), []
    for number in range(sets):
        try:
            tests.attack(number)
        except AssertionError as error:
            wrong.append(f"set {number}: {error}")
    return [Figure("attacks on suppression", sets, tuple(wrong), "every hidden count can have three values or more")]


def the_tests() -> ModuleType:
    """The attack as the tests make it."""
    spec = importlib.util.spec_from_file_location("test_disclosure_attack", ROOT / "tests" / "test_disclosure_attack.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
