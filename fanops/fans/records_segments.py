"""Segments (人群): saved filters over fans, counted afresh each time, and two of them compared."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import case, func, update
from sqlmodel import Session, select

from fanops.access import Actor, Role, record_audit, require
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans.records_conditions import Conditions as Conditions
from fanops.fans.records_conditions import check_conditions, members
from fanops.fans.records_conditions import condition_words as condition_words
from fanops.fans.records_conditions import count_members as count_members
from fanops.fans.records_conditions import read_conditions as read_conditions
from fanops.intervals import Z95, wilson
from fanops.tables import Order, OwnRule, Segment, Unit, Voice, is_purchase, now

KEEPERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
_KEEP_ALL = (
    Role.PRODUCT,
    Role.CEO,
    Role.ADMIN,
)  # the others change and remove only what they made: all stores use them
NAME_LIMIT = 40
_REPEAT_DAYS = 90


def save_segment(session: Session, actor: Actor, name: str, wanted: Conditions) -> Segment:
    """Save conditions under a name; the same name takes the new conditions.

    Raises:
        InvalidInput: No name, too long, or bounds that nobody can meet.
        Conflict: Somebody else made the segment of this name.
    """
    require(actor, *KEEPERS)
    name = name.strip()
    if not 0 < len(name) <= NAME_LIMIT:
        raise InvalidInput(f"人群要有名字，不超过 {NAME_LIMIT} 个字。", "例如：静安店的沉睡粉丝。")
    check_conditions(wanted)
    row = session.exec(select(Segment).where(Segment.brand_id == actor.brand_id, Segment.name == name)).first()
    if row is not None and not may_change(actor, row):
        raise Conflict(f"已经有人群“{name}”，是别人建的。", "请换一个名字。")
    if row is None:
        row = Segment(brand_id=actor.brand_id, name=name)
    row.conditions, row.account_id = asdict(wanted), actor.account_id
    session.add(row)
    session.flush()
    record_audit(session, actor, "save_segment", f"segment:{row.id}")
    return row


def may_change(actor: Actor, segment: Segment) -> bool:
    """Say whether the actor may change or remove the segment: whoever made it, and head office."""
    return actor.role in _KEEP_ALL or segment.account_id == actor.account_id


def segments(session: Session, actor: Actor) -> list[Segment]:
    """List the brand's segments by name."""
    return list(session.exec(select(Segment).where(Segment.brand_id == actor.brand_id).order_by(Segment.name)))


def remove_segment(session: Session, actor: Actor, segment_id: int) -> dict[str, Any]:
    """Take a segment out.

    Returns:
        Its name and conditions, for undo.

    Raises:
        NotFound: None such.
        Conflict: A rule stands on it, or somebody else made it.
    """
    require(actor, *KEEPERS)
    row = session.exec(select(Segment).where(Segment.id == segment_id, Segment.brand_id == actor.brand_id)).first()
    if row is None:
        raise NotFound("没有这个人群。", "请从列表里选择。")
    if not may_change(actor, row):
        raise Conflict(f"人群“{row.name}”是别人建的，别的门店也在用。", "请建的人或总部来删除。")
    on_it = OwnRule.segment_id == row.id
    rule = session.exec(select(OwnRule.name).where(on_it, OwnRule.removed_at.is_(None))).first()
    if rule is not None:
        raise Conflict(f"自动规则“{rule}”正在用这个人群。", "先到“规则”里删除那条规则。")
    session.exec(update(OwnRule).where(on_it).values(segment_id=None))
    was = {"name": row.name, "conditions": row.conditions}
    session.delete(row)
    record_audit(session, actor, "remove_segment", f"segment:{segment_id}")
    return was


def compare(session: Session, actor: Actor, first: Conditions, second: Conditions) -> pd.DataFrame:
    """Compare two groups of fans; who is in both counts in both.

    Returns:
        Rows ``measure, kind`` (``share`` or ``mean``), ``a, a_low, a_high, a_base, b, b_low, b_high, b_base, low, high`` (interval
        of the difference a − b, 95 %), ``differs`` (the interval excludes 0).

    Raises:
        Conflict: Both are the same.
    """
    if first == second:
        raise Conflict("两个人群一样。", "请选另一个来比较。")
    sides = [_measures(session, actor, members(actor, wanted)) for wanted in (first, second)]
    rows = []
    for name, (kind, *a) in sides[0].items():
        b = sides[1][name][1:]
        (value_a, error_a, low_a, high_a, base_a), (value_b, error_b, low_b, high_b, base_b) = a, b
        spread = Z95 * np.hypot(error_a, error_b)
        low, high = value_a - value_b - spread, value_a - value_b + spread
        rows.append(
            (name, kind, value_a, low_a, high_a, base_a, value_b, low_b, high_b, base_b, low, high, low > 0 or high < 0)
        )
    columns = [
        "measure",
        "kind",
        "a",
        "a_low",
        "a_high",
        "a_base",
        "b",
        "b_low",
        "b_high",
        "b_base",
        "low",
        "high",
        "differs",
    ]
    return pd.DataFrame(rows, columns=columns)


def _measures(session: Session, actor: Actor, who: Any) -> dict[str, tuple]:
    since = now() - timedelta(days=_REPEAT_DAYS)
    orders = session.exec(
        select(Order.fan_id, func.sum(case((is_purchase(), 1), else_=0)), func.sum(Order.amount_fen))
        .where(Order.fan_id.in_(who), Order.placed_at >= since)
        .group_by(Order.fan_id)
    ).all()
    times = np.array([row[1] for row in orders], float)
    spent = np.array([float(row[2]) for row in orders]) / 100
    units, negative = session.exec(
        select(func.count(Unit.id), func.sum(case((Unit.polarity == -1, 1), else_=0)))
        .join(Voice, Voice.id == Unit.voice_id)
        .where(Voice.fan_id.in_(who), Unit.no_content.is_(False))
    ).one()
    people = session.exec(select(func.count()).select_from(who.subquery())).one()
    return {
        f"近 {_REPEAT_DAYS} 天来过的比例": ("share", *_share(len(times), people)),
        f"近 {_REPEAT_DAYS} 天复购率": ("share", *_share(int((times >= 2).sum()), len(times))),
        "来过的人平均几单": ("mean", *_mean(times)),
        "来过的人平均消费（元）": ("mean", *_mean(spent)),
        "说的话里不满的比例": ("share", *_share(int(negative or 0), units)),
    }


def _share(count: int, base: int) -> tuple[float, float, float, float, int]:
    if not base:
        return (np.nan,) * 4 + (0,)
    low, high = wilson(np.array([count]), np.array([base]))
    share = count / base
    return share, float(np.sqrt(share * (1 - share) / base)), float(low[0]), float(high[0]), base


def _mean(values: np.ndarray) -> tuple[float, float, float, float, int]:
    if len(values) < 2:
        return (float(values[0]) if len(values) else np.nan, np.nan, np.nan, np.nan, len(values))
    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
    return mean, error, mean - Z95 * error, mean + Z95 * error, len(values)
