"""Findings: claims with their numbers."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from fanops.tables.base import Row, document, identifier, moment, reference


class Finding(Row, table=True):
    """发现: theme, where, who, how many, since when, with base and interval in ``numbers``."""

    __tablename__ = "finding"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    theme_id: int = reference("theme.id")
    store_id: int | None = reference("store.id", nullable=True)
    kind: str = Field(max_length=20)
    claim: str = Field(max_length=300)
    numbers: dict = document()
    state: str = Field(default="open", max_length=20)
    reason: str = Field(default="", max_length=300)
    merged_into_id: int | None = reference("finding.id", nullable=True)
    account_id: int | None = reference("account.id", nullable=True)
    found_at: datetime = moment()
    decided_at: datetime | None = moment(nullable=True)
