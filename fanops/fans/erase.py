"""A fan asks for what is kept of them, or for its erasure; both are logged, the second can't be undone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import update
from sqlmodel import Session, delete, func, select

from fanops.access import Actor, Role, record_audit, require, vault
from fanops.access.attachments import erase_attachments
from fanops.database import Database
from fanops.errors import InvalidInput, NotFound
from fanops.fans.behaviour import STAGES
from fanops.fans.records import get_fan
from fanops.fans.records_person import person_ids
from fanops.tables import (
    Answer,
    Attachment,
    BacklogItem,
    Consent,
    Contact,
    Fan,
    FanActivity,
    FanIdentity,
    FanTag,
    Fix,
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
    Tag,
    TagRejection,
    Telling,
    Trial,
    Voice,
    Wave,
    now,
    row_id,
)  # fmt: skip

ERASERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.CEO, Role.ADMIN)
CONFIRMATION = "删除"


def fan_document(session: Session, actor: Actor, fan_id: int) -> dict[str, object]:
    """Give everything that is kept of a fan, in clear, for the fan: logged."""
    require(actor, *ERASERS)
    fan = get_fan(session, actor, fan_id)
    me = person_ids(fan.id)
    identities = session.exec(select(FanIdentity).where(FanIdentity.fan_id.in_(me))).all()
    orders = session.exec(
        select(Order.number, Order.placed_at, Order.amount_fen).where(Order.fan_id.in_(me)).order_by(Order.placed_at)
    )
    voices = session.exec(
        select(Voice.text, Voice.said_at, Voice.source).where(Voice.fan_id.in_(me)).order_by(Voice.id)
    )
    tags = session.exec(
        select(Tag.name, FanTag.tagged_at)
        .join(FanTag, FanTag.tag_id == Tag.id)
        .where(FanTag.fan_id.in_(me), FanTag.removed_at.is_(None))
    )
    contacts = session.exec(
        select(Contact.kind, Contact.channel, Contact.subject, Contact.contacted_at).where(Contact.fan_id.in_(me))
    )
    consents = session.exec(
        select(Consent.purpose, Consent.granted, Consent.basis).where(Consent.fan_id.in_(me)).order_by(Consent.id)
    )
    files = session.exec(
        select(Attachment.name, Attachment.added_at)
        .join(Interview, Interview.id == Attachment.interview_id)
        .where(Interview.fan_id.in_(me), Attachment.removed_at.is_(None))
    )
    stages = session.exec(
        select(LifecycleChange.changed_on, LifecycleChange.to_stage)
        .where(LifecycleChange.fan_id.in_(me))
        .order_by(LifecycleChange.changed_on)
    )
    told = session.exec(
        select(func.coalesce(BacklogItem.title, Fix.title), Telling.told_at)
        .outerjoin(BacklogItem, BacklogItem.id == Telling.item_id)
        .outerjoin(Fix, Fix.id == Telling.fix_id)
        .where(Telling.fan_id.in_(me))
    )
    tried = session.exec(
        select(BacklogItem.title, Trial.verdict, Trial.words, Trial.invited_at)
        .join(BacklogItem, BacklogItem.id == Trial.item_id)
        .where(Trial.fan_id.in_(me))
    )
    served = session.exec(
        select(ServiceCard.deed, ServiceCard.state, ServiceCard.closed_at).where(ServiceCard.fan_id.in_(me))
    )
    brought = session.exec(select(func.count(Referral.id)).where(Referral.referrer_fan_id.in_(me)))
    document = {
        "姓名": vault().unseal(fan.name_sealed) if fan.name_sealed else "",
        "号码": [{"类别": row.kind, "号码": vault().unseal(row.sealed)} for row in identities],
        "生日": vault().unseal(fan.birthday_sealed) if fan.birthday_sealed else "",
        "分层": fan.level,
        "加入": fan.joined_at.isoformat(),
        "订单": [{"单号": number, "时间": at.isoformat(), "金额_元": fen / 100} for number, at, fen in orders],
        "原声": [{"原话": text, "时间": at.isoformat() if at else "", "来源": source} for text, at, source in voices],
        "标签": [{"标签": name, "时间": at.isoformat()} for name, at in tags],
        "联系": [
            {"类别": kind, "方式": channel, "事由": subject, "时间": at.isoformat()}
            for kind, channel, subject, at in contacts
        ],
        "告知": [{"事由": title, "时间": at.isoformat() if at else "还没有"} for title, at in told],
        "试用": [
            {"试用": title, "评价": verdict, "原话": said, "邀请": at.isoformat()} for title, verdict, said, at in tried
        ],
        "服务卡": [{"内容": deed, "状态": state, "时间": at.isoformat() if at else ""} for deed, state, at in served],
        "访谈附件": [{"文件": name, "时间": at.isoformat()} for name, at in files],
        "生命周期": [{"阶段": STAGES[to], "日期": day.isoformat()} for day, to in stages],
        "推荐": [{"推荐了": f"{count} 位"} for count in brought if count],
        "同意": [{"用途": purpose, "同意": granted, "依据": basis} for purpose, granted, basis in consents],
    }
    record_audit(session, actor, "export_fan", f"fan:{fan.id}")
    return document


def export_fan(db: Database, actor: Actor, parameters: Mapping[str, str]) -> tuple[str, str, bytes]:
    """Give a fan's document as a file.

    Args:
        db: The database.
        actor: Who hands it out.
        parameters: ``fan`` (id).

    Returns:
        File name, media type, content (JSON, readable Chinese).
    """
    asked = row_id(str(parameters.get("fan", "")))
    if asked is None:
        raise NotFound("没有说是哪位粉丝。", "请从粉丝页面进入。")
    with db.write() as session:
        document = fan_document(session, actor, asked)
    return f"粉丝资料-{asked}.json", "application/json", json.dumps(document, ensure_ascii=False, indent=2).encode()


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
