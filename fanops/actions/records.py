"""From a theme to what is done: the raisers and their sentences, tags, service fixes, backlog items; with the way back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import case, distinct, func
from sqlmodel import Session, delete, select

from fanops.access import Actor, Role, in_scope, record_audit, require, require_store
from fanops.actions.fix_states import AREAS, DONE, MOVES
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.tables import (
    Evidence,
    Fan,
    FanTag,
    Fix,
    FixStore,
    Staff,
    Store,
    Tag,
    TagRejection,
    Theme,
    ThemeAssignment,
    Transition,
    Unit,
    Voice,
    now,
)  # fmt: skip
from fanops.themes.records import PERSON, get_theme

MANAGERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
HEAD_OFFICE = (Role.PRODUCT, Role.CEO, Role.ADMIN)
TITLE_LIMIT = 60


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
    """Give the fans who said a theme, each with one sentence of theirs (unit id), within the actor's scope."""
    get_theme(session, actor, theme_id)
    statement = _said(actor, theme_id, PERSON.label("fan_id"), Unit.id, ThemeAssignment.strength).where(
        Voice.fan_id.is_not(None)
    )
    if unit_ids is not None:
        statement = statement.where(Unit.id.in_(list(unit_ids)))
    found: dict[int, int] = {}
    for fan_id, unit_id, _ in session.exec(statement.order_by(ThemeAssignment.strength.desc(), Unit.id)):
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
    """
    require(actor, *MANAGERS)
    name = name.strip()
    if not name or len(name) > 20:
        raise InvalidInput("标签名要有 1 到 20 个字。", "例如：嫌等位久。")
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


# --- service fixes ------------------------------------------------------------------------------------------------


def open_fix(
    session: Session, actor: Actor, theme_id: int, store_ids: Sequence[int], title: str, *, what_to_do: str = "",
    area: str = "service", due_on: date | None = None,
) -> Fix:  # fmt: skip
    """Open a service fix (服务改进) of a theme in stores; the theme's sentences in the actor's scope become its evidence.

    Raises:
        InvalidInput: No title, no store, an unknown area.
        NotFound: A theme or store the actor can't see.
    """
    require(actor, *MANAGERS)
    get_theme(session, actor, theme_id)
    if not store_ids:
        raise InvalidInput("要选至少一家门店。")
    if area not in AREAS:
        raise InvalidInput("没有这个类别。", f"可用：{'、'.join(AREAS.values())}。")
    fix = Fix(brand_id=actor.brand_id, theme_id=theme_id, title=checked_title(title), what_to_do=what_to_do.strip(),
              area=area, account_id=actor.account_id)  # fmt: skip
    session.add(fix)
    session.flush()
    for store_id in dict.fromkeys(store_ids):
        store = require_store(session, actor, store_id)
        row = FixStore(fix_id=fix.id, store_id=store.id, due_on=due_on)
        session.add(row)
        session.flush()
        session.add(Transition(fix_store_id=row.id, account_id=actor.account_id, from_state="", to_state="found"))
    _keep_evidence(session, actor, theme_id, fix_id=fix.id, store_ids=store_ids)
    record_audit(session, actor, "open_fix", f"fix:{fix.id}", stores=len(set(store_ids)))
    return fix


def _keep_evidence(session: Session, actor: Actor, theme_id: int, *, store_ids=None, **about: int) -> int:
    statement = _said(actor, theme_id, Unit.id)
    if store_ids is not None:
        own = statement.where(Voice.store_id.in_(list(store_ids)))
        units = session.exec(own.order_by(ThemeAssignment.strength.desc(), Unit.id)).all()
        statement = statement if not units else own
    units = session.exec(statement.order_by(ThemeAssignment.strength.desc(), Unit.id).limit(2_000)).all()
    session.add_all(Evidence(unit_id=unit_id, **about) for unit_id in units)
    session.flush()
    return len(units)


def fix_table(session: Session, actor: Actor) -> pd.DataFrame:
    """List fixes with their stores in scope.

    Returns:
        Newest first: ``fix_id, title, area, theme_id, theme, opened_at, stores, read, done, overdue, evidence``.
    """
    overdue = case((FixStore.due_on < date.today(), case((FixStore.state.in_(DONE), 0), else_=1)), else_=0)
    statement = (
        select(
            Fix.id, Fix.title, Fix.area, Fix.theme_id, Theme.name, Fix.opened_at, func.count(FixStore.id),
            func.count(FixStore.read_at), func.sum(case((FixStore.state.in_(DONE), 1), else_=0)), func.sum(overdue),
        )
        .join(FixStore, FixStore.fix_id == Fix.id)
        .outerjoin(Theme, Theme.id == Fix.theme_id)
        .group_by(Fix.id, Fix.title, Fix.area, Fix.theme_id, Theme.name, Fix.opened_at)
        .order_by(Fix.id.desc())
    )  # fmt: skip
    rows = session.exec(in_scope(statement, actor, brand=Fix.brand_id, store=FixStore.store_id)).all()
    columns = ["fix_id", "title", "area", "theme_id", "theme", "opened_at", "stores", "read", "done", "overdue"]
    frame = pd.DataFrame(rows, columns=columns)
    counted = dict(
        session.exec(
            select(Evidence.fix_id, func.count()).where(Evidence.fix_id.is_not(None)).group_by(Evidence.fix_id)
        ).all()
    )
    return frame.assign(evidence=[counted.get(fix_id, 0) for fix_id in frame["fix_id"]])


def fix_stores(session: Session, actor: Actor, fix_id: int | None = None) -> pd.DataFrame:
    """List the stores of a fix (or of all fixes) in scope.

    Returns:
        ``fix_store_id, fix_id, title, what_to_do, store_id, store, state, owner, due_on, read_at, done_at, note``.
    """
    statement = (
        select(
            FixStore.id, Fix.id, Fix.title, Fix.what_to_do, Store.id, Store.name, FixStore.state, Staff.name,
            FixStore.due_on, FixStore.read_at, FixStore.done_at, FixStore.note,
        )
        .join(Fix, Fix.id == FixStore.fix_id)
        .join(Store, Store.id == FixStore.store_id)
        .outerjoin(Staff, Staff.id == FixStore.owner_staff_id)
        .order_by(Fix.id.desc(), Store.code)
    )  # fmt: skip
    if fix_id is not None:
        statement = statement.where(Fix.id == fix_id)
    rows = session.exec(in_scope(statement, actor, brand=Fix.brand_id, store=FixStore.store_id)).all()
    columns = ["fix_store_id", "fix_id", "title", "what_to_do", "store_id", "store", "state", "owner", "due_on",
               "read_at", "done_at", "note"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _own_fix_store(session: Session, actor: Actor, fix_store_id: int) -> FixStore:
    statement = select(FixStore).join(Fix, Fix.id == FixStore.fix_id).where(FixStore.id == fix_store_id)
    row = session.exec(in_scope(statement, actor, brand=Fix.brand_id, store=FixStore.store_id)).first()
    if row is None:
        raise NotFound("没有这项改进，或它不在您的门店。")
    return row


def note_read(session: Session, actor: Actor, fix_store_id: int) -> None:
    """Note that the store has read a fix (once; only by people of that store)."""
    row = _own_fix_store(session, actor, fix_store_id)
    if row.read_at is None and actor.store_id == row.store_id:
        row.read_at = now()


def move_fix(
    session: Session, actor: Actor, fix_store_id: int, to: str, note: str = "", *, happened_at: datetime | None = None
) -> FixStore:
    """Move a store's fix to another state.

    Args:
        session: A writing session.
        actor: Who moves it.
        fix_store_id: Which store's fix.
        to: The state.
        note: What was done.
        happened_at: When it really happened, if it is written down later; now by default.

    Raises:
        Conflict: No such move from here.
        NotAllowed: Not for this role.
    """
    row = _own_fix_store(session, actor, fix_store_id)
    roles = MOVES.get((row.state, to))
    if roles is None:
        raise Conflict("从现在的状态不能直接到那一步。", "请按顺序来。")
    require(actor, *roles)
    session.add(
        Transition(fix_store_id=row.id, account_id=actor.account_id, from_state=row.state, to_state=to, note=note[:500])
    )
    row.state = to
    row.note = note.strip() or row.note
    moment = happened_at or now()
    row.read_at = row.read_at or moment
    row.done_at = (row.done_at or moment) if to in DONE else None
    row.closed_at = moment if to == "closed" else None
    session.add(row)
    session.flush()
    return row


def undo_open_fix(session: Session, actor: Actor, fix_id: int) -> None:
    """Take a fix back that nobody has worked on.

    Raises:
        Conflict: A store has begun.
    """
    require(actor, *MANAGERS)
    fix = session.exec(select(Fix).where(Fix.id == fix_id, Fix.brand_id == actor.brand_id)).first()
    if fix is None:
        raise NotFound("没有这项改进。")
    if (
        session.exec(select(FixStore.id).where(FixStore.fix_id == fix_id, FixStore.state != "found")).first()
        is not None
    ):
        raise Conflict("已经有门店开始整改，不能撤销。", "可以逐家关闭。")
    session.exec(delete(Fix).where(Fix.id == fix_id))
    record_audit(session, actor, "undo_open_fix", f"fix:{fix_id}")


# --- the way back -------------------------------------------------------------------------------------------------


def evidence_units(
    session: Session, actor: Actor, *, fix_id: int | None = None, item_id: int | None = None
) -> list[int]:
    """Give the unit ids behind a fix or an item, within the actor's scope."""
    statement = select(Evidence.unit_id).join(Unit, Unit.id == Evidence.unit_id).join(Voice, Voice.id == Unit.voice_id)
    statement = statement.where(Evidence.fix_id == fix_id) if fix_id else statement.where(Evidence.item_id == item_id)
    return list(
        session.exec(in_scope(statement, actor, brand=Voice.brand_id, store=Voice.store_id).order_by(Evidence.id))
    )


def evidence_fans(session: Session, *, fix_id: int | None = None, item_id: int | None = None) -> dict[int, int | None]:
    """Give the fans behind a fix or an item, each with the store where they said it."""
    statement = (
        select(PERSON, Voice.store_id)
        .select_from(Evidence)
        .join(Unit, Unit.id == Evidence.unit_id)
        .join(Voice, Voice.id == Unit.voice_id)
        .join(Fan, Fan.id == Voice.fan_id)
        .where(Evidence.fix_id == fix_id if fix_id else Evidence.item_id == item_id)
        .order_by(Evidence.id)
    )
    found: dict[int, int | None] = {}
    for fan_id, store_id in session.exec(statement):
        found.setdefault(fan_id, store_id)
    return found


def evidence_counts(session: Session, *, item_id: int) -> tuple[int, int]:
    """Give how many sentences and distinct fans stand behind an item."""
    statement = (
        select(func.count(Evidence.id), func.count(distinct(PERSON)))
        .select_from(Evidence)
        .join(Unit, Unit.id == Evidence.unit_id)
        .join(Voice, Voice.id == Unit.voice_id)
        .outerjoin(Fan, Fan.id == Voice.fan_id)
        .where(Evidence.item_id == item_id)
    )
    sentences, fans = session.exec(statement).one()
    return int(sentences), int(fans)


def keep_item_evidence(session: Session, actor: Actor, theme_id: int, item_id: int) -> int:
    """Make a theme's sentences the evidence of an item."""
    return _keep_evidence(session, actor, theme_id, item_id=item_id)
