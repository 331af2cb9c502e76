"""Voices (原声) into the database: masked at the door, cut into units, judged, copies marked, nothing else changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.collect.copies import copy_key, find_copies
from fanops.collect.prepare import PreparedUnits, prepare_units
from fanops.collect.records_aspects import brand_pack
from fanops.database import insert_many
from fanops.database.reserve import reserve_ids
from fanops.tables import Unit, Voice, now
from fanops.text.masking import mask_identifiers
from fanops.text.no_content import is_no_content

_KEYS_AT_ONCE = 5_000  # in one statement: both databases limit its parameters


@dataclass(frozen=True)
class NewVoice:
    """One thing somebody said, on its way in.

    ``source`` and ``source_key`` together name it for good: the same pair is never stored twice in a brand.
    """

    text: str
    kind: str
    source: str
    source_key: str
    said_at: datetime | None = None
    store_id: int | None = None
    fan_id: int | None = None
    staff_id: int | None = None
    score: float | None = None
    channel: str = ""
    answer_id: int | None = None
    turn_id: int | None = None


def add_voices(
    session: Session,
    brand_id: int,
    voices: Sequence[NewVoice],
    *,
    import_batch_id: int | None = None,
    units: PreparedUnits | None = None,
) -> NDArray[np.int64]:
    """Store voices with their units, in the session's transaction.

    Args:
        session: The deed's session.
        brand_id: The brand.
        voices: In order of age; their (source, source_key) must be new.
        import_batch_id: Where they came from.
        units: Prepared before the transaction began (the texts must be masked then); None prepares them here.

    Returns:
        Ids, shape (n,).
    """
    if not voices:
        return np.empty(0, dtype=np.int64)
    if units is None:
        voices = [replace(voice, text=mask_identifiers(voice.text).text) for voice in voices]
        units = prepare_units([voice.text for voice in voices], brand_pack(session, brand_id))
    ids = reserve_ids(session, Voice, len(voices))
    keys = [copy_key(voice.text) for voice in voices]
    copies = _copies(session, brand_id, [voice.text for voice in voices], keys, ids)
    moment = now()
    insert_many(
        session,
        Voice,
        (
            {
                "id": voice_id, "brand_id": brand_id, "store_id": voice.store_id, "fan_id": voice.fan_id,
                "staff_id": voice.staff_id, "kind": voice.kind, "source": voice.source[:40],
                "source_key": voice.source_key[:80], "text": voice.text, "score": voice.score,
                "channel": voice.channel[:20], "said_at": voice.said_at, "no_content": is_no_content(voice.text),
                "copy_of_id": copy, "copy_key": key, "answer_id": voice.answer_id, "turn_id": voice.turn_id,
                "import_batch_id": import_batch_id, "created_at": moment,
            }
            for voice_id, voice, copy, key in zip(ids.tolist(), voices, copies, keys, strict=True)
        ),
    )  # fmt: skip
    insert_many(session, Unit, _unit_rows(units, ids))
    return ids


def _unit_rows(units: PreparedUnits, ids: NDArray[np.int64]) -> list[dict[str, object]]:
    return [
        {
            "voice_id": voice_id, "start": start, "end": end, "no_content": empty,
            "polarity": None if polarity == -9 else polarity,
            "polarity_probability": None if probability != probability else probability, "aspect": aspect[:20],
        }
        for voice_id, start, end, empty, polarity, probability, aspect in zip(
            ids[units.voice].tolist(), units.start.tolist(), units.end.tolist(), units.no_content.tolist(),
            units.polarity.tolist(), units.probability.tolist(), units.aspect, strict=True,
        )
    ]  # fmt: skip


def _copies(
    session: Session, brand_id: int, texts: Sequence[str], keys: Sequence[int | None], ids: NDArray[np.int64]
) -> list[int | None]:
    """Give the id each voice repeats: among the earlier ones word for word, among the new ones also nearly."""
    copies: list[int | None] = [int(ids[at]) if at >= 0 else None for at in find_copies(texts)]
    wanted = list({key for key in keys if key is not None})
    earlier: dict[int, int] = {}
    for at in range(0, len(wanted), _KEYS_AT_ONCE):
        statement = select(Voice.copy_key, func.min(Voice.id)).where(
            Voice.brand_id == brand_id, Voice.copy_key.in_(wanted[at : at + _KEYS_AT_ONCE]), Voice.copy_of_id.is_(None)
        )
        earlier |= dict(session.exec(statement.group_by(Voice.copy_key)).all())
    for place, key in enumerate(keys):
        if key in earlier:
            copies[place] = earlier[key]
    origin = {int(ids[place]): copy for place, copy in enumerate(copies)}
    return [origin.get(copy, copy) or copy if copy is not None else None for copy in copies]
