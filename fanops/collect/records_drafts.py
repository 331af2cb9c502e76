"""Answers on their way in: what a code opens, drafts after every screen, one response per fan and wave.

Every screen that a fan sees passes here, so the statements are built once, over tables rather than objects.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from sqlalchemy import and_, bindparam, delete, insert, select, update
from sqlmodel import Session

from fanops.collect.records_surveys import (
    CODE_BYTES,
    check_is_open,
    definition_of,
    digest,
    known_definition,
    sealed_contact,
)
from fanops.collect.surveys.answers import Given
from fanops.collect.surveys.definition import SurveyDefinition
from fanops.collect.surveys.flow import kept_answers, still_missing, values
from fanops.errors import Conflict, NotFound
from fanops.tables import Answer, Invitation, Response, SurveyVersion, Wave, now

_invitation, _wave, _version = Invitation.__table__, Wave.__table__, SurveyVersion.__table__
_response, _answer = Response.__table__, Answer.__table__


class OpenWave(NamedTuple):
    """What the form needs of a wave."""

    id: int
    brand_id: int
    version_id: int
    opens_at: datetime
    closes_at: datetime | None
    closed_by_hand_at: datetime | None


class Invited(NamedTuple):
    """What the form needs of an invitation: a fan's own code, or the code of a place."""

    id: int
    fan_id: int | None
    store_id: int | None
    opened_at: datetime | None


class Answering(Protocol):
    """A response being answered: the row itself, or a ``Draft``."""

    id: int
    wave_id: int
    fan_id: int | None
    store_id: int | None
    staff_id: int | None
    state: str
    replaces_id: int | None
    submitted_at: datetime | None
    receipt_sha256: str | None


@dataclass(slots=True)
class Draft:
    """A response as the form reads it; ``submitted_at`` and ``receipt_sha256`` are set by handing it in."""

    id: int
    wave_id: int
    fan_id: int | None
    store_id: int | None
    staff_id: int | None
    state: str
    replaces_id: int | None
    seed: int
    submitted_at: datetime | None = None
    receipt_sha256: str | None = None


@dataclass(frozen=True)
class OpenForm:
    """What a code opens: the wave, its survey, and who or where was invited (None: staff ask in person)."""

    wave: OpenWave | Wave
    invitation: Invited | None
    survey: SurveyDefinition


class StoredAnswer(NamedTuple):
    """One answer as it is kept."""

    id: int
    code: str
    value: Any
    other: str


_DRAFT = tuple(_response.c[name] for name in
               ("id", "wave_id", "fan_id", "store_id", "staff_id", "state", "replaces_id", "seed"))  # fmt: skip
_OPENED = (
    *(_wave.c[name] for name in OpenWave._fields), *(_invitation.c[name] for name in Invited._fields), _version.c.sha256,
)  # fmt: skip
# One look-up for everything that a screen stands on; the outer join stays empty without a secret of this wave.
_FORM = (
    select(*_OPENED, *_DRAFT)
    .select_from(_invitation)
    .join(_wave, _wave.c.id == _invitation.c.wave_id)
    .join(_version, _version.c.id == _wave.c.version_id)
    .outerjoin(_response, and_(_response.c.submit_key == bindparam("secret"), _response.c.wave_id == _wave.c.id))
    .where(_invitation.c.code_sha256 == bindparam("code"), _invitation.c.revoked_at.is_(None))
)
_FANS_DRAFT = select(*_DRAFT).where(
    _response.c.wave_id == bindparam("wave"), _response.c.fan_id == bindparam("fan"), _response.c.state == "draft"
)
_NEW_DRAFT = insert(_response)
_ANSWERS = select(_answer.c.id, _answer.c.question_code, _answer.c.value, _answer.c.other_text).where(
    _answer.c.response_id == bindparam("response")
)
_ADD_ANSWER = insert(_answer)
_CHANGE_ANSWER = (
    update(_answer)
    .where(_answer.c.id == bindparam("answer"))
    .values(value=bindparam("new_value"), other_text=bindparam("new_other"), answered_at=bindparam("at"))
)
_DROP_ANSWER = delete(_answer).where(_answer.c.id == bindparam("answer"))
# Both ask for a draft again while they write: of two that hand in at the same time only one finds it.
_TOUCH = (
    update(_response)
    .where(_response.c.id == bindparam("response"), _response.c.state == "draft")
    .values(revision=_response.c.revision + 1)
)
_HAND_IN = (
    update(_response)
    .where(_response.c.id == bindparam("response"), _response.c.state == "draft")
    .values(
        state="submitted", submitted_at=bindparam("at"), receipt_sha256=bindparam("receipt"), fan_id=bindparam("fan")
    )
)


def find_form(session: Session, code: str, secret: str = "") -> tuple[OpenForm, Draft | None]:
    """Give what a code opens, and the response that a browser's secret belongs to (None: none in this wave).

    Raises:
        NotFound: Unknown or revoked (deliberately the same words).
        Conflict: The wave is not open, and this browser has begun nothing in it.
    """
    asked = {"code": digest(code), "secret": digest(secret) if secret else ""}
    found = session.connection().execute(_FORM, asked).first()
    if found is None:
        raise NotFound("这个链接不对，或已经失效。", "请重新扫码，或向店员要一个新的链接。")
    waves, invited = len(OpenWave._fields), len(Invited._fields)
    wave, invitation = OpenWave(*found[:waves]), Invited(*found[waves : waves + invited])
    draft = found[waves + invited + 1 :]
    if draft[0] is None:
        check_is_open(wave)  # who began before the end may hand in after it
    survey = known_definition(wave.version_id, found[waves + invited])
    if survey is None:
        survey = definition_of(session.get_one(SurveyVersion, wave.version_id))
    return OpenForm(wave, invitation, survey), Draft(*draft) if draft[0] is not None else None


def start_response(session: Session, form: OpenForm) -> str:
    """Begin (or, for a personal code, go on with) a response.

    Returns:
        The secret by which it is found again (kept by the fan's browser only).

    Raises:
        Conflict: The wave is not open.
    """
    check_is_open(form.wave)
    secret = secrets.token_urlsafe(CODE_BYTES)
    connection, invited = session.connection(), form.invitation
    if invited.fan_id is not None:
        begun = connection.execute(_FANS_DRAFT, {"wave": form.wave.id, "fan": invited.fan_id}).first()
        if begun is not None:
            connection.execute(update(_response).where(_response.c.id == begun.id).values(submit_key=digest(secret)))
            return secret
    moment = now()
    connection.execute(
        _NEW_DRAFT,
        {
            "wave_id": form.wave.id, "invitation_id": invited.id, "fan_id": invited.fan_id, "store_id": invited.store_id,
            "submit_key": digest(secret), "seed": secrets.randbelow(2**31), "state": "draft", "revision": 0,
            "started_at": moment,
        },
    )  # fmt: skip
    if invited.opened_at is None:
        connection.execute(update(_invitation).where(_invitation.c.id == invited.id).values(opened_at=moment))
    return secret


def stored_answers(session: Session, response_id: int) -> list[StoredAnswer]:
    """Give the answers of a response as they are kept."""
    return [StoredAnswer(*row) for row in session.connection().execute(_ANSWERS, {"response": response_id})]


def answers_of(session: Session, response: Answering) -> dict[str, Given]:
    """Give the stored answers by question code."""
    return {row.code: Given(row.value, row.other) for row in stored_answers(session, response.id)}


def save_answers(
    session: Session, survey: SurveyDefinition, response: Answering, given: Mapping[str, Given],
    known: Sequence[StoredAnswer] | None = None,
) -> dict[str, Given]:  # fmt: skip
    """Keep answers in the draft; one emptied by the person is taken out, a contact is sealed.

    Args:
        session: In a write transaction.
        survey: Its form.
        response: A draft.
        given: By question code.
        known: What the draft holds, when it was read in this transaction.

    Returns:
        Everything that the draft holds now.

    Raises:
        Conflict: It was handed in.
    """
    connection = session.connection()
    if response.state != "draft" or not connection.execute(_TOUCH, {"response": response.id}).rowcount:
        raise Conflict("这份答卷已经交过了。", "要修改，请用回执码打开它。")
    rows = {row.code: row for row in (stored_answers(session, response.id) if known is None else known)}
    everything = {code: Given(row.value, row.other) for code, row in rows.items()}
    moment, added = now(), []
    for code, answer in given.items():
        row = rows.get(code)
        if answer.value is None:
            if row is not None:
                connection.execute(_DROP_ANSWER, {"answer": row.id})
                del everything[code]
            continue
        question = survey.question(code)
        is_contact = question is not None and question.kind == "contact" and isinstance(answer.value, str)
        value = sealed_contact(answer.value) if is_contact else answer.value
        everything[code] = Given(value, answer.other)
        if row is None:
            added.append({"response_id": response.id, "question_code": code, "value": value,
                          "other_text": answer.other, "answered_at": moment})  # fmt: skip
        else:
            kept = {"answer": row.id, "new_value": value, "new_other": answer.other, "at": moment}
            connection.execute(_CHANGE_ANSWER, kept)
    if added:
        connection.execute(_ADD_ANSWER, added)
    return everything


def mark_unproven(session: Session, response_id: int, code: str, contact: Mapping[str, Any]) -> None:
    """Mark a contact as left by somebody who did not prove to be that fan."""
    connection = session.connection()
    statement = update(_answer).where(_answer.c.response_id == response_id, _answer.c.question_code == code)
    connection.execute(statement.values(value={**contact, "unproven": True}))


def submit(
    session: Session, form: OpenForm, response: Answering, earlier: Sequence[Response], rows: Sequence[StoredAnswer],
    secret: str = "",
) -> str:  # fmt: skip
    """Close a draft: hidden answers fall away, ``earlier_responses`` are kept as replaced.

    Returns:
        The receipt code (130 bits); only its hash is kept. Empty when it was handed in meanwhile.

    Raises:
        Conflict: A required question on the path is unanswered.
    """
    given = {row.code: Given(row.value, row.other) for row in rows}
    lacking = still_missing(form.survey, given)
    if lacking:
        raise Conflict("还有必答的题没有回答。", "、".join(lacking))
    connection = session.connection()
    kept = kept_answers(form.survey, values(given))
    for row in rows:
        if row.code not in kept:
            connection.execute(_DROP_ANSWER, {"answer": row.id})
    for row in earlier:
        row.state, row.replaced_by_id = "replaced", response.id
        session.add(row)
    if earlier:
        session.flush()  # a fan has one live response in a wave: the earlier one gives way first
    receipt, moment = receipt_of(secret or secrets.token_urlsafe(CODE_BYTES)), now()
    closed = {"response": response.id, "at": moment, "receipt": digest(receipt), "fan": response.fan_id}
    if not connection.execute(_HAND_IN, closed).rowcount:
        return ""
    response.state, response.submitted_at, response.receipt_sha256 = "submitted", moment, digest(receipt)
    return receipt


def earlier_responses(session: Session, response: Answering) -> list[Response]:
    """List the submitted responses that this one takes the place of: the one it corrects, the same fan's in the wave."""
    if response.replaces_id is None and response.fan_id is None:
        return []
    same = _response.c.id == (response.replaces_id or 0)
    if response.fan_id is not None:
        same = same | ((_response.c.wave_id == response.wave_id) & (_response.c.fan_id == response.fan_id))
    statement = select(Response).where(same, _response.c.state == "submitted", _response.c.id != response.id)
    return list(session.execute(statement).scalars())


TOLD_AGAIN = timedelta(hours=1)  # after that, a phone that was passed on tells nothing
_RECEIPT_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32: every byte falls on one of them evenly


def receipt_of(secret: str) -> str:
    """Give the receipt code that belongs to a draft's secret: 26 letters without 0, 1, I, O (130 bits).

    It follows from the secret, so that a browser whose answer got lost on the way can be told once more.
    """
    return "".join(_RECEIPT_LETTERS[byte % 32] for byte in sha256(f"receipt:{secret}".encode()).digest()[:26])


def receipt_again(session: Session, response: Draft, secret: str) -> str:
    """Give the receipt to the browser that handed in within the last hour; empty later, or when it is erased."""
    receipt = receipt_of(secret)
    since = now() - TOLD_AGAIN
    told = select(_response.c.id).where(
        _response.c.id == response.id, _response.c.state == "submitted", _response.c.submitted_at >= since,
        _response.c.receipt_sha256 == digest(receipt),
    )  # fmt: skip
    return receipt if session.connection().execute(told).first() else ""


def find_receipt(session: Session, receipt: str) -> Response:
    """Give the response that a receipt code stands for.

    Raises:
        NotFound: Unknown, or already erased.
    """
    cleaned = "".join(letter for letter in receipt.upper() if letter in _RECEIPT_LETTERS)
    response = session.execute(select(Response).where(_response.c.receipt_sha256 == digest(cleaned))).scalars().first()
    if response is None or response.state == "erased":
        raise NotFound("没有这个回执码，或它的内容已经删除。", "请检查有没有抄错。")
    return response
