"""What every format hands on: a raw table in the engine, where it came from, what was chosen in reading it, and what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from leadtime.columns import CASE_ROLES, ROLES, count_roles, is_there, normalised, resolve_some
from leadtime.durations.rules import DateOrder, DateRules
from leadtime.engine.tables import Raw
from leadtime.errors import InputError
from leadtime.ingest.settings import Settings
from leadtime.results import Finding

__all__ = ["DateOrder", "Options", "Source", "header_score", "unique_headers"]


@dataclass(frozen=True)
class Options:
    """The choices that a caller may make about how a source is read; `None` leaves the choice to us."""

    columns: Mapping[str, str] | None = None
    sheets: tuple[str, ...] | None = None
    header_row: int | None = None
    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    date_order: DateOrder | None = None
    date_rules: DateRules | None = None
    spill_folder: str | None = None
    object_type: str | None = None
    of_cases: bool = False
    wide: bool = False

    @property
    def for_cases(self) -> Options:
        """The choices that hold for the table of cases too: how dates and numbers are written."""
        return replace(self, columns=None, sheets=None, header_row=None, delimiter=None, encoding=None, object_type=None, of_cases=True)

    @property
    def what(self) -> str:
        """What the source is a table of, for errors."""
        return "case table" if self.of_cases else "event table"


@dataclass(frozen=True)
class Source:
    """A raw table with its story.

    `dates` are the headers whose zone-less date-times were all midnights in the workbook, so that they were read as dates; `clocked` are
    those whose date-times were spelled with a clock time, so that midnights are no dates; `unguessed` are those that play no role unless
    the caller says so, whatever their name. A `wide` source held one row a case, and its activities
    are the headers of its milestones. `joined` are the headers of days and clock times that were joined, by the role that they play, and
    `spent` the headers of the days alone, which are no longer needed.
    """

    raw: Raw
    name: str
    format: str
    path: str | None = None
    choices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[Finding, ...] = ()
    sheets_stacked: bool = False
    dates: frozenset[str] = frozenset()
    clocked: frozenset[str] = frozenset()
    unguessed: frozenset[str] = frozenset()
    wide: bool = False
    case_sheets: tuple[str, ...] = ()
    settings: Settings | None = None
    joined: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    spent: frozenset[str] = frozenset()

    def eligible(self, columns: Mapping[str, str] | None) -> list[str]:
        """Gives the headers among which roles are looked for: all but those that play none unless the caller names them."""
        named = {normalised(header) for header in (columns or {}).values() if isinstance(header, str)}
        left = self.unguessed | self.spent
        return [header for header in self.raw.headers if header not in left or normalised(header) in named]


def header_score(cells: Sequence[str], options: Options, *, of_status: bool = False) -> int:
    """Gives how much a row of cells looks like the header: 2 or more is enough for an event table, 1 for a case table.

    `of_status` counts a status and its date too: for a table that isn't to be told from others, which may have them.
    """
    if not options.of_cases and not options.wide:
        return count_roles(cells, options.columns, of_status=of_status)
    try:
        roles = resolve_some(list(dict.fromkeys(cell for cell in cells if cell)), _present(cells, options)).roles
    except InputError:
        return 1
    return sum(role in ("case_id", *CASE_ROLES) for role in roles) if "case_id" in roles else 0


def _present(cells: Sequence[str], options: Options) -> dict[str, str]:
    keys = {normalised(cell) for cell in cells}
    return {role: header for role, header in (options.columns or {}).items() if role in ROLES and is_there(header, keys)}


def unique_headers(cells: Sequence[str | None]) -> list[str]:
    """Gives a name to every column: its header on one line, numbered where it stands twice, or its place where it has none.

    >>> unique_headers(["A", None, "A", "b "])
    ['A', 'column 2', 'A (2)', 'b']
    """
    names: list[str] = []
    for place, cell in enumerate(cells, start=1):
        header = " ".join((cell or "").replace("\u00ad", "").replace("\ufeff", "").split()) or f"column {place}"
        name, number = header, 2
        while name in names:
            name, number = f"{header} ({number})", number + 1
        names.append(name)
    return names
