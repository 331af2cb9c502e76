"""Interviews: turns of speech, the codebook, and coded passages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from fanops.tables.base import Row, document, identifier, moment, reference


class Interview(Row, table=True):
    """访谈."""

    __tablename__ = "interview"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    store_id: int | None = reference("store.id", nullable=True)
    fan_id: int | None = reference("fan.id", nullable=True)
    staff_id: int | None = reference("staff.id", nullable=True)
    guide: str = Field(default="", max_length=60)
    wave_id: int | None = reference("wave.id", nullable=True)
    state: str = Field(default="live", max_length=20)
    notes: dict = document()
    revision: int = 0
    started_at: datetime = moment()
    ended_at: datetime | None = moment(nullable=True)
    source_key: str | None = Field(default=None, unique=True, max_length=80)
    import_batch_id: int | None = reference("import_batch.id", nullable=True)


class Turn(Row, table=True):
    """话轮. ``speaker`` is ``fan`` or ``staff``; ``starts_s`` seconds from the beginning, None without timestamps."""

    __tablename__ = "turn"
    __table_args__ = (UniqueConstraint("interview_id", "position"),)
    id: int | None = identifier()
    interview_id: int = reference("interview.id", cascade=True)
    position: int
    speaker: str = Field(max_length=20)
    question_code: str = Field(default="", max_length=40)
    text: str
    starts_s: float | None = None


class Code(Row, table=True):
    """编码 in the codebook: definition, what to include and exclude, an example."""

    __tablename__ = "code"
    __table_args__ = (UniqueConstraint("brand_id", "name"),)
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    name: str = Field(max_length=40)
    definition: str = Field(default="", max_length=400)
    include: str = Field(default="", max_length=400)
    exclude: str = Field(default="", max_length=400)
    example: str = Field(default="", max_length=400)
    merged_into_id: int | None = reference("code.id", nullable=True)
    created_at: datetime = moment()


class Coding(Row, table=True):
    """编码段: a passage of a turn under a code by a coder; the quoted text is kept beside the offsets."""

    __tablename__ = "coding"
    id: int | None = identifier()
    turn_id: int = reference("turn.id", cascade=True)
    code_id: int = reference("code.id")
    account_id: int | None = reference("account.id", nullable=True)
    start: int
    end: int
    quoted: str
    memo: str = Field(default="", max_length=1000)
    coded_at: datetime = moment()
    withdrawn_at: datetime | None = moment(nullable=True)
