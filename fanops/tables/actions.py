"""What is done about it: service fixes per store, backlog items, rollout, trials, tellings; each with its evidence."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from fanops.tables.base import Row, document, identifier, moment, reference


class Fix(Row, table=True):
    """服务改进 (MTQSC): one fix, done in each of its stores. ``area`` is quality, service or cleanliness."""

    __tablename__ = "fix"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    theme_id: int | None = reference("theme.id", nullable=True)
    title: str = Field(max_length=100)
    what_to_do: str = Field(default="", max_length=1000)
    area: str = Field(default="service", max_length=20)
    checklist: list = document(list)
    account_id: int | None = reference("account.id", nullable=True)
    opened_at: datetime = moment()


class FixStore(Row, table=True):
    """一家门店的改进: found → assigned → fixing → accepted → reasked → closed, or reopened."""

    __tablename__ = "fix_store"
    __table_args__ = (UniqueConstraint("fix_id", "store_id"),)
    id: int | None = identifier()
    fix_id: int = reference("fix.id", cascade=True)
    store_id: int = reference("store.id")
    state: str = Field(default="found", max_length=20)
    owner_staff_id: int | None = reference("staff.id", nullable=True)
    due_on: date | None = None
    note: str = Field(default="", max_length=1000)
    ticks: dict = document()  # number of the checklist's line → when it was ticked and by whom
    read_at: datetime | None = moment(nullable=True)
    done_at: datetime | None = moment(nullable=True)
    closed_at: datetime | None = moment(nullable=True)


class BacklogItem(Row, table=True):
    """需求条目 (MTPD): listen → define → sample → trial → pilot → rollout → review → closed."""

    __tablename__ = "backlog_item"
    id: int | None = identifier()
    brand_id: int = reference("brand.id")
    theme_id: int | None = reference("theme.id", nullable=True)
    title: str = Field(max_length=100)
    wanted: str = Field(default="", max_length=1000)
    stage: str = Field(default="listen", max_length=20)
    stage_evidence: dict = document()
    effort_days: float | None = None
    owner_account_id: int | None = reference("account.id", nullable=True)
    merged_into_id: int | None = reference("backlog_item.id", nullable=True)
    account_id: int | None = reference("account.id", nullable=True)
    opened_at: datetime = moment()
    closed_at: datetime | None = moment(nullable=True)


class Evidence(Row, table=True):
    """依据: the sentence behind a fix or an item; exactly one of the two is set."""

    __tablename__ = "evidence"
    __table_args__ = (
        UniqueConstraint("fix_id", "unit_id"),
        UniqueConstraint("item_id", "unit_id"),
        CheckConstraint("(fix_id IS NULL) <> (item_id IS NULL)", name="one_action"),
    )
    id: int | None = identifier()
    fix_id: int | None = reference("fix.id", nullable=True, cascade=True)
    item_id: int | None = reference("backlog_item.id", nullable=True, cascade=True)
    unit_id: int = reference("unit.id")


class Rollout(Row, table=True):
    """铺开状态 of one item in one store: planned, live, paused, withdrawn. ``wave`` 1 is the pilot."""

    __tablename__ = "rollout"
    __table_args__ = (UniqueConstraint("item_id", "store_id"),)
    id: int | None = identifier()
    item_id: int = reference("backlog_item.id", cascade=True)
    store_id: int = reference("store.id")
    wave: int = 1
    state: str = Field(default="planned", max_length=20)
    live_on: date | None = None
    changed_at: datetime = moment()


class Trial(Row, table=True):
    """粉丝试用: a raiser invited to try, whether they came, and their verdict (like, dislike, unsure)."""

    __tablename__ = "trial"
    __table_args__ = (UniqueConstraint("item_id", "fan_id"),)
    id: int | None = identifier()
    item_id: int = reference("backlog_item.id", cascade=True)
    fan_id: int = reference("fan.id")
    store_id: int | None = reference("store.id", nullable=True)
    channel: str = Field(default="task", max_length=20)
    invited_at: datetime = moment()
    came_at: datetime | None = moment(nullable=True)
    verdict: str = Field(default="", max_length=20)
    words: str = Field(default="", max_length=500)


class Telling(Row, table=True):
    """告知: whether a raiser was told that it is done, and whether they say it is really fixed."""

    __tablename__ = "telling"
    __table_args__ = (
        UniqueConstraint("fix_id", "fan_id"),
        UniqueConstraint("item_id", "fan_id"),
        CheckConstraint("(fix_id IS NULL) <> (item_id IS NULL)", name="one_action"),
    )
    id: int | None = identifier()
    fix_id: int | None = reference("fix.id", nullable=True, cascade=True)
    item_id: int | None = reference("backlog_item.id", nullable=True, cascade=True)
    fan_id: int = reference("fan.id")
    store_id: int | None = reference("store.id", nullable=True)
    state: str = Field(default="due", max_length=20)
    channel: str = Field(default="", max_length=30)
    staff_id: int | None = reference("staff.id", nullable=True)
    told_at: datetime | None = moment(nullable=True)
    really_fixed: str = Field(default="", max_length=20)


class Transition(Row, table=True):
    """流转: every change of state of a store's fix, an item or a rollout, with author and reason."""

    __tablename__ = "transition"
    id: int | None = identifier()
    fix_store_id: int | None = reference("fix_store.id", nullable=True, cascade=True)
    item_id: int | None = reference("backlog_item.id", nullable=True, cascade=True)
    rollout_id: int | None = reference("rollout.id", nullable=True, cascade=True)
    account_id: int | None = reference("account.id", nullable=True)
    from_state: str = Field(max_length=20)
    to_state: str = Field(max_length=20)
    note: str = Field(default="", max_length=500)
    changed_at: datetime = moment()
