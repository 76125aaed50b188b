"""What a mutant is: a room's code with one operator, comparison, constant, condition or returned value changed.

Docstrings, annotations, decorators, error messages and numbers that are for speed only (`FOR_SPEED`) aren't changed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from common import ROOT

OPERATORS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,), ast.FloorDiv: (ast.Mult,), ast.Mod: (ast.Add,),
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.And: (ast.Or,), ast.Or: (ast.And,), ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,),
}  # fmt: skip
# How much is worked on or remembered at once, and from where on the quicker of two ways is taken: another number gives the same figures.
FOR_SPEED = {"_CHUNK", "BLOCK", "_CASES_A_DAY", "_PAIRS", "maxsize"}
Change = Callable[[], str]


@dataclass(frozen=True)
class Spot:
    """A place in a file where a fault can be put: the number of a node of its tree, and of a change of that node."""

    room: str
    file: Path
    node: int
    change: int


@dataclass(frozen=True)
class Mutant:
    """A file's text with one fault. `lines` are those of the statement that it is in. What runs as the module is loaded has the lines that
    may depend on it: a default all those of its function, a line outside functions all those of the module."""

    room: str
    file: Path
    line: int
    column: int
    lines: range
    change: str
    text: str

    @property
    def module(self) -> str:
        return ".".join(self.file.relative_to(ROOT).with_suffix("").parts)

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}:{self.column}: {self.change}"


def spots(room: str) -> list[Spot]:
    """All places of a room, in order."""
    found = []
    for file in sorted((ROOT / "leadtime" / room).glob("*.py")):
        if file.name != "__init__.py":
            tree = ast.parse(file.read_text(encoding="utf-8"))
            still = untouched(tree)
            for place, node in enumerate(ast.walk(tree)):
                if id(node) not in still:
                    found += [Spot(room, file, place, number) for number, _ in enumerate(changes(node))]
    return found


def mutant(spot: Spot) -> Mutant:
    """The file with the fault put in."""
    tree = ast.parse(spot.file.read_text(encoding="utf-8"))
    node = list(ast.walk(tree))[spot.node]
    lines = lines_of(tree, node)
    said = list(changes(node))[spot.change]()
    text = ast.unparse(ast.fix_missing_locations(tree))
    return Mutant(spot.room, spot.file, getattr(node, "lineno", 0), getattr(node, "col_offset", 0), lines, said, text)


def lines_of(tree: ast.Module, wanted: ast.AST) -> range:
    """The lines that run where a node's statement runs."""
    above = {id(child): parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    while not isinstance(wanted, ast.stmt):
        wanted = above[id(wanted)]
    first, last = wanted.lineno, wanted.end_lineno or wanted.lineno
    within = above[id(wanted)]
    while not isinstance(within, ast.FunctionDef | ast.Module):
        within = above[id(within)]
    if isinstance(wanted, ast.FunctionDef):
        return range(wanted.body[0].lineno, last + 1)
    if isinstance(within, ast.Module):
        return range(1, (tree.body[-1].end_lineno or 0) + 1)
    body = getattr(wanted, "body", None)
    return range(first, max(first, body[0].lineno - 1) + 1 if body else last + 1)


def untouched(tree: ast.Module) -> set[int]:
    """What no test can or need notice: texts that explain, types, error messages, names that are exported, numbers for speed."""
    return {id(inner) for node in ast.walk(tree) for part in (*said_in(node), *sizes_in(node)) for inner in ast.walk(part)}


def said_in(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that say something and do nothing, and what is imported."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node, clean=False) is not None:
        yield node.body[0]
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield from node.decorator_list
    if isinstance(node, ast.FunctionDef):
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        yield from (said for said in (node.returns, *(one.annotation for one in arguments)) if said is not None)
    if isinstance(node, ast.AnnAssign):
        yield node.annotation
    if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom | ast.JoinedStr):
        yield node
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        yield node


def sizes_in(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {"__all__", *FOR_SPEED}:
        yield node
    if isinstance(node, ast.keyword) and node.arg in FOR_SPEED:
        yield node


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
