"""Events over time: a rate with its interval, and the ratio of two."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from leadtime.errors import NotEstimable, UsageError, counted
from leadtime.results import Estimate, Result, Table, TestResult
from leadtime.survival.checks import Floats, check_choice, check_confidence, numbers
from leadtime.survival.limits import z_value

__all__ = ["RateInterval", "RateRatio", "rate", "rate_ratio"]

RateInterval = Literal["auto", "exact", "clustered"]


@dataclass(frozen=True)
class RateRatio(Result):
    """Two rates, the second divided by the first, and a test that they are alike; made by `rate_ratio`."""

    first: Estimate
    second: Estimate
    ratio: Estimate
    test: TestResult

    def _table(self) -> Table:
        columns = ("figure", "value", "lower", "upper", "interval", "p_value")
        parts = (("first", self.first, None), ("second", self.second, None), ("ratio", self.ratio, self.test.p_value))
        return Table("rate_ratio", columns, tuple((name, e.value, e.lower, e.upper, e.interval, p) for name, e, p in parts))


@dataclass(frozen=True, eq=False)
class _Count:
    """What was counted and in what time: in all, and by person where that is known."""

    total: float
    by_person: Floats | None
    time: float
    times: Floats | None

    @property
    def clustered(self) -> bool:
        return self.times is not None or (self.by_person is not None and bool((self.by_person > 1).any()))

    @property
    def log_variance(self) -> float:
        """Of the log of the rate, where persons come at random and each brings what is theirs."""
        each = np.ones(int(self.total)) if self.by_person is None else self.by_person
        expected = 0.0 if self.times is None else self.total / self.time * self.times
        return float(((each - expected) ** 2).sum()) / self.total**2


def rate(
    events: float | npt.ArrayLike,
    time: float | npt.ArrayLike,
    *,
    per: float = 1.0,
    confidence: float = 0.95,
    interval: RateInterval = "auto",
) -> Estimate:
    """Estimates a rate: events divided by the time in which they could have come.

    Args:
        events: how many, or how many each person had (of those who had any, or of all), for example admissions or bed days.
        time: the time under observation: in all, as days of a ward, or a column with each person's own.
        per: so many units of time, for example 365.25 for a rate a year of a time in days.
        confidence: level of the interval.
        interval: "exact" is Poisson's, for events that come one by one and not in clusters; "clustered" takes persons as what comes at
            random, with all that each brings, and is what bed days need; "auto" is "clustered" where a person has more than one, or a time
            of their own.

    Returns:
        Estimate of events in `per` units of time.

    Raises:
        NotEstimable: no time, or nothing to cluster.
        UsageError: an argument isn't allowed; exact limits need a whole number.

    Source: exact: Garwood (1936), Biometrika 28:437, as R `poisson.test`. Clustered: the variance of a compound Poisson sum, which is the
        sum of the squares of what each brought, on the scale of logs; with times by person of what each brought beyond the expected (White
        1980, Econometrica 48:817, as R sandwich's HC0 of a Poisson regression).

    >>> print(rate(30, 184, per=30.4375))
    4.96264 (95 % exact interval 3.34827 to 7.08447; n = 30)
    """
    counted = _checked(events, time, "events", "time")
    _check_options(per, confidence)
    return _rate(counted, per, confidence, _chosen(interval, counted))


def rate_ratio(
    events: float | npt.ArrayLike,
    time: float | npt.ArrayLike,
    second: float | npt.ArrayLike,
    second_time: float | npt.ArrayLike,
    *,
    per: float = 1.0,
    confidence: float = 0.95,
    interval: RateInterval = "auto",
) -> RateRatio:
    """Compares two rates: the second divided by the first, so below 1 where the second is lower.

    Args:
        events: of the first, as in `rate`.
        time: of the first, as in `rate`.
        second: events of the second.
        second_time: time of the second.
        per: as in `rate`, for the two rates.
        confidence: level of the intervals.
        interval: as in `rate`; "auto" is "clustered" where a person of either has more than one.

    Returns:
        Both rates, their ratio and a two-sided test. A ratio to no event is None.

    Raises:
        NotEstimable, UsageError: as `rate`.

    Source: exact: given the sum, the second count is binomial (Przyborowski & Wilenski 1940, Biometrika 31:313), as R `poisson.test` with
        two samples. Clustered: as in `rate`, with a normal test of the log.

    >>> result = rate_ratio(40, 730, 22, 365, per=365)
    >>> round(result.ratio.value, 3), round(result.ratio.lower, 3), round(result.ratio.upper, 3), round(result.test.p_value, 3)
    (1.1, 0.623, 1.896, 0.788)
    """
    first, other = _checked(events, time, "events", "time"), _checked(second, second_time, "second", "second_time")
    _check_options(per, confidence)
    kind = "clustered" if "clustered" in (_chosen(interval, first), _chosen(interval, other)) else "exact"
    rates = [_rate(counted, per, confidence, kind) for counted in (first, other)]
    if kind == "clustered":
        ratio, test = _clustered_ratio(first, other, confidence)
    else:
        ratio, test = _exact_ratio(int(first.total), first.time, int(other.total), other.time, confidence)
    return RateRatio(rates[0], rates[1], ratio, test)


def _checked(events: float | npt.ArrayLike, time: float | npt.ArrayLike, name: str, time_name: str) -> _Count:
    given, spans = np.asarray(events), np.asarray(time)
    times = numbers(np.atleast_1d(spans), time_name).astype(np.float64)
    each = numbers(np.atleast_1d(given), name).astype(np.float64)
    if not times.sum() > 0:
        raise NotEstimable(f"{time_name} is {times.sum():g}; a rate needs a time above 0")
    if spans.ndim and (not given.ndim or each.size != times.size):
        raise UsageError(
            f"{time_name} has {counted(times.size, 'value')} and {name} {each.size}; give both for each person, or the time in all"
        )
    return _Count(float(each.sum()), each if given.ndim else None, float(times.sum()), times if spans.ndim else None)


def _check_options(per: float, confidence: float) -> None:
    check_confidence(confidence)
    if not (math.isfinite(per) and per > 0):
        raise UsageError(f"per is {per}; allowed is a number of units of time above 0")


def _chosen(interval: RateInterval, counted: _Count) -> Literal["exact", "clustered"]:
    check_choice(interval, get_args(RateInterval), "interval")
    if interval == "auto":
        return "clustered" if counted.clustered else "exact"
    if interval == "clustered" and counted.by_person is None:
        raise UsageError("interval is 'clustered', which needs how many events each person had; give a column of counts")
    return interval


def _rate(counted: _Count, per: float, confidence: float, kind: str) -> Estimate:
    lower, upper = (_clustered_limits if kind == "clustered" and counted.total else _exact_limits)(counted, confidence)
    scale = per / counted.time
    return Estimate(counted.total * scale, lower * scale, upper * scale, None, confidence, kind, int(counted.total))


def _exact_limits(counted: _Count, confidence: float) -> tuple[float, float]:
    from scipy.special import gammaincinv

    if counted.total != int(counted.total):
        raise UsageError(f"events are {counted.total}; exact limits need a whole number, so give a column by person for 'clustered'")
    n, tail = int(counted.total), (1 - confidence) / 2
    return 0.0 if n == 0 else float(gammaincinv(n, tail)), float(gammaincinv(n + 1, 1 - tail))


def _clustered_limits(counted: _Count, confidence: float) -> tuple[float, float]:
    width = math.exp(z_value(confidence) * math.sqrt(counted.log_variance))
    return counted.total / width, counted.total * width


def _clustered_ratio(first: _Count, other: _Count, confidence: float) -> tuple[Estimate, TestResult]:
    n = int(first.total + other.total)
    if not first.total or not other.total:
        note = "no event in one of the two, so their logs can't be compared"
        value = 0.0 if first.total else None
        empty = Estimate(value, None, None, None, confidence, "clustered", n, note)
        return empty, TestResult("rate ratio", None, None, n=n, method="normal, persons as clusters")
    value = (other.total / other.time) / (first.total / first.time)
    error = math.sqrt(first.log_variance + other.log_variance)
    width, z = math.exp(z_value(confidence) * error), math.log(value) / error
    test = TestResult("rate ratio", z, math.erfc(abs(z) / math.sqrt(2)), n=n, method="normal, persons as clusters")
    return Estimate(value, value / width, value * width, None, confidence, "clustered", n), test


def _exact_ratio(first: int, time: float, other: int, second_time: float, confidence: float) -> tuple[Estimate, TestResult]:
    from scipy.stats import binomtest

    n = first + other
    if not n:
        raise NotEstimable("there is no event in either of the two, so nothing to compare")
    odds = time / second_time
    found = binomtest(other, n, second_time / (time + second_time))
    limits = found.proportion_ci(confidence, method="exact")
    lower, upper = (None if p >= 1 else p / (1 - p) * odds for p in (float(limits.low), float(limits.high)))
    value = None if first == 0 else other / first * odds
    test = TestResult("rate ratio", float(other), float(found.pvalue), n=n, method="exact, given the sum of events")
    return Estimate(value, lower, upper, None, confidence, "exact", n, "" if first else "no event in the first"), test
