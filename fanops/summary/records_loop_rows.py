"""The rows under the numbers of the seven links at one store: who answered, what was done, went live, was tried, earned."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor, in_scope
from fanops.actions.fix_states import LABELS
from fanops.database.frames import frame_of
from fanops.fans.records import phone_tails
from fanops.fans.records_promises import VERDICTS
from fanops.tables import BacklogItem, Fan, Fix, FixStore, Measurement, Rollout, Store, Trial, Voice

ROWS = ("asked", "fixed", "built", "tried", "earned")


def link_rows(session: Session, actor: Actor, link: str, store_id: int) -> pd.DataFrame:
    """Give what ``seven_links`` counts for a link at a store; empty at a store out of scope.

    Args:
        session: A reading session.
        actor: Who looks.
        link: One of ``ROWS``.
        store_id: The store.

    Returns:
        ``asked``: ``fan, tail, times, at``; ``fixed``: ``title, state, at, note``; ``built``: ``title, at``; ``tried``:
        ``fan, tail, title, verdict, words``; ``earned``: ``title, verdict, value`` (yuan).
    """
    return {"asked": _asked, "fixed": _fixed, "built": _built, "tried": _tried, "earned": _earned}[link](
        session, actor, store_id
    )


def _asked(session: Session, actor: Actor, store_id: int) -> pd.DataFrame:
    statement = (
        select(Fan.id, Fan.name_masked, func.count(Voice.id), func.max(Voice.said_at))
        .join(Voice, Voice.fan_id == Fan.id)
        .where(Voice.kind.in_(("interview", "survey")), Voice.store_id == store_id)
        .group_by(Fan.id, Fan.name_masked)
        .order_by(func.max(Voice.said_at).desc(), Fan.id)
    )
    rows = session.exec(in_scope(statement, actor, brand=Voice.brand_id, store=Voice.store_id)).all()
    return _with_tails(session, frame_of(rows, ["fan_id", "fan", "times", "at"]))


def _fixed(session: Session, actor: Actor, store_id: int) -> pd.DataFrame:
    statement = (
        select(Fix.title, FixStore.state, FixStore.done_at, FixStore.note)
        .join(FixStore, FixStore.fix_id == Fix.id)
        .where(FixStore.done_at.is_not(None), FixStore.store_id == store_id)
        .order_by(FixStore.done_at.desc())
    )
    rows = session.exec(in_scope(statement, actor, brand=Fix.brand_id, store=FixStore.store_id)).all()
    frame = frame_of(rows, ["title", "state", "at", "note"])
    return frame.assign(state=frame["state"].map(LABELS))


def _built(session: Session, actor: Actor, store_id: int) -> pd.DataFrame:
    statement = (
        select(BacklogItem.title, Rollout.live_on)
        .join(Rollout, Rollout.item_id == BacklogItem.id)
        .where(Rollout.state == "live", Rollout.store_id == store_id)
        .order_by(Rollout.live_on.desc(), BacklogItem.title)
    )
    rows = session.exec(in_scope(statement, actor, brand=BacklogItem.brand_id, store=Rollout.store_id)).all()
    return frame_of(rows, ["title", "at"])


def _tried(session: Session, actor: Actor, store_id: int) -> pd.DataFrame:
    statement = (
        select(Fan.id, Fan.name_masked, BacklogItem.title, Trial.verdict, Trial.words)
        .join(Trial, Trial.fan_id == Fan.id)
        .join(BacklogItem, BacklogItem.id == Trial.item_id)
        .where(Trial.verdict != "", Trial.store_id == store_id)
        .order_by(Trial.id.desc())
    )
    rows = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Trial.store_id)).all()
    frame = _with_tails(session, frame_of(rows, ["fan_id", "fan", "title", "verdict", "words"]))
    return frame.assign(verdict=frame["verdict"].map(VERDICTS))


def _earned(session: Session, actor: Actor, store_id: int) -> pd.DataFrame:
    shop = in_scope(select(Store.name).where(Store.id == store_id), actor, brand=Store.brand_id, store=Store.id)
    name = session.exec(shop).first()
    newest = select(func.max(Measurement.id)).group_by(Measurement.item_id, Measurement.fix_id)
    statement = (
        select(func.coalesce(BacklogItem.title, Fix.title), Measurement.verdict, Measurement.result)
        .outerjoin(BacklogItem, BacklogItem.id == Measurement.item_id)
        .outerjoin(Fix, Fix.id == Measurement.fix_id)
        .where(Measurement.brand_id == actor.brand_id, Measurement.id.in_(newest))
        .order_by(Measurement.id.desc())
    )
    rows = [
        (title, verdict, part["value"])
        for title, verdict, result in session.exec(statement)
        for part in (result.get("value") or {}).get("by_store", [])
        if part["unit"] == name
    ]
    return frame_of(rows, ["title", "verdict", "value"])


def _with_tails(session: Session, frame: pd.DataFrame) -> pd.DataFrame:
    tails = phone_tails(session, frame["fan_id"])
    return frame.assign(tail=[tails.get(fan_id, "") for fan_id in frame["fan_id"]]).drop(columns="fan_id")
