"""Invite exactly these fans to a wave: a segment, the raisers of a theme, a store's fans of the week; with who is left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor, in_scope, record_audit, require, vault
from fanops.collect import records_surveys as records
from fanops.database import Database
from fanops.errors import NotFound
from fanops.fans.records_contacts import MOST_IN_WINDOW, WINDOW
from fanops.fans.records_segments import members, read_conditions
from fanops.settings import settings
from fanops.spreadsheet import XLSX, write_xlsx
from fanops.tables import (
    Contact,
    Fan,
    ImportBatch,
    Invitation,
    Order,
    Response,
    Segment,
    Store,
    ThemeAssignment,
    Unit,
    Voice,
    Wave,
    now,
)  # fmt: skip

KINDS = {"segment": "一个人群", "theme": "说过一个主题的人", "week": "一家店这周来过的人"}
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Asked:
    """Who is to be asked: ``kind`` is a key of KINDS, ``about`` the segment's, theme's or store's id."""

    kind: str
    about: int


def _who(session: Session, actor: Actor, asked: Asked):
    if asked.kind == "segment":
        segment = session.exec(
            select(Segment).where(Segment.id == asked.about, Segment.brand_id == actor.brand_id)
        ).first()
        if segment is None:
            raise NotFound("没有这个人群。", "请从列表里选择。")
        return members(actor, read_conditions(segment.conditions))
    if asked.kind == "theme":
        return (
            select(func.coalesce(Fan.merged_into_id, Fan.id))
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
    raise NotFound("没有这种范围。", f"可用：{'、'.join(KINDS.values())}。")


def preview(session: Session, actor: Actor, wave_id: int, asked: Asked) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say who would be invited and who not, by name of reason; nothing is stored.

    Returns:
        Invited: ``fan_id, fan, store_id, store``; left out: ``fan_id, fan, why``.
    """
    wave = records.get_wave(session, actor, wave_id)
    statement = (
        select(Fan.id, Fan.name_masked, Fan.home_store_id, Store.name, Fan.opted_out_at, ImportBatch.party)
        .outerjoin(Store, Store.id == Fan.home_store_id)
        .outerjoin(ImportBatch, ImportBatch.id == Fan.import_batch_id)
        .where(Fan.id.in_(_who(session, actor, asked)), Fan.merged_into_id.is_(None), Fan.erased_at.is_(None))
        .order_by(Fan.id)
    )
    rows = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)).all()
    tired = set(
        session.exec(
            select(Contact.fan_id).where(Contact.contacted_at > now() - WINDOW).group_by(Contact.fan_id)
            .having(func.count(Contact.id) >= MOST_IN_WINDOW)
        )
    )  # fmt: skip
    personal = (Invitation.wave_id == wave.id, Invitation.fan_id.is_not(None))
    invited = set(session.exec(select(Invitation.fan_id).where(*personal)))
    answered = set(session.exec(_answered(wave.id)))
    yes, no = [], []
    for fan_id, name, store_id, store, opted_out_at, party in rows:
        why = (
            "已退订" if opted_out_at is not None
            else "来自第三方数据，未同意联系" if party == "third"
            else "这一期已经答过" if fan_id in answered
            else "这一期已经邀请过" if fan_id in invited
            else f"近 30 天已联系 {MOST_IN_WINDOW} 次" if fan_id in tired
            else ""
        )  # fmt: skip
        if why:
            no.append((fan_id, name, why))
        else:
            yes.append((fan_id, name, store_id, store))
    return (
        pd.DataFrame(yes, columns=["fan_id", "fan", "store_id", "store"]),
        pd.DataFrame(no, columns=["fan_id", "fan", "why"]),
    )


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
    for row in yes.itertuples():
        store_id = None if row.store_id is None or row.store_id != row.store_id else int(row.store_id)
        records.personal_code(session, actor, wave.id, int(row.fan_id), store_id)
        session.add(Contact(fan_id=int(row.fan_id), store_id=store_id, staff_id=actor.staff_id, kind="survey", channel="link",
                            subject=wave.title[:200]))  # fmt: skip
    session.flush()
    record_audit(session, actor, "invite_fans", f"wave:{wave.id}", kind=asked.kind, about=asked.about, fans=len(yes))
    return len(yes)


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
        .where(Invitation.wave_id == wave.id)
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
    asked = str(parameters.get("wave", ""))
    if not asked.isdecimal():
        raise NotFound("没有说是哪一期。", "请从问卷页面进入。")
    with db.read() as session:
        wave: Wave = records.get_wave(session, actor, int(asked))
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
