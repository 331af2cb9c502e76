"""Recompute levels of all fans from orders and voices: load → pure → save."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import func, update
from sqlmodel import select

from fanops.access import Actor, record_audit
from fanops.database import Database
from fanops.fans.levels import LevelRules, levels
from fanops.tables import Fan, Order, Voice, now

_CHUNK = 5_000


def refresh_levels(db: Database, actor: Actor, rules: LevelRules = LevelRules()) -> dict[str, int]:
    """Recompute the level of each fan of the actor's brand; levels given by hand (with a reason) stay.

    Returns:
        Fans per level after it.
    """
    person = func.coalesce(Fan.merged_into_id, Fan.id)
    with db.read() as session:
        rows = session.exec(
            select(person, Order.placed_at).join(Fan, Fan.id == Order.fan_id).where(Order.brand_id == actor.brand_id)
        ).all()
        said = session.exec(
            select(person, func.count(Voice.id))
            .join(Fan, Fan.id == Voice.fan_id)
            .where(Voice.brand_id == actor.brand_id, Voice.no_content.is_(False))
            .group_by(person)
        ).all()
        known = session.exec(
            select(Fan.id, Fan.level, Fan.level_reason).where(Fan.brand_id == actor.brand_id, Fan.merged_into_id.is_(None))
        ).all()
    orders = pd.DataFrame(rows, columns=["fan_id", "placed_at"])
    found = levels(orders, pd.Series(dict(said), dtype=float), pd.Timestamp(now()), rules).to_dict()
    changed: dict[str, list[int]] = {}
    counts: dict[str, int] = {}
    for fan_id, before, reason in known:
        level = before if reason else found.get(fan_id, "identified")
        counts[level] = counts.get(level, 0) + 1
        if level != before:
            changed.setdefault(level, []).append(fan_id)
    with db.write() as session:
        for level, ids in changed.items():
            for start in range(0, len(ids), _CHUNK):
                session.exec(update(Fan).where(Fan.id.in_(ids[start : start + _CHUNK])).values(level=level))
        record_audit(session, actor, "refresh_levels", "", changed=sum(map(len, changed.values())))
    return counts
