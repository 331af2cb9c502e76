"""Levels: identified → repeat → fan → core, by rules that can be read and changed; pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
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


def order_facts(orders: pd.DataFrame, since: pd.Timestamp) -> pd.DataFrame:
    """Give what levels and RFM look at of each buyer.

    Args:
        orders: Rows ``fan_id, placed_at``, and ``amount_fen`` where there is one.
        since: Orders from here on are recent.

    Returns:
        By fan id: ``first, second`` (NaT with one order), ``last, orders, recent, money_fen``.
    """
    ordered = orders.sort_values("placed_at", kind="stable")
    if "amount_fen" not in ordered:
        ordered = ordered.assign(amount_fen=0)
    grouped = ordered.groupby("fan_id")
    second = ordered[grouped.cumcount() == 1].set_index("fan_id")["placed_at"]
    facts = grouped.agg(
        first=("placed_at", "min"),
        last=("placed_at", "max"),
        orders=("placed_at", "size"),
        money_fen=("amount_fen", "sum"),
    )
    recent = ordered[ordered["placed_at"] >= since].groupby("fan_id").size()
    return facts.assign(second=second.reindex(facts.index), recent=recent.reindex(facts.index, fill_value=0))


def levels_of(facts: pd.DataFrame, voices: pd.Series, rules: LevelRules = LevelRules()) -> pd.Series:
    """Give each buyer's level.

    Args:
        facts: As ``order_facts`` gives them, recent within ``fan_window_days``.
        voices: Informative voices by fan id.
        rules: See LevelRules.

    Returns:
        Level by fan id: identified, repeat, fan or core.
    """
    result = pd.Series("identified", index=facts.index, dtype=object)
    if facts.empty:
        return result
    gap = (facts["second"] - facts["first"]).dt.days
    result[gap <= rules.repeat_window_days] = "repeat"
    result[facts["recent"] >= rules.fan_orders] = "fan"
    loud = voices[voices >= rules.core_voices].index
    result[(facts["recent"] >= rules.core_orders) & facts.index.isin(loud)] = "core"
    return result


def levels(orders: pd.DataFrame, voices: pd.Series, today: pd.Timestamp, rules: LevelRules = LevelRules()) -> pd.Series:
    """Give each buyer's level from orders (rows ``fan_id, placed_at``); see ``levels_of``."""
    if orders.empty:
        return pd.Series(dtype=object)
    return levels_of(order_facts(orders, today - pd.Timedelta(days=rules.fan_window_days)), voices, rules)


def rfm(orders: pd.DataFrame, today: pd.Timestamp, parts: int = 5) -> pd.DataFrame:
    """Score recency, frequency and money from orders (rows ``fan_id, placed_at, amount_fen``); see ``rfm_of``."""
    return rfm_of(order_facts(orders, today), today, parts)


def rfm_of(facts: pd.DataFrame, today: pd.Timestamp, parts: int = 5) -> pd.DataFrame:
    """Score recency, frequency and money.

    Args:
        facts: As ``order_facts`` gives them.
        today: Recency is counted back from here.
        parts: Scores run from 1 (worst) to ``parts`` (best), by rank; ties share the better place's score.

    Returns:
        By fan id: ``recency_days, frequency, money_fen, r, f, m``.
    """
    frame = pd.DataFrame(
        {"recency_days": (today - facts["last"]).dt.days, "frequency": facts["orders"], "money_fen": facts["money_fen"]}
    )
    for name, column, ascending in (("r", "recency_days", False), ("f", "frequency", True), ("m", "money_fen", True)):
        rank = frame[column].rank(method="max", ascending=ascending)
        frame[name] = np.maximum(1, np.ceil(rank * parts / len(frame))).astype(int)
    return frame
