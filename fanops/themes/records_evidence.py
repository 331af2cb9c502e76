"""The way back: from any number to the sentences under it, the fan (masked), the store, the staff member."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import Select, func
from sqlmodel import Session, select

from fanops.access import Actor
from fanops.tables import Fan, Staff, Store, Theme, ThemeAssignment, Unit, Voice, unit_text
from fanops.text.plain import gist
from fanops.themes.records import EVERYTHING, PERSON, joined_units, lies_in, narrowed
from fanops.themes.selection import Selection

EVIDENCE_COLUMNS = [
    "unit_id", "voice_id", "start", "end", "sentence", "voice", "polarity", "aspect", "theme_id", "theme", "strength",
    "unsure", "by_hand", "fan_id", "fan", "level", "store", "said_at", "kind", "source", "staff", "score", "channel",
]  # fmt: skip


def evidence(
    session: Session,
    actor: Actor,
    selection: Selection = EVERYTHING,
    *,
    limit: int = 50,
    offset: int = 0,
    **which: Any,
) -> tuple[pd.DataFrame, int]:
    """Give the sentences under a number.

    Args:
        session: A reading session.
        actor: Who reads; only voices in their scope come back.
        selection: The page's filters.
        limit: At most this many rows.
        offset: Rows to skip, for paging.
        which: As ``_which`` takes it.

    Returns:
        The rows (``EVIDENCE_COLUMNS``; strongest belonging first, then newest), and how many there are in all.
    """
    columns = [
        Unit.id, Unit.voice_id, Unit.start, Unit.end,
        unit_text(), Voice.text, Unit.polarity, Unit.aspect,
        ThemeAssignment.theme_id, Theme.name, ThemeAssignment.strength, ThemeAssignment.unsure,
        ThemeAssignment.by_hand, PERSON, Fan.name_masked, Fan.level, Store.name, Voice.said_at, Voice.kind,
        Voice.source, Staff.name, Voice.score, Voice.channel,
    ]  # fmt: skip
    statement = joined_units(*columns).outerjoin(Theme, Theme.id == ThemeAssignment.theme_id)
    statement = narrowed(statement.outerjoin(Staff, Staff.id == Voice.staff_id), actor, selection)
    statement = _which(statement, **which)
    count = session.exec(statement.with_only_columns(func.count(Unit.id)).order_by(None)).one()
    count = count[0] if isinstance(count, tuple) or hasattr(count, "_mapping") else count
    order = (ThemeAssignment.strength.desc(), Voice.said_at.desc(), Unit.id)
    rows = session.exec(statement.order_by(*order).limit(limit).offset(offset)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=EVIDENCE_COLUMNS), int(count)


def evidence_units(
    session: Session, actor: Actor, selection: Selection = EVERYTHING, *, most: int, **which: Any
) -> list[int]:
    """Give the ids of the sentences under a number, at most ``most`` of them, in order; ``which`` as ``_which`` takes it."""
    statement = _which(narrowed(joined_units(Unit.id), actor, selection), **which)
    return list(session.execute(statement.order_by(Unit.id).limit(most)).scalars())


def alike_units(session: Session, actor: Actor, selection: Selection = EVERYTHING, **which: Any) -> list[list[int]]:
    """Give the sentences under a number, those that say the same (``gist``) together.

    Returns:
        Unit ids, said most often first, in each the one that belongs most surely first; ``which`` as ``_which`` takes it.
    """
    statement = _which(narrowed(joined_units(Unit.id, unit_text()), actor, selection), **which)
    found: dict[str, list[int]] = {}
    for unit_id, sentence in session.execute(statement.order_by(ThemeAssignment.strength.desc(), Unit.id)):
        found.setdefault(gist(sentence), []).append(unit_id)
    return sorted(found.values(), key=len, reverse=True)


def evidence_in_order(session: Session, actor: Actor, selection: Selection, unit_ids: list[int]) -> pd.DataFrame:
    """Give the rows of these sentences, as far as they are in scope and selection, in this order."""
    rows, _ = evidence(session, actor, selection, unit_ids=unit_ids, limit=len(unit_ids))
    place = {unit_id: at for at, unit_id in enumerate(unit_ids)}
    return rows.sort_values("unit_id", key=lambda ids: ids.map(place), ignore_index=True)


def _which(
    statement: Select[Any],
    *,
    theme_id: int | None = None,
    unassigned: bool = False,
    in_themes: bool = False,
    unsure: bool = False,
    polarity: int | None = None,
    unit_ids: list[int] | None = None,
    fan_id: int | None = None,
    words: str = "",
) -> Select[Any]:
    """Narrow a statement over ``joined_units``.

    Args:
        statement: To narrow.
        theme_id: Only this theme's units.
        unassigned: Only units of no theme.
        in_themes: Only units of themes in use.
        unsure: Only units whose theme is in use and not sure.
        polarity: Only −1, 0 or 1.
        unit_ids: Only these units.
        fan_id: Only this fan's.
        words: Only voices that contain these characters, taken literally.
    """
    if theme_id is not None:
        statement = statement.where(lies_in(theme_id))
    if unassigned:
        statement = statement.where(ThemeAssignment.theme_id.is_(None))
    if in_themes or unsure:
        in_use = select(Theme.id).where(Theme.state == "active")
        statement = statement.where(ThemeAssignment.theme_id.in_(in_use))
    if unsure:
        statement = statement.where(ThemeAssignment.unsure)
    if polarity is not None:
        statement = statement.where(Unit.polarity == polarity)
    if unit_ids is not None:
        statement = statement.where(Unit.id.in_(unit_ids))
    if fan_id is not None:
        statement = statement.where(PERSON == fan_id)  # noqa: SIM300 - a column, not a constant
    if words.strip():
        statement = statement.where(Voice.text.contains(words.strip(), autoescape=True))
    return statement
