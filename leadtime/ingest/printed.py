"""Printed tables: aggregated counts as they stand in reports, read with their two header rows, and every total recomputed."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from leadtime.errors import InputError, UsageError, counted
from leadtime.ingest.printed_grid import Grid, Value, folded, grid_of, is_rate, is_total, read_value
from leadtime.ingest.source import unique_headers
from leadtime.results import Result, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PrintedTable", "read_printed_table"]

PrintedSource: TypeAlias = "str | os.PathLike[str] | pd.DataFrame | Sequence[Sequence[object]]"
_SEVERAL = ("several", "multiple", "flera", "flerval")


@dataclass(frozen=True)
class PrintedTable(Result):
    """A printed table, and whether it agrees with itself.

    `cells`: a row a cell, with its labels, `value` (none where it has no number), `state` (``value``, ``zero``, ``blank``, ``suppressed``,
    or ``text`` where it is none of these) and whether it is a total. `totals`: every total with what its parts add up to, and the verdict
    (``agrees``, ``contradiction``, ``open`` where parts are hidden, ``several`` where one child may count several times).
    `contradictions`: those totals that can't be right. `tables`: the counts as they stand in print, as `disclose` takes them; a table for
    each group where the rows are breakdowns, with the total where it is one. `notes`: what was made alike in reading the labels.
    """

    name: str
    cells: Table
    totals: Table
    contradictions: Table
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()

    def _table(self) -> Table:
        return self.cells


@dataclass(frozen=True)
class _Layout:
    """Labels of rows and columns, each of a level or two, and the values by row and column."""

    rows: list[tuple[str, ...]]
    columns: list[tuple[str, ...]]
    values: list[list[Value]]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Check:
    """A printed total against what its parts add up to."""

    row: str
    column: str
    printed: float | None
    recomputed: float
    verdict: str  # "agrees" | "contradiction" | "open" | "several"

    @property
    def figures(self) -> tuple[float | None, float, float | None]:
        return self.printed, self.recomputed, None if self.printed is None else self.printed - self.recomputed


def read_printed_table(
    source: PrintedSource,
    *,
    sheet: str | None = None,
    header_rows: int | None = None,
    label_columns: int | None = None,
    several: Sequence[str] = (),
    total: float | None = None,
) -> PrintedTable:
    """Reads an aggregated table as it is printed, recomputes all its totals and lists the contradictions.

    Merged cells count for all that they span; soft hyphens, hyphens at line ends and drifting case in labels are made alike. A total is
    a row or column whose label says so (total, totalt, summa, all, alla). Blank cells count as 0 in totals but stay blank; cells
    withheld (``[c]``, ``x``, ``..``, ``-``, ``<5``) leave a total open unless it can't be reached whatever they hide.

    Where several rows are totals, or several columns, each may add up all that are none, or those that stand between it and the next.
    With two columns of labels the rows are breakdowns of one total: each group's rows must add up to the row that is the total of all,
    unless one child may count several times in the group. Shares and means (%, andel, medel) add up to nothing and aren't checked.

    Args:
        source: path of a .xlsx, .csv or .tsv file, a pandas frame, or rows of cells.
        sheet: the workbook's sheet; its first where not given.
        header_rows: how many rows the header has; found where not given.
        label_columns: how many columns of labels stand before the numbers (1 or 2); found where not given.
        several: groups in which one child may count several times; those whose label says several, multiple or flera are known.
        total: what the rows, or each group of them, must add up to, where the print says so only beside the table.

    Returns:
        The cells in long form, the totals recomputed, and the contradictions.

    Raises:
        InputError: the source holds no table of numbers.
        UsageError: an argument has a value that isn't allowed.

    Source:
        DEFINITIONS 5.1 (blanks count as 0 in totals).

    >>> table = read_printed_table([
    ...     ["", "2017", "", "2018", "Total-summa"], ["", "Kurator", "Psyko\u00adlog", "kurator", ""],
    ...     ["Töreboda", 56, 3, 79, 138], ["Gullspång", 20, "", "<5", 25], ["Summa", 76, 3, 82, 164]])
    >>> print(table.contradictions)
    row        column       printed  recomputed  difference
    Gullspång  Total-summa       25          20           5
    Summa      Total-summa      164         161           3
    Summa      Total-summa      164         163           1
    >>> [(cell["state"], cell["value"]) for cell in table.cells.records()[4:8]]
    [('value', 20.0), ('blank', None), ('suppressed', None), ('value', 25.0)]
    """
    for name, value, least, most in (("header_rows", header_rows, 1, 3), ("label_columns", label_columns, 1, 2)):
        if value is not None and not (isinstance(value, int) and least <= value <= most):
            raise UsageError(f"{name}={value!r} isn't allowed; give a number from {least} to {most}")
    if isinstance(several, str):
        raise UsageError(f"several={several!r} is one text; give a list of groups")
    grid = grid_of(source, sheet)
    layout = _layout(grid, header_rows, label_columns)
    stated = None if total is None else read_value(f"{total:f}")
    checks = [*_across(layout), *(_breakdowns(layout, several, stated) if len(layout.rows[0]) > 1 else _down(layout, stated))]
    columns = ("row", "column", "printed", "recomputed", "difference")
    totals = tuple((check.row, check.column, *check.figures, check.verdict) for check in checks)
    wrong = tuple(row[:-1] for row in totals if row[-1] == "contradiction")
    return PrintedTable(
        grid.name, _cells(layout), Table("totals", (*columns, "verdict"), totals), Table("contradictions", columns, wrong),
        tuple(_tables(grid.name, layout, several)), layout.notes,
    )  # fmt: skip


def _layout(grid: Grid, header_rows: int | None, label_columns: int | None) -> _Layout:
    rows = list(grid.rows)
    while len(rows) > 1 and rows[0][0] and len(set(filter(None, rows[0]))) == 1 < len(set(filter(None, rows[1]))):
        rows.pop(0)  # a title
    if len(rows) < 2 or len(rows[0]) < 2:
        raise InputError(f"{grid.name} holds no table: it needs a header, labels and numbers")
    labels = label_columns or (2 if len(rows[0]) > 2 and _is_of_labels([row[1] for row in rows[2:]]) else 1)
    texts = [i + 1 for i, row in enumerate(rows[:4]) if _is_of_labels(row[labels:], or_as_many=True)]
    header = min(header_rows or max(texts or [1]), len(rows) - 1)
    spelled = _Spellings()
    columns = [tuple(map(spelled.one, levels)) for levels in _column_labels([row[labels:] for row in rows[:header]])]
    below = rows[header:]
    while below and all(read_value(cell).state == "blank" for cell in below[-1][labels:]):
        below.pop()  # a footnote
    if not any(read_value(cell).number is not None for row in below for cell in row[labels:]):
        raise InputError(
            f"{grid.name} holds no table of numbers below its header of {counted(header, 'row')}; say header_rows= and label_columns="
        )
    found = [tuple(map(spelled.one, levels)) for levels in _row_labels([row[:labels] for row in below])]
    return _Layout(found, columns, [[read_value(cell) for cell in row[labels:]] for row in below], spelled.notes)


def _is_of_labels(cells: Sequence[str], *, or_as_many: bool = False) -> bool:
    """Whether most cells are words; a header may have as many numbers, which are years. A share such as 45 % is no word."""
    states = Counter(read_value(cell.removesuffix("%")).state for cell in cells)
    return states["text"] + (or_as_many and states["text"] > 0) > states["value"] + states["zero"]


class _Spellings:
    """Labels made alike: the first spelling stands for all that differ in case, hyphens and blanks."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._others: dict[str, None] = {}

    def one(self, label: str) -> str:
        first = self._first.setdefault(folded(label), label)
        if first != label:
            self._others[f"'{label}' = '{first}'"] = None
        return first

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._others)


def _column_labels(header: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The levels of each column: a blank upper one belongs to the name at its left, and one name over all levels is one level."""
    filled: list[list[str]] = [list(row) for row in header]
    for upper, lower in itertools.pairwise(filled):
        for j in range(1, len(upper)):
            if not upper[j] and lower[j]:
                upper[j] = upper[j - 1]
    columns = []
    for levels in zip(*filled, strict=True):
        distinct = [level for i, level in enumerate(levels) if level and level not in levels[:i]]
        columns.append(tuple(distinct + [""] * (len(levels) - len(distinct))))
    return columns


def _row_labels(labels: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The labels of each row: a blank group is the group above."""
    found: list[tuple[str, ...]] = []
    for row in labels:
        first = row[0] or (found[-1][0] if found and len(row) > 1 else "")
        # A total merged over both columns of labels has one label.
        found.append((first, *("" if label == first and is_total(first) else label for label in row[1:])))
    return found


def _shown(labels: Sequence[str]) -> str:
    return " / ".join(filter(None, labels))


def _across(layout: _Layout) -> Iterator[_Check]:
    """Each total column against the columns that it adds up: all, or those that share its other level."""
    counts = [j for j, levels in enumerate(layout.columns) if not any(map(is_rate, levels))]
    totals = [j for j in counts if any(map(is_total, layout.columns[j]))]
    for j in totals:
        levels = layout.columns[j]
        kept = {level: label for level, label in enumerate(levels) if label and not is_total(label)}
        parts = [k for k in counts if k not in totals and all(layout.columns[k][level] == label for level, label in kept.items())]
        for labels, row in zip(layout.rows, layout.values, strict=True):
            if not any(map(is_rate, labels)):
                yield _check(_shown(labels), _shown(levels), row[j], *([row[k] for k in some] for some in _parted(j, parts, totals)))


def _down(layout: _Layout, stated: Value | None) -> Iterator[_Check]:
    """Each total row against the rows that are none."""
    counts = [i for i, (label,) in enumerate(layout.rows) if not is_rate(label)]
    totals = [i for i in counts if is_total(layout.rows[i][0])]
    plain = [i for i in counts if i not in totals]
    for j, levels in enumerate(layout.columns):
        if any(map(is_rate, levels)):
            continue
        column = [row[j] for row in layout.values]
        if stated is not None:
            yield _check("", _shown(levels), stated, [column[k] for k in plain])
        for i in totals:
            yield _check(layout.rows[i][0], _shown(levels), column[i], *([column[k] for k in some] for some in _parted(i, plain, totals)))


def _parted(total: int, parts: Sequence[int], totals: Sequence[int]) -> list[list[int]]:
    """What a total can be of: all parts, those between the total before and it, or those between it and the next."""
    before = max((place for place in totals if place < total), default=-1)
    after = min((place for place in totals if place > total), default=len(parts) + len(totals) + total)
    between = ([k for k in parts if before < k < total], [k for k in parts if total < k < after])
    return [list(parts), *(some for some in between if some)]


def _breakdowns(layout: _Layout, several: Sequence[str], stated: Value | None) -> Iterator[_Check]:
    """Each group of rows against its own total, else against the row that is the total of all."""
    whole = next((row for labels, row in zip(layout.rows, layout.values, strict=True) if is_total(labels[0])), None)
    for group in dict.fromkeys(labels[0] for labels in layout.rows if not is_total(labels[0])):
        rows = [i for i, labels in enumerate(layout.rows) if labels[0] == group and not is_rate(labels[1])]
        totals = [i for i in rows if is_total(layout.rows[i][1])]
        of_several = _says_several(group, several)
        for j, levels in enumerate(layout.columns):
            own = [layout.values[i][j] for i in totals] or ([] if whole is None else [whole[j]])
            parts = [layout.values[i][j] for i in rows if i not in totals]
            for printed in [] if any(map(is_rate, levels)) else [*own, *([] if stated is None else [stated])]:
                check = _check(group, _shown(levels), printed, parts)
                yield replace(check, verdict="several") if of_several else check


def _says_several(group: str, several: Sequence[str]) -> bool:
    return folded(group) in map(folded, several) or any(word in group.casefold() for word in _SEVERAL)


def _check(row: str, column: str, printed: Value, *parted: Sequence[Value]) -> _Check:
    """A total against what it can be of: the first that it agrees with, else the first."""
    found = [_compared(row, column, printed, parts) for parts in parted]
    return next((check for check in found if check.verdict != "contradiction"), found[0])


def _compared(row: str, column: str, printed: Value, parts: Sequence[Value]) -> _Check:
    """A total, what its known parts add up to, and whether it can be so: hidden parts are 0 or more, and no more than they may be."""
    known = sum(part.number for part in parts if part.number is not None)
    hidden = [part.most for part in parts if part.state in ("suppressed", "text")]
    if printed.number is None:
        # A blank counts as 0, so a blank total of blanks is as it should be.
        return _Check(row, column, None, known, "agrees" if printed.state == "blank" and known == 0 and not hidden else "open")
    # Figures with decimals are rounded each.
    rounded = any(part.number is not None and not part.number.is_integer() for part in (printed, *parts))
    slack = 0.05 * (len(parts) + 1) if rounded else 1e-9
    most = known + sum(most for most in hidden if most is not None) if all(value is not None for value in hidden) else float("inf")
    if printed.number < known - slack or printed.number > most + slack:
        return _Check(row, column, printed.number, known, "contradiction")
    return _Check(row, column, printed.number, known, "open" if hidden else "agrees")


def _tables(name: str, layout: _Layout, several: Sequence[str]) -> Iterator[Table]:
    """The counts in the rows and columns of the print, apart for each group, which has the total where it adds up to that."""
    counts = [j for j, levels in enumerate(layout.columns) if not any(map(is_rate, levels))]
    columns = unique_headers(["row", *(" ".join(filter(None, layout.columns[j])) for j in counts)])

    def table(called: str, rows: Sequence[int]) -> Table:
        numbers = [[_count(layout.values[i][j].number) for j in counts] for i in rows]
        labels = [_shown(layout.rows[i][-1:]) or layout.rows[i][0] for i in rows]
        return Table(called, tuple(columns), tuple((label, *row) for label, row in zip(labels, numbers, strict=True)), tuple(columns[1:]))

    rows = [i for i, labels in enumerate(layout.rows) if not any(map(is_rate, labels))]
    if len(layout.rows[0]) == 1:
        yield table(name, rows)
        return
    whole = [i for i in rows if is_total(layout.rows[i][0])][:1]
    for group in dict.fromkeys(layout.rows[i][0] for i in rows if i not in whole):
        own = [i for i in rows if layout.rows[i][0] == group]
        has_total = _says_several(group, several) or any(is_total(layout.rows[i][1]) for i in own)
        yield table(group, own if has_total else [*own, *whole])


def _count(number: float | None) -> int | float | None:
    return int(number) if number is not None and number.is_integer() else number


def _cells(layout: _Layout) -> Table:
    """A row a cell."""
    names = ("group", "row") if len(layout.rows[0]) > 1 else ("row",)
    levels = [f"column_{i + 1}" for i in range(len(layout.columns[0]))] if len(layout.columns[0]) > 1 else ["column"]
    rows = tuple(
        (*labels, *column, value.number, value.state, any(map(is_total, (*labels, *column))))
        for labels, values in zip(layout.rows, layout.values, strict=True)
        for column, value in zip(layout.columns, values, strict=True)
    )
    return Table("cells", (*names, *levels, "value", "state", "total"), rows)
