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


@dataclass(frozen=True)
class RfmRules:
    """RFM 规则: four rising cuts make five scores; without cuts scores go by rank, a fifth each.

    Attributes:
        recency_days: Days since the last order; at most the first scores 5, more than the last scores 1.
        frequency: Orders; at least the last scores 5, fewer than the first scores 1.
        money_yuan: Sum spent, yuan; likewise.
    """

    recency_days: tuple[int, ...] = ()
    frequency: tuple[int, ...] = ()
    money_yuan: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Take lists too, as stored choices give them."""
        for name in ("recency_days", "frequency", "money_yuan"):
            object.__setattr__(self, name, tuple(getattr(self, name)))


def level_words(rules: LevelRules) -> dict[str, str]:
    """Say in words what makes each level."""
    return {
        "identified": "留下过手机号、会员号等任一身份",
        "repeat": f"第一次来以后 {rules.repeat_window_days} 天内又来过一次",
        "fan": f"近 {rules.fan_window_days} 天至少 {rules.fan_orders} 单",
        "core": f"近 {rules.fan_window_days} 天至少 {rules.core_orders} 单，并且有至少 {rules.core_voices} 条有内容的原声；或由人提名",
    }


def rfm_words(rules: RfmRules) -> list[str]:
    """Say in words how the three scores are cut."""
    by_rank = "按名次分五等，并列取高分"
    r, f, m = rules.recency_days, rules.frequency, rules.money_yuan
    return [
        "最近（R）："
        + (f"{r[0]} 天内 5 分，{r[1]} 天内 4 分，{r[2]} 天内 3 分，{r[3]} 天内 2 分，更久 1 分" if r else by_rank),
        "次数（F）："
        + (f"{f[3]} 单起 5 分，{f[2]} 单起 4 分，{f[1]} 单起 3 分，{f[0]} 单起 2 分，更少 1 分" if f else by_rank),
        "金额（M）："
        + (f"¥{m[3]:,} 起 5 分，¥{m[2]:,} 起 4 分，¥{m[1]:,} 起 3 分，¥{m[0]:,} 起 2 分，更少 1 分" if m else by_rank),
    ]


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


def rfm(orders: pd.DataFrame, today: pd.Timestamp, parts: int = 5, rules: RfmRules = RfmRules()) -> pd.DataFrame:
    """Score recency, frequency and money from orders (rows ``fan_id, placed_at, amount_fen``); see ``rfm_of``."""
    return rfm_of(order_facts(orders, today), today, parts, rules)


def rfm_of(facts: pd.DataFrame, today: pd.Timestamp, parts: int = 5, rules: RfmRules = RfmRules()) -> pd.DataFrame:
    """Score recency, frequency and money.

    Args:
        facts: As ``order_facts`` gives them.
        today: Recency is counted back from here.
        parts: Scores run from 1 (worst) to ``parts`` (best), by rank; ties share the better place's score.
        rules: Where a score has cuts of its own, they decide instead of the rank.

    Returns:
        By fan id: ``recency_days, frequency, money_fen, r, f, m``.
    """
    frame = pd.DataFrame(
        {"recency_days": (today - facts["last"]).dt.days, "frequency": facts["orders"], "money_fen": facts["money_fen"]}
    )
    for name, column, ascending in (("r", "recency_days", False), ("f", "frequency", True), ("m", "money_fen", True)):
        rank = frame[column].rank(method="max", ascending=ascending)
        frame[name] = np.maximum(1, np.ceil(rank * parts / len(frame))).astype(int)
    if rules.recency_days:
        frame["r"] = 5 - np.searchsorted(rules.recency_days, frame["recency_days"], side="left")
    if rules.frequency:
        frame["f"] = 1 + np.searchsorted(rules.frequency, frame["frequency"], side="right")
    if rules.money_yuan:
        frame["m"] = 1 + np.searchsorted(100 * np.array(rules.money_yuan), frame["money_fen"], side="right")
    return frame
