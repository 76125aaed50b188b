"""Frames carried from one engine's session into another's, so that logs that were read apart can be computed on together."""

from __future__ import annotations

from typing import Any, cast

import duckdb
import narwhals as nw

from leadtime.engine.failures import resources
from leadtime.engine.protocol import Engine
from leadtime.engine.session import Session
from leadtime.engine.spark import SparkEngine
from leadtime.engine.sql import literal, quoted
from leadtime.errors import UsageError

__all__ = ["carried", "handed_over"]

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_KINDS = {
    **dict.fromkeys(_WHOLE, "BIGINT"), **dict.fromkeys(("FLOAT", "DOUBLE", "DECIMAL", "HUGEINT", "UBIGINT"), "DOUBLE"),
    "BOOLEAN": "BOOLEAN", "DATE": "DATE", "TIMESTAMP": "TIMESTAMP",
}  # fmt: skip


def carried(frame: nw.LazyFrame[Any], source: Engine, target: Engine) -> nw.LazyFrame[Any]:
    """Gives a frame of one session as a frame of another; by way of a file, which lives as long as the other session.

    Raises:
        UsageError: one is of DuckDB and the other of Spark.
    """
    if source is target:
        return frame
    if isinstance(source, Session) and isinstance(target, Session):
        path = str(target.scratch() / f"{target.new_name('carried')}.parquet")
        source.write_parquet(frame, path)
        return target.lazy(target.sql(f"SELECT * FROM read_parquet({literal(path)})"))
    if getattr(source, "spark", source) is getattr(target, "spark", target):
        return frame  # two logs of one Spark session
    raise UsageError("one log is in DuckDB and another in Spark, or in two Spark sessions; read all of them with the same engine=")


def handed_over(frame: nw.LazyFrame[Any], source: Session, target: SparkEngine) -> nw.LazyFrame[Any]:
    """Gives a small table of DuckDB's as a frame of Spark, by its values; what has no type there goes in as text."""
    relation = cast("duckdb.DuckDBPyRelation", frame.to_native())
    kinds = {name: _KINDS.get(str(kind).partition("(")[0], "VARCHAR") for name, kind in zip(relation.columns, relation.types, strict=True)}
    typed = relation.project(", ".join(f"{quoted(name)}::{kind} AS {quoted(name)}" for name, kind in kinds.items()))
    with resources():
        return target.materialise(target.from_rows(relation.columns, typed.fetchall(), kinds))
