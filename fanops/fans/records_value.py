"""Orders per channel, store and month, new customers by source, and who brought whom."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
from sqlalchemy import case, func
from sqlmodel import Session, select

from fanops.access import Actor, in_scope, record_audit
from fanops.database.frames import frame_of
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans.records import fan_table, get_fan
from fanops.fans.records_person import PERSON
from fanops.fans.value import REFERRED
from fanops.settings import settings
from fanops.tables import Account, Fan, Order, Referral, Store, is_purchase, now

MONTHS = 12


def month_starts(months: int = MONTHS, until: date | None = None) -> list[tuple[str, datetime, datetime]]:
    """Give the last months, this one last: name (``2026-11``), first moment, first moment of the next, in the stores' zone."""
    zone = settings().zone
    today = until or now().astimezone(zone).date()
    places = [today.year * 12 + today.month - 1 - back for back in range(months - 1, -1, -1)]

    def start(place: int) -> datetime:
        return datetime(place // 12, place % 12 + 1, 1, tzinfo=zone)

    return [(f"{place // 12}-{place % 12 + 1:02d}", start(place), start(place + 1)) for place in places]


def _month(column, starts: list[tuple[str, datetime, datetime]]):
    return case(*[(column >= begin, name) for name, begin, _ in reversed(starts)]).label("month")


def channel_sums(
    session: Session, actor: Actor, months: int = MONTHS, until: date | None = None
) -> pd.DataFrame:  # fmt: skip
    """Sum orders by month, store and channel over the last months: rows ``month, store, channel, orders, amount_fen``.

    Orders without a known customer count too: value is what was sold.
    """
    starts = month_starts(months, until)
    month = _month(Order.placed_at, starts)
    statement = (
        select(
            month,
            Order.store_id,
            Order.channel,
            func.sum(case((is_purchase(), 1), else_=0)),
            func.sum(Order.amount_fen),
        )
        .where(Order.placed_at >= starts[0][1], Order.placed_at < starts[-1][2])
        .group_by(month, Order.store_id, Order.channel)
    )
    rows = session.exec(in_scope(statement, actor, brand=Order.brand_id, store=Order.store_id)).all()
    names = dict(session.exec(select(Store.id, Store.name).where(Store.brand_id == actor.brand_id)).all())
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["month", "store", "channel", "orders", "amount_fen"])
    frame["store"] = frame["store"].map(names)
    return frame.astype({"orders": "int64", "amount_fen": "int64"}).sort_values(
        ["month", "store", "channel"], ignore_index=True
    )


def new_customers(
    session: Session, actor: Actor, months: int = MONTHS, until: date | None = None
) -> pd.DataFrame:  # fmt: skip
    """Count customers by the month of their first order and where they came from.

    Returns:
        Rows ``month, source, fans``; a customer whom a fan brought counts under 粉丝推荐; source 未注明 where none was kept.
    """
    starts = month_starts(months, until)
    first = (
        select(PERSON.label("fan_id"), func.min(Order.placed_at).label("first"))
        .join(Fan, Fan.id == Order.fan_id)
        .where(Order.brand_id == actor.brand_id, is_purchase())
        .group_by(PERSON)
        .subquery()
    )
    month = _month(first.c.first, starts)
    source = case((Referral.id.is_not(None), REFERRED), (Fan.source == "", "未注明"), else_=Fan.source).label("source")
    statement = (
        select(month, source, func.count(Fan.id))
        .select_from(first)
        .join(Fan, Fan.id == first.c.fan_id)
        .outerjoin(Referral, Referral.fan_id == Fan.id)
        .where(first.c.first >= starts[0][1], first.c.first < starts[-1][2])
        .group_by(month, source)
    )
    rows = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["month", "source", "fans"])
    return frame.sort_values(["month", "fans", "source"], ascending=[True, False, True], ignore_index=True)


def record_referral(session: Session, actor: Actor, fan_id: int, brought_by: str, note: str = "") -> Referral:
    """Note who brought this customer.

    Args:
        session: In a write transaction.
        actor: Any staff member who sees both.
        fan_id: The customer who was brought.
        brought_by: Phone or member number of the fan who brought them.
        note: A few words.

    Raises:
        Conflict: Known already who brought them, themselves, or the other way round.
        NotFound: The number is not that of exactly one fan in scope.
    """
    fan = get_fan(session, actor, fan_id)
    if not any(sign.isdigit() for sign in brought_by):
        raise InvalidInput("请输入推荐人完整的手机号或会员号。", "只写姓名不够，同名的人很多。")
    found, total = fan_table(session, actor, look_for=brought_by, limit=2)
    if total != 1:
        raise NotFound("这个号码没有对应到唯一一位粉丝。", "请输入推荐人完整的手机号或会员号。")
    referrer = int(found.iloc[0]["fan_id"])
    if referrer == fan.id:
        raise Conflict("自己不能推荐自己。", "请填推荐人的号码。")
    if session.exec(select(Referral.id).where(Referral.fan_id == fan.id)).first() is not None:
        raise Conflict("已经记过是谁推荐的。", "要改请先去掉原来的。")
    back = select(Referral.id).where(Referral.fan_id == referrer, Referral.referrer_fan_id == fan.id)
    if session.exec(back).first() is not None:
        raise Conflict("记录里是这位推荐了对方，不能反过来。", "请核对是谁带来了谁。")
    row = Referral(fan_id=fan.id, referrer_fan_id=referrer, account_id=actor.account_id, note=note.strip()[:100])
    session.add(row)
    session.flush()
    record_audit(session, actor, "record_referral", f"referral:{row.id}")
    return row


def remove_referral(session: Session, actor: Actor, fan_id: int) -> None:
    """Take back who brought this customer.

    Raises:
        NotFound: Nothing is noted.
    """
    fan = get_fan(session, actor, fan_id)
    row = session.exec(select(Referral).where(Referral.fan_id == fan.id)).first()
    if row is None:
        raise NotFound("没有记过是谁推荐的。", "")
    session.delete(row)
    record_audit(session, actor, "remove_referral", f"fan:{fan.id}")


def referrals_of(session: Session, actor: Actor, fan_id: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give who brought this fan (one row at most) and whom they brought, in scope: rows ``fan_id, fan, by, note, at``."""
    get_fan(session, actor, fan_id)
    columns = ["fan_id", "fan", "by", "note", "at"]

    def rows(mine, other) -> pd.DataFrame:
        statement = (
            select(Fan.id, Fan.name_masked, Account.display_name, Referral.note, Referral.referred_at)
            .join(Referral, Fan.id == other)
            .outerjoin(Account, Account.id == Referral.account_id)
            .where(mine == fan_id, Fan.erased_at.is_(None))
            .order_by(Referral.id)
        )
        found = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)).all()
        return frame_of(found, columns)

    return rows(Referral.fan_id, Referral.referrer_fan_id), rows(Referral.referrer_fan_id, Referral.fan_id)
