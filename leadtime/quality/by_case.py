"""What the cases show: births, spans that stand out, and with a pathway the order of milestones, and who hasn't finished."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from leadtime.log import counted
from leadtime.quality.findings import Sighting, finding
from leadtime.quality.scope import DAY_US, LISTED, Frame, Route, Scope, day_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["case_count", "far_out", "of_cases_alone", "of_cases_on_route"]

_ENOUGH = 20  # spans, for one of them to stand out
_SPREAD = 1.5  # the least ratio of the quartiles: where all take nearly as long, twice as long is no slip
_NOTHING: Mapping[str, str] = MappingProxyType({})


def far_out(spans: npt.NDArray[np.int64], *, least: int) -> float | None:
    """Gives the span beyond which one stands far out: the upper quartile times the cube of the ratio of the quartiles.

    That is Tukey's outer fence on the log scale, where lead times are nearly symmetric; half the spans have no say in it, however long
    they are. None where there are too few spans.

    Args:
        spans: in microseconds.
        least: what shorter ones count as, since the log of 0 is none.

    Source:
        Tukey, Exploratory Data Analysis (1977): fences at 3 times the spread of the quartiles.

    >>> fence = far_out(np.repeat([10, 20, 30, 40], 10) * DAY_US, least=DAY_US)
    >>> round(fence / DAY_US, 1)
    208.2
    """
    if len(spans) < _ENOUGH:
        return None
    low, high = np.quantile(np.maximum(spans, least), [0.25, 0.75])
    return float(high * max(high / low, _SPREAD) ** 3)


def of_cases_alone(scope: Scope) -> list[Sighting]:
    """Gives what needs no pathway: events before birth, and spans from the first to the last event that stand out."""
    cases = _numbers(scope, _cases(scope).drop("case_id"))
    found = _sighted("before-birth", cases[cases["first_wall_us"] // DAY_US < cases["birth_date"] // DAY_US])
    if scope.route is None:
        found += _outlying(cases.assign(span=cases["last_us"] - cases["first_us"]))
    return found


def of_cases_on_route(scope: Scope) -> list[Sighting]:
    """Gives what a pathway shows: order, milestones never reached, cases without any, unfinished and silent cases, outlying lead times."""
    if scope.route is None:
        return []
    cases = _on_route(scope, scope.route)
    stopped = cases[~cases["stop_us"].isna()]
    return [
        *_milestones(scope.route, cases),
        *_out_of_order(scope.route, cases),
        *_unfinished(scope, scope.route, cases),
        *_outlying(stopped.assign(span=stopped["stop_us"] - stopped[f"us_{scope.route.start}"])),
    ]


def case_count(scope: Scope) -> int:
    """Gives how many cases have an event in the observation."""
    return scope.size(_cases(scope))


def _cases(scope: Scope) -> Frame:
    """One row a case: its first and last moment, the row of its first event, its birth and its own end of observation."""

    def make() -> Frame:
        own = {name: f"{name}_wall_us" for name in ("birth_date", "last_observed", "exit_date") if f"{name}_wall_us" in scope.log.columns}
        cases = scope.inside.group_by("case_id").agg(
            nw.col("start_us").min().alias("first_us"), nw.col("start_wall_us").min().alias("first_wall_us"),
            nw.col("end_us").max().alias("last_us"), nw.col("end_wall_us").max().alias("last_wall_us"), nw.col("row").min().alias("row"),
            *(nw.col(column).max().alias(name) for name, column in own.items()),
        )  # fmt: skip
        return _with_declared(scope, cases, own)

    return scope.log.shared(f"quality:cases:{scope.log.observed_until}", make)


def _numbers(scope: Scope, cases: Frame) -> pd.DataFrame:
    """The cases as floats, in which a missing moment is smaller than none and none is smaller; exact until the year 2255."""
    return scope.collect(cases).astype("float64")


def _with_declared(scope: Scope, cases: Frame, own: Iterable[str]) -> Frame:
    """The dates of the table of cases where the events have none; all three columns are always there."""
    declared = scope.log.declared_cases
    there = () if declared is None else tuple(declared.collect_schema().names())
    names = [name for name in ("birth_date", "last_observed", "exit_date") if name not in own]
    from_table = [name for name in names if f"{name}_wall_us" in there]
    if declared is not None and from_table:
        dates = declared.select("case_id", *(nw.col(f"{name}_wall_us").alias(name) for name in from_table))
        cases = cases.join(dates, on="case_id", how="left")
    return cases.with_columns(**{name: nw.lit(None, dtype=nw.Int64) for name in names if name not in from_table})


def _sighted(code: str, cases: pd.DataFrame, *, of: int | None = None, values: Mapping[str, str] = _NOTHING) -> list[Sighting]:
    """A finding that counts some cases, with the rows of the first of them; nothing where there is none."""
    if cases.empty:
        return []
    rows = tuple(int(row) for row in sorted(cases["row"])[:LISTED])
    return [Sighting(finding(code, len(cases), of=of, values=values), rows)]


def _outlying(cases: pd.DataFrame) -> list[Sighting]:
    """Cases whose span stands far out of those of the others."""
    fence = far_out(cases["span"].to_numpy(dtype="int64"), least=DAY_US)
    if fence is None:
        return []
    return _sighted("outlying-durations", cases[cases["span"] > fence], values={"days": str(int(fence // DAY_US))})


# --- with a pathway -------------------------------------------------------------------------------------------------------------


def _on_route(scope: Scope, route: Route) -> pd.DataFrame:
    """One row a case: when it reached each milestone, on both clocks, and when it first stopped or left at or after its start."""
    keep = scope.log.session.materialise
    marks = keep(_marks(scope, route))
    reached = keep(_reached(marks, route))
    wanted = _cases(scope).select("case_id", "row", "last_wall_us", "last_observed", "exit_date")
    ends = _ends(route, marks, reached)
    return _numbers(scope, wanted.join(reached, on="case_id", how="left").join(ends, on="case_id", how="left").drop("case_id"))


def _marks(scope: Scope, route: Route) -> Frame:
    """The events that reach a milestone or an exit, with the number of each milestone whose rule counts occurrences."""
    steps = [*route.milestones.values(), *route.exits.values()]
    named = sorted({activity for step in steps for activity in step.activities})
    columns = ("case_id", "activity", "start_us", "start_wall_us", "start_is_date", "end_us", "row")
    events = scope.inside.select(*columns).filter(nw.col("activity").is_in(named))
    places = {f"place_{name}": _of(step) for name, step in route.milestones.items() if step.rule == "nth"}
    return counted(events, places) if places else events


def _of(step: Any) -> nw.Expr:
    return nw.col("activity").is_in(list(step.activities))


def _reached(marks: Frame, route: Route) -> Frame:
    """One row a case that reaches anything: the instant and the local clock of each milestone, and whether any of them is a date."""
    parts = [nw.col("start_is_date").cast(nw.Int64).max().alias("dated")]
    for name, step in route.milestones.items():
        hit = _of(step) & (nw.col(f"place_{name}") == step.n) if step.rule == "nth" else _of(step)
        for side in ("us", "wall_us"):
            moment = nw.when(hit).then(nw.col(f"start_{side}"))
            parts.append((moment.max() if step.rule == "last" else moment.min()).alias(f"{side}_{name}"))
    return marks.group_by("case_id").agg(*parts)


def _ends(route: Route, marks: Frame, reached: Frame) -> Frame:
    """One row a case that started: its first stop and its first exit at or after the start."""
    start = (nw.col(f"us_{route.start}").alias("begun_us"), nw.col(f"wall_us_{route.start}").alias("begun_wall_us"))
    begun = reached.select("case_id", "dated", *start).filter(~nw.col("begun_us").is_null())
    stops = sorted({activity for name in route.stop for activity in route.milestones[name].activities})
    exits = sorted({activity for step in route.exits.values() for activity in step.activities})
    by_day = day_of("start") < nw.col("begun_wall_us") // DAY_US
    early = nw.when(nw.col("dated") > 0).then(by_day).otherwise(nw.col("start_us") < nw.col("begun_us"))
    timely = marks.select("case_id", "activity", "start_us", "start_wall_us").join(begun, on="case_id", how="inner").filter(~early)
    return timely.group_by("case_id").agg(
        nw.when(nw.col("activity").is_in(stops)).then(nw.col("start_us")).min().alias("stop_us"),
        nw.when(nw.col("activity").is_in(exits)).then(nw.col("start_us")).min().alias("exit_us"),
    )


def _milestones(route: Route, cases: pd.DataFrame) -> list[Sighting]:
    """Milestones that no case reaches, and cases that reach none."""
    missed = cases[[f"us_{name}" for name in route.milestones]].isna()
    never = [name for name in route.milestones if missed[f"us_{name}"].all()]
    return [
        *(Sighting(finding("milestone-never-reached", 1, values={"milestone": name})) for name in never),
        *_sighted("no-milestones", cases[missed.all(axis="columns")], of=len(cases)),
    ]


def _out_of_order(route: Route, cases: pd.DataFrame) -> list[Sighting]:
    """Cases that reach a milestone before one that the pathway puts earlier; on one day, where only days are known, order is open."""
    pairs = list(combinations(route.order, 2))
    if not pairs:
        return []
    days = {name: cases[f"wall_us_{name}"] // DAY_US for name in route.order}
    wrong: npt.NDArray[np.bool_] = np.column_stack([_precedes(cases, days, second, first) for first, second in pairs])
    first, second = pairs[int(wrong.sum(axis=0).argmax())]
    return _sighted("impossible-order", cases.iloc[np.flatnonzero(wrong.any(axis=1))], values={"first": first, "second": second})


def _precedes(cases: pd.DataFrame, days: Mapping[str, pd.Series[float]], one: str, other: str) -> npt.NDArray[np.bool_]:
    """Whether a milestone is reached before another: on an earlier day where the case has dates, else at an earlier instant."""
    by_day = days[one] < days[other]
    by_clock = cases[f"us_{one}"] < cases[f"us_{other}"]
    return np.where(cases["dated"] > 0, by_day, by_clock)


def _unfinished(scope: Scope, route: Route, cases: pd.DataFrame) -> list[Sighting]:
    """Cases that neither stopped nor left, and those of them that have been silent for long before the end of observation."""
    started = cases[~cases[f"us_{route.start}"].isna()]
    waiting = started[started[["stop_us", "exit_us", "exit_date"]].isna().all(axis="columns")]
    until = scope.log.observed_until
    end = cases["last_wall_us"].max() if until is None else until.wall_us
    silent = waiting["last_observed"].fillna(end).clip(upper=end) - waiting["last_wall_us"] > scope.silent_days * DAY_US
    return [
        *_sighted("unfinished-cases", waiting, of=len(started)),
        *_sighted("silent-cases", waiting[silent], values={"days": str(scope.silent_days)}),
    ]
