"""Fans without anybody, or whose person has left, are given to the staff of their store; every move is in the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import case, func
from sqlmodel import Session, select

from fanops.access import Actor, Role, in_scope, record_audit, require, require_store
from fanops.errors import NotFound, NotReady
from fanops.fans.allocation import share_out
from fanops.intervals import wilson
from fanops.settings import settings
from fanops.tables import AuditEntry, Fan, Order, ServiceCard, Staff, Store, now

ALLOCATORS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
CONVERSION_DAYS = 14
_LOGGED_AT_ONCE = 1_000


def staff_loads(session: Session, actor: Actor, store_id: int) -> dict[int, int]:
    """Give the staff of a store who are there, with how many fans each looks after; by staff code."""
    store = require_store(session, actor, store_id)
    statement = (
        select(Staff.id, func.count(Fan.id))
        .outerjoin(Fan, (Fan.owner_staff_id == Staff.id) & Fan.merged_into_id.is_(None) & Fan.erased_at.is_(None))
        .where(Staff.store_id == store.id, Staff.left_on.is_(None))
        .group_by(Staff.id, Staff.code)
        .order_by(Staff.code)
    )
    return dict(session.exec(statement).all())


def _unowned(session: Session, actor: Actor, store_id: int) -> list[int]:
    gone = select(Staff.id).where(Staff.left_on.is_not(None))
    statement = (
        select(Fan.id)
        .outerjoin(Order, Order.fan_id == Fan.id)
        .where(
            Fan.brand_id == actor.brand_id, Fan.home_store_id == store_id, Fan.merged_into_id.is_(None), Fan.erased_at.is_(None),
            Fan.owner_staff_id.is_(None) | Fan.owner_staff_id.in_(gone),
        )
        .group_by(Fan.id)
        .order_by(func.coalesce(func.sum(Order.amount_fen), 0).desc(), Fan.id)
    )  # fmt: skip
    return list(session.exec(statement))


def plan_owners(session: Session, actor: Actor, store_id: int) -> dict[int, int]:
    """Say who would get how many of a store's fans without anybody: staff id → fans; nothing is stored."""
    loads = staff_loads(session, actor, store_id)
    planned = share_out(_unowned(session, actor, store_id), loads)
    counts = dict.fromkeys(loads, 0)
    for staff_id in planned.values():
        counts[staff_id] += 1
    return counts


def assign_owners(session: Session, actor: Actor, store_id: int) -> int:
    """Give a store's fans without anybody to its staff.

    Returns:
        How many were given.

    Raises:
        NotReady: The store has no staff.
    """
    require(actor, *ALLOCATORS)
    loads = staff_loads(session, actor, store_id)
    if not loads:
        raise NotReady("这家店还没有员工。", "请管理员在“门店”里添加员工。")
    return _give(session, actor, share_out(_unowned(session, actor, store_id), loads), "assign_owners")


def hand_over(session: Session, actor: Actor, staff_id: int) -> int:
    """Give all fans of one person to the others of the same store (somebody leaves, or is away).

    Returns:
        How many were handed over.

    Raises:
        NotReady: Nobody else works there.
    """
    require(actor, *ALLOCATORS)
    staff = session.exec(select(Staff).where(Staff.id == staff_id, Staff.brand_id == actor.brand_id)).first()
    if staff is None:
        raise NotFound("没有这位员工。", "请从名单里选。")
    store = require_store(session, actor, staff.store_id or 0)
    loads = {each: count for each, count in staff_loads(session, actor, store.id).items() if each != staff.id}
    if not loads:
        raise NotReady("这家店没有别的员工可以接手。", "先添加员工，再转交。")
    fans = session.exec(select(Fan.id).where(Fan.owner_staff_id == staff.id).order_by(Fan.id)).all()
    return _give(session, actor, share_out(list(fans), loads), "hand_over")


def leave(session: Session, actor: Actor, staff_id: int, on: date | None = None) -> int:
    """Note that somebody has left (离职) and hand their fans to the others of the store; what they did stays theirs.

    Returns:
        How many fans were handed over.

    Raises:
        NotReady: They look after fans and nobody else works there.
        NotFound: No such staff member in the actor's scope.
    """
    staff = session.exec(select(Staff).where(Staff.id == staff_id, Staff.brand_id == actor.brand_id)).first()
    require(actor, *ALLOCATORS)
    if staff is None:
        raise NotFound("没有这位员工。", "请从名单里选。")
    require_store(session, actor, staff.store_id or 0)
    has_fans = session.exec(select(Fan.id).where(Fan.owner_staff_id == staff.id)).first() is not None
    moved = hand_over(session, actor, staff.id) if has_fans else 0
    staff.left_on = on or now().astimezone(settings().zone).date()
    session.add(staff)
    session.flush()
    record_audit(session, actor, "staff_left", f"staff:{staff.id}", fans=moved)
    return moved


def come_back(session: Session, actor: Actor, staff_id: int) -> None:
    """Take a leaving back; fans that were handed over stay with whom they are."""
    require(actor, *ALLOCATORS)
    staff = session.exec(select(Staff).where(Staff.id == staff_id, Staff.brand_id == actor.brand_id)).first()
    if staff is None:
        raise NotFound("没有这位员工。", "请从名单里选。")
    require_store(session, actor, staff.store_id or 0)
    staff.left_on = None
    session.add(staff)
    record_audit(session, actor, "staff_back", f"staff:{staff.id}")


def _give(session: Session, actor: Actor, given: Mapping[int, int], deed: str) -> int:
    fans = {fan.id: fan for fan in session.exec(select(Fan).where(Fan.id.in_(list(given)))).all()} if given else {}
    moves = []
    for fan_id, staff_id in given.items():
        moves.append([fan_id, fans[fan_id].owner_staff_id, staff_id])
        fans[fan_id].owner_staff_id = staff_id
        session.add(fans[fan_id])
    for at in range(0, len(moves), _LOGGED_AT_ONCE):
        record_audit(session, actor, deed, "fans", moves=moves[at : at + _LOGGED_AT_ONCE])
    return len(moves)


def owner_history(session: Session, actor: Actor, fan_id: int) -> list[tuple]:
    """Give who looked after a fan: (when, from staff id, to staff id), oldest first; from the log."""
    entries = session.exec(
        select(AuditEntry)
        .where(AuditEntry.brand_id == actor.brand_id, AuditEntry.deed.in_(["assign_owners", "hand_over"]))
        .order_by(AuditEntry.id)
    )
    return [
        (entry.at, before, after)
        for entry in entries
        for moved, before, after in entry.detail.get("moves", ())
        if moved == fan_id
    ]


def staff_figures(session: Session, actor: Actor, days: int = 90) -> pd.DataFrame:
    """Give each staff member's fans and follow-up over the last days.

    Returns:
        Rows ``staff_id, staff, store_id, fans, open, done, not_done, follow_up`` (done of closed, NaN without any), ``low, high``
        (Wilson), ``converted`` (share of fans served who ordered within 14 days, NaN without any).
    """
    since = now() - timedelta(days=days)
    statement = select(Staff.id, Staff.name, Staff.store_id).where(Staff.left_on.is_(None), Staff.store_id.is_not(None))
    people = session.exec(
        in_scope(statement, actor, brand=Staff.brand_id, store=Staff.store_id).order_by(Staff.store_id, Staff.code)
    ).all()
    ids = [row[0] for row in people]
    fans = dict(
        session.exec(
            select(Fan.owner_staff_id, func.count(Fan.id))
            .where(Fan.owner_staff_id.in_(ids))
            .group_by(Fan.owner_staff_id)
        ).all()
    )
    waiting = dict(
        session.exec(
            select(Fan.owner_staff_id, func.count(ServiceCard.id)).join(Fan, Fan.id == ServiceCard.fan_id)
            .where(ServiceCard.state == "open", Fan.owner_staff_id.in_(ids)).group_by(Fan.owner_staff_id)
        ).all()
    )  # fmt: skip
    closed = {
        staff_id: (int(done or 0), int(other or 0))
        for staff_id, done, other in session.exec(
            select(ServiceCard.staff_id, func.sum(case((ServiceCard.state == "done", 1), else_=0)),
                   func.sum(case((ServiceCard.state == "not_done", 1), else_=0)))
            .where(ServiceCard.closed_at >= since, ServiceCard.staff_id.in_(ids)).group_by(ServiceCard.staff_id)
        )
    }  # fmt: skip
    came = _conversion(session, ids, since)
    rows = [
        (staff_id, name, store_id, fans.get(staff_id, 0), waiting.get(staff_id, 0), *closed.get(staff_id, (0, 0)),
         came.get(staff_id, float("nan")))
        for staff_id, name, store_id in people
    ]  # fmt: skip
    frame = pd.DataFrame(
        rows, columns=["staff_id", "staff", "store_id", "fans", "open", "done", "not_done", "converted"]
    )
    total = frame["done"] + frame["not_done"]
    frame["follow_up"] = frame["done"] / total.where(total > 0)
    frame["low"], frame["high"] = wilson(frame["done"].to_numpy(), total.to_numpy())
    return frame


def _conversion(session: Session, staff_ids: list[int], since: datetime) -> dict[int, float]:
    served = session.exec(
        select(ServiceCard.staff_id, ServiceCard.fan_id, ServiceCard.closed_at).where(
            ServiceCard.state == "done", ServiceCard.closed_at >= since, ServiceCard.staff_id.in_(staff_ids)
        )
    ).all()
    return _came_again(session, [tuple(row) for row in served], since)


def _came_again(session: Session, served: list[tuple], since: datetime) -> dict[Any, float]:
    """Give per key of the rows ``key, fan_id, closed_at`` the share of services after which the fan ordered in time.

    Only services whose days are over count: today's can't have led to anything yet.
    """
    window, moment = timedelta(days=CONVERSION_DAYS), now()
    served = [row for row in served if row[2] + window <= moment]
    fan_ids, orders = sorted({row[1] for row in served}), {}
    for start in range(0, len(fan_ids), _LOGGED_AT_ONCE):
        statement = select(Order.fan_id, Order.placed_at).where(
            Order.fan_id.in_(fan_ids[start : start + _LOGGED_AT_ONCE]), Order.placed_at >= since
        )
        for fan_id, at in session.exec(statement):
            orders.setdefault(fan_id, []).append(at)
    hits: dict[Any, list[bool]] = {}
    for key, fan_id, closed_at in served:
        hits.setdefault(key, []).append(any(closed_at < at <= closed_at + window for at in orders.get(fan_id, ())))
    return {key: sum(found) / len(found) for key, found in hits.items()}


def follow_up_by(session: Session, actor: Actor, by: str, days: int = 90) -> pd.DataFrame:
    """Give follow-up and conversion per store or per source of the fans over the last days.

    Args:
        session: A reading session.
        actor: Whose stores.
        by: ``store``, or ``source``: where the fan first came from.
        days: Length of the window.

    Returns:
        Rows ``name, done, not_done, follow_up`` (done of closed, NaN without any), ``low, high`` (Wilson), ``converted`` (share of
        those served who ordered within 14 days, NaN without any); the most closed cards first.
    """
    since = now() - timedelta(days=days)
    name = Store.name if by == "store" else case((Fan.source == "", "未注明"), else_=Fan.source)
    statement = (
        select(name, ServiceCard.fan_id, ServiceCard.closed_at, ServiceCard.state)
        .join(Fan, Fan.id == ServiceCard.fan_id)
        .join(Store, Store.id == ServiceCard.store_id)
        .where(ServiceCard.closed_at >= since, ServiceCard.state.in_(["done", "not_done"]))
    )
    rows = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=ServiceCard.store_id)).all()
    closed = pd.DataFrame([tuple(row) for row in rows], columns=["name", "fan_id", "closed_at", "state"])
    counts = pd.DataFrame(
        {"done": closed["state"].eq("done").groupby(closed["name"]).sum(),
         "not_done": closed["state"].eq("not_done").groupby(closed["name"]).sum()}
    ).astype(int)  # fmt: skip
    came = _came_again(session, [(row[0], row[1], row[2]) for row in rows if row[3] == "done"], since)
    frame = counts.rename_axis("name").reset_index()
    total = frame["done"] + frame["not_done"]
    frame["follow_up"] = frame["done"] / total.where(total > 0)
    frame["low"], frame["high"] = wilson(frame["done"].to_numpy(), total.to_numpy())
    frame["converted"] = [came.get(each, float("nan")) for each in frame["name"]]
    return frame.assign(total=total).sort_values(["total", "name"], ascending=[False, True]).drop(columns="total")
