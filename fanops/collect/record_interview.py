"""An interview as it is held: notes kept while they are typed, then turns, voices and units of the fan's own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import pandas as pd
from sqlalchemy import or_
from sqlmodel import Session, func, select

from fanops.access import Actor, in_scope, record_audit, require_store
from fanops.access.attachments import erase_attachments
from fanops.access.vault import mask_name
from fanops.collect.records_voices import NewVoice, add_voices
from fanops.collect.surveys.answers import clean_text
from fanops.collect.surveys.definition import SurveyDefinition, read_definition
from fanops.content import content_path
from fanops.database.frames import frame_of
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans.records import fan_at_counter, has_number, phone_tails
from fanops.tables import Fan, Interview, Staff, Store, Turn, Unit, Voice, now
from fanops.text.masking import mask_identifiers

FIELDS = {"said": "顾客原话", "note": "我的笔记"}
LONGEST_NOTE = 4_000


@lru_cache(maxsize=1)
def guides() -> dict[str, SurveyDefinition]:
    """Give the shipped interview guides (访谈提纲) by code."""
    found = [read_definition(file.read_text("utf-8-sig")) for file in sorted(content_path("surveys").rglob("*.yaml"))]
    return {guide.code: guide for guide in found if guide.is_guide}


def start_interview(
    session: Session, actor: Actor, guide: str, *, store_id: int, fan_id: int | None = None
) -> Interview:
    """Begin an interview; the fan who is asked is known or stays unknown.

    Raises:
        NotFound: No such guide, store or fan for this actor.
    """
    if guide not in guides():
        raise NotFound("没有这份访谈提纲。", f"可用：{'、'.join(each.title for each in guides().values())}。")
    require_store(session, actor, store_id)
    if fan_id is not None:
        fan_id = fan_at_counter(session, actor, fan_id).id
    held = Interview(
        brand_id=actor.brand_id, store_id=store_id, fan_id=fan_id, staff_id=actor.staff_id, guide=guide, notes={}
    )
    session.add(held)
    session.flush()
    record_audit(session, actor, "start_interview", f"interview:{held.id}")
    return held


def get_interview(session: Session, actor: Actor, interview_id: int) -> Interview:
    """Give an interview in the actor's scope.

    Raises:
        NotFound: None such.
    """
    statement = select(Interview).where(Interview.id == interview_id)
    held = session.exec(in_scope(statement, actor, brand=Interview.brand_id, store=Interview.store_id)).first()
    if held is None:
        raise NotFound("没有这次访谈。", "请从访谈列表里选择。")
    return held


def imported_interview(session: Session, actor: Actor, key: str) -> Interview:
    """Give the interview that was imported under this key.

    Raises:
        NotFound: None such in the actor's scope.
    """
    statement = select(Interview).where(Interview.source_key == f"{actor.brand_id}:{key}"[:80])
    held = session.exec(in_scope(statement, actor, brand=Interview.brand_id, store=Interview.store_id)).first()
    if held is None:
        raise NotFound("没有这次访谈。", "请从访谈列表里选择。")
    return held


def keep_note(
    session: Session, actor: Actor, interview_id: int, question: str, field: str, text: str, typed_at: int
) -> int:
    """Keep what was typed; what was typed earlier never overwrites what was typed later (a late try after a lost network).

    Args:
        session: In a write transaction.
        actor: Who types.
        interview_id: A live interview.
        question: Code of the question.
        field: A key of FIELDS.
        text: The whole text of the field; empty takes it out.
        typed_at: Milliseconds on the clock of the device it was typed on.

    Returns:
        The interview's revision.

    Raises:
        Conflict: The interview is closed.
        InvalidInput: No such field, or too long.
    """
    held = get_interview(session, actor, interview_id)
    if typed_at == held.notes.get(question, {}).get(f"{field}_at"):
        return held.revision  # kept already: the same words may come by two ways, one of them after the end
    if held.state != "live":
        raise Conflict("这次访谈已经结束，不能再改。", "补充的话请记在新的一次访谈里。")
    if field not in FIELDS or guides()[held.guide].question(question) is None:
        raise InvalidInput("没有这一栏。", "刷新页面再试。")
    if len(text) > LONGEST_NOTE:
        raise InvalidInput(f"一栏最多 {LONGEST_NOTE:,} 个字。", "请分到下一题或另开一次访谈。")
    known = held.notes.get(question, {})
    if typed_at <= known.get(f"{field}_at", 0):
        return held.revision
    # The words of a fan may hold a number: it is masked before it is stored anywhere.
    held.notes = {
        **held.notes,
        question: {**known, field: mask_identifiers(clean_text(text, LONGEST_NOTE)).text, f"{field}_at": typed_at},
    }
    held.revision += 1
    session.add(held)
    return held.revision


def finish_interview(session: Session, actor: Actor, interview_id: int) -> int:
    """Close an interview: question and answer become turns, the fan's own words become voices.

    Returns:
        How many answers became voices; 0 when it was closed before.

    Raises:
        InvalidInput: Nothing was said.
    """
    held = get_interview(session, actor, interview_id)
    if held.state != "live":
        return 0
    said = [
        (question, held.notes[question.code]["said"].strip())
        for _, question in guides()[held.guide].questions()
        if held.notes.get(question.code, {}).get("said", "").strip()
    ]
    if not said:
        raise InvalidInput("还没有记下顾客的原话。", "至少记一句顾客说的话再结束；只有笔记不算原声。")
    held.state, held.ended_at = "done", now()
    session.add(held)
    voices = []
    for place, (question, text) in enumerate(said):
        asked = Turn(
            interview_id=held.id, position=2 * place, speaker="staff", question_code=question.code, text=question.title
        )
        told = Turn(interview_id=held.id, position=2 * place + 1, speaker="fan", question_code=question.code, text=text)
        session.add_all([asked, told])
        session.flush()
        voices.append(
            NewVoice(
                text, "interview", "访谈", f"interview:{held.id}:{question.code}", said_at=held.started_at,
                store_id=held.store_id, fan_id=held.fan_id, staff_id=held.staff_id, turn_id=told.id,
            )
        )  # fmt: skip
    add_voices(session, actor.brand_id, voices)
    record_audit(session, actor, "finish_interview", f"interview:{held.id}", voices=len(voices))
    return len(voices)


def discard_interview(session: Session, actor: Actor, interview_id: int) -> None:
    """Throw a live interview away.

    Raises:
        Conflict: It is closed; its words are voices already.
    """
    held = get_interview(session, actor, interview_id)
    if held.state != "live":
        raise Conflict("已经结束的访谈不能丢弃。", "顾客要求删除时，在粉丝页面处理。")
    erase_attachments(session, [held.id])
    session.delete(held)
    record_audit(session, actor, "discard_interview", f"interview:{interview_id}")


def who_was_asked(session: Session, held: Interview) -> tuple[str, str] | None:
    """Give the masked name and the phone's last digits of the fan of an interview, whatever record now stands for him or her.

    Returns:
        Either may be empty; None when nobody was identified.
    """
    fan = session.get(Fan, held.fan_id) if held.fan_id else None
    if fan is None:
        return None
    person = session.get_one(Fan, fan.merged_into_id) if fan.merged_into_id else fan
    return person.name_masked, phone_tails(session, [person.id]).get(person.id, "")


def interview_table(
    session: Session, actor: Actor, look_for: str = "", limit: int = 200
) -> tuple[pd.DataFrame, int]:  # fmt: skip
    """List interviews, live ones first, then the newest.

    Args:
        session: A reading session.
        actor: Whose interviews.
        look_for: Part of the store's or the staff's name, a fan's name, phone, its last four digits or member number; "" all.
        limit: At most this many.

    Returns:
        Rows ``interview_id, state, fan_id, fan, store, staff, started_at, ended_at, turns, tail`` (last digits of the fan's
        phone); and how many there are in all.
    """
    asked = (
        select(
            Interview.id, Interview.state, Interview.fan_id, Fan.name_masked, Store.name, Staff.name, Interview.started_at,
            Interview.ended_at,
        )
        .outerjoin(Fan, Fan.id == Interview.fan_id)
        .outerjoin(Store, Store.id == Interview.store_id)
        .outerjoin(Staff, Staff.id == Interview.staff_id)
    )  # fmt: skip
    asked = in_scope(asked, actor, brand=Interview.brand_id, store=Interview.store_id)
    if words := look_for.strip():
        named = [each.contains(words, autoescape=True) for each in (Store.name, Staff.name, Fan.name_masked)]
        asked = asked.where(or_(*named, Fan.name_masked == mask_name(words), has_number(actor, words)))
    total = session.exec(select(func.count()).select_from(asked.subquery())).one()
    newest = asked.order_by(Interview.state.desc(), Interview.started_at.desc(), Interview.id.desc()).limit(limit)
    columns = ["interview_id", "state", "fan_id", "fan", "store", "staff", "started_at", "ended_at"]
    frame = frame_of(session.exec(newest).all(), columns)
    told = select(Turn.interview_id, func.count(Turn.id)).where(Turn.speaker == "fan").group_by(Turn.interview_id)
    turns = dict(session.exec(told.where(Turn.interview_id.in_([int(each) for each in frame["interview_id"]]))).all())
    tails = phone_tails(session, frame["fan_id"].dropna())
    frame["turns"] = [turns.get(int(each), 0) for each in frame["interview_id"]]
    frame["tail"] = ["" if each != each or each is None else tails.get(int(each), "") for each in frame["fan_id"]]
    return frame, int(total)


@dataclass(frozen=True)
class Quality:
    """访谈质量: figures for a person to look at, never a penalty.

    Attributes:
        units: Units in what the fan said.
        informative_share: Share of them with content, NaN without any.
        own_words_share: The fan's characters over all characters written down, NaN for transcripts.
        minutes: Length, NaN when unknown.
        copied: Answers that are nearly the same as another person's.
    """

    units: int
    informative_share: float
    own_words_share: float
    minutes: float
    copied: int


def quality(session: Session, actor: Actor, interview_id: int) -> Quality:
    """Give the quality figures of an interview."""
    held = get_interview(session, actor, interview_id)
    voices = select(Voice.id).join(Turn, Turn.id == Voice.turn_id).where(Turn.interview_id == held.id)
    units, empty = session.exec(
        select(func.count(Unit.id), func.count(Unit.id).filter(Unit.no_content)).where(Unit.voice_id.in_(voices))
    ).one()
    copied = session.exec(select(func.count(Voice.id)).where(Voice.id.in_(voices), Voice.copy_of_id.is_not(None))).one()
    said = sum(len(note.get("said", "")) for note in held.notes.values())
    noted = sum(len(note.get("note", "")) for note in held.notes.values())
    return Quality(
        units,
        (units - empty) / units if units else float("nan"),
        said / (said + noted) if said + noted else float("nan"),
        _minutes(held.started_at, held.ended_at),
        copied,
    )


def _minutes(begins: datetime, ends: datetime | None) -> float:
    return (ends - begins).total_seconds() / 60 if ends is not None else float("nan")


def turns_of(session: Session, actor: Actor, interview_id: int) -> list[Turn]:
    """Give the turns of an interview in order."""
    held = get_interview(session, actor, interview_id)
    return list(session.exec(select(Turn).where(Turn.interview_id == held.id).order_by(Turn.position)))
