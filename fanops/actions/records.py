"""From a theme to what is done: the raisers and their sentences, tags, evidence; with the way back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, distinct, func
from sqlmodel import Session, select

from fanops.access import Actor, Role, in_scope, record_audit, require
from fanops.errors import InvalidInput
from fanops.tables import (
    BacklogItem,
    Evidence,
    Fan,
    FanTag,
    Tag,
    TagRejection,
    ThemeAssignment,
    Unit,
    Voice,
    now,
)  # fmt: skip
from fanops.themes.records import PERSON, get_theme

MANAGERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
HEAD_OFFICE = (Role.PRODUCT, Role.CEO, Role.ADMIN)
TITLE_LIMIT = 60
_MOST_EVIDENCE = 2_000
_PLEASED = 2
_RANK = case((Unit.polarity == -1, 0), (Unit.polarity == 1, _PLEASED), else_=1)  # what speaks for a change comes first


def _said(actor: Actor, theme_id: int, *columns: Any) -> Any:
    statement = (
        select(*columns)
        .select_from(ThemeAssignment)
        .join(Unit, Unit.id == ThemeAssignment.unit_id)
        .join(Voice, Voice.id == Unit.voice_id)
        .outerjoin(Fan, Fan.id == Voice.fan_id)
        .where(ThemeAssignment.theme_id == theme_id, Unit.no_content.is_(False))
    )
    return in_scope(statement, actor, brand=Voice.brand_id, store=Voice.store_id)


def raisers(session: Session, actor: Actor, theme_id: int, unit_ids: Sequence[int] | None = None) -> dict[int, int]:
    """Give the fans who said a theme, each with one sentence of theirs (unit id, a displeased one if there is), in scope."""
    get_theme(session, actor, theme_id)
    statement = _said(actor, theme_id, PERSON.label("fan_id"), Unit.id, ThemeAssignment.strength).where(
        Voice.fan_id.is_not(None)
    )
    if unit_ids is not None:
        statement = statement.where(Unit.id.in_(list(unit_ids)))
    found: dict[int, int] = {}
    for fan_id, unit_id, _ in session.exec(statement.order_by(_RANK, ThemeAssignment.strength.desc(), Unit.id)):
        found.setdefault(fan_id, unit_id)
    return found


def checked_title(title: str) -> str:
    """Give a title without spaces around, refused when empty or too long."""
    title = title.strip()
    if not title:
        raise InvalidInput("要有一个标题。", "一句话说清要做什么。")
    if len(title) > TITLE_LIMIT:
        raise InvalidInput(f"标题太长（{len(title)} 个字）。", f"请不超过 {TITLE_LIMIT} 个字。")
    return title


# --- tags ---------------------------------------------------------------------------------------------------------


def tag_preview(session: Session, actor: Actor, theme_id: int, name: str) -> dict[str, int]:
    """Say what tagging would do: ``raisers, new, already, rejected``."""
    said = raisers(session, actor, theme_id)
    tag = session.exec(select(Tag).where(Tag.brand_id == actor.brand_id, Tag.name == name.strip())).first()
    have = _fans_with(session, tag.id) if tag else set()
    refused = _fans_refusing(session, tag.id) if tag else set()
    new = set(said) - have - refused
    return {
        "raisers": len(said),
        "new": len(new),
        "already": len(set(said) & have),
        "rejected": len(set(said) & refused),
    }


def _fans_with(session: Session, tag_id: int) -> set[int]:
    return set(session.exec(select(FanTag.fan_id).where(FanTag.tag_id == tag_id, FanTag.removed_at.is_(None))))


def _fans_refusing(session: Session, tag_id: int) -> set[int]:
    return set(session.exec(select(TagRejection.fan_id).where(TagRejection.tag_id == tag_id)))


def tag_raisers(
    session: Session, actor: Actor, theme_id: int, name: str, *, meaning: str = "", lasts_days: int | None = None
) -> tuple[Tag, int]:
    """Tag the fans who said a theme; each tag keeps its source sentence.

    Returns:
        The tag, and how many fans got it now (those who have it, or for whom it was rejected, are left alone).

    Raises:
        NotFound: No such theme.
        InvalidInput: No name, too long, or no duration.
    """
    require(actor, *MANAGERS)
    if lasts_days is not None and not 1 <= lasts_days <= 3_650:
        raise InvalidInput("有效期是 1 到 3650 天。", "不填就一直有效。")
    theme_id = get_theme(session, actor, theme_id).id
    name = name.strip()
    if not name or len(name) > 20:
        raise InvalidInput("标签名要有 1 到 20 个字。", "例如：嫌等位久。")
    get_theme(session, actor, theme_id)
    tag = session.exec(select(Tag).where(Tag.brand_id == actor.brand_id, Tag.name == name)).first()
    if tag is None:
        tag = Tag(brand_id=actor.brand_id, name=name, meaning=meaning, theme_id=theme_id, lasts_days=lasts_days,
                  owner_account_id=actor.account_id)  # fmt: skip
        session.add(tag)
        session.flush()
    skip = _fans_with(session, tag.id) | _fans_refusing(session, tag.id)
    moment = now()
    expires = moment + timedelta(days=tag.lasts_days) if tag.lasts_days else None
    count = 0
    for fan_id, unit_id in raisers(session, actor, theme_id).items():
        if fan_id not in skip:
            session.add(
                FanTag(fan_id=fan_id, tag_id=tag.id, unit_id=unit_id, origin="theme", account_id=actor.account_id,
                       tagged_at=moment, expires_at=expires)
            )  # fmt: skip
            count += 1
    session.flush()
    record_audit(session, actor, "tag_raisers", f"tag:{tag.id}", theme=theme_id, fans=count)
    return tag, count


def last_tagged_at(session: Session, tag_id: int) -> datetime | None:
    """Give the moment of a tag's latest tagging, by which it can be taken back."""
    return session.exec(select(func.max(FanTag.tagged_at)).where(FanTag.tag_id == tag_id)).one()


def undo_tagging(session: Session, actor: Actor, tag_id: int, tagged_at) -> int:
    """Take back one tagging: the tags of one deed, by its moment."""
    require(actor, *MANAGERS)
    statement = select(FanTag).join(Tag, Tag.id == FanTag.tag_id)
    rows = session.exec(
        statement.where(Tag.brand_id == actor.brand_id, FanTag.tag_id == tag_id, FanTag.tagged_at == tagged_at)
    ).all()
    for row in rows:
        row.removed_at = now()
    return len(rows)


def keep_evidence(session: Session, actor: Actor, theme_id: int, *, store_ids=None, **about: int) -> int:
    """Keep a theme's sentences in the actor's scope as evidence of a fix or an item; those of ``store_ids`` where there are any.

    Every fan who said it is kept, however many they are. Pleased sentences stand back: a fan's are kept when they said
    nothing else, those of people without a name when nobody said anything else.
    """
    statement = _said(actor, theme_id, Unit.id, PERSON, _RANK)
    if store_ids is not None:
        own = statement.where(Voice.store_id.in_(list(store_ids)))
        statement = own if session.exec(own.limit(1)).first() is not None else statement
    rows = session.exec(statement.order_by(_RANK, ThemeAssignment.strength.desc(), Unit.id)).all()
    units = _telling([tuple(row) for row in rows])
    session.add_all(Evidence(unit_id=unit_id, **about) for unit_id in units)
    session.flush()
    return len(units)


def _telling(rows: Sequence[tuple[int, int | None, int]]) -> list[int]:
    """Choose among ``unit_id, person, rank``, best first, and keep their order."""
    minding = {person for _, person, rank in rows if rank != _PLEASED}
    kept = [
        (unit_id, person)
        for unit_id, person, rank in rows
        if rank != _PLEASED or (person not in minding if person is not None else not minding)
    ]
    nameless = [unit_id for unit_id, person in kept if person is None]
    left_out = set(nameless[max(0, _MOST_EVIDENCE - (len(kept) - len(nameless))) :])
    return [unit_id for unit_id, _ in kept if unit_id not in left_out]


def count_said(session: Session, actor: Actor, theme_id: int) -> int:
    """Count the sentences of a theme in the actor's scope: what the evidence is taken from."""
    return session.exec(_said(actor, theme_id, func.count(Unit.id))).one()


# --- the way back -------------------------------------------------------------------------------------------------


def behind(fix_id: int | None, item_id: int | None) -> Any:
    """Evidence of a fix, or of an item and of those merged into it (so that an unmerge takes it away again)."""
    if fix_id is not None:
        return Evidence.fix_id == fix_id
    merged = select(BacklogItem.id).where((BacklogItem.id == item_id) | (BacklogItem.merged_into_id == item_id))
    return Evidence.item_id.in_(merged)


def evidence_units(
    session: Session, actor: Actor, *, fix_id: int | None = None, item_id: int | None = None
) -> list[int]:
    """Give the unit ids behind a fix or an item, within the actor's scope."""
    statement = select(Evidence.unit_id).join(Unit, Unit.id == Evidence.unit_id).join(Voice, Voice.id == Unit.voice_id)
    statement = statement.where(behind(fix_id, item_id)).order_by(Evidence.id)
    return list(dict.fromkeys(session.exec(in_scope(statement, actor, brand=Voice.brand_id, store=Voice.store_id))))


def evidence_fans(session: Session, *, fix_id: int | None = None, item_id: int | None = None) -> dict[int, int | None]:
    """Give the fans behind a fix or an item, each with the store where they said it."""
    statement = (
        select(PERSON, Voice.store_id)
        .select_from(Evidence)
        .join(Unit, Unit.id == Evidence.unit_id)
        .join(Voice, Voice.id == Unit.voice_id)
        .join(Fan, Fan.id == Voice.fan_id)
        .where(behind(fix_id, item_id))
        .order_by(Evidence.id)
    )
    found: dict[int, int | None] = {}
    for fan_id, store_id in session.exec(statement):
        found.setdefault(fan_id, store_id)
    return found


def how_strongly(session: Session, item_id: int) -> dict[int, tuple[int, datetime]]:
    """Give for each fan behind an item how many displeased sentences they said, and when they spoke of it last."""
    minded = func.count(distinct(case((Unit.polarity == -1, Unit.id))))
    statement = (
        select(PERSON, minded, func.max(Voice.said_at))
        .select_from(Evidence)
        .join(Unit, Unit.id == Evidence.unit_id)
        .join(Voice, Voice.id == Unit.voice_id)
        .join(Fan, Fan.id == Voice.fan_id)
        .where(behind(None, item_id))
        .group_by(PERSON)
    )
    return {fan_id: (count, last) for fan_id, count, last in session.exec(statement)}


def evidence_counts(session: Session, *, item_id: int) -> tuple[int, int]:
    """Give how many sentences and distinct fans stand behind an item."""
    statement = (
        select(func.count(distinct(Evidence.unit_id)), func.count(distinct(PERSON)))
        .select_from(Evidence)
        .join(Unit, Unit.id == Evidence.unit_id)
        .join(Voice, Voice.id == Unit.voice_id)
        .outerjoin(Fan, Fan.id == Voice.fan_id)
        .where(behind(None, item_id))
    )
    sentences, fans = session.exec(statement).one()
    return int(sentences), int(fans)
