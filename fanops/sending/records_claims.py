"""For the worker: one message taken to be sent, and what came of it. A crash in between repeats it with the same id."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import Session, select

from fanops.access import vault
from fanops.sending.outcome import Outcome, pause_after
from fanops.sending.records import FAILED, SENT, WAITING
from fanops.tables import Fan, Message, Webhook, now

# Longer than any attempt takes; a message taken by a worker that died is tried again after it.
LEASE = timedelta(minutes=2)
_BREATH = timedelta(minutes=1)
SENDING = "正在发送，或已中断"


@dataclass(frozen=True)
class Claim:
    """A message in hand, all that sending needs; secrets only here and in memory.

    Attributes:
        message_id: Its row.
        key: Sent along, the same at every attempt.
        channel: ``webhook``, ``wecom`` or ``mail``.
        subject: Of a mail.
        body: JSON for an address.
        address: URL or mail address.
        text: Of a mail.
        secret: That signs, for ``webhook``.
        refused: Chinese reason why it must not be sent any more, else empty.
    """

    message_id: int
    key: str
    channel: str
    subject: str
    body: dict[str, Any]
    address: str = field(repr=False)
    text: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    refused: str = ""


def _due() -> Any:
    return (
        select(Message)
        .outerjoin(Webhook, Webhook.id == Message.webhook_id)
        .where(Message.state == WAITING, Message.next_try_at <= now())
        .where(or_(Message.webhook_id.is_(None), Webhook.paused_at.is_(None)))
        .order_by(Message.next_try_at, Message.id)
        .limit(1)
    )


def something_is_due(session: Session) -> bool:
    """Say whether anything waits to be sent now; a cheap read, asked every few seconds."""
    return session.exec(_due().with_only_columns(Message.id)).first() is not None


def claim_message(session: Session, message_id: int | None = None) -> Claim | None:
    """Take the message that has waited longest (or one, when it is due); no other worker takes it meanwhile."""
    statement = _due().with_for_update(skip_locked=True, of=Message)
    if message_id is not None:
        statement = statement.where(Message.id == message_id)
    row = session.exec(statement).first()
    if row is None:
        return None
    moment = now()
    row.attempts = [*row.attempts, {"at": moment.isoformat(), "status": None, "why": SENDING, "ms": None}]
    row.next_try_at = moment + LEASE
    session.add(row)
    common = {"message_id": row.id, "key": row.message_key, "channel": row.channel, "subject": row.subject}
    if row.channel == "mail":
        letter = json.loads(vault().unseal(row.to_sealed)) if row.to_sealed else {"to": "", "text": ""}
        return Claim(**common, body={}, address=letter["to"], text=letter["text"], refused=_why_not(session, row))
    webhook = session.get_one(Webhook, row.webhook_id)
    secret = vault().unseal(webhook.secret_sealed) if webhook.secret_sealed else ""
    return Claim(**common, body=dict(row.body), address=vault().unseal(webhook.address_sealed), secret=secret)


def _why_not(session: Session, row: Message) -> str:
    """Say why a fan must not be written to any more: they may have opted out since the message was written."""
    fan = session.get(Fan, row.fan_id) if row.fan_id else None
    if fan is not None and fan.merged_into_id is not None:
        fan = session.get(Fan, fan.merged_into_id)
    if fan is None or fan.erased_at is not None:
        return "资料已删除"
    return "已退订" if fan.opted_out_at is not None else "" if row.to_sealed else "没有收信地址"


def end_attempt(session: Session, message_id: int, outcome: Outcome) -> str:
    """Write down what came of an attempt, and when the next one is.

    Returns:
        The message's state; "" when it is gone (its receiver was removed meanwhile).
    """
    row = session.exec(select(Message).where(Message.id == message_id).with_for_update()).first()
    if row is None:
        return ""
    done = {"status": outcome.status, "why": outcome.why, "ms": outcome.ms}
    open_at = max((n for n, each in enumerate(row.attempts) if each["why"] == SENDING), default=len(row.attempts) - 1)
    row.attempts = [{**each, **done} if n == open_at else each for n, each in enumerate(row.attempts)]
    moment = now()
    if outcome.sent:
        row.state, row.sent_at, row.next_try_at = SENT, moment, None
        row.to_sealed = None
    elif row.state == WAITING:
        pause = pause_after(len(row.attempts), outcome)
        row.state = FAILED if pause is None else WAITING
        row.next_try_at = None if pause is None else moment + pause
    session.add(row)
    session.flush()
    if outcome.is_final and outcome.status == 410 and row.webhook_id is not None:
        session.exec(update(Webhook).where(Webhook.id == row.webhook_id).values(paused_at=moment))
    if outcome.is_down:
        _let_others_wait(session, row)
    return row.state


def _let_others_wait(session: Session, row: Message) -> None:
    """Hold back for a minute what else goes to a receiver that is down, so that the rest need not wait for it."""
    same = Message.webhook_id == row.webhook_id if row.webhook_id is not None else Message.channel == row.channel
    until = now() + _BREATH
    session.exec(
        update(Message).where(same, Message.id != row.id, Message.state == WAITING, Message.next_try_at < until)
        .values(next_try_at=until)
    )  # fmt: skip
