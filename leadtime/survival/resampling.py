"""Samples with replacement, in parts that stay in the processor's cache; while one part is worked on, a thread draws the next."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from leadtime.survival.checks import Floats

__all__ = ["samples"]

_AT_ONCE = 250_000  # numbers


def samples(size: int, chances: Floats, draws: int, generator: np.random.Generator, *, width: int = 0) -> Iterator[Floats]:
    """Gives how often each unit is drawn, a row a unit and a column a sample.

    Args:
        size: how many units a sample has.
        chances: of each unit.
        draws: how many samples.
        generator: of the draws; nothing else may draw from it meanwhile.
        width: the rows of the tables that the caller makes of a part, where they are more than the units.

    >>> parts = samples(4, np.full(4, 0.25), 3, np.random.default_rng(0))
    >>> np.concatenate([*parts], axis=1).sum(axis=0).tolist()
    [4.0, 4.0, 4.0]
    """
    step = max(1, _AT_ONCE // max(1, width, chances.size))

    def drawn(start: int) -> Floats:
        counts = generator.multinomial(size, chances, size=min(step, draws - start))
        return counts.T.astype(np.float64, order="C")

    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(drawn, 0)
        for start in range(step, draws, step):
            part, coming = coming.result(), ahead.submit(drawn, start)
            yield part
        yield coming.result()
