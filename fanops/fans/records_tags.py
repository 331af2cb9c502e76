"""The tag factory (标签工厂): a dictionary of tags, put by hand or by a rule with a preview first, refreshed at night."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import func, update
from sqlmodel import Session, select

from fanops.access import Actor, Role, in_scope, record_audit, require
from fanops.database import Database, insert_many
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans.records import get_fan
from fanops.fans.records_conditions import Conditions, check_conditions, condition_words, members, read_conditions
from fanops.tables import Account, Fan, FanTag, Tag, TagRejection, Theme, now

KEEPERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
RULE_KEEPERS = (Role.PRODUCT, Role.CEO, Role.ADMIN)  # a rule reaches the fans of every store
BY_HAND, BY_RULE, BY_THEME = "person", "rule", "theme"
BY_AUTOMATION = (
    "automation"  # an automatic rule (自动规则) put it, once; a rule of the tag keeps it up to date every night
)
NAME_LIMIT, MEANING_LIMIT, _REASON_LIMIT = 20, 200, 200
_CHUNK = 5_000


@dataclass(frozen=True)
class TagPreview:
    """What applying a rule would do.

    Attributes:
        fit: Fans who are like this.
        new: Of them, would get the tag now.
        have: Have it already, by whatever way.
        refused: It was rejected for them: they don't get it.
        leave: Have it by the rule and are not like this any more: it runs out.
        words: The rule in words.
    """

    fit: int
    new: int
    have: int
    refused: int
    leave: int
    words: str


def get_tag(session: Session, actor: Actor, tag_id: int) -> Tag:
    """Give a tag of the brand.

    Raises:
        NotFound: None such.
    """
    row = session.exec(select(Tag).where(Tag.id == tag_id, Tag.brand_id == actor.brand_id)).first()
    if row is None:
        raise NotFound("没有这个标签。", "请从标签列表里选择。")
    return row


def tag_dictionary(session: Session, actor: Actor) -> pd.DataFrame:
    """List the brand's tags.

    Returns:
        Rows ``tag_id, name, meaning, owner`` (name of the account), ``lasts_days`` (NaN for ever), ``rule`` (in words, "" none),
        ``theme`` (its name, "" none), ``by_hand``, ``by_rule`` (its own rule or an automatic one), ``by_theme`` (fans in scope who
        carry it that way now), ``fans``.
    """
    held = select(FanTag.tag_id, FanTag.origin, func.count(FanTag.id)).join(Fan, Fan.id == FanTag.fan_id)
    held = held.where(FanTag.removed_at.is_(None), Fan.erased_at.is_(None), Fan.merged_into_id.is_(None))
    held = in_scope(held, actor, brand=Fan.brand_id, store=Fan.home_store_id).group_by(FanTag.tag_id, FanTag.origin)
    counts: dict[tuple[int, str], int] = {(tag, origin): count for tag, origin, count in session.exec(held)}
    statement = (
        select(Tag, Account.display_name, Theme.name)
        .outerjoin(Account, Account.id == Tag.owner_account_id)
        .outerjoin(Theme, Theme.id == Tag.theme_id)
        .where(Tag.brand_id == actor.brand_id)
        .order_by(Tag.name)
    )
    rows = []
    for tag, owner, theme in session.exec(statement):
        by_rule = counts.get((tag.id, BY_RULE), 0) + counts.get((tag.id, BY_AUTOMATION), 0)
        ways = [counts.get((tag.id, BY_HAND), 0), by_rule, counts.get((tag.id, BY_THEME), 0)]
        said = condition_words(session, actor, read_conditions(tag.rule)) if tag.rule else ""
        rows.append(
            (tag.id, tag.name, tag.meaning, owner or "", tag.lasts_days, said, theme or "", *ways, sum(ways))
        )  # fmt: skip
    columns = ["tag_id", "name", "meaning", "owner", "lasts_days", "rule", "theme", "by_hand", "by_rule", "by_theme",
               "fans"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype({"lasts_days": float})


def save_tag(
    session: Session, actor: Actor, name: str, *, meaning: str = "", lasts_days: int | None = None,
    rule: Conditions | None = None,
) -> Tag:  # fmt: skip
    """Enter a tag into the dictionary, or change what it means; the same name is the same tag.

    A rule is taken off by ``drop_rule`` only: who enters a name a second time may not know that it has one.

    Args:
        session: In a write transaction.
        actor: Who keeps it.
        name: At most NAME_LIMIT characters.
        meaning: What a fan with it is like.
        lasts_days: Days until it runs out unless it is confirmed; None for ever.
        rule: Who gets it at night; None for a tag without a rule.

    Raises:
        InvalidInput: No name, too long, no duration, or a rule that asks nothing or can't be met.
        Conflict: The name has a rule and none is given, or a store enters a tag that somebody else keeps.
    """
    require(actor, *(RULE_KEEPERS if rule is not None else KEEPERS))
    name, meaning = name.strip(), meaning.strip()
    if not 0 < len(name) <= NAME_LIMIT:
        raise InvalidInput(f"标签名要有 1 到 {NAME_LIMIT} 个字。", "例如：嫌等位久。")
    if lasts_days is not None and not 1 <= lasts_days <= 3_650:
        raise InvalidInput("有效期是 1 到 3650 天。", "不填就一直有效。")
    row = session.exec(select(Tag).where(Tag.brand_id == actor.brand_id, Tag.name == name)).first()
    if rule is not None:
        _check_rule(session, actor, rule, row)
    elif row is not None and row.rule:
        raise Conflict(f"“{name}”已有规则，没有改动。", "请换一个名字；不要规则时，请总部在“词典”里点“去掉规则”。")
    if row is not None and actor.role not in RULE_KEEPERS and row.owner_account_id != actor.account_id:
        raise Conflict(f"已经有标签“{name}”，没有改动。", "可以直接在粉丝页面里贴；另建请换一个名字。")
    row = row or Tag(brand_id=actor.brand_id, name=name, owner_account_id=actor.account_id)
    row.meaning, row.lasts_days = meaning[:MEANING_LIMIT], lasts_days
    row.rule = asdict(rule) if rule is not None else {}
    session.add(row)
    session.flush()
    record_audit(session, actor, "save_tag", f"tag:{row.id}", has_rule=rule is not None)
    return row


def _check_rule(session: Session, actor: Actor, rule: Conditions, tag: Tag | None) -> None:
    check_conditions(rule)
    if rule == Conditions():
        raise InvalidInput("规则里还没有条件。", "至少选一个条件，否则人人都会有这个标签。")
    seen = {tag.id} if tag is not None else set()
    following = rule.tag_id
    while following is not None:
        if following in seen:
            raise InvalidInput("规则不能以自己为条件。", "请换一个条件。")
        seen.add(following)
        following = read_conditions(get_tag(session, actor, following).rule).tag_id


def drop_rule(session: Session, actor: Actor, tag_id: int) -> dict:
    """Take the rule off a tag; those who have it by the rule lose it at the next refresh.

    Returns:
        The rule, for undo.
    """
    require(actor, *RULE_KEEPERS)
    tag = get_tag(session, actor, tag_id)
    was, tag.rule = tag.rule, {}
    session.add(tag)
    record_audit(session, actor, "drop_tag_rule", f"tag:{tag.id}")
    return was


def put_rule_back(session: Session, actor: Actor, tag_id: int, rule: dict) -> None:
    """Give a tag the rule it had (undo)."""
    require(actor, *RULE_KEEPERS)
    tag = get_tag(session, actor, tag_id)
    tag.rule = rule
    session.add(tag)
    record_audit(session, actor, "put_tag_rule_back", f"tag:{tag.id}")


def preview_rule(session: Session, actor: Actor, rule: Conditions, name: str = "") -> tuple[TagPreview, list[int]]:
    """Say what a rule would do in the actor's scope; nothing is stored.

    Args:
        session: Open session.
        actor: Whose scope.
        rule: The conditions.
        name: Of the tag, where it may exist already.

    Returns:
        The counts, and the first few fans who would get the tag now.
    """
    tag = session.exec(select(Tag).where(Tag.brand_id == actor.brand_id, Tag.name == name.strip())).first()
    fit = set(session.exec(members(actor, rule)))
    have = _holders(session, tag.id) if tag else {}
    refused = set(session.exec(select(TagRejection.fan_id).where(TagRejection.tag_id == tag.id))) if tag else set()
    new = fit - set(have) - refused
    visible = set(session.exec(members(actor, Conditions())))
    leave = {fan_id for fan_id, origin in have.items() if origin == BY_RULE and fan_id in visible} - fit
    counts = TagPreview(
        len(fit), len(new), len(fit & set(have)), len((fit & refused) - set(have)), len(leave),
        condition_words(session, actor, rule),
    )  # fmt: skip
    return counts, sorted(new)[:20]


def _holders(session: Session, tag_id: int) -> dict[int, str]:
    """Give who carries a tag now, with how it was put."""
    held = select(FanTag.fan_id, FanTag.origin).where(FanTag.tag_id == tag_id, FanTag.removed_at.is_(None))
    return dict(session.exec(held).all())


def apply_rule(
    session: Session, actor: Actor, tag: Tag, fit: Collection[int], said: str, at: datetime | None = None
) -> dict[str, int]:
    """Bring the fans of a rule tag up to date: new ones get it, it lasts on for those who are still like this, others lose it.

    What a person or a theme put is not touched, and who refused it does not get it. With a duration the tag runs out so many days
    after the fan was last like this; without one it goes at once.

    Args:
        session: In a write transaction.
        actor: Whose scope ``fit`` is of: must see the whole brand.
        tag: The tag.
        fit: Fans who are like this now; none when the tag has no rule any more.
        said: The rule in words, kept as each tag's reason.
        at: The moment, now by default.

    Returns:
        ``added, kept, ended``.
    """
    if not actor.sees_all_stores:
        raise Conflict("规则标签由总部统一更新。", "请产品团队或管理员操作。")
    at, fit = at or now(), set(fit)
    expires = at + timedelta(days=tag.lasts_days) if tag.lasts_days else None
    have = _holders(session, tag.id)
    refused = set(session.exec(select(TagRejection.fan_id).where(TagRejection.tag_id == tag.id)))
    by_rule = {fan_id for fan_id, origin in have.items() if origin == BY_RULE}
    live = (FanTag.tag_id == tag.id) & (FanTag.origin == BY_RULE) & FanTag.removed_at.is_(None)
    _for_each_chunk(session, by_rule & fit, live, expires_at=expires, reason=said[:_REASON_LIMIT])
    gone = by_rule - fit
    if expires is not None:
        due = select(FanTag.fan_id).where(live, (FanTag.expires_at <= at) | FanTag.expires_at.is_(None))
        gone &= set(session.exec(due))
    _for_each_chunk(session, gone, live, removed_at=at)
    new = sorted(fit - set(have) - refused)
    insert_many(
        session, FanTag,
        ({"fan_id": fan_id, "tag_id": tag.id, "unit_id": None, "origin": BY_RULE, "account_id": actor.account_id,
          "tagged_at": at, "expires_at": expires, "removed_at": None, "reason": said[:_REASON_LIMIT]} for fan_id in new),
    )  # fmt: skip
    return {"added": len(new), "kept": len(by_rule & fit), "ended": len(gone)}


def _for_each_chunk(session: Session, fan_ids: Collection[int], live, **values) -> None:
    ids = sorted(fan_ids)
    for start in range(0, len(ids), _CHUNK):
        session.exec(update(FanTag).where(live, FanTag.fan_id.in_(ids[start : start + _CHUNK])).values(**values))


def refresh_tags(db: Database, actor: Actor, tag_id: int | None = None, at: datetime | None = None) -> dict[str, int]:
    """Refresh the rule tags of the brand (or one), and end what a theme or an automatic rule put and nobody confirmed in time.

    Returns:
        ``added, kept, ended``, all tags together.
    """
    at = at or now()
    with db.read() as session:
        tags = session.exec(select(Tag).where(Tag.brand_id == actor.brand_id).order_by(Tag.id)).all()
        tags = [tag for tag in tags if tag_id in (None, tag.id)]
    sums = {"added": 0, "kept": 0, "ended": 0}
    for tag in tags:
        rule = read_conditions(tag.rule)
        with db.read() as session:
            fit = set(session.exec(members(actor, rule))) if tag.rule else set()
            said = f"规则：{condition_words(session, actor, rule)}" if tag.rule else ""
            if not tag.rule and BY_RULE not in _holders(session, tag.id).values():
                continue
        with db.write() as session:
            for name, count in apply_rule(session, actor, tag, fit, said, at).items():
                sums[name] += count
    with db.write() as session:
        mine = select(Tag.id).where(Tag.brand_id == actor.brand_id)
        ran_out = (
            update(FanTag)
            .where(
                FanTag.tag_id.in_(mine), FanTag.origin.in_([BY_THEME, BY_AUTOMATION]),
                FanTag.removed_at.is_(None), FanTag.expires_at <= at,
            )
            .values(removed_at=at)
        )  # fmt: skip
        sums["ended"] += session.exec(ran_out).rowcount
        record_audit(session, actor, "refresh_tags", "", **sums)
    return sums


def tag_by_hand(session: Session, actor: Actor, fan_id: int, tag_id: int, reason: str = "") -> FanTag:
    """Put a tag on a fan by hand; it stays until a person takes it off.

    Args:
        session: In a write transaction.
        actor: Anybody who sees the fan.
        fan_id: The fan.
        tag_id: The tag.
        reason: Why, in a few words.

    Raises:
        Conflict: The fan carries it by hand already.
    """
    fan, tag = get_fan(session, actor, fan_id), get_tag(session, actor, tag_id)
    row = session.exec(
        select(FanTag).where(FanTag.fan_id == fan.id, FanTag.tag_id == tag.id, FanTag.removed_at.is_(None))
    ).first()
    if row is not None and row.origin == BY_HAND:
        raise Conflict(f"这位粉丝已经有“{tag.name}”。", "")
    if row is not None:
        row.removed_at = now()
        session.add(row)
        session.flush()
    made = FanTag(
        fan_id=fan.id, tag_id=tag.id, origin=BY_HAND, account_id=actor.account_id, reason=reason.strip()[:_REASON_LIMIT]
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def why_not_tagged(session: Session, tag_id: int) -> dict[int, str]:
    """Say for each fan whom an automatic rule must not give the tag, why: who rejected it, or carries it already."""
    refused = session.exec(select(TagRejection.fan_id).where(TagRejection.tag_id == tag_id))
    return dict.fromkeys(refused, "拒绝过这个标签") | dict.fromkeys(_holders(session, tag_id), "已经有这个标签")


def tag_by_automation(
    session: Session, actor: Actor, tag: Tag, reasons: Mapping[int, str], at: datetime
) -> list[FanTag]:
    """Put a tag on fans for an automatic rule; it runs out as the tag says.

    Args:
        session: In a write transaction.
        actor: Who ran the rule.
        tag: The tag.
        reasons: Why, by fan; none of them in ``why_not_tagged``.
        at: The moment.

    Returns:
        What was put, in the order of ``reasons``.
    """
    expires = at + timedelta(days=tag.lasts_days) if tag.lasts_days else None
    made = [FanTag(fan_id=fan_id, tag_id=tag.id, origin=BY_AUTOMATION, account_id=actor.account_id, tagged_at=at,
                   expires_at=expires, reason=reason[:_REASON_LIMIT]) for fan_id, reason in reasons.items()]  # fmt: skip
    session.add_all(made)
    session.flush()
    return made
