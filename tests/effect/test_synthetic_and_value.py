"""A mix of controls finds a planted effect in one store and claims nothing where there is none; effects turn into money."""

from __future__ import annotations

import numpy as np
import pytest

from fanops.effect.did import detectable_share, estimate_effect
from fanops.effect.panel import Panel
from fanops.effect.synthetic import synthetic_control
from fanops.effect.value import value_of
from fanops.errors import TooLittleData
from tests.effect.test_did import planted


def trended(
    seed: int, share: float, *, controls: int = 19, weeks: int = 30, start: int = 20, treated: int = 1
) -> Panel:
    """Stores that follow two factors with loadings of their own: plain differences would be biased, a mix is not."""
    rng = np.random.default_rng(seed)
    factors = np.cumsum(rng.normal(0, 0.03, (2, weeks)), axis=1)
    loads = rng.uniform(0, 1, (controls + treated, 2))
    loads[:treated] = 0.5 * (loads[treated : 2 * treated] + loads[2 * treated : 3 * treated])
    y = (
        rng.normal(9, 0.5, controls + treated)[:, None]
        + loads @ factors
        + rng.normal(0, 0.01, (controls + treated, weeks))
    )
    y[:treated, start:] += np.log1p(share)
    begin = np.full(controls + treated, weeks)
    begin[:treated] = start
    return Panel(tuple(f"店{n}" for n in range(len(y))), tuple(map(str, range(weeks))), np.exp(y), begin)


def test_one_treated_store_is_measured_against_its_mix():
    found = [synthetic_control(trended(seed, 0.08)) for seed in range(40)]
    assert np.mean([e.estimate_share for e in found]) == pytest.approx(0.08, abs=0.01)
    assert sum(e.p <= 0.10 for e in found) >= 34
    assert all(e.least_p == pytest.approx(1 / 20) for e in found)
    assert all(
        e.weights["weight"].sum() == pytest.approx(1, abs=0.12) and (e.weights["weight"] > 0).all() for e in found
    )
    assert all(len(e.by_time) == 30 and len(e.placebo_shares) == 19 for e in found)


def test_nothing_is_found_where_nothing_was_planted():
    found = [synthetic_control(trended(seed, 0.0)) for seed in range(60)]
    assert sum(e.p <= 0.10 for e in found) <= 12
    two = [synthetic_control(trended(seed, 0.0, treated=2)) for seed in range(20)]
    assert sum(e.p <= 0.05 for e in two) <= 4 and all(e.least_p < 1 / 300 for e in two)


def test_it_says_when_it_can_not_be_had():
    for panel in (trended(1, 0.1, controls=3), trended(1, 0.1, start=6), trended(1, 0.1, treated=4)):
        with pytest.raises(TooLittleData):
            synthetic_control(panel)
    holed = trended(1, 0.1)
    holed.values[0, 3] = 0.0
    with pytest.raises(TooLittleData):
        synthetic_control(holed)


def test_value_by_hand():
    # levels: controls rise by 2; treated rises from 10 to 15 where 12 would have been: 3 more in each of 2 periods
    values = np.array([[0.0, 0, 2, 2], [4.0, 4, 6, 6], [10.0, 10, 15, 15]])
    panel = Panel(("a", "b", "c"), ("1", "2", "3", "4"), values, np.array([4, 4, 2]))
    worth = value_of(panel, estimate_effect(panel))
    assert worth.total == pytest.approx(6) and worth.by_store["value"].tolist() == pytest.approx([6])
    # logs: 10 % above what would have been 100 and 200 a week, for 2 weeks
    steady = np.array([[50.0] * 4, [70.0] * 4, [90.0] * 4, [100, 100, 110, 110], [200, 200, 220, 220]])
    panel = Panel(("a", "b", "c", "d", "e"), tuple("1234"), steady, np.array([4, 4, 4, 2, 2]))
    worth = value_of(panel, estimate_effect(panel))
    assert worth.total == pytest.approx(60)
    assert worth.by_store[["unit", "value"]].values.tolist() == [["d", pytest.approx(20)], ["e", pytest.approx(40)]]


def test_a_stores_value_holds_the_truth_as_often_as_it_says():
    inside = total = 0
    for seed in range(40):
        panel = planted(seed, 0.05)
        worth = value_of(panel, estimate_effect(panel))
        for row in worth.by_store.itertuples():
            store = int(row.unit)
            taken = panel.values[store, panel.start[store] :].sum()
            inside += row.low <= taken * 0.05 / 1.05 <= row.high
            total += 1
        assert worth.low < worth.total < worth.high
    assert inside / total >= 0.92


def test_power_before_starting_foretells_what_is_seen_after():
    history = planted(5, 0.0)
    treated = history.start < history.n_periods
    foretold = detectable_share(history.values, treated, 8)
    after = [estimate_effect(planted(seed, 0.0)).minimum_detectable_share for seed in range(20)]
    assert foretold == pytest.approx(np.mean(after), rel=0.6)
    assert detectable_share(history.values, treated, 13) < 1.5 * foretold
    with pytest.raises(TooLittleData):
        detectable_share(history.values, treated, 25)
