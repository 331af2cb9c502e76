"""Work for the worker process, with progress that pages can show."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from fanops.tables.base import Row, document, identifier, moment, reference


class Job(Row, table=True):
    """后台任务. queued → running → done, failed or cancelled; a running one whose worker died is queued again."""

    __tablename__ = "job"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    account_id: int | None = reference("account.id", nullable=True)
    kind: str = Field(max_length=40)
    parameters: dict = document()
    state: str = Field(default="queued", max_length=20, index=True)
    attempts: int = 0
    worker: str = Field(default="", max_length=60)
    heartbeat_at: datetime | None = moment(nullable=True)
    progress_share: float = 0.0
    doing: str = Field(default="", max_length=100)
    cancel_asked: bool = False
    result: dict = document()
    message: str = Field(default="", max_length=500)
    hint: str = Field(default="", max_length=500)
    error_id: str = Field(default="", max_length=20)
    created_at: datetime = moment()
    started_at: datetime | None = moment(nullable=True)
    ended_at: datetime | None = moment(nullable=True)


class Worker(Row, table=True):
    """A worker process and when it was last alive."""

    __tablename__ = "worker"
    name: str = Field(primary_key=True, max_length=60)
    started_at: datetime = moment()
    seen_at: datetime = moment()
