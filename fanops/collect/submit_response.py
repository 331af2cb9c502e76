"""Close a response: the contact becomes a fan, the free words become voices; by receipt it can be read, corrected, erased."""

from __future__ import annotations

import secrets

from sqlmodel import Session, delete, select

from fanops.access import record_audit, vault
from fanops.collect import records_surveys as records
from fanops.collect.records_voices import NewVoice, add_voices
from fanops.collect.surveys.answers import Given
from fanops.collect.surveys.definition import Question, SurveyDefinition
from fanops.collect.surveys.flow import answer_words, path
from fanops.errors import Conflict
from fanops.fans.identity_records import find_or_create_fan
from fanops.tables import Answer, Consent, Invitation, Response, Survey, SurveyVersion, Voice, Wave, now

TEXT_KINDS = {"short_text", "long_text"}


def submit_response(session: Session, form: records.OpenForm, response: Response) -> str:
    """Close a draft and let everything follow from it, in one transaction.

    Returns:
        The receipt code, empty when this draft was submitted before.
    """
    if response.state == "submitted":
        return ""
    answers = records.answers_of(session, response)
    if response.fan_id is None:
        _recognise(session, form, response, answers)
    earlier = records.earlier_responses(session, response)
    receipt = records.submit(session, form, response, earlier)
    for row in earlier:
        _withdraw_voices(session, row.id)
    _add_voices(session, form, response)
    return receipt


def _recognise(session: Session, form: records.OpenForm, response: Response, answers: dict[str, Given]) -> None:
    """Let a contact given with consent make this the response of a fan."""
    for question in path(form.survey, records.values(answers)):
        given = answers.get(question.code)
        if question.kind != "contact" or given is None or not isinstance(given.value, dict):
            continue
        phone = vault().unseal(bytes.fromhex(given.value["sealed"]))
        fan = find_or_create_fan(
            session, form.wave.brand_id, {"phone": phone}, store_id=response.store_id, source="问卷"
        )
        response.fan_id = fan.id
        notice = f"{form.survey.code}:{form.wave.version_id}"
        session.add(
            Consent(fan_id=fan.id, purpose="reply", granted=True, notice_version=notice, basis=question.consent[:100])
        )
        session.flush()


def _add_voices(session: Session, form: records.OpenForm, response: Response) -> None:
    given = records.answers_of(session, response)
    rows = session.exec(select(Answer).where(Answer.response_id == response.id)).all()
    ids = {row.question_code: row.id for row in rows}
    said = []
    for question in path(form.survey, records.values(given)):
        answer = given.get(question.code)
        if answer is None:
            continue
        words = answer.value if question.kind in TEXT_KINDS and isinstance(answer.value, str) else answer.other
        if words:
            said.append(
                NewVoice(
                    text=words, kind="survey", source=form.survey.title[:40],
                    source_key=f"response:{response.id}:{question.code}", said_at=response.submitted_at or now(),
                    store_id=response.store_id, fan_id=response.fan_id, staff_id=response.staff_id,
                    answer_id=ids[question.code],
                )
            )  # fmt: skip
    add_voices(session, form.wave.brand_id, said)


def _withdraw_voices(session: Session, response_id: int) -> None:
    answers = select(Answer.id).where(Answer.response_id == response_id)
    session.exec(delete(Voice).where(Voice.answer_id.in_(answers)))


def _form_of(session: Session, response: Response) -> tuple[SurveyDefinition, Wave]:
    statement = (
        select(SurveyVersion, Wave)
        .join(Wave, Wave.version_id == SurveyVersion.id)
        .join(Survey, Survey.id == SurveyVersion.survey_id)
        .where(Wave.id == response.wave_id)
    )
    version, wave = session.exec(statement).one()
    return records.definition_of(version), wave


def read_response(session: Session, response: Response) -> tuple[SurveyDefinition, list[tuple[str, str]]]:
    """Give what was answered, as a person reads it: (question, words) on the path."""
    survey, _ = _form_of(session, response)
    given = records.answers_of(session, response)
    asked = [question for question in path(survey, records.values(given)) if question.is_asked]
    return survey, [
        (question.title, shown_words(question, given[question.code])) for question in asked if question.code in given
    ]


def shown_words(question: Question, given: Given) -> str:
    """Give one answer as a person reads it, with the free words of “其他”."""
    if question.kind == "contact" and isinstance(given.value, dict):
        return given.value["masked"]
    words = answer_words(question, given.value)
    return f"{words}：{given.other}" if given.other else words


def reopen_response(session: Session, response: Response) -> tuple[str, str]:
    """Open a submitted response for correction: a new draft with the same answers, replacing it when submitted.

    Returns:
        The form's code and the draft's secret.

    Raises:
        Conflict: It was not given through a link, so there is no form to open.
    """
    invitation = session.get(Invitation, response.invitation_id) if response.invitation_id else None
    if invitation is None or invitation.code_sealed is None:
        raise Conflict("这份回答是店员代为记录的。", "请到店里请店员更正；也可以在这里删除。")
    secret = secrets.token_urlsafe(18)
    draft = Response(
        wave_id=response.wave_id, invitation_id=response.invitation_id, fan_id=response.fan_id,
        store_id=response.store_id, submit_key=records.digest(secret), seed=response.seed,
        replaces_id=response.id,
    )  # fmt: skip
    session.add(draft)
    session.flush()
    for row in session.exec(select(Answer).where(Answer.response_id == response.id)):
        session.add(
            Answer(response_id=draft.id, question_code=row.question_code, value=row.value, other_text=row.other_text)
        )
    session.flush()
    return vault().unseal(invitation.code_sealed), secret


def erase_response(session: Session, response: Response) -> None:
    """Erase a response and everything that came of it: answers, voices, units; the empty row says that it happened."""
    _withdraw_voices(session, response.id)
    session.exec(delete(Answer).where(Answer.response_id == response.id))
    response.state, response.fan_id = "erased", None
    session.add(response)
    session.flush()
    record_audit(session, None, "erase_response", f"response:{response.id}")
