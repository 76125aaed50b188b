"""Mutation testing: one small fault at a time is put into a copy of the code, and the tests of its room must notice.

A mutant changes one operator, comparison, constant, condition or returned value in `durations`, `cases`, `survival` or `disclosure`. It is
killed when a test fails or the tests hang. Docstrings, annotations and error messages aren't mutated.
"""

from __future__ import annotations

import ast
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from common import ROOT, Figure, environment

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


def survives(mutant: Mutant) -> bool:
    """Whether no test of the room fails on the mutant."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "leadtime", folder / "leadtime", ignore=shutil.ignore_patterns("__pycache__"))
        for part in ("tests", "data_samples", "docs", "pyproject.toml"):
            os_link(ROOT / part, folder / part)
        (folder / mutant.file.relative_to(ROOT)).write_text(mutant.text, encoding="utf-8")
        tests = [str(folder / "tests" / test) for test in TESTS[mutant.room]]
        command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", *tests, str(folder / "leadtime" / mutant.room)]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, check=False, timeout=LONGEST,
                env={**environment(folder), "PYTHONPATH": name, "PYTHONDONTWRITEBYTECODE": "1"},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


def os_link(source: Path, target: Path) -> None:
    target.symlink_to(source, target_is_directory=source.is_dir())


def mutants(each: int, seed: int = 0, workers: int = 2) -> list[Figure]:
    """Tries so many mutants a room, drawn at random, and gives the score."""
    draw = random.Random(seed)
    known = [mutants_of(room) for room in TESTS]
    chosen = [one for found in known for one in draw.sample(found, min(each, len(found)))]
    with ThreadPoolExecutor(workers) as pool:
        alive = [one for one, lives in zip(chosen, pool.map(survives, chosen), strict=True) if lives]
    told = [f"{one.file.relative_to(ROOT)}:{one.line}: {one.change}" for one in alive]
    scores = []
    for room in TESTS:
        tried = sum(one.room == room for one in chosen)
        scores.append((room, 1 - sum(one.room == room for one in alive) / tried))
    low = tuple(f"{room}: {100 * score:.0f} %" for room, score in scores if score < WANTED)
    note = ", ".join(f"{room} {100 * score:.0f} %" for room, score in scores)
    print("mutants that no test noticed:", *told, sep="\n  ")
    return [Figure(f"mutants ({WANTED:.0%} a room are to be noticed)", len(chosen), low, f"noticed: {note}")]
