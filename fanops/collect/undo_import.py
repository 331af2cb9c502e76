"""Undo of an import batch (撤销): what it brought goes, what it changed comes back; what people built on it forbids it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, update
from sqlmodel import Session, select

from fanops.access import Actor, record_audit, require
from fanops.access.attachments import erase_attachments
from fanops.collect import records_imports as records
from fanops.database import Database, take_turn
from fanops.errors import Conflict
from fanops.tables import (
    Consent,
    Evidence,
    Fan,
    FanIdentity,
    FanTag,
    ImportBatch,
    ImportChange,
    Interview,
    Order,
    OrderItem,
    Product,
    ProductAlias,
    Response,
    Theme,
    ThemeAssignment,
    Unit,
    Voice,
    Wave,
    metadata,
    now,
)

_SUBJECTS = {"fan": Fan, "order": Order}


def undo_batch(db: Database, actor: Actor, batch_id: int) -> dict[str, int]:
    """Undo a batch, in one transaction.

    Voices go with their units, orders with their items, responses and interviews with their answers and turns; rows
    that the batch changed say again what they said before. Fans the batch brought go unless something else speaks of
    them.

    Returns:
        Rows removed by table, ``restored``, and ``kept_fans``.

    Raises:
        NotFound: No such batch, or not one of this actor's.
        Conflict: Undone before, or something done by hand stands on its voices.
    """
    require(actor, *records.IMPORTERS)
    with db.write() as session:
        take_turn(session, f"import {actor.brand_id}")
        batch = records.get_batch(session, actor, batch_id)
        if batch.state == "undone":
            raise Conflict(f"批次 {batch.id} 已经撤销过了。")
        _refuse_if_built_on(session, batch)
        done = remove_batch(session, batch)
        batch.state, batch.undone_at = "undone", now()
        session.add(batch)
        record_audit(session, actor, "undo_import", f"import_batch:{batch.id}", **done)
    return done


def _units_of(batch: ImportBatch) -> Any:
    return select(Unit.id).join(Voice, Voice.id == Unit.voice_id).where(Voice.import_batch_id == batch.id)


def _refuse_if_built_on(session: Session, batch: ImportBatch) -> None:
    """Refuse when people tagged, acted on or sorted by hand what the batch brought."""
    units = _units_of(batch)
    orders = select(Order.id).where(Order.import_batch_id == batch.id)
    mine = select(ImportChange.row_id).where(ImportChange.batch_id == batch.id)
    asked: Mapping[str, ColumnElement[bool] | Any] = {
        "条粉丝标签": select(func.count()).select_from(FanTag).where(FanTag.unit_id.in_(units)),
        "条改进或需求的依据": select(func.count()).select_from(Evidence).where(Evidence.unit_id.in_(units)),
        "句手工归类": select(func.count())
        .select_from(ThemeAssignment)
        .where(ThemeAssignment.unit_id.in_(units), ThemeAssignment.by_hand),
        "条记录被后来的导入改过": select(func.count())
        .select_from(ImportChange)
        .join(ImportBatch, ImportBatch.id == ImportChange.batch_id)
        .where(
            ImportChange.batch_id > batch.id,
            ImportBatch.state != "undone",
            or_(
                and_(ImportChange.subject == "order", ImportChange.row_id.in_(orders)),
                and_(
                    ImportChange.subject == "order",
                    ImportChange.row_id.in_(mine.where(ImportChange.subject == "order")),
                ),
                and_(ImportChange.subject == "fan", ImportChange.row_id.in_(mine.where(ImportChange.subject == "fan"))),
            ),
        ),
    }
    found = {words: session.exec(query).one() for words, query in asked.items()}
    standing = "、".join(f"{count:,} {words}" for words, count in found.items() if count)
    if standing:
        raise Conflict(
            f"批次 {batch.id} 不能撤销：它的内容上已有 {standing}。",
            "请先撤下这些标签、依据和归类（或先撤销后来的批次），再撤销这一批。",
        )


def remove_batch(session: Session, batch: ImportBatch) -> dict[str, int]:
    """Take away what a batch brought and put back what it changed; ``undo_batch`` asks first whether that may be."""
    done: dict[str, int] = {}
    forget_quotes(session, batch.brand_id, set(session.exec(_units_of(batch))))
    mine = select(Voice.id).where(Voice.import_batch_id == batch.id)
    session.execute(
        update(Voice)
        .where(Voice.copy_of_id.in_(mine), or_(Voice.import_batch_id.is_(None), Voice.import_batch_id != batch.id))
        .values(copy_of_id=None)
    )
    session.execute(update(Voice).where(Voice.import_batch_id == batch.id).values(copy_of_id=None))
    done["restored"] = _restore(session, batch)
    orders = select(Order.id).where(Order.import_batch_id == batch.id)
    session.execute(delete(OrderItem).where(OrderItem.order_id.in_(orders)))
    session.execute(delete(Unit).where(Unit.voice_id.in_(mine)))
    erase_attachments(session, session.exec(select(Interview.id).where(Interview.import_batch_id == batch.id)).all())
    _forget_consents(session, batch)
    for table in (Voice, Order, Response, Interview, Wave):
        done[table.__tablename__] = session.execute(delete(table).where(table.import_batch_id == batch.id)).rowcount
    made = select(ImportChange.row_id).where(ImportChange.batch_id == batch.id, ImportChange.subject == "product")
    session.execute(
        delete(Product).where(
            Product.id.in_(made),
            ~exists().where(OrderItem.product_id == Product.id),
            ~exists().where(ProductAlias.product_id == Product.id),
        )
    )
    done |= _remove_fans(session, batch)
    session.execute(delete(ImportChange).where(ImportChange.batch_id == batch.id))
    return done


def _forget_consents(session: Session, batch: ImportBatch) -> None:
    """Take back the consents to a reply that stood on the batch's papers; a fan who was known before may stay."""
    given_there = exists().where(
        Response.import_batch_id == batch.id,
        Response.fan_id == Consent.fan_id,
        Response.submitted_at == Consent.given_at,
    )
    session.execute(delete(Consent).where(Consent.purpose == "reply", given_there))


def _remove_fans(session: Session, batch: ImportBatch) -> dict[str, int]:
    """Remove the batch's fans and identities; a fan that anything else speaks of stays."""
    own_parts = {"consent", "fan_identity"}
    fan = metadata.tables["fan"]
    speaking = [
        exists().where(column == fan.c.id)
        for table in metadata.tables.values()
        if table.name not in own_parts
        for column in table.columns
        if any(key.column is fan.c.id for key in column.foreign_keys) and table is not fan
    ]
    merged = fan.alias()
    speaking.append(exists().where(merged.c.merged_into_id == fan.c.id))
    other = metadata.tables["fan_identity"]
    speaking.append(
        exists().where(
            other.c.fan_id == fan.c.id,
            or_(other.c.import_batch_id.is_(None), other.c.import_batch_id != batch.id),
        )
    )
    mine = fan.c.import_batch_id == batch.id
    removed = session.execute(delete(fan).where(mine, ~or_(*speaking))).rowcount
    kept = session.execute(select(func.count()).select_from(fan).where(mine)).scalar_one()
    kept_ids = select(fan.c.id).where(mine)
    identities = delete(FanIdentity).where(FanIdentity.import_batch_id == batch.id, FanIdentity.fan_id.not_in(kept_ids))
    session.execute(identities)
    return {"fan": removed, "kept_fans": kept}


def _restore(session: Session, batch: ImportBatch) -> int:
    """Put back what the batch changed, newest change first."""
    changes = session.exec(
        select(ImportChange)
        .where(ImportChange.batch_id == batch.id, ImportChange.subject.in_(_SUBJECTS))
        .order_by(ImportChange.id.desc())
    ).all()
    for change in changes:
        row = session.get(_SUBJECTS[change.subject], change.row_id)
        if row is None:
            continue
        for name, value in change.before.items():
            setattr(row, name, _value(name, value))
        session.add(row)
    session.flush()
    return len(changes)


def _value(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"]) if "hex" in value else datetime.fromisoformat(value["moment"])
    return datetime.fromisoformat(value) if name == "placed_at" else value


def forget_quotes(session: Session, brand_id: int, units: set[int]) -> None:
    """Take sentences that go out of the quotes that themes show."""
    if not units:
        return
    for theme in session.exec(select(Theme).where(Theme.brand_id == brand_id)):
        kept = [unit_id for unit_id in theme.quote_unit_ids if unit_id not in units]
        if kept != theme.quote_unit_ids:
            theme.quote_unit_ids = kept
            session.add(theme)
    session.flush()
