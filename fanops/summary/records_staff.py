"""What each staff member did: quota, words with content, follow-up, insights that became actions, with their credit."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
from sqlalchemy import case, func
from sqlmodel import Session, select

from fanops.access import Actor
from fanops.collect.records_surveys import is_open, waves
from fanops.effect.records_credit import credit_table
from fanops.fans.assign_owners import staff_figures
from fanops.tables import Quota, Response, Store, Unit, Voice, now


def staff_ledger(session: Session, actor: Actor, days: int = 90) -> pd.DataFrame:
    """Put each staff member's figures of the last days on one row.

    Returns:
        As ``staff_figures``, and ``store, answered`` (answers they recorded in waves open now), ``wanted`` (their quota there, NaN
        without one), ``units`` (of what they recorded), ``informative_share`` (of these, NaN without any), ``adopted`` (actions whose
        theme they wrote down first, at any time), ``worked`` (of these, measured as 有效), ``value`` (yuan, NaN where nothing was
        measured).
    """
    frame = staff_figures(session, actor, days)
    stores = dict(session.exec(select(Store.id, Store.name).where(Store.brand_id == actor.brand_id)).all())
    ids = [int(each) for each in frame["staff_id"]]
    frame["store"] = frame["store_id"].map(stores)
    answered, wanted = _quotas(session, actor, ids)
    frame["answered"] = [answered.get(each, 0) for each in ids]
    frame["wanted"] = [wanted.get(each, float("nan")) for each in ids]
    said = _recorded(session, ids, days)
    frame["units"] = [said.get(each, (0, 0))[0] for each in ids]
    informative = np.array([said.get(each, (0, 0))[1] for each in ids], dtype=float)
    frame["informative_share"] = informative / frame["units"].where(frame["units"] > 0)
    credit = credit_table(session, actor)
    by_staff = credit.groupby("staff_id")
    adopted, worked = by_staff.size(), (credit["verdict"] == "有效").groupby(credit["staff_id"]).sum()
    value = credit["value"].astype(float).groupby(credit["staff_id"]).sum(min_count=1)
    frame["adopted"] = frame["staff_id"].map(adopted).fillna(0).astype(int)
    frame["worked"] = frame["staff_id"].map(worked).fillna(0).astype(int)
    frame["value"] = frame["staff_id"].map(value).astype(float)
    return frame


def _quotas(session: Session, actor: Actor, staff_ids: list[int]) -> tuple[dict[int, int], dict[int, int]]:
    running = [wave.id for wave in waves(session, actor) if is_open(wave)]
    answered = select(Response.staff_id, func.count(Response.id)).where(
        Response.wave_id.in_(running), Response.state == "submitted", Response.staff_id.in_(staff_ids)
    )
    wanted = select(Quota.staff_id, func.sum(Quota.wanted)).where(
        Quota.wave_id.in_(running), Quota.staff_id.in_(staff_ids)
    )
    return (
        dict(session.exec(answered.group_by(Response.staff_id)).all()),
        dict(session.exec(wanted.group_by(Quota.staff_id)).all()),
    )


def _recorded(session: Session, staff_ids: list[int], days: int) -> dict[int, tuple[int, int]]:
    statement = (
        select(Voice.staff_id, func.count(Unit.id), func.sum(case((Unit.no_content, 0), else_=1)))
        .join(Unit, Unit.voice_id == Voice.id)
        .where(Voice.staff_id.in_(staff_ids), Voice.said_at >= now() - timedelta(days=days))
        .group_by(Voice.staff_id)
    )
    return {staff_id: (int(units), int(told or 0)) for staff_id, units, told in session.exec(statement)}
