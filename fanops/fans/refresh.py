"""Recompute what is known of all fans from orders and voices: load → pure → save."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from sqlalchemy import delete, update
from sqlmodel import select

from fanops.access import Actor, record_audit
from fanops.database import Database, insert_many
from fanops.fans.behaviour import activity_of
from fanops.fans.levels import LevelRules
from fanops.fans.records_behaviour import informative_units, order_facts_of
from fanops.fans.records_levels import activity_rules, found_levels, level_rules
from fanops.fans.records_lifecycle import refresh_lifecycle
from fanops.fans.records_matches import refresh_matches
from fanops.fans.records_outlook import fit_model, keep_model
from fanops.fans.records_tags import refresh_tags
from fanops.settings import settings
from fanops.tables import Fan, FanActivity, now

_CHUNK = 5_000


def refresh_levels(db: Database, actor: Actor, rules: LevelRules | None = None) -> dict[str, int]:
    """Recompute the level of each fan of the actor's brand; levels given by hand (with a reason) stay.

    Args:
        db: The database.
        actor: Whose brand.
        rules: The brand's own by default.

    Returns:
        Fans per level after it.
    """
    with db.read() as session:
        frame = found_levels(session, actor, rules or level_rules(session, actor))
    moved = frame[frame["before"] != frame["after"]]
    with db.write() as session:
        for level, group in moved.groupby("after"):
            ids = [int(fan_id) for fan_id in group.index]
            for start in range(0, len(ids), _CHUNK):
                session.exec(update(Fan).where(Fan.id.in_(ids[start : start + _CHUNK])).values(level=level))
        record_audit(session, actor, "refresh_levels", "", changed=len(moved))
    return {str(level): int(count) for level, count in frame["after"].value_counts().items()}


def refresh_activity(db: Database, actor: Actor) -> int:
    """Compute today's activity index of each fan of the actor's brand; earlier days stay as history.

    Returns:
        How many fans have one.
    """
    today = pd.Timestamp(now())
    with db.read() as session:
        rules = activity_rules(session, actor)
        window = today - pd.Timedelta(days=rules.window_days)
        facts = order_facts_of(session, actor, window, window)
        said = informative_units(session, actor)
    said["said_at"] = pd.to_datetime(said["said_at"], utc=True)
    found = activity_of(facts, said.dropna(subset="said_at"), today, rules).round(1)
    day = today.tz_convert(settings().zone).date()
    with db.write() as session:
        mine = select(Fan.id).where(Fan.brand_id == actor.brand_id)
        session.exec(delete(FanActivity).where(FanActivity.measured_on == day, FanActivity.fan_id.in_(mine)))
        insert_many(
            session, FanActivity,
            ({"fan_id": int(row.Index), "measured_on": day, "frequency": row.frequency, "quality": row.quality,
              "breadth": row.breadth, "duration": row.duration, "score": row.score} for row in found.itertuples()),
        )  # fmt: skip
        record_audit(session, actor, "refresh_activity", "", fans=len(found))
    return len(found)


def refresh_fans(
    db: Database, actor: Actor, parameters: Mapping[str, Any], progress: Callable[[float, str], None]
) -> dict[str, Any]:
    """What is known of all fans, anew: levels, stages, activity, tags, likely matches (the worker's job).

    Returns:
        Fans per level and stage, fans with an activity index, buyers the model stands on, tags put and taken, pairs
        that wait.
    """
    progress(0.05, "分层")
    found = refresh_levels(db, actor)
    progress(0.3, "生命周期")
    stages = refresh_lifecycle(db, actor)
    progress(0.4, "活跃指数")
    active = refresh_activity(db, actor)
    progress(0.6, "还会来吗")
    with db.read() as session:
        fit = fit_model(session, actor)
    with db.write() as session:
        keep_model(session, actor, fit)
    progress(0.7, "规则标签")
    tags = refresh_tags(db, actor)
    progress(0.85, "疑似同一人")
    waiting = refresh_matches(db, actor)
    progress(1.0, "完成")
    return {"levels": found, "stages": stages, "activity": active, "buyers": fit.buyers, "tags": tags,
            "matches": waiting}  # fmt: skip
