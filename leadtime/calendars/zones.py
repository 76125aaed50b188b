"""Time zones as values: a name that is known, and local clock to instant and back for whole arrays.

A local time that occurs twice is the first; one that does not exist is moved forward by the gap (DESIGN 4), as in the engines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

import numpy as np

from leadtime.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    import numpy.typing as npt

    Micros = npt.NDArray[np.int64]

__all__ = ["DAY_US", "checked_zone", "gap_ends", "to_instants", "to_local"]

DAY_US = 86_400_000_000


def checked_zone(name: str | None) -> str | None:
    """Gives a zone's name, once it is known to be one.

    >>> checked_zone("Europe/Stokholm")
    Traceback (most recent call last):
    ...
    leadtime.errors.UsageError: timezone='Europe/Stokholm' isn't known; did you mean 'Europe/Stockholm'?
    """
    if name is None:
        return None
    known = available_timezones()
    if name not in known:
        close = did_you_mean(str(name), sorted(known))
        hint = close if "did you mean" in close else "; use a name such as 'Europe/Stockholm' or 'UTC'"
        raise UsageError(f"timezone={name!r} isn't known{hint}")
    return name


def to_local(instants: Micros, zone: str) -> Micros:
    """Gives the local clock, in microseconds since its own 1970-01-01, at instants in microseconds since the epoch."""
    import pandas as pd

    there = pd.DatetimeIndex(instants.view("M8[us]"), tz="UTC").tz_convert(zone).tz_localize(None)
    local: Any = there.to_numpy(dtype="M8[us]")
    return local.view(np.int64)  # type: ignore[no-any-return]


def to_instants(local: Micros, zone: str) -> Micros:
    """Gives the instants of local clock times: of one that occurs twice the first, of one that does not exist a gap later.

    >>> stockholm = "Europe/Stockholm"
    >>> clock = np.array(["2024-03-31T02:30", "2024-10-27T02:30"], dtype="M8[us]").view(np.int64)
    >>> to_instants(clock, stockholm).view("M8[us]").astype("M8[m]").tolist()
    [datetime.datetime(2024, 3, 31, 1, 30), datetime.datetime(2024, 10, 27, 0, 30)]
    """
    first, second = local - _offsets(local - DAY_US, zone), local - _offsets(local + DAY_US, zone)
    fits_first = to_local(first, zone) == local
    fits_second = to_local(second, zone) == local
    return np.where(fits_first | ~fits_second, first, second)


def gap_ends(local: Micros, zone: str) -> Micros:
    """Gives the instants from which on a clock that runs forward shows these times or later; in a gap, its end."""
    found = to_instants(local, zone)
    beyond = to_local(found, zone) - local  # what the time was moved forward by
    # In a gap the clock jumps from before it to after it; found lies as far behind the jump as the time asked for lies in the gap.
    inside = beyond > 0
    if not inside.any():
        return found
    low, high = found[inside] - DAY_US, found[inside].copy()
    asked = local[inside]
    while (high - low > 1).any():
        middle = (low + high) // 2
        late = to_local(middle, zone) >= asked
        low, high = np.where(late, low, middle), np.where(late, middle, high)
    result = found.copy()
    result[inside] = high
    return result


def _offsets(instants: Micros, zone: str) -> Micros:
    return to_local(instants, zone) - instants
