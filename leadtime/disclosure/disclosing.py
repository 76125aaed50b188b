"""`disclose`: tables in, the same tables with hidden cells out, and the account of what was hidden.

Source: DEFINITIONS 5.1 (counts), 5.2 (medians, percentiles, least and greatest values), 5.3 (profiles).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from leadtime.disclosure.algebra import derivable
from leadtime.disclosure.attacker import Attacker, Problem
from leadtime.disclosure.merging import proposals
from leadtime.disclosure.profiles import Profile, ProfileName, profile_named
from leadtime.disclosure.search import covered
from leadtime.disclosure.sums import Cell, Links, Sum, count_columns, links_of, whole
from leadtime.errors import DisclosureError, UsageError, counted
from leadtime.results import Result, Table, Value

__all__ = ["HIDDEN", "MISSING", "Disclosed", "disclose"]

HIDDEN = "[c]"
MISSING = "[x]"

_STOPS = ("observed", "stops", "events", "n", "cases")
# What a column's name says of its figures: they rest on the row's children, or with the figures beside them tell how many these are.
_FIGURES = frozenset(("days", "minutes", "hours", "months", "mean", "value", "lower", "upper", "rate", "percent", "share", "ratio"))
_TELL_COUNT = frozenset(("total", "sum", "share"))


@dataclass(frozen=True)
class Disclosed(Result):
    """Tables that may be shown, in the order given, and the audit: what was hidden where, and that nothing hidden follows from the rest.

    Hidden cells hold ``[c]``, blank counts ``[x]``. `proposals` names, for a table that shows no count any more, groups to merge so
    that it would.
    """

    tables: tuple[Table, ...]
    audit: Table
    profile: Profile
    hidden: frozenset[Cell]
    proposals: Table
    _problem: Problem = field(repr=False, compare=False)  # with what is hidden, so it is in no rendering

    @property
    def problem(self) -> Problem:
        """The counts before they were hidden, and the sums that link them."""
        return self._problem

    @property
    def sums(self) -> tuple[Sum, ...]:
        """The sums that link the counts."""
        return self._problem.sums

    def table(self, name: str) -> Table:
        """Gives one table by its name."""
        return next(table for table in self.tables if table.name == name)

    def _table(self) -> Table:
        return self.audit


def disclose(
    tables: Result | Iterable[Result],
    *,
    profile: ProfileName | Profile = "se-5",
    sums: Iterable[Sum] | None = None,
    unpublished: Collection[str] = (),
    keep: Collection[Cell] = (),
) -> Disclosed:
    """Hides small counts of children, and what would give them away, in tables that are published together.

    Args:
        tables: one table or several with different names, or other results, of which the main table is taken; a table's `counts` names
            its columns that count children, else they are found.
        profile: "internal" (nothing hidden), "se-5" (1 to 4 hidden), "nhs-7-round5" (1 to 7 hidden, the rest rounded to 5), or one's own.
        sums: the sums that link cells, within tables and between them; by default those found by the tables' names and figures.
        unpublished: names of tables that aren't published, but whose counts follow from published ones; they are protected too.
        keep: cells that matter most, hidden as cover only where nothing else helps.

    Returns:
        The published tables with hidden cells, and the audit with a row a table: cells that count, how many are hidden and why, how many
        hidden cells can be computed (always 0), and the fewest values that a hidden count can have (counted to 3). A safe answer
        always exists, if need be with every count hidden; then `proposals` says which groups to merge.

    Raises:
        DisclosureError: a declared sum doesn't hold.
        UsageError: the profile isn't known, two tables have one name, or a count is no whole number.

    Source:
        DEFINITIONS 5.1-5.3.

    >>> table = Table("cohorts", ("cohort", "n", "observed", "open", "left"), (("before", 60, 40, 17, 3), ("after", 50, 43, 7, 0)))
    >>> print(disclose(table).tables[0])
    cohort  n  observed  open  left
    before  60  40       [c]   [c]
    after   50  43       7     0
    """
    chosen = profile_named(profile)
    given = _given(tables)
    if len({table.name for table in given}) < len(given):
        raise UsageError("two tables have the same name; give each its own, so that cells can be told apart")
    found = links_of(given) if sums is None else Links(list(sums))
    values = {cell: value for table in given for cell, value in _counts(table)} | found.values
    away = frozenset(cell for cell in values if cell.table in unpublished or cell in found.values)
    problem = replace(_problem(chosen, values, tuple(found.sums), away), keep=frozenset(keep))
    attacker = Attacker(problem)
    hidden = covered(problem, attacker) if problem.primary else frozenset()
    shown = tuple(_shown(table, hidden, chosen) for table in given if table.name not in unpublished)
    published = {table.name for table in shown}
    advice = proposals([table for table in given if table.name in published and _is_empty(table, hidden)], chosen)
    return Disclosed(shown, _audit(attacker, hidden, given, shown), chosen, hidden, advice, problem)


def _given(tables: Result | Iterable[Result]) -> tuple[Table, ...]:
    """The tables, of other results their main one; a frame isn't one."""
    one = isinstance(tables, Result) or hasattr(tables, "columns") or not isinstance(tables, Iterable)
    given = []
    for each in (tables,) if one else tables:  # type: ignore[union-attr]
        if not isinstance(each, Result):
            raise UsageError(f"tables holds a {type(each).__name__}; give lt.Table or another result, or several of them")
        given.append(each if isinstance(each, Table) else each._table())
    return tuple(given)


def _counts(table: Table) -> list[tuple[Cell, int]]:
    """The counts of a table by cell; blanks are left out, so that they are never cover."""
    found: list[tuple[Cell, int]] = []
    for column in count_columns(table):
        for row, value in enumerate(table.column(column)):
            count = whole(value)
            if (count is None and not _blank(value)) or (count or 0) < 0:
                raise UsageError(f"table '{table.name}', column '{column}', row {row + 1}: {value!r} is no count; counts are whole numbers")
            if count is not None:
                found.append((Cell(table.name, row, column), count))
    return found


def _blank(value: Value) -> bool:
    """Nothing, in the manner of a table or of a frame."""
    return value is None or value != value


def _problem(profile: Profile, values: dict[Cell, int], sums: tuple[Sum, ...], unpublished: frozenset[Cell]) -> Problem:
    kept: list[Sum] = []
    for one in sums:
        parts = tuple(part for part in one.parts if part in values)
        if one.total not in values:
            continue
        if sum(values[part] for part in parts) != values[one.total]:
            place = f"table '{one.total.table}', column '{one.total.column}', row {one.total.row + 1}"
            raise DisclosureError(f"{place}: the parts don't add up to the total, so what is hidden can't be checked; correct the sum")
        if parts:
            kept.append(Sum(one.total, parts, one.splits_group))
    primary = {cell for cell, value in values.items() if profile.hides(value)}
    telling = {cell for one in kept for cell in _telling(one, values)} if profile.threshold > 1 else set()
    return Problem(values, tuple(kept), frozenset(primary | telling), unpublished, profile)


def _telling(one: Sum, values: dict[Cell, int]) -> tuple[Cell, ...]:
    """The cells that say of a whole group that all share an attribute: its zeros, and the part that takes all."""
    if not one.splits_group or len(one.parts) < 2 or not values[one.total]:
        return ()
    return one.parts if sum(values[part] > 0 for part in one.parts) == 1 else ()


def _shown(table: Table, hidden: frozenset[Cell], profile: Profile) -> Table:
    """A table as it may be published."""
    counts = count_columns(table)
    base = next((name for name in _STOPS if name in table.columns), None)
    rows = []
    for place, row in enumerate(table.rows):
        stops = row[table.columns.index(base)] if base else None
        veiled = base in counts and Cell(table.name, place, str(base)) in hidden
        cells = (
            _count(value, Cell(table.name, place, name), hidden, profile)
            if name in counts
            else _figure(name, value, stops, profile, veiled=veiled)
            for name, value in zip(table.columns, row, strict=True)
        )
        rows.append(tuple(cells))
    return replace(table, rows=tuple(rows))


def _count(value: Value, cell: Cell, hidden: frozenset[Cell], profile: Profile) -> Value:
    if _blank(value):
        return MISSING
    return HIDDEN if cell in hidden else profile.shown(whole(value) or 0)


def _figure(name: str, value: Value, stops: Value, profile: Profile, *, veiled: bool) -> Value:
    """A figure that rests on too few stops, is one child's own, or would tell a hidden count, is hidden."""
    if value is None or profile.threshold == 1 or not isinstance(value, (int, float)) or isinstance(value, bool):
        return value
    parts = set(name.casefold().split("_"))
    if parts & {"min", "max"} or (veiled and parts & _TELL_COUNT):
        return HIDDEN
    if not isinstance(stops, (int, float)):
        return value
    if "median" in parts or "p90" in parts:
        return HIDDEN if stops < (profile.median_stops if "median" in parts else profile.p90_stops) else value
    return HIDDEN if parts & _FIGURES and 0 < stops < profile.median_stops else value


def _is_empty(table: Table, hidden: frozenset[Cell]) -> bool:
    """Whether a table has counts above none, and shows not one of them."""
    cells = [cell for cell, value in _counts(table) if value]
    return bool(cells) and hidden.issuperset(cells)


def _audit(attacker: Attacker, hidden: frozenset[Cell], given: tuple[Table, ...], shown: tuple[Table, ...]) -> Table:
    """The account: checked once more on the final set, independently of the search."""
    problem = attacker.problem
    everything = hidden | problem.unpublished if hidden else frozenset[Cell]()
    leaks = derivable(problem.sums, everything) if problem.profile.rounding == 1 else {}
    protected = {cell for cell in everything if cell in hidden or cell in problem.primary}
    values = attacker.fewest_values(everything, protected)
    rows: list[tuple[Value, ...]] = []
    for table in given:
        cells = [cell for cell in problem.values if cell.table == table.name]
        away = [cell for cell in cells if cell in protected]
        leaking = sum(bool(leaks.get(cell)) for cell in away)  # what follows without anything shown follows whatever is hidden
        if leaking:
            raise DisclosureError(
                f"table '{table.name}': {counted(leaking, 'hidden count')} would follow from what is shown; nothing was published"
            )
        small = sum(cell in problem.primary for cell in away)
        figures = sum(value == HIDDEN for one in shown if one.name == table.name for row in one.rows for value in row) - sum(
            cell in hidden for cell in cells
        )
        published = any(one.name == table.name for one in shown)
        fewest = min((values[cell] for cell in away), default=None)
        rows.append((table.name, len(cells), small, len(away) - small, figures if published else 0, leaking, fewest))
    columns = ("table", "counts", "hidden_small", "hidden_as_cover", "hidden_figures", "computable", "fewest_values")
    return Table("disclosure", columns, tuple(rows))
