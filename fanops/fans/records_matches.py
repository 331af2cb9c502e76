"""Likely matches (疑似同一人): found at night, wait for a person with the reasons side by side; yes, no, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sqlalchemy.orm import aliased
from sqlmodel import Session, delete, func, select

from fanops.access import Actor, in_scope, record_audit, require, vault
from fanops.database import Database, insert_many
from fanops.errors import Conflict, NotFound
from fanops.fans.likeness import Pair, find_pairs
from fanops.fans.merge import MERGERS, merge_fans
from fanops.tables import Fan, FanIdentity, LikelyMatch, Order, Store, now

WAITING, JOINED, APART = "waiting", "joined", "apart"
RULES_IN_WORDS = (
    "同一个手机号、会员号、卡号、微信号：一定是同一个人，导入和登记时自动归到一位。",
    "同名、同生日、同一家常去的店、手机号只差一位或尾号相同：可能是同一个人。名字越少见，把握越大；两个不同的手机号、"
    "各有会员号、生日不同会减少把握。",
    "把握在两成以上的每晚列在这里，由人决定。合并只是指过去，随时可以拆开；说过“不是同一个人”的不再出现。",
)  # fmt: skip


@dataclass(frozen=True)
class MatchSide:
    """One of the two records, as it may be shown.

    Attributes:
        fan_id: The record.
        name: Masked.
        level: Its level.
        store: Home store.
        numbers: Masked identifiers.
        orders: How many.
    """

    fan_id: int
    name: str
    level: str
    store: str
    numbers: tuple[str, ...]
    orders: int


@dataclass(frozen=True)
class Match:
    """A pair that waits for a person.

    Attributes:
        match_id: Its id.
        score: Chance of being one person, 0–1.
        reasons: What speaks for and against: ``says`` and ``bits``.
        one: The older record, which is kept when they are joined.
        other: The newer one.
    """

    match_id: int
    score: float
    reasons: tuple[dict, ...]
    one: MatchSide
    other: MatchSide


def _people(session: Session, actor: Actor) -> pd.DataFrame:
    """Give what is compared, in clear: it stays inside the process."""
    key = vault()
    rows = session.exec(
        select(Fan.id, Fan.name_sealed, Fan.home_store_id, Fan.birthday_sealed).where(
            Fan.brand_id == actor.brand_id, Fan.merged_into_id.is_(None), Fan.erased_at.is_(None)
        )
    ).all()
    numbers = session.exec(
        select(FanIdentity.fan_id, FanIdentity.kind, FanIdentity.sealed)
        .where(FanIdentity.brand_id == actor.brand_id, FanIdentity.kind.in_(["phone", "member"]))
        .order_by(FanIdentity.id.desc())
    ).all()
    phones = {fan_id: sealed for fan_id, kind, sealed in numbers if kind == "phone"}
    members: dict[int, int] = {}
    for fan_id, kind, _ in numbers:
        members[fan_id] = members.get(fan_id, 0) + (kind == "member")
    return pd.DataFrame(
        {
            "fan_id": [row[0] for row in rows],
            "name": [key.unseal(row[1]) if row[1] else "" for row in rows],
            "store_id": [row[2] if row[2] is not None else -1 for row in rows],
            "birthday": [key.unseal(row[3])[-5:] if row[3] else "" for row in rows],
            "phone": [key.unseal(phones[row[0]]) if row[0] in phones else "" for row in rows],
            "members": [members.get(row[0], 0) for row in rows],
        }
    )


def look_for_matches(session: Session, actor: Actor) -> list[Pair]:
    """Look for likely matches in the whole brand; nothing is stored (it takes seconds: no write lock meanwhile)."""
    require(actor, *MERGERS)
    decided = session.exec(
        select(LikelyMatch.fan_id, LikelyMatch.other_fan_id).where(
            LikelyMatch.brand_id == actor.brand_id, LikelyMatch.state != WAITING
        )
    ).all()
    return find_pairs(_people(session, actor), [tuple(row) for row in decided])


def keep_matches(session: Session, actor: Actor, pairs: list[Pair]) -> int:
    """Let these pairs wait for a person, in place of those that waited; what a person decided stays decided.

    Returns:
        How many pairs wait.
    """
    require(actor, *MERGERS)
    brand = LikelyMatch.brand_id == actor.brand_id
    decided = set(
        session.exec(select(LikelyMatch.fan_id, LikelyMatch.other_fan_id).where(brand, LikelyMatch.state != WAITING))
    )
    pairs = [pair for pair in pairs if (pair.fan_id, pair.other_fan_id) not in decided]
    before = {
        (row.fan_id, row.other_fan_id): row
        for row in session.exec(select(LikelyMatch).where(brand, LikelyMatch.state == WAITING))
    }
    fresh = [pair for pair in pairs if (pair.fan_id, pair.other_fan_id) not in before]
    kept = {(pair.fan_id, pair.other_fan_id): pair for pair in pairs}
    for key, row in before.items():
        if key in kept:
            row.score, row.reasons = kept[key].chance, _stored(kept[key])
            session.add(row)
    gone = [row.id for key, row in before.items() if key not in kept]
    session.exec(delete(LikelyMatch).where(LikelyMatch.id.in_(gone)))
    insert_many(
        session, LikelyMatch,
        ({"brand_id": actor.brand_id, "fan_id": pair.fan_id, "other_fan_id": pair.other_fan_id, "score": pair.chance,
          "reasons": _stored(pair), "state": WAITING, "account_id": None, "found_at": now(), "decided_at": None}
         for pair in fresh),
    )  # fmt: skip
    record_audit(session, actor, "refresh_matches", "", waiting=len(pairs), new=len(fresh))
    return len(pairs)


def refresh_matches(db: Database, actor: Actor) -> int:
    """Look for likely matches anew and keep them.

    Returns:
        How many pairs wait.
    """
    with db.read() as session:
        pairs = look_for_matches(session, actor)
    with db.write() as session:
        return keep_matches(session, actor, pairs)


def _stored(pair: Pair) -> list[dict]:
    return [{"field": each.field, "says": each.says, "bits": each.bits} for each in pair.reasons]


def _visible(actor: Actor, *columns, state: str = WAITING):
    """Select matches both of whose records the actor sees."""
    one, other = aliased(Fan), aliased(Fan)
    statement = (
        select(*columns)
        .join(one, one.id == LikelyMatch.fan_id)
        .join(other, other.id == LikelyMatch.other_fan_id)
        .where(LikelyMatch.state == state, one.erased_at.is_(None), other.erased_at.is_(None))
    )
    if state == WAITING:
        statement = statement.where(one.merged_into_id.is_(None), other.merged_into_id.is_(None))
    statement = in_scope(statement, actor, brand=one.brand_id, store=one.home_store_id)
    return in_scope(statement, actor, brand=other.brand_id, store=other.home_store_id)


def count_matches(session: Session, actor: Actor) -> int:
    """Count the pairs that wait, of those the actor sees whole."""
    return session.exec(_visible(actor, func.count(LikelyMatch.id))).one()


def matches(session: Session, actor: Actor, fan_id: int | None = None, limit: int = 20) -> list[Match]:
    """List pairs that wait, the surest first, both sides masked.

    Args:
        session: Open session.
        actor: Who looks; sees pairs both of whose records are in scope.
        fan_id: Only pairs with this fan.
        limit: At most so many.
    """
    require(actor, *MERGERS)
    statement = _visible(actor, LikelyMatch)
    if fan_id is not None:
        statement = statement.where((LikelyMatch.fan_id == fan_id) | (LikelyMatch.other_fan_id == fan_id))
    rows = session.exec(statement.order_by(LikelyMatch.score.desc(), LikelyMatch.id).limit(limit)).all()
    sides = _sides(session, {each for row in rows for each in (row.fan_id, row.other_fan_id)})
    return [Match(row.id, row.score, tuple(row.reasons), sides[row.fan_id], sides[row.other_fan_id]) for row in rows]


def _sides(session: Session, ids: set[int]) -> dict[int, MatchSide]:
    numbers: dict[int, list[str]] = {}
    for fan_id, masked in session.exec(
        select(FanIdentity.fan_id, FanIdentity.masked).where(FanIdentity.fan_id.in_(ids)).order_by(FanIdentity.id)
    ):
        numbers.setdefault(fan_id, []).append(masked)
    orders = dict(
        session.exec(
            select(Order.fan_id, func.count(Order.id)).where(Order.fan_id.in_(ids)).group_by(Order.fan_id)
        ).all()
    )
    rows = session.exec(
        select(Fan.id, Fan.name_masked, Fan.level, Store.name)
        .outerjoin(Store, Store.id == Fan.home_store_id)
        .where(Fan.id.in_(ids))
    )
    return {
        fan_id: MatchSide(
            fan_id, name, level, store or "", tuple(numbers.get(fan_id, ())), orders.get(fan_id, 0)
        )
        for fan_id, name, level, store in rows
    }  # fmt: skip


def _waiting(session: Session, actor: Actor, match_id: int) -> LikelyMatch:
    require(actor, *MERGERS)
    row = session.exec(_visible(actor, LikelyMatch).where(LikelyMatch.id == match_id)).first()
    if row is None:
        raise NotFound("没有等着决定的这一对。", "也许已经有人决定了，请刷新。")
    return row


def join_match(session: Session, actor: Actor, match_id: int) -> int:
    """Say that it is one person: the newer record points to the older one.

    Returns:
        Id of the merge, for undo.
    """
    row = _waiting(session, actor, match_id)
    says = "、".join(each["says"] for each in row.reasons if each["bits"] > 0)
    has_others = session.exec(select(Fan.id).where(Fan.merged_into_id == row.other_fan_id)).first() is not None
    source, target = (row.fan_id, row.other_fan_id) if has_others else (row.other_fan_id, row.fan_id)
    merge = merge_fans(session, actor, source, target, f"疑似同一人，已确认：{says}")
    row.state, row.account_id, row.decided_at = JOINED, actor.account_id, now()
    session.add(row)
    session.flush()
    return merge.id


def part_match(session: Session, actor: Actor, match_id: int) -> None:
    """Say that they are two people: the pair does not come back."""
    row = _waiting(session, actor, match_id)
    row.state, row.account_id, row.decided_at = APART, actor.account_id, now()
    session.add(row)
    record_audit(session, actor, "part_match", f"likely_match:{match_id}")


def reopen_match(session: Session, actor: Actor, match_id: int) -> None:
    """Take "not the same" back (undo).

    Raises:
        NotFound: No such pair in the actor's scope.
        Conflict: It was joined: take the merge apart instead.
    """
    require(actor, *MERGERS)
    row = session.exec(_visible(actor, LikelyMatch, state=APART).where(LikelyMatch.id == match_id)).first()
    if row is None:
        known = session.exec(_visible(actor, LikelyMatch, state=JOINED).where(LikelyMatch.id == match_id)).first()
        if known is not None:
            raise Conflict("这一对已经合并。", "在粉丝页面里点“拆开”。")
        raise NotFound("没有可以撤销的。", "请刷新。")
    row.state, row.account_id, row.decided_at = WAITING, None, None
    session.add(row)
    record_audit(session, actor, "reopen_match", f"likely_match:{match_id}")
