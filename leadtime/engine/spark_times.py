"""Times in Spark: a column of texts or native times to an instant and a local clock, by the rules of `engine.times`.

Java's clock does what DEFINITIONS asks of a local time: of one that occurs twice it takes the first, and it moves one that doesn't exist
forward by the gap. All arithmetic is on whole microseconds and on zone-less timestamps, so that the session's own zone plays no part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from leadtime.engine.spark import SparkEngine, backticked
from leadtime.engine.spellings import Spelling
from leadtime.engine.times import SPACES

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = [
    "BOUNDS", "SparkTime", "all_midnights", "all_numbers", "count_of", "counts_like", "ended", "kind_of", "read_time", "trimmed_text",
    "unread_texts", "zoned",
]  # fmt: skip

DAY_US = 86_400_000_000
BOUNDS = ("lower_wall_us", "upper_wall_us")
Kind = Literal["date", "local", "instant", "text"]
_EPOCH = "TIMESTAMP_NTZ'1970-01-01 00:00:00'"
_DATE = r"^(?!0000)\d{4}[-/]\d\d[-/]\d\d$"
_NO_SPAN = r"^(?!.{10} \d\d:\d\d ?-)"  # 08:00-09:00 behind a space is a span of time, not an offset
_CLOCK = r"^(?!0000)\d{4}[-/]\d\d[-/]\d\d[ T]([01]\d|2[0-3]):\d\d(:\d\d([.,]\d{1,9})?)?"


@dataclass(frozen=True)
class SparkTime:
    """A column to read as times: its role, its header, what it holds, and the meaning of texts that Spark doesn't read by itself.

    `partial` says that some of them are dates not to the day, so that the column's moments have bounds. `blanks` are texts that
    stand for none.
    """

    role: str
    header: str
    kind: Kind
    spellings: tuple[Spelling, ...] = ()
    partial: bool = False
    blanks: tuple[str, ...] = ()


def kind_of(frame: DataFrame, header: str) -> Kind:
    """Gives what a column holds, by its type; anything but a time is read as text."""
    names: dict[str, Kind] = {"date": "date", "timestamp_ntz": "local", "timestamp": "instant"}
    return names.get(frame.schema[header].dataType.simpleString(), "text")


def all_midnights(frame: DataFrame, header: str) -> bool:
    """Whether a column of zone-less date-times has values and all are midnights."""
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    column = backticked(header)
    clock = F.expr(f"{column} <> date_trunc('DAY', {column})")
    found = frame.select(F.count(backticked(header)), F.coalesce(F.max(clock.cast("int")), F.lit(0))).collect()[0]
    return bool(found[0] > 0 and found[1] == 0)


def trimmed_text(frame: DataFrame, header: str) -> Column:
    """A value as text without the space around it, null where nothing is left; a whole number has no decimals."""
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    column = F.col(backticked(header))
    kind = frame.schema[header].dataType.simpleString()
    if kind in ("double", "float"):
        whole = (column == F.floor(column)) & (F.abs(column) < 1e15)
        return F.when(F.isnan(column), F.lit(None)).when(whole, column.cast("bigint").cast("string")).otherwise(column.cast("string"))
    if kind != "string":
        return column.cast("string")
    return F.nullif(F.trim(column, F.lit(SPACES)), F.lit(""))


def unread_texts(frame: DataFrame, time: SparkTime) -> list[str]:
    """Gives the distinct texts of a time column that Spark doesn't read by itself, in code-point order."""
    if time.kind != "text":
        return []
    columns = read_time(frame, SparkTime(time.role, time.header, "text"))
    unread = " AND ".join(f"{time.role}_{kind} IS NULL" for kind in ("date", "local", "instant"))
    text = f"{time.role}_text"
    rows = frame.select(*columns).filter(f"{unread} AND {text} IS NOT NULL").select(text).distinct().collect()
    return sorted(str(row[0]) for row in rows)


def all_numbers(frame: DataFrame, time: SparkTime) -> bool:
    """Whether a column holds nothing but numbers; stops at the first text that is none."""
    text = read_time(frame, time)[0]
    return not frame.select(text.alias("text")).filter("text IS NOT NULL AND NOT text RLIKE '^[0-9]+([.,][0-9]+)?$'").limit(1).collect()


def count_of(frame: DataFrame, time: SparkTime, texts: Sequence[str]) -> int:
    """Gives how many rows have one of some texts in a time column."""
    return int(frame.filter(trimmed_text(frame, time.header).isin(*texts)).count())


def counts_like(frame: DataFrame, time: SparkTime, patterns: Sequence[str]) -> tuple[int, ...]:
    """Gives how many rows have a text in a time column that fits each of some patterns."""
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    text = trimmed_text(frame, time.header)
    counts = frame.select(*(F.count_if(text.rlike(pattern)) for pattern in patterns)).collect()[0]
    return tuple(int(count) for count in counts)


def read_time(frame: DataFrame, time: SparkTime) -> Sequence[Column]:
    """Gives `<role>_text`, and `_date`, `_local`, `_instant` (microseconds), of which at most one is not null."""
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    column = backticked(time.header)
    text = F.col(column).cast("string") if time.kind != "text" else trimmed_text(frame, time.header)
    if time.blanks:
        text = F.when(~text.isin(*time.blanks), text)
    nothing = F.lit(None).cast("bigint")
    parts = dict.fromkeys(("date", "local", "instant"), nothing)
    if time.kind == "instant":
        parts["instant"] = F.unix_micros(column)
    elif time.kind == "date":
        parts["date"] = F.unix_date(F.col(column).cast("date")).cast("bigint") * DAY_US
    elif time.kind == "local":
        parts["local"] = F.expr(f"timestampdiff(MICROSECOND, {_EPOCH}, {column})")
    else:
        parts = _of_text(text)
    return [text.alias(f"{time.role}_text"), *[value.alias(f"{time.role}_{kind}") for kind, value in parts.items()]]


def _of_text(text: Column) -> dict[str, Column]:
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    plain = F.regexp_replace(F.regexp_replace(text, ",", "."), "/", "-")
    with_offset = F.regexp_replace(plain, r" ([+-])", "$1")
    local = plain.try_cast("timestamp_ntz")
    offset = r" ?(Z|[+-]\d\d(:?\d\d)?)$"
    return {
        "date": F.when(text.rlike(_DATE), F.unix_date(plain.try_cast("date")).cast("bigint") * DAY_US),
        "local": F.when(text.rlike(_CLOCK + "$"), F.timestamp_diff("MICROSECOND", F.expr(_EPOCH), local)),
        "instant": F.when(text.rlike(_NO_SPAN + _CLOCK + offset), F.unix_micros(with_offset.try_cast("timestamp"))),
    }


def zoned(engine: SparkEngine, rows: DataFrame, time: SparkTime, zone: str | None) -> DataFrame:
    """Gives the rows with `<role>_us`, `_wall_us`, `_is_date`, `_fold`, `_gap`, and `_lost` where a text isn't read.

    Where some are dates not to the day they have their first and last day too; of one that is known, the moment itself.
    """
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    role = time.role
    if time.spellings:
        rows = _spelled(engine, rows, time)
    date, local, instant = (F.col(f"{role}_{kind}") for kind in ("date", "local", "instant"))
    stands = F.coalesce(date, local)
    if zone is None:
        us = F.coalesce(stands, instant)
        wall, fold, gap = us, F.lit(False), F.lit(False)  # noqa: FBT003 - Spark literals
    else:
        us = F.coalesce(instant, _instant_of(stands, zone))
        there = _local_at(us, zone)
        gap = local.isNotNull() & (there != stands)
        wall = F.when(instant.isNotNull() | gap, there).otherwise(stands)
        # It occurs twice where the clock, moved on by as much as it is set back, shows the same time again.
        back = (_local_at(us - DAY_US, zone) - (us - DAY_US)) - (_local_at(us + DAY_US, zone) - (us + DAY_US))
        fold = local.isNotNull() & (back > 0) & (_local_at(us + back, zone) == stands)
    text = F.col(f"{role}_text")
    is_date = F.when(us.isNotNull(), date.isNotNull())
    parts = {"us": us, "wall_us": wall, "is_date": is_date, "fold": fold, "gap": gap, "lost": text.isNotNull() & us.isNull()}
    columns = {f"{role}_{name}": F.coalesce(value, F.lit(False)) if name in ("fold", "gap") else value for name, value in parts.items()}  # noqa: FBT003
    bounds = BOUNDS if time.partial else ()
    return rows.withColumns(columns | {f"{role}_{bound}": F.coalesce(F.col(f"{role}_{bound[:5]}"), wall) for bound in bounds})


def _spelled(engine: SparkEngine, rows: DataFrame, time: SparkTime) -> DataFrame:
    """The rows with what their unusual texts mean."""
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    names = ("spelled", "spelled_date", "spelled_local", "spelled_instant", "spelled_lower", "spelled_upper")
    types = {"spelled": "VARCHAR", **dict.fromkeys(names[1:], "BIGINT")}
    table = F.broadcast(engine.table(names, time.spellings, types))
    joined = rows.join(table, rows[f"{time.role}_text"] == table["spelled"], "left")
    kinds = ("date", "local", "instant")
    read = {f"{time.role}_{kind}": F.coalesce(F.col(f"{time.role}_{kind}"), F.col(f"spelled_{kind}")) for kind in kinds}
    bounds = {f"{time.role}_{bound}": F.col(f"spelled_{bound}") for bound in ("lower", "upper")} if time.partial else {}
    return joined.withColumns(read | bounds).drop(*names)


def _instant_of(local_us: Column, zone: str) -> Column:
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    return F.unix_micros(F.to_utc_timestamp(F.timestamp_micros(local_us), zone))


def _local_at(us: Column, zone: str) -> Column:
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    return F.unix_micros(F.from_utc_timestamp(F.timestamp_micros(us), zone))


def ended(times: Sequence[SparkTime]) -> list[Column]:
    """Gives `end_given` and the end of each event: as given, else its start; and the bounds of both where some are not to the day."""
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

    sides = {time.role: time for time in times if time.role in ("start", "end")}
    parts: dict[str, dict[str, Column]] = {}
    for side in sides:
        parts[side] = {part: F.col(f"{side}_{part}") for part in ("us", "wall_us", "is_date")}
        if any(time.partial for time in sides.values()):
            known = "wall_us" if not sides[side].partial else None
            parts[side] |= {bound: F.col(f"{side}_{known or bound}") for bound in BOUNDS}
    begun = [value.alias(f"begun_{bound}") for bound, value in parts["start"].items() if bound in BOUNDS]
    if "end" not in sides:
        return [F.lit(False).alias("end_given"), *[value.alias(f"ended_{part}") for part, value in parts["start"].items()], *begun]  # noqa: FBT003
    there = F.col("end_us").isNotNull()
    chosen = [F.when(there, parts["end"][part]).otherwise(value).alias(f"ended_{part}") for part, value in parts["start"].items()]
    return [there.alias("end_given"), *chosen, *begun]
