"""Contacts are counted whatever their kind; the fourth in 30 days is refused with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor
from fanops.errors import Conflict
from fanops.fans.records_person import PERSON
from fanops.tables import Contact, Fan, ImportBatch, now

MOST_IN_WINDOW = 3
WINDOW = timedelta(days=30)
_ASKED_AT_ONCE = 5_000


def why_not_contact(session: Session, fan: Fan) -> str:
    """Say why a fan must not be contacted now (退订、已删除、第三方数据、近 30 天已联系 3 次), empty when they may."""
    return reasons_not_to_contact(session, [fan.id]).get(fan.id, "")


def reasons_not_to_contact(session: Session, fan_ids: Sequence[int]) -> dict[int, str]:
    """Say for each of many fans who must not be contacted now, why; those who may are left out.

    A person counts as a whole: a contact or an opt-out under a merged record holds for the kept one, and the other way round.
    """
    found: dict[int, str] = {}
    for start in range(0, len(fan_ids), _ASKED_AT_ONCE):
        some = list(fan_ids[start : start + _ASKED_AT_ONCE])
        owner = dict(session.exec(select(Fan.id, PERSON).where(Fan.id.in_(some))).all())
        records = _records_of(session, sorted(set(owner.values())))
        whys = {person: _why_not(rows) for person, rows in records.items()}
        found |= {fan_id: whys[person] for fan_id, person in owner.items() if whys[person]}
    return found


class _Record(NamedTuple):
    """One record of a person, as far as contacting them goes."""

    erased: bool
    opted_out: bool
    third_party: bool
    recent: int


def _records_of(session: Session, persons: Sequence[int]) -> dict[int, list[_Record]]:
    """Give every record of some persons: what was said or done under one holds for all of them."""
    theirs = Fan.id.in_(persons) | Fan.merged_into_id.in_(persons)
    recent = (
        select(func.count(Contact.id))
        .where(Contact.fan_id == Fan.id, Contact.contacted_at > now() - WINDOW)
        .correlate(Fan)
        .scalar_subquery()
    )
    statement = (
        select(PERSON, Fan.erased_at, Fan.opted_out_at, ImportBatch.party, recent)
        .outerjoin(ImportBatch, ImportBatch.id == Fan.import_batch_id)
        .where(theirs)
    )
    records: dict[int, list[_Record]] = {}
    for person, erased_at, opted_out_at, party, count in session.exec(statement):
        one = _Record(erased_at is not None, opted_out_at is not None, party == "third", count)
        records.setdefault(person, []).append(one)
    return records


def _why_not(records: Sequence[_Record]) -> str:
    recent = sum(each.recent for each in records)
    if any(each.erased for each in records):
        return "资料已删除"
    if any(each.opted_out for each in records):
        return "已退订"
    if all(each.third_party for each in records):
        return "来自第三方数据，未同意联系"
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


def take_back_contact(session: Session, fan_id: int, kinds: Sequence[str], subject: str) -> None:
    """Take the newest contact of these kinds and subject out of the log (undo): it did not happen, and counts for no limit."""
    contact = session.exec(
        select(Contact)
        .where(Contact.fan_id == fan_id, Contact.kind.in_(kinds), Contact.subject == subject)
        .order_by(Contact.id.desc())
    ).first()
    if contact is not None:
        session.delete(contact)
