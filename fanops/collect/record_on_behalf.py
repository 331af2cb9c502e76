"""Staff ask, the fan speaks, staff record (代填): credited to the fan, the recorder named, a draft after every answer."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlmodel import Session, func, select

from fanops.access import Actor, in_scope, record_audit, require_store
from fanops.collect import records_drafts
from fanops.collect import records_surveys as records
from fanops.collect.submit_response import submit_response
from fanops.collect.surveys.answers import BadAnswer, Form, Given, read_answer
from fanops.collect.surveys.definition import Question
from fanops.collect.surveys.flow import path, values
from fanops.database.frames import frame_of
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans.identity_records import find_or_create_fan
from fanops.fans.records import fan_at_counter, phone_tails
from fanops.settings import settings
from fanops.tables import Answer, AuditEntry, Fan, Response, Wave, now


@dataclass(frozen=True)
class Draft:
    """A response being recorded: its form, its row, what was answered so far, and who is asked.

    ``fan`` (masked name) and ``tail`` (of the phone) are empty where nothing is known of the fan.
    """

    form: records_drafts.OpenForm
    response: Response
    given: dict[str, Given]
    fan: str = ""
    tail: str = ""

    def questions(self) -> list[Question]:
        """Give the questions on the path so far, notices left out; a contact is not asked of a fan who is known."""
        shown = path(self.form.survey, values(self.given))
        return [q for q in shown if q.is_asked and not (q.kind == "contact" and self.response.fan_id is not None)]

    def first_unanswered(self) -> int:
        """Give the place of the first question without an answer, the number of questions when all have one."""
        questions = self.questions()
        return next((n for n, question in enumerate(questions) if question.code not in self.given), len(questions))


def open_waves(session: Session, actor: Actor) -> list[Wave]:
    """List the waves that take answers now."""
    return [wave for wave in records.waves(session, actor) if records.is_open(wave)]


def add_person(
    session: Session, actor: Actor, *, store_id: int, name: str = "", phone: str = "", member: str = ""
) -> Fan:
    """Find or make the fan who is asked; nobody is made twice.

    Raises:
        InvalidInput: Nothing by which to know them again, or not a number.
    """
    require_store(session, actor, store_id)
    identities = {kind: value for kind, value in {"phone": phone, "member": member}.items() if value.strip()}
    if not identities:
        raise InvalidInput("要有手机号或会员号，才认得出是哪位顾客。", "顾客不愿意留，就选“不留身份”，照样可以记。")
    fan = find_or_create_fan(
        session, actor.brand_id, identities, store_id=store_id, source="代填", name=name.strip()[:40]
    )
    record_audit(session, actor, "add_person", f"fan:{fan.id}")
    return fan


def answered_at(session: Session, actor: Actor, wave_id: int, fan_id: int) -> datetime | None:
    """Give when a fan's live response of a wave was handed in; None without one. A new one takes its place."""
    fan = fan_at_counter(session, actor, fan_id)
    wave = records.get_wave(session, actor, wave_id)
    statement = select(Response.submitted_at).where(
        Response.wave_id == wave.id, Response.fan_id == fan.id, Response.state == "submitted"
    )
    return session.exec(statement).first()


def start_on_behalf(
    session: Session, actor: Actor, wave_id: int, *, store_id: int, fan_id: int | None = None, again: bool = False
) -> Response:
    """Begin to record a fan's answers, or go on with this fan's draft of the wave.

    Args:
        session: In a write transaction.
        actor: Who records.
        wave_id: An open wave.
        store_id: Where it is asked.
        fan_id: Who is asked; None for a customer who stays unknown.
        again: Also when the fan answered this wave before; handing in takes the place of that response.

    Raises:
        Conflict: The wave is not open, or the fan answered it before.
    """
    wave = records.get_wave(session, actor, wave_id)
    records.check_is_open(wave)
    require_store(session, actor, store_id)
    if fan_id is not None:
        fan_id = fan_at_counter(session, actor, fan_id).id
        draft = session.exec(
            select(Response).where(
                Response.wave_id == wave.id, Response.fan_id == fan_id, Response.state == "draft",
                Response.invitation_id.is_(None),
            )
        ).first()  # fmt: skip
        if draft is not None:
            return draft
        if not again and (at := answered_at(session, actor, wave.id, fan_id)) is not None:
            day = at.astimezone(settings().zone)
            raise Conflict(f"这一期这位顾客 {day.month}月{day.day}日 已答过。", "要再记一份替换它，请先选“再记一份”。")
    draft = Response(
        wave_id=wave.id, fan_id=fan_id, store_id=store_id, staff_id=actor.staff_id,
        submit_key=records.digest(secrets.token_urlsafe(18)), seed=secrets.randbelow(2**31),
    )  # fmt: skip
    session.add(draft)
    session.flush()
    record_audit(session, actor, "start_on_behalf", f"response:{draft.id}")
    return draft


def get_draft(session: Session, actor: Actor, response_id: int) -> Draft:
    """Give a response that staff record, in the actor's scope.

    Raises:
        NotFound: None such.
    """
    statement = (
        select(Response, Wave)
        .join(Wave, Wave.id == Response.wave_id)
        .where(Response.id == response_id, Response.invitation_id.is_(None))
    )
    found = session.exec(in_scope(statement, actor, brand=Wave.brand_id, store=Response.store_id)).first()
    if found is None:
        raise NotFound("没有这份代填的答卷。", "从头选一期，重新开始。")
    response, wave = found
    survey = records.definition_of(session.get_one(records.SurveyVersion, wave.version_id))
    given, fan_id = records_drafts.answers_of(session, response), response.fan_id
    known = (
        {"fan": session.get_one(Fan, fan_id).name_masked, "tail": phone_tails(session, [fan_id]).get(fan_id, "")}
        if fan_id
        else {}
    )
    return Draft(records_drafts.OpenForm(wave, None, survey), response, given, **known)


def unfinished(session: Session, actor: Actor, limit: int = 20) -> pd.DataFrame:
    """List what was begun and not handed in, newest first.

    Returns:
        Rows ``response_id, wave, fan_id (None: stays unknown), fan, answers, started_at, tail`` (of the phone)``.
    """
    statement = (
        select(Response.id, Wave.title, Response.fan_id, Fan.name_masked, func.count(Answer.id), Response.started_at)
        .join(Wave, Wave.id == Response.wave_id)
        .outerjoin(Fan, Fan.id == Response.fan_id)
        .outerjoin(Answer, Answer.response_id == Response.id)
        .where(Response.state == "draft", Response.invitation_id.is_(None), Response.import_batch_id.is_(None))
    )
    statement = in_scope(statement, actor, brand=Wave.brand_id, store=Response.store_id)
    if actor.staff_id is not None:
        statement = statement.where(Response.staff_id == actor.staff_id)
    statement = statement.group_by(Response.id, Wave.title, Response.fan_id, Fan.name_masked, Response.started_at)
    rows = session.exec(statement.order_by(Response.id.desc()).limit(limit)).all()
    frame = frame_of(rows, ["response_id", "wave", "fan_id", "fan", "answers", "started_at"])
    known = [row[2] for row in rows]
    tails = phone_tails(session, [fan_id for fan_id in known if fan_id])
    return frame.assign(tail=[tails.get(fan_id, "") for fan_id in known])


def answer_on_behalf(session: Session, actor: Actor, response_id: int, code: str, form: Form) -> None:
    """Keep one answer in the draft.

    Args:
        session: In a write transaction.
        actor: Who records.
        response_id: The draft.
        code: The question.
        form: Fields as ``read_answer`` takes them.

    Raises:
        InvalidInput: The answer can't be one; what was kept before stays.
        Conflict: It was handed in meanwhile.
    """
    draft = get_draft(session, actor, response_id)
    question = next((each for each in draft.questions() if each.code == code), None)
    if question is None:
        raise Conflict("这道题现在不用问。", "前面的回答改过了，请从当前的题继续。")
    try:
        given = read_answer(question, form)
    except BadAnswer as error:
        raise InvalidInput(str(error)) from error
    records_drafts.save_answers(session, draft.form.survey, draft.response, {code: given})


def submit_on_behalf(session: Session, actor: Actor, response_id: int) -> str:
    """Hand a draft in; free words become voices of the fan.

    Returns:
        The receipt code for the fan, empty when it was handed in before.
    """
    draft = get_draft(session, actor, response_id)
    receipt = submit_response(session, draft.form, draft.response)
    record_audit(session, actor, "submit_on_behalf", f"response:{response_id}")
    return receipt


def renew_receipt(session: Session, actor: Actor, response_id: int) -> str:
    """Give who handed in another receipt code within the hour: the first went with a page that was loaded anew.

    Nothing but its hash was kept, so the first one stands for nothing any more. What fans handed in themselves is theirs.

    Raises:
        Conflict: Handed in by somebody else, longer ago, or not at all.
    """
    response = get_draft(session, actor, response_id).response
    mine = select(AuditEntry.id).where(
        AuditEntry.deed == "submit_on_behalf", AuditEntry.subject == f"response:{response_id}",
        AuditEntry.account_id == actor.account_id, AuditEntry.at >= now() - records_drafts.TOLD_AGAIN,
    )  # fmt: skip
    if response.state != "submitted" or actor.account_id is None or session.exec(mine).first() is None:
        raise Conflict("这份答卷不能再给回执码。", "只有交上去的人，在一小时之内可以再给一个。")
    receipt = records_drafts.receipt_of(secrets.token_urlsafe(32))
    response.receipt_sha256 = records.digest(receipt)
    session.add(response)
    record_audit(session, actor, "renew_receipt", f"response:{response_id}")
    return receipt


def discard_draft(session: Session, actor: Actor, response_id: int) -> None:
    """Throw a draft away with its answers.

    Raises:
        Conflict: It was handed in.
    """
    draft = get_draft(session, actor, response_id)
    if draft.response.state != "draft":
        raise Conflict("已经交了的答卷不能丢弃。", "顾客可以凭回执码自己删除。")
    session.delete(draft.response)
    record_audit(session, actor, "discard_draft", f"response:{response_id}")
