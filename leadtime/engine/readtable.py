"""A table of which every row was read: what was kept of it, what was rejected and why, and where rows stand twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from leadtime.engine.session import Session
from leadtime.engine.sql import quoted

__all__ = ["ReadTable"]

# Values of a lazy table that may be stored for work that reads it many times; more would crowd out the work itself.
_MOST_KEPT = 30_000_000
# What stands in the book-keeping of a row that isn't rejected, which takes a quarter of the time and room of storing it.
_WITHOUT_PROBLEM = {
    "__problem": "NULL::VARCHAR",
    "__column": "NULL::VARCHAR",
    "__value": "NULL::VARCHAR",
    "__kept": "TRUE",
    "__blank": "FALSE",
}


@dataclass(frozen=True)
class ReadTable:
    """A table with every row read, its problem where it has one, and the columns of the event table.

    `paired` names the table of events where rows are lifecycle steps, several to an event, and `made` the columns that only it has; the
    rows themselves stay as they were read. `sound` says that no row is rejected.
    """

    session: Session
    name: str
    columns: tuple[str, ...]
    headers: Mapping[str, str]
    stored: bool
    paired: str | None = None
    made: tuple[str, ...] = ()
    sound: bool = False

    @property
    def numbered(self) -> bool:
        """Every row has a number of its own."""
        return True

    def events(self) -> nw.LazyFrame[Any]:
        """Gives the rows kept, as the log's lazy frame; where their steps were paired into events, those."""
        selection = ", ".join(quoted(name) for name in self.columns)
        if self.paired is not None:
            return self.session.lazy(self.session.sql(f"SELECT {selection} FROM {self.paired}"))
        return self.session.lazy(self.session.sql(f"SELECT {selection} FROM {self.name} WHERE __kept"))

    def keep(self) -> None:
        """Stores a lazy table under its own name, so that what was declared on it reads the stored one; a very large one stays lazy."""
        if self.stored or self.one("count(*)")[0] * len(self.columns) > _MOST_KEPT:
            return
        known = _WITHOUT_PROBLEM if self.sound else {}
        stored, said = (f" EXCLUDE ({', '.join(known)})" if known else ""), "".join(f", {value} AS {name}" for name, value in known.items())
        self.session.run(f"CREATE TABLE {self.name}_kept AS SELECT *{stored} FROM {self.name}")
        self.session.run(f"CREATE OR REPLACE VIEW {self.name} AS SELECT *{said} FROM {self.name}_kept")

    def one(self, *expressions: str, where: str = "TRUE") -> tuple[Any, ...]:
        """Gives the single row of some aggregates over the rows."""
        return self.session.rows(f"SELECT {', '.join(expressions)} FROM {self.name} WHERE {where}")[0]

    def any_kept(self) -> bool:
        """Whether any row is kept; stops at the first."""
        return bool(self.session.rows(f"SELECT 1 FROM {self.name} WHERE __kept LIMIT 1"))

    def all_kept(self) -> bool:
        """Whether no row is rejected; stops at the first that is."""
        return not self.session.rows(f"SELECT 1 FROM {self.name} WHERE NOT __kept LIMIT 1")

    def reasons(self) -> dict[str, int]:
        """Gives the number of rejected rows by reason, the commonest first."""
        query = f"SELECT __problem, count(*) FROM {self.name} WHERE NOT __kept AND NOT __blank GROUP BY 1 ORDER BY 2 DESC, 1"
        return {str(reason): int(count) for reason, count in self.session.rows(query)}

    def rejected(self, limit: int) -> list[tuple[Any, ...]]:
        """Gives sheet, row number, column, value and reason of the first rejected rows, in order of reading."""
        columns = "__sheet, __line, __column, __value, __problem"
        query = f"SELECT {columns} FROM {self.name} WHERE NOT __kept AND NOT __blank ORDER BY row LIMIT ?"
        return self.session.rows(query, [limit])

    def lines(self, where: str, limit: int = 3) -> list[tuple[str | None, int]]:
        """Gives sheet and row number of the first rows that meet a condition."""
        query = f"SELECT __sheet, __line FROM {self.name} WHERE {where} ORDER BY row LIMIT ?"
        return [(None if sheet is None else str(sheet), int(line)) for sheet, line in self.session.rows(query, [limit])]

    def duplicates(self) -> tuple[int, list[tuple[str | None, int]]]:
        """Gives how many rows kept equal an earlier one in every column but their place, and where the first ones are.

        Rows of equal hash over case, activity and times are few, and only they are compared in full.
        """
        likely, coarse = self.session.new_name("alike"), "hash(case_id, activity, start_us, end_us)"
        groups = f"SELECT {coarse} AS code FROM {self.name} WHERE __kept GROUP BY 1 HAVING count(*) > 1"
        self.session.run(f"CREATE TEMPORARY TABLE {likely} AS {groups}")
        try:
            key = ", ".join(quoted(name) for name in self.columns if name != "row" and name not in self.made)
            chosen = f"SELECT * FROM {self.name} WHERE __kept AND {coarse} IN (SELECT code FROM {likely})"
            copies = f"SELECT __sheet, __line, row FROM ({chosen}) QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY row) > 1"
            places = self.session.rows(f"SELECT __sheet, __line, count(*) OVER () FROM ({copies}) ORDER BY row LIMIT 3")
        finally:
            self.session.run(f"DROP TABLE {likely}")
        return (int(places[0][2]) if places else 0), [(None if sheet is None else str(sheet), int(line)) for sheet, line, _ in places]
