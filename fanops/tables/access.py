"""Who may sign in, and who is signed in."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from fanops.tables.base import Row, identifier, moment, reference


class Account(Row, table=True):
    """账号. Sees the brand, or only ``region_id``, or only ``store_id`` when those are set."""

    __tablename__ = "account"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    region_id: int | None = reference("region.id", nullable=True)
    store_id: int | None = reference("store.id", nullable=True)
    staff_id: int | None = reference("staff.id", nullable=True)
    login: str = Field(unique=True, max_length=40)
    display_name: str = Field(max_length=40)
    role: str = Field(max_length=20)
    password_hash: str = Field(max_length=200)
    disabled_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment()
    is_sample: bool = False


class SignInSession(Row, table=True):
    """登录会话: the cookie holds 256 random bits, the row only their SHA-256."""

    __tablename__ = "sign_in_session"
    id: int | None = identifier()
    account_id: int = reference("account.id", cascade=True)
    token_sha256: str = Field(unique=True, max_length=64)
    created_at: datetime = moment()
    seen_at: datetime = moment()
    expires_at: datetime = moment()
    revoked_at: datetime | None = moment(nullable=True)


class SignInFailure(Row, table=True):
    """A failed sign-in, counted by (user, address); both are kept only as keyed hashes."""

    __tablename__ = "sign_in_failure"
    id: int | None = identifier()
    key_hash: str = Field(index=True, max_length=64)
    failed_at: datetime = moment(index=True)
