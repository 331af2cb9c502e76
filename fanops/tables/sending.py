"""What leaves the house by itself: where it may go, and every message with its attempts."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from fanops.tables.base import Row, document, identifier, moment, reference


class Webhook(Row, table=True):
    """接收地址: where events are sent. ``kind`` is ``webhook`` (signed JSON) or ``wecom`` (a WeCom group robot).

    The address of a robot is its password, so it is sealed; ``address_masked`` is for show.
    """

    __tablename__ = "webhook"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    store_id: int | None = reference("store.id", nullable=True)
    kind: str = Field(default="webhook", max_length=20)
    name: str = Field(max_length=40)
    address_sealed: bytes
    address_masked: str = Field(max_length=120)
    secret_sealed: bytes | None = None
    events: list = document(list)
    account_id: int | None = reference("account.id", nullable=True)
    created_at: datetime = moment()
    paused_at: datetime | None = moment(nullable=True)


class Message(Row, table=True):
    """发出的消息: waiting → sent, or failed after the last attempt. ``attempts`` is the log: moment, status, why, ms."""

    __tablename__ = "message"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    webhook_id: int | None = reference("webhook.id", nullable=True, cascade=True)
    fan_id: int | None = reference("fan.id", nullable=True, cascade=True)
    channel: str = Field(max_length=20)
    event: str = Field(max_length=40)
    subject: str = Field(default="", max_length=120)
    body: dict = document()
    to_sealed: bytes | None = None
    message_key: str = Field(unique=True, max_length=120)
    state: str = Field(default="waiting", max_length=20)
    attempts: list = document(list)
    next_try_at: datetime | None = moment(nullable=True, index=True)
    created_at: datetime = moment()
    sent_at: datetime | None = moment(nullable=True)
