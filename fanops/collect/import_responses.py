"""Answers given on paper or in a sheet (代录): the same checks as the fan's page, a whole wave in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from fanops.access import Actor, record_audit, require
from fanops.access.vault import normalise_identifier
from fanops.collect import records_imports as records
from fanops.collect import records_surveys
from fanops.collect.import_file import Imported
from fanops.collect.records_voices import NewVoice, add_voices
from fanops.collect.submit_response import TEXT_KINDS
from fanops.collect.surveys.answers import BadAnswer, Given, read_answer
from fanops.collect.surveys.definition import SurveyDefinition
from fanops.collect.surveys.flow import kept_answers, path
from fanops.database import Database, insert_many, take_turn
from fanops.database.reserve import reserve_ids
from fanops.errors import InvalidInput, Problem
from fanops.fans.identity_records import Person, find_or_create_fans
from fanops.tables import Answer, Consent, ImportBatch, Response, SurveyVersion


@dataclass(frozen=True)
class SheetResponse:
    """One person's answers from paper or a sheet.

    Attributes:
        row: Where it stands in the sheet.
        form: Answers as the fan's page would send them, see ``read_answer``.
        at: When they were given.
        identities: Tidy identifiers of the fan by kind; empty for an anonymous answer.
        store_id: Where.
        staff_id: Who recorded them.
        number: Number of the sheet of paper, by which it is known again in its wave; empty for none.
    """

    row: int
    form: Mapping[str, Sequence[str]]
    at: datetime
    identities: Mapping[str, str]
    store_id: int | None = None
    staff_id: int | None = None
    number: str = ""


def paper_key(wave_id: int, number: str) -> str:
    """Give the key under which a sheet of paper is stored: the same paper is one response, however often it comes."""
    return records_surveys.digest(f"paper:{wave_id}:{number}")


def import_responses(
    db: Database,
    actor: Actor,
    wave_id: int,
    responses: Sequence[SheetResponse],
    *,
    filename: str,
    file_sha256: str,
    is_sample: bool = False,
) -> Imported:
    """Import a wave's answers from a sheet, whole or not at all; the same file again changes nothing.

    Raises:
        NotFound: No such wave.
        InvalidInput: Answers that the survey does not take, by row and question.
    """
    require(actor, *records.IMPORTERS)
    with db.write() as session:
        take_turn(session, f"import {actor.brand_id}")
        earlier = records.find_live_batch(session, actor, "responses", file_sha256)
        if earlier is not None:
            return Imported(earlier.id, "responses", filename, already=True)
        wave = records_surveys.get_wave(session, actor, wave_id)
        survey = records_surveys.definition_of(session.get_one(SurveyVersion, wave.version_id))
        given, contacts, problems = _read(survey, responses)
        batch = ImportBatch(
            brand_id=actor.brand_id, account_id=actor.account_id, kind="responses", filename=filename[:200],
            file_sha256=file_sha256, is_sample=is_sample, consent_basis="问卷首页的隐私说明",
        )  # fmt: skip
        session.add(batch)
        session.flush()
        people = [
            Person({**contacts.get(each.row, {}), **each.identities}, store_id=each.store_id, joined_at=each.at)
            for each in responses
        ]
        found = find_or_create_fans(session, actor.brand_id, people, source="问卷", import_batch_id=batch.id)
        fans = found.fan_ids.tolist()
        problems += _twice(session, wave_id, responses, fans) + _known_papers(session, wave_id, responses)
        if problems:
            raise InvalidInput(
                f"有 {len(problems)} 处答案不能收，所以什么都没有存。", "请按列出的行和题改好后再导入。", problems
            )
        units = _store(session, actor.brand_id, wave_id, batch.id, survey, responses, given, fans)
        _keep_consents(session, survey, wave.version_id, responses, fans, contacts)
        imported = Imported(
            batch.id, "responses", filename, new=len(responses), units=units, created_fans=len(found.created)
        )
        batch.counts = {k: v for k, v in asdict(imported).items() if k in ("new", "units", "created_fans")}
        session.add(batch)
        record_audit(session, actor, "import_responses", f"import_batch:{batch.id}", rows=len(responses))
    return imported


Contacts = dict[int, dict[str, str]]


def _read(
    survey: SurveyDefinition, responses: Sequence[SheetResponse]
) -> tuple[list[dict[str, Given]], Contacts, list[Problem]]:
    """Read the answers; a contact given with consent is sealed, and its number tells who it is (by row)."""
    problems: list[Problem] = []
    everything, contacts = [], Contacts()
    for response in responses:
        given: dict[str, Given] = {}
        for _, question in survey.questions():
            if not question.is_asked:
                continue
            try:
                answer = read_answer(question, response.form)
            except BadAnswer as error:
                problems.append(Problem(str(error), row=response.row, column=question.title))
                continue
            if answer.value is not None and question.kind == "contact":
                contacts[response.row] = {"phone": normalise_identifier("phone", answer.value)}
                answer = Given(records_surveys.sealed_contact(answer.value))
            if answer.value is not None:
                given[question.code] = answer
        kept = kept_answers(survey, records_surveys.values(given))
        given = {code: answer for code, answer in given.items() if code in kept}
        for code in records_surveys.still_missing(survey, given):
            question = survey.question(code)
            problems.append(Problem("必答题没有答案", row=response.row, column=question.title if question else code))
        everything.append(given)
    return everything, contacts, problems


def _known_papers(session: Session, wave_id: int, responses: Sequence[SheetResponse]) -> list[Problem]:
    """Find sheets of paper that are stored already, or stand twice in the file."""
    keys = {paper_key(wave_id, each.number): each for each in responses if each.number}
    query = select(Response.submit_key).where(Response.wave_id == wave_id, Response.import_batch_id.is_not(None))
    stored = set(session.exec(query)) & set(keys)
    numbered = [each for each in responses if each.number]
    again = [each for each in numbered if keys[paper_key(wave_id, each.number)] is not each]
    return [
        Problem("这个纸卷编号已经录过", row=each.row, column="纸卷编号", value=each.number)
        for each in [*(keys[key] for key in stored), *again]
    ]


def _keep_consents(
    session: Session,
    survey: SurveyDefinition,
    version_id: int,
    responses: Sequence[SheetResponse],
    fans: Sequence[int],
    contacts: Contacts,
) -> None:
    basis = next((question.consent for _, question in survey.questions() if question.kind == "contact"), "")
    session.add_all(
        Consent(fan_id=fan_id, purpose="reply", granted=True, basis=basis[:100], given_at=response.at,
                notice_version=f"{survey.code}:{version_id}"[:40])
        for response, fan_id in zip(responses, fans, strict=True)
        if response.row in contacts and fan_id > 0
    )  # fmt: skip


def _twice(session: Session, wave_id: int, responses: Sequence[SheetResponse], fans: Sequence[int]) -> list[Problem]:
    """Find fans who answered this wave before, or stand twice in the sheet."""
    query = select(Response.fan_id).where(
        Response.wave_id == wave_id, Response.state == "submitted", Response.fan_id.is_not(None)
    )
    answered = set(session.exec(query))
    problems = []
    for response, fan_id in zip(responses, fans, strict=True):
        if fan_id > 0 and fan_id in answered:
            problems.append(Problem("这位粉丝在这一期已有一份答卷", row=response.row))
        answered.add(fan_id)
    return problems


def _store(
    session: Session,
    brand_id: int,
    wave_id: int,
    batch_id: int,
    survey: SurveyDefinition,
    responses: Sequence[SheetResponse],
    given: Sequence[Mapping[str, Given]],
    fans: Sequence[int],
) -> int:
    ids = reserve_ids(session, Response, len(responses)).tolist()
    rows, answers, voices = [], [], []
    answer_ids = iter(reserve_ids(session, Answer, sum(map(len, given))).tolist())
    for response_id, response, answered, fan in zip(ids, responses, given, fans, strict=True):
        fan_id = fan if fan > 0 else None
        place = {"store_id": response.store_id, "fan_id": fan_id, "staff_id": response.staff_id}
        rows.append(
            {
                "id": response_id, "wave_id": wave_id, "state": "submitted", "revision": 1, "seed": 0,
                "submit_key": paper_key(wave_id, response.number) if response.number
                else records_surveys.digest(f"{batch_id}:{response.row}"), "started_at": response.at,
                "submitted_at": response.at, "import_batch_id": batch_id, **place,
            }
        )  # fmt: skip
        stored = {code: next(answer_ids) for code in answered}
        answers += [
            _answer_row(stored[code], response_id, code, answer, response.at) for code, answer in answered.items()
        ]
        for question in path(survey, records_surveys.values(answered)):
            answer = answered.get(question.code)
            if answer is None:
                continue
            words = answer.value if question.kind in TEXT_KINDS and isinstance(answer.value, str) else answer.other
            if words:
                key = f"response:{response_id}:{question.code}"
                voices.append(
                    NewVoice(
                        words, "survey", survey.title[:40], key, said_at=response.at, answer_id=stored[question.code],
                        **place,
                    )
                )  # fmt: skip
    insert_many(session, Response, rows)
    insert_many(session, Answer, answers)
    stored_ids = add_voices(session, brand_id, voices, import_batch_id=batch_id)
    return len(stored_ids)


def _answer_row(answer_id: int, response_id: int, code: str, answer: Given, at: datetime) -> dict[str, Any]:
    return {
        "id": answer_id, "response_id": response_id, "question_code": code, "value": answer.value,
        "other_text": answer.other, "answered_at": at,
    }  # fmt: skip
