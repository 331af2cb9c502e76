"""Contacts are counted whatever their kind; the fourth in 30 days is refused with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor
from fanops.errors import Conflict
from fanops.tables import Contact, Fan, ImportBatch, now

MOST_IN_WINDOW = 3
WINDOW = timedelta(days=30)
_ASKED_AT_ONCE = 5_000


def why_not_contact(session: Session, fan: Fan) -> str:
    """Say why a fan must not be contacted now (退订、已删除、第三方数据、近 30 天已联系 3 次), empty when they may."""
    return reasons_not_to_contact(session, [fan.id]).get(fan.id, "")


def reasons_not_to_contact(session: Session, fan_ids: Sequence[int]) -> dict[int, str]:
    """Say for each of many fans who must not be contacted now, why; those who may are left out."""
    found: dict[int, str] = {}
    for start in range(0, len(fan_ids), _ASKED_AT_ONCE):
        some = list(fan_ids[start : start + _ASKED_AT_ONCE])
        counts = dict(
            session.exec(
                select(Contact.fan_id, func.count(Contact.id))
                .where(Contact.fan_id.in_(some), Contact.contacted_at > now() - WINDOW)
                .group_by(Contact.fan_id)
            ).all()
        )
        statement = (
            select(Fan.id, Fan.erased_at, Fan.opted_out_at, ImportBatch.party)
            .outerjoin(ImportBatch, ImportBatch.id == Fan.import_batch_id)
            .where(Fan.id.in_(some))
        )
        for fan_id, erased_at, opted_out_at, party in session.exec(statement):
            recent = counts.get(fan_id, 0)
            why = (
                "资料已删除" if erased_at is not None
                else "已退订" if opted_out_at is not None
                else "来自第三方数据，未同意联系" if party == "third"
                else f"近 30 天已联系 {recent} 次" if recent >= MOST_IN_WINDOW
                else ""
            )  # fmt: skip
            if why:
                found[fan_id] = why
    return found


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
