"""The org tree: brand → region → store, and the people who work there."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from fanops.tables.base import Row, document, identifier, moment, reference


class Brand(Row, table=True):
    """品牌: the root of a chain; nothing is ever read across brands."""

    __tablename__ = "brand"
    id: int | None = identifier()
    name: str = Field(unique=True, max_length=80)
    industry: str = Field(default="茶饮", max_length=20)
    is_sample: bool = False
    settings: dict = (
        document()
    )  # name → what this brand chose instead of the program's own values (weights, windows, cuts)
    created_at: datetime = moment()


class Region(Row, table=True):
    """大区."""

    __tablename__ = "region"
    __table_args__ = (UniqueConstraint("brand_id", "name"),)
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    name: str = Field(max_length=80)
    is_sample: bool = False


class Store(Row, table=True):
    """门店. ``kind`` is ``direct`` (直营) or ``franchise`` (加盟)."""

    __tablename__ = "store"
    __table_args__ = (UniqueConstraint("brand_id", "code"), UniqueConstraint("brand_id", "name"))
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    region_id: int = reference("region.id")
    code: str = Field(max_length=40)
    name: str = Field(max_length=80)
    kind: str = Field(default="direct", max_length=20)
    city: str = Field(default="", max_length=40)
    opened_on: date | None = None
    closed_on: date | None = None
    is_sample: bool = False


class Staff(Row, table=True):
    """员工. ``store_id`` is empty for people who work for a region or the head office."""

    __tablename__ = "staff"
    __table_args__ = (UniqueConstraint("brand_id", "code"),)
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    store_id: int | None = reference("store.id", nullable=True)
    code: str = Field(max_length=40)
    name: str = Field(max_length=40)
    title: str = Field(default="店员", max_length=20)
    left_on: date | None = None
    is_sample: bool = False
