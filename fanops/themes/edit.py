"""Hand edits: each is an event with author and undo, kept by every later run because it changes the registry itself.

A merge is a pointer (later runs follow it), a moved unit carries ``by_hand`` (later runs keep it and learn from it), a
name given by hand is never replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, select

from fanops.access import Actor, Role, require
from fanops.errors import Conflict, NotFound
from fanops.settings import settings
from fanops.tables import Theme, ThemeAssignment, ThemeEvent, ThemeLineage, now
from fanops.text.encoder import load_encoder
from fanops.themes.records_edit import (
    centre_of_units,
    check_name_is_free,
    check_nothing_stands_on,
    checked_name,
    edit_in_turn,
    landing,
    newest_run,
    own_units,
    top_theme,
)

# What a run writes of a theme that it found.
FOUND = ("seen_run_id", "aspect", "keywords", "quote_unit_ids", "stability", "centroid")
EDITORS = (Role.PRODUCT, Role.CEO, Role.ADMIN)
MOVERS = (*EDITORS, Role.REGION_MANAGER, Role.STORE_MANAGER)


def _begin(session: Session, actor: Actor, *roles: Role) -> None:
    require(actor, *roles)
    edit_in_turn(session, actor.brand_id)


def record_event(
    session: Session, actor: Actor, theme: Theme, kind: str, detail: dict[str, Any], before: dict[str, Any]
) -> ThemeEvent:
    """Write an edit down: what was done (``detail``), and what takes it back (``before``)."""
    event = ThemeEvent(
        brand_id=actor.brand_id, theme_id=theme.id, account_id=actor.account_id, kind=kind, detail=detail, before=before
    )
    session.add(event)
    session.flush()
    return event


def rename_theme(session: Session, actor: Actor, theme_id: int, name: str) -> ThemeEvent:
    """Rename a theme; no later run changes a name given by hand."""
    _begin(session, actor, *EDITORS)
    theme = top_theme(session, actor, theme_id, ("active", "retired"))
    name = checked_name(session, actor, name, but=theme.id)
    event = record_event(
        session, actor, theme, "rename", {"name": name}, {"name": theme.name, "named_by_hand": theme.named_by_hand}
    )
    theme.name, theme.named_by_hand = name, True
    return event


def merge_themes(session: Session, actor: Actor, from_id: int, into_id: int) -> ThemeEvent:
    """Merge one theme into another: a pointer that later runs follow.

    Raises:
        Conflict: The same theme twice, or one of them is not live.
    """
    _begin(session, actor, *EDITORS)
    source, target = top_theme(session, actor, from_id), top_theme(session, actor, into_id)
    if source.id == target.id:
        raise Conflict("一个主题不能并入它自己。", "请选两个不同的主题。")
    held = session.exec(
        select(ThemeAssignment.unit_id, ThemeAssignment.subtheme_id)
        .where(ThemeAssignment.theme_id == source.id)
        .order_by(ThemeAssignment.unit_id)
    ).all()
    states = session.exec(select(Theme.id, Theme.state).where(Theme.parent_id == source.id)).all()
    before = {
        "unit_ids": [unit for unit, _ in held],
        "subthemes": {str(unit): sub for unit, sub in held if sub is not None},
        "subtheme_states": {str(sub): state for sub, state in states},
    }
    detail = {"into": target.id, "into_name": target.name}
    event = record_event(session, actor, source, "merge", detail, before)
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
    _begin(session, actor, *EDITORS)
    theme = top_theme(session, actor, theme_id)
    units = own_units(session, actor, unit_ids)
    name = checked_name(session, actor, name)
    run_id, centre = theme.seen_run_id, None
    run = newest_run(session, actor.brand_id)
    # Another encoder takes seconds to load, while nobody could write: its themes get their centre by ``assign``.
    if run is not None and not settings().encoder:
        encoder = load_encoder()
        if run.versions.get("encoder") == encoder.fingerprint:
            run_id, centre = run.id, centre_of_units(session, encoder, units)
    new = Theme(
        brand_id=actor.brand_id, name=name, named_by_hand=True, pinned=True, aspect=theme.aspect, born_run_id=run_id,
        seen_run_id=run_id, quote_unit_ids=units[:5], centroid=centre,
    )  # fmt: skip
    session.add(new)
    session.flush()
    before = _place(session, units, new.id)
    detail = {"from": theme.id, "from_name": theme.name, "units": units}
    return record_event(session, actor, new, "split", detail, before)


def move_units(session: Session, actor: Actor, unit_ids: Sequence[int], theme_id: int | None) -> ThemeEvent:
    """Move units to a theme, or out of all (``None``); every later run respects it and learns from it."""
    _begin(session, actor, *MOVERS)
    units = own_units(session, actor, unit_ids)
    if theme_id is None:
        held = select(Theme).join(ThemeAssignment, ThemeAssignment.theme_id == Theme.id)
        held = held.where(ThemeAssignment.unit_id.in_(units)).order_by(ThemeAssignment.unit_id)
        theme = session.exec(held).first()
        if theme is None:
            raise Conflict("这些句子本来就没有归类。")
    else:
        theme = top_theme(session, actor, theme_id)
    before = _place(session, units, theme_id)
    return record_event(session, actor, theme, "move", {"to": theme_id, "units": units}, before)


def _place(session: Session, units: Sequence[int], theme_id: int | None) -> dict[str, Any]:
    statement = select(ThemeAssignment).where(ThemeAssignment.unit_id.in_(list(units)))
    known = {row.unit_id: row for row in session.exec(statement)}
    before = {}
    for unit_id in units:
        row = known.get(unit_id)
        before[str(unit_id)] = row and [row.theme_id, row.subtheme_id, row.strength, row.unsure, row.by_hand]
        row = row or ThemeAssignment(unit_id=unit_id)
        row.theme_id, row.subtheme_id, row.strength, row.unsure, row.by_hand = theme_id, None, 1.0, False, True
        session.add(row)
    session.flush()
    return {"assignments": before}


def set_pinned(session: Session, actor: Actor, theme_id: int, pinned: bool) -> ThemeEvent:
    """Pin a theme (it stays even when a run does not find it), or unpin it."""
    _begin(session, actor, *EDITORS)
    theme = top_theme(session, actor, theme_id)
    event = record_event(session, actor, theme, "pin", {"pinned": pinned}, {"pinned": theme.pinned})
    theme.pinned = pinned
    return event


def set_retired(session: Session, actor: Actor, theme_id: int, retired: bool) -> ThemeEvent:
    """Retire a theme (kept, matched by later runs, not listed), or take it back.

    Raises:
        Conflict: It is not in use (to retire it); it is, or nothing is left in it, or its name is taken (to take it back).
    """
    _begin(session, actor, *EDITORS)
    theme = top_theme(session, actor, theme_id, ("active",) if retired else ("retired", "died"))
    if not retired:
        held = session.exec(select(func.count(ThemeAssignment.id)).where(ThemeAssignment.theme_id == theme.id)).one()
        if not held and not theme.pinned:
            raise Conflict(
                f"“{theme.name}”里已经没有句子，恢复了也不会列出。", "它的句子归到了别处：可以在那里勾选，拆成新主题。"
            )
        check_name_is_free(session, theme, theme.name)
    event = record_event(session, actor, theme, "retire" if retired else "unretire", {}, {"state": theme.state})
    theme.state = "retired" if retired else "active"
    return event


def undo_edit(session: Session, actor: Actor, event_id: int) -> ThemeEvent:
    """Take a hand edit back, exactly.

    Raises:
        NotAllowed: Managers of stores and regions take back moves only.
        NotFound: No such edit in this brand, or of sentences in other stores than the actor's.
        Conflict: Already undone, a later edit stands on it, or its name is taken.
    """
    _begin(session, actor, *MOVERS)
    event = session.get(ThemeEvent, event_id)
    if event is None or event.brand_id != actor.brand_id:
        raise NotFound("没有这次编辑。")
    if event.kind != "move":
        require(actor, *EDITORS)
    elif not actor.sees_all_stores:
        own_units(session, actor, map(int, event.before["assignments"]))
    if event.undone_at is not None:
        raise Conflict("这次编辑已经撤销过了。")
    check_nothing_stands_on(session, event)
    _UNDO[event.kind](session, event)
    event.undone_at = now()
    return event


def _undo_fields(session: Session, event: ThemeEvent) -> None:
    theme, before = session.get_one(Theme, event.theme_id), event.before
    if {"name", "state"} & before.keys() and before.get("state", theme.state) == "active":
        check_name_is_free(session, theme, before.get("name", theme.name))
    for field, value in before.items():
        setattr(theme, field, value)


def _undo_merge(session: Session, event: ThemeEvent) -> None:
    source, before = session.get_one(Theme, event.theme_id), event.before
    check_name_is_free(session, source, source.name)
    source.state, source.merged_into_id = "active", None
    mine, subthemes = set(before["unit_ids"]), before.get("subthemes", {})
    for row in session.exec(select(ThemeAssignment).where(ThemeAssignment.theme_id == event.detail["into"])):
        if row.unit_id in mine:
            row.theme_id, row.subtheme_id = source.id, subthemes.get(str(row.unit_id))
    for sub, state in before.get("subtheme_states", {}).items():
        session.get_one(Theme, int(sub)).state = state


def _undo_place(session: Session, event: ThemeEvent) -> None:
    before = {int(unit): held for unit, held in event.before["assignments"].items()}
    rows = session.exec(select(ThemeAssignment).where(ThemeAssignment.unit_id.in_(before))).all()
    homes: dict[int, dict[int, ThemeAssignment]] = {}
    for row in rows:
        held = before[row.unit_id]
        if held is None:
            session.delete(row)
            continue
        row.theme_id, row.subtheme_id, row.strength, row.unsure, row.by_hand = held
        if row.theme_id is not None:
            homes.setdefault(row.theme_id, {})[row.unit_id] = row
    for theme_id, back in homes.items():
        _land(session, theme_id, back.values())


def _land(session: Session, theme_id: int, rows: Iterable[ThemeAssignment]) -> None:
    """Put rows into a theme, or into what became of it."""
    rows = list(rows)
    home = landing(session, theme_id, {row.unit_id: row.subtheme_id for row in rows})
    for row in rows:
        row.theme_id = home.id
        if home.id != theme_id:
            row.subtheme_id = None


def _undo_split(session: Session, event: ThemeEvent) -> None:
    new = session.get_one(Theme, event.theme_id)
    # With a centre it would draw the next run's sentences to a theme that nobody lists.
    new.state, new.pinned, new.centroid = "retired", False, None
    _undo_place(session, event)
    # units a later run pulled along go back with the others
    _land(session, event.detail["from"], _emptied(session, new))


def _emptied(session: Session, theme: Theme) -> list[ThemeAssignment]:
    """Take what is left in a theme out of it."""
    rows = list(session.exec(select(ThemeAssignment).where(ThemeAssignment.theme_id == theme.id)))
    for row in rows:
        row.subtheme_id = None
    return rows


def _undo_same(session: Session, event: ThemeEvent) -> None:
    theme = session.get_one(Theme, event.theme_id)
    # what a person, or a later run, called it since stays
    if "name" in event.before and theme.name == event.detail["name"]:
        check_name_is_free(session, theme, event.before["name"])
        theme.name = event.before["name"]
    for row in session.exec(select(ThemeLineage).where(ThemeLineage.id.in_(event.detail["lineage"]))):
        row.decided_at = None


def _undo_apart(session: Session, event: ThemeEvent) -> None:
    new, old = session.get_one(Theme, event.theme_id), session.get_one(Theme, event.detail["from"])
    for each in FOUND:
        setattr(old, each, getattr(new, each))
    old.pinned = event.before["pinned"]
    new.state, new.pinned, new.centroid = "retired", False, None
    name = event.before.get("name", old.name)
    check_name_is_free(session, old, name)
    old.name = name
    for sub in session.exec(select(Theme).where(Theme.parent_id == new.id)):
        sub.parent_id = old.id
    stayed = event.before["stay"]
    for row in session.exec(select(ThemeAssignment).where(ThemeAssignment.theme_id == old.id)):
        row.subtheme_id = stayed.get(str(row.unit_id), row.subtheme_id)
    _land(session, old.id, session.exec(select(ThemeAssignment).where(ThemeAssignment.theme_id == new.id)))
    for row in session.exec(select(ThemeLineage).where(ThemeLineage.id.in_(event.detail["lineage"]))):
        row.theme_id, row.kind, row.decided_at = old.id, event.before["kinds"][str(row.id)], None
    if event.before["died"] is not None:
        session.delete(session.get_one(ThemeLineage, event.before["died"]))


_UNDO = {
    "rename": _undo_fields,
    "pin": _undo_fields,
    "retire": _undo_fields,
    "unretire": _undo_fields,
    "merge": _undo_merge,
    "move": _undo_place,
    "split": _undo_split,
    "same": _undo_same,
    "apart": _undo_apart,
}
