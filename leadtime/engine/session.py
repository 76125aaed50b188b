"""A session with an engine: where frames are read, made lazy, materialised once and counted.

Only this room imports duckdb or pyspark. What it hands out are narwhals lazy frames, so that all that follows is one text.
"""

from __future__ import annotations

import atexit
import itertools
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb
import narwhals as nw

from leadtime.engine.coding import coded, distinct_count
from leadtime.engine.failures import interruptible, readable, resources
from leadtime.engine.sql import literal, quoted
from leadtime.errors import InputError, ResourceError, one_line
from leadtime.files import draft_of, private_folder, remover
from leadtime.results import InEngine

if TYPE_CHECKING:
    import pandas as pd

    from leadtime.engine.protocol import Coded

__all__ = ["Session"]


class Session(InEngine):
    """One DuckDB connection with its bounds; frames made here live as long as it does.

    Args:
        memory_limit: what DuckDB may hold in memory, as in ``"6GB"``; its own default where not given.
        spill_folder: where it may spill to disk.
        threads: how many threads it may use.
    """

    def __init__(self, *, memory_limit: str | None = None, spill_folder: str | None = None, threads: int | None = None) -> None:
        self.connection = duckdb.connect()
        self._names = itertools.count()
        self._spill_folder = spill_folder
        self._scratch: Path | None = None
        self._kept: list[Any] = []  # what DuckDB only refers to must not be collected
        # The tables made within each piece of work that keeps none, and whether it keeps those that measures share.
        self._passing: list[tuple[list[str], bool]] = []
        # Zone conversions name their zone; the session's own must not depend on the machine.
        settings: dict[str, str | int | None] = {
            "TimeZone": "UTC",
            "memory_limit": memory_limit,
            "temp_directory": str(self._own_folder("spill")),
            "threads": threads,
            "preserve_insertion_order": "true",
            # Else a function or format that it doesn't know is fetched from the network.
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        for name, value in settings.items():
            if value is not None:
                try:
                    self.connection.execute(f"SET {name} = {literal(value)}")
                except duckdb.Error as error:
                    raise ResourceError(f"{name}={value!r} isn't accepted by DuckDB: {one_line(str(error))}") from None
        # It would be drawn wherever Python runs interactively, and the library is silent. A notebook without ipywidgets can't draw it,
        # and refuses to be told not to.
        with suppress(duckdb.Error):
            self.connection.execute("SET enable_progress_bar = false")

    def _own_folder(self, what: str) -> Path:
        """Gives a private folder of this session's own, which goes when the session does."""
        made = private_folder(what, self._spill_folder)
        weakref.finalize(self, remover(made))
        return made

    def sql(self, query: str, parameters: Sequence[object] = ()) -> duckdb.DuckDBPyRelation:
        """Gives the relation of a query; values go in as parameters, names through `quoted`."""
        return self.connection.sql(query, params=list(parameters)) if parameters else self.connection.sql(query)

    def new_name(self, what: str) -> str:
        """Gives a name that no table or view of the session has."""
        return f"leadtime_{what}_{next(self._names)}"

    def scratch(self) -> Path:
        """Gives a folder for files that live as long as the session."""
        if self._scratch is None:
            self._scratch = self._own_folder("scratch")
        return self._scratch

    @contextmanager
    def stoppable(self) -> Iterator[None]:
        """Has the engine stop what it does when Ctrl-C comes; by itself it would go on in its own threads."""
        try:
            yield
        except KeyboardInterrupt:
            self.connection.interrupt()
            raise

    def run(self, statement: str) -> None:
        """Carries out a statement that gives nothing back."""
        with self.stoppable(), readable():
            self.connection.execute(statement)

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Gives the rows of a query as plain values; for few rows, never for events."""
        with self.stoppable(), readable():
            return list(self.connection.execute(query, list(parameters)).fetchall())

    def append_columns(
        self, table: str, columns: Mapping[str, tuple[str, Sequence[object]]], *, written: Mapping[str, str] | None = None
    ) -> None:
        """Adds columns of Python values to a table, each with its pandas type (``string``, ``Int64``, ``datetime64[us]``, ``boolean``).

        `written` is the SQL of those whose values go in as something else than they are.
        """
        import pandas as pd

        # Texts stay Python's: the engine reads those, and a detour over pyarrow, where that is installed, takes half as long again.
        kinds: Any = {kind: pd.StringDtype("python") if kind == "string" else kind for kind, _ in columns.values()}
        typed: Any = {name: pd.array(cast("Any", list(column)), dtype=kinds[kind]) for name, (kind, column) in columns.items()}
        self.append(table, pd.DataFrame(typed), written=written)

    def append(self, table: str, frame: Any, *, written: Mapping[str, str] | None = None) -> None:
        """Adds the rows of a pandas frame to a table with columns of the same names; `written` is the SQL of those that go in changed."""
        name = self.new_name("chunk")
        self.connection.register(name, frame)
        try:
            changed = ", ".join(f"{sql} AS {quoted(column)}" for column, sql in (written or {}).items())
            self.run(f"INSERT INTO {table} BY NAME SELECT *{f' REPLACE ({changed})' if changed else ''} FROM {name}")
        finally:
            self.connection.unregister(name)

    def lazy(self, relation: duckdb.DuckDBPyRelation) -> nw.LazyFrame[Any]:
        """Gives a relation as a narwhals lazy frame."""
        return nw.from_native(relation)

    @contextmanager
    def passing(self, *, shared: bool = False) -> Iterator[None]:
        """Drops at its end the tables that were materialised within, the lasting ones only where `shared`; a large log's take much room."""
        self._passing.append(([], shared))
        try:
            yield
        finally:
            for name in self._passing.pop()[0]:
                self.run(f"DROP TABLE IF EXISTS {name}")

    def materialise(self, frame: nw.LazyFrame[Any], *, lasting: bool = False) -> nw.LazyFrame[Any]:
        """Computes a frame once and keeps it in the engine, for all that reads it after; a lasting one also beyond `passing`."""
        name = f"leadtime_{next(self._names)}"
        for names, shared in reversed(self._passing):
            if shared or not lasting:
                names.append(name)
                break
        return self._stored(cast("duckdb.DuckDBPyRelation", frame.to_native()), name)

    def kept(self, relation: duckdb.DuckDBPyRelation) -> nw.LazyFrame[Any]:
        """Computes a relation for as long as the session lives, beyond `passing`."""
        return self._stored(relation, self.new_name("kept"))

    def _stored(self, relation: duckdb.DuckDBPyRelation, name: str) -> nw.LazyFrame[Any]:
        with self.stoppable(), resources():
            relation.create(name)
        return self.lazy(self.connection.table(name))

    def numbered(self, frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """Gives the events as they are: their rows are numbered through."""
        return frame

    def distinct_counts(self, frame: nw.LazyFrame[Any], *, key: str, columns: Mapping[str, str]) -> nw.LazyFrame[Any]:
        """Gives for each key how many different values some columns (new name to old) hold; missing ones don't count."""
        relation = cast("duckdb.DuckDBPyRelation", frame.to_native())
        kinds = dict(zip(relation.columns, relation.types, strict=True))
        counted = (f"{distinct_count(old, kinds[old])} AS {quoted(new)}" for new, old in columns.items())
        return self.lazy(relation.aggregate(", ".join([quoted(key), *counted]), quoted(key)))

    def coded(self, frame: nw.LazyFrame[Any], *, key: str) -> Coded | None:
        """Gives a frame with its key by number and its repeated texts as categories; None where it is too small for that to matter."""
        return coded(self, frame, key)

    def collect(self, frame: nw.LazyFrame[Any]) -> pd.DataFrame:
        """Computes a frame and gives it to pandas; what is held by code, as texts."""
        with self.stoppable(), resources():
            found = cast("pd.DataFrame", frame.collect("pandas").to_native())
        texts = {name: kind.categories.dtype for name, kind in found.dtypes.items() if kind == "category"}
        return found.astype(texts) if texts else found

    def count(self, frame: nw.LazyFrame[Any]) -> int:
        """Gives the number of a frame's rows."""
        with resources():  # to ask is to look into the file, for some of the engine's versions
            asked = frame.select(nw.len())
        return int(cast("int", self.collect(asked).iloc[0, 0]))

    def text_in_order(self, frame: nw.LazyFrame[Any], *, key: str, text: str, order: Sequence[str], separator: str) -> nw.LazyFrame[Any]:
        """Gives for each key its texts joined in order, under the text's own name; this has no spelling that engines share."""
        relation = cast("duckdb.DuckDBPyRelation", frame.to_native())
        by = ", ".join(quoted(name) for name in order)
        joined = f"string_agg({quoted(text)}, {literal(separator)} ORDER BY {by}) AS {quoted(text)}"
        return self.lazy(relation.aggregate(f"{quoted(key)}, {joined}", quoted(key)))

    def first_of_each(
        self, frame: nw.LazyFrame[Any], *, key: Sequence[str], columns: Mapping[str, str], order: Sequence[str], last: bool = False
    ) -> nw.LazyFrame[Any]:
        """Gives for each key the columns (new name to old) of its first row in order, or of its last; engines spell this apart."""
        relation = cast("duckdb.DuckDBPyRelation", frame.to_native())
        keys = ", ".join(quoted(name) for name in key)
        carried = ", ".join(f"{quoted(new)} := {quoted(old)}" for new, old in columns.items())
        by = ", ".join(quoted(name) for name in order)
        chosen = relation.aggregate(f"{keys}, {'arg_max' if last else 'arg_min'}(struct_pack({carried}), row({by})) AS first", keys)
        return self.lazy(chosen.project(", ".join([keys, *(f"first.{quoted(new)} AS {quoted(new)}" for new in columns)])))

    def greatest_before(self, frame: nw.LazyFrame[Any], column: str, *, key: str, order: Sequence[str], name: str) -> nw.LazyFrame[Any]:
        """Gives the rows with the greatest value of a column among the rows before in their group, empty in the first, under a new name.

        The common text knows only the greatest up to and with a row, and to shift that by one would sort the rows a second time.
        """
        relation = cast("duckdb.DuckDBPyRelation", frame.to_native())
        by = ", ".join(quoted(each) for each in order)
        rows = f"PARTITION BY {quoted(key)} ORDER BY {by} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
        return self.lazy(relation.project(f"*, max({quoted(column)}) OVER ({rows}) AS {quoted(name)}"))

    def write_parquet(self, frame: nw.LazyFrame[Any], path: str) -> None:
        """Writes a frame to a Parquet file from within the engine, as a whole or not at all."""
        try:
            with interruptible(), draft_of(path) as draft:
                # Without a temporary file of the engine's own, which others might read.
                cast("duckdb.DuckDBPyRelation", frame.to_native()).write_parquet(str(draft), use_tmp_file=False)
        except duckdb.Error as error:
            raise ResourceError(f"'{path}' can't be written: {one_line(str(error))[:200]}; make room, or choose another folder") from None

    def from_rows(
        self, columns: Sequence[str], rows: Sequence[Sequence[str | int | float | bool | None]], types: Mapping[str, str]
    ) -> nw.LazyFrame[Any]:
        """Gives a small table of Python values as a lazy frame; `types` holds an SQL type a column."""
        import pandas as pd

        frame = pd.DataFrame({name: pd.Series([row[i] for row in rows], dtype="object") for i, name in enumerate(columns)})
        return self._registered(frame, ", ".join(f"{quoted(name)}::{types[name]} AS {quoted(name)}" for name in columns))

    def from_native(self, frame: Any) -> nw.LazyFrame[Any]:
        """Gives a pandas, polars or pyarrow frame as a lazy frame that DuckDB reads; the caller's frame stays as it is."""
        try:
            return self._registered(frame, "*")
        except duckdb.Error as error:
            raise InputError(f"the frame can't be read: {one_line(str(error))}") from None

    def _registered(self, frame: Any, selection: str) -> nw.LazyFrame[Any]:
        name = f"leadtime_frame_{next(self._names)}"
        self.connection.register(name, frame)
        self._kept.append(frame)
        return self.lazy(self.connection.sql(f"SELECT {selection} FROM {name}"))


@atexit.register
def _parted() -> None:
    """Empties what narwhals keeps of DuckDB, which else outlives DuckDB's own clearing away: DuckDB 2 tells that at length as a leak."""
    with suppress(ImportError, AttributeError):
        from narwhals._namespace import _builtin_namespace

        _builtin_namespace.cache_clear()
