"""The ground all tables stand on: one registry, stable constraint names, one clock, JSON that keeps Chinese readable."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel, UTCDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


_ID_DIGITS = 18


class Row(SQLModel, registry=registry(metadata=metadata)):
    """Base of every table."""


def now() -> datetime:
    """Give the present moment, aware, in UTC (the only place rows take their time from)."""
    return datetime.now(UTC)


def identifier() -> int | None:
    """Declare a 64-bit primary key that SQLite still treats as its row id."""
    return Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )


def reference(target: str, *, nullable: bool = False, index: bool = True, unique: bool = False, cascade: bool = False):
    """Declare a 64-bit foreign key.

    Args:
        target: ``"table.column"``.
        nullable: Whether the row may stand without it.
        index: Whether look-ups go by it.
        unique: Whether at most one row may refer to each target.
        cascade: Whether this row dies with its target (parts of a whole: the units of a voice).
    """
    key = ForeignKey(target, ondelete="CASCADE" if cascade else None)
    column = Column(BigInteger().with_variant(Integer, "sqlite"), key, nullable=nullable, index=index, unique=unique)
    return Field(default=None, sa_column=column) if nullable else Field(sa_column=column)


def row_id(text: str) -> int | None:
    """Read a row's id that came as text, from an address; None for what can't be one (a longer number fits no column)."""
    return int(text) if text.isdecimal() and len(text) <= _ID_DIGITS else None


def moment(*, nullable: bool = False, index: bool = False):
    """Declare an aware timestamp; a required one defaults to now."""
    column = Column(UTCDateTime(), nullable=nullable, index=index)
    return Field(default=None, sa_column=column) if nullable else Field(default_factory=now, sa_column=column)


def document(default=dict):
    """Declare a JSON column."""
    return Field(default_factory=default, sa_column=Column(JSON, nullable=False))


__all__ = ["Row", "document", "identifier", "metadata", "moment", "now", "reference", "row_id"]
