"""Who moved from which stage or level to which between two days, each worked out anew from orders and words."""

from __future__ import annotations

from datetime import date

import pandas as pd
from sqlmodel import Session

from fanops.access import Actor
from fanops.fans import behaviour, levels, records_levels
from fanops.fans.records_behaviour import informative_units
from fanops.settings import settings

STAGE, LEVEL = "stage", "level"


def moves_between(
    session: Session, actor: Actor, orders: pd.DataFrame, what: str, since: date, until: date
) -> pd.DataFrame:
    """Count who moved, by the brand's rules of today.

    Args:
        session: A reading session.
        actor: Whose rules and words.
        orders: As ``orders_of`` gives them.
        what: STAGE (阶段) or LEVEL (分层, without nominations).
        since: The first day; its end counts.
        until: The second day; its end counts.

    Returns:
        As ``behaviour.flow_of``.
    """
    ends = [pd.Timestamp(day, tz=settings().zone) + pd.Timedelta(days=1) for day in (since, until)]
    if what == STAGE:
        stage_rules = records_levels.stage_rules(session, actor)
        both = [behaviour.lifecycle(orders, end, stage_rules) for end in ends]
        return behaviour.flow_of(*both, list(behaviour.STAGES))
    rules = records_levels.level_rules(session, actor)
    said = informative_units(session, actor)
    said["said_at"] = pd.to_datetime(said["said_at"], utc=True)
    both = [
        levels.levels(orders[orders["placed_at"] < end], said[said["said_at"] < end].groupby("fan_id").size(), end, rules)
        for end in ends
    ]  # fmt: skip
    return behaviour.flow_of(*both, list(levels.LEVEL_LABELS))
