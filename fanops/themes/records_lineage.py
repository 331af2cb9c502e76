"""Doubtful matches of the newest run: what a person needs to tell whether a theme is still the same thing, and their answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, select

from fanops.access import Actor, in_scope, record_audit, require
from fanops.errors import Conflict, NotFound
from fanops.tables import Theme, ThemeAssignment, ThemeEvent, ThemeLineage, ThemeRun, Unit, Voice, now
from fanops.themes.edit import EDITORS, FOUND, record_event
from fanops.themes.records_edit import checked_name, edit_in_turn, free_name, namesake, newest_run, top_theme

_QUOTED = 3


@dataclass(frozen=True)
class Question:
    """Is what the newest run found still that theme?

    Attributes:
        lineage_id: What ``decide_lineage`` takes.
        theme_id: The registered theme.
        name: Its name; the run may have given it.
        name_before: What it was called before the run.
        named_by_hand: Whether a person gave or pinned it: then it is the old theme's.
        kind: What the run says: continued, merged, revived.
        units_before: What the run before found in it, None where it found nothing.
        units: What this run found.
        shared_units: How many of them had lain in it.
        fans: Who says it now, distinct.
        stores: Where, distinct.
        old_quotes: Units in it that were there at the run before; at most three, those that belong most surely.
        new_quotes: Units in it that came since.
        others: Themes of which most went into it: id, name, quotes they had.
    """

    lineage_id: int
    theme_id: int
    name: str
    name_before: str
    named_by_hand: bool
    kind: str
    units_before: int | None
    units: int
    shared_units: int
    fans: int
    stores: int
    old_quotes: list[int]
    new_quotes: list[int]
    others: list[tuple[int, str, list[int]]] = field(default_factory=list)


def open_questions(session: Session, actor: Actor) -> list[Question]:
    """Give what the newest run asks and nobody has answered; quotes are of the actor's stores."""
    run = newest_run(session, actor.brand_id)
    if run is None:
        return []
    before = session.exec(
        select(ThemeRun).where(ThemeRun.brand_id == actor.brand_id, ThemeRun.id < run.id).order_by(ThemeRun.id.desc())
    ).first()
    since = before.created_at if before else None
    rows = session.exec(
        select(ThemeLineage, Theme)
        .join(Theme, Theme.id == ThemeLineage.theme_id)
        .where(ThemeLineage.run_id == run.id, ThemeLineage.grey.is_(True), ThemeLineage.decided_at.is_(None))
        .order_by(ThemeLineage.id)
    ).all()
    found: dict[int, Question] = {}
    for row, theme in rows:
        if theme.id not in found:
            found[theme.id] = Question(
                row.id, theme.id, theme.name, renamed_by(run).get(theme.id, theme.name),
                theme.named_by_hand or theme.pinned, row.kind,
                _units_before(session, row), row.units, row.shared_units, row.fans, row.stores,
                _quotes(session, actor, theme.id, Voice.created_at <= since) if since else [],
                _quotes(session, actor, theme.id, Voice.created_at > since) if since else [],
            )  # fmt: skip
        if row.from_theme_id is not None:
            other = session.get_one(Theme, row.from_theme_id)
            found[theme.id].others.append((other.id, other.name, list(other.quote_unit_ids[:_QUOTED])))
    return list(found.values())


def renamed_by(run: ThemeRun) -> dict[int, str]:
    """Give what the themes that a run gave another name were called before; themes of older runs are not known."""
    return {int(theme): name for theme, name in run.counts.get("renamed", {}).items()}


def _units_before(session: Session, row: ThemeLineage) -> int | None:
    statement = select(ThemeLineage.units).where(
        ThemeLineage.theme_id == row.theme_id, ThemeLineage.run_id < row.run_id, ThemeLineage.kind != "died"
    )
    return session.exec(statement.order_by(ThemeLineage.run_id.desc())).first()


def _quotes(session: Session, actor: Actor, theme_id: int, condition) -> list[int]:
    statement = (
        select(Unit.id)
        .join(Voice, Voice.id == Unit.voice_id)
        .join(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
        .where(ThemeAssignment.theme_id == theme_id, condition)
        .order_by(ThemeAssignment.strength.desc(), Unit.id)
        .limit(_QUOTED)
    )
    return list(session.exec(in_scope(statement, actor, brand=Voice.brand_id, store=Voice.store_id)))


def decide_lineage(session: Session, actor: Actor, lineage_id: int, same: bool, name: str = "") -> ThemeEvent:
    """Answer whether what the newest run found is still the theme that it took it for.

    One thing: the theme is called what it was. Two things: what the run put into the theme becomes a theme of its own, with an
    id that nothing else refers to; the old theme ends, as it would have had the run not taken the one for the other. Where
    sentences were put into it by hand, it keeps those and stays. Either answer is an edit that can be undone.

    Args:
        session: The deed's session.
        actor: Who answers.
        lineage_id: One of ``open_questions``.
        same: Whether it is the same thing.
        name: Of the new theme; empty: the one that the run gave, numbered where the old theme keeps it.

    Raises:
        NotFound: No such match in this brand.
        Conflict: Nothing to decide, already decided, or a later run has asked anew.
    """
    require(actor, *EDITORS)
    edit_in_turn(session, actor.brand_id)
    asked = session.exec(
        select(ThemeLineage)
        .join(ThemeRun, ThemeRun.id == ThemeLineage.run_id)
        .where(ThemeLineage.id == lineage_id, ThemeRun.brand_id == actor.brand_id)
    ).first()
    if asked is None:
        raise NotFound("没有这条对应。", "请刷新页面。")
    if not asked.grey:
        raise Conflict("这条对应没有疑问，不用确认。")
    if asked.decided_at is not None:
        raise Conflict("这条对应已经有人确认过了。", "要改主意，请在这个主题的历史里撤销那次确认。")
    if newest_run(session, actor.brand_id).id != asked.run_id:
        raise Conflict("之后又发现过一次主题，这个问题已经过去了。", "请确认最近一次发现里的对应。")
    rows = session.exec(
        select(ThemeLineage).where(
            ThemeLineage.run_id == asked.run_id, ThemeLineage.theme_id == asked.theme_id,
            ThemeLineage.grey.is_(True), ThemeLineage.decided_at.is_(None),
        )
    ).all()  # fmt: skip
    if same:
        event = _keep(session, actor, rows)
    else:
        event = _part(session, actor, rows, name)
    for row in rows:
        row.decided_at = now()
    record_audit(session, actor, "decide_lineage", f"theme_lineage:{lineage_id}", same=same, theme_id=event.theme_id)
    return event


def _keep(session: Session, actor: Actor, rows: list[ThemeLineage]) -> ThemeEvent:
    """It is what it was: it is called so again, where the run gave it another name and nobody else has that one now."""
    theme = session.get_one(Theme, rows[0].theme_id)
    detail: dict[str, Any] = {"lineage": [row.id for row in rows]}
    was = renamed_by(session.get_one(ThemeRun, rows[0].run_id)).get(theme.id)
    if was is None or theme.named_by_hand or namesake(session, actor.brand_id, was, theme.id):
        return record_event(session, actor, theme, "same", detail, {})
    event = record_event(session, actor, theme, "same", detail | {"name": was}, {"name": theme.name})
    theme.name = was
    return event


def _part(session: Session, actor: Actor, rows: list[ThemeLineage], name: str) -> ThemeEvent:
    run_id = rows[0].run_id
    old = top_theme(session, actor, rows[0].theme_id, ("active", "retired"))
    inside = session.exec(
        select(ThemeAssignment.unit_id, ThemeAssignment.by_hand, ThemeAssignment.subtheme_id)
        .where(ThemeAssignment.theme_id == old.id)
        .order_by(ThemeAssignment.unit_id)
    ).all()
    units = [unit for unit, by_hand, _ in inside if not by_hand]
    stay = {str(unit): sub for unit, by_hand, sub in inside if by_hand}
    if not units:
        raise Conflict(f"这次发现放进“{old.name}”的句子都已经移走了。", "没有可以分出来的，请选“是同一件事”。")
    given = "" if name.strip() in ("", old.name) else checked_name(session, actor, name)
    found_as = old.name
    before = {
        "name": old.name,
        "unit_ids": units, "stay": stay, "pinned": old.pinned, "kinds": {str(row.id): row.kind for row in rows},
        "died": None,
    }  # fmt: skip
    was = renamed_by(session.get_one(ThemeRun, run_id)).get(old.id)
    if was is not None and not old.named_by_hand and namesake(session, actor.brand_id, was, old.id) is None:
        old.name = was  # what the run called it is said of the other now
    ends = old.state == "active" and not old.pinned and not stay
    if ends:
        old.state = "died"
    elif stay:
        old.pinned = True
    new = Theme(
        brand_id=actor.brand_id,
        name=given or free_name(session, actor.brand_id, found_as),
        named_by_hand=bool(given),
        born_run_id=run_id,
        **{each: getattr(old, each) for each in FOUND},
    )
    # Its own centre is not known any more: with that of the other, the next run would take the one for the other again.
    old.centroid = None
    session.add(new)
    session.flush()
    # The sub-themes are the run's: they go with what it found.
    lay = update(ThemeAssignment).where(ThemeAssignment.theme_id == old.id)
    session.exec(lay.where(ThemeAssignment.by_hand.is_(True)).values(subtheme_id=None))
    session.exec(lay.where(ThemeAssignment.by_hand.is_(False)).values(theme_id=new.id))
    session.exec(update(Theme).where(Theme.parent_id == old.id, Theme.seen_run_id == run_id).values(parent_id=new.id))
    for row in rows:
        row.theme_id, row.kind = new.id, row.kind if row.from_theme_id is not None else "born"
    if ends:
        end = ThemeLineage(run_id=run_id, theme_id=old.id, kind="died")
        session.add(end)
        session.flush()
        before["died"] = end.id
    detail = {"from": old.id, "from_name": old.name, "lineage": [row.id for row in rows]}
    return record_event(session, actor, new, "apart", detail, before)
