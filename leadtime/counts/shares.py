"""n of N: a share with its interval, and the difference of two."""

from __future__ import annotations

import math
from typing import Literal, get_args

from leadtime.errors import NotEstimable, UsageError
from leadtime.results import Estimate
from leadtime.survival.checks import check_choice, check_confidence
from leadtime.survival.limits import z_value

__all__ = ["ShareInterval", "checked_share", "share", "share_difference"]

ShareInterval = Literal["wilson", "clopper-pearson"]


def share(count: int, of: int, *, confidence: float = 0.95, interval: ShareInterval = "wilson") -> Estimate:
    """Estimates a share from n of N, for example how many of those meant to be reached were.

    Args:
        count: how many have it.
        of: how many there are.
        confidence: level of the interval.
        interval: "wilson" covers its level on average, also at 0 and at all; "clopper-pearson" is the exact one, which covers at least its
            level for every true share and so is wider.

    Returns:
        Estimate between 0 and 1. The interval is of the chance behind the share: where all that there are were counted, and no other time
        or place is meant, the share itself has no error.

    Raises:
        NotEstimable: `of` is 0.
        UsageError: a count isn't a whole number from 0 up, or is more than there are.

    Source: Wilson (1927), JASA 22:209; Clopper & Pearson (1934), Biometrika 26:404. As R `prop.test(correct = FALSE)` and `binom.test`.

    >>> print(share(81, 263))
    0.307985 (95 % wilson interval 0.255289 to 0.36621; n = 263)
    >>> round(share(0, 10, interval="clopper-pearson").upper, 4)
    0.3085
    """
    check_confidence(confidence)
    check_choice(interval, get_args(ShareInterval), "interval")
    checked_share(count, of)
    lower, upper = (_wilson if interval == "wilson" else _clopper_pearson)(count, of, confidence)
    return Estimate(count / of, lower, upper, None, confidence, interval, of)


def share_difference(count: int, of: int, second: int, second_of: int, *, confidence: float = 0.95) -> Estimate:
    """Estimates by how much a second share differs from a first.

    Args:
        count: how many of the first group have it.
        of: how many the first group holds.
        second: how many of the second have it.
        second_of: how many the second holds.
        confidence: level of the interval.

    Returns:
        Estimate between -1 and 1, the second share less the first.

    Raises:
        NotEstimable, UsageError: as `share`.

    Source: Newcombe (1998), Statistics in Medicine 17:873, method 10.

    >>> change = share_difference(48, 80, 56, 70)
    >>> round(change.value, 4), round(change.lower, 4), round(change.upper, 4)
    (0.2, 0.0524, 0.3339)
    """
    first, other = (share(n, total, confidence=confidence) for n, total in ((count, of), (second, second_of)))
    p, q = count / of, second / second_of
    down = math.hypot(q - (other.lower or 0.0), (first.upper or 0.0) - p)
    up = math.hypot((other.upper or 0.0) - q, p - (first.lower or 0.0))
    return Estimate(q - p, q - p - down, q - p + up, None, confidence, "newcombe", of + second_of)


def checked_share(count: int, of: int) -> None:
    """Checks that n and N can make a share."""
    for name, number in (("count", count), ("of", of)):
        if isinstance(number, bool) or number != int(number) or number < 0:
            raise UsageError(f"{name} is {number}; allowed is a whole number from 0 up")
    if count > of:
        raise UsageError(f"count is {count} of {of}; is it the number of persons, and not of their events?")
    if not of:
        raise NotEstimable("of is 0; a share needs somebody to be a share of")


def _wilson(count: int, of: int, confidence: float) -> tuple[float, float]:
    z = z_value(confidence)
    middle, spread = count + z * z / 2, z * math.sqrt(count * (of - count) / of + z * z / 4)
    lower = 0.0 if count == 0 else (middle - spread) / (of + z * z)
    upper = 1.0 if count == of else (middle + spread) / (of + z * z)
    return lower, upper


def _clopper_pearson(count: int, of: int, confidence: float) -> tuple[float, float]:
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    lower = 0.0 if count == 0 else float(betaincinv(count, of - count + 1, tail))
    upper = 1.0 if count == of else float(betaincinv(count + 1, of - count, 1 - tail))
    return lower, upper
