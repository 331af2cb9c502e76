"""A fan asks for what is kept of them: all of it, in words a person reads, logged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlmodel import Session, func, select

from fanops.access import Actor, record_audit, require, vault
from fanops.fans.behaviour import STAGES
from fanops.fans.erase import ERASERS
from fanops.fans.identity import KIND_LABELS
from fanops.fans.levels import LEVEL_LABELS
from fanops.fans.records import get_fan
from fanops.fans.records_consent import PURPOSES
from fanops.fans.records_person import person_ids
from fanops.fans.records_promises import VERDICTS
from fanops.settings import settings
from fanops.tables import (
    Attachment,
    BacklogItem,
    Consent,
    Contact,
    FanIdentity,
    FanTag,
    Fix,
    Interview,
    LifecycleChange,
    Order,
    Referral,
    ServiceCard,
    Tag,
    Telling,
    Trial,
    Voice,
)  # fmt: skip

_CONTACTS = {"survey": "问卷邀请", "trial": "请来试", "service": "服务", "telling": "告知"}
_WAYS = {
    "link": "个人链接", "task": "门店服务卡", "mail": "邮件", "wecom": "企业微信", "in_store": "当面", "phone": "电话",
}  # fmt: skip
_STATES = {"done": "做了", "not_done": "没做"}


def written(moment: datetime | None) -> str:
    """Write a moment in the stores' time zone, for a person; empty where none is known."""
    return f"{moment.astimezone(settings().zone):%Y-%m-%d %H:%M}" if moment else ""


def fan_document(session: Session, actor: Actor, fan_id: int) -> dict[str, Any]:
    """Give what is kept of a fan, in clear, for the fan.

    Returns:
        Chinese heading → text, or rows of Chinese heading → value.

    Raises:
        NotAllowed: The role hands nobody their data.
        NotFound: No such fan, or another store's.
    """
    require(actor, *ERASERS)
    fan = get_fan(session, actor, fan_id)
    document: dict[str, Any] = {
        "姓名": vault().unseal(fan.name_sealed) if fan.name_sealed else "",
        "生日": vault().unseal(fan.birthday_sealed) if fan.birthday_sealed else "",
        "分层": LEVEL_LABELS.get(fan.level, fan.level),
        "加入": written(fan.joined_at),
    }
    for name, (statement, row_of) in _parts(person_ids(fan.id)).items():
        document[name] = [row_of(*row) for row in session.exec(statement)]
    record_audit(session, actor, "export_fan", f"fan:{fan.id}")
    return document


def _parts(me: Any) -> dict[str, tuple[Any, Callable[..., dict[str, Any]]]]:
    """Give by heading what is read, and how one row of it is written."""
    return {**_given(me), **_done(me)}


def _given(me: Any) -> dict[str, tuple[Any, Callable[..., dict[str, Any]]]]:
    """What came from the fan."""
    return {
        "号码": (
            select(FanIdentity.kind, FanIdentity.sealed).where(FanIdentity.fan_id.in_(me)),
            lambda kind, sealed: {"类别": KIND_LABELS.get(kind, kind), "号码": vault().unseal(sealed)},
        ),
        "同意": (
            select(Consent.purpose, Consent.granted, Consent.basis).where(Consent.fan_id.in_(me)).order_by(Consent.id),
            lambda purpose, granted, basis: {
                "用途": PURPOSES.get(purpose, purpose), "同意": "是" if granted else "否", "依据": basis
            },
        ),
        "订单": (
            select(Order.number, Order.placed_at, Order.amount_fen).where(Order.fan_id.in_(me)).order_by(Order.placed_at),
            lambda number, at, fen: {"单号": number, "时间": written(at), "金额_元": fen / 100},
        ),
        "原声": (
            select(Voice.text, Voice.said_at, Voice.source).where(Voice.fan_id.in_(me)).order_by(Voice.id),
            lambda text, at, source: {"原话": text, "时间": written(at), "来源": source},
        ),
        "访谈附件": (
            select(Attachment.name, Attachment.added_at)
            .join(Interview, Interview.id == Attachment.interview_id)
            .where(Interview.fan_id.in_(me), Attachment.removed_at.is_(None)),
            lambda name, at: {"文件": name, "时间": written(at)},
        ),
        "推荐": (
            select(Referral.referred_at, Referral.note).where(Referral.referrer_fan_id.in_(me)).order_by(Referral.id),
            lambda at, note: {"带来一位": written(at), "怎么说的": note},
        ),
    }  # fmt: skip


def _done(me: Any) -> dict[str, tuple[Any, Callable[..., dict[str, Any]]]]:
    """What we did with it."""
    return {
        "标签": (
            select(Tag.name, FanTag.tagged_at)
            .join(FanTag, FanTag.tag_id == Tag.id)
            .where(FanTag.fan_id.in_(me), FanTag.removed_at.is_(None)),
            lambda name, at: {"标签": name, "时间": written(at)},
        ),
        "生命周期": (
            select(LifecycleChange.changed_on, LifecycleChange.to_stage)
            .where(LifecycleChange.fan_id.in_(me))
            .order_by(LifecycleChange.changed_on),
            lambda day, to: {"阶段": STAGES[to], "日期": day.isoformat()},
        ),
        "联系": (
            select(Contact.kind, Contact.channel, Contact.subject, Contact.contacted_at).where(Contact.fan_id.in_(me)),
            lambda kind, channel, subject, at: {
                "类别": _CONTACTS.get(kind, kind), "方式": _WAYS.get(channel, channel), "事由": subject, "时间": written(at)
            },
        ),
        "服务卡": (
            select(ServiceCard.deed, ServiceCard.state, ServiceCard.closed_at).where(ServiceCard.fan_id.in_(me)),
            lambda deed, state, at: {"内容": deed, "状态": _STATES.get(state, "还没做"), "时间": written(at)},
        ),
        "试用": (
            select(BacklogItem.title, Trial.verdict, Trial.words, Trial.invited_at)
            .join(BacklogItem, BacklogItem.id == Trial.item_id)
            .where(Trial.fan_id.in_(me)),
            lambda title, verdict, said, at: {
                "试用": title, "评价": VERDICTS.get(verdict, "还没有"), "原话": said, "邀请": written(at)
            },
        ),
        "告知": (
            select(func.coalesce(BacklogItem.title, Fix.title), Telling.told_at)
            .outerjoin(BacklogItem, BacklogItem.id == Telling.item_id)
            .outerjoin(Fix, Fix.id == Telling.fix_id)
            .where(Telling.fan_id.in_(me)),
            lambda title, at: {"事由": title, "时间": written(at) or "还没有"},
        ),
    }  # fmt: skip
