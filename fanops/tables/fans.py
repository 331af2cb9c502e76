"""Fans: who they are, what they bought, what they agreed to, what we know and did."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, Index, UniqueConstraint, text
from sqlmodel import Field

from fanops.tables.base import Row, document, identifier, moment, reference


class Fan(Row, table=True):
    """粉丝. A merge is a pointer (``merged_into_id``), never a delete; names are sealed and shown masked."""

    __tablename__ = "fan"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    home_store_id: int | None = reference("store.id", nullable=True)
    name_sealed: bytes | None = None
    name_masked: str = Field(default="", max_length=40)
    level: str = Field(default="identified", max_length=20, index=True)
    level_reason: str = Field(default="", max_length=200)
    source: str = Field(default="", max_length=40)
    birthday_sealed: bytes | None = None
    owner_staff_id: int | None = reference("staff.id", nullable=True)
    merged_into_id: int | None = reference("fan.id", nullable=True)
    joined_at: datetime = moment()
    opted_out_at: datetime | None = moment(nullable=True)
    erased_at: datetime | None = moment(nullable=True)
    import_batch_id: int | None = reference("import_batch.id", nullable=True)


class FanIdentity(Row, table=True):
    """粉丝身份: a phone, openid, member number… sealed, with a keyed hash for look-up and a masked form for show."""

    __tablename__ = "fan_identity"
    __table_args__ = (UniqueConstraint("brand_id", "kind", "lookup_hash"),)
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    fan_id: int = reference("fan.id", cascade=True)
    kind: str = Field(max_length=20)
    lookup_hash: str = Field(max_length=64)
    sealed: bytes
    masked: str = Field(max_length=60)
    import_batch_id: int | None = reference("import_batch.id", nullable=True)


class FanMerge(Row, table=True):
    """粉丝合并: explained, and undone by setting ``undone_at``."""

    __tablename__ = "fan_merge"
    id: int | None = identifier()
    from_fan_id: int = reference("fan.id")
    into_fan_id: int = reference("fan.id")
    reason: str = Field(max_length=300)
    account_id: int | None = reference("account.id", nullable=True)
    merged_at: datetime = moment()
    undone_at: datetime | None = moment(nullable=True)


class Order(Row, table=True):
    """订单. Amounts are whole fen (1/100 yuan), so sums are exact."""

    __tablename__ = "fan_order"
    __table_args__ = (
        UniqueConstraint("brand_id", "source", "number"),
        Index("ix_fan_order_store_placed", "store_id", "placed_at"),
        Index("ix_fan_order_fan_placed", "fan_id", "placed_at"),
    )
    id: int | None = identifier()
    brand_id: int = reference("brand.id", index=False)
    store_id: int = reference("store.id", index=False)
    fan_id: int | None = reference("fan.id", nullable=True, index=False)
    source: str = Field(default="pos", max_length=40)
    number: str = Field(max_length=60)
    channel: str = Field(default="store", max_length=20)
    placed_at: datetime = moment()
    amount_fen: int
    import_batch_id: int | None = reference("import_batch.id", nullable=True)


def is_purchase() -> ColumnElement[bool]:
    """Tell a purchase from a refund (negative amount): a refund lowers sums, and is neither an order nor a visit."""
    return Order.amount_fen >= 0


class OrderItem(Row, table=True):
    """订单商品."""

    __tablename__ = "order_item"
    id: int | None = identifier()
    order_id: int = reference("fan_order.id", cascade=True)
    product_id: int = reference("product.id")
    quantity: int = 1
    amount_fen: int = 0


class Product(Row, table=True):
    """商品: the canonical name; what people write is in ProductAlias."""

    __tablename__ = "product"
    __table_args__ = (UniqueConstraint("brand_id", "name"),)
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    name: str = Field(max_length=80)
    category: str = Field(default="", max_length=40)


class ProductAlias(Row, table=True):
    """商品别名 (芋泥啵啵 → 芋泥波波)."""

    __tablename__ = "product_alias"
    __table_args__ = (UniqueConstraint("brand_id", "alias"),)
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    product_id: int = reference("product.id", cascade=True)
    alias: str = Field(max_length=80)


class Consent(Row, table=True):
    """同意记录: one row per change; the newest per purpose counts."""

    __tablename__ = "consent"
    id: int | None = identifier()
    fan_id: int = reference("fan.id", cascade=True)
    purpose: str = Field(max_length=40)
    granted: bool
    notice_version: str = Field(default="", max_length=40)
    basis: str = Field(default="", max_length=100)
    given_at: datetime = moment()


class Contact(Row, table=True):
    """触达: every contact of any kind, counted for fatigue."""

    __tablename__ = "contact"
    __table_args__ = (Index("ix_contact_fan_at", "fan_id", "contacted_at"),)
    id: int | None = identifier()
    fan_id: int = reference("fan.id", index=False, cascade=True)
    store_id: int | None = reference("store.id", nullable=True)
    staff_id: int | None = reference("staff.id", nullable=True)
    kind: str = Field(max_length=30)
    channel: str = Field(max_length=30)
    subject: str = Field(default="", max_length=200)
    result: str = Field(default="", max_length=200)
    contacted_at: datetime = moment()


class Tag(Row, table=True):
    """标签: the dictionary entry, with what it means and who keeps it."""

    __tablename__ = "tag"
    __table_args__ = (UniqueConstraint("brand_id", "name"),)
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    name: str = Field(max_length=40)
    meaning: str = Field(default="", max_length=200)
    owner_account_id: int | None = reference("account.id", nullable=True)
    theme_id: int | None = reference("theme.id", nullable=True)
    rule: dict = document()
    lasts_days: int | None = None
    created_at: datetime = moment()


class FanTag(Row, table=True):
    """粉丝标签: shows its source sentence or rule, author and date; ended ones stay as history."""

    __tablename__ = "fan_tag"
    __table_args__ = (
        Index(
            "uq_fan_tag_live",
            "fan_id",
            "tag_id",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
    )
    id: int | None = identifier()
    fan_id: int = reference("fan.id", cascade=True)
    tag_id: int = reference("tag.id")
    unit_id: int | None = reference("unit.id", nullable=True)
    origin: str = Field(default="person", max_length=20)
    account_id: int | None = reference("account.id", nullable=True)
    tagged_at: datetime = moment()
    expires_at: datetime | None = moment(nullable=True)
    removed_at: datetime | None = moment(nullable=True)
    reason: str = Field(default="", max_length=200)


class TagRejection(Row, table=True):
    """被拒绝的标签建议: stays away."""

    __tablename__ = "tag_rejection"
    __table_args__ = (UniqueConstraint("fan_id", "tag_id"),)
    id: int | None = identifier()
    fan_id: int = reference("fan.id", cascade=True)
    tag_id: int = reference("tag.id")
    account_id: int | None = reference("account.id", nullable=True)
    rejected_at: datetime = moment()


class ServiceCard(Row, table=True):
    """近服务卡: what to do for this fan at the next visit and for which ``reason``; what came of it, and ``why_not`` if nothing."""

    __tablename__ = "service_card"
    id: int | None = identifier()
    fan_id: int = reference("fan.id", cascade=True)
    store_id: int = reference("store.id")
    deed: str = Field(max_length=200)
    fan_tag_id: int | None = reference("fan_tag.id", nullable=True)
    due_on: date | None = None
    state: str = Field(default="open", max_length=20)
    reason: str = Field(default="", max_length=200)
    why_not: str = Field(default="", max_length=200)
    rule_code: str = Field(default="", max_length=30)
    staff_id: int | None = reference("staff.id", nullable=True)
    closed_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment()


class FanActivity(Row, table=True):
    """活跃指数 of a fan on a day: four visible parts and their weighted mean, 0–100 each; the days are its history."""

    __tablename__ = "fan_activity"
    __table_args__ = (UniqueConstraint("fan_id", "measured_on"),)
    id: int | None = identifier()
    fan_id: int = reference("fan.id", cascade=True, index=False)
    measured_on: date
    frequency: float
    quality: float
    breadth: float
    duration: float
    score: float


class Segment(Row, table=True):
    """人群: a saved filter over fans; who is in it is looked up each time."""

    __tablename__ = "segment"
    __table_args__ = (UniqueConstraint("brand_id", "name"),)
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    name: str = Field(max_length=40)
    conditions: dict = document()
    account_id: int | None = reference("account.id", nullable=True)
    created_at: datetime = moment()


class LikelyMatch(Row, table=True):
    """疑似同一人: two fans who look like one, with the reasons, until a person says yes or no."""

    __tablename__ = "likely_match"
    __table_args__ = (UniqueConstraint("fan_id", "other_fan_id"),)
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    fan_id: int = reference("fan.id", cascade=True)
    other_fan_id: int = reference("fan.id", cascade=True)
    score: float
    reasons: list = document(list)
    state: str = Field(default="waiting", max_length=20)
    account_id: int | None = reference("account.id", nullable=True)
    found_at: datetime = moment()
    decided_at: datetime | None = moment(nullable=True)


class LifecycleChange(Row, table=True):
    """生命周期变化 of a fan: from which stage to which, on which day."""

    __tablename__ = "lifecycle_change"
    __table_args__ = (UniqueConstraint("fan_id", "changed_on"),)
    id: int | None = identifier()
    fan_id: int = reference("fan.id", cascade=True, index=False)
    from_stage: str = Field(default="", max_length=20)
    to_stage: str = Field(max_length=20)
    changed_on: date


class Referral(Row, table=True):
    """粉丝推荐: who brought this customer; at most one per customer."""

    __tablename__ = "referral"
    id: int | None = identifier()
    fan_id: int = reference("fan.id", cascade=True, unique=True)
    referrer_fan_id: int = reference("fan.id", cascade=True)
    account_id: int | None = reference("account.id", nullable=True)
    note: str = Field(default="", max_length=100)
    referred_at: datetime = moment()


class OwnRule(Row, table=True):
    """自建规则: a brand's own rule over a saved segment; what it makes is the brand's choice, as for the ready templates."""

    __tablename__ = "own_rule"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    segment_id: int | None = reference("segment.id", nullable=True)
    name: str = Field(max_length=40)
    deed: str = Field(max_length=200)
    account_id: int | None = reference("account.id", nullable=True)
    created_at: datetime = moment()
    removed_at: datetime | None = moment(nullable=True)


class RuleRun(Row, table=True):
    """规则执行: one run of a rule, and what it made then."""

    __tablename__ = "rule_run"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    rule_code: str = Field(max_length=30)
    outcome: str = Field(max_length=20)
    account_id: int | None = reference("account.id", nullable=True)
    ran_at: datetime = moment()


class RuleDeed(Row, table=True):
    """规则为一位粉丝做的: the card, the invitation with its contact, or the tag that a run made; ``undone_at`` when taken back."""

    __tablename__ = "rule_deed"
    id: int | None = identifier()
    run_id: int = reference("rule_run.id", cascade=True)
    fan_id: int = reference("fan.id", cascade=True)
    service_card_id: int | None = reference("service_card.id", nullable=True, cascade=True)
    invitation_id: int | None = reference("invitation.id", nullable=True, cascade=True)
    contact_id: int | None = reference("contact.id", nullable=True, cascade=True)
    fan_tag_id: int | None = reference("fan_tag.id", nullable=True, cascade=True)
    undone_at: datetime | None = moment(nullable=True)
