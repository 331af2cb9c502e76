"""Since when each store has had a change: also where it was opened again later, so that it never turns into a control."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime

from sqlmodel import Session, select

from fanops.settings import settings
from fanops.tables import FixStore, Rollout, Transition


def starts_of(session: Session, *, item_id: int | None = None, fix_id: int | None = None) -> dict[int, date]:
    """Give the day from which each store of the brand counts as treated by an item (live) or a fix (first done).

    A fix that was opened again has lost its day of being done; the day of its first acceptance stands for it. An acceptance
    that was taken back before is none.
    """
    if item_id is not None:
        statement = select(Rollout.store_id, Rollout.live_on).where(Rollout.item_id == item_id)
        return {store: live for store, live in session.exec(statement) if live is not None}
    moves = defaultdict(list)
    statement = (
        select(Transition.fix_store_id, Transition.to_state, Transition.changed_at)
        .join(FixStore, FixStore.id == Transition.fix_store_id)
        .where(FixStore.fix_id == fix_id)
        .order_by(Transition.id)
    )
    for row_id, to, at in session.exec(statement):
        moves[row_id].append((to, at))
    rows = session.exec(select(FixStore.id, FixStore.store_id, FixStore.done_at).where(FixStore.fix_id == fix_id))
    found = {store: _first_done(moves[row_id]) or done for row_id, store, done in rows}
    return {store: day_of(done) for store, done in found.items() if done is not None}


def _first_done(moves: list[tuple[str, datetime]]) -> datetime | None:
    """Give when a fix was first accepted before it was opened again; None where it never was opened again."""
    accepted = None
    for to, at in moves:
        if to == "reopened" and accepted is not None:
            return accepted
        if to == "accepted":
            accepted = at
        elif to == "fixing":
            accepted = None
    return None


def day_of(moment: datetime) -> date:
    """Give the day of a moment where the installation is."""
    return moment.astimezone(settings().zone).date()
