"""A theme by group: how much of what each region, tier, channel or kind of source says is this theme (对比); and the groups there are."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor, in_scope, visible_stores
from fanops.tables import Fan, ImportBatch, Region, Store, ThemeAssignment, Unit, Voice
from fanops.themes.records import counts_of, joined_units, narrowed
from fanops.themes.selection import Selection

GROUPS: dict[str, Any] = {
    "region": Store.region_id,
    "level": Fan.level,
    "channel": func.nullif(Voice.channel, ""),
    "kind": Voice.kind,
}


def theme_by_group(session: Session, actor: Actor, selection: Selection, theme_id: int, by: str) -> pd.DataFrame:
    """Count a theme per group.

    Args:
        session: A reading session.
        actor: Who reads; only voices in their scope count.
        selection: The page's filters.
        theme_id: Which theme.
        by: One of ``GROUPS``.

    Returns:
        Rows ``group, units, voices, fans, negative, group_units``; ``group_units`` is the base: all units of that group in the
        selection, also where none is of the theme. Voices of no group are left out.
    """
    column = GROUPS[by]
    bases = narrowed(joined_units(column.label("group"), func.count(Unit.id).label("group_units")), actor, selection)
    bases = bases.where(column.is_not(None)).group_by(column)
    base = pd.DataFrame(session.execute(bases).all(), columns=["group", "group_units"])
    names = ["units", "voices", "fans", "stores", "positive", "negative"]
    counted = narrowed(joined_units(column.label("group"), *counts_of()), actor, selection)
    counted = counted.where(ThemeAssignment.theme_id == theme_id, column.is_not(None)).group_by(column)
    frame = base.merge(pd.DataFrame(session.execute(counted).all(), columns=["group", *names]), "left", on="group")
    frame = frame.fillna(dict.fromkeys(names, 0)).astype(dict.fromkeys(names, int))
    return frame[["group", "units", "voices", "fans", "negative", "group_units"]].sort_values(
        "group", ignore_index=True
    )


def region_names(session: Session, actor: Actor) -> dict[int, str]:
    """Give the regions of the stores that the actor sees."""
    seen = {store.region_id for store in visible_stores(session, actor)}
    return dict(session.exec(select(Region.id, Region.name).where(Region.id.in_(seen)).order_by(Region.id)).all())


def channels(session: Session, actor: Actor) -> list[str]:
    """Give the channels that voices in the actor's scope came through, by name."""
    found = select(Voice.channel).where(Voice.channel != "").distinct().order_by(Voice.channel)
    return list(session.exec(in_scope(found, actor, brand=Voice.brand_id, store=Voice.store_id)))


def batches(session: Session, actor: Actor) -> dict[int, str]:
    """Give the import batches of voices in the actor's scope, newest first, by file name."""
    held = select(Voice.import_batch_id).where(Voice.import_batch_id.is_not(None)).distinct()
    held = in_scope(held, actor, brand=Voice.brand_id, store=Voice.store_id)
    found = select(ImportBatch.id, ImportBatch.filename).where(ImportBatch.id.in_(held))
    return dict(session.exec(found.order_by(ImportBatch.id.desc())).all())
