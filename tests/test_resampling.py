"""Samples are drawn ahead in parts: how large a part is has no say in them, and of many cases each is drawn for itself."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from leadtime.survival import resampling

COUNTS = np.array([2, 4, 6, 3, 5])


def drawn(counts: np.ndarray, draws: int, generator: np.random.Generator) -> np.ndarray:
    """All parts together, a row a sample."""
    return np.concatenate(list(resampling.samples(counts, draws, generator)), axis=1).T


def test_of_few_cases_it_is_drawn_how_often_each_unit_comes() -> None:
    assert drawn(COUNTS, 16, np.random.default_rng(3)).tolist() == np.random.default_rng(3).multinomial(20, COUNTS / 20, size=16).tolist()


def test_of_many_cases_each_is_drawn_and_counts_for_its_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "_MANY", 19)
    cases = np.random.default_rng(3).integers(20, size=(16, 20))
    ends = np.cumsum(COUNTS)
    wanted = [[int(((row >= end - count) & (row < end)).sum()) for count, end in zip(COUNTS, ends, strict=True)] for row in cases]
    assert drawn(COUNTS, 16, np.random.default_rng(3)).tolist() == wanted


def test_both_ways_follow_the_multinomial_law(monkeypatch: pytest.MonkeyPatch) -> None:
    chances, draws = COUNTS / 20, 20_000
    for many in (19, 20):
        monkeypatch.setattr(resampling, "_MANY", many)
        counts = drawn(COUNTS, draws, np.random.default_rng(1))
        assert (counts.sum(axis=1) == 20).all()
        covariance = 20 * (np.diag(chances) - np.outer(chances, chances))
        assert np.allclose(counts.mean(axis=0), 20 * chances, atol=5 * np.sqrt(covariance.max() / draws))
        assert np.allclose(np.cov(counts.T), covariance, atol=0.15)


@pytest.mark.parametrize("many", [19, 20])
@pytest.mark.parametrize(("at_once", "parts"), [(1, 16), (35, 3), (10**6, 1)])
def test_the_size_of_a_part_changes_no_sample(monkeypatch: pytest.MonkeyPatch, many: int, at_once: int, parts: int) -> None:
    monkeypatch.setattr(resampling, "_MANY", many)
    whole = drawn(COUNTS, 16, np.random.default_rng(3))
    monkeypatch.setattr(resampling, "_CHUNK", at_once)
    assert len(list(resampling.samples(COUNTS, 16, np.random.default_rng(3)))) == parts
    assert drawn(COUNTS, 16, np.random.default_rng(3)).tolist() == whole.tolist()


def test_one_generator_serves_several_cohorts_in_turn() -> None:
    generator, plain = np.random.default_rng(0), np.random.default_rng(0)
    for size in (7, 9):
        wanted = plain.multinomial(size, np.full(size, 1 / size), size=5).tolist()
        assert drawn(np.ones(size, np.int64), 5, generator).tolist() == wanted


def test_who_takes_only_some_of_the_samples_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    parts = resampling.samples(np.ones(10**5, np.int64), 100, np.random.default_rng(0))
    assert next(parts).shape[0] == 10**5
    assert threading.active_count() == before + 1
    parts.close()
    assert threading.active_count() == before
