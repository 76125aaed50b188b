"""The routes inside the cohorts: by which way the cases came, how each fared, and how many clocks started by month.

Source: DEFINITIONS 6 (route-selection): a cohort is all who started the clock, by every route.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import numpy.typing as npt

from leadtime import survival
from leadtime.compare.cohorts import AFTER, BEFORE, cohort_codes
from leadtime.compare.rows import LEFT, OPEN, STOPPED
from leadtime.engine.distinct import distinct
from leadtime.results import Table, Value

if TYPE_CHECKING:
    from leadtime.compare.basis import Basis

__all__ = ["ORDINARY", "TEAM", "by_route", "route_labels", "starts_by_month", "team_activities"]

TEAM, ORDINARY = "team", "ordinary"

Labels = npt.NDArray[np.object_]


def team_activities(basis: Basis) -> list[str]:
    """The activities that the pathway declares to be the team's."""
    pathway = basis.times.pathway
    return [] if pathway is None else sorted(name for name, part in pathway.activities.items() if part.kind == "team")


def route_labels(basis: Basis) -> Labels | None:
    """Gives each case's route: the attribute `route`, else whether it met the team while its clock ran; None where neither is known."""
    if "route" in basis.rows.labels:
        return basis.rows.labels["route"]
    events, team = basis.times.log, team_activities(basis)
    met = nw.lit(value=False)
    if team:
        met = met | nw.col("activity").is_in(team)
    if "kind" in events.columns:
        met = met | (nw.col("kind") == TEAM)
    if not team and "kind" not in events.columns:
        return None
    clocks = basis.times.frame.filter(nw.col("status") != "excluded").select(
        "case_id", clock_start=nw.col("start_wall_us"), clock_end=nw.col("end_wall_us")
    )
    inside = (nw.col("start_wall_us") >= nw.col("clock_start")) & (nw.col("start_wall_us") <= nw.col("clock_end"))
    joined = events.frame.filter(met).select("case_id", "start_wall_us").join(clocks, on="case_id", how="inner").filter(inside)
    found = set(events.session.collect(distinct(joined, "case_id"))["case_id"])
    if not found:
        return None
    return np.array([TEAM if case in found else ORDINARY for case in basis.rows.case_id], dtype=object)


def by_route(basis: Basis) -> Table:
    """Gives each cohort's cases by route, with their Kaplan-Meier medians.

    Who came by which route was decided as they went along, so that this describes and does not compare.
    """
    columns = ("cohort", "route", "n", "observed", "open", "left", "median_days", "lower_days", "upper_days", "interval")
    labels = route_labels(basis)
    rows: list[tuple[Value, ...]] = []
    for cohort in basis.pair.cohorts if labels is not None else ():
        mine = labels[cohort.place]  # type: ignore[index]
        for route in sorted({str(label) for label in mine if label is not None}):
            part = cohort.take(mine == route)
            curve = survival.kaplan_meier(
                part.days, part.observed, entry=part.entry, confidence=basis.options.confidence, interval=basis.options.interval
            )
            counts = (int((part.outcome == outcome).sum()) for outcome in (STOPPED, OPEN, LEFT))
            median = curve.median
            rows.append((cohort.name, route, part.n, *counts, median.value, median.lower, median.upper, median.interval))
    return Table("routes", columns, tuple(rows), counts=("n", "observed", "open", "left"))


def starts_by_month(basis: Basis) -> Table:
    """Gives the clock starts by month, cohort and route; months without any are left out, the route is empty where none is known."""
    import pandas as pd

    labels = route_labels(basis)
    codes = cohort_codes(basis.rows, basis.design, basis.breaks, basis.design.cohort_rule)
    inside = np.isin(codes, (BEFORE, AFTER))
    routes = np.full(basis.rows.n, "", dtype=object) if labels is None else np.where(labels == None, "", labels)  # noqa: E711 - elementwise
    frame = pd.DataFrame({
        "month": np.datetime_as_string(basis.rows.start_day[inside].astype("datetime64[D]").astype("datetime64[M]")),
        "cohort": np.where(codes[inside] == BEFORE, basis.design.before, basis.design.after),
        "route": routes[inside].astype(str),
    })  # fmt: skip
    counted = frame.groupby(["month", "cohort", "route"]).size().reset_index(name="starts")
    rows: list[tuple[Value, ...]] = [(str(m), str(c), str(r), int(n)) for m, c, r, n in counted.itertuples(index=False)]
    return Table("starts_by_month", ("month", "cohort", "route", "starts"), tuple(rows), counts=("starts",))
