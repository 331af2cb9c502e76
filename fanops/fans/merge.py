"""One person, two records: likely pairs with the reasons side by side; a merge is a pointer, an unmerge restores both."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import update
from sqlmodel import Session, func, select

from fanops.access import Actor, Role, record_audit, require, vault
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans.records import get_fan
from fanops.tables import Fan, FanIdentity, FanMerge, LikelyMatch, Order, now

MERGERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
_LOOKED_AT = 200


def likely_same(session: Session, actor: Actor, fan_id: int) -> pd.DataFrame:
    """List records that may be the same person: the same name and home store, and no identifier that contradicts it.

    Two different phones or member numbers contradict it. The names are compared in clear, inside, and never given out.

    Returns:
        Rows ``fan_id, fan, level, orders, identities, why``.
    """
    fan = get_fan(session, actor, fan_id)
    columns = ["fan_id", "fan", "level", "orders", "identities", "why"]
    if fan.name_sealed is None or fan.home_store_id is None:
        return pd.DataFrame(columns=columns)
    name = vault().unseal(fan.name_sealed)
    others = session.exec(
        select(Fan).where(
            Fan.brand_id == actor.brand_id, Fan.home_store_id == fan.home_store_id, Fan.name_masked == fan.name_masked,
            Fan.id != fan.id, Fan.merged_into_id.is_(None), Fan.erased_at.is_(None), Fan.name_sealed.is_not(None),
        ).order_by(Fan.id).limit(_LOOKED_AT)
    ).all()  # fmt: skip
    mine, rows = _identities(session, fan.id), []
    for other in others:
        theirs = _identities(session, other.id)
        if set(mine) & set(theirs) or vault().unseal(other.name_sealed) != name:
            continue
        orders = session.exec(select(func.count(Order.id)).where(Order.fan_id == other.id)).one()
        kinds = "、".join(f"{kind} {masked}" for kind, masked in theirs.items()) or "没有号码"
        rows.append((other.id, other.name_masked, other.level, orders, kinds, "同名、同一家常去的店，号码种类互不冲突"))
    return pd.DataFrame(rows, columns=columns)


def _identities(session: Session, fan_id: int) -> dict[str, str]:
    return dict(session.exec(select(FanIdentity.kind, FanIdentity.masked).where(FanIdentity.fan_id == fan_id)).all())


def merge_fans(session: Session, actor: Actor, fan_id: int, into_id: int, reason: str) -> FanMerge:
    """Let one record point to another; nothing is moved or deleted.

    Args:
        session: In a write transaction.
        actor: Who says that they are one person.
        fan_id: The record that will point.
        into_id: The one that is kept.
        reason: Why, in a sentence.

    Raises:
        Conflict: The same record, or one that is merged already.
        InvalidInput: No reason.
    """
    require(actor, *MERGERS)
    fan, into = get_fan(session, actor, fan_id), get_fan(session, actor, into_id)
    if fan.id == into.id:
        raise Conflict("这是同一条记录。", "请选另一位。")
    if not reason.strip():
        raise InvalidInput("合并要写明原因。", "例如：顾客说两个号码都是她的。")
    pointing = session.exec(select(Fan.id).where(Fan.merged_into_id == fan.id)).first()
    if pointing is not None:
        raise Conflict("已经有别的记录合并到这一位。", "请反过来，把另一位合并到这一位。")
    fan.merged_into_id = into.id
    merge = FanMerge(from_fan_id=fan.id, into_fan_id=into.id, reason=reason.strip()[:300], account_id=actor.account_id)
    session.add_all([fan, merge])
    session.flush()
    record_audit(session, actor, "merge_fans", f"fan:{fan.id}", into=into.id)
    return merge


def unmerge_fans(session: Session, actor: Actor, merge_id: int) -> None:
    """Take a merge back: both records are exactly as before.

    Raises:
        NotFound: No such merge in the actor's scope, or it was taken back.
    """
    require(actor, *MERGERS)
    merge = session.get(FanMerge, merge_id)
    if merge is None or merge.undone_at is not None:
        raise NotFound("没有可以撤销的合并。", "")
    get_fan(session, actor, merge.into_fan_id)
    fan = session.get_one(Fan, merge.from_fan_id)
    fan.merged_into_id, merge.undone_at = None, now()
    session.add_all([fan, merge])
    # A likely match that was joined waits again, as before the merge.
    pair = {fan.id, merge.into_fan_id}
    session.exec(
        update(LikelyMatch)
        .where(LikelyMatch.state == "joined", LikelyMatch.fan_id.in_(pair), LikelyMatch.other_fan_id.in_(pair))
        .values(state="waiting", account_id=None, decided_at=None)
    )
    record_audit(session, actor, "unmerge_fans", f"fan:{fan.id}")


def merged_into(session: Session, actor: Actor, fan_id: int) -> list[tuple[int, str, str]]:
    """List what was merged into a fan: merge id, masked name, reason."""
    fan = get_fan(session, actor, fan_id)
    statement = (
        select(FanMerge.id, Fan.name_masked, FanMerge.reason)
        .join(Fan, Fan.id == FanMerge.from_fan_id)
        .where(FanMerge.into_fan_id == fan.id, FanMerge.undone_at.is_(None))
    )
    return [tuple(row) for row in session.exec(statement.order_by(FanMerge.id))]
