"""Surveys in the database: versions, waves, invitations; drafts after every answer; one response per fan and wave."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, select

from fanops.access import Actor, Role, in_scope, record_audit, require, require_store, vault
from fanops.access.vault import mask_identifier, normalise_identifier
from fanops.collect.surveys.answers import Given, missing
from fanops.collect.surveys.check import check_survey
from fanops.collect.surveys.definition import SurveyDefinition, build_definition
from fanops.collect.surveys.flow import kept_answers, path
from fanops.collect.surveys.write import fingerprint, to_data
from fanops.errors import Conflict, InvalidInput, NotFound, Problem
from fanops.tables import Answer, Invitation, Question, Response, Survey, SurveyVersion, Wave, now

WRITERS = (Role.PRODUCT, Role.CEO, Role.ADMIN)
WAVE_KEEPERS = (*WRITERS, Role.REGION_MANAGER, Role.STORE_MANAGER)
_CODE_BYTES = 18  # 144 bits
# Built once: these are asked for by every screen that a fan sees.
_BY_CODE = (
    select(Invitation, Wave, SurveyVersion.id, SurveyVersion.sha256)
    .join(Wave, Wave.id == Invitation.wave_id)
    .join(SurveyVersion, SurveyVersion.id == Wave.version_id)
    .where(Invitation.code_sha256 == bindparam("code"), Invitation.revoked_at.is_(None))
)
_BY_SECRET = select(Response).where(Response.submit_key == bindparam("secret"), Response.wave_id == bindparam("wave"))
_ANSWERS = select(Answer).where(Answer.response_id == bindparam("response"))
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


def close_wave(session: Session, actor: Actor, wave_id: int, *, closed: bool = True) -> Wave:
    """Close a wave now, or open it again."""
    require(actor, *WAVE_KEEPERS)
    wave = get_wave(session, actor, wave_id)
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
    return _new_code(session, wave, store_id=store.id, place=place.strip())


def personal_code(session: Session, actor: Actor, wave_id: int, fan_id: int, store_id: int | None) -> str:
    """Give the personal code of one fan for one wave; asking again gives the same."""
    require(actor, *WAVE_KEEPERS, Role.CLERK)
    wave = get_wave(session, actor, wave_id)
    known = session.exec(
        select(Invitation).where(
            Invitation.wave_id == wave.id, Invitation.fan_id == fan_id, Invitation.revoked_at.is_(None)
        )
    ).first()
    if known is not None and known.code_sealed is not None:
        return vault().unseal(known.code_sealed)
    return _new_code(session, wave, fan_id=fan_id, store_id=store_id)


def _new_code(session: Session, wave: Wave, **about: Any) -> str:
    code = secrets.token_urlsafe(_CODE_BYTES)
    session.add(Invitation(wave_id=wave.id, code_sha256=digest(code), code_sealed=vault().seal(code), **about))
    session.flush()
    return code


def sealed_contact(phone: str) -> dict[str, str]:
    """Give the form in which a contact answer is kept: sealed, with the masked number for show."""
    number = normalise_identifier("phone", phone)
    return {"sealed": vault().seal(number).hex(), "masked": mask_identifier("phone", number)}


@dataclass(frozen=True)
class OpenForm:
    """What a code opens: the wave, its survey, and who or where was invited (None: staff ask in person)."""

    wave: Wave
    invitation: Invitation | None
    survey: SurveyDefinition


def find_form(session: Session, code: str) -> OpenForm:
    """Give what a code opens.

    Raises:
        NotFound: Unknown or revoked (deliberately the same words).
        Conflict: The wave is not open.
    """
    found = session.exec(_BY_CODE, params={"code": digest(code)}).first()
    if found is None:
        raise NotFound("这个链接不对，或已经失效。", "请重新扫码，或向店员要一个新的链接。")
    invitation, wave, *version = found
    check_is_open(wave)
    survey = _built.get(tuple(version)) or definition_of(session.get_one(SurveyVersion, wave.version_id))
    return OpenForm(wave, invitation, survey)


def is_open(wave: Wave) -> bool:
    """Say whether a wave takes answers now."""
    moment = now()
    begun = wave.closed_by_hand_at is None and wave.opens_at <= moment
    return begun and (wave.closes_at is None or wave.closes_at > moment)


def check_is_open(wave: Wave) -> None:
    """Refuse answers to a wave that has not begun or has ended.

    Raises:
        Conflict: The wave is not open.
    """
    moment = now()
    if wave.opens_at > moment:
        raise Conflict("问卷还没有开始。", "请晚些时候再来。")
    if wave.closed_by_hand_at is not None or (wave.closes_at is not None and wave.closes_at <= moment):
        raise Conflict("这一期已经结束，谢谢您。", "您可以直接告诉店员。")


def start_response(session: Session, form: OpenForm) -> tuple[Response, str]:
    """Begin (or, for a personal code, go on with) a response.

    Returns:
        The draft and the secret by which it is found again (kept by the fan's browser only).
    """
    secret = secrets.token_urlsafe(_CODE_BYTES)
    if form.invitation.fan_id is not None:
        draft = session.exec(
            select(Response).where(
                Response.wave_id == form.wave.id, Response.fan_id == form.invitation.fan_id, Response.state == "draft"
            )
        ).first()
        if draft is not None:
            draft.submit_key = digest(secret)
            return draft, secret
    draft = Response(
        wave_id=form.wave.id, invitation_id=form.invitation.id, fan_id=form.invitation.fan_id,
        store_id=form.invitation.store_id, submit_key=digest(secret), seed=secrets.randbelow(2**31),
    )  # fmt: skip
    session.add(draft)
    if form.invitation.opened_at is None:
        session.add(form.invitation)
        form.invitation.opened_at = now()
    session.flush()
    return draft, secret


def find_response(session: Session, form: OpenForm, secret: str) -> Response | None:
    """Give the response a browser's secret belongs to, None when there is none in this wave."""
    return session.exec(_BY_SECRET, params={"secret": digest(secret), "wave": form.wave.id}).first()


def answers_of(session: Session, response: Response) -> dict[str, Given]:
    """Give the stored answers by question code."""
    rows = session.exec(_ANSWERS, params={"response": response.id})
    return {row.question_code: Given(row.value, row.other_text) for row in rows}


def values(given: Mapping[str, Given]) -> dict[str, Any]:
    """Give the plain values that conditions look at."""
    return {code: answer.value for code, answer in given.items() if answer.value is not None}


def save_answers(
    session: Session, survey: SurveyDefinition, response: Response, given: Mapping[str, Given]
) -> dict[str, Given]:
    """Keep answers in the draft; one emptied by the person is taken out, a contact is sealed.

    Returns:
        Everything that the draft holds now.
    """
    if response.state != "draft":
        raise Conflict("这份答卷已经交过了。", "要修改，请用回执码打开它。")
    known = {row.question_code: row for row in session.exec(_ANSWERS, params={"response": response.id})}
    for code, answer in given.items():
        row = known.get(code)
        if answer.value is None:
            if row is not None:
                session.delete(known.pop(code))
            continue
        if row is None:
            row = known[code] = Answer(response_id=response.id, question_code=code)
        question = survey.question(code)
        is_contact = question is not None and question.kind == "contact" and isinstance(answer.value, str)
        row.value = sealed_contact(answer.value) if is_contact else answer.value
        row.other_text, row.answered_at = answer.other, now()
        session.add(row)
    response.revision += 1
    session.add(response)
    session.flush()
    return {code: Given(row.value, row.other_text) for code, row in known.items()}


def still_missing(survey: SurveyDefinition, given: Mapping[str, Given]) -> list[str]:
    """List the codes of required questions on the path that have no answer."""
    return [
        question.code
        for question in path(survey, values(given))
        if question.is_asked and missing(question, given.get(question.code, Given(None)))
    ]


def submit(session: Session, form: OpenForm, response: Response, earlier: Sequence[Response]) -> str:
    """Close a draft: hidden answers fall away, ``earlier_responses`` are kept as replaced.

    Submitting twice is one submission: the second gives an empty receipt and changes nothing.

    Returns:
        The receipt code (130 bits), shown once; only its hash is kept.

    Raises:
        Conflict: A required question on the path is unanswered.
    """
    if response.state == "submitted":
        return ""
    rows = list(session.exec(_ANSWERS, params={"response": response.id}))
    given = {row.question_code: Given(row.value, row.other_text) for row in rows}
    lacking = still_missing(form.survey, given)
    if lacking:
        raise Conflict("还有必答的题没有回答。", "、".join(lacking))
    kept = kept_answers(form.survey, values(given))
    for row in rows:
        if row.question_code not in kept:
            session.delete(row)
    for row in earlier:
        row.state, row.replaced_by_id = "replaced", response.id
        session.add(row)
    if earlier:
        session.flush()  # a fan has one live response in a wave: the earlier one gives way first
    receipt = new_receipt()
    response.state, response.submitted_at, response.receipt_sha256 = "submitted", now(), digest(receipt)
    session.add(response)
    session.flush()
    return receipt


def earlier_responses(session: Session, response: Response) -> list[Response]:
    """List the submitted responses that this one takes the place of: the one it corrects, the same fan's in the wave."""
    same = Response.id == (response.replaces_id or 0)
    if response.fan_id is not None:
        same = same | ((Response.wave_id == response.wave_id) & (Response.fan_id == response.fan_id))
    statement = select(Response).where(same, Response.state == "submitted", Response.id != response.id)
    return list(session.exec(statement))


_RECEIPT_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_receipt() -> str:
    """Make a receipt code that can be read aloud: 26 letters without 0, 1, I, O (130 bits)."""
    return "".join(secrets.choice(_RECEIPT_LETTERS) for _ in range(26))


def find_receipt(session: Session, receipt: str) -> Response:
    """Give the response that a receipt code stands for.

    Raises:
        NotFound: Unknown, or already erased.
    """
    cleaned = "".join(letter for letter in receipt.upper() if letter in _RECEIPT_LETTERS)
    response = session.exec(select(Response).where(Response.receipt_sha256 == digest(cleaned))).first()
    if response is None or response.state == "erased":
        raise NotFound("没有这个回执码，或它的内容已经删除。", "请检查有没有抄错。")
    return response


def responses(session: Session, actor: Actor, wave_id: int, *, state: str = "submitted") -> list[Response]:
    """List a wave's responses that the actor may see."""
    wave = get_wave(session, actor, wave_id)
    statement = select(Response).join(Wave, Wave.id == Response.wave_id)
    statement = statement.where(Response.wave_id == wave.id, Response.state == state)
    statement = in_scope(statement, actor, brand=Wave.brand_id, store=Response.store_id)
    return list(session.exec(statement.order_by(Response.id)))
