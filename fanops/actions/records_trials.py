"""Fan trials that wait for their verdict, for the staff who stand before the fan."""

from __future__ import annotations

import pandas as pd
from sqlmodel import Session, select

from fanops.access import Actor, in_scope
from fanops.database.frames import frame_of
from fanops.fans.records import phone_tails
from fanops.tables import BacklogItem, Fan, Store, Trial


def waiting_trials(session: Session, actor: Actor) -> pd.DataFrame:
    """List who was invited in the actor's scope and has given no verdict yet.

    Returns:
        Rows ``trial_id, fan_id, fan, store, title, invited_at, tail`` (of the phone)``, the longest invited first.
    """
    statement = (
        select(Trial.id, Fan.id, Fan.name_masked, Store.name, BacklogItem.title, Trial.invited_at)
        .join(Fan, Fan.id == Trial.fan_id)
        .join(BacklogItem, BacklogItem.id == Trial.item_id)
        .outerjoin(Store, Store.id == Trial.store_id)
        .where(Trial.verdict == "", Fan.erased_at.is_(None))
        .order_by(Trial.invited_at, Trial.id)
    )
    rows = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Trial.store_id)).all()
    frame = frame_of(rows, ["trial_id", "fan_id", "fan", "store", "title", "invited_at"])
    tails = phone_tails(session, frame["fan_id"])
    return frame.assign(tail=[tails.get(fan_id, "") for fan_id in frame["fan_id"]])
