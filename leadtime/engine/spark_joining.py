"""A column of days and a column of clock times made one in Spark, with the same meaning as in DuckDB (`engine.joining`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from leadtime.engine.joining import ANY_FRACTION, DAY_MS, DOTTED, LONG_FRACTION, NO_CLOCK, NO_DAY, SAID
from leadtime.engine.spark import backticked
from leadtime.engine.spark_times import trimmed_text

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["first_spark_texts", "with_spark_joined"]


def first_spark_texts(frame: DataFrame, header: str, limit: int) -> list[str]:
    """Gives the distinct texts of a column's first values; only so many rows are looked at."""
    texts = frame.select(trimmed_text(frame, header).alias("text")).filter("text IS NOT NULL").limit(limit).distinct().collect()
    return sorted(str(row[0]) for row in texts)


def with_spark_joined(frame: DataFrame, pairs: Mapping[str, tuple[str, bool]], names: Mapping[str, str]) -> DataFrame:
    """Gives the frame with each clock column holding its day too, under a new header; without a clock time it is the day alone.

    Args:
        frame: the source.
        pairs: header of the clock times to the header of their days, and whether bare numbers are fractions of a day.
        names: header of the clock times to the new header.
    """
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    joined = {}
    for clock, (day, fractions) in pairs.items():
        told, plain = trimmed_text(frame, clock), F.regexp_replace(trimmed_text(frame, day), NO_CLOCK, "")
        both = F.concat(plain, F.lit(" "), _clock(told, ANY_FRACTION if fractions else LONG_FRACTION))
        # A mark without a letter or digit is no clock time.
        joined[names[clock]] = F.when(told.rlike("[0-9A-Za-z]"), both).otherwise(plain)
    return frame.withColumns(joined).select(*(backticked(header) for header in (*frame.columns, *joined) if header not in pairs))


def _clock(told: Column, fraction: str) -> Column:
    """A clock time as the engine reads it; what is none stays as it is."""
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    def part(text: Column, start: int, length: int) -> Column:
        return F.substring(text, start, length)

    said = F.regexp_replace(F.regexp_replace(told, NO_DAY, ""), f"(?i){SAID}", "")
    bare = F.when(said.rlike(f"^(?:{DOTTED})$"), F.regexp_replace(said, r"\.", ":")).otherwise(said)
    share = F.regexp_replace(told, ",", ".").try_cast("double")
    ms = F.round(share * DAY_MS).cast("bigint")
    parts = [(ms / unit).cast("bigint") % many for unit, many in ((3_600_000, 24), (60_000, 60), (1000, 60), (1, 1000))]
    shared = F.format_string("%02d:%02d:%02d.%03d", *parts)
    four = F.lpad(bare, 4, "0")
    return (
        F.when(told.rlike(f"^(?:{fraction})$") & (share <= 1), F.when(ms == DAY_MS, F.lit("24:00")).otherwise(shared))
        .when(bare.rlike("^[0-9]{3,4}$"), F.concat(part(four, 1, 2), F.lit(":"), part(four, 3, 2)))
        .when(bare.rlike("^[0-9]{6}$"), F.concat_ws(":", part(bare, 1, 2), part(bare, 3, 2), part(bare, 5, 2)))
        .when(bare.rlike("^.:"), F.concat(F.lit("0"), bare))
        .otherwise(bare)
    )
