"""Levels and repeat share on tables counted by hand."""

from __future__ import annotations

import pandas as pd

from fanops.fans.levels import LevelRules, levels, repeat_buyers, rfm


def orders_of_sixty() -> pd.DataFrame:
    """200 orders of 60 buyers: 23 buy again within 90 days, 7 only after 100, 30 once."""
    rows = [(fan, "2026-01-01") for fan in range(60)]
    rows += [(fan, "2026-03-01") for fan in range(23)] + [(fan, "2026-04-20") for fan in range(23, 30)]
    rows += [(fan % 23, "2026-05-01") for fan in range(200 - len(rows))]
    return pd.DataFrame(rows, columns=["fan_id", "placed_at"]).assign(
        placed_at=lambda f: pd.to_datetime(f["placed_at"])
    )


def test_repeat_buyers_by_window():
    orders = orders_of_sixty()
    assert len(orders) == 200
    assert repeat_buyers(orders, 90) == (23, 60)
    assert repeat_buyers(orders, 120) == (30, 60)
    assert repeat_buyers(orders, 30) == (0, 60)


def test_levels_by_hand():
    def bought(fan, days):
        return [(fan, pd.Timestamp("2026-06-01") - pd.Timedelta(days=day)) for day in days]

    rows = (
        bought(1, [10])
        + bought(2, [10, 40])
        + bought(3, [10, 140])
        + bought(4, range(1, 60, 9))
        + bought(5, range(1, 100, 7))
    )
    rows += bought(6, range(1, 100, 7))
    orders = pd.DataFrame(rows, columns=["fan_id", "placed_at"])
    voices = pd.Series({5: 3, 6: 1})
    found = levels(orders, voices, pd.Timestamp("2026-06-01"), LevelRules())
    assert found.to_dict() == {1: "identified", 2: "repeat", 3: "identified", 4: "fan", 5: "core", 6: "fan"}


def test_rfm_of_five():
    orders = pd.DataFrame(
        {"fan_id": [1, 2, 3, 4, 5, 5], "amount_fen": [100, 200, 300, 400, 500, 500],
         "placed_at": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05", "2026-01-05"])}
    )  # fmt: skip
    found = rfm(orders, pd.Timestamp("2026-01-10"))
    assert found["r"].tolist() == [1, 2, 3, 4, 5]
    assert found["m"].tolist() == [1, 2, 3, 4, 5]
    assert found["f"].tolist() == [4, 4, 4, 4, 5]
