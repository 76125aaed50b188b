"""Answers on an ordered scale, such as a survey's, in two groups: which is higher, how often, and by what odds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from leadtime.errors import NotEstimable, UsageError, did_you_mean
from leadtime.results import Estimate, Result, Table, TestResult, Value
from leadtime.survival.checks import Array, Floats, check_confidence, codes_of, two_groups
from leadtime.survival.limits import z_value
from leadtime.survival.ranks import mann_whitney

__all__ = ["OrdinalShift", "ordinal_shift"]

_STEPS = 100
_TOLERANCE = 1e-10
_FURTHEST = 15.0  # log odds at which a group lies wholly beyond the other


@dataclass(frozen=True)
class OrdinalShift(Result):
    """Two groups' answers and the shift between them; made by `ordinal_shift`.

    `probability_higher`: the chance that an answer of the second group is higher than one of the first, ties halved. `odds_ratio`: the
    common odds ratio of a higher answer, above 1 where the second group's are higher. `table` has the odds ratio at each cut between
    levels too: where these differ widely, the common one says little.
    """

    levels: tuple[str, ...]
    table: Table
    test: TestResult
    probability_higher: Estimate
    odds_ratio: Estimate

    def _table(self) -> Table:
        return self.table

    def __str__(self) -> str:
        return f"{self.table}\n{self.test}; higher in the second group with probability {self.probability_higher}"


def ordinal_shift(
    answers: Sequence[Any] | npt.ArrayLike,
    group: Sequence[Any] | npt.ArrayLike,
    *,
    levels: Sequence[Any] | None = None,
    order: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> OrdinalShift:
    """Compares answers on an ordered scale before and after, or in any two groups of different persons.

    Answers that weren't given don't belong in it: leave them out and say how many they were.

    Args:
        answers: one a person.
        group: one label a person, two labels in all.
        levels: all possible answers from lowest to highest; None for the numbers' own order.
        order: the two labels, the reference first; None for the order of first appearance.
        confidence: level of the intervals.

    Returns:
        Counts by level, a permutation test of the ranks (exact up to some hundred answers), the probability of a higher answer, and the
        odds ratio of the proportional-odds model with a Wald interval; None where one group's answers all lie beyond the other's.

    Raises:
        NotEstimable: one group, or all answers alike.
        UsageError: an answer that isn't among the levels, or text without `levels`.

    Source: McCullagh (1980), JRSS B 42:109, as R MASS `polr`; the test as `survival.mann_whitney`, which is that model's score test.

    >>> answers = ["bad", "fair", "fair", "good", "fair", "good", "good", "good"]
    >>> result = ordinal_shift(answers, ["before"] * 4 + ["after"] * 4, levels=["bad", "fair", "good"])
    >>> result.probability_higher.value, round(result.odds_ratio.value, 2), round(result.test.p_value, 3)
    (0.78125, 10.52, 0.371)
    """
    check_confidence(confidence)
    code, names = _coded(answers, levels)
    groups = two_groups(group, code.size, order)
    if np.unique(code).size < 2:
        raise NotEstimable(f"answers are all '{names[int(code[0])]}', so nothing tells the groups apart")
    labels = np.array(groups.names, dtype=object)[groups.code]
    ranks = mann_whitney(code, np.ones(code.size, np.int64), labels, order=groups.names, confidence=confidence)
    counts = np.zeros((2, len(names)))
    np.add.at(counts, (groups.code, code), 1)
    shorter = ranks.probability_shorter
    value, lower, upper = (None if limit is None else 1 - limit for limit in (shorter.value, shorter.upper, shorter.lower))
    higher = Estimate(value, lower, upper, None, confidence, shorter.interval, shorter.n)
    table = _counted(names, groups.names, counts)
    return OrdinalShift(names, table, ranks.test, higher, _odds_ratio(counts, confidence))


def _coded(answers: Sequence[Any] | npt.ArrayLike, levels: Sequence[Any] | None) -> tuple[Array, tuple[str, ...]]:
    """Each answer's place among the levels, and their names."""
    n = int(np.size(np.asarray(answers, dtype=object)))
    if not n:
        raise NotEstimable("answers is empty; a comparison needs some in each group")
    codes, labels = codes_of(answers, n, "answers")
    if levels is None:
        if not all(isinstance(label, (int, float)) for label in labels):
            raise UsageError("levels is missing; name the answers from lowest to highest, since text has no order of its own")
        levels = sorted(labels)
    place = {level: number for number, level in enumerate(levels)}
    for label in labels:
        if label not in place:
            raise UsageError(f"answers hold '{label}', which isn't among the levels{did_you_mean(str(label), map(str, levels))}")
    return np.array([place[label] for label in labels], np.int64)[codes], tuple(str(level) for level in levels)


def _counted(names: tuple[str, ...], groups: tuple[str, ...], counts: Floats) -> Table:
    """A row a level: each group's count and share, and the odds ratio of an answer above this level."""
    shares = counts / counts.sum(axis=1, keepdims=True)
    above = counts.sum(axis=1, keepdims=True) - counts.cumsum(axis=1)
    upto = counts.cumsum(axis=1)
    rows: list[tuple[Value, ...]] = []
    for place, name in enumerate(names):
        up, down = above[1, place] * upto[0, place], upto[1, place] * above[0, place]
        odds = float(up / down) if down and up else None
        rows.append((name, int(counts[0, place]), int(counts[1, place]), float(shares[0, place]), float(shares[1, place]), odds))
    columns = ("answer", f"n_{groups[0]}", f"n_{groups[1]}", f"share_{groups[0]}", f"share_{groups[1]}", "odds_ratio_above")
    return Table("ordinal_shift", columns, tuple(rows), counts=columns[1:3])


def _odds_ratio(counts: Floats, confidence: float) -> Estimate:
    """The common odds ratio by maximum likelihood; levels that nobody chose don't change it."""
    used = counts[:, counts.sum(axis=0) > 0]
    n = int(used.sum())
    fitted = _fitted(used)
    if fitted is None:
        note = "all answers of one group lie beyond the other's, so the odds ratio has no end"
        return Estimate(None, None, None, None, confidence, "wald", n, note)
    log_odds, error = fitted
    width = z_value(confidence) * error
    limits = (math.exp(log_odds), math.exp(log_odds - width), math.exp(log_odds + width))
    return Estimate(*limits, None, confidence, "wald", n)


def _fitted(counts: Floats) -> tuple[float, float] | None:
    """Fisher scoring on cut points and the log odds; the error from the observed information, as R has it."""
    cuts = counts.shape[1] - 1
    upto = counts.sum(axis=0).cumsum()[:-1] / counts.sum()
    found = np.append(np.log(upto / (1 - upto)), 0.0)
    best = _likelihood(found, counts)
    for _ in range(_STEPS):
        score, information = _score(found, counts)
        step = np.linalg.solve(information, score)
        while (trial := _likelihood(found + step, counts)) < best - _TOLERANCE and np.abs(step).max() > _TOLERANCE:
            step = step / 2
        found, best = found + step, trial
        if abs(found[cuts]) > _FURTHEST:
            return None
        if np.abs(step).max() < _TOLERANCE:
            break
    small = 1e-5 * np.eye(cuts + 1)
    hessian = np.array([(_score(found + each, counts)[0] - _score(found - each, counts)[0]) / 2e-5 for each in small])
    error = math.sqrt(float(np.linalg.inv(-(hessian + hessian.T) / 2)[cuts, cuts]))
    return float(found[cuts]), error


def _chances(parameters: Floats) -> tuple[Floats, Floats]:
    """Each group's chance of each level, and of lying at or below each cut."""
    line = parameters[:-1][None, :] - np.array([[0.0], [parameters[-1]]])
    below = 1 / (1 + np.exp(-line))
    padded = np.hstack([np.zeros((2, 1)), below, np.ones((2, 1))])
    return np.diff(padded, axis=1), below


def _likelihood(parameters: Floats, counts: Floats) -> float:
    chances, _ = _chances(parameters)
    if (chances <= 0).any():
        return -math.inf
    return float((counts * np.log(chances)).sum())


def _score(parameters: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """The gradient of the log likelihood and Fisher's information."""
    chances, below = _chances(parameters)
    cuts = below.shape[1]
    score, information = np.zeros(cuts + 1), np.zeros((cuts + 1, cuts + 1))
    for place in (0, 1):
        density = np.diag(below[place] * (1 - below[place]))
        by_cut = np.vstack([density, np.zeros(cuts)]) - np.vstack([np.zeros(cuts), density])
        slope = np.hstack([by_cut, -by_cut.sum(axis=1, keepdims=True) * place])
        score += slope.T @ (counts[place] / chances[place])
        information += counts[place].sum() * slope.T @ (slope / chances[place][:, None])
    return score, information
