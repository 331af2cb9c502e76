"""Invite exactly these fans to a wave: a segment, the raisers of a theme, a store's fans of the week; with who is left out and why."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor, in_scope, record_audit, require, vault
from fanops.collect import records_surveys as records
from fanops.collect.records_quotas import still_wanted
from fanops.database import Database
from fanops.errors import NotFound
from fanops.fans.records_contacts import MOST_IN_WINDOW, WINDOW
from fanops.fans.records_person import PERSON
from fanops.fans.records_segments import members, read_conditions
from fanops.settings import settings
from fanops.spreadsheet import XLSX, write_xlsx
from fanops.tables import (
    Consent,
    Contact,
    Fan,
    ImportBatch,
    Invitation,
    Order,
    Panel,
    PanelFan,
    Response,
    Segment,
    Store,
    ThemeAssignment,
    Unit,
    Voice,
    Wave,
    now,
    row_id,
)  # fmt: skip

KINDS = {"segment": "一个人群", "theme": "说过一个主题的人", "week": "一家店这周来过的人", "wave": "答过另一期的人"}
PER_WANTED = 3  # about one in three who are asked answers; who knows better says so
_WEEK = timedelta(days=7)
_NO_COLUMNS = ["fan_id", "fan", "why"]


@dataclass(frozen=True)
class Asked:
    """Who is to be asked.

    Attributes:
        kind: A key of KINDS, or ``panel``.
        about: The segment's, theme's, store's, wave's or panel's id.
        per_wanted: Where a store has a quota, at most so many fans are asked for each response still wanted.
    """

    kind: str
    about: int
    per_wanted: int = PER_WANTED


def find_asked(session: Session, actor: Actor, asked: Asked):
    """Select the ids of the fans who are meant (not yet narrowed to the actor's stores).

    Raises:
        NotFound: No such segment, wave or panel, or an unknown kind.
    """
    if asked.kind == "segment":
        segment = session.exec(
            select(Segment).where(Segment.id == asked.about, Segment.brand_id == actor.brand_id)
        ).first()
        if segment is None:
            raise NotFound("没有这个人群。", "请从列表里选择。")
        return members(actor, read_conditions(segment.conditions))
    if asked.kind == "theme":
        return (
            select(PERSON)
            .join(Voice, Voice.fan_id == Fan.id)
            .join(Unit, Unit.voice_id == Voice.id)
            .join(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
            .where(ThemeAssignment.theme_id == asked.about, Voice.brand_id == actor.brand_id)
        )
    if asked.kind == "week":
        return select(Order.fan_id).where(
            Order.brand_id == actor.brand_id, Order.store_id == asked.about, Order.placed_at > now() - _WEEK,
            Order.fan_id.is_not(None),
        )  # fmt: skip
    if asked.kind == "wave":
        answered = select(PERSON).join(Response, Response.fan_id == Fan.id)
        wave = records.get_wave(session, actor, asked.about)
        return answered.where(Response.wave_id == wave.id, Response.state == "submitted")
    if asked.kind == "panel":
        return (
            select(PERSON)
            .join(PanelFan, PanelFan.fan_id == Fan.id)
            .join(Panel, Panel.id == PanelFan.panel_id)
            .where(Panel.id == asked.about, Panel.brand_id == actor.brand_id, PanelFan.left_at.is_(None))
        )
    raise NotFound("没有这种范围。", f"可用：{'、'.join(KINDS.values())}。")


def preview(session: Session, actor: Actor, wave_id: int, asked: Asked) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say who would be invited and who not, by name of reason; nothing is stored.

    Returns:
        Invited: ``fan_id, fan, store_id, store``; left out: ``fan_id, fan, why``.
    """
    wave = records.get_wave(session, actor, wave_id)
    return sort_out(session, actor, wave, find_asked(session, actor, asked), asked.per_wanted)


def sort_out(
    session: Session, actor: Actor, wave: Wave, who: Any, per_wanted: int = PER_WANTED
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part fans into those who may be invited to a wave and those who may not, as ``preview`` gives them.

    Args:
        session: Open session.
        actor: Whose scope.
        wave: The wave.
        who: Select of the fans' ids.
        per_wanted: As in Asked.
    """
    statement = (
        select(Fan.id, Fan.name_masked, Fan.home_store_id, Store.name, Fan.opted_out_at, ImportBatch.party)
        .outerjoin(Store, Store.id == Fan.home_store_id)
        .outerjoin(ImportBatch, ImportBatch.id == Fan.import_batch_id)
        .where(Fan.id.in_(who), Fan.merged_into_id.is_(None), Fan.erased_at.is_(None))
        .order_by(Fan.id)
    )
    rows = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)).all()
    tired = set(
        session.exec(
            select(Contact.fan_id).where(Contact.contacted_at > now() - WINDOW).group_by(Contact.fan_id)
            .having(func.count(Contact.id) >= MOST_IN_WINDOW)
        )
    )  # fmt: skip
    unwilling = _unwilling(session, actor)
    personal = (Invitation.wave_id == wave.id, Invitation.fan_id.is_not(None), Invitation.revoked_at.is_(None))
    invited = set(session.exec(select(Invitation.fan_id).where(*personal)))
    answered = set(session.exec(_answered(wave.id)))
    yes, no = [], []
    for fan_id, name, store_id, store, opted_out_at, party in rows:
        why = (
            "已退订" if opted_out_at is not None
            else "来自第三方数据，未同意联系" if party == "third"
            else "未同意联系" if fan_id in unwilling
            else "这一期已经答过" if fan_id in answered
            else "这一期已经邀请过" if fan_id in invited
            else f"近 30 天已联系 {MOST_IN_WINDOW} 次" if fan_id in tired
            else ""
        )  # fmt: skip
        if why:
            no.append((fan_id, name, why))
        else:
            yes.append((fan_id, name, store_id, store))
    yes, too_many = _within_quota(session, wave, yes, per_wanted)
    return (
        pd.DataFrame(yes, columns=["fan_id", "fan", "store_id", "store"]),
        pd.DataFrame(no + too_many, columns=_NO_COLUMNS),
    )


def _unwilling(session: Session, actor: Actor) -> set[int]:
    """Give the fans whose newest word on being contacted is no."""
    newest = select(func.max(Consent.id)).where(Consent.purpose == "contact").group_by(Consent.fan_id)
    statement = select(Consent.fan_id).join(Fan, Fan.id == Consent.fan_id).where(Fan.brand_id == actor.brand_id)
    return set(session.exec(statement.where(Consent.id.in_(newest), Consent.granted.is_(False))))


def _within_quota(session: Session, wave: Wave, people: list[tuple], per_wanted: int) -> tuple[list, list]:
    """Keep no more people of each store than its quota still needs; who is kept is drawn by lot, the same every time."""
    wanted = still_wanted(session, wave)
    statement = select(Invitation.store_id, func.count(Invitation.id)).where(
        Invitation.wave_id == wave.id, Invitation.fan_id.is_not(None), Invitation.revoked_at.is_(None),
        Invitation.store_id.is_not(None), Invitation.fan_id.not_in(_answered(wave.id)),
    )  # fmt: skip
    waiting = dict(session.exec(statement.group_by(Invitation.store_id)).all())
    room: dict[int, int] = {}
    kept, left_out = set(), []
    for fan_id, name, store_id, _store in sorted(people, key=lambda row: _lot(wave.id, row[0])):
        missing = None if store_id is None else wanted[store_id]
        if missing is None:
            kept.add(fan_id)
            continue
        left = room.setdefault(store_id, missing * max(1, per_wanted) - waiting.get(store_id, 0))
        if left > 0:
            room[store_id] -= 1
            kept.add(fan_id)
        else:
            why = "这家店的配额已满" if missing == 0 else "这家店还缺的，已邀请够"
            left_out.append((fan_id, name, why))
    return [row for row in people if row[0] in kept], sorted(left_out)


def _lot(wave_id: int, fan_id: int) -> str:
    return hashlib.sha256(f"{wave_id}:{fan_id}".encode()).hexdigest()


def _answered(wave_id: int):
    return select(Response.fan_id).where(
        Response.wave_id == wave_id, Response.state == "submitted", Response.fan_id.is_not(None)
    )


def invite(session: Session, actor: Actor, wave_id: int, asked: Asked) -> int:
    """Make a personal link for each fan whom the preview invites; each counts as a contact.

    Returns:
        How many were invited; 0 when it was just done.

    Raises:
        Conflict: The wave is not open.
    """
    require(actor, *records.WAVE_KEEPERS)
    wave = records.get_wave(session, actor, wave_id)
    records.check_is_open(wave)
    yes, _ = preview(session, actor, wave_id, asked)
    invite_people(session, actor, wave, yes)
    record_audit(session, actor, "invite_fans", f"wave:{wave.id}", kind=asked.kind, about=asked.about, fans=len(yes))
    return len(yes)


def invite_people(session: Session, actor: Actor, wave: Wave, people: pd.DataFrame) -> list[tuple[Invitation, Contact]]:
    """Make a personal link for each of the people whom ``sort_out`` lets be invited, and count it as a contact.

    Args:
        session: In a write transaction.
        actor: On whose behalf.
        wave: An open wave.
        people: Rows with ``fan_id, store_id``.

    Returns:
        The invitation and the contact of each, in the same order.
    """
    made = []
    for row in people.itertuples():
        store_id = None if row.store_id is None or row.store_id != row.store_id else int(row.store_id)
        invitation = records.personal_invitation(session, actor, wave.id, int(row.fan_id), store_id)
        contact = Contact(fan_id=int(row.fan_id), store_id=store_id, staff_id=actor.staff_id, kind="survey", channel="link",
                          subject=wave.title[:200])  # fmt: skip
        session.add(contact)
        made.append((invitation, contact))
    session.flush()
    return made


def invitation_counts(session: Session, actor: Actor, wave_id: int) -> tuple[int, int, int]:
    """Count personal invitations of a wave in scope: sent, opened, answered."""
    wave = records.get_wave(session, actor, wave_id)
    statement = (
        select(func.count(Invitation.id), func.count(Invitation.opened_at), func.count(func.distinct(Response.fan_id)))
        .join(Fan, Fan.id == Invitation.fan_id)
        .outerjoin(
            Response,
            (Response.wave_id == Invitation.wave_id)
            & (Response.fan_id == Invitation.fan_id)
            & (Response.state == "submitted"),
        )
        .where(Invitation.wave_id == wave.id, Invitation.revoked_at.is_(None))
    )
    return tuple(session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)).one())


def export_links(db: Database, actor: Actor, parameters: Mapping[str, str]) -> tuple[str, str, bytes]:
    """Give a wave's personal links as Excel, for whoever sends them; who answered is left out.

    Args:
        db: The database.
        actor: Whose scope.
        parameters: ``wave`` (id).

    Returns:
        File name, media type, content.
    """
    asked = row_id(str(parameters.get("wave", "")))
    if asked is None:
        raise NotFound("没有说是哪一期。", "请从问卷页面进入。")
    with db.read() as session:
        wave: Wave = records.get_wave(session, actor, asked)
        statement = (
            select(Fan.id, Fan.name_masked, Store.name, Invitation.code_sealed, Invitation.opened_at)
            .join(Invitation, Invitation.fan_id == Fan.id)
            .outerjoin(Store, Store.id == Fan.home_store_id)
            .where(Invitation.wave_id == wave.id, Invitation.revoked_at.is_(None), Fan.id.not_in(_answered(wave.id)))
            .order_by(Fan.id)
        )
        rows = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)).all()
    table = pd.DataFrame(
        [(fan_id, name, store or "", f"{settings().forms_url}/s/{vault().unseal(code)}", "是" if opened else "")
         for fan_id, name, store, code, opened in rows if code],
        columns=["粉丝编号", "粉丝", "门店", "个人链接", "打开过"],
    )  # fmt: skip
    return f"{wave.title}-个人链接.xlsx", XLSX, write_xlsx(table)
