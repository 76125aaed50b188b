"""Frames carried from one engine's session into another's, so that logs that were read apart can be computed on together."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from leadtime.engine.protocol import Engine
from leadtime.engine.session import Session, literal
from leadtime.errors import UsageError

__all__ = ["carried"]


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
