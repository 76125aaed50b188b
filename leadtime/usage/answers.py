"""Questions to which a case may have several answers: shares of the cases, beside the number of answers."""

from __future__ import annotations

from dataclasses import dataclass

import narwhals as nw

from leadtime.counts.shares import ShareInterval, share
from leadtime.errors import checks_arguments
from leadtime.log import EventLog
from leadtime.results import Result, Table, Value
from leadtime.usage.groups import Frame, cases_in_groups, observed, require_column

__all__ = ["AnswerCounts", "count_answers"]


@dataclass(frozen=True)
class AnswerCounts(Result):
    """How many cases gave each answer, and how many gave none; made by `count_answers`.

    `table`: a row an answer. `totals`: a row a group with its cases, those with and without an answer, and the answers in all.
    """

    column: str
    table: Table
    totals: Table

    @property
    def unanswered(self) -> int:
        """How many cases have no answer."""
        return sum(int(n or 0) for n in self.totals.column("unanswered"))

    def of(self, answer: str, *, group: str = "") -> int:
        """Gives how many cases of a group gave an answer; 0 where none did."""
        return next((int(row["cases"] or 0) for row in self.table.records() if (row["group"], row["answer"]) == (group, answer)), 0)

    def _table(self) -> Table:
        return self.table

    def __str__(self) -> str:
        return f"{self.table}\n\n{self.totals}"


@checks_arguments
def count_answers(
    log: EventLog,
    column: str,
    *,
    by: str | None = None,
    separator: str | None = None,
    confidence: float = 0.95,
    interval: ShareInterval = "wilson",
) -> AnswerCounts:
    """Counts cases by their answers, of which each may have several: on several rows, or in one cell.

    A share is of all cases of the group, those without an answer too, so shares of several answers may add up to more than 1; and
    where cases lack an answer the counts add up to less than the cases.

    Args:
        log: the events; declared cases without events count as cases without an answer.
        column: the column that holds the answers; empty cells are none.
        by: a case attribute to count by.
        separator: what divides several answers in one cell, for example ";".
        confidence: of the intervals.
        interval: as in `counts.share`.

    Returns:
        `.table`: `group, answer, cases, mentions, of, share, lower, upper`, most cases first; `.totals`: `group, cases, answered,
        unanswered, answers`.

    Raises:
        InputError: there is no such column or attribute.

    Source: Wilson (1927) for the interval; the denominator is the case.

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a", "b", "c"], "activity": ["Meeting"] * 3, "start": ["2020-01-01"] * 3,
    ...                                 "proposal": ["Speech; Family", "Family", ""]}))
    >>> found = lt.count_answers(log, "proposal", separator=";")
    >>> found.of("Family"), found.of("Speech"), found.unanswered
    (2, 1, 1)
    """
    require_column(log, column, "answers")
    given = _given(log, column, separator)
    cases = cases_in_groups(log, by)
    rows = given.join(cases, on="case_id", how="inner").group_by("group", "answer", "case_id").agg(mentions=nw.len())
    each = rows.group_by("group", "answer").agg(cases=nw.len(), mentions=nw.col("mentions").sum())
    collect = log.session.collect
    counted = collect(each.sort("group", "cases", "answer", descending=[False, True, False]))
    answered = collect(rows.select("group", "case_id").unique().group_by("group").agg(n=nw.len()))
    sizes = {str(group): int(n) for group, n in collect(cases.group_by("group").agg(n=nw.len())).itertuples(index=False)}
    with_answer = {str(group): int(n) for group, n in answered.itertuples(index=False)}
    table: list[tuple[Value, ...]] = []
    for group, answer, n, mentions in counted[["group", "answer", "cases", "mentions"]].itertuples(index=False):
        found = share(int(n), sizes[group], confidence=confidence, interval=interval)
        table.append((str(group), str(answer), int(n), int(mentions), sizes[group], found.value, found.lower, found.upper))
    totals: list[tuple[Value, ...]] = []
    for group in sorted(sizes):
        some = with_answer.get(group, 0)
        answers = int(counted.loc[counted["group"] == group, "cases"].sum())
        totals.append((group, sizes[group], some, sizes[group] - some, answers))
    columns = ("group", "answer", "cases", "mentions", "of", "share", "lower", "upper")
    return AnswerCounts(
        column,
        Table("answers", columns, tuple(table), counts=("cases",)),
        Table("answer_totals", ("group", "cases", "answered", "unanswered", "answers"), tuple(totals), counts=("cases",)),
    )


def _given(log: EventLog, column: str, separator: str | None) -> Frame:
    """A row for each answer of each row."""
    text = observed(log).select("case_id", answer=nw.col(column).cast(nw.String))
    if separator is not None:
        text = text.with_columns(nw.col("answer").str.split(separator)).explode("answer")
    trimmed = text.with_columns(nw.col("answer").str.strip_chars())
    return trimmed.filter(~nw.col("answer").is_null(), nw.col("answer") != "")
