"""What a report says, as frozen data: sections of text, tables and charts, decided once and rendered by each form alike.

A cell holds text or a number that is already rounded as it will be shown, so no two renderings can differ.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from leadtime.exports import csv_bytes, latex_text, markdown_text
from leadtime.files import require_suffix, write_whole
from leadtime.results import InEngine, Result, Table
from leadtime.words import words

if TYPE_CHECKING:
    from leadtime.disclosure import Release
    from leadtime.report.scan import Guard

__all__ = ["DIGITS", "Block", "Cell", "ChartBlock", "Column", "KeyFigure", "Kind", "Line", "Report", "Section", "TableBlock", "TextBlock"]

Kind = Literal["text", "count", "days", "months", "percent", "figure"]
Cell = str | int | float

# How many decimals a kind of number is rounded to and shown with; a figure drops its closing zeros.
DIGITS = {"count": 0, "days": 1, "months": 1, "percent": 0, "figure": 3}


@dataclass(frozen=True)
class Column:
    """A column's key (the same in every language), its heading, and what its cells are."""

    key: str
    label: str
    kind: Kind = "text"


@dataclass(frozen=True)
class TextBlock:
    """Paragraphs; a notice must be seen, a note explains."""

    paragraphs: tuple[str, ...]
    style: Literal["plain", "notice", "note"] = "plain"


@dataclass(frozen=True)
class TableBlock:
    """A table: its name (the same in every language), its title, its columns, and its rows of text and rounded numbers."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def headings(self) -> tuple[str, ...]:
        """The columns' headings in order."""
        return tuple(column.label for column in self.columns)

    def to_csv(self, path: str | os.PathLike[str], *, language: str = "en") -> None:
        """Writes the table as it is shown, as CSV for a spreadsheet of a language (see `Result.to_csv`).

        Raises:
            UsageError: the language isn't known.
            InputError: there is no such folder.
            ResourceError: the file can't be written.
        """
        write_whole(path, csv_bytes(self.headings, self.rows, language=language))

    def to_markdown(self, *, language: str = "en") -> str:
        """Gives the table in Markdown, with every text escaped."""
        return markdown_text(self.headings, self.shown(language))

    def to_latex(self, *, language: str = "en") -> str:
        """Gives the table in LaTeX (package booktabs), with every text escaped."""
        return latex_text(self.headings, self.shown(language))

    def shown(self, language: str) -> tuple[tuple[str, ...], ...]:
        """Gives the cells as text, numbers in the manner of a language."""
        return tuple(tuple(shown(cell, column.kind, language) for cell, column in zip(row, self.columns, strict=True)) for row in self.rows)


@dataclass(frozen=True)
class Line:
    """One line of a chart: points (x, y); `role` tells a curve from its limits, `group` counts the cohorts from 0."""

    name: str
    points: tuple[tuple[float, float], ...]
    group: int
    role: Literal["curve", "lower", "upper"]


@dataclass(frozen=True)
class ChartBlock:
    """A chart as data, with its words for those who can't see it, and the name of the table that holds its figures.

    `risk` are the numbers under observation below the axis: for each group its name and (x, number as shown).
    """

    name: str
    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    alt: str
    table: str
    risk_title: str = ""
    risk: tuple[tuple[str, tuple[tuple[float, str], ...]], ...] = ()


Block = TextBlock | TableBlock | ChartBlock


@dataclass(frozen=True)
class Section:
    """A part of the report with its heading."""

    key: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def tables(self) -> tuple[TableBlock, ...]:
        """The section's tables in order."""
        return tuple(block for block in self.blocks if isinstance(block, TableBlock))

    @property
    def charts(self) -> tuple[ChartBlock, ...]:
        """The section's charts in order."""
        return tuple(block for block in self.blocks if isinstance(block, ChartBlock))


@dataclass(frozen=True)
class KeyFigure:
    """A figure to be seen first: what it is, the figure in words, and what goes with it."""

    label: str
    figure: str
    beside: str = ""


@dataclass(frozen=True)
class Report(Result, InEngine):
    """A report, decided once; `to_excel` and `to_html` write it, a notebook shows it, `str()` prints it.

    `headlines` has the headline in every language, by its code.
    `disclosure` is the account of what was hidden, `guard` looks at each finished file before it gets its name. `generated` is the
    moment given by the caller, or empty: no clock is read.
    """

    title: str
    language: str
    profile: str
    headline: str
    headlines: tuple[tuple[str, str], ...]
    notices: tuple[str, ...]
    key_figures: tuple[KeyFigure, ...]
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    disclosure: Table
    generated: str = ""
    guard: Guard | None = field(default=None, repr=False, compare=False)
    _release: Release | None = field(default=None, repr=False, compare=False)

    _instead = "write it with .to_excel or .to_html instead"

    @property
    def tables(self) -> tuple[TableBlock, ...]:
        """All tables in order."""
        return tuple(table for section in self.sections for table in section.tables)

    def section(self, key: str) -> Section:
        """Gives one section by its key."""
        return next(section for section in self.sections if section.key == key)

    def to_excel(self, path: str | os.PathLike[str]) -> None:
        """Writes the report as a workbook: no formula, native charts, one table a sheet; the same report gives the same bytes.

        Args:
            path: where to; its folder must exist, and nothing half written is ever left there.

        Raises:
            UsageError: the name doesn't end in .xlsx.
            InputError: there is no such folder.
            ResourceError: the file can't be written.
            DisclosureError: it would show a personal number, a case id or a date of few cases.
        """
        from leadtime.report.excel import workbook_bytes

        require_suffix(path, ".xlsx")
        write_whole(path, self._looked_at(workbook_bytes(self)))

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Writes the report as one self-contained page: no script, nothing loaded from elsewhere.

        Args:
            path: where to; its folder must exist, and nothing half written is ever left there.

        Raises:
            InputError: there is no such folder.
            ResourceError: the file can't be written.
            DisclosureError: it would show a personal number, a case id or a date of few cases.
        """
        from leadtime.report.html import page

        write_whole(path, self._looked_at(page(self).encode()))

    def record_release(self, path: str | os.PathLike[str]) -> None:
        """Notes in a ledger what this report publishes, for `build_report(releases=)` to look at; call it once the report was written.

        The same figures once more change nothing, and what is `internal` isn't published.

        Args:
            path: of the ledger (JSON), which is made where there is none. It holds no figure that the report doesn't show.

        Raises:
            InputError: the file is there and is no ledger, or there is no such folder.
            ResourceError: the file can't be written.
        """
        from leadtime.report.releases import add_release

        if self._release is not None and self._release.threshold > 1:
            add_release(path, self._release)

    def _looked_at(self, content: bytes) -> bytes:
        """The finished file, once nothing of a single person was found in it."""
        if self.guard is not None:
            self.guard.look(content)
        return content

    def _repr_html_(self) -> str:
        from leadtime.report.html import fragment

        return fragment(self)

    def _table(self) -> Table:
        """The first table, for those who ask a report for a frame."""
        block = self.tables[0]
        return Table(block.name, tuple(column.key for column in block.columns), block.rows)

    def __str__(self) -> str:
        parts = [self.title, "=" * len(self.title), *self.notices, self.headline]
        parts += [f"{name}: {value}" for name, value in self.facts]
        for section in self.sections:
            parts += ["", section.title, "-" * len(section.title)]
            for block in section.blocks:
                parts += _lines(block, self.language)
        return "\n".join(parts)


def shown(cell: Cell, kind: Kind, language: str) -> str:
    """Gives a cell as text, in the manner of a language.

    >>> shown(806.6, "days", "sv"), shown(0.32, "figure", "en"), shown("[c]", "count", "en")
    ('806,6', '0.32', '[c]')
    """
    if isinstance(cell, str):
        return cell
    return words(language).number(cell, digits=DIGITS.get(kind, 3), fixed=kind != "figure")


def _lines(block: Block, language: str) -> list[str]:
    """A block for the terminal; a chart is told in words."""
    if isinstance(block, TextBlock):
        return list(block.paragraphs)
    if isinstance(block, ChartBlock):
        return [block.alt]
    rows = [tuple(column.label for column in block.columns), *block.shown(language)]
    right = [column.kind != "text" for column in block.columns]
    widths = [max(len(row[i]) for row in rows) for i in range(len(block.columns))]
    return [
        "",
        *(
            "  ".join(
                cell.rjust(width) if flush else cell.ljust(width) for cell, width, flush in zip(row, widths, right, strict=True)
            ).rstrip()
            for row in rows
        ),
    ]
