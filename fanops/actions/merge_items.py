"""Backlog items that may be the same: suggested, merged as a pointer, unmerged without a trace."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlmodel import Session, select

from fanops.access import Actor, record_audit, require
from fanops.actions.records_backlog import KEEPERS, get_item
from fanops.errors import Conflict
from fanops.sending.records import record_event
from fanops.settings import settings
from fanops.tables import BacklogItem
from fanops.text.encoder import load_encoder

_ALIKE = 0.75


def likely_duplicates(session: Session, actor: Actor, item_id: int) -> pd.DataFrame:
    """List open items that may be the same as one: of the same theme, or with a title that means alike.

    Returns:
        Rows ``item_id, title, stage, why``, the surest first.
    """
    item = get_item(session, actor, item_id)
    others = session.exec(
        select(BacklogItem).where(
            BacklogItem.brand_id == actor.brand_id, BacklogItem.id != item.id, BacklogItem.merged_into_id.is_(None)
        )
    ).all()
    if not others:
        return pd.DataFrame(columns=["item_id", "title", "stage", "why"])
    vectors = load_encoder(settings().encoder or None).encode([item.title, *(other.title for other in others)])
    alike = vectors[1:] @ vectors[0]
    rows = []
    for other, likeness in zip(others, alike.tolist(), strict=True):
        same_theme = item.theme_id is not None and other.theme_id == item.theme_id
        if same_theme or likeness >= _ALIKE:
            why = "同一个主题" if same_theme else f"标题意思相近（{likeness:.2f}）"
            rows.append((other.id, other.title, other.stage, why, likeness + same_theme))
    frame = pd.DataFrame(rows, columns=["item_id", "title", "stage", "why", "sure"])
    return frame.iloc[np.argsort(-frame["sure"].to_numpy(), kind="stable")].drop(columns="sure").reset_index(drop=True)


def merge_items(session: Session, actor: Actor, item_id: int, into_id: int) -> None:
    """Let one item point to another; nothing is moved.

    Raises:
        Conflict: The same item, one that others point to, or a pointer itself.
    """
    require(actor, *KEEPERS)
    item, into = get_item(session, actor, item_id), get_item(session, actor, into_id)
    if item.id == into.id or into.merged_into_id is not None or item.merged_into_id is not None:
        raise Conflict("不能这样合并。", "请选另一条没有被合并过的条目。")
    if session.exec(select(BacklogItem.id).where(BacklogItem.merged_into_id == item.id)).first() is not None:
        raise Conflict("已经有别的条目合并到这一条。", "请反过来，把另一条合并到这一条。")
    item.merged_into_id = into.id
    session.add(item)
    record_audit(session, actor, "merge_items", f"backlog_item:{item.id}", into=into.id)
    record_event(session, actor, "item.merged", _merge_data(item, into))


def unmerge_item(session: Session, actor: Actor, item_id: int) -> None:
    """Take a merge back.

    Raises:
        Conflict: It is not merged.
    """
    require(actor, *KEEPERS)
    item = session.exec(
        select(BacklogItem).where(BacklogItem.id == item_id, BacklogItem.brand_id == actor.brand_id)
    ).first()
    if item is None or item.merged_into_id is None:
        raise Conflict("它没有被合并过。", "")
    into = session.get_one(BacklogItem, item.merged_into_id)
    item.merged_into_id = None
    session.add(item)
    record_audit(session, actor, "unmerge_item", f"backlog_item:{item.id}")
    record_event(session, actor, "item.unmerged", _merge_data(item, into))


def _merge_data(item: BacklogItem, into: BacklogItem) -> dict[str, object]:
    return {"item_id": item.id, "title": item.title, "into_id": into.id, "into_title": into.title}


def merged_items(session: Session, actor: Actor, item_id: int) -> list[tuple[int, str]]:
    """List what was merged into an item: id and title."""
    statement = select(BacklogItem.id, BacklogItem.title).where(
        BacklogItem.brand_id == actor.brand_id, BacklogItem.merged_into_id == item_id
    )
    return [tuple(row) for row in session.exec(statement.order_by(BacklogItem.id))]
