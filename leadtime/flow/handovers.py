"""Between whom cases pass, and who is waited for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import narwhals as nw

from leadtime.cases.clock import DAY_US
from leadtime.errors import checks_arguments
from leadtime.flow.steps import ratio
from leadtime.flow.table import FlowTable
from leadtime.flow.visits import Party, hand_overs, require_party, visits
from leadtime.log import EventLog

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["HandOvers", "hand_over_matrix", "waits_by_owner"]


@dataclass(frozen=True, eq=False)
class HandOvers(FlowTable):
    """The hand-overs as a table with a row for each pair; `matrix` lays them out."""

    def matrix(self) -> pd.DataFrame:
        """Gives the counts as a square frame: from the row's party to the column's, in order of their names, 0 where none passed."""
        pairs = self.to_pandas()
        parties = sorted({*pairs["source"], *pairs["target"]})
        square = pairs.pivot_table(index="source", columns="target", values="n", aggfunc="sum", fill_value=0)
        return square.reindex(index=parties, columns=parties, fill_value=0).astype("int64")


@checks_arguments
def hand_over_matrix(log: EventLog, *, by: Party = "unit") -> HandOvers:
    """Gives between whom cases are handed over: consecutive visits with no unit in common, and the waiting between them.

    Args:
        log: the events; rows of one meeting are one joint visit, whose party names all of them ("A + B").
        by: whose hand-overs.

    Returns:
        Columns `source, target, n, cases, mean_days, median_days, p90_days, total_days`, most frequent first; `.matrix()` gives the
        counts as a square. Its sum is the `hand_overs` of `case_profile` over all cases. Events without a unit are passed over.

    Raises:
        InputError: the log has no such column.

    Source:
        DEFINITIONS 4.5 (hand-over), 4.4 (waiting).

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a"] * 3, "activity": ["Visit"] * 3, "unit": ["BVC", "BUP", "BVC"],
    ...                                 "start": ["2020-01-01", "2020-01-11", "2020-02-01"]}))
    >>> print(lt.hand_over_matrix(log).matrix())
    target  BUP  BVC
    source
    BUP       0    1
    BVC       1    0
    """
    require_party(log, by, "hand-overs")
    pairs = hand_overs(log, by).rename({"party": "source", "next_party": "target"})
    table = pairs.group_by("source", "target").agg(n=nw.len(), cases=nw.col("case_id").n_unique(), **_WAITING)
    chosen = table.select("source", "target", "n", "cases", *_in_days())
    return HandOvers("hand_overs", chosen, ("n", "source", "target"), (True, False, False), log)


@checks_arguments
def waits_by_owner(log: EventLog, *, by: Literal["unit", "organisation"] = "unit") -> FlowTable:
    """Gives who is waited for: all waiting within the cases, by the unit or organisation of the event that ends it.

    Args:
        log: the events; rows of one meeting are one joint visit, whose party names all of them ("A + B").
        by: whose waits.

    Returns:
        Columns `owner, crossing, n, cases, mean_days, median_days, p90_days, total_days, share`, the longest in total first. `owner`
        is empty where the event that ends the wait names nobody. `crossing` tells the waits between two organisations
        ("across", as from region to municipality) from those "within" one; it is "unknown" where the log doesn't say. `n` counts
        every visit but a case's first. The totals add up to all waiting of `transitions`.

    Raises:
        InputError: the log has no such column.

    Source:
        DEFINITIONS 4.4 (waiting: next start less the latest end so far, never below 0), 4.5 (visits).

    >>> import pandas as pd, leadtime as lt
    >>> log = lt.read_log(pd.DataFrame({"case_id": ["a"] * 3, "activity": ["Visit"] * 3, "unit": ["BVC", "BUP", "School"],
    ...     "organisation": ["Region", "Region", "Town"], "start": ["2020-01-01", "2020-01-11", "2020-02-01"]}))
    >>> lt.waits_by_owner(log).to_pandas()[["owner", "crossing", "n", "total_days"]].values.tolist()
    [['School', 'across', 1, 21.0], ['BUP', 'within', 1, 10.0]]
    """
    require_party(log, by, "waits")
    crossing = nw.when(nw.col("crossing") == 1).then(nw.lit("across")).when(nw.col("crossing") == 0).then(nw.lit("within"))
    waits = visits(log, by).filter(nw.col("opening") == 0)
    named = waits.select("case_id", nw.col("party").alias("owner"), crossing.otherwise(nw.lit("unknown")).alias("crossing"), "waited_us")
    table = named.group_by("owner", "crossing").agg(n=nw.len(), cases=nw.col("case_id").n_unique(), **_WAITING)
    share = ratio(nw.col("total_us").cast(nw.Float64), nw.col("total_us").sum())
    chosen = table.select("owner", "crossing", "n", "cases", *_in_days(), share=share)
    return FlowTable("waits_by_owner", chosen, ("total_days", "owner", "crossing"), (True, False, False), log)


_WAITING = {
    "mean_us": nw.col("waited_us").mean(),
    "median_us": nw.col("waited_us").median(),
    "p90_us": nw.col("waited_us").quantile(0.9, interpolation="linear"),
    "total_us": nw.col("waited_us").sum(),
}


def _in_days() -> list[nw.Expr]:
    """The waiting in days, each figure under its name."""
    return [(nw.col(name).cast(nw.Float64) / DAY_US).alias(f"{name.removesuffix('_us')}_days") for name in _WAITING]
