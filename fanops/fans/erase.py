"""A fan asks to be forgotten: everywhere, logged, and it can't be undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, update
from sqlmodel import Session, delete, func, select

from fanops.access import Actor, Role, in_scope, record_audit, require, vault
from fanops.access.attachments import erase_attachments
from fanops.errors import InvalidInput
from fanops.fans.records import get_fan
from fanops.fans.records_person import person_ids
from fanops.tables import (
    Answer,
    Consent,
    Contact,
    Fan,
    FanActivity,
    FanIdentity,
    FanTag,
    ImportChange,
    Interview,
    Invitation,
    LifecycleChange,
    LikelyMatch,
    Message,
    Order,
    Referral,
    Response,
    RuleDeed,
    ServiceCard,
    TagRejection,
    Telling,
    Trial,
    Voice,
    Wave,
    now,
)  # fmt: skip

ERASERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.CEO, Role.ADMIN)
CONFIRMATION = "删除"


def erase_fan(session: Session, actor: Actor, fan_id: int, confirmation: str) -> None:
    """Erase who a fan is: identifiers, name, tags, cards, contacts, photos and sound; orders and voices stay as nobody's.

    Numbers that were given as an answer go too, and what an import keeps to be undone.

    Args:
        session: In a write transaction.
        actor: Who does it.
        fan_id: The fan; what was merged into it is erased with it.
        confirmation: The word 删除, typed by a person.

    Raises:
        InvalidInput: Not confirmed.
    """
    require(actor, *ERASERS)
    fan = get_fan(session, actor, fan_id)
    if confirmation.strip() != CONFIRMATION:
        raise InvalidInput("还没有确认。", f"请输入“{CONFIRMATION}”两个字。删除后不能恢复。")
    ids = list(session.exec(person_ids(fan.id)))
    _forget_contacts(session, fan.brand_id, ids)
    _forget_changes(session, ids)
    # A photo or a recording shows who it was: unlike words and orders it can't stay as nobody's.
    erase_attachments(session, session.exec(select(Interview.id).where(Interview.fan_id.in_(ids))).all())
    for table in (Order, Voice, Response, Interview):
        session.exec(update(table).where(table.fan_id.in_(ids)).values(fan_id=None))
    for table in (
        RuleDeed,
        FanIdentity,
        FanTag,
        TagRejection,
        ServiceCard,
        Contact,
        FanActivity,
        Consent,
        Message,
        LifecycleChange,
    ):
        session.exec(delete(table).where(table.fan_id.in_(ids)))
    for table, other in ((LikelyMatch, LikelyMatch.other_fan_id), (Referral, Referral.referrer_fan_id)):
        session.exec(delete(table).where(table.fan_id.in_(ids) | other.in_(ids)))
    session.exec(delete(Telling).where(Telling.fan_id.in_(ids), Telling.state == "due"))
    session.exec(  # a personal link that is still somewhere opens nothing any more
        update(Invitation)
        .where(Invitation.fan_id.in_(ids), Invitation.revoked_at.is_(None))
        .values(revoked_at=now(), code_sealed=None)
    )
    session.exec(update(Trial).where(Trial.fan_id.in_(ids)).values(words=""))
    for row in session.exec(select(Fan).where(Fan.id.in_(ids))):
        row.name_sealed, row.birthday_sealed, row.name_masked, row.level_reason = None, None, "", ""
        row.erased_at, row.owner_staff_id = now(), None
        session.add(row)
    record_audit(session, actor, "erase_fan", f"fan:{fan.id}")


def idle_fans(session: Session, actor: Actor, since: datetime) -> list[int]:
    """List the brand's fans of whom nothing was heard since a moment: no order, no words, no interview, no contact."""
    person = func.coalesce(Fan.merged_into_id, Fan.id)
    active = [
        Fan.id.in_(select(person).join(table, table.fan_id == Fan.id).where(moment >= since))
        for table, moment in (
            (Order, Order.placed_at), (Voice, Voice.said_at), (Voice, Voice.created_at), (Response, Response.started_at),
            (Interview, Interview.started_at), (Contact, Contact.contacted_at),
        )
    ]  # fmt: skip
    statement = select(Fan.id).where(Fan.joined_at < since, Fan.merged_into_id.is_(None), Fan.erased_at.is_(None))
    statement = in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)
    return list(session.exec(statement.where(~or_(*active)).order_by(Fan.id)))


def erased_fans(session: Session) -> list[int]:
    """List the ids of the fans who were erased, of all brands."""
    return list(session.exec(select(Fan.id).where(Fan.erased_at.is_not(None)).order_by(Fan.id)))


def erase_again(session: Session, fan_ids: Sequence[int]) -> int:
    """Erase fans whom an older copy of the database still knows; gives how many those were."""
    count = 0
    for fan_id in fan_ids:
        fan = session.get(Fan, fan_id)
        if fan is not None and fan.erased_at is None:
            owner = Actor(role=Role.ADMIN, brand_id=fan.brand_id, display_name="命令行")
            erase_fan(session, owner, fan_id, CONFIRMATION)
            count += 1
    return count


def _forget_contacts(session: Session, brand_id: int, ids: list[int]) -> None:
    """Take the numbers out of the fan's answers, and out of those that somebody gave with the fan's number but without proof."""
    numbers = {
        vault().unseal(sealed) for sealed in session.exec(select(FanIdentity.sealed).where(FanIdentity.fan_id.in_(ids)))
    }
    given = (
        select(Answer, Response.fan_id)
        .join(Response, Response.id == Answer.response_id)
        .join(Wave, Wave.id == Response.wave_id)
        .where(Wave.brand_id == brand_id, Answer.value["sealed"].as_string().is_not(None))
        .where(Response.fan_id.in_(ids) | Response.fan_id.is_(None))
    )
    for answer, whose in session.exec(given).all():
        if whose is not None or vault().unseal(bytes.fromhex(answer.value["sealed"])) in numbers:
            session.delete(answer)
    session.flush()


def _forget_changes(session: Session, ids: list[int]) -> None:
    """Let the undoing of an import bring back neither name nor birthday, nor whose an order was."""
    session.exec(delete(ImportChange).where(ImportChange.subject == "fan", ImportChange.row_id.in_(ids)))
    orders = select(ImportChange).where(
        ImportChange.subject == "order", ImportChange.before["fan_id"].as_integer().in_(ids)
    )
    for change in session.exec(orders):
        change.before = {**change.before, "fan_id": None}
        session.add(change)
    session.flush()
