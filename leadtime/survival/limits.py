"""Confidence limits of a probability on five scales, with R's conventions (DEFINITIONS 3.1)."""

from __future__ import annotations

from statistics import NormalDist
from typing import Literal, get_args

import numpy as np

from leadtime.survival.checks import Floats, check_choice, check_confidence

__all__ = ["INTERVALS", "Interval", "check_interval", "lowest_limit", "probability_limits", "z_value"]

Interval = Literal["log-log", "log", "plain", "logit", "arcsin"]
INTERVALS: tuple[str, ...] = get_args(Interval)


def z_value(confidence: float) -> float:
    """The normal quantile of a two-sided interval, 1.96 at 0.95."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def check_interval(interval: str, confidence: float) -> None:
    """Checks the two options that every interval takes."""
    check_choice(interval, INTERVALS, "interval")
    check_confidence(confidence)


def probability_limits(p: Floats, relative_error: Floats, *, confidence: float, interval: str) -> tuple[Floats, Floats]:
    """Gives lower and upper limits of probabilities.

    Args:
        p: probabilities.
        relative_error: standard error divided by `p`, as Greenwood's sum gives it for a survival curve.
        confidence: two-sided level.
        interval: scale on which the limits are symmetric.

    Returns:
        Two arrays; 1 and 1 where p is 1, NaN where p is 0 (undefined).

    Source: Kalbfleisch & Prentice (2002) section 1.4; R `survfit_confint`.
    """
    lower, upper = np.full(p.shape, np.nan), np.full(p.shape, np.nan)
    lower[p >= 1] = upper[p >= 1] = 1.0
    inside = (p > 0) & (p < 1)
    low, high = _limits_inside(p[inside], z_value(confidence) * relative_error[inside], interval)
    lower[inside], upper[inside] = low, high
    return lower, upper


def lowest_limit(p: Floats, relative_error: float, *, confidence: float, interval: str) -> float:
    """Gives a bound below all limits of a falling curve whose errors are at most so large; 0 where that says nothing.

    On every scale the error grows with the probability, so the bound joins the lowest probability with the error of the highest.
    Where p is 1 the limits are 1.
    """
    inside = int(np.argmax(p < 1))
    if p[-1] <= 0 or p[-1] >= 1:
        return float(p[-1])
    width = np.array([z_value(confidence) * relative_error])
    return float(_limits_inside(p[-1:], width, interval, at=p[inside : inside + 1])[0][0])


@np.errstate(divide="ignore", over="ignore")  # where the error is beyond all measure the limits are 0 and 1
def _limits_inside(p: Floats, width: Floats, interval: str, at: Floats | None = None) -> tuple[Floats, Floats]:
    """The limits where 0 < p < 1; `width` is z times the error of log p, carried over to the scale at p, or at another place."""
    at = p if at is None else at
    if interval == "log-log":
        log_p, spread = np.log(p), np.exp(width / np.log(at))  # below 1, since the log is negative
        return np.exp(log_p / spread), np.exp(log_p * spread)
    if interval == "log":
        return p * np.exp(-width), np.minimum(p * np.exp(width), 1.0)
    if interval == "plain":
        return np.maximum(p - at * width, 0.0), np.minimum(p + at * width, 1.0)
    if interval == "logit":
        odds, spread = p / (1 - p), np.exp(width / (1 - at))
        return odds / (odds + spread), odds / (odds + 1 / spread)
    angle, spread = np.arcsin(np.sqrt(p)), width * np.sqrt(at / (1 - at)) / 2
    return np.sin(np.maximum(angle - spread, 0.0)) ** 2, np.sin(np.minimum(angle + spread, np.pi / 2)) ** 2
