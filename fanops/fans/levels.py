"""Levels: identified → repeat → fan → core, by rules that can be read and changed; pure."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

LEVEL_LABELS = {"identified": "已识别", "repeat": "回头客", "fan": "粉丝", "core": "核心粉丝"}


@dataclass(frozen=True)
class LevelRules:
    """分层规则.

    Attributes:
        repeat_window_days: A second purchase within so many days of the first makes a repeat customer.
        fan_orders: So many orders within ``fan_window_days`` make a fan.
        fan_window_days: See above.
        core_orders: So many orders and at least ``core_voices`` informative voices make a core fan.
        core_voices: See above.
    """

    repeat_window_days: int = 90
    fan_orders: int = 6
    fan_window_days: int = 180
    core_orders: int = 12
    core_voices: int = 2


def repeat_buyers(orders: pd.DataFrame, window_days: int) -> tuple[int, int]:
    """Count repeat buyers.

    Args:
        orders: Rows ``fan_id, placed_at``.
        window_days: A second purchase within so many days of the first counts, both ends included.

    Returns:
        Repeat buyers, and all buyers.
    """
    known = orders.dropna(subset=["fan_id"]).sort_values("placed_at")
    first_two = known.groupby("fan_id")["placed_at"].agg(
        ["first", lambda when: when.iloc[1] if len(when) > 1 else pd.NaT]
    )
    first_two.columns = ["first", "second"]
    repeated = (first_two["second"] - first_two["first"]) <= pd.Timedelta(days=window_days)
    return int(repeated.sum()), len(first_two)


def levels(orders: pd.DataFrame, voices: pd.Series, today: pd.Timestamp, rules: LevelRules = LevelRules()) -> pd.Series:
    """Give each buyer's level.

    Args:
        orders: Rows ``fan_id, placed_at``.
        voices: Informative voices by fan id.
        today: The day that ``fan_window_days`` looks back from.
        rules: See LevelRules.

    Returns:
        Level by fan id: identified, repeat, fan or core.
    """
    if orders.empty:
        return pd.Series(dtype=object)
    grouped = orders.sort_values("placed_at").groupby("fan_id")["placed_at"]
    second = grouped.nth(1)
    second.index = orders.sort_values("placed_at").loc[second.index, "fan_id"]
    gap = (second - grouped.min().reindex(second.index)).dt.days
    recent = orders[orders["placed_at"] >= today - pd.Timedelta(days=rules.fan_window_days)].groupby("fan_id").size()
    result = pd.Series("identified", index=grouped.size().index)
    result[gap.index[gap <= rules.repeat_window_days]] = "repeat"
    result[recent.index[recent >= rules.fan_orders]] = "fan"
    loud = voices[voices >= rules.core_voices].index
    result[recent.index[(recent >= rules.core_orders) & recent.index.isin(loud)]] = "core"
    return result


def rfm(orders: pd.DataFrame, today: pd.Timestamp, parts: int = 5) -> pd.DataFrame:
    """Score recency, frequency and money.

    Args:
        orders: Rows ``fan_id, placed_at, amount_fen``.
        today: Recency is counted back from here.
        parts: Scores run from 1 (worst) to ``parts`` (best), by rank; ties share the better place's score.

    Returns:
        By fan id: ``recency_days, frequency, money_fen, r, f, m``.
    """
    grouped = orders.groupby("fan_id")
    frame = pd.DataFrame(
        {
            "recency_days": (today - grouped["placed_at"].max()).dt.days,
            "frequency": grouped.size(),
            "money_fen": grouped["amount_fen"].sum(),
        }
    )
    for name, column, ascending in (("r", "recency_days", False), ("f", "frequency", True), ("m", "money_fen", True)):
        rank = frame[column].rank(method="max", ascending=ascending)
        frame[name] = (rank * parts / len(frame)).apply(lambda share: max(1, -int(-share // 1))).astype(int)
    return frame
