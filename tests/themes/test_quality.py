"""Stability: firm clusters come again, arbitrary cuts do not. Saturation: by hand, and against a simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fanops.themes.parameters import Parameters
from fanops.themes.quality import STABLE, saturation, stability


def blobs(draw, centres: int, each: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    middle = draw.normal(size=(centres, 24))
    vectors = np.repeat(middle, each, axis=0) + spread * draw.normal(size=(centres * each, 24))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), np.repeat(np.arange(centres, dtype=np.int32), each)


def test_firm_themes_come_again_and_arbitrary_ones_do_not():
    draw = np.random.default_rng(2)
    vectors, labels = blobs(draw, 5, 80, 0.35)
    firm = stability(vectors, labels, Parameters())
    assert firm.min() > 0.9
    cut = labels.copy()
    cut[cut == 0] = np.where(draw.random(80) < 0.5, 0, 5)  # one theme cut in two at random
    loose = stability(vectors, cut, Parameters())
    assert loose[[0, 5]].max() < STABLE < loose[1:5].min()
    assert np.allclose(stability(vectors, labels, Parameters()), firm)


def test_small_themes_and_small_sets_say_nothing():
    draw = np.random.default_rng(3)
    vectors, labels = blobs(draw, 3, 40, 0.3)
    labels[labels == 2] = -1
    labels[-3:] = 2
    assert np.isnan(stability(vectors, labels, Parameters())[2])
    assert np.isnan(stability(vectors[:6], labels[:6], Parameters())).all()


def test_saturation_by_hand():
    held = [{1, 2}, {1, 3}, {1, 2}, {1, 4}]  # 4 interviews; 1 four times, 2 twice, 3 and 4 once
    found = saturation(held)
    assert (found.interviews, found.seen) == (4, 4)
    assert found.expected == pytest.approx(4 + (3 / 4) * (2 * 2) / (2 * 1))
    assert found.more > 0
    assert saturation([{1, 2}] * 10).more == 0 and saturation([{1, 2}] * 10).expected == 2
    assert math.isnan(saturation([{1}, {2}]).expected) and math.isnan(saturation([]).more)
    assert math.isnan(saturation([{1}, {2}, {3}]).more)


def test_the_needed_interviews_do_bring_most_themes():
    draw = np.random.default_rng(8)
    chances = draw.beta(0.9, 6, size=40)
    reached = []
    for _ in range(60):
        held = [set(np.flatnonzero(draw.random(40) < chances).tolist()) for _ in range(200)]
        first = saturation(held[:20])
        if first.more != first.more:
            continue
        later = set().union(*held[: 20 + int(first.more)])
        reached.append(len(later) / first.expected)
    assert len(reached) > 40 and 0.88 < np.mean(reached) < 1.08
