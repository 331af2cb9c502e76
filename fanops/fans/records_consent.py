"""Consent of a fan (同意): what they agreed to, and the one word that stops every contact; both with who noted it and when."""

from __future__ import annotations

import re
from datetime import date, datetime

import pandas as pd
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor, in_scope, record_audit, vault
from fanops.database.frames import frame_of
from fanops.errors import Conflict, InvalidInput
from fanops.fans.records import get_fan
from fanops.fans.records_contacts import reasons_not_to_contact
from fanops.fans.records_person import person_ids
from fanops.settings import settings
from fanops.tables import Consent, Fan, ServiceCard, now
from fanops.text.masking import mask_identifiers

CONTACT, BIRTHDAY = "contact", "birthday"
PURPOSES = {CONTACT: "主动联系", "mail": "邮件", "reply": "回复本次意见", "survey": "问卷邀请", BIRTHDAY: "生日问候"}
_LONGEST = 100


def consent_state(session: Session, actor: Actor, fan_id: int) -> pd.DataFrame:
    """Give the newest word of a fan per purpose, of the records merged into them too.

    Returns:
        Rows ``purpose, granted, basis, given_at``, the newest first.

    Raises:
        NotFound: A fan that this actor doesn't see.
    """
    fan = get_fan(session, actor, fan_id)
    me = person_ids(fan.id)
    statement = select(Consent.purpose, Consent.granted, Consent.basis, Consent.given_at).where(Consent.fan_id.in_(me))
    rows = session.exec(statement.order_by(Consent.given_at.desc(), Consent.id.desc())).all()
    frame = frame_of(rows, ["purpose", "granted", "basis", "given_at"])
    return frame.drop_duplicates("purpose", ignore_index=True)


def opt_out(session: Session, actor: Actor, fan_id: int, said: str = "") -> datetime:
    """Note that a fan wants no contact (退订); anybody who hears it may and should. Their open cards are closed.

    Returns:
        Since when.

    Raises:
        Conflict: They have opted out already.
    """
    fan = get_fan(session, actor, fan_id)
    if fan.opted_out_at is not None:
        raise Conflict("这位粉丝已经退订了。", "不会再有人主动联系。")
    fan.opted_out_at = now()
    session.add(fan)
    waiting = select(ServiceCard).where(ServiceCard.fan_id.in_(person_ids(fan.id)), ServiceCard.state == "open")
    for card in session.exec(waiting):
        card.state, card.why_not, card.staff_id, card.closed_at = "not_done", "已退订", actor.staff_id, now()
        session.add(card)
    _note(session, actor, fan, granted=False, basis=said.strip() or "告诉了店员")
    return fan.opted_out_at


def opt_in(session: Session, actor: Actor, fan_id: int, said: str) -> None:
    """Note that a fan who had opted out agrees to contact again, in their words.

    Raises:
        InvalidInput: Nothing is written of what they said.
        Conflict: They have not opted out.
    """
    fan = get_fan(session, actor, fan_id)
    if fan.opted_out_at is None:
        raise Conflict("这位粉丝没有退订。", "")
    if not said.strip():
        raise InvalidInput("要写一句顾客是怎么同意的。", "例如：上新时可以微信告诉我。")
    fan.opted_out_at = None
    session.add(fan)
    _note(session, actor, fan, granted=True, basis=said.strip())


def agree(session: Session, actor: Actor, fan_id: int, purpose: str, said: str = "") -> None:
    """Note that a fan agrees to a purpose of PURPOSES, for example to birthday wishes.

    Raises:
        InvalidInput: No such purpose.
        Conflict: They have opted out of everything.
    """
    fan = get_fan(session, actor, fan_id)
    if purpose not in PURPOSES:
        raise InvalidInput("没有这种用途。", f"可用：{'、'.join(PURPOSES.values())}。")
    if fan.opted_out_at is not None:
        raise Conflict("这位粉丝已经退订了。", "先记下又可以联系，再记这一项。")
    _note(session, actor, fan, granted=True, basis=said.strip() or "告诉了店员", purpose=purpose)


def birthdays_today(session: Session, actor: Actor, at: date | None = None) -> pd.DataFrame:
    """List whose birthday is today, of those who agreed to birthday wishes and may be contacted.

    Returns:
        Rows ``fan_id, fan, level``.
    """
    today = at or now().astimezone(settings().zone).date()
    newest = select(func.max(Consent.id)).where(Consent.purpose == BIRTHDAY).group_by(Consent.fan_id).scalar_subquery()
    agreed = select(Consent.fan_id).where(Consent.id.in_(newest), Consent.granted.is_(True))
    statement = select(Fan.id, Fan.name_masked, Fan.level, Fan.birthday_sealed).where(
        Fan.birthday_sealed.is_not(None), Fan.merged_into_id.is_(None), Fan.id.in_(agreed)
    )
    key, found = vault(), []
    for fan_id, name, level, sealed in session.exec(
        in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)
    ):
        if _month_and_day(key.unseal(sealed)) == (today.month, today.day):
            found.append((fan_id, name, level))
    barred = reasons_not_to_contact(session, [row[0] for row in found])
    return pd.DataFrame([row for row in found if row[0] not in barred], columns=["fan_id", "fan", "level"])


def _month_and_day(text: str) -> tuple[int, int] | None:
    """Read a birthday as it was given (1990-05-06, 5月6日, 19900506), None when it is none."""
    numbers = re.findall(r"\d+", text)
    if len(numbers) == 1 and len(numbers[0]) in (4, 8):
        numbers = [numbers[0][-4:-2], numbers[0][-2:]]
    return (int(numbers[-2]), int(numbers[-1])) if len(numbers) >= 2 else None


def _note(session: Session, actor: Actor, fan: Fan, *, granted: bool, basis: str, purpose: str = CONTACT) -> None:
    session.add(Consent(fan_id=fan.id, purpose=purpose, granted=granted, basis=mask_identifiers(basis).text[:_LONGEST]))
    session.flush()
    record_audit(session, actor, "opt_in" if granted else "opt_out", f"fan:{fan.id}", purpose=purpose)
