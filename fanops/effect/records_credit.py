"""Credit (首倡): the staff member who first wrote down what an action came from, and what the action was worth.

Nothing is stored: it is read off the evidence each time, so that an unmerge takes the credit back by itself.
"""

from __future__ import annotations

import pandas as pd
from sqlmodel import Session, select

from fanops.access import Actor, in_scope
from fanops.actions.records import behind
from fanops.effect.records import within_scope
from fanops.tables import BacklogItem, Evidence, Fix, Measurement, Staff, Store, Unit, Voice

_COLUMNS = ["staff_id", "staff", "store", "kind", "action_id", "title", "voice_id", "said_at", "verdict", "value", "low",
            "high"]  # fmt: skip


def credit_table(session: Session, actor: Actor) -> pd.DataFrame:
    """List actions with the staff member who first recorded their theme in an interview or an answer.

    Actions that stand on reviews alone have nobody to credit and are left out; so are staff outside the actor's scope.

    Returns:
        ``staff_id, staff, store, kind`` (fix or item), ``action_id, title, voice_id, said_at, verdict`` (newest, empty when not
        measured), ``value, low, high`` (yuan, None where unknown; of the stores in scope, without interval where these are a part);
        those worth most first.
    """
    fixes = session.exec(select(Fix.id, Fix.title).where(Fix.brand_id == actor.brand_id)).all()
    items = session.exec(
        select(BacklogItem.id, BacklogItem.title).where(
            BacklogItem.brand_id == actor.brand_id, BacklogItem.merged_into_id.is_(None)
        )
    ).all()
    about = [("fix", number, title) for number, title in fixes] + [("item", number, title) for number, title in items]
    results = _newest(session, actor)
    rows = []
    for kind, number, title in about:
        statement = (
            select(Staff.id, Staff.name, Store.name, Voice.id, Voice.said_at)
            .join(Voice, Voice.staff_id == Staff.id)
            .join(Unit, Unit.voice_id == Voice.id)
            .join(Evidence, Evidence.unit_id == Unit.id)
            .outerjoin(Store, Store.id == Staff.store_id)
            .where(behind(number if kind == "fix" else None, number if kind == "item" else None))
            .where(Voice.kind.in_(("interview", "survey")))
            .order_by(Voice.said_at, Voice.id)
            .limit(1)
        )
        first = session.exec(in_scope(statement, actor, brand=Staff.brand_id, store=Voice.store_id)).first()
        if first is not None:
            verdict, result = results.get((kind, number), ("", {}))
            worth = within_scope(session, actor, result).get("value") or {}
            amounts = [worth.get(name) for name in ("total", "low", "high")]
            if (
                not actor.sees_all_stores
            ):  # what the action was worth in the stores of the reader; no interval of a part
                own = [row["value"] for row in worth.get("by_store", [])]
                amounts = [sum(own) if own else None, None, None]
            rows.append((*first[:3], kind, number, title, *first[3:], verdict, *amounts))
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    return frame.sort_values("value", ascending=False, na_position="last", kind="stable", ignore_index=True)


def _newest(session: Session, actor: Actor) -> dict[tuple[str, int], tuple[str, dict]]:
    statement = (
        select(Measurement.item_id, Measurement.fix_id, Measurement.verdict, Measurement.result)
        .where(Measurement.brand_id == actor.brand_id)
        .order_by(Measurement.id)
    )
    found = {}
    for item_id, fix_id, verdict, result in session.exec(statement):
        found[("item", item_id) if item_id is not None else ("fix", fix_id)] = (verdict, result)
    return found
