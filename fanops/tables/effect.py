"""What was promised to be measured, and what was measured."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Field

from fanops.tables.base import Row, document, identifier, moment, reference


class Baseline(Row, table=True):
    """效果方案: metric, window, stores, controls and pass line, frozen with hash before rollout; changed only by a new one."""

    __tablename__ = "baseline"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    item_id: int | None = reference("backlog_item.id", nullable=True)
    fix_id: int | None = reference("fix.id", nullable=True)
    supersedes_id: int | None = reference("baseline.id", nullable=True)
    metric: str = Field(max_length=40)
    starts_on: date
    ends_on: date
    plan: dict = document()
    sha256: str = Field(max_length=64)
    account_id: int | None = reference("account.id", nullable=True)
    frozen_at: datetime = moment()


class Measurement(Row, table=True):
    """效果测量: computed numbers and the verdict in words; never edited, only computed again."""

    __tablename__ = "measurement"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    baseline_id: int | None = reference("baseline.id", nullable=True)
    item_id: int | None = reference("backlog_item.id", nullable=True)
    fix_id: int | None = reference("fix.id", nullable=True)
    method: str = Field(max_length=40)
    verdict: str = Field(max_length=20)
    result: dict = document()
    measured_at: datetime = moment()
