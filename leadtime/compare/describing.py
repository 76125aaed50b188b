"""Who is in the cohorts: the table that stands first in a study, with what is missing and how far the cohorts differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
import numpy as np
import numpy.typing as npt

from leadtime.columns import DATE_ROLES, EVENT_ROLES, normalised
from leadtime.compare.rows import number_of
from leadtime.errors import InputError, UsageError, checks_arguments, did_you_mean
from leadtime.results import Result, Table, Value

if TYPE_CHECKING:
    import pandas as pd

    from leadtime.cases import LeadTimes

__all__ = ["CohortDescription", "DescriptionRow", "describe_cohorts", "standardised_difference"]

Kind = Literal["number", "category"]
Floats = npt.NDArray[np.float64]
Figures = tuple[int, float | None, float | None, float | None, float | None]  # n, share, mean, sd, median

DAYS_PER_YEAR = 365.25
MOST_LEVELS = 30  # an attribute with more is free text or a number of a case, and left out unless asked for
FEW_NUMBERS = 10  # text that spells so few different numbers is codes, not measurements
_FIRST = ("age_at_start_years", "age_at_stop_years", "sex", "site", "route", "referrer", "start_unit", "start_month")
_REFERRER = ("referrer", "remittent")  # as the template's sheet of cases has it, in each language; no role, so its column keeps its header
_COLUMNS = ("variable", "level", "cohort", "n", "share", "mean", "sd", "median", "missing", "standardised_difference")


@dataclass(frozen=True)
class DescriptionRow:
    """One level of a variable (or a number, where `level` is empty) in one cohort.

    `n` counts the cases with that level, of a number the cases where it is known; `share` is of the cases where the variable is known.
    `standardised_difference` belongs to the whole variable and stands in each of its rows.
    """

    variable: str
    level: str
    cohort: str
    n: int
    share: float | None
    mean: float | None
    sd: float | None
    median: float | None
    missing: int
    standardised_difference: float | None


@dataclass(frozen=True)
class CohortDescription(Result):
    """The cohorts described: a row for each variable, level and cohort.

    `left_out` names the attributes that weren't described, since they have over 30 levels or several values a case; `without_cohort`
    counts the cases that belong to none.
    """

    by: str
    cohorts: tuple[str, ...]
    rows: tuple[DescriptionRow, ...]
    left_out: tuple[str, ...]
    without_cohort: int

    @property
    def variables(self) -> tuple[str, ...]:
        """What is described, in order."""
        return tuple(dict.fromkeys(row.variable for row in self.rows))

    @property
    def wide(self) -> Table:
        """The same with the cohorts beside each other: a row a variable and level."""
        figures = ("n", "share", "mean", "sd", "median", "missing")
        columns = ("variable", "level", *(f"{cohort}_{name}" for cohort in self.cohorts for name in figures), "standardised_difference")
        cells: dict[tuple[str, str], list[Value]] = {}
        for row in self.rows:
            cells.setdefault((row.variable, row.level), []).extend(getattr(row, name) for name in figures)
        differences = {row.variable: row.standardised_difference for row in self.rows}
        rows = tuple((*key, *values, differences[key[0]]) for key, values in cells.items())
        counts = tuple(f"{cohort}_{name}" for cohort in self.cohorts for name in ("n", "missing"))
        return Table("cohorts_side_by_side", columns, rows, counts=counts)

    def _table(self) -> Table:
        rows = tuple(tuple(getattr(row, name) for name in _COLUMNS) for row in self.rows)
        return Table("cohorts", _COLUMNS, rows, counts=("n", "missing"))


@checks_arguments
def describe_cohorts(
    times: LeadTimes, *, by: str, order: Sequence[str] | None = None, variables: Sequence[str] | None = None
) -> CohortDescription:
    """Describes the cases of each cohort and says how far the cohorts differ ("Table 1").

    Described are the age at start and at stop (in years of 365.25 days, where there is a birth date), sex, site, route, referrer (an
    attribute of that name, or Remittent, as the template has it), the unit of the event that started the clock (`start_unit`) and the
    month of the year it started in, then every other attribute with one value a case. Excluded cases are left out. Age at stop is that
    of the cases that are stopped: the others have none yet, which isn't counted as missing.

    Text that spells numbers is a measurement where it has over 10 different values, else a category.

    Args:
        times: the result of `lead_times`.
        by: the case attribute that holds the cohort.
        order: the cohorts in the order wanted, others left out; None for the pathway's before and after, else by code point.
        variables: what to describe, in this order; None for all.

    Returns:
        A row for each variable, level and cohort, first the number of cases; `.wide` has the cohorts beside each other. The standardised
        difference is None where it is infinite (no spread, but a difference); with several cohorts it is the largest of any two.

    Raises:
        InputError: there is no attribute `by`, or a case has several values of it.
        UsageError: `order` or `variables` names something that isn't there.

    Source: Yang & Dalton (2012), A unified approach to measuring the effect size between two groups using SAS; Austin (2009), Statistics
    in Medicine 28:3083 (a tenth is usually taken for alike).

    >>> import leadtime as lt, pandas as pd
    >>> rows = [(str(i), "Detected", "2019-03-01", "before" if i < 4 else "after", "girl" if i % 2 else "boy") for i in range(8)]
    >>> log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start", "cohort", "sex"]), observed_until="2019-12-31")
    >>> pathway = lt.read_pathway({"name": "x", "start": "s", "stop": "e", "milestones": {
    ...     "s": {"activities": ["Detected"]}, "e": {"activities": ["Diagnosis"]}}})
    >>> described = describe_cohorts(lt.lead_times(log, pathway), by="cohort")
    >>> [(row.level, row.cohort, row.n, row.share) for row in described.rows if row.variable == "sex"]
    [('boy', 'before', 2, 0.5), ('boy', 'after', 2, 0.5), ('girl', 'before', 2, 0.5), ('girl', 'after', 2, 0.5)]
    """
    times.require_attribute(by)
    frame = times.to_pandas()
    frame = frame[frame["status"] != "excluded"]
    groups = frame[times.column_of(by)]
    label = [None if value is None else str(value) for value in groups.astype(object).where(groups.notna(), None).tolist()]
    known = [value for value in label if value is not None]
    if not known:
        raise InputError(f"no case that has a lead time has a value of '{by}', so there are no cohorts to describe")
    cohorts = _ordered(sorted(set(known)), order, times, by)
    attributes = [name for name, several in times.conflicts.items() if several == 0 and name != by]
    found = _variables(frame, {name: times.column_of(name) for name in attributes}, _start_units(times))
    chosen, left_out = _chosen(found, variables, [name for name, several in times.conflicts.items() if several])
    masks = [np.array([value == cohort for value in label]) for cohort in cohorts]
    rows = [_counted("cases", cohort, int(mask.sum()), 0) for cohort, mask in zip(cohorts, masks, strict=True)]
    if "person_id" in attributes:
        ids = [(cohort, frame["person_id"][mask]) for cohort, mask in zip(cohorts, masks, strict=True)]
        rows += [_counted("persons", cohort, int(part.nunique()), int(part.isna().sum())) for cohort, part in ids]
    for name in chosen:
        rows += _described(found[name], cohorts, masks)
    return CohortDescription(by, tuple(cohorts), tuple(rows), left_out, len(label) - len(known))


def _counted(variable: str, cohort: str, n: int, missing: int) -> DescriptionRow:
    return DescriptionRow(variable, "", cohort, n, None, None, None, None, missing, None)


def standardised_difference(first: Sequence[Any] | npt.NDArray[Any], second: Sequence[Any] | npt.NDArray[Any]) -> float | None:
    """Gives how far two groups differ in one variable, in standard deviations, without sign; missing values are left out.

    Numbers: the difference of means over the root of the mean variance. Categories: the Mahalanobis distance between the shares of all
    levels but one, with the mean of the two multinomial covariances; with two levels this is the difference of shares over the root of
    the mean of p (1 - p).

    Args:
        first: the values of one group, numbers or categories.
        second: those of the other.

    Returns:
        The distance; None where a group has no value (of numbers: fewer than two), or where it is infinite.

    Source: Yang & Dalton (2012).

    >>> round(standardised_difference([1, 2, 3], [2, 3, 4]), 9), round(standardised_difference(["a"] * 4, ["a"] * 3 + ["b"]), 6)
    (1.0, 0.816497)
    """
    groups = [[value for value in values if not _missing(value)] for values in (first, second)]
    if all(isinstance(value, (int, float, np.number)) and not isinstance(value, bool) for group in groups for value in group):
        return _apart("number", *groups)
    return _apart("category", *([str(value) for value in group] for group in groups))


def _apart(kind: Kind, first: list[Any], second: list[Any]) -> float | None:
    if kind == "number":
        return _of_numbers(np.array(first, np.float64), np.array(second, np.float64))
    return _of_categories(first, second)


def _of_numbers(first: Floats, second: Floats) -> float | None:
    if min(first.size, second.size) < 2:
        return None
    gap = abs(float(second.mean() - first.mean()))
    spread = math.sqrt((float(first.var(ddof=1)) + float(second.var(ddof=1))) / 2)
    if spread > 0:
        return gap / spread
    return 0.0 if gap == 0 else None


def _of_categories(first: list[str], second: list[str]) -> float | None:
    if not first or not second:
        return None
    levels = sorted({*first, *second})[1:]
    shares = [np.array([group.count(level) / len(group) for level in levels]) for group in (first, second)]
    gap = shares[1] - shares[0]
    if not gap.any():
        return 0.0
    covariance = sum((np.diag(share) - np.outer(share, share) for share in shares), start=np.zeros((gap.size, gap.size))) / 2
    solved, *_ = np.linalg.lstsq(covariance, gap, rcond=None)
    # A difference in a direction without spread (a level that all of one group have and none of the other) is infinite.
    if np.abs(covariance @ solved - gap).max() > 1e-9:
        return None
    return math.sqrt(max(0.0, float(gap @ solved)))


@dataclass(frozen=True, eq=False)
class _Variable:
    """One variable of all cases: None where missing; `asked` says of which cases it can be asked at all."""

    name: str
    kind: Kind
    values: list[Any]
    asked: npt.NDArray[np.bool_]

    @property
    def levels(self) -> list[str]:
        """The levels of a category, by code point; those of a number are the number itself."""
        return [""] if self.kind == "number" else sorted({value for value in self.values if value is not None})


def _ordered(found: list[str], order: Sequence[str] | None, times: LeadTimes, by: str) -> list[str]:
    if order is not None:
        for label in order:
            if label not in found:
                raise UsageError(f"order names '{label}', which is no group of '{by}'{did_you_mean(label, found)}")
        return list(dict.fromkeys(order))
    declared = times.pathway.comparison if times.pathway else None
    pair = [(declared.before if declared else None) or "before", (declared.after if declared else None) or "after"]
    if not set(pair) <= set(found):
        return found
    return [*pair, *(label for label in found if label not in pair)]


def _start_units(times: LeadTimes) -> dict[str, str]:
    """The unit of the event that started each case's clock; none where events of several units are it."""
    log, pathway = times.log, times.pathway
    if "unit" not in log.columns:
        return {}
    events = log.frame.select("case_id", "activity", "unit", event_us=nw.col("start_us"), event_wall_us=nw.col("start_wall_us"))
    if pathway is not None:
        events = events.filter(nw.col("activity").is_in(list(pathway.milestones[pathway.start].activities)))
    starts = times.frame.select("case_id", "start_us", "start_wall_us").join(events, on="case_id", how="inner")
    starts = starts.filter(nw.col("event_us") == nw.col("start_us"), nw.col("event_wall_us") == nw.col("start_wall_us"))
    spread = starts.group_by("case_id").agg(least=nw.col("unit").min(), most=nw.col("unit").max())
    units = log.session.collect(spread.filter(nw.col("least") == nw.col("most")).select("case_id", "least"))
    return dict(zip(units["case_id"].tolist(), units["least"].tolist(), strict=True))


def _variables(frame: pd.DataFrame, attributes: dict[str, str], start_units: dict[str, str]) -> dict[str, _Variable]:
    """All that can be described, the usual first."""
    every = np.ones(len(frame), dtype=np.bool_)
    found: dict[str, _Variable] = {}
    started = frame["started"]
    if "birth_date" in attributes:
        stopped = (frame["status"] == "stopped").to_numpy()
        ages = {"age_at_start_years": (started, every), "age_at_stop_years": (frame["stopped"], stopped)}
        for name, (moment, asked) in ages.items():
            years = (moment - frame["birth_date"]).dt.total_seconds() / (86_400 * DAYS_PER_YEAR)
            found[name] = _Variable(name, "number", _plain(years), asked)
    months = started.dt.month.astype("Int64")
    found["start_month"] = _Variable("start_month", "category", [f"{m:02d}" if m > 0 else None for m in months.fillna(0).tolist()], every)
    if start_units:
        found["start_unit"] = _Variable("start_unit", "category", [start_units.get(case) for case in frame["case_id"].tolist()], every)
    told = [name for name in attributes if normalised(name) in _REFERRER]
    for header, column in attributes.items():
        name = "referrer" if told == [header] else header
        if name not in (*DATE_ROLES, "person_id", *found):
            found[name] = _typed(name, _plain(frame[column]), every)
    usual = [name for name in _FIRST if name in found]
    return {name: found[name] for name in (*usual, *(name for name in found if name not in usual))}


def _typed(name: str, values: list[Any], asked: npt.NDArray[np.bool_]) -> _Variable:
    """A variable as what it is: numbers, text that spells many different numbers, else categories."""
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in known):
        return _Variable(name, "number", values, asked)
    texts = [None if value is None else str(value) for value in values]
    read = [number_of(text) for text in texts if text is not None]
    if len(set(read)) > FEW_NUMBERS and None not in read:
        return _Variable(name, "number", [None if text is None else number_of(text) for text in texts], asked)
    return _Variable(name, "category", texts, asked)


_MISSING = frozenset(("nan", "NaN", "<NA>", "NaT"))


def _missing(value: Any) -> bool:
    return value is None or (value if isinstance(value, str) else str(value)) in _MISSING


def _plain(column: pd.Series[Any]) -> list[Any]:
    return [None if _missing(value) else value for value in column.tolist()]


def _chosen(found: dict[str, _Variable], wanted: Sequence[str] | None, several: list[str]) -> tuple[list[str], tuple[str, ...]]:
    if wanted is None:
        wide = [name for name, variable in found.items() if variable.kind == "category" and len(variable.levels) > MOST_LEVELS]
        # Roles of an event vary within a case by nature; an attribute that does so in some cases is worth a word.
        return [name for name in found if name not in wide], (*wide, *(name for name in several if name not in EVENT_ROLES))
    wanted = ["referrer" if name not in found and normalised(name) in _REFERRER else name for name in wanted]
    for name in wanted:
        if name in several:
            raise InputError(f"variables names '{name}', which has several values in some cases; describe what has one value a case")
        if name not in found:
            raise UsageError(f"variables names '{name}', which isn't there{did_you_mean(name, found)}")
    return list(dict.fromkeys(wanted)), ()


def _described(variable: _Variable, cohorts: Sequence[str], masks: Sequence[npt.NDArray[np.bool_]]) -> list[DescriptionRow]:
    parts = []
    for mask in masks:
        asked = [value for value, inside in zip(variable.values, mask & variable.asked, strict=True) if inside]
        parts.append(([value for value in asked if value is not None], sum(value is None for value in asked)))
    differences = [_apart(variable.kind, first, second) for first, second in combinations([known for known, _ in parts], 2)]
    finite = [value for value in differences if value is not None]
    difference = max(finite) if finite and len(finite) == len(differences) else None
    rows = []
    for level in variable.levels:
        for cohort, (known, missing) in zip(cohorts, parts, strict=True):
            figures = _of_number(known) if variable.kind == "number" else _of_level(known, level)
            rows.append(DescriptionRow(variable.name, level, cohort, *figures, missing, difference))
    return rows


def _of_number(known: list[float]) -> Figures:
    if not known:
        return 0, None, None, None, None
    values = np.array(known, np.float64)
    sd = float(values.std(ddof=1)) if values.size > 1 else None
    return values.size, None, float(values.mean()), sd, float(np.median(values))


def _of_level(known: list[str], level: str) -> Figures:
    n = known.count(level)
    return n, n / len(known) if known else None, None, None, None
