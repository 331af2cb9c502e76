"""Hand edits: each is an event with author and undo, kept by every later run because it changes the registry itself.

A merge is a pointer (later runs follow it), a moved unit carries ``by_hand`` (later runs keep it and learn from it), a
name given by hand is never replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, select

from fanops.access import Actor, Role, require
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.tables import Theme, ThemeAssignment, ThemeEvent, Unit, Voice, now
from fanops.themes.records import get_theme

EDITORS = (Role.PRODUCT, Role.CEO, Role.ADMIN)
NAME_LIMIT = 30


def _record(
    session: Session, actor: Actor, theme: Theme, kind: str, detail: dict[str, Any], before: dict[str, Any]
) -> ThemeEvent:
    event = ThemeEvent(
        brand_id=actor.brand_id, theme_id=theme.id, account_id=actor.account_id, kind=kind, detail=detail, before=before
    )
    session.add(event)
    session.flush()
    return event


def _checked_name(session: Session, actor: Actor, name: str, but: int | None = None) -> str:
    name = name.strip()
    if not name:
        raise InvalidInput("主题要有名字。", "用一句顾客会说的短话，例如“排队等位太久”。")
    if len(name) > NAME_LIMIT:
        raise InvalidInput(f"名字太长（{len(name)} 个字）。", f"请不超过 {NAME_LIMIT} 个字。")
    statement = select(Theme.id).where(
        Theme.brand_id == actor.brand_id, Theme.name == name, Theme.state == "active", Theme.id != (but or 0)
    )
    if session.exec(statement).first() is not None:
        raise Conflict(f"已经有叫“{name}”的主题。", "换一个名字，或把两个主题合并。")
    return name


def _own_units(session: Session, actor: Actor, unit_ids: Sequence[int]) -> list[int]:
    statement = select(Unit.id).join(Voice, Voice.id == Unit.voice_id)
    statement = statement.where(Voice.brand_id == actor.brand_id, Unit.id.in_(list(unit_ids)))
    found = sorted(session.exec(statement).all())
    if not found or len(found) != len(set(unit_ids)):
        raise NotFound("有些句子已经不在了。", "请刷新页面后重选。")
    return found


def rename_theme(session: Session, actor: Actor, theme_id: int, name: str) -> ThemeEvent:
    """Rename a theme; no later run changes a name given by hand."""
    require(actor, *EDITORS)
    theme = get_theme(session, actor, theme_id)
    name = _checked_name(session, actor, name, but=theme.id)
    event = _record(
        session, actor, theme, "rename", {"name": name}, {"name": theme.name, "named_by_hand": theme.named_by_hand}
    )
    theme.name, theme.named_by_hand = name, True
    return event


def merge_themes(session: Session, actor: Actor, from_id: int, into_id: int) -> ThemeEvent:
    """Merge one theme into another: a pointer that later runs follow.

    Raises:
        Conflict: The same theme twice, or one of them is not live.
    """
    require(actor, *EDITORS)
    source, target = get_theme(session, actor, from_id), get_theme(session, actor, into_id)
    if source.id == target.id or source.state != "active" or target.state != "active":
        raise Conflict("这两个主题不能合并。", "请选两个不同的、在用的主题。")
    moved = sorted(session.exec(select(ThemeAssignment.unit_id).where(ThemeAssignment.theme_id == source.id)))
    event = _record(session, actor, source, "merge", {"into": target.id, "into_name": target.name}, {"unit_ids": moved})
    source.state, source.merged_into_id = "merged", target.id
    session.exec(
        update(ThemeAssignment)
        .where(ThemeAssignment.theme_id == source.id)
        .values(theme_id=target.id, subtheme_id=None)
    )
    return event


def split_theme(session: Session, actor: Actor, theme_id: int, unit_ids: Sequence[int], name: str) -> ThemeEvent:
    """Take some units out of a theme into a new one.

    Later runs keep these units there, and pull the units most like them along.
    """
    require(actor, *EDITORS)
    theme = get_theme(session, actor, theme_id)
    units = _own_units(session, actor, unit_ids)
    new = Theme(
        brand_id=actor.brand_id,
        name=_checked_name(session, actor, name),
        named_by_hand=True,
        pinned=True,
        aspect=theme.aspect,
        born_run_id=theme.seen_run_id,
        seen_run_id=theme.seen_run_id,
        quote_unit_ids=units[:5],
    )
    session.add(new)
    session.flush()
    before = _place(session, units, new.id)
    return _record(session, actor, new, "split", {"from": theme.id, "from_name": theme.name, "units": units}, before)


def move_units(session: Session, actor: Actor, unit_ids: Sequence[int], theme_id: int | None) -> ThemeEvent:
    """Move units to a theme, or out of all (``None``); every later run respects it and learns from it."""
    require(actor, *EDITORS, Role.REGION_MANAGER, Role.STORE_MANAGER)
    units = _own_units(session, actor, unit_ids)
    if theme_id is None:
        first = session.exec(select(ThemeAssignment.theme_id).where(ThemeAssignment.unit_id == units[0])).first()
        if first is None:
            raise Conflict("这些句子本来就没有归类。")
        theme = get_theme(session, actor, first)
    else:
        theme = get_theme(session, actor, theme_id)
        if theme.state != "active":
            raise Conflict("这个主题已不在用。", "请选一个在用的主题。")
    before = _place(session, units, theme_id)
    return _record(session, actor, theme, "move", {"to": theme_id, "units": units}, before)


def _place(session: Session, units: Sequence[int], theme_id: int | None) -> dict[str, Any]:
    statement = select(ThemeAssignment).where(ThemeAssignment.unit_id.in_(list(units)))
    known = {row.unit_id: row for row in session.exec(statement)}
    before = {}
    for unit_id in units:
        row = known.get(unit_id) or ThemeAssignment(unit_id=unit_id)
        before[str(unit_id)] = [row.theme_id, row.subtheme_id, row.strength, row.unsure, row.by_hand]
        row.theme_id, row.subtheme_id, row.strength, row.unsure, row.by_hand = theme_id, None, 1.0, False, True
        session.add(row)
    session.flush()
    return {"assignments": before}


def set_pinned(session: Session, actor: Actor, theme_id: int, pinned: bool) -> ThemeEvent:
    """Pin a theme (it stays even when a run does not find it), or unpin it."""
    require(actor, *EDITORS)
    theme = get_theme(session, actor, theme_id)
    event = _record(session, actor, theme, "pin", {"pinned": pinned}, {"pinned": theme.pinned})
    theme.pinned = pinned
    return event


def set_retired(session: Session, actor: Actor, theme_id: int, retired: bool) -> ThemeEvent:
    """Retire a theme (kept, matched by later runs, not listed), or take it back."""
    require(actor, *EDITORS)
    theme = get_theme(session, actor, theme_id)
    if theme.state not in ("active", "retired", "died"):
        raise Conflict("这个主题已被合并。", "请先撤销合并。")
    event = _record(session, actor, theme, "retire" if retired else "unretire", {}, {"state": theme.state})
    theme.state = "retired" if retired else "active"
    return event


def undo_edit(session: Session, actor: Actor, event_id: int) -> ThemeEvent:
    """Take a hand edit back, exactly.

    Raises:
        NotFound: No such edit in this brand.
        Conflict: Already undone, or a later edit of the same theme stands on it.
    """
    require(actor, *EDITORS, Role.REGION_MANAGER, Role.STORE_MANAGER)
    event = session.get(ThemeEvent, event_id)
    if event is None or event.brand_id != actor.brand_id:
        raise NotFound("没有这次编辑。")
    if event.undone_at is not None:
        raise Conflict("这次编辑已经撤销过了。")
    later = session.exec(
        select(ThemeEvent.id).where(
            ThemeEvent.theme_id == event.theme_id, ThemeEvent.id > event.id, ThemeEvent.undone_at.is_(None),
            ThemeEvent.kind.in_([event.kind, "merge"]),
        )
    ).first()  # fmt: skip
    if later is not None:
        raise Conflict("后面还有一次编辑以它为基础。", "请先撤销那一次。")
    _UNDO[event.kind](session, event)
    event.undone_at = now()
    return event


def _undo_fields(session: Session, event: ThemeEvent) -> None:
    theme = session.get_one(Theme, event.theme_id)
    for field, value in event.before.items():
        setattr(theme, field, value)


def _undo_merge(session: Session, event: ThemeEvent) -> None:
    source = session.get_one(Theme, event.theme_id)
    source.state, source.merged_into_id = "active", None
    rows = session.exec(
        select(ThemeAssignment).where(
            ThemeAssignment.unit_id.in_(event.before["unit_ids"]), ThemeAssignment.theme_id == event.detail["into"]
        )
    )
    for row in rows:
        row.theme_id = source.id


def _undo_place(session: Session, event: ThemeEvent) -> None:
    before = event.before["assignments"]
    rows = session.exec(select(ThemeAssignment).where(ThemeAssignment.unit_id.in_([int(key) for key in before])))
    for row in rows:
        row.theme_id, row.subtheme_id, row.strength, row.unsure, row.by_hand = before[str(row.unit_id)]


def _undo_split(session: Session, event: ThemeEvent) -> None:
    _undo_place(session, event)
    new = session.get_one(Theme, event.theme_id)
    new.state, new.pinned = "retired", False
    followers = select(ThemeAssignment).where(ThemeAssignment.theme_id == new.id)
    for row in session.exec(followers):  # units a later run pulled along go back with the others
        row.theme_id, row.subtheme_id = event.detail["from"], None


_UNDO = {
    "rename": _undo_fields,
    "pin": _undo_fields,
    "retire": _undo_fields,
    "unretire": _undo_fields,
    "merge": _undo_merge,
    "move": _undo_place,
    "split": _undo_split,
}
