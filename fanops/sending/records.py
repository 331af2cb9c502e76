"""Receivers and the outbox: a message is written in the transaction of its deed, and sent later by the worker."""

from __future__ import annotations

import ipaddress
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
from sqlalchemy import case, func
from sqlmodel import Session, select

from fanops.access import Actor, Role, in_scope, record_audit, require, require_store, vault
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.sending.addresses import is_public, mask_address, read_address
from fanops.sending.events import EVENT_LABELS, EVENTS, TEST, sentence
from fanops.sending.signature import new_secret
from fanops.settings import settings
from fanops.tables import Fan, Message, Store, Webhook, now

HEAD_OFFICE = (Role.PRODUCT, Role.CEO, Role.ADMIN)
WAITING, SENT, FAILED = "waiting", "sent", "failed"
STATE_LABELS = {WAITING: "等待发送", SENT: "已送到", FAILED: "没有送到"}
CHANNEL_LABELS = {"webhook": "网络钩子", "wecom": "群机器人", "mail": "邮件"}
_HEALTH_DAYS = 7
_LONGEST_NAME = 40


# --- receivers ----------------------------------------------------------------------------------------------------


def add_webhook(
    session: Session, actor: Actor, kind: str, name: str, address: str, events: Sequence[str],
    store_id: int | None = None,
) -> tuple[Webhook, str]:  # fmt: skip
    """Add a receiver (接收地址).

    Args:
        session: A writing session.
        actor: Head office.
        kind: ``webhook`` or ``wecom``.
        name: What people call it.
        address: Its URL; kept sealed, shown masked.
        events: Keys of EVENTS; a robot of one store may have none, it then gets invitations only.
        store_id: Only what concerns this store; None for the whole brand.

    Returns:
        The row, and the signing secret, which is shown this once ("" for a robot).

    Raises:
        InvalidInput: No name, no events, or not an address that may be used.
    """
    require(actor, *HEAD_OFFICE)
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME:
        raise InvalidInput(f"名称要有 1 到 {_LONGEST_NAME} 个字。", "例如：产品部看板。")
    checked = read_address(kind, address)
    if not settings().private_receivers and _is_inside(checked.host):
        raise InvalidInput("这是内网地址，不允许发送。", "如确实要发到内网，请管理员设置 FANOPS_PRIVATE_RECEIVERS。")
    unknown = [event for event in events if event not in EVENTS]
    if unknown:
        raise InvalidInput(f"没有这些事件：{'、'.join(unknown)}。", f"可用：{'、'.join(EVENTS)}。")
    if not events and not (kind == "wecom" and store_id is not None):
        raise InvalidInput("至少要选一个事件。")
    if store_id is not None:
        require_store(session, actor, store_id)
    secret = new_secret() if kind == "webhook" else ""
    row = Webhook(
        brand_id=actor.brand_id, store_id=store_id, kind=kind, name=name, address_sealed=vault().seal(address.strip()),
        address_masked=mask_address(checked), secret_sealed=vault().seal(secret) if secret else None,
        events=list(dict.fromkeys(events)), account_id=actor.account_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record_audit(session, actor, "add_webhook", f"webhook:{row.id}", kind=kind, events=row.events)
    return row, secret


def _is_inside(host: str) -> bool:
    """Say whether a host is plainly inside the house; names are resolved, and refused, when something is sent."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    return not is_public(host)


def get_webhook(session: Session, actor: Actor, webhook_id: int) -> Webhook:
    """Give a receiver of the actor's brand; head office only.

    Raises:
        NotFound: No such one.
    """
    require(actor, *HEAD_OFFICE)
    row = session.exec(select(Webhook).where(Webhook.id == webhook_id, Webhook.brand_id == actor.brand_id)).first()
    if row is None:
        raise NotFound("没有这个接收地址。", "请从列表里选择。")
    return row


def pause_webhook(session: Session, actor: Actor, webhook_id: int, *, paused: bool = True) -> Webhook:
    """Pause a receiver (nothing new is written for it, what waits is held) or let it go on."""
    row = get_webhook(session, actor, webhook_id)
    row.paused_at = (row.paused_at or now()) if paused else None
    session.add(row)
    record_audit(session, actor, "pause_webhook" if paused else "resume_webhook", f"webhook:{row.id}")
    return row


def remove_webhook(session: Session, actor: Actor, webhook_id: int) -> None:
    """Remove a receiver with its messages."""
    row = get_webhook(session, actor, webhook_id)
    session.delete(row)
    record_audit(session, actor, "remove_webhook", f"webhook:{webhook_id}")


def write_test(session: Session, actor: Actor, webhook_id: int) -> Message:
    """Write a test message, also for a paused receiver's sake refused when paused.

    Raises:
        Conflict: The receiver is paused.
    """
    row = get_webhook(session, actor, webhook_id)
    if row.paused_at is not None:
        raise Conflict("这个地址暂停着。", "先恢复，再发测试消息。")
    message = _message_to(row, TEST, {})
    session.add(message)
    session.flush()
    record_audit(session, actor, "test_webhook", f"webhook:{row.id}")
    return message


def webhook_table(session: Session, actor: Actor) -> pd.DataFrame:
    """List receivers with their health.

    Returns:
        ``webhook_id, name, kind, address, store, events, paused_at, sent, waiting, failed, last_sent_at``: messages
        sent and failed count the last seven days, waiting all.
    """
    require(actor, *HEAD_OFFICE)
    recent = Message.created_at > now() - timedelta(days=_HEALTH_DAYS)
    statement = (
        select(
            Webhook, Store.name,
            func.sum(case((recent & (Message.state == SENT), 1), else_=0)),
            func.sum(case((Message.state == WAITING, 1), else_=0)),
            func.sum(case((recent & (Message.state == FAILED), 1), else_=0)),
            func.max(Message.sent_at),
        )
        .outerjoin(Store, Store.id == Webhook.store_id)
        .outerjoin(Message, Message.webhook_id == Webhook.id)
        .where(Webhook.brand_id == actor.brand_id)
        .group_by(Webhook.id, Store.name)
        .order_by(Webhook.id)
    )  # fmt: skip
    rows = [
        (row.id, row.name, row.kind, row.address_masked, store, list(row.events), row.paused_at, int(sent or 0),
         int(waiting or 0), int(failed or 0), last)
        for row, store, sent, waiting, failed, last in session.exec(statement)
    ]  # fmt: skip
    columns = ["webhook_id", "name", "kind", "address", "store", "events", "paused_at", "sent", "waiting", "failed",
               "last_sent_at"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


# --- the outbox ---------------------------------------------------------------------------------------------------


def new_key() -> str:
    """Make a message's key: the id by which a receiver drops repeats."""
    return f"msg_{secrets.token_hex(13)}"


def record_event(
    session: Session, actor: Actor, event: str, data: Mapping[str, Any], store_ids: Sequence[int] = ()
) -> int:
    """Write a message for each receiver that listens to an event, in the transaction of the deed.

    Costs one look-up when nobody listens.

    Args:
        session: The deed's session.
        actor: Whose brand.
        event: A key of EVENTS.
        data: Ids, titles, states, counts, moments: JSON values, never a fan's words, name or number.
        store_ids: The stores it concerns; a receiver of one store hears only of its own. Empty: the whole brand.

    Returns:
        How many messages were written.
    """
    statement = select(Webhook).where(Webhook.brand_id == actor.brand_id, Webhook.paused_at.is_(None))
    listening = [
        row for row in session.exec(statement.order_by(Webhook.id))
        if event in row.events and (row.store_id is None or row.store_id in store_ids)
    ]  # fmt: skip
    if not listening:
        return 0
    names = _store_names(session, store_ids)
    for row in listening:
        own = [store_id for store_id in names if row.store_id in (None, store_id)]
        stores = {"stores": [{"id": store_id, "name": names[store_id]} for store_id in own]} if own else {}
        session.add(_message_to(row, event, {**data, **stores}))
    session.flush()
    return len(listening)


def _store_names(session: Session, store_ids: Sequence[int]) -> dict[int, str]:
    if not store_ids:
        return {}
    found = dict(session.exec(select(Store.id, Store.name).where(Store.id.in_(list(store_ids)))).all())
    return {store_id: found[store_id] for store_id in dict.fromkeys(store_ids)}


def _message_to(row: Webhook, event: str, data: Mapping[str, Any]) -> Message:
    said, moment = sentence(event, data), now()
    if row.kind == "wecom":
        body: dict[str, Any] = {"msgtype": "text", "text": {"content": said}}
    else:
        body = {"type": event, "timestamp": moment.isoformat(), "data": dict(data)}
    return Message(
        brand_id=row.brand_id, webhook_id=row.id, channel=row.kind, event=event, subject=said[:120], body=body,
        message_key=new_key(), next_try_at=moment, created_at=moment,
    )  # fmt: skip


def robots_by_store(session: Session, actor: Actor) -> dict[int, int]:
    """Give the group robot (webhook id) of each store that has one; paused ones don't count."""
    statement = select(Webhook.store_id, Webhook.id).where(
        Webhook.brand_id == actor.brand_id, Webhook.kind == "wecom", Webhook.store_id.is_not(None),
        Webhook.paused_at.is_(None),
    )  # fmt: skip
    return dict(session.exec(statement.order_by(Webhook.id.desc())).all())


def write_to_robot(session: Session, webhook_id: int, event: str, data: Mapping[str, Any], store_id: int) -> Message:
    """Write a message to one group robot, whatever events it has chosen."""
    names = _store_names(session, [store_id])
    stores = [{"id": store_id, "name": names[store_id]}]
    message = _message_to(session.get_one(Webhook, webhook_id), event, {**data, "stores": stores})
    session.add(message)
    session.flush()
    return message


def write_mail(
    session: Session, actor: Actor, fan_id: int, to: str, subject: str, text: str, event: str, about: Mapping[str, Any]
) -> Message:
    """Write a mail to a fan; address and text (it holds a personal link) are kept sealed until it is sent.

    Args:
        session: The deed's session.
        actor: Who writes.
        fan_id: To whom; dropped when they opt out before it is sent.
        to: Mail address, normalised.
        subject: Of the mail; names nobody.
        text: Of the mail.
        event: A key of EVENT_LABELS.
        about: Ids that say what it is about.
    """
    sealed = vault().seal(json.dumps({"to": to, "text": text}, ensure_ascii=False))
    message = Message(
        brand_id=actor.brand_id, fan_id=fan_id, channel="mail", event=event, subject=subject[:120], body=dict(about),
        to_sealed=sealed, message_key=new_key(), next_try_at=now(),
    )  # fmt: skip
    session.add(message)
    session.flush()
    return message


def message_table(
    session: Session,
    actor: Actor,
    state: str = "",
    webhook_id: int | None = None,
    limit: int = 200,
    message_id: int | None = None,
) -> pd.DataFrame:
    """List messages, newest first.

    Returns:
        ``message_id, created_at, channel, event, subject, to, state, attempts, why, next_try_at, sent_at``: ``to`` is
        the receiver's name or the fan's masked one, ``attempts`` the whole log.
    """
    require(actor, *HEAD_OFFICE)
    statement = (
        select(Message, Webhook.name, Fan.name_masked)
        .outerjoin(Webhook, Webhook.id == Message.webhook_id)
        .outerjoin(Fan, Fan.id == Message.fan_id)
        .order_by(Message.id.desc())
        .limit(limit)
    )
    if state:
        statement = statement.where(Message.state == state)
    if message_id is not None:
        statement = statement.where(Message.id == message_id)
    if webhook_id is not None:
        statement = statement.where(Message.webhook_id == webhook_id)
    rows = [
        (row.id, row.created_at, row.channel, EVENT_LABELS.get(row.event, row.event), row.subject, name or fan or "",
         row.state, list(row.attempts), row.attempts[-1]["why"] if row.attempts else "", row.next_try_at, row.sent_at)
        for row, name, fan in session.exec(in_scope(statement, actor, brand=Message.brand_id))
    ]  # fmt: skip
    columns = ["message_id", "created_at", "channel", "event", "subject", "to", "state", "attempts", "why",
               "next_try_at", "sent_at"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype({"next_try_at": object, "sent_at": object})


def message_counts(session: Session, actor: Actor) -> dict[str, int]:
    """Count messages by state."""
    require(actor, *HEAD_OFFICE)
    statement = select(Message.state, func.count()).group_by(Message.state)
    found = dict(session.exec(in_scope(statement, actor, brand=Message.brand_id)).all())
    return {state: int(found.get(state, 0)) for state in STATE_LABELS}


def _own_message(session: Session, actor: Actor, message_id: int) -> Message:
    require(actor, *HEAD_OFFICE)
    statement = select(Message).where(Message.id == message_id, Message.brand_id == actor.brand_id)
    row = session.exec(statement.with_for_update()).first()
    if row is None:
        raise NotFound("没有这条消息。", "请从列表里选择。")
    return row


def send_again(session: Session, actor: Actor, message_id: int) -> Message:
    """Put a message in line to be sent at once, with the same id.

    Raises:
        Conflict: A mail to a fan that has been sent: they are not written to twice.
    """
    row = _own_message(session, actor, message_id)
    if row.channel == "mail" and row.to_sealed is None:
        raise Conflict("这封邮件已经送到，不再发第二次。", "要再联系，请重新邀请。")
    row.state, row.next_try_at, row.sent_at = WAITING, now(), None
    session.add(row)
    record_audit(session, actor, "send_again", f"message:{row.id}")
    return row


def give_up(session: Session, actor: Actor, message_id: int) -> Message:
    """Give up a message that waits.

    Raises:
        Conflict: It does not wait.
    """
    row = _own_message(session, actor, message_id)
    if row.state != WAITING:
        raise Conflict("这条消息没有在等待。", f"它{STATE_LABELS[row.state]}。")
    given_up = {"at": now().isoformat(), "status": None, "why": "由人放弃", "ms": None}
    row.state, row.next_try_at, row.attempts = FAILED, None, [*row.attempts, given_up]
    session.add(row)
    record_audit(session, actor, "give_up_message", f"message:{row.id}")
    return row
