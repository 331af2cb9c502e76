"""Answers given on paper or in a sheet (代录): the same checks as the fan's page, a whole wave in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from fanops.access import Actor, record_audit, require
from fanops.collect import records_imports as records
from fanops.collect.import_file import Imported
from fanops.collect.records_sheet import SheetResponse, Sieved, sieve, submit_key, survey_of
from fanops.collect.records_voices import NewVoice, add_voices
from fanops.collect.submit_response import TEXT_KINDS
from fanops.collect.surveys.answers import Given
from fanops.collect.surveys.definition import SurveyDefinition
from fanops.collect.surveys.flow import path, values
from fanops.database import Database, insert_many, take_turn
from fanops.database.reserve import reserve_ids
from fanops.errors import InvalidInput, Problem
from fanops.tables import Answer, Consent, ImportBatch, Response, Wave


@dataclass(frozen=True)
class Weighed:
    """What would become of a sheet: rows that are new, rows that were taken before, and why others can't be taken."""

    new: int
    same: int
    problems: tuple[Problem, ...]


class _Undone(Exception):
    """Rolls a trial back."""


def weigh_responses(db: Database, actor: Actor, wave_id: int, responses: Sequence[SheetResponse]) -> Weighed:
    """Say what an import would do: tried in a transaction that is taken back, so that it can't differ from the import."""
    require(actor, *records.IMPORTERS)
    weighed = Weighed(0, 0, ())
    try:
        with db.write() as session:
            survey = survey_of(session, actor, wave_id)
            sieved = sieve(session, actor, wave_id, survey, responses, None)
            weighed = Weighed(len(sieved.responses), sieved.same, tuple(sieved.problems))
            raise _Undone
    except _Undone:
        return weighed


def import_responses(
    db: Database,
    actor: Actor,
    wave_id: int,
    responses: Sequence[SheetResponse],
    *,
    filename: str,
    file_sha256: str,
    is_sample: bool = False,
    refused: Sequence[Problem] = (),
    skip_refused: bool = False,
    remember: tuple[list[str], Mapping[str, str]] | None = None,
) -> Imported:
    """Import a wave's answers from a sheet; the same file again changes nothing.

    Whole or not at all: one refused row means that nothing is stored, unless ``skip_refused`` leaves such rows out.

    Args:
        db: The database.
        actor: Who imports.
        wave_id: The wave.
        responses: Rows that could be read.
        filename: For people.
        file_sha256: Of the file.
        is_sample: Belongs to the sample chain.
        refused: Why other rows could not be read.
        skip_refused: Import the rest.
        remember: Headings and the mapping to offer for them the next time.

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
        survey = survey_of(session, actor, wave_id)
        batch = ImportBatch(
            brand_id=actor.brand_id, account_id=actor.account_id, kind="responses", filename=filename[:200],
            file_sha256=file_sha256, is_sample=is_sample, consent_basis="问卷首页的隐私说明",
        )  # fmt: skip
        session.add(batch)
        session.flush()
        sieved = sieve(session, actor, wave_id, survey, responses, batch.id)
        problems = [*refused, *sieved.problems]
        if problems and not (skip_refused and sieved.responses):
            raise InvalidInput(
                f"有 {len(problems)} 处答案不能收，所以什么都没有存。", "请按列出的行和题改好后再导入。", problems
            )
        units = _store(session, actor.brand_id, wave_id, batch.id, survey, sieved.responses, sieved.given, sieved.fans)
        _keep_consents(session, survey, wave_id, sieved)
        imported = Imported(
            batch.id, "responses", filename, new=len(sieved.responses), same=sieved.same,
            refused=len({problem.row for problem in problems}), units=units, created_fans=sieved.created_fans,
        )  # fmt: skip
        counted = ("new", "same", "refused", "units", "created_fans")
        batch.counts = {name: count for name, count in asdict(imported).items() if name in counted}
        if remember is not None:
            records.remember_mapping(session, actor, "responses", *remember)
        session.add(batch)
        record_audit(session, actor, "import_responses", f"import_batch:{batch.id}", rows=imported.new)
    return imported


def _keep_consents(session: Session, survey: SurveyDefinition, wave_id: int, sieved: Sieved) -> None:
    version_id = session.get_one(Wave, wave_id).version_id
    basis = next((question.consent for _, question in survey.questions() if question.kind == "contact"), "")
    session.add_all(
        Consent(fan_id=fan_id, purpose="reply", granted=True, basis=basis[:100], given_at=response.at,
                notice_version=f"{survey.code}:{version_id}"[:40])
        for response, fan_id in zip(sieved.responses, sieved.fans, strict=True)
        if response.row in sieved.contacts and fan_id > 0
    )  # fmt: skip


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
                "submit_key": submit_key(wave_id, batch_id, response),
                "started_at": response.began or response.at,
                "submitted_at": response.at, "import_batch_id": batch_id, **place,
            }
        )  # fmt: skip
        stored = {code: next(answer_ids) for code in answered}
        answers += [
            _answer_row(stored[code], response_id, code, answer, response.at) for code, answer in answered.items()
        ]
        for question in path(survey, values(answered)):
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
