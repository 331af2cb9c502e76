"""Voices and the units they are cut into."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, Index, UniqueConstraint, func
from sqlmodel import Field

from fanops.tables.base import Row, identifier, moment, reference


class Voice(Row, table=True):
    """原声: one thing somebody said, word for word (identifiers masked at the door).

    ``kind`` is where it was said (review, survey, interview, ticket), ``source`` the platform's own name.
    ``score`` is the platform's rating as given, None where there was none.
    """

    __tablename__ = "voice"
    __table_args__ = (
        UniqueConstraint("brand_id", "source", "source_key"),
        Index("ix_voice_brand_said", "brand_id", "said_at"),
        Index("ix_voice_brand_copy", "brand_id", "copy_key"),
    )
    id: int | None = identifier()
    brand_id: int = reference("brand.id", index=False)
    store_id: int | None = reference("store.id", nullable=True)
    fan_id: int | None = reference("fan.id", nullable=True)
    staff_id: int | None = reference("staff.id", nullable=True)
    kind: str = Field(default="review", max_length=20)
    source: str = Field(default="", max_length=40)
    source_key: str = Field(max_length=80)
    text: str
    score: float | None = None
    channel: str = Field(default="", max_length=20)
    said_at: datetime | None = moment(nullable=True)
    no_content: bool = False
    copy_of_id: int | None = reference("voice.id", nullable=True)
    copy_key: int | None = Field(default=None, sa_type=BigInteger)
    answer_id: int | None = reference("answer.id", nullable=True)
    turn_id: int | None = reference("turn.id", nullable=True)
    import_batch_id: int | None = reference("import_batch.id", nullable=True)
    created_at: datetime = moment()


class Unit(Row, table=True):
    """语义单元: characters ``start`` to ``end`` (exclusive) of its voice; all units of a voice rejoin to it exactly.

    ``polarity`` is −1, 0 or 1, None before it was judged.
    """

    __tablename__ = "unit"
    __table_args__ = (UniqueConstraint("voice_id", "start"),)
    id: int | None = identifier()
    voice_id: int = reference("voice.id", cascade=True, index=False)
    start: int
    end: int
    polarity: int | None = None
    polarity_probability: float | None = None
    aspect: str = Field(default="", max_length=20)
    no_content: bool = False


def unit_text() -> ColumnElement[str]:
    """Give the words of a unit, cut from its voice."""
    return func.substr(Voice.text, Unit.start + 1, Unit.end - Unit.start)
