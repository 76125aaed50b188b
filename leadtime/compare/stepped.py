"""A pilot that spreads from site to site: those not yet started are the comparison for those that have.

Source: DEFINITIONS 2.5 (break dates by site), 2.6 (persons), 3.3 (restricted means).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import permutations
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from leadtime.cases import LeadTimes
from leadtime.compare.cohorts import persons_of
from leadtime.compare.rows import OPEN, STOPPED, CaseRows, case_rows
from leadtime.errors import NotEstimable, UsageError, checks_arguments, did_you_mean
from leadtime.results import Estimate, Result, Table, TestResult, Value
from leadtime.survival.checks import sample_of
from leadtime.survival.curve import curve_of
from leadtime.survival.limits import z_value

__all__ = ["SteppedComparison", "stepped_comparison"]

Every = Literal["month", "quarter", "half-year", "year"]
_MONTHS = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
_MOST_ORDERS = 5040
_NEVER = 10**6  # the period in which a site starts that doesn't
_EPOCH = date(1970, 1, 1)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SteppedComparison(Result):
    """The effect of starting, from sites that start at different times; made by `stepped_comparison`.

    `estimate`: days by which the restricted mean up to `tau` differs from what the sites not yet started would lead one to expect, negative
    where it is shorter. `effects`: the same for each site and period. `cells`: what they are made of. `left_out`: cases of a site's first
    period that began before its date. `straddlers`: cases that began before their site's date and still waited on it; what the pilot
    did for them makes the effect look smaller.
    """

    estimate: Estimate
    test: TestResult
    tau: float
    every: Every
    effects: Table
    cells: Table
    left_out: int
    straddlers: int

    def _table(self) -> Table:
        return self.effects

    def __str__(self) -> str:
        return f"{self.effects}\nall: {self.estimate}\n{self.test}"


@dataclass(frozen=True)
class _Cell:
    """A restricted mean; where persons are noted, whose its cases are and what each adds to its error."""

    mean: float
    variance: float
    n: int
    open: int
    person: Ints | None
    influence: Floats | None


@dataclass(frozen=True, eq=False)
class _Study:
    """The cases with the number of their site and period, and a store of the cells' means."""

    rows: CaseRows
    site: Ints
    period: Ints
    names: tuple[str, ...]
    tau: float
    months: int
    person: Ints | None
    found: dict[tuple[int, int, int], _Cell | None] = field(default_factory=dict)

    def cell(self, site: int, period: int, first_day: int) -> _Cell | None:
        """The restricted mean of the cases of a site and period that began on a day or later; None where it can't be estimated."""
        key = (site, period, first_day)
        if key not in self.found:
            chosen = (self.site == site) & (self.period == period) & (self.rows.start_day >= first_day)
            self.found[key] = _cell(self.rows.take(chosen), self.tau, None if self.person is None else self.person[chosen])
        return self.found[key]


@checks_arguments
def stepped_comparison(
    times: LeadTimes,
    *,
    break_dates: Mapping[str, str | None] | None = None,
    site: str = "site",
    tau: float | None = None,
    every: Every = "quarter",
    leave_out: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> SteppedComparison:
    """Compares sites that started at different times, each period with the sites that had not started by its end.

    For each site that has started and each period since: the change of its restricted mean against each period before, less the change
    over the same two periods at the sites not yet started. What moved everywhere alike falls out; what moved at one site only does not.
    Sites weigh by their cases. Unfinished cases are counted, by the time of their start.

    Args:
        times: the result of `lead_times`.
        break_dates: the day on which each site started, None for one that never did; default the pathway's.
        site: the case attribute that holds the site.
        tau: the horizon of the restricted means in days; declared, and short enough that most periods were followed so far. Default the
            pathway's.
        every: the length of a period.
        leave_out: so many periods just before a site's start aren't used as its "before": its cases may have met the pilot.
        confidence: of the intervals.
        seed: for the test, where there are too many orders to try all.

    Returns:
        The estimate with a normal interval from the cells' errors (by person, where `person_id` is noted), and a permutation test in
        which the sites exchange their dates: with few sites its p can't be small, however large the effect.

    Raises:
        UsageError: no dates or horizon, a date for a site that isn't there, or all start at once.
        NotEstimable: no period has both a site that started and one that had not.
        InputError: there is no such attribute.

    Source: Callaway & Sant'Anna (2021), Journal of Econometrics 225:200 (not-yet-treated controls); restricted means as DEFINITIONS 3.3;
        the test after Fisher, as in Wang & De Gruttola (2017), Statistics in Medicine 36:2831, for stepped wedges.

    >>> import numpy as np, pandas as pd, leadtime as lt
    >>> rows = []
    >>> for town, opened in (("A", 4), ("B", 8)):
    ...     for number in range(120):
    ...         period, days = number % 12, 100 + 5 * (number % 12) + number // 12 - (30 if number % 12 >= opened else 0)
    ...         start = (np.datetime64("2019-01") + 3 * period).astype("datetime64[D]")
    ...         rows += [(f"{town}{number}", "Found", str(start), town), (f"{town}{number}", "Help", str(start + days), town)]
    >>> log = lt.read_log(pd.DataFrame(rows, columns=["case_id", "activity", "start", "site"]), observed_until="2022-12-31")
    >>> pathway = lt.read_pathway({"name": "x", "start": "found", "stop": "help", "milestones": {
    ...     "found": {"activities": "Found"}, "help": {"activities": "Help"}}})
    >>> result = lt.stepped_comparison(lt.lead_times(log, pathway), break_dates={"A": "2020-01-01", "B": "2021-01-01"}, tau=180)
    >>> round(result.estimate.value)
    -30
    """
    dates, horizon = _design(times, break_dates, tau, every, leave_out)
    if times.conflicts.get("person_id"):
        times.require_attribute("person_id")  # whose a case is must be one person
    persons = ("person_id",) if times.conflicts.get("person_id") == 0 else ()
    study = _study(case_rows(times, (site, *persons)), site, horizon, every)
    days = _days_of(dates, study.names)
    estimate, effects = _estimated(study, days, leave_out)
    if estimate is None:
        raise NotEstimable(
            "no period has cases both of a site that had started and of one that hadn't; give longer periods or a shorter tau"
        )
    width = z_value(confidence) * estimate[1]
    n = study.rows.n
    whole = Estimate(estimate[0], estimate[0] - width, estimate[0] + width, estimate[1], confidence, "normal", n, f"up to {horizon:g} days")
    own = np.array([days[code] for code in study.site.tolist()])
    mixed = (study.rows.start_day < own) & (study.period == _periods(own, study.months))
    waiting = (study.rows.start_day < own) & (study.rows.end_day >= own)
    test = _permuted(study, days, leave_out, estimate[0], seed)
    return SteppedComparison(whole, test, horizon, every, effects, _cells(study, days), int(mixed.sum()), int(waiting.sum()))


def _design(
    times: LeadTimes, break_dates: Mapping[str, str | None] | None, tau: float | None, every: Every, leave_out: int
) -> tuple[dict[str, str | None], float]:
    declared = times.pathway.comparison if times.pathway else None
    dates: dict[str, str | None] = dict(break_dates or (declared.break_dates if declared else {}))
    horizon = tau if tau is not None else declared.tau if declared else None
    if not dates:
        raise UsageError("break_dates is missing; give the day on which each site started, as in {'Borås': '2022-09-01', 'Skövde': None}")
    if horizon is None or not (math.isfinite(horizon) and horizon > 0):
        raise UsageError(f"tau={horizon!r} isn't allowed; declare the horizon in days, for example tau=365")
    if every not in get_args(Every):
        raise UsageError(f"every={every!r} isn't allowed{did_you_mean(str(every), get_args(Every))}")
    if leave_out < 0:
        raise UsageError(f"leave_out={leave_out} isn't allowed; give a number of periods from 0 up")
    return dates, float(horizon)


def _study(rows: CaseRows, site: str, tau: float, every: Every) -> _Study:
    rows = rows.take(np.array([label is not None for label in rows.labels[site]], dtype=bool))
    names, code = np.unique(rows.labels[site].astype(str), return_inverse=True)
    months = _MONTHS[every]
    return _Study(
        rows, code.astype(np.int64), _periods(rows.start_day, months), tuple(str(name) for name in names), tau, months, persons_of(rows)
    )


def _periods(days: Ints, months: int) -> Ints:
    numbers: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) // months
    return np.where(days >= _NEVER, _NEVER, numbers)


def _days_of(dates: Mapping[str, str | None], names: tuple[str, ...]) -> list[int]:
    """The day on which each site of the cases started."""
    for name in dates:
        if name not in names:
            raise UsageError(f"break_dates names the site '{name}', which no case has{did_you_mean(name, names)}")
    for name in names:
        if name not in dates:
            raise UsageError(f"break_dates has no site '{name}', which cases have; give its date, or None where it never started")
    days = [_day(dates[name], name) for name in names]
    if len(set(days)) < 2:
        raise UsageError("all sites start on one day, so none can be compared with one not yet started; use compare with break_date")
    return days


def _day(text: str | None, name: str) -> int:
    if text is None:
        return _NEVER
    try:
        return (date.fromisoformat(text) - _EPOCH).days
    except ValueError:
        raise UsageError(f"break_dates['{name}'] = '{text}' isn't a date; write it as 2019-01-31") from None


def _cell(rows: CaseRows, tau: float, person: Ints | None) -> _Cell | None:
    if rows.n < 2:
        return None
    entry = rows.entry if (rows.entry > 0).any() else None
    try:
        curve = curve_of(sample_of(rows.lead, rows.outcome == STOPPED, entry), cluster=person)
        mean = curve.restricted_mean(tau)
    except NotEstimable:
        return None
    influence = None if person is None else curve.influences(tau)
    return _Cell(mean.value or 0.0, (mean.standard_error or 0.0) ** 2, rows.n, int((rows.outcome == OPEN).sum()), person, influence)


def _estimated(study: _Study, days: list[int], leave_out: int) -> tuple[tuple[float, float] | None, Table]:
    """The weighted effect with its error, and a row for each site and period."""
    starts = _periods(np.array(days), study.months).tolist()
    known = sorted(set(study.period.tolist()))
    total: dict[tuple[int, int, int], float] = {}
    rows: list[tuple[Value, ...]] = []
    for site, start in enumerate(starts):
        for period in (each for each in known if start <= each < _NEVER):
            weights, controls = _contrast(study, days, starts, site, period, [each for each in known if each < start - leave_out])
            if not weights:
                continue
            cases = study.found[site, period, days[site] if period == start else -_NEVER]
            for key, weight in weights.items():
                total[key] = total.get(key, 0.0) + weight * (cases.n if cases else 0)
            value, error = _weighed(study, weights)
            rows.append((study.names[site], _label(period, study.months), cases.n if cases else 0, value, error, controls))
    table = Table("stepped_effects", ("site", "period", "n", "difference_days", "standard_error", "controls"), tuple(rows), counts=("n",))
    if not rows:
        return None, table
    size = sum(int(row[2] or 0) for row in rows)
    value, error = _weighed(study, {key: weight / size for key, weight in total.items()})
    return (value, error), table


def _contrast(
    study: _Study, days: list[int], starts: list[int], site: int, period: int, before: list[int]
) -> tuple[dict[tuple[int, int, int], float], int]:
    """The weights of the cells in one site's effect in one period, and how many sites it is compared with at the most."""
    here = (site, period, days[site] if period == starts[site] else -_NEVER)
    if study.cell(*here) is None:
        return {}, 0
    parts: list[tuple[int, dict[tuple[int, int, int], float]]] = []
    most = 0
    for base in before:
        then = (site, base, -_NEVER)
        own = study.cell(*then)
        pairs = [
            ((other, period, -_NEVER), (other, base, -_NEVER))
            for other in range(len(starts))
            if starts[other] > period and study.cell(other, period, -_NEVER) and study.cell(other, base, -_NEVER)
        ]
        if own is None or not pairs:
            continue
        sizes = [min(cell.n for cell in map(study.found.get, pair) if cell) for pair in pairs]
        weights = {here: 1.0, then: -1.0}
        for (now, earlier), size in zip(pairs, sizes, strict=True):
            weights[now], weights[earlier] = -size / sum(sizes), size / sum(sizes)
        parts.append((own.n, weights))
        most = max(most, len(pairs))
    joined: dict[tuple[int, int, int], float] = {}
    for n, weights in parts:
        for key, weight in weights.items():
            joined[key] = joined.get(key, 0.0) + weight * n / sum(size for size, _ in parts)
    return joined, most


def _weighed(study: _Study, weights: Mapping[tuple[int, int, int], float]) -> tuple[float, float]:
    """A weighted sum of the cells' means, with its error; the cells are of different cases, but may be of the same persons."""
    cells = [(weight, cell) for key, weight in weights.items() if (cell := study.found[key]) is not None]
    value = sum(weight * cell.mean for weight, cell in cells)
    if study.person is None:
        return value, math.sqrt(sum(weight**2 * cell.variance for weight, cell in cells))
    whose = np.concatenate([cell.person for _, cell in cells if cell.person is not None])
    influence = np.concatenate([weight * cell.influence for weight, cell in cells if cell.influence is not None])
    return value, math.sqrt(float((np.bincount(whose, weights=influence) ** 2).sum()))


def _permuted(study: _Study, days: list[int], leave_out: int, seen: float, seed: int) -> TestResult:
    """The share of all orders of the dates over the sites that give an effect as large."""
    if math.factorial(len(days)) <= _MOST_ORDERS:
        orders, drawn = sorted(set(permutations(days))), None
    else:
        generator = np.random.default_rng(seed)
        orders, drawn = [tuple(generator.permutation(days).tolist()) for _ in range(999)], 999
    plain = replace(study, person=None)  # an order's effect is asked for, not its error
    found = [_estimated(plain, list(order), leave_out)[0] for order in orders]
    values = [each[0] for each in found if each is not None]
    extreme = sum(abs(value) >= abs(seen) - 1e-9 for value in values)
    p = extreme / len(values) if drawn is None else (extreme + 1) / (len(values) + 1)
    method = f"the sites exchange their start dates in {len(values)} orders"
    return TestResult("stepped comparison", seen, p, n=study.rows.n, method=method, draws=drawn, seed=None if drawn is None else seed)


def _label(period: int, months: int) -> str:
    year, part = divmod(period * months + 1970 * 12, 12)
    if months == 12:
        return str(year)
    return f"{year}-{part + 1:02d}" if months == 1 else f"{year}-{'Q' if months == 3 else 'H'}{part // months + 1}"


def _cells(study: _Study, days: list[int]) -> Table:
    starts = _periods(np.array(days), study.months).tolist()
    rows: list[tuple[Value, ...]] = []
    for site, name in enumerate(study.names):
        for period in sorted(set(study.period[study.site == site].tolist())):
            cell = study.cell(site, period, days[site] if period == starts[site] else -_NEVER)
            if cell is not None:
                rows.append(
                    (name, _label(period, study.months), period >= starts[site], cell.n, cell.open, cell.mean, math.sqrt(cell.variance))
                )
    columns = ("site", "period", "started", "n", "open", "restricted_mean_days", "standard_error")
    return Table("stepped_cells", columns, tuple(rows), counts=("n", "open"))
