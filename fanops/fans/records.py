"""Fans: find, list, and one fan's timeline; masked always, revealed only by a logged deed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, case, delete, distinct, func
from sqlmodel import Session, select

from fanops.access import Actor, Role, in_scope, record_audit, require, vault
from fanops.access.vault import normalise_identifier
from fanops.database.frames import frame_of
from fanops.errors import InvalidInput, NotFound
from fanops.fans.levels import LEVEL_LABELS
from fanops.fans.records_person import PERSON, is_among, person_ids
from fanops.tables import (
    Account,
    Fan,
    FanIdentity,
    FanTag,
    Order,
    Store,
    Tag,
    TagRejection,
    Unit,
    Voice,
    is_purchase,
    now,
    unit_text,
)  # fmt: skip

LEVELS = tuple(LEVEL_LABELS)
_ASKED_AT_ONCE = 5_000
_KINDS = ("phone", "member", "card", "openid", "wecom", "mail")

ANY_TAG = -1  # in place of a tag's id: whoever has a tag


def _own(actor: Actor, *columns):
    statement = select(*columns).where(Fan.merged_into_id.is_(None), Fan.erased_at.is_(None))
    return in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)


def fan_table(
    session: Session, actor: Actor, *, level: str | None = None, tag_id: int | None = None, store_id: int | None = None,
    fan_ids: Sequence[int] | None = None, look_for: str = "", away_since: datetime | None = None, came_since: datetime | None = None,
    limit: int = 50, offset: int = 0,
) -> tuple[pd.DataFrame, int]:  # fmt: skip
    """List fans.

    Args:
        session: A reading session.
        actor: Whose fans.
        level: Only this level.
        tag_id: Only with this live tag; ANY_TAG: with any.
        store_id: Only of this home store.
        fan_ids: Only these.
        look_for: A phone or member number, exact; the last four digits of a phone; or the first character of a masked name.
        away_since: Only those without an order since then.
        came_since: Only those with an order since then.
        limit: At most this many.
        offset: For paging.

    Returns:
        Rows ``fan_id, name, level, store, joined_at, orders, spent_fen, last_order, voices, tags, tail`` (last digits of the phones)``,
        core fans first; and how many there are in all.
    """
    # Who is on the page is decided over fans alone; orders are counted for these few only (a chain has millions).
    statement = _own(actor, Fan.id, Fan.name_masked, Fan.level, Store.name, Fan.joined_at)
    statement = statement.outerjoin(Store, Store.id == Fan.home_store_id)
    conditions = []
    if level:
        conditions.append(Fan.level == level)
    if store_id:
        conditions.append(Fan.home_store_id == store_id)
    if fan_ids is not None:
        conditions.append(Fan.id.in_(fan_ids))
    if tag_id:
        tagged = select(FanTag.fan_id).where(FanTag.removed_at.is_(None))
        conditions.append(is_among(tagged if tag_id == ANY_TAG else tagged.where(FanTag.tag_id == tag_id)))
    for since, wanted in ((away_since, False), (came_since, True)):
        if since is not None:
            came = is_among(
                select(Order.fan_id).where(Order.placed_at >= since, Order.fan_id.is_not(None), is_purchase())
            )
            conditions.append(came if wanted else ~came)
    if look_for.strip():
        conditions.append(_looked_for(actor, look_for.strip()))
    total = session.exec(_own(actor, func.count(Fan.id)).where(*conditions)).one()
    rank = case({level: place for place, level in enumerate(reversed(LEVELS))}, value=Fan.level, else_=len(LEVELS))
    rows = session.exec(statement.where(*conditions).order_by(rank, Fan.id).limit(limit).offset(offset)).all()
    frame = frame_of(rows, ["fan_id", "name", "level", "store", "joined_at"])
    ids = [int(fan_id) for fan_id in frame["fan_id"]]
    bought = {
        fan_id: (count, spent, last)
        for fan_id, count, spent, last in session.exec(
            _theirs(
                Order,
                ids,
                func.sum(case((is_purchase(), 1), else_=0)),
                func.sum(Order.amount_fen),
                func.max(case((is_purchase(), Order.placed_at))),
            )
        )
    }
    for place, name in enumerate(("orders", "spent_fen", "last_order")):
        frame[name] = [bought.get(fan_id, (0, 0, None))[place] for fan_id in ids]
    said = dict(session.exec(_theirs(Voice, ids, func.count(Voice.id))).all())
    tags: dict[int, list[str]] = {}
    held = (
        select(PERSON, Tag.name)
        .select_from(Fan)
        .join(FanTag, FanTag.fan_id == Fan.id)
        .join(Tag, Tag.id == FanTag.tag_id)
        .distinct()
    )
    for fan_id, name in session.exec(held.where(_records_of(ids), FanTag.removed_at.is_(None)).order_by(Tag.name)):
        tags.setdefault(fan_id, []).append(name)
    frame["voices"] = [said.get(fan_id, 0) for fan_id in ids]
    frame["tags"] = ["、".join(tags.get(fan_id, [])) for fan_id in ids]
    tails = phone_tails(session, ids)
    frame["tail"] = [tails.get(fan_id, "") for fan_id in ids]
    return frame, int(total)


def _looked_for(actor: Actor, words: str) -> ColumnElement[bool]:
    """Say of a fan whether ``words`` are one of its numbers or begin with its name's first character."""
    return has_number(actor, words) | Fan.name_masked.startswith(words[:1], autoescape=True)


def has_number(actor: Actor, words: str) -> ColumnElement[bool]:
    """Say of a fan whether ``words`` are its phone or member number, or a phone's last four digits."""
    number = FanIdentity.lookup_hash.in_(_hashes(words))
    if re.fullmatch(r"[0-9]{4}", words):
        number |= (FanIdentity.kind == "phone") & FanIdentity.masked.endswith(words)
    by_number = select(FanIdentity.fan_id).where(FanIdentity.brand_id == actor.brand_id, number)
    return is_among(by_number)


def phone_tails(session: Session, fan_ids: Iterable[int]) -> dict[int, str]:
    """Give the last four digits of the phones of fans (as they are shown masked), by which people of one name are told apart."""
    ids = sorted({int(fan_id) for fan_id in fan_ids})
    found: dict[int, str] = {}
    for start in range(0, len(ids), _ASKED_AT_ONCE):
        statement = select(PERSON, FanIdentity.masked).select_from(Fan).join(FanIdentity, FanIdentity.fan_id == Fan.id)
        statement = statement.where(_records_of(ids[start : start + _ASKED_AT_ONCE]), FanIdentity.kind == "phone")
        for fan_id, masked in session.exec(statement.order_by(FanIdentity.id)):
            found[fan_id] = "、".join(filter(None, (found.get(fan_id), masked[-4:].strip("*"))))
    return found


def _records_of(ids: Sequence[int]) -> Any:
    return Fan.id.in_(ids) | Fan.merged_into_id.in_(ids)


def _theirs(table: Any, ids: Sequence[int], *columns: Any) -> Any:
    """Select sums over what persons have, one row each."""
    statement = select(PERSON, *columns).select_from(Fan).join(table, table.fan_id == Fan.id)
    return statement.where(_records_of(ids)).group_by(PERSON)


def _person(session: Session, fan_id: int) -> int:
    return session.exec(select(PERSON).where(Fan.id == fan_id)).one()


def _hashes(text: str) -> list[str]:
    found = []
    for kind in _KINDS:
        try:
            found.append(vault().lookup_hash(kind, normalise_identifier(kind, text)))
        except InvalidInput:
            continue  # not a number of this kind: it can't be found by it
    return found


def get_fan(session: Session, actor: Actor, fan_id: int) -> Fan:
    """Give a fan in scope.

    Raises:
        NotFound: No such fan, or another store's.
    """
    fan = session.exec(_own(actor, Fan).where(Fan.id == fan_id)).first()
    if fan is None:
        raise NotFound("没有这位粉丝，或不在您的门店。", "请用手机号或会员号查找。")
    return fan


def fan_at_counter(session: Session, actor: Actor, fan_id: int) -> Fan:
    """Give a fan of the brand, whichever store is theirs: who stands here and told their number is asked here.

    Only for what is recorded of a fan who is present; what is known of a fan is read by ``get_fan``, in scope.

    Raises:
        NotFound: No such fan of the brand.
    """
    fan = session.exec(
        select(Fan).where(
            Fan.id == fan_id, Fan.brand_id == actor.brand_id, Fan.merged_into_id.is_(None), Fan.erased_at.is_(None)
        )
    ).first()
    if fan is None:
        raise NotFound("没有这位粉丝。", "请用手机号或会员号查找。")
    return fan


def identities(session: Session, actor: Actor, fan_id: int) -> list[tuple[int, str, str]]:
    """List a fan's identifiers as (id, kind, masked)."""
    fan = get_fan(session, actor, fan_id)
    mine = FanIdentity.fan_id.in_(person_ids(fan.id))
    rows = session.exec(select(FanIdentity).where(mine).order_by(FanIdentity.id))
    return [(row.id, row.kind, row.masked) for row in rows]


def reveal(session: Session, actor: Actor, identity_id: int) -> str:
    """Show one identifier in clear; the deed is logged.

    Raises:
        NotAllowed: Only managers of stores and above.
        NotFound: Not in scope.
    """
    require(actor, Role.STORE_MANAGER, Role.REGION_MANAGER, Role.CEO, Role.ADMIN)
    row = session.get(FanIdentity, identity_id)
    if row is None:
        raise NotFound("没有这个号码。")
    get_fan(session, actor, _person(session, row.fan_id))
    record_audit(session, actor, "reveal_identity", f"fan_identity:{identity_id}")
    return vault().unseal(row.sealed)


def tags_of(session: Session, actor: Actor, fan_id: int) -> pd.DataFrame:
    """List a fan's live tags with their source.

    Returns:
        Rows ``fan_tag_id, tag_id, name, origin, sentence, tagged_at, expires_at, reason`` (the rule in words, or why a person put
        it)``, author``.
    """
    get_fan(session, actor, fan_id)
    statement = (
        select(FanTag.id, Tag.id, Tag.name, FanTag.origin, unit_text(), FanTag.tagged_at, FanTag.expires_at,
               FanTag.reason, Account.display_name)
        .join(Tag, Tag.id == FanTag.tag_id)
        .outerjoin(Account, Account.id == FanTag.account_id)
        .outerjoin(Unit, Unit.id == FanTag.unit_id)
        .outerjoin(Voice, Voice.id == Unit.voice_id)
        .where(FanTag.fan_id.in_(person_ids(fan_id)), FanTag.removed_at.is_(None))
        .order_by(FanTag.id)
    )  # fmt: skip
    columns = ["fan_tag_id", "tag_id", "name", "origin", "sentence", "tagged_at", "expires_at", "reason", "author"]
    return frame_of(session.exec(statement), columns)


def remove_tag(session: Session, actor: Actor, fan_tag_id: int, *, reject: bool = False) -> bool:
    """Take a tag off a fan; rejected, it is not suggested for this fan again.

    Returns:
        Whether the rejection is new, for ``put_tag_back``.
    """
    row = session.get(FanTag, fan_tag_id)
    if row is None or row.removed_at is not None:
        raise NotFound("没有这个标签。")
    fan = get_fan(session, actor, _person(session, row.fan_id))
    row.removed_at = now()
    known = select(TagRejection.id).where(TagRejection.fan_id == fan.id, TagRejection.tag_id == row.tag_id)
    rejects = reject and session.exec(known).first() is None
    if rejects:
        session.add(TagRejection(fan_id=fan.id, tag_id=row.tag_id, account_id=actor.account_id))
    session.flush()
    return rejects


def put_tag_back(session: Session, actor: Actor, fan_tag_id: int, *, rejected: bool) -> None:
    """Give a fan the tag again that was taken off (undo of ``remove_tag``).

    Args:
        session: In a write transaction.
        actor: Who sees the fan.
        fan_tag_id: The tag as it was carried.
        rejected: Whether taking it off rejected it: that is forgotten too.

    Raises:
        NotFound: It is not taken off, or the fan carries the tag again.
    """
    row = session.get(FanTag, fan_tag_id)
    if row is None or row.removed_at is None:
        raise NotFound("没有可以撤销的。", "请刷新。")
    fan = get_fan(session, actor, _person(session, row.fan_id))
    same = (FanTag.fan_id == row.fan_id, FanTag.tag_id == row.tag_id, FanTag.removed_at.is_(None))
    if session.exec(select(FanTag.id).where(*same)).first() is not None:
        raise NotFound("没有可以撤销的：又有人贴上了这个标签。", "请刷新。")
    row.removed_at = None
    session.add(row)
    if rejected:
        session.exec(delete(TagRejection).where(TagRejection.fan_id == fan.id, TagRejection.tag_id == row.tag_id))
    session.flush()


def tag_table(session: Session, actor: Actor) -> pd.DataFrame:
    """List the brand's tags with how many fans in scope carry each: ``tag_id, name, meaning, fans``."""
    held = select(FanTag.tag_id, func.count(distinct(PERSON))).select_from(FanTag).join(Fan, Fan.id == FanTag.fan_id)
    held = in_scope(held.where(FanTag.removed_at.is_(None)), actor, brand=Fan.brand_id, store=Fan.home_store_id)
    counts = dict(session.exec(held.group_by(FanTag.tag_id)).all())
    tags = session.exec(select(Tag).where(Tag.brand_id == actor.brand_id).order_by(Tag.name))
    rows = [(tag.id, tag.name, tag.meaning, counts.get(tag.id, 0)) for tag in tags]
    return pd.DataFrame(rows, columns=["tag_id", "name", "meaning", "fans"])


def level_counts(session: Session, actor: Actor) -> dict[str, int]:
    """Count fans per level."""
    found = dict(session.exec(_own(actor, Fan.level, func.count(Fan.id)).group_by(Fan.level)).all())
    return {level: int(found.get(level, 0)) for level in LEVELS}
