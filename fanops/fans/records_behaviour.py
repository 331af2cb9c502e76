"""Orders of the actor's scope as the pure functions of behaviour read them, and a fan's activity."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import case, func
from sqlmodel import Session, select

from fanops.access import Actor, in_scope
from fanops.fans.records import get_fan
from fanops.fans.records_person import PERSON, merged_records
from fanops.settings import settings
from fanops.tables import Fan, FanActivity, Order, ThemeAssignment, Unit, Voice, is_purchase


def orders_of(session: Session, actor: Actor) -> pd.DataFrame:
    """Give the orders of known fans, without refunds: rows ``fan_id`` (merged fans as one), ``placed_at`` (stores' zone), ``store_id,
    amount_fen``.
    """
    statement = select(PERSON, Order.placed_at, Order.store_id, Order.amount_fen).join(Fan, Fan.id == Order.fan_id)
    statement = statement.where(is_purchase())
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


def order_facts_of(
    session: Session, actor: Actor, since: pd.Timestamp, window: pd.Timestamp | None = None
) -> pd.DataFrame:
    """Give what ``levels.order_facts`` gives, counted by the database: fit for millions of orders.

    Args:
        session: Open session.
        actor: Whose scope.
        since: Orders from here on are recent.
        window: Orders after here count for activity; ``since`` by default.

    Returns:
        By fan id (merged fans as one): ``first, second, last, orders, recent, money_fen, active`` (orders after ``window``), ``stores``
        (different ones after ``window``; of merged fans the largest).
    """
    start, active = since.to_pydatetime(), (window if window is not None else since).to_pydatetime()
    real = is_purchase().label("real")  # refunds lower the money only
    place = func.row_number().over(partition_by=(Order.fan_id, is_purchase()), order_by=Order.placed_at).label("place")
    ranked = select(Order.fan_id, Order.placed_at, Order.store_id, Order.amount_fen, place, real).where(
        Order.fan_id.is_not(None)
    )
    row = in_scope(ranked, actor, brand=Order.brand_id, store=Order.store_id).subquery().c
    statement = select(
        row.fan_id, func.min(case((row.real, row.placed_at))), func.max(case((row.real & (row.place == 2), row.placed_at))),
        func.max(case((row.real, row.placed_at))), func.sum(case((row.real, 1), else_=0)),
        func.sum(case((row.real & (row.placed_at >= start), 1), else_=0)), func.sum(row.amount_fen),
        func.sum(case((row.real & (row.placed_at > active), 1), else_=0)),
        func.count(func.distinct(case((row.real & (row.placed_at > active), row.store_id)))),
    ).group_by(row.fan_id).having(func.sum(case((row.real, 1), else_=0)) > 0)  # fmt: skip
    columns = ["fan_id", "first", "second", "last", "orders", "recent", "money_fen", "active", "stores"]
    facts = pd.DataFrame([tuple(each) for each in session.exec(statement)], columns=columns).set_index("fan_id")
    for name in ("first", "second", "last"):
        facts[name] = pd.to_datetime(facts[name], utc=True)
    facts["money_fen"] = facts["money_fen"].astype("int64")  # PostgreSQL sums to Decimal
    merged = merged_records(session, actor.brand_id)
    return _joined(facts, merged) if merged else facts


def _joined(facts: pd.DataFrame, merged: dict[int, int]) -> pd.DataFrame:
    """Join the facts of merged fans to those of the fan they point to."""
    person = pd.Series([merged.get(fan_id, fan_id) for fan_id in facts.index], index=facts.index)
    touched = person.isin(set(merged.values()))
    parts = facts[touched]
    moments = pd.concat([parts["first"], parts["second"]]).dropna()
    moments.index = [person[fan_id] for fan_id in moments.index]
    ordered = moments.sort_values(kind="stable")
    second = ordered[ordered.groupby(level=0).cumcount() == 1]
    grouped = parts.groupby(person[touched])
    sums = grouped[["orders", "recent", "money_fen", "active"]].sum()
    whole = sums.assign(first=grouped["first"].min(), last=grouped["last"].max(), stores=grouped["stores"].max())
    whole["second"] = second.reindex(whole.index)
    return pd.concat([facts[~touched], whole[facts.columns]]).rename_axis("fan_id")


def informative_units(session: Session, actor: Actor) -> pd.DataFrame:
    """Give the informative units of the brand's known fans: rows ``fan_id, said_at, theme_id`` (None outside all themes)."""
    statement = (
        select(PERSON, Voice.said_at, ThemeAssignment.theme_id)
        .select_from(Unit)
        .join(Voice, Voice.id == Unit.voice_id)
        .join(Fan, Fan.id == Voice.fan_id)
        .outerjoin(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
        .where(Voice.brand_id == actor.brand_id, Unit.no_content.is_(False), Voice.copy_of_id.is_(None))
    )
    return pd.DataFrame(session.exec(statement).all(), columns=["fan_id", "said_at", "theme_id"])
