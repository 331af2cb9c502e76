"""The product backlog: items with stages and gates, fan trials; their stores are in ``records_rollout``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sqlalchemy import case, func
from sqlmodel import Session, select

from fanops.access import Actor, Role, in_scope, record_audit, require
from fanops.actions import gates, records
from fanops.actions.records_gates import gate_rules
from fanops.database.frames import frame_of
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans.records import phone_tails
from fanops.fans.records_cards import TRIAL as TRIAL_CARD
from fanops.fans.records_cards import reopen_card, trial_deed
from fanops.fans.records_promises import VERDICTS
from fanops.sending.records import record_event
from fanops.tables import (
    BacklogItem,
    Baseline,
    Contact,
    Fan,
    Measurement,
    Rollout,
    ServiceCard,
    Store,
    Telling,
    Theme,
    Transition,
    Trial,
    now,
)  # fmt: skip
from fanops.themes.records import get_theme

KEEPERS = (Role.PRODUCT, Role.CEO, Role.ADMIN)


def open_item(session: Session, actor: Actor, theme_id: int, title: str, wanted: str = "") -> BacklogItem:
    """Open a backlog item (需求条目) of a theme; its sentences become the evidence."""
    require(actor, *KEEPERS)
    get_theme(session, actor, theme_id)
    item = BacklogItem(brand_id=actor.brand_id, theme_id=theme_id, title=records.checked_title(title),
                       wanted=wanted.strip(), account_id=actor.account_id)  # fmt: skip
    session.add(item)
    session.flush()
    records.keep_evidence(session, actor, theme_id, item_id=item.id)
    session.add(Transition(item_id=item.id, account_id=actor.account_id, from_state="", to_state="listen"))
    record_event(session, actor, "item.stage_moved", _stage_data(item, ""))
    record_audit(session, actor, "open_item", f"backlog_item:{item.id}")
    return item


def _stage_data(item: BacklogItem, before: str) -> dict[str, Any]:
    return {"item_id": item.id, "title": item.title, "theme_id": item.theme_id, "from": before, "to": item.stage,
            "to_label": gates.LABELS[item.stage]}  # fmt: skip


def get_item(session: Session, actor: Actor, item_id: int) -> BacklogItem:
    """Give an item of the actor's brand.

    Raises:
        NotFound: No such item, or another brand's.
    """
    item = session.exec(
        select(BacklogItem).where(BacklogItem.id == item_id, BacklogItem.brand_id == actor.brand_id)
    ).first()
    if item is None:
        raise NotFound("没有这个需求条目。", "请从列表里选择。")
    return item


def item_table(session: Session, actor: Actor) -> pd.DataFrame:
    """List items: ``item_id, title, stage, theme_id, theme, opened_at, sentences, fans, live, planned, lacking``."""
    rows = session.exec(
        select(BacklogItem, Theme.name)
        .outerjoin(Theme, Theme.id == BacklogItem.theme_id)
        .where(BacklogItem.brand_id == actor.brand_id, BacklogItem.merged_into_id.is_(None))
        .order_by(BacklogItem.id.desc())
    ).all()
    live = case((Rollout.state == "live", 1), else_=0)
    stores = {
        item_id: (int(on or 0), int(count))
        for item_id, on, count in session.exec(
            select(Rollout.item_id, func.sum(live), func.count(Rollout.id)).group_by(Rollout.item_id)
        )
    }
    found, rules = [], gate_rules(session, actor)
    for item, theme in rows:
        sentences, fans = records.evidence_counts(session, item_id=item.id)
        on, planned = stores.get(item.id, (0, 0))
        lacking = gates.missing(item.stage, facts_of(session, item), rules)
        found.append((item.id, item.title, item.stage, item.theme_id, theme, item.opened_at, sentences, fans, on,
                      planned, lacking))  # fmt: skip
    columns = ["item_id", "title", "stage", "theme_id", "theme", "opened_at", "sentences", "fans", "live", "planned",
               "lacking"]  # fmt: skip
    return pd.DataFrame(found, columns=columns)


def facts_of(session: Session, item: BacklogItem) -> gates.ItemFacts:
    """Gather what the gates look at."""
    sentences, fans = records.evidence_counts(session, item_id=item.id)
    verdicts = [row.verdict for row in session.exec(select(Trial).where(Trial.item_id == item.id)) if row.verdict]
    rollouts = session.exec(select(Rollout).where(Rollout.item_id == item.id)).all()
    told = set(session.exec(select(Telling.fan_id).where(Telling.item_id == item.id, Telling.state == "told")))
    raisers = records.evidence_fans(session, item_id=item.id)
    evidence = item.stage_evidence
    return gates.ItemFacts(
        raisers=fans, evidence=sentences, wanted=item.wanted, sample_note=evidence.get("sample_note", ""),
        pass_share=evidence.get("pass_share"), likes=verdicts.count("like"), verdicts=len(verdicts),
        has_baseline=session.exec(select(Baseline.id).where(Baseline.item_id == item.id)).first() is not None,
        pilot_stores=sum(row.wave == 1 for row in rollouts), live_stores=sum(row.state == "live" for row in rollouts),
        has_verdict=session.exec(
            select(Measurement.id).where(Measurement.item_id == item.id, Measurement.verdict != "数据不足")
        ).first() is not None,
        untold=len(set(raisers) - told), reason=evidence.get("untold_reason", ""),
    )  # fmt: skip


def write_down(
    session: Session, actor: Actor, item_id: int, *, seen: Mapping[str, str] | None = None, **evidence: Any
) -> BacklogItem:
    """Write a stage's evidence: ``wanted``, ``sample_note``, ``pass_share`` (0–1), ``untold_reason``, ``effort_days``.

    Args:
        session: A writing session.
        actor: Who writes.
        item_id: Of which item.
        seen: The texts as the writer had them before; what somebody else has written since is not written over.
        evidence: What to write.

    Raises:
        Conflict: Somebody else has written, or the pass line is changed after a verdict is in.
    """
    require(actor, *KEEPERS)
    item = get_item(session, actor, item_id)
    for name, before in (seen or {}).items():
        there = written(item, name)
        if there not in (before, evidence.get(name)):
            raise Conflict(f"同事刚才也写了：“{there}”。", "您写的还在。把两边合在一起，或就用您的，再按一次“记下”。")
    if "pass_share" in evidence:
        share = evidence["pass_share"]
        if not 0 < share <= 1:
            raise InvalidInput("达标线要在 1% 到 100% 之间。")
        facts = facts_of(session, item)
        if facts.verdicts and facts.pass_share is not None and share != facts.pass_share:
            raise Conflict("已经有试用评价，达标线不能再改。", "达标线要在试用之前定。")
    if "wanted" in evidence:
        item.wanted = str(evidence.pop("wanted")).strip()[:1000]
    if "effort_days" in evidence:
        item.effort_days = evidence.pop("effort_days")
    item.stage_evidence = {**item.stage_evidence, **evidence}
    session.add(item)
    session.flush()
    return item


def written(item: BacklogItem, name: str) -> str:
    """Give a text of an item's evidence by its name, empty where there is none."""
    return item.wanted if name == "wanted" else item.stage_evidence.get(name, "")


def advance(session: Session, actor: Actor, item_id: int, note: str = "", *, seen: str | None = None) -> BacklogItem:
    """Move an item through its gate to the next stage.

    Args:
        session: A writing session.
        actor: Who moves it.
        item_id: Which item.
        note: Why.
        seen: The stage that the mover had before them; refused when somebody else has moved it since.

    Raises:
        Conflict: With what is missing.
    """
    require(actor, *KEEPERS)
    item = get_item(session, actor, item_id)
    if seen is not None and item.stage != seen:
        raise Conflict(f"同事刚才已经把它移到“{gates.LABELS[item.stage]}”。", "看一下现在的阶段，再决定往哪走。")
    rules = gate_rules(session, actor)
    lacking = gates.missing(item.stage, facts_of(session, item), rules)
    if lacking:
        raise Conflict(f"还不能离开“{gates.LABELS[item.stage]}”。", "".join(lacking))
    following = gates.following(item.stage, rules)
    session.add(
        Transition(
            item_id=item.id, account_id=actor.account_id, from_state=item.stage, to_state=following, note=note[:500]
        )
    )
    before, item.stage = item.stage, following
    item.closed_at = now() if following == "closed" else None
    session.add(item)
    session.flush()
    record_event(session, actor, "item.stage_moved", _stage_data(item, before))
    record_audit(session, actor, "advance_item", f"backlog_item:{item.id}", to=following)
    return item


def send_back(session: Session, actor: Actor, item_id: int, to: str, why: str) -> BacklogItem:
    """Send an item back to an earlier stage; the reason is kept.

    Raises:
        InvalidInput: No reason.
        Conflict: Not an earlier stage of this brand.
    """
    require(actor, *KEEPERS)
    item = get_item(session, actor, item_id)
    stages = gates.stages_of(gate_rules(session, actor))
    if to not in stages or gates.STAGES.index(to) >= gates.STAGES.index(item.stage):
        raise Conflict("只能退回更早的阶段。", "往前走用“进入下一阶段”。")
    if not why.strip():
        raise InvalidInput("退回要写原因。", "例如：打样后发现要换供应商。")
    session.add(
        Transition(
            item_id=item.id, account_id=actor.account_id, from_state=item.stage, to_state=to, note=why.strip()[:500]
        )
    )
    before, item.stage, item.closed_at = item.stage, to, None
    session.add(item)
    session.flush()
    record_event(session, actor, "item.stage_moved", _stage_data(item, before))
    record_audit(session, actor, "send_back_item", f"backlog_item:{item.id}", to=to)
    return item


# --- trials and telling -------------------------------------------------------------------------------------------


def trial_table(session: Session, actor: Actor, item_id: int) -> pd.DataFrame:
    """List an item's trials in scope.

    Returns:
        ``trial_id, fan_id, fan, level, store, channel, invited_at, came_at, verdict, words, tail`` (of the phone).
    """
    get_item(session, actor, item_id)
    statement = (
        select(Trial.id, Fan.id, Fan.name_masked, Fan.level, Store.name, Trial.channel, Trial.invited_at, Trial.came_at,
               Trial.verdict, Trial.words)
        .join(Fan, Fan.id == Trial.fan_id)
        .outerjoin(Store, Store.id == Trial.store_id)
        .where(Trial.item_id == item_id)
        .order_by(Trial.id)
    )  # fmt: skip
    rows = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Trial.store_id)).all()
    columns = ["trial_id", "fan_id", "fan", "level", "store", "channel", "invited_at", "came_at", "verdict", "words"]
    frame = frame_of(rows, columns)
    tails = phone_tails(session, frame["fan_id"])
    return frame.assign(tail=[tails.get(fan_id, "") for fan_id in frame["fan_id"]])


def record_verdict(session: Session, actor: Actor, trial_id: int, verdict: str, words: str = "") -> Trial:
    """Record that a raiser came and what they say; the card that asked them to come is ticked with it.

    Coming counts as a contact, also the fourth one: it has happened.
    """
    if not verdict:
        raise InvalidInput("还没有选评价。", f"请选：{'、'.join(VERDICTS.values())}。")
    if verdict not in VERDICTS:
        raise InvalidInput("没有这种评价。", f"可用：{'、'.join(VERDICTS.values())}。")
    trial = _get_trial(session, actor, trial_id)
    is_first = trial.came_at is None
    trial.came_at, trial.verdict, trial.words = trial.came_at or now(), verdict, words.strip()[:500]
    session.add(trial)
    if is_first:
        _tick_card(session, actor, trial)
    session.flush()
    return trial


def take_back_verdict(session: Session, actor: Actor, trial_id: int) -> None:
    """Take a verdict back (undo): the fan is waited for again, and the card ticked with it is open.

    Raises:
        NotFound: No such trial in the actor's scope, or without a verdict.
    """
    trial = _get_trial(session, actor, trial_id)
    if not trial.verdict:
        raise NotFound("没有可以撤销的。", "")
    card = session.exec(_cards(session, trial, "done").where(ServiceCard.closed_at == trial.came_at)).first()
    if card is not None:
        reopen_card(session, actor, card.id)
    trial.came_at, trial.verdict, trial.words = None, "", ""
    session.add(trial)


def _get_trial(session: Session, actor: Actor, trial_id: int) -> Trial:
    statement = select(Trial).join(Fan, Fan.id == Trial.fan_id).where(Trial.id == trial_id)
    trial = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Trial.store_id)).first()
    if trial is None:
        raise NotFound("没有这次试用，或它不在您的门店。")
    return trial


def _cards(session: Session, trial: Trial, state: str):
    deed = trial_deed(session.get_one(BacklogItem, trial.item_id).title)
    return select(ServiceCard).where(
        ServiceCard.fan_id == trial.fan_id, ServiceCard.rule_code == TRIAL_CARD, ServiceCard.state == state,
        ServiceCard.deed == deed,
    )  # fmt: skip


def _tick_card(session: Session, actor: Actor, trial: Trial) -> None:
    card = session.exec(_cards(session, trial, "open")).first()
    if card is not None:
        card.state, card.staff_id, card.closed_at = "done", actor.staff_id, trial.came_at
        session.add(card)
        session.add(Contact(fan_id=trial.fan_id, store_id=trial.store_id, staff_id=actor.staff_id, kind="service",
                            channel="in_store", subject=card.deed))  # fmt: skip
