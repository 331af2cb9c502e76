"""告知: who is to be told what was done, told one by one or with a card, and taken back with it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from sqlalchemy import func, literal
from sqlmodel import Session, delete, select

from fanops.access import Actor, in_scope
from fanops.access.scope import store_ids
from fanops.database.frames import frame_of
from fanops.errors import NotFound
from fanops.fans.records import phone_tails
from fanops.fans.records_contacts import record_contact, take_back_contact
from fanops.fans.records_person import person_ids
from fanops.tables import BacklogItem, Fan, Fix, ServiceCard, Store, Telling, now

PROMISE = "promise"  # rule_code of a card that asks to tell a fan what was done


def make_due(session: Session, raisers: Mapping[int, int | None], store_id: int, **about: int) -> None:
    """Let the raisers of a store be told that it is done there; who said it was not mended is told and asked anew.

    Args:
        session: A writing session.
        raisers: Fan id → the store they said it in.
        store_id: Where it is done.
        about: ``fix_id`` or ``item_id``.
    """
    known = {row.fan_id: row for row in session.exec(select(Telling).filter_by(**about))}
    for fan_id, said_in in raisers.items():
        row = known.get(fan_id)
        if said_in != store_id or (row is not None and row.really_fixed != "no"):
            continue
        row = row or Telling(fan_id=fan_id, store_id=store_id, **about)
        row.state, row.told_at, row.staff_id, row.really_fixed = "due", None, None, ""
        session.add(row)
    session.flush()


def drop_due(session: Session, store_id: int, **about: int) -> None:
    """Let nobody be told any more what is not so at a store (``fix_id`` or ``item_id``); who was told stays."""
    statement = delete(Telling).where(Telling.store_id == store_id, Telling.state == "due")
    session.exec(statement.filter_by(**about))


def telling_table(session: Session, actor: Actor, state: str = "due", *, store_id: int | None = None) -> pd.DataFrame:
    """List who is to be told (or was) of an item or a fix, at one store or at all.

    Returns:
        Rows ``telling_id, fan_id, fan, store, title, state, told_at, own`` (whether the fan's page can be opened too)``,
        of_fix`` (whether it is a fix, otherwise an item)``, tail`` (of the phone).
    """
    title = func.coalesce(BacklogItem.title, Fix.title)
    own = literal(True) if actor.sees_all_stores else func.coalesce(Fan.home_store_id.in_(store_ids(actor)), False)
    statement = (
        select(
            Telling.id,
            Fan.id,
            Fan.name_masked,
            Store.name,
            title,
            Telling.state,
            Telling.told_at,
            own,
            Telling.fix_id.is_not(None),
        )
        .join(Fan, Fan.id == Telling.fan_id)
        .outerjoin(BacklogItem, BacklogItem.id == Telling.item_id)
        .outerjoin(Fix, Fix.id == Telling.fix_id)
        .outerjoin(Store, Store.id == Telling.store_id)
        .where(Telling.state == state)
        .order_by(Telling.id)
    )
    if store_id is not None:
        statement = statement.where(Telling.store_id == store_id)
    rows = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Telling.store_id)).all()
    columns = ["telling_id", "fan_id", "fan", "store", "title", "state", "told_at", "own", "of_fix"]
    tails = phone_tails(session, [row[1] for row in rows])
    frame = frame_of(rows, columns)
    return frame.assign(tail=[tails.get(fan_id, "") for fan_id in frame["fan_id"]])


def record_told(session: Session, actor: Actor, telling_id: int, really_fixed: str = "") -> Telling:
    """Record that a raiser was told, and whether they say it is really fixed (yes, no or empty).

    Telling counts as a contact; an answer noted later does not. With the last one the card that asked for it is done.

    Raises:
        NotFound: No such telling in the actor's scope.
        Conflict: The fan must not be contacted, with the reason.
    """
    row = _get_telling(session, actor, telling_id)
    is_first = row.told_at is None
    if is_first:
        fan, title = session.get_one(Fan, row.fan_id), _title(session, row)
        record_contact(session, actor, fan, "telling", row.channel or "in_store", title)
    row.state, row.told_at, row.staff_id = "told", row.told_at or now(), actor.staff_id
    row.really_fixed = really_fixed or row.really_fixed
    session.add(row)
    session.flush()
    if is_first:
        _tick_card(session, actor, row.fan_id)
    return row


def take_back_told(session: Session, actor: Actor, telling_id: int) -> None:
    """Take a telling back (undo): it is due again, and neither its contact nor its answer ever was; its card is open again.

    Raises:
        NotFound: No such telling in the actor's scope, or nobody was told.
    """
    row = _get_telling(session, actor, telling_id)
    if row.told_at is None:
        raise NotFound("没有可以撤销的。", "")
    take_back_contact(session, row.fan_id, ("telling",), _title(session, row)[:200])
    ticked = select(ServiceCard).where(
        ServiceCard.fan_id.in_(person_ids(row.fan_id)), ServiceCard.rule_code == PROMISE, ServiceCard.state == "done",
        ServiceCard.closed_at >= row.told_at,
    )  # fmt: skip
    for card in session.exec(ticked):
        card.state, card.staff_id, card.closed_at = "open", None, None
        session.add(card)
    row.state, row.told_at, row.staff_id, row.really_fixed = "due", None, None, ""
    session.add(row)


def _get_telling(session: Session, actor: Actor, telling_id: int) -> Telling:
    statement = select(Telling).join(Fan, Fan.id == Telling.fan_id).where(Telling.id == telling_id)
    row = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Telling.store_id)).first()
    if row is None:
        raise NotFound("没有这条告知，或它不在您的门店。")
    return row


def _title(session: Session, row: Telling) -> str:
    return (session.get_one(BacklogItem, row.item_id) if row.item_id else session.get_one(Fix, row.fix_id)).title


def due_titles(session: Session, fan_id: int) -> list[str]:
    """Give what a person is still to be told of, the oldest first."""
    title = func.coalesce(BacklogItem.title, Fix.title)
    statement = (
        select(title)
        .select_from(Telling)
        .outerjoin(BacklogItem, BacklogItem.id == Telling.item_id)
        .outerjoin(Fix, Fix.id == Telling.fix_id)
        .where(Telling.fan_id.in_(person_ids(fan_id)), Telling.state == "due")
    )
    return list(dict.fromkeys(session.exec(statement.order_by(Telling.id))))


def tell_with_card(session: Session, actor: Actor, card: ServiceCard) -> None:
    """Note everything that is due as told, with the card's moment: the card is the one contact."""
    due = select(Telling).where(Telling.fan_id.in_(person_ids(card.fan_id)), Telling.state == "due")
    for row in session.exec(due):
        row.state, row.told_at, row.staff_id = "told", card.closed_at, actor.staff_id
        row.channel = row.channel or "in_store"
        session.add(row)


def untell_with_card(session: Session, card: ServiceCard) -> None:
    """Take back what was told with a card; an answer that came since stands, and its telling with it."""
    told = select(Telling).where(
        Telling.fan_id.in_(person_ids(card.fan_id)), Telling.told_at == card.closed_at, Telling.really_fixed == ""
    )
    for row in session.exec(told):
        row.state, row.told_at, row.staff_id = "due", None, None
        session.add(row)


def _tick_card(session: Session, actor: Actor, fan_id: int) -> None:
    """Tick the card that asked to tell this person, once nothing is left to tell."""
    if due_titles(session, fan_id):
        return
    asked = select(ServiceCard).where(
        ServiceCard.fan_id.in_(person_ids(fan_id)), ServiceCard.rule_code == PROMISE, ServiceCard.state == "open"
    )
    for card in session.exec(asked):
        card.state, card.staff_id, card.closed_at = "done", actor.staff_id, now()
        session.add(card)
