"""The ledger of all cases, or of each cohort: how many are touched by a waste, and how much of it there is.

Source: DEFINITIONS 3.1-3.2 (what cases still wait for), 4.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from leadtime.results import Table, Value
from leadtime.survival import KaplanMeier, kaplan_meier
from leadtime.waste.declarations import COMPUTED, Figure, Measure
from leadtime.waste.events import CaseEvents, Frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["summarised"]

_COLUMNS = (
    "code", "measure", "figure", "cohort", "cases", "counted", "affected", "open", "total", "mean", "median", "p90", "state",
)  # fmt: skip


def summarised(measures: tuple[Measure, ...], states: Mapping[str, str], cases: Frame, base: CaseEvents, by: str | None) -> Table:
    """Gives a row for each cohort and figure, in the order of the ledger; cohorts by code point."""
    computed = [figure for measure in measures if states[measure.code] == COMPUTED for figure in measure.figures]
    groups = {str(group): part for group, part in _collected(cases, computed, base, by).groupby("group", sort=True)}
    rows: list[tuple[Value, ...]] = []
    for measure in measures:
        if states[measure.code] != COMPUTED:
            rows.append((measure.code, measure.name, None, None, *(None,) * 8, states[measure.code]))
            continue
        rows += [
            (measure.code, measure.name, figure.name, group or None, len(part), *_statistics(part, figure), COMPUTED)
            for figure in measure.figures
            for group, part in groups.items()
        ]
    return Table("waste", _COLUMNS, tuple(rows), counts=("cases", "counted", "affected", "open"))


def _collected(cases: Frame, figures: list[Figure], base: CaseEvents, by: str | None) -> pd.DataFrame:
    """A row a case with its figures as plain numbers, and its group, '' where there is none to tell apart."""
    numbers = cases.select("case_id", *(nw.col(figure.name).cast(nw.Float64) for figure in figures))
    if by is None:
        return base.log.session.collect(numbers.drop("case_id").with_columns(group=nw.lit("")))
    members = base.times.members(by).select("case_id", group=nw.coalesce("group", nw.lit("")))
    return base.log.session.collect(numbers.join(members, on="case_id", how="left").drop("case_id"))


def _statistics(part: pd.DataFrame, figure: Figure) -> tuple[Value, ...]:
    """Counted, affected, open, total, mean, median and p90 of a figure in a group."""
    all_values = part[figure.name].to_numpy(dtype=float)
    values = all_values[~np.isnan(all_values)]
    counted = (len(values), int((values > 0).sum()))
    total = float(values.sum()) if len(values) else None
    if figure.followed:
        curve = _curve(part, figure)
        # The plain figures of those who reached it would leave out the ones who wait longest.
        return (
            (*counted, curve.n - curve.events, total, None, curve.median.value, curve.quantile(0.9).value)
            if curve
            else (*counted, 0, *(None,) * 4)
        )
    if total is None:
        return (*counted, *(None,) * 5)
    return (*counted, None, total, total / len(values), *(float(value) for value in np.quantile(values, (0.5, 0.9))))


def _curve(part: pd.DataFrame, figure: Figure) -> KaplanMeier | None:
    """The Kaplan-Meier curve for what the cases may still wait for; none where no case was watched."""
    watched = part[~part[figure.followed].isna()]
    if not len(watched):
        return None
    return kaplan_meier(watched[figure.followed].to_numpy(dtype=float), watched[figure.name].notna().to_numpy())
