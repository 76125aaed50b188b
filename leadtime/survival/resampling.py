"""Samples with replacement, in parts that stay in the processor's cache; while one part is worked on, a thread draws the next."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from leadtime.survival.checks import Floats, Ints

__all__ = ["samples"]

_CHUNK = 250_000  # numbers
_MANY = 5_000  # cases, from which on drawing each is quicker than drawing how often each unit comes


def samples(counts: Ints, draws: int, generator: np.random.Generator, *, width: int = 0) -> Iterator[Floats]:
    """Gives how often each unit is drawn when as many cases are drawn as there are: a row a unit and a column a sample.

    Args:
        counts: how many cases each unit stands for.
        draws: how many samples.
        generator: of the draws; nothing else may draw from it meanwhile.
        width: the rows of the tables that the caller makes of a part, where they are more than the units.

    >>> parts = samples(np.array([1, 1, 2]), 3, np.random.default_rng(0))
    >>> np.concatenate([*parts], axis=1).sum(axis=0).tolist()
    [4.0, 4.0, 4.0]
    """
    size, step = int(counts.sum()), max(1, _CHUNK // max(1, width, counts.size))
    unit = None if size == counts.size else np.repeat(np.arange(counts.size), counts)  # None where each case is a unit

    def drawn(start: int) -> Floats:
        number = min(step, draws - start)
        if size <= _MANY:
            return generator.multinomial(size, counts / size, size=number).T.astype(np.float64, order="C")
        cases = generator.integers(size, size=(number, size))
        part = np.empty((counts.size, number))
        for place, own in enumerate(cases):
            part[:, place] = np.bincount(own if unit is None else unit[own], minlength=counts.size)
        return part

    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(drawn, 0)
        for start in range(step, draws, step):
            part, coming = coming.result(), ahead.submit(drawn, start)
            yield part
        yield coming.result()
