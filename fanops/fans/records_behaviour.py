"""Orders of the actor's scope as the pure functions of behaviour read them, and a fan's activity."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor, in_scope
from fanops.fans.records import get_fan
from fanops.settings import settings
from fanops.tables import Fan, FanActivity, Order, ThemeAssignment, Unit, Voice


def orders_of(session: Session, actor: Actor) -> pd.DataFrame:
    """Give the orders of known fans: rows ``fan_id`` (merged fans as one), ``placed_at`` (in the stores' zone), ``store_id,
    amount_fen``.
    """
    person = func.coalesce(Fan.merged_into_id, Fan.id)
    statement = select(person, Order.placed_at, Order.store_id, Order.amount_fen).join(Fan, Fan.id == Order.fan_id)
    rows = session.exec(in_scope(statement, actor, brand=Order.brand_id, store=Order.store_id)).all()
    frame = pd.DataFrame(rows, columns=["fan_id", "placed_at", "store_id", "amount_fen"])
    frame["placed_at"] = pd.to_datetime(frame["placed_at"], utc=True).dt.tz_convert(settings().zone)
    return frame


def orders_revision(session: Session, actor: Actor) -> tuple[int, int]:
    """Give what changes whenever orders come or go in the actor's scope (for keys of cached reads): how many, the newest id."""
    statement = select(func.count(Order.id), func.coalesce(func.max(Order.id), 0))
    count, newest = session.exec(in_scope(statement, actor, brand=Order.brand_id, store=Order.store_id)).one()
    return count, newest


def activity_of(session: Session, actor: Actor, fan_id: int) -> pd.DataFrame:
    """Give a fan's activity by day: rows ``measured_on, frequency, quality, breadth, duration, score``."""
    fan = get_fan(session, actor, fan_id)
    columns = ["measured_on", "frequency", "quality", "breadth", "duration", "score"]
    statement = select(*(getattr(FanActivity, name) for name in columns)).where(FanActivity.fan_id == fan.id)
    rows = session.exec(statement.order_by(FanActivity.measured_on)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=columns)


def informative_units(session: Session, actor: Actor) -> pd.DataFrame:
    """Give the informative units of the brand's known fans: rows ``fan_id, said_at, theme_id`` (None outside all themes)."""
    statement = (
        select(func.coalesce(Fan.merged_into_id, Fan.id), Voice.said_at, ThemeAssignment.theme_id)
        .select_from(Unit)
        .join(Voice, Voice.id == Unit.voice_id)
        .join(Fan, Fan.id == Voice.fan_id)
        .outerjoin(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
        .where(Voice.brand_id == actor.brand_id, Unit.no_content.is_(False), Voice.copy_of_id.is_(None))
    )
    return pd.DataFrame(session.exec(statement).all(), columns=["fan_id", "said_at", "theme_id"])
