"""Rows of answers from paper or a sheet, sieved by the same checks as the fan's page: known ones, ones that can't be taken, the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from fanops.access import Actor
from fanops.access.vault import normalise_identifier
from fanops.collect import records_surveys
from fanops.collect.surveys.answers import BadAnswer, Given, read_answer
from fanops.collect.surveys.definition import SurveyDefinition
from fanops.collect.surveys.flow import kept_answers, still_missing, values
from fanops.errors import Problem
from fanops.fans.identity_records import Person, find_or_create_fans
from fanops.tables import Response, SurveyVersion

Contacts = dict[int, dict[str, str]]


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
        key: Names the answers for good where the sheet itself counts them, so that a later sheet adds only what is new.
        began: When answering began, None when only ``at`` is known.
    """

    row: int
    form: Mapping[str, Sequence[str]]
    at: datetime
    identities: Mapping[str, str]
    store_id: int | None = None
    staff_id: int | None = None
    key: str = ""
    began: datetime | None = None


def submit_key(wave_id: int, batch_id: int, response: SheetResponse) -> str:
    """Give the key under which a row is stored: with a key of its own it is one response, however often it comes."""
    return stored_key(wave_id, response.key) if response.key else records_surveys.digest(f"{batch_id}:{response.row}")


def stored_key(wave_id: int, key: str) -> str:
    """Give what a response with a ``key`` of its own is found by in its wave."""
    return records_surveys.digest(f"sheet:{wave_id}:{key}")


def paper(number: str) -> str:
    """Give the ``key`` of a sheet of paper from its number."""
    return f"paper:{number}"


def survey_of(session: Session, actor: Actor, wave_id: int) -> SurveyDefinition:
    """Give the definition that a wave asks."""
    wave = records_surveys.get_wave(session, actor, wave_id)
    return records_surveys.definition_of(session.get_one(SurveyVersion, wave.version_id))


@dataclass(frozen=True)
class Sieved:
    """A sheet's rows that can be taken, with answers, fans (0 or less: nobody) and contacts by row; and why others can't."""

    responses: list[SheetResponse]
    given: list[dict[str, Given]]
    fans: list[int]
    contacts: Contacts
    created_fans: int
    same: int
    problems: list[Problem]


def sieve(
    session: Session,
    actor: Actor,
    wave_id: int,
    survey: SurveyDefinition,
    responses: Sequence[SheetResponse],
    batch_id: int | None,
) -> Sieved:
    """Part a sheet's rows: known ones, ones that can't be taken, and the rest with their answers and fans."""
    known = _known_keys(session, wave_id, responses)
    fresh = [response for response in responses if not response.key or stored_key(wave_id, response.key) not in known]
    given, contacts, problems = _read(survey, fresh)
    bad = {problem.row for problem in problems}
    kept = [(response, answers) for response, answers in zip(fresh, given, strict=True) if response.row not in bad]
    people = [
        Person({**contacts.get(each.row, {}), **each.identities}, store_id=each.store_id, joined_at=each.at)
        for each, _ in kept
    ]
    found = find_or_create_fans(session, actor.brand_id, people, source="问卷", import_batch_id=batch_id)
    fans = found.fan_ids.tolist()
    twice = _twice(session, wave_id, [response for response, _ in kept], fans)
    bad = {problem.row for problem in twice}
    rows = [(*pair, fan) for pair, fan in zip(kept, fans, strict=True) if pair[0].row not in bad]
    return Sieved(
        [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows], contacts, len(found.created),
        len(responses) - len(fresh), problems + twice,
    )  # fmt: skip


def _known_keys(session: Session, wave_id: int, responses: Sequence[SheetResponse]) -> set[str]:
    if not any(response.key for response in responses):
        return set()
    return set(session.exec(select(Response.submit_key).where(Response.wave_id == wave_id)))


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
        kept = kept_answers(survey, values(given))
        given = {code: answer for code, answer in given.items() if code in kept}
        for code in still_missing(survey, given):
            question = survey.question(code)
            problems.append(Problem("必答题没有答案", row=response.row, column=question.title if question else code))
        everything.append(given)
    return everything, contacts, problems


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
