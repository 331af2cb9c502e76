"""Surveys: definitions' versions, waves, invitations, responses, answers; panels and quotas."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from fanops.tables.base import Row, document, identifier, moment, reference


class Survey(Row, table=True):
    """问卷."""

    __tablename__ = "survey"
    __table_args__ = (UniqueConstraint("brand_id", "code"),)
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    code: str = Field(max_length=60)
    title: str = Field(max_length=100)
    created_at: datetime = moment()


class SurveyVersion(Row, table=True):
    """问卷版本: never changed once published; a change is a new version."""

    __tablename__ = "survey_version"
    __table_args__ = (UniqueConstraint("survey_id", "number"),)
    id: int | None = identifier()
    survey_id: int = reference("survey.id", cascade=True)
    number: int
    definition: dict = document()
    sha256: str = Field(max_length=64)
    account_id: int | None = reference("account.id", nullable=True)
    published_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment()


class Question(Row, table=True):
    """题目 of one version, for counting and headings; the definition stays the truth."""

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("version_id", "code"),)
    id: int | None = identifier()
    version_id: int = reference("survey_version.id", cascade=True)
    code: str = Field(max_length=40)
    kind: str = Field(max_length=20)
    title: str = Field(max_length=300)
    position: int


class Wave(Row, table=True):
    """期: one survey version asked of some people in some time."""

    __tablename__ = "wave"
    __table_args__ = (UniqueConstraint("brand_id", "title"),)
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    version_id: int = reference("survey_version.id")
    title: str = Field(max_length=80)
    opens_at: datetime = moment()
    closes_at: datetime | None = moment(nullable=True)
    is_open_to_all: bool = False
    store_quota: int | None = None
    closed_by_hand_at: datetime | None = moment(nullable=True)
    import_batch_id: int | None = reference("import_batch.id", nullable=True)


class Invitation(Row, table=True):
    """邀请: a personal code (``fan_id`` set) or an open QR place (store, table, product…). Only the code's hash is kept."""

    __tablename__ = "invitation"
    id: int | None = identifier()
    wave_id: int = reference("wave.id", cascade=True)
    fan_id: int | None = reference("fan.id", nullable=True)
    store_id: int | None = reference("store.id", nullable=True)
    code_sha256: str = Field(unique=True, max_length=64)
    code_sealed: bytes | None = None
    place: str = Field(default="", max_length=80)
    created_at: datetime = moment()
    opened_at: datetime | None = moment(nullable=True)
    revoked_at: datetime | None = moment(nullable=True)


class Response(Row, table=True):
    """答卷. ``state`` draft → submitted; a second try replaces and the replaced one is kept (``replaced``)."""

    __tablename__ = "response"
    __table_args__ = (
        Index(
            "uq_response_fan_live",
            "wave_id",
            "fan_id",
            unique=True,
            sqlite_where=text("fan_id IS NOT NULL AND state = 'submitted'"),
            postgresql_where=text("fan_id IS NOT NULL AND state = 'submitted'"),
        ),
        UniqueConstraint("submit_key"),
    )
    id: int | None = identifier()
    wave_id: int = reference("wave.id")
    invitation_id: int | None = reference("invitation.id", nullable=True)
    fan_id: int | None = reference("fan.id", nullable=True)
    store_id: int | None = reference("store.id", nullable=True)
    staff_id: int | None = reference("staff.id", nullable=True)
    state: str = Field(default="draft", max_length=20)
    revision: int = 0
    submit_key: str = Field(max_length=64)
    receipt_sha256: str | None = Field(default=None, max_length=64, unique=True)
    seed: int = 0
    started_at: datetime = moment()
    submitted_at: datetime | None = moment(nullable=True)
    replaced_by_id: int | None = reference("response.id", nullable=True)
    replaces_id: int | None = reference("response.id", nullable=True)
    import_batch_id: int | None = reference("import_batch.id", nullable=True)


class Answer(Row, table=True):
    """答案 to one question: ``value`` as JSON, free words beside it (``other_text``), never mixed."""

    __tablename__ = "answer"
    __table_args__ = (UniqueConstraint("response_id", "question_code"),)
    id: int | None = identifier()
    response_id: int = reference("response.id", cascade=True)
    question_code: str = Field(max_length=40)
    value: dict | list | str | int | float | None = document()
    other_text: str = Field(default="")
    answered_at: datetime = moment()


class Panel(Row, table=True):
    """固定样本组: the same fans, asked again over waves."""

    __tablename__ = "panel"
    __table_args__ = (UniqueConstraint("brand_id", "title"),)
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    title: str = Field(max_length=80)
    account_id: int | None = reference("account.id", nullable=True)
    created_at: datetime = moment()


class PanelFan(Row, table=True):
    """固定样本组成员; ``left_at`` when they no longer take part, with ``reason``."""

    __tablename__ = "panel_fan"
    __table_args__ = (UniqueConstraint("panel_id", "fan_id"),)
    id: int | None = identifier()
    panel_id: int = reference("panel.id", cascade=True)
    fan_id: int = reference("fan.id", cascade=True)
    joined_at: datetime = moment()
    left_at: datetime | None = moment(nullable=True)
    reason: str = Field(default="", max_length=100)


class PanelWave(Row, table=True):
    """固定样本组的一期: which waves asked the panel, in order of their opening."""

    __tablename__ = "panel_wave"
    id: int | None = identifier()
    panel_id: int = reference("panel.id", cascade=True)
    wave_id: int = reference("wave.id", cascade=True, unique=True)


class Quota(Row, table=True):
    """配额: how many responses a wave wants from a store or a staff member; exactly one of the two is set."""

    __tablename__ = "quota"
    __table_args__ = (
        UniqueConstraint("wave_id", "store_id"),
        UniqueConstraint("wave_id", "staff_id"),
        CheckConstraint("(store_id IS NULL) <> (staff_id IS NULL)", name="one_of_two"),
    )
    id: int | None = identifier()
    wave_id: int = reference("wave.id", cascade=True)
    store_id: int | None = reference("store.id", nullable=True)
    staff_id: int | None = reference("staff.id", nullable=True)
    wanted: int
