"""Contacts are counted whatever their kind; the fourth in 30 days is refused with the reason."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor
from fanops.errors import Conflict
from fanops.tables import Contact, Fan, ImportBatch, now

MOST_IN_WINDOW = 3
WINDOW = timedelta(days=30)


def why_not_contact(session: Session, fan: Fan) -> str:
    """Say why a fan must not be contacted now (退订、已删除、第三方数据、近 30 天已联系 3 次), empty when they may."""
    if fan.erased_at is not None:
        return "资料已删除"
    if fan.opted_out_at is not None:
        return "已退订"
    batch = session.get(ImportBatch, fan.import_batch_id) if fan.import_batch_id else None
    if batch is not None and batch.party == "third":
        return "来自第三方数据，未同意联系"
    recent = session.exec(
        select(func.count()).select_from(Contact).where(Contact.fan_id == fan.id, Contact.contacted_at > now() - WINDOW)
    ).one()
    return f"近 30 天已联系 {recent} 次" if recent >= MOST_IN_WINDOW else ""


def record_contact(
    session: Session, actor: Actor, fan: Fan, kind: str, channel: str, subject: str = "", result: str = ""
) -> Contact:
    """Log a contact.

    Raises:
        Conflict: The fan must not be contacted, with the reason.
    """
    reason = why_not_contact(session, fan)
    if reason:
        raise Conflict(f"现在不能联系这位粉丝：{reason}。", "等到窗口过去，或当面交流。")
    contact = Contact(
        fan_id=fan.id, store_id=actor.store_id or fan.home_store_id, staff_id=actor.staff_id, kind=kind, channel=channel,
        subject=subject[:200], result=result[:200],
    )  # fmt: skip
    session.add(contact)
    session.flush()
    return contact
