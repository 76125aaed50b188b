"""How every result speaks: frozen values that turn into a frame, a dictionary, a line of text or a small HTML table.

A result knows no log. Numbers are Python numbers or `None`, where `None` means *not reached* or *not defined*, never infinity.
"""

from __future__ import annotations

import html
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

from leadtime.errors import UsageError
from leadtime.exports import csv_bytes, latex_text, markdown_text, plain_text
from leadtime.files import write_whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "SCHEMA_VERSION", "Estimate", "Finding", "InEngine", "Portable", "QualityReport", "Result", "Table", "TestResult", "Value", "plain",
]  # fmt: skip

SCHEMA_VERSION = 1
_ROWS_SHOWN = 200  # in a notebook, which a long table would fill

Value = str | int | float | bool | None


def plain(value: Any) -> Any:
    """Gives a result's content as dictionaries, lists and plain values, ready for JSON.

    >>> plain(Estimate(2.0, 1.0, None, n=4))["upper"] is None
    True
    """
    if isinstance(value, Result):
        return value.to_dict()
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value) if not f.name.startswith("_")}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list, frozenset)):
        return [plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value


class Portable:
    """A frozen value of numbers that pickles and copies: its read-only mappings travel as dictionaries, what it remembers stays behind."""

    def __getstate__(self) -> dict[str, Any]:
        values = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return {name: dict(value) if isinstance(value, MappingProxyType) else value for name, value in values.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({name: MappingProxyType(value) if isinstance(value, dict) else value for name, value in state.items()})


class InEngine:
    """A frozen value whose tables live in the engine: a copy is the value itself, and it can't leave its process."""

    _instead: ClassVar[str] = "take its .to_pandas() instead, or write the log with lt.write_log and compute it there"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise UsageError(f"{type(self).__name__} lives in the engine of this process and can't be pickled; {self._instead}")


class Result(Portable):
    """The manner of all results; a subclass gives `_table` (its main table) and is a frozen dataclass."""

    def _table(self) -> Table:
        raise NotImplementedError  # pragma: no cover - each result has its own

    def to_pandas(self) -> pd.DataFrame:
        """Gives the result's main table as a new pandas frame; columns carry their unit in the name."""
        return self._table().to_pandas()

    def to_dict(self) -> dict[str, Any]:
        """Gives all of the result as plain values, with `schema_version`."""
        content = {f.name: plain(getattr(self, f.name)) for f in fields(self) if not f.name.startswith("_")}  # type: ignore[arg-type]
        return {"schema_version": SCHEMA_VERSION, **content}

    def to_csv(self, path: str | os.PathLike[str], *, language: str = "en") -> None:
        """Writes the result's main table as CSV for a spreadsheet of a language: in Swedish with decimal comma and semicolons.

        UTF-8 with its mark, numbers with all their digits. A text that would be taken for a formula gets an apostrophe before it.

        Args:
            path: where to; its folder must exist, and nothing half written is ever left there.
            language: whose manner of writing numbers.

        Raises:
            UsageError: the language isn't known.
            InputError: there is no such folder.
            ResourceError: the file can't be written.
        """
        table = self._table()
        write_whole(path, self._looked_at(csv_bytes(table.columns, table.rows, language=language)))

    def to_markdown(self, *, language: str = "en") -> str:
        """Gives the result's main table in Markdown, with every text escaped; `language` is whose manner of writing numbers."""
        table = self._table()
        return markdown_text(table.columns, table.rows, language=language)

    def to_latex(self, *, language: str = "en") -> str:
        """Gives the result's main table in LaTeX (package booktabs), with every text escaped, in a language's manner of writing numbers."""
        table = self._table()
        return latex_text(table.columns, table.rows, language=language)

    def _looked_at(self, content: bytes) -> bytes:
        """A file's content once it may be written; a report looks for anything of a single person."""
        return content

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001 - the notebook's own manner of calling
        """What a notebook shows where it shows text: the result, not its parts."""
        printer.text("…" if cycle else str(self))

    def __str__(self) -> str:
        return str(self._table())


@dataclass(frozen=True)
class Estimate(Result):
    """A figure with its interval.

    `None` stands where the figure isn't reached or isn't defined (DEFINITIONS 3.9).

    >>> print(Estimate(26.5, 21.0, None, confidence=0.95, interval="log-log", n=40))
    26.5 (95 % log-log interval 21 to not reached; n = 40)
    """

    value: float | None
    lower: float | None = None
    upper: float | None = None
    standard_error: float | None = None
    confidence: float = 0.95
    interval: str = "none"
    n: int | None = None
    note: str = ""

    def _table(self) -> Table:
        names = ("value", "lower", "upper", "standard_error", "confidence", "interval", "n", "note")
        return Table("estimate", names, (tuple(getattr(self, name) for name in names),))

    def __str__(self) -> str:
        parts = []
        if self.interval != "none":
            percent = f"{100 * self.confidence:g} %"
            parts.append(f"{percent} {self.interval} interval {_number(self.lower)} to {_number(self.upper)}")
        if self.n is not None:
            parts.append(f"n = {self.n}")
        parts += [self.note] if self.note else []
        return _number(self.value) + (f" ({'; '.join(parts)})" if parts else "")


@dataclass(frozen=True)
class TestResult(Result):
    """A test of no difference: statistic, degrees of freedom, two-sided p, the method in words, and how many draws it took."""

    __test__ = False  # not a pytest class

    name: str
    statistic: float | None
    p_value: float | None
    df: int | None = None
    n: int | None = None
    method: str = ""
    observed: tuple[float, ...] = ()
    expected: tuple[float, ...] = ()
    groups: tuple[str, ...] = ()
    draws: int | None = None
    seed: int | None = None

    def _table(self) -> Table:
        names = ("name", "statistic", "df", "p_value", "n", "method", "draws", "seed")
        return Table("test", names, (tuple(getattr(self, name) for name in names),))

    def __str__(self) -> str:
        p = "not defined" if self.p_value is None else f"{self.p_value:.4g}"
        return f"{self.name}: p = {p} ({self.method or 'n'}{'' if self.n is None else f'; n = {self.n}'})"


@dataclass(frozen=True)
class Table(Result):
    """A named table of plain values: column names (with units), rows as tuples.

    `counts` names the columns that count persons, for disclosure control.

    >>> print(Table("flow", ("status", "cases"), (("stopped", 3), ("left", 1))))
    status   cases
    stopped      3
    left         1
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    counts: tuple[str, ...] = ()
    note: str = ""

    def _table(self) -> Table:
        return self

    def to_pandas(self) -> pd.DataFrame:
        """Gives the table as a new pandas frame."""
        import pandas as pd

        return pd.DataFrame([list(row) for row in self.rows], columns=list(self.columns))

    def column(self, name: str) -> tuple[Value, ...]:
        """Gives one column's values in row order."""
        position = self.columns.index(name)
        return tuple(row[position] for row in self.rows)

    def records(self) -> list[dict[str, Value]]:
        """Gives the rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def _repr_html_(self) -> str:
        head = "".join(f"<th scope='col'>{_escaped(name)}</th>" for name in self.columns)
        body = "".join("<tr>" + "".join(f"<td>{_escaped(value)}</td>" for value in row) + "</tr>" for row in self.rows[:_ROWS_SHOWN])
        more = f"<p>The first {_ROWS_SHOWN} of {len(self.rows):,} rows.</p>" if len(self.rows) > _ROWS_SHOWN else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"

    def __str__(self) -> str:
        return _aligned(self.columns, self.rows)


@dataclass(frozen=True)
class Finding(Result):
    """One thing that the checks found: code, severity, how many, what it does to the result, and where to look first.

    `message` and `effect` are the English words; `values` and `of` (of how many) are what a catalogue needs to say them in another
    language. `examples` are places (a row, an activity), for the owner of the data and never for a report.
    """

    code: str
    severity: str  # "error" | "warning" | "note"
    count: int
    message: str
    examples: tuple[str, ...] = ()
    effect: str = ""
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    of: int | None = None

    def _table(self) -> Table:
        return Table("finding", _FINDING, (_cells(self),))

    def __str__(self) -> str:
        where = f" (for example {'; '.join(self.examples)})" if self.examples else ""
        return f"{self.severity}: {self.message}{where}"


_FINDING = ("severity", "code", "count", "message", "effect", "examples")


def _cells(finding: Finding) -> tuple[Value, ...]:
    """A finding as a row."""
    return (finding.severity, finding.code, finding.count, finding.message, finding.effect, "; ".join(finding.examples))


@dataclass(frozen=True)
class QualityReport(Result):
    """The account of the rows and what the checks found.

    `rows_read` is always `rows_kept` + `rows_rejected`, and the reasons add up to `rows_rejected`.
    """

    rows_read: int
    rows_kept: int
    rows_rejected: int
    rejected_by_reason: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that must be mended before the figures can be trusted."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that may bend the figures."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    def _table(self) -> Table:
        account = [("rows read", self.rows_read), ("rows kept", self.rows_kept), ("rows rejected", self.rows_rejected)]
        account += [(f"rejected: {reason}", count) for reason, count in self.rejected_by_reason.items()]
        rows: list[tuple[Value, ...]] = [("account", name, count, "", "", "") for name, count in account]
        return Table("quality", _FINDING, (*rows, *(_cells(finding) for finding in self.findings)))


def _number(value: object) -> str:
    """A value for the eye: at most six significant digits, and no infinity."""
    if value is None:
        return "not reached"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def _escaped(value: object) -> str:
    """A cell of a page: text that stays text, and nothing where there is nothing."""
    return "" if value is None else html.escape(plain_text(_number(value)))


def _aligned(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """Columns padded to their widest cell, numbers to the right."""
    body = [["" if cell is None else _number(cell) for cell in row] for row in rows]
    numeric = (
        [all(isinstance(row[i], (int, float)) or row[i] is None for row in rows) for i in range(len(columns))]
        if isinstance(rows, (tuple, list))
        else [False] * len(columns)
    )
    widths = [max(len(cell) for cell in (name, *(row[i] for row in body))) for i, name in enumerate(columns)]
    lines = [list(columns), *body]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width) for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    )
