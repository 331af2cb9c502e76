"""Lifecycle, activity, cohorts and the buy-till-you-die model: by hand where a hand can, by simulation where not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fanops.fans.alive import calibration, fit_alive, histories
from fanops.fans.behaviour import ActivityRules, activity, cohorts, lifecycle, repeat_over_time, rfm_map
from fanops.fans.levels import rfm

TODAY = pd.Timestamp("2026-11-01", tz="UTC")


def bought(days_ago: dict[int, list[int]]) -> pd.DataFrame:
    rows = [(fan, TODAY - pd.Timedelta(days=days), 1, 1000) for fan, every in days_ago.items() for days in every]
    return pd.DataFrame(rows, columns=["fan_id", "placed_at", "store_id", "amount_fen"])


def test_stages_by_hand():
    orders = bought(
        {1: [5], 2: [200, 40, 10], 3: [200, 110, 10], 4: [100, 60], 5: [300, 120], 6: [31], 7: [300, 100, 60]}
    )
    stages = lifecycle(orders, TODAY)
    # 2 came back 40 days ago after 160 without an order; 3 came back 10 days ago after 100.
    assert stages.to_dict() == {
        1: "new",
        2: "returned",
        3: "returned",
        4: "asleep",
        5: "lost",
        6: "active",
        7: "asleep",
    }
    assert lifecycle(bought({}), TODAY).empty


def test_activity_parts_by_hand_and_weights_count():
    orders = bought({1: [1, 2, 3], 2: [200]})
    orders.loc[0, "store_id"] = 2
    said = pd.DataFrame(
        {
            "fan_id": [1, 1, 3],
            "said_at": [TODAY - pd.Timedelta(days=d) for d in (1, 2, 3)],
            "theme_id": [7.0, np.nan, 8.0],
        }
    )
    found = activity(orders, said, TODAY)
    assert found.loc[1, "frequency"] == pytest.approx(100 * 3 / 12)
    assert found.loc[1, "quality"] == pytest.approx(100 * 2 / 6)
    assert found.loc[1, "breadth"] == pytest.approx(100 * (2 + 1) / 6)
    assert found.loc[2, "frequency"] == 0 and found.loc[2, "duration"] == pytest.approx(100 * 200 / 30.4 / 12)
    assert found.loc[3, "quality"] == pytest.approx(100 / 6)
    weighted = found[["frequency", "quality", "breadth", "duration"]].to_numpy() @ np.array([4, 3, 2, 1]) / 10
    assert np.allclose(found["score"], weighted)
    only = activity(orders, said, TODAY, ActivityRules(frequency=0, quality=1, breadth=0, duration=0))
    assert np.allclose(only["score"], only["quality"])


def test_cohorts_and_repeat_share_by_hand():
    rows = [
        (1, "2026-05-03"),
        (1, "2026-06-10"),
        (1, "2026-06-11"),
        (2, "2026-05-20"),
        (3, "2026-06-01"),
        (3, "2026-08-01"),
    ]
    orders = pd.DataFrame(rows, columns=["fan_id", "placed_at"])
    orders["placed_at"] = pd.to_datetime(orders["placed_at"], utc=True)
    table = cohorts(orders).set_index(["cohort", "month"])
    assert table.loc[("2026-05", 0), "buyers"] == 2 and table.loc[("2026-05", 1), "share"] == 0.5
    assert table.loc[("2026-06", 2), "share"] == 1.0 and ("2026-05", 2) not in table.index
    over = repeat_over_time(bought({1: [1, 2], 2: [3], 3: [30]}), TODAY, points=3)
    assert over["buyers"].tolist() == [0, 1, 2] and over["repeaters"].tolist() == [0, 0, 1]
    assert np.isnan(over["share"].iloc[0]) and over["share"].iloc[2] == 0.5
    assert rfm_map(rfm(bought({1: [1, 2], 2: [3], 3: [30]}), TODAY))["fans"].sum() == 3


def simulate(fans: int, seed: int) -> pd.DataFrame:
    """Customers who buy at a rate of their own and drop out after a purchase with a chance of their own."""
    draw = np.random.default_rng(seed)
    rows = []
    for fan in range(fans):
        rate, leave, at = draw.gamma(1.2, 1 / 14), draw.beta(1.2, 4), draw.uniform(0, 120)
        while at < 240:
            rows.append((fan, at))
            if draw.random() < leave:
                break
            at += draw.exponential(1 / rate)
    orders = pd.DataFrame(rows, columns=["fan_id", "at"])
    return orders.assign(placed_at=TODAY - pd.Timedelta(days=240) + pd.to_timedelta(orders["at"], unit="D"))


def test_the_chance_of_being_alive_is_calibrated_on_held_out_days():
    orders = simulate(3000, 3)
    table = calibration(orders, TODAY)
    assert table["observed"].is_monotonic_increasing
    assert table["predicted"].sum() == pytest.approx(table["observed"].sum(), rel=0.1)
    assert np.abs(table["predicted"] - table["observed"]).max() < 0.15
    history = histories(orders, TODAY)
    model = fit_alive(history)
    alive = pd.Series(model.alive(history), index=history.index)
    assert alive.between(0, 1).all()
    busy = history[(history["repeats"] >= 8)]
    recent, silent = busy["age_days"] - busy["last_day"] <= 7, busy["age_days"] - busy["last_day"] >= 60
    assert alive[busy.index[recent]].mean() > 0.9 > 0.3 > alive[busy.index[silent]].mean()


def test_too_few_buyers_are_refused():
    with pytest.raises(ValueError, match="100"):
        fit_alive(histories(bought({1: [1, 2]}), TODAY))
