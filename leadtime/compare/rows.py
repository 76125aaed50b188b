"""The cases of a comparison as arrays, a place a case: fetched from the engine once, then shared by estimates, sensitivity and audit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from leadtime.cases.clock import DAY_US

if TYPE_CHECKING:
    import pandas as pd

    from leadtime.cases import LeadTimes

__all__ = ["FETCHED", "LEFT", "OPEN", "STOPPED", "CaseRows", "case_rows", "coded", "number_of", "rows_of_frame", "unequal_follow_up"]

OPEN, STOPPED, LEFT = 0, 1, 2  # the outcomes, as codes
_OUTCOMES = {"still waiting": OPEN, "stopped": STOPPED, "left": LEFT}
_NUMBERS = ("lead_us", "lower_us", "upper_us", "entry_us", "start_us", "end_us", "start_wall_us", "end_wall_us")
FETCHED = ("case_id", "status", "stopped_by", "start_is_date", "end_is_date", *_NUMBERS)  # of the columns of `LeadTimes.frame`

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?")
_ALIKE = 0.8  # the shorter median follow-up is at least so much of the longer

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.object_]


def number_of(label: Any) -> float | None:
    """Gives an attribute's value as a number, with either decimal sign; None where it is none.

    >>> number_of("1,5"), number_of(2), number_of("1_5"), number_of("inf")
    (1.5, 2.0, None, None)
    """
    if isinstance(label, str):
        text = label.strip()
        label = float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else math.nan
    value = float(label) if isinstance(label, (int, float, np.number)) else math.nan
    return value if math.isfinite(value) else None


@dataclass(frozen=True, eq=False)
class CaseRows:
    """All cases that have a lead time, in order of case id; durations in days, days of the calendar since the epoch.

    `calendar` says where a lead time is in calendar days; `labels` holds case attributes, None where a case has none.
    """

    case_id: Labels
    lead: Floats
    lower: Floats
    upper: Floats
    entry: Floats
    outcome: Ints
    stopped_by: Labels
    start_us: Ints
    end_us: Ints
    start_day: Ints
    end_day: Ints
    calendar: Bools
    labels: Mapping[str, Labels]

    @property
    def n(self) -> int:
        """How many cases there are."""
        return self.lead.size

    def take(self, chosen: npt.NDArray[Any]) -> CaseRows:
        """The cases that a mask or an index chooses."""
        parts = {name: value[chosen] for name, value in vars(self).items() if name != "labels"}
        return CaseRows(**parts, labels={name: values[chosen] for name, values in self.labels.items()})

    def with_lead(self, lead: Floats) -> CaseRows:
        """The same cases with other lead times, such as the least or the most that partial dates allow."""
        return replace(self, lead=lead)


def case_rows(times: LeadTimes, attributes: Iterable[str]) -> CaseRows:
    """Fetches the cases with some of their attributes.

    Raises:
        InputError: there is no such attribute, or some cases have several values.
    """
    names = dict.fromkeys(attributes)
    columns = {f"label_{place}": name for place, name in enumerate(names)}
    frame = times.with_attributes(columns).filter(nw.col("status") != "excluded")
    return rows_of_frame(times.log.session.collect(frame.select(*FETCHED, *columns).sort("case_id")), columns)


def rows_of_frame(frame: pd.DataFrame, columns: Mapping[str, str]) -> CaseRows:
    """Turns a frame of cases with the columns `FETCHED` into arrays; `columns` names the attributes."""
    us = {name: _whole(frame[name]) for name in _NUMBERS}
    status, statuses = frame["status"].factorize()
    dated = frame["start_is_date"].astype("boolean").fillna(value=False) | frame["end_is_date"].astype("boolean").fillna(value=False)
    return CaseRows(
        case_id=frame["case_id"].to_numpy(dtype=object),
        lead=us["lead_us"] / DAY_US,
        lower=us["lower_us"] / DAY_US,
        upper=us["upper_us"] / DAY_US,
        entry=us["entry_us"] / DAY_US,
        outcome=np.array([_OUTCOMES[name] for name in statuses], np.int64)[status],
        stopped_by=_labels(frame["stopped_by"]),
        start_us=us["start_us"],
        end_us=us["end_us"],
        start_day=us["start_wall_us"] // DAY_US,
        end_day=us["end_wall_us"] // DAY_US,
        calendar=dated.to_numpy(dtype=bool),
        labels={name: _labels(frame[column]) for column, name in columns.items()},
    )


def _whole(values: pd.Series[Any]) -> Ints:
    return np.asarray(values.astype("Int64").fillna(0).to_numpy(dtype=np.int64), np.int64)


def _labels(values: pd.Series[Any]) -> Labels:
    labels: Labels = values.astype(object).to_numpy(dtype=object, copy=True)
    labels[values.isna().to_numpy(dtype=bool)] = None
    return labels


def unequal_follow_up(rows: CaseRows, cohorts: tuple[Ints, Ints], last_day: int) -> float | None:
    """Gives by how many days the median length of possible follow-up differs, after less before; None where it is alike.

    Alike is a shorter median of at least 80 % of the longer, and where every case ended, so that nobody was followed too briefly.
    """
    if all((rows.outcome[places] == STOPPED).all() for places in cohorts):
        return None
    before, after = (float(np.median(last_day - rows.start_day[places])) for places in cohorts)
    return None if min(before, after) >= _ALIKE * max(before, after) else after - before


def coded(labels: Labels) -> tuple[Ints, tuple[Any, ...]]:
    """Numbers labels in their own order, -1 for a missing one; gives the codes and the labels."""
    there = np.array([label is not None for label in labels], dtype=bool)
    codes = np.full(labels.size, -1, np.int64)
    if not there.any():
        return codes, ()
    names, inverse = np.unique(labels[there].astype(str), return_inverse=True)
    codes[there] = inverse
    return codes, tuple(str(name) for name in names)
