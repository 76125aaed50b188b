"""The result of every measure of flow: a table that stays in the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from leadtime.log import EventLog
from leadtime.results import InEngine, Result, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FlowTable", "Frame"]

Frame = nw.LazyFrame[Any]


@dataclass(frozen=True, eq=False)
class FlowTable(Result, InEngine):
    """A result table that stays in the engine until asked for."""

    name: str
    frame: Frame
    order: tuple[str, ...]
    descending: tuple[bool, ...]
    log: EventLog

    def to_pandas(self) -> pd.DataFrame:
        """Gives the table as a pandas frame, in its declared order."""
        frame: pd.DataFrame = self.log.session.collect(self.frame.sort(*self.order, descending=list(self.descending)))
        return frame.reset_index(drop=True)

    def write_parquet(self, path: str) -> None:
        """Writes the table to a Parquet file without passing through Python."""
        self.log.session.write_parquet(self.frame.sort(*self.order, descending=list(self.descending)), path)

    def _table(self) -> Table:
        frame = self.to_pandas()
        cells = frame.astype(object).where(frame.notna(), None)
        return Table(self.name, tuple(frame.columns), tuple(cells.itertuples(index=False, name=None)))

    def to_dict(self) -> dict[str, Any]:
        """Gives the rows as plain values."""
        return {"schema_version": 1, "name": self.name, "rows": self._table().records()}
