"""The log of lifecycle changes: written at night, read on a fan's timeline and by conditions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd
from sqlalchemy import case, func
from sqlmodel import Session, delete, select

from fanops.access import Actor
from fanops.database import Database, insert_many
from fanops.fans.behaviour import StageRules, stages_of
from fanops.fans.records_levels import stage_rules
from fanops.fans.records_person import merged_records
from fanops.settings import settings
from fanops.tables import Fan, LifecycleChange, Order, is_purchase, now


def stage_facts_of(session: Session, actor: Actor, today: pd.Timestamp, rules: StageRules) -> pd.DataFrame:
    """Give what ``behaviour.stages_of`` reads, counted by the database over all stores: fit for millions of orders.

    Returns:
        By fan id (merged fans as one): ``first, last, back, before``.
    """
    # The days are whole ones, as in behaviour.lifecycle: less than asleep_days + 1 days ago.
    since = (today - pd.Timedelta(days=rules.asleep_days + 1)).to_pydatetime()
    when = Order.placed_at
    statement = (
        select(
            Order.fan_id, func.min(when), func.max(when), func.min(case((when > since, when))),
            func.max(case((when <= since, when))),
        )
        .where(Order.brand_id == actor.brand_id, Order.fan_id.is_not(None), when <= today.to_pydatetime(), is_purchase())
        .group_by(Order.fan_id)
    )  # fmt: skip
    rows = [tuple(row) for row in session.exec(statement)]
    facts = pd.DataFrame(rows, columns=["fan_id", "first", "last", "back", "before"]).set_index("fan_id")
    for name in facts:
        facts[name] = pd.to_datetime(facts[name], utc=True)
    merged = merged_records(session, actor.brand_id)
    if not merged:
        return facts
    person = pd.Series([merged.get(fan_id, fan_id) for fan_id in facts.index], index=facts.index, dtype="int64")
    grouped = facts.groupby(person)
    return grouped.agg({"first": "min", "last": "max", "back": "min", "before": "max"}).rename_axis("fan_id")


def found_stages(session: Session, actor: Actor, today: pd.Timestamp) -> dict[int, str]:
    """Give the stage of each buyer of the brand, by fan id; nothing is stored."""
    rules = stage_rules(session, actor)
    return stages_of(stage_facts_of(session, actor, today, rules), today, rules).to_dict()


def note_stages(session: Session, actor: Actor, stages: Mapping[int, str], today: pd.Timestamp) -> int:
    """Write down who has come to another stage since the last time; again on the same day it writes the same.

    Args:
        session: In a write transaction.
        actor: Whose brand.
        stages: As ``found_stages`` gives them.
        today: The moment they are of.

    Returns:
        How many changes were written.
    """
    day = today.tz_convert(settings().zone).date()
    mine = select(Fan.id).where(Fan.brand_id == actor.brand_id)
    session.exec(delete(LifecycleChange).where(LifecycleChange.changed_on >= day, LifecycleChange.fan_id.in_(mine)))
    before = current_stages(session, actor)
    return insert_many(
        session, LifecycleChange,
        ({"fan_id": int(fan_id), "from_stage": before.get(fan_id, ""), "to_stage": stage, "changed_on": day}
         for fan_id, stage in stages.items() if before.get(fan_id) != stage),
    )  # fmt: skip


def refresh_lifecycle(db: Database, actor: Actor, at: pd.Timestamp | None = None) -> dict[str, int]:
    """Find the stage of each buyer and write the changes.

    Returns:
        Fans per stage after it, and ``changed``.
    """
    today = at if at is not None else pd.Timestamp(now())
    with db.read() as session:
        stages = found_stages(session, actor, today)
    with db.write() as session:
        changed = note_stages(session, actor, stages, today)
    counts: dict[str, int] = {}
    for stage in stages.values():
        counts[stage] = counts.get(stage, 0) + 1
    return counts | {"changed": changed}


def newest_changes():
    """Select each fan's newest change: ``fan_id, to_stage`` (a subquery)."""
    newest = (
        select(LifecycleChange.fan_id, func.max(LifecycleChange.changed_on).label("day"))
        .group_by(LifecycleChange.fan_id)
        .subquery()
    )
    return (
        select(LifecycleChange.fan_id, LifecycleChange.to_stage)
        .join(newest, (newest.c.fan_id == LifecycleChange.fan_id) & (newest.c.day == LifecycleChange.changed_on))
        .subquery()
    )


def current_stages(session: Session, actor: Actor) -> dict[int, str]:
    """Give the stage each fan of the brand was last seen in, by fan id."""
    latest = newest_changes()
    statement = select(latest.c.fan_id, latest.c.to_stage).join(Fan, Fan.id == latest.c.fan_id)
    return dict(session.exec(statement.where(Fan.brand_id == actor.brand_id)).all())


def lifecycle_log(session: Session, actor: Actor, since: date, until: date) -> pd.DataFrame:
    """Count the changes written in a period over the brand: rows ``from_stage, to_stage, fans``.

    Args:
        session: Open session.
        actor: Whose brand.
        since: First day.
        until: Last day.
    """
    statement = (
        select(LifecycleChange.from_stage, LifecycleChange.to_stage, func.count(LifecycleChange.id))
        .join(Fan, Fan.id == LifecycleChange.fan_id)
        .where(Fan.brand_id == actor.brand_id, LifecycleChange.changed_on.between(since, until))
        .group_by(LifecycleChange.from_stage, LifecycleChange.to_stage)
    )
    return pd.DataFrame(session.exec(statement).all(), columns=["from_stage", "to_stage", "fans"])
