"""Spark as the engine: the same frames and measures, computed in a Spark session that the caller owns or that runs on this machine.

Spark is imported inside the functions: it is an extra, and slow to load.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, cast

import narwhals as nw

from leadtime.engine.protocol import Value
from leadtime.errors import InputError, ResourceError, UsageError, one_line
from leadtime.results import InEngine

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame as DataFrame
    from pyspark.sql import SparkSession

__all__ = ["SparkEngine", "backticked", "computed", "spark_session"]


def backticked(name: str) -> str:
    """Gives a column name as a Spark SQL identifier, whatever it holds.

    >>> backticked("a`b")
    '`a``b`'
    """
    return "`" + name.replace("`", "``") + "`"


def spark_session() -> SparkSession:
    """Gives the session that runs already, else one on this machine's cores.

    Raises:
        UsageError: pyspark isn't installed.
        ResourceError: Spark doesn't start, as without Java.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise UsageError("engine='spark' needs pyspark; install it with: pip install 'leadtime[spark]'") from None
    running = SparkSession.getActiveSession()
    if running is not None:
        return running
    if shutil.which("java") is None:
        raise ResourceError("Spark needs Java; install it (on Debian: apt-get install openjdk-17-jre-headless), or use engine='duckdb'")
    try:
        builder = cast("Any", SparkSession.builder)
        here = builder.master("local[*]").appName("leadtime").config("spark.ui.enabled", "false")
        return cast("SparkSession", here.config("spark.driver.bindAddress", "127.0.0.1").getOrCreate())
    except Exception as error:
        raise ResourceError(f"Spark doesn't start: {one_line(str(error))[:200]}") from None


@contextmanager
def computed() -> Iterator[None]:
    """Gives what stops Spark at its work the library's own name: a lost file or executor, too little memory or disk."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import AnalysisException, PySparkException

    try:
        yield
    except AnalysisException:
        raise  # a query that can't be, which no other machine would mend
    except (PySparkException, Py4JJavaError) as error:
        # By its name, since the message may hold values.
        name = error.getCondition() if isinstance(error, PySparkException) else str(error.java_exception.getClass().getSimpleName())
        told = f"Spark stopped at its work ({name or type(error).__name__}); its own log says where"
        raise ResourceError(f"{told}; give it more memory or disk, or see that its files are whole and still there") from None


class SparkEngine(InEngine):
    """Frames of one Spark session; its settings stay as the caller made them.

    Args:
        spark: the session.
    """

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self._names = itertools.count()

    def new_name(self, what: str) -> str:
        """Gives a name for a view that no other of this log has."""
        return f"leadtime_{what}_{id(self):x}_{next(self._names)}"

    def lazy(self, frame: DataFrame) -> nw.LazyFrame[Any]:
        """Gives a Spark frame as a narwhals lazy frame."""
        return cast("nw.LazyFrame[Any]", nw.from_native(cast("Any", frame)))

    def passing(self, *, shared: bool = False) -> AbstractContextManager[None]:
        """Does nothing: Spark drops by itself what nothing refers to any longer."""
        return nullcontext()

    def materialise(self, frame: nw.LazyFrame[Any], *, lasting: bool = False) -> nw.LazyFrame[Any]:
        """Computes a frame and keeps it in the cluster, for all that reads it after, as long as any does."""
        # Not `cache`: a cached frame still carries the plan it came from, and the plans of measures built on measures grow beyond planning.
        with computed():
            return self.lazy(_native(frame).localCheckpoint())

    def numbered(self, frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """Gives events with a `row` that tells each from all others, by case and place in it; numbers rise, but not by one."""
        from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

        ordered = _native(frame).orderBy("case_id", "row")
        # Kept, since the numbers depend on how the rows lie.
        return self.materialise(self.lazy(ordered.withColumn("row", F.monotonically_increasing_id())))

    def coded(self, frame: nw.LazyFrame[Any], *, key: str) -> None:
        """Nothing: a cluster sorts and groups by the hashes of texts, and a copy of its events would cost more than it saves."""
        return

    def distinct_counts(self, frame: nw.LazyFrame[Any], *, key: str, columns: Mapping[str, str]) -> nw.LazyFrame[Any]:
        """Gives for each key how many different values some columns (new name to old) hold; missing ones don't count."""
        from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

        counted = [F.count_distinct(F.col(backticked(old))).alias(new) for new, old in columns.items()]
        return self.lazy(_native(frame).groupBy(backticked(key)).agg(*counted))

    def collect(self, frame: nw.LazyFrame[Any]) -> pd.DataFrame:
        """Computes a frame and gives it to pandas."""
        # By way of Arrow: Spark's own way to pandas warns of every pandas that is newer than itself.
        with computed():
            return cast("pd.DataFrame", _native(frame).toArrow().to_pandas())

    def count(self, frame: nw.LazyFrame[Any]) -> int:
        """Gives the number of a frame's rows."""
        with computed():
            return int(_native(frame).count())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Gives the rows of a query as plain values; for few rows, never for events."""
        return [tuple(row) for row in self.spark.sql(query).collect()]

    def text_in_order(self, frame: nw.LazyFrame[Any], *, key: str, text: str, order: Sequence[str], separator: str) -> nw.LazyFrame[Any]:
        """Gives for each key its texts joined in order, under the text's own name."""
        from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

        # A struct sorts by its fields in turn, so the text comes last.
        fields = [F.col(backticked(name)) for name in (*order, text)]
        sorted_rows = F.sort_array(F.collect_list(F.struct(*[field.alias(f"f{i}") for i, field in enumerate(fields)])))
        texts = F.transform(sorted_rows, lambda row: row[f"f{len(order)}"])
        return self.lazy(_native(frame).groupBy(backticked(key)).agg(F.array_join(texts, separator).alias(text)))

    def first_of_each(
        self, frame: nw.LazyFrame[Any], *, key: Sequence[str], columns: Mapping[str, str], order: Sequence[str], last: bool = False
    ) -> nw.LazyFrame[Any]:
        """Gives for each key the columns (new name to old) of its first row in order, or of its last."""
        from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

        carried = F.struct(*[F.col(backticked(old)).alias(new) for new, old in columns.items()])
        choose = F.max_by if last else F.min_by
        first = choose(carried, F.struct(*[F.col(backticked(name)) for name in order])).alias("first")
        kept = [F.col(backticked(name)) for name in key]
        chosen = _native(frame).groupBy(*kept).agg(first)
        return self.lazy(chosen.select(*kept, *[F.col(f"first.{backticked(new)}").alias(new) for new in columns]))

    def greatest_before(self, frame: nw.LazyFrame[Any], column: str, *, key: str, order: Sequence[str], name: str) -> nw.LazyFrame[Any]:
        """Gives the rows with the greatest value of a column among the rows before in their group, empty in the first, under a new name."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F  # noqa: N812 - Spark's own custom

        rows = Window.partitionBy(backticked(key)).orderBy(*[backticked(each) for each in order])
        before = F.max(backticked(column)).over(rows.rowsBetween(Window.unboundedPreceding, -1))
        return self.lazy(_native(frame).withColumn(name, before))

    def write_parquet(self, frame: nw.LazyFrame[Any], path: str) -> None:
        """Writes a frame as a folder of Parquet files, as Spark does; a folder that is there already is left alone."""
        from pyspark.errors import PySparkException

        try:
            _native(frame).write.mode("errorifexists").parquet(path)
        except PySparkException as error:
            raise ResourceError(f"'{path}' can't be written: {one_line(str(error))[:200]}") from None

    def from_rows(self, columns: Sequence[str], rows: Sequence[Sequence[Value]], types: Mapping[str, str]) -> nw.LazyFrame[Any]:
        """Gives a small table of Python values as a lazy frame; `types` holds an SQL type a column."""
        return self.lazy(self.table(columns, rows, types))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Value]], types: Mapping[str, str]) -> DataFrame:
        """Gives a small table of Python values as a Spark frame; as Arrow, since rows would start Python on the executors."""
        import pyarrow as pa
        from pyspark.sql import types as T  # noqa: N812 - Spark's own custom

        kinds = {
            "VARCHAR": (pa.string(), T.StringType()), "BIGINT": (pa.int64(), T.LongType()), "DOUBLE": (pa.float64(), T.DoubleType()),
            "BOOLEAN": (pa.bool_(), T.BooleanType()), "DATE": (pa.date32(), T.DateType()),
            "TIMESTAMP": (pa.timestamp("us"), T.TimestampNTZType()),
        }  # fmt: skip
        own = [kinds[types[name]] for name in columns]
        arrays = [pa.array([row[i] for row in rows], type=kind) for i, (kind, _) in enumerate(own)]
        schema = T.StructType([T.StructField(name, kind) for name, (_, kind) in zip(columns, own, strict=True)])
        return self.spark.createDataFrame(pa.Table.from_arrays(arrays, names=list(columns)), schema)

    def read_parquet(self, path: str) -> DataFrame:
        """Gives a Parquet file or folder as a Spark frame.

        Raises:
            InputError: it can't be read.
        """
        from pyspark.errors import PySparkException

        try:
            return self.spark.read.parquet(path)
        except PySparkException as error:
            raise InputError(f"'{path}' can't be read as Parquet: {one_line(str(error))[:200]}") from None


def _native(frame: nw.LazyFrame[Any]) -> Any:
    return frame.to_native()
