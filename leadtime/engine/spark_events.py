"""The event table in Spark: roles read, times parsed, rows kept or rejected, with the same meaning as in DuckDB (`engine.events`).

Its `row` is the named column, else the place that activity, unit and then the other columns give an event among those of its case: a
Spark frame has no order of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from leadtime.columns import DATE_ROLES, EXAMPLE_CASES, ROLES
from leadtime.engine.events import attribute_names
from leadtime.engine.spark import SparkEngine, backticked, computed
from leadtime.engine.spark_times import BOUNDS, SparkTime, ended, read_time, trimmed_text, zoned

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["SparkReadTable", "spark_case_table", "spark_event_table"]

_BASE = (
    "case_id", "activity", "start_us", "end_us", "start_wall_us", "end_wall_us", "start_is_date", "end_is_date", "end_given", "row",
)  # fmt: skip
_PARTS = ("us", "wall_us", "is_date")


@dataclass(frozen=True)
class SparkReadTable:
    """A table with every row read, its problem where it has one, and the columns of the event table.

    It answers the same questions as DuckDB's `ReadTable`, on the same columns of book-keeping.
    """

    engine: SparkEngine
    frame: DataFrame
    columns: tuple[str, ...]

    @property
    def numbered(self) -> bool:
        """Rows are numbered within their case: to number all of a cluster's rows would bring them to one place."""
        return False

    def events(self) -> nw.LazyFrame[Any]:
        """Gives the rows kept, as the log's lazy frame."""
        return self.engine.lazy(self.frame.filter("__kept").select(*[backticked(name) for name in self.columns]))

    def one(self, *expressions: str, where: str = "TRUE") -> tuple[Any, ...]:
        """Gives the single row of some aggregates over the rows."""
        from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

        with computed():
            return tuple(self.frame.filter(where).agg(*[F.expr(text) for text in expressions]).collect()[0])

    def any_kept(self) -> bool:
        """Whether any row is kept."""
        with computed():
            return bool(self.frame.filter("__kept").limit(1).collect())

    def reasons(self) -> dict[str, int]:
        """Gives the number of rejected rows by reason, the commonest first."""
        counts = self.frame.filter("__problem IS NOT NULL").groupBy("__problem").count().collect()
        return {str(reason): int(count) for reason, count in sorted(counts, key=lambda row: (-row[1], row[0]))}

    def rejected(self, limit: int) -> list[tuple[Any, ...]]:
        """Gives sheet, row number, column, value and reason of rejected rows, in order of their named row."""
        rows = self.frame.filter("__problem IS NOT NULL").orderBy("__line", "__column", "__value")
        return [tuple(row) for row in rows.select("__sheet", "__line", "__column", "__value", "__problem").limit(limit).collect()]

    def lines(self, where: str, limit: int = 3) -> list[tuple[str | None, int]]:
        """Gives the row numbers of the first rows that meet a condition; none where no column numbers the rows."""
        found = self.frame.filter(where).filter("__line IS NOT NULL").orderBy("__line").select("__line").limit(limit).collect()
        return [(None, int(row[0])) for row in found]

    def duplicates(self) -> tuple[int, list[tuple[str | None, int]]]:
        """Gives how many rows kept equal an earlier one in every column but their place."""
        key = [backticked(name) for name in self.columns if name != "row"]
        groups = self.frame.filter("__kept").groupBy(*key).count().selectExpr("coalesce(sum(count - 1), 0)")
        return int(groups.collect()[0][0]), []


def spark_event_table(
    engine: SparkEngine,
    frame: DataFrame,
    *,
    roles: Mapping[str, str],
    times: Sequence[SparkTime],
    zone: str | None,
    drop_duplicates: bool = False,
) -> SparkReadTable:
    """Declares the table of all rows read.

    Args:
        engine: the engine of the frame.
        frame: the source, its own headers.
        roles: role to header.
        times: the columns to read as times.
        zone: the zone of clock times without offset.
        drop_duplicates: whether a row equal to another is rejected.
    """
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    texts = [role for role in ROLES if role in roles and role not in ("start", "end", "row", *DATE_ROLES)]
    attributes = attribute_names(frame.columns, used=roles.values())
    rows = frame.select(
        *[trimmed_text(frame, roles[role]).alias(f"r_{role}") for role in texts],
        *[_was_trimmed(frame, roles[role]).alias(f"t_{role}") for role in texts],
        *[column for time in times for column in read_time(frame, time)],
        *([F.col(backticked(roles["row"])).try_cast("double").alias("given_row")] if "row" in roles else []),
        *_carried(attributes),
    )
    for time in times:
        rows = zoned(engine, rows, time, zone)
    rows = rows.select("*", *ended(times))
    problem = _problem(times)
    rows = rows.select("*", problem[0].alias("__problem"), problem[1].alias("__column_role"), problem[2].alias("__value"))
    names = F.create_map(*[F.lit(text) for role in roles for text in (role, roles[role])])
    dates = _date_columns(times)
    others = [role for role in texts if role not in ("case_id", "activity")]
    sides = {"start": "begun", "end": "ended"} if _of_events_partial(times) else {}
    bounds = [F.col(f"{made}_{bound}").alias(f"{side}_{bound}") for side, made in sides.items() for bound in BOUNDS]
    columns = (*_BASE, *(f"{side}_{bound}" for side in sides for bound in BOUNDS), *others, *dates, *attributes.values())
    place = _place(columns, given="row" in roles)
    table = rows.select(
        F.col("r_case_id").alias("case_id"), F.col("r_activity").alias("activity"), "start_us", F.col("ended_us").alias("end_us"),
        "start_wall_us", F.col("ended_wall_us").alias("end_wall_us"), "start_is_date", F.col("ended_is_date").alias("end_is_date"),
        "end_given", *bounds, *[F.col(f"r_{role}").alias(role) for role in others], *dates, *_renamed(attributes),
        (F.col("given_row") if "row" in roles else F.lit(None)).cast("bigint").alias("__line"), F.lit(None).cast("string").alias("__sheet"),
        "__problem", names[F.col("__column_role")].alias("__column"), "__value",
        _sum([F.coalesce(F.col(f"t_{role}"), F.lit(0)) for role in texts]).alias("__trimmed"),
        _any([F.col(f"{time.role}_fold") for time in times]).alias("__fold"),
        _any([F.col(f"{time.role}_gap") for time in times]).alias("__gap"),
        _sum([F.col(f"{time.role}_lost").cast("int") for time in times if time.role in DATE_ROLES]).alias("__unread"),
        _any([F.col(f"{time.role}_local").isNotNull() for time in times if time.role in ("start", "end")]).alias("__clocked"),
        F.lit(False).alias("__blank"),  # noqa: FBT003 - a Spark literal
        F.col("__problem").isNull().alias("__kept"),
    )  # fmt: skip
    if drop_duplicates:
        table = _without_copies(table, columns)
    return SparkReadTable(engine, table.withColumn("row", place).cache(), columns)


def _carried(attributes: Mapping[str, str]) -> list[Column]:
    """The attributes under names that no column of the steps between has."""
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    return [F.col(backticked(header)).alias(f"__attribute_{i}") for i, header in enumerate(attributes)]


def _renamed(attributes: Mapping[str, str]) -> list[Column]:
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    return [F.col(f"__attribute_{i}").alias(name) for i, name in enumerate(attributes.values())]


def _of_events_partial(times: Sequence[SparkTime]) -> bool:
    """Whether some event has a date not to the day, so that the events have bounds."""
    return any(time.partial for time in times if time.role not in DATE_ROLES)


def _date_columns(times: Sequence[SparkTime]) -> list[str]:
    """The names of the columns of each date of the case: three, and two bounds where some are not to the day."""
    dated = [time for time in times if time.role in DATE_ROLES]
    return [f"{time.role}_{part}" for time in dated for part in (*_PARTS, *(BOUNDS if time.partial else ()))]


def _was_trimmed(frame: DataFrame, header: str) -> Column:
    """1 where a text lost space around it."""
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    text = F.col(backticked(header)).cast("string")
    return (text != trimmed_text(frame, header)).cast("int")


def _problem(times: Sequence[SparkTime]) -> tuple[Column, Column, Column]:
    """The reason for which a row isn't kept, the role and the value that it is about; the first that holds counts."""
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    end = any(time.role == "end" for time in times)
    day = 86_400_000_000
    last, first = ("ended_upper_wall_us", "begun_lower_wall_us") if _of_events_partial(times) else ("ended_wall_us", "start_wall_us")
    by_day = F.floor(F.col(last) / day) < F.floor(F.col(first) / day)
    before = F.when(F.col("start_is_date") | F.col("ended_is_date"), by_day).otherwise(F.col("ended_us") < F.col("start_us"))
    found: list[tuple[Column, Column, Column, Column]] = [
        (F.col("r_case_id").isNull(), F.lit("no case id"), F.lit("case_id"), F.lit(None)),
        (F.col("r_case_id").isin(*EXAMPLE_CASES.values()), F.lit("example row"), F.lit("case_id"), F.lit(None)),
        (F.col("r_activity").isNull(), F.lit("no activity"), F.lit("activity"), F.lit(None)),
        (F.col("start_text").isNull(), F.lit("no start"), F.lit("start"), F.lit(None)),
        (F.col("start_us").isNull(), F.lit("unreadable start"), F.lit("start"), F.col("start_text")),
    ]
    if end:
        found += [
            (F.col("end_lost"), F.lit("unreadable end"), F.lit("end"), F.col("end_text")),
            (F.col("end_given") & before, F.lit("end before start"), F.lit("end"), F.col("end_text")),
        ]

    def told(part: int) -> Column:
        chosen = F.lit(None).cast("string")
        for problem in reversed(found):
            chosen = F.when(problem[0], problem[part].cast("string")).otherwise(chosen)
        return chosen

    return told(1), told(2), told(3)


def _place(columns: Sequence[str], *, given: bool) -> Column:
    """The order of the events of a case: by the named column, else by activity, unit, then the other columns by name."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    first = [name for name in ("activity", "unit") if name in columns]
    others = sorted(set(columns) - {*first, "case_id", "row"})
    order = ["__line"] if given else []
    ordered = [F.col(backticked(name)).asc_nulls_last() for name in (*order, *first, *others)]
    return (F.row_number().over(Window.partitionBy("case_id", "__kept").orderBy(*ordered)) - 1).cast("bigint")


def _without_copies(table: DataFrame, columns: Sequence[str]) -> DataFrame:
    """All rows, the second and later of equal ones marked."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    key = [F.col(backticked(name)) for name in columns if name != "row"]
    copy = F.row_number().over(Window.partitionBy(*key, F.col("__kept")).orderBy(F.col("__line").asc_nulls_last()))
    again = F.col("__kept") & (F.col("__copy") > 1)
    marked = table.withColumn("__copy", copy)
    marked = marked.withColumn("__problem", F.when(again, F.lit("exact duplicate")).otherwise(F.col("__problem")))
    return marked.withColumn("__kept", F.col("__kept") & ~again).drop("__copy")


def spark_case_table(
    engine: SparkEngine, frame: DataFrame, *, roles: Mapping[str, str], times: Sequence[SparkTime], zone: str | None
) -> DataFrame:
    """Declares the table of case attributes: `case_id`, roles and attributes."""
    texts = [role for role in ROLES if role in roles and role not in DATE_ROLES]
    attributes = attribute_names(frame.columns, used=roles.values())
    rows = frame.select(
        *[trimmed_text(frame, roles[role]).alias(role) for role in texts],
        *[column for time in times for column in read_time(frame, time)],
        *_carried(attributes),
    )
    for time in times:
        rows = zoned(engine, rows, time, zone)
    return rows.filter("case_id IS NOT NULL").select(*texts, *_date_columns(times), *_renamed(attributes))


def _sum(parts: Sequence[Column]) -> Column:
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    total = F.lit(0)
    for part in parts:
        total = total + part
    return total


def _any(parts: Sequence[Column]) -> Column:
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    either = F.lit(False)  # noqa: FBT003 - a Spark literal
    for part in parts:
        either = either | part
    return either
