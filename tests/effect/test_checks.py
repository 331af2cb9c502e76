"""A false start shows nothing; controls are chosen by their course; several metrics are corrected."""

from __future__ import annotations

import numpy as np
import pytest

from fanops.effect.checks import match_controls, placebo_date
from fanops.effect.panel import Panel
from fanops.intervals import holm
from tests.effect.test_did import planted


def test_a_false_start_shows_nothing_most_of_the_time():
    inside = 0
    for seed in range(60):
        found = placebo_date(planted(seed, 0.05))
        inside += found.low_share <= 0 <= found.high_share
    assert inside >= 53
    short = planted(1, 0.05)
    assert placebo_date(Panel(short.units, short.periods, short.values, np.where(short.start < 26, 2, 26))) is None
    assert placebo_date(Panel(short.units, short.periods, short.values, np.full(12, 26))) is None


def test_a_false_start_uncovers_stores_that_drifted_before():
    panel = planted(3, 0.0)
    drift = np.where((panel.start < 26)[:, None], np.exp(0.03 * np.arange(26)), 1.0)
    found = placebo_date(Panel(panel.units, panel.periods, panel.values * drift, panel.start))
    assert found.low_share > 0


def test_controls_are_those_with_the_same_course():
    weeks = np.arange(16)
    up, down = 100 * np.exp(0.05 * weeks), 100 * np.exp(-0.05 * weeks)
    draw = np.random.default_rng(1)
    values = np.array([up, 3 * up, down, 0.5 * up, 9 * down, up]) * np.exp(draw.normal(0, 0.01, (6, 16)))
    treated = np.array([True, False, False, False, False, False])
    assert set(match_controls(values, treated, 3)) == {1, 3, 5}
    values[3] = np.nan
    assert 3 not in match_controls(values, treated, 5)


def test_several_metrics_are_corrected_by_hand():
    assert holm([0.01, 0.04, 0.03, float("nan")])[:3] == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]).size == 0 and holm([0.9, 0.8]).tolist() == [1.0, 1.0]
