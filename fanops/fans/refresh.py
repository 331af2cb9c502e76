"""Recompute what is known of all fans from orders and voices, and run the nightly rules: load → pure → save."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from sqlalchemy import delete, func, update
from sqlmodel import select

from fanops.access import Actor, record_audit
from fanops.access.organisation import brand_choice
from fanops.database import Database, insert_many
from fanops.fans import records_rules
from fanops.fans.behaviour import ActivityRules, activity_of
from fanops.fans.levels import LevelRules, levels_of
from fanops.fans.records_behaviour import informative_units, order_facts_of
from fanops.fans.rules import RULES
from fanops.settings import settings
from fanops.tables import Fan, FanActivity, Voice, now

ACTIVITY = "activity"  # name of a brand's own weights
_CHUNK = 5_000
_PERSON = func.coalesce(Fan.merged_into_id, Fan.id)


def refresh_levels(db: Database, actor: Actor, rules: LevelRules = LevelRules()) -> dict[str, int]:
    """Recompute the level of each fan of the actor's brand; levels given by hand (with a reason) stay.

    Returns:
        Fans per level after it.
    """
    today = pd.Timestamp(now())
    with db.read() as session:
        facts = order_facts_of(session, actor, today - pd.Timedelta(days=rules.fan_window_days))
        said = session.exec(
            select(_PERSON, func.count(Voice.id))
            .join(Fan, Fan.id == Voice.fan_id)
            .where(Voice.brand_id == actor.brand_id, Voice.no_content.is_(False))
            .group_by(_PERSON)
        ).all()
        known = session.exec(
            select(Fan.id, Fan.level, Fan.level_reason).where(
                Fan.brand_id == actor.brand_id, Fan.merged_into_id.is_(None)
            )
        ).all()
    found = levels_of(facts, pd.Series(dict(said), dtype=float), rules).to_dict()
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


def refresh_activity(db: Database, actor: Actor) -> int:
    """Compute today's activity index of each fan of the actor's brand; earlier days stay as history.

    Returns:
        How many fans have one.
    """
    today = pd.Timestamp(now())
    with db.read() as session:
        rules = brand_choice(session, actor, ACTIVITY, ActivityRules())
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
    """Levels, activity and the rules that run every night (the worker's job).

    Returns:
        Fans per level, fans with an activity index, and cards made per rule.
    """
    progress(0.05, "分层")
    found = refresh_levels(db, actor)
    progress(0.4, "活跃指数")
    active = refresh_activity(db, actor)
    progress(0.8, "自动规则")
    with db.read() as session:
        nightly = [code for code in RULES if code in records_rules.numbers_of(session, actor).nightly]
    made = {}
    for code in nightly:
        with db.write() as session:
            made[code] = records_rules.run_rule(session, actor, code)
    progress(1.0, "完成")
    return {"levels": found, "activity": active, "cards": made}
