"""Surveys in the database: versions, waves, invitations; drafts after every answer; one response per fan and wave."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor, Role, in_scope, record_audit, require, require_store, vault, visible_stores
from fanops.access.vault import mask_identifier, normalise_identifier
from fanops.collect.surveys.check import check_survey
from fanops.collect.surveys.definition import SurveyDefinition, build_definition
from fanops.collect.surveys.write import fingerprint, to_data
from fanops.errors import Conflict, InvalidInput, NotFound, Problem
from fanops.tables import Fan, Invitation, Question, Response, Survey, SurveyVersion, Wave, now

WRITERS = (Role.PRODUCT, Role.CEO, Role.ADMIN)
ONLY_HERE = "这个地址只有这台电脑打得开，顾客扫了没有用。请管理员先设好对外网址（FANOPS_PUBLIC_URL），再取码、打印。"
WAVE_KEEPERS = (*WRITERS, Role.REGION_MANAGER, Role.STORE_MANAGER)
MOST_PLACES = 100  # on one printed sheet
CODE_BYTES = 18  # 144 bits
_built: dict[tuple[int | None, str], SurveyDefinition] = {}


def digest(code: str) -> str:
    """Give the form in which a code is stored and looked up."""
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()


def publish(session: Session, actor: Actor, survey: SurveyDefinition) -> SurveyVersion:
    """Publish a definition as the next version; a version that is the same as the newest is not made twice.

    Raises:
        InvalidInput: The checker found something serious.
    """
    require(actor, *WRITERS)
    serious = [Problem(issue.why, row=issue.line or None, column=issue.question) for issue in check_survey(survey)
               if issue.serious]  # fmt: skip
    if serious:
        raise InvalidInput("这份问卷还不能发布。", "按下面的提示改好后再发布。", serious)
    row = session.exec(select(Survey).where(Survey.brand_id == actor.brand_id, Survey.code == survey.code)).first()
    if row is None:
        row = Survey(brand_id=actor.brand_id, code=survey.code, title=survey.title)
        session.add(row)
        session.flush()
    newest = session.exec(
        select(SurveyVersion).where(SurveyVersion.survey_id == row.id).order_by(SurveyVersion.number.desc())
    ).first()
    sha256 = fingerprint(survey)
    if newest is not None and newest.sha256 == sha256:
        return newest
    row.title = survey.title
    version = SurveyVersion(
        survey_id=row.id, number=newest.number + 1 if newest else 1, definition=to_data(survey), sha256=sha256,
        account_id=actor.account_id, published_at=now(),
    )  # fmt: skip
    session.add(version)
    session.flush()
    for place, (_, question) in enumerate(survey.questions()):
        session.add(
            Question(
                version_id=version.id, code=question.code, kind=question.kind, title=question.title, position=place
            )
        )
    record_audit(session, actor, "publish_survey", f"survey_version:{version.id}", number=version.number)
    return version


def surveys(session: Session, actor: Actor) -> list[tuple[Survey, SurveyVersion]]:
    """List the brand's surveys with their newest version."""
    statement = (
        select(Survey, SurveyVersion)
        .join(SurveyVersion, SurveyVersion.survey_id == Survey.id)
        .where(Survey.brand_id == actor.brand_id)
        .order_by(Survey.title, SurveyVersion.number.desc())
    )
    newest: dict[int, tuple[Survey, SurveyVersion]] = {}
    for survey, version in session.exec(statement):
        newest.setdefault(survey.id, (survey, version))
    return list(newest.values())


def definition_of(version: SurveyVersion) -> SurveyDefinition:
    """Give the definition that a version keeps; a published version never changes, so it is built once."""
    key = (version.id, version.sha256)
    if key not in _built:
        _built[key] = build_definition(version.definition)
    return _built[key]


def known_definition(version_id: int, sha256: str) -> SurveyDefinition | None:
    """Give a version's definition when this process has built it before, None when it must be read."""
    return _built.get((version_id, sha256))


def open_wave(
    session: Session, actor: Actor, version_id: int, title: str, *, closes_at: datetime | None = None
) -> Wave:
    """Open a wave (期) of a survey version.

    Raises:
        NotFound: No such version in this brand.
        Conflict: A wave of this title exists.
    """
    require(actor, *WAVE_KEEPERS)
    statement = select(SurveyVersion).join(Survey, Survey.id == SurveyVersion.survey_id)
    version = session.exec(statement.where(SurveyVersion.id == version_id, Survey.brand_id == actor.brand_id)).first()
    if version is None:
        raise NotFound("没有这份问卷。", "请从问卷列表里选择。")
    title = title.strip()
    if not title:
        raise InvalidInput("这一期要有名字。", "例如：11 月到店体验。")
    if session.exec(select(Wave.id).where(Wave.brand_id == actor.brand_id, Wave.title == title)).first() is not None:
        raise Conflict(f"已经有叫“{title}”的一期。", "换一个名字，或继续用那一期。")
    wave = Wave(brand_id=actor.brand_id, version_id=version.id, title=title, closes_at=closes_at)
    session.add(wave)
    session.flush()
    return wave


def get_wave(session: Session, actor: Actor, wave_id: int) -> Wave:
    """Give a wave of the actor's brand.

    Raises:
        NotFound: No such wave, or another brand's.
    """
    wave = session.exec(select(Wave).where(Wave.id == wave_id, Wave.brand_id == actor.brand_id)).first()
    if wave is None:
        raise NotFound("没有这一期。", "请从列表里选择。")
    return wave


def waves(session: Session, actor: Actor) -> list[Wave]:
    """List the brand's waves, newest first."""
    return list(session.exec(select(Wave).where(Wave.brand_id == actor.brand_id).order_by(Wave.id.desc())))


class WaveReach(NamedTuple):
    """How far a wave reaches: its stores, those of them that the actor sees, answers handed in, answers begun."""

    stores: int
    seen: int
    received: int
    begun: int


def wave_reach(session: Session, actor: Actor, wave_id: int) -> WaveReach:
    """Say what ends with a wave: stores with a code, an invited fan or an answer; answers of the whole wave."""
    wave = get_wave(session, actor, wave_id)
    asked = select(func.coalesce(Invitation.store_id, Fan.home_store_id)).outerjoin(Fan, Fan.id == Invitation.fan_id)
    asked = asked.where(Invitation.wave_id == wave.id, Invitation.revoked_at.is_(None))
    answered = select(Response.store_id).where(Response.wave_id == wave.id)
    stores = {store for store in (*session.exec(asked), *session.exec(answered)) if store is not None}
    seen = stores & {store.id for store in visible_stores(session, actor)}
    count = select(Response.state, func.count()).where(Response.wave_id == wave.id).group_by(Response.state)
    states = dict(session.exec(count).all())
    return WaveReach(len(stores), len(seen), states.get("submitted", 0), states.get("draft", 0))


def close_wave(session: Session, actor: Actor, wave_id: int, *, closed: bool = True) -> Wave:
    """Close a wave now, or open it again: for all its stores, so only who sees them all does it.

    Raises:
        Conflict: The wave is asked in stores that this actor doesn't see.
    """
    require(actor, *WAVE_KEEPERS)
    wave, reach = get_wave(session, actor, wave_id), wave_reach(session, actor, wave_id)
    if reach.seen < reach.stores:
        raise Conflict(
            f"这一期在 {reach.stores} 家门店收集，您只管其中 {reach.seen} 家，不能替别的门店{'结束' if closed else '重新开始'}。",
            "请区域经理或总部来做；自己门店先不收，把二维码收起来就可以。",
        )
    wave.closed_by_hand_at = now() if closed else None
    if not closed and wave.closes_at is not None and wave.closes_at <= now():
        wave.closes_at = None  # opened again by hand after its time: open until closed by hand
    session.add(wave)
    record_audit(session, actor, "close_wave" if closed else "reopen_wave", f"wave:{wave.id}")
    return wave


def place_code(session: Session, actor: Actor, wave_id: int, store_id: int, place: str = "") -> str:
    """Give the open QR code of a store (and table, product, scene); the same place always keeps its code."""
    require(actor, *WAVE_KEEPERS)
    wave, store = get_wave(session, actor, wave_id), require_store(session, actor, store_id)
    known = session.exec(
        select(Invitation).where(
            Invitation.wave_id == wave.id, Invitation.store_id == store.id, Invitation.place == place.strip(),
            Invitation.fan_id.is_(None), Invitation.revoked_at.is_(None),
        )
    ).first()  # fmt: skip
    if known is not None and known.code_sealed is not None:
        return vault().unseal(known.code_sealed)
    return _new_invitation(session, wave, store_id=store.id, place=place.strip())[1]


def personal_code(session: Session, actor: Actor, wave_id: int, fan_id: int, store_id: int | None) -> str:
    """Give the personal code of one fan for one wave; asking again gives the same."""
    invitation = personal_invitation(session, actor, wave_id, fan_id, store_id)
    return vault().unseal(invitation.code_sealed)


def personal_invitation(session: Session, actor: Actor, wave_id: int, fan_id: int, store_id: int | None) -> Invitation:
    """Give the personal invitation of one fan to one wave; asking again gives the same."""
    require(actor, *WAVE_KEEPERS, Role.CLERK)
    wave = get_wave(session, actor, wave_id)
    known = session.exec(
        select(Invitation).where(
            Invitation.wave_id == wave.id, Invitation.fan_id == fan_id, Invitation.revoked_at.is_(None)
        )
    ).first()
    if known is not None and known.code_sealed is not None:
        return known
    return _new_invitation(session, wave, fan_id=fan_id, store_id=store_id)[0]


def _new_invitation(session: Session, wave: Wave, **about: Any) -> tuple[Invitation, str]:
    code = secrets.token_urlsafe(CODE_BYTES)
    made = Invitation(wave_id=wave.id, code_sha256=digest(code), code_sealed=vault().seal(code), **about)
    session.add(made)
    session.flush()
    return made, code


def sealed_contact(phone: str) -> dict[str, str]:
    """Give the form in which a contact answer is kept: sealed, with the masked number for show."""
    number = normalise_identifier("phone", phone)
    return {"sealed": vault().seal(number).hex(), "masked": mask_identifier("phone", number)}


class Times(Protocol):
    """What has opening and closing times: a wave, or what a form read of it."""

    opens_at: datetime
    closes_at: datetime | None
    closed_by_hand_at: datetime | None


def is_open(wave: Times) -> bool:
    """Say whether a wave takes answers now."""
    moment = now()
    begun = wave.closed_by_hand_at is None and wave.opens_at <= moment
    return begun and (wave.closes_at is None or wave.closes_at > moment)


def check_is_open(wave: Times) -> None:
    """Refuse answers to a wave that has not begun or has ended.

    Raises:
        Conflict: The wave is not open.
    """
    moment = now()
    if wave.opens_at > moment:
        raise Conflict("问卷还没有开始。", "请晚些时候再来。")
    if wave.closed_by_hand_at is not None or (wave.closes_at is not None and wave.closes_at <= moment):
        raise Conflict("这一期已经结束，谢谢您。", "您可以直接告诉店员。")


def responses(session: Session, actor: Actor, wave_id: int, *, state: str = "submitted") -> list[Response]:
    """List a wave's responses that the actor may see."""
    wave = get_wave(session, actor, wave_id)
    statement = select(Response).join(Wave, Wave.id == Response.wave_id)
    statement = statement.where(Response.wave_id == wave.id, Response.state == state)
    statement = in_scope(statement, actor, brand=Wave.brand_id, store=Response.store_id)
    return list(session.exec(statement.order_by(Response.id)))
