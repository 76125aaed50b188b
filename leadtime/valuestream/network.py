"""Steps that come after one another: when each ends, which of them the whole waits for, and how far that spreads.

Source: DEFINITIONS 4.9 (the stream's lead time is the critical path, its spread by seeded simulation of triangular times).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from leadtime.valuestream.workshop import PlannedStep, Spread

__all__ = ["critical_path", "simulated"]

Floats = npt.NDArray[np.float64]


def _finished(steps: Sequence[PlannedStep], lengths: Floats) -> dict[str, Floats]:
    """When each step ends, a value a draw; `lengths` has a row a step."""
    done: dict[str, Floats] = {}
    waiting = list(enumerate(steps))
    while waiting:
        ready = [(place, step) for place, step in waiting if all(name in done for name in step.after)]
        for place, step in ready:
            begun = np.max([done[name] for name in step.after], axis=0) if step.after else np.zeros(lengths.shape[1])
            done[step.step] = begun + lengths[place]
        waiting = [item for item in waiting if item not in ready]
    return done


def critical_path(steps: Sequence[PlannedStep]) -> tuple[float, tuple[str, ...]]:
    """Gives the days from the first begin to the last end at the likely times, and the steps that they hang on, in order."""
    lengths = np.array([[step.wait.likely + step.process.likely] for step in steps])
    done = {name: float(ends[0]) for name, ends in _finished(steps, lengths).items()}
    known = {step.step: step for step in steps}
    path = [max(known, key=done.__getitem__)]
    while known[path[-1]].after:
        path.append(max(known[path[-1]].after, key=done.__getitem__))
    return done[path[0]], tuple(reversed(path))


def simulated(steps: Sequence[PlannedStep], chances: Floats) -> Floats:
    """Gives the stream's lead time in each draw; `chances` holds two numbers from 0 to 1 a step and draw, for process and wait."""
    lengths = np.stack([_drawn(step.process, chances[place, 0]) + _drawn(step.wait, chances[place, 1]) for place, step in enumerate(steps)])
    return np.max(list(_finished(steps, lengths).values()), axis=0)  # type: ignore[no-any-return]


def _drawn(spread: Spread, chance: Floats) -> Floats:
    """Times with a triangular distribution, from its inverse; one that is known has no spread."""
    width = spread.most - spread.least
    if width <= 0:
        return np.full(chance.shape, spread.likely)
    rising = np.sqrt(chance * width * (spread.likely - spread.least))
    falling = np.sqrt((1 - chance) * width * (spread.most - spread.likely))
    drawn: Floats = np.where(chance * width < spread.likely - spread.least, spread.least + rising, spread.most - falling)
    return drawn
