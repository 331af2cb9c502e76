"""Files kept beside what they prove: photos of a fix, photos and sound of an interview."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from fanops.tables.base import Row, identifier, moment, reference


class Attachment(Row, table=True):
    """附件. The content lies sealed in the data folder under its SHA-256; exactly one of the two owners is set."""

    __tablename__ = "attachment"
    __table_args__ = (CheckConstraint("(fix_store_id IS NULL) <> (interview_id IS NULL)", name="one_owner"),)
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    store_id: int | None = reference("store.id", nullable=True)
    fix_store_id: int | None = reference("fix_store.id", nullable=True, cascade=True)
    interview_id: int | None = reference("interview.id", nullable=True, cascade=True)
    name: str = Field(max_length=120)
    media_type: str = Field(max_length=60)
    size_bytes: int
    sha256: str = Field(max_length=64, index=True)
    account_id: int | None = reference("account.id", nullable=True)
    added_at: datetime = moment()
    removed_at: datetime | None = moment(nullable=True)
