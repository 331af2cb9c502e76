"""Segments (人群): saved filters over fans, counted afresh each time, and two of them compared."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import case, func
from sqlmodel import Session, select

from fanops.access import Actor, Role, in_scope, record_audit, require
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans.levels import LEVEL_LABELS
from fanops.intervals import Z95, wilson
from fanops.tables import Fan, FanTag, Order, Segment, Store, Tag, Theme, ThemeAssignment, Unit, Voice, now

KEEPERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
NAME_LIMIT = 40
_REPEAT_DAYS = 90


@dataclass(frozen=True)
class Conditions:
    """What a fan must be like; what is left empty asks nothing.

    Attributes:
        levels: One of these levels.
        store_id: This home store.
        tag_id: Carries this tag.
        theme_id: Said something of this theme.
        orders_from: At least so many orders.
        spent_from: Spent at least so much, yuan.
        last_from: Last order at least so many days ago.
        last_to: Last order at most so many days ago.
    """

    levels: tuple[str, ...] = ()
    store_id: int | None = None
    tag_id: int | None = None
    theme_id: int | None = None
    orders_from: int | None = None
    spent_from: int | None = None
    last_from: int | None = None
    last_to: int | None = None


def read_conditions(stored: dict[str, Any]) -> Conditions:
    """Give stored conditions, those of earlier releases too (what is unknown is left out)."""
    known = {each.name for each in fields(Conditions)}
    values = {name: value for name, value in stored.items() if name in known}
    return Conditions(**{**values, "levels": tuple(values.get("levels", ()))})


def members(actor: Actor, wanted: Conditions) -> Any:
    """Select the ids of the fans in the actor's scope who are like this."""
    statement = select(Fan.id).where(Fan.merged_into_id.is_(None), Fan.erased_at.is_(None))
    statement = in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)
    if wanted.levels:
        statement = statement.where(Fan.level.in_(wanted.levels))
    if wanted.store_id is not None:
        statement = statement.where(Fan.home_store_id == wanted.store_id)
    if wanted.tag_id is not None:
        carries = select(FanTag.fan_id).where(FanTag.tag_id == wanted.tag_id, FanTag.removed_at.is_(None))
        statement = statement.where(Fan.id.in_(carries))
    if wanted.theme_id is not None:
        said = (
            select(Voice.fan_id)
            .join(Unit, Unit.voice_id == Voice.id)
            .join(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
            .where(ThemeAssignment.theme_id == wanted.theme_id, Voice.fan_id.is_not(None))
        )
        statement = statement.where(Fan.id.in_(said))
    having = _order_conditions(wanted)
    if having:
        bought = select(Order.fan_id).where(Order.brand_id == actor.brand_id, Order.fan_id.is_not(None))
        statement = statement.where(Fan.id.in_(bought.group_by(Order.fan_id).having(*having)))
    return statement


def _order_conditions(wanted: Conditions) -> list[Any]:
    last, having = func.max(Order.placed_at), []
    if wanted.orders_from is not None:
        having.append(func.count(Order.id) >= wanted.orders_from)
    if wanted.spent_from is not None:
        having.append(func.sum(Order.amount_fen) >= 100 * wanted.spent_from)
    if wanted.last_from is not None:
        having.append(last <= now() - timedelta(days=wanted.last_from))
    if wanted.last_to is not None:
        having.append(last > now() - timedelta(days=wanted.last_to))
    return having


def condition_words(session: Session, actor: Actor, wanted: Conditions) -> str:
    """Say conditions in one Chinese line."""

    def name_of(table: Any, row_id: int | None) -> str:
        found = session.exec(select(table.name).where(table.id == row_id, table.brand_id == actor.brand_id)).first()
        return found or "已删除"

    said = [
        "或".join(LEVEL_LABELS[level] for level in wanted.levels if level in LEVEL_LABELS),
        wanted.store_id is not None and f"常去{name_of(Store, wanted.store_id)}",
        wanted.tag_id is not None and f"有标签“{name_of(Tag, wanted.tag_id)}”",
        wanted.theme_id is not None and f"说过“{name_of(Theme, wanted.theme_id)}”",
        wanted.orders_from is not None and f"至少 {wanted.orders_from} 单",
        wanted.spent_from is not None and f"至少消费 ¥{wanted.spent_from:,}",
        wanted.last_from is not None and f"至少 {wanted.last_from} 天没来",
        wanted.last_to is not None and f"{wanted.last_to} 天内来过",
    ]
    return "、".join(part for part in said if part) or "全部粉丝"


def count_members(session: Session, actor: Actor, wanted: Conditions) -> int:
    """Count the fans who are like this."""
    return session.exec(select(func.count()).select_from(members(actor, wanted).subquery())).one()


def save_segment(session: Session, actor: Actor, name: str, wanted: Conditions) -> Segment:
    """Save conditions under a name; the same name takes the new conditions.

    Raises:
        InvalidInput: No name, too long, or bounds that nobody can meet.
    """
    require(actor, *KEEPERS)
    name = name.strip()
    if not 0 < len(name) <= NAME_LIMIT:
        raise InvalidInput(f"人群要有名字，不超过 {NAME_LIMIT} 个字。", "例如：静安店的沉睡粉丝。")
    if wanted.last_from is not None and wanted.last_to is not None and wanted.last_from >= wanted.last_to:
        raise InvalidInput("“至少几天没来”要小于“几天内来过”。", "改好后再保存，填的都还在。")
    row = session.exec(select(Segment).where(Segment.brand_id == actor.brand_id, Segment.name == name)).first()
    if row is None:
        row = Segment(brand_id=actor.brand_id, name=name)
    row.conditions, row.account_id = asdict(wanted), actor.account_id
    session.add(row)
    session.flush()
    record_audit(session, actor, "save_segment", f"segment:{row.id}")
    return row


def segments(session: Session, actor: Actor) -> list[Segment]:
    """List the brand's segments by name."""
    return list(session.exec(select(Segment).where(Segment.brand_id == actor.brand_id).order_by(Segment.name)))


def remove_segment(session: Session, actor: Actor, segment_id: int) -> dict[str, Any]:
    """Take a segment out.

    Returns:
        Its name and conditions, for undo.

    Raises:
        NotFound: None such.
    """
    require(actor, *KEEPERS)
    row = session.exec(select(Segment).where(Segment.id == segment_id, Segment.brand_id == actor.brand_id)).first()
    if row is None:
        raise NotFound("没有这个人群。", "请从列表里选择。")
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
        select(Order.fan_id, func.count(Order.id), func.sum(Order.amount_fen))
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
