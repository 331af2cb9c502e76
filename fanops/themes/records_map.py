"""What the map reads: placed units with their words, narrowed by a word, a theme or a polarity, thinned out evenly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Select, func, or_
from sqlmodel import Session

from fanops.access import Actor
from fanops.tables import ThemeAssignment, Unit, unit_text
from fanops.themes.records import EVERYTHING, joined_units, narrowed
from fanops.themes.selection import Selection

# A prime and a factor that mixes its remainders: neighbours in one voice don't stay or go together.
_PRIME, _MIXED = 10_007, 7_919
_MARGIN = 0.03

# Left, right, bottom and top edge, in the map's own units.
Box = tuple[float, float, float, float]


def map_points(
    session: Session, actor: Actor, selection: Selection = EVERYTHING, *, most: int = 20_000, **which: Any
) -> tuple[pd.DataFrame, int]:
    """Give the points of the map.

    Args:
        session: A reading session.
        actor: Who reads; only units in their scope come back.
        selection: The page's filters.
        most: About how many points at most; which ones depends on their numbers alone, so the picture stays the same.
        which: As ``_placed`` takes it.

    Returns:
        Rows ``unit_id, theme_id, x, y, polarity, text``, and how many units there are in all.
    """
    columns = (
        Unit.id.label("unit_id"), ThemeAssignment.theme_id, ThemeAssignment.x, ThemeAssignment.y, Unit.polarity,
        unit_text().label("text"),
    )  # fmt: skip
    statement = _placed(actor, selection, columns, **which)
    total = int(session.exec(statement.with_only_columns(func.count(Unit.id))).one()[0])
    if total > most:
        statement = statement.where((Unit.id % _PRIME) * _MIXED % _PRIME < round(most / total * _PRIME))
    rows = session.exec(statement.order_by(Unit.id)).all()
    return pd.DataFrame(
        [tuple(row) for row in rows], columns=["unit_id", "theme_id", "x", "y", "polarity", "text"]
    ), total


def units_in(
    session: Session, actor: Actor, selection: Selection, boxes: Sequence[Box], *, most: int, **which: Any
) -> list[int]:
    """Give the units inside boxes on the map, also those that were not drawn; at most ``most``; ``which`` as ``_placed`` takes it."""
    x, y = ThemeAssignment.x, ThemeAssignment.y
    inside = [x.between(left, right) & y.between(bottom, top) for left, right, bottom, top in boxes]
    found = _placed(actor, selection, [Unit.id], **which).where(or_(*inside)).order_by(Unit.id).limit(most)
    return list(session.execute(found).scalars())


def _placed(
    actor: Actor, selection: Selection, columns: Sequence[Any], *, words: str = "", theme_id: int | None = None,
    polarity: int | None = None,
) -> Select[Any]:  # fmt: skip
    """Select units that have a place.

    Args:
        actor: Who reads; only units in their scope come back.
        selection: The page's filters.
        columns: What is selected.
        words: Only units that contain these characters, taken literally.
        theme_id: Only this theme's units.
        polarity: Only −1, 0 or 1.
    """
    statement = narrowed(joined_units(*columns), actor, selection).where(ThemeAssignment.x.is_not(None))
    if words.strip():
        statement = statement.where(unit_text().contains(words.strip(), autoescape=True))
    if theme_id is not None:
        statement = statement.where(ThemeAssignment.theme_id == theme_id)
    if polarity is not None:
        statement = statement.where(Unit.polarity == polarity)
    return statement


def map_bounds(session: Session, actor: Actor) -> Box:
    """Give the edges of the whole map in the actor's scope (left, right, bottom, top), so that a search moves no point."""
    edges = (
        func.min(ThemeAssignment.x), func.max(ThemeAssignment.x), func.min(ThemeAssignment.y), func.max(ThemeAssignment.y)
    )  # fmt: skip
    found = session.exec(narrowed(joined_units(*edges), actor, EVERYTHING)).one()
    left, right, bottom, top = (float(edge or 0.0) for edge in found)
    across, upward = (max(high - low, 1e-6) * _MARGIN for low, high in ((left, right), (bottom, top)))
    return left - across, right + across, bottom - upward, top + upward
