"""What a run knows before it begins: units, the registry of themes, and what people did to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.tables import Fan, Theme, ThemeAssignment, ThemeEvent, Unit, Voice
from fanops.themes.identity import Registered


def load_units(session: Session, brand_id: int) -> pd.DataFrame:
    """Load the brand's units with content, copies left out.

    Returns:
        Rows ``unit_id, text, person, store_id, aspect, voice_id``, the units of a voice together and in order; a voice without a
        fan is a person of its own (negative id).
    """
    person = func.coalesce(Fan.merged_into_id, Voice.fan_id, -Voice.id)
    statement = (
        select(Unit.id, Voice.text, Unit.start, Unit.end, person, Voice.store_id, Unit.aspect, Voice.id)
        .join(Voice, Voice.id == Unit.voice_id)
        .outerjoin(Fan, Fan.id == Voice.fan_id)
        .where(Voice.brand_id == brand_id, Unit.no_content.is_(False), Voice.copy_of_id.is_(None))
        .order_by(Unit.voice_id, Unit.start)
    )
    rows = session.exec(statement).all()
    frame = pd.DataFrame(
        {
            "unit_id": [row[0] for row in rows],
            "text": [row[1][row[2] : row[3]] for row in rows],
            "person": [row[4] for row in rows],
            "store_id": [row[5] for row in rows],
            "aspect": [row[6] for row in rows],
            "voice_id": [row[7] for row in rows],
        }
    )
    return frame[frame["text"].str.strip() != ""].reset_index(drop=True) if len(frame) else frame


def load_registry(session: Session, brand_id: int, has_centres: bool = True) -> list[Registered]:
    """Load the registered themes: live, retired and died ones (merged ones live on in what they were merged into).

    Args:
        session: A session.
        brand_id: Whose themes.
        has_centres: False where their centres are another encoder's: they mean nothing here.
    """
    themes = session.exec(
        select(Theme).where(
            Theme.brand_id == brand_id, Theme.parent_id.is_(None), Theme.state.in_(["active", "retired", "died"])
        )
    ).all()
    held = units_of(session, brand_id)
    return [
        Registered(
            theme.id,
            frozenset(held.get(theme.id, ())),
            centre_of(theme) if has_centres else None,
            theme.state != "died",
        )
        for theme in sorted(themes, key=lambda theme: theme.id)
    ]


def units_of(session: Session, brand_id: int, sub: bool = False) -> dict[int, set[int]]:
    """Give the units of each theme (or sub-theme) that a run or a person put there.

    What was only assigned when it came says nothing of a theme: were it counted, a large wave of something else would become the
    theme it was nearest to.
    """
    column = ThemeAssignment.subtheme_id if sub else ThemeAssignment.theme_id
    statement = (
        select(column, ThemeAssignment.unit_id)
        .join(Theme, Theme.id == column)
        .where(Theme.brand_id == brand_id, ThemeAssignment.run_id.is_not(None) | ThemeAssignment.by_hand)
    )
    held: dict[int, set[int]] = {}
    for theme_id, unit_id in session.exec(statement):
        held.setdefault(theme_id, set()).add(unit_id)
    return held


def centre_of(theme: Theme) -> NDArray[np.float32] | None:
    """Give a theme's centre, None where it has none."""
    return np.frombuffer(theme.centroid, dtype=np.float32) if theme.centroid else None


def merged_into(session: Session, brand_id: int) -> dict[int, int]:
    """Give the theme that each merged one lives on in, however often it was merged again."""
    merged = session.exec(select(Theme).where(Theme.brand_id == brand_id, Theme.state == "merged")).all()
    pointer = {theme.id: theme.merged_into_id for theme in merged}

    def end(theme_id: int) -> int:
        while theme_id in pointer:
            theme_id = pointer[theme_id]
        return theme_id

    return {theme_id: end(theme_id) for theme_id in pointer}


def joined_by_hand(
    session: Session, brand_id: int, dimension: int, has_centres: bool = True
) -> dict[int, NDArray[np.float32]]:
    """Give the themes into which a person merged others, with the centres of those; shape (merged, dimension) each."""
    ends = merged_into(session, brand_id)
    found: dict[int, list[NDArray[np.float32]]] = {}
    for theme in session.exec(select(Theme).where(Theme.id.in_(ends))) if ends else ():
        centre = centre_of(theme) if has_centres else None
        found.setdefault(ends[theme.id], []).extend([] if centre is None else [centre])
    return {
        into: np.array(centres, dtype=np.float32).reshape(len(centres), dimension) for into, centres in found.items()
    }


def merged_units(session: Session, brand_id: int, ends: Mapping[int, int]) -> dict[int, int]:
    """Give the live theme of each unit that a person's merge brought into it.

    Args:
        session: A session.
        brand_id: Whose.
        ends: As ``merged_into`` gives them.
    """
    live = set(session.exec(select(Theme.id).where(Theme.brand_id == brand_id, Theme.state == "active")))
    events = session.exec(
        select(ThemeEvent)
        .where(ThemeEvent.brand_id == brand_id, ThemeEvent.kind == "merge", ThemeEvent.undone_at.is_(None))
        .order_by(ThemeEvent.id)
    )
    return {
        int(unit): ends[event.theme_id]
        for event in events
        if ends.get(event.theme_id) in live
        for unit in event.before["unit_ids"]
    }


def placed_from(session: Session, brand_id: int, ends: Mapping[int, int], since: datetime | None) -> dict[int, int]:
    """Give the theme (0: none) that each unit lay in before a person placed it.

    Args:
        session: A session.
        brand_id: Whose.
        ends: As ``merged_into`` gives them.
        since: Only what was placed after this, None: all.
    """
    events = select(ThemeEvent).where(
        ThemeEvent.brand_id == brand_id, ThemeEvent.kind.in_(["move", "split"]), ThemeEvent.undone_at.is_(None)
    )
    if since is not None:
        events = events.where(ThemeEvent.made_at > since)
    found: dict[int, int] = {}
    for event in session.exec(events.order_by(ThemeEvent.id)):
        for unit, held in event.before["assignments"].items():
            if held is not None:
                found.setdefault(int(unit), ends.get(held[0], held[0]) or 0)
    return found


def corrected_units(session: Session, brand_id: int) -> dict[int, int | None]:
    """Give the units that a person placed: unit id → theme id (None: out of all)."""
    statement = (
        select(ThemeAssignment.unit_id, ThemeAssignment.theme_id)
        .join(Unit, Unit.id == ThemeAssignment.unit_id)
        .join(Voice, Voice.id == Unit.voice_id)
        .where(Voice.brand_id == brand_id, ThemeAssignment.by_hand.is_(True))
    )
    return dict(session.exec(statement).all())


def deeds_of_people(
    session: Session, brand_id: int, since: datetime | None
) -> tuple[dict[int, int], dict[int, int | None], dict[int, int]]:
    """Give what a run must respect, as ``merged_units``, ``corrected_units`` and ``placed_from`` give it."""
    ends = merged_into(session, brand_id)
    return (
        merged_units(session, brand_id, ends),
        corrected_units(session, brand_id),
        placed_from(session, brand_id, ends, since),
    )
