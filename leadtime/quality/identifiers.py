"""Personal numbers in any column of the events and of the table of cases, and columns that seem to hold names of persons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

import narwhals as nw

from leadtime.engine.distinct import distinct
from leadtime.errors import DisclosureError
from leadtime.log import EventLog
from leadtime.privacy import CANDIDATE, Judgement, holds_names, judge_texts, names_persons, reserve_pattern
from leadtime.quality.findings import Sighting, finding, placed
from leadtime.quality.scope import Frame, Scope, integer
from leadtime.results import Finding, QualityReport

__all__ = ["check_persons", "of_persons", "refuse_persons"]

_SHORTEST = 9  # digits of a personal number whose leading zero a spreadsheet took away
_WORTH_A_LOOK = rf"{CANDIDATE}|^[0-9]{{{_SHORTEST}}}$"
_WHOLE = 1e13  # greater numbers are no personal numbers
_CANDIDATES = 100_000  # distinct values of a column that are looked at; far fewer are enough to stop
_VALUES = 200  # distinct values that show whether a column holds names
# Roles whose values name things; what a header says of them is no hint at a person.
_OF_THINGS = frozenset((
    "activity", "unit", "organisation", "place", "profession", "kind", "level", "site", "route", "purpose", "referral_status",
    "referral_to", "cohort", "exit", "sex", "attended",
))  # fmt: skip

# What was found in a log, which never changes: it is asked for before the work begins, and again by the report.
_KNOWN: WeakKeyDictionary[EventLog, dict[re.Pattern[str] | None, list[Sighting]]] = WeakKeyDictionary()


def check_persons(log: EventLog, *, reserve_numbers: Iterable[str] = ()) -> tuple[Finding, ...]:
    """Checks a log for personal numbers and names of persons alone; `check_quality` does that too.

    Args:
        log: the events; ids of cases and the table of cases are looked at as well.
        reserve_numbers: regular expressions of reserve numbers, which have no national form.

    Returns:
        Findings `personal-number` (an error), `personal-number-like` and `person-names` (warnings), one a column.

    Raises:
        UsageError: a reserve number isn't a regular expression.

    Source:
        DEFINITIONS 5.3.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["19121212-1212"], "activity": ["Visit"], "start": ["2019-03-05"]}))
    >>> print(check_persons(log)[0])
    error: 1 value in column 'case_id' holds a personal number (for example row 0)
    """
    return placed(of_persons(Scope(log, reserve=reserve_pattern(reserve_numbers))), log.places)


def refuse_persons(found: Iterable[Finding] | QualityReport, *, remedy: str = "") -> None:
    """Stops where personal numbers were found.

    Args:
        found: what `check_persons` or `check_quality` found.
        remedy: how to go on all the same, the end of the error's line.

    Raises:
        DisclosureError: a column of the log holds personal numbers; the line names the columns and rows, never a value.
    """
    findings = found.findings if isinstance(found, QualityReport) else found
    numbers = [one for one in findings if one.code == "personal-number"]
    if numbers:
        where = "; ".join(f"{one.message} ({', '.join(one.examples)})" if one.examples else one.message for one in numbers)
        raise DisclosureError(f"{where}; replace ids with `leadtime pseudonymise`, drop the column{remedy}")


def of_persons(scope: Scope) -> list[Sighting]:
    """Gives the columns with personal numbers or names of persons, those of the events first."""
    known = _KNOWN.setdefault(scope.log, {})
    if scope.reserve not in known:
        found = _in_frame(scope, scope.log.frame, numbered=True)
        if scope.log.declared_cases is not None:
            found += _in_frame(scope, scope.log.declared_cases, numbered=False)
        known[scope.reserve] = found
    return known[scope.reserve]


def _in_frame(scope: Scope, frame: Frame, *, numbered: bool) -> list[Sighting]:
    """The findings of one table, whose rows the log numbers or not."""
    columns = dict(_columns(frame))
    pattern = _WORTH_A_LOOK if scope.reserve is None else f"{_WORTH_A_LOOK}|{scope.reserve.pattern}"
    worth = {name: _worth_a_look(text, pattern, short=scope.reserve is not None) for name, text in columns.items()}
    if not columns:
        return []
    counts = scope.collect(frame.select(*(hit.cast(nw.Int64).sum().alias(f"n{i}") for i, hit in enumerate(worth.values())))).iloc[0]
    found = []
    for i, (name, text) in enumerate(columns.items()):
        if integer(counts[f"n{i}"]):
            found += _numbers(scope, frame.filter(worth[name]), name, text, numbered=numbered)
        found += _names(scope, frame, name)
    return found


def _columns(frame: Frame) -> Iterator[tuple[str, nw.Expr]]:
    """The columns that may hold an id, as text; times and the log's own columns aren't among them."""
    for name, kind in frame.collect_schema().items():
        column = nw.col(name)
        if name == "row" or name.endswith(("_us", "_is_date")):
            continue
        if kind == nw.String or isinstance(kind, (nw.Categorical, nw.Enum)) or kind.is_integer():
            yield name, column.cast(nw.String)
        elif kind.is_numeric():  # whole numbers become others where one is missing
            yield name, nw.when((column >= 0) & (column < _WHOLE)).then(column).otherwise(nw.lit(0)).cast(nw.Int64).cast(nw.String)


def _worth_a_look(text: nw.Expr, pattern: str, *, short: bool) -> nw.Expr:
    """Whether a value may hold a personal number; most are too short, which costs less to see than a pattern does."""
    fits = text.str.contains(pattern)
    return fits if short else nw.when(text.str.len_chars() >= _SHORTEST).then(fits).otherwise(nw.lit(value=False))


def _names(scope: Scope, frame: Frame, name: str) -> list[Sighting]:
    """The finding of a column that seems to hold names of persons: by its header, then by its values."""
    header = scope.log.roles.get(name, name)
    if name in _OF_THINGS or not names_persons(header) or frame.collect_schema()[name] != nw.String:
        return []
    values = scope.collect(distinct(frame.select(nw.col(name).alias("value")), "value").drop_nulls().sort("value").head(_VALUES))["value"]
    return [Sighting(finding("person-names", 1, values={"what": header}))] if holds_names(header, map(str, values)) else []


def _numbers(scope: Scope, frame: Frame, name: str, text: nw.Expr, *, numbered: bool) -> list[Sighting]:
    """The finding of a column: how many values hold a personal number, and the first rows; judged on the distinct values."""
    row = nw.col("row") if numbered else nw.lit(0)
    values = frame.select(text.alias("value"), row.alias("row")).group_by("value").agg(nw.len().alias("events"), nw.col("row").min())
    distinct = scope.collect(values.sort("value").head(_CANDIDATES))
    judged = _judged(distinct["value"].tolist(), scope.reserve)
    if not judged.places:
        return []
    held = distinct.iloc[list(judged.places)]
    rows = tuple(int(number) for number in sorted(held["row"])[:3]) if numbered else ()
    code = "personal-number-like" if judged.by_chance else "personal-number"
    return [Sighting(finding(code, int(held["events"].sum()), values={"what": scope.log.roles.get(name, name)}), rows)]


def _judged(values: list[Any], reserve: re.Pattern[str] | None) -> Judgement:
    """The judgement of distinct values; bare numbers of nine digits get back the zero that they lost."""
    return judge_texts([f"0{text}" if len(text) == _SHORTEST and text.isdigit() else text for text in map(str, values)], reserve=reserve)
