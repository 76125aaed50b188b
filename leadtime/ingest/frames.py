"""Parquet files and data frames: pandas, polars, pyarrow, DuckDB and what else narwhals knows. The caller's frame is never changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np

from leadtime.engine.session import Session
from leadtime.engine.tables import frame_table, parquet_view, spilled
from leadtime.errors import InputError, ResourceError, UsageError, one_line
from leadtime.ingest.cells import cell_text, midnights
from leadtime.ingest.source import Source

__all__ = ["read_frame", "read_parquet"]


def read_parquet(session: Session, path: Path) -> Source:
    """Gives a Parquet file as a lazy raw table; it is never loaded whole."""
    with path.open("rb") as stream:
        if stream.read(4) != b"PAR1":
            raise InputError(f"'{path}' isn't a Parquet file, whatever its ending; give it its right ending or say format=")
    return Source(parquet_view(session, str(path)), path.name, "parquet", str(path))


def read_frame(session: Session, frame: Any) -> Source:
    """Gives a data frame as a raw table: eager frames are copied into the engine, a DuckDB relation goes by a temporary file."""
    known = _known(frame)
    kind = known.implementation.name.lower()
    if kind == "duckdb":
        target = str(session.scratch() / f"{session.new_name('relation')}.parquet")
        spilled(known.to_native(), target)
        return Source(parquet_view(session, target), "relation", "duckdb")
    if isinstance(known, nw.LazyFrame):
        eager = known.collect() if kind == "polars" else known.collect("pandas")
        return _eager(session, eager, kind)
    if kind not in ("pandas", "polars", "pyarrow"):
        return _eager(session, nw.from_native(known.to_pandas(), eager_only=True), kind)
    return _eager(session, known, kind)


def _known(frame: Any) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    if isinstance(frame, (nw.DataFrame, nw.LazyFrame)):
        return frame
    try:
        return nw.from_native(frame)  # type: ignore[no-any-return]
    except TypeError:
        kind = type(frame).__name__
        raise UsageError(
            f"source is of type {kind}; give a path (.csv .tsv .xlsx .parquet) or a data frame (pandas, polars, pyarrow, DuckDB)"
        ) from None
    except Exception as error:  # narwhals raises its own for repeated names
        raise InputError(f"the frame can't be read: {one_line(str(error))[:200]}") from None


def _eager(session: Session, frame: nw.DataFrame[Any], kind: str) -> Source:
    native = frame.to_native()
    headers = [str(name) for name in native.columns] if kind == "pandas" else list(frame.columns)
    twice = sorted({name for name in headers if headers.count(name) > 1})
    if twice:
        raise InputError(f"the frame has two columns named '{twice[0]}'; rename one")
    names = [f"c{i}" for i in range(len(headers))]
    dates: set[str] = set()
    if frame.implementation.is_pandas():
        native = native.set_axis(names, axis="columns")  # a new frame; the caller's keeps its names
        for i, header in enumerate(headers):
            if _holds_objects(native.dtypes.iloc[i]):
                values = list(native.iloc[:, i])
                is_dates = midnights(values)
                native = native.assign(**{names[i]: _texts(values, dates=is_dates)})
                if is_dates:
                    dates.add(header)
    elif frame.implementation.is_polars():
        native = native.rename(dict(zip(headers, names, strict=True)))
    else:
        native = native.rename_columns(names)
    try:
        raw = frame_table(session, native, headers)
    except ImportError:
        raise ResourceError(f"reading a {kind} frame needs pyarrow; install it with: pip install 'leadtime[frames]'") from None
    return Source(raw, f"{kind} frame", kind, dates=frozenset(dates))


def _holds_objects(dtype: Any) -> bool:
    """Whether a column of pandas holds Python objects, or what DuckDB has no type for: periods, intervals (`pd.cut`), sparse values."""
    import pandas as pd

    own = dtype.categories.dtype if isinstance(dtype, pd.CategoricalDtype) else dtype
    strange = isinstance(own, (pd.PeriodDtype, pd.IntervalDtype, pd.SparseDtype)) or own.kind == "c"
    return strange or dtype.type is np.object_


def _texts(values: list[Any], *, dates: bool) -> Any:
    """A column of Python objects as text, as the cells of a workbook are."""
    import pandas as pd

    missing = pd.isna(pd.Series(values, dtype=object)).tolist()
    return pd.array([None if gone else cell_text(value, dates=dates) for value, gone in zip(values, missing, strict=True)], dtype="string")
