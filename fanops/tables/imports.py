"""Import batches: where every row that came from outside came from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from fanops.tables.base import Row, document, identifier, moment, reference


class ImportBatch(Row, table=True):
    """导入批次. The same file (SHA-256) of the same kind can be live only once; an undone one can come again."""

    __tablename__ = "import_batch"
    __table_args__ = (
        Index(
            "uq_import_batch_live",
            "brand_id",
            "kind",
            "file_sha256",
            unique=True,
            sqlite_where=text("state != 'undone'"),
            postgresql_where=text("state != 'undone'"),
        ),
    )
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    account_id: int | None = reference("account.id", nullable=True)
    kind: str = Field(max_length=20)
    filename: str = Field(max_length=200)
    file_sha256: str = Field(max_length=64)
    mapping: dict = document()
    party: str = Field(default="first", max_length=20)
    consent_basis: str = Field(default="", max_length=200)
    state: str = Field(default="done", max_length=20)
    counts: dict = document()
    is_sample: bool = False
    created_at: datetime = moment()
    undone_at: datetime | None = moment(nullable=True)


class ImportMapping(Row, table=True):
    """列对应: remembered per kind and set of headings."""

    __tablename__ = "import_mapping"
    __table_args__ = (UniqueConstraint("brand_id", "kind", "headings_sha256"),)
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    kind: str = Field(max_length=20)
    headings_sha256: str = Field(max_length=64)
    mapping: dict = document()
    used_at: datetime = moment()


class ImportChange(Row, table=True):
    """导入改动: what a row that was there already (``fan``, ``order``) said before a batch changed it, or a ``product``
    that a batch made; undoing the batch puts it back. Sealed values stay sealed (hex).
    """

    __tablename__ = "import_change"
    id: int | None = identifier()
    batch_id: int = reference("import_batch.id", cascade=True)
    subject: str = Field(max_length=20)
    row_id: int
    before: dict = document()
