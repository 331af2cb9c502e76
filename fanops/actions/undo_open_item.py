"""Taking back a backlog item that was opened by mistake."""

from __future__ import annotations

from sqlmodel import Session, delete, select

from fanops.access import Actor, record_audit, require
from fanops.actions import records_backlog as backlog
from fanops.errors import Conflict
from fanops.sending.records import record_event
from fanops.tables import BacklogItem, Baseline, Measurement, Rollout, Trial


def undo_open_item(session: Session, actor: Actor, item_id: int) -> None:
    """Take an item back that nobody has worked on.

    Raises:
        Conflict: It has moved, stores are planned, fans invited, or another item was merged into it.
    """
    require(actor, *backlog.KEEPERS)
    item = backlog.get_item(session, actor, item_id)
    used = [
        session.exec(select(table.id).where(column == item.id)).first()
        for table, column in (
            (Rollout, Rollout.item_id), (Trial, Trial.item_id), (Baseline, Baseline.item_id),
            (Measurement, Measurement.item_id), (BacklogItem, BacklogItem.merged_into_id),
        )
    ]  # fmt: skip
    if item.stage != "listen" or item.merged_into_id is not None or any(used):
        raise Conflict("这个条目已经在做，不能撤销。", "可以在看板上退回，或并入别的条目。")
    record_event(session, actor, "item.withdrawn", {"item_id": item.id, "title": item.title})
    session.exec(delete(BacklogItem).where(BacklogItem.id == item.id))
    record_audit(session, actor, "undo_open_item", f"backlog_item:{item_id}")
