"""铺开: in which stores an item is planned, live, paused or withdrawn, wave by wave; planning and going live can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlmodel import Session, func, select

from fanops.access import Actor, Role, in_scope, require, require_store
from fanops.actions import gates, records
from fanops.actions import records_backlog as backlog
from fanops.actions.records_gates import gate_rules
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans.records_tellings import drop_due, make_due
from fanops.sending.records import record_event
from fanops.settings import today
from fanops.tables import BacklogItem, Rollout, Store, Telling, Transition, now

WAVES = {1: "试点", 2: "区域", 3: "全部"}
ROLLOUT_LABELS = {"planned": "计划中", "live": "已上线", "paused": "暂停", "withdrawn": "已撤下"}
_FIRST_STORES = gates.STAGES.index("pilot")


def wave_name(wave: int) -> str:
    """Give a wave's word on the screen."""
    return WAVES.get(wave, f"第 {wave} 波")


def plan_stores(session: Session, actor: Actor, item_id: int, store_ids: Sequence[int], wave: int = 1) -> int:
    """Plan stores for a wave; later waves are locked until the pilot has a verdict.

    Returns:
        How many stores were added.
    """
    require(actor, *backlog.KEEPERS)
    item = backlog.get_item(session, actor, item_id)
    if wave > 1 and not backlog.facts_of(session, item).has_verdict:
        raise Conflict(f"试点还没有效果结论，“{wave_name(wave)}”锁着。", "先在“效果”里算出试点的结论。")
    known = set(session.exec(select(Rollout.store_id).where(Rollout.item_id == item.id)))
    added = [store_id for store_id in dict.fromkeys(store_ids) if store_id not in known]
    for store_id in added:
        require_store(session, actor, store_id)
        session.add(Rollout(item_id=item.id, store_id=store_id, wave=wave))
    session.flush()
    return len(added)


def set_rollout(
    session: Session, actor: Actor, item_id: int, store_id: int, state: str, live_on: date | None = None
) -> Rollout:
    """Set an item's state in a store; going live makes telling its raisers there due, until it is there no more.

    Raises:
        InvalidInput: No such state, or a day to come.
        Conflict: The item has not passed the gate before its first store.
        NotFound: The store is not planned.
    """
    require(actor, *backlog.KEEPERS, Role.REGION_MANAGER, Role.STORE_MANAGER)
    if state not in ROLLOUT_LABELS:
        raise InvalidInput("没有这个状态。", f"可用：{'、'.join(ROLLOUT_LABELS.values())}。")
    if state == "live" and live_on is not None and live_on > today():
        raise InvalidInput("上线日不能在今天以后。", "还没上线的，先留在“计划中”。")
    item, store = backlog.get_item(session, actor, item_id), require_store(session, actor, store_id)
    row = _rollout(session, item, store)
    before = row.state
    if state == "live" and before != "live":
        _require_first_stores(session, actor, item)
    session.add(Transition(rollout_id=row.id, account_id=actor.account_id, from_state=before, to_state=state))
    row.state, row.changed_at = state, now()
    row.live_on = (live_on or today()) if state == "live" else row.live_on
    session.add(row)
    session.flush()
    data = {"item_id": item.id, "title": item.title, "wave": row.wave, "from": before, "to": state,
            "to_label": ROLLOUT_LABELS[state], "live_on": row.live_on.isoformat() if row.live_on else None}  # fmt: skip
    record_event(session, actor, "rollout.changed", data, [store.id])
    if state == "live" and before != "live":
        make_due(session, records.evidence_fans(session, item_id=item.id), store.id, item_id=item.id)
    elif state != "live":
        drop_due(session, store.id, item_id=item.id)
    return row


def rollout_table(session: Session, actor: Actor, item_id: int) -> pd.DataFrame:
    """List an item's stores in scope: ``store_id, store, wave, state, live_on``."""
    backlog.get_item(session, actor, item_id)
    statement = (
        select(Store.id, Store.name, Rollout.wave, Rollout.state, Rollout.live_on)
        .join(Rollout, Rollout.store_id == Store.id)
        .where(Rollout.item_id == item_id)
        .order_by(Rollout.wave, Store.code)
    )
    rows = session.exec(in_scope(statement, actor, brand=Store.brand_id, store=Store.id)).all()
    return pd.DataFrame(rows, columns=["store_id", "store", "wave", "state", "live_on"])


def store_item_table(session: Session, actor: Actor) -> pd.DataFrame:
    """List each item's state in each store in scope: ``store_id, store, item_id, title, wave, state, live_on``."""
    statement = (
        select(Store.id, Store.name, BacklogItem.id, BacklogItem.title, Rollout.wave, Rollout.state, Rollout.live_on)
        .join(Rollout, Rollout.store_id == Store.id)
        .join(BacklogItem, BacklogItem.id == Rollout.item_id)
        .where(BacklogItem.merged_into_id.is_(None))
        .order_by(Store.code, BacklogItem.id.desc())
    )
    rows = session.exec(in_scope(statement, actor, brand=Store.brand_id, store=Store.id)).all()
    return pd.DataFrame(rows, columns=["store_id", "store", "item_id", "title", "wave", "state", "live_on"])


def _require_first_stores(session: Session, actor: Actor, item: BacklogItem) -> None:
    """Refuse a store's going live before the item has passed the gate that stands before the first store."""
    if gates.STAGES.index(item.stage) >= _FIRST_STORES:
        return
    rules = gate_rules(session, actor)
    first = next(stage for stage in gates.stages_of(rules) if gates.STAGES.index(stage) >= _FIRST_STORES)
    lacking = "".join(gates.missing(item.stage, backlog.facts_of(session, item), rules))
    raise Conflict(
        f"“{item.title}”还在“{gates.LABELS[item.stage]}”，门店不能上线。",
        f"先走到“{gates.LABELS[first]}”；门店里已经在卖的，到那时补记上线日。"
        + (f"还缺：{lacking}" if lacking else ""),
    )


def undo_plan(session: Session, actor: Actor, item_id: int, store_ids: Sequence[int]) -> None:
    """Take planned stores out of the plan again.

    Raises:
        Conflict: One of them has gone further.
    """
    require(actor, *backlog.KEEPERS)
    item = backlog.get_item(session, actor, item_id)
    rows = session.exec(select(Rollout).where(Rollout.item_id == item.id, Rollout.store_id.in_(store_ids))).all()
    moved = session.exec(select(Transition.id).where(Transition.rollout_id.in_([row.id for row in rows])).limit(1))
    if moved.first() is not None:
        raise Conflict("已有门店往前走了，不能撤销。", "可以逐家改成“已撤下”。")
    for row in rows:
        session.delete(row)


def rollout_of(session: Session, actor: Actor, item_id: int, store_id: int) -> tuple[str, date | None]:
    """Give an item's state in a store and since when it is live, for ``undo_rollout``.

    Raises:
        NotFound: The store is not planned, or not this actor's.
    """
    row = _rollout(session, backlog.get_item(session, actor, item_id), require_store(session, actor, store_id))
    return row.state, row.live_on


def undo_rollout(
    session: Session, actor: Actor, item_id: int, store_id: int, state: str, live_on: date | None
) -> None:  # fmt: skip
    """Put an item's state in a store back, as ``rollout_of`` gave it before; nobody there is to be told any more.

    Raises:
        Conflict: Fans were told since that it is there.
    """
    row = _rollout(session, backlog.get_item(session, actor, item_id), require_store(session, actor, store_id))
    told = select(func.count(Telling.id)).where(
        Telling.item_id == item_id, Telling.store_id == store_id, Telling.told_at >= row.changed_at
    )
    if state != "live" and (count := session.exec(told).one()):
        raise Conflict(f"已经告诉过 {count} 位粉丝，不能撤销。", "真的不卖了，就改成“暂停”或“已撤下”。")
    set_rollout(session, actor, item_id, store_id, state, live_on)
    row.live_on = live_on  # a day that was never reached would count as the start of the effect
    session.add(row)
    session.flush()


def _rollout(session: Session, item: BacklogItem, store: Store) -> Rollout:
    row = session.exec(select(Rollout).where(Rollout.item_id == item.id, Rollout.store_id == store.id)).first()
    if row is None:
        raise NotFound("这家门店不在铺开计划里。", "先把它加入计划。")
    return row
