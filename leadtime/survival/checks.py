"""What the estimators accept: each argument is checked once, here, and named in the error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from leadtime.errors import InputError, NotEstimable, UsageError, counted, did_you_mean

__all__ = [
    "Array",
    "Bools",
    "Floats",
    "Groups",
    "Ints",
    "Sample",
    "cause_codes",
    "check_choice",
    "check_confidence",
    "check_draws",
    "check_probability",
    "check_some_observed",
    "codes_of",
    "groups_of",
    "numbers",
    "sample_of",
    "strata_of",
    "two_groups",
    "weights_of",
]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_LARGEST_SEEN = 12
_FEW_LABELS = 256


@dataclass(frozen=True)
class Sample:
    """Checked durations: `time` keeps integers as integers; `entry` is None where nobody entered late."""

    time: Array
    observed: Bools
    entry: Array | None

    @property
    def n(self) -> int:
        """How many cases there are."""
        return int(self.time.size)

    def take(self, chosen: Array) -> Sample:
        """The cases that a mask or an index chooses."""
        return Sample(self.time[chosen], self.observed[chosen], None if self.entry is None else self.entry[chosen])


@dataclass(frozen=True)
class Groups:
    """Which group each case is in: `code` counts from 0 in the order of `names`."""

    code: Ints
    names: tuple[str, ...]


def numbers(values: npt.ArrayLike, name: str) -> Array:
    """Checks a column of finite numbers of 0 or more; integers stay integers, so that ties are compared exactly."""
    array = _one_column(values, name)
    if array.dtype.kind == "O":
        array = _from_objects(array, name)
    if array.dtype.kind not in "iufb":
        raise UsageError(f"{name} must hold plain numbers, not {array.dtype}; convert it to one unit first, for example days")
    if array.dtype.kind == "f":
        array = array.astype(np.float64, copy=False)
        if not np.isfinite(array).all():
            _refuse(~np.isfinite(array), array, name, "give every case a finite number, or leave the case out and count it")
        if np.signbit(array).any():
            array = array + 0.0  # -0.0 becomes 0.0, one value for one time
    else:
        array = array.astype(np.int64, copy=False)
    if array.size and array.min() < 0:
        _refuse(array < 0, array, name, "allowed is 0 or more; does an end lie before its start?")
    return array


def _one_column(values: npt.ArrayLike, name: str) -> Array:
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise InputError(f"{name} has masked values; leave those cases out and count them")
    array = np.asarray(values)
    if array.ndim != 1:
        raise UsageError(f"{name} must be one column of values, not of shape {array.shape}")
    return array


def _from_objects(array: Array, name: str) -> Array:
    """Numbers out of a column of Python objects, as nullable frames give them."""
    _refuse(_missing(array), array, name, "give every case a finite number, or leave the case out and count it")
    whole = all(isinstance(value, (int, np.integer)) for value in array)
    try:
        return array.astype(np.int64 if whole else np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} must hold plain numbers ({error})") from None


def _missing(array: Array) -> Bools:
    return np.fromiter((value is None or str(value) in {"nan", "<NA>", "NaT"} for value in array), np.bool_, array.size)


def _refuse(bad: Bools, array: Array, name: str, fix: str) -> None:
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        more = int(bad.sum()) - 1
        others = f" (and {more} more)" if more else ""
        raise InputError(f"{name}[{place}] is {array[place]}{others}; {fix}")


def _flags(values: npt.ArrayLike, name: str) -> Bools:
    """Checks a column of True/False or 1/0."""
    if isinstance(values, np.ndarray) and values.dtype == np.bool_ and values.ndim == 1 and not isinstance(values, np.ma.MaskedArray):
        return values
    allowed = "allowed are True or 1 (the clock stopped) and False or 0 (still open)"
    given = np.asarray(values)
    text = next((value for value in given.flat if isinstance(value, str)), None) if given.dtype.kind in "OUS" else None
    if text is not None:
        raise UsageError(f"{name} holds '{text}'; {allowed}")
    array = numbers(values, name)
    _refuse((array != 0) & (array != 1), array, name, allowed)
    return array.astype(np.bool_)


def _same_length(name: str, size: int, n: int) -> None:
    if size != n:
        raise UsageError(f"{name} has {counted(size, 'value')} and durations has {n}; give one value a case")


def sample_of(durations: npt.ArrayLike, observed: npt.ArrayLike, entry: npt.ArrayLike | None = None) -> Sample:
    """Checks durations, whether each was observed to its end, and from when each case was under observation."""
    time = numbers(durations, "durations")
    flags = _flags(observed, "observed")
    _same_length("observed", flags.size, time.size)
    if not time.size:
        raise NotEstimable("durations is empty; an estimate needs at least one case")
    if entry is None:
        return Sample(time, flags, None)
    start = numbers(entry, "entry")
    _same_length("entry", start.size, time.size)
    _refuse(start > time, start, "entry", "the case ended before it entered; allowed is an entry before the duration's end")
    _refuse((start > 0) & (start == time), start, "entry", "the case ended as it entered and was never at risk; leave it out")
    return Sample(time, flags, start if (start > 0).any() else None)


def weights_of(values: npt.ArrayLike | None, n: int) -> Array | None:
    """Checks how often each row counts; fractions only where there are any, and all-zero weights leave nothing to estimate."""
    if values is None:
        return None
    weights = numbers(values, "weights")
    _same_length("weights", weights.size, n)
    if weights.dtype.kind == "f" and (weights == np.floor(weights)).all():
        weights = weights.astype(np.int64)
    if not weights.sum() > 0:
        raise NotEstimable("weights are all 0; at least one case must count")
    return weights


def codes_of(values: Sequence[Any] | npt.ArrayLike, n: int, name: str) -> tuple[Ints, list[Any]]:
    """Numbers labels in the order of first appearance; gives the codes and the labels."""
    array = _one_column(values, name)
    _same_length(name, array.size, n)
    if array.dtype.kind == "O":
        bad = _missing(array)
        _refuse(bad, array, name, "every case needs a label")
        seen: dict[Any, int] = {}
        codes = np.fromiter((seen.setdefault(label, len(seen)) for label in array), np.int64, array.size)
        return codes, list(seen)
    if array.dtype.kind == "f":
        _refuse(np.isnan(array), array, name, "every case needs a label")
    labels, first, inverse = _few_numbers(array) or np.unique(array, return_index=True, return_inverse=True)
    rank = np.empty(labels.size, np.int64)
    order = np.argsort(first, kind="stable")
    rank[order] = np.arange(labels.size)
    return rank[inverse], [label.item() for label in labels[order]]


def _few_numbers(array: Array) -> tuple[Array, Ints, Ints] | None:
    """What `np.unique` gives of whole numbers that lie close together, without its sort."""
    if array.dtype.kind != "i" or not array.size or int(array.max()) - int(array.min()) >= _FEW_LABELS:
        return None
    place = array.astype(np.int64) - int(array.min())
    first = np.full(_FEW_LABELS, -1)
    first[place[::-1]] = np.arange(array.size)[::-1]  # of several, the last to be set is the first
    there = np.flatnonzero(first >= 0)
    rank = np.empty(_FEW_LABELS, np.int64)
    rank[there] = np.arange(there.size)
    return array[first[there]], first[there], rank[place]


def groups_of(group: Sequence[Any] | npt.ArrayLike, n: int, order: Sequence[Any] | None = None) -> Groups:
    """Checks the groups to compare; `order` names all of them, the first being the reference."""
    codes, labels = codes_of(group, n, "group")
    if order is not None:
        codes, labels = _reordered(codes, labels, list(order))
    if len(labels) < 2:
        raise NotEstimable(f"group holds only '{labels[0]}'; a comparison needs two groups")
    return Groups(codes, tuple(str(label) for label in labels))


def _reordered(codes: Ints, labels: list[Any], order: list[Any]) -> tuple[Ints, list[Any]]:
    for label in order:
        if label not in labels:
            raise UsageError(f"order names '{label}', which no case has in group" + did_you_mean(str(label), map(str, labels)))
    for label in labels:
        if label not in order:
            raise UsageError(f"group holds '{label}', which order doesn't name; name every group, or leave those cases out")
    if len(set(order)) != len(order):
        raise UsageError(f"order names a group twice: {order}")
    rank = np.array([order.index(label) for label in labels], np.int64)
    return rank[codes], order


def two_groups(group: Sequence[Any] | npt.ArrayLike, n: int, order: Sequence[Any] | None = None) -> Groups:
    """Checks that there are exactly two groups."""
    groups = groups_of(group, n, order)
    if len(groups.names) > 2:
        shown = ", ".join(f"'{name}'" for name in groups.names[:_LARGEST_SEEN])
        raise UsageError(f"group holds {len(groups.names)} groups ({shown}); this comparison takes two, so leave the others out")
    return groups


def strata_of(strata: Sequence[Any] | npt.ArrayLike | None, groups: Groups) -> list[Ints]:
    """Gives the rows of each stratum; a stratum in which only one group is can't compare groups."""
    n = groups.code.size
    if strata is None:
        return [np.arange(n)]
    codes, labels = codes_of(strata, n, "strata")
    layers = [np.flatnonzero(codes == code) for code in range(len(labels))]
    for label, rows in zip(labels, layers, strict=True):
        if len(set(groups.code[rows].tolist())) < 2:
            name = groups.names[int(groups.code[rows[0]])]
            raise NotEstimable(
                f"strata: stratum '{label}' holds only group '{name}', so nothing can be compared within it; "
                "leave its cases out and count them, or merge strata"
            )
    return layers


def cause_codes(cause: npt.ArrayLike, n: int) -> Ints:
    """Checks the cause each case ended by: 0 censored, 1, 2, ... the causes."""
    codes = numbers(cause, "cause")
    _same_length("cause", codes.size, n)
    whole = codes.astype(np.int64)
    _refuse(whole != codes, codes, "cause", "allowed are whole numbers: 0 censored, 1, 2, ... the causes")
    return whole


def check_confidence(confidence: float) -> None:
    """Checks a confidence level."""
    if not 0 < confidence < 1:
        raise UsageError(f"confidence is {confidence}; allowed is above 0 and below 1, for example 0.95")


def check_probability(p: float) -> None:
    """Checks the share that a quantile is asked for."""
    if not 0 < p < 1:
        raise UsageError(f"p is {p}; allowed is above 0 and below 1, for example 0.5 for the median")


def check_draws(draws: int) -> None:
    """Checks a number of random draws."""
    if draws < 1:
        raise UsageError(f"draws is {draws}; allowed is 1 or more")


def check_some_observed(sample: Sample) -> None:
    """Refuses a comparison in which no case ended."""
    if not sample.observed.any():
        raise NotEstimable("observed: all cases are censored; no event happened that could tell the groups apart")


def check_choice(value: str, allowed: Sequence[str], name: str) -> None:
    """Checks an option against its allowed values."""
    if value not in allowed:
        raise UsageError(f"{name} is '{value}'" + (did_you_mean(str(value), allowed) or "; no value is allowed"))
