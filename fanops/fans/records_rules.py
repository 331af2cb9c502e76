"""Rules in the database: who a rule would reach (dry run), and the cards it makes; run again it makes none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor, Role, in_scope, record_audit, require
from fanops.access.organisation import brand_choice
from fanops.database import insert_many
from fanops.errors import NotFound
from fanops.fans.records_contacts import MOST_IN_WINDOW, WINDOW
from fanops.fans.rules import RULES, RuleNumbers
from fanops.tables import (
    BacklogItem,
    Contact,
    Evidence,
    Fan,
    Order,
    Rollout,
    ServiceCard,
    Telling,
    Trial,
    Unit,
    Voice,
    now,
)  # fmt: skip

NUMBERS = "rules"  # name of a brand's own numbers
RUNNERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
_DUE_DAYS = 7
_OPEN = "open"


def numbers_of(session: Session, actor: Actor) -> RuleNumbers:
    """Give the brand's numbers."""
    return brand_choice(session, actor, NUMBERS, RuleNumbers())


def dry_run(
    session: Session, actor: Actor, code: str, at: datetime | None = None
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Say who a rule would reach now, in the actor's scope; nothing is stored.

    Args:
        session: Open session.
        actor: Whose scope.
        code: A key of RULES.
        at: The moment that days are counted back from, now by default.

    Returns:
        Rows ``fan_id, fan, store_id, why``, the biggest spenders first; and how many are left out by reason.

    Raises:
        NotFound: No such rule.
    """
    if code not in RULES:
        raise NotFound("没有这条规则。", f"可用：{'、'.join(RULES)}。")
    at, numbers = at or now(), numbers_of(session, actor)
    found = dict(session.exec(_who(code, numbers, at)).all())
    statement = (
        select(
            Fan.id, Fan.name_masked, Fan.home_store_id, Fan.opted_out_at, func.coalesce(func.sum(Order.amount_fen), 0)
        )
        .outerjoin(Order, Order.fan_id == Fan.id)
        .where(Fan.merged_into_id.is_(None), Fan.erased_at.is_(None))
        .group_by(Fan.id, Fan.name_masked, Fan.home_store_id, Fan.opted_out_at)
    )
    fans = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)).all()
    had = _had_a_card(session, code, at - timedelta(days=numbers.quiet_days))
    tired = _tired(session, at)
    rows, left_out = (
        [],
        {"已退订": 0, "没有所属门店": 0, "近期已有同样的卡": 0, f"30 天内已联系 {MOST_IN_WINDOW} 次": 0},
    )
    for fan_id, name, store_id, opted_out_at, spent in fans:
        if fan_id not in found:
            continue
        if opted_out_at is not None:
            left_out["已退订"] += 1
        elif store_id is None:
            left_out["没有所属门店"] += 1
        elif fan_id in had:
            left_out["近期已有同样的卡"] += 1
        elif fan_id in tired:
            left_out[f"30 天内已联系 {MOST_IN_WINDOW} 次"] += 1
        else:
            rows.append((fan_id, name, store_id, found[fan_id], spent))
    frame = pd.DataFrame(rows, columns=["fan_id", "fan", "store_id", "why", "spent"])
    frame = frame.sort_values(["spent", "fan_id"], ascending=[False, True], ignore_index=True).head(numbers.most)
    return frame.drop(columns="spent"), {reason: count for reason, count in left_out.items() if count}


def run_rule(session: Session, actor: Actor, code: str, at: datetime | None = None) -> int:
    """Make the cards that the dry run shows.

    Returns:
        How many were made; 0 when it was just run.
    """
    require(actor, *RUNNERS)
    at = at or now()
    reached, _ = dry_run(session, actor, code, at)
    due = (at + timedelta(days=_DUE_DAYS)).date()
    cards: list[Mapping[str, Any]] = [
        {"fan_id": int(row.fan_id), "store_id": int(row.store_id), "deed": RULES[code].deed, "due_on": due, "state": _OPEN,
         "reason": row.why[:200], "rule_code": code, "created_at": at}
        for row in reached.itertuples()
    ]  # fmt: skip
    insert_many(session, ServiceCard, cards)
    record_audit(session, actor, "run_rule", f"rule:{code}", cards=len(cards))
    return len(cards)


def undo_rule(session: Session, actor: Actor, code: str) -> int:
    """Take back the open cards that the rule's last run made, in the actor's scope.

    Returns:
        How many were taken back.
    """
    require(actor, *RUNNERS)
    last = session.exec(
        select(func.max(ServiceCard.created_at)).join(Fan, Fan.id == ServiceCard.fan_id)
        .where(ServiceCard.rule_code == code, Fan.brand_id == actor.brand_id)
    ).one()  # fmt: skip
    statement = select(ServiceCard).join(Fan, Fan.id == ServiceCard.fan_id)
    statement = statement.where(
        ServiceCard.rule_code == code, ServiceCard.created_at == last, ServiceCard.state == _OPEN
    )
    cards = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=ServiceCard.store_id)).all()
    for card in cards:
        session.delete(card)
    record_audit(session, actor, "undo_rule", f"rule:{code}", cards=len(cards))
    return len(cards)


def _who(code: str, numbers: RuleNumbers, at: datetime) -> Any:
    """Select ``fan id, why`` for a rule; scope is applied by who reads the fans."""

    def ago(days: int) -> datetime:
        return at - timedelta(days=days)

    person = func.coalesce(Fan.merged_into_id, Fan.id)
    if code == "welcome_back":
        first = func.min(Order.placed_at)
        return (
            select(person, func.min("第一次来过以后没有再来")).join(Order, Order.fan_id == Fan.id).group_by(person)
            .having(func.count(Order.id) == 1, first <= ago(numbers.new_from), first > ago(numbers.new_to))
        )  # fmt: skip
    if code == "wake_up":
        last = func.max(Order.placed_at)
        return (
            select(person, func.min("以前常来，最近没来")).join(Order, Order.fan_id == Fan.id)
            .where(Fan.level.in_(["fan", "core"])).group_by(person)
            .having(last <= ago(numbers.asleep_from), last > ago(numbers.asleep_to))
        )  # fmt: skip
    if code == "recovery":
        return (
            select(person, func.min(func.substr(Voice.text, Unit.start + 1, Unit.end - Unit.start)))
            .join(Voice, Voice.fan_id == Fan.id).join(Unit, Unit.voice_id == Voice.id)
            .where(Voice.said_at > ago(numbers.recovery_days), Unit.polarity == -1, Unit.no_content.is_(False)).group_by(person)
        )  # fmt: skip
    if code == "new_product":
        tried = (
            select(Trial.fan_id)
            .where(Trial.item_id == BacklogItem.id, Trial.came_at.is_not(None))
            .correlate(BacklogItem)
        )
        return (
            select(person, func.min(BacklogItem.title)).join(Voice, Voice.fan_id == Fan.id)
            .join(Unit, Unit.voice_id == Voice.id).join(Evidence, Evidence.unit_id == Unit.id)
            .join(BacklogItem, BacklogItem.id == Evidence.item_id)
            .join(Rollout, (Rollout.item_id == BacklogItem.id) & (Rollout.store_id == Fan.home_store_id))
            .where(Rollout.state == "live", Fan.id.not_in(tried)).group_by(person)
        )  # fmt: skip
    title = func.coalesce(BacklogItem.title, "您提过的事")
    return (
        select(person, func.min(title)).join(Telling, Telling.fan_id == Fan.id)
        .outerjoin(BacklogItem, BacklogItem.id == Telling.item_id).where(Telling.state == "due").group_by(person)
    )  # fmt: skip


def _had_a_card(session: Session, code: str, since: datetime) -> set[int]:
    statement = select(ServiceCard.fan_id).where(
        ServiceCard.rule_code == code, (ServiceCard.created_at > since) | (ServiceCard.state == _OPEN)
    )
    return set(session.exec(statement))


def _tired(session: Session, at: datetime) -> set[int]:
    statement = select(Contact.fan_id).where(Contact.contacted_at > at - WINDOW).group_by(Contact.fan_id)
    return set(session.exec(statement.having(func.count(Contact.id) >= MOST_IN_WINDOW)))
