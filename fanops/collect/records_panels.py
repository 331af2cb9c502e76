"""Panels (固定样本组): the same fans asked again over waves; who is in, who left and why, what they answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor, in_scope, record_audit, require
from fanops.collect import invite_fans as inviting
from fanops.collect import records_surveys as records
from fanops.collect.invite_fans import Asked
from fanops.collect.surveys.attrition import AskedWave
from fanops.collect.surveys.definition import SurveyDefinition
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans.records_person import PERSON
from fanops.tables import (
    Answer,
    Fan,
    Invitation,
    Panel,
    PanelFan,
    PanelWave,
    Response,
    Store,
    SurveyVersion,
    Wave,
    now,
)  # fmt: skip

SOURCES = ("segment", "theme", "wave", "week")
REASONS = ("不想再参加", "联系不上", "搬走了", "员工或家属", "其他")


def create_panel(session: Session, actor: Actor, title: str, asked: Asked) -> tuple[Panel, int]:
    """Make a panel of a segment, a theme's raisers, a store's fans of the week, or the respondents of a wave.

    Made of a wave's respondents, that wave is the panel's first.

    Returns:
        The panel and how many fans are in it.

    Raises:
        Conflict: The title is taken, or the wave belongs to another panel.
        InvalidInput: No title, or nobody is there.
    """
    require(actor, *records.WAVE_KEEPERS)
    title = title.strip()[:80]
    if not title:
        raise InvalidInput("固定样本组要有名字。", "例如：2026 核心粉丝。")
    if session.exec(select(Panel.id).where(Panel.brand_id == actor.brand_id, Panel.title == title)).first() is not None:
        raise Conflict(f"已经有叫“{title}”的固定样本组。", "换一个名字。")
    if asked.kind not in SOURCES:
        raise NotFound("没有这种范围。", "可以从人群、主题、门店或一期的答卷里来。")
    statement = select(Fan.id).where(
        Fan.id.in_(inviting.find_asked(session, actor, asked)), Fan.merged_into_id.is_(None), Fan.erased_at.is_(None)
    )
    fans = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id).order_by(Fan.id)).all()
    if not fans:
        raise InvalidInput("这个范围里没有您看得到的粉丝。", "换一个范围。")
    panel = Panel(brand_id=actor.brand_id, title=title, account_id=actor.account_id)
    session.add(panel)
    session.flush()
    if asked.kind == "wave":
        _add_wave(session, panel, records.get_wave(session, actor, asked.about))
    session.add_all(PanelFan(panel_id=panel.id, fan_id=fan_id) for fan_id in fans)
    session.flush()
    record_audit(
        session, actor, "create_panel", f"panel:{panel.id}", kind=asked.kind, about=asked.about, fans=len(fans)
    )
    return panel, len(fans)


def _add_wave(session: Session, panel: Panel, wave: Wave) -> None:
    known = session.exec(select(PanelWave).where(PanelWave.wave_id == wave.id)).first()
    if known is None:
        session.add(PanelWave(panel_id=panel.id, wave_id=wave.id))
        session.flush()
    elif known.panel_id != panel.id:
        other = session.get_one(Panel, known.panel_id).title
        raise Conflict(f"“{wave.title}”已经是“{other}”的一期。", "一期只能属于一个固定样本组；另开一期。")


def waves_of_others(session: Session, actor: Actor, panel_id: int) -> set[int]:
    """Give the waves that are another panel's: this one can't be asked with them."""
    statement = select(PanelWave.wave_id).join(Panel, Panel.id == PanelWave.panel_id)
    return set(session.exec(statement.where(Panel.brand_id == actor.brand_id, Panel.id != panel_id)))


def get_panel(session: Session, actor: Actor, panel_id: int) -> Panel:
    """Give a panel of the actor's brand.

    Raises:
        NotFound: No such panel, or another brand's.
    """
    panel = session.exec(select(Panel).where(Panel.id == panel_id, Panel.brand_id == actor.brand_id)).first()
    if panel is None:
        raise NotFound("没有这个固定样本组。", "请从列表里选择。")
    return panel


def panels(session: Session, actor: Actor) -> pd.DataFrame:
    """List the brand's panels, newest first: ``panel_id, title, fans, waves, created_at``; fans in the actor's scope."""
    counted = select(PanelFan.panel_id, func.count(PanelFan.id)).join(Fan, Fan.id == PanelFan.fan_id)
    counted = in_scope(counted.where(PanelFan.left_at.is_(None)), actor, brand=Fan.brand_id, store=Fan.home_store_id)
    fans = dict(session.exec(counted.group_by(PanelFan.panel_id)).all())
    asked = dict(session.exec(select(PanelWave.panel_id, func.count(PanelWave.id)).group_by(PanelWave.panel_id)).all())
    rows = session.exec(select(Panel).where(Panel.brand_id == actor.brand_id).order_by(Panel.id.desc())).all()
    return pd.DataFrame(
        [(each.id, each.title, fans.get(each.id, 0), asked.get(each.id, 0), each.created_at) for each in rows],
        columns=["panel_id", "title", "fans", "waves", "created_at"],
    )


def panel_fans(session: Session, actor: Actor, panel_id: int) -> pd.DataFrame:
    """List a panel's fans in the actor's scope.

    Returns:
        Rows ``fan_id, fan, store, level, joined_at, left_at, why``: a fan merged into another stands as that one, who
        opted out or was erased has left for that reason.
    """
    panel = get_panel(session, actor, panel_id)
    statement = (
        select(PanelFan.fan_id, Fan.merged_into_id, PanelFan.joined_at, PanelFan.left_at, PanelFan.reason)
        .join(Fan, Fan.id == PanelFan.fan_id)
        .where(PanelFan.panel_id == panel.id)
        .order_by(PanelFan.id)
    )
    rows = {}
    for fan_id, merged_into_id, *rest in session.exec(statement):
        rows.setdefault(merged_into_id or fan_id, rest)
    known = select(Fan.id, Fan.name_masked, Store.name, Fan.level, Fan.opted_out_at, Fan.erased_at)
    known = known.outerjoin(Store, Store.id == Fan.home_store_id).where(Fan.id.in_(_members(panel.id)))
    listed = []
    for fan_id, name, store, level, opted_out_at, erased_at in session.exec(
        in_scope(known, actor, brand=Fan.brand_id, store=Fan.home_store_id).order_by(Fan.id)
    ):
        joined_at, left_at, reason = rows[fan_id]
        if left_at is None and (gone := erased_at or opted_out_at):
            left_at, reason = gone, "资料已删除" if erased_at else "已退订"
        listed.append((fan_id, name, store or "", level, joined_at, left_at, reason if left_at else ""))
    return pd.DataFrame(listed, columns=["fan_id", "fan", "store", "level", "joined_at", "left_at", "why"])


def _members(panel_id: int):
    statement = select(PERSON).join(PanelFan, PanelFan.fan_id == Fan.id)
    return statement.where(PanelFan.panel_id == panel_id)


def leave_panel(session: Session, actor: Actor, panel_id: int, fan_id: int, reason: str) -> None:
    """Note that a fan no longer takes part; what was answered stays.

    Raises:
        InvalidInput: No reason.
        NotFound: The fan is not in the panel, or not in the actor's scope.
    """
    if not reason.strip():
        raise InvalidInput("要写明为什么退出。", f"例如：{'、'.join(REASONS[:3])}。")
    row = _member(session, actor, panel_id, fan_id)
    row.left_at, row.reason = now(), reason.strip()[:100]
    session.add(row)
    record_audit(session, actor, "leave_panel", f"panel:{panel_id}", fan=fan_id)


def return_to_panel(session: Session, actor: Actor, panel_id: int, fan_id: int) -> None:
    """Take back that a fan left."""
    row = _member(session, actor, panel_id, fan_id)
    row.left_at, row.reason = None, ""
    session.add(row)
    record_audit(session, actor, "return_to_panel", f"panel:{panel_id}", fan=fan_id)


def _member(session: Session, actor: Actor, panel_id: int, fan_id: int) -> PanelFan:
    require(actor, *records.WAVE_KEEPERS)
    panel = get_panel(session, actor, panel_id)
    statement = (
        select(PanelFan).join(Fan, Fan.id == PanelFan.fan_id).where(PanelFan.panel_id == panel.id, PERSON == fan_id)  # noqa: SIM300 - a column, not a constant
    )
    row = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)).first()
    if row is None:
        raise NotFound("这位粉丝不在这个固定样本组里，或不归您管。", "请从名单里选择。")
    return row


def preview_asking(
    session: Session, actor: Actor, panel_id: int, wave_id: int, per_wanted: int = inviting.PER_WANTED
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say who of a panel would be invited to a wave and who not, by reason; those who left stand among the latter."""
    members = panel_fans(session, actor, panel_id)
    yes, no = inviting.preview(session, actor, wave_id, Asked("panel", panel_id, per_wanted))
    gone = members[members["left_at"].notna() & ~members["fan_id"].isin(no["fan_id"])]
    gone = gone.assign(why=[f"已退出：{why}" for why in gone["why"]])[["fan_id", "fan", "why"]]
    return yes, pd.concat([no, gone], ignore_index=True)


def ask_panel(
    session: Session, actor: Actor, panel_id: int, wave_id: int, per_wanted: int = inviting.PER_WANTED
) -> int:
    """Ask a panel with a wave: everybody still in it, minus fatigue, consent and quota; again only adds who is missing.

    Returns:
        How many were invited now.

    Raises:
        Conflict: The wave is another panel's, or not open.
    """
    require(actor, *records.WAVE_KEEPERS)
    panel, wave = get_panel(session, actor, panel_id), records.get_wave(session, actor, wave_id)
    _add_wave(session, panel, wave)
    return inviting.invite(session, actor, wave.id, Asked("panel", panel.id, per_wanted))


def panel_waves(session: Session, actor: Actor, panel_id: int) -> list[Wave]:
    """List the waves that asked a panel, in order of their opening."""
    panel = get_panel(session, actor, panel_id)
    statement = select(Wave).join(PanelWave, PanelWave.wave_id == Wave.id).where(PanelWave.panel_id == panel.id)
    return list(session.exec(statement.order_by(Wave.opens_at, Wave.id)))


@dataclass(frozen=True)
class PanelAnswers:
    """What a panel answered.

    Attributes:
        fans: As ``panel_fans`` gives them.
        waves: Per wave who was asked and who answered, in order of opening; only fans of the panel in scope.
        surveys: The definition that each wave asked, by wave id.
        values: Wave id → question code → fan id → value.
    """

    fans: pd.DataFrame
    waves: list[AskedWave] = field(default_factory=list)
    surveys: dict[int, SurveyDefinition] = field(default_factory=dict)
    values: dict[int, dict[str, dict[int, Any]]] = field(default_factory=dict)


def panel_answers(session: Session, actor: Actor, panel_id: int) -> PanelAnswers:
    """Give what the fans of a panel in the actor's scope answered in its waves."""
    fans = panel_fans(session, actor, panel_id)
    mine = set(fans["fan_id"])
    found = PanelAnswers(fans)
    for wave in panel_waves(session, actor, panel_id):
        version = session.get_one(SurveyVersion, wave.version_id)
        found.surveys[wave.id] = records.definition_of(version)
        invited = select(PERSON).join(Invitation, Invitation.fan_id == Fan.id)
        asked = set(session.exec(invited.where(Invitation.wave_id == wave.id, Invitation.revoked_at.is_(None))))
        given = _given(session, wave.id)
        answered = {fan_id for fan_id, _, _ in given}
        values: dict[str, dict[int, Any]] = {}
        for fan_id, code, value in given:
            if fan_id in mine and code is not None:
                values.setdefault(code, {})[fan_id] = value
        found.values[wave.id] = values
        found.waves.append(
            AskedWave(wave.id, wave.title, frozenset((asked | answered) & mine), frozenset(answered & mine))
        )
    return found


def _given(session: Session, wave_id: int) -> Sequence[tuple[int, str | None, Any]]:
    """Give (fan, question, value) of a wave; the later answer counts where two records turned out to be one person."""
    statement = (
        select(PERSON, Answer.question_code, Answer.value)
        .select_from(Response)
        .join(Fan, Fan.id == Response.fan_id)
        .outerjoin(Answer, Answer.response_id == Response.id)
        .where(Response.wave_id == wave_id, Response.state == "submitted")
        .order_by(Response.submitted_at, Response.id)
    )
    return session.exec(statement).all()
