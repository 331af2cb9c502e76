"""Interviews held before (访谈记录): turns of speech into the database, the fan's own become voices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from fanops.access import Actor, record_audit, require
from fanops.collect import records_imports as records
from fanops.collect.import_file import Imported
from fanops.collect.records_voices import NewVoice, add_voices
from fanops.database import Database, insert_many, take_turn
from fanops.database.reserve import reserve_ids
from fanops.errors import InvalidInput, Problem
from fanops.fans.identity import tidy_identifier
from fanops.fans.identity_records import Person, find_or_create_fans
from fanops.tables import ImportBatch, Interview, Turn
from fanops.text.masking import mask_identifiers


@dataclass(frozen=True)
class HeldTurn:
    """What one person said; ``speaker`` is ``fan`` or ``staff``."""

    speaker: str
    text: str
    question_code: str = ""


@dataclass(frozen=True)
class HeldInterview:
    """An interview as it was held; ``key`` names it for good."""

    key: str
    started_at: datetime
    turns: Sequence[HeldTurn]
    identities: Mapping[str, str]
    store_id: int | None = None
    staff_id: int | None = None
    ended_at: datetime | None = None
    guide: str = ""


def _refuse_silent(interviews: Sequence[HeldInterview]) -> None:
    silent = [
        each for each in interviews if not any(turn.speaker == "fan" and turn.text.strip() for turn in each.turns)
    ]
    if silent:
        problems = [Problem("没有受访者说的话", value=each.key) for each in silent]
        raise InvalidInput(f"有 {len(silent)} 次访谈没有受访者的话，所以什么都没有存。", "请确认谁是受访者。", problems)


def import_interviews(
    db: Database,
    actor: Actor,
    interviews: Sequence[HeldInterview],
    *,
    filename: str,
    file_sha256: str,
    is_sample: bool = False,
) -> Imported:
    """Import interviews, whole or not at all; the same file again changes nothing.

    Raises:
        InvalidInput: An interview without a turn of the fan, or a number that can't be one.
    """
    require(actor, *records.IMPORTERS)
    _refuse_silent(interviews)
    people = [_fan_of(each) for each in interviews]
    with db.write() as session:
        take_turn(session, f"import {actor.brand_id}")
        earlier = records.find_live_batch(session, actor, "interviews", file_sha256)
        if earlier is not None:
            return Imported(earlier.id, "interviews", filename, already=True)
        batch = ImportBatch(
            brand_id=actor.brand_id, account_id=actor.account_id, kind="interviews", filename=filename[:200],
            file_sha256=file_sha256, is_sample=is_sample, consent_basis="访谈前口头告知并同意",
        )  # fmt: skip
        session.add(batch)
        session.flush()
        found = find_or_create_fans(session, actor.brand_id, people, source="访谈", import_batch_id=batch.id)
        fans = [fan_id if fan_id > 0 else None for fan_id in found.fan_ids.tolist()]
        ids = reserve_ids(session, Interview, len(interviews)).tolist()
        insert_many(
            session,
            Interview,
            (
                {
                    "id": interview_id, "brand_id": actor.brand_id, "store_id": each.store_id, "fan_id": fan_id,
                    "staff_id": each.staff_id, "guide": each.guide[:60], "state": "done", "notes": {}, "revision": 1,
                    "started_at": each.started_at, "ended_at": each.ended_at,
                    "source_key": f"{actor.brand_id}:{each.key}"[:80], "import_batch_id": batch.id,
                }
                for interview_id, each, fan_id in zip(ids, interviews, fans, strict=True)
            ),
        )  # fmt: skip
        turns, voices = [], []
        turn_ids = iter(reserve_ids(session, Turn, sum(len(each.turns) for each in interviews)).tolist())
        for interview_id, each, fan_id in zip(ids, interviews, fans, strict=True):
            for position, turn in enumerate(each.turns):
                turn_id = next(turn_ids)
                text = mask_identifiers(turn.text).text
                turns.append(
                    {
                        "id": turn_id, "interview_id": interview_id, "position": position, "speaker": turn.speaker,
                        "question_code": turn.question_code, "text": text, "starts_s": None,
                    }
                )  # fmt: skip
                if turn.speaker == "fan" and text.strip():
                    voices.append(
                        NewVoice(
                            text, "interview", "访谈", f"{each.key}:{position}", said_at=each.started_at,
                            store_id=each.store_id, fan_id=fan_id, staff_id=each.staff_id, turn_id=turn_id,
                        )
                    )  # fmt: skip
        insert_many(session, Turn, turns)
        add_voices(session, actor.brand_id, voices, import_batch_id=batch.id)
        imported = Imported(
            batch.id, "interviews", filename, new=len(interviews), units=len(voices), created_fans=len(found.created)
        )
        batch.counts = {k: v for k, v in asdict(imported).items() if k in ("new", "units", "created_fans")}
        session.add(batch)
        record_audit(session, actor, "import_interviews", f"import_batch:{batch.id}", rows=len(interviews))
    return imported


def _fan_of(held: HeldInterview) -> Person:
    """Give who was asked, by identifiers in the form that a fan is found by."""
    identities = {kind: tidy_identifier(kind, value) for kind, value in held.identities.items() if value.strip()}
    return Person(identities, store_id=held.store_id, joined_at=held.started_at)
