"""Who can be told: how many voices have no fan or no store, and what those with a fan think (有没有粉丝)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import case, distinct, func
from sqlmodel import Session

from fanops.access import Actor
from fanops.tables import ThemeAssignment, Unit, Voice
from fanops.themes.records import EVERYTHING, joined_units, narrowed
from fanops.themes.selection import Selection


def count_unidentified(
    session: Session, actor: Actor, selection: Selection = EVERYTHING, theme_id: int | None = None
) -> dict[str, int]:
    """Count the voices with content of the selection (of one theme where named) that have ``no_fan``, and ``no_store``."""
    statement = joined_units(_voices(Voice.fan_id.is_(None)), _voices(Voice.store_id.is_(None)))
    if theme_id is not None:
        statement = statement.where(ThemeAssignment.theme_id == theme_id)
    no_fan, no_store = session.exec(narrowed(statement, actor, selection)).one()
    return {"no_fan": int(no_fan), "no_store": int(no_store)}


def _voices(condition: Any) -> Any:
    return func.count(distinct(case((condition, Unit.voice_id))))


def counted_in(counts: dict[str, int]) -> str:
    """Say in what themes are counted: ``fans`` where at least half of the voices have one, else ``voices``."""
    return "fans" if counts["fans"] and 2 * counts["no_fan"] <= counts["voices"] else "voices"


def most_said_first(table: pd.DataFrame, counted: str) -> pd.DataFrame:
    """Sort rows of ``theme_table`` by what is counted (``counted_in``), general remarks last."""
    order = ["general", counted, "theme_id"]
    return table.sort_values(order, ascending=[True, False, True], ignore_index=True)


def with_fan_polarity(session: Session, actor: Actor, selection: Selection, table: pd.DataFrame) -> pd.DataFrame:
    """Put beside each theme what the sentences of known fans say.

    Returns:
        ``table`` (rows of ``theme_table``) with ``fan_units, fan_positive, fan_negative``: sentences whose voice has a fan.
    """
    statement = joined_units(
        ThemeAssignment.theme_id,
        func.count(Unit.id),
        func.sum(case((Unit.polarity == 1, 1), else_=0)),
        func.sum(case((Unit.polarity == -1, 1), else_=0)),
    ).where(ThemeAssignment.theme_id.is_not(None), Voice.fan_id.is_not(None))
    rows = session.exec(narrowed(statement, actor, selection).group_by(ThemeAssignment.theme_id)).all()
    counts = {row[0]: row[1:] for row in rows}
    known = [counts.get(theme_id, (0, 0, 0)) for theme_id in table["theme_id"]]
    columns = zip(("fan_units", "fan_positive", "fan_negative"), zip(*known, strict=True), strict=False)
    return table.assign(**{"fan_units": 0, "fan_positive": 0, "fan_negative": 0} | dict(columns))
