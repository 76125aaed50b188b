"""What every engine can do beyond the frames' common text; a measure that keeps to it runs on all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import narwhals as nw
    import pandas as pd

__all__ = ["Coded", "Engine", "Value"]

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Coded:
    """A frame with its key by number, beside the numbers: `key` and `number`, which rises with it.

    In it texts may be categories, which compare and group as texts; cast to texts what goes into a result. `keep` stores it, for work
    that reads it many times.
    """

    frame: nw.LazyFrame[Any]
    numbers: nw.LazyFrame[Any]
    keep: Callable[[], None]


class Engine(Protocol):
    """The engine behind a log: DuckDB (`engine.session`) or Spark (`engine.spark`)."""

    def passing(self, *, shared: bool = False) -> AbstractContextManager[None]:
        """Drops at its end the tables that were materialised within, the lasting ones only where `shared`."""
        ...

    def materialise(self, frame: nw.LazyFrame[Any], *, lasting: bool = False) -> nw.LazyFrame[Any]:
        """Computes a frame once and keeps it in the engine, for all that reads it after; a lasting one also beyond `passing`."""
        ...

    def numbered(self, frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """Gives events with a `row` that tells each from all others, where it tells it only from those of its case; the order stays."""
        ...

    def coded(self, frame: nw.LazyFrame[Any], *, key: str) -> Coded | None:
        """Gives a frame with its key by number; None where that isn't worth it."""
        ...

    def distinct_counts(self, frame: nw.LazyFrame[Any], *, key: str, columns: Mapping[str, str]) -> nw.LazyFrame[Any]:
        """Gives for each key how many different values some columns (new name to old) hold; missing ones don't count."""
        ...

    def collect(self, frame: nw.LazyFrame[Any]) -> pd.DataFrame:
        """Computes a frame and gives it to pandas."""
        ...

    def count(self, frame: nw.LazyFrame[Any]) -> int:
        """Gives the number of a frame's rows."""
        ...

    def text_in_order(self, frame: nw.LazyFrame[Any], *, key: str, text: str, order: Sequence[str], separator: str) -> nw.LazyFrame[Any]:
        """Gives for each key its texts joined in order, under the text's own name."""
        ...

    def first_of_each(
        self, frame: nw.LazyFrame[Any], *, key: Sequence[str], columns: Mapping[str, str], order: Sequence[str], last: bool = False
    ) -> nw.LazyFrame[Any]:
        """Gives for each key the columns (new name to old) of its first row in order, or of its last."""
        ...

    def greatest_before(self, frame: nw.LazyFrame[Any], column: str, *, key: str, order: Sequence[str], name: str) -> nw.LazyFrame[Any]:
        """Gives the rows with the greatest value of a column among the rows before in their group, empty in the first, under a new name."""
        ...

    def write_parquet(self, frame: nw.LazyFrame[Any], path: str) -> None:
        """Writes a frame as Parquet from within the engine."""
        ...

    def from_rows(self, columns: Sequence[str], rows: Sequence[Sequence[Value]], types: Mapping[str, str]) -> nw.LazyFrame[Any]:
        """Gives a small table of Python values as a lazy frame; `types` holds an SQL type a column."""
        ...
