"""Distinct values of lazy frames, by the way that is cheap on every engine."""

from __future__ import annotations

from typing import Any

import narwhals as nw

__all__ = ["distinct"]


def distinct(frame: nw.LazyFrame[Any], *columns: str) -> nw.LazyFrame[Any]:
    """Gives the distinct values of some columns, in no order, missing ones included.

    A frame's own `unique` numbers the rows within each value, for which DuckDB lays out all of them; groups are counted as they come.

    >>> import duckdb
    >>> frame = nw.from_native(duckdb.sql("SELECT unnest([1, 2, 1, NULL]) AS a, 0 AS b"))
    >>> distinct(frame, "a").sort("a", nulls_last=True).collect("pyarrow").to_dict(as_series=False)
    {'a': [1, 2, None]}
    """
    return frame.group_by(*columns).agg(nw.len().alias("__rows")).select(*columns)
