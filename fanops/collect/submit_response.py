"""Close a response: the contact becomes a fan, the free words become voices; by receipt it can be read, corrected, erased."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlmodel import Session, delete, select

from fanops.access import record_audit, vault
from fanops.collect import records_drafts as records
from fanops.collect.records_surveys import definition_of, digest
from fanops.collect.records_voices import NewVoice, add_voices
from fanops.collect.surveys.answers import Given
from fanops.collect.surveys.definition import Question, SurveyDefinition
from fanops.collect.surveys.flow import answer_words, path, values
from fanops.errors import Conflict
from fanops.fans.identity_records import find_or_create_fan
from fanops.tables import Answer, Consent, Invitation, Response, Survey, SurveyVersion, Voice, Wave, now

TEXT_KINDS = {"short_text", "long_text"}


def submit_response(session: Session, form: records.OpenForm, response: records.Answering, secret: str = "") -> str:
    """Close a draft and let everything follow from it, in one transaction.

    Args:
        session: In a write transaction.
        form: What is answered.
        response: The draft.
        secret: Of the browser that hands in; the receipt follows from it. Empty: staff hand in, the receipt is drawn.

    Returns:
        The receipt code, empty when this draft was submitted before.
    """
    if response.state == "submitted":
        return ""
    rows = records.stored_answers(session, response.id)
    on_path = path(form.survey, {row.code: row.value for row in rows if row.value is not None})
    if response.fan_id is None:
        _recognise(session, form, response, on_path, rows)
    earlier = records.earlier_responses(session, response)
    receipt = records.submit(session, form, response, earlier, rows, secret)
    if not receipt:
        return ""
    for row in earlier:
        _withdraw_voices(session, row.id)
    add_voices(session, form.wave.brand_id, _said(form, response, on_path, rows))
    return receipt


def _recognise(
    session: Session, form: records.OpenForm, response: records.Answering, on_path: Sequence[Question],
    rows: Sequence[records.StoredAnswer],
) -> None:  # fmt: skip
    """Let a contact given with consent make this the response of a fan.

    Nobody proves a number by typing it. So it never takes the place of a response that the fan gave already: then both
    are kept, this one belongs to no fan, and its contact is marked as unproven.
    """
    given = {row.code: row.value for row in rows}
    for question in on_path:
        if question.kind != "contact" or not isinstance(given.get(question.code), dict):
            continue
        phone = vault().unseal(bytes.fromhex(given[question.code]["sealed"]))
        fan = find_or_create_fan(
            session, form.wave.brand_id, {"phone": phone}, store_id=response.store_id, source="问卷"
        )
        if _answered(session, response, fan.id):
            records.mark_unproven(session, response.id, question.code, given[question.code])
            record_audit(session, None, "keep_unproven_contact", f"response:{response.id}")
            continue
        response.fan_id = fan.id
        notice = f"{form.survey.code}:{form.wave.version_id}"
        session.add(
            Consent(fan_id=fan.id, purpose="reply", granted=True, notice_version=notice, basis=question.consent[:100])
        )
        session.flush()


def _answered(session: Session, response: records.Answering, fan_id: int) -> bool:
    """Say whether a fan has a live response in this wave other than the one that is corrected here."""
    statement = select(Response.id).where(
        Response.wave_id == response.wave_id, Response.fan_id == fan_id, Response.state == "submitted",
        Response.id.not_in([response.id, response.replaces_id or 0]),
    )  # fmt: skip
    return session.exec(statement).first() is not None


def _said(
    form: records.OpenForm, response: records.Answering, on_path: Sequence[Question],
    rows: Sequence[records.StoredAnswer],
) -> list[NewVoice]:  # fmt: skip
    """Give the free words on the path, as voices."""
    given = {row.code: row for row in rows}
    said = []
    for question in on_path:
        row = given.get(question.code)
        if row is None:
            continue
        words = row.value if question.kind in TEXT_KINDS and isinstance(row.value, str) else row.other
        if words:
            said.append(
                NewVoice(
                    text=words, kind="survey", source=form.survey.title[:40],
                    source_key=f"response:{response.id}:{question.code}", said_at=response.submitted_at or now(),
                    store_id=response.store_id, fan_id=response.fan_id, staff_id=response.staff_id, answer_id=row.id,
                )
            )  # fmt: skip
    return said


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
    return definition_of(version), wave


def read_response(session: Session, response: Response) -> tuple[SurveyDefinition, list[tuple[str, str]]]:
    """Give what was answered, as a person reads it: (question, words) on the path."""
    survey, _ = _form_of(session, response)
    given = records.answers_of(session, response)
    asked = [question for question in path(survey, values(given)) if question.is_asked]
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
        store_id=response.store_id, submit_key=digest(secret), seed=response.seed,
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
    """Erase a response in all its versions and everything that came of them: answers, voices, units.

    The versions are those it took the place of, its corrections, and corrections that were begun and never handed in.
    The empty rows say that it happened.
    """
    for each in _versions(session, response):
        _withdraw_voices(session, each.id)
        session.exec(delete(Answer).where(Answer.response_id == each.id))
        each.state, each.fan_id = "erased", None
        session.add(each)
        session.flush()
        record_audit(session, None, "erase_response", f"response:{each.id}")


def _versions(session: Session, response: Response) -> list[Response]:
    """Give a response, whatever it corrected or took the place of, and whatever corrects any of these."""
    found = {response.id: response}
    waiting = [response]
    while waiting:
        one = waiting.pop()
        linked = (Response.replaced_by_id == one.id) | (Response.replaces_id == one.id)
        if one.replaces_id is not None:
            linked |= Response.id == one.replaces_id
        for each in session.exec(select(Response).where(linked, Response.id.not_in(list(found)))):
            found[each.id] = each
            waiting.append(each)
    return sorted(found.values(), key=lambda each: each.id)
