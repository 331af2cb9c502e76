"""Whom a service fix is told to: due once it is accepted at their store, withdrawn when it is not done there after all."""

from __future__ import annotations

import pandas as pd
from sqlmodel import Session, delete, select

from fanops.access import Actor, in_scope
from fanops.actions.records import evidence_fans
from fanops.tables import Fan, FixStore, Telling


def make_tellings(session: Session, row: FixStore) -> None:
    """Telling its raisers at this store becomes due once the fix is accepted there."""
    known = set(session.exec(select(Telling.fan_id).where(Telling.fix_id == row.fix_id)))
    for fan_id, said_in in evidence_fans(session, fix_id=row.fix_id).items():
        if said_in == row.store_id and fan_id not in known:
            session.add(Telling(fix_id=row.fix_id, fan_id=fan_id, store_id=row.store_id))
    session.flush()


def withdraw_due_tellings(session: Session, row: FixStore) -> None:
    """Nobody is told of a fix any more that is not done at that store; who was told stays told."""
    due = (Telling.fix_id == row.fix_id, Telling.store_id == row.store_id, Telling.state == "due")
    session.exec(delete(Telling).where(*due))


def told_by_store(session: Session, actor: Actor, fix_id: int) -> pd.DataFrame:
    """Count per store in scope whom a fix was told to and what they say: by store id ``due, told, fixed, not_fixed``."""
    statement = (
        select(Telling.store_id, Telling.state, Telling.really_fixed)
        .join(Fan, Fan.id == Telling.fan_id)
        .where(Telling.fix_id == fix_id)
    )
    rows = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Telling.store_id)).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["store_id", "state", "answer"])
    counts = {"due": frame["state"] == "due", "told": frame["state"] == "told", "fixed": frame["answer"] == "yes",
              "not_fixed": frame["answer"] == "no"}  # fmt: skip
    return pd.DataFrame(counts).groupby(frame["store_id"]).sum().astype(int)
