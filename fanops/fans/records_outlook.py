"""The brand's model of who still comes, fitted at night and kept with the brand; one fan's outlook by it."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor
from fanops.access.organisation import brand_choice, brand_of
from fanops.fans.alive import histories
from fanops.fans.outlook import FittedModel, Outlook, fitted, outlook_of
from fanops.fans.records import get_fan
from fanops.fans.records_person import PERSON, person_ids
from fanops.settings import settings
from fanops.tables import Fan, Order, is_purchase, now

MODEL = "alive_model"
_MOST_ORDERS = 400_000  # four numbers are fitted: a sample of the fans serves


def fit_model(session: Session, actor: Actor) -> FittedModel:
    """Fit the brand's model on its orders (of a sample of its fans when they are very many); nothing is stored."""
    count = session.exec(
        select(func.count(Order.id)).where(Order.brand_id == actor.brand_id, Order.fan_id.is_not(None))
    ).one()
    every = -(-count // _MOST_ORDERS) if count else 1
    rows = session.exec(
        select(PERSON, Order.placed_at)
        .join(Fan, Fan.id == Order.fan_id)
        .where(Order.brand_id == actor.brand_id, PERSON % every == 0, is_purchase())
    ).all()
    orders = _frame(rows)
    end = min(pd.Timestamp(now()), orders["placed_at"].max()) if len(orders) else pd.Timestamp(now())
    return fitted(orders, end.tz_convert(settings().zone))


def keep_model(session: Session, actor: Actor, fit: FittedModel) -> None:
    """Keep a fitted model with the brand."""
    brand = brand_of(session, actor)
    brand.settings = {**brand.settings, MODEL: asdict(fit)}
    session.add(brand)


def _frame(rows: list) -> pd.DataFrame:
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["fan_id", "placed_at"])
    frame["placed_at"] = pd.to_datetime(frame["placed_at"], utc=True).dt.tz_convert(settings().zone)
    return frame


def kept_model(session: Session, actor: Actor) -> FittedModel:
    """Give the model fitted last; one without numbers when there is none yet."""
    return brand_choice(session, actor, MODEL, FittedModel())


def fan_outlook(session: Session, actor: Actor, fan_id: int) -> tuple[FittedModel, Outlook | None, int]:
    """Say what is expected of one fan.

    Returns:
        The model it stands on; the outlook, None where there is too little; on how many days the fan bought.
    """
    fan = get_fan(session, actor, fan_id)
    me = person_ids(fan.id)
    frame = _frame(
        [(fan.id, at) for at in session.exec(select(Order.placed_at).where(Order.fan_id.in_(me), is_purchase()))]
    )
    fit, today = kept_model(session, actor), pd.Timestamp(now()).tz_convert(settings().zone)
    history = histories(frame, today)
    days = int(history["repeats"].iloc[0]) + 1 if len(history) else 0
    return fit, outlook_of(fit, frame["placed_at"], today), days
