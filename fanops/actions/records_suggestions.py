"""Tags that themes suggest: who said a theme whose tag they don't carry; a person confirms or rejects, a rejected one stays away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd
from sqlmodel import Session, select

from fanops.access import Actor, Role, record_audit, require
from fanops.actions.records import raisers
from fanops.database.frames import frame_of
from fanops.errors import NotFound
from fanops.fans.records import get_fan
from fanops.fans.records_person import PERSON
from fanops.fans.records_tags import get_tag
from fanops.tables import Fan, FanTag, Tag, TagRejection, Theme, Unit, Voice, now, unit_text

KEEPERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
_LOOKED_AT = 10_000


def suggested_tags(session: Session, actor: Actor) -> list[tuple[Tag, str, int]]:
    """List the tags of themes for which somebody waits: tag, the theme's name, how many fans in scope."""
    require(actor, *KEEPERS)
    rows = session.exec(
        select(Tag, Theme.name)
        .join(Theme, Theme.id == Tag.theme_id)
        .where(Tag.brand_id == actor.brand_id, Theme.brand_id == actor.brand_id)
        .order_by(Tag.name)
    ).all()
    found = [(tag, theme, len(_waiting(session, actor, tag))) for tag, theme in rows]
    return [row for row in found if row[2]]


def _waiting(session: Session, actor: Actor, tag: Tag) -> dict[int, int]:
    """Give who is suggested for a tag, with one sentence of theirs (unit id)."""
    said = raisers(session, actor, tag.theme_id)
    have = set(session.exec(select(FanTag.fan_id).where(FanTag.tag_id == tag.id, FanTag.removed_at.is_(None))))
    refused = set(session.exec(select(TagRejection.fan_id).where(TagRejection.tag_id == tag.id)))
    return {fan_id: unit_id for fan_id, unit_id in said.items() if fan_id not in have | refused}


def suggestions(session: Session, actor: Actor, tag_id: int, limit: int = 20) -> pd.DataFrame:
    """List whom a theme suggests for its tag: rows ``fan_id, fan, level, sentence, said_at``, the newest first.

    Raises:
        NotFound: No such tag, or one that belongs to no theme.
    """
    require(actor, *KEEPERS)
    waiting = _waiting(session, actor, _of_a_theme(session, actor, tag_id))
    statement = (
        select(PERSON, Fan.name_masked, Fan.level, unit_text(), Voice.said_at)
        .select_from(Unit)
        .join(Voice, Voice.id == Unit.voice_id)
        .join(Fan, Fan.id == Voice.fan_id)
        .where(Unit.id.in_(list(waiting.values())[:_LOOKED_AT]), Fan.erased_at.is_(None))
        .order_by(Voice.said_at.desc(), Unit.id.desc())
        .limit(limit)
    )
    return frame_of(session.exec(statement), ["fan_id", "fan", "level", "sentence", "said_at"])


def _of_a_theme(session: Session, actor: Actor, tag_id: int) -> Tag:
    tag = get_tag(session, actor, tag_id)
    if tag.theme_id is None:
        raise NotFound("这个标签不来自主题。", "请从待确认的列表里选择。")
    return tag


def confirm_suggestions(session: Session, actor: Actor, tag_id: int, fan_ids: Sequence[int]) -> int:
    """Put the tag on these fans, each with its sentence.

    Returns:
        How many got it; who has it or refused it by now is left alone.
    """
    require(actor, *KEEPERS)
    tag = _of_a_theme(session, actor, tag_id)
    waiting, moment = _waiting(session, actor, tag), now()
    expires = moment + timedelta(days=tag.lasts_days) if tag.lasts_days else None
    wanted = [fan_id for fan_id in dict.fromkeys(fan_ids) if fan_id in waiting]
    for fan_id in wanted:
        get_fan(session, actor, fan_id)
        session.add(FanTag(fan_id=fan_id, tag_id=tag.id, unit_id=waiting[fan_id], origin="theme", tagged_at=moment,
                           account_id=actor.account_id, expires_at=expires))  # fmt: skip
    session.flush()
    record_audit(session, actor, "confirm_suggestions", f"tag:{tag.id}", fans=len(wanted))
    return len(wanted)


def reject_suggestion(session: Session, actor: Actor, tag_id: int, fan_id: int) -> None:
    """Say that a tag does not fit a fan: it is not suggested for them again, by theme or rule."""
    require(actor, *KEEPERS)
    tag, fan = get_tag(session, actor, tag_id), get_fan(session, actor, fan_id)
    known = select(TagRejection.id).where(TagRejection.fan_id == fan.id, TagRejection.tag_id == tag.id)
    if session.exec(known).first() is None:
        session.add(TagRejection(fan_id=fan.id, tag_id=tag.id, account_id=actor.account_id))
    record_audit(session, actor, "reject_suggestion", f"tag:{tag.id}", fan=fan.id)


def take_rejection_back(session: Session, actor: Actor, tag_id: int, fan_id: int) -> None:
    """Let a tag be suggested again (undo).

    Raises:
        NotFound: It was not rejected.
    """
    require(actor, *KEEPERS)
    tag, fan = get_tag(session, actor, tag_id), get_fan(session, actor, fan_id)
    row = session.exec(select(TagRejection).where(TagRejection.fan_id == fan.id, TagRejection.tag_id == tag.id)).first()
    if row is None:
        raise NotFound("没有可以撤销的。", "请刷新。")
    session.delete(row)
