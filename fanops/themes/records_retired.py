"""Themes that were retired by hand (已停用): kept, matched by later runs, not listed, and found again here."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor
from fanops.tables import Theme, ThemeEvent


def retired_themes(session: Session, actor: Actor) -> pd.DataFrame:
    """List the retired themes of the actor's brand, the latest first: rows ``theme_id, name, retired_at`` (None unknown)."""
    when = (
        select(ThemeEvent.theme_id, func.max(ThemeEvent.made_at).label("retired_at"))
        .where(ThemeEvent.brand_id == actor.brand_id, ThemeEvent.kind == "retire", ThemeEvent.undone_at.is_(None))
        .group_by(ThemeEvent.theme_id)
        .subquery()
    )
    rows = session.exec(
        select(Theme.id, Theme.name, when.c.retired_at)
        .outerjoin(when, when.c.theme_id == Theme.id)
        .where(Theme.brand_id == actor.brand_id, Theme.state == "retired", Theme.parent_id.is_(None))
        .order_by(when.c.retired_at.desc(), Theme.id.desc())
    ).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=["theme_id", "name", "retired_at"])
