"""The audit log (append-only, hash-chained) and the counters that caches are keyed by."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from fanops.tables.base import Row, document, identifier, moment


class AuditEntry(Row, table=True):
    """审计记录: who did what to what. ``sha256`` covers the entry and the one before it.

    No foreign keys on purpose: an entry outlives what it speaks of, and never keeps it alive.
    """

    __tablename__ = "audit_entry"
    id: int | None = identifier()
    at: datetime = moment(index=True)
    account_id: int | None = Field(default=None, index=True)
    brand_id: int | None = Field(default=None, index=True)
    deed: str = Field(max_length=40)
    subject: str = Field(default="", max_length=80)
    detail: dict = document()
    sha256: str = Field(max_length=64)


class Revision(Row, table=True):
    """A counter that every write to an area raises; cached reads carry it in their key."""

    __tablename__ = "revision"
    area: str = Field(primary_key=True, max_length=40)
    counter: int = 0
