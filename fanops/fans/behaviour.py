"""What orders and voices say about fans: lifecycle, activity, cohorts, repeat share over time; pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

STAGES = {"new": "新客", "active": "活跃", "returned": "回流", "asleep": "沉睡", "lost": "流失"}
PARTS = {"frequency": "频次", "quality": "质量", "breadth": "广度", "duration": "时长"}


@dataclass(frozen=True)
class StageRules:
    """生命周期规则, in days.

    Attributes:
        new_days: A first order no longer ago makes a new customer.
        asleep_days: No order for longer: asleep.
        lost_days: No order for longer: lost; who comes back after such a gap has returned.
    """

    new_days: int = 30
    asleep_days: int = 45
    lost_days: int = 90


@dataclass(frozen=True)
class ActivityRules:
    """活跃指数规则: the weights of the four parts, and the value of each that counts fully.

    Attributes:
        frequency: Weight of orders in the window.
        quality: Weight of informative units said in the window.
        breadth: Weight of different themes and stores.
        duration: Weight of months since the first order or voice.
        window_days: How far back frequency, quality and breadth look.
        full_orders: Orders that count fully.
        full_units: Informative units that count fully.
        full_breadth: Themes and stores that count fully, together.
        full_months: Months that count fully.
    """

    frequency: float = 4.0
    quality: float = 3.0
    breadth: float = 2.0
    duration: float = 1.0
    window_days: int = 90
    full_orders: int = 12
    full_units: int = 6
    full_breadth: int = 6
    full_months: int = 12


def stages_of(facts: pd.DataFrame, today: pd.Timestamp, rules: StageRules = StageRules()) -> pd.Series:
    """Give each buyer's stage from what the database counts; the same as ``lifecycle`` of the orders.

    Args:
        facts: By fan id: ``first, last`` (order), ``back`` (first order of the last ``asleep_days``, NaT none), ``before`` (the last
            one before those days).
        today: Days are counted back from here.
        rules: See StageRules; ``asleep_days`` at most ``lost_days``, so that no long gap fits into the last ``asleep_days``.

    Returns:
        A key of STAGES by fan id.
    """
    since_first, since_last = (today - facts["first"]).dt.days, (today - facts["last"]).dt.days
    stage = pd.Series("active", index=facts.index, dtype=object)
    stage[(facts["back"] - facts["before"]).dt.days > rules.lost_days] = "returned"
    stage[since_first <= rules.new_days] = "new"
    stage[since_last > rules.asleep_days] = "asleep"
    stage[since_last > rules.lost_days] = "lost"
    return stage


def stage_words(rules: StageRules) -> str:
    """Say in words what makes each stage."""
    return (
        f"新客：第一次来不超过 {rules.new_days} 天；沉睡：超过 {rules.asleep_days} 天没来；流失：超过 {rules.lost_days} 天没来；"
        "回流：流失后又回来；其余是活跃。"
    )


def flow_of(before: pd.Series, after: pd.Series, order: list[str]) -> pd.DataFrame:
    """Count who moved from which state to which.

    Args:
        before: State by fan id on the first day.
        after: State by fan id on the second day.
        order: The states in the order they are shown.

    Returns:
        Rows ``before, after, fans`` of pairs that occur; who has no state yet on the first day is ``""`` there.
    """
    both = pd.DataFrame({"before": before, "after": after}).dropna(subset="after").fillna("")
    counts = both.groupby(["before", "after"]).size().rename("fans").reset_index()
    place = {state: number for number, state in enumerate(order)}
    key = [counts[side].map(place).fillna(len(place)) for side in ("before", "after")]
    return counts.assign(a=key[0], b=key[1]).sort_values(["a", "b"], ignore_index=True).drop(columns=["a", "b"])


def lifecycle(orders: pd.DataFrame, today: pd.Timestamp, rules: StageRules = StageRules()) -> pd.Series:
    """Give each buyer's stage.

    Args:
        orders: Rows ``fan_id, placed_at``.
        today: Days are counted back from here; later orders don't count.
        rules: See StageRules.

    Returns:
        A key of STAGES by fan id.
    """
    known = orders[orders["placed_at"] <= today].sort_values(["fan_id", "placed_at"])
    if known.empty:
        return pd.Series(dtype=object)
    grouped = known.groupby("fan_id")["placed_at"]
    since_first, since_last = (today - grouped.min()).dt.days, (today - grouped.max()).dt.days
    gap = grouped.diff().dt.days
    # Returned: the last long gap ended less than asleep_days ago.
    back = known[gap > rules.lost_days].groupby("fan_id")["placed_at"].max()
    since_back = (today - back).dt.days.reindex(since_last.index)
    stage = pd.Series("active", index=since_last.index)
    stage[since_back <= rules.asleep_days] = "returned"
    stage[since_first <= rules.new_days] = "new"
    stage[since_last > rules.asleep_days] = "asleep"
    stage[since_last > rules.lost_days] = "lost"
    return stage


def activity(
    orders: pd.DataFrame, said: pd.DataFrame, today: pd.Timestamp, rules: ActivityRules = ActivityRules()
) -> pd.DataFrame:
    """Give each fan's activity index from orders (rows ``fan_id, placed_at, store_id``); see ``activity_of``."""
    since = today - pd.Timedelta(days=rules.window_days)
    bought = orders[(orders["placed_at"] > since) & (orders["placed_at"] <= today)].groupby("fan_id")
    first = orders[orders["placed_at"] <= today].groupby("fan_id")["placed_at"].min()
    facts = pd.DataFrame({"first": first, "active": bought.size(), "stores": bought["store_id"].nunique()})
    return activity_of(facts.fillna({"active": 0, "stores": 0}), said, today, rules)


def activity_of(
    facts: pd.DataFrame, said: pd.DataFrame, today: pd.Timestamp, rules: ActivityRules = ActivityRules()
) -> pd.DataFrame:
    """Give each fan's activity index.

    Args:
        facts: By fan id: ``first`` (order), ``active`` (orders in the window), ``stores`` (different ones in the window).
        said: Informative units: rows ``fan_id, said_at, theme_id`` (NaN none).
        today: Windows end here.
        rules: See ActivityRules.

    Returns:
        By fan id, each 0–100: ``frequency, quality, breadth, duration, score`` (their weighted mean).
    """
    since = today - pd.Timedelta(days=rules.window_days)
    spoke = said[(said["said_at"] > since) & (said["said_at"] <= today)].groupby("fan_id")
    first = (
        pd.concat([facts["first"], said[said["said_at"] <= today].groupby("fan_id")["said_at"].min()])
        .groupby(level=0)
        .min()
    )
    counts = pd.DataFrame(
        {
            "frequency": facts["active"] / rules.full_orders,
            "quality": spoke.size() / rules.full_units,
            "breadth": facts["stores"].add(spoke["theme_id"].nunique(), fill_value=0) / rules.full_breadth,
            "duration": (today - first).dt.days / 30.4 / rules.full_months,
        },
        index=first.index,
    )
    parts = 100 * counts.fillna(0).clip(0, 1).astype(float)
    weights = np.array([rules.frequency, rules.quality, rules.breadth, rules.duration])
    parts["score"] = parts.to_numpy() @ weights / weights.sum() if weights.sum() else 0.0
    return parts


def cohorts(orders: pd.DataFrame) -> pd.DataFrame:
    """Give how many of each month's new buyers bought again in each later month.

    Args:
        orders: Rows ``fan_id, placed_at``, aware; months are those of the timestamps' zone.

    Returns:
        Rows ``cohort`` (month as ``2026-05``), ``month`` (0: the first), ``buyers, base, share``.
    """
    if orders.empty:
        return pd.DataFrame(columns=["cohort", "month", "buyers", "base", "share"])
    place = orders["placed_at"].dt.year * 12 + orders["placed_at"].dt.month - 1
    first = place.groupby(orders["fan_id"]).transform("min")
    table = pd.DataFrame({"fan_id": orders["fan_id"], "first": first, "month": place - first})
    counts = table.groupby(["first", "month"])["fan_id"].nunique().rename("buyers").reset_index()
    base = counts[counts["month"] == 0].set_index("first")["buyers"]
    counts["base"] = counts["first"].map(base)
    counts["share"] = counts["buyers"] / counts["base"]
    counts["cohort"] = [f"{each // 12}-{each % 12 + 1:02d}" for each in counts["first"]]
    return counts[["cohort", "month", "buyers", "base", "share"]]


def repeat_over_time(orders: pd.DataFrame, until: pd.Timestamp, days: int = 28, points: int = 6) -> pd.DataFrame:
    """Give the repeat share of each period: of those who bought in it, who bought twice or more in it.

    Args:
        orders: Rows ``fan_id, placed_at``.
        until: End of the newest period, exclusive.
        days: Length of a period.
        points: Periods, the newest last.

    Returns:
        Rows ``since, buyers, repeaters, share``; share NaN without buyers.
    """
    rows = []
    for place in range(points - 1, -1, -1):
        end = until - pd.Timedelta(days=days * place)
        begin = end - pd.Timedelta(days=days)
        times = orders[(orders["placed_at"] >= begin) & (orders["placed_at"] < end)].groupby("fan_id").size()
        rows.append((begin, len(times), int((times >= 2).sum())))
    frame = pd.DataFrame(rows, columns=["since", "buyers", "repeaters"])
    frame["share"] = frame["repeaters"] / frame["buyers"].where(frame["buyers"] > 0)
    return frame


def rfm_map(scores: pd.DataFrame) -> pd.DataFrame:
    """Count fans per recency and frequency score.

    Args:
        scores: As ``levels.rfm`` gives them.

    Returns:
        Rows ``r, f, fans, money_fen`` (mean).
    """
    grouped = scores.groupby(["r", "f"])
    return pd.DataFrame({"fans": grouped.size(), "money_fen": grouped["money_fen"].mean()}).reset_index()
