"""Samples are drawn ahead in parts; how large a part is has no say in them."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from leadtime.survival import resampling


@pytest.mark.parametrize("at_once", [1, 35, 10**6])
def test_samples_are_those_of_one_draw_whatever_the_parts(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    chances = np.array([0.1, 0.2, 0.3, 0.15, 0.25])
    monkeypatch.setattr(resampling, "_AT_ONCE", at_once)
    parts = list(resampling.samples(20, chances, 16, np.random.default_rng(3)))
    assert len(parts) == {1: 16, 35: 3, 10**6: 1}[at_once]
    assert np.concatenate(parts, axis=1).T.tolist() == np.random.default_rng(3).multinomial(20, chances, size=16).tolist()


def test_one_generator_serves_several_cohorts_in_turn() -> None:
    chances, generator, plain = np.full(7, 1 / 7), np.random.default_rng(0), np.random.default_rng(0)
    for size in (7, 9):
        found = np.concatenate(list(resampling.samples(size, chances, 5, generator)), axis=1)
        assert found.T.tolist() == plain.multinomial(size, chances, size=5).tolist()


def test_who_takes_only_some_of_the_samples_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    parts = resampling.samples(10**5, np.full(10**5, 1e-5), 100, np.random.default_rng(0))
    assert next(parts).shape[0] == 10**5
    assert threading.active_count() == before + 1
    parts.close()
    assert threading.active_count() == before
