"""Mutation testing: one small fault at a time is put into a copy of the code, and the tests of its room must notice.

A mutant changes one operator, comparison, constant, condition or returned value in `durations`, `cases`, `survival` or `disclosure`. It is
killed when a test fails or the tests hang. Docstrings, annotations and error messages aren't mutated.
"""

from __future__ import annotations

import ast
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path

# The libraries, loaded once for all mutants; the package itself is loaded anew from each one's copy.
import duckdb  # noqa: F401
import holidays  # noqa: F401
import narwhals  # noqa: F401
import openpyxl  # noqa: F401
import pandas as pd  # noqa: F401
import pydantic  # noqa: F401
import pytest
import scipy.optimize
import scipy.stats  # noqa: F401
from common import ROOT, Figure

TESTS = {
    "durations": ("test_durations.py", "test_durations_dates.py", "test_partial_dates.py"),
    "cases": ("test_cases.py", "test_clocks.py", "test_store.py", "test_partial_dates.py"),
    "survival": (
        "test_survival.py", "test_survival_ranks.py", "test_survival_restricted.py", "test_survival_truncation.py",
        "test_survival_turnbull.py", "test_survival_influence.py", "test_survival_split.py", "test_survival_properties.py",
        "test_survival_reference.py",
    ),
    "disclosure": ("test_disclosure.py", "test_disclosure_attack.py"),
}  # fmt: skip
WANTED = 0.85
LONGEST = 300
OPERATORS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,), ast.FloorDiv: (ast.Mult,), ast.Mod: (ast.Add,),
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.And: (ast.Or,), ast.Or: (ast.And,), ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,),
}  # fmt: skip
Change = Callable[[], str]


@dataclass(frozen=True)
class Mutant:
    """A file's text with one fault."""

    room: str
    file: Path
    line: int
    change: str
    text: str


def mutants_of(room: str) -> list[Mutant]:
    """All mutants of a room, in order."""
    found = []
    for file in sorted((ROOT / "leadtime" / room).glob("*.py")):
        if file.name != "__init__.py":
            tree = ast.parse(file.read_text(encoding="utf-8"))
            found += [Mutant(room, file, line, change, ast.unparse(made)) for line, change, made in changed(tree)]
    return found


def changed(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """The tree with one change, once for each."""
    nodes = list(ast.walk(tree))
    still = untouched(tree)
    for place, node in enumerate(nodes):
        if id(node) in still:
            continue
        for number in range(len(list(changes(node)))):
            made = deepcopy(tree)
            one = list(ast.walk(made))[place]
            said = list(changes(one))[number]()
            yield getattr(node, "lineno", 0), said, ast.fix_missing_locations(made)


def untouched(tree: ast.Module) -> set[int]:
    """What no test can or need notice: texts that explain, types, error messages, names that are exported."""
    still: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node, clean=False) is not None:
            parts.append(node.body[0])
        if isinstance(node, ast.FunctionDef):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            parts += [node.returns, *node.decorator_list, *(one.annotation for one in arguments)]
        if isinstance(node, ast.AnnAssign):
            parts.append(node.annotation)
        if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom | ast.JoinedStr):
            parts.append(node)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            parts.append(node)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            parts.append(node)
        still |= {id(inner) for part in parts if part is not None for inner in ast.walk(part)}
    return still


def changes(node: ast.AST) -> Iterator[Change]:
    """The changes of a node, each as a function that makes it and says how."""
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp):
        for other in OPERATORS.get(type(node.op), ()):
            yield partial(put, node, "op", other())
    if isinstance(node, ast.Compare):
        for other in OPERATORS.get(type(node.ops[0]), ()):
            yield partial(put, node, "ops", [other(), *node.ops[1:]])
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield partial(put, node, "test", ast.UnaryOp(ast.Not(), node.test))
    yield from changed_values(node)


def changed_values(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield partial(put, node, "value", (not node.value) if isinstance(node.value, bool) else node.value + 1)
    if isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
        yield partial(put, node, "value", ast.Constant(None))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield partial(put, node, "op", ast.UAdd())


def put(node: ast.AST, name: str, value: object) -> str:
    before = ast.unparse(node) if not isinstance(node, ast.If | ast.While) else ast.unparse(node.test)
    setattr(node, name, value)
    after = ast.unparse(node) if not isinstance(node, ast.If | ast.While) else ast.unparse(node.test)
    return f"{before[:60]} -> {after[:60]}"


def copied(mutant: Mutant | None, room: str, folder: Path) -> list[str]:
    """Makes a copy of the package with one fault, or none, and gives the tests of the room."""
    shutil.copytree(ROOT / "leadtime", folder / "leadtime", ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("tests", "data_samples", "docs", "pyproject.toml"):
        (folder / part).symlink_to(ROOT / part, target_is_directory=(ROOT / part).is_dir())
    if mutant is not None:
        (folder / mutant.file.relative_to(ROOT)).write_text(mutant.text, encoding="utf-8")
    return [*(str(folder / "tests" / test) for test in TESTS[room]), str(folder / "leadtime" / room)]


def started(folder: Path, tests: list[str]) -> int:
    """Starts the tests in a child that has the libraries loaded already, and the package not; gives its number."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setsid()
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        os.environ.update(PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE="1")
        sys.dont_write_bytecode = True
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        code = int(pytest.main(["-q", "-x", "--no-header", "-W", "ignore::pytest.PytestAssertRewriteWarning", *tests]))
        if str(folder) not in str(sys.modules["leadtime"].__file__):
            code = 1  # the tests looked at other code
    finally:
        os._exit(code)


def unnoticed(chosen: Sequence[tuple[str, Mutant | None]], workers: int) -> list[bool]:
    """Which of the mutants the tests of their room don't notice: no test fails and none hangs."""
    alive = [False] * len(chosen)
    waiting, running = list(enumerate(chosen))[::-1], {}
    while waiting or running:
        if waiting and len(running) < workers:
            place, (room, mutant) = waiting.pop()
            folder = Path(tempfile.mkdtemp(prefix="mutant"))
            running[started(folder, copied(mutant, room, folder))] = (place, folder, time.monotonic() + LONGEST)
            continue
        for child in [child for child, (*_, until) in running.items() if time.monotonic() > until]:
            os.killpg(child, signal.SIGKILL)
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended in running:
            place, folder, _ = running.pop(ended)
            alive[place] = status == 0
            shutil.rmtree(folder, ignore_errors=True)
        else:
            time.sleep(0.05)
    return alive


def mutants(each: int, seed: int = 0, workers: int = 2) -> list[Figure]:
    """Tries so many mutants a room, drawn at random, and gives the score."""
    draw = random.Random(seed)
    known = [mutants_of(room) for room in TESTS]
    chosen = [one for found in known for one in draw.sample(found, min(each, len(found)))]
    sound = unnoticed([(room, None) for room in TESTS], workers)
    assert all(sound), f"the tests fail without a fault too: {[room for room, passed in zip(TESTS, sound, strict=True) if not passed]}"
    alive = [one for one, lives in zip(chosen, unnoticed([(one.room, one) for one in chosen], workers), strict=True) if lives]
    told = [f"{one.file.relative_to(ROOT)}:{one.line}: {one.change}" for one in alive]
    scores = []
    for room in TESTS:
        tried = sum(one.room == room for one in chosen)
        scores.append((room, 1 - sum(one.room == room for one in alive) / tried))
    low = tuple(f"{room}: {100 * score:.0f} %" for room, score in scores if score < WANTED)
    note = ", ".join(f"{room} {100 * score:.0f} %" for room, score in scores)
    print("mutants that no test noticed:", *told, sep="\n  ")
    return [Figure(f"mutants ({WANTED:.0%} a room are to be noticed)", len(chosen), low, f"noticed: {note}")]
